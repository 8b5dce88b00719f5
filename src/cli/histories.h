/*
 * Histories in a session: what the commands that scan commits share.
 */
#ifndef TRAWL_CLI_HISTORIES_H
#define TRAWL_CLI_HISTORIES_H

#include "cli/session.h"
#include "history/history.h"

/* What the command line says of how to scan. */
struct history_options histories_options(const struct session *session);

/*
 * Writes what one history brought to reports of its own, if they are asked for, which are named
 * after `name`, and moves it to the session, which points into the history from now on.
 */
enum err histories_add(struct session *session, struct history *history, const char *name,
                       struct error *error);

#endif
