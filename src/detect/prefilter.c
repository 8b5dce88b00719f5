#include "detect/prefilter.h"

#include "base/memory.h"
#include "detect/database.h"
#include "detect/embedded.h"

#include <hs/hs.h>
#include <pthread.h>
#include <stdlib.h>

struct prefilter {
	struct {
		hs_database_t *database; /* NULL: the part has no stub */
		const struct stub_index *stubs;
		uint32_t first_stub; /* number of the part's stub 0 */
	} parts[PART_COUNT];
	uint32_t stub_width;
	pthread_mutex_t lock; /* guards idle */
	struct prefilter_scratch *idle;
};

struct prefilter_scratch {
	hs_scratch_t *scratch;
	struct prefilter_scratch *next; /* of those that are idle */
};

enum err prefilter_new(struct prefilter **out, const struct ruleset *set, struct error *error)
{
	const struct bytes embedded[PLATFORM_COUNT] = {
	    {embedded_plain, (size_t)(embedded_plain_end - embedded_plain)},
	    {embedded_avx2, (size_t)(embedded_avx2_end - embedded_avx2)},
	    {embedded_avx512, (size_t)(embedded_avx512_end - embedded_avx512)}};
	struct prefilter *p = mem_calloc(1, sizeof(*p));
	uint32_t first_stub = 0;
	enum err err = ERR_NONE;

	if (pthread_mutex_init(&p->lock, NULL) != 0)
		mem_exhausted();
	for (int part = 0; part < PART_COUNT && !err; part++) {
		const struct stub_index *stubs = &set->parts[part].stubs;

		p->parts[part].stubs = stubs;
		p->parts[part].first_stub = first_stub;
		first_stub += (uint32_t)stubs->count;
		for (size_t i = 0; i < stubs->count; i++) {
			if (stubs->stubs[i].width > p->stub_width)
				p->stub_width = stubs->stubs[i].width;
		}
		if (stubs->count)
			err = database_open(&p->parts[part].database, stubs,
			                    part == PART_BUILTIN ? embedded : NULL, error);
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
	for (int part = 0; part < PART_COUNT; part++)
		database_free(prefilter->parts[part].database);
	while (prefilter->idle) {
		struct prefilter_scratch *s = prefilter->idle;

		prefilter->idle = s->next;
		hs_free_scratch(s->scratch);
		free(s);
	}
	pthread_mutex_destroy(&prefilter->lock);
	free(prefilter);
}

static struct prefilter_scratch *take_idle(struct prefilter *prefilter)
{
	struct prefilter_scratch *s;

	pthread_mutex_lock(&prefilter->lock);
	s = prefilter->idle;
	if (s)
		prefilter->idle = s->next;
	pthread_mutex_unlock(&prefilter->lock);
	return s;
}

struct prefilter_scratch *prefilter_scratch_get(struct prefilter *prefilter)
{
	struct prefilter_scratch *s = take_idle(prefilter);

	if (s)
		return s;
	s = mem_calloc(1, sizeof(*s));
	for (int part = 0; part < PART_COUNT; part++) {
		if (prefilter->parts[part].database &&
		    hs_alloc_scratch(prefilter->parts[part].database, &s->scratch) != HS_SUCCESS)
			mem_exhausted();
	}
	return s;
}

void prefilter_scratch_put(struct prefilter *prefilter, struct prefilter_scratch *scratch)
{
	if (!scratch)
		return;
	pthread_mutex_lock(&prefilter->lock);
	scratch->next = prefilter->idle;
	prefilter->idle = scratch;
	pthread_mutex_unlock(&prefilter->lock);
}

uint32_t prefilter_stub_width(const struct prefilter *prefilter)
{
	return prefilter->stub_width;
}

/* What the callback needs to turn the end of a match into a hit. */
struct recorder {
	struct hits *hits;
	const struct stub *stubs;
	uint32_t first_stub;
	uint32_t start;
};

static int record(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                  void *context)
{
	struct recorder *r = context;

	(void)from;
	(void)flags;
	hits_add(r->hits,
	         (struct hit){r->start + (uint32_t)to - r->stubs[id].width, r->first_stub + id});
	return 0;
}

bool prefilter_scan(const struct prefilter *prefilter, struct prefilter_scratch *scratch,
                    struct bytes text, uint32_t start, uint32_t end, struct hits *hits)
{
	for (int part = 0; part < PART_COUNT; part++) {
		const struct stub_index *stubs = prefilter->parts[part].stubs;
		struct recorder recorder = {hits, stubs->stubs, prefilter->parts[part].first_stub,
		                            start};

		if (!prefilter->parts[part].database || start == end)
			continue;
		if (hs_scan(prefilter->parts[part].database, (const char *)text.ptr + start,
		            end - start, 0, scratch->scratch, record, &recorder) != HS_SUCCESS)
			return false;
	}
	return true;
}
