#include "report/text.h"

#include "report/safe.h"

#include <inttypes.h>

enum column { PLACE, LEVEL, CONFIDENCE, RULE, SECRET, CHECKSUM, COLUMN_COUNT };

/* A cell wider than this is written whole but moves no other line's columns. */
enum { WIDTH_MAX = 72 };

/* The cells of one finding's line, and the memory behind those that are made for it. */
struct line {
	struct bytes cells[COLUMN_COUNT];
	char place[32];
	char preview[SAFE_PREVIEW_MAX];
};

static void line_fill(struct line *l, const struct finding *f, const struct report_options *options)
{
	static const char *const checksums[] = {"", "checksum valid", "checksum invalid"};
	const char *preview = safe_preview(f, l->preview);

	snprintf(l->place, sizeof(l->place), "%" PRIu32 ":%" PRIu32, f->start_line,
		 f->start_column);
	l->cells[PLACE] = bytes_of(l->place);
	l->cells[LEVEL] = bytes_of(level_name(f->level));
	l->cells[CONFIDENCE] = bytes_of(confidence_name(f->confidence));
	l->cells[RULE] = bytes_of(f->rule->id);
	l->cells[SECRET] = bytes_of(preview);
	l->cells[CHECKSUM] = bytes_of(checksums[f->checksum]);
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

/* Writes the findings of one path, which follow one another, and returns how many they are. */
static size_t write_group(FILE *out, const struct finding *first, size_t count,
			  const struct report_options *options)
{
	size_t widths[COLUMN_COUNT] = {0};
	size_t n = 0;

	for (; n < count && bytes_equal(first[n].path, first->path); n++) {
		struct line line;

		line_fill(&line, &first[n], options);
		for (int c = 0; c < COLUMN_COUNT; c++) {
			size_t width = safe_write(NULL, line.cells[c]);

			if (width > widths[c])
				widths[c] = width < WIDTH_MAX ? width : WIDTH_MAX;
		}
	}
	color_on(out, options, "1");
	safe_write(out, first->path);
	color_off(out, options);
	putc('\n', out);
	for (size_t i = 0; i < n; i++)
		write_line(out, &first[i], widths, options);
	return n;
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
	for (size_t i = 0; i < run->finding_count;) {
		if (i)
			putc('\n', out);
		i += write_group(out, &run->findings[i], run->finding_count - i, options);
	}
	if (!run->coverage->lost_count)
		return;
	if (run->finding_count)
		putc('\n', out);
	write_lost(out, run->coverage);
}
