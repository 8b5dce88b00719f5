/*
 * Context: what must stand near a match. The other matches are those of a find loop over the whole
 * text; they are looked for once for each text and kept.
 */
#ifndef TRAWL_DETECT_CONTEXT_H
#define TRAWL_DETECT_CONTEXT_H

#include "detect/confirm.h"

/* One thread's other matches in the present text. */
struct context_cache;

struct context_cache *context_cache_new(const struct ruleset *set);
void context_cache_free(struct context_cache *cache);

/* Forgets all: another text comes. */
void context_cache_clear(struct context_cache *cache);

/*
 * Whether the context holds for a match at this span of the text. FOUND_LIMIT when a pattern hit a
 * limit or has more matches in the text than are kept.
 */
enum found context_holds(const struct context *context, struct context_cache *cache,
                         struct matcher *matcher, unsigned part, struct bytes text,
                         struct span match);

/*
 * Finds the nearest other match of a context of a pattern, where it may stand. FOUND_NONE if none
 * is near enough; FOUND_LIMIT as above.
 */
enum found context_nearest(const struct context *context, struct context_cache *cache,
                           struct matcher *matcher, unsigned part, struct bytes text,
                           struct span match, struct span *nearest);

/* So many bytes of distance make it better to read around each match than the text once. */
enum { AROUND_MAX = 400 };

/*
 * As context_nearest() for a context with a distance in bytes and none in lines, but only what
 * stands around the match is read, from 512 bytes before the distance on: where that does not begin
 * within another match, the answer is the same.
 */
enum found context_around(const struct context *c, struct matcher *matcher, unsigned part,
                          struct bytes text, struct span match, struct span *nearest);

#endif
