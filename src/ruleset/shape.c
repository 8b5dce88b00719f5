#include "ruleset/shape.h"

#include <ctype.h>
#include <math.h>

enum {
	NAME_MAX_LEN = 16,
	SPREAD_MAX = 24, /* characters by which a sample exceeds its least length */
	TRIES_MAX = 100, /* samples until one is mixed */
};

/* ---- Reading ---- */

/* The alphabets that have a name, as bracket expressions. */
static const struct {
	const char *name;
	const char *characters;
} alphabets[] = {
    {"digit", "0-9"},
    {"lower", "a-z"},
    {"upper", "A-Z"},
    {"letter", "A-Za-z"},
    {"alnum", "0-9A-Za-z"},
    {"lower-alnum", "0-9a-z"},
    {"upper-alnum", "0-9A-Z"},
    {"word", "0-9A-Za-z_"},
    {"hex", "0-9a-f"},
    {"HEX", "0-9A-F"},
    {"anyhex", "0-9A-Fa-f"},
    {"base32", "2-7A-Z"},
    {"base58", "1-9A-HJ-NP-Za-km-z"},
    {"base64", "0-9A-Za-z+/"},
    {"base64url", "0-9A-Za-z_\\-"},
};

struct reader {
	struct shape_item items[SHAPE_ITEMS_MAX];
	size_t count;
	bool first; /* the next item starts an alternative */
	const char *problem;
};

static struct shape_item *add_item(struct reader *r, bool fixed)
{
	struct shape_item *item;

	if (r->count == SHAPE_ITEMS_MAX) {
		r->problem = "has more than 1024 items";
		return NULL;
	}
	item = &r->items[r->count++];
	*item = (struct shape_item){.fixed = fixed, .min = 1, .max = 1, .first = r->first};
	r->first = false;
	return item;
}

/* Adds the characters of a bracket expression's inside; false if it is none. */
static bool add_characters(struct shape_item *item, struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char from, to;

		if (text.ptr[i] == '\\' && ++i == text.len)
			return false;
		from = to = text.ptr[i];
		if (i + 2 < text.len && text.ptr[i + 1] == '-') {
			to = text.ptr[i + 2];
			i += 2;
		}
		if (to < from || to >= SHAPE_CHARACTERS || from <= ' ')
			return false;
		for (unsigned c = from; c <= to; c++)
			item->set[c] = true;
	}
	return text.len > 0;
}

/* Reads "{N}" or "{N,M}", all of the text. */
static bool read_count(struct shape_item *item, struct bytes text)
{
	unsigned numbers[2] = {0, 0};
	size_t which = 0, digits = 0;

	for (size_t i = 1; i + 1 < text.len; i++) {
		if (isdigit(text.ptr[i]) && ++digits <= 4)
			numbers[which] = numbers[which] * 10 + (unsigned)(text.ptr[i] - '0');
		else if (text.ptr[i] == ',' && digits && !which)
			which++, digits = 0;
		else
			return false;
	}
	item->min = numbers[0];
	item->max = numbers[which];
	return digits && item->min <= item->max && item->max && item->max <= SHAPE_WIDTH_MAX;
}

static bool read_alphabet(struct shape_item *item, struct bytes name)
{
	for (size_t i = 0; i < sizeof(alphabets) / sizeof(*alphabets); i++) {
		if (bytes_equal(name, bytes_of(alphabets[i].name)))
			return add_characters(item, bytes_of(alphabets[i].characters));
	}
	return false;
}

/* One run: an alphabet's name, a bracket expression or a single character, with its count. */
static void read_run(struct reader *r, struct bytes body, struct bytes count)
{
	struct shape_item *item = add_item(r, false);
	bool bracketed = body.len > 2 && body.ptr[0] == '[' && body.ptr[body.len - 1] == ']';

	if (!item)
		return;
	if (bracketed ? !add_characters(item, bytes_slice(body, 1, body.len - 1))
	              : !read_alphabet(item, body)) {
		if (body.len != 1 || body.ptr[0] <= ' ' || body.ptr[0] >= SHAPE_CHARACTERS)
			r->problem = "has a run of an alphabet that nobody knows";
		else
			item->set[body.ptr[0]] = true;
	}
	if (!read_count(item, count))
		r->problem = "has a count that is not {N} or {N,M} with N <= M <= 4096";
}

static void read_literal(struct reader *r, struct bytes text)
{
	for (size_t i = 0; i < text.len && !r->problem; i++) {
		struct shape_item *item = add_item(r, true);

		if (text.ptr[i] <= ' ' || text.ptr[i] >= 0x7f)
			r->problem = "holds characters other than ASCII ones";
		else if (item)
			item->set[text.ptr[i]] = true;
	}
}

/* The five groups of a UUID (RFC 9562), of characters of that alphabet. */
static void read_uuid(struct reader *r, const char *alphabet)
{
	static const char *const counts[] = {"{8}", "{4}", "{4}", "{4}", "{12}"};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		if (i)
			read_literal(r, bytes_of("-"));
		read_run(r, bytes_of(alphabet), bytes_of(counts[i]));
	}
}

static void read_item(struct reader *r, struct bytes item)
{
	const unsigned char *brace =
	    item.ptr[item.len - 1] == '}' ? memrchr(item.ptr, '{', item.len) : NULL;
	size_t body = brace ? (size_t)(brace - item.ptr) : 0;

	if (bytes_equal(item, bytes_of("|"))) {
		if (r->first)
			r->problem = "has an empty alternative";
		r->first = true;
	} else if (bytes_equal(item, bytes_of("uuid"))) {
		read_uuid(r, "hex");
	} else if (bytes_equal(item, bytes_of("loose-uuid"))) {
		read_uuid(r, "alnum");
	} else if (body) {
		read_run(r, bytes_slice(item, 0, body), bytes_slice(item, body, item.len));
	} else {
		read_literal(r, item);
	}
}

enum err shape_read(const char *text, struct arena *arena, struct shape *shape, struct error *error)
{
	struct shape_item *items;
	struct reader r;

	r.count = 0;
	r.first = true;
	r.problem = NULL;

	for (const char *at = text; *at && !r.problem;) {
		size_t len = strcspn(at, " ");

		if (len)
			read_item(&r, (struct bytes){(const unsigned char *)at, len});
		at += len + (at[len] == ' ');
	}
	if (!r.problem && r.first)
		r.problem = "has an empty alternative";
	if (r.problem)
		return error_set(error, ERR_SYNTAX, "the shape `%.60s` %s", text, r.problem);
	items = arena_alloc(arena, r.count, sizeof(*items));
	memcpy(items, r.items, r.count * sizeof(*items));
	*shape = (struct shape){.items = items, .count = r.count};
	for (size_t i = 0; i < r.count; i++)
		shape->alternatives += items[i].first;
	return ERR_NONE;
}

/* ---- What follows from it ---- */

static void print_character(unsigned c, struct buf *out)
{
	buf_appendf(out, isalnum((int)c) || c == '_' ? "%c" : "\\%c", (char)c);
}

/* The set as the inside of a bracket expression. */
static void print_set(const bool *set, struct buf *out)
{
	for (unsigned c = 0; c < SHAPE_CHARACTERS; c++) {
		unsigned last = c;

		if (!set[c])
			continue;
		while (last + 1 < SHAPE_CHARACTERS && set[last + 1] && isalnum((int)c) &&
		       isalnum((int)(last + 1)))
			last++;
		print_character(c, out);
		if (last > c + 1)
			buf_appendf(out, "-");
		if (last > c)
			print_character(last, out);
		c = last;
	}
}

static unsigned set_size(const bool *set)
{
	unsigned size = 0;

	for (unsigned c = 0; c < SHAPE_CHARACTERS; c++)
		size += set[c];
	return size;
}

static void print_item(const struct shape_item *item, struct buf *out)
{
	if (set_size(item->set) == 1) {
		print_set(item->set, out);
	} else {
		buf_appendf(out, "[");
		print_set(item->set, out);
		buf_appendf(out, "]");
	}
	if (item->max != item->min)
		buf_appendf(out, "{%u,%u}", item->min, item->max);
	else if (item->max != 1)
		buf_appendf(out, "{%u}", item->max);
}

void shape_print_pattern(const struct shape *shape, struct buf *out)
{
	buf_appendf(out, "(?:");
	for (size_t i = 0; i < shape->count; i++) {
		if (i && shape->items[i].first)
			buf_appendf(out, "|");
		print_item(&shape->items[i], out);
	}
	buf_appendf(out, ")");
}

void shape_print_last(const struct shape *shape, struct buf *out)
{
	bool set[SHAPE_CHARACTERS] = {false};

	for (size_t i = 0; i < shape->count; i++) {
		bool last = i + 1 == shape->count || shape->items[i + 1].first;

		for (unsigned c = 0; c < SHAPE_CHARACTERS; c++)
			set[c] |= last && shape->items[i].set[c];
	}
	print_set(set, out);
}

static char fixed_character(const struct shape_item *item)
{
	unsigned c = 0;

	while (!item->set[c])
		c++;
	return (char)c;
}

size_t shape_prefix(const struct shape *shape, char *prefix, size_t size)
{
	size_t len = 0;

	while (shape->alternatives == 1 && len < shape->count && len + 1 < size &&
	       shape->items[len].fixed) {
		prefix[len] = fixed_character(&shape->items[len]);
		len++;
	}
	prefix[len] = '\0';
	return len;
}

bool shape_is_mixed(const struct shape *shape)
{
	bool digits = false, letters = false;

	for (size_t i = 0; i < shape->count; i++) {
		const bool *set = shape->items[i].set;

		digits |= set['0'] || set['2'];
		letters |= set['a'] || set['A'];
	}
	return digits && letters;
}

bool shape_has_joints(const struct shape *shape)
{
	bool joints = false;

	for (size_t i = 0; i < shape->count; i++) {
		const struct shape_item *item = &shape->items[i];

		joints |= (item->set['-'] || item->set['_']) && set_size(item->set) > 2;
	}
	return joints;
}

/*
 * A random value of n characters out of a has about log2 of the smaller one as its entropy, less
 * what repetitions take, which is up to a quarter for the short ones.
 */
double shape_entropy_floor(const struct shape *shape)
{
	const double share = 0.7;
	double floor = 8;
	unsigned width = 0, alphabet = 0;

	for (size_t i = 0; i < shape->count; i++) {
		const struct shape_item *item = &shape->items[i];
		unsigned size = set_size(item->set);

		if (item->first)
			width = alphabet = 0;
		width += item->fixed ? 0 : item->min;
		alphabet = size > alphabet ? size : alphabet;
		if (i + 1 == shape->count || shape->items[i + 1].first) {
			double bits = width ? log2(width < alphabet ? width : alphabet) : 0;

			floor = bits < floor ? bits : floor;
		}
	}
	return round(floor * share * 100) / 100;
}

/* ---- Samples ---- */

/* SplitMix64 (Steele, Lea and Flood, 2014): the same samples on every machine. */
static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* A character of the set. */
static char pick(const bool *set, uint64_t *seed)
{
	unsigned left = (unsigned)(next_random(seed) % set_size(set)), c = 0;

	while (!set[c] || left--)
		c++;
	return (char)c;
}

static char placeholder(const bool *set)
{
	return set['x'] ? 'x' : set['X'] ? 'X' : set['0'] ? '0' : 'A';
}

/* The next letter of words that the set holds; `at` counts the letters. */
static char word_letter(const bool *set, size_t *at)
{
	static const char words[] = "configurationvaluedefaultsettingsprovider";

	for (size_t i = 0; i < sizeof(words) - 1; i++) {
		unsigned char c = (unsigned char)words[(*at)++ % (sizeof(words) - 1)];

		if (set[c])
			return (char)c;
		if (set[toupper(c)])
			return (char)toupper(c);
	}
	return placeholder(set);
}

/* The items of an alternative: [*first, the number that is returned). */
static size_t choose_alternative(const struct shape *shape, uint64_t *seed, size_t *first)
{
	size_t wanted = (size_t)(next_random(seed) % shape->alternatives) + 1, end;

	for (*first = 0;; (*first)++) {
		wanted -= shape->items[*first].first;
		if (!wanted)
			break;
	}
	for (end = *first + 1; end < shape->count && !shape->items[end].first; end++)
		;
	return end;
}

/* The longest run among the items. */
static size_t longest_run(const struct shape *shape, size_t first, size_t end)
{
	size_t longest = first;

	for (size_t i = first; i < end; i++) {
		if (shape->items[i].max > shape->items[longest].max)
			longest = i;
	}
	return longest;
}

static void print_once(const struct shape *shape, enum shape_sample kind, uint64_t *seed,
                       struct buf *out)
{
	size_t first, end = choose_alternative(shape, seed, &first), at = 0;
	size_t longest = longest_run(shape, first, end);

	for (size_t i = first; i < end; i++) {
		const struct shape_item *item = &shape->items[i];
		unsigned spread = item->max - item->min;
		unsigned len;

		if (spread > SPREAD_MAX)
			spread = SPREAD_MAX;
		len = item->min + (unsigned)(next_random(seed) % (spread + 1));
		if (i == longest && kind == SAMPLE_SHORTER)
			len = item->min ? item->min - 1 : 0;
		if (i == longest && kind == SAMPLE_LONGER)
			len = item->max + 1;
		for (unsigned k = 0; k < len; k++) {
			char c = kind == SAMPLE_WORDS         ? word_letter(item->set, &at)
			         : kind == SAMPLE_PLACEHOLDER ? placeholder(item->set)
			                                      : pick(item->set, seed);

			buf_appendf(out, "%c", item->fixed ? fixed_character(item) : c);
		}
	}
}

static bool is_mixed(struct bytes text)
{
	bool digits = false, letters = false;

	for (size_t i = 0; i < text.len; i++) {
		digits |= isdigit(text.ptr[i]);
		letters |= isalpha(text.ptr[i]);
	}
	return digits && letters;
}

void shape_print_sample(const struct shape *shape, enum shape_sample kind, uint64_t *seed,
                        struct buf *out)
{
	bool mixed = kind != SAMPLE_WORDS && kind != SAMPLE_PLACEHOLDER && shape_is_mixed(shape);
	size_t len = out->len;

	print_once(shape, kind, seed, out);
	for (int i = 0; i < TRIES_MAX && mixed; i++) {
		if (is_mixed(bytes_slice(buf_bytes(out), len, out->len)))
			break;
		out->len = len;
		print_once(shape, kind, seed, out);
	}
}
