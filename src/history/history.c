#include "history/history.h"

#include "base/memory.h"
#include "history/attribution.h"
#include "scan/redact.h"

#include <stdlib.h>
#include <time.h>

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void lose_pack_of(void *context, const char *path, const char *detail)
{
	coverage_lose(context, LOST_UNREADABLE, bytes_of(path), detail);
}

/* ---- Authors ---- */

/* The rest of the line "KEY ..." in the head of a commit or tag; ptr NULL if there is none. */
static struct bytes head_line(struct bytes object, const char *key)
{
	struct bytes rest = bytes_slice(object, 0, message_start(object));

	while (rest.len) {
		const unsigned char *end = memchr(rest.ptr, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.ptr) : rest.len;

		if (bytes_start_with(rest, key))
			return bytes_slice(rest, strlen(key), len);
		rest = bytes_slice(rest, end ? len + 1 : len, rest.len);
	}
	return (struct bytes){NULL, 0};
}

/* Reads "NAME <MAIL> SECONDS ZONE"; the mail is not kept. */
static void read_person(struct occurrence *o, struct bytes line, struct arena *arena)
{
	const unsigned char *mail = memchr(line.ptr, '<', line.len);
	const unsigned char *mail_end = memrchr(line.ptr, '>', line.len);
	size_t name_len = mail ? (size_t)(mail - line.ptr) : line.len;
	char time[64] = "";
	size_t len;
	char *end;
	long zone;

	while (name_len && line.ptr[name_len - 1] == ' ')
		name_len--;
	o->author = arena_text(arena, bytes_slice(line, 0, name_len));
	if (!mail_end)
		return;
	len = (size_t)(line.ptr + line.len - mail_end - 1);
	if (len >= sizeof(time))
		len = sizeof(time) - 1;
	memcpy(time, mail_end + 1, len);
	o->date = strtoll(time, &end, 10);
	zone = strtol(end, NULL, 10);
	if (zone > -10000 && zone < 10000) /* +0130: hours and minutes */
		o->zone = (int32_t)(zone / 100 * 60 + zone % 100);
}

static void find_author(struct occurrence *o, enum object_type kind, struct repository *repository,
			struct buf *object, struct arena *arena)
{
	const struct object_id *id = o->has_commit ? &o->commit : &o->blob;
	struct bytes line;
	enum object_type type;

	if ((!o->has_commit && kind != OBJECT_TAG) ||
	    repository_read(repository, id, &type, object, NULL))
		return;
	line = head_line(buf_bytes(object), type == OBJECT_TAG ? "tagger " : "author ");
	if (line.ptr)
		read_person(o, line, arena);
}

static void find_authors(struct history *h, struct repository *repository)
{
	struct buf object;

	buf_init(&object, (size_t)16 * 1024 * 1024);
	for (size_t i = 0; i < h->leaks.count; i++) {
		struct leak *leak = &h->leaks.items[i];

		for (size_t k = 0; k < leak->count; k++)
			find_author(&leak->occurrences[k], leak->kind, repository, &object,
				    &h->leaks.arena);
	}
	buf_release(&object);
}

/* ---- Names that hold secrets ---- */

static const char *redact_text(struct redactor *r, const char *text, struct arena *arena)
{
	const struct bytes none = {NULL, 0};

	return arena_text(arena, redact_name(r, bytes_of(text), none, NULL, arena));
}

/* Paths, authors and references can hold secrets, too; they are redacted before anyone sees them.
 */
static void redact_names(struct history *h, struct engine *engine)
{
	struct redactor redactor = {.detector = detector_new(engine)};
	const struct bytes none = {NULL, 0};
	struct arena *arena = &h->leaks.arena;

	for (size_t i = 0; i < h->leaks.count; i++) {
		struct leak *leak = &h->leaks.items[i];
		const char **refs = (const char **)leak->refs;

		for (; refs && *refs; refs++)
			*refs = redact_text(&redactor, *refs, arena);
		for (size_t k = 0; k < leak->count; k++) {
			struct occurrence *o = &leak->occurrences[k];

			o->path = redact_name(&redactor, o->path, none, NULL, arena);
			o->first.path = o->last.path = o->path;
			o->author = redact_text(&redactor, o->author, arena);
		}
	}
	detector_free(redactor.detector);
	redactor_release(&redactor);
}

/* ---- The whole ---- */

static void describe(struct history *h, struct repository *repository,
		     const struct reference_list *references)
{
	const char *remote = repository_remote(repository);

	h->folder = mem_strdup(repository_folder(repository));
	h->remote = remote ? mem_strdup(remote) : NULL;
	if (references->count && strcmp(references->items[0].name, "HEAD") == 0)
		object_id_hex(&references->items[0].id, h->head);
}

static void scan_objects(struct history *h, struct objects *objects,
			 const struct reference_list *references, struct engine *engine,
			 const struct ruleset *set, const struct history_options *options)
{
	struct sightings sightings = {0};
	double start = seconds_now(), scanned;

	sightings_collect(&sightings, objects, engine, set, &options->sighting);
	scanned = seconds_now();
	h->scan_seconds = scanned - start;
	if (sightings.secret_count)
		attribute(&h->leaks, &sightings, objects, references, &options->sighting.walk,
			  &h->suppressed);
	h->attribute_seconds = seconds_now() - scanned;
	h->counts = sightings.counts;
	coverage_adopt(&h->coverage, &sightings.coverage);
	finding_list_adopt(&h->text, &sightings.text);
	sightings_release(&sightings);
	for (size_t i = 0; i < h->leaks.count; i++)
		h->leaks.items[i].repository = h->folder;
	leak_list_sort(&h->leaks);
}

enum err history_scan(struct history *h, const char *path, struct engine *engine,
		      const struct ruleset *set, const struct history_options *options,
		      struct error *error)
{
	struct repository *repository = NULL;
	struct reference_list references = {0};
	struct objects objects = {0};
	enum err err = repository_open(&repository, path, options->search, error);

	if (!err)
		err = repository_references(repository, &references, error);
	if (!err)
		err = objects_open(&objects, repository, options->sighting.walk.threads,
				   lose_pack_of, &h->coverage, error);
	if (err)
		goto out;
	describe(h, repository, &references);
	scan_objects(h, &objects, &references, engine, set, options);
	find_authors(h, repository);
	if (!options->sighting.scan->keep_secrets)
		redact_names(h, engine);
out:
	objects_close(&objects);
	reference_list_release(&references);
	repository_close(repository);
	return err;
}

void history_release(struct history *h)
{
	free(h->folder);
	free(h->remote);
	leak_list_release(&h->leaks);
	coverage_release(&h->coverage);
	finding_list_release(&h->text);
	*h = (struct history){0};
}
