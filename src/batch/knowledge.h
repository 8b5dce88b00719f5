/*
 * What the scans of one run know of packs and loose objects (history/known.h), so that what several
 * repositories have in common is scanned once. Children see what was known when they got their
 * task; what they find out they tell the parent, as messages on a descriptor, which also carry what
 * they found out about their repository.
 */
#ifndef TRAWL_BATCH_KNOWLEDGE_H
#define TRAWL_BATCH_KNOWLEDGE_H

#include "batch/index.h"
#include "history/known.h"

struct knowledge {
	unsigned char *log; /* messages one behind the other, in memory that children share */
	uint64_t size;      /* bytes that it may have */
	uint64_t len;       /* bytes that it has, as far as they are in the table */
	struct knowledge_entry *entries; /* a hash table of what stands there */
	size_t count;
	size_t cap;
};

/* Nothing is known yet. Before the children start; what does not fit will not be known. */
void knowledge_init(struct knowledge *knowledge);

/* In a child: learns what the parent has heard since, up to so many bytes. */
void knowledge_follow(struct knowledge *knowledge, uint64_t len);

/* In a child: the run's knowledge, and where what is new goes. */
struct knowledge_teller {
	const struct knowledge *run;
	const struct known_store *lasting; /* asked for what the run does not know; NULL: none */
	int fd;
	bool failed; /* the parent was not told all */
};

/* The child's store; the teller outlives it. */
struct known_store knowledge_store(struct knowledge_teller *teller);

/* Tells the parent what became of the repository: the last message. */
void knowledge_tell(struct knowledge_teller *teller, const struct batch_facts *facts);

/*
 * Takes what a child said: adds to the knowledge and to `lasting` (NULL: none), and sets *facts.
 * False, with nothing taken, if it is not whole.
 */
bool knowledge_hear(struct knowledge *knowledge, const struct known_store *lasting,
                    struct bytes said, struct batch_facts *facts);

void knowledge_release(struct knowledge *knowledge);

#endif
