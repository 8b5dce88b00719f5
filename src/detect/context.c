#include "detect/context.h"

#include "base/memory.h"

#include <stdlib.h>

enum {
	SPANS_MAX = 1024 * 1024, /* other matches of one pattern that are kept */
	AROUND_WIDTH_MAX = 512,  /* bytes of one that is looked for around a match alone */
};

/* The find loop's matches of one pattern. */
struct spans {
	struct span *items;
	size_t count;
	size_t cap;
	bool filled;
	bool limit; /* not all could be found */
};

struct context_cache {
	struct spans *slots[PART_COUNT]; /* by pattern slot */
	uint32_t counts[PART_COUNT];
	struct spans **used; /* those that are filled */
	size_t used_count;
	size_t used_cap;
};

struct context_cache *context_cache_new(const struct ruleset *set)
{
	struct context_cache *cache = mem_calloc(1, sizeof(*cache));

	for (int part = 0; part < PART_COUNT; part++) {
		cache->counts[part] = set->parts[part].slot_count;
		cache->slots[part] = mem_calloc(cache->counts[part], sizeof(*cache->slots[part]));
	}
	return cache;
}

void context_cache_clear(struct context_cache *cache)
{
	for (size_t i = 0; i < cache->used_count; i++) {
		free(cache->used[i]->items);
		*cache->used[i] = (struct spans){0};
	}
	cache->used_count = 0;
}

void context_cache_free(struct context_cache *cache)
{
	if (!cache)
		return;
	context_cache_clear(cache);
	for (int part = 0; part < PART_COUNT; part++)
		free(cache->slots[part]);
	free(cache->used);
	free(cache);
}

/* Whether the line that `at` stands on has `most` bytes or more. */
static bool line_is_long(struct bytes text, uint32_t at, uint32_t most)
{
	uint32_t start = at, end = at;

	while (start > 0 && text.ptr[start - 1] != '\n' && at - start < most)
		start--;
	while (end < text.len && text.ptr[end] != '\n' && end - start < most)
		end++;
	return end - start >= most;
}

/* The offset of the line end at or after `at`, or of the text's end. */
static uint32_t end_of_line(struct bytes text, uint32_t at)
{
	const unsigned char *end = memchr(text.ptr + at, '\n', text.len - at);

	return (uint32_t)(end ? (size_t)(end - text.ptr) : text.len);
}

/* The other matches of the context's pattern, less those on lines that do not count. */
static const struct spans *find_all(const struct context *c, struct context_cache *cache,
                                    struct matcher *matcher, unsigned part, struct bytes text)
{
	struct spans *spans = &cache->slots[part][c->pattern.slot];
	enum found found = FOUND_MATCH;
	uint32_t from = 0, next_line = 0; /* next_line: behind the last one that is too long */
	struct span span;

	if (spans->filled)
		return spans;
	spans->filled = true;
	cache->used =
	    mem_grow(cache->used, cache->used_count, &cache->used_cap, sizeof(struct spans *));
	cache->used[cache->used_count++] = spans;
	while (spans->count < SPANS_MAX) {
		found = matcher_search(matcher, part, &c->pattern, text, from, (uint32_t)text.len,
		                       &span);
		if (found != FOUND_MATCH)
			break;
		from = span.end > span.start ? span.end : span.end + 1;
		if (c->max_line_distance != UNBOUNDED && span.start >= next_line &&
		    line_is_long(text, span.start, c->max_line_length))
			next_line = end_of_line(text, span.start) + 1;
		if (span.start < next_line)
			continue;
		spans->items =
		    mem_grow(spans->items, spans->count, &spans->cap, sizeof(*spans->items));
		spans->items[spans->count++] = span;
	}
	spans->limit = found != FOUND_NONE;
	return spans;
}

/* The number of line ends in [from, to), at most limit + 1: more are not counted. */
static uint32_t lines_between(struct bytes text, uint32_t from, uint32_t to, uint32_t limit)
{
	uint32_t lines = 0;

	for (; lines <= limit; lines++, from++) {
		from = from < to ? end_of_line(bytes_slice(text, 0, to), from) : to;
		if (from == to)
			break;
	}
	return lines;
}

/* Whether [from, to), which lies between two matches, is too long in bytes or lines. */
static bool too_far(const struct context *c, struct bytes text, uint32_t from, uint32_t to)
{
	return (c->max_char_distance != UNBOUNDED && to - from > c->max_char_distance) ||
	       (c->max_line_distance != UNBOUNDED &&
	        lines_between(text, from, to, c->max_line_distance) > c->max_line_distance);
}

/* The number of spans that end at or before the offset; they stand in order and apart. */
static size_t spans_before(const struct spans *spans, uint32_t offset)
{
	size_t low = 0, high = spans->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (spans->items[middle].end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The nearest other match on one side of the match; NULL if it is not near enough. */
static const struct span *nearest_on_side(const struct context *c, const struct spans *spans,
                                          struct bytes text, struct span match, bool before)
{
	size_t nearest = spans_before(spans, match.start);

	if (before)
		return nearest > 0 && !too_far(c, text, spans->items[nearest - 1].end, match.start)
		           ? &spans->items[nearest - 1]
		           : NULL;
	while (nearest < spans->count && spans->items[nearest].start < match.end)
		nearest++; /* it overlaps the match */
	return nearest < spans->count && !too_far(c, text, match.end, spans->items[nearest].start)
	           ? &spans->items[nearest]
	           : NULL;
}

/* The nearer of two matches on either side of the match, of which one may be missing (NULL). */
static bool choose_nearest(const struct span *before, const struct span *after, struct span match,
                           struct span *nearest)
{
	if (before && after)
		*nearest = match.start - before->end <= after->start - match.end ? *before : *after;
	else if (before || after)
		*nearest = before ? *before : *after;
	return before || after;
}

enum found context_nearest(const struct context *c, struct context_cache *cache,
                           struct matcher *matcher, unsigned part, struct bytes text,
                           struct span match, struct span *nearest)
{
	const struct spans *spans = find_all(c, cache, matcher, part, text);
	const struct span *before = NULL, *after = NULL;

	if (spans->limit)
		return FOUND_LIMIT;
	if (c->max_line_distance != UNBOUNDED &&
	    line_is_long(text, match.start, c->max_line_length))
		return FOUND_NONE;
	if (c->kind != CONTEXT_AFTER)
		before = nearest_on_side(c, spans, text, match, true);
	if (c->kind != CONTEXT_BEFORE)
		after = nearest_on_side(c, spans, text, match, false);
	return choose_nearest(before, after, match, nearest) ? FOUND_MATCH : FOUND_NONE;
}

enum found context_around(const struct context *c, struct matcher *matcher, unsigned part,
                          struct bytes text, struct span match, struct span *nearest)
{
	uint64_t most = c->max_char_distance, behind = most + AROUND_WIDTH_MAX;
	uint64_t from = match.start > behind ? match.start - behind : 0, last = match.end + most;
	struct span span, before, after;
	bool has_before = false, has_after = false;

	while (!has_after && from <= last && from <= text.len) {
		enum found found =
		    matcher_search(matcher, part, &c->pattern, text, (uint32_t)from,
		                   last < UINT32_MAX ? (uint32_t)last : UINT32_MAX, &span);

		if (found == FOUND_LIMIT)
			return found;
		if (found == FOUND_NONE)
			break;
		from = span.end > span.start ? span.end : span.end + 1;
		if (span.start >= match.end) {
			after = span;
			has_after = true;
		} else if (span.end <= match.start && match.start - span.end <= most) {
			before = span;
			has_before = true;
		}
	}
	return choose_nearest(has_before ? &before : NULL, has_after ? &after : NULL, match,
	                      nearest)
	           ? FOUND_MATCH
	           : FOUND_NONE;
}

enum found context_holds(const struct context *c, struct context_cache *cache,
                         struct matcher *matcher, unsigned part, struct bytes text,
                         struct span match)
{
	bool wanted = c->kind == CONTEXT_EITHER;
	struct span nearest;

	if (c->kind == CONTEXT_EACH || c->kind == CONTEXT_EITHER || c->kind == CONTEXT_NOT) {
		/* One child that holds decides EITHER and NOT; one that does not decides EACH. */
		for (size_t i = 0; i < c->child_count; i++) {
			enum found found =
			    context_holds(&c->children[i], cache, matcher, part, text, match);

			if (found == FOUND_LIMIT)
				return found;
			if ((found == FOUND_MATCH) != (c->kind == CONTEXT_EACH))
				return wanted ? FOUND_MATCH : FOUND_NONE;
		}
		return wanted ? FOUND_NONE : FOUND_MATCH;
	}
	return context_nearest(c, cache, matcher, part, text, match, &nearest);
}
