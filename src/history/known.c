#include "history/known.h"

#include "base/memory.h"

#include <stdlib.h>
#include <sys/stat.h>

/* Raised whenever notes are to be understood otherwise. */
enum { NOTES_VERSION = 2 };

enum { IDENTITY_SIZE = 16 };

/* ---- Keys ---- */

/* Begins the key of one kind of value. */
static void key_begin(struct digest *d, const char *kind)
{
	digest_begin(d);
	digest_add_text(d, kind);
}

static void add_pack_file(struct digest *d, const struct pack_file *file)
{
	digest_add_number(d, file->device);
	digest_add_number(d, file->inode);
	digest_add_number(d, file->bytes.len);
	for (size_t i = 0; i < sizeof(file->changed) / sizeof(*file->changed); i++)
		digest_add_number(d, (uint64_t)file->changed[i]);
}

/* The key under which the digest of the pack stands whose files are these. */
static void files_key(const struct pack *pack, unsigned char key[KNOWN_KEY_SIZE])
{
	struct digest d;

	key_begin(&d, "files");
	add_pack_file(&d, pack_data_file(pack));
	add_pack_file(&d, pack_index_file(pack));
	digest_end(&d, key);
}

/* The key under which something stands about packs that claim this checksum. */
static void checksum_key(const struct pack *pack, const char *kind,
                         unsigned char key[KNOWN_KEY_SIZE])
{
	struct bytes data = pack_data_file(pack)->bytes;
	struct digest d;

	key_begin(&d, kind);
	digest_add(&d, bytes_slice(data, data.len - OBJECT_ID_SIZE, data.len));
	digest_end(&d, key);
}

static void notes_key(const char *kind, const unsigned char content[DIGEST_SIZE],
                      const unsigned char scan[DIGEST_SIZE], unsigned char key[KNOWN_KEY_SIZE])
{
	struct digest d;

	key_begin(&d, kind);
	digest_add_number(&d, NOTES_VERSION);
	digest_add(&d, (struct bytes){content, DIGEST_SIZE});
	digest_add(&d, (struct bytes){scan, DIGEST_SIZE});
	digest_end(&d, key);
}

static void loose_key(const struct objects *o, const unsigned char scan[DIGEST_SIZE],
                      unsigned char key[KNOWN_KEY_SIZE])
{
	struct digest d;

	key_begin(&d, "loose");
	digest_add_number(&d, NOTES_VERSION);
	digest_add_text(&d, repository_common(o->repository));
	digest_add(&d, (struct bytes){scan, DIGEST_SIZE});
	digest_end(&d, key);
}

static void content_digest(const struct pack *pack, unsigned char content[DIGEST_SIZE])
{
	struct digest d;

	digest_begin(&d);
	digest_add_number(&d, pack_data_file(pack)->bytes.len);
	digest_add(&d, pack_data_file(pack)->bytes);
	digest_add(&d, pack_index_file(pack)->bytes);
	digest_end(&d, content);
}

/* ---- Notes as bytes: the flags, and for what was scanned its bytes, seven bits at a time ---- */

static void put_note(struct buf *out, uint64_t note)
{
	unsigned char bytes[11] = {(unsigned char)note};
	uint64_t number = note >> NOTE_BYTES;
	size_t len = 1;

	for (; note & NOTE_SCANNED; number >>= 7) {
		bytes[len++] = (unsigned char)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
		if (number <= 0x7f)
			break;
	}
	if (buf_append(out, (struct bytes){bytes, len}))
		mem_exhausted();
}

/* Cuts the next note off rest; false at the end or for what is none. */
static bool get_note(struct bytes *rest, uint64_t *note)
{
	uint64_t number = 0;
	unsigned shift = 0;
	size_t at = 1;

	if (!rest->len)
		return false;
	*note = rest->ptr[0];
	for (bool more = *note & NOTE_SCANNED; more; shift += 7) {
		if (at == rest->len || shift > 49)
			return false;
		number |= (uint64_t)(rest->ptr[at] & 0x7f) << shift;
		more = rest->ptr[at++] & 0x80;
	}
	*note |= number << NOTE_BYTES;
	*rest = bytes_slice(*rest, at, rest->len);
	return (*note & NOTE_TYPE) <= OBJECT_TAG;
}

/* ---- Packs ---- */

/*
 * Whether the notes say all of the pack that a scan wants to know, if its objects that packs before
 * it hold, too, are known from there.
 */
static bool is_complete(const struct objects *o, size_t pack, const uint64_t *notes)
{
	for (uint32_t i = 0; i < pack_count(o->packs[pack]); i++) {
		if (!notes[i] && !objects_hold_before(o, pack, pack_id(o->packs[pack], i)))
			return false;
	}
	return true;
}

static bool read_notes(struct bytes text, uint64_t *notes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!get_note(&text, &notes[i]))
			return false;
	}
	return text.len == 0;
}

/* Says where a pack lies whose digest stands under the key of its files. */
static void put_place(const struct pack *pack, const struct known_store *store, struct buf *value)
{
	unsigned char key[KNOWN_KEY_SIZE];
	struct bytes path = bytes_of(pack_path(pack));

	if (!store->put_for_run)
		return;
	buf_clear(value);
	files_key(pack, key);
	if (buf_append(value, (struct bytes){key, sizeof(key)}) || buf_append(value, path))
		mem_exhausted();
	checksum_key(pack, "place", key);
	store->put_for_run(store->context, key, buf_bytes(value));
}

/* Opens the pack of that place, if its files are still those that they were. */
static struct pack *open_place(struct bytes place)
{
	static const char pack_end[] = ".pack", index_end[] = ".idx";
	unsigned char key[KNOWN_KEY_SIZE];
	struct pack *pack = NULL;
	struct buf path;

	if (place.len <= KNOWN_KEY_SIZE + strlen(pack_end))
		return NULL;
	buf_init(&path, SIZE_MAX);
	buf_append(&path, bytes_slice(place, KNOWN_KEY_SIZE, place.len - strlen(pack_end)));
	buf_append(&path, bytes_of(index_end));
	if (!pack_open_quickly(&pack, buf_text(&path), NULL)) {
		files_key(pack, key);
		if (memcmp(key, place.ptr, KNOWN_KEY_SIZE) != 0) {
			pack_close(pack);
			pack = NULL;
		}
	}
	buf_release(&path);
	return pack;
}

/*
 * Finds the digest of a pack that is, byte for byte, one that this run has met: to hold them
 * against each other takes a fraction of the time that the digest takes.
 */
static bool find_copied(const struct pack *pack, const struct known_store *store, struct buf *value,
                        unsigned char content[DIGEST_SIZE])
{
	unsigned char key[KNOWN_KEY_SIZE];
	struct pack *met;
	bool same;

	checksum_key(pack, "place", key);
	buf_clear(value);
	met = store->get(store->context, key, value) ? open_place(buf_bytes(value)) : NULL;
	if (!met)
		return false;
	same = bytes_equal(pack_index_file(met)->bytes, pack_index_file(pack)->bytes) &&
	       bytes_equal(pack_data_file(met)->bytes, pack_data_file(pack)->bytes);
	files_key(met, key);
	pack_close(met);
	buf_clear(value);
	if (!same || !store->get(store->context, key, value) || value->len != DIGEST_SIZE)
		return false;
	memcpy(content, value->ptr, DIGEST_SIZE);
	return true;
}

/* Finds out which pack this is; false if no such one was ever met. */
static bool find_content(const struct pack *pack, const struct known_store *store,
                         struct buf *value, unsigned char content[DIGEST_SIZE])
{
	unsigned char key[KNOWN_KEY_SIZE];

	files_key(pack, key);
	buf_clear(value);
	if (store->get(store->context, key, value) && value->len == DIGEST_SIZE) {
		memcpy(content, value->ptr, DIGEST_SIZE);
		return true;
	}
	checksum_key(pack, "checksum", key);
	buf_clear(value);
	if (!store->get(store->context, key, value))
		return false;
	if (!find_copied(pack, store, value, content))
		content_digest(pack, content);
	files_key(pack, key);
	store->put(store->context, key, (struct bytes){content, DIGEST_SIZE});
	return true;
}

/* Takes the leads of the pack, if the store has them. */
static void recall_leads(const struct objects *o, size_t number, const struct known_store *store,
                         const unsigned char scan[DIGEST_SIZE])
{
	struct pack_notes *notes = &o->pack_notes[number];
	unsigned char key[KNOWN_KEY_SIZE];

	notes_key("leads", notes->content, scan, key);
	buf_init(&notes->leads, KNOWN_VALUE_MAX);
	if (!store->get(store->context, key, &notes->leads) ||
	    !leads_whole(buf_bytes(&notes->leads), pack_count(o->packs[number])))
		buf_release(&notes->leads);
}

static void forget_pack(const struct objects *o, size_t number)
{
	struct pack_notes *notes = &o->pack_notes[number];

	notes->noted = NOTED_HERE;
	memset(notes->items, 0, pack_count(o->packs[number]) * sizeof(*notes->items));
}

/* Takes the notes of that scan, if the store has them. */
static void recall_pack(struct objects *o, size_t number, const struct known_store *store,
                        const unsigned char scan[DIGEST_SIZE], enum noted noted, struct buf *value)
{
	const struct pack *pack = o->packs[number];
	struct pack_notes *notes = &o->pack_notes[number];
	unsigned char key[KNOWN_KEY_SIZE];

	if (!find_content(pack, store, value, notes->content))
		return;
	notes_key("notes", notes->content, scan, key);
	buf_clear(value);
	if (!store->get(store->context, key, value) ||
	    !read_notes(buf_bytes(value), notes->items, pack_count(pack)) ||
	    !is_complete(o, number, notes->items)) {
		forget_pack(o, number);
		return;
	}
	notes->noted = noted;
	notes->kept = noted == NOTED_KNOWN;
	if (notes->kept)
		recall_leads(o, number, store, scan);
}

/* Makes the notes of the other scan that count those of this one. */
static void renew_pack(struct objects *o, size_t number, bool all)
{
	struct pack_notes *notes = &o->pack_notes[number];

	for (uint32_t i = 0; i < pack_count(o->packs[number]); i++) {
		uint64_t *note = &notes->items[i];

		if (!all && *note != OBJECT_TREE && !(*note & NOTE_RENEWED))
			*note = 0;
		*note &= ~NOTE_RENEWED;
	}
	if (is_complete(o, number, notes->items))
		notes->noted = NOTED_RENEWED;
	else
		forget_pack(o, number);
}

/* Trees are not scanned: that the pack holds them undamaged is all there is to know. */
static void note_trees(const struct objects *o, size_t number)
{
	struct pack_notes *notes = &o->pack_notes[number];

	for (uint32_t i = 0; i < pack_count(o->packs[number]); i++) {
		if (!notes->items[i] && pack_forests_type(o->forests, number, i) == OBJECT_TREE)
			notes->items[i] = OBJECT_TREE;
	}
}

static void keep_pack(const struct objects *o, size_t number, const struct known_store *store,
                      const unsigned char scan[DIGEST_SIZE], struct buf *value)
{
	static const struct bytes nothing = {(const unsigned char *)"", 0};
	const struct pack *pack = o->packs[number];
	struct pack_notes *notes = &o->pack_notes[number];
	unsigned char key[KNOWN_KEY_SIZE];

	if (notes->noted == NOTED_KNOWN || pack_count(pack) > KNOWN_VALUE_MAX / 11)
		return;
	if (notes->noted == NOTED_HERE)
		note_trees(o, number);
	if (!is_complete(o, number, notes->items))
		return;
	if (notes->noted == NOTED_HERE || !find_content(pack, store, value, notes->content))
		content_digest(pack, notes->content);
	buf_clear(value);
	for (uint32_t i = 0; i < pack_count(pack); i++)
		put_note(value, notes->items[i]);
	notes_key("notes", notes->content, scan, key);
	store->put(store->context, key, buf_bytes(value));
	files_key(pack, key);
	store->put(store->context, key, (struct bytes){notes->content, DIGEST_SIZE});
	checksum_key(pack, "checksum", key);
	store->put(store->context, key, nothing);
	put_place(pack, store, value);
	notes->kept = true;
}

/* ---- Loose objects: of each its id, the identity of its files, its note ---- */

/* What tells that all files of the loose object are the ones that they were. */
static void identify(const struct objects *o, const struct object_id *id,
                     unsigned char out[IDENTITY_SIZE])
{
	unsigned char whole[DIGEST_SIZE];
	char hex[OBJECT_ID_HEX + 1];
	struct digest d;
	struct stat st;
	struct buf path;

	digest_begin(&d);
	buf_init(&path, 64 * 1024);
	object_id_hex(id, hex);
	for (const char *const *folder = repository_object_folders(o->repository); *folder;
	     folder++) {
		buf_clear(&path);
		if (buf_appendf(&path, "%s/%.2s/%s", *folder, hex, hex + 2) ||
		    stat(buf_text(&path), &st) != 0) {
			digest_add_number(&d, 0);
			continue;
		}
		digest_add_number(&d, 1);
		digest_add_number(&d, st.st_dev);
		digest_add_number(&d, st.st_ino);
		digest_add_number(&d, (uint64_t)st.st_size);
		digest_add_number(&d, (uint64_t)st.st_mtim.tv_sec);
		digest_add_number(&d, (uint64_t)st.st_mtim.tv_nsec);
		digest_add_number(&d, (uint64_t)st.st_ctim.tv_sec);
		digest_add_number(&d, (uint64_t)st.st_ctim.tv_nsec);
	}
	buf_release(&path);
	digest_end(&d, whole);
	memcpy(out, whole, IDENTITY_SIZE);
}

static void recall_loose(struct objects *o, const struct known_store *store,
                         const unsigned char scan[DIGEST_SIZE], enum noted noted, struct buf *value)
{
	unsigned char key[KNOWN_KEY_SIZE];
	struct bytes rest;
	uint64_t note;

	loose_key(o, scan, key);
	buf_clear(value);
	if (!store->get(store->context, key, value))
		return;
	for (rest = buf_bytes(value); rest.len > OBJECT_ID_SIZE + IDENTITY_SIZE;) {
		const struct object_id *id = (const struct object_id *)rest.ptr;
		const unsigned char *identity = rest.ptr + OBJECT_ID_SIZE;
		uint32_t number = id_map_find(&o->loose, id);

		rest = bytes_slice(rest, OBJECT_ID_SIZE + IDENTITY_SIZE, rest.len);
		if (!get_note(&rest, &note))
			return;
		if (number == ID_MAP_NONE || !note || o->loose_noted[number] != NOTED_HERE ||
		    memcmp(identity, o->loose_identities + (size_t)number * IDENTITY_SIZE,
		           IDENTITY_SIZE) != 0)
			continue;
		o->loose_notes[number] = note;
		o->loose_types[number] = note & NOTE_TYPE;
		o->loose_noted[number] = noted;
	}
}

static void renew_loose(struct objects *o, uint32_t number, bool all)
{
	uint64_t *note = &o->loose_notes[number];
	bool counts = all || *note == OBJECT_TREE || (*note & NOTE_RENEWED);

	*note = counts ? *note & ~NOTE_RENEWED : 0;
	o->loose_noted[number] = counts ? NOTED_RENEWED : NOTED_HERE;
}

static void keep_loose(const struct objects *o, const struct known_store *store,
                       const unsigned char scan[DIGEST_SIZE], struct buf *value)
{
	unsigned char key[KNOWN_KEY_SIZE];
	bool news = false;

	buf_clear(value);
	for (uint32_t i = 0; i < o->loose.count; i++) {
		const unsigned char *identity = o->loose_identities + (size_t)i * IDENTITY_SIZE;
		uint64_t note = o->loose_notes[i];

		if (!note || value->len > KNOWN_VALUE_MAX / 2)
			continue;
		news |= o->loose_noted[i] != NOTED_KNOWN;
		if (buf_append(value, (struct bytes){o->loose.ids[i].bytes, OBJECT_ID_SIZE}) ||
		    buf_append(value, (struct bytes){identity, IDENTITY_SIZE}))
			mem_exhausted();
		put_note(value, note);
	}
	loose_key(o, scan, key);
	if (news)
		store->put(store->context, key, buf_bytes(value));
}

/* ---- The whole ---- */

void known_recall(struct objects *o, const struct known_store *store,
                  const unsigned char scan[DIGEST_SIZE])
{
	struct buf value;

	buf_init(&value, KNOWN_VALUE_MAX);
	o->pack_notes = mem_calloc(o->pack_count, sizeof(*o->pack_notes));
	for (size_t i = 0; i < o->pack_count; i++) {
		o->pack_notes[i].items =
		    mem_calloc(pack_count(o->packs[i]), sizeof(*o->pack_notes[i].items));
		recall_pack(o, i, store, scan, NOTED_KNOWN, &value);
	}
	o->loose_notes = mem_calloc(o->loose.count, sizeof(*o->loose_notes));
	o->loose_noted = mem_calloc(o->loose.count, sizeof(*o->loose_noted));
	o->loose_identities = mem_calloc(o->loose.count, IDENTITY_SIZE);
	for (uint32_t i = 0; i < o->loose.count; i++)
		identify(o, &o->loose.ids[i], o->loose_identities + (size_t)i * IDENTITY_SIZE);
	recall_loose(o, store, scan, NOTED_KNOWN, &value);
	buf_release(&value);
}

static bool any_noted(const struct objects *o, enum noted noted)
{
	for (size_t i = 0; i < o->pack_count; i++) {
		if (o->pack_notes[i].noted == noted)
			return true;
	}
	for (uint32_t i = 0; i < o->loose.count; i++) {
		if (o->loose_noted[i] == noted)
			return true;
	}
	return false;
}

bool known_lacks(const struct objects *o)
{
	return any_noted(o, NOTED_HERE);
}

bool known_recall_other(struct objects *o, const struct known_store *store,
                        const unsigned char other[DIGEST_SIZE])
{
	struct buf value;

	buf_init(&value, KNOWN_VALUE_MAX);
	for (size_t i = 0; i < o->pack_count; i++) {
		if (o->pack_notes[i].noted == NOTED_HERE)
			recall_pack(o, i, store, other, NOTED_OTHER, &value);
	}
	recall_loose(o, store, other, NOTED_OTHER, &value);
	buf_release(&value);
	return any_noted(o, NOTED_OTHER);
}

void known_renew(struct objects *o, bool all)
{
	for (size_t i = 0; i < o->pack_count; i++) {
		if (o->pack_notes[i].noted == NOTED_OTHER)
			renew_pack(o, i, all);
	}
	for (uint32_t i = 0; i < o->loose.count; i++) {
		if (o->loose_noted[i] == NOTED_OTHER)
			renew_loose(o, i, all);
	}
}

void known_keep(const struct objects *o, const struct known_store *store,
                const unsigned char scan[DIGEST_SIZE])
{
	struct buf value;

	buf_init(&value, KNOWN_VALUE_MAX);
	for (size_t i = 0; i < o->pack_count; i++)
		keep_pack(o, i, store, scan, &value);
	keep_loose(o, store, scan, &value);
	buf_release(&value);
}

void known_keep_leads(const struct objects *o, const struct known_store *store,
                      const unsigned char scan[DIGEST_SIZE], const struct sightings *sightings,
                      const struct tree_graph *graph)
{
	const struct pack_notes *notes = o->pack_notes;
	unsigned char key[KNOWN_KEY_SIZE];
	struct buf leads;

	if (o->pack_count != 1 || !notes->kept || (notes->leads.len && !sightings->blobs.count))
		return;
	buf_init(&leads, KNOWN_VALUE_MAX);
	if (leads_make(&leads, o, sightings, graph) &&
	    !bytes_equal(buf_bytes(&leads), buf_bytes(&notes->leads))) {
		notes_key("leads", notes->content, scan, key);
		store->put(store->context, key, buf_bytes(&leads));
	}
	buf_release(&leads);
}
