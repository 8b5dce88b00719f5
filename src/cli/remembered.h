/*
 * What a session remembers of earlier ones, with --state.
 */
#ifndef TRAWL_CLI_REMEMBERED_H
#define TRAWL_CLI_REMEMBERED_H

#include "cli/session.h"
#include "history/history.h"

/* Opens the state, if one is asked for. ERR_USAGE, and what state_open() returns. */
enum err remembered_open(struct session *session, struct error *error);

/*
 * Tells the history's leaks since when they are there, and the session which are gone; with
 * --new-only those that the last run knew leave. For a history whose coverage is whole.
 */
enum err remembered_compare(struct session *session, struct history *history, struct error *error);

/* Keeps what this session found out, when its reports are written. */
enum err remembered_keep(struct session *session, struct error *error);

#endif
