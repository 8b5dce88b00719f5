#include "report/jsonl.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOTHING_SKIPPED                                                                            \
	"\"skipped\":{\"symbolic-link\":0,\"special-file\":0,\"gitlink\":0,\"lfs-pointer\":0,"     \
	"\"ignored\":0,\"max-size\":0,\"generic-on-binary\":0}"
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
	       "\"gitlink\":0,\"lfs-pointer\":0,\"ignored\":1,\"max-size\":0,\"generic-on-binary\":0},\"complete\":false,"
	       "\"lost_count\":2,\"lost\":["
	       "{\"path\":\"a\xef\xbf\xbd\",\"path_base64\":\"Yf8=\",\"reason\":\"changed\","
	       "\"detail\":\"\"},"
	       "{\"path\":\"b\",\"reason\":\"unreadable\",\"detail\":\"Permission denied\"}],"
	       "\"exit_status\":3," TIMES "}}\n");
	coverage_release(&lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clean_run_has_a_summary),
	    cmocka_unit_test(finding_has_all_fields),
	    cmocka_unit_test(secret_is_text_or_base64),
	    cmocka_unit_test(lost_inputs_are_in_the_summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
