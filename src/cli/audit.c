#include "cli/audit.h"

#include "base/memory.h"
#include "base/utf8.h"
#include "report/safe.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct audit {
	struct baseline *baseline;
	const char *today;
	bool *removed; /* by entry */
	bool changed;
};

/* Asks and reads one line, without its end, of `size` bytes at most; false at the end of input. */
static bool ask(const char *question, char *answer, size_t size)
{
	size_t len;

	for (;;) {
		printf("%s", question);
		if (fflush(stdout) != 0 || !fgets(answer, (int)size, stdin))
			return false;
		len = strlen(answer);
		if (len && answer[len - 1] == '\n') {
			answer[--len] = '\0';
			if (utf8_valid((struct bytes){(unsigned char *)answer, len}))
				return true;
			printf("      That is no UTF-8.\n");
			continue;
		}
		printf("      That is too long.\n");
		for (int c = 0; c != '\n' && c != EOF;)
			c = getchar();
	}
}

static const char *kept_text(struct baseline *b, const char *text)
{
	return *text ? arena_text(&b->arena, bytes_of(text)) : NULL;
}

/* Asks why, who and until when; false at the end of input: then nothing is changed. */
static bool allow(struct audit *a, struct baseline_entry *entry)
{
	char reason[BASELINE_TEXT_MAX + 2], owner[BASELINE_TEXT_MAX + 2], expires[64];

	do {
		if (!ask("      reason: ", reason, sizeof(reason)))
			return false;
	} while (!*reason);
	if (!ask("      owner (may be empty): ", owner, sizeof(owner)))
		return false;
	for (;;) {
		if (!ask("      last day, YYYY-MM-DD (may be empty): ", expires, sizeof(expires)))
			return false;
		if (!*expires || (baseline_is_date(expires) && strcmp(expires, a->today) >= 0))
			break;
		printf("      A day to come, such as 2099-12-31.\n");
	}
	entry->suppression.reason = kept_text(a->baseline, reason);
	entry->suppression.owner = kept_text(a->baseline, owner);
	entry->suppression.expires = kept_text(a->baseline, expires);
	a->changed = true;
	return true;
}

static void show_text(const char *what, const char *text)
{
	if (!text)
		return;
	printf("      %s", what);
	safe_write(stdout, bytes_of(text));
	putchar('\n');
}

static void show(const struct baseline_entry *entry, size_t number, size_t count)
{
	printf("\n[%zu/%zu] ", number, count);
	safe_write(stdout, bytes_of(entry->rule));
	printf("  ");
	safe_write(stdout, entry->path);
	putchar('\n');
	show_text("", entry->preview);
	show_text("allowed: ", entry->suppression.reason);
	show_text("owner: ", entry->suppression.owner);
	show_text("expired after ", entry->suppression.expires);
}

/* Deals with one entry; false when the person stops. */
static bool deal_with(struct audit *a, struct baseline_entry *entry)
{
	char answer[16];

	for (;;) {
		if (!ask("      [k]eep, [a]llow with a reason, [r]emove, [q]uit? ", answer,
		         sizeof(answer)))
			return false;
		if (strcmp(answer, "k") == 0)
			return true;
		if (strcmp(answer, "a") == 0)
			return allow(a, entry);
		if (strcmp(answer, "q") == 0)
			return false;
		if (strcmp(answer, "r") == 0) {
			a->removed[entry - a->baseline->entries] = true;
			a->changed = true;
			return true;
		}
	}
}

/* As in the file. */
static int path_order(const void *left, const void *right)
{
	const struct baseline_entry *const *a = left, *const *b = right;
	int order = bytes_compare((*a)->path, (*b)->path);

	if (!order)
		order = strcmp((*a)->rule, (*b)->rule);
	return order ? order : (*a > *b) - (*a < *b);
}

static void drop_removed(struct audit *a)
{
	struct baseline *b = a->baseline;
	size_t kept = 0;

	for (size_t i = 0; i < b->count; i++) {
		if (!a->removed[i])
			b->entries[kept++] = b->entries[i];
	}
	b->count = kept;
}

enum err audit_entries(struct baseline *b, const char *today, bool *changed, struct error *error)
{
	struct audit a = {.baseline = b, .today = today};
	struct baseline_entry **open = mem_calloc(b->count, sizeof(*open));
	size_t count = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		free(open);
		return error_set(error, ERR_USAGE, "an audit asks questions: run it on a terminal");
	}
	a.removed = mem_calloc(b->count, sizeof(*a.removed));
	for (size_t i = 0; i < b->count; i++) {
		if (!b->entries[i].suppression.reason || baseline_expired(&b->entries[i], today))
			open[count++] = &b->entries[i];
	}
	if (count)
		qsort(open, count, sizeof(*open), path_order);
	printf("%zu of %zu entries have no reason or have expired.\n", count, b->count);
	for (size_t i = 0; i < count; i++) {
		show(open[i], i + 1, count);
		if (!deal_with(&a, open[i]))
			break;
	}
	drop_removed(&a);
	*changed = a.changed;
	free(a.removed);
	free(open);
	return ERR_NONE;
}
