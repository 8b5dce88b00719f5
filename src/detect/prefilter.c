#include "detect/prefilter.h"

#include "base/memory.h"
#include "detect/database.h"
#include "detect/embedded.h"

#include <hs/hs.h>
#include <stdlib.h>

/* The stubs of a part that are of one group. */
struct stub_set {
	hs_database_t *database; /* NULL: there are none */
	struct stub_list stubs;
	uint32_t first_stub; /* number of the first */
};

struct prefilter {
	struct stub_set sets[STUB_GROUPS][PART_COUNT];
	struct nearness near;
	struct byte_set pairs[256]; /* by byte, what may stand behind it in a stub */
	uint32_t stub_width;
};

struct prefilter_scratch {
	hs_scratch_t *scratch;
};

#define EMBEDDED(name)                                                                             \
	{                                                                                          \
		embedded_##name, (size_t)(embedded_##name##_end - embedded_##name)                 \
	}

/* Opens the databases of a part whose first stub has this number. */
static enum err open_part(struct prefilter *p, int part, const struct stub_index *stubs,
                          uint32_t first_stub, struct error *error)
{
	const struct bytes embedded[STUB_GROUPS][PLATFORM_COUNT] = {
	    {EMBEDDED(plain_anywhere), EMBEDDED(avx2_anywhere), EMBEDDED(avx512_anywhere)},
	    {EMBEDDED(plain_near), EMBEDDED(avx2_near), EMBEDDED(avx512_near)}};
	enum err err = ERR_NONE;

	for (int group = 0; group < STUB_GROUPS && !err; group++) {
		struct stub_set *s = &p->sets[group][part];
		uint32_t first;

		s->stubs = stub_index_group(stubs, (enum stub_group)group, &first);
		s->first_stub = first_stub + first;
		if (s->stubs.count)
			err = database_open(&s->database, &s->stubs,
			                    part == PART_BUILTIN ? embedded[group] : NULL, error);
	}
	for (size_t i = 0; i < stubs->count; i++) {
		if (stubs->stubs[i].width > p->stub_width)
			p->stub_width = stubs->stubs[i].width;
	}
	for (unsigned byte = 0; stubs->count && byte < 256; byte++)
		byte_set_merge(&p->pairs[byte], &stubs->pairs[byte]);
	p->near.any |= stubs->anywhere < stubs->count;
	if (stubs->near_before > p->near.before)
		p->near.before = stubs->near_before;
	if (stubs->near_after > p->near.after)
		p->near.after = stubs->near_after;
	return err;
}

enum err prefilter_new(struct prefilter **out, const struct ruleset *set, struct error *error)
{
	struct prefilter *p = mem_calloc(1, sizeof(*p));
	uint32_t first_stub = 0;
	enum err err = ERR_NONE;

	for (int part = 0; part < PART_COUNT && !err; part++) {
		err = open_part(p, part, &set->parts[part].stubs, first_stub, error);
		first_stub += (uint32_t)set->parts[part].stubs.count;
	}
	if (err) {
		prefilter_free(p);
		p = NULL;
	}
	*out = p;
	return err;
}

void prefilter_free(struct prefilter *prefilter)
{
	if (!prefilter)
		return;
	for (int i = 0; i < STUB_GROUPS * PART_COUNT; i++)
		database_free(prefilter->sets[i / PART_COUNT][i % PART_COUNT].database);
	free(prefilter);
}

struct prefilter_scratch *prefilter_scratch_new(const struct prefilter *prefilter)
{
	struct prefilter_scratch *s = mem_calloc(1, sizeof(*s));

	for (int i = 0; i < STUB_GROUPS * PART_COUNT; i++) {
		const struct stub_set *set = &prefilter->sets[i / PART_COUNT][i % PART_COUNT];

		if (set->database && hs_alloc_scratch(set->database, &s->scratch) != HS_SUCCESS)
			mem_exhausted();
	}
	return s;
}

void prefilter_scratch_free(struct prefilter_scratch *scratch)
{
	if (!scratch)
		return;
	hs_free_scratch(scratch->scratch);
	free(scratch);
}

uint32_t prefilter_stub_width(const struct prefilter *prefilter)
{
	return prefilter->stub_width;
}

bool prefilter_crosses(const struct prefilter *prefilter, struct bytes text, uint32_t at)
{
	return at > 0 && at < text.len &&
	       byte_set_has(&prefilter->pairs[text.ptr[at - 1]], text.ptr[at]);
}

struct nearness prefilter_near(const struct prefilter *prefilter)
{
	return prefilter->near;
}

/* What the callback needs to turn the end of a match into a hit. */
struct recorder {
	struct hits *hits;
	const struct stub_set *set;
	uint32_t start;
};

static int record(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                  void *context)
{
	struct recorder *r = context;

	(void)from;
	(void)flags;
	hits_add(r->hits, (struct hit){r->start + (uint32_t)to - r->set->stubs.items[id].width,
	                               r->set->first_stub + id});
	return 0;
}

bool prefilter_scan(const struct prefilter *prefilter, struct prefilter_scratch *scratch,
                    enum stub_group group, struct bytes text, uint32_t start, uint32_t end,
                    struct hits *hits)
{
	for (int part = 0; part < PART_COUNT; part++) {
		const struct stub_set *set = &prefilter->sets[group][part];
		struct recorder recorder = {hits, set, start};

		if (!set->database || start == end)
			continue;
		if (hs_scan(set->database, (const char *)text.ptr + start, end - start, 0,
		            scratch->scratch, record, &recorder) != HS_SUCCESS)
			return false;
	}
	return true;
}
