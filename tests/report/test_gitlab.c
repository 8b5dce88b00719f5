#include "report/gitlab.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PROGRAM                                                                                    \
	"{\"id\":\"trawl\",\"name\":\"Trawl\",\"url\":\"https://github.com/trawl-project/trawl\"," \
	"\"version\":\"" TRAWL_VERSION "\",\"vendor\":{\"name\":\"Trawl project\"}}"
#define START(status, messages)                                                                    \
	"{\"version\":\"15.2.1\",\"schema\":\"https://gitlab.com/gitlab-org/security-products/"    \
	"security-report-schemas/-/raw/v15.2.1/dist/secret-detection-report-format.json\","        \
	"\"scan\":{\"type\":\"secret_detection\",\"status\":\"" status "\","                       \
	"\"start_time\":\"2026-01-31T12:00:00\",\"end_time\":\"2026-01-31T12:00:01\","             \
	"\"analyzer\":" PROGRAM ",\"scanner\":" PROGRAM ",\"messages\":[" messages "]},"           \
	"\"vulnerabilities\":["
#define IDENTIFIERS(id)                                                                            \
	"\"identifiers\":[{\"type\":\"trawl_rule_id\",\"name\":\"Trawl rule " id                   \
	"\",\"value\":\"" id "\"},{\"type\":\"cwe\",\"name\":\"CWE-798\",\"value\":\"798\","       \
	"\"url\":\"https://cwe.mitre.org/data/definitions/798.html\"}],"

static char *written(const struct run *run)
{
	return sample_capture(gitlab_write, run, &(struct report_options){.show_secrets = true});
}

static void expect(const struct run *run, const char *text)
{
	char *report = written(run);

	assert_string_equal(report, text);
	free(report);
}

static void assert_has(const struct run *run, const char *part)
{
	char *text = written(run);

	if (!strstr(text, part))
		fail_msg("%s is not in %s", part, text);
	free(text);
}

static void assert_lacks(const struct run *run, const char *part)
{
	char *text = written(run);

	if (strstr(text, part))
		fail_msg("%s is in %s", part, text);
	free(text);
}

static void clean_run_has_no_entries(void **state)
{
	struct coverage none = {0};
	struct run run = sample_run(NULL, 0, &none);

	(void)state;
	expect(&run, START("success", "") "]}\n");
}

static void proof_and_parts_are_told(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_proved_finding(bytes_of("a"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	assert_has(&run, "\"proof\":{\"type\":\"text\",\"name\":\"Proof\",\"value\":\"AWS account "
	                 "123456789012, with account id at 2:5, with user & realm at 4:1\"}");
}

static void finding_is_an_entry(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_generic_finding(bytes_of("./a\xff\x1b.py"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	finding.secret = "rawraw12";
	expect(
	    &run,
	    START(
		"success",
		"") "\n{\"id\":\"00112233-4455-5677-87f2-88722f84a287\","
		    "\"name\":\"Password.\",\"description\":\"A password stands "
		    "here.\",\"severity\":\"Medium\"," IDENTIFIERS(
			"generic-password") "\"links\":[],"
					    "\"location\":{\"file\":\"a\xef\xbf\xbd\\u001b.py\","
					    "\"start_line\":12,\"end_line\":12,"
					    "\"commit\":{\"sha\":\"0000000\"}},\"details\":{"
					    "\"secret\":{\"type\":\"text\",\"name\":\"Secret\","
					    "\"value\":\"[REDACTED] (8 bytes)\"},"
					    "\"column\":{\"type\":\"text\",\"name\":\"Column\","
					    "\"value\":\"1\"},"
					    "\"confidence\":{\"type\":\"text\",\"name\":"
					    "\"Confidence\","
					    "\"value\":\"low\"},"
					    "\"checksum\":{\"type\":\"text\",\"name\":\"Checksum\","
					    "\"value\":\"none\"}}}]}\n");
}

static void severity_follows_level_and_rule(void **state)
{
	struct rule grave = sample_token;
	struct coverage none = {0};
	struct finding finding = sample_finding(bytes_of("a"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	grave.security_severity = 9.0;
	assert_has(&run, "\"severity\":\"High\"");
	finding.rule = &grave;
	assert_has(&run, "\"severity\":\"Critical\"");
	finding.level = LEVEL_NOTE;
	assert_has(&run, "\"severity\":\"Info\"");
}

static void long_texts_end_with_a_character(void **state)
{
	static const char *const references[] = {"ftp://a", "https://", "javascript:x", "http://b",
	                                         NULL};
	struct rule rule = sample_token;
	struct coverage none = {0};
	struct finding finding = sample_finding(bytes_of("a"));
	struct run run = sample_run(&finding, 1, &none);
	char name[400], shown[400];

	(void)state;
	memset(name, 'n', sizeof(name));
	memcpy(name + 253, "\xf0\x9f\x98\x80", 4); /* bytes 253 to 256, one too many */
	name[sizeof(name) - 1] = '\0';
	snprintf(shown, sizeof(shown), "\"name\":\"%.253s\",\"description\"", name);
	rule.name = name;
	rule.references = references;
	finding.rule = &rule;
	assert_has(&run, shown);
	assert_has(&run, "\"links\":[{\"url\":\"http://b\"}]");
}

static void lost_inputs_are_messages(void **state)
{
	struct coverage lost = {0};
	struct run run;

	(void)state;
	coverage_lose(&lost, LOST_UNREADABLE, bytes_of(""), "no\x1b name");
	coverage_lose(&lost, LOST_CHANGED, bytes_of("b"), "");
	run = sample_run(NULL, 0, &lost);
	expect(&run, START("failure", "{\"level\":\"warn\",\"value\":\"An input could not be read: "
	                              "no\\u001b name\"},{\"level\":\"warn\",\"value\":\"b changed "
	                              "while it was read\"}") "]}\n");
	coverage_release(&lost);
}

#define FIVE(digits) digits digits digits digits digits
#define ID(byte) FIVE(byte byte byte byte)

static void occurrence_has_its_commit(void **state)
{
	struct coverage none = {0};
	struct occurrence occurrences[] = {
	    sample_occurrence(sample_finding(bytes_of("src/a.py"))),
	    sample_dangling(sample_finding(bytes_of("../../outside")), 0xdd),
	};
	struct leak leak = sample_leak(occurrences, 2, LEAK_TIP);
	struct run run = sample_history(&leak, 1, &none);

	(void)state;
	assert_has(&run,
	           "\"location\":{\"file\":\"src/a.py\",\"start_line\":3,\"end_line\":3,"
	           "\"commit\":{\"sha\":\"" ID("11") "\",\"author\":\"Ann O'Nym\","
	                                             "\"date\":\"2026-01-31T13:00:00+01:00\"}},");
	assert_has(&run, "\"state\":{\"type\":\"text\",\"name\":\"State\",\"value\":\"tip\"},"
	                 "\"blob\":{\"type\":\"text\",\"name\":\"Object\",\"value\":\"" ID(
			     "bb") "\"}}},\n");
	assert_has(&run, "\"location\":{\"start_line\":3,\"end_line\":3,"
	                 "\"commit\":{\"sha\":\"0000000\"}},");
	assert_lacks(&run, "outside");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clean_run_has_no_entries),
	    cmocka_unit_test(proof_and_parts_are_told),
	    cmocka_unit_test(finding_is_an_entry),
	    cmocka_unit_test(severity_follows_level_and_rule),
	    cmocka_unit_test(long_texts_end_with_a_character),
	    cmocka_unit_test(lost_inputs_are_messages),
	    cmocka_unit_test(occurrence_has_its_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
