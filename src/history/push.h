/*
 * A push as git tells its hooks (githooks(5)): which references it moves, from where to where.
 */
#ifndef TRAWL_HISTORY_PUSH_H
#define TRAWL_HISTORY_PUSH_H

#include "history/range.h"

/* One reference that moves. */
struct push_update {
	const char *reference;   /* at the receiving side */
	struct object_id before; /* zero: it is new */
	struct object_id after;  /* zero: it is deleted */
	unsigned line;           /* that told it, from 1; 0: an argument did */
};

/* Zero-initialise. */
struct push {
	struct push_update *updates;
	size_t count;
	size_t cap;
	bool outgoing;      /* told to the sender (pre-push), else to the receiver */
	const char *remote; /* outgoing: its name, or its address; NULL: not told */
	struct arena text;
};

void push_release(struct push *push);

/*
 * Reads the lines of git: "OLD-ID NEW-ID REFERENCE", of an outgoing push "LOCAL-REFERENCE LOCAL-ID
 * REMOTE-REFERENCE REMOTE-ID". ERR_SYNTAX, naming the line, for others.
 */
enum err push_read(struct push *push, struct bytes lines, struct error *error);

/* Adds one update from texts. ERR_SYNTAX. */
enum err push_add(struct push *push, struct bytes reference, struct bytes before,
                  struct bytes after, unsigned line, struct error *error);

/* How many of the references are deleted. */
size_t push_deletions(const struct push *push);

/*
 * Tells which objects the push brings: what the new ids lead to and no reference does so far; of an
 * outgoing one, what no reference that is known of the remote leads to. after gets the pushed
 * references as they will be. ERR_MISSING, naming line and remedy, for an id that is not here (but
 * for an outgoing push's old ones: then more is scanned); ERR_IO ... as repository_references().
 */
enum err push_resolve(const struct push *push, struct repository *repository,
                      struct range_ends *ends, struct reference_list *after, struct error *error);

#endif
