/*
 * Any bytes as a loose object's file, as they are and deflated: either refused with nothing left
 * behind, or an object of the size that its head says.
 */
#include "pack/loose.h"

#include "model/history.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { LIMIT = 1 << 20 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The text is what the file holds if that is known, else empty. */
static void read_file(struct bytes file, struct bytes text)
{
	enum object_type type, again;
	struct bytes start = file;
	struct buf out;
	char head[64];
	enum err err;
	int len;

	buf_init(&out, LIMIT);
	err = loose_read(file, &type, &out);
	require(out.len <= LIMIT && (!err || out.len == 0));
	if (!err) {
		start.len = start.len < LOOSE_HEAD_MAX ? start.len : LOOSE_HEAD_MAX;
		require(!loose_read(start, &again, NULL) && again == type);
		len = snprintf(head, sizeof(head), "%s %zu", object_type_name(type), out.len);
		require(!text.len || (text.len == (size_t)len + 1 + out.len &&
		                      memcmp(text.ptr, head, (size_t)len + 1) == 0 &&
		                      memcmp(text.ptr + len + 1, out.ptr, out.len) == 0));
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(1);
	size_t room = libdeflate_zlib_compress_bound(compressor, size);
	unsigned char *deflated = malloc(room);

	require(compressor && deflated);
	read_file((struct bytes){data, size}, (struct bytes){NULL, 0});
	room = libdeflate_zlib_compress(compressor, data, size, deflated, room);
	read_file((struct bytes){deflated, room}, (struct bytes){data, size});
	free(deflated);
	libdeflate_free_compressor(compressor);
	return 0;
}
