#include "git/revision.h"

#include "base/memory.h"
#include "git/library.h"
#include "git/references.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	OBJECT_MAX = 256 << 20, /* bytes of an object on the way from a revision to its id */
	FILE_MAX = 256 << 20,   /* bytes of a file of references, or of a log */
	DEPTH_MAX = 64,         /* of folders of references */
};

/* What libgit2 reads objects through while it resolves a revision: the store. */
struct gate {
	git_odb_backend parent;
	struct store *store;
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
	err = store_read(gate->store, &id, &type, &gate->data, NULL);
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
	struct object_id id;

	memcpy(id.bytes, oid->id, OBJECT_ID_SIZE);
	return store_has(((struct gate *)backend)->store, &id);
}

static int gate_exists_prefix(git_oid *out, git_odb_backend *backend, const git_oid *prefix,
                              size_t len)
{
	struct object_id start, id;
	enum err err;

	memcpy(start.bytes, prefix->id, OBJECT_ID_SIZE);
	err = store_find(((struct gate *)backend)->store, &start, len, &id);
	memcpy(out->id, id.bytes, OBJECT_ID_SIZE);
	return !err ? 0 : err == ERR_MISSING ? GIT_ENOTFOUND : GIT_EAMBIGUOUS;
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

static git_odb_backend *gate_new(struct store *store)
{
	struct gate *gate = mem_calloc(1, sizeof(*gate));

	buf_init(&gate->data, OBJECT_MAX);
	gate->store = store;
	gate->parent = (git_odb_backend){.version = GIT_ODB_BACKEND_VERSION,
	                                 .read = gate_read,
	                                 .read_prefix = gate_read_prefix,
	                                 .exists = gate_exists,
	                                 .exists_prefix = gate_exists_prefix,
	                                 .free = gate_free};
	return &gate->parent;
}

/* ---- Revisions that name their objects plainly ---- */

/* Reads the id behind `key` at the start of the text, and moves behind that line. */
static bool take_id(struct bytes *rest, const char *key, struct object_id *id)
{
	size_t line = strlen(key) + OBJECT_ID_HEX + 1;

	if (!bytes_start_with(*rest, key) || rest->len < line || rest->ptr[line - 1] != '\n' ||
	    !object_id_parse(id, (const char *)rest->ptr + strlen(key)))
		return false;
	*rest = bytes_slice(*rest, line, rest->len);
	return true;
}

/* Reads the commit that the id leads to through tags; *id becomes its own. */
static bool read_commit(struct store *store, struct object_id *id, struct buf *out)
{
	for (unsigned tags = 0; tags < DEPTH_MAX; tags++) {
		enum object_type type;
		struct bytes head;

		if (store_read(store, id, &type, out, NULL))
			return false;
		head = buf_bytes(out);
		if (type == OBJECT_COMMIT)
			return true;
		if (type != OBJECT_TAG || !take_id(&head, "object ", id))
			return false;
	}
	return false;
}

/* Goes from a commit to its n-th parent, from 1 on; for 0 it stays. */
static bool go_to_parent(struct store *store, struct object_id *id, unsigned long n,
                         struct buf *buf)
{
	struct object_id tree, parent = *id;
	struct bytes rest;

	if (!read_commit(store, id, buf))
		return false;
	rest = buf_bytes(buf);
	if (!take_id(&rest, "tree ", &tree))
		return false;
	for (parent = *id; n; n--) {
		if (!take_id(&rest, "parent ", &parent))
			return false;
	}
	*id = parent;
	return true;
}

/* Follows "~N", "^N" and "^{commit}", any number of them. */
static bool follow_steps(struct store *store, const char *steps, struct object_id *id)
{
	static const char peeled[] = "^{commit}";
	struct buf buf;
	bool good = true;

	buf_init(&buf, OBJECT_MAX);
	while (good && (*steps == '~' || *steps == '^')) {
		bool first_parents = *steps++ == '~';
		unsigned long n = 1;

		if (strncmp(steps - 1, peeled, strlen(peeled)) == 0) {
			good = go_to_parent(store, id, 0, &buf);
			steps += strlen(peeled) - 1;
			continue;
		}
		if (isdigit((unsigned char)*steps))
			n = strtoul(steps, (char **)&steps, 10);
		if (!first_parents || !n)
			good = go_to_parent(store, id, n, &buf);
		for (; first_parents && n && good; n--)
			good = go_to_parent(store, id, 1, &buf);
	}
	buf_release(&buf);
	return good && !*steps;
}

/*
 * Resolves what HEAD, the whole name of a branch or tag, or a whole id leads to, perhaps by way of
 * parents: what scans of ranges ask for, and which needs no libgit2. False if it is not of that
 * kind, or leads nowhere: libgit2 then says why.
 */
static bool resolve_plainly(struct store *store, const char *folder, const char *common,
                            const char *revision, struct object_id *id)
{
	size_t len = strcspn(revision, "~^");
	char *name = mem_strdup(revision);
	bool found = false;

	name[len] = '\0';
	if (len == OBJECT_ID_HEX && object_id_parse(id, name))
		found = store_has(store, id);
	else if (strcmp(name, "HEAD") == 0 || strncmp(name, "refs/heads/", 11) == 0 ||
	         strncmp(name, "refs/tags/", 10) == 0 || strncmp(name, "refs/remotes/", 13) == 0)
		found = !reference_find(id, folder, common, name, NULL);
	free(name);
	return found && follow_steps(store, revision + len, id);
}

/* ---- All others ---- */

/*
 * Whether libgit2 may look for references and their logs in this file or folder: it waits for FIFOs
 * and reads whole files. Links to folders could lead round in circles; only the outermost folder
 * may be one.
 */
static bool is_harmless(int at, const char *name, unsigned depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (depth ? O_NOFOLLOW : 0));
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	bool harmless = depth < DEPTH_MAX;
	struct dirent *item;
	struct stat st;

	if (!folder) {
		if (fd >= 0)
			(void)close(fd);
		return fstatat(at, name, &st, 0) != 0 ||
		       (S_ISREG(st.st_mode) && st.st_size <= FILE_MAX);
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

enum err revision_resolve(struct store *store, const char *folder, const char *common,
                          const char *revision, struct object_id *id, struct error *error)
{
	git_repository *repository = NULL;
	git_config *config = NULL;
	git_odb *odb = NULL;
	git_object *object = NULL;
	git_odb_backend *gate = NULL;
	enum err err = ERR_CORRUPT;
	int result;

	if (resolve_plainly(store, folder, common, revision, id))
		return ERR_NONE;
	if (!references_are_harmless(folder) || !references_are_harmless(common))
		return error_set(error, ERR_CORRUPT,
		                 "%s: among the references is what is no file of a sane size",
		                 folder);
	if (!library_start())
		return library_error(error, ERR_UNSUPPORTED, "libgit2 cannot be used");
	/* No object and no setting but those from here: nothing else of the repository is read. */
	gate = gate_new(store);
	if (git_odb_new(&odb) != 0 || git_odb_add_backend(odb, gate, 1) != 0) {
		gate_free(gate);
		err = library_error(error, ERR_IO, folder);
		goto out;
	}
	if (git_config_new(&config) != 0 || git_repository_open_bare(&repository, folder) != 0 ||
	    git_repository_set_config(repository, config) != 0 ||
	    git_repository_set_odb(repository, odb) != 0) {
		err = library_error(error, ERR_CORRUPT, folder);
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
