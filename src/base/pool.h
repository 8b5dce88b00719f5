/*
 * The one worker pool: runs the same function on several threads and waits for all of them. What
 * the workers share, and the lock it stands under, is the caller's.
 */
#ifndef TRAWL_BASE_POOL_H
#define TRAWL_BASE_POOL_H

/*
 * Calls work(shared, 0) ... work(shared, threads - 1), the first on the calling thread, and
 * returns when all have returned. Where the system refuses a thread the others do its share: work
 * must take what is to be done from `shared` until nothing is left, and some numbers may never run.
 */
void pool_run(unsigned threads, void (*work)(void *shared, unsigned worker), void *shared);

/* The number of processors that this process may run on, at least 1. */
unsigned pool_processors(void);

#endif
