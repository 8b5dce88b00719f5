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

static void add_named(struct coverage *c, const struct lost *lost)
{
	if (c->named_count == COVERAGE_NAMED_MAX)
		return;
	c->lost = mem_grow(c->lost, c->named_count, &c->named_cap, sizeof(*c->lost));
	c->lost[c->named_count++] = *lost;
}

void coverage_lose(struct coverage *c, enum lost_reason reason, struct bytes path,
		   const char *detail)
{
	c->lost_count++;
	if (c->named_count == COVERAGE_NAMED_MAX)
		return;
	add_named(c, &(struct lost){reason, arena_bytes(&c->text, path),
				    arena_text(&c->text, bytes_of(detail))});
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
}

static int lost_order(const void *left, const void *right)
{
	const struct lost *a = left, *b = right;
	int order = bytes_compare(a->path, b->path);

	if (!order)
		order = (a->reason > b->reason) - (a->reason < b->reason);
	return order ? order : strcmp(a->detail, b->detail);
}

void coverage_sort(struct coverage *c)
{
	if (c->named_count)
		qsort(c->lost, c->named_count, sizeof(*c->lost), lost_order);
}

const char *skip_reason_id(enum skip_reason reason)
{
	static const char *const ids[] = {"symbolic-link",    "special-file", "gitlink",
					  "lfs-pointer",      "ignored",      "max-size",
					  "generic-on-binary"};

	return ids[reason];
}

const char *lost_reason_id(enum lost_reason reason)
{
	static const char *const ids[] = {"unreadable",	  "changed",  "too-large",
					  "engine-limit", "too-deep", "missing"};

	return ids[reason];
}

const char *skip_reason_text(enum skip_reason reason)
{
	static const char *const texts[] = {"symbolic links",
					    "special files",
					    "gitlinks",
					    "LFS pointers",
					    "ignored",
					    "over --max-size",
					    "binaries, by generic rules"};

	return texts[reason];
}

const char *lost_reason_text(enum lost_reason reason)
{
	static const char *const texts[] = {"could not be read",
					    "changed while it was read",
					    "is larger than the default maximum",
					    "hit a limit of the engine",
					    "is nested too deep",
					    "is incomplete"};

	return texts[reason];
}
