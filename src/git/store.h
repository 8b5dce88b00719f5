/*
 * The object store: what lies in a repository's folders of objects, one object at a time. Libgit2
 * is not asked: 1.5 reads and writes outside its memory where packs and loose objects are damaged
 * in the right place. Each place is asked on its own, so that a broken copy of an object does not
 * hide a good one elsewhere. Any thread may call these functions.
 */
#ifndef TRAWL_GIT_STORE_H
#define TRAWL_GIT_STORE_H

#include "base/buf.h"
#include "base/error.h"
#include "model/id_map.h"

struct store;

/*
 * Opens the folders of objects, NULL-terminated, which outlive the store. Trusted: who made them
 * has checked that each object has the id that it goes by, as git does with what is pushed. The
 * result is the caller's.
 */
struct store *store_open(const char *const *folders, bool trusted);
void store_close(struct store *store);

/*
 * From now on store_read() refuses these objects (ERR_CORRUPT); ids outlives the store. For those
 * whose deltas lead round in a circle, which would be followed for each of them anew.
 */
void store_refuse(struct store *store, const struct id_map *ids);

/* Whether a pack comes from a partial clone (gitformat-pack(5), ".promisor"). */
bool store_promised(const struct store *store);

/*
 * Reads one object into out (emptied first), whose maximum bounds it, or for out NULL its type
 * only. ERR_MISSING, ERR_CORRUPT, ERR_LIMIT, ERR_IO.
 */
enum err store_read(struct store *store, const struct object_id *id, enum object_type *type,
                    struct buf *out, struct error *error);

/* Whether some place claims to hold the object. */
bool store_has(struct store *store, const struct object_id *id);

/* Whether the first folder claims to hold the object and no other does. */
bool store_has_first_only(struct store *store, const struct object_id *id);

/*
 * The object whose id starts with this many hexadecimal digits of prefix, the rest of which is
 * zero. ERR_MISSING; ERR_USAGE when there are several.
 */
enum err store_find(struct store *store, const struct object_id *prefix, size_t digits,
                    struct object_id *id);

enum { LOOSE_FOLDERS = 256 };

/*
 * Which of the folders "00" to "ff" in the folder of objects, where loose ones lie, exist: to read
 * that is cheaper than to look for each. What cannot be told is said to.
 */
void loose_folders(const char *objects, bool exists[LOOSE_FOLDERS]);

/*
 * Calls visit for each loose object, each id once in ascending order. ERR_IO when a folder cannot
 * be read (the rest is still visited).
 */
enum err store_loose(struct store *store, void (*visit)(void *context, const struct object_id *id),
                     void *context, struct error *error);

#endif
