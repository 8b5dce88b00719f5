#include "base/spelling.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum {
	DISTANCE_MAX = 3,
	SHOWN_MAX = 24,       /* characters of a word that is shown */
	SHOWN_DIGITS_MAX = 2, /* of these */
};

/* Levenshtein's distance: how many characters to insert, remove or replace to get from a to b. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[SPELLING_LEN_MAX + 1];
	size_t len = strlen(b);

	if (len > SPELLING_LEN_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= len; j++) {
			size_t best = diagonal + (a[i] != b[j - 1]);

			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > row[j - 1] + 1)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[len];
}

void spelling_try(struct spelling *s, const char *known)
{
	size_t distance;

	if (strlen(s->word) > SPELLING_LEN_MAX)
		return;
	distance = edit_distance(s->word, known);
	if (distance > DISTANCE_MAX || distance >= strlen(known) ||
	    (s->nearest && distance >= s->distance))
		return;
	s->nearest = known;
	s->distance = distance;
}

const char *spelling_nearest(const char *word, const char *const *known)
{
	struct spelling s = {.word = word};

	for (; *known; known++)
		spelling_try(&s, *known);
	return s.nearest;
}

const char *spelling_shown(const char *word)
{
	size_t len = 0, digits = 0;

	for (; word[len]; len++) {
		unsigned char c = (unsigned char)word[len];

		digits += isdigit(c) != 0;
		if (len == SHOWN_MAX || digits > SHOWN_DIGITS_MAX ||
		    !(isascii(c) && (isalnum(c) || strchr("-_. ", c))))
			return "[REDACTED]";
	}
	return word;
}
