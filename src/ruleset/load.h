/*
 * From YAML text to rules: reads the format of rules/README.md, refuses every key it does not
 * know, and derives from each pattern what the prefilter needs.
 */
#ifndef TRAWL_RULESET_LOAD_H
#define TRAWL_RULESET_LOAD_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "model/rule.h"

/* Rules in the making; zero-initialise. */
struct rule_list {
	struct rule *items;
	size_t count;
	size_t cap;
	uint32_t slot_count; /* pattern slots given out so far */
};

/* Frees the array, not what its rules point to (the arena's). */
void rule_list_release(struct rule_list *list);

/*
 * Appends the rules of one YAML document (the text of `file`, which only messages use) to list.
 * All that they point to is owned by the arena. ERR_SYNTAX names file, line and remedy; ERR_LIMIT
 * likewise for a document that is too large, too deep or uses aliases.
 */
enum err load_rules_text(struct rule_list *list, struct arena *arena, const char *file,
                         struct bytes text, struct error *error);

/*
 * Appends the rules of the YAML file `path`, or of all *.yaml and *.yml files below the folder
 * `path` in the order of their names. Errors as above, and ERR_MISSING, ERR_IO.
 */
enum err load_rules_path(struct rule_list *list, struct arena *arena, const char *path,
                         struct error *error);

/* Sorts by id. ERR_SYNTAX naming both places when two rules have one id. */
enum err rule_list_finish(struct rule_list *list, struct error *error);

#endif
