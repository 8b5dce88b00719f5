/*
 * Repositories in a folder and the folders below it.
 */
#ifndef TRAWL_GIT_FIND_H
#define TRAWL_GIT_FIND_H

#include "base/error.h"

#include <stddef.h>

/* Paths, sorted, each once; zero-initialise. */
struct found_repositories {
	char **paths;
	size_t count;
	size_t cap;
};

/*
 * Finds work trees (a folder with a `.git`) and bare repositories. Symbolic links are not followed,
 * and what lies inside a repository is its own affair. ERR_IO when `folder` cannot be read; of
 * folders below it that cannot, the number is added to *unreadable.
 */
enum err repositories_find(struct found_repositories *found, const char *folder, size_t *unreadable,
                           struct error *error);
void found_repositories_release(struct found_repositories *found);

#endif
