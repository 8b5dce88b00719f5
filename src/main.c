/* The command line's first word chooses the command. */
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/status.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
    {"scan", command_scan},       {"history", command_history}, {"staged", command_staged},
    {"receive", command_receive}, {"hook", command_hook},       {"baseline", command_baseline},
    {"config", command_config},   {"rules", command_rules},     {"batch", command_batch},
    {"merge", command_merge},
};

/*
 * A crash must leave no secrets in a core dump; files that are opened must not take the place of a
 * closed standard stream; and a closed pipe is an error like others, not the end.
 */
static int prepare(void)
{
	const struct rlimit no_core = {0, 0};

	if (setrlimit(RLIMIT_CORE, &no_core) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return -1;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* Opened the wrong way round, so that its use fails as that of a closed one does.
		 */
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return -1;
	}
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0;
}

/* The status, unless what went to standard output did not get there. */
static int finish(int status)
{
	struct error error;

	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return status;
	error_set(&error, ERR_IO, "standard output: %s", strerror(errno ? errno : EIO));
	return status_error(&error);
}

int main(int argc, char **argv)
{
	struct error error;

	if (prepare() != 0) {
		error_set(&error, ERR_IO, "the process cannot be made safe: %s", strerror(errno));
		return status_error(&error);
	}
	if (argc < 2) {
		fputs(help_trawl, stderr);
		return STATUS_ERROR;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		fputs(help_trawl, stdout);
		return finish(STATUS_CLEAN);
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("trawl " TRAWL_VERSION);
		return finish(STATUS_CLEAN);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return finish(commands[i].run(argc - 1, argv + 1));
	}
	error_set(&error, ERR_USAGE, "unknown command '%s'; try: trawl --help", argv[1]);
	return status_error(&error);
}
