#include "pack/loose.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

enum { FILE_MAX = 1 << 20 };

static unsigned char file[FILE_MAX];

/* The file of what the text says it is, `len` bytes with its NULs. */
static struct bytes deflated(const void *text, size_t len, int level)
{
	uLongf size = sizeof(file);

	assert_int_equal(compress2(file, &size, text, len, level), Z_OK);
	return (struct bytes){file, size};
}

/* A head, and `len` bytes of content behind it; the caller's. */
static unsigned char *make_text(const char *head, size_t len, size_t *size)
{
	size_t start = strlen(head) + 1;
	unsigned char *text = mem_calloc(start + len, 1);

	memcpy(text, head, start);
	for (size_t i = 0; i < len; i++)
		text[start + i] = (unsigned char)(i * i >> 3);
	*size = start + len;
	return text;
}

/* What comes of a file with this head and so many bytes. */
static enum err read_forged(const char *head, size_t len, enum object_type *type, struct buf *out)
{
	size_t size;
	unsigned char *text = make_text(head, len, &size);
	enum err err = loose_read(deflated(text, size, 6), type, out);

	free(text);
	return err;
}

static void objects_of_all_types_and_sizes(void **state)
{
	static const char *const types[] = {"commit", "tree", "blob", "tag"};
	static const size_t sizes[] = {0, 1, 17, 18, 19, 20, 21, 22, 1000, 100 * 1000};
	struct buf out;

	(void)state;
	buf_init(&out, FILE_MAX);
	for (unsigned i = 0; i < 4 * sizeof(sizes) / sizeof(*sizes); i++) {
		size_t len = sizes[i / 4], size;
		enum object_type type = OBJECT_TAG;
		unsigned char *text;
		char head[32];

		snprintf(head, sizeof(head), "%s %zu", types[i % 4], len);
		text = make_text(head, len, &size);
		for (int level = 0; level < 10; level += 3) {
			struct bytes all = deflated(text, size, level), start = all;

			assert_int_equal(loose_read(all, &type, &out), ERR_NONE);
			assert_int_equal(type, OBJECT_COMMIT + i % 4);
			assert_int_equal(out.len, len);
			assert_memory_equal(out.ptr, text + size - len, len);
			start.len = all.len < LOOSE_HEAD_MAX ? all.len : LOOSE_HEAD_MAX;
			assert_int_equal(loose_read(start, &type, NULL), ERR_NONE);
			assert_int_equal(type, OBJECT_COMMIT + i % 4);
		}
		free(text);
	}
	buf_release(&out);
}

static void sizes_that_are_not_so(void **state)
{
	static const struct {
		const char *head;
		size_t len;
	} forged[] = {
	    {"blob 1", 57},  {"blob 10", 56}, {"blob 1", 0},   {"blob 1", 100 * 1000},
	    {"blob 0", 1},   {"blob 57", 58}, {"blob 57", 56}, {"blob 99999", 100 * 1000},
	    {"blob", 3},     {"blob ", 0},    {"blob 03", 3},  {"blob -1", 3},
	    {"blob 3 ", 3},  {"blob +3", 3},  {"Blob 3", 3},   {" blob 3", 3},
	    {"blob  3", 3},  {"blobs 3", 3},  {"note 3", 3},   {"", 0},
	    {"blob 0x3", 3}, {"blob 3\n", 3}, {"3", 3},        {"blob 99999999999999999999", 3},
	};
	enum object_type type;
	struct buf out;

	(void)state;
	buf_init(&out, FILE_MAX);
	for (size_t i = 0; i < sizeof(forged) / sizeof(*forged); i++) {
		if (read_forged(forged[i].head, forged[i].len, &type, &out) != ERR_CORRUPT)
			fail_msg("'%s' and %zu bytes", forged[i].head, forged[i].len);
		assert_int_equal(out.len, 0);
	}
	buf_release(&out);
}

static void bounds(void **state)
{
	enum object_type type;
	struct buf out;

	(void)state;
	buf_init(&out, 999);
	assert_int_equal(read_forged("blob 1000", 1000, &type, &out), ERR_LIMIT);
	/* No stream of that length holds so much. */
	assert_int_equal(read_forged("blob 4294967295", 3, &type, &out), ERR_CORRUPT);
	assert_int_equal(read_forged("blob 100000", 3, &type, &out), ERR_CORRUPT);
	assert_int_equal(out.cap, 0); /* none was asked for */
	assert_int_equal(read_forged("blob 999", 999, &type, &out), ERR_NONE);
	buf_release(&out);
	assert_true(loose_file_max(0) >= 64);
	assert_true(loose_file_max(SIZE_MAX) == SIZE_MAX - 1);
}

/* A file that is cut, goes on, or has one wrong bit anywhere. */
static void damaged_files(void **state)
{
	unsigned char text[] = "blob 40\0What is stored here is not very long, is it?";
	struct bytes good = deflated(text, 8 + 40, 9);
	enum object_type type;
	struct buf out;

	(void)state;
	buf_init(&out, FILE_MAX);
	for (size_t len = 0; len < good.len; len++)
		assert_int_equal(loose_read((struct bytes){file, len}, &type, &out), ERR_CORRUPT);
	file[good.len] = 0;
	assert_int_equal(loose_read((struct bytes){file, good.len + 1}, &type, &out), ERR_CORRUPT);
	for (size_t i = 0; i < good.len * 8; i++) {
		file[i / 8] ^= (unsigned char)(1 << i % 8);
		/* Of the stream's head and end not every bit counts. */
		if (!loose_read(good, &type, &out)) {
			assert_int_equal(out.len, 40);
			assert_memory_equal(out.ptr, text + 8, 40);
		}
		file[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	assert_int_equal(loose_read(good, &type, &out), ERR_NONE);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(objects_of_all_types_and_sizes),
	    cmocka_unit_test(sizes_that_are_not_so),
	    cmocka_unit_test(bounds),
	    cmocka_unit_test(damaged_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
