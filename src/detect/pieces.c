#include "detect/pieces.h"

#include "base/memory.h"

#include <stdlib.h>

void pieces_release(struct pieces *p)
{
	buf_release(&p->bytes);
	free(p->items);
	*p = (struct pieces){0};
}

void pieces_add(struct pieces *p, struct bytes text, uint32_t start, uint32_t end)
{
	p->items = mem_grow(p->items, p->count, &p->cap, sizeof(*p->items));
	p->items[p->count++] = (struct piece){(uint32_t)p->bytes.len, start};
	p->bytes.max = UINT32_MAX;
	if (buf_append(&p->bytes, bytes_slice(text, start, end)))
		mem_exhausted();
}

bool pieces_locate(const struct pieces *p, struct hit *hit, uint32_t width)
{
	size_t low = 0, high = p->count;
	uint32_t end;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (p->items[middle].at <= hit->at)
			low = middle;
		else
			high = middle;
	}
	end = low + 1 < p->count ? p->items[low + 1].at : (uint32_t)p->bytes.len;
	if (hit->at + width > end)
		return false;
	hit->at = hit->at - p->items[low].at + p->items[low].start;
	return true;
}

void pieces_clear(struct pieces *p)
{
	buf_clear(&p->bytes);
	p->count = 0;
}
