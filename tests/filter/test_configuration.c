#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "filter/configuration.h"

#include <stdio.h>
#include <stdlib.h>

static struct configuration config;
static struct error error;

static enum err read_text(const char *text)
{
	configuration_release(&config);
	error = (struct error){0};
	return configuration_read(&config, "c.yaml", bytes_of(text), &error);
}

static int release(void **state)
{
	(void)state;
	configuration_release(&config);
	return 0;
}

static void all_keys(void **state)
{
	(void)state;
	assert_int_equal(read_text("exclude: [docs/, '**/*.md']\n"
	                           "disable:\n"
	                           "  - jwt\n"
	                           "  - slack-*\n"
	                           "rules: ci/rules.yaml\n"
	                           "fail-on: warning\n"
	                           "allow:\n"
	                           "  - fingerprint: 000102030405060708090a0b0c0d0eff\n"
	                           "  - rule: acme-*\n"
	                           "    secrets: [a*, b?]\n"
	                           "    paths: tests/\n"
	                           "    reason: made up\n"),
	                 ERR_NONE);
	assert_string_equal(config.file, "c.yaml");
	assert_string_equal(config.exclude[0], "docs/");
	assert_string_equal(config.exclude[1], "**/*.md");
	assert_null(config.exclude[2]);
	assert_int_equal(config.disable.count, 2);
	assert_string_equal(config.disable.items[1].text, "slack-*");
	assert_int_equal(config.disable.items[1].line, 4);
	assert_int_equal(config.rules.count, 1);
	assert_string_equal(config.rules.items[0].text, "ci/rules.yaml");
	assert_true(config.has_fail_on);
	assert_int_equal(config.fail_on, LEVEL_WARNING);
	assert_int_equal(config.allow_count, 2);
	assert_true(config.allows[0].has_fingerprint);
	assert_int_equal(config.allows[0].fingerprint[1], 1);
	assert_int_equal(config.allows[0].fingerprint[15], 0xff);
	assert_null(config.allows[0].rule);
	assert_null(config.allows[0].suppression.paths);
	assert_string_equal(config.allows[1].rule, "acme-*");
	assert_string_equal(config.allows[1].secrets[1], "b?");
	assert_string_equal(config.allows[1].suppression.paths[0], "tests/");
	assert_string_equal(config.allows[1].suppression.reason, "made up");
	assert_int_equal(config.allows[1].suppression.kind, SUPPRESSION_CONFIG);
	assert_int_equal(config.allows[1].suppression.line, 9);
}

static void nothing_is_no_error(void **state)
{
	static const char *const texts[] = {"",   "\n\n",         "# a comment", "  # one\n# two\n",
	                                    "{}", "exclude: []\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(read_text(texts[i]), ERR_NONE);
		assert_null(config.exclude);
		assert_false(config.has_fail_on);
		assert_int_equal(config.allow_count, 0);
	}
}

static void levels(void **state)
{
	(void)state;
	assert_int_equal(read_text("fail-on: note"), ERR_NONE);
	assert_int_equal(config.fail_on, LEVEL_NOTE);
	assert_int_equal(read_text("fail-on: never"), ERR_NONE);
	assert_int_equal(config.fail_on, LEVEL_ERROR + 1);
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	    {"- a", "c.yaml:1: write `key: value` lines here"},
	    {"excludes: [a]", "c.yaml:1: unknown key `excludes`; did you mean `exclude`?"},
	    {"\nsomething-else: 1",
	     "c.yaml:2: unknown key `something-else`; trawl config --help tells those that exist"},
	    {"allow:\n  - rule: a\n    reasn: b",
	     "c.yaml:3: unknown key `reasn`; did you mean `reason`?"},
	    {"exclude: [a]\nexclude: [b]",
	     "c.yaml:2: the key `exclude` stands in line 1 already; remove one"},
	    {"exclude: [[a]]", "c.yaml:1: a text is missing here"},
	    {"exclude: ['']", "c.yaml:1: a text is missing here"},
	    {"exclude:", "c.yaml:1: a text is missing here"},
	    {"exclude: [/a]", "c.yaml:1: `/a` fits nothing: write paths from the tree's top, "
	                      "without /, ./, ../ or ! in front"},
	    {"exclude: [../a]", "c.yaml:1: `../a` fits nothing: write paths from the tree's top, "
	                        "without /, ./, ../ or ! in front"},
	    {"rules: [/etc/r.yaml]",
	     "c.yaml:1: `/etc/r.yaml`: the path of a rule file starts at the "
	     "tree's top and stays inside; use --rules for others"},
	    {"rules: [a/../../r.yaml]",
	     "c.yaml:1: `a/../../r.yaml`: the path of a rule file starts "
	     "at the tree's top and stays inside; use --rules for others"},
	    {"rules: [a//b]", "c.yaml:1: `a//b`: the path of a rule file starts at the tree's top "
	                      "and stays inside; use --rules for others"},
	    {"fail-on: errors",
	     "c.yaml:1: `errors` is no level; write error, warning, note or never"},
	    {"allow: x", "c.yaml:1: `allow` is a list of at most 1000 entries: `- rule: ...`"},
	    {"allow:\n  - fingerprint: 0001",
	     "c.yaml:2: a fingerprint has 32 lower-case hexadecimal digits, as in the reports of "
	     "-o jsonl"},
	    {"allow:\n  - paths: [a]\n    reason: b",
	     "c.yaml:2: say which `rule` this is for (`*`: any), or a `fingerprint`"},
	    {"allow:\n  - rule: a\n    reason: b",
	     "c.yaml:2: say which `secrets` or `paths`; `disable` is for a whole rule"},
	    {"allow:\n  - rule: a\n    paths: b", "c.yaml:2: say why it is allowed: `reason: ...`"},
	    {"exclude: &a [b]\n", "c.yaml:1: an anchor (&); write the value out at each place"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_not_equal(read_text(cases[i].text), ERR_NONE);
		if (strcmp(error.message, cases[i].message) != 0)
			fail_msg("%s\ninstead of\n%s", error.message, cases[i].message);
	}
}

static void limits(void **state)
{
	size_t size = CONFIG_SIZE_MAX + 1;
	char *text = malloc(size), glob[300];

	(void)state;
	assert_non_null(text);
	memset(text, ' ', size);
	configuration_release(&config);
	assert_int_equal(
	    configuration_read(&config, "c", (struct bytes){(unsigned char *)text, size}, &error),
	    ERR_LIMIT);
	size = (size_t)snprintf(text, CONFIG_SIZE_MAX, "disable: [");
	for (int i = 0; i <= CONFIG_LIST_MAX; i++)
		size += (size_t)snprintf(text + size, CONFIG_SIZE_MAX - size, "a,");
	snprintf(text + size, CONFIG_SIZE_MAX - size, "]");
	assert_int_equal(read_text(text), ERR_SYNTAX);
	assert_string_equal(error.message, "c.yaml:1: `disable` has more than 1000 entries");
	memset(glob, 'a', sizeof(glob) - 1);
	glob[sizeof(glob) - 1] = '\0';
	snprintf(text, CONFIG_SIZE_MAX, "exclude: %s", glob);
	assert_int_equal(read_text(text), ERR_SYNTAX);
	assert_string_equal(error.message, "c.yaml:1: longer than 255 bytes; shorten it");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_keys), cmocka_unit_test(nothing_is_no_error),
	    cmocka_unit_test(levels),   cmocka_unit_test(what_is_wrong_is_named),
	    cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
