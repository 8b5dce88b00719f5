/*
 * The scanner: takes a blob through the whole flow, from bytes to located, filtered findings. One
 * for each worker; what they share is const.
 */
#ifndef TRAWL_SCAN_SCANNER_H
#define TRAWL_SCAN_SCANNER_H

#include "detect/detector.h"
#include "detect/fingerprint.h"
#include "model/blob.h"
#include "model/coverage.h"
#include "model/finding.h"

struct scan_options {
	struct fingerprint_key key;
	bool keep_secrets;  /* for --show-secrets */
	bool ignore_inline; /* markers in the text allow nothing */
	bool line_hashes;   /* for SARIF */
};

/* What scanning some blobs brought; zero-initialise. */
struct scan_result {
	struct finding_list findings;
	struct coverage coverage;
	uint64_t suppressed; /* findings that the text itself allows */
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

/* Redacts secrets in the names of what was lost, unless secrets are to be kept. */
void scanner_redact_lost(struct scanner *scanner, struct coverage *coverage);

#endif
