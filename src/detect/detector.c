#include "detect/detector.h"

#include "base/clock.h"
#include "base/memory.h"
#include "detect/adjoining.h"
#include "detect/checksum.h"
#include "detect/confirm.h"
#include "detect/context.h"
#include "detect/filters.h"
#include "detect/misfit.h"
#include "detect/paths.h"
#include "detect/pieces.h"
#include "detect/placeholder.h"
#include "detect/prefilter.h"
#include "detect/structure.h"
#include "detect/view.h"
#include "ruleset/bulk.h"
#include "ruleset/long_word.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

enum {
	CHUNK = 1024 * 1024,       /* bytes whose hits are kept at a time */
	PIECE_MAX = 1024,          /* bytes of a gap that is read with others */
	CLUSTER_MAX = 4096,        /* overlapping proofs that are weighed against each other */
	RAW_MAX = 4 * 1024 * 1024, /* matches of all rules in one text */
	SECONDS_MIN = 10,          /* time for one text ... */
	MIB_PER_SECOND = 5,        /* ... and more for a large one */
	PAIRS = 256 * 256,         /* of bytes */
};

/* What the engine knows of a rule beside the rule itself. */
struct engine_rule {
	const struct rule *rule;
	unsigned part;
	bool enabled;
	bool whole; /* looked for in the whole text: no stub says where its matches start */
	bool gated; /* ... but only if one of its stubs is present */
};

/* What the engine knows of a stub beside the stub itself. */
struct engine_stub {
	uint32_t width; /* bytes */
	uint32_t
	    behind; /* the matches that it leads to are decided by so many bytes before it ... */
	uint32_t ahead; /* ... and from its start on; UNBOUNDED: nobody knows */
	bool escaped;   /* what is escaped around it is to be decoded */
	bool noted;     /* that it is present tells something by itself: see note_present() */
};

/* A stub that is looked for without a prefilter. */
struct spelled {
	const struct byte_set *sets;
	size_t len;
	uint32_t stub;
};

struct engine {
	const struct ruleset *set;
	struct engine_options options;
	struct patterns *patterns;
	struct prefilter *prefilter; /* NULL: switched off */
	struct engine_rule *rules;   /* all parts, numbered through */
	uint32_t rule_count;
	struct engine_stub *stubs; /* likewise */
	/* Without a prefilter: the stubs that encoded text is known by, by two first bytes. */
	struct byte_set (*sets)[BYTE_SETS_MAX];
	struct spelled *spelled;
	size_t *first_spelled; /* PAIRS + 1 */
	bool generic;          /* some enabled rule is generic */
	uint32_t *whole;       /* the numbers of the rules that are looked for in whole texts */
	size_t whole_count;
	uint32_t first_rule[PART_COUNT];
	uint32_t first_stub[PART_COUNT + 1];
	pthread_mutex_t lock; /* guards idle */
	struct detector *idle;
};

/* What the present text says of a rule; valid when `text` is the detector's number of the text. */
struct rule_state {
	uint64_t text;
	uint32_t next; /* the first start that was not searched yet */
	bool included; /* one of pre.include.content is there */
	bool rejected; /* one of pre.reject.content is there */
	bool armed;    /* one of its stubs is there */
};

/* What is known of the run that is being looked into, in a text of some depth. */
struct layer {
	struct buf decoded;
	struct buf inflated;
	struct view view; /* of what was decoded last: it may be UTF-16 */
	struct raw_set raw;
	struct proofs proofs;
};

struct detector {
	struct engine *engine;
	struct detector *next; /* of those that are idle */
	struct matcher *matcher;
	struct context_cache *context;
	struct prefilter_scratch *scratch;
	struct rule_state *states; /* by rule */
	uint64_t *stub_seen;       /* by stub: the number of the text that it was last seen in */
	uint64_t text;             /* counts the texts */
	struct detector_costs costs;
	struct rule_cost *rule_costs; /* by rule; NULL: nobody counts */
	struct hits hits;             /* that were read */
	struct hits pending;          /* that are to be followed */
	struct hit_map map;           /* of the base's hits */
	struct pieces pieces;
	struct raw_match *by_rule; /* the matches that are being selected from, by rule and start */
	size_t by_rule_cap;
	struct proofs candidates;
	struct trace *trace;     /* NULL: nobody asks */
	struct misfits *misfits; /* NULL: nobody asked yet */
	struct run_finder finders[ENCODED_COUNT];
	struct escape_finder escapes;
	struct layer layers[LAYERS_MAX]; /* by the depth of the text that the runs stand in */
	size_t decoded_left;             /* bytes that may still be decoded in this blob */
	struct proofs denied; /* what a rule that says what a secret looks like found to be none */
};

/* ---- The engine ---- */

/* Calls check on every pattern of the filters. */
static enum err check_filters(struct patterns *patterns, unsigned part, const struct filters *f,
                              struct error *error)
{
	enum err err = ERR_NONE;

	for (size_t i = 0; i < f->pattern_not_count && !err; i++)
		err = patterns_check(patterns, part, &f->pattern_not[i], error);
	for (size_t i = 0; f->base64 && i < f->base64->match_each_count && !err; i++)
		err = patterns_check(patterns, part, &f->base64->match_each[i], error);
	for (size_t i = 0; f->base64 && i < f->base64->match_not_count && !err; i++)
		err = patterns_check(patterns, part, &f->base64->match_not[i], error);
	if (f->base64 && !err)
		err = check_filters(patterns, part, &f->base64->filters, error);
	for (size_t i = 0; i < f->group_count && !err; i++)
		err = check_filters(patterns, part, &f->groups[i].filters, error);
	return err;
}

static enum err check_context(struct patterns *patterns, unsigned part, const struct context *c,
                              struct error *error)
{
	enum err err = ERR_NONE;

	if (c->pattern.text)
		err = patterns_check(patterns, part, &c->pattern, error);
	for (size_t i = 0; i < c->child_count && !err; i++)
		err = check_context(patterns, part, &c->children[i], error);
	return err;
}

static enum err check_rule(struct patterns *patterns, unsigned part, const struct rule *rule,
                           struct error *error)
{
	struct error inner = {0};
	enum err err = patterns_check(patterns, part, &rule->pattern, &inner);

	if (!err && rule->context)
		err = check_context(patterns, part, rule->context, &inner);
	for (size_t i = 0; i < rule->part_count && !err; i++)
		err = check_context(patterns, part, &rule->parts[i].near, &inner);
	if (!err)
		err = check_filters(patterns, part, &rule->filters, &inner);
	if (err)
		error_set(error, err, "%s:%u: rule %s: %s", rule->file, rule->line, rule->id,
		          inner.message);
	return err;
}

/* Whether the stubs tell where the rule's matches may start. */
static bool anchored(const struct rule *rule)
{
	for (size_t i = 0; i < rule->anchor_count; i++) {
		if (rule->anchors[i].last == UNBOUNDED)
			return false;
	}
	return rule->anchor_count > 0;
}

static void add_rules(struct engine *engine, unsigned part)
{
	const struct ruleset_part *rules = &engine->set->parts[part];

	engine->first_rule[part] = engine->rule_count;
	engine->first_stub[part + 1] = engine->first_stub[part] + (uint32_t)rules->stubs.count;
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rules[i];
		bool whole = engine->options.no_prefilter || !anchored(rule);
		uint32_t number = engine->rule_count++;

		engine->rules[number] = (struct engine_rule){
		    .rule = rule,
		    .part = part,
		    .enabled = engine->set->enabled[part][i],
		    .whole = whole,
		    .gated = rule->anchor_count > 0 && !engine->options.no_prefilter};
		engine->generic |= engine->rules[number].enabled && rule_is_generic(rule);
		if (whole && engine->rules[number].enabled)
			engine->whole[engine->whole_count++] = number;
	}
}

static uint32_t add_widths(uint32_t a, uint32_t b)
{
	return a > UNBOUNDED - b ? UNBOUNDED : a + b;
}

static void widen(struct engine_stub *stub, uint32_t behind, uint32_t ahead)
{
	stub->behind = behind > stub->behind ? behind : stub->behind;
	stub->ahead = ahead > stub->ahead ? ahead : stub->ahead;
}

/* Notes how far what the rule makes of the stub reaches. */
static void add_use(struct engine_stub *stub, const struct engine_rule *r,
                    const struct stub_use *use)
{
	const struct reach *reach = &r->rule->reach;

	if (use->kind == STUB_ESCAPED)
		stub->escaped = true;
	else if (use->kind == STUB_INCLUDES || use->kind == STUB_REJECTS ||
	         (use->kind == STUB_ANCHORS && r->whole))
		stub->noted = true;
	else if (use->kind == STUB_ENCODED)
		widen(stub, UNBOUNDED, UNBOUNDED);
	else if (reach->width == UNBOUNDED)
		widen(stub, UNBOUNDED, UNBOUNDED);
	else
		widen(stub, add_widths(use->last, reach->behind),
		      add_widths(reach->width, reach->ahead));
}

static void add_stubs(struct engine *engine)
{
	engine->stubs = mem_calloc(engine->first_stub[PART_COUNT], sizeof(*engine->stubs));
	for (unsigned part = 0; part < PART_COUNT; part++) {
		const struct stub_index *stubs = &engine->set->parts[part].stubs;

		for (size_t i = 0; i < stubs->count; i++) {
			struct engine_stub *stub = &engine->stubs[engine->first_stub[part] + i];

			stub->width = stubs->stubs[i].width;
			for (uint32_t u = stubs->first_use[i]; u < stubs->first_use[i + 1]; u++) {
				const struct engine_rule *r =
				    &engine->rules[engine->first_rule[part] + stubs->uses[u].rule];

				if (r->enabled)
					add_use(stub, r, &stubs->uses[u]);
			}
		}
	}
}

static bool knows_encoded(const struct stub_index *stubs, size_t stub)
{
	for (uint32_t u = stubs->first_use[stub]; u < stubs->first_use[stub + 1]; u++) {
		if (stubs->uses[u].kind == STUB_ENCODED || stubs->uses[u].kind == STUB_ESCAPED)
			return true;
	}
	return false;
}

/* Notes the stub under all pairs of bytes that it may start with; counts the pairs only at first.
 */
static void spell_stub(struct engine *engine, size_t *next, struct spelled stub)
{
	for (unsigned pair = 0; pair < PAIRS; pair++) {
		if (!byte_set_has(&stub.sets[0], pair >> 8)) {
			pair |= 0xff;
			continue;
		}
		if (!byte_set_has(&stub.sets[1], pair & 0xff))
			continue;
		if (engine->spelled)
			engine->spelled[next[pair]] = stub;
		next[pair]++;
	}
}

/* Lists, by the two bytes that they may start with, the stubs that encoded text is known by. */
static void spell_stubs(struct engine *engine)
{
	uint32_t count = engine->first_stub[PART_COUNT];
	size_t *next = mem_calloc(PAIRS, sizeof(*next));

	engine->sets = mem_calloc(count, sizeof(*engine->sets));
	engine->first_spelled = mem_calloc(PAIRS + 1, sizeof(*engine->first_spelled));
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < count; i++) {
			unsigned part =
			    i >= engine->first_stub[PART_USER] ? PART_USER : PART_BUILTIN;
			const struct stub_index *stubs = &engine->set->parts[part].stubs;
			uint32_t stub = i - engine->first_stub[part];
			size_t len;

			if (!knows_encoded(stubs, stub))
				continue;
			len = stub_sets(&stubs->stubs[stub], engine->sets[i]);
			if (len > 1)
				spell_stub(engine, next, (struct spelled){engine->sets[i], len, i});
		}
		if (pass > 0)
			break;
		for (unsigned pair = 0; pair < PAIRS; pair++) {
			engine->first_spelled[pair + 1] = engine->first_spelled[pair] + next[pair];
			next[pair] = engine->first_spelled[pair];
		}
		engine->spelled =
		    mem_calloc(engine->first_spelled[PAIRS] + 1, sizeof(*engine->spelled));
	}
	free(next);
}

enum err engine_new(struct engine **out, const struct ruleset *set,
                    const struct engine_options *options, struct error *error)
{
	struct engine *engine = mem_calloc(1, sizeof(*engine));
	size_t count = 0;
	enum err err = ERR_NONE;

	if (pthread_mutex_init(&engine->lock, NULL) != 0)
		mem_exhausted();
	engine->set = set;
	engine->options = *options;
	engine->patterns = patterns_new(set, options->counting);
	for (unsigned part = 0; part < PART_COUNT; part++)
		count += set->parts[part].count;
	engine->rules = mem_calloc(count, sizeof(*engine->rules));
	engine->whole = mem_calloc(count, sizeof(*engine->whole));
	for (unsigned part = 0; part < PART_COUNT; part++)
		add_rules(engine, part);
	add_stubs(engine);
	/* The built-in rules were checked when Trawl was built and tested. */
	for (size_t i = 0; i < set->parts[PART_USER].count && !err; i++)
		err =
		    check_rule(engine->patterns, PART_USER, &set->parts[PART_USER].rules[i], error);
	if (options->no_prefilter)
		spell_stubs(engine);
	else if (!err)
		err = prefilter_new(&engine->prefilter, set, error);
	if (err) {
		engine_free(engine);
		engine = NULL;
	}
	*out = engine;
	return err;
}

/* Takes an idle detector, if there is one. */
static struct detector *take_idle(struct engine *engine)
{
	struct detector *d;

	pthread_mutex_lock(&engine->lock);
	d = engine->idle;
	if (d)
		engine->idle = d->next;
	pthread_mutex_unlock(&engine->lock);
	return d;
}

static void free_idle(struct detector *d)
{
	matcher_free(d->matcher);
	context_cache_free(d->context);
	prefilter_scratch_free(d->scratch);
	misfits_free(d->misfits);
	free(d->states);
	free(d->stub_seen);
	free(d->rule_costs);
	free(d);
}

void engine_free(struct engine *engine)
{
	struct detector *d;

	if (!engine)
		return;
	while ((d = take_idle(engine)))
		free_idle(d);
	(void)pthread_mutex_destroy(&engine->lock);
	patterns_free(engine->patterns);
	prefilter_free(engine->prefilter);
	free(engine->rules);
	free(engine->stubs);
	free(engine->whole);
	free(engine->sets);
	free(engine->spelled);
	free(engine->first_spelled);
	free(engine);
}

void engine_warm_up(struct engine *engine)
{
	struct detector *d = detector_new(engine);

	if (engine->prefilter && !d->scratch)
		d->scratch = prefilter_scratch_new(engine->prefilter);
	if (!d->misfits)
		d->misfits = misfits_new(engine->set);
	detector_free(d);
}

const struct engine_options *engine_options(const struct engine *engine)
{
	return &engine->options;
}

bool engine_has_generic(const struct engine *engine)
{
	return engine->generic;
}

struct detector *detector_new(struct engine *engine)
{
	struct detector *d = take_idle(engine);

	if (d)
		return d;
	d = mem_calloc(1, sizeof(*d));
	d->engine = engine;
	for (size_t i = 0; i < LAYERS_MAX; i++)
		view_init(&d->layers[i].view, DECODED_MAX);
	d->matcher = matcher_new(engine->patterns);
	d->context = context_cache_new(engine->set);
	d->states = mem_calloc(engine->rule_count, sizeof(*d->states));
	d->stub_seen = mem_calloc(engine->first_stub[PART_COUNT], sizeof(*d->stub_seen));
	if (engine->options.counting)
		d->rule_costs = mem_calloc(engine->rule_count, sizeof(*d->rule_costs));
	return d;
}

/* Frees what grew with the texts, and forgets what they cost. */
static void forget_texts(struct detector *d)
{
	context_cache_clear(d->context);
	hits_release(&d->hits);
	hits_release(&d->pending);
	hit_map_release(&d->map);
	free(d->by_rule);
	d->by_rule = NULL;
	d->by_rule_cap = 0;
	pieces_release(&d->pieces);
	proofs_release(&d->candidates);
	for (size_t i = 0; i < LAYERS_MAX; i++) {
		buf_release(&d->layers[i].decoded);
		buf_release(&d->layers[i].inflated);
		view_release(&d->layers[i].view);
		raw_set_release(&d->layers[i].raw);
		proofs_release(&d->layers[i].proofs);
	}
	proofs_release(&d->denied);
	d->costs = (struct detector_costs){0};
	if (d->rule_costs)
		memset(d->rule_costs, 0, d->engine->rule_count * sizeof(*d->rule_costs));
	d->trace = NULL;
}

void detector_free(struct detector *detector)
{
	struct engine *engine;

	if (!detector)
		return;
	engine = detector->engine;
	forget_texts(detector);
	pthread_mutex_lock(&engine->lock);
	detector->next = engine->idle;
	engine->idle = detector;
	pthread_mutex_unlock(&engine->lock);
}

void detector_set_trace(struct detector *detector, struct trace *trace)
{
	detector->trace = trace;
}

/* ---- Collecting ---- */

void raw_set_release(struct raw_set *set)
{
	hits_release(&set->hits);
	free(set->matches);
	free(set->present);
	free(set->runs);
	*set = (struct raw_set){0};
}

static void raw_set_clear(struct raw_set *set)
{
	set->hits.count = 0;
	set->count = 0;
	set->present_count = 0;
	set->run_count = 0;
	set->run_bytes = 0;
	set->undecoded = 0;
	set->limited = NULL;
}

/* The first match that starts at or behind the place. */
static size_t matches_from(const struct raw_set *set, uint32_t at)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (set->matches[middle].start < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void raw_set_add(struct raw_set *set, struct raw_match match)
{
	set->matches = mem_grow(set->matches, set->count, &set->cap, sizeof(*set->matches));
	set->matches[set->count++] = match;
}

static int by_start(const void *left, const void *right)
{
	const struct raw_match *a = left, *b = right;

	return a->start != b->start ? (a->start > b->start) - (a->start < b->start)
	                            : (a->rule > b->rule) - (a->rule < b->rule);
}

static int by_rule(const void *left, const void *right)
{
	const struct raw_match *a = left, *b = right;

	return a->rule != b->rule ? (a->rule > b->rule) - (a->rule < b->rule)
	                          : (a->start > b->start) - (a->start < b->start);
}

/* Sorts the matches and drops what stands twice: some may be both carried over and found. */
static void raw_set_sort(struct raw_set *set)
{
	size_t kept = 0;

	if (set->count)
		qsort(set->matches, set->count, sizeof(*set->matches), by_start);
	for (size_t i = 0; i < set->count; i++) {
		if (!kept || by_start(&set->matches[kept - 1], &set->matches[i]) != 0)
			set->matches[kept++] = set->matches[i];
	}
	set->count = kept;
}

/* Another text comes: what was known of the last one is void. */
static void begin_text(struct detector *d)
{
	d->text++;
	memset(d->finders, 0, sizeof(d->finders));
	d->escapes = (struct escape_finder){0};
}

/* Sets the time that collecting and selecting may take together. */
static void set_time(struct detector *d, struct bytes text)
{
	matcher_set_time(d->matcher,
	                 SECONDS_MIN + (unsigned)(text.len / MIB_PER_SECOND / (1024 * 1024)));
}

static struct rule_state *state_of(struct detector *d, uint32_t rule)
{
	struct rule_state *state = &d->states[rule];

	if (state->text != d->text)
		*state = (struct rule_state){.text = d->text};
	return state;
}

/* Counts on behalf of the rule what has been done since the matcher had made so many steps. */
static void charge(struct detector *d, uint32_t rule, unsigned candidates, uint64_t steps)
{
	if (!d->rule_costs)
		return;
	d->rule_costs[rule].candidates += candidates;
	d->rule_costs[rule].steps += matcher_steps(d->matcher) - steps;
}

/*
 * Adds what the rule matches at starts in [from, last] that were not searched before. With
 * `overlapping` every such match, else those of a find loop.
 */
static void search_starts(struct detector *d, struct bytes text, uint32_t rule, uint32_t from,
                          uint32_t last, bool overlapping, struct raw_set *out)
{
	const struct engine_rule *r = &d->engine->rules[rule];
	struct rule_state *state = state_of(d, rule);
	struct span match;

	if (from < state->next)
		from = state->next;
	while (from <= last) {
		enum found found = matcher_search(d->matcher, r->part, &r->rule->pattern, text,
		                                  from, last, &match);

		if (found == FOUND_NONE)
			break;
		if (found == FOUND_LIMIT || out->count == RAW_MAX) {
			out->limited = r->rule;
			state->next = UINT32_MAX; /* one limit is enough for this text */
			return;
		}
		raw_set_add(out, (struct raw_match){rule, match.start, match.end});
		from = overlapping || match.end == match.start ? match.start + 1 : match.end;
	}
	state->next = from > last ? from : last + 1;
}

/* A stub at this place lets matches of the rule start at some offsets before it: finds them. */
static void follow_anchor(struct detector *d, struct bytes text, uint32_t rule,
                          const struct stub_use *use, uint32_t at, bool overlapping,
                          struct raw_set *out)
{
	uint64_t steps = matcher_steps(d->matcher);
	uint32_t from = at > use->last ? at - use->last : 0;

	if (at < use->first || at - use->first < state_of(d, rule)->next ||
	    !bulk_stands(&d->engine->rules[rule].rule->bulk, text, from, at - use->first))
		return;
	search_starts(d, text, rule, from, at - use->first, overlapping, out);
	charge(d, rule, 1, steps);
}

/* Adds a run to those that are to be decoded. */
static void add_run(const struct encoded_run *run, struct raw_set *out)
{
	uint32_t len = run->end - run->start;

	if (len > RUN_MAX) {
		out->undecoded |= UNDECODED_LONG;
	} else if (out->run_bytes + len > (uint64_t)DECODED_MAX * 2) {
		out->undecoded |= UNDECODED_MUCH; /* most encodings double a text at least */
	} else {
		out->run_bytes += len;
		out->runs = mem_grow(out->runs, out->run_count, &out->run_cap, sizeof(*out->runs));
		out->runs[out->run_count++] = *run;
	}
}

/* A stub, or a form of one, says that a run around it is to be decoded. */
static void follow_encoded(struct detector *d, struct bytes text, const struct stub_use *use,
                           uint32_t at, struct raw_set *out)
{
	struct run_finder *finder = &d->finders[use->encoding];

	if (use->kind == STUB_ENCODED &&
	    run_finder_move(finder, text, use->encoding, at, use->phase, use->at_start))
		add_run(&finder->run, out);
	if (use->kind == STUB_ENCODED && use->encoding != ENCODED_BASE64)
		return;
	/* What is encoded may have been escaped: base64 has characters that need it. */
	if (!escapes_around(&d->escapes, text, at))
		return;
	for (enum encoding e = ENCODED_PERCENT; e <= ENCODED_BACKSLASH; e++) {
		finder = &d->finders[e];
		if (run_finder_move(finder, text, e, at, 0, false) &&
		    run_has_escape(&finder->run, text))
			add_run(&finder->run, out);
	}
}

/* Notes that the stub is present, if that tells anything. */
static void note_stub(struct detector *d, uint32_t stub, struct raw_set *out)
{
	if (!d->engine->stubs[stub].noted || d->stub_seen[stub] == d->text)
		return;
	d->stub_seen[stub] = d->text;
	out->present =
	    mem_grow(out->present, out->present_count, &out->present_cap, sizeof(*out->present));
	out->present[out->present_count++] = stub;
}

/* Notes what is present and searches where matches may start. */
static void follow_hit(struct detector *d, struct bytes text, struct hit hit, bool overlapping,
                       struct raw_set *out)
{
	const struct engine *e = d->engine;
	unsigned part = hit.stub >= e->first_stub[PART_USER] ? PART_USER : PART_BUILTIN;
	const struct stub_index *stubs = &e->set->parts[part].stubs;
	uint32_t stub = hit.stub - e->first_stub[part];

	note_stub(d, hit.stub, out);
	for (uint32_t u = stubs->first_use[stub]; u < stubs->first_use[stub + 1]; u++) {
		const struct stub_use *use = &stubs->uses[u];
		uint32_t rule = e->first_rule[part] + use->rule;

		if (!e->rules[rule].enabled)
			continue;
		if (use->kind == STUB_ANCHORS && !e->rules[rule].whole)
			follow_anchor(d, text, rule, use, hit.at, overlapping, out);
		else if (use->kind == STUB_ENCODED || use->kind == STUB_ESCAPED)
			follow_encoded(d, text, use, hit.at, out);
	}
}

static void follow_hits(struct detector *d, struct bytes text, const struct hits *hits,
                        bool overlapping, struct raw_set *out)
{
	bool timed = d->engine->options.timed && hits->count;
	uint64_t start = clock_ns_if(timed);

	for (size_t i = 0; i < hits->count; i++)
		follow_hit(d, text, hits->items[i], overlapping, out);
	d->costs.confirm_ns += clock_ns_if(timed) - start;
}

static bool stands_at(const struct spelled *spelled, struct bytes text, size_t at)
{
	size_t i = 0;

	if (text.len - at < spelled->len)
		return false;
	while (i < spelled->len && byte_set_has(&spelled->sets[i], text.ptr[at + i]))
		i++;
	return i == spelled->len;
}

/* Without a prefilter: finds the runs in the text by a plain search for the same stubs. */
static void find_runs(struct detector *d, struct bytes text, struct raw_set *out)
{
	const struct engine *e = d->engine;

	for (size_t at = 0; at + 2 <= text.len; at++) {
		unsigned pair = (unsigned)text.ptr[at] << 8 | text.ptr[at + 1];

		for (size_t i = e->first_spelled[pair]; i < e->first_spelled[pair + 1]; i++) {
			if (stands_at(&e->spelled[i], text, at))
				follow_hit(d, text, (struct hit){(uint32_t)at, e->spelled[i].stub},
				           false, out);
		}
	}
}

/* Lets the prefilter look for the stubs of a group in text[start, end); false when it gave up. */
static bool read_for(struct detector *d, enum stub_group group, struct bytes text, size_t start,
                     size_t end, struct hits *hits)
{
	if (!d->scratch) /* now, and not at the start: some detectors get no text */
		d->scratch = prefilter_scratch_new(d->engine->prefilter);
	return prefilter_scan(d->engine->prefilter, d->scratch, group, text, (uint32_t)start,
	                      (uint32_t)end, hits);
}

/* What of a text the prefilter is to look at, for which stubs. */
enum reading {
	READ_GAPS, /* for all of them */
	READ_NEAR, /* for STUBS_NEAR */
};

/* Lets the prefilter look at text[start, end); false when it gave up. */
static bool read_range(struct detector *d, enum reading reading, struct bytes text, size_t start,
                       size_t end, struct hits *hits)
{
	if (reading == READ_GAPS) {
		d->costs.read += end - start;
		if (!read_for(d, STUBS_ANYWHERE, text, start, end, hits))
			return false;
	}
	return read_for(d, STUBS_NEAR, text, start, end, hits);
}

/* Lets the prefilter look at the pieces of the text that wait, if there are any. */
static bool read_pieces(struct detector *d, enum reading reading, struct hits *hits)
{
	size_t kept = hits->count;

	if (!d->pieces.count)
		return true;
	if (!read_range(d, reading, buf_bytes(&d->pieces.bytes), 0, d->pieces.bytes.len, hits))
		return false;
	for (size_t i = kept; i < hits->count; i++) {
		struct hit hit = hits->items[i];

		if (pieces_locate(&d->pieces, &hit, d->engine->stubs[hit.stub].width))
			hits->items[kept++] = hit;
	}
	hits->count = kept;
	pieces_clear(&d->pieces);
	return true;
}

/* Looks at a part of the text now, if it is long, or with others. */
static bool read_part(struct detector *d, enum reading reading, struct bytes text, uint32_t start,
                      uint32_t end, struct hits *hits)
{
	if (end - start > PIECE_MAX)
		return read_range(d, reading, text, start, end, hits);
	pieces_add(&d->pieces, text, start, end);
	return d->pieces.bytes.len < CHUNK || read_pieces(d, reading, hits);
}

/*
 * Reads what lies between the ranges that a text copies, with a stub's width on those sides where
 * one may stand across the end of a range: finds all hits that do not lie whole in a range, and
 * some that do.
 */
static bool read_gaps(struct detector *d, struct bytes text, const struct segments *segments,
                      struct hits *hits)
{
	const struct prefilter *prefilter = d->engine->prefilter;
	uint32_t margin = prefilter_stub_width(prefilter);
	uint32_t done = 0; /* up to here the text has been read */
	uint32_t gap = 0;  /* where the present gap starts */

	margin = margin ? margin - 1 : 0;
	for (size_t i = 0; i <= segments->count; i++) {
		const struct segment *s = i < segments->count ? &segments->items[i] : NULL;
		uint32_t start = gap, end = s ? s->start : (uint32_t)text.len;

		if (prefilter_crosses(prefilter, text, start))
			start = start > margin ? start - margin : 0;
		if (prefilter_crosses(prefilter, text, end))
			end = text.len - end > margin ? end + margin : (uint32_t)text.len;
		/* What was read for the last gap need not be read again, but for a stub's width. */
		if (start + margin < done)
			start = done - margin;
		if (start < end && !read_part(d, READ_GAPS, text, start, end, hits))
			return false;
		done = end > done ? end : done;
		if (s)
			gap = s->end;
	}
	return read_pieces(d, READ_GAPS, hits);
}

/* Looks for STUBS_NEAR in what of text[start, end) is near long words. */
static bool read_near(struct detector *d, struct bytes text, size_t start, size_t end,
                      struct hits *hits)
{
	struct nearness near = prefilter_near(d->engine->prefilter);
	size_t back = near.after + LONG_WORD; /* a word that ended before is not near */
	size_t from = start, to = start;      /* near the words that were found last */
	size_t word, word_end;

	for (size_t at = start > back ? start - back : 0;
	     near.any && to < end && long_word_find(text, at, end + near.before, &word, &word_end);
	     at = word_end) {
		size_t next = word > near.before ? word - near.before : 0;

		if (next > to) {
			if (from < to &&
			    !read_part(d, READ_NEAR, text, (uint32_t)from, (uint32_t)to, hits))
				return false;
			from = next;
		}
		to = word_end + near.after < end ? word_end + near.after : end;
	}
	if (from < to && !read_part(d, READ_NEAR, text, (uint32_t)from, (uint32_t)to, hits))
		return false;
	return read_pieces(d, READ_NEAR, hits);
}

/* The hits of a text, as they are brought together from what was read and what is copied. */
struct joiner {
	struct detector *detector;
	struct bytes text;
	size_t next; /* of the hits that were read */
	struct escape_finder escapes;
	struct raw_set *out;
};

/* Adds the next hit. What a hit leads to has to be found, unless that is carried over. */
static void join_hit(struct joiner *j, struct hit hit, bool carried)
{
	struct detector *d = j->detector;

	hits_add(&j->out->hits, hit);
	note_stub(d, hit.stub, j->out);
	if (!carried ||
	    (d->engine->stubs[hit.stub].escaped && escapes_around(&j->escapes, j->text, hit.at)))
		hits_add(&d->pending, hit);
}

/* Adds the hits that were read and come before this one, and passes over the like of it. */
static void join_before(struct joiner *j, struct hit hit)
{
	const struct hits *hits = &j->detector->hits;

	for (; j->next < hits->count; j->next++) {
		int order = hit_order(&hits->items[j->next], &hit);

		if (order < 0)
			join_hit(j, hits->items[j->next], false);
		else if (order > 0)
			break;
	}
}

/* The first hit at or behind the place; `near` is a guess, and mostly a good one. */
static size_t hits_from(const struct hits *hits, uint32_t at, size_t near)
{
	size_t low, high, step = 1;

	/* In steps of doubling width to a stretch that holds it. */
	if (near < hits->count && hits->items[near].at < at) {
		for (low = near + 1; hits->count - low > step && hits->items[low + step].at < at;) {
			low += step + 1;
			step *= 2;
		}
		high = hits->count - low > step ? low + step : hits->count;
	} else {
		for (high = near; high >= step && hits->items[high - step].at >= at; step *= 2)
			high -= step;
		low = high >= step ? high - step + 1 : 0;
	}
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (hits->items[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Adds those of the base's hits that lie whole in ranges that the text copies. Where all that
 * decides about the matches that a hit leads to lies in the range, too, these are carried over.
 */
static void join_copies(struct joiner *j, const struct segments *segments)
{
	const struct engine *e = j->detector->engine;
	const struct hits *base = &segments->base->hits;
	size_t next = 0;

	hit_map_make(&j->detector->map, base, segments->base_len);
	for (size_t i = 0; i < segments->count; i++) {
		const struct segment *s = &segments->items[i];
		uint32_t len = s->end - s->start;

		if (!hit_map_any(&j->detector->map, s->from, len))
			continue;
		next = hits_from(base, s->from, next);
		for (; next < base->count && base->items[next].at - s->from < len; next++) {
			struct hit hit = base->items[next];
			const struct engine_stub *stub = &e->stubs[hit.stub];
			uint32_t at = hit.at - s->from;

			if (len - at < stub->width)
				continue;
			hit.at = s->start + at;
			join_before(j, hit);
			join_hit(j, hit,
			         at >= stub->behind && len - at >= stub->ahead &&
			             !segments->base->limited);
		}
	}
}

/* Carries over the base's matches that lie, with all that decides about them, in ranges that the
 * text copies. */
static void carry_matches(const struct engine *e, const struct segments *segments,
                          struct raw_set *out)
{
	const struct raw_set *base = segments->base;

	/* A base that lacks matches of a rule cannot say that there were none. */
	if (!base->count || base->limited)
		return;
	for (size_t i = 0; i < segments->count; i++) {
		const struct segment *s = &segments->items[i];
		uint32_t len = s->end - s->start;

		for (size_t k = matches_from(base, s->from);
		     k < base->count && base->matches[k].start - s->from < len; k++) {
			struct raw_match match = base->matches[k];
			const struct reach *reach = &e->rules[match.rule].rule->reach;
			uint32_t at = match.start - s->from;

			if (at < reach->behind || reach->width == UNBOUNDED ||
			    (uint64_t)reach->width + reach->ahead > len - at)
				continue;
			if (out->count == RAW_MAX) {
				out->limited = e->rules[match.rule].rule;
				return;
			}
			raw_set_add(out, (struct raw_match){match.rule, s->start + at,
			                                    s->start + (match.end - s->from)});
		}
	}
}

/* Finds the raw set of a text that copies parts of another: reads the rest and the seams. */
static bool collect_rest(struct detector *d, struct bytes text, const struct segments *segments,
                         struct raw_set *out)
{
	static const struct segments nothing_copied = {0};
	struct joiner joiner = {.detector = d, .text = text, .out = out};

	d->hits.count = 0;
	d->pending.count = 0;
	if (!read_gaps(d, text, segments ? segments : &nothing_copied, &d->hits))
		return false;
	hits_sort(&d->hits);
	hits_reserve(&out->hits, d->hits.count + (segments ? segments->base->hits.count : 0));
	if (segments)
		join_copies(&joiner, segments);
	join_before(&joiner, (struct hit){UINT32_MAX, UINT32_MAX});
	if (segments)
		carry_matches(d->engine, segments, out);
	follow_hits(d, text, &d->pending, true, out);
	return true;
}

/*
 * Finds the hits of a text chunk by chunk and follows them, so that a hostile text's many hits do
 * not all stand in memory at once. Hits are followed in order of place; those near a chunk's end
 * wait for the next one, which reads these bytes again and sees every stub that starts there.
 */
static bool collect_chunks(struct detector *d, struct bytes text, struct raw_set *out)
{
	size_t margin = prefilter_stub_width(d->engine->prefilter);
	size_t end = 0;

	for (size_t start = 0; end < text.len; start = end - margin) {
		end = text.len - start > CHUNK ? start + CHUNK : text.len;
		d->hits.count = 0;
		d->costs.read += end - start;
		if (!read_for(d, STUBS_ANYWHERE, text, start, end, &d->hits) ||
		    !read_near(d, text, start, end, &d->hits))
			return false;
		hits_sort(&d->hits);
		while (end < text.len && d->hits.count &&
		       d->hits.items[d->hits.count - 1].at >= end - margin)
			d->hits.count--;
		follow_hits(d, text, &d->hits, false, out);
	}
	return true;
}

static void collect(struct detector *d, struct bytes text, const struct segments *segments,
                    bool keep_hits, struct raw_set *out)
{
	bool complete = true, timed = d->engine->options.timed;
	uint64_t start = clock_ns_if(timed), confirmed = d->costs.confirm_ns;

	raw_set_clear(out);
	begin_text(d);
	if (!d->engine->prefilter) {
		/* All rules are looked for in the whole text, when proofs are selected. */
		find_runs(d, text, out);
		return;
	}
	if (segments || keep_hits)
		complete = collect_rest(d, text, segments, out);
	else
		complete = collect_chunks(d, text, out);
	if (!complete)
		mem_exhausted(); /* the one reason for which hs_scan() fails on sound arguments */
	d->costs.prefilter_ns += clock_ns_if(timed) - start - (d->costs.confirm_ns - confirmed);
	raw_set_sort(out);
}

void detector_collect(struct detector *d, struct bytes text, const struct segments *segments,
                      bool keep_hits, struct raw_set *out)
{
	set_time(d, text);
	collect(d, text, segments, keep_hits, out);
}

struct rule_cost detector_rule_cost(const struct detector *d, unsigned part, size_t i)
{
	return d->rule_costs[d->engine->first_rule[part] + i];
}

void detector_costs_add(struct detector_costs *costs, struct detector_costs more)
{
	costs->read += more.read;
	costs->prefilter_ns += more.prefilter_ns;
	costs->confirm_ns += more.confirm_ns;
}

struct detector_costs detector_costs(const struct detector *detector)
{
	return detector->costs;
}

/* ---- Selecting ---- */

void proofs_release(struct proofs *proofs)
{
	free(proofs->items);
	buf_release(&proofs->secrets);
	*proofs = (struct proofs){0};
}

struct bytes proof_secret(const struct proofs *proofs, const struct proof *proof, struct bytes text)
{
	if (proof->decoded)
		return bytes_slice(buf_bytes(&proofs->secrets), proof->secret,
		                   proof->secret + proof->secret_len);
	return bytes_slice(text, proof->start, proof->end);
}

static void proofs_add(struct proofs *proofs, const struct proof *proof)
{
	proofs->items =
	    mem_grow(proofs->items, proofs->count, &proofs->cap, sizeof(*proofs->items));
	proofs->items[proofs->count++] = *proof;
}

/* Without a prefilter: whether one of the lower-case words stands in the text, in any case. */
static bool contains_any(struct bytes text, strings words)
{
	for (; words && *words; words++) {
		size_t len = strlen(*words);

		for (size_t at = 0; at + len <= text.len; at++) {
			if (tolower(text.ptr[at]) == **words &&
			    strncasecmp((const char *)text.ptr + at, *words, len) == 0)
				return true;
		}
	}
	return false;
}

/* Notes for the rules what the stubs that are present mean to them. */
static void note_present(struct detector *d, const struct raw_set *raw)
{
	const struct engine *e = d->engine;

	for (size_t i = 0; i < raw->present_count; i++) {
		unsigned part =
		    raw->present[i] >= e->first_stub[PART_USER] ? PART_USER : PART_BUILTIN;
		const struct stub_index *stubs = &e->set->parts[part].stubs;
		uint32_t stub = raw->present[i] - e->first_stub[part];

		for (uint32_t u = stubs->first_use[stub]; u < stubs->first_use[stub + 1]; u++) {
			struct rule_state *state =
			    state_of(d, e->first_rule[part] + stubs->uses[u].rule);

			state->included |= stubs->uses[u].kind == STUB_INCLUDES;
			state->rejected |= stubs->uses[u].kind == STUB_REJECTS;
			state->armed |= stubs->uses[u].kind == STUB_ANCHORS;
		}
	}
}

/* Where a text comes from. */
struct surroundings {
	struct bytes path; /* of the blob */
	bool binary;
	unsigned depth; /* encodings that the text was in */
};

/* Whether the rule's conditions on the whole text, its path and its kind hold. */
static bool conditions_hold(struct detector *d, uint32_t number, struct bytes text,
                            const struct surroundings *around)
{
	const struct engine_rule *r = &d->engine->rules[number];
	const struct rule_state *state = state_of(d, number);

	if (!r->enabled || (around->binary && rule_is_generic(r->rule)) ||
	    (around->depth && !rule_reads_encoded(r->rule)) ||
	    !rule_admits_path(r->rule, around->path))
		return false;
	if (!d->engine->prefilter)
		return (!r->rule->include.content ||
		        contains_any(text, r->rule->include.content)) &&
		       !contains_any(text, r->rule->reject.content);
	return (!r->rule->include.content || state->included) && !state->rejected;
}

/* As conditions_hold(), telling the trace of the first match that is left out. */
static bool rule_applies(struct detector *d, uint32_t number, struct bytes text,
                         const struct surroundings *around, const struct raw_match *first)
{
	bool applies = conditions_hold(d, number, text, around);

	if (!applies && d->trace && first) {
		d->trace->rule = d->engine->rules[number].rule;
		d->trace->start = first->start;
		d->trace->end = first->end;
		trace_say(
		    d->trace, "conditions", TRACE_REJECTED,
		    "what it asks of the file, its path, its kind or its encoding does not hold");
		trace_say(d->trace, "verdict", TRACE_REJECTED, "no finding");
	}
	return applies;
}

enum { NAMED_GROUPS_MAX = 32 };

/* Notes the groups that the filters name, as the last match captured them. */
static size_t capture_groups(const struct detector *d, const struct filters *f, struct bytes text,
                             struct captured groups[NAMED_GROUPS_MAX])
{
	const char *names[NAMED_GROUPS_MAX];
	size_t count = 0;

	if (f->entropy_input)
		names[count++] = f->entropy_input;
	if (f->heuristic_input)
		names[count++] = f->heuristic_input;
	for (size_t i = 0; i < f->group_count && count < NAMED_GROUPS_MAX; i++)
		names[count++] = f->groups[i].group;
	for (size_t i = 0; i < count; i++) {
		struct span span;
		bool took_part = matcher_group(d->matcher, names[i], &span);

		groups[i].name = names[i];
		groups[i].text =
		    took_part ? bytes_slice(text, span.start, span.end) : (struct bytes){NULL, 0};
	}
	return count;
}

/* Tells the trace, if there is one, of which match the stages speak from now on. */
static void begin_candidate(struct detector *d, const struct rule *rule, struct span match,
                            struct span secret)
{
	if (!d->trace)
		return;
	d->trace->rule = rule;
	d->trace->start = secret.start;
	d->trace->end = secret.end;
	trace_say(d->trace, "pattern", TRACE_PASSED, "matches %u bytes, %u of them the secret",
	          match.end - match.start, secret.end - secret.start);
}

static void end_candidate(struct detector *d, const struct proof *proof, enum found found)
{
	if (found == FOUND_MATCH)
		trace_say(d->trace, "verdict", TRACE_PASSED, "%s, confidence %s",
		          level_name(proof->level), confidence_name(proof->confidence));
	else
		trace_say(d->trace, "verdict", found == FOUND_NONE ? TRACE_REJECTED : TRACE_LIMIT,
		          found == FOUND_NONE ? "no finding" : "a limit was hit");
}

/* Whether what stands where the secret should is none: what is proved cannot be. */
static bool is_placeholder(struct detector *d, const struct rule *rule, struct bytes secret)
{
	enum placeholder_of of = rule_is_generic(rule) ? PLACEHOLDER_OF_TEXT : PLACEHOLDER_OF_TOKEN;
	/* What all secrets of the rule start with tells nothing of this one. */
	size_t prefix = rule->prefix_len < secret.len ? rule->prefix_len : 0;
	enum placeholder found = placeholder_find(bytes_slice(secret, prefix, secret.len),
	                                          bytes_of(rule->pattern.text), of);

	trace_say(d->trace, "placeholder", found ? TRACE_REJECTED : TRACE_PASSED, "%s",
	          placeholder_name(found));
	return found != PLACEHOLDER_NONE;
}

/* Whether it is a piece of something longer, which a machine or a person cut out. */
static bool is_piece(struct detector *d, struct bytes text, const struct proof *proof)
{
	enum adjoining found = adjoining_find(text, proof->start, proof->end);

	trace_say(d->trace, "adjoining", found ? TRACE_REJECTED : TRACE_PASSED, "%s",
	          adjoining_name(found));
	return found != ADJOINING_NOTHING;
}

/* Whether a generic rule took for a secret what a provider's rule says is none. */
static bool is_misfit(struct detector *d, const struct rule *rule, struct bytes text,
                      const struct proof *proof)
{
	const struct rule *near;

	if (!(rule->filters.heuristics & HEURISTIC_MISFIT))
		return false;
	if (!d->misfits)
		d->misfits = misfits_new(d->engine->set);
	near = misfits_find(d->misfits, d->matcher, text, proof->start, proof->end);
	trace_say(d->trace, "misfit", near ? TRACE_REJECTED : TRACE_PASSED, "%s%s",
	          near ? "announced, but not of the form of " : "none", near ? near->id : "");
	return near != NULL;
}

static void lower(struct proof *proof, enum level most)
{
	proof->confidence = CONFIDENCE_LOW;
	if (proof->level > most)
		proof->level = most;
}

static bool is_spent(struct verdict verdict)
{
	return verdict.soundness == STRUCTURE_BROKEN || verdict.soundness == STRUCTURE_SPENT;
}

/* What the parts that were found, and those that were not, add to the judgement. */
static void judge_parts(const struct engine *e, const struct rule *rule, struct bytes text,
                        struct proof *proof)
{
	for (size_t i = 0; i < proof->part_count; i++) {
		const struct found_part *found = &proof->parts[i];
		struct verdict verdict =
		    structure_verify(found->part->structure,
		                     bytes_slice(text, found->start, found->end), e->options.now);

		if (!*proof->text)
			memcpy(proof->text, verdict.text, sizeof(proof->text));
		if (is_spent(verdict))
			lower(proof, LEVEL_NOTE);
	}
	for (size_t i = 0, k = 0; i < rule->part_count; i++) {
		if (k < proof->part_count && proof->parts[k].part == &rule->parts[i])
			k++;
		else if (rule->parts[i].absence == PART_LOWERS)
			lower(proof, LEVEL_WARNING);
		else if (rule->parts[i].absence == PART_NOTES)
			lower(proof, LEVEL_NOTE);
	}
}

/* The first of the parts that was found; empty if none was. */
static struct bytes first_part(const struct proof *proof, struct bytes text)
{
	return proof->part_count ? bytes_slice(text, proof->parts[0].start, proof->parts[0].end)
	                         : (struct bytes){NULL, 0};
}

/* Sets confidence and level by the rule and by what proves the secret; false: it is dropped. */
static bool judge(struct detector *d, const struct rule *rule, struct bytes text,
                  struct proof *proof)
{
	const struct engine *e = d->engine;
	struct bytes secret = bytes_slice(text, proof->start, proof->end);
	struct verdict verdict = structure_verify(rule->structure, secret, e->options.now);
	bool refuted, proved;

	proof->confidence = rule->confidence;
	proof->level = rule->level;
	proof->checksum = CHECKSUM_STATE_NONE;
	if (e->options.checksum != CHECKSUM_IGNORE || rule->checksum.required)
		proof->checksum = checksum_verify(&rule->checksum, secret, first_part(proof, text));
	refuted = proof->checksum == CHECKSUM_STATE_INVALID && rule->checksum.published;
	proved = proof->checksum == CHECKSUM_STATE_VALID || verdict.soundness == STRUCTURE_SOUND;
	if (rule->checksum.algorithm != CHECKSUM_NONE)
		trace_say(d->trace, "checksum", TRACE_PASSED, "%s",
		          checksum_state_name(proof->checksum));
	if (rule->structure != STRUCTURE_NONE)
		trace_say(d->trace, "structure",
		          verdict.soundness == STRUCTURE_ALIEN ? TRACE_REJECTED : TRACE_PASSED,
		          "%s%s%s", soundness_name(verdict.soundness), *verdict.text ? ": " : "",
		          verdict.text);
	if (verdict.soundness == STRUCTURE_ALIEN)
		return false;
	/* What decodes is no placeholder, spent and locked keys included. */
	if (!proved && verdict.soundness <= STRUCTURE_BROKEN && !e->options.placeholders &&
	    (is_placeholder(d, rule, secret) || is_piece(d, text, proof) ||
	     is_misfit(d, rule, text, proof)))
		return false;
	if ((refuted && e->options.checksum == CHECKSUM_STRICT) ||
	    (rule->checksum.required && proof->checksum == CHECKSUM_STATE_INVALID))
		return false;
	memcpy(proof->text, verdict.text, sizeof(proof->text));
	if (refuted || is_spent(verdict))
		lower(proof, LEVEL_NOTE);
	else if (verdict.soundness == STRUCTURE_LOCKED)
		lower(proof, LEVEL_WARNING);
	else if (proved)
		proof->confidence = CONFIDENCE_HIGH;
	judge_parts(e, rule, text, proof);
	return true;
}

/* Notes the parts that are groups of the matcher's last match; the others find no place yet. */
static void capture_parts(const struct detector *d, const struct rule *rule,
                          struct span groups[PARTS_MAX])
{
	for (size_t i = 0; i < rule->part_count; i++) {
		if (!rule->parts[i].group ||
		    !matcher_group(d->matcher, rule->parts[i].group, &groups[i]))
			groups[i] = (struct span){0, 0};
	}
}

/* Looks for the part near the match; the pattern's first group is the part. */
static enum found find_part(struct detector *d, struct bytes text, const struct engine_rule *r,
                            const struct part *part, struct span match, struct span *place)
{
	bool around =
	    part->near.max_char_distance <= AROUND_MAX && part->near.max_line_distance == UNBOUNDED;
	enum found found =
	    around
		? context_around(&part->near, d->matcher, r->part, text, match, place)
		: context_nearest(&part->near, d->context, d->matcher, r->part, text, match, place);

	if (found != FOUND_MATCH)
		return found;
	if (matcher_search(d->matcher, r->part, &part->near.pattern, text, place->start,
	                   place->start, place) != FOUND_MATCH)
		return FOUND_LIMIT;
	*place = matcher_secret(d->matcher);
	return FOUND_MATCH;
}

/* Finds the parts of the rule; FOUND_NONE if one is lacking without which there is no secret. */
static enum found find_parts(struct detector *d, struct bytes text, const struct engine_rule *r,
                             struct span match, const struct span groups[PARTS_MAX],
                             struct proof *proof)
{
	for (size_t i = 0; i < r->rule->part_count; i++) {
		const struct part *part = &r->rule->parts[i];
		struct span place = groups[i];
		enum found found = place.end > place.start ? FOUND_MATCH : FOUND_NONE;

		if (!part->group)
			found = find_part(d, text, r, part, match, &place);
		trace_say(d->trace, "part",
		          found == FOUND_LIMIT                                    ? TRACE_LIMIT
		          : found == FOUND_MATCH || part->absence != PART_REJECTS ? TRACE_PASSED
		                                                                  : TRACE_REJECTED,
		          "%s %s", part->name, found == FOUND_MATCH ? "found" : "not found");
		if (found == FOUND_MATCH)
			proof->parts[proof->part_count++] =
			    (struct found_part){part, place.start, place.end};
		else if (found == FOUND_LIMIT || part->absence == PART_REJECTS)
			return found;
	}
	return FOUND_MATCH;
}

/* What filters and context say of the secret of the matcher's last match. */
static enum found weigh(struct detector *d, struct bytes text, const struct engine_rule *r,
                        struct span match, struct span secret)
{
	struct captured groups[NAMED_GROUPS_MAX];
	struct filter_input input = {.matcher = d->matcher,
	                             .part = r->part,
	                             .secret = bytes_slice(text, secret.start, secret.end),
	                             .groups = groups,
	                             .trace = d->trace};
	enum found found;

	input.group_count = capture_groups(d, &r->rule->filters, text, groups);
	found = filters_pass(&r->rule->filters, &input);
	if (found != FOUND_MATCH || !r->rule->context)
		return found;
	found = context_holds(r->rule->context, d->context, d->matcher, r->part, text, match);
	trace_say(d->trace, "context",
	          found == FOUND_MATCH  ? TRACE_PASSED
	          : found == FOUND_NONE ? TRACE_REJECTED
	                                : TRACE_LIMIT,
	          found == FOUND_MATCH ? "holds" : "does not hold");
	return found;
}

/*
 * Proves one match or rejects it. Returns FOUND_LIMIT when a limit keeps it from knowing, in which
 * case nothing is added.
 */
static enum found prove(struct detector *d, struct bytes text, const struct engine_rule *r,
                        struct span match, struct proofs *out)
{
	struct proof proof = {.rule = r->rule};
	struct span secret, groups[PARTS_MAX] = {{0, 0}};
	enum found found;

	/* Once more at this start, for the groups. */
	found = matcher_search(d->matcher, r->part, &r->rule->pattern, text, match.start,
	                       match.start, &match);
	if (found != FOUND_MATCH)
		return FOUND_LIMIT;
	secret = matcher_secret(d->matcher);
	capture_parts(d, r->rule, groups);
	begin_candidate(d, r->rule, match, secret);
	found = weigh(d, text, r, match, secret);
	if (found == FOUND_MATCH && secret.end == secret.start)
		found = FOUND_NONE;
	if (found == FOUND_MATCH)
		found = find_parts(d, text, r, match, groups, &proof);
	if (found == FOUND_MATCH) {
		proof.start = secret.start;
		proof.end = secret.end;
		proof.entropy = entropy_of(bytes_slice(text, secret.start, secret.end));
		if (!judge(d, r->rule, text, &proof))
			found = FOUND_NONE;
		if (found == FOUND_NONE && r->rule->type == RULE_SPECIFIC)
			proofs_add(&d->denied, &proof);
	}
	end_candidate(d, &proof, found);
	if (found == FOUND_MATCH)
		proofs_add(out, &proof);
	return found;
}

/* Proves the matches of one rule that a find loop takes; raw ones are in order of start. */
static void prove_matches(struct detector *d, struct bytes text, uint32_t number,
                          const struct raw_match *raw, size_t count, struct proofs *out)
{
	const struct engine_rule *r = &d->engine->rules[number];
	uint64_t steps = matcher_steps(d->matcher);
	uint32_t next = 0;

	for (size_t i = 0; i < count; i++) {
		struct span match = {raw[i].start, raw[i].end};

		if (match.start < next)
			continue;
		next = match.end;
		if (prove(d, text, r, match, out) == FOUND_LIMIT)
			out->limited = r->rule;
	}
	charge(d, number, 0, steps);
}

/* Runs the find loop of one rule over the whole text. */
static void prove_whole(struct detector *d, struct bytes text, uint32_t number, struct proofs *out)
{
	struct raw_set matches = {0};
	uint64_t steps = matcher_steps(d->matcher);

	search_starts(d, text, number, 0, (uint32_t)text.len, false, &matches);
	charge(d, number, 1, steps);
	if (matches.limited)
		out->limited = matches.limited;
	prove_matches(d, text, number, matches.matches, matches.count, out);
	raw_set_release(&matches);
}

static int proof_order(const void *left, const void *right)
{
	const struct proof *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
	if (a->rule != b->rule)
		return strcmp(a->rule->id, b->rule->id);
	return (a->secret > b->secret) - (a->secret < b->secret);
}

/* The rule that says more goes first; then the longer secret. */
static int rank_order(const void *left, const void *right)
{
	const struct proof *a = left, *b = right;
	uint32_t a_len = a->end - a->start, b_len = b->end - b->start;

	if (a->rule->type != b->rule->type)
		return a->rule->type < b->rule->type ? -1 : 1;
	if (a_len != b_len)
		return a_len > b_len ? -1 : 1;
	return proof_order(a, b);
}

static void note_loser(struct detector *d, const struct proof *proof)
{
	if (!d->trace)
		return;
	d->trace->rule = proof->rule;
	d->trace->start = proof->start;
	d->trace->end = proof->end;
	trace_say(d->trace, "choice", TRACE_REJECTED,
	          "a rule that says more decides about this place");
}

/*
 * Drops what generic rules and variants found at a place that a specific rule knows and denies, as
 * a placeholder or for its checksum. Both lists are in order.
 */
static void drop_denied(struct detector *d)
{
	struct proofs *denied = &d->denied, *candidates = &d->candidates;
	size_t kept = 0;

	/* From now on an end is the furthest one up to here. */
	for (size_t i = 1; i < denied->count; i++) {
		if (denied->items[i].end < denied->items[i - 1].end)
			denied->items[i].end = denied->items[i - 1].end;
	}
	for (size_t i = 0; i < candidates->count; i++) {
		const struct proof *c = &candidates->items[i];
		size_t low = 0, high = denied->count;

		while (low < high) {
			size_t middle = (low + high) / 2;

			if (denied->items[middle].start < c->end)
				low = middle + 1;
			else
				high = middle;
		}
		if (c->rule->type >= RULE_PROVIDER_VARIANT && low &&
		    denied->items[low - 1].end > c->start)
			note_loser(d, c);
		else
			candidates->items[kept++] = *c;
	}
	candidates->count = kept;
}

/* One secret is one finding: of proofs that overlap, takes the highest in rank, and so on. */
static void choose_among(struct detector *d, struct proof *items, size_t count, struct proofs *out)
{
	bool every_rule = d->engine->options.every_rule;
	size_t taken = out->count;
	size_t first = taken ? taken - 1 : 0; /* a full cluster's last one may reach into this */

	if (count > 1)
		qsort(items, count, sizeof(*items), rank_order);
	for (size_t i = 0; i < count; i++) {
		bool free_place = true;

		for (size_t k = first; k < out->count && free_place && !every_rule; k++)
			free_place = items[i].start >= out->items[k].end ||
			             items[i].end <= out->items[k].start;
		if (free_place)
			proofs_add(out, &items[i]);
		else
			note_loser(d, &items[i]);
	}
	if (out->count - taken > 1)
		qsort(out->items + taken, out->count - taken, sizeof(*out->items), proof_order);
}

/* Parts the candidates, which are in order, into clusters that do not touch, and chooses in each.
 */
static void choose(struct detector *d, struct proofs *candidates, struct proofs *out)
{
	uint32_t reach = 0; /* the furthest end in the cluster */
	size_t first = 0;   /* where it starts */

	for (size_t i = 0; i < candidates->count; i++) {
		if (candidates->items[i].start >= reach || i - first == CLUSTER_MAX) {
			choose_among(d, candidates->items + first, i - first, out);
			first = i;
		}
		if (candidates->items[i].end > reach)
			reach = candidates->items[i].end;
	}
	choose_among(d, candidates->items + first, candidates->count - first, out);
}

/* The set's matches by rule, then start; valid until the next call. */
static const struct raw_match *sort_by_rule(struct detector *d, const struct raw_set *raw)
{
	if (d->by_rule_cap < raw->count) {
		d->by_rule_cap = raw->count;
		d->by_rule = mem_resize(d->by_rule, raw->count, sizeof(*d->by_rule));
	}
	if (raw->count) {
		memcpy(d->by_rule, raw->matches, raw->count * sizeof(*d->by_rule));
		qsort(d->by_rule, raw->count, sizeof(*d->by_rule), by_rule);
	}
	return d->by_rule;
}

/* Makes proofs of the raw set, without a look at the runs. */
static void select_plain(struct detector *d, struct bytes text, const struct surroundings *around,
                         const struct raw_set *raw, struct proofs *out)
{
	const struct engine *e = d->engine;
	const struct raw_match *matches;

	if (!raw->count && !e->whole_count)
		return;
	begin_text(d);
	note_present(d, raw);
	d->candidates.count = 0;
	d->candidates.limited = NULL;
	d->denied.count = 0;
	matches = sort_by_rule(d, raw);
	for (size_t i = 0, end; i < raw->count; i = end) {
		uint32_t number = matches[i].rule;

		for (end = i; end < raw->count && matches[end].rule == number; end++)
			;
		if (rule_applies(d, number, text, around, &matches[i]))
			prove_matches(d, text, number, matches + i, end - i, &d->candidates);
	}
	for (size_t i = 0; i < e->whole_count; i++) {
		uint32_t number = e->whole[i];

		if (e->rules[number].gated && !state_of(d, number)->armed)
			continue;
		if (rule_applies(d, number, text, around, NULL))
			prove_whole(d, text, number, &d->candidates);
	}
	context_cache_clear(d->context);
	if (d->candidates.limited)
		out->limited = d->candidates.limited;
	if (d->candidates.count) {
		qsort(d->candidates.items, d->candidates.count, sizeof(*d->candidates.items),
		      proof_order);
		if (d->denied.count) {
			qsort(d->denied.items, d->denied.count, sizeof(*d->denied.items),
			      proof_order);
			drop_denied(d);
		}
		choose(d, &d->candidates, out);
	}
}

/* ---- Decoding ---- */

static void select_text(struct detector *d, struct bytes text, const struct surroundings *around,
                        const struct raw_set *raw, struct proofs *out);

/* Appends to a buffer of the layer no more than the blob may still have decoded. */
static enum err decode(struct detector *d, const struct encoded_run *run, struct bytes text,
                       struct buf *out)
{
	enum err err;

	if (out->cap > RUN_MAX)
		buf_release(out);
	buf_clear(out);
	out->max = d->decoded_left;
	err = run ? run_decode(run, text, out) : gzip_inflate(text, out);
	if (!err)
		d->decoded_left -= out->len;
	return err;
}

/* Where places in what a run decodes to stand in it; they are asked for in rising order. */
struct run_map {
	const struct encoded_run *run;
	struct bytes text;
	uint32_t whole; /* length of what was inflated, which has no places of its own; else 0 */
	struct view view;
	struct run_place place;
};

/* Turns a place on view into that in the text of the run. */
static void place_in_run(struct run_map *map, uint32_t *start, uint32_t *end)
{
	struct view ahead;
	uint32_t from, to;

	from = (uint32_t)view_source_offset(&map->view, *start);
	ahead = map->view;
	to = (uint32_t)view_source_offset(&ahead, *end);
	run_source(map->run, map->text, &map->place, map->whole ? 0 : from,
	           map->whole ? map->whole : to, start, end);
}

/* Adds what was found in the decoded text of a run, where the run has it. */
static void adopt_proofs(const struct layer *layer, const struct run_map *map, struct proofs *out)
{
	struct run_map own = *map, others[PARTS_MAX] = {*map, *map, *map, *map};

	out->undecoded |= layer->proofs.undecoded;
	if (layer->proofs.limited)
		out->limited = layer->proofs.limited;
	out->secrets.max = DECODED_MAX;
	for (size_t i = 0; i < layer->proofs.count; i++) {
		struct proof proof = layer->proofs.items[i];
		struct bytes secret = proof_secret(&layer->proofs, &proof, layer->view.text);

		place_in_run(&own, &proof.start, &proof.end);
		for (size_t k = 0; k < proof.part_count; k++)
			place_in_run(&others[k], &proof.parts[k].start, &proof.parts[k].end);
		proof.decoded = true;
		proof.secret = (uint32_t)out->secrets.len;
		proof.secret_len = (uint32_t)secret.len;
		if (buf_append(&out->secrets, secret))
			out->undecoded |= UNDECODED_MUCH;
		else
			proofs_add(out, &proof);
	}
}

/* Shows what was decoded as the text that it is, no more of it than the blob may have decoded. */
static enum err show_layer(struct detector *d, struct layer *layer, struct bytes decoded)
{
	enum err err;

	if (layer->view.decoded.cap > RUN_MAX)
		view_release(&layer->view);
	layer->view.decoded.max = d->decoded_left;
	err = view_show(&layer->view, decoded);
	if (!err && layer->view.text.ptr != decoded.ptr)
		d->decoded_left -= layer->view.text.len;
	return err;
}

/* Decodes one run of the text and adds what is found in it. */
static void look_into(struct detector *d, struct bytes text, const struct surroundings *around,
                      const struct encoded_run *run, struct proofs *out)
{
	struct surroundings inner = {.path = around->path, .depth = around->depth + 1};
	struct layer *layer = &d->layers[around->depth];
	struct run_map map = {.run = run, .text = text};
	enum err err = decode(d, run, text, &layer->decoded);
	struct bytes decoded = buf_bytes(&layer->decoded);

	if (!err && bytes_start_with(decoded, "\x1f\x8b\b")) {
		if (inner.depth == LAYERS_MAX) {
			out->undecoded |= UNDECODED_DEEP;
			return;
		}
		err = decode(d, NULL, decoded, &layer->inflated);
		if (!err) {
			map.whole = (uint32_t)decoded.len;
			decoded = buf_bytes(&layer->inflated);
			inner.depth++;
		}
	}
	if (err != ERR_LIMIT)
		err = show_layer(d, layer, decoded);
	if (err == ERR_LIMIT) {
		out->undecoded |= UNDECODED_MUCH;
		return;
	}
	collect(d, layer->view.text, NULL, false, &layer->raw);
	select_text(d, layer->view.text, &inner, &layer->raw, &layer->proofs);
	map.view = layer->view;
	adopt_proofs(layer, &map, out);
}

/*
 * Lets a decoded proof and the plain ones (in order, apart from each other) that it overlaps decide
 * which of them stays: those that go have no rule afterwards.
 */
static void weigh_decoded(struct detector *d, struct proof *plain, size_t count,
                          struct proof *decoded)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (plain[middle].end <= decoded->start)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i < count && plain[i].start < decoded->end; i++) {
		if (plain[i].rule && plain[i].rule->type <= decoded->rule->type) {
			decoded->rule = NULL;
			return;
		}
	}
	for (; low < count && plain[low].start < decoded->end; low++) {
		if (plain[low].rule)
			note_loser(d, &plain[low]);
		plain[low].rule = NULL;
	}
}

/* Tells the trace, if there is one, what stands at a place in encoded text. */
static void note_decoded(struct detector *d, const struct proof *proof)
{
	if (!d->trace)
		return;
	d->trace->rule = proof->rule;
	d->trace->start = proof->start;
	d->trace->end = proof->end;
	trace_say(d->trace, "encoded", TRACE_PASSED, "decodes to a secret of %u bytes",
	          proof->secret_len);
	end_candidate(d, proof, FOUND_MATCH);
}

/* Whether two decoded proofs, found on different ways, are one. */
static bool same_decoded(const struct proofs *proofs, const struct proof *a, const struct proof *b)
{
	const struct bytes no_text = {NULL, 0};

	return a->decoded && b->decoded && a->rule == b->rule && a->start == b->start &&
	       a->end == b->end &&
	       bytes_equal(proof_secret(proofs, a, no_text), proof_secret(proofs, b, no_text));
}

/*
 * Decides between the first `plain` proofs and the decoded ones behind them, and sorts what stays,
 * each once.
 */
static void merge_decoded(struct detector *d, size_t plain, struct proofs *out)
{
	bool every_rule = d->engine->options.every_rule;
	size_t kept = 0, count;

	for (size_t i = plain; i < out->count && !every_rule; i++) {
		struct proof *p = &out->items[i];

		/* All that was packed into one place shares its fate. */
		if (i > plain && p->start == p[-1].start && p->end == p[-1].end)
			p->rule = p[-1].rule ? p->rule : NULL;
		else
			weigh_decoded(d, out->items, plain, p);
	}
	for (size_t i = 0; i < out->count; i++) {
		if (out->items[i].rule)
			out->items[kept++] = out->items[i];
	}
	count = kept;
	if (count)
		qsort(out->items, count, sizeof(*out->items), proof_order);
	kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (kept && same_decoded(out, &out->items[kept - 1], &out->items[i]))
			continue;
		out->items[kept++] = out->items[i];
		if (out->items[i].decoded)
			note_decoded(d, &out->items[i]);
	}
	out->count = kept;
}

static void select_text(struct detector *d, struct bytes text, const struct surroundings *around,
                        const struct raw_set *raw, struct proofs *out)
{
	size_t plain;

	out->count = 0;
	out->limited = raw->limited;
	out->undecoded = raw->undecoded;
	buf_clear(&out->secrets);
	select_plain(d, text, around, raw, out);
	if (!raw->run_count)
		return;
	if (around->depth == LAYERS_MAX) {
		out->undecoded |= UNDECODED_DEEP;
		return;
	}
	plain = out->count;
	for (size_t i = 0; i < raw->run_count; i++) {
		if (d->trace && !around->depth) {
			d->trace->run_start = raw->runs[i].start;
			d->trace->run_end = raw->runs[i].end;
		}
		look_into(d, text, around, &raw->runs[i], out);
	}
	if (d->trace && !around->depth)
		d->trace->run_end = 0;
	if (out->count > plain)
		merge_decoded(d, plain, out);
}

void detector_select(struct detector *d, struct bytes text, struct bytes path, bool binary,
                     const struct raw_set *raw, struct proofs *out)
{
	struct surroundings around = {.path = path, .binary = binary};
	bool timed = d->engine->options.timed;
	uint64_t start = clock_ns_if(timed);

	d->decoded_left = DECODED_MAX;
	select_text(d, text, &around, raw, out);
	d->costs.confirm_ns += clock_ns_if(timed) - start;
}
