#include "history/sightings.h"

#include "base/memory.h"

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
	struct commit_text {
		struct object_id id;
		size_t start;
		size_t len;
	} * commits;
	size_t commit_count;
	size_t commit_cap;
	struct buf commit_texts; /* their heads */
	struct tag_link *links;
	size_t link_count;
	size_t link_cap;
};

struct collection {
	const struct sighting_options *options;
	struct collector *workers;
};

/* ---- In the walk ---- */

/* Keeps the commit's head, up to its message, for the graph. */
static void keep_commit(struct collector *c, const struct object_id *id, struct bytes head)
{
	struct commit_text text = {*id, c->commit_texts.len, head.len};

	if (buf_append(&c->commit_texts, head))
		mem_exhausted();
	c->commits = mem_grow(c->commits, c->commit_count, &c->commit_cap, sizeof(*c->commits));
	c->commits[c->commit_count++] = text;
}

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

static void visit(void *context, unsigned worker, const struct walked *w)
{
	struct collection *all = context;
	struct collector *c = &all->workers[worker];
	size_t before = c->result.findings.count, lost = c->result.coverage.named_count;
	struct scan_copies copies = {w->segments, w->segment_count, w->base_state, w->base_len};
	struct blob blob = {.bytes = w->bytes};
	size_t start = 0;

	if (w->type == OBJECT_COMMIT || w->type == OBJECT_TAG) {
		if (w->again)
			return;
		start = message_start(w->bytes);
		if (w->type == OBJECT_COMMIT)
			keep_commit(c, w->id, bytes_slice(w->bytes, 0, start));
		else
			keep_tag(c, w->id, bytes_slice(w->bytes, 0, start));
		blob.bytes = bytes_slice(w->bytes, start, w->bytes.len);
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
	name_lost(&c->result.coverage, lost, w->id);
	if (c->result.findings.count == before)
		return;
	c->objects = mem_grow(c->objects, c->count, &c->cap, sizeof(*c->objects));
	c->objects[c->count++] =
	    (struct seen){*w->id, w->type, worker, before, c->result.findings.count};
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
	for (size_t i = 0; i < c->commit_count; i++)
		commits_add(&s->graph, &c->commits[i].id,
		            bytes_slice(buf_bytes(&c->commit_texts), c->commits[i].start,
		                        c->commits[i].start + c->commits[i].len));
	for (size_t i = 0; i < c->link_count; i++) {
		s->links = mem_grow(s->links, s->link_count, &s->link_cap, sizeof(*s->links));
		s->links[s->link_count++] = c->links[i];
	}
	c->result.findings.count = 0; /* they are in the tables; what they point to moves */
	finding_list_adopt(&s->text, &c->result.findings);
	coverage_adopt(&s->coverage, &c->result.coverage);
	free(c->objects);
	free(c->commits);
	free(c->links);
	buf_release(&c->commit_texts);
}

static bool any_blob(const struct collector *workers, unsigned count)
{
	for (unsigned w = 0; w < count; w++) {
		for (size_t i = 0; i < workers[w].count; i++) {
			if (workers[w].objects[i].type == OBJECT_BLOB)
				return true;
		}
	}
	return false;
}

static void walk_replaced(struct sightings *s, struct objects *objects, struct visitor *visitor,
                          const struct sighting_options *options)
{
	struct walk_options walk = options->walk;
	struct walk_counts counts;

	walk.deadline = 0;
	objects_select(objects, options->replaced, NULL);
	objects_walk(objects, visitor, &walk, &counts);
	walk_counts_add(&s->counts, &counts);
}

void sightings_collect(struct sightings *s, struct objects *objects, struct engine *engine,
                       const struct ruleset *set, const struct sighting_options *options)
{
	unsigned threads = options->walk.threads;
	struct collection all = {.options = options};
	struct visitor visitor = {.context = &all,
	                          .types =
	                              1u << OBJECT_BLOB | 1u << OBJECT_COMMIT | 1u << OBJECT_TAG,
	                          .state_size = sizeof(struct scan_state),
	                          .least_copy = LEAST_COPY,
	                          .visit = visit,
	                          .state_bytes = state_bytes,
	                          .forget = forget,
	                          .lose = lose};

	all.workers = mem_calloc(threads, sizeof(*all.workers));
	for (unsigned w = 0; w < threads; w++) {
		all.workers[w].scanner = scanner_new(engine, set, options->scan);
		buf_init(&all.workers[w].commit_texts, SIZE_MAX);
	}
	objects_walk(objects, &visitor, &options->walk, &s->counts);
	if (options->replaced && any_blob(all.workers, threads))
		walk_replaced(s, objects, &visitor, options);
	fill_tables(s, all.workers, threads);
	for (unsigned w = 0; w < threads; w++) {
		detector_costs_add(&s->costs, scanner_costs(all.workers[w].scanner));
		scanner_free(all.workers[w].scanner);
		gather(s, &all.workers[w]);
	}
	free(all.workers);
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
	commits_release(&s->graph);
	free(s->links);
	coverage_release(&s->coverage);
	finding_list_release(&s->text);
	*s = (struct sightings){0};
}
