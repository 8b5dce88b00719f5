#include "history/objects.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/pool.h"
#include "history/leads.h"
#include "pack/reader.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Reading one object by itself takes about as long as looking at so many entries of a pack. */
enum { PACKED_FOR_ONE = 16 };

/* ---- Opening ---- */

static void open_pack(struct objects *o, const char *index_path, unsigned threads, lose_pack *lose,
                      void *context)
{
	struct pack *pack = NULL;
	struct error error;

	if (pack_open(&pack, index_path, threads, &error)) {
		lose(context, index_path, error.message);
		return;
	}
	o->packs = mem_grow(o->packs, o->pack_count, &o->pack_cap, sizeof(struct pack *));
	o->packs[o->pack_count++] = pack;
}

static int name_order(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Opens the packs of one folder of objects in the order of their names. */
static enum err open_packs(struct objects *o, const char *folder, unsigned threads, lose_pack *lose,
                           void *context, struct error *error)
{
	char **names = NULL;
	size_t count = 0, cap = 0;
	struct dirent *entry;
	struct buf path;
	DIR *dir;

	buf_init(&path, 64 * 1024);
	buf_appendf(&path, "%s/pack", folder);
	dir = opendir(buf_text(&path));
	if (!dir) {
		enum err err = errno == ENOENT ? ERR_NONE
		                               : error_set(error, ERR_IO, "%s: %s", buf_text(&path),
		                                           strerror(errno));

		buf_release(&path);
		return err;
	}
	while ((entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);

		if (len < 4 || strcmp(entry->d_name + len - 4, ".idx") != 0)
			continue;
		names = mem_grow(names, count, &cap, sizeof(*names));
		names[count++] = mem_strdup(entry->d_name);
	}
	closedir(dir);
	if (count)
		qsort(names, count, sizeof(*names), name_order);
	for (size_t i = 0; i < count; i++) {
		buf_clear(&path);
		if (!buf_appendf(&path, "%s/pack/%s", folder, names[i]))
			open_pack(o, buf_text(&path), threads, lose, context);
		free(names[i]);
	}
	free(names);
	buf_release(&path);
	return ERR_NONE;
}

static uint64_t packed_count(const struct objects *o)
{
	uint64_t count = 0;

	for (size_t i = 0; i < o->pack_count; i++)
		count += pack_count(o->packs[i]);
	return count;
}

bool objects_hold_before(const struct objects *o, size_t pack, const struct object_id *id)
{
	for (size_t i = 0; i < pack; i++) {
		if (pack_has(o->packs[i], id))
			return true;
	}
	return false;
}

bool objects_pack(const struct objects *o, const struct object_id *id)
{
	return objects_hold_before(o, o->pack_count, id);
}

static void add_loose(void *context, const struct object_id *id)
{
	struct objects *o = context;

	if (!objects_pack(o, id))
		id_map_add(&o->loose, id, NULL);
}

void objects_prepare(struct objects *o, unsigned threads)
{
	bool *proved = mem_calloc(o->pack_count, sizeof(*proved));

	for (size_t i = 0; o->pack_notes && i < o->pack_count; i++)
		proved[i] = noted_known(o->pack_notes[i].noted);
	o->forests = pack_forests_new(o->packs, proved, o->pack_count, threads);
	pack_forests_circles(o->forests, &o->circles);
	repository_refuse(o->repository, &o->circles);
	free(proved);
}

enum err objects_open(struct objects *o, struct repository *repository, unsigned threads,
                      lose_pack *lose, void *context, struct error *error)
{
	enum err err = ERR_NONE;

	*o = (struct objects){.repository = repository};
	for (const char *const *folder = repository_object_folders(repository); *folder && !err;
	     folder++)
		err = open_packs(o, *folder, threads, lose, context, error);
	if (!err)
		err = repository_loose(repository, add_loose, o, error);
	if (err) {
		objects_close(o);
		return err;
	}
	o->loose_types = mem_calloc(o->loose.count, sizeof(*o->loose_types));
	return ERR_NONE;
}

/* A pack that cannot be opened: its objects are read one by one. */
static void pass_over(void *context, const char *path, const char *detail)
{
	(void)context;
	(void)path;
	(void)detail;
}

void objects_open_brought(struct objects *o, struct repository *repository, unsigned threads)
{
	const char *folder = repository_quarantine(repository);

	*o = (struct objects){.repository = repository};
	if (folder && !open_packs(o, folder, threads, pass_over, NULL, NULL))
		objects_prepare(o, threads);
}

void objects_close(struct objects *o)
{
	if (o->forests)
		repository_refuse(o->repository, NULL);
	pack_forests_free(o->forests);
	for (size_t i = 0; i < o->pack_count; i++) {
		pack_close(o->packs[i]);
		if (!o->pack_notes)
			continue;
		free(o->pack_notes[i].items);
		buf_release(&o->pack_notes[i].leads);
	}
	free(o->packs);
	free(o->pack_notes);
	free(o->loose_notes);
	free(o->loose_noted);
	free(o->loose_identities);
	id_map_release(&o->circles);
	id_map_release(&o->loose);
	id_map_release(&o->absent);
	free(o->loose_types);
	*o = (struct objects){0};
}

void objects_select(struct objects *o, const struct id_map *ids)
{
	id_map_release(&o->loose);
	free(o->loose_types);
	for (uint32_t i = 0; i < ids->count; i++)
		id_map_add(&o->loose, &ids->ids[i], NULL);
	o->loose_types = mem_calloc(o->loose.count, sizeof(*o->loose_types));
	o->selected = true;
	o->pack_wise = o->forests && packed_count(o) / PACKED_FOR_ONE < o->loose.count;
}

bool objects_hold(const struct objects *o, const struct object_id *id)
{
	return objects_pack(o, id) || id_map_find(&o->loose, id) != ID_MAP_NONE;
}

void objects_expect(const struct objects *o, const struct object_id *id)
{
	for (size_t i = 0; i < o->pack_count; i++)
		pack_expect(o->packs[i], id);
}

uint64_t objects_count(const struct objects *o)
{
	return packed_count(o) + o->loose.count;
}

/* ---- Walking ---- */

static bool read_object(void *context, const struct object_id *id, enum object_type *type,
                        struct buf *out)
{
	struct objects *o = context;

	return !repository_read(o->repository, id, type, out, NULL);
}

static bool is_late(int64_t deadline)
{
	return deadline && (int64_t)clock_ns() > deadline;
}

/* An entry of a known pack that is to be looked at again. */
struct again {
	size_t pack;
	uint32_t entry;
};

/* Objects that are read one by one: the loose ones, then entries of packs. */
struct loose_work {
	struct objects *objects;
	const struct visitor *visitor;
	const struct walk_options *options;
	bool new_only;   /* of the loose objects those that are not known */
	bool noted_only; /* those that other rules took notes of */
	struct again *again;
	size_t again_count;
	struct pack_cache *cache; /* of what these are based on */
	atomic_size_t next;
	pthread_mutex_t lock; /* guards counts and what is absent */
	struct walk_counts *counts;
	pthread_mutex_t large; /* held while a large object is in memory */
};

/* One thread's part. */
struct loose_share {
	struct loose_work *work;
	unsigned worker;
	struct pack_reader *reader; /* of packs that are known; NULL until it is needed */
	struct buf bytes;
	void *state;
	struct walk_counts counts;
};

/* A known pack is made of its own bytes: nothing is read from elsewhere. */
static enum err refuse_base(void *context, const struct object_id *id, enum object_type *type,
                            struct buf *out)
{
	(void)context;
	(void)id;
	(void)type;
	(void)out;
	return ERR_CORRUPT;
}

/* An object that is read by itself: by its id, or the entry of a known pack. */
static enum err read_single(struct loose_share *share, struct walked *walked, struct error *error)
{
	struct loose_work *work = share->work;
	const struct pack *pack;
	enum err err;

	if (walked->pack == WALKED_LOOSE)
		return repository_read(work->objects->repository, walked->id, &walked->type,
		                       &share->bytes, error);
	if (!share->reader)
		share->reader = pack_reader_new(work->cache, refuse_base, NULL);
	pack = work->objects->packs[walked->pack];
	err = pack_reader_read(share->reader, pack, pack_offset(pack, walked->entry), &walked->type,
	                       &share->bytes);
	return err ? error_set(error, err, "a damaged object") : ERR_NONE;
}

/* Shows what was read; err says what came of that. */
static void show_single(struct loose_share *share, struct walked *walked, enum err err,
                        const struct error *error)
{
	struct objects *o = share->work->objects;
	const struct visitor *v = share->work->visitor;

	if (err == ERR_MISSING && o->selected) {
		pthread_mutex_lock(&share->work->lock);
		id_map_add(&o->absent, walked->id, NULL);
		pthread_mutex_unlock(&share->work->lock);
		return;
	}
	if (err) {
		v->lose(v->context, share->worker, walked->id, error->message);
		return;
	}
	if (walked->pack == WALKED_LOOSE)
		o->loose_types[walked->entry] = (uint8_t)walked->type;
	if (walked->pack == WALKED_LOOSE && o->loose_notes && walked->type == OBJECT_TREE)
		o->loose_notes[walked->entry] = OBJECT_TREE; /* nobody looks into it */
	if (!(v->types >> walked->type & 1))
		return;
	walked->bytes = buf_bytes(&share->bytes);
	v->visit(v->context, share->worker, walked);
	v->forget(walked->state);
	memset(walked->state, 0, v->state_size);
	share->counts.objects++;
	share->counts.bytes += walked->bytes.len;
	share->counts.stored += walked->bytes.len;
}

/*
 * Reads an object and shows it. While the threads together keep within the memory that they may
 * have, an object and its base each, they go on side by side; larger ones come one at a time.
 */
static void walk_single(struct loose_share *share, struct walked *walked)
{
	struct loose_work *work = share->work;
	const uint64_t max = work->options->object_max;
	const uint64_t fair = work->options->memory / 2 / work->options->threads;
	struct error error = {0};
	enum err err;

	walked->state = share->state;
	share->bytes.max = max < fair ? max : fair;
	buf_clear(&share->bytes);
	err = read_single(share, walked, &error);
	if (err != ERR_LIMIT || max <= fair) {
		show_single(share, walked, err, &error);
		return;
	}
	pthread_mutex_lock(&work->large);
	share->bytes.max = max;
	err = read_single(share, walked, &error);
	show_single(share, walked, err, &error);
	buf_release(&share->bytes);
	pthread_mutex_unlock(&work->large);
}

/* Whether nobody wants the loose object. */
static bool pass_over_loose(const struct loose_work *work, uint32_t number)
{
	const struct objects *o = work->objects;
	const struct visitor *v = work->visitor;

	return (o->pack_wise && objects_pack(o, &o->loose.ids[number])) || /* was walked */
	       (o->loose_types[number] && !(v->types >> o->loose_types[number] & 1)) ||
	       (v->wants && !v->wants(v->context, &o->loose.ids[number])) ||
	       (work->new_only && noted_known(o->loose_noted[number]) &&
	        !(o->loose_notes[number] & NOTE_AGAIN)) ||
	       (work->noted_only && o->loose_noted[number] != NOTED_OTHER);
}

static void walk_loose(void *shared, unsigned worker)
{
	struct loose_work *work = shared;
	struct objects *o = work->objects;
	struct loose_share share = {.work = work, .worker = worker};
	size_t next;

	share.state = mem_calloc(1, work->visitor->state_size);
	buf_init(&share.bytes, 0);
	while ((next = atomic_fetch_add(&work->next, 1)) < o->loose.count + work->again_count) {
		struct walked walked = {.pack = WALKED_LOOSE, .entry = (uint32_t)next};

		if (next >= o->loose.count) {
			const struct again *again = &work->again[next - o->loose.count];

			walked.pack = again->pack;
			walked.entry = again->entry;
			walked.id = pack_id(o->packs[again->pack], again->entry);
			walk_single(&share, &walked);
		} else if (pass_over_loose(work, (uint32_t)next)) {
			continue;
		} else if (is_late(work->options->deadline)) {
			share.counts.late++;
		} else {
			walked.id = &o->loose.ids[next];
			walk_single(&share, &walked);
		}
	}
	pack_reader_free(share.reader);
	buf_release(&share.bytes);
	free(share.state);
	pthread_mutex_lock(&work->lock);
	walk_counts_add(work->counts, &share.counts);
	pthread_mutex_unlock(&work->lock);
}

static void run_loose(struct loose_work *work)
{
	if (!work->objects->loose.count && !work->again_count)
		return;
	if (pthread_mutex_init(&work->lock, NULL) != 0 ||
	    pthread_mutex_init(&work->large, NULL) != 0)
		mem_exhausted();
	work->cache = pack_cache_new();
	pool_run(work->options->threads, walk_loose, work);
	pack_cache_free(work->cache);
	pthread_mutex_destroy(&work->lock);
	pthread_mutex_destroy(&work->large);
}

/* A visitor that sees only what is selected of the packs. */
struct choosing {
	const struct objects *objects;
	const struct visitor *visitor;
	int64_t deadline;
	atomic_ullong late;
};

static bool wants_selected(void *context, const struct object_id *id)
{
	const struct choosing *c = context;
	const struct visitor *v = c->visitor;

	return id_map_find(&c->objects->loose, id) != ID_MAP_NONE &&
	       (!v->wants || v->wants(v->context, id));
}

static void visit_selected(void *context, unsigned worker, const struct walked *w)
{
	struct choosing *c = context;
	struct walked shown = *w;

	shown.again = w->again || !wants_selected(c, w->id);
	if (is_late(c->deadline))
		atomic_fetch_add(&c->late, !shown.again);
	else
		c->visitor->visit(c->visitor->context, worker, &shown);
}

static void lose_selected(void *context, unsigned worker, const struct object_id *id,
                          const char *detail)
{
	struct choosing *c = context;

	if (wants_selected(c, id))
		c->visitor->lose(c->visitor->context, worker, id, detail);
}

static void walk_selected(struct objects *o, const struct visitor *visitor,
                          const struct walk_options *options, struct walk_counts *counts)
{
	struct choosing choosing = {
	    .objects = o, .visitor = visitor, .deadline = options->deadline};
	struct visitor selected = *visitor;

	selected.context = &choosing;
	selected.visit = visit_selected;
	selected.wants = wants_selected;
	selected.lose = lose_selected;
	pack_walk(o->forests, &selected, options, counts);
	counts->late += choosing.late;
}

static void set_reader(struct objects *o, struct visitor *visitor)
{
	visitor->read = read_object;
	visitor->read_context = o;
}

void objects_walk(struct objects *o, struct visitor *visitor, const struct walk_options *options,
                  struct walk_counts *counts)
{
	struct loose_work work = {
	    .objects = o, .visitor = visitor, .options = options, .counts = counts};

	set_reader(o, visitor);
	*counts = (struct walk_counts){0};
	if (!o->selected) {
		pack_forests_complete(o->forests, options->threads);
		pack_walk(o->forests, visitor, options, counts);
	} else if (o->pack_wise) {
		walk_selected(o, visitor, options, counts);
	}
	run_loose(&work);
}

/* ---- What is known ---- */

bool noted_known(enum noted noted)
{
	return noted == NOTED_KNOWN || noted == NOTED_RENEWED;
}

bool objects_any_known(const struct objects *o)
{
	for (size_t i = 0; o->pack_notes && i < o->pack_count; i++) {
		if (noted_known(o->pack_notes[i].noted))
			return true;
	}
	for (uint32_t i = 0; o->loose_notes && i < o->loose.count; i++) {
		if (noted_known(o->loose_noted[i]))
			return true;
	}
	return false;
}

/* Lists the entries of the known pack that are to be looked at again and count there. */
static void list_again(const struct objects *o, size_t pack, struct loose_work *work, size_t *cap)
{
	const struct pack_notes *notes = &o->pack_notes[pack];

	for (uint32_t i = 0; noted_known(notes->noted) && i < pack_count(o->packs[pack]); i++) {
		if (!(notes->items[i] & NOTE_AGAIN) ||
		    objects_hold_before(o, pack, pack_id(o->packs[pack], i)))
			continue;
		work->again = mem_grow(work->again, work->again_count, cap, sizeof(*work->again));
		work->again[work->again_count++] = (struct again){pack, i};
	}
}

void objects_walk_new(struct objects *o, struct visitor *visitor,
                      const struct walk_options *options, struct walk_counts *counts)
{
	struct loose_work work = {.objects = o,
	                          .visitor = visitor,
	                          .options = options,
	                          .counts = counts,
	                          .new_only = true};
	size_t cap = 0;

	set_reader(o, visitor);
	*counts = (struct walk_counts){0};
	for (size_t i = 0; i < o->pack_count; i++)
		list_again(o, i, &work, &cap);
	pack_walk(o->forests, visitor, options, counts);
	run_loose(&work);
	free(work.again);
}

/* ---- Leads ---- */

/* Whether the leads of the pack hold for findings in these blobs. */
static bool leads_hold(const struct objects *o, size_t pack, const struct id_map *blobs)
{
	struct bytes leads = buf_bytes(&o->pack_notes[pack].leads);
	uint32_t held = 0;
	struct lead lead;

	for (size_t at = 0; leads_next(leads, &at, &lead);) {
		held += lead.type == OBJECT_BLOB &&
		        id_map_find(blobs, pack_id(o->packs[pack], lead.entry)) != ID_MAP_NONE;
	}
	return held == blobs->count;
}

bool objects_have_leads(const struct objects *o, const struct id_map *blobs)
{
	bool any = false;

	for (size_t i = 0; i < o->pack_count; i++) {
		const struct pack_notes *notes = o->pack_notes ? &o->pack_notes[i] : NULL;

		if (!notes || !noted_known(notes->noted))
			continue;
		if (!notes->leads.len || (blobs && !leads_hold(o, i, blobs)))
			return false;
		any = true;
	}
	return any;
}

static void show_leads(const struct objects *o, size_t pack, const struct visitor *v)
{
	void *state = mem_calloc(1, v->state_size);
	struct lead lead;

	for (size_t at = 0; leads_next(buf_bytes(&o->pack_notes[pack].leads), &at, &lead);) {
		const struct object_id *id = pack_id(o->packs[pack], lead.entry);
		struct walked walked = {.id = id,
		                        .type = lead.type,
		                        .bytes = lead.bytes,
		                        .state = state,
		                        .again = objects_hold_before(o, pack, id),
		                        .pack = pack,
		                        .entry = lead.entry};

		if (lead.type == OBJECT_BLOB || !(v->types >> lead.type & 1))
			continue;
		v->visit(v->context, 0, &walked);
		v->forget(state);
		memset(state, 0, v->state_size);
	}
	free(state);
}

void objects_walk_leads(struct objects *o, struct visitor *visitor,
                        const struct walk_options *options, struct walk_counts *counts)
{
	struct loose_work work = {
	    .objects = o, .visitor = visitor, .options = options, .counts = counts};

	set_reader(o, visitor);
	*counts = (struct walk_counts){0};
	for (size_t i = 0; i < o->pack_count; i++) {
		if (noted_known(o->pack_notes[i].noted))
			show_leads(o, i, visitor);
	}
	pack_walk(o->forests, visitor, options, counts);
	run_loose(&work);
}

/* ---- What other rules took notes of ---- */

/* Such a pack is made of its own bytes, too. */
static bool read_nothing(void *context, const struct object_id *id, enum object_type *type,
                         struct buf *out)
{
	return refuse_base(context, id, type, out) == ERR_NONE;
}

void objects_walk_noted(struct objects *o, struct visitor *visitor,
                        const struct walk_options *options, struct walk_counts *counts)
{
	struct loose_work work = {.objects = o,
	                          .visitor = visitor,
	                          .options = options,
	                          .counts = counts,
	                          .noted_only = true};
	bool *others = mem_calloc(o->pack_count, sizeof(*others));
	struct pack_forests *forests;

	for (size_t i = 0; i < o->pack_count; i++)
		others[i] = o->pack_notes[i].noted != NOTED_OTHER;
	forests = pack_forests_new(o->packs, others, o->pack_count, options->threads);
	visitor->read = read_nothing;
	*counts = (struct walk_counts){0};
	pack_walk(forests, visitor, options, counts);
	pack_forests_free(forests);
	free(others);
	run_loose(&work);
}
