#include "pack/pack.h"

#include "pack/delta.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libdeflate.h>

#include "../tree.h"

#define GIT(...)                                                                                   \
	TREE_RUN("git", "-C", "r", "-c", "user.name=n", "-c", "user.email=e@example.invalid",      \
	         __VA_ARGS__)

enum { LIMIT = 1 << 24 };

/* Packs that git made. */

/* How many deltas a test has met. */
struct seen {
	unsigned by_distance;
	unsigned by_id;
};

static void assert_segments(const struct segment_list *list, struct bytes base, struct bytes result)
{
	uint32_t done = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct segment s = list->items[i];

		assert_true(done <= s.start && s.start < s.end && s.end <= result.len);
		assert_memory_equal(result.ptr + s.start, base.ptr + s.from, s.end - s.start);
		done = s.end;
	}
}

/* Makes the object from its chain of deltas; returns its type. */
static unsigned make(const struct pack *pack, struct inflater *inflater, uint32_t number,
                     struct buf *out, struct seen *seen)
{
	struct segment_list segments = {0};
	struct pack_entry entry;
	struct buf base, delta;
	unsigned type;

	assert_int_equal(pack_entry_read(pack, number, &entry, NULL), ERR_NONE);
	if (entry.type != PACK_OFS_DELTA && entry.type != PACK_REF_DELTA) {
		assert_int_equal(pack_inflate(inflater, &entry, out), ERR_NONE);
		assert_int_equal(out->len, entry.size);
		return entry.type;
	}
	*(entry.type == PACK_OFS_DELTA ? &seen->by_distance : &seen->by_id) += 1;
	buf_init(&base, LIMIT);
	buf_init(&delta, LIMIT);
	assert_int_not_equal(entry.base, PACK_NONE);
	type = make(pack, inflater, entry.base, &base, seen);
	assert_int_equal(pack_inflate(inflater, &entry, &delta), ERR_NONE);
	assert_int_equal(delta_apply(buf_bytes(&base), buf_bytes(&delta), 16, out, &segments, NULL),
	                 ERR_NONE);
	assert_segments(&segments, buf_bytes(&base), buf_bytes(out));
	segment_list_release(&segments);
	buf_release(&base);
	buf_release(&delta);
	return type;
}

static const char *type_name(unsigned type)
{
	static const char *const names[] = {"", "commit", "tree", "blob", "tag"};

	assert_true(type >= OBJECT_COMMIT && type <= OBJECT_TAG);
	return names[type];
}

/* Every object of r/p.idx is what git says that the repository holds, and there are no others. */
static struct seen assert_same_as_git(void)
{
	static const char *const argv[] = {"git",     "-C", "r", "cat-file", "--batch-all-objects",
	                                   "--batch", NULL};
	struct inflater *inflater = inflater_new();
	struct seen seen = {0};
	struct error error = {0};
	struct pack *pack;
	uint32_t count = 0;
	size_t len, at = 0;
	struct buf out;
	char *text = tree_output(argv, &len);

	buf_init(&out, LIMIT);
	if (pack_open(&pack, "r/p.idx", 2, &error))
		fail_msg("%s", error.message);
	assert_string_equal(pack_path(pack), "r/p.pack");
	for (; at < len; count++) {
		char *line_end = memchr(text + at, '\n', len - at);
		char hex[OBJECT_ID_HEX + 1], type[8];
		struct object_id id;
		unsigned long size;
		uint32_t number;

		assert_non_null(line_end);
		*line_end = '\0';
		assert_int_equal(sscanf(text + at, "%40s %7s %lu", hex, type, &size), 3);
		at = (size_t)(line_end + 1 - text);
		assert_true(object_id_parse(&id, hex));
		number = pack_find(pack, &id);
		assert_true(number < pack_count(pack));
		assert_true(object_id_equal(pack_id(pack, number), &id));
		assert_string_equal(type_name(make(pack, inflater, number, &out, &seen)), type);
		assert_int_equal(out.len, size);
		assert_memory_equal(out.ptr, text + at, size);
		at += size + 1;
	}
	assert_int_equal(pack_count(pack), count);
	pack_close(pack);
	inflater_free(inflater);
	buf_release(&out);
	free(text);
	return seen;
}

/* Some hundred versions of a text, a large file that shifts by a byte, an empty one, a tag. */
static void make_repository(void)
{
	enum { LINES = 300, VERSIONS = 40, LARGE = 300000 };
	static unsigned char large[LARGE];
	struct buf text;
	uint32_t random = 1;

	buf_init(&text, LIMIT);
	for (size_t i = 0; i < LARGE; i++) {
		random = random * 1664525 + 1013904223;
		large[i] = (unsigned char)(random >> 24);
	}
	TREE_RUN("git", "init", "-q", "r");
	tree_put("r/empty", "");
	for (unsigned version = 0; version < VERSIONS; version++) {
		char name[32];

		for (unsigned file = 0; file < 3; file++) {
			buf_clear(&text);
			for (unsigned line = 0; line < LINES; line++) {
				unsigned edit = line % VERSIONS < version ? 1000 + version : line;

				buf_appendf(&text, "%u: line %u of file %u\n", edit, line, file);
			}
			snprintf(name, sizeof(name), "r/folder/%u", file);
			tree_put_bytes(name, text.ptr, text.len);
		}
		if (version % 20 == 0)
			tree_put_bytes("r/large", large + version, LARGE - version);
		GIT("add", ".");
		GIT("commit", "-q", "-m", "a version");
	}
	GIT("tag", "-a", "-m", "a tag", "t");
	buf_release(&text);
}

static void reads_what_git_packs(void **state)
{
	static const char *const options[][5] = {
	    {"--depth=50", "--window=10", "pack.indexVersion=2", "repack.useDeltaBaseOffset=true"},
	    {"--depth=4095", "--window=50", "pack.indexVersion=1",
	     "repack.useDeltaBaseOffset=true"},
	    {"--depth=10", "--window=5", "pack.indexVersion=2", "repack.useDeltaBaseOffset=false"},
	    {"--depth=0", "--window=0", "pack.indexVersion=1", "pack.compression=0"},
	};

	(void)state;
	make_repository();
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		struct seen seen;

		TREE_RUN("sh", "-c", "rm -f r/p.*");
		GIT("-c", options[i][2], "-c", options[i][3], "repack", "-adfq", options[i][0],
		    options[i][1]);
		TREE_RUN("sh", "-c",
		         "cp r/.git/objects/pack/*.idx r/p.idx && "
		         "cp r/.git/objects/pack/*.pack r/p.pack");
		seen = assert_same_as_git();
		assert_int_equal(seen.by_distance > 100, i < 2);
		assert_int_equal(seen.by_id > 100, i == 2);
	}
	/* Offsets from 64 on as numbers of 64 bits. */
	TREE_RUN("rm", "r/p.idx");
	GIT("index-pack", "--index-version=2,0x40", "-o", "p.idx", "p.pack");
	assert_same_as_git();
}

/* Packs made by hand. */

/* A pack and its index, as bytes that tests may damage. */
struct forged {
	struct buf pack;
	struct buf index;
	uint32_t count;
	struct {
		unsigned char first; /* byte of the id; the others are 0x77 */
		uint64_t offset;
	} objects[16]; /* in order of their ids */
};

static void put(struct buf *b, const void *bytes, size_t len)
{
	assert_int_equal(buf_append(b, (struct bytes){bytes, len}), ERR_NONE);
}

static void put_be(struct buf *b, uint64_t number, unsigned bytes)
{
	while (bytes--) {
		unsigned char byte = (unsigned char)(number >> 8 * bytes);

		put(b, &byte, 1);
	}
}

static struct object_id id_of(unsigned char first)
{
	struct object_id id;

	memset(&id, 0x77, sizeof(id));
	id.bytes[0] = first;
	return id;
}

static void forge(struct forged *f)
{
	*f = (struct forged){0};
	buf_init(&f->pack, LIMIT);
	buf_init(&f->index, LIMIT);
	put(&f->pack, "PACK\0\0\0\2\0\0\0\0", 12);
}

static void forged_release(struct forged *f)
{
	buf_release(&f->pack);
	buf_release(&f->index);
}

/* Adds an object whose entry is these bytes. */
static void forge_entry(struct forged *f, unsigned char first, const void *entry, size_t len)
{
	uint32_t at = f->count++;

	assert_true(f->count <= sizeof(f->objects) / sizeof(*f->objects));
	for (; at && f->objects[at - 1].first > first; at--)
		f->objects[at] = f->objects[at - 1];
	f->objects[at].first = first;
	f->objects[at].offset = f->pack.len;
	f->pack.ptr[11] = (unsigned char)f->count;
	put(&f->pack, entry, len);
}

/* Adds an object whose entry is this head and the deflated data. */
static void forge_data(struct forged *f, unsigned char first, struct bytes head, struct bytes data)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
	unsigned char entry[512];
	size_t len;

	assert_non_null(compressor);
	assert_true(head.len < 256);
	memcpy(entry, head.ptr, head.len);
	len = libdeflate_zlib_compress(compressor, data.ptr, data.len, entry + head.len,
	                               sizeof(entry) - head.len);
	assert_int_not_equal(len, 0);
	libdeflate_free_compressor(compressor);
	forge_entry(f, first, entry, head.len + len);
}

/* The bytes of a literal without its NUL. */
#define BYTES(text) ((struct bytes){(const unsigned char *)(text), sizeof(text) - 1})

/*
 * Ends the pack and writes the index. In version 2 the object whose offset is the wide_from-th in
 * the index and all behind it have theirs as numbers of 64 bits.
 */
static void forge_end(struct forged *f, unsigned version, uint32_t wide_from)
{
	put(&f->pack, "(checksum of pack..)", 20);
	buf_clear(&f->index);
	if (version > 1)
		put(&f->index, "\377tOc\0\0\0\2", 8);
	for (unsigned byte = 0; byte < 256; byte++) {
		uint32_t below = 0;

		while (below < f->count && f->objects[below].first <= byte)
			below++;
		put_be(&f->index, below, 4);
	}
	for (uint32_t i = 0; i < f->count; i++) {
		struct object_id id = id_of(f->objects[i].first);

		if (version == 1)
			put_be(&f->index, f->objects[i].offset, 4);
		put(&f->index, id.bytes, sizeof(id.bytes));
	}
	for (uint32_t i = 0; version > 1 && i < f->count; i++)
		put_be(&f->index, 0xcccccccc, 4);
	for (uint32_t i = 0; version > 1 && i < f->count; i++)
		put_be(&f->index,
		       i < wide_from ? f->objects[i].offset : 0x80000000 | (i - wide_from), 4);
	for (uint32_t i = wide_from; version > 1 && i < f->count; i++)
		put_be(&f->index, f->objects[i].offset, 8);
	put(&f->index, "(checksum of pack..)(checksum of index.)", 40);
}

static enum err open_bytes(struct pack **pack, struct bytes index, struct bytes pack_bytes)
{
	struct error error = {0};
	enum err err;

	tree_put_bytes("p.idx", index.ptr, index.len);
	tree_put_bytes("p.pack", pack_bytes.ptr, pack_bytes.len);
	err = pack_open(pack, "p.idx", 2, &error);
	if (err) {
		assert_null(*pack);
		assert_int_equal(error.code, err);
		assert_true(strncmp(error.message, "p.idx: ", 7) == 0 ||
		            strncmp(error.message, "p.pack: ", 8) == 0);
	}
	return err;
}

static enum err open_forged(struct pack **pack, const struct forged *f)
{
	return open_bytes(pack, buf_bytes(&f->index), buf_bytes(&f->pack));
}

static struct pack *opened(const struct forged *f)
{
	struct pack *pack;

	assert_int_equal(open_forged(&pack, f), ERR_NONE);
	return pack;
}

static enum err open_error(const struct forged *f)
{
	struct pack *pack;
	enum err err = open_forged(&pack, f);

	pack_close(pack);
	return err;
}

/* What the object's entry inflates to is this text. */
static bool holds(const struct pack *pack, unsigned char first, const char *text)
{
	struct object_id id = id_of(first);
	uint32_t number = pack_find(pack, &id);
	struct inflater *inflater;
	struct pack_entry entry;
	struct buf out;
	bool same;

	if (number == PACK_NONE || pack_entry_read(pack, number, &entry, NULL))
		return false;
	inflater = inflater_new();
	buf_init(&out, LIMIT);
	same =
	    !pack_inflate(inflater, &entry, &out) && bytes_equal(buf_bytes(&out), bytes_of(text));
	buf_release(&out);
	inflater_free(inflater);
	return same;
}

/* Reads the object's entry; what is wrong with it is the end of the message. */
static void assert_entry_fault(const struct pack *pack, unsigned char first, const char *fault)
{
	struct object_id id = id_of(first);
	struct pack_entry entry;
	struct error error = {0};
	char expected[256], hex[OBJECT_ID_HEX + 1];

	snprintf(expected, sizeof(expected), "p.pack: object %s: %s", object_id_hex(&id, hex),
	         fault);
	assert_int_equal(pack_entry_read(pack, pack_find(pack, &id), &entry, &error), ERR_CORRUPT);
	assert_int_equal(error.code, ERR_CORRUPT);
	assert_string_equal(error.message, expected);
}

#define DELTA_TEXT "\x05\x06\x90\x05\x01!"

/* A blob, a delta by distance, one by id, an empty blob, a commit; ids and offsets mixed. */
static void forge_sample(struct forged *f, unsigned version, uint32_t wide_from)
{
	unsigned char reference[21] = {0x76};
	struct object_id id = id_of(0x30);
	unsigned char distance[2] = {0x66};

	forge(f);
	forge_data(f, 0x30, BYTES("\x35"), BYTES("hello"));
	distance[1] = (unsigned char)(f->pack.len - 12);
	forge_data(f, 0x10, (struct bytes){distance, 2}, BYTES(DELTA_TEXT));
	memcpy(reference + 1, id.bytes, sizeof(id.bytes));
	forge_data(f, 0x90, (struct bytes){reference, sizeof(reference)}, BYTES(DELTA_TEXT));
	forge_data(f, 0x31, BYTES("\x30"), BYTES(""));
	forge_data(f, 0x00, BYTES("\x94\x01"), BYTES("a commit of 20 bytes"));
	forge_end(f, version, wide_from);
}

static void assert_sample(const struct pack *pack)
{
	static const unsigned char in_order_of_offsets[] = {0x30, 0x10, 0x90, 0x31, 0x00};
	static const unsigned types[] = {OBJECT_BLOB, PACK_OFS_DELTA, PACK_REF_DELTA, OBJECT_BLOB,
	                                 OBJECT_COMMIT};
	static const uint64_t sizes[] = {5, 6, 6, 0, 20};
	static const uint32_t bases[] = {PACK_NONE, 0, 0, PACK_NONE, PACK_NONE};

	assert_int_equal(pack_count(pack), 5);
	for (uint32_t i = 0; i < 5; i++) {
		struct object_id id = id_of(in_order_of_offsets[i]);
		struct pack_entry entry;

		assert_int_equal(pack_find(pack, &id), i);
		assert_true(object_id_equal(pack_id(pack, i), &id));
		assert_int_equal(pack_entry_read(pack, i, &entry, NULL), ERR_NONE);
		assert_int_equal(entry.type, types[i]);
		assert_int_equal(entry.size, sizes[i]);
		assert_int_equal(entry.base, bases[i]);
		id = id_of(0x30);
		assert_true(types[i] != PACK_REF_DELTA || object_id_equal(&entry.base_id, &id));
	}
	assert_true(holds(pack, 0x30, "hello"));
	assert_true(holds(pack, 0x10, DELTA_TEXT));
	assert_true(holds(pack, 0x90, DELTA_TEXT));
	assert_true(holds(pack, 0x31, ""));
	assert_true(holds(pack, 0x00, "a commit of 20 bytes"));
}

static void reads_every_form(void **state)
{
	static const struct {
		unsigned version;
		uint32_t wide_from;
	} forms[] = {{1, 5}, {2, 5}, {2, 3}, {2, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		for (unsigned char version = 2; version <= 3; version++) {
			struct forged f;
			struct pack *pack;

			forge_sample(&f, forms[i].version, forms[i].wide_from);
			f.pack.ptr[7] = version;
			pack = opened(&f);
			assert_sample(pack);
			assert_int_equal(pack_size(pack), f.pack.len);
			pack_close(pack);
			forged_release(&f);
		}
	}
}

static void finds_only_what_is_there(void **state)
{
	struct forged f;
	struct pack *pack;

	(void)state;
	forge_sample(&f, 2, 5);
	pack = opened(&f);
	for (unsigned first = 0; first < 256; first++) {
		struct object_id id = id_of((unsigned char)first);
		bool there =
		    first == 0 || first == 0x10 || first == 0x30 || first == 0x31 || first == 0x90;

		assert_int_equal(pack_find(pack, &id) != PACK_NONE, there);
		id.bytes[OBJECT_ID_SIZE - 1]++;
		assert_int_equal(pack_find(pack, &id), PACK_NONE);
		id.bytes[OBJECT_ID_SIZE - 1] -= 2;
		assert_int_equal(pack_find(pack, &id), PACK_NONE);
	}
	pack_close(pack);
	forged_release(&f);
}

static void opens_a_pack_without_objects(void **state)
{
	(void)state;
	for (unsigned version = 1; version <= 2; version++) {
		struct object_id id = id_of(0);
		struct forged f;
		struct pack *pack;

		forge(&f);
		forge_end(&f, version, 0);
		pack = opened(&f);
		assert_int_equal(pack_count(pack), 0);
		assert_int_equal(pack_find(pack, &id), PACK_NONE);
		pack_close(pack);
		forged_release(&f);
	}
}

/* git packs an object twice if it is told to. */
static void reads_an_id_that_stands_twice(void **state)
{
	struct object_id id = id_of(0x30);
	struct pack_entry entry;
	struct forged f;
	struct pack *pack;

	(void)state;
	forge(&f);
	forge_data(&f, 0x30, BYTES("\x35"), BYTES("hello"));
	forge_data(&f, 0x30, BYTES("\x35"), BYTES("hello"));
	forge_end(&f, 2, 2);
	pack = opened(&f);
	assert_int_equal(pack_find(pack, &id), 0);
	assert_int_equal(pack_entry_read(pack, 1, &entry, NULL), ERR_NONE);
	assert_true(object_id_equal(pack_id(pack, 1), &id));
	pack_close(pack);
	forged_release(&f);
}

static void tells_what_is_no_file(void **state)
{
	struct error error;
	struct forged f;
	struct pack *pack;

	(void)state;
	forge_sample(&f, 2, 5);
	assert_int_equal(pack_open(&pack, "no/where.idx", 2, &error), ERR_MISSING);
	pack_close(opened(&f));
	TREE_RUN("rm", "p.pack");
	assert_int_equal(pack_open(&pack, "p.idx", 2, &error), ERR_MISSING);
	assert_string_equal(error.message, "p.pack: No such file or directory");
	TREE_RUN("mkfifo", "p.pack");
	assert_int_equal(pack_open(&pack, "p.idx", 2, &error), ERR_IO);
	assert_string_equal(error.message, "p.pack: is no regular file");
	TREE_RUN("rm", "p.pack");
	TREE_RUN("mkdir", "p.pack");
	assert_int_equal(pack_open(&pack, "p.idx", 2, &error), ERR_IO);
	TREE_RUN("rmdir", "p.pack");
	tree_put("p.pack", "");
	assert_int_equal(pack_open(&pack, "p.idx", 2, &error), ERR_CORRUPT);
	assert_string_equal(error.message, "p.pack: is empty");
	assert_null(pack);
	pack_close(pack);
	forged_release(&f);
}

static void follows_links(void **state)
{
	struct forged f;
	struct pack *pack;

	(void)state;
	forge_sample(&f, 2, 5);
	pack_close(opened(&f));
	TREE_RUN("ln", "-s", "p.idx", "link.idx");
	TREE_RUN("ln", "-s", "p.pack", "link.pack");
	assert_int_equal(pack_open(&pack, "link.idx", 2, NULL), ERR_NONE);
	assert_sample(pack);
	pack_close(pack);
	forged_release(&f);
}

/* Damaged ones. */

static void refuses_every_cut(void **state)
{
	(void)state;
	for (unsigned version = 1; version <= 2; version++) {
		struct forged f;
		struct pack *pack;

		forge_sample(&f, version, 2);
		for (size_t len = 0; len < f.index.len; len += len % 1024 < 64 ? 1 : 7)
			assert_int_equal(open_bytes(&pack, bytes_slice(buf_bytes(&f.index), 0, len),
			                            buf_bytes(&f.pack)),
			                 ERR_CORRUPT);
		for (size_t len = 0; len < f.pack.len; len++)
			assert_int_equal(open_bytes(&pack, buf_bytes(&f.index),
			                            bytes_slice(buf_bytes(&f.pack), 0, len)),
			                 ERR_CORRUPT);
		put(&f.index, "12345678", 8);
		assert_int_equal(open_error(&f), ERR_CORRUPT);
		f.index.len -= 8;
		put(&f.pack, "x", 1);
		assert_int_equal(open_error(&f), ERR_CORRUPT);
		forged_release(&f);
	}
}

static void refuses_unknown_versions(void **state)
{
	struct forged f;

	(void)state;
	forge_sample(&f, 2, 5);
	for (unsigned version = 0; version < 256; version++) {
		f.pack.ptr[7] = (unsigned char)version;
		assert_int_equal(open_error(&f),
		                 version == 2 || version == 3 ? ERR_NONE : ERR_UNSUPPORTED);
	}
	f.pack.ptr[7] = 2;
	for (unsigned version = 0; version < 256; version++) {
		f.index.ptr[7] = (unsigned char)version;
		assert_int_equal(open_error(&f), version == 2 ? ERR_NONE : ERR_UNSUPPORTED);
	}
	forged_release(&f);
}

/* Any wrong bit in the heads, the fan-out table, or the pack's checksum. */
static void refuses_every_flip_in_the_structure(void **state)
{
	(void)state;
	for (unsigned version = 1; version <= 2; version++) {
		struct forged f;
		size_t tables, checksum;

		forge_sample(&f, version, 2);
		tables = version == 1 ? 1024 : 1032;
		checksum = f.index.len - 40;
		for (size_t at = 0; at < f.index.len; at++) {
			if (at == tables)
				at = checksum;
			if (at == checksum + 20)
				break;
			f.index.ptr[at] ^= (unsigned char)(1u << at % 8);
			assert_int_not_equal(open_error(&f), ERR_NONE);
			f.index.ptr[at] ^= (unsigned char)(1u << at % 8);
		}
		for (size_t bit = 0; bit < 8 * 12; bit++) {
			enum err err;

			f.pack.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
			err = open_error(&f);
			/* Bit 0 of the version makes it 3. */
			if (bit != 8 * 7)
				assert_true(err == ERR_CORRUPT || err == ERR_UNSUPPORTED);
			f.pack.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
		}
		for (size_t at = f.pack.len - 20; at < f.pack.len; at++) {
			f.pack.ptr[at] ^= 1;
			assert_int_equal(open_error(&f), ERR_CORRUPT);
			f.pack.ptr[at] ^= 1;
		}
		assert_int_equal(open_error(&f), ERR_NONE);
		forged_release(&f);
	}
}

/* Whatever bit is wrong in an entry, the others are read as before. */
static void keeps_neighbours_of_a_damaged_entry(void **state)
{
	static const struct {
		unsigned char first;
		const char *text;
	} objects[] = {
	    {0x30, "hello"},
	    {0x31, ""},
	    {0x00, "a commit of 20 bytes"},
	};
	struct forged f;

	(void)state;
	forge_sample(&f, 2, 5);
	for (size_t bit = 8 * 12; bit < 8 * (f.pack.len - 20); bit++) {
		struct pack *pack;
		uint64_t hit = 0; /* where the damaged entry starts */

		for (uint32_t i = 0; i < f.count; i++) {
			if (f.objects[i].offset <= bit / 8 && f.objects[i].offset > hit)
				hit = f.objects[i].offset;
		}
		f.pack.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
		pack = opened(&f);
		for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
			uint64_t offset = 0;

			for (uint32_t j = 0; j < f.count; j++) {
				if (f.objects[j].first == objects[i].first)
					offset = f.objects[j].offset;
			}
			if (offset != hit)
				assert_true(holds(pack, objects[i].first, objects[i].text));
		}
		for (uint32_t i = 0; i < f.count; i++) {
			struct object_id id = id_of(f.objects[i].first);
			struct pack_entry entry;

			if (f.objects[i].offset != hit)
				assert_int_equal(
				    pack_entry_read(pack, pack_find(pack, &id), &entry, NULL),
				    ERR_NONE);
		}
		pack_close(pack);
		f.pack.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	forged_release(&f);
}

static void survives_every_flip_in_the_tables(void **state)
{
	(void)state;
	for (unsigned version = 1; version <= 2; version++) {
		struct forged f;

		forge_sample(&f, version, 2);
		for (size_t bit = 8 * 1024; bit < 8 * (f.index.len - 40); bit++) {
			struct inflater *inflater = inflater_new();
			struct pack *pack;
			struct buf out;

			buf_init(&out, LIMIT);
			f.index.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
			if (!open_forged(&pack, &f)) {
				assert_int_equal(pack_count(pack), 5);
				for (uint32_t i = 0; i < 5; i++) {
					struct pack_entry entry;

					if (!pack_entry_read(pack, i, &entry, NULL))
						pack_inflate(inflater, &entry, &out);
				}
				pack_close(pack);
			}
			f.index.ptr[bit / 8] ^= (unsigned char)(1u << bit % 8);
			buf_release(&out);
			inflater_free(inflater);
		}
		forged_release(&f);
	}
}

static void refuses_ids_out_of_order(void **state)
{
	struct forged f;

	(void)state;
	forge(&f);
	forge_data(&f, 0x30, BYTES("\x35"), BYTES("hello"));
	forge_data(&f, 0x30, BYTES("\x35"), BYTES("world"));
	forge_end(&f, 2, 2);
	f.index.ptr[1032 + 39]++;
	assert_int_equal(open_error(&f), ERR_NONE);
	f.index.ptr[1032 + 39] -= 2;
	assert_int_equal(open_error(&f), ERR_CORRUPT);
	forged_release(&f);
}

static void refuses_counts_that_do_not_fit(void **state)
{
	(void)state;
	for (unsigned version = 1; version <= 2; version++) {
		static const uint32_t counts[] = {0, 4, 6, 0x7fffffff, 0x80000000, 0xffffffff};
		struct forged f;

		forge_sample(&f, version, 5);
		for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
			struct pack *pack;
			struct buf index;

			buf_init(&index, LIMIT);
			put(&index, f.index.ptr, version == 1 ? 1020 : 1028);
			put_be(&index, counts[i], 4);
			put(&index, f.index.ptr + index.len, f.index.len - index.len);
			assert_int_equal(open_bytes(&pack, buf_bytes(&index), buf_bytes(&f.pack)),
			                 ERR_CORRUPT);
			buf_release(&index);
		}
		forged_release(&f);
	}
}

/* The offset of the object with the lowest id, as the index of version 2 has it. */
static void forge_offset(struct forged *f, uint32_t offset)
{
	unsigned char *at = f->index.ptr + 1032 + f->count * 24;

	for (unsigned i = 0; i < 4; i++)
		at[i] = (unsigned char)(offset >> (24 - 8 * i));
}

static void keeps_neighbours_of_a_wrong_offset(void **state)
{
	struct forged f;

	(void)state;
	forge_sample(&f, 2, 5);
	{
		uint32_t end = (uint32_t)f.pack.len - 20;
		const uint32_t offsets[] = {0,        11,         end,        end + 19,
		                            end + 20, 0x7fffffff, 0x80000000, 0xffffffff};

		for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
			struct object_id id = id_of(0x00);
			struct pack *pack;

			forge_offset(&f, offsets[i]);
			pack = opened(&f);
			assert_int_equal(pack_find(pack, &id), 4);
			assert_true(object_id_equal(pack_id(pack, 4), &id));
			assert_entry_fault(pack, 0x00, "its offset lies outside the pack");
			assert_true(holds(pack, 0x30, "hello"));
			assert_true(holds(pack, 0x10, DELTA_TEXT));
			assert_true(holds(pack, 0x90, DELTA_TEXT));
			assert_true(holds(pack, 0x31, ""));
			pack_close(pack);
		}
	}
	forged_release(&f);
}

static void keeps_neighbours_of_a_wrong_wide_offset(void **state)
{
	static const unsigned char wrong[][8] = {
	    {0x80, 0, 0, 0, 0, 0, 0, 12},
	    {0, 0, 0, 1, 0, 0, 0, 12},
	    {255, 255, 255, 255, 255, 255, 255, 255},
	};
	struct forged f;

	(void)state;
	forge_sample(&f, 2, 4); /* of 0x90 alone */
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct pack *pack;

		memcpy(f.index.ptr + f.index.len - 48, wrong[i], 8);
		pack = opened(&f);
		assert_entry_fault(pack, 0x90, "its offset lies outside the pack");
		assert_true(holds(pack, 0x10, DELTA_TEXT));
		pack_close(pack);
	}
	forged_release(&f);
}

static void doubts_entries_with_one_offset(void **state)
{
	struct forged f;
	struct pack *pack;

	(void)state;
	forge_sample(&f, 2, 5);
	forge_offset(&f, (uint32_t)f.objects[1].offset); /* 0x00 claims the place of 0x10 */
	pack = opened(&f);
	assert_entry_fault(pack, 0x00, "another object has the same offset");
	assert_entry_fault(pack, 0x10, "another object has the same offset");
	assert_true(holds(pack, 0x30, "hello"));
	assert_true(holds(pack, 0x90, DELTA_TEXT));
	assert_true(holds(pack, 0x31, ""));
	pack_close(pack);
	forged_release(&f);
}

/* Opens a pack of a blob "hello" (12 bytes in, 0x30) and behind it an entry 0x40 of these bytes. */
static struct pack *opened_with(struct bytes head, struct bytes data)
{
	struct forged f;
	struct pack *pack;

	forge(&f);
	forge_data(&f, 0x30, BYTES("\x35"), BYTES("hello"));
	if (data.ptr)
		forge_data(&f, 0x40, head, data);
	else
		forge_entry(&f, 0x40, head.ptr, head.len);
	forge_end(&f, 2, 2);
	pack = opened(&f);
	forged_release(&f);
	return pack;
}

static void assert_head_fault(struct bytes head, const char *fault)
{
	struct pack *pack = opened_with(head, (struct bytes){NULL, 0});

	assert_entry_fault(pack, 0x40, fault);
	assert_true(holds(pack, 0x30, "hello"));
	pack_close(pack);
}

static void refuses_wrong_heads(void **state)
{
	(void)state;
	assert_head_fault(BYTES("\x05"), "its type is unknown");
	assert_head_fault(BYTES("\x55"), "its type is unknown");
	assert_head_fault(BYTES("\xb5"), "its head is cut off");
	assert_head_fault(BYTES("\xb5\x80\x80"), "its head is cut off");
	assert_head_fault(BYTES("\xbf\xff\xff\xff\xff\xff\xff\xff\xff\x10"),
	                  "its size is not in 64 bits");
	assert_head_fault(BYTES("\xbf\xff\xff\xff\xff\xff\xff\xff\xff\x80\x00"),
	                  "its size is not in 64 bits");
	assert_head_fault(BYTES("\xbf\xff\xff\xff\xff\xff\xff\xff\xff\x0f"),
	                  "its size is more than its bytes can hold");
	assert_head_fault(BYTES("\xb0\x80\x80\x80\x80\x80\x02 some bytes"), /* 2^40 */
	                  "its size is more than its bytes can hold");
	assert_head_fault(BYTES("\x66"), "its head is cut off");
	assert_head_fault(BYTES("\x66\x80"), "its head is cut off");
	assert_head_fault(BYTES("\x76"), "its head is cut off");
	assert_head_fault(BYTES("\x76 19 bytes of an id."), "its head is cut off");
}

static void refuses_bases_where_none_starts(void **state)
{
	static const char fault[] = "no object starts where its base should";

	(void)state;
	assert_head_fault(BYTES("\x66\x00 "), fault); /* itself */
	assert_head_fault(BYTES("\x66\x01 "), fault); /* within the blob */
	assert_head_fault(BYTES("\x66\x0d "), fault);
	assert_head_fault(BYTES("\x66\x0f "), fault); /* before it */
	assert_head_fault(BYTES("\x66\x1a "), fault); /* the file's start and before */
	assert_head_fault(BYTES("\x66\x1b "), fault);
	assert_head_fault(BYTES("\x66\xff\xff\xff\x7f "), fault);
	assert_head_fault(BYTES("\x66\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f "),
	                  "its base lies outside the pack");
}

static void leaves_bases_elsewhere_to_the_caller(void **state)
{
	struct object_id self = id_of(0x40), other = id_of(0x41);
	struct bytes data = BYTES(DELTA_TEXT);
	unsigned char head[21] = {0x76};
	struct pack_entry entry;
	struct pack *pack;

	(void)state;
	memcpy(head + 1, self.bytes, sizeof(self.bytes));
	pack = opened_with((struct bytes){head, sizeof(head)}, data);
	assert_int_equal(pack_entry_read(pack, 1, &entry, NULL), ERR_NONE);
	assert_int_equal(entry.base, 1);
	pack_close(pack);
	memcpy(head + 1, other.bytes, sizeof(other.bytes));
	pack = opened_with((struct bytes){head, sizeof(head)}, data);
	assert_int_equal(pack_entry_read(pack, 1, &entry, NULL), ERR_NONE);
	assert_int_equal(entry.base, PACK_NONE);
	assert_true(object_id_equal(&entry.base_id, &other));
	pack_close(pack);
}

/* Inflates the entry 0x40 within max bytes; other content than "hello" is ERR_IO. */
static enum err inflated(const struct pack *pack, size_t max)
{
	struct inflater *inflater = inflater_new();
	struct pack_entry entry;
	struct buf out;
	enum err err;

	buf_init(&out, max);
	put(&out, "old", 3);
	assert_int_equal(pack_entry_read(pack, 1, &entry, NULL), ERR_NONE);
	err = pack_inflate(inflater, &entry, &out);
	if (err)
		assert_int_equal(out.len, 0);
	else if (!bytes_equal(buf_bytes(&out), BYTES("hello")))
		err = ERR_IO;
	buf_release(&out);
	inflater_free(inflater);
	return err;
}

static void holds_sizes_against_the_data(void **state)
{
	static const struct {
		const char *head;
		enum err err;
	} heads[] = {
	    {"\x35", ERR_NONE},    {"\x34", ERR_CORRUPT},         {"\x36", ERR_CORRUPT},
	    {"\x30", ERR_CORRUPT}, {"\xb5\x80\x01", ERR_CORRUPT}, /* 2,053 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		struct pack *pack = opened_with(bytes_of(heads[i].head), BYTES("hello"));

		assert_int_equal(inflated(pack, LIMIT), heads[i].err);
		pack_close(pack);
	}
}

static void keeps_to_the_maximum(void **state)
{
	struct pack *pack = opened_with(BYTES("\x35"), BYTES("hello"));

	(void)state;
	assert_int_equal(inflated(pack, 5), ERR_NONE);
	assert_int_equal(inflated(pack, 4), ERR_LIMIT);
	pack_close(pack);
}

/* The index says that another entry starts within this one: its data must not be read on. */
static void ends_an_entry_where_the_next_one_starts(void **state)
{
	struct forged f;

	(void)state;
	forge(&f);
	forge_data(&f, 0x30, BYTES("\x35"), BYTES("world"));
	forge_data(&f, 0x40, BYTES("\x35"), BYTES("hello"));
	forge_entry(&f, 0x00, "x", 1);
	forge_end(&f, 2, 3);
	for (uint32_t offset = (uint32_t)f.objects[2].offset + 1; offset < f.pack.len - 21;
	     offset++) {
		struct pack *pack;

		forge_offset(&f, offset);
		pack = opened(&f);
		assert_int_equal(inflated(pack, LIMIT), ERR_CORRUPT);
		assert_true(holds(pack, 0x30, "world"));
		pack_close(pack);
	}
	forged_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_git_packs),
	    cmocka_unit_test(reads_every_form),
	    cmocka_unit_test(finds_only_what_is_there),
	    cmocka_unit_test(opens_a_pack_without_objects),
	    cmocka_unit_test(reads_an_id_that_stands_twice),
	    cmocka_unit_test(tells_what_is_no_file),
	    cmocka_unit_test(follows_links),
	    cmocka_unit_test(refuses_every_cut),
	    cmocka_unit_test(refuses_unknown_versions),
	    cmocka_unit_test(refuses_every_flip_in_the_structure),
	    cmocka_unit_test(keeps_neighbours_of_a_damaged_entry),
	    cmocka_unit_test(survives_every_flip_in_the_tables),
	    cmocka_unit_test(refuses_ids_out_of_order),
	    cmocka_unit_test(refuses_counts_that_do_not_fit),
	    cmocka_unit_test(keeps_neighbours_of_a_wrong_offset),
	    cmocka_unit_test(keeps_neighbours_of_a_wrong_wide_offset),
	    cmocka_unit_test(doubts_entries_with_one_offset),
	    cmocka_unit_test(refuses_wrong_heads),
	    cmocka_unit_test(refuses_bases_where_none_starts),
	    cmocka_unit_test(leaves_bases_elsewhere_to_the_caller),
	    cmocka_unit_test(holds_sizes_against_the_data),
	    cmocka_unit_test(keeps_to_the_maximum),
	    cmocka_unit_test(ends_an_entry_where_the_next_one_starts),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
