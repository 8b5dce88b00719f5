#include "git/references.h"

#include "base/memory.h"
#include "git/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PACKED_MAX = 256 << 20, /* bytes of packed-refs: some four million references */
	LOOSE_MAX = 64 << 10,   /* bytes of a loose reference's file */
	NAME_MAX_BYTES = 4096,  /* of a reference's name */
	FOLDERS_MAX = 64,       /* nested below "refs" */
	SYMBOLIC_MAX = 5,       /* references that a symbolic one may lead through, as in git */
};

/* A reference as a file states it. */
struct entry {
	const char *name;
	const char *target; /* the name that a symbolic one leads to, else NULL */
	struct object_id id;
	bool loose; /* takes precedence over a packed one */
	bool broken;
};

struct reading {
	struct arena *arena;
	struct entry *entries;
	size_t count;
	size_t cap;
	size_t broken; /* without a name */
};

static struct entry *add_entry(struct reading *r, struct bytes name, bool loose)
{
	struct entry *entry;

	r->entries = mem_grow(r->entries, r->count, &r->cap, sizeof(*r->entries));
	entry = &r->entries[r->count++];
	*entry = (struct entry){.name = arena_text(r->arena, name), .loose = loose};
	return entry;
}

/* Reads the id that the text starts with; false when no such stands there, or is not all of it. */
static bool read_id(struct bytes text, char end, struct object_id *id)
{
	if (text.len < OBJECT_ID_HEX)
		return false;
	if (text.len > OBJECT_ID_HEX && text.ptr[OBJECT_ID_HEX] != (unsigned char)end)
		return false;
	return object_id_parse(id, (const char *)text.ptr);
}

/* Reads the lines "ID NAME"; a header's start with '#', and what a tag leads to with '^'. */
static enum err read_packed(struct reading *r, const char *common, struct error *error)
{
	struct buf path, text;
	enum err err;

	buf_init(&path, NAME_MAX_BYTES + LOOSE_MAX);
	buf_init(&text, PACKED_MAX);
	err = buf_appendf(&path, "%s/packed-refs", common);
	if (!err)
		err = library_read_file(AT_FDCWD, buf_text(&path), &text, error);
	if (err == ERR_MISSING)
		err = ERR_NONE;
	for (size_t at = 0, end; !err && at < text.len; at = end + 1) {
		const unsigned char *newline = memchr(text.ptr + at, '\n', text.len - at);
		struct bytes line, name;
		struct object_id id;

		end = newline ? (size_t)(newline - text.ptr) : text.len;
		line = bytes_slice(buf_bytes(&text), at, end);
		if (!line.len || line.ptr[0] == '#' || line.ptr[0] == '^')
			continue;
		name = bytes_slice(line, line.len > OBJECT_ID_HEX ? OBJECT_ID_HEX + 1 : line.len,
		                   line.len);
		if (read_id(line, ' ', &id) && bytes_start_with(name, "refs/") &&
		    name.len <= NAME_MAX_BYTES && !memchr(name.ptr, '\0', name.len))
			add_entry(r, name, false)->id = id;
		else
			r->broken++;
	}
	buf_release(&path);
	buf_release(&text);
	return err;
}

/* Reads one file, "ID" or "ref: NAME", which counts under this name. */
static void read_loose(struct reading *r, int at, const char *file, const char *name)
{
	static const char key[] = "ref:";
	struct entry *entry;
	struct buf text;
	enum err err;

	buf_init(&text, LOOSE_MAX);
	err = library_read_file(at, file, &text, NULL);
	if (err != ERR_MISSING) {
		entry = add_entry(r, bytes_of(name), true);
		while (text.len && strchr(" \t\r\n", text.ptr[text.len - 1]))
			text.len--;
		if (!err && bytes_start_with(buf_bytes(&text), key)) {
			size_t start = strlen(key);

			while (start < text.len && strchr(" \t", text.ptr[start]))
				start++;
			entry->target =
			    arena_text(r->arena, bytes_slice(buf_bytes(&text), start, text.len));
			entry->broken = !bytes_start_with(bytes_of(entry->target), "refs/");
		} else {
			entry->broken = err || !read_id(buf_bytes(&text), '\n', &entry->id);
		}
	}
	buf_release(&text);
}

/*
 * Reads the folder with this descriptor, which it closes, and those in it. Its references' names
 * start with `name`, which ends in '/'. Links are followed to files only, as they could lead round
 * in circles.
 */
static void read_folder(struct reading *r, int fd, struct buf *name, unsigned depth)
{
	const size_t start = name->len;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *item;

	if (!folder) {
		r->broken += fd >= 0 || errno != ENOENT;
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	for (errno = 0; (item = readdir(folder)); errno = 0) {
		const size_t len = strlen(item->d_name);
		int inner;

		if (item->d_name[0] == '.' || (len > 5 && !strcmp(item->d_name + len - 5, ".lock")))
			continue;
		name->len = start;
		if (buf_appendf(name, "%s", item->d_name)) {
			r->broken++;
			continue;
		}
		inner = openat(fd, item->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner < 0 && errno != EACCES && errno != EMFILE) {
			read_loose(r, fd, item->d_name, buf_text(name));
		} else if (inner < 0 || depth == FOLDERS_MAX || buf_appendf(name, "/")) {
			r->broken++;
			if (inner >= 0)
				(void)close(inner);
		} else {
			read_folder(r, inner, name, depth + 1);
		}
	}
	r->broken += errno != 0;
	name->len = start;
	(void)closedir(folder);
}

/* Reads all that lies in the folder "refs" of the repository's folder. */
static void read_refs(struct reading *r, int repository)
{
	struct buf name;

	buf_init(&name, NAME_MAX_BYTES);
	if (buf_appendf(&name, "refs/") == ERR_NONE)
		read_folder(r, openat(repository, "refs", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		            &name, 0);
	buf_release(&name);
}

/* Reads the HEADs of linked work trees. */
static void read_worktrees(struct reading *r, int common)
{
	int fd = openat(common, "worktrees", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *item;
	struct buf name;

	if (!folder) {
		r->broken += fd >= 0 || (errno != ENOENT && errno != ENOTDIR);
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	buf_init(&name, NAME_MAX_BYTES);
	for (errno = 0; (item = readdir(folder)); errno = 0) {
		buf_clear(&name);
		if (item->d_name[0] != '.' &&
		    buf_appendf(&name, "worktrees/%s/HEAD", item->d_name) == ERR_NONE)
			read_loose(r, common, buf_text(&name), buf_text(&name));
	}
	r->broken += errno != 0;
	buf_release(&name);
	(void)closedir(folder);
}

/* By name; of two with one name the one that counts is first. */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : y->loose - x->loose;
}

static int compare_names(const void *name, const void *entry)
{
	return strcmp(name, ((const struct entry *)entry)->name);
}

/* Sorts the entries and keeps one for each name. */
static void settle(struct reading *r)
{
	size_t kept = 0;

	if (r->count)
		qsort(r->entries, r->count, sizeof(*r->entries), compare_entries);
	for (size_t i = 0; i < r->count; i++) {
		if (!kept || strcmp(r->entries[kept - 1].name, r->entries[i].name) != 0)
			r->entries[kept++] = r->entries[i];
	}
	r->count = kept;
}

/* The entry that holds the id which this one leads to; NULL if there is none. */
static const struct entry *resolve(const struct reading *r, const struct entry *entry)
{
	for (unsigned i = 0; entry && !entry->broken && i <= SYMBOLIC_MAX; i++) {
		if (!entry->target)
			return entry;
		entry = bsearch(entry->target, r->entries, r->count, sizeof(*r->entries),
		                compare_names);
	}
	return NULL;
}

enum err references_read(struct reference_list *list, const char *git, const char *common,
                         struct error *error)
{
	struct reading r = {.arena = &list->arena};
	int own = open(git, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int shared = open(common, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err;

	*list = (struct reference_list){0};
	err = own >= 0 && shared >= 0
	          ? read_packed(&r, common, error)
	          : error_set(error, ERR_IO, "%s: %s", own < 0 ? git : common, strerror(errno));
	if (err)
		goto out;
	read_refs(&r, shared);
	read_worktrees(&r, shared);
	read_loose(&r, own, "HEAD", "HEAD");
	if (strcmp(git, common) != 0) {
		read_refs(&r, own);
		read_loose(&r, shared, "HEAD", "main-worktree/HEAD");
	}
	settle(&r);
	list->items = arena_alloc(r.arena, r.count, sizeof(*list->items));
	list->broken = r.broken;
	for (size_t i = 0; i < r.count; i++) {
		const struct entry *end = resolve(&r, &r.entries[i]);

		list->broken += r.entries[i].broken;
		if (end)
			list->items[list->count++] =
			    (struct reference){.name = r.entries[i].name,
			                       .target = r.entries[i].target,
			                       .id = end->id};
	}
out:
	if (own >= 0)
		(void)close(own);
	if (shared >= 0)
		(void)close(shared);
	free(r.entries);
	if (err)
		reference_list_release(list);
	return err;
}

/* ---- One reference ---- */

/* Finds the line "ID NAME" among the packed references. */
static enum err find_packed(struct object_id *id, const char *common, const char *name,
                            struct error *error)
{
	struct buf path, key, text;
	const unsigned char *found;
	enum err err;

	buf_init(&path, NAME_MAX_BYTES + LOOSE_MAX);
	buf_init(&key, NAME_MAX_BYTES);
	buf_init(&text, PACKED_MAX);
	err = buf_appendf(&path, "%s/packed-refs", common);
	if (!err)
		err = buf_appendf(&key, " %s\n", name);
	if (!err)
		err = library_read_file(AT_FDCWD, buf_text(&path), &text, error);
	if (!err) {
		found = memmem(text.ptr, text.len, key.ptr, key.len);
		err = found ? ERR_NONE : ERR_MISSING;
		if (found && ((size_t)(found - text.ptr) < OBJECT_ID_HEX ||
		              !object_id_parse(id, (const char *)found - OBJECT_ID_HEX)))
			err = error_set(error, ERR_CORRUPT, "%s: no id stands before %s",
			                buf_text(&path), name);
	}
	buf_release(&path);
	buf_release(&key);
	buf_release(&text);
	return err;
}

enum err reference_find(struct object_id *id, const char *git, const char *common, const char *name,
                        struct error *error)
{
	struct arena arena = {0};
	struct reading r = {.arena = &arena};
	int own = open(git, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int shared = open(common, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err = ERR_NONE;
	bool found = false;

	*id = (struct object_id){{0}};
	if (own < 0 || shared < 0)
		err = error_set(error, ERR_IO, "%s: %s", own < 0 ? git : common, strerror(errno));
	while (!err && !found) {
		int at = bytes_start_with(bytes_of(name), "refs/") ? shared : own;
		const struct entry *entry = NULL;
		struct stat st;

		if (strstr(name, "..") || r.count > SYMBOLIC_MAX) {
			err = error_set(error, ERR_CORRUPT, "%s leads to no reference", name);
			break;
		}
		/* An empty folder is what is left of references below it. */
		if (fstatat(at, name, &st, 0) != 0 || !S_ISDIR(st.st_mode))
			read_loose(&r, at, name, name);
		if (r.count && strcmp(r.entries[r.count - 1].name, name) == 0)
			entry = &r.entries[r.count - 1];
		if (!entry) {
			err = find_packed(id, common, name, error);
			found = true;
		} else if (entry->broken) {
			err = error_set(error, ERR_CORRUPT, "%s: no reference", name);
		} else if (entry->target) {
			name = entry->target;
		} else {
			*id = entry->id;
			found = true;
		}
	}
	if (own >= 0)
		(void)close(own);
	if (shared >= 0)
		(void)close(shared);
	free(r.entries);
	arena_release(&arena);
	return err;
}

void reference_list_release(struct reference_list *list)
{
	arena_release(&list->arena);
	*list = (struct reference_list){0};
}
