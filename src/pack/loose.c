#include "pack/loose.h"

#include "base/memory.h"
#include "model/history.h"
#include "pack/pack.h"

#include <zlib.h>

/* Bytes of "TYPE SIZE" and a NUL: the longest type and twenty digits. */
enum { HEAD_MAX = sizeof("commit ") + 20 };

size_t loose_file_max(size_t object_max)
{
	return object_max > SIZE_MAX / 2 ? SIZE_MAX - 1 : object_max + object_max / 64 + 4096;
}

/* Reads the head; returns its length, or 0 if it is none. */
static size_t read_head(struct bytes text, enum object_type *type, uint64_t *size)
{
	const unsigned char *end = text.len ? memchr(text.ptr, '\0', text.len) : NULL;
	struct bytes head = bytes_slice(text, 0, end ? (size_t)(end - text.ptr) : 0);

	for (*type = OBJECT_COMMIT; *type <= OBJECT_TAG; (*type)++) {
		const char *name = object_type_name(*type);
		size_t at = strlen(name) + 1;

		if (head.len <= at || !bytes_start_with(head, name) || head.ptr[at - 1] != ' ' ||
		    (head.ptr[at] == '0' && head.len > at + 1))
			continue;
		for (*size = 0; at < head.len; at++) {
			if (head.ptr[at] < '0' || head.ptr[at] > '9')
				return 0;
			if (*size <= UINT32_MAX) /* else it is too large anyway */
				*size = *size * 10 + (head.ptr[at] - '0');
		}
		return head.len + 1;
	}
	return 0;
}

/* Inflates the rest of the stream into the `size` bytes at `to`; whether it has just so many. */
static bool inflate_rest(z_stream *stream, int result, unsigned char *to, size_t size)
{
	stream->next_out = to;
	stream->avail_out = (uInt)size;
	while (result == Z_OK)
		result = inflate(stream, Z_FINISH);
	return result == Z_STREAM_END && !stream->avail_out && !stream->avail_in;
}

static enum err read_stream(z_stream *stream, enum object_type *type, struct buf *out)
{
	const size_t file_size = stream->avail_in;
	unsigned char start[HEAD_MAX];
	size_t got, head;
	uint64_t size;
	int result;

	stream->next_out = start;
	stream->avail_out = sizeof(start);
	result = inflate(stream, Z_SYNC_FLUSH);
	if (result == Z_MEM_ERROR)
		mem_exhausted();
	got = sizeof(start) - stream->avail_out;
	head = read_head((struct bytes){start, got}, type, &size);
	if (!head)
		return ERR_CORRUPT;
	if (!out)
		return ERR_NONE;
	if (got - head > size || size / INFLATE_RATIO_MAX > file_size)
		return ERR_CORRUPT;
	if (size > UINT32_MAX || buf_make_room(out, (size_t)size))
		return ERR_LIMIT;
	memcpy(out->ptr, start + head, got - head);
	if (!inflate_rest(stream, result, out->ptr + (got - head), (size_t)size - (got - head)))
		return ERR_CORRUPT;
	out->len = (size_t)size;
	return ERR_NONE;
}

enum err loose_read(struct bytes file, enum object_type *type, struct buf *out)
{
	z_stream stream = {.next_in = (unsigned char *)file.ptr, .avail_in = (uInt)file.len};
	enum err err;

	if (out)
		buf_clear(out);
	if (file.len > UINT32_MAX)
		return ERR_LIMIT;
	if (inflateInit(&stream) != Z_OK)
		mem_exhausted();
	err = read_stream(&stream, type, out);
	(void)inflateEnd(&stream);
	return err;
}
