#include "cli/explain.h"

#include "base/memory.h"
#include "detect/view.h"
#include "report/safe.h"
#include "ruleset/encoded_stubs.h"
#include "scan/locate.h"
#include "source/file.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

enum {
	CANDIDATES_MAX = 10000, /* of one text; more tell nobody more */
	PLACES_MAX = 5,         /* of one stub */
	ABSENT_SHOWN = 3,       /* stubs that are nowhere */
	PATTERN_SHOWN = 300,    /* characters */
};

/* What the stages said of one candidate. */
struct told {
	const struct rule *rule;
	uint32_t start;
	uint32_t end;
	bool passed;
	bool decoded;
	char *text; /* owned */
};

/* ---- Candidates ---- */

static void write_place(FILE *out, struct bytes text, uint32_t offset)
{
	struct locator at;

	locator_init(&at, text);
	locator_move(&at, offset);
	fprintf(out, "%" PRIu32 ":%" PRIu32, at.line, at.column);
}

/* What may be shown: the prefix that all secrets of the rule share, and the length. */
static void write_secret(const struct explainer *e, const struct trace_event *event)
{
	struct bytes secret = bytes_slice(e->text, event->start, event->end);
	struct finding f = {.rule = event->rule, .secret_len = (uint32_t)secret.len};
	char preview[SAFE_PREVIEW_MAX];

	if (event->decoded) {
		fprintf(e->candidate, "in %zu encoded bytes", secret.len);
		return;
	}
	if (e->show_secrets) {
		safe_write(e->candidate, secret);
		return;
	}
	finding_set_prefix(&f, secret);
	safe_write(e->candidate, bytes_of(safe_preview(&f, preview)));
}

static FILE *open_memory(char **text, size_t *len)
{
	FILE *memory = open_memstream(text, len);

	if (!memory)
		mem_exhausted();
	return memory;
}

static void begin_candidate(struct explainer *e, const struct trace_event *event)
{
	e->candidate = open_memory(&e->candidate_told, &e->candidate_len);
	fputs("  ", e->candidate);
	write_place(e->candidate, e->text, event->start);
	fprintf(e->candidate, "  %s  ", event->rule->id);
	write_secret(e, event);
	putc('\n', e->candidate);
}

/* Keeps what was told of the candidate; of one that was rejected only if all are asked for. */
static void end_candidate(struct explainer *e, const struct trace_event *event)
{
	bool passed = event->verdict == TRACE_PASSED;

	if (fclose(e->candidate))
		mem_exhausted();
	e->candidate = NULL;
	/* One that passes inside encoded text is told of once more, with its place. */
	if ((!passed && !e->all) || (passed && event->decoded) || e->count == CANDIDATES_MAX) {
		e->left_off += e->count == CANDIDATES_MAX;
		free(e->candidate_told);
	} else {
		e->told = mem_grow(e->told, e->count, &e->cap, sizeof(*e->told));
		e->told[e->count++] = (struct told){.rule = event->rule,
		                                    .start = event->start,
		                                    .end = event->end,
		                                    .passed = passed,
		                                    .decoded = event->decoded,
		                                    .text = e->candidate_told};
	}
	e->candidate_told = NULL;
}

/* A rule's own text: backslashes stay single, so that a pattern reads as it stands there. */
static void write_detail(FILE *out, const char *detail)
{
	for (; *detail; detail++) {
		if (isascii(*detail) && isprint(*detail))
			putc(*detail, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*detail);
	}
}

static void write_event(FILE *out, const struct trace_event *event)
{
	static const char *const verdicts[] = {"", "REJECTED: ", "LIMIT: "};

	fprintf(out, "    %-14s %s", event->stage, verdicts[event->verdict]);
	write_detail(out, event->detail);
	putc('\n', out);
}

/* Another rule decides about the place of a candidate that passed: adds that to what was told. */
static void take_choice(struct explainer *e, const struct trace_event *event)
{
	for (size_t i = e->count; i > 0 && !event->decoded; i--) {
		struct told *told = &e->told[i - 1];
		char *text = NULL;
		size_t len = 0;
		FILE *memory;

		if (told->rule != event->rule || told->start != event->start ||
		    told->end != event->end || !told->passed)
			continue;
		told->passed = false;
		memory = open_memory(&text, &len);
		fputs(told->text, memory);
		write_event(memory, event);
		if (fclose(memory))
			mem_exhausted();
		free(told->text);
		told->text = text;
		return;
	}
}

static void take_event(void *context, const struct trace_event *event)
{
	struct explainer *e = context;

	if (strcmp(event->stage, "choice") == 0) {
		take_choice(e, event);
		return;
	}
	if (!e->candidate)
		begin_candidate(e, event);
	write_event(e->candidate, event);
	if (strcmp(event->stage, "verdict") == 0)
		end_candidate(e, event);
}

/* ---- Texts ---- */

static void begin_text(void *context, struct bytes text)
{
	struct explainer *e = context;

	e->text = text;
	e->count = 0;
	e->left_off = 0;
}

static int told_order(const void *left, const void *right)
{
	const struct told *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
	return strcmp(a->rule->id, b->rule->id);
}

static void end_text(void *context, struct bytes path)
{
	struct explainer *e = context;
	bool named = false;

	if (e->count)
		qsort(e->told, e->count, sizeof(*e->told), told_order);
	for (size_t i = 0; i < e->count; i++) {
		if (e->all || e->told[i].passed) {
			if (!named)
				safe_write(e->out, path);
			fprintf(e->out, "%s%s", named ? "" : "\n", e->told[i].text);
			named = true;
		}
		free(e->told[i].text);
	}
	if (e->left_off)
		fprintf(e->out, "  and %zu more candidates\n", e->left_off);
	e->count = 0;
}

void explainer_release(struct explainer *e)
{
	free(e->told);
	e->told = NULL;
}

void explainer_init(struct explainer *e, FILE *out, bool all, bool show_secrets)
{
	*e = (struct explainer){.out = out, .all = all, .show_secrets = show_secrets};
	e->watch = (struct scan_watch){
	    .begin = begin_text, .end = end_text, .trace = {.take = take_event, .context = e}};
}

/* ---- One rule and one text ---- */

/* Writes one byte as it would stand in a pattern. */
static void write_byte(FILE *out, unsigned byte)
{
	if (byte < 0x80 && isprint((int)byte))
		putc((int)byte, out);
	else
		fprintf(out, "\\x%02x", byte);
}

/* Writes a byte in a class, where some mean more than themselves. */
static void write_member(FILE *out, unsigned byte)
{
	if (byte == '-' || byte == ']' || byte == '^' || byte == '\\')
		putc('\\', out);
	write_byte(out, byte);
}

/* Writes the bytes that may stand at one place of a stub; a letter in both cases as itself. */
static void write_set(FILE *out, const struct byte_set *set)
{
	unsigned count = 0, first = 256;

	for (unsigned byte = 256; byte-- > 0;) {
		if (byte_set_has(set, (unsigned char)byte)) {
			count++;
			first = byte;
		}
	}
	if (count == 1 || (count == 2 && isalpha((int)first) &&
	                   byte_set_has(set, (unsigned char)tolower((int)first)))) {
		write_byte(out, count == 2 ? (unsigned)tolower((int)first) : first);
		return;
	}
	putc('[', out);
	for (unsigned byte = first; byte < 256; byte++) {
		unsigned end = byte;

		if (!byte_set_has(set, (unsigned char)byte))
			continue;
		while (end < 255 && byte_set_has(set, (unsigned char)(end + 1)))
			end++;
		write_member(out, byte);
		if (end > byte + 1)
			putc('-', out);
		if (end > byte)
			write_member(out, end);
		byte = end;
	}
	putc(']', out);
}

void explain_stub(FILE *out, const struct stub *stub)
{
	struct byte_set sets[BYTE_SETS_MAX];
	size_t len = stub_sets(stub, sets);

	if (!len)
		write_detail(out, stub->expression);
	for (size_t i = 0, same; i < len; i += same) {
		for (same = 1;
		     i + same < len && memcmp(&sets[i], &sets[i + same], sizeof(*sets)) == 0;)
			same++;
		write_set(out, &sets[i]);
		if (same > 2)
			fprintf(out, "{%zu}", same);
		else if (same > 1)
			write_set(out, &sets[i]);
	}
}

/* Writes where the stub stands; false if it stands nowhere. */
static bool write_hits(FILE *out, const struct ruleset *set, const struct stub *stub,
                       const struct raw_set *raw, struct bytes text)
{
	uint32_t first_stub = 0;
	size_t count = 0;

	for (int part = 0; part < PART_COUNT; part++) {
		const struct stub_index *stubs = &set->parts[part].stubs;

		for (size_t k = 0; k < raw->hits.count; k++) {
			struct hit hit = raw->hits.items[k];

			if (hit.stub < first_stub || hit.stub - first_stub >= stubs->count ||
			    strcmp(stubs->stubs[hit.stub - first_stub].expression,
			           stub->expression) != 0)
				continue;
			if (count++ < PLACES_MAX) {
				putc(' ', out);
				write_place(out, text, hit.at);
			}
		}
		first_stub += (uint32_t)stubs->count;
	}
	if (count > PLACES_MAX)
		fprintf(out, " and %zu more", count - PLACES_MAX);
	return count > 0;
}

/* Where the prefilter finds what it looks for on behalf of the rule. */
static void explain_prefilter(const struct ruleset *set, const struct rule *rule,
                              const struct raw_set *raw, struct bytes text)
{
	size_t absent = 0;

	if (!rule->anchor_count)
		puts("prefilter: looks for nothing; the pattern runs over the whole text");
	for (size_t i = 0; i < rule->anchor_count; i++) {
		const struct stub *stub = &rule->anchors[i].stub;
		char *places = NULL;
		size_t len = 0;
		FILE *memory = open_memory(&places, &len);
		bool there = write_hits(memory, set, stub, raw, text);

		if (fclose(memory))
			mem_exhausted();
		if (there || ++absent <= ABSENT_SHOWN) {
			fputs("prefilter: looks for ", stdout);
			explain_stub(stdout, stub);
			printf(":%s\n", there ? places : " not there");
		}
		free(places);
	}
	if (absent > ABSENT_SHOWN)
		printf("prefilter: looks for %zu more, which are not there\n",
		       absent - ABSENT_SHOWN);
}

static void explain_pattern(const struct rule *rule)
{
	char shown[PATTERN_SHOWN + 1];

	snprintf(shown, sizeof(shown), "%s", rule->pattern.text);
	fputs("pattern: ", stdout);
	write_detail(stdout, shown);
	if (strlen(rule->pattern.text) > PATTERN_SHOWN)
		printf("... (%zu characters; trawl rules show %s prints them all)",
		       strlen(rule->pattern.text), rule->id);
	putchar('\n');
}

static void explain_text(const struct ruleset *set, const struct rule *rule, struct engine *engine,
                         const struct options *options, const struct view *view, struct bytes path)
{
	struct detector *detector = detector_new(engine);
	struct explainer explainer;
	struct proofs proofs = {0};
	struct raw_set raw = {0};

	explainer_init(&explainer, stdout, true, options->show_secrets);
	detector_collect(detector, view->text, NULL, true, &raw);
	explain_prefilter(set, rule, &raw, view->text);
	explain_pattern(rule);
	begin_text(&explainer, view->text);
	detector_set_trace(detector, &explainer.watch.trace);
	detector_select(detector, view->text, path, view->kind == TEXT_BINARY, &raw, &proofs);
	if (!explainer.count)
		puts("pattern: matches nowhere");
	end_text(&explainer, path);
	explainer_release(&explainer);
	printf("verdict: %zu %s\n", proofs.count, proofs.count == 1 ? "finding" : "findings");
	proofs_release(&proofs);
	raw_set_release(&raw);
	detector_free(detector);
}

/* Reads the file, or standard input for "-", as it would be scanned. */
static enum err read_text(struct buf *content, const char *path, const struct options *options,
                          struct error *error)
{
	bool standard = strcmp(path, "-") == 0;
	struct file file = {.folder = AT_FDCWD,
	                    .name = standard ? NULL : path,
	                    .named = true,
	                    .path = bytes_of(path)};
	struct coverage coverage = {0};
	enum err err = ERR_NONE;

	if (!file_read(content, &file, &options->source, &coverage)) {
		const struct lost *lost = coverage.named_count ? &coverage.lost[0] : NULL;

		err =
		    error_set(error, ERR_IO, "%s: %s%s%s", path,
		              lost ? lost_reason_text(lost->reason) : "no file that can be scanned",
		              lost && *lost->detail ? ": " : "", lost ? lost->detail : "");
	}
	coverage_release(&coverage);
	return err;
}

enum err explain_rule(struct ruleset *set, const char *id, const char *path,
                      const struct options *options, struct error *error)
{
	struct engine *engine = NULL;
	struct buf content;
	struct view view;
	enum err err = ruleset_choose(set, &id, 1, NULL, 0, error);

	file_buffer_init(&content, &options->source);
	view_init(&view, UINT32_MAX);
	if (!err && !ruleset_find(set, id))
		err = error_set(error, ERR_USAGE, "name one rule, without *");
	if (!err)
		err = read_text(&content, path, options, error);
	if (!err)
		err = engine_new(&engine, set, &options->engine, error);
	if (!err && view_show(&view, buf_bytes(&content)))
		err = error_set(error, ERR_LIMIT, "%s: its UTF-16 text passes 4 GiB", path);
	if (!err)
		explain_text(set, ruleset_find(set, id), engine, options, &view, bytes_of(path));
	engine_free(engine);
	view_release(&view);
	buf_release(&content);
	return err;
}
