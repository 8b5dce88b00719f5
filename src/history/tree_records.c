#include "history/tree_records.h"

#include "base/memory.h"

#include <stdlib.h>

enum {
	RECENT_COUNT = 1 << 12, /* names that are known again */
	LIVE_MAX = 16 << 20,    /* exits of bases that are kept at a time: 192 MB */
	WAYS_MAX = 32 << 20,    /* 384 MB */
};

void tree_records_release(struct tree_records *r)
{
	free(r->items);
	free(r->steps);
	free(r->names);
	free(r->recent);
	free(r->ways);
	free(r->runs);
	arena_release(&r->name_text);
	*r = (struct tree_records){0};
}

/* ---- Adding ---- */

static uint32_t number_of_name(struct tree_records *r, struct bytes name)
{
	uint32_t hash = 2166136261u, *recent; /* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ name.ptr[i]) * 16777619u;
	if (!r->recent)
		r->recent = mem_calloc(RECENT_COUNT, sizeof(*r->recent));
	recent = &r->recent[hash % RECENT_COUNT];
	if (*recent && bytes_equal(r->names[*recent - 1], name))
		return *recent - 1;
	r->names = mem_grow(r->names, r->name_count, &r->name_cap, sizeof(*r->names));
	r->names[r->name_count++] = arena_bytes(&r->name_text, name);
	*recent = (uint32_t)r->name_count;
	return *recent - 1;
}

/* Adds a step that copies what was told last. */
static struct tree_step *add_step(struct tree_records *r)
{
	struct tree_step *step;

	r->steps = mem_grow(r->steps, r->step_count, &r->step_cap, sizeof(*r->steps));
	step = &r->steps[r->step_count++];
	*step = (struct tree_step){.first = r->copied, .end = r->copy_end, .name = TREE_NAME_NONE};
	r->copied = r->copy_end = 0;
	return step;
}

void tree_records_start(struct tree_records *r, const struct tree_shape *base_exits,
                        struct tree_shape *exits)
{
	r->base_exits = base_exits;
	r->exits = exits;
	r->start = r->step_count;
	r->copied = r->copy_end = 0;
}

void tree_records_copy(struct tree_records *r, size_t start, size_t end, size_t at)
{
	uint32_t first = (uint32_t)tree_shape_until(r->base_exits, start);
	uint32_t last = (uint32_t)tree_shape_until(r->base_exits, end);

	if (first == last)
		return;
	tree_shape_copy(r->exits, r->base_exits, first, last, (uint32_t)(at - start));
	if (r->copied != r->copy_end && first != r->copy_end)
		add_step(r);
	if (r->copied == r->copy_end)
		r->copied = first;
	r->copy_end = last;
}

void tree_records_exit(struct tree_records *r, const struct tree_entry *e)
{
	struct tree_step *step = add_step(r);

	step->name = number_of_name(r, e->name);
	step->id = e->id;
	tree_shape_add(r->exits, (uint32_t)e->end);
}

uint32_t tree_records_add(struct tree_records *r, struct tree_record tree)
{
	size_t base_count = r->base_exits ? r->base_exits->count : 0;
	bool same = r->step_count == r->start && r->copied == 0 && r->copy_end == base_count;

	if (!same && (r->copied != r->copy_end || r->step_count == r->start))
		add_step(r);
	tree.first = r->start;
	tree.count = (uint32_t)(r->step_count - r->start);
	r->items = mem_grow(r->items, r->count, &r->cap, sizeof(*r->items));
	r->items[r->count++] = tree;
	return (uint32_t)r->count;
}

/* ---- Following ---- */

/* All exits of a record, while others are still to be made of them. */
struct exit_list {
	struct way *items;
	size_t count;
	uint32_t users; /* records that are based on it and needed */
};

struct following {
	struct tree_records *records;
	const struct id_map *targets;
	const struct id_map *trees;
	struct exit_list *lists; /* by record */
	size_t live;             /* exits in them */
};

/* Finds out which records are needed, from what is based on others to the bases. */
static void find_needed(struct following *f)
{
	struct tree_records *r = f->records;

	for (size_t i = r->count; i-- > 0;) {
		struct tree_record *t = &r->items[i];

		t->needed = t->needed || (t->marked && !t->again);
		if (!t->needed || !t->base)
			continue;
		r->items[t->base - 1].needed = true;
		f->lists[t->base - 1].users++;
	}
}

static void drop_list(struct following *f, struct exit_list *list)
{
	f->live -= list->count;
	free(list->items);
	list->items = NULL;
	list->count = 0;
}

static struct way way_of(const struct following *f, const struct tree_step *step)
{
	struct way way = {step->name, id_map_find(f->targets, &step->id), true};

	if (way.to == ID_MAP_NONE)
		way = (struct way){step->name, id_map_find(f->trees, &step->id), false};
	return way;
}

/* Adds what the step says to the list, which has room for it. */
static void take_step(const struct following *f, struct exit_list *list,
                      const struct exit_list *base, const struct tree_step *step)
{
	size_t count = step->end - step->first;

	if (count)
		memcpy(list->items + list->count, base->items + step->first,
		       count * sizeof(*list->items));
	list->count += count;
	if (step->name != TREE_NAME_NONE)
		list->items[list->count++] = way_of(f, step);
}

/* Makes the list of the record's exits from its base's. */
static void make_list(struct following *f, const struct tree_record *t, struct exit_list *list)
{
	static const struct exit_list none = {0};
	struct tree_records *r = f->records;
	const struct exit_list *base = t->base ? &f->lists[t->base - 1] : &none;
	const struct tree_step whole = {.end = (uint32_t)base->count, .name = TREE_NAME_NONE};
	const struct tree_step *steps = t->count ? r->steps + t->first : &whole;
	size_t step_count = t->count ? t->count : 1, count = 0;
	bool cut = false;

	for (size_t i = 0; i < step_count; i++) {
		count += steps[i].end - steps[i].first + (steps[i].name != TREE_NAME_NONE);
		cut = cut || steps[i].end > base->count;
	}
	if (cut || f->live + count > LIVE_MAX) {
		r->cut = true;
		return;
	}
	if (!count)
		return;
	list->items = mem_resize(NULL, count, sizeof(*list->items));
	for (size_t i = 0; i < step_count; i++)
		take_step(f, list, base, &steps[i]);
	f->live += count;
}

static int way_order(const void *left, const void *right, void *names)
{
	const struct bytes *n = names;

	return bytes_compare(n[((const struct way *)left)->name],
	                     n[((const struct way *)right)->name]);
}

/* Sorts the ways by name: git does so, but for folders as if their names ended in a slash. */
static void sort_ways(const struct tree_records *r, struct way *ways, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (way_order(&ways[i - 1], &ways[i], r->names) > 0) {
			qsort_r(ways, count, sizeof(*ways), way_order, r->names);
			return;
		}
	}
}

static bool same_ways(const struct way *a, const struct way *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (a[i].name != b[i].name || a[i].to != b[i].to ||
		    a[i].is_target != b[i].is_target)
			return false;
	}
	return true;
}

/* The run of those exits that lead somewhere; the base's, if it is the same. */
static uint32_t add_run(struct tree_records *r, const struct exit_list *list, uint32_t base_run)
{
	const struct tree_run *base = &r->runs[base_run];
	struct tree_run run = {.first = r->way_count};

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].to == ID_MAP_NONE)
			continue;
		if (r->way_count == WAYS_MAX) {
			r->cut = true;
			break;
		}
		r->ways = mem_grow(r->ways, r->way_count, &r->way_cap, sizeof(*r->ways));
		r->ways[r->way_count++] = list->items[i];
	}
	run.count = (uint32_t)(r->way_count - run.first);
	if (!run.count)
		return 0;
	sort_ways(r, r->ways + run.first, run.count);
	if (run.count == base->count &&
	    same_ways(r->ways + run.first, r->ways + base->first, run.count)) {
		r->way_count = run.first;
		return base_run;
	}
	r->runs = mem_grow(r->runs, r->run_count, &r->run_cap, sizeof(*r->runs));
	r->runs[r->run_count++] = run;
	return (uint32_t)(r->run_count - 1);
}

void tree_records_follow(struct tree_records *r, const struct id_map *targets,
                         const struct id_map *trees)
{
	struct following f = {.records = r, .targets = targets, .trees = trees};

	f.lists = mem_calloc(r->count, sizeof(*f.lists));
	r->runs = mem_grow(r->runs, 0, &r->run_cap, sizeof(*r->runs));
	r->runs[r->run_count++] = (struct tree_run){.done = true};
	find_needed(&f);
	for (size_t i = 0; i < r->count; i++) {
		struct tree_record *t = &r->items[i];
		struct exit_list *base = t->base ? &f.lists[t->base - 1] : NULL;

		if (!t->needed)
			continue;
		make_list(&f, t, &f.lists[i]);
		if (t->marked && !t->again)
			t->run = add_run(r, &f.lists[i], t->base ? r->items[t->base - 1].run : 0);
		if (!f.lists[i].users)
			drop_list(&f, &f.lists[i]);
		if (base && --base->users == 0)
			drop_list(&f, base);
	}
	free(f.lists);
}
