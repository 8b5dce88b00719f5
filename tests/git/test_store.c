#include "git/store.h"

#include "base/pool.h"
#include "git/library.h"

#include "../pack/forge.h"

#include <stdatomic.h>

static const char *const folders[] = {"objects", NULL};

/* Forges a pack of one object, which is based on another one that it lacks. */
static void forge_based(const char *name, uint32_t number, uint32_t base)
{
	forge();
	forged.first = number;
	forge_ref_delta(base, delta_to(number));
	forge_end(name);
}

/*
 * Objects that are based on each other across packs, each in two of them: every copy of one leads
 * to every copy of the next.
 */
static void copies_that_lead_in_a_circle(void **state)
{
	static const char *const names[] = {"objects/pack/a", "objects/pack/b", "objects/pack/c",
	                                    "objects/pack/d"};
	struct object_id id;
	struct store *store;
	struct error error = {0};
	enum object_type type;
	struct buf out;

	(void)state;
	tree_make_folders("objects/pack/x");
	for (unsigned i = 0; i < 4; i++)
		forge_based(names[i], i % 2, (i + 1) % 2);
	store = store_open(folders, false);
	buf_init(&out, FORGED_MAX);
	for (uint32_t i = 0; i < 2; i++) {
		id = id_of(i);
		assert_int_not_equal(store_read(store, &id, &type, &out, &error), ERR_NONE);
		assert_int_equal(out.len, 0);
		assert_int_not_equal(store_read(store, &id, &type, NULL, &error), ERR_NONE);
		assert_true(store_has(store, &id));
	}
	buf_release(&out);
	store_close(store);
}

/* Writes the loose object `number` of the folder, with empty blocks at the start of its stream. */
static void forge_loose(const char *folder, uint32_t number, unsigned empty_blocks)
{
	unsigned char text[20 + CONTENT];
	size_t head = (size_t)snprintf((char *)text, 20, "blob %d", CONTENT) + 1,
	       len = head + CONTENT;
	uint32_t adler;
	char hex[OBJECT_ID_HEX + 1], path[100];
	struct object_id id = id_of(number);
	struct buf file;

	memcpy(text + head, content_of(number).ptr, CONTENT);
	adler = libdeflate_adler32(1, text, len);
	buf_init(&file, FORGED_MAX);
	put(&file, "\x78\x01", 2);
	while (empty_blocks--)
		put(&file, "\0\0\0\xff\xff", 5);
	put(&file,
	    (unsigned char[]){1, (unsigned char)len, (unsigned char)(len >> 8), (unsigned char)~len,
	                      (unsigned char)(~len >> 8)},
	    5);
	put(&file, text, len);
	put_be32(&file, adler);
	object_id_hex(&id, hex);
	snprintf(path, sizeof(path), "%s/%.2s/x", folder, hex);
	tree_make_folders(path);
	snprintf(path, sizeof(path), "%s/%.2s/%s", folder, hex, hex + 2);
	tree_put_bytes(path, file.ptr, file.len);
	buf_release(&file);
}

static void types_of_loose_objects(void **state)
{
	struct store *store = store_open((const char *const[]){"blocks", NULL}, true);
	struct buf out;

	(void)state;
	buf_init(&out, FORGED_MAX);
	for (uint32_t blocks = 0; blocks < 1000; blocks = blocks * 2 + 1) {
		enum object_type type = OBJECT_TAG;
		struct object_id id = id_of(blocks);

		forge_loose("blocks", blocks, blocks);
		assert_int_equal(store_read(store, &id, &type, NULL, NULL), ERR_NONE);
		assert_int_equal(type, OBJECT_BLOB);
		assert_int_equal(store_read(store, &id, &type, &out, NULL), ERR_NONE);
		assert_true(bytes_equal(buf_bytes(&out), content_of(blocks)));
	}
	buf_release(&out);
	store_close(store);
}

/* A copy that is too large for now may be good, so that it is worth another try. */
static void a_limit_before_a_damage(void **state)
{
	struct object_id id = id_of(0);
	enum object_type type;
	struct store *store;
	struct buf out;

	(void)state;
	tree_make_folders("two/pack/x");
	forge();
	forge_entry(OBJECT_BLOB, CONTENT, (struct bytes){NULL, 0}, bytes_of("too short"));
	forge_end("two/pack/a");
	forge_loose("two", 0, 0);
	store = store_open((const char *const[]){"two", NULL}, true);
	buf_init(&out, CONTENT - 1);
	assert_int_equal(store_read(store, &id, &type, &out, NULL), ERR_LIMIT);
	out.max = CONTENT;
	assert_int_equal(store_read(store, &id, &type, &out, NULL), ERR_NONE);
	assert_true(bytes_equal(buf_bytes(&out), content_of(0)));
	buf_release(&out);
	store_close(store);
}

enum { THREADS = 4, PRESENT = 100, LATER = 100 };

static void forge_chain(const char *name, uint32_t first, uint32_t count)
{
	forge();
	forged.first = first;
	forge_blob(content_of(first));
	for (uint32_t i = 1; i < count; i++)
		forge_ofs_delta(i - 1, delta_to(first + i));
	forge_end(name);
}

struct readers {
	struct store *store;
	atomic_uint good;
};

/* Reads them all, each thread in an order of its own, those first that came after the store. */
static void read_all(void *shared, unsigned worker)
{
	static const uint32_t strides[THREADS] = {1, 3, 7, 9};
	struct readers *readers = shared;
	enum object_type type;
	struct buf out;

	buf_init(&out, FORGED_MAX);
	for (uint32_t i = 0; i < PRESENT + LATER; i++) {
		uint32_t number = (PRESENT + i * strides[worker]) % (PRESENT + LATER);
		struct object_id id = id_of(number);

		if (!store_read(readers->store, &id, &type, &out, NULL) && type == OBJECT_BLOB &&
		    out.len == CONTENT && memcmp(out.ptr, &number, sizeof(number)) == 0)
			atomic_fetch_add(&readers->good, 1);
	}
	buf_release(&out);
}

static void threads_read_beside_each_other(void **state)
{
	struct readers readers = {0};

	(void)state;
	tree_make_folders("several/pack/x");
	forge_chain("several/pack/a", 0, PRESENT);
	readers.store = store_open((const char *const[]){"several", NULL}, true);
	forge_chain("several/pack/b", PRESENT, LATER);
	pool_run(THREADS, read_all, &readers);
	assert_int_equal(readers.good, THREADS * (PRESENT + LATER));
	store_close(readers.store);
}

static void folders_of_loose_objects(void **state)
{
	bool exists[LOOSE_FOLDERS];

	(void)state;
	loose_folders("none", exists);
	for (unsigned i = 0; i < LOOSE_FOLDERS; i++)
		assert_true(exists[i]); /* as far as one can tell */
	tree_make_folders("loose/00/x");
	tree_make_folders("loose/7f/x");
	tree_make_folders("loose/ff/x");
	tree_make_folders("loose/0/x");
	tree_make_folders("loose/0g/x");
	tree_make_folders("loose/AB/x");
	tree_make_folders("loose/abc/x");
	loose_folders("loose", exists);
	for (unsigned i = 0; i < LOOSE_FOLDERS; i++)
		assert_int_equal(exists[i], i == 0x00 || i == 0x7f || i == 0xff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(copies_that_lead_in_a_circle),
	    cmocka_unit_test(types_of_loose_objects),
	    cmocka_unit_test(a_limit_before_a_damage),
	    cmocka_unit_test(threads_read_beside_each_other),
	    cmocka_unit_test(folders_of_loose_objects),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
