#include "filter/inline_allow.h"

#include <ctype.h>

static const char marker[] = "trawl:allow";

enum { ID_MAX = 128 };

static bool is_word(unsigned char c)
{
	return isalnum(c) || c == '_' || c == '-';
}

/* Whether the marker that ends at `at` names a rule, and another one than this. */
static bool names_other_rule(struct bytes line, size_t at, const char *rule_id,
			     const struct ruleset *set)
{
	char id[ID_MAX];
	size_t len = 0;

	while (at < line.len && (line.ptr[at] == ' ' || line.ptr[at] == '\t'))
		at++;
	while (at + len < line.len && is_word(line.ptr[at + len]) && len < sizeof(id) - 1) {
		id[len] = (char)line.ptr[at + len];
		len++;
	}
	id[len] = '\0';
	return strcmp(id, rule_id) != 0 && ruleset_find(set, id);
}

/* Whether a marker that speaks for the rule stands on the line. */
static bool line_allows(struct bytes line, const char *rule_id, const struct ruleset *set)
{
	size_t len = sizeof(marker) - 1;
	const unsigned char *found;
	size_t at = 0;

	while (at < line.len && (found = memmem(line.ptr + at, line.len - at, marker, len))) {
		size_t start = (size_t)(found - line.ptr);

		at = start + len;
		if ((start == 0 || !is_word(line.ptr[start - 1])) &&
		    (at == line.len || !is_word(line.ptr[at])) &&
		    !names_other_rule(line, at, rule_id, set))
			return true;
	}
	return false;
}

/* The line that starts at the offset if it bears a marker, else nothing. */
static struct bytes marked_line(struct bytes text, size_t start)
{
	const unsigned char *end = memchr(text.ptr + start, '\n', text.len - start);
	struct bytes line = bytes_slice(text, start, end ? (size_t)(end - text.ptr) : text.len);

	if (!memmem(line.ptr, line.len, marker, sizeof(marker) - 1))
		line.len = 0;
	return line;
}

static void enter_line(struct inline_allow *state, struct bytes text, size_t line_start)
{
	struct inline_allow entered = {.started = true, .line_start = line_start};

	entered.own = marked_line(text, line_start);
	if (line_start > 0) {
		const unsigned char *newline = memrchr(text.ptr, '\n', line_start - 1);
		size_t before = newline ? (size_t)(newline - text.ptr) + 1 : 0;

		/* A marker on a line that has a finding of its own is spent on that. */
		if (!state->started || state->line_start != before)
			entered.before = marked_line(text, before);
	}
	*state = entered;
}

bool inline_allows(struct inline_allow *state, struct bytes text, size_t line_start,
		   const char *rule_id, const struct ruleset *set)
{
	if (!state->started || state->line_start != line_start)
		enter_line(state, text, line_start);
	return line_allows(state->own, rule_id, set) || line_allows(state->before, rule_id, set);
}
