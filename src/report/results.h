/*
 * Results: what JSON Lines reports of histories say, read back, so that those of many repositories
 * can be joined in a report of any format. The opposite of report/jsonl.h; what that does not
 * write (raw secrets, unless they were asked for) is not there.
 */
#ifndef TRAWL_REPORT_RESULTS_H
#define TRAWL_REPORT_RESULTS_H

#include "report/report.h"

/* Zero-initialise; results_release() frees it, whatever happened. */
struct results {
	struct leak_list leaks;
	struct leak_list suppressed; /* those that are listed */
	struct gone_list gone;
	struct coverage coverage;
	struct scanned_repository *repositories;
	size_t repository_count;
	size_t repository_cap;
	uint64_t suppressed_count;
	struct arena text; /* owns what all of these point to and do not own */
};

/*
 * Adds what the report in the file says. Its rules are found among `rules`, which are sorted by id
 * and outlive the results. ERR_IO, ERR_MISSING; ERR_CORRUPT for what is no such report or ends
 * early, and for a rule that is not known: with an error the results may hold a part of it.
 */
enum err results_read(struct results *results, const char *path, const struct rule *const *rules,
                      size_t rule_count, struct error *error);

void results_release(struct results *results);

#endif
