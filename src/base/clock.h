/*
 * A clock to measure with: it never goes back, and says nothing about the time of day.
 */
#ifndef TRAWL_BASE_CLOCK_H
#define TRAWL_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds since some moment in the past. */
uint64_t clock_ns(void);

/* Nanoseconds that the processors have worked for this thread: others can't make them more. */
uint64_t clock_thread_ns(void);

/* clock_ns() if that is wanted, else 0: a look at the clock takes as long as a short search. */
static inline uint64_t clock_ns_if(bool wanted)
{
	return wanted ? clock_ns() : 0;
}

#endif
