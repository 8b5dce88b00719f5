#include "cli/sighted.h"

#include "base/memory.h"

#include <stdlib.h>

static void add(struct sighted_list *list, struct sighted s)
{
	list->items = mem_grow(list->items, list->count, &list->cap, sizeof(*list->items));
	list->items[list->count++] = s;
}

void sighted_add_findings(struct sighted_list *list, const struct finding_list *findings,
                          bool suppressed)
{
	for (size_t i = 0; i < findings->count; i++)
		add(list, (struct sighted){&findings->items[i], NULL, suppressed});
}

void sighted_add_leaks(struct sighted_list *list, const struct leak_list *leaks, bool suppressed)
{
	for (size_t i = 0; i < leaks->count; i++) {
		for (size_t k = 0; k < leaks->items[i].count; k++) {
			const struct occurrence *o = &leaks->items[i].occurrences[k];

			add(list, (struct sighted){&o->first, o->has_commit ? &o->commit : NULL,
			                           suppressed});
		}
	}
}

static int place_order(const void *left, const void *right)
{
	const struct sighted *a = left, *b = right;
	int order = bytes_compare(a->finding->path, b->finding->path);

	if (!order)
		order = (a->finding->start_line > b->finding->start_line) -
		        (a->finding->start_line < b->finding->start_line);
	return order ? order
	             : memcmp(a->finding->fingerprint, b->finding->fingerprint, FINGERPRINT_SIZE);
}

static int secret_order(const void *left, const void *right)
{
	const struct sighted *const *a = left, *const *b = right;
	int order =
	    memcmp((*a)->finding->fingerprint, (*b)->finding->fingerprint, FINGERPRINT_SIZE);

	return order ? order : (*a > *b) - (*a < *b);
}

static int rule_order(const void *left, const void *right)
{
	const struct rule *const *a = left, *const *b = right;

	return strcmp((*a)->id, (*b)->id);
}

/* Lists the rules that found something, each once. */
static void find_rules(struct sighted_list *list)
{
	size_t kept = 0;

	list->rules = mem_calloc(list->count, sizeof(*list->rules));
	for (size_t i = 0; i < list->count; i++)
		list->rules[i] = list->items[i].finding->rule;
	qsort(list->rules, list->count, sizeof(*list->rules), rule_order);
	for (size_t i = 0; i < list->count; i++) {
		if (!kept || list->rules[kept - 1] != list->rules[i])
			list->rules[kept++] = list->rules[i];
	}
	list->rule_count = kept;
}

void sighted_sort(struct sighted_list *list)
{
	if (!list->count)
		return;
	find_rules(list);
	qsort(list->items, list->count, sizeof(*list->items), place_order);
	list->secrets = mem_calloc(list->count, sizeof(*list->secrets));
	for (size_t i = 0; i < list->count; i++)
		list->secrets[i] = &list->items[i];
	qsort(list->secrets, list->count, sizeof(*list->secrets), secret_order);
}

void sighted_release(struct sighted_list *list)
{
	free(list->items);
	free(list->secrets);
	free(list->rules);
	*list = (struct sighted_list){0};
}

/* The first place of the secret, or NULL. */
static const struct sighted *find_secret(const struct sighted_list *list,
                                         const uint8_t fingerprint[FINGERPRINT_SIZE])
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(list->secrets[middle]->finding->fingerprint, fingerprint,
		           FINGERPRINT_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == list->count ||
	    memcmp(list->secrets[low]->finding->fingerprint, fingerprint, FINGERPRINT_SIZE) != 0)
		return NULL;
	return list->secrets[low];
}

bool sighted_has(const struct sighted_list *list, const uint8_t fingerprint[FINGERPRINT_SIZE])
{
	return find_secret(list, fingerprint);
}

/* The number of the first place that does not stand before this one. */
static size_t find_place(const struct sighted_list *list, struct bytes path, uint32_t line)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct finding *f = list->items[middle].finding;
		int order = bytes_compare(f->path, path);

		if (order < 0 || (order == 0 && f->start_line < line))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The secret itself is known: its fingerprint under each rule that found something. */
static const struct sighted *match_secret(const struct sighted_list *list,
                                          const struct fingerprint_key *key, struct bytes secret)
{
	const struct sighted *found = NULL;

	for (size_t i = 0; i < list->rule_count && !found; i++) {
		uint8_t fingerprint[FINGERPRINT_SIZE];

		fingerprint_make(key, list->rules[i]->id, secret, fingerprint);
		found = find_secret(list, fingerprint);
	}
	return found;
}

/* What stands at the entry's place; *several tells that there is more than one such secret. */
static const struct sighted *match_place(const struct sighted_list *list,
                                         const struct foreign_entry *e, bool *several)
{
	const struct sighted *found = NULL;
	bool found_same = false; /* its rule is called the same: then others do not count */

	*several = false;
	for (size_t i = find_place(list, e->path, e->line); i < list->count; i++) {
		const struct sighted *s = &list->items[i];
		bool same = strcmp(s->finding->rule->id, e->rule) == 0;

		if (!bytes_equal(s->finding->path, e->path) || s->finding->start_line != e->line)
			break;
		if ((e->has_commit && (!s->commit || !object_id_equal(s->commit, &e->commit))) ||
		    (found_same && !same))
			continue;
		*several = found && found_same == same &&
		           (*several || memcmp(found->finding->fingerprint, s->finding->fingerprint,
		                               FINGERPRINT_SIZE) != 0);
		found = s;
		found_same = same;
	}
	return found;
}

const struct sighted *sighted_match(const struct sighted_list *list,
                                    const struct fingerprint_key *key,
                                    const struct foreign_entry *e, const char **refusal)
{
	const struct sighted *found;
	bool several = false;

	if (e->secret.len) {
		found = match_secret(list, key, e->secret);
		if (!found)
			*refusal = "its secret is not found here";
		return found;
	}
	found = match_place(list, e, &several);
	if (found && !several)
		return found;
	if (found)
		*refusal =
		    "several secrets stand on its line, and it does not tell which it is for";
	else if (e->has_commit)
		*refusal =
		    "nothing is found at its place in its commit; commits are looked at with "
		    "--history";
	else
		*refusal = "nothing is found at its path and line now, and it does not tell the "
			   "secret";
	return NULL;
}
