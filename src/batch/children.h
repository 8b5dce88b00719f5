/*
 * Child processes, several side by side, for one task after the other: what happens to one, be it a
 * crash, a hang or a lack of memory, happens to none of the others. A child is a copy of this
 * process, so it starts with everything that was prepared; it dies when its parent does. One that
 * has grown is replaced, as is one that failed: whether a task fails because of those before it,
 * its outcome tells, and a fresh child can try once more.
 */
#ifndef TRAWL_BATCH_CHILDREN_H
#define TRAWL_BATCH_CHILDREN_H

#include "base/buf.h"
#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

/* What a child is to do. */
struct order {
	size_t task;      /* for the caller, as is the rest */
	unsigned threads; /* that it may use */
	uint64_t known;   /* bytes of the knowledge that it may read */
};

/* Bounds for one task of a child. */
struct child_limits {
	uint64_t memory;  /* bytes of its own, mapped files excluded; 0: none */
	uint64_t time_ns; /* from the order on; 0: none */
	size_t said;      /* bytes that it may say */
};

enum child_end {
	CHILD_DONE,
	CHILD_OUT_OF_TIME,
	CHILD_OUT_OF_MEMORY,
	CHILD_SAID_TOO_MUCH,
	CHILD_CRASHED,
};

/* How a task ended, and what the child wrote for its parent. */
struct child_outcome {
	size_t task; /* as ordered */
	bool fresh;  /* it was the child's first */
	enum child_end end;
	int status;      /* its exit status, or the number of the signal; of those that crashed */
	bool by_signal;  /* of those that crashed */
	struct buf said; /* whole only of those that are done; the caller releases it */
};

/* What children do: returns 0 when it is done; it may write to the descriptor. */
typedef int child_work(void *context, const struct order *order, int fd);

/* The children that there are; zero-initialise. */
struct children {
	struct child *items;
	size_t count;
	size_t cap;
	size_t busy; /* of these */
};

/*
 * Has a child do the work, an idle one or a new one (`fresh`: a new one in any case). All of them
 * do the same work and have the same memory. This process must have no other threads. ERR_IO when
 * there can be no more processes.
 */
enum err children_start(struct children *children, const struct order *order, bool fresh,
                        const struct child_limits *limits, child_work *work, void *context,
                        struct error *error);

/* Waits until a task ends; there must be one. ERR_IO. */
enum err children_wait(struct children *children, struct child_outcome *outcome,
                       struct error *error);

/* Ends all children at once. */
void children_kill(struct children *children);

#endif
