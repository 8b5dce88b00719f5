/*
 * Exit statuses, and how a command says that it cannot go on.
 */
#ifndef TRAWL_CLI_STATUS_H
#define TRAWL_CLI_STATUS_H

#include "base/error.h"

enum status {
	STATUS_CLEAN = 0,
	STATUS_FINDINGS = 1, /* or what --exit-code says */
	STATUS_ERROR = 2,    /* wrong usage, or a fatal error */
	STATUS_INCOMPLETE = 3,
};

/* Prints "trawl: MESSAGE" on standard error and returns STATUS_ERROR. */
int status_error(const struct error *error);

#endif
