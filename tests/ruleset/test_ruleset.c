#include "ruleset/builtin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define TWO "fixtures/rules/two.yaml"
#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* One rule of rules/, whose id is stable; its neighbours start with the same word. */
#define SONARQUBE "sonarqube-cloud-scoped-organization-token"

struct fixture {
	struct ruleset set;
	struct error error;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){0};
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ruleset_release(&f->set);
	return 0;
}

static struct fixture *load_two(void **state)
{
	static const char *const paths[] = {TWO};
	struct fixture *f = *state;

	if (ruleset_load(&f->set, paths, 1, &f->error))
		fail_msg("%s", f->error.message);
	return f;
}

static const struct rule *builtin_rule(const char *id)
{
	size_t i = 0;

	while (i < builtin_part.count && strcmp(builtin_part.rules[i].id, id) != 0)
		i++;
	assert_true(i < builtin_part.count);
	return &builtin_part.rules[i];
}

/* Whether exactly those built-in rules are enabled whose ids start with the prefix. */
static void assert_builtin_enabled(const struct ruleset *set, const char *prefix)
{
	for (size_t i = 0; i < builtin_part.count; i++)
		assert_int_equal(set->enabled[PART_BUILTIN][i],
		                 strncmp(builtin_part.rules[i].id, prefix, strlen(prefix)) == 0);
}

static void the_builtin_rules_need_no_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ruleset_load(&f->set, NULL, 0, &f->error), ERR_NONE);
	assert_true(builtin_part.count >= 40);
	assert_ptr_equal(f->set.parts[PART_BUILTIN].rules, builtin_part.rules);
	assert_int_equal(f->set.parts[PART_BUILTIN].count, builtin_part.count);
	assert_int_equal(f->set.parts[PART_USER].count, 0);
	assert_int_equal(f->set.parts[PART_USER].stubs.count, 0);
	assert_int_equal(ruleset_enabled_count(&f->set), builtin_part.count);
}

static void user_rules_are_a_part_of_their_own(void **state)
{
	struct fixture *f = load_two(state);
	const struct ruleset_part *part = &f->set.parts[PART_USER];
	const struct stub_use *use;
	size_t stub = 0;

	assert_int_equal(part->count, 2);
	assert_string_equal(part->rules[0].id, "acme-project-token");
	assert_string_equal(part->rules[1].id, "acme-user-token");
	assert_string_equal(part->rules[1].file, TWO);
	assert_int_equal(part->slot_count, 3);
	while (stub < part->stubs.count && strcmp(part->stubs.stubs[stub].expression, "acme") != 0)
		stub++;
	assert_true(stub < part->stubs.count);
	use = &part->stubs.uses[part->stubs.first_use[stub]];
	assert_int_equal(use->rule, 1);
	assert_int_equal(use->kind, STUB_INCLUDES);
	assert_int_equal(ruleset_enabled_count(&f->set), builtin_part.count + 2);
}

static void an_id_is_used_once(void **state)
{
	static const char *const twice[] = {TWO, "./" TWO};
	static const char *const builtin[] = {TWO, "fixtures/rules/builtin-id.yaml"};
	struct fixture *f = *state;
	struct error wanted;

	assert_int_equal(ruleset_load(&f->set, twice, 2, &f->error), ERR_SYNTAX);
	assert_string_equal(f->error.message,
	                    TWO ":9: the id `acme-project-token` is used in ./" TWO ":9 already; "
	                        "rename one rule");
	assert_null(f->set.enabled[PART_BUILTIN]);
	assert_int_equal(ruleset_load(&f->set, builtin, 2, &f->error), ERR_SYNTAX);
	error_set(&wanted, ERR_SYNTAX,
	          "fixtures/rules/builtin-id.yaml:5: the id `" SONARQUBE
	          "` is that of the built-in "
	          "rule in rules/sonarqube.yaml:%u; rename the rule",
	          builtin_rule(SONARQUBE)->line);
	assert_string_equal(f->error.message, wanted.message);
}

static void a_missing_path_is_named(void **state)
{
	static const char *const paths[] = {"fixtures/rules/none.yaml"};
	struct fixture *f = *state;

	assert_int_equal(ruleset_load(&f->set, paths, 1, &f->error), ERR_MISSING);
	assert_string_equal(
	    f->error.message,
	    "fixtures/rules/none.yaml: cannot read: No such file or directory; check "
	    "the path and its permissions");
}

static void rules_are_found_by_id(void **state)
{
	struct fixture *f = load_two(state);

	for (size_t i = 0; i < builtin_part.count; i++)
		assert_ptr_equal(ruleset_find(&f->set, builtin_part.rules[i].id),
		                 &builtin_part.rules[i]);
	assert_ptr_equal(ruleset_find(&f->set, "acme-user-token"),
	                 &f->set.parts[PART_USER].rules[1]);
	assert_null(ruleset_find(&f->set, "acme"));
	assert_null(ruleset_find(&f->set, ""));
}

static void knows_the_names_that_fit_a_rule(void **state)
{
	static const char *const unknown[] = {
	    "",      "acme",        "acme-user",        "acme-user-token2",
	    "zzz-*", "acme-user*x", "acme-user-token2*"};
	struct fixture *f = load_two(state);

	for (size_t i = 0; i < builtin_part.count; i++)
		assert_true(ruleset_knows(&f->set, bytes_of(builtin_part.rules[i].id)));
	assert_true(ruleset_knows(&f->set, bytes_of("acme-project-token")));
	assert_true(ruleset_knows(&f->set, bytes_of("acme-user-token*")));
	assert_true(ruleset_knows(&f->set, bytes_of("acme-u*")));
	assert_true(ruleset_knows(&f->set, bytes_of("*")));
	for (size_t i = 0; i < COUNT(unknown); i++)
		assert_false(ruleset_knows(&f->set, bytes_of(unknown[i])));
}

static void only_leaves_what_it_lists(void **state)
{
	static const char *const only[] = {"sonarqube-*", "acme-user-token"};
	struct fixture *f = load_two(state);

	assert_int_equal(ruleset_choose(&f->set, only, COUNT(only), NULL, 0, &f->error), ERR_NONE);
	assert_builtin_enabled(&f->set, "sonarqube-");
	assert_false(f->set.enabled[PART_USER][0]);
	assert_true(f->set.enabled[PART_USER][1]);
	assert_non_null(ruleset_find(&f->set, "acme-project-token"));
}

static void disable_comes_after_only(void **state)
{
	static const char *const only[] = {SONARQUBE, "acme-*"};
	static const char *const disable[] = {"acme-user-*"};
	struct fixture *f = load_two(state);

	assert_int_equal(ruleset_choose(&f->set, only, COUNT(only), disable, 1, &f->error),
	                 ERR_NONE);
	assert_builtin_enabled(&f->set, SONARQUBE);
	assert_true(f->set.enabled[PART_USER][0]);
	assert_false(f->set.enabled[PART_USER][1]);
	assert_int_equal(ruleset_enabled_count(&f->set), 2);
}

static void a_star_alone_is_every_rule(void **state)
{
	static const char *const all[] = {"*"};
	struct fixture *f = load_two(state);

	assert_int_equal(ruleset_choose(&f->set, all, 1, NULL, 0, &f->error), ERR_NONE);
	assert_int_equal(ruleset_enabled_count(&f->set), builtin_part.count + 2);
	assert_int_equal(ruleset_choose(&f->set, NULL, 0, all, 1, &f->error), ERR_NONE);
	assert_int_equal(ruleset_enabled_count(&f->set), 0);
}

static void nothing_chosen_leaves_all(void **state)
{
	struct fixture *f = load_two(state);

	assert_int_equal(ruleset_choose(&f->set, NULL, 0, NULL, 0, &f->error), ERR_NONE);
	assert_int_equal(ruleset_enabled_count(&f->set), builtin_part.count + 2);
}

static void assert_unknown(struct fixture *f, const char *name, const char *message)
{
	const char *const known = SONARQUBE;

	assert_int_equal(ruleset_choose(&f->set, &known, 1, &name, 1, &f->error), ERR_USAGE);
	assert_string_equal(f->error.message, message);
	assert_int_equal(ruleset_choose(&f->set, &name, 1, &known, 1, &f->error), ERR_USAGE);
	assert_string_equal(f->error.message, message);
	assert_int_equal(ruleset_enabled_count(&f->set), builtin_part.count + 2);
}

static void an_unknown_id_is_an_error_with_a_hint(void **state)
{
	struct fixture *f = load_two(state);

	assert_unknown(
	    f, "acme-usr-tokn",
	    "no rule is called `acme-usr-tokn`; did you mean `acme-user-token`? `trawl rules "
	    "list` shows all");
	assert_unknown(f, "Acme-project-token",
	               "no rule is called `Acme-project-token`; did you mean `acme-project-token`? "
	               "`trawl rules "
	               "list` shows all");
	assert_unknown(f, "zzzzzzzzzz",
	               "no rule is called `zzzzzzzzzz`; `trawl rules list` shows all");
	assert_unknown(f, "zz-*", "no rule is called `zz-*`; `trawl rules list` shows all");
	assert_unknown(f, "", "no rule is called ``; `trawl rules list` shows all");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(the_builtin_rules_need_no_file),
	    TEST(user_rules_are_a_part_of_their_own),
	    TEST(an_id_is_used_once),
	    TEST(a_missing_path_is_named),
	    TEST(rules_are_found_by_id),
	    TEST(knows_the_names_that_fit_a_rule),
	    TEST(only_leaves_what_it_lists),
	    TEST(disable_comes_after_only),
	    TEST(a_star_alone_is_every_rule),
	    TEST(nothing_chosen_leaves_all),
	    TEST(an_unknown_id_is_an_error_with_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
