/*
 * Stale suppressions: those that hold against nothing that is there.
 */
#ifndef TRAWL_CLI_STALE_H
#define TRAWL_CLI_STALE_H

#include "cli/session.h"

/* ERR_USAGE if stale suppressions are asked for and the scan is of less than they were made for. */
enum err stale_possible(const struct session *session, struct error *error);

/*
 * Lists, if that is asked for, the entries of the baseline and what the configuration allows that
 * held against nothing in the session's result, on standard error; of a tree also what it excludes
 * and markers in the text. Returns how many.
 */
size_t stale_list(const struct session *session);

#endif
