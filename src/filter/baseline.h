/*
 * The baseline: findings that somebody knows of, in a file that is committed with the tree. An
 * entry names the secret by a fingerprint under a random key of the file's own, so that a weak
 * secret cannot be guessed by comparing it with other lists; whoever has the file can still test a
 * guess against it.
 *
 *     trawl-baseline 1
 *     key 00112233-44556677-...
 *     scope tree
 *     00112233-44556677-8899aabb-ccddeeff acme-token src/a.py "acme_[REDACTED] (21 bytes)"
 * reason="made up"
 *
 * One line an entry, sorted by path, so that git merges what two branches add. A word with blanks
 * is quoted; \" \\ and \xNN stand for what they do in C. Fingerprints and the key are cut by
 * hyphens so that no rule takes them for tokens. Lines that start with # are comments, and are not
 * kept.
 */
#ifndef TRAWL_FILTER_BASELINE_H
#define TRAWL_FILTER_BASELINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "detect/fingerprint.h"
#include "model/finding.h"

enum {
	BASELINE_SIZE_MAX = 64 << 20, /* bytes */
	BASELINE_LINE_MAX = 64 << 10, /* bytes */
	BASELINE_PATH_MAX = 4096,     /* bytes; longer ones are cut: they are for people */
	BASELINE_TEXT_MAX = 1000,     /* bytes of a reason or an owner */
	BASELINE_DATE_SIZE = 11,      /* YYYY-MM-DD and a NUL */
};

/* What was scanned for it: entries that a scan of less does not find need not be gone. */
enum baseline_scope { BASELINE_TREE, BASELINE_HISTORY };

struct baseline_entry {
	uint8_t fingerprint[FINGERPRINT_SIZE]; /* under the baseline's key */
	const char *rule;
	struct bytes path; /* where it was seen first; any bytes */
	const char *preview;
	struct suppression suppression;
};

struct baseline {
	const char *file; /* for messages */
	struct fingerprint_key key;
	enum baseline_scope scope;
	struct baseline_entry *entries; /* by fingerprint, each once */
	size_t count;
	size_t cap;
	struct arena arena; /* owns what the entries point to */
};

/* An empty baseline with a random key; the caller releases it. */
void baseline_new(struct baseline *baseline, enum baseline_scope scope);
void baseline_release(struct baseline *baseline);

/*
 * Reads the text of `file`, which only messages use; the caller releases the baseline whatever the
 * result. Where a merge left two lines for one secret, the earlier expiry counts. ERR_SYNTAX,
 * ERR_LIMIT, ERR_UNSUPPORTED, naming file, line and remedy.
 */
enum err baseline_read(struct baseline *baseline, const char *file, struct bytes text,
                       struct error *error);

/* Appends the file's text: the same for the same key and entries. ERR_LIMIT. */
enum err baseline_write(const struct baseline *baseline, struct buf *out, struct error *error);

/* The entry with this fingerprint, or NULL. */
struct baseline_entry *baseline_find(const struct baseline *baseline,
                                     const uint8_t fingerprint[FINGERPRINT_SIZE]);

/* Appends a copy of the entry; baseline_index() must follow before anything is looked for. */
void baseline_add(struct baseline *baseline, const struct baseline_entry *entry);

/* Puts the entries in order and joins those of one secret: that of the first line and path stays.
 */
void baseline_index(struct baseline *baseline);

/* Whether the entry no longer holds on this day (YYYY-MM-DD). */
bool baseline_expired(const struct baseline_entry *entry, const char *today);

/* Whether the text is a day of the calendar as YYYY-MM-DD. */
bool baseline_is_date(const char *text);

#endif
