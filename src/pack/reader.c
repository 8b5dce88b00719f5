#include "pack/reader.h"

#include "base/memory.h"
#include "pack/delta.h"

#include <stdlib.h>

enum {
	CHAIN_MAX = 10 * 1000, /* deltas on top of each other; git makes 4,095 at most */
	SLOTS = 1024,
	KEPT_MAX = 64 << 20, /* bytes of all objects that are kept */
};

/* An object that was made, or that cannot be. */
struct kept {
	const struct pack *pack; /* NULL: the slot is free */
	uint64_t offset;
	enum object_type type; /* 0: it is damaged */
	struct buf content;
};

struct pack_reader {
	read_base *elsewhere;
	void *context;
	struct inflater *inflater;
	struct segment_list segments; /* nobody asks for them */
	struct kept slots[SLOTS];
	size_t kept; /* bytes */
	size_t hand; /* the slot that is freed next */
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
};

struct pack_reader *pack_reader_new(read_base *elsewhere, void *context)
{
	struct pack_reader *r = mem_calloc(1, sizeof(*r));

	r->elsewhere = elsewhere;
	r->context = context;
	r->inflater = inflater_new();
	return r;
}

static void drop(struct pack_reader *r, struct kept *k)
{
	r->kept -= k->content.cap;
	buf_release(&k->content);
	*k = (struct kept){0};
}

void pack_reader_free(struct pack_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		drop(r, &r->slots[i]);
	inflater_free(r->inflater);
	segment_list_release(&r->segments);
	free(r);
}

static struct kept *slot_of(struct pack_reader *r, const struct pack *pack, uint64_t offset)
{
	uint64_t key = (offset ^ (uintptr_t)pack >> 4) * UINT64_C(0x9e3779b97f4a7c15);

	return &r->slots[key >> 32 & (SLOTS - 1)];
}

/* Keeps a copy of the object. */
static void keep(struct pack_reader *r, const struct pack *pack, uint64_t offset,
                 enum object_type type, struct bytes content)
{
	struct kept *k = slot_of(r, pack, offset);

	if (content.len > KEPT_MAX / 16)
		return;
	drop(r, k);
	for (size_t i = 0; i < SLOTS && r->kept + content.len > KEPT_MAX; i++)
		drop(r, &r->slots[r->hand++ % SLOTS]);
	buf_init(&k->content, content.len);
	if (buf_append(&k->content, content))
		return;
	k->pack = pack;
	k->offset = offset;
	k->type = type;
	r->kept += k->content.cap;
}

/* Keeps in mind that the object is damaged: a long chain that ends in it is not followed again. */
static void keep_damaged(struct pack_reader *r, const struct pack *pack, uint64_t offset)
{
	struct kept *k = slot_of(r, pack, offset);

	drop(r, k);
	k->pack = pack;
	k->offset = offset;
}

/*
 * Follows the deltas from the offset on to an object that is whole: one that is kept, that stands
 * so in the pack, or that lies elsewhere. Without out only its type is found.
 */
static enum err follow(struct pack_reader *r, const struct pack *pack, uint64_t offset,
                       struct chain *chain, enum object_type *type, struct buf *out)
{
	for (;;) {
		const struct kept *k = slot_of(r, pack, offset);
		struct pack_entry entry;
		uint64_t base;
		enum err err;

		if (k->pack == pack && k->offset == offset) {
			if (!k->type)
				return ERR_CORRUPT;
			*type = k->type;
			return out ? buf_append(out, buf_bytes(&k->content)) : ERR_NONE;
		}
		err = pack_entry_at(pack, offset, &entry, &base);
		if (err)
			return err;
		if (entry.type < PACK_OFS_DELTA) {
			*type = (enum object_type)entry.type;
			return out ? pack_inflate(r->inflater, &entry, out) : ERR_NONE;
		}
		if (chain->count == CHAIN_MAX)
			return ERR_CORRUPT; /* it is based on itself, or might as well be */
		chain->links =
		    mem_grow(chain->links, chain->count, &chain->cap, sizeof(*chain->links));
		chain->links[chain->count++] = (struct link){entry, offset};
		if (!base)
			return r->elsewhere(r->context, &entry.base_id, type, out);
		offset = base;
	}
}

/* Applies the deltas of the chain to the whole object in out. */
static enum err apply(struct pack_reader *r, const struct pack *pack, const struct chain *chain,
                      enum object_type type, struct buf *out)
{
	struct buf base, delta;
	enum err err = ERR_NONE;

	buf_init(&base, out->max);
	buf_init(&delta, out->max);
	for (size_t i = chain->count; i-- > 0 && !err;) {
		struct buf swapped = base;

		base = *out;
		*out = swapped;
		err = pack_inflate(r->inflater, &chain->links[i].entry, &delta);
		if (!err)
			err = delta_apply(buf_bytes(&base), buf_bytes(&delta), UINT32_MAX, out,
			                  &r->segments, NULL);
		if (!err)
			keep(r, pack, chain->links[i].offset, type, buf_bytes(out));
	}
	buf_release(&base);
	buf_release(&delta);
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
		keep_damaged(r, pack, offset);
	free(chain.links);
	return err;
}
