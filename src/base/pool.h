/*
 * The one worker pool: runs the same function on several threads and waits for all of them. What
 * the workers share, and the lock it stands under, is the caller's.
 */
#ifndef TRAWL_BASE_POOL_H
#define TRAWL_BASE_POOL_H

#include <pthread.h>
#include <stdbool.h>

/*
 * Calls work(shared, 0) ... work(shared, threads - 1), the first on the calling thread, and
 * returns when all have returned. Where the system refuses a thread the others do its share: work
 * must take what is to be done from `shared` until nothing is left, and some numbers may never run.
 */
void pool_run(unsigned threads, void (*work)(void *shared, unsigned worker), void *shared);

/* Work that goes on beside what its caller does meanwhile; {0} is none. */
struct aside {
	pthread_t thread;
	bool running;
	void (*work)(void *shared);
	void *shared;
};

/*
 * Starts work(shared) on a thread of its own; with `threads` 1, or where the system refuses one, it
 * is done on return. `aside`, which must not move, is waited for before it is used again.
 */
void aside_start(struct aside *aside, unsigned threads, void (*work)(void *shared), void *shared);

/* Returns when the work is done, at once if there is none. */
void aside_wait(struct aside *aside);

/* The number of processors that this process may run on, at least 1. */
unsigned pool_processors(void);

#endif
