#include "report/triage.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect(const struct triage *t, size_t i, enum urgency urgency,
                   const struct finding *finding)
{
	assert_int_equal(t->entries[i].urgency, urgency);
	assert_ptr_equal(t->entries[i].finding, finding);
}

static void proved_ones_come_first(void **state)
{
	struct finding findings[] = {
	    sample_generic_finding(bytes_of("a")), sample_finding(bytes_of("b")),
	    sample_finding(bytes_of("c")),         sample_finding(bytes_of("d")),
	    sample_finding(bytes_of("e")),
	};
	struct coverage none = {0};
	struct run run = sample_run(findings, 5, &none);
	struct triage t;

	(void)state;
	findings[1].level = LEVEL_NOTE;
	findings[2].confidence = CONFIDENCE_MEDIUM;
	triage_make(&t, &run);
	assert_int_equal(t.count, 5);
	expect(&t, 0, URGENCY_NOW, &findings[3]);
	expect(&t, 1, URGENCY_NOW, &findings[4]);
	expect(&t, 2, URGENCY_LIVE, &findings[2]);
	expect(&t, 3, URGENCY_LIVE, &findings[0]);
	expect(&t, 4, URGENCY_NOTE, &findings[1]);
	assert_int_equal(t.counts[URGENCY_NOW], 2);
	assert_int_equal(t.counts[URGENCY_LIVE], 2);
	assert_int_equal(t.counts[URGENCY_GONE], 0);
	assert_int_equal(t.counts[URGENCY_NOTE], 1);
	triage_release(&t);
}

static void what_stands_in_head_comes_before_what_is_gone(void **state)
{
	struct occurrence occurrence = sample_occurrence(sample_finding(bytes_of("a")));
	struct occurrence noted = occurrence;
	struct leak leaks[] = {
	    sample_leak(&occurrence, 1, LEAK_UNREACHABLE),
	    sample_leak(&occurrence, 1, LEAK_HISTORY),
	    sample_leak(&occurrence, 1, LEAK_TIP),
	    sample_leak(&noted, 1, LEAK_HEAD),
	    sample_leak(&occurrence, 1, LEAK_HEAD),
	};
	struct coverage none = {0};
	struct run run = sample_history(leaks, 5, &none);
	struct triage t;

	(void)state;
	noted.first.level = LEVEL_NOTE;
	triage_make(&t, &run);
	assert_ptr_equal(t.entries[0].leak, &leaks[4]);
	expect(&t, 0, URGENCY_NOW, &occurrence.first);
	assert_ptr_equal(t.entries[1].leak, &leaks[2]);
	expect(&t, 1, URGENCY_GONE, &occurrence.first);
	assert_ptr_equal(t.entries[2].leak, &leaks[1]);
	expect(&t, 2, URGENCY_GONE, &occurrence.first);
	assert_ptr_equal(t.entries[3].leak, &leaks[0]);
	expect(&t, 3, URGENCY_STRAY, &occurrence.first);
	expect(&t, 4, URGENCY_NOTE, &noted.first);
	triage_release(&t);
}

static void what_is_allowed_comes_last(void **state)
{
	struct finding open = sample_generic_finding(bytes_of("a"));
	struct finding known = sample_finding(bytes_of("b"));
	struct coverage none = {0};
	struct run run = sample_run(&open, 1, &none);
	struct triage t;

	(void)state;
	known.suppression = &sample_known;
	run.suppressed_findings = &known;
	run.suppressed_finding_count = 1;
	triage_make(&t, &run);
	assert_int_equal(t.count, 2);
	expect(&t, 0, URGENCY_LIVE, &open);
	expect(&t, 1, URGENCY_ALLOWED, &known);
	triage_release(&t);
}

static void nothing_is_nothing(void **state)
{
	struct coverage none = {0};
	struct run run = sample_run(NULL, 0, &none);
	struct triage t;

	(void)state;
	triage_make(&t, &run);
	assert_int_equal(t.count, 0);
	triage_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(proved_ones_come_first),
	    cmocka_unit_test(what_stands_in_head_comes_before_what_is_gone),
	    cmocka_unit_test(what_is_allowed_comes_last),
	    cmocka_unit_test(nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
