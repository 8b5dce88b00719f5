#include "report/html.h"

#include "base/memory.h"
#include "base/numbers.h"
#include "report/date.h"
#include "report/html_data.h"
#include "report/safe.h"

#include <inttypes.h>
#include <sodium.h>

/* The files of src/report/html/, see embedded.S there. */
extern const unsigned char html_page[], html_page_end[];
extern const unsigned char html_style[], html_style_end[];
extern const unsigned char html_script[], html_script_end[];

/* So many lost inputs are shown without being asked for. */
enum { LOST_OPEN_MAX = 5 };

struct page {
	FILE *out;
	const struct run *run;
	struct triage triage;
	struct html_data data;
};

/* ---- Text ---- */

static void put(struct page *p, struct bytes text)
{
	safe_write_html(p->out, text);
}

static void put_text(struct page *p, const char *text)
{
	put(p, bytes_of(text));
}

/* Prose in which line breaks mean something. */
static void put_prose(struct page *p, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		put(p, (struct bytes){(const unsigned char *)text, len});
		text += len;
		if (*text)
			putc(*text++, p->out);
	}
}

static void put_number(struct page *p, uint64_t number)
{
	char text[NUMBER_TEXT_MAX];

	fputs(number_text(text, number), p->out);
}

/* "1 finding", "2,000 findings". */
static void put_count(struct page *p, uint64_t number, const char *noun)
{
	put_number(p, number);
	fprintf(p->out, " %s%s", noun, number == 1 ? "" : "s");
}

static void put_file(struct page *p, const unsigned char *start, const unsigned char *end)
{
	fwrite(start, 1, (size_t)(end - start), p->out);
}

/* The hash by which the page's policy knows a text of its own (W3C, CSP Level 3, 2.3.1). */
static void put_hash(struct page *p, const unsigned char *start, const unsigned char *end)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char text[sodium_base64_ENCODED_LEN(sizeof(hash), sodium_base64_VARIANT_ORIGINAL)];

	crypto_hash_sha256(hash, start, (size_t)(end - start));
	fprintf(p->out, "sha256-%s",
	        sodium_bin2base64(text, sizeof(text), hash, sizeof(hash),
	                          sodium_base64_VARIANT_ORIGINAL));
}

static void write_style_hash(struct page *p)
{
	put_hash(p, html_style, html_style_end);
}

static void write_script_hash(struct page *p)
{
	put_hash(p, html_script, html_script_end);
}

static void write_style(struct page *p)
{
	put_file(p, html_style, html_style_end);
}

static void write_script(struct page *p)
{
	put_file(p, html_script, html_script_end);
}

/* ---- What was scanned, and what came of it ---- */

static void write_subject(struct page *p)
{
	const struct run *run = p->run;

	if (run->repository_count == 1)
		put_text(p, run->repositories[0].remote ? run->repositories[0].remote
		                                        : run->repositories[0].folder);
	else if (run->repository_count) {
		put_number(p, run->repository_count);
		fputs(" repositories", p->out);
	} else
		put_text(p, run->folder);
}

static void write_date(struct page *p)
{
	char date[DATE_TEXT_SIZE];

	date_text(p->run->started_ms / 1000, 0, date);
	fprintf(p->out, "%.*s %.5s UTC", DATE_DAY_LEN, date, date + DATE_DAY_LEN + 1);
}

/* How many findings there are of each urgency, as links to them. */
static void write_verdict(struct page *p)
{
	const size_t *counts = p->triage.counts;

	if (p->triage.count == counts[URGENCY_ALLOWED])
		fprintf(p->out, "<p class=\"verdict\">No secrets found%s.</p>\n",
		        p->run->coverage->lost_count ? " in what was scanned" : "");
	if (!p->triage.count)
		return;
	fputs("<ul class=\"tiles\">\n", p->out);
	for (int i = 0; i < URGENCY_COUNT; i++) {
		if (!counts[i])
			continue;
		fprintf(p->out, "<li><a class=\"tile %s\" href=\"#%s\"><b>", urgency_words[i].id,
		        urgency_words[i].id);
		put_number(p, counts[i]);
		fprintf(p->out, "</b> %s</a></li>\n", urgency_words[i].label);
	}
	fputs("</ul>\n", p->out);
}

static void write_lost(struct page *p)
{
	const struct coverage *c = p->run->coverage;

	if (!c->lost_count)
		return;
	fprintf(p->out,
	        "<section class=\"lost\" aria-label=\"Not scanned\">\n<details%s><summary><b>"
	        "Incomplete: ",
	        c->lost_count <= LOST_OPEN_MAX ? " open" : "");
	put_count(p, c->lost_count, "input");
	fprintf(p->out, " could not be scanned.</b> What %s is unknown.</summary>\n<ul>\n",
	        c->lost_count == 1 ? "it holds" : "they hold");
	for (size_t i = 0; i < c->named_count; i++) {
		const struct lost *lost = &c->lost[i];

		fputs("<li><code><bdi>", p->out);
		put(p, lost->path.len ? lost->path : bytes_of("(no name)"));
		fprintf(p->out, "</bdi></code> %s", lost_reason_text(lost->reason));
		fputs(*lost->detail ? ": " : "", p->out);
		put_text(p, lost->detail);
		fputs("</li>\n", p->out);
	}
	if (c->lost_count > c->named_count) {
		fputs("<li>and ", p->out);
		put_number(p, c->lost_count - c->named_count);
		fputs(" more</li>\n", p->out);
	}
	fputs("</ul>\n</details>\n</section>\n", p->out);
}

static void write_fact(struct page *p, const char *name, uint64_t number)
{
	fprintf(p->out, "<div><dt>%s</dt><dd>", name);
	put_number(p, number);
	fputs("</dd></div>\n", p->out);
}

static void write_repositories(struct page *p)
{
	fputs("<details><summary>Repositories</summary><ul>\n", p->out);
	for (size_t i = 0; i < p->run->repository_count; i++) {
		const struct scanned_repository *r = &p->run->repositories[i];

		fputs("<li><bdi>", p->out);
		put_text(p, r->folder);
		fputs("</bdi> ", p->out);
		put_text(p, r->remote ? r->remote : "");
		if (r->head) {
			fputs(" <code>", p->out);
			put_text(p, r->head);
			fputs("</code>", p->out);
		}
		fputs("</li>\n", p->out);
	}
	fputs("</ul></details>\n", p->out);
}

static void write_scan(struct page *p)
{
	const struct coverage *c = p->run->coverage;
	int64_t ms = p->run->ended_ms - p->run->started_ms;
	char size[NUMBER_TEXT_MAX];

	fputs("<h2>The scan</h2>\n<dl class=\"facts\">\n", p->out);
	write_fact(p, p->run->repository_count ? "objects" : "files", c->files);
	fprintf(p->out, "<div><dt>content</dt><dd>%s</dd></div>\n", size_text(size, c->bytes));
	write_fact(p, "rules", p->run->rule_count);
	fprintf(p->out, "<div><dt>seconds</dt><dd>%.1f</dd></div>\n",
	        ms > 0 ? (double)ms / 1000 : 0.0);
	if (p->run->suppressed)
		write_fact(p, "allowed or known", p->run->suppressed);
	for (int i = 0; i < SKIP_REASON_COUNT; i++) {
		if (c->skipped[i])
			write_fact(p, skip_reason_text((enum skip_reason)i), c->skipped[i]);
	}
	fprintf(p->out, "<div><dt>exit status</dt><dd>%d</dd></div>\n</dl>\n", p->run->exit_status);
	if (p->run->repository_count)
		write_repositories(p);
	fputs("<p>Made by trawl " TRAWL_VERSION ". Of each secret this page has the prefix that "
	      "all of its kind share, its length and a fingerprint.</p>\n",
	      p->out);
}

/* ---- Findings, for those without scripts ---- */

static void write_place(struct page *p, const struct finding *f)
{
	fputs("<code><bdi>", p->out);
	put(p, f->path.len ? f->path : bytes_of("(no path)"));
	fprintf(p->out, "</bdi>:%" PRIu32 ":%" PRIu32 "</code>", f->start_line, f->start_column);
}

/* Day and author, as far as they are known. */
static void write_origin(struct page *p, const struct occurrence *o)
{
	char date[DATE_TEXT_SIZE];

	if (*o->author || o->date)
		fprintf(p->out, "%.*s ", DATE_DAY_LEN, date_text(o->date, o->zone, date));
	fputs("<bdi>", p->out);
	put_text(p, o->author);
	fputs("</bdi>", p->out);
}

static void write_occurrence(struct page *p, const struct occurrence *o)
{
	char hex[OBJECT_ID_HEX + 1];

	fputs("<li>", p->out);
	write_place(p, &o->first);
	putc(' ', p->out);
	write_origin(p, o);
	fprintf(p->out, " %s <code>%.12s</code></li>\n", o->has_commit ? "commit" : "object",
	        object_id_hex(o->has_commit ? &o->commit : &o->blob, hex));
}

static void write_places(struct page *p, const struct leak *leak)
{
	fputs("<p>In <bdi>", p->out);
	put_text(p, leak->repository);
	fputs("</bdi>:</p>\n<ul>\n", p->out);
	for (size_t i = 0; i < leak->count && i < HTML_STATIC_PLACES_MAX; i++)
		write_occurrence(p, &leak->occurrences[i]);
	if (leak->count > HTML_STATIC_PLACES_MAX) {
		fputs("<li>and ", p->out);
		put_number(p, leak->count - HTML_STATIC_PLACES_MAX);
		fputs(" more places</li>\n", p->out);
	}
	fputs("</ul>\n", p->out);
}

static void write_row(struct page *p, const struct triage_entry *e)
{
	const struct finding *f = e->finding;
	char preview[SAFE_PREVIEW_MAX];

	fprintf(p->out,
	        "<summary><span class=\"level %s\">%s <small>%s</small></span> "
	        "<span class=\"what\"><code>",
	        level_name(f->level), level_name(f->level), confidence_name(f->confidence));
	put_text(p, safe_preview(f, preview));
	fputs("</code> <span class=\"rule\">", p->out);
	put_text(p, f->rule->name);
	fputs("</span></span> <span class=\"where\">", p->out);
	write_place(p, f);
	fputs("</span>", p->out);
	if (e->leak) {
		fprintf(p->out, " <span class=\"when\"><b>%s</b> <small>",
		        triage_state_words(e->leak->state));
		write_origin(p, &e->leak->occurrences[0]);
		fputs("</small></span>", p->out);
	}
	fputs("</summary>\n", p->out);
}

static void write_detail(struct page *p, const struct triage_entry *e)
{
	const struct finding *f = e->finding;

	fprintf(p->out, "<div class=\"detail\">\n<p class=\"prose\"><a href=\"#rule-%zu\">",
	        html_data_rule(&p->data, f->rule));
	put_prose(p, f->rule->message);
	fputs("</a></p>\n<p>", p->out);
	if (f->proof) {
		put_text(p, f->proof);
		fputs(", ", p->out);
	}
	fputs("fingerprint <code>", p->out);
	for (int i = 0; i < FINGERPRINT_SIZE; i++)
		fprintf(p->out, "%02x", f->fingerprint[i]);
	fputs("</code></p>\n", p->out);
	if (e->leak)
		write_places(p, e->leak);
	fputs("</div>\n", p->out);
}

static void write_finding(struct page *p, const struct triage_entry *e)
{
	fputs("<li><details class=\"finding\">", p->out);
	write_row(p, e);
	write_detail(p, e);
	fputs("</details></li>\n", p->out);
}

static void write_findings(struct page *p)
{
	const struct triage *t = &p->triage;

	for (size_t i = 0; i < t->count && i < HTML_STATIC_MAX; i++) {
		enum urgency urgency = t->entries[i].urgency;
		bool last = i + 1 == t->count || i + 1 == HTML_STATIC_MAX;

		if (!i || t->entries[i - 1].urgency != urgency)
			fprintf(p->out,
			        "<section class=\"group %s\" id=\"%s\"><h2>%s</h2>\n<p>%s</p>\n"
			        "<ol class=\"list\">\n",
			        urgency_words[urgency].id, urgency_words[urgency].id,
			        urgency_words[urgency].title, urgency_words[urgency].text);
		write_finding(p, &t->entries[i]);
		if (last || t->entries[i + 1].urgency != urgency)
			fputs("</ol></section>\n", p->out);
	}
	if (t->count > HTML_STATIC_MAX) {
		fprintf(p->out, "<p>These are the first ");
		put_number(p, HTML_STATIC_MAX);
		fputs(" of ", p->out);
		put_count(p, t->count, "finding");
		fputs("; with scripts switched on the page shows all.</p>\n", p->out);
	}
}

/* ---- What to do about each rule's secrets ---- */

/* A link only where it leads to a page: the address may come from anybody's rules. */
static void write_reference(struct page *p, const char *address)
{
	bool page = strncmp(address, "https://", 8) == 0 || strncmp(address, "http://", 7) == 0;

	fputs("<li>", p->out);
	if (page) {
		fputs("<a rel=\"noopener noreferrer\" target=\"_blank\" href=\"", p->out);
		put_text(p, address);
		fputs("\">", p->out);
	}
	put_text(p, address);
	fputs(page ? "</a></li>\n" : "</li>\n", p->out);
}

static void write_paragraph(struct page *p, const char *title, const char *text)
{
	if (!text)
		return;
	fprintf(p->out, "<h4>%s</h4>\n<p class=\"prose\">", title);
	put_prose(p, text);
	fputs("</p>\n", p->out);
}

static void write_rule(struct page *p, size_t number, const struct rule *rule)
{
	fprintf(p->out, "<details class=\"advice\" id=\"rule-%zu\"><summary>", number);
	put_text(p, rule->name);
	fputs(" <code>", p->out);
	put_text(p, rule->id);
	fputs("</code></summary>\n<div>\n<p class=\"prose\">", p->out);
	put_prose(p, rule->message);
	fputs("</p>\n", p->out);
	write_paragraph(p, "What a thief can do", rule->impact);
	write_paragraph(p, "How to rotate it", rule->fix);
	if (rule->references && *rule->references) {
		fputs("<ul>\n", p->out);
		for (strings reference = rule->references; *reference; reference++)
			write_reference(p, *reference);
		fputs("</ul>\n", p->out);
	}
	fputs("</div></details>\n", p->out);
}

static void write_rules(struct page *p)
{
	if (!p->data.rules.count)
		return;
	fputs("<section class=\"rules\" id=\"rules\"><h2>What to do, by rule</h2>\n", p->out);
	for (size_t i = 0; i < p->data.rules.count; i++)
		write_rule(p, i, p->data.rules.items[i]);
	fputs("</section>\n", p->out);
}

static void write_data(struct page *p)
{
	html_data_write(p->out, &p->data, p->run);
}

/* Without findings there is nothing to allow. */
static void write_hidden(struct page *p)
{
	fputs(p->triage.count ? "" : " hidden", p->out);
}

/* ---- The page ---- */

/* Writes the part of the page that the template names. */
static void write_part(struct page *p, struct bytes name)
{
	static const struct {
		const char *name;
		void (*write)(struct page *p);
	} parts[] = {
	    {"data", write_data},
	    {"date", write_date},
	    {"findings", write_findings},
	    {"hidden", write_hidden},
	    {"lost", write_lost},
	    {"rules", write_rules},
	    {"scan", write_scan},
	    {"script", write_script},
	    {"script-hash", write_script_hash},
	    {"style", write_style},
	    {"style-hash", write_style_hash},
	    {"subject", write_subject},
	    {"verdict", write_verdict},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (bytes_equal(name, bytes_of(parts[i].name)))
			parts[i].write(p);
	}
}

/* Copies the template, with {{NAME}} replaced by the part of that name. */
void html_write(FILE *out, const struct run *run, const struct report_options *options)
{
	const unsigned char *at = html_page, *open;
	struct page p = {.out = out, .run = run};

	(void)options;
	triage_make(&p.triage, run);
	html_data_make(&p.data, &p.triage);
	while ((open = memmem(at, (size_t)(html_page_end - at), "{{", 2))) {
		const unsigned char *close = memmem(open, (size_t)(html_page_end - open), "}}", 2);

		put_file(&p, at, open);
		write_part(&p, (struct bytes){open + 2, (size_t)(close - open - 2)});
		at = close + 2;
	}
	put_file(&p, at, html_page_end);
	html_data_release(&p.data);
	triage_release(&p.triage);
}
