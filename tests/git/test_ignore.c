#include "git/ignore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tree.h"

/* Whether these rules at the top leave the path out. */
static bool ignores(const char *rules, const char *path)
{
	struct ignore *ignore = ignore_new(NULL, 0, bytes_of(rules));
	bool result = ignore_matches(ignore, path);

	ignore_drop(ignore);
	return result;
}

static void reads_lines(void **state)
{
	(void)state;
	assert_false(ignores("", "a"));
	assert_false(ignores("\n\r\n \n#a\n/\n!\n//\n", "a"));
	assert_true(ignores("a", "a"));
	assert_true(ignores("a\r\n", "a"));
	assert_true(ignores("a\r", "a"));
	assert_true(ignores("\xEF\xBB\xBF"
	                    "a\n",
	                    "a"));
	assert_true(ignores("a  \n", "a"));
	assert_true(ignores("a\\ \n", "a "));
	assert_true(ignores("a\\  \n", "a "));
	assert_false(ignores("a\t\n", "a"));
	assert_true(ignores("a\t\n", "a\t"));
	assert_true(ignores(" a\n", " a"));
	assert_true(ignores("\\#a\n", "#a"));
	assert_true(ignores("\\!a\n", "!a"));
	assert_false(ignores("a\\\n", "a"));
	assert_false(ignores("a\\\n", "a\\"));
}

static void lets_the_last_rule_decide(void **state)
{
	(void)state;
	assert_false(ignores("a\n!a\n", "a"));
	assert_true(ignores("!a\na\n", "a"));
	assert_false(ignores("*\n!a*\n", "ab"));
	assert_true(ignores("*\n!a*\n", "b"));
}

static void tells_folders_from_files(void **state)
{
	(void)state;
	assert_true(ignores("a/\n", "a/"));
	assert_false(ignores("a/\n", "a"));
	assert_true(ignores("a\n", "a/"));
	assert_true(ignores("a/\n", "x/y/a/"));
}

static void ties_a_pattern_with_a_slash_to_its_folder(void **state)
{
	(void)state;
	assert_true(ignores("/a\n", "a"));
	assert_false(ignores("/a\n", "x/a"));
	assert_true(ignores("x/a\n", "x/a"));
	assert_false(ignores("x/a\n", "y/x/a"));
	assert_true(ignores("x/*/a\n", "x/y/a"));
	assert_false(ignores("x/*/a\n", "x/y/z/a"));
	assert_false(ignores("x/*\n", "x/y/z"));
	assert_false(ignores("x?a\n", "x/a"));
	assert_false(ignores("/x[/]a\n", "x/a"));
}

static void spans_folders_by_two_stars(void **state)
{
	(void)state;
	assert_true(ignores("**/a\n", "a"));
	assert_true(ignores("**/a\n", "x/y/a"));
	assert_false(ignores("**/a\n", "x/ya"));
	assert_true(ignores("x/**\n", "x/y/z"));
	assert_false(ignores("x/**\n", "x/"));
	assert_true(ignores("x/**/a\n", "x/a"));
	assert_true(ignores("x/**/a\n", "x/y/z/a"));
	assert_false(ignores("x/**/a\n", "x/y/z/b"));
	assert_true(ignores("**/x/**/a*c/**\n", "1/x/2/3/abc/d"));
	assert_true(ignores("**/a/*/b\n", "a/a/1/b"));
	assert_true(ignores("**\n", "x/y"));
	assert_true(ignores("x**y\n", "x12y"));
	assert_false(ignores("/x*\\*y\n", "x1/2y"));
}

static void matches_stars_and_brackets(void **state)
{
	(void)state;
	assert_true(ignores("*.o\n", "a.b.o"));
	assert_false(ignores("*.o\n", "a.oo"));
	assert_true(ignores("a*b*c\n", "aXbXbXc"));
	assert_false(ignores("a*b*c\n", "aXcXb"));
	assert_true(ignores("a?c\n", "abc"));
	assert_true(ignores("[ab]c\n", "bc"));
	assert_true(ignores("[a-c]\n", "b"));
	assert_false(ignores("[!a-c]\n", "b"));
	assert_true(ignores("[^a-c]\n", "d"));
	assert_true(ignores("[]a]\n", "]"));
	assert_true(ignores("[a-]\n", "-"));
	assert_true(ignores("[\\]]\n", "]"));
	assert_true(ignores("[a\\-c]\n", "-"));
	assert_false(ignores("[a\\-c]\n", "b"));
	assert_true(ignores("[[:digit:][:upper:]]\n", "7"));
	assert_true(ignores("[[:digit:][:upper:]]\n", "Q"));
	assert_false(ignores("[[:digit:][:upper:]]\n", "q"));
	assert_false(ignores("[a\n", "a"));
	assert_false(ignores("[a\n", "[a"));
	assert_true(ignores("\xff*\n", "\xff\xfe"));
	assert_true(ignores("\\*\n", "*"));
	assert_false(ignores("\\*\n", "a"));
}

/* The nearer file decides; a `!name` of it takes back what the other one leaves out. */
static void asks_the_nearer_file_first(void **state)
{
	struct ignore *top = ignore_new(NULL, 0, bytes_of("*.o\n/a\n"));
	struct ignore *sub = ignore_new(top, strlen("sub/"), bytes_of("!kept.o\n/b\n"));

	(void)state;
	ignore_drop(top);
	assert_false(ignore_matches(sub, "sub/kept.o"));
	assert_true(ignore_matches(sub, "sub/other.o"));
	assert_true(ignore_matches(sub, "sub/b"));
	assert_false(ignore_matches(sub, "sub/a"));
	assert_false(ignore_matches(sub, "sub/deeper/b"));
	ignore_drop(sub);
	assert_false(ignore_matches(NULL, "a"));
}

/* A matcher that tries all ways in which the stars can match would not come to an end. */
static void keeps_its_time_on_hostile_rules(void **state)
{
	char rules[1200], path[4000];

	(void)state;
	alarm(20);
	for (size_t i = 0; i + 6 < sizeof(rules); i += 6)
		memcpy(rules + i, "**/*a*", 6);
	rules[sizeof(rules) - 2] = 'b';
	rules[sizeof(rules) - 1] = '\0';
	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 200 == 199 ? '/' : 'a';
	path[sizeof(path) - 1] = '\0';
	assert_false(ignores(rules, path));
	for (size_t i = 0; i + 4 < sizeof(rules); i += 4)
		memcpy(rules + i, "**/a", 4);
	assert_false(ignores(rules, path));
	alarm(0);
}

static void survives_random_bytes(void **state)
{
	static const char alphabet[] = "ab*?[]!^-\\/ \n\r#:";
	uint32_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned char text[24];
		char path[12];
		struct ignore *ignore;

		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] = (unsigned char)alphabet[(seed >> 16) % sizeof(alphabet)];
		}
		for (size_t i = 0; i + 1 < sizeof(path); i++) {
			seed = seed * 1664525 + 1013904223;
			path[i] = "ab/"[(seed >> 16) % 3];
		}
		path[0] = 'a';
		path[sizeof(path) - 1] = '\0';
		ignore = ignore_new(NULL, 0, (struct bytes){text, sizeof(text)});
		ignore_matches(ignore, path);
		ignore_drop(ignore);
	}
}

static void reads_regular_files_only(void **state)
{
	static const char *const nothing[] = {"none", "fifo", "link", "folder", "large"};
	char *large = malloc((1 << 20) + 1);
	struct ignore *ignore;

	(void)state;
	assert_non_null(large);
	memset(large, '*', (1 << 20) + 1);
	tree_put_bytes("large", large, (1 << 20) + 1);
	free(large);
	tree_put("rules", "a\n");
	assert_int_equal(mkfifo("fifo", 0600) | symlink("rules", "link") | mkdir("folder", 0777),
	                 0);
	alarm(20);
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		assert_null(ignore_read(NULL, 0, AT_FDCWD, nothing[i], O_NOFOLLOW));
	alarm(0);
	ignore = ignore_read(NULL, 0, AT_FDCWD, "link", 0);
	assert_true(ignore_matches(ignore, "a"));
	ignore_drop(ignore);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_lines),
	    cmocka_unit_test(lets_the_last_rule_decide),
	    cmocka_unit_test(tells_folders_from_files),
	    cmocka_unit_test(ties_a_pattern_with_a_slash_to_its_folder),
	    cmocka_unit_test(spans_folders_by_two_stars),
	    cmocka_unit_test(matches_stars_and_brackets),
	    cmocka_unit_test(asks_the_nearer_file_first),
	    cmocka_unit_test(keeps_its_time_on_hostile_rules),
	    cmocka_unit_test(survives_random_bytes),
	    cmocka_unit_test_setup_teardown(reads_regular_files_only, tree_enter, tree_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
