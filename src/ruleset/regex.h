/*
 * What can be said of a regular expression without running it: how wide its matches are, how far
 * around them it looks, and which short runs of characters (stubs) every match contains. The
 * prefilter rests on this, so whatever this reader does not understand it calls unbounded.
 *
 * It reads PCRE2's syntax in byte mode (pcre2pattern(3)). What Java reads differently is
 * translated where the meaning is plain (`&&` in a class, \p{Alnum}) and is an error elsewhere.
 */
#ifndef TRAWL_RULESET_REGEX_H
#define TRAWL_RULESET_REGEX_H

#include "base/arena.h"
#include "base/error.h"
#include "model/rule.h"

struct regex_facts {
	const char *translated; /* the expression to give to PCRE2 */
	uint32_t min_width;     /* bytes */
	struct reach reach;
	const struct anchor *anchors; /* none: no stub is selective enough */
	size_t anchor_count;
	struct bulk bulk;
	uint32_t prefix_len;      /* bytes at the secret's start that all of its kind share */
	const struct form *forms; /* of the secret */
	size_t form_count;
	bool has_groups;
};

/*
 * Reads the expression; the results are owned by the arena. ERR_SYNTAX, with a message that names
 * the offset and the remedy, for backtracking verbs, conditions, callouts, \G, \K or \C (with
 * these a match is no function of its start), and for Java-only syntax without a plain translation.
 */
enum err regex_analyse(const char *expression, struct arena *arena, struct regex_facts *facts,
                       struct error *error);

/* Whether the expression has a group (?<name>...), (?P<name>...) or (?'name'...). */
bool regex_has_group(const char *expression, struct bytes name);

#endif
