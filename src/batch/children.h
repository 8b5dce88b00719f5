/*
 * Child processes, one for each task, several side by side: what happens to one, be it a crash, a
 * hang or a lack of memory, happens to none of the others. A child is a copy of this process, so it
 * starts with everything that was prepared; it dies when its parent does.
 */
#ifndef TRAWL_BATCH_CHILDREN_H
#define TRAWL_BATCH_CHILDREN_H

#include "base/buf.h"
#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

/* Bounds for one child. */
struct child_limits {
	uint64_t memory;  /* bytes of its own, mapped files excluded; 0: none */
	uint64_t time_ns; /* from its start; 0: none */
	size_t said;      /* bytes that it may say */
};

enum child_end {
	CHILD_DONE,
	CHILD_OUT_OF_TIME,
	CHILD_OUT_OF_MEMORY,
	CHILD_SAID_TOO_MUCH,
	CHILD_CRASHED,
};

/* How a child ended, and what it wrote for its parent. */
struct child_outcome {
	size_t task; /* as given at the start */
	enum child_end end;
	int status;      /* its exit status, or the number of the signal; of those that crashed */
	bool by_signal;  /* of those that crashed */
	struct buf said; /* whole only of those that are done; the caller releases it */
};

/* The children that run; zero-initialise. */
struct children {
	struct child *items;
	size_t count;
	size_t cap;
};

/*
 * Starts a child: it calls work(context, task, fd), may write to the descriptor, and ends with the
 * status that is returned; 0 means that it is done. This process must have no other threads.
 * ERR_IO when there can be no more processes.
 */
enum err children_start(struct children *children, size_t task, const struct child_limits *limits,
                        int (*work)(void *context, size_t task, int fd), void *context,
                        struct error *error);

/* Waits until a child ends; there must be one. ERR_IO. */
enum err children_wait(struct children *children, struct child_outcome *outcome,
                       struct error *error);

/* Ends all children at once. */
void children_kill(struct children *children);

#endif
