#include "git/find.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/memory.h"
#include "git/library.h"
#include "git/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64, PATH_BYTES_MAX = 64 * 1024 };

/* A repository as it was met. */
struct place {
	char *path;
	bool located; /* the folder of its objects and references is known, by these */
	bool own;     /* that folder lies here, and is not only named by a linked work tree */
	dev_t device;
	ino_t inode;
};

struct finder {
	struct place *places;
	size_t count;
	size_t cap;
	size_t *unreadable;
	struct buf path;
	struct arena text;
};

static bool has(int folder, const char *name, mode_t kind)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (kind == 0 || (st.st_mode & S_IFMT) == kind);
}

/* What git itself takes for a repository (gitrepository-layout(5)). */
static bool is_git_folder(int folder)
{
	return has(folder, "HEAD", S_IFREG) && has(folder, "objects", S_IFDIR) &&
	       has(folder, "refs", S_IFDIR);
}

/* The folder of objects and references that the `.git` file of finder->path leads to. */
static const char *linked_folder(struct finder *f, int folder)
{
	char line[PATH_MAX];
	const char *git = library_gitfile(folder, ".git", line, sizeof(line));

	if (!git)
		return NULL;
	/* What is absolute is not joined: it must not stay in the line. */
	git = path_join_relative(&f->text, buf_text(&f->path), arena_text(&f->text, bytes_of(git)));
	if (library_read_line(AT_FDCWD, path_join(&f->text, git, "commondir"), line, sizeof(line)))
		git = path_join_relative(&f->text, git, arena_text(&f->text, bytes_of(line)));
	return git;
}

/* Adds the repository at finder->path, whose files lie in it or in its `.git`. */
static void add(struct finder *f, int folder, bool work_tree)
{
	struct place place = {.path = mem_strdup(buf_text(&f->path)), .own = true};
	struct stat st;

	if (work_tree && has(folder, ".git", S_IFREG)) {
		const char *git = linked_folder(f, folder);

		place.own = false;
		place.located = git && stat(git, &st) == 0;
	} else {
		/* A link's own place is where it leads to. */
		place.own = !work_tree || has(folder, ".git", S_IFDIR);
		place.located = fstatat(folder, work_tree ? ".git" : ".", &st, 0) == 0;
	}
	if (place.located) {
		place.device = st.st_dev;
		place.inode = st.st_ino;
	}
	f->places = mem_grow(f->places, f->count, &f->cap, sizeof(*f->places));
	f->places[f->count++] = place;
}

/* What git keeps in its folder that no repository lies in. */
static bool is_store(const char *name)
{
	return strcmp(name, "objects") == 0 || strcmp(name, "refs") == 0 ||
	       strcmp(name, "logs") == 0;
}

/* Looks at the folder (which it closes) that finder->path names, and below it. */
static void look(struct finder *f, int folder, unsigned depth)
{
	size_t len = f->path.len;
	bool work_tree = has(folder, ".git", 0), git = !work_tree && is_git_folder(folder);
	struct dirent *entry;
	DIR *dir;

	/* A `.git` folder is that of the work tree around it, if that was looked at. */
	if (work_tree ||
	    (git && !(depth && len > 5 && strcmp(buf_text(&f->path) + len - 5, "/.git") == 0)))
		add(f, folder, work_tree);
	dir = depth < DEPTH_MAX ? fdopendir(folder) : NULL;
	if (!dir) {
		++*f->unreadable;
		close(folder);
		return;
	}
	while ((entry = readdir(dir))) {
		int below;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) ||
		    (git && is_store(entry->d_name)))
			continue;
		below = openat(dirfd(dir), entry->d_name,
		               O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0) {
			*f->unreadable += errno != ENOTDIR && errno != ELOOP;
			continue;
		}
		if (buf_appendf(&f->path, "/%s", entry->d_name)) {
			++*f->unreadable;
			close(below);
			continue;
		}
		look(f, below, depth + 1);
		f->path.len = len;
	}
	closedir(dir);
}

/* Places of one repository side by side, its own folder first. */
static int place_order(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->located != b->located)
		return a->located ? -1 : 1;
	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	if (a->own != b->own)
		return a->own ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* Moves the path of each repository to the list. */
static void move_paths(struct finder *f, struct found_repositories *found)
{
	if (f->count)
		qsort(f->places, f->count, sizeof(*f->places), place_order);
	for (size_t i = 0; i < f->count; i++) {
		const struct place *p = &f->places[i];

		if (i && p->located && p[-1].located && p->device == p[-1].device &&
		    p->inode == p[-1].inode) {
			free(p->path);
			continue;
		}
		found->paths = mem_grow(found->paths, found->count, &found->cap, sizeof(char *));
		found->paths[found->count++] = p->path;
	}
	free(f->places);
}

static int path_order(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

enum err repositories_find(struct found_repositories *found, const char *folder, size_t *unreadable,
                           struct error *error)
{
	struct finder f = {.unreadable = unreadable};
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t len = strlen(folder);

	if (fd < 0)
		return error_set(error, errno == ENOENT ? ERR_MISSING : ERR_IO, "%s: %s", folder,
		                 strerror(errno));
	while (len > 1 && folder[len - 1] == '/')
		len--;
	buf_init(&f.path, PATH_BYTES_MAX);
	if (buf_append(&f.path, bytes_slice(bytes_of(folder), 0, len)))
		close(fd);
	else
		look(&f, fd, 0);
	buf_release(&f.path);
	move_paths(&f, found);
	arena_release(&f.text);
	if (found->count)
		qsort(found->paths, found->count, sizeof(char *), path_order);
	return ERR_NONE;
}

void found_repositories_release(struct found_repositories *found)
{
	for (size_t i = 0; i < found->count; i++)
		free(found->paths[i]);
	free(found->paths);
	*found = (struct found_repositories){0};
}
