#include "ruleset/ruleset.h"

#include "base/memory.h"
#include "base/spelling.h"
#include "ruleset/builtin.h"
#include "ruleset/load.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct rule *find_in_part(const struct ruleset_part *part, const char *id)
{
	size_t low = 0, high = part->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(id, part->rules[middle].id);

		if (!order)
			return &part->rules[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static enum err refuse_builtin_ids(const struct rule_list *list, struct error *error)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct rule *rule = &list->items[i];
		const struct rule *builtin = find_in_part(&builtin_part, rule->id);

		if (builtin)
			return error_set(error, ERR_SYNTAX,
			                 "%s:%" PRIu32 ": the id `%s` is that of the built-in "
			                 "rule in %s:%" PRIu32 "; rename the rule",
			                 rule->file, rule->line, rule->id, builtin->file,
			                 builtin->line);
	}
	return ERR_NONE;
}

static void fill_part(struct ruleset_part *part, const struct rule_list *list, struct arena *arena)
{
	struct rule *rules = arena_alloc(arena, list->count, sizeof(*rules));

	if (list->count)
		memcpy(rules, list->items, list->count * sizeof(*rules));
	part->rules = rules;
	part->count = list->count;
	part->slot_count = list->slot_count;
	stub_index_build(&part->stubs, rules, list->count, arena);
}

static enum err load(struct ruleset *set, bool builtin, const char *const *paths, size_t count,
                     const struct rule_text *texts, size_t text_count, struct error *error)
{
	struct rule_list list = {0};
	enum err err = ERR_NONE;

	*set = (struct ruleset){0};
	arena_init(&set->arena);
	for (size_t i = 0; i < count && !err; i++)
		err = load_rules_path(&list, &set->arena, paths[i], error);
	for (size_t i = 0; i < text_count && !err; i++)
		err = load_rules_text(&list, &set->arena, texts[i].file, texts[i].text, error);
	if (!err)
		err = rule_list_finish(&list, error);
	if (!err && builtin)
		err = refuse_builtin_ids(&list, error);
	if (err) {
		ruleset_release(set);
		goto out;
	}
	if (builtin)
		set->parts[PART_BUILTIN] = builtin_part;
	fill_part(&set->parts[PART_USER], &list, &set->arena);
	for (int part = 0; part < PART_COUNT; part++) {
		size_t rules = set->parts[part].count;

		set->enabled[part] = mem_calloc(rules, sizeof(bool));
		memset(set->enabled[part], true, rules * sizeof(bool));
	}
out:
	rule_list_release(&list);
	return err;
}

enum err ruleset_load(struct ruleset *set, const char *const *paths, size_t count,
                      struct error *error)
{
	return load(set, true, paths, count, NULL, 0, error);
}

enum err ruleset_load_texts(struct ruleset *set, const char *const *paths, size_t count,
                            const struct rule_text *texts, size_t text_count, struct error *error)
{
	return load(set, true, paths, count, texts, text_count, error);
}

enum err ruleset_load_only(struct ruleset *set, const char *const *paths, size_t count,
                           struct error *error)
{
	return load(set, false, paths, count, NULL, 0, error);
}

void ruleset_release(struct ruleset *set)
{
	for (int part = 0; part < PART_COUNT; part++)
		free(set->enabled[part]);
	arena_release(&set->arena);
	*set = (struct ruleset){0};
}

bool ruleset_name_fits(struct bytes name, const char *id)
{
	const struct bytes whole = bytes_of(id);

	if (!name.len || name.ptr[name.len - 1] != '*')
		return bytes_equal(name, whole);
	return name.len - 1 <= whole.len && memcmp(name.ptr, whole.ptr, name.len - 1) == 0;
}

/* The first rule of those that the name fits follows all rules whose ids are less than the name. */
static bool part_knows(const struct ruleset_part *part, struct bytes name)
{
	struct bytes start = name;
	size_t low = 0, high = part->count;

	if (name.len && name.ptr[name.len - 1] == '*')
		start.len--;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (bytes_compare(bytes_of(part->rules[middle].id), start) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < part->count && ruleset_name_fits(name, part->rules[low].id);
}

bool ruleset_knows(const struct ruleset *set, struct bytes name)
{
	bool known = false;

	for (int part = 0; part < PART_COUNT && !known; part++)
		known = part_knows(&set->parts[part], name);
	return known;
}

static bool any_name_fits(const char *const *names, size_t count, const char *id)
{
	size_t i = 0;

	while (i < count && !ruleset_name_fits(bytes_of(names[i]), id))
		i++;
	return i < count;
}

/* The id that the name is most likely a misspelling of; NULL if none is near. */
static const char *nearest_id(const struct ruleset *set, const char *name)
{
	struct spelling spelling = {.word = name};

	for (int part = 0; part < PART_COUNT; part++) {
		for (size_t i = 0; i < set->parts[part].count; i++)
			spelling_try(&spelling, set->parts[part].rules[i].id);
	}
	return spelling.nearest;
}

/* ERR_USAGE if a name fits no rule. */
static enum err check_names(const struct ruleset *set, const char *const *names, size_t count,
                            struct error *error)
{
	for (size_t n = 0; n < count; n++) {
		const char *nearest;

		if (ruleset_knows(set, bytes_of(names[n])))
			continue;
		nearest = nearest_id(set, names[n]);
		return error_set(error, ERR_USAGE,
		                 "no rule is called `%.100s`%s%s%s `trawl rules list` shows all",
		                 names[n], nearest ? "; did you mean `" : "",
		                 nearest ? nearest : "", nearest ? "`?" : ";");
	}
	return ERR_NONE;
}

enum err ruleset_choose(struct ruleset *set, const char *const *only, size_t only_count,
                        const char *const *disable, size_t disable_count, struct error *error)
{
	enum err err = check_names(set, only, only_count, error);

	if (!err)
		err = check_names(set, disable, disable_count, error);
	if (err)
		return err;
	for (int part = 0; part < PART_COUNT; part++) {
		for (size_t i = 0; i < set->parts[part].count; i++) {
			const char *id = set->parts[part].rules[i].id;

			if ((only_count && !any_name_fits(only, only_count, id)) ||
			    any_name_fits(disable, disable_count, id))
				set->enabled[part][i] = false;
		}
	}
	return ERR_NONE;
}

const struct rule *ruleset_find(const struct ruleset *set, const char *id)
{
	const struct rule *rule = NULL;

	for (int part = 0; part < PART_COUNT && !rule; part++)
		rule = find_in_part(&set->parts[part], id);
	return rule;
}

size_t ruleset_enabled_count(const struct ruleset *set)
{
	size_t count = 0;

	for (int part = 0; part < PART_COUNT; part++)
		for (size_t i = 0; i < set->parts[part].count; i++)
			count += set->enabled[part][i];
	return count;
}
