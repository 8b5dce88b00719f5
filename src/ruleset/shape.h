/*
 * A shape says what a value looks like, in a notation short enough for a table's row: items with
 * blanks between them, `hex{32}` or `shop_ alnum{20,24} - [A-Z]{4}`. An item is the name of an
 * alphabet, or a bracket expression, with the number of its characters; or the very text that
 * stands there. `|` between blanks separates alternatives. rules/README.md lists the alphabets.
 *
 * From a shape follow a regular expression, how random its values are, and examples of them.
 */
#ifndef TRAWL_RULESET_SHAPE_H
#define TRAWL_RULESET_SHAPE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#include <stdint.h>

enum {
	SHAPE_ITEMS_MAX = 1024, /* a fixed character is one */
	SHAPE_WIDTH_MAX = 4096, /* characters of one item */
	SHAPE_CHARACTERS = 128, /* ASCII */
};

/* A run of characters of one set, or one character that stands in every value. */
struct shape_item {
	bool set[SHAPE_CHARACTERS];
	bool fixed;
	unsigned min; /* characters */
	unsigned max;
	bool first; /* an alternative starts here */
};

struct shape {
	const struct shape_item *items;
	size_t count;
	size_t alternatives;
};

/* Reads the notation; owned by the arena. ERR_SYNTAX says what is wrong with it. */
enum err shape_read(const char *text, struct arena *arena, struct shape *shape,
                    struct error *error);

/* Appends a regular expression of the shape, as one group that captures nothing. */
void shape_print_pattern(const struct shape *shape, struct buf *out);

/* Appends a bracket expression's inside: the characters that the last items may hold. */
void shape_print_last(const struct shape *shape, struct buf *out);

/* The fixed characters that every value starts with. */
size_t shape_prefix(const struct shape *shape, char *prefix, size_t size);

/* Whether values hold digits and letters. */
bool shape_is_mixed(const struct shape *shape);

/* Whether `-` or `_` may stand anywhere in a run. */
bool shape_has_joints(const struct shape *shape);

/* Bits per character (Shannon) that a random value exceeds, save for a few in a thousand. */
double shape_entropy_floor(const struct shape *shape);

enum shape_sample {
	SAMPLE_FITTING,
	SAMPLE_SHORTER,     /* the longest run is one character too short */
	SAMPLE_LONGER,      /* ... too long */
	SAMPLE_PLACEHOLDER, /* of x only, where the shape leaves a choice */
	SAMPLE_WORDS,       /* of letters that form words */
};

/* Appends a value of that kind, made up from the seed, which changes. */
void shape_print_sample(const struct shape *shape, enum shape_sample kind, uint64_t *seed,
                        struct buf *out);

#endif
