#include "detect/jwt.h"

#include "base/buf.h"
#include "detect/base64.h"

#include <jansson.h>

enum { DECODED_MAX = 64 * 1024 };

/* Decodes one dot-separated part as a JSON object; NULL if it is none. */
static json_t *decode_part(struct bytes part)
{
	struct buf text;
	json_t *object = NULL;

	buf_init(&text, DECODED_MAX);
	if (!base64_decode(part, BASE64_URL, false, &text))
		object = json_loadb(buf_text(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
	buf_release(&text);
	if (object && !json_is_object(object)) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

/* The algorithm in our own words (RFC 7518, 3.1; RFC 8037); "" for one that is not known. */
static const char *algorithm_name(const char *algorithm)
{
	static const char *const names[] = {"HS256", "HS384", "HS512", "RS256",   "RS384",
	                                    "RS512", "ES256", "ES384", "ES512",   "ES256K",
	                                    "PS256", "PS384", "PS512", "Ed25519", "EdDSA"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], algorithm) == 0)
			return names[i];
	return "";
}

static struct verdict judge(const char *algorithm, const json_t *end, int64_t now)
{
	const char *name = algorithm_name(algorithm);

	if (strcmp(algorithm, "none") == 0)
		return verdict_of(STRUCTURE_SPENT, "not signed");
	/* As a double, of which the first test lets only those pass that an int64_t holds. */
	if (json_is_number(end) && json_number_value(end) > 0 && json_number_value(end) < 1e15)
		return verdict_of_end(name, (int64_t)json_number_value(end), now);
	return verdict_of(STRUCTURE_SOUND, "%s%sno expiry", name, *name ? ", " : "");
}

struct verdict jwt_verify(struct bytes secret, int64_t now)
{
	const unsigned char *first = secret.len ? memchr(secret.ptr, '.', secret.len) : NULL;
	struct verdict verdict = {.soundness = STRUCTURE_BROKEN};
	json_t *header, *claims, *algorithm;
	const unsigned char *second;
	size_t behind;

	if (!first)
		return verdict;
	behind = (size_t)(first - secret.ptr) + 1;
	second = memchr(secret.ptr + behind, '.', secret.len - behind);
	if (!second)
		return verdict;
	header = decode_part(bytes_slice(secret, 0, behind - 1));
	claims = decode_part(bytes_slice(secret, behind, (size_t)(second - secret.ptr)));
	algorithm = header ? json_object_get(header, "alg") : NULL;
	if (claims && json_is_string(algorithm))
		verdict = judge(json_string_value(algorithm), json_object_get(claims, "exp"), now);
	json_decref(header);
	json_decref(claims);
	return verdict;
}
