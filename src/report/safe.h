/*
 * What may be shown: foreign text made safe to print, and secrets made unreadable. Every byte that
 * a report did not write itself goes through here or through the JSON writer.
 */
#ifndef TRAWL_REPORT_SAFE_H
#define TRAWL_REPORT_SAFE_H

#include "model/finding.h"

#include <stdbool.h>
#include <stdio.h>

/* Stands for what is not shown of a secret. */
#define SAFE_REDACTED "[REDACTED]"

enum { SAFE_PREVIEW_MAX = 64, SAFE_LINE_HASH_MAX = 32 };

/*
 * Writes the text with unsafe characters and invalid UTF-8 as \xNN, byte for byte, and a backslash
 * as two, so that the original can be told. Returns the number of characters that this takes; out
 * may be NULL to learn only that. Failures show in ferror(out).
 */
size_t safe_write(FILE *out, struct bytes text);

/*
 * The same text, for a page: as content or a quoted attribute of HTML, and as (part of) a string of
 * JSON in a <script>. Whatever the text is, it ends neither.
 */
void safe_write_html(FILE *out, struct bytes text);
void safe_write_script(FILE *out, struct bytes text);

/* The start of a secret that all of its kind have in common; points into the finding. */
struct bytes safe_prefix(const struct finding *f);

/* "sqco_[REDACTED] (64 bytes)", in out; the length is the secret's. Returns out. */
const char *safe_preview(const struct finding *f, char out[SAFE_PREVIEW_MAX]);

/* Takes prefix and length from such a text; false if it is none. */
bool safe_preview_read(struct finding *f, const char *preview);

/* The hash of the finding's line, which it has, as GitHub writes it: "39fa2ee980eb94b0:1", in out.
 */
const char *safe_line_hash(const struct finding *f, char out[SAFE_LINE_HASH_MAX]);

/* Takes the hash from such a text; false if it is none. */
bool safe_line_hash_read(struct finding *f, const char *hash);

#endif
