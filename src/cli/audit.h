/*
 * The audit: takes a person on a terminal through the entries of a baseline.
 */
#ifndef TRAWL_CLI_AUDIT_H
#define TRAWL_CLI_AUDIT_H

#include "filter/baseline.h"

/*
 * Asks about each entry that has no reason, or that has expired on the day `today`: keep it, allow
 * it with a reason, an owner and a date, or remove it. *changed tells whether anything was.
 * ERR_USAGE if standard input and output are no terminal.
 */
enum err audit_entries(struct baseline *baseline, const char *today, bool *changed,
                       struct error *error);

#endif
