/*
 * Progress: one line on standard error that is rewritten while a scan runs, on a terminal only.
 */
#ifndef TRAWL_CLI_PROGRESS_H
#define TRAWL_CLI_PROGRESS_H

#include "cli/options.h"

/* For one thread. */
struct progress_line {
	bool wanted;
	bool shown;
	int64_t next; /* monotonic clock in milliseconds: not before this */
};

void progress_init(struct progress_line *line, const struct options *o);

/* Shows how many ("files") there were so far, at most some times a second. */
void progress_show(struct progress_line *line, uint64_t count, const char *what);

/* Removes the line. */
void progress_clear(struct progress_line *line);

#endif
