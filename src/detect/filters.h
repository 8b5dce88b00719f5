/*
 * Filters: what a match must survive beyond its pattern. Each looks at the secret, at a named
 * group, or at what the secret decodes to.
 */
#ifndef TRAWL_DETECT_FILTERS_H
#define TRAWL_DETECT_FILTERS_H

#include "detect/confirm.h"
#include "detect/trace.h"

/* Shannon entropy of the bytes in bits per byte, 0 to 8. */
double entropy_of(struct bytes text);

/* A match's named groups, captured before filters run patterns of their own. */
struct captured {
	const char *name;
	struct bytes text;
};

/* What filters are run on; patterns belong to `part` of the ruleset. */
struct filter_input {
	struct matcher *matcher;
	unsigned part;
	struct bytes secret;
	const struct captured *groups;
	size_t group_count;
	struct trace *trace; /* NULL: nobody asks */
};

/*
 * FOUND_MATCH when the secret passes all filters, FOUND_NONE when one rejects it, FOUND_LIMIT when
 * a pattern hit a limit. A filter of a group that took no part in the match passes.
 */
enum found filters_pass(const struct filters *filters, const struct filter_input *input);

#endif
