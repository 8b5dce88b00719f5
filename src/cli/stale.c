#include "cli/stale.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum err stale_possible(const struct session *s, struct error *error)
{
	const struct options *o = &s->options;

	if (!o->report_stale)
		return ERR_NONE;
	if (o->range || o->branch || o->reachable || o->since != INT64_MIN)
		return error_set(error, ERR_USAGE,
		                 "what is stale shows in the whole history only; leave --range, "
		                 "--branch, --since and --reachable out");
	if (s->trust == TRUST_TREE && !s->settings.whole_tree)
		return error_set(error, ERR_USAGE,
		                 "what is stale shows in the whole tree only; scan its top folder");
	return ERR_NONE;
}

/* Suppressions that held, by address. */
struct used {
	const struct suppression **items;
	size_t count;
	size_t cap;
};

/* All that holds for the finding is in use, not only what came first. */
static void add_used(struct used *used, const struct suppressions *s, const struct finding *f)
{
	for (const struct suppression *const *held = f->held; held && *held; held++) {
		const struct suppression *const one[] = {*held, NULL};

		if (*held != f->suppression && !suppressions_at(s, one, f->path))
			continue;
		used->items = mem_grow(used->items, used->count, &used->cap, sizeof(*used->items));
		used->items[used->count++] = *held;
	}
}

static int address_order(const void *left, const void *right)
{
	const struct suppression *const *a = left, *const *b = right;

	return (*a > *b) - (*a < *b);
}

static void find_used(const struct session *s, struct used *used)
{
	const struct finding_list *findings = &s->result.suppressed;
	const struct leak_list *leaks = &s->suppressed_leaks;

	for (size_t i = 0; i < findings->count; i++)
		add_used(used, &s->settings.suppressions, &findings->items[i]);
	for (size_t i = 0; i < leaks->count; i++) {
		for (size_t k = 0; k < leaks->items[i].count; k++)
			add_used(used, &s->settings.suppressions,
			         &leaks->items[i].occurrences[k].first);
	}
	if (used->count)
		qsort(used->items, used->count, sizeof(*used->items), address_order);
}

static bool is_used(const struct used *used, const struct suppression *s)
{
	return used->count &&
	       bsearch(&s, used->items, used->count, sizeof(*used->items), address_order);
}

__attribute__((format(printf, 3, 4))) static void print_stale(const char *file, uint32_t line,
                                                              const char *format, ...)
{
	struct error what, shown;
	va_list args;

	va_start(args, format);
	vsnprintf(what.message, sizeof(what.message), format, args);
	va_end(args);
	error_set(&shown, ERR_NONE, "%s:%" PRIu32 ": stale: %s", file, line, what.message);
	fprintf(stderr, "trawl: %s\n", shown.message);
}

static int line_order(const void *left, const void *right)
{
	const struct baseline_entry *const *a = left, *const *b = right;
	uint32_t x = (*a)->suppression.line, y = (*b)->suppression.line;

	return (x > y) - (x < y);
}

static size_t list_baseline(const struct session *s, const struct used *used)
{
	const struct baseline *b = &s->settings.baseline;
	const struct baseline_entry **sorted = mem_calloc(b->count, sizeof(*sorted));
	size_t count = 0;

	for (size_t i = 0; i < b->count; i++) {
		if (!is_used(used, &b->entries[i].suppression))
			sorted[count++] = &b->entries[i];
	}
	if (count)
		qsort(sorted, count, sizeof(*sorted), line_order);
	for (size_t i = 0; i < count; i++) {
		const struct baseline_entry *e = sorted[i];

		if (baseline_expired(e, s->settings.suppressions.today))
			print_stale(b->file, e->suppression.line,
			            "the entry for %s in %.*s "
			            "expired after %s",
			            e->rule, (int)e->path.len, (const char *)e->path.ptr,
			            e->suppression.expires);
		else
			print_stale(b->file, e->suppression.line,
			            "%s in %.*s is no longer found; trawl baseline update drops it",
			            e->rule, (int)e->path.len, (const char *)e->path.ptr);
	}
	free(sorted);
	return count;
}

static size_t list_config(const struct session *s, const struct used *used)
{
	const struct configuration *config = &s->settings.config;
	size_t count = 0;

	for (size_t i = 0; i < config->allow_count; i++) {
		if (is_used(used, &config->allows[i].suppression))
			continue;
		print_stale(config->file, config->allows[i].suppression.line,
		            "this entry of `allow` allows nothing that is found");
		count++;
	}
	return count;
}

static size_t list_excludes(const struct session *s)
{
	const struct configuration *config = &s->settings.config;
	size_t count = 0;

	for (size_t i = 0; i < config->exclude_words.count; i++) {
		if (atomic_load(&s->settings.suppressions.exclude_held[i]))
			continue;
		print_stale(config->file, config->exclude_words.items[i].line,
		            "`%s` of `exclude` fits nothing that would be scanned",
		            config->exclude_words.items[i].text);
		count++;
	}
	return count;
}

static int marker_order(const void *left, const void *right)
{
	const struct stale_marker *a = left, *b = right;
	int order = bytes_compare(a->path, b->path);

	return order ? order : (a->line > b->line) - (a->line < b->line);
}

static size_t list_markers(const struct session *s)
{
	const struct stale_markers *markers = &s->result.markers;

	if (markers->count)
		qsort(markers->items, markers->count, sizeof(*markers->items), marker_order);
	for (size_t i = 0; i < markers->count; i++) {
		const struct stale_marker *m = &markers->items[i];
		char *path = mem_calloc(m->path.len + 1, 1);

		if (m->path.len)
			memcpy(path, m->path.ptr, m->path.len);
		print_stale(path, m->line, "this marker allows nothing that is found");
		free(path);
	}
	return markers->count;
}

size_t stale_list(const struct session *s)
{
	const struct baseline *b = &s->settings.baseline;
	struct used used = {0};
	size_t count;

	if (!s->options.report_stale)
		return 0;
	if (s->result.coverage.lost_count) {
		fputs("trawl: what is stale cannot be told: not all was scanned\n", stderr);
		return 0;
	}
	find_used(s, &used);
	count = list_config(s, &used);
	if (s->trust == TRUST_TREE) /* histories exclude what is found, not what is read */
		count += list_excludes(s) + list_markers(s);
	if (b->scope == BASELINE_TREE || s->trust != TRUST_TREE)
		count += list_baseline(s, &used);
	else if (b->count)
		fprintf(stderr,
		        "trawl: %s: of a history; trawl history --report-stale tells its stale "
		        "entries\n",
		        b->file);
	free(used.items);
	return count;
}
