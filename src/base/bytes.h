/*
 * A run of bytes that somebody else owns. Never NUL-terminated, never freed; valid as long as
 * its owner keeps it. `struct buf` is the owning counterpart.
 */
#ifndef TRAWL_BASE_BYTES_H
#define TRAWL_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bytes {
	const unsigned char *ptr;
	size_t len;
};

/* The bytes of a C string, without its NUL. */
static inline struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const unsigned char *)text, strlen(text)};
}

/* The part [start, end) of b; the caller guarantees start <= end <= b.len. */
static inline struct bytes bytes_slice(struct bytes b, size_t start, size_t end)
{
	return (struct bytes){b.ptr + start, end - start};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Order of the bytes as unsigned numbers, a prefix before what it starts: <0, 0, >0. */
static inline int bytes_compare(struct bytes a, struct bytes b)
{
	size_t shared = a.len < b.len ? a.len : b.len;
	int order = shared ? memcmp(a.ptr, b.ptr, shared) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static inline bool bytes_start_with(struct bytes b, const char *prefix)
{
	size_t len = strlen(prefix);

	return b.len >= len && memcmp(b.ptr, prefix, len) == 0;
}

#endif
