#include "detect/encoded.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <libdeflate.h>

enum {
	LINE_MIN = 32,             /* characters of a line that another may continue */
	INFLATE_FIRST = 64 * 1024, /* bytes that are made room for at first */
};

/* ---- Alphabets ---- */

/* The value of a character, in either alphabet; -1 for what is none. */
static int base64_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#define BIT(c) (UINT64_C(1) << ((c)&63))
#define DIGITS (UINT64_C(0x3ff) << '0')
#define LETTERS (UINT64_C(0x3ffffff) << ('A' & 63) | UINT64_C(0x3ffffff) << ('a' & 63))
#define HEX_LETTERS (UINT64_C(0x3f) << ('A' & 63) | UINT64_C(0x3f) << ('a' & 63))

/* What runs are made of. What a run of percent signs may hold, one of backslashes may, too. */
static const struct byte_set members[ENCODED_COUNT] = {
    [ENCODED_BASE64] = {{DIGITS | BIT('+') | BIT('/') | BIT('-'), LETTERS | BIT('_')}},
    [ENCODED_HEX] = {{DIGITS, HEX_LETTERS}},
    [ENCODED_PERCENT] = {{DIGITS | BIT('%') | BIT('-') | BIT('.') | BIT('*'),
                          LETTERS | BIT('_') | BIT('~')}},
    [ENCODED_BACKSLASH] = {{DIGITS | BIT('%') | BIT('-') | BIT('.') | BIT('*') | BIT('+') |
                                BIT('/') | BIT('=') | BIT(':') | BIT('!') | BIT('$') | BIT('&') |
                                BIT('?') | BIT('#'),
                            LETTERS | BIT('_') | BIT('~') | BIT('\\') | BIT('@')}},
};

static bool is_member(enum encoding encoding, unsigned char c)
{
	return byte_set_has(&members[encoding], c);
}

/* How many characters stand for a whole number of bytes. */
static unsigned group_of(enum encoding encoding)
{
	return encoding == ENCODED_BASE64 ? 4 : encoding == ENCODED_HEX ? 2 : 1;
}

/* ---- Where runs start and end ---- */

static uint32_t stretch_start(struct bytes text, enum encoding encoding, uint32_t at)
{
	while (at > 0 && is_member(encoding, text.ptr[at - 1]))
		at--;
	return at;
}

static uint32_t stretch_end(struct bytes text, enum encoding encoding, uint32_t at)
{
	while (at < text.len && is_member(encoding, text.ptr[at]))
		at++;
	return at;
}

static uint32_t skip_blanks(struct bytes text, uint32_t at)
{
	while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t'))
		at++;
	return at;
}

static uint32_t skip_blanks_back(struct bytes text, uint32_t at)
{
	while (at > 0 && (text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '\t'))
		at--;
	return at;
}

/* Whether a line with [start, end) at its end may go on in the next one. */
static bool may_continue(enum encoding encoding, uint32_t start, uint32_t end)
{
	return group_of(encoding) > 1 && end - start >= LINE_MIN &&
	       (end - start) % group_of(encoding) == 0;
}

/* Whether a stretch that ends here fills its line: it is no name of something that follows. */
static bool ends_line(struct bytes text, uint32_t at)
{
	if (at < text.len && strchr("=\"'`", text.ptr[at]) && text.ptr[at])
		return true;
	at = skip_blanks(text, at);
	return at == text.len || text.ptr[at] == '\r' || text.ptr[at] == '\n';
}

/* The start of the stretch that goes on in the one at [start, end) of the next line, or `start`. */
static uint32_t line_before(struct bytes text, enum encoding encoding, uint32_t start, uint32_t end)
{
	uint32_t at = skip_blanks_back(text, start), first;

	if (group_of(encoding) == 1 || at == 0 || text.ptr[at - 1] != '\n' || !ends_line(text, end))
		return start;
	at--;
	if (at > 0 && text.ptr[at - 1] == '\r')
		at--;
	at = skip_blanks_back(text, at);
	first = stretch_start(text, encoding, at);
	return may_continue(encoding, first, at) && end - start <= at - first ? first : start;
}

/* The end of the stretch in the next line in which the one at [start, end) goes on, or `end`. */
static uint32_t line_behind(struct bytes text, enum encoding encoding, uint32_t *start,
                            uint32_t end)
{
	uint32_t at = skip_blanks(text, end), last;

	if (!may_continue(encoding, *start, end))
		return end;
	if (at < text.len && text.ptr[at] == '\r')
		at++;
	if (at == text.len || text.ptr[at] != '\n')
		return end;
	at = skip_blanks(text, at + 1);
	last = stretch_end(text, encoding, at);
	if (last == at || last - at > end - *start || !ends_line(text, last))
		return end;
	*start = at;
	return last;
}

static struct encoded_run run_around(struct bytes text, enum encoding encoding, uint32_t at)
{
	struct encoded_run run = {at, at, (uint8_t)encoding, 0};
	uint32_t start, line, line_end, next;

	if (!is_member(encoding, text.ptr[at]))
		return run;
	run.start = start = line = stretch_start(text, encoding, at);
	run.end = line_end = stretch_end(text, encoding, at);
	while ((next = line_before(text, encoding, line, line_end)) != line) {
		/* The line before ends where its stretch does. */
		line_end = stretch_end(text, encoding, next);
		run.start = line = next;
	}
	line = start;
	while ((next = line_behind(text, encoding, &line, run.end)) != run.end)
		run.end = next;
	return run;
}

bool run_finder_move(struct run_finder *f, struct bytes text, enum encoding encoding, uint32_t at,
                     uint32_t phase, bool at_start)
{
	unsigned group = group_of(encoding), skip;

	if (at >= f->run.end)
		*f = (struct run_finder){.run = run_around(text, encoding, at)};
	if (at >= f->run.end || (at_start && at != f->run.start))
		return false;
	if (f->at < f->run.start)
		f->at = f->run.start;
	for (; f->at < at; f->at++)
		f->count += is_member(encoding, text.ptr[f->at]);
	skip = (f->count + group - phase) % group;
	if (f->skips >> skip & 1)
		return false;
	f->skips |= 1u << skip;
	f->run.skip = (uint8_t)skip;
	return true;
}

/* ---- What runs decode to ---- */

/* What cannot be divided: a character, or an escape. */
struct unit {
	uint32_t start; /* bytes of the text */
	uint32_t end;
	uint32_t value;
	unsigned bits; /* of the value */
};

/* The number that `digits` hex digits at `at` make; -1 if they are not all there. */
static int32_t read_hex(struct bytes text, uint32_t at, uint32_t end, unsigned digits)
{
	int32_t number = 0;

	if (end - at < digits)
		return -1;
	for (unsigned i = 0; i < digits; i++) {
		int value = hex_value(text.ptr[at + i]);

		if (value < 0)
			return -1;
		number = number * 16 + value;
	}
	return number;
}

static void set_byte(struct unit *unit, uint32_t len, int32_t byte)
{
	unit->end = unit->start + len;
	unit->value = (uint32_t)byte;
	unit->bits = 8;
}

/* A character as UTF-8. */
static void set_character(struct unit *unit, uint32_t len, uint32_t code)
{
	unsigned char utf8[4];
	unsigned size = utf8_encode(code, utf8);

	unit->end = unit->start + len;
	unit->value = 0;
	for (unsigned i = 0; i < size; i++)
		unit->value = unit->value << 8 | utf8[i];
	unit->bits = 8 * size;
}

static int32_t read_u_escape(struct bytes text, uint32_t at, uint32_t end)
{
	if (end - at < 6 || text.ptr[at] != '\\' || text.ptr[at + 1] != 'u')
		return -1;
	return read_hex(text, at + 2, end, 4);
}

/* Reads an escape of JSON (RFC 8259, section 7) or C; false if none stands at the unit's start. */
static bool read_backslash(struct bytes text, uint32_t end, struct unit *unit)
{
	uint32_t at = unit->start;
	int32_t code = read_u_escape(text, at, end), low;

	if (code >= 0xD800 && code <= 0xDFFF) {
		low = read_u_escape(text, at + 6, end);
		if (code <= 0xDBFF && low >= 0xDC00 && low <= 0xDFFF)
			set_character(unit, 12,
			              0x10000 + ((uint32_t)(code - 0xD800) << 10) +
			                  (uint32_t)(low - 0xDC00));
		else
			set_character(unit, 6, 0xFFFD);
		return true;
	}
	if (code >= 0) {
		set_character(unit, 6, (uint32_t)code);
		return true;
	}
	if (end - at < 2 || text.ptr[at] != '\\')
		return false;
	if (text.ptr[at + 1] == '/') {
		set_byte(unit, 2, '/');
		return true;
	}
	code = text.ptr[at + 1] == 'x' ? read_hex(text, at + 2, end, 2) : -1;
	if (code >= 0)
		set_byte(unit, 4, code);
	return code >= 0;
}

static bool read_percent(struct bytes text, uint32_t end, struct unit *unit)
{
	int32_t byte = text.ptr[unit->start] == '%' ? read_hex(text, unit->start + 1, end, 2) : -1;

	if (byte >= 0)
		set_byte(unit, 3, byte);
	return byte >= 0;
}

/* Reads the unit at or behind `at`; false at the run's end. */
static bool read_unit(const struct encoded_run *run, struct bytes text, uint32_t at,
                      struct unit *unit)
{
	int value = -1;

	if (run->encoding == ENCODED_BASE64 || run->encoding == ENCODED_HEX) {
		for (; at < run->end && value < 0; at++)
			value = run->encoding == ENCODED_HEX ? hex_value(text.ptr[at])
			                                     : base64_value(text.ptr[at]);
		*unit = (struct unit){at - 1, at, (uint32_t)value,
		                      run->encoding == ENCODED_HEX ? 4 : 6};
		return value >= 0;
	}
	if (at >= run->end)
		return false;
	unit->start = at;
	if (run->encoding == ENCODED_PERCENT ? !read_percent(text, run->end, unit)
	                                     : !read_backslash(text, run->end, unit))
		set_byte(unit, 1, text.ptr[at]);
	return true;
}

/* Where the first unit that counts stands. */
static uint32_t first_unit(const struct encoded_run *run, struct bytes text)
{
	uint32_t at = run->start;
	struct unit unit;

	for (unsigned i = 0; i < run->skip && read_unit(run, text, at, &unit); i++)
		at = unit.end;
	return at;
}

/* Whether an escape may start here: every one does start so. */
static bool may_escape(struct bytes text, uint32_t at)
{
	unsigned char next = at + 1 < text.len ? text.ptr[at + 1] : '\0';

	if (text.ptr[at] == '%')
		return byte_set_has(&members[ENCODED_HEX], next);
	return text.ptr[at] == '\\' && (next == 'u' || next == 'x' || next == '/');
}

bool escapes_around(struct escape_finder *f, struct bytes text, uint32_t at)
{
	if (at < f->end)
		return f->found;
	f->found = false;
	for (uint32_t i = at; i > 0 && is_member(ENCODED_BACKSLASH, text.ptr[i - 1]); i--)
		f->found |= may_escape(text, i - 1);
	for (; at < text.len && is_member(ENCODED_BACKSLASH, text.ptr[at]); at++)
		f->found |= may_escape(text, at);
	f->end = at;
	return f->found;
}

bool run_has_escape(const struct encoded_run *run, struct bytes text)
{
	struct unit unit;

	for (uint32_t at = run->start; read_unit(run, text, at, &unit); at = unit.end) {
		if (unit.end - unit.start > 1)
			return true;
	}
	return false;
}

enum err run_decode(const struct encoded_run *run, struct bytes text, struct buf *out)
{
	size_t most = (size_t)(run->end - run->start);
	uint64_t value = 0;
	unsigned bits = 0;
	struct unit unit;
	enum err err;

	if (run->encoding == ENCODED_BASE64)
		most = most / 4 * 3 + 3;
	else if (run->encoding == ENCODED_HEX)
		most = most / 2;
	err = buf_reserve(out, most);
	if (err)
		return err;
	for (uint32_t at = first_unit(run, text); read_unit(run, text, at, &unit); at = unit.end) {
		value = value << unit.bits | unit.value;
		for (bits += unit.bits; bits >= 8; bits -= 8)
			out->ptr[out->len++] = (unsigned char)(value >> (bits - 8));
	}
	return ERR_NONE;
}

void run_source(const struct encoded_run *run, struct bytes text, struct run_place *place,
                uint32_t from, uint32_t to, uint32_t *start, uint32_t *end)
{
	struct unit unit = {0};
	struct run_place at;

	if (!place->at || place->bit > (uint64_t)from * 8)
		*place = (struct run_place){first_unit(run, text), 0};
	while (read_unit(run, text, place->at, &unit) &&
	       place->bit + unit.bits <= (uint64_t)from * 8) {
		place->at = unit.end;
		place->bit += unit.bits;
	}
	*start = unit.start;
	*end = unit.end;
	at = *place;
	while (read_unit(run, text, at.at, &unit) && at.bit < (uint64_t)to * 8) {
		at.at = *end = unit.end;
		at.bit += unit.bits;
	}
}

enum err gzip_inflate(struct bytes text, struct buf *out)
{
	struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
	size_t room = INFLATE_FIRST, taken, made = 0;
	enum libdeflate_result result = LIBDEFLATE_INSUFFICIENT_SPACE;

	if (!decompressor)
		mem_exhausted();
	while (result == LIBDEFLATE_INSUFFICIENT_SPACE && out->max > out->len) {
		bool last = room >= out->max - out->len;

		if (last)
			room = out->max - out->len;
		if (buf_reserve(out, room))
			break;
		result = libdeflate_gzip_decompress_ex(decompressor, text.ptr, text.len,
		                                       out->ptr + out->len, room, &taken, &made);
		if (last)
			break;
		room *= 4;
	}
	libdeflate_free_decompressor(decompressor);
	if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
		return ERR_LIMIT;
	if (result != LIBDEFLATE_SUCCESS)
		return ERR_CORRUPT;
	out->len += made;
	return ERR_NONE;
}
