#include "pack/pack.h"

#include "base/memory.h"
#include "base/pool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Sizes in bytes, of what gitformat-pack(5) describes. */
enum {
	PACK_HEAD_SIZE = 12, /* "PACK", the version, the count */
	INDEX_HEAD_SIZE = 8, /* from version 2 on: the magic number and the version */
	FANOUT_SIZE = 256 * 4,
	CHECKSUM_SIZE = 20, /* ends a pack; two end an index, the first is that of the pack */
};

/* Bits of an id that the finer fan-out table tells apart: some four ids have the same. */
enum { START_BITS_MIN = 8, START_BITS_MAX = 24 };

/* Entries whose offsets are searched for one. */
enum { STRETCH_ENTRIES = 4 };

/* Entries below which another thread takes longer to start than to work. */
enum { ASIDE_MIN = 1 << 14 };

struct pack {
	char *path;
	struct pack_file data_file;
	struct pack_file index_file;
	struct bytes data;  /* the .pack file */
	struct bytes index; /* the .idx file */
	uint64_t end;       /* of the entries: the offset of the pack's checksum */
	uint32_t count;

	/* Tables of the index, in order of the ids. */
	const unsigned char *fanout;
	const unsigned char *ids;
	size_t id_stride;          /* from id to id, in bytes */
	const unsigned char *crcs; /* NULL in version 1, which has none */
	const unsigned char *offsets32;
	size_t offset_stride;
	const unsigned char *offsets64; /* NULL in version 1, which has none */
	uint64_t offset64_count;

	/*
	 * A finer fan-out table: by the first start_bits of an id, the place of the first that has
	 * these or more. NULL in a pack that was opened quickly.
	 */
	uint32_t *starts;
	unsigned start_bits;

	/* count + 1 offsets in ascending order; `end` for entries that have none in the pack. */
	uint64_t *offsets;
	uint32_t *places;  /* by number: the place in the order of the ids */
	uint32_t *numbers; /* by place */

	/* By stretch of 1 << stretch_bits bytes: the number of the first entry from there on. */
	uint32_t *stretches;
	unsigned stretch_bits;
};

static uint32_t read_be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint64_t read_be64(const unsigned char *p)
{
	return (uint64_t)read_be32(p) << 32 | read_be32(p + 4);
}

static enum err corrupt(struct error *error, const char *path, const char *fault)
{
	return error_set(error, ERR_CORRUPT, "%s: %s", path, fault);
}

/*
 * Maps the regular file (through links, as git does). Nothing guards against a file that shrinks
 * while it is mapped: git never writes to a pack again, it makes new ones and removes the old.
 */
static enum err map_file(struct pack_file *out, const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum err err = ERR_NONE;
	struct stat status;
	void *map;

	if (fd < 0)
		return error_set(error, errno == ENOENT ? ERR_MISSING : ERR_IO, "%s: %s", path,
		                 strerror(errno));
	if (fstat(fd, &status) < 0) {
		err = error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(status.st_mode)) {
		err = error_set(error, ERR_IO, "%s: is no regular file", path);
	} else if (status.st_size == 0) {
		err = corrupt(error, path, "is empty");
	} else if ((uintmax_t)status.st_size > SIZE_MAX) {
		err = error_set(error, ERR_LIMIT, "%s: is too large to be mapped", path);
	} else {
		map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED)
			err = error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
		else
			*out = (struct pack_file){{map, (size_t)status.st_size},
			                          status.st_dev,
			                          status.st_ino,
			                          {status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
			                           status.st_ctim.tv_sec, status.st_ctim.tv_nsec}};
	}
	close(fd); /* read-only: nothing can be lost */
	return err;
}

static void unmap(struct bytes map)
{
	if (map.ptr)
		munmap((void *)map.ptr, map.len);
}

/* The number of ids whose first byte is less than `first`, 0 to 256. */
static uint32_t ids_below(const struct pack *pack, unsigned first)
{
	return first ? read_be32(pack->fanout + 4 * (first - 1)) : 0;
}

static const struct object_id *id_at(const struct pack *pack, uint32_t place)
{
	return (const struct object_id *)(pack->ids + place * pack->id_stride);
}

/* Finds the tables of an index of version 1: after the fan-out, offset and id alternate. */
static const char *lay_out_version_1(struct pack *pack)
{
	uint64_t head = FANOUT_SIZE, row = 4 + OBJECT_ID_SIZE;

	if (pack->index.len < head + 2 * CHECKSUM_SIZE)
		return "is too short for an index";
	pack->fanout = pack->index.ptr;
	pack->count = ids_below(pack, 256);
	if (pack->index.len != head + pack->count * row + 2 * CHECKSUM_SIZE)
		return "has another size than its number of objects asks for";
	pack->offsets32 = pack->index.ptr + head;
	pack->ids = pack->offsets32 + 4;
	pack->offset_stride = pack->id_stride = row;
	return NULL;
}

/* And of version 2: all ids, CRCs, offsets of 31 bits, and as many of 64 bits as are needed. */
static const char *lay_out_version_2(struct pack *pack)
{
	uint64_t head = INDEX_HEAD_SIZE + FANOUT_SIZE, size, rest;

	if (pack->index.len < head + 2 * CHECKSUM_SIZE)
		return "is too short for an index";
	pack->fanout = pack->index.ptr + INDEX_HEAD_SIZE;
	pack->count = ids_below(pack, 256);
	size = head + pack->count * (uint64_t)(OBJECT_ID_SIZE + 4 + 4) + 2 * CHECKSUM_SIZE;
	rest = pack->index.len - size;
	if (pack->index.len < size || rest % 8 || rest / 8 > pack->count)
		return "has another size than its number of objects asks for";
	pack->ids = pack->index.ptr + head;
	pack->id_stride = OBJECT_ID_SIZE;
	pack->crcs = pack->ids + (size_t)pack->count * OBJECT_ID_SIZE;
	pack->offsets32 = pack->crcs + (size_t)pack->count * 4;
	pack->offset_stride = 4;
	pack->offsets64 = pack->offsets32 + (size_t)pack->count * 4;
	pack->offset64_count = rest / 8;
	return NULL;
}

static const char *check_fanout(const struct pack *pack)
{
	for (unsigned first = 0; first < 256; first++) {
		if (ids_below(pack, first) > ids_below(pack, first + 1))
			return "the fan-out table does not ascend";
	}
	return NULL;
}

/* The id's first bits, for the finer fan-out table. */
static uint32_t start_of(const struct pack *pack, const struct object_id *id)
{
	return read_be32(id->bytes) >> (32 - pack->start_bits);
}

/*
 * Holds the ids against each other and the fan-out table, and makes the finer one, in which an id
 * is found among few. An id may stand twice: git allows packs that hold an object more than
 * once.
 */
static const char *check_ids(struct pack *pack)
{
	size_t next = 0;

	pack->start_bits = START_BITS_MIN;
	while (pack->start_bits < START_BITS_MAX && pack->count >> (pack->start_bits + 2))
		pack->start_bits++;
	pack->starts = mem_resize(NULL, ((size_t)1 << pack->start_bits) + 1, sizeof(*pack->starts));
	for (uint32_t place = 0; place < pack->count; place++) {
		unsigned first = id_at(pack, place)->bytes[0];

		if (place < ids_below(pack, first) || place >= ids_below(pack, first + 1))
			return "the fan-out table does not fit the ids";
		if (place && object_id_compare(id_at(pack, place - 1), id_at(pack, place)) > 0)
			return "the ids do not ascend";
		while (next <= start_of(pack, id_at(pack, place)))
			pack->starts[next++] = place;
	}
	while (next <= (size_t)1 << pack->start_bits)
		pack->starts[next++] = pack->count;
	return NULL;
}

static enum err read_index(struct pack *pack, const char *path, struct error *error)
{
	static const unsigned char magic[] = {0xff, 't', 'O', 'c'}; /* version 2 and later */
	const char *fault;

	if (pack->index.len < INDEX_HEAD_SIZE)
		return corrupt(error, path, "is too short for an index");
	if (memcmp(pack->index.ptr, magic, sizeof(magic)) != 0) {
		fault = lay_out_version_1(pack);
	} else if (read_be32(pack->index.ptr + 4) == 2) {
		fault = lay_out_version_2(pack);
	} else {
		return error_set(error, ERR_UNSUPPORTED, "%s: an index of unknown version %lu",
		                 path, (unsigned long)read_be32(pack->index.ptr + 4));
	}
	if (!fault)
		fault = check_fanout(pack);
	return fault ? corrupt(error, path, fault) : ERR_NONE;
}

/* Holds the pack's head and its checksum's copy in the index against the index. */
static enum err check_pack(struct pack *pack, struct error *error)
{
	const unsigned char *head = pack->data.ptr;
	const unsigned char *named = pack->index.ptr + pack->index.len - 2 * CHECKSUM_SIZE;
	uint32_t version;

	if (pack->data.len < PACK_HEAD_SIZE + CHECKSUM_SIZE)
		return corrupt(error, pack->path, "is too short for a pack");
	if (memcmp(head, "PACK", 4) != 0)
		return corrupt(error, pack->path, "does not start as a pack does");
	version = read_be32(head + 4);
	if (version != 2 && version != 3)
		return error_set(error, ERR_UNSUPPORTED, "%s: a pack of unknown version %lu",
		                 pack->path, (unsigned long)version);
	if (read_be32(head + 8) != pack->count)
		return corrupt(error, pack->path, "holds another number of objects than its index");
	pack->end = pack->data.len - CHECKSUM_SIZE;
	if (memcmp(pack->data.ptr + pack->end, named, CHECKSUM_SIZE) != 0)
		return corrupt(error, pack->path, "its index is that of another pack");
	return ERR_NONE;
}

/* The offset that the index claims, or pack->end if no entry can start there. */
static uint64_t claimed_offset(const struct pack *pack, uint32_t place)
{
	uint64_t offset = read_be32(pack->offsets32 + place * pack->offset_stride);

	if (pack->offsets64 && offset >> 31) {
		uint64_t row = offset & 0x7fffffff;

		offset = row < pack->offset64_count ? read_be64(pack->offsets64 + 8 * row) : 0;
	}
	return offset >= PACK_HEAD_SIZE && offset < pack->end ? offset : pack->end;
}

/* Numbers the entries by offset, and equal ones by place: a radix sort, lowest digit first. */
static void number_entries(struct pack *pack)
{
	enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };
	size_t count = pack->count;
	uint64_t *offsets = mem_calloc(count + 1, sizeof(*offsets)), *from_offsets;
	uint64_t *to_offsets = mem_calloc(count + 1, sizeof(*to_offsets));
	uint32_t *places = mem_calloc(count, sizeof(*places)), *from_places;
	uint32_t *to_places = mem_calloc(count, sizeof(*to_places));

	for (size_t i = 0; i < count; i++) {
		offsets[i] = claimed_offset(pack, (uint32_t)i);
		places[i] = (uint32_t)i;
	}
	for (unsigned shift = 0; shift < 64 && pack->end >> shift; shift += DIGIT_BITS) {
		size_t next[DIGITS + 1] = {0}; /* where the next one with this digit goes */

		for (size_t i = 0; i < count; i++)
			next[(offsets[i] >> shift) % DIGITS + 1]++;
		for (unsigned digit = 1; digit < DIGITS; digit++)
			next[digit] += next[digit - 1];
		for (size_t i = 0; i < count; i++) {
			size_t to = next[(offsets[i] >> shift) % DIGITS]++;

			to_offsets[to] = offsets[i];
			to_places[to] = places[i];
		}
		from_offsets = offsets, offsets = to_offsets, to_offsets = from_offsets;
		from_places = places, places = to_places, to_places = from_places;
	}
	offsets[count] = pack->end;
	for (size_t i = 0; i < count; i++)
		to_places[places[i]] = (uint32_t)i;
	pack->offsets = offsets;
	pack->places = places;
	pack->numbers = to_places;
	free(to_offsets);
}

/* Parts the pack into stretches of some entries each, for finding entries by offset. */
static void find_stretches(struct pack *pack)
{
	size_t count, next = 0;

	while (pack->end >> pack->stretch_bits > pack->count / STRETCH_ENTRIES + 1)
		pack->stretch_bits++;
	count = (size_t)(pack->end >> pack->stretch_bits) + 2;
	pack->stretches = mem_resize(NULL, count, sizeof(*pack->stretches));
	for (uint32_t number = 0; number < pack->count; number++) {
		while (next <= pack->offsets[number] >> pack->stretch_bits)
			pack->stretches[next++] = number;
	}
	while (next < count)
		pack->stretches[next++] = pack->count;
}

enum err pack_open_quickly(struct pack **out, const char *index_path, struct error *error)
{
	static const char index_end[] = ".idx", pack_end[] = ".pack";
	struct pack *pack = mem_calloc(1, sizeof(*pack));
	size_t stem = strlen(index_path);
	enum err err;

	*out = NULL;
	assert(stem >= strlen(index_end));
	stem -= strlen(index_end);
	assert(strcmp(index_path + stem, index_end) == 0);
	pack->path = mem_calloc(stem + sizeof(pack_end), 1);
	memcpy(pack->path, index_path, stem);
	memcpy(pack->path + stem, pack_end, sizeof(pack_end));

	err = map_file(&pack->index_file, index_path, error);
	if (!err)
		err = map_file(&pack->data_file, pack->path, error);
	pack->index = pack->index_file.bytes;
	pack->data = pack->data_file.bytes;
	if (!err)
		err = read_index(pack, index_path, error);
	if (!err)
		err = check_pack(pack, error);
	if (err) {
		pack_close(pack);
		return err;
	}
	*out = pack;
	return ERR_NONE;
}

static void number_all(void *pack)
{
	number_entries(pack);
	find_stretches(pack);
}

enum err pack_open(struct pack **out, const char *index_path, unsigned threads, struct error *error)
{
	enum err err = pack_open_quickly(out, index_path, error);
	struct aside numbering;
	const char *fault;

	if (err)
		return err;
	aside_start(&numbering, (*out)->count < ASIDE_MIN ? 1 : threads, number_all, *out);
	fault = check_ids(*out);
	aside_wait(&numbering);
	if (fault) {
		err = corrupt(error, index_path, fault);
		pack_close(*out);
		*out = NULL;
	}
	return err;
}

void pack_close(struct pack *pack)
{
	if (!pack)
		return;
	unmap(pack->index);
	unmap(pack->data);
	free(pack->starts);
	free(pack->stretches);
	free(pack->offsets);
	free(pack->places);
	free(pack->numbers);
	free(pack->path);
	free(pack);
}

const char *pack_path(const struct pack *pack)
{
	return pack->path;
}

uint64_t pack_size(const struct pack *pack)
{
	return pack->data.len;
}

const struct pack_file *pack_data_file(const struct pack *pack)
{
	return &pack->data_file;
}

const struct pack_file *pack_index_file(const struct pack *pack)
{
	return &pack->index_file;
}

uint32_t pack_count(const struct pack *pack)
{
	return pack->count;
}

const struct object_id *pack_id(const struct pack *pack, uint32_t entry)
{
	assert(entry < pack->count);
	return id_at(pack, pack->places[entry]);
}

uint64_t pack_offset(const struct pack *pack, uint32_t entry)
{
	assert(entry < pack->count);
	return pack->offsets[entry];
}

/* The place of the first id that is not below this one. */
static uint32_t lower_bound(const struct pack *pack, const struct object_id *id)
{
	uint32_t low, high;

	if (pack->starts) {
		low = pack->starts[start_of(pack, id)];
		high = pack->starts[start_of(pack, id) + 1];
	} else {
		low = ids_below(pack, id->bytes[0]);
		high = ids_below(pack, id->bytes[0] + 1u);
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (object_id_compare(id_at(pack, middle), id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The place of the id; false if it has none. */
static bool find_place(const struct pack *pack, const struct object_id *id, uint32_t *place)
{
	*place = lower_bound(pack, id);
	return *place < ids_below(pack, id->bytes[0] + 1u) &&
	       object_id_equal(id_at(pack, *place), id);
}

void pack_expect(const struct pack *pack, const struct object_id *id)
{
	if (pack->starts && pack->count)
		__builtin_prefetch(pack->ids + pack->starts[start_of(pack, id)] * pack->id_stride);
}

bool pack_has(const struct pack *pack, const struct object_id *id)
{
	uint32_t place;

	return find_place(pack, id, &place);
}

uint32_t pack_find(const struct pack *pack, const struct object_id *id)
{
	uint32_t place;

	return find_place(pack, id, &place) ? pack->numbers[place] : PACK_NONE;
}

bool pack_locate(const struct pack *pack, const struct object_id *id, uint64_t *offset)
{
	uint32_t place;

	if (!find_place(pack, id, &place))
		return false;
	*offset = claimed_offset(pack, place);
	return true;
}

/* Whether the id starts with these digits of the prefix. */
static bool starts_with(const struct object_id *id, const struct object_id *prefix, size_t digits)
{
	size_t whole = digits / 2;

	return memcmp(id->bytes, prefix->bytes, whole) == 0 &&
	       (digits % 2 == 0 || id->bytes[whole] >> 4 == prefix->bytes[whole] >> 4);
}

unsigned pack_match(const struct pack *pack, const struct object_id *prefix, size_t digits,
                    struct object_id *id)
{
	unsigned count = 0;

	for (uint32_t place = lower_bound(pack, prefix);
	     place < pack->count && count < 2 && starts_with(id_at(pack, place), prefix, digits);
	     place++) {
		if (count && object_id_equal(id, id_at(pack, place)))
			continue; /* it stands twice */
		*id = *id_at(pack, place);
		count++;
	}
	return count;
}

/* The first entry that starts at this offset, if it comes before `number`, or PACK_NONE. */
static uint32_t find_offset(const struct pack *pack, uint64_t offset, uint32_t number)
{
	uint32_t low = pack->stretches[offset >> pack->stretch_bits];
	uint32_t high = pack->stretches[(offset >> pack->stretch_bits) + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (pack->offsets[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < number && pack->offsets[low] == offset ? low : PACK_NONE;
}

/* Reads the size, whose lowest four bits stand beside the type, and moves *at behind it. */
static const char *take_type_and_size(const unsigned char **at, const unsigned char *end,
                                      struct pack_entry *entry)
{
	unsigned char byte = *(*at)++;

	entry->type = byte >> 4 & 7;
	entry->size = byte & 15;
	for (unsigned shift = 4; byte & 0x80; shift += 7) {
		uint64_t bits;

		if (*at == end)
			return "its head is cut off";
		byte = *(*at)++;
		bits = byte & 0x7f;
		if (shift >= 64 || bits << shift >> shift != bits)
			return "its size is not in 64 bits";
		entry->size |= bits << shift;
	}
	return NULL;
}

/* Reads how far before the entry its base starts, and moves *at behind that. */
static const char *take_distance(const unsigned char **at, const unsigned char *end,
                                 uint64_t *distance)
{
	unsigned char byte;

	*distance = 0;
	do {
		if (*at == end)
			return "its head is cut off";
		byte = *(*at)++;
		/* Each byte but the first counts from where shorter distances end. */
		if (*distance > (UINT64_MAX >> 7) - 1)
			return "its base lies outside the pack";
		*distance = *distance << 7 | (byte & 0x7f);
		*distance += byte & 0x80 ? 1 : 0;
	} while (byte & 0x80);
	return NULL;
}

/*
 * Reads the entry's head, whose bytes end at `end` at the latest; *distance is how far before it a
 * PACK_OFS_DELTA's base starts. Returns what is wrong, or NULL.
 */
static const char *read_head(const unsigned char *at, const unsigned char *end,
                             struct pack_entry *entry, uint64_t *distance)
{
	const char *fault;

	*entry = (struct pack_entry){.base = PACK_NONE};
	*distance = 0;
	fault = take_type_and_size(&at, end, entry);
	if (fault)
		return fault;
	switch (entry->type) {
	case OBJECT_COMMIT:
	case OBJECT_TREE:
	case OBJECT_BLOB:
	case OBJECT_TAG:
		break;
	case PACK_OFS_DELTA:
		fault = take_distance(&at, end, distance);
		if (fault)
			return fault;
		break;
	case PACK_REF_DELTA:
		if (end - at < OBJECT_ID_SIZE)
			return "its head is cut off";
		memcpy(entry->base_id.bytes, at, OBJECT_ID_SIZE);
		at += OBJECT_ID_SIZE;
		break;
	default:
		return "its type is unknown";
	}
	entry->deflated = (struct bytes){at, (size_t)(end - at)};
	if (entry->size / INFLATE_RATIO_MAX > entry->deflated.len)
		return "its size is more than its bytes can hold";
	return NULL;
}

/* Fills the entry but for its base in the pack; returns what is wrong with it, or NULL. */
static const char *read_entry_head(const struct pack *pack, uint32_t number,
                                   struct pack_entry *entry, uint64_t *distance)
{
	uint64_t offset = pack->offsets[number];
	const unsigned char *at = pack->data.ptr + offset;
	const unsigned char *end = pack->data.ptr + pack->offsets[number + 1];

	*entry = (struct pack_entry){.base = PACK_NONE};
	if (offset == pack->end)
		return "its offset lies outside the pack";
	if (at == end || (number && pack->offsets[number - 1] == offset))
		return "another object has the same offset";
	return read_head(at, end, entry, distance);
}

/* Fills the entry; returns what is wrong with it, or NULL. */
static const char *read_entry(const struct pack *pack, uint32_t number, struct pack_entry *entry)
{
	uint64_t offset = pack->offsets[number], distance;
	const char *fault = read_entry_head(pack, number, entry, &distance);

	if (fault)
		return fault;
	if (entry->type == PACK_REF_DELTA)
		entry->base = pack_find(pack, &entry->base_id);
	if (entry->type != PACK_OFS_DELTA)
		return NULL;
	if (distance < offset)
		entry->base = find_offset(pack, offset - distance, number);
	return entry->base == PACK_NONE ? "no object starts where its base should" : NULL;
}

enum err pack_entry_at(const struct pack *pack, uint64_t offset, struct pack_entry *entry,
                       uint64_t *base_offset)
{
	uint64_t distance;

	*base_offset = 0;
	if (offset < PACK_HEAD_SIZE || offset >= pack->end ||
	    read_head(pack->data.ptr + offset, pack->data.ptr + pack->end, entry, &distance))
		return ERR_CORRUPT;
	if (entry->type == PACK_REF_DELTA)
		(void)pack_locate(pack, &entry->base_id, base_offset);
	if (entry->type != PACK_OFS_DELTA)
		return ERR_NONE;
	if (!distance || distance > offset - PACK_HEAD_SIZE)
		return ERR_CORRUPT;
	*base_offset = offset - distance;
	return ERR_NONE;
}

enum err pack_entry_read(const struct pack *pack, uint32_t number, struct pack_entry *entry,
                         struct error *error)
{
	char hex[OBJECT_ID_HEX + 1];
	const char *fault;

	assert(number < pack->count);
	fault = read_entry(pack, number, entry);
	if (!fault)
		return ERR_NONE;
	return error_set(error, ERR_CORRUPT, "%s: object %s: %s", pack->path,
	                 object_id_hex(pack_id(pack, number), hex), fault);
}

enum err pack_entry_reread(const struct pack *pack, uint32_t number, struct pack_entry *entry)
{
	uint64_t distance;

	assert(number < pack->count);
	return read_entry_head(pack, number, entry, &distance) ? ERR_CORRUPT : ERR_NONE;
}

bool pack_entry_intact(const struct pack *pack, uint32_t number)
{
	uint64_t offset = pack->offsets[number];

	return !pack->crcs || read_be32(pack->crcs + (size_t)pack->places[number] * 4) ==
	                          libdeflate_crc32(0, pack->data.ptr + offset,
	                                           (size_t)(pack->offsets[number + 1] - offset));
}

void pack_entry_expect(const struct pack *pack, uint32_t number)
{
	if (pack->crcs && number < pack->count)
		__builtin_prefetch(pack->crcs + (size_t)pack->places[number] * 4);
}

void pack_map(const struct pack *pack, uint32_t first, uint32_t end)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t start = pack->offsets[first] / page * page;

	(void)madvise((void *)(pack->data.ptr + start), (size_t)(pack->offsets[end] - start),
	              MADV_POPULATE_READ);
}

void pack_entry_near(const struct pack *pack, uint32_t entry)
{
	if (entry == PACK_NONE)
		return;
	__builtin_prefetch(&pack->offsets[entry]);
	__builtin_prefetch(&pack->places[entry]);
}

void pack_entry_call(const struct pack *pack, uint32_t entry)
{
	if (entry == PACK_NONE)
		return;
	__builtin_prefetch(pack->data.ptr + pack->offsets[entry]);
	__builtin_prefetch(pack_id(pack, entry));
}

/*
 * libdeflate keeps the tables of the fixed Huffman codes until it meets other codes. Half of all
 * entries start with the fixed ones, so these have a decompressor to themselves.
 */
enum { CODES_FIXED, CODES_OTHER, CODES_COUNT };

struct inflater {
	struct libdeflate_decompressor *decompressors[CODES_COUNT];
};

struct inflater *inflater_new(void)
{
	struct inflater *inflater = mem_calloc(1, sizeof(*inflater));

	for (int i = 0; i < CODES_COUNT; i++) {
		inflater->decompressors[i] = libdeflate_alloc_decompressor();
		if (!inflater->decompressors[i])
			mem_exhausted();
	}
	return inflater;
}

void inflater_free(struct inflater *inflater)
{
	for (int i = 0; inflater && i < CODES_COUNT; i++)
		libdeflate_free_decompressor(inflater->decompressors[i]);
	free(inflater);
}

/* The codes that the first block says it has: RFC 1950, section 2.2, and RFC 1951, 3.2.3. */
static int first_codes(struct bytes deflated)
{
	return deflated.len > 2 && (deflated.ptr[2] >> 1 & 3) == 1 ? CODES_FIXED : CODES_OTHER;
}

enum err pack_inflate(struct inflater *inflater, const struct pack_entry *entry, struct buf *out)
{
	buf_clear(out);
	if (entry->size > out->max || buf_reserve(out, (size_t)entry->size))
		return ERR_LIMIT;
	/* Without a place for the actual size, fewer bytes than entry->size are an error, too. */
	if (libdeflate_zlib_decompress(inflater->decompressors[first_codes(entry->deflated)],
	                               entry->deflated.ptr, entry->deflated.len, out->ptr,
	                               (size_t)entry->size, NULL))
		return ERR_CORRUPT;
	out->len = (size_t)entry->size;
	return ERR_NONE;
}
