#include "filter/suppressions.h"

#include "base/memory.h"
#include "detect/paths.h"
#include "ruleset/ruleset.h"

#include <stdlib.h>

void suppressions_init(struct suppressions *s, const struct configuration *config,
                       const struct baseline *baseline)
{
	s->config = config;
	s->baseline = baseline;
	if (config)
		s->excluded = (struct suppression){.kind = SUPPRESSION_CONFIG,
		                                   .paths = config->exclude,
		                                   .reason = "the path is excluded"};
}

/* ---- Paths ---- */

/* Whether the path is the operand or lies below it; *rest receives what follows. */
static bool lies_below(struct bytes path, const char *operand, struct bytes *rest)
{
	size_t len = strlen(operand);

	if (!bytes_start_with(path, operand))
		return false;
	*rest = bytes_slice(path, len, path.len);
	if (len && rest->len && path.ptr[len - 1] != '/') {
		if (*rest->ptr != '/')
			return false;
		*rest = bytes_slice(*rest, 1, rest->len);
	}
	return true;
}

/* The operand that the path is from: the longest that it lies below. */
static const struct tree_place *place_of(const struct suppressions *s, struct bytes path,
                                         struct bytes *rest)
{
	const struct tree_place *found = NULL;

	for (size_t i = 0; i < s->place_count; i++) {
		struct bytes below;

		if ((!found || strlen(s->places[i].operand) > strlen(found->operand)) &&
		    lies_below(path, s->places[i].operand, &below)) {
			found = &s->places[i];
			*rest = below;
		}
	}
	return found;
}

/* Whether one of the globs covers the path, which is as blobs have it. */
static bool covered(const struct suppressions *s, struct bytes path, strings globs)
{
	struct bytes rest = path;
	const struct tree_place *place = NULL;
	struct buf inside;
	bool result = false;

	if (s->place_count) {
		place = place_of(s, path, &rest);
		if (!place || !place->inside)
			return false;
	}
	if (!place || !*place->inside)
		return path_covered(rest, globs);
	buf_init(&inside, SIZE_MAX);
	if (!buf_append(&inside, bytes_of(place->inside)) &&
	    (!rest.len || (!buf_append(&inside, bytes_of("/")) && !buf_append(&inside, rest))))
		result = path_covered(buf_bytes(&inside), globs);
	buf_release(&inside);
	return result;
}

bool suppressions_exclude(const struct suppressions *s, struct bytes path)
{
	bool excluded = s->config && s->config->exclude && covered(s, path, s->config->exclude);

	for (size_t i = 0; excluded && s->exclude_held && s->config->exclude[i]; i++) {
		const char *const one[] = {s->config->exclude[i], NULL};

		if (covered(s, path, one))
			atomic_store_explicit(&s->exclude_held[i], true, memory_order_relaxed);
	}
	return excluded;
}

/* ---- Secrets ---- */

static bool any_glob_fits(strings globs, struct bytes text)
{
	while (*globs && !glob_fits(text, bytes_of(*globs)))
		globs++;
	return *globs;
}

static bool allow_holds(const struct allow *allow, const struct rule *rule, struct bytes secret,
                        const uint8_t *fingerprint)
{
	return (!allow->rule || ruleset_name_fits(bytes_of(allow->rule), rule->id)) &&
	       (!allow->has_fingerprint ||
	        memcmp(allow->fingerprint, fingerprint, FINGERPRINT_SIZE) == 0) &&
	       (!allow->secrets || any_glob_fits(allow->secrets, secret));
}

/* A list in the making. */
struct held {
	const struct suppression **items;
	size_t count;
	size_t cap;
};

static void hold(struct held *held, const struct suppression *s)
{
	held->items = mem_grow(held->items, held->count, &held->cap, sizeof(*held->items));
	held->items[held->count++] = s;
}

static void hold_baseline(const struct suppressions *s, struct held *held, const struct rule *rule,
                          struct bytes secret)
{
	uint8_t fingerprint[FINGERPRINT_SIZE];
	const struct baseline_entry *entry;

	fingerprint_make(&s->baseline->key, rule->id, secret, fingerprint);
	entry = baseline_find(s->baseline, fingerprint);
	if (entry && !baseline_expired(entry, s->today))
		hold(held, &entry->suppression);
}

static void hold_allows(const struct suppressions *s, struct held *held, const struct rule *rule,
                        struct bytes secret)
{
	uint8_t fingerprint[FINGERPRINT_SIZE];

	if (s->config->allow_count)
		fingerprint_make(&s->key, rule->id, secret, fingerprint);
	for (size_t i = 0; i < s->config->allow_count; i++) {
		const struct allow *allow = &s->config->allows[i];

		if (allow_holds(allow, rule, secret, fingerprint))
			hold(held, &allow->suppression);
	}
	if (s->config->exclude)
		hold(held, &s->excluded);
}

const struct suppression *const *suppressions_of(const struct suppressions *s,
                                                 const struct rule *rule, struct bytes secret,
                                                 struct arena *arena)
{
	const struct suppression **copy = NULL;
	struct held held = {0};

	if (s->baseline)
		hold_baseline(s, &held, rule, secret);
	if (s->config)
		hold_allows(s, &held, rule, secret);
	if (held.count) {
		copy = arena_alloc(arena, held.count + 1, sizeof(*copy));
		memcpy(copy, held.items, held.count * sizeof(*copy));
	}
	free(held.items);
	return copy;
}

const struct suppression *suppressions_at(const struct suppressions *s,
                                          const struct suppression *const *held, struct bytes path)
{
	for (; held && *held; held++) {
		if (!(*held)->paths || (path.len && covered(s, path, (*held)->paths)))
			return *held;
	}
	return NULL;
}
