/*
 * Git objects as the design names them: ids, types, and the ranges that one object copies from an
 * earlier one.
 */
#ifndef TRAWL_MODEL_OBJECT_H
#define TRAWL_MODEL_OBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { OBJECT_ID_SIZE = 20, OBJECT_ID_HEX = 40 };

/* SHA-1; repositories of other hashes are refused when they are opened. */
struct object_id {
	unsigned char bytes[OBJECT_ID_SIZE];
};

/* Numbers as packs have them (gitformat-pack(5)). */
enum object_type { OBJECT_COMMIT = 1, OBJECT_TREE = 2, OBJECT_BLOB = 3, OBJECT_TAG = 4 };

/* The first bytes as a number, for which compilers make one instruction or two. */
static inline uint32_t object_id_start(const struct object_id *id)
{
	return (uint32_t)id->bytes[0] << 24 | (uint32_t)id->bytes[1] << 16 |
	       (uint32_t)id->bytes[2] << 8 | id->bytes[3];
}

/* The first bytes tell most ids apart, without a call of memcmp(). */
static inline int object_id_compare(const struct object_id *a, const struct object_id *b)
{
	uint32_t x = object_id_start(a), y = object_id_start(b);

	if (x != y)
		return x < y ? -1 : 1;
	return memcmp(a->bytes, b->bytes, OBJECT_ID_SIZE);
}

/* In steps that compilers make words of. */
static inline bool object_id_equal(const struct object_id *a, const struct object_id *b)
{
	return memcmp(a->bytes, b->bytes, 16) == 0 && memcmp(a->bytes + 16, b->bytes + 16, 4) == 0;
}

/* Writes 40 lower-case digits and a NUL. Returns out. */
const char *object_id_hex(const struct object_id *id, char out[OBJECT_ID_HEX + 1]);

/* Reads 40 hexadecimal digits of either case; false if there are others. */
bool object_id_parse(struct object_id *id, const char *hex);

#endif
