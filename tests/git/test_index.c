#include "git/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tree.h"

#define SH(script) TREE_RUN("sh", "-ec", script)

enum { TEXT_MAX = 64 << 20 };

static const char entry_format[] = "%06o %s %u\t";

/* Each test has a new repository "r" with some files in the index. */
static int set_up(void **state)
{
	(void)state;
	alarm(120);
	SH("git init -q -b main r; cd r; git config user.name n; git config user.email e@e.invalid;"
	   "mkdir -p d/e; for f in a d/b d/e/c d-e d.e z; do echo $f >$f; done; ln -s a link;"
	   "chmod +x z; git add .; git commit -qm 1");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	SH("rm -rf -- * .gitconfig");
	alarm(0);
	return 0;
}

/* What the index holds, as `git ls-files --stage -z` prints it. */
static void print_entries(const struct index *index, struct buf *text)
{
	char hex[OBJECT_ID_HEX + 1];

	for (size_t i = 0; i < index->count; i++) {
		const struct index_entry *e = &index->entries[i];

		buf_appendf(text, entry_format, e->mode, object_id_hex(&e->id, hex), e->stage);
		buf_append(text, e->path);
		buf_append(text, (struct bytes){(const unsigned char *)"", 1});
	}
}

/* Our reading of r's index is git's. */
static void assert_as_git(void)
{
	struct index index;
	struct error error = {0};
	struct buf ours;
	size_t len;
	char *theirs = tree_output(
	    (const char *const[]){"git", "-C", "r", "ls-files", "--sparse", "--stage", "-z", NULL},
	    &len);

	buf_init(&ours, TEXT_MAX);
	if (index_read(&index, "r/.git/index", "r/.git", &error))
		fail_msg("%s", error.message);
	print_entries(&index, &ours);
	assert_int_equal(ours.len, len);
	assert_memory_equal(ours.ptr, theirs, len);
	index_release(&index);
	buf_release(&ours);
	free(theirs);
}

static void reads_every_version(void **state)
{
	(void)state;
	assert_as_git();
	SH("cd r; git update-index --index-version 4");
	assert_as_git();
	SH("cd r; git update-index --skip-worktree a; git update-index --index-version 3");
	assert_as_git();
	SH("cd r; git update-index --index-version 4; git rm -q --cached -r .");
	assert_as_git();
}

static void reads_long_paths(void **state)
{
	(void)state;
	SH("cd r; for n in 4094 4095 4096 5000; do printf '100644 %s\\t%0*d\\n' $(git rev-parse :a)"
	   " $n 1; done | git update-index --index-info");
	assert_as_git();
	SH("cd r; git update-index --index-version 4");
	assert_as_git();
}

static void reads_conflicts(void **state)
{
	(void)state;
	SH("cd r; git checkout -qb s; echo s >a; git commit -qam s; git checkout -q main;"
	   "echo m >a; git commit -qam m; ! git merge -q s >/dev/null");
	assert_as_git();
}

static void reads_intended(void **state)
{
	struct index index;
	size_t i;

	(void)state;
	SH("cd r; echo new >new; git add -N new");
	assert_int_equal(index_read(&index, "r/.git/index", "r/.git", NULL), ERR_NONE);
	i = index_find(&index, bytes_of("new"));
	assert_true(bytes_equal(index.entries[i].path, bytes_of("new")));
	assert_true(index.entries[i].intended);
	assert_false(index.entries[0].intended);
	index_release(&index);
}

static void reads_split_indexes(void **state)
{
	(void)state;
	SH("cd r; for i in $(seq 300); do echo $i >f$i; done; git add .;"
	   "git config splitIndex.maxPercentChange 100; git update-index --split-index");
	assert_as_git();
	SH("cd r; test -f .git/sharedindex.*; echo more >>f7; echo more >>f200; git add f7 f200;"
	   "echo new >f100x; git add f100x; git rm -q --cached f5 f64 f65");
	assert_as_git();
	SH("cd r; git rm -q --cached 'f*'");
	assert_as_git();
	SH("cd r; echo n >f3; git add .; git update-index --index-version 4; echo m >>f3;"
	   "git add f3");
	assert_as_git();
	SH("cd r; git rm -rq --cached .; echo last >y; git add y");
	assert_as_git();
}

static void reads_sparse_indexes(void **state)
{
	struct index index;
	size_t i;

	(void)state;
	SH("cd r; mkdir s; echo s >s/s; git add .; git commit -qm 2;"
	   "git sparse-checkout set --sparse-index d");
	assert_as_git();
	assert_int_equal(index_read(&index, "r/.git/index", "r/.git", NULL), ERR_NONE);
	i = index_find(&index, bytes_of("s/"));
	assert_true(bytes_equal(index.entries[i].path, bytes_of("s/")));
	assert_int_equal(index.entries[i].mode, 0040000);
	index_release(&index);
}

/* The cache-tree extension names the tree of each folder that git has made one of. */
static void knows_the_trees_of_folders(void **state)
{
	struct index index;
	char hex[OBJECT_ID_HEX + 1];
	size_t len, d, e;
	char *tree;

	(void)state;
	SH("cd r; echo more >>d/b; git add d/b");
	assert_int_equal(index_read(&index, "r/.git/index", "r/.git", NULL), ERR_NONE);
	assert_false(index.folders[0].known);
	d = index_find_folder(&index, 0, bytes_of("d"));
	assert_true(d < index.folder_count && !index.folders[d].known);
	e = index_find_folder(&index, d, bytes_of("e"));
	assert_true(e < index.folder_count && index.folders[e].known);
	assert_int_equal(index.folders[e].entries, 1);
	tree = tree_output((const char *const[]){"git", "-C", "r", "rev-parse", "HEAD:d/e", NULL},
	                   &len);
	object_id_hex(&index.folders[e].id, hex);
	assert_memory_equal(hex, tree, OBJECT_ID_HEX);
	assert_int_equal(index_find_folder(&index, 0, bytes_of("e")), index.folder_count);
	free(tree);
	index_release(&index);
}

static void finds_places(void **state)
{
	struct index index;

	(void)state;
	assert_int_equal(index_read(&index, "r/.git/index", "r/.git", NULL), ERR_NONE);
	assert_int_equal(index_find(&index, bytes_of("")), 0);
	assert_int_equal(index_find(&index, bytes_of("a")), 0);
	assert_int_equal(index_find(&index, bytes_of("a0")), 1);
	assert_int_equal(index_find(&index, bytes_of("zz")), index.count);
	index_release(&index);
}

/* ---- Made-up bytes ---- */

static void put(struct buf *b, const void *bytes, size_t len)
{
	tree_need(buf_append(b, (struct bytes){bytes, len}) == ERR_NONE, "buf_append");
}

static void put_number(struct buf *b, uint32_t number)
{
	const unsigned char bytes[] = {number >> 24 & 255, number >> 16 & 255, number >> 8 & 255,
	                               number & 255};

	put(b, bytes, sizeof(bytes));
}

static void start_index(struct buf *b, uint32_t version, uint32_t count)
{
	buf_init(b, TEXT_MAX);
	put(b, "DIRC", 4);
	put_number(b, version);
	put_number(b, count);
}

static void put_fixed(struct buf *b, uint32_t mode, unsigned flags)
{
	static const unsigned char zeros[60];

	put(b, zeros, 24);
	put_number(b, mode);
	put(b, zeros, 32);
	put(b, (const unsigned char[]){flags >> 8 & 255, flags & 255}, 2);
}

/* An entry of version 2. */
static void put_entry(struct buf *b, const char *path, uint32_t mode, unsigned stage)
{
	static const char zeros[8];
	size_t len = strlen(path);

	put_fixed(b, mode, (unsigned)(stage << 12 | len));
	put(b, path, len);
	put(b, zeros, ((62 + len + 8) & ~(size_t)7) - 62 - len);
}

static void put_extension(struct buf *b, const char *name, const void *bytes, size_t len)
{
	put(b, name, 4);
	put_number(b, (uint32_t)len);
	put(b, bytes, len);
}

static void end_index(struct buf *b)
{
	static const unsigned char zeros[20];

	put(b, zeros, sizeof(zeros));
}

/* Parsing the finished bytes, which are freed, comes to this; what is said holds the text. */
static void assert_parses(struct buf *b, enum err code, const char *text)
{
	struct index index;
	struct error error = {0};

	end_index(b);
	assert_int_equal(index_parse(&index, buf_bytes(b), "the/index", &error), code);
	if (code && (!strstr(error.message, "the/index") || !strstr(error.message, text)))
		fail_msg("%s", error.message);
	if (code)
		assert_int_equal(index.count, 0);
	index_release(&index);
	buf_release(b);
}

static void refuses_what_is_no_index(void **state)
{
	struct buf b;

	(void)state;
	start_index(&b, 2, 0);
	assert_parses(&b, ERR_NONE, "");
	start_index(&b, 2, 0);
	b.ptr[0] = 'd';
	assert_parses(&b, ERR_CORRUPT, "no index");
	buf_init(&b, TEXT_MAX);
	assert_parses(&b, ERR_CORRUPT, "no index");
	for (uint32_t version = 0; version < 8; version++) {
		bool known = version >= 2 && version <= 4;

		start_index(&b, version, 0);
		assert_parses(&b, known ? ERR_NONE : ERR_UNSUPPORTED, "version");
	}
}

static void refuses_damaged_entries(void **state)
{
	static const uint32_t modes[] = {0,       0100644, 0120000,   0160000,
	                                 0040000, 0010644, UINT32_MAX};
	struct buf b;

	(void)state;
	start_index(&b, 2, UINT32_MAX);
	assert_parses(&b, ERR_CORRUPT, "more entries");
	start_index(&b, 2, 2);
	put_entry(&b, "a", 0100644, 0);
	assert_parses(&b, ERR_CORRUPT, "more entries");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		start_index(&b, 2, 1);
		put_entry(&b, "a", modes[i], 0);
		assert_parses(&b, i >= 1 && i <= 3 ? ERR_NONE : ERR_CORRUPT, "contradict");
	}
	/* Out of order, twice, in conflict and not, without a path, or no sparse index. */
	for (unsigned kind = 0; kind < 5; kind++) {
		start_index(&b, 2, 2);
		put_entry(&b, kind == 0 ? "b" : kind == 3 ? "" : "a", 0100644, kind == 4);
		put_entry(&b, kind == 4 ? "b/" : "a", kind == 4 ? 0040000 : 0100644, kind == 2);
		assert_parses(&b, ERR_CORRUPT, "contradict");
	}
	/* The path is longer, or shorter, than the entry says; flags that version 2 has not. */
	for (unsigned flags = 0; flags < 3; flags++) {
		start_index(&b, 2, 1);
		put_fixed(&b, 0100644, flags == 1 ? 0x4001 : flags);
		put(&b, "a\0\0\0\0\0\0\0\0", 10);
		assert_parses(&b, ERR_CORRUPT, "damaged");
	}
	start_index(&b, 2, 1);
	put_fixed(&b, 0100644, 0xfff);
	put(&b, "a\0\0", 2);
	assert_parses(&b, ERR_CORRUPT, "damaged");
}

static void refuses_damaged_shortened_paths(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		unsigned flags;
		enum err code;
	} second[] = {
	    {"\0b\0", 3, 2, ERR_NONE},    {"\1b\0", 3, 1, ERR_NONE},
	    {"\2b\0", 3, 1, ERR_CORRUPT}, {"\xff\xff\xff\xff\xff\xff\xff\x7f\0", 9, 0, ERR_CORRUPT},
	    {"\0bb", 3, 3, ERR_CORRUPT},  {"\x80", 1, 1, ERR_CORRUPT},
	    {"\0\0", 2, 1, ERR_CORRUPT},  {"\0b\0", 3, 1, ERR_CORRUPT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(second) / sizeof(second[0]); i++) {
		struct buf b;

		start_index(&b, 4, 2);
		put_fixed(&b, 0100644, 1);
		put(&b, "\0a\0", 3);
		put_fixed(&b, 0100644, second[i].flags);
		put(&b, second[i].bytes, second[i].len);
		assert_parses(&b, second[i].code, "");
	}
}

/* Each entry adds a byte to the path of the one before: written out they are far more. */
static void bounds_paths_that_grow(void **state)
{
	static const unsigned char suffix[] = {0, 'x', 0};
	const uint32_t count = 16000;
	struct buf b;

	(void)state;
	start_index(&b, 4, count);
	for (uint32_t i = 1; i <= count; i++) {
		put_fixed(&b, 0100644, i < 0xfff ? i : 0xfff);
		put(&b, suffix, sizeof(suffix));
	}
	assert_parses(&b, ERR_CORRUPT, "damaged");
}

static void refuses_unknown_extensions(void **state)
{
	static const char *const names[] = {"TREE", "XXXX", "Aaaa", "aAAA", "what", "[AAA", "@AAA"};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		start_index(&b, 2, 1);
		put_entry(&b, "a", 0100644, 0);
		put_extension(&b, names[i], "12345", 5);
		assert_parses(&b, i < 3 ? ERR_NONE : ERR_UNSUPPORTED, names[i]);
	}
	start_index(&b, 2, 0);
	put(&b, "TREE\0\0\0\x2", 8);
	put(&b, "1", 1);
	assert_parses(&b, ERR_CORRUPT, "cut short");
	start_index(&b, 2, 0);
	put(&b, "TREE\xff\xff\xff", 7);
	assert_parses(&b, ERR_CORRUPT, "cut short");
}

/* A damaged cache tree tells nothing, and does no harm. */
static void passes_over_damaged_cache_trees(void **state)
{
	static const char id[] = "01234567890123456789";
	static const struct {
		const char *head;
		size_t len;
		bool with_id;
	} trees[] = {{"\0001 99999999\n", 12, true},
	             {"\0001 -1\n", 6, true},
	             {"\0 0\n", 4, true},
	             {"\000999999999999 0\n", 16, true},
	             {"\0001 0\n", 5, false},
	             {"name", 4, false},
	             {"\0-1 1\n", 6, false},
	             {"", 0, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
		struct index index;
		struct buf b, tree;

		start_index(&b, 2, 1);
		put_entry(&b, "a", 0100644, 0);
		buf_init(&tree, TEXT_MAX);
		put(&tree, trees[i].head, trees[i].len);
		if (trees[i].with_id)
			put(&tree, id, 20);
		put_extension(&b, "TREE", tree.ptr, tree.len);
		end_index(&b);
		assert_int_equal(index_parse(&index, buf_bytes(&b), "i", NULL), ERR_NONE);
		assert_int_equal(index.folder_count, 0);
		assert_int_equal(index_find_folder(&index, 0, bytes_of("a")), 0);
		index_release(&index);
		buf_release(&b);
		buf_release(&tree);
	}
}

static void passes_over_bottomless_cache_trees(void **state)
{
	struct index index;
	struct buf b, tree;

	(void)state;
	start_index(&b, 2, 0);
	buf_init(&tree, TEXT_MAX);
	for (unsigned i = 0; i < 1000000; i++)
		put(&tree, "\0-1 1\n", 6);
	put_extension(&b, "TREE", tree.ptr, tree.len);
	end_index(&b);
	assert_int_equal(index_parse(&index, buf_bytes(&b), "i", NULL), ERR_NONE);
	assert_int_equal(index.folder_count, 0);
	index_release(&index);
	buf_release(&b);
	buf_release(&tree);
}

/* ---- Made-up links ---- */

/* A bitmap of one literal word. */
static void put_bitmap(struct buf *b, uint32_t bits, uint64_t word)
{
	put_number(b, bits);
	put_number(b, 2);
	put_number(b, 2); /* the marker: one literal word */
	put_number(b, 0);
	put_number(b, (uint32_t)(word >> 32));
	put_number(b, (uint32_t)word);
	put_number(b, 0);
}

/*
 * Joins an index of the second paths (an empty one replaces) with a shared one of "a", "b", "c";
 * gives the paths that come of it, or the error.
 */
static enum err join(const char *const *paths, size_t count, struct bytes bitmaps, struct buf *text)
{
	struct index index, shared;
	struct buf b, s, link;
	enum err err;

	start_index(&s, 2, 3);
	put_entry(&s, "a", 0100644, 0);
	put_entry(&s, "b", 0100644, 0);
	put_entry(&s, "c", 0100644, 0);
	end_index(&s);
	start_index(&b, 2, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		put_entry(&b, paths[i], *paths[i] ? 0100755 : 0120000, 0);
	buf_init(&link, TEXT_MAX);
	put(&link, "01234567890123456789", 20);
	put(&link, bitmaps.ptr, bitmaps.len);
	put_extension(&b, "link", link.ptr, link.len);
	end_index(&b);
	assert_int_equal(index_parse(&shared, buf_bytes(&s), "s", NULL), ERR_NONE);
	assert_int_equal(index_parse(&index, buf_bytes(&b), "i", NULL), ERR_NONE);
	err = index_join(&index, &shared, "i", NULL);
	buf_init(text, TEXT_MAX);
	for (size_t i = 0; !err && i < index.count; i++) {
		put(text, index.entries[i].path.ptr, index.entries[i].path.len);
		put(text,
		    index.entries[i].mode == 0100644   ? "="
		    : index.entries[i].mode == 0120000 ? "!"
		                                       : "+",
		    1);
	}
	index_release(&index);
	index_release(&shared);
	buf_release(&link);
	buf_release(&b);
	buf_release(&s);
	return err;
}

/* The bits tell what is deleted of "a", "b", "c" (1, 2, 4), and what is replaced. */
static void assert_joins(uint64_t deleted, uint64_t replaced, const char *const *paths,
                         size_t count, const char *expected)
{
	struct buf bitmaps, text;
	enum err err;

	buf_init(&bitmaps, TEXT_MAX);
	put_bitmap(&bitmaps, 64, deleted);
	put_bitmap(&bitmaps, 64, replaced);
	err = join(paths, count, buf_bytes(&bitmaps), &text);
	assert_int_equal(err, expected ? ERR_NONE : ERR_CORRUPT);
	if (expected)
		assert_string_equal(buf_text(&text), expected);
	buf_release(&bitmaps);
	buf_release(&text);
}

static void joins_split_indexes(void **state)
{
	static const char *const none[] = {""}, *const one[] = {"", "bb"}, *const same[] = {"b"},
				 *const two[] = {"", "", "A", "d"};

	(void)state;
	assert_joins(0, 0, none, 0, "a=b=c=");
	assert_joins(7, 0, none, 0, "");
	assert_joins(2, 4, one, 2, "a=bb+c!");
	assert_joins(0, 0, same, 1, "a=b+c=");
	assert_joins(1, 3, two, 4, "A+b!c=d+");
	/* More, or fewer, to replace than bits; bits of nothing. */
	assert_joins(0, 1, none, 0, NULL);
	assert_joins(0, 0, none, 1, NULL);
	assert_joins(0, 1, same, 1, NULL);
	assert_joins(8, 0, none, 0, NULL);
	assert_joins(0, UINT64_C(1) << 63, none, 1, NULL);
}

static void refuses_damaged_bitmaps(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bitmaps[] = {
	    {"\0", 1},
	    {"\0\0\0\1\0\0\0\0\0\0\0", 11},
	    {"\0\0\0\1\xff\xff\xff\xff\0\0\0\0", 12},
	    {"\0\0\0\1\0\0\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 20}, /* literals */
	    {"\0\0\0\1\0\0\0\1\0\0\0\1\xff\xff\xff\xff\0\0\0\0", 20},         /* a run of ones */
	};
	static const char *const none[] = {""};
	struct buf text;

	(void)state;
	for (size_t i = 0; i < sizeof(bitmaps) / sizeof(bitmaps[0]); i++) {
		assert_int_equal(
		    join(none, 0,
		         (struct bytes){(const unsigned char *)bitmaps[i].bytes, bitmaps[i].len},
		         &text),
		    ERR_CORRUPT);
		buf_release(&text);
	}
	/* Runs of zeros may be as long as they like, and without bitmaps nothing changes. */
	assert_int_equal(
	    join(none, 0,
	         (struct bytes){(const unsigned char *)"\0\0\0\0\0\0\0\1\0\0\0\1\xff\xff\xff"
	                                               "\xfe\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	                        32},
	         &text),
	    ERR_NONE);
	assert_string_equal(buf_text(&text), "a=b=c=");
	buf_release(&text);
	assert_int_equal(join(none, 0, (struct bytes){NULL, 0}, &text), ERR_NONE);
	assert_string_equal(buf_text(&text), "a=b=c=");
	buf_release(&text);
}

/* ---- Files ---- */

/* What stands in the way of reading r's index is told so. */
static void assert_refused(enum err code, const char *text)
{
	struct index index;
	struct error error = {0};

	assert_int_equal(index_read(&index, "r/.git/index", "r/.git", &error), code);
	assert_int_equal(index.count, 0);
	if (!strstr(error.message, text))
		fail_msg("%s", error.message);
}

static void refuses_other_files(void **state)
{
	(void)state;
	SH("rm r/.git/index; mkdir r/.git/index");
	assert_refused(ERR_CORRUPT, "no regular file");
	SH("rmdir r/.git/index; mkfifo r/.git/index");
	assert_refused(ERR_CORRUPT, "no regular file");
	SH("rm r/.git/index; : >r/.git/index");
	assert_refused(ERR_CORRUPT, "no index");
	SH("rm r/.git/index");
	assert_refused(ERR_MISSING, "No such file");
}

static void refuses_what_its_shared_index_is_not(void **state)
{
	(void)state;
	SH("cd r; git update-index --split-index; echo new >a; git add a;"
	   "cp .git/sharedindex.* ../shared");
	SH("cd r/.git; cp index sharedindex.*");
	assert_refused(ERR_CORRUPT, "not the shared index");
	SH("cd r/.git; f=$(echo sharedindex.*); head -c 100 ../../shared >$f");
	assert_refused(ERR_CORRUPT, "sharedindex.");
	SH("rm r/.git/sharedindex.*");
	assert_refused(ERR_CORRUPT, "is gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(reads_every_version, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(reads_long_paths, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(reads_conflicts, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(reads_intended, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(reads_split_indexes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(reads_sparse_indexes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(knows_the_trees_of_folders, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(finds_places, set_up, tear_down),
	    cmocka_unit_test(refuses_what_is_no_index),
	    cmocka_unit_test(refuses_damaged_entries),
	    cmocka_unit_test(refuses_damaged_shortened_paths),
	    cmocka_unit_test(bounds_paths_that_grow),
	    cmocka_unit_test(refuses_unknown_extensions),
	    cmocka_unit_test(passes_over_damaged_cache_trees),
	    cmocka_unit_test(passes_over_bottomless_cache_trees),
	    cmocka_unit_test(joins_split_indexes),
	    cmocka_unit_test(refuses_damaged_bitmaps),
	    cmocka_unit_test_setup_teardown(refuses_other_files, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(refuses_what_its_shared_index_is_not, set_up,
	                                    tear_down),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
