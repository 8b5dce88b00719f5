#include "history/push.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ZERO "0000000000000000000000000000000000000000"
#define ONE "1111111111111111111111111111111111111111"
#define TWO "22222222222222222222222222222222222222Aa"

/* What the lines say, a line "NUMBER REFERENCE BEFORE AFTER" for each update; or the error. */
static void assert_push(const char *lines, bool outgoing, const char *expected)
{
	struct push push = {.outgoing = outgoing};
	struct error error = {0};
	struct buf text;

	buf_init(&text, 1 << 20);
	if (push_read(&push, bytes_of(lines), &error))
		buf_appendf(&text, "%s", error.message);
	for (size_t i = 0; i < push.count && !error.code; i++) {
		const struct push_update *u = &push.updates[i];
		char before[OBJECT_ID_HEX + 1], after[OBJECT_ID_HEX + 1];

		buf_appendf(&text, "%u %s %.3s %.3s\n", u->line, u->reference,
		            object_id_hex(&u->before, before), object_id_hex(&u->after, after));
	}
	assert_string_equal(buf_text(&text), expected);
	buf_release(&text);
	push_release(&push);
}

static void reads_what_a_receiver_is_told(void **state)
{
	(void)state;
	assert_push("", false, "");
	assert_push(ONE " " TWO " refs/heads/a\n", false, "1 refs/heads/a 111 222\n");
	assert_push(ZERO " " ONE " refs/a\n" ONE " " ZERO " refs/\xc3\xa4", false,
	            "1 refs/a 000 111\n2 refs/\xc3\xa4 111 000\n");
}

static void reads_what_a_sender_is_told(void **state)
{
	(void)state;
	assert_push("", true, "");
	assert_push("refs/heads/a " ONE " refs/heads/b " TWO "\n", true,
	            "1 refs/heads/b 222 111\n");
	assert_push("(delete) " ZERO " refs/heads/b " TWO "\n", true, "1 refs/heads/b 222 000\n");
	assert_push(":/fix the bug " ONE " refs/b " ZERO "\n", true, "1 refs/b 000 111\n");
}

static void refuses_what_git_does_not_write(void **state)
{
	static const char no_id[] = "line 1: an id has 40 hexadecimal digits";
	static const char no_name[] = "line 1: there is no reference's name";

	(void)state;
	assert_push("\n", false, no_name);
	assert_push(ONE " " TWO "\n", false, no_id);
	assert_push(ONE " " TWO " \n", false, no_name);
	assert_push(ONE "  " TWO " refs/a\n", false, no_id);
	assert_push(" " ONE " " TWO " refs/a\n", false, no_id);
	assert_push(ONE " " TWO " refs/a\r\n", false, no_name);
	assert_push(ONE " " TWO "0 refs/a\n", false, no_id);
	assert_push(ONE " " TWO " refs/a\n" ONE " x refs/a\n", false,
	            "line 2: an id has 40 hexadecimal digits");
	assert_push(ONE " refs/b " TWO "\n", true, "line 1: not of the form of a pre-push hook");
	assert_push("a " ONE " refs/b\n", true, "line 1: not of the form of a pre-push hook");
}

static void counts_deletions(void **state)
{
	struct push push = {0};

	(void)state;
	assert_int_equal(
	    push_read(&push, bytes_of(ONE " " ZERO " a\n" ONE " " TWO " b\n" ONE " " ZERO " c\n"),
	              NULL),
	    ERR_NONE);
	assert_int_equal(push_deletions(&push), 2);
	push_release(&push);
}

static void bounds_names(void **state)
{
	char *name = calloc(1, 5000);
	struct push push = {0};

	(void)state;
	memset(name, 'a', 4096);
	assert_int_equal(push_add(&push, bytes_of(name), bytes_of(ONE), bytes_of(TWO), 0, NULL),
	                 ERR_NONE);
	name[4096] = 'a';
	assert_int_equal(push_add(&push, bytes_of(name), bytes_of(ONE), bytes_of(TWO), 0, NULL),
	                 ERR_SYNTAX);
	push_release(&push);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_a_receiver_is_told),
	    cmocka_unit_test(reads_what_a_sender_is_told),
	    cmocka_unit_test(refuses_what_git_does_not_write),
	    cmocka_unit_test(counts_deletions),
	    cmocka_unit_test(bounds_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
