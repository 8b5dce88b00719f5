/*
 * Alternates: the folders of other repositories' objects that a repository counts on
 * (gitrepository-layout(5), "objects/info/alternates").
 */
#ifndef TRAWL_GIT_ALTERNATES_H
#define TRAWL_GIT_ALTERNATES_H

#include "base/arena.h"
#include "base/buf.h"

/*
 * The folder of objects, then its alternates and theirs, each once, in their canonical form and
 * NULL-terminated; owned by the arena. What is gone, unreadable, or past the limits is left out,
 * and told by lack_add().
 */
const char *const *alternates_find(struct arena *arena, const char *objects, struct buf *lack);

/* Adds a reason why objects may be missing: what, where ("" for nowhere) and what helps. */
void lack_add(struct buf *lack, const char *what, const char *path, const char *advice);

#endif
