#include "detect/private_key.h"

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

static bool is_key(struct bytes secret)
{
	return private_key_verify(secret).soundness != STRUCTURE_BROKEN;
}

static bool pem_text(const char *text)
{
	return is_key(bytes_of(text));
}

static bool pem(const unsigned char *der, size_t len)
{
	struct buf text;
	bool good;

	buf_init(&text, TEXT_MAX);
	buf_append(&text, bytes_of("-----BEGIN PRIVATE KEY-----\n"));
	append_base64(&text, (struct bytes){der, len}, sodium_base64_VARIANT_ORIGINAL);
	buf_append(&text, bytes_of("\n-----END PRIVATE KEY-----"));
	good = is_key(buf_bytes(&text));
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
	assert_false(pem_text("-----BEGIN X"));
	assert_false(pem_text("----------"));
	assert_false(pem_text("-----"));
	assert_false(pem_text(""));
	assert_true(pem_text("MAMCAQA=")); /* the base64 alone */
	assert_false(pem_text("-----BEGIN X-----"));
	assert_false(is_key((struct bytes){NULL, 0}));
}

static void a_nul_is_neither_base64_nor_space(void **state)
{
	static const char text[] = "-----BEGIN X-----\nMAMC\0AQA=\n-----END X-----";
	static const char escape[] = "-----BEGIN X-----\nMAMC\\\0AQA=\n-----END X-----";

	(void)state;
	assert_false(is_key((struct bytes){(const unsigned char *)text, sizeof(text) - 1}));
	assert_false(is_key((struct bytes){(const unsigned char *)escape, sizeof(escape) - 1}));
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
static void check_key(const char *key, enum soundness soundness, const char *text)
{
	static const char *const ends[] = {"\n", "\r\n", "\\n", "\\r\\n", "\\n\",\n\t\"", "", " "};
	const char *body = strstr(key + 5, "-----") + 5;
	size_t len = strlen(key);
	char *copy;

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct verdict verdict;

		copy = with_line_ends(key, ends[i]);
		verdict = private_key_verify(bytes_of(copy));
		assert_string_equal(verdict.text, text);
		assert_int_equal(verdict.soundness, soundness);
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

#define SSH_KEY(kind, phrase)                                                                      \
	"d=$(mktemp -d) && ssh-keygen -q -t " kind " -N '" phrase                                  \
	"' -f $d/k 2>/dev/null && cat $d/k; e=$?; rm -rf $d; exit $e"

static void real_keys_are_keys(void **state)
{
	static const struct {
		const char *command;
		enum soundness soundness;
		const char *text;
	} kinds[] = {
	    {"openssl genrsa -traditional 1024 2>/dev/null", STRUCTURE_SOUND, "RSA key, 1024 bits"},
	    {"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 2>/dev/null",
	     STRUCTURE_SOUND, "RSA key, 1024 bits"},
	    {"openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024 2>/dev/null",
	     STRUCTURE_SOUND, "RSA key, 1024 bits"},
	    {"openssl genpkey -algorithm ED25519 2>/dev/null", STRUCTURE_SOUND, "Ed25519 key"},
	    {"openssl genpkey -algorithm X25519 2>/dev/null", STRUCTURE_SOUND, "X25519 key"},
	    {"openssl genpkey -algorithm ED448 2>/dev/null", STRUCTURE_SOUND, "Ed448 key"},
	    {"openssl genpkey -algorithm X448 2>/dev/null", STRUCTURE_SOUND, "X448 key"},
	    {"openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null", STRUCTURE_SOUND,
	     "EC key, P-256"},
	    {"openssl ecparam -name secp521r1 -genkey -noout 2>/dev/null", STRUCTURE_SOUND,
	     "EC key, P-521"},
	    {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp384r1 2>/dev/null",
	     STRUCTURE_SOUND, "EC key, P-384"},
	    {"openssl ecparam -name secp256k1 -genkey -noout 2>/dev/null", STRUCTURE_SOUND,
	     "EC key, secp256k1"},
	    {"openssl ecparam -name brainpoolP256r1 -genkey -noout 2>/dev/null", STRUCTURE_SOUND,
	     "EC key, 256 bits"},
	    {"openssl genpkey -algorithm ED25519 -aes128 -pass pass:abcd 2>/dev/null",
	     STRUCTURE_LOCKED, "encrypted key"},
	    {SSH_KEY("ed25519", ""), STRUCTURE_SOUND, "Ed25519 key"},
	    {SSH_KEY("ed25519", "abcdef"), STRUCTURE_LOCKED, "encrypted key"},
	    {SSH_KEY("rsa -b 1024", ""), STRUCTURE_SOUND, "RSA key, 1024 bits"},
	    {SSH_KEY("ecdsa -b 384", ""), STRUCTURE_SOUND, "EC key, P-384"},
	};
	unsigned made = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char *key = output_of(kinds[i].command);

		if (key)
			check_key(key, kinds[i].soundness, kinds[i].text);
		made += key != NULL;
		free(key);
	}
	print_message("%u kinds of keys\n", made);
	if (!made)
		skip();
}

/* A key of 512 bits, made for this test: OpenSSL still writes DSA, but slowly. */
static void a_dsa_key_has_six_numbers(void **state)
{
	struct verdict verdict = private_key_verify_decoded(
	    (struct bytes){(const unsigned char[]){0x30, 18, 2, 1, 0, 2, 1, 0x7f, 2, 1,
	                                           3,    2,  1, 4, 2, 1, 5, 2,    1, 6},
	                   20});

	(void)state;
	assert_string_equal(verdict.text, "DSA key, 7 bits");
	assert_int_equal(verdict.soundness, STRUCTURE_SOUND);
}

static void an_old_encrypted_key_says_so(void **state)
{
	struct verdict verdict =
	    private_key_verify(bytes_of("-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n"
	                                "DEK-Info: AES-128-CBC,00\n\nMAMCAQA=\n-----END X-----"));

	(void)state;
	assert_string_equal(verdict.text, "encrypted key");
	assert_int_equal(verdict.soundness, STRUCTURE_LOCKED);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(der_must_be_as_long_as_it_says),
	    cmocka_unit_test(the_text_around_the_base64),
	    cmocka_unit_test(a_nul_is_neither_base64_nor_space),
	    cmocka_unit_test(real_keys_are_keys),
	    cmocka_unit_test(a_dsa_key_has_six_numbers),
	    cmocka_unit_test(an_old_encrypted_key_says_so),
	    cmocka_unit_test(an_openssh_key_repeats_its_check_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
