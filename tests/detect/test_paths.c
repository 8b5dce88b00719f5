#include "detect/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static void globs_fit_whole_paths(void **state)
{
	static const struct {
		const char *glob, *path;
		bool fits;
	} cases[] = {
	    {"a.c", "a.c", true},
	    {"a.c", "b/a.c", false},
	    {"a.c", "a.cc", false},
	    {"a.c", "A.c", false},
	    {"*.c", "a.c", true},
	    {"*.c", ".c", true},
	    {"*.c", "b/a.c", false},
	    {"*", "a", true},
	    {"*", "a/b", false},
	    {"?.c", "a.c", true},
	    {"?.c", ".c", false},
	    {"?", "/", false},
	    {"a?c", "a/c", false},
	    {"a*b*c", "aXbYc", true},
	    {"a*b*c", "aXbY", false},
	    {"**", "a", true},
	    {"**", "a/b/c", true},
	    {"**/a.c", "a.c", true},
	    {"**/a.c", "x/y/a.c", true},
	    {"**/a.c", "x/a.cc", false},
	    {"a/**", "a/b", true},
	    {"a/**", "a/b/c", true},
	    {"a/**", "a", true},
	    {"a/**", "ab/c", false},
	    {"a/**/b", "a/b", true},
	    {"a/**/b", "a/x/y/b", true},
	    {"a/**/b", "a/x/y/c", false},
	    {"a/", "a/b/c", true},
	    {"a/", "b/a/c", false},
	    {"a**", "abc", true},
	    {"a**", "ab/c", false},
	    {"**/**/a", "a", true},
	    {"**/*/a", "a", false},
	    {"**/*/a", "x/y/a", true},
	    {"**/test/**", "test/a", true},
	    {"**/test/**", "a/test/b/c", true},
	    {"**/test/**", "a/tests/b", false},
	    {"**/a/b/**/c", "a/a/b/c", true},
	    {"**/a/b/**/c", "a/b/x/a/c", true},
	    {"**/a/*/c/**", "x/a/y/z/a/b/c/d", true},
	    {"", "", true},
	    {"", "a", false},
	    {"**", "", true},
	    {"*", "", true},
	    {"a", "", false},
	    {"/a", "/a", true},
	    {"/a", "a", false},
	    {"a//b", "a//b", true},
	    {"a//b", "a/b", false},
	    {"[a]", "[a]", true},
	    {"[a]", "a", false},
	    {"{a,b}", "a", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (path_fits(bytes_of(cases[i].path), cases[i].glob) != cases[i].fits)
			fail_msg("glob %s, path %s", cases[i].glob, cases[i].path);
	}
}

static void paths_of_any_bytes_are_compared_byte_by_byte(void **state)
{
	(void)state;
	assert_true(path_fits((struct bytes){(const unsigned char *)"a\0b", 3}, "a?b"));
	assert_false(path_fits((struct bytes){(const unsigned char *)"a\0b", 3}, "a"));
	assert_true(path_fits(bytes_of("\xff\xfe/\n"), "**/\n"));
	assert_true(path_fits(bytes_of("\xff\xfe"), "??"));
}

static void a_rules_conditions_are_combined(void **state)
{
	static const char *const src[] = {"src/**", NULL}, *const test[] = {"**/test/**", NULL};
	static const char *const c_and_env[] = {"c", "env", "tar.gz", NULL}, *const md[] = {"md",
	                                                                                    NULL};
	static const struct rule by_path = {.include.paths = src, .reject.paths = test};
	static const struct rule by_ext = {.include.ext = c_and_env, .reject.paths = test};
	static const struct rule both = {.include = {.paths = src, .ext = c_and_env}};
	static const struct rule no_md = {.reject.ext = md};
	static const struct rule all = {0};
	static const struct {
		const char *path;
		bool by_path, by_ext, both, no_md;
	} cases[] = {
	    {"src/a.c", true, true, true, true},
	    {"src/a.C", true, true, true, true},
	    {"src/test/a.c", false, false, true, true},
	    {"lib/a.c", false, true, false, true},
	    {"src/a.md", true, false, false, false},
	    {".env", false, true, false, true},
	    {"env", false, false, false, true},
	    {"src/c", true, false, false, true},
	    {"a.tar.gz", false, true, false, true},
	    {"src/a.", true, false, false, true},
	    {"", true, true, true, true}, /* a blob without a path */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bytes path = bytes_of(cases[i].path);

		assert_int_equal(rule_admits_path(&by_path, path), cases[i].by_path);
		assert_int_equal(rule_admits_path(&by_ext, path), cases[i].by_ext);
		assert_int_equal(rule_admits_path(&both, path), cases[i].both);
		assert_int_equal(rule_admits_path(&no_md, path), cases[i].no_md);
		assert_true(rule_admits_path(&all, path));
	}
}

static void globs_of_text(void **state)
{
	static const struct {
		const char *text, *glob;
		bool fits;
	} cases[] = {
	    {"", "", true},           {"", "*", true},           {"a", "", false},
	    {"a/b", "a*", true},      {"a/b", "*/b", true},      {"a/b", "?/?", true},
	    {"a/b", "**b", true},     {"ab", "a?b", false},      {"ab", "A*", false},
	    {"aXbXc", "a*b*c", true}, {"aXbXc", "a*c*b", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(glob_fits(bytes_of(cases[i].text), bytes_of(cases[i].glob)),
		                 cases[i].fits);
}

static void a_folder_covers_what_lies_below(void **state)
{
	static const struct {
		const char *path, *glob;
		bool covered;
	} cases[] = {
	    {"docs/a/b", "docs", true},
	    {"docs/a/b", "docs/", true},
	    {"docs/a/b", "docs/**", true},
	    {"docs/a/b", "docs/*", true},
	    {"docs/a/b", "**/a", true},
	    {"docs/a/b", "a", false},
	    {"docs/a/b", "do", false},
	    {"docsy", "docs", false},
	    {"a.md", "*.md", true},
	    {"b/a.md", "*.md", false},
	    {"b/a.md", "**/*.md", true},
	    {"b/a.md/c", "**/*.md", true},
	    {"", "**", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *const globs[] = {"nothing", cases[i].glob, NULL};

		assert_int_equal(path_covered(bytes_of(cases[i].path), globs), cases[i].covered);
	}
}

static void hostile_globs_take_no_time(void **state)
{
	char path[4096], glob[4096];
	clock_t start = clock();

	(void)state;
	for (size_t i = 0; i < sizeof(path); i++) {
		path[i] = i % 2 ? '/' : 'a';
		glob[i] = "**/a/*/"[i % 7];
	}
	glob[4094] = 'b';
	glob[4095] = '\0';
	assert_false(path_fits((struct bytes){(unsigned char *)path, sizeof(path)}, glob));
	memset(path, 'a', sizeof(path));
	for (size_t i = 0; i < 4094; i++)
		glob[i] = "*a"[i % 2];
	assert_false(path_fits((struct bytes){(unsigned char *)path, sizeof(path)}, glob));
	assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(globs_fit_whole_paths),
	    cmocka_unit_test(paths_of_any_bytes_are_compared_byte_by_byte),
	    cmocka_unit_test(a_rules_conditions_are_combined),
	    cmocka_unit_test(globs_of_text),
	    cmocka_unit_test(a_folder_covers_what_lies_below),
	    cmocka_unit_test(hostile_globs_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
