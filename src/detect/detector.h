/*
 * The detector: from bytes to proofs, in the two steps that the exactness of everything else rests
 * on. Collecting finds a text's raw set: stub hits, and what each rule's pattern matches at every
 * start that its stubs allow. It depends on the bytes around each place alone, so what a text
 * copies from another may be carried over. Selecting makes proofs of the whole raw set: the matches
 * of a find loop, conditions, context, filters, checks, and the choice between rules.
 */
#ifndef TRAWL_DETECT_DETECTOR_H
#define TRAWL_DETECT_DETECTOR_H

#include "base/error.h"
#include "detect/hits.h"
#include "detect/trace.h"
#include "detect/verdict.h"
#include "model/blob.h"
#include "model/finding.h"
#include "ruleset/ruleset.h"

enum checksum_policy {
	CHECKSUM_LOWER,  /* a published checksum that does not fit lowers the finding */
	CHECKSUM_STRICT, /* ... drops it */
	CHECKSUM_IGNORE, /* checksums are not looked at */
};

struct engine_options {
	bool no_prefilter; /* every rule runs over the whole text; the same answer, slowly */
	bool every_rule;   /* no choice between rules that find one secret: for testing rules */
	bool placeholders; /* they count as secrets: for testing what comes after detection */
	enum checksum_policy checksum;
	int64_t now; /* Unix seconds, for what expires; 0: not known, nothing has expired */
};

struct engine;   /* databases and compiled patterns; const after engine_new(), shared */
struct detector; /* one thread's working memory */

/*
 * An engine for the ruleset, which must outlive it. The user's patterns are compiled: ERR_SYNTAX
 * names rule, file and line of one that PCRE2 refuses. ERR_UNSUPPORTED as database_open().
 */
enum err engine_new(struct engine **out, const struct ruleset *set,
                    const struct engine_options *options, struct error *error);
void engine_free(struct engine *engine);

/* Whether some rule in use is generic, so that binaries are not scanned by all rules. */
bool engine_has_generic(const struct engine *engine);

struct detector *detector_new(struct engine *engine);
void detector_free(struct detector *detector);

/* From now on the detector tells what its stages say when it selects; NULL: no longer. */
void detector_set_trace(struct detector *detector, struct trace *trace);

/* A match of a rule's pattern at [start, end); rules are numbered through the ruleset's parts. */
struct raw_match {
	uint32_t rule;
	uint32_t start;
	uint32_t end;
};

/* The raw set of one text; zero-initialise, reuse, release. */
struct raw_set {
	struct hits hits;          /* every stub hit, in order; only if they were asked for */
	struct raw_match *matches; /* by rule and start */
	size_t count;
	size_t cap;
	uint32_t *present; /* the stubs that the text contains, each once */
	size_t present_count;
	size_t present_cap;
	const struct rule *limited; /* a rule that hit a limit: the set lacks matches of it */
};

void raw_set_release(struct raw_set *set);

/* What a text copies from an earlier one, whose raw set (with hits) is at hand. */
struct segments {
	const struct segment *items; /* in order of start, without overlap, none empty */
	size_t count;
	const struct raw_set *base;
	uint32_t base_len; /* bytes of the earlier text */
};

/*
 * Finds the raw set of the text (less than 4 GiB). With segments it is the same set, found with
 * less reading; then, and with keep_hits, all hits and overlapping matches are in it, so that it
 * can be the base of another. Without, only the matches that a find loop takes are.
 */
void detector_collect(struct detector *detector, struct bytes text, const struct segments *segments,
                      bool keep_hits, struct raw_set *out);

/* What detectors have cost; of several, the sum. */
struct detector_costs {
	uint64_t read;         /* bytes that the prefilter was given */
	uint64_t prefilter_ns; /* nanoseconds, with the carrying over of what was copied */
	uint64_t confirm_ns;   /* from a hit to a proof */
};

void detector_costs_add(struct detector_costs *costs, struct detector_costs more);

/* What this detector has cost so far. */
struct detector_costs detector_costs(const struct detector *detector);

/* A part that stands near a secret, or in its match. */
struct found_part {
	const struct part *part;
	uint32_t start;
	uint32_t end;
};

/* A proved match; offsets are bytes of the text. */
struct proof {
	const struct rule *rule;
	uint32_t start; /* of the secret */
	uint32_t end;
	enum checksum_state checksum;
	enum confidence confidence;
	enum level level;
	double entropy; /* bits per byte of the secret */
	struct found_part parts[PARTS_MAX];
	size_t part_count;
	char text[PROOF_MAX]; /* what a decoder says of it, as in struct verdict */
};

/* A list that is reused from text to text; {0} is an empty one. */
struct proofs {
	struct proof *items; /* by start, then end, then rule id */
	size_t count;
	size_t cap;
	const struct rule *limited; /* a rule that hit a limit: proofs of it may lack */
};

void proofs_release(struct proofs *proofs);

/*
 * Makes the proofs of the text from its raw set. The path (len 0: none) is what the rules' path
 * conditions are held against. Generic rules pass over a binary text.
 */
void detector_select(struct detector *detector, struct bytes text, struct bytes path, bool binary,
                     const struct raw_set *raw, struct proofs *out);

#endif
