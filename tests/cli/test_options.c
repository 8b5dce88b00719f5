#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/options.h"

enum { WORDS_MAX = 24 };

/* getopt moves the words of argv, and so they stand in an array of their own. */
static enum err parse(struct options *o, const char *const *given, struct error *error)
{
	char *argv[WORDS_MAX + 1] = {(char *)"scan"};
	int argc = 1;

	for (; given[argc - 1]; argc++) {
		assert_true(argc < WORDS_MAX);
		argv[argc] = (char *)given[argc - 1];
	}
	return options_parse(o, argc, argv, error);
}

#define PARSE(o, ...) parsed(o, (const char *const[]){__VA_ARGS__, NULL})

static void parsed(struct options *o, const char *const *given)
{
	struct error error = {0};

	if (parse(o, given, &error))
		fail_msg("%s", error.message);
}

#define REFUSED(text, ...) refused(text, (const char *const[]){__VA_ARGS__, NULL})

static void refused(const char *text, const char *const *given)
{
	struct options o;
	struct error error = {0};

	assert_int_equal(parse(&o, given, &error), ERR_USAGE);
	if (!strstr(error.message, text))
		fail_msg("no '%s' in: %s", text, error.message);
}

static void defaults(void **state)
{
	struct options o;

	(void)state;
	PARSE(&o, NULL);
	assert_int_equal(o.operands.count, 0);
	assert_int_equal(o.outputs.count, 0);
	assert_int_equal(o.fail_on, LEVEL_WARNING);
	assert_int_equal(o.exit_code, 1);
	assert_true(o.threads >= 1);
	assert_int_equal(o.sarif_limit, 25000);
	assert_int_equal(o.source.max_size, 256 << 20);
	assert_false(o.source.max_size_chosen);
	assert_int_equal(o.progress, PROGRESS_AUTO);
	assert_int_equal(o.engine.checksum, CHECKSUM_LOWER);
	assert_false(o.engine.no_prefilter || o.show_secrets || o.no_inline || o.quiet || o.help ||
	             o.verbose || o.allow_incomplete || o.source.include_ignored);
	assert_null(o.key_file);
	options_release(&o);
}

static void options_and_operands_mix(void **state)
{
	struct options o;

	(void)state;
	PARSE(&o, "one", "-q", "two", "-ojsonl=x", "-", "--", "-v", "--only");
	assert_int_equal(o.operands.count, 5);
	assert_string_equal(o.operands.items[0], "one");
	assert_string_equal(o.operands.items[1], "two");
	assert_string_equal(o.operands.items[2], "-");
	assert_string_equal(o.operands.items[3], "-v");
	assert_string_equal(o.operands.items[4], "--only");
	assert_true(o.quiet);
	assert_false(o.verbose);
	assert_int_equal(o.outputs.count, 1);
	assert_string_equal(o.outputs.items[0], "jsonl=x");
	options_release(&o);
}

static void options_that_repeat(void **state)
{
	struct options o;

	(void)state;
	PARSE(&o, "-o", "text", "--output=sarif=f", "--rules", "a", "--rules=b", "--only", "x",
	      "--disable", "y", "--disable", "z");
	assert_int_equal(o.outputs.count, 2);
	assert_string_equal(o.outputs.items[1], "sarif=f");
	assert_int_equal(o.rules.count, 2);
	assert_string_equal(o.rules.items[0], "a");
	assert_string_equal(o.rules.items[1], "b");
	assert_int_equal(o.only.count, 1);
	assert_int_equal(o.disable.count, 2);
	assert_string_equal(o.disable.items[1], "z");
	options_release(&o);
}

static void flags_and_words(void **state)
{
	struct options o;

	(void)state;
	PARSE(&o, "-vqh", "--no-inline", "--show-secrets", "--allow-incomplete", "--no-prefilter",
	      "--include-ignored", "--stdin-name", "in.txt", "--fingerprint-key", "key");
	assert_true(o.verbose && o.quiet && o.help && o.no_inline && o.show_secrets &&
	            o.allow_incomplete && o.engine.no_prefilter && o.source.include_ignored);
	assert_string_equal(o.source.stdin_name, "in.txt");
	assert_string_equal(o.key_file, "key");
	options_release(&o);
}

static void choices(void **state)
{
	static const char *const levels[] = {"note", "warning", "error", "never"};
	struct options o;

	(void)state;
	for (int i = 0; i < 4; i++) {
		PARSE(&o, "--fail-on", levels[i]);
		assert_int_equal(o.fail_on, i);
		options_release(&o);
	}
	PARSE(&o, "--checksum=strict", "--progress=never");
	assert_int_equal(o.engine.checksum, CHECKSUM_STRICT);
	assert_int_equal(o.progress, PROGRESS_NEVER);
	options_release(&o);
	PARSE(&o, "--checksum=ignore", "--progress=always");
	assert_int_equal(o.engine.checksum, CHECKSUM_IGNORE);
	assert_int_equal(o.progress, PROGRESS_ALWAYS);
	options_release(&o);
	REFUSED("--fail-on takes one of note, warning, error, never, not 'all'", "--fail-on=all");
	REFUSED("--checksum takes one of lower, strict, ignore, not ''", "--checksum=");
	REFUSED("--progress takes one of auto, always, never", "--progress", "Always");
}

static void numbers(void **state)
{
	struct options o;

	(void)state;
	PARSE(&o, "-j", "7", "--exit-code", "0", "--sarif-limit", "12");
	assert_int_equal(o.threads, 7);
	assert_int_equal(o.exit_code, 0);
	assert_int_equal(o.sarif_limit, 12);
	options_release(&o);
	PARSE(&o, "-j1024", "--exit-code=255", "--sarif-limit=none");
	assert_int_equal(o.threads, 1024);
	assert_int_equal(o.exit_code, 255);
	assert_true(o.sarif_limit == UINT64_MAX);
	options_release(&o);
	REFUSED("-j takes a whole number from 1 to 1024, not '0'", "-j0");
	REFUSED("not '1025'", "-j", "1025");
	REFUSED("not '-1'", "-j", "-1");
	REFUSED("not ' 1'", "-j", " 1");
	REFUSED("not '1x'", "-j", "1x");
	REFUSED("not ''", "-j", "");
	REFUSED("not '99999999999999999999'", "-j", "99999999999999999999");
	REFUSED("--exit-code takes a whole number from 0 to 255", "--exit-code", "256");
	REFUSED("--sarif-limit (or none) takes", "--sarif-limit", "all");
}

static void assert_max_size(const char *word, uint64_t size)
{
	struct options o;

	PARSE(&o, "--max-size", word);
	assert_true(o.source.max_size == size);
	assert_true(o.source.max_size_chosen);
	options_release(&o);
}

static void sizes(void **state)
{
	(void)state;
	assert_max_size("0", 0);
	assert_max_size("1000000", 1000000);
	assert_max_size("512K", 512 << 10);
	assert_max_size("64m", 64 << 20);
	assert_max_size("3G", UINT64_C(3) << 30);
	assert_max_size("4095M", UINT64_C(4095) << 20);
	REFUSED("below 4 GiB", "--max-size", "4G");
	REFUSED("below 4 GiB", "--max-size", "4096M");
	REFUSED("below 4 GiB", "--max-size", "18446744073709551615");
	REFUSED("below 4 GiB", "--max-size", "18014398509481985K");
	REFUSED("not '1T'", "--max-size", "1T");
	REFUSED("not '1KK'", "--max-size", "1KK");
	REFUSED("not 'K'", "--max-size", "K");
	REFUSED("not '-1'", "--max-size", "-1");
	REFUSED("not ''", "--max-size", "");
}

static void what_is_no_option(void **state)
{
	(void)state;
	REFUSED("unknown option --nope; try: trawl scan --help", "--nope");
	REFUSED("unknown option -z", "-z");
	REFUSED("unknown option -vz", "-vz");
	REFUSED("option --rules needs a value", "a", "--rules");
	REFUSED("option -o needs a value", "-o");
	REFUSED("--quiet=1", "--quiet=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(options_and_operands_mix),
	    cmocka_unit_test(options_that_repeat),
	    cmocka_unit_test(flags_and_words),
	    cmocka_unit_test(choices),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(sizes),
	    cmocka_unit_test(what_is_no_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
