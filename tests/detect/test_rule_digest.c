#include "detect/rule_digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../tree.h"

/* A rule file with one thing in it changed, each time another one. */
static const char *const changes[][2] = {
    {"", ""},
    {"id: r-one", "id: r-two"},
    {"[a-z]{8}", "[a-z]{9}"},
    {"content: [tok]", "content: [tok_]"},
    {"patternBefore: key", "patternBefore: keys"},
    {"patternBefore: key", "patternAfter: key"},
    {"threshold: 2.5", "threshold: 2.6"},
    {"patternNot: [abc]", "patternNot: [abd]"},
    {"confidence: low", "confidence: high"},
    {"ext: [env]", "ext: [ini]"},
};

static const char text[] = "provider:\n"
			   "  metadata: {name: Test, category: Test, message: Revoke it.}\n"
			   "  rules:\n"
			   "    - id: r-one\n"
			   "      severity: high\n"
			   "      confidence: low\n"
			   "      metadata: {name: Test}\n"
			   "      detection:\n"
			   "        pre: {include: {content: [tok]}, reject: {ext: [env]}}\n"
			   "        matching:\n"
			   "          pattern: 'tok_[a-z]{8}'\n"
			   "          context: {patternBefore: key}\n"
			   "        post:\n"
			   "          patternNot: [abc]\n"
			   "          statisticalFilter: {threshold: 2.5}\n";

static void load(struct ruleset *set, const char *from, const char *to)
{
	static const char *const path = "rules.yaml";
	const char *at = *from ? strstr(text, from) : text;
	struct error error = {0};
	char changed[sizeof(text) + 64];

	assert_non_null(at);
	snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, to,
	         at + strlen(from));
	tree_put(path, changed);
	if (ruleset_load_only(set, &path, 1, &error))
		fail_msg("%s", error.message);
}

static void every_change_changes_it(void **state)
{
	enum { COUNT = sizeof(changes) / sizeof(*changes) };
	unsigned char digests[COUNT][DIGEST_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct ruleset set = {0};

		load(&set, changes[i][0], changes[i][1]);
		rule_digest(&set.parts[PART_USER].rules[0], digests[i]);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(digests[k], digests[i], DIGEST_SIZE);
		ruleset_release(&set);
	}
}

static void what_people_read_does_not(void **state)
{
	static const char *const same[][2] = {{"severity: high", "severity: low"},
	                                      {"Revoke it.", "Replace it."},
	                                      {"name: Test", "name: Best"}};
	unsigned char first[DIGEST_SIZE], second[DIGEST_SIZE];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ruleset set = {0}, other = {0};

		load(&set, "", "");
		load(&other, same[i][0], same[i][1]);
		rule_digest(&set.parts[PART_USER].rules[0], first);
		rule_digest(&other.parts[PART_USER].rules[0], second);
		assert_memory_equal(first, second, DIGEST_SIZE);
		ruleset_release(&set);
		ruleset_release(&other);
	}
}

static void of_the_engine(void **state)
{
	unsigned char digests[4][DIGEST_SIZE];
	const struct engine_options options[4] = {
	    {0}, {.placeholders = true}, {.checksum = CHECKSUM_STRICT}, {.now = 1}};
	struct ruleset set = {0};
	struct error error;

	(void)state;
	load(&set, "", "");
	for (size_t i = 0; i < 4; i++) {
		struct engine *engine;

		if (engine_new(&engine, &set, &options[i], &error))
			fail_msg("%s", error.message);
		engine_digest(engine, &set, digests[i]);
		engine_free(engine);
	}
	assert_memory_not_equal(digests[0], digests[1], DIGEST_SIZE);
	assert_memory_not_equal(digests[0], digests[2], DIGEST_SIZE);
	assert_memory_equal(digests[0], digests[3], DIGEST_SIZE);
	ruleset_release(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_change_changes_it),
	    cmocka_unit_test(what_people_read_does_not),
	    cmocka_unit_test(of_the_engine),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
