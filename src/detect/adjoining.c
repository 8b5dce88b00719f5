#include "detect/adjoining.h"

#include <ctype.h>
#include <strings.h>

enum {
	RUN_MIN = 40,     /* characters of an encoded text that no path and no name has */
	RUN_MAX = 256,    /* ... and after which nobody looks further */
	SLASH_SHARE = 12, /* a path has more than one slash in so many; Base64 one in 64 */
	PEM_LINE = 64,    /* characters of a line of Base64 by RFC 7468, 2 ... */
	MIME_LINE = 76,   /* ... and by RFC 2045, 6.8 */
};

static bool is_encoded(int c)
{
	return isalnum(c) || c == '+' || c == '/';
}

/* Whether the text is of Base64: it mixes all that it is made of, and slashes are rare. */
static bool is_base64(struct bytes text)
{
	size_t upper = 0, lower = 0, digits = 0, slashes = 0;

	for (size_t i = 0; i < text.len; i++) {
		upper += isupper(text.ptr[i]) != 0;
		lower += islower(text.ptr[i]) != 0;
		digits += isdigit(text.ptr[i]) != 0;
		slashes += text.ptr[i] == '/';
	}
	return upper && lower && digits && slashes * SLASH_SHARE <= text.len;
}

static size_t run_before(struct bytes text, size_t at)
{
	size_t from = at;

	while (from > 0 && at - from < RUN_MAX && is_encoded(text.ptr[from - 1]))
		from--;
	return from;
}

static size_t run_behind(struct bytes text, size_t at)
{
	size_t to = at;

	while (to < text.len && to - at < RUN_MAX && is_encoded(text.ptr[to]))
		to++;
	return to;
}

/* The place before the end of line that stands before this one; none: the place itself. */
static size_t line_before(struct bytes text, size_t at)
{
	if (at == 0 || text.ptr[at - 1] != '\n')
		return at;
	at--;
	return at > 0 && text.ptr[at - 1] == '\r' ? at - 1 : at;
}

/* The place behind the end of line that stands at this one; none: the place itself. */
static size_t line_behind(struct bytes text, size_t at)
{
	size_t end = at < text.len && text.ptr[at] == '\r' ? at + 1 : at;

	return end < text.len && text.ptr[end] == '\n' ? end + 1 : at;
}

/* A whole line of an encoded text. One without a `+` or `/` may be of a list of tokens. */
static bool is_encoded_line(struct bytes line)
{
	return (line.len == PEM_LINE || line.len == MIME_LINE) && is_base64(line) &&
	       (memchr(line.ptr, '+', line.len) || memchr(line.ptr, '/', line.len));
}

/* Whether Base64 adjoins on the same line, or fills the line before or the one behind. */
static bool is_slice(struct bytes text, size_t start, size_t end)
{
	size_t from = run_before(text, start), to = run_behind(text, end);
	size_t above = line_before(text, from), below = line_behind(text, to);

	if ((start - from >= RUN_MIN && is_base64(bytes_slice(text, from, start))) ||
	    (to - end >= RUN_MIN && is_base64(bytes_slice(text, end, to))))
		return true;
	return (above != from &&
	        is_encoded_line(bytes_slice(text, run_before(text, above), above))) ||
	       (below != to && is_encoded_line(bytes_slice(text, below, run_behind(text, below))));
}

/* Whether `sha256=`, or the like, stands before: in lists of files with their digests. */
static bool is_digest(struct bytes text, size_t start)
{
	static const char *const names[] = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"};
	size_t at = start;

	while (at > 0 && start - at < 2 && memchr("-=:", text.ptr[at - 1], 3))
		at--;
	for (size_t i = 0; at < start && i < sizeof(names) / sizeof(*names); i++) {
		size_t len = strlen(names[i]);

		if (at >= len && strncasecmp((const char *)text.ptr + at - len, names[i], len) == 0)
			return true;
	}
	return false;
}

enum adjoining adjoining_find(struct bytes text, size_t start, size_t end)
{
	static const char ellipsis[] = "\xe2\x80\xa6"; /* U+2026 in UTF-8 */
	struct bytes behind = bytes_slice(text, end, text.len);

	if (bytes_start_with(behind, "...") || bytes_start_with(behind, ellipsis))
		return ADJOINING_DOTS;
	if (is_digest(text, start))
		return ADJOINING_DIGEST;
	return is_slice(text, start, end) ? ADJOINING_ENCODED : ADJOINING_NOTHING;
}

const char *adjoining_name(enum adjoining adjoining)
{
	static const char *const names[] = {"nothing", "an encoded text that goes on",
	                                    "dots that stand for the rest", "the name of a digest"};

	return names[adjoining];
}
