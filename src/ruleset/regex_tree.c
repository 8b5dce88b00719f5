#include "ruleset/regex_tree.h"

#include <ctype.h>
#include <string.h>

enum {
	DEPTH_MAX = 100,            /* nested groups */
	REPEATS_MAX = 4,            /* quantifiers of one item */
	EXPRESSION_MAX = 64 * 1024, /* bytes */
};

void regex_put_set(const struct byte_set *s, struct buf *out)
{
	if (byte_set_size(s) == 1) {
		for (unsigned byte = 0; byte < 256; byte++) {
			if (byte_set_has(s, byte) && isalnum((int)byte) && byte < 128)
				buf_appendf(out, "%c", (char)byte);
			else if (byte_set_has(s, byte))
				buf_appendf(out, "\\x%02x", byte);
		}
		return;
	}
	buf_appendf(out, "[");
	for (unsigned byte = 0; byte < 256; byte++) {
		unsigned last = byte;

		if (!byte_set_has(s, byte))
			continue;
		while (last < 255 && byte_set_has(s, last + 1))
			last++;
		buf_appendf(out, last > byte ? "\\x%02x-\\x%02x" : "\\x%02x", byte, last);
		byte = last;
	}
	buf_appendf(out, "]");
}

uint32_t width_add(uint32_t a, uint32_t b)
{
	return a == UNBOUNDED || b == UNBOUNDED || a > UNBOUNDED - 1 - b ? UNBOUNDED : a + b;
}

uint32_t width_multiply(uint32_t a, uint32_t b)
{
	uint64_t product = (uint64_t)a * b;

	if (a == 0 || b == 0)
		return 0;
	return a == UNBOUNDED || b == UNBOUNDED || product >= UNBOUNDED ? UNBOUNDED
	                                                                : (uint32_t)product;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

struct extent node_extent(const struct node *n)
{
	struct extent all = {0, 0, 0, 0};

	switch (n->kind) {
	case NODE_SET:
		return (struct extent){1, 1, 0, 0};
	case NODE_OPAQUE:
		return (struct extent){0, UNBOUNDED, UNBOUNDED, UNBOUNDED};
	case NODE_LOOK:
		return (struct extent){0, 0, n->behind, n->ahead};
	case NODE_REPEAT:
		all = node_extent(n->child);
		all.min = width_multiply(all.min, n->min);
		all.max = width_multiply(all.max, n->max);
		return all;
	case NODE_CHOICE:
		all.min = UNBOUNDED;
		break;
	case NODE_SEQUENCE:
		break;
	}
	for (const struct node *c = n->child; c; c = c->next) {
		struct extent e = node_extent(c);

		if (n->kind == NODE_CHOICE) {
			all.min = e.min < all.min ? e.min : all.min;
			all.max = larger(all.max, e.max);
		} else {
			all.min = width_add(all.min, e.min);
			all.max = width_add(all.max, e.max);
		}
		all.behind = larger(all.behind, e.behind);
		all.ahead = larger(all.ahead, e.ahead);
	}
	return all;
}

/* ---- Parsing ---- */

struct flags {
	bool caseless;  /* i */
	bool dot_all;   /* s */
	bool multiline; /* m */
	bool extended;  /* x */
};

struct parser {
	const char *start;
	const char *at;
	struct buf out; /* the translation so far */
	struct arena *arena;
	struct error *error;
	struct flags flags;
	bool quoted; /* between \Q and \E */
	unsigned depth;
	bool seen_group;
	bool failed;
};

static struct node *fail(struct parser *p, const char *what)
{
	if (!p->failed)
		error_set(p->error, ERR_SYNTAX, "at offset %zu of the pattern: %s",
		          (size_t)(p->at - p->start), what);
	p->failed = true;
	return NULL;
}

static struct node *node_new(struct parser *p, enum node_kind kind)
{
	struct node *n = arena_alloc(p->arena, 1, sizeof(*n));

	n->kind = kind;
	return n;
}

static struct node *look_new(struct parser *p, uint32_t behind, uint32_t ahead)
{
	struct node *n = node_new(p, NODE_LOOK);

	n->behind = behind;
	n->ahead = ahead;
	return n;
}

static struct node *set_node(struct parser *p, const struct byte_set *set)
{
	struct node *n = node_new(p, NODE_SET);

	n->set = *set;
	if (p->flags.caseless)
		byte_set_fold_case(&n->set);
	return n;
}

static struct node *byte_node(struct parser *p, unsigned byte)
{
	struct byte_set set = {{0}};

	byte_set_add(&set, byte);
	return set_node(p, &set);
}

/* Copies what stands in the source from `from` to here into the translation, as it is. */
static void keep(struct parser *p, const char *from)
{
	if (buf_append(&p->out,
	               (struct bytes){(const unsigned char *)from, (size_t)(p->at - from)}))
		fail(p, "the pattern is too long; split the rule");
}

static bool accept(struct parser *p, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(p->at, text, len) != 0)
		return false;
	p->at += len;
	return true;
}

/* The sets that have a name in brackets, [:alpha:], or after \p, \p{Alpha} (ASCII, as Java's). */
static bool set_named(struct byte_set *s, const char *name, size_t len)
{
	static const struct {
		const char *name;
		const char *ranges; /* pairs of first and last byte */
	} named[] = {
	    {"alpha", "azAZ"},   {"digit", "09"},       {"alnum", "azAZ09"},  {"upper", "AZ"},
	    {"lower", "az"},     {"xdigit", "09afAF"},  {"word", "azAZ09__"}, {"blank", "\t\t  "},
	    {"space", "\t\r  "}, {"punct", "!/:@[`{~"}, {"graph", "!~"},      {"print", " ~"},
	    {"ascii", NULL},     {"cntrl", NULL},
	};

	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++) {
		const char *range = named[i].ranges;

		if (strlen(named[i].name) != len)
			continue;
		for (size_t c = 0; c < len; c++) {
			if (tolower((unsigned char)name[c]) != named[i].name[c])
				goto next;
		}
		if (!range) {
			byte_set_add_range(s, 0, named[i].name[0] == 'a' ? 127 : 31);
			byte_set_add(s, 127);
		}
		for (; range && *range; range += 2)
			byte_set_add_range(s, (unsigned char)range[0], (unsigned char)range[1]);
		return true;
	next:;
	}
	return false;
}

/* \d \w \s \h \v \N and their opposites; false for any other letter. */
static bool set_of_escape(struct byte_set *s, char letter)
{
	switch (tolower((unsigned char)letter)) {
	case 'd':
		set_named(s, "digit", 5);
		break;
	case 'w':
		set_named(s, "word", 4);
		break;
	case 's':
		set_named(s, "space", 5);
		break;
	case 'h': /* pcre2pattern(3): horizontal white space below 256 */
		byte_set_add(s, '\t');
		byte_set_add(s, ' ');
		byte_set_add(s, 0xa0);
		break;
	case 'v': /* likewise, vertical */
		byte_set_add_range(s, '\n', '\r');
		byte_set_add(s, 0x85);
		break;
	case 'n':
		if (letter != 'N')
			return false;
		byte_set_add(s, '\n');
		break;
	default:
		return false;
	}
	if (isupper((unsigned char)letter))
		byte_set_invert(s);
	return true;
}

static int hex_digits(struct parser *p, int most, int *value)
{
	int count = 0;

	for (*value = 0; count < most && isxdigit((unsigned char)*p->at); count++, p->at++)
		*value = *value * 16 + (isdigit((unsigned char)*p->at)
		                            ? *p->at - '0'
		                            : tolower((unsigned char)*p->at) - 'a' + 10);
	return count;
}

/*
 * Reads what follows a backslash when it stands for one byte, in a class or outside: returns the
 * byte, or -1 with the parser where it was, or -2 after an error.
 */
static int escaped_byte(struct parser *p)
{
	const char *from = p->at;
	int value;

	switch (*p->at++) {
	case 'a':
		return 7;
	case 'e':
		return 27;
	case 'f':
		return 12;
	case 'n':
		return 10;
	case 'r':
		return 13;
	case 't':
		return 9;
	case 'c':
		if (*p->at < 0x20 || *p->at > 0x7e)
			break;
		return toupper((unsigned char)*p->at++) ^ 64;
	case '0':
		value = 0;
		for (int i = 0; i < 2 && *p->at >= '0' && *p->at <= '7'; i++)
			value = value * 8 + *p->at++ - '0';
		return value;
	case 'x':
		if (*p->at == '{') {
			p->at++;
			if (hex_digits(p, 3, &value) && value < 256 && accept(p, "}"))
				return value;
			break;
		}
		hex_digits(p, 2, &value);
		return value;
	case 'u': /* Java */
		if (hex_digits(p, 4, &value) == 4 && value < 128)
			return value;
		break;
	default:
		if (*from && !isalnum((unsigned char)*from))
			return (unsigned char)*from;
		p->at = from;
		return -1;
	}
	p->at = from;
	fail(p,
	     "only bytes up to \\xff can be written as escapes; write other characters in UTF-8");
	return -2;
}

/* \p{Name} and \P{Name}, after the letter: Java's ASCII classes; Unicode properties are refused. */
static bool property(struct parser *p, bool negated, struct byte_set *s)
{
	const char *name, *close;

	if (*p->at != '{' || !(close = strchr(p->at, '}'))) {
		fail(p, "write \\p{Name}");
		return false;
	}
	name = p->at + 1;
	if (*name == '^') {
		negated = !negated;
		name++;
	}
	if (!set_named(s, name, (size_t)(close - name))) {
		fail(p, "patterns are matched as bytes: of \\p{...} only the ASCII classes (Alpha, "
		        "Digit, Alnum, Upper, Lower, XDigit, Punct, Space ...) can be used");
		return false;
	}
	if (negated)
		byte_set_invert(s);
	p->at = close + 1;
	return true;
}

static bool class_items(struct parser *p, struct byte_set *set, bool *translated);

/* A class from behind its `[` to behind its `]`. */
static bool class_body(struct parser *p, struct byte_set *set, bool *translated)
{
	bool negated = accept(p, "^");

	if (!class_items(p, set, translated))
		return false;
	if (p->flags.caseless)
		byte_set_fold_case(set);
	if (negated)
		byte_set_invert(set);
	return true;
}

/* One member of a class: fills *single (or -1) and adds to the set what is no single byte. */
static bool class_member(struct parser *p, struct byte_set *set, int *single, bool *translated)
{
	struct byte_set more = {{0}};

	*single = -1;
	if (*p->at == '[' && p->at[1] == ':') {
		const char *close = strstr(p->at, ":]");
		const char *name = p->at + 2;
		bool negated = *name == '^';

		name += negated;
		if (!close || !set_named(&more, name, (size_t)(close - name))) {
			fail(p, "unknown class name; to match a bracket write \\[");
			return false;
		}
		if (negated)
			byte_set_invert(&more);
		p->at = close + 2;
	} else if (*p->at == '[') {
		fail(p, "a class inside a class: write \\[ for the bracket itself, or one class");
		return false;
	} else if (*p->at == '\\') {
		char letter = p->at[1];

		p->at++;
		if (letter == 'p' || letter == 'P') {
			p->at++;
			if (!property(p, letter == 'P', &more))
				return false;
			*translated = true;
		} else if (letter == 'b') {
			p->at++;
			*single = 8;
		} else if (letter != 'N' && set_of_escape(&more, letter)) {
			p->at++;
		} else {
			if (letter == 'u')
				*translated = true;
			*single = escaped_byte(p);
			if (*single < 0) {
				fail(p, "unknown escape in a class");
				return false;
			}
		}
	} else if ((unsigned char)*p->at >= 0x80) {
		fail(p, "patterns are matched as bytes: a class cannot hold a character outside "
		        "ASCII; write the alternatives as (?:a|b)");
		return false;
	} else {
		*single = (unsigned char)*p->at++;
	}
	byte_set_merge(set, &more);
	return true;
}

static bool class_items(struct parser *p, struct byte_set *set, bool *translated)
{
	for (bool first = true; first || *p->at != ']'; first = false) {
		int low, high;

		if (!*p->at) {
			fail(p, "a class has no closing bracket; add ]");
			return false;
		}
		if (first && (accept(p, "\\E") || accept(p, "\\Q\\E"))) {
			fail(p, "an empty \\Q\\E at the start of a class; remove it");
			return false;
		}
		if (accept(p, "\\Q") || accept(p, "\\E")) {
			if (p->at[-1] == 'Q') {
				for (; *p->at && !accept(p, "\\E"); p->at++)
					byte_set_add(set, (unsigned char)*p->at);
			}
			if (p->at[0] == '-' && p->at[1] != ']') {
				fail(p, "a range behind \\Q or \\E; write its first byte itself");
				return false;
			}
			continue;
		}
		if (!first && p->at[0] == '&' && p->at[1] == '&') {
			struct byte_set right = {{0}};
			bool nested;

			p->at += 2;
			*translated = true;
			nested = accept(p, "[");
			if ((!nested && *p->at == ']') || (nested && *p->at == ':')) {
				fail(p, "&& in a class: write &&[...] with a class on its right");
				return false;
			}
			if (p->depth++ > DEPTH_MAX) {
				fail(p, "nested too deep");
				return false;
			}
			if (nested ? !class_body(p, &right, translated)
			           : !class_items(p, &right, translated))
				return false;
			p->depth--;
			if (nested && *p->at != ']' && strncmp(p->at, "&&", 2) != 0) {
				fail(p, "what follows &&[...] in a class; write it inside");
				return false;
			}
			if (p->flags.caseless)
				byte_set_fold_case(set);
			byte_set_intersect(set, &right);
			if (!nested)
				return true; /* it read up to our closing bracket */
			continue;
		}
		if (!class_member(p, set, &low, translated))
			return false;
		if (low < 0)
			continue;
		high = low;
		if (p->at[0] == '-' && p->at[1] && p->at[1] != ']') {
			const char *dash = p->at++;

			if (!class_member(p, set, &high, translated))
				return false;
			if (high < 0) { /* [a-\d]: the dash is itself */
				byte_set_add(set, '-');
				high = low;
			} else if (high < low) {
				p->at = dash;
				fail(p, "a range runs backwards");
				return false;
			}
		}
		byte_set_add_range(set, (unsigned)low, (unsigned)high);
	}
	p->at++;
	return true;
}

static struct node *parse_class(struct parser *p)
{
	const char *from = p->at++;
	struct node *n = node_new(p, NODE_SET);
	bool translated = false;

	if (!class_body(p, &n->set, &translated))
		return NULL;
	if (!byte_set_size(&n->set))
		return fail(p, "a class that no byte is in");
	if (translated)
		regex_put_set(&n->set, &p->out);
	else
		keep(p, from);
	return n;
}

static struct node *parse_choice(struct parser *p);
/* What follows a backslash outside a class. */
static struct node *parse_escape(struct parser *p)
{
	const char *from = p->at++;
	struct node *n = NULL;
	struct byte_set set = {{0}};
	char letter = *p->at;
	int byte;

	switch (letter) {
	case 'b':
	case 'B':
		n = look_new(p, 1, 1);
		break;
	case 'A':
		n = look_new(p, 1, 0);
		break;
	case 'z':
		n = look_new(p, 0, 1);
		break;
	case 'Z':
		n = look_new(p, 0, 2);
		break;
	case 'R':
		n = node_new(p, NODE_REPEAT);
		n->min = 1;
		n->max = 2;
		set_of_escape(&set, 'v');
		n->child = set_node(p, &set);
		break;
	case 'p':
	case 'P':
		p->at++;
		if (!property(p, letter == 'P', &set))
			return NULL;
		regex_put_set(&set, &p->out);
		return set_node(p, &set);
	case 'G':
	case 'K':
	case 'C':
	case 'X':
		return fail(p,
		            "\\G, \\K, \\C and \\X cannot be used: a match must depend on nothing "
		            "but the bytes around its start");
	case 'g':
	case 'k':
		n = node_new(p, NODE_OPAQUE);
		if (p->at[1] == '{' || p->at[1] == '<' || p->at[1] == '\'') {
			char close = p->at[1] == '{' ? '}' : p->at[1] == '<' ? '>' : '\'';
			const char *end = strchr(p->at + 2, close);

			if (!end)
				return fail(p, "a reference has no end");
			p->at = end;
		} else {
			if (p->at[1] == '-' || p->at[1] == '+')
				p->at++;
			while (isdigit((unsigned char)p->at[1]))
				p->at++;
		}
		break;
	default:
		break;
	}
	if (n || set_of_escape(&set, letter)) {
		p->at++;
		keep(p, from);
		return n ? n : set_node(p, &set);
	}
	if (letter >= '1' && letter <= '9') {
		while (isdigit((unsigned char)*p->at))
			p->at++;
		keep(p, from);
		return node_new(p, NODE_OPAQUE);
	}
	byte = escaped_byte(p);
	if (byte < 0)
		return fail(p, letter ? "unknown escape" : "a backslash at the end; write \\\\");
	if (letter == 'u')
		buf_appendf(&p->out, "\\x%02x", (unsigned)byte);
	else
		keep(p, from);
	return byte_node(p, (unsigned)byte);
}

/* The inline flags of (?flags) and (?flags:...), up to the `)` or `:`. */
static bool parse_flags(struct parser *p)
{
	bool on = true;

	if (accept(p, "^"))
		p->flags = (struct flags){0};
	for (; *p->at && *p->at != ')' && *p->at != ':'; p->at++) {
		switch (*p->at) {
		case '-':
			on = false;
			break;
		case 'i':
			p->flags.caseless = on;
			break;
		case 's':
			p->flags.dot_all = on;
			break;
		case 'm':
			p->flags.multiline = on;
			break;
		case 'x':
			if (p->at[1] == 'x') {
				fail(p, "the flag xx, which changes classes, cannot be used");
				return false;
			}
			p->flags.extended = on;
			break;
		case 'U':
			break;
		default:
			fail(p, "unknown flag; known are i, m, s, x and U");
			return false;
		}
	}
	return true;
}

static struct node *parse_group(struct parser *p)
{
	const char *from = p->at++;
	struct flags outer = p->flags;
	struct node *n;
	bool look = false, behind = false, captures = false, must = false;

	if (*p->at == '*')
		return fail(p,
		            "(*VERBS) cannot be used; write the condition in the pattern itself");
	if (!accept(p, "?")) {
		captures = true;
	} else if (accept(p, ":") || accept(p, ">") || accept(p, "|")) {
		/* Atomic groups and branch resets match a subset of what the plain group does. */
	} else if (accept(p, "=")) {
		look = must = true;
	} else if (accept(p, "!")) {
		look = true;
	} else if (accept(p, "<=") || accept(p, "<!")) {
		look = behind = true;
	} else if (*p->at == '<' || *p->at == '\'' || strncmp(p->at, "P<", 2) == 0) {
		char close;

		accept(p, "P");
		close = *p->at == '<' ? '>' : '\'';
		captures = true;
		for (p->at++; *p->at && *p->at != close; p->at++) {
			if (!isalnum((unsigned char)*p->at) && *p->at != '_')
				return fail(p, "a group's name has letters, digits and _ only");
		}
		if (!*p->at)
			return fail(p, "a group's name has no end");
		p->at++;
	} else if (*p->at == '(' || *p->at == 'C') {
		return fail(p, "conditions and callouts cannot be used; write alternatives");
	} else if (strchr("R&P+0123456789", *p->at) ||
	           (*p->at == '-' && isdigit((unsigned char)p->at[1]))) {
		while (*p->at && *p->at != ')')
			p->at++;
		if (!accept(p, ")"))
			return fail(p, "a group has no closing parenthesis; add )");
		keep(p, from);
		return node_new(p, NODE_OPAQUE);
	} else {
		if (!parse_flags(p))
			return NULL;
		if (accept(p, ")")) { /* they hold to the end of the group around this */
			keep(p, from);
			return node_new(p, NODE_SEQUENCE);
		}
		if (!accept(p, ":"))
			return fail(p, "a group has no closing parenthesis; add )");
	}
	keep(p, from);
	if (captures && !p->seen_group)
		p->seen_group = true;
	else
		captures = false;
	if (++p->depth > DEPTH_MAX)
		return fail(p, "groups are nested too deep");
	n = parse_choice(p);
	p->depth--;
	if (!n)
		return NULL;
	if (*p->at != ')')
		return fail(p, "a group has no closing parenthesis; add )");
	from = p->at++;
	keep(p, from);
	p->flags = outer;
	if (look) {
		struct extent e = node_extent(n);
		uint32_t own_behind = behind ? width_add(e.max, e.behind) : e.behind;
		uint32_t own_ahead = behind ? e.ahead : width_add(e.max, e.ahead);

		struct node *node = look_new(p, own_behind, own_ahead);

		node->looked = must ? n : NULL;
		return node;
	}
	if (captures) {
		struct node *group = node_new(p, NODE_SEQUENCE);

		group->child = n;
		group->secret = true;
		return group;
	}
	return n;
}

static struct node *parse_atom(struct parser *p)
{
	const char *from = p->at;
	struct byte_set set = {{0}};
	struct node *n;

	switch (p->quoted ? 'a' : *p->at) {
	case '[':
		return parse_class(p);
	case '(':
		return parse_group(p);
	case '\\':
		return parse_escape(p);
	case '^': /* multi-line not at the very end, even behind a newline */
		n = look_new(p, 1, p->flags.multiline ? 1 : 0);
		break;
	case '$': /* before a last newline, too, unless multi-line */
		n = look_new(p, 0, p->flags.multiline ? 1 : 2);
		break;
	case '.':
		byte_set_add_range(&set, 0, 255);
		if (!p->flags.dot_all)
			set.bits[0] &= ~(UINT64_C(1) << '\n');
		n = set_node(p, &set);
		break;
	case '{': /* one that is no quantifier here is one to PCRE2 10.43: {,5} */
		p->at++;
		buf_appendf(&p->out, "\\{");
		return byte_node(p, '{');
	case '*':
	case '+':
	case '?':
		return fail(p, "nothing to repeat here; write \\ before the character itself");
	default:
		n = byte_node(p, (unsigned char)*p->at);
		break;
	}
	p->at++;
	keep(p, from);
	return n;
}

static bool parse_number(struct parser *p, uint32_t *value)
{
	if (!isdigit((unsigned char)*p->at))
		return false;
	for (*value = 0; isdigit((unsigned char)*p->at); p->at++)
		*value = *value > 100000 ? *value : *value * 10 + (uint32_t)(*p->at - '0');
	return true;
}

/* A quantifier, if one stands here; wraps *n. */
static bool parse_repeat(struct parser *p, struct node **n)
{
	const char *from = p->at;
	uint32_t min = 0, max = UNBOUNDED;
	struct node *repeat;

	if (accept(p, "?")) {
		max = 1;
	} else if (accept(p, "+")) {
		min = 1;
	} else if (!accept(p, "*")) {
		if (!accept(p, "{"))
			return false;
		if (!parse_number(p, &min)) { /* a brace that stands for itself */
			p->at = from;
			return false;
		}
		max = min;
		if (accept(p, ",") && !parse_number(p, &max))
			max = UNBOUNDED;
		if (!accept(p, "}")) {
			p->at = from;
			return false;
		}
	}
	if (!accept(p, "?"))
		accept(p, "+"); /* lazy and possessive forms match no more than the greedy one */
	keep(p, from);
	if (min > max) {
		fail(p, "a repeat with its bounds the wrong way round");
		return false;
	}
	repeat = node_new(p, NODE_REPEAT);
	repeat->child = *n;
	repeat->min = min;
	repeat->max = max;
	*n = repeat;
	return true;
}

/* Passes over what may stand between an item and its quantifier: comments, quotation marks. */
static void skip_ignored(struct parser *p)
{
	const char *from = p->at;

	for (;;) {
		if (p->quoted) {
			if (!accept(p, "\\E"))
				break;
			p->quoted = false;
		} else if (accept(p, "\\Q")) {
			p->quoted = true;
		} else if (accept(p, "(?#")) {
			while (*p->at && *p->at != ')')
				p->at++;
			if (!accept(p, ")")) {
				fail(p, "a comment has no closing parenthesis; add )");
				break;
			}
		} else if (p->flags.extended && *p->at == '#') {
			while (*p->at && *p->at != '\n')
				p->at++;
		} else if (p->flags.extended && isspace((unsigned char)*p->at)) {
			p->at++;
		} else if (!accept(p, "\\E")) {
			break;
		}
	}
	keep(p, from);
}

/* Whether a sequence ends here. */
static bool at_end(const struct parser *p)
{
	return p->failed || !*p->at || (!p->quoted && (*p->at == '|' || *p->at == ')'));
}

static struct node *parse_sequence(struct parser *p)
{
	struct node *sequence = node_new(p, NODE_SEQUENCE);
	struct node **last = &sequence->child;

	for (skip_ignored(p); !at_end(p); skip_ignored(p)) {
		struct node *n = parse_atom(p);

		if (!n)
			return NULL;
		skip_ignored(p);
		for (unsigned repeats = 0; !p->quoted && parse_repeat(p, &n); repeats++) {
			if (repeats == REPEATS_MAX)
				return fail(p, "too many quantifiers behind each other");
			skip_ignored(p);
		}
		if (p->failed)
			return NULL;
		/* A group's node may serve as it is, but not with siblings of its own. */
		*last = node_new(p, NODE_SEQUENCE);
		(*last)->child = n;
		last = &(*last)->next;
	}
	return sequence;
}

static struct node *parse_choice(struct parser *p)
{
	struct node *choice = node_new(p, NODE_CHOICE);
	struct node **last = &choice->child;

	for (;;) {
		const char *from;

		*last = parse_sequence(p);
		if (!*last)
			return NULL;
		last = &(*last)->next;
		from = p->at;
		if (!accept(p, "|"))
			break;
		keep(p, from);
	}
	return choice->child->next ? choice : choice->child;
}

/* ---- The whole ---- */

enum err regex_tree_read(struct regex_tree *tree, const char *expression, struct arena *arena,
                         struct error *error)
{
	struct parser p = {.start = expression, .at = expression, .arena = arena, .error = error};

	buf_init(&p.out, (size_t)EXPRESSION_MAX * 8); /* \\P{Punct} grows most */
	*tree = (struct regex_tree){0};
	if (strlen(expression) > EXPRESSION_MAX) {
		fail(&p, "the pattern is too long; split the rule");
	} else {
		tree->root = parse_choice(&p);
		if (tree->root && *p.at == ')')
			fail(&p, "a closing parenthesis without an opening one; write \\)");
	}
	tree->translated = p.out;
	tree->has_groups = p.seen_group;
	return tree->root && !p.failed ? ERR_NONE : ERR_SYNTAX;
}

void regex_tree_release(struct regex_tree *tree)
{
	buf_release(&tree->translated);
}
