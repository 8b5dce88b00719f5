#include "history/tree_versions.h"

#include "base/memory.h"

#include <stdlib.h>

void tree_shape_release(struct tree_shape *shape)
{
	free(shape->ends);
	*shape = (struct tree_shape){0};
}

/* How many entries end at the byte or before it. */
static size_t entries_until(const struct tree_shape *shape, size_t byte)
{
	size_t low = 0, high = shape->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (shape->ends[middle] <= byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void add_ends(struct tree_shape *shape, const uint32_t *ends, size_t count, uint32_t shift)
{
	if (shape->cap - shape->count < count) {
		shape->cap = shape->cap * 2 + count;
		shape->ends = mem_resize(shape->ends, shape->cap, sizeof(*shape->ends));
	}
	for (size_t i = 0; i < count; i++)
		shape->ends[shape->count + i] = ends[i] + shift;
	shape->count += count;
}

/* Takes over what the segment copies whole from `at` on; returns where that ends, `at` for none. */
static size_t take_copies(struct tree_reader *r, const struct segment *s, size_t at)
{
	const struct tree_shape *base = r->base;
	size_t base_at = s->from + (at - s->start);
	size_t first = entries_until(base, base_at);
	size_t end = entries_until(base, s->from + (s->end - s->start));

	/* Where no entry of the base starts, the copied bytes mean something else. */
	if (end == first || (first ? base->ends[first - 1] : 0) != base_at)
		return at;
	/* Modulo 2^32, like the sum, so that a shift to the left is one, too. */
	add_ends(r->shape, base->ends + first, end - first, s->start - s->from);
	if (r->copied)
		r->copied(r->context, base_at, base->ends[end - 1], at);
	return r->shape->ends[r->shape->count - 1];
}

bool tree_reader_next(struct tree_reader *r, struct tree_entry *e)
{
	while (r->base) {
		const struct segment *s;
		size_t at = e->end;

		while (r->segment < r->segment_count && r->segments[r->segment].end <= at)
			r->segment++;
		s = r->segments + r->segment;
		if (r->segment == r->segment_count || s->start > at)
			break;
		e->end = take_copies(r, s, at);
		if (e->end == at)
			break;
	}
	if (!tree_entry_next(r->tree, e))
		return false;
	add_ends(r->shape, (const uint32_t[]){(uint32_t)e->end}, 1, 0);
	return true;
}
