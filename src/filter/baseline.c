#include "filter/baseline.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>

enum { GROUP = 4 }; /* bytes between two hyphens */

static const char first_line[] = "trawl-baseline 1";
static const char *const scopes[] = {"tree", "history"};

void baseline_new(struct baseline *b, enum baseline_scope scope)
{
	*b = (struct baseline){.file = "", .scope = scope};
	fingerprint_key_random(&b->key);
}

void baseline_release(struct baseline *b)
{
	free(b->entries);
	arena_release(&b->arena);
	*b = (struct baseline){0};
}

bool baseline_is_date(const char *text)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day;

	for (int i = 0; i < BASELINE_DATE_SIZE - 1; i++) {
		bool hyphen = i == 4 || i == 7;

		if (hyphen ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	}
	if (text[BASELINE_DATE_SIZE - 1])
		return false;
	year = (int)strtol(text, NULL, 10);
	month = (int)strtol(text + 5, NULL, 10);
	day = (int)strtol(text + 8, NULL, 10);
	if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	return month != 2 || day < 29 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

bool baseline_expired(const struct baseline_entry *entry, const char *today)
{
	return entry->suppression.expires && strcmp(entry->suppression.expires, today) < 0;
}

/* ---- Entries ---- */

/* Where the fingerprint stands, or would. */
static size_t place_of(const struct baseline *b, const uint8_t *fingerprint)
{
	size_t low = 0, high = b->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(b->entries[middle].fingerprint, fingerprint, FINGERPRINT_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct baseline_entry *baseline_find(const struct baseline *b,
                                     const uint8_t fingerprint[FINGERPRINT_SIZE])
{
	size_t at = place_of(b, fingerprint);

	if (at == b->count ||
	    memcmp(b->entries[at].fingerprint, fingerprint, FINGERPRINT_SIZE) != 0)
		return NULL;
	return &b->entries[at];
}

static const char *copy_text(struct arena *arena, const char *text)
{
	return text ? arena_text(arena, bytes_of(text)) : NULL;
}

static void append(struct baseline *b, const struct baseline_entry *entry)
{
	b->entries = mem_grow(b->entries, b->count, &b->cap, sizeof(*b->entries));
	b->entries[b->count++] = *entry;
}

void baseline_add(struct baseline *b, const struct baseline_entry *entry)
{
	struct baseline_entry copy = *entry;

	if (copy.path.len > BASELINE_PATH_MAX)
		copy.path.len = BASELINE_PATH_MAX;
	copy.path = arena_bytes(&b->arena, copy.path);
	copy.rule = copy_text(&b->arena, entry->rule);
	copy.preview = copy_text(&b->arena, entry->preview);
	copy.suppression.kind = SUPPRESSION_BASELINE;
	copy.suppression.reason = copy_text(&b->arena, entry->suppression.reason);
	copy.suppression.owner = copy_text(&b->arena, entry->suppression.owner);
	copy.suppression.expires = copy_text(&b->arena, entry->suppression.expires);
	append(b, &copy);
}

static int fingerprint_order(const void *left, const void *right)
{
	const struct baseline_entry *a = left, *b = right;
	int order = memcmp(a->fingerprint, b->fingerprint, FINGERPRINT_SIZE);

	if (!order)
		order = (a->suppression.line > b->suppression.line) -
		        (a->suppression.line < b->suppression.line);
	return order ? order : bytes_compare(a->path, b->path);
}

/* Takes over what a second line for the same secret says: of two dates the earlier one. */
static void join_suppressions(struct suppression *into, const struct suppression *from)
{
	if (!into->reason)
		into->reason = from->reason;
	if (!into->owner)
		into->owner = from->owner;
	if (!into->expires || (from->expires && strcmp(from->expires, into->expires) < 0))
		into->expires = from->expires;
}

void baseline_index(struct baseline *b)
{
	size_t kept = 0;

	if (b->count)
		qsort(b->entries, b->count, sizeof(*b->entries), fingerprint_order);
	for (size_t i = 0; i < b->count; i++) {
		if (kept && memcmp(b->entries[kept - 1].fingerprint, b->entries[i].fingerprint,
		                   FINGERPRINT_SIZE) == 0)
			join_suppressions(&b->entries[kept - 1].suppression,
			                  &b->entries[i].suppression);
		else
			b->entries[kept++] = b->entries[i];
	}
	b->count = kept;
}

/* ---- Reading ---- */

struct reader {
	struct baseline *baseline;
	struct error *error;
	uint32_t line;
	struct bytes left; /* of the line */
	struct buf word;
	bool has_key;
	bool has_scope;
};

static enum err fail(const struct reader *r, const char *what)
{
	return error_set(r->error, ERR_SYNTAX, "%s:%" PRIu32 ": %s", r->baseline->file, r->line,
	                 what);
}

static int hex_value(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads groups of digits, eight each, with hyphens between them. */
static bool read_hex(struct bytes text, unsigned char *out, size_t size)
{
	size_t at = 0;

	if (text.len != size * 2 + size / GROUP - 1)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high, low;

		if (i && i % GROUP == 0 && text.ptr[at++] != '-')
			return false;
		high = hex_value(text.ptr[at++]);
		low = hex_value(text.ptr[at++]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool take_byte(struct bytes *left, unsigned char *byte)
{
	if (!left->len)
		return false;
	*byte = *left->ptr;
	*left = bytes_slice(*left, 1, left->len);
	return true;
}

/* Takes what stands behind a backslash; 0 if that is nothing that there is. */
static unsigned char take_escape(struct bytes *left)
{
	unsigned char c, high, low;

	if (!take_byte(left, &c))
		return 0;
	if (c == '"' || c == '\\')
		return c;
	if (c != 'x' || !take_byte(left, &high) || !take_byte(left, &low) || hex_value(high) < 0 ||
	    hex_value(low) < 0)
		return 0;
	return (unsigned char)(hex_value(high) << 4 | hex_value(low));
}

/*
 * Takes the next word, plain or in quotes, and the blank behind it, into r->word. With `name`, a
 * plain one ends behind a `=`, which is not part of it.
 */
static bool take_word(struct reader *r, bool name)
{
	unsigned char c, end = name ? '=' : ' ';
	bool quoted = r->left.len && *r->left.ptr == '"';

	buf_clear(&r->word);
	if (!r->left.len)
		return false;
	if (quoted) {
		end = '"';
		take_byte(&r->left, &c);
	}
	while (take_byte(&r->left, &c)) {
		if (c == end)
			return !quoted || !r->left.len || (take_byte(&r->left, &c) && c == ' ');
		if (quoted && c == '\\') {
			c = take_escape(&r->left);
			if (!c)
				return false;
		}
		if (buf_append(&r->word, (struct bytes){&c, 1}))
			return false;
	}
	return !quoted && !name;
}

static const char *keep_word(struct reader *r)
{
	return arena_text(&r->baseline->arena, buf_bytes(&r->word));
}

static enum err read_attribute(struct reader *r, struct suppression *s)
{
	bool is_date;
	const char **field;

	if (!take_word(r, true))
		return fail(r, "reason=, owner= or expires= is missing here");
	is_date = strcmp(buf_text(&r->word), "expires") == 0;
	field = is_date                                     ? &s->expires
	        : strcmp(buf_text(&r->word), "owner") == 0  ? &s->owner
	        : strcmp(buf_text(&r->word), "reason") == 0 ? &s->reason
	                                                    : NULL;
	if (!field)
		return fail(r, "there are reason=, owner= and expires=, and nothing else");
	if (*field)
		return fail(r, "it says one thing twice; remove one");
	if (!take_word(r, false))
		return fail(r, "its end is broken; check the quotes");
	*field = keep_word(r);
	if (is_date && !baseline_is_date(*field))
		return fail(r, "expires= takes a date such as 2027-01-31");
	return ERR_NONE;
}

static enum err read_entry(struct reader *r)
{
	struct baseline_entry entry = {
	    .suppression = {.kind = SUPPRESSION_BASELINE, .line = r->line}};
	struct baseline *b = r->baseline;
	enum err err = ERR_NONE;

	if (!take_word(r, false) ||
	    !read_hex(buf_bytes(&r->word), entry.fingerprint, FINGERPRINT_SIZE))
		return fail(r, "no entry: it starts with no fingerprint");
	if (!take_word(r, false) || !r->word.len)
		return fail(r, "no entry: it has no rule");
	entry.rule = keep_word(r);
	if (!take_word(r, false))
		return fail(r, "no entry: it has no path");
	entry.path = arena_bytes(&b->arena, buf_bytes(&r->word));
	if (!take_word(r, false))
		return fail(r, "no entry: it has no preview");
	entry.preview = keep_word(r);
	while (!err && r->left.len)
		err = read_attribute(r, &entry.suppression);
	if (err)
		return err;
	append(b, &entry);
	return ERR_NONE;
}

static enum err read_key(struct reader *r)
{
	if (r->has_key)
		return fail(r, "a second key; keep the one that the entries were made with");
	r->has_key = true;
	if (!read_hex(r->left, r->baseline->key.bytes, FINGERPRINT_KEY_SIZE))
		return fail(r, "the key is broken; restore it from git");
	return ERR_NONE;
}

static enum err read_scope(struct reader *r)
{
	if (r->has_scope)
		return fail(r, "a second scope; keep `scope history` if one of them is that");
	r->has_scope = true;
	for (size_t i = 0; i < sizeof(scopes) / sizeof(*scopes); i++) {
		if (bytes_equal(r->left, bytes_of(scopes[i]))) {
			r->baseline->scope = (enum baseline_scope)i;
			return ERR_NONE;
		}
	}
	return fail(r, "the scope is tree or history");
}

static bool take_prefix(struct bytes *left, const char *prefix)
{
	if (!bytes_start_with(*left, prefix))
		return false;
	*left = bytes_slice(*left, strlen(prefix), left->len);
	return true;
}

static enum err read_line(struct reader *r)
{
	static const char *const markers[] = {"<<<<<<<", "|||||||", "=======", ">>>>>>>"};

	for (size_t i = 0; i < sizeof(markers) / sizeof(*markers); i++) {
		if (bytes_start_with(r->left, markers[i]))
			return fail(r, "a conflict that git merge left; keep the entries of both "
			               "sides and remove the lines with <, |, = and >");
	}
	if (r->line == 1 && bytes_equal(r->left, bytes_of(first_line)))
		return ERR_NONE;
	if (r->line == 1 && bytes_start_with(r->left, "trawl-baseline "))
		return error_set(r->error, ERR_UNSUPPORTED,
		                 "%s:1: a baseline of another version; use a newer trawl",
		                 r->baseline->file);
	if (r->line == 1)
		return fail(r, "no baseline: its first line is not `trawl-baseline 1`");
	if (r->left.len > BASELINE_LINE_MAX)
		return fail(r, "the line is too long");
	for (size_t i = 0; i < r->left.len; i++) {
		if (r->left.ptr[i] < ' ')
			return fail(r, "a control character; write \\xNN in quotes");
	}
	if (!r->left.len || *r->left.ptr == '#')
		return ERR_NONE;
	if (take_prefix(&r->left, "key "))
		return read_key(r);
	if (take_prefix(&r->left, "scope "))
		return read_scope(r);
	return read_entry(r);
}

enum err baseline_read(struct baseline *b, const char *file, struct bytes text, struct error *error)
{
	struct reader r = {.baseline = b, .error = error};
	enum err err = ERR_NONE;

	*b = (struct baseline){0};
	b->file = arena_text(&b->arena, bytes_of(file));
	if (text.len > BASELINE_SIZE_MAX)
		return error_set(error, ERR_LIMIT, "%s: larger than 64 MiB", file);
	buf_init(&r.word, BASELINE_LINE_MAX);
	if (!text.len)
		err = error_set(error, ERR_SYNTAX,
		                "%s: it is empty; trawl baseline create makes one", file);
	while (!err && text.len) {
		const unsigned char *newline = memchr(text.ptr, '\n', text.len);
		size_t len = newline ? (size_t)(newline - text.ptr) : text.len;

		r.line++;
		r.left = bytes_slice(text, 0, len);
		if (len && r.left.ptr[len - 1] == '\r')
			r.left.len--;
		text = bytes_slice(text, newline ? len + 1 : len, text.len);
		err = read_line(&r);
	}
	if (!err && !r.has_key)
		err = error_set(error, ERR_SYNTAX, "%s: it has no key; restore it from git", file);
	baseline_index(b);
	buf_release(&r.word);
	return err;
}

/* ---- Writing ---- */

static enum err write_hex(struct buf *out, const unsigned char *bytes, size_t size)
{
	enum err err = ERR_NONE;

	for (size_t i = 0; i < size && !err; i++)
		err = buf_appendf(out, "%s%02x", i && i % GROUP == 0 ? "-" : "", bytes[i]);
	return err;
}

/* Whether the reader takes the text for one word as it stands. */
static bool is_plain(struct bytes text)
{
	const unsigned char *end = text.ptr + text.len;
	uint32_t code;
	unsigned len;

	for (const unsigned char *at = text.ptr; at < end; at += len) {
		len = utf8_decode(at, end, &code);
		if (!len || !utf8_shows_itself(code) || code == ' ' || code == '"' || code == '\\')
			return false;
	}
	return text.len;
}

static enum err write_word(struct buf *out, struct bytes text)
{
	const unsigned char *end = text.ptr + text.len;
	enum err err;
	unsigned len;

	if (is_plain(text))
		return buf_append(out, text);
	err = buf_append(out, bytes_of("\""));
	for (const unsigned char *at = text.ptr; at < end && !err; at += len) {
		uint32_t code;

		len = utf8_decode(at, end, &code);
		if (!len || !utf8_shows_itself(code)) {
			if (!len)
				len = 1;
			for (unsigned i = 0; i < len && !err; i++)
				err = buf_appendf(out, "\\x%02x", at[i]);
			continue;
		}
		if (code == '"' || code == '\\')
			err = buf_append(out, bytes_of("\\"));
		if (!err)
			err = buf_append(out, (struct bytes){at, len});
	}
	return err ? err : buf_append(out, bytes_of("\""));
}

static enum err write_attribute(struct buf *out, const char *name, const char *text)
{
	enum err err = text ? buf_appendf(out, " %s=", name) : ERR_NONE;

	return err || !text ? err : write_word(out, bytes_of(text));
}

static enum err write_entry(struct buf *out, const struct baseline_entry *entry)
{
	const struct bytes words[] = {bytes_of(entry->rule), entry->path, bytes_of(entry->preview)};
	enum err err = write_hex(out, entry->fingerprint, FINGERPRINT_SIZE);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words) && !err; i++) {
		err = buf_append(out, bytes_of(" "));
		if (!err)
			err = write_word(out, words[i]);
	}
	if (!err)
		err = write_attribute(out, "reason", entry->suppression.reason);
	if (!err)
		err = write_attribute(out, "owner", entry->suppression.owner);
	if (!err)
		err = write_attribute(out, "expires", entry->suppression.expires);
	return err ? err : buf_append(out, bytes_of("\n"));
}

/* The order of the file: people look for paths. */
static int file_order(const void *left, const void *right)
{
	const struct baseline_entry *const *a = left, *const *b = right;
	int order = bytes_compare((*a)->path, (*b)->path);

	if (!order)
		order = strcmp((*a)->rule, (*b)->rule);
	return order ? order : memcmp((*a)->fingerprint, (*b)->fingerprint, FINGERPRINT_SIZE);
}

enum err baseline_write(const struct baseline *b, struct buf *out, struct error *error)
{
	const struct baseline_entry **sorted = mem_calloc(b->count, sizeof(*sorted));
	enum err err = buf_appendf(out,
	                           "%s\n# Findings that are known; trawl baseline --help tells "
	                           "more.\nkey ",
	                           first_line);

	for (size_t i = 0; i < b->count; i++)
		sorted[i] = &b->entries[i];
	if (b->count)
		qsort(sorted, b->count, sizeof(*sorted), file_order);
	if (!err)
		err = write_hex(out, b->key.bytes, FINGERPRINT_KEY_SIZE);
	if (!err)
		err = buf_appendf(out, "\nscope %s\n", scopes[b->scope]);
	for (size_t i = 0; i < b->count && !err; i++)
		err = write_entry(out, sorted[i]);
	free(sorted);
	return err ? error_set(error, err, "the baseline would be larger than 64 MiB") : ERR_NONE;
}
