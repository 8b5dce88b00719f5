#include "git/worktree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tree.h"

#define GIT(...) TREE_RUN("git", "-C", "r", __VA_ARGS__)
#define GIT_COMMIT(...)                                                                            \
	GIT("-c", "user.name=n", "-c", "user.email=e@example.invalid", "commit", "-q", __VA_ARGS__)

/* libgit2 1.5 forgets what it allocated for each configuration entry that it looks at so. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2-8";
}

/* Each test has a new repository "r" with a tracked file and two rules. */
static int set_up(void **state)
{
	(void)state;
	TREE_RUN("git", "init", "-q", "r");
	tree_put("r/tracked", "x");
	tree_put("r/.gitignore", "*.o\nbuild/\n");
	GIT("add", ".");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	TREE_RUN("rm", "-rf", "r", "other", ".gitconfig", "global", ".config");
	return 0;
}

/* Whether a folder of this path would be left out. */
static bool is_ignored(const char *path)
{
	struct worktree *w = worktree_open("r");
	struct ignore *rules;
	bool ignored;

	assert_non_null(w);
	ignored = !worktree_descend(w, path, &rules);
	ignore_drop(rules);
	worktree_drop(w);
	return ignored;
}

static void assert_refused(void)
{
	assert_null(worktree_open("r"));
}

static void knows_what_is_tracked(void **state)
{
	struct worktree *w;

	(void)state;
	tree_put("r/deep/er/file", "x");
	tree_put("r/build/kept.o", "x");
	GIT("add", "-f", "deep", "build");
	w = worktree_open("r");
	assert_int_equal(worktree_entry(w, "tracked"), WORKTREE_TRACKED);
	assert_int_equal(worktree_entry(w, "track"), WORKTREE_UNTRACKED);
	assert_int_equal(worktree_entry(w, "tracked/"), WORKTREE_UNTRACKED);
	assert_int_equal(worktree_entry(w, "deep/"), WORKTREE_TRACKED);
	assert_int_equal(worktree_entry(w, "deep/er/"), WORKTREE_TRACKED);
	assert_int_equal(worktree_entry(w, "deep"), WORKTREE_UNTRACKED);
	assert_int_equal(worktree_entry(w, "deep/er/file"), WORKTREE_TRACKED);
	assert_int_equal(worktree_entry(w, "build/"), WORKTREE_TRACKED);
	assert_int_equal(worktree_entry(w, ""), WORKTREE_UNTRACKED);
	worktree_drop(w);
}

static void knows_a_path_in_conflict_as_tracked(void **state)
{
	struct worktree *w;

	(void)state;
	GIT_COMMIT("-m", "1");
	GIT("checkout", "-q", "-b", "side");
	tree_put("r/tracked", "side");
	GIT_COMMIT("-am", "2");
	GIT("checkout", "-q", "-");
	tree_put("r/tracked", "main");
	GIT_COMMIT("-am", "3");
	TREE_RUN("sh", "-c",
	         "! git -C r -c user.name=n -c user.email=e@example.invalid merge -q side");
	w = worktree_open("r");
	assert_int_equal(worktree_entry(w, "tracked"), WORKTREE_TRACKED);
	worktree_drop(w);
}

static void knows_gitlinks(void **state)
{
	struct worktree *w;

	(void)state;
	GIT("update-index", "--add", "--cacheinfo",
	    "160000,0123456789012345678901234567890123456789,sub");
	w = worktree_open("r");
	assert_int_equal(worktree_entry(w, "sub/"), WORKTREE_GITLINK);
	worktree_drop(w);
}

static void descends_from_the_top_down(void **state)
{
	(void)state;
	tree_put("r/build/.gitignore", "!keep\n");
	tree_put("r/src/.gitignore", "/tmp\n!kept.o/\n");
	assert_false(is_ignored(""));
	assert_false(is_ignored("src/"));
	assert_true(is_ignored("build/"));
	assert_true(is_ignored("build/keep/"));
	assert_true(is_ignored("src/build/x/y/"));
	assert_true(is_ignored("src/tmp/"));
	assert_false(is_ignored("tmp/"));
	assert_true(is_ignored("kept.o/"));
	assert_false(is_ignored("src/kept.o/"));
	assert_false(is_ignored("src/deeper/kept.o/"));
}

/* Of the folder itself only the rules above it are read. */
static void gives_the_rules_that_hold_above(void **state)
{
	struct worktree *w;
	struct ignore *rules;

	(void)state;
	tree_put("r/src/.gitignore", "a\n");
	tree_put("r/src/x/.gitignore", "b\n");
	w = worktree_open("r");
	assert_true(worktree_descend(w, "src/x/", &rules));
	worktree_drop(w);
	assert_true(ignore_matches(rules, "src/x/a"));
	assert_true(ignore_matches(rules, "src/x/c.o"));
	assert_false(ignore_matches(rules, "src/x/b"));
	ignore_drop(rules);
}

static void heeds_the_exclude_files(void **state)
{
	(void)state;
	tree_put("r/.git/info/exclude", "excluded\n!back\n");
	assert_true(is_ignored("excluded/"));
	assert_false(is_ignored("global.tmp/"));
	tree_put(".config/git/ignore", "*.bak\n");
	assert_true(is_ignored("old.bak/"));
	tree_put(".gitconfig", "[core]\nexcludesFile = ~/global\n");
	tree_put("global", "*.tmp\nback\n");
	assert_true(is_ignored("global.tmp/"));
	assert_false(is_ignored("old.bak/"));
	assert_false(is_ignored("back/"));
}

static void asks_about_names_of_any_bytes(void **state)
{
	struct worktree *w;

	(void)state;
	tree_put("r/\xff\xfe", "x");
	tree_put("r/new\nline", "x");
	tree_put("r/-dash", "x");
	GIT("add", "--", "\xff\xfe", "new\nline", "-dash");
	w = worktree_open("r");
	assert_int_equal(worktree_entry(w, "\xff\xfe"), WORKTREE_TRACKED);
	assert_int_equal(worktree_entry(w, "new\nline"), WORKTREE_TRACKED);
	assert_int_equal(worktree_entry(w, "-dash"), WORKTREE_TRACKED);
	worktree_drop(w);
}

static void discovers_upwards(void **state)
{
	struct worktree *w;
	struct buf inside;

	(void)state;
	buf_init(&inside, 1 << 20);
	tree_put("r/a/b/file", "x");
	w = worktree_discover("r/a/b", &inside);
	assert_non_null(w);
	assert_string_equal(buf_text(&inside), "a/b/");
	worktree_drop(w);
	w = worktree_discover("r", &inside);
	assert_non_null(w);
	assert_string_equal(buf_text(&inside), "");
	worktree_drop(w);
	assert_int_equal(symlink("r/a", "other"), 0);
	w = worktree_discover("other/b/..", &inside);
	assert_non_null(w);
	assert_string_equal(buf_text(&inside), "a/");
	worktree_drop(w);
	assert_null(worktree_discover("/proc", &inside));
	assert_string_equal(buf_text(&inside), "");
	assert_null(worktree_discover("nowhere", &inside));
	buf_release(&inside);
}

static void opens_linked_work_trees_and_gitfiles(void **state)
{
	struct worktree *w;

	(void)state;
	GIT_COMMIT("-m", "1");
	GIT("worktree", "add", "-q", "../other", "HEAD");
	w = worktree_open("other");
	assert_non_null(w);
	assert_int_equal(worktree_entry(w, "tracked"), WORKTREE_TRACKED);
	worktree_drop(w);
	TREE_RUN("rm", "-rf", "other");
	TREE_RUN("git", "init", "-q", "--separate-git-dir", "r/elsewhere", "other");
	w = worktree_open("other");
	assert_non_null(w);
	worktree_drop(w);
}

static void opens_repositories_with_known_extensions(void **state)
{
	(void)state;
	GIT("config", "core.repositoryFormatVersion", "1");
	GIT("config", "extensions.partialClone", "origin");
	GIT("config", "extensions.worktreeConfig", "true");
	GIT("config", "extensions.preciousObjects", "true");
	assert_true(is_ignored("a.o/"));
}

static void refuses_what_libgit2_cannot_read(void **state)
{
	(void)state;
	GIT("update-index", "--split-index");
	assert_refused();
	TREE_RUN("rm", "-rf", "r");
	TREE_RUN("git", "init", "-q", "--object-format=sha256", "r");
	assert_refused();
	TREE_RUN("rm", "-rf", "r");
	TREE_RUN("mkdir", "-p", "r/.git");
	assert_refused();
	TREE_RUN("rm", "-rf", "r");
	assert_refused();
}

static void refuses_a_broken_index(void **state)
{
	(void)state;
	tree_put("r/.git/index", "DIRC nonsense");
	assert_refused();
	tree_put_bytes("r/.git/index", "DIRC\0\0\0\2\xff\xff\xff\xff", 12);
	assert_refused();
}

/* Else the index would be taken for that of another folder. */
static void refuses_a_work_tree_elsewhere(void **state)
{
	(void)state;
	assert_int_equal(mkdir("other", 0777), 0);
	GIT("config", "core.worktree", "../../other");
	assert_refused();
	GIT("config", "--unset", "core.worktree");
	GIT("config", "core.bare", "true");
	assert_refused();
}

static void does_not_wait_for_a_fifo(void **state)
{
	static const char *const places[] = {"r/.git/HEAD", "r/.git/config", "r/.git/index"};

	(void)state;
	alarm(20);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		TREE_RUN("mv", "-T", places[i], "other");
		assert_int_equal(mkfifo(places[i], 0600), 0);
		assert_refused();
		TREE_RUN("mv", "-T", "other", places[i]);
	}
	assert_int_equal(mkfifo("r/.git/commondir", 0600), 0);
	assert_refused();
	TREE_RUN("rm", "r/.git/commondir");
	assert_true(is_ignored("a.o/"));
	assert_int_equal(mkfifo("other", 0600), 0);
	GIT("config", "core.excludesFile", "~/other");
	TREE_RUN("rm", "r/.git/info/exclude");
	assert_int_equal(mkfifo("r/.git/info/exclude", 0600), 0);
	assert_true(is_ignored("a.o/"));
	TREE_RUN("rm", "-rf", "r/.git");
	assert_int_equal(mkfifo("r/.git", 0600), 0);
	assert_refused();
	alarm(0);
}

static void refuses_gitfiles_that_lead_nowhere(void **state)
{
	char text[5000];

	(void)state;
	TREE_RUN("rm", "-rf", "r/.git");
	tree_put("r/.git", "");
	assert_refused();
	tree_put("r/.git", "gitdir: ");
	assert_refused();
	tree_put("r/.git", "gitdir: ../nowhere\n");
	assert_refused();
	tree_put("r/.git", "gitdir: .git\n");
	assert_refused();
	tree_put("r/.git", "something else\n");
	assert_refused();
	memset(text, 'x', sizeof(text));
	tree_put_bytes("r/.git", text, sizeof(text));
	assert_refused();
	tree_put_bytes("r/.git", "gitdir: .\0.\n", 12);
	assert_refused();
}

static void counts_references(void **state)
{
	struct worktree *w = worktree_open("r");

	(void)state;
	assert_ptr_equal(worktree_hold(w), w);
	worktree_drop(w);
	assert_int_equal(worktree_entry(w, "tracked"), WORKTREE_TRACKED);
	worktree_drop(w);
	assert_null(worktree_hold(NULL));
	worktree_drop(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(knows_what_is_tracked),
	    TEST(knows_a_path_in_conflict_as_tracked),
	    TEST(knows_gitlinks),
	    TEST(descends_from_the_top_down),
	    TEST(gives_the_rules_that_hold_above),
	    TEST(heeds_the_exclude_files),
	    TEST(asks_about_names_of_any_bytes),
	    TEST(discovers_upwards),
	    TEST(opens_linked_work_trees_and_gitfiles),
	    TEST(opens_repositories_with_known_extensions),
	    TEST(refuses_what_libgit2_cannot_read),
	    TEST(refuses_a_broken_index),
	    TEST(refuses_a_work_tree_elsewhere),
	    TEST(does_not_wait_for_a_fifo),
	    TEST(refuses_gitfiles_that_lead_nowhere),
	    TEST(counts_references),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
