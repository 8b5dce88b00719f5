/*
 * What ruleset/regex.h says of an expression holds for every match that detect/confirm.h finds with
 * it: the prefilter loses nothing. Tens of thousands of random expressions are tried on random
 * texts that are likely to contain matches.
 */
#include "base/buf.h"
#include "detect/confirm.h"
#include "ruleset/bulk.h"
#include "ruleset/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
	EXPRESSIONS = 30000,
	CLASSES = 10000,
	TEXTS = 3,
	TEXT_MAX = 160,
	DEPTH_MAX = 4,
	SEED = 20210405
};

/* ---- Random numbers ---- */

static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators). */
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* ---- Random expressions ---- */

enum part_kind { PART_BYTE, PART_ALL, PART_ONE_OF, PART_REPEAT };

/* What an expression was printed from, as far as it is needed to draw a text that fits. */
struct piece {
	enum part_kind kind;
	bool has[256];        /* BYTE: which */
	struct piece *child;  /* ALL, ONE_OF, REPEAT */
	struct piece *next;   /* sibling */
	unsigned least, most; /* REPEAT */
};

struct generator {
	uint64_t seed;
	struct arena arena;
	struct buf out;
	bool caseless, extended;
	bool java; /* some syntax was printed that PCRE2 reads otherwise than Java */
	bool java_allowed;
	unsigned groups;
	struct piece *closed; /* a group that can be referred to */
};

static unsigned below(struct generator *g, unsigned n)
{
	return n ? (unsigned)(next_random(&g->seed) % n) : 0;
}

static bool one_in(struct generator *g, unsigned n)
{
	return below(g, n) == 0;
}

static const char *any_of(struct generator *g, const char *const *texts, unsigned count)
{
	return texts[below(g, count)];
}

#define ANY_OF(g, ...)                                                                             \
	any_of(g, (const char *const[]){__VA_ARGS__},                                              \
	       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void print(struct generator *g, const char *text)
{
	assert_int_equal(buf_append(&g->out, bytes_of(text)), ERR_NONE);
}

static struct piece *part_new(struct generator *g, enum part_kind kind)
{
	struct piece *part = arena_alloc(&g->arena, 1, sizeof(*part));

	part->kind = kind;
	return part;
}

/* The few bytes that expressions and texts are made of, so that they meet often. */
static unsigned char any_byte(struct generator *g)
{
	static const char bytes[] = "aaabbcABk_kg01 \n-.#]^{z\\\"/\r\t\x01\x80\xff\xa0";

	return one_in(g, 40) ? (unsigned char)below(g, 256)
	                     : (unsigned char)bytes[below(g, sizeof(bytes) - 1)];
}

static bool plain(unsigned byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') || byte == '_';
}

static void fold(bool has[256])
{
	for (unsigned c = 'a'; c <= 'z'; c++)
		has[c] = has[c - 32] = has[c] || has[c - 32];
}

/* Prints the byte in one of the ways in which it can be written outside a class. */
static void print_byte(struct generator *g, unsigned char byte)
{
	if (plain(byte) && !one_in(g, 12)) {
		buf_appendf(&g->out, "%c", byte);
	} else if (g->java_allowed && byte < 128 && one_in(g, 6)) {
		g->java = true;
		buf_appendf(&g->out, "\\u%04x", byte);
	} else if (byte >= 128 && one_in(g, 2)) {
		buf_appendf(&g->out, "%c", byte);
	} else if (byte == '\n' && one_in(g, 2)) {
		print(g, ANY_OF(g, "\\n", "\\cJ", "\\012", "\\x{a}"));
	} else if (byte > ' ' && byte < 127 && !plain(byte)) {
		buf_appendf(&g->out, "\\%c", byte);
	} else if (byte == ' ' && !g->extended) {
		print(g, " ");
	} else {
		buf_appendf(&g->out, one_in(g, 3) ? "\\x{%x}" : "\\x%02x", byte);
	}
}

static void print_space(struct generator *g)
{
	if (g->extended && one_in(g, 4))
		print(g, ANY_OF(g, " ", "\n", "\t ", "#ab) (\n", "# [\n\n"));
}

/* What may stand between any two items without a meaning. */
static void print_nothing(struct generator *g)
{
	if (one_in(g, 40))
		print(g, ANY_OF(g, "(?#a+)", "(?#)", "\\Q\\E", "\\E"));
	print_space(g);
}

static struct piece *byte_part(struct generator *g, unsigned char byte)
{
	struct piece *part = part_new(g, PART_BYTE);

	part->has[byte] = true;
	if (g->caseless)
		fold(part->has);
	return part;
}

/* The named sets; the test's own tables, written from pcre2pattern(3) and java.util.regex.Pattern.
 */
static const struct named {
	const char *text;
	bool negated, java, outside;
	const char *bytes; /* pairs: first and last */
} named_sets[] = {
    {"\\d", false, false, true, "09"},
    {"\\D", true, false, true, "09"},
    {"\\w", false, false, true, "09azAZ__"},
    {"\\W", true, false, true, "09azAZ__"},
    {"\\s", false, false, true, "\t\r  "},
    {"\\S", true, false, true, "\t\r  "},
    {"\\h", false, false, true, "\t\t  \xa0\xa0"},
    {"\\H", true, false, true, "\t\t  \xa0\xa0"},
    {"\\v", false, false, true, "\n\r\x85\x85"},
    {"\\V", true, false, true, "\n\r\x85\x85"},
    {"[:alpha:]", false, false, false, "azAZ"},
    {"[:^alnum:]", true, false, false, "azAZ09"},
    {"[:xdigit:]", false, false, false, "09afAF"},
    {"[:punct:]", false, false, false, "!/:@[`{~"},
    {"[:space:]", false, false, false, "\t\r  "},
    {"[:cntrl:]", false, false, false, "\x01\x1f\x7f\x7f"},
    {"[:graph:]", false, false, false, "!~"},
    {"[:print:]", false, false, false, " ~"},
    {"[:upper:]", false, false, false, "AZ"},
    {"\\p{Alnum}", false, true, true, "azAZ09"},
    {"\\p{Upper}", false, true, true, "AZ"},
    {"\\P{Lower}", true, true, true, "az"},
    {"\\p{^Digit}", true, true, true, "09"},
    {"\\p{XDigit}", false, true, true, "09afAF"},
    {"\\p{Blank}", false, true, true, "\t\t  "},
    {"\\p{Punct}", false, true, true, "!/:@[`{~"},
};

enum { NAMED_COUNT = sizeof(named_sets) / sizeof(*named_sets) };

static void add_named(bool has[256], const struct named *n)
{
	bool set[256] = {false};

	for (const char *pair = n->bytes; *pair; pair += 2) {
		for (unsigned c = (unsigned char)pair[0]; c <= (unsigned char)pair[1]; c++)
			set[c] = true;
	}
	if (strstr(n->text, "cntrl"))
		set[0] = true;
	for (unsigned c = 0; c < 256; c++)
		has[c] |= set[c] != n->negated;
}

static const struct named *any_named(struct generator *g, bool outside)
{
	const struct named *n;

	do {
		n = &named_sets[below(g, NAMED_COUNT)];
	} while ((n->java && !g->java_allowed) || (outside && !n->outside));
	g->java |= n->java;
	return n;
}

static void print_class_byte(struct generator *g, unsigned char byte)
{
	if (plain(byte))
		buf_appendf(&g->out, "%c", byte);
	else if (byte == 8)
		print(g, "\\b");
	else if (byte > ' ' && byte < 127)
		buf_appendf(&g->out, "\\%c", byte);
	else
		buf_appendf(&g->out, "\\x%02x", byte);
}

static void print_class_items(struct generator *g, bool has[256])
{
	for (unsigned items = 1 + below(g, 4); items > 0; items--) {
		unsigned char low = any_byte(g), high = low;

		if (one_in(g, 4)) {
			const struct named *n = any_named(g, false);

			print(g, n->text);
			add_named(has, n);
			continue;
		}
		print_class_byte(g, low);
		if (one_in(g, 3)) {
			high = (unsigned char)(low + below(g, 30) > 255 ? 255 : low + below(g, 26));
			high = high < low ? low : high;
			print(g, "-");
			print_class_byte(g, high);
		}
		for (unsigned c = low; c <= high; c++)
			has[c] = true;
	}
}

/* A class, perhaps with Java's intersections. Prints and returns what it contains. */
static struct piece *print_class(struct generator *g)
{
	struct piece *part;
	bool negated, any;
	size_t mark = g->out.len;

	do {
		part = part_new(g, PART_BYTE);
		g->out.len = mark;
		print(g, "[");
		negated = one_in(g, 4);
		if (negated)
			print(g, "^");
		if (one_in(g, 12)) {
			print(g, "]");
			part->has[']'] = true;
		}
		print_class_items(g, part->has);
		if (one_in(g, 8)) {
			print(g, one_in(g, 2) ? "\\-" : "\\Q-]\\E");
			part->has['-'] = true;
			part->has[']'] |= g->out.ptr[g->out.len - 1] == 'E';
		}
		if (g->caseless)
			fold(part->has);
		while (g->java_allowed && one_in(g, 5)) {
			bool right[256] = {false}, nested = one_in(g, 2);
			bool right_negated = nested && one_in(g, 2);

			g->java = true;
			print(g, nested ? "&&[" : "&&a");
			right['a'] = !nested;
			if (right_negated)
				print(g, "^");
			print_class_items(g, right);
			if (nested)
				print(g, "]");
			if (g->caseless)
				fold(right);
			for (unsigned c = 0; c < 256; c++)
				part->has[c] &= right[c] != right_negated;
		}
		if (g->out.ptr[g->out.len - 1] != 'E' &&
		    !memmem(g->out.ptr + mark, g->out.len - mark, "&&", 2) && one_in(g, 8)) {
			print(g, "-");
			part->has['-'] = true;
		}
		print(g, "]");
		any = false;
		for (unsigned c = 0; c < 256; c++)
			any |= part->has[c] ^= negated;
	} while (!any);
	return part;
}

static struct piece *print_choice(struct generator *g, unsigned depth);

/* A lookaround: takes no part in the drawn texts. */
static void print_look(struct generator *g, unsigned depth)
{
	bool extended = g->extended, caseless = g->caseless;

	if (one_in(g, 2)) {
		print(g, ANY_OF(g, "(?=", "(?!"));
		print_choice(g, depth + 1);
	} else {
		print(g, ANY_OF(g, "(?<=", "(?<!"));
		for (unsigned n = 1 + below(g, 3); n > 0; n--) {
			if (one_in(g, 3))
				print_class(g);
			else
				print_byte(g, any_byte(g));
			if (one_in(g, 8))
				print(g, ANY_OF(g, "\\b", "^", "$", "(?=a|bc)", "(?!\\d)"));
		}
		if (one_in(g, 3))
			print(g, ANY_OF(g, "|ab", "|^", "|\\n", "|[^a]c"));
	}
	print(g, ")");
	g->extended = extended;
	g->caseless = caseless;
}

static struct piece *print_group(struct generator *g, unsigned depth)
{
	bool extended = g->extended, caseless = g->caseless, quoted, captures = false;
	struct piece *part;

	switch (below(g, 10)) {
	case 0:
		print(g, "(?i:");
		g->caseless = true;
		break;
	case 1:
		print(g, "(?s-i:");
		g->caseless = false;
		break;
	case 2:
		print(g, one_in(g, 2) ? "(?^:" : "(?-imsx:");
		g->caseless = g->extended = false;
		break;
	case 3:
		print(g, "(?x: ");
		g->extended = true;
		break;
	case 4:
		print(g, ANY_OF(g, "(?>", "(?|"));
		break;
	case 5:
		quoted = one_in(g, 3);
		print(g, quoted ? "(?'" : ANY_OF(g, "(?<", "(?P<"));
		buf_appendf(&g->out, "n%u%s", ++g->groups, quoted ? "'" : ">");
		captures = true;
		break;
	case 6:
	case 7:
		g->groups++;
		print(g, "(");
		captures = true;
		break;
	default:
		print(g, "(?:");
		break;
	}
	part = print_choice(g, depth + 1);
	print(g, ")");
	g->extended = extended;
	g->caseless = caseless;
	if (captures)
		g->closed = part;
	return part;
}

/* Prints some quantifier or none; returns the part that it makes of this one. */
static struct piece *print_repeat(struct generator *g, struct piece *part)
{
	struct piece *repeat = part_new(g, PART_REPEAT);
	unsigned least = below(g, 4), more = below(g, 3);

	print_nothing(g);
	repeat->child = part;
	repeat->next = NULL;
	switch (below(g, 8)) {
	case 0:
		print(g, "?");
		repeat->most = 1;
		break;
	case 1:
		print(g, "*");
		repeat->most = 3;
		break;
	case 2:
		print(g, "+");
		repeat->least = 1;
		repeat->most = 3;
		break;
	case 3:
		buf_appendf(&g->out, "{%u,}", least);
		repeat->least = least;
		repeat->most = least + 2;
		break;
	case 4:
	case 5:
		buf_appendf(&g->out, "{%u}", least);
		repeat->least = repeat->most = least;
		break;
	default:
		buf_appendf(&g->out, "{%u,%u}", least, least + more);
		repeat->least = least;
		repeat->most = least + more;
		break;
	}
	if (one_in(g, 4))
		print(g, ANY_OF(g, "?", "+"));
	return one_in(g, 25) ? print_repeat(g, repeat) : repeat;
}

/* A literal of some bytes, so that there are stubs; the last one may be repeated. */
static struct piece **print_word(struct generator *g, struct piece **last)
{
	bool quoted = one_in(g, 15);

	if (quoted)
		print(g, "\\Q");
	for (unsigned n = 1 + below(g, 6); n > 0; n--) {
		unsigned char byte =
		    one_in(g, 6) ? any_byte(g) : (unsigned char)"abkAB0_"[below(g, 7)];

		if (quoted && byte != '\\' && byte)
			buf_appendf(&g->out, "%c", byte);
		else if (quoted)
			byte = 'a', print(g, "a");
		else
			print_byte(g, byte);
		*last = byte_part(g, byte);
		if (n > 1)
			last = &(*last)->next;
	}
	if (quoted)
		print(g, "\\E");
	if (one_in(g, 5))
		*last = print_repeat(g, *last);
	return &(*last)->next;
}

/* Prints one item and appends its part, if it has one. */
static struct piece **print_item(struct generator *g, struct piece **last, unsigned depth)
{
	const struct named *n;

	switch (below(g, 24)) {
	case 0:
	case 1:
	case 2:
		*last = print_class(g);
		break;
	case 3:
		n = any_named(g, true);
		print(g, n->text);
		*last = part_new(g, PART_BYTE);
		add_named((*last)->has, n);
		break;
	case 4:
		print(g, ANY_OF(g, ".", "\\N", "."));
		*last = part_new(g, PART_BYTE);
		memset((*last)->has, true, 128);
		(*last)->has['\n'] = false;
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		if (depth < DEPTH_MAX) {
			*last = print_group(g, depth);
			break;
		}
		return print_word(g, last);
	case 9:
		if (depth < DEPTH_MAX)
			print_look(g, depth);
		return last;
	case 10:
		if (one_in(g, 6)) {
			print(g, "\\x0a(?m)^");
			*last = byte_part(g, '\n');
			return &(*last)->next;
		}
		print(g, ANY_OF(g, "^", "$", "\\A", "\\z", "\\Z", "\\b", "\\B", "\\b", "^"));
		return last;
	case 11: /* flags for what follows in the group */
		if (one_in(g, 2)) {
			print(g, "(?i)");
			g->caseless = true;
		} else {
			print(g, ANY_OF(g, "(?m)", "(?s)", "(?-s)", "(?m-s)", "(?U)"));
		}
		return last;
	case 12:
		if (g->closed) {
			print(g,
			      ANY_OF(g, "(?:\\1)", "\\g1", "\\g{1}", "(?1)", "\\g{-1}", "\\g+1"));
			*last = part_new(g, PART_REPEAT);
			(*last)->child = g->closed;
			(*last)->least = (*last)->most = 1;
			break;
		}
		print(g, "\\R");
		*last = byte_part(g, '\n');
		break;
	default:
		return print_word(g, last);
	}
	if (one_in(g, 3)) {
		struct piece *part = *last;

		*last = print_repeat(g, part);
	}
	return &(*last)->next;
}

static struct piece *print_sequence(struct generator *g, unsigned depth)
{
	struct piece *all = part_new(g, PART_ALL);
	struct piece **last = &all->child;

	for (unsigned n = below(g, depth ? 4 : 7); n > 0; n--) {
		print_nothing(g);
		last = print_item(g, last, depth);
	}
	print_nothing(g);
	return all;
}

static struct piece *print_choice(struct generator *g, unsigned depth)
{
	struct piece *one_of = part_new(g, PART_ONE_OF);
	struct piece **last = &one_of->child;

	for (unsigned n = one_in(g, depth ? 3 : 6) ? 1 + below(g, 3) : 0;; n--) {
		*last = print_sequence(g, depth);
		last = &(*last)->next;
		if (!n)
			return one_of;
		print(g, "|");
	}
}

/* ---- Random texts ---- */

static void draw(struct generator *g, const struct piece *part, struct buf *text)
{
	unsigned count = 0, chosen;

	switch (part->kind) {
	case PART_BYTE:
		/* One of the usual bytes if the set has one, else any of it. */
		for (unsigned tries = 0; tries < 300; tries++) {
			unsigned char byte =
			    tries < 20 ? any_byte(g) : (unsigned char)below(g, 256);

			if (part->has[byte]) {
				buf_append(text, (struct bytes){&byte, 1});
				return;
			}
		}
		for (unsigned c = 0; c < 256; c++) {
			if (part->has[c]) {
				buf_append(text,
				           (struct bytes){&(unsigned char){(unsigned char)c}, 1});
				return;
			}
		}
		return;
	case PART_ALL:
		for (const struct piece *c = part->child; c; c = c->next)
			draw(g, c, text);
		return;
	case PART_ONE_OF:
		for (const struct piece *c = part->child; c; c = c->next)
			count++;
		chosen = below(g, count);
		for (const struct piece *c = part->child; c; c = c->next) {
			if (chosen-- == 0)
				draw(g, c, text);
		}
		return;
	case PART_REPEAT:
		count = part->least + below(g, part->most - part->least + 1);
		while (count-- > 0)
			draw(g, part->child, text);
		return;
	}
}

static void draw_noise(struct generator *g, struct buf *text, unsigned most)
{
	for (unsigned n = below(g, most); n > 0; n--)
		buf_append(text, (struct bytes){&(unsigned char){any_byte(g)}, 1});
}

/* Full buffers end a text: what does not fit is left out. */
static void draw_text(struct generator *g, const struct piece *part, struct buf *text)
{
	buf_clear(text);
	draw_noise(g, text, 12);
	draw(g, part, text);
	draw_noise(g, text, 6);
	draw(g, part, text);
	draw_noise(g, text, 12);
}

/* ---- What must hold ---- */

struct expression {
	const char *text;
	struct regex_facts facts;
	struct patterns *patterns;
	struct matcher *matcher;
	struct pattern *pattern; /* 0 is the expression, 1 and on are its stubs */
	bool prefix[16][256];    /* the bytes that stood at the secret's first places */
	unsigned matches;
};

/* Tells which expression it was, on standard error: cmocka's own message names the place. */
static void require(bool holds, const struct expression *e, struct bytes text, uint32_t at,
                    const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\nexpression: %s\ntranslated: %s\nat %u of:", what, e->text,
	        e->facts.translated, at);
	for (size_t i = 0; i < text.len; i++)
		fprintf(stderr, " %02x", text.ptr[i]);
	fprintf(stderr, "\nwidth %u to %u, behind %u, ahead %u, prefix %u\n", e->facts.min_width,
	        e->facts.reach.width, e->facts.reach.behind, e->facts.reach.ahead,
	        e->facts.prefix_len);
	for (size_t i = 0; i < e->facts.anchor_count; i++)
		fprintf(stderr, "stub %s at %u to %u\n", e->facts.anchors[i].stub.expression,
		        e->facts.anchors[i].first, e->facts.anchors[i].last);
	fail();
}

static enum found match_at(const struct expression *e, size_t pattern, struct bytes text,
                           uint32_t at, struct span *match)
{
	return matcher_search(e->matcher, PART_USER, &e->pattern[pattern], text, at, at, match);
}

static bool stub_stands(const struct expression *e, struct bytes text, uint32_t start)
{
	for (size_t i = 0; i < e->facts.anchor_count; i++) {
		const struct anchor *anchor = &e->facts.anchors[i];
		struct span span;

		for (uint64_t at = (uint64_t)start + anchor->first;
		     at <= text.len && at <= (uint64_t)start + anchor->last; at++) {
			if (match_at(e, i + 1, text, (uint32_t)at, &span) == FOUND_MATCH &&
			    span.end - span.start == anchor->stub.width)
				return true;
		}
	}
	return e->facts.anchor_count == 0;
}

static void check_match(struct expression *e, struct bytes text, struct span match)
{
	struct span secret = matcher_secret(e->matcher);

	e->matches++;
	require(match.end - match.start >= e->facts.min_width, e, text, match.start, "too narrow");
	require(match.end - match.start <= e->facts.reach.width, e, text, match.start, "too wide");
	require(secret.end - secret.start >= e->facts.prefix_len, e, text, secret.start,
	        "a secret shorter than its prefix");
	for (uint32_t i = 0; i < e->facts.prefix_len; i++) {
		unsigned kinds = 0;

		e->prefix[i][text.ptr[secret.start + i]] = true;
		for (unsigned c = 0; c < 256; c++)
			kinds += e->prefix[i][c];
		require(kinds <= 8, e, text, secret.start, "a prefix that is not fixed");
	}
	require(stub_stands(e, text, match.start), e, text, match.start, "no stub in a match");
	require(
	    bulk_stands(&e->facts.bulk, bytes_slice(text, 0, match.end), match.start, match.start),
	    e, text, match.start, "no bulk in a match");
}

/* Other bytes, more or fewer of them, beyond the reach of a start do not change what it matches. */
static void check_reach(struct expression *e, struct generator *g, struct bytes text,
                        uint32_t start, enum found found, struct span match)
{
	struct reach reach = e->facts.reach;
	uint64_t end = (uint64_t)start + reach.width + reach.ahead;
	struct buf other;
	struct span again = {0, 0};
	uint32_t from = 0, shift;

	if (reach.width == UNBOUNDED)
		return;
	buf_init(&other, (size_t)TEXT_MAX * 4);
	if (start >= reach.behind) {
		from = start - reach.behind;
		draw_noise(g, &other, 9);
	}
	shift = (uint32_t)other.len - from;
	buf_append(&other, bytes_slice(text, from, end < text.len ? end : text.len));
	if (end <= text.len)
		draw_noise(g, &other, 9);
	require(match_at(e, 0, buf_bytes(&other), start + shift, &again) == found, e,
	        buf_bytes(&other), start + shift, "bytes out of reach decide about a match");
	require(found != FOUND_MATCH ||
	            (again.start == match.start + shift && again.end == match.end + shift),
	        e, buf_bytes(&other), start + shift, "bytes out of reach decide about a width");
	buf_release(&other);
}

static void check_text(struct expression *e, struct generator *g, struct bytes text)
{
	for (uint32_t at = 0; at <= text.len; at++) {
		struct span match = {0, 0};
		enum found found = match_at(e, 0, text, at, &match);

		if (found == FOUND_LIMIT)
			return;
		if (found == FOUND_MATCH)
			check_match(e, text, match);
		if (found == FOUND_MATCH || one_in(g, 4))
			check_reach(e, g, text, at, found, match);
	}
}

struct tally {
	unsigned compiled, matched, anchored, bounded, bulky;
};

static void check_expression(struct generator *g, struct tally *tally)
{
	struct piece *part = print_choice(g, 0);
	struct expression e = {.text = buf_text(&g->out)};
	struct ruleset set = {0};
	struct error error = {0};
	struct buf text;

	if (regex_analyse(e.text, &g->arena, &e.facts, &error) != ERR_NONE) {
		fprintf(stderr, "%s\nexpression: %s\n", error.message, e.text);
		fail();
	}
	if (!g->java && strcmp(e.text, e.facts.translated) != 0)
		require(false, &e, (struct bytes){NULL, 0}, 0, "translated for no reason");
	e.pattern = arena_alloc(&g->arena, e.facts.anchor_count + 1, sizeof(*e.pattern));
	e.pattern[0].text = e.facts.translated;
	for (uint32_t i = 0; i < e.facts.anchor_count; i++)
		e.pattern[i + 1] = (struct pattern){e.facts.anchors[i].stub.expression, i + 1};
	set.parts[PART_USER].slot_count = (uint32_t)e.facts.anchor_count + 1;
	e.patterns = patterns_new(&set, false);
	e.matcher = matcher_new(e.patterns);
	matcher_set_time(e.matcher, 10);
	buf_init(&text, TEXT_MAX);
	if (patterns_check(e.patterns, PART_USER, &e.pattern[0], &error) == ERR_NONE) {
		for (int i = 0; i < TEXTS; i++) {
			draw_text(g, part, &text);
			check_text(&e, g, buf_bytes(&text));
		}
		tally->compiled++;
		tally->matched += e.matches > 0;
		tally->anchored += e.matches > 0 && e.facts.anchor_count > 0;
		tally->bounded += e.matches > 0 && e.facts.reach.width != UNBOUNDED;
		tally->bulky += e.matches > 0 && e.facts.bulk.len > 0;
	}
	buf_release(&text);
	matcher_free(e.matcher);
	patterns_free(e.patterns);
}

static void no_match_escapes_what_is_said_of_its_expression(void **state)
{
	struct tally tally = {0};

	(void)state;
	for (unsigned i = 0; i < EXPRESSIONS; i++) {
		struct generator g = {.seed = SEED + (uint64_t)i * 1000003, .java_allowed = i % 2};

		buf_init(&g.out, 64 * 1024);
		check_expression(&g, &tally);
		buf_release(&g.out);
		arena_release(&g.arena);
	}
	print_message(
	    "%u expressions: %u compile, %u match, %u of these with stubs, %u with a bound, %u "
	    "with a bulk\n",
	    EXPRESSIONS, tally.compiled, tally.matched, tally.anchored, tally.bounded, tally.bulky);
	assert_true(tally.compiled > EXPRESSIONS / 10 * 9);
	assert_true(tally.matched > EXPRESSIONS / 2);
	assert_true(tally.anchored > EXPRESSIONS / 10);
	assert_true(tally.bounded > EXPRESSIONS / 4);
	assert_true(tally.bulky > EXPRESSIONS / 4);
}

static void a_class_contains_what_it_says(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CLASSES; i++) {
		struct generator g = {.seed = SEED + i, .java_allowed = i % 2};
		struct ruleset set = {.parts[PART_USER].slot_count = 1};
		struct pattern pattern = {0};
		struct expression e = {.pattern = &pattern};
		struct piece *part;

		buf_init(&g.out, 4096);
		g.caseless = i % 3 == 0;
		if (g.caseless)
			print(&g, "(?i)");
		part = print_class(&g);
		e.text = buf_text(&g.out);
		assert_int_equal(regex_analyse(e.text, &g.arena, &e.facts, NULL), ERR_NONE);
		pattern.text = e.facts.translated;
		e.patterns = patterns_new(&set, false);
		e.matcher = matcher_new(e.patterns);
		matcher_set_time(e.matcher, 10);
		for (unsigned c = 0; c < 256; c++) {
			struct bytes text = {&(unsigned char){(unsigned char)c}, 1};
			struct span match;
			enum found found = match_at(&e, 0, text, 0, &match);

			require(found == (part->has[c] ? FOUND_MATCH : FOUND_NONE), &e, text, 0,
			        "a class with the wrong bytes");
		}
		matcher_free(e.matcher);
		patterns_free(e.patterns);
		buf_release(&g.out);
		arena_release(&g.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_class_contains_what_it_says),
	    cmocka_unit_test(no_match_escapes_what_is_said_of_its_expression),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
