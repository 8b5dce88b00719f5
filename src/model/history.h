/*
 * What a history tells of a secret: the places and commits at which it came in, and where it still
 * stands.
 */
#ifndef TRAWL_MODEL_HISTORY_H
#define TRAWL_MODEL_HISTORY_H

#include "model/finding.h"
#include "model/object.h"

/* Where a secret stands now: the most public of these. */
enum leak_state {
	LEAK_HEAD,        /* in the tree of HEAD */
	LEAK_TIP,         /* in the tree of another branch or tag, or in a tag's message */
	LEAK_HISTORY,     /* in what references lead to otherwise */
	LEAK_UNREACHABLE, /* in what only reflogs lead to, or nothing */
};

/* A secret that a commit brought to a path. Versions of the file that keep it are no others. */
struct occurrence {
	struct bytes path; /* any bytes; len 0: no tree names the blob */
	bool has_commit;   /* false: no commit leads to it */
	struct object_id commit;
	const char *author;         /* name; "" if it is not known */
	int64_t date;               /* of the author, Unix seconds */
	int32_t zone;               /* minutes east of UTC */
	struct object_id blob;      /* the first version with the secret */
	struct object_id last_blob; /* and the last */
	struct finding first;       /* the place in the first version */
	struct finding last;        /* and in the last; both with the occurrence's path */
};

/* One secret of one rule in one repository. */
struct leak {
	const char *repository; /* its folder; borrowed */
	enum object_type kind;  /* OBJECT_BLOB; OBJECT_COMMIT, OBJECT_TAG: it stands in a message */
	enum leak_state state;
	strings refs;                   /* LEAK_TIP: the references whose trees have it */
	struct occurrence *occurrences; /* at least one; in the order in which they came in */
	size_t count;
	int64_t left; /* of what stands at no tip: when a commit took it out last, Unix seconds; 0:
	                 nobody knows */
	int64_t
	    first_seen; /* when runs that share a state found it, Unix seconds; 0: nobody knows */
	int64_t last_seen;
	bool is_new; /* the run before did not know it */
};

/* A leak that the run before knew and that is no more. */
struct gone_leak {
	const char *repository;
	const char *rule_id;
	struct bytes path; /* of its first occurrence; any bytes */
	int64_t first_seen;
	int64_t last_seen;
	uint8_t fingerprint[FINGERPRINT_SIZE];
};

/* {0} is an empty list. */
struct gone_list {
	struct gone_leak *items; /* by repository, then fingerprint */
	size_t count;
	size_t cap;
	struct arena text; /* owns what they point to, but for the repository */
};

void gone_list_release(struct gone_list *list);

struct leak_list {
	struct leak *items;
	size_t count;
	size_t cap;
	struct arena arena; /* owns what the leaks point to */
};

/* Frees all; {0} is an empty list. */
void leak_list_release(struct leak_list *list);

void leak_list_add(struct leak_list *list, const struct leak *leak);

/* Sorts by repository, path of the first occurrence, place, rule id, fingerprint: the order of
 * every report. */
void leak_list_sort(struct leak_list *list);

/* "head", "tip", "history", "unreachable". */
const char *leak_state_name(enum leak_state state);

/* "blob", "commit", "tag", "tree". */
const char *object_type_name(enum object_type type);

#endif
