/*
 * Build-time program: counts which letters follow which in ordinary text.
 * generate-rarity OUT.c TEXT... writes what ruleset/rarity_table.h declares.
 */
#include "ruleset/rarity_table.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A letter is as likely as anywhere in so many of the cases that a pair leads to. */
static const double UNKNOWN = 4;

static unsigned triples[RARITY_CLASSES][RARITY_CLASSES][RARITY_CLASSES];
static unsigned pairs[RARITY_CLASSES][RARITY_CLASSES];
static unsigned singles[RARITY_CLASSES];
static unsigned total;

/* Letters are classes 0 to 25, whatever their case. */
static unsigned class_of(unsigned byte)
{
	enum { DIGIT = RARITY_LETTERS, UNDERSCORE, JOINT, BLANK, DELIMITER, OTHER };

	if (byte > 127)
		return OTHER;
	if (isalpha((int)byte))
		return (unsigned)tolower((int)byte) - 'a';
	if (isdigit((int)byte))
		return DIGIT;
	if (isspace((int)byte))
		return BLANK;
	if (byte == '_')
		return UNDERSCORE;
	if (byte == '-' || byte == '.')
		return JOINT;
	return byte && strchr("\"'=:,/", (int)byte) ? DELIMITER : OTHER;
}

static int count(const char *path)
{
	FILE *file = fopen(path, "rb");
	unsigned before = class_of('\n'), last = before;
	int byte;

	if (!file) {
		fprintf(stderr, "generate-rarity: cannot read %s\n", path);
		return 1;
	}
	while ((byte = getc(file)) != EOF) {
		unsigned class = class_of((unsigned)byte);

		triples[before][last][class]++;
		pairs[before][last]++;
		singles[class]++;
		total++;
		before = last;
		last = class;
	}
	return fclose(file) != 0;
}

static unsigned bits_of(unsigned before, unsigned last, unsigned letter)
{
	double anywhere = (singles[letter] + 1.0) / (total + RARITY_LETTERS);
	double share =
	    (triples[before][last][letter] + UNKNOWN * anywhere) / (pairs[before][last] + UNKNOWN);
	double bits = -log2(share) * RARITY_UNITS;

	return bits > 255 ? 255 : (unsigned)bits;
}

static int write_table(const char *path)
{
	FILE *out = fopen(path, "w");

	if (!out)
		return 1;
	fputs("/* Made by generate-rarity from fixtures/ordinary. */\n"
	      "#include \"ruleset/rarity_table.h\"\n\n"
	      "const unsigned char rarity_class[256] = {\n",
	      out);
	for (unsigned byte = 0; byte < 256; byte++)
		fprintf(out, "%u,\n", class_of(byte));
	fputs("};\n\nconst unsigned char\n"
	      "    rarity_table[RARITY_CLASSES][RARITY_CLASSES][RARITY_LETTERS] = {\n",
	      out);
	for (unsigned before = 0; before < RARITY_CLASSES; before++) {
		fputs("{\n", out);
		for (unsigned last = 0; last < RARITY_CLASSES; last++) {
			fputc('{', out);
			for (unsigned letter = 0; letter < RARITY_LETTERS; letter++)
				fprintf(out, "%u,", bits_of(before, last, letter));
			fputs("},\n", out);
		}
		fputs("},\n", out);
	}
	fputs("};\n", out);
	return fclose(out) != 0;
}

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		if (count(argv[i]))
			return 1;
	}
	if (argc < 3 || write_table(argv[1])) {
		fputs("usage: generate-rarity OUT.c TEXT...\n", stderr);
		return 1;
	}
	return 0;
}
