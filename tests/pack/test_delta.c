#include "pack/delta.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LIMIT = 1 << 20 };

/* What a delta came to; `inserted` was 7 before. */
struct applied {
	enum err err;
	struct buf out;
	struct segment_list segments;
	uint64_t inserted;
};

/*
 * The delta is copied to memory of its own size, so that a sanitizer sees a read past its end; out
 * and segments are not empty before.
 */
static struct applied apply_within(struct bytes base, struct bytes delta, uint32_t least_copy,
                                   size_t max)
{
	struct applied a = {.inserted = 7};
	unsigned char *exact = malloc(delta.len + !delta.len);

	assert_non_null(exact);
	if (delta.len)
		memcpy(exact, delta.ptr, delta.len);
	buf_init(&a.out, max);
	assert_int_equal(buf_append(&a.out, bytes_of("old")), ERR_NONE);
	a.segments.items = malloc(sizeof(*a.segments.items));
	assert_non_null(a.segments.items);
	a.segments.count = a.segments.cap = 1;
	a.err = delta_apply(base, (struct bytes){exact, delta.len}, least_copy, &a.out, &a.segments,
	                    &a.inserted);
	free(exact);
	if (a.err) {
		assert_int_equal(a.out.len, 0);
		assert_int_equal(a.segments.count, 0);
		assert_int_equal(a.inserted, 7);
	}
	return a;
}

static void release(struct applied *a)
{
	buf_release(&a->out);
	segment_list_release(&a->segments);
}

static enum err error_of(struct bytes base, struct bytes delta)
{
	struct applied a = apply_within(base, delta, 1, LIMIT);

	release(&a);
	return a.err;
}

/* The delta as it stands in the test, without the literal's NUL. */
#define DELTA(text) ((struct bytes){(const unsigned char *)(text), sizeof(text) - 1})

static void assert_applied(const struct applied *a, const char *result,
                           const struct segment *segments, size_t count, uint64_t inserted)
{
	assert_int_equal(a->err, ERR_NONE);
	assert_int_equal(a->out.len, strlen(result));
	assert_memory_equal(a->out.ptr, result, strlen(result));
	assert_int_equal(a->segments.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(a->segments.items[i].start, segments[i].start);
		assert_int_equal(a->segments.items[i].end, segments[i].end);
		assert_int_equal(a->segments.items[i].from, segments[i].from);
	}
	assert_int_equal(a->inserted, 7 + inserted);
}

static void copies_and_inserts(void **state)
{
	static const struct segment segments[] = {{0, 4, 6}, {6, 9, 0}};
	struct applied a = apply_within(bytes_of("0123456789"),
	                                DELTA("\x0a\x0a"
	                                      "\x91\x06\x04"
	                                      "\x02xy"
	                                      "\x90\x03"
	                                      "\x01z"),
	                                1, LIMIT);

	(void)state;
	assert_applied(&a, "6789xy012z", segments, 2, 3);
	release(&a);
}

static void joins_copies_that_adjoin_in_both(void **state)
{
	static const struct segment segments[] = {{0, 5, 0}, {5, 7, 0}, {8, 10, 2}};
	struct applied a = apply_within(bytes_of("0123456789"),
	                                DELTA("\x0a\x0a"
	                                      "\x90\x02"
	                                      "\x91\x02\x03"
	                                      "\x90\x02"
	                                      "\x01x"
	                                      "\x91\x02\x02"),
	                                1, LIMIT);

	(void)state;
	assert_applied(&a, "0123401x23", segments, 3, 1);
	release(&a);
}

/* Three bytes long only together; the lone copy of two is no segment. */
static void leaves_out_short_segments_after_joining(void **state)
{
	static const struct segment segments[] = {{2, 5, 0}};
	struct applied a = apply_within(bytes_of("0123456789"),
	                                DELTA("\x0a\x06"
	                                      "\x91\x05\x02"
	                                      "\x90\x02"
	                                      "\x91\x02\x01"
	                                      "\x01x"),
	                                3, LIMIT);

	(void)state;
	assert_applied(&a, "56012x", segments, 1, 1);
	release(&a);
}

static void lists_nothing_below_the_least_copy(void **state)
{
	struct applied a = apply_within(bytes_of("0123456789"),
	                                DELTA("\x0a\x0a"
	                                      "\x90\x0a"),
	                                UINT32_MAX, LIMIT);

	(void)state;
	assert_applied(&a, "0123456789", NULL, 0, 0);
	release(&a);
}

static void works_without_a_count_of_inserted_bytes(void **state)
{
	struct segment_list segments = {0};
	struct buf out;

	(void)state;
	buf_init(&out, 8);
	assert_int_equal(
	    delta_apply(bytes_of("ab"), DELTA("\x02\x01\x90\x01"), 1, &out, &segments, NULL),
	    ERR_NONE);
	assert_int_equal(out.len, 1);
	assert_int_equal(segments.count, 1);
	buf_release(&out);
	segment_list_release(&segments);
	assert_null(segments.items);
}

static void makes_empty_results(void **state)
{
	struct applied a = apply_within(bytes_of(""), DELTA("\0\0"), 1, LIMIT);

	(void)state;
	assert_applied(&a, "", NULL, 0, 0);
	release(&a);
}

/* Writes a size as deltas have it; returns its length in bytes. */
static size_t put_size(unsigned char *out, uint64_t size)
{
	size_t len = 0;

	for (; size >> 7; size >>= 7)
		out[len++] = (unsigned char)(0x80 | (size & 0x7f));
	out[len++] = (unsigned char)size;
	return len;
}

/* Every choice of operand bytes, each with a value of its own; absent ones are 0. */
static void reads_operands_by_the_flags(void **state)
{
	enum { BASE_LEN = 0x040302 + 0x060500 };
	unsigned char *base = malloc(BASE_LEN);

	(void)state;
	assert_non_null(base);
	for (size_t i = 0; i < BASE_LEN; i++)
		base[i] = (unsigned char)(i * 2654435761u >> 24);
	for (unsigned flags = 0; flags < 128; flags++) {
		static const unsigned char operands[] = {2, 3, 4, 0, 0, 5, 6};
		unsigned char delta[32];
		uint64_t sum = 0;
		uint32_t from, len;
		size_t at;
		struct applied a;

		for (unsigned i = 0; i < 7; i++)
			sum |= flags >> i & 1 ? (uint64_t)operands[i] << 8 * i : 0;
		from = (uint32_t)sum;
		len = sum >> 32 ? (uint32_t)(sum >> 32) : 0x10000;
		at = put_size(delta, BASE_LEN);
		at += put_size(delta + at, len);
		delta[at++] = (unsigned char)(0x80 | flags);
		for (unsigned i = 0; i < 7; i++) {
			if (flags >> i & 1)
				delta[at++] = operands[i];
		}
		a = apply_within((struct bytes){base, BASE_LEN}, (struct bytes){delta, at}, 1,
		                 LIMIT);
		assert_int_equal(a.err, ERR_NONE);
		assert_int_equal(a.out.len, len);
		assert_memory_equal(a.out.ptr, base + from, len);
		assert_int_equal(a.segments.count, 1);
		assert_int_equal(a.segments.items[0].from, from);
		assert_int_equal(a.segments.items[0].end, len);
		release(&a);
	}
	free(base);
}

static void states_its_sizes(void **state)
{
	uint64_t base, result;

	(void)state;
	assert_int_equal(delta_sizes(DELTA("\x00\x7f"), &base, &result), ERR_NONE);
	assert_int_equal(base, 0);
	assert_int_equal(result, 127);
	assert_int_equal(delta_sizes(DELTA("\x80\x01\x80\x80\x80\x80\x80\x20"), &base, &result),
	                 ERR_NONE);
	assert_int_equal(base, 128);
	assert_int_equal(result, 1ull << 40);
	assert_int_equal(
	    delta_sizes(DELTA("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), &base, &result),
	    ERR_NONE);
	assert_int_equal(result, UINT64_MAX);
	/* A size may be longer than it need be. */
	assert_int_equal(
	    delta_sizes(DELTA("\x01\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00"), &base, &result),
	    ERR_NONE);
	assert_int_equal(result, 1);
}

static void refuses_sizes_that_are_cut_off_or_too_long(void **state)
{
	uint64_t base, result;

	(void)state;
	assert_int_equal(delta_sizes(DELTA(""), &base, &result), ERR_CORRUPT);
	assert_int_equal(delta_sizes(DELTA("\x01"), &base, &result), ERR_CORRUPT);
	assert_int_equal(delta_sizes(DELTA("\x81"), &base, &result), ERR_CORRUPT);
	assert_int_equal(delta_sizes(DELTA("\x01\x81"), &base, &result), ERR_CORRUPT);
	assert_int_equal(
	    delta_sizes(DELTA("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), &base, &result),
	    ERR_CORRUPT);
	assert_int_equal(
	    delta_sizes(DELTA("\x01\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), &base, &result),
	    ERR_CORRUPT);
	assert_int_equal(error_of(bytes_of("x"), DELTA("\x01\x81")), ERR_CORRUPT);
}

static void refuses_what_does_not_fit(void **state)
{
	struct bytes base = bytes_of("0123456789");

	(void)state;
	/* Another base size; reserved instruction; operands or inserted bytes cut off. */
	assert_int_equal(error_of(base, DELTA("\x0b\x01\x90\x01")), ERR_CORRUPT);
	assert_int_equal(error_of(base, DELTA("\x0a\x01\x00\x90\x01")), ERR_CORRUPT);
	assert_int_equal(error_of(base, DELTA("\x0a\x01\x90")), ERR_CORRUPT);
	assert_int_equal(error_of(base, DELTA("\x0a\x03\x03xy")), ERR_CORRUPT);
	assert_int_equal(error_of(base, DELTA("\x0a\x01\xff\0\0\0\0\x01\0")), ERR_CORRUPT);
	/* Copies past the base, from behind it, of 64 KiB, and with sums past 32 bits. */
	assert_int_equal(error_of(base, DELTA("\x0a\x04\x91\x07\x04")), ERR_CORRUPT);
	assert_int_equal(error_of(base, DELTA("\x0a\x01\x91\x0b\x01")), ERR_CORRUPT);
	assert_int_equal(error_of(base, DELTA("\x0a\x01\x91\x0a\x01")), ERR_CORRUPT);
	assert_int_equal(error_of(base, DELTA("\x0a\x80\x80\x04\x80")), ERR_CORRUPT);
	assert_int_equal(error_of(base, DELTA("\x0a\x02\x9f\xff\xff\xff\xff\x02")), ERR_CORRUPT);
	assert_int_equal(error_of(bytes_of(""), DELTA("\0\x01\x90\x01")), ERR_CORRUPT);
	/* More or fewer bytes than the result's size. */
	assert_int_equal(error_of(base, DELTA("\x0a\x03\x90\x04")), ERR_CORRUPT);
	assert_int_equal(error_of(base, DELTA("\x0a\x05\x90\x04")), ERR_CORRUPT);
	assert_int_equal(error_of(base, DELTA("\x0a\x01\x02xy")), ERR_CORRUPT);
	assert_int_equal(error_of(base, DELTA("\x0a\x00\x01x")), ERR_CORRUPT);
	assert_int_equal(error_of(base, DELTA("\x0a\x01")), ERR_CORRUPT);
}

static void refuses_every_cut(void **state)
{
	struct bytes delta = DELTA("\x0a\x0a"
	                           "\x91\x06\x04"
	                           "\x02xy"
	                           "\x90\x03"
	                           "\x01z");

	(void)state;
	for (size_t len = 0; len < delta.len; len++)
		assert_int_equal(error_of(bytes_of("0123456789"), bytes_slice(delta, 0, len)),
		                 ERR_CORRUPT);
}

static void refuses_bombs(void **state)
{
	struct applied a;

	(void)state;
	/* 2^40 bytes, 2^32 bytes, and one byte more than out may hold. */
	a = apply_within(bytes_of("x"), DELTA("\x01\x80\x80\x80\x80\x80\x20\x90\x01"), 1, SIZE_MAX);
	assert_int_equal(a.err, ERR_LIMIT);
	release(&a);
	a = apply_within(bytes_of("x"), DELTA("\x01\x80\x80\x80\x80\x10\x90\x01"), 1, SIZE_MAX);
	assert_int_equal(a.err, ERR_LIMIT);
	release(&a);
	a = apply_within(bytes_of("x"), DELTA("\x01\x09\x90\x01"), 1, 8);
	assert_int_equal(a.err, ERR_LIMIT);
	release(&a);
	a = apply_within(bytes_of("12345678"), DELTA("\x08\x08\x90\x08"), 1, 8);
	assert_int_equal(a.err, ERR_NONE);
	release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(copies_and_inserts),
	    cmocka_unit_test(joins_copies_that_adjoin_in_both),
	    cmocka_unit_test(leaves_out_short_segments_after_joining),
	    cmocka_unit_test(lists_nothing_below_the_least_copy),
	    cmocka_unit_test(works_without_a_count_of_inserted_bytes),
	    cmocka_unit_test(makes_empty_results),
	    cmocka_unit_test(reads_operands_by_the_flags),
	    cmocka_unit_test(states_its_sizes),
	    cmocka_unit_test(refuses_sizes_that_are_cut_off_or_too_long),
	    cmocka_unit_test(refuses_what_does_not_fit),
	    cmocka_unit_test(refuses_every_cut),
	    cmocka_unit_test(refuses_bombs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
