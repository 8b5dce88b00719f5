/* The files that a validator sees are made by tests/sarif/make_reports.c; here is what it says. */
#include "report/sarif.h"

#include "base/memory.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct report_options default_options = {.sarif_limit = 25000};

static size_t occurrences_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("%s is not in %s", part, text);
}

static void clean_run_has_no_rules_and_no_results(void **state)
{
	struct coverage none = {0};
	struct run run = sample_run(NULL, 0, &none);
	char *text = sample_capture(sarif_write, &run, &default_options);

	(void)state;
	assert_has(text, "\"rules\":[],");
	assert_has(text, "\"results\":[]}]}\n");
	assert_has(text, "\"invocations\":[{\"executionSuccessful\":true,\"exitCode\":0,"
	                 "\"exitCodeDescription\":\"Nothing that fails the run.\","
	                 "\"startTimeUtc\":\"2026-01-31T12:00:00.250Z\","
	                 "\"endTimeUtc\":\"2026-01-31T12:00:01.250Z\","
	                 "\"workingDirectory\":{\"uri\":\"file:///srv/odd%20folder/\"},"
	                 "\"toolExecutionNotifications\":[],"
	                 "\"properties\":{\"files\":0,\"bytes\":0,\"rules\":3,\"suppressed\":0}}]");
	assert_has(text,
	           "\"originalUriBaseIds\":{\"SRCROOT\":{\"uri\":\"file:///srv/odd%20folder/\",");
	free(text);
}

static void one_finding_is_one_result_and_one_rule(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_finding(bytes_of("src/a.py"));
	struct run run = sample_run(&finding, 1, &none);
	char *text = sample_capture(sarif_write, &run, &default_options);

	(void)state;
	assert_has(
	    text,
	    "\"results\":[\n"
	    "{\"ruleId\":\"example-scoped-token2\",\"ruleIndex\":0,\"kind\":\"fail\",\"level\":"
	    "\"error\","
	    "\"message\":{\"text\":\"Make sure that this \\\"scoped\\\" token is revoked and "
	    "removed.\"},"
	    "\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"src/a.py\","
	    "\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":3,\"startColumn\":8,\"endLine\":"
	    "3,"
	    "\"endColumn\":41,\"snippet\":{\"text\":\"sqco_[REDACTED]\"}}}}],"
	    "\"partialFingerprints\":{\"primaryLocationLineHash\":\"fa2ee980eb94b0a:2\"},"
	    "\"fingerprints\":{\"trawl/v1\":\"00112233445566778899aabbccddeeff\"},"
	    "\"properties\":{\"confidence\":\"high\",\"checksum\":\"valid\",\"entropy\":3.46}}]}]}"
	    "\n");
	assert_has(
	    text, "\"rules\":[\n{\"id\":\"example-scoped-token2\",\"name\":\"ExampleScopedToken2\","
		  "\"shortDescription\":{\"text\":\"Scoped example token.\"},"
		  "\"fullDescription\":{\"text\":\"Make sure that this \\\"scoped\\\" token is "
		  "revoked and removed. Whoever holds it can upload analyses.\\u000aQuality gates "
		  "pass falsely.\"},");
	assert_has(text, "\"helpUri\":\"https://docs.example.org/tokens\","
	                 "\"defaultConfiguration\":{\"level\":\"error\"}");
	assert_has(text,
	           "\"properties\":{\"tags\":[\"security\",\"secret\",\"external/cwe/cwe-798\","
	           "\"cwe-798\",\"Example\"],\"precision\":\"high\","
	           "\"security-severity\":\"8.0\"}}],");
	assert_int_equal(occurrences_of(text, "\"fullDescription\""), 1 + LOST_REASON_COUNT + 2);
	free(text);
}

static void finding_without_line_hash_has_no_partial_fingerprint(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_finding(bytes_of("a"));
	struct run run = sample_run(&finding, 1, &none);
	char *text;

	(void)state;
	finding.line_hash_count = 0;
	text = sample_capture(sarif_write, &run, &default_options);
	assert_int_equal(occurrences_of(text, "partialFingerprints"), 0);
	free(text);
}

static void limit_keeps_the_highest_levels(void **state)
{
	struct coverage none = {0};
	struct finding findings[5];
	struct run run = sample_run(findings, 5, &none);
	struct report_options options = {.sarif_limit = 3};
	const char *generic, *token;
	char *text;

	(void)state;
	for (int i = 0; i < 5; i++)
		findings[i] =
		    i % 2 ? sample_finding(bytes_of("b")) : sample_generic_finding(bytes_of("a"));
	findings[0].level = LEVEL_NOTE;
	text = sample_capture(sarif_write, &run, &options);
	generic = strstr(text, "\"ruleId\":\"generic-password\",\"ruleIndex\":1");
	token = strstr(text, "\"ruleId\":\"example-scoped-token2\",\"ruleIndex\":0");
	assert_non_null(generic);
	assert_non_null(token);
	assert_true(token < generic);
	assert_int_equal(occurrences_of(text, "\"ruleId\""), 3);
	assert_int_equal(occurrences_of(text, "\"level\":\"note\""), 0);
	assert_has(text, "{\"descriptor\":{\"id\":\"results-left-out\",\"index\":8},"
	                 "\"level\":\"warning\",\"message\":{\"text\":"
	                 "\"2 of 5 results were left out, lowest level first.\"}}");
	free(text);

	options.sarif_limit = 2;
	text = sample_capture(sarif_write, &run, &options);
	assert_int_equal(occurrences_of(text, "generic-password"), 0);
	free(text);

	options.sarif_limit = UINT64_MAX;
	text = sample_capture(sarif_write, &run, &options);
	assert_int_equal(occurrences_of(text, "\"ruleId\""), 5);
	assert_int_equal(occurrences_of(text, " results were left out"), 0);
	free(text);
}

static void many_findings_stay_within_the_limit(void **state)
{
	enum { MANY = 30000 };
	struct finding *findings = mem_calloc(MANY, sizeof(*findings));
	struct coverage none = {0};
	struct run run = sample_run(findings, MANY, &none);
	char *text;

	(void)state;
	for (int i = 0; i < MANY; i++)
		findings[i] =
		    i % 2 ? sample_finding(bytes_of("b")) : sample_generic_finding(bytes_of("a"));
	text = sample_capture(sarif_write, &run, &default_options);
	assert_int_equal(occurrences_of(text, "\"ruleId\":\"example-scoped-token2\""), 15000);
	assert_int_equal(occurrences_of(text, "\"ruleId\":\"generic-password\""), 10000);
	assert_has(text, "\"5000 of 30000 results were left out, lowest level first.\"");
	free(text);
	free(findings);
}

static void expect_address(const char *folder, struct bytes path, const char *uri, bool relative)
{
	struct coverage none = {0};
	struct finding finding = sample_finding(path);
	struct run run = sample_run(&finding, 1, &none);
	char part[256], *text;

	run.folder = folder;
	snprintf(part, sizeof(part), "\"artifactLocation\":{\"uri\":\"%s\"%s},\"region\"", uri,
	         relative ? ",\"uriBaseId\":\"SRCROOT\"" : "");
	text = sample_capture(sarif_write, &run, &default_options);
	assert_has(text, part);
	free(text);
}

static void odd_names_become_valid_addresses(void **state)
{
	static const struct {
		const char *uri;
		bool relative;
	} expected[] = {
	    {"%2541%25zz.txt", true},
	    {"-", true},
	    {"--help", true},
	    {"file:///outside.txt", false},
	    {"file:///srv/a:b.txt", false},
	    {"a%3Ab/c:d.txt", true},
	    {"file:///abs:olute/with%20space", false},
	    {"file:///two/slashes", false},
	    {"b/c/d", true},
	    {"c%3A%5Cwindows%5Cpath", true},
	    {"new%0Aline%0D%09%1B%5B31mred%07", true},
	    {"quote%22and'apostrophe%60$(x)%3C%3E&;%7C*%3F%23%5B%5D%7B%7D%5E~!", true},
	    {"http%3A/host/path%3Fquery%23fragment", true},
	    {"invalid%20%FF%FE%E2%82%20utf-8", true},
	    {"s%20p%20a%20c%20e%20s/%20%20.txt", true},
	    {"%C2%85%20%E2%80%A8%20%E2%80%AE%20bidi", true},
	    {"%C3%A4%C3%B6/%E6%BC%A2/%F0%9F%98%80.txt", true},
	};

	(void)state;
	assert_int_equal(sizeof(expected) / sizeof(*expected), SAMPLE_PATH_COUNT);
	for (int i = 0; i < SAMPLE_PATH_COUNT; i++)
		expect_address("/srv/folder", sample_paths[i], expected[i].uri,
		               expected[i].relative);
	expect_address("/", bytes_of("etc/x"), "etc/x", true);
	expect_address("/", bytes_of("../x"), "file:///x", false);
	expect_address("/a/b/", bytes_of(".././../c/../d"), "file:///d", false);
	expect_address("/a/b", bytes_of("../c:d"), "file:///a/c:d", false);
	expect_address("/a/b", bytes_of("x/../../y"), "file:///a/y", false);
	expect_address("/a/b", bytes_of("./"), "./", true);
	expect_address("/a/b", bytes_of(""), "-", true);
	expect_address("/a/b", (struct bytes){(const unsigned char *)"n\0l", 3}, "n%00l", true);
}

static void deep_climbing_path_ends(void **state)
{
	enum { LEVELS = 1300 };
	char path[LEVELS * 3 + 2] = "";
	struct coverage none = {0};
	struct finding finding;
	struct run run = sample_run(&finding, 1, &none);
	char *text;

	(void)state;
	for (int i = 0; i < LEVELS; i++)
		memcpy(path + i * 3, i % 2 ? "../" : "aa/", 4);
	finding = sample_finding(bytes_of(path));
	text = sample_capture(sarif_write, &run, &default_options);
	assert_has(text, "\"uri\":\"./\",\"uriBaseId\":\"SRCROOT\"");
	free(text);
}

static void lost_coverage_is_a_failed_invocation(void **state)
{
	struct coverage lost = {0};
	struct run run;
	char *text;

	(void)state;
	sample_lose(&lost);
	run = sample_run(NULL, 0, &lost);
	text = sample_capture(sarif_write, &run, &default_options);
	assert_has(text, "\"executionSuccessful\":false,\"exitCode\":3,");
	assert_has(
	    text, "\n{\"descriptor\":{\"id\":\"unreadable\",\"index\":0},\"level\":\"error\","
		  "\"message\":{\"text\":\"This input could not be read: Permission denied.\"},"
		  "\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"a/b.txt\","
		  "\"uriBaseId\":\"SRCROOT\"}}}]},");
	assert_has(text, "\"message\":{\"text\":\"This input could not be read: no name.\"}},");
	assert_has(text, "the detail\\u001b[0m.");
	assert_has(text, "{\"descriptor\":{\"id\":\"skipped\",\"index\":7},\"level\":\"note\","
	                 "\"message\":{\"text\":\"Left out by kind or by choice: "
	                 "2 (symbolic links), 1 (over --max-size).\"}}],");
	free(text);
	lost.lost_count += 90;
	text = sample_capture(sarif_write, &run, &default_options);
	assert_has(text, "\"90 further inputs were lost.\"");
	free(text);
	coverage_release(&lost);
}

#define FORTY(digits) digits digits digits digits digits digits digits digits digits digits
#define ID(digit) FORTY(#digit #digit #digit #digit)

static void leak_has_a_result_for_each_occurrence(void **state)
{
	struct coverage none = {0};
	struct occurrence occurrences[] = {
	    sample_occurrence(sample_finding(bytes_of("src/a.py"))),
	    sample_later(sample_finding(bytes_of("old/b.py")), 0x22),
	    sample_later(sample_finding(bytes_of(".git/commit-message")), 0x33),
	};
	struct leak leak = sample_leak(occurrences, 3, LEAK_TIP);
	struct run run = sample_history(&leak, 1, &none);
	char *text;

	(void)state;
	occurrences[1].first.line_hash_count = 0;
	text = sample_capture(sarif_write, &run, &default_options);
	assert_int_equal(occurrences_of(text, "\"ruleId\""), 3);
	assert_has(text, "\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":"
	                 "\"src/a.py\",\"uriBaseId\":\"SRCROOT\"},\"region\":{\"startLine\":3,"
	                 "\"startColumn\":8,\"endLine\":3,\"endColumn\":41,"
	                 "\"snippet\":{\"text\":\"sqco_[REDACTED]\"}}}}],"
	                 "\"partialFingerprints\":{\"primaryLocationLineHash\":"
	                 "\"fa2ee980eb94b0a:2\"},"
	                 "\"fingerprints\":{\"trawl/v1\":\"00112233445566778899aabbccddeeff\"},"
	                 "\"correlationGuid\":\"00112233-4455-5677-8899-aabbccddeeff\","
	                 "\"properties\":{\"confidence\":\"high\",\"checksum\":\"valid\","
	                 "\"entropy\":3.46,\"commit\":\"" ID(1) "\",\"blob\":\"" ID(
			     b) "\","
	                        "\"author\":\"Ann O'Nym\",\"date\":\"2026-01-31T13:00:00+01:00\","
	                        "\"state\":\"tip\",\"objectKind\":\"blob\","
	                        "\"occurrence\":1,\"occurrences\":3}},\n");
	assert_has(text, "\"entropy\":3.46,\"commit\":\"" ID(2) "\",\"blob\":\"" ID(
			     b) "\","
	                        "\"state\":\"tip\",\"objectKind\":\"blob\","
	                        "\"occurrence\":2,\"occurrences\":3}},\n");
	assert_has(text, "\"state\":\"tip\",\"objectKind\":\"commit\","
	                 "\"occurrence\":3,\"occurrences\":3}}]}]}\n");
	assert_int_equal(occurrences_of(text, "partialFingerprints"), 2);
	free(text);
}

static void history_says_what_was_scanned(void **state)
{
	struct coverage none = {0};
	struct scanned_repository repository = {.folder = "/srv/x", .remote = "../y"};
	struct run run = sample_history(NULL, 0, &none);
	char *text = sample_capture(sarif_write, &run, &default_options);

	(void)state;
	assert_has(text, "\n\"versionControlProvenance\":[{"
	                 "\"repositoryUri\":\"ssh://git.example.org/team/a%20b.git\","
	                 "\"revisionId\":\"5d0b1a9f0c9e6a6d3b6b9a3c6c0b9b1f7a0e2c11\","
	                 "\"branch\":\"main\",\"mappedTo\":{\"uriBaseId\":\"SRCROOT\"}}],");
	assert_has(text, "\"workingDirectory\":{\"uri\":\"file:///srv/odd%20folder/\"},");
	assert_has(text, "\"SRCROOT\":{\"uri\":\"file:///srv/odd%20repository/\",");
	assert_has(text, "\"automationDetails\":{\"id\":\"trawl/history/\"},");
	assert_has(text, "\n\"artifacts\":[],\n\"results\":[]}]}\n");
	free(text);

	run.repositories = &repository;
	text = sample_capture(sarif_write, &run, &default_options);
	assert_int_equal(occurrences_of(text, "versionControlProvenance"), 0);
	repository.remote = "https://host.example/x";
	free(text);
	text = sample_capture(sarif_write, &run, &default_options);
	assert_has(text, "[{\"repositoryUri\":\"https://host.example/x\","
	                 "\"mappedTo\":{\"uriBaseId\":\"SRCROOT\"}}],");
	free(text);
}

static void deleted_files_are_artifacts(void **state)
{
	struct coverage none = {0};
	struct occurrence present[] = {
	    sample_occurrence(sample_finding(bytes_of("both"))),
	    sample_occurrence(sample_finding(bytes_of("here"))),
	};
	struct occurrence gone[] = {
	    sample_occurrence(sample_finding(bytes_of("gone:1"))),
	    sample_later(sample_finding(bytes_of("both")), 0x22),
	    sample_later(sample_finding(bytes_of("gone:1")), 0x33),
	    sample_dangling(sample_finding(bytes_of("")), 0xdd),
	    sample_later(sample_finding(bytes_of("../up")), 0x33),
	    sample_later(sample_finding(bytes_of("/top")), 0x33),
	    sample_later(sample_finding(bytes_of("also gone")), 0x33),
	};
	struct occurrence message =
	    sample_occurrence(sample_finding(bytes_of(".git/commit-message")));
	struct leak leaks[] = {
	    sample_leak(gone, 7, LEAK_HISTORY),
	    sample_leak(present, 2, LEAK_HEAD),
	    sample_leak(&message, 1, LEAK_HISTORY),
	};
	struct run run = sample_history(leaks, 3, &none);
	char *text;

	(void)state;
	leaks[2].kind = OBJECT_COMMIT;
	text = sample_capture(sarif_write, &run, &default_options);
	assert_has(text, "\n\"artifacts\":["
	                 "\n{\"location\":{\"uri\":\"also%20gone\",\"uriBaseId\":\"SRCROOT\"},"
	                 "\"roles\":[\"resultFile\",\"deleted\"]},"
	                 "\n{\"location\":{\"uri\":\"gone%3A1\",\"uriBaseId\":\"SRCROOT\"},"
	                 "\"roles\":[\"resultFile\",\"deleted\"]}],\n");
	free(text);
}

static void no_name_leads_out_of_the_repository(void **state)
{
	static const char place[] = "\"artifactLocation\":{\"uri\":\".git/lost-found\","
				    "\"uriBaseId\":\"SRCROOT\"},\"region\"";
	struct coverage none = {0};
	struct occurrence occurrences[] = {
	    sample_dangling(sample_finding(bytes_of("")), 0xdd),
	    sample_occurrence(sample_finding(bytes_of("/etc/passwd"))),
	    sample_occurrence(sample_finding(bytes_of("a/../../b"))),
	    sample_occurrence(sample_finding(bytes_of("a/./b"))),
	};
	struct leak leak = sample_leak(occurrences, 4, LEAK_UNREACHABLE);
	struct run run = sample_history(&leak, 1, &none);
	char *text = sample_capture(sarif_write, &run, &default_options);

	(void)state;
	assert_int_equal(occurrences_of(text, place), 4);
	assert_int_equal(occurrences_of(text, ",\"path\":"), 3);
	assert_has(text, "\"entropy\":3.46,\"path\":\"a/../../b\",\"commit\":");
	assert_has(text, "\"entropy\":3.46,\"blob\":\"" ID(d) "\",\"state\":\"unreachable\",");
	free(text);
}

static void limit_counts_occurrences(void **state)
{
	struct coverage none = {0};
	struct occurrence low[] = {
	    sample_occurrence(sample_generic_finding(bytes_of("a"))),
	    sample_later(sample_generic_finding(bytes_of("b")), 0x22),
	};
	struct occurrence high[] = {
	    sample_occurrence(sample_finding(bytes_of("c"))),
	    sample_later(sample_finding(bytes_of("d")), 0x22),
	};
	struct leak leaks[] = {sample_leak(low, 2, LEAK_HISTORY),
	                       sample_leak(high, 2, LEAK_HISTORY)};
	struct run run = sample_history(leaks, 2, &none);
	char *text;

	(void)state;
	text = sample_capture(sarif_write, &run, &(struct report_options){.sarif_limit = 3});
	assert_int_equal(occurrences_of(text, "\"ruleId\":\"example-scoped-token2\""), 2);
	assert_int_equal(occurrences_of(text, "\"ruleId\":\"generic-password\""), 1);
	assert_has(text, "\"1 of 4 results were left out, lowest level first.\"");
	assert_int_equal(occurrences_of(text, "\"roles\""), 3);
	free(text);
	text = sample_capture(sarif_write, &run, &(struct report_options){.sarif_limit = 1});
	assert_int_equal(occurrences_of(text, "\"ruleId\""), 1);
	assert_int_equal(occurrences_of(text, "generic-password"), 0);
	free(text);
}

/* They come last, whatever their levels are, so that the limit takes them first. */
static void what_is_held_against_has_suppressions(void **state)
{
	struct coverage none = {0};
	struct finding weak = sample_generic_finding(bytes_of("a"));
	struct finding known[] = {sample_finding(bytes_of("b")), sample_finding(bytes_of("c"))};
	struct run run = sample_run(&weak, 1, &none);
	struct report_options limited = {.sarif_limit = 1};
	char *text;

	(void)state;
	known[0].suppression = &sample_inline;
	known[1].suppression = &sample_known;
	run.suppressed_findings = known;
	run.suppressed_finding_count = 2;
	text = sample_capture(sarif_write, &run, &default_options);
	assert_has(text, "\"suppressions\":[{\"kind\":\"inSource\",\"status\":\"accepted\","
	                 "\"properties\":{\"by\":\"inline\"}}],");
	assert_has(text, "\"suppressions\":[{\"kind\":\"external\",\"status\":\"accepted\","
	                 "\"justification\":\"odd \\u001b[31m \xef\xbf\xbd \\u202e \\\"\","
	                 "\"properties\":{\"by\":\"baseline\",\"owner\":\"ann\","
	                 "\"expires\":\"2027-01-31\"}}],");
	assert_int_equal(occurrences_of(text, "\"suppressions\":"), 2);
	assert_int_equal(occurrences_of(text, "\"ruleIndex\":"), 3);
	assert_true(strstr(text, "\"uri\":\"a\"") < strstr(text, "\"uri\":\"b\""));
	free(text);
	text = sample_capture(sarif_write, &run, &limited);
	assert_has(text, "2 of 3 results were left out, lowest level first.");
	assert_int_equal(occurrences_of(text, "\"suppressions\":"), 0);
	assert_int_equal(occurrences_of(text, "\"ruleIndex\":"), 1);
	free(text);
}

static void lost_objects_have_no_address(void **state)
{
	struct coverage lost = {0};
	struct run run;
	char *text;

	(void)state;
	coverage_lose(&lost, LOST_UNREADABLE, bytes_of(ID(a)), "inflate failed");
	coverage_lose(&lost, LOST_UNREADABLE, bytes_of(ID(b)), "");
	run = sample_history(NULL, 0, &lost);
	text = sample_capture(sarif_write, &run, &default_options);
	assert_has(text, "\"level\":\"error\",\"message\":{\"text\":\"" ID(
			     a) " could not be read: inflate failed.\"}},");
	assert_has(text, "\"message\":{\"text\":\"" ID(b) " could not be read.\"}}],");
	free(text);
	coverage_release(&lost);
}

/* Text of 3,000 characters of two bytes, behind one byte, so that a cut can split one. */
static char *long_text(void)
{
	char *text = mem_calloc(6002, 1);

	text[0] = 'x';
	for (int i = 0; i < 3000; i++)
		memcpy(text + 1 + i * 2, "\xc3\xa4", 2);
	return text;
}

/* Bytes of the first full description in the report. */
static size_t description_length(const char *text)
{
	static const char key[] = "\"fullDescription\":{\"text\":\"";
	const char *found = strstr(text, key);

	return found ? strcspn(found + sizeof(key) - 1, "\"") : 0;
}

static void long_texts_are_cut_between_characters(void **state)
{
	char *text, *many = long_text();
	struct rule rule = sample_token;
	const struct rule *rules[] = {&rule};
	struct coverage none = {0};
	struct finding finding = sample_finding(bytes_of("a"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	rule.id = "word";
	rule.name = rule.message = rule.impact = many;
	rule.security_severity = 99;
	rule.provider = "secret";
	finding.rule = &rule;
	run.rules = rules;
	run.rule_count = 1;
	text = sample_capture(sarif_write, &run, &default_options);
	assert_int_equal(occurrences_of(text, "\xef\xbf\xbd"), 0);
	assert_has(text, "\"name\":\"WordSecret\"");
	assert_has(text, "\"cwe-798\"],\"precision\":\"high\",\"security-severity\":\"10.0\"");
	assert_in_range(description_length(text), 1001, 1024);
	free(text);
	free(many);
}

/* In every format the run shows its secrets when it is asked to, but for SARIF, which never does.
 */
static void expect_secrets_on_request(const struct run *run)
{
	const char *raw = SAMPLE_SECRET;

	for (int show = 0; show < 2; show++) {
		for (int i = REPORT_TEXT; i <= REPORT_SARIF; i++) {
			struct report_options options = {.show_secrets = show, .sarif_limit = 10};
			struct report r = {.format = (enum report_format)i};
			struct error error;
			char *text = NULL;
			size_t len = 0;

			r.out = open_memstream(&text, &len);
			assert_non_null(r.out);
			assert_int_equal(report_write(&r, run, &options, &error), ERR_NONE);
			assert_int_equal(report_commit(&r, &error), ERR_NONE);
			/* Neither whole nor in parts of eight characters behind the prefix. */
			for (size_t at = 5; at + 8 <= strlen(raw); at++) {
				char part[9];
				bool shown = show && i != REPORT_SARIF;

				snprintf(part, sizeof(part), "%.8s", raw + at);
				assert_int_equal(strstr(text, part) != NULL, shown);
			}
			free(text);
		}
	}
}

static void no_report_shows_a_secret_unasked(void **state)
{
	struct coverage lost = {0};
	struct finding findings[2] = {sample_finding(bytes_of("a")),
	                              sample_generic_finding(bytes_of("b"))};
	struct occurrence occurrences[2];
	struct leak leak = sample_leak(occurrences, 2, LEAK_TIP);
	struct run run;

	(void)state;
	sample_lose(&lost);
	for (int i = 0; i < 2; i++) {
		findings[i].secret = SAMPLE_SECRET;
		findings[i].secret_len = (uint32_t)strlen(SAMPLE_SECRET);
		occurrences[i] = sample_occurrence(findings[i]);
	}
	run = sample_run(findings, 2, &lost);
	expect_secrets_on_request(&run);
	run = sample_history(&leak, 1, &lost);
	expect_secrets_on_request(&run);
	coverage_release(&lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clean_run_has_no_rules_and_no_results),
	    cmocka_unit_test(one_finding_is_one_result_and_one_rule),
	    cmocka_unit_test(finding_without_line_hash_has_no_partial_fingerprint),
	    cmocka_unit_test(limit_keeps_the_highest_levels),
	    cmocka_unit_test(many_findings_stay_within_the_limit),
	    cmocka_unit_test(odd_names_become_valid_addresses),
	    cmocka_unit_test(deep_climbing_path_ends),
	    cmocka_unit_test(lost_coverage_is_a_failed_invocation),
	    cmocka_unit_test(leak_has_a_result_for_each_occurrence),
	    cmocka_unit_test(history_says_what_was_scanned),
	    cmocka_unit_test(deleted_files_are_artifacts),
	    cmocka_unit_test(no_name_leads_out_of_the_repository),
	    cmocka_unit_test(limit_counts_occurrences),
	    cmocka_unit_test(what_is_held_against_has_suppressions),
	    cmocka_unit_test(lost_objects_have_no_address),
	    cmocka_unit_test(long_texts_are_cut_between_characters),
	    cmocka_unit_test(no_report_shows_a_secret_unasked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
