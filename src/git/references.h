/*
 * What a repository's references say, read from its files (gitrepository-layout(5), "refs",
 * "packed-refs"). libgit2 drops what it cannot read and waits for FIFOs; here the broken ones are
 * counted, and symbolic ones lead to other references only, never to other files.
 */
#ifndef TRAWL_GIT_REFERENCES_H
#define TRAWL_GIT_REFERENCES_H

#include "base/arena.h"
#include "base/error.h"
#include "model/object.h"

/* One reference, or HEAD. */
struct reference {
	const char *name;        /* "refs/heads/main", "HEAD" */
	const char *target;      /* the name that a symbolic one leads to; NULL for others */
	struct object_id id;     /* what it names: a commit, a tag, a tree or a blob */
	struct object_id commit; /* what that leads to through tags; zero if to no commit */
};

struct reference_list {
	struct reference *items; /* sorted by name; HEAD (if it leads anywhere) is first */
	size_t count;
	size_t broken; /* left out: unreadable, or not of a reference's form */
	struct arena arena;
};

/*
 * Reads the references of the repository whose files lie in the folder `git`, and those that linked
 * work trees share in `common` (for others the same text). Fills in names and ids, not commits; a
 * symbolic reference that leads nowhere is left out, as an unborn HEAD is. ERR_IO, ERR_CORRUPT and
 * ERR_LIMIT when the packed references cannot be read; list is empty then.
 */
enum err references_read(struct reference_list *list, const char *git, const char *common,
                         struct error *error);

/*
 * The id that one reference ("HEAD", "refs/heads/main") names in that repository, found without
 * reading the others; *id is zero on failure. ERR_MISSING when it, or what it leads to, does not
 * exist, as with an unborn HEAD; ERR_CORRUPT for what is no reference; ERR_IO, ERR_LIMIT.
 */
enum err reference_find(struct object_id *id, const char *git, const char *common, const char *name,
                        struct error *error);

void reference_list_release(struct reference_list *list);

#endif
