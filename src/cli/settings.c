#include "cli/settings.h"

#include "base/memory.h"
#include "git/repository.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char config_name[] = ".trawl.yaml";
static const char baseline_name[] = ".trawl-baseline";

enum { RULES_SIZE_MAX = 4 << 20, REVISION_MAX = 1000 };

/* ---- Files ---- */

/* Reads what is open, and closes it. */
static enum err read_open(int fd, const char *name, struct buf *out, struct error *error)
{
	enum err err = ERR_NONE;
	struct stat st;
	ssize_t got = 0;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		err = error_set(error, ERR_IO, "%s: it is no regular file", name);
	else if ((uint64_t)st.st_size > out->max)
		err = error_set(error, ERR_LIMIT, "%s: it is too large", name);
	while (!err) {
		unsigned char part[65536];

		got = read(fd, part, sizeof(part));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err = error_set(error, ERR_IO, "%s: %s", name, strerror(errno));
		if (got <= 0)
			break;
		if (buf_append(out, (struct bytes){part, (size_t)got}))
			err = error_set(error, ERR_LIMIT, "%s: it is too large", name);
	}
	if (close(fd) != 0 && !err)
		err = error_set(error, ERR_IO, "%s: %s", name, strerror(errno));
	return err;
}

static enum err cannot_open(const char *name, int cause, struct error *error)
{
	if (cause == ENOENT)
		return error_set(error, ERR_MISSING, "%s: no such file", name);
	if (cause == ELOOP || cause == ENOTDIR)
		return error_set(error, ERR_IO, "%s: a link, or below one; links are not followed",
		                 name);
	return error_set(error, ERR_IO, "%s: %s", name, strerror(cause));
}

enum err settings_read_file(const char *path, struct buf *out, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	buf_clear(out);
	return fd < 0 ? cannot_open(path, errno, error) : read_open(fd, path, out, error);
}

/* A file below the folder `context`: no part of its path may be a link. */
static enum err read_in_folder(void *context, const char *path, struct buf *out,
                               struct error *error)
{
	int at = open(context, O_RDONLY | O_DIRECTORY | O_CLOEXEC), cause = errno;
	const char *shown = path;

	buf_clear(out);
	while (at >= 0) {
		size_t len = strcspn(path, "/");
		bool last = !path[len];
		char name[NAME_MAX + 1];
		int next = -1;

		cause = ENAMETOOLONG;
		if (len < sizeof(name)) {
			memcpy(name, path, len);
			name[len] = '\0';
			next = openat(at, name,
			              O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY |
			                  (last ? O_NONBLOCK : O_DIRECTORY));
			cause = errno;
		}
		(void)close(at);
		if (next >= 0 && last)
			return read_open(next, shown, out, error);
		at = next;
		path += len + !last;
	}
	return cannot_open(shown, cause, error);
}

struct revision {
	struct repository *repository;
	const char *name;
};

/* A file of a revision's tree. */
static enum err read_in_revision(void *context, const char *path, struct buf *out,
                                 struct error *error)
{
	struct revision *r = context;
	struct object_id id;
	enum object_type type;
	struct buf name;
	enum err err;

	buf_init(&name, REVISION_MAX + PATH_MAX);
	err = buf_appendf(&name, "%s:%s", r->name, path);
	if (!err)
		err = repository_resolve(r->repository, buf_text(&name), &id, error);
	buf_release(&name);
	if (err)
		return err;
	err = repository_read(r->repository, &id, &type, out, error);
	if (err == ERR_MISSING) /* it is named and not here: that must not pass for "no file" */
		return error_set(error, ERR_CORRUPT, "%s:%s: its object is missing; fetch it",
		                 r->name, path);
	if (!err && type != OBJECT_BLOB)
		return error_set(error, ERR_SYNTAX, "%s:%s: it is no file", r->name, path);
	return err;
}

/* ---- The tree ---- */

static const char *joined(struct arena *arena, const char *folder, const char *name)
{
	struct buf path;
	const char *text;

	buf_init(&path, SIZE_MAX);
	if (buf_appendf(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/",
	                name))
		mem_exhausted();
	text = arena_text(arena, buf_bytes(&path));
	buf_release(&path);
	return text;
}

/* The path without links and dots, owned by the arena; NULL if there is nothing there. */
static char *real_path(struct arena *arena, const char *path)
{
	char *real = realpath(path, NULL);
	char *copy = real ? arena_text(arena, bytes_of(real)) : NULL;

	free(real);
	return copy;
}

/* The top of the work tree that the folder lies in; without git, the folder. */
static char *find_top(struct arena *arena, char *folder)
{
	char *at = arena_text(arena, bytes_of(folder));

	for (;;) {
		char *slash;

		if (access(joined(arena, at, ".git"), F_OK) == 0)
			return at;
		slash = strrchr(at, '/');
		if (!slash || !slash[1])
			return folder;
		slash[slash == at] = '\0';
	}
}

/* The tree that the operand lies in; standard input counts as the folder one stands in. */
static char *top_of_operand(struct arena *arena, const char *operand)
{
	char *real = real_path(arena, operand && strcmp(operand, "-") != 0 ? operand : ".");
	struct stat st;

	if (!real)
		return NULL;
	if (stat(real, &st) == 0 && !S_ISDIR(st.st_mode))
		strrchr(real, '/')[real == strrchr(real, '/')] = '\0';
	return find_top(arena, real);
}

/* The path from the top, "" for the top itself; NULL if it lies elsewhere. */
static const char *inside_of(const char *top, const char *real)
{
	size_t len = strcmp(top, "/") == 0 ? 0 : strlen(top);

	if (!real || strncmp(real, top, len) != 0)
		return NULL;
	return !real[len] ? real + len : real[len] == '/' ? real + len + 1 : NULL;
}

static void add_place(struct settings *s, const char *operand)
{
	const char *real = real_path(&s->arena, *operand ? operand : ".");
	struct tree_place place = {operand, inside_of(s->top, real)};
	struct stat st;

	s->places[s->place_count++] = place;
	s->whole_tree |= place.inside && !*place.inside && stat(real, &st) == 0;
}

/* As the source has operands: without slashes at their end, "" for the folder one stands in. */
static const char *operand_text(struct arena *arena, const char *operand)
{
	size_t len = strlen(operand);

	while (len > 1 && operand[len - 1] == '/')
		len--;
	if (len == 1 && *operand == '.')
		return "";
	return arena_text(arena, bytes_slice(bytes_of(operand), 0, len));
}

/* Finds the tree of a scan, and where the operands lie in it. */
static void find_tree(struct settings *s, const struct words *operands)
{
	bool whole = !operands->count;

	s->top = top_of_operand(&s->arena, operands->count ? operands->items[0] : NULL);
	if (!s->top)
		return;
	s->places = mem_calloc(operands->count + 1, sizeof(*s->places));
	for (size_t i = 0; i < operands->count; i++) {
		if (strcmp(operands->items[i], "-") != 0)
			add_place(s, operand_text(&s->arena, operands->items[i]));
	}
	whole |= s->whole_tree;
	add_place(s, ""); /* of standard input's name, too */
	s->whole_tree = whole && (operands->count || s->whole_tree);
}

/* ---- Reading ---- */

/* Reads the config's text, and the rule files that it names from where it stands itself. */
static enum err take_config(struct settings *s, const char *file, struct bytes text,
                            const struct tree_files *files, struct error *error)
{
	enum err err = configuration_read(&s->config, file, text, error);
	const struct config_words *names = &s->config.rules;
	struct buf content;

	if (err)
		return err;
	s->has_config = true;
	s->rules = mem_calloc(names->count, sizeof(*s->rules));
	buf_init(&content, RULES_SIZE_MAX);
	for (size_t i = 0; i < names->count && !err; i++) {
		struct error cause = {0};

		err = files->read(files->context, names->items[i].text, &content, &cause);
		if (err)
			err = error_set(error, ERR_SYNTAX, "%s:%" PRIu32 ": %s", file,
			                names->items[i].line, cause.message);
		else
			s->rules[s->rule_count++] = (struct rule_text){
			    names->items[i].text, arena_bytes(&s->arena, buf_bytes(&content))};
	}
	buf_release(&content);
	return err;
}

/* Reads a file of the tree; *found tells whether there is one. */
static enum err read_setting(const struct tree_files *files, const char *name, struct buf *out,
                             bool *found, struct error *error)
{
	enum err err = files->read(files->context, name, out, error);

	*found = !err;
	return err == ERR_MISSING ? ERR_NONE : err;
}

static const char *shown_name(struct settings *s, const struct tree_files *files, const char *name)
{
	return *files->name ? joined(&s->arena, files->name, name) : name;
}

/* Reads what stands beside a file of a tree. */
struct beside {
	const struct tree_files *files;
	const char *folder; /* with a slash at its end, or empty */
};

static enum err read_beside(void *context, const char *path, struct buf *out, struct error *error)
{
	const struct beside *b = context;
	struct buf name;
	enum err err;

	buf_init(&name, PATH_MAX);
	err = buf_appendf(&name, "%s%s", b->folder, path)
	          ? error_set(error, ERR_LIMIT, "%s: too long", path)
	          : b->files->read(b->files->context, buf_text(&name), out, error);
	buf_release(&name);
	return err;
}

/* Reads the file that an option names, or else this one, of the tree; *found: there is one. */
static enum err read_named(struct settings *s, const struct tree_files *files, const char **name,
                           const char *option, struct buf *text, bool *found, struct error *error)
{
	enum err err;

	*name = option ? option : *name;
	err = read_setting(files, *name, text, found, error);
	if (!err && !*found && option)
		err = error_set(error, ERR_MISSING,
		                "%s: no such file; with --config-from it is one of that revision",
		                shown_name(s, files, option));
	return err;
}

/* Reads the file and the rules beside it. */
static enum err read_config_file(struct settings *s, const char *file, struct buf *text,
                                 struct error *error)
{
	struct tree_files beside = {.read = read_in_folder, .name = ""};
	char *real = real_path(&s->arena, file);
	enum err err = settings_read_file(file, text, error);

	if (err || !real)
		return err;
	strrchr(real, '/')[real == strrchr(real, '/')] = '\0';
	beside.context = real;
	return take_config(s, file, buf_bytes(text), &beside, error);
}

/* With --config-from, the files that options name are of that revision, too. */
static enum err read_config(struct settings *s, const struct options *o,
                            const struct tree_files *files, struct buf *text, struct error *error)
{
	struct beside folder = {.files = files};
	struct tree_files beside = {.read = read_beside, .context = &folder, .name = ""};
	const char *name = config_name, *slash;
	bool found = false;
	enum err err;

	if (o->no_config)
		return ERR_NONE;
	if (o->config && !o->config_from)
		return read_config_file(s, o->config, text, error);
	if (!files)
		return ERR_NONE;
	err = read_named(s, files, &name, o->config, text, &found, error);
	if (err || !found)
		return err;
	slash = strrchr(name, '/');
	folder.folder = arena_text(
	    &s->arena, bytes_slice(bytes_of(name), 0, slash ? (size_t)(slash - name) + 1 : 0));
	return take_config(s, shown_name(s, files, name), buf_bytes(text), &beside, error);
}

static enum err read_baseline(struct settings *s, const struct options *o,
                              const struct tree_files *files, struct buf *text, struct error *error)
{
	const char *name = baseline_name;
	enum err err = ERR_NONE;

	if (o->no_baseline)
		return ERR_NONE;
	if (o->baseline && !o->config_from) {
		name = o->baseline;
		s->has_baseline = true;
		err = settings_read_file(o->baseline, text, error);
	} else if (files) {
		err = read_named(s, files, &name, o->baseline, text, &s->has_baseline, error);
		name = shown_name(s, files, name);
	}
	if (err || !s->has_baseline)
		return err;
	return baseline_read(&s->baseline, name, buf_bytes(text), error);
}

static enum err read_from(struct settings *s, const struct options *o,
                          const struct tree_files *files, struct error *error)
{
	struct buf text;
	enum err err;

	buf_init(&text, BASELINE_SIZE_MAX);
	err = read_config(s, o, files, &text, error);
	if (!err)
		err = read_baseline(s, o, files, &text, error);
	buf_release(&text);
	return err;
}

/* Reads from the tree of a revision; with `may_lack`, one that is not there has no settings. */
static enum err read_from_revision(struct settings *s, const struct options *o, const char *path,
                                   const char *name, bool may_lack, struct error *error)
{
	struct revision revision = {.name = name};
	struct tree_files files = {.read = read_in_revision, .context = &revision};
	struct object_id id;
	struct buf commit, prefix;
	enum err err = repository_open(&revision.repository, path, true, error);

	buf_init(&commit, REVISION_MAX);
	buf_init(&prefix, REVISION_MAX);
	if (!err &&
	    (buf_appendf(&commit, "%s^{commit}", name) || buf_appendf(&prefix, "%s:/", name)))
		err = error_set(error, ERR_USAGE, "--config-from: the name is too long");
	if (!err)
		err = repository_resolve(revision.repository, buf_text(&commit), &id, error);
	if (err == ERR_MISSING && may_lack)
		err = read_from(s, o, NULL, error);
	else if (err == ERR_MISSING && revision.repository)
		err = error_set(error, ERR_MISSING,
		                "--config-from %s: no such commit is here; fetch it (in CI: "
		                "fetch-depth: 0)",
		                name);
	else if (!err) {
		files.name = buf_text(&prefix);
		err = read_from(s, o, &files, error);
	}
	buf_release(&commit);
	buf_release(&prefix);
	repository_close(revision.repository);
	return err;
}

/* A history's settings: those of the work tree; a bare repository has them in HEAD. */
static enum err read_from_repository(struct settings *s, const struct options *o, const char *path,
                                     struct error *error)
{
	struct tree_files files = {.read = read_in_folder, .name = ""};
	struct repository *repository = NULL;
	enum err err = repository_open(&repository, path, true, error);

	if (err)
		return err;
	s->top = arena_text(&s->arena, bytes_of(repository_folder(repository)));
	repository_close(repository);
	if (access(joined(&s->arena, s->top, ".git"), F_OK) != 0)
		return read_from_revision(s, o, path, "HEAD", true, error);
	files.context = s->top;
	return read_from(s, o, &files, error);
}

/* The settings that options point to, or the trusted tree's. */
static enum err read_settings(struct settings *s, const struct options *o, const char *repository,
                              const struct tree_files *given, struct error *error)
{
	struct tree_files folder = {.read = read_in_folder, .context = s->top, .name = ""};

	if (o->config_from)
		return read_from_revision(s, o, repository, o->config_from, false, error);
	if (!s->trusted)
		return read_from(s, o, NULL, error);
	if (given || s->top)
		return read_from(s, o, given ? given : &folder, error);
	return read_from_repository(s, o, repository, error);
}

enum err settings_read(struct settings *s, const struct options *o, enum trust trust,
                       const struct tree_files *given, struct error *error)
{
	const bool named = trust == TRUST_HERE || trust == TRUST_REPOSITORY; /* repositories */
	const char *repository = named && o->operands.count ? o->operands.items[0] : ".";
	enum err err;

	s->trusted = o->trust_repo || trust == TRUST_TREE || trust == TRUST_REPOSITORY ||
	             (trust == TRUST_HERE && !o->operands.count && !o->recursive);
	if (named && (o->config_from || o->trust_repo) && (o->operands.count > 1 || o->recursive))
		return error_set(error, ERR_USAGE,
		                 "--config-from and --trust-repo are for one repository; scan one "
		                 "at a time");
	if (trust == TRUST_TREE && !given) {
		find_tree(s, &o->operands);
		repository = s->top ? s->top : ".";
		/* One that may not be entered is lost as a whole, by the scan. */
		s->trusted &= s->top && access(s->top, R_OK | X_OK) == 0;
	}
	err = read_settings(s, o, repository, given, error);
	s->baseline_file = o->baseline ? o->baseline
	                   : s->top    ? joined(&s->arena, s->top, baseline_name)
	                               : NULL;
	suppressions_init(&s->suppressions, s->has_config ? &s->config : NULL,
	                  s->has_baseline ? &s->baseline : NULL);
	if (o->report_stale)
		s->suppressions.exclude_held =
		    arena_alloc(&s->arena, s->config.exclude_words.count, sizeof(atomic_bool));
	s->suppressions.places = s->places;
	s->suppressions.place_count = s->place_count;
	return err;
}

void settings_release(struct settings *s)
{
	configuration_release(&s->config);
	baseline_release(&s->baseline);
	free(s->places);
	free(s->rules);
	arena_release(&s->arena);
	*s = (struct settings){0};
}
