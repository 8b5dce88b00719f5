/*
 * Marvin32, the keyed hash by which Microsoft's keys carry a checksum (SymCrypt, lib/marvin32.c).
 */
#ifndef TRAWL_DETECT_MARVIN_H
#define TRAWL_DETECT_MARVIN_H

#include "base/bytes.h"

#include <stdint.h>

/* The hash of the text. Keys use the one of 32 bits: both halves, one exclusive or the other.
 */
uint64_t marvin_hash64(uint64_t seed, struct bytes text);
uint32_t marvin_hash32(uint64_t seed, struct bytes text);

#endif
