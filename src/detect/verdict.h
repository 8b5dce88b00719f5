/*
 * What a decoder says of a secret: how much it proves, and in a few words what it is.
 */
#ifndef TRAWL_DETECT_VERDICT_H
#define TRAWL_DETECT_VERDICT_H

#include "base/bytes.h"

#include <stdint.h>

enum { PROOF_MAX = 48 };

enum soundness {
	STRUCTURE_SILENT, /* nothing can be told, or what it is proves nothing */
	STRUCTURE_ALIEN,  /* it is none of them, but for a slip */
	STRUCTURE_BROKEN, /* it does not decode, though all that are real do */
	STRUCTURE_SPENT,  /* it decodes, and opens nothing any more */
	STRUCTURE_LOCKED, /* it decodes, and opens nothing without a pass phrase */
	STRUCTURE_SOUND,  /* it decodes */
};

/* "silent", "alien", "broken", "spent", "locked", "sound". */
const char *soundness_name(enum soundness soundness);

struct verdict {
	enum soundness soundness;
	char text[PROOF_MAX]; /* printable ASCII, nothing of the secret's own; "": nothing to say */
};

/* A verdict with a text that is made as printf() does; cut at PROOF_MAX - 1 characters. */
struct verdict verdict_of(enum soundness soundness, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The verdict on something that ends at a time, in Unix seconds: STRUCTURE_SPENT if that lies
 * before `now`; 0 for a `now` that nobody knows. `what` stands before "expires" and the day.
 */
struct verdict verdict_of_end(const char *what, int64_t end, int64_t now);

/* What is left of bytes that are read from their front. */

/* Takes the first `len` bytes; false, and nothing is taken, if there are fewer. */
static inline bool cursor_take(struct bytes *rest, size_t len, struct bytes *out)
{
	if (rest->len < len)
		return false;
	*out = bytes_slice(*rest, 0, len);
	*rest = bytes_slice(*rest, len, rest->len);
	return true;
}

/* Takes a number of `len` bytes, at most four, the most significant first. */
static inline bool cursor_number(struct bytes *rest, size_t len, uint32_t *number)
{
	struct bytes taken;

	if (!cursor_take(rest, len, &taken))
		return false;
	*number = 0;
	for (size_t i = 0; i < len; i++)
		*number = *number << 8 | taken.ptr[i];
	return true;
}

/* Takes a string behind its length in four bytes, as SSH writes them (RFC 4251, section 5). */
static inline bool cursor_string(struct bytes *rest, struct bytes *out)
{
	struct bytes whole = *rest;
	uint32_t len;

	if (cursor_number(rest, 4, &len) && cursor_take(rest, len, out))
		return true;
	*rest = whole;
	return false;
}

#endif
