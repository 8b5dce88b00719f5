/*
 * Names that are safe for files, made of any text: a path, an address.
 */
#ifndef TRAWL_BASE_SAFE_NAME_H
#define TRAWL_BASE_SAFE_NAME_H

#include "base/buf.h"

/*
 * Appends a name of letters, digits, '_', '-' and '.', of 80 characters at most and not beginning
 * with '.': the last part of the text as far as people need it, and a digest of the whole. Texts
 * that differ have names that differ.
 */
void safe_name_append(struct buf *out, const char *text);

#endif
