/*
 * A finding: a proved match, with the place it stands at. Small, because a scan may keep many:
 * text that findings share (paths) is interned and owned by the list.
 */
#ifndef TRAWL_MODEL_FINDING_H
#define TRAWL_MODEL_FINDING_H

#include "base/arena.h"
#include "base/bytes.h"
#include "model/rule.h"

#include <stdint.h>

enum { FINGERPRINT_SIZE = 16, PREVIEW_MAX = 24 };

enum checksum_state { CHECKSUM_STATE_NONE, CHECKSUM_STATE_VALID, CHECKSUM_STATE_INVALID };

/* What keeps a finding out of the reports. */
enum suppression_kind {
	SUPPRESSION_INLINE,   /* a marker in the text itself */
	SUPPRESSION_BASELINE, /* an entry of the baseline */
	SUPPRESSION_CONFIG,   /* an entry of the configuration */
};

/* Owned by what it stands in. */
struct suppression {
	enum suppression_kind kind;
	strings paths;       /* globs: where it holds, and below; NULL: everywhere */
	const char *reason;  /* NULL: none is given; likewise below */
	const char *owner;   /* who answers for it */
	const char *expires; /* YYYY-MM-DD, the last day on which it holds */
	uint32_t line;       /* 1-based, in its file; 0: none */
};

/* Where another part of the credential stands; offsets, lines and columns as a finding's. */
struct finding_part {
	const char *name; /* borrowed of the rule */
	uint64_t start_offset;
	uint64_t end_offset;
	uint32_t start_line;
	uint32_t start_column;
	uint32_t end_line;
	uint32_t end_column;
};

struct finding {
	const struct rule *rule;
	struct bytes path;  /* as the system names it, any bytes; owned by the list */
	const char *secret; /* NULL unless raw secrets were asked for; owned by the list */
	const char *proof;  /* what it was decoded to, in few words; NULL: nothing; likewise */
	const struct finding_part *parts; /* in the rule's order; owned by the list */
	size_t part_count;
	uint64_t start_offset; /* bytes of the original blob, 0-based */
	uint64_t end_offset;   /* exclusive */
	uint32_t start_line;   /* 1-based; lines end at LF */
	uint32_t start_column; /* 1-based UTF-16 code units */
	uint32_t end_line;
	uint32_t end_column;      /* exclusive */
	uint64_t line_hash;       /* GitHub's hash of the line and what follows */
	uint32_t line_hash_count; /* which line with that hash it is, from 1; 0: not computed */
	uint32_t secret_len;      /* bytes, as matched */
	float entropy;            /* Shannon bits per byte of the secret */
	uint8_t confidence;       /* enum confidence */
	uint8_t level;            /* enum level */
	uint8_t checksum;         /* enum checksum_state */
	bool allowed;             /* the text itself allows it */
	const struct suppression *suppression; /* what keeps it out; NULL: nothing */
	/* What holds for its secret, perhaps at some paths only, up to a NULL; NULL: nothing. */
	const struct suppression *const *held;
	uint8_t prefix_len;       /* bytes of prefix */
	char prefix[PREVIEW_MAX]; /* what may be shown of the secret; printable ASCII */
	uint8_t fingerprint[FINGERPRINT_SIZE];
};

/* Findings in the order in which they were added, and the text that they point to. */
struct finding_list {
	struct finding *items;
	size_t count;
	size_t cap;
	struct arena text;
};

/* Sets what may be shown of a secret: the prefix that all of its rule share, if printable. */
void finding_set_prefix(struct finding *f, struct bytes secret);

/* Frees the findings and their text; the list is empty again. {0} is an empty list. */
void finding_list_release(struct finding_list *list);

/* Appends a copy of f, whose path and secret the list's arena must own. */
void finding_list_add(struct finding_list *list, const struct finding *f);

/* Moves all findings of `from` to the end of `into`; `from` is empty. */
void finding_list_adopt(struct finding_list *into, struct finding_list *from);

/*
 * Sorts by path, start offset, end offset, rule id, fingerprint, the order of every report, and
 * drops what stands twice, as when a file lies below two of the operands.
 */
void finding_list_sort(struct finding_list *list);

/* "inline", "baseline", "config". */
const char *suppression_kind_name(enum suppression_kind kind);

/* "none", "valid", "invalid". */
const char *checksum_state_name(enum checksum_state state);

#endif
