#include "pack/reader.h"

#include "base/memory.h"
#include "forge.h"

enum { OBJECT_LIMIT = 1 << 16 };

/* Where bases lie that the pack lacks. */
struct elsewhere {
	enum err err;
	unsigned asked;
};

struct reading {
	struct elsewhere elsewhere;
	struct pack *pack;
	struct pack_cache *cache;
	struct pack_reader *reader;
	struct buf out;
};

static enum err read_base_elsewhere(void *context, const struct object_id *id,
                                    enum object_type *type, struct buf *out)
{
	struct elsewhere *e = context;

	e->asked++;
	*type = OBJECT_BLOB;
	if (e->err || !out)
		return e->err;
	return buf_append(out, content_of(number_of(id)));
}

static int begin(void **state)
{
	(void)state;
	forge();
	return 0;
}

/* Ends the pack that is being forged, and opens it. */
static void open_forged(struct reading *r)
{
	struct error error = {0};

	forge_end("p");
	if (pack_open_quickly(&r->pack, "p.idx", &error))
		fail_msg("%s", error.message);
	r->cache = pack_cache_new();
	r->reader = pack_reader_new(r->cache, read_base_elsewhere, &r->elsewhere);
	buf_init(&r->out, OBJECT_LIMIT);
}

static void close_forged(struct reading *r)
{
	pack_reader_free(r->reader);
	pack_cache_free(r->cache);
	pack_close(r->pack);
	buf_release(&r->out);
}

static enum err read_number(struct reading *r, uint32_t number)
{
	enum object_type type = OBJECT_TREE;
	enum err err = pack_reader_read(r->reader, r->pack, forged.offsets[number], &type, &r->out);

	if (!err)
		assert_int_equal(type, OBJECT_BLOB);
	return err;
}

static void assert_read(struct reading *r, uint32_t number)
{
	assert_int_equal(read_number(r, number), ERR_NONE);
	assert_true(bytes_equal(buf_bytes(&r->out), content_of(number)));
}

static void whole_objects_and_deltas(void **state)
{
	struct reading r = {0};
	enum object_type type;

	(void)state;
	forge_blob(content_of(0));
	forge_ofs_delta(0, delta_to(1));
	forge_ref_delta(1, delta_to(2));
	forge_ref_delta(100, delta_to(3));
	open_forged(&r);
	for (unsigned round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 4; i++)
			assert_read(&r, 3 - i);
	}
	assert_int_equal(r.elsewhere.asked, 1); /* then it is kept */
	assert_int_equal(pack_reader_read(r.reader, r.pack, forged.offsets[2], &type, NULL),
	                 ERR_NONE);
	assert_int_equal(type, OBJECT_BLOB);
	close_forged(&r);
}

/* Of a long chain not every object is kept; it makes no difference in which order they are read. */
static void any_order_of_a_chain(void **state)
{
	enum { LENGTH = 50 };
	struct reading r = {0};

	(void)state;
	forge_blob(content_of(0));
	for (uint32_t i = 1; i < LENGTH; i++)
		forge_ofs_delta(i - 1, delta_to(i));
	open_forged(&r);
	for (uint32_t i = 0; i < 4 * LENGTH; i++)
		assert_read(&r, i * 37 % LENGTH);
	close_forged(&r);
}

static void readers_share_what_is_kept(void **state)
{
	struct reading r = {0};
	struct elsewhere other = {.err = ERR_MISSING};
	struct pack_reader *first;

	(void)state;
	forge_ref_delta(100, delta_to(0));
	forge_ofs_delta(0, delta_to(1));
	open_forged(&r);
	assert_read(&r, 0);
	first = r.reader;
	r.reader = pack_reader_new(r.cache, read_base_elsewhere, &other);
	assert_read(&r, 1);
	assert_int_equal(r.elsewhere.asked, 1);
	assert_int_equal(other.asked, 0);
	pack_reader_free(first);
	close_forged(&r);
}

/* Versions of a damaged object are read from the first to the last: each asks about one more. */
static void a_damaged_chain_is_followed_once(void **state)
{
	enum { LENGTH = 4095 };
	struct reading r = {.elsewhere = {.err = ERR_CORRUPT}};

	(void)state;
	forge_ref_delta(OBJECTS_MAX - 1, delta_to(0));
	for (uint32_t i = 1; i <= LENGTH; i++)
		forge_ofs_delta(i - 1, delta_to(i));
	open_forged(&r);
	for (uint32_t i = 0; i <= LENGTH; i++)
		assert_int_equal(read_number(&r, i), ERR_CORRUPT);
	assert_int_equal(r.elsewhere.asked, 1);
	close_forged(&r);
}

/* However many objects are based on a damaged one, and are marked as damaged, too. */
static void a_fault_is_met_once(void **state)
{
	enum { CHILDREN = 5000 };
	struct reading r = {.elsewhere = {.err = ERR_CORRUPT}};

	(void)state;
	forge_ref_delta(OBJECTS_MAX - 1, delta_to(0));
	for (uint32_t i = 1; i <= CHILDREN; i++)
		forge_ofs_delta(0, delta_to(i));
	open_forged(&r);
	for (uint32_t i = 1; i <= CHILDREN; i++)
		assert_int_equal(read_number(&r, i), ERR_CORRUPT);
	assert_int_equal(r.elsewhere.asked, 1);
	close_forged(&r);
}

/* What is not here yet, or larger than it may be now, may be read later. */
static void other_failures_are_not_final(void **state)
{
	struct reading r = {.elsewhere = {.err = ERR_MISSING}};

	(void)state;
	forge_ref_delta(100, delta_to(0));
	forge_ofs_delta(0, delta_to(1));
	open_forged(&r);
	assert_int_equal(read_number(&r, 1), ERR_MISSING);
	r.elsewhere.err = ERR_LIMIT;
	assert_int_equal(read_number(&r, 1), ERR_LIMIT);
	r.elsewhere.err = ERR_NONE;
	r.out.max = CONTENT - 1;
	assert_int_equal(read_number(&r, 1), ERR_LIMIT);
	r.out.max = OBJECT_LIMIT;
	assert_read(&r, 1);
	close_forged(&r);
}

static void a_circle(void **state)
{
	struct reading r = {0};

	(void)state;
	forge_ref_delta(1, delta_to(0));
	forge_ref_delta(0, delta_to(1));
	forge_ref_delta(2, delta_to(2));
	forge_blob(content_of(3));
	open_forged(&r);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(read_number(&r, i), ERR_CORRUPT);
	assert_read(&r, 3);
	close_forged(&r);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(whole_objects_and_deltas),
	    TEST(any_order_of_a_chain),
	    TEST(readers_share_what_is_kept),
	    TEST(a_damaged_chain_is_followed_once),
	    TEST(a_fault_is_met_once),
	    TEST(other_failures_are_not_final),
	    TEST(a_circle),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
