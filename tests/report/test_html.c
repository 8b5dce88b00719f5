#include "report/html.h"

#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char *page(const struct run *run)
{
	return sample_capture(html_write, run, &(struct report_options){.show_secrets = true});
}

static void assert_has(const struct run *run, const char *part)
{
	char *text = page(run);

	if (!strstr(text, part))
		fail_msg("%s is not in the page", part);
	free(text);
}

static void assert_lacks(const struct run *run, const char *part)
{
	char *text = page(run);

	if (strstr(text, part))
		fail_msg("%s is in the page", part);
	free(text);
}

static void template_is_filled_in(void **state)
{
	struct coverage none = {.files = 2, .bytes = 99};
	struct run run = sample_run(NULL, 0, &none);

	(void)state;
	assert_has(&run, "<title>Trawl: /srv/odd folder</title>");
	assert_has(&run, "default-src 'none'; style-src 'sha256-");
	assert_has(&run, "<p class=\"verdict\">No secrets found.</p>");
	assert_has(&run, "Trawl <span>2026-01-31 12:00 UTC</span>");
	assert_has(&run, "<div><dt>files</dt><dd>2</dd></div>");
	assert_has(&run, "</html>\n");
	assert_lacks(&run, "{{");
}

static void finding_shows_without_the_script(void **state)
{
	struct coverage none = {0};
	struct finding finding = sample_finding(bytes_of("a&<b>\"c"));
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	finding.secret = SAMPLE_SECRET;
	assert_has(&run,
	           "<li><a class=\"tile now\" href=\"#now\"><b>1</b> to rotate first</a></li>");
	assert_has(
	    &run, "<summary><span class=\"level error\">error <small>high</small></span> "
		  "<span class=\"what\"><code>sqco_[REDACTED] (33 bytes)</code> "
		  "<span class=\"rule\">Scoped example token</span></span> "
		  "<span class=\"where\"><code><bdi>a&#38;&#60;b&#62;&#34;c</bdi>:3:8</code></span>"
		  "</summary>\n");
	assert_has(&run, "fingerprint <code>00112233445566778899aabbccddeeff</code>");
	assert_has(&run, "<a href=\"#rule-0\">Make sure that this &#34;scoped&#34; token");
	assert_has(&run, "<p class=\"prose\">Whoever holds it can upload analyses.\n"
	                 "Quality gates pass falsely.</p>");
	assert_has(&run, "<a rel=\"noopener noreferrer\" target=\"_blank\" "
	                 "href=\"https://docs.example.org/tokens\">");
	assert_lacks(&run, "RAWRAWRAW");
}

static void leak_shows_without_the_script(void **state)
{
	struct coverage none = {0};
	struct occurrence occurrences[] = {
	    sample_occurrence(sample_finding(bytes_of("a"))),
	    sample_dangling(sample_finding(bytes_of("")), 0xdd),
	};
	struct leak leak = sample_leak(occurrences, 2, LEAK_HEAD);
	struct run run = sample_history(&leak, 1, &none);

	(void)state;
	assert_has(&run, "<h1><bdi>git.example.org:team/a b.git</bdi></h1>");
	assert_has(&run, "<span class=\"when\"><b>in HEAD</b> <small>2026-01-31 "
	                 "<bdi>Ann O&#39;Nym</bdi></small></span>");
	assert_has(&run, "<li><code><bdi>a</bdi>:3:8</code> 2026-01-31 <bdi>Ann O&#39;Nym</bdi> "
	                 "commit <code>111111111111</code></li>\n"
	                 "<li><code><bdi>(no path)</bdi>:3:8</code> <bdi></bdi> "
	                 "object <code>dddddddddddd</code></li>\n");
}

static void only_pages_are_linked(void **state)
{
	static const char *const references[] = {"javascript:alert(1)", "data:text/html,x",
	                                         "https://a/\"onclick=x", NULL};
	struct rule rule = sample_token;
	struct finding finding = sample_finding(bytes_of("a"));
	struct coverage none = {0};
	struct run run = sample_run(&finding, 1, &none);

	(void)state;
	rule.references = references;
	finding.rule = &rule;
	assert_has(&run, "<li>javascript:alert(1)</li>\n<li>data:text/html,x</li>\n<li><a rel");
	assert_has(&run, "href=\"https://a/&#34;onclick=x\">");
}

static void lost_inputs_stand_at_the_top(void **state)
{
	struct coverage lost = {0};
	struct run run;

	(void)state;
	coverage_lose(&lost, LOST_UNREADABLE, bytes_of("<b>"), "no <name>");
	run = sample_run(NULL, 0, &lost);
	assert_has(&run, "<h1><bdi>/srv/odd folder</bdi></h1>\n"
	                 "<section class=\"lost\" aria-label=\"Not scanned\">\n"
	                 "<details open><summary><b>Incomplete: 1 input could not be scanned.</b> "
	                 "What it holds is unknown.</summary>\n<ul>\n"
	                 "<li><code><bdi>&#60;b&#62;</bdi></code> could not be read: "
	                 "no &#60;name&#62;</li>\n</ul>\n");
	assert_has(&run, "No secrets found in what was scanned.");
	coverage_release(&lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(template_is_filled_in),
	    cmocka_unit_test(finding_shows_without_the_script),
	    cmocka_unit_test(leak_shows_without_the_script),
	    cmocka_unit_test(only_pages_are_linked),
	    cmocka_unit_test(lost_inputs_stand_at_the_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
