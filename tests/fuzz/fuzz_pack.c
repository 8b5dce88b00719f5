/*
 * Any bytes as a pack and its index: no crash, no read outside of an entry, and a pack that opens
 * keeps what its header promises. The first byte chooses between raw files and a pack whose frame
 * is right, so that entries are reached.
 */
#include "pack/reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { INDEX_MAX = 1 << 16, PACK_MAX = 1 << 16, OBJECT_MAX = 1 << 20, CHECKSUM_SIZE = 20 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void write_file(const char *path, struct bytes bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	require(fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len && close(fd) == 0);
}

static void put_be32(struct buf *b, uint32_t number)
{
	unsigned char bytes[] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
	                         (unsigned char)(number >> 8), (unsigned char)number};

	require(!buf_append(b, (struct bytes){bytes, sizeof(bytes)}));
}

static void put_id(struct buf *index, unsigned char first)
{
	struct object_id id = {{first}};

	require(!buf_append(index, (struct bytes){id.bytes, sizeof(id.bytes)}));
}

/*
 * Up to 31 objects of ids 00.., 01.., ...: two bytes of offset each, then the bytes of the entries.
 * The offsets may be anything.
 */
static void frame(struct buf *index, struct buf *pack, bool version_1, struct bytes data)
{
	static const unsigned char checksums[2 * CHECKSUM_SIZE];
	uint32_t count = data.len ? data.ptr[0] % 32 : 0;

	if (data.len)
		data = bytes_slice(data, 1, data.len);
	if (count > data.len / 2)
		count = (uint32_t)(data.len / 2);
	if (!version_1) {
		require(!buf_append(index, bytes_of("\377tOc")));
		put_be32(index, 2);
	}
	for (uint32_t first = 0; first < 256; first++)
		put_be32(index, first < count ? first + 1 : count);
	for (uint32_t i = 0; i < count && !version_1; i++)
		put_id(index, (unsigned char)i);
	for (uint32_t i = 0; i < count && !version_1; i++)
		put_be32(index, 0); /* the CRC */
	for (uint32_t i = 0; i < count; i++) {
		put_be32(index, (uint32_t)data.ptr[2 * i] << 8 | data.ptr[2 * i + 1]);
		if (version_1)
			put_id(index, (unsigned char)i);
	}
	require(!buf_append(index, (struct bytes){checksums, sizeof(checksums)}));

	require(!buf_append(pack, bytes_of("PACK")));
	put_be32(pack, 2);
	put_be32(pack, count);
	require(!buf_append(pack, bytes_slice(data, 2 * (size_t)count, data.len)));
	require(!buf_append(pack, (struct bytes){checksums, CHECKSUM_SIZE}));
}

static void read_entries(const struct pack *pack)
{
	struct inflater *inflater = inflater_new();
	struct buf out;

	buf_init(&out, OBJECT_MAX);
	for (uint32_t i = 0; i < pack_count(pack); i++) {
		uint32_t found = pack_find(pack, pack_id(pack, i));
		struct error error = {0};
		struct pack_entry entry;
		enum err err;

		require(found < pack_count(pack));
		require(object_id_equal(pack_id(pack, found), pack_id(pack, i)));
		err = pack_entry_read(pack, i, &entry, &error);
		if (err) {
			require(err == ERR_CORRUPT && error.code == err && *error.message);
			continue;
		}
		require(entry.base == PACK_NONE || entry.base < pack_count(pack));
		require(entry.type != PACK_OFS_DELTA || entry.base < i);
		require(entry.deflated.len < pack_size(pack));
		err = pack_inflate(inflater, &entry, &out);
		require(out.len == (err ? 0 : entry.size));
	}
	buf_release(&out);
	inflater_free(inflater);
}

static enum err no_base(void *context, const struct object_id *id, enum object_type *type,
                        struct buf *out)
{
	(void)context;
	(void)id;
	(void)type;
	(void)out;
	return ERR_MISSING;
}

/* Reads every object by itself, from wherever the index says it starts. */
static void read_objects(const struct pack *ids, const char *index_path)
{
	struct pack_cache *cache = pack_cache_new();
	struct pack_reader *reader = pack_reader_new(cache, no_base, NULL);
	struct pack *pack;
	struct buf out;

	require(!pack_open_quickly(&pack, index_path, NULL));
	buf_init(&out, OBJECT_MAX);
	for (uint32_t i = 0; i < pack_count(ids); i++) {
		enum object_type type, again;
		struct object_id id = *pack_id(ids, i);
		uint64_t offset;
		enum err err;

		require(pack_match(pack, &id, OBJECT_ID_HEX, &id) == 1);
		require(pack_locate(pack, &id, &offset));
		err = pack_reader_read(reader, pack, offset, &type, &out);
		require(out.len <= OBJECT_MAX);
		require(err || !pack_reader_read(reader, pack, offset, &again, NULL));
		require(err || again == type);
	}
	pack_close(pack);
	pack_reader_free(reader);
	pack_cache_free(cache);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const char *base = getenv("TMPDIR");
	char folder[1024], index_path[1040], data_path[1040];
	struct error error = {0};
	struct buf index, pack_bytes;
	struct pack *pack;

	if (!size || size > PACK_MAX / 2)
		return 0;
	buf_init(&index, INDEX_MAX);
	buf_init(&pack_bytes, PACK_MAX);
	if (data[0] < 32) {
		struct bytes rest = {data + 1, size - 1};
		size_t cut = rest.len * data[0] / 32;

		require(!buf_append(&index, bytes_slice(rest, 0, cut)));
		require(!buf_append(&pack_bytes, bytes_slice(rest, cut, rest.len)));
	} else {
		frame(&index, &pack_bytes, data[0] & 1, (struct bytes){data + 1, size - 1});
	}
	snprintf(folder, sizeof(folder), "%s/trawl-XXXXXX", base ? base : P_tmpdir);
	require(mkdtemp(folder));
	snprintf(index_path, sizeof(index_path), "%s/p.idx", folder);
	snprintf(data_path, sizeof(data_path), "%s/p.pack", folder);
	write_file(index_path, buf_bytes(&index));
	write_file(data_path, buf_bytes(&pack_bytes));
	if (pack_open(&pack, index_path, 1, &error)) {
		require(!pack && error.code && *error.message && data[0] < 32);
	} else {
		read_entries(pack);
		read_objects(pack, index_path);
		pack_close(pack);
	}
	require(unlink(index_path) == 0 && unlink(data_path) == 0 && rmdir(folder) == 0);
	buf_release(&index);
	buf_release(&pack_bytes);
	return 0;
}
