#include "scan/line_hash.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <stdlib.h>

/* Constants of the algorithm: github/codeql-action, src/fingerprints.ts. */
enum { WINDOW = 100, FACTOR = 37, END_OF_TEXT = 65535 };

/*
 * Yields the hash of one line after the other. A line's hash covers WINDOW units from its start
 * on, so it is known when the window has moved on by its own width.
 */
struct roller {
	const unsigned char *ptr;
	const unsigned char *end;
	uint16_t low_surrogate; /* still to be given; 0: none */
	bool after_cr;
	bool line_starts; /* the next unit is the first one of a line */
	unsigned padding; /* zeros given since the end of the text; 0: the end was not given yet */
	uint64_t hash;    /* of the window */
	uint64_t leaving; /* FACTOR to the power of WINDOW: the weight of the unit that drops out */
	uint16_t window[WINDOW];
	bool starts[WINDOW]; /* that unit is the first one of a line */
	unsigned slot;       /* of the next unit, which is also the oldest one's */
};

static void roller_init(struct roller *r, struct bytes text)
{
	*r = (struct roller){.ptr = text.ptr, .end = text.ptr + text.len, .line_starts = true};
	r->leaving = 1;
	for (int i = 0; i < WINDOW; i++)
		r->leaving *= FACTOR;
}

/*
 * The length of what one U+FFFD stands for where no character starts: the longest piece that could
 * have become one (Unicode 15, section 3.9, substitution of maximal subparts).
 */
static unsigned broken_length(const unsigned char *ptr, const unsigned char *end)
{
	unsigned char lead = ptr[0];
	unsigned char least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	unsigned char most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	unsigned whole = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	unsigned len = 1;

	if (lead < 0xc2 || lead > 0xf4 || end - ptr < 2 || ptr[1] < least || ptr[1] > most)
		return 1;
	for (len = 2; len < whole && ptr + len < end && (ptr[len] & 0xc0) == 0x80; len++)
		;
	return len;
}

/* The next UTF-16 code unit of the text, which is not at its end. */
static uint16_t next_unit(struct roller *r)
{
	uint32_t code = *r->ptr;
	unsigned len = 1;

	if (r->low_surrogate) {
		uint16_t low = r->low_surrogate;

		r->low_surrogate = 0;
		return low;
	}
	if (code >= 0x80) {
		len = utf8_decode(r->ptr, r->end, &code);
		if (!len) {
			len = broken_length(r->ptr, r->end);
			code = 0xfffd;
		}
	}
	r->ptr += len;
	if (code < 0x10000)
		return (uint16_t)code;
	code -= 0x10000;
	r->low_surrogate = (uint16_t)(0xdc00 | (code & 0x3ff));
	return (uint16_t)(0xd800 | code >> 10);
}

/*
 * The next unit that counts: without spaces and tabs, each line end as one LF; then END_OF_TEXT
 * once, then zeros.
 */
static uint16_t next_counted_unit(struct roller *r)
{
	while (r->low_surrogate || r->ptr < r->end) {
		uint16_t unit = next_unit(r);
		bool second_half = r->after_cr && unit == '\n';

		r->after_cr = unit == '\r';
		if (unit != ' ' && unit != '\t' && !second_half)
			return r->after_cr ? '\n' : unit;
	}
	return r->padding++ ? 0 : END_OF_TEXT;
}

/* Yields the next line's hash; false when there is no further line. */
static bool next_line(struct roller *r, uint64_t *hash)
{
	bool found = false;

	while (!found && r->padding <= WINDOW) {
		unsigned slot = r->slot;
		uint16_t unit;

		found = r->starts[slot];
		*hash = r->hash;
		unit = next_counted_unit(r);
		r->starts[slot] = r->line_starts && r->padding <= 1;
		r->line_starts = unit == '\n';
		r->hash = r->hash * FACTOR + unit - r->leaving * r->window[slot];
		r->window[slot] = unit;
		r->slot = slot + 1 == WINDOW ? 0 : slot + 1;
	}
	return found;
}

static int hash_order(const void *left, const void *right)
{
	const struct line_hash *a = left, *b = right;

	return (a->hash > b->hash) - (a->hash < b->hash);
}

void line_hash_of(struct bytes text, const uint32_t *lines, size_t count, struct line_hash *out)
{
	struct line_hash *seen = mem_calloc(count, sizeof(*seen));
	struct roller r;
	uint64_t hash;
	size_t found = 0, next = 0;

	for (size_t i = 0; i < count; i++)
		out[i] = (struct line_hash){0};

	/* First the hashes of the lines that were asked for ... */
	roller_init(&r, text);
	for (uint32_t line = 1; found < count && next_line(&r, &hash); line++) {
		for (; found < count && lines[found] == line; found++) {
			out[found].hash = hash;
			seen[found].hash = hash;
		}
	}

	/* ... then how often each of them has come by when its line is reached. */
	if (found)
		qsort(seen, found, sizeof(*seen), hash_order);
	roller_init(&r, text);
	for (uint32_t line = 1; next < found && next_line(&r, &hash); line++) {
		struct line_hash *same = bsearch(&(struct line_hash){.hash = hash}, seen, found,
		                                 sizeof(*seen), hash_order);

		if (!same)
			continue;
		same->count++;
		for (; next < found && lines[next] == line; next++)
			out[next].count = same->count;
	}
	free(seen);
}
