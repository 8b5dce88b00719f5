/*
 * Reading one file whole, whatever it turns out to be: nothing here blocks on a FIFO, follows a
 * link that was not named by the user, or trusts a size.
 */
#ifndef TRAWL_SOURCE_FILE_H
#define TRAWL_SOURCE_FILE_H

#include "base/buf.h"
#include "source/source.h"

/* Where a file stands; nothing in it is owned. */
struct file {
	int folder;        /* an open folder's descriptor, or AT_FDCWD */
	const char *name;  /* relative to it; NULL: standard input */
	bool named;        /* by the user: then a symbolic link is followed */
	struct bytes path; /* as it is reported */
};

/* A content buffer that can hold what the options admit, and one byte more. */
void file_buffer_init(struct buf *content, const struct source_options *options);

/*
 * Puts the file's bytes into content. Returns false when there is nothing to scan; why is recorded
 * in coverage: a FIFO, socket or device is skipped, and lost if the user named it. Bytes of a file
 * that changed meanwhile are given, and the file recorded as lost.
 */
bool file_read(struct buf *content, const struct file *file, const struct source_options *options,
               struct coverage *coverage);

/* Whether the content is a pointer of Git LFS and nothing else. */
bool file_is_lfs_pointer(struct bytes content);

#endif
