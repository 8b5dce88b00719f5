#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "filter/baseline.h"

#include <stdlib.h>

#define KEY "key 00010203-04050607-08090a0b-0c0d0e0f-10111213-14151617-18191a1b-1c1d1e1f\n"
#define HEAD "trawl-baseline 1\n" KEY "scope tree\n"
#define PRINT_A "00000000-00000000-00000000-0000000a"
#define PRINT_B "00000000-00000000-00000000-0000000b"
#define ENTRY_A PRINT_A " acme-token src/a.py \"acme_[REDACTED] (21 bytes)\""
#define ENTRY_B PRINT_B " acme-token src/b.py \"acme_[REDACTED] (21 bytes)\""

static struct baseline baseline;
static struct error error;
static struct buf out;

static enum err read_bytes(struct bytes text)
{
	baseline_release(&baseline);
	error = (struct error){0};
	return baseline_read(&baseline, "b", text, &error);
}

static enum err read_text(const char *text)
{
	return read_bytes(bytes_of(text));
}

static int set_up(void **state)
{
	(void)state;
	buf_init(&out, BASELINE_SIZE_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	baseline_release(&baseline);
	buf_release(&out);
	return 0;
}

static const char *written(void)
{
	buf_clear(&out);
	assert_int_equal(baseline_write(&baseline, &out, &error), ERR_NONE);
	return buf_text(&out);
}

static const struct baseline_entry *entry(uint8_t last)
{
	const uint8_t fingerprint[FINGERPRINT_SIZE] = {[FINGERPRINT_SIZE - 1] = last};

	return baseline_find(&baseline, fingerprint);
}

static void reads_what_it_says(void **state)
{
	(void)state;
	assert_int_equal(read_text(HEAD
	                           "# a comment\n\n" ENTRY_A
	                           " reason=\"made up\" owner=ann expires=2027-01-31\n" ENTRY_B),
	                 ERR_NONE);
	assert_int_equal(baseline.count, 2);
	assert_int_equal(baseline.scope, BASELINE_TREE);
	assert_int_equal(baseline.key.bytes[31], 0x1f);
	assert_string_equal(entry(10)->rule, "acme-token");
	assert_true(bytes_equal(entry(10)->path, bytes_of("src/a.py")));
	assert_string_equal(entry(10)->preview, "acme_[REDACTED] (21 bytes)");
	assert_string_equal(entry(10)->suppression.reason, "made up");
	assert_string_equal(entry(10)->suppression.owner, "ann");
	assert_string_equal(entry(10)->suppression.expires, "2027-01-31");
	assert_int_equal(entry(10)->suppression.line, 6);
	assert_int_equal(entry(10)->suppression.kind, SUPPRESSION_BASELINE);
	assert_null(entry(11)->suppression.reason);
	assert_null(entry(12));
	assert_false(baseline_expired(entry(11), "9999-12-31"));
	assert_false(baseline_expired(entry(10), "2027-01-31"));
	assert_true(baseline_expired(entry(10), "2027-02-01"));
}

static void ends_of_lines_and_scope(void **state)
{
	(void)state;
	assert_int_equal(read_text("trawl-baseline 1\r\n" KEY "scope history\r\n" ENTRY_A "\r\n"),
	                 ERR_NONE);
	assert_int_equal(baseline.scope, BASELINE_HISTORY);
	assert_non_null(entry(10));
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	    {"", "b: it is empty; trawl baseline create makes one"},
	    {"hello\n", "b:1: no baseline: its first line is not `trawl-baseline 1`"},
	    {"trawl-baseline 2\n", "b:1: a baseline of another version; use a newer trawl"},
	    {"trawl-baseline 1\n", "b: it has no key; restore it from git"},
	    {"trawl-baseline 1\nkey 00\n", "b:2: the key is broken; restore it from git"},
	    {HEAD KEY, "b:4: a second key; keep the one that the entries were made with"},
	    {HEAD "scope tree\n",
	     "b:4: a second scope; keep `scope history` if one of them is that"},
	    {"trawl-baseline 1\nscope all\n", "b:2: the scope is tree or history"},
	    {HEAD ENTRY_A "\n<<<<<<< HEAD\n",
	     "b:5: a conflict that git merge left; keep the entries of both sides and remove the "
	     "lines with <, |, = and >"},
	    {HEAD "=======\n",
	     "b:4: a conflict that git merge left; keep the entries of both sides and remove the "
	     "lines with <, |, = and >"},
	    {HEAD "x\n", "b:4: no entry: it starts with no fingerprint"},
	    {HEAD "00000000-00000000-00000000-0000000A r p v\n",
	     "b:4: no entry: it starts with no fingerprint"},
	    {HEAD "00000000000000000000000000000000000 r p v\n",
	     "b:4: no entry: it starts with no fingerprint"},
	    {HEAD PRINT_A, "b:4: no entry: it has no rule"},
	    {HEAD PRINT_A " r", "b:4: no entry: it has no path"},
	    {HEAD PRINT_A " r p", "b:4: no entry: it has no preview"},
	    {HEAD PRINT_A " r \"p", "b:4: no entry: it has no path"},
	    {HEAD PRINT_A " r \"p\"x v", "b:4: no entry: it has no path"},
	    {HEAD PRINT_A " r \"\\x0\" v", "b:4: no entry: it has no path"},
	    {HEAD PRINT_A " r \"\\x00\" v", "b:4: no entry: it has no path"},
	    {HEAD PRINT_A " r \"\\n\" v", "b:4: no entry: it has no path"},
	    {HEAD ENTRY_A " why", "b:4: reason=, owner= or expires= is missing here"},
	    {HEAD ENTRY_A " why=x",
	     "b:4: there are reason=, owner= and expires=, and nothing else"},
	    {HEAD ENTRY_A " reason=", "b:4: its end is broken; check the quotes"},
	    {HEAD ENTRY_A " reason=\"x", "b:4: its end is broken; check the quotes"},
	    {HEAD ENTRY_A " owner=x owner=y", "b:4: it says one thing twice; remove one"},
	    {HEAD ENTRY_A " expires=soon", "b:4: expires= takes a date such as 2027-01-31"},
	    {HEAD ENTRY_A " expires=2027-02-30", "b:4: expires= takes a date such as 2027-01-31"},
	    {HEAD "\x1b[31m\n", "b:4: a control character; write \\xNN in quotes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_not_equal(read_text(cases[i].text), ERR_NONE);
		assert_string_equal(error.message, cases[i].message);
	}
}

/* Two branches that say something different about one secret: the stricter word counts. */
static void two_lines_for_one_secret(void **state)
{
	(void)state;
	assert_int_equal(read_text(HEAD ENTRY_A " reason=one expires=2027-03-01\n" ENTRY_A
	                                        " reason=two owner=bob expires=2027-02-01\n" ENTRY_A
	                                        "\n"),
	                 ERR_NONE);
	assert_int_equal(baseline.count, 1);
	assert_string_equal(entry(10)->suppression.reason, "one");
	assert_string_equal(entry(10)->suppression.owner, "bob");
	assert_string_equal(entry(10)->suppression.expires, "2027-02-01");
}

static void writes_what_it_read(void **state)
{
	static const char text[] =
	    "trawl-baseline 1\n# Findings that are known; trawl baseline --help tells more.\n" KEY
	    "scope tree\n" PRINT_B " r \"\" v\n" PRINT_A
	    " r \"a b\\\\\\\"\\xff\\x0a\" \"\\xe2\\x80\\xae\" reason=\"it's \xc3\xa9=\\\"x\\\"\"\n";

	(void)state;
	assert_int_equal(read_text(text), ERR_NONE);
	assert_true(bytes_equal(entry(10)->path, bytes_of("a b\\\"\xff\n")));
	assert_string_equal(entry(10)->preview, "\xe2\x80\xae");
	assert_string_equal(entry(10)->suppression.reason, "it's \xc3\xa9=\"x\"");
	assert_string_equal(written(), text);
}

/* The same whatever order the entries came in. */
static void order_is_that_of_paths(void **state)
{
	(void)state;
	assert_int_equal(read_text(HEAD ENTRY_B "\n" ENTRY_A "\n"), ERR_NONE);
	assert_string_equal(strstr(written(), "scope"), "scope tree\n" ENTRY_A "\n" ENTRY_B "\n");
	assert_int_equal(read_text(HEAD ENTRY_A "\n" ENTRY_B "\n"), ERR_NONE);
	assert_string_equal(strstr(written(), "scope"), "scope tree\n" ENTRY_A "\n" ENTRY_B "\n");
}

static void new_entries_are_added(void **state)
{
	char *longest = malloc(BASELINE_PATH_MAX + 2);
	struct baseline_entry e = {.fingerprint = {1}, .rule = "r", .preview = "v"};

	(void)state;
	assert_non_null(longest);
	memset(longest, '\xff', BASELINE_PATH_MAX + 1);
	longest[BASELINE_PATH_MAX + 1] = '\0';
	baseline_release(&baseline);
	baseline_new(&baseline, BASELINE_HISTORY);
	e.path = bytes_of("z");
	baseline_add(&baseline, &e);
	e.path = bytes_of("y");
	baseline_add(&baseline, &e);
	e.fingerprint[0] = 0;
	e.path = bytes_of(longest);
	baseline_add(&baseline, &e);
	baseline_index(&baseline);
	assert_int_equal(baseline.count, 2);
	assert_true(bytes_equal(baseline.entries[1].path, bytes_of("y")));
	/* What is written can be read. */
	written();
	assert_int_equal(read_bytes(buf_bytes(&out)), ERR_NONE);
	assert_int_equal(baseline.count, 2);
	assert_int_equal(baseline.scope, BASELINE_HISTORY);
	assert_int_equal(baseline.entries[0].path.len, BASELINE_PATH_MAX);
	free(longest);
}

static void keys_are_random(void **state)
{
	struct baseline other;

	(void)state;
	baseline_release(&baseline);
	baseline_new(&baseline, BASELINE_TREE);
	baseline_new(&other, BASELINE_TREE);
	assert_memory_not_equal(&baseline.key, &other.key, sizeof(other.key));
	baseline_release(&other);
}

static void dates(void **state)
{
	(void)state;
	assert_true(baseline_is_date("2024-02-29"));
	assert_true(baseline_is_date("2000-02-29"));
	assert_true(baseline_is_date("2027-12-31"));
	assert_false(baseline_is_date("2027-02-29"));
	assert_false(baseline_is_date("2100-02-29"));
	assert_false(baseline_is_date("2027-13-01"));
	assert_false(baseline_is_date("2027-00-01"));
	assert_false(baseline_is_date("2027-01-00"));
	assert_false(baseline_is_date("2027-04-31"));
	assert_false(baseline_is_date("2027-1-1"));
	assert_false(baseline_is_date("2027-01-011"));
	assert_false(baseline_is_date(""));
}

/* Every beginning of a good file, and every byte of it replaced: no crash, and a message. */
static void hostile_bytes(void **state)
{
	static const char text[] = HEAD ENTRY_A " reason=\"a\\x41\" expires=2027-01-31\n" ENTRY_B;

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		unsigned char *exact = malloc(len + !len);

		assert_non_null(exact);
		memcpy(exact, text, len);
		if (read_bytes((struct bytes){exact, len}))
			assert_true(*error.message);
		for (int byte = 0; byte < 256 && len; byte += 5) {
			exact[len - 1] = (unsigned char)byte;
			if (read_bytes((struct bytes){exact, len}))
				assert_true(*error.message);
		}
		free(exact);
	}
}

static void limits(void **state)
{
	size_t len = BASELINE_LINE_MAX + sizeof(HEAD);
	char *text = malloc(len + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', len);
	memcpy(text, HEAD, sizeof(HEAD) - 1);
	text[len] = '\0';
	assert_int_equal(read_text(text), ERR_SYNTAX);
	assert_string_equal(error.message, "b:4: the line is too long");
	free(text);
	text = calloc((size_t)BASELINE_SIZE_MAX + 1, 1);
	assert_non_null(text);
	assert_int_equal(
	    read_bytes((struct bytes){(unsigned char *)text, (size_t)BASELINE_SIZE_MAX + 1}),
	    ERR_LIMIT);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_it_says),
	    cmocka_unit_test(ends_of_lines_and_scope),
	    cmocka_unit_test(what_is_wrong_is_named),
	    cmocka_unit_test(two_lines_for_one_secret),
	    cmocka_unit_test(writes_what_it_read),
	    cmocka_unit_test(order_is_that_of_paths),
	    cmocka_unit_test(new_entries_are_added),
	    cmocka_unit_test(keys_are_random),
	    cmocka_unit_test(dates),
	    cmocka_unit_test(hostile_bytes),
	    cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
