#include "source/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much is asked for at a time where the size is not known, in bytes. */
enum { CHUNK = 64 * 1024 };

/*
 * Git LFS specification, "The Pointer": its first line, and a pointer's greatest size in bytes; the
 * longest name of an extension is ours.
 */
static const char lfs_version[] = "version https://git-lfs.github.com/spec/v1\n";
enum { LFS_POINTER_MAX = 1024, LFS_EXTENSION_MAX = 12 };

void file_buffer_init(struct buf *content, const struct source_options *options)
{
	buf_init(content,
	         options->max_size < SIZE_MAX / 2 ? (size_t)options->max_size + 1 : SIZE_MAX / 2);
}

static void lose(struct coverage *coverage, enum lost_reason reason, struct bytes path, int error)
{
	coverage_lose(coverage, reason, path, strerror(error));
}

static void too_large(const struct file *file, const struct source_options *options,
                      struct coverage *coverage)
{
	if (options->max_size_chosen)
		coverage_skip(coverage, SKIP_MAX_SIZE);
	else
		coverage_lose(coverage, LOST_TOO_LARGE, file->path, "");
}

/*
 * A FIFO, a socket or a device: nothing to read in a folder, but lost when the user named it, as
 * `<(...)` of a shell does.
 */
static void special(const struct file *file, mode_t mode, struct coverage *coverage)
{
	const char *detail = S_ISFIFO(mode)   ? "it is a FIFO; read it through -"
	                     : S_ISSOCK(mode) ? "it is a socket; read it through -"
	                                      : "it is a device; read it through -";

	if (file->named)
		coverage_lose(coverage, LOST_UNREADABLE, file->path, detail);
	else
		coverage_skip(coverage, SKIP_SPECIAL_FILE);
}

static void not_opened(const struct file *file, int error, struct coverage *coverage)
{
	struct stat st;

	if (error == ELOOP && !file->named)
		coverage_skip(coverage, SKIP_SYMLINK);
	else if (error == ENXIO && fstatat(file->folder, file->name, &st, 0) == 0)
		special(file, st.st_mode, coverage); /* a socket, or a device that is not there */
	else if (error == ENOENT && !file->named)
		coverage_lose(coverage, LOST_CHANGED, file->path, "vanished");
	else
		lose(coverage, LOST_UNREADABLE, file->path, error);
}

/* read() that waits where nothing has come yet: standard input may be set not to block. */
static ssize_t read_some(int fd, void *into, size_t size, bool wait)
{
	for (;;) {
		ssize_t got = read(fd, into, size);

		if (got >= 0 || (errno != EINTR && !(wait && errno == EAGAIN)))
			return got;
		if (errno == EAGAIN &&
		    poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1) < 0 && errno != EINTR)
			return -1;
	}
}

/*
 * Reads to the end of the file, of which `expected` bytes are said to exist. A read that stops
 * short just there has met the end. Returns false when nothing can be scanned.
 */
static bool read_all(struct buf *content, int fd, uint64_t expected, const struct file *file,
                     const struct source_options *options, struct coverage *coverage)
{
	for (;;) {
		size_t left = content->max - content->len;
		size_t more =
		    expected > content->len ? (size_t)(expected - content->len) + 1 : CHUNK;
		size_t room;
		ssize_t got;

		if (content->len > options->max_size || !left ||
		    buf_reserve(content, more < left ? more : left)) {
			too_large(file, options, coverage);
			return false;
		}
		room = content->cap - content->len;
		if (room > left)
			room = left;
		got = read_some(fd, content->ptr + content->len, room, !file->name);
		if (got < 0) {
			lose(coverage, LOST_UNREADABLE, file->path, errno);
			return false;
		}
		content->len += (size_t)got;
		if (!got || (content->len == expected && (size_t)got < room))
			return true;
	}
}

/* Takes the text from the front of *left, if it stands there. */
static bool take(struct bytes *left, const char *text)
{
	if (!bytes_start_with(*left, text))
		return false;
	*left = bytes_slice(*left, strlen(text), left->len);
	return true;
}

/* Takes `min` to `max` of these characters from the front of *left. */
static bool take_of(struct bytes *left, const char *characters, size_t min, size_t max)
{
	size_t len = 0;

	while (len < left->len && left->ptr[len] && strchr(characters, left->ptr[len]))
		len++;
	*left = bytes_slice(*left, len, left->len);
	return min <= len && len <= max;
}

static bool take_hash(struct bytes *left)
{
	return take(left, "sha256:") && take_of(left, "0123456789abcdef", 64, 64) &&
	       take(left, "\n");
}

/* An extension's name, which the specification does not bound, is held too short to be a secret. */
bool file_is_lfs_pointer(struct bytes content)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	struct bytes left = content;

	if (content.len > LFS_POINTER_MAX || !take(&left, lfs_version))
		return false;
	while (take(&left, "ext-")) {
		if (!take_of(&left, "0123456789", 1, 1) || !take(&left, "-") ||
		    !take_of(&left, word, 1, LFS_EXTENSION_MAX) || !take(&left, " ") ||
		    !take_hash(&left))
			return false;
	}
	return take(&left, "oid ") && take_hash(&left) && take(&left, "size ") &&
	       take_of(&left, "0123456789", 1, 20) && take(&left, "\n") && !left.len;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/*
 * Records a file that is no longer what it was before its `len` bytes were read. Files of the
 * kernel's, as in /proc, state no size or a wrong one, and their times stand still.
 */
static void check_unchanged(int fd, const struct stat *before, size_t len, const struct file *file,
                            struct coverage *coverage)
{
	struct stat after;

	if (!before->st_size && !len)
		return;
	if (fstat(fd, &after) != 0)
		lose(coverage, LOST_UNREADABLE, file->path, errno);
	else if (after.st_size != before->st_size)
		coverage_lose(coverage, LOST_CHANGED, file->path, "its size changed");
	else if (!same_time(after.st_mtim, before->st_mtim) ||
	         !same_time(after.st_ctim, before->st_ctim))
		coverage_lose(coverage, LOST_CHANGED, file->path, "its time changed");
}

static bool read_regular(struct buf *content, int fd, const struct stat *before,
                         const struct file *file, const struct source_options *options,
                         struct coverage *coverage)
{
	if ((uint64_t)before->st_size > options->max_size) {
		too_large(file, options, coverage);
		return false;
	}
	if (!read_all(content, fd, (uint64_t)before->st_size, file, options, coverage))
		return false;
	check_unchanged(fd, before, content->len, file, coverage);
	if (file_is_lfs_pointer(buf_bytes(content))) {
		coverage_skip(coverage, SKIP_LFS_POINTER);
		return false;
	}
	return true;
}

bool file_read(struct buf *content, const struct file *file, const struct source_options *options,
               struct coverage *coverage)
{
	struct stat st;
	bool given = false;
	int fd;

	buf_clear(content);
	if (!file->name)
		return read_all(content, STDIN_FILENO, 0, file, options, coverage);
	fd = openat(file->folder, file->name,
	            O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (file->named ? 0 : O_NOFOLLOW));
	if (fd < 0) {
		not_opened(file, errno, coverage);
		return false;
	}
	if (fstat(fd, &st) != 0)
		lose(coverage, LOST_UNREADABLE, file->path, errno);
	else if (S_ISDIR(st.st_mode))
		coverage_lose(coverage, LOST_CHANGED, file->path, "became a folder");
	else if (!S_ISREG(st.st_mode))
		special(file, st.st_mode, coverage);
	else
		given = read_regular(content, fd, &st, file, options, coverage);
	if (close(fd) != 0)
		lose(coverage, LOST_UNREADABLE, file->path, errno);
	return given;
}
