#include "source/staged.h"

#include "base/memory.h"
#include "git/difference.h"
#include "git/path.h"
#include "git/tree_entries.h"
#include "source/file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

enum { COMMIT_MAX = 64 << 20 }; /* bytes */

static const char sparse_detail[] =
    "a sparse checkout leaves it out of the index; `git sparse-checkout disable`";

struct staged {
	struct arena arena;
	struct source_options options;
	struct repository *repository;
	struct index index;
	struct change_list *changes; /* against each parent, or against nothing */
	size_t parent_count;         /* of them; at least 1 */
	const char *top;
	const char *here; /* the current folder; absolute */
};

/* ---- Opening ---- */

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* Finds the top of the work tree: a hook of git's stands in it. */
static enum err find_top(struct staged *s, struct error *error)
{
	const char *named = environment("GIT_WORK_TREE");

	s->here = path_canonical(&s->arena, ".");
	s->top = named                    ? path_canonical(&s->arena, named)
	         : environment("GIT_DIR") ? s->here
	                                  : repository_folder(s->repository);
	if (s->here && s->top)
		return ERR_NONE;
	return error_set(error, ERR_IO, "%s: %s", s->here ? named : "the current folder",
	                 strerror(errno));
}

static enum err read_index(struct staged *s, struct error *error)
{
	const char *git = repository_files(s->repository);
	const char *named = environment("GIT_INDEX_FILE");
	enum err err =
	    index_read(&s->index, named ? named : path_join(&s->arena, git, "index"), git, error);

	return err == ERR_MISSING ? ERR_NONE : err; /* to git, too, it is an empty one */
}

/* Reads which tree a commit has. */
static enum err read_commit(struct staged *s, const struct object_id *id, struct object_id *tree,
                            struct error *error)
{
	static const char key[] = "tree ";
	char hex[OBJECT_ID_HEX + 1];
	enum object_type type;
	struct error cause;
	struct buf object;
	enum err err;

	buf_init(&object, COMMIT_MAX);
	err = repository_read(s->repository, id, &type, &object, &cause);
	if (err)
		err = error_set(error, err,
		                "the commit that the index is compared with cannot be read: %s",
		                cause.message);
	else if (type != OBJECT_COMMIT || !bytes_start_with(buf_bytes(&object), key) ||
	         object.len < strlen(key) + OBJECT_ID_HEX ||
	         !object_id_parse(tree, (const char *)object.ptr + strlen(key)))
		err = error_set(error, ERR_CORRUPT, "%s is no commit", object_id_hex(id, hex));
	buf_release(&object);
	return err;
}

static enum err compare(struct staged *s, struct error *error)
{
	struct id_map parents = {0};
	enum err err = repository_parents(s->repository, &parents, error);

	s->changes = mem_calloc((size_t)parents.count + 1, sizeof(*s->changes));
	if (!err && !parents.count) {
		err = difference_find(&s->changes[0], &s->index, s->repository, NULL, error);
		s->parent_count = 1;
	}
	for (uint32_t i = 0; !err && i < parents.count; i++) {
		struct object_id tree;

		err = read_commit(s, &parents.ids[i], &tree, error);
		if (!err)
			err =
			    difference_find(&s->changes[i], &s->index, s->repository, &tree, error);
		s->parent_count = i + 1;
	}
	id_map_release(&parents);
	return err;
}

enum err staged_open(struct staged **out, const struct source_options *options, struct error *error)
{
	struct staged *s = mem_calloc(1, sizeof(*s));
	enum err err;

	s->options = *options;
	err = repository_open_hooked(&s->repository, error);
	if (!err)
		err = find_top(s, error);
	if (!err)
		err = read_index(s, error);
	if (!err)
		err = compare(s, error);
	if (err) {
		staged_close(s);
		s = NULL;
	}
	*out = s;
	return err;
}

void staged_close(struct staged *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->parent_count; i++)
		change_list_release(&s->changes[i]);
	free(s->changes);
	index_release(&s->index);
	repository_close(s->repository);
	arena_release(&s->arena);
	free(s);
}

const char *staged_top(const struct staged *s)
{
	return s->top;
}

/* ---- Choosing ---- */

static void add_file(struct staged_files *files, struct bytes path, const struct object_id *id,
                     uint32_t mode)
{
	files->items = mem_grow(files->items, files->count, &files->cap, sizeof(*files->items));
	files->items[files->count++] = (struct staged_file){path, *id, mode};
}

static int file_order(const void *left, const void *right)
{
	const struct staged_file *a = left, *b = right;
	int order = bytes_compare(a->path, b->path);

	return order ? order : object_id_compare(&a->id, &b->id);
}

static void sort_unique(struct staged_files *files)
{
	size_t kept = 0;

	if (files->count)
		qsort(files->items, files->count, sizeof(*files->items), file_order);
	for (size_t i = 0; i < files->count; i++) {
		if (!kept || file_order(&files->items[kept - 1], &files->items[i]) != 0)
			files->items[kept++] = files->items[i];
	}
	files->count = kept;
}

void staged_files_release(struct staged_files *files)
{
	free(files->items);
	*files = (struct staged_files){0};
}

/* Whether the path is the folder's, which ends in '/' (or is empty: the top), or below it. */
static bool is_below(struct bytes path, struct bytes folder)
{
	return path.len >= folder.len && memcmp(path.ptr, folder.ptr, folder.len) == 0;
}

/* Whether the path differs from all parents. */
static bool is_new(const struct staged *s, struct bytes path)
{
	for (size_t i = 0; i < s->parent_count; i++) {
		if (!change_list_find(&s->changes[i], path))
			return false;
	}
	return true;
}

/* Whether the path differs from some parent. */
static bool is_changed(const struct staged *s, struct bytes path)
{
	for (size_t i = 0; i < s->parent_count; i++) {
		if (change_list_find(&s->changes[i], path))
			return true;
	}
	return false;
}

static void add_change(const struct staged *s, const struct change *change,
                       struct staged_files *files)
{
	if (change->new.mode && is_new(s, change->path))
		add_file(files, change->path, &change->new.id, change->new.mode);
}

/* Adds what is new below the folder, which differs from the first parent, too. */
static void add_changes_below(const struct staged *s, struct bytes folder,
                              struct staged_files *files)
{
	const struct change_list *list = &s->changes[0];

	for (size_t i = change_list_start(list, folder);
	     i < list->count && is_below(list->items[i].path, folder); i++)
		add_change(s, &list->items[i], files);
}

/* Whether some parent has what the index has not, or otherwise, in the folder. */
static bool is_changed_below(const struct staged *s, struct bytes folder)
{
	for (size_t i = 0; i < s->parent_count; i++) {
		const struct change_list *list = &s->changes[i];
		size_t at = change_list_start(list, folder);

		if (at < list->count && is_below(list->items[at].path, folder))
			return true;
	}
	return false;
}

/* The entries whose paths start so: of a folder, whose path ends in '/' (or is empty: all). */
static void find_below(const struct staged *s, struct bytes folder, size_t *start, size_t *end)
{
	*start = index_find(&s->index, folder);
	*end = *start;
	while (*end < s->index.count && is_below(s->index.entries[*end].path, folder))
		(*end)++;
}

/* The operand's path from the top: "" is the top itself. Owned by the source. */
static enum err path_from_top(struct staged *s, const char *operand, struct bytes *path,
                              struct error *error)
{
	struct bytes left =
	    bytes_of(*operand == '/' ? operand : path_join(&s->arena, s->here, operand));
	const size_t top = strcmp(s->top, "/") == 0 ? 0 : strlen(s->top);
	char *clean = arena_alloc(&s->arena, left.len + 2, 1);
	size_t len = 0;

	/* Without ".", ".." and double slashes, as git has paths. */
	while (left.len) {
		const unsigned char *slash = memchr(left.ptr, '/', left.len);
		size_t size = slash ? (size_t)(slash - left.ptr) : left.len;
		struct bytes name = bytes_slice(left, 0, size);

		left = bytes_slice(left, slash ? size + 1 : size, left.len);
		if (!size || bytes_equal(name, bytes_of(".")))
			continue;
		if (bytes_equal(name, bytes_of(".."))) {
			while (len && clean[--len] != '/')
				;
			continue;
		}
		clean[len++] = '/';
		memcpy(clean + len, name.ptr, size);
		len += size;
	}
	if (len < top || memcmp(clean, s->top, top) != 0 || (len > top && clean[top] != '/'))
		return error_set(error, ERR_USAGE, "%s: it lies outside of the work tree %s",
		                 operand, s->top);
	*path = bytes_slice((struct bytes){(unsigned char *)clean, len}, len > top ? top + 1 : top,
	                    len);
	return ERR_NONE;
}

/* What an operand turned out to be. */
struct named {
	struct bytes path;
	struct bytes folder;            /* the same with '/' at its end, unless it is the top */
	const struct index_entry *file; /* NULL: the index has none by this name */
	size_t start;                   /* of the entries below the folder */
	size_t end;
	bool sparse; /* in a folder that stands for all below it, which are not in the index */
};

static bool in_sparse_folder(const struct staged *s, struct bytes path)
{
	for (size_t len = path.len; len; len--) {
		struct bytes folder = bytes_slice(path, 0, len);
		size_t i;

		if (path.ptr[len - 1] != '/')
			continue;
		i = index_find(&s->index, folder);
		if (i < s->index.count && bytes_equal(s->index.entries[i].path, folder))
			return true;
	}
	return false;
}

static enum err find_named(struct staged *s, const char *operand, struct named *n,
                           struct error *error)
{
	char *folder;
	size_t i;
	enum err err = path_from_top(s, operand, &n->path, error);

	if (err)
		return err;
	folder = arena_alloc(&s->arena, n->path.len + 2, 1);
	memcpy(folder, n->path.ptr, n->path.len);
	if (n->path.len)
		folder[n->path.len] = '/';
	n->folder = bytes_of(folder);
	i = index_find(&s->index, n->path);
	if (i < s->index.count && bytes_equal(s->index.entries[i].path, n->path))
		n->file = &s->index.entries[i];
	find_below(s, n->folder, &n->start, &n->end);
	n->sparse = !n->file && n->start == n->end && in_sparse_folder(s, n->path);
	if (n->file || n->start < n->end || n->sparse || !n->path.len || is_changed(s, n->path) ||
	    is_changed_below(s, n->folder))
		return ERR_NONE;
	return error_set(error, ERR_MISSING,
	                 "%s: git does not know it; `git add` it, or look at it with `trawl scan`",
	                 operand);
}

/* Adds what is new of what the operand names. */
static void choose_new(const struct staged *s, const struct named *n, struct staged_files *files)
{
	const struct change *change = change_list_find(&s->changes[0], n->path);

	if (change)
		add_change(s, change, files);
	add_changes_below(s, n->folder, files);
}

/* Records each path in conflict that the operand names. */
static void lose_conflicts(const struct staged *s, const struct named *n, struct coverage *coverage)
{
	const struct index_entry *e = s->index.entries;
	static const char detail[] = "it is in conflict; resolve that and `git add` it";

	if (n->file && n->file->stage)
		coverage_lose(coverage, LOST_UNREADABLE, n->path, detail);
	for (size_t i = n->start; i < n->end; i++) {
		if (e[i].stage && (i == n->start || !bytes_equal(e[i - 1].path, e[i].path)))
			coverage_lose(coverage, LOST_UNREADABLE, e[i].path, detail);
	}
}

static void add_entry(const struct index_entry *e, struct staged_files *files,
                      struct coverage *coverage)
{
	if (e->mode == MODE_FOLDER)
		coverage_lose(coverage, LOST_UNREADABLE, e->path, sparse_detail);
	else if (!e->stage && !e->intended)
		add_file(files, e->path, &e->id, e->mode);
}

/* Adds all of what the operand names. */
static void choose_whole(const struct staged *s, const struct named *n, struct staged_files *files,
                         struct coverage *coverage)
{
	if (n->file)
		add_entry(n->file, files, coverage);
	for (size_t i = n->start; i < n->end; i++)
		add_entry(&s->index.entries[i], files, coverage);
	if (n->sparse)
		coverage_lose(coverage, LOST_UNREADABLE, n->path, sparse_detail);
}

/* Whether the operand is a file that is the same in all parents. */
static bool is_unchanged(const struct staged *s, const struct named *n)
{
	return n->file && !n->file->stage && !n->file->intended && !is_changed(s, n->path);
}

static void leave_submodules_out(struct staged_files *files, struct coverage *coverage)
{
	size_t kept = 0;

	for (size_t i = 0; i < files->count; i++) {
		if (files->items[i].mode == MODE_GITLINK)
			coverage_skip(coverage, SKIP_GITLINK);
		else
			files->items[kept++] = files->items[i];
	}
	files->count = kept;
}

enum err staged_choose(struct staged *s, const char *const *operands, size_t count,
                       struct staged_files *files, bool *whole, struct coverage *coverage,
                       struct error *error)
{
	const char *const top[] = {s->top};
	struct named *named = mem_calloc(count + 1, sizeof(*named));
	enum err err = ERR_NONE;

	*whole = false;
	if (!count) {
		operands = top;
		count = 1;
	}
	for (size_t i = 0; i < count && !err; i++) {
		err = find_named(s, operands[i], &named[i], error);
		*whole |= !err && is_unchanged(s, &named[i]);
	}
	for (size_t i = 0; i < count && !err; i++) {
		if (*whole)
			choose_whole(s, &named[i], files, coverage);
		else
			choose_new(s, &named[i], files);
		lose_conflicts(s, &named[i], coverage);
	}
	sort_unique(files);
	leave_submodules_out(files, coverage);
	free(named);
	return err;
}

void staged_old(const struct staged *s, struct staged_files *files)
{
	for (size_t i = 0; i < s->parent_count; i++) {
		for (size_t k = 0; k < s->changes[i].count; k++) {
			const struct change *change = &s->changes[i].items[k];

			if (change->old.mode && change->old.mode != MODE_GITLINK)
				add_file(files, change->path, &change->old.id, change->old.mode);
		}
	}
	sort_unique(files);
}

/* ---- Reading ---- */

enum err staged_read(struct staged *s, const char *path, struct buf *out, struct error *error)
{
	struct bytes name = bytes_of(path);
	const size_t i = index_find(&s->index, name);
	const struct index_entry *e = i < s->index.count ? &s->index.entries[i] : NULL;
	struct error cause;
	enum object_type type;
	enum err err;

	buf_clear(out);
	if (!e || !bytes_equal(e->path, name) || e->intended)
		return error_set(error, ERR_MISSING, "%s: it is not in the index", path);
	if (e->stage || (e->mode & MODE_KIND) != MODE_FILE)
		return error_set(error, ERR_CORRUPT, "%s: in the index it is %s", path,
		                 e->stage ? "in conflict" : "no file");
	err = repository_read(s->repository, &e->id, &type, out, &cause);
	if (err) /* it is named and not here: that must not pass for "no file" */
		return error_set(error, err == ERR_MISSING ? ERR_CORRUPT : err, "%s: %s", path,
		                 cause.message);
	return type == OBJECT_BLOB
	           ? ERR_NONE
	           : error_set(error, ERR_CORRUPT, "%s: its object is no blob", path);
}

bool staged_load(struct staged *s, const struct staged_file *file, struct buf *content,
                 struct blob *blob, struct coverage *coverage)
{
	struct error error = {0};
	enum object_type type;
	enum err err = repository_read(s->repository, &file->id, &type, content, &error);

	if (!err && content->len > s->options.max_size)
		err = ERR_LIMIT;
	if (err == ERR_LIMIT && s->options.max_size_chosen) {
		coverage_skip(coverage, SKIP_MAX_SIZE);
	} else if (err == ERR_LIMIT) {
		coverage_lose(coverage, LOST_TOO_LARGE, file->path, "");
	} else if (err || type != OBJECT_BLOB) {
		coverage_lose(coverage, LOST_UNREADABLE, file->path,
		              err ? error.message : "its object is no blob");
	} else if (file_is_lfs_pointer(buf_bytes(content))) {
		coverage_skip(coverage, SKIP_LFS_POINTER);
	} else {
		*blob = (struct blob){buf_bytes(content), file->path};
		return true;
	}
	return false;
}
