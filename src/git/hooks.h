/*
 * Where git looks for a repository's hooks: githooks(5), and core.hooksPath in git-config(1).
 */
#ifndef TRAWL_GIT_HOOKS_H
#define TRAWL_GIT_HOOKS_H

#include "git/repository.h"

struct hooks_folder {
	const char *path; /* absolute */
	const char
	    *origin; /* the configuration file that names it; NULL: none, it is the usual one */
	bool shared; /* it lies outside the repository: others may use it, too */
};

/*
 * Finds the folder of hooks that git runs in the work tree, or with `receiving` of those for a push
 * that comes in (a relative core.hooksPath differs in these). It need not exist. The texts are
 * owned by the arena. ERR_UNSUPPORTED, naming the remedy, when that depends on what git alone
 * knows; ERR_IO, ERR_CORRUPT, ERR_LIMIT for a configuration that cannot be read.
 */
enum err hooks_find(struct hooks_folder *hooks, const struct repository *repository, bool receiving,
                    struct arena *arena, struct error *error);

#endif
