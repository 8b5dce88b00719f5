/*
 * The prefilter: finds, in one pass over a text, where the stubs of all rules stand. It may say
 * too much, never too little; what it says nothing of needs no further look.
 */
#ifndef TRAWL_DETECT_PREFILTER_H
#define TRAWL_DETECT_PREFILTER_H

#include "base/bytes.h"
#include "base/error.h"
#include "detect/hits.h"
#include "ruleset/ruleset.h"

struct prefilter;         /* the databases of a ruleset, shared by all threads */
struct prefilter_scratch; /* one thread's working memory */

/*
 * A prefilter for the ruleset, which must outlive it. Stubs are numbered through its parts: those
 * of part 0 first. Errors as database_open(); *out is the caller's.
 */
enum err prefilter_new(struct prefilter **out, const struct ruleset *set, struct error *error);
void prefilter_free(struct prefilter *prefilter);

/* Working memory for one thread; ends the program when there is none. */
struct prefilter_scratch *prefilter_scratch_new(const struct prefilter *prefilter);
void prefilter_scratch_free(struct prefilter_scratch *scratch);

/* The longest stub, in bytes; 0 when there is none. */
uint32_t prefilter_stub_width(const struct prefilter *prefilter);

/* Whether a stub may stand on both sides of this place; true may be wrong, false never. */
bool prefilter_crosses(const struct prefilter *prefilter, struct bytes text, uint32_t at);

/* Where STUBS_NEAR matter: as in struct stub_index, for all parts together. */
struct nearness {
	bool any;        /* there are such */
	uint32_t before; /* bytes, as is after */
	uint32_t after;
};

struct nearness prefilter_near(const struct prefilter *prefilter);

/*
 * Appends a hit for each place in text[start, end) where a stub of the group stands whole, in no
 * order and perhaps twice. Returns false when Hyperscan gave up, which it does only for want of
 * memory.
 */
bool prefilter_scan(const struct prefilter *prefilter, struct prefilter_scratch *scratch,
                    enum stub_group group, struct bytes text, uint32_t start, uint32_t end,
                    struct hits *hits);

#endif
