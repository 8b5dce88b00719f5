#include "base/pool.h"

#include "base/memory.h"

#include <sched.h>
#include <stdlib.h>

struct worker {
	pthread_t thread;
	void (*work)(void *, unsigned);
	void *shared;
	unsigned number;
};

static void *worker_run(void *arg)
{
	struct worker *w = arg;

	w->work(w->shared, w->number);
	return NULL;
}

void pool_run(unsigned threads, void (*work)(void *shared, unsigned worker), void *shared)
{
	struct worker *workers = mem_calloc(threads, sizeof(*workers));
	unsigned started = 1;

	while (started < threads) {
		struct worker *w = &workers[started];

		*w = (struct worker){.work = work, .shared = shared, .number = started};
		if (pthread_create(&w->thread, NULL, worker_run, w) != 0)
			break;
		started++;
	}
	work(shared, 0);
	for (unsigned i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	free(workers);
}

static void *aside_run(void *arg)
{
	struct aside *aside = arg;

	aside->work(aside->shared);
	return NULL;
}

void aside_start(struct aside *aside, unsigned threads, void (*work)(void *shared), void *shared)
{
	*aside = (struct aside){.work = work, .shared = shared};
	aside->running = threads > 1 && pthread_create(&aside->thread, NULL, aside_run, aside) == 0;
	if (!aside->running)
		work(shared);
}

void aside_wait(struct aside *aside)
{
	if (aside->running)
		pthread_join(aside->thread, NULL);
	aside->running = false;
}

unsigned pool_processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return CPU_COUNT(&set) > 0 ? (unsigned)CPU_COUNT(&set) : 1;
}
