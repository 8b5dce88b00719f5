#include "git/repository.h"

#include "base/memory.h"
#include "git/config.h"
#include "git/library.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CONFIG_MAX = 16 << 20,	      /* bytes */
	ALTERNATES_MAX = 1 << 20,     /* bytes of one file */
	FOLDERS_MAX = 1024,	      /* of objects */
	DEPTH_MAX = 5,		      /* of alternates' alternates, as in git */
	TAGS_MAX = 32,		      /* that lead to a commit one through another */
	TAG_SIZE_MAX = 64 << 20,      /* bytes */
	RESOLVE_SIZE_MAX = 256 << 20, /* bytes of an object on the way from a revision to its id */
	LACK_MAX = 64 << 10,	      /* bytes */
	REFERENCE_FILE_MAX = 256 << 20, /* bytes of a file of references, or of a log */
	REFERENCE_DEPTH_MAX = 64,
};

/*
 * One place that objects lie in: the packs or the loose objects of one folder. Each stands alone,
 * so that a broken copy of an object does not hide a good one in another place.
 */
struct store {
	git_odb *odb;
	const char *loose; /* the folder, for one of loose objects */
};

struct repository {
	struct arena arena;
	const char *folder; /* see repository_folder() */
	const char *git;    /* the folder of the repository's files, in its canonical form */
	const char *common; /* the one that linked work trees share; for others the same */
	const char *remote;
	const char *lack;
	const char **objects; /* NULL-terminated */
	size_t objects_count;
	struct store *stores; /* two for each of the folders of objects */
	size_t stores_count;
	pthread_mutex_t lock; /* of the stores */
};

/* What the configuration says that matters here. */
struct settings {
	struct arena *arena;
	bool version_0;
	bool version_unknown;
	bool sha1;
	bool files;
	bool bare;
	bool partial;
	const char *unknown; /* name of an extension */
	const char *remote;
};

static const char *join(struct arena *arena, const char *folder, const char *name)
{
	const size_t len = strlen(folder), more = strlen(name);
	char *path = arena_alloc(arena, len + more + 2, 1);

	memcpy(path, folder, len);
	path[len] = '/';
	memcpy(path + len + 1, name, more);
	return path;
}

/* The path that `name`, written in a file of the folder, means. */
static const char *join_relative(struct arena *arena, const char *folder, const char *name)
{
	return *name == '/' ? name : join(arena, folder, name);
}

/* The path without links and dots; NULL, with errno, if it leads nowhere. */
static const char *canonical(struct arena *arena, const char *path)
{
	char *real = realpath(path, NULL);
	const char *copy = real ? arena_text(arena, bytes_of(real)) : NULL;

	free(real);
	return copy;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Takes `git` for the repository's folder if it is one, as git tells them. */
static enum err use_git_folder(struct repository *r, const char *git, struct error *error)
{
	char line[PATH_MAX];
	const char *common = git = canonical(&r->arena, git);

	if (git && is_folder(git) && access(git, R_OK | X_OK) != 0)
		return error_set(error, ERR_IO, "%s: %s", git, strerror(errno));
	if (!git || !exists(join(&r->arena, git, "HEAD")))
		return ERR_MISSING;
	if (library_read_line(AT_FDCWD, join(&r->arena, git, "commondir"), line, sizeof(line)))
		common = canonical(&r->arena, join_relative(&r->arena, git, line));
	if (!common || !is_folder(join(&r->arena, common, "objects")) ||
	    !is_folder(join(&r->arena, common, "refs")))
		return ERR_MISSING;
	r->git = git;
	r->common = common;
	return ERR_NONE;
}

/* Takes the repository of the work tree `folder`, or that which the folder itself is. */
static enum err use_folder(struct repository *r, const char *folder, struct error *error)
{
	char line[PATH_MAX];
	const char *git = join(&r->arena, folder, ".git");
	enum err err;
	struct stat st;

	r->folder = folder;
	if (stat(git, &st) == 0 && S_ISREG(st.st_mode)) {
		const char *target = library_gitfile(AT_FDCWD, git, line, sizeof(line));

		if (!target)
			return error_set(error, ERR_CORRUPT, "%s names no folder", git);
		err = use_git_folder(r, join_relative(&r->arena, folder, target), error);
		return err == ERR_MISSING
			   ? error_set(error, ERR_CORRUPT, "%s leads to %s, where no repository is",
				       git, target)
			   : err;
	}
	err = use_git_folder(r, git, error);
	if (err != ERR_MISSING)
		return err;
	r->folder = NULL;
	return use_git_folder(r, folder, error);
}

/* Finds the repository at path, or above it but in the same file system. */
static enum err locate(struct repository *r, const char *path, bool search, struct error *error)
{
	const char *folder = canonical(&r->arena, path);
	const char *name = folder ? strrchr(folder, '/') + 1 : NULL;
	struct stat start, here;
	enum err err = ERR_MISSING;

	if (!folder || stat(folder, &start) != 0)
		return error_set(error, errno == EACCES ? ERR_IO : ERR_MISSING, "%s: %s", path,
				 strerror(errno));
	if (!S_ISDIR(start.st_mode) && (search || strcmp(name, ".git") == 0)) {
		folder = arena_text(&r->arena, (struct bytes){(const unsigned char *)folder,
							      (size_t)(name - folder)});
		if (stat(folder, &start) != 0)
			return error_set(error, ERR_IO, "%s: %s", folder, strerror(errno));
		folder = canonical(&r->arena, folder);
	}
	while (folder) {
		const char *slash = strrchr(folder, '/');

		err = use_folder(r, folder, error);
		if (err != ERR_MISSING || !search || !slash[1])
			break;
		folder = arena_text(&r->arena,
				    (struct bytes){(const unsigned char *)folder,
						   slash == folder ? 1 : (size_t)(slash - folder)});
		if (stat(folder, &here) != 0 || here.st_dev != start.st_dev)
			break;
	}
	return err == ERR_MISSING ? error_set(error, ERR_MISSING, "%s: no git repository%s", path,
					      search ? " here or above" : "")
				  : err;
}

/* The address without user, password and what is behind '?' or '#', which may be a password too. */
static const char *without_credentials(struct arena *arena, const char *url)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : url;
	size_t len = strcspn(host, scheme ? "/?#" : "/:");
	size_t all = scheme ? strcspn(host, "?#") : strlen(host);
	size_t user = len;
	char *copy;

	if (!scheme && host[len] != ':')
		return arena_text(arena, bytes_of(url));
	while (user && host[user - 1] != '@')
		user--;
	copy = arena_alloc(arena, (size_t)(host - url) + all + 1, 1);
	memcpy(copy, url, (size_t)(host - url));
	memcpy(copy + (host - url), host + user, all - user);
	return copy;
}

static bool has_suffix(const char *text, const char *suffix)
{
	const size_t len = strlen(text), end = strlen(suffix);

	return len >= end && strcmp(text + len - end, suffix) == 0;
}

static void take_setting(void *context, const char *name, const char *value)
{
	static const char extension[] = "extensions.";
	static const char *const harmless[] = {"noop", "partialclone", "preciousobjects",
					       "worktreeconfig", "relativeworktrees"};
	struct settings *s = context;

	if (strcmp(name, "core.repositoryformatversion") == 0) {
		s->version_0 = strcmp(value, "0") == 0;
		s->version_unknown = !s->version_0 && strcmp(value, "1") != 0;
	} else if (strcmp(name, "core.bare") == 0) {
		s->bare = config_true(value);
	} else if (strcmp(name, "remote.origin.url") == 0 && !s->remote) {
		s->remote = without_credentials(s->arena, value);
	} else if (strncmp(name, "remote.", 7) == 0 && has_suffix(name, ".promisor")) {
		s->partial |= config_true(value);
	} else if (strcmp(name, "extensions.objectformat") == 0) {
		s->sha1 = strcasecmp(value, "sha1") == 0;
	} else if (strcmp(name, "extensions.refstorage") == 0) {
		s->files = strcasecmp(value, "files") == 0;
	} else if (strncmp(name, extension, strlen(extension)) == 0) {
		bool known = false;

		s->partial |= strcmp(name, "extensions.partialclone") == 0;
		for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
			known |= strcmp(name + strlen(extension), harmless[i]) == 0;
		if (!known)
			s->unknown = arena_text(s->arena, bytes_of(name));
	}
}

/* Reads the configuration; ERR_UNSUPPORTED for what it says of a format that is not read here. */
static enum err read_settings(const struct repository *r, struct settings *s, struct error *error)
{
	const char *path = join(s->arena, r->common, "config");
	struct buf text;
	enum err err;

	buf_init(&text, CONFIG_MAX);
	err = library_read_file(AT_FDCWD, path, &text, error);
	if (err == ERR_MISSING)
		err = ERR_NONE;
	else if (!err)
		err = config_read(path, buf_bytes(&text), take_setting, s, error);
	buf_release(&text);
	if (err)
		return err;
	if (!s->sha1)
		return error_set(error, ERR_UNSUPPORTED,
				 "%s: repositories with SHA-256 objects cannot be read; scan a "
				 "SHA-1 copy, made with `git fast-export --all` and "
				 "`git fast-import`",
				 r->common);
	if (!s->files)
		return error_set(error, ERR_UNSUPPORTED,
				 "%s: references in a reftable cannot be read; "
				 "`git refs migrate --ref-format=files` makes files of them",
				 r->common);
	if (s->version_unknown)
		return error_set(error, ERR_UNSUPPORTED,
				 "%s: the repository format is newer than this program", path);
	if (s->unknown && !s->version_0)
		return error_set(error, ERR_UNSUPPORTED,
				 "%s: %s is not known to be harmless; scan a clone without it",
				 path, s->unknown);
	return ERR_NONE;
}

/* One more reason why objects may be missing. */
static void add_lack(struct buf *lack, const char *what, const char *path, const char *remedy)
{
	/* What is past the buffer's maximum would tell no more. */
	(void)buf_appendf(lack, "%s%s%s; %s", lack->len ? ". " : "", what, path, remedy);
}

/*
 * Reads a line of an alternates file into out, as git quotes one (git-config(1),
 * "core.quotePath"); false when the line is not quoted.
 */
static bool unquote(struct bytes line, struct buf *out)
{
	static const char letters[] = "abtnvfr\"\\", meanings[] = "\a\b\t\n\v\f\r\"\\";

	buf_clear(out);
	if (line.len < 2 || line.ptr[0] != '"' || line.ptr[line.len - 1] != '"')
		return false;
	for (size_t i = 1; i < line.len - 1; i++) {
		unsigned char c = line.ptr[i];

		if (c == '"')
			return false;
		if (c == '\\') {
			const char *letter = strchr(letters, line.ptr[++i]);

			if (letter && *letter) {
				c = (unsigned char)meanings[letter - letters];
			} else {
				unsigned value = 0;
				size_t end = i + 3;

				for (; i < end; i++) {
					if (i >= line.len - 1 || line.ptr[i] < '0' ||
					    line.ptr[i] > '7')
						return false;
					value = value * 8 + (line.ptr[i] - '0');
				}
				i--;
				c = (unsigned char)value;
			}
		}
		if (buf_append(out, (struct bytes){&c, 1}))
			return false;
	}
	return true;
}

static void add_objects(struct repository *r, const char *path, unsigned depth, struct buf *lack);

/* Adds the folders that the alternates file of this folder names (gitrepository-layout(5)). */
static void add_alternates(struct repository *r, const char *folder, unsigned depth,
			   struct buf *lack)
{
	static const char restore[] = "put it back, or fetch what is missing with "
				      "`git fetch --refetch`";
	const char *path = join(&r->arena, folder, "info/alternates");
	struct buf text, unquoted;
	enum err err;

	buf_init(&text, ALTERNATES_MAX);
	buf_init(&unquoted, ALTERNATES_MAX);
	err = library_read_file(AT_FDCWD, path, &text, NULL);
	if (err && err != ERR_MISSING)
		add_lack(lack, "It cannot be read which alternates are named in ", path, restore);
	else if (!err && depth > DEPTH_MAX)
		add_lack(lack, "Alternates are nested too deep from ", path, restore);
	else if (err)
		text.len = 0;
	for (size_t at = 0, end; !err && depth <= DEPTH_MAX && at < text.len; at = end + 1) {
		const unsigned char *newline = memchr(text.ptr + at, '\n', text.len - at);
		struct bytes line;

		end = newline ? (size_t)(newline - text.ptr) : text.len;
		line = bytes_slice(buf_bytes(&text), at, end);
		if (!line.len || line.ptr[0] == '#')
			continue;
		if (unquote(line, &unquoted))
			line = buf_bytes(&unquoted);
		add_objects(r, join_relative(&r->arena, folder, arena_text(&r->arena, line)),
			    depth + 1, lack);
	}
	buf_release(&text);
	buf_release(&unquoted);
}

/* Adds a folder of objects, unless it is there already, and its alternates. */
static void add_objects(struct repository *r, const char *path, unsigned depth, struct buf *lack)
{
	const char *folder = canonical(&r->arena, path);

	if (!folder || !is_folder(folder)) {
		add_lack(lack, "An alternate is gone: ", path,
			 "put it back, or fetch what is missing with `git fetch --refetch`");
		return;
	}
	for (size_t i = 0; i < r->objects_count; i++) {
		if (strcmp(r->objects[i], folder) == 0)
			return;
	}
	if (r->objects_count == FOLDERS_MAX) {
		add_lack(lack, "There are too many alternates: ", folder,
			 "repack with `git repack -a -d`");
		return;
	}
	r->objects[r->objects_count++] = folder;
	add_alternates(r, folder, depth, lack);
}

/*
 * Whether libgit2 may look at the packs of this folder, as it waits for FIFOs; *promised becomes
 * true when one of them comes from a partial clone (gitformat-pack(5), ".promisor").
 */
static bool packs_are_harmless(const char *folder, bool *promised)
{
	DIR *packs = opendir(folder);
	struct dirent *item;
	bool harmless = true;

	while (packs && (item = readdir(packs))) {
		struct stat st;

		*promised |= has_suffix(item->d_name, ".promisor");
		if (fstatat(dirfd(packs), item->d_name, &st, 0) == 0)
			harmless &= S_ISREG(st.st_mode) || S_ISDIR(st.st_mode);
	}
	if (packs)
		(void)closedir(packs);
	return harmless;
}

static enum err library_error(struct error *error, enum err code, const char *what)
{
	const git_error *last = git_error_last();

	return error_set(error, code, "%s: %s", what, last ? last->message : "libgit2 refuses");
}

/* Adds a store; the backend is its, or NULL when libgit2 refused to make it. */
static enum err add_store(struct repository *r, git_odb_backend *backend, const char *folder,
			  const char *loose, struct error *error)
{
	git_odb *odb = NULL;

	if (!backend || git_odb_new(&odb) != 0 || git_odb_add_backend(odb, backend, 1) != 0) {
		if (backend)
			backend->free(backend);
		git_odb_free(odb);
		return library_error(error, ERR_IO, folder);
	}
	r->stores[r->stores_count++] = (struct store){odb, loose};
	return ERR_NONE;
}

/* Opens the stores of all folders of objects. */
static enum err open_stores(struct repository *r, bool *promised, struct error *error)
{
	enum err err = ERR_NONE;

	r->stores = arena_alloc(&r->arena, 2 * r->objects_count, sizeof(*r->stores));
	for (size_t i = 0; i < r->objects_count && !err; i++) {
		const char *folder = r->objects[i];
		git_odb_backend *packs = NULL, *loose = NULL;

		if (packs_are_harmless(join(&r->arena, folder, "pack"), promised) &&
		    git_odb_backend_pack(&packs, folder) == 0)
			err = add_store(r, packs, folder, NULL, error);
		if (!err && git_odb_backend_loose(&loose, folder, -1, 0, 0, 0) == 0)
			err = add_store(r, loose, folder, folder, error);
	}
	return err;
}

enum err repository_open(struct repository **out, const char *path, bool search,
			 struct error *error)
{
	struct repository *r = mem_calloc(1, sizeof(*r));
	struct settings settings = {
	    .arena = &r->arena, .version_0 = true, .sha1 = true, .files = true};
	const char *name;
	struct buf lack;
	struct stat st;
	enum err err;

	buf_init(&lack, LACK_MAX);
	err = pthread_mutex_init(&r->lock, NULL) == 0 ? ERR_NONE : ERR_IO;
	assert(!err);
	*out = NULL;
	if (!library_start()) {
		err = library_error(error, ERR_UNSUPPORTED, "libgit2 cannot be used");
		goto out;
	}
	err = locate(r, path, search, error);
	if (!err)
		err = read_settings(r, &settings, error);
	if (err)
		goto out;
	name = strrchr(r->git, '/');
	if (!r->folder && strcmp(name, "/.git") == 0 && !settings.bare && name > r->git)
		r->folder = arena_text(&r->arena, (struct bytes){(const unsigned char *)r->git,
								 (size_t)(name - r->git)});
	else if (!r->folder)
		r->folder = r->git;
	r->remote = settings.remote;
	r->objects = arena_alloc(&r->arena, FOLDERS_MAX + 1, sizeof(*r->objects));
	add_objects(r, join(&r->arena, r->common, "objects"), 0, &lack);
	err = open_stores(r, &settings.partial, error);
	if (settings.partial)
		add_lack(&lack, "It is a partial clone", "",
			 "`git fetch --refetch --no-filter` completes it");
	if (stat(join(&r->arena, r->common, "shallow"), &st) == 0 && st.st_size > 0)
		add_lack(&lack, "It is a shallow clone", "",
			 "`git fetch --unshallow` completes it");
	if (lack.len)
		r->lack = arena_text(&r->arena, buf_bytes(&lack));
out:
	buf_release(&lack);
	if (err)
		repository_close(r);
	else
		*out = r;
	return err;
}

void repository_close(struct repository *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->stores_count; i++)
		git_odb_free(r->stores[i].odb);
	(void)pthread_mutex_destroy(&r->lock);
	arena_release(&r->arena);
	free(r);
}

const char *repository_folder(const struct repository *r)
{
	return r->folder;
}

const char *repository_remote(const struct repository *r)
{
	return r->remote;
}

const char *const *repository_object_folders(const struct repository *r)
{
	return r->objects;
}

bool repository_may_lack(const struct repository *r, const char **reason)
{
	if (r->lack)
		*reason = r->lack;
	return r->lack;
}

static git_oid library_id(const struct object_id *id)
{
	git_oid oid;

	memcpy(oid.id, id->bytes, OBJECT_ID_SIZE);
	return oid;
}

/*
 * Whether libgit2 may read this loose object, which is of at most max bytes: it waits for FIFOs and
 * reads whole files. Deflated data is hardly larger than what it holds.
 */
static enum err check_loose(const char *folder, const char *hex, size_t max)
{
	char path[PATH_MAX];
	struct stat st;
	int len = snprintf(path, sizeof(path), "%s/%.2s/%s", folder, hex, hex + 2);

	if (len < 0 || (size_t)len >= sizeof(path) || stat(path, &st) != 0)
		return ERR_MISSING;
	return S_ISREG(st.st_mode) && (size_t)st.st_size / 2 <= max + 4096 ? ERR_NONE : ERR_CORRUPT;
}

/* Reads an object that the store has; its type only, for out NULL. The lock is held. */
static enum err read_stored(const struct store *store, const struct object_id *id,
			    enum object_type *type, struct buf *out, struct error *error)
{
	const git_oid oid = library_id(id);
	const size_t max = out ? out->max : SIZE_MAX / 4;
	char hex[OBJECT_ID_HEX + 1];
	git_odb_object *object = NULL;
	git_object_t kind;
	size_t len;
	enum err err = ERR_NONE;
	int result;

	object_id_hex(id, hex);
	if (store->loose)
		err = check_loose(store->loose, hex, max);
	if (err)
		return error_set(error, err, "%s: not a loose object's file", hex);
	result = git_odb_read_header(&len, &kind, store->odb, &oid);
	if (result == 0 && (kind < GIT_OBJECT_COMMIT || kind > GIT_OBJECT_TAG))
		return error_set(error, ERR_CORRUPT, "%s: an object of no known type", hex);
	if (result == 0 && len > max)
		return error_set(error, ERR_LIMIT, "%s: larger than %zu bytes", hex, max);
	if (result == 0 && out)
		result = git_odb_read(&object, store->odb, &oid);
	if (result != 0)
		return library_error(error, result == GIT_ENOTFOUND ? ERR_MISSING : ERR_CORRUPT,
				     hex);
	*type = (enum object_type)kind;
	if (out)
		err = buf_append(
		    out, (struct bytes){git_odb_object_data(object), git_odb_object_size(object)});
	git_odb_object_free(object);
	return err;
}

/* As repository_read(); for out NULL it tells the type only. */
static enum err read_object(struct repository *r, const struct object_id *id,
			    enum object_type *type, struct buf *out, struct error *error)
{
	/* Packs may have been added since: they are looked for only if the object is not known. */
	static const unsigned flags[] = {GIT_ODB_LOOKUP_NO_REFRESH, 0};
	const git_oid oid = library_id(id);
	char hex[OBJECT_ID_HEX + 1];
	enum err err = ERR_MISSING;

	if (out)
		buf_clear(out);
	pthread_mutex_lock(&r->lock);
	for (size_t pass = 0; pass < 2 && err == ERR_MISSING; pass++) {
		for (size_t i = 0; i < r->stores_count && err; i++) {
			struct error broken;
			enum err one;

			if (!git_odb_exists_ext(r->stores[i].odb, &oid, flags[pass]))
				continue;
			one = read_stored(&r->stores[i], id, type, out, &broken);
			if (!one || err == ERR_MISSING)
				err = one;
			if (one && one == err && error)
				*error = broken;
		}
	}
	pthread_mutex_unlock(&r->lock);
	if (err == ERR_MISSING)
		error_set(error, ERR_MISSING, "%s: no such object", object_id_hex(id, hex));
	return err;
}

enum err repository_read(struct repository *r, const struct object_id *id, enum object_type *type,
			 struct buf *out, struct error *error)
{
	return read_object(r, id, type, out, error);
}

/* Reads what a tag leads to (its first line, git-mktag(1)); false when it is not of that form. */
static bool read_tag(struct bytes tag, struct object_id *id)
{
	static const char key[] = "object ";
	const size_t len = strlen(key);

	return bytes_start_with(tag, key) && tag.len > len + OBJECT_ID_HEX &&
	       tag.ptr[len + OBJECT_ID_HEX] == '\n' &&
	       object_id_parse(id, (const char *)tag.ptr + len);
}

/* Follows tags from id to a commit; false when they lead elsewhere. */
static bool peel(struct repository *r, struct object_id id, struct object_id *commit,
		 struct buf *scratch)
{
	enum object_type type;

	for (unsigned i = 0; i < TAGS_MAX; i++) {
		if (read_object(r, &id, &type, NULL, NULL))
			return false;
		if (type == OBJECT_COMMIT) {
			*commit = id;
			return true;
		}
		if (type != OBJECT_TAG || read_object(r, &id, &type, scratch, NULL) ||
		    !read_tag(buf_bytes(scratch), &id))
			return false;
	}
	return false;
}

enum err repository_references(struct repository *r, struct reference_list *list,
			       struct error *error)
{
	enum err err = references_read(list, r->git, r->common, error);
	struct buf scratch;

	buf_init(&scratch, TAG_SIZE_MAX);
	for (size_t i = 0; !err && i < list->count; i++)
		(void)peel(r, list->items[i].id, &list->items[i].commit, &scratch);
	buf_release(&scratch);
	return err;
}

struct id_list {
	struct object_id *items;
	size_t count;
	size_t cap;
};

static int compare_ids(const void *a, const void *b)
{
	return object_id_compare(a, b);
}

/* Adds the ids of the loose objects in the folder `prefix`, "00" to "ff", of a folder of objects.
 */
static enum err list_loose(const char *folder, const char prefix[3], struct id_list *list,
			   struct error *error)
{
	char hex[OBJECT_ID_HEX + 1], path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", folder, prefix);
	DIR *objects = len > 0 && (size_t)len < sizeof(path) ? opendir(path) : NULL;
	struct dirent *item;
	enum err err = ERR_NONE;

	if (!objects)
		return errno == ENOENT || errno == ENOTDIR
			   ? ERR_NONE
			   : error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
	for (errno = 0; (item = readdir(objects)); errno = 0) {
		if (strlen(item->d_name) != OBJECT_ID_HEX - 2 ||
		    strspn(item->d_name, "0123456789abcdef") != OBJECT_ID_HEX - 2)
			continue;
		memcpy(hex, prefix, 2);
		memcpy(hex + 2, item->d_name, OBJECT_ID_HEX - 2 + 1);
		list->items = mem_grow(list->items, list->count, &list->cap, sizeof(*list->items));
		list->count += object_id_parse(&list->items[list->count], hex);
	}
	if (errno)
		err = error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
	(void)closedir(objects);
	return err;
}

enum err repository_loose(struct repository *r,
			  void (*visit)(void *context, const struct object_id *id), void *context,
			  struct error *error)
{
	struct id_list list = {0};
	enum err err = ERR_NONE;

	for (unsigned first = 0; first < 256; first++) {
		char prefix[3];

		snprintf(prefix, sizeof(prefix), "%02x", first);
		list.count = 0;
		for (size_t i = 0; i < r->objects_count; i++) {
			enum err one = list_loose(r->objects[i], prefix, &list, err ? NULL : error);

			err = err ? err : one;
		}
		if (list.count)
			qsort(list.items, list.count, sizeof(*list.items), compare_ids);
		for (size_t i = 0; i < list.count; i++) {
			if (!i || !object_id_equal(&list.items[i - 1], &list.items[i]))
				visit(context, &list.items[i]);
		}
	}
	free(list.items);
	return err;
}

/* What libgit2 reads objects through while it resolves a revision: repository_read(). */
struct gate {
	git_odb_backend parent;
	struct repository *repository;
	struct buf data;
};

static int gate_read(void **data, size_t *len, git_object_t *kind, git_odb_backend *backend,
		     const git_oid *oid)
{
	struct gate *gate = (struct gate *)backend;
	struct object_id id;
	enum object_type type;
	enum err err;

	memcpy(id.bytes, oid->id, OBJECT_ID_SIZE);
	err = repository_read(gate->repository, &id, &type, &gate->data, NULL);
	if (err)
		return err == ERR_MISSING ? GIT_ENOTFOUND : GIT_ERROR;
	*data = git_odb_backend_data_alloc(backend, gate->data.len + 1);
	if (!*data)
		return GIT_ERROR;
	if (gate->data.len)
		memcpy(*data, gate->data.ptr, gate->data.len);
	*len = gate->data.len;
	*kind = (git_object_t)type;
	return 0;
}

static int gate_exists(git_odb_backend *backend, const git_oid *oid)
{
	struct repository *r = ((struct gate *)backend)->repository;
	int found = 0;

	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < r->stores_count && !found; i++)
		found = git_odb_exists(r->stores[i].odb, oid);
	pthread_mutex_unlock(&r->lock);
	return found;
}

static int gate_exists_prefix(git_oid *out, git_odb_backend *backend, const git_oid *prefix,
			      size_t len)
{
	struct repository *r = ((struct gate *)backend)->repository;
	int result = GIT_ENOTFOUND;

	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < r->stores_count && result != GIT_EAMBIGUOUS; i++) {
		git_oid id;
		int one = git_odb_exists_prefix(&id, r->stores[i].odb, prefix, len);

		if (one == GIT_EAMBIGUOUS || (!one && !result && !git_oid_equal(&id, out)))
			result = GIT_EAMBIGUOUS;
		else if (!one)
			*out = id;
		if (!one && result == GIT_ENOTFOUND)
			result = 0;
	}
	pthread_mutex_unlock(&r->lock);
	return result;
}

static int gate_read_prefix(git_oid *out, void **data, size_t *len, git_object_t *kind,
			    git_odb_backend *backend, const git_oid *prefix, size_t prefix_len)
{
	int result = gate_exists_prefix(out, backend, prefix, prefix_len);

	return result ? result : gate_read(data, len, kind, backend, out);
}

static void gate_free(git_odb_backend *backend)
{
	struct gate *gate = (struct gate *)backend;

	buf_release(&gate->data);
	free(gate);
}

static git_odb_backend *gate_new(struct repository *r)
{
	struct gate *gate = mem_calloc(1, sizeof(*gate));

	buf_init(&gate->data, RESOLVE_SIZE_MAX);
	gate->repository = r;
	gate->parent = (git_odb_backend){.version = GIT_ODB_BACKEND_VERSION,
					 .read = gate_read,
					 .read_prefix = gate_read_prefix,
					 .exists = gate_exists,
					 .exists_prefix = gate_exists_prefix,
					 .free = gate_free};
	return &gate->parent;
}

/*
 * Whether libgit2 may look for references and their logs in this file or folder: it waits for FIFOs
 * and reads whole files. Links to folders could lead round in circles; only the outermost folder
 * may be one.
 */
static bool is_harmless(int at, const char *name, unsigned depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (depth ? O_NOFOLLOW : 0));
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	bool harmless = depth < REFERENCE_DEPTH_MAX;
	struct dirent *item;
	struct stat st;

	if (!folder) {
		if (fd >= 0)
			(void)close(fd);
		return fstatat(at, name, &st, 0) != 0 ||
		       (S_ISREG(st.st_mode) && st.st_size <= REFERENCE_FILE_MAX);
	}
	while (harmless && (item = readdir(folder))) {
		if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
			harmless = is_harmless(fd, item->d_name, depth + 1);
	}
	(void)closedir(folder);
	return harmless;
}

/* The same of all in the repository's folder that a revision can mean. */
static bool references_are_harmless(const char *git)
{
	DIR *folder = opendir(git);
	struct dirent *item;
	bool harmless = folder;

	while (harmless && (item = readdir(folder))) {
		const char *name = item->d_name;

		if (strpbrk(name, "abcdefghijklmnopqrstuvwxyz.") == NULL ||
		    strcmp(name, "refs") == 0 || strcmp(name, "logs") == 0 ||
		    strcmp(name, "packed-refs") == 0)
			harmless = is_harmless(dirfd(folder), name, 0);
	}
	if (folder)
		(void)closedir(folder);
	return harmless;
}

enum err repository_resolve(struct repository *r, const char *revision, struct object_id *id,
			    struct error *error)
{
	git_repository *repository = NULL;
	git_config *config = NULL;
	git_odb *odb = NULL;
	git_object *object = NULL;
	git_odb_backend *gate = NULL;
	enum err err = ERR_CORRUPT;
	int result;

	if (!references_are_harmless(r->git) || !references_are_harmless(r->common))
		return error_set(error, ERR_CORRUPT,
				 "%s: among the references is what is no file of a sane size",
				 r->git);
	/* No object and no setting but those from here: nothing else of the repository is read. */
	gate = gate_new(r);
	if (git_odb_new(&odb) != 0 || git_odb_add_backend(odb, gate, 1) != 0) {
		gate_free(gate);
		err = library_error(error, ERR_IO, r->git);
		goto out;
	}
	if (git_config_new(&config) != 0 || git_repository_open_bare(&repository, r->git) != 0 ||
	    git_repository_set_config(repository, config) != 0 ||
	    git_repository_set_odb(repository, odb) != 0) {
		err = library_error(error, ERR_CORRUPT, r->git);
		goto out;
	}
	result = git_revparse_single(&object, repository, revision);
	if (result == 0) {
		memcpy(id->bytes, git_object_id(object)->id, OBJECT_ID_SIZE);
		err = ERR_NONE;
	} else if (result == GIT_ENOTFOUND) {
		err = library_error(error, ERR_MISSING, revision);
	} else if (result == GIT_EINVALIDSPEC || result == GIT_EAMBIGUOUS) {
		err = library_error(error, ERR_USAGE, revision);
	} else {
		err = library_error(error, ERR_CORRUPT, revision);
	}
out:
	git_object_free(object);
	git_repository_free(repository);
	git_config_free(config);
	git_odb_free(odb);
	return err;
}
