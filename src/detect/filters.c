#include "detect/filters.h"

#include "base/buf.h"
#include "detect/base64.h"
#include "detect/wordlike.h"

#include <ctype.h>
#include <math.h>

enum { DECODED_MAX = 1024 * 1024 };

/* A text that is as much like words as that is one of them; a name in a program is surer. */
static const double WORDLIKE_MIN = 0.42;
static const double NAMELIKE_MIN = 0.5;

double entropy_of(struct bytes text)
{
	uint32_t counts[256] = {0};
	double entropy = 0;

	for (size_t i = 0; i < text.len; i++)
		counts[text.ptr[i]]++;
	for (int byte = 0; byte < 256; byte++) {
		if (counts[byte]) {
			double share = (double)counts[byte] / (double)text.len;

			entropy -= share * log2(share);
		}
	}
	return entropy;
}

/* SonarSource's rule of thumb: two or more slashes that make up 15 % of the text. */
static bool looks_like_path(struct bytes text)
{
	size_t slashes = 0;

	for (size_t i = 0; i < text.len; i++)
		slashes += text.ptr[i] == '/';
	return slashes >= 2 && slashes * 100 >= text.len * 15;
}

/* RFC 3986, 3.1: a scheme, then "://". */
static bool looks_like_uri(struct bytes text)
{
	size_t at = 0;

	while (at < text.len && (isalnum(text.ptr[at]) || memchr("+-.", text.ptr[at], 3)))
		at++;
	return at > 0 && isalpha(text.ptr[0]) && text.len - at > 3 &&
	       memcmp(text.ptr + at, "://", 3) == 0;
}

/* Made of what names in programs are made of, and of words. */
static bool looks_like_name(struct bytes text, double wordlike)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!isalnum(text.ptr[i]) && !memchr("_-.$", text.ptr[i], 4))
			return false;
	}
	return wordlike >= NAMELIKE_MIN;
}

/* The named group's text; the secret for NULL; false when the group took no part. */
static bool input_text(const struct filter_input *input, const char *group, struct bytes *text)
{
	*text = input->secret;
	for (size_t i = 0; group && i < input->group_count; i++) {
		if (strcmp(input->groups[i].name, group) == 0) {
			*text = input->groups[i].text;
			return text->ptr != NULL;
		}
	}
	return !group;
}

static enum trace_verdict verdict_of(enum found found)
{
	return found == FOUND_MATCH  ? TRACE_PASSED
	       : found == FOUND_NONE ? TRACE_REJECTED
	                             : TRACE_LIMIT;
}

/* Whether each (wanted) or none (not wanted) of the patterns is found in the text. */
static enum found patterns_hold(const struct filter_input *input, const struct pattern *patterns,
                                size_t count, struct bytes text, bool wanted)
{
	const char *stage = wanted ? "pattern in it" : "pattern not";

	for (size_t i = 0; i < count; i++) {
		struct span span;
		enum found found = matcher_search(input->matcher, input->part, &patterns[i], text,
		                                  0, (uint32_t)text.len, &span);
		bool holds = (found == FOUND_MATCH) == wanted;

		if (found != FOUND_LIMIT && holds)
			continue;
		trace_say(input->trace, stage, found == FOUND_LIMIT ? TRACE_LIMIT : TRACE_REJECTED,
		          "`%s` is %s", patterns[i].text,
		          found == FOUND_MATCH ? "found" : "not found");
		return found == FOUND_LIMIT ? found : FOUND_NONE;
	}
	if (count == 1)
		trace_say(input->trace, stage, TRACE_PASSED, "`%s` is %s", patterns[0].text,
		          wanted ? "found" : "not found");
	else if (count)
		trace_say(input->trace, stage, TRACE_PASSED, "%s of the %zu patterns is found",
		          wanted ? "each" : "none", count);
	return FOUND_MATCH;
}

static enum found decoded_passes(const struct decoded_base64 *decoded,
                                 const struct filter_input *input)
{
	struct filter_input inner = *input;
	enum found found = FOUND_NONE;
	struct buf text;

	buf_init(&text, DECODED_MAX);
	if (base64_decode(input->secret, decoded->url_alphabet ? BASE64_URL : BASE64_STANDARD,
	                  false, &text))
		goto out;
	inner.secret = buf_bytes(&text);
	inner.group_count = 0;
	found = patterns_hold(&inner, decoded->match_each, decoded->match_each_count, inner.secret,
	                      true);
	if (found == FOUND_MATCH)
		found = patterns_hold(&inner, decoded->match_not, decoded->match_not_count,
		                      inner.secret, false);
	if (found == FOUND_MATCH)
		found = filters_pass(&decoded->filters, &inner);
out:
	trace_say(input->trace, "base64", verdict_of(found), "%zu bytes decoded", text.len);
	buf_release(&text);
	return found;
}

static bool entropy_passes(const struct filters *filters, const struct filter_input *input)
{
	struct bytes text;
	double entropy;
	bool passes;

	if (filters->entropy_threshold <= 0 || !input_text(input, filters->entropy_input, &text))
		return true;
	entropy = entropy_of(text);
	passes = entropy >= filters->entropy_threshold;
	trace_say(input->trace, "entropy", passes ? TRACE_PASSED : TRACE_REJECTED,
	          "%.2f bits per character; at least %.2f are asked for", entropy,
	          filters->entropy_threshold);
	return passes;
}

static bool heuristics_pass(const struct filters *filters, const struct filter_input *input)
{
	const char *likeness = NULL;
	double wordlike = 0;
	struct bytes text;

	if (!filters->heuristics || !input_text(input, filters->heuristic_input, &text))
		return true;
	if (filters->heuristics & (HEURISTIC_WORDS | HEURISTIC_NAME))
		wordlike = wordlike_share(text);
	if ((filters->heuristics & HEURISTIC_PATH) && looks_like_path(text))
		likeness = "a path";
	else if ((filters->heuristics & HEURISTIC_URI) && looks_like_uri(text))
		likeness = "an address";
	else if ((filters->heuristics & HEURISTIC_WORDS) && wordlike >= WORDLIKE_MIN)
		likeness = "words";
	else if ((filters->heuristics & HEURISTIC_NAME) && looks_like_name(text, wordlike))
		likeness = "a name";
	trace_say(input->trace, "heuristics", likeness ? TRACE_REJECTED : TRACE_PASSED,
	          "like %s; likeness to words is %.2f", likeness ? likeness : "none of them",
	          wordlike);
	return !likeness;
}

enum found filters_pass(const struct filters *filters, const struct filter_input *input)
{
	enum found found;

	if (!entropy_passes(filters, input) || !heuristics_pass(filters, input))
		return FOUND_NONE;
	found = patterns_hold(input, filters->pattern_not, filters->pattern_not_count,
	                      input->secret, false);
	if (found == FOUND_MATCH && filters->base64)
		found = decoded_passes(filters->base64, input);
	for (size_t i = 0; i < filters->group_count && found == FOUND_MATCH; i++) {
		struct filter_input inner = *input;

		if (input_text(input, filters->groups[i].group, &inner.secret))
			found = filters_pass(&filters->groups[i].filters, &inner);
	}
	return found;
}
