#include "cli/rules_check.h"

#include "base/clock.h"
#include "cli/ordinary.h"
#include "cli/status.h"
#include "detect/database.h"
#include "detect/detector.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	POSITIVE_MIN = 2,
	NEGATIVE_MIN = 1,
	STARTS_MAX = 256, /* offsets that one stub makes PCRE2 try */
	/*
	 * What a rule may cost in a megabyte of ordinary code. The prefilter reads that in a
	 * millisecond; a candidate takes some 200 ns and a step 4, so that a rule at its limits
	 * adds a tenth each. All built-in rules together stay below what these allow to five.
	 */
	CANDIDATES_MAX = 500,
	STEPS_MAX = 25000,
};

enum { PREFILTER_ON, PREFILTER_OFF, COUNTING, DETECTORS, WAYS = COUNTING };

struct check {
	struct detector *detectors[DETECTORS];
	struct raw_set raw;
	struct proofs proofs;
	uint64_t ordinary_len; /* bytes of ordinary code that were read */
	bool foreign;          /* not our own rules */
	unsigned faults;       /* of the present rule */
	unsigned failed;       /* rules with faults */
};

static void fault(struct check *check, const struct rule *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fault(struct check *check, const struct rule *rule, const char *format, ...)
{
	va_list args;

	printf("%s:%u: %s: ", rule->file, rule->line, rule->id);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	check->faults++;
}

/* The rule's proof of the example's secret, or of any if none is named; NULL: there is none. */
static const struct proof *find(struct check *check, int way, const struct rule *rule,
                                const struct example *e)
{
	struct bytes text = bytes_of(e->text);
	struct bytes path = bytes_of(e->file_name ? e->file_name : "");

	detector_collect(check->detectors[way], text, NULL, false, &check->raw);
	detector_select(check->detectors[way], text, path, false, &check->raw, &check->proofs);
	for (size_t i = 0; i < check->proofs.count; i++) {
		const struct proof *p = &check->proofs.items[i];

		if (p->rule == rule &&
		    (!e->match ||
		     bytes_equal(proof_secret(&check->proofs, p, text), bytes_of(e->match))))
			return p;
	}
	return NULL;
}

/*
 * One secret is one finding: of the rules that find it one must be the most specific, so that it
 * does not turn on names which one is reported. `own` is among the present proofs.
 */
static void check_alone(struct check *check, const struct proof *own, size_t number)
{
	for (size_t i = 0; i < check->proofs.count; i++) {
		const struct proof *p = &check->proofs.items[i];

		if (p->rule != own->rule && p->rule->type == own->rule->type &&
		    p->rule->type != RULE_PROVIDER_VARIANT && p->decoded == own->decoded &&
		    p->start < own->end && p->end > own->start)
			fault(check, own->rule,
			      "example %zu: `%s` of the same type finds its secret, too; join the "
			      "two, narrow one, or give one another type",
			      number, p->rule->id);
	}
}

/* What our own rules must have, and others had better. */
static void advise(struct check *check, const struct rule *rule, const char *what)
{
	if (check->foreign)
		printf("%s:%u: %s: advice: %s\n", rule->file, rule->line, rule->id, what);
	else
		fault(check, rule, "%s", what);
}

static void check_examples(struct check *check, const struct rule *rule)
{
	static const char *const ways[WAYS] = {"", " (with the prefilter off)"};
	unsigned positive = 0, negative = 0;

	for (size_t i = 0; i < rule->example_count; i++) {
		const struct example *e = &rule->examples[i];

		positive += e->contains_secret;
		negative += !e->contains_secret;
		for (int way = 0; way < WAYS; way++) {
			const struct proof *proof = find(check, way, rule, e);

			if (proof && e->contains_secret && way == PREFILTER_ON)
				check_alone(check, proof, i + 1);
			if (!proof == !e->contains_secret)
				continue;
			fault(check, rule, "example %zu: %s%s", i + 1,
			      e->contains_secret ? "its secret is not found"
			                         : "something is found that is no secret",
			      ways[way]);
		}
	}
	if (positive < POSITIVE_MIN || negative < NEGATIVE_MIN)
		fault(check, rule,
		      "has %u examples with a secret and %u without; give at least %d and %d",
		      positive, negative, POSITIVE_MIN, NEGATIVE_MIN);
}

static void check_shape(struct check *check, const struct rule *rule)
{
	if (rule->reach.width == UNBOUNDED)
		advise(check, rule,
		       "its matches, or what it looks at around them, have no bound; "
		       "replace *, + and {n,} by {n,m}");
	if (!rule->anchor_count && !rule->include.content)
		fault(check, rule,
		      "nothing in the pattern is selective enough to look for, so it runs "
		      "over every file; start the pattern with a literal of three "
		      "characters, or name words in pre.include.content");
	for (size_t i = 0; i < rule->anchor_count; i++) {
		if (rule->anchors[i].last - rule->anchors[i].first >= STARTS_MAX) {
			fault(check, rule,
			      "the literal it is found by stands at %u to %u bytes from its "
			      "start; put it first",
			      rule->anchors[i].first, rule->anchors[i].last);
			break;
		}
	}
	if (!rule->references && rule->type == RULE_SPECIFIC)
		advise(check, rule, "names no reference");
	if (!rule->fix)
		advise(check, rule, "does not say how to revoke the secret (fix)");
}

/* Reads all ordinary code, so that the counting detector knows what each rule costs. */
static void read_ordinary(struct check *check)
{
	const unsigned char *at = ordinary_texts;
	const struct bytes no_path = {NULL, 0};

	for (const uint32_t *len = ordinary_lengths; len < ordinary_lengths_end; at += *len++) {
		struct bytes text = {at, *len};

		detector_collect(check->detectors[COUNTING], text, NULL, false, &check->raw);
		detector_select(check->detectors[COUNTING], text, no_path, false, &check->raw,
		                &check->proofs);
	}
	check->ordinary_len = (uint64_t)(at - ordinary_texts);
}

static uint64_t per_megabyte(const struct check *check, uint64_t count)
{
	return (count * 1000 * 1000 + check->ordinary_len - 1) / check->ordinary_len;
}

static struct rule_cost check_cost(struct check *check, const struct rule *rule, unsigned part,
                                   size_t number)
{
	struct rule_cost cost = detector_rule_cost(check->detectors[COUNTING], part, number);

	cost.candidates = per_megabyte(check, cost.candidates);
	cost.steps = per_megabyte(check, cost.steps);
	if (cost.candidates > CANDIDATES_MAX)
		fault(check, rule,
		      "%" PRIu64 " candidates in a megabyte of ordinary code, and %d are too many; "
		      "look for something that is rarer",
		      cost.candidates, CANDIDATES_MAX);
	if (cost.steps > STEPS_MAX)
		fault(check, rule,
		      "PCRE2 makes %" PRIu64 " steps in a megabyte of ordinary code, and %d are "
		      "too many; look for something that is rarer, or let what cannot match fail "
		      "sooner",
		      cost.steps, STEPS_MAX);
	return cost;
}

/* Microseconds that Hyperscan needs for the rule's stubs alone. */
static double compile_time(struct check *check, const struct rule *rule)
{
	struct arena arena = {0};
	struct error error;
	struct stub_index stubs;
	struct stub_list all;
	struct buf database;
	uint64_t start, ns;

	buf_init(&database, (size_t)64 * 1024 * 1024);
	stub_index_build(&stubs, rule, 1, &arena);
	start = clock_ns();
	all = (struct stub_list){stubs.stubs, stubs.count};
	if (all.count && database_compile_for(PLATFORM_PLAIN, &all, &database, &error))
		fault(check, rule, "%s", error.message);
	ns = clock_ns() - start;
	buf_release(&database);
	arena_release(&arena);
	return (double)ns / 1e3;
}

static void check_rule(struct check *check, unsigned part, size_t number, const struct rule *rule)
{
	struct rule_cost cost;
	double microseconds;

	check->faults = 0;
	check_examples(check, rule);
	check_shape(check, rule);
	cost = check_cost(check, rule, part, number);
	microseconds = compile_time(check, rule);
	printf("%-4s %s: %zu examples, %zu stubs, width %u, %" PRIu64 " candidates and %" PRIu64
	       " steps per MB, compiled in %.0f us\n",
	       check->faults ? "FAIL" : "ok", rule->id, rule->example_count, rule->anchor_count,
	       rule->reach.width, cost.candidates, cost.steps, microseconds);
	check->failed += check->faults > 0;
}

enum err rules_check(struct ruleset *set, bool foreign, int *status, struct error *error)
{
	struct check check = {.foreign = foreign};
	struct engine *engines[DETECTORS] = {NULL};
	size_t count = 0;
	enum err err = ERR_NONE;

	for (int i = 0; i < DETECTORS && !err; i++) {
		struct engine_options options = {.no_prefilter = i == PREFILTER_OFF,
		                                 .every_rule = true,
		                                 .counting = i == COUNTING};

		err = engine_new(&engines[i], set, &options, error);
		if (!err)
			check.detectors[i] = detector_new(engines[i]);
	}
	if (!err)
		read_ordinary(&check);
	for (unsigned part = 0; part < PART_COUNT && !err; part++) {
		for (size_t i = 0; i < set->parts[part].count; i++)
			check_rule(&check, part, i, &set->parts[part].rules[i]);
		count += set->parts[part].count;
	}
	if (!err) {
		printf("%zu rules, %u with faults\n", count, check.failed);
		*status = check.failed ? STATUS_FINDINGS : STATUS_CLEAN;
	}
	for (int i = 0; i < DETECTORS; i++) {
		detector_free(check.detectors[i]);
		engine_free(engines[i]);
	}
	raw_set_release(&check.raw);
	proofs_release(&check.proofs);
	return err;
}
