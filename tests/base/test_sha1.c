#include "base/sha1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

static void hash_is(const char *text, size_t times, const char *hex)
{
	unsigned char sum[SHA1_SIZE];
	char written[2 * SHA1_SIZE + 1];
	struct sha1 sha;

	sha1_init(&sha);
	for (size_t i = 0; i < times; i++)
		sha1_update(&sha, bytes_of(text));
	sha1_final(&sha, sum);
	assert_string_equal(sodium_bin2hex(written, sizeof(written), sum, sizeof(sum)), hex);
}

/* FIPS 180-4's examples. */
static void the_published_vectors(void **state)
{
	(void)state;
	hash_is("", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	hash_is("abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	hash_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	        "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
	hash_is("a", 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

/* Whatever the processor has, and however the bytes come in pieces. */
static void all_ways_to_the_same_sum(void **state)
{
	unsigned char bytes[1000], blocks[1024] = {0};
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)((seed = seed * 1664525 + 1013904223) >> 24);
	for (size_t len = 0; len < sizeof(bytes) - 9; len++) {
		size_t padded = (len + 9 + SHA1_BLOCK - 1) / SHA1_BLOCK * SHA1_BLOCK;
		unsigned char whole[SHA1_SIZE], pieces[SHA1_SIZE];
		struct sha1 plain, sha;

		sha1_init(&plain);
		memset(blocks, 0, sizeof(blocks));
		memcpy(blocks, bytes, len);
		blocks[len] = 0x80;
		blocks[padded - 2] = (unsigned char)(len * 8 >> 8);
		blocks[padded - 1] = (unsigned char)(len * 8);
		sha1_compress_plainly(plain.state, blocks, padded / SHA1_BLOCK);
		sha1_init(&sha);
		sha1_update(&sha, (struct bytes){bytes, len});
		sha1_final(&sha, whole);
		sha1_init(&sha);
		sha1_update(&sha, (struct bytes){bytes, len / 3});
		sha1_update(&sha, (struct bytes){bytes + len / 3, len - len / 3});
		sha1_final(&sha, pieces);
		assert_memory_equal(whole, pieces, SHA1_SIZE);
		for (unsigned i = 0; i < SHA1_SIZE; i++)
			assert_int_equal(whole[i], plain.state[i / 4] >> (24 - 8 * (i % 4)) & 0xff);
	}
}

/* RFC 2202, cases 1, 2 and 3; and an empty key. */
static void the_published_vectors_of_hmac(void **state)
{
	static const struct {
		const char *key, *text, *hex;
	} cases[] = {
	    {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
	     "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"},
	    {"Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
	    {"", "", "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned char mac[SHA1_SIZE];
		char written[2 * SHA1_SIZE + 1];

		sha1_hmac(bytes_of(cases[i].key), bytes_of(cases[i].text), mac);
		assert_string_equal(sodium_bin2hex(written, sizeof(written), mac, sizeof(mac)),
		                    cases[i].hex);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_published_vectors),
	    cmocka_unit_test(all_ways_to_the_same_sum),
	    cmocka_unit_test(the_published_vectors_of_hmac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
