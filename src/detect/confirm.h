/*
 * Confirmation: what PCRE2 says. Patterns are compiled at their first use and shared; what a match
 * needs to run belongs to one thread.
 */
#ifndef TRAWL_DETECT_CONFIRM_H
#define TRAWL_DETECT_CONFIRM_H

#include "base/bytes.h"
#include "base/error.h"
#include "ruleset/ruleset.h"

struct patterns; /* the compiled forms, filled in under a lock; shared by all threads */
struct matcher;  /* one thread's stack and match data */

/* A part of a text: bytes [start, end). */
struct span {
	uint32_t start;
	uint32_t end;
};

enum found { FOUND_NONE, FOUND_MATCH, FOUND_LIMIT };

/*
 * Room for the compiled patterns of the ruleset, which must outlive it. Owned by the caller. With
 * `counting`, matchers count the steps that they make, and run some times as long.
 */
struct patterns *patterns_new(const struct ruleset *set, bool counting);
void patterns_free(struct patterns *patterns);

/*
 * Compiles one pattern of the given part now. ERR_SYNTAX with PCRE2's message and offset. For a
 * pattern that was compiled before it costs next to nothing.
 */
enum err patterns_check(struct patterns *patterns, unsigned part, const struct pattern *pattern,
                        struct error *error);

struct matcher *matcher_new(struct patterns *patterns);
void matcher_free(struct matcher *matcher);

/*
 * Sets the time from the next search on after which every one ends in FOUND_LIMIT: of the clock,
 * and then as much of this thread's work. Without it none runs.
 */
void matcher_set_time(struct matcher *matcher, unsigned seconds);

/*
 * Looks for the leftmost match of the pattern that starts at an offset in [from, last] of the text
 * (what stands before `from` is seen by lookbehind). FOUND_LIMIT: a limit on steps, memory, stack
 * or time was hit, and nothing is known.
 */
enum found matcher_search(struct matcher *matcher, unsigned part, const struct pattern *pattern,
                          struct bytes text, uint32_t from, uint32_t last, struct span *match);

/*
 * The steps that all searches of a counting matcher have made: items of patterns that were tried at
 * some place, once more with each return to it. A repeat of one class is one step.
 */
uint64_t matcher_steps(const struct matcher *matcher);

/* After FOUND_MATCH: the first capture group if it took part in the match, else the match. */
struct span matcher_secret(const struct matcher *matcher);

/* After FOUND_MATCH: the named group; false when there is none or it took no part. */
bool matcher_group(const struct matcher *matcher, const char *name, struct span *group);

#endif
