#include "batch/index.h"

#include "model/coverage.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

static bool read_digest(const json_t *object, const char *key, unsigned char digest[DIGEST_SIZE])
{
	const char *hex = json_string_value(json_object_get(object, key));
	size_t len = 0;

	return hex &&
	       sodium_hex2bin(digest, DIGEST_SIZE, hex, strlen(hex), NULL, &len, NULL) == 0 &&
	       len == DIGEST_SIZE;
}

static bool read_uint(const json_t *object, const char *key, uint64_t max, uint64_t *number)
{
	const json_t *value = json_object_get(object, key);

	*number = (uint64_t)json_integer_value(value);
	return json_is_integer(value) && json_integer_value(value) >= 0 && *number <= max;
}

static bool read_batch(struct batch_index *index, const json_t *batch, uint64_t *count)
{
	uint64_t format, share, shares;

	if (!read_uint(batch, "format", INDEX_VERSION, &format) ||
	    !read_digest(batch, "list", index->list) ||
	    !read_digest(batch, "rules", index->settings) ||
	    !read_digest(batch, "key", index->key) ||
	    !read_uint(batch, "shards", UINT32_MAX, &shares) ||
	    !read_uint(batch, "shard", shares, &share) || !share ||
	    !read_uint(batch, "unreadable", COVERAGE_NAMED_MAX, &index->unreadable) ||
	    !read_uint(batch, "repositories", SIZE_MAX, count))
		return false;
	index->share = (unsigned)share;
	index->shares = (unsigned)shares;
	index->finished = json_is_true(json_object_get(batch, "finished"));
	index->started = json_integer_value(json_object_get(batch, "started"));
	return true;
}

static bool read_facts(struct batch_facts *facts, const json_t *object)
{
	const char *reason = json_string_value(json_object_get(object, "reason"));
	const char *head = json_string_value(json_object_get(object, "head"));
	const json_t *findings = json_object_get(object, "findings");

	if (reason) {
		snprintf(facts->reason, sizeof(facts->reason), "%s", *reason ? reason : "unknown");
		return true;
	}
	for (int level = LEVEL_NOTE; level <= LEVEL_ERROR; level++) {
		if (!read_uint(findings, level_name((enum level)level), UINT64_MAX,
		               &facts->findings[level]))
			return false;
	}
	snprintf(facts->head, sizeof(facts->head), "%s", head ? head : "");
	facts->ns = (uint64_t)(json_number_value(json_object_get(object, "seconds")) * 1e9);
	return read_digest(object, "refs", facts->references) &&
	       read_digest(object, "snapshot", facts->snapshot) &&
	       read_uint(object, "lost_count", UINT64_MAX, &facts->lost) &&
	       read_uint(object, "objects", UINT64_MAX, &facts->objects) &&
	       read_uint(object, "bytes", UINT64_MAX, &facts->bytes);
}

/* The path, which may be any bytes, or NULL; owned by the index. */
static const char *read_path(struct batch_index *index, const json_t *object)
{
	const char *text = json_string_value(json_object_get(object, "repository"));
	const char *base64 = json_string_value(json_object_get(object, "repository_base64"));
	size_t size = base64 ? strlen(base64) : 0, len = 0;
	char *path;

	if (!base64)
		return text ? arena_text(&index->text, bytes_of(text)) : NULL;
	path = arena_alloc(&index->text, size + 1, 1);
	return sodium_base642bin((unsigned char *)path, size, base64, size, NULL, &len, NULL,
	                         sodium_base64_VARIANT_ORIGINAL) == 0
	           ? path
	           : NULL;
}

static bool read_line(struct batch_index *index, const json_t *object)
{
	const char *state = json_string_value(json_object_get(object, "state"));
	const char *path = read_path(index, object);
	struct batch_line *line;

	if (!state || !path)
		return false;
	/* The file's name follows from the path: a foreign index names no other files. */
	batch_index_add(index, path);
	line = &index->lines[index->count - 1];
	line->done = strcmp(state, "pending") != 0;
	return !line->done || read_facts(&line->facts, object);
}

enum err batch_index_read(struct batch_index *index, const char *folder, struct error *error)
{
	char *path = batch_index_path(folder), *line = NULL;
	FILE *file = fopen(path, "rbe");
	enum err err = ERR_NONE;
	size_t cap = 0, number = 0;
	uint64_t count = 0;
	bool sound = true;
	ssize_t len;

	if (!file) {
		err = error_set(error, errno == ENOENT ? ERR_MISSING : ERR_IO, "%s: %s", path,
		                strerror(errno));
		free(path);
		return err;
	}
	while (sound && (len = getline(&line, &cap, file)) >= 0) {
		json_t *object = json_loadb(line, (size_t)len, JSON_REJECT_DUPLICATES, NULL);

		sound = json_is_object(object) &&
		        (number++ ? read_line(index, object)
		                  : read_batch(index, json_object_get(object, "batch"), &count));
		json_decref(object);
	}
	if (ferror(file))
		err = error_set(error, ERR_IO, "%s: it cannot be read", path);
	else if (!sound || !number || count != index->count)
		err = error_set(error, ERR_CORRUPT,
		                "%s:%zu: this is no index of trawl batch; remove the file to scan "
		                "all anew",
		                path, number);
	if (!err)
		batch_index_sort(index);
	free(line);
	fclose(file);
	free(path);
	return err;
}
