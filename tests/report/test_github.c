#include "report/github.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MESSAGE                                                                                    \
	"title=Scoped example token::sqco_[REDACTED] (33 bytes): Make sure that this \"scoped\" "  \
	"token is revoked and removed (example-scoped-token2)"
#define PLACE "line=3,endLine=3,col=8,endColumn=41,"

static void expect(const struct run *run, const char *text)
{
	char *written =
	    sample_capture(github_write, run, &(struct report_options){.show_secrets = true});

	assert_string_equal(written, text);
	free(written);
}

static void finding_is_a_command_at_its_place(void **state)
{
	struct coverage none = {0};
	struct finding findings[] = {
	    sample_generic_finding(bytes_of("./a b.py")),
	    sample_finding(bytes_of("src/a.py")),
	    sample_finding(bytes_of("src/b.py")),
	};
	struct run run = sample_run(findings, 3, &none);

	(void)state;
	findings[1].secret = SAMPLE_SECRET;
	findings[2].end_line = 5;
	findings[2].level = LEVEL_NOTE;
	expect(&run, "::error file=src/a.py," PLACE MESSAGE "\n"
	             "::warning file=a b.py,line=12,endLine=12,col=1,endColumn=9,"
	             "title=Password.::[REDACTED] (8 bytes): A password stands here. "
	             "(generic-password)\n"
	             "::notice file=src/b.py,line=3,endLine=5," MESSAGE "\n");
}

static void proof_and_parts_are_told(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_proved_finding(bytes_of("src/a.py"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	expect(&run, "::error file=src/a.py," PLACE
	             "title=Scoped example token::sqco_[REDACTED] (33 bytes) (AWS account "
	             "123456789012, with account id at 2:5, with user & realm at 4:1): Make sure "
	             "that this \"scoped\" token is revoked and removed (example-scoped-token2)\n");
}

static void clean_run_says_nothing(void **state)
{
	struct coverage none = {0};
	struct run run = sample_run(NULL, 0, &none);

	(void)state;
	expect(&run, "");
}

static void names_do_not_end_a_command(void **state)
{
	static const struct {
		struct bytes path;
		const char *shown;
	} paths[] = {
	    {SAMPLE_PATH("a\n::stop-commands::x"), "a%0A%3A%3Astop-commands%3A%3Ax"},
	    {SAMPLE_PATH("a\r,line=1::b"), "a%0D%2Cline=1%3A%3Ab"},
	    {SAMPLE_PATH("100%25"), "100%2525"},
	    {SAMPLE_PATH("\x1b[31m\xff\xc2\x85\xe2\x80\xae"),
	     "\\x1b[31m\\xff\\xc2\\x85\\xe2\\x80\\xae"},
	    {SAMPLE_PATH("\xc3\xa4 \xf0\x9f\x98\x80"), "\xc3\xa4 \xf0\x9f\x98\x80"},
	};
	struct coverage none = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct finding finding = sample_finding(paths[i].path);
		struct run run = sample_run(&finding, 1, &none);
		char text[512];

		snprintf(text, sizeof(text), "::error file=%s," PLACE MESSAGE "\n", paths[i].shown);
		expect(&run, text);
	}
}

/* The number of lines that start with the text. */
static size_t lines_with(const char *text, const char *start)
{
	size_t count = 0;

	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		count += strncmp(line, start, strlen(start)) == 0;
	return count;
}

static void no_more_than_github_shows(void **state)
{
	struct finding findings[32];
	struct coverage none = {0}, lost = {0};
	struct run run;
	char *text;

	(void)state;
	for (size_t i = 0; i < 32; i++)
		findings[i] =
		    i % 2 ? sample_finding(bytes_of("a")) : sample_generic_finding(bytes_of("a"));
	run = sample_run(findings, 20, &none);
	text = sample_capture(github_write, &run, &(struct report_options){0});
	assert_int_equal(lines_with(text, "::error file="), 10);
	assert_int_equal(lines_with(text, "::warning file="), 10);
	assert_int_equal(lines_with(text, "::"), 20);
	free(text);

	coverage_lose(&lost, LOST_CHANGED, bytes_of("b"), "");
	run = sample_run(findings, 32, &lost);
	text = sample_capture(github_write, &run, &(struct report_options){0});
	assert_int_equal(lines_with(text, "::error file="), 9);
	assert_int_equal(lines_with(text, "::error title=More findings::7 more findings of level "
	                                  "error; the other reports have them all"),
	                 1);
	assert_int_equal(lines_with(text, "::warning title=Not everything was scanned::1 not "
	                                  "scanned: b changed while it was read\n"),
	                 1);
	assert_int_equal(lines_with(text, "::warning file="), 8);
	assert_int_equal(lines_with(text, "::warning title=More findings::8 more"), 1);
	assert_int_equal(lines_with(text, "::"), 20);
	free(text);
	coverage_release(&lost);
}

static void lost_inputs_are_one_warning(void **state)
{
	struct coverage lost = {0};
	struct run run;

	(void)state;
	sample_lose(&lost);
	run = sample_run(NULL, 0, &lost);
	expect(&run,
	       "::warning title=Not everything was scanned::6 not scanned: an input could not "
	       "be read (no name); . is nested too deep; /var/big is larger than the default "
	       "maximum (2 GB); a/b.txt could not be read (Permission denied); c:1.log changed "
	       "while it was read ...\n");
	coverage_release(&lost);
}

static void leak_tells_where_it_came_from(void **state)
{
	struct coverage none = {0};
	struct occurrence head[] = {
	    sample_occurrence(sample_finding(bytes_of("src/a.py"))),
	    sample_later(sample_finding(bytes_of("b\nb")), 0x22),
	};
	struct occurrence gone = sample_occurrence(sample_finding(bytes_of("old\n.py")));
	struct occurrence dangling = sample_dangling(sample_finding(bytes_of("")), 0xdd);
	struct occurrence message =
	    sample_occurrence(sample_finding(bytes_of(".git/commit-message")));
	struct leak leaks[] = {
	    sample_leak(head, 2, LEAK_HEAD),
	    sample_leak(&gone, 1, LEAK_HISTORY),
	    sample_leak(&dangling, 1, LEAK_UNREACHABLE),
	    sample_leak(&message, 1, LEAK_HEAD),
	};
	struct run run = sample_history(leaks, 4, &none);

	(void)state;
	leaks[3].kind = OBJECT_COMMIT;
	expect(&run,
	       "::error file=src/a.py,line=4,endLine=4,col=8,endColumn=41," MESSAGE
	       "; commit 111111111111 brought it to src/a.py (the first of 2 places)\n"
	       "::error " MESSAGE "; commit 111111111111 brought it to old%0A.py; HEAD lacks "
	       "it, but it stays in the repository (history)\n"
	       "::error " MESSAGE "; object dddddddddddd has it; HEAD lacks it, but it stays "
	       "in the repository (unreachable)\n"
	       "::error " MESSAGE "; commit 111111111111 brought it to .git/commit-message\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finding_is_a_command_at_its_place),
	    cmocka_unit_test(proof_and_parts_are_told),
	    cmocka_unit_test(clean_run_says_nothing),
	    cmocka_unit_test(names_do_not_end_a_command),
	    cmocka_unit_test(no_more_than_github_shows),
	    cmocka_unit_test(lost_inputs_are_one_warning),
	    cmocka_unit_test(leak_tells_where_it_came_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
