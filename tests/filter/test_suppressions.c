#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "filter/suppressions.h"
#include "ruleset/builtin.h"

#include <stdio.h>

const struct ruleset_part builtin_part = {0};

static const struct rule acme = {.id = "acme-token"}, other = {.id = "other-token"};

static struct configuration config;
static struct baseline baseline;
static struct suppressions suppressions;
static struct arena arena;

static void configure(const char *text)
{
	struct error error;

	configuration_release(&config);
	if (configuration_read(&config, "c", bytes_of(text), &error))
		fail_msg("%s", error.message);
	suppressions = (struct suppressions){.today = "2027-01-31"};
	suppressions_init(&suppressions, &config, NULL);
}

static int release(void **state)
{
	(void)state;
	configuration_release(&config);
	baseline_release(&baseline);
	arena_release(&arena);
	return 0;
}

/* The reason for which the secret is suppressed at the path; NULL: it is not. */
static const char *reason_at(const struct rule *rule, const char *secret, const char *path)
{
	const struct suppression *found = suppressions_at(
	    &suppressions, suppressions_of(&suppressions, rule, bytes_of(secret), &arena),
	    bytes_of(path));

	return found ? found->reason : NULL;
}

static bool excludes(const char *path)
{
	return suppressions_exclude(&suppressions, bytes_of(path));
}

static void conditions_must_all_hold(void **state)
{
	(void)state;
	configure("allow:\n"
	          "  - {rule: acme-*, secrets: ['*test*', 'x?'], paths: [t/], reason: one}\n"
	          "  - {rule: other-token, paths: ['**/*.md'], reason: two}\n"
	          "  - {rule: '*', secrets: [any], reason: three}\n");
	assert_string_equal(reason_at(&acme, "a test", "t/a"), "one");
	assert_string_equal(reason_at(&acme, "xy", "t/b/c"), "one");
	assert_null(reason_at(&acme, "xyz", "t/a"));
	assert_null(reason_at(&acme, "xy", "u/t/a"));
	assert_null(reason_at(&acme, "xy", "ta"));
	assert_null(reason_at(&other, "xy", "t/a"));
	assert_string_equal(reason_at(&other, "s", "a/b.md"), "two");
	assert_string_equal(reason_at(&other, "any", "a"), "three");
	/* Without a path only what holds everywhere does. */
	assert_null(reason_at(&acme, "xy", ""));
	assert_string_equal(reason_at(&other, "any", ""), "three");
}

static void fingerprints_are_those_of_the_reports(void **state)
{
	uint8_t fingerprint[FINGERPRINT_SIZE];
	char text[200], hex[2 * FINGERPRINT_SIZE + 1];
	struct fingerprint_key key;

	(void)state;
	fingerprint_key_random(&key);
	fingerprint_make(&key, "acme-token", bytes_of("s"), fingerprint);
	for (int i = 0; i < FINGERPRINT_SIZE; i++)
		snprintf(hex + (ptrdiff_t)2 * i, 3, "%02x", fingerprint[i]);
	snprintf(text, sizeof(text), "allow: [{fingerprint: '%s', reason: r}]", hex);
	configure(text);
	assert_null(reason_at(&acme, "s", "a"));
	suppressions.key = key;
	assert_string_equal(reason_at(&acme, "s", "a"), "r");
	assert_null(reason_at(&acme, "t", "a"));
	assert_null(reason_at(&other, "s", "a"));
}

static void baselines(void **state)
{
	struct baseline_entry entry = {.rule = "acme-token",
	                               .path = bytes_of("a"),
	                               .preview = "",
	                               .suppression = {.reason = "old", .expires = "2027-01-31"}};

	(void)state;
	baseline_new(&baseline, BASELINE_TREE);
	fingerprint_make(&baseline.key, "acme-token", bytes_of("s"), entry.fingerprint);
	baseline_add(&baseline, &entry);
	baseline_index(&baseline);
	suppressions = (struct suppressions){.today = "2027-01-31"};
	suppressions_init(&suppressions, NULL, &baseline);
	assert_string_equal(reason_at(&acme, "s", "elsewhere"), "old");
	assert_string_equal(reason_at(&acme, "s", ""), "old");
	assert_null(reason_at(&acme, "t", "a"));
	assert_null(reason_at(&other, "s", "a"));
	memcpy(suppressions.today, "2027-02-01", BASELINE_DATE_SIZE);
	assert_null(reason_at(&acme, "s", "a"));
}

static void excluded_paths(void **state)
{
	(void)state;
	configure("exclude: [docs/, '*.md']");
	assert_true(excludes("docs"));
	assert_true(excludes("docs/a/b"));
	assert_true(excludes("a.md"));
	assert_false(excludes("b/a.md"));
	assert_false(excludes("b/docs/a"));
	/* In a history, what stands there is held against by its path. */
	assert_string_equal(reason_at(&acme, "s", "docs/a"), "the path is excluded");
	assert_null(reason_at(&acme, "s", "src/a"));
}

static void places_of_operands(void **state)
{
	static const struct tree_place places[] = {
	    {"../docs", "docs"}, {"sub/link", NULL}, {"/abs", ""}, {"/", NULL}, {"", "sub"},
	};

	(void)state;
	configure("exclude: [docs/, sub/x, top]");
	suppressions.places = places;
	suppressions.place_count = sizeof(places) / sizeof(*places);
	assert_true(excludes("../docs"));
	assert_true(excludes("../docs/a"));
	assert_false(excludes("../docsy/a"));
	assert_true(excludes("x/y"));
	assert_false(excludes("docs/a"));
	assert_false(excludes("sub/link/x"));
	assert_true(excludes("/abs/top"));
	assert_false(excludes("/abso/top"));
	assert_false(excludes("/docs/a"));
}

static void none(void **state)
{
	(void)state;
	suppressions = (struct suppressions){0};
	suppressions_init(&suppressions, NULL, NULL);
	assert_null(suppressions_of(&suppressions, &acme, bytes_of("s"), &arena));
	assert_null(suppressions_at(&suppressions, NULL, bytes_of("a")));
	assert_false(excludes("a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(conditions_must_all_hold),
	    cmocka_unit_test(fingerprints_are_those_of_the_reports),
	    cmocka_unit_test(baselines),
	    cmocka_unit_test(excluded_paths),
	    cmocka_unit_test(places_of_operands),
	    cmocka_unit_test(none),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
