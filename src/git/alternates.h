/*
 * Alternates: the folders of other repositories' objects that a repository counts on
 * (gitrepository-layout(5), "objects/info/alternates").
 */
#ifndef TRAWL_GIT_ALTERNATES_H
#define TRAWL_GIT_ALTERNATES_H

#include "base/arena.h"
#include "base/buf.h"

/*
 * The folder of objects, then those that `more` names as GIT_ALTERNATE_OBJECT_DIRECTORIES does
 * (git(1): colons between them, perhaps quoted), and the alternates of all, each once, in their
 * canonical form and NULL-terminated; owned by the arena. What is gone, unreadable, or past the
 * limits is left out, and told by lack_add().
 */
const char *const *alternates_find(struct arena *arena, const char *objects, const char *more,
                                   struct buf *lack);

/* Adds a reason why objects may be missing: what, where ("" for nowhere) and what helps. */
void lack_add(struct buf *lack, const char *what, const char *path, const char *advice);

#endif
