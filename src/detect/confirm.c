#define PCRE2_CODE_UNIT_WIDTH 8
#include "detect/confirm.h"

#include "base/clock.h"
#include "base/memory.h"

#include <pcre2.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	/* Backtracking steps from one start: some milliseconds. No built-in rule comes near. */
	MATCH_STEPS_MAX = 1000 * 1000,
	STARTS_PER_CALL = 256,    /* of one search ... */
	CALLS_PER_LOOK = 16,      /* ... and of these between two looks at the clock */
	HEAP_KIB_MAX = 64 * 1024, /* memory of the interpreter, where there is no JIT compiler */
	/* PCRE2's own 32 KiB are too few for a long private key (PCRE2_ERROR_JIT_STACKLIMIT). */
	JIT_STACK_MAX = 1024 * 1024,
	GROUPS_MAX = 64, /* capture groups that are told apart */
};

struct patterns {
	_Atomic(pcre2_code *) *codes[PART_COUNT]; /* by slot; NULL: not compiled yet */
	uint32_t counts[PART_COUNT];
	bool counting;
	pcre2_compile_context *context; /* only read from now on: all threads compile */
};

struct matcher {
	struct patterns *patterns;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	pcre2_match_data *data;
	const pcre2_code *code; /* of the last match */
	uint32_t group_count;   /* of the last match: groups from this number on took no part */
	uint64_t allowed_ns;    /* from the first search on */
	uint64_t deadline;      /* of clock_ns(); 0: there was no search yet */
	uint64_t work_deadline; /* of clock_thread_ns(); 0: that was not needed yet */
	unsigned calls;         /* since then */
	bool late;
	uint64_t steps; /* only counted if the patterns are made for it */
};

struct patterns *patterns_new(const struct ruleset *set, bool counting)
{
	struct patterns *p = mem_calloc(1, sizeof(*p));

	p->counting = counting;
	for (int part = 0; part < PART_COUNT; part++) {
		p->counts[part] = set->parts[part].slot_count;
		p->codes[part] = mem_calloc(p->counts[part], sizeof(*p->codes[part]));
	}
	p->context = pcre2_compile_context_create(NULL);
	if (!p->context)
		mem_exhausted();
	pcre2_set_newline(p->context, PCRE2_NEWLINE_LF);
	pcre2_set_bsr(p->context, PCRE2_BSR_ANYCRLF);
	return p;
}

void patterns_free(struct patterns *patterns)
{
	if (!patterns)
		return;
	for (int part = 0; part < PART_COUNT; part++) {
		for (uint32_t i = 0; i < patterns->counts[part]; i++)
			pcre2_code_free(patterns->codes[part][i]);
		free(patterns->codes[part]);
	}
	pcre2_compile_context_free(patterns->context);
	free(patterns);
}

enum err patterns_check(struct patterns *patterns, unsigned part, const struct pattern *pattern,
                        struct error *error)
{
	_Atomic(pcre2_code *) *slot = &patterns->codes[part][pattern->slot];
	PCRE2_UCHAR reason[256];
	PCRE2_SIZE offset;
	pcre2_code *code, *other = NULL;
	int number;

	if (atomic_load_explicit(slot, memory_order_acquire))
		return ERR_NONE;
	code = pcre2_compile((PCRE2_SPTR)pattern->text, PCRE2_ZERO_TERMINATED,
	                     PCRE2_USE_OFFSET_LIMIT | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
	                         PCRE2_NEVER_BACKSLASH_C |
	                         (patterns->counting ? PCRE2_AUTO_CALLOUT : 0),
	                     &number, &offset, patterns->context);
	if (!code) {
		pcre2_get_error_message(number, reason, sizeof(reason));
		return error_set(error, ERR_SYNTAX, "at offset %zu of the pattern: %s",
		                 (size_t)offset, (const char *)reason);
	}
	/*
	 * Without JIT (some systems forbid it) the interpreter does the work. It always counts, so
	 * that no count turns on the machine.
	 */
	if (!patterns->counting)
		(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	if (!atomic_compare_exchange_strong_explicit(slot, &other, code, memory_order_acq_rel,
	                                             memory_order_acquire))
		pcre2_code_free(code); /* another thread was faster */
	return ERR_NONE;
}

/* What PCRE2 calls before each item of a pattern that it tries. */
static int count_step(pcre2_callout_block *block, void *matcher)
{
	(void)block;
	((struct matcher *)matcher)->steps++;
	return 0;
}

struct matcher *matcher_new(struct patterns *patterns)
{
	struct matcher *m = mem_calloc(1, sizeof(*m));

	m->patterns = patterns;
	m->context = pcre2_match_context_create(NULL);
	m->stack = pcre2_jit_stack_create((size_t)32 * 1024, JIT_STACK_MAX, NULL);
	m->data = pcre2_match_data_create(GROUPS_MAX, NULL);
	if (!m->context || !m->data)
		mem_exhausted();
	/* Without a JIT compiler there is no stack for it, and none is needed. */
	if (m->stack)
		pcre2_jit_stack_assign(m->context, NULL, m->stack);
	pcre2_set_match_limit(m->context, MATCH_STEPS_MAX);
	pcre2_set_heap_limit(m->context, HEAP_KIB_MAX);
	if (patterns->counting)
		pcre2_set_callout(m->context, count_step, m);
	return m;
}

void matcher_free(struct matcher *matcher)
{
	if (!matcher)
		return;
	pcre2_match_data_free(matcher->data);
	pcre2_match_context_free(matcher->context);
	pcre2_jit_stack_free(matcher->stack);
	free(matcher);
}

void matcher_set_time(struct matcher *matcher, unsigned seconds)
{
	matcher->allowed_ns = (uint64_t)seconds * 1000000000;
	matcher->deadline = matcher->work_deadline = 0;
	matcher->calls = 0;
	matcher->late = false;
}

/*
 * Whether the time is over, of the clock and then once more of this thread's work: a machine that
 * stands still loses nothing, and to ask for the work takes the system a call.
 */
static bool is_over(struct matcher *matcher)
{
	uint64_t now = clock_ns(), work;

	if (!matcher->deadline)
		matcher->deadline = now + matcher->allowed_ns;
	if (now < matcher->deadline)
		return false;
	work = clock_thread_ns();
	if (!matcher->work_deadline)
		matcher->work_deadline = work + matcher->allowed_ns;
	return work >= matcher->work_deadline;
}

/* The same, looking now and then, for a look takes as long as a short search. */
static bool is_late(struct matcher *matcher)
{
	if (!matcher->late && matcher->calls++ % CALLS_PER_LOOK == 0)
		matcher->late = is_over(matcher);
	return matcher->late;
}

enum found matcher_search(struct matcher *matcher, unsigned part, const struct pattern *pattern,
                          struct bytes text, uint32_t from, uint32_t last, struct span *match)
{
	PCRE2_SPTR subject = text.len ? text.ptr : (PCRE2_SPTR) "";
	int result = PCRE2_ERROR_NOMATCH;
	const PCRE2_SIZE *ends;

	if (patterns_check(matcher->patterns, part, pattern, NULL))
		return FOUND_LIMIT;
	if (last > text.len)
		last = (uint32_t)text.len;
	matcher->code = matcher->patterns->codes[part][pattern->slot];
	for (uint64_t start = from; start <= last && result == PCRE2_ERROR_NOMATCH;
	     start += STARTS_PER_CALL) {
		uint64_t limit = start + STARTS_PER_CALL - 1;

		if (is_late(matcher))
			return FOUND_LIMIT;
		pcre2_set_offset_limit(matcher->context, limit < last ? limit : last);
		result = pcre2_match(matcher->code, subject, text.len, start, 0, matcher->data,
		                     matcher->context);
	}
	if (result == PCRE2_ERROR_NOMATCH)
		return FOUND_NONE;
	if (result < 0)
		return FOUND_LIMIT;
	ends = pcre2_get_ovector_pointer(matcher->data);
	*match = (struct span){(uint32_t)ends[0], (uint32_t)ends[1]};
	/* 0 says that there are more groups than places for them: all places are filled. */
	matcher->group_count = result ? (uint32_t)result : GROUPS_MAX;
	return FOUND_MATCH;
}

uint64_t matcher_steps(const struct matcher *matcher)
{
	return matcher->steps;
}

static bool group_span(const struct matcher *matcher, uint32_t number, struct span *group)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(matcher->data);

	if (number >= matcher->group_count || ends[2 * number] == PCRE2_UNSET)
		return false;
	*group = (struct span){(uint32_t)ends[2 * number], (uint32_t)ends[2 * number + 1]};
	return true;
}

struct span matcher_secret(const struct matcher *matcher)
{
	struct span secret;

	if (!group_span(matcher, 1, &secret) && !group_span(matcher, 0, &secret))
		return (struct span){0, 0};
	return secret;
}

bool matcher_group(const struct matcher *matcher, const char *name, struct span *group)
{
	int number = pcre2_substring_number_from_name(matcher->code, (PCRE2_SPTR)name);

	return number > 0 && group_span(matcher, (uint32_t)number, group);
}
