#include "detect/database.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <hs/hs.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DIGEST_SIZE = 16,
	DATABASE_MAX = 64 * 1024 * 1024, /* bytes of a serialised database */
	CACHED_MAX = 32,                 /* databases kept in the cache */
};

/* ---- Compiling ---- */

static enum err compile(hs_database_t **database, const struct stub_list *stubs,
                        const hs_platform_info_t *platform, struct error *error)
{
	const char **expressions = mem_calloc(stubs->count, sizeof(*expressions));
	unsigned *flags = mem_calloc(stubs->count, sizeof(*flags));
	unsigned *ids = mem_calloc(stubs->count, sizeof(*ids));
	hs_compile_error_t *problem = NULL;
	enum err err = ERR_NONE;

	for (size_t i = 0; i < stubs->count; i++) {
		expressions[i] = stubs->items[i].expression;
		flags[i] = stubs->items[i].caseless ? HS_FLAG_CASELESS : 0;
		ids[i] = (unsigned)i;
	}
	if (hs_compile_multi(expressions, flags, ids, (unsigned)stubs->count, HS_MODE_BLOCK,
	                     platform, database, &problem) != HS_SUCCESS) {
		bool known = problem && problem->expression >= 0;

		err = error_set(error, known ? ERR_SYNTAX : ERR_UNSUPPORTED,
		                "Hyperscan refuses the stub %s: %s",
		                known ? expressions[problem->expression] : "database",
		                problem ? problem->message : "no reason given");
		hs_free_compile_error(problem);
	}
	free(expressions);
	free(flags);
	free(ids);
	return err;
}

static enum err serialise(const hs_database_t *database, struct buf *out, struct error *error)
{
	char *bytes = NULL;
	size_t len = 0;
	enum err err;

	if (hs_serialize_database(database, &bytes, &len) != HS_SUCCESS)
		return error_set(error, ERR_UNSUPPORTED, "the database cannot be serialised");
	err = buf_append(out, (struct bytes){(unsigned char *)bytes, len});
	free(bytes);
	return err ? error_set(error, err, "the database is larger than %d bytes", DATABASE_MAX)
	           : err;
}

enum err database_compile_for(enum platform platform, const struct stub_list *stubs,
                              struct buf *out, struct error *error)
{
	/* Stated features, not the build machine's: hs_compile.h, HS_CPU_FEATURES_*. */
	static const unsigned long long features[PLATFORM_COUNT] = {
	    0, HS_CPU_FEATURES_AVX2, HS_CPU_FEATURES_AVX2 | HS_CPU_FEATURES_AVX512};
	hs_platform_info_t info = {.tune = HS_TUNE_FAMILY_GENERIC,
	                           .cpu_features = features[platform]};
	hs_database_t *database = NULL;
	enum err err = compile(&database, stubs, &info, error);

	if (!err)
		err = serialise(database, out, error);
	hs_free_database(database);
	return err;
}

/* ---- The cache ---- */

/* Names the database: library, processor and every stub. */
static void cache_key(const struct stub_list *stubs, char name[DIGEST_SIZE * 2 + 6])
{
	crypto_generichash_state state;
	hs_platform_info_t platform = {0};
	unsigned char digest[DIGEST_SIZE];

	hs_populate_platform(&platform);
	crypto_generichash_init(&state, NULL, 0, sizeof(digest));
	crypto_generichash_update(&state, (const unsigned char *)hs_version(),
	                          strlen(hs_version()) + 1);
	crypto_generichash_update(&state, (const unsigned char *)&platform.tune,
	                          sizeof(platform.tune));
	crypto_generichash_update(&state, (const unsigned char *)&platform.cpu_features,
	                          sizeof(platform.cpu_features));
	for (size_t i = 0; i < stubs->count; i++) {
		const struct stub *stub = &stubs->items[i];

		crypto_generichash_update(&state, (const unsigned char *)stub->expression,
		                          strlen(stub->expression) + 1);
		crypto_generichash_update(&state, (const unsigned char *)&stub->caseless,
		                          sizeof(stub->caseless));
	}
	crypto_generichash_final(&state, digest, sizeof(digest));
	sodium_bin2hex(name, DIGEST_SIZE * 2 + 1, digest, sizeof(digest));
	memcpy(name + DIGEST_SIZE * 2, ".hsdb", 6);
}

/* Whether only this user can write what the descriptor stands for. */
static bool private_to_us(int fd, mode_t kind)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind && st.st_uid == geteuid() &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* The cache folder (XDG Base Directory Specification), made if need be; -1 if none is safe. */
static int cache_open(void)
{
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	struct buf path;
	int fd = -1;

	buf_init(&path, 4096);
	if (base && base[0] == '/') {
		if (buf_appendf(&path, "%s", base))
			goto out;
	} else if (!home || home[0] != '/' || buf_appendf(&path, "%s/.cache", home)) {
		goto out;
	}
	if (mkdir(buf_text(&path), 0700) != 0 && errno != EEXIST)
		goto out;
	if (buf_appendf(&path, "/trawl") || (mkdir(buf_text(&path), 0700) != 0 && errno != EEXIST))
		goto out;
	fd = open(buf_text(&path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && !private_to_us(fd, S_IFDIR)) {
		close(fd);
		fd = -1;
	}
out:
	buf_release(&path);
	return fd;
}

/* The digest of what stands under this name: a file that was moved to another one does not fit. */
static void digest_of(const char *name, struct bytes bytes, unsigned char digest[DIGEST_SIZE])
{
	crypto_generichash(digest, DIGEST_SIZE, bytes.ptr, bytes.len, (const unsigned char *)name,
	                   strlen(name));
}

/* Reads a cached database: a digest, then the serialised bytes that it must fit. */
static hs_database_t *cache_read(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	hs_database_t *database = NULL;
	unsigned char digest[DIGEST_SIZE];
	struct bytes bytes;
	struct buf text;
	ssize_t got;

	buf_init(&text, DATABASE_MAX);
	if (fd < 0 || !private_to_us(fd, S_IFREG))
		goto out;
	do {
		if (buf_reserve(&text, 64 * 1024))
			goto out;
		got = read(fd, text.ptr + text.len, 64 * 1024);
		if (got > 0)
			text.len += (size_t)got;
	} while (got > 0);
	if (got < 0 || text.len <= DIGEST_SIZE)
		goto out;
	bytes = bytes_slice(buf_bytes(&text), DIGEST_SIZE, text.len);
	digest_of(name, bytes, digest);
	if (memcmp(digest, text.ptr, DIGEST_SIZE) != 0 ||
	    hs_deserialize_database((const char *)bytes.ptr, bytes.len, &database) != HS_SUCCESS)
		database = NULL;
out:
	if (fd >= 0)
		close(fd);
	buf_release(&text);
	return database;
}

/* Removes the database that was unused for longest when there are more than CACHED_MAX. */
static void cache_trim(int folder)
{
	int fd = dup(folder);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char oldest[DIGEST_SIZE * 2 + 6] = "";
	time_t oldest_time = 0;
	unsigned count = 0;
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir))) {
		struct stat st;

		if (strlen(entry->d_name) != sizeof(oldest) - 1 ||
		    fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (count++ == 0 || st.st_mtime < oldest_time) {
			oldest_time = st.st_mtime;
			memcpy(oldest, entry->d_name, sizeof(oldest));
		}
	}
	closedir(dir);
	if (count > CACHED_MAX)
		unlinkat(folder, oldest, 0);
}

static void cache_write(int folder, const char *name, const hs_database_t *database)
{
	unsigned char digest[DIGEST_SIZE] = {0};
	char temporary[64];
	struct buf text;
	size_t done = 0;
	int fd = -1;

	buf_init(&text, DATABASE_MAX);
	snprintf(temporary, sizeof(temporary), "new-%ld-%lld", (long)getpid(),
	         (long long)time(NULL));
	if (buf_append(&text, (struct bytes){digest, sizeof(digest)}) ||
	    serialise(database, &text, NULL))
		goto out;
	digest_of(name, bytes_slice(buf_bytes(&text), DIGEST_SIZE, text.len), text.ptr);
	fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		goto out;
	while (done < text.len) {
		ssize_t put = write(fd, text.ptr + done, text.len - done);

		if (put <= 0)
			break;
		done += (size_t)put;
	}
	if (close(fd) != 0 || done < text.len || renameat(folder, temporary, folder, name) != 0)
		unlinkat(folder, temporary, 0);
	else
		cache_trim(folder);
out:
	buf_release(&text);
}

/* ---- Opening ---- */

enum err database_open(struct hs_database **database, const struct stub_list *stubs,
                       const struct bytes *embedded, struct error *error)
{
	char name[DIGEST_SIZE * 2 + 6];
	enum err err = ERR_NONE;
	int folder;

	*database = NULL;
	if (hs_valid_platform() != HS_SUCCESS)
		return error_set(error, ERR_UNSUPPORTED,
		                 "this processor cannot run Hyperscan (it needs SSSE3); "
		                 "use --no-prefilter");
	for (int i = PLATFORM_COUNT - 1; embedded && i >= 0; i--) {
		if (embedded[i].len &&
		    hs_deserialize_database((const char *)embedded[i].ptr, embedded[i].len,
		                            database) == HS_SUCCESS)
			return ERR_NONE;
	}
	cache_key(stubs, name);
	folder = cache_open();
	*database = folder < 0 ? NULL : cache_read(folder, name);
	if (!*database) {
		err = compile(database, stubs, NULL, error);
		if (!err && folder >= 0)
			cache_write(folder, name, *database);
	}
	if (folder >= 0)
		close(folder);
	return err;
}

void database_free(struct hs_database *database)
{
	hs_free_database(database);
}
