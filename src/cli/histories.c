#include "cli/histories.h"

#include "base/memory.h"
#include "base/numbers.h"
#include "cli/remembered.h"

#include <stdio.h>
#include <stdlib.h>

struct history_options histories_options(const struct session *s)
{
	const struct options *o = &s->options;
	uint64_t max_size = o->source.max_size;

	return (struct history_options){
	    .check_complete = o->check_complete,
	    .time_budget = o->time_budget,
	    .known = s->state ? &s->known : NULL,
	    .choice = {o->range, o->branch, o->reachable, o->since},
	    .sighting = {.scan = &s->scan,
	                 .walk = {.threads = o->threads,
	                          .memory = o->memory,
	                          .object_max = max_size > o->memory ? max_size : o->memory,
	                          .timed = o->verbose},
	                 .max_size = max_size,
	                 .max_size_chosen = o->source.max_size_chosen,
	                 .no_reuse = o->no_reuse}};
}

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
	if (h->renewal.objects)
		fprintf(stderr,
		        "%s: %zu new or changed rules looked at %s objects that were known\n",
		        h->folder, h->renewal.rules, number_text(objects, h->renewal.objects));
	if (h->looked_for_missing)
		fprintf(stderr, "%s: %u missing objects that only unreachable ones name\n",
		        h->folder, h->unneeded);
}

enum err histories_add(struct session *s, struct history *h, const char *name, struct error *error)
{
	struct scanned_repository repository = {.folder = h->folder,
	                                        .remote = h->remote,
	                                        .head = *h->head ? h->head : NULL,
	                                        .branch = h->branch};
	struct session_part part = {.leaks = &h->leaks,
	                            .coverage = &h->coverage,
	                            .repositories = &repository,
	                            .repository_count = 1,
	                            .suppressed = &h->suppressed};
	struct report *reports = mem_calloc(s->options.outputs.count, sizeof(*reports));
	size_t count = 0, gone = s->gone.count;
	enum err err = remembered_compare(s, h, error);

	part.gone = s->gone.items + gone;
	part.gone_count = s->gone.count - gone;
	coverage_sort(&h->coverage);
	if (!err)
		err = session_open_parts(s, name, reports, &count, error);
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
