/*
 * The hash by which GitHub code scanning recognises a line after its file has changed
 * (partialFingerprints.primaryLocationLineHash): computed as github/codeql-action does on upload,
 * so that its values and ours are the same.
 */
#ifndef TRAWL_SCAN_LINE_HASH_H
#define TRAWL_SCAN_LINE_HASH_H

#include "base/bytes.h"

#include <stdint.h>

struct line_hash {
	uint64_t hash;  /* written in lower-case hexadecimal without leading zeros */
	uint32_t count; /* which line with that hash it is, from 1; 0: there is no such line */
};

/*
 * Fills out[i] with the hash of line lines[i] of the text. The numbers are 1-based and ascending;
 * one may stand there twice. Here a lone CR ends a line, too, because GitHub looks a result's line
 * up in its own count. The text is the file's own bytes: GitHub reads every file as UTF-8, each
 * broken piece as U+FFFD, and keeps a byte order mark. Memory grows with count, never with the
 * text, which is read at most twice.
 */
void line_hash_of(struct bytes text, const uint32_t *lines, size_t count, struct line_hash *out);

#endif
