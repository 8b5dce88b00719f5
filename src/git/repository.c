#include "git/repository.h"

#include "base/memory.h"
#include "git/alternates.h"
#include "git/config.h"
#include "git/library.h"
#include "git/path.h"
#include "git/revision.h"
#include "git/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CONFIG_MAX = 16 << 20,     /* bytes */
	TAGS_MAX = 32,             /* that lead to a commit one through another */
	TAG_SIZE_MAX = 64 << 20,   /* bytes */
	LACK_MAX = 64 << 10,       /* bytes */
	MERGE_HEAD_MAX = 64 << 10, /* bytes */
};

struct repository {
	struct arena arena;
	const char *folder; /* see repository_folder() */
	const char *git;    /* the folder of the repository's files, in its canonical form */
	const char *common; /* the one that linked work trees share; for others the same */
	const char *remote;
	const char *lack;
	const char *const *objects;
	struct store *store;
	bool bare;
	bool quarantined; /* objects[0] holds what a push brings */
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

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* Takes `git` for the repository's folder if it is one, as git tells them. */
static enum err use_git_folder(struct repository *r, const char *git, struct error *error)
{
	char line[PATH_MAX];
	const char *common = git = path_canonical(&r->arena, git);

	if (git && path_is_folder(git) && access(git, R_OK | X_OK) != 0)
		return error_set(error, ERR_IO, "%s: %s", git, strerror(errno));
	if (!git || !exists(path_join(&r->arena, git, "HEAD")))
		return ERR_MISSING;
	if (library_read_line(AT_FDCWD, path_join(&r->arena, git, "commondir"), line, sizeof(line)))
		common = path_canonical(&r->arena, path_join_relative(&r->arena, git, line));
	if (!common || !path_is_folder(path_join(&r->arena, common, "objects")) ||
	    !path_is_folder(path_join(&r->arena, common, "refs")))
		return ERR_MISSING;
	r->git = git;
	r->common = common;
	return ERR_NONE;
}

/* Takes the repository of the work tree `folder`, or that which the folder itself is. */
static enum err use_folder(struct repository *r, const char *folder, struct error *error)
{
	char line[PATH_MAX];
	const char *git = path_join(&r->arena, folder, ".git");
	enum err err;
	struct stat st;

	r->folder = folder;
	if (stat(git, &st) == 0 && S_ISREG(st.st_mode)) {
		const char *target = library_gitfile(AT_FDCWD, git, line, sizeof(line));

		if (!target)
			return error_set(error, ERR_CORRUPT, "%s names no folder", git);
		err = use_git_folder(r, path_join_relative(&r->arena, folder, target), error);
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
	const char *folder = path_canonical(&r->arena, path);
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
		folder = path_canonical(&r->arena, folder);
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
	const char *path = path_join(s->arena, r->common, "config");
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

/* The folders of objects; a hook's environment can name others than the repository's own. */
static void find_objects(struct repository *r, bool hooked, struct buf *lack)
{
	const char *own = path_join(&r->arena, r->common, "objects");
	const char *quarantine = hooked ? getenv("GIT_OBJECT_DIRECTORY") : NULL;
	const char *more = hooked ? getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES") : NULL;

	r->quarantined = quarantine && *quarantine && getenv("GIT_QUARANTINE_PATH");
	r->objects = alternates_find(&r->arena, quarantine && *quarantine ? quarantine : own,
	                             more ? more : "", lack);
}

static enum err open_at(struct repository **out, const char *path, bool search, bool hooked,
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
	*out = NULL;
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
	r->bare = r->folder == r->git && settings.bare;
	find_objects(r, hooked, &lack);
	r->store = store_open(r->objects, hooked);
	if (settings.partial || store_promised(r->store))
		lack_add(&lack, "It is a partial clone", "",
		         "`git fetch --refetch --no-filter` completes it");
	if (stat(path_join(&r->arena, r->common, "shallow"), &st) == 0 && st.st_size > 0)
		lack_add(&lack, "It is a shallow clone", "",
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

enum err repository_open(struct repository **out, const char *path, bool search,
                         struct error *error)
{
	return open_at(out, path, search, false, error);
}

enum err repository_open_hooked(struct repository **out, struct error *error)
{
	const char *folder = getenv("GIT_DIR");
	bool named = folder && *folder;

	return open_at(out, named ? folder : ".", !named, true, error);
}

void repository_close(struct repository *r)
{
	if (!r)
		return;
	store_close(r->store);
	arena_release(&r->arena);
	free(r);
}

const char *repository_folder(const struct repository *r)
{
	return r->folder;
}

const char *repository_git(const struct repository *r)
{
	return r->git;
}

const char *repository_common(const struct repository *r)
{
	return r->common;
}

bool repository_is_bare(const struct repository *r)
{
	return r->bare;
}

const char *repository_files(const struct repository *r)
{
	return r->git;
}

/* Adds the commits that git keeps in MERGE_HEAD until the merge is committed, one on each line. */
static enum err read_merge_heads(const struct repository *r, struct id_map *commits,
                                 struct error *error)
{
	struct arena arena = {0};
	const char *path = path_join(&arena, r->git, "MERGE_HEAD");
	struct object_id id;
	struct buf text;
	enum err err;

	buf_init(&text, MERGE_HEAD_MAX);
	err = library_read_file(AT_FDCWD, path, &text, error);
	for (size_t at = 0; !err && at < text.len; at += OBJECT_ID_HEX + 1) {
		if (text.len - at <= OBJECT_ID_HEX || text.ptr[at + OBJECT_ID_HEX] != '\n' ||
		    !object_id_parse(&id, (const char *)text.ptr + at))
			err = error_set(error, ERR_CORRUPT, "%s: not a list of commits", path);
		else
			id_map_add(commits, &id, NULL);
	}
	buf_release(&text);
	arena_release(&arena);
	return err == ERR_MISSING ? ERR_NONE : err;
}

enum err repository_parents(const struct repository *r, struct id_map *commits, struct error *error)
{
	struct object_id head;
	enum err err = reference_find(&head, r->git, r->common, "HEAD", error);

	if (!err)
		id_map_add(commits, &head, NULL);
	else if (err != ERR_MISSING)
		return err;
	return read_merge_heads(r, commits, error);
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

void repository_refuse(struct repository *r, const struct id_map *ids)
{
	store_refuse(r->store, ids);
}

enum err repository_read(struct repository *r, const struct object_id *id, enum object_type *type,
                         struct buf *out, struct error *error)
{
	return store_read(r->store, id, type, out, error);
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
		if (store_read(r->store, &id, &type, NULL, NULL))
			return false;
		if (type == OBJECT_COMMIT) {
			*commit = id;
			return true;
		}
		if (type != OBJECT_TAG || store_read(r->store, &id, &type, scratch, NULL) ||
		    !read_tag(buf_bytes(scratch), &id))
			return false;
	}
	return false;
}

enum err repository_reference_ids(struct repository *r, struct reference_list *list,
                                  struct error *error)
{
	return references_read(list, r->git, r->common, error);
}

enum err repository_references(struct repository *r, struct reference_list *list,
                               struct error *error)
{
	enum err err = repository_reference_ids(r, list, error);
	struct buf scratch;

	buf_init(&scratch, TAG_SIZE_MAX);
	for (size_t i = 0; !err && i < list->count; i++)
		(void)peel(r, list->items[i].id, &list->items[i].commit, &scratch);
	buf_release(&scratch);
	return err;
}

void repository_peel(struct repository *r, struct reference *reference)
{
	struct buf scratch;

	buf_init(&scratch, TAG_SIZE_MAX);
	(void)peel(r, reference->id, &reference->commit, &scratch);
	buf_release(&scratch);
}

const char *repository_quarantine(const struct repository *r)
{
	return r->quarantined ? r->objects[0] : NULL;
}

bool repository_brings(struct repository *r, const struct object_id *id)
{
	return r->quarantined && store_has_first_only(r->store, id);
}

enum err repository_loose(struct repository *r,
                          void (*visit)(void *context, const struct object_id *id), void *context,
                          struct error *error)
{
	return store_loose(r->store, visit, context, error);
}

enum err repository_resolve(struct repository *r, const char *revision, struct object_id *id,
                            struct error *error)
{
	return revision_resolve(r->store, r->git, r->common, revision, id, error);
}
