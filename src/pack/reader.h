/*
 * Single objects out of packs, by the offset at which they start. What was made on the way to one
 * is kept for a while, because the next one asked for is often based on the same. A reader is for
 * one thread at a time; what is kept is for all.
 */
#ifndef TRAWL_PACK_READER_H
#define TRAWL_PACK_READER_H

#include "pack/pack.h"

struct pack_cache;
struct pack_reader;

/*
 * Reads a delta's base that does not lie in its pack, within out's maximum. After ERR_CORRUPT what
 * is based on it is not tried again.
 */
typedef enum err read_base(void *context, const struct object_id *id, enum object_type *type,
                           struct buf *out);

struct pack_cache *pack_cache_new(void);
void pack_cache_free(struct pack_cache *cache);

/* The cache, which outlives the reader, can be that of others. */
struct pack_reader *pack_reader_new(struct pack_cache *cache, read_base *elsewhere, void *context);
void pack_reader_free(struct pack_reader *reader);

/*
 * Reads the object that starts at the offset into out (emptied first), whose maximum bounds it and
 * all that it is based on; for out NULL its type only. ERR_CORRUPT, ERR_LIMIT, and what elsewhere
 * returns. The pack outlives the cache. That the object is the one that was looked for is for the
 * caller to check.
 */
enum err pack_reader_read(struct pack_reader *reader, const struct pack *pack, uint64_t offset,
                          enum object_type *type, struct buf *out);

#endif
