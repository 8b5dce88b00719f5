#include "cli/remembered.h"

#include "base/memory.h"
#include "state/tracking.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum err remembered_open(struct session *s, struct error *error)
{
	const struct options *o = &s->options;
	enum err err;

	if (o->new_only && !o->state)
		return error_set(
		    error, ERR_USAGE,
		    "--new-only compares with the last run; name the file that keeps it "
		    "with --state FILE");
	if (!o->state)
		return ERR_NONE;
	if (o->range)
		return error_set(error, ERR_USAGE,
		                 "--state is for whole histories; a --range needs none");
	err = state_open(&s->state, o->state, s->started_ms / 1000, error);
	if (err)
		return err;
	s->known = state_store(s->state);
	if (track_key(&s->known, &s->scan.key))
		return ERR_NONE;
	err = state_check(s->state, error);
	return err ? err
	           : error_set(
			 error, ERR_USAGE,
			 "%s: the state was made with another fingerprint key; use that key, or "
			 "another state",
			 o->state);
}

/* Puts what tells which commits count into out. */
static const char *choice_text(const struct options *o, struct buf *out)
{
	if (o->reachable)
		buf_appendf(out, "reachable ");
	if (o->since != INT64_MIN)
		buf_appendf(out, "since %" PRId64 " ", o->since);
	if (o->branch && buf_appendf(out, "branch %s", o->branch))
		mem_exhausted();
	return buf_text(out);
}

/* Takes out the leaks that the last run knew. */
static void drop_known(struct session *s, struct leak_list *leaks)
{
	size_t kept = 0;

	for (size_t i = 0; i < leaks->count; i++) {
		if (leaks->items[i].is_new)
			leaks->items[kept++] = leaks->items[i];
	}
	s->old += leaks->count - kept;
	leaks->count = kept;
}

enum err remembered_compare(struct session *s, struct history *h, struct error *error)
{
	struct redactor redactor = {0};
	struct tracked_scan scan = {.repository = h->folder,
	                            .complete = h->coverage.lost_count == 0,
	                            .now = s->started_ms / 1000,
	                            .goes_on = s->goes_on};
	const struct rule **rules;
	struct buf choice;

	if (!s->state)
		return ERR_NONE;
	buf_init(&choice, SIZE_MAX);
	scan.choice = choice_text(&s->options, &choice);
	scan.rules = rules = session_rules(s, &scan.rule_count);
	if (s->options.show_secrets) {
		redactor.detector = detector_new(s->engine);
		scan.redactor = &redactor;
	}
	track_leaks(&s->known, &scan, &h->leaks, &h->suppressed, &s->gone);
	if (scan.redactor)
		detector_free(redactor.detector);
	redactor_release(&redactor);
	free(rules);
	buf_release(&choice);
	if (s->options.new_only)
		drop_known(s, &h->leaks);
	return state_check(s->state, error);
}

enum err remembered_keep(struct session *s, struct error *error)
{
	return s->state ? state_commit(s->state, error) : ERR_NONE;
}
