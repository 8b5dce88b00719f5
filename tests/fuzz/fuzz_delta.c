/*
 * Any bytes as a delta: either refused with nothing left behind, or of the size that it states,
 * with segments that ascend, are long enough, could not be joined, and say what the base says.
 */
#include "pack/delta.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_segments(const struct segment_list *list, uint32_t least, struct bytes base,
                           struct bytes result, uint64_t inserted)
{
	uint64_t copied = 0;
	uint32_t done = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct segment s = list->items[i];
		const struct segment *last = i ? &list->items[i - 1] : NULL;
		uint32_t len = s.end - s.start;

		require(done <= s.start && s.start < s.end && s.end <= result.len);
		require(len >= least && s.from <= base.len && len <= base.len - s.from);
		require(memcmp(result.ptr + s.start, base.ptr + s.from, len) == 0);
		require(!last || last->end != s.start ||
		        last->from + (last->end - last->start) != s.from);
		copied += len;
		done = s.end;
	}
	require(copied + inserted <= result.len);
}

/* The first byte is the base's length, the second the least copy; then come base and delta. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	enum { LIMIT = 1 << 20 };
	struct segment_list segments = {0};
	uint64_t inserted = 0, base_size, result_size;
	struct bytes base, delta;
	struct buf out;
	enum err err;

	if (size < 2 || size - 2 < data[0])
		return 0;
	base = (struct bytes){data + 2, data[0]};
	delta = (struct bytes){data + 2 + data[0], size - 2 - data[0]};
	buf_init(&out, LIMIT);
	err = delta_apply(base, delta, data[1], &out, &segments, &inserted);
	if (err) {
		require(out.len == 0 && segments.count == 0 && inserted == 0);
	} else {
		require(delta_sizes(delta, &base_size, &result_size) == ERR_NONE);
		require(base_size == base.len && result_size == out.len);
		check_segments(&segments, data[1], base, buf_bytes(&out), inserted);
	}
	buf_release(&out);
	segment_list_release(&segments);
	return 0;
}
