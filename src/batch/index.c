#include "batch/index.h"

#include "base/buf.h"
#include "base/memory.h"
#include "base/replace.h"
#include "base/safe_name.h"
#include "base/utf8.h"
#include "report/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 64 * 1024 };

/* PATH/NAME; the caller frees it. */
static char *path_in(const char *folder, const char *name)
{
	struct buf path;
	char *text;

	buf_init(&path, PATH_BYTES_MAX);
	buf_appendf(&path, "%s/%s", folder, name);
	text = mem_strdup(buf_text(&path));
	buf_release(&path);
	return text;
}

char *batch_index_path(const char *folder)
{
	return path_in(folder, "index.jsonl");
}

enum err batch_index_lock(const char *folder, int *fd, struct error *error)
{
	/* fcntl()'s locks, unlike flock()'s, are no child's, and they end with the process. */
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	enum err err = ERR_NONE;
	char *path;

	if (mkdir(folder, 0777) != 0 && errno != EEXIST)
		return error_set(error, ERR_IO, "%s: %s", folder, strerror(errno));
	path = path_in(folder, ".lock");
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (*fd < 0)
		err = error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
	else if (fcntl(*fd, F_SETLK, &lock) != 0)
		err = errno == EACCES || errno == EAGAIN
		          ? error_set(error, ERR_USAGE,
		                      "%s: another run writes to this folder; wait for its end, "
		                      "or name another folder",
		                      folder)
		          : error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
	if (err && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	free(path);
	return err;
}

/* ---- Writing ---- */

static void write_digest(struct json *j, const char *key, const unsigned char *digest)
{
	json_hex(j, key, (struct bytes){digest, DIGEST_SIZE});
}

static void write_batch(struct json *j, const struct batch_index *index)
{
	json_object(j, NULL);
	json_object(j, "batch");
	json_uint(j, "format", INDEX_VERSION);
	json_text(j, "version", TRAWL_VERSION);
	write_digest(j, "list", index->list);
	json_uint(j, "shard", index->share);
	json_uint(j, "shards", index->shares);
	write_digest(j, "rules", index->settings);
	write_digest(j, "key", index->key);
	json_uint(j, "unreadable", index->unreadable);
	json_bool(j, "finished", index->finished);
	json_int(j, "started", index->started);
	json_uint(j, "repositories", index->count);
	json_end(j);
	json_end(j);
}

static void write_facts(struct json *j, const struct batch_facts *facts)
{
	if (*facts->reason) {
		json_text(j, "reason", facts->reason);
		return;
	}
	if (*facts->head)
		json_text(j, "head", facts->head);
	else
		json_null(j, "head");
	write_digest(j, "refs", facts->references);
	write_digest(j, "snapshot", facts->snapshot);
	json_object(j, "findings");
	for (int level = LEVEL_ERROR; level >= LEVEL_NOTE; level--)
		json_uint(j, level_name((enum level)level), facts->findings[level]);
	json_end(j);
	json_uint(j, "lost_count", facts->lost);
	json_uint(j, "objects", facts->objects);
	json_uint(j, "bytes", facts->bytes);
	json_decimal(j, "seconds", (double)facts->ns / 1e9, 3);
}

static const char *state_of(const struct batch_line *line)
{
	if (!line->done)
		return "pending";
	return *line->facts.reason ? "failed" : "done";
}

static void write_line(struct json *j, const struct batch_line *line)
{
	struct bytes path = bytes_of(line->path);

	json_object(j, NULL);
	json_bytes(j, "repository", path);
	if (!utf8_valid(path))
		json_base64(j, "repository_base64", path);
	json_text(j, "file", line->file);
	json_text(j, "state", state_of(line));
	if (line->done)
		write_facts(j, &line->facts);
	json_end(j);
}

enum err batch_index_write(const struct batch_index *index, const char *folder, struct error *error)
{
	char *path = batch_index_path(folder), *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct json j;
	enum err err;

	if (!out)
		mem_exhausted();
	json_init(&j, out);
	write_batch(&j, index);
	for (size_t i = 0; i < index->count; i++)
		write_line(&j, &index->lines[i]);
	if (fclose(out) != 0)
		mem_exhausted();
	err = file_replace(path, (struct bytes){(unsigned char *)text, len}, error);
	free(text);
	free(path);
	return err;
}

/* ---- In memory ---- */

static int line_order(const void *left, const void *right)
{
	const struct batch_line *a = left, *b = right;

	return strcmp(a->path, b->path);
}

void batch_index_sort(struct batch_index *index)
{
	if (index->count)
		qsort(index->lines, index->count, sizeof(*index->lines), line_order);
}

void batch_index_add(struct batch_index *index, const char *path)
{
	struct buf name;

	buf_init(&name, PATH_BYTES_MAX);
	safe_name_append(&name, path);
	index->lines = mem_grow(index->lines, index->count, &index->cap, sizeof(*index->lines));
	index->lines[index->count++] =
	    (struct batch_line){.path = arena_text(&index->text, bytes_of(path)),
	                        .file = arena_text(&index->text, buf_bytes(&name))};
	buf_release(&name);
}

const struct batch_line *batch_index_find(const struct batch_index *index, const char *path)
{
	const struct batch_line wanted = {.path = path};

	return index->count
	           ? bsearch(&wanted, index->lines, index->count, sizeof(*index->lines), line_order)
	           : NULL;
}

void batch_index_release(struct batch_index *index)
{
	free(index->lines);
	arena_release(&index->text);
	*index = (struct batch_index){0};
}
