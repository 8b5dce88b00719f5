#include "git/index.h"

#include "base/memory.h"
#include "git/ewah.h"
#include "git/library.h"
#include "git/path.h"
#include "git/tree_entries.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

/* gitformat-index(5); bytes. */
enum {
	HEADER_SIZE = 12,   /* "DIRC", version, number of entries */
	STAT_SIZE = 40,     /* of an entry, before its id */
	MODE_OFFSET = 24,   /* in an entry */
	FIXED_SIZE = 62,    /* of an entry without its path: stat, id, flags */
	LEAST_SIZE = 64,    /* of any entry */
	EXTENSION_HEAD = 8, /* a name of 4 letters, a size */
	LEAST_FOLDER = 5,   /* of a folder in the cache-tree extension */

	FLAG_EXTENDED = 0x4000,
	FLAG_NAME = 0x0fff, /* the path's length; all set: at least so long */
	EXTENDED_INTENDED = 0x2000,
};

/* Ours. */
enum {
	FILE_LIMIT = 1 << 30,  /* bytes of an index; one of a million files has some 100 MB */
	PATH_LIMIT = 16 << 10, /* bytes of a path */
	/* Version 4 shortens paths: written out they are at most so many times the file. */
	GROWTH_LIMIT = 16,
	DEPTH_LIMIT = 1024, /* of folders that the cache-tree extension tells */
};

/* What is left of a file that is being read. */
struct reading {
	struct bytes left;
	uint32_t version;
	struct buf path; /* of the last entry: version 4 tells how the next one differs */
	size_t growth;   /* bytes of paths that may still be written out */
	bool sparse;     /* folders may stand for all below them */
};

static uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void skip(struct bytes *left, size_t len)
{
	*left = bytes_slice(*left, len, left->len);
}

static enum err broken(const char *path, const char *what, struct error *error)
{
	return error_set(error, ERR_CORRUPT,
	                 "%s: %s; move it away and make a new one with `git reset`", path, what);
}

/* ---- Entries ---- */

/* Reads how many bytes of the last path do not count, in git's variable width. */
static bool read_width(struct bytes *left, size_t *number)
{
	unsigned char c;

	*number = 0;
	do {
		if (!left->len || *number > PATH_LIMIT)
			return false;
		c = *left->ptr;
		skip(left, 1);
		*number = (*number << 7 | (c & 127)) + (c & 128 ? 1 : 0);
	} while (c & 128);
	return true;
}

/* Writes the path of version 4 out: the start of the last one and what stands here. */
static bool read_shortened(struct index *index, struct reading *r, struct bytes *path)
{
	const unsigned char *zero;
	size_t removed;

	if (!read_width(&r->left, &removed) || removed > r->path.len)
		return false;
	zero = memchr(r->left.ptr, '\0', r->left.len);
	r->path.len -= removed;
	if (!zero || buf_append(&r->path, bytes_slice(r->left, 0, (size_t)(zero - r->left.ptr))) ||
	    r->path.len > r->growth)
		return false;
	r->growth -= r->path.len;
	skip(&r->left, (size_t)(zero - r->left.ptr) + 1);
	*path = arena_bytes(&index->text, buf_bytes(&r->path));
	return true;
}

/* Reads the path of an entry of which `fixed` bytes stand before it, and the zeros that fill it up.
 */
static bool read_padded(struct reading *r, size_t fixed, struct bytes *path)
{
	const unsigned char *zero = memchr(r->left.ptr, '\0', r->left.len);
	size_t len = zero ? (size_t)(zero - r->left.ptr) : 0;
	size_t size = ((fixed + len + 8) & ~(size_t)7) - fixed;

	if (!zero || len > PATH_LIMIT || size > r->left.len)
		return false;
	*path = bytes_slice(r->left, 0, len);
	skip(&r->left, size);
	return true;
}

/* Reads the next entry; false when it is damaged. */
static bool read_entry(struct index *index, struct reading *r, struct index_entry *e)
{
	const unsigned char *start = r->left.ptr;
	size_t fixed = FIXED_SIZE;
	unsigned flags;

	if (r->left.len < LEAST_SIZE)
		return false;
	e->mode = big_endian(start + MODE_OFFSET);
	memcpy(e->id.bytes, start + STAT_SIZE, OBJECT_ID_SIZE);
	flags = (unsigned)start[FIXED_SIZE - 2] << 8 | start[FIXED_SIZE - 1];
	e->stage = flags >> 12 & 3;
	if (flags & FLAG_EXTENDED) {
		if (r->version < 3)
			return false;
		e->intended = (unsigned)start[FIXED_SIZE] << 8 & EXTENDED_INTENDED;
		fixed += 2;
	}
	skip(&r->left, fixed);
	if (r->version < 4 ? !read_padded(r, fixed, &e->path) : !read_shortened(index, r, &e->path))
		return false;
	flags &= FLAG_NAME;
	return flags == FLAG_NAME ? e->path.len >= flags : e->path.len == flags;
}

/* ---- Extensions ---- */

/* Reads a number and the character behind it. */
static bool read_number(struct bytes *left, char end, size_t *number, bool *negative)
{
	size_t len = 0;

	*negative = left->len && *left->ptr == '-';
	if (*negative)
		skip(left, 1);
	for (*number = 0; len < left->len && len < 10; len++) {
		if (left->ptr[len] < '0' || left->ptr[len] > '9')
			break;
		*number = *number * 10 + (left->ptr[len] - '0');
	}
	if (!len || len == left->len || left->ptr[len] != (unsigned char)end)
		return false;
	skip(left, len + 1);
	return true;
}

/* Makes room for so many folders, behind the present ones. */
static void add_folders(struct index *index, size_t *cap, size_t more)
{
	while (*cap - index->folder_count < more) {
		*cap = *cap ? *cap * 2 : 64;
		index->folders = mem_resize(index->folders, *cap, sizeof(*index->folders));
	}
	index->folder_count += more;
}

/*
 * Reads the folder of that number, and those below it, for which it makes room: "NAME\0ENTRIES
 * FOLDERS\n", an id if ENTRIES is not -1, and the folders in it.
 */
static bool read_folder(struct index *index, size_t *cap, size_t number, struct bytes *left,
                        unsigned depth)
{
	const unsigned char *zero = left->len ? memchr(left->ptr, '\0', left->len) : NULL;
	struct index_folder f = {.first = index->folder_count};
	bool unknown, negative;

	if (!zero || depth > DEPTH_LIMIT)
		return false;
	f.name = bytes_slice(*left, 0, (size_t)(zero - left->ptr));
	skip(left, f.name.len + 1);
	if (!read_number(left, ' ', &f.entries, &unknown) ||
	    !read_number(left, '\n', &f.count, &negative) || negative)
		return false;
	f.known = !unknown;
	if (f.known) {
		if (left->len < OBJECT_ID_SIZE)
			return false;
		memcpy(f.id.bytes, left->ptr, OBJECT_ID_SIZE);
		skip(left, OBJECT_ID_SIZE);
	}
	if (f.count > left->len / LEAST_FOLDER)
		return false;
	add_folders(index, cap, f.count);
	index->folders[number] = f;
	for (size_t i = 0; i < f.count; i++) {
		if (!read_folder(index, cap, f.first + i, left, depth + 1))
			return false;
	}
	return true;
}

/* What it tells is only a shortcut: a damaged one tells nothing. */
static void read_cache_tree(struct index *index, struct bytes content)
{
	size_t cap = 0;

	free(index->folders);
	index->folders = NULL;
	index->folder_count = 0;
	add_folders(index, &cap, 1);
	if (!read_folder(index, &cap, 0, &content, 0))
		index->folder_count = 0;
}

/* Reads the extensions, which fill the rest of the file. Git's names of those that it may leave out
 * start with a capital. */
static enum err read_extensions(struct index *index, struct reading *r, const char *path,
                                struct error *error)
{
	while (r->left.len) {
		struct bytes head = r->left, content;
		size_t size;

		if (head.len < EXTENSION_HEAD)
			return broken(path, "its extensions are cut short", error);
		size = big_endian(head.ptr + 4);
		skip(&r->left, EXTENSION_HEAD);
		if (size > r->left.len)
			return broken(path, "its extensions are cut short", error);
		content = bytes_slice(r->left, 0, size);
		skip(&r->left, size);
		if (bytes_start_with(head, "TREE"))
			read_cache_tree(index, content);
		else if (bytes_start_with(head, "link"))
			index->link = content;
		else if (bytes_start_with(head, "sdir"))
			r->sparse = true;
		else if (*head.ptr < 'A' || *head.ptr > 'Z')
			return error_set(
			    error, ERR_UNSUPPORTED,
			    "%s: the index has an extension '%.4s' that is not known "
			    "here; `git update-index --index-version 2 --no-split-index "
			    "--force-write-index` may write one without it",
			    path, (const char *)head.ptr);
	}
	return ERR_NONE;
}

/* ---- One file ---- */

static enum err read_entries(struct index *index, struct reading *r, size_t count, const char *path,
                             struct error *error)
{
	if (count > r->left.len / LEAST_SIZE)
		return broken(path, "the index counts more entries than it has", error);
	index->entries = mem_calloc(count, sizeof(*index->entries));
	for (; index->count < count; index->count++) {
		if (!read_entry(index, r, &index->entries[index->count]))
			return broken(path, "an entry of the index is damaged", error);
	}
	return ERR_NONE;
}

static int entry_order(const struct index_entry *a, const struct index_entry *b)
{
	int order = bytes_compare(a->path, b->path);

	return order ? order : a->stage - b->stage;
}

/* Whether the entries from number `first` on are in order, each once, and named. */
static bool in_order(const struct index *index, size_t first)
{
	for (size_t i = first; i < index->count; i++) {
		if (!index->entries[i].path.len)
			return false;
		if (i == first)
			continue;
		if (entry_order(&index->entries[i - 1], &index->entries[i]) >= 0)
			return false;
		if (!index->entries[i - 1].stage &&
		    bytes_equal(index->entries[i - 1].path, index->entries[i].path))
			return false; /* in conflict and not */
	}
	return true;
}

/* Whether all are files, links and submodules, or sparse folders, whose paths end in '/'. */
static bool modes_fit(const struct index *index, bool sparse)
{
	for (size_t i = 0; i < index->count; i++) {
		const struct index_entry *e = &index->entries[i];
		bool folder = e->path.len && e->path.ptr[e->path.len - 1] == '/';
		uint32_t kind = e->mode & MODE_KIND;

		if (kind != MODE_FILE && kind != MODE_LINK && kind != MODE_GITLINK &&
		    (kind != MODE_FOLDER || !sparse || e->stage))
			return false;
		if (e->path.len && folder != (kind == MODE_FOLDER))
			return false;
	}
	return true;
}

enum err index_parse(struct index *index, struct bytes file, const char *path, struct error *error)
{
	struct reading r = {0};
	size_t first = 0;
	enum err err;

	*index = (struct index){0};
	if (file.len < HEADER_SIZE + OBJECT_ID_SIZE || !bytes_start_with(file, "DIRC"))
		return broken(path, "this is no index", error);
	file.len -= OBJECT_ID_SIZE;
	memcpy(index->checksum.bytes, file.ptr + file.len, OBJECT_ID_SIZE);
	r.version = big_endian(file.ptr + 4);
	if (r.version < 2 || r.version > 4)
		return error_set(error, ERR_UNSUPPORTED,
		                 "%s: the index has the version %u, which is not known here; "
		                 "`git update-index --index-version 4` writes one that is",
		                 path, r.version);
	r.left = bytes_slice(file, HEADER_SIZE, file.len);
	r.growth = file.len * GROWTH_LIMIT;
	buf_init(&r.path, PATH_LIMIT);
	err = read_entries(index, &r, big_endian(file.ptr + 8), path, error);
	if (!err)
		err = read_extensions(index, &r, path, error);
	buf_release(&r.path);
	/* Those that replace shared ones have no path, and stand first. */
	while (index->link.ptr && first < index->count && !index->entries[first].path.len)
		first++;
	if (!err && (!in_order(index, first) || !modes_fit(index, r.sparse)))
		err = broken(path, "the entries of the index contradict each other", error);
	if (err)
		index_release(index);
	return err;
}

/* ---- Split indexes ---- */

/* Puts the entries of two sorted lists into one; of two with one path those of `over` count. */
static void merge(struct index *index, const struct index_entry *under, size_t under_count,
                  const struct index_entry *over, size_t over_count)
{
	struct index_entry *all = mem_calloc(under_count + over_count, sizeof(*all));
	size_t count = 0, u = 0, o = 0;

	while (u < under_count || o < over_count) {
		int order = u == under_count  ? 1
		            : o == over_count ? -1
		                              : entry_order(&under[u], &over[o]);

		u += order == 0;
		all[count++] = order < 0 ? under[u++] : over[o++];
	}
	free(index->entries);
	index->entries = all;
	index->count = count;
}

/* Puts what the index says of shared entries, which are a copy, into them. */
static bool replace(const struct index *index, struct index_entry *shared, size_t count,
                    const bool *replaced, size_t *used)
{
	for (size_t i = 0; i < count; i++) {
		struct bytes path = shared[i].path;

		if (!replaced[i])
			continue;
		if (*used == index->count || index->entries[*used].path.len)
			return false;
		shared[i] = index->entries[(*used)++];
		shared[i].path = path;
	}
	/* Whoever has no path must have found one. */
	return *used == index->count || index->entries[*used].path.len;
}

static void drop(struct index_entry *entries, size_t *count, const bool *deleted)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		if (!deleted[i])
			entries[kept++] = entries[i];
	}
	*count = kept;
}

enum err index_join(struct index *index, const struct index *shared, const char *path,
                    struct error *error)
{
	struct bytes left = index->link;
	size_t count = shared->count, used = 0;
	struct index_entry *under = mem_calloc(count + 1, sizeof(*under));
	bool *deleted = mem_calloc(count + 1, sizeof(*deleted));
	bool *replaced = mem_calloc(count + 1, sizeof(*replaced));
	struct error inner;
	enum err err = ERR_NONE;

	if (count)
		memcpy(under, shared->entries, count * sizeof(*under));
	skip(&left, OBJECT_ID_SIZE);
	/* Without bitmaps nothing is deleted or replaced. */
	if (left.len &&
	    (ewah_read(&left, deleted, count, &inner) || ewah_read(&left, replaced, count, &inner)))
		err = broken(path, inner.message, error);
	else if (!replace(index, under, count, replaced, &used))
		err = broken(path, "the index does not fit its shared one", error);
	if (!err) {
		drop(under, &count, deleted);
		merge(index, under, count, index->entries + used, index->count - used);
		index->link = (struct bytes){NULL, 0};
		/* What replaced an entry may have changed its stage or become a folder. */
		if (!in_order(index, 0) || !modes_fit(index, true))
			err = broken(path, "the index does not fit its shared one", error);
	}
	free(under);
	free(deleted);
	free(replaced);
	return err;
}

/* Reads the shared index that the link names, zero for none, and joins the two. */
static enum err join_shared(struct index *index, const char *path, const char *git,
                            struct error *error)
{
	static const struct object_id none = {{0}};
	char hex[OBJECT_ID_HEX + 1], name[sizeof("sharedindex.") + OBJECT_ID_HEX];
	struct index shared = {0};
	struct object_id id;
	const char *shared_path;
	enum err err;

	if (index->link.len < OBJECT_ID_SIZE)
		return broken(path, "the link of the split index is cut short", error);
	memcpy(id.bytes, index->link.ptr, OBJECT_ID_SIZE);
	if (object_id_equal(&id, &none))
		return index_join(index, &shared, path, error);
	snprintf(name, sizeof(name), "sharedindex.%s", object_id_hex(&id, hex));
	shared_path = path_join(&index->text, git, name);
	err = library_read_file(AT_FDCWD, shared_path, &index->shared, error);
	if (!err)
		err = index_parse(&shared, buf_bytes(&index->shared), shared_path, error);
	if (err == ERR_MISSING)
		err = broken(path, "the shared index that it names is gone", error);
	if (!err && (shared.link.ptr || !object_id_equal(&shared.checksum, &id)))
		err =
		    broken(shared_path, "this is not the shared index that the index names", error);
	if (!err)
		err = index_join(index, &shared, path, error);
	arena_adopt(&index->text, &shared.text);
	index_release(&shared);
	return err;
}

/* ---- The whole ---- */

enum err index_read(struct index *index, const char *path, const char *git, struct error *error)
{
	struct buf file;
	enum err err;

	*index = (struct index){0};
	buf_init(&file, FILE_LIMIT);
	err = library_read_file(AT_FDCWD, path, &file, error);
	if (!err)
		err = index_parse(index, buf_bytes(&file), path, error);
	index->file = file;
	buf_init(&index->shared, FILE_LIMIT);
	if (!err && index->link.ptr)
		err = join_shared(index, path, git, error);
	if (err)
		index_release(index);
	return err;
}

void index_release(struct index *index)
{
	free(index->entries);
	free(index->folders);
	arena_release(&index->text);
	buf_release(&index->file);
	buf_release(&index->shared);
	*index = (struct index){0};
}

/* Folders in one folder are in order of their names' lengths, then of their names. */
size_t index_find_folder(const struct index *index, size_t parent, struct bytes name)
{
	size_t low, high;

	if (parent >= index->folder_count)
		return index->folder_count;
	low = index->folders[parent].first;
	high = low + index->folders[parent].count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct bytes here = index->folders[middle].name;
		int order = here.len != name.len ? (here.len > name.len) - (here.len < name.len)
		                                 : bytes_compare(here, name);

		if (!order)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return index->folder_count;
}

size_t index_find(const struct index *index, struct bytes path)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (bytes_compare(index->entries[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
