#include "ruleset/regex.h"

#include "base/memory.h"
#include "ruleset/bulk.h"
#include "ruleset/rarity.h"
#include "ruleset/regex_tree.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum {
	RUN_MAX = 24,           /* bytes of a run */
	STUB_MAX = 8,           /* of these, in a stub: see run_trim() */
	RUNS_MAX = 64,          /* alternative stubs of one rule */
	STEPS_MAX = 100 * 1000, /* nodes that the search for stubs looks at */
	STARTS_MAX = 256,       /* offsets at which a stub may stand before another is better */
	GATE_COST = 10,         /* bits that an unknown offset costs */
	STARTS_COST_MAX = 100,  /* bits of selectivity that more of them cost */
	STEPS_PER_RUN = 8,      /* weighing a stub costs as much as that many nodes */
	SMALL_SET = 8,          /* bytes of a set that does not interrupt a literal */
	WIDE_SET = 70,          /* bytes of a set that tells nothing */
	PREFIX_MAX = 16,        /* bytes of a secret that a preview may show */
	LEAD_MIN = 4,           /* bytes of a start that chance does not bring */
	LEADS_MAX = 32,         /* texts that one run may stand for */
};

/* ---- Stubs ---- */

/* A sequence of byte sets that a match starts with. */
struct run {
	const struct byte_set *sets[RUN_MAX]; /* the nodes' */
	unsigned len;
	bool open; /* what follows is not known, or was cut: nothing may be appended */
};

/* All sequences that a match may start with: every match starts with one of them. */
struct runs {
	struct run items[RUNS_MAX];
	unsigned count;
};

static void runs_nothing(struct runs *r, bool open)
{
	r->count = 1;
	r->items[0].len = 0;
	r->items[0].open = open;
}

static void runs_close(struct runs *r)
{
	for (unsigned i = 0; i < r->count; i++)
		r->items[i].open = true;
}

static bool runs_closed(const struct runs *r)
{
	for (unsigned i = 0; i < r->count; i++) {
		if (!r->items[i].open)
			return false;
	}
	return true;
}

static void run_append(struct run *run, const struct run *more)
{
	unsigned room = RUN_MAX - run->len;
	unsigned len = more->len < room ? more->len : room;

	memcpy(run->sets + run->len, more->sets, len * sizeof(*run->sets));
	run->len += len;
	run->open = more->open || run->len == RUN_MAX;
}

/* Appends each of tail to each of r that is not open; if that is too many, r is cut here. */
static void runs_append(struct runs *r, const struct runs *tail)
{
	unsigned count = r->count, added = 0;

	for (unsigned i = 0; i < count; i++)
		added += r->items[i].open ? 0 : tail->count - 1;
	if (count + added > RUNS_MAX) {
		runs_close(r);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		if (r->items[i].open)
			continue;
		for (unsigned t = 1; t < tail->count; t++) {
			r->items[r->count] = r->items[i];
			run_append(&r->items[r->count++], &tail->items[t]);
		}
		run_append(&r->items[i], &tail->items[0]);
	}
}

static void runs_unite(struct runs *r, const struct runs *other)
{
	if (r->count + other->count > RUNS_MAX) {
		runs_nothing(r, true);
		return;
	}
	memcpy(r->items + r->count, other->items, other->count * sizeof(*r->items));
	r->count += other->count;
}

static void append_node(struct runs *r, const struct node *n, unsigned *steps);

/* Appends the nodes from n on, one after the other, until nothing more can be known. */
static void append_nodes(struct runs *r, const struct node *n, unsigned *steps)
{
	for (; n && !runs_closed(r); n = n->next)
		append_node(r, n, steps);
}

/* Appends one of the nodes from n on or, if `optional`, nothing; all of that `times` times. */
static void append_choice(struct runs *r, const struct node *n, bool optional, uint32_t times,
                          unsigned *steps)
{
	struct runs *all = mem_calloc(2, sizeof(*all)), *one = all + 1;

	if (optional)
		runs_nothing(all, false);
	for (; n; n = n->next) {
		runs_nothing(one, false);
		append_node(one, n, steps);
		runs_unite(all, one);
	}
	/* After RUN_MAX rounds all runs are closed, unless a round adds nothing at all. */
	for (uint32_t i = 0; i < times && i < RUN_MAX && !runs_closed(r); i++)
		runs_append(r, all);
	free(all);
}

/* Appends what the node's matches start with. Gives up, which is always right, after STEPS_MAX. */
static void append_node(struct runs *r, const struct node *n, unsigned *steps)
{
	struct run one = {.sets = {&n->set}, .len = 1};

	if (++*steps > STEPS_MAX) {
		runs_close(r);
		return;
	}
	switch (n->kind) {
	case NODE_SET:
		for (unsigned i = 0; i < r->count; i++) {
			if (!r->items[i].open)
				run_append(&r->items[i], &one);
		}
		return;
	case NODE_LOOK:
		return;
	case NODE_OPAQUE:
		runs_close(r);
		return;
	case NODE_SEQUENCE:
		append_nodes(r, n->child, steps);
		return;
	case NODE_CHOICE:
		append_choice(r, n->child, false, 1, steps);
		return;
	case NODE_REPEAT:
		if (n->min == 0 && n->max == 1)
			append_choice(r, n->child, true, 1, steps);
		else if (n->min > 0)
			append_choice(r, n->child, false, n->min, steps);
		if (n->min != n->max && n->max != 1)
			runs_close(r);
		return;
	}
}

static void run_print(const struct run *run, struct buf *out)
{
	for (unsigned i = 0; i < run->len;) {
		unsigned same = i + 1;

		while (same < run->len && byte_set_equal(run->sets[same], run->sets[i]))
			same++;
		regex_put_set(run->sets[i], out);
		if (same - i > 1)
			buf_appendf(out, "{%u}", same - i);
		i = same;
	}
}

/* A byte that stood twice stands there once more: of such are lines, and zeros in base64. */
static const double BITS_AGAIN = 2;

static bool is_third(const struct run *run, unsigned i)
{
	return i > 1 && byte_set_size(run->sets[i]) == 1 &&
	       byte_set_equal(run->sets[i], run->sets[i - 1]) &&
	       byte_set_equal(run->sets[i], run->sets[i - 2]);
}

/*
 * Cuts a run to what a stub may have; returns its bits, 0 if it has no usable literal. A wider stub
 * would have fewer false hits, and cost more than these: where a version of a file differs from
 * its base, all that a stub could reach to has to be read again on either side.
 */
static double run_trim(struct run *run)
{
	unsigned literal = 0;
	bool found = false;
	double bits = 0;

	if (run->len > STUB_MAX)
		run->len = STUB_MAX;
	while (run->len && byte_set_size(run->sets[run->len - 1]) > WIDE_SET)
		run->len--;
	/* A literal is three bytes in a row that are fixed but for their case. */
	for (unsigned i = 0; i < run->len; i++) {
		struct byte_set folded = *run->sets[i];
		unsigned size = byte_set_size(&folded);

		byte_set_fold_case(&folded);
		if (size == 1 || (size == 2 && byte_set_size(&folded) == 2)) {
			found = ++literal >= 3 || found;
		} else if (size > SMALL_SET) {
			literal = 0;
		}
	}
	if (!found)
		return 0;
	for (unsigned i = 0; i < run->len; i++)
		bits += is_third(run, i) ? BITS_AGAIN : byte_set_bits_behind(run->sets, i);
	return bits;
}

static bool run_starts_with(const struct run *longer, const struct run *run)
{
	unsigned same = 0;

	while (same < run->len && same < longer->len &&
	       byte_set_equal(run->sets[same], longer->sets[same]))
		same++;
	return same == run->len;
}

/* Trims all runs and drops those that another one implies; returns the bits of the weakest. */
static double runs_trim(struct runs *r)
{
	double weakest = HUGE_VAL;
	unsigned kept = 0;

	for (unsigned i = 0; i < r->count; i++) {
		double bits = run_trim(&r->items[i]);

		weakest = bits < weakest ? bits : weakest;
	}
	for (unsigned i = 0; i < r->count; i++) {
		bool implied = false;

		for (unsigned j = 0; j < r->count && !implied; j++)
			implied = j != i && run_starts_with(&r->items[i], &r->items[j]) &&
			          (r->items[j].len < r->items[i].len || j < i);
		if (!implied)
			r->items[kept++] = r->items[i];
	}
	/* Moving items forward never overwrites one that is still to be compared with: an implied
	 * run is implied by a shorter or earlier one, which is kept. */
	r->count = kept;
	return weakest;
}

/* A place in the pattern from which a stub may be taken. */
struct stand {
	const struct node *at; /* the node and its siblings, then what follows around it */
	const struct stand *then;
};

static void stand_runs(const struct stand *stand, struct runs *r, unsigned *steps)
{
	runs_nothing(r, false);
	for (; stand; stand = stand->then)
		append_nodes(r, stand->at, steps);
}

struct search {
	struct runs best;
	double best_score;
	uint32_t first, last; /* offsets of `best` from the match's start */
	struct runs present;
	struct runs shifted;
	unsigned steps;
};

/*
 * Every further start that has to be tried costs: very many cost more than a common stub does. A
 * stub that may stand anywhere only says whether the rule is to be looked for at all.
 */
static double starts_cost(uint32_t first, uint32_t last)
{
	if (last == UNBOUNDED)
		return GATE_COST;
	return last - first < STARTS_MAX ? log2(1.0 + last - first) : STARTS_COST_MAX;
}

/* Stubs weaker than this hit so often that reading the whole blob is no dearer. */
static const double BITS_MIN = 11;

static const double RUN_COST = 0.25;  /* bits that an alternative must be worth ... */
static const double BYTE_COST = 0.25; /* ... and a byte of a stub */

/* Takes the runs, which are trimmed here, if they are better stubs than the best so far. */
static void try_runs(struct search *s, struct runs *runs, uint32_t first, uint32_t last)
{
	double bits, score;

	s->steps += runs->count * STEPS_PER_RUN;
	bits = runs_trim(runs);
	if (bits > 0)
		bits -= starts_cost(first, last) + RUN_COST * runs->count;
	score = bits - BYTE_COST * runs->items[0].len;
	if (bits >= BITS_MIN && score > s->best_score) {
		s->best = *runs;
		s->best_score = score;
		s->first = first;
		s->last = last;
	}
}

/* The runs without their first `gone` bytes; false if one has no more than these. */
static bool runs_shift(const struct runs *runs, unsigned gone, struct runs *out)
{
	out->count = runs->count;
	for (unsigned i = 0; i < runs->count; i++) {
		const struct run *run = &runs->items[i];

		if (run->len <= gone)
			return false;
		out->items[i] = (struct run){.len = run->len - gone, .open = run->open};
		memcpy(out->items[i].sets, run->sets + gone,
		       out->items[i].len * sizeof(*run->sets));
	}
	return true;
}

/* Tries every place in the sequence from `stand` on, in and behind groups that always stand. */
static void search_sequence(struct search *s, const struct stand *stand, uint32_t first,
                            uint32_t last)
{
	for (const struct node *n = stand->at; n && s->steps < STEPS_MAX; n = n->next) {
		struct extent e = node_extent(n);
		struct stand here = {n, stand->then}, behind = {n->next, stand->then};

		if (n->kind == NODE_SEQUENCE) {
			struct stand inner = {n->child, &behind};

			search_sequence(s, &inner, first, last);
		} else if (n->kind != NODE_LOOK) {
			stand_runs(&here, &s->present, &s->steps);
			/* A node of more than one byte has places within, too. */
			for (unsigned gone = 0;
			     (gone == 0 || n->kind != NODE_SET) && s->steps < STEPS_MAX &&
			     runs_shift(&s->present, gone, &s->shifted);
			     gone++)
				try_runs(s, &s->shifted, width_add(first, gone),
				         width_add(last, gone));
		}
		first = width_add(first, e.min);
		last = width_add(last, e.max);
	}
}

/* The node of the first capture group, or NULL if some matches are without it. */
static const struct node *find_secret(const struct node *n)
{
	if (n->secret)
		return n;
	if (n->kind == NODE_CHOICE || (n->kind == NODE_REPEAT && n->min == 0))
		return NULL;
	for (const struct node *c = n->child; c; c = c->next) {
		const struct node *found = find_secret(c);

		if (found)
			return found;
	}
	return NULL;
}

/* How many bytes of the secret are the same in all, or one of so few that they tell nothing. */
static uint32_t fixed_prefix(const struct node *secret, struct arena *scratch)
{
	struct runs *runs = arena_alloc(scratch, 1, sizeof(*runs));
	double freedom = 0;
	unsigned steps = 0;

	runs_nothing(runs, false);
	append_node(runs, secret, &steps);
	for (uint32_t at = 0; at < PREFIX_MAX; at++) {
		struct byte_set here = {{0}};

		for (unsigned i = 0; i < runs->count; i++) {
			if (runs->items[i].len <= at)
				return at;
			byte_set_merge(&here, runs->items[i].sets[at]);
		}
		freedom += log2(byte_set_size(&here));
		if (byte_set_size(&here) > SMALL_SET || freedom > 8)
			return at;
	}
	return PREFIX_MAX;
}

/* ---- The form of the secret ---- */

static void note_characters(const struct node *n, struct byte_set *all)
{
	if (n->kind == NODE_SET)
		byte_set_merge(all, &n->set);
	if (n->kind == NODE_OPAQUE)
		byte_set_add_range(all, 0, 127);
	for (const struct node *c = n->child; c && n->kind != NODE_LOOK; c = c->next)
		note_characters(c, all);
}

/* The set's characters whatever their case, in small letters; 0 if they are too many to tell. */
static unsigned folded(const struct byte_set *s, char out[SMALL_SET])
{
	unsigned count = 0;

	for (unsigned c = 0; c < 256; c++) {
		if (!byte_set_has(s, c) || (c < 128 && isupper((int)c) && byte_set_has(s, c + 32)))
			continue;
		if (count == SMALL_SET || c > 127)
			return 0;
		out[count++] = (char)tolower((int)c);
	}
	return count;
}

/* Writes the texts that the run starts with, of equal length, and returns their number. */
static unsigned run_leads(const struct run *run, char texts[LEADS_MAX][PREFIX_MAX + 1])
{
	unsigned count = 1, len = 0;

	for (; len < run->len && len < PREFIX_MAX; len++) {
		char next[SMALL_SET];
		unsigned choices = folded(run->sets[len], next);

		if (!choices || count * choices > LEADS_MAX)
			break;
		for (unsigned i = count * choices; i-- > 0;) {
			memmove(texts[i], texts[i % count], len);
			texts[i][len] = next[i / count];
		}
		count *= choices;
	}
	for (unsigned i = 0; i < count; i++)
		texts[i][len] = '\0';
	return len < LEAD_MIN ? 0 : count;
}

static strings secret_leads(const struct node *secret, struct arena *arena, struct arena *scratch)
{
	struct runs *runs = arena_alloc(scratch, 1, sizeof(*runs));
	const char **found = arena_alloc(scratch, (size_t)RUNS_MAX * LEADS_MAX, sizeof(*found));
	const char **leads;
	unsigned steps = 0;
	size_t count = 0;

	runs_nothing(runs, false);
	append_node(runs, secret, &steps);
	for (unsigned i = 0; i < runs->count; i++) {
		char texts[LEADS_MAX][PREFIX_MAX + 1];
		unsigned added = run_leads(&runs->items[i], texts);

		for (unsigned k = 0; k < added; k++)
			found[count++] = arena_text(arena, bytes_of(texts[k]));
	}
	if (!count)
		return NULL;
	leads = arena_alloc(arena, count + 1, sizeof(*leads));
	memcpy(leads, found, count * sizeof(*leads));
	return leads;
}

static struct form secret_form(const struct node *secret, struct arena *arena,
                               struct arena *scratch)
{
	struct extent extent = node_extent(secret);
	struct byte_set characters = {{0}};

	note_characters(secret, &characters);
	return (struct form){.leads = secret_leads(secret, arena, scratch),
	                     .min = extent.min,
	                     .max = extent.max,
	                     .characters = {characters.bits[0], characters.bits[1]}};
}

/* The choice that the node is, if it is nothing but one. */
static const struct node *sole_choice(const struct node *n)
{
	while (n->kind == NODE_SEQUENCE && n->child && !n->child->next)
		n = n->child;
	return n->kind == NODE_CHOICE ? n : NULL;
}

static size_t count_choices(const struct node *secret)
{
	const struct node *choice = sole_choice(secret);
	size_t count = 0;

	for (const struct node *c = choice ? choice->child : NULL; c; c = c->next)
		count++;
	return count ? count : 1;
}

static const struct form *secret_forms(const struct node *secret, size_t count, struct arena *arena,
                                       struct arena *scratch)
{
	const struct node *choice = sole_choice(secret);
	const struct node *one = choice ? choice->child : secret;
	struct form *forms = arena_alloc(arena, count, sizeof(*forms));

	for (size_t i = 0; i < count; i++, one = one->next)
		forms[i] = secret_form(one, arena, scratch);
	return forms;
}

static void facts_anchors(struct regex_facts *facts, const struct node *root, struct arena *arena)
{
	struct search *search = mem_calloc(1, sizeof(*search));
	struct stand top = {root, NULL};
	struct anchor *anchors;

	search_sequence(search, &top, 0, 0);
	if (search->best.count) {
		anchors = arena_alloc(arena, search->best.count, sizeof(*anchors));
		for (unsigned i = 0; i < search->best.count; i++) {
			const struct run *run = &search->best.items[i];
			struct buf text;

			buf_init(&text, RUN_MAX * 256 * 4);
			run_print(run, &text);
			anchors[i] = (struct anchor){
			    .stub = {arena_text(arena, buf_bytes(&text)), false, run->len},
			    .first = search->first,
			    .last = search->last};
			buf_release(&text);
		}
		facts->anchors = anchors;
		facts->anchor_count = search->best.count;
	}
	free(search);
}

enum err regex_analyse(const char *expression, struct arena *arena, struct regex_facts *facts,
                       struct error *error)
{
	struct arena scratch = {0};
	struct regex_tree tree;
	const struct node *secret;
	struct extent extent;
	enum err err = regex_tree_read(&tree, expression, &scratch, error);

	*facts = (struct regex_facts){0};
	if (err)
		goto out;
	extent = node_extent(tree.root);
	secret = find_secret(tree.root);
	facts->translated = arena_text(arena, buf_bytes(&tree.translated));
	facts->min_width = extent.min;
	facts->has_groups = tree.has_groups;
	facts->reach = (struct reach){extent.behind, extent.max, extent.ahead};
	if (extent.behind == UNBOUNDED || extent.ahead == UNBOUNDED)
		facts->reach.width = UNBOUNDED;
	/* Where it is not certain what the secret is, nothing of it may be shown. */
	if (secret || !tree.has_groups) {
		secret = secret ? secret : tree.root;
		facts->prefix_len = fixed_prefix(secret, &scratch);
		facts->form_count = count_choices(secret);
		facts->forms = secret_forms(secret, facts->form_count, arena, &scratch);
	}
	facts_anchors(facts, tree.root, arena);
	facts->bulk = bulk_of(tree.root);
out:
	regex_tree_release(&tree);
	arena_release(&scratch);
	return err;
}

bool regex_has_group(const char *expression, struct bytes name)
{
	for (const char *at = expression; (at = strstr(at, "(?")); at += 2) {
		const char *group = at + 2 + (at[2] == 'P');
		char close = *group == '<' ? '>' : '\'';

		if ((*group == '<' || *group == '\'') &&
		    strncmp(group + 1, (const char *)name.ptr, name.len) == 0 &&
		    group[1 + name.len] == close)
			return true;
	}
	return false;
}
