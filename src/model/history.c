#include "model/history.h"

#include "base/memory.h"

#include <stdlib.h>

void leak_list_release(struct leak_list *list)
{
	free(list->items);
	arena_release(&list->arena);
	*list = (struct leak_list){0};
}

void gone_list_release(struct gone_list *list)
{
	free(list->items);
	arena_release(&list->text);
	*list = (struct gone_list){0};
}

void leak_list_add(struct leak_list *list, const struct leak *leak)
{
	list->items = mem_grow(list->items, list->count, &list->cap, sizeof(*list->items));
	list->items[list->count++] = *leak;
}

static int leak_order(const void *left, const void *right)
{
	const struct leak *x = left, *y = right;
	const struct finding *a = &x->occurrences[0].first, *b = &y->occurrences[0].first;
	int order = strcmp(x->repository, y->repository);

	if (!order)
		order = bytes_compare(x->occurrences[0].path, y->occurrences[0].path);
	if (!order)
		order = (a->start_offset > b->start_offset) - (a->start_offset < b->start_offset);
	if (!order)
		order = strcmp(a->rule->id, b->rule->id);
	return order ? order : memcmp(a->fingerprint, b->fingerprint, FINGERPRINT_SIZE);
}

void leak_list_sort(struct leak_list *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), leak_order);
}

const char *leak_state_name(enum leak_state state)
{
	static const char *const names[] = {"head", "tip", "history", "unreachable"};

	return names[state];
}

const char *object_type_name(enum object_type type)
{
	static const char *const names[] = {"", "commit", "tree", "blob", "tag"};

	return names[type];
}
