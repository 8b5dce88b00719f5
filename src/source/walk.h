/*
 * The folder walk that all workers share: a stack of folders under one lock. Whoever asks takes
 * some entries of the folder on top, pushes the sub-folders among them and reads the files on its
 * own time, so that memory is bounded by the depth of the tree and not by its size.
 */
#ifndef TRAWL_SOURCE_WALK_H
#define TRAWL_SOURCE_WALK_H

#include "source/file.h"

/* Folders below an operand are entered down to this depth. */
enum { WALK_DEPTH_MAX = 256 };

struct walk;

/* Files that one worker took and has not had yet. */
struct walk_batch {
	struct folder *folder; /* where they stand; NULL: none were taken */
	struct buf names;      /* one after the other, each with its NUL */
	size_t next;           /* offset of the next name */
	struct buf path;       /* of the file given last */
};

/* A walk of no folders; owned by the caller. */
struct walk *walk_new(const struct source_options *options);

/* Ends the walk; all batches must have been released. */
void walk_free(struct walk *walk);

/* Adds a folder that the user named. Not to be called once workers run; text must outlive it. */
void walk_add(struct walk *walk, const char *operand);

void walk_batch_init(struct walk_batch *batch);
void walk_batch_release(struct walk_batch *batch, struct walk *walk);

/*
 * Gives the next file that nobody has had yet, valid until the next call with this batch; what is
 * passed over is recorded in coverage. Returns false when nothing is left.
 */
bool walk_next(struct walk *walk, struct walk_batch *batch, struct file *file,
               struct coverage *coverage);

#endif
