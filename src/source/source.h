/*
 * A source of blobs: the files that `trawl scan` is asked about. Folders are walked by all workers
 * at once, entry by entry, so that memory does not grow with the tree; every path below an operand
 * is opened relative to its folder and no symbolic link is followed. In a git work tree tracked
 * files and untracked ones that are not ignored are given; elsewhere everything.
 */
#ifndef TRAWL_SOURCE_SOURCE_H
#define TRAWL_SOURCE_SOURCE_H

#include "base/error.h"
#include "model/blob.h"
#include "model/coverage.h"

#include <stdint.h>

struct source_options {
	bool include_ignored;   /* give what .gitignore leaves out, too */
	uint64_t max_size;      /* bytes; larger files are not read */
	bool max_size_chosen;   /* by the user: then such files are skipped, else lost */
	const char *stdin_name; /* the path that standard input is reported under; NULL, "": "-" */
	/* Whether what stands at this path is left out; a folder with all in it. NULL: nothing is.
	 */
	bool (*excludes)(const void *context, struct bytes path);
	const void *excludes_context;
};

struct source; /* shared by the workers; has a lock of its own */
struct reader; /* one worker's buffers */

/*
 * A source of all operands: folders, files, and "-" for standard input. ERR_MISSING naming the
 * first operand that does not exist; ERR_IO when one cannot be looked at, unless its rights forbid
 * it: then it is lost when it is its turn. The limit on open files is raised as far as the process
 * may. *out is the caller's.
 */
enum err source_open(struct source **out, const char *const *operands, size_t count,
                     const struct source_options *options, struct error *error);

void source_close(struct source *source);

/* A reader for one worker; owned by the caller, to be freed before its source is closed. */
struct reader *reader_new(struct source *source);
void reader_free(struct reader *reader);

/*
 * Reads the next blob that no reader has had yet. Its path is the operand joined with the path
 * below it ("." adds nothing); both are valid until the next call. What is left out or cannot be
 * read is recorded in coverage (never NULL) and passed over. Returns false when nothing is left.
 */
bool reader_next(struct reader *reader, struct blob *blob, struct coverage *coverage);

/* Files that were given so far, by all readers; for progress. */
uint64_t source_given(const struct source *source);

#endif
