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
#include <sys/wait.h>
#include <unistd.h>

struct child {
	pid_t process;
	int fd; /* what it says; at its end, it is dead */
	uint64_t deadline_ns;
	bool limited; /* its memory is */
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

static _Noreturn void run_child(pid_t parent, size_t task, uint64_t memory,
                                int (*work)(void *, size_t, int), void *context, int fd)
{
	int status;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(2);
	limit_memory(memory);
	status = work(context, task, fd);
	(void)fflush(stderr); /* what goes to standard error is not what counts */
	_exit(status);
}

/* ---- In the parent ---- */

enum err children_start(struct children *all, size_t task, const struct child_limits *limits,
                        int (*work)(void *context, size_t task, int fd), void *context,
                        struct error *error)
{
	pid_t parent = getpid(), process;
	struct child *child;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return error_set(error, ERR_IO, "cannot start a process: %s", strerror(errno));
	(void)fflush(NULL); /* or a child could write it once more */
	process = fork();
	if (process == 0) {
		close(fds[0]);
		for (size_t i = 0; i < all->count; i++)
			close(all->items[i].fd);
		run_child(parent, task, limits->memory, work, context, fds[1]);
	}
	close(fds[1]);
	if (process < 0) {
		close(fds[0]);
		return error_set(error, ERR_IO, "cannot start a process: %s", strerror(errno));
	}
	all->items = mem_grow(all->items, all->count, &all->cap, sizeof(*all->items));
	child = &all->items[all->count++];
	*child = (struct child){
	    .process = process,
	    .fd = fds[0],
	    .deadline_ns = limits->time_ns ? clock_ns() + limits->time_ns : UINT64_MAX,
	    .limited = limits->memory != 0,
	    .outcome = {.task = task},
	};
	buf_init(&child->outcome.said, limits->said);
	return ERR_NONE;
}

/* Ends a child that went too far; it is seen to end like the others. */
static void stop(struct child *child, enum child_end why)
{
	if (child->outcome.end == CHILD_DONE)
		child->outcome.end = why;
	kill(child->process, SIGKILL);
	child->deadline_ns = UINT64_MAX;
}

/* Reads what the child says; false when it is dead. */
static bool listen_to(struct child *child)
{
	unsigned char chunk[64 * 1024];
	ssize_t len = read(child->fd, chunk, sizeof(chunk));

	if (len < 0)
		return errno == EINTR || errno == EAGAIN;
	if (len > 0 && buf_append(&child->outcome.said, (struct bytes){chunk, (size_t)len}))
		stop(child, CHILD_SAID_TOO_MUCH);
	return len > 0;
}

/* Takes leave of a child that is dead. */
static struct child_outcome bury(struct children *all, size_t at)
{
	struct child *child = &all->items[at];
	struct child_outcome outcome = child->outcome;
	int status = 0;

	while (waitpid(child->process, &status, 0) < 0 && errno == EINTR)
		;
	close(child->fd);
	all->items[at] = all->items[--all->count];
	if (!all->count) {
		free(all->items);
		*all = (struct children){0};
	}
	outcome.by_signal = WIFSIGNALED(status);
	outcome.status = outcome.by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
	if (outcome.end == CHILD_DONE && status != 0)
		outcome.end = !outcome.by_signal && outcome.status == MEM_EXHAUSTED_STATUS
		                  ? CHILD_OUT_OF_MEMORY
		                  : CHILD_CRASHED;
	return outcome;
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
	struct pollfd *fds = mem_calloc(all->count, sizeof(*fds));
	enum err err = ERR_NONE;
	bool found = false;

	for (size_t i = 0; i < all->count; i++)
		fds[i] = (struct pollfd){.fd = all->items[i].fd, .events = POLLIN};
	while (!found && !err) {
		uint64_t now;

		if (poll(fds, all->count, until_deadline(all, clock_ns())) < 0 && errno != EINTR) {
			err = error_set(error, ERR_IO, "cannot wait for a process: %s",
			                strerror(errno));
			break;
		}
		now = clock_ns();
		for (size_t i = 0; i < all->count && !found; i++) {
			if (all->items[i].deadline_ns <= now)
				stop(&all->items[i], CHILD_OUT_OF_TIME);
			if (!fds[i].revents || listen_to(&all->items[i]))
				continue;
			*outcome = bury(all, i);
			found = true;
		}
	}
	free(fds);
	return err;
}

void children_kill(struct children *all)
{
	while (all->count) {
		struct child_outcome outcome;

		kill(all->items[0].process, SIGKILL);
		outcome = bury(all, 0);
		buf_release(&outcome.said);
	}
}
