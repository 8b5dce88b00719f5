#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "filter/foreign.h"

#include <stdlib.h>

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static struct foreign_list list;
static struct error error;

static enum err read_file(const char *file, const char *text)
{
	foreign_release(&list);
	error = (struct error){0};
	return foreign_read(&list, file, bytes_of(text), &error);
}

static int release(void **state)
{
	(void)state;
	foreign_release(&list);
	return 0;
}

static void assert_entry(size_t i, const char *path, uint32_t line, const char *rule)
{
	const struct foreign_entry *e = &list.items[i];

	assert_true(bytes_equal(e->path, bytes_of(path)));
	assert_int_equal(e->line, line);
	assert_string_equal(e->rule, rule);
	assert_null(e->refusal);
}

static void gitleaksignore(void **state)
{
	(void)state;
	assert_int_equal(read_file("x/.gitleaksignore",
	                           "# a comment\n\n"
	                           "src/a.py:aws-key:3\r\n"
	                           "  ./b:c.py:r:4294967295 \n" COMMIT ":d.py:r:1"),
	                 ERR_NONE);
	assert_string_equal(list.format, ".gitleaksignore");
	assert_int_equal(list.count, 3);
	assert_entry(0, "src/a.py", 3, "aws-key");
	assert_int_equal(list.items[0].number, 3);
	assert_false(list.items[0].has_commit);
	assert_entry(1, "b:c.py", UINT32_MAX, "r");
	assert_entry(2, "d.py", 1, "r");
	assert_true(list.items[2].has_commit);
	assert_int_equal(list.items[2].commit.bytes[1], 0x23);
	/* The name tells, whatever the first path looks like. */
	assert_int_equal(read_file(".gitleaksignore", "[id].tsx:r:1\n"), ERR_NONE);
	assert_entry(0, "[id].tsx", 1, "r");
}

static void broken_lines_are_refused(void **state)
{
	static const char *const lines[] = {"x",
	                                    "a:b",
	                                    "a:r:x",
	                                    "a:r:",
	                                    "a:r:4294967296",
	                                    "a:r:99999999999999999999",
	                                    ":r:1",
	                                    "a:r:0",
	                                    ":",
	                                    "::",
	                                    ":::",
	                                    COMMIT ":",
	                                    "a:1",
	                                    COMMIT ":r:1"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines) - 1; i++) {
		assert_int_equal(read_file("f", lines[i]), ERR_NONE);
		assert_int_equal(list.count, 1);
		assert_non_null(list.items[0].refusal);
	}
	assert_int_equal(read_file("f", "a.zip!b:r:1"), ERR_NONE);
	assert_string_equal(list.items[0].refusal, "it is for a file inside an archive");
}

static void gitleaks_reports(void **state)
{
	(void)state;
	assert_int_equal(
	    read_file("r.json",
	              " [{\"RuleID\": \"r\", \"File\": \"./a\", \"StartLine\": 7, "
	              "\"Secret\": \"made up\", \"Commit\": \"" COMMIT "\"},"
	              "{\"RuleID\": \"r\", \"File\": \"b\", \"StartLine\": 1, \"Secret\": "
	              "\"REDACTED\", \"Commit\": \"\"},"
	              "{\"File\": \"c\", \"StartLine\": 1, \"Secret\": \"abc...\"},"
	              "{\"File\": 1, \"StartLine\": -1}, 5, [], null]"),
	    ERR_NONE);
	assert_string_equal(list.format, "gitleaks report");
	assert_int_equal(list.count, 7);
	assert_entry(0, "a", 7, "r");
	assert_true(bytes_equal(list.items[0].secret, bytes_of("made up")));
	assert_true(list.items[0].has_commit);
	assert_entry(1, "b", 1, "r");
	assert_int_equal(list.items[1].secret.len, 0);
	assert_entry(2, "c", 1, "");
	assert_int_equal(list.items[2].secret.len, 0);
	for (size_t i = 3; i < 7; i++)
		assert_string_equal(list.items[i].refusal, "it names no path and line");
}

static void secrets_baselines(void **state)
{
	(void)state;
	assert_int_equal(read_file(".secrets.baseline",
	                           "{\"version\": \"1.5.0\", \"results\": {\"a\": [{\"type\": "
	                           "\"Secret Keyword\", \"hashed_secret\": \"00\", "
	                           "\"line_number\": 5}, {}], \"b\": 3}}"),
	                 ERR_NONE);
	assert_string_equal(list.format, ".secrets.baseline");
	assert_int_equal(list.count, 2);
	assert_entry(0, "a", 5, "Secret Keyword");
	assert_string_equal(list.items[1].refusal, "it names no path and line");
}

static void what_is_neither(void **state)
{
	static const char *const texts[] = {
	    "{",    "{}",         "{\"results\": []}",
	    "[1,",  "[\"\xff\"]", "{\"results\": {}, \"results\": {}}",
	    "[] []"};
	char *deep = malloc(100001);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(read_file("f", texts[i]), ERR_SYNTAX);
		assert_true(strncmp(error.message, "f:", 2) == 0);
	}
	assert_non_null(deep);
	memset(deep, '[', 100000);
	deep[100000] = '\0';
	assert_int_equal(read_file("f", deep), ERR_SYNTAX);
	free(deep);
	/* The parser's own words might quote a secret. */
	assert_int_equal(read_file("f", "[{\"Secret\": \"hidden\" x"), ERR_SYNTAX);
	assert_null(strstr(error.message, "hidden"));
	assert_string_equal(error.message, "f:1: it is no JSON");
	assert_int_equal(read_file("f", ""), ERR_NONE);
	assert_int_equal(list.count, 0);
}

static void limits(void **state)
{
	size_t size = FOREIGN_SIZE_MAX + 1;
	char *text = calloc(size + 1, 1);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', size);
	assert_int_equal(read_file("f", text), ERR_LIMIT);
	for (size_t i = 0; i + 1 < size; i += 2)
		memcpy(text + i, "x\n", 2);
	assert_int_equal(read_file("f", text + 1), ERR_LIMIT);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gitleaksignore),   cmocka_unit_test(broken_lines_are_refused),
	    cmocka_unit_test(gitleaks_reports), cmocka_unit_test(secrets_baselines),
	    cmocka_unit_test(what_is_neither),  cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
