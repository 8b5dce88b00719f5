/*
 * Bech32 (BIP 173): a readable part, the digit 1, data of 32 digits, and six digits of checksum.
 */
#ifndef TRAWL_DETECT_BECH32_H
#define TRAWL_DETECT_BECH32_H

#include "base/bytes.h"

#include <stdbool.h>

/*
 * Whether the text is bech32 in one letter case and its checksum fits. Longer than BIP 173 has it,
 * as age's keys are; false for more than 4,096 characters.
 */
bool bech32_check(struct bytes text);

#endif
