/* Packs that git would not make. */
#ifndef TRAWL_TESTS_FORGE_H
#define TRAWL_TESTS_FORGE_H

#include "base/buf.h"
#include "pack/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <libdeflate.h>

#include "../tree.h"

enum { OBJECTS_MAX = 20000, FORGED_MAX = 1 << 28 };

/* ---- Packs made by hand ---- */

/* A pack in the making. Objects are numbered in the order in which they are added. */
struct forged {
	struct buf pack;
	uint32_t first; /* number of the first one */
	uint32_t count;
	uint64_t offsets[OBJECTS_MAX];
};

static struct forged forged;

static inline void put(struct buf *b, const void *bytes, size_t len)
{
	assert_int_equal(buf_append(b, (struct bytes){bytes, len}), ERR_NONE);
}

static inline void put_be32(struct buf *b, uint32_t number)
{
	unsigned char bytes[] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
	                         (unsigned char)(number >> 8), (unsigned char)number};

	put(b, bytes, sizeof(bytes));
}

/* The id of object `number`: its digits, and 0x77 behind them. */
static inline struct object_id id_of(uint32_t number)
{
	struct object_id id;

	memset(&id, 0x77, sizeof(id));
	for (unsigned i = 0; i < 4; i++)
		id.bytes[i] = (unsigned char)(number >> (24 - 8 * i));
	return id;
}

static inline uint32_t number_of(const struct object_id *id)
{
	return (uint32_t)id->bytes[0] << 24 | (uint32_t)id->bytes[1] << 16 |
	       (uint32_t)id->bytes[2] << 8 | id->bytes[3];
}

static inline void forge(void)
{
	buf_init(&forged.pack, FORGED_MAX);
	forged.first = forged.count = 0;
	put(&forged.pack, "PACK\0\0\0\2\0\0\0\0", 12);
}

/* Adds an object: the head of an entry of this type, what stands behind it, the deflated data. */
static inline uint32_t forge_entry(unsigned type, uint64_t size, struct bytes base,
                                   struct bytes data)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(1);
	size_t room = libdeflate_zlib_compress_bound(compressor, data.len);
	unsigned char byte = (unsigned char)(type << 4 | (size & 15));

	assert_true(forged.count < OBJECTS_MAX);
	forged.offsets[forged.count] = forged.pack.len;
	for (size >>= 4; size; size >>= 7) {
		byte |= 0x80;
		put(&forged.pack, &byte, 1);
		byte = size & 0x7f;
	}
	put(&forged.pack, &byte, 1);
	put(&forged.pack, base.ptr, base.len);
	assert_int_equal(buf_reserve(&forged.pack, room), ERR_NONE);
	forged.pack.len += libdeflate_zlib_compress(compressor, data.ptr, data.len,
	                                            forged.pack.ptr + forged.pack.len, room);
	libdeflate_free_compressor(compressor);
	return forged.count++;
}

static inline uint32_t forge_blob(struct bytes content)
{
	return forge_entry(OBJECT_BLOB, content.len, (struct bytes){NULL, 0}, content);
}

static inline uint32_t forge_ofs_delta(uint32_t base, struct bytes delta)
{
	uint64_t distance = forged.pack.len - forged.offsets[base];
	unsigned char digits[10];
	size_t at = sizeof(digits);

	digits[--at] = distance & 0x7f;
	while (distance >>= 7)
		digits[--at] = 0x80 | (--distance & 0x7f);
	return forge_entry(PACK_OFS_DELTA, delta.len,
	                   (struct bytes){digits + at, sizeof(digits) - at}, delta);
}

static inline uint32_t forge_ref_delta(uint32_t base, struct bytes delta)
{
	struct object_id id = id_of(base);

	return forge_entry(PACK_REF_DELTA, delta.len, (struct bytes){id.bytes, sizeof(id)}, delta);
}

/* The CRC-32 of the entry, which ends where the next one starts. */
static inline uint32_t entry_crc(uint32_t number)
{
	uint64_t start = forged.offsets[number], end = forged.pack.len - 20;

	for (uint32_t i = 0; i < forged.count; i++) {
		if (forged.offsets[i] > start && forged.offsets[i] < end)
			end = forged.offsets[i];
	}
	return start < end ? libdeflate_crc32(0, forged.pack.ptr + start, end - start) : 0;
}

/* Writes NAME.pack and NAME.idx. */
static inline void forge_end(const char *name)
{
	struct buf index;
	char path[100];

	for (unsigned i = 0; i < 4; i++)
		forged.pack.ptr[8 + i] = (unsigned char)(forged.count >> (24 - 8 * i));
	put(&forged.pack, "(checksum of pack..)", 20);
	buf_init(&index, FORGED_MAX);
	put(&index, "\377tOc\0\0\0\2", 8);
	for (unsigned byte = 0; byte < 256; byte++)
		put_be32(&index, forged.count); /* ids of all numbers start with 0 */
	for (uint32_t i = 0; i < forged.count; i++) {
		struct object_id id = id_of(forged.first + i);

		put(&index, id.bytes, sizeof(id.bytes));
	}
	for (uint32_t i = 0; i < forged.count; i++)
		put_be32(&index, entry_crc(i));
	for (uint32_t i = 0; i < forged.count; i++)
		put_be32(&index, (uint32_t)forged.offsets[i]);
	put(&index, "(checksum of pack..)(checksum of index.)", 40);
	snprintf(path, sizeof(path), "%s.idx", name);
	tree_put_bytes(path, index.ptr, index.len);
	snprintf(path, sizeof(path), "%s.pack", name);
	tree_put_bytes(path, forged.pack.ptr, forged.pack.len);
	buf_release(&index);
	buf_release(&forged.pack);
}

/* ---- Deltas ---- */

static inline void put_size(struct buf *b, uint64_t size)
{
	unsigned char byte;

	for (; size > 0x7f; size >>= 7) {
		byte = 0x80 | (size & 0x7f);
		put(b, &byte, 1);
	}
	byte = (unsigned char)size;
	put(b, &byte, 1);
}

static inline void put_copy(struct buf *b, uint32_t from, uint32_t len)
{
	unsigned char copy[] = {0xff,
	                        (unsigned char)from,
	                        (unsigned char)(from >> 8),
	                        (unsigned char)(from >> 16),
	                        (unsigned char)(from >> 24),
	                        (unsigned char)len,
	                        (unsigned char)(len >> 8),
	                        (unsigned char)(len >> 16)};

	put(b, copy, sizeof(copy));
}

enum { CONTENT = 600 };

/* What object `number` of a forged family holds: its number, then what all hold. */
static inline struct bytes content_of(uint32_t number)
{
	static unsigned char content[CONTENT];

	for (unsigned i = 0; i < CONTENT; i++)
		content[i] = (unsigned char)(i * 7);
	memcpy(content, &number, sizeof(number));
	return (struct bytes){content, CONTENT};
}

/* The delta that makes object `number` from any of its family; valid until the next call. */
static inline struct bytes delta_to(uint32_t number)
{
	static unsigned char bytes[100];
	struct buf delta;
	size_t len;

	buf_init(&delta, sizeof(bytes));
	put_size(&delta, CONTENT);
	put_size(&delta, CONTENT);
	put(&delta, "\4", 1);
	put(&delta, &number, sizeof(number));
	put_copy(&delta, sizeof(number), CONTENT - sizeof(number));
	len = delta.len;
	memcpy(bytes, delta.ptr, len);
	buf_release(&delta);
	return (struct bytes){bytes, len};
}

#endif
