#include "source/source.h"

#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tree.h"

#include <sys/resource.h>

static struct source_options options;
static struct coverage coverage;
static struct error error;

static int set_up(void **state)
{
	(void)state;
	options = (struct source_options){.max_size = 1 << 20};
	tree_need(mkdir("t", 0777) == 0 && chdir("t") == 0, "t");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	coverage_release(&coverage);
	tree_need(chdir("..") == 0, "..");
	TREE_RUN("rm", "-rf", "t");
	return 0;
}

static int line_order(const void *left, const void *right)
{
	return strcmp(left, right);
}

#define ASSERT_GIVES(expected, ...) assert_gives(expected, (const char *const[]){__VA_ARGS__, NULL})

/* Compares "path=content" of all blobs, sorted and joined with '|'. */
static void assert_gives(const char *expected, const char *const *operands)
{
	static char lines[64][256];
	char joined[64 * 256] = "";
	size_t count = 0, len = 0, operand_count = 0;
	struct source *source;
	struct reader *reader;
	struct blob blob;

	while (operands[operand_count])
		operand_count++;
	assert_int_equal(source_open(&source, operands, operand_count, &options, &error), ERR_NONE);
	reader = reader_new(source);
	while (reader_next(reader, &blob, &coverage)) {
		assert_true(count < 64);
		snprintf(lines[count++], sizeof(lines[0]), "%.*s=%.*s", (int)blob.path.len,
		         (const char *)blob.path.ptr, (int)blob.bytes.len,
		         blob.bytes.len ? (const char *)blob.bytes.ptr : "");
	}
	assert_false(reader_next(reader, &blob, &coverage));
	assert_int_equal(source_given(source), count);
	reader_free(reader);
	source_close(source);
	qsort(lines, count, sizeof(lines[0]), line_order);
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(joined + len, sizeof(joined) - len, i ? "|%s" : "%s",
		                        lines[i]);
	assert_string_equal(joined, expected);
	/* What a source gives is counted by who scans it. */
	assert_int_equal(coverage.files, 0);
	assert_int_equal(coverage.bytes, 0);
}

static void assert_refused(enum err err, const char *message, const char *first, const char *second)
{
	struct source *source;
	const char *const operands[] = {first, second};

	assert_int_equal(source_open(&source, operands, 2, &options, &error), err);
	assert_null(source);
	assert_int_equal(error.code, err);
	assert_string_equal(error.message, message);
}

static void gives_files_and_folders(void **state)
{
	(void)state;
	tree_put("a", "1");
	tree_put("d/b", "2");
	tree_put("d/e/c", "");
	ASSERT_GIVES("a=1|d/b=2|d/e/c=", "a", "d");
	ASSERT_GIVES("a=1|d/b=2|d/e/c=", ".");
}

static void names_what_it_gives_as_the_operand_does(void **state)
{
	(void)state;
	tree_put("d/b", "2");
	ASSERT_GIVES("d/b=2", ".");
	ASSERT_GIVES("d/b=2", "./");
	ASSERT_GIVES("d/b=2", "d/");
	ASSERT_GIVES("d/b=2", "d///");
	ASSERT_GIVES("./d/b=2", "./d");
	ASSERT_GIVES("d//../d/b=2", "d//../d/");
	ASSERT_GIVES("./d/b=2", "./d/b");
}

static void gives_an_operand_named_twice_once(void **state)
{
	(void)state;
	tree_put("a", "1");
	tree_put("d/b", "2");
	ASSERT_GIVES("a=1|d/b=2", "d", "a", "d/", "a");
	ASSERT_GIVES("a=1|d/b=2", ".", "./");
}

static void refuses_what_is_not_there(void **state)
{
	(void)state;
	tree_put("a", "1");
	assert_refused(ERR_MISSING, "none: no such file or folder", "none", "other");
	assert_refused(ERR_MISSING, "a/: no such file or folder", "a", "a/");
	assert_refused(ERR_MISSING, ": no such file or folder", "", "a");
	assert_refused(ERR_MISSING, "x\\x0ay: no such file or folder", "x\ny", "a");
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_refused(ERR_IO, "loop: Too many levels of symbolic links", "a", "loop");
}

static void follows_links_that_are_named(void **state)
{
	(void)state;
	tree_put("d/b", "2");
	assert_int_equal(symlink("d", "folder") | symlink("d/b", "file"), 0);
	ASSERT_GIVES("file=2|folder/b=2", "file", "folder");
	assert_int_equal(coverage.skipped[SKIP_SYMLINK], 0);
	ASSERT_GIVES("d/b=2", ".");
	assert_int_equal(coverage.skipped[SKIP_SYMLINK], 2);
}

static void reads_standard_input_once(void **state)
{
	int saved = dup(STDIN_FILENO);
	int fd;

	(void)state;
	tree_put("in", "typed");
	fd = open("in", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	ASSERT_GIVES("-=typed", "-", "-");
	assert_int_equal(lseek(STDIN_FILENO, 0, SEEK_SET), 0);
	options.stdin_name = "conf/x";
	ASSERT_GIVES("conf/x=typed|in=typed", "in", "-");
	assert_int_equal(lseek(STDIN_FILENO, 0, SEEK_SET), 0);
	options.stdin_name = "";
	ASSERT_GIVES("-=typed", "-");
	options.stdin_name = "conf/x";
	assert_int_equal(close(STDIN_FILENO), 0);
	ASSERT_GIVES("in=typed", "in", "-");
	assert_int_equal(coverage.lost_count, 1);
	assert_int_equal(coverage.lost[0].reason, LOST_UNREADABLE);
	assert_true(bytes_equal(coverage.lost[0].path, bytes_of("conf/x")));
	if (saved >= 0)
		assert_true(dup2(saved, STDIN_FILENO) == STDIN_FILENO && close(saved) == 0);
	assert_int_equal(close(fd), 0);
}

static void gives_named_files_that_git_ignores(void **state)
{
	(void)state;
	TREE_RUN("git", "init", "-q", ".");
	tree_put(".gitignore", "*.o\n");
	tree_put("a.o", "1");
	tree_put("b", "2");
	ASSERT_GIVES(".gitignore=*.o\n|b=2", ".");
	ASSERT_GIVES("a.o=1", "a.o");
	options.include_ignored = true;
	ASSERT_GIVES(".gitignore=*.o\n|a.o=1|b=2", ".");
}

static void keeps_to_the_maximum_size(void **state)
{
	(void)state;
	tree_put("four", "1234");
	tree_put("five", "12345");
	options.max_size = 4;
	ASSERT_GIVES("four=1234", ".", "five");
	assert_int_equal(coverage.lost_count, 2);
	options.max_size_chosen = true;
	ASSERT_GIVES("four=1234", ".", "five");
	assert_int_equal(coverage.lost_count, 2);
	assert_int_equal(coverage.skipped[SKIP_MAX_SIZE], 2);
}

static void a_deep_tree_does_not_run_out_of_descriptors(void **state)
{
	struct rlimit limit, low;
	char path[512], expected[sizeof(path) + 2];

	(void)state;
	for (size_t i = 0; i < 100; i++)
		memcpy(path + 2 * i, "d/", 2);
	memcpy(path + 200, "f", 2);
	tree_put(path, "1");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = (struct rlimit){64, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	snprintf(expected, sizeof(expected), "%s=1", path);
	ASSERT_GIVES(expected, ".");
	assert_int_equal(coverage.lost_count, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

enum { THREADS = 4, FILES = 5000 };

struct shared {
	struct source *source;
	struct coverage coverage[THREADS];
	unsigned char seen[THREADS][FILES];
};

static void work(void *arg, unsigned worker)
{
	struct shared *shared = arg;
	struct reader *reader = reader_new(shared->source);
	struct blob blob;

	while (reader_next(reader, &blob, &shared->coverage[worker])) {
		char text[16];
		unsigned number;

		snprintf(text, sizeof(text), "%.*s", (int)blob.bytes.len,
		         (const char *)blob.bytes.ptr);
		number = (unsigned)strtoul(text, NULL, 10);
		shared->seen[worker][number % FILES]++;
	}
	reader_free(reader);
}

static void gives_each_file_to_one_worker(void **state)
{
	static struct shared shared;
	const char *const operands[] = {".", "0/0"};

	(void)state;
	TREE_RUN("git", "init", "-q", ".");
	for (unsigned i = 0; i < FILES; i++) {
		char path[64], text[16];

		snprintf(path, sizeof(path), "%u/%u", i % 40, i);
		snprintf(text, sizeof(text), "%u", i);
		tree_put(path, text);
	}
	assert_int_equal(source_open(&shared.source, operands, 2, &options, &error), ERR_NONE);
	pool_run(THREADS, work, &shared);
	assert_int_equal(source_given(shared.source), FILES + 1);
	source_close(shared.source);
	for (unsigned i = 0; i < FILES; i++) {
		unsigned times = 0;

		for (unsigned worker = 0; worker < THREADS; worker++)
			times += shared.seen[worker][i];
		assert_int_equal(times, i ? 1 : 2);
	}
	for (unsigned worker = 0; worker < THREADS; worker++) {
		assert_int_equal(shared.coverage[worker].lost_count, 0);
		coverage_release(&shared.coverage[worker]);
	}
}

static void needs_no_operand(void **state)
{
	(void)state;
	assert_gives("", (const char *const[]){NULL});
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(gives_files_and_folders),
	    TEST(names_what_it_gives_as_the_operand_does),
	    TEST(gives_an_operand_named_twice_once),
	    TEST(refuses_what_is_not_there),
	    TEST(follows_links_that_are_named),
	    TEST(reads_standard_input_once),
	    TEST(gives_named_files_that_git_ignores),
	    TEST(keeps_to_the_maximum_size),
	    TEST(a_deep_tree_does_not_run_out_of_descriptors),
	    TEST(gives_each_file_to_one_worker),
	    TEST(needs_no_operand),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
