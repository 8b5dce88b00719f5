/*
 * A repository: where its objects lie, what its references name, and single objects, which libgit2
 * reads. Nothing in it is executed, and no configuration of it changes what is read. One thread at
 * a time calls these functions; repository_read() has a lock of its own.
 */
#ifndef TRAWL_GIT_REPOSITORY_H
#define TRAWL_GIT_REPOSITORY_H

#include "base/buf.h"
#include "base/error.h"
#include "git/references.h"
#include "model/id_map.h"

struct repository;

/*
 * Opens the repository at path: a work tree, a linked work tree, a `.git` folder or file, or a bare
 * repository; with `search`, also one above path. Other users' repositories are opened without
 * asking. *out is the caller's. ERR_MISSING when there is none; ERR_IO, ERR_CORRUPT and ERR_LIMIT
 * when there is one that cannot be read; ERR_UNSUPPORTED, naming the reason and the remedy, for
 * SHA-256 and reftable repositories and for extensions that are not known to be harmless.
 */
enum err repository_open(struct repository **out, const char *path, bool search,
                         struct error *error);

/*
 * Opens the repository that git runs a hook for: the one that GIT_DIR names, else the one in which
 * the process stands. Objects that a push brings and that wait in quarantine (git-receive-pack(1))
 * are read, too: GIT_OBJECT_DIRECTORY and GIT_ALTERNATE_OBJECT_DIRECTORIES count. Errors as above.
 */
enum err repository_open_hooked(struct repository **out, struct error *error);
void repository_close(struct repository *repository);

/*
 * The work tree, or for a bare repository its folder; absolute, without a slash at the end. A work
 * tree that only the configuration names (core.worktree) does not count.
 */
const char *repository_folder(const struct repository *repository);

/* The folder of the repository's files, and the one that linked work trees share; absolute. */
const char *repository_git(const struct repository *repository);
const char *repository_common(const struct repository *repository);

/* Whether it has no work tree. */
bool repository_is_bare(const struct repository *repository);

/* The folder of the repository's own files, such as HEAD and the index; absolute. */
const char *repository_files(const struct repository *repository);

/* The address of the remote `origin` without user and password; NULL if there is none. */
const char *repository_remote(const struct repository *repository);

/*
 * The folders of objects, NULL-terminated, absolute: the repository's own (the common one of a
 * linked work tree), then its alternates and theirs, each once. Owned by the repository. An
 * alternate that is gone is not among them and makes repository_may_lack() true.
 */
const char *const *repository_object_folders(const struct repository *repository);

/*
 * Whether the store says that it may lack objects: a partial clone (extensions.partialClone, a
 * remote that is a promisor or a .promisor pack), a shallow clone, an alternate that is gone.
 * *reason (if it does) is for people and names the remedy.
 */
bool repository_may_lack(const struct repository *repository, const char **reason);

/*
 * Reads all references of the repository and the HEADs of its linked work trees
 * ("worktrees/NAME/HEAD", and "main-worktree/HEAD" seen from one of those) into list, which the
 * caller releases. What is broken is counted there. ERR_IO, ERR_CORRUPT or ERR_LIMIT when the
 * packed references cannot be read; list is empty then.
 */
enum err repository_references(struct repository *repository, struct reference_list *list,
                               struct error *error);

/* As repository_references(), without what they lead to through tags (`commit` is zero). */
enum err repository_reference_ids(struct repository *repository, struct reference_list *list,
                                  struct error *error);

/* Fills in the commit that the reference's id leads to; zero if to none. */
void repository_peel(struct repository *repository, struct reference *reference);

/*
 * Adds the commits that the next one will follow: HEAD's, unless there is none yet, and those that
 * are being merged. ERR_CORRUPT, ERR_IO or ERR_LIMIT when they cannot be told.
 */
enum err repository_parents(const struct repository *repository, struct id_map *commits,
                            struct error *error);

/*
 * Reads one object, from wherever it lies, into out (emptied first), whose maximum bounds it; for
 * out NULL its type only. ERR_MISSING, ERR_CORRUPT, ERR_LIMIT; a broken copy does not hide a good
 * one elsewhere. Replace references and grafts are not followed. May be called by any thread. Not
 * for entries of a pack whose REF_DELTA bases lead round in a circle, unless repository_refuse()
 * names them: libgit2 1.5, like git, does not come back from one.
 */
enum err repository_read(struct repository *repository, const struct object_id *id,
                         enum object_type *type, struct buf *out, struct error *error);

/* From now on repository_read() refuses these objects (ERR_CORRUPT); ids outlives the repository.
 */
void repository_refuse(struct repository *repository, const struct id_map *ids);

/* The folder of objects in which what a push brings waits; NULL if nothing waits. */
const char *repository_quarantine(const struct repository *repository);

/* Whether the object lies in the quarantine and nowhere else: no reference leads to it yet. */
bool repository_brings(struct repository *repository, const struct object_id *id);

/*
 * Calls visit for each loose object of all object folders, each id once in ascending order.
 * ERR_IO when a folder cannot be read (the rest is still visited).
 */
enum err repository_loose(struct repository *repository,
                          void (*visit)(void *context, const struct object_id *id), void *context,
                          struct error *error);

/*
 * The id that a revision (gitrevisions(7)) names; ERR_MISSING, ERR_USAGE, ERR_CORRUPT. Those that
 * ask the configuration (`@{upstream}`) or the index (`:FILE`) name nothing.
 */
enum err repository_resolve(struct repository *repository, const char *revision,
                            struct object_id *id, struct error *error);

#endif
