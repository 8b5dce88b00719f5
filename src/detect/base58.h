/*
 * Base58Check (Bitcoin Wiki, "Base58Check encoding"): a number whose last four bytes are the first
 * ones of SHA-256 of SHA-256 of those before.
 */
#ifndef TRAWL_DETECT_BASE58_H
#define TRAWL_DETECT_BASE58_H

#include "base/bytes.h"

#include <stdbool.h>

enum base58_alphabet {
	BASE58_BITCOIN,
	BASE58_RIPPLE, /* XRP Ledger, "base58 Encodings" */
};

/* Whether the text is base58 and its checksum fits; false for more than 160 characters. */
bool base58_check(struct bytes text, enum base58_alphabet alphabet);

#endif
