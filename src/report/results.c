#include "report/results.h"

#include "base/memory.h"
#include "report/date.h"
#include "report/safe.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

/* A line holds all occurrences of one secret. */
static const size_t LINE_MAX_BYTES = (size_t)1 << 30;

/* One report that is being read. Members that are missing or of another kind make it broken. */
struct reader {
	struct results *results;
	struct arena *text;
	const struct rule *const *rules;
	size_t rule_count;
	const char *unknown; /* a rule that is not among them */
	bool broken;
	bool complete; /* the summary, which is last, was there */
};

/* ---- Members ---- */

static const char *read_text(struct reader *r, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value)) {
		r->broken = true;
		return "";
	}
	return arena_text(r->text, (struct bytes){(const unsigned char *)json_string_value(value),
	                                          json_string_length(value)});
}

/* The text, or NULL where there is none. */
static const char *read_optional(struct reader *r, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return value && !json_is_null(value) ? read_text(r, object, key) : NULL;
}

static uint64_t read_uint(struct reader *r, const json_t *object, const char *key, uint64_t max)
{
	const json_t *value = json_object_get(object, key);
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0 || (uint64_t)number > max) {
		r->broken = true;
		return 0;
	}
	return (uint64_t)number;
}

static const json_t *read_array(struct reader *r, const json_t *object, const char *key)
{
	const json_t *array = json_object_get(object, key);

	r->broken |= array && !json_is_array(array);
	return array;
}

/* Text that may be any bytes: in base64 where it is not UTF-8. */
static struct bytes read_foreign(struct reader *r, const json_t *object, const char *key,
                                 const char *base64_key)
{
	const char *base64 = read_optional(r, object, base64_key);
	const char *text = base64 ? NULL : read_optional(r, object, key);
	size_t size, len = 0;
	unsigned char *bytes;

	if (!base64)
		return text ? bytes_of(text) : (struct bytes){NULL, 0};
	size = strlen(base64);
	bytes = arena_alloc(r->text, size + 1, 1);
	if (sodium_base642bin(bytes, size, base64, size, NULL, &len, NULL,
	                      sodium_base64_VARIANT_ORIGINAL) != 0)
		r->broken = true;
	return (struct bytes){bytes, len};
}

static void read_hex(struct reader *r, const json_t *object, const char *key, unsigned char *out,
                     size_t size)
{
	const char *hex = read_text(r, object, key);
	size_t len = 0;

	if (sodium_hex2bin(out, size, hex, strlen(hex), NULL, &len, NULL) != 0 || len != size)
		r->broken = true;
}

static int64_t read_date(struct reader *r, const json_t *object, const char *key, int32_t *zone)
{
	int64_t seconds = 0;

	r->broken |= !date_read(read_text(r, object, key), &seconds, zone);
	return seconds;
}

/* The number from 0 up to `last` whose name the member is. */
static unsigned read_name(struct reader *r, const json_t *object, const char *key, unsigned last,
                          const char *(*name)(unsigned number))
{
	const char *text = read_text(r, object, key);

	for (unsigned number = 0; number <= last; number++) {
		if (strcmp(text, name(number)) == 0)
			return number;
	}
	r->broken = true;
	return 0;
}

static const char *name_of_confidence(unsigned n)
{
	return confidence_name((enum confidence)n);
}

static const char *name_of_level(unsigned n)
{
	return level_name((enum level)n);
}

static const char *name_of_checksum(unsigned n)
{
	return checksum_state_name((enum checksum_state)n);
}

static const char *name_of_state(unsigned n)
{
	return leak_state_name((enum leak_state)n);
}

static const char *name_of_type(unsigned n)
{
	return object_type_name((enum object_type)n);
}

static const char *name_of_lost(unsigned n)
{
	return lost_reason_id((enum lost_reason)n);
}

static const char *name_of_suppression(unsigned n)
{
	return suppression_kind_name((enum suppression_kind)n);
}

/* ---- Findings ---- */

static int id_order(const void *id, const void *rule)
{
	return strcmp(id, (*(const struct rule *const *)rule)->id);
}

static const struct rule *find_rule(struct reader *r, const char *id)
{
	const struct rule *const *rule =
	    bsearch(id, r->rules, r->rule_count, sizeof(*r->rules), id_order);

	if (rule)
		return *rule;
	r->broken = true;
	r->unknown = id;
	return r->rules[0];
}

static void read_place(struct reader *r, const json_t *object, struct finding *f)
{
	f->start_line = (uint32_t)read_uint(r, object, "start_line", UINT32_MAX);
	f->start_column = (uint32_t)read_uint(r, object, "start_column", UINT32_MAX);
	f->end_line = (uint32_t)read_uint(r, object, "end_line", UINT32_MAX);
	f->end_column = (uint32_t)read_uint(r, object, "end_column", UINT32_MAX);
	f->start_offset = read_uint(r, object, "start_offset", UINT64_MAX);
	f->end_offset = read_uint(r, object, "end_offset", UINT64_MAX);
}

static void read_parts(struct reader *r, const json_t *object, struct finding *f)
{
	const json_t *array = read_array(r, object, "parts");
	struct finding_part *parts;

	f->part_count = json_array_size(array);
	f->parts = parts = arena_alloc(r->text, f->part_count, sizeof(*parts));
	for (size_t i = 0; i < f->part_count; i++) {
		const json_t *part = json_array_get(array, i);
		struct finding place = {0};

		read_place(r, part, &place);
		parts[i] = (struct finding_part){
		    .name = read_text(r, part, "name"),
		    .start_offset = place.start_offset,
		    .end_offset = place.end_offset,
		    .start_line = place.start_line,
		    .start_column = place.start_column,
		    .end_line = place.end_line,
		    .end_column = place.end_column,
		};
	}
}

static const struct suppression *read_suppression(struct reader *r, const json_t *object)
{
	struct suppression *s = arena_alloc(r->text, 1, sizeof(*s));

	s->kind = (enum suppression_kind)read_name(r, object, "by", SUPPRESSION_CONFIG,
	                                           name_of_suppression);
	s->reason = read_optional(r, object, "reason");
	s->owner = read_optional(r, object, "owner");
	s->expires = read_optional(r, object, "expires");
	return s;
}

/* What is the same of all places of the secret. */
static struct finding read_secret(struct reader *r, const json_t *line)
{
	const json_t *suppressed = json_object_get(line, "suppressed");
	struct bytes secret = read_foreign(r, line, "secret", "secret_base64");
	struct finding f = {.rule = find_rule(r, read_text(r, line, "rule_id"))};

	f.confidence =
	    (uint8_t)read_name(r, line, "confidence", CONFIDENCE_HIGH, name_of_confidence);
	f.level = (uint8_t)read_name(r, line, "level", LEVEL_ERROR, name_of_level);
	f.checksum =
	    (uint8_t)read_name(r, line, "checksum", CHECKSUM_STATE_INVALID, name_of_checksum);
	f.proof = read_optional(r, line, "proof");
	f.entropy = (float)json_number_value(json_object_get(line, "entropy"));
	r->broken |= !safe_preview_read(&f, read_text(r, line, "preview"));
	read_hex(r, line, "fingerprint", f.fingerprint, FINGERPRINT_SIZE);
	if (secret.ptr && secret.len == f.secret_len)
		f.secret = (const char *)secret.ptr;
	if (suppressed)
		f.suppression = read_suppression(r, suppressed);
	return f;
}

static void read_occurrence(struct reader *r, const json_t *object, const struct finding *secret,
                            struct occurrence *o)
{
	const json_t *last = json_object_get(object, "last");
	const char *author = read_optional(r, object, "author");
	const char *hash = read_optional(r, object, "line_hash");

	o->path = read_foreign(r, object, "path", "path_base64");
	o->has_commit = !json_is_null(json_object_get(object, "commit"));
	if (o->has_commit)
		read_hex(r, object, "commit", o->commit.bytes, OBJECT_ID_SIZE);
	o->author = author ? author : "";
	if (!json_is_null(json_object_get(object, "date")))
		o->date = read_date(r, object, "date", &o->zone);
	read_hex(r, object, "blob", o->blob.bytes, OBJECT_ID_SIZE);
	read_hex(r, last, "blob", o->last_blob.bytes, OBJECT_ID_SIZE);
	o->first = o->last = *secret;
	o->first.path = o->last.path = o->path;
	read_place(r, object, &o->first);
	read_place(r, last, &o->last);
	read_parts(r, object, &o->first);
	if (hash)
		r->broken |= !safe_line_hash_read(&o->first, hash);
}

static strings read_refs(struct reader *r, const json_t *line)
{
	const json_t *array = read_array(r, line, "refs");
	size_t count = json_array_size(array);
	const char **refs;

	if (!array)
		return NULL;
	refs = arena_alloc(r->text, count + 1, sizeof(*refs));
	for (size_t i = 0; i < count; i++) {
		const char *name = json_string_value(json_array_get(array, i));

		r->broken |= !name;
		refs[i] = arena_text(r->text, bytes_of(name ? name : ""));
	}
	return refs;
}

/* A text that ends, as the names of folders do. */
static const char *read_folder(struct reader *r, const json_t *object, const char *key,
                               const char *base64_key)
{
	struct bytes folder = read_foreign(r, object, key, base64_key);

	r->broken |= !folder.len;
	return arena_text(r->text, folder);
}

static void read_leak(struct reader *r, const json_t *line)
{
	const json_t *occurrences = read_array(r, line, "occurrences");
	struct finding secret = read_secret(r, line);
	struct leak leak = {.count = json_array_size(occurrences)};
	int32_t zone;

	leak.repository = read_folder(r, line, "repository", "repository_base64");
	leak.kind = (enum object_type)read_name(r, line, "object_kind", OBJECT_TAG, name_of_type);
	leak.state = (enum leak_state)read_name(r, line, "state", LEAK_UNREACHABLE, name_of_state);
	leak.refs = read_refs(r, line);
	if (json_object_get(line, "left"))
		leak.left = read_date(r, line, "left", &zone);
	if (json_object_get(line, "first_seen")) {
		leak.first_seen = read_date(r, line, "first_seen", &zone);
		leak.last_seen = read_date(r, line, "last_seen", &zone);
		leak.is_new = json_is_true(json_object_get(line, "new"));
	}
	leak.occurrences = arena_alloc(r->text, leak.count, sizeof(*leak.occurrences));
	for (size_t i = 0; i < leak.count; i++)
		read_occurrence(r, json_array_get(occurrences, i), &secret, &leak.occurrences[i]);
	r->broken |= !leak.count;
	if (!r->broken)
		leak_list_add(secret.suppression ? &r->results->suppressed : &r->results->leaks,
		              &leak);
}

/* ---- The summary ---- */

static void read_repositories(struct reader *r, const json_t *summary)
{
	const json_t *array = read_array(r, summary, "repositories");
	struct results *all = r->results;

	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *object = json_array_get(array, i);

		all->repositories = mem_grow(all->repositories, all->repository_count,
		                             &all->repository_cap, sizeof(*all->repositories));
		all->repositories[all->repository_count++] = (struct scanned_repository){
		    .folder = read_folder(r, object, "folder", "folder_base64"),
		    .remote = read_optional(r, object, "remote"),
		    .head = read_optional(r, object, "head"),
		    .branch = read_optional(r, object, "branch"),
		};
	}
}

static void read_gone(struct reader *r, const json_t *summary)
{
	const json_t *array = read_array(r, summary, "gone");
	struct gone_list *gone = &r->results->gone;
	int32_t zone;

	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *object = json_array_get(array, i);
		struct gone_leak leak = {
		    .repository = read_folder(r, object, "repository", "repository_base64"),
		    .rule_id = read_text(r, object, "rule_id"),
		    .path = read_foreign(r, object, "path", "path_base64"),
		    .first_seen = read_date(r, object, "first_seen", &zone),
		    .last_seen = read_date(r, object, "last_seen", &zone),
		};

		read_hex(r, object, "fingerprint", leak.fingerprint, FINGERPRINT_SIZE);
		gone->items = mem_grow(gone->items, gone->count, &gone->cap, sizeof(*gone->items));
		gone->items[gone->count++] = leak;
	}
}

static void read_summary(struct reader *r, const json_t *summary)
{
	struct coverage *c = &r->results->coverage;
	const json_t *skipped = json_object_get(summary, "skipped");
	const json_t *lost = read_array(r, summary, "lost");
	uint64_t unnamed = read_uint(r, summary, "lost_count", UINT64_MAX);

	read_repositories(r, summary);
	read_gone(r, summary);
	r->results->suppressed_count += read_uint(r, summary, "suppressed", UINT64_MAX);
	c->files += read_uint(r, summary, "files", UINT64_MAX);
	c->bytes += read_uint(r, summary, "bytes", UINT64_MAX);
	for (int reason = 0; reason < SKIP_REASON_COUNT; reason++)
		c->skipped[reason] +=
		    read_uint(r, skipped, skip_reason_id((enum skip_reason)reason), UINT64_MAX);
	for (size_t i = 0; i < json_array_size(lost); i++) {
		const json_t *object = json_array_get(lost, i);
		unsigned reason =
		    read_name(r, object, "reason", LOST_REASON_COUNT - 1, name_of_lost);

		coverage_lose(c, (enum lost_reason)reason,
		              read_foreign(r, object, "path", "path_base64"),
		              read_text(r, object, "detail"));
	}
	r->broken |= unnamed < json_array_size(lost);
	if (!r->broken)
		c->lost_count += unnamed - json_array_size(lost);
}

/* ---- The file ---- */

static void read_line(struct reader *r, const char *line, size_t len)
{
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	const json_t *summary = json_object_get(root, "summary");

	r->broken |= !json_is_object(root) || r->complete;
	if (!r->broken && json_is_object(summary)) {
		read_summary(r, summary);
		r->complete = true;
	} else if (!r->broken) {
		read_leak(r, root);
	}
	json_decref(root);
}

enum err results_read(struct results *results, const char *path, const struct rule *const *rules,
                      size_t rule_count, struct error *error)
{
	struct reader r = {results, &results->text, rules, rule_count, NULL, !rule_count, false};
	FILE *file = fopen(path, "rbe");
	enum err err = ERR_NONE;
	char *line = NULL;
	size_t cap = 0, number = 0;
	ssize_t len = 0;
	int failure = errno;

	if (!file)
		return error_set(error, failure == ENOENT ? ERR_MISSING : ERR_IO, "%s: %s", path,
		                 strerror(failure));
	while (!r.broken && (len = getline(&line, &cap, file)) >= 0) {
		number++;
		r.broken = (size_t)len > LINE_MAX_BYTES || !memchr(line, '\n', (size_t)len);
		if (!r.broken)
			read_line(&r, line, (size_t)len);
	}
	if (ferror(file))
		err = error_set(error, ERR_IO, "%s: it cannot be read", path);
	else if (r.unknown)
		err = error_set(error, ERR_CORRUPT,
		                "%s:%zu: no rule has the id '%s'; read it with the rules and the "
		                "version of Trawl that wrote it",
		                path, number, r.unknown);
	else if (r.broken || !r.complete)
		err = error_set(error, ERR_CORRUPT, "%s:%zu: %s", path, number,
		                r.broken ? "this is no line of `-o jsonl` of a history"
		                         : "the file ends before its summary");
	free(line);
	fclose(file);
	return err;
}

void results_release(struct results *results)
{
	leak_list_release(&results->leaks);
	leak_list_release(&results->suppressed);
	gone_list_release(&results->gone);
	coverage_release(&results->coverage);
	free(results->repositories);
	arena_release(&results->text);
	*results = (struct results){0};
}
