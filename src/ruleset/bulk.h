/*
 * What the most of a match consists of (struct bulk): a value of 32 hexadecimal digits, say. Where
 * a stub stands but no such run near it, which is nearly everywhere, nothing matches: a look at a
 * few bytes tells so, where the regular expression would have to be tried.
 */
#ifndef TRAWL_RULESET_BULK_H
#define TRAWL_RULESET_BULK_H

#include "base/bytes.h"
#include "model/rule.h"
#include "ruleset/regex_tree.h"

/* The bulk of what the expression matches, the rarest in ordinary text; len 0 if there is none. */
struct bulk bulk_of(const struct node *root);

/*
 * Whether the bulk of a match that starts in text[from, last] may be there; offsets in bytes. True
 * if nothing is known.
 */
bool bulk_stands(const struct bulk *bulk, struct bytes text, uint32_t from, uint32_t last);

#endif
