#include "history/changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../tree.h"

static struct object_id id_of(const char *revision)
{
	const char *const argv[] = {"git", "-C", "r", "rev-parse", revision, NULL};
	struct object_id id;
	size_t len;
	char *text = tree_output(argv, &len);

	assert_true(object_id_parse(&id, text));
	free(text);
	return id;
}

/* Commits what the shell commands leave in the work tree `r`. */
static void commit(const char *commands)
{
	TREE_RUN("sh", "-ec", commands);
	TREE_RUN("sh", "-ec",
	         "git -C r add -A && git -C r -c user.name=A -c user.email=a@b.invalid commit -q "
	         "--allow-empty -m x");
}

static void begin_repository(void)
{
	TREE_RUN("git", "init", "-q", "-b", "main", "r");
}

static void assert_ids(const struct id_map *map, const char *const *revisions)
{
	uint32_t count = 0;

	for (; revisions[count]; count++) {
		struct object_id id = id_of(revisions[count]);

		assert_int_not_equal(id_map_find(map, &id), ID_MAP_NONE);
	}
	assert_int_equal(map->count, count);
}

/* The changes from the commit before to HEAD: revisions of what is added, replaced and removed. */
static void assert_changes(const char *const *added, const char *const *replaced,
                           const char *const *removed)
{
	struct id_map maps[4] = {{0}};
	struct repository *repository;
	struct object_id new = id_of("HEAD^{tree}"), old = id_of("HEAD~1^{tree}");
	struct changes changes = {
	    .added = &maps[0], .replaced = &maps[1], .removed = &maps[2], .pairs = &maps[3]};

	assert_int_equal(repository_open(&repository, "r", false, NULL), ERR_NONE);
	changes.repository = repository;
	changes_find(&changes, &new, &old, 1);
	assert_ids(&maps[0], added);
	assert_ids(&maps[1], replaced);
	assert_ids(&maps[2], removed);
	assert_int_equal(maps[3].count, maps[1].count); /* here each is replaced once */
	assert_false(changes.too_deep || changes.late);
	for (size_t i = 0; i < 4; i++)
		id_map_release(&maps[i]);
	changes_release(&changes);
	repository_close(repository);
}

#define IDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_IDS ((const char *const[]){NULL})

static void tells_added_replaced_and_removed(void **state)
{
	(void)state;
	begin_repository();
	commit("mkdir -p r/d r/same; for f in a b d/x d/y same/z; do echo $f >r/$f; done");
	commit("echo new >r/a; rm r/b r/d/y; echo more >r/d/z; echo c >r/c");
	assert_changes(IDS("HEAD:a", "HEAD:d/z", "HEAD:c"), IDS("HEAD~1:a"),
	               IDS("HEAD~1:b", "HEAD~1:d/y"));
}

static void file_becomes_a_folder(void **state)
{
	(void)state;
	begin_repository();
	commit("echo a >r/a; mkdir r/b; echo b >r/b/x");
	commit("rm -r r/a r/b; mkdir r/a; echo ax >r/a/x; echo bx >r/b");
	assert_changes(IDS("HEAD:a/x", "HEAD:b"), NO_IDS, IDS("HEAD~1:a", "HEAD~1:b/x"));
}

static void folder_that_moved_is_added_and_removed(void **state)
{
	(void)state;
	begin_repository();
	commit("mkdir r/old; echo 1 >r/old/x; echo 2 >r/old/y");
	commit("git -C r mv old new");
	assert_changes(IDS("HEAD:new/x", "HEAD:new/y"), NO_IDS, IDS("HEAD:new/x", "HEAD:new/y"));
}

/* Names that sort otherwise as folders ("a.b" stands between file "a" and folder "a"). */
static void names_are_in_the_order_of_git(void **state)
{
	(void)state;
	begin_repository();
	commit("mkdir r/a r/b; for f in a/x a.b a-b a0 b/x b.b; do echo $f >r/$f; done");
	commit("for f in a/x a0 b.b; do echo new $f >r/$f; done; rm r/a.b");
	assert_changes(IDS("HEAD:a/x", "HEAD:a0", "HEAD:b.b"),
	               IDS("HEAD~1:a/x", "HEAD~1:a0", "HEAD~1:b.b"), IDS("HEAD~1:a.b"));
}

/* Commits main's files on the branch `odd` in another order, and y, refs/new, with new content. */
static const char unsort[] =
    "import os, subprocess\n"
    "os.chdir('r')\n"
    "os.environ.update(GIT_AUTHOR_NAME='A', GIT_AUTHOR_EMAIL='a@b.invalid',"
    " GIT_COMMITTER_NAME='A', GIT_COMMITTER_EMAIL='a@b.invalid')\n"
    "def git(*words, text=b''):\n"
    "    return subprocess.run(['git', *words], input=text, check=True,"
    " stdout=subprocess.PIPE).stdout.decode().strip()\n"
    "ids = {name: git('rev-parse', 'main:' + name) for name in 'xz'}\n"
    "ids['y'] = git('hash-object', '-w', '--stdin', text=b'new')\n"
    "git('update-ref', 'refs/new', ids['y'])\n"
    "tree = b''.join(b'100644 ' + name.encode() + b'\\0' + bytes.fromhex(ids[name])"
    " for name in 'zxy')\n"
    "tree = git('hash-object', '-t', 'tree', '-w', '--literally', '--stdin', text=tree)\n"
    "git('update-ref', 'refs/heads/odd', git('commit-tree', '-p', 'main', '-m', 'x', tree))\n"
    "git('symbolic-ref', 'HEAD', 'refs/heads/odd')\n";

/* git-mktree(1) sorts; a tree that somebody made need not be. */
static void unsorted_trees_are_compared_all_the_same(void **state)
{
	(void)state;
	begin_repository();
	commit("echo 1 >r/x; echo 2 >r/y; echo 3 >r/z");
	TREE_RUN("python3", "-c", unsort);
	assert_changes(IDS("refs/new"), IDS("main:y"), NO_IDS);
	TREE_RUN("sh", "-ec",
	         "cd r; git update-ref HEAD $(git -c user.name=A -c user.email=a@b.invalid "
	         "commit-tree -p HEAD -m back main^{tree})");
	assert_changes(IDS("main:y"), IDS("refs/new"), NO_IDS);
}

static void deadline_ends_it(void **state)
{
	struct id_map added = {0};
	struct changes changes = {.added = &added, .deadline = 1};
	struct object_id new;

	(void)state;
	begin_repository();
	commit("echo 1 >r/x");
	new = id_of("HEAD^{tree}");
	assert_int_equal(repository_open(&changes.repository, "r", false, NULL), ERR_NONE);
	changes_find(&changes, &new, NULL, 0);
	assert_true(changes.late);
	assert_int_equal(added.count, 0);
	changes_release(&changes);
	repository_close(changes.repository);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_enter, tree_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(tells_added_replaced_and_removed),         TEST(file_becomes_a_folder),
	    TEST(folder_that_moved_is_added_and_removed),   TEST(names_are_in_the_order_of_git),
	    TEST(unsorted_trees_are_compared_all_the_same), TEST(deadline_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
