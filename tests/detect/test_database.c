/*
 * Each test stands in a scratch folder that is its home folder; the cache is below it. That a
 * database was read or made anew is told by the inode of the file.
 */
#include "detect/database.h"

#include "../tree.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <hs/hs.h>

static const struct stub stubs[] = {
    {"ghp_[0-9a-f]{4}", false, 8}, {"tok", true, 3}, {"z{5}", false, 5}};
static const struct stub_list list_of_all = {.items = stubs, .count = 3};
static const struct stub_list list_of_two = {.items = stubs, .count = 2};

static int count_hit(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                     void *context)
{
	unsigned *counts = context;

	(void)from;
	(void)to;
	(void)flags;
	assert_in_range(id, 0, 2);
	counts[id]++;
	return 0;
}

/* Opens a database and makes sure that it finds what it should; `count` stubs. */
static void check_open_with(const struct stub_list *list, const struct bytes *embedded)
{
	static const char text[] = "x ghp_12ef TOK tok ghp_12eg zzzzz";
	struct hs_database *database;
	hs_scratch_t *scratch = NULL;
	unsigned counts[3] = {0};
	struct error error = {0};

	if (database_open(&database, list, embedded, &error))
		fail_msg("%s", error.message);
	assert_int_equal(hs_alloc_scratch(database, &scratch), HS_SUCCESS);
	assert_int_equal(hs_scan(database, text, sizeof(text) - 1, 0, scratch, count_hit, counts),
	                 HS_SUCCESS);
	hs_free_scratch(scratch);
	database_free(database);
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[1], 2);
	assert_int_equal(counts[2], list->count == 3);
}

static void check_open(void)
{
	check_open_with(&list_of_all, NULL);
}

/* The path of the only entry of the folder, or "" if there is none; other numbers fail. */
static const char *only_file(const char *folder, char path[4096])
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	path[0] = '\0';
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		assert_string_equal(path, "");
		snprintf(path, 4096, "%s/%s", folder, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return path;
}

static struct stat status_of(const char *path)
{
	struct stat st;

	tree_need(lstat(path, &st) == 0, path);
	return st;
}

/* Enters a scratch folder with a filled cache; its one file is cached_path. */
static char cached_path[4096];

static int enter_filled(void **state)
{
	int failed = tree_enter(state);
	char cache[4096];

	snprintf(cache, sizeof(cache), "%.4000s/cache", tree_path);
	tree_need(setenv("XDG_CACHE_HOME", cache, 1) == 0, "setenv");
	check_open();
	only_file("cache/trawl", cached_path);
	return failed;
}

static void a_database_is_kept_for_this_user_alone(void **state)
{
	struct stat st = status_of(cached_path);

	(void)state;
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(status_of("cache/trawl").st_mode, S_IFDIR | 0700);
	check_open();
	assert_int_equal(status_of(cached_path).st_ino, st.st_ino);
	assert_true(status_of(cached_path).st_mtim.tv_nsec == st.st_mtim.tv_nsec);
}

/* The cache is not trusted as it stands, and after that it is as good as new. */
static void check_rebuilt(const struct stat *before)
{
	struct stat st;
	char path[4096];

	check_open();
	assert_string_equal(only_file("cache/trawl", path), cached_path);
	st = status_of(cached_path);
	assert_true(st.st_ino != before->st_ino);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	check_open();
	assert_int_equal(status_of(cached_path).st_ino, st.st_ino);
}

/*
 * Puts these bytes in place of the cached file, under the same inode; keeps one more link to it, so
 * that the number is not used again.
 */
static struct stat replace_content(const unsigned char *bytes, size_t len)
{
	FILE *file = fopen(cached_path, "r+");

	unlink("kept");
	tree_need(link(cached_path, "kept") == 0, "link");
	tree_need(file && ftruncate(fileno(file), 0) == 0 &&
	              (len == 0 || fwrite(bytes, 1, len, file) == len) && fclose(file) == 0,
	          cached_path);
	return status_of(cached_path);
}

static size_t read_cached(unsigned char *bytes, size_t size)
{
	FILE *file = fopen(cached_path, "r");
	size_t len = file ? fread(bytes, 1, size, file) : 0;

	tree_need(file && fclose(file) == 0 && len > 100 && len < size, cached_path);
	return len;
}

static void a_truncated_file_is_rebuilt(void **state)
{
	static unsigned char bytes[1 << 20];
	size_t len = read_cached(bytes, sizeof(bytes));
	const size_t lengths[] = {0, 1, 15, 16, 17, 40, len / 2, len - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct stat st = replace_content(bytes, lengths[i]);

		check_rebuilt(&st);
	}
}

static void a_corrupt_file_is_rebuilt(void **state)
{
	static unsigned char bytes[1 << 20];
	size_t len = read_cached(bytes, sizeof(bytes) - 1);
	const size_t places[] = {0, 15, 16, 20, 24, 60, len / 2, len - 1};
	struct stat st;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		bytes[places[i]] ^= 0x40;
		st = replace_content(bytes, len);
		bytes[places[i]] ^= 0x40;
		check_rebuilt(&st);
	}
	bytes[len] = 0;
	st = replace_content(bytes, len + 1);
	check_rebuilt(&st);
}

/* A sound file of other stubs under this name: its numbers would point anywhere. */
static void a_database_of_other_stubs_is_rebuilt(void **state)
{
	char other[4096];
	struct stat st;

	(void)state;
	tree_need(rename(cached_path, "kept-file") == 0, "rename");
	check_open_with(&list_of_two, NULL);
	only_file("cache/trawl", other);
	assert_string_not_equal(other, cached_path);
	tree_need(rename(other, cached_path) == 0 && link(cached_path, "kept") == 0, "rename");
	st = status_of(cached_path);
	check_rebuilt(&st);
}

static void a_file_that_others_may_write_is_rebuilt(void **state)
{
	static const mode_t modes[] = {0666, 0620, 0602};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		struct stat st;

		unlink("kept");
		tree_need(chmod(cached_path, modes[i]) == 0 && link(cached_path, "kept") == 0,
		          "chmod");
		st = status_of(cached_path);
		check_rebuilt(&st);
	}
}

static void a_file_of_another_user_is_rebuilt(void **state)
{
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	tree_need(chown(cached_path, 1234, 1234) == 0 && link(cached_path, "kept") == 0, "chown");
	st = status_of(cached_path);
	check_rebuilt(&st);
}

static void a_link_or_a_pipe_is_replaced(void **state)
{
	struct stat st;

	(void)state;
	tree_need(rename(cached_path, "real") == 0 && symlink("../../real", cached_path) == 0,
	          "symlink");
	st = status_of(cached_path);
	check_rebuilt(&st);
	tree_need(unlink(cached_path) == 0 && mkfifo(cached_path, 0600) == 0, "mkfifo");
	st = status_of(cached_path);
	check_rebuilt(&st);
}

static void a_folder_in_a_files_place_does_no_harm(void **state)
{
	char path[4096];

	(void)state;
	tree_need(unlink(cached_path) == 0 && mkdir(cached_path, 0700) == 0, "mkdir");
	check_open();
	check_open();
	assert_string_equal(only_file("cache/trawl", path), cached_path);
}

static void an_unsafe_folder_is_not_used(void **state)
{
	char path[4096];

	(void)state;
	tree_need(unlink(cached_path) == 0 && chmod("cache/trawl", 0777) == 0, "chmod");
	check_open();
	assert_string_equal(only_file("cache/trawl", path), "");
	tree_need(chmod("cache/trawl", 0720) == 0, "chmod");
	check_open();
	assert_string_equal(only_file("cache/trawl", path), "");
	tree_need(chmod("cache/trawl", 0700) == 0 && rename("cache/trawl", "elsewhere") == 0 &&
	              symlink("../elsewhere", "cache/trawl") == 0,
	          "symlink");
	check_open();
	assert_string_equal(only_file("elsewhere", path), "");
	tree_need(unlink("cache/trawl") == 0, "unlink");
	tree_put("cache/trawl", "a file");
	check_open();
	tree_need(unlink("cache/trawl") == 0 && rmdir("cache") == 0, "rmdir");
	tree_put("cache", "a file");
	check_open();
}

static void an_odd_environment_does_no_harm(void **state)
{
	char path[4096];

	(void)state;
	/* A relative path is not followed (XDG Base Directory Specification). */
	tree_need(unlink(cached_path) == 0 && setenv("XDG_CACHE_HOME", "cache", 1) == 0, "setenv");
	check_open();
	assert_string_equal(only_file("cache/trawl", path), "");
	assert_string_not_equal(only_file(".cache/trawl", path), "");
	tree_need(unsetenv("XDG_CACHE_HOME") == 0 && setenv("HOME", "cache", 1) == 0, "setenv");
	check_open();
	tree_need(setenv("HOME", "", 1) == 0, "setenv");
	check_open();
	tree_need(unsetenv("HOME") == 0, "setenv");
	check_open();
	memset(path, 'a', 4090);
	path[0] = '/';
	path[4090] = '\0';
	tree_need(setenv("XDG_CACHE_HOME", path, 1) == 0, "setenv");
	check_open();
	assert_string_equal(only_file("cache/trawl", path), "");
}

static void the_oldest_of_too_many_is_removed(void **state)
{
	const struct timespec old[2] = {{1000, 0}, {1000, 0}}, newer[2] = {{2000, 0}, {2000, 0}};
	char path[4096];

	(void)state;
	tree_need(unlink(cached_path) == 0, cached_path);
	for (int i = 0; i < 32; i++) {
		snprintf(path, sizeof(path), "cache/trawl/%032d.hsdb", i);
		tree_put(path, "x");
		tree_need(utimensat(AT_FDCWD, path, i == 7 ? old : newer, 0) == 0, path);
	}
	check_open();
	assert_int_equal(access(cached_path, F_OK), 0);
	for (int i = 0; i < 32; i++) {
		snprintf(path, sizeof(path), "cache/trawl/%032d.hsdb", i);
		assert_int_equal(access(path, F_OK), i == 7 ? -1 : 0);
	}
}

static void an_embedded_database_needs_no_cache(void **state)
{
	struct bytes embedded[PLATFORM_COUNT] = {{NULL, 0}};
	struct buf text;
	char path[4096];

	(void)state;
	tree_need(unlink(cached_path) == 0, cached_path);
	for (int platform = 0; platform < PLATFORM_COUNT; platform++) {
		struct error error = {0};

		buf_init(&text, (size_t)64 * 1024 * 1024);
		if (database_compile_for((enum platform)platform, &list_of_all, &text, &error))
			fail_msg("%s", error.message);
		memset(embedded, 0, sizeof(embedded));
		embedded[platform] = buf_bytes(&text);
		check_open_with(&list_of_all, embedded);
		/* A machine may lack AVX2 or AVX-512, but never the plain one. */
		if (platform == PLATFORM_PLAIN)
			assert_string_equal(only_file("cache/trawl", path), "");
		buf_release(&text);
	}
}

static void embedded_databases_that_do_not_load_are_passed_over(void **state)
{
	static const unsigned char garbage[4096] = "garbage";
	struct bytes embedded[PLATFORM_COUNT] = {
	    {garbage, sizeof(garbage)}, {garbage, 1}, {NULL, 0}};
	struct error error = {0};
	struct buf text;

	(void)state;
	check_open_with(&list_of_all, embedded);
	buf_init(&text, (size_t)64 * 1024 * 1024);
	if (database_compile_for(PLATFORM_PLAIN, &list_of_all, &text, &error))
		fail_msg("%s", error.message);
	/* The magic number, the version, the length, the features, the checksum, the rest. */
	for (size_t at = 0; at < text.len; at += at < 40 ? 4 : 211) {
		text.ptr[at] ^= 0x10;
		embedded[PLATFORM_PLAIN] = buf_bytes(&text);
		check_open_with(&list_of_all, embedded);
		text.ptr[at] ^= 0x10;
	}
	for (size_t len = 0; len < text.len; len += 97) {
		embedded[PLATFORM_PLAIN] = bytes_slice(buf_bytes(&text), 0, len);
		check_open_with(&list_of_all, embedded);
	}
	/* The best one fails, the plain one serves. */
	embedded[PLATFORM_PLAIN] = buf_bytes(&text);
	embedded[PLATFORM_AVX512] = (struct bytes){garbage, sizeof(garbage)};
	check_open_with(&list_of_all, embedded);
	buf_release(&text);
}

static void a_stub_that_hyperscan_refuses_is_named(void **state)
{
	static const struct stub broken[] = {{"abc", false, 3}, {"a(b", false, 2}};
	static const struct stub_list list = {.items = broken, .count = 2};
	struct hs_database *database;
	struct error error = {0};

	(void)state;
	assert_int_equal(database_open(&database, &list, NULL, &error), ERR_SYNTAX);
	assert_int_equal(error.code, ERR_SYNTAX);
	assert_non_null(strstr(error.message, "a(b"));
	assert_null(database);
	database_free(NULL);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, enter_filled, tree_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_SCRATCH(a_database_is_kept_for_this_user_alone),
	    IN_SCRATCH(a_truncated_file_is_rebuilt),
	    IN_SCRATCH(a_corrupt_file_is_rebuilt),
	    IN_SCRATCH(a_database_of_other_stubs_is_rebuilt),
	    IN_SCRATCH(a_file_that_others_may_write_is_rebuilt),
	    IN_SCRATCH(a_file_of_another_user_is_rebuilt),
	    IN_SCRATCH(a_link_or_a_pipe_is_replaced),
	    IN_SCRATCH(a_folder_in_a_files_place_does_no_harm),
	    IN_SCRATCH(an_unsafe_folder_is_not_used),
	    IN_SCRATCH(an_odd_environment_does_no_harm),
	    IN_SCRATCH(the_oldest_of_too_many_is_removed),
	    IN_SCRATCH(an_embedded_database_needs_no_cache),
	    IN_SCRATCH(embedded_databases_that_do_not_load_are_passed_over),
	    IN_SCRATCH(a_stub_that_hyperscan_refuses_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
