#include "detect/payload.h"

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

static bool pypi(const char *prefix, const unsigned char *macaroon, size_t len)
{
	struct buf text;
	bool good;

	buf_init(&text, 4096);
	buf_append(&text, bytes_of(prefix));
	append_base64(&text, (struct bytes){macaroon, len},
	              sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	good = payload_pypi(buf_bytes(&text)).soundness == STRUCTURE_SOUND;
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
	assert_int_equal(payload_pypi((struct bytes){NULL, 0}).soundness, STRUCTURE_BROKEN);
}

/* ---- The others ---- */

static void says(struct verdict verdict, enum soundness soundness, const char *text)
{
	assert_string_equal(verdict.text, text);
	assert_int_equal(verdict.soundness, soundness);
}

/* The letters of the account 123456789012, with others behind it. */
static void an_aws_key_id_carries_its_account(void **state)
{
	(void)state;
	says(payload_aws_key_id(bytes_of("AKIARZPUZDIKAAAQEAYE")), STRUCTURE_SOUND,
	     "AWS account 123456789012");
	says(payload_aws_key_id(bytes_of("ASIAQAAAAAAAAAAAAAAA")), STRUCTURE_SOUND,
	     "AWS account 000000000000");
	says(payload_aws_key_id(bytes_of("AKIAIOSFODNN7EXAMPLE")), STRUCTURE_SILENT, "");
	says(payload_aws_key_id(bytes_of("AKIAJOSFODNN7EXAMPLE")), STRUCTURE_SILENT, "");
	says(payload_aws_key_id(bytes_of("AKIA777777777777777")), STRUCTURE_SILENT, "");
	says(payload_aws_key_id(bytes_of("AKIA1AAAAAAAAAAAAAAA")), STRUCTURE_SILENT, "");
	says(payload_aws_key_id((struct bytes){NULL, 0}), STRUCTURE_SILENT, "");
}

static void a_day_holds_to_its_end(void **state)
{
	enum { NOW = 1614816000 }; /* 2021-03-04, 0:00 */

	(void)state;
	says(payload_end_day(bytes_of("2021-03-02"), NOW), STRUCTURE_SPENT, "expired 2021-03-02");
	says(payload_end_day(bytes_of("2021-03-03T00:00:00Z"), NOW), STRUCTURE_SOUND,
	     "expires 2021-03-03");
	says(payload_end_day(bytes_of("2021-03-04"), NOW), STRUCTURE_SOUND, "expires 2021-03-04");
	says(payload_end_day(bytes_of("2021-03-02"), 0), STRUCTURE_SOUND, "expires 2021-03-02");
	says(payload_end_day(bytes_of("2021-13-02"), NOW), STRUCTURE_SILENT, "");
	says(payload_end_day(bytes_of("2021-00-02"), NOW), STRUCTURE_SILENT, "");
	says(payload_end_day(bytes_of("2021-01-00"), NOW), STRUCTURE_SILENT, "");
	says(payload_end_day(bytes_of("2021-01-32"), NOW), STRUCTURE_SILENT, "");
	says(payload_end_day(bytes_of("0000-01-01"), NOW), STRUCTURE_SILENT, "");
	says(payload_end_day(bytes_of("2021/03/02"), NOW), STRUCTURE_SILENT, "");
	says(payload_end_day(bytes_of("2021-03-0"), NOW), STRUCTURE_SILENT, "");
	says(payload_end_day((struct bytes){NULL, 0}, NOW), STRUCTURE_SILENT, "");
}

/* The snowflake is the one of Discord's documentation; the rest is made up. */
static void a_discord_token_names_its_bot(void **state)
{
	(void)state;
	says(payload_discord(bytes_of("MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.x")), STRUCTURE_SOUND,
	     "bot made 2016-07-02");
	says(payload_discord(bytes_of("MTrfdR4IHmfZ3UrALaPxf7iT.G3hrz1.k6")), STRUCTURE_SILENT, "");
	says(payload_discord(bytes_of("MTk4NjIyNDgzNDcxOTI1MjQ4")), STRUCTURE_SILENT, "");
	says(payload_discord(bytes_of("MTk4NjIyNDg=.x.y")), STRUCTURE_SILENT, "");
	says(payload_discord(bytes_of(".x.y")), STRUCTURE_SILENT, "");
	says(payload_discord((struct bytes){NULL, 0}), STRUCTURE_SILENT, "");
}

#define ZEROS25 "0000000000000000000000000"

static void a_swarm_token_is_two_numbers_in_range(void **state)
{
	/* 2^256 - 1 and 2^128 - 1, then one more each. */
	static const char most[] =
	    "SWMTKN-1-6dp5qcb22im238nr3wvp0ic7q99w035jmy2iw7i6n43d37jtof-f5lxx1zz5pnorynqglhzmsp33";
	static const char first[] =
	    "SWMTKN-1-6dp5qcb22im238nr3wvp0ic7q99w035jmy2iw7i6n43d37jtog-f5lxx1zz5pnorynqglhzmsp33";
	static const char second[] =
	    "SWMTKN-1-6dp5qcb22im238nr3wvp0ic7q99w035jmy2iw7i6n43d37jtof-f5lxx1zz5pnorynqglhzmsp34";

	(void)state;
	says(payload_docker_swarm(bytes_of("SWMTKN-1-" ZEROS25 ZEROS25 "-" ZEROS25)),
	     STRUCTURE_SOUND, "numbers in range");
	says(payload_docker_swarm(bytes_of(most)), STRUCTURE_SOUND, "numbers in range");
	says(payload_docker_swarm(bytes_of(first)), STRUCTURE_BROKEN, "");
	says(payload_docker_swarm(bytes_of(second)), STRUCTURE_BROKEN, "");
	says(payload_docker_swarm(bytes_of("SWMTKN-1-")), STRUCTURE_SILENT, "");
	says(payload_docker_swarm((struct bytes){NULL, 0}), STRUCTURE_SILENT, "");
}

static void a_nuget_key_has_a_header(void **state)
{
	char key[] = "oy2acaibaeaqcaibaeaqaeaqcaibaeaqcaibaeaqcaibae";

	(void)state;
	says(payload_nuget(bytes_of(key)), STRUCTURE_SOUND, "header decodes");
	key[3] = 'q';
	says(payload_nuget(bytes_of(key)), STRUCTURE_SILENT, "");
	key[3] = 'a';
	key[45] = 'b';
	says(payload_nuget(bytes_of(key)), STRUCTURE_SILENT, "");
	key[45] = 'e';
	key[19] = 'b';
	says(payload_nuget(bytes_of(key)), STRUCTURE_SILENT, "");
	says(payload_nuget(bytes_slice(bytes_of(key), 0, 45)), STRUCTURE_SILENT, "");
	says(payload_nuget((struct bytes){NULL, 0}), STRUCTURE_SILENT, "");
}

static struct verdict vault(const unsigned char *payload, size_t len)
{
	struct verdict verdict;
	struct buf text;

	buf_init(&text, 4096);
	buf_append(&text, bytes_of("hvs."));
	append_base64(&text, (struct bytes){payload, len},
	              sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	verdict = payload_vault(buf_bytes(&text));
	buf_release(&text);
	return verdict;
}

static void a_vault_token_is_a_signed_message(void **state)
{
	unsigned char payload[4 + 32 + 2 + 34] = "\x08\x01\x12\x20";
	size_t len = sizeof(payload);

	(void)state;
	memset(payload + 4, 0xa5, 32);
	memcpy(payload + 36, "\x1a\x22\x0a\x1chvs.AAAAAAAAAAAAAAAAAAAAAAAA\x10\x01\x18\x01", 36);
	says(vault(payload, len), STRUCTURE_SOUND, "payload decodes");
	for (size_t shorter = 0; shorter < len; shorter++)
		says(vault(payload, shorter), STRUCTURE_SILENT, "");
	payload[0] = 9;
	says(vault(payload, len), STRUCTURE_SILENT, "");
	says(payload_vault(bytes_of("hvs.AAAAAAAAAAAAAAAAAAAAAAAA")), STRUCTURE_SILENT, "");
	says(payload_vault((struct bytes){NULL, 0}), STRUCTURE_SILENT, "");
}

static struct verdict with_json(struct verdict (*verify)(struct bytes), const char *prefix,
                                const char *json, const char *tail)
{
	struct verdict verdict;
	struct buf text;

	buf_init(&text, 4096);
	buf_append(&text, bytes_of(prefix));
	append_base64(&text, bytes_of(json), sodium_base64_VARIANT_ORIGINAL);
	buf_append(&text, bytes_of(tail));
	verdict = verify(buf_bytes(&text));
	buf_release(&text);
	return verdict;
}

static void tokens_of_json(void **state)
{
	static const struct {
		struct verdict (*verify)(struct bytes);
		const char *prefix, *json, *tail;
	} kinds[] = {
	    {payload_grafana_cloud, "glc_", "{\"o\":\"1\",\"n\":\"x\",\"k\":\"y\"}", ""},
	    {payload_onepassword, "ops_",
	     "{\"signInAddress\":\"a\",\"email\":\"b\",\"secretKey\":\"c\"}", ""},
	    {payload_sentry, "sntrys_", "{\"iat\":1,\"url\":\"u\",\"org\":\"o\"}", "_AAAA"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const char *prefix = kinds[i].prefix, *tail = kinds[i].tail;

		says(with_json(kinds[i].verify, prefix, kinds[i].json, tail), STRUCTURE_SOUND,
		     "payload decodes");
		says(with_json(kinds[i].verify, prefix, "{\"o\":\"1\",\"iat\":1}", tail),
		     STRUCTURE_SILENT, "");
		says(with_json(kinds[i].verify, prefix, "[]", tail), STRUCTURE_SILENT, "");
		says(with_json(kinds[i].verify, prefix, "{", tail), STRUCTURE_SILENT, "");
		says(with_json(kinds[i].verify, "x", kinds[i].json, tail), STRUCTURE_SILENT, "");
		says(with_json(kinds[i].verify, prefix, "", ""), STRUCTURE_SILENT, "");
		says(kinds[i].verify((struct bytes){NULL, 0}), STRUCTURE_SILENT, "");
	}
}

/* ---- Base64 of something with a shape ---- */

struct shaped {
	struct verdict (*verify)(struct bytes token);
	const char *prefix, *decoded, *text;
};

static struct verdict verify_shaped(const struct shaped *s, const char *prefix,
                                    struct bytes decoded)
{
	struct verdict verdict;
	struct buf token;

	buf_init(&token, 4096);
	buf_append(&token, bytes_of(prefix));
	append_base64(&token, decoded, sodium_base64_VARIANT_ORIGINAL);
	verdict = s->verify(buf_bytes(&token));
	buf_release(&token);
	return verdict;
}

static void base64_of_a_shape(void **state)
{
	static const struct shaped cases[] = {
	    {payload_atlassian_data_center, "", "123456789012:0123456789abcdef", "payload decodes"},
	    {payload_atlassian_data_center, "BBDC-", "1:0123456789abcdef", "payload decodes"},
	    {payload_bedrock, "ABSK", "BedrockAPIKey-shop-at-123456789012:secret",
	     "AWS account 123456789012"},
	    {payload_bedrock, "ABSK", "BedrockAPIKey-shop:secret", "payload decodes"},
	    {payload_bedrock, "ABSK", "BedrockAPIKey-at1234567890123:", "payload decodes"},
	    {payload_fly, "fm2_", "\x94\x93\xc4\x10 nonce", "payload decodes"},
	    {payload_grafana_legacy, "", "{\"k\":\"key\",\"n\":\"ci\",\"id\":1}",
	     "payload decodes"},
	    {payload_intercom, "", "tok:0123abcd_0123_0123:1:0", "payload decodes"},
	    {payload_jfrog, "", "reftkn:01:1700000000:0123456789abcdef", "payload decodes"},
	    {payload_slack_rotating, "xoxe.xoxp-1-", "2-2-123456-654321-abc", "payload decodes"},
	    {payload_vault, "hvb.",
	     "\x01\x01\x01\x01\x02"
	     "0123456789abcdef0123456789abcdef!",
	     "batch token"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct shaped *s = &cases[i];
		struct bytes decoded = bytes_of(s->decoded);
		struct verdict verdict = verify_shaped(s, s->prefix, decoded);

		assert_int_equal(verdict.soundness, STRUCTURE_SOUND);
		assert_string_equal(verdict.text, s->text);
		/* Something else in front, nothing at all, and no base64. */
		assert_int_equal(
		    verify_shaped(s, s->prefix, bytes_of("\xff\xfe and so on, a lot")).soundness,
		    STRUCTURE_SILENT);
		assert_int_equal(s->verify(bytes_of(s->prefix)).soundness, STRUCTURE_SILENT);
		assert_int_equal(s->verify(bytes_of("%%%%")).soundness, STRUCTURE_SILENT);
		assert_int_equal(s->verify((struct bytes){NULL, 0}).soundness, STRUCTURE_SILENT);
		/* Cut anywhere, it is read to its end and no further. */
		for (size_t len = 0; len < decoded.len; len++)
			(void)verify_shaped(s, s->prefix, bytes_slice(decoded, 0, len));
	}
}

static void a_mapbox_token_names_its_owner(void **state)
{
	(void)state;
	/* {"u":"shop","a":"abc"} */
	assert_int_equal(
	    payload_mapbox(bytes_of("sk.eyJ1Ijoic2hvcCIsImEiOiJhYmMifQ.0123456789abcdefghijkl"))
		.soundness,
	    STRUCTURE_SOUND);
	assert_int_equal(
	    payload_mapbox(bytes_of("tk.eyJ1Ijoic2hvcCIsImEiOiJhYmMifQ.0123456789abcdefghijkl"))
		.soundness,
	    STRUCTURE_SOUND);
	assert_int_equal(
	    payload_mapbox(bytes_of("sk.eyJ1Ijoic2hvcCJ9.0123456789abcdefghijkl")).soundness,
	    STRUCTURE_SILENT);
	assert_int_equal(payload_mapbox(bytes_of("sk.")).soundness, STRUCTURE_SILENT);
}

static void a_key_of_ethereum_is_a_number_of_its_curve(void **state)
{
	static const struct {
		const char *key;
		enum soundness soundness;
	} cases[] = {
	    {"0x0000000000000000000000000000000000000000000000000000000000000001",
	     STRUCTURE_SILENT},
	    {"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364140", STRUCTURE_SILENT},
	    {"0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
	     STRUCTURE_BROKEN},
	    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", STRUCTURE_BROKEN},
	    {"0x0000000000000000000000000000000000000000000000000000000000000000",
	     STRUCTURE_BROKEN},
	    {"0x00", STRUCTURE_SILENT},
	    {"", STRUCTURE_SILENT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(payload_secp256k1(bytes_of(cases[i].key)).soundness,
		                 cases[i].soundness);
}

static void spare_bits_of_a_sendgrid_key(void **state)
{
	(void)state;
	assert_int_equal(payload_sendgrid(bytes_of("SG.AAAAAAAAAAAAAAAAAAAAAQ.AAAAAAAAAAAAAAAAAAAAA"
	                                           "AAAAAAAAAAAAAAAAAAAAAE"))
	                     .soundness,
	                 STRUCTURE_SOUND);
	assert_int_equal(payload_sendgrid(bytes_of("SG.AAAAAAAAAAAAAAAAAAAAAB.AAAAAAAAAAAAAAAAAAAAA"
	                                           "AAAAAAAAAAAAAAAAAAAAAE"))
	                     .soundness,
	                 STRUCTURE_SILENT);
	assert_int_equal(payload_sendgrid(bytes_of("SG.AAAAAAAAAAAAAAAAAAAAAQ.AAAAAAAAAAAAAAAAAAAAA"
	                                           "AAAAAAAAAAAAAAAAAAAAAF"))
	                     .soundness,
	                 STRUCTURE_SILENT);
	assert_int_equal(payload_sendgrid(bytes_of("SG.")).soundness, STRUCTURE_SILENT);
}

static void wireguard(const unsigned char bytes[32], enum soundness expected)
{
	struct buf text;

	buf_init(&text, 64);
	append_base64(&text, (struct bytes){bytes, 32}, sodium_base64_VARIANT_ORIGINAL);
	assert_int_equal(payload_wireguard(buf_bytes(&text)).soundness, expected);
	buf_release(&text);
}

static void a_private_key_of_wireguard_has_fixed_bits(void **state)
{
	unsigned char key[32] = {0};

	(void)state;
	key[31] = 0x40;
	wireguard(key, STRUCTURE_SOUND);
	key[0] = 1;
	wireguard(key, STRUCTURE_SILENT);
	key[0] = 8;
	key[31] = 0xc0;
	wireguard(key, STRUCTURE_SILENT);
	key[31] = 0;
	wireguard(key, STRUCTURE_SILENT);
	assert_int_equal(payload_wireguard(bytes_of("AAAA")).soundness, STRUCTURE_SILENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pypi_token_is_a_macaroon),
	    cmocka_unit_test(an_aws_key_id_carries_its_account),
	    cmocka_unit_test(a_day_holds_to_its_end),
	    cmocka_unit_test(a_discord_token_names_its_bot),
	    cmocka_unit_test(a_swarm_token_is_two_numbers_in_range),
	    cmocka_unit_test(a_nuget_key_has_a_header),
	    cmocka_unit_test(a_vault_token_is_a_signed_message),
	    cmocka_unit_test(tokens_of_json),
	    cmocka_unit_test(base64_of_a_shape),
	    cmocka_unit_test(a_mapbox_token_names_its_owner),
	    cmocka_unit_test(a_key_of_ethereum_is_a_number_of_its_curve),
	    cmocka_unit_test(spare_bits_of_a_sendgrid_key),
	    cmocka_unit_test(a_private_key_of_wireguard_has_fixed_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
