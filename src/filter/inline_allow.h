/*
 * Inline suppression: `trawl:allow` in the text, for people who know that a secret is harmless. It
 * speaks for the findings on its own line or, where that line has none, for those on the next.
 *
 * Behind the marker may stand the ids of the rules that it speaks for, separated by commas or
 * spaces, each perhaps with a `*` at its end; then a reason, if one is wanted. Without an id it
 * speaks for all rules. A first word that looks like an id (lower case, with a hyphen) and fits no
 * rule allows nothing: it is one misspelt.
 *
 * The markers of other scanners (see the list in the .c file) can be heeded, too.
 */
#ifndef TRAWL_FILTER_INLINE_ALLOW_H
#define TRAWL_FILTER_INLINE_ALLOW_H

#include "base/bytes.h"
#include "ruleset/ruleset.h"

/* How many ids on a line are heeded. */
enum { INLINE_IDS_MAX = 16 };

/* What the markers on one line allow. */
struct inline_line {
	bool all;
	struct bytes ids[INLINE_IDS_MAX]; /* each may end in `*`; in the text */
	size_t count;
};

/* The line of the last finding; start each text anew. */
struct inline_allow {
	bool foreign; /* other scanners' markers speak, too: for all findings on their line */
	bool started;
	size_t line_start; /* offset in the text */
	struct inline_line own;
	struct inline_line before; /* of the line before it; nothing if it is spent */
	size_t before_start;       /* offset of that line */
	size_t spoke;              /* offset of the line whose marker allowed the last finding */
};

/*
 * Whether the text allows a finding of this rule on the line that starts at the offset line_start.
 * Findings of a text must come in order.
 */
bool inline_allows(struct inline_allow *state, struct bytes text, size_t line_start,
                   const char *rule_id, const struct ruleset *set);

/*
 * The start of the next line, from the offset `from` on, that has a marker of ours; SIZE_MAX if
 * there is none.
 */
size_t inline_next(struct bytes text, size_t from);

#endif
