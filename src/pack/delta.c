#include "pack/delta.h"

#include "base/memory.h"

#include <stdlib.h>

void segment_list_release(struct segment_list *list)
{
	free(list->items);
	*list = (struct segment_list){0};
}

/* Takes one size, seven bits a byte and the least significant first, off the delta's head. */
static enum err take_size(struct bytes *rest, uint64_t *size)
{
	*size = 0;
	for (unsigned shift = 0; shift < 64 && rest->len; shift += 7) {
		unsigned char byte = *rest->ptr;
		uint64_t bits = byte & 0x7f;

		*rest = bytes_slice(*rest, 1, rest->len);
		if (bits << shift >> shift != bits)
			return ERR_CORRUPT;
		*size |= bits << shift;
		if (!(byte & 0x80))
			return ERR_NONE;
	}
	return ERR_CORRUPT;
}

static enum err take_sizes(struct bytes *rest, uint64_t *base_size, uint64_t *result_size)
{
	enum err err = take_size(rest, base_size);

	return err ? err : take_size(rest, result_size);
}

enum err delta_sizes(struct bytes delta, uint64_t *base_size, uint64_t *result_size)
{
	return take_sizes(&delta, base_size, result_size);
}

/* One instruction: `len` bytes of the base from `from` on, or the bytes at `insert`. */
struct instruction {
	const unsigned char *insert; /* NULL: a copy */
	uint32_t from;
	uint32_t len;
};

/* Reads the instruction at *at (before end) and moves *at behind it. */
static enum err take_instruction(const unsigned char **at, const unsigned char *end,
                                 struct instruction *instruction)
{
	unsigned code = *(*at)++;
	uint64_t operands = 0;

	if (!(code & 0x80)) {
		*instruction = (struct instruction){.insert = *at, .len = code};
		if (!code || code > end - *at) /* 0 is reserved */
			return ERR_CORRUPT;
		*at += code;
		return ERR_NONE;
	}
	/* Each bit tells whether a byte follows: four of the offset, then three of the length. */
	for (unsigned i = 0; i < 7; i++) {
		if (!(code >> i & 1))
			continue;
		if (*at == end)
			return ERR_CORRUPT;
		operands |= (uint64_t) * *at << 8 * i;
		*at += 1;
	}
	*instruction = (struct instruction){.from = (uint32_t)operands, .len = operands >> 32};
	if (!instruction->len)
		instruction->len = 0x10000;
	return ERR_NONE;
}

/* Appends the segment if it is long enough. */
static void list_segment(struct segment_list *list, struct segment segment, uint32_t least)
{
	uint32_t len = segment.end - segment.start;

	if (!len || len < least)
		return;
	list->items = mem_grow(list->items, list->count, &list->cap, sizeof(*list->items));
	list->items[list->count++] = segment;
}

/* Does what the instructions say; out has room for the result_size bytes that they must make. */
static enum err run(struct bytes base, struct bytes instructions, uint32_t least_copy,
                    unsigned char *out, uint32_t result_size, struct segment_list *segments,
                    uint64_t *inserted)
{
	const unsigned char *at = instructions.ptr;
	const unsigned char *end = at + instructions.len;
	struct segment open = {0}; /* still growing */
	uint32_t done = 0;

	while (at < end) {
		struct instruction next;

		if (take_instruction(&at, end, &next) || next.len > result_size - done)
			return ERR_CORRUPT;
		if (next.insert) {
			memcpy(out + done, next.insert, next.len);
			done += next.len;
			*inserted += next.len;
			continue;
		}
		if (next.from > base.len || next.len > base.len - next.from)
			return ERR_CORRUPT;
		memcpy(out + done, base.ptr + next.from, next.len);
		if (open.end != done || open.from + (open.end - open.start) != next.from) {
			list_segment(segments, open, least_copy);
			open = (struct segment){done, done, next.from};
		}
		done += next.len;
		open.end = done;
	}
	list_segment(segments, open, least_copy);
	return done == result_size ? ERR_NONE : ERR_CORRUPT;
}

enum err delta_apply(struct bytes base, struct bytes delta, uint32_t least_copy, struct buf *out,
                     struct segment_list *segments, uint64_t *inserted)
{
	uint64_t base_size, result_size, insertions = 0;
	enum err err;

	buf_clear(out);
	segments->count = 0;
	err = take_sizes(&delta, &base_size, &result_size);
	if (!err && base_size != base.len)
		err = ERR_CORRUPT;
	if (!err && (base_size > UINT32_MAX || result_size > UINT32_MAX))
		err = ERR_LIMIT;
	if (!err)
		err = buf_reserve(out, (size_t)result_size);
	if (!err)
		err = run(base, delta, least_copy, out->ptr, (uint32_t)result_size, segments,
		          &insertions);
	if (err) {
		segments->count = 0;
		return err;
	}
	out->len = (size_t)result_size;
	if (inserted)
		*inserted += insertions;
	return ERR_NONE;
}
