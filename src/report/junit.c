#include "report/junit.h"

#include "base/utf8.h"
#include "report/date.h"
#include "report/proof.h"
#include "report/safe.h"

#include <inttypes.h>

/* ---- XML ---- */

/*
 * Writes text for an attribute or between tags. What XML cannot hold (XML 1.0, 2.2: control
 * characters, U+FFFE, U+FFFF) and invalid bytes become U+FFFD; what does not merely show itself
 * becomes a character reference.
 */
static void put(FILE *out, struct bytes text)
{
	const unsigned char *ptr = text.ptr, *end = text.ptr + text.len;

	while (ptr < end) {
		uint32_t code;
		unsigned len = utf8_decode(ptr, end, &code);
		bool space = len && (code == '\t' || code == '\n' || code == '\r');

		if (!len || (code < 0x20 && !space) || code == 0xfffe || code == 0xffff)
			fputs("\xef\xbf\xbd", out);
		else if (space || !utf8_shows_itself(code) ||
		         (code < 0x80 && strchr("&<>\"'", (int)code)))
			fprintf(out, "&#%" PRIu32 ";", code);
		else
			fwrite(ptr, 1, len, out);
		ptr += len ? len : 1;
	}
}

static void put_text(FILE *out, const char *text)
{
	put(out, bytes_of(text));
}

static void put_attribute(FILE *out, const char *name, struct bytes value)
{
	fprintf(out, " %s=\"", name);
	put(out, value);
	putc('"', out);
}

static void write_property(FILE *out, const char *name, const char *value)
{
	fprintf(out, "<property name=\"%s\"", name);
	put_attribute(out, "value", bytes_of(value));
	fputs("/>\n", out);
}

static void write_number(FILE *out, const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	write_property(out, name, text);
}

/* ---- test cases ---- */

static bool fails(const struct run *run, const struct finding *f)
{
	return f->level >= run->fail_on;
}

/* Opens a case up to where the rest of its name goes. */
static void open_case(FILE *out, struct bytes path)
{
	fputs("<testcase time=\"0\"", out);
	put_attribute(out, "classname", path.len ? path : bytes_of("(no path)"));
	fputs(" name=\"", out);
}

static void put_facts(FILE *out, const struct finding *f)
{
	char proof[PROOF_TEXT_MAX];

	put(out, f->path);
	fprintf(out, ":%" PRIu32 ":%" PRIu32 "\nlevel %s, confidence %s, checksum %s\n",
	        f->start_line, f->start_column, level_name(f->level),
	        confidence_name(f->confidence), checksum_state_name(f->checksum));
	if (*proof_text(f, proof)) {
		fputs("proof: ", out);
		put_text(out, proof);
		putc('\n', out);
	}
	if (f->rule->fix) {
		put_text(out, f->rule->fix);
		putc('\n', out);
	}
}

static void put_occurrence(FILE *out, const struct occurrence *o)
{
	char hex[OBJECT_ID_HEX + 1], date[DATE_TEXT_SIZE];

	put(out, o->path);
	fprintf(out, ":%" PRIu32 ":%" PRIu32 ", blob %s", o->first.start_line,
	        o->first.start_column, object_id_hex(&o->blob, hex));
	if (o->has_commit)
		fprintf(out, ", commit %s", object_id_hex(&o->commit, hex));
	if (*o->author || o->date)
		fprintf(out, ", %s", date_text(o->date, o->zone, date));
	if (*o->author) {
		fputs(", ", out);
		put_text(out, o->author);
	}
	putc('\n', out);
}

static void put_leak(FILE *out, const struct leak *leak)
{
	fprintf(out, "state %s, in a %s of ", leak_state_name(leak->state),
	        object_type_name(leak->kind));
	put_text(out, leak->repository);
	putc('\n', out);
	for (size_t i = 0; i < leak->count; i++)
		put_occurrence(out, &leak->occurrences[i]);
}

/* leak is NULL in a scan. */
static void write_finding(FILE *out, const struct run *run, const struct finding *f,
                          const struct leak *leak)
{
	const char *outcome = fails(run, f) ? "failure" : "skipped";
	char preview[SAFE_PREVIEW_MAX], hex[OBJECT_ID_HEX + 1];

	open_case(out, f->path);
	put_text(out, f->rule->id);
	fprintf(out, " at %" PRIu32 ":%" PRIu32, f->start_line, f->start_column);
	if (leak) /* places of several blobs may be equal */
		fprintf(out, " of blob %s", object_id_hex(&leak->occurrences[0].blob, hex));
	fprintf(out, "\">\n<%s", outcome);
	put_attribute(out, "type", bytes_of(f->rule->id));
	fputs(" message=\"", out);
	put_text(out, safe_preview(f, preview));
	fputs(": ", out);
	put_text(out, f->rule->message);
	fputs("\">", out);
	put_facts(out, f);
	if (leak)
		put_leak(out, leak);
	fprintf(out, "</%s>\n</testcase>\n", outcome);
}

static void write_error(FILE *out, struct bytes path, const char *type, const char *message,
                        const char *detail)
{
	open_case(out, path);
	fputs("is scanned\">\n<error", out);
	put_attribute(out, "type", bytes_of(type));
	put_attribute(out, "message", bytes_of(message));
	putc('>', out);
	put_text(out, detail);
	fputs("</error>\n</testcase>\n", out);
}

static void write_lost(FILE *out, const struct coverage *coverage)
{
	for (size_t i = 0; i < coverage->named_count; i++) {
		const struct lost *lost = &coverage->lost[i];

		write_error(out, lost->path, lost_reason_id(lost->reason),
		            lost_reason_text(lost->reason), lost->detail);
	}
	if (coverage->lost_count > coverage->named_count) {
		char text[64];

		snprintf(text, sizeof(text), "%" PRIu64 " further inputs were not scanned",
		         coverage->lost_count - coverage->named_count);
		write_error(out, bytes_of(""), "further", text, "");
	}
}

/* ---- the suite ---- */

static void open_suite(FILE *out, const struct run *run)
{
	const struct coverage *coverage = run->coverage;
	uint64_t errors =
	    coverage->named_count + (coverage->lost_count > coverage->named_count ? 1 : 0);
	uint64_t failures = 0, count = run_count(run);
	char date[DATE_TEXT_SIZE];
	int64_t ms = run->ended_ms > run->started_ms ? run->ended_ms - run->started_ms : 0;

	for (size_t i = 0; i < count; i++)
		failures += fails(run, run_finding(run, i));
	fprintf(out,
	        "<testsuite id=\"0\" package=\"trawl\" name=\"trawl\" hostname=\"localhost\" "
	        "timestamp=\"%.*s\" time=\"%" PRId64 ".%03d\" tests=\"%" PRIu64 "\" "
	        "failures=\"%" PRIu64 "\" errors=\"%" PRIu64 "\" skipped=\"%" PRIu64 "\">\n",
	        DATE_TIME_LEN, date_text(run->started_ms / 1000, 0, date), ms / 1000,
	        (int)(ms % 1000), count + errors + 1, failures, errors, count - failures);
}

static void write_properties(FILE *out, const struct run *run)
{
	const struct coverage *coverage = run->coverage;

	fputs("<properties>\n", out);
	write_property(out, "version", TRAWL_VERSION);
	write_number(out, "rules", run->rule_count);
	write_number(out, "files", coverage->files);
	write_number(out, "bytes", coverage->bytes);
	write_number(out, "suppressed", run->suppressed);
	for (int reason = 0; reason < SKIP_REASON_COUNT; reason++) {
		char name[64];

		snprintf(name, sizeof(name), "skipped.%s",
		         skip_reason_id((enum skip_reason)reason));
		if (coverage->skipped[reason])
			write_number(out, name, coverage->skipped[reason]);
	}
	for (size_t i = 0; i < run->repository_count; i++)
		write_property(out, "repository", run->repositories[i].folder);
	fputs("</properties>\n", out);
}

void junit_write(FILE *out, const struct run *run, const struct report_options *options)
{
	(void)options;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
	open_suite(out, run);
	write_properties(out, run);
	for (size_t i = 0; i < run_count(run); i++)
		write_finding(out, run, run_finding(run, i),
		              run->leak_count ? &run->leaks[i] : NULL);
	write_lost(out, run->coverage);
	fputs("<testcase time=\"0\" classname=\"trawl\" name=\"scan\"/>\n", out);
	fputs("<system-out/>\n<system-err/>\n</testsuite>\n</testsuites>\n", out);
}
