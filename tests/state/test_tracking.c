#include "state/tracking.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- A store that holds one text ---- */

static struct buf kept;

static bool get(void *context, const unsigned char *key, struct buf *value)
{
	(void)context;
	(void)key;
	return kept.len && !buf_append(value, buf_bytes(&kept));
}

static void put(void *context, const unsigned char *key, struct bytes value)
{
	(void)context;
	(void)key;
	buf_clear(&kept);
	assert_int_equal(buf_append(&kept, value), ERR_NONE);
}

static const struct known_store store = {.get = get, .put = put};

static int forget(void **state)
{
	(void)state;
	buf_release(&kept);
	buf_init(&kept, 1 << 20);
	return 0;
}

/* ---- Runs ---- */

static const struct rule one = {.id = "one"}, two = {.id = "two"};
static const struct rule *const both[] = {&one, &two};

/* Adds leaks for a text such as "a1 b2": the secret a of the first rule, b of the second. */
static void add_leaks(struct leak_list *list, const char *text)
{
	for (; *text; text += text[2] ? 3 : 2) {
		struct leak leak = {.count = 1};
		struct finding *f;

		leak.occurrences = arena_alloc(&list->arena, 1, sizeof(*leak.occurrences));
		f = &leak.occurrences[0].first;
		f->rule = text[1] == '1' ? &one : &two;
		f->fingerprint[0] = (uint8_t)text[0];
		f->path = arena_bytes(&list->arena, (struct bytes){(const unsigned char *)text, 1});
		leak_list_add(list, &leak);
	}
}

struct run {
	const char *leaks;
	const char *suppressed;
	int64_t now;
	size_t rules;
	bool incomplete;
};

/* What a run says: "SECRET FIRST-LAST" of each leak, with + for new ones; then those that are gone.
 */
static void assert_run(struct run run, const char *expected)
{
	struct tracked_scan scan = {.repository = "/r",
	                            .choice = "",
	                            .rules = both,
	                            .rule_count = run.rules ? run.rules : 2,
	                            .complete = !run.incomplete,
	                            .now = run.now};
	struct leak_list leaks = {0}, suppressed = {0};
	struct gone_list gone = {0};
	struct buf text;

	add_leaks(&leaks, run.leaks);
	add_leaks(&suppressed, run.suppressed ? run.suppressed : "");
	track_leaks(&store, &scan, &leaks, &suppressed, &gone);
	buf_init(&text, 65536);
	for (size_t i = 0; i < leaks.count; i++) {
		const struct leak *l = &leaks.items[i];

		buf_appendf(&text, "%c%s %d-%d, ", l->occurrences[0].first.fingerprint[0],
		            l->is_new ? "+" : "", (int)l->first_seen, (int)l->last_seen);
	}
	for (size_t i = 0; i < gone.count; i++)
		buf_appendf(&text, "gone %s %.*s %d-%d, ", gone.items[i].rule_id,
		            (int)gone.items[i].path.len, (const char *)gone.items[i].path.ptr,
		            (int)gone.items[i].first_seen, (int)gone.items[i].last_seen);
	assert_string_equal(buf_text(&text), expected);
	buf_release(&text);
	leak_list_release(&leaks);
	leak_list_release(&suppressed);
	gone_list_release(&gone);
}

static void they_come_and_go(void **state)
{
	(void)state;
	assert_run((struct run){.leaks = "a1 b2", .now = 1}, "a+ 1-1, b+ 1-1, ");
	assert_run((struct run){.leaks = "c1 b2", .now = 2}, "c+ 2-2, b 1-2, gone one a 1-1, ");
	assert_run((struct run){.leaks = "c1 b2", .now = 3}, "c 2-3, b 1-3, ");
	assert_run((struct run){.leaks = "a1 b2", .now = 4}, "a+ 1-4, b 1-4, gone one c 2-3, ");
	assert_run((struct run){.leaks = "", .now = 5}, "gone one a 1-4, gone two b 1-4, ");
	assert_run((struct run){.leaks = "", .now = 6}, "");
}

static void what_is_suppressed_is_not_gone(void **state)
{
	(void)state;
	assert_run((struct run){.leaks = "a1", .now = 1}, "a+ 1-1, ");
	assert_run((struct run){.leaks = "", .suppressed = "a1", .now = 2}, "");
	assert_run((struct run){.leaks = "a1", .suppressed = "a1", .now = 3}, "a 1-3, ");
	assert_run((struct run){.leaks = "", .now = 4}, "gone one a 1-3, ");
}

static void without_a_rule_nobody_knows(void **state)
{
	(void)state;
	assert_run((struct run){.leaks = "a1 b2", .now = 1}, "a+ 1-1, b+ 1-1, ");
	assert_run((struct run){.leaks = "", .rules = 1, .now = 2}, "gone one a 1-1, ");
	assert_run((struct run){.leaks = "b2", .now = 3}, "b 1-3, ");
}

static void what_was_lost_may_have_it(void **state)
{
	(void)state;
	assert_run((struct run){.leaks = "a1", .now = 1}, "a+ 1-1, ");
	assert_run((struct run){.leaks = "", .incomplete = true, .now = 2}, "");
	assert_run((struct run){.leaks = "a1", .now = 3}, "a 1-3, ");
}

static void what_is_long_gone_is_forgotten(void **state)
{
	enum { YEARS = 2 * 366 * 86400 };

	(void)state;
	assert_run((struct run){.leaks = "a1", .now = 1}, "a+ 1-1, ");
	assert_run((struct run){.leaks = "", .now = 2}, "gone one a 1-1, ");
	assert_run((struct run){.leaks = "", .now = YEARS}, "");
	assert_run((struct run){.leaks = "a1", .now = YEARS + 1}, "a+ 63244801-63244801, ");
}

static void nonsense_is_nothing(void **state)
{
	struct buf good;

	(void)state;
	assert_run((struct run){.leaks = "a1 b2", .now = 1}, "a+ 1-1, b+ 1-1, ");
	buf_init(&good, 65536);
	buf_append(&good, buf_bytes(&kept));
	for (size_t cut = 1; cut < good.len; cut++) {
		kept.len = cut;
		if (cut != good.len / 2)
			assert_run((struct run){.leaks = "a1", .now = 2}, "a+ 2-2, ");
		buf_clear(&kept);
		buf_append(&kept, buf_bytes(&good));
	}
	memset(kept.ptr + FINGERPRINT_SIZE + 24, 0xff, 8); /* a length */
	assert_run((struct run){.leaks = "a1", .now = 2}, "a+ 2-2, ");
	buf_release(&good);
}

static void one_key_for_all(void **state)
{
	struct fingerprint_key first = {{1}}, second = {{2}};

	(void)state;
	assert_true(track_key(&store, &first));
	assert_true(track_key(&store, &first));
	assert_false(track_key(&store, &second));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(they_come_and_go, forget),
	    cmocka_unit_test_setup(what_is_suppressed_is_not_gone, forget),
	    cmocka_unit_test_setup(without_a_rule_nobody_knows, forget),
	    cmocka_unit_test_setup(what_was_lost_may_have_it, forget),
	    cmocka_unit_test_setup(what_is_long_gone_is_forgotten, forget),
	    cmocka_unit_test_setup(nonsense_is_nothing, forget),
	    cmocka_unit_test_setup(one_key_for_all, forget),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_release(&kept);
	return failed;
}
