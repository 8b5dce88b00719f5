/*
 * Reading UTF-8 that may be broken. Used where columns are counted and where foreign names are
 * printed; detection itself works on bytes.
 */
#ifndef TRAWL_BASE_UTF8_H
#define TRAWL_BASE_UTF8_H

#include "base/bytes.h"

#include <stdint.h>

/*
 * Decodes the character at ptr (ptr < end) into *code and returns its length in bytes, 1 to 4;
 * returns 0 when no well-formed character starts there (overlong forms, surrogates and numbers
 * past U+10FFFF are not well-formed: Unicode 15, table 3-7).
 */
unsigned utf8_decode(const unsigned char *ptr, const unsigned char *end, uint32_t *code);

/* Writes code (a scalar value) to out and returns its length in bytes, 1 to 4. */
unsigned utf8_encode(uint32_t code, unsigned char out[4]);

/*
 * Whether the character does nothing but show itself: no control character (C0, DEL, C1), no line
 * or paragraph separator, nothing that turns the direction of writing.
 */
bool utf8_shows_itself(uint32_t code);

/* Whether all of the bytes are well-formed. */
bool utf8_valid(struct bytes bytes);

/* The number of UTF-16 code units in the text; an invalid byte counts one. */
size_t utf8_utf16_units(struct bytes bytes);

#endif
