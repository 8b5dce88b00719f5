/*
 * Deltas (gitformat-pack(5), "Deltified representation"): an object as copies from its base and
 * inserted bytes.
 */
#ifndef TRAWL_PACK_DELTA_H
#define TRAWL_PACK_DELTA_H

#include "base/buf.h"
#include "base/error.h"
#include "model/blob.h"

/* Segments, reused from delta to delta; {0} is an empty list. */
struct segment_list {
	struct segment *items;
	size_t count;
	size_t cap;
};

void segment_list_release(struct segment_list *list);

/*
 * The sizes that the delta states, in bytes, without applying it. ERR_CORRUPT for a delta that has
 * no whole head.
 */
enum err delta_sizes(struct bytes delta, uint64_t *base_size, uint64_t *result_size);

/*
 * Applies the delta to base into out (emptied first), whose maximum bounds the result, and lists
 * the copies of at least least_copy bytes in order of their place in the result; adjoining copies
 * that also adjoin in the base are one segment. *inserted (may be NULL) grows by the bytes that the
 * delta inserts itself. ERR_CORRUPT when the delta does not fit its base or its own sizes, or has
 * an unknown instruction; ERR_LIMIT past out's maximum or for sizes of 4 GiB and more. On failure
 * out and segments are empty, and *inserted is as it was.
 */
enum err delta_apply(struct bytes base, struct bytes delta, uint32_t least_copy, struct buf *out,
                     struct segment_list *segments, uint64_t *inserted);

#endif
