/*
 * Ignore rules as gitignore(5) has them: those of one file, and behind them those of the files that
 * it takes precedence over. libgit2's own lose a `!name` that takes back a rule of another file.
 *
 * A list is immutable; its references are not counted atomically.
 */
#ifndef TRAWL_GIT_IGNORE_H
#define TRAWL_GIT_IGNORE_H

#include "base/bytes.h"

struct ignore;

/*
 * The rules in text, before those of `above` (which may be NULL), of which a reference is taken.
 * They hold below the folder whose path has `base` bytes, its '/' included. The caller's first
 * reference.
 */
struct ignore *ignore_new(struct ignore *above, size_t base, struct bytes text);

/*
 * The same with the text of a file, opened below the folder `at` and with `flags` as openat() has
 * them. A file that is not there, no regular file, or larger than a MiB has no rules.
 */
struct ignore *ignore_read(struct ignore *above, size_t base, int at, const char *name, int flags);

/* One more reference, and one less. NULL is allowed: it is the list without rules. */
struct ignore *ignore_hold(struct ignore *ignore);
void ignore_drop(struct ignore *ignore);

/*
 * Whether the rules leave this path out; none of the folders above it are. The path is relative to
 * the work tree's top; a folder's ends in '/'.
 */
bool ignore_matches(const struct ignore *ignore, const char *path);

#endif
