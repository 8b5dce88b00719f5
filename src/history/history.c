#include "history/history.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/text_map.h"
#include "history/attribution.h"
#include "history/missing.h"
#include "history/present.h"
#include "history/range.h"
#include "history/suppressed.h"
#include "scan/redact.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The nanoseconds since *start, which is now. */
static uint64_t ns_since(uint64_t *start)
{
	uint64_t now = clock_ns(), ns = now - *start;

	*start = now;
	return ns;
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

/* The author of the commit that the occurrence names, or the tagger of the tag that it stands in.
 */
static void find_author(struct occurrence *o, struct repository *repository, struct buf *object,
                        struct arena *arena)
{
	const struct object_id *id = o->has_commit ? &o->commit : &o->blob;
	struct bytes line = {NULL, 0};
	enum object_type type;

	if (repository_read(repository, id, &type, object, NULL))
		return;
	if (type == OBJECT_COMMIT || type == OBJECT_TAG)
		line = head_line(buf_bytes(object), type == OBJECT_TAG ? "tagger " : "author ");
	if (line.ptr)
		read_person(o, line, arena);
}

static void find_authors(struct leak_list *leaks, struct repository *repository,
                         struct arena *arena)
{
	struct buf object;

	buf_init(&object, (size_t)16 * 1024 * 1024);
	for (size_t i = 0; i < leaks->count; i++) {
		struct leak *leak = &leaks->items[i];

		for (size_t k = 0; k < leak->count; k++)
			find_author(&leak->occurrences[k], repository, &object, arena);
	}
	buf_release(&object);
}

/* ---- Names that hold secrets ---- */

/* What was redacted, by the number of the text: the same names stand at many leaks. */
struct redaction {
	struct redactor redactor;
	struct text_map names;
	const char **redacted;
	size_t cap;
	struct arena *arena; /* owns the results */
};

/* The name as it may be shown. */
static const char *redact(struct redaction *r, struct bytes name)
{
	const struct bytes none = {NULL, 0};
	bool added;
	uint32_t number = text_map_add(&r->names, name, &added);

	if (added) {
		r->redacted = mem_grow(r->redacted, number, &r->cap, sizeof(*r->redacted));
		r->redacted[number] =
		    arena_text(r->arena, redact_name(&r->redactor, name, none, NULL, r->arena));
	}
	return r->redacted[number];
}

/* Paths, authors and references can hold secrets, too; they are redacted before anyone sees them.
 */
static void redact_leaks(struct redaction *r, struct leak_list *leaks)
{
	for (size_t i = 0; i < leaks->count; i++) {
		struct leak *leak = &leaks->items[i];
		const char **refs = (const char **)leak->refs;

		for (; refs && *refs; refs++)
			*refs = redact(r, bytes_of(*refs));
		for (size_t k = 0; k < leak->count; k++) {
			struct occurrence *o = &leak->occurrences[k];

			o->path = bytes_of(redact(r, o->path));
			o->first.path = o->last.path = o->path;
			o->author = redact(r, bytes_of(o->author));
		}
	}
}

static void redact_names(struct history *h, struct engine *engine)
{
	struct redaction r = {.redactor = {.detector = detector_new(engine)},
	                      .arena = &h->leaks.arena};

	redact_leaks(&r, &h->leaks);
	redact_leaks(&r, &h->suppressed);
	if (h->branch)
		h->branch = redact(&r, bytes_of(h->branch));
	detector_free(r.redactor.detector);
	redactor_release(&r.redactor);
	text_map_release(&r.names);
	free(r.redacted);
}

/* ---- Which commits count ---- */

static enum err reach_revision(const struct sightings *s, struct repository *repository,
                               const char *revision, bool *reached, struct error *error)
{
	struct object_id id;
	enum err err = repository_resolve(repository, revision, &id, error);
	uint32_t commit = err ? COMMIT_NONE : id_map_find(&s->graph.ids, &id);

	if (err)
		return err;
	if (commit == COMMIT_NONE || !s->graph.items[commit].present)
		return error_set(
		    error, ERR_MISSING,
		    "%s names no commit that is here; in a shallow clone fetch the rest "
		    "(git fetch --unshallow, or fetch-depth: 0 in CI)",
		    revision);
	commits_reach(&s->graph, commit, reached);
	return ERR_NONE;
}

/* Takes the commits out of selected that `reached` lacks. */
static void narrow(const struct commits *graph, bool *selected, const bool *reached)
{
	for (uint32_t c = 0; c < graph->ids.count; c++)
		selected[c] = selected[c] && reached[c];
}

static enum err narrow_by_revision(const struct sightings *s, struct repository *repository,
                                   const char *revision, bool *selected, struct error *error)
{
	bool *reached = mem_calloc(s->graph.ids.count, sizeof(*reached));
	enum err err = reach_revision(s, repository, revision, reached, error);

	if (!err)
		narrow(&s->graph, selected, reached);
	free(reached);
	return err;
}

/* Chooses the commits that count; *selected (the caller's) is NULL when all do. */
static enum err choose_commits(const struct sightings *s, struct repository *repository,
                               const struct reference_list *references,
                               const struct commit_choice *choice, const struct range *range,
                               bool **selected, struct error *error)
{
	uint32_t count = s->graph.ids.count;
	enum err err = ERR_NONE;

	if (!range && !choice->branch && !choice->reachable && choice->since == INT64_MIN)
		return ERR_NONE;
	*selected = mem_calloc(count, sizeof(**selected));
	for (uint32_t c = 0; c < count; c++)
		(*selected)[c] =
		    s->graph.items[c].present && s->graph.items[c].date >= choice->since;
	for (uint32_t c = 0; range && c < count; c++)
		(*selected)[c] = s->graph.items[c].present &&
		                 id_map_find(&range->commits, &s->graph.ids.ids[c]) != ID_MAP_NONE;
	if (choice->branch)
		err = narrow_by_revision(s, repository, choice->branch, *selected, error);
	if (choice->reachable && !err) {
		bool *reached = mem_calloc(count, sizeof(*reached));

		for (size_t i = 0; i < references->count; i++) {
			uint32_t c = id_map_find(&s->graph.ids, &references->items[i].commit);

			if (c != COMMIT_NONE)
				commits_reach(&s->graph, c, reached);
		}
		narrow(&s->graph, *selected, reached);
		free(reached);
	}
	return err;
}

/* ---- Completeness ---- */

enum { MISSING_NAMED_MAX = 100 };

static int id_order(const void *left, const void *right)
{
	return object_id_compare(left, right);
}

/* One entry for all objects that the history needs and that are not here, some of them by name: the
 * first in order, for the order in which they were found is that of threads. */
static void lose_missing(struct history *h, const struct missing *m, const char *reason)
{
	struct object_id *lost = mem_calloc(m->lost_count, sizeof(*lost));
	char id[OBJECT_ID_HEX + 1];
	struct buf detail;
	uint32_t count = 0;

	for (uint32_t i = 0; i < m->ids.count; i++) {
		if (m->lost[i])
			lost[count++] = m->ids.ids[i];
	}
	qsort(lost, count, sizeof(*lost), id_order);
	buf_init(&detail, 64 * 1024);
	buf_appendf(&detail, "it lacks %u of the objects that it needs: %s. They are", count,
	            reason);
	for (uint32_t i = 0; i < count && i < MISSING_NAMED_MAX; i++)
		buf_appendf(&detail, " %s", object_id_hex(&lost[i], id));
	if (count > MISSING_NAMED_MAX)
		buf_appendf(&detail, " and %u more", count - MISSING_NAMED_MAX);
	coverage_lose(&h->coverage, LOST_MISSING, bytes_of(h->folder), buf_text(&detail));
	buf_release(&detail);
	free(lost);
}

/* ---- Ranges ---- */

/* What is scanned, and with what. */
struct scan {
	struct repository *repository;
	struct objects objects;
	struct reference_list references;
	struct aside referring; /* reads them; when it is done, the next two are set */
	enum err referring_err;
	struct error referring_error;
	const struct range *range; /* NULL: all objects */
	struct engine *engine;
	const struct ruleset *set;
	const struct history_options *options;
	int64_t deadline;
	struct note_terms terms; /* for what is known */
};

static int64_t deadline_after(double seconds)
{
	return seconds > 0 ? (int64_t)clock_ns() + (int64_t)(seconds * 1e9) : 0;
}

/*
 * What the range holds and is nowhere; of commits, also parents: without them, as in a shallow
 * clone, a commit seems to bring all it has.
 */
static void check_range(struct history *h, const struct scan *scan, const struct commits *graph,
                        const bool *selected)
{
	const char *reason = "fetch them again (git fetch --refetch)";
	const struct id_map *absent = &scan->objects.absent;
	struct missing missing = {0};

	(void)repository_may_lack(scan->repository, &reason);
	for (uint32_t i = 0; i < absent->count; i++)
		id_map_add(&missing.ids, &absent->ids[i], NULL);
	for (uint32_t c = 0; c < graph->ids.count && !h->counts.late; c++) {
		for (uint32_t i = 0; selected[c] && i < graph->items[c].parent_count; i++) {
			uint32_t parent = graph->parents[graph->items[c].first_parent + i];

			if (!graph->items[parent].present)
				id_map_add(&missing.ids, &graph->ids.ids[parent], NULL);
		}
	}
	missing.lost_count = missing.ids.count;
	missing.lost = mem_calloc(missing.lost_count, sizeof(*missing.lost));
	memset(missing.lost, true, missing.lost_count);
	if (missing.lost_count)
		lose_missing(h, &missing, reason);
	missing_release(&missing);
}

/* Says what of the range was not scanned. */
static void lose_of_range(struct history *h, const struct range *range, uint64_t late,
                          double time_budget)
{
	char detail[128];

	if (range->too_deep)
		coverage_lose(&h->coverage, LOST_TOO_DEEP, bytes_of(h->folder), "folders in it");
	if (range->late)
		snprintf(detail, sizeof(detail), "%g s were over before all was listed",
		         time_budget);
	else if (late)
		snprintf(detail, sizeof(detail),
		         "%g s were over with %" PRIu64 " of %" PRIu32 " objects to go",
		         time_budget, late, range->objects.count);
	if (range->late || late)
		coverage_lose(&h->coverage, LOST_TIME_BUDGET, bytes_of(h->folder), detail);
}

static void add_secrets(struct id_map *secrets, const struct sighting_table *table)
{
	struct object_id id = {{0}};

	for (size_t i = 0; i < table->count; i++) {
		memcpy(id.bytes, table->items[i].finding.fingerprint, FINGERPRINT_SIZE);
		id_map_add(secrets, &id, NULL);
	}
}

/* Finds the secrets in what the range replaces, up to the commits that brought leaks. */
static void find_old_secrets(const struct history *h, const struct scan *scan,
                             struct id_map *secrets)
{
	struct sighting_options sighting = scan->options->sighting;
	struct id_map commits = {0}, blobs = {0};
	struct sightings sightings = {0};
	struct objects objects = {.repository = scan->repository};

	for (size_t i = 0; i < h->leaks.count; i++) {
		const struct leak *leak = &h->leaks.items[i];

		for (size_t k = 0; k < leak->count && leak->kind == OBJECT_BLOB; k++) {
			if (leak->occurrences[k].has_commit)
				id_map_add(&commits, &leak->occurrences[k].commit, NULL);
		}
	}
	for (uint32_t i = 0; i < commits.count; i++)
		range_before(scan->range, scan->repository, &commits.ids[i], scan->deadline,
		             &blobs);
	sighting.walk.deadline = scan->deadline;
	objects_select(&objects, &blobs);
	sightings_collect(&sightings, &objects, scan->engine, scan->set, &sighting);
	add_secrets(secrets, &sightings.blobs);
	sightings_release(&sightings);
	objects_close(&objects);
	id_map_release(&commits);
	id_map_release(&blobs);
}

/*
 * A file that moves brings no secret, and neither does a copy of what a changed file had before:
 * what stood in an old version of a file that the range changes is not new.
 */
static void drop_old_secrets(struct history *h, const struct scan *scan)
{
	struct id_map secrets = {0};
	size_t kept = 0;

	if (h->leaks.count && scan->range->boundaries.count)
		find_old_secrets(h, scan, &secrets);
	for (size_t i = 0; i < h->leaks.count; i++) {
		const struct leak *leak = &h->leaks.items[i];
		struct object_id id = {{0}};

		memcpy(id.bytes, leak->occurrences[0].first.fingerprint, FINGERPRINT_SIZE);
		if (leak->kind != OBJECT_BLOB || id_map_find(&secrets, &id) == ID_MAP_NONE)
			h->leaks.items[kept++] = *leak;
	}
	h->leaks.count = kept;
	id_map_release(&secrets);
}

/* ---- The whole ---- */

static void describe_head(struct history *h, const struct reference_list *references)
{
	static const char heads[] = "refs/heads/";
	const struct reference *head = references->items;

	if (!references->count || strcmp(head->name, "HEAD") != 0)
		return;
	object_id_hex(&head->id, h->head);
	if (head->target && strncmp(head->target, heads, strlen(heads)) == 0)
		h->branch = arena_text(&h->leaks.arena, bytes_of(head->target + strlen(heads)));
}

static void describe(struct history *h, const struct scan *scan)
{
	const char *remote = repository_remote(scan->repository);

	h->folder = mem_strdup(repository_folder(scan->repository));
	h->remote = remote ? mem_strdup(remote) : NULL;
}

static void refer(void *shared)
{
	struct scan *scan = shared;

	scan->referring_err =
	    repository_references(scan->repository, &scan->references, &scan->referring_error);
}

/* Returns when the references are there. */
static enum err await_references(struct scan *scan, struct error *error)
{
	aside_wait(&scan->referring);
	return scan->referring_err
	           ? error_set(error, scan->referring_err, "%s", scan->referring_error.message)
	           : ERR_NONE;
}

/* Says of all that was sighted where it came from, and what is missing. */
struct tracing {
	const struct scan *scan;
	struct sightings *sightings;
	struct tree_graph trees;
	bool look_for_missing;
	struct missing missing;
	struct aside aside; /* what need not wait for trees, or for attribution */
};

static void link_all(void *shared)
{
	struct tracing *t = shared;

	sightings_link(t->sightings);
	if (t->look_for_missing)
		missing_note(&t->missing, t->sightings, &t->scan->objects);
}

static void find_missing(void *shared)
{
	struct tracing *t = shared;

	missing_find(&t->missing, &t->trees, t->sightings, &t->scan->objects, &t->scan->references);
}

/* Attributes what the selected commits brought, and looks for missing objects beside that. */
static void attribute_all(struct history *h, struct tracing *t, const bool *selected)
{
	const struct scan *scan = t->scan;
	const char *reason = "fetch them again (git fetch --refetch)";

	(void)repository_may_lack(scan->repository, &reason);
	if (t->look_for_missing)
		aside_start(&t->aside, scan->options->sighting.walk.threads, find_missing, t);
	if (t->sightings->secret_count)
		attribute(&h->leaks, t->sightings, &t->trees, &scan->objects, &scan->references,
		          selected, scan->range ? &scan->range->pathless : NULL);
	aside_wait(&t->aside);
	if (scan->options->known && !scan->range && t->sightings->secret_count)
		known_keep_leads(&scan->objects, scan->options->known, scan->terms.scan,
		                 t->sightings, &t->trees);
	if (t->missing.lost_count)
		lose_missing(h, &t->missing, reason);
	h->unneeded = t->missing.ids.count - t->missing.lost_count;
	if (t->trees.cut)
		coverage_lose(&h->coverage, LOST_TOO_DEEP, bytes_of(h->folder),
		              "a commit leads to its secrets by more paths than are followed");
}

/* Links commits and trees. Those that count are selected (see choose_commits()). */
static enum err trace(struct history *h, struct scan *scan, struct sightings *sightings,
                      bool **selected, struct error *error)
{
	const struct walk_options *walk = &scan->options->sighting.walk;
	struct tracing t = {
	    .scan = scan, .sightings = sightings, .look_for_missing = h->looked_for_missing};
	uint64_t start = clock_ns();
	enum err err;

	tree_graph_init(&t.trees);
	aside_start(&t.aside, walk->threads, link_all, &t);
	if (sightings->blobs.count || t.look_for_missing)
		tree_graph_build(&t.trees, &scan->objects, &sightings->blobs.objects,
		                 t.look_for_missing, walk);
	aside_wait(&t.aside);
	h->trees_ns = ns_since(&start);
	err = choose_commits(sightings, scan->repository, &scan->references, &scan->options->choice,
	                     scan->range, selected, error);
	if (!err)
		attribute_all(h, &t, *selected);
	h->attribute_ns = ns_since(&start);
	tree_graph_release(&t.trees);
	missing_release(&t.missing);
	return err;
}

/*
 * Scans what the range brings, and old versions, which tell who brought a secret, if there is one.
 * From then on the trees of the range are selected.
 */
static void collect_range(struct sightings *s, struct scan *scan)
{
	struct sighting_options sighting = scan->options->sighting;
	const struct range *range = scan->range;

	sighting.range = range;
	sighting.walk.deadline = scan->deadline;
	objects_select(&scan->objects, &range->objects);
	if (!range->late)
		sightings_collect(s, &scan->objects, scan->engine, scan->set, &sighting);
	objects_select(&scan->objects, &range->trees);
}

static void collect_all(struct history *h, struct sightings *s, struct scan *scan)
{
	struct sighting_options sighting = scan->options->sighting;
	const struct commit_choice *choice = &scan->options->choice;
	const char *reason;

	h->looked_for_missing =
	    repository_may_lack(scan->repository, &reason) || scan->options->check_complete;
	sighting.graph = h->looked_for_missing || choice->branch || choice->reachable ||
	                 choice->since != INT64_MIN;
	sightings_collect(s, &scan->objects, scan->engine, scan->set, &sighting);
	if (scan->options->known)
		renew_keep(&scan->objects, scan->options->known, &scan->terms);
}

static enum err scan_objects(struct history *h, struct scan *scan, struct error *error)
{
	const struct history_options *options = scan->options;
	const struct range *range = scan->range;
	struct sightings sightings = {0};
	uint64_t start = clock_ns();
	bool *selected = NULL;
	enum err err;

	if (range)
		collect_range(&sightings, scan);
	else
		collect_all(h, &sightings, scan);
	h->scan_ns = ns_since(&start);
	err = await_references(scan, error);
	if (!err)
		describe_head(h, &scan->references);
	if (!err)
		err = trace(h, scan, &sightings, &selected, error);
	h->counts = sightings.counts;
	if (!err && range)
		check_range(h, scan, &sightings.graph, selected);
	h->costs = sightings.costs;
	coverage_adopt(&h->coverage, &sightings.coverage);
	finding_list_adopt(&h->text, &sightings.text);
	if (!err && range)
		drop_old_secrets(h, scan);
	if (!err && options->choice.range)
		present_find(&h->leaks, &sightings.graph, scan->repository, &scan->references,
		             scan->engine, scan->set, &options->sighting);
	for (size_t i = 0; i < h->leaks.count; i++)
		h->leaks.items[i].repository = h->folder;
	suppress_leaks(&h->leaks, &h->suppressed, options->sighting.scan->suppressions);
	leak_list_sort(&h->leaks);
	leak_list_sort(&h->suppressed);
	sightings_release(&sightings);
	free(selected);
	return err;
}

/* Scans what the range between the ends holds. */
static enum err scan_range(struct history *h, struct scan *scan, const struct range_ends *ends,
                           struct error *error)
{
	struct range range = {0};
	enum err err = range_find(&range, scan->repository, ends, scan->deadline, error);

	if (!err) {
		scan->range = &range;
		h->commits = range.commits.count;
		err = scan_objects(h, scan, error);
		lose_of_range(h, &range, h->counts.late, scan->options->time_budget);
	}
	scan->range = NULL;
	range_release(&range);
	return err;
}

static void close_objects(void *objects)
{
	objects_close(objects);
}

/* What comes after the scan, and the end of it. */
static enum err finish(struct history *h, struct scan *scan, enum err err)
{
	struct arena *arena = &h->leaks.arena;
	struct aside closing; /* unmapping large packs takes time */

	if (!err) {
		find_authors(&h->leaks, scan->repository, arena);
		find_authors(&h->suppressed, scan->repository, arena);
	}
	aside_start(&closing, scan->options->sighting.walk.threads, close_objects, &scan->objects);
	if (!err && !scan->options->sighting.scan->keep_secrets)
		redact_names(h, scan->engine);
	aside_wait(&closing);
	reference_list_release(&scan->references);
	repository_close(scan->repository);
	return err;
}

static enum err open_all(struct history *h, struct scan *scan, struct error *error)
{
	const struct known_store *known = scan->options->known;
	unsigned threads = scan->options->sighting.walk.threads;
	enum err err = objects_open(&scan->objects, scan->repository, threads, lose_pack_of,
	                            &h->coverage, error);

	if (err)
		return err;
	if (known) {
		scan->terms = (struct note_terms){.engine = scan->engine,
		                                  .set = scan->set,
		                                  .options = &scan->options->sighting,
		                                  .rules = scan->options->rules};
		note_terms_digest(&scan->terms);
		renew_recall(&scan->objects, known, &scan->terms, &h->renewal);
	}
	objects_prepare(&scan->objects, threads);
	return ERR_NONE;
}

enum err history_scan(struct history *h, const char *path, struct engine *engine,
                      const struct ruleset *set, const struct history_options *options,
                      struct error *error)
{
	struct scan scan = {.engine = engine, .set = set, .options = options};
	const char *text = options->choice.range;
	struct range_ends ends = {0};
	uint64_t start = clock_ns();
	enum err err = repository_open(&scan.repository, path, options->search, error);

	/* A range reads what it touches, one by one: preparing all packs for that would cost more.
	 */
	if (!err && text)
		objects_open_brought(&scan.objects, scan.repository,
		                     options->sighting.walk.threads);
	else if (!err)
		err = open_all(h, &scan, error);
	/* After the objects, for then it is known which of them cannot be read. */
	if (!err)
		aside_start(&scan.referring, options->sighting.walk.threads, refer, &scan);
	if (!err)
		describe(h, &scan);
	if (!err && text)
		err = await_references(&scan, error);
	h->open_ns = ns_since(&start);
	if (!err && text)
		err = range_read(&ends, scan.repository, &scan.references, text, error);
	if (!err)
		err = text ? scan_range(h, &scan, &ends, error) : scan_objects(h, &scan, error);
	range_ends_release(&ends);
	return finish(h, &scan, err);
}

enum err history_scan_push(struct history *h, const struct push *push, struct engine *engine,
                           const struct ruleset *set, const struct history_options *options,
                           struct error *error)
{
	struct scan scan = {.engine = engine, .set = set, .options = options};
	struct range_ends ends = {0};
	enum err err;

	scan.deadline = deadline_after(options->time_budget);
	err = repository_open_hooked(&scan.repository, error);
	if (!err) {
		objects_open_brought(&scan.objects, scan.repository,
		                     options->sighting.walk.threads);
		err = push_resolve(push, scan.repository, &ends, &scan.references, error);
	}
	if (!err) {
		describe(h, &scan);
		err = scan_range(h, &scan, &ends, error);
	}
	range_ends_release(&ends);
	return finish(h, &scan, err);
}

void history_release(struct history *h)
{
	free(h->folder);
	free(h->remote);
	leak_list_release(&h->leaks);
	leak_list_release(&h->suppressed);
	coverage_release(&h->coverage);
	finding_list_release(&h->text);
	*h = (struct history){0};
}
