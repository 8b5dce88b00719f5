/*
 * Triage: the findings of a run in the order in which to act on them.
 */
#ifndef TRAWL_REPORT_TRIAGE_H
#define TRAWL_REPORT_TRIAGE_H

#include "report/report.h"

/* What is live stands in HEAD or, in a scan without a history, in the files themselves. */
enum urgency {
	URGENCY_NOW,     /* live, and of high confidence */
	URGENCY_LIVE,    /* live */
	URGENCY_GONE,    /* at other tips or in the history only: whoever clones it has it */
	URGENCY_STRAY,   /* in what no reference leads to */
	URGENCY_NOTE,    /* wherever it stands: probably dead, or none */
	URGENCY_ALLOWED, /* something is held against it */
	URGENCY_COUNT,
};

/* What people read of the findings of an urgency; needs no escapes in HTML. */
struct urgency_words {
	const char *id;    /* one word */
	const char *label; /* goes behind a number */
	const char *title;
	const char *text; /* a sentence */
};

extern const struct urgency_words urgency_words[URGENCY_COUNT];

/* "in HEAD": where a leak of that state stands; needs no escapes either. */
const char *triage_state_words(enum leak_state state);

struct triage_entry {
	enum urgency urgency;
	const struct finding *finding; /* of a leak the first place */
	const struct leak *leak;       /* NULL: not of a history */
	size_t position;               /* in the run */
};

struct triage {
	struct triage_entry *entries; /* sorted */
	size_t count;
	size_t counts[URGENCY_COUNT];
};

/* Sorts all that the run has, also what is suppressed if it has that; the caller releases it. */
void triage_make(struct triage *t, const struct run *run);
void triage_release(struct triage *t);

#endif
