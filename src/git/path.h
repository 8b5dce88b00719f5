/*
 * Paths of the system, made in an arena.
 */
#ifndef TRAWL_GIT_PATH_H
#define TRAWL_GIT_PATH_H

#include "base/arena.h"

/* folder/name; owned by the arena. */
const char *path_join(struct arena *arena, const char *folder, const char *name);

/* The path that `name`, written in a file of the folder, means; owned by the arena, or `name`. */
const char *path_join_relative(struct arena *arena, const char *folder, const char *name);

/* The absolute path without links and dots, owned by the arena; NULL, with errno, if there is none.
 */
const char *path_canonical(struct arena *arena, const char *path);

/* Whether a folder is there, perhaps through links. */
bool path_is_folder(const char *path);

#endif
