#include "report/json.h"

#include "base/utf8.h"
#include "report/safe.h"

#include <assert.h>
#include <inttypes.h>
#include <time.h>

void json_init(struct json *j, FILE *out)
{
	*j = (struct json){.out = out};
}

void json_put(struct json *j, struct bytes text)
{
	const unsigned char *ptr = text.ptr, *end = text.ptr + text.len;
	const unsigned char *plain = ptr; /* start of what needs no escape and is not yet written */

	if (!text.len)
		return; /* ptr may be NULL */
	while (ptr < end) {
		uint32_t code;
		unsigned len = utf8_decode(ptr, end, &code);

		if (len && utf8_shows_itself(code) && code != '"' && code != '\\') {
			ptr += len;
			continue;
		}
		fwrite(plain, 1, (size_t)(ptr - plain), j->out);
		if (!len)
			fputs("\xef\xbf\xbd", j->out);
		else if (code == '"' || code == '\\')
			fprintf(j->out, "\\%c", (int)code);
		else
			fprintf(j->out, "\\u%04" PRIx32, code); /* unsafe ones lie below U+10000 */
		ptr += len ? len : 1;
		plain = ptr;
	}
	fwrite(plain, 1, (size_t)(end - plain), j->out);
}

/* What stands before a value: comma, line break, name. */
static void start_value(struct json *j, const char *key)
{
	assert((j->depth && j->closing[j->depth - 1] == '}') == (key != NULL));
	if (j->depth) {
		if (j->filled[j->depth - 1])
			putc(',', j->out);
		j->filled[j->depth - 1] = true;
	}
	if (j->new_line)
		putc('\n', j->out);
	j->new_line = false;
	if (!key)
		return;
	putc('"', j->out);
	json_put(j, bytes_of(key));
	fputs("\":", j->out);
}

static void open_container(struct json *j, const char *key, char opening, char closing)
{
	start_value(j, key);
	putc(opening, j->out);
	assert(j->depth < JSON_DEPTH_MAX);
	j->closing[j->depth] = closing;
	j->filled[j->depth] = false;
	j->depth++;
}

void json_object(struct json *j, const char *key)
{
	open_container(j, key, '{', '}');
}

void json_array(struct json *j, const char *key)
{
	open_container(j, key, '[', ']');
}

void json_end(struct json *j)
{
	assert(j->depth);
	j->depth--;
	putc(j->closing[j->depth], j->out);
	if (!j->depth)
		putc('\n', j->out);
}

void json_new_line(struct json *j)
{
	j->new_line = true;
}

void json_null(struct json *j, const char *key)
{
	start_value(j, key);
	fputs("null", j->out);
}

void json_bool(struct json *j, const char *key, bool value)
{
	start_value(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_int(struct json *j, const char *key, int64_t value)
{
	start_value(j, key);
	fprintf(j->out, "%" PRId64, value);
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
	start_value(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_decimal(struct json *j, const char *key, double value, int decimals)
{
	start_value(j, key);
	fprintf(j->out, "%.*f", decimals, value);
}

void json_text(struct json *j, const char *key, const char *text)
{
	json_bytes(j, key, bytes_of(text));
}

void json_bytes(struct json *j, const char *key, struct bytes text)
{
	json_open_string(j, key);
	json_put(j, text);
	json_close_string(j);
}

void json_base64(struct json *j, const char *key, struct bytes bytes)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	json_open_string(j, key);
	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		uint32_t group = (uint32_t)bytes.ptr[i] << 16;

		if (left > 1)
			group |= (uint32_t)bytes.ptr[i + 1] << 8;
		if (left > 2)
			group |= bytes.ptr[i + 2];
		putc(digits[group >> 18], j->out);
		putc(digits[group >> 12 & 63], j->out);
		putc(left > 1 ? digits[group >> 6 & 63] : '=', j->out);
		putc(left > 2 ? digits[group & 63] : '=', j->out);
	}
	json_close_string(j);
}

void json_hex(struct json *j, const char *key, struct bytes bytes)
{
	json_open_string(j, key);
	for (size_t i = 0; i < bytes.len; i++)
		fprintf(j->out, "%02x", bytes.ptr[i]);
	json_close_string(j);
}

void json_uuid(struct json *j, const char *key, const unsigned char hash[16])
{
	json_open_string(j, key);
	for (int i = 0; i < 16; i++) {
		unsigned byte = hash[i];

		if (i == 4 || i == 6 || i == 8 || i == 10)
			putc('-', j->out);
		if (i == 6)
			byte = 0x50 | (byte & 0x0f);
		if (i == 8)
			byte = 0x80 | (byte & 0x3f);
		fprintf(j->out, "%02x", byte);
	}
	json_close_string(j);
}

void json_time(struct json *j, const char *key, int64_t ms)
{
	const int64_t last = INT64_C(253402300799999); /* 9999-12-31T23:59:59.999Z */
	int64_t shown = ms < 0 ? 0 : ms > last ? last : ms;
	time_t seconds = (time_t)(shown / 1000);
	struct tm tm = {0};
	char text[32];

	gmtime_r(&seconds, &tm);
	text[strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm)] = '\0';
	start_value(j, key);
	fprintf(j->out, "\"%s.%03dZ\"", text, (int)(shown % 1000));
}

void json_open_string(struct json *j, const char *key)
{
	start_value(j, key);
	putc('"', j->out);
}

void json_close_string(struct json *j)
{
	putc('"', j->out);
}
