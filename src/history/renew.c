#include "history/renew.h"

#include "base/memory.h"
#include "detect/rule_digest.h"

#include <stdlib.h>

enum {
	SCANS_MAX = 4,  /* that are listed */
	RULE_SIZE = 17, /* bytes that a rule takes in the list: its digest's first, and its type */
	RULES_MAX = 1 << 20, /* a list with more is none */
};

/* ---- The list: for each scan its digest, that of misfits, the number of rules, and these ---- */

struct listed_scan {
	struct bytes digest;
	struct bytes misfits;
	struct bytes rules; /* in use, in the order of their bytes */
};

static int rule_order(const void *left, const void *right)
{
	return memcmp(left, right, RULE_SIZE);
}

static void rule_entry(const struct rule *rule, unsigned char out[RULE_SIZE])
{
	unsigned char digest[DIGEST_SIZE];

	rule_digest(rule, digest);
	memcpy(out, digest, RULE_SIZE - 1);
	out[RULE_SIZE - 1] = (unsigned char)rule->type;
}

static void list_key(const struct note_terms *terms, unsigned char key[KNOWN_KEY_SIZE])
{
	struct digest d;

	digest_begin(&d);
	digest_add_text(&d, "scans");
	digest_add(&d, (struct bytes){terms->settings, DIGEST_SIZE});
	digest_end(&d, key);
}

/* Cuts the next scan off the list; false at the end or for what is none. */
static bool next_scan(struct bytes *rest, struct listed_scan *scan)
{
	size_t head = 2 * DIGEST_SIZE + sizeof(uint32_t);
	uint32_t count;

	if (rest->len < head)
		return false;
	memcpy(&count, rest->ptr + 2 * DIGEST_SIZE, sizeof(count));
	if (count > RULES_MAX || rest->len - head < (size_t)count * RULE_SIZE)
		return false;
	scan->digest = bytes_slice(*rest, 0, DIGEST_SIZE);
	scan->misfits = bytes_slice(*rest, DIGEST_SIZE, 2 * DIGEST_SIZE);
	scan->rules = bytes_slice(*rest, head, head + (size_t)count * RULE_SIZE);
	*rest = bytes_slice(*rest, head + scan->rules.len, rest->len);
	return true;
}

static bool lists(const struct listed_scan *scan, const unsigned char rule[RULE_SIZE])
{
	return scan->rules.len &&
	       bsearch(rule, scan->rules.ptr, scan->rules.len / RULE_SIZE, RULE_SIZE, rule_order);
}

static void append(struct buf *out, const void *ptr, size_t len)
{
	if (buf_append(out, (struct bytes){ptr, len}))
		mem_exhausted();
}

/* Appends the scan of the terms. */
static void append_scan(const struct note_terms *terms, struct buf *out)
{
	const struct ruleset *set = terms->set;
	unsigned char digest[DIGEST_SIZE], rule[RULE_SIZE];
	uint32_t count = (uint32_t)ruleset_enabled_count(set);
	size_t first;

	append(out, terms->scan, DIGEST_SIZE);
	misfit_digest(set, digest);
	append(out, digest, DIGEST_SIZE);
	append(out, &count, sizeof(count));
	first = out->len;
	for (unsigned part = 0; part < PART_COUNT; part++) {
		for (size_t i = 0; i < set->parts[part].count; i++) {
			if (!set->enabled[part][i])
				continue;
			rule_entry(&set->parts[part].rules[i], rule);
			append(out, rule, RULE_SIZE);
		}
	}
	if (count)
		qsort(out->ptr + first, count, RULE_SIZE, rule_order);
}

static bool is_scan(const struct listed_scan *scan, const struct note_terms *terms)
{
	return memcmp(scan->digest.ptr, terms->scan, DIGEST_SIZE) == 0;
}

/* Puts the scan at the list's head, if it is not in it. */
static void list_scan(const struct known_store *store, const struct note_terms *terms)
{
	unsigned char key[KNOWN_KEY_SIZE];
	struct listed_scan scan;
	struct buf old, new;
	struct bytes rest;
	size_t count = 0, kept = 0;

	list_key(terms, key);
	buf_init(&old, KNOWN_VALUE_MAX);
	buf_init(&new, SIZE_MAX);
	(void)store->get(store->context, key, &old);
	for (rest = buf_bytes(&old); next_scan(&rest, &scan); count++) {
		if (is_scan(&scan, terms))
			goto out;
		if (count < SCANS_MAX - 1)
			kept = old.len - rest.len;
	}
	append_scan(terms, &new);
	append(&new, old.ptr, kept);
	if (new.len <= KNOWN_VALUE_MAX)
		store->put(store->context, key, buf_bytes(&new));
out:
	buf_release(&old);
	buf_release(&new);
}

/* ---- Which rules have to look ---- */

/* The ruleset with fewer rules in use; what it borrows is the other's. */
static struct ruleset narrow(const struct ruleset *set)
{
	struct ruleset narrow = *set;

	for (unsigned part = 0; part < PART_COUNT; part++)
		narrow.enabled[part] = mem_calloc(set->parts[part].count, sizeof(bool));
	return narrow;
}

static void narrow_release(struct ruleset *set)
{
	for (unsigned part = 0; part < PART_COUNT; part++)
		free(set->enabled[part]);
}

/* Whether a specific rule of the list is gone, which may have denied what others found. */
static bool lacks_specific(const struct listed_scan *scan, const struct listed_scan *now)
{
	for (size_t at = 0; at < scan->rules.len; at += RULE_SIZE) {
		const unsigned char *rule = scan->rules.ptr + at;

		if (rule[RULE_SIZE - 1] == RULE_SPECIFIC && !lists(now, rule))
			return true;
	}
	return false;
}

/*
 * Puts into use what the other scan lacks, and what may find more where that scan's rules did not
 * decide about it: returns how many rules.
 */
static size_t choose(struct ruleset *narrow, const struct ruleset *set,
                     const struct listed_scan *other, const struct listed_scan *now)
{
	bool misfits = !bytes_equal(other->misfits, now->misfits);
	bool denied = lacks_specific(other, now);
	unsigned char entry[RULE_SIZE];
	size_t count = 0;

	for (unsigned part = 0; part < PART_COUNT; part++) {
		bool any = false;

		for (size_t i = 0; i < set->parts[part].count; i++) {
			const struct rule *rule = &set->parts[part].rules[i];

			if (!set->enabled[part][i])
				continue;
			rule_entry(rule, entry);
			narrow->enabled[part][i] =
			    !lists(other, entry) ||
			    (misfits && (rule->filters.heuristics & HEURISTIC_MISFIT)) ||
			    (denied && rule->type >= RULE_PROVIDER_VARIANT);
			count += narrow->enabled[part][i];
			any |= narrow->enabled[part][i];
		}
		if (!any)
			narrow->parts[part].stubs = (struct stub_index){0};
	}
	return count;
}

/* Makes the notes of the other scan good, if that takes fewer rules than a scan from nothing. */
static void renew(struct objects *o, const struct note_terms *terms,
                  const struct listed_scan *other, const struct listed_scan *now,
                  struct renewal *renewal)
{
	struct ruleset few = narrow(terms->set);
	size_t count = choose(&few, terms->set, other, now);
	struct walk_counts counts = {0};
	struct engine *engine = NULL;

	if (count && count * 2 <= ruleset_enabled_count(terms->set) &&
	    !engine_new(&engine, &few, engine_options(terms->engine), NULL))
		sightings_renew(o, engine, &few, terms->options, &counts);
	known_renew(o, !count);
	renewal->rules = count > renewal->rules ? count : renewal->rules;
	renewal->objects += counts.objects;
	engine_free(engine);
	narrow_release(&few);
}

/* ---- The whole ---- */

void note_terms_digest(struct note_terms *terms)
{
	const struct sighting_options *o = terms->options;
	unsigned char engine[DIGEST_SIZE];
	struct digest d;

	engine_options_digest(terms->engine, engine);
	digest_begin(&d);
	digest_add(&d, (struct bytes){engine, DIGEST_SIZE});
	digest_add_number(&d, engine_has_generic(terms->engine)); /* what is skipped of binaries */
	digest_add_number(&d, o->max_size);
	digest_add_number(&d, o->max_size_chosen);
	digest_add_number(&d, o->scan->inline_policy);
	digest_add_number(&d, o->walk.object_max);
	digest_end(&d, terms->settings);
	if (!terms->rules)
		engine_digest(terms->engine, terms->set, engine);
	digest_begin(&d);
	digest_add(&d, (struct bytes){terms->settings, DIGEST_SIZE});
	digest_add(&d, (struct bytes){terms->rules ? terms->rules : engine, DIGEST_SIZE});
	digest_end(&d, terms->scan);
}

void renew_recall(struct objects *o, const struct known_store *store,
                  const struct note_terms *terms, struct renewal *renewal)
{
	unsigned char key[KNOWN_KEY_SIZE];
	struct listed_scan other, now = {0};
	struct buf list, own;
	struct bytes rest;

	known_recall(o, store, terms->scan);
	if (!known_lacks(o))
		return;
	buf_init(&list, KNOWN_VALUE_MAX);
	buf_init(&own, SIZE_MAX);
	list_key(terms, key);
	(void)store->get(store->context, key, &list);
	for (rest = buf_bytes(&list); next_scan(&rest, &other);) {
		if (is_scan(&other, terms) || !known_recall_other(o, store, other.digest.ptr))
			continue;
		if (!own.len) {
			struct bytes text;

			append_scan(terms, &own);
			text = buf_bytes(&own);
			next_scan(&text, &now);
		}
		renew(o, terms, &other, &now, renewal);
	}
	buf_release(&list);
	buf_release(&own);
}

void renew_keep(const struct objects *o, const struct known_store *store,
                const struct note_terms *terms)
{
	known_keep(o, store, terms->scan);
	list_scan(store, terms);
}
