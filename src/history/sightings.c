#include "history/sightings.h"

#include "base/memory.h"
#include "history/range.h"

#include <stdlib.h>

/* Copies shorter than this are scanned: a seam costs about as much. */
enum { LEAST_COPY = 16 };

/* One worker's share; brought together when the walk is over. */
struct collector {
	struct scanner *scanner;
	struct scan_result result;
	struct seen {
		struct object_id id;
		enum object_type type;
		unsigned worker;
		size_t start; /* of its findings in the worker's result */
		size_t end;
	} * objects; /* those with findings */
	size_t count;
	size_t cap;
	struct commit_list commits;
	struct tag_link *links;
	size_t link_count;
	size_t link_cap;
};

struct collection {
	const struct sighting_options *options;
	struct collector *workers;
	struct objects *objects;
	bool scan_only; /* the commits are kept later, of all objects at once */
	bool keep_only; /* that is now */
	bool renewing;  /* nothing is wanted but what notes of other rules lack */
};

/* ---- In the walk ---- */

static void keep_tag(struct collector *c, const struct object_id *id, struct bytes head)
{
	struct tag_link link = {.tag = *id};

	if (!tag_target(head, &link.target))
		return;
	c->links = mem_grow(c->links, c->link_count, &c->link_cap, sizeof(*c->links));
	c->links[c->link_count++] = link;
}

/* Whether the blob is small enough to be scanned; says so in the coverage if not. */
static bool admit(const struct sighting_options *o, const struct walked *w, struct scan_result *r)
{
	char name[OBJECT_ID_HEX + 1];

	if (w->bytes.len <= o->max_size)
		return true;
	if (w->again)
		return false;
	if (o->max_size_chosen)
		coverage_skip(&r->coverage, SKIP_MAX_SIZE);
	else
		coverage_lose(&r->coverage, LOST_TOO_LARGE, bytes_of(object_id_hex(w->id, name)),
		              "see --max-size");
	return false;
}

/* What was lost in an object has no path: it gets the object's id for a name. */
static void name_lost(struct coverage *coverage, size_t first, const struct object_id *id)
{
	char name[OBJECT_ID_HEX + 1];

	for (size_t i = first; i < coverage->named_count; i++) {
		if (!coverage->lost[i].path.len)
			coverage->lost[i].path =
			    arena_bytes(&coverage->text, bytes_of(object_id_hex(id, name)));
	}
}

/* Keeps what is wanted of a commit or tag beside its message; returns where that starts. */
static size_t keep_head(const struct collection *all, struct collector *c, const struct walked *w)
{
	size_t start = message_start(w->bytes);
	struct bytes head = bytes_slice(w->bytes, 0, start);

	if (!all->scan_only && w->type == OBJECT_COMMIT)
		commit_list_add(&c->commits, w->id, head);
	else if (!all->scan_only)
		keep_tag(c, w->id, head);
	return start;
}

static void scan_object(const struct collection *all, struct collector *c, const struct walked *w)
{
	struct scan_copies copies = {w->segments, w->segment_count, w->base_state, w->base_len};
	struct blob blob = {.bytes = w->bytes};

	if (w->type == OBJECT_COMMIT || w->type == OBJECT_TAG) {
		if (w->again)
			return;
		blob.bytes = bytes_slice(w->bytes, keep_head(all, c, w), w->bytes.len);
		if (!all->keep_only)
			scanner_scan(c->scanner, &blob, &c->result);
	} else if (!admit(all->options, w, &c->result)) {
		return;
	} else if (all->options->no_reuse) {
		if (!w->again)
			scanner_scan(c->scanner, &blob, &c->result);
	} else {
		scanner_scan_version(c->scanner, &blob, w->base_state ? &copies : NULL, w->state,
		                     w->again ? NULL : &c->result);
	}
}

/* What a worker has counted so far. */
struct counted {
	uint64_t files, bytes, generic, max_size, lost, encoded;
	size_t findings;
};

static struct counted count_of(const struct collector *c)
{
	const struct coverage *v = &c->result.coverage;

	return (struct counted){v->files,
	                        v->bytes,
	                        v->skipped[SKIP_GENERIC_ON_BINARY],
	                        v->skipped[SKIP_MAX_SIZE],
	                        v->lost_count,
	                        c->result.encoded,
	                        c->result.findings.count};
}

/* What is to be noted of an object that made the counts what they are. */
static uint64_t note_of(const struct walked *w, struct counted before, struct counted now)
{
	uint64_t note = w->type;

	if (now.files > before.files)
		note |= NOTE_SCANNED | (now.bytes - before.bytes) << NOTE_BYTES;
	if (now.generic > before.generic)
		note |= NOTE_GENERIC_ON_BINARY;
	if (now.max_size > before.max_size)
		note |= NOTE_MAX_SIZE;
	if (now.findings > before.findings || now.lost > before.lost)
		note |= NOTE_AGAIN;
	if (now.encoded > before.encoded)
		note |= NOTE_ENCODED;
	return note;
}

/* Where the object's note belongs; NULL if none is to be taken. */
static uint64_t *place_of_note(struct objects *o, const struct walked *w)
{
	if (!o->pack_notes || (w->pack != WALKED_LOOSE && w->borrowed))
		return NULL;
	return w->pack == WALKED_LOOSE ? &o->loose_notes[w->entry]
	                               : &o->pack_notes[w->pack].items[w->entry];
}

static void take_note(struct objects *o, const struct walked *w, uint64_t note)
{
	uint64_t *place = place_of_note(o, w);

	if (place)
		*place = note;
}

/*
 * Makes the note of other rules good. Where some of these rules lead to encoded text, all must
 * look: in what one rule has decoded, another may match.
 */
static void renew_note(struct objects *o, const struct walked *w, uint64_t note)
{
	uint64_t *place = place_of_note(o, w);

	if (place && *place)
		*place |=
		    NOTE_RENEWED | ((note | *place) & (NOTE_AGAIN | NOTE_ENCODED) ? NOTE_AGAIN : 0);
}

static void visit(void *context, unsigned worker, const struct walked *w)
{
	struct collection *all = context;
	struct collector *c = &all->workers[worker];
	struct counted before = count_of(c);
	size_t lost = c->result.coverage.named_count;

	scan_object(all, c, w);
	if (w->again || all->keep_only)
		return;
	if (all->renewing) {
		renew_note(all->objects, w, note_of(w, before, count_of(c)));
		return;
	}
	take_note(all->objects, w, note_of(w, before, count_of(c)));
	name_lost(&c->result.coverage, lost, w->id);
	if (c->result.findings.count == before.findings)
		return;
	c->objects = mem_grow(c->objects, c->count, &c->cap, sizeof(*c->objects));
	c->objects[c->count++] =
	    (struct seen){*w->id, w->type, worker, before.findings, c->result.findings.count};
}

static size_t state_bytes(const void *state)
{
	const struct scan_state *s = state;

	return s->raw.hits.cap * sizeof(*s->raw.hits.items) + s->raw.cap * sizeof(*s->raw.matches) +
	       s->raw.present_cap * sizeof(*s->raw.present) + s->raw.run_cap * sizeof(*s->raw.runs);
}

static void forget(void *state)
{
	scan_state_release(state);
}

static void lose(void *context, unsigned worker, const struct object_id *id, const char *detail)
{
	struct collection *all = context;
	char name[OBJECT_ID_HEX + 1];

	if (all->keep_only)
		return;
	coverage_lose(&all->workers[worker].result.coverage, LOST_UNREADABLE,
	              bytes_of(object_id_hex(id, name)), detail);
}

/* ---- Bringing together ---- */

struct secrets {
	struct id_map known; /* (rule, fingerprint), as ids */
};

/* A fingerprint is a digest over the rule's id, too: it alone names the secret. */
static uint32_t number_of_secret(struct secrets *secrets, const struct finding *f)
{
	struct object_id id = {{0}};

	memcpy(id.bytes, f->fingerprint, FINGERPRINT_SIZE);
	return id_map_add(&secrets->known, &id, NULL);
}

static int sighting_order(const void *left, const void *right)
{
	const struct sighting *a = left, *b = right;

	if (a->secret != b->secret)
		return a->secret < b->secret ? -1 : 1;
	if (a->finding.allowed != b->finding.allowed)
		return a->finding.allowed ? 1 : -1; /* one that is not allowed speaks for all */
	return (a->finding.start_offset > b->finding.start_offset) -
	       (a->finding.start_offset < b->finding.start_offset);
}

/* Adds the findings of one object, of each secret the first. */
static void add_sightings(struct sighting_table *table, struct secrets *secrets,
                          const struct object_id *id, const struct finding *findings, size_t count)
{
	bool added;
	uint32_t object = id_map_add(&table->objects, id, &added);
	size_t start = table->count, end;

	if (!added)
		return; /* a pack holds it twice */
	for (size_t i = 0; i < count; i++) {
		table->items =
		    mem_grow(table->items, table->count, &table->cap, sizeof(*table->items));
		table->items[table->count++] =
		    (struct sighting){number_of_secret(secrets, &findings[i]), object, findings[i]};
	}
	end = table->count;
	qsort(table->items + start, end - start, sizeof(*table->items), sighting_order);
	table->count = start;
	for (size_t i = start; i < end; i++) {
		if (i == start || table->items[i].secret != table->items[table->count - 1].secret)
			table->items[table->count++] = table->items[i];
	}
}

static void index_table(struct sighting_table *table)
{
	table->first = mem_calloc((size_t)table->objects.count + 1, sizeof(*table->first));
	for (size_t i = 0; i < table->count; i++)
		table->first[table->items[i].object + 1]++;
	for (size_t i = 0; i < table->objects.count; i++)
		table->first[i + 1] += table->first[i];
}

static int seen_order(const void *left, const void *right)
{
	const struct seen *a = left, *b = right;

	return object_id_compare(&a->id, &b->id);
}

/* Fills in the tables, in the order of ids: which worker saw what decides nothing. */
static void fill_tables(struct sightings *s, struct collector *workers, unsigned count)
{
	struct secrets secrets = {{0}};
	struct seen *all = NULL;
	size_t n = 0, cap = 0;

	for (unsigned w = 0; w < count; w++) {
		for (size_t i = 0; i < workers[w].count; i++) {
			all = mem_grow(all, n, &cap, sizeof(*all));
			all[n++] = workers[w].objects[i];
		}
	}
	if (n)
		qsort(all, n, sizeof(*all), seen_order);
	for (size_t i = 0; i < n; i++) {
		const struct finding *findings = workers[all[i].worker].result.findings.items;
		struct sighting_table *table = all[i].type == OBJECT_BLOB     ? &s->blobs
		                               : all[i].type == OBJECT_COMMIT ? &s->commits
		                                                              : &s->tags;

		add_sightings(table, &secrets, &all[i].id, findings + all[i].start,
		              all[i].end - all[i].start);
	}
	free(all);
	index_table(&s->blobs);
	index_table(&s->commits);
	index_table(&s->tags);
	s->secret_count = secrets.known.count;
	id_map_release(&secrets.known);
}

/* Adds the rest of what one worker saw, and frees its share. */
static void gather(struct sightings *s, struct collector *c)
{
	s->commit_lists =
	    mem_grow(s->commit_lists, s->list_count, &s->list_cap, sizeof(*s->commit_lists));
	s->commit_lists[s->list_count++] = c->commits;
	for (size_t i = 0; i < c->link_count; i++) {
		s->links = mem_grow(s->links, s->link_count, &s->link_cap, sizeof(*s->links));
		s->links[s->link_count++] = c->links[i];
	}
	c->result.findings.count = 0; /* they are in the tables; what they point to moves */
	finding_list_adopt(&s->text, &c->result.findings);
	coverage_adopt(&s->coverage, &c->result.coverage);
	free(c->objects);
	free(c->links);
}

void sightings_link(struct sightings *s)
{
	for (size_t i = 0; i < s->list_count; i++) {
		commits_link(&s->graph, &s->commit_lists[i]);
		commit_list_release(&s->commit_lists[i]);
	}
	s->list_count = 0;
}

/* Scans what the blobs with findings replace, too: it tells whether these brought them. */
static void walk_replaced(struct sightings *s, struct visitor *visitor,
                          const struct collection *all)
{
	struct walk_options walk = all->options->walk;
	struct id_map blobs = {0}, olds = {0};
	struct walk_counts counts;

	for (unsigned w = 0; w < walk.threads; w++) {
		const struct collector *c = &all->workers[w];

		for (size_t i = 0; i < c->count; i++) {
			if (c->objects[i].type == OBJECT_BLOB)
				id_map_add(&blobs, &c->objects[i].id, NULL);
		}
	}
	range_replaced(all->options->range, &blobs, &olds);
	walk.deadline = 0;
	objects_select(all->objects, &olds);
	objects_walk(all->objects, visitor, &walk, &counts);
	walk_counts_add(&s->counts, &counts);
	id_map_release(&blobs);
	id_map_release(&olds);
}

/* Adds what the object with this note, which is passed over, adds to the coverage. */
static void cover_known(struct coverage *c, uint64_t note)
{
	if (note & NOTE_AGAIN)
		return;
	if (note & NOTE_SCANNED)
		c->files++;
	c->bytes += note >> NOTE_BYTES;
	if (note & NOTE_GENERIC_ON_BINARY)
		coverage_skip(c, SKIP_GENERIC_ON_BINARY);
	if (note & NOTE_MAX_SIZE)
		coverage_skip(c, SKIP_MAX_SIZE);
}

static void cover_all_known(struct coverage *c, const struct objects *o)
{
	for (size_t p = 0; p < o->pack_count; p++) {
		const struct pack_notes *notes = &o->pack_notes[p];

		for (uint32_t i = 0; noted_known(notes->noted) && i < pack_count(o->packs[p]);
		     i++) {
			if (!objects_hold_before(o, p, pack_id(o->packs[p], i)))
				cover_known(c, notes->items[i]);
		}
	}
	for (uint32_t i = 0; i < o->loose.count; i++) {
		if (noted_known(o->loose_noted[i]))
			cover_known(c, o->loose_notes[i]);
	}
}

static bool any_found(const struct collector *workers, unsigned count)
{
	for (unsigned w = 0; w < count; w++) {
		if (workers[w].count)
			return true;
	}
	return false;
}

/* Scans what is not known; then, if they are wanted, keeps all commits and tags. */
static void walk_partly(struct sightings *s, struct objects *objects, struct visitor *visitor,
                        struct collection *all)
{
	const struct sighting_options *options = all->options;
	struct walk_counts counts;

	cover_all_known(&s->coverage, objects);
	all->scan_only = true;
	objects_walk_new(objects, visitor, &options->walk, &s->counts);
	all->scan_only = false;
	if (!options->graph && !any_found(all->workers, options->walk.threads))
		return;
	all->keep_only = true;
	visitor->types = 1u << OBJECT_COMMIT | 1u << OBJECT_TAG;
	if (objects_have_leads(objects, NULL))
		objects_walk_leads(objects, visitor, &options->walk, &counts);
	else
		objects_walk(objects, visitor, &options->walk, &counts);
}

/* The visitor of a collection, whose workers are made. */
static struct visitor begin(struct collection *all, struct engine *engine,
                            const struct ruleset *set)
{
	unsigned threads = all->options->walk.threads;

	all->workers = mem_calloc(threads, sizeof(*all->workers));
	for (unsigned w = 0; w < threads; w++)
		all->workers[w].scanner = scanner_new(engine, set, all->options->scan);
	return (struct visitor){.context = all,
	                        .types = 1u << OBJECT_BLOB | 1u << OBJECT_COMMIT | 1u << OBJECT_TAG,
	                        .state_size = sizeof(struct scan_state),
	                        .least_copy = LEAST_COPY,
	                        .visit = visit,
	                        .state_bytes = state_bytes,
	                        .forget = forget,
	                        .lose = lose};
}

void sightings_collect(struct sightings *s, struct objects *objects, struct engine *engine,
                       const struct ruleset *set, const struct sighting_options *options)
{
	unsigned threads = options->walk.threads;
	struct collection all = {.options = options, .objects = objects};
	struct visitor visitor = begin(&all, engine, set);

	if (objects_any_known(objects))
		walk_partly(s, objects, &visitor, &all);
	else
		objects_walk(objects, &visitor, &options->walk, &s->counts);
	if (options->range)
		walk_replaced(s, &visitor, &all);
	fill_tables(s, all.workers, threads);
	for (unsigned w = 0; w < threads; w++) {
		detector_costs_add(&s->costs, scanner_costs(all.workers[w].scanner));
		scanner_free(all.workers[w].scanner);
		gather(s, &all.workers[w]);
	}
	free(all.workers);
}

void sightings_renew(struct objects *objects, struct engine *engine, const struct ruleset *set,
                     const struct sighting_options *options, struct walk_counts *counts)
{
	struct collection all = {
	    .options = options, .objects = objects, .scan_only = true, .renewing = true};
	struct visitor visitor = begin(&all, engine, set);
	struct sightings none = {0};

	objects_walk_noted(objects, &visitor, &options->walk, counts);
	for (unsigned w = 0; w < options->walk.threads; w++) {
		scanner_free(all.workers[w].scanner);
		gather(&none, &all.workers[w]);
	}
	free(all.workers);
	sightings_release(&none);
}

static void table_release(struct sighting_table *table)
{
	id_map_release(&table->objects);
	free(table->items);
	free(table->first);
}

void sightings_release(struct sightings *s)
{
	table_release(&s->blobs);
	table_release(&s->commits);
	table_release(&s->tags);
	for (size_t i = 0; i < s->list_count; i++)
		commit_list_release(&s->commit_lists[i]);
	free(s->commit_lists);
	commits_release(&s->graph);
	free(s->links);
	coverage_release(&s->coverage);
	finding_list_release(&s->text);
	*s = (struct sightings){0};
}
