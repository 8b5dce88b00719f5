/*
 * The index of a batch's results: which repositories the batch is for, and what became of each.
 * It lies in the folder of the results as "index.jsonl": a line for the batch, then a line for each
 * repository. It is replaced as a whole, so that there is a sound one at any moment; what was done
 * after the last one was written is done again.
 */
#ifndef TRAWL_BATCH_INDEX_H
#define TRAWL_BATCH_INDEX_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "model/object.h"
#include "model/rule.h"

#include <stdbool.h>
#include <stdint.h>

enum { BATCH_REASON_MAX = 1024 };

/* Raised whenever an older program could misread the index. */
enum { INDEX_VERSION = 1 };

/* What was found out about a repository. */
struct batch_facts {
	unsigned char snapshot[DIGEST_SIZE]; /* of all that was there to scan */
	char head[OBJECT_ID_HEX + 1];        /* HEAD's commit; "": none */
	unsigned char references[DIGEST_SIZE];
	uint64_t findings[LEVEL_ERROR + 1]; /* by level */
	uint64_t lost;
	uint64_t objects;
	uint64_t bytes;
	uint64_t ns;                   /* that it took */
	char reason[BATCH_REASON_MAX]; /* why it could not be scanned; "": it was */
	bool unwritten;                /* the reason is that its results could not be written */
};

struct batch_line {
	const char *path;         /* as it was named; owned by the index */
	const char *file;         /* the results' name, without folder and ending; likewise */
	bool done;                /* the results are there */
	struct batch_facts facts; /* of those that are done */
};

/* Zero-initialise. */
struct batch_index {
	unsigned char list[DIGEST_SIZE];     /* of the list of which this is a share, or all */
	unsigned char settings[DIGEST_SIZE]; /* of all that decides how is scanned and written */
	unsigned char key[DIGEST_SIZE];      /* of the fingerprints' key */
	unsigned share;                      /* from 1 */
	unsigned shares;
	uint64_t unreadable; /* folders that were to be searched for repositories */
	bool finished;       /* the run came to its end */
	int64_t started; /* Unix seconds: when the run, or the one that it goes on with, began */
	struct batch_line *lines; /* sorted by path */
	size_t count;
	size_t cap;
	struct arena text;
};

/*
 * Takes the folder for this process, which may make it: ERR_USAGE when another one has it. *fd is
 * to be closed at the end; other descriptors of the same file must not be.
 */
enum err batch_index_lock(const char *folder, int *fd, struct error *error);

/* Where the folder's index is; the caller frees it. */
char *batch_index_path(const char *folder);

/* Reads the folder's index. ERR_MISSING when there is none; ERR_CORRUPT; ERR_IO. */
enum err batch_index_read(struct batch_index *index, const char *folder, struct error *error);

/* Replaces the folder's index. ERR_IO. */
enum err batch_index_write(const struct batch_index *index, const char *folder,
                           struct error *error);

/* Adds a repository that is not done. */
void batch_index_add(struct batch_index *index, const char *path);

/* Puts the lines into their order. */
void batch_index_sort(struct batch_index *index);

/* The line of that path; NULL if there is none. */
const struct batch_line *batch_index_find(const struct batch_index *index, const char *path);

void batch_index_release(struct batch_index *index);

#endif
