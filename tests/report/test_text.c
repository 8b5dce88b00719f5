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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clean_run_prints_nothing),
	    cmocka_unit_test(findings_are_grouped_and_aligned),
	    cmocka_unit_test(color_marks_path_and_level),
	    cmocka_unit_test(secrets_are_shown_only_on_request),
	    cmocka_unit_test(lost_inputs_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
