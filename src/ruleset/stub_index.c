#include "ruleset/stub_index.h"

#include "base/memory.h"
#include "ruleset/long_word.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	NEAR_MIN = 1000, /* stubs; fewer are read as fast together with the others */
	NEAR_MAX = 512,  /* bytes between a match's start and what is near */
};

/* One stub of one rule, before equal stubs are joined. */
struct entry {
	struct stub stub;
	struct stub_use use;
	enum stub_group group;
};

struct entries {
	struct entry *items;
	size_t count;
	size_t cap;
};

static void add(struct entries *e, struct stub stub, struct stub_use use)
{
	e->items = mem_grow(e->items, e->count, &e->cap, sizeof(*e->items));
	e->items[e->count++] = (struct entry){stub, use, STUBS_ANYWHERE};
}

static bool is_alphanumeric(unsigned char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z');
}

/* The literal as an expression that matches it and nothing else, in either case. */
static struct stub stub_of_literal(struct arena *arena, const char *literal)
{
	size_t len = strlen(literal);
	char *expression = arena_alloc(arena, len * 4 + 1, 1), *out = expression;

	for (const char *c = literal; *c; c++) {
		unsigned char byte = (unsigned char)*c;

		if (is_alphanumeric(byte))
			*out++ = *c;
		else
			out += snprintf(out, 5, "\\x%02x", byte);
	}
	return (struct stub){.expression = expression, .caseless = true, .width = (uint32_t)len};
}

static void add_literals(struct entries *e, strings literals, struct stub_use use,
                         struct arena *arena)
{
	for (; literals && *literals; literals++)
		add(e, stub_of_literal(arena, *literals), use);
}

/* On whose behalf encoded forms are added. */
struct encoded_sink {
	struct entries *entries;
	uint32_t rule;
};

static void add_encoded(void *context, const struct encoded_stub *form)
{
	const struct encoded_sink *sink = context;

	add(sink->entries, form->stub,
	    (struct stub_use){.rule = sink->rule,
	                      .kind = STUB_ENCODED,
	                      .encoding = (uint8_t)form->encoding,
	                      .phase = (uint8_t)form->phase,
	                      .at_start = form->at_start});
}

/* Adds what tells that encoded text may hold a match of the rule. */
static void add_encoded_forms(struct entries *e, const struct rule *rule, uint32_t number,
                              struct arena *arena)
{
	struct encoded_sink sink = {e, number};

	for (size_t i = 0; i < rule->anchor_count; i++) {
		add(e, rule->anchors[i].stub,
		    (struct stub_use){.rule = number, .kind = STUB_ESCAPED});
		encoded_stubs_of(&rule->anchors[i], arena, add_encoded, &sink);
	}
	encoded_stubs_of_gzip(arena, add_encoded, &sink);
}

static void add_rule(struct entries *e, const struct rule *rule, uint32_t number,
                     struct arena *arena)
{
	for (size_t i = 0; i < rule->anchor_count; i++) {
		const struct anchor *anchor = &rule->anchors[i];

		add(e, anchor->stub,
		    (struct stub_use){.rule = number,
		                      .kind = STUB_ANCHORS,
		                      .first = anchor->first,
		                      .last = anchor->last});
	}
	if (rule_reads_encoded(rule))
		add_encoded_forms(e, rule, number, arena);
	add_literals(e, rule->include.content,
	             (struct stub_use){.rule = number, .kind = STUB_INCLUDES}, arena);
	add_literals(e, rule->reject.content,
	             (struct stub_use){.rule = number, .kind = STUB_REJECTS}, arena);
}

static int compare_stubs(const struct stub *a, const struct stub *b)
{
	int order = strcmp(a->expression, b->expression);

	return order ? order : a->caseless - b->caseless;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_uses(const struct stub_use *a, const struct stub_use *b)
{
	int order = compare_numbers(a->rule, b->rule);

	if (!order)
		order = compare_numbers(a->kind, b->kind);
	if (!order)
		order = compare_numbers(a->first, b->first);
	if (!order)
		order = compare_numbers(a->last, b->last);
	if (!order)
		order = a->encoding - b->encoding;
	if (!order)
		order = a->phase - b->phase;
	return order ? order : a->at_start - b->at_start;
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = (int)a->group - (int)b->group;

	if (!order)
		order = compare_stubs(&a->stub, &b->stub);
	return order ? order : compare_uses(&a->use, &b->use);
}

static void sort(struct entries *e)
{
	if (e->count)
		qsort(e->items, e->count, sizeof(*e->items), compare_entries);
}

/* Whether the stub is to find nothing but long words not far from it. */
static bool use_is_near(const struct stub_use *use, const struct rule *rule)
{
	return use->kind == STUB_ANCHORS && use->last <= NEAR_MAX && rule->bulk.last <= NEAR_MAX &&
	       long_word_holds(&rule->bulk);
}

/* Finds the group of each stub; the entries are in order. */
static void group(struct entries *e, const struct rule *rules)
{
	size_t near = 0;

	for (size_t start = 0, end; start < e->count; start = end) {
		bool is_near = true;

		for (end = start; end < e->count &&
		                  compare_stubs(&e->items[start].stub, &e->items[end].stub) == 0;
		     end++)
			is_near &= use_is_near(&e->items[end].use, &rules[e->items[end].use.rule]);
		for (size_t i = start; is_near && i < end; i++)
			e->items[i].group = STUBS_NEAR;
		near += is_near;
	}
	for (size_t i = 0; near < NEAR_MIN && i < e->count; i++)
		e->items[i].group = STUBS_ANYWHERE;
}

/* Widens what is read around long words, so that the stub is found wherever it is of use. */
static void widen(struct stub_index *index, const struct entry *entry, const struct rule *rule)
{
	uint32_t end = entry->use.last + entry->stub.width;
	uint32_t before = 0, after = 0;

	if (rule->bulk.last > entry->use.first)
		before = rule->bulk.last - entry->use.first;
	if (end > rule->bulk.first)
		after = end - rule->bulk.first;
	index->near_before = before > index->near_before ? before : index->near_before;
	index->near_after = after > index->near_after ? after : index->near_after;
}

/* Notes which bytes may stand side by side in the stub. */
static void note_pairs(const struct stub *stub, struct byte_set pairs[256])
{
	struct byte_set sets[BYTE_SETS_MAX];
	size_t width = stub_sets(stub, sets);

	for (unsigned byte = 0; !width && byte < 256; byte++)
		byte_set_add_range(&pairs[byte], 0, 255);
	for (size_t i = 0; i + 1 < width; i++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			if (byte_set_has(&sets[i], byte))
				byte_set_merge(&pairs[byte], &sets[i + 1]);
		}
	}
}

void stub_index_build(struct stub_index *index, const struct rule *rules, size_t count,
                      struct arena *arena)
{
	struct entries e = {0};
	struct stub *stubs;
	struct stub_use *uses;
	struct byte_set *pairs;
	uint32_t *first_use, use_count = 0;
	size_t stub_count = 0;

	for (size_t i = 0; i < count; i++)
		add_rule(&e, &rules[i], (uint32_t)i, arena);
	sort(&e);
	group(&e, rules);
	sort(&e);
	*index = (struct stub_index){0};
	stubs = arena_alloc(arena, e.count, sizeof(*stubs));
	uses = arena_alloc(arena, e.count, sizeof(*uses));
	first_use = arena_alloc(arena, e.count + 1, sizeof(*first_use));
	pairs = arena_alloc(arena, 256, sizeof(*pairs));
	memset(pairs, 0, 256 * sizeof(*pairs));
	for (size_t i = 0; i < e.count; i++) {
		const struct entry *entry = &e.items[i];

		if (i && compare_entries(entry, entry - 1) == 0)
			continue;
		if (!i || compare_stubs(&entry->stub, &entry[-1].stub) != 0) {
			first_use[stub_count] = use_count;
			stubs[stub_count++] = entry->stub;
			note_pairs(&entry->stub, pairs);
			index->anywhere += entry->group == STUBS_ANYWHERE;
		}
		uses[use_count++] = entry->use;
		if (entry->group == STUBS_NEAR)
			widen(index, entry, &rules[entry->use.rule]);
	}
	first_use[stub_count] = use_count;
	index->stubs = stubs;
	index->count = stub_count;
	index->pairs = pairs;
	index->first_use = first_use;
	index->uses = uses;
	free(e.items);
}

struct stub_list stub_index_group(const struct stub_index *index, enum stub_group group,
                                  uint32_t *first)
{
	size_t start = group == STUBS_ANYWHERE ? 0 : index->anywhere;
	size_t end = group == STUBS_ANYWHERE ? index->anywhere : index->count;

	if (first)
		*first = (uint32_t)start;
	return (struct stub_list){index->stubs + start, end - start};
}
