#include "pack/walk.h"

#include "base/memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forge.h"

enum { LIMIT = 1 << 24, LARGE = 1 << 28 };

#define BYTES(text) ((struct bytes){(const unsigned char *)(text), sizeof(text) - 1})

/* ---- The visitor ---- */

/* What the walk said; the state of an object is a copy of it. */
struct seen {
	pthread_mutex_t lock; /* guards all of this */
	uint32_t shown[OBJECTS_MAX];
	uint32_t lost[OBJECTS_MAX];
	uint32_t segments; /* objects that copy something */
	uint32_t asked;    /* how often other places were asked */
	bool readable;     /* they have all forged objects */
};

struct copy {
	unsigned char *bytes;
	size_t len;
};

static struct seen seen;

static void check_segments(const struct walked *w)
{
	const struct copy *base = w->base_state;
	uint32_t done = 0;

	assert_int_equal(base->len, w->base_len);
	for (size_t i = 0; i < w->segment_count; i++) {
		const struct segment *s = &w->segments[i];

		assert_true(done <= s->start && s->start < s->end && s->end <= w->bytes.len);
		assert_true(s->from + (s->end - s->start) <= base->len);
		assert_memory_equal(w->bytes.ptr + s->start, base->bytes + s->from,
		                    s->end - s->start);
		done = s->end;
	}
	seen.segments += w->segment_count != 0;
}

static void visit(void *context, unsigned worker, const struct walked *w)
{
	struct copy *copy = w->state;
	uint32_t number = number_of(w->id);

	(void)context;
	(void)worker;
	pthread_mutex_lock(&seen.lock);
	assert_null(copy->bytes);
	copy->bytes = mem_resize(NULL, w->bytes.len + 1, 1);
	copy->len = w->bytes.len;
	if (w->bytes.len)
		memcpy(copy->bytes, w->bytes.ptr, w->bytes.len);
	if (w->base_state)
		check_segments(w);
	assert_true(number < OBJECTS_MAX);
	assert_int_equal(w->type, OBJECT_BLOB);
	assert_true(bytes_equal(w->bytes, content_of(number)));
	seen.shown[number] += !w->again;
	pthread_mutex_unlock(&seen.lock);
}

static size_t state_bytes(const void *state)
{
	return ((const struct copy *)state)->len;
}

static void forget(void *state)
{
	free(((struct copy *)state)->bytes);
	*(struct copy *)state = (struct copy){NULL, 0};
}

static bool read_elsewhere(void *context, const struct object_id *id, enum object_type *type,
                           struct buf *out)
{
	(void)context;
	*type = OBJECT_BLOB;
	pthread_mutex_lock(&seen.lock);
	seen.asked++;
	pthread_mutex_unlock(&seen.lock);
	if (!seen.readable)
		return false;
	pthread_mutex_lock(&seen.lock);
	put(out, content_of(number_of(id)).ptr, CONTENT);
	pthread_mutex_unlock(&seen.lock);
	return true;
}

static void lose(void *context, unsigned worker, const struct object_id *id, const char *detail)
{
	(void)context;
	(void)worker;
	assert_true(*detail);
	pthread_mutex_lock(&seen.lock);
	assert_true(number_of(id) < OBJECTS_MAX);
	seen.lost[number_of(id)]++;
	pthread_mutex_unlock(&seen.lock);
}

/* Walks these packs. */
static struct walk_counts walk(const char *const *names, size_t count, unsigned threads,
                               uint64_t memory)
{
	struct walk_options options = {.threads = threads, .memory = memory, .object_max = LIMIT};
	struct visitor visitor = {.types = 1u << OBJECT_BLOB,
	                          .state_size = sizeof(struct copy),
	                          .least_copy = 16,
	                          .visit = visit,
	                          .state_bytes = state_bytes,
	                          .forget = forget,
	                          .read = read_elsewhere,
	                          .lose = lose};
	struct pack *packs[4];
	struct pack_forests *forests;
	struct walk_counts counts;
	struct error error = {0};
	bool readable = seen.readable;

	seen = (struct seen){.readable = readable};
	assert_int_equal(pthread_mutex_init(&seen.lock, NULL), 0);
	for (size_t i = 0; i < count; i++) {
		if (pack_open(&packs[i], names[i], 1, &error))
			fail_msg("%s", error.message);
	}
	forests = pack_forests_new(packs, NULL, count, threads);
	pack_walk(forests, &visitor, &options, &counts);
	pack_forests_free(forests);
	for (size_t i = 0; i < count; i++)
		pack_close(packs[i]);
	pthread_mutex_destroy(&seen.lock);
	return counts;
}

static struct walk_counts walk_forged(unsigned threads, uint64_t memory)
{
	static const char *const name = "p.idx";

	return walk(&name, 1, threads, memory);
}

/* Every object from `first` to before `end` was shown once and not lost. */
static void assert_shown(uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		assert_int_equal(seen.shown[i], 1);
		assert_int_equal(seen.lost[i], 0);
	}
}

static void assert_lost(uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		assert_int_equal(seen.shown[i], 0);
		assert_int_equal(seen.lost[i], 1);
	}
}

/* ---- Tests ---- */

static int begin(void **state)
{
	(void)state;
	seen.readable = false;
	forge();
	return 0;
}

static void a_long_chain(void **state)
{
	enum { LENGTH = 4095 };
	static const uint64_t memories[] = {0, 5000, LARGE};

	(void)state;
	forge_blob(content_of(0));
	for (uint32_t i = 1; i <= LENGTH; i++)
		forge_ofs_delta(i - 1, delta_to(i));
	forge_end("p");
	for (size_t i = 0; i < sizeof(memories) / sizeof(*memories); i++) {
		struct walk_counts counts = walk_forged(1, memories[i]);

		assert_shown(0, LENGTH + 1);
		assert_int_equal(counts.objects, LENGTH + 1);
		assert_int_equal(counts.bytes, (LENGTH + 1) * CONTENT);
		assert_int_equal(counts.stored, CONTENT + LENGTH * 4);
		assert_int_equal(counts.remade, 0); /* each base is needed once, at once */
		assert_int_equal(seen.segments, LENGTH);
	}
}

/* Every link of the chain has a leaf beside the next link, so that it is needed twice. */
static void a_chain_with_leaves(void **state)
{
	enum { LENGTH = 2000 };

	(void)state;
	forge_blob(content_of(0));
	for (uint32_t i = 1; i <= LENGTH; i++) {
		forge_ofs_delta(i > 1 ? 2 * i - 3 : 0, delta_to(2 * i - 1));
		forge_ofs_delta(i > 1 ? 2 * i - 3 : 0, delta_to(2 * i));
	}
	forge_end("p");
	for (unsigned threads = 1; threads <= 4; threads += 3) {
		struct walk_counts counts = walk_forged(threads, LARGE);

		assert_int_equal(counts.remade, counts.pieces - 1); /* the bases of what is cut */
		assert_shown(0, 2 * LENGTH + 1);
		assert_true(walk_forged(threads, 20000).remade > 0);
		assert_shown(0, 2 * LENGTH + 1);
		assert_true(walk_forged(threads, 0).remade > 0);
		assert_shown(0, 2 * LENGTH + 1);
	}
}

/* A family so heavy that it is cut into pieces, whose bases are made anew. */
static void a_family_is_cut(void **state)
{
	enum { COUNT = 9000 };
	uint32_t random = 1;

	(void)state;
	forge_blob(content_of(0));
	for (uint32_t i = 1; i < COUNT; i++) {
		random = random * 1664525 + 1013904223;
		/* Bases lie in the last hundred: some chains are long, and all are bushy. */
		forge_ofs_delta(i - 1 - (random >> 16) % (i < 100 ? i : 100), delta_to(i));
	}
	forge_end("p");
	assert_int_equal(walk_forged(1, LARGE).pieces, 1);
	assert_shown(0, COUNT);
	assert_true(walk_forged(4, LARGE).pieces > 1);
	assert_shown(0, COUNT);
	assert_true(walk_forged(4, 10000).pieces > 1);
	assert_shown(0, COUNT);
}

/* Forges a healthy family of three, then circles of one, two and three with a tail each. */
static uint32_t forge_circles(void)
{
	forge_blob(content_of(0));
	forge_ref_delta(0, delta_to(1));
	forge_ofs_delta(1, delta_to(2));
	for (uint32_t length = 1; length <= 3; length++) {
		uint32_t first = forged.count;

		for (uint32_t i = 0; i < length; i++)
			forge_ref_delta(first + (i + 1) % length, delta_to(first + i));
		forge_ref_delta(first, delta_to(forged.count));
		forge_ofs_delta(forged.count - 1, delta_to(forged.count));
	}
	return forged.count;
}

static void circles_are_lost(void **state)
{
	uint32_t count = forge_circles();

	(void)state;
	forge_end("p");
	for (unsigned threads = 1; threads <= 2; threads++) {
		walk_forged(threads, LARGE);
		assert_shown(0, 3);
		assert_lost(3, count);
		walk_forged(threads, 0);
		assert_shown(0, 3);
		assert_lost(3, count);
	}
}

static void circles_are_read_elsewhere(void **state)
{
	uint32_t count = forge_circles();

	(void)state;
	forge_end("p");
	seen.readable = true;
	walk_forged(1, LARGE);
	assert_shown(0, count);
	walk_forged(2, 0);
	assert_shown(0, count);
}

/* Many entries of one circle take no more than their number. */
static void a_large_circle(void **state)
{
	enum { COUNT = 15000 };

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++)
		forge_ref_delta((i + 1) % COUNT, delta_to(i));
	forge_blob(content_of(COUNT));
	forge_end("p");
	walk_forged(1, LARGE);
	assert_lost(0, COUNT);
	assert_shown(COUNT, COUNT + 1);
}

static void a_base_that_is_missing(void **state)
{
	(void)state;
	forge_ref_delta(1000, delta_to(0));
	forge_ofs_delta(0, delta_to(1));
	forge_ref_delta(1, delta_to(2));
	forge_blob(content_of(3));
	forge_end("p");
	walk_forged(1, LARGE);
	assert_lost(0, 3);
	assert_shown(3, 4);
	seen.readable = true; /* a thin pack's base lies elsewhere */
	walk_forged(1, LARGE);
	assert_shown(0, 4);
	walk_forged(2, 0);
	assert_shown(0, 4);
}

static void a_damaged_root(void **state)
{
	(void)state;
	forge_entry(OBJECT_BLOB, CONTENT + 1, (struct bytes){NULL, 0}, content_of(0));
	forge_ofs_delta(0, delta_to(1));
	forge_ofs_delta(1, delta_to(2));
	forge_ofs_delta(0, delta_to(3));
	forge_blob(content_of(4));
	forge_ofs_delta(4, delta_to(5));
	forge_ofs_delta(4, BYTES("\xd8\4\xd8\4\0"));
	forge_ofs_delta(6, delta_to(7));
	forge_ofs_delta(4, delta_to(8));
	forge_end("p");
	walk_forged(1, LARGE);
	assert_lost(0, 4);
	assert_shown(4, 6);
	assert_lost(6, 8);
	assert_shown(8, 9);
	seen.readable = true;
	walk_forged(1, LARGE);
	assert_shown(0, 9);
}

static void bombs(void **state)
{
	struct buf delta;

	(void)state;
	buf_init(&delta, LIMIT);
	forge_blob(content_of(0));
	put_size(&delta, CONTENT); /* a claim of 2^40 bytes */
	put_size(&delta, UINT64_C(1) << 40);
	put_copy(&delta, 0, CONTENT);
	forge_ofs_delta(0, buf_bytes(&delta));
	buf_clear(&delta);
	put_size(&delta, CONTENT); /* and one of 32 MiB, which the delta does hold */
	put_size(&delta, (LIMIT / CONTENT * 2) * CONTENT);
	for (unsigned i = 0; i < LIMIT / CONTENT * 2; i++)
		put_copy(&delta, 0, CONTENT);
	forge_ofs_delta(0, buf_bytes(&delta));
	forge_entry(OBJECT_BLOB, UINT64_C(1) << 40, (struct bytes){NULL, 0}, content_of(3));
	forge_entry(PACK_OFS_DELTA, UINT64_C(1) << 40, BYTES("\1"), content_of(4));
	forge_ofs_delta(2, delta_to(5));
	forge_ofs_delta(0, delta_to(6));
	forge_end("p");
	walk_forged(1, LARGE);
	assert_shown(0, 1);
	assert_lost(1, 6);
	assert_shown(6, 7);
	buf_release(&delta);
}

/* A deep chain of which nothing can be made costs no more than its length for each. */
static void a_long_chain_on_nothing(void **state)
{
	enum { LENGTH = 4095 };

	(void)state;
	forge_ref_delta(OBJECTS_MAX - 1, delta_to(0));
	for (uint32_t i = 1; i <= LENGTH; i++)
		forge_ofs_delta(i - 1, delta_to(i));
	forge_end("p");
	walk_forged(1, LARGE);
	assert_lost(0, LENGTH + 1);
	assert_int_equal(seen.asked, LENGTH + 2); /* for the base, and once for each */
}

static void objects_of_two_packs_are_shown_once(void **state)
{
	static const char *const names[] = {"p.idx", "q.idx"};

	(void)state;
	forge_blob(content_of(0));
	forge_ofs_delta(0, delta_to(1));
	forge_end("p");
	forge();
	forge_blob(content_of(0));
	forge_blob(content_of(1));
	forge_ofs_delta(1, delta_to(2));
	forge_end("q");
	assert_int_equal(walk(names, 2, 1, LARGE).objects, 3);
	assert_shown(0, 3);
	assert_int_equal(walk(names, 2, 4, 0).objects, 3);
	assert_shown(0, 3);
}

static void a_damaged_copy_of_what_was_shown_is_no_loss(void **state)
{
	static const char *const names[] = {"p.idx", "q.idx"};

	(void)state;
	forge_blob(content_of(0));
	forge_end("p");
	forge();
	forge_entry(OBJECT_BLOB, CONTENT + 1, (struct bytes){NULL, 0}, content_of(0));
	forge_entry(OBJECT_BLOB, CONTENT + 1, (struct bytes){NULL, 0}, content_of(1));
	forge_end("q");
	walk(names, 2, 1, LARGE);
	assert_shown(0, 1);
	assert_lost(1, 2);
}

/* The index says that entries lie where others or none do. */
static void an_index_that_lies(void **state)
{
	(void)state;
	forge_blob(content_of(0));
	forge_blob(content_of(1));
	forge_ofs_delta(1, delta_to(2));
	forge_blob(content_of(3));
	forged.offsets[1] = LARGE;
	forge_end("p");
	walk_forged(1, LARGE);
	assert_shown(0, 1);
	assert_lost(1, 3); /* the delta's base is where the index knows of nothing */
	assert_shown(3, 4);
}

static int set_up(void **state)
{
	tree_enter(state);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_long_chain),
	    TEST(a_chain_with_leaves),
	    TEST(a_family_is_cut),
	    TEST(circles_are_lost),
	    TEST(circles_are_read_elsewhere),
	    TEST(a_large_circle),
	    TEST(a_base_that_is_missing),
	    TEST(a_damaged_root),
	    TEST(bombs),
	    TEST(a_long_chain_on_nothing),
	    TEST(objects_of_two_packs_are_shown_once),
	    TEST(a_damaged_copy_of_what_was_shown_is_no_loss),
	    TEST(an_index_that_lies),
	};

	return cmocka_run_group_tests(tests, set_up, tree_leave);
}
