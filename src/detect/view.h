/*
 * A decoded view: the text that detection reads in place of a blob's own bytes, and a map from
 * its offsets to the blob's. UTF-16 and UTF-32 are seen as UTF-8; all else is seen as it is.
 */
#ifndef TRAWL_DETECT_VIEW_H
#define TRAWL_DETECT_VIEW_H

#include "base/buf.h"
#include "base/bytes.h"

enum text_kind { TEXT_PLAIN, TEXT_BINARY, TEXT_UTF16LE, TEXT_UTF16BE, TEXT_UTF32LE, TEXT_UTF32BE };

/*
 * UTF-32 = its byte order mark and more characters than not; UTF-16 = a byte order mark, or among
 * the first 8,000 bytes at least 70 % of one parity NUL and under 1 % of the other, or at most two
 * that are under a quarter; else binary = a NUL in the first 8,000 bytes (as git has it).
 */
enum text_kind text_classify(struct bytes bytes);

/* One thread's decoded view, reused from blob to blob. */
struct view {
	struct bytes text;   /* what to scan: the blob's bytes, or `decoded` */
	struct bytes source; /* the blob's bytes; borrowed */
	enum text_kind kind;
	struct buf decoded;
	size_t cursor_text;   /* where the last answer of view_source_offset() stood ... */
	size_t cursor_source; /* ... in both */
};

/* An empty view whose decoded text holds at most max bytes. */
void view_init(struct view *v, size_t max);
void view_release(struct view *v);

/*
 * Shows the bytes, which must outlive the view's use. A byte order mark of UTF-16 or UTF-32 is not
 * part of the text; a surrogate without its partner, a number that is no character and what is left
 * of a unit at the end become U+FFFD. ERR_LIMIT when the decoded text would pass the maximum; then
 * text is empty.
 */
enum err view_show(struct view *v, struct bytes bytes);

/*
 * The offset in the source of the character that starts at this offset of the text (or of the
 * end). Calls with rising offsets cost one pass in all; a falling one starts anew.
 */
size_t view_source_offset(struct view *v, size_t offset);

#endif
