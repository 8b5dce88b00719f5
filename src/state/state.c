#include "state/state.h"

#include "base/memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	APPLICATION_ID =
	    0x5472576c,     /* "TrWl", in the file's header (sqlite.org/fileformat2.html) */
	FORMAT_VERSION = 1, /* raised whenever an older program could misread the file */
	BUSY_MS = 10000,    /* how long to wait for another run's write */
	UNUSED_DAYS = 90,
	CHECK_SIZE = 16,
};

static const char schema[] = "CREATE TABLE entry (key BLOB PRIMARY KEY, value BLOB NOT NULL, "
			     "digest BLOB NOT NULL, used INTEGER NOT NULL)";

/* ---- The library ---- */

#define FUNCTIONS(X)                                                                               \
	X(open_v2)                                                                                 \
	X(close)                                                                                   \
	X(exec)                                                                                    \
	X(errmsg)                                                                                  \
	X(busy_timeout)                                                                            \
	X(db_readonly)                                                                             \
	X(prepare_v2)                                                                              \
	X(bind_blob64)                                                                             \
	X(bind_int64)                                                                              \
	X(step)                                                                                    \
	X(reset)                                                                                   \
	X(finalize)                                                                                \
	X(column_blob)                                                                             \
	X(column_bytes)                                                                            \
	X(column_int64)

struct library {
	void *handle;
#define MEMBER(name) __typeof__(&sqlite3_##name) name;
	FUNCTIONS(MEMBER)
#undef MEMBER
};

static enum err load(struct library *l, struct error *error)
{
	static const char file[] = "libsqlite3.so.0";

	l->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!l->handle)
		return error_set(
		    error, ERR_UNSUPPORTED,
		    "a state needs SQLite, and %s cannot be loaded; install it (Debian: "
		    "libsqlite3-0)",
		    file);
#define FIND(name)                                                                                 \
	if (!(*(void **)&l->name = dlsym(l->handle, "sqlite3_" #name)))                            \
		return error_set(error, ERR_UNSUPPORTED, "%s lacks sqlite3_%s", file, #name);
	FUNCTIONS(FIND)
#undef FIND
	return ERR_NONE;
}

/* ---- The state ---- */

/* A text that waits to be written. */
struct pending {
	unsigned char key[KNOWN_KEY_SIZE];
	struct buf value;
};

struct state {
	struct library sqlite;
	sqlite3 *db;
	sqlite3_stmt *select;
	char *path;
	int64_t today;          /* days since 1970 */
	struct id_map put_keys; /* the first bytes of the keys; numbers are those of `pending` */
	struct pending *pending;
	size_t pending_cap;
	struct id_map used; /* likewise of texts that were read, and not today before */
	unsigned char (*used_keys)[KNOWN_KEY_SIZE];
	size_t used_cap;
	struct error error; /* the first that a read met; code 0: none */
};

/* What SQLite's result means, with the remedy. */
static enum err explain(const struct state *s, int result, struct error *error)
{
	switch (result & 0xff) { /* the rest is detail */
	case SQLITE_NOTADB:
		return error_set(error, ERR_UNSUPPORTED,
		                 "%s: is no state of trawl; name another file with --state",
		                 s->path);
	case SQLITE_CORRUPT:
	case SQLITE_FORMAT:
		return error_set(error, ERR_CORRUPT,
		                 "%s: the state is damaged; delete it: the next run then scans "
		                 "everything",
		                 s->path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_set(error, ERR_IO,
		                 "%s: another run is writing to the state; try again when it is "
		                 "over",
		                 s->path);
	default:
		return error_set(error, ERR_IO, "%s: %s", s->path, s->sqlite.errmsg(s->db));
	}
}

static enum err execute(const struct state *s, const char *text, struct error *error)
{
	int result = s->sqlite.exec(s->db, text, NULL, NULL, NULL);

	return result ? explain(s, result, error) : ERR_NONE;
}

static enum err prepare(const struct state *s, const char *text, sqlite3_stmt **out,
                        struct error *error)
{
	int result = s->sqlite.prepare_v2(s->db, text, -1, out, NULL);

	return result ? explain(s, result, error) : ERR_NONE;
}

/* The number that the query returns. */
static enum err query_number(const struct state *s, const char *text, int64_t *number,
                             struct error *error)
{
	sqlite3_stmt *statement = NULL;
	enum err err = prepare(s, text, &statement, error);
	int result = err ? SQLITE_ROW : s->sqlite.step(statement);

	if (!err && result == SQLITE_ROW)
		*number = s->sqlite.column_int64(statement, 0);
	else if (!err)
		err = explain(s, result == SQLITE_DONE ? SQLITE_CORRUPT : result, error);
	s->sqlite.finalize(statement);
	return err;
}

/* ---- Opening ---- */

/* Makes an empty file that only its owner may read, if there is none. */
static enum err make_file(const char *path, struct error *error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	enum err err = ERR_NONE;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		err = error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		err = error_set(error, ERR_IO, "%s: is no regular file", path);
	if (fd >= 0 && close(fd) != 0 && !err)
		err = error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
	return err;
}

/* Makes the table in a new file, unless another run has just done so. */
static enum err make_table(const struct state *s, struct error *error)
{
	char text[512];
	int64_t id;
	enum err err = execute(s, "BEGIN IMMEDIATE", error);

	if (err)
		return err;
	snprintf(text, sizeof(text), "%s; PRAGMA application_id = %d; PRAGMA user_version = %d",
	         schema, APPLICATION_ID, FORMAT_VERSION);
	err = query_number(s, "PRAGMA application_id", &id, error);
	if (!err && !id)
		err = execute(s, text, error);
	if (!err)
		err = execute(s, "COMMIT", error);
	if (err)
		(void)execute(s, "ROLLBACK", NULL);
	return err;
}

/* Whether it is a state that this program can read, and nothing else. */
static enum err check_format(const struct state *s, struct error *error)
{
	int64_t id = 0, version = 0, objects = 0, same = 0;
	char text[512];
	enum err err = query_number(s, "PRAGMA application_id", &id, error);

	snprintf(text, sizeof(text), "SELECT count(*) FROM sqlite_master WHERE sql = '%s'", schema);
	if (!err)
		err = query_number(s, "PRAGMA user_version", &version, error);
	if (!err)
		err = query_number(s, "SELECT count(*) FROM sqlite_master", &objects, error);
	if (!err && !id && !version && !objects) {
		err = make_table(s, error);
		id = APPLICATION_ID;
		version = FORMAT_VERSION;
		objects = 2; /* the table and the index of its key */
	}
	if (!err && id != APPLICATION_ID)
		return explain(s, SQLITE_NOTADB, error);
	if (!err && version != FORMAT_VERSION)
		return error_set(error, ERR_UNSUPPORTED,
		                 "%s: the state was written by another version of trawl; delete it "
		                 "(the next run then scans everything), or use that version",
		                 s->path);
	if (!err)
		err = query_number(s, text, &same, error);
	if (!err && (objects != 2 || same != 1))
		err = explain(s, SQLITE_CORRUPT, error);
	return err;
}

static enum err open_file(struct state *s, struct error *error)
{
	static const char settings[] = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON";
	char *name = mem_calloc(strlen(s->path) + 3, 1);
	enum err err = make_file(s->path, error);
	int result = SQLITE_OK;

	/* SQLite takes some names for other things than files. */
	snprintf(name, strlen(s->path) + 3, "%s%s", *s->path == '/' ? "" : "./", s->path);
	if (!err)
		result = s->sqlite.open_v2(name, &s->db,
		                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (result)
		err = explain(s, result, error);
	free(name);
	if (err)
		return err;
	s->sqlite.busy_timeout(s->db, BUSY_MS);
	if (s->sqlite.db_readonly(s->db, "main") == 1)
		return error_set(error, ERR_IO, "%s: the state cannot be written", s->path);
	err = execute(s, settings, error);
	if (!err)
		err = check_format(s, error);
	if (!err)
		err = execute(s, "PRAGMA journal_mode = TRUNCATE", error);
	if (!err)
		err = prepare(s, "SELECT value, digest, used FROM entry WHERE key = ?", &s->select,
		              error);
	return err;
}

enum err state_open(struct state **out, const char *path, int64_t now, struct error *error)
{
	struct state *s = mem_calloc(1, sizeof(*s));
	enum err err = load(&s->sqlite, error);

	*out = NULL;
	s->path = mem_strdup(path);
	s->today = now / 86400;
	if (!err)
		err = open_file(s, error);
	if (err)
		state_close(s);
	else
		*out = s;
	return err;
}

void state_close(struct state *s)
{
	if (!s)
		return;
	if (s->db) {
		s->sqlite.finalize(s->select);
		(void)s->sqlite.close(s->db); /* nothing is open in it: it cannot fail */
	}
	if (s->sqlite.handle)
		(void)dlclose(s->sqlite.handle);
	for (uint32_t i = 0; i < s->put_keys.count; i++)
		buf_release(&s->pending[i].value);
	free(s->pending);
	id_map_release(&s->put_keys);
	id_map_release(&s->used);
	free(s->used_keys);
	free(s->path);
	free(s);
}

/* ---- Texts ---- */

static struct object_id short_key(const unsigned char *key)
{
	struct object_id id;

	memcpy(id.bytes, key, OBJECT_ID_SIZE);
	return id;
}

static void check_of(const unsigned char *key, struct bytes value, unsigned char out[CHECK_SIZE])
{
	unsigned char whole[DIGEST_SIZE];
	struct digest d;

	digest_begin(&d);
	digest_add(&d, (struct bytes){key, KNOWN_KEY_SIZE});
	digest_add(&d, value);
	digest_end(&d, whole);
	memcpy(out, whole, CHECK_SIZE);
}

static struct bytes column(const struct state *s, int number)
{
	const void *ptr = s->sqlite.column_blob(s->select, number);

	return (struct bytes){ptr, ptr ? (size_t)s->sqlite.column_bytes(s->select, number) : 0};
}

/* Notes that the text was of use today. */
static void note_use(struct state *s, const unsigned char *key)
{
	struct object_id id = short_key(key);
	bool added;
	uint32_t number = id_map_add(&s->used, &id, &added);

	if (!added)
		return;
	s->used_keys = mem_grow(s->used_keys, number, &s->used_cap, sizeof(*s->used_keys));
	memcpy(s->used_keys[number], key, KNOWN_KEY_SIZE);
}

/* Appends the row's value, if it is what was written. */
static bool take_row(struct state *s, const unsigned char *key, struct buf *value)
{
	struct bytes stored = column(s, 0), digest = column(s, 1);
	unsigned char check[CHECK_SIZE];

	check_of(key, stored, check);
	if (!bytes_equal(digest, (struct bytes){check, CHECK_SIZE}) || buf_append(value, stored)) {
		explain(s, SQLITE_CORRUPT, &s->error);
		return false;
	}
	if (s->sqlite.column_int64(s->select, 2) < s->today)
		note_use(s, key);
	return true;
}

static bool get(void *context, const unsigned char *key, struct buf *value)
{
	struct state *s = context;
	struct object_id id = short_key(key);
	uint32_t put = id_map_find(&s->put_keys, &id);
	bool found = false;
	int result;

	if (s->error.code)
		return false;
	if (put != ID_MAP_NONE)
		return !buf_append(value, buf_bytes(&s->pending[put].value));
	result = s->sqlite.bind_blob64(s->select, 1, key, KNOWN_KEY_SIZE, SQLITE_STATIC);
	if (!result)
		result = s->sqlite.step(s->select);
	if (result == SQLITE_ROW)
		found = take_row(s, key, value);
	else if (result != SQLITE_DONE)
		explain(s, result, &s->error);
	s->sqlite.reset(s->select);
	return found;
}

static void put(void *context, const unsigned char *key, struct bytes value)
{
	struct state *s = context;
	struct object_id id = short_key(key);
	bool added;
	uint32_t number = id_map_add(&s->put_keys, &id, &added);
	struct pending *p;

	if (added) {
		s->pending = mem_grow(s->pending, number, &s->pending_cap, sizeof(*s->pending));
		memcpy(s->pending[number].key, key, KNOWN_KEY_SIZE);
		buf_init(&s->pending[number].value, KNOWN_VALUE_MAX);
	}
	p = &s->pending[number];
	buf_clear(&p->value);
	if (buf_append(&p->value, value))
		buf_clear(&p->value);
}

struct known_store state_store(struct state *s)
{
	return (struct known_store){.context = s, .get = get, .put = put};
}

enum err state_check(const struct state *s, struct error *error)
{
	if (s->error.code && error)
		*error = s->error;
	return s->error.code;
}

/* ---- Writing ---- */

/* Runs a statement that returns nothing. */
static enum err run(const struct state *s, sqlite3_stmt *statement, struct error *error)
{
	int result = s->sqlite.step(statement);

	if (result == SQLITE_DONE)
		result = s->sqlite.reset(statement);
	return result ? explain(s, result, error) : ERR_NONE;
}

static enum err bind(const struct state *s, sqlite3_stmt *statement, int number, struct bytes bytes,
                     struct error *error)
{
	/* NULL would be no blob. */
	int result = s->sqlite.bind_blob64(
	    statement, number, bytes.len ? (const void *)bytes.ptr : "", bytes.len, SQLITE_STATIC);

	return result ? explain(s, result, error) : ERR_NONE;
}

static enum err write_pending(const struct state *s, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	enum err err = prepare(s,
	                       "INSERT OR REPLACE INTO entry (key, value, digest, used) "
	                       "VALUES (?, ?, ?, ?)",
	                       &statement, error);

	for (uint32_t i = 0; i < s->put_keys.count && !err; i++) {
		const struct pending *p = &s->pending[i];
		unsigned char check[CHECK_SIZE];

		check_of(p->key, buf_bytes(&p->value), check);
		err = bind(s, statement, 1, (struct bytes){p->key, KNOWN_KEY_SIZE}, error);
		if (!err)
			err = bind(s, statement, 2, buf_bytes(&p->value), error);
		if (!err)
			err = bind(s, statement, 3, (struct bytes){check, CHECK_SIZE}, error);
		if (!err && s->sqlite.bind_int64(statement, 4, s->today))
			err = explain(s, SQLITE_ERROR, error);
		if (!err)
			err = run(s, statement, error);
	}
	s->sqlite.finalize(statement);
	return err;
}

static enum err write_used(const struct state *s, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	enum err err = prepare(s, "UPDATE entry SET used = ?2 WHERE key = ?1", &statement, error);

	for (uint32_t i = 0; i < s->used.count && !err; i++) {
		err = bind(s, statement, 1, (struct bytes){s->used_keys[i], KNOWN_KEY_SIZE}, error);
		if (!err && s->sqlite.bind_int64(statement, 2, s->today))
			err = explain(s, SQLITE_ERROR, error);
		if (!err)
			err = run(s, statement, error);
	}
	s->sqlite.finalize(statement);
	return err;
}

static enum err drop_unused(const struct state *s, struct error *error)
{
	char text[128];

	snprintf(text, sizeof(text), "DELETE FROM entry WHERE used < %lld",
	         (long long)s->today - UNUSED_DAYS);
	return execute(s, text, error);
}

enum err state_commit(struct state *s, struct error *error)
{
	enum err err = state_check(s, error);

	if (err || (!s->put_keys.count && !s->used.count))
		return err;
	err = execute(s, "BEGIN IMMEDIATE", error);
	if (err)
		return err;
	err = write_pending(s, error);
	if (!err)
		err = write_used(s, error);
	if (!err && s->used.count) /* once a day */
		err = drop_unused(s, error);
	if (!err)
		err = execute(s, "COMMIT", error);
	if (err)
		(void)execute(s, "ROLLBACK", NULL);
	return err;
}
