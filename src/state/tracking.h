/*
 * Which leaks a repository had when it was scanned last, and since when: what is new, and what is
 * gone. A leak is kept as its rule and fingerprint, with a path that is fit to be shown.
 */
#ifndef TRAWL_STATE_TRACKING_H
#define TRAWL_STATE_TRACKING_H

#include "detect/fingerprint.h"
#include "model/history.h"
#include "scan/redact.h"
#include "state/state.h"

/* How a repository was scanned. */
struct tracked_scan {
	const char *repository;          /* its folder */
	const char *choice;              /* what tells which commits count; "": all */
	const struct rule *const *rules; /* in use, sorted by id */
	size_t rule_count;
	bool complete; /* nothing was lost: what was not found is gone */
	int64_t now;   /* Unix seconds */
	bool goes_on;  /* with a run that began `now` and was ended early: what that kept is new */
	struct redactor *redactor; /* redacts the leaks' paths; NULL: they are redacted */
};

/*
 * Whether the state is one of findings with fingerprints of this key; one that is new is from now
 * on.
 */
bool track_key(const struct known_store *store, const struct fingerprint_key *key);

/*
 * Fills in when the leaks were seen and which are new, adds those that are gone, and puts into the
 * store what the next run is to know. Leaks that something is held against (`suppressed`) are
 * there, too. A leak of a rule that is not in use stays as it was. What the store holds that is no
 * such text counts as nothing.
 */
void track_leaks(const struct known_store *store, const struct tracked_scan *scan,
                 struct leak_list *leaks, struct leak_list *suppressed, struct gone_list *gone);

#endif
