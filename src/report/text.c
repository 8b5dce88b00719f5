#include "report/text.h"

#include "report/date.h"
#include "report/proof.h"
#include "report/safe.h"

#include <inttypes.h>

enum column { PLACE, LEVEL, CONFIDENCE, RULE, SECRET, PROOF, COLUMN_COUNT };

/* A cell wider than this is written whole but moves no other line's columns. */
enum { WIDTH_MAX = 72, PROOF_CELL_MAX = PROOF_TEXT_MAX + 32 };

/* The cells of one finding's line, and the memory behind those that are made for it. */
struct line {
	struct bytes cells[COLUMN_COUNT];
	char place[32];
	char preview[SAFE_PREVIEW_MAX];
	char proof[PROOF_CELL_MAX];
};

/* Checksum, what the secret decodes to, and its other parts, as "a, b, with an id at 1:2". */
static void proof_fill(char cell[PROOF_CELL_MAX], const struct finding *f)
{
	static const char *const checksums[] = {"", "checksum valid", "checksum invalid"};
	/* That a scheme which nobody published does not fit tells nothing. */
	bool told = f->checksum != CHECKSUM_STATE_INVALID || f->rule->checksum.published;
	const char *checksum = told ? checksums[f->checksum] : "";
	char proof[PROOF_TEXT_MAX];

	proof_text(f, proof);
	snprintf(cell, PROOF_CELL_MAX, "%s%s%s", checksum, *checksum && *proof ? ", " : "", proof);
}

static void line_fill(struct line *l, const struct finding *f, const struct report_options *options)
{
	const char *preview = safe_preview(f, l->preview);

	snprintf(l->place, sizeof(l->place), "%" PRIu32 ":%" PRIu32, f->start_line,
	         f->start_column);
	l->cells[PLACE] = bytes_of(l->place);
	l->cells[LEVEL] = bytes_of(level_name(f->level));
	l->cells[CONFIDENCE] = bytes_of(confidence_name(f->confidence));
	l->cells[RULE] = bytes_of(f->rule->id);
	l->cells[SECRET] = bytes_of(preview);
	proof_fill(l->proof, f);
	l->cells[PROOF] = bytes_of(l->proof);
	if (options->show_secrets && f->secret)
		l->cells[SECRET] = (struct bytes){(const unsigned char *)f->secret, f->secret_len};
}

static void color_on(FILE *out, const struct report_options *options, const char *code)
{
	if (options->color)
		fprintf(out, "\033[%sm", code);
}

static void color_off(FILE *out, const struct report_options *options)
{
	if (options->color)
		fputs("\033[0m", out);
}

static void write_line(FILE *out, const struct finding *f, const size_t widths[COLUMN_COUNT],
                       const struct report_options *options)
{
	static const char *const level_colors[] = {"36", "33", "31"}; /* cyan, yellow, red */
	struct line line;

	line_fill(&line, f, options);
	for (int c = 0; c < COLUMN_COUNT; c++) {
		size_t width;

		if (!widths[c])
			continue;
		fputs("  ", out);
		if (c == LEVEL)
			color_on(out, options, level_colors[f->level]);
		width = safe_write(out, line.cells[c]);
		if (c == LEVEL)
			color_off(out, options);
		for (; width < widths[c]; width++)
			putc(' ', out);
	}
	fputs("  ", out);
	safe_write(out, bytes_of(f->rule->message));
	putc('\n', out);
}

/* ---- Histories ---- */

enum { ID_SHOWN = 12 };

static void write_id(FILE *out, const char *what, const struct object_id *id)
{
	char hex[OBJECT_ID_HEX + 1];

	fprintf(out, "%s %.*s", what, ID_SHOWN, object_id_hex(id, hex));
}

static void write_path(FILE *out, const struct occurrence *o)
{
	if (o->path.len)
		safe_write(out, o->path);
	else
		write_id(out, "(no path) blob", &o->blob);
}

/* The commit that brought it, else the object; that of one without a path is named already. */
static void write_source(FILE *out, const struct occurrence *o)
{
	if (o->has_commit)
		write_id(out, "commit", &o->commit);
	else if (o->path.len)
		write_id(out, "object", &o->blob);
	else
		fputs("no commit", out);
}

static void write_state(FILE *out, const struct leak *leak)
{
	size_t more = 0;

	switch (leak->state) {
	case LEAK_HEAD:
		fputs("in HEAD", out);
		break;
	case LEAK_TIP:
		fputs("in ", out);
		if (leak->refs && *leak->refs) {
			safe_write(out, bytes_of(*leak->refs));
			while (leak->refs[more + 1])
				more++;
		}
		if (more)
			fprintf(out, " (+%zu more)", more);
		break;
	case LEAK_HISTORY:
		fputs("in history", out);
		break;
	case LEAK_UNREACHABLE:
		fputs("unreachable", out);
		break;
	}
}

/* What earlier runs know of it, if they were asked. */
static void write_seen(FILE *out, const struct leak *leak)
{
	char date[DATE_TEXT_SIZE];

	if (leak->is_new)
		fputs("  new", out);
	else if (leak->first_seen)
		fprintf(out, "  known since %.*s", DATE_DAY_LEN,
		        date_text(leak->first_seen, 0, date));
}

/* Below the line of the first place: where it comes from, where it stands, where else it was. */
static void write_leak(FILE *out, const struct leak *leak)
{
	const struct occurrence *first = &leak->occurrences[0];
	char date[DATE_TEXT_SIZE];

	fputs("      ", out);
	write_source(out, first);
	if (*first->author || first->date)
		fprintf(out, "  %.*s", DATE_DAY_LEN, date_text(first->date, first->zone, date));
	if (*first->author) {
		fputs("  ", out);
		safe_write(out, bytes_of(first->author));
	}
	fputs("  ", out);
	write_state(out, leak);
	write_seen(out, leak);
	putc('\n', out);
	for (size_t i = 1; i < leak->count; i++) {
		const struct occurrence *o = &leak->occurrences[i];

		fputs("      also ", out);
		write_path(out, o);
		fputs("  ", out);
		write_source(out, o);
		putc('\n', out);
	}
}

/* ---- Groups ---- */

static bool same_repository(const struct run *run, size_t i, size_t k)
{
	return !run->leak_count || strcmp(run->leaks[i].repository, run->leaks[k].repository) == 0;
}

/* Whether both stand in one file; without a path, in one blob. */
static bool same_group(const struct run *run, size_t i, size_t k)
{
	struct bytes path = run_finding(run, i)->path;

	if (!bytes_equal(path, run_finding(run, k)->path) || !same_repository(run, i, k))
		return false;
	return path.len || !run->leak_count ||
	       object_id_equal(&run->leaks[i].occurrences[0].blob,
	                       &run->leaks[k].occurrences[0].blob);
}

/* The lines above the group that starts at `first`. */
static void write_heading(FILE *out, const struct run *run, size_t first,
                          const struct report_options *options)
{
	if (first)
		putc('\n', out);
	if (run->leak_count && run->repository_count > 1 &&
	    (first == 0 || !same_repository(run, first - 1, first))) {
		color_on(out, options, "1");
		fputs("repository ", out);
		safe_write(out, bytes_of(run->leaks[first].repository));
		color_off(out, options);
		fputs("\n\n", out);
	}
	color_on(out, options, "1");
	if (run->leak_count)
		write_path(out, &run->leaks[first].occurrences[0]);
	else
		safe_write(out, run->findings[first].path);
	color_off(out, options);
	putc('\n', out);
}

/* Writes what stands in one file, which follows one another, and returns where the next starts. */
static size_t write_group(FILE *out, const struct run *run, size_t first,
                          const struct report_options *options)
{
	size_t widths[COLUMN_COUNT] = {0};
	size_t end = first;

	for (; end < run_count(run) && same_group(run, first, end); end++) {
		struct line line;

		line_fill(&line, run_finding(run, end), options);
		for (int c = 0; c < COLUMN_COUNT; c++) {
			size_t width = safe_write(NULL, line.cells[c]);

			if (width > widths[c])
				widths[c] = width < WIDTH_MAX ? width : WIDTH_MAX;
		}
	}
	write_heading(out, run, first, options);
	for (size_t i = first; i < end; i++) {
		write_line(out, run_finding(run, i), widths, options);
		if (run->leak_count)
			write_leak(out, &run->leaks[i]);
	}
	return end;
}

static void write_gone(FILE *out, const struct run *run)
{
	char date[DATE_TEXT_SIZE];

	fputs("Gone since the last run:\n", out);
	for (size_t i = 0; i < run->gone_count; i++) {
		const struct gone_leak *g = &run->gone[i];

		fputs("  ", out);
		if (run->repository_count > 1) {
			safe_write(out, bytes_of(g->repository));
			fputs("  ", out);
		}
		safe_write(out, g->path);
		if (g->path.len)
			fputs("  ", out);
		safe_write(out, bytes_of(g->rule_id));
		fprintf(out, "  last seen %.*s\n", DATE_DAY_LEN, date_text(g->last_seen, 0, date));
	}
}

static void write_lost(FILE *out, const struct coverage *coverage)
{
	fputs("Not scanned:\n", out);
	for (size_t i = 0; i < coverage->named_count; i++) {
		const struct lost *lost = &coverage->lost[i];

		fputs("  ", out);
		safe_write(out, lost->path);
		fprintf(out, ": %s", lost_reason_text(lost->reason));
		if (*lost->detail) {
			fputs(": ", out);
			safe_write(out, bytes_of(lost->detail));
		}
		putc('\n', out);
	}
	if (coverage->lost_count > coverage->named_count)
		fprintf(out, "  and %" PRIu64 " more\n",
		        coverage->lost_count - coverage->named_count);
}

void text_write(FILE *out, const struct run *run, const struct report_options *options)
{
	for (size_t i = 0; i < run_count(run);)
		i = write_group(out, run, i, options);
	if (run->gone_count) {
		if (run_count(run))
			putc('\n', out);
		write_gone(out, run);
	}
	if (!run->coverage->lost_count)
		return;
	if (run_count(run) || run->gone_count)
		putc('\n', out);
	write_lost(out, run->coverage);
}
