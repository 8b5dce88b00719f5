/*
 * Runs of encoded text: where one starts and ends around a place in it, what it decodes to, and
 * which part of it stands for which of the decoded bytes.
 *
 * A run of base64 or hex is a longest stretch of its alphabet's characters (base64: of both
 * alphabets). It goes on behind a line break, with blanks around it, where what stands before the
 * break is a stretch of whole groups, at least 32 characters long, so that no group is shifted, and
 * what stands behind it is no longer and fills its line. A run of escapes is a longest stretch of
 * what may stand in such text without being escaped, and of escapes.
 */
#ifndef TRAWL_DETECT_ENCODED_H
#define TRAWL_DETECT_ENCODED_H

#include "base/buf.h"
#include "ruleset/encoded_stubs.h"

enum {
	RUN_MAX = 1024 * 1024,         /* bytes of a run that is decoded */
	LAYERS_MAX = 4,                /* encodings within each other; gzip counts as one */
	DECODED_MAX = 8 * 1024 * 1024, /* bytes that all runs of a blob, at all depths, come to */
};

/* A run, and how it is to be read. */
struct encoded_run {
	uint32_t start; /* bytes of the text */
	uint32_t end;
	uint8_t encoding; /* enum encoding */
	uint8_t skip;     /* characters that stand before the first whole group */
};

/* The run around a hit; hits come in order of place. {0} to begin with. */
struct run_finder {
	struct encoded_run run;
	uint32_t at;    /* up to here ... */
	unsigned count; /* ... so many of the run's characters, modulo a group, were passed */
	unsigned skips; /* that were seen, as bits */
};

/*
 * Moves on to the run in which the form of a stub stands at `at` of the text. Returns whether there
 * is one that was not returned before: finder->run, with the skip that the form's phase asks for.
 * With at_start, only a run that starts there is one.
 */
bool run_finder_move(struct run_finder *finder, struct bytes text, enum encoding encoding,
                     uint32_t at, uint32_t phase, bool at_start);

/* Where escapes may stand; {0} to begin with. */
struct escape_finder {
	uint32_t end; /* what was found holds up to here */
	bool found;
};

/*
 * Whether the place may be in a run with an escape of either kind: a quick look, which may say too
 * much, never too little. Places come in order.
 */
bool escapes_around(struct escape_finder *finder, struct bytes text, uint32_t at);

/* Whether an escape of this encoding stands in the run. */
bool run_has_escape(const struct encoded_run *run, struct bytes text);

/* Appends what the run decodes to. ERR_LIMIT past the buffer's maximum. */
enum err run_decode(const struct encoded_run *run, struct bytes text, struct buf *out);

/* Appends what gzip (RFC 1952) text inflates to. ERR_CORRUPT, or ERR_LIMIT past the maximum. */
enum err gzip_inflate(struct bytes text, struct buf *out);

/* A place in a run; {0} is its start. */
struct run_place {
	uint32_t at;  /* bytes of the text; 0: the run's start */
	uint64_t bit; /* of the decoded text */
};

/*
 * The part [*start, *end) of the text that stands for the decoded bytes [from, to), from < to.
 * Calls with rising `from` cost one pass in all; a falling one starts anew.
 */
void run_source(const struct encoded_run *run, struct bytes text, struct run_place *place,
                uint32_t from, uint32_t to, uint32_t *start, uint32_t *end);

#endif
