#include "history/tree_versions.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEGMENTS_MAX = 64, TREE_MAX = 1 << 16 };

/* A version made of copies and inserts. */
struct version {
	struct buf bytes;
	struct segment segments[SEGMENTS_MAX];
	size_t count;
};

static uint32_t below(uint64_t *seed, uint32_t bound)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % bound;
}

static void put_entry(struct buf *out, uint64_t *seed)
{
	unsigned char id[OBJECT_ID_SIZE];

	/* Bytes that look like the start of an entry are frequent, in names and ids. */
	for (size_t i = 0; i < sizeof(id); i++)
		id[i] = (unsigned char)"1004 \0a"[below(seed, 7)];
	assert_int_equal(buf_appendf(out, "%s %.*s", below(seed, 3) ? "100644" : "40000",
	                             1 + (int)below(seed, 4), "1004"),
	                 ERR_NONE);
	assert_int_equal(buf_append(out, (struct bytes){(const unsigned char *)"", 1}), ERR_NONE);
	assert_int_equal(buf_append(out, (struct bytes){id, sizeof(id)}), ERR_NONE);
}

static void put_copy(struct version *v, struct bytes base, uint32_t from, uint32_t len)
{
	uint32_t start = (uint32_t)v->bytes.len;

	if (!len || v->count == SEGMENTS_MAX)
		return;
	assert_int_equal(buf_append(&v->bytes, bytes_slice(base, from, from + len)), ERR_NONE);
	v->segments[v->count++] = (struct segment){start, start + len, from};
}

/* Changes the base as deltas do, that know nothing of entries: copies end and start anywhere. */
static void make_version(struct version *v, struct bytes base, uint64_t *seed)
{
	uint32_t at = 0;

	buf_init(&v->bytes, TREE_MAX);
	v->count = 0;
	while (at < base.len && v->bytes.len < TREE_MAX / 2) {
		uint32_t len = below(seed, (uint32_t)base.len - at + 1);

		if (below(seed, 8) == 0)
			at = below(seed, (uint32_t)base.len - len + 1);
		put_copy(v, base, at, len);
		at += len;
		for (uint32_t n = below(seed, 3); n > 0; n--)
			put_entry(&v->bytes, seed);
		if (below(seed, 4) == 0)
			at += below(seed, (uint32_t)(base.len - at) + 1);
		if (below(seed, 8) == 0)
			assert_int_equal(buf_appendf(&v->bytes, "1"), ERR_NONE);
	}
}

/* What the reader told: which bytes of the version are covered by entries, and how. */
struct told {
	struct bytes version, base;
	unsigned char *covered; /* by byte of the version */
};

static void note_copied(void *context, size_t start, size_t end, size_t at)
{
	struct told *told = context;

	assert_true(end <= told->base.len && at + (end - start) <= told->version.len);
	assert_memory_equal(told->base.ptr + start, told->version.ptr + at, end - start);
	memset(told->covered + at, 1, end - start);
}

/* Reads the version in one way and the other. */
static void check_version(struct bytes version, struct bytes base, const struct version *v,
                          const struct tree_shape *base_shape, struct tree_shape *shape)
{
	struct told told = {version, base, calloc(version.len + 1, 1)};
	struct tree_reader reader = {.tree = version,
	                             .segments = v->segments,
	                             .segment_count = v->count,
	                             .base = base_shape,
	                             .shape = shape,
	                             .copied = note_copied,
	                             .context = &told};
	struct tree_entry plain = {0}, e = {0};
	size_t entries = 0;

	assert_non_null(told.covered);
	while (tree_reader_next(&reader, &e))
		memset(told.covered + e.start, 1, e.end - e.start);
	while (tree_entry_next(version, &plain)) {
		assert_true(entries < shape->count);
		assert_int_equal(shape->ends[entries], plain.end);
		for (size_t i = plain.start; i < plain.end; i++)
			assert_int_equal(told.covered[i], 1);
		entries++;
	}
	assert_int_equal(shape->count, entries);
	free(told.covered);
}

static void a_version_has_the_entries_that_it_has_alone(void **state)
{
	uint64_t seed = 20261124;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		struct version versions[6];
		struct tree_shape shapes[6] = {{0}};

		buf_init(&versions[0].bytes, TREE_MAX);
		for (uint32_t n = below(&seed, 20); n > 0; n--)
			put_entry(&versions[0].bytes, &seed);
		check_version(buf_bytes(&versions[0].bytes), (struct bytes){NULL, 0}, &versions[0],
		              NULL, &shapes[0]);
		for (unsigned k = 1; k < 6; k++) {
			make_version(&versions[k], buf_bytes(&versions[k - 1].bytes), &seed);
			check_version(buf_bytes(&versions[k].bytes),
			              buf_bytes(&versions[k - 1].bytes), &versions[k],
			              &shapes[k - 1], &shapes[k]);
		}
		for (unsigned k = 0; k < 6; k++) {
			buf_release(&versions[k].bytes);
			tree_shape_release(&shapes[k]);
		}
	}
}

/* What was one entry is read as another one where a copy starts in its middle. */
static void a_copy_from_the_middle_of_an_entry_is_parsed(void **state)
{
	static const char entry[] = "100644 4 b\0"
				    "0123456789abcdefghij";
	struct bytes base = {(const unsigned char *)entry, sizeof(entry) - 1};
	struct version v = {.segments = {{0, 24, 7}}, .count = 1};
	struct tree_shape base_shape = {0}, shape = {0};
	struct tree_reader base_reader = {.tree = base, .shape = &base_shape};
	struct tree_reader reader = {.tree = bytes_slice(base, 7, base.len),
	                             .segments = v.segments,
	                             .segment_count = 1,
	                             .base = &base_shape,
	                             .shape = &shape};
	struct tree_entry e = {0};

	(void)state;
	assert_true(tree_reader_next(&base_reader, &e));
	assert_int_equal(e.mode, 0100644);
	assert_false(tree_reader_next(&base_reader, &e));
	e = (struct tree_entry){0};
	assert_true(tree_reader_next(&reader, &e));
	assert_int_equal(e.mode, 04);
	assert_int_equal(e.name.len, 1);
	assert_false(tree_reader_next(&reader, &e));
	tree_shape_release(&base_shape);
	tree_shape_release(&shape);
}

static void a_copy_of_all_is_not_parsed(void **state)
{
	static const char entries[] = "40000 a\0"
				      "0123456789abcdefghij"
				      "100644 b\0"
				      "0123456789abcdefghij";
	struct bytes tree = {(const unsigned char *)entries, sizeof(entries) - 1};
	const struct segment all = {0, (uint32_t)tree.len, 0};
	struct tree_shape base = {0}, shape = {0};
	struct tree_reader base_reader = {.tree = tree, .shape = &base};
	struct tree_reader reader = {
	    .tree = tree, .segments = &all, .segment_count = 1, .base = &base, .shape = &shape};
	struct tree_entry e = {0};

	(void)state;
	while (tree_reader_next(&base_reader, &e))
		;
	e = (struct tree_entry){0};
	assert_false(tree_reader_next(&reader, &e));
	assert_int_equal(shape.count, 2);
	assert_int_equal(shape.ends[0], 28);
	assert_int_equal(shape.ends[1], tree.len);
	tree_shape_release(&base);
	tree_shape_release(&shape);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_version_has_the_entries_that_it_has_alone),
	    cmocka_unit_test(a_copy_from_the_middle_of_an_entry_is_parsed),
	    cmocka_unit_test(a_copy_of_all_is_not_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
