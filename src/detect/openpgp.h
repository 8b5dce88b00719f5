/*
 * OpenPGP secret keys in armour (RFC 9580, RFC 4880).
 */
#ifndef TRAWL_DETECT_OPENPGP_H
#define TRAWL_DETECT_OPENPGP_H

#include "detect/verdict.h"

/*
 * The text is a whole block. Sound by its CRC-24 or, without one, if its first packet is a secret
 * key's; locked if that key is encrypted; broken if the CRC does not fit.
 */
struct verdict openpgp_verify(struct bytes secret);

/* The same for the packets, without a CRC: silent for what is no secret key. */
struct verdict openpgp_verify_packets(struct bytes packets);

#endif
