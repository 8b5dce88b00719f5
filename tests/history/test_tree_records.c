#include "history/tree_records.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TREES = 40, ENTRIES_MAX = 60, TARGETS = 4, FILES = 12 };

/* A tree as a list; an entry's name is its letter. Ids from FILES on are those of trees. */
struct plain {
	char names[ENTRIES_MAX];
	unsigned ids[ENTRIES_MAX];
	unsigned count;
	struct buf bytes;
	struct segment segments[ENTRIES_MAX];
	size_t segment_count;
	struct tree_shape entries, exits;
	uint32_t record;
	bool marked, again;
};

static uint32_t below(uint64_t *seed, uint32_t bound)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % bound;
}

static struct object_id id_of(unsigned number)
{
	struct object_id id = {{(unsigned char)(number + 1)}};

	return id;
}

static void put_entry(struct plain *tree, char name, unsigned number)
{
	struct object_id id = id_of(number);

	tree->names[tree->count] = name;
	tree->ids[tree->count++] = number;
	assert_int_equal(
	    buf_appendf(&tree->bytes, "%s %c", number < FILES ? "100644" : "40000", name),
	    ERR_NONE);
	assert_int_equal(buf_append(&tree->bytes, (struct bytes){(const unsigned char *)"", 1}),
	                 ERR_NONE);
	assert_int_equal(buf_append(&tree->bytes, (struct bytes){id.bytes, sizeof(id.bytes)}),
	                 ERR_NONE);
}

static bool has_name(const struct plain *tree, char name)
{
	return memchr(tree->names, name, tree->count);
}

/* Takes some of the base's entries, in runs from anywhere, and adds others. */
static void make_tree(struct plain *tree, const struct plain *base, uint64_t *seed)
{
	buf_init(&tree->bytes, 1 << 16);
	for (unsigned i = base && below(seed, 4) == 0 ? below(seed, base->count + 1) : 0;
	     base && i < base->count; i++) {
		uint32_t start = (uint32_t)tree->bytes.len;
		uint32_t from = i ? base->entries.ends[i - 1] : 0;
		struct segment *last =
		    tree->segment_count ? &tree->segments[tree->segment_count - 1] : NULL;

		if (below(seed, 12) == 0 || has_name(tree, base->names[i]))
			continue;
		put_entry(tree, base->names[i], base->ids[i]);
		if (last && last->end == start && last->from + (last->end - last->start) == from)
			last->end = (uint32_t)tree->bytes.len;
		else
			tree->segments[tree->segment_count++] =
			    (struct segment){start, (uint32_t)tree->bytes.len, from};
		if (below(seed, 12) == 0 && tree->count < ENTRIES_MAX / 2)
			i = below(seed, base->count);
	}
	for (unsigned n = base ? below(seed, 3) : below(seed, 20); n > 0; n--) {
		char name = (char)('A' + below(seed, 50));

		if (!has_name(tree, name))
			put_entry(tree, name, below(seed, FILES + TREES));
	}
}

static void copied(void *records, size_t start, size_t end, size_t at)
{
	tree_records_copy(records, start, end, at);
}

static void record(struct tree_records *r, struct plain *tree, unsigned number,
                   const struct plain *base)
{
	struct tree_reader reader = {.tree = buf_bytes(&tree->bytes),
	                             .segments = tree->segments,
	                             .segment_count = tree->segment_count,
	                             .base = base ? &base->entries : NULL,
	                             .shape = &tree->entries,
	                             .copied = copied,
	                             .context = r};
	struct tree_entry e = {0};

	tree_records_start(r, base ? &base->exits : NULL, &tree->exits);
	while (tree_reader_next(&reader, &e)) {
		if (e.mode == MODE_FOLDER || e.id.bytes[0] - 1 < TARGETS)
			tree_records_exit(r, &e);
	}
	tree->record = tree_records_add(r, (struct tree_record){.id = id_of(FILES + number),
	                                                        .base = base ? base->record : 0,
	                                                        .again = tree->again,
	                                                        .marked = tree->marked});
}

/* Holds the run against the tree itself. */
static void check_tree(const struct tree_records *r, const struct plain *tree,
                       const struct id_map *targets, const struct id_map *trees)
{
	const struct tree_run *run = &r->runs[r->items[tree->record - 1].run];
	uint32_t n = 0;

	for (char name = 'A'; name < 'A' + 50 && tree->marked && !tree->again; name++) {
		const char *at = memchr(tree->names, name, tree->count);
		struct object_id id = id_of(at ? tree->ids[at - tree->names] : UINT8_MAX - 1);
		uint32_t target = id_map_find(targets, &id), to = id_map_find(trees, &id);

		if (!at || (target == ID_MAP_NONE && to == ID_MAP_NONE))
			continue;
		assert_true(n < run->count);
		assert_int_equal(r->names[r->ways[run->first + n].name].ptr[0], name);
		assert_int_equal(r->ways[run->first + n].is_target, target != ID_MAP_NONE);
		assert_int_equal(r->ways[run->first + n].to, target != ID_MAP_NONE ? target : to);
		n++;
	}
	assert_int_equal(run->count, n);
}

static void versions_lead_where_their_trees_do(void **state)
{
	uint64_t seed = 20261124;

	(void)state;
	for (unsigned round = 0; round < 500; round++) {
		struct plain trees[TREES] = {0};
		struct tree_records records = {0};
		struct id_map targets = {0}, known = {0};

		for (unsigned i = 0; i < TARGETS; i++)
			id_map_add(&targets, (struct object_id[]){id_of(i)}, NULL);
		for (unsigned i = 0; i < TREES; i++) {
			const struct plain *base =
			    i && below(&seed, 10) ? &trees[below(&seed, i)] : NULL;

			trees[i].marked = below(&seed, 2);
			trees[i].again = below(&seed, 8) == 0;
			make_tree(&trees[i], base, &seed);
			record(&records, &trees[i], i, base);
			if (trees[i].marked)
				id_map_add(&known, (struct object_id[]){id_of(FILES + i)}, NULL);
		}
		tree_records_follow(&records, &targets, &known);
		assert_false(records.cut);
		for (unsigned i = 0; i < TREES; i++)
			check_tree(&records, &trees[i], &targets, &known);
		for (unsigned i = 0; i < TREES; i++) {
			tree_shape_release(&trees[i].entries);
			tree_shape_release(&trees[i].exits);
			buf_release(&trees[i].bytes);
		}
		tree_records_release(&records);
		id_map_release(&targets);
		id_map_release(&known);
	}
}

/* Versions that change no exit. */
static void a_version_without_changes_has_no_steps(void **state)
{
	struct plain tree = {.marked = true};
	struct tree_records records = {0};
	struct id_map none = {0};
	uint64_t seed = 1;

	(void)state;
	make_tree(&tree, NULL, &seed);
	put_entry(&tree, 'z', FILES);
	record(&records, &tree, 0, NULL);
	for (unsigned i = 0; i < 5000; i++) {
		struct tree_shape exits = {0};

		tree_records_start(&records, &tree.exits, &exits);
		tree_records_copy(&records, 0, tree.bytes.len, 0);
		tree_records_add(&records, (struct tree_record){.base = (uint32_t)records.count});
		tree_shape_release(&exits);
	}
	assert_true(records.step_count <= tree.count);
	tree_records_follow(&records, &none, &none);
	assert_int_equal(records.way_count, 0);
	tree_shape_release(&tree.entries);
	tree_shape_release(&tree.exits);
	buf_release(&tree.bytes);
	tree_records_release(&records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(versions_lead_where_their_trees_do),
	    cmocka_unit_test(a_version_without_changes_has_no_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
