/*
 * The scanner: takes a blob through the whole flow, from bytes to located, filtered findings. One
 * for each worker; what they share is const.
 */
#ifndef TRAWL_SCAN_SCANNER_H
#define TRAWL_SCAN_SCANNER_H

#include "detect/detector.h"
#include "detect/fingerprint.h"
#include "filter/suppressions.h"
#include "model/blob.h"
#include "model/coverage.h"
#include "model/finding.h"

/* What a marker in the text does to a finding that it allows. */
enum inline_policy { INLINE_DROP, INLINE_IGNORE, INLINE_MARK };

/* Who hears what detection says of candidates: of one text after the other, in one thread. */
struct scan_watch {
	void (*begin)(void *context, struct bytes text);
	void (*end)(void *context, struct bytes path); /* the path is fit to be shown */
	struct trace trace;                            /* its context goes to all three */
};

struct scan_options {
	struct fingerprint_key key;
	bool keep_secrets; /* for --show-secrets */
	enum inline_policy inline_policy;
	bool foreign_markers;                    /* other scanners' markers count, too */
	const struct suppressions *suppressions; /* NULL: none but those in the text */
	bool line_hashes;                        /* for SARIF */
	bool list_markers;        /* those in texts that allow nothing are wanted, too */
	struct scan_watch *watch; /* NULL: nobody asks */
};

/* A marker in a text that allows nothing. */
struct stale_marker {
	struct bytes path; /* fit to be shown; the text of the result's findings */
	uint32_t line;     /* 1-based */
};

enum { STALE_MARKERS_MAX = 10000 };

/* So many at most; zero-initialise. */
struct stale_markers {
	struct stale_marker *items;
	size_t count;
	size_t cap;
};

/* What scanning some blobs brought; zero-initialise. */
struct scan_result {
	struct finding_list findings;
	struct coverage coverage;
	struct finding_list suppressed; /* what is held against: its text is that of findings */
	struct stale_markers markers;   /* only if they were asked for; likewise */
	uint64_t encoded;               /* texts with encoded ones in them that were looked into */
};

void scan_result_release(struct scan_result *result);

/* Moves all of `from` into `into`; `from` is empty. */
void scan_result_adopt(struct scan_result *into, struct scan_result *from);

struct scanner;

/* A scanner that uses engine, ruleset and options, which must outlive it. */
struct scanner *scanner_new(struct engine *engine, const struct ruleset *set,
                            const struct scan_options *options);
void scanner_free(struct scanner *scanner);

/* Scans one blob (less than 4 GiB) and adds what it finds, and what it could not see, to result. */
void scanner_scan(struct scanner *scanner, const struct blob *blob, struct scan_result *result);

/* What is kept of a blob for those that copy parts of it; zero-initialise. */
struct scan_state {
	struct raw_set raw;
	bool usable; /* the blob was read as its own bytes */
};

void scan_state_release(struct scan_state *state);

/* What a blob copies from an earlier one. */
struct scan_copies {
	const struct segment *segments; /* in order, without overlap */
	size_t count;
	const struct scan_state *base;
	size_t base_len; /* bytes */
};

/*
 * As scanner_scan(), for a blob that others may copy from and that may copy from another itself
 * (copies NULL: it does not): the same answer, with less reading. The state is filled for later
 * blobs; with result NULL that is all that is done.
 */
void scanner_scan_version(struct scanner *scanner, const struct blob *blob,
                          const struct scan_copies *copies, struct scan_state *state,
                          struct scan_result *result);

/* What this scanner has cost so far. */
struct detector_costs scanner_costs(const struct scanner *scanner);

/* Redacts secrets in the names of what was lost, unless secrets are to be kept. */
void scanner_redact_lost(struct scanner *scanner, struct coverage *coverage);

#endif
