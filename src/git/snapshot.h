/*
 * A snapshot: a digest of all that a scan of a repository's history reads, made of names, sizes and
 * times alone, so that it takes a moment. Two that are equal are of a repository that did not
 * change between them.
 */
#ifndef TRAWL_GIT_SNAPSHOT_H
#define TRAWL_GIT_SNAPSHOT_H

#include "base/digest.h"
#include "git/repository.h"

/*
 * Makes the snapshot, and one of the references alone (names and what they name), and sets *head
 * to HEAD's id, zero if there is none. A repository that changed within the last seconds, which
 * the times of its files could hide, has a snapshot that equals no other. ERR_IO, ERR_CORRUPT,
 * ERR_LIMIT when the references cannot be read.
 */
enum err repository_snapshot(struct repository *repository, struct object_id *head,
                             unsigned char references[DIGEST_SIZE],
                             unsigned char snapshot[DIGEST_SIZE], struct error *error);

#endif
