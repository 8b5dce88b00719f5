/*
 * Placeholders: what people write where a credential would stand. All rules ask here, so that a
 * provider's rule need not list them; what a checksum or a structure proves is none.
 */
#ifndef TRAWL_DETECT_PLACEHOLDER_H
#define TRAWL_DETECT_PLACEHOLDER_H

#include "base/bytes.h"

enum placeholder {
	PLACEHOLDER_NONE,
	PLACEHOLDER_REPEATED,   /* one character again and again: xxxxxx, 000000, ****** */
	PLACEHOLDER_SEQUENCE,   /* 123456, abcdef, fedcba, a1b2c3d4 */
	PLACEHOLDER_TEMPLATE,   /* to be filled in by a program: ${KEY}, {{ key }}, <key>, %s */
	PLACEHOLDER_WORD,       /* says so: example, changeme, your-key, redacted */
	PLACEHOLDER_DOCUMENTED, /* its issuer made it public, for everybody to try */
};

enum placeholder_of {
	PLACEHOLDER_OF_TOKEN, /* a machine drew the secret: it has words by design only */
	PLACEHOLDER_OF_TEXT,  /* a person may have chosen it: words like test and pass count, too */
};

/*
 * What shows that the secret is a placeholder; PLACEHOLDER_NONE if nothing does. Runs of one
 * character that stand in the design, the pattern that every such secret fits, show nothing.
 */
enum placeholder placeholder_find(struct bytes secret, struct bytes design, enum placeholder_of of);

/* "none", "repeated", "sequence", "template", "word", "documented": stable, for machines. */
const char *placeholder_name(enum placeholder placeholder);

#endif
