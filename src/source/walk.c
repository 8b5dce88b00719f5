#include "source/walk.h"

#include "base/memory.h"
#include "git/ignore.h"
#include "git/worktree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Entries that are taken at a time: few enough that the last big files are shared out. */
enum { BATCH = 32 };

/* Bytes of a path: those of an operand and of WALK_DEPTH_MAX names, which have 255 at most. */
enum { WALK_PATH_MAX = 1 << 20 };

/*
 * A folder that is on the stack, or that a batch's files are opened in. It is opened when it comes
 * to the top of the stack; name, path and descriptor do not change from then on.
 */
struct folder {
	char *name;            /* relative to parent, or an operand */
	struct folder *parent; /* until this folder is opened; NULL: named by the user */
	unsigned references;   /* the stack's, the batches', the unopened sub-folders' */
	unsigned depth;        /* below the operand */
	DIR *entries;          /* NULL: not opened yet */
	bool exhausted;        /* all entries have been taken */
	struct buf path;       /* as reported, with '/' at its end, or empty */
	struct worktree *git;  /* the work tree that it lies in; NULL: all is given */
	struct buf inside;     /* its path there, with '/' at its end, or empty */
	bool whole;            /* nothing is left out: git's rules are not known */
	struct ignore *rules;  /* that hold in it */
	bool ignored;          /* itself, and with it what is not tracked below */
};

struct walk {
	struct source_options options;
	pthread_mutex_t lock;  /* for all below, for what the folders hold, and for libgit2 */
	struct folder **stack; /* references */
	size_t count;
	size_t cap;
	struct buf entry; /* scratch: an entry's path */
};

struct walk *walk_new(const struct source_options *options)
{
	struct walk *walk = mem_calloc(1, sizeof(*walk));

	walk->options = *options;
	buf_init(&walk->entry, WALK_PATH_MAX);
	if (pthread_mutex_init(&walk->lock, NULL) != 0)
		mem_exhausted();
	return walk;
}

static void folder_drop(struct folder *folder)
{
	while (folder && --folder->references == 0) {
		struct folder *parent = folder->parent;

		if (folder->entries)
			(void)closedir(folder->entries);
		free(folder->name);
		worktree_drop(folder->git);
		ignore_drop(folder->rules);
		buf_release(&folder->path);
		buf_release(&folder->inside);
		free(folder);
		folder = parent;
	}
}

void walk_free(struct walk *walk)
{
	if (!walk)
		return;
	while (walk->count)
		folder_drop(walk->stack[--walk->count]);
	free(walk->stack);
	buf_release(&walk->entry);
	pthread_mutex_destroy(&walk->lock);
	free(walk);
}

static struct folder *push(struct walk *walk, struct folder *parent, const char *name)
{
	struct folder *folder = mem_calloc(1, sizeof(*folder));

	folder->name = mem_strdup(name);
	folder->references = 1;
	buf_init(&folder->path, WALK_PATH_MAX);
	buf_init(&folder->inside, WALK_PATH_MAX);
	if (parent) {
		folder->parent = parent;
		folder->depth = parent->depth + 1;
		parent->references++;
	}
	walk->stack = mem_grow(walk->stack, walk->count, &walk->cap, sizeof(*walk->stack));
	walk->stack[walk->count++] = folder;
	return folder;
}

void walk_add(struct walk *walk, const char *operand)
{
	push(walk, NULL, operand);
}

void walk_batch_init(struct walk_batch *batch)
{
	*batch = (struct walk_batch){0};
	buf_init(&batch->names, WALK_PATH_MAX);
	buf_init(&batch->path, WALK_PATH_MAX);
}

void walk_batch_release(struct walk_batch *batch, struct walk *walk)
{
	pthread_mutex_lock(&walk->lock);
	folder_drop(batch->folder);
	pthread_mutex_unlock(&walk->lock);
	batch->folder = NULL;
	buf_release(&batch->names);
	buf_release(&batch->path);
}

/* Records an entry of the folder, or the folder itself (name ""), as lost. */
static void lose(const struct folder *folder, const char *name, enum lost_reason reason, int error,
                 struct coverage *coverage)
{
	struct buf path;

	buf_init(&path, WALK_PATH_MAX);
	if (buf_append(&path, buf_bytes(&folder->path)) == ERR_NONE)
		(void)buf_append(&path, bytes_of(name));
	if (!path.len)
		(void)buf_append(&path, bytes_of("."));
	if (path.len > 1 && path.ptr[path.len - 1] == '/')
		path.len--;
	if (error == ENOENT)
		coverage_lose(coverage, LOST_CHANGED, buf_bytes(&path), "vanished");
	else
		coverage_lose(coverage, reason, buf_bytes(&path), error ? strerror(error) : "");
	buf_release(&path);
}

static enum err set_path(struct folder *folder)
{
	enum err err = ERR_NONE;

	if (folder->parent)
		err = buf_append(&folder->path, buf_bytes(&folder->parent->path));
	else if (strcmp(folder->name, ".") == 0)
		return ERR_NONE;
	if (!err)
		err = buf_append(&folder->path, bytes_of(folder->name));
	return err || strcmp(folder->name, "/") == 0 ? err
	                                             : buf_append(&folder->path, bytes_of("/"));
}

/* What the user named is given whole, even when git ignores it. */
static struct ignore *set_operand_worktree(struct folder *folder)
{
	struct ignore *above = NULL;

	folder->git = worktree_discover(folder->name, &folder->inside);
	folder->whole =
	    !folder->git || !worktree_descend(folder->git, buf_text(&folder->inside), &above);
	return above;
}

/*
 * A folder with a `.git` is the top of a work tree of its own, nested in the one around it; if it
 * cannot be read, all in it is given, and the one around it still counts.
 */
static struct ignore *set_folder_worktree(struct folder *folder)
{
	const struct folder *parent = folder->parent;
	struct worktree *own = NULL;
	struct ignore *above = NULL;
	struct stat st;

	folder->whole = parent->whole;
	if (parent->git && buf_append(&folder->inside, buf_bytes(&parent->inside)) == ERR_NONE &&
	    buf_appendf(&folder->inside, "%s/", folder->name) == ERR_NONE)
		folder->git = worktree_hold(parent->git);
	if (fstatat(dirfd(folder->entries), ".git", &st, AT_SYMLINK_NOFOLLOW) == 0) {
		own = worktree_open(buf_text(&folder->path));
		folder->ignored = false;
		folder->whole = !own;
	}
	if (own) {
		worktree_nest(own, folder->git, buf_bytes(&folder->inside));
		worktree_drop(folder->git);
		folder->git = own;
		buf_clear(&folder->inside);
		worktree_descend(own, "", &above);
	} else {
		above = ignore_hold(parent->rules);
	}
	return above;
}

/*
 * Learns which work tree the opened folder lies in and what is ignored there. A symbolic link is no
 * `.gitignore`, as git has it.
 */
static void set_worktree(struct folder *folder)
{
	struct ignore *above =
	    folder->parent ? set_folder_worktree(folder) : set_operand_worktree(folder);

	if (!folder->whole)
		folder->rules = ignore_read(above, folder->inside.len, dirfd(folder->entries),
		                            ".gitignore", O_NOFOLLOW);
	ignore_drop(above);
}

/* Opens the folder on top of the stack; what stands against it is recorded. */
static bool open_folder(struct walk *walk, struct folder *folder, struct coverage *coverage)
{
	struct folder *parent = folder->parent;
	enum err err = set_path(folder);
	int fd = openat(parent ? dirfd(parent->entries) : AT_FDCWD, folder->name,
	                O_RDONLY | O_DIRECTORY | O_CLOEXEC | (parent ? O_NOFOLLOW : 0));

	if (fd >= 0 && !err)
		folder->entries = fdopendir(fd);
	if (!folder->entries) {
		int error = errno;
		bool changed = error == ELOOP || error == ENOTDIR;

		if (fd >= 0)
			(void)close(fd);
		if (err)
			lose(folder, "", LOST_TOO_DEEP, 0, coverage);
		else
			lose(folder, "", changed ? LOST_CHANGED : LOST_UNREADABLE, error, coverage);
	} else if (!walk->options.include_ignored) {
		set_worktree(folder);
	}
	folder->parent = NULL;
	folder_drop(parent);
	return folder->entries;
}

/*
 * What git says of an entry of the folder; `end` is "/" for a sub-folder. Where there is no git all
 * is as good as tracked. *ignored receives whether the rules leave it out, which is not asked about
 * a tracked file.
 */
static enum worktree_entry ask_git(struct walk *walk, const struct folder *folder, const char *name,
                                   const char *end, bool *ignored)
{
	enum worktree_entry entry;
	const char *path;

	*ignored = false;
	buf_clear(&walk->entry);
	if (folder->whole || !folder->git || buf_append(&walk->entry, buf_bytes(&folder->inside)) ||
	    buf_append(&walk->entry, bytes_of(name)) || buf_append(&walk->entry, bytes_of(end)))
		return WORKTREE_TRACKED;
	path = buf_text(&walk->entry);
	entry = worktree_entry(folder->git, path);
	if (entry == WORKTREE_UNTRACKED || *end)
		*ignored = folder->ignored || ignore_matches(folder->rules, path);
	return entry;
}

static void take_file(struct walk *walk, const struct folder *folder, const char *name,
                      struct walk_batch *batch, struct coverage *coverage)
{
	struct bytes with_nul = {(const unsigned char *)name, strlen(name) + 1};
	bool ignored;

	if (ask_git(walk, folder, name, "", &ignored) == WORKTREE_UNTRACKED && ignored)
		coverage_skip(coverage, SKIP_IGNORED);
	else if (buf_append(&batch->names, with_nul))
		lose(folder, name, LOST_TOO_DEEP, 0, coverage);
}

/* Whether the user excludes the sub-folder, and with it all in it. */
static bool is_excluded(struct walk *walk, const struct folder *folder, const char *name)
{
	const struct source_options *o = &walk->options;

	if (!o->excludes)
		return false;
	buf_clear(&walk->entry);
	return !buf_append(&walk->entry, buf_bytes(&folder->path)) &&
	       !buf_append(&walk->entry, bytes_of(name)) &&
	       o->excludes(o->excludes_context, buf_bytes(&walk->entry));
}

static void take_folder(struct walk *walk, struct folder *folder, const char *name,
                        struct coverage *coverage)
{
	bool ignored;
	enum worktree_entry entry = ask_git(walk, folder, name, "/", &ignored);

	if (entry == WORKTREE_GITLINK)
		coverage_skip(coverage, SKIP_GITLINK);
	else if (entry == WORKTREE_UNTRACKED && ignored)
		coverage_skip(coverage, SKIP_IGNORED);
	else if (is_excluded(walk, folder, name))
		coverage_skip(coverage, SKIP_EXCLUDED);
	else if (folder->depth == WALK_DEPTH_MAX)
		lose(folder, name, LOST_TOO_DEEP, 0, coverage);
	else
		push(walk, folder, name)->ignored = ignored;
}

/* The entry's d_type; DT_UNKNOWN when it has vanished, which is recorded. */
static unsigned char entry_type(const struct folder *folder, const struct dirent *entry,
                                struct coverage *coverage)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(dirfd(folder->entries), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return IFTODT(st.st_mode);
	lose(folder, entry->d_name, LOST_UNREADABLE, errno, coverage);
	return DT_UNKNOWN;
}

/* Takes entries of the folder on top: files go to the batch, sub-folders on the stack. */
static void take_entries(struct walk *walk, struct folder *folder, struct walk_batch *batch,
                         struct coverage *coverage)
{
	for (unsigned i = 0; i < BATCH; i++) {
		const struct dirent *entry;
		const char *name;

		errno = 0;
		entry = readdir(folder->entries);
		if (!entry) {
			if (errno)
				lose(folder, "", LOST_UNREADABLE, errno, coverage);
			folder->exhausted = true;
			return;
		}
		name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, ".git") == 0)
			continue;
		switch (entry_type(folder, entry, coverage)) {
		case DT_REG:
			take_file(walk, folder, name, batch, coverage);
			break;
		case DT_DIR:
			take_folder(walk, folder, name, coverage);
			break;
		case DT_LNK:
			coverage_skip(coverage, SKIP_SYMLINK);
			break;
		case DT_UNKNOWN:
			break;
		default:
			coverage_skip(coverage, SKIP_SPECIAL_FILE);
		}
	}
}

/* Gives back the batch's folder and takes files from the walk; none when nothing is left. */
static void refill(struct walk *walk, struct walk_batch *batch, struct coverage *coverage)
{
	buf_clear(&batch->names);
	batch->next = 0;
	pthread_mutex_lock(&walk->lock);
	folder_drop(batch->folder);
	batch->folder = NULL;
	while (!batch->names.len && walk->count) {
		struct folder *top = walk->stack[walk->count - 1];

		if (!top->exhausted && (top->entries || open_folder(walk, top, coverage))) {
			take_entries(walk, top, batch, coverage);
			if (batch->names.len) {
				batch->folder = top;
				top->references++;
			}
		} else {
			walk->count--;
			folder_drop(top);
		}
	}
	pthread_mutex_unlock(&walk->lock);
}

bool walk_next(struct walk *walk, struct walk_batch *batch, struct file *file,
               struct coverage *coverage)
{
	for (;;) {
		const char *name;

		if (batch->next == batch->names.len)
			refill(walk, batch, coverage);
		if (!batch->names.len)
			return false;
		name = (const char *)batch->names.ptr + batch->next;
		batch->next += strlen(name) + 1;
		buf_clear(&batch->path);
		if (buf_append(&batch->path, buf_bytes(&batch->folder->path)) ||
		    buf_append(&batch->path, bytes_of(name))) {
			lose(batch->folder, name, LOST_TOO_DEEP, 0, coverage);
			continue;
		}
		*file = (struct file){.folder = dirfd(batch->folder->entries),
		                      .name = name,
		                      .path = buf_bytes(&batch->path)};
		return true;
	}
}
