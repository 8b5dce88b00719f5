#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/memory.h"
#include "base/pool.h"
#include "detect/detector.h"

#include "../tree.h"

#include <sodium.h>

/*
 * Exactness: whatever makes detection fast, the answer is that of the slow way. All texts are
 * made by a generator with a fixed seed out of the rules' own examples, so that most of them hold
 * tokens, halves of tokens, and what arms or rejects a rule.
 */

/*
 * Rules that look around themselves in every way that a pattern can: each an id, a pattern, its
 * context, and what else is in its detection.
 */
static const char *const user_rules[][4] = {
    {"behind", "(?<=key=)bhd_[a-z0-9]{4,8}"},
    {"ahead", "ahd_[a-z]{2,6}(?=;end)"},
    {"ahead-not", "ahn_[a-z]{4}(?!\\w)"},
    {"behind-not", "(?<!no)bhn_[a-z]{4}"},
    {"border", "\\bwrd_[a-z0-9]{3,9}\\b"},
    {"text-start", "\\Aabs_[a-z]{4}"},
    {"text-end", "zed_[a-z]{4}\\z"},
    {"text-last-line", "las_[a-z]{4}\\Z"},
    {"dollar", "dol_[a-z]{2,4}$"},
    {"circumflex", "^cir_[a-z]{4}"},
    {"lines", "(?m)^lin_[a-z]{2,4}$"},
    {"next-line", "(?m)nxl_[a-z]{2}\\n^"},
    {"wide", "[a-z ]{0,60}keyword_([0-9]{4,6})"},
    {"unbounded", "unb_[a-z ]*_end"},
    {"unbounded-start", "(?:x+|y)ubb_[a-z]{4}"},
    {"reference", "ref_([a-z])[a-z]{2}\\1"},
    {"overlap", "(?:ovl_){2}[a-z]?"},
    {"lazy", "laz_[a-z]{1,8}?q"},
    {"atomic", "ato_(?>[a-z]{1,4})z?"},
    {"no-stub", "[0-9]{5}-[0-9]{4}"},
    {"no-width", "(?=(emp_[a-z]{3}))"},
    {"any-case", "(?i)cas_[a-z]{4}"},
    {"nul", "nul_\\x00[a-z]{3}"},
    {"newline", "nwl_\\R[a-z]{2}"},
    {"quoted", "\\Qab\\E?quo_[a-z]{4}"},
    {"quoted-twice", "\\Qab\\E{2}qut_[a-z]{4}"},
    {"brace", "brc_{,3}[a-z]{2}"},
    {"include", "inc_[a-z]{4}", NULL, "pre: {include: {content: [armword]}}"},
    {"reject", "rej_[a-z]{4}", NULL, "pre: {reject: {content: [Sample]}}"},
    {"both", "bth_[a-z]{4}", NULL,
     "pre: {include: {content: [armword, arm2]}, reject: {content: [sample]}}"},
    {"near", "nea_[a-z]{4}", "patternAround: {pattern: nearby, maxCharDistance: 20}"},
    {"near-line", "nel_[a-z]{4}",
     "patternBefore: {pattern: nearby, maxLineDistance: 1, maxLineLength: 80}"},
    {"not-near", "nnr_[a-z]{4}",
     "matchNot: [{patternAfter: {pattern: nearby, maxCharDistance: 30}}]"},
    {"filtered", "pst_(?<body>[a-z]{6})", NULL,
     "post: {patternNot: aaa, groups: {body: {statisticalFilter: {threshold: 1.5}}}}"},
};

/* What the texts are made of beside the examples. */
/* clang-format off */
static const char *const words[] = {
    "key=bhd_ab12cd", "bhd_ab12", "key=", "ahd_abcd;end", "ahd_abcd", ";end", "ahn_abcd",
    "bhn_abcd", "nobhn_abcd", "no", "wrd_abc123", "wrd_", "abs_abcd", "zed_abcd", "las_abcd\n",
    "las_abcd", "dol_abcd", "dol_ab\n", "cir_abcd", "\ncir_abcd", "\nlin_abc\n", "lin_abcd",
    "nxl_ab\n", "a wide keyword_918273", "keyword_1234", "some words before ", "unb_",
    "unb_abc_end", "_end", "xxxxubb_abcd", "yubb_abcd", "ref_abca", "ref_abcb", "ovl_",
    "ovl_ovl_a", "laz_abcq", "laz_", "ato_abcdz", "ato_abz", "12345-6789", "emp_abc", "CAS_aBcD",
    "cas_abcd", "nwl_\r\nab", "nwl_\nab", "aquo_abcd", "abquo_abcd", "abbqut_abcd",
    "ababqut_abcd", "brc_{,3}ab", "brc___ab", "inc_abcd", "ARMword", "arm2", "rej_abcd", "SAMPLE",
    "sample", "bth_abcd", "nea_abcd", "nearby", "nel_abcd", "nnr_abcd", "pst_abcdef",
    "pst_aaabcd", "pst_ababab", " ", "\n", "\r\n", "\n\n", ".", "=", "\"", "the quick brown fox",
    "password", "api_key", "secret", "const char *token = ", "_", "a", "0", "-", "https://",
    "-----", "Bearer ", "x", "\t",
};
/* clang-format on */

enum { WORD_COUNT = sizeof(words) / sizeof(*words) };

struct random {
	uint64_t state;
};

/* xorshift64*: a number in [0, below). */
static uint32_t draw(struct random *r, size_t below)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return (uint32_t)((r->state * UINT64_C(2685821657736338717) >> 32) % below);
}

/* One ruleset, with its detectors with and without a prefilter. */
static struct ruleset set;
static struct engine *fast, *slow;
static struct detector *with, *without;

static struct engine *engine_of(const struct ruleset *rules, struct engine_options options)
{
	struct engine *engine;
	struct error error = {0};

	if (engine_new(&engine, rules, &options, &error))
		fail_msg("%s", error.message);
	return engine;
}

static const char heading[] = "provider:\n"
			      "  metadata: {name: Test, category: Test, message: Revoke it.}\n"
			      "  rules:\n";

static void put_rules(struct buf *yaml)
{
	assert_int_equal(buf_appendf(yaml, "%s", heading), ERR_NONE);
	for (size_t i = 0; i < sizeof(user_rules) / sizeof(*user_rules); i++) {
		const char *context = user_rules[i][2], *more = user_rules[i][3];

		assert_int_equal(buf_appendf(yaml,
		                             "    - id: t-%s\n"
		                             "      metadata: {name: Test}\n"
		                             "      detection:\n"
		                             "        matching:\n"
		                             "          pattern: '%s'\n",
		                             user_rules[i][0], user_rules[i][1]),
		                 ERR_NONE);
		if (context)
			assert_int_equal(buf_appendf(yaml, "          context: {%s}\n", context),
			                 ERR_NONE);
		if (more)
			assert_int_equal(buf_appendf(yaml, "        %s\n", more), ERR_NONE);
	}
}

static int set_up(void **state)
{
	static const char *const path = "rules.yaml";
	struct error error = {0};
	struct buf yaml;

	tree_enter(state);
	buf_init(&yaml, 1 << 16);
	put_rules(&yaml);
	tree_put(path, buf_text(&yaml));
	if (ruleset_load(&set, &path, 1, &error))
		fail_msg("%s", error.message);
	buf_release(&yaml);
	fast = engine_of(&set, (struct engine_options){0});
	slow = engine_of(&set, (struct engine_options){.no_prefilter = true});
	with = detector_new(fast);
	without = detector_new(slow);
	return 0;
}

static int tear_down(void **state)
{
	detector_free(with);
	detector_free(without);
	engine_free(fast);
	engine_free(slow);
	ruleset_release(&set);
	return tree_leave(state);
}

/* ---- Texts ---- */

static void put(struct buf *text, struct bytes bytes)
{
	assert_int_equal(buf_append(text, bytes), ERR_NONE);
}

static struct bytes any_example(struct random *r)
{
	const struct ruleset_part *part = &set.parts[PART_BUILTIN];
	const struct rule *rule = &part->rules[draw(r, part->count)];
	const struct example *e = &rule->examples[draw(r, rule->example_count)];

	return bytes_of(e->match && draw(r, 2) ? e->match : e->text);
}

static struct bytes any_cut(struct random *r, struct bytes bytes)
{
	size_t start = draw(r, bytes.len + 1);

	return bytes_slice(bytes, start, start + draw(r, bytes.len - start + 1));
}

/* Appends one more piece: a word, an example, part of either, or some bytes. */
static void put_piece(struct random *r, struct buf *text)
{
	unsigned char byte;

	switch (draw(r, 10)) {
	case 0:
		put(text, any_example(r));
		break;
	case 1:
		put(text, any_cut(r, any_example(r)));
		break;
	case 2:
		put(text, any_cut(r, bytes_of(words[draw(r, WORD_COUNT)])));
		break;
	case 3:
		put(text, (struct bytes){(const unsigned char *)"nul_\0abc", draw(r, 9)});
		break;
	case 4:
		for (uint32_t i = draw(r, 12); i > 0; i--) {
			byte = (unsigned char)draw(r, 256);
			put(text, (struct bytes){&byte, 1});
		}
		break;
	default:
		put(text, bytes_of(words[draw(r, WORD_COUNT)]));
		break;
	}
}

/* Encodes what stands behind `from`, in one of the ways that are looked into. */
static void encode_tail(struct random *r, struct buf *text, size_t from)
{
	static const char *const escapes[] = {"", "%", "\\u00", "\\x"};
	struct bytes tail = bytes_slice(buf_bytes(text), from, text->len);
	size_t width = draw(r, 4) ? 1 : 2; /* UTF-16 now and then */
	size_t plain_len = tail.len * width;
	size_t size = sodium_base64_encoded_len(plain_len, sodium_base64_VARIANT_ORIGINAL);
	unsigned char *plain = mem_calloc(plain_len, 1);
	char *encoded = mem_calloc(size, 1);

	for (size_t i = 0; i < tail.len; i++)
		plain[i * width] = tail.ptr[i];
	text->len = from;
	switch (draw(r, 3)) {
	case 0:
		sodium_bin2base64(encoded, size, plain, plain_len, sodium_base64_VARIANT_ORIGINAL);
		put(text, bytes_of(encoded));
		break;
	case 1:
		sodium_bin2base64(encoded, size, plain, plain_len,
		                  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		for (size_t at = 0, len = strlen(encoded); at < len; at += 64) {
			put(text,
			    bytes_slice(bytes_of(encoded), at, at + 64 < len ? at + 64 : len));
			put(text, bytes_of("\n"));
		}
		break;
	default:
		for (size_t i = 0, way = draw(r, 4); i < plain_len; i++)
			assert_int_equal(buf_appendf(text, "%s%02x", escapes[way], plain[i]),
			                 ERR_NONE);
	}
	free(plain);
	free(encoded);
}

static void make_text(struct random *r, struct buf *text, unsigned most_pieces)
{
	buf_clear(text);
	for (uint32_t i = draw(r, most_pieces + 1); i > 0; i--) {
		size_t from = text->len;

		put_piece(r, text);
		for (uint32_t way = draw(r, 24); way < 3; way++)
			encode_tail(r, text, from);
	}
}

/* ---- Comparing ---- */

static void show(const char *name, const struct proofs *proofs)
{
	for (size_t i = 0; i < proofs->count; i++) {
		const struct proof *p = &proofs->items[i];

		print_error("%s: %s [%u, %u) %d %d %d\n", name, p->rule->id, p->start, p->end,
		            (int)p->checksum, (int)p->confidence, (int)p->level);
	}
}

static bool same_proof(const struct proof *a, const struct proof *b)
{
	return a->rule == b->rule && a->start == b->start && a->end == b->end &&
	       a->checksum == b->checksum && a->confidence == b->confidence &&
	       a->level == b->level && a->entropy == b->entropy && a->decoded == b->decoded &&
	       a->secret_len == b->secret_len;
}

static void assert_same_proofs(const struct proofs *a, const struct proofs *b, const char *what,
                               unsigned number)
{
	bool same = a->count == b->count && a->limited == b->limited;

	for (size_t i = 0; i < a->count && same; i++)
		same = same_proof(&a->items[i], &b->items[i]);
	if (same)
		return;
	show("first", a);
	show("second", b);
	fail_msg("%s, text %u: the proofs differ", what, number);
}

static int compare_stubs(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void sort_present(struct raw_set *raw)
{
	if (raw->present_count)
		qsort(raw->present, raw->present_count, sizeof(*raw->present), compare_stubs);
}

static bool same_bytes(const void *a, size_t a_count, const void *b, size_t b_count, size_t size)
{
	return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * size) == 0);
}

static const char *rule_id_of(uint32_t number)
{
	size_t builtin = set.parts[PART_BUILTIN].count;

	return number < builtin ? set.parts[PART_BUILTIN].rules[number].id
	                        : set.parts[PART_USER].rules[number - builtin].id;
}

static void show_matches(const char *name, const struct raw_set *a, const struct raw_set *b)
{
	for (size_t i = 0; i < a->count; i++) {
		bool there = false;

		for (size_t k = 0; k < b->count && !there; k++)
			there = memcmp(&a->matches[i], &b->matches[k], sizeof(*a->matches)) == 0;
		if (!there)
			print_error("only %s: %s [%u, %u)\n", name, rule_id_of(a->matches[i].rule),
			            a->matches[i].start, a->matches[i].end);
	}
}

static void assert_same_raw(struct raw_set *a, struct raw_set *b, const char *what, unsigned number)
{
	sort_present(a);
	sort_present(b);
	if (!same_bytes(a->hits.items, a->hits.count, b->hits.items, b->hits.count,
	                sizeof(struct hit)))
		fail_msg("%s, text %u: the hits differ", what, number);
	if (!same_bytes(a->matches, a->count, b->matches, b->count, sizeof(struct raw_match))) {
		show_matches("first", a, b);
		show_matches("second", b, a);
		fail_msg("%s, text %u: the matches differ", what, number);
	}
	if (!same_bytes(a->present, a->present_count, b->present, b->present_count,
	                sizeof(uint32_t)))
		fail_msg("%s, text %u: the stubs that are present differ", what, number);
}

/* The proofs of the text, found without segments. */
static void find(struct detector *detector, struct bytes text, bool keep_hits, struct proofs *out)
{
	struct raw_set raw = {0};

	detector_collect(detector, text, NULL, keep_hits, &raw);
	detector_select(detector, text, (struct bytes){NULL, 0}, false, &raw, out);
	raw_set_release(&raw);
}

/* Asserts that all ways to read the text give the same proofs; returns their number. */
static size_t assert_one_answer(struct bytes text, unsigned number)
{
	struct proofs chunks = {0}, hits = {0}, whole = {0};
	size_t count;

	find(with, text, false, &chunks);
	find(with, text, true, &hits);
	find(without, text, false, &whole);
	assert_same_proofs(&chunks, &hits, "chunks and kept hits", number);
	assert_same_proofs(&chunks, &whole, "prefilter on and off", number);
	count = chunks.count;
	proofs_release(&chunks);
	proofs_release(&hits);
	proofs_release(&whole);
	return count;
}

/* ---- The prefilter ---- */

/* Sanitizers see in fewer texts what they can see, and take long over each. */
#ifdef TRAWL_SANITIZE
enum { RANDOM_TEXTS = 1000 };
#else
enum { RANDOM_TEXTS = 4000 };
#endif

static void prefilter_changes_no_answer(void **state)
{
	struct random r = {1};
	struct buf text;
	size_t found = 0;

	(void)state;
	buf_init(&text, 1 << 20);
	for (unsigned i = 0; i < RANDOM_TEXTS; i++) {
		make_text(&r, &text, 12);
		found += assert_one_answer(buf_bytes(&text), i);
	}
	assert_true(found > RANDOM_TEXTS); /* the texts are worth looking at */
	buf_release(&text);
}

/*
 * Each example alone, and cut by up to three bytes where a text starts and where one ends; and all
 * of a rule twice in a row.
 */
static void examples_have_one_answer(void **state)
{
	const struct ruleset_part *part = &set.parts[PART_BUILTIN];
	struct buf text, twice;
	unsigned number = 0;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_init(&twice, 1 << 20);
	for (size_t i = 0; i < part->count; i++) {
		buf_clear(&twice);
		for (size_t k = 0; k < part->rules[i].example_count; k++) {
			struct bytes example = bytes_of(part->rules[i].examples[k].text);
			size_t cut = example.len < 3 ? example.len : 3;

			assert_one_answer(example, number);
			buf_clear(&text);
			put(&text, bytes_slice(example, cut, example.len));
			put(&text, bytes_of("\n\n"));
			put(&text, bytes_slice(example, 0, example.len - cut));
			assert_one_answer(buf_bytes(&text), number++);
			put(&twice, example);
			put(&twice, example);
		}
		assert_one_answer(buf_bytes(&twice), number);
	}
	buf_release(&text);
	buf_release(&twice);
}

/* Appends the widest that may stand between a row's keyword and its value. */
static void put_far(struct buf *text, const char *keyword, const char *value)
{
	static const char quotes[] = "&quot;&quot;&quot;&quot;";

	put(text, bytes_of(keyword));
	for (int i = 0; i < 20; i++)
		put(text, bytes_of("it, "));
	assert_int_equal(buf_appendf(text, "secret%s%s],%40s%svalue%s     :     %sbearer   %s\n",
	                             "-and-so-on-and-on", quotes, "", quotes, quotes, quotes,
	                             value),
	                 ERR_NONE);
}

/* Values are found as far from their keywords as the patterns say: what is near is wide enough. */
static void values_far_from_their_keywords(void **state)
{
	const struct ruleset_part *part = &set.parts[PART_BUILTIN];
	size_t rows = 0, found = 0;
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	for (size_t i = 0; i < part->count; i++) {
		const struct rule *rule = &part->rules[i];
		size_t plain =
		    rule->keywords ? strspn(*rule->keywords, "abcdefghijklmnopqrstuvwxyz") : 0;

		if (plain < 7 || (*rule->keywords)[plain] || !rule->examples[0].match)
			continue;
		buf_clear(&text);
		put(&text, bytes_of("Words that nobody would take for a key stand around it.\n"));
		put_far(&text, *rule->keywords, rule->examples[0].match);
		rows++;
		found += assert_one_answer(buf_bytes(&text), (unsigned)i) > 0;
	}
	assert_true(rows > 300);
	assert_true(found > rows * 9 / 10);
	buf_release(&text);
}

static void shortest_texts(void **state)
{
	(void)state;
	assert_int_equal(assert_one_answer((struct bytes){NULL, 0}, 0), 0);
	assert_int_equal(assert_one_answer(bytes_of(""), 0), 0);
	for (unsigned i = 0; i < 256; i++) {
		unsigned char byte = (unsigned char)i;

		assert_int_equal(assert_one_answer((struct bytes){&byte, 1}, i), 0);
	}
}

/* ---- Chunks ---- */

enum { MIB = 1024 * 1024, CHUNKED = 2 * MIB + MIB / 2 };

static unsigned char *make_filler(size_t len)
{
	unsigned char *filler = mem_calloc(len, 1);

	for (size_t i = 0; i < len; i++)
		filler[i] = i % 80 == 79 ? '\n' : ',';
	return filler;
}

/* Places the token at each offset from [from, to) of the text and asserts that it is found there.
 */
static void assert_found_across(unsigned char *filler, const char *token, size_t from, size_t to)
{
	size_t len = strlen(token);
	struct bytes text = {filler, to + MIB / 16};
	struct proofs chunks = {0}, hits = {0};

	for (size_t at = from; at < to; at++) {
		unsigned char *kept = mem_calloc(len, 1);

		memcpy(kept, filler + at, len);
		memcpy(filler + at, token, len);
		find(with, text, false, &chunks);
		find(with, text, true, &hits);
		assert_same_proofs(&chunks, &hits, token, (unsigned)at);
		if (!chunks.count)
			fail_msg("%s at %zu", token, at);
		assert_true(chunks.items[0].start >= at && chunks.items[0].end <= at + len);
		memcpy(filler + at, kept, len);
		free(kept);
	}
	proofs_release(&chunks);
	proofs_release(&hits);
}

static void chunk_borders_hide_nothing(void **state)
{
	static const char *const ids[] = {
	    "github-personal-access-token", "digitalocean-access-token",
	    "gitlab-personal-access-token", "slack-bot-token", "npm-access-token"};
	static const char *const more[] = {" key=bhd_ab12 ", "\nlin_abc\n", "a keyword_918273 ",
	                                   "ovl_ovl_ovl_", "=wrd_abc123 "};
	unsigned char *filler = make_filler(CHUNKED);
	unsigned known = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		const struct rule *rule = ruleset_find(&set, ids[i]);

		if (!rule)
			continue;
		known++;
		for (size_t k = 0; k < rule->example_count; k++) {
			if (!rule->examples[k].match)
				continue;
			assert_found_across(filler, rule->examples[k].match, MIB - 70, MIB + 10);
			break;
		}
	}
	assert_true(known >= 2);
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
		assert_found_across(filler, more[i], MIB - 70, MIB + 10);
		/* The second border stands a stub's width before two mebibytes. */
		assert_found_across(filler, more[i], 2 * MIB - 130, 2 * MIB + 10);
	}
	free(filler);
}

/* Tokens thickly around both borders, and read without a prefilter, too. */
static void chunks_have_one_answer(void **state)
{
	unsigned char *filler = make_filler(CHUNKED);
	struct random r = {2};
	struct buf piece;

	(void)state;
	buf_init(&piece, 4096);
	for (unsigned border = 1; border <= 2; border++) {
		for (size_t at = (size_t)border * MIB - 600; at < (size_t)border * MIB + 200;) {
			buf_clear(&piece);
			if (draw(&r, 2))
				put(&piece, bytes_of(words[draw(&r, WORD_COUNT)]));
			else
				put(&piece, any_cut(&r, any_example(&r)));
			memcpy(filler + at, piece.ptr, piece.len);
			at += piece.len + draw(&r, 3);
		}
	}
	assert_true(assert_one_answer((struct bytes){filler, CHUNKED}, 0) > 0);
	buf_release(&piece);
	free(filler);
}

/* ---- Segments ---- */

enum { SEGMENTS_MAX = 64 };

/* A text, how it came from its base, and its raw set. */
struct version {
	struct buf text;
	struct segment segments[SEGMENTS_MAX];
	size_t count;
	struct raw_set raw;
};

static void version_release(struct version *v)
{
	buf_release(&v->text);
	raw_set_release(&v->raw);
}

static void copy_range(struct version *v, struct bytes base, size_t start, size_t end)
{
	if (start == end || v->count == SEGMENTS_MAX)
		return;
	v->segments[v->count++] = (struct segment){
	    (uint32_t)v->text.len, (uint32_t)(v->text.len + end - start), (uint32_t)start};
	put(&v->text, bytes_slice(base, start, end));
}

/* A small edit, as a delta between two versions of a file has it. */
static void edit_lightly(struct random *r, struct version *v, struct bytes base)
{
	size_t at = 0;

	for (uint32_t edits = draw(r, 4); edits > 0; edits--) {
		size_t end = at + draw(r, base.len - at + 1);

		copy_range(v, base, at, end);
		at = end + draw(r, base.len - end + 1) / (1 + draw(r, 20));
		for (uint32_t pieces = draw(r, 3); pieces > 0; pieces--)
			put_piece(r, &v->text);
	}
	copy_range(v, base, at, base.len);
}

/* Copies from anywhere, in any order, of any length, with or without something in between. */
static void edit_wildly(struct random *r, struct version *v, struct bytes base)
{
	for (uint32_t steps = draw(r, 16); steps > 0; steps--) {
		if (draw(r, 4)) {
			size_t start = draw(r, base.len + 1);
			size_t most = base.len - start;
			size_t len = draw(r, most + 1);

			copy_range(v, base, start, start + (draw(r, 3) ? len : len % 5));
		} else {
			put_piece(r, &v->text);
		}
	}
}

/* Finds v's raw set by its segments, and asserts that it is the one of the whole text. */
static void assert_segments_exact(struct version *v, const struct version *base, unsigned number)
{
	struct segments segments = {v->segments, v->count, &base->raw, (uint32_t)base->text.len};
	struct proofs copied = {0}, anew = {0}, chunks = {0};
	struct bytes text = buf_bytes(&v->text), nowhere = {NULL, 0};
	struct raw_set whole = {0};

	detector_collect(with, text, &segments, true, &v->raw);
	detector_select(with, text, nowhere, false, &v->raw, &copied);
	detector_collect(with, text, NULL, true, &whole);
	detector_select(with, text, nowhere, false, &whole, &anew);
	assert_same_raw(&v->raw, &whole, "copied and anew", number);
	assert_same_proofs(&copied, &anew, "copied and anew", number);
	find(with, text, false, &chunks);
	assert_same_proofs(&copied, &chunks, "copied and chunks", number);
	proofs_release(&copied);
	proofs_release(&anew);
	proofs_release(&chunks);
	raw_set_release(&whole);
}

/* Makes chains of versions, each the base of the next. */
static void follow_chains(uint64_t seed, unsigned chains, unsigned depth,
                          void (*edit)(struct random *, struct version *, struct bytes))
{
	struct version versions[2] = {0};
	struct random r = {seed};

	for (unsigned i = 0; i < 2; i++)
		buf_init(&versions[i].text, 1 << 20);
	for (unsigned chain = 0; chain < chains; chain++) {
		make_text(&r, &versions[0].text, 24);
		detector_collect(with, buf_bytes(&versions[0].text), NULL, true, &versions[0].raw);
		for (unsigned k = 0; k < depth; k++) {
			struct version *base = &versions[k % 2], *next = &versions[(k + 1) % 2];

			next->count = 0;
			buf_clear(&next->text);
			edit(&r, next, buf_bytes(&base->text));
			if (next->text.len > 4096)
				next->count = next->text.len = 0;
			assert_segments_exact(next, base, chain * depth + k);
		}
	}
	version_release(&versions[0]);
	version_release(&versions[1]);
}

static void segments_of_light_edits(void **state)
{
	(void)state;
	follow_chains(3, 800, 10, edit_lightly);
}

static void segments_of_wild_edits(void **state)
{
	(void)state;
	follow_chains(4, 800, 10, edit_wildly);
}

/* The text in two adjacent segments that meet at every offset, alone and with a byte between. */
static void segments_that_meet_anywhere(void **state)
{
	static const struct bytes between[] = {
	    {NULL, 0}, {(const unsigned char *)"q", 1}, {(const unsigned char *)"\n", 1}};
	struct version base = {0}, next = {0};

	(void)state;
	buf_init(&base.text, 1 << 16);
	buf_init(&next.text, 1 << 16);
	for (unsigned i = 0; i < WORD_COUNT; i++) {
		buf_clear(&base.text);
		put(&base.text, bytes_of(words[i]));
		put(&base.text, bytes_of(words[(i * 7 + 3) % WORD_COUNT]));
		detector_collect(with, buf_bytes(&base.text), NULL, true, &base.raw);
		for (size_t at = 0; at <= base.text.len; at++) {
			for (size_t k = 0; k < 3; k++) {
				next.count = 0;
				buf_clear(&next.text);
				copy_range(&next, buf_bytes(&base.text), 0, at);
				put(&next.text, between[k]);
				copy_range(&next, buf_bytes(&base.text), at, base.text.len);
				assert_segments_exact(&next, &base, i);
			}
		}
	}
	version_release(&base);
	version_release(&next);
}

/* A text cut off anywhere: what stood in the middle of the base stands at an end now. */
static void segments_at_the_ends(void **state)
{
	struct version base = {0}, next = {0};
	struct random r = {5};

	(void)state;
	buf_init(&base.text, 1 << 16);
	buf_init(&next.text, 1 << 16);
	for (unsigned i = 0; i < 40; i++) {
		make_text(&r, &base.text, 8);
		detector_collect(with, buf_bytes(&base.text), NULL, true, &base.raw);
		for (size_t at = 0; at <= base.text.len && at < 300; at++) {
			next.count = 0;
			buf_clear(&next.text);
			copy_range(&next, buf_bytes(&base.text), at, base.text.len);
			assert_segments_exact(&next, &base, i);
			next.count = 0;
			buf_clear(&next.text);
			copy_range(&next, buf_bytes(&base.text), 0, at);
			assert_segments_exact(&next, &base, i);
		}
	}
	version_release(&base);
	version_release(&next);
}

/* A `^` after a last newline matches only if something follows (pcre2pattern(3), "Circumflex"). */
static void circumflex_before_the_end_was_carried(void **state)
{
	struct version base = {0}, next = {0};

	(void)state;
	buf_init(&base.text, 64);
	buf_init(&next.text, 64);
	put(&base.text, bytes_of(" nxl_ab\nmore"));
	detector_collect(with, buf_bytes(&base.text), NULL, true, &base.raw);
	assert_int_equal(base.raw.count, 1);
	copy_range(&next, buf_bytes(&base.text), 0, 8);
	assert_segments_exact(&next, &base, 0);
	assert_int_equal(next.raw.count, 0);
	version_release(&base);
	version_release(&next);
}

/* ---- Selection ---- */

/* One small ruleset of its own, without the built-in rules. */
struct bench {
	struct ruleset set;
	struct engine *engine;
	struct detector *detector;
	struct proofs proofs;
};

static void bench_open(struct bench *b, const char *rules, struct engine_options options)
{
	static const char *const path = "bench.yaml";
	struct error error = {0};
	struct buf yaml;

	*b = (struct bench){0};
	buf_init(&yaml, 1 << 16);
	put(&yaml, bytes_of(heading));
	put(&yaml, bytes_of(rules));
	tree_put(path, buf_text(&yaml));
	if (ruleset_load_only(&b->set, &path, 1, &error))
		fail_msg("%s", error.message);
	b->engine = engine_of(&b->set, options);
	b->detector = detector_new(b->engine);
	buf_release(&yaml);
}

static void bench_close(struct bench *b)
{
	proofs_release(&b->proofs);
	detector_free(b->detector);
	engine_free(b->engine);
	ruleset_release(&b->set);
}

static void bench_find(struct bench *b, const char *text, const char *path, bool binary)
{
	struct raw_set raw = {0};

	detector_collect(b->detector, bytes_of(text), NULL, false, &raw);
	detector_select(b->detector, bytes_of(text), bytes_of(path), binary, &raw, &b->proofs);
	raw_set_release(&raw);
}

static void assert_proof(const struct bench *b, size_t i, const char *id, uint32_t start,
                         uint32_t end)
{
	assert_true(i < b->proofs.count);
	assert_string_equal(b->proofs.items[i].rule->id, id);
	assert_int_equal(b->proofs.items[i].start, start);
	assert_int_equal(b->proofs.items[i].end, end);
}

static const char rivals[] =
    "    - id: narrow\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: 'acme_[a-z]{4}'}}\n"
    "    - id: broad\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: 'acme_[a-z]{2,8}'}}\n"
    "    - id: by-provider\n"
    "      type: providerGeneric\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: '(?:key|acme)[=_]([a-z_0-9]{4,30})'}}\n"
    "    - id: by-keyword\n"
    "      type: analyzerGeneric\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: 'secret[=]([a-z_=0-9]{4,30})'}}\n";

static void specific_rules_win_then_longer_secrets(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, rivals, (struct engine_options){0});
	bench_find(&b, "secret=key=acme_kmtqwz0", "", false);
	assert_int_equal(b.proofs.count, 1);
	assert_proof(&b, 0, "broad", 11, 22);
	bench_find(&b, "secret=key=kmtqwz0", "", false);
	assert_int_equal(b.proofs.count, 1);
	assert_proof(&b, 0, "by-provider", 11, 18);
	bench_find(&b, "secret=kmtqwz0", "", false);
	assert_int_equal(b.proofs.count, 1);
	assert_proof(&b, 0, "by-keyword", 7, 14);
	/* Of two that find the same, the first by id. */
	bench_find(&b, "acme_abcd secret=other", "", false);
	assert_int_equal(b.proofs.count, 2);
	assert_proof(&b, 0, "broad", 0, 9);
	assert_proof(&b, 1, "by-keyword", 17, 22);
	bench_close(&b);
}

static void every_rule_may_speak(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, rivals, (struct engine_options){.every_rule = true});
	bench_find(&b, "secret=key=acme_kmtqwz0", "", false);
	assert_int_equal(b.proofs.count, 4);
	assert_proof(&b, 0, "by-keyword", 7, 23);
	assert_proof(&b, 1, "narrow", 11, 20);
	assert_proof(&b, 2, "broad", 11, 22);
	assert_proof(&b, 3, "by-provider", 11, 23);
	bench_close(&b);
}

static void generic_rules_pass_over_binaries(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, rivals, (struct engine_options){0});
	bench_find(&b, "secret=kmtqwz0 acme_kmtqwz", "", true);
	assert_int_equal(b.proofs.count, 1);
	assert_proof(&b, 0, "broad", 15, 26);
	bench_close(&b);
}

static void disabled_rules_are_silent(void **state)
{
	static const char *const disabled[] = {"broad"};
	struct bench b;

	(void)state;
	bench_open(&b, rivals, (struct engine_options){0});
	detector_free(b.detector);
	engine_free(b.engine);
	assert_int_equal(ruleset_choose(&b.set, NULL, 0, disabled, 1, NULL), ERR_NONE);
	b.engine = engine_of(&b.set, (struct engine_options){0});
	b.detector = detector_new(b.engine);
	bench_find(&b, "acme_kmtqwz0", "", false);
	assert_int_equal(b.proofs.count, 1);
	assert_proof(&b, 0, "narrow", 0, 9);
	bench_close(&b);
}

static void paths_admit_or_not(void **state)
{
	static const char rules[] =
	    "    - id: in-conf\n"
	    "      metadata: {name: Test}\n"
	    "      detection: {pre: {include: {paths: ['**/conf/*.ini']}}, matching: {pattern: "
	    "'cnf_[a-z]{4}'}}\n"
	    "    - id: not-in-tests\n"
	    "      metadata: {name: Test}\n"
	    "      detection: {pre: {reject: {paths: ['tests/**']}}, matching: {pattern: "
	    "'tst_[a-z]{4}'}}\n";
	static const char text[] = "cnf_abcd tst_abcd";
	struct bench b;

	(void)state;
	for (int slowly = 0; slowly < 2; slowly++) {
		bench_open(&b, rules, (struct engine_options){.no_prefilter = slowly});
		bench_find(&b, text, "a/conf/b.ini", false);
		assert_int_equal(b.proofs.count, 2);
		bench_find(&b, text, "a/conf/b.txt", false);
		assert_int_equal(b.proofs.count, 1);
		assert_proof(&b, 0, "not-in-tests", 9, 17);
		bench_find(&b, text, "tests/conf/b.ini", false);
		assert_int_equal(b.proofs.count, 1);
		assert_proof(&b, 0, "in-conf", 0, 8);
		/* A text without a path is held against none. */
		bench_find(&b, text, "", false);
		assert_int_equal(b.proofs.count, 2);
		bench_close(&b);
	}
}

/* The states of one token under the three policies. */
static void assert_policy(const char *token, enum checksum_policy policy, bool found,
                          enum checksum_state checksum, enum confidence confidence,
                          enum level level)
{
	struct engine *engine = engine_of(&set, (struct engine_options){.checksum = policy});
	struct detector *detector = detector_new(engine);
	struct proofs proofs = {0};

	find(detector, bytes_of(token), false, &proofs);
	assert_int_equal(proofs.count, found);
	if (found) {
		assert_int_equal(proofs.items[0].checksum, checksum);
		assert_int_equal(proofs.items[0].confidence, confidence);
		assert_int_equal(proofs.items[0].level, level);
	}
	proofs_release(&proofs);
	detector_free(detector);
	engine_free(engine);
}

static void checksum_policies(void **state)
{
	const struct rule *rule = ruleset_find(&set, "github-personal-access-token");
	char *fits, *fits_not;

	(void)state;
	assert_non_null(rule);
	fits = mem_strdup(rule->examples[0].match);
	fits_not = mem_strdup(fits);
	fits_not[strlen(fits) - 1] = (char)(fits[strlen(fits) - 1] == 'A' ? 'B' : 'A');

	assert_policy(fits, CHECKSUM_LOWER, true, CHECKSUM_STATE_VALID, CONFIDENCE_HIGH,
	              LEVEL_ERROR);
	assert_policy(fits, CHECKSUM_STRICT, true, CHECKSUM_STATE_VALID, CONFIDENCE_HIGH,
	              LEVEL_ERROR);
	assert_policy(fits, CHECKSUM_IGNORE, true, CHECKSUM_STATE_NONE, CONFIDENCE_MEDIUM,
	              LEVEL_ERROR);
	assert_policy(fits_not, CHECKSUM_LOWER, true, CHECKSUM_STATE_INVALID, CONFIDENCE_LOW,
	              LEVEL_NOTE);
	assert_policy(fits_not, CHECKSUM_STRICT, false, 0, 0, 0);
	assert_policy(fits_not, CHECKSUM_IGNORE, true, CHECKSUM_STATE_NONE, CONFIDENCE_MEDIUM,
	              LEVEL_ERROR);
	free(fits);
	free(fits_not);
}

/* What is proved is no placeholder, whatever it looks like; all else may be one. */
static void placeholders_are_no_secrets(void **state)
{
	static const char rules[] =
	    "    - id: plain\n"
	    "      metadata: {name: Test}\n"
	    "      detection: {matching: {pattern: 'pla_[0-9A-Za-z]{8}'}}\n"
	    "    - id: checked\n"
	    "      metadata: {name: Test}\n"
	    "      detection:\n"
	    "        matching: {pattern: 'chk_[0-9A-Za-z]{9}[0-9a-f]{8}'}\n"
	    "        post: {checksum: {algorithm: crc32, encoding: hex, digits: 8, position: -8, "
	    "covers: [4, -8], published: true}}\n";
	/* CRC-32 of "123456789", the check value of its definition: cbf43926. */
	static const char text[] = "pla_xxxxxxxx pla_q7w2e9r4 chk_123456789cbf43926 "
				   "chk_123456789cbf43927";
	struct bench b;

	(void)state;
	bench_open(&b, rules, (struct engine_options){0});
	bench_find(&b, text, "", false);
	assert_int_equal(b.proofs.count, 2);
	assert_proof(&b, 0, "plain", 13, 25);
	assert_proof(&b, 1, "checked", 26, 47);
	bench_close(&b);
	bench_open(&b, rules, (struct engine_options){.placeholders = true});
	bench_find(&b, text, "", false);
	assert_int_equal(b.proofs.count, 4);
	bench_close(&b);
}

/* What a specific rule knows and denies is no finding of a generic one either. */
static void generic_rules_do_not_contradict(void **state)
{
	static const char rules[] = "    - id: known\n"
				    "      metadata: {name: Test}\n"
				    "      detection: {matching: {pattern: 'known_[a-z]{8}'}}\n"
				    "    - id: by-keyword\n"
				    "      type: analyzerGeneric\n"
				    "      metadata: {name: Test}\n"
				    "      detection: {matching: {pattern: 'word=(\\w{5})'}}\n";
	struct bench b;

	(void)state;
	bench_open(&b, rules, (struct engine_options){0});
	bench_find(&b, "word=known_xxxxxxxx word=kmtqw word=known_kmtqwzbv", "", false);
	assert_int_equal(b.proofs.count, 2);
	assert_proof(&b, 0, "by-keyword", 25, 30);
	assert_proof(&b, 1, "known", 36, 50);
	bench_close(&b);
}

struct told {
	char text[4096];
	size_t len;
};

static void tell(void *context, const struct trace_event *event)
{
	static const char *const verdicts[] = {"passed", "rejected", "limit"};
	struct told *told = context;

	told->len +=
	    (size_t)snprintf(told->text + told->len, sizeof(told->text) - told->len,
	                     "%s %u-%u %s %s: %s\n", event->rule->id, event->start, event->end,
	                     event->stage, verdicts[event->verdict], event->detail);
}

static void a_trace_tells_what_each_stage_said(void **state)
{
	static const char rules[] =
	    "    - id: told\n"
	    "      metadata: {name: Test}\n"
	    "      detection:\n"
	    "        matching: {pattern: 'told=(\\w{4,8})', context: {patternAfter: 'end'}}\n"
	    "        post: {statisticalFilter: {threshold: 2}, patternNot: 'no', heuristicFilter: "
	    "{heuristics: [path, words]}}\n"
	    "    - id: wider\n"
	    "      metadata: {name: Test}\n"
	    "      detection: {pre: {reject: {paths: ['a']}}, matching: {pattern: 'told=.{9}'}}\n";
	struct told told = {{0}, 0};
	struct trace trace = {.take = tell, .context = &told};
	struct bench b;

	(void)state;
	bench_open(&b, rules, (struct engine_options){0});
	detector_set_trace(b.detector, &trace);
	bench_find(&b, "told=aabb told=q1w9k2 end told=z8k2m4", "a", false);
	assert_string_equal(
	    told.text,
	    "told 5-9 pattern passed: matches 9 bytes, 4 of them the secret\n"
	    "told 5-9 entropy rejected: 1.00 bits per character; at least 2.00 are asked for\n"
	    "told 5-9 verdict rejected: no finding\n"
	    "told 15-21 pattern passed: matches 11 bytes, 6 of them the secret\n"
	    "told 15-21 entropy passed: 2.58 bits per character; at least 2.00 are asked for\n"
	    "told 15-21 heuristics passed: like none of them; likeness to words is 0.00\n"
	    "told 15-21 pattern not passed: `no` is not found\n"
	    "told 15-21 context passed: holds\n"
	    "told 15-21 placeholder passed: none\n"
	    "told 15-21 adjoining passed: nothing\n"
	    "told 15-21 verdict passed: error, confidence medium\n"
	    "told 31-37 pattern passed: matches 11 bytes, 6 of them the secret\n"
	    "told 31-37 entropy passed: 2.58 bits per character; at least 2.00 are asked for\n"
	    "told 31-37 heuristics passed: like none of them; likeness to words is 0.00\n"
	    "told 31-37 pattern not passed: `no` is not found\n"
	    "told 31-37 context rejected: does not hold\n"
	    "told 31-37 verdict rejected: no finding\n"
	    "wider 0-14 conditions rejected: what it asks of the file, its path, its kind or its "
	    "encoding does not hold\n"
	    "wider 0-14 verdict rejected: no finding\n");
	detector_set_trace(b.detector, NULL);
	bench_close(&b);
}

/* A checksum that the issuer does not publish raises, and never lowers or drops. */
static void unpublished_checksum_lowers_nothing(void **state)
{
	static const char rules[] =
	    "    - id: unpublished\n"
	    "      metadata: {name: Test}\n"
	    "      detection:\n"
	    "        matching: {pattern: 'unp_[0-9A-Za-z]{9}[0-9a-f]{8}'}\n"
	    "        post: {checksum: {algorithm: crc32, encoding: hex, digits: 8, position: -8, "
	    "covers: [4, -8], published: false}}\n";
	/* CRC-32 of "q7w2e9r4t" as zlib computes it. */
	static const char fits[] = "unp_q7w2e9r4t896264a5", fits_not[] = "unp_q7w2e9r4t896264a0";
	struct bench b;

	(void)state;
	for (int policy = CHECKSUM_LOWER; policy <= CHECKSUM_STRICT; policy++) {
		bench_open(&b, rules,
		           (struct engine_options){.checksum = (enum checksum_policy)policy});
		bench_find(&b, fits, "", false);
		assert_int_equal(b.proofs.count, 1);
		assert_int_equal(b.proofs.items[0].checksum, CHECKSUM_STATE_VALID);
		assert_int_equal(b.proofs.items[0].confidence, CONFIDENCE_HIGH);
		bench_find(&b, fits_not, "", false);
		assert_int_equal(b.proofs.count, 1);
		assert_int_equal(b.proofs.items[0].checksum, CHECKSUM_STATE_INVALID);
		assert_int_equal(b.proofs.items[0].confidence, CONFIDENCE_MEDIUM);
		assert_int_equal(b.proofs.items[0].level, LEVEL_ERROR);
		bench_close(&b);
	}
}

static void a_limit_is_reported_and_stops_no_other_rule(void **state)
{
	static const char rules[] =
	    "    - id: endless\n"
	    "      metadata: {name: Test}\n"
	    "      detection: {matching: {pattern: 'cat_(?:(?:a|aa|aaa)+b?)+!'}}\n"
	    "    - id: harmless\n"
	    "      metadata: {name: Test}\n"
	    "      detection: {matching: {pattern: 'dog_[a-z]{4}'}}\n";
	static const char text[] = "dog_abcd cat_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa dog_efgh !";
	struct bench b;

	(void)state;
	for (int slowly = 0; slowly < 2; slowly++) {
		bench_open(&b, rules, (struct engine_options){.no_prefilter = slowly});
		bench_find(&b, text, "", false);
		assert_int_equal(b.proofs.count, 2);
		assert_proof(&b, 0, "harmless", 0, 8);
		assert_proof(&b, 1, "harmless", 102, 110);
		assert_non_null(b.proofs.limited);
		assert_string_equal(b.proofs.limited->id, "endless");
		/* The next text is none the worse for it. */
		bench_find(&b, "cat_aab! dog_abcd", "", false);
		assert_int_equal(b.proofs.count, 2);
		assert_null(b.proofs.limited);
		bench_close(&b);
	}
}

static void a_pattern_that_is_refused_names_its_rule(void **state)
{
	static const char *const path = "broken.yaml";
	struct engine_options options = {0};
	struct ruleset broken;
	struct engine *engine;
	struct error error = {0};

	(void)state;
	tree_put(path, "provider:\n"
	               "  metadata: {name: Test, category: Test, message: Revoke it.}\n"
	               "  rules:\n"
	               "    - id: broken\n"
	               "      metadata: {name: Test}\n"
	               "      detection: {matching: {pattern: 'abc_[a-z]{4}\\1'}}\n");
	assert_int_equal(ruleset_load_only(&broken, &path, 1, &error), ERR_NONE);
	assert_int_equal(engine_new(&engine, &broken, &options, &error), ERR_SYNTAX);
	assert_null(engine);
	assert_non_null(strstr(error.message, "broken.yaml:4: rule broken: at offset "));
	ruleset_release(&broken);
}

/* ---- Detectors one after the other ---- */

static void a_detector_that_was_freed_is_as_new(void **state)
{
	struct engine *engine = engine_of(&set, (struct engine_options){0});
	struct detector *used = detector_new(engine);
	struct random r = {9};
	uint64_t read = 0;
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	for (unsigned i = 0; i < 200; i++) {
		struct proofs alone = {0}, found = {0};

		buf_clear(&text);
		make_text(&r, &text, 12);
		find(with, buf_bytes(&text), i % 2, &alone);
		find(used, buf_bytes(&text), i % 2, &found);
		assert_same_proofs(&found, &alone, "used", i);
		read += detector_costs(used).read;
		detector_free(used);
		assert_ptr_equal(detector_new(engine), used);
		assert_int_equal(detector_costs(used).read, 0);
		proofs_release(&alone);
		proofs_release(&found);
	}
	assert_int_not_equal(read, 0);
	detector_free(used);
	engine_free(engine);
	buf_release(&text);
}

/* ---- Threads ---- */

enum { TEXTS = 400, THREADS = 2 };

struct shared {
	struct engine *engine;
	struct buf texts[TEXTS];
	struct proofs proofs[THREADS][TEXTS];
};

static void find_all(void *data, unsigned worker)
{
	struct shared *shared = data;
	struct detector *detector = detector_new(shared->engine);

	for (unsigned i = 0; i < TEXTS; i++)
		find(detector, buf_bytes(&shared->texts[i]), i % 2, &shared->proofs[worker][i]);
	detector_free(detector);
}

static void threads_share_an_engine(void **state)
{
	struct shared *shared = mem_calloc(1, sizeof(*shared));
	struct random r = {6};

	(void)state;
	for (unsigned i = 0; i < TEXTS; i++) {
		buf_init(&shared->texts[i], 1 << 20);
		make_text(&r, &shared->texts[i], 12);
	}
	/* A new engine: its patterns are compiled while both threads run. */
	shared->engine = engine_of(&set, (struct engine_options){0});
	pool_run(THREADS, find_all, shared);
	for (unsigned i = 0; i < TEXTS; i++) {
		struct proofs alone = {0};

		find(with, buf_bytes(&shared->texts[i]), true, &alone);
		for (unsigned worker = 0; worker < THREADS; worker++) {
			assert_same_proofs(&shared->proofs[worker][i], &alone, "threads", i);
			proofs_release(&shared->proofs[worker][i]);
		}
		proofs_release(&alone);
		buf_release(&shared->texts[i]);
	}
	engine_free(shared->engine);
	free(shared);
}

/* The argument, if there is one, chooses among the tests: a cmocka filter. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(prefilter_changes_no_answer),
	    cmocka_unit_test(examples_have_one_answer),
	    cmocka_unit_test(values_far_from_their_keywords),
	    cmocka_unit_test(shortest_texts),
	    cmocka_unit_test(chunk_borders_hide_nothing),
	    cmocka_unit_test(chunks_have_one_answer),
	    cmocka_unit_test(segments_of_light_edits),
	    cmocka_unit_test(segments_of_wild_edits),
	    cmocka_unit_test(segments_that_meet_anywhere),
	    cmocka_unit_test(segments_at_the_ends),
	    cmocka_unit_test(circumflex_before_the_end_was_carried),
	    cmocka_unit_test(specific_rules_win_then_longer_secrets),
	    cmocka_unit_test(every_rule_may_speak),
	    cmocka_unit_test(generic_rules_pass_over_binaries),
	    cmocka_unit_test(disabled_rules_are_silent),
	    cmocka_unit_test(paths_admit_or_not),
	    cmocka_unit_test(checksum_policies),
	    cmocka_unit_test(unpublished_checksum_lowers_nothing),
	    cmocka_unit_test(placeholders_are_no_secrets),
	    cmocka_unit_test(generic_rules_do_not_contradict),
	    cmocka_unit_test(a_trace_tells_what_each_stage_said),
	    cmocka_unit_test(a_limit_is_reported_and_stops_no_other_rule),
	    cmocka_unit_test(a_pattern_that_is_refused_names_its_rule),
	    cmocka_unit_test(a_detector_that_was_freed_is_as_new),
	    cmocka_unit_test(threads_share_an_engine),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
