#include "history/history.h"

#include "base/memory.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/numbers.h"
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

static double seconds_of(uint64_t ns)
{
	return (double)ns / 1e9;
}

/* Says what the history cost: bytes, the time of each phase, and of the scan's steps. */
static void print_costs(const struct history *h)
{
	char objects[NUMBER_TEXT_MAX], bytes[NUMBER_TEXT_MAX], stored[NUMBER_TEXT_MAX],
	    read[NUMBER_TEXT_MAX], remade[NUMBER_TEXT_MAX];

	fprintf(stderr,
	        "%s: %s objects of %s; packs hold %s of it as bases and inserts, the prefilter "
	        "read %s (%.2f of that); %s objects made again\n",
	        h->folder, number_text(objects, h->counts.objects),
	        size_text(bytes, h->counts.bytes), size_text(stored, h->counts.stored),
	        size_text(read, h->costs.read),
	        h->counts.stored ? (double)h->costs.read / (double)h->counts.stored : 0.0,
	        number_text(remade, h->counts.remade));
	fprintf(stderr, "%s: open %.2f s, scan %.2f s, trees %.2f s, %s %.2f s\n", h->folder,
	        seconds_of(h->open_ns), seconds_of(h->scan_ns), seconds_of(h->trees_ns),
	        h->looked_for_missing ? "attribution and missing objects" : "attribution",
	        seconds_of(h->attribute_ns));
	fprintf(stderr,
	        "%s: scan, all threads together: inflate %.2f s, patch %.2f s, prefilter %.2f s, "
	        "confirm %.2f s\n",
	        h->folder, seconds_of(h->counts.inflate_ns), seconds_of(h->counts.patch_ns),
	        seconds_of(h->costs.prefilter_ns), seconds_of(h->costs.confirm_ns));
	if (h->looked_for_missing)
		fprintf(stderr, "%s: %u missing objects that only unreachable ones name\n",
		        h->folder, h->unneeded);
}

/* Writes what one history brought to reports of its own, and moves it to the session. */
static enum err add_history(struct session *s, struct history *h, struct error *error)
{
	struct scanned_repository repository = {
	    .folder = h->folder, .remote = h->remote, .head = *h->head ? h->head : NULL};
	struct session_part part = {.leaks = &h->leaks,
	                            .coverage = &h->coverage,
	                            .repositories = &repository,
	                            .repository_count = 1,
	                            .suppressed = &h->suppressed};
	struct report *reports = mem_calloc(s->options.outputs.count, sizeof(*reports));
	size_t count = 0;
	enum err err;

	coverage_sort(&h->coverage);
	err = session_open_parts(s, h->folder, reports, &count, error);
	if (!err)
		err = session_write_parts(s, &part, reports, count, error);
	for (size_t i = 0; i < count; i++)
		report_discard(&reports[i]);
	free(reports);
	if (s->options.verbose)
		print_costs(h);
	for (size_t i = 0; i < h->leaks.count; i++)
		leak_list_add(&s->leaks, &h->leaks.items[i]);
	coverage_adopt(&s->result.coverage, &h->coverage);
	for (size_t i = 0; i < h->suppressed.count; i++)
		leak_list_add(&s->suppressed_leaks, &h->suppressed.items[i]);
	s->repositories =
	    mem_resize(s->repositories, s->repository_count + 1, sizeof(*s->repositories));
	s->repositories[s->repository_count++] = repository;
	return err;
}

static enum err scan_repository(struct session *s, struct history *h, const char *path, bool search,
                                struct error *error)
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

	return history_scan(h, path, s->engine, &s->rules, &options, error);
}

/* Scans one of several repositories: one that cannot be opened is lost, and the rest goes on. */
static enum err scan_one_of_many(struct session *s, struct histories *all, const char *path,
                                 struct error *error)
{
	struct history *h = &all->items[all->count++];

	if (!scan_repository(s, h, path, false, error))
		return add_history(s, h, error);
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
		return err ? err : add_history(s, h, error);
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
