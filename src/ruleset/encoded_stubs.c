#include "ruleset/encoded_stubs.h"

#include "base/buf.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

enum {
	FORM_MAX = 8,      /* bytes of a form: what is carried over needs margins as wide */
	LOOSE = 10,        /* a set of more bytes at an end of a form is left out */
	PERCENT_MAX = 3,   /* bytes of a stub of which each is escaped as %67 */
	BACKSLASH_MAX = 2, /* ... as \u0067 */
	TIMES_MAX = 5      /* a secret that is encoded one time more than is decoded is lost */
};

/* Forms that are more likely to arise by chance than once in so many bits are of no use. */
static const double FORM_BITS_MIN = 23;

/* A stub as sets. */
struct run {
	struct byte_set sets[BYTE_SETS_MAX];
	size_t len;
};

/* ---- Sets ---- */

/* The lowest byte of a set that is not empty. */
static unsigned char set_first(const struct byte_set *set)
{
	unsigned byte = 0;

	while (byte < 255 && !byte_set_has(set, (unsigned char)byte))
		byte++;
	return (unsigned char)byte;
}

static void run_add(struct run *run, struct byte_set set)
{
	if (run->len < BYTE_SETS_MAX)
		run->sets[run->len++] = set;
}

static void run_add_byte(struct run *run, unsigned char byte)
{
	struct byte_set set = {{0}};

	byte_set_add(&set, byte);
	run_add(run, set);
}

/* ---- Reading and writing expressions ---- */

/* Reads a byte: itself, or \xHH. */
static const char *read_byte(const char *at, unsigned *byte)
{
	if (at[0] == '\\' && at[1] == 'x' && isxdigit(at[2]) && isxdigit(at[3])) {
		char digits[3] = {at[2], at[3], '\0'};

		*byte = (unsigned)strtoul(digits, NULL, 16);
		return at + 4;
	}
	*byte = (unsigned char)*at;
	return isalnum((unsigned char)*at) ? at + 1 : NULL;
}

/* Reads what stands between brackets, from behind the opening one. */
static const char *read_class(const char *at, struct byte_set *set)
{
	while (at && *at != ']') {
		unsigned first, last;

		at = read_byte(at, &first);
		last = first;
		if (at && *at == '-')
			at = read_byte(at + 1, &last);
		for (unsigned byte = first; at && byte <= last; byte++)
			byte_set_add(set, byte);
	}
	return at ? at + 1 : NULL;
}

/* Reads one item and how often it stands. */
static const char *read_item(const char *at, struct byte_set *set, unsigned long *times)
{
	unsigned byte;
	char *end;

	*times = 1;
	if (*at == '[') {
		at = read_class(at + 1, set);
	} else {
		at = read_byte(at, &byte);
		byte_set_add(set, byte);
	}
	if (!at || *at != '{')
		return at;
	*times = strtoul(at + 1, &end, 10);
	return *end == '}' && *times <= BYTE_SETS_MAX ? end + 1 : NULL;
}

size_t stub_sets(const struct stub *stub, struct byte_set sets[BYTE_SETS_MAX])
{
	const char *at = stub->expression;
	size_t len = 0;

	while (*at) {
		struct byte_set set = {{0}};
		unsigned long times;

		at = read_item(at, &set, &times);
		if (!at)
			return 0;
		if (stub->caseless)
			byte_set_fold_case(&set);
		for (; times; times--) {
			if (len == BYTE_SETS_MAX)
				return 0;
			sets[len++] = set;
		}
	}
	return len;
}

static void print_byte(struct buf *out, unsigned byte, bool in_class)
{
	/* Cannot fail: the buffer has room for the longest form. */
	if (isalnum((int)byte) && !in_class)
		(void)buf_appendf(out, "%c", byte);
	else
		(void)buf_appendf(out, "\\x%02x", byte);
}

static void print_set(struct buf *out, const struct byte_set *set)
{
	if (byte_set_size(set) == 1) {
		print_byte(out, set_first(set), false);
		return;
	}
	(void)buf_appendf(out, "[");
	for (unsigned byte = 0; byte < 256; byte++) {
		if (byte_set_has(set, (unsigned char)byte))
			print_byte(out, byte, true);
	}
	(void)buf_appendf(out, "]");
}

/* ---- Forms ---- */

struct forms {
	struct arena *arena;
	encoded_stub_sink *sink;
	void *context;
	bool at_start;
};

/* How many bits of chance stand against the form, each character having `alphabet` values. */
static double run_bits(const struct run *run, double alphabet)
{
	double bits = 0;

	for (size_t i = 0; i < run->len; i++)
		bits += log2(fmax(1, alphabet / byte_set_size(&run->sets[i])));
	return bits;
}

/*
 * Leaves a form of at most FORM_MAX characters, without what is loose at either end: a database of
 * short literals is several times smaller. Returns how many are left out at the start.
 */
static uint32_t run_trim(struct run *run, double alphabet)
{
	struct run whole = *run;
	uint32_t start = 0;

	for (unsigned loose = 1; loose <= LOOSE; loose += LOOSE - 1) {
		*run = whole;
		start = 0;
		while (start < run->len && byte_set_size(&run->sets[start]) > loose)
			start++;
		run->len -= start;
		memmove(run->sets, run->sets + start, run->len * sizeof(*run->sets));
		if (run->len > FORM_MAX)
			run->len = FORM_MAX;
		while (run->len && byte_set_size(&run->sets[run->len - 1]) > loose)
			run->len--;
		if (run_bits(run, alphabet) >= FORM_BITS_MIN)
			break;
	}
	return start;
}

static void show(const struct forms *forms, const struct run *run, enum encoding encoding,
                 uint32_t phase)
{
	struct encoded_stub form = {
	    .encoding = encoding, .phase = phase, .at_start = forms->at_start};
	struct buf text;

	buf_init(&text, (size_t)FORM_MAX * 256 * 4);
	for (size_t i = 0; i < run->len; i++)
		print_set(&text, &run->sets[i]);
	form.stub =
	    (struct stub){arena_text(forms->arena, buf_bytes(&text)), false, (uint32_t)run->len};
	buf_release(&text);
	forms->sink(forms->context, &form);
}

/* Which values the bits [shift, shift + count) of the bytes of a set have. */
static uint64_t project(const struct byte_set *set, unsigned shift, unsigned count)
{
	uint64_t values = 0;

	for (unsigned byte = 0; byte < 256; byte++) {
		if (!set || byte_set_has(set, (unsigned char)byte))
			values |= UINT64_C(1) << (byte >> shift & ((1u << count) - 1));
	}
	return values;
}

/* The characters of these six-bit values, in both alphabets. */
static struct byte_set base64_characters(uint64_t values)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct byte_set set = {{0}};

	for (unsigned value = 0; value < 64; value++) {
		if (values >> value & 1)
			byte_set_add(&set, (unsigned char)alphabet[value]);
	}
	if (values >> 62 & 1)
		byte_set_add(&set, '-');
	if (values >> 63 & 1)
		byte_set_add(&set, '_');
	return set;
}

/*
 * The run in base64, starting at byte `place` of a group of three; returns how many characters of
 * that group stand before the result.
 */
static uint32_t run_base64_whole(const struct run *run, unsigned place, struct run *out)
{
	size_t bits = 8 * (place + run->len);

	out->len = 0;
	for (size_t bit = 8 * place / 6 * 6; bit < bits; bit += 6) {
		unsigned high = (unsigned)(8 - bit % 8); /* bits that are the first byte's */
		const struct byte_set *of[2] = {NULL, NULL};
		uint64_t first, second, values = 0;

		for (size_t i = 0; i < 2; i++) {
			if (bit / 8 + i >= place && bit / 8 + i < place + run->len)
				of[i] = &run->sets[bit / 8 + i - place];
		}
		if (high >= 6) {
			values = project(of[0], high - 6, 6);
		} else {
			first = project(of[0], 0, high);
			second = project(of[1], 2 + high, 6 - high);
			for (unsigned i = 0; i < 1u << high; i++)
				values |= first >> i & 1 ? second << (i << (6 - high)) : 0;
		}
		run_add(out, base64_characters(values));
	}
	return 8 * place / 6;
}

/* The same, trimmed; returns how many characters of the group, and of what follows, are before. */
static uint32_t run_base64(const struct run *run, unsigned place, struct run *out)
{
	uint32_t before = run_base64_whole(run, place, out);

	return before + run_trim(out, 64);
}

static void show_if_rare(const struct forms *forms, const struct run *run, uint32_t before)
{
	if (run_bits(run, 64) >= FORM_BITS_MIN)
		show(forms, run, ENCODED_BASE64, before % 4);
}

/* The part [from, to) of a run. */
static struct run run_part(const struct run *run, size_t from, size_t to)
{
	struct run part = {.len = 0};

	for (size_t i = from; i < to && i < run->len; i++)
		run_add(&part, run->sets[i]);
	return part;
}

/*
 * Where a line ends within the `len` characters of a form, which may be where groups meet: the
 * rarer side of it. The form stands behind `skipped` characters of the whole, and that behind
 * `before`.
 */
static void show_broken(const struct forms *forms, const struct run *whole, uint32_t before,
                        uint32_t skipped, size_t len)
{
	struct byte_set line_end = {{0}};

	for (const char *c = " \t\r\n"; *c; c++)
		byte_set_add(&line_end, (unsigned char)*c);
	for (size_t at = 4 - before % 4; at < skipped + len; at += 4) {
		size_t start = at > FORM_MAX - 1 ? at - (FORM_MAX - 1) : 0;
		struct run left, right;

		if (at <= skipped)
			continue;
		left = run_part(whole, start, at);
		run_add(&left, line_end);
		right = run_part(whole, at, whole->len);
		start += run_trim(&left, 64);
		if (run_bits(&left, 64) >= FORM_BITS_MIN) {
			show_if_rare(forms, &left, before + (uint32_t)start);
			continue;
		}
		start = at + run_trim(&right, 64);
		show_if_rare(forms, &right, before + (uint32_t)start);
	}
}

/* Encoded once, and twice, as what clusters keep is. */
static void show_base64(const struct forms *forms, const struct run *run, unsigned places)
{
	struct run whole, once, twice;

	for (unsigned place = 0; place < places; place++) {
		uint32_t first = run_base64_whole(run, place, &whole);
		uint32_t before = run_base64(run, place, &once);

		show_if_rare(forms, &once, before);
		show_broken(forms, &whole, first, before - first, once.len);
		for (unsigned outer = 0; outer < places; outer++) {
			before = run_base64(&once, outer, &twice);
			show_if_rare(forms, &twice, before);
		}
	}
}

/* A run that stands `at` bytes behind a text's start, encoded again and again. */
static void show_base64_often(const struct forms *forms, const struct run *run, uint32_t at)
{
	struct run inner = *run, outer;

	for (unsigned times = 1; times <= TIMES_MAX; times++) {
		uint32_t before = run_base64(&inner, at % 3, &outer);

		if (times > 2)
			show_if_rare(forms, &outer, before);
		at = at / 3 * 4 + before;
		inner = outer;
	}
}

/* As UTF-16, little-endian: what a NUL follows after each byte. */
static void show_wide(const struct forms *forms, const struct run *run)
{
	struct run wide = {.len = 0}, form;

	for (size_t i = 0; i < run->len; i++) {
		run_add(&wide, run->sets[i]);
		run_add_byte(&wide, 0);
	}
	for (unsigned place = 0; place < 3; place++) {
		uint32_t before = run_base64(&wide, place, &form);

		show_if_rare(forms, &form, before);
	}
}

static struct byte_set hex_digits(uint64_t values)
{
	struct byte_set set = {{0}};

	for (unsigned value = 0; value < 16; value++) {
		if (values >> value & 1)
			byte_set_add(&set, (unsigned char)"0123456789abcdef"[value]);
	}
	byte_set_fold_case(&set);
	return set;
}

static void run_add_hex(struct run *run, const struct byte_set *set)
{
	run_add(run, hex_digits(project(set, 4, 4)));
	run_add(run, hex_digits(project(set, 0, 4)));
}

static void show_hex(const struct forms *forms, const struct run *run)
{
	struct run hex = {.len = 0};
	uint32_t phase;

	for (size_t i = 0; i < run->len && i < BYTE_SETS_MAX / 2; i++)
		run_add_hex(&hex, &run->sets[i]);
	phase = run_trim(&hex, 20) % 2;
	if (run_bits(&hex, 20) >= FORM_BITS_MIN) /* 20: most digits have one case only */
		show(forms, &hex, ENCODED_HEX, phase);
}

static void run_add_escaped(struct run *run, const char *before, unsigned char byte)
{
	struct byte_set set = {{0}};

	byte_set_add(&set, byte);
	for (; *before; before++)
		run_add_byte(run, (unsigned char)*before);
	run_add_hex(run, &set);
}

/* Leaves the last FORM_MAX bytes: escapes start alike and end with what they stand for. */
static void run_keep_end(struct run *run)
{
	size_t gone = run->len > FORM_MAX ? run->len - FORM_MAX : 0;

	run->len -= gone;
	memmove(run->sets, run->sets + gone, run->len * sizeof(*run->sets));
}

/* Each byte is escaped. */
static void show_escaped(const struct forms *forms, const struct run *exact, size_t max,
                         const char *before, enum encoding encoding)
{
	struct run form = {.len = 0};

	for (size_t i = 0; i < exact->len && i < max; i++)
		run_add_escaped(&form, before, set_first(&exact->sets[i]));
	if (exact->len < max)
		return;
	run_keep_end(&form);
	show(forms, &form, encoding, 0);
}

/* Only the bytes are escaped that writers of such text must escape, or like to. */
static void show_part_escaped(const struct forms *forms, const struct run *exact,
                              const char *before, enum encoding encoding)
{
	static const char json[] = "\"&'+<=>";
	struct run form = {.len = 0};
	bool escaped = false;

	for (size_t i = 0; i < exact->len && !(escaped && form.len >= FORM_MAX); i++) {
		unsigned char byte = set_first(&exact->sets[i]);
		bool plain = encoding == ENCODED_PERCENT ? isalnum(byte) || strchr("-._~", byte)
		                                         : !strchr(json, byte);

		if (plain)
			run_add_byte(&form, byte);
		else
			run_add_escaped(&form, before, byte);
		escaped |= !plain;
	}
	if (!escaped)
		return;
	run_keep_end(&form);
	show(forms, &form, encoding, 0);
}

/* The longest part of the run in which each place has one byte. */
static void run_exact(const struct run *run, struct run *exact)
{
	size_t best = 0, len = 0;

	for (size_t i = 0; i < run->len; i++) {
		len = byte_set_size(&run->sets[i]) == 1 ? len + 1 : 0;
		if (len <= best)
			continue;
		best = len;
		memcpy(exact->sets, run->sets + i + 1 - len, len * sizeof(*run->sets));
	}
	exact->len = best;
}

static void show_forms(const struct forms *forms, const struct run *run, uint32_t at)
{
	struct run exact;

	run_exact(run, &exact);
	if (exact.len < 3)
		return;
	show_base64(forms, run, 3);
	show_wide(forms, run);
	if (at != UNBOUNDED)
		show_base64_often(forms, run, at);
	show_hex(forms, run);
	show_escaped(forms, &exact, PERCENT_MAX, "%", ENCODED_PERCENT);
	show_escaped(forms, &exact, BACKSLASH_MAX, "\\u00", ENCODED_BACKSLASH);
	show_escaped(forms, &exact, BACKSLASH_MAX, "\\x", ENCODED_BACKSLASH);
	show_part_escaped(forms, &exact, "%", ENCODED_PERCENT);
	show_part_escaped(forms, &exact, "\\u00", ENCODED_BACKSLASH);
}

bool rule_reads_encoded(const struct rule *rule)
{
	return rule->type == RULE_SPECIFIC && rule->confidence >= CONFIDENCE_MEDIUM;
}

void encoded_stubs_of(const struct anchor *anchor, struct arena *arena, encoded_stub_sink *sink,
                      void *context)
{
	struct forms forms = {arena, sink, context, false};
	struct run run;

	run.len = stub_sets(&anchor->stub, run.sets);
	show_forms(&forms, &run, anchor->first == anchor->last ? anchor->first : UNBOUNDED);
}

void encoded_stubs_of_gzip(struct arena *arena, encoded_stub_sink *sink, void *context)
{
	struct forms forms = {arena, sink, context, true};
	struct run magic = {.len = 0};
	struct byte_set flags = {{0}};

	run_add_byte(&magic, 0x1f);
	run_add_byte(&magic, 0x8b);
	run_add_byte(&magic, 8); /* deflate */
	flags.bits[0] = 0xffffffff;
	run_add(&magic, flags);
	show_base64(&forms, &magic, 1);
}
