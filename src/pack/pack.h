/*
 * One pack and its index, mapped and validated (gitformat-pack(5)). The index is only a claim: what
 * it says is held against the pack before anything is read, and every read stays inside the entry
 * that it belongs to. A wrong entry does not hide the others. The files' SHA-1 checksums are not
 * computed, for the time it would take; zlib's checksum of each entry is. A pack is const after it
 * is opened and shared by all threads.
 *
 * Whoever reads all objects of a pack wants its entries by number, which takes time to prepare;
 * whoever reads a few wants them by offset.
 */
#ifndef TRAWL_PACK_PACK_H
#define TRAWL_PACK_PACK_H

#include "base/buf.h"
#include "base/error.h"
#include "model/object.h"

/* No such entry. */
#define PACK_NONE UINT32_MAX

/* Entry types beside those of objects. */
enum { PACK_OFS_DELTA = 6, PACK_REF_DELTA = 7 };

/* No deflated byte stands for more than this: 258 bytes in two bits (RFC 1951, 3.2.5). */
enum { INFLATE_RATIO_MAX = 1032 };

/* What stands at the start of an entry. */
struct pack_entry {
	unsigned type; /* enum object_type, PACK_OFS_DELTA or PACK_REF_DELTA */
	uint64_t size; /* bytes of the inflated data: of the object, or of the delta */
	uint32_t base; /* a delta's base in this pack; PACK_NONE: elsewhere, see base_id */
	struct object_id base_id; /* of a PACK_REF_DELTA */
	struct bytes deflated;    /* from the zlib header to the next entry at the latest */
};

struct pack;

/* One of its two files, as it was when it was opened. */
struct pack_file {
	struct bytes bytes; /* mapped */
	uint64_t device;
	uint64_t inode;
	int64_t
	    changed[4]; /* the times of the last change of content and of status: s, ns, s, ns */
};

/*
 * Opens the pack whose index is the file `index_path`, which ends in .idx (the pack lies beside
 * it), on two threads if it is large and `threads` allows it. Checks headers, versions, sizes, the
 * fan-out table, that ids ascend (one may stand twice), that the pack counts as many objects and
 * ends with the checksum that the index names. ERR_MISSING, ERR_IO, ERR_CORRUPT (naming the file
 * and what is wrong), ERR_UNSUPPORTED for another version, ERR_LIMIT for a file that does not fit
 * the address space. *out is the caller's, NULL on failure.
 */
enum err pack_open(struct pack **out, const char *index_path, unsigned threads,
                   struct error *error);
void pack_close(struct pack *pack);

/*
 * The same without what takes time in a large pack: ids are not held against each other, and
 * entries have no numbers. Only the functions "by offset" below may be called.
 */
enum err pack_open_quickly(struct pack **out, const char *index_path, struct error *error);

/* The path of the .pack file; owned by the pack. */
const char *pack_path(const struct pack *pack);

/* The bytes of the .pack file. */
uint64_t pack_size(const struct pack *pack);

/* The .pack file and the .idx file; owned by the pack. */
const struct pack_file *pack_data_file(const struct pack *pack);
const struct pack_file *pack_index_file(const struct pack *pack);

/*
 * The number of entries; they are numbered from 0 in order of their offsets. Those whose offset
 * lies outside the pack are the last.
 */
uint32_t pack_count(const struct pack *pack);

/* The object's id, as the index claims it; owned by the pack. */
const struct object_id *pack_id(const struct pack *pack, uint32_t entry);

/* The entry with this id (if several have it, the one that the index names first), or PACK_NONE. */
uint32_t pack_find(const struct pack *pack, const struct object_id *id);

/*
 * Reads the entry's head. ERR_CORRUPT, naming the pack, the object and the fault, when the entry
 * lies outside the pack or where another one does, its type is unknown, its place cannot hold its
 * size, or no entry starts where the base of a PACK_OFS_DELTA should. Such a base has a lower
 * number than its delta; that of a PACK_REF_DELTA may have any, even the delta's own.
 */
enum err pack_entry_read(const struct pack *pack, uint32_t number, struct pack_entry *entry,
                         struct error *error);

/*
 * Reads the head of an entry that pack_entry_read() has read before, without looking for its base
 * again: entry->base is PACK_NONE. ERR_CORRUPT.
 */
enum err pack_entry_reread(const struct pack *pack, uint32_t number, struct pack_entry *entry);

/*
 * Whether the entry's bytes are those that were there when the index was made: an index of version
 * 2 has a CRC-32 of each; one of version 1 has none, and any bytes will do. Entries that
 * pack_entry_read() refuses are not asked about.
 */
bool pack_entry_intact(const struct pack *pack, uint32_t entry);

/* Where the entry starts, in bytes of the pack: see pack_entry_at(). */
uint64_t pack_offset(const struct pack *pack, uint32_t entry);

/* Says that the processor will soon be asked whether the entry is intact; `entry` may be any. */
void pack_entry_expect(const struct pack *pack, uint32_t entry);

/* Maps the pages of entries [first, end), which are about to be read, where the system can. */
void pack_map(const struct pack *pack, uint32_t first, uint32_t end);

/*
 * Say that the processor will soon read the entry and its id: first that it will be called for,
 * then, when what tells where they lie has come, call for them. `entry` may be PACK_NONE.
 */
void pack_entry_near(const struct pack *pack, uint32_t entry);
void pack_entry_call(const struct pack *pack, uint32_t entry);

/* ---- By offset ---- */

/* Says that the processor will soon be asked for this id. */
void pack_expect(const struct pack *pack, const struct object_id *id);

/* Whether an entry has this id. */
bool pack_has(const struct pack *pack, const struct object_id *id);

/* Where the entry with this id starts, in bytes of the pack; false if there is none. */
bool pack_locate(const struct pack *pack, const struct object_id *id, uint64_t *offset);

/*
 * Looks for the ids that start with these digits of prefix (its rest is zero): returns how many
 * there are, 2 for more, and sets *id to one.
 */
unsigned pack_match(const struct pack *pack, const struct object_id *prefix, size_t digits,
                    struct object_id *id);

/*
 * As pack_entry_read(), for the entry that starts at this offset, which may be any. *base_offset is
 * where the base of a delta starts in this pack, 0 if it lies elsewhere. ERR_CORRUPT.
 */
enum err pack_entry_at(const struct pack *pack, uint64_t offset, struct pack_entry *entry,
                       uint64_t *base_offset);

/* ---- Inflating ---- */

struct inflater; /* one thread's decompressor */

struct inflater *inflater_new(void);
void inflater_free(struct inflater *inflater);

/*
 * Inflates the entry's data, exactly entry->size bytes, into out (emptied first), whose maximum
 * bounds what a claim can make us allocate. ERR_LIMIT past it, ERR_CORRUPT when the data is not
 * what the head says.
 */
enum err pack_inflate(struct inflater *inflater, const struct pack_entry *entry, struct buf *out);

#endif
