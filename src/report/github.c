#include "report/github.h"

#include "base/utf8.h"
#include "report/proof.h"
#include "report/safe.h"

#include <inttypes.h>

enum { ID_SHOWN = 12, LOST_SHOWN = 5, DETAIL_SHOWN = 200 };

/* Whether the character ends what stands around it, and is written as %XX. */
static bool is_escaped(uint32_t code, bool property)
{
	return code == '%' || code == '\r' || code == '\n' ||
	       (property && (code == ':' || code == ','));
}

/*
 * Writes text as a command's message, or as the value of a property, which has more escapes. What
 * else is not safe to print becomes \xNN.
 */
static void put(FILE *out, struct bytes text, bool property)
{
	const unsigned char *ptr = text.ptr, *end = text.ptr + text.len;

	while (ptr < end) {
		uint32_t code = 0;
		unsigned len = utf8_decode(ptr, end, &code);
		bool shown = len && utf8_shows_itself(code);

		len = len ? len : 1;
		if (shown && !is_escaped(code, property))
			fwrite(ptr, 1, len, out);
		else if (len == 1 && is_escaped(*ptr, property))
			fprintf(out, "%%%02X", *ptr);
		else
			for (unsigned i = 0; i < len; i++)
				fprintf(out, "\\x%02x", ptr[i]);
		ptr += len;
	}
}

static void put_text(FILE *out, const char *text)
{
	put(out, bytes_of(text), false);
}

static const char *command_of(enum level level)
{
	static const char *const commands[] = {"notice", "warning", "error"};

	return commands[level];
}

/* Ends in a space: what follows are properties. */
static void open_command(FILE *out, enum level level)
{
	fprintf(out, "::%s ", command_of(level));
}

/* Lines and columns, which count only within one line. */
static void put_place(FILE *out, struct bytes path, const struct finding *f)
{
	if (bytes_start_with(path, "./"))
		path = bytes_slice(path, 2, path.len);
	fputs("file=", out);
	put(out, path, true);
	fprintf(out, ",line=%" PRIu32 ",endLine=%" PRIu32, f->start_line, f->end_line);
	if (f->start_line == f->end_line)
		fprintf(out, ",col=%" PRIu32 ",endColumn=%" PRIu32, f->start_column, f->end_column);
	putc(',', out);
}

static void put_title(FILE *out, const struct finding *f)
{
	fputs("title=", out);
	put(out, bytes_of(f->rule->name), true);
	fputs("::", out);
}

static void put_message(FILE *out, const struct finding *f)
{
	char preview[SAFE_PREVIEW_MAX], proof[PROOF_TEXT_MAX];

	put_text(out, safe_preview(f, preview));
	if (*proof_text(f, proof)) {
		fputs(" (", out);
		put_text(out, proof);
		putc(')', out);
	}
	fputs(": ", out);
	put_text(out, f->rule->message);
	fprintf(out, " (%s)", f->rule->id);
}

static void write_finding(FILE *out, const struct finding *f)
{
	open_command(out, f->level);
	put_place(out, f->path, f);
	put_title(out, f);
	put_message(out, f);
	putc('\n', out);
}

/* Where it came in, and whether it is gone from the files: then it is still to be revoked. */
static void put_origin(FILE *out, const struct leak *leak)
{
	const struct occurrence *o = &leak->occurrences[0];
	char hex[OBJECT_ID_HEX + 1];

	if (o->has_commit) {
		fprintf(out, "; commit %.*s brought it to ", ID_SHOWN,
		        object_id_hex(&o->commit, hex));
		put(out, o->path, false);
	} else {
		fprintf(out, "; object %.*s has it", ID_SHOWN, object_id_hex(&o->blob, hex));
	}
	if (leak->count > 1)
		fprintf(out, " (the first of %zu places)", leak->count);
	if (leak->state != LEAK_HEAD)
		fprintf(out, "; HEAD lacks it, but it stays in the repository (%s)",
		        leak_state_name(leak->state));
}

/* The place in the newest version if that is checked out; a file that is gone has none. */
static void write_leak(FILE *out, const struct leak *leak)
{
	const struct occurrence *o = &leak->occurrences[0];
	bool here = leak->state == LEAK_HEAD && leak->kind == OBJECT_BLOB && o->path.len;
	const struct finding *f = here ? &o->last : &o->first;

	open_command(out, o->first.level);
	if (here)
		put_place(out, o->path, f);
	put_title(out, f);
	put_message(out, f);
	put_origin(out, leak);
	putc('\n', out);
}

static void write_lost(FILE *out, const struct coverage *coverage)
{
	const char *separator = ": ";

	open_command(out, LEVEL_WARNING);
	fprintf(out, "title=Not everything was scanned::%" PRIu64 " not scanned",
	        coverage->lost_count);
	for (size_t i = 0; i < coverage->named_count && i < LOST_SHOWN; i++) {
		const struct lost *lost = &coverage->lost[i];
		size_t len = strlen(lost->detail);

		fputs(separator, out);
		put(out, lost->path.len ? lost->path : bytes_of("an input"), false);
		fprintf(out, " %s", lost_reason_text(lost->reason));
		separator = "; ";
		if (!len)
			continue;
		fputs(" (", out);
		put(out,
		    bytes_slice(bytes_of(lost->detail), 0, len < DETAIL_SHOWN ? len : DETAIL_SHOWN),
		    false);
		fputs(len > DETAIL_SHOWN ? " ...)" : ")", out);
	}
	if (coverage->lost_count > LOST_SHOWN)
		fputs(" ...", out);
	putc('\n', out);
}

/* Writes what there is of one level, with so many commands at most. */
static void write_level(FILE *out, const struct run *run, enum level level, uint64_t room)
{
	uint64_t count = 0, written = 0;

	for (size_t i = 0; i < run_count(run); i++)
		count += run_finding(run, i)->level == level;
	for (size_t i = 0; i < run_count(run) && written < count; i++) {
		if (run_finding(run, i)->level != level)
			continue;
		if (count > room && written == room - 1)
			break;
		if (run->leak_count)
			write_leak(out, &run->leaks[i]);
		else
			write_finding(out, &run->findings[i]);
		written++;
	}
	if (written == count)
		return;
	open_command(out, level);
	fprintf(out,
	        "title=More findings::%" PRIu64 " more findings of level %s; the other reports "
	        "have them all\n",
	        count - written, level_name(level));
}

void github_write(FILE *out, const struct run *run, const struct report_options *options)
{
	(void)options;
	for (int level = LEVEL_ERROR; level >= LEVEL_NOTE; level--) {
		bool lost = level == LEVEL_WARNING && run->coverage->lost_count;

		if (lost)
			write_lost(out, run->coverage);
		write_level(out, run, (enum level)level, GITHUB_SHOWN_MAX - lost);
	}
}
