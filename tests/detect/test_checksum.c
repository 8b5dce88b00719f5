/* The vectors are made of repeated letters, or drawn at random: nobody ever issued them. */
#include "detect/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static enum checksum_state verify(const struct checksum *scheme, struct bytes secret)
{
	return checksum_verify(scheme, secret, (struct bytes){NULL, 0});
}

/* The schemes of the rules in rules/. */
static const struct checksum github = {.algorithm = CHECKSUM_CRC32,
                                       .encoding = ENCODING_BASE62,
                                       .digits = 6,
                                       .position = -6,
                                       .from = 4,
                                       .to = -6};
static const struct checksum github_pat = {.algorithm = CHECKSUM_SHA256,
                                           .encoding = ENCODING_BASE32,
                                           .digits = 8,
                                           .position = 77,
                                           .from = 0,
                                           .to = 77};
static const struct checksum gitlab = {.algorithm = CHECKSUM_CRC32,
                                       .encoding = ENCODING_BASE36,
                                       .digits = 7,
                                       .position = -7,
                                       .from = 0,
                                       .to = -7};
static const struct checksum grafana = {.algorithm = CHECKSUM_CRC32,
                                        .encoding = ENCODING_HEX_LOWER,
                                        .little_endian = true,
                                        .digits = 8,
                                        .position = -8,
                                        .from = 0,
                                        .to = -9};
static const struct checksum atlassian = {.algorithm = CHECKSUM_CRC32,
                                          .encoding = ENCODING_HEX_UPPER,
                                          .digits = 8,
                                          .position = -8,
                                          .from = 0,
                                          .to = -8};
static const struct checksum cloudflare = {.algorithm = CHECKSUM_CRC32,
                                           .encoding = ENCODING_HEX_LOWER,
                                           .digits = 8,
                                           .position = -8,
                                           .from = -48,
                                           .to = -8};
static const struct checksum confluent = {.algorithm = CHECKSUM_CRC32,
                                          .encoding = ENCODING_BASE64,
                                          .little_endian = true,
                                          .digits = 6,
                                          .position = -6,
                                          .from = 4,
                                          .to = -6};
static const struct checksum zuplo = {.algorithm = CHECKSUM_CRC32,
                                      .encoding = ENCODING_HEX_LOWER,
                                      .digits = 8,
                                      .position = -8,
                                      .from = 5,
                                      .to = -9};
static const struct checksum sonar = {.algorithm = CHECKSUM_CRC32,
                                      .encoding = ENCODING_BASE62,
                                      .digits = 6,
                                      .position = -6,
                                      .from = 5,
                                      .to = -6};

/* `to` bytes from `from` on are covered or are the checksum itself; other ones are free. */
struct vector {
	const struct checksum *scheme;
	const char *secret;
	size_t from, to;
	size_t free_at; /* one byte between them that is neither; 0: none */
};

/* The letter A, 171 times: the body of an Atlassian token. */
#define A19 "AAAAAAAAAAAAAAAAAAA"
#define A171 A19 A19 A19 A19 A19 A19 A19 A19 A19

static const struct vector vectors[] = {
    {&github, "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", 4, 40, 0},
    {&github, "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", 4, 40, 0},
    /* trawl:allow made up for this test */
    {&github, "ghr_vScjY46rpjlDlLs56aTq5wooY6HSenwZ7MxX3rrnPmbycXFEaUPl8npO0y23Ve2lMmR7GW1db5S3", 4,
     80, 0},
    {&github_pat,
     "github_pat_11AAAAAAAAAAAAAAAAAAAA_"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAU2X4U7I700000000",
     0, 85, 0},
    /* trawl:allow made up for this test */
    {&gitlab, "glpat-QUFBQUFBQUFBQUFBQUFBQW86MQp1OjEH.01.0w1wurug0", 0, 51, 0},
    {&grafana, "glsa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_d8dc8af3", 0, 46, 37},
    {&github, "vcp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1cGWCC", 4, 60, 0},
    {&cloudflare, "cfut_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA2ae98c30", 5, 53, 0},
    {&atlassian, "ATBBAAAAAAAAAAAAAAAAAAAAAAAA161F510F", 0, 36, 0},
    {&atlassian, "ATATT3xFfGF0" A171 "=9F90C792", 0, 192, 0},
    {&atlassian, "ATCTT3xFfGF0" A171 "=12581618", 0, 192, 0},
    {&confluent, "cfltAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAFZQbVQ", 4, 64, 0},
    {&zuplo, "zpka_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_cab11777", 5, 46, 37},
    /* trawl:allow made up for this test */
    {&sonar, "sqco_pGKCFCqy7IUyZdF9ZegW0sH1rzVBoqCWrOBLK75ZnGYUDEC45sCiZ0ggDrq", 5, 64, 0},
};

enum { VECTORS = sizeof(vectors) / sizeof(*vectors) };

static void constructed_vectors_are_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		if (verify(vectors[i].scheme, bytes_of(vectors[i].secret)) != CHECKSUM_STATE_VALID)
			fail_msg("%s is not valid", vectors[i].secret);
		assert_int_equal(strlen(vectors[i].secret) >= vectors[i].to, true);
	}
}

static void one_changed_character_makes_them_invalid(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		char secret[256];
		size_t len = strlen(v->secret);

		assert_true(len < sizeof(secret));
		for (size_t at = 0; at < len; at++) {
			bool counts =
			    at >= v->from && at < v->to && (!v->free_at || at != v->free_at);

			memcpy(secret, v->secret, len);
			secret[at] = secret[at] == 'B' ? 'C' : 'B';
			assert_int_equal(
			    verify(v->scheme, (struct bytes){(unsigned char *)secret, len}),
			    counts ? CHECKSUM_STATE_INVALID : CHECKSUM_STATE_VALID);
		}
	}
}

static void wrong_lengths_are_invalid(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		size_t len = strlen(v->secret);
		char longer[257];

		for (size_t shorter = 0; shorter < v->to; shorter++) {
			struct bytes secret = {(const unsigned char *)v->secret, shorter};

			if (verify(v->scheme, secret) != CHECKSUM_STATE_INVALID)
				fail_msg("%.*s is not invalid", (int)shorter, v->secret);
		}
		memcpy(longer, v->secret, len);
		longer[len] = 'A';
		/* What stands behind a checksum with a place of its own is not looked at. */
		assert_int_equal(
		    verify(v->scheme, (struct bytes){(unsigned char *)longer, len + 1}),
		    v->scheme->position < 0 ? CHECKSUM_STATE_INVALID : CHECKSUM_STATE_VALID);
	}
}

static void a_secret_without_a_scheme_has_no_checksum(void **state)
{
	static const struct checksum none = {0};

	(void)state;
	assert_int_equal(verify(&none, bytes_of("abc")), CHECKSUM_STATE_NONE);
	assert_int_equal(verify(&none, (struct bytes){NULL, 0}), CHECKSUM_STATE_NONE);
}

static void schemes_that_point_outside_are_invalid(void **state)
{
	static const struct {
		uint32_t digits;
		int32_t position, from, to;
	} cases[] = {
	    {6, INT32_MIN, 0, 0},  {6, INT32_MAX, 0, 0},  {6, -6, INT32_MAX, 0},
	    {6, -6, 0, INT32_MIN}, {6, -6, 8, 4},         {6, -5, 0, -6},
	    {65, 0, 0, 0},         {UINT32_MAX, 0, 0, 0}, {6, 10, 0, 10},
	    {6, 17, 0, 0},         {6, -17, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct checksum scheme = github;

		scheme.digits = cases[i].digits;
		scheme.position = cases[i].position;
		scheme.from = cases[i].from;
		scheme.to = cases[i].to;
		assert_int_equal(verify(&scheme, bytes_of("0123456789abcde")),
		                 CHECKSUM_STATE_INVALID);
	}
}

/* CRC-32/ISO-HDLC of "123456789" is 0xcbf43926, its published check value. */
static void a_checksum_is_written_in_every_encoding(void **state)
{
	static const struct {
		enum checksum_encoding encoding;
		bool little_endian;
		uint32_t digits;
		const char *text;
	} cases[] = {
	    {ENCODING_HEX_LOWER, false, 8, "cbf43926"}, {ENCODING_HEX_UPPER, false, 8, "CBF43926"},
	    {ENCODING_HEX_LOWER, true, 8, "2639f4cb"},  {ENCODING_BASE32, false, 7, "ZP2DSJQ"},
	    {ENCODING_BASE64, false, 6, "y/Q5Jg"},      {ENCODING_BASE64, true, 6, "Jjn0yw"},
	    {ENCODING_BASE36, false, 7, "1kl8mjq"},     {ENCODING_BASE62, false, 6, "3jZRME"},
	    {ENCODING_BASE62, false, 8, "003jZRME"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct checksum scheme = {.algorithm = CHECKSUM_CRC32,
		                          .encoding = cases[i].encoding,
		                          .little_endian = cases[i].little_endian,
		                          .digits = cases[i].digits};
		char text[CHECKSUM_TEXT_MAX];

		checksum_write(&scheme, bytes_of("123456789"), text);
		assert_memory_equal(text, cases[i].text, cases[i].digits);
	}
}

/* The named ones have files and tests of their own; here, that each name leads to its own. */
static void schemes_of_a_name(void **state)
{
	static const struct {
		enum checksum_algorithm algorithm;
		const char *secret;
	} cases[] = {
	    {CHECKSUM_AZURE_KEY,
	     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	     "ACDbqWm0Ow=="},
	    {CHECKSUM_AZURE_ANNOTATED_KEY, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	                                   "JQQJ99BAAAAAAAAAAAAAAAAAAZDO4IOp"},
	    {CHECKSUM_AZURE_CLIENT_SECRET, "AAA8Q~AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAbzh"},
	    {CHECKSUM_AZURE_DEVOPS, "ifawaqkbifa2locbifaucqkbifaucqkbifa5qqkbifaucqkbifaq"},
	    {CHECKSUM_BASE58, "KwFfNUhSDaASSAwtG7ssQM1uVX8RgX5GHWnnLfhfiQDigjioWXHH"},
	    {CHECKSUM_BASE58_RIPPLE, "snoPBrXtMeMyMHUVTgbuqAfg1SUTb"},
	    {CHECKSUM_BECH32,
	     "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ8H00W3"},
	    {CHECKSUM_BIP39, "legal winner thank year wave sausage worth useful legal winner thank "
	                     "yellow"},
	    {CHECKSUM_STELLAR, "SAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t k = 0; k < sizeof(cases) / sizeof(*cases); k++) {
			struct checksum scheme = {.algorithm = cases[k].algorithm};

			if (verify(&scheme, bytes_of(cases[i].secret)) !=
			    (i == k ? CHECKSUM_STATE_VALID : CHECKSUM_STATE_INVALID))
				fail_msg("secret %zu, scheme %zu", i, k);
		}
	}
}

static void a_changed_seed_of_stellar(void **state)
{
	static const struct checksum stellar = {.algorithm = CHECKSUM_STELLAR};
	char seed[] = "SAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU2";

	(void)state;
	/* trawl:allow SEP-23 and its libraries print it */
	assert_int_equal(
	    verify(&stellar, bytes_of("SBU2RRGLXH3E5CQHTD3ODLDF2BWDCYUSSBLLZ5GNW7JXHDIYKXZWHOKR")),
	    CHECKSUM_STATE_VALID);
	for (size_t at = 0; seed[at]; at++) {
		char was = seed[at];

		seed[at] = was == 'B' ? 'C' : 'B';
		assert_int_equal(verify(&stellar, bytes_of(seed)), CHECKSUM_STATE_INVALID);
		assert_int_equal(verify(&stellar, (struct bytes){(unsigned char *)seed, at}),
		                 CHECKSUM_STATE_INVALID);
		seed[at] = was;
	}
}

static void a_key_of_supabase_covers_its_project(void **state)
{
	static const struct checksum supabase = {.algorithm = CHECKSUM_SUPABASE};
	struct bytes own = bytes_of("sb_secret_AAAAAAAAAAAAAAAAAAAAAA_7cwZOLm2");
	struct bytes hosted = bytes_of("sb_secret_AAAAAAAAAAAAAAAAAAAAAA_UR-4v04D");
	struct bytes none = {NULL, 0}, project = bytes_of("abcdefghijabcdefghij");

	(void)state;
	assert_int_equal(checksum_verify(&supabase, own, none), CHECKSUM_STATE_VALID);
	assert_int_equal(checksum_verify(&supabase, own, project), CHECKSUM_STATE_VALID);
	assert_int_equal(checksum_verify(&supabase, hosted, project), CHECKSUM_STATE_VALID);
	assert_int_equal(checksum_verify(&supabase, hosted, bytes_of("other")),
	                 CHECKSUM_STATE_INVALID);
	/* Whose it is, nobody knows. */
	assert_int_equal(checksum_verify(&supabase, hosted, none), CHECKSUM_STATE_NONE);
	for (size_t len = 0; len < own.len; len++)
		assert_int_equal(checksum_verify(&supabase, bytes_slice(own, 0, len), project),
		                 CHECKSUM_STATE_INVALID);
}

/* RFC 8037, appendix A; and a pair that was made for this test. */
static void halves_of_a_json_web_key(void **state)
{
	static const struct checksum jwk = {.algorithm = CHECKSUM_JWK, .published = true};
	static const char ed25519[] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
	static const char ed25519_public[] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

	(void)state;
	assert_int_equal(checksum_verify(&jwk, bytes_of(ed25519), bytes_of(ed25519_public)),
	                 CHECKSUM_STATE_VALID);
	assert_int_equal(checksum_verify(&jwk,
	                                 bytes_of("mAGpVHPHCIFNpqUbnLUKxGgVvbO3tm7RF3kTCLJdT08"),
	                                 bytes_of("kXH7_o3v4Ombpk_CAnlCBpxlQDmLflTgVh0J3F6Lb30")),
	                 CHECKSUM_STATE_VALID);
	/* Of another pair, of another kind of key, or without the public half: nothing is known. */
	assert_int_equal(checksum_verify(&jwk, bytes_of(ed25519_public), bytes_of(ed25519)),
	                 CHECKSUM_STATE_NONE);
	assert_int_equal(checksum_verify(&jwk, bytes_of(ed25519), bytes_of("AQAB")),
	                 CHECKSUM_STATE_NONE);
	assert_int_equal(checksum_verify(&jwk, bytes_of("AQAB"), bytes_of(ed25519_public)),
	                 CHECKSUM_STATE_NONE);
	assert_int_equal(checksum_verify(&jwk, bytes_of(ed25519), (struct bytes){NULL, 0}),
	                 CHECKSUM_STATE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(schemes_of_a_name),
	    cmocka_unit_test(a_changed_seed_of_stellar),
	    cmocka_unit_test(a_key_of_supabase_covers_its_project),
	    cmocka_unit_test(constructed_vectors_are_valid),
	    cmocka_unit_test(one_changed_character_makes_them_invalid),
	    cmocka_unit_test(wrong_lengths_are_invalid),
	    cmocka_unit_test(a_secret_without_a_scheme_has_no_checksum),
	    cmocka_unit_test(schemes_that_point_outside_are_invalid),
	    cmocka_unit_test(a_checksum_is_written_in_every_encoding),
	    cmocka_unit_test(halves_of_a_json_web_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
