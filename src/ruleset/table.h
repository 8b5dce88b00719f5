/*
 * Rules that differ only in names and shapes are rows of a table: this makes the rule of a row,
 * with its texts, its patterns and its examples, from one template.
 */
#ifndef TRAWL_RULESET_TABLE_H
#define TRAWL_RULESET_TABLE_H

#include "base/arena.h"
#include "base/error.h"
#include "model/rule.h"

enum { TABLE_REJECTS_MAX = 8 };

struct table_row {
	const char *provider;
	const char *credential;
	strings keywords;  /* one of them stands before the value; NULL: the shape tells it alone */
	const char *shape; /* ruleset/shape.h */
	const char *with;  /* the shape of something that stands near it; NULL: nothing */
};

/* The regular expressions of a row's rule, as ruleset/regex.h reads them. */
struct table_patterns {
	const char *value;
	const char *with;           /* NULL: nothing must stand near */
	const char *const *rejects; /* found in a value = it is no secret */
	size_t reject_count;        /* of the same list for all rows, up to TABLE_REJECTS_MAX */
};

/*
 * Fills the rule's id, names, texts, type, entropy threshold and examples, and the patterns; the
 * arena owns all of them. ERR_SYNTAX says which of the row's texts is wrong.
 */
enum err table_expand(const struct table_row *row, struct arena *arena, struct rule *rule,
                      struct table_patterns *patterns, struct error *error);

#endif
