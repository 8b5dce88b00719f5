/*
 * Pieces of patterns that many rules share, each with a name. A rule calls one as PCRE2 calls a
 * group that stands elsewhere, `(?&assigned)`, and means the same; rules/README.md lists them.
 */
#ifndef TRAWL_RULESET_FRAGMENTS_H
#define TRAWL_RULESET_FRAGMENTS_H

#include "base/arena.h"

/*
 * The pattern with each call of a fragment replaced by the fragment's text in a group that captures
 * nothing. Calls of groups that the pattern defines itself stay. Owned by the arena, or the pattern
 * itself where nothing was replaced; NULL if the result were longer than 64 KiB.
 */
const char *fragments_expand(const char *pattern, struct arena *arena);

#endif
