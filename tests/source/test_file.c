#include "source/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tree.h"

#include <sys/socket.h>
#include <sys/un.h>

static struct source_options options;
static struct coverage coverage;
static struct buf content;
static off_t claimed;           /* what the next fstat() says the size is; -1: the truth */
static void (*meanwhile)(void); /* what happens after the next fstat() */

/* Stands in for the system's, so that a test can let a file change between two calls. */
int fstat(int fd, struct stat *st)
{
	int result = fstatat(fd, "", st, 0x1000 /* AT_EMPTY_PATH */);

	if (claimed >= 0)
		st->st_size = claimed;
	claimed = -1;
	if (meanwhile)
		meanwhile();
	meanwhile = NULL;
	return result;
}

static int set_up(void **state)
{
	options = (struct source_options){.max_size = 1000000};
	file_buffer_init(&content, &options);
	claimed = -1;
	return tree_enter(state);
}

static int tear_down(void **state)
{
	coverage_release(&coverage);
	buf_release(&content);
	return tree_leave(state);
}

static bool read_as(const char *name, bool named)
{
	struct file file = {AT_FDCWD, name, named, bytes_of(name)};

	return file_read(&content, &file, &options, &coverage);
}

static bool read_file(const char *name)
{
	return read_as(name, false);
}

static void assert_content(const char *text)
{
	assert_int_equal(content.len, strlen(text));
	assert_string_equal(buf_text(&content), text);
}

/* Nothing but this one reason was recorded. */
static void assert_skipped(enum skip_reason reason)
{
	for (int i = 0; i < SKIP_REASON_COUNT; i++)
		assert_int_equal(coverage.skipped[i], i == (int)reason);
	assert_int_equal(coverage.lost_count, 0);
}

static void assert_lost(enum lost_reason reason, const char *path, const char *detail)
{
	assert_int_equal(coverage.lost_count, 1);
	assert_int_equal(coverage.lost[0].reason, reason);
	assert_true(bytes_equal(coverage.lost[0].path, bytes_of(path)));
	assert_string_equal(coverage.lost[0].detail, detail);
	for (int i = 0; i < SKIP_REASON_COUNT; i++)
		assert_int_equal(coverage.skipped[i], 0);
}

static void assert_complete(void)
{
	for (int i = 0; i < SKIP_REASON_COUNT; i++)
		assert_int_equal(coverage.skipped[i], 0);
	assert_int_equal(coverage.lost_count, 0);
}

static void reads_files_whole(void **state)
{
	static char large[300000];

	(void)state;
	tree_put("a", "some text");
	tree_put("empty", "");
	memset(large, 'x', sizeof(large));
	tree_put_bytes("large", large, sizeof(large));
	assert_true(read_file("large"));
	assert_int_equal(content.len, sizeof(large));
	assert_memory_equal(content.ptr, large, sizeof(large));
	assert_true(read_file("a"));
	assert_content("some text");
	assert_true(read_file("empty"));
	assert_content("");
	assert_complete();
}

static void reads_files_that_state_no_size(void **state)
{
	(void)state;
	assert_true(read_file("/proc/self/maps"));
	assert_true(content.len > 0);
	assert_complete();
}

static void skips_a_fifo_without_waiting(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_false(read_file("fifo"));
	assert_skipped(SKIP_SPECIAL_FILE);
}

static void skips_a_socket(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(close(fd), 0);
	assert_false(read_file("socket"));
	assert_skipped(SKIP_SPECIAL_FILE);
}

static void skips_a_device(void **state)
{
	(void)state;
	assert_false(read_file("/dev/zero"));
	assert_skipped(SKIP_SPECIAL_FILE);
}

static void a_named_fifo_is_not_clean(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_false(read_as("fifo", true));
	assert_lost(LOST_UNREADABLE, "fifo", "it is a FIFO; read it through -");
}

static void a_named_socket_is_not_clean(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(close(fd), 0);
	assert_false(read_as("socket", true));
	assert_lost(LOST_UNREADABLE, "socket", "it is a socket; read it through -");
}

static void a_named_device_is_not_clean(void **state)
{
	(void)state;
	assert_false(read_as("/dev/zero", true));
	assert_lost(LOST_UNREADABLE, "/dev/zero", "it is a device; read it through -");
}

static void follows_a_link_only_when_named(void **state)
{
	(void)state;
	tree_put("a", "text");
	assert_int_equal(symlink("a", "link"), 0);
	assert_true(read_as("link", true));
	assert_content("text");
	assert_complete();
	assert_false(read_file("link"));
	assert_skipped(SKIP_SYMLINK);
}

static void loses_what_vanished(void **state)
{
	(void)state;
	assert_false(read_file("gone"));
	assert_lost(LOST_CHANGED, "gone", "vanished");
}

static void loses_what_became_a_folder(void **state)
{
	(void)state;
	assert_int_equal(mkdir("folder", 0777), 0);
	assert_false(read_file("folder"));
	assert_lost(LOST_CHANGED, "folder", "became a folder");
}

static void loses_what_cannot_be_opened(void **state)
{
	(void)state;
	if (geteuid() == 0)
		skip();
	tree_put("secret", "text");
	assert_int_equal(chmod("secret", 0), 0);
	assert_false(read_file("secret"));
	assert_lost(LOST_UNREADABLE, "secret", "Permission denied");
}

static void loses_what_fails_to_be_read(void **state)
{
	(void)state;
	assert_false(read_file("/proc/self/mem"));
	assert_lost(LOST_UNREADABLE, "/proc/self/mem", "Input/output error");
}

static void admits_the_maximum_and_not_a_byte_more(void **state)
{
	(void)state;
	options.max_size = 4;
	tree_put("four", "1234");
	tree_put("five", "12345");
	assert_true(read_file("four"));
	assert_content("1234");
	assert_complete();
	assert_false(read_file("five"));
	assert_lost(LOST_TOO_LARGE, "five", "");
}

static void skips_over_a_maximum_that_the_user_chose(void **state)
{
	(void)state;
	options.max_size = 4;
	options.max_size_chosen = true;
	tree_put("five", "12345");
	assert_false(read_file("five"));
	assert_skipped(SKIP_MAX_SIZE);
}

/* A sparse file of 2^40 bytes must not be allocated for. */
static void does_not_trust_a_huge_size(void **state)
{
	(void)state;
	tree_put("sparse", "");
	assert_int_equal(truncate("sparse", (off_t)1 << 40), 0);
	assert_false(read_file("sparse"));
	assert_lost(LOST_TOO_LARGE, "sparse", "");
}

static void gives_and_loses_a_file_that_grew(void **state)
{
	(void)state;
	tree_put("log", "12345678");
	claimed = 3;
	assert_true(read_file("log"));
	assert_content("12345678");
	assert_lost(LOST_CHANGED, "log", "its size changed");
}

static void gives_and_loses_a_file_that_shrank(void **state)
{
	(void)state;
	tree_put("log", "123");
	claimed = 100;
	assert_true(read_file("log"));
	assert_content("123");
	assert_lost(LOST_CHANGED, "log", "its size changed");
}

static const struct timespec long_ago[] = {{1000000000, 1}, {1000000000, 1}};

static void rewrite(void)
{
	tree_put("log", "abcdefgh");
}

static void rewrite_secretly(void)
{
	usleep(20000); /* the system's clock for files goes in steps of 1 to 10 ms */
	rewrite();
	assert_int_equal(utimensat(AT_FDCWD, "log", long_ago, 0), 0);
}

static void loses_a_file_that_was_rewritten_at_the_same_size(void **state)
{
	(void)state;
	tree_put("log", "12345678");
	assert_int_equal(utimensat(AT_FDCWD, "log", long_ago, 0), 0);
	meanwhile = rewrite;
	assert_true(read_file("log"));
	assert_content("abcdefgh");
	assert_lost(LOST_CHANGED, "log", "its time changed");
}

static void loses_a_file_that_was_rewritten_and_dated_back(void **state)
{
	(void)state;
	tree_put("log", "12345678");
	assert_int_equal(utimensat(AT_FDCWD, "log", long_ago, 0), 0);
	meanwhile = rewrite_secretly;
	assert_true(read_file("log"));
	assert_lost(LOST_CHANGED, "log", "its time changed");
}

static void loses_a_file_that_was_empty_and_grew(void **state)
{
	(void)state;
	tree_put("log", "");
	meanwhile = rewrite;
	assert_true(read_file("log"));
	assert_content("abcdefgh");
	assert_lost(LOST_CHANGED, "log", "its size changed");
}

static void loses_a_file_that_grew_past_the_maximum(void **state)
{
	(void)state;
	buf_release(&content);
	options.max_size = 6;
	file_buffer_init(&content, &options);
	tree_put("log", "12345678");
	claimed = 3;
	assert_false(read_file("log"));
	assert_lost(LOST_TOO_LARGE, "log", "");
}

static void works_without_a_maximum(void **state)
{
	(void)state;
	options.max_size = UINT64_MAX;
	file_buffer_init(&content, &options);
	tree_put("a", "text");
	assert_true(read_file("a"));
	assert_content("text");
	assert_complete();
}

#define LFS_VERSION "version https://git-lfs.github.com/spec/v1\n"
#define HASH "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"

static void skips_lfs_pointers(void **state)
{
	(void)state;
	tree_put("pointer", LFS_VERSION "oid " HASH "size 12345\n");
	assert_false(read_file("pointer"));
	assert_skipped(SKIP_LFS_POINTER);
	tree_put("extended",
	         LFS_VERSION "ext-0-foo " HASH "ext-1-b_2 " HASH "oid " HASH "size 0\n");
	assert_false(read_file("extended"));
	assert_int_equal(coverage.skipped[SKIP_LFS_POINTER], 2);
}

static void what_only_begins_like_an_lfs_pointer_is_scanned(void **state)
{
	static const char *const texts[] = {
	    LFS_VERSION,
	    "version https://git-lfs.github.com/spec/v10\noid " HASH "size 1\n",
	    LFS_VERSION "oid " HASH,
	    LFS_VERSION "oid " HASH "size 1",
	    LFS_VERSION "oid " HASH "size \n",
	    LFS_VERSION "oid " HASH "size 1a\n",
	    LFS_VERSION "oid " HASH "size 123456789012345678901\n",
	    LFS_VERSION "oid " HASH "size 1\nsecret\n",
	    LFS_VERSION "oid sha256:0123\nsize 1\n",
	    LFS_VERSION "oid x" HASH "size 1\n",
	    LFS_VERSION "secret\noid " HASH "size 1\n",
	    LFS_VERSION "ext-0-foo secret\noid " HASH "size 1\n",
	    LFS_VERSION "ext-0-longer_than_any " HASH "oid " HASH "size 1\n",
	    LFS_VERSION "ext-00-foo " HASH "oid " HASH "size 1\n",
	    LFS_VERSION "ext-0- " HASH "oid " HASH "size 1\n",
	};
	char large[2000] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		tree_put("text", texts[i]);
		assert_true(read_file("text"));
		assert_content(texts[i]);
	}
	tree_put_bytes("nul", LFS_VERSION "oid " HASH "size 1\n\0", sizeof(LFS_VERSION HASH) + 12);
	assert_true(read_file("nul"));
	snprintf(large, sizeof(large), "%s", LFS_VERSION);
	while (strlen(large) < 1024)
		snprintf(large + strlen(large), sizeof(large) - strlen(large), "ext-0-foo %s",
		         HASH);
	snprintf(large + strlen(large), sizeof(large) - strlen(large), "oid %ssize 1\n", HASH);
	tree_put("large", large);
	assert_true(read_file("large"));
	assert_complete();
}

/* Reads what the writer at the other end of standard input writes. */
static bool read_input(const char *text, bool blocking)
{
	struct file file = {.path = bytes_of("-")};
	int saved = dup(STDIN_FILENO);
	int ends[2], status;
	bool given;
	pid_t writer;

	assert_int_equal(pipe(ends), 0);
	if (!blocking)
		assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	writer = fork();
	if (writer == 0) {
		usleep(50000);
		_exit(write(ends[1], text, strlen(text)) < 0);
	}
	assert_true(writer > 0 && close(ends[1]) == 0);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	given = file_read(&content, &file, &options, &coverage);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	if (saved >= 0)
		assert_true(dup2(saved, STDIN_FILENO) == STDIN_FILENO && close(saved) == 0);
	assert_int_equal(close(ends[0]), 0);
	return given;
}

static void reads_standard_input(void **state)
{
	(void)state;
	assert_true(read_input("piped", true));
	assert_content("piped");
	assert_true(read_input("late", false));
	assert_content("late");
	assert_complete();
}

static void bounds_standard_input(void **state)
{
	(void)state;
	options.max_size = 4;
	assert_true(read_input("1234", true));
	assert_content("1234");
	assert_complete();
	assert_false(read_input("12345", true));
	assert_lost(LOST_TOO_LARGE, "-", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(reads_files_whole),
	    TEST(reads_files_that_state_no_size),
	    TEST(skips_a_fifo_without_waiting),
	    TEST(skips_a_socket),
	    TEST(skips_a_device),
	    TEST(a_named_fifo_is_not_clean),
	    TEST(a_named_socket_is_not_clean),
	    TEST(a_named_device_is_not_clean),
	    TEST(follows_a_link_only_when_named),
	    TEST(loses_what_vanished),
	    TEST(loses_what_became_a_folder),
	    TEST(loses_what_cannot_be_opened),
	    TEST(loses_what_fails_to_be_read),
	    TEST(admits_the_maximum_and_not_a_byte_more),
	    TEST(skips_over_a_maximum_that_the_user_chose),
	    TEST(does_not_trust_a_huge_size),
	    TEST(gives_and_loses_a_file_that_grew),
	    TEST(gives_and_loses_a_file_that_shrank),
	    TEST(loses_a_file_that_was_rewritten_at_the_same_size),
	    TEST(loses_a_file_that_was_rewritten_and_dated_back),
	    TEST(loses_a_file_that_was_empty_and_grew),
	    TEST(loses_a_file_that_grew_past_the_maximum),
	    TEST(works_without_a_maximum),
	    TEST(skips_lfs_pointers),
	    TEST(what_only_begins_like_an_lfs_pointer_is_scanned),
	    TEST(reads_standard_input),
	    TEST(bounds_standard_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
