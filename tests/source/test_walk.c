#include "source/walk.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tree.h"

static struct coverage coverage;

static int set_up(void **state)
{
	(void)state;
	tree_need(mkdir("t", 0777) == 0, "t");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	coverage_release(&coverage);
	TREE_RUN("rm", "-rf", "t");
	return 0;
}

static int path_order(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Sorts the paths and joins them with '|'; frees them. The caller's. */
static char *join(char **paths, size_t count)
{
	struct buf joined;
	char *text;

	buf_init(&joined, 64 << 20);
	if (count)
		qsort(paths, count, sizeof(*paths), path_order);
	for (size_t i = 0; i < count; i++) {
		tree_need(!buf_appendf(&joined, i ? "|%s" : "%s", paths[i]), "join");
		free(paths[i]);
	}
	free(paths);
	text = mem_strdup(buf_text(&joined));
	buf_release(&joined);
	return text;
}

/* The paths that a walk of the folder gives. */
static char *walk_paths(const char *operand, bool include_ignored)
{
	struct source_options options = {.include_ignored = include_ignored};
	struct walk *walk = walk_new(&options);
	struct walk_batch batch;
	struct file file;
	char **paths = NULL;
	size_t count = 0, cap = 0;

	walk_add(walk, operand);
	walk_batch_init(&batch);
	while (walk_next(walk, &batch, &file, &coverage)) {
		int fd = openat(file.folder, file.name, O_RDONLY | O_CLOEXEC);

		assert_true(fd >= 0 && close(fd) == 0);
		assert_false(file.named);
		paths = mem_grow(paths, count, &cap, sizeof(*paths));
		paths[count] = mem_calloc(file.path.len + 1, 1);
		memcpy(paths[count++], file.path.ptr, file.path.len);
	}
	walk_batch_release(&batch, walk);
	walk_free(walk);
	return join(paths, count);
}

static void assert_walk(const char *operand, bool include_ignored, const char *expected)
{
	char *paths = walk_paths(operand, include_ignored);

	assert_string_equal(paths, expected);
	free(paths);
}

/* What git lists as tracked or untracked and not ignored, without links and gitlinks. */
static char *git_paths(void)
{
	static const char *const list[] = {
	    "git", "-C", "t", "ls-files", "-z", "-c", "-o", "--exclude-standard", NULL};
	size_t len, count = 0, cap = 0;
	char *output = tree_output(list, &len);
	char **paths = NULL;

	for (char *name = output; len && name < output + len; name += strlen(name) + 1) {
		struct buf path;
		struct stat st;

		buf_init(&path, 1 << 20);
		tree_need(!buf_appendf(&path, "t/%s", name), "path");
		if (lstat(buf_text(&path), &st) == 0 && S_ISREG(st.st_mode)) {
			paths = mem_grow(paths, count, &cap, sizeof(*paths));
			paths[count++] = mem_strdup(buf_text(&path));
		}
		buf_release(&path);
	}
	free(output);
	return join(paths, count);
}

static void assert_as_git(void)
{
	char *expected = git_paths();

	assert_walk("t", false, expected);
	free(expected);
}

static void gives_every_file_but_those_of_git(void **state)
{
	(void)state;
	tree_put("t/a", "");
	tree_put("t/.hidden/b", "");
	tree_put("t/c/d/e", "");
	tree_put("t/x.git/config", "");
	tree_put("t/c/.git/config", "");
	tree_put("t/c/d/.git", "not git's");
	tree_put("t/c/.gitignore", "*\n");
	assert_walk("t", false, "t/.hidden/b|t/a|t/c/.gitignore|t/c/d/e|t/x.git/config");
	assert_walk("t", true, "t/.hidden/b|t/a|t/c/.gitignore|t/c/d/e|t/x.git/config");
	assert_walk("t/c/.git", false, "t/c/.git/config");
	assert_int_equal(coverage.lost_count, 0);
}

static void names_paths_as_the_operand_does(void **state)
{
	(void)state;
	tree_put("t/a/b", "");
	assert_walk(".", false, "t/a/b");
	assert_walk("./t", false, "./t/a/b");
	assert_walk("t/a/..", false, "t/a/../a/b");
	assert_walk("t//a", false, "t//a/b");
}

static void passes_over_links_and_special_files(void **state)
{
	(void)state;
	tree_put("t/a", "");
	assert_int_equal(symlink("a", "t/link"), 0);
	assert_int_equal(symlink(".", "t/loop"), 0);
	assert_int_equal(symlink("nowhere", "t/dangling"), 0);
	assert_int_equal(mkfifo("t/fifo", 0600), 0);
	assert_walk("t", false, "t/a");
	assert_int_equal(coverage.skipped[SKIP_SYMLINK], 3);
	assert_int_equal(coverage.skipped[SKIP_SPECIAL_FILE], 1);
	assert_int_equal(coverage.lost_count, 0);
	assert_walk("t/loop", false, "t/loop/a");
}

/* More entries than one batch and one system call hold. */
static void gives_all_of_a_large_folder_once(void **state)
{
	char name[64];
	char **paths = mem_calloc(3000, sizeof(*paths));
	char *expected;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), i % 3 ? "t/file-%u" : "t/folder-%u/file", i);
		tree_put(name, "");
		paths[i] = mem_strdup(name);
	}
	expected = join(paths, 3000);
	assert_walk("t", false, expected);
	free(expected);
}

/* Makes `depth` folders of this name, one in the other, with a file "x" in the last. */
static void nest(const char *name, unsigned depth)
{
	int at = open("t", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	for (unsigned i = 0; i < depth; i++) {
		tree_need(mkdirat(at, name, 0777) == 0, "mkdirat");
		fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		tree_need(fd >= 0 && close(at) == 0, "openat");
		at = fd;
	}
	fd = openat(at, "x", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	tree_need(fd >= 0 && close(fd) == 0 && close(at) == 0, "x");
}

static void enters_folders_down_to_a_depth(void **state)
{
	char *paths;

	(void)state;
	nest("d", WALK_DEPTH_MAX);
	nest("e", WALK_DEPTH_MAX + 1);
	paths = walk_paths("t", false);
	assert_int_equal(strlen(paths), strlen("t/") + 2 * WALK_DEPTH_MAX + strlen("x"));
	assert_int_equal(paths[2], 'd');
	free(paths);
	assert_int_equal(coverage.lost_count, 1);
	assert_int_equal(coverage.lost[0].reason, LOST_TOO_DEEP);
	assert_int_equal(coverage.lost[0].path.len, strlen("t/") + 2 * (WALK_DEPTH_MAX + 1) - 1);
	assert_int_equal(coverage.lost[0].path.ptr[2], 'e');
}

static void gives_paths_longer_than_the_system_takes(void **state)
{
	char name[251];
	char *paths;

	(void)state;
	memset(name, 'n', 250);
	name[250] = '\0';
	nest(name, 100);
	TREE_RUN("git", "init", "-q", "t");
	paths = walk_paths("t", false);
	assert_int_equal(strlen(paths), strlen("t/") + 251 * 100 + strlen("x"));
	free(paths);
	assert_int_equal(coverage.lost_count, 0);
}

static void loses_folders_that_cannot_be_entered(void **state)
{
	(void)state;
	if (geteuid() == 0)
		skip();
	tree_put("t/shut/a", "");
	assert_int_equal(chmod("t/shut", 0), 0);
	assert_walk("t", false, "");
	assert_int_equal(chmod("t/shut", 0700), 0);
	assert_int_equal(coverage.lost_count, 1);
	assert_int_equal(coverage.lost[0].reason, LOST_UNREADABLE);
	assert_true(bytes_equal(coverage.lost[0].path, bytes_of("t/shut")));
	assert_string_equal(coverage.lost[0].detail, "Permission denied");
}

static void loses_folders_that_vanish(void **state)
{
	(void)state;
	assert_walk("t/gone", false, "");
	assert_int_equal(coverage.lost_count, 1);
	assert_int_equal(coverage.lost[0].reason, LOST_CHANGED);
	assert_true(bytes_equal(coverage.lost[0].path, bytes_of("t/gone")));
	assert_string_equal(coverage.lost[0].detail, "vanished");
}

static void set_up_repository(void)
{
	TREE_RUN("git", "init", "-q", "t");
	tree_put("t/.gitignore", "*.o\nbuild/\n/top\n");
	tree_put("t/sub/.gitignore", "!kept.o\n");
	tree_put("t/tracked", "");
	tree_put("t/tracked.o", "");
	tree_put("t/untracked.o", "");
	tree_put("t/build/tracked", "");
	tree_put("t/build/untracked", "");
	tree_put("t/build/sub/untracked", "");
	tree_put("t/sub/build/untracked", "");
	tree_put("t/sub/kept.o", "");
	tree_put("t/sub/top", "");
	tree_put("t/top", "");
	TREE_RUN("git", "-C", "t", "add", "-f", ".gitignore", "tracked", "tracked.o",
	         "build/tracked");
}

static void gives_what_git_lists(void **state)
{
	(void)state;
	set_up_repository();
	assert_walk("t", false,
	            "t/.gitignore|t/build/tracked|t/sub/.gitignore|t/sub/kept.o|t/sub/top|"
	            "t/tracked|t/tracked.o");
	/* untracked.o, top, build/untracked, and one each for build/sub and sub/build */
	assert_int_equal(coverage.skipped[SKIP_IGNORED], 5);
	assert_int_equal(coverage.lost_count, 0);
	assert_as_git();
}

static void gives_all_when_told_to(void **state)
{
	(void)state;
	set_up_repository();
	assert_walk("t", true,
	            "t/.gitignore|t/build/sub/untracked|t/build/tracked|t/build/untracked|"
	            "t/sub/.gitignore|t/sub/build/untracked|t/sub/kept.o|t/sub/top|t/top|"
	            "t/tracked|t/tracked.o|t/untracked.o");
	assert_int_equal(coverage.skipped[SKIP_IGNORED], 0);
}

static void gives_a_named_folder_even_if_it_is_ignored(void **state)
{
	(void)state;
	set_up_repository();
	assert_walk("t/build", false, "t/build/sub/untracked|t/build/tracked|t/build/untracked");
	assert_walk("t/build/sub", false, "t/build/sub/untracked");
	assert_walk("t/sub", false, "t/sub/.gitignore|t/sub/kept.o|t/sub/top");
	assert_int_equal(coverage.skipped[SKIP_IGNORED], 1);
}

static void gives_names_of_any_bytes_as_git_does(void **state)
{
	static const char *const names[] = {
	    "a b",         "new\nline", "\xc3\xa9", "\xff\xfe", "-dash",  "#hash", "!bang",
	    "back\\slash", "tab\t",     "*star",    " lead",    "trail ", "[x]",   "\x1b[31m"};
	char path[64];

	(void)state;
	TREE_RUN("git", "init", "-q", "t");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "t/%s/%s", names[i], names[i]);
		tree_put(path, "");
		if (i % 2)
			TREE_RUN("git", "-C", "t", "add", "--", names[i]);
	}
	assert_as_git();
	tree_put("t/.gitignore",
	         "\\#hash\n\\!bang\nback\\\\slash\n[[]x]\n\xff*\n\\ lead\ntrail\\ \n");
	assert_as_git();
}

static void enters_nested_repositories_and_no_gitlinks(void **state)
{
	(void)state;
	set_up_repository();
	TREE_RUN("git", "init", "-q", "t/nested");
	tree_put("t/nested/.gitignore", "ignored\n");
	tree_put("t/nested/ignored", "");
	tree_put("t/nested/a.o", "");
	tree_put("t/linked/a", "");
	TREE_RUN("git", "-C", "t", "update-index", "--add", "--cacheinfo",
	         "160000,0123456789012345678901234567890123456789,linked");
	assert_walk("t", false,
	            "t/.gitignore|t/build/tracked|t/nested/.gitignore|t/nested/a.o|"
	            "t/sub/.gitignore|t/sub/kept.o|t/sub/top|t/tracked|t/tracked.o");
	assert_int_equal(coverage.skipped[SKIP_GITLINK], 1);
	assert_walk("t/linked", false, "t/linked/a");
}

static void nested_repositories_hide_nothing_that_is_tracked(void **state)
{
	(void)state;
	tree_put("t/v/foo/f", "");
	tree_put("t/v/foo/sub/g", "");
	tree_put("t/v/foo/sub/untracked", "");
	tree_put("t/v/link/h", "");
	TREE_RUN("git", "init", "-q", "t");
	TREE_RUN("git", "-C", "t", "add", "v/foo/f", "v/foo/sub/g", "v/link/h");
	TREE_RUN("git", "init", "-q", "t/v");
	TREE_RUN("git", "init", "-q", "t/v/foo");
	TREE_RUN("git", "-C", "t/v", "update-index", "--add", "--cacheinfo",
	         "160000,0123456789012345678901234567890123456789,link");
	tree_put("t/v/foo/.gitignore", "*\n");
	tree_put("t/v/foo/kept", "");
	TREE_RUN("git", "-C", "t/v/foo", "add", "-f", "kept");
	assert_walk("t", false, "t/v/foo/f|t/v/foo/kept|t/v/foo/sub/g|t/v/link/h");
	assert_walk("t/v/foo", false, "t/v/foo/f|t/v/foo/kept|t/v/foo/sub/g");
	/* .gitignore and sub/untracked, twice */
	assert_int_equal(coverage.skipped[SKIP_IGNORED], 4);
	/* One in between that cannot be read does not cut the outer one off. */
	tree_put("t/v/.git/index", "nonsense");
	assert_walk("t", false, "t/v/foo/f|t/v/foo/kept|t/v/foo/sub/g|t/v/link/h");
	assert_walk("t/v/foo", false, "t/v/foo/f|t/v/foo/kept|t/v/foo/sub/g");
}

/* What the user names is given whole, but a repository in it goes by its own rules. */
static void nested_repositories_hide_nothing_in_an_ignored_folder(void **state)
{
	(void)state;
	set_up_repository();
	tree_put("t/build/x/tracked", "");
	TREE_RUN("git", "-C", "t", "add", "-f", "build/x/tracked");
	TREE_RUN("git", "init", "-q", "t/build/x");
	tree_put("t/build/x/.gitignore", "*\n");
	assert_walk("t/build", false,
	            "t/build/sub/untracked|t/build/tracked|t/build/untracked|t/build/x/tracked");
}

static void gives_all_where_the_repository_cannot_be_read(void **state)
{
	(void)state;
	tree_put("t/.gitignore", "*\n");
	tree_put("t/a/b", "");
	TREE_RUN("git", "init", "-q", "t");
	tree_put("t/.git/index", "nonsense");
	assert_walk("t", false, "t/.gitignore|t/a/b");
	assert_int_equal(coverage.skipped[SKIP_IGNORED], 0);
}

static void hides_nothing_by_rules_that_are_no_file(void **state)
{
	(void)state;
	TREE_RUN("git", "init", "-q", "t");
	tree_put("t/a/file", "");
	tree_put("t/b/file", "");
	tree_put("all", "*\n");
	assert_int_equal(mkfifo("t/a/.gitignore", 0600), 0);
	assert_int_equal(symlink("../../all", "t/b/.gitignore"), 0);
	alarm(20);
	assert_walk("t", false, "t/a/file|t/b/file");
	alarm(0);
}

/* A small generator, so that the trees below are the same everywhere. */
static unsigned random_below(uint32_t *seed, unsigned limit)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 16) % limit;
}

static const char *random_of(uint32_t *seed, const char *const *list, size_t count)
{
	return list[random_below(seed, (unsigned)count)];
}

#define RANDOM_OF(seed, list) random_of(seed, list, sizeof(list) / sizeof((list)[0]))

static void random_rules(uint32_t *seed, char *text, size_t size)
{
	static const char *const parts[] = {"a",  "b", "keep", "build", "*",    "**",
	                                    "a*", "?", "[ab]", "*.o",   "[!a]*"};
	static const char *const ends[] = {"", "", "/"}, *const starts[] = {"", "", "!", "/", "!/"};
	size_t len = 0;

	for (unsigned line = 1 + random_below(seed, 4); line; line--) {
		len += (size_t)snprintf(text + len, size - len, "%s", RANDOM_OF(seed, starts));
		for (unsigned part = 1 + random_below(seed, 3); part; part--)
			len += (size_t)snprintf(text + len, size - len, part > 1 ? "%s/" : "%s",
			                        RANDOM_OF(seed, parts));
		len += (size_t)snprintf(text + len, size - len, "%s\n", RANDOM_OF(seed, ends));
	}
}

static void gives_what_git_lists_in_random_trees(void **state)
{
	static const char *const names[] = {"a", "b", "keep", "build", "a.o", "x y"};
	char path[256], rules[1024];
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		TREE_RUN("rm", "-rf", "t");
		TREE_RUN("git", "init", "-q", "t");
		for (unsigned i = 0; i < 25; i++) {
			size_t len = (size_t)snprintf(path, sizeof(path), "t");

			for (unsigned depth = random_below(&seed, 4); depth; depth--)
				len += (size_t)snprintf(path + len, sizeof(path) - len, "/%s",
				                        RANDOM_OF(&seed, names));
			if (i < 3) {
				snprintf(path + len, sizeof(path) - len, "/.gitignore");
				random_rules(&seed, rules, sizeof(rules));
				tree_put(path, rules);
			} else {
				snprintf(path + len, sizeof(path) - len, "/%u%s", i,
				         RANDOM_OF(&seed, names));
				tree_put(path, "");
			}
			if (random_below(&seed, 8) == 0)
				TREE_RUN("git", "-C", "t", "add", "-f", "--", path + 2);
		}
		assert_as_git();
		assert_int_equal(coverage.lost_count, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(gives_every_file_but_those_of_git),
	    TEST(names_paths_as_the_operand_does),
	    TEST(passes_over_links_and_special_files),
	    TEST(gives_all_of_a_large_folder_once),
	    TEST(enters_folders_down_to_a_depth),
	    TEST(gives_paths_longer_than_the_system_takes),
	    TEST(loses_folders_that_cannot_be_entered),
	    TEST(loses_folders_that_vanish),
	    TEST(gives_what_git_lists),
	    TEST(gives_all_when_told_to),
	    TEST(gives_a_named_folder_even_if_it_is_ignored),
	    TEST(gives_names_of_any_bytes_as_git_does),
	    TEST(enters_nested_repositories_and_no_gitlinks),
	    TEST(nested_repositories_hide_nothing_that_is_tracked),
	    TEST(nested_repositories_hide_nothing_in_an_ignored_folder),
	    TEST(gives_all_where_the_repository_cannot_be_read),
	    TEST(hides_nothing_by_rules_that_are_no_file),
	    TEST(gives_what_git_lists_in_random_trees),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
