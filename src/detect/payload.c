#include "detect/payload.h"

#include "base/buf.h"
#include "detect/base32.h"
#include "detect/base64.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <time.h>

enum { DECODED_MAX = 64 * 1024, DIGITS_MAX = 64 };

static const struct verdict silent = {.soundness = STRUCTURE_SILENT};

struct verdict payload_aws_key_id(struct bytes id)
{
	unsigned char bytes[10];
	uint64_t number = 0;

	/* Ids from before 2019, with I or J behind the prefix, do not carry it. */
	if (id.len != 20 || id.ptr[4] == 'I' || id.ptr[4] == 'J' ||
	    base32_decode(bytes_slice(id, 4, 20), BASE32_UPPER, bytes, sizeof(bytes)) != 10)
		return silent;
	for (unsigned i = 0; i < 6; i++)
		number = number << 8 | bytes[i];
	number = (number & 0x7fffffffff80) >> 7;
	if (number >= 1000000000000) /* account numbers have twelve digits */
		return silent;
	return verdict_of(STRUCTURE_SOUND, "AWS account %012llu", (unsigned long long)number);
}

struct verdict payload_end_day(struct bytes day, int64_t now)
{
	static const char shape[] = "0000-00-00";
	struct tm tm = {0};
	char text[sizeof(shape)];

	if (day.len < sizeof(shape) - 1)
		return silent;
	for (size_t i = 0; i < sizeof(shape) - 1; i++) {
		if (shape[i] == '0' ? !isdigit(day.ptr[i]) : day.ptr[i] != shape[i])
			return silent;
		text[i] = (char)day.ptr[i];
	}
	text[sizeof(shape) - 1] = '\0';
	tm.tm_year = (int)strtol(text, NULL, 10) - 1900;
	tm.tm_mon = (int)strtol(text + 5, NULL, 10) - 1;
	tm.tm_mday = (int)strtol(text + 8, NULL, 10);
	if (tm.tm_year < 70 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 || tm.tm_mday > 31)
		return silent;
	/* It may hold for the whole of the day. */
	return verdict_of_end("", timegm(&tm), now > 24 * 60 * 60 ? now - 24 * 60 * 60 : now);
}

/* Decodes base64 of either alphabet. */
static bool decode(struct bytes text, struct buf *out)
{
	if (!base64_decode(text, BASE64_STANDARD, false, out))
		return true;
	buf_clear(out);
	return !base64_decode(text, BASE64_URL, false, out);
}

/* docs.discord.com, reference, "Snowflakes": milliseconds since 2015 above 22 other bits. */
struct verdict payload_discord(struct bytes token)
{
	static const uint64_t epoch = 1420070400;
	const unsigned char *dot = token.len ? memchr(token.ptr, '.', token.len) : NULL;
	struct verdict verdict = silent;
	uint64_t number = 0;
	struct buf id;
	struct tm tm;
	time_t made;
	char day[16];

	buf_init(&id, DIGITS_MAX);
	if (!dot || (size_t)(dot - token.ptr) > 40 ||
	    !decode(bytes_slice(token, 0, (size_t)(dot - token.ptr)), &id) || id.len < 17 ||
	    id.len > 19)
		goto out;
	for (size_t i = 0; i < id.len; i++) {
		if (!isdigit(id.ptr[i]))
			goto out;
		number = number * 10 + (uint64_t)(id.ptr[i] - '0');
	}
	made = (time_t)((number >> 22) / 1000 + epoch);
	if (gmtime_r(&made, &tm) && strftime(day, sizeof(day), "%Y-%m-%d", &tm))
		verdict = verdict_of(STRUCTURE_SOUND, "bot made %s", day);
out:
	buf_release(&id);
	return verdict;
}

/* Whether a number in base 36 is less than 2 to the power of `bits`, at most 256. */
static bool number_fits(struct bytes digits, unsigned bits)
{
	unsigned char number[34] = {0}; /* least significant byte first */

	for (size_t i = 0; i < digits.len; i++) {
		unsigned char c = digits.ptr[i];
		unsigned carry;

		if (!isdigit(c) && !(c >= 'a' && c <= 'z'))
			return false;
		carry = isdigit(c) ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
		for (size_t k = 0; k < sizeof(number); k++) {
			carry += 36u * number[k];
			number[k] = (unsigned char)carry;
			carry >>= 8;
		}
		if (carry)
			return false;
	}
	for (size_t k = bits / 8; k < sizeof(number); k++)
		if (number[k])
			return false;
	return true;
}

/* github.com/moby/swarmkit, ca/config.go: SWMTKN-1-<50 digits>-<25 digits>. */
struct verdict payload_docker_swarm(struct bytes token)
{
	enum { HEAD = 9, DIGEST = 50, SECRET = 25, WHOLE = HEAD + DIGEST + 1 + SECRET };

	if (token.len != WHOLE)
		return silent;
	if (!number_fits(bytes_slice(token, HEAD, HEAD + DIGEST), 256) ||
	    !number_fits(bytes_slice(token, HEAD + DIGEST + 1, WHOLE), 128))
		return (struct verdict){.soundness = STRUCTURE_BROKEN};
	return verdict_of(STRUCTURE_SOUND, "numbers in range");
}

/* github.com/NuGet/NuGetGallery, ApiKeyV4.cs. */
struct verdict payload_nuget(struct bytes key)
{
	unsigned char id[12], secret[16];

	if (key.len != 46 ||
	    base32_decode(bytes_slice(key, 0, 20), BASE32_LOWER, id, sizeof(id)) != sizeof(id) ||
	    base32_decode(bytes_slice(key, 20, 46), BASE32_LOWER, secret, sizeof(secret)) !=
	        sizeof(secret) ||
	    id[0] != 'v' || id[1] != '4' || memchr(id, 0, sizeof(id)) ||
	    !memchr("aq", key.ptr[19], 2) || !memchr("aeimquy4", key.ptr[45], 8))
		return silent;
	return verdict_of(STRUCTURE_SOUND, "header decodes");
}

/*
 * A macaroon, version 2 (libmacaroons, doc/format.txt): 2, field 1 = location, of PyPI's; it ends
 * in 0 0 6 32 and a signature of 32 bytes.
 */
struct verdict payload_pypi(struct bytes token)
{
	static const char prefix[] = "pypi-";
	static const char production[] = "\x02\x01\x08pypi.org\x02";
	static const char test[] = "\x02\x01\x0dtest.pypi.org\x02";
	static const unsigned char tail[] = {0, 0, 6, 32};
	struct verdict verdict = {.soundness = STRUCTURE_BROKEN};
	struct bytes macaroon;
	struct buf text;

	buf_init(&text, DECODED_MAX);
	if (bytes_start_with(token, prefix) &&
	    !base64_decode(bytes_slice(token, sizeof(prefix) - 1, token.len), BASE64_URL, false,
	                   &text)) {
		macaroon = buf_bytes(&text);
		if ((bytes_start_with(macaroon, production) || bytes_start_with(macaroon, test)) &&
		    macaroon.len > 40 + sizeof(tail) &&
		    memcmp(macaroon.ptr + macaroon.len - 32 - sizeof(tail), tail, sizeof(tail)) ==
		        0)
			verdict = verdict_of(STRUCTURE_SOUND, "macaroon of %s",
			                     bytes_start_with(macaroon, test) ? "test.pypi.org"
			                                                      : "pypi.org");
	}
	buf_release(&text);
	return verdict;
}

/*
 * github.com/hashicorp/vault, sdk/helper/consts/token_consts.go and vault/tokens/token.proto:
 * SignedToken {1: version 1, 2: 32 bytes of HMAC, 3: Token {1: "hvs." and 24 characters, ...}}.
 */
struct verdict payload_vault(struct bytes token)
{
	static const char prefix[] = "hvs.", head[] = "\x08\x01\x12\x20";
	struct verdict verdict = silent;
	struct bytes rest, skipped;
	uint32_t tag, len;
	struct buf text;

	buf_init(&text, DECODED_MAX);
	if (!bytes_start_with(token, prefix) ||
	    base64_decode(bytes_slice(token, sizeof(prefix) - 1, token.len), BASE64_URL, false,
	                  &text))
		goto out;
	rest = buf_bytes(&text);
	if (bytes_start_with(rest, head) && cursor_take(&rest, 4 + 32, &skipped) &&
	    cursor_number(&rest, 1, &tag) && tag == 0x1a && cursor_number(&rest, 1, &len) &&
	    len == rest.len && cursor_number(&rest, 1, &tag) && tag == 0x0a &&
	    cursor_number(&rest, 1, &len) && len == 28 && bytes_start_with(rest, prefix))
		verdict = verdict_of(STRUCTURE_SOUND, "payload decodes");
out:
	buf_release(&text);
	return verdict;
}

/* Sound if the text is base64 of a JSON object that has all these members, up to a NULL. */
static struct verdict json_with(struct bytes text, const char *const *members)
{
	struct verdict verdict = silent;
	json_t *object = NULL;
	struct buf json;

	buf_init(&json, DECODED_MAX);
	if (decode(text, &json))
		object = json_loadb(buf_text(&json), json.len, JSON_REJECT_DUPLICATES, NULL);
	while (*members && json_object_get(object, *members))
		members++;
	if (object && !*members)
		verdict = verdict_of(STRUCTURE_SOUND, "payload decodes");
	json_decref(object);
	buf_release(&json);
	return verdict;
}

/* What stands behind the prefix, up to the last `end` if one is given; len 0 if there is none. */
static struct bytes behind(struct bytes token, const char *prefix, int end)
{
	size_t start = strlen(prefix);
	const unsigned char *last;

	if (!bytes_start_with(token, prefix) || token.len == start)
		return (struct bytes){NULL, 0};
	token = bytes_slice(token, start, token.len);
	last = end ? memrchr(token.ptr, end, token.len) : NULL;
	return last ? bytes_slice(token, 0, (size_t)(last - token.ptr)) : token;
}

struct verdict payload_grafana_cloud(struct bytes token)
{
	static const char *const members[] = {"o", "n", "k", NULL};

	return json_with(behind(token, "glc_", 0), members);
}

struct verdict payload_onepassword(struct bytes token)
{
	static const char *const members[] = {"signInAddress", "email", "secretKey", NULL};

	return json_with(behind(token, "ops_", 0), members);
}

/* github.com/getsentry/sentry, orgauthtoken_token.py. */
struct verdict payload_sentry(struct bytes token)
{
	static const char *const members[] = {"iat", "url", "org", NULL};

	return json_with(behind(token, "sntrys_", '_'), members);
}
