/*
 * A repository's own configuration file as data (git-config(1), "Syntax"). Files that it includes
 * are not read: what a stranger's configuration names stays unopened.
 */
#ifndef TRAWL_GIT_CONFIG_H
#define TRAWL_GIT_CONFIG_H

#include "base/bytes.h"
#include "base/error.h"

/*
 * Calls visit for each variable in the order of the file. The name is "section.key" or
 * "section.subsection.key", section and key in lower case; a variable without a value has the value
 * "true". Both are valid during the call. ERR_CORRUPT, naming file and line, for what git calls a
 * bad config line; `file` is only named in messages.
 */
enum err config_read(const char *file, struct bytes text,
                     void (*visit)(void *context, const char *name, const char *value),
                     void *context, struct error *error);

/* Whether the value is true, as git-config(1) has booleans. */
bool config_true(const char *value);

#endif
