#include "cli/explain.h"

#include "base/memory.h"
#include "detect/view.h"
#include "report/safe.h"
#include "scan/locate.h"
#include "source/file.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

enum {
	CANDIDATES_MAX = 10000, /* of one text; more tell nobody more */
	PLACES_MAX = 5,         /* of one stub */
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

static void end_candidate(struct explainer *e, bool wanted)
{
	if (fclose(e->candidate))
		mem_exhausted();
	e->candidate = NULL;
	if (wanted && e->count++ < CANDIDATES_MAX)
		fputs(e->candidate_told, e->body);
	free(e->candidate_told);
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

static void take_event(void *context, const struct trace_event *event)
{
	static const char *const verdicts[] = {"", "REJECTED: ", "LIMIT: "};
	struct explainer *e = context;
	bool last = strcmp(event->stage, "verdict") == 0 || strcmp(event->stage, "choice") == 0;

	if (!e->candidate)
		begin_candidate(e, event);
	fprintf(e->candidate, "    %-14s %s", event->stage, verdicts[event->verdict]);
	write_detail(e->candidate, event->detail);
	putc('\n', e->candidate);
	if (last)
		end_candidate(e, e->all || event->verdict == TRACE_PASSED);
}

/* ---- Texts ---- */

static void begin_text(void *context, struct bytes text)
{
	struct explainer *e = context;

	e->text = text;
	e->count = 0;
	e->body = open_memory(&e->told, &e->told_len);
}

static void end_text(void *context, struct bytes path)
{
	struct explainer *e = context;

	if (fclose(e->body))
		mem_exhausted();
	if (e->count) {
		safe_write(e->out, path);
		fprintf(e->out, "\n%s", e->told);
	}
	if (e->count > CANDIDATES_MAX)
		fprintf(e->out, "  and %zu more candidates\n", e->count - CANDIDATES_MAX);
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

/* Where the prefilter finds what it looks for on behalf of the rule. */
static void explain_prefilter(const struct ruleset *set, const struct rule *rule,
                              const struct raw_set *raw, struct bytes text)
{
	if (!rule->anchor_count)
		puts("prefilter: looks for nothing; the pattern runs over the whole text");
	for (size_t i = 0; i < rule->anchor_count; i++) {
		const char *wanted = rule->anchors[i].stub.expression;
		uint32_t first_stub = 0;
		size_t count = 0;

		printf("prefilter: looks for %s:", wanted);
		for (int part = 0; part < PART_COUNT; part++) {
			const struct stub_index *stubs = &set->parts[part].stubs;

			for (size_t k = 0; k < raw->hits.count; k++) {
				struct hit hit = raw->hits.items[k];

				if (hit.stub < first_stub ||
				    hit.stub - first_stub >= stubs->count ||
				    strcmp(stubs->stubs[hit.stub - first_stub].expression,
				           wanted) != 0)
					continue;
				if (count++ < PLACES_MAX) {
					putchar(' ');
					write_place(stdout, text, hit.at);
				}
			}
			first_stub += (uint32_t)stubs->count;
		}
		if (count > PLACES_MAX)
			printf(" and %zu more", count - PLACES_MAX);
		puts(count ? "" : " not there");
	}
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
	fputs("pattern: ", stdout);
	write_detail(stdout, rule->pattern.text);
	putchar('\n');
	begin_text(&explainer, view->text);
	detector_set_trace(detector, &explainer.watch.trace);
	detector_select(detector, view->text, path, view->kind == TEXT_BINARY, &raw, &proofs);
	if (!explainer.count)
		puts("pattern: matches nowhere");
	end_text(&explainer, path);
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

	if (!file_read(content, &file, &options->source, &coverage))
		err = error_set(error, ERR_IO, "%s: %s", path,
		                coverage.named_count ? lost_reason_text(coverage.lost[0].reason)
		                                     : "no file that can be scanned");
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
