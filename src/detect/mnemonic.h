/*
 * Mnemonic phrases of wallets (BIP 39): 12 to 24 words of a list of 2,048, the last of which
 * carries a checksum of the others.
 */
#ifndef TRAWL_DETECT_MNEMONIC_H
#define TRAWL_DETECT_MNEMONIC_H

#include "base/bytes.h"

/*
 * Whether the text is a phrase of the English list whose checksum fits. Words are runs of
 * lower-case letters; whatever stands between them does not matter.
 */
bool mnemonic_check(struct bytes text);

#endif
