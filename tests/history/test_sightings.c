#include "history/sightings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "ruleset/builtin.h"

/*
 * Exactness: whatever the packs look like and however they are walked, what is seen is what
 * a plain loop sees that reads every object alone and scans it whole.
 */

/* Lines of text, for comparison as sets. */
struct lines {
	char **items;
	size_t count;
	size_t cap;
};

static void lines_add(struct lines *l, char *line)
{
	l->items = mem_grow(l->items, l->count, &l->cap, sizeof(*l->items));
	l->items[l->count++] = line;
}

static int line_order(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static void lines_sort(struct lines *l)
{
	if (l->count)
		qsort(l->items, l->count, sizeof(*l->items), line_order);
}

static void lines_release(struct lines *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct lines){0};
}

static void assert_same_lines(const char *what, const struct lines *expected,
                              const struct lines *found)
{
	for (size_t i = 0; i < expected->count && i < found->count; i++) {
		if (strcmp(expected->items[i], found->items[i]) != 0)
			fail_msg("%s: %s\ninstead of %s", what, found->items[i],
			         expected->items[i]);
	}
	if (found->count != expected->count)
		fail_msg("%s: %zu lines instead of %zu", what, found->count, expected->count);
}

static char *sighting_line(enum object_type type, const struct object_id *id,
                           const struct finding *f)
{
	struct buf line;

	buf_init(&line, 4096);
	buf_appendf(&line, "%s", object_type_name(type));
	put_place(&line, id, f);
	buf_appendf(&line, " ");
	put_secret(&line, f);
	return (char *)(uintptr_t)buf_text(&line);
}

/* ---- The plain loop ---- */

/* Whether the finding is the first one of its secret. */
static bool is_first(const struct finding_list *findings, size_t number)
{
	for (size_t i = 0; i < number; i++) {
		if (memcmp(findings->items[i].fingerprint, findings->items[number].fingerprint,
		           FINGERPRINT_SIZE) == 0)
			return false;
	}
	return true;
}

static void scan_plainly(struct lines *lines, struct repository *repository,
                         struct scanner *scanner, const struct object_id *id)
{
	struct scan_result result = {0};
	struct blob blob = {.path = {NULL, 0}};
	struct error error = {0};
	enum object_type type;
	struct buf bytes;

	buf_init(&bytes, OBJECT_LIMIT);
	if (repository_read(repository, id, &type, &bytes, &error))
		fail_msg("%s", error.message);
	blob.bytes = buf_bytes(&bytes);
	if (type == OBJECT_COMMIT || type == OBJECT_TAG)
		blob.bytes = bytes_slice(blob.bytes, message_start(blob.bytes), blob.bytes.len);
	if (type != OBJECT_TREE)
		scanner_scan(scanner, &blob, &result);
	for (size_t i = 0; i < result.findings.count; i++) {
		if (is_first(&result.findings, i))
			lines_add(lines, sighting_line(type, id, &result.findings.items[i]));
	}
	assert_int_equal(result.coverage.lost_count, 0);
	scan_result_release(&result);
	buf_release(&bytes);
}

static struct lines plain_loop(void)
{
	static const char *const argv[] = {
	    "git", "-C", "r", "cat-file", "--batch-all-objects", "--batch-check=%(objectname)",
	    NULL};
	struct scanner *scanner = scanner_new(fixture_engine, &fixture_set, &fixture_scan);
	struct repository *repository;
	struct lines lines = {0};
	struct error error = {0};
	size_t len;
	char *ids = tree_output(argv, &len);

	if (repository_open(&repository, "r", false, &error))
		fail_msg("%s", error.message);
	for (size_t at = 0; at < len; at += OBJECT_ID_HEX + 1) {
		struct object_id id;

		assert_true(object_id_parse(&id, ids + at));
		scan_plainly(&lines, repository, scanner, &id);
	}
	repository_close(repository);
	scanner_free(scanner);
	free(ids);
	lines_sort(&lines);
	return lines;
}

/* ---- The walk ---- */

static void lose_no_pack(void *context, const char *path, const char *detail)
{
	(void)context;
	fail_msg("%s: %s", path, detail);
}

static void add_table(struct lines *lines, enum object_type type, const struct sighting_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		lines_add(lines, sighting_line(type, &t->objects.ids[t->items[i].object],
		                               &t->items[i].finding));
}

static struct lines walk(const struct sighting_options *options, struct walk_counts *counts)
{
	struct repository *repository;
	struct sightings sightings = {0};
	struct objects objects;
	struct lines lines = {0};
	struct error error = {0};

	if (repository_open(&repository, "r", false, &error) ||
	    objects_open(&objects, repository, options->walk.threads, lose_no_pack, NULL, &error))
		fail_msg("%s", error.message);
	objects_prepare(&objects, options->walk.threads);
	sightings_collect(&sightings, &objects, fixture_engine, &fixture_set, options);
	add_table(&lines, OBJECT_BLOB, &sightings.blobs);
	add_table(&lines, OBJECT_COMMIT, &sightings.commits);
	add_table(&lines, OBJECT_TAG, &sightings.tags);
	assert_int_equal(sightings.coverage.lost_count, 0);
	*counts = sightings.counts;
	sightings_release(&sightings);
	objects_close(&objects);
	repository_close(repository);
	lines_sort(&lines);
	return lines;
}

/* The ways to walk; each must bring the same. */
static const struct way {
	const char *name;
	unsigned threads;
	uint64_t memory;
	bool no_reuse;
} ways[] = {
    {"one thread", 1, MEMORY_LARGE, false},
    {"four threads", 4, MEMORY_LARGE, false},
    {"hardly any memory", 1, 50000, false},
    {"four threads with hardly any memory", 4, 200000, false},
    {"no memory", 2, 0, false},
    {"no reuse", 1, MEMORY_LARGE, true},
};

static struct history_options options_of(const struct way *way)
{
	struct history_options options = fixture_options(way->threads, way->memory);

	options.sighting.no_reuse = way->no_reuse;
	return options;
}

/* Holds all ways to walk r against the plain loop; returns what the history says. */
static char *assert_exact(const char *how)
{
	struct lines expected = plain_loop();
	char *first = NULL;

	assert_true(expected.count > 20);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct history_options options = options_of(&ways[i]);
		struct walk_counts counts;
		struct lines found = walk(&options.sighting, &counts);
		char what[200], *text;

		snprintf(what, sizeof(what), "%s, %s", how, ways[i].name);
		assert_same_lines(what, &expected, &found);
		lines_release(&found);
		text = history_text("r", &options);
		if (!first)
			first = text;
		else if (strcmp(first, text) != 0)
			fail_msg("%s: another history", what);
		if (text != first)
			free(text);
	}
	lines_release(&expected);
	return first;
}

/* ---- How git may store it ---- */

static const struct storing {
	const char *name;
	const char *script; /* run by sh; the repository is r */
} storings[] = {
    {"as imported", "true"},
    {"short chains", "git -C r repack -adkfq --depth=5 --window=5"},
    {"usual chains", "git -C r repack -adkfq --depth=50 --window=10"},
    {"long chains", "git -C r repack -adkfq --depth=4095 --window=4"},
    {"bases by id", "git -C r -c repack.useDeltaBaseOffset=false repack -adkfq --depth=50"},
    {"an index over packs", "git -C r multi-pack-index write"},
    {"several packs, which share objects",
     "cd r && git cat-file --batch-all-objects --batch-check='%(objectname)' >../all && "
     "mkdir ../packs && for part in 1 2 3 4 5; do "
     "awk -v part=$part '(NR % 7 % 5) + 1 == part || NR % 11 == part' ../all | "
     "git pack-objects -q --depth=$((part * 20)) --window=5 ../packs/pack || exit; done && "
     "awk 'NR % 3 == 0' ../all | git pack-objects -q --no-reuse-delta --depth=30 ../packs/pack && "
     "rm -f objects/pack/* && mv ../packs/* objects/pack/ && rmdir ../packs && "
     "git fsck --full 2>&1 | grep -v dangling | { ! grep .; }"},
    {"packed and loose",
     "mkdir old && mv r/objects/pack/* old/ && cat old/*.pack >/dev/null && "
     "for pack in old/*.pack; do git -C r unpack-objects -q <$pack || exit; done && "
     "mv old/$(ls old | grep pack$ | head -1 | sed s/pack$/'*'/) r/objects/pack/ && rm -r old"},
    {"loose", "rm -f r/objects/pack/*"},
    {"packed again", "git -C r repack -adkfq --depth=20"},
    {"with an alternate",
     "mv r base && git clone -q --bare -s base r && "
     "git -C r update-ref refs/heads/b3 b3 && git -C r update-ref refs/heads/b2 b2 && "
     "git -C r update-ref refs/heads/b1 b1"},
};

/* The examples of the built-in rules, which are mostly secrets. */
static size_t builtin_snippets(const char **snippets, size_t max)
{
	size_t count = 0;

	for (size_t r = 0; r < builtin_part.count; r++) {
		const struct rule *rule = &builtin_part.rules[r];

		for (size_t i = 0; i < rule->example_count && count < max; i++) {
			if (strlen(rule->examples[i].text) < 2000)
				snippets[count++] = rule->examples[i].text;
		}
	}
	return count;
}

static void secrets_are_those_of_a_plain_loop(void **state)
{
	static const char *snippets[1000];
	size_t count = builtin_snippets(snippets, 1000);
	char *first = NULL;

	(void)state;
	assert_true(count > 100);
	story_make(1, 600, snippets, count, true);
	for (size_t i = 0; i < sizeof(storings) / sizeof(*storings); i++) {
		char *text;

		TREE_RUN("sh", "-c", storings[i].script);
		text = assert_exact(storings[i].name);
		if (!first)
			first = text;
		else if (strcmp(first, text) != 0)
			fail_msg("%s: another history than as imported", storings[i].name);
		if (text != first)
			free(text);
	}
	free(first);
}

/* One family, heavy enough to be cut into pieces for the threads. */
static void a_large_family_is_cut(void **state)
{
	enum { VERSIONS = 4500 };
	static const char *snippets[1000];
	struct story s = {.random = 3, .snippets = snippets};
	struct walk_counts counts;
	uint64_t families = 0;
	struct lines expected;
	struct buf text;

	(void)state;
	s.snippet_count = builtin_snippets(snippets, 1000);
	s.out = fopen("story", "w");
	tree_need(s.out, "story");
	buf_init(&text, OBJECT_LIMIT);
	for (unsigned i = 0; i < VERSIONS; i++) {
		edit_text(&s, &text, FILE_SIZE);
		fprintf(s.out, "blob\ndata %zu\n", text.len);
		if (text.len)
			fwrite(text.ptr, 1, text.len, s.out);
		putc('\n', s.out);
	}
	buf_release(&text);
	tree_need(fclose(s.out) == 0, "story");
	TREE_RUN("sh", "-c",
	         "rm -rf r && git init -q --bare r && "
	         "git -C r -c fastimport.unpackLimit=0 fast-import --quiet --depth=4000 <story");
	expected = plain_loop();
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct history_options options = options_of(&ways[i]);
		struct lines found = walk(&options.sighting, &counts);

		assert_same_lines(ways[i].name, &expected, &found);
		if (!i)
			families = counts.pieces;
		assert_int_equal(counts.pieces > families, ways[i].threads > 1);
		lines_release(&found);
	}
	lines_release(&expected);
}

static void what_is_pruned_is_gone(void **state)
{
	static const char *snippets[1000];
	char *before, *after;

	(void)state;
	TREE_RUN("sh", "-c", "rm -rf r base");
	story_make(2, 300, snippets, builtin_snippets(snippets, 1000), true);
	TREE_RUN("sh", "-c", "for b in 1 2 3; do git -C r update-ref -d refs/heads/b$b; done");
	before = assert_exact("before gc");
	assert_non_null(strstr(before, " blob unreachable\n"));
	TREE_RUN("git", "-C", "r", "gc", "-q", "--prune=now");
	after = assert_exact("after gc");
	assert_null(strstr(after, " blob unreachable\n"));
	assert_non_null(strstr(after, " blob head\n"));
	assert_non_null(strstr(after, " blob history\n"));
	free(before);
	free(after);
}

static int set_up(void **state)
{
	return fixture_begin(state, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(secrets_are_those_of_a_plain_loop),
	    cmocka_unit_test(a_large_family_is_cut),
	    cmocka_unit_test(what_is_pruned_is_gone),
	};

	return cmocka_run_group_tests(tests, set_up, fixture_end);
}
