#include "history/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "remembering.h"

static const char rules[] = "provider:\n"
			    "  metadata: {name: Test, category: Test, message: Revoke it.}\n"
			    "  rules:\n"
			    "    - id: k-token\n"
			    "      metadata: {name: Test}\n"
			    "      detection: {matching: {pattern: 'tok_[a-z]{8}'}}\n"
			    "    - id: k-env\n"
			    "      metadata: {name: Test}\n"
			    "      detection:\n"
			    "        pre: {include: {ext: [env]}}\n"
			    "        matching: {pattern: 'env_[a-z]{8}'}\n"
			    "    - id: k-generic\n"
			    "      metadata: {name: Test}\n"
			    "      detection: {matching: {pattern: 'gen_[a-z]{8}'}}\n"
			    "      type: analyzerGeneric\n";

static int set_up(void **state)
{
	return fixture_begin(state, rules);
}

/* ---- Tests ---- */

static void what_did_not_change_is_not_read(void **state)
{
	(void)state;
	forget_all();
	run("rm -rf r; git init -q -b main r; cd r; echo tok_abcdefgh >a; echo plain >b; git add .;"
	    "git commit -qm one; git tag -am gen_abcdefgh t");
	assert_int_equal(assert_same(1), 4);
	assert_int_equal(assert_same(1), 2); /* the blob and the tag with findings */
	run("cd r; git repack -qad; git prune-packed");
	assert_int_equal(assert_same(1), 4);
	assert_int_equal(assert_same(1), 2);
	run("cd r; echo more >c; git add .; git commit -qm two");
	assert_int_equal(assert_same(1), 2 + 2);
	assert_int_equal(assert_same(1), 2);
}

static void copies_of_a_pack_are_known(void **state)
{
	(void)state;
	forget_all();
	run("rm -rf r q; git init -q -b main r; cd r; echo tok_abcdefgh >a; git add .;"
	    "git commit -qm one; git repack -qad");
	assert_int_equal(assert_same(1), 2);
	run("mv r q; cp -r q r");
	assert_int_equal(assert_same(1), 1);
	memory.puts = 0;
	assert_int_equal(assert_same(1), 1);
	assert_int_equal(memory.puts, 0);
}

/* A store that keeps for the run, too, where packs lie. */
static const struct known_store store_of_run = {
    .get = get_value, .put = put_value, .put_for_run = put_value};

/* How many objects a scan has to read. */
static uint64_t read_by_run(void)
{
	struct said said = say(1, &store_of_run), without = say(1, NULL);

	assert_string_equal(said.text, without.text);
	free(said.text);
	free(without.text);
	return said.objects;
}

/* Makes what the digests of packs are believed to be another one, the same for all. */
static void mistake_digests(void)
{
	for (size_t i = 0; i < memory.count; i++) {
		if (memory.entries[i].value.len == DIGEST_SIZE)
			memset(memory.entries[i].value.ptr, 1, DIGEST_SIZE);
	}
}

static void a_copy_is_held_against_what_the_run_has_met(void **state)
{
	(void)state;
	forget_all();
	run("rm -rf q r; git init -q -b main q; cd q; echo tok_abcdefgh >a; git add .;"
	    "git commit -qm one; git repack -qad; cd ..; ln -s q r");
	assert_int_equal(read_by_run(), 2);
	run("rm r; cp -r q r");
	mistake_digests(); /* a copy gets the digest that its original is believed to have */
	assert_int_equal(read_by_run(), 2);
	forget_all();
	run("rm -rf r; ln -s q r");
	assert_int_equal(read_by_run(), 2);
	run("rm r; cp -r q r; touch q/.git/objects/pack/*.pack");
	mistake_digests(); /* now it is digested */
	assert_int_equal(read_by_run(), 1);
	forget_all();
	run("rm -rf r; ln -s q r");
	assert_int_equal(read_by_run(), 2);
	run("rm r; cp -r q r; cd r/.git/objects/pack; chmod +w *;"
	    "printf '\\377' | dd of=$(echo *.pack) bs=1 seek=30 conv=notrunc");
	read_by_run(); /* other bytes with the same checksum */
	read_by_run();
	forget_all();
}

/* Replaces the text in all that the store keeps by another of the same length. */
static unsigned mistake_text(const char *text, const char *other)
{
	unsigned count = 0;

	for (size_t i = 0; i < memory.count; i++) {
		struct buf *value = &memory.entries[i].value;
		unsigned char *found;

		while (value->len && (found = memmem(value->ptr, value->len, text, strlen(text)))) {
			memcpy(found, other, strlen(other));
			count++;
		}
	}
	return count;
}

/* Whether the answer has the text. */
static bool says(const char *text)
{
	struct said said = say(1, &store);
	bool found = strstr(said.text, text);

	free(said.text);
	return found;
}

static void what_leads_to_findings_is_not_read(void **state)
{
	(void)state;
	forget_all();
	run("rm -rf r; git init -q -b main r; cd r; mkdir -p d/telltale; seq 99 >d/p; seq 9 >q;"
	    "echo tok_abcdefgh >d/telltale/a; git add .; git commit -qm one;"
	    "echo more >b; git add .; git commit -qm two; git rm -q d/telltale/a;"
	    "git commit -qm three; git tag -am annotated t; git repack -qad");
	assert_same(1);
	assert_same(1);
	run("cd r; echo more >>b; git add .; git commit -qm four; git checkout -q HEAD~2;"
	    "git mv d/telltale moved; git commit -qm five");
	assert_same(2);
	assert_true(mistake_text("telltale", "TELLTALE"));
	assert_true(says("TELLTALE"));
	/* Findings in a blob of which there are no leads: everything is read. */
	run("cd r; echo tok_abcdefgi >c; git add .; git commit -qm six");
	assert_false(says("TELLTALE"));
	assert_same(1);
	forget_all();
}

/* A tree of a pack leads through one that the pack lacks, which is only there the second time. */
static void no_leads_where_a_folder_lies_outside(void **state)
{
	(void)state;
	forget_all();
	run("rm -rf r; git init -q -b main r; cd r; mkdir d; echo tok_abcdefgh >d/a; cp d/a b;"
	    "git add .; git commit -qm one; t=$(git rev-parse HEAD:d);"
	    "(git rev-parse HEAD HEAD: HEAD:b) | git pack-objects .git/objects/pack/pack;"
	    "git prune-packed; f=.git/objects/$(echo $t | sed 's|^..|&/|'); mv $f ../outside");
	assert_same(1);
	assert_same(1);
	run("cd r; f=$(git ls-tree HEAD d | cut -c13-52); mkdir -p .git/objects/$(echo $f | cut "
	    "-c1-2);"
	    "mv ../outside .git/objects/$(echo $f | sed 's|^..|&/|')");
	assert_same(1);
	forget_all();
}

static void other_bytes_with_the_same_checksum_are_not_known(void **state)
{
	(void)state;
	forget_all();
	run("rm -rf r; git init -q -b main r; cd r; echo tok_abcdefgh >a; git add .;"
	    "git commit -qm one; git repack -qad");
	assert_same(1);
	run("cd r/.git/objects/pack; chmod +w *; touch -r *.pack ../time;"
	    "printf '\\377' | dd of=$(echo *.pack) bs=1 seek=30 conv=notrunc;"
	    "touch -r ../time *.pack");
	assert_same(1);
	assert_same(1);
}

static void a_store_of_nonsense_is_none(void **state)
{
	struct said without;

	(void)state;
	forget_all();
	run("rm -rf r; git init -q -b main r; cd r; echo tok_abcdefgh >a; git add .;"
	    "git commit -qm one; git repack -qad; echo tok_abcdefgi >b; git add .");
	without = say(1, NULL);
	for (size_t cut = 0; cut < 60; cut++) {
		struct said with;

		forget_all();
		with = say(1, &store);
		free(with.text);
		for (size_t i = 0; i < memory.count; i++) {
			if (memory.entries[i].value.len != DIGEST_SIZE &&
			    memory.entries[i].value.len > cut)
				memory.entries[i].value.len = cut;
		}
		with = say(1, &store);
		assert_string_equal(with.text, without.text);
		free(with.text);
	}
	free(without.text);
}

static void random_steps_change_no_answer(void **state)
{
	enum { STEPS = 200 };
	uint64_t random = 7;

	(void)state;
	forget_all();
	run("rm -rf r; git init -q -b main r; cd r; echo begin >a; git add .; git commit -qm "
	    "begin");
	for (unsigned step = 0; step < STEPS; step++) {
		happen(&random);
		assert_same(1 + next_random(&random, 3));
	}
	forget_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_did_not_change_is_not_read),
	    cmocka_unit_test(copies_of_a_pack_are_known),
	    cmocka_unit_test(a_copy_is_held_against_what_the_run_has_met),
	    cmocka_unit_test(what_leads_to_findings_is_not_read),
	    cmocka_unit_test(no_leads_where_a_folder_lies_outside),
	    cmocka_unit_test(other_bytes_with_the_same_checksum_are_not_known),
	    cmocka_unit_test(a_store_of_nonsense_is_none),
	    cmocka_unit_test(random_steps_change_no_answer),
	};

	return cmocka_run_group_tests(tests, set_up, fixture_end);
}
