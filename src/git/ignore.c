#include "git/ignore.h"

#include "base/buf.h"
#include "base/memory.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of rules that is larger, in bytes, is not believed. */
enum { RULES_MAX = 1 << 20 };

struct ignore_rule {
	const char *pattern; /* without the marks that the fields below stand for */
	bool negated;        /* '!': takes back what an earlier rule leaves out */
	bool folders_only;   /* '/' at the end */
	bool anywhere;       /* no other '/': the pattern is one of a name, not of a path */
};

struct ignore {
	struct ignore *above;
	unsigned references;
	size_t base; /* where the paths that the rules see start */
	char *text;  /* what the patterns point into */
	struct ignore_rule *rules;
	size_t count;
};

/* Ends the line before spaces that stand unescaped at its end. */
static void trim_spaces(char *line)
{
	size_t end = 0;

	for (size_t i = 0; line[i]; i++) {
		bool space = line[i] == ' ';

		if (line[i] == '\\' && line[i + 1])
			i++;
		if (!space)
			end = i + 1;
	}
	line[end] = '\0';
}

/* Reads one line, which it changes; false when it holds no rule. */
static bool parse_rule(struct ignore_rule *rule, char *line)
{
	size_t len = strlen(line);

	if (len && line[len - 1] == '\r')
		line[len - 1] = '\0';
	if (*line == '#')
		return false;
	trim_spaces(line);
	*rule = (struct ignore_rule){.negated = *line == '!'};
	line += rule->negated;
	len = strlen(line);
	if (len && line[len - 1] == '/') {
		rule->folders_only = true;
		line[len - 1] = '\0';
	}
	rule->anywhere = !strchr(line, '/');
	rule->pattern = *line == '/' ? line + 1 : line;
	return *rule->pattern;
}

struct ignore *ignore_new(struct ignore *above, size_t base, struct bytes text)
{
	struct ignore *ignore = mem_calloc(1, sizeof(*ignore));
	size_t cap = 0;
	char *line, *end;

	if (bytes_start_with(text, "\xEF\xBB\xBF"))
		text = bytes_slice(text, 3, text.len);
	ignore->above = ignore_hold(above);
	ignore->references = 1;
	ignore->base = base;
	ignore->text = mem_calloc(text.len + 1, 1);
	if (text.len)
		memcpy(ignore->text, text.ptr, text.len);
	end = ignore->text + text.len;
	for (line = ignore->text; line < end;) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		char *next = newline ? newline + 1 : end;

		if (newline)
			*newline = '\0';
		ignore->rules =
		    mem_grow(ignore->rules, ignore->count, &cap, sizeof(*ignore->rules));
		ignore->count += parse_rule(&ignore->rules[ignore->count], line);
		line = next;
	}
	return ignore;
}

struct ignore *ignore_read(struct ignore *above, size_t base, int at, const char *name, int flags)
{
	int fd = openat(at, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
	struct ignore *ignore = NULL;
	struct stat st;
	struct buf text;
	ssize_t got = -1;

	if (fd < 0)
		return ignore_hold(above);
	buf_init(&text, RULES_MAX + 1);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		do {
			if (buf_reserve(&text, RULES_MAX + 1 - text.len))
				break;
			got = read(fd, text.ptr + text.len, RULES_MAX + 1 - text.len);
			text.len += got > 0 ? (size_t)got : 0;
		} while (got > 0 && text.len <= RULES_MAX);
	}
	if (close(fd) == 0 && got == 0)
		ignore = ignore_new(above, base, buf_bytes(&text));
	buf_release(&text);
	return ignore ? ignore : ignore_hold(above);
}

struct ignore *ignore_hold(struct ignore *ignore)
{
	if (ignore)
		ignore->references++;
	return ignore;
}

void ignore_drop(struct ignore *ignore)
{
	while (ignore && --ignore->references == 0) {
		struct ignore *above = ignore->above;

		free(ignore->rules);
		free(ignore->text);
		free(ignore);
		ignore = above;
	}
}

/* Whether c is in the class of this name, "alpha" for [:alpha:]; false when there is none. */
static bool in_named_class(struct bytes name, unsigned char c)
{
	static const struct {
		const char *name;
		int (*holds)(int);
	} classes[] = {
	    {"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl},
	    {"digit", isdigit}, {"graph", isgraph}, {"lower", islower}, {"print", isprint},
	    {"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit},
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (bytes_equal(name, bytes_of(classes[i].name)))
			return c < 128 && classes[i].holds(c);
	}
	return false;
}

/*
 * Whether c is in the bracket expression that starts behind p's '['; *end receives where the
 * pattern goes on, NULL when the expression is not closed.
 */
static bool in_bracket(const char *p, unsigned char c, const char **end)
{
	bool negated = *p == '!' || *p == '^';
	bool found = false;
	bool first = true;

	*end = NULL;
	p += negated;
	while (*p && (first || *p != ']')) {
		const char *close = p[0] == '[' && p[1] == ':' ? strchr(p + 2, ']') : NULL;

		first = false;
		if (close && close > p + 2 && close[-1] == ':') {
			const struct bytes name = {(const unsigned char *)p + 2,
			                           (size_t)(close - p) - 3};

			found |= in_named_class(name, c);
			p = close + 1;
		} else {
			unsigned char low, high;

			p += *p == '\\';
			if (!*p)
				return false;
			low = high = (unsigned char)*p++;
			if (p[0] == '-' && p[1] && p[1] != ']') {
				p += p[1] == '\\' ? 2 : 1;
				if (!*p)
					return false;
				high = (unsigned char)*p++;
			}
			found |= low <= c && c <= high;
		}
	}
	if (!*p)
		return false;
	*end = p + 1;
	return found != negated;
}

/* Whether the pattern's next element, no star, matches c; *end receives what is behind it. */
static bool matches_one(const char *p, unsigned char c, const char **end)
{
	*end = p + 1;
	switch (*p) {
	case '?':
		return c != '/';
	case '[':
		return in_bracket(p + 1, c, end) && c != '/';
	case '\\':
		*end = p + 2;
		return p[1] && (unsigned char)p[1] == c;
	default:
		return *p && (unsigned char)*p == c;
	}
}

/*
 * Whether the pattern matches all of the text. A star stays within a name, "**" between slashes
 * spans folders. Only the last of either kind is ever tried anew: what an earlier one could match
 * otherwise, the last one can match as well. So the time has a bound that hostile rules keep to.
 */
static bool matches(const char *pattern, const char *text)
{
	const char *p = pattern, *t = text;
	const char *star = NULL, *star_text = NULL; /* behind the last star of this name */
	const char *deep = NULL, *deep_text = NULL; /* behind the last "**" and its slash */

	for (;;) {
		const char *behind = p + strspn(p, "*");
		const char *next;

		if (behind - p >= 2 && (p == pattern || p[-1] == '/') &&
		    (!*behind || *behind == '/')) {
			if (!*behind)
				return true;
			p = deep = behind + 1;
			deep_text = t;
			star = NULL;
		} else if (behind > p) {
			p = star = behind;
			star_text = t;
		} else if (*t && matches_one(p, (unsigned char)*t, &next)) {
			if (*t == '/')
				star = NULL;
			p = next;
			t++;
		} else if (!*t && !*p) {
			return true;
		} else if (star && *star_text && *star_text != '/') {
			t = ++star_text;
			p = star;
		} else {
			deep_text = deep ? strchr(deep_text, '/') : NULL;
			if (!deep_text)
				return false;
			t = ++deep_text;
			p = deep;
			star = NULL;
		}
	}
}

/* The pattern's characters before the first special one are compared as they are. */
static bool rule_matches(const struct ignore_rule *rule, const char *path, const char *name)
{
	const char *text = rule->anywhere ? name : path;
	size_t plain = strcspn(rule->pattern, "*?[\\");

	return strncmp(rule->pattern, text, plain) == 0 &&
	       matches(rule->pattern + plain, text + plain);
}

bool ignore_matches(const struct ignore *ignore, const char *path)
{
	size_t len = strlen(path);
	bool is_folder = len && path[len - 1] == '/';
	bool ignored = false, decided = false;
	char *text = mem_strdup(path);
	char *name;

	text[len - is_folder] = '\0';
	name = strrchr(text, '/');
	name = name ? name + 1 : text;
	for (; ignore && !decided; ignore = ignore->above) {
		for (size_t i = ignore->count; i-- > 0 && !decided;) {
			const struct ignore_rule *rule = &ignore->rules[i];

			decided = (is_folder || !rule->folders_only) &&
			          rule_matches(rule, text + ignore->base, name);
			ignored = decided && !rule->negated;
		}
	}
	free(text);
	return ignored;
}
