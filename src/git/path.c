#include "git/path.h"

#include <stdlib.h>
#include <sys/stat.h>

const char *path_join(struct arena *arena, const char *folder, const char *name)
{
	const size_t len = strlen(folder), more = strlen(name);
	char *path = arena_alloc(arena, len + more + 2, 1);

	memcpy(path, folder, len);
	path[len] = '/';
	memcpy(path + len + 1, name, more);
	return path;
}

const char *path_join_relative(struct arena *arena, const char *folder, const char *name)
{
	return *name == '/' ? name : path_join(arena, folder, name);
}

const char *path_canonical(struct arena *arena, const char *path)
{
	char *real = realpath(path, NULL);
	const char *copy = real ? arena_text(arena, bytes_of(real)) : NULL;

	free(real);
	return copy;
}

bool path_is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}
