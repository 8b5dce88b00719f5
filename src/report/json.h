/*
 * Writes JSON as it comes, keeping nothing but the nesting. Whatever bytes it is given, the result
 * is well-formed and safe to print: unsafe characters are escaped (base/utf8.h) and each byte
 * that is not UTF-8 becomes U+FFFD. Failures show in ferror(out).
 */
#ifndef TRAWL_REPORT_JSON_H
#define TRAWL_REPORT_JSON_H

#include "base/bytes.h"

#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH_MAX = 16 };

struct json {
	FILE *out;
	unsigned depth;               /* open objects and arrays */
	char closing[JSON_DEPTH_MAX]; /* of each of them: '}' or ']' */
	bool filled[JSON_DEPTH_MAX];  /* each of them has a member or an element */
	bool new_line;                /* the next value starts on a line of its own */
};

void json_init(struct json *j, FILE *out);

/*
 * All below write one value: a member of that name when the innermost open one is an object (key
 * is then a C string), an element when it is an array (key is then NULL), or the whole document.
 */

/* Opens an object or an array, which json_end() closes. A document ends with a newline. */
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_end(struct json *j);

/* Puts the next value on a line of its own. */
void json_new_line(struct json *j);

void json_null(struct json *j, const char *key);
void json_bool(struct json *j, const char *key, bool value);
void json_int(struct json *j, const char *key, int64_t value);
void json_uint(struct json *j, const char *key, uint64_t value);

/* A finite number with so many decimals. */
void json_decimal(struct json *j, const char *key, double value, int decimals);

void json_text(struct json *j, const char *key, const char *text);
void json_bytes(struct json *j, const char *key, struct bytes text);

/* The bytes as base64 (RFC 4648, padded), as lower-case hexadecimal digits. */
void json_base64(struct json *j, const char *key, struct bytes bytes);
void json_hex(struct json *j, const char *key, struct bytes bytes);

/* A UUID (RFC 9562) made of a hash, six bits of which give way to version (5) and variant. */
void json_uuid(struct json *j, const char *key, const unsigned char hash[16]);

/* Milliseconds since 1970 as "2026-01-31T12:00:00.000Z" (RFC 3339); years 1970 to 9999. */
void json_time(struct json *j, const char *key, int64_t ms);

/* A string in pieces: json_open_string(), json_put() as often as needed, json_close_string(). */
void json_open_string(struct json *j, const char *key);
void json_put(struct json *j, struct bytes text);
void json_close_string(struct json *j);

#endif
