#include "git/find.h"

#include "base/buf.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64, PATH_BYTES_MAX = 64 * 1024 };

static bool has(int folder, const char *name, mode_t kind)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (kind == 0 || (st.st_mode & S_IFMT) == kind);
}

/* A work tree, or what git itself takes for a repository (gitrepository-layout(5)). */
static bool is_repository(int folder)
{
	return has(folder, ".git", 0) ||
	       (has(folder, "HEAD", S_IFREG) && has(folder, "objects", S_IFDIR) &&
	        has(folder, "refs", S_IFDIR));
}

struct finder {
	struct found_repositories *found;
	size_t *unreadable;
	struct buf path;
};

/* Looks at the folder (which it closes) that finder->path names, and below it. */
static void look(struct finder *f, int folder, unsigned depth)
{
	size_t len = f->path.len;
	struct dirent *entry;
	DIR *dir;

	if (is_repository(folder)) {
		f->found->paths =
		    mem_grow(f->found->paths, f->found->count, &f->found->cap, sizeof(char *));
		f->found->paths[f->found->count++] = mem_strdup(buf_text(&f->path));
		close(folder);
		return;
	}
	dir = depth < DEPTH_MAX ? fdopendir(folder) : NULL;
	if (!dir) {
		++*f->unreadable;
		close(folder);
		return;
	}
	while ((entry = readdir(dir))) {
		int below;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
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

static int path_order(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

enum err repositories_find(struct found_repositories *found, const char *folder, size_t *unreadable,
                           struct error *error)
{
	struct finder f = {.found = found, .unreadable = unreadable};
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
