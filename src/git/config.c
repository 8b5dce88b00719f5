#include "git/config.h"

#include "base/buf.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

struct reader {
	struct bytes text;
	size_t at;
	struct buf name; /* the section's, then also the variable's */
	struct buf value;
};

/* The next character, with CR LF as one LF; LF at the end of the text. */
static int peek(const struct reader *r)
{
	if (r->at >= r->text.len)
		return '\n';
	if (r->text.ptr[r->at] == '\r' && r->at + 1 < r->text.len && r->text.ptr[r->at + 1] == '\n')
		return '\n';
	return r->text.ptr[r->at];
}

static int next(struct reader *r)
{
	int c = peek(r);

	r->at += c == '\n' && r->at < r->text.len && r->text.ptr[r->at] == '\r' ? 2 : 1;
	return c;
}

/* The buffers' maximum is the text's length, which nothing that is appended can exceed. */
static void append(struct buf *b, int c)
{
	const unsigned char byte = (unsigned char)c;

	(void)buf_append(b, (struct bytes){&byte, 1});
}

static void skip_blanks(struct reader *r)
{
	while (peek(r) == ' ' || peek(r) == '\t')
		next(r);
}

static void skip_line(struct reader *r)
{
	while (peek(r) != '\n')
		next(r);
}

/* Reads what is behind '[': a name, or a name and a quoted one. */
static bool read_section(struct reader *r)
{
	buf_clear(&r->name);
	while (isalnum(peek(r)) || peek(r) == '-' || peek(r) == '.')
		append(&r->name, tolower(next(r)));
	if (r->name.len && (peek(r) == ' ' || peek(r) == '\t')) {
		skip_blanks(r);
		if (next(r) != '"')
			return false;
		append(&r->name, '.');
		while (peek(r) != '"') {
			if (peek(r) == '\\')
				next(r);
			if (peek(r) == '\n')
				return false;
			append(&r->name, next(r));
		}
		next(r);
	}
	return next(r) == ']' && r->name.len;
}

/* Reads one escaped character of a value; false for one that has no meaning. */
static bool read_escape(struct reader *r)
{
	static const char letters[] = "tbn\\\"", meanings[] = "\t\b\n\\\"";
	const int c = next(r);
	const char *letter = c ? strchr(letters, c) : NULL;

	if (letter)
		append(&r->value, meanings[letter - letters]);
	return letter || c == '\n';
}

/* Reads a value up to the end of its line, which a backslash can move to the next one. */
static bool read_value(struct reader *r)
{
	size_t end = 0; /* of the value without blanks behind it */
	bool quoted = false;

	skip_blanks(r);
	while (quoted || (peek(r) != '\n' && peek(r) != '#' && peek(r) != ';')) {
		const int c = next(r);

		if (c == '"') {
			quoted = !quoted;
		} else if (c == '\\') {
			if (r->at >= r->text.len || !read_escape(r))
				return false;
		} else if (c == '\n') {
			return false;
		} else {
			append(&r->value, c);
			if (!quoted && (c == ' ' || c == '\t'))
				continue;
		}
		end = r->value.len;
	}
	r->value.len = end;
	skip_line(r);
	return true;
}

/* Reads a variable, whose name goes behind the section's. */
static bool read_variable(struct reader *r)
{
	append(&r->name, '.');
	while (isalnum(peek(r)) || peek(r) == '-')
		append(&r->name, tolower(next(r)));
	skip_blanks(r);
	buf_clear(&r->value);
	if (peek(r) == '\n')
		return buf_append(&r->value, bytes_of("true")) == ERR_NONE;
	return next(r) == '=' && read_value(r);
}

enum err config_read(const char *file, struct bytes text,
                     void (*visit)(void *context, const char *name, const char *value),
                     void *context, struct error *error)
{
	struct reader r = {.text = text};
	bool right = !text.len || !memchr(text.ptr, '\0', text.len);
	size_t section;   /* bytes of the section's name */
	size_t start = 0; /* of what is being read */
	size_t line = 1;

	buf_init(&r.name, text.len + sizeof("."));
	buf_init(&r.value, text.len + sizeof("true"));
	if (bytes_start_with(text, "\xEF\xBB\xBF"))
		r.at = 3;
	while (right && r.at < text.len) {
		const int c = peek(&r);

		start = r.at;
		if (c == '#' || c == ';') {
			skip_line(&r);
		} else if (c == '[') {
			next(&r);
			right = read_section(&r);
		} else if (isspace(c)) {
			next(&r);
		} else {
			section = r.name.len;
			right = section && isalpha(c) && read_variable(&r);
			if (right)
				visit(context, buf_text(&r.name), buf_text(&r.value));
			r.name.len = section;
		}
	}
	for (size_t i = 0; i < start; i++)
		line += text.ptr[i] == '\n';
	buf_release(&r.name);
	buf_release(&r.value);
	return right ? ERR_NONE
	             : error_set(error, ERR_CORRUPT,
	                         "%s:%zu: not the syntax of a git configuration", file, line);
}

bool config_true(const char *value)
{
	return strcasecmp(value, "true") == 0 || strcasecmp(value, "yes") == 0 ||
	       strcasecmp(value, "on") == 0 || strtol(value, NULL, 10) != 0;
}
