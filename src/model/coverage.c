#include "model/coverage.h"

#include "base/memory.h"

#include <stdlib.h>

void coverage_release(struct coverage *c)
{
	free(c->lost);
	arena_release(&c->text);
	*c = (struct coverage){0};
}

void coverage_skip(struct coverage *c, enum skip_reason reason)
{
	c->skipped[reason]++;
}

static int lost_order(const void *left, const void *right)
{
	const struct lost *a = left, *b = right;
	int order = bytes_compare(a->path, b->path);

	if (!order)
		order = (a->reason > b->reason) - (a->reason < b->reason);
	return order ? order : strcmp(a->detail, b->detail);
}

static void add_named(struct coverage *c, const struct lost *lost)
{
	c->lost = mem_grow(c->lost, c->named_count, &c->named_cap, sizeof(*c->lost));
	c->lost[c->named_count++] = *lost;
}

/* A copy of the lost input whose texts are the arena's. */
static struct lost copy_lost(const struct lost *lost, struct arena *text)
{
	return (struct lost){lost->reason, arena_bytes(text, lost->path),
	                     arena_text(text, bytes_of(lost->detail))};
}

void coverage_lose(struct coverage *c, enum lost_reason reason, struct bytes path,
                   const char *detail)
{
	struct lost lost = {reason, path, detail};

	c->lost_count++;
	if (c->trimmed && lost_order(&lost, &c->lost[COVERAGE_NAMED_MAX - 1]) >= 0)
		return;
	if (c->named_count == 2 * COVERAGE_NAMED_MAX)
		coverage_sort(c);
	lost = copy_lost(&lost, &c->text);
	add_named(c, &lost);
}

void coverage_adopt(struct coverage *into, struct coverage *from)
{
	into->files += from->files;
	into->bytes += from->bytes;
	for (int i = 0; i < SKIP_REASON_COUNT; i++)
		into->skipped[i] += from->skipped[i];
	into->lost_count += from->lost_count;
	for (size_t i = 0; i < from->named_count; i++)
		add_named(into, &from->lost[i]);
	arena_adopt(&into->text, &from->text);
	coverage_release(from);
	if (into->named_count > COVERAGE_NAMED_MAX)
		coverage_sort(into);
}

/* Lets go of those past the maximum, which are last in order, and of their texts. */
static void trim(struct coverage *c)
{
	struct arena text = {0};

	c->named_count = COVERAGE_NAMED_MAX;
	for (size_t i = 0; i < c->named_count; i++)
		c->lost[i] = copy_lost(&c->lost[i], &text);
	arena_release(&c->text);
	c->text = text;
	c->trimmed = true;
}

void coverage_sort(struct coverage *c)
{
	if (c->named_count)
		qsort(c->lost, c->named_count, sizeof(*c->lost), lost_order);
	if (c->named_count > COVERAGE_NAMED_MAX)
		trim(c);
}

const char *skip_reason_id(enum skip_reason reason)
{
	static const char *const ids[] = {"symbolic-link", "special-file",     "gitlink",
	                                  "lfs-pointer",   "ignored",          "excluded",
	                                  "max-size",      "generic-on-binary"};

	return ids[reason];
}

const char *lost_reason_id(enum lost_reason reason)
{
	static const char *const ids[] = {"unreadable", "changed", "too-large",  "engine-limit",
	                                  "too-deep",   "missing", "time-budget"};

	return ids[reason];
}

const char *skip_reason_text(enum skip_reason reason)
{
	static const char *const texts[] = {"symbolic links",  "special files",
	                                    "gitlinks",        "LFS pointers",
	                                    "ignored",         "excluded by the configuration",
	                                    "over --max-size", "binaries, by generic rules"};

	return texts[reason];
}

const char *lost_reason_text(enum lost_reason reason)
{
	static const char *const texts[] = {"could not be read",
	                                    "changed while it was read",
	                                    "is larger than the default maximum",
	                                    "hit a limit of the engine",
	                                    "is nested too deep",
	                                    "is incomplete",
	                                    "ran out of the time budget"};

	return texts[reason];
}
