/* Any bytes as a glob, a zero byte, and a path: no crash, no hang; the same as a plain recursion.
 */
#include "detect/paths.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { SMALL = 12 }; /* bytes of what the recursion, which takes its time, is tried on */

/* One segment: up to the next slash or the end. */
static size_t segment(const char *text, const char *end)
{
	const char *slash = memchr(text, '/', (size_t)(end - text));

	return (size_t)((slash ? slash : end) - text);
}

static bool name_fits(const char *glob, size_t glob_len, const char *name, size_t len)
{
	if (glob_len == 0)
		return len == 0;
	if (*glob == '*')
		return name_fits(glob + 1, glob_len - 1, name, len) ||
		       (len && name_fits(glob, glob_len, name + 1, len - 1));
	return len && (*glob == '?' || *glob == *name) &&
	       name_fits(glob + 1, glob_len - 1, name + 1, len - 1);
}

/* NULL stands for "no segment left". */
static bool fits(const char *glob, const char *glob_end, const char *path, const char *end)
{
	const char *next_glob, *next_path = NULL;
	size_t glob_len, len = 0;

	if (!glob)
		return !path;
	glob_len = segment(glob, glob_end);
	next_glob = glob + glob_len < glob_end ? glob + glob_len + 1 : NULL;
	if (path) {
		len = segment(path, end);
		next_path = path + len < end ? path + len + 1 : NULL;
	}
	if (glob_len == 2 && memcmp(glob, "**", 2) == 0)
		return fits(next_glob, glob_end, path, end) ||
		       (path && fits(glob, glob_end, next_path, end));
	return path && name_fits(glob, glob_len, path, len) &&
	       fits(next_glob, glob_end, next_path, end);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const unsigned char *zero = size ? memchr(data, 0, size) : NULL;
	const char *glob = (const char *)data, *path;
	size_t glob_len, len;
	bool result;

	if (!zero)
		return 0;
	path = (const char *)zero + 1;
	glob_len = (size_t)(zero - data);
	len = size - glob_len - 1;
	result = path_fits((struct bytes){zero + 1, len}, glob);
	/* A slash at the end, which goes on with **, is for the recursion to leave out. */
	if (glob_len < SMALL && len < SMALL && (!glob_len || glob[glob_len - 1] != '/') &&
	    result != fits(glob, glob + glob_len, path, path + len))
		abort();
	return 0;
}
