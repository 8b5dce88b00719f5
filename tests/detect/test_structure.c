#include "detect/structure.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

enum { TEXT_MAX = 256 * 1024 };

static void append_base64(struct buf *out, struct bytes bytes, int variant)
{
	size_t room = sodium_base64_encoded_len(bytes.len, variant);

	assert_int_equal(buf_reserve(out, room), ERR_NONE);
	sodium_bin2base64((char *)out->ptr + out->len, room, bytes.ptr, bytes.len, variant);
	out->len += room - 1;
}

/* ---- JWT ---- */

static bool jwt(const char *header, const char *claims, const char *tail)
{
	struct buf text;
	bool good;

	buf_init(&text, TEXT_MAX);
	append_base64(&text, bytes_of(header), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	buf_append(&text, bytes_of("."));
	append_base64(&text, bytes_of(claims), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	buf_append(&text, bytes_of(tail));
	good = structure_verify(STRUCTURE_JWT, buf_bytes(&text));
	buf_release(&text);
	return good;
}

static void a_jwt_is_two_json_objects_and_a_signature(void **state)
{
	(void)state;
	assert_true(jwt("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", "{\"sub\":\"1\"}", ".c2ln"));
	assert_true(jwt("{\"alg\":\"none\"}", "{}", "."));
	assert_true(jwt(" {\"alg\" : \"\\u00e9\"} ", "{\"a\":[1,{\"b\":null}]}", ".x.y.z"));
	assert_false(jwt("{\"alg\":\"HS256\"}", "{\"sub\":\"1\"}", ""));
	assert_false(jwt("{\"typ\":\"JWT\"}", "{}", ".x"));
	assert_false(jwt("{\"alg\":256}", "{}", ".x"));
	assert_false(jwt("{\"alg\":\"a\",\"alg\":\"b\"}", "{}", ".x"));
	assert_false(jwt("[\"alg\"]", "{}", ".x"));
	assert_false(jwt("{\"alg\":\"HS256\"}", "[]", ".x"));
	assert_false(jwt("{\"alg\":\"HS256\"}", "{} x", ".x"));
	assert_false(jwt("{\"alg\":\"HS256\"", "{}", ".x"));
	assert_false(jwt("", "", ".x"));
	assert_false(jwt("{\"alg\":\"\xff\"}", "{}", ".x"));
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
	    "eyJhbGciOiJIUzI1NiJ9.!!!.x",
	    "eyJhbGciOiJIUzI1NiJ9.e30",
	    "e30.eyJhbGciOiJIUzI1NiJ9.x",
	};
	char *deep = malloc(60000);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_false(structure_verify(STRUCTURE_JWT, bytes_of(texts[i])));
	assert_true(structure_verify(STRUCTURE_JWT, bytes_of("eyJhbGciOiJIUzI1NiJ9.e30.x")));
	assert_false(structure_verify(STRUCTURE_JWT, (struct bytes){NULL, 0}));
	/* Nested past any reason, and past the maximum. */
	assert_non_null(deep);
	memset(deep, '[', 59999);
	deep[59999] = '\0';
	assert_false(jwt("{\"alg\":\"HS256\"}", deep, ".x"));
	memset(deep, 'a', 59999);
	for (int i = 0; i < 2; i++) {
		struct buf text;

		buf_init(&text, TEXT_MAX);
		buf_appendf(&text, "eyJhbGciOiJIUzI1NiJ9.%s%s.x", deep, deep);
		assert_false(structure_verify(STRUCTURE_JWT, buf_bytes(&text)));
		buf_release(&text);
	}
	free(deep);
}

/* ---- PEM ---- */

static bool pem_text(const char *text)
{
	return structure_verify(STRUCTURE_PEM, bytes_of(text));
}

static bool pem(const unsigned char *der, size_t len)
{
	struct buf text;
	bool good;

	buf_init(&text, TEXT_MAX);
	buf_append(&text, bytes_of("-----BEGIN PRIVATE KEY-----\n"));
	append_base64(&text, (struct bytes){der, len}, sodium_base64_VARIANT_ORIGINAL);
	buf_append(&text, bytes_of("\n-----END PRIVATE KEY-----"));
	good = structure_verify(STRUCTURE_PEM, buf_bytes(&text));
	buf_release(&text);
	return good;
}

#define PEM(...)                                                                                   \
	pem((const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__}))

static void der_must_be_as_long_as_it_says(void **state)
{
	(void)state;
	assert_true(PEM(0x30, 3, 2, 1, 0));
	assert_true(PEM(0x30, 0x81, 3, 2, 1, 0));
	assert_true(PEM(0x30, 0x82, 0, 3, 2, 1, 0));
	assert_true(PEM(0x30, 0x83, 0, 0, 3, 2, 1, 0));
	assert_true(PEM(0x30, 4, 0x30, 0, 4, 0)); /* encrypted: SEQUENCE in the SEQUENCE */
	assert_false(PEM(0x30, 2, 2, 1, 0));
	assert_false(PEM(0x30, 4, 2, 1, 0));
	assert_false(PEM(0x30, 0x80, 2, 1, 0, 0, 0)); /* of no stated length */
	assert_false(PEM(0x30, 0x84, 0, 0, 0, 3, 2, 1, 0));
	assert_false(PEM(0x30, 0xff, 2, 1, 0));
	assert_false(PEM(0x30, 0x82, 0));
	assert_false(PEM(0x30, 0x83, 0xff, 0xff, 0xff));
	assert_false(PEM(0x31, 3, 2, 1, 0));
	assert_false(PEM(0x30, 3, 4, 1, 0));
	assert_false(PEM(0x30, 3, 2, 2, 0));
	assert_false(PEM(0x30, 0));
	assert_false(PEM(0x30));
	assert_false(pem(NULL, 0));
}

static void the_text_around_the_base64(void **state)
{
	(void)state;
	assert_true(pem_text("-----BEGIN PRIVATE KEY-----MAMCAQA=-----END PRIVATE KEY-----"));
	assert_true(pem_text("-----BEGIN X-----\nMAMC\nAQA=\n-----END X-----\n"));
	assert_true(pem_text("-----BEGIN X-----\r\nMAMC\r\nAQA=\r\n"));
	assert_true(pem_text("-----BEGIN X-----\\nMAMC\\r\\nAQA=\\n-----END X-----"));
	assert_true(
	    pem_text("-----BEGIN X-----\\n\",\n  \"MAMC\\n\",\n\t'AQA=';\\\n-----END X-----"));
	assert_false(pem_text("-----BEGIN X-----\nMAMCAQE\nA\n-----END X-----"));
	assert_false(pem_text("-----BEGIN X-----\nMAMC AQB*\n-----END X-----"));
	assert_false(
	    pem_text("-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nMAMCAQA=\n-----END X-----"));
	assert_false(pem_text("-----BEGIN X"));
	assert_false(pem_text("----------"));
	assert_false(pem_text("-----"));
	assert_false(pem_text(""));
	assert_false(pem_text("MAMCAQA="));
	assert_false(pem_text("-----BEGIN X-----"));
	assert_false(structure_verify(STRUCTURE_PEM, (struct bytes){NULL, 0}));
}

static void a_nul_is_neither_base64_nor_space(void **state)
{
	static const char text[] = "-----BEGIN X-----\nMAMC\0AQA=\n-----END X-----";
	static const char escape[] = "-----BEGIN X-----\nMAMC\\\0AQA=\n-----END X-----";

	(void)state;
	assert_false(structure_verify(
	    STRUCTURE_PEM, (struct bytes){(const unsigned char *)text, sizeof(text) - 1}));
	assert_false(structure_verify(
	    STRUCTURE_PEM, (struct bytes){(const unsigned char *)escape, sizeof(escape) - 1}));
}

/* What the shell command prints, a C string; NULL where there is no such program. */
static char *output_of(const char *command)
{
	char *text = calloc(1, 16 * 1024);
	FILE *pipe = popen(command, "r");
	size_t len = pipe && text ? fread(text, 1, 16 * 1024 - 1, pipe) : 0;

	if (pipe && pclose(pipe) == 0 && len > 100)
		return text;
	free(text);
	return NULL;
}

/* The text with each line end replaced. */
static char *with_line_ends(const char *text, const char *end)
{
	struct buf out;
	char *copy;

	buf_init(&out, TEXT_MAX);
	for (; *text; text++)
		buf_append(&out, *text == '\n' ? bytes_of(end)
		                               : (struct bytes){(const unsigned char *)text, 1});
	copy = strdup(buf_text(&out));
	buf_release(&out);
	return copy;
}

/* A real key is accepted as it stands in files and in source code; a damaged one is not. */
static void check_key(const char *key)
{
	static const char *const ends[] = {"\n", "\r\n", "\\n", "\\r\\n", "\\n\",\n\t\"", "", " "};
	const char *body = strstr(key + 5, "-----") + 5;
	size_t len = strlen(key);
	char *copy;

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		copy = with_line_ends(key, ends[i]);
		if (!pem_text(copy))
			fail_msg("line ends %zu of a key of %zu bytes", i, len);
		free(copy);
	}
	/* The first byte, four characters less, four more, an invalid one, cut in half. */
	copy = strdup(key);
	copy[body - key + 1] ^= 3;
	assert_false(pem_text(copy));
	memcpy(copy, key, len);
	memmove(copy + (body - key) + 1, copy + (body - key) + 5, len - (size_t)(body - key) - 4);
	assert_false(pem_text(copy));
	memcpy(copy, key, len + 1);
	copy[body - key + 20] = '!';
	assert_false(pem_text(copy));
	memcpy(copy, key, len + 1);
	copy[(body - key) + (len - (size_t)(body - key)) / 2] = '\0';
	assert_false(pem_text(copy));
	free(copy);
}

static void real_keys_are_keys(void **state)
{
	static const char *const commands[] = {
	    "openssl genrsa -traditional 1024 2>/dev/null",
	    "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 2>/dev/null",
	    "openssl genpkey -algorithm ED25519 2>/dev/null",
	    "openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null",
	    "openssl genpkey -algorithm ED25519 -aes128 -pass pass:abcd 2>/dev/null",
	    "d=$(mktemp -d) && ssh-keygen -q -t ed25519 -N '' -f $d/k 2>/dev/null && cat $d/k; "
	    "e=$?; rm -rf $d; exit $e",
	    "d=$(mktemp -d) && ssh-keygen -q -t ed25519 -N abcdef -f $d/k 2>/dev/null && cat $d/k; "
	    "e=$?; rm -rf $d; exit $e",
	};
	unsigned made = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		char *key = output_of(commands[i]);

		if (key)
			check_key(key);
		made += key != NULL;
		free(key);
	}
	print_message("%u kinds of keys\n", made);
	if (!made)
		skip();
}

/* PROTOCOL.key in OpenSSH's sources: magic, cipher, kdf, options, number, public, private. */
static bool openssh(const char *cipher, unsigned check, unsigned again, unsigned cut)
{
	const char *fields[] = {cipher, "none", ""};
	struct buf key;
	bool good;

	buf_init(&key, 4096);
	buf_append(&key, (struct bytes){(const unsigned char *)"openssh-key-v1", 15});
	for (int i = 0; i < 3; i++) {
		unsigned char len[4] = {0, 0, 0, (unsigned char)strlen(fields[i])};

		buf_append(&key, (struct bytes){len, 4});
		buf_append(&key, bytes_of(fields[i]));
	}
	buf_append(&key,
	           (struct bytes){(const unsigned char *)"\0\0\0\1\0\0\0\3abc\0\0\0\x0a", 15});
	buf_append(&key, (struct bytes){(const unsigned char[]){1, 2, 3, (unsigned char)check, 1, 2,
	                                                        3, (unsigned char)again, 9, 9},
	                                10});
	good = pem(key.ptr, key.len - cut);
	buf_release(&key);
	return good;
}

static void an_openssh_key_repeats_its_check_number(void **state)
{
	(void)state;
	assert_true(openssh("none", 7, 7, 0));
	assert_false(openssh("none", 7, 8, 0));
	assert_true(openssh("aes256-ctr", 7, 8, 0)); /* it is encrypted, too */
	for (unsigned cut = 1; cut < 60; cut++) {
		assert_false(openssh("none", 7, 7, cut));
		assert_false(openssh("aes256-ctr", 7, 7, cut));
	}
}

/* ---- PyPI ---- */

static bool pypi(const char *prefix, const unsigned char *macaroon, size_t len)
{
	struct buf text;
	bool good;

	buf_init(&text, 4096);
	buf_append(&text, bytes_of(prefix));
	append_base64(&text, (struct bytes){macaroon, len},
	              sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	good = structure_verify(STRUCTURE_PYPI, buf_bytes(&text));
	buf_release(&text);
	return good;
}

/* Version 2, location, identifier, end; a caveat, end; end, signature. */
static void a_pypi_token_is_a_macaroon(void **state)
{
	static const char head[] = "\2\1\x08pypi.org\2\x10"
				   "0123456789abcdef"
				   "\0\2\x0e[0,\"project\"] \0\0\6\x20";
	static const char test_head[] = "\2\1\rtest.pypi.org\2\x10"
					"0123456789abcdef"
					"\0\0\6\x20";
	unsigned char token[128] = {0};
	size_t len = sizeof(head) - 1 + 32;

	(void)state;
	memcpy(token, head, sizeof(head) - 1);
	memset(token + sizeof(head) - 1, 0xa5, 32);
	assert_true(pypi("pypi-", token, len));
	assert_false(pypi("pypi", token, len));
	assert_false(pypi("PYPI-", token, len));
	assert_false(pypi("pypi-!", token, len));
	for (size_t shorter = 0; shorter < len; shorter++)
		assert_false(pypi("pypi-", token, shorter));
	assert_false(pypi("pypi-", token, len + 1));
	for (size_t at = 0; at < len; at++) {
		bool counts = at < 12 || (at >= len - 36 && at < len - 32);

		token[at] ^= 1;
		assert_int_equal(pypi("pypi-", token, len), !counts);
		token[at] ^= 1;
	}
	memcpy(token, test_head, sizeof(test_head) - 1);
	memset(token + sizeof(test_head) - 1, 0xa5, 32);
	assert_true(pypi("pypi-", token, sizeof(test_head) - 1 + 32));
	assert_false(structure_verify(STRUCTURE_PYPI, (struct bytes){NULL, 0}));
}

static void without_a_structure_all_is_well(void **state)
{
	(void)state;
	assert_true(structure_verify(STRUCTURE_NONE, (struct bytes){NULL, 0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_jwt_is_two_json_objects_and_a_signature),
	    cmocka_unit_test(what_is_no_jwt_at_all),
	    cmocka_unit_test(der_must_be_as_long_as_it_says),
	    cmocka_unit_test(the_text_around_the_base64),
	    cmocka_unit_test(a_nul_is_neither_base64_nor_space),
	    cmocka_unit_test(real_keys_are_keys),
	    cmocka_unit_test(an_openssh_key_repeats_its_check_number),
	    cmocka_unit_test(a_pypi_token_is_a_macaroon),
	    cmocka_unit_test(without_a_structure_all_is_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
