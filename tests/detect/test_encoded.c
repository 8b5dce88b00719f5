#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/memory.h"
#include "detect/detector.h"
#include "detect/encoded.h"

#include "../tree.h"

#include <ctype.h>
#include <libdeflate.h>
#include <sodium.h>

#define BYTES(literal) ((struct bytes){(const unsigned char *)(literal), sizeof(literal) - 1})
#define TOKEN "tok_kqzvwmrt"

static const char rules[] = "provider:\n"
			    "  metadata: {name: Test, category: Test, message: Revoke it.}\n"
			    "  rules:\n"
			    "    - id: e-token\n"
			    "      metadata: {name: Test}\n"
			    "      detection: {matching: {pattern: '\\btok_[a-z]{8}\\b'}}\n"
			    "    - id: e-quoted\n"
			    "      metadata: {name: Test}\n"
			    "      detection: {matching: {pattern: '\"auth\":\"([a-z]{4})\"'}}\n"
			    "    - id: e-generic\n"
			    "      type: analyzerGeneric\n"
			    "      metadata: {name: Test}\n"
			    "      detection: {matching: {pattern: 'password=([!-~]{8,200})'}}\n"
			    "    - id: e-wrapper\n"
			    "      metadata: {name: Test}\n"
			    "      detection: {matching: {pattern: 'wrapper:[0-9A-Za-z=]{20}'}}\n";

static struct ruleset set;
static struct engine *engines[2]; /* with a prefilter and without */
static struct detector *detectors[2];
static struct proofs proofs;
static struct buf text;

static int set_up(void **state)
{
	static const char *const path = "rules.yaml";
	struct error error = {0};

	tree_enter(state);
	tree_put(path, rules);
	if (ruleset_load_only(&set, &path, 1, &error))
		fail_msg("%s", error.message);
	for (int way = 0; way < 2; way++) {
		struct engine_options options = {.no_prefilter = way == 1};

		if (engine_new(&engines[way], &set, &options, &error))
			fail_msg("%s", error.message);
		detectors[way] = detector_new(engines[way]);
	}
	buf_init(&text, 1 << 26);
	return 0;
}

static int tear_down(void **state)
{
	for (int way = 0; way < 2; way++) {
		detector_free(detectors[way]);
		engine_free(engines[way]);
	}
	ruleset_release(&set);
	proofs_release(&proofs);
	buf_release(&text);
	return tree_leave(state);
}

/* ---- Encoding ---- */

static void put(struct bytes bytes)
{
	assert_int_equal(buf_append(&text, bytes), ERR_NONE);
}

static void put_text(const char *words)
{
	put(bytes_of(words));
}

static void put_base64(struct bytes bytes, int variant)
{
	size_t size = sodium_base64_encoded_len(bytes.len, variant);
	char *encoded = mem_calloc(size, 1);

	sodium_bin2base64(encoded, size, bytes.ptr, bytes.len, variant);
	put_text(encoded);
	free(encoded);
}

static void put_each(struct bytes bytes, const char *before)
{
	for (size_t i = 0; i < bytes.len; i++)
		assert_int_equal(buf_appendf(&text, "%s%02x", before, bytes.ptr[i]), ERR_NONE);
}

/* Puts the whole text so far in base64. */
static void wrap(void)
{
	struct buf inner = text;

	buf_init(&text, inner.max);
	put_base64(buf_bytes(&inner), sodium_base64_VARIANT_ORIGINAL);
	buf_release(&inner);
}

/* Puts the whole text so far through gzip. */
static void pack(void)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
	struct buf inner = text;
	size_t room = libdeflate_gzip_compress_bound(compressor, inner.len);

	buf_init(&text, inner.max);
	assert_int_equal(buf_reserve(&text, room), ERR_NONE);
	text.len = libdeflate_gzip_compress(compressor, inner.ptr, inner.len, text.ptr, room);
	assert_true(text.len > 0);
	libdeflate_free_compressor(compressor);
	buf_release(&inner);
}

/* The length of the text without the padding at its end. */
static uint32_t unpadded_len(void)
{
	size_t len = text.len;

	while (len && text.ptr[len - 1] == '=')
		len--;
	return (uint32_t)len;
}

/* ---- Asserting ---- */

/* Finds the text's proofs in every way and asserts that they are the same. */
static size_t find(void)
{
	struct raw_set raw = {0};
	struct proofs others[2] = {{0}, {0}};

	for (int way = 0; way < 3; way++) {
		struct proofs *out = way == 2 ? &proofs : &others[way];
		struct detector *d = detectors[way == 1];

		detector_collect(d, buf_bytes(&text), NULL, way == 0, &raw);
		detector_select(d, buf_bytes(&text), BYTES(""), false, &raw, out);
	}
	for (int way = 0; way < 2; way++) {
		assert_int_equal(others[way].count, proofs.count);
		assert_int_equal(others[way].undecoded, proofs.undecoded);
		for (size_t i = 0; i < proofs.count; i++) {
			const struct proof *a = &others[way].items[i], *b = &proofs.items[i];

			assert_ptr_equal(a->rule, b->rule);
			assert_int_equal(a->start, b->start);
			assert_int_equal(a->end, b->end);
			assert_true(bytes_equal(proof_secret(&others[way], a, buf_bytes(&text)),
			                        proof_secret(&proofs, b, buf_bytes(&text))));
		}
		proofs_release(&others[way]);
	}
	raw_set_release(&raw);
	return proofs.count;
}

static void assert_proof(size_t i, const char *rule, const char *secret, uint32_t start,
                         uint32_t end)
{
	struct bytes found;

	assert_true(i < proofs.count);
	found = proof_secret(&proofs, &proofs.items[i], buf_bytes(&text));
	assert_string_equal(proofs.items[i].rule->id, rule);
	assert_int_equal(found.len, strlen(secret));
	assert_memory_equal(found.ptr, secret, found.len);
	assert_int_equal(proofs.items[i].start, start);
	assert_int_equal(proofs.items[i].end, end);
}

/* The text holds the one token, whose encoding is the part [start, end). */
static void assert_token(uint32_t start, uint32_t end)
{
	assert_int_equal(find(), 1);
	assert_proof(0, "e-token", TOKEN, start, end);
	assert_int_equal(proofs.undecoded, 0);
}

/* ---- Each encoding ---- */

static void base64_at_each_place_of_a_group(void **state)
{
	static const int variants[] = {
	    sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
	    sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING};

	(void)state;
	for (size_t v = 0; v < 4; v++) {
		for (uint32_t before = 0; before < 12; before++) {
			/* These bytes become the characters that the alphabets differ in. */
			struct bytes filler = BYTES("\xff\xef\xbe\xff\xef\xbe\xff\xef\xbe\xff.. ");
			struct buf plain;

			buf_init(&plain, 100);
			buf_append(&plain, bytes_slice(filler, filler.len - before, filler.len));
			buf_append(&plain, BYTES(TOKEN " \xff\xfe"));
			buf_clear(&text);
			put_text("a: \"");
			put_base64(buf_bytes(&plain), variants[v]);
			put_text("\"\n");
			/* From the character with the first bit to that with the last. */
			assert_token(4 + before * 8 / 6, 4 + ((before + 12) * 8 + 5) / 6);
			buf_release(&plain);
		}
	}
}

static void base64_behind_what_looks_like_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++) {
		buf_clear(&text);
		put(bytes_slice(BYTES("/data/ab"), 0, i));
		put_base64(BYTES(" " TOKEN " and"), sodium_base64_VARIANT_ORIGINAL);
		assert_token((uint32_t)i + 1, (uint32_t)i + 18);
	}
}

static void base64_in_lines(void **state)
{
	static const char *const breaks[] = {"\n", "\r\n", "\n    ", " \r\n\t"};
	char encoded[200];

	(void)state;
	/* 60 bytes, then the token: 80 characters, then 16. */
	sodium_bin2base64(encoded, sizeof(encoded),
	                  (const unsigned char *)"0123456789012345678901234567890123456789"
	                                         "0123456789012345678 " TOKEN,
	                  72, sodium_base64_VARIANT_ORIGINAL);
	for (size_t i = 0; i < 4; i++) {
		uint32_t width = (uint32_t)strlen(breaks[i]);

		buf_clear(&text);
		put_text("data: |\n");
		/* The stub stands in the first line, the rest of the token in the second. */
		put(bytes_slice(bytes_of(encoded), 0, 88));
		put_text(breaks[i]);
		put(bytes_slice(bytes_of(encoded), 88, 96));
		put_text("\n");
		assert_token(8 + 80, 8 + 96 + width);
		/* The stub in the second. */
		buf_clear(&text);
		put_text("data: |\n");
		put(bytes_slice(bytes_of(encoded), 0, 48));
		put_text(breaks[i]);
		put(bytes_slice(bytes_of(encoded), 48, 96));
		assert_token(8 + 80 + width, 8 + 96 + width);
	}
}

/* What a token is known by may stand in two lines. */
static void a_line_ends_within_what_is_looked_for(void **state)
{
	static const char *const breaks[] = {"\n", "\r\n", "\n    ", " \r\n\t"};
	char encoded[400];

	(void)state;
	for (uint32_t before = 36; before < 72; before++) {
		struct buf plain;

		buf_init(&plain, 200);
		for (uint32_t i = 0; i + 1 < before; i++)
			buf_append(&plain, BYTES("."));
		buf_append(&plain, BYTES(" " TOKEN " and so on, up to the end of the third line of "
		                         "this text, which is here...................."));
		sodium_bin2base64(encoded, sizeof(encoded), plain.ptr, plain.len,
		                  sodium_base64_VARIANT_ORIGINAL);
		for (size_t i = 0; i < 4; i++) {
			uint32_t first = before * 8 / 6, end = ((before + 12) * 8 + 5) / 6;
			uint32_t width = (uint32_t)strlen(breaks[i]);

			buf_clear(&text);
			for (size_t at = 0; at < strlen(encoded); at += 64) {
				put(bytes_slice(bytes_of(encoded), at,
				                at + 64 < strlen(encoded) ? at + 64
				                                          : strlen(encoded)));
				put_text(breaks[i]);
			}
			assert_token(first + first / 64 * width, end + (end - 1) / 64 * width);
		}
		buf_release(&plain);
	}
}

static void lines_that_are_no_block_stand_alone(void **state)
{
	(void)state;
	buf_clear(&text);
	put_text("  first: ");
	put_base64(BYTES("twelve bytes twelve bytes " TOKEN "!"), sodium_base64_VARIANT_ORIGINAL);
	put_text("\n  second: none\n");
	assert_int_equal(find(), 1);
	buf_clear(&text);
	put_text("  first: ");
	put_base64(BYTES("twelve bytes twelve by " TOKEN "."), sodium_base64_VARIANT_ORIGINAL);
	put_text("\nsecond: none\n");
	assert_token(9 + 30, 9 + 47);
}

static void hex_in_both_cases(void **state)
{
	(void)state;
	buf_clear(&text);
	put_text("x = ");
	put_each(BYTES("=" TOKEN "\n"), "");
	assert_token(4 + 2, 4 + 26);
	for (size_t i = 0; i < text.len; i++)
		text.ptr[i] = (unsigned char)toupper(text.ptr[i]);
	assert_token(4 + 2, 4 + 26);
	/* An odd digit in front, and one too many at the end. */
	buf_clear(&text);
	put_text("a");
	put_each(BYTES(TOKEN), "");
	put_text("7");
	assert_token(1, 25);
}

static void percent_escapes(void **state)
{
	(void)state;
	buf_clear(&text);
	put_text("?q=");
	put_each(BYTES(TOKEN), "%");
	assert_token(3, 3 + 36);
	buf_clear(&text);
	put_text("?q=%22%61uth%22%3A%22qmwz%22&r=1");
	assert_int_equal(find(), 0); /* nothing says that it is to be decoded */
	buf_clear(&text);
	put_text("?q=%22auth%22%3a%22qmwz%22&r=1");
	assert_int_equal(find(), 1);
	assert_proof(0, "e-quoted", "qmwz", 19, 23);
	/* Digits of an escape in front hide the token's border. */
	buf_clear(&text);
	put_text("?q=%3D" TOKEN "%2");
	assert_token(6, 18);
	buf_clear(&text);
	put_text("?q=%3D" TOKEN "%zz");
	assert_token(6, 18);
}

static void backslash_escapes(void **state)
{
	(void)state;
	buf_clear(&text);
	put_text("{\"a\":\"");
	put_each(BYTES(TOKEN), "\\u00");
	put_text("\"}");
	assert_token(6, 6 + 72);
	buf_clear(&text);
	put_each(BYTES(TOKEN), "\\x");
	assert_token(0, 48);
	buf_clear(&text);
	put_text("\"\\ud83d\\ude00\\u003d" TOKEN "\\ud83d\\u00\"");
	assert_token(19, 31);
	buf_clear(&text);
	put_text("\"\\ude00" TOKEN "\\ud83d\"");
	assert_token(7, 19);
}

static void gzip_in_base64(void **state)
{
	(void)state;
	buf_clear(&text);
	put_text("some words, " TOKEN ", tok_pwmhgzqx and some more words and words and words");
	pack();
	wrap();
	assert_int_equal(find(), 2);
	assert_proof(0, "e-token", TOKEN, 0, unpadded_len());
	assert_proof(1, "e-token", "tok_pwmhgzqx", 0, unpadded_len());
}

/* Makes UTF-16, little-endian, of the whole text so far. */
static void widen(void)
{
	struct buf inner = text;

	buf_init(&text, inner.max);
	for (size_t i = 0; i < inner.len; i++) {
		put((struct bytes){inner.ptr + i, 1});
		put(BYTES("\0"));
	}
	buf_release(&inner);
}

static void utf16_in_base64(void **state)
{
	(void)state;
	/* As PowerShell takes its commands: each character is two bytes of what is encoded. */
	for (uint32_t before = 0; before < 12; before++) {
		uint32_t first = 2 * (before + 1), end = first + 2 * 12;

		buf_clear(&text);
		put(bytes_slice(BYTES("Get-Content-"), 12 - before, 12));
		put_text(" " TOKEN " -and so on");
		widen();
		wrap();
		assert_token(first * 8 / 6, (end * 8 + 5) / 6);
	}
	/* A byte order mark is no character. */
	buf_clear(&text);
	put_text("a " TOKEN);
	widen();
	{
		struct buf inner = text;

		buf_init(&text, inner.max);
		put(BYTES("\xff\xfe"));
		put(buf_bytes(&inner));
		buf_release(&inner);
	}
	wrap();
	assert_token(8, 40);
	/* Inflated text has no finer place than its run. */
	buf_clear(&text);
	put_text("a " TOKEN " b");
	widen();
	pack();
	wrap();
	assert_token(0, unpadded_len());
}

static void documents_that_keep_secrets_encoded(void **state)
{
	(void)state;
	buf_clear(&text);
	put_text("kind: Secret\ndata:\n  token: ");
	put_base64(BYTES(TOKEN), sodium_base64_VARIANT_ORIGINAL);
	put_text("\n  user: YWRtaW4=\n");
	assert_token(28, 44);
	buf_clear(&text);
	put_text("Authorization: Basic ");
	put_base64(BYTES("user:" TOKEN), sodium_base64_VARIANT_ORIGINAL);
	assert_token(27, 44);
	buf_clear(&text);
	put_text("{\"auths\":{\"r\":{\"auth\":\"");
	put_base64(BYTES("user:" TOKEN), sodium_base64_VARIANT_ORIGINAL);
	put_text("\"}}}");
	assert_token(29, 46);
	wrap(); /* as kubernetes.io/dockerconfigjson */
	assert_token(38, 62);
}

/* ---- Nesting ---- */

static void nested(void **state)
{
	(void)state;
	buf_clear(&text);
	put_text("key: " TOKEN "\n");
	wrap();
	wrap();
	assert_int_equal(find(), 1);
	for (unsigned times = 1; times <= LAYERS_MAX; times++) {
		uint32_t end = 12;

		buf_clear(&text);
		put_text(TOKEN);
		for (unsigned i = 0; i < times; i++) {
			wrap();
			end = (end * 8 + 5) / 6;
		}
		assert_token(0, end);
	}
	wrap();
	assert_int_equal(find(), 0);
	assert_int_equal(proofs.undecoded, UNDECODED_DEEP);
}

static void nested_in_other_ways(void **state)
{
	struct buf inner;
	uint32_t end;

	(void)state;
	buf_clear(&text);
	put_text("words and words: " TOKEN);
	pack();
	wrap();
	end = unpadded_len();
	wrap();
	assert_token(0, (end * 8 + 5) / 6);
	/* Base64 whose + and / are escaped. */
	buf_init(&inner, 100);
	buf_append(&inner, BYTES("\xfb\xff\xfe " TOKEN " \xfb\xff"));
	buf_clear(&text);
	put_text("k=%2B%2F%2F%2B");
	put_base64(bytes_slice(buf_bytes(&inner), 3, inner.len), sodium_base64_VARIANT_URLSAFE);
	buf_release(&inner);
	assert_token(14 + 1, 14 + 18);
}

/* ---- What wins ---- */

static void plain_text_wins(void **state)
{
	(void)state;
	buf_clear(&text);
	put_text("wrapper:");
	put_base64(BYTES("a" TOKEN "bc"), sodium_base64_VARIANT_ORIGINAL);
	assert_int_equal(find(), 1);
	assert_string_equal(proofs.items[0].rule->id, "e-wrapper");
	/* The same secret as it stands and with an escape beside it. */
	buf_clear(&text);
	put_text("?q=%20." TOKEN ".%20");
	assert_token(7, 19);
	assert_false(proofs.items[0].decoded);
}

static void generic_rules_give_way_and_look_into_nothing(void **state)
{
	(void)state;
	buf_clear(&text);
	put_text("password=");
	put_base64(BYTES(TOKEN), sodium_base64_VARIANT_ORIGINAL);
	assert_token(9, 25);
	buf_clear(&text);
	put_base64(BYTES("password=abcdefghijkl " TOKEN), sodium_base64_VARIANT_ORIGINAL);
	assert_int_equal(find(), 1);
	assert_string_equal(proofs.items[0].rule->id, "e-token");
}

/* ---- Limits and hostile text ---- */

static void fill(size_t len, unsigned char byte)
{
	assert_int_equal(buf_reserve(&text, len), ERR_NONE);
	memset(text.ptr + text.len, byte, len);
	text.len += len;
}

static void a_run_of_over_1_mib_is_lost(void **state)
{
	(void)state;
	buf_clear(&text);
	fill(RUN_MAX - 16, 'A');
	put_base64(BYTES(TOKEN), sodium_base64_VARIANT_ORIGINAL);
	assert_token(RUN_MAX - 16, RUN_MAX);
	put_text("AAAA");
	assert_int_equal(find(), 0);
	assert_int_equal(proofs.undecoded, UNDECODED_LONG);
}

static void a_gzip_bomb_is_lost(void **state)
{
	(void)state;
	buf_clear(&text);
	fill(DECODED_MAX + 1, 0);
	pack();
	wrap();
	assert_int_equal(find(), 0);
	assert_int_equal(proofs.undecoded, UNDECODED_MUCH);
	buf_clear(&text);
	fill(DECODED_MAX / 2, 0);
	put_text(" " TOKEN);
	pack();
	wrap();
	put_text(" ");
	assert_int_equal(find(), 1);
	assert_int_equal(proofs.undecoded, 0);
}

static void many_bombs_share_one_limit(void **state)
{
	struct buf one;

	(void)state;
	buf_clear(&text);
	fill(DECODED_MAX / 4, 0);
	put_text(" " TOKEN);
	pack();
	wrap();
	put_text("\n");
	buf_init(&one, 1 << 20);
	buf_append(&one, buf_bytes(&text));
	for (int i = 0; i < 9; i++)
		put(buf_bytes(&one));
	buf_release(&one);
	assert_int_equal(find(), 3);
	assert_int_equal(proofs.undecoded, UNDECODED_MUCH);
}

static void broken_gzip_is_nothing(void **state)
{
	size_t len;

	(void)state;
	buf_clear(&text);
	put_text("some words, " TOKEN ", and some more words and words and words");
	pack();
	wrap();
	len = text.len;
	for (text.len = 0; text.len < len - 3; text.len++) {
		assert_int_equal(find(), 0);
		assert_int_equal(proofs.undecoded, 0);
	}
}

static void endless_hits_take_no_time(void **state)
{
	(void)state;
	/* Every place of one run is a hit, and every line a run. */
	buf_clear(&text);
	for (int i = 0; i < 60000; i++)
		put_text("dG9rX2");
	(void)find();
	buf_clear(&text);
	for (int i = 0; i < 20000; i++)
		put_text("dG9rX2Fi\n\n");
	(void)find();
	buf_clear(&text);
	for (int i = 0; i < 3000; i++)
		put_text("dG9rX2FiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6\n");
	(void)find();
	buf_clear(&text);
	for (int i = 0; i < 20000; i++)
		put_text("tok_%41");
	(void)find();
}

static void text_that_ends_within_an_escape(void **state)
{
	static const char *const ends[] = {"%",       "%4",         "\\",  "\\u",  "\\u00",
	                                   "\\ud83d", "\\ud83d\\u", "\\x", "\\x4", "\\ud83d\\ude0"};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		buf_clear(&text);
		put_text(ends[i][0] == '%' ? "%3d" TOKEN ".%20" : "\\u003d" TOKEN ".\\u0020");
		put_text(ends[i]);
		assert_int_equal(find(), 1);
	}
}

/* All texts of seven characters that matter, asked of at each place and at each second one. */
static void a_quick_look_misses_no_escape(void **state)
{
	static const char alphabet[] = "%4u\\\" ";
	const uint32_t len = 7;
	unsigned seen = 0;
	char all[7];

	(void)state;
	for (unsigned number = 0; number < 6 * 6 * 6 * 6 * 6 * 6 * 6; number++) {
		struct escape_finder each = {0}, some = {0};
		struct bytes chars = {(unsigned char *)all, len};

		for (unsigned i = 0, rest = number; i < len; i++, rest /= 6)
			all[i] = alphabet[rest % 6];
		for (uint32_t at = 0; at < len; at++) {
			bool quick = escapes_around(&each, chars, at);

			if (at % 2)
				assert_int_equal(escapes_around(&some, chars, at), quick);
			for (enum encoding e = ENCODED_PERCENT; e <= ENCODED_BACKSLASH && !quick;
			     e++) {
				struct run_finder finder = {.at = 0};

				if (run_finder_move(&finder, chars, e, at, 0, false))
					assert_false(run_has_escape(&finder.run, chars));
			}
			seen += quick;
		}
	}
	assert_true(seen > 0);
}

/* ---- Segments ---- */

/* A text that copies parts of another, cut anywhere around an encoded run, decodes it anew. */
static void copies_have_one_answer(void **state)
{
	struct detector *d = detectors[0];
	struct raw_set base = {0}, copied = {0};
	struct proofs one = {0};
	char old[200];
	uint32_t len;

	(void)state;
	buf_clear(&text);
	put_text("a: ");
	put_base64(BYTES("some words " TOKEN " and more of them"), sodium_base64_VARIANT_ORIGINAL);
	put_text("\nb: ");
	put_each(BYTES(TOKEN), "%");
	len = (uint32_t)text.len;
	memcpy(old, text.ptr, len);
	detector_collect(d, (struct bytes){(unsigned char *)old, len}, NULL, true, &base);
	for (uint32_t at = 0; at <= len; at++) {
		for (uint32_t gone = 0; gone < 3 && at + gone <= len; gone++) {
			struct segment segments[2] = {{0, at, 0}};
			struct segments all = {segments + (at == 0), 0, &base, len};
			size_t count = at > 0;

			buf_clear(&text);
			put((struct bytes){(unsigned char *)old, at});
			put(bytes_slice(BYTES("A%"), 0, at % 3));
			if (at + gone < len)
				segments[1] = (struct segment){(uint32_t)text.len,
				                               (uint32_t)text.len + len - at - gone,
				                               at + gone};
			count += at + gone < len;
			all.count = count;
			put((struct bytes){(unsigned char *)old + at + gone, len - at - gone});
			detector_collect(d, buf_bytes(&text), &all, true, &copied);
			detector_select(d, buf_bytes(&text), BYTES(""), false, &copied, &one);
			(void)find();
			assert_int_equal(one.count, proofs.count);
			for (size_t i = 0; i < one.count; i++) {
				assert_int_equal(one.items[i].start, proofs.items[i].start);
				assert_int_equal(one.items[i].end, proofs.items[i].end);
			}
		}
	}
	raw_set_release(&base);
	raw_set_release(&copied);
	proofs_release(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(base64_at_each_place_of_a_group),
	    cmocka_unit_test(base64_behind_what_looks_like_it),
	    cmocka_unit_test(base64_in_lines),
	    cmocka_unit_test(a_line_ends_within_what_is_looked_for),
	    cmocka_unit_test(lines_that_are_no_block_stand_alone),
	    cmocka_unit_test(hex_in_both_cases),
	    cmocka_unit_test(percent_escapes),
	    cmocka_unit_test(backslash_escapes),
	    cmocka_unit_test(gzip_in_base64),
	    cmocka_unit_test(utf16_in_base64),
	    cmocka_unit_test(documents_that_keep_secrets_encoded),
	    cmocka_unit_test(nested),
	    cmocka_unit_test(nested_in_other_ways),
	    cmocka_unit_test(plain_text_wins),
	    cmocka_unit_test(generic_rules_give_way_and_look_into_nothing),
	    cmocka_unit_test(a_run_of_over_1_mib_is_lost),
	    cmocka_unit_test(a_gzip_bomb_is_lost),
	    cmocka_unit_test(many_bombs_share_one_limit),
	    cmocka_unit_test(broken_gzip_is_nothing),
	    cmocka_unit_test(endless_hits_take_no_time),
	    cmocka_unit_test(text_that_ends_within_an_escape),
	    cmocka_unit_test(a_quick_look_misses_no_escape),
	    cmocka_unit_test(copies_have_one_answer),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
