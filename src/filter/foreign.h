/*
 * The suppressions of other scanners, for moving over: gitleaks' `.gitleaksignore` and JSON reports
 * (taken for its --baseline-path), and detect-secrets' `.secrets.baseline`. Only what their
 * documentation states is read.
 */
#ifndef TRAWL_FILTER_FOREIGN_H
#define TRAWL_FILTER_FOREIGN_H

#include "base/arena.h"
#include "base/error.h"
#include "model/object.h"

enum {
	FOREIGN_SIZE_MAX = 16 << 20, /* bytes */
	FOREIGN_COUNT_MAX = 100000,  /* entries */
};

struct foreign_entry {
	uint32_t number;     /* of the entry in its file, from 1; for a list of lines, the line */
	struct bytes path;   /* from the tree's top; len 0: it has none */
	uint32_t line;       /* 1-based; 0: it has none */
	const char *rule;    /* as the other scanner calls it; "" if it does not tell */
	struct bytes secret; /* len 0: it does not tell */
	bool has_commit;     /* the line is that in the commit's version */
	struct object_id commit;
	const char *refusal; /* why it means nothing here; NULL: it may */
};

struct foreign_list {
	struct foreign_entry *items;
	size_t count;
	size_t cap;
	const char *format; /* what people call it */
	struct arena arena;
};

/*
 * Reads the text of `file`, whose name and start tell the format; the caller releases the list
 * whatever the result. An entry that is broken has a refusal. ERR_SYNTAX, ERR_LIMIT.
 */
enum err foreign_read(struct foreign_list *list, const char *file, struct bytes text,
                      struct error *error);
void foreign_release(struct foreign_list *list);

#endif
