/*
 * Runs two commands in turn, again and again, and prints for each pair of runs what either took:
 *
 *     pairs COUNT -- COMMAND... -- COMMAND... [+ COMMAND...]
 *
 * Commands with a + between them run one after the other and count as one. One line a pair:
 * microseconds, peak resident kilobytes and exit status of the first, then of the second. Both have
 * no input and their output is thrown away; one more pair goes before, uncounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

struct usage {
	int64_t us;
	long kilobytes; /* at the peak */
	int status;     /* as a shell says it */
};

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static int64_t now_us(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		fail("clock_gettime");
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct usage run(char **command, const posix_spawn_file_actions_t *silence)
{
	struct rusage usage;
	int64_t start = now_us();
	int status;
	pid_t child;

	if (!command[0]) {
		errno = EINVAL;
		fail("a command without words");
	}
	if (posix_spawnp(&child, command[0], silence, NULL, command, environ) != 0)
		fail(command[0]);
	if (wait4(child, &status, 0, &usage) < 0)
		fail("wait4");
	return (struct usage){
	    .us = now_us() - start,
	    .kilobytes = usage.ru_maxrss,
	    .status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
	};
}

/* Runs one command after the other; the words are as they were afterwards. */
static struct usage run_all(char **words, const posix_spawn_file_actions_t *silence)
{
	struct usage all = {0};

	while (*words) {
		char **end = words, *plus;
		struct usage one;

		while (*end && strcmp(*end, "+") != 0)
			end++;
		plus = *end;
		*end = NULL;
		one = run(words, silence);
		*end = plus;
		all.us += one.us;
		all.kilobytes = all.kilobytes > one.kilobytes ? all.kilobytes : one.kilobytes;
		all.status = all.status > one.status ? all.status : one.status;
		words = plus ? end + 1 : end;
	}
	return all;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t silence;
	char **second = NULL;
	long count;

	if (argc < 6 || strcmp(argv[2], "--") != 0)
		return 2;
	for (char **word = argv + 3; *word; word++) {
		if (strcmp(*word, "--") == 0) {
			*word = NULL;
			second = word + 1;
		}
	}
	if (!second || !argv[3] || !second[0])
		return 2;

	if (posix_spawn_file_actions_init(&silence) != 0 ||
	    posix_spawn_file_actions_addopen(&silence, 0, "/dev/null", O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(&silence, 1, "/dev/null", O_WRONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(&silence, 2, "/dev/null", O_WRONLY, 0) != 0)
		fail("posix_spawn_file_actions");
	count = strtol(argv[1], NULL, 10);
	for (long i = -1; i < count; i++) {
		struct usage first = run_all(argv + 3, &silence);
		struct usage other = run_all(second, &silence);

		if (i >= 0)
			printf("%" PRId64 " %ld %d %" PRId64 " %ld %d\n", first.us, first.kilobytes,
			       first.status, other.us, other.kilobytes, other.status);
	}
	return fflush(stdout) == 0 ? 0 : 2;
}
