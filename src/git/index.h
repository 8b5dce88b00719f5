/*
 * Git's index (gitformat-index(5)): what the next commit will consist of. All versions are read,
 * split and sparse indexes too, which libgit2 cannot. What git itself could not read is refused,
 * never taken for an empty index. Like git, which commits what the bytes say, this does not compute
 * their checksum.
 */
#ifndef TRAWL_GIT_INDEX_H
#define TRAWL_GIT_INDEX_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "model/object.h"

struct index_entry {
	struct bytes path;   /* relative to the top; that of a sparse folder ends in '/' */
	struct object_id id; /* of a blob, a submodule's commit, or a sparse folder's tree */
	uint32_t mode;       /* as in trees (git/tree_entries.h) */
	uint8_t stage;       /* 0; 1 to 3: one side of a conflict */
	bool intended;       /* by `git add --intent-to-add`: not in the next commit */
};

/* A folder whose tree is known, as the cache-tree extension tells it. */
struct index_folder {
	struct bytes name;   /* without its parents'; the top's is empty */
	struct object_id id; /* of the tree */
	bool known;          /* else only its sub-folders tell something */
	size_t entries;      /* of the index, in this folder and below */
	size_t first;        /* number of the first folder in it; the others follow */
	size_t count;        /* of the folders in it */
};

/* {0} is an empty index. */
struct index {
	struct index_entry *entries; /* sorted by path, then stage; each once */
	size_t count;
	struct index_folder *folders; /* the first is the top */
	size_t folder_count;          /* 0: nothing is known */
	struct bytes link;            /* the extension of a split index; ptr NULL: there is none */
	struct object_id checksum;    /* that the file ends with; zero: none (index.skipHash) */
	struct arena text;
	struct buf file;   /* which the others point into */
	struct buf shared; /* likewise */
};

/*
 * Reads the index in the file `path`; the shared one of a split index lies in the folder `git`.
 * ERR_MISSING when there is none, ERR_IO, ERR_LIMIT, ERR_CORRUPT, and ERR_UNSUPPORTED for an
 * extension that git could not leave out either; all name the file and, where there is one, the
 * remedy. The index is empty then.
 */
enum err index_read(struct index *index, const char *path, const char *git, struct error *error);
void index_release(struct index *index);

/*
 * Reads the bytes of one file, which must outlive the index, without what it shares with another
 * one. Errors are as above; `path` is only named in messages.
 */
enum err index_parse(struct index *index, struct bytes file, const char *path, struct error *error);

/*
 * Completes a split index that was just parsed with the shared one, which must outlive it. Its
 * paths are sorted, and each is there once, from then on.
 */
enum err index_join(struct index *index, const struct index *shared, const char *path,
                    struct error *error);

/* The number of the folder by this name in another one, or folder_count. */
size_t index_find_folder(const struct index *index, size_t parent, struct bytes name);

/* The number of the first entry whose path does not stand before this one. */
size_t index_find(const struct index *index, struct bytes path);

#endif
