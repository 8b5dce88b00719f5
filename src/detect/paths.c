#include "detect/paths.h"

#include <stdint.h>
#include <strings.h>

/* `*` is retried from its last place; no recursion. */
bool glob_fits(struct bytes name, struct bytes glob)
{
	size_t n = 0, g = 0, star = SIZE_MAX, retry = 0;

	while (n < name.len) {
		if (g < glob.len && glob.ptr[g] == '*') {
			star = g++;
			retry = n;
		} else if (g < glob.len && (glob.ptr[g] == '?' || glob.ptr[g] == name.ptr[n])) {
			g++;
			n++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			n = ++retry;
		} else {
			return false;
		}
	}
	while (g < glob.len && glob.ptr[g] == '*')
		g++;
	return g == glob.len;
}

/* Cuts the first segment off rest, which is left behind its slash; false when nothing is left. */
static bool next_segment(struct bytes *rest, struct bytes *segment)
{
	const unsigned char *slash;

	if (!rest->ptr)
		return false;
	slash = memchr(rest->ptr, '/', rest->len);
	if (slash) {
		*segment = bytes_slice(*rest, 0, (size_t)(slash - rest->ptr));
		*rest = bytes_slice(*rest, segment->len + 1, rest->len);
	} else {
		*segment = *rest;
		*rest = (struct bytes){NULL, 0};
	}
	return true;
}

bool path_fits(struct bytes path, const char *glob)
{
	static const struct bytes any = {(const unsigned char *)"**", 2};
	struct bytes globs = bytes_of(glob);
	struct bytes after_any = {NULL, 0}, retry = {NULL, 0}, want, name;
	bool in_any = false;

	for (;;) {
		struct bytes globs_before = globs, path_before = path;

		if (next_segment(&globs, &want)) {
			bool last_empty =
			    want.len == 0 && !globs.ptr && globs_before.ptr != (void *)glob;

			if (bytes_equal(want, any) || last_empty) {
				in_any = true;
				after_any = globs;
				retry = path;
				if (!globs.ptr)
					return true;
				continue;
			}
			if (next_segment(&path, &name) && glob_fits(name, want))
				continue;
		} else if (!path_before.ptr) {
			return true;
		}
		/* A dead end: let the last ** take one segment more. */
		if (!in_any || !next_segment(&retry, &name))
			return false;
		globs = after_any;
		path = retry;
	}
}

static bool paths_fit(strings globs, struct bytes path)
{
	for (; *globs; globs++) {
		if (path_fits(path, *globs))
			return true;
	}
	return false;
}

bool path_covered(struct bytes path, strings globs)
{
	for (size_t len = 1; len <= path.len; len++) {
		bool end = len == path.len || path.ptr[len] == '/';

		if (end && paths_fit(globs, bytes_slice(path, 0, len)))
			return true;
	}
	return false;
}

static bool extension_fits(strings extensions, struct bytes path)
{
	for (; *extensions; extensions++) {
		size_t len = strlen(*extensions);

		if (path.len > len && path.ptr[path.len - len - 1] == '.' &&
		    strncasecmp((const char *)path.ptr + path.len - len, *extensions, len) == 0)
			return true;
	}
	return false;
}

bool rule_admits_path(const struct rule *rule, struct bytes path)
{
	if (!path.len)
		return true;
	if (rule->include.paths && !paths_fit(rule->include.paths, path))
		return false;
	if (rule->include.ext && !extension_fits(rule->include.ext, path))
		return false;
	return !(rule->reject.paths && paths_fit(rule->reject.paths, path)) &&
	       !(rule->reject.ext && extension_fits(rule->reject.ext, path));
}
