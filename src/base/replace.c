#include "base/replace.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char pattern[] = ".trawl-XXXXXX";

/* A name in the folder of path, for mkostemp() to complete; owned by the caller. */
static char *temporary_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
	char *name = mem_calloc(folder + sizeof(pattern), 1);

	memcpy(name, path, folder);
	memcpy(name + folder, pattern, sizeof(pattern));
	return name;
}

/* The mode of the file that is replaced, or what a new one gets. */
static mode_t mode_of(const char *path)
{
	struct stat st;
	mode_t mask;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
		return st.st_mode & 0777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static bool write_all(int fd, struct bytes content)
{
	while (content.len) {
		ssize_t written = write(fd, content.ptr, content.len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		content = bytes_slice(content, (size_t)written, content.len);
	}
	return true;
}

/* The new name must survive a crash, too. */
static bool sync_folder(const char *temporary)
{
	const char *slash = strrchr(temporary, '/');
	char *folder = mem_strdup(slash ? temporary : ".");
	bool synced;
	int fd;

	if (slash)
		folder[slash - temporary + 1] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return false;
	/* A file system that cannot do that for folders says EINVAL. */
	synced = fsync(fd) == 0 || errno == EINVAL;
	return close(fd) == 0 && synced;
}

static enum err replace(const char *path, struct bytes content, mode_t mode, struct error *error)
{
	char *temporary = temporary_name(path);
	int fd = mkostemp(temporary, O_CLOEXEC);
	bool made = fd >= 0, renamed = false;
	enum err err = ERR_NONE;

	if (made) {
		bool good = write_all(fd, content) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
		int cause = errno;

		if (close(fd) != 0 && good) {
			cause = errno;
			good = false;
		}
		errno = cause;
		renamed = good && rename(temporary, path) == 0;
	}
	if (!renamed || !sync_folder(temporary))
		err = error_set(error, ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
	if (made && !renamed)
		(void)unlink(temporary);
	free(temporary);
	return err;
}

enum err file_replace(const char *path, struct bytes content, struct error *error)
{
	return replace(path, content, mode_of(path), error);
}

enum err file_replace_program(const char *path, struct bytes content, struct error *error)
{
	mode_t mode = mode_of(path);

	return replace(path, content, mode | (mode & 0444) >> 2, error);
}
