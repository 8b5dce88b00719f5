/*
 * The scan of trees and files, for the commands that go on with its result.
 */
#ifndef TRAWL_CLI_SCAN_H
#define TRAWL_CLI_SCAN_H

#include "cli/session.h"

/* Scans the operands into the session's result. ERR_MISSING, ERR_IO: see source_open(). */
enum err scan_operands(struct session *session, struct error *error);

#endif
