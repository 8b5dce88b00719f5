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
 * Finds work trees (a folder with a `.git`), bare repositories and the git folders of submodules,
 * also within each other; a repository with linked work trees, or whose git folder lies elsewhere,
 * is found once: as itself if it lies below the folder, else as the first that leads to it.
 * Symbolic links are not followed, and no object folder is searched. ERR_IO when `folder` cannot be
 * read; of folders below it that cannot, the number is added to *unreadable.
 */
enum err repositories_find(struct found_repositories *found, const char *folder, size_t *unreadable,
                           struct error *error);
void found_repositories_release(struct found_repositories *found);

#endif
