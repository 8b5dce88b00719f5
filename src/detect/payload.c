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

/* Takes the digits at the front; false, and nothing is taken, if there are none. */
static bool take_digits(struct bytes *text)
{
	size_t len = 0;

	while (len < text->len && isdigit(text->ptr[len]))
		len++;
	*text = bytes_slice(*text, len, text->len);
	return len > 0;
}

static bool take_text(struct bytes *text, const char *wanted)
{
	if (!bytes_start_with(*text, wanted))
		return false;
	*text = bytes_slice(*text, strlen(wanted), text->len);
	return true;
}

/* Sound if the text is base64 of something that has the shape. */
static struct verdict decoded_with(struct bytes text, bool (*shape)(struct bytes decoded))
{
	struct verdict verdict = silent;
	struct buf decoded;

	buf_init(&decoded, DECODED_MAX);
	if (decode(text, &decoded) && shape(buf_bytes(&decoded)))
		verdict = verdict_of(STRUCTURE_SOUND, "payload decodes");
	buf_release(&decoded);
	return verdict;
}

static bool number_and_bytes(struct bytes text)
{
	return take_digits(&text) && take_text(&text, ":") && text.len >= 16;
}

struct verdict payload_atlassian_data_center(struct bytes token)
{
	return decoded_with(bytes_start_with(token, "BBDC-") ? behind(token, "BBDC-", 0) : token,
	                    number_and_bytes);
}

/* A MessagePack array of four, whose first is one of three, whose first is bytes. */
static bool starts_macaroon(struct bytes text)
{
	return bytes_start_with(text, "\x94\x93\xc4");
}

/* github.com/superfly/macaroon. */
struct verdict payload_fly(struct bytes token)
{
	const unsigned char *line = token.len ? memchr(token.ptr, '_', token.len) : NULL;

	return decoded_with(line ? bytes_slice(token, (size_t)(line - token.ptr) + 1, token.len)
	                         : token,
	                    starts_macaroon);
}

static bool intercom_text(struct bytes text)
{
	if (!take_text(&text, "tok:"))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!isalnum(text.ptr[i]) && !memchr("_:", text.ptr[i], 2))
			return false;
	}
	return text.len >= 16;
}

struct verdict payload_intercom(struct bytes token)
{
	return decoded_with(token, intercom_text);
}

static bool jfrog_text(struct bytes text)
{
	return take_text(&text, "reftkn:") && take_digits(&text) && take_text(&text, ":") &&
	       take_digits(&text) && take_text(&text, ":") && text.len >= 16;
}

struct verdict payload_jfrog(struct bytes token)
{
	return decoded_with(token, jfrog_text);
}

/* Two numbers and the team's. */
static bool slack_numbers(struct bytes text)
{
	return take_digits(&text) && take_text(&text, "-") && take_digits(&text) &&
	       take_text(&text, "-") && take_digits(&text) && take_text(&text, "-");
}

struct verdict payload_slack_rotating(struct bytes token)
{
	const unsigned char *dash = token.len ? memrchr(token.ptr, '-', token.len) : NULL;

	return decoded_with(dash ? bytes_slice(token, (size_t)(dash - token.ptr) + 1, token.len)
	                         : token,
	                    slack_numbers);
}

/* docs.aws.amazon.com, Amazon Bedrock, "API keys": the name of a key ends in its account. */
struct verdict payload_bedrock(struct bytes key)
{
	enum { ACCOUNT = 12 };
	struct verdict verdict = silent;
	const unsigned char *colon;
	struct bytes name, account;
	struct buf text;

	buf_init(&text, DECODED_MAX);
	if (!decode(behind(key, "ABSK", 0), &text))
		goto out;
	name = buf_bytes(&text);
	colon = name.len ? memchr(name.ptr, ':', name.len) : NULL;
	if (!take_text(&name, "BedrockAPIKey-") || !colon)
		goto out;
	verdict = verdict_of(STRUCTURE_SOUND, "payload decodes");
	name.len = (size_t)(colon - name.ptr);
	if (name.len <= ACCOUNT)
		goto out;
	account = bytes_slice(name, name.len - ACCOUNT, name.len);
	name = account;
	if (account.ptr[-1] == '-' && take_digits(&name) && !name.len)
		verdict = verdict_of(STRUCTURE_SOUND, "AWS account %.*s", ACCOUNT,
		                     (const char *)account.ptr);
out:
	buf_release(&text);
	return verdict;
}

/* SEC 2, 2.4.1: a private key is a number from 1 to the order of the curve, less 1. */
struct verdict payload_secp256k1(struct bytes key)
{
	static const char order[] =
	    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
	enum { DIGITS = sizeof(order) - 1 };
	char digits[DIGITS];
	bool nonzero = false;

	if (bytes_start_with(key, "0x"))
		key = bytes_slice(key, 2, key.len);
	if (key.len != DIGITS)
		return silent;
	for (size_t i = 0; i < DIGITS; i++) {
		digits[i] = (char)tolower(key.ptr[i]);
		nonzero |= digits[i] != '0';
	}
	if (!nonzero || memcmp(digits, order, DIGITS) >= 0)
		return (struct verdict){.soundness = STRUCTURE_BROKEN};
	return silent;
}

/* 22 characters hold 16 bytes and 4 spare bits, 43 hold 32 bytes and 2. */
struct verdict payload_sendgrid(struct bytes key)
{
	enum { ID_LAST = 3 + 21, LAST = 3 + 22 + 1 + 42 };

	if (key.len != LAST + 1 || !memchr("AQgw", key.ptr[ID_LAST], 4) ||
	    !memchr("AEIMQUYcgkosw048", key.ptr[LAST], 16))
		return silent;
	return verdict_of(STRUCTURE_SOUND, "16 and 32 bytes");
}

/* RFC 7748, section 5: the bits that decodeScalar25519 sets; wg genkey sets them beforehand. */
struct verdict payload_wireguard(struct bytes key)
{
	struct verdict verdict = silent;
	struct buf bytes;

	buf_init(&bytes, DECODED_MAX);
	if (decode(key, &bytes) && bytes.len == 32 && (bytes.ptr[0] & 7) == 0 &&
	    (bytes.ptr[31] & 0xc0) == 0x40)
		verdict = verdict_of(STRUCTURE_SOUND, "has a private key's bits");
	buf_release(&bytes);
	return verdict;
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
 * SignedToken {1: version 1, 2: 32 bytes of HMAC, 3: Token {1: "hvs." and 24 characters, ...}}. A
 * batch token is what the barrier encrypts: a key's term in four bytes, version 2, and bytes.
 */
struct verdict payload_vault(struct bytes token)
{
	static const char prefix[] = "hvs.", batch[] = "hvb.", head[] = "\x08\x01\x12\x20";
	struct verdict verdict = silent;
	struct bytes rest, skipped;
	uint32_t tag, len;
	struct buf text;

	buf_init(&text, DECODED_MAX);
	if ((!bytes_start_with(token, prefix) && !bytes_start_with(token, batch)) ||
	    base64_decode(bytes_slice(token, sizeof(prefix) - 1, token.len), BASE64_URL, false,
	                  &text))
		goto out;
	rest = buf_bytes(&text);
	if (bytes_start_with(token, batch)) {
		if (cursor_take(&rest, 4, &skipped) && cursor_number(&rest, 1, &tag) && tag == 2 &&
		    rest.len > 32)
			verdict = verdict_of(STRUCTURE_SOUND, "batch token");
		goto out;
	}
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

struct verdict payload_grafana_cloud(struct bytes token)
{
	static const char *const members[] = {"o", "n", "k", NULL};

	return json_with(behind(token, "glc_", 0), members);
}

struct verdict payload_grafana_legacy(struct bytes token)
{
	static const char *const members[] = {"k", "n", "id", NULL};

	return json_with(token, members);
}

struct verdict payload_mapbox(struct bytes token)
{
	static const char *const members[] = {"u", "a", NULL};

	return json_with(behind(token, bytes_start_with(token, "tk.") ? "tk." : "sk.", '.'),
	                 members);
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
