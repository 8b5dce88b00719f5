/*
 * A repository, read through libgit2: where its objects lie, what its references name, and single
 * objects. Nothing in it is executed, and no configuration of it changes what is read. One thread
 * at a time calls these functions; repository_read() has a lock of its own.
 */
#ifndef TRAWL_GIT_REPOSITORY_H
#define TRAWL_GIT_REPOSITORY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "model/object.h"

struct repository;

/*
 * Opens the repository at path: a work tree, a linked work tree, a `.git` folder or file, or a bare
 * repository; with `search`, also one above path. Other users' repositories are opened without
 * asking. ERR_MISSING when there is none; ERR_UNSUPPORTED, naming the reason and the remedy, for
 * SHA-256 and reftable repositories and for extensions that are not known to be harmless.
 */
enum err repository_open(struct repository **out, const char *path, bool search,
			 struct error *error);
void repository_close(struct repository *repository);

/* The work tree, or for a bare repository its folder; absolute, without a slash at the end. */
const char *repository_folder(const struct repository *repository);

/* The address of the remote `origin` without user and password; NULL if there is none. */
const char *repository_remote(const struct repository *repository);

/*
 * The folders of objects, NULL-terminated, absolute: the repository's own (the common one of a
 * linked work tree), then its alternates and theirs, each once. Owned by the repository. An
 * alternate that is gone is not among them and makes repository_may_lack() true.
 */
const char *const *repository_object_folders(const struct repository *repository);

/*
 * Whether the store says that it may lack objects: a partial clone (extensions.partialClone or a
 * .promisor pack), a shallow clone, an alternate that is gone. *reason (if it does) is for people
 * and names the remedy.
 */
bool repository_may_lack(const struct repository *repository, const char **reason);

/* One reference, or HEAD. */
struct reference {
	const char *name;	 /* "refs/heads/main", "HEAD" */
	struct object_id id;	 /* what it names: a commit, a tag, a tree or a blob */
	struct object_id commit; /* what that leads to through tags; zero if to no commit */
};

struct reference_list {
	struct reference *items; /* sorted by name; HEAD (if it leads anywhere) is first */
	size_t count;
	struct arena arena;
};

/* Reads all references of the repository and of its linked work trees' HEADs. ERR_CORRUPT, ERR_IO.
 */
enum err repository_references(struct repository *repository, struct reference_list *list,
			       struct error *error);
void reference_list_release(struct reference_list *list);

/*
 * Reads one object, from wherever it lies, into out (emptied first), whose maximum bounds it.
 * ERR_MISSING, ERR_CORRUPT, ERR_LIMIT. Replace references and grafts are not followed. May be
 * called by any thread.
 */
enum err repository_read(struct repository *repository, const struct object_id *id,
			 enum object_type *type, struct buf *out, struct error *error);

/*
 * Calls visit for each loose object of all object folders, each id once in ascending order.
 * ERR_IO when a folder cannot be read (the rest is still visited).
 */
enum err repository_loose(struct repository *repository,
			  void (*visit)(void *context, const struct object_id *id), void *context,
			  struct error *error);

/* The id that a revision (as git-rev-parse(1) has them) names; ERR_MISSING, ERR_USAGE. */
enum err repository_resolve(struct repository *repository, const char *revision,
			    struct object_id *id, struct error *error);

#endif
