/*
 * What is kept from run to run, in one SQLite file: what scans know of packs and loose objects
 * (history/known.h), and which findings a repository had (state/tracking.h). No secret is in it.
 *
 * To SQLite it is a table of texts under keys that are digests; each text has a digest of its own,
 * so that nothing of a damaged file is believed. Reads see the file as it was when they are made;
 * what is put waits in memory for state_commit(). The library is loaded when a state is opened:
 * most runs have none, and linking it would cost every start.
 */
#ifndef TRAWL_STATE_STATE_H
#define TRAWL_STATE_STATE_H

#include "history/known.h"

#include <stdint.h>

struct state;

/*
 * Opens the file, or makes it (readable for its owner only). *out is the caller's; it must not be
 * used on both sides of a fork. `now` is in Unix seconds: what no run has used for 90 days goes.
 * ERR_CORRUPT for a damaged file and ERR_UNSUPPORTED for a newer one, one of another program, or
 * without the library, all naming the remedy; ERR_IO, also when another run holds it for too long.
 */
enum err state_open(struct state **out, const char *path, int64_t now, struct error *error);
void state_close(struct state *state);

/* The state as a store; valid as long as it is open. */
struct known_store state_store(struct state *state);

/*
 * Whether all reads so far could be believed: if not, neither can anything that was made of them.
 * ERR_CORRUPT, ERR_IO.
 */
enum err state_check(const struct state *state, struct error *error);

/*
 * Writes what was put, all or nothing. ERR_CORRUPT, ERR_IO.
 */
enum err state_commit(struct state *state, struct error *error);

#endif
