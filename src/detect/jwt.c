#include "detect/jwt.h"

#include "base/buf.h"
#include "detect/base64.h"

#include <jansson.h>

enum {
	DECODED_MAX = 64 * 1024,
	RSA_MIN = 1024, /* bits of a modulus that somebody still has; RFC 7518, 3.3 asks for 2048 */
	RSA_STEP = 512,
	RSA_MAX = 16384,
	SLIP_MAX =
	    4, /* characters that get lost or added; a signature that was made up misses more */
};

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

/* An algorithm (RFC 7518, 3.1; RFC 8037; RFC 8812; RFC 9864) and the bytes of its signatures. */
struct algorithm {
	const char *name;
	size_t bytes; /* MODULUS: as many as the key's has; ANY: that depends, or nobody knows */
};

enum { MODULUS, ANY };

/* The algorithm of that name; one without a name if it is not known. */
static const struct algorithm *algorithm_of(const char *name)
{
	static const struct algorithm known[] = {
	    {"HS256", 32},      {"HS384", 48},      {"HS512", 64},      {"RS256", MODULUS},
	    {"RS384", MODULUS}, {"RS512", MODULUS}, {"PS256", MODULUS}, {"PS384", MODULUS},
	    {"PS512", MODULUS}, {"ES256", 64},      {"ES256K", 64},     {"ES384", 96},
	    {"ES512", 132},     {"Ed25519", 64},    {"EdDSA", ANY},     {"", ANY},
	};
	const struct algorithm *one = known;

	while (*one->name && strcmp(one->name, name) != 0)
		one++;
	return one;
}

/* By how many characters a signature misses the length that base64 gives to some bytes. */
static size_t miss(size_t len, size_t bytes)
{
	size_t right = (bytes * 4 + 2) / 3;

	return len > right ? len - right : right - len;
}

/* By how many characters a signature misses the nearest length that the algorithm gives it. */
static size_t misses_by(const struct algorithm *algorithm, size_t len)
{
	size_t least = SIZE_MAX;

	if (algorithm->bytes == ANY)
		return 0;
	if (algorithm->bytes != MODULUS)
		return miss(len, algorithm->bytes);
	for (size_t bits = RSA_MIN; bits <= RSA_MAX; bits += RSA_STEP)
		least = miss(len, bits / 8) < least ? miss(len, bits / 8) : least;
	return least;
}

/* What the claims say of a token whose signature may be one. */
static struct verdict judge(const char *algorithm, const json_t *end, int64_t now)
{
	const char *name = algorithm_of(algorithm)->name;

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
	size_t behind, missing;

	if (!first)
		return verdict;
	behind = (size_t)(first - secret.ptr) + 1;
	second = memchr(secret.ptr + behind, '.', secret.len - behind);
	if (!second)
		return verdict;
	header = decode_part(bytes_slice(secret, 0, behind - 1));
	algorithm = header ? json_object_get(header, "alg") : NULL;
	if (!json_is_string(algorithm))
		goto out;
	missing = misses_by(algorithm_of(json_string_value(algorithm)),
	                    secret.len - (size_t)(second + 1 - secret.ptr));
	if (missing) {
		verdict.soundness = missing <= SLIP_MAX ? STRUCTURE_ALIEN : STRUCTURE_BROKEN;
		goto out;
	}
	claims = decode_part(bytes_slice(secret, behind, (size_t)(second - secret.ptr)));
	if (claims)
		verdict = judge(json_string_value(algorithm), json_object_get(claims, "exp"), now);
	json_decref(claims);
out:
	json_decref(header);
	return verdict;
}
