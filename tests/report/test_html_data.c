#include "report/html_data.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HEAD                                                                                       \
	"{\"started\":\"2026-01-31T12:00:00.250Z\","                                               \
	"\"states\":{\"head\":\"in HEAD\",\"tip\":\"at another tip\","                             \
	"\"history\":\"in history\",\"unreachable\":\"unreachable\"},"
#define FIVE(digits) digits digits digits digits digits
#define ID(byte) FIVE(byte byte byte byte)
#define FINGERPRINT "00112233445566778899aabbccddeeff"

static void write_data(FILE *out, const struct run *run, const struct report_options *options)
{
	struct html_data data;
	struct triage triage;

	(void)options;
	triage_make(&triage, run);
	html_data_make(&data, &triage);
	html_data_write(out, &data, run);
	html_data_release(&data);
	triage_release(&triage);
}

/* Expects this document, but for what is said of urgencies. */
static void expect(const struct run *run, const char *tables)
{
	char *text = sample_capture(write_data, run, &(struct report_options){0});
	const char *rest = strstr(text, "\"rules\":");

	assert_non_null(rest);
	assert_memory_equal(text, HEAD, strlen(HEAD));
	assert_string_equal(rest, tables);
	free(text);
}

static void nothing_has_empty_tables(void **state)
{
	struct coverage none = {0};
	struct run run = sample_run(NULL, 0, &none);

	(void)state;
	expect(&run, "\"rules\":[],\"repositories\":[],\"paths\":[],\"origins\":[],"
	             "\"findings\":[]}\n");
}

static void what_findings_share_stands_once(void **state)
{
	struct finding findings[] = {
	    sample_finding(bytes_of("b")),
	    sample_finding(bytes_of("a")),
	    sample_finding(bytes_of("b")),
	};
	struct finding_part part = {.name = "key id", .start_line = 1, .start_column = 2};
	struct coverage none = {0};
	struct run run = sample_run(findings, 3, &none);

	(void)state;
	findings[2].proof = "RSA key";
	findings[2].parts = &part;
	findings[2].part_count = 1;
	expect(&run,
	       "\"rules\":[[\"example-scoped-token2\",\"Scoped example token\",\"Example\"]],"
	       "\"repositories\":[],\"paths\":[\"a\",\"b\"],\"origins\":[],\"findings\":[\n"
	       "[0,0,\"error\",\"high\",\"valid\",\"sqco_[REDACTED] (33 bytes)\",\"" FINGERPRINT
	       "\",\"\",[],0,0,\"\",\"\",[],[[1,3,8]],\"\"],\n"
	       "[0,0,\"error\",\"high\",\"valid\",\"sqco_[REDACTED] (33 bytes)\",\"" FINGERPRINT
	       "\",\"\",[],0,0,\"\",\"\",[],[[0,3,8]],\"\"],\n"
	       "[0,0,\"error\",\"high\",\"valid\",\"sqco_[REDACTED] (33 bytes)\",\"" FINGERPRINT
	       "\",\"RSA key\",[[\"key id\",1,2]],0,0,\"\",\"\",[],[[1,3,8]],\"\"]]}\n");
}

static void leak_has_its_places(void **state)
{
	struct coverage none = {0};
	struct occurrence occurrences[] = {
	    sample_occurrence(sample_generic_finding(bytes_of("a"))),
	    sample_dangling(sample_generic_finding(bytes_of("")), 0x0d),
	};
	struct leak leak = sample_leak(occurrences, 2, LEAK_TIP);
	struct run run = sample_history(&leak, 1, &none);

	(void)state;
	expect(&run,
	       "\"rules\":[[\"generic-password\",\"Password.\",\"secret\"]],"
	       "\"repositories\":[\"/srv/odd repository\"],\"paths\":[\"\",\"a\"],"
	       "\"origins\":[[\"" ID("0d") "\",0,\"\",\"\"],[\"" ID(
		   "11") "\",1,"
	                 "\"Ann O\\u0027Nym\",\"2026-01-31T13:00:00+01:00\"]],\"findings\":[\n"
	                 "[2,0,\"warning\",\"low\",\"none\",\"[REDACTED] (8 bytes)\",\"" FINGERPRINT
	                 "\",\"\",[],0,0,\"tip\",\"blob\",[\"refs/heads/x\",\"refs/tags/v1\","
	                 "\"refs/tags/v2\"],[[1,12,1,13,1,1],[0,12,1,12,1,0]],\"\"]]}\n");
}

static void mismatches_that_tell_nothing_are_not_told(void **state)
{
	struct finding finding = sample_finding(bytes_of("a"));
	struct coverage none = {0};
	struct run run = sample_run(&finding, 1, &none);
	char *text;

	(void)state;
	finding.checksum = CHECKSUM_STATE_INVALID;
	text = sample_capture(write_data, &run, &(struct report_options){0});
	assert_non_null(strstr(text, "\"high\",\"none\","));
	free(text);
}

static void suppressed_ones_say_why(void **state)
{
	struct finding known = sample_finding(bytes_of("a"));
	struct coverage none = {0};
	struct run run = sample_run(NULL, 0, &none);
	char *text;

	(void)state;
	known.suppression = &sample_known;
	run.suppressed_findings = &known;
	run.suppressed_finding_count = 1;
	text = sample_capture(write_data, &run, &(struct report_options){0});
	assert_non_null(strstr(text, "[],[\"baseline\",\"odd \\\\x1b[31m \\\\xff "
	                             "\\\\xe2\\\\x80\\\\xae \\u0022\",\"ann\",\"2027-01-31\"],"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_has_empty_tables),
	    cmocka_unit_test(what_findings_share_stands_once),
	    cmocka_unit_test(leak_has_its_places),
	    cmocka_unit_test(mismatches_that_tell_nothing_are_not_told),
	    cmocka_unit_test(suppressed_ones_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
