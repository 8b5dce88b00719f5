/*
 * The results of a batch, joined: what its folders of results say, as the result of one session,
 * and a table for people.
 */
#ifndef TRAWL_CLI_JOINED_H
#define TRAWL_CLI_JOINED_H

#include "batch/index.h"
#include "cli/session.h"
#include "report/results.h"

/* Zero-initialise. */
struct joined {
	struct results results; /* the session's leaks point into it */
	const struct rule **rules;
	size_t rule_count;
	uint64_t repositories;
	uint64_t with_findings;
	uint64_t clean;
	uint64_t incomplete;
};

/*
 * Makes the session one of the command's whose reports are `outputs`, which are borrowed: none, if
 * there are none. As session_begin().
 */
enum err joined_begin(struct session *session, int argc, char **argv, const struct words *outputs,
                      struct error *error);

/*
 * Adds the results in the folder that its index names. A repository that was not scanned, or whose
 * results cannot be read, is lost coverage.
 */
void joined_add(struct joined *joined, struct session *session, const struct batch_index *index,
                const char *folder);

/*
 * Writes the session's reports, and the table on standard output unless a report goes there, and
 * ends the session; returns the exit status.
 */
int joined_report(struct joined *joined, struct session *session, struct error *error);

void joined_release(struct joined *joined);

#endif
