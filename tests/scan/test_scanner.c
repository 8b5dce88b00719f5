#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/memory.h"
#include "scan/scanner.h"

#include "../tree.h"

#define BYTES(literal) ((struct bytes){(const unsigned char *)(literal), sizeof(literal) - 1})
#define TOKEN "tok_kmtqwzbv"

static const char rules[] =
    "provider:\n"
    "  metadata: {name: Test, category: Test, message: Revoke it.}\n"
    "  rules:\n"
    "    - id: s-token\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: 'tok_[a-z]{8}'}}\n"
    "    - id: s-first\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: '!tok_[a-z]{8}'}}\n"
    "    - id: s-shifted\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: 'efghtok_[a-z]{4}'}}\n"
    "    - id: s-lines\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: 'BEGIN\\n[^-]{1,40}\\nEND'}}\n"
    "    - id: s-group\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: 'keyword=([a-z]{8})'}}\n"
    "    - id: s-control\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: 'ctl_\\n[a-z]{8}'}}\n"
    "    - id: s-ahead\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: 'lookahead_(?=([a-z]{12}))'}}\n"
    "    - id: s-generic\n"
    "      type: analyzerGeneric\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: 'generic=([a-z]{8})'}}\n"
    "    - id: s-parts\n"
    "      metadata: {name: Test}\n"
    "      detection:\n"
    "        matching: {pattern: 'pair=([a-z]{8})(?<tail>:[0-9]{2})?'}\n"
    "        parts:\n"
    "          - {name: id, pattern: 'id=([0-9]{4})', maxLineDistance: 2}\n"
    "          - {name: tail, group: tail}\n"
    "          - {name: end, pattern: 'until=([0-9-]{10})', maxCharDistance: "
    "20, structure: end-day}\n"
    "    - id: s-lowered\n"
    "      metadata: {name: Test}\n"
    "      detection:\n"
    "        matching: {pattern: 'alone=[a-z]{8}'}\n"
    "        parts: [{name: id, pattern: 'id=[0-9]{4}', maxCharDistance: 9, "
    "absent: lower}]\n"
    "    - id: s-noted\n"
    "      metadata: {name: Test}\n"
    "      detection:\n"
    "        matching: {pattern: 'noted=[a-z]{8}'}\n"
    "        parts: [{name: id, pattern: 'id=[0-9]{4}', maxCharDistance: 9, "
    "absent: note}]\n"
    "    - id: s-required\n"
    "      metadata: {name: Test}\n"
    "      detection:\n"
    "        matching: {pattern: 'needs=[a-z]{8}'}\n"
    "        parts: [{name: id, pattern: 'id=[0-9]{4}', maxCharDistance: 9, "
    "absent: reject}]\n"
    "    - id: s-endless\n"
    "      metadata: {name: Test}\n"
    "      detection: {matching: {pattern: 'cat_(?:(?:a|aa|aaa)+b?)+!'}}\n";

static struct ruleset set;
static struct engine *engine;
static struct scan_options options;
static struct scanner *scanner;
static struct scan_result result;

static int set_up(void **state)
{
	static const char *const path = "rules.yaml";
	struct engine_options plain = {.now = 1614816000}; /* 2021-03-04 */
	struct error error = {0};

	tree_enter(state);
	tree_put(path, rules);
	if (ruleset_load_only(&set, &path, 1, &error) || engine_new(&engine, &set, &plain, &error))
		fail_msg("%s", error.message);
	return 0;
}

static int tear_down(void **state)
{
	engine_free(engine);
	ruleset_release(&set);
	return tree_leave(state);
}

static int begin(void **state)
{
	(void)state;
	options = (struct scan_options){0};
	assert_int_equal(fingerprint_key_set(&options.key, BYTES(""), NULL), ERR_NONE);
	scanner = scanner_new(engine, &set, &options);
	return 0;
}

static int end(void **state)
{
	(void)state;
	scanner_free(scanner);
	scan_result_release(&result);
	result = (struct scan_result){0};
	return 0;
}

/* Scans the bytes alone and returns how many findings there are. */
static size_t scan_at(struct bytes bytes, const char *path)
{
	struct blob blob = {.bytes = bytes, .path = bytes_of(path)};

	scan_result_release(&result);
	result = (struct scan_result){0};
	scanner_scan(scanner, &blob, &result);
	return result.findings.count;
}

static size_t scan(struct bytes bytes)
{
	return scan_at(bytes, "a.txt");
}

struct place {
	uint64_t start, end;
	uint32_t line, column, end_line, end_column;
};

static void assert_place(size_t i, const char *rule, struct place place)
{
	const struct finding *f = &result.findings.items[i];

	assert_true(i < result.findings.count);
	assert_string_equal(f->rule->id, rule);
	assert_int_equal(f->start_offset, place.start);
	assert_int_equal(f->end_offset, place.end);
	assert_int_equal(f->start_line, place.line);
	assert_int_equal(f->start_column, place.column);
	assert_int_equal(f->end_line, place.end_line);
	assert_int_equal(f->end_column, place.end_column);
}

/* ---- Places ---- */

static void plain_text(void **state)
{
	(void)state;
	assert_int_equal(scan(BYTES("")), 0);
	assert_int_equal(scan(BYTES("x")), 0);
	assert_int_equal(scan(BYTES(TOKEN)), 1);
	assert_place(0, "s-token", (struct place){0, 12, 1, 1, 1, 13});
	assert_int_equal(scan(BYTES("a\nb = " TOKEN "\n" TOKEN)), 2);
	assert_place(0, "s-token", (struct place){6, 18, 2, 5, 2, 17});
	assert_place(1, "s-token", (struct place){19, 31, 3, 1, 3, 13});
	assert_int_equal(result.coverage.files, 1);
	assert_int_equal(result.coverage.bytes, 31);
	assert_int_equal(scan(BYTES("keyword=kmtqwzbv")), 1);
	assert_place(0, "s-group", (struct place){8, 16, 1, 9, 1, 17});
	assert_int_equal(scan(BYTES(" BEGIN\nab\ncd\nEND ")), 1);
	assert_place(0, "s-lines", (struct place){1, 16, 1, 2, 4, 4});
}

static void carriage_returns_belong_to_their_line(void **state)
{
	(void)state;
	assert_int_equal(scan(BYTES("a\r\n\r\n " TOKEN "\r\n")), 1);
	assert_place(0, "s-token", (struct place){6, 18, 3, 2, 3, 14});
}

static void columns_count_utf16_units(void **state)
{
	(void)state;
	/* é is one unit, an emoji two, an invalid byte one. */
	assert_int_equal(scan(BYTES("\xc3\xa9" TOKEN)), 1);
	assert_place(0, "s-token", (struct place){2, 14, 1, 2, 1, 14});
	assert_int_equal(scan(BYTES("x\n\xf0\x9f\x98\x80 " TOKEN)), 1);
	assert_place(0, "s-token", (struct place){7, 19, 2, 4, 2, 16});
	assert_int_equal(scan(BYTES("\xff\xc3" TOKEN)), 1);
	assert_place(0, "s-token", (struct place){2, 14, 1, 3, 1, 15});
	/* A byte order mark has no column. */
	assert_int_equal(scan(BYTES("\xef\xbb\xbf" TOKEN)), 1);
	assert_place(0, "s-token", (struct place){3, 15, 1, 1, 1, 13});
	assert_int_equal(scan(BYTES("\xef\xbb\xbf\n" TOKEN)), 1);
	assert_place(0, "s-token", (struct place){4, 16, 2, 1, 2, 13});
}

/* "a", CR, LF, an emoji, a space, the token, CR, LF as UTF-16; the mark is optional. */
static struct bytes encode(struct buf *out, bool big, bool mark)
{
	static const uint16_t start[] = {0xfeff, 'a', '\r', '\n', 0xd83d, 0xde01, ' '};
	uint16_t units[32];
	size_t count = 0;

	for (size_t i = mark ? 0 : 1; i < 7; i++)
		units[count++] = start[i];
	for (const char *c = TOKEN "\r\n"; *c; c++)
		units[count++] = (uint16_t)*c;
	buf_init(out, 256);
	for (size_t i = 0; i < count; i++) {
		unsigned char pair[2] = {(unsigned char)(units[i] >> 8), (unsigned char)units[i]};

		if (!big) {
			pair[0] = (unsigned char)units[i];
			pair[1] = (unsigned char)(units[i] >> 8);
		}
		assert_int_equal(buf_append(out, (struct bytes){pair, 2}), ERR_NONE);
	}
	return buf_bytes(out);
}

static void utf16_offsets_are_those_of_the_file(void **state)
{
	uint8_t fingerprint[FINGERPRINT_SIZE];

	(void)state;
	assert_int_equal(scan(BYTES(TOKEN)), 1);
	memcpy(fingerprint, result.findings.items[0].fingerprint, sizeof(fingerprint));
	for (int big = 0; big < 2; big++) {
		for (int mark = 0; mark < 2; mark++) {
			uint64_t start = 12 + (mark ? 2 : 0);
			struct buf text;

			assert_int_equal(scan(encode(&text, big, mark)), 1);
			assert_place(0, "s-token", (struct place){start, start + 24, 2, 4, 2, 16});
			/* The secret is the one of the text, not of its encoding. */
			assert_int_equal(result.findings.items[0].secret_len, 12);
			assert_memory_equal(result.findings.items[0].fingerprint, fingerprint,
			                    sizeof(fingerprint));
			buf_release(&text);
		}
	}
}

static void generic_rules_pass_over_binaries(void **state)
{
	static const char text[] = "generic=kmtqwzbv " TOKEN " \0 ";

	(void)state;
	assert_int_equal(scan((struct bytes){(const unsigned char *)text, 30}), 2);
	assert_int_equal(result.coverage.skipped[SKIP_GENERIC_ON_BINARY], 0);
	assert_int_equal(scan(BYTES("generic=kmtqwzbv " TOKEN " \0 ")), 1);
	assert_place(0, "s-token", (struct place){17, 29, 1, 18, 1, 30});
	assert_int_equal(result.coverage.skipped[SKIP_GENERIC_ON_BINARY], 1);
}

/* ---- Inline markers ---- */

static void assert_allowed(const char *text, size_t found, uint64_t suppressed)
{
	if (scan(bytes_of(text)) != found || result.suppressed.count != suppressed)
		fail_msg("%zu found and %llu suppressed in: %s", result.findings.count,
		         (unsigned long long)result.suppressed.count, text);
}

static void markers_allow(void **state)
{
	(void)state;
	assert_allowed(TOKEN " # trawl:allow", 0, 1);
	assert_allowed("# trawl:allow: " TOKEN, 0, 1);
	assert_allowed("# trawl:allow\n" TOKEN, 0, 1);
	assert_allowed("# trawl:allow\r\n" TOKEN "\r\n", 0, 1);
	assert_allowed(TOKEN " " TOKEN " trawl:allow", 0, 2);
	assert_allowed("# trawl:allow\n\n" TOKEN, 1, 0);
	assert_allowed(TOKEN "\n# trawl:allow", 1, 0);
	assert_allowed(TOKEN " # trawl:allow\n" TOKEN, 1, 1);
	assert_allowed("# trawl:allow\n" TOKEN "\n" TOKEN, 1, 1);
	assert_allowed("# xtrawl:allow\n" TOKEN " trawl:allowed", 1, 0);
	assert_allowed("BEGIN\nab # trawl:allow\nEND", 1, 0);
	assert_allowed("# trawl:allow\nBEGIN\nab\nEND", 0, 1);
}

static void markers_with_a_rule_allow_that_rule(void **state)
{
	(void)state;
	assert_allowed(TOKEN " # trawl:allow s-token", 0, 1);
	assert_allowed(TOKEN " # trawl:allow s-group", 1, 0);
	assert_allowed(TOKEN " # trawl:allow s-group trawl:allow s-token", 0, 1);
	assert_allowed(TOKEN " # trawl:allow because it is a test", 0, 1);
	assert_allowed(TOKEN " keyword=kmtqwzbv # trawl:allow s-group", 1, 1);
	assert_allowed("# trawl:allow s-group\n" TOKEN " keyword=kmtqwzbv", 1, 1);
}

static void markers_may_be_ignored(void **state)
{
	(void)state;
	options.inline_policy = INLINE_IGNORE;
	assert_allowed(TOKEN " # trawl:allow", 1, 0);
}

static void markers_in_utf16_allow(void **state)
{
	(void)state;
	assert_int_equal(scan(BYTES("\xff\xfet\0o\0k\0_\0k\0m\0t\0q\0w\0z\0b\0v\0 \0"
	                            "t\0r\0a\0w\0l\0:\0a\0l\0l\0o\0w\0")),
	                 0);
	assert_int_equal(result.suppressed.count, 1);
}

/* ---- Settings ---- */

static const char *reason_of(const char *path)
{
	scan_at(BYTES(TOKEN), path);
	return result.suppressed.count == 1 ? result.suppressed.items[0].suppression->reason : NULL;
}

static void settings_hold_against_findings(void **state)
{
	struct configuration config;
	struct suppressions suppressions = {.today = "2027-01-31"};
	struct error error;

	(void)state;
	assert_int_equal(
	    configuration_read(&config, "c",
	                       bytes_of("exclude: [docs/]\n"
	                                "allow: [{rule: s-token, paths: [t/], reason: made up}]"),
	                       &error),
	    ERR_NONE);
	suppressions_init(&suppressions, &config, NULL);
	options.suppressions = &suppressions;
	assert_string_equal(reason_of("t/a"), "made up");
	assert_int_equal(result.findings.count, 0);
	assert_null(reason_of("u/a"));
	assert_int_equal(result.findings.count, 1);
	/* Without a path it is for the caller to look at what may hold. */
	assert_null(reason_of(""));
	assert_int_equal(result.findings.count, 1);
	assert_string_equal(result.findings.items[0].held[0]->reason, "made up");
	assert_string_equal(result.findings.items[0].held[1]->reason, "the path is excluded");
	assert_null(result.findings.items[0].held[2]);
	assert_int_equal(scan_at(BYTES(TOKEN), "docs/a"), 0);
	assert_int_equal(result.coverage.files, 0);
	assert_int_equal(result.coverage.skipped[SKIP_EXCLUDED], 1);
	options.suppressions = NULL;
	configuration_release(&config);
}

/* ---- What a finding holds ---- */

static void fingerprints_survive_moves(void **state)
{
	uint8_t first[FINGERPRINT_SIZE];

	(void)state;
	assert_int_equal(scan_at(BYTES(TOKEN), "one"), 1);
	memcpy(first, result.findings.items[0].fingerprint, sizeof(first));
	assert_int_equal(scan_at(BYTES("\n\nx = " TOKEN "\n"), "two/three"), 1);
	assert_memory_equal(result.findings.items[0].fingerprint, first, sizeof(first));
	assert_int_equal(scan_at(BYTES("tok_kmtqwzbw"), "one"), 1);
	assert_memory_not_equal(result.findings.items[0].fingerprint, first, sizeof(first));
	/* Another rule with the same secret is another finding; so is another key. */
	assert_int_equal(fingerprint_key_set(&options.key, BYTES("sixteen bytes ok"), NULL), 0);
	assert_int_equal(scan_at(BYTES(TOKEN), "one"), 1);
	assert_memory_not_equal(result.findings.items[0].fingerprint, first, sizeof(first));
}

static void prefixes_are_printable_and_fixed(void **state)
{
	(void)state;
	assert_int_equal(scan(BYTES(TOKEN)), 1);
	assert_int_equal(result.findings.items[0].prefix_len, 4);
	assert_memory_equal(result.findings.items[0].prefix, "tok_", 4);
	assert_int_equal(scan(BYTES("keyword=kmtqwzbv")), 1);
	assert_int_equal(result.findings.items[0].prefix_len, 0);
	assert_int_equal(scan(BYTES("ctl_\nkmtqwzbv")), 1);
	assert_int_equal(result.findings.items[0].prefix_len, 4);
}

/* The keyword's length was taken for that of the secret's fixed part. */
static void secret_in_a_lookahead_was_shown(void **state)
{
	(void)state;
	assert_int_equal(scan(BYTES("lookahead_kmtqwzbvsnrd")), 1);
	assert_place(0, "s-ahead", (struct place){10, 22, 1, 11, 1, 23});
	assert_int_equal(result.findings.items[0].prefix_len, 0);
}

static void secrets_are_kept_on_demand_only(void **state)
{
	(void)state;
	assert_int_equal(scan(BYTES(TOKEN)), 1);
	assert_null(result.findings.items[0].secret);
	options.keep_secrets = true;
	assert_int_equal(scan(BYTES("x" TOKEN "y")), 1);
	assert_string_equal(result.findings.items[0].secret, TOKEN);
}

static void assert_path(const char *path)
{
	struct bytes expected = bytes_of(path);

	assert_int_equal(result.findings.items[0].path.len, expected.len);
	assert_memory_equal(result.findings.items[0].path.ptr, path, expected.len);
}

static void secrets_in_paths_are_redacted(void **state)
{
	(void)state;
	assert_int_equal(scan_at(BYTES(TOKEN), "dir/a.txt"), 1);
	assert_path("dir/a.txt");
	assert_int_equal(scan_at(BYTES(TOKEN), "dir/" TOKEN ".txt"), 1);
	assert_path("dir/[REDACTED].txt");
	/* It is no match of its rule there, but the text says that it is a secret. */
	assert_int_equal(scan_at(BYTES("keyword=kmtqwzbv"), "kmtqwzbv/x-kmtqwzbv"), 1);
	assert_path("[REDACTED]/x-[REDACTED]");
	options.keep_secrets = true;
	assert_int_equal(scan_at(BYTES(TOKEN), TOKEN), 1);
	assert_path(TOKEN);
}

static void line_hashes_on_demand(void **state)
{
	uint64_t hash;

	(void)state;
	assert_int_equal(scan(BYTES(TOKEN "\n")), 1);
	assert_int_equal(result.findings.items[0].line_hash_count, 0);
	options.line_hashes = true;
	assert_int_equal(scan(BYTES(TOKEN "\n" TOKEN "\n")), 2);
	assert_int_equal(result.findings.items[0].line_hash_count, 1);
	hash = result.findings.items[0].line_hash;
	assert_true(hash != 0);
	/* A mark at the file's start is no part of its first line. */
	assert_int_equal(scan(BYTES("\xef\xbb\xbf" TOKEN "\n" TOKEN "\n")), 2);
	assert_true(result.findings.items[0].line_hash == hash);
}

/* ---- What is lost, and what is hostile ---- */

static void limits_are_lost_coverage(void **state)
{
	static const char text[] = TOKEN " cat_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa !";

	(void)state;
	assert_int_equal(scan_at(bytes_of(text), "hard"), 1);
	assert_int_equal(result.coverage.lost_count, 1);
	assert_int_equal(result.coverage.lost[0].reason, LOST_ENGINE_LIMIT);
	assert_string_equal(result.coverage.lost[0].detail, "s-endless");
	assert_int_equal(result.coverage.lost[0].path.len, 4);
	assert_int_equal(scan(BYTES(TOKEN)), 1);
	assert_int_equal(result.coverage.lost_count, 0);
}

static void names_of_the_lost_are_redacted(void **state)
{
	(void)state;
	assert_int_equal(scan(BYTES("")), 0);
	coverage_lose(&result.coverage, LOST_UNREADABLE, BYTES("a/" TOKEN), "");
	scanner_redact_lost(scanner, &result.coverage);
	assert_int_equal(result.coverage.lost[0].path.len, 12);
	assert_memory_equal(result.coverage.lost[0].path.ptr, "a/[REDACTED]", 12);
}

/* Of more matches in a chain of overlaps than are weighed at once, two that overlap were taken. */
static void overlapping_findings_in_a_long_chain(void **state)
{
	enum { COUNT = 20000 };
	struct buf text;
	uint64_t last = 0;
	size_t count;

	(void)state;
	buf_init(&text, (size_t)COUNT * 12 + 1);
	assert_int_equal(buf_append(&text, BYTES("!")), ERR_NONE);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(buf_append(&text, BYTES(TOKEN)), ERR_NONE);
	count = scan(buf_bytes(&text));
	assert_true(count > COUNT / 2 && count <= COUNT);
	for (size_t i = 0; i < count; i++) {
		assert_true(result.findings.items[i].start_offset >= last);
		last = result.findings.items[i].end_offset;
	}
	buf_release(&text);
}

static void results_add_up(void **state)
{
	struct blob blob = {.bytes = BYTES(TOKEN), .path = BYTES("b")};
	struct scan_result more = {0};

	(void)state;
	assert_int_equal(scan(BYTES(TOKEN " trawl:allow\n\n" TOKEN)), 1);
	scanner_scan(scanner, &blob, &more);
	scanner_scan(scanner, &blob, &more);
	scan_result_adopt(&result, &more);
	assert_int_equal(result.findings.count, 3);
	assert_int_equal(result.coverage.files, 3);
	assert_int_equal(result.suppressed.count, 1);
	assert_int_equal(more.findings.count, 0);
	scan_result_release(&more);
}

/* ---- Versions ---- */

static void assert_version(struct bytes bytes, const struct scan_copies *copies,
                           struct scan_state *kept)
{
	struct blob blob = {.bytes = bytes, .path = BYTES("v")};
	struct scan_result copied = {0};
	size_t count = scan_at(bytes, "v");

	scanner_scan_version(scanner, &blob, copies, kept, &copied);
	assert_int_equal(copied.findings.count, count);
	for (size_t i = 0; i < count; i++) {
		const struct finding *a = &copied.findings.items[i];
		const struct finding *b = &result.findings.items[i];

		assert_ptr_equal(a->rule, b->rule);
		assert_int_equal(a->start_offset, b->start_offset);
		assert_int_equal(a->end_offset, b->end_offset);
		assert_int_equal(a->start_line, b->start_line);
		assert_int_equal(a->start_column, b->start_column);
		assert_memory_equal(a->fingerprint, b->fingerprint, sizeof(a->fingerprint));
	}
	assert_int_equal(copied.suppressed.count, result.suppressed.count);
	scan_result_release(&copied);
}

/* A text, the same as binary, and one whose copied bytes begin to be read as UTF-16. */
static void versions_that_decode_differently(void **state)
{
	static const char base_text[] = "a generic=kmtqwzbv b " TOKEN " c\n";
	enum { LEN = sizeof(base_text) - 1 };
	struct segment whole = {0, LEN, 0}, behind = {2, LEN + 2, 0};
	struct scan_state first = {0}, second = {0}, third = {0}, fourth = {0};
	struct scan_copies of_first = {&whole, 1, &first, LEN};
	struct scan_copies marked = {&behind, 1, &first, LEN};
	struct scan_copies of_utf16 = {&whole, 1, &third, LEN + 2};
	char binary[LEN + 1], utf16[LEN + 2];

	(void)state;
	memcpy(binary, base_text, LEN);
	binary[LEN] = '\0';
	memcpy(utf16, "\xff\xfe", 2);
	memcpy(utf16 + 2, base_text, LEN);
	assert_version(bytes_of(base_text), NULL, &first);
	assert_int_equal(result.findings.count, 2);
	assert_version((struct bytes){(unsigned char *)binary, LEN + 1}, &of_first, &second);
	assert_int_equal(result.findings.count, 1);
	assert_version((struct bytes){(unsigned char *)utf16, LEN + 2}, &marked, &third);
	assert_int_equal(result.findings.count, 0);
	assert_false(third.usable);
	assert_version(bytes_of(base_text), &of_utf16, &fourth);
	assert_int_equal(result.findings.count, 2);
	scan_state_release(&first);
	scan_state_release(&second);
	scan_state_release(&third);
	scan_state_release(&fourth);
}

static void assert_part(size_t i, size_t k, const char *name, struct place place)
{
	const struct finding_part *part;

	assert_true(i < result.findings.count && k < result.findings.items[i].part_count);
	part = &result.findings.items[i].parts[k];
	assert_string_equal(part->name, name);
	assert_int_equal(part->start_offset, place.start);
	assert_int_equal(part->end_offset, place.end);
	assert_int_equal(part->start_line, place.line);
	assert_int_equal(part->start_column, place.column);
	assert_int_equal(part->end_line, place.end_line);
	assert_int_equal(part->end_column, place.end_column);
}

static void parts_stand_on_both_sides(void **state)
{
	(void)state;
	assert_int_equal(scan(BYTES("id=1234\n\npair=kmtqwzbv:77\npair=qzxwvbtr\nx id=5678\n")), 2);
	assert_place(0, "s-parts", (struct place){14, 22, 3, 6, 3, 14});
	assert_int_equal(result.findings.items[0].part_count, 2);
	assert_part(0, 0, "id", (struct place){3, 7, 1, 4, 1, 8});
	assert_part(0, 1, "tail", (struct place){22, 25, 3, 14, 3, 17});
	/* The nearest one counts. */
	assert_int_equal(result.findings.items[1].part_count, 1);
	assert_part(1, 0, "id", (struct place){45, 49, 5, 6, 5, 10});
}

static void parts_have_the_places_of_utf16(void **state)
{
	static const char text[] = "\xff\xfei\0d\0=\0"
				   "1\0"
				   "2\0"
				   "3\0"
				   "4\0\n\0"
				   "p\0a\0i\0r\0=\0k\0m\0t\0q\0w\0z\0b\0v";

	(void)state;
	assert_int_equal(scan((struct bytes){(const unsigned char *)text, sizeof(text)}), 1);
	assert_part(0, 0, "id", (struct place){8, 16, 1, 4, 1, 8});
}

static void a_part_too_far_away_is_none(void **state)
{
	(void)state;
	assert_int_equal(scan(BYTES("id=1234\n\n\npair=kmtqwzbv\n")), 1);
	assert_int_equal(result.findings.items[0].part_count, 0);
	assert_null(result.findings.items[0].parts);
	assert_int_equal(scan(BYTES("id=1234\n")), 0);
}

static void a_part_may_be_asked_for(void **state)
{
	(void)state;
	assert_int_equal(scan(BYTES("alone=kmtqwzbv id=1234")), 1);
	assert_int_equal(result.findings.items[0].level, LEVEL_ERROR);
	assert_int_equal(scan(BYTES("alone=kmtqwzbv           id=1234")), 1);
	assert_int_equal(result.findings.items[0].level, LEVEL_WARNING);
	assert_int_equal(result.findings.items[0].confidence, CONFIDENCE_LOW);
	assert_int_equal(scan(BYTES("noted=kmtqwzbv id=1234")), 1);
	assert_int_equal(result.findings.items[0].level, LEVEL_ERROR);
	assert_int_equal(scan(BYTES("noted=kmtqwzbv           id=1234")), 1);
	assert_int_equal(result.findings.items[0].level, LEVEL_NOTE);
	assert_int_equal(scan(BYTES("id=1234 needs=kmtqwzbv")), 1);
	assert_int_equal(scan(BYTES("id=1234           needs=kmtqwzbv")), 0);
}

static void what_has_ended_is_a_note(void **state)
{
	(void)state;
	assert_int_equal(scan(BYTES("pair=kmtqwzbv until=2021-03-02")), 1);
	assert_string_equal(result.findings.items[0].proof, "expired 2021-03-02");
	assert_int_equal(result.findings.items[0].level, LEVEL_NOTE);
	assert_int_equal(scan(BYTES("pair=kmtqwzbv until=2021-03-04")), 1);
	assert_string_equal(result.findings.items[0].proof, "expires 2021-03-04");
	assert_int_equal(result.findings.items[0].level, LEVEL_ERROR);
	assert_int_equal(scan(BYTES("pair=kmtqwzbv")), 1);
	assert_null(result.findings.items[0].proof);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(plain_text),
	    TEST(carriage_returns_belong_to_their_line),
	    TEST(columns_count_utf16_units),
	    TEST(utf16_offsets_are_those_of_the_file),
	    TEST(generic_rules_pass_over_binaries),
	    TEST(markers_allow),
	    TEST(markers_with_a_rule_allow_that_rule),
	    TEST(markers_may_be_ignored),
	    TEST(markers_in_utf16_allow),
	    TEST(settings_hold_against_findings),
	    TEST(fingerprints_survive_moves),
	    TEST(prefixes_are_printable_and_fixed),
	    TEST(secret_in_a_lookahead_was_shown),
	    TEST(secrets_are_kept_on_demand_only),
	    TEST(secrets_in_paths_are_redacted),
	    TEST(line_hashes_on_demand),
	    TEST(limits_are_lost_coverage),
	    TEST(names_of_the_lost_are_redacted),
	    TEST(overlapping_findings_in_a_long_chain),
	    TEST(results_add_up),
	    TEST(versions_that_decode_differently),
	    TEST(parts_stand_on_both_sides),
	    TEST(parts_have_the_places_of_utf16),
	    TEST(a_part_too_far_away_is_none),
	    TEST(a_part_may_be_asked_for),
	    TEST(what_has_ended_is_a_note),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
