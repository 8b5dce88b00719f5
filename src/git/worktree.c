#include "git/worktree.h"

#include "base/memory.h"
#include "git/library.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct worktree {
	git_repository *repository;
	git_index *index;
	int top; /* the top folder's descriptor */
	struct ignore *rules;
	unsigned references;
	struct worktree *outer; /* that this one is nested in; NULL: in none */
	struct buf inside;      /* the top's path there, with '/' at its end */
	struct buf path;        /* scratch */
};

/*
 * Limits in bytes. libgit2 1.5 does not free some memory for each entry of a configuration that
 * has extensions, hence the low one.
 */
enum {
	PATH_LIMIT = 1 << 20,    /* longer paths are not asked about */
	INDEX_LIMIT = 256 << 20, /* an index of a million files has some 100 MB */
	CONFIG_LIMIT = 256 << 10,
};

/*
 * Whether libgit2 may be let near this file: it reads whole files and waits for FIFOs. A file
 * that does not exist does no harm.
 */
static bool harmless(int folder, const char *name, off_t limit)
{
	struct stat st;

	if (fstatat(folder, name, &st, 0) != 0)
		return errno == ENOENT || errno == ENOTDIR;
	return S_ISREG(st.st_mode) && st.st_size <= limit;
}

static bool is_folder(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* Opens the folder that holds the repository's files: `.git`, or where a file of that name points.
 */
static int open_git_folder(int top)
{
	char line[4096];
	const char *git = ".git";

	if (!is_folder(top, git))
		git = library_gitfile(top, git, line, sizeof(line));
	return git ? openat(top, git, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

static bool folder_is_harmless(int git)
{
	return harmless(git, "HEAD", CONFIG_LIMIT) && harmless(git, "config", CONFIG_LIMIT) &&
	       harmless(git, "config.worktree", CONFIG_LIMIT) &&
	       harmless(git, "index", INDEX_LIMIT);
}

/* Whether all files that libgit2 reads of this work tree's repository are harmless. */
static bool repository_is_harmless(int top)
{
	char line[4096];
	int git = open_git_folder(top);
	bool result = false;

	if (git < 0)
		return false;
	if (harmless(git, "commondir", sizeof(line)) && folder_is_harmless(git)) {
		result = true;
		if (library_read_line(git, "commondir", line, sizeof(line))) {
			int common = openat(git, line, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			result = common >= 0 && folder_is_harmless(common);
			if (common >= 0 && close(common) != 0)
				result = false;
		}
	}
	return close(git) == 0 && result;
}

/* Where git looks for the user's exclude file when no configuration says. */
static enum err default_exclude_file(struct buf *path)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (config && *config)
		return buf_appendf(path, "%s/git/ignore", config);
	return home ? buf_appendf(path, "%s/.config/git/ignore", home) : ERR_MISSING;
}

/* Reads the user's exclude file and the repository's, which takes precedence. */
static void read_rules(struct worktree *w)
{
	git_config *config = NULL;
	git_buf value = {0};
	struct ignore *user = NULL;
	enum err err = ERR_MISSING;

	buf_clear(&w->path);
	if (git_repository_config_snapshot(&config, w->repository) == 0) {
		int found = git_config_get_path(&value, config, "core.excludesfile");

		if (found == 0)
			err = buf_append(&w->path, bytes_of(value.ptr));
		else if (found == GIT_ENOTFOUND)
			err = default_exclude_file(&w->path);
	}
	if (!err)
		user = ignore_read(NULL, 0, w->top, buf_text(&w->path), 0);
	git_buf_dispose(&value);
	git_config_free(config);

	buf_clear(&w->path);
	if (git_repository_item_path(&value, w->repository, GIT_REPOSITORY_ITEM_INFO) == 0 &&
	    buf_appendf(&w->path, "%s/exclude", value.ptr) == ERR_NONE)
		w->rules = ignore_read(user, 0, w->top, buf_text(&w->path), 0);
	else
		w->rules = ignore_hold(user);
	git_buf_dispose(&value);
	ignore_drop(user);
}

/* Whether the repository has its work tree here: its configuration may name another place. */
static bool stands_here(git_repository *repository, int top)
{
	const char *workdir = git_repository_workdir(repository);
	struct stat here, there;

	return workdir && fstat(top, &here) == 0 && stat(workdir, &there) == 0 &&
	       here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

struct worktree *worktree_open(const char *folder)
{
	struct worktree *w = mem_calloc(1, sizeof(*w));

	buf_init(&w->inside, PATH_LIMIT);
	buf_init(&w->path, PATH_LIMIT);
	w->references = 1;
	w->top = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->top >= 0 && repository_is_harmless(w->top) && library_start() &&
	    git_repository_open_ext(&w->repository, folder, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) ==
	        0 &&
	    stands_here(w->repository, w->top) &&
	    git_repository_index(&w->index, w->repository) == 0) {
		read_rules(w);
		return w;
	}
	worktree_drop(w);
	return NULL;
}

void worktree_nest(struct worktree *w, struct worktree *outer, struct bytes inside)
{
	if (outer && buf_append(&w->inside, inside) == ERR_NONE)
		w->outer = worktree_hold(outer);
}

/* Shortens a path that ends in '/' by its last name; false for the root. */
static bool to_parent(struct buf *path)
{
	if (path->len <= 1)
		return false;
	do
		path->len--;
	while (path->ptr[path->len - 1] != '/');
	return true;
}

/* Shortens the path to that of the nearest folder that holds a `.git`, on this device. */
static bool to_top(struct buf *path, dev_t device)
{
	struct stat st;

	do {
		size_t len = path->len;
		bool found;

		if (stat(buf_text(path), &st) != 0 || st.st_dev != device ||
		    buf_append(path, bytes_of(".git")))
			return false;
		found = lstat(buf_text(path), &st) == 0;
		path->len = len;
		if (found)
			return true;
	} while (to_parent(path));
	return false;
}

/* Nests w, whose top is `top`, in the work trees further up that can be read; changes path. */
static void nest_in_outer(struct worktree *w, struct bytes top, struct buf *path, dev_t device)
{
	while (w && to_parent(path) && to_top(path, device)) {
		struct worktree *outer = worktree_open(buf_text(path));

		if (!outer)
			continue;
		worktree_nest(w, outer, bytes_slice(top, path->len, top.len));
		worktree_drop(outer);
		top.len = path->len;
		w = w->outer;
	}
}

struct worktree *worktree_discover(const char *folder, struct buf *inside)
{
	struct worktree *w = NULL;
	char *real = realpath(folder, NULL);
	struct buf whole, path;
	struct stat st;

	buf_clear(inside);
	buf_init(&whole, PATH_LIMIT);
	buf_init(&path, PATH_LIMIT);
	if (real && stat(real, &st) == 0 &&
	    buf_appendf(&whole, "%s%s", real, real[1] ? "/" : "") == ERR_NONE &&
	    buf_append(&path, buf_bytes(&whole)) == ERR_NONE && to_top(&path, st.st_dev) &&
	    buf_append(inside, bytes_slice(buf_bytes(&whole), path.len, whole.len)) == ERR_NONE) {
		w = worktree_open(buf_text(&path));
		nest_in_outer(w, bytes_slice(buf_bytes(&whole), 0, path.len), &path, st.st_dev);
	}
	buf_release(&whole);
	buf_release(&path);
	free(real);
	return w;
}

struct worktree *worktree_hold(struct worktree *w)
{
	if (w)
		w->references++;
	return w;
}

void worktree_drop(struct worktree *w)
{
	while (w && --w->references == 0) {
		struct worktree *outer = w->outer;

		ignore_drop(w->rules);
		git_index_free(w->index);
		git_repository_free(w->repository);
		if (w->top >= 0)
			(void)close(w->top);
		buf_release(&w->inside);
		buf_release(&w->path);
		free(w);
		w = outer;
	}
}

static bool is_gitlink(git_index *index, const char *path)
{
	const git_index_entry *entry = NULL;
	size_t at;

	if (git_index_find(&at, index, path) == 0)
		entry = git_index_get_byindex(index, at);
	return entry && entry->mode == GIT_FILEMODE_COMMIT;
}

/* What this work tree's own index says. */
static enum worktree_entry index_entry(struct worktree *w, const char *path)
{
	size_t len = strlen(path);

	if (!len || path[len - 1] != '/')
		return git_index_find(NULL, w->index, path) == 0 ? WORKTREE_TRACKED
		                                                 : WORKTREE_UNTRACKED;
	if (git_index_find_prefix(NULL, w->index, path) == 0)
		return WORKTREE_TRACKED;
	buf_clear(&w->path);
	if (buf_append(&w->path, (struct bytes){(const unsigned char *)path, len - 1}) ==
	        ERR_NONE &&
	    is_gitlink(w->index, buf_text(&w->path)))
		return WORKTREE_GITLINK;
	return WORKTREE_UNTRACKED;
}

enum worktree_entry worktree_entry(struct worktree *w, const char *path)
{
	enum worktree_entry entry = index_entry(w, path);

	if (entry == WORKTREE_TRACKED || !w->outer)
		return entry;
	buf_clear(&w->path);
	if (buf_append(&w->path, buf_bytes(&w->inside)) == ERR_NONE &&
	    buf_append(&w->path, bytes_of(path)) == ERR_NONE &&
	    worktree_entry(w->outer, buf_text(&w->path)) == WORKTREE_TRACKED)
		return WORKTREE_TRACKED;
	return entry;
}

bool worktree_descend(struct worktree *w, const char *inside, struct ignore **rules)
{
	struct bytes path = bytes_of(inside);
	bool included = true;

	*rules = ignore_hold(w->rules);
	for (size_t start = 0, end; start < path.len && included; start = end) {
		struct ignore *above = *rules;

		end = (size_t)(strchr(inside + start, '/') - inside) + 1;
		buf_clear(&w->path);
		if (buf_append(&w->path, bytes_slice(path, 0, start)) == ERR_NONE &&
		    buf_append(&w->path, bytes_of(".gitignore")) == ERR_NONE) {
			*rules = ignore_read(above, start, w->top, buf_text(&w->path), O_NOFOLLOW);
			ignore_drop(above);
		}
		buf_clear(&w->path);
		if (buf_append(&w->path, bytes_slice(path, 0, end)) == ERR_NONE)
			included = !ignore_matches(*rules, buf_text(&w->path));
	}
	if (!included) {
		ignore_drop(*rules);
		*rules = NULL;
	}
	return included;
}
