#include "history/commits.h"

#include "base/memory.h"

#include <stdlib.h>

enum { AHEAD = 16 }; /* commits on, whose ids are called for */

void commits_release(struct commits *commits)
{
	id_map_release(&commits->ids);
	free(commits->items);
	free(commits->parents);
	*commits = (struct commits){0};
}

void commit_list_release(struct commit_list *list)
{
	free(list->items);
	free(list->parents);
	*list = (struct commit_list){0};
}

/* ---- Reading ---- */

/* Cuts the next line, without its end, off rest. */
static struct bytes next_line(struct bytes *rest)
{
	const unsigned char *end = memchr(rest->ptr, '\n', rest->len);
	struct bytes line = *rest;

	if (end) {
		line.len = (size_t)(end - rest->ptr);
		*rest = bytes_slice(*rest, line.len + 1, rest->len);
	} else {
		*rest = bytes_slice(*rest, rest->len, rest->len);
	}
	return line;
}

/* Reads "KEY ID"; false if the line is another one. */
static bool read_id_line(struct bytes line, const char *key, struct object_id *id)
{
	size_t len = strlen(key);

	return line.len == len + OBJECT_ID_HEX && memcmp(line.ptr, key, len) == 0 &&
	       object_id_parse(id, (const char *)line.ptr + len);
}

/* The time in "committer NAME <MAIL> SECONDS ZONE"; 0 if it cannot be read. */
static int64_t read_date(struct bytes line)
{
	const unsigned char *mail_end = memrchr(line.ptr, '>', line.len);
	int64_t seconds = 0;

	if (!mail_end)
		return 0;
	for (const unsigned char *c = mail_end + 1; c < line.ptr + line.len; c++) {
		if (*c >= '0' && *c <= '9' && seconds < INT64_MAX / 20)
			seconds = seconds * 10 + (*c - '0');
		else if (seconds)
			break;
	}
	return seconds;
}

size_t message_start(struct bytes object)
{
	struct bytes rest = object;

	while (rest.len) {
		if (!next_line(&rest).len)
			return object.len - rest.len;
	}
	return object.len;
}

bool tag_target(struct bytes object, struct object_id *id)
{
	return read_id_line(next_line(&object), "object ", id);
}

static void list_parent(struct commit_list *list, const struct object_id *parent)
{
	list->parents =
	    mem_grow(list->parents, list->parent_count, &list->parent_cap, sizeof(*list->parents));
	list->parents[list->parent_count++] = *parent;
}

bool commit_list_add(struct commit_list *list, const struct object_id *id, struct bytes object)
{
	struct bytes rest = object, line;
	struct commit_head head = {.id = *id, .first_parent = list->parent_count};
	struct object_id parent;

	if (!read_id_line(next_line(&rest), "tree ", &head.tree))
		return false;
	for (line = next_line(&rest); read_id_line(line, "parent ", &parent);
	     line = next_line(&rest)) {
		list_parent(list, &parent);
		head.parent_count++;
	}
	while (line.len && !bytes_start_with(line, "committer "))
		line = next_line(&rest);
	head.date = read_date(line);
	list->items = mem_grow(list->items, list->count, &list->cap, sizeof(*list->items));
	list->items[list->count++] = head;
	return true;
}

/* ---- Linking ---- */

/* The commit's number, with room for it. */
static uint32_t number_of(struct commits *commits, const struct object_id *id)
{
	uint32_t number = id_map_add(&commits->ids, id, NULL);

	while (commits->cap <= number) {
		size_t old = commits->cap;

		commits->items =
		    mem_grow(commits->items, old, &commits->cap, sizeof(*commits->items));
		memset(commits->items + old, 0, (commits->cap - old) * sizeof(*commits->items));
	}
	return number;
}

static void link_commit(struct commits *commits, const struct commit_head *head,
                        const struct object_id *parents)
{
	uint32_t number = number_of(commits, &head->id);

	if (commits->items[number].present)
		return;
	commits->items[number] = (struct commit){.tree = head->tree,
	                                         .date = head->date,
	                                         .first_parent = (uint32_t)commits->parent_count,
	                                         .parent_count = head->parent_count,
	                                         .present = true};
	for (uint32_t i = 0; i < head->parent_count; i++) {
		uint32_t parent = number_of(commits, &parents[i]);

		commits->parents = mem_grow(commits->parents, commits->parent_count,
		                            &commits->parent_cap, sizeof(*commits->parents));
		commits->parents[commits->parent_count++] = parent;
	}
}

void commits_link(struct commits *commits, const struct commit_list *list)
{
	id_map_reserve(&commits->ids, commits->ids.count + list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct commit_head *head = &list->items[i];

		if (i + AHEAD < list->count)
			id_map_expect(&commits->ids, &head[AHEAD].id);
		link_commit(commits, head, list->parents + head->first_parent);
	}
}

bool commits_add(struct commits *commits, const struct object_id *id, struct bytes object)
{
	struct commit_list list = {0};
	bool added = commit_list_add(&list, id, object);

	if (added)
		link_commit(commits, list.items, list.parents);
	commit_list_release(&list);
	return added;
}

/* ---- Order ---- */

/* A heap of commits, the oldest on top. */
struct heap {
	const struct commits *commits;
	uint32_t *items;
	uint32_t count;
};

static bool older(const struct commits *c, uint32_t a, uint32_t b)
{
	if (c->items[a].date != c->items[b].date)
		return c->items[a].date < c->items[b].date;
	return object_id_compare(&c->ids.ids[a], &c->ids.ids[b]) < 0;
}

static void heap_push(struct heap *h, uint32_t commit)
{
	uint32_t at = h->count++;

	while (at > 0 && older(h->commits, commit, h->items[(at - 1) / 2])) {
		h->items[at] = h->items[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	h->items[at] = commit;
}

static uint32_t heap_pop(struct heap *h)
{
	uint32_t top = h->items[0], last = h->items[--h->count], at = 0;

	for (;;) {
		uint32_t child = at * 2 + 1;

		if (child >= h->count)
			break;
		if (child + 1 < h->count && older(h->commits, h->items[child + 1], h->items[child]))
			child++;
		if (!older(h->commits, h->items[child], last))
			break;
		h->items[at] = h->items[child];
		at = child;
	}
	h->items[at] = last;
	return top;
}

/* The children of every commit: those of c are items[first[c]] ... items[first[c + 1] - 1]. */
struct children {
	uint32_t *first;
	uint32_t *items;
};

static struct children find_children(const struct commits *commits)
{
	uint32_t n = commits->ids.count;
	struct children c = {mem_calloc((size_t)n + 1, sizeof(*c.first)),
	                     mem_calloc(commits->parent_count, sizeof(*c.items))};

	/* Counts, then ends, which filling in from the back turns into starts. */
	for (size_t i = 0; i < commits->parent_count; i++)
		c.first[commits->parents[i]]++;
	for (uint32_t i = 1; i <= n; i++)
		c.first[i] += c.first[i - 1];
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t p = 0; p < commits->items[i].parent_count; p++)
			c.items[--c.first[commits->parents[commits->items[i].first_parent + p]]] =
			    i;
	}
	return c;
}

uint32_t commits_sort(const struct commits *commits, uint32_t *order)
{
	uint32_t n = commits->ids.count, count = 0;
	uint32_t *waiting = mem_calloc(n, sizeof(*waiting)); /* parents that are still to come */
	struct children children = find_children(commits);
	struct heap ready = {commits, mem_calloc(n, sizeof(uint32_t)), 0};

	for (uint32_t i = 0; i < n; i++) {
		const struct commit *c = &commits->items[i];

		for (uint32_t p = 0; p < c->parent_count; p++)
			waiting[i] += commits->items[commits->parents[c->first_parent + p]].present;
		if (c->present && !waiting[i])
			heap_push(&ready, i);
	}
	while (ready.count) {
		uint32_t c = heap_pop(&ready);

		order[count++] = c;
		for (uint32_t i = children.first[c]; i < children.first[c + 1]; i++) {
			if (--waiting[children.items[i]] == 0)
				heap_push(&ready, children.items[i]);
		}
	}
	free(waiting);
	free(children.first);
	free(children.items);
	free(ready.items);
	return count;
}

void commits_reach(const struct commits *commits, uint32_t commit, bool *reached)
{
	uint32_t *stack = NULL;
	size_t count = 0, cap = 0;

	if (reached[commit])
		return;
	reached[commit] = true;
	stack = mem_grow(stack, count, &cap, sizeof(*stack));
	stack[count++] = commit;
	while (count) {
		const struct commit *c = &commits->items[stack[--count]];

		for (uint32_t i = 0; i < c->parent_count; i++) {
			uint32_t parent = commits->parents[c->first_parent + i];

			if (reached[parent])
				continue;
			reached[parent] = true;
			stack = mem_grow(stack, count, &cap, sizeof(*stack));
			stack[count++] = parent;
		}
	}
	free(stack);
}
