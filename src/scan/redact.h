/*
 * Redaction of names: a path that contains a secret must not carry it into a report.
 */
#ifndef TRAWL_SCAN_REDACT_H
#define TRAWL_SCAN_REDACT_H

#include "base/arena.h"
#include "detect/detector.h"

/* One thread's working memory for redaction. */
struct redactor {
	struct detector *detector; /* borrowed; between two texts of its owner's */
	struct raw_set raw;
	struct proofs proofs;
};

void redactor_release(struct redactor *redactor);

/*
 * The name with each secret in it replaced by [REDACTED]: what the rules find in the name itself,
 * and the given spans of a text wherever they stand in the name again. Owned by the arena.
 */
struct bytes redact_name(struct redactor *redactor, struct bytes name, struct bytes text,
                         const struct proofs *known, struct arena *arena);

#endif
