#include "pack/reader.h"

#include "base/memory.h"
#include "pack/delta.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	CHAIN_MAX = 10 * 1000, /* deltas on top of each other; git makes 4,095 at most */
	SLOTS = 1024,
	KEPT_MAX = 64 << 20, /* bytes of all objects that are kept */
	OBJECT_KEPT_MAX = KEPT_MAX / 16,
	/* Of a chain one in so many: memory that was never touched costs more than a few deltas. */
	KEPT_APART = 8,
};

/* An object that was made, or that cannot be. */
struct kept {
	const struct pack *pack; /* NULL: the slot is free */
	uint64_t offset;
	enum object_type type; /* 0: it is damaged */
	unsigned depth;        /* of deltas that it is made of */
	bool fault;            /* it is what is damaged, not what it is based on */
	struct buf content;
};

struct pack_cache {
	pthread_mutex_t lock;
	struct kept slots[SLOTS];
	size_t kept; /* bytes */
	size_t hand; /* the slot that is freed next */
};

struct pack_reader {
	struct pack_cache *cache;
	read_base *elsewhere;
	void *context;
	struct inflater *inflater;
	struct segment_list segments; /* nobody asks for them */
	struct buf base, delta;       /* of the present one */
};

/* A delta on the way from an object to one that is whole. */
struct link {
	struct pack_entry entry;
	uint64_t offset;
};

struct chain {
	struct link *links;
	size_t count;
	size_t cap;
	unsigned depth; /* of what it leads to */
	uint64_t fault; /* the offset of what turned out to be damaged; 0: nothing new */
};

/* ---- What is kept ---- */

struct pack_cache *pack_cache_new(void)
{
	struct pack_cache *cache = mem_calloc(1, sizeof(*cache));

	if (pthread_mutex_init(&cache->lock, NULL) != 0)
		mem_exhausted();
	return cache;
}

static void drop(struct pack_cache *cache, struct kept *k)
{
	cache->kept -= k->content.cap;
	buf_release(&k->content);
	*k = (struct kept){0};
}

void pack_cache_free(struct pack_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		drop(cache, &cache->slots[i]);
	(void)pthread_mutex_destroy(&cache->lock);
	free(cache);
}

static struct kept *slot_of(struct pack_cache *cache, const struct pack *pack, uint64_t offset)
{
	uint64_t key = (offset ^ (uintptr_t)pack >> 4) * UINT64_C(0x9e3779b97f4a7c15);

	return &cache->slots[key >> 32 & (SLOTS - 1)];
}

/*
 * Puts it in the place of what is in its slot, and of others if all become too many. That one is
 * damaged is forgotten only for another such: any number may be based on it, and it may be large.
 */
static void put(struct pack_cache *cache, struct kept new)
{
	struct kept *k;

	pthread_mutex_lock(&cache->lock);
	k = slot_of(cache, new.pack, new.offset);
	if (k->fault && !new.fault) {
		pthread_mutex_unlock(&cache->lock);
		buf_release(&new.content);
		return;
	}
	drop(cache, k);
	for (size_t i = 0; i < SLOTS && cache->kept + new.content.cap > KEPT_MAX; i++) {
		struct kept *other = &cache->slots[cache->hand++ % SLOTS];

		if (other->content.cap)
			drop(cache, other);
	}
	*k = new;
	cache->kept += new.content.cap;
	pthread_mutex_unlock(&cache->lock);
}

/* Keeps the object with a copy of its content. */
static void keep(struct pack_cache *cache, struct kept object, struct bytes content)
{
	if (content.len > OBJECT_KEPT_MAX)
		return;
	buf_init(&object.content, content.len);
	if (!buf_append(&object.content, content))
		put(cache, object);
}

/*
 * Keeps in mind that the object is damaged, and, unless that was known, because of what: neither
 * is a long chain that ends in it followed again, nor a large one inflated.
 */
static void keep_damaged(struct pack_cache *cache, const struct pack *pack, uint64_t offset,
                         uint64_t fault)
{
	if (fault != offset)
		put(cache, (struct kept){.pack = pack, .offset = offset});
	if (fault)
		put(cache, (struct kept){.pack = pack, .offset = fault, .fault = true});
}

/* Finds the object, its content unless out is NULL; ERR_MISSING if it is not kept. */
static enum err find_kept(struct pack_cache *cache, const struct pack *pack, uint64_t offset,
                          enum object_type *type, unsigned *depth, struct buf *out)
{
	const struct kept *k;
	enum err err = ERR_MISSING;

	pthread_mutex_lock(&cache->lock);
	k = slot_of(cache, pack, offset);
	if (k->pack == pack && k->offset == offset) {
		*type = k->type;
		*depth = k->depth;
		err = !k->type ? ERR_CORRUPT
		      : out    ? buf_append(out, buf_bytes(&k->content))
		               : ERR_NONE;
	}
	pthread_mutex_unlock(&cache->lock);
	return err;
}

/* ---- Reading ---- */

struct pack_reader *pack_reader_new(struct pack_cache *cache, read_base *elsewhere, void *context)
{
	struct pack_reader *r = mem_calloc(1, sizeof(*r));

	r->cache = cache;
	r->elsewhere = elsewhere;
	r->context = context;
	r->inflater = inflater_new();
	return r;
}

void pack_reader_free(struct pack_reader *r)
{
	if (!r)
		return;
	inflater_free(r->inflater);
	segment_list_release(&r->segments);
	buf_release(&r->base);
	buf_release(&r->delta);
	free(r);
}

/* Notes that the entry is what failed, if something did; returns err. */
static enum err blame(struct chain *chain, uint64_t offset, enum err err)
{
	if (err)
		chain->fault = offset;
	return err;
}

/*
 * Follows the deltas from the offset on to an object that is whole: one that is kept, that stands
 * so in the pack, or that lies elsewhere. Without out only its type is found.
 */
static enum err follow(struct pack_reader *r, const struct pack *pack, uint64_t offset,
                       struct chain *chain, enum object_type *type, struct buf *out)
{
	for (;;) {
		enum err err = find_kept(r->cache, pack, offset, type, &chain->depth, out);
		struct pack_entry entry;
		uint64_t base;

		if (err != ERR_MISSING)
			return err;
		err = pack_entry_at(pack, offset, &entry, &base);
		if (err)
			return blame(chain, offset, err);
		if (entry.type < PACK_OFS_DELTA) {
			*type = (enum object_type)entry.type;
			err = out ? pack_inflate(r->inflater, &entry, out) : ERR_NONE;
			if (!err && out && chain->count)
				keep(r->cache,
				     (struct kept){.pack = pack, .offset = offset, .type = *type},
				     buf_bytes(out));
			return blame(chain, offset, err);
		}
		if (chain->count == CHAIN_MAX)
			return ERR_CORRUPT; /* it is based on itself, or might as well be */
		chain->links =
		    mem_grow(chain->links, chain->count, &chain->cap, sizeof(*chain->links));
		chain->links[chain->count++] = (struct link){entry, offset};
		if (!base) {
			chain->depth = KEPT_APART - 1; /* then what is based on it is kept */
			err = r->elsewhere(r->context, &entry.base_id, type, out);
			return blame(chain, offset, err);
		}
		offset = base;
	}
}

/* Gives the memory of a large object back. */
static void trim(struct buf *b)
{
	buf_clear(b);
	if (b->cap > OBJECT_KEPT_MAX)
		buf_release(b);
}

/* Applies the deltas of the chain to the whole object in out. */
static enum err apply(struct pack_reader *r, const struct pack *pack, struct chain *chain,
                      enum object_type type, struct buf *out)
{
	enum err err = ERR_NONE;

	r->base.max = r->delta.max = out->max;
	for (size_t i = chain->count; i-- > 0 && !err;) {
		struct kept object = {.pack = pack,
		                      .offset = chain->links[i].offset,
		                      .type = type,
		                      .depth = chain->depth + (unsigned)(chain->count - i)};
		struct buf swapped = r->base;

		r->base = *out;
		*out = swapped;
		buf_clear(out);
		err = pack_inflate(r->inflater, &chain->links[i].entry, &r->delta);
		if (!err)
			err = delta_apply(buf_bytes(&r->base), buf_bytes(&r->delta), UINT32_MAX,
			                  out, &r->segments, NULL);
		if (blame(chain, object.offset, err) == ERR_NONE && object.depth % KEPT_APART == 0)
			keep(r->cache, object, buf_bytes(out));
	}
	trim(&r->base);
	trim(&r->delta);
	return err;
}

enum err pack_reader_read(struct pack_reader *r, const struct pack *pack, uint64_t offset,
                          enum object_type *type, struct buf *out)
{
	struct chain chain = {0};
	enum err err;

	if (out)
		buf_clear(out);
	err = follow(r, pack, offset, &chain, type, out);
	if (!err && out)
		err = apply(r, pack, &chain, *type, out);
	if (err == ERR_CORRUPT)
		keep_damaged(r->cache, pack, offset, chain.fault);
	free(chain.links);
	return err;
}
