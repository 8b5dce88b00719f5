#include "scan/scanner.h"

#include "base/memory.h"
#include "detect/view.h"
#include "filter/inline_allow.h"
#include "scan/line_hash.h"
#include "scan/locate.h"
#include "scan/redact.h"

#include <stdlib.h>

enum { FINDINGS_MAX = 100000 }; /* in one blob; more tell nobody more */

struct scanner {
	const struct ruleset *set;
	const struct scan_options *options;
	struct detector *detector;
	bool skips_generic; /* some rules pass over binaries */
	struct view view;
	struct raw_set raw;
	struct proofs proofs;
	struct redactor redactor;
	size_t *spoke; /* starts of the lines of the text whose markers allow something, in order */
	size_t spoke_count;
	size_t spoke_cap;
};

void scan_result_release(struct scan_result *result)
{
	finding_list_release(&result->findings);
	finding_list_release(&result->suppressed);
	free(result->markers.items);
	result->markers = (struct stale_markers){0};
	coverage_release(&result->coverage);
}

static void add_marker(struct stale_markers *markers, struct stale_marker marker)
{
	if (markers->count == STALE_MARKERS_MAX)
		return;
	markers->items =
	    mem_grow(markers->items, markers->count, &markers->cap, sizeof(*markers->items));
	markers->items[markers->count++] = marker;
}

void scan_result_adopt(struct scan_result *into, struct scan_result *from)
{
	finding_list_adopt(&into->findings, &from->findings);
	coverage_adopt(&into->coverage, &from->coverage);
	finding_list_adopt(&into->suppressed, &from->suppressed);
	for (size_t i = 0; i < from->markers.count; i++)
		add_marker(&into->markers, from->markers.items[i]);
	free(from->markers.items);
	from->markers = (struct stale_markers){0};
	into->encoded += from->encoded;
}

struct scanner *scanner_new(struct engine *engine, const struct ruleset *set,
                            const struct scan_options *options)
{
	struct scanner *s = mem_calloc(1, sizeof(*s));

	s->set = set;
	s->options = options;
	s->detector = detector_new(engine);
	s->skips_generic = engine_has_generic(engine);
	s->redactor.detector = s->detector;
	view_init(&s->view, UINT32_MAX);
	return s;
}

void scanner_free(struct scanner *scanner)
{
	if (!scanner)
		return;
	detector_free(scanner->detector);
	view_release(&scanner->view);
	raw_set_release(&scanner->raw);
	proofs_release(&scanner->proofs);
	redactor_release(&scanner->redactor);
	free(scanner->spoke);
	free(scanner);
}

/* Finds what is held against the finding; of one without a path, what may be. */
static void find_suppression(const struct scanner *s, struct finding *f, struct bytes secret,
                             struct bytes path, struct arena *arena)
{
	static const struct suppression by_text = {.kind = SUPPRESSION_INLINE};
	const struct suppressions *others = s->options->suppressions;

	if (others)
		f->held = suppressions_of(others, f->rule, secret, arena);
	if (f->allowed && s->options->inline_policy == INLINE_DROP)
		f->suppression = &by_text;
	else if (path.len && f->held)
		f->suppression = suppressions_at(others, f->held, path);
}

/* Edges of parts that are still to be located: they stand before and after their secrets. */
struct edges {
	struct edge {
		size_t at; /* bytes of the text */
		struct finding_part *part;
		bool end;
	} * items;
	size_t count;
	size_t cap;
};

static int edge_order(const void *left, const void *right)
{
	const struct edge *a = left, *b = right;

	return (a->at > b->at) - (a->at < b->at);
}

/* Gives the finding room for the proof's parts, and notes their edges. */
static void add_parts(struct finding *f, const struct proof *p, struct edges *edges,
                      struct arena *arena)
{
	struct finding_part *parts;

	if (!p->part_count)
		return;
	parts = arena_alloc(arena, p->part_count, sizeof(*parts));
	for (size_t i = 0; i < p->part_count; i++) {
		parts[i].name = p->parts[i].part->name;
		for (int end = 0; end < 2; end++) {
			edges->items = mem_grow(edges->items, edges->count, &edges->cap,
			                        sizeof(*edges->items));
			edges->items[edges->count++] = (struct edge){
			    end ? p->parts[i].end : p->parts[i].start, &parts[i], end};
		}
	}
	f->parts = parts;
	f->part_count = p->part_count;
}

/* Locates all edges in one pass over the text, and frees them. */
static void locate_parts(struct scanner *s, struct edges *edges)
{
	struct locator at;

	locator_init(&at, s->view.text);
	if (edges->count)
		qsort(edges->items, edges->count, sizeof(*edges->items), edge_order);
	for (size_t i = 0; i < edges->count; i++) {
		struct finding_part *part = edges->items[i].part;
		size_t offset = view_source_offset(&s->view, edges->items[i].at);

		locator_move(&at, edges->items[i].at);
		if (edges->items[i].end) {
			part->end_offset = offset;
			part->end_line = at.line;
			part->end_column = at.column;
		} else {
			part->start_offset = offset;
			part->start_line = at.line;
			part->start_column = at.column;
		}
	}
	free(edges->items);
}

/* Where a finding ends. */
struct end {
	struct locator at;
	uint64_t offset; /* in the source */
};

/* Moves on from a finding's start, which stays: what was packed into one place overlaps. */
static void set_end(const struct scanner *s, struct end *end, const struct locator *start,
                    size_t offset)
{
	struct view view = s->view;

	end->at = *start;
	locator_move(&end->at, offset);
	end->offset = view_source_offset(&view, offset);
}

static void note_spoken(struct scanner *s, size_t line_start)
{
	s->spoke = mem_grow(s->spoke, s->spoke_count, &s->spoke_cap, sizeof(*s->spoke));
	s->spoke[s->spoke_count++] = line_start;
}

static size_t next_line(struct bytes text, size_t at)
{
	const unsigned char *newline = memchr(text.ptr + at, '\n', text.len - at);

	return newline ? (size_t)(newline - text.ptr) + 1 : text.len;
}

/* Lists the markers in the text on view that have not spoken. */
static void list_markers(struct scanner *s, struct bytes path, struct scan_result *result)
{
	struct bytes text = s->view.text, shown = {NULL, 0};
	struct locator at;
	size_t spoken = 0;

	locator_init(&at, text);
	for (size_t start = inline_next(text, 0); start != SIZE_MAX;
	     start = inline_next(text, next_line(text, start))) {
		while (spoken < s->spoke_count && s->spoke[spoken] < start)
			spoken++;
		if (spoken < s->spoke_count && s->spoke[spoken] == start)
			continue;
		if (!shown.ptr)
			shown = redact_name(&s->redactor, path, text, &s->proofs,
			                    &result->findings.text);
		locator_move(&at, start);
		add_marker(&result->markers, (struct stale_marker){shown, at.line});
	}
}

/* Adds the proofs of the text on view as findings, or as such that something is held against. */
static void add_findings(struct scanner *s, struct bytes blob_path, struct scan_result *result)
{
	struct finding_list *findings = &result->findings;
	struct bytes text = s->view.text, path;
	struct inline_allow allow = {.foreign = s->options->foreign_markers};
	struct edges edges = {0};
	struct locator at;
	struct end end = {0};

	if (s->options->keep_secrets)
		path = arena_bytes(&findings->text, blob_path);
	else
		path = redact_name(&s->redactor, blob_path, text, &s->proofs, &findings->text);
	locator_init(&at, text);
	if (s->proofs.count > FINDINGS_MAX) {
		coverage_lose(&result->coverage, LOST_ENGINE_LIMIT, path,
		              "more than 100,000 findings in it");
		s->proofs.count = FINDINGS_MAX;
	}
	for (size_t i = 0; i < s->proofs.count; i++) {
		const struct proof *p = &s->proofs.items[i];
		struct bytes secret = proof_secret(&s->proofs, p, text);
		struct finding f = {.rule = p->rule,
		                    .path = path,
		                    .secret_len = (uint32_t)secret.len,
		                    .entropy = (float)p->entropy,
		                    .confidence = (uint8_t)p->confidence,
		                    .level = (uint8_t)p->level,
		                    .checksum = (uint8_t)p->checksum};

		locator_move(&at, p->start);
		if (s->options->inline_policy != INLINE_IGNORE)
			f.allowed = inline_allows(&allow, text, at.line_start, p->rule->id, s->set);
		if (f.allowed && s->options->list_markers)
			note_spoken(s, allow.spoke);
		find_suppression(s, &f, secret, blob_path, &findings->text);
		f.start_offset = view_source_offset(&s->view, p->start);
		f.start_line = at.line;
		f.start_column = at.column;
		if (i == 0 || p->start != p[-1].start || p->end != p[-1].end)
			set_end(s, &end, &at, p->end);
		f.end_offset = end.offset;
		f.end_line = end.at.line;
		f.end_column = end.at.column;
		finding_set_prefix(&f, secret);
		fingerprint_make(&s->options->key, p->rule->id, secret, f.fingerprint);
		add_parts(&f, p, &edges, &findings->text);
		if (*p->text)
			f.proof = arena_text(&findings->text, bytes_of(p->text));
		if (s->options->keep_secrets)
			f.secret = arena_text(&findings->text, secret);
		finding_list_add(f.suppression ? &result->suppressed : findings, &f);
	}
	locate_parts(s, &edges);
}

/* Gives the findings from number `first` on, all of the text on view, the hashes of their lines. */
static void add_line_hashes(const struct scanner *s, size_t first, struct finding_list *findings)
{
	struct bytes text = s->view.text;
	size_t count = findings->count - first;
	uint32_t *lines = mem_calloc(count, sizeof(*lines));
	struct line_hash *hashes = mem_calloc(count, sizeof(*hashes));

	if (!count)
		goto out;
	for (size_t i = 0; i < count; i++)
		lines[i] = findings->items[first + i].start_line;
	if (bytes_start_with(text, "\xef\xbb\xbf")) /* no part of line 1 to those who compare */
		text = bytes_slice(text, 3, text.len);
	line_hash_of(text, lines, count, hashes);
	for (size_t i = 0; i < count; i++) {
		findings->items[first + i].line_hash = hashes[i].hash;
		findings->items[first + i].line_hash_count = hashes[i].count;
	}
out:
	free(lines);
	free(hashes);
}

struct detector_costs scanner_costs(const struct scanner *scanner)
{
	return detector_costs(scanner->detector);
}

void scanner_redact_lost(struct scanner *s, struct coverage *coverage)
{
	const struct bytes no_text = {NULL, 0};

	for (size_t i = 0; i < coverage->named_count && !s->options->keep_secrets; i++)
		coverage->lost[i].path = redact_name(&s->redactor, coverage->lost[i].path, no_text,
		                                     NULL, &coverage->text);
}

/* Names what was not decoded (enum undecoded). */
static void lose_undecoded(struct coverage *coverage, struct bytes path, unsigned undecoded)
{
	if (undecoded & UNDECODED_LONG)
		coverage_lose(coverage, LOST_ENGINE_LIMIT, path, "an encoded run of over 1 MiB");
	if (undecoded & UNDECODED_DEEP)
		coverage_lose(coverage, LOST_ENGINE_LIMIT, path, "encodings more than 4 deep");
	if (undecoded & UNDECODED_MUCH)
		coverage_lose(coverage, LOST_ENGINE_LIMIT, path, "decoded text of over 8 MiB");
}

/* Selects, and lets the watch hear of it. */
static void select_watched(struct scanner *s, struct bytes path, const struct raw_set *raw,
                           struct scan_result *result)
{
	struct scan_watch *watch = s->options->watch;

	watch->begin(watch->trace.context, s->view.text);
	detector_set_trace(s->detector, &watch->trace);
	detector_select(s->detector, s->view.text, path, s->view.kind == TEXT_BINARY, raw,
	                &s->proofs);
	detector_set_trace(s->detector, NULL);
	if (!s->options->keep_secrets)
		path = redact_name(&s->redactor, path, s->view.text, &s->proofs,
		                   &result->findings.text);
	watch->end(watch->trace.context, path);
}

/* Makes findings of the raw set of the text on view. */
static void report_proofs(struct scanner *s, const struct blob *blob, const struct raw_set *raw,
                          struct scan_result *result)
{
	size_t first = result->findings.count, first_suppressed = result->suppressed.count;
	bool binary = s->view.kind == TEXT_BINARY;

	result->coverage.files++;
	result->coverage.bytes += blob->bytes.len;
	result->encoded += raw->run_count > 0;
	if (binary && s->skips_generic)
		coverage_skip(&result->coverage, SKIP_GENERIC_ON_BINARY);
	if (s->options->watch)
		select_watched(s, blob->path, raw, result);
	else
		detector_select(s->detector, s->view.text, blob->path, binary, raw, &s->proofs);
	if (s->proofs.limited)
		coverage_lose(&result->coverage, LOST_ENGINE_LIMIT, blob->path,
		              s->proofs.limited->id);
	lose_undecoded(&result->coverage, blob->path, s->proofs.undecoded);
	s->spoke_count = 0;
	if (s->proofs.count)
		add_findings(s, blob->path, result);
	if (s->options->list_markers)
		list_markers(s, blob->path, result);
	if (s->options->line_hashes) {
		add_line_hashes(s, first, &result->findings);
		add_line_hashes(s, first_suppressed, &result->suppressed);
	}
}

static bool show(struct scanner *s, const struct blob *blob, struct scan_result *result)
{
	const struct suppressions *suppressions = s->options->suppressions;

	if (result && suppressions && blob->path.len &&
	    suppressions_exclude(suppressions, blob->path)) {
		coverage_skip(&result->coverage, SKIP_EXCLUDED);
		return false;
	}
	if (!view_show(&s->view, blob->bytes))
		return true;
	if (result)
		coverage_lose(&result->coverage, LOST_TOO_LARGE, blob->path,
		              "its UTF-16 text passes 4 GiB");
	return false;
}

void scanner_scan(struct scanner *s, const struct blob *blob, struct scan_result *result)
{
	if (!show(s, blob, result))
		return;
	detector_collect(s->detector, s->view.text, NULL, false, &s->raw);
	report_proofs(s, blob, &s->raw, result);
}

void scan_state_release(struct scan_state *state)
{
	raw_set_release(&state->raw);
}

void scanner_scan_version(struct scanner *s, const struct blob *blob,
                          const struct scan_copies *copies, struct scan_state *state,
                          struct scan_result *result)
{
	struct segments segments;
	bool based;

	state->usable = false;
	if (!show(s, blob, result))
		return;
	/* Offsets of decoded text are not those of the copies. */
	state->usable = s->view.kind == TEXT_PLAIN || s->view.kind == TEXT_BINARY;
	based = copies && copies->base->usable && state->usable;
	if (based)
		segments = (struct segments){copies->segments, copies->count, &copies->base->raw,
		                             (uint32_t)copies->base_len};
	detector_collect(s->detector, s->view.text, based ? &segments : NULL, true, &state->raw);
	if (result)
		report_proofs(s, blob, &state->raw, result);
}
