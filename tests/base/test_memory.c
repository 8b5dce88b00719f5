#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void zeroed_memory(void **state)
{
	unsigned char *ptr = mem_calloc(100, 3);
	void *none = mem_calloc(0, 8), *empty = mem_calloc(8, 0);

	(void)state;
	for (int i = 0; i < 300; i++)
		assert_int_equal(ptr[i], 0);
	assert_non_null(none);
	assert_non_null(empty);
	free(ptr);
	free(none);
	free(empty);
}

static void growing_arrays(void **state)
{
	uint32_t *items = NULL;
	size_t cap = 0;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		items = mem_grow(items, i, &cap, sizeof(*items));
		assert_true(cap > i && (cap & (cap - 1)) == 0);
		items[i] = i * 3;
	}
	for (uint32_t i = 0; i < 5000; i++)
		assert_int_equal(items[i], i * 3);
	items = mem_resize(items, 10, sizeof(*items));
	assert_int_equal(items[9], 27);
	items = mem_resize(items, 0, sizeof(*items));
	assert_non_null(items);
	free(items);
}

static void copied_text(void **state)
{
	char *copy = mem_strdup("text");

	(void)state;
	assert_string_equal(copy, "text");
	free(copy);
}

static void resize_overflows(void)
{
	free(mem_resize(NULL, SIZE_MAX / 2, 4));
}

static void grow_overflows(void)
{
	size_t cap = SIZE_MAX / 2 + 1;

	free(mem_grow(NULL, cap, &cap, 1));
}

/* Asserts that the call ends the program with status 2 and this project's message. */
static void assert_ends(void (*call)(void))
{
	static const char message[] = "trawl: out of memory\n";
	char said[256] = "";
	size_t len = 0;
	ssize_t got;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		if (dup2(ends[1], STDERR_FILENO) >= 0)
			call();
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(close(ends[1]), 0);
	while (len < sizeof(said) - 1 &&
	       (got = read(ends[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)got;
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 2);
	assert_string_equal(said, message);
}

static void what_is_held(void **state)
{
#ifndef TRAWL_SANITIZE
	enum { SIZE = 64 << 20 };
	size_t held = mem_held();
	void *large = mem_calloc(SIZE, 1);

	assert_true(mem_held() >= held + SIZE);
	free(large);
	assert_true(mem_held() < held + SIZE);
#endif
	(void)state;
}

static void out_of_memory_ends_the_program(void **state)
{
	(void)state;
	assert_ends(mem_exhausted);
	assert_ends(resize_overflows);
	assert_ends(grow_overflows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(zeroed_memory),
	    cmocka_unit_test(growing_arrays),
	    cmocka_unit_test(copied_text),
	    cmocka_unit_test(what_is_held),
	    cmocka_unit_test(out_of_memory_ends_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
