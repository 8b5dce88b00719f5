#include "ruleset/regex.h"

#include "base/buf.h"
#include "base/memory.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum {
	DEPTH_MAX = 100,            /* nested groups */
	REPEATS_MAX = 4,            /* quantifiers of one item */
	EXPRESSION_MAX = 64 * 1024, /* bytes */
	RUN_MAX = 24,               /* bytes of a run */
	STUB_MAX = 8,               /* of these, in a stub: see run_trim() */
	RUNS_MAX = 64,              /* alternative stubs of one rule */
	STEPS_MAX = 100 * 1000,     /* nodes that the search for stubs looks at */
	STARTS_MAX = 256,           /* offsets at which a stub may stand before another is better */
	GATE_COST = 10,             /* bits that an unknown offset costs */
	STARTS_COST_MAX = 100,      /* bits of selectivity that more of them cost */
	STEPS_PER_RUN = 8,          /* weighing a stub costs as much as that many nodes */
	SMALL_SET = 8,              /* bytes of a set that does not interrupt a literal */
	PREFIX_MAX = 16,            /* bytes of a secret that a preview may show */
	LEAD_MIN = 4,               /* bytes of a start that chance does not bring */
	LEADS_MAX = 32,             /* texts that one run may stand for */
};

/* ---- Sets of bytes ---- */

struct set {
	uint64_t bits[4];
};

static void set_add(struct set *s, unsigned byte)
{
	s->bits[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

static bool set_has(const struct set *s, unsigned byte)
{
	return s->bits[byte >> 6] >> (byte & 63) & 1;
}

static void set_add_range(struct set *s, unsigned first, unsigned last)
{
	for (unsigned byte = first; byte <= last; byte++)
		set_add(s, byte);
}

static void set_merge(struct set *s, const struct set *other)
{
	for (int i = 0; i < 4; i++)
		s->bits[i] |= other->bits[i];
}

static void set_intersect(struct set *s, const struct set *other)
{
	for (int i = 0; i < 4; i++)
		s->bits[i] &= other->bits[i];
}

static void set_invert(struct set *s)
{
	for (int i = 0; i < 4; i++)
		s->bits[i] = ~s->bits[i];
}

static unsigned set_size(const struct set *s)
{
	unsigned size = 0;

	for (int i = 0; i < 4; i++)
		size += (unsigned)__builtin_popcountll(s->bits[i]);
	return size;
}

static bool set_equal(const struct set *a, const struct set *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void set_fold_case(struct set *s)
{
	for (unsigned c = 'a'; c <= 'z'; c++) {
		if (set_has(s, c) || set_has(s, c - 32)) {
			set_add(s, c);
			set_add(s, c - 32);
		}
	}
}

/* Writes the set as a bracket expression that PCRE2 and Hyperscan read alike. */
static void set_print(const struct set *s, struct buf *out)
{
	if (set_size(s) == 1) {
		for (unsigned byte = 0; byte < 256; byte++) {
			if (set_has(s, byte) && isalnum((int)byte) && byte < 128)
				buf_appendf(out, "%c", (char)byte);
			else if (set_has(s, byte))
				buf_appendf(out, "\\x%02x", byte);
		}
		return;
	}
	buf_appendf(out, "[");
	for (unsigned byte = 0; byte < 256; byte++) {
		unsigned last = byte;

		if (!set_has(s, byte))
			continue;
		while (last < 255 && set_has(s, last + 1))
			last++;
		buf_appendf(out, last > byte ? "\\x%02x-\\x%02x" : "\\x%02x", byte, last);
		byte = last;
	}
	buf_appendf(out, "]");
}

/* ---- The tree ---- */

enum node_kind {
	NODE_SET,      /* one byte */
	NODE_SEQUENCE, /* children in turn; without children: nothing */
	NODE_CHOICE,   /* one of the children */
	NODE_REPEAT,   /* the child, min to max times */
	NODE_LOOK,     /* no width, but what stands before and after matters */
	NODE_OPAQUE,   /* anything: this reader cannot tell */
};

struct node {
	enum node_kind kind;
	struct set set;
	struct node *child;     /* first */
	struct node *next;      /* sibling */
	uint32_t min, max;      /* REPEAT */
	uint32_t behind, ahead; /* LOOK: bytes; UNBOUNDED possible */
	bool secret;            /* the first capture group */
};

static uint32_t add(uint32_t a, uint32_t b)
{
	return a == UNBOUNDED || b == UNBOUNDED || a > UNBOUNDED - 1 - b ? UNBOUNDED : a + b;
}

static uint32_t multiply(uint32_t a, uint32_t b)
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

struct extent {
	uint32_t min, max;      /* width in bytes */
	uint32_t behind, ahead; /* bytes that matter before the start and after the longest end */
};

static struct extent node_extent(const struct node *n)
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
		all.min = multiply(all.min, n->min);
		all.max = multiply(all.max, n->max);
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
			all.min = add(all.min, e.min);
			all.max = add(all.max, e.max);
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

static struct node *set_node(struct parser *p, const struct set *set)
{
	struct node *n = node_new(p, NODE_SET);

	n->set = *set;
	if (p->flags.caseless)
		set_fold_case(&n->set);
	return n;
}

static struct node *byte_node(struct parser *p, unsigned byte)
{
	struct set set = {{0}};

	set_add(&set, byte);
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
static bool set_named(struct set *s, const char *name, size_t len)
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
			set_add_range(s, 0, named[i].name[0] == 'a' ? 127 : 31);
			set_add(s, 127);
		}
		for (; range && *range; range += 2)
			set_add_range(s, (unsigned char)range[0], (unsigned char)range[1]);
		return true;
	next:;
	}
	return false;
}

/* \d \w \s \h \v \N and their opposites; false for any other letter. */
static bool set_of_escape(struct set *s, char letter)
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
		set_add(s, '\t');
		set_add(s, ' ');
		set_add(s, 0xa0);
		break;
	case 'v': /* likewise, vertical */
		set_add_range(s, '\n', '\r');
		set_add(s, 0x85);
		break;
	case 'n':
		if (letter != 'N')
			return false;
		set_add(s, '\n');
		break;
	default:
		return false;
	}
	if (isupper((unsigned char)letter))
		set_invert(s);
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
static bool property(struct parser *p, bool negated, struct set *s)
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
		set_invert(s);
	p->at = close + 1;
	return true;
}

static bool class_items(struct parser *p, struct set *set, bool *translated);

/* A class from behind its `[` to behind its `]`. */
static bool class_body(struct parser *p, struct set *set, bool *translated)
{
	bool negated = accept(p, "^");

	if (!class_items(p, set, translated))
		return false;
	if (p->flags.caseless)
		set_fold_case(set);
	if (negated)
		set_invert(set);
	return true;
}

/* One member of a class: fills *single (or -1) and adds to the set what is no single byte. */
static bool class_member(struct parser *p, struct set *set, int *single, bool *translated)
{
	struct set more = {{0}};

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
			set_invert(&more);
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
	set_merge(set, &more);
	return true;
}

static bool class_items(struct parser *p, struct set *set, bool *translated)
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
					set_add(set, (unsigned char)*p->at);
			}
			if (p->at[0] == '-' && p->at[1] != ']') {
				fail(p, "a range behind \\Q or \\E; write its first byte itself");
				return false;
			}
			continue;
		}
		if (!first && p->at[0] == '&' && p->at[1] == '&') {
			struct set right = {{0}};
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
				set_fold_case(set);
			set_intersect(set, &right);
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
				set_add(set, '-');
				high = low;
			} else if (high < low) {
				p->at = dash;
				fail(p, "a range runs backwards");
				return false;
			}
		}
		set_add_range(set, (unsigned)low, (unsigned)high);
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
	if (!set_size(&n->set))
		return fail(p, "a class that no byte is in");
	if (translated)
		set_print(&n->set, &p->out);
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
	struct set set = {{0}};
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
		set_print(&set, &p->out);
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
	bool look = false, behind = false, captures = false;

	if (*p->at == '*')
		return fail(p,
		            "(*VERBS) cannot be used; write the condition in the pattern itself");
	if (!accept(p, "?")) {
		captures = true;
	} else if (accept(p, ":") || accept(p, ">") || accept(p, "|")) {
		/* Atomic groups and branch resets match a subset of what the plain group does. */
	} else if (accept(p, "=") || accept(p, "!")) {
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
		uint32_t own_behind = behind ? add(e.max, e.behind) : e.behind;
		uint32_t own_ahead = behind ? e.ahead : add(e.max, e.ahead);

		return look_new(p, own_behind, own_ahead);
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
	struct set set = {{0}};
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
		set_add_range(&set, 0, 255);
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

/* ---- Stubs ---- */

/* A sequence of byte sets that a match starts with. */
struct run {
	const struct set *sets[RUN_MAX]; /* the nodes' */
	unsigned len;
	bool open; /* what follows is not known, or was cut: nothing may be appended */
};

/* All sequences that a match may start with: every match starts with one of them. */
struct runs {
	struct run items[RUNS_MAX];
	unsigned count;
};

static void runs_nothing(struct runs *r, bool open)
{
	r->count = 1;
	r->items[0].len = 0;
	r->items[0].open = open;
}

static void runs_close(struct runs *r)
{
	for (unsigned i = 0; i < r->count; i++)
		r->items[i].open = true;
}

static bool runs_closed(const struct runs *r)
{
	for (unsigned i = 0; i < r->count; i++) {
		if (!r->items[i].open)
			return false;
	}
	return true;
}

static void run_append(struct run *run, const struct run *more)
{
	unsigned room = RUN_MAX - run->len;
	unsigned len = more->len < room ? more->len : room;

	memcpy(run->sets + run->len, more->sets, len * sizeof(*run->sets));
	run->len += len;
	run->open = more->open || run->len == RUN_MAX;
}

/* Appends each of tail to each of r that is not open; if that is too many, r is cut here. */
static void runs_append(struct runs *r, const struct runs *tail)
{
	unsigned count = r->count, added = 0;

	for (unsigned i = 0; i < count; i++)
		added += r->items[i].open ? 0 : tail->count - 1;
	if (count + added > RUNS_MAX) {
		runs_close(r);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		if (r->items[i].open)
			continue;
		for (unsigned t = 1; t < tail->count; t++) {
			r->items[r->count] = r->items[i];
			run_append(&r->items[r->count++], &tail->items[t]);
		}
		run_append(&r->items[i], &tail->items[0]);
	}
}

static void runs_unite(struct runs *r, const struct runs *other)
{
	if (r->count + other->count > RUNS_MAX) {
		runs_nothing(r, true);
		return;
	}
	memcpy(r->items + r->count, other->items, other->count * sizeof(*r->items));
	r->count += other->count;
}

static void append_node(struct runs *r, const struct node *n, unsigned *steps);

/* Appends the nodes from n on, one after the other, until nothing more can be known. */
static void append_nodes(struct runs *r, const struct node *n, unsigned *steps)
{
	for (; n && !runs_closed(r); n = n->next)
		append_node(r, n, steps);
}

/* Appends one of the nodes from n on or, if `optional`, nothing; all of that `times` times. */
static void append_choice(struct runs *r, const struct node *n, bool optional, uint32_t times,
                          unsigned *steps)
{
	struct runs *all = mem_calloc(2, sizeof(*all)), *one = all + 1;

	if (optional)
		runs_nothing(all, false);
	for (; n; n = n->next) {
		runs_nothing(one, false);
		append_node(one, n, steps);
		runs_unite(all, one);
	}
	/* After RUN_MAX rounds all runs are closed, unless a round adds nothing at all. */
	for (uint32_t i = 0; i < times && i < RUN_MAX && !runs_closed(r); i++)
		runs_append(r, all);
	free(all);
}

/* Appends what the node's matches start with. Gives up, which is always right, after STEPS_MAX. */
static void append_node(struct runs *r, const struct node *n, unsigned *steps)
{
	struct run one = {.sets = {&n->set}, .len = 1};

	if (++*steps > STEPS_MAX) {
		runs_close(r);
		return;
	}
	switch (n->kind) {
	case NODE_SET:
		for (unsigned i = 0; i < r->count; i++) {
			if (!r->items[i].open)
				run_append(&r->items[i], &one);
		}
		return;
	case NODE_LOOK:
		return;
	case NODE_OPAQUE:
		runs_close(r);
		return;
	case NODE_SEQUENCE:
		append_nodes(r, n->child, steps);
		return;
	case NODE_CHOICE:
		append_choice(r, n->child, false, 1, steps);
		return;
	case NODE_REPEAT:
		if (n->min == 0 && n->max == 1)
			append_choice(r, n->child, true, 1, steps);
		else if (n->min > 0)
			append_choice(r, n->child, false, n->min, steps);
		if (n->min != n->max && n->max != 1)
			runs_close(r);
		return;
	}
}

/*
 * How rarely a byte of the set stands at a given place of ordinary text, in bits. The shares are
 * rough ones for source code; only their order of size matters, and only for speed.
 */
static double set_bits(const struct set *s)
{
	static const char common[] = " etaoinsrlcdpumfhgb_=()\n\t;,.-'\"01/";
	double share = 0;

	for (unsigned byte = 0; byte < 256; byte++) {
		const char *found;

		if (!set_has(s, byte))
			continue;
		found = byte && byte < 128 ? strchr(common, (int)byte) : NULL;
		share += found                      ? (found - common < 12 ? 0.045 : 0.013)
		         : byte >= 128 || byte < 32 ? 0.0006
		                                    : 0.0045;
	}
	return share >= 1 ? 0 : -log2(share);
}

static void run_print(const struct run *run, struct buf *out)
{
	for (unsigned i = 0; i < run->len;) {
		unsigned same = i + 1;

		while (same < run->len && set_equal(run->sets[same], run->sets[i]))
			same++;
		set_print(run->sets[i], out);
		if (same - i > 1)
			buf_appendf(out, "{%u}", same - i);
		i = same;
	}
}

/*
 * Cuts a run to what a stub may have; returns its bits, 0 if it has no usable literal. A wider stub
 * would have fewer false hits, and cost more than these: where a version of a file differs from
 * its base, all that a stub could reach to has to be read again on either side.
 */
static double run_trim(struct run *run)
{
	unsigned literal = 0;
	bool found = false;
	double bits = 0;

	if (run->len > STUB_MAX)
		run->len = STUB_MAX;
	/* A literal is three bytes in a row that are fixed but for their case. */
	for (unsigned i = 0; i < run->len; i++) {
		struct set folded = *run->sets[i];
		unsigned size = set_size(&folded);

		set_fold_case(&folded);
		if (size == 1 || (size == 2 && set_size(&folded) == 2)) {
			found = ++literal >= 3 || found;
		} else if (size > SMALL_SET) {
			literal = 0;
		}
	}
	if (!found)
		return 0;
	for (unsigned i = 0; i < run->len; i++)
		bits += set_bits(run->sets[i]);
	return bits;
}

static bool run_starts_with(const struct run *longer, const struct run *run)
{
	unsigned same = 0;

	while (same < run->len && same < longer->len &&
	       set_equal(run->sets[same], longer->sets[same]))
		same++;
	return same == run->len;
}

/* Trims all runs and drops those that another one implies; returns the bits of the weakest. */
static double runs_trim(struct runs *r)
{
	double weakest = HUGE_VAL;
	unsigned kept = 0;

	for (unsigned i = 0; i < r->count; i++) {
		double bits = run_trim(&r->items[i]);

		weakest = bits < weakest ? bits : weakest;
	}
	for (unsigned i = 0; i < r->count; i++) {
		bool implied = false;

		for (unsigned j = 0; j < r->count && !implied; j++)
			implied = j != i && run_starts_with(&r->items[i], &r->items[j]) &&
			          (r->items[j].len < r->items[i].len || j < i);
		if (!implied)
			r->items[kept++] = r->items[i];
	}
	/* Moving items forward never overwrites one that is still to be compared with: an implied
	 * run is implied by a shorter or earlier one, which is kept. */
	r->count = kept;
	return weakest;
}

/* A place in the pattern from which a stub may be taken. */
struct stand {
	const struct node *at; /* the node and its siblings, then what follows around it */
	const struct stand *then;
};

static void stand_runs(const struct stand *stand, struct runs *r, unsigned *steps)
{
	runs_nothing(r, false);
	for (; stand; stand = stand->then)
		append_nodes(r, stand->at, steps);
}

struct search {
	struct runs best;
	double best_score;
	uint32_t first, last; /* offsets of `best` from the match's start */
	struct runs present;
	unsigned steps;
};

/*
 * Every further start that has to be tried costs: very many cost more than a common stub does. A
 * stub that may stand anywhere only says whether the rule is to be looked for at all.
 */
static double starts_cost(uint32_t first, uint32_t last)
{
	if (last == UNBOUNDED)
		return GATE_COST;
	return last - first < STARTS_MAX ? log2(1.0 + last - first) : STARTS_COST_MAX;
}

/* Tries every place in the sequence from `stand` on, in and behind groups that always stand. */
static void search_sequence(struct search *s, const struct stand *stand, uint32_t first,
                            uint32_t last)
{
	for (const struct node *n = stand->at; n && s->steps < STEPS_MAX; n = n->next) {
		struct extent e = node_extent(n);
		struct stand here = {n, stand->then}, behind = {n->next, stand->then};

		if (n->kind == NODE_SEQUENCE) {
			struct stand inner = {n->child, &behind};

			search_sequence(s, &inner, first, last);
		} else if (n->kind != NODE_LOOK) {
			struct runs *runs = &s->present;
			double score;

			stand_runs(&here, runs, &s->steps);
			s->steps += runs->count * STEPS_PER_RUN;
			score = runs_trim(runs);
			if (score > 0)
				score -= starts_cost(first, last) + 0.25 * runs->count;
			if (score > s->best_score) {
				s->best = *runs;
				s->best_score = score;
				s->first = first;
				s->last = last;
			}
		}
		first = add(first, e.min);
		last = add(last, e.max);
	}
}

/* The node of the first capture group, or NULL if some matches are without it. */
static const struct node *find_secret(const struct node *n)
{
	if (n->secret)
		return n;
	if (n->kind == NODE_CHOICE || (n->kind == NODE_REPEAT && n->min == 0))
		return NULL;
	for (const struct node *c = n->child; c; c = c->next) {
		const struct node *found = find_secret(c);

		if (found)
			return found;
	}
	return NULL;
}

/* How many bytes of the secret are the same in all, or one of so few that they tell nothing. */
static uint32_t fixed_prefix(const struct node *secret, struct arena *scratch)
{
	struct runs *runs = arena_alloc(scratch, 1, sizeof(*runs));
	double freedom = 0;
	unsigned steps = 0;

	runs_nothing(runs, false);
	append_node(runs, secret, &steps);
	for (uint32_t at = 0; at < PREFIX_MAX; at++) {
		struct set here = {{0}};

		for (unsigned i = 0; i < runs->count; i++) {
			if (runs->items[i].len <= at)
				return at;
			set_merge(&here, runs->items[i].sets[at]);
		}
		freedom += log2(set_size(&here));
		if (set_size(&here) > SMALL_SET || freedom > 8)
			return at;
	}
	return PREFIX_MAX;
}

/* ---- The form of the secret ---- */

static void note_characters(const struct node *n, struct set *all)
{
	if (n->kind == NODE_SET)
		set_merge(all, &n->set);
	if (n->kind == NODE_OPAQUE)
		set_add_range(all, 0, 127);
	for (const struct node *c = n->child; c && n->kind != NODE_LOOK; c = c->next)
		note_characters(c, all);
}

/* The set's characters whatever their case, in small letters; 0 if they are too many to tell. */
static unsigned folded(const struct set *s, char out[SMALL_SET])
{
	unsigned count = 0;

	for (unsigned c = 0; c < 256; c++) {
		if (!set_has(s, c) || (c < 128 && isupper((int)c) && set_has(s, c + 32)))
			continue;
		if (count == SMALL_SET || c > 127)
			return 0;
		out[count++] = (char)tolower((int)c);
	}
	return count;
}

/* Writes the texts that the run starts with, of equal length, and returns their number. */
static unsigned run_leads(const struct run *run, char texts[LEADS_MAX][PREFIX_MAX + 1])
{
	unsigned count = 1, len = 0;

	for (; len < run->len && len < PREFIX_MAX; len++) {
		char next[SMALL_SET];
		unsigned choices = folded(run->sets[len], next);

		if (!choices || count * choices > LEADS_MAX)
			break;
		for (unsigned i = count * choices; i-- > 0;) {
			memmove(texts[i], texts[i % count], len);
			texts[i][len] = next[i / count];
		}
		count *= choices;
	}
	for (unsigned i = 0; i < count; i++)
		texts[i][len] = '\0';
	return len < LEAD_MIN ? 0 : count;
}

static strings secret_leads(const struct node *secret, struct arena *arena, struct arena *scratch)
{
	struct runs *runs = arena_alloc(scratch, 1, sizeof(*runs));
	const char **found = arena_alloc(scratch, (size_t)RUNS_MAX * LEADS_MAX, sizeof(*found));
	const char **leads;
	unsigned steps = 0;
	size_t count = 0;

	runs_nothing(runs, false);
	append_node(runs, secret, &steps);
	for (unsigned i = 0; i < runs->count; i++) {
		char texts[LEADS_MAX][PREFIX_MAX + 1];
		unsigned added = run_leads(&runs->items[i], texts);

		for (unsigned k = 0; k < added; k++)
			found[count++] = arena_text(arena, bytes_of(texts[k]));
	}
	if (!count)
		return NULL;
	leads = arena_alloc(arena, count + 1, sizeof(*leads));
	memcpy(leads, found, count * sizeof(*leads));
	return leads;
}

static struct form secret_form(const struct node *secret, struct arena *arena,
                               struct arena *scratch)
{
	struct extent extent = node_extent(secret);
	struct set characters = {{0}};

	note_characters(secret, &characters);
	return (struct form){.leads = secret_leads(secret, arena, scratch),
	                     .min = extent.min,
	                     .max = extent.max,
	                     .characters = {characters.bits[0], characters.bits[1]}};
}

/* Stubs weaker than this hit so often that reading the whole blob is no dearer. */
static const double BITS_MIN = 11;

static void facts_anchors(struct regex_facts *facts, const struct node *root, struct arena *arena)
{
	struct search *search = mem_calloc(1, sizeof(*search));
	struct stand top = {root, NULL};
	struct anchor *anchors;

	search_sequence(search, &top, 0, 0);
	if (search->best_score >= BITS_MIN) {
		anchors = arena_alloc(arena, search->best.count, sizeof(*anchors));
		for (unsigned i = 0; i < search->best.count; i++) {
			const struct run *run = &search->best.items[i];
			struct buf text;

			buf_init(&text, RUN_MAX * 256 * 4);
			run_print(run, &text);
			anchors[i] = (struct anchor){
			    .stub = {arena_text(arena, buf_bytes(&text)), false, run->len},
			    .first = search->first,
			    .last = search->last};
			buf_release(&text);
		}
		facts->anchors = anchors;
		facts->anchor_count = search->best.count;
	}
	free(search);
}

enum err regex_analyse(const char *expression, struct arena *arena, struct regex_facts *facts,
                       struct error *error)
{
	struct arena scratch = {0};
	struct parser p = {
	    .start = expression, .at = expression, .arena = &scratch, .error = error};
	struct node *root;
	enum err err = ERR_SYNTAX;

	*facts = (struct regex_facts){0};
	buf_init(&p.out, (size_t)EXPRESSION_MAX * 8); /* \\P{Punct} grows most */
	if (strlen(expression) > EXPRESSION_MAX) {
		fail(&p, "the pattern is too long; split the rule");
		goto out;
	}
	root = parse_choice(&p);
	if (root && *p.at == ')')
		fail(&p, "a closing parenthesis without an opening one; write \\)");
	if (!root || p.failed)
		goto out;

	struct extent extent = node_extent(root);
	const struct node *secret = find_secret(root);

	facts->translated = arena_text(arena, buf_bytes(&p.out));
	facts->min_width = extent.min;
	facts->has_groups = p.seen_group;
	facts->reach = (struct reach){extent.behind, extent.max, extent.ahead};
	if (extent.behind == UNBOUNDED || extent.ahead == UNBOUNDED)
		facts->reach.width = UNBOUNDED;
	/* Where it is not certain what the secret is, nothing of it may be shown. */
	if (secret || !p.seen_group) {
		facts->prefix_len = fixed_prefix(secret ? secret : root, &scratch);
		facts->form = secret_form(secret ? secret : root, arena, &scratch);
	}
	facts_anchors(facts, root, arena);
	err = ERR_NONE;
out:
	buf_release(&p.out);
	arena_release(&scratch);
	return err;
}

bool regex_has_group(const char *expression, struct bytes name)
{
	for (const char *at = expression; (at = strstr(at, "(?")); at += 2) {
		const char *group = at + 2 + (at[2] == 'P');
		char close = *group == '<' ? '>' : '\'';

		if ((*group == '<' || *group == '\'') &&
		    strncmp(group + 1, (const char *)name.ptr, name.len) == 0 &&
		    group[1 + name.len] == close)
			return true;
	}
	return false;
}
