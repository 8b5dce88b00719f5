#include "ruleset/load.h"
#include "ruleset/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct rule *load_row(struct rule_list *list, struct arena *arena, const char *row)
{
	char text[1024];
	struct error error = {0};

	snprintf(text, sizeof(text), "table:\n  Cloud:\n    - {%s}\n", row);
	assert_int_equal(load_rules_text(list, arena, "x.yaml", bytes_of(text), &error), ERR_NONE);
	return &list->items[list->count - 1];
}

static size_t count_examples(const struct rule *rule, bool secret)
{
	size_t count = 0;

	for (size_t i = 0; i < rule->example_count; i++)
		count += rule->examples[i].contains_secret == secret;
	return count;
}

static void a_row_with_keywords_is_a_rule(void **state)
{
	struct rule_list list = {0};
	struct arena arena = {0};
	const struct rule *rule =
	    load_row(&list, &arena,
	             "provider: Acme Cloud, credential: API key, keywords: acmecloud, "
	             "shape: 'hex{32}'");

	(void)state;
	assert_string_equal(rule->id, "acme-cloud-api-key");
	assert_string_equal(rule->name, "Acme Cloud API key");
	assert_string_equal(rule->provider, "Acme Cloud");
	assert_string_equal(rule->category, "Cloud");
	assert_string_equal(rule->message,
	                    "Revoke this Acme Cloud API key and keep its replacement "
	                    "in a secret store.");
	assert_non_null(rule->impact);
	assert_non_null(rule->fix);
	assert_null(rule->references);
	assert_int_equal(rule->line, 3);
	assert_int_equal(rule->type, RULE_PROVIDER_GENERIC);
	assert_int_equal(rule->confidence, CONFIDENCE_MEDIUM);
	assert_int_equal(rule->level, LEVEL_ERROR);
	assert_int_equal(rule->filters.pattern_not_count, 2);
	assert_int_equal(rule->anchor_count, 1);
	assert_int_equal(count_examples(rule, true), 4);
	assert_int_equal(count_examples(rule, false), 5);
	rule_list_release(&list);
	arena_release(&arena);
}

static void a_row_without_keywords_is_distinctive(void **state)
{
	struct rule_list list = {0};
	struct arena arena = {0};
	const struct rule *rule = load_row(
	    &list, &arena,
	    "provider: Acme, credential: token, shape: 'acme_ alnum{20}', confidence: high, "
	    "severity: low, references: https://acme.example/docs");

	(void)state;
	assert_string_equal(rule->pattern.text,
	                    "((?:acme_[0-9A-Za-z]{20}))(?![\\w\\-0-9A-Za-z]|[~^!]\\w)");
	assert_string_equal(rule->references[0], "https://acme.example/docs");
	assert_int_equal(rule->type, RULE_SPECIFIC);
	assert_int_equal(rule->confidence, CONFIDENCE_HIGH);
	assert_int_equal(rule->prefix_len, 5);
	assert_int_equal(rule->filters.pattern_not_count, 0);
	assert_int_equal(count_examples(rule, true), 3);
	assert_int_equal(count_examples(rule, false), 3);
	rule_list_release(&list);
	arena_release(&arena);
}

static void what_a_value_needs_stands_near_it(void **state)
{
	struct rule_list list = {0};
	struct arena arena = {0};
	const struct rule *rule =
	    load_row(&list, &arena,
	             "provider: Acme, credential: secret, keywords: [acme, acme_api], "
	             "shape: 'alnum{32}', with: 'AC digit{8}'");

	(void)state;
	assert_non_null(rule->context);
	assert_int_equal(rule->context->kind, CONTEXT_AROUND);
	assert_string_equal(rule->context->pattern.text,
	                    "(?<![0-9A-Za-z])(?:AC[0-9]{8})(?![0-9A-Za-z])");
	assert_int_equal(count_examples(rule, false), 6);
	rule_list_release(&list);
	arena_release(&arena);
}

static void rows_share_what_rejects_values(void **state)
{
	struct rule_list list = {0};
	struct arena arena = {0};
	struct error error = {0};

	(void)state;
	assert_int_equal(
	    load_rules_text(
		&list, &arena, "x.yaml",
		bytes_of("table:\n  Cloud:\n"
	                 "    - {provider: A, credential: b, keywords: aaaa, shape: 'hex{32}'}\n"
	                 "    - {provider: C, credential: d, keywords: cccc, shape: 'hex{32}'}\n"
	                 "  Other:\n"
	                 "    - {provider: E, credential: f, shape: 'eeee_ hex{32}'}\n"),
		&error),
	    ERR_NONE);
	assert_int_equal(list.count, 3);
	assert_ptr_equal(list.items[0].filters.pattern_not, list.items[1].filters.pattern_not);
	assert_ptr_equal(list.items[0].filters.pattern_not, list.items[2].filters.pattern_not);
	assert_int_equal(list.slot_count, 3 + 2);
	rule_list_release(&list);
	arena_release(&arena);
}

static void assert_refused(const char *table, const char *message)
{
	struct rule_list list = {0};
	struct arena arena = {0};
	struct error error = {0};
	char text[1024];

	snprintf(text, sizeof(text), "table:%s\n", table);
	assert_int_equal(load_rules_text(&list, &arena, "x.yaml", bytes_of(text), &error),
	                 ERR_SYNTAX);
	assert_string_equal(error.message, message);
	assert_int_equal(list.count, 0);
	rule_list_release(&list);
	arena_release(&arena);
}

#define ROW "\n  Cloud:\n    - {provider: Acme, credential: key, "

static void wrong_rows_are_refused(void **state)
{
	(void)state;
	assert_refused(" []", "x.yaml:1: the table must be a mapping from categories to rows");
	assert_refused(" {}", "x.yaml:1: the table must be a mapping from categories to rows");
	assert_refused("\n  Cloud: []", "x.yaml:2: Cloud must be a list with at least one row");
	assert_refused("\n  Cloud: [a]", "x.yaml:2: a row must be a mapping; write `key: value` "
	                                 "lines below it");
	assert_refused("\n  Cloud: [{provider: Acme}]",
	               "x.yaml:2: a row has no `credential`; add it");
	assert_refused(ROW "shape: 'hex{32}', colour: red}",
	               "x.yaml:3: unknown key `colour` in a row; known keys are: provider, "
	               "credential, shape, keywords, with, references, severity, confidence, type");
	assert_refused(ROW "shape: 'hex{}'}",
	               "x.yaml:3: the shape `hex{}` has a count that is not {N} or {N,M} with N <= "
	               "M <= 4096");
	assert_refused(ROW "shape: 'acme_ hex{32}', with: '|'}",
	               "x.yaml:3: the shape `|` has an empty alternative");
	assert_refused(ROW "shape: 'digit{32}', keywords: acme}",
	               "x.yaml:3: the shape `digit{32}` has no digits or no letters: words and "
	               "numbers look like it; write a rule of its own");
	assert_refused(ROW "shape: 'hex{32}', keywords: box}",
	               "x.yaml:3: the keyword `box` must have 4 to 40 characters; join a short one "
	               "with the next word: `box_token`");
	assert_refused(ROW "shape: 'hex{32}', keywords: 'ac(me'}",
	               "x.yaml:3: the keyword `ac(me` has characters other than a-z, 0-9, `_`, `.` "
	               "and `-`");
	assert_refused(ROW "shape: 'hex{32}', keywords: []}",
	               "x.yaml:3: keywords must be a list with at least one entry");
	assert_refused("\n  Cloud:\n    - {provider: '-', credential: '-', shape: 'acme_ hex{32}'}",
	               "x.yaml:3: `` is no id; use words of a-z and 0-9, joined by single hyphens, "
	               "at most 100 characters");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_row_with_keywords_is_a_rule),
	    cmocka_unit_test(a_row_without_keywords_is_distinctive),
	    cmocka_unit_test(what_a_value_needs_stands_near_it),
	    cmocka_unit_test(rows_share_what_rejects_values),
	    cmocka_unit_test(wrong_rows_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
