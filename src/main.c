/* The command line's first word chooses the command. */
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/status.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
    {"scan", command_scan},
    {"history", command_history},
    {"rules", command_rules},
};

int main(int argc, char **argv)
{
	/* A crash must not leave secrets in a core dump. */
	const struct rlimit no_core = {0, 0};
	struct error error;

	setrlimit(RLIMIT_CORE, &no_core);
	if (argc < 2) {
		fputs(help_trawl, stderr);
		return STATUS_ERROR;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		fputs(help_trawl, stdout);
		return STATUS_CLEAN;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("trawl " TRAWL_VERSION);
		return STATUS_CLEAN;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	error_set(&error, ERR_USAGE, "unknown command '%s'; try: trawl --help", argv[1]);
	return status_error(&error);
}
