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

bool library_trust_hashes(void)
{
	return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0) == 0;
}

bool library_lacked_memory(void)
{
	const git_error *last = git_error_last();

	return last && last->klass == GIT_ERROR_NOMEMORY;
}

enum err library_error(struct error *error, enum err code, const char *what)
{
	const git_error *last = git_error_last();

	return error_set(error, code, "%s: %s", what, last ? last->message : "libgit2 refuses");
}

enum err library_read_file(int at, const char *name, struct buf *out, struct error *error)
{
	int fd = openat(at, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	enum err err = ERR_NONE;
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
	else if ((size_t)st.st_size > out->max || buf_reserve(out, (size_t)st.st_size))
		err = error_set(error, ERR_LIMIT, "%s is larger than %zu bytes", name, out->max);
	while (!err && out->len < (size_t)st.st_size) {
		got = read(fd, out->ptr + out->len, (size_t)st.st_size - out->len);
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
