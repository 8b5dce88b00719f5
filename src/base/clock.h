/*
 * A clock to measure with: it never goes back, and says nothing about the time of day.
 */
#ifndef TRAWL_BASE_CLOCK_H
#define TRAWL_BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds since some moment in the past. */
uint64_t clock_ns(void);

#endif
