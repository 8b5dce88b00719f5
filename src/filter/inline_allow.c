#include "filter/inline_allow.h"

#include <ctype.h>

static const char marker[] = "trawl:allow";

/* As the documentation of each scanner has them; they speak for their own line. */
static const char *const foreign_markers[] = {
    "gitleaks:allow",
    "betterleaks:allow",
    "trufflehog:ignore",
    "kingfisher:ignore",
    "pragma: allowlist secret",
    "pragma:allowlist secret",
    "ggignore",
    "NOSONAR",
    NULL,
};

/* These speak for the line that follows theirs. */
static const char *const foreign_markers_before[] = {
    "pragma: allowlist nextline secret",
    "pragma:allowlist nextline secret",
    NULL,
};

static bool is_word(unsigned char c)
{
	return isalnum(c) || c == '_' || c == '-';
}

/*
 * Takes the word at the front of *left. Hyphens at its end and a star before a slash do not belong
 * to it: they end a comment.
 */
static struct bytes take_word(struct bytes *left)
{
	struct bytes word = {left->ptr, 0};
	size_t len = 0;

	while (len < left->len && is_word(left->ptr[len]))
		len++;
	word.len = len;
	if (len < left->len && left->ptr[len] == '*' &&
	    (len + 1 == left->len || left->ptr[len + 1] != '/'))
		word.len = ++len;
	while (word.len && word.ptr[word.len - 1] == '-')
		word.len--;
	*left = bytes_slice(*left, len, left->len);
	return word;
}

static void skip(struct bytes *left, const char *characters)
{
	size_t len = 0;

	while (len < left->len && left->ptr[len] && strchr(characters, left->ptr[len]))
		len++;
	*left = bytes_slice(*left, len, left->len);
}

/* Whether the word is kebab-case with a hyphen at least, perhaps with a star at its end. */
static bool looks_like_id(struct bytes word)
{
	bool hyphen = false;

	for (size_t i = 0; i < word.len; i++) {
		unsigned char c = word.ptr[i];
		bool first = i == 0 || word.ptr[i - 1] == '-', last = i + 1 == word.len;

		if (c == '-' ? first || last : !islower(c) && !isdigit(c) && !(c == '*' && last))
			return false;
		hyphen |= c == '-';
	}
	return hyphen;
}

/* Adds what the marker allows behind which `left` stands. */
static void read_ids(struct inline_line *line, struct bytes left, const struct ruleset *set)
{
	size_t count = 0;

	skip(&left, ":");
	while (line->count < INLINE_IDS_MAX) {
		struct bytes word;

		skip(&left, " \t,");
		word = take_word(&left);
		if (!ruleset_knows(set, word)) {
			line->all |= !count && !looks_like_id(word);
			return;
		}
		line->ids[line->count++] = word;
		count++;
	}
}

/* Finds the word in the line, and takes off the line what ends with it. */
static bool find_word(struct bytes *line, const char *word)
{
	const size_t len = strlen(word);
	const unsigned char *start = line->ptr, *found;

	while ((found = memmem(line->ptr, line->len, word, len))) {
		bool starts = found == start || !is_word(found[-1]);

		*line = bytes_slice(*line, (size_t)(found - line->ptr) + len, line->len);
		if (starts && (!line->len || !is_word(*line->ptr)))
			return true;
	}
	return false;
}

static struct bytes line_at(struct bytes text, size_t start)
{
	const unsigned char *end = memchr(text.ptr + start, '\n', text.len - start);

	return bytes_slice(text, start, end ? (size_t)(end - text.ptr) : text.len);
}

/* What the markers allow on the line that starts at the offset. */
static struct inline_line read_line(struct bytes text, size_t start, const struct ruleset *set)
{
	struct bytes line = line_at(text, start);
	struct inline_line result = {0};

	while (!result.all && find_word(&line, marker))
		read_ids(&result, line, set);
	return result;
}

static bool has_foreign(struct bytes text, size_t start, const char *const *markers)
{
	for (; *markers; markers++) {
		struct bytes line = line_at(text, start);

		if (find_word(&line, *markers))
			return true;
	}
	return false;
}

static void enter_line(struct inline_allow *state, struct bytes text, size_t line_start,
                       const struct ruleset *set)
{
	struct inline_allow entered = {
	    .foreign = state->foreign, .started = true, .line_start = line_start};

	entered.own = read_line(text, line_start, set);
	entered.own.all |= state->foreign && has_foreign(text, line_start, foreign_markers);
	if (line_start > 0) {
		const unsigned char *newline = memrchr(text.ptr, '\n', line_start - 1);
		size_t before = newline ? (size_t)(newline - text.ptr) + 1 : 0;

		entered.before_start = before;
		/* A marker on a line that has a finding of its own is spent on that. */
		if (!state->started || state->line_start != before)
			entered.before = read_line(text, before, set);
		entered.before.all |=
		    state->foreign && has_foreign(text, before, foreign_markers_before);
	}
	*state = entered;
}

static bool allows(const struct inline_line *line, const char *rule_id)
{
	bool found = line->all;

	for (size_t i = 0; i < line->count && !found; i++)
		found = ruleset_name_fits(line->ids[i], rule_id);
	return found;
}

bool inline_allows(struct inline_allow *state, struct bytes text, size_t line_start,
                   const char *rule_id, const struct ruleset *set)
{
	if (!state->started || state->line_start != line_start)
		enter_line(state, text, line_start, set);
	if (allows(&state->own, rule_id)) {
		state->spoke = line_start;
		return true;
	}
	state->spoke = state->before_start;
	return allows(&state->before, rule_id);
}

size_t inline_next(struct bytes text, size_t from)
{
	struct bytes left = bytes_slice(text, from, text.len);
	const unsigned char *newline;
	size_t at;

	if (!left.len || !find_word(&left, marker))
		return SIZE_MAX;
	at = text.len - left.len - strlen(marker);
	newline = at ? memrchr(text.ptr, '\n', at) : NULL;
	return newline ? (size_t)(newline - text.ptr) + 1 : 0;
}
