#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { TASKS = 10000, THREADS = 8 };

struct shared {
	atomic_uint next;
	atomic_uint ran[THREADS];
	unsigned char done[TASKS];
	pthread_t caller;
	bool first_is_caller;
};

static void work(void *data, unsigned worker)
{
	struct shared *shared = data;
	unsigned task;

	atomic_fetch_add(&shared->ran[worker], 1);
	if (worker == 0)
		shared->first_is_caller = pthread_equal(pthread_self(), shared->caller);
	while ((task = atomic_fetch_add(&shared->next, 1)) < TASKS)
		shared->done[task]++;
}

static void assert_runs(unsigned threads)
{
	static struct shared shared;

	shared = (struct shared){.caller = pthread_self()};
	pool_run(threads, work, &shared);
	for (unsigned i = 0; i < TASKS; i++)
		assert_int_equal(shared.done[i], 1);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(shared.ran[i], i < threads);
	assert_true(shared.first_is_caller);
}

static void every_task_once(void **state)
{
	(void)state;
	assert_runs(1);
	assert_runs(2);
	assert_runs(THREADS);
}

struct beside {
	pthread_t caller;
	bool alone;
	unsigned done;
};

static void work_beside(void *data)
{
	struct beside *beside = data;

	beside->alone = pthread_equal(pthread_self(), beside->caller);
	beside->done++;
}

static void work_aside_is_done_once(void **state)
{
	struct beside beside = {.caller = pthread_self()};
	struct aside aside = {0};

	(void)state;
	aside_wait(&aside);
	for (unsigned threads = 1; threads <= 2; threads++) {
		aside_start(&aside, threads, work_beside, &beside);
		assert_true(threads > 1 || beside.done == 1);
		aside_wait(&aside);
		aside_wait(&aside);
		assert_int_equal(beside.done, threads);
		assert_int_equal(beside.alone, threads == 1);
	}
}

static void at_least_one_processor(void **state)
{
	(void)state;
	assert_true(pool_processors() >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_task_once),
	    cmocka_unit_test(work_aside_is_done_once),
	    cmocka_unit_test(at_least_one_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
