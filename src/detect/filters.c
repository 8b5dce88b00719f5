#include "detect/filters.h"

#include "base/buf.h"
#include "detect/base64.h"

#include <ctype.h>
#include <math.h>

enum { DECODED_MAX = 1024 * 1024 };

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

/* Whether each (wanted) or none (not wanted) of the patterns is found in the text. */
static enum found patterns_hold(const struct filter_input *input, const struct pattern *patterns,
                                size_t count, struct bytes text, bool wanted)
{
	for (size_t i = 0; i < count; i++) {
		struct span span;
		enum found found = matcher_search(input->matcher, input->part, &patterns[i], text,
		                                  0, (uint32_t)text.len, &span);

		if (found == FOUND_LIMIT)
			return found;
		if ((found == FOUND_MATCH) != wanted)
			return FOUND_NONE;
	}
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
	buf_release(&text);
	return found;
}

enum found filters_pass(const struct filters *filters, const struct filter_input *input)
{
	struct bytes text;
	enum found found;

	if (filters->entropy_threshold > 0 && input_text(input, filters->entropy_input, &text) &&
	    entropy_of(text) < filters->entropy_threshold)
		return FOUND_NONE;
	if (filters->heuristics && input_text(input, filters->heuristic_input, &text) &&
	    (((filters->heuristics & HEURISTIC_PATH) && looks_like_path(text)) ||
	     ((filters->heuristics & HEURISTIC_URI) && looks_like_uri(text))))
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
