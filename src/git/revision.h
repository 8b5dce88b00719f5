/*
 * Revisions as people write them (gitrevisions(7)): plain ones are looked up here, the others
 * resolved by libgit2, which sees nothing of a stranger's repository but its references, their
 * logs, and the objects that the store reads.
 */
#ifndef TRAWL_GIT_REVISION_H
#define TRAWL_GIT_REVISION_H

#include "git/store.h"

/*
 * The id that a revision names in the repository whose files lie in the folder `folder`, and those
 * that linked work trees share in `common`. ERR_MISSING, ERR_USAGE, ERR_CORRUPT. Those that ask the
 * configuration (`@{upstream}`) or the index (`:FILE`) name nothing.
 */
enum err revision_resolve(struct store *store, const char *folder, const char *common,
                          const char *revision, struct object_id *id, struct error *error);

#endif
