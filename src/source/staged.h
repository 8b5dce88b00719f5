/*
 * A source of blobs: what is staged, read from the index and the objects, never from the work tree.
 * What the next commit brings is what differs in the index from all commits that it will follow:
 * HEAD, and those that are being merged. What the changed files held there tells old secrets from
 * new ones.
 */
#ifndef TRAWL_SOURCE_STAGED_H
#define TRAWL_SOURCE_STAGED_H

#include "base/buf.h"
#include "model/object.h"
#include "source/source.h"

struct staged; /* const once it is chosen what to give: workers may share it then */

/* One version of a file. */
struct staged_file {
	struct bytes path; /* relative to the work tree's top; owned by the source */
	struct object_id id;
	uint32_t mode;
};

struct staged_files {
	struct staged_file *items; /* in order of their paths, each once */
	size_t count;
	size_t cap;
};

/*
 * Opens the repository that git means here (GIT_DIR, GIT_INDEX_FILE and GIT_WORK_TREE count) and
 * compares its index. *out is the caller's. The errors of repository_open_hooked(), index_read()
 * and difference_find().
 */
enum err staged_open(struct staged **out, const struct source_options *options,
                     struct error *error);
void staged_close(struct staged *staged);

/* The top of the work tree; absolute. */
const char *staged_top(const struct staged *staged);

/*
 * Reads the file that the index holds at this path, relative to the top, into out (emptied first),
 * whose maximum bounds it. ERR_MISSING if there is none; ERR_CORRUPT for a link, what is in
 * conflict and a file whose object is not here; ERR_LIMIT.
 */
enum err staged_read(struct staged *staged, const char *path, struct buf *out, struct error *error);

/*
 * Chooses what is to be scanned: the files that differ from all parents, or of these the ones that
 * the operands name, relative to the current folder; a folder means what lies below it. If one of
 * the operands is a file that does not differ, all that they name is chosen, changed or not, and
 * *whole becomes true: then nothing is old. Submodules are counted in coverage, files in conflict
 * are lost. ERR_MISSING for an operand that git does not know, ERR_USAGE for one outside.
 */
enum err staged_choose(struct staged *staged, const char *const *operands, size_t count,
                       struct staged_files *files, bool *whole, struct coverage *coverage,
                       struct error *error);

/* All earlier versions of all files that changed, whatever was chosen. */
void staged_old(const struct staged *staged, struct staged_files *files);

void staged_files_release(struct staged_files *files);

/*
 * Reads the blob of a file into content (see file_buffer_init()). False when there is nothing to
 * scan: why is recorded in coverage. Any thread may call this.
 */
bool staged_load(struct staged *staged, const struct staged_file *file, struct buf *content,
                 struct blob *blob, struct coverage *coverage);

#endif
