/*
 * Any bytes through the view and the detector with all built-in rules: no crash, and one answer,
 * whichever way it is found: with and without the prefilter, with hits kept and without, and as a
 * text that copies parts of another.
 */
#include "detect/detector.h"
#include "detect/view.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEGMENTS_MAX = 16, SLOW_MAX = 2048 }; /* bytes that are read without the prefilter, too */

static struct ruleset set;
static struct detector *fast, *slow;
static struct view view;

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct engine_options with = {0}, without = {.no_prefilter = true};
	struct engine *engine;
	struct error error;

	(void)argc;
	(void)argv;
	require(!ruleset_load(&set, NULL, 0, &error));
	require(!engine_new(&engine, &set, &with, &error));
	fast = detector_new(engine);
	require(!engine_new(&engine, &set, &without, &error));
	slow = detector_new(engine);
	view_init(&view, 1 << 24);
	return 0;
}

static void require_same_proofs(const struct proofs *a, const struct proofs *b)
{
	require(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct proof *p = &a->items[i], *q = &b->items[i];

		require(p->rule == q->rule && p->start == q->start && p->end == q->end &&
		        p->checksum == q->checksum && p->confidence == q->confidence &&
		        p->level == q->level);
	}
}

static void require_same_raw(const struct raw_set *a, const struct raw_set *b)
{
	require(a->hits.count == b->hits.count && a->count == b->count &&
	        a->present_count == b->present_count);
	require(!a->count || memcmp(a->matches, b->matches, a->count * sizeof(*a->matches)) == 0);
	require(!a->hits.count ||
	        memcmp(a->hits.items, b->hits.items, a->hits.count * sizeof(*a->hits.items)) == 0);
}

static void find(struct detector *detector, struct bytes text, bool binary, bool keep_hits,
                 struct raw_set *raw, struct proofs *proofs)
{
	detector_collect(detector, text, NULL, keep_hits, raw);
	detector_select(detector, text, (struct bytes){NULL, 0}, binary, raw, proofs);
}

/*
 * Reads the text as an edit of itself: the numbers say which ranges of it make up the new text, and
 * what stands between them.
 */
static void copy_parts(struct bytes text, const uint8_t *numbers, size_t count,
                       const struct raw_set *base)
{
	struct segment segments[SEGMENTS_MAX];
	struct segments copied = {segments, 0, base, (uint32_t)text.len};
	struct raw_set by_segments = {0}, whole = {0};
	struct proofs one = {0}, other = {0};
	struct buf made;
	struct bytes made_text;

	buf_init(&made, (text.len + 1) * SEGMENTS_MAX);
	for (size_t i = 0; i + 3 <= count && copied.count < SEGMENTS_MAX; i += 3) {
		size_t start = text.len * numbers[i] / 256;
		size_t end = start + (text.len - start) * numbers[i + 1] / 255;

		if (numbers[i + 2] < 200)
			require(!buf_append(&made, (struct bytes){&numbers[i + 2], 1}));
		if (start == end)
			continue;
		segments[copied.count++] = (struct segment){
		    (uint32_t)made.len, (uint32_t)(made.len + end - start), (uint32_t)start};
		require(!buf_append(&made, bytes_slice(text, start, end)));
	}
	made_text = buf_bytes(&made);
	detector_collect(fast, made_text, &copied, true, &by_segments);
	detector_select(fast, made_text, (struct bytes){NULL, 0}, false, &by_segments, &one);
	find(fast, made_text, false, true, &whole, &other);
	require_same_raw(&by_segments, &whole);
	require_same_proofs(&one, &other);
	raw_set_release(&by_segments);
	raw_set_release(&whole);
	proofs_release(&one);
	proofs_release(&other);
	buf_release(&made);
}

/* The first byte says how many of the next ones direct the copying; the rest is the blob. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct raw_set raw = {0}, kept = {0};
	struct proofs proofs = {0}, others = {0};
	size_t numbers = size ? data[0] % 49 : 0;
	bool binary;

	if (size < 1 + numbers ||
	    view_show(&view, (struct bytes){data + 1 + numbers, size - 1 - numbers}))
		return 0;
	binary = view.kind == TEXT_BINARY;
	find(fast, view.text, binary, false, &raw, &proofs);
	find(fast, view.text, binary, true, &kept, &others);
	require_same_proofs(&proofs, &others);
	if (view.text.len <= SLOW_MAX) {
		find(slow, view.text, binary, false, &raw, &others);
		require_same_proofs(&proofs, &others);
	}
	for (size_t i = 0; i < proofs.count; i++) {
		const struct proof *p = &proofs.items[i];

		require(p->start < p->end && p->end <= view.text.len);
		require(i == 0 || p->decoded || p[-1].decoded || p->start >= p[-1].end);
		require(view_source_offset(&view, p->end) > view_source_offset(&view, p->start));
	}
	copy_parts(view.text, data + 1, numbers, &kept);
	raw_set_release(&raw);
	raw_set_release(&kept);
	proofs_release(&proofs);
	proofs_release(&others);
	return 0;
}
