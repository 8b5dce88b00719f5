#include "ruleset/bulk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct bulk bulk_in(const char *expression)
{
	struct arena arena = {0};
	struct error error = {0};
	struct regex_tree tree;
	struct bulk bulk;

	if (regex_tree_read(&tree, expression, &arena, &error))
		fail_msg("%s: %s", expression, error.message);
	bulk = bulk_of(tree.root);
	regex_tree_release(&tree);
	arena_release(&arena);
	return bulk;
}

static void bulk_is(const char *expression, uint32_t len, uint32_t first, uint32_t last)
{
	struct bulk bulk = bulk_in(expression);

	if (bulk.len != len || (len && (bulk.first != first || bulk.last != last)))
		fail_msg("%s: %u at %u to %u", expression, bulk.len, bulk.first, bulk.last);
}

static void the_longest_of_the_rarest(void **state)
{
	(void)state;
	bulk_is("key[=: ]{1,3}([0-9a-f]{32})\\b", 32, 4, 6);
	bulk_is("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", 36, 0, 0);
	bulk_is("id=(?:[0-9a-f]{32}|[0-9a-f]{40,64})", 32, 3, 3);
	bulk_is("id=(?:[0-9a-f]{32})?@", 1, 3, 35); /* the sign at the end is all that is left */
	bulk_is("a(?=[0-9A-F]{20}z)", 20, 1, 1);
	bulk_is("a(?![0-9A-F]{20}z)", 0, 0, 0);
	bulk_is("(?:x(\\d{40}))+", 40, 1, 1);
	bulk_is("(a)\\1\\1", 0, 0, 0);
}

/* A look at so many places takes longer than the expression itself. */
static void not_where_it_may_start_anywhere(void **state)
{
	(void)state;
	bulk_is("a[^\\n]{0,1000}([0-9a-f]{32})", 32, 1, 1001);
	bulk_is("a[^\\n]{0,2000}([0-9a-f]{32})", 0, 0, 0);
	bulk_is("a(?:[^\\n]{0,1000}\\n){0,1000}([0-9a-f]{32})", 0, 0, 0);
}

static void it_stands_where_it_is(void **state)
{
	const struct bulk bulk = bulk_in("k[^0-9]{1,8}([0-9]{10})");
	char text[64];

	(void)state;
	assert_int_equal(bulk.len, 10);
	for (size_t gap = 1; gap < 20; gap++) {
		for (size_t digits = 8; digits < 13; digits++) {
			struct bytes bytes = {(unsigned char *)text, 1 + gap + digits};

			memset(text, '.', sizeof(text));
			text[0] = 'k';
			memset(text + 1 + gap, '7', digits);
			assert_int_equal(bulk_stands(&bulk, bytes, 0, 0), digits >= 10 && gap <= 8);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_longest_of_the_rarest),
	    cmocka_unit_test(not_where_it_may_start_anywhere),
	    cmocka_unit_test(it_stands_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
