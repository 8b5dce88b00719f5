#include "report/text.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect(const struct run *run, const struct report_options *options, const char *text)
{
	char *written = sample_capture(text_write, run, options);

	assert_string_equal(written, text);
	free(written);
}

static void clean_run_prints_nothing(void **state)
{
	struct coverage none = {.files = 3};
	struct run run = sample_run(NULL, 0, &none);

	(void)state;
	expect(&run, &(struct report_options){0}, "");
}

static void findings_are_grouped_and_aligned(void **state)
{
	struct coverage none = {0};
	struct finding findings[] = {
	    sample_finding(bytes_of("a.txt")),
	    sample_generic_finding(bytes_of("a.txt")),
	    sample_generic_finding(bytes_of("b\x1b[0m\\.txt")),
	};
	struct run run = sample_run(findings, 3, &none);

	(void)state;
	expect(&run, &(struct report_options){0},
	       "a.txt\n"
	       "  3:8   error    high  example-scoped-token2  sqco_[REDACTED] (33 bytes)  "
	       "checksum valid  Make sure that this \"scoped\" token is revoked and removed\n"
	       "  12:1  warning  low   generic-password       [REDACTED] (8 bytes)        "
	       "                A password stands here.\n"
	       "\n"
	       "b\\x1b[0m\\\\.txt\n"
	       "  12:1  warning  low  generic-password  [REDACTED] (8 bytes)  "
	       "A password stands here.\n");
}

static void color_marks_path_and_level(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_generic_finding(bytes_of("a"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	expect(&run, &(struct report_options){.color = true},
	       "\033[1ma\033[0m\n"
	       "  12:1  \033[33mwarning\033[0m  low  generic-password  [REDACTED] (8 bytes)  "
	       "A password stands here.\n");
}

static void secrets_are_shown_only_on_request(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_finding(bytes_of("a"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	finding.secret = "two\nlines\xff";
	finding.secret_len = 10;
	expect(&run, &(struct report_options){0},
	       "a\n"
	       "  3:8  error  high  example-scoped-token2  sqco_[REDACTED] (10 bytes)  "
	       "checksum valid  Make sure that this \"scoped\" token is revoked and removed\n");
	expect(&run, &(struct report_options){.show_secrets = true},
	       "a\n"
	       "  3:8  error  high  example-scoped-token2  two\\x0alines\\xff  "
	       "checksum valid  Make sure that this \"scoped\" token is revoked and removed\n");
}

static void lost_inputs_are_listed(void **state)
{
	struct coverage lost = {0};
	struct run run;

	(void)state;
	sample_lose(&lost);
	lost.lost_count += 5;
	run = sample_run(NULL, 0, &lost);
	expect(
	    &run, &(struct report_options){0},
	    "Not scanned:\n"
	    "  : could not be read: no name\n"
	    "  .: is nested too deep\n"
	    "  /var/big: is larger than the default maximum: 2 GB\n"
	    "  a/b.txt: could not be read: Permission denied\n"
	    "  c:1.log: changed while it was read\n"
	    "  invalid \\xff\\xfe\\xe2\\x82 utf-8: hit a limit of the engine: the detail\\x1b[0m\n"
	    "  and 5 more\n");
	coverage_release(&lost);
}

#define TOKEN_LINE                                                                                 \
	"  3:8  error  high  example-scoped-token2  sqco_[REDACTED] (33 bytes)  checksum valid  "  \
	"Make sure that this \"scoped\" token is revoked and removed\n"

static void leaks_tell_where_they_come_from(void **state)
{
	struct coverage none = {0};
	struct occurrence at_head[] = {
	    sample_occurrence(sample_finding(bytes_of("a\033.txt"))),
	    sample_later(sample_finding(bytes_of("a\033.txt")), 0x22),
	    sample_later(sample_finding(bytes_of("old/b\n.txt")), 0x33),
	    sample_dangling(sample_finding(bytes_of("")), 0xdd),
	};
	struct occurrence at_tip[] = {
	    sample_occurrence(sample_generic_finding(bytes_of("a\033.txt")))};
	struct occurrence gone[] = {sample_occurrence(sample_finding(bytes_of("c")))};
	struct leak leaks[] = {
	    sample_leak(at_head, 4, LEAK_HEAD),
	    sample_leak(at_tip, 1, LEAK_TIP),
	    sample_leak(gone, 1, LEAK_HISTORY),
	};
	struct run run = sample_history(leaks, 3, &none);

	(void)state;
	at_tip[0].author = "An\x1b[31mn\n";
	at_tip[0].date = INT64_MIN;
	expect(&run, &(struct report_options){0},
	       "a\\x1b.txt\n"
	       "  3:8   error    high  example-scoped-token2  sqco_[REDACTED] (33 bytes)  "
	       "checksum valid  Make sure that this \"scoped\" token is revoked and removed\n"
	       "      commit 111111111111  2026-01-31  Ann O'Nym  in HEAD\n"
	       "      also a\\x1b.txt  commit 222222222222\n"
	       "      also old/b\\x0a.txt  commit 333333333333\n"
	       "      also (no path) blob dddddddddddd  no commit\n"
	       "  12:1  warning  low   generic-password       [REDACTED] (8 bytes)        "
	       "                A password stands here.\n"
	       "      commit 111111111111  0001-01-01  An\\x1b[31mn\\x0a  "
	       "in refs/heads/x (+2 more)\n"
	       "\n"
	       "c\n" TOKEN_LINE "      commit 111111111111  2026-01-31  Ann O'Nym  in history\n");
}

static void leaks_without_a_path_are_named_by_their_blob(void **state)
{
	struct coverage none = {0};
	struct occurrence first = sample_dangling(sample_finding(bytes_of("")), 0xaa);
	struct occurrence second = sample_dangling(sample_finding(bytes_of("")), 0xab);
	struct occurrence tag = sample_occurrence(sample_finding(bytes_of(".git/tag-message")));
	struct leak leaks[] = {
	    sample_leak(&first, 1, LEAK_UNREACHABLE),
	    sample_leak(&second, 1, LEAK_UNREACHABLE),
	    sample_leak(&tag, 1, LEAK_TIP),
	};
	struct run run = sample_history(leaks, 3, &none);

	(void)state;
	tag.has_commit = false;
	leaks[2].kind = OBJECT_TAG;
	leaks[2].refs = sample_refs + 2;
	expect(&run, &(struct report_options){0},
	       "(no path) blob aaaaaaaaaaaa\n" TOKEN_LINE "      no commit  unreachable\n"
	       "\n"
	       "(no path) blob abababababab\n" TOKEN_LINE "      no commit  unreachable\n"
	       "\n"
	       ".git/tag-message\n" TOKEN_LINE
	       "      object bbbbbbbbbbbb  2026-01-31  Ann O'Nym  in refs/tags/v2\n");
}

static void leaks_of_several_repositories_are_grouped(void **state)
{
	struct coverage none = {0};
	struct scanned_repository repositories[] = {{.folder = "/a\n"}, {.folder = "/b"}};
	struct occurrence occurrence = sample_occurrence(sample_finding(bytes_of("x")));
	struct leak leaks[] = {
	    sample_leak(&occurrence, 1, LEAK_HEAD),
	    sample_leak(&occurrence, 1, LEAK_HEAD),
	};
	struct run run = sample_history(leaks, 2, &none);

	(void)state;
	leaks[0].repository = repositories[0].folder;
	leaks[1].repository = repositories[1].folder;
	run.repositories = repositories;
	run.repository_count = 2;
	expect(&run, &(struct report_options){0},
	       "repository /a\\x0a\n"
	       "\n"
	       "x\n" TOKEN_LINE "      commit 111111111111  2026-01-31  Ann O'Nym  in HEAD\n"
	       "\n"
	       "repository /b\n"
	       "\n"
	       "x\n" TOKEN_LINE "      commit 111111111111  2026-01-31  Ann O'Nym  in HEAD\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clean_run_prints_nothing),
	    cmocka_unit_test(findings_are_grouped_and_aligned),
	    cmocka_unit_test(color_marks_path_and_level),
	    cmocka_unit_test(secrets_are_shown_only_on_request),
	    cmocka_unit_test(lost_inputs_are_listed),
	    cmocka_unit_test(leaks_tell_where_they_come_from),
	    cmocka_unit_test(leaks_without_a_path_are_named_by_their_blob),
	    cmocka_unit_test(leaks_of_several_repositories_are_grouped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
