/*
 * What is found now, by place and by secret: what the entries of baselines, ours and other
 * scanners', are held against.
 */
#ifndef TRAWL_CLI_SIGHTED_H
#define TRAWL_CLI_SIGHTED_H

#include "detect/fingerprint.h"
#include "filter/foreign.h"
#include "model/history.h"

/* A secret at a place. */
struct sighted {
	const struct finding *finding;
	const struct object_id *commit; /* that brought it there; NULL: not known */
	bool suppressed;                /* something is held against it already */
};

/* {0} is an empty list. */
struct sighted_list {
	struct sighted *items; /* by path, line, fingerprint */
	size_t count;
	size_t cap;
	const struct sighted **secrets; /* the same by fingerprint */
	const struct rule **rules;      /* of them, each once */
	size_t rule_count;
};

/* Adds what the list holds, which must outlive this one. */
void sighted_add_findings(struct sighted_list *list, const struct finding_list *findings,
                          bool suppressed);
void sighted_add_leaks(struct sighted_list *list, const struct leak_list *leaks, bool suppressed);

/* To be called once all are added. */
void sighted_sort(struct sighted_list *list);
void sighted_release(struct sighted_list *list);

/* Whether the secret with this fingerprint is there. */
bool sighted_has(const struct sighted_list *list, const uint8_t fingerprint[FINGERPRINT_SIZE]);

/*
 * What the other scanner's entry stands for; NULL, with why, if that cannot be told. The key is
 * that of the fingerprints.
 */
const struct sighted *sighted_match(const struct sighted_list *list,
                                    const struct fingerprint_key *key,
                                    const struct foreign_entry *entry, const char **refusal);

#endif
