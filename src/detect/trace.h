/*
 * A trace: what each stage said of a candidate, for people who ask why something is found or not.
 * Detectors have none unless one is set; then each stage costs a look at a pointer that is NULL.
 */
#ifndef TRAWL_DETECT_TRACE_H
#define TRAWL_DETECT_TRACE_H

#include "model/rule.h"

enum trace_verdict {
	TRACE_PASSED,
	TRACE_REJECTED, /* the candidate is none, and no further stage is asked */
	TRACE_LIMIT,    /* a limit keeps the stage from knowing */
};

/* What one stage said; it holds nothing of the secret. */
struct trace_event {
	const struct rule *rule;
	uint32_t start; /* of the secret, in bytes of the text */
	uint32_t end;
	bool decoded; /* it stands in encoded text: start and end are those of the encoded run */
	const char *stage; /* "pattern", "entropy" ...; the last one of a candidate is "verdict" */
	enum trace_verdict verdict;
	const char *detail;
};

struct trace {
	void (*take)(void *context, const struct trace_event *event);
	void *context;
	const struct rule *rule; /* of the present candidate, likewise below */
	uint32_t start;
	uint32_t end;
	uint32_t run_start; /* the encoded run that is being looked into; run_end 0: none */
	uint32_t run_end;
};

/* Hands an event of the present candidate on; nothing happens if trace is NULL. */
__attribute__((format(printf, 4, 5))) void trace_say(struct trace *trace, const char *stage,
                                                     enum trace_verdict verdict, const char *format,
                                                     ...);

#endif
