#include "history/tree_versions.h"

#include "base/memory.h"

#include <stdlib.h>

/* Most versions copy all entries but one, or have a few more. */
enum { SPARE = 8 };

void tree_shape_release(struct tree_shape *shape)
{
	free(shape->ends);
	*shape = (struct tree_shape){0};
}

size_t tree_shape_until(const struct tree_shape *shape, size_t byte)
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

static void make_room(struct tree_shape *shape, size_t count)
{
	if (shape->cap - shape->count >= count)
		return;
	shape->cap = shape->cap * 2 + count + SPARE;
	shape->ends = mem_resize(shape->ends, shape->cap, sizeof(*shape->ends));
}

void tree_shape_add(struct tree_shape *shape, uint32_t end)
{
	make_room(shape, 1);
	shape->ends[shape->count++] = end;
}

void tree_shape_copy(struct tree_shape *shape, const struct tree_shape *base, size_t first,
                     size_t end, uint32_t shift)
{
	const uint32_t *from = base->ends + first;
	uint32_t *to;

	make_room(shape, end - first);
	to = shape->ends + shape->count;
	shape->count += end - first;
	for (size_t i = 0; i < end - first; i++)
		to[i] = from[i] + shift;
}

/* Takes over what the segment copies whole from `at` on; returns where that ends, `at` for none. */
static size_t take_copies(struct tree_reader *r, const struct segment *s, size_t at)
{
	const struct tree_shape *base = r->base;
	size_t base_at = s->from + (at - s->start);
	size_t first = tree_shape_until(base, base_at);
	size_t end = tree_shape_until(base, s->from + (s->end - s->start));

	/* Where no entry of the base starts, the copied bytes mean something else. */
	if (end == first || (first ? base->ends[first - 1] : 0) != base_at)
		return at;
	tree_shape_copy(r->shape, base, first, end, s->start - s->from);
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
	tree_shape_add(r->shape, (uint32_t)e->end);
	return true;
}
