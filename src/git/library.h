/*
 * What stands between libgit2 and a stranger's repository: it is made ready in one place, and the
 * small files that lead to a repository are read here, as libgit2 waits for FIFOs and reads files
 * of any size.
 */
#ifndef TRAWL_GIT_LIBRARY_H
#define TRAWL_GIT_LIBRARY_H

#include "base/buf.h"

/*
 * Makes libgit2 ready. It stays so until the program ends, as making it ready takes 5 ms, too long
 * to do for each of many repositories. False when it refuses.
 */
bool library_start(void);

/* Records what libgit2 says of its last failure, after `what` it was about; returns code. */
enum err library_error(struct error *error, enum err code, const char *what);

/*
 * Reads a regular file, opened below the folder `at`, into out (emptied first), whose maximum
 * bounds it. ERR_MISSING when there is none, ERR_CORRUPT when it is no regular file, ERR_LIMIT,
 * ERR_IO.
 */
enum err library_read_file(int at, const char *name, struct buf *out, struct error *error);

/* The same of the file's start: as much of it as out's maximum admits. */
enum err library_read_start(int at, const char *name, struct buf *out, struct error *error);

/*
 * Reads a regular file that holds one short line, without its line end, into line with `size`
 * bytes; false when it is anything else.
 */
bool library_read_line(int at, const char *name, char line[], size_t size);

/*
 * The folder that a `.git` file names, as it is written: relative to the folder that the file lies
 * in. NULL when it names none. It lies in line with `size` bytes.
 */
const char *library_gitfile(int at, const char *name, char line[], size_t size);

#endif
