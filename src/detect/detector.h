/*
 * The detector: from bytes to proofs, in the two steps that the exactness of everything else rests
 * on. Collecting finds a text's raw set: stub hits, and what each rule's pattern matches at every
 * start that its stubs allow. It depends on the bytes around each place alone, so what a text
 * copies from another may be carried over. Selecting makes proofs of the whole raw set: the matches
 * of a find loop, conditions, context, filters, checks, and the choice between rules.
 *
 * Encoded text is text, too. A run of it (see encoded.h) is decoded if one of the forms of a rule's
 * stubs stands in it (ruleset/encoded_stubs.h), or if it is one of escapes and a stub itself does.
 * What a run decodes to (UTF-16 is seen as in files) is a text of its own: it is collected and
 * selected from like any other, by the rules that are specific and sure (rule_reads_encoded()), and
 * may hold runs again. So the proofs of a text are a function of its bytes, and a text that copies
 * parts of another decodes its runs anew. A proof's place is then that of the characters that stand
 * for the secret; gzip text has no finer places than the whole of its run. Such a proof gives way
 * to one of the same kind of rule in the text as it stands, and makes a less specific one give way.
 */
#ifndef TRAWL_DETECT_DETECTOR_H
#define TRAWL_DETECT_DETECTOR_H

#include "base/buf.h"
#include "base/error.h"
#include "detect/encoded.h"
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
	bool counting;     /* what each rule costs is counted, slowly: see detector_rule_cost() */
	bool placeholders; /* they count as secrets: for testing what comes after detection */
	bool timed;        /* detector_costs() tells times, too */
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

/* Makes now what the first text needs: for whoever starts processes that scan. */
void engine_warm_up(struct engine *engine);

/* What the engine was made with; owned by it. */
const struct engine_options *engine_options(const struct engine *engine);

/* Whether some rule in use is generic, so that binaries are not scanned by all rules. */
bool engine_has_generic(const struct engine *engine);

/*
 * A detector for one thread, until it is freed, before its engine. To make one takes as long as to
 * scan half a megabyte, so the engine keeps what does not grow with texts for the next one.
 */
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

/* Why encoded text was not looked into. */
enum undecoded {
	UNDECODED_LONG = 1, /* a run of more than RUN_MAX bytes */
	UNDECODED_DEEP = 2, /* more than LAYERS_MAX encodings within each other */
	UNDECODED_MUCH = 4, /* more than DECODED_MAX bytes of decoded text */
};

/* The raw set of one text; zero-initialise, reuse, release. */
struct raw_set {
	struct hits hits;          /* every stub hit, in order; only if they were asked for */
	struct raw_match *matches; /* by start, then rule */
	size_t count;
	size_t cap;
	uint32_t *present; /* the stubs that the text contains, each once */
	size_t present_count;
	size_t present_cap;
	struct encoded_run *runs; /* to be decoded, each once with each skip */
	size_t run_count;
	size_t run_cap;
	uint64_t run_bytes;         /* of all of them */
	unsigned undecoded;         /* of enum undecoded: runs that are not among them */
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

/* What a rule has cost in all texts, encoded ones included; the same on every machine. */
struct rule_cost {
	uint64_t candidates; /* ranges of starts that the prefilter could not rule out */
	uint64_t steps;      /* of PCRE2, at all that the rule asks: see matcher_steps() */
};

/* What rule number i of the part has cost this detector; its engine counts. */
struct rule_cost detector_rule_cost(const struct detector *detector, unsigned part, size_t i);

/* A part that stands near a secret, or in its match. */
struct found_part {
	const struct part *part;
	uint32_t start;
	uint32_t end;
};

/* A proved match; offsets are bytes of the text. */
struct proof {
	const struct rule *rule;
	uint32_t start; /* of the secret, or of what it is encoded as */
	uint32_t end;
	bool decoded; /* the secret stands in the proofs' own memory: see proof_secret() */
	uint32_t secret;
	uint32_t secret_len;
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
	struct proof *items; /* by start, then end, then rule id; only decoded ones may overlap */
	size_t count;
	size_t cap;
	struct buf secrets;         /* of decoded proofs */
	unsigned undecoded;         /* of enum undecoded */
	const struct rule *limited; /* a rule that hit a limit: proofs of it may lack */
};

/* The secret of a proof in the text; valid as long as both. */
struct bytes proof_secret(const struct proofs *proofs, const struct proof *proof,
                          struct bytes text);

void proofs_release(struct proofs *proofs);

/*
 * Makes the proofs of the text from its raw set. The path (len 0: none) is what the rules' path
 * conditions are held against. Generic rules pass over a binary text.
 */
void detector_select(struct detector *detector, struct bytes text, struct bytes path, bool binary,
                     const struct raw_set *raw, struct proofs *out);

#endif
