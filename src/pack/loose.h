/*
 * Loose objects: files of one object each, which are a zlib stream (RFC 1950) of the object's type,
 * a space, its size in decimal digits, a NUL and its bytes (git's Documentation, "Git Objects" in
 * user-manual). They are read here as libgit2 1.5 writes past its memory where a stream holds more
 * than it says.
 */
#ifndef TRAWL_PACK_LOOSE_H
#define TRAWL_PACK_LOOSE_H

#include "base/buf.h"
#include "base/error.h"
#include "model/object.h"

/* Bytes of a file that nearly always suffice to tell the object's type. */
enum { LOOSE_HEAD_MAX = 256 };

/* More bytes than any file has whose object has so many: what does not shrink is stored. */
size_t loose_file_max(size_t object_max);

/*
 * Reads the object out of its file into out (emptied first), whose maximum bounds it; for out NULL
 * its type only, for which the file's start is enough if it goes on behind the head. ERR_CORRUPT
 * when it is none, has another size than it says, or has anything behind it; ERR_LIMIT past the
 * maximum or for 4 GiB and more. On failure out is empty. That the object is the one that was
 * looked for is for the caller to check.
 */
enum err loose_read(struct bytes file, enum object_type *type, struct buf *out);

#endif
