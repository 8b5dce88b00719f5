/*
 * What the prefilter looks for on behalf of a set of rules: every distinct stub once, and for each
 * the rules that use it. Literals of `pre.include.content` and `pre.reject.content` are stubs too,
 * and so are the forms that stubs have in encoded text.
 */
#ifndef TRAWL_RULESET_STUB_INDEX_H
#define TRAWL_RULESET_STUB_INDEX_H

#include "base/arena.h"
#include "model/rule.h"
#include "ruleset/encoded_stubs.h"

enum stub_use_kind {
	STUB_ANCHORS,  /* a match may start between first and last bytes before the stub */
	STUB_INCLUDES, /* one of the rule's pre.include.content */
	STUB_REJECTS,  /* one of the rule's pre.reject.content */
	STUB_ENCODED,  /* a form of an anchor in encoded text, which is to be decoded */
	STUB_ESCAPED,  /* an anchor as it is: what is escaped around it is to be decoded */
};

struct stub_use {
	uint32_t rule; /* its number in the part */
	enum stub_use_kind kind;
	uint32_t first; /* STUB_ANCHORS: bytes from the match's start to the stub's, at least ... */
	uint32_t last;  /* ... and at most; UNBOUNDED: the stub only gates the rule */
	uint8_t encoding; /* STUB_ENCODED: enum encoding; then as in encoded_stubs.h: */
	uint8_t phase;
	bool at_start;
};

/*
 * Where stubs matter: anywhere, or only near the long words that the values behind them are. Those
 * of each kind have a database of their own: ordinary text has few long words.
 */
enum stub_group { STUBS_ANYWHERE, STUBS_NEAR, STUB_GROUPS };

struct stub_index {
	const struct stub *stubs; /* STUBS_ANYWHERE, then STUBS_NEAR */
	size_t count;
	size_t anywhere; /* so many are STUBS_ANYWHERE */
	/* STUBS_NEAR matter from so many bytes before a long word's start on ... */
	uint32_t near_before;
	uint32_t near_after; /* ... to so many behind its end, the stub included */
	/* By byte, what may stand behind it in some stub: 256 of them, or NULL for no stubs. */
	const struct byte_set *pairs;
	const uint32_t
	    *first_use; /* count + 1 entries: the uses of stub i are uses[first_use[i]] ... */
	const struct stub_use *uses;
};

/* Builds the index of the rules; all of it is owned by the arena. The order of stubs is fixed. */
void stub_index_build(struct stub_index *index, const struct rule *rules, size_t count,
                      struct arena *arena);

/* Stubs that are looked for together. */
struct stub_list {
	const struct stub *items;
	size_t count;
};

/* The stubs of a group; *first (may be NULL) is the number of its first one in the index. */
struct stub_list stub_index_group(const struct stub_index *index, enum stub_group group,
                                  uint32_t *first);

#endif
