#include "ruleset/builtin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define TWO "fixtures/rules/two.yaml"
#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* In place of the generated rules, so that the tests don't change with them. */
static const struct rule builtin_rules[] = {
    {.id = "github-token", .file = "rules/github.yaml", .line = 7},
    {.id = "gitlab-runner-token", .file = "rules/gitlab.yaml", .line = 9},
    {.id = "gitlab-token", .file = "rules/gitlab.yaml", .line = 5},
};

const struct ruleset_part builtin_part = {
    .rules = builtin_rules,
    .count = COUNT(builtin_rules),
    .slot_count = 3,
};

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

static void the_builtin_rules_need_no_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ruleset_load(&f->set, NULL, 0, &f->error), ERR_NONE);
	assert_ptr_equal(f->set.parts[PART_BUILTIN].rules, builtin_rules);
	assert_int_equal(f->set.parts[PART_BUILTIN].count, 3);
	assert_int_equal(f->set.parts[PART_USER].count, 0);
	assert_int_equal(f->set.parts[PART_USER].stubs.count, 0);
	assert_int_equal(ruleset_enabled_count(&f->set), 3);
}

static void user_rules_are_a_part_of_their_own(void **state)
{
	struct fixture *f = load_two(state);
	const struct ruleset_part *part = &f->set.parts[PART_USER];

	assert_int_equal(part->count, 2);
	assert_string_equal(part->rules[0].id, "acme-project-token");
	assert_string_equal(part->rules[1].id, "acme-user-token");
	assert_string_equal(part->rules[1].file, TWO);
	assert_int_equal(part->slot_count, 3);
	assert_int_equal(part->stubs.count, 3);
	assert_string_equal(part->stubs.stubs[0].expression, "acme");
	assert_int_equal(part->stubs.uses[0].rule, 1);
	assert_int_equal(part->stubs.uses[0].kind, STUB_INCLUDES);
	assert_int_equal(ruleset_enabled_count(&f->set), 5);
}

static void an_id_is_used_once(void **state)
{
	static const char *const twice[] = {TWO, "./" TWO};
	static const char *const builtin[] = {TWO, "fixtures/rules/builtin-id.yaml"};
	struct fixture *f = *state;

	assert_int_equal(ruleset_load(&f->set, twice, 2, &f->error), ERR_SYNTAX);
	assert_string_equal(f->error.message,
			    TWO ":9: the id `acme-project-token` is used in ./" TWO ":9 already; "
				"rename one rule");
	assert_null(f->set.enabled[PART_BUILTIN]);
	assert_int_equal(ruleset_load(&f->set, builtin, 2, &f->error), ERR_SYNTAX);
	assert_string_equal(
	    f->error.message,
	    "fixtures/rules/builtin-id.yaml:5: the id `github-token` is that of the "
	    "built-in rule in rules/github.yaml:7; rename the rule");
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

	assert_ptr_equal(ruleset_find(&f->set, "github-token"), &builtin_rules[0]);
	assert_ptr_equal(ruleset_find(&f->set, "gitlab-token"), &builtin_rules[2]);
	assert_ptr_equal(ruleset_find(&f->set, "acme-user-token"),
			 &f->set.parts[PART_USER].rules[1]);
	assert_null(ruleset_find(&f->set, "acme"));
	assert_null(ruleset_find(&f->set, ""));
}

static void only_leaves_what_it_lists(void **state)
{
	static const char *const only[] = {"gitlab-*", "acme-user-token"};
	struct fixture *f = load_two(state);

	assert_int_equal(ruleset_choose(&f->set, only, COUNT(only), NULL, 0, &f->error), ERR_NONE);
	assert_false(f->set.enabled[PART_BUILTIN][0]);
	assert_true(f->set.enabled[PART_BUILTIN][1]);
	assert_true(f->set.enabled[PART_BUILTIN][2]);
	assert_false(f->set.enabled[PART_USER][0]);
	assert_true(f->set.enabled[PART_USER][1]);
	assert_int_equal(ruleset_enabled_count(&f->set), 3);
	assert_non_null(ruleset_find(&f->set, "github-token"));
}

static void disable_comes_after_only(void **state)
{
	static const char *const only[] = {"*"};
	static const char *const disable[] = {"acme-*", "github-token"};
	struct fixture *f = load_two(state);

	assert_int_equal(ruleset_choose(&f->set, only, 1, disable, COUNT(disable), &f->error),
			 ERR_NONE);
	assert_false(f->set.enabled[PART_BUILTIN][0]);
	assert_int_equal(ruleset_enabled_count(&f->set), 2);
}

static void nothing_chosen_leaves_all(void **state)
{
	struct fixture *f = load_two(state);

	assert_int_equal(ruleset_choose(&f->set, NULL, 0, NULL, 0, &f->error), ERR_NONE);
	assert_int_equal(ruleset_enabled_count(&f->set), 5);
}

static void assert_unknown(struct fixture *f, const char *name, const char *message)
{
	const char *const known = "gitlab-token";

	assert_int_equal(ruleset_choose(&f->set, &known, 1, &name, 1, &f->error), ERR_USAGE);
	assert_string_equal(f->error.message, message);
	assert_int_equal(ruleset_choose(&f->set, &name, 1, &known, 1, &f->error), ERR_USAGE);
	assert_string_equal(f->error.message, message);
	assert_int_equal(ruleset_enabled_count(&f->set), 5);
}

static void an_unknown_id_is_an_error_with_a_hint(void **state)
{
	struct fixture *f = load_two(state);

	assert_unknown(f, "gitlab-tokn",
		       "no rule is called `gitlab-tokn`; did you mean `gitlab-token`? `trawl rules "
		       "list` shows all");
	assert_unknown(
	    f, "GitHub-token",
	    "no rule is called `GitHub-token`; did you mean `github-token`? `trawl rules "
	    "list` shows all");
	assert_unknown(f, "s3-key", "no rule is called `s3-key`; `trawl rules list` shows all");
	assert_unknown(f, "aws-*", "no rule is called `aws-*`; `trawl rules list` shows all");
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
	    TEST(only_leaves_what_it_lists),
	    TEST(disable_comes_after_only),
	    TEST(nothing_chosen_leaves_all),
	    TEST(an_unknown_id_is_an_error_with_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
