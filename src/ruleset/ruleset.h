/*
 * The ruleset: all loaded rules, immutable after load, shared by every thread. It has one part
 * for the built-in rules, which are C tables, and one for the rules that the user names.
 */
#ifndef TRAWL_RULESET_RULESET_H
#define TRAWL_RULESET_RULESET_H

#include "base/arena.h"
#include "base/error.h"
#include "model/rule.h"
#include "ruleset/stub_index.h"

/* Rules that were loaded together and have one prefilter database. */
struct ruleset_part {
	const struct rule *rules;
	size_t count;
	uint32_t slot_count; /* pattern slots are 0 ... slot_count - 1 */
	struct stub_index stubs;
};

enum { PART_BUILTIN, PART_USER, PART_COUNT };

struct ruleset {
	struct ruleset_part parts[PART_COUNT]; /* rules of a part are sorted by id */
	bool *enabled[PART_COUNT];             /* by the rule's number in its part */
	struct arena arena;                    /* owns the user's rules */
};

/*
 * Loads the built-in rules (without reading a file) and, from each of the `count` paths, the
 * rules of that YAML file, or of all *.yaml and *.yml files below that folder in the order of
 * their names. ERR_SYNTAX (naming file, line and remedy) for a rule that is wrong or an id that
 * is used twice; ERR_MISSING, ERR_IO for a path that cannot be read.
 */
enum err ruleset_load(struct ruleset *set, const char *const *paths, size_t count,
                      struct error *error);

/* A rule file that has been read; both outlive the ruleset. */
struct rule_text {
	const char *file; /* for messages */
	struct bytes text;
};

/* As ruleset_load(), with the rules of some texts behind those of the paths. */
enum err ruleset_load_texts(struct ruleset *set, const char *const *paths, size_t count,
                            const struct rule_text *texts, size_t text_count, struct error *error);

/* As ruleset_load(), but without the built-in rules, whose ids may then be used again. */
enum err ruleset_load_only(struct ruleset *set, const char *const *paths, size_t count,
                           struct error *error);

/* Frees what ruleset_load() made; {0} may be released too. */
void ruleset_release(struct ruleset *set);

/*
 * Leaves only the rules whose ids `only` lists (unless it is empty), less those that `disable`
 * lists. An id may end in `*`. ERR_USAGE for an id that no rule has.
 */
enum err ruleset_choose(struct ruleset *set, const char *const *only, size_t only_count,
                        const char *const *disable, size_t disable_count, struct error *error);

/* Whether the name is the id, or ends in `*` and the id starts with what stands before it. */
bool ruleset_name_fits(struct bytes name, const char *id);

/* Whether the name fits a rule, enabled or not. */
bool ruleset_knows(const struct ruleset *set, struct bytes name);

/* The rule with this id, enabled or not; NULL if there is none. */
const struct rule *ruleset_find(const struct ruleset *set, const char *id);

/* The number of enabled rules. */
size_t ruleset_enabled_count(const struct ruleset *set);

#endif
