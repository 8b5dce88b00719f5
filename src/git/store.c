#include "git/store.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/sha1.h"
#include "git/library.h"
#include "git/path.h"
#include "model/history.h"
#include "pack/loose.h"
#include "pack/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The objects of one folder. */
struct place {
	const char *folder;
	const char *pack_folder;
	struct pack **packs;
	size_t count;
	size_t cap;
	struct timespec listed; /* when the folder of packs had changed, as it was last read */
};

/* What one thread reads an object with. */
struct reading {
	struct store *store;
	struct reading *next; /* of those that nobody uses */
	struct pack_reader *reader;
	struct buf file;    /* of a loose object */
	unsigned elsewhere; /* bases in other packs that were asked for, for the present object */
};

struct store {
	struct arena arena;
	const char *const *folders;
	size_t count;
	bool trusted;                 /* ids are not computed again */
	const struct id_map *refused; /* NULL: none */
	struct pack_cache *cache;
	pthread_rwlock_t packs_lock; /* of the list of packs in each place */
	struct place *places;
	unsigned growth; /* how often packs were added */
	bool promised;
	pthread_mutex_t readings_lock;
	struct reading *readings; /* that nobody uses */
};

/*
 * Bases in other packs than what is based on them that are tried for one object: each may have
 * several copies there, whose bases have several copies again.
 */
enum { ELSEWHERE_MAX = 50 };

enum {
	FILE_KEPT_MAX = 1 << 20,  /* bytes of memory for loose objects' files that is kept */
	TYPE_FILE_MAX = 64 << 20, /* bytes of a file whose start does not tell the type */
};

static bool is_open(const struct place *place, const char *index_path)
{
	size_t stem = strlen(index_path) - strlen("idx");

	for (size_t i = 0; i < place->count; i++) {
		if (strncmp(pack_path(place->packs[i]), index_path, stem) == 0)
			return true;
	}
	return false;
}

/* Opens the packs that the folder has got since it was last read; broken ones are left out. */
static void open_packs(struct store *s, struct place *place)
{
	DIR *packs = opendir(place->pack_folder);
	struct dirent *item;
	struct stat st;

	if (packs && fstat(dirfd(packs), &st) == 0)
		place->listed = st.st_mtim;
	while (packs && (item = readdir(packs))) {
		const char *suffix = strrchr(item->d_name, '.');
		struct pack *pack = NULL;
		char path[PATH_MAX];
		int len = snprintf(path, sizeof(path), "%s/%s", place->pack_folder, item->d_name);

		s->promised |= suffix && strcmp(suffix, ".promisor") == 0;
		if (!suffix || strcmp(suffix, ".idx") != 0 || len < 0 ||
		    (size_t)len >= sizeof(path) || is_open(place, path) ||
		    pack_open_quickly(&pack, path, NULL))
			continue;
		place->packs =
		    mem_grow(place->packs, place->count, &place->cap, sizeof(struct pack *));
		place->packs[place->count++] = pack;
	}
	if (packs)
		(void)closedir(packs);
}

/* Looks for packs that were added since the growth was this; false: there are none. */
static bool refresh(struct store *s, unsigned growth)
{
	bool grown;

	pthread_rwlock_wrlock(&s->packs_lock);
	for (size_t i = 0; i < s->count; i++) {
		struct place *place = &s->places[i];
		size_t count = place->count;
		struct stat st;

		if (stat(place->pack_folder, &st) != 0 ||
		    (st.st_mtim.tv_sec == place->listed.tv_sec &&
		     st.st_mtim.tv_nsec == place->listed.tv_nsec))
			continue;
		open_packs(s, place);
		s->growth += place->count > count;
	}
	grown = s->growth != growth;
	pthread_rwlock_unlock(&s->packs_lock);
	return grown;
}

struct store *store_open(const char *const *folders, bool trusted)
{
	struct store *s = mem_calloc(1, sizeof(*s));

	if (pthread_rwlock_init(&s->packs_lock, NULL) != 0 ||
	    pthread_mutex_init(&s->readings_lock, NULL) != 0)
		mem_exhausted();
	s->folders = folders;
	s->trusted = trusted;
	s->cache = pack_cache_new();
	while (folders[s->count])
		s->count++;
	s->places = arena_alloc(&s->arena, s->count, sizeof(*s->places));
	for (size_t i = 0; i < s->count; i++) {
		s->places[i] = (struct place){
		    .folder = folders[i], .pack_folder = path_join(&s->arena, folders[i], "pack")};
		open_packs(s, &s->places[i]);
	}
	return s;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (struct reading *r = s->readings, *next; r; r = next) {
		next = r->next;
		pack_reader_free(r->reader);
		buf_release(&r->file);
		free(r);
	}
	pack_cache_free(s->cache);
	for (size_t i = 0; i < s->count; i++) {
		for (size_t k = 0; k < s->places[i].count; k++)
			pack_close(s->places[i].packs[k]);
		free(s->places[i].packs);
	}
	(void)pthread_rwlock_destroy(&s->packs_lock);
	(void)pthread_mutex_destroy(&s->readings_lock);
	arena_release(&s->arena);
	free(s);
}

bool store_promised(const struct store *s)
{
	return s->promised;
}

/* Where the folder keeps the loose object of these digits; false if that is no possible path. */
static bool loose_path(char path[PATH_MAX], const char *folder, const char *hex)
{
	int len = snprintf(path, PATH_MAX, "%s/%.2s/%s", folder, hex, hex + 2);

	return len > 0 && len < PATH_MAX;
}

/* Reads a loose object of the folder; its type only, for out NULL. */
static enum err read_loose(struct reading *r, const char *folder, const struct object_id *id,
                           enum object_type *type, struct buf *out)
{
	char hex[OBJECT_ID_HEX + 1], path[PATH_MAX];
	enum err err = ERR_CORRUPT;

	if (!loose_path(path, folder, object_id_hex(id, hex)))
		return ERR_MISSING;
	if (!out) {
		r->file.max = LOOSE_HEAD_MAX;
		err = library_read_start(AT_FDCWD, path, &r->file, NULL);
		err = err ? err : loose_read(buf_bytes(&r->file), type, NULL);
	}
	/* Any number of empty blocks may stand before the head. */
	if (out || (err == ERR_CORRUPT && r->file.len == LOOSE_HEAD_MAX)) {
		r->file.max = out ? loose_file_max(out->max) : TYPE_FILE_MAX;
		err = library_read_file(AT_FDCWD, path, &r->file, NULL);
		err = err ? err : loose_read(buf_bytes(&r->file), type, out);
	}
	if (r->file.cap > FILE_KEPT_MAX)
		buf_release(&r->file);
	return err;
}

/* Whether the object has this id, the digest of "TYPE SIZE", a NUL and its bytes. */
static bool is_object(enum object_type type, struct bytes bytes, const struct object_id *id)
{
	struct object_id actual;
	struct sha1 sha;
	char head[64];
	int len = snprintf(head, sizeof(head), "%s %zu", object_type_name(type), bytes.len);

	_Static_assert(sizeof(actual) == SHA1_SIZE, "an id's size");
	sha1_init(&sha);
	sha1_update(&sha, (struct bytes){(const unsigned char *)head, (size_t)len + 1});
	sha1_update(&sha, bytes);
	sha1_final(&sha, actual.bytes);
	return object_id_equal(&actual, id);
}

/* What was read, err being what came of that, must have the id. */
static enum err check(const struct store *s, enum err err, const struct object_id *id,
                      const enum object_type *type, struct buf *out)
{
	if (err || !out || s->trusted || is_object(*type, buf_bytes(out), id))
		return err;
	buf_clear(out);
	return ERR_CORRUPT;
}

/*
 * Tries one more copy of an object, after what came of those before. One that is too large for now
 * may be a good one.
 */
static enum err better(enum err before, enum err now)
{
	return !now || now == ERR_LIMIT || before == ERR_MISSING ? now : before;
}

/* Reads the first good copy, wherever it lies. The packs are locked. */
static enum err read_anywhere(struct reading *r, const struct object_id *id, enum object_type *type,
                              struct buf *out)
{
	struct store *s = r->store;
	enum err err = ERR_MISSING, one;

	for (size_t i = 0; i < s->count && err; i++) {
		struct place *place = &s->places[i];
		uint64_t offset;

		for (size_t k = 0; k < place->count && err; k++) {
			if (!pack_locate(place->packs[k], id, &offset))
				continue;
			one = pack_reader_read(r->reader, place->packs[k], offset, type, out);
			err = better(err, check(s, one, id, type, out));
		}
		if (!err)
			break;
		one = read_loose(r, place->folder, id, type, out);
		err = better(err, check(s, one, id, type, out));
	}
	return err;
}

static enum err read_elsewhere(void *context, const struct object_id *id, enum object_type *type,
                               struct buf *out)
{
	struct reading *r = context;

	if (r->elsewhere == ELSEWHERE_MAX)
		return ERR_LIMIT;
	if (r->store->refused && id_map_find(r->store->refused, id) != ID_MAP_NONE)
		return ERR_CORRUPT;
	r->elsewhere++;
	return read_anywhere(r, id, type, out);
}

void store_refuse(struct store *s, const struct id_map *ids)
{
	s->refused = ids;
}

/* Something to read with, which is to be given back. */
static struct reading *borrow_reading(struct store *s)
{
	struct reading *r;

	pthread_mutex_lock(&s->readings_lock);
	r = s->readings;
	if (r)
		s->readings = r->next;
	pthread_mutex_unlock(&s->readings_lock);
	if (!r) {
		r = mem_calloc(1, sizeof(*r));
		r->store = s;
		r->reader = pack_reader_new(s->cache, read_elsewhere, r);
	}
	return r;
}

static void give_back(struct store *s, struct reading *r)
{
	pthread_mutex_lock(&s->readings_lock);
	r->next = s->readings;
	s->readings = r;
	pthread_mutex_unlock(&s->readings_lock);
}

/* Reads the object from what is here by now; *growth is of then. */
static enum err read_present(struct reading *r, const struct object_id *id, enum object_type *type,
                             struct buf *out, unsigned *growth)
{
	enum err err;

	if (out)
		buf_clear(out);
	r->elsewhere = 0;
	pthread_rwlock_rdlock(&r->store->packs_lock);
	*growth = r->store->growth;
	err = read_anywhere(r, id, type, out);
	pthread_rwlock_unlock(&r->store->packs_lock);
	return err;
}

enum err store_read(struct store *s, const struct object_id *id, enum object_type *type,
                    struct buf *out, struct error *error)
{
	static const char *const faults[] = {[ERR_MISSING] = "no such object",
	                                     [ERR_IO] = "its file cannot be read",
	                                     [ERR_LIMIT] =
	                                         "larger than this may be (see --max-size)",
	                                     [ERR_CORRUPT] = "a damaged object"};
	char hex[OBJECT_ID_HEX + 1];
	struct reading *r;
	unsigned growth;
	enum err err;

	if (s->refused && id_map_find(s->refused, id) != ID_MAP_NONE)
		return error_set(error, ERR_CORRUPT, "object %s is based on itself",
		                 object_id_hex(id, hex));
	r = borrow_reading(s);
	err = read_present(r, id, type, out, &growth);
	if (err == ERR_MISSING && refresh(s, growth))
		err = read_present(r, id, type, out, &growth);
	give_back(s, r);
	if (err)
		error_set(error, err, "%s: %s", object_id_hex(id, hex), faults[err]);
	return err;
}

/* Whether one of the folder's packs or loose files claims to be the object. The packs are locked.
 */
static bool place_has(const struct place *place, const struct object_id *id)
{
	char hex[OBJECT_ID_HEX + 1], path[PATH_MAX];
	uint64_t offset;
	struct stat st;

	for (size_t k = 0; k < place->count; k++) {
		if (pack_locate(place->packs[k], id, &offset))
			return true;
	}
	return loose_path(path, place->folder, object_id_hex(id, hex)) && stat(path, &st) == 0;
}

bool store_has(struct store *s, const struct object_id *id)
{
	bool found = false;
	unsigned growth;

	do {
		pthread_rwlock_rdlock(&s->packs_lock);
		growth = s->growth;
		for (size_t i = 0; i < s->count && !found; i++)
			found = place_has(&s->places[i], id);
		pthread_rwlock_unlock(&s->packs_lock);
	} while (!found && refresh(s, growth));
	return found;
}

bool store_has_first_only(struct store *s, const struct object_id *id)
{
	bool here = false, elsewhere = false;

	pthread_rwlock_rdlock(&s->packs_lock);
	for (size_t i = 0; i < s->count; i++) {
		if (i == 0)
			here = place_has(&s->places[i], id);
		else
			elsewhere = elsewhere || place_has(&s->places[i], id);
	}
	pthread_rwlock_unlock(&s->packs_lock);
	return here && !elsewhere;
}

/* ---- Lists of loose objects ---- */

struct id_list {
	struct object_id *items;
	size_t count;
	size_t cap;
};

static int compare_ids(const void *a, const void *b)
{
	return object_id_compare(a, b);
}

/* Adds the ids of the loose objects in the folder `prefix`, "00" to "ff", of a folder of objects.
 */
static enum err list_loose(const char *folder, const char prefix[3], struct id_list *list,
                           struct error *error)
{
	char hex[OBJECT_ID_HEX + 1], path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", folder, prefix);
	DIR *objects = len > 0 && (size_t)len < sizeof(path) ? opendir(path) : NULL;
	struct dirent *item;
	enum err err = ERR_NONE;

	if (!objects)
		return errno == ENOENT || errno == ENOTDIR
		           ? ERR_NONE
		           : error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
	for (errno = 0; (item = readdir(objects)); errno = 0) {
		if (strlen(item->d_name) != OBJECT_ID_HEX - 2 ||
		    strspn(item->d_name, "0123456789abcdef") != OBJECT_ID_HEX - 2)
			continue;
		memcpy(hex, prefix, 2);
		memcpy(hex + 2, item->d_name, OBJECT_ID_HEX - 2 + 1);
		list->items = mem_grow(list->items, list->count, &list->cap, sizeof(*list->items));
		list->count += object_id_parse(&list->items[list->count], hex);
	}
	if (errno)
		err = error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
	(void)closedir(objects);
	return err;
}

/* ---- Abbreviated ids ---- */

/* The ids that start with the prefix, until there are two. */
struct matches {
	struct object_id id;
	unsigned count;
};

static void add_match(struct matches *m, const struct object_id *id)
{
	if (m->count && object_id_equal(&m->id, id))
		return;
	m->id = *id;
	m->count++;
}

/* Of loose objects; git asks for no fewer than four digits. */
static void match_loose(const char *folder, const char *digits, struct matches *m)
{
	const char start[3] = {digits[0], digits[1]};
	struct id_list list = {0};
	char hex[OBJECT_ID_HEX + 1];

	if (strlen(digits) >= 2)
		(void)list_loose(folder, start, &list, NULL);
	for (size_t i = 0; i < list.count; i++) {
		if (strncmp(object_id_hex(&list.items[i], hex), digits, strlen(digits)) == 0)
			add_match(m, &list.items[i]);
	}
	free(list.items);
}

static void match_in(const struct place *place, const struct object_id *prefix, size_t digits,
                     struct matches *m)
{
	char hex[OBJECT_ID_HEX + 1];
	struct object_id id;

	object_id_hex(prefix, hex);
	hex[digits] = '\0';
	match_loose(place->folder, hex, m);
	for (size_t k = 0; k < place->count; k++) {
		unsigned count = pack_match(place->packs[k], prefix, digits, &id);

		if (count > 1)
			m->count += 2;
		else if (count)
			add_match(m, &id);
	}
}

enum err store_find(struct store *s, const struct object_id *prefix, size_t digits,
                    struct object_id *id)
{
	struct matches m = {.id = *prefix};
	unsigned growth;

	do {
		pthread_rwlock_rdlock(&s->packs_lock);
		growth = s->growth;
		for (size_t i = 0; i < s->count; i++)
			match_in(&s->places[i], prefix, digits, &m);
		pthread_rwlock_unlock(&s->packs_lock);
	} while (!m.count && refresh(s, growth));
	*id = m.id;
	return m.count > 1 ? ERR_USAGE : m.count ? ERR_NONE : ERR_MISSING;
}

void loose_folders(const char *objects, bool exists[LOOSE_FOLDERS])
{
	static const char digits[] = "0123456789abcdef";
	DIR *folder = opendir(objects);
	struct dirent *item;

	memset(exists, !folder, LOOSE_FOLDERS * sizeof(*exists));
	for (errno = 0; folder && (item = readdir(folder)); errno = 0) {
		const char *name = item->d_name;

		if (strlen(name) == 2 && strspn(name, digits) == 2)
			exists[(strchr(digits, name[0]) - digits) << 4 |
			       (strchr(digits, name[1]) - digits)] = true;
	}
	if (folder && errno)
		memset(exists, true, LOOSE_FOLDERS * sizeof(*exists));
	if (folder)
		(void)closedir(folder);
}

enum err store_loose(struct store *s, void (*visit)(void *context, const struct object_id *id),
                     void *context, struct error *error)
{
	bool(*exists)[LOOSE_FOLDERS] = mem_calloc(s->count, sizeof(*exists));
	struct id_list list = {0};
	enum err err = ERR_NONE;

	for (size_t i = 0; i < s->count; i++)
		loose_folders(s->folders[i], exists[i]);
	for (unsigned first = 0; first < LOOSE_FOLDERS; first++) {
		char prefix[3];

		snprintf(prefix, sizeof(prefix), "%02x", (unsigned char)first);
		list.count = 0;
		for (size_t i = 0; i < s->count; i++) {
			enum err one = exists[i][first] ? list_loose(s->folders[i], prefix, &list,
			                                             err ? NULL : error)
			                                : ERR_NONE;

			err = err ? err : one;
		}
		if (list.count)
			qsort(list.items, list.count, sizeof(*list.items), compare_ids);
		for (size_t i = 0; i < list.count; i++) {
			if (!i || !object_id_equal(&list.items[i - 1], &list.items[i]))
				visit(context, &list.items[i]);
		}
	}
	free(exists);
	free(list.items);
	return err;
}
