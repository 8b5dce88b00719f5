#include "detect/view.h"

#include "base/utf8.h"

/* How many bytes decide what a blob is; git's own number. */
enum { LOOK_MAX = 8000 };

/* A decoded text that needed more is given back after it, in bytes. */
enum { KEEP_MAX = 16 << 20 };

enum { REPLACEMENT = 0xFFFD, CODE_MAX = 0x10FFFF };

/*
 * Most of one parity and next to none of the other: half a character such as U+1F600 or U+0100 may
 * stand in a text of a few words.
 */
static bool is_lopsided(size_t nul, size_t of, size_t other_nul, size_t other_of)
{
	return nul * 100 >= of * 70 &&
	       (other_nul * 100 < other_of || (other_nul <= 2 && other_nul * 4 < other_of));
}

/* The code unit of `size` bytes at ptr. */
static uint32_t unit_at(const unsigned char *ptr, size_t size, bool big_endian)
{
	uint32_t unit = 0;

	for (size_t i = 0; i < size; i++)
		unit |= (uint32_t)ptr[i] << 8 * (big_endian ? size - 1 - i : i);
	return unit;
}

/* Whether most units are characters: the little-endian mark is UTF-16's, too, with a NUL behind. */
static bool is_utf32(struct bytes bytes, bool big_endian)
{
	size_t len = bytes.len < LOOK_MAX ? bytes.len : LOOK_MAX;
	size_t good = 0;

	for (size_t at = 0; at + 4 <= len; at += 4)
		good += unit_at(bytes.ptr + at, 4, big_endian) <= CODE_MAX;
	return good > len / 4 / 2;
}

enum text_kind text_classify(struct bytes bytes)
{
	size_t len = bytes.len < LOOK_MAX ? bytes.len : LOOK_MAX;
	size_t nul[2] = {0, 0};

	if (len >= 4 && memcmp(bytes.ptr, "\xFF\xFE\0\0", 4) == 0 && is_utf32(bytes, false))
		return TEXT_UTF32LE;
	if (len >= 4 && memcmp(bytes.ptr, "\0\0\xFE\xFF", 4) == 0 && is_utf32(bytes, true))
		return TEXT_UTF32BE;
	if (bytes_start_with(bytes, "\xFF\xFE"))
		return TEXT_UTF16LE;
	if (bytes_start_with(bytes, "\xFE\xFF"))
		return TEXT_UTF16BE;
	if (!len || !memchr(bytes.ptr, 0, len))
		return TEXT_PLAIN;
	for (size_t i = 0; i < len; i++)
		nul[i % 2] += bytes.ptr[i] == 0;
	if (is_lopsided(nul[1], len / 2, nul[0], len - len / 2))
		return TEXT_UTF16LE;
	if (is_lopsided(nul[0], len - len / 2, nul[1], len / 2))
		return TEXT_UTF16BE;
	return TEXT_BINARY;
}

static bool is_wide(const struct view *v)
{
	return v->kind == TEXT_UTF32LE || v->kind == TEXT_UTF32BE;
}

/* Whether the code is half a character of UTF-16. */
static bool is_surrogate(uint32_t code)
{
	return code >= 0xD800 && code <= 0xDFFF;
}

/*
 * The character at this offset of the source, and its length there: 2 or 4 bytes, fewer at the end
 * of a source that stops within one (the Unicode Standard, section 3.9, D90 and D91).
 */
static size_t decode(const struct view *v, size_t at, uint32_t *code)
{
	const unsigned char *ptr = v->source.ptr + at;
	bool big_endian = v->kind == TEXT_UTF16BE || v->kind == TEXT_UTF32BE;
	size_t left = v->source.len - at, size = is_wide(v) ? 4 : 2;
	uint32_t low;

	*code = REPLACEMENT;
	if (left < size)
		return left;
	*code = unit_at(ptr, size, big_endian);
	if (*code <= CODE_MAX && !is_surrogate(*code))
		return size;
	low = !is_wide(v) && left >= 4 ? unit_at(ptr + 2, 2, big_endian) : 0;
	if (*code > 0xDBFF || low < 0xDC00 || low > 0xDFFF) {
		*code = REPLACEMENT;
		return size;
	}
	*code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
	return 4;
}

static size_t utf8_len(uint32_t code)
{
	return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/* Where the text starts in the source: behind the byte order mark. */
static size_t text_start(const struct view *v)
{
	bool mark =
	    bytes_start_with(v->source, "\xFF\xFE") || bytes_start_with(v->source, "\xFE\xFF");

	return is_wide(v) ? 4 : mark ? 2 : 0;
}

static void rewind_cursor(struct view *v)
{
	v->cursor_text = 0;
	v->cursor_source = text_start(v);
}

void view_init(struct view *v, size_t max)
{
	*v = (struct view){0};
	buf_init(&v->decoded, max);
}

void view_release(struct view *v)
{
	buf_release(&v->decoded);
	view_init(v, v->decoded.max);
}

/* Decodes in two passes, so that the text is as large as it has to be and no larger. */
static enum err decode_all(struct view *v)
{
	size_t start = text_start(v);
	size_t len = 0;
	uint32_t code;
	enum err err;

	for (size_t at = start; at < v->source.len;) {
		at += decode(v, at, &code);
		len += utf8_len(code);
	}
	err = buf_reserve(&v->decoded, len);
	if (err)
		return err;
	for (size_t at = start; at < v->source.len;) {
		unsigned char *end = v->decoded.ptr + v->decoded.len;

		at += decode(v, at, &code);
		v->decoded.len += utf8_encode(code, end);
	}
	return ERR_NONE;
}

enum err view_show(struct view *v, struct bytes bytes)
{
	enum err err = ERR_NONE;

	buf_clear(&v->decoded);
	if (v->decoded.cap > KEEP_MAX)
		buf_release(&v->decoded);
	v->source = bytes;
	v->text = bytes;
	v->kind = text_classify(bytes);
	if (v->kind != TEXT_PLAIN && v->kind != TEXT_BINARY) {
		err = decode_all(v);
		v->text = buf_bytes(&v->decoded);
		rewind_cursor(v);
	}
	return err;
}

size_t view_source_offset(struct view *v, size_t offset)
{
	if (v->kind == TEXT_PLAIN || v->kind == TEXT_BINARY)
		return offset;
	if (offset < v->cursor_text)
		rewind_cursor(v);
	while (v->cursor_text < offset && v->cursor_source < v->source.len) {
		uint32_t code;
		size_t taken = decode(v, v->cursor_source, &code);

		if (v->cursor_text + utf8_len(code) > offset)
			break;
		v->cursor_text += utf8_len(code);
		v->cursor_source += taken;
	}
	return v->cursor_source;
}
