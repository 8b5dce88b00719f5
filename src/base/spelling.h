/*
 * What somebody probably meant to write, and what may be said of what they wrote.
 */
#ifndef TRAWL_BASE_SPELLING_H
#define TRAWL_BASE_SPELLING_H

#include <stddef.h>

/* Words that are longer than this, in bytes, are near to none. */
enum { SPELLING_LEN_MAX = 100 };

/* The nearest word so far; start with the word alone. */
struct spelling {
	const char *word; /* as the user wrote it */
	const char *nearest;
	size_t distance;
};

/* Looks at one word that exists, which must outlive the answer. */
void spelling_try(struct spelling *s, const char *known);

/*
 * What a message may show of a word that nobody knows: itself if it is one of few letters, digits
 * being fewer still; else "[REDACTED]", for it may be a secret in the wrong place.
 */
const char *spelling_shown(const char *word);

/* The word of the NULL-terminated list that `word` is most likely a misspelling of, or NULL. */
const char *spelling_nearest(const char *word, const char *const *known);

#endif
