#include "ruleset/long_word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-/=_";

static bool is_member(unsigned char byte)
{
	return byte && strchr(characters, byte);
}

/* The same as long_word_find(), byte by byte. */
static bool find_plainly(struct bytes text, size_t from, size_t limit, size_t *start, size_t *end)
{
	for (size_t at = from; at < text.len && at < limit; at = *end + 1) {
		for (*start = *end = at; *end < text.len && is_member(text.ptr[*end]);)
			++*end;
		if (*end - *start >= LONG_WORD)
			return true;
	}
	return false;
}

static void assert_same(struct bytes text, size_t from, size_t limit)
{
	size_t start = 0, end = 0, plain_start = 0, plain_end = 0;
	bool found = long_word_find(text, from, limit, &start, &end);

	assert_int_equal(found, find_plainly(text, from, limit, &plain_start, &plain_end));
	assert_true(!found || (start == plain_start && end == plain_end));
}

static uint32_t draw(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*state >> 33) % below);
}

/* Words of all lengths, at all places of a block, up to all ends. */
static void words_are_found_wherever_they_stand(void **state)
{
	unsigned char bytes[300];
	uint64_t random = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = draw(&random, sizeof(bytes) + 1);

		for (size_t at = 0; at < len;) {
			uint32_t word = draw(&random, round % 3 ? 40 : 100);

			for (; word && at < len; word--)
				bytes[at++] = (unsigned char)
				    characters[draw(&random, sizeof(characters) - 1)];
			if (at < len)
				bytes[at++] = (unsigned char)" .,\n\x80\0@[`{"[draw(&random, 10)];
		}
		for (int i = 0; i < 5; i++)
			assert_same((struct bytes){bytes, len}, draw(&random, (uint32_t)len + 2),
			            draw(&random, (uint32_t)len + 100));
	}
}

/* Each byte is a member or not, wherever in a block it stands. */
static void members_are_those_of_base64(void **state)
{
	unsigned char bytes[200];

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		for (size_t at = 0; at < sizeof(bytes); at += 7) {
			memset(bytes, '.', sizeof(bytes));
			memset(bytes + at, 'x', at + LONG_WORD < sizeof(bytes) ? LONG_WORD : 1);
			bytes[at + (at + LONG_WORD < sizeof(bytes) ? 11 : 0)] = (unsigned char)byte;
			assert_same((struct bytes){bytes, sizeof(bytes)}, 0, sizeof(bytes));
		}
	}
}

static void a_bulk_is_held_by_long_words_if_it_is_one(void **state)
{
	struct bulk bulk = {.len = LONG_WORD};

	(void)state;
	for (const char *c = characters; *c; c++)
		byte_set_add(&bulk.bytes, (unsigned char)*c);
	assert_true(long_word_holds(&bulk));
	bulk.len--;
	assert_false(long_word_holds(&bulk));
	bulk.len = 100;
	assert_true(long_word_holds(&bulk));
	byte_set_add(&bulk.bytes, '.');
	assert_false(long_word_holds(&bulk));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_found_wherever_they_stand),
	    cmocka_unit_test(members_are_those_of_base64),
	    cmocka_unit_test(a_bulk_is_held_by_long_words_if_it_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
