#include "report/jsonl.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOTHING_SKIPPED                                                                            \
	"\"skipped\":{\"symbolic-link\":0,\"special-file\":0,\"gitlink\":0,\"lfs-pointer\":0,"     \
	"\"ignored\":0,\"excluded\":0,\"max-size\":0,\"generic-on-binary\":0}"
#define TIMES "\"started\":\"2026-01-31T12:00:00.250Z\",\"ended\":\"2026-01-31T12:00:01.250Z\""

static void expect(const struct run *run, const struct report_options *options, const char *text)
{
	char *written = sample_capture(jsonl_write, run, options);

	assert_string_equal(written, text);
	free(written);
}

static void clean_run_has_a_summary(void **state)
{
	struct coverage none = {.files = 2, .bytes = 99};
	struct run run = sample_run(NULL, 0, &none);

	(void)state;
	run.suppressed = 4;
	expect(&run, &(struct report_options){0},
	       "{\"summary\":{\"version\":\"" TRAWL_VERSION "\",\"rules\":3,"
	       "\"findings\":{\"error\":0,\"warning\":0,\"note\":0},\"suppressed\":4,"
	       "\"files\":2,\"bytes\":99," NOTHING_SKIPPED ",\"complete\":true,\"lost_count\":0,"
	       "\"lost\":[],\"exit_status\":0," TIMES "}}\n");
}

#define FINDING_START                                                                              \
	"{\"rule_id\":\"example-scoped-token2\",\"rspec_key\":\"S7791\",\"provider\":\"Example\"," \
	"\"message\":\"Make sure that this \\\"scoped\\\" token is revoked and removed\","
#define FINDING_PLACE                                                                              \
	"\"start_line\":3,\"start_column\":8,\"end_line\":3,\"end_column\":41,"                    \
	"\"start_offset\":40,\"end_offset\":73,"
#define LINE_HASH "\"line_hash\":\"fa2ee980eb94b0a:2\","
#define FINDING_END                                                                                \
	"\"fingerprint\":\"00112233445566778899aabbccddeeff\",\"confidence\":\"high\","            \
	"\"level\":\"error\",\"checksum\":\"valid\",\"entropy\":3.46}\n"
#define SUMMARY                                                                                    \
	"{\"summary\":{\"version\":\"" TRAWL_VERSION "\",\"rules\":3,\"findings\":{\"error\":1,"   \
	"\"warning\":0,\"note\":0},\"suppressed\":0,\"files\":0,\"bytes\":0," NOTHING_SKIPPED      \
	",\"complete\":true,\"lost_count\":0,\"lost\":[],\"exit_status\":1," TIMES "}}\n"

static void finding_has_all_fields(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_finding(bytes_of("a\xff"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	expect(&run, &(struct report_options){0},
	       FINDING_START "\"path\":\"a\xef\xbf\xbd\",\"path_base64\":\"Yf8=\"," FINDING_PLACE
	                     "\"preview\":\"sqco_[REDACTED] (33 bytes)\"," FINDING_END SUMMARY);
}

static void secret_is_text_or_base64(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_finding(bytes_of("a"));
	struct run run = sample_run(&finding, 1, &none);
	struct report_options show = {.show_secrets = true};

	(void)state;
	finding.secret = "ab\n";
	finding.secret_len = 3;
	expect(&run, &show,
	       FINDING_START "\"path\":\"a\"," FINDING_PLACE
	                     "\"preview\":\"sqco_[REDACTED] (3 bytes)\","
	                     "\"secret\":\"ab\\u000a\"," FINDING_END SUMMARY);
	finding.secret = "ab\xff";
	expect(&run, &show,
	       FINDING_START
	       "\"path\":\"a\"," FINDING_PLACE "\"preview\":\"sqco_[REDACTED] (3 bytes)\","
	       "\"secret\":\"ab\xef\xbf\xbd\",\"secret_base64\":\"YWL/\"," FINDING_END SUMMARY);
}

static void lost_inputs_are_in_the_summary(void **state)
{
	struct coverage lost = {0};
	struct run run;

	(void)state;
	coverage_skip(&lost, SKIP_IGNORED);
	coverage_lose(&lost, LOST_CHANGED, bytes_of("a\xff"), "");
	coverage_lose(&lost, LOST_UNREADABLE, bytes_of("b"), "Permission denied");
	run = sample_run(NULL, 0, &lost);
	expect(&run, &(struct report_options){0},
	       "{\"summary\":{\"version\":\"" TRAWL_VERSION "\",\"rules\":3,"
	       "\"findings\":{\"error\":0,\"warning\":0,\"note\":0},\"suppressed\":0,"
	       "\"files\":0,\"bytes\":0,\"skipped\":{\"symbolic-link\":0,\"special-file\":0,"
	       "\"gitlink\":0,\"lfs-pointer\":0,\"ignored\":1,\"excluded\":0,\"max-size\":0,"
	       "\"generic-on-binary\":"
	       "0},\"complete\":false,"
	       "\"lost_count\":2,\"lost\":["
	       "{\"path\":\"a\xef\xbf\xbd\",\"path_base64\":\"Yf8=\",\"reason\":\"changed\","
	       "\"detail\":\"\"},"
	       "{\"path\":\"b\",\"reason\":\"unreadable\",\"detail\":\"Permission denied\"}],"
	       "\"exit_status\":3," TIMES "}}\n");
	coverage_release(&lost);
}

#define SHARED(digit) #digit #digit #digit #digit #digit #digit #digit #digit #digit #digit
#define ID(digit) SHARED(digit) SHARED(digit) SHARED(digit) SHARED(digit)
#define LEAK_END                                                                                   \
	"\"fingerprint\":\"00112233445566778899aabbccddeeff\",\"confidence\":\"high\","            \
	"\"level\":\"error\",\"checksum\":\"valid\",\"entropy\":3.46,"
#define FIRST_ORIGIN                                                                               \
	"\"commit\":\"" ID(1) "\",\"author\":\"Ann O'Nym\","                                       \
			      "\"date\":\"2026-01-31T13:00:00+01:00\",\"blob\":\"" ID(b) "\","
#define REPOSITORY_SUMMARY                                                                         \
	"{\"summary\":{\"version\":\"" TRAWL_VERSION "\",\"rules\":3,\"repositories\":["           \
	"{\"folder\":\"/srv/odd repository\",\"remote\":\"git.example.org:team/a b.git\","         \
	"\"head\":\"5d0b1a9f0c9e6a6d3b6b9a3c6c0b9b1f7a0e2c11\",\"branch\":\"main\"}],"

static void leak_has_its_occurrences(void **state)
{
	struct coverage none = {0};
	struct occurrence occurrences[] = {
	    sample_occurrence(sample_finding(bytes_of("a"))),
	    sample_later(sample_finding(bytes_of("b\xff")), 0x22),
	};
	struct leak leak = sample_leak(occurrences, 2, LEAK_TIP);
	struct run run = sample_history(&leak, 1, &none);

	(void)state;
	expect(
	    &run, &(struct report_options){0},
	    FINDING_START
	    "\"path\":\"a\"," FINDING_PLACE "\"preview\":\"sqco_[REDACTED] (33 bytes)\"," LEAK_END
	    "\"repository\":\"/srv/odd repository\"," FIRST_ORIGIN
	    "\"object_kind\":\"blob\",\"state\":\"tip\","
	    "\"refs\":[\"refs/heads/x\",\"refs/tags/v1\",\"refs/tags/v2\"],"
	    "\"occurrences\":["
	    "{\"path\":\"a\"," FIRST_ORIGIN FINDING_PLACE LINE_HASH "\"last\":{\"blob\":\"" ID(
		c) "\","
		   "\"start_line\":4,\"start_column\":8,\"end_line\":4,\"end_column\":41,"
		   "\"start_offset\":49,\"end_offset\":82}},"
		   "{\"path\":\"b\xef\xbf\xbd\",\"path_base64\":\"Yv8=\","
		   "\"commit\":\"" ID(
		       2) "\",\"author\":null,\"date\":null,"
			  "\"blob\":\"" ID(
			      b) "\"," FINDING_PLACE LINE_HASH
				 "\"last\":{\"blob\":\"" ID(
				     b) "\","
					"\"start_line\":3,\"start_column\":8,\"end_line\":3,\"end_"
					"column\":41,"
					"\"start_offset\":40,\"end_offset\":73}}]}"
					"\n" REPOSITORY_SUMMARY
					"\"findings\":{\"error\":1,\"warning\":0,\"note\":0},"
					"\"suppressed\":0,"
					"\"files\":0,\"bytes\":0," NOTHING_SKIPPED
					",\"complete\":true,"
					"\"lost_count\":0,\"lost\":[],\"exit_status\":1," TIMES
					"}}\n");
}

static void assert_has(const struct run *run, const char *part)
{
	char *text = sample_capture(jsonl_write, run, &(struct report_options){0});

	if (!strstr(text, part))
		fail_msg("%s is not in %s", part, text);
	free(text);
}

static void unknown_things_are_null(void **state)
{
	struct coverage none = {0};
	struct occurrence occurrence = sample_dangling(sample_finding(bytes_of("")), 0xdd);
	struct leak leak = sample_leak(&occurrence, 1, LEAK_UNREACHABLE);
	struct scanned_repository repository = {.folder = "/b\xff"};
	struct run run = sample_history(&leak, 1, &none);

	(void)state;
	leak.repository = repository.folder;
	run.repositories = &repository;
	assert_has(&run, "removed\",\"path\":null,\"start_line\":3,");
	assert_has(&run, "\"repository\":\"/b\xef\xbf\xbd\",\"repository_base64\":\"L2L/\","
	                 "\"commit\":null,\"author\":null,\"date\":null,\"blob\":\"" ID(
			     d) "\",\"object_kind\":\"blob\",\"state\":\"unreachable\","
	                        "\"occurrences\":[{\"path\":null,\"commit\":null,\"author\":null,"
	                        "\"date\":null,");
	assert_has(&run,
	           "\"repositories\":[{\"folder\":\"/b\xef\xbf\xbd\","
	           "\"folder_base64\":\"L2L/\",\"remote\":null,\"head\":null,\"branch\":null}],");
	run.leak_count = 0;
	assert_has(&run, "{\"summary\":{\"version\":\"" TRAWL_VERSION
	                 "\",\"rules\":3,\"repositories\":[{");
}

static void authors_and_references_are_escaped(void **state)
{
	static const char *const refs[] = {"refs/heads/\x1b\xff\"", NULL};
	struct coverage none = {0};
	struct occurrence occurrence =
	    sample_occurrence(sample_finding(bytes_of(".git/commit-message")));
	struct leak leak = sample_leak(&occurrence, 1, LEAK_TIP);
	struct run run = sample_history(&leak, 1, &none);

	(void)state;
	occurrence.author = "a\n\x1b]0;\x07\xff\xe2\x80\xae";
	occurrence.date = INT64_MAX;
	occurrence.zone = INT32_MIN;
	leak.kind = OBJECT_COMMIT;
	leak.refs = refs;
	assert_has(&run, "\"author\":\"a\\u000a\\u001b]0;\\u0007\xef\xbf\xbd\\u202e\","
	                 "\"date\":\"9999-12-31T23:59:59+00:00\",");
	assert_has(&run, "\"object_kind\":\"commit\",\"state\":\"tip\","
	                 "\"refs\":[\"refs/heads/\\u001b\xef\xbf\xbd\\\"\"],");
}

/* Such lines follow the others and count for nothing. */
static void what_is_held_against_is_told(void **state)
{
	struct coverage none = {0};
	struct finding findings[] = {sample_finding(bytes_of("a")), sample_finding(bytes_of("b"))};
	struct occurrence occurrence = sample_occurrence(sample_finding(bytes_of("c")));
	struct leak leak = sample_leak(&occurrence, 1, LEAK_HEAD);
	struct run run = sample_run(NULL, 0, &none);

	(void)state;
	findings[0].suppression = &sample_inline;
	findings[1].suppression = &sample_known;
	occurrence.first.suppression = &sample_inline;
	run.suppressed = 3;
	assert_has(&run, "{\"summary\":{\"version\":\"" TRAWL_VERSION
	                 "\",\"rules\":3,\"findings\":{\"error\":0,\"warning\":0,\"note\":0},"
	                 "\"suppressed\":3,");
	run.suppressed_findings = findings;
	run.suppressed_finding_count = 2;
	run.suppressed_leaks = &leak;
	run.suppressed_leak_count = 1;
	assert_has(&run, "\"entropy\":3.46,\"suppressed\":{\"by\":\"inline\",\"reason\":null,"
	                 "\"owner\":null,\"expires\":null}}\n{");
	assert_has(&run, "\"suppressed\":{\"by\":\"baseline\",\"reason\":\"odd \\u001b[31m "
	                 "\xef\xbf\xbd \\u202e \\\"\",\"owner\":\"ann\",\"expires\":"
	                 "\"2027-01-31\"}}\n{");
	assert_has(&run, "}],\"suppressed\":{\"by\":\"inline\",\"reason\":null,\"owner\":null,"
	                 "\"expires\":null}}\n{\"summary\":");
	assert_has(&run, "\"findings\":{\"error\":0,\"warning\":0,\"note\":0},\"suppressed\":3,");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clean_run_has_a_summary),
	    cmocka_unit_test(finding_has_all_fields),
	    cmocka_unit_test(secret_is_text_or_base64),
	    cmocka_unit_test(lost_inputs_are_in_the_summary),
	    cmocka_unit_test(leak_has_its_occurrences),
	    cmocka_unit_test(unknown_things_are_null),
	    cmocka_unit_test(authors_and_references_are_escaped),
	    cmocka_unit_test(what_is_held_against_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
