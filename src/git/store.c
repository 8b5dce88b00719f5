#include "git/store.h"

#include "base/arena.h"
#include "base/memory.h"
#include "git/library.h"
#include "git/path.h"

#include <dirent.h>
#include <errno.h>
#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The packs or the loose objects of one folder. */
struct place {
	git_odb *odb;
	const char *folder;
	const char *loose; /* the folder, for one of loose objects */
};

struct store {
	struct arena arena;
	const char *const *folders;
	struct place *places;
	size_t count;
	bool promised;
	const struct id_map *refused; /* NULL: none */
	pthread_mutex_t lock;         /* of the places */
};

/*
 * Whether libgit2 may look at the packs of this folder, as it waits for FIFOs; *promised becomes
 * true when one of them comes from a partial clone (gitformat-pack(5), ".promisor").
 */
static bool packs_are_harmless(const char *folder, bool *promised)
{
	DIR *packs = opendir(folder);
	struct dirent *item;
	bool harmless = true;

	while (packs && (item = readdir(packs))) {
		const char *suffix = strrchr(item->d_name, '.');
		struct stat st;

		*promised |= suffix && strcmp(suffix, ".promisor") == 0;
		if (fstatat(dirfd(packs), item->d_name, &st, 0) == 0)
			harmless &= S_ISREG(st.st_mode) || S_ISDIR(st.st_mode);
	}
	if (packs)
		(void)closedir(packs);
	return harmless;
}

/* Adds a place, which owns the backend. */
static enum err add_place(struct store *s, git_odb_backend *backend, const char *folder,
                          const char *loose, struct error *error)
{
	git_odb *odb = NULL;

	if (git_odb_new(&odb) != 0 || git_odb_add_backend(odb, backend, 1) != 0) {
		backend->free(backend);
		git_odb_free(odb);
		return library_error(error, ERR_IO, folder);
	}
	s->places[s->count++] = (struct place){odb, folder, loose};
	return ERR_NONE;
}

/* Adds the packs and the loose objects of one folder. */
static enum err add_folder(struct store *s, const char *folder, struct error *error)
{
	git_odb_backend *packs = NULL, *loose = NULL;
	enum err err = ERR_NONE;

	if (packs_are_harmless(path_join(&s->arena, folder, "pack"), &s->promised) &&
	    git_odb_backend_pack(&packs, folder) == 0)
		err = add_place(s, packs, folder, NULL, error);
	if (err)
		return err;
	if (git_odb_backend_loose(&loose, folder, -1, 0, 0, 0) != 0)
		return library_error(error, ERR_IO, folder);
	return add_place(s, loose, folder, folder, error);
}

enum err store_open(struct store **out, const char *const *folders, struct error *error)
{
	struct store *s = mem_calloc(1, sizeof(*s));
	enum err err = ERR_NONE;
	size_t count = 0;

	if (pthread_mutex_init(&s->lock, NULL) != 0)
		mem_exhausted();
	while (folders[count])
		count++;
	s->folders = folders;
	s->places = arena_alloc(&s->arena, 2 * count, sizeof(*s->places));
	for (size_t i = 0; i < count && !err; i++)
		err = add_folder(s, folders[i], error);
	if (err) {
		store_close(s);
		s = NULL;
	}
	*out = s;
	return err;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		git_odb_free(s->places[i].odb);
	(void)pthread_mutex_destroy(&s->lock);
	arena_release(&s->arena);
	free(s);
}

bool store_promised(const struct store *s)
{
	return s->promised;
}

static git_oid library_id(const struct object_id *id)
{
	git_oid oid = {{0}};

	memcpy(oid.id, id->bytes, OBJECT_ID_SIZE);
	return oid;
}

/*
 * Whether libgit2 may read this loose object, which is of at most max bytes: it waits for FIFOs and
 * reads whole files. Deflated data is hardly larger than what it holds.
 */
static enum err check_loose(const char *folder, const char *hex, size_t max)
{
	char path[PATH_MAX];
	struct stat st;
	int len = snprintf(path, sizeof(path), "%s/%.2s/%s", folder, hex, hex + 2);

	if (len < 0 || (size_t)len >= sizeof(path) || stat(path, &st) != 0)
		return ERR_MISSING;
	return S_ISREG(st.st_mode) && (size_t)st.st_size / 2 <= max + 4096 ? ERR_NONE : ERR_CORRUPT;
}

/* Reads an object that the place has; its type only, for out NULL. The lock is held. */
static enum err read_stored(const struct place *place, const struct object_id *id,
                            enum object_type *type, struct buf *out, struct error *error)
{
	const git_oid oid = library_id(id);
	const size_t max = out ? out->max : SIZE_MAX / 4;
	char hex[OBJECT_ID_HEX + 1];
	git_odb_object *object = NULL;
	git_object_t kind;
	size_t len;
	enum err err = ERR_NONE;
	int result;

	object_id_hex(id, hex);
	if (place->loose)
		err = check_loose(place->loose, hex, max);
	if (err)
		return error_set(error, err, "%s: not a loose object's file", hex);
	result = git_odb_read_header(&len, &kind, place->odb, &oid);
	if (result == 0 && (kind < GIT_OBJECT_COMMIT || kind > GIT_OBJECT_TAG))
		return error_set(error, ERR_CORRUPT, "%s: an object of no known type", hex);
	if (result == 0 && len > max)
		return error_set(error, ERR_LIMIT, "%s: larger than %zu bytes", hex, max);
	if (result == 0 && out)
		result = git_odb_read(&object, place->odb, &oid);
	if (result != 0)
		return library_error(error, result == GIT_ENOTFOUND ? ERR_MISSING : ERR_CORRUPT,
		                     hex);
	*type = (enum object_type)kind;
	if (out)
		err = buf_append(
		    out, (struct bytes){git_odb_object_data(object), git_odb_object_size(object)});
	git_odb_object_free(object);
	return err;
}

void store_refuse(struct store *s, const struct id_map *ids)
{
	s->refused = ids;
}

enum err store_read(struct store *s, const struct object_id *id, enum object_type *type,
                    struct buf *out, struct error *error)
{
	/* Packs may have been added since: they are looked for only if the object is not known. */
	static const unsigned flags[] = {GIT_ODB_LOOKUP_NO_REFRESH, 0};
	const git_oid oid = library_id(id);
	char hex[OBJECT_ID_HEX + 1];
	enum err err = ERR_MISSING;

	if (out)
		buf_clear(out);
	if (s->refused && id_map_find(s->refused, id) != ID_MAP_NONE)
		return error_set(error, ERR_CORRUPT, "object %s is based on itself",
		                 object_id_hex(id, hex));
	pthread_mutex_lock(&s->lock);
	for (size_t pass = 0; pass < 2 && err == ERR_MISSING; pass++) {
		for (size_t i = 0; i < s->count && err; i++) {
			struct error broken;
			enum err one;

			if (!git_odb_exists_ext(s->places[i].odb, &oid, flags[pass]))
				continue;
			one = read_stored(&s->places[i], id, type, out, &broken);
			if (!one || err == ERR_MISSING)
				err = one;
			if (one && one == err && error)
				*error = broken;
		}
	}
	pthread_mutex_unlock(&s->lock);
	if (err == ERR_MISSING)
		error_set(error, ERR_MISSING, "%s: no such object", object_id_hex(id, hex));
	return err;
}

bool store_has(struct store *s, const struct object_id *id)
{
	const git_oid oid = library_id(id);
	int found = 0;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->count && !found; i++)
		found = git_odb_exists(s->places[i].odb, &oid);
	pthread_mutex_unlock(&s->lock);
	return found;
}

bool store_has_first_only(struct store *s, const struct object_id *id)
{
	const git_oid oid = library_id(id);
	bool here = false, elsewhere = false;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->count; i++) {
		bool *found = s->places[i].folder == s->folders[0] ? &here : &elsewhere;

		*found |= git_odb_exists_ext(s->places[i].odb, &oid, GIT_ODB_LOOKUP_NO_REFRESH);
	}
	pthread_mutex_unlock(&s->lock);
	return here && !elsewhere;
}

enum err store_find(struct store *s, const struct object_id *prefix, size_t digits,
                    struct object_id *id)
{
	const git_oid oid = library_id(prefix);
	enum err err = ERR_MISSING;
	git_oid found = oid;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->count && err != ERR_USAGE; i++) {
		git_oid one;
		int result = git_odb_exists_prefix(&one, s->places[i].odb, &oid, digits);

		if (result == GIT_EAMBIGUOUS ||
		    (result == 0 && !err && !git_oid_equal(&one, &found)))
			err = ERR_USAGE;
		else if (result == 0)
			err = ERR_NONE;
		if (result == 0)
			found = one;
	}
	pthread_mutex_unlock(&s->lock);
	memcpy(id->bytes, found.id, OBJECT_ID_SIZE);
	return err;
}

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

enum err store_loose(struct store *s, void (*visit)(void *context, const struct object_id *id),
                     void *context, struct error *error)
{
	struct id_list list = {0};
	enum err err = ERR_NONE;

	for (unsigned first = 0; first < 256; first++) {
		char prefix[3];

		snprintf(prefix, sizeof(prefix), "%02x", first);
		list.count = 0;
		for (const char *const *folder = s->folders; *folder; folder++) {
			enum err one = list_loose(*folder, prefix, &list, err ? NULL : error);

			err = err ? err : one;
		}
		if (list.count)
			qsort(list.items, list.count, sizeof(*list.items), compare_ids);
		for (size_t i = 0; i < list.count; i++) {
			if (!i || !object_id_equal(&list.items[i - 1], &list.items[i]))
				visit(context, &list.items[i]);
		}
	}
	free(list.items);
	return err;
}
