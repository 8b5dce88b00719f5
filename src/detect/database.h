/*
 * Hyperscan databases of stubs: compiled, embedded in the program, or cached. A database is
 * bytecode for one library version and one kind of processor; whichever of the three ways gives
 * one, it holds the same stubs under the same numbers.
 */
#ifndef TRAWL_DETECT_DATABASE_H
#define TRAWL_DETECT_DATABASE_H

#include "base/buf.h"
#include "base/error.h"
#include "ruleset/stub_index.h"

struct hs_database;

/* What a database may assume of the processor. */
enum platform { PLATFORM_PLAIN, PLATFORM_AVX2, PLATFORM_AVX512, PLATFORM_COUNT };

/*
 * Compiles the stubs (at least one) for a stated platform, or for this machine's, and serialises
 * the database into out. ERR_SYNTAX when Hyperscan refuses a stub: a defect of ours.
 */
enum err database_compile_for(enum platform platform, const struct stub_list *stubs,
                              struct buf *out, struct error *error);

/*
 * A database of the stubs (at least one): the best of the `embedded` ones (PLATFORM_COUNT of them,
 * or NULL) that this machine takes, else the user's cached one, else one that is compiled now and
 * cached. The cache is used only where nobody else can write; all its failures are silent, for it
 * saves time and nothing else. The result is freed with database_free(). ERR_UNSUPPORTED when the
 * machine cannot run Hyperscan; ERR_SYNTAX as above.
 */
enum err database_open(struct hs_database **database, const struct stub_list *stubs,
                       const struct bytes *embedded, struct error *error);

void database_free(struct hs_database *database);

#endif
