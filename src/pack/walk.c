#include "pack/walk.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/pool.h"
#include "pack/delta.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	TURN = 1 << 12,         /* entries that a thread reads at a time */
	AHEAD = 16,             /* entries on, what will be read is called for */
	PIECES_PER_THREAD = 16, /* so that threads end together */
	LIGHT = 16,             /* pieces so much below the weight that is meant come last */
	WEIGHT_ENTRY = 2000,  /* what an entry costs whatever its size, in bytes of deflated data */
	WEIGHT_MIN = 1 << 22, /* pieces below this are not worth the making again of a base */
	MAPPED_MAX = 1 << 29, /* bytes of packs that are mapped at once; others page by page */
	CHAIN_MAX = 1 << 20,  /* deltas on top of each other; git makes 50, and 4,095 at most */
};

/* The delta forest of one pack. */
struct forest {
	const struct pack *pack;
	bool proved;
	bool read;
	uint32_t count;   /* of the entries; 0 as long as they are not read */
	uint32_t *parent; /* by entry; PACK_NONE: the entry is a root */
	uint32_t *first_child;
	uint32_t *next_sibling;
	uint32_t *cost; /* bytes of deflated data, and WEIGHT_ENTRY */
	uint8_t *type;  /* of the entry itself: enum object_type, or a delta type; 0: unreadable */
	uint32_t
	    *order; /* entries, bases before what is based on them; NULL: as they are numbered */
	uint32_t ordered;  /* of these; entries in circles are not among them */
	uint32_t *circles; /* entries to which no root leads: each refers to another one */
	uint32_t circle_count;
	bool mapped; /* its pages are mapped many at a time */
};

struct pack_forests {
	struct forest *items;
	size_t count;
};

/* How one walk parts a forest. */
struct parting {
	bool *wanted;     /* the family is of a type that is to be shown; and later, the entry or
	                   * what is based on it is needed */
	uint64_t *weight; /* of the entry and what is based on it, less what was cut off */
	bool *cut;        /* the entry starts a piece of its own, or nobody needs it */
};

/* A subtree of a forest, less what is cut off it. */
struct piece {
	const struct forest *forest;
	const bool *cut;
	uint32_t entry;
	bool in_circle; /* its base cannot be made here */
	uint64_t weight;
};

struct walk {
	const struct visitor *visitor;
	const struct walk_options *options;
	const struct pack_forests *forests;
	struct parting *partings; /* by forest */
	struct piece *pieces;
	size_t piece_count;
	size_t piece_cap;
	atomic_size_t next_piece;
	pthread_mutex_t lock; /* guards counts */
	struct walk_counts counts;
};

/* ---- The forest ---- */

/* The entry that comes at this place in the order. */
static uint32_t nth(const struct forest *f, uint32_t place)
{
	return f->order ? f->order[place] : place;
}

/* Puts the entries in order, and finds those that no root leads to. */
static void order_entries(struct forest *f)
{
	bool *reached = mem_calloc(f->count, sizeof(*reached));
	uint32_t count = 0;

	f->order = mem_resize(NULL, f->count, sizeof(*f->order));
	for (uint32_t i = 0; i < f->count; i++) {
		if (f->parent[i] == PACK_NONE)
			f->order[count++] = i;
	}
	for (uint32_t k = 0; k < count; k++) {
		uint32_t base = f->order[k];

		reached[base] = true;
		for (uint32_t c = f->first_child[base]; c != PACK_NONE; c = f->next_sibling[c])
			f->order[count++] = c;
	}
	f->ordered = count;
	f->circles = mem_calloc(f->count - count, sizeof(*f->circles));
	for (uint32_t i = 0; i < f->count; i++) {
		if (!reached[i])
			f->circles[f->circle_count++] = i;
	}
	free(reached);
}

/* Makes room for the entries. */
static void forest_begin(struct forest *f)
{
	uint32_t n = pack_count(f->pack);

	f->count = n;
	f->parent = mem_resize(NULL, n, sizeof(*f->parent));
	f->first_child = mem_resize(NULL, n, sizeof(*f->first_child));
	f->next_sibling = mem_resize(NULL, n, sizeof(*f->next_sibling));
	f->cost = mem_resize(NULL, n, sizeof(*f->cost));
	f->type = mem_calloc(n, sizeof(*f->type));
}

/* Reads what the entry is based on. One that is damaged is read from elsewhere, or lost. */
static void read_parent(struct forest *f, uint32_t number)
{
	struct pack_entry entry;

	f->parent[number] = PACK_NONE;
	f->cost[number] = WEIGHT_ENTRY;
	if (pack_entry_read(f->pack, number, &entry, NULL) ||
	    (!f->proved && !pack_entry_intact(f->pack, number)))
		return;
	f->type[number] = (uint8_t)entry.type;
	f->cost[number] +=
	    entry.deflated.len < INT32_MAX ? (uint32_t)entry.deflated.len : INT32_MAX;
	if (entry.type >= PACK_OFS_DELTA)
		f->parent[number] = entry.base;
}

/* Links all entries to their bases, when all are read. */
static void link_entries(struct forest *f)
{
	bool in_order = true;

	for (uint32_t i = 0; i < f->count; i++)
		f->first_child[i] = f->next_sibling[i] = PACK_NONE;
	/* From the last to the first, so that siblings stand in order of their offsets. */
	for (uint32_t i = f->count; i-- > 0;) {
		uint32_t base = f->parent[i];

		if (base == PACK_NONE)
			continue;
		f->next_sibling[i] = f->first_child[base];
		f->first_child[base] = i;
		in_order = in_order && base < i;
	}
	f->ordered = f->count;
	if (!in_order) /* some PACK_REF_DELTA stands before its base */
		order_entries(f);
}

static void forest_release(struct forest *f)
{
	free(f->order);
	free(f->circles);
	free(f->parent);
	free(f->first_child);
	free(f->next_sibling);
	free(f->cost);
	free(f->type);
}

/* Threads take the entries of all packs in turns. */
struct forest_work {
	struct forest **forests; /* that are to be read */
	size_t count;
	pthread_mutex_t lock; /* guards what follows */
	size_t forest;        /* the next turn */
	uint32_t entry;
};

/* Takes a turn: entries [*first, *end) of the forest; NULL when there are no more. */
static struct forest *take_turn(struct forest_work *work, uint32_t *first, uint32_t *end)
{
	struct forest *f = NULL;

	pthread_mutex_lock(&work->lock);
	while (work->forest < work->count && work->entry == work->forests[work->forest]->count) {
		work->forest++;
		work->entry = 0;
	}
	if (work->forest < work->count) {
		f = work->forests[work->forest];
		*first = work->entry;
		*end = f->count - *first > TURN ? *first + TURN : f->count;
		work->entry = *end;
	}
	pthread_mutex_unlock(&work->lock);
	return f;
}

static void read_forests(void *shared, unsigned number)
{
	struct forest_work *work = shared;
	uint32_t first, end;
	struct forest *f;

	(void)number;
	while ((f = take_turn(work, &first, &end))) {
		if (f->mapped)
			pack_map(f->pack, first, end);
		for (uint32_t i = first; i < end; i++) {
			pack_entry_expect(f->pack, i + AHEAD);
			read_parent(f, i);
		}
	}
}

/* Reads the packs that are not read yet, the proved ones only with `all`. */
static void forests_read(struct pack_forests *forests, bool all, unsigned threads)
{
	struct forest_work work = {.forests = mem_calloc(forests->count, sizeof(struct forest *))};
	uint64_t mappable = MAPPED_MAX;

	for (size_t i = 0; i < forests->count; i++) {
		struct forest *f = &forests->items[i];

		if (f->read || (f->proved && !all))
			continue;
		if (pack_size(f->pack) <= mappable) {
			mappable -= pack_size(f->pack);
			f->mapped = true;
		}
		forest_begin(f);
		work.forests[work.count++] = f;
	}
	if (pthread_mutex_init(&work.lock, NULL) != 0)
		mem_exhausted();
	if (work.count)
		pool_run(threads, read_forests, &work);
	pthread_mutex_destroy(&work.lock);
	for (size_t i = 0; i < work.count; i++) {
		link_entries(work.forests[i]);
		work.forests[i]->read = true;
	}
	free(work.forests);
}

struct pack_forests *pack_forests_new(struct pack *const *packs, const bool *proved, size_t count,
                                      unsigned threads)
{
	struct pack_forests *forests = mem_calloc(1, sizeof(*forests));

	forests->items = mem_calloc(count, sizeof(*forests->items));
	forests->count = count;
	for (size_t i = 0; i < count; i++) {
		forests->items[i].pack = packs[i];
		forests->items[i].proved = proved && proved[i];
	}
	forests_read(forests, false, threads);
	return forests;
}

void pack_forests_complete(struct pack_forests *forests, unsigned threads)
{
	forests_read(forests, true, threads);
}

unsigned pack_forests_type(const struct pack_forests *forests, size_t pack, uint32_t entry)
{
	const struct forest *f = &forests->items[pack];
	uint32_t steps = 0;

	while (f->parent[entry] != PACK_NONE && steps++ < f->count)
		entry = f->parent[entry];
	return f->type[entry] < PACK_OFS_DELTA ? f->type[entry] : 0;
}

void pack_forests_free(struct pack_forests *forests)
{
	for (size_t i = 0; forests && i < forests->count; i++)
		forest_release(&forests->items[i]);
	if (forests)
		free(forests->items);
	free(forests);
}

void pack_forests_circles(const struct pack_forests *forests, struct id_map *ids)
{
	for (size_t i = 0; i < forests->count; i++) {
		const struct forest *f = &forests->items[i];

		for (uint32_t k = 0; k < f->circle_count; k++)
			id_map_add(ids, pack_id(f->pack, f->circles[k]), NULL);
	}
}

/* ---- Pieces ---- */

static void add_piece(struct walk *w, const struct forest *f, const struct parting *p,
                      uint32_t entry, bool in_circle)
{
	p->cut[entry] = true;
	w->pieces = mem_grow(w->pieces, w->piece_count, &w->piece_cap, sizeof(*w->pieces));
	w->pieces[w->piece_count++] = (struct piece){f, p->cut, entry, in_circle, p->weight[entry]};
}

/* Whether objects of the family are to be shown; what cannot be known is looked at. */
static bool family_wanted(const struct walk *w, unsigned type)
{
	return type == 0 || type >= PACK_OFS_DELTA || (w->visitor->types >> type & 1);
}

/* Leaves entries wanted that are needed, or that what is needed is based on. */
static void drop_unneeded(const struct walk *w, const struct forest *f, struct parting *p)
{
	const struct visitor *v = w->visitor;
	bool *needed = mem_calloc(f->count, sizeof(*needed));

	for (uint32_t k = f->ordered; k-- > 0;) {
		uint32_t i = nth(f, k);

		p->wanted[i] =
		    p->wanted[i] && (needed[i] || v->wants(v->context, pack_id(f->pack, i)));
		if (p->wanted[i] && f->parent[i] != PACK_NONE)
			needed[f->parent[i]] = true;
	}
	free(needed);
}

/* Finds which entries are wanted; returns what these cost. */
static uint64_t choose_entries(const struct walk *w, const struct forest *f, struct parting *p)
{
	uint64_t total = 0;

	p->wanted = mem_calloc(f->count, sizeof(*p->wanted));
	p->weight = mem_resize(NULL, f->count, sizeof(*p->weight));
	p->cut = mem_calloc(f->count, sizeof(*p->cut));
	for (uint32_t k = 0; k < f->ordered; k++) {
		uint32_t i = nth(f, k), base = f->parent[i];

		p->wanted[i] = base == PACK_NONE ? family_wanted(w, f->type[i]) : p->wanted[base];
	}
	if (w->visitor->wants)
		drop_unneeded(w, f, p);
	for (uint32_t i = 0; i < f->count; i++) {
		p->weight[i] = f->cost[i];
		total += p->wanted[i] ? f->cost[i] : 0;
	}
	return total;
}

/* Parts the wanted families into pieces of at least the given weight, if they have it. */
static void cut_pieces(struct walk *w, const struct forest *f, const struct parting *p,
                       uint64_t least)
{
	/* From the leaves to the bases, weights add up. */
	for (uint32_t k = f->ordered; k-- > 0;) {
		uint32_t i = nth(f, k);

		if (!p->wanted[i])
			p->cut[i] = true;
		else if (f->parent[i] != PACK_NONE && p->weight[i] < least)
			p->weight[f->parent[i]] += p->weight[i];
		else
			add_piece(w, f, p, i, false);
	}
	for (uint32_t k = 0; k < f->circle_count; k++)
		add_piece(w, f, p, f->circles[k], true);
}

static void parting_release(struct parting *p)
{
	free(p->wanted);
	free(p->weight);
	free(p->cut);
}

static int heavier_first(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return (a->entry > b->entry) - (a->entry < b->entry);
}

/*
 * Puts the heaviest pieces first, so that threads end together. Most are tiny ones, which are not
 * worth the sorting.
 */
static void order_pieces(struct walk *w, uint64_t least)
{
	size_t heavy = 0;

	for (size_t i = 0; i < w->piece_count; i++) {
		struct piece piece = w->pieces[i];

		if (piece.weight < least / LIGHT)
			continue;
		w->pieces[i] = w->pieces[heavy];
		w->pieces[heavy++] = piece;
	}
	if (heavy)
		qsort(w->pieces, heavy, sizeof(*w->pieces), heavier_first);
}

/* ---- One thread's walk ---- */

/* An object that others are based on, on the way from a base to the leaves. */
struct frame {
	uint32_t entry;
	uint32_t next_child;
	enum object_type type;
	struct buf content; /* empty when it was dropped */
	void *state;
	bool dropped;
	bool lost;     /* dropped for good: nothing could make it */
	bool borrowed; /* something of it came from elsewhere */
};

struct worker {
	struct walk *walk;
	unsigned number;
	const struct forest *forest;
	struct inflater *inflater;
	struct buf delta;
	struct segment_list segments;
	struct frame *frames; /* the way; the last is the one being followed */
	size_t depth;
	size_t cap;
	uint64_t live; /* bytes that the frames hold */
	uint64_t budget;
	struct buf spare; /* a content buffer to be used again */
	bool borrowed;    /* something was read from elsewhere; for whoever set it to false */
	struct walk_counts counts;
};

static void *state_new(const struct worker *w)
{
	return mem_calloc(1, w->walk->visitor->state_size);
}

static void state_free(const struct worker *w, void *state)
{
	if (state)
		w->walk->visitor->forget(state);
	free(state);
}

static uint64_t frame_bytes(const struct worker *w, const struct frame *f)
{
	return f->content.cap + (f->state ? w->walk->visitor->state_bytes(f->state) : 0);
}

static void frame_release(struct worker *w, struct frame *f)
{
	state_free(w, f->state);
	f->state = NULL;
	if (f->content.cap > w->spare.cap) {
		struct buf swapped = w->spare;

		w->spare = f->content;
		f->content = swapped;
	}
	buf_release(&f->content);
}

/* Inflates the entry's own data into out. */
static enum err inflate(struct worker *w, uint32_t number, struct pack_entry *entry,
                        struct buf *out)
{
	bool timed = w->walk->options->timed;
	uint64_t start = clock_ns_if(timed);
	enum err err = w->forest->type[number] ? pack_entry_reread(w->forest->pack, number, entry)
	                                       : ERR_CORRUPT;

	if (!err)
		err = pack_inflate(w->inflater, entry, out);
	w->counts.inflate_ns += clock_ns_if(timed) - start;
	return err;
}

/* Reads the object from elsewhere, whole. */
static bool read_elsewhere(struct worker *w, const struct object_id *id, enum object_type *type,
                           struct buf *out)
{
	const struct visitor *v = w->walk->visitor;

	w->borrowed = true;
	buf_clear(out);
	return v->read(v->read_context, id, type, out);
}

/*
 * Makes the entry's content in out, without a base at hand: the entry is a root of its family, its
 * base lies elsewhere, or it cannot be read here.
 */
static bool make_root(struct worker *w, uint32_t number, enum object_type *type, struct buf *out)
{
	struct pack_entry entry;
	struct buf base;
	bool made = false;

	buf_init(&base, out->max);
	if (!inflate(w, number, &entry, &w->delta)) {
		if (entry.type < PACK_OFS_DELTA) {
			struct buf swapped = *out;

			*out = w->delta;
			w->delta = swapped;
			*type = (enum object_type)entry.type;
			made = true;
		} else if (entry.type == PACK_REF_DELTA && w->forest->parent[number] == PACK_NONE) {
			made = read_elsewhere(w, &entry.base_id, type, &base) &&
			       !delta_apply(buf_bytes(&base), buf_bytes(&w->delta),
			                    w->walk->visitor->least_copy, out, &w->segments, NULL);
		}
	}
	buf_release(&base);
	w->segments.count = 0;
	return made || read_elsewhere(w, pack_id(w->forest->pack, number), type, out);
}

/* Makes the entry's content in out from its base's; the segments tell what was copied. */
static bool make_from(struct worker *w, uint32_t number, struct bytes base, struct buf *out)
{
	bool timed = w->walk->options->timed, made;
	struct pack_entry entry;
	uint64_t start;

	if (inflate(w, number, &entry, &w->delta))
		return false;
	start = clock_ns_if(timed);
	made = !delta_apply(base, buf_bytes(&w->delta), w->walk->visitor->least_copy, out,
	                    &w->segments, &w->counts.stored);
	w->counts.patch_ns += clock_ns_if(timed) - start;
	return made;
}

/* Makes the entry's content in out from the root of its family on. */
static bool make_again(struct worker *w, uint32_t number, enum object_type *type, struct buf *out)
{
	const struct forest *f = w->forest;
	uint32_t *chain = NULL;
	size_t length = 0, cap = 0;
	struct buf base;
	bool made;

	buf_init(&base, out->max);
	while (f->parent[number] != PACK_NONE && length < CHAIN_MAX) {
		chain = mem_grow(chain, length, &cap, sizeof(*chain));
		chain[length++] = number;
		number = f->parent[number];
	}
	made = make_root(w, number, type, out);
	while (length-- > 0) {
		uint64_t stored = w->counts.stored;
		struct buf swapped = base;

		base = *out;
		*out = swapped;
		made = made && make_from(w, chain[length], buf_bytes(&base), out);
		w->counts.stored = stored;
		if (!made)
			made = read_elsewhere(w, pack_id(f->pack, chain[length]), type, out);
	}
	buf_release(&base);
	free(chain);
	w->counts.remade++;
	return made;
}

static bool in_earlier_pack(const struct worker *w, const struct object_id *id)
{
	const struct pack_forests *forests = w->walk->forests;

	for (size_t i = 0; i < forests->count; i++) {
		if (&forests->items[i] == w->forest)
			return false;
		if (pack_has(forests->items[i].pack, id))
			return true;
	}
	return false;
}

static void show(struct worker *w, uint32_t number, const struct frame *object,
                 const struct frame *base, bool again)
{
	const struct visitor *v = w->walk->visitor;
	struct walked walked = {.id = pack_id(w->forest->pack, number),
	                        .type = object->type,
	                        .bytes = buf_bytes(&object->content),
	                        .state = object->state,
	                        .pack = (size_t)(w->forest - w->walk->forests->items),
	                        .entry = number,
	                        .borrowed = object->borrowed};

	walked.again = again || in_earlier_pack(w, walked.id);
	if (base && base->state) {
		walked.segments = w->segments.items;
		walked.segment_count = w->segments.count;
		walked.base_state = base->state;
		walked.base_len = base->content.len;
	}
	if (!walked.again) {
		w->counts.objects++;
		w->counts.bytes += walked.bytes.len;
	}
	if (v->types >> object->type & 1)
		v->visit(v->context, w->number, &walked);
}

/* Puts the frame on the way. What is over the budget is dropped, the oldest first. */
static void push(struct worker *w, const struct frame *frame)
{
	w->frames = mem_grow(w->frames, w->depth, &w->cap, sizeof(*w->frames));
	w->frames[w->depth++] = *frame;
	w->live += frame_bytes(w, frame);
	for (size_t i = 0; i + 1 < w->depth && w->live > w->budget; i++) {
		struct frame *old = &w->frames[i];

		if (old->dropped)
			continue;
		w->live -= frame_bytes(w, old);
		state_free(w, old->state);
		old->state = NULL;
		buf_release(&old->content);
		old->dropped = true;
	}
}

static void pop(struct worker *w)
{
	struct frame *f = &w->frames[--w->depth];

	w->live -= frame_bytes(w, f);
	frame_release(w, f);
}

/* Gives a dropped frame its content and state back. */
static bool restore(struct worker *w, struct frame *f)
{
	f->content = (struct buf){.max = w->walk->options->object_max};
	w->borrowed = false;
	if (!make_again(w, f->entry, &f->type, &f->content)) {
		buf_release(&f->content);
		return false;
	}
	f->borrowed = w->borrowed;
	f->state = state_new(w);
	show(w, f->entry, f, NULL, true);
	f->dropped = false;
	w->live += frame_bytes(w, f);
	return true;
}

/* Says that the entry, which may be PACK_NONE, is one of the next. */
static void near(const struct forest *f, uint32_t entry)
{
	if (entry == PACK_NONE)
		return;
	__builtin_prefetch(&f->first_child[entry]);
	__builtin_prefetch(&f->next_sibling[entry]);
	pack_entry_near(f->pack, entry);
}

/* Makes and shows one entry, whose base is the last frame (if it has one there), and puts it on the
 * way if others are based on it. */
static void follow(struct worker *w, uint32_t number, bool has_base)
{
	const struct visitor *v = w->walk->visitor;
	struct frame frame = {.entry = number, .next_child = w->forest->first_child[number]};
	struct frame *base = has_base ? &w->frames[w->depth - 1] : NULL;
	const uint32_t next_sibling = w->forest->next_sibling[number];
	bool made;

	/* By the time this one is done, the next one is there. */
	near(w->forest, frame.next_child);
	near(w->forest, next_sibling);
	frame.content = w->spare;
	frame.content.max = w->walk->options->object_max;
	w->spare = (struct buf){0};
	buf_clear(&frame.content);
	if (base && base->dropped && (base->lost || !restore(w, base))) {
		base->lost = true;
		base = NULL;
	}
	w->borrowed = base && base->borrowed;
	if (base) {
		frame.type = base->type;
		made = make_from(w, number, buf_bytes(&base->content), &frame.content);
		if (!made) {
			w->segments.count = 0;
			made = read_elsewhere(w, pack_id(w->forest->pack, number), &frame.type,
			                      &frame.content);
		}
	} else {
		made = make_root(w, number, &frame.type, &frame.content);
		if (made)
			w->counts.stored += frame.content.len;
	}
	pack_entry_call(w->forest->pack, frame.next_child);
	pack_entry_call(w->forest->pack, next_sibling);
	if (!made) {
		/* An earlier pack's copy of it was shown, or told to be lost. */
		if (!in_earlier_pack(w, pack_id(w->forest->pack, number)))
			v->lose(
			    v->context, w->number, pack_id(w->forest->pack, number),
			    "it is damaged or too large (see --max-size), or its base is missing");
		buf_release(&frame.content);
		frame.dropped = frame.lost = true; /* what is based on it is read from elsewhere */
	} else {
		frame.borrowed = w->borrowed;
		frame.state = state_new(w);
		show(w, number, &frame, base, false);
	}
	/* A base is not needed any more once its last child is made. */
	if (has_base && w->frames[w->depth - 1].next_child == PACK_NONE)
		pop(w);
	if (frame.next_child != PACK_NONE)
		push(w, &frame);
	else
		frame_release(w, &frame);
}

static void walk_piece(struct worker *w, const struct piece *piece)
{
	const struct forest *f = piece->forest;
	uint32_t parent = f->parent[piece->entry];
	bool has_base = parent != PACK_NONE && !piece->in_circle;

	w->forest = f;
	w->counts.pieces++;
	pack_entry_call(f->pack, piece->entry);
	if (has_base) {
		struct frame base = {.entry = parent, .next_child = PACK_NONE, .dropped = true};

		push(w, &base);
	}
	follow(w, piece->entry, has_base);
	while (w->depth) {
		struct frame *top = &w->frames[w->depth - 1];
		uint32_t child = top->next_child;

		if (child == PACK_NONE) {
			pop(w);
			continue;
		}
		do {
			top->next_child = f->next_sibling[top->next_child];
		} while (top->next_child != PACK_NONE && piece->cut[top->next_child]);
		if (!piece->cut[child])
			follow(w, child, true);
	}
}

static void walk_pieces(void *shared, unsigned number)
{
	struct walk *walk = shared;
	struct worker w = {.walk = walk, .number = number};
	size_t next;

	w.inflater = inflater_new();
	w.budget = walk->options->memory / walk->options->threads;
	buf_init(&w.delta, walk->options->object_max);
	while ((next = atomic_fetch_add(&walk->next_piece, 1)) < walk->piece_count)
		walk_piece(&w, &walk->pieces[next]);
	inflater_free(w.inflater);
	buf_release(&w.delta);
	buf_release(&w.spare);
	segment_list_release(&w.segments);
	free(w.frames);
	pthread_mutex_lock(&walk->lock);
	walk_counts_add(&walk->counts, &w.counts);
	pthread_mutex_unlock(&walk->lock);
}

void walk_counts_add(struct walk_counts *counts, const struct walk_counts *more)
{
	counts->objects += more->objects;
	counts->bytes += more->bytes;
	counts->stored += more->stored;
	counts->inflate_ns += more->inflate_ns;
	counts->patch_ns += more->patch_ns;
	counts->remade += more->remade;
	counts->pieces += more->pieces;
	counts->late += more->late;
}

void pack_walk(const struct pack_forests *forests, const struct visitor *visitor,
               const struct walk_options *options, struct walk_counts *counts)
{
	struct walk walk = {.visitor = visitor, .options = options, .forests = forests};
	uint64_t total = 0, least = UINT64_MAX;

	if (pthread_mutex_init(&walk.lock, NULL) != 0)
		mem_exhausted();
	walk.partings = mem_calloc(forests->count, sizeof(*walk.partings));
	for (size_t i = 0; i < forests->count; i++)
		total += choose_entries(&walk, &forests->items[i], &walk.partings[i]);
	if (options->threads > 1) {
		least = total / options->threads / PIECES_PER_THREAD;
		if (least < WEIGHT_MIN)
			least = WEIGHT_MIN;
	}
	for (size_t i = 0; i < forests->count; i++)
		cut_pieces(&walk, &forests->items[i], &walk.partings[i], least);
	order_pieces(&walk, least);
	pool_run(options->threads, walk_pieces, &walk);
	for (size_t i = 0; i < forests->count; i++)
		parting_release(&walk.partings[i]);
	free(walk.partings);
	free(walk.pieces);
	pthread_mutex_destroy(&walk.lock);
	*counts = walk.counts;
}
