#include "report/triage.h"

#include "base/memory.h"

#include <stdlib.h>

const struct urgency_words urgency_words[URGENCY_COUNT] = {
    [URGENCY_NOW] = {"now", "to rotate first", "Rotate these first",
                     "They are live, and proved or of a form that does not arise by chance."},
    [URGENCY_LIVE] = {"live", "live, less certain", "Then these",
                      "They are live and look like credentials; nothing proves it."},
    [URGENCY_GONE] = {"gone", "gone from HEAD", "Gone from HEAD, not from the repository",
                      "They stand in other branches, tags or old commits. Whoever has a clone has "
                      "them: rotate them, too."},
    [URGENCY_STRAY] = {"stray", "unreachable", "Unreachable",
                       "Only a reflog or nothing leads to them, until git gc removes them."},
    [URGENCY_NOTE] = {"note", "notes", "Notes",
                      "Probably dead or no credentials: expired, or with a checksum that does "
                      "not fit."},
    [URGENCY_ALLOWED] = {"allowed", "allowed", "Allowed or known",
                         "Somebody has said so, in the text, the configuration or the baseline."},
};

const char *triage_state_words(enum leak_state state)
{
	static const char *const words[] = {"in HEAD", "at another tip", "in history",
	                                    "unreachable"};

	return words[state];
}

static enum urgency urgency_of(const struct finding *f, const struct leak *leak)
{
	enum leak_state state = leak ? leak->state : LEAK_HEAD;

	if (f->suppression)
		return URGENCY_ALLOWED;
	if (f->level == LEVEL_NOTE)
		return URGENCY_NOTE;
	if (state == LEAK_UNREACHABLE)
		return URGENCY_STRAY;
	if (state != LEAK_HEAD)
		return URGENCY_GONE;
	return f->confidence == CONFIDENCE_HIGH ? URGENCY_NOW : URGENCY_LIVE;
}

static void add(struct triage *t, const struct finding *f, const struct leak *leak)
{
	enum urgency urgency = urgency_of(f, leak);

	t->entries[t->count] = (struct triage_entry){urgency, f, leak, t->count};
	t->counts[urgency]++;
	t->count++;
}

static int entry_order(const void *left, const void *right)
{
	const struct triage_entry *a = left, *b = right;
	const struct finding *f = a->finding, *g = b->finding;

	if (a->urgency != b->urgency)
		return a->urgency < b->urgency ? -1 : 1;
	if (a->leak && a->leak->state != b->leak->state)
		return a->leak->state < b->leak->state ? -1 : 1;
	if (f->level != g->level)
		return f->level > g->level ? -1 : 1;
	if (f->confidence != g->confidence)
		return f->confidence > g->confidence ? -1 : 1;
	return a->position < b->position ? -1 : 1;
}

void triage_make(struct triage *t, const struct run *run)
{
	*t = (struct triage){0};
	t->entries = mem_calloc(run->finding_count + run->leak_count +
	                            run->suppressed_finding_count + run->suppressed_leak_count,
	                        sizeof(*t->entries));
	for (size_t i = 0; i < run->finding_count; i++)
		add(t, &run->findings[i], NULL);
	for (size_t i = 0; i < run->leak_count; i++)
		add(t, &run->leaks[i].occurrences[0].first, &run->leaks[i]);
	for (size_t i = 0; i < run->suppressed_finding_count; i++)
		add(t, &run->suppressed_findings[i], NULL);
	for (size_t i = 0; i < run->suppressed_leak_count; i++)
		add(t, &run->suppressed_leaks[i].occurrences[0].first, &run->suppressed_leaks[i]);
	if (t->count)
		qsort(t->entries, t->count, sizeof(*t->entries), entry_order);
}

void triage_release(struct triage *t)
{
	free(t->entries);
	*t = (struct triage){0};
}
