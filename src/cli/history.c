#include "history/history.h"

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/histories.h"
#include "cli/remembered.h"
#include "cli/session.h"
#include "cli/status.h"
#include "git/find.h"

#include <stdio.h>
#include <stdlib.h>

/* The histories of all repositories; the session's leaks point into them. */
struct histories {
	struct history *items; /* room for all from the start: they do not move */
	size_t count;
};

static enum err scan_repository(struct session *s, struct history *h, const char *path, bool search,
                                struct error *error)
{
	struct history_options options = histories_options(s);

	options.search = search;
	return history_scan(h, path, s->engine, &s->rules, &options, error);
}

/* Scans one of several repositories: one that cannot be opened is lost, and the rest goes on. */
static enum err scan_one_of_many(struct session *s, struct histories *all, const char *path,
                                 struct error *error)
{
	struct history *h = &all->items[all->count++];

	if (!scan_repository(s, h, path, false, error))
		return histories_add(s, h, h->folder, error);
	coverage_lose(&s->result.coverage, LOST_UNREADABLE, bytes_of(path), error->message);
	return ERR_NONE;
}

/* Scans all that the command line asks for. */
static enum err scan_all(struct session *s, struct histories *all,
                         const struct found_repositories *found, struct error *error)
{
	const struct words *named = &s->options.operands;
	size_t count = named->count + found->count;
	enum err err = ERR_NONE;

	all->items = mem_calloc(count ? count : 1, sizeof(*all->items));
	if (count <= 1 && !s->options.recursive) {
		struct history *h = &all->items[all->count++];

		err = scan_repository(s, h, count ? named->items[0] : ".", !count, error);
		return err ? err : histories_add(s, h, h->folder, error);
	}
	for (size_t i = 0; i < named->count && !err; i++)
		err = scan_one_of_many(s, all, named->items[i], error);
	for (size_t i = 0; i < found->count && !err; i++)
		err = scan_one_of_many(s, all, found->paths[i], error);
	return err;
}

/* Finds the repositories below the folder of --recursive. */
static enum err find_all(struct session *s, struct found_repositories *found, struct error *error)
{
	const struct options *o = &s->options;
	size_t unreadable = 0;
	enum err err = ERR_NONE;

	if (o->recursive)
		err = repositories_find(found, o->recursive, &unreadable, error);
	for (size_t i = 0; i < unreadable; i++)
		coverage_lose(&s->result.coverage, LOST_UNREADABLE, bytes_of(o->recursive),
		              "a folder below it");
	if (!err && o->recursive && !found->count)
		err = error_set(error, ERR_MISSING, "%s: no git repository in it", o->recursive);
	if (!err && o->range && (o->branch || o->reachable || o->since != INT64_MIN))
		err =
		    error_set(error, ERR_USAGE,
		              "--range says which commits count; it goes with neither --branch nor "
		              "--since nor --reachable");
	if (!err && s->sarif_wanted && o->operands.count + found->count > 1)
		err = error_set(error, ERR_USAGE,
		                "a SARIF file is for one repository; with several write -o "
		                "sarif=FOLDER/ (with the slash) for a file each");
	return err;
}

int session_history(struct session *s)
{
	struct found_repositories found = {0};
	struct histories all = {0};
	struct error error = {0};
	const struct options *o = &s->options;
	enum err err;
	int status;

	/* A repository that one stands in is trusted; a stranger's does not allow its own leaks. */
	s->scan.inline_policy = o->no_inline || !s->settings.trusted ? INLINE_IGNORE : INLINE_MARK;
	err = find_all(s, &found, &error);
	if (!err)
		err = remembered_open(s, &error);
	if (!err)
		err = scan_all(s, &all, &found, &error);
	if (err) {
		status = session_fail(s, &error);
	} else {
		status = session_report(s, &error);
		session_end(s);
	}
	for (size_t i = 0; i < all.count; i++)
		history_release(&all.items[i]);
	free(all.items);
	found_repositories_release(&found);
	return status;
}

int command_history(int argc, char **argv)
{
	struct session session = {.has_repositories = true, .trust = TRUST_HERE};
	struct error error = {0};

	if (session_begin(&session, argc, argv, &error))
		return session_fail(&session, &error);
	if (session.options.help)
		return session_help(&session, help_history);
	return session_history(&session);
}
