#include "cli/joined.h"

#include "base/memory.h"
#include "base/numbers.h"
#include "cli/status.h"
#include "report/date.h"
#include "report/safe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_MAX = 20, PATH_TEXT_MAX = 64 * 1024 };

enum err joined_begin(struct session *s, int argc, char **argv, const struct words *outputs,
                      struct error *error)
{
	enum err err = options_parse(&s->options, argc, argv, error);

	if (err)
		return err;
	s->options.outputs.count = 0;
	for (size_t i = 0; i < outputs->count; i++)
		words_add(&s->options.outputs, outputs->items[i]);
	s->without_reports = !outputs->count;
	return session_prepare(s, error);
}

/* ---- Reading ---- */

static void lose(struct session *s, const char *path, const char *reason)
{
	coverage_lose(&s->result.coverage, LOST_UNREADABLE, bytes_of(path), reason);
}

/* Counts the repository by what was just read of it. */
static void count_repository(struct joined *j, size_t leaks, uint64_t lost)
{
	if (leaks)
		j->with_findings++;
	if (lost)
		j->incomplete++;
	if (!leaks && !lost)
		j->clean++;
}

static void add_line(struct joined *j, struct session *s, const struct batch_line *line,
                     const char *folder)
{
	size_t leaks = j->results.leaks.count;
	uint64_t lost = j->results.coverage.lost_count;
	struct error error;
	struct buf path;

	j->repositories++;
	if (!line->done) {
		lose(s, line->path, "it was not scanned yet; run the batch again");
		j->incomplete++;
		return;
	}
	buf_init(&path, PATH_TEXT_MAX);
	buf_appendf(&path, "%s/%s.jsonl", folder, line->file);
	if (results_read(&j->results, buf_text(&path), j->rules, j->rule_count, &error))
		coverage_lose(&j->results.coverage, LOST_UNREADABLE, bytes_of(line->path),
		              error.message);
	buf_release(&path);
	count_repository(j, j->results.leaks.count - leaks, j->results.coverage.lost_count - lost);
}

void joined_add(struct joined *j, struct session *s, const struct batch_index *index,
                const char *folder)
{
	if (!j->rules)
		j->rules = session_rules(s, &j->rule_count);
	for (size_t i = 0; i < index->count; i++)
		add_line(j, s, &index->lines[i], folder);
	for (uint64_t i = 0; i < index->unreadable; i++)
		lose(s, folder, "a folder that was to be searched for repositories");
}

/* ---- The table ---- */

/* How often something was found. */
struct tally {
	const char *name;
	uint64_t count;
	uint64_t repositories;
	const char *last; /* repository that was counted */
};

static int name_order(const void *left, const void *right)
{
	return strcmp(((const struct tally *)left)->name, ((const struct tally *)right)->name);
}

static int count_order(const void *left, const void *right)
{
	const struct tally *a = left, *b = right;

	return a->count != b->count ? (a->count < b->count) - (a->count > b->count)
	                            : strcmp(a->name, b->name);
}

/* One tally for each rule or provider, the most frequent first; the leaks are sorted. */
static struct tally *tallies_of(const struct joined *j, const struct leak_list *leaks,
                                bool providers, size_t *count)
{
	struct tally *tallies = mem_calloc(j->rule_count, sizeof(*tallies));
	size_t kept = 0;

	for (size_t i = 0; i < j->rule_count; i++)
		tallies[i].name = providers ? j->rules[i]->provider : j->rules[i]->id;
	qsort(tallies, j->rule_count, sizeof(*tallies), name_order);
	for (size_t i = 0; i < j->rule_count; i++) {
		if (!kept || strcmp(tallies[kept - 1].name, tallies[i].name) != 0)
			tallies[kept++] = tallies[i];
	}
	for (size_t i = 0; i < leaks->count; i++) {
		const struct rule *rule = leaks->items[i].occurrences[0].first.rule;
		const struct tally wanted = {.name = providers ? rule->provider : rule->id};
		struct tally *tally = bsearch(&wanted, tallies, kept, sizeof(*tallies), name_order);

		tally->count++;
		if (!tally->last || strcmp(tally->last, leaks->items[i].repository) != 0)
			tally->repositories++;
		tally->last = leaks->items[i].repository;
	}
	qsort(tallies, kept, sizeof(*tallies), count_order);
	for (*count = 0; *count < kept && tallies[*count].count; ++*count)
		;
	return tallies;
}

static void print_tallies(const struct joined *j, const struct leak_list *leaks, bool providers)
{
	char number[NUMBER_TEXT_MAX], repositories[NUMBER_TEXT_MAX];
	size_t count;
	struct tally *tallies = tallies_of(j, leaks, providers, &count);

	if (count)
		printf("\n%-44s %9s %13s\n", providers ? "by provider" : "by rule", "findings",
		       "repositories");
	for (size_t i = 0; i < count && i < SHOWN_MAX; i++)
		printf("  %-42s %9s %13s\n", tallies[i].name, number_text(number, tallies[i].count),
		       number_text(repositories, tallies[i].repositories));
	if (count > SHOWN_MAX)
		printf("  and %zu more\n", count - SHOWN_MAX);
	free(tallies);
}

/* The leak that stands in some HEAD and came in first; NULL if there is none. */
static const struct leak *oldest_at_head(const struct leak_list *leaks)
{
	const struct leak *oldest = NULL;

	for (size_t i = 0; i < leaks->count; i++) {
		const struct leak *leak = &leaks->items[i];

		if (leak->state == LEAK_HEAD && leak->occurrences[0].has_commit &&
		    (!oldest || leak->occurrences[0].date < oldest->occurrences[0].date))
			oldest = leak;
	}
	return oldest;
}

static void print_oldest(const struct leak_list *leaks)
{
	const struct leak *leak = oldest_at_head(leaks);
	char date[DATE_TEXT_SIZE];

	if (!leak)
		return;
	printf("\nOldest secret that still stands at HEAD: since %.*s, %s, ", DATE_DAY_LEN,
	       date_text(leak->occurrences[0].date, 0, date), leak->occurrences[0].first.rule->id);
	safe_write(stdout, bytes_of(leak->repository));
	printf(": ");
	safe_write(stdout, leak->occurrences[0].path);
	printf(":%" PRIu32 "\n", leak->occurrences[0].first.start_line);
}

static void print_table(const struct joined *j, const struct leak_list *leaks)
{
	char number[NUMBER_TEXT_MAX];

	printf("repositories    %9s\n", number_text(number, j->repositories));
	printf("  clean         %9s\n", number_text(number, j->clean));
	printf("  with findings %9s\n", number_text(number, j->with_findings));
	printf("  incomplete    %9s\n", number_text(number, j->incomplete));
	print_tallies(j, leaks, false);
	print_tallies(j, leaks, true);
	print_oldest(leaks);
}

/* ---- Reporting ---- */

/* Gives the session what was read; the results keep the texts. */
static void move_results(struct joined *j, struct session *s)
{
	struct results *r = &j->results;

	for (size_t i = 0; i < r->leaks.count; i++)
		leak_list_add(&s->leaks, &r->leaks.items[i]);
	for (size_t i = 0; i < r->suppressed.count; i++)
		leak_list_add(&s->suppressed_leaks, &r->suppressed.items[i]);
	s->unlisted_suppressed = r->suppressed_count - r->suppressed.count;
	coverage_adopt(&s->result.coverage, &r->coverage);
	s->gone = r->gone;
	r->gone = (struct gone_list){0};
	s->repositories = r->repositories;
	s->repository_count = r->repository_count;
	r->repositories = NULL;
}

static int folder_order(const void *left, const void *right)
{
	const struct scanned_repository *a = left, *b = right;

	return strcmp(a->folder, b->folder);
}

int joined_report(struct joined *j, struct session *s, struct error *error)
{
	bool table = true;
	int status;

	for (size_t i = 0; i < s->report_count; i++)
		table &= s->reports[i].path != NULL;
	move_results(j, s);
	if (s->repository_count)
		qsort(s->repositories, s->repository_count, sizeof(*s->repositories), folder_order);
	s->unit = "object";
	status = session_report(s, error);
	if (table && status != STATUS_ERROR)
		print_table(j, &s->leaks);
	session_end(s);
	return status;
}

void joined_release(struct joined *j)
{
	results_release(&j->results);
	free(j->rules);
	*j = (struct joined){0};
}
