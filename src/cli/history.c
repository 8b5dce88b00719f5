#include "history/history.h"

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/numbers.h"
#include "cli/session.h"
#include "cli/status.h"

#include <stdio.h>
#include <stdlib.h>

/* The histories of all repositories; the session's leaks point into them. */
struct histories {
	struct history *items;
	size_t count;
	size_t cap;
};

static void histories_release(struct histories *all)
{
	for (size_t i = 0; i < all->count; i++)
		history_release(&all->items[i]);
	free(all->items);
}

static void print_costs(const struct history *h)
{
	char objects[NUMBER_TEXT_MAX], stored[NUMBER_TEXT_MAX], remade[NUMBER_TEXT_MAX];

	fprintf(
	    stderr,
	    "%s: %s objects from %s of stored bytes; scan %.2f s, attribution %.2f s; %s objects "
	    "made again\n",
	    h->folder, number_text(objects, h->counts.objects), size_text(stored, h->counts.stored),
	    h->scan_seconds, h->attribute_seconds, number_text(remade, h->counts.remade));
}

/* Moves what one history brought to the session. */
static void add_history(struct session *s, struct history *h)
{
	struct scanned_repository repository = {
	    .folder = h->folder, .remote = h->remote, .head = *h->head ? h->head : NULL};

	if (s->options.verbose)
		print_costs(h);
	for (size_t i = 0; i < h->leaks.count; i++)
		leak_list_add(&s->leaks, &h->leaks.items[i]);
	coverage_adopt(&s->result.coverage, &h->coverage);
	s->result.suppressed += h->suppressed;
	s->repositories =
	    mem_resize(s->repositories, s->repository_count + 1, sizeof(*s->repositories));
	s->repositories[s->repository_count++] = repository;
}

static enum err scan_repository(struct session *s, struct histories *all, const char *path,
				bool search, struct error *error)
{
	const struct options *o = &s->options;
	struct history_options options = {
	    .search = search,
	    .check_complete = o->check_complete,
	    .choice = {o->range, o->branch, o->reachable, o->since},
	    .sighting = {.scan = &s->scan,
			 .walk = {.threads = o->threads,
				  .memory = o->memory,
				  .object_max = o->source.max_size > o->memory ? o->source.max_size
									       : o->memory},
			 .max_size = o->source.max_size,
			 .max_size_chosen = o->source.max_size_chosen,
			 .no_reuse = o->no_reuse}};
	struct history *h;

	all->items = mem_grow(all->items, all->count, &all->cap, sizeof(*all->items));
	h = &all->items[all->count++];
	*h = (struct history){0};
	return history_scan(h, path, s->engine, &s->rules, &options, error);
}

int command_history(int argc, char **argv)
{
	struct session session = {0};
	struct histories all = {0};
	struct error error = {0};
	const struct options *o = &session.options;
	enum err err;
	int status;

	if (session_begin(&session, argc, argv, &error))
		return session_fail(&session, &error);
	if (o->help)
		return session_help(&session, help_history);
	/* A repository that one stands in is trusted; a stranger's does not allow its own leaks. */
	session.scan.inline_policy =
	    o->no_inline || o->operands.count ? INLINE_IGNORE : INLINE_MARK;
	err = o->operands.count ? ERR_NONE : scan_repository(&session, &all, ".", true, &error);
	for (size_t i = 0; i < o->operands.count && !err; i++)
		err = scan_repository(&session, &all, o->operands.items[i], false, &error);
	for (size_t i = 0; i < all.count && !err; i++)
		add_history(&session, &all.items[i]);
	if (err)
		status = session_fail(&session, &error);
	else {
		status = session_report(&session, &error);
		session_end(&session);
	}
	histories_release(&all);
	return status;
}
