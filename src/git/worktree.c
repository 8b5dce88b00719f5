#include "git/worktree.h"

#include "base/memory.h"

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
	unsigned references;
	struct buf path; /* scratch */
};

/*
 * Limits in bytes. libgit2 1.5 does not free some memory for each entry of a configuration that
 * has extensions, hence the low one.
 */
enum {
	PATH_LIMIT = 1 << 20,	 /* longer paths are not asked about */
	INDEX_LIMIT = 512 << 20, /* an index of a million files has some 100 MB */
	CONFIG_LIMIT = 256 << 10,
	TEXT_LIMIT = 4 << 20, /* ignore rules */
};

/*
 * Whether libgit2 may be let near this file: it reads whole files and waits for FIFOs. A file
 * that does not exist does no harm. `flags` are fstatat()'s.
 */
static bool harmless(int folder, const char *name, off_t limit, int flags)
{
	struct stat st;

	if (fstatat(folder, name, &st, flags) != 0)
		return errno == ENOENT || errno == ENOTDIR;
	return S_ISREG(st.st_mode) && st.st_size <= limit;
}

static bool is_folder(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* Reads a file that holds one short line, without its line end; false when it is anything else. */
static bool read_line(int folder, const char *name, char line[], size_t size)
{
	struct stat st;
	int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t got = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		got = read(fd, line, size);
	if (close(fd) != 0 || got <= 0 || (size_t)got == size)
		return false;
	while (got > 0 && (line[got - 1] == '\n' || line[got - 1] == '\r'))
		got--;
	line[got] = '\0';
	return strlen(line) == (size_t)got;
}

/* Opens the folder that holds the repository's files: `.git`, or where a file of that name points.
 */
static int open_git_folder(int top)
{
	static const char key[] = "gitdir: "; /* gitrepository-layout(5), "gitfile" */
	char line[4096];

	if (is_folder(top, ".git"))
		return openat(top, ".git", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!read_line(top, ".git", line, sizeof(line)) || !bytes_start_with(bytes_of(line), key))
		return -1;
	return openat(top, line + strlen(key), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool folder_is_harmless(int git)
{
	return harmless(git, "HEAD", CONFIG_LIMIT, 0) && harmless(git, "config", CONFIG_LIMIT, 0) &&
	       harmless(git, "config.worktree", CONFIG_LIMIT, 0) &&
	       harmless(git, "info/exclude", TEXT_LIMIT, 0) &&
	       harmless(git, "index", INDEX_LIMIT, 0);
}

/* Whether all files that libgit2 reads of this work tree's repository are harmless. */
static bool repository_is_harmless(int top)
{
	char line[4096];
	int git = open_git_folder(top);
	bool result = false;

	if (git < 0)
		return false;
	if (harmless(git, "commondir", sizeof(line), 0) && folder_is_harmless(git)) {
		result = true;
		if (read_line(git, "commondir", line, sizeof(line))) {
			int common = openat(git, line, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			result = common >= 0 && folder_is_harmless(common);
			if (common >= 0 && close(common) != 0)
				result = false;
		}
	}
	return close(git) == 0 && result;
}

/* The user's and the repository's core.excludesFile. */
static bool excludes_file_is_harmless(git_repository *repository)
{
	git_config *config = NULL;
	git_buf path = {0};
	bool result = false;

	if (git_repository_config_snapshot(&config, repository) == 0) {
		int found = git_config_get_path(&path, config, "core.excludesfile");

		result = found == GIT_ENOTFOUND ||
			 (found == 0 && harmless(AT_FDCWD, path.ptr, TEXT_LIMIT, 0));
	}
	git_buf_dispose(&path);
	git_config_free(config);
	return result;
}

/*
 * Makes libgit2 ready. It stays so until the program ends, as making it ready takes 5 ms, too long
 * to do for each of many repositories.
 */
static bool library_start(void)
{
	static const char *const extensions[] = {"partialclone", "worktreeconfig",
						 "preciousobjects"};

	return git_libgit2_init() > 0 && git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0) == 0 &&
	       git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
				sizeof(extensions) / sizeof(extensions[0])) == 0;
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

	buf_init(&w->path, PATH_LIMIT);
	w->references = 1;
	w->top = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->top >= 0 && repository_is_harmless(w->top) && library_start() &&
	    git_repository_open_ext(&w->repository, folder, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) ==
		0 &&
	    stands_here(w->repository, w->top) && excludes_file_is_harmless(w->repository) &&
	    git_repository_index(&w->index, w->repository) == 0)
		return w;
	worktree_drop(w);
	return NULL;
}

struct worktree *worktree_discover(const char *folder, struct buf *inside)
{
	struct worktree *w = NULL;
	struct stat start, here, git;
	char *real = realpath(folder, NULL);
	struct buf path;

	buf_clear(inside);
	buf_init(&path, PATH_LIMIT);
	if (!real || stat(real, &start) != 0)
		goto out;
	for (size_t end = strcmp(real, "/") == 0 ? 0 : strlen(real);; end--) {
		buf_clear(&path);
		if (buf_appendf(&path, "%.*s/", (int)end, real) ||
		    stat(buf_text(&path), &here) != 0 || here.st_dev != start.st_dev ||
		    buf_append(&path, bytes_of(".git")))
			break;
		if (lstat(buf_text(&path), &git) == 0) {
			path.len -= strlen(".git");
			w = worktree_open(buf_text(&path));
			if (strlen(real) > end + 1 && buf_appendf(inside, "%s/", real + end + 1)) {
				worktree_drop(w);
				w = NULL;
			}
			break;
		}
		while (end && real[end - 1] != '/')
			end--;
		if (!end)
			break;
	}
out:
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
	if (!w || --w->references)
		return;
	git_index_free(w->index);
	git_repository_free(w->repository);
	if (w->top >= 0)
		(void)close(w->top);
	buf_release(&w->path);
	free(w);
}

static bool is_gitlink(git_index *index, const char *path)
{
	const git_index_entry *entry = NULL;
	size_t at;

	if (git_index_find(&at, index, path) == 0)
		entry = git_index_get_byindex(index, at);
	return entry && entry->mode == GIT_FILEMODE_COMMIT;
}

enum worktree_entry worktree_entry(struct worktree *w, const char *path)
{
	size_t len = strlen(path);

	if (len && path[len - 1] == '/') {
		buf_clear(&w->path);
		if (buf_append(&w->path, (struct bytes){(const unsigned char *)path, len - 1}))
			return WORKTREE_UNTRACKED;
		if (is_gitlink(w->index, buf_text(&w->path)))
			return WORKTREE_GITLINK;
		return git_index_find_prefix(NULL, w->index, path) == 0 ? WORKTREE_TRACKED
									: WORKTREE_UNTRACKED;
	}
	return git_index_find(NULL, w->index, path) == 0 ? WORKTREE_TRACKED : WORKTREE_UNTRACKED;
}

/*
 * What the rules say of the first `len` bytes of path, the folder above them being included. A
 * symbolic link is no `.gitignore` to git, but would be to libgit2.
 */
static enum worktree_verdict ask(struct worktree *w, const char *path, size_t len)
{
	struct bytes asked = {(const unsigned char *)path, len};
	size_t folder = len - 1;
	int ignored = 0;

	while (folder && path[folder - 1] != '/')
		folder--;
	buf_clear(&w->path);
	if (buf_append(&w->path, bytes_slice(asked, 0, folder)) ||
	    buf_append(&w->path, bytes_of(".gitignore")) ||
	    !harmless(w->top, buf_text(&w->path), TEXT_LIMIT, AT_SYMLINK_NOFOLLOW))
		return WORKTREE_UNDECIDED;
	buf_clear(&w->path);
	if (buf_append(&w->path, asked) ||
	    git_ignore_path_is_ignored(&ignored, w->repository, buf_text(&w->path)) != 0)
		return WORKTREE_UNDECIDED;
	return ignored ? WORKTREE_IGNORED : WORKTREE_INCLUDED;
}

enum worktree_verdict worktree_verdict(struct worktree *w, const char *path, size_t known)
{
	size_t len = strlen(path);
	enum worktree_verdict verdict = WORKTREE_INCLUDED;

	/* From the top down, as git does: a rule inside an ignored folder cannot revive anything.
	 */
	for (size_t end = known + 1; end <= len && verdict == WORKTREE_INCLUDED; end++) {
		if (end == len || path[end - 1] == '/')
			verdict = ask(w, path, end);
	}
	return verdict;
}
