#include "git/hooks.h"

#include "git/config.h"
#include "git/library.h"
#include "git/path.h"

#include <fcntl.h>
#include <stdlib.h>

enum { CONFIG_MAX = 16 << 20, INCLUDES_MAX = 10 /* in one another, as in git */ };

/* Reading all configuration files, the last word on core.hooksPath counts. */
struct reading {
	struct arena *arena;
	const char *file; /* that is being read */
	unsigned depth;   /* of includes */
	bool conditional; /* the file counts on a condition */
	bool worktrees;   /* linked work trees have a configuration of their own */
	const char *value;
	const char *origin;
	bool uncertain; /* the value counts on a condition */
	enum err err;
	struct error *error;
};

static void read_config(struct reading *r, const char *path);

/* The path that a configuration file names; "~/" is the user's folder. NULL for forms that only git
 * knows. */
static const char *expand(const struct reading *r, const char *name)
{
	const char *home = getenv("HOME");

	if (*name == '~' || strncmp(name, "%(", 2) == 0)
		return name[1] == '/' && *name == '~' && home ? path_join(r->arena, home, name + 2)
		                                              : NULL;
	return arena_text(r->arena, bytes_of(name));
}

/* Reads a file that this one includes, if it is there. */
static void include(struct reading *r, const char *name, bool conditional)
{
	const char *path = expand(r, name), *file = r->file;
	const char *slash = strrchr(file, '/');
	const bool before = r->conditional;

	if (!path) {
		r->uncertain = true;
		return;
	}
	if (*path != '/' && slash)
		path = path_join(
		    r->arena,
		    arena_text(r->arena, bytes_slice(bytes_of(file), 0, (size_t)(slash - file))),
		    path);
	r->depth++;
	r->conditional |= conditional;
	read_config(r, path);
	r->conditional = before;
	r->file = file;
	r->depth--;
}

static void take_variable(void *context, const char *name, const char *value)
{
	static const char condition[] = "includeif.", path[] = ".path";
	const size_t len = strlen(name);
	struct reading *r = context;

	if (strcmp(name, "core.hookspath") == 0) {
		r->value = arena_text(r->arena, bytes_of(value));
		r->origin = r->file;
		r->uncertain = r->conditional;
	} else if (strcmp(name, "extensions.worktreeconfig") == 0) {
		r->worktrees = config_true(value);
	} else if (strcmp(name, "include.path") == 0) {
		include(r, value, false);
	} else if (strncmp(name, condition, strlen(condition)) == 0 && len > strlen(path) &&
	           strcmp(name + len - strlen(path), path) == 0) {
		include(r, value, true);
	}
}

static void read_config(struct reading *r, const char *path)
{
	struct buf text;
	enum err err;

	if (r->err || r->depth > INCLUDES_MAX)
		return;
	buf_init(&text, CONFIG_MAX);
	err = library_read_file(AT_FDCWD, path, &text, r->error);
	r->file = path;
	if (!err)
		err = config_read(path, buf_bytes(&text), take_variable, r, r->error);
	if (!r->err && err != ERR_MISSING)
		r->err = err;
	buf_release(&text);
}

/* The system's configuration, then the user's. */
static void read_shared(struct reading *r)
{
	const char *system = getenv("GIT_CONFIG_SYSTEM"), *none = getenv("GIT_CONFIG_NOSYSTEM");
	const char *global = getenv("GIT_CONFIG_GLOBAL"), *home = getenv("HOME");
	const char *folder = getenv("XDG_CONFIG_HOME");

	if (!none || !config_true(none))
		read_config(r, system ? system : "/etc/gitconfig");
	if (global) {
		read_config(r, global);
		return;
	}
	if (folder && *folder)
		read_config(r, path_join(r->arena, folder, "git/config"));
	else if (home)
		read_config(r, path_join(r->arena, home, ".config/git/config"));
	if (home)
		read_config(r, path_join(r->arena, home, ".gitconfig"));
}

/* Whether the path is the folder, or lies in it. */
static bool lies_in(struct arena *arena, const char *path, const char *folder)
{
	const char *real = path_canonical(arena, path);
	const size_t len = strlen(folder);

	if (!real)
		real = path;
	return strncmp(real, folder, len) == 0 && (real[len] == '/' || !real[len]);
}

enum err hooks_find(struct hooks_folder *hooks, const struct repository *repository, bool receiving,
                    struct arena *arena, struct error *error)
{
	const char *common = repository_common(repository), *git = repository_git(repository);
	const char *top = repository_folder(repository);
	struct reading r = {.arena = arena, .error = error};
	const char *path;

	*hooks = (struct hooks_folder){.path = path_join(arena, common, "hooks")};
	read_shared(&r);
	read_config(&r, path_join(arena, common, "config"));
	if (r.worktrees)
		read_config(&r, path_join(arena, git, "config.worktree"));
	if (r.err)
		return r.err;
	if (r.value && !*r.value)
		return error_set(error, ERR_UNSUPPORTED,
		                 "%s: core.hooksPath is empty, so that git runs no hooks",
		                 r.origin);
	path = r.value ? expand(&r, r.value) : NULL;
	if (r.uncertain || (r.value && !path))
		return error_set(
		    error, ERR_UNSUPPORTED,
		    "%s: which core.hooksPath counts here only git can tell; `git config "
		    "core.hooksPath FOLDER` in this repository settles it",
		    r.origin ? r.origin : r.file);
	if (!path)
		return ERR_NONE;
	hooks->origin = r.origin;
	hooks->path = path_join_relative(arena, receiving ? git : top, path);
	hooks->shared = !lies_in(arena, hooks->path, top) && !lies_in(arena, hooks->path, common);
	return ERR_NONE;
}
