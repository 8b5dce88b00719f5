#include "git/difference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tree.h"

#define SH(script) TREE_RUN("sh", "-ec", script)

enum { TEXT_MAX = 64 << 20 };

/* libgit2 1.5 forgets what it allocated for a regular expression. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2-8";
}

/* Each test has a new repository "r" with one commit of some files. */
static int set_up(void **state)
{
	(void)state;
	alarm(120);
	SH("git init -q -b main r; cd r; git config user.name n; git config user.email e@e.invalid;"
	   "mkdir -p d/e/f d-e x/y; for f in a a-b a.b d/b d/e/c d/e/f/g d-e/h d.e x/y/z x/w; do"
	   " echo $f >$f; done; git add .; git commit -qm 1");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	SH("rm -rf -- * .gitconfig");
	alarm(0);
	return 0;
}

static struct object_id id_of(const char *revision)
{
	struct object_id id;
	size_t len;
	char *text =
	    tree_output((const char *const[]){"git", "-C", "r", "rev-parse", revision, NULL}, &len);

	tree_need(len == OBJECT_ID_HEX + 1 && object_id_parse(&id, text), "rev-parse");
	free(text);
	return id;
}

/* Finds how r's index differs from the tree; the trees that were read are not counted. */
static enum err find(struct change_list *list, const struct object_id *tree, struct error *error)
{
	struct repository *repository = NULL;
	struct index index;
	enum err err;

	tree_need(repository_open(&repository, "r", false, NULL) == ERR_NONE, "repository_open");
	tree_need(index_read(&index, "r/.git/index", "r/.git", NULL) == ERR_NONE, "index_read");
	*list = (struct change_list){0};
	err = difference_find(list, &index, repository, tree, error);
	index_release(&index);
	repository_close(repository);
	return err;
}

/* A change as `git diff-index --raw -z` prints it. */
static void print_change(struct buf *text, const struct change *c)
{
	char old[OBJECT_ID_HEX + 1], new[OBJECT_ID_HEX + 1];
	bool kept = c->old.mode && c->new.mode;
	bool kind = (c->old.mode & 0170000) == (c->new.mode & 0170000);

	buf_appendf(text, ":%06o %06o %s %s %s", c->old.mode, c->new.mode,
	            object_id_hex(&c->old.id, old), object_id_hex(&c->new.id, new),
	            !kept  ? c->old.mode ? "D" : "A"
	            : kind ? "M"
	                   : "T");
	buf_append(text, (struct bytes){(const unsigned char *)"", 1});
	buf_append(text, c->path);
	buf_append(text, (struct bytes){(const unsigned char *)"", 1});
}

/* The index differs from this revision's tree as git has it. */
static void assert_as_git(const char *revision)
{
	struct object_id tree = id_of(revision);
	struct change_list list;
	struct error error = {0};
	struct buf ours;
	size_t len;
	char *theirs =
	    tree_output((const char *const[]){"git", "-C", "r", "diff-index", "--cached", "--raw",
	                                      "-z", "--no-renames", "--no-abbrev", revision, NULL},
	                &len);

	if (find(&list, &tree, &error))
		fail_msg("%s", error.message);
	buf_init(&ours, TEXT_MAX);
	for (size_t i = 0; i < list.count; i++) {
		print_change(&ours, &list.items[i]);
		assert_ptr_equal(change_list_find(&list, list.items[i].path), &list.items[i]);
	}
	assert_int_equal(ours.len, len);
	if (len)
		assert_memory_equal(ours.ptr, theirs, len);
	assert_null(change_list_find(&list, bytes_of("nonesuch")));
	buf_release(&ours);
	change_list_release(&list);
	free(theirs);
}

static void assert_as_git_in_all_forms(void)
{
	assert_as_git("HEAD^{tree}");
	SH("cd r; git update-index --index-version 4 --split-index");
	assert_as_git("HEAD^{tree}");
	/* Now every folder's tree is known. */
	SH("cd r; git update-index --no-split-index; git write-tree >/dev/null");
	assert_as_git("HEAD^{tree}");
}

static void finds_nothing(void **state)
{
	(void)state;
	assert_as_git_in_all_forms();
}

static void finds_changed_files(void **state)
{
	(void)state;
	SH("cd r; echo more >>a; echo more >>d/e/f/g; echo new >d/e/new; rm x/w; chmod +x a.b;"
	   "mkdir n; echo new >n/n; git add -A");
	assert_as_git_in_all_forms();
}

static void finds_files_that_become_folders(void **state)
{
	(void)state;
	SH("cd r; rm a; mkdir a; echo 1 >a/1; rm -r d; echo d >d; rm d.e; ln -s a d.e; rm -r x;"
	   "git add -A");
	assert_as_git_in_all_forms();
}

static void finds_what_sorts_beside_folders(void **state)
{
	(void)state;
	SH("cd r; for f in d- d. d0 d-e.f dd d/e- d/e.c d/e0 'd/e f' d/z; do echo $f >\"$f\"; done;"
	   "rm -r d/e; echo e >d/e; git add -A");
	assert_as_git_in_all_forms();
}

static void finds_submodules(void **state)
{
	(void)state;
	SH("cd r; git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),s");
	assert_as_git_in_all_forms();
	SH("cd r; git commit -qm 2; git update-index --cacheinfo 160000,$(git rev-parse HEAD),s");
	assert_as_git_in_all_forms();
	SH("cd r; git rm -q --cached s; rm -rf s; echo s >s; git add s");
	assert_as_git_in_all_forms();
}

static void finds_what_a_sparse_index_hides(void **state)
{
	(void)state;
	SH("cd r; git branch old; echo more >>x/y/z; rm d/e/c; mkdir x/v; echo v >x/v/v; git add "
	   "-A;"
	   "git commit -qm 2; git sparse-checkout set --sparse-index d-e; git ls-files --sparse |"
	   "grep -q x/; git ls-files --sparse | grep -q d/");
	assert_as_git("HEAD^{tree}");
	assert_as_git("old^{tree}");
	SH("cd r; echo i >>d-e/i; git add .");
	assert_as_git("HEAD^{tree}");
	assert_as_git("old^{tree}");
}

/* What is intended, or in conflict, is no part of a commit. */
static void leaves_out_what_is_not_staged(void **state)
{
	struct change_list list;
	struct object_id tree;

	(void)state;
	SH("cd r; echo i >i; git add -N i; git rm -q --cached a; git add -N a;"
	   "printf '100644 %s 2\\td.e\\n' $(git rev-parse :d.e) >../info; git rm -q --cached d.e;"
	   "git update-index --index-info <../info");
	tree = id_of("HEAD^{tree}");
	assert_int_equal(find(&list, &tree, NULL), ERR_NONE);
	assert_int_equal(list.count, 2);
	assert_true(bytes_equal(list.items[0].path, bytes_of("a")) && !list.items[0].new.mode);
	assert_true(bytes_equal(list.items[1].path, bytes_of("d.e")) && !list.items[1].new.mode);
	change_list_release(&list);
}

static void compares_with_nothing(void **state)
{
	struct change_list list;

	(void)state;
	assert_int_equal(find(&list, NULL, NULL), ERR_NONE);
	assert_int_equal(list.count, 10);
	for (size_t i = 0; i < list.count; i++)
		assert_true(!list.items[i].old.mode && list.items[i].new.mode == 0100644);
	assert_int_equal(change_list_start(&list, bytes_of("")), 0);
	assert_int_equal(change_list_start(&list, bytes_of("d/")), 5);
	assert_int_equal(change_list_start(&list, bytes_of("y")), 10);
	change_list_release(&list);
	SH("cd r; git rm -rq --cached .");
	assert_int_equal(find(&list, NULL, NULL), ERR_NONE);
	assert_int_equal(list.count, 0);
	assert_as_git("HEAD^{tree}");
}

/* Only trees that the index does not know to be the same are read: a broken one does not matter. */
static void reads_only_what_differs(void **state)
{
	struct change_list list;
	struct object_id tree = id_of("HEAD^{tree}");
	struct error error = {0};

	(void)state;
	SH("cd r; echo more >>d/b; git add d/b; rm -f .git/objects/$(git rev-parse HEAD:x |"
	   "sed 's|^..|&/|')");
	assert_int_equal(find(&list, &tree, NULL), ERR_NONE);
	assert_int_equal(list.count, 1);
	change_list_release(&list);
	SH("cd r; echo more >>x/w; git add x/w");
	assert_int_equal(find(&list, &tree, &error), ERR_MISSING);
	assert_non_null(strstr(error.message, "cannot be read"));
	change_list_release(&list);
	tree = id_of("HEAD:a");
	assert_int_equal(find(&list, &tree, &error), ERR_CORRUPT);
	assert_non_null(strstr(error.message, "is no tree"));
	change_list_release(&list);
}

static void gives_up_on_trees_past_all_measure(void **state)
{
	struct change_list list;
	struct object_id tree;
	struct error error = {0};

	(void)state;
	SH("cd r; p=$(seq 1100 | tr '\\n' /)x; printf 'commit refs/heads/deep\\ncommitter n <e> 0 "
	   "+0000"
	   "\\ndata 0\\nM 100644 inline %s\\ndata 1\\nx\\n' $p | git fast-import --quiet");
	tree = id_of("deep^{tree}");
	assert_int_equal(find(&list, &tree, &error), ERR_LIMIT);
	assert_non_null(strstr(error.message, "nested"));
	change_list_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(finds_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(finds_changed_files, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(finds_files_that_become_folders, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(finds_what_sorts_beside_folders, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(finds_submodules, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(finds_what_a_sparse_index_hides, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(leaves_out_what_is_not_staged, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(compares_with_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(reads_only_what_differs, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(gives_up_on_trees_past_all_measure, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
