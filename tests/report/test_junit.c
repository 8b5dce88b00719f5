#include "report/junit.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START(counts)                                                                              \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"                               \
	"<testsuite id=\"0\" package=\"trawl\" name=\"trawl\" hostname=\"localhost\" "             \
	"timestamp=\"2026-01-31T12:00:00\" time=\"1.000\" " counts ">\n<properties>\n"             \
	"<property name=\"version\" value=\"" TRAWL_VERSION "\"/>\n"                               \
	"<property name=\"rules\" value=\"3\"/>\n"
#define NUMBERS(files, bytes)                                                                      \
	"<property name=\"files\" value=\"" files "\"/>\n"                                         \
	"<property name=\"bytes\" value=\"" bytes "\"/>\n"                                         \
	"<property name=\"suppressed\" value=\"0\"/>\n"
#define END                                                                                        \
	"<testcase time=\"0\" classname=\"trawl\" name=\"scan\"/>\n"                               \
	"<system-out/>\n<system-err/>\n</testsuite>\n</testsuites>\n"

static void expect(const struct run *run, const char *text)
{
	char *written =
	    sample_capture(junit_write, run, &(struct report_options){.show_secrets = true});

	assert_string_equal(written, text);
	free(written);
}

static void assert_has(const struct run *run, const char *part)
{
	char *text = sample_capture(junit_write, run, &(struct report_options){0});

	if (!strstr(text, part))
		fail_msg("%s is not in %s", part, text);
	free(text);
}

static void clean_run_has_one_case(void **state)
{
	struct coverage none = {.files = 2, .bytes = 99};
	struct run run = sample_run(NULL, 0, &none);

	(void)state;
	expect(&run, START("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\"")
	                 NUMBERS("2", "99") "</properties>\n" END);
}

static void proof_and_parts_are_told(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_proved_finding(bytes_of("a"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	assert_has(&run, "checksum valid\nproof: AWS account 123456789012, with account id at 2:5, "
	                 "with user &#38; realm at 4:1\n");
}

static void finding_is_a_failure(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_finding(bytes_of("a&<b>\"c"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	finding.secret = SAMPLE_SECRET;
	expect(&run,
	       START("tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\"")
	           NUMBERS("0", "0") "</properties>\n"
	                             "<testcase time=\"0\" classname=\"a&#38;&#60;b&#62;&#34;c\" "
	                             "name=\"example-scoped-token2 at 3:8\">\n"
	                             "<failure type=\"example-scoped-token2\" "
	                             "message=\"sqco_[REDACTED] (33 bytes): Make sure that this "
	                             "&#34;scoped&#34; token is revoked and removed\">"
	                             "a&#38;&#60;b&#62;&#34;c:3:8\n"
	                             "level error, confidence high, checksum valid\n"
	                             "Revoke it under *Tokens*, create a new one, and keep that in "
	                             "a secret store.\n</failure>\n</testcase>\n" END);
}

static void findings_that_do_not_fail_are_skipped(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_generic_finding(bytes_of("a"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	run.fail_on = LEVEL_ERROR;
	expect(&run, START("tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"1\"")
	                 NUMBERS("0", "0") "</properties>\n"
	                                   "<testcase time=\"0\" classname=\"a\" "
	                                   "name=\"generic-password at 12:1\">\n"
	                                   "<skipped type=\"generic-password\" "
	                                   "message=\"[REDACTED] (8 bytes): A password stands "
	                                   "here.\">a:12:1\n"
	                                   "level warning, confidence low, checksum none\n"
	                                   "</skipped>\n</testcase>\n" END);
}

static void what_xml_cannot_hold_is_replaced(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_finding((struct bytes)SAMPLE_PATH(
	    "\0\x1b\xff\xef\xbf\xbe\n\t\r\x7f\xc2\x85\xe2\x80\xae]]>\xc3\xa4"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	assert_has(&run,
	           "classname=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd&#10;&#9;&#13;"
	           "&#127;&#133;&#8238;]]&#62;\xc3\xa4\" name");
}

static void lost_inputs_are_errors(void **state)
{
	struct coverage lost = {.files = 7, .bytes = 1234};
	struct run run;

	(void)state;
	coverage_skip(&lost, SKIP_SYMLINK);
	coverage_lose(&lost, LOST_UNREADABLE, bytes_of(""), "no <name>");
	coverage_lose(&lost, LOST_CHANGED, bytes_of("b"), "");
	run = sample_run(NULL, 0, &lost);
	expect(&run, START("tests=\"3\" failures=\"0\" errors=\"2\" skipped=\"0\"")
	                 NUMBERS("7", "1234") "<property name=\"skipped.symbolic-link\" "
	                                      "value=\"1\"/>\n</properties>\n"
	                                      "<testcase time=\"0\" classname=\"(no path)\" "
	                                      "name=\"is scanned\">\n"
	                                      "<error type=\"unreadable\" message=\"could not be "
	                                      "read\">no &#60;name&#62;</error>\n</testcase>\n"
	                                      "<testcase time=\"0\" classname=\"b\" "
	                                      "name=\"is scanned\">\n"
	                                      "<error type=\"changed\" message=\"changed while it "
	                                      "was read\"></error>\n</testcase>\n" END);
	coverage_release(&lost);
}

#define FIVE(digits) digits digits digits digits digits
#define ID(byte) FIVE(byte byte byte byte)

static void leak_has_its_occurrences(void **state)
{
	struct coverage none = {0};
	struct occurrence occurrences[] = {
	    sample_occurrence(sample_finding(bytes_of("a"))),
	    sample_dangling(sample_finding(bytes_of("b")), 0xdd),
	};
	struct leak leak = sample_leak(occurrences, 2, LEAK_TIP);
	struct run run = sample_history(&leak, 1, &none);

	(void)state;
	assert_has(&run, "<property name=\"repository\" value=\"/srv/odd repository\"/>\n");
	assert_has(&run, "name=\"example-scoped-token2 at 3:8 of blob " ID("bb") "\">\n<failure");
	assert_has(&run, "store.\nstate tip, in a blob of /srv/odd repository\n"
	                 "a:3:8, blob " ID("bb") ", commit " ID(
			     "11") ", "
	                           "2026-01-31T13:00:00+01:00, Ann O&#39;Nym\n"
	                           "b:3:8, blob " ID("dd") "\n</failure>\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clean_run_has_one_case),
	    cmocka_unit_test(proof_and_parts_are_told),
	    cmocka_unit_test(finding_is_a_failure),
	    cmocka_unit_test(findings_that_do_not_fail_are_skipped),
	    cmocka_unit_test(what_xml_cannot_hold_is_replaced),
	    cmocka_unit_test(lost_inputs_are_errors),
	    cmocka_unit_test(leak_has_its_occurrences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
