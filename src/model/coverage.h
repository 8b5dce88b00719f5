/*
 * Coverage: what was scanned and what was not, with the reason; part of every result. Skipped =
 * left out by kind or by choice, counted. Lost = should have been scanned and was not; named, and
 * the exit status tells.
 */
#ifndef TRAWL_MODEL_COVERAGE_H
#define TRAWL_MODEL_COVERAGE_H

#include "base/arena.h"
#include "base/bytes.h"

#include <stdint.h>

enum skip_reason {
	SKIP_SYMLINK,
	SKIP_SPECIAL_FILE, /* FIFO, socket, device */
	SKIP_GITLINK,
	SKIP_LFS_POINTER,
	SKIP_IGNORED,           /* by .gitignore; a folder counts once */
	SKIP_EXCLUDED,          /* by the configuration; likewise */
	SKIP_MAX_SIZE,          /* over a --max-size that the user gave */
	SKIP_GENERIC_ON_BINARY, /* binaries that generic rules passed over */
	SKIP_REASON_COUNT,
};

enum lost_reason {
	LOST_UNREADABLE,
	LOST_CHANGED,      /* while it was read */
	LOST_TOO_LARGE,    /* over the default maximum */
	LOST_ENGINE_LIMIT, /* a pattern hit a limit on steps, stack or time */
	LOST_TOO_DEEP,     /* folders nested past the maximum */
	LOST_MISSING,      /* objects that a history needs and no store holds */
	LOST_TIME_BUDGET,  /* the time that the user gave was over */
	LOST_REASON_COUNT,
};

/*
 * How many lost inputs are named, the first in order whatever came first in time; further ones are
 * counted only.
 */
enum { COVERAGE_NAMED_MAX = 10000 };

struct lost {
	enum lost_reason reason;
	struct bytes path;  /* any bytes; owned by the coverage */
	const char *detail; /* what the system or the engine said; "" if nothing; owned likewise */
};

struct coverage {
	uint64_t files; /* scanned blobs */
	uint64_t bytes; /* of them */
	uint64_t skipped[SKIP_REASON_COUNT];
	uint64_t lost_count;
	struct lost *lost; /* of them; COVERAGE_NAMED_MAX at most after coverage_sort() */
	size_t named_count;
	size_t named_cap;
	bool trimmed; /* lost[COVERAGE_NAMED_MAX - 1] is a bound: none behind it is named */
	struct arena text;
};

/* Frees all; {0} is an empty coverage. */
void coverage_release(struct coverage *c);

/* Counts one input that is left out by kind or by choice. */
void coverage_skip(struct coverage *c, enum skip_reason reason);

/* Records one input that was lost, at the end of those that are named; texts are copied. */
void coverage_lose(struct coverage *c, enum lost_reason reason, struct bytes path,
                   const char *detail);

/* Moves all of `from` into `into`; `from` is empty. */
void coverage_adopt(struct coverage *into, struct coverage *from);

/* Sorts what was lost by path, then reason, and keeps what is named: the order of every report. */
void coverage_sort(struct coverage *c);

/* Stable kebab-case identifiers ("symbolic-link", "unreadable" ...), for machines. */
const char *skip_reason_id(enum skip_reason reason);
const char *lost_reason_id(enum lost_reason reason);

/* What people read: "symbolic links", "could not be read". */
const char *skip_reason_text(enum skip_reason reason);
const char *lost_reason_text(enum lost_reason reason);

#endif
