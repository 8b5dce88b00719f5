#include "state/tracking.h"

#include "base/memory.h"

#include <stdlib.h>

/* Raised whenever the texts are to be understood otherwise. */
enum { TRACKING_VERSION = 1 };

/* How long what is gone is remembered, so that what comes back has its first date: in seconds. */
enum { GONE_SECONDS = 400 * 86400 };

/* A leak as it is kept. */
struct tracked {
	unsigned char fingerprint[FINGERPRINT_SIZE];
	int64_t first_seen;
	int64_t last_seen;
	bool gone;
	struct bytes rule_id;
	struct bytes path;
};

/* Leaks, by fingerprint; their text is somebody else's. */
struct tracked_list {
	struct tracked *items;
	size_t count;
	size_t cap;
};

static void add(struct tracked_list *list, const struct tracked *item)
{
	list->items = mem_grow(list->items, list->count, &list->cap, sizeof(*list->items));
	list->items[list->count++] = *item;
}

static int fingerprint_order(const void *left, const void *right)
{
	return memcmp(((const struct tracked *)left)->fingerprint,
	              ((const struct tracked *)right)->fingerprint, FINGERPRINT_SIZE);
}

static void sort(struct tracked_list *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), fingerprint_order);
}

static struct tracked *find(const struct tracked_list *list, const unsigned char *fingerprint)
{
	struct tracked wanted;

	if (!list->count)
		return NULL;
	memcpy(wanted.fingerprint, fingerprint, FINGERPRINT_SIZE);
	return bsearch(&wanted, list->items, list->count, sizeof(wanted), fingerprint_order);
}

/* ---- As text: the fields one after the other, numbers in eight bytes, texts with their length
 * ---- */

static void put_bytes(struct buf *out, struct bytes bytes)
{
	if (buf_append(out, bytes))
		mem_exhausted();
}

static void put_number(struct buf *out, uint64_t number)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(number >> 8 * i);
	put_bytes(out, (struct bytes){bytes, sizeof(bytes)});
}

static void put_text(struct buf *out, struct bytes text)
{
	put_number(out, text.len);
	put_bytes(out, text);
}

/* Cuts so many bytes off rest; false if it has fewer. */
static bool get_bytes(struct bytes *rest, uint64_t len, struct bytes *out)
{
	if (rest->len < len)
		return false;
	*out = bytes_slice(*rest, 0, (size_t)len);
	*rest = bytes_slice(*rest, (size_t)len, rest->len);
	return true;
}

static bool get_number(struct bytes *rest, uint64_t *number)
{
	struct bytes bytes;

	if (!get_bytes(rest, 8, &bytes))
		return false;
	*number = 0;
	for (size_t i = 0; i < bytes.len; i++)
		*number |= (uint64_t)bytes.ptr[i] << 8 * i;
	return true;
}

static bool get_text(struct bytes *rest, struct bytes *text)
{
	uint64_t len;

	return get_number(rest, &len) && get_bytes(rest, len, text);
}

static void write_list(const struct tracked_list *list, struct buf *out)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct tracked *t = &list->items[i];

		put_bytes(out, (struct bytes){t->fingerprint, FINGERPRINT_SIZE});
		put_number(out, (uint64_t)t->first_seen);
		put_number(out, (uint64_t)t->last_seen);
		put_number(out, t->gone);
		put_text(out, t->rule_id);
		put_text(out, t->path);
	}
}

/* Reads a list whose text stays in `rest`; false, with an empty list, for what is none. */
static bool read_list(struct tracked_list *list, struct bytes rest)
{
	while (rest.len) {
		struct tracked t = {.gone = false};
		struct bytes fingerprint;
		uint64_t first, last, gone;

		if (!get_bytes(&rest, FINGERPRINT_SIZE, &fingerprint) ||
		    !get_number(&rest, &first) || !get_number(&rest, &last) ||
		    !get_number(&rest, &gone) || !get_text(&rest, &t.rule_id) ||
		    !get_text(&rest, &t.path)) {
			list->count = 0;
			return false;
		}
		memcpy(t.fingerprint, fingerprint.ptr, FINGERPRINT_SIZE);
		t.first_seen = (int64_t)first;
		t.last_seen = (int64_t)last;
		t.gone = gone != 0;
		add(list, &t);
	}
	sort(list);
	return true;
}

/* ---- Comparing ---- */

static void list_key(const struct tracked_scan *scan, unsigned char key[KNOWN_KEY_SIZE])
{
	struct digest d;

	digest_begin(&d);
	digest_add_text(&d, "leaks");
	digest_add_number(&d, TRACKING_VERSION);
	digest_add_text(&d, scan->repository);
	digest_add_text(&d, scan->choice);
	digest_end(&d, key);
}

bool track_key(const struct known_store *store, const struct fingerprint_key *key)
{
	unsigned char own[DIGEST_SIZE], name[KNOWN_KEY_SIZE];
	struct digest d;
	struct buf value;
	bool same;

	digest_begin(&d);
	digest_add_text(&d, "digest of the fingerprint key");
	digest_add(&d, (struct bytes){key->bytes, sizeof(key->bytes)});
	digest_end(&d, own);
	digest_begin(&d);
	digest_add_text(&d, "fingerprint key");
	digest_end(&d, name);
	buf_init(&value, KNOWN_VALUE_MAX);
	same = true;
	if (!store->get(store->context, name, &value))
		store->put(store->context, name, (struct bytes){own, sizeof(own)});
	else
		same = bytes_equal(buf_bytes(&value), (struct bytes){own, sizeof(own)});
	buf_release(&value);
	return same;
}

static int id_order(const void *id, const void *rule)
{
	return strcmp(id, (*(const struct rule *const *)rule)->id);
}

static bool in_use(const struct tracked_scan *scan, struct bytes rule_id, struct arena *arena)
{
	return scan->rule_count && bsearch(arena_text(arena, rule_id), scan->rules,
	                                   scan->rule_count, sizeof(struct rule *), id_order);
}

/* Compares the leaks of one list with what was, and adds them to what is. */
static void compare(const struct tracked_scan *scan, const struct tracked_list *before,
                    struct leak_list *leaks, struct tracked_list *now, struct arena *arena)
{
	const struct bytes none = {NULL, 0};

	for (size_t i = 0; i < leaks->count; i++) {
		struct leak *leak = &leaks->items[i];
		const struct finding *f = &leak->occurrences[0].first;
		const struct tracked *old = find(before, f->fingerprint);
		struct tracked t = {.rule_id = bytes_of(f->rule->id), .path = f->path};

		leak->is_new = !old || old->gone || (scan->goes_on && old->first_seen == scan->now);
		leak->first_seen =
		    old && old->first_seen <= scan->now ? old->first_seen : scan->now;
		leak->last_seen = scan->now;
		if (scan->redactor && t.path.len)
			t.path = redact_name(scan->redactor, t.path, none, NULL, arena);
		memcpy(t.fingerprint, f->fingerprint, FINGERPRINT_SIZE);
		t.first_seen = leak->first_seen;
		t.last_seen = leak->last_seen;
		add(now, &t);
	}
}

static void add_gone(struct gone_list *gone, const char *repository, const struct tracked *t)
{
	struct gone_leak *g;

	gone->items = mem_grow(gone->items, gone->count, &gone->cap, sizeof(*gone->items));
	g = &gone->items[gone->count++];
	*g = (struct gone_leak){.repository = repository,
	                        .rule_id = arena_text(&gone->text, t->rule_id),
	                        .path = arena_bytes(&gone->text, t->path),
	                        .first_seen = t->first_seen,
	                        .last_seen = t->last_seen};
	memcpy(g->fingerprint, t->fingerprint, FINGERPRINT_SIZE);
}

/* Adds to what is (the first `found` of them were found) what was: some of it is gone. */
static void keep_old(const struct tracked_scan *scan, const struct tracked_list *before,
                     struct tracked_list *now, struct gone_list *gone, struct arena *arena)
{
	struct tracked_list found = *now;

	for (size_t i = 0; i < before->count; i++) {
		struct tracked old = before->items[i];

		if (find(&found, old.fingerprint) ||
		    (old.gone && old.last_seen < scan->now - GONE_SECONDS))
			continue;
		if (!old.gone && scan->complete && in_use(scan, old.rule_id, arena)) {
			add_gone(gone, scan->repository, &old);
			old.gone = true;
		}
		add(now, &old);
		found.items = now->items; /* it may have moved */
	}
	sort(now);
}

/* A secret can stand in both lists, at different places. */
static void drop_repeated(struct tracked_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (!kept || fingerprint_order(&list->items[kept - 1], &list->items[i]) != 0)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

void track_leaks(const struct known_store *store, const struct tracked_scan *scan,
                 struct leak_list *leaks, struct leak_list *suppressed, struct gone_list *gone)
{
	struct tracked_list before = {0}, now = {0};
	unsigned char key[KNOWN_KEY_SIZE];
	struct arena arena = {0};
	struct buf old, new;

	buf_init(&old, KNOWN_VALUE_MAX);
	buf_init(&new, SIZE_MAX);
	list_key(scan, key);
	if (store->get(store->context, key, &old))
		read_list(&before, buf_bytes(&old));
	compare(scan, &before, leaks, &now, &arena);
	compare(scan, &before, suppressed, &now, &arena);
	sort(&now);
	drop_repeated(&now);
	keep_old(scan, &before, &now, gone, &arena);
	write_list(&now, &new);
	if (new.len <= KNOWN_VALUE_MAX)
		store->put(store->context, key, buf_bytes(&new));
	free(before.items);
	free(now.items);
	buf_release(&old);
	buf_release(&new);
	arena_release(&arena);
}
