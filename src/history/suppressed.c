#include "history/suppressed.h"

/* What is held against the occurrence. */
static const struct suppression *find_suppression(const struct occurrence *o,
                                                  const struct suppressions *suppressions)
{
	static const struct suppression by_text = {.kind = SUPPRESSION_INLINE};

	/* That of the newest version tells. */
	if (o->last.allowed)
		return &by_text;
	return suppressions ? suppressions_at(suppressions, o->first.held, o->path) : NULL;
}

/* Where the occurrence's secret stands; its path tells. */
static enum object_type kind_of(const struct occurrence *o)
{
	if (bytes_equal(o->path, bytes_of(".git/commit-message")))
		return OBJECT_COMMIT;
	return bytes_equal(o->path, bytes_of(".git/tag-message")) ? OBJECT_TAG : OBJECT_BLOB;
}

/* The part of the leak whose occurrences are suppressed, or not; it may have none. */
static struct leak part_of(const struct leak *leak, bool suppressed, struct arena *arena)
{
	struct leak part = *leak;

	part.occurrences = arena_alloc(arena, leak->count, sizeof(*part.occurrences));
	part.count = 0;
	for (size_t i = 0; i < leak->count; i++) {
		if ((leak->occurrences[i].first.suppression != NULL) == suppressed)
			part.occurrences[part.count++] = leak->occurrences[i];
	}
	if (part.count && part.occurrences[0].path.ptr != leak->occurrences[0].path.ptr)
		part.kind = kind_of(&part.occurrences[0]);
	return part;
}

void suppress_leaks(struct leak_list *leaks, struct leak_list *suppressed,
                    const struct suppressions *suppressions)
{
	size_t kept = 0;

	for (size_t i = 0; i < leaks->count; i++) {
		struct leak leak = leaks->items[i], held;
		size_t count = 0;

		for (size_t k = 0; k < leak.count; k++) {
			struct occurrence *o = &leak.occurrences[k];

			o->first.suppression = o->last.suppression =
			    find_suppression(o, suppressions);
			count += o->first.suppression != NULL;
		}
		if (count) {
			held = part_of(&leak, true, &leaks->arena);
			leak_list_add(suppressed, &held);
			leak = part_of(&leak, false, &leaks->arena);
		}
		if (leak.count)
			leaks->items[kept++] = leak;
	}
	leaks->count = kept;
}
