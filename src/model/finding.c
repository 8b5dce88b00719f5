#include "model/finding.h"

#include "base/memory.h"

#include <ctype.h>
#include <stdlib.h>

void finding_set_prefix(struct finding *f, struct bytes secret)
{
	size_t len = f->rule->prefix_len < PREVIEW_MAX ? f->rule->prefix_len : PREVIEW_MAX;

	while (f->prefix_len < len && f->prefix_len < secret.len &&
	       isascii(secret.ptr[f->prefix_len]) && isprint(secret.ptr[f->prefix_len])) {
		f->prefix[f->prefix_len] = (char)secret.ptr[f->prefix_len];
		f->prefix_len++;
	}
}

void finding_list_release(struct finding_list *list)
{
	free(list->items);
	arena_release(&list->text);
	*list = (struct finding_list){0};
}

void finding_list_add(struct finding_list *list, const struct finding *f)
{
	list->items = mem_grow(list->items, list->count, &list->cap, sizeof(*list->items));
	list->items[list->count++] = *f;
}

void finding_list_adopt(struct finding_list *into, struct finding_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		finding_list_add(into, &from->items[i]);
	arena_adopt(&into->text, &from->text);
	finding_list_release(from);
}

static int finding_order(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = bytes_compare(a->path, b->path);

	if (!order)
		order = (a->start_offset > b->start_offset) - (a->start_offset < b->start_offset);
	if (!order)
		order = (a->end_offset > b->end_offset) - (a->end_offset < b->end_offset);
	if (!order)
		order = strcmp(a->rule->id, b->rule->id);
	/* Several secrets may have been packed into one place. */
	return order ? order : memcmp(a->fingerprint, b->fingerprint, FINGERPRINT_SIZE);
}

void finding_list_sort(struct finding_list *list)
{
	size_t kept = 0;

	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), finding_order);
	for (size_t i = 0; i < list->count; i++) {
		if (!kept || finding_order(&list->items[kept - 1], &list->items[i]) != 0)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

const char *suppression_kind_name(enum suppression_kind kind)
{
	static const char *const names[] = {"inline", "baseline", "config"};

	return names[kind];
}

const char *checksum_state_name(enum checksum_state state)
{
	static const char *const names[] = {"none", "valid", "invalid"};

	return names[state];
}
