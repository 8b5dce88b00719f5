#include "detect/jwt.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

enum { TEXT_MAX = 256 * 1024 };

/* As long as those of HS256, 32 bytes, and of ES256K, 64. */
#define HALF "k3Vd0wqJ8nTz5RbYcXe1LmUoPa7HsGfKiQ9WvB2CxDE"
#define SIGNATURE "." HALF
#define LONG_SIGNATURE "." HALF HALF

static void append_base64(struct buf *out, struct bytes bytes, int variant)
{
	size_t room = sodium_base64_encoded_len(bytes.len, variant);

	assert_int_equal(buf_reserve(out, room), ERR_NONE);
	sodium_bin2base64((char *)out->ptr + out->len, room, bytes.ptr, bytes.len, variant);
	out->len += room - 1;
}

static struct verdict verdict_of_parts(const char *header, const char *claims, const char *tail,
                                       int64_t now)
{
	struct buf text;
	struct verdict verdict;

	buf_init(&text, TEXT_MAX);
	append_base64(&text, bytes_of(header), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	buf_append(&text, bytes_of("."));
	append_base64(&text, bytes_of(claims), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	buf_append(&text, bytes_of(tail));
	verdict = jwt_verify(buf_bytes(&text), now);
	buf_release(&text);
	return verdict;
}

static bool is_jwt(struct bytes secret)
{
	return jwt_verify(secret, 0).soundness != STRUCTURE_BROKEN;
}

static bool jwt(const char *header, const char *claims, const char *tail)
{
	return verdict_of_parts(header, claims, tail, 0).soundness != STRUCTURE_BROKEN;
}

static void says(const char *header, const char *claims, int64_t now, enum soundness soundness,
                 const char *text)
{
	const char *tail = strstr(header, "ES256K") ? LONG_SIGNATURE : SIGNATURE;
	struct verdict verdict = verdict_of_parts(header, claims, tail, now);

	assert_string_equal(verdict.text, text);
	assert_int_equal(verdict.soundness, soundness);
}

static void it_tells_algorithm_and_end(void **state)
{
	static const char hs256[] = "{\"alg\":\"HS256\"}";
	enum { NOW = 1614816000 }; /* 2021-03-04 */

	(void)state;
	says(hs256, "{}", NOW, STRUCTURE_SOUND, "HS256, no expiry");
	says(hs256, "{\"exp\":1614815999}", NOW, STRUCTURE_SPENT, "expired 2021-03-03");
	says(hs256, "{\"exp\":1614815999.5}", NOW, STRUCTURE_SPENT, "expired 2021-03-03");
	says(hs256, "{\"exp\":1614816000}", NOW, STRUCTURE_SOUND, "HS256, expires 2021-03-04");
	says(hs256, "{\"exp\":1}", 0, STRUCTURE_SOUND, "HS256, expires 1970-01-01");
	says("{\"alg\":\"ES256K\"}", "{\"exp\":1914816000}", NOW, STRUCTURE_SOUND,
	     "ES256K, expires 2030-09-05");
	/* Text of a stranger's is not repeated. */
	says("{\"alg\":\"\\u001b[31m\"}", "{\"exp\":1914816000}", NOW, STRUCTURE_SOUND,
	     "expires 2030-09-05");
	says("{\"alg\":\"x\"}", "{\"exp\":1}", NOW, STRUCTURE_SPENT, "expired 1970-01-01");
	says("{\"alg\":\"x\"}", "{}", NOW, STRUCTURE_SOUND, "no expiry");
	says("{\"alg\":\"none\"}", "{\"exp\":1914816000}", NOW, STRUCTURE_SPENT, "not signed");
}

static void an_end_that_is_none(void **state)
{
	static const char *const claims[] = {
	    "{\"exp\":0}",       "{\"exp\":-1}",   "{\"exp\":\"1\"}",  "{\"exp\":null}",
	    "{\"exp\":1e300}",   "{\"exp\":[1]}",  "{\"exp\":-1e300}", "{\"exp\":true}",
	    "{\"exp\":1.5e308}", "{\"exp\":1e15}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++)
		says("{\"alg\":\"HS256\"}", claims[i], 1, STRUCTURE_SOUND, "HS256, no expiry");
	says("{\"alg\":\"HS256\"}", "{\"exp\":9223372036854775808}", 1, STRUCTURE_BROKEN, "");
	/* Later than a day has a name in four digits. */
	says("{\"alg\":\"HS256\"}", "{\"exp\":253402300799}", 1, STRUCTURE_SOUND,
	     "HS256, expires 9999-12-31");
	says("{\"alg\":\"HS256\"}", "{\"exp\":253402300800}", 1, STRUCTURE_SOUND, "HS256");
}

static void a_jwt_is_two_json_objects_and_a_signature(void **state)
{
	(void)state;
	assert_true(jwt("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", "{\"sub\":\"1\"}", SIGNATURE));
	assert_true(jwt("{\"alg\":\"none\"}", "{}", "."));
	assert_true(jwt(" {\"alg\" : \"\\u00e9\"} ", "{\"a\":[1,{\"b\":null}]}", ".x.y.z"));
	assert_false(jwt("{\"alg\":\"HS256\"}", "{\"sub\":\"1\"}", ""));
	assert_false(jwt("{\"typ\":\"JWT\"}", "{}", ".x"));
	assert_false(jwt("{\"alg\":256}", "{}", ".x"));
	assert_false(jwt("{\"alg\":\"a\",\"alg\":\"b\"}", "{}", ".x"));
	assert_false(jwt("[\"alg\"]", "{}", ".x"));
	assert_false(jwt("{\"alg\":\"HS256\"}", "[]", SIGNATURE));
	assert_false(jwt("{\"alg\":\"HS256\"}", "{} x", SIGNATURE));
	assert_false(jwt("{\"alg\":\"HS256\"", "{}", SIGNATURE));
	assert_false(jwt("", "", ".x"));
	assert_false(jwt("{\"alg\":\"\xff\"}", "{}", ".x"));
}

/* What is said of a token of the algorithm with a signature of as many characters. */
static enum soundness signed_by(const char *algorithm, size_t len)
{
	char header[40], tail[3000] = ".";

	assert_true(len < sizeof(tail) - 1);
	snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", algorithm);
	memset(tail + 1, 'A', len);
	tail[1 + len] = '\0';
	return verdict_of_parts(header, "{}", tail, 0).soundness;
}

static void a_signature_has_the_length_of_its_algorithm(void **state)
{
	static const struct {
		const char *algorithm;
		size_t len;
	} right[] = {
	    {"HS256", 43},  {"HS384", 64},  {"HS512", 86},  {"ES256", 86},   {"ES256K", 86},
	    {"ES384", 128}, {"ES512", 176}, {"RS256", 171}, {"RS256", 342},  {"RS384", 342},
	    {"RS512", 683}, {"PS256", 342}, {"PS384", 512}, {"PS512", 2731}, {"Ed25519", 86},
	    {"EdDSA", 86},  {"EdDSA", 152}, {"other", 30},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		bool fixed = right[i].algorithm[0] != 'o' && strcmp(right[i].algorithm, "EdDSA");
		enum soundness near = fixed ? STRUCTURE_ALIEN : STRUCTURE_SOUND;
		enum soundness far = fixed ? STRUCTURE_BROKEN : STRUCTURE_SOUND;

		assert_int_equal(signed_by(right[i].algorithm, right[i].len), STRUCTURE_SOUND);
		assert_int_equal(signed_by(right[i].algorithm, right[i].len - 1), near);
		assert_int_equal(signed_by(right[i].algorithm, right[i].len + 4), near);
		assert_int_equal(signed_by(right[i].algorithm, right[i].len - 5), far);
		assert_int_equal(signed_by(right[i].algorithm, right[i].len + 5), far);
	}
}

static void what_is_no_jwt_at_all(void **state)
{
	static const char *const texts[] = {
	    "",
	    ".",
	    "..",
	    "...",
	    "eyJhbGciOiJIUzI1NiJ9",
	    "eyJhbGciOiJIUzI1NiJ9.",
	    "eyJhbGciOiJIUzI1NiJ9..",
	    "eyJhbGciOiJIUzI1NiJ9.!!!" SIGNATURE,
	    "eyJhbGciOiJIUzI1NiJ9.e30",
	    "e30.eyJhbGciOiJIUzI1NiJ9" SIGNATURE,
	};
	char *deep = malloc(60000);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_false(is_jwt(bytes_of(texts[i])));
	assert_true(is_jwt(bytes_of("eyJhbGciOiJIUzI1NiJ9.e30" SIGNATURE)));
	assert_false(is_jwt((struct bytes){NULL, 0}));
	/* Nested past any reason, and past the maximum. */
	assert_non_null(deep);
	memset(deep, '[', 59999);
	deep[59999] = '\0';
	assert_false(jwt("{\"alg\":\"HS256\"}", deep, SIGNATURE));
	memset(deep, 'a', 59999);
	for (int i = 0; i < 2; i++) {
		struct buf text;

		buf_init(&text, TEXT_MAX);
		buf_appendf(&text, "eyJhbGciOiJIUzI1NiJ9.%s%s" SIGNATURE, deep, deep);
		assert_false(is_jwt(buf_bytes(&text)));
		buf_release(&text);
	}
	free(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_tells_algorithm_and_end),
	    cmocka_unit_test(an_end_that_is_none),
	    cmocka_unit_test(a_jwt_is_two_json_objects_and_a_signature),
	    cmocka_unit_test(a_signature_has_the_length_of_its_algorithm),
	    cmocka_unit_test(what_is_no_jwt_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
