/*
 * What a stub looks like in encoded text. Base64, hex, percent and backslash escapes turn the same
 * bytes into few forms (base64 into one for each place in a group of three bytes, UTF-16 in base64,
 * as PowerShell has its commands, into three more), so the prefilter
 * looks for these as it looks for the stubs themselves, and only what contains one is decoded.
 */
#ifndef TRAWL_RULESET_ENCODED_STUBS_H
#define TRAWL_RULESET_ENCODED_STUBS_H

#include "base/arena.h"
#include "base/byte_set.h"
#include "model/rule.h"

enum encoding {
	ENCODED_BASE64, /* RFC 4648, both alphabets */
	ENCODED_HEX,
	ENCODED_PERCENT,   /* RFC 3986, section 2.1 */
	ENCODED_BACKSLASH, /* \u0067 and \x67 */
	ENCODED_COUNT,
};

enum { BYTE_SETS_MAX = 64 };

/*
 * Reads a stub as the set of bytes that may stand at each of its places; returns their number, the
 * stub's width, or 0 if it is none of ours or wider than BYTE_SETS_MAX.
 */
size_t stub_sets(const struct stub *stub, struct byte_set sets[BYTE_SETS_MAX]);

/* One form of a stub. */
struct encoded_stub {
	struct stub stub;
	enum encoding encoding;
	uint32_t phase; /* its first character's place in a group: of 4 in base64, of 2 in hex */
	bool at_start;  /* it counts only where a run starts */
};

typedef void encoded_stub_sink(void *context, const struct encoded_stub *form);

/* Whether the rule looks into encoded text: it is specific, and sure of what it finds. */
bool rule_reads_encoded(const struct rule *rule);

/*
 * Shows the sink all forms of the anchor's stub that are rare enough; the arena owns their texts.
 * There are none of a stub with less than three bytes in a row that are fixed, case included:
 * encoded text has no other case.
 */
void encoded_stubs_of(const struct anchor *anchor, struct arena *arena, encoded_stub_sink *sink,
                      void *context);

/* Shows the sink the forms of what gzip (RFC 1952, section 2.3) starts with. */
void encoded_stubs_of_gzip(struct arena *arena, encoded_stub_sink *sink, void *context);

#endif
