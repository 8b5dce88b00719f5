/*
 * Replacing a file as one step: whoever looks, and whenever the process dies, finds the old content
 * or the new one.
 */
#ifndef TRAWL_BASE_REPLACE_H
#define TRAWL_BASE_REPLACE_H

#include "base/bytes.h"
#include "base/error.h"

/*
 * Gives the file this content, through a temporary file beside it. One that exists keeps its mode;
 * a link is replaced, not followed. ERR_IO, with the file as it was.
 */
enum err file_replace(const char *path, struct bytes content, struct error *error);

/* The same for a program: whoever may read it may execute it. */
enum err file_replace_program(const char *path, struct bytes content, struct error *error);

#endif
