#include "git/library.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of small objects that libgit2 keeps; its own 256 MiB are more than a whole scan may take.
 */
enum { CACHE_MAX = 16 << 20 };

bool library_start(void)
{
	static const char *const extensions[] = {"partialclone", "worktreeconfig",
	                                         "preciousobjects"};

	return git_libgit2_init() > 0 && git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0) == 0 &&
	       git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)CACHE_MAX) == 0 &&
	       git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
	                        sizeof(extensions) / sizeof(extensions[0])) == 0;
}

enum err library_error(struct error *error, enum err code, const char *what)
{
	const git_error *last = git_error_last();

	return error_set(error, code, "%s: %s", what, last ? last->message : "libgit2 refuses");
}

/* Reads the file into out, or for `start` as much of it as out's maximum admits. */
static enum err read_file(int at, const char *name, bool start, struct buf *out,
                          struct error *error)
{
	int fd = openat(at, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	enum err err = ERR_NONE;
	size_t size = 0;
	struct stat st;
	ssize_t got = 0;

	buf_clear(out);
	if (fd < 0)
		return error_set(error, errno == ENOENT || errno == ENOTDIR ? ERR_MISSING : ERR_IO,
		                 "%s: %s", name, strerror(errno));
	if (fstat(fd, &st) != 0)
		err = error_set(error, ERR_IO, "%s: %s", name, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		err = error_set(error, ERR_CORRUPT, "%s is no regular file", name);
	else
		size = start && (size_t)st.st_size > out->max ? out->max : (size_t)st.st_size;
	if (!err && buf_make_room(out, size))
		err = error_set(error, ERR_LIMIT, "%s is larger than %zu bytes", name, out->max);
	while (!err && out->len < size) {
		got = read(fd, out->ptr + out->len, size - out->len);
		if (got < 0)
			err = error_set(error, ERR_IO, "%s: %s", name, strerror(errno));
		if (got <= 0)
			break;
		out->len += (size_t)got;
	}
	if (close(fd) != 0 && !err)
		err = error_set(error, ERR_IO, "%s: %s", name, strerror(errno));
	return err;
}

enum err library_read_file(int at, const char *name, struct buf *out, struct error *error)
{
	return read_file(at, name, false, out, error);
}

enum err library_read_start(int at, const char *name, struct buf *out, struct error *error)
{
	return read_file(at, name, true, out, error);
}

bool library_read_line(int at, const char *name, char line[], size_t size)
{
	struct buf text;
	size_t len = 0;

	buf_init(&text, size - 1);
	if (library_read_file(at, name, &text, NULL) == ERR_NONE) {
		len = text.len;
		while (len && (text.ptr[len - 1] == '\n' || text.ptr[len - 1] == '\r'))
			len--;
		if (len)
			memcpy(line, text.ptr, len);
	}
	line[len] = '\0';
	buf_release(&text);
	return len && strlen(line) == len;
}

const char *library_gitfile(int at, const char *name, char line[], size_t size)
{
	static const char key[] = "gitdir: "; /* gitrepository-layout(5), "gitfile" */

	if (!library_read_line(at, name, line, size) || !bytes_start_with(bytes_of(line), key))
		return NULL;
	return line + strlen(key);
}
