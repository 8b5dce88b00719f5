/*
 * Numbers for people.
 */
#ifndef TRAWL_BASE_NUMBERS_H
#define TRAWL_BASE_NUMBERS_H

#include <stdint.h>

enum { NUMBER_TEXT_MAX = 32 };

/* "58,034"; returns out. */
const char *number_text(char out[NUMBER_TEXT_MAX], uint64_t number);

/* "922 MB" (powers of 1,000), with a decimal below 10; returns out. */
const char *size_text(char out[NUMBER_TEXT_MAX], uint64_t bytes);

#endif
