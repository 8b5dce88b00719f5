#include "report/safe.h"

#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

size_t safe_write(FILE *out, struct bytes text)
{
	const unsigned char *ptr = text.ptr, *end = text.ptr + text.len;
	size_t width = 0;

	while (ptr < end) {
		uint32_t code;
		unsigned len = utf8_decode(ptr, end, &code);
		unsigned escaped = len && utf8_shows_itself(code) ? 0 : len ? len : 1;

		if (escaped) {
			for (unsigned i = 0; i < escaped && out; i++)
				fprintf(out, "\\x%02x", ptr[i]);
			width += escaped * strlen("\\xNN");
		} else {
			if (code == '\\' && out)
				putc('\\', out);
			if (out)
				fwrite(ptr, 1, len, out);
			width += code == '\\' ? 2 : 1;
		}
		ptr += len ? len : 1;
	}
	return width;
}

/* Text with what does not show itself as \xNN, escaped for HTML or for a string in a script. */
static void write_escaped(FILE *out, struct bytes text, bool script)
{
	const unsigned char *ptr = text.ptr, *end = text.ptr + text.len;
	const char *backslash = script ? "\\\\" : "\\";

	while (ptr < end) {
		uint32_t code;
		unsigned len = utf8_decode(ptr, end, &code);
		unsigned count = len ? len : 1;

		if (!len || !utf8_shows_itself(code)) {
			for (unsigned i = 0; i < count; i++)
				fprintf(out, "%sx%02x", backslash, ptr[i]);
		} else if (code == '\\') {
			fprintf(out, "%s%s", backslash, backslash);
		} else if (code < 0x80 && strchr("&<>\"'", (int)code)) {
			fprintf(out, script ? "\\u%04" PRIx32 : "&#%" PRIu32 ";", code);
		} else {
			fwrite(ptr, 1, len, out);
		}
		ptr += count;
	}
}

void safe_write_html(FILE *out, struct bytes text)
{
	write_escaped(out, text, false);
}

void safe_write_script(FILE *out, struct bytes text)
{
	write_escaped(out, text, true);
}

struct bytes safe_prefix(const struct finding *f)
{
	size_t len = f->prefix_len < PREVIEW_MAX ? f->prefix_len : PREVIEW_MAX;

	return (struct bytes){(const unsigned char *)f->prefix, len};
}

const char *safe_preview(const struct finding *f, char out[SAFE_PREVIEW_MAX])
{
	struct bytes prefix = safe_prefix(f);

	snprintf(out, SAFE_PREVIEW_MAX, "%.*s" SAFE_REDACTED " (%" PRIu32 " bytes)",
	         (int)prefix.len, (const char *)prefix.ptr, f->secret_len);
	return out;
}

/* The number that the text starts with, at most `max`; *end is what stands behind it. */
static bool read_number(const char *text, int base, uint64_t max, uint64_t *number,
                        const char **end)
{
	char *behind;

	errno = 0;
	*number = strtoull(text, &behind, base);
	*end = behind;
	return isxdigit((unsigned char)*text) && behind > text && !errno && *number <= max;
}

bool safe_preview_read(struct finding *f, const char *preview)
{
	static const char before[] = SAFE_REDACTED " (";
	const char *mark = strstr(preview, before), *end;
	uint64_t len;

	if (!mark || mark - preview > PREVIEW_MAX ||
	    !read_number(mark + strlen(before), 10, UINT32_MAX, &len, &end) ||
	    strcmp(end, " bytes)") != 0)
		return false;
	f->secret_len = (uint32_t)len;
	f->prefix_len = (uint8_t)(mark - preview);
	memcpy(f->prefix, preview, f->prefix_len);
	return true;
}

const char *safe_line_hash(const struct finding *f, char out[SAFE_LINE_HASH_MAX])
{
	snprintf(out, SAFE_LINE_HASH_MAX, "%" PRIx64 ":%" PRIu32, f->line_hash, f->line_hash_count);
	return out;
}

bool safe_line_hash_read(struct finding *f, const char *hash)
{
	uint64_t count;
	const char *end;

	if (!read_number(hash, 16, UINT64_MAX, &f->line_hash, &end) || *end != ':' ||
	    !read_number(end + 1, 10, UINT32_MAX, &count, &end) || *end)
		return false;
	f->line_hash_count = (uint32_t)count;
	return true;
}
