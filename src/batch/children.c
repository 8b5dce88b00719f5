#include "batch/children.h"

#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that has so many bytes more than at its start is replaced. */
enum { GROWTH_MAX = 32 << 20 };

struct child {
	pid_t process;
	int fd;     /* what it says; at its end, it is dead */
	int orders; /* a socket; a byte comes back when an order is done: whether there may be more
	             */
	bool busy;
	uint64_t deadline_ns;
	struct child_outcome outcome;
};

/* ---- In the child ---- */

static void limit_memory(uint64_t bytes)
{
	/* RLIMIT_DATA counts private memory (getrlimit(2), since Linux 4.7), not mapped packs. */
	const struct rlimit limit = {bytes, bytes};

#ifdef TRAWL_SANITIZE
	return; /* the sanitizers' own tables are private memory, and larger than any limit */
#endif
	if (bytes && setrlimit(RLIMIT_DATA, &limit) != 0)
		_exit(2);
}

static _Noreturn void run_child(pid_t parent, uint64_t memory, child_work *work, void *context,
                                int fd, int orders)
{
	size_t held = mem_held();
	struct order order;
	char more = 1;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(2);
	limit_memory(memory);
	while (more && recv(orders, &order, sizeof(order), 0) == (ssize_t)sizeof(order)) {
		int status = work(context, &order, fd);

		(void)fflush(stderr); /* what goes to standard error is not what counts */
		if (status)
			_exit(status);
		more = mem_held() < held + GROWTH_MAX;
		if (send(orders, &more, sizeof(more), MSG_NOSIGNAL) != (ssize_t)sizeof(more))
			break;
	}
	_exit(0);
}

/* ---- In the parent ---- */

/* A pipe for what the child says, and a socket for its orders; true if there are both. */
static bool make_ends(int said[2], int orders[2])
{
	if (pipe2(said, O_CLOEXEC) != 0)
		return false;
	if (fcntl(said[0], F_SETFL, O_NONBLOCK) == 0 &&
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, orders) == 0)
		return true;
	close(said[0]);
	close(said[1]);
	return false;
}

static enum err begin_child(struct children *all, uint64_t memory, child_work *work, void *context,
                            struct error *error)
{
	pid_t parent = getpid(), process;
	int said[2], orders[2];

	if (!make_ends(said, orders))
		return error_set(error, ERR_IO, "cannot start a process: %s", strerror(errno));
	(void)fflush(NULL); /* or a child could write it once more */
	process = fork();
	if (process == 0) {
		close(said[0]);
		close(orders[0]);
		for (size_t i = 0; i < all->count; i++) {
			close(all->items[i].fd);
			close(all->items[i].orders);
		}
		run_child(parent, memory, work, context, said[1], orders[1]);
	}
	close(said[1]);
	close(orders[1]);
	if (process < 0) {
		close(said[0]);
		close(orders[0]);
		return error_set(error, ERR_IO, "cannot start a process: %s", strerror(errno));
	}
	all->items = mem_grow(all->items, all->count, &all->cap, sizeof(*all->items));
	all->items[all->count++] = (struct child){.process = process,
	                                          .fd = said[0],
	                                          .orders = orders[0],
	                                          .deadline_ns = UINT64_MAX,
	                                          .outcome = {.fresh = true}};
	return ERR_NONE;
}

/* Takes leave of a child that is dead, or will be at once. Returns how it ended. */
static int bury(struct children *all, size_t at)
{
	struct child *child = &all->items[at];
	int status = 0;

	close(child->fd);
	close(child->orders);
	while (waitpid(child->process, &status, 0) < 0 && errno == EINTR)
		;
	all->busy -= child->busy;
	all->items[at] = all->items[--all->count];
	if (!all->count) {
		free(all->items);
		*all = (struct children){0};
	}
	return status;
}

/* Ends a child that has nothing to do. */
static void end_idle(struct children *all, size_t at)
{
	kill(all->items[at].process, SIGKILL);
	(void)bury(all, at);
}

/* Gives the child the order; false if it is dead. */
static bool give(struct children *all, size_t at, const struct order *order,
                 const struct child_limits *limits)
{
	struct child *child = &all->items[at];

	if (send(child->orders, order, sizeof(*order), MSG_NOSIGNAL) != (ssize_t)sizeof(*order))
		return false;
	child->outcome.task = order->task;
	buf_init(&child->outcome.said, limits->said);
	child->deadline_ns = limits->time_ns ? clock_ns() + limits->time_ns : UINT64_MAX;
	child->busy = true;
	all->busy++;
	return true;
}

enum err children_start(struct children *all, const struct order *order, bool fresh,
                        const struct child_limits *limits, child_work *work, void *context,
                        struct error *error)
{
	enum err err;

	for (size_t i = all->count; i-- > 0;) {
		if (all->items[i].busy)
			continue;
		if (!fresh && give(all, i, order, limits))
			return ERR_NONE;
		end_idle(all, i); /* it is dead, or makes room */
	}
	err = begin_child(all, limits->memory, work, context, error);
	if (!err && !give(all, all->count - 1, order, limits))
		err =
		    error_set(error, ERR_IO, "cannot give a process its task: %s", strerror(errno));
	return err;
}

/* Ends a child that went too far; it is seen to end like the others. */
static void stop(struct child *child, enum child_end why)
{
	if (child->outcome.end == CHILD_DONE)
		child->outcome.end = why;
	kill(child->process, SIGKILL);
	child->deadline_ns = UINT64_MAX;
}

/* Reads what the child says, as far as it is there; false when it is dead. */
static bool listen_to(struct child *child)
{
	unsigned char chunk[64 * 1024];
	ssize_t len;

	while ((len = read(child->fd, chunk, sizeof(chunk))) > 0) {
		if (buf_append(&child->outcome.said, (struct bytes){chunk, (size_t)len}))
			stop(child, CHILD_SAID_TOO_MUCH);
	}
	return len < 0 && (errno == EINTR || errno == EAGAIN);
}

/* Fills in how the child died. */
static void explain(struct child_outcome *outcome, int status)
{
	outcome->by_signal = WIFSIGNALED(status);
	outcome->status = outcome->by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
	if (outcome->end == CHILD_DONE)
		outcome->end = !outcome->by_signal && outcome->status == MEM_EXHAUSTED_STATUS
		                   ? CHILD_OUT_OF_MEMORY
		                   : CHILD_CRASHED;
}

/* Takes the outcome of a child that has done its task, all of which it has said. */
static void release(struct children *all, size_t at, bool more, struct child_outcome *outcome)
{
	struct child *child = &all->items[at];

	*outcome = child->outcome;
	child->outcome = (struct child_outcome){0};
	child->deadline_ns = UINT64_MAX;
	child->busy = false;
	all->busy--;
	if (!more)
		end_idle(all, at);
}

/* Looks after a child that is busy; true if its task has ended. */
static bool look_after(struct children *all, size_t at, struct child_outcome *outcome)
{
	struct child *child = &all->items[at];
	char more;
	/* In this order: what it said before it was done is there when it is done. */
	bool done = recv(child->orders, &more, sizeof(more), MSG_DONTWAIT) == (ssize_t)sizeof(more);
	bool alive = listen_to(child);

	if (done && child->outcome.end == CHILD_DONE) {
		release(all, at, more, outcome);
		return true;
	}
	if (alive)
		return false;
	*outcome = child->outcome;
	explain(outcome, bury(all, at));
	return true;
}

/* Milliseconds until the first deadline; -1: there is none. */
static int until_deadline(const struct children *all, uint64_t now)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < all->count; i++) {
		if (all->items[i].deadline_ns < first)
			first = all->items[i].deadline_ns;
	}
	if (first == UINT64_MAX)
		return -1;
	if (first <= now)
		return 0;
	return first - now > UINT64_C(60000000000) ? 60000 : (int)((first - now) / 1000000) + 1;
}

enum err children_wait(struct children *all, struct child_outcome *outcome, struct error *error)
{
	size_t count = all->count;
	struct pollfd *fds = mem_calloc(count, 2 * sizeof(*fds));
	enum err err = ERR_NONE;
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		short events = all->items[i].busy ? POLLIN : 0;

		fds[2 * i] =
		    (struct pollfd){.fd = events ? all->items[i].fd : -1, .events = events};
		fds[2 * i + 1] =
		    (struct pollfd){.fd = events ? all->items[i].orders : -1, .events = events};
	}
	while (!found && !err) {
		uint64_t now;

		if (poll(fds, 2 * count, until_deadline(all, clock_ns())) < 0 && errno != EINTR) {
			err = error_set(error, ERR_IO, "cannot wait for a process: %s",
			                strerror(errno));
			break;
		}
		now = clock_ns();
		for (size_t i = 0; i < count && !found; i++) {
			if (all->items[i].deadline_ns <= now)
				stop(&all->items[i], CHILD_OUT_OF_TIME);
			found = (fds[2 * i].revents || fds[2 * i + 1].revents) &&
			        look_after(all, i, outcome);
		}
	}
	free(fds);
	return err;
}

void children_kill(struct children *all)
{
	while (all->count) {
		kill(all->items[0].process, SIGKILL);
		buf_release(&all->items[0].outcome.said);
		(void)bury(all, 0);
	}
}
