#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "filter/inline_allow.h"
#include "ruleset/builtin.h"

#include <stdio.h>
#include <stdlib.h>

/* The rules of these tests, in two parts. */
static const struct rule rules[] = {
    {.id = "one-token"}, {.id = "plain"}, {.id = "two-secret"}, {.id = "two-token"}};
const struct ruleset_part builtin_part = {.rules = rules, .count = 1};
static struct ruleset set;

static int set_up(void **state)
{
	(void)state;
	set.parts[PART_BUILTIN] = builtin_part;
	set.parts[PART_USER] = (struct ruleset_part){.rules = rules + 1, .count = 3};
	return 0;
}

/* Whether a finding of the rule on the line that starts at the offset is allowed, looked at first.
 */
static bool allows_rule(const char *text, size_t line_start, const char *rule_id)
{
	struct inline_allow state = {0};

	return inline_allows(&state, bytes_of(text), line_start, rule_id, &set);
}

static bool allows(const char *text, size_t line_start)
{
	return allows_rule(text, line_start, "one-token");
}

static void on_the_same_line(void **state)
{
	(void)state;
	assert_true(allows("x trawl:allow", 0));
	assert_true(allows("trawl:allow", 0));
	assert_true(allows("/* trawl:allow */ x\ny", 0));
	assert_true(allows("a\nx trawl:allow\r\n", 2));
	assert_false(allows("", 0));
	assert_false(allows("x", 0));
	assert_false(allows("x\ntrawl:allow", 0));
	assert_false(allows("trawl:allo", 0));
	assert_false(allows("TRAWL:ALLOW", 0));
}

static void on_the_line_before(void **state)
{
	(void)state;
	assert_true(allows("trawl:allow\nx", 12));
	assert_true(allows("\ntrawl:allow\nx", 13));
	assert_true(allows("trawl:allow\n", 12));
	assert_false(allows("trawl:allow\n\nx", 13));
	assert_false(allows("a\nb\nx", 4));
}

static void as_a_word_of_its_own(void **state)
{
	(void)state;
	assert_true(allows("(trawl:allow)", 0));
	assert_true(allows("trawl:allow: x", 0));
	assert_true(allows("trawl:allow.", 0));
	assert_false(allows("xtrawl:allow", 0));
	assert_false(allows("-trawl:allow", 0));
	assert_false(allows("_trawl:allow", 0));
	assert_false(allows("trawl:allowed", 0));
	assert_false(allows("trawl:allow-all", 0));
	assert_true(allows("trawl:allowed trawl:allow", 0));
}

static void for_one_rule(void **state)
{
	(void)state;
	assert_true(allows_rule("x trawl:allow one-token", 0, "one-token"));
	assert_true(allows_rule("x trawl:allow \t one-token", 0, "one-token"));
	assert_true(allows_rule("x trawl:allow:one-token", 0, "one-token"));
	assert_false(allows_rule("x trawl:allow two-token", 0, "one-token"));
	assert_false(allows_rule("x trawl:allow: two-token", 0, "one-token"));
	assert_false(allows_rule("x trawl:allow, two-token", 0, "one-token"));
	assert_false(allows_rule("x trawl:allow plain", 0, "one-token"));
	assert_true(allows_rule("x trawl:allow plain", 0, "plain"));
	assert_true(allows_rule("x trawl:allow two-token trawl:allow one-token", 0, "one-token"));
	assert_false(allows_rule("trawl:allow two-token\nx", 22, "one-token"));
	assert_true(allows_rule("trawl:allow two-token\nx", 22, "two-token"));
}

static void for_several_rules(void **state)
{
	static const char *const texts[] = {
	    "x trawl:allow one-token, two-token",        "x trawl:allow one-token two-token",
	    "x trawl:allow one-token,two-token: reason", "x trawl:allow one-*,two-t* for a reason",
	    "/* trawl:allow one-token, two-token*/ x",   "<!-- trawl:allow two-token one-token-->",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(allows_rule(texts[i], 0, "one-token"));
		assert_true(allows_rule(texts[i], 0, "two-token"));
		assert_false(allows_rule(texts[i], 0, "two-secret"));
		assert_false(allows_rule(texts[i], 0, "plain"));
	}
	assert_true(allows_rule("x trawl:allow two-*", 0, "two-secret"));
	assert_false(allows_rule("x trawl:allow two-*", 0, "one-token"));
	assert_true(allows_rule("x trawl:allow *", 0, "one-token"));
	/* A reason ends the list, whatever follows. */
	assert_false(allows_rule("x trawl:allow one-token but not two-token", 0, "two-token"));
	assert_false(allows_rule("x trawl:allow one-token, two-tokem", 0, "two-token"));
	assert_true(allows_rule("x trawl:allow one-token, two-tokem", 0, "one-token"));
}

static void a_misspelt_id_allows_nothing(void **state)
{
	(void)state;
	assert_false(allows_rule("x trawl:allow one-tokem", 0, "one-token"));
	assert_false(allows_rule("x trawl:allow one-token2", 0, "one-token"));
	assert_false(allows_rule("x trawl:allow: one-tokem", 0, "one-token"));
	assert_false(allows_rule("x trawl:allow one-tokem, one-token", 0, "one-token"));
	assert_false(allows_rule("x trawl:allow three-*", 0, "one-token"));
	assert_false(allows_rule("/* trawl:allow one-tokem*/", 0, "one-token"));
	assert_false(allows_rule("trawl:allow one-tokem\nx", 22, "one-token"));
	assert_true(allows_rule("x trawl:allow one-tokem trawl:allow", 0, "one-token"));
}

static void a_reason_is_no_id(void **state)
{
	static const char *const texts[] = {
	    "x trawl:allow because it is made-up",
	    "x trawl:allow Made-up",
	    "x trawl:allow (made-up)",
	    "x trawl:allow made_up-token",
	    "x trawl:allow - made-up",
	    "x trawl:allow -- made-up",
	    "<!-- trawl:allow --> made-up",
	    "/* trawl:allow */ made-up",
	    "x trawl:allow \xc3\xa9-token",
	    "x trawl:allow a--b",
	    "x trawl:allow one",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(allows_rule(texts[i], 0, "one-token"));
		assert_true(allows_rule(texts[i], 0, "two-secret"));
	}
}

/* So many ids that looking at all of them for each finding would take for ever. */
static void only_so_many_ids_are_heeded(void **state)
{
	static const char head[] = "trawl:allow ", id[] = "two-token ";
	char text[sizeof(head) + INLINE_IDS_MAX * sizeof(id) + 32];

	(void)state;
	for (size_t count = INLINE_IDS_MAX - 1; count <= INLINE_IDS_MAX; count++) {
		size_t len = sizeof(head) - 1;

		memcpy(text, head, len);
		for (size_t i = 0; i < count; i++, len += sizeof(id) - 1)
			memcpy(text + len, id, sizeof(id) - 1);
		memcpy(text + len, "one-token", 10);
		assert_true(allows_rule(text, 0, "two-token"));
		assert_int_equal(allows_rule(text, 0, "one-token"), count < INLINE_IDS_MAX);
	}
}

static void a_marker_is_spent_on_its_own_line(void **state)
{
	static const char text[] = "x trawl:allow\nx\nx trawl:allow\ny\nx";
	struct inline_allow allow = {0};

	(void)state;
	assert_true(inline_allows(&allow, bytes_of(text), 0, "one-token", &set));
	assert_true(inline_allows(&allow, bytes_of(text), 0, "two-token", &set));
	assert_false(inline_allows(&allow, bytes_of(text), 14, "one-token", &set));
	assert_true(inline_allows(&allow, bytes_of(text), 16, "one-token", &set));
	assert_false(inline_allows(&allow, bytes_of(text), 32, "one-token", &set));
	/* A line without a finding of its own: its marker speaks for the next. */
	allow = (struct inline_allow){0};
	assert_true(inline_allows(&allow, bytes_of(text), 0, "one-token", &set));
	assert_true(inline_allows(&allow, bytes_of(text), 30, "one-token", &set));
}

static bool allows_foreign(const char *text, size_t line_start)
{
	struct inline_allow state = {.foreign = true};

	return inline_allows(&state, bytes_of(text), line_start, "one-token", &set);
}

static void markers_of_others(void **state)
{
	static const char *const markers[] = {
	    "gitleaks:allow",
	    "betterleaks:allow",
	    "trufflehog:ignore",
	    "kingfisher:ignore",
	    "pragma: allowlist secret",
	    "pragma:allowlist secret",
	    "ggignore",
	    "NOSONAR",
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(markers) / sizeof(*markers); i++) {
		snprintf(text, sizeof(text), "x # %s\nx", markers[i]);
		assert_true(allows_foreign(text, 0));
		assert_false(allows_foreign(text, strlen(text) - 1));
		assert_false(allows(text, 0));
		snprintf(text, sizeof(text), "x # x%s %sx", markers[i], markers[i]);
		assert_false(allows_foreign(text, 0));
	}
	assert_true(allows_foreign("# pragma: allowlist nextline secret\nx", 36));
	assert_false(allows_foreign("x # pragma: allowlist nextline secret\ny", 0));
	assert_false(allows("# pragma: allowlist nextline secret\nx", 36));
	assert_true(allows_foreign("x trawl:allow", 0));
}

/* A marker that stands before a very long word, or at the very end of the bytes. */
static void hostile_text(void **state)
{
	static char text[4096];
	unsigned char *exact = malloc(11);

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "trawl:allow ", 12);
	assert_true(allows(text, 0));
	assert_non_null(exact);
	memcpy(exact, "trawl:allow", 11);
	for (size_t len = 0; len <= 11; len++) {
		struct inline_allow allow = {0};

		assert_int_equal(
		    inline_allows(&allow, (struct bytes){exact, len}, 0, "one-token", &set),
		    len == 11);
	}
	free(exact);
}

static void markers_are_found_one_by_one(void **state)
{
	struct bytes text = bytes_of("a\nb trawl:allow trawl:allow\n trawl:allowed\ntrawl:allow");

	(void)state;
	assert_int_equal(inline_next(text, 0), 2);
	assert_int_equal(inline_next(text, 28), 43);
	assert_int_equal(inline_next(text, 54), SIZE_MAX);
	assert_int_equal(inline_next(text, text.len), SIZE_MAX);
	assert_int_equal(inline_next(bytes_of("trawl:allow"), 0), 0);
	assert_int_equal(inline_next((struct bytes){NULL, 0}, 0), SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(on_the_same_line),
	    cmocka_unit_test(on_the_line_before),
	    cmocka_unit_test(as_a_word_of_its_own),
	    cmocka_unit_test(for_one_rule),
	    cmocka_unit_test(for_several_rules),
	    cmocka_unit_test(a_misspelt_id_allows_nothing),
	    cmocka_unit_test(a_reason_is_no_id),
	    cmocka_unit_test(only_so_many_ids_are_heeded),
	    cmocka_unit_test(a_marker_is_spent_on_its_own_line),
	    cmocka_unit_test(markers_of_others),
	    cmocka_unit_test(hostile_text),
	    cmocka_unit_test(markers_are_found_one_by_one),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
