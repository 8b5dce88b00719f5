/*
 * Inline suppression: `trawl:allow` in the text, for people who know that a secret is harmless. It
 * speaks for the findings on its own line or, where that line has none, for those on the next.
 * Followed by a rule's id it speaks for that rule only.
 */
#ifndef TRAWL_FILTER_INLINE_ALLOW_H
#define TRAWL_FILTER_INLINE_ALLOW_H

#include "base/bytes.h"
#include "ruleset/ruleset.h"

/* The line of the last finding; start each text with {0}. */
struct inline_allow {
	bool started;
	size_t line_start;   /* offset in the text */
	struct bytes own;    /* the line, if it bears a marker; else empty */
	struct bytes before; /* the line before it, if it bears a marker that is not spent */
};

/*
 * Whether the text allows a finding of this rule on the line that starts at the offset line_start.
 * Findings of a text must come in order.
 */
bool inline_allows(struct inline_allow *state, struct bytes text, size_t line_start,
		   const char *rule_id, const struct ruleset *set);

#endif
