/*
 * Private keys between lines of dashes, or their base64 alone: DER (PKCS #1, PKCS #8, SEC 1, DSA)
 * and OpenSSH's own form.
 */
#ifndef TRAWL_DETECT_PRIVATE_KEY_H
#define TRAWL_DETECT_PRIVATE_KEY_H

#include "detect/verdict.h"

/*
 * Sound with kind and size of the key, locked if it is encrypted. The text may stand in source
 * code, with escaped line ends and quotes between its lines.
 */
struct verdict private_key_verify(struct bytes secret);

/* The same for what the base64 between the dashes is decoded to. */
struct verdict private_key_verify_decoded(struct bytes key);

#endif
