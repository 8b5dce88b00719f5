/*
 * Ordinary code, in which no rule should find much to do: the texts of fixtures/ordinary, one after
 * the other, and their lengths in bytes.
 */
#ifndef TRAWL_CLI_ORDINARY_H
#define TRAWL_CLI_ORDINARY_H

#include <stdint.h>

extern const unsigned char ordinary_texts[];
extern const uint32_t ordinary_lengths[], ordinary_lengths_end[];

#endif
