#include "history/renew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "remembering.h"

#define RULE(id, more, pattern)                                                                    \
	"    - id: " id "\n"                                                                       \
	"      metadata: {name: Test}\n" more "      detection: {matching: {pattern: '" pattern    \
	"'}}\n"
#define GENERIC "      type: analyzerGeneric\n"

#define TOKEN RULE("k-token", "", "tok_[a-z]{8}")
#define LESS RULE("k-token", "", "tok_[a-m]{8}")
#define MORE RULE("k-more", "", "mor_[a-z]{8}")
#define ODD RULE("k-odd", "", "o[a-z]d_[a-z]{8}")
#define WORD RULE("k-word", GENERIC, "gen_[a-z]{8}")
#define ENV                                                                                        \
	"    - id: k-env\n"                                                                        \
	"      metadata: {name: Test}\n"                                                           \
	"      detection:\n"                                                                       \
	"        pre: {include: {ext: [env]}}\n"                                                   \
	"        matching: {pattern: 'env_[a-z]{8}'}\n"
/* Denies what has no checksum that fits. */
#define DENIES                                                                                     \
	"    - id: k-denies\n"                                                                     \
	"      metadata: {name: Test}\n"                                                           \
	"      detection:\n"                                                                       \
	"        matching: {pattern: 'sure_([a-z]{12})'}\n"                                        \
	"        post: {checksum: {algorithm: crc32, encoding: base62, digits: 6, position: -6, "  \
	"covers: [0, -6], published: true, required: true}}\n"
#define VALUE                                                                                      \
	"    - id: k-value\n"                                                                      \
	"      metadata: {name: Test}\n"                                                           \
	"      type: analyzerGeneric\n"                                                            \
	"      detection:\n"                                                                       \
	"        matching: {pattern: 'value = (\\S+)'}\n"                                          \
	"        post: {heuristicFilter: {heuristics: [misfit]}}\n"
#define PLAIN RULE("k-plain", GENERIC, "plain = (\\S+)")
#define ANNOUNCED(form) RULE("k-announced", "", "ann_" form)

/* Sets of rules; some are used by number in the tests below. */
enum {
	BASE,
	ADDED,
	CHANGED,
	FEWER,
	DENYING,
	UNDENIED,
	ANNOUNCING,
	ANNOUNCING_MORE,
	ANNOUNCING_OFF, /* the rule is there and not in use */
	UNANNOUNCED,
	SETS,
};

static const char *const texts[SETS] = {
    [BASE] = TOKEN ENV WORD,
    [ADDED] = TOKEN ENV WORD MORE,
    [CHANGED] = LESS ENV WORD ODD,
    [FEWER] = ENV WORD,
    [DENYING] = TOKEN WORD ENV DENIES VALUE PLAIN,
    [UNDENIED] = TOKEN WORD ENV VALUE PLAIN MORE,
    [ANNOUNCING] = TOKEN WORD ENV VALUE ANNOUNCED("[a-z]{20}"),
    [ANNOUNCING_OFF] = TOKEN WORD ENV VALUE ANNOUNCED("[a-z]{20}"),
    [UNANNOUNCED] = TOKEN WORD ENV VALUE,
    [ANNOUNCING_MORE] = TOKEN WORD ENV VALUE ANNOUNCED("[a-z]{20}[0-9]{30}"),
};

static struct {
	struct ruleset set;
	struct engine *engine;
} loaded[SETS];

static void use(unsigned which)
{
	fixture_set = loaded[which].set;
	fixture_engine = loaded[which].engine;
}

static int set_up(void **state)
{
	static const char *const path = "rules.yaml", *const off = "k-announced";
	const struct engine_options options = {.now = 0};
	struct error error = {0};
	struct buf text;

	fixture_begin(state, "provider:\n"
	                     "  metadata: {name: Test, category: Test, message: Revoke it.}\n"
	                     "  rules:\n" TOKEN);
	engine_free(fixture_engine);
	ruleset_release(&fixture_set);
	buf_init(&text, 65536);
	for (unsigned i = 0; i < SETS; i++) {
		buf_clear(&text);
		buf_appendf(&text,
		            "provider:\n"
		            "  metadata: {name: Test, category: Test, message: Revoke it.}\n"
		            "  rules:\n%s",
		            texts[i]);
		tree_put(path, buf_text(&text));
		if (ruleset_load_only(&loaded[i].set, &path, 1, &error) ||
		    ruleset_choose(&loaded[i].set, NULL, 0, &off, i == ANNOUNCING_OFF, &error) ||
		    engine_new(&loaded[i].engine, &loaded[i].set, &options, &error))
			fail_msg("%s", error.message);
	}
	buf_release(&text);
	return 0;
}

static int tear_down(void **state)
{
	for (unsigned i = 0; i < SETS; i++) {
		engine_free(loaded[i].engine);
		ruleset_release(&loaded[i].set);
	}
	return tree_leave(state);
}

/* ---- Tests ---- */

static void only_new_rules_look(void **state)
{
	struct said said;

	(void)state;
	forget_all();
	run("rm -rf r; git init -q -b main r; cd r; echo tok_kvmzhwqb >a; echo plain >b;"
	    "echo mor_kvmzhwqb >c; git add .; git commit -qm one; git repack -qad;"
	    "echo more plain >d; git add .; git commit -qm two");
	use(BASE);
	assert_int_equal(compare(1).objects, 4 + 2);
	use(ADDED);
	said = compare(1);
	assert_int_equal(said.renewal.rules, 1);
	assert_int_equal(said.renewal.objects, 4 + 2);
	assert_int_equal(said.objects, 2); /* a was found before, c is now */
	said = compare(1);
	assert_int_equal(said.renewal.objects, 0);
	assert_int_equal(said.objects, 2);
	use(BASE);
	said = compare(1);
	assert_int_equal(said.renewal.objects, 0);
	assert_int_equal(said.objects, 1);
}

static void fewer_rules_need_not_look(void **state)
{
	struct said said;

	(void)state;
	forget_all();
	run("rm -rf r; git init -q -b main r; cd r; echo tok_kvmzhwqb >a; echo plain >b;"
	    "git add .; git commit -qm one; git repack -qad");
	use(UNDENIED);
	assert_int_equal(compare(1).objects, 3);
	use(ADDED); /* without a generic rule */
	said = compare(1);
	assert_int_equal(said.renewal.objects, 0);
	assert_int_equal(said.objects, 1);
	use(BASE); /* without a specific one, which may have denied what a generic one found */
	said = compare(1);
	assert_int_equal(said.renewal.rules, 1);
	assert_int_equal(said.renewal.objects, 3);
	assert_int_equal(said.objects, 1);
}

static void too_many_new_rules_are_a_scan_from_nothing(void **state)
{
	struct said said;

	(void)state;
	forget_all();
	run("rm -rf r; git init -q -b main r; cd r; echo tok_kvmzhwqb >a; echo plain >b;"
	    "git add .; git commit -qm one; git repack -qad");
	use(FEWER);
	assert_int_equal(compare(1).objects, 3);
	use(DENYING);
	said = compare(1);
	assert_int_equal(said.renewal.objects, 0);
	assert_int_equal(said.objects, 3);
}

/* Scans with one set and then another, and returns what the second said. */
static char *change(unsigned before, unsigned after)
{
	struct said said;

	forget_all();
	use(before);
	free(say(1, &store).text);
	use(after);
	assert_same(1);
	said = say(1, &store);
	return said.text;
}

static void what_a_rule_denied_may_be_found(void **state)
{
	char *said;

	(void)state;
	run("rm -rf r; git init -q -b main r; cd r; echo 'plain = sure_kvmzhwqbxnrt' >a;"
	    "git add .; git commit -qm one; git repack -qad");
	said = change(DENYING, UNDENIED);
	assert_non_null(strstr(said, "k-plain"));
	free(said);
	said = change(UNDENIED, DENYING);
	assert_null(strstr(said, "k-plain"));
	free(said);
}

static void what_was_no_misfit_may_be_one(void **state)
{
	char *said;

	(void)state;
	run("rm -rf r; git init -q -b main r; cd r;"
	    "echo 'value = ann_kvmzhwqbxnrtyjcpldgf927461038529174630581927460385' >a;"
	    "git add .; git commit -qm one; git repack -qad");
	said = change(ANNOUNCING, ANNOUNCING_MORE);
	assert_non_null(strstr(said, "k-announced"));
	free(said);
	run("rm -rf r; git init -q -b main r; cd r; echo 'value = ann_kvmzhwqbxnrtyjcpld' >a;"
	    "git add .; git commit -qm one; git repack -qad");
	said = change(ANNOUNCING_OFF, UNANNOUNCED);
	assert_non_null(strstr(said, "k-value"));
	free(said);
	said = change(ANNOUNCING, UNDENIED);
	assert_non_null(strstr(said, "k-value"));
	free(said);
	said = change(UNDENIED, ANNOUNCING);
	assert_null(strstr(said, "k-value"));
	free(said);
}

/* Where some rule led to encoded text all look, and later none must. */
static void encoded_text_is_looked_into_by_all(void **state)
{
	struct said said;

	(void)state;
	forget_all();
	run("rm -rf r; git init -q -b main r; cd r; printf 'key: tok_12' | base64 >a; echo x >b;"
	    "git add .; git commit -qm one; git repack -qad");
	use(BASE);
	assert_int_equal(compare(1).objects, 3);
	assert_int_equal(compare(1).objects, 0);
	use(ADDED);
	said = compare(1);
	assert_int_equal(said.renewal.objects, 3);
	assert_int_equal(said.objects, 1);
	assert_int_equal(compare(1).objects, 0);
}

/* Nobody looked at objects where they stand a second time: these notes must not count alone. */
static void notes_that_were_passed_over_do_not_count(void **state)
{
	(void)state;
	forget_all();
	run("rm -rf r; git init -q -b main r; cd r; echo mor_kvmzhwqb >a; git add .;"
	    "git commit -qm one; git repack -qad; cd .git/objects/pack;"
	    "mv *.pack pack-1111111111111111111111111111111111111111.pack;"
	    "mv *.idx pack-1111111111111111111111111111111111111111.idx");
	use(BASE);
	assert_same(1);
	run("cd r/.git/objects/pack; for e in pack idx; do cp *.$e "
	    "pack-0000000000000000000000000000000000000000.$e; done");
	use(ADDED);
	assert_same(1);
	run("cd r/.git/objects/pack; rm -f pack-0*");
	assert_same(1);
}

static void a_list_of_nonsense_is_none(void **state)
{
	(void)state;
	run("rm -rf r; git init -q -b main r; cd r; echo tok_kvmzhwqb >a; echo mor_kvmzhwqb >b;"
	    "git add .; git commit -qm one; git repack -qad");
	for (size_t cut = 0; cut < 200; cut++) {
		forget_all();
		use(BASE);
		free(say(1, &store).text);
		for (size_t i = 0; i < memory.count; i++) {
			if (memory.entries[i].value.len > 2 * DIGEST_SIZE &&
			    memory.entries[i].value.len > cut)
				memory.entries[i].value.len = cut;
		}
		use(ADDED);
		assert_same(1);
	}
}

static void random_steps_and_rules_change_no_answer(void **state)
{
	enum { STEPS = 300 };
	uint64_t random = 11, renewed = 0;

	(void)state;
	forget_all();
	run("rm -rf r; git init -q -b main r; cd r; echo 'value = sure_kvmzhwqbxnrt' >a;"
	    "git add .; git commit -qm begin");
	for (unsigned step = 0; step < STEPS; step++) {
		if (next_random(&random, 3) == 0)
			use(next_random(&random, SETS));
		else
			happen(&random);
		renewed += compare(1 + next_random(&random, 3)).renewal.objects;
	}
	assert_true(renewed > 100);
	forget_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_new_rules_look),
	    cmocka_unit_test(fewer_rules_need_not_look),
	    cmocka_unit_test(too_many_new_rules_are_a_scan_from_nothing),
	    cmocka_unit_test(what_a_rule_denied_may_be_found),
	    cmocka_unit_test(what_was_no_misfit_may_be_one),
	    cmocka_unit_test(encoded_text_is_looked_into_by_all),
	    cmocka_unit_test(notes_that_were_passed_over_do_not_count),
	    cmocka_unit_test(a_list_of_nonsense_is_none),
	    cmocka_unit_test(random_steps_and_rules_change_no_answer),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
