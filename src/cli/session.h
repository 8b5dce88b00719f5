/*
 * A session: what every scanning command has around its source. It begins with the command line,
 * the rules, the engine and the opened reports, and ends with the written reports, the summary and
 * the exit status.
 */
#ifndef TRAWL_CLI_SESSION_H
#define TRAWL_CLI_SESSION_H

#include "cli/options.h"
#include "cli/settings.h"
#include "model/history.h"
#include "scan/scanner.h"
#include "state/state.h"

struct session {
	struct options options;
	struct ruleset rules;
	struct engine *engine;
	struct scan_options scan;
	struct scan_result result; /* of all workers, or of all histories */
	struct leak_list leaks;    /* of all histories */
	struct leak_list suppressed_leaks;
	uint64_t unlisted_suppressed; /* of results that only count them */
	struct settings settings;
	enum trust trust; /* set before the session begins, likewise below */
	const struct tree_files
	    *files; /* where a trusted tree's settings are; NULL: in its folder */
	bool
	    without_reports; /* nor does a baseline hold: for commands on the settings themselves */
	struct scanned_repository *repositories;
	size_t repository_count;
	bool has_repositories; /* set before the session begins: reports may go to folders */
	struct report *reports;
	size_t report_count;
	bool text_wanted;         /* one of them is text */
	bool sarif_wanted;        /* one of them is SARIF */
	struct state *state;      /* of --state; NULL: none */
	struct known_store known; /* the same as a store */
	struct gone_list gone;    /* what is no more of what it knew */
	bool goes_on;             /* with an earlier run, whose time is started_ms */
	const char *unit;    /* what the summary counts; NULL: files, or objects of repositories */
	const char *folder;  /* that paths are relative to; NULL: where one stands */
	uint64_t old;        /* findings that are left out because an earlier version has them */
	size_t stale;        /* suppressions that hold against nothing, if they are asked for */
	int64_t started_ms;  /* wall clock, or SOURCE_DATE_EPOCH */
	int64_t started_run; /* monotonic clock, for the summary */
};

/*
 * Reads the command line and the settings, and makes all ready; with --help it stops after the
 * options. The session ({0} before, but for what says otherwise) must be ended whatever the result.
 */
enum err session_begin(struct session *session, int argc, char **argv, struct error *error);

/* The same for a session whose options have been read. */
enum err session_prepare(struct session *session, struct error *error);

/* The rules in use, in order of id; the caller frees the array. */
const struct rule **session_rules(const struct session *session, size_t *count);

/* A scanner for one worker; the caller frees it. */
struct scanner *session_scanner(struct session *session);

/* What one report of the session covers: everything, or one repository of several. */
struct session_part {
	const struct leak_list *leaks;
	const struct leak_list *suppressed;
	const struct coverage *coverage;
	const struct scanned_repository *repositories;
	size_t repository_count;
	const struct gone_leak *gone;
	size_t gone_count;
};

/*
 * Opens FOLDER/NAME.FORMAT for each -o FORMAT=FOLDER/ (a FOLDER that ends in a slash) into reports,
 * which has room for all, and sets *count. NAME is made of `name` and is safe as a file's name.
 */
enum err session_open_parts(const struct session *session, const char *name, struct report *reports,
                            size_t *count, struct error *error);

/* Writes, commits and releases the reports of a part, which must be sorted. */
enum err session_write_parts(const struct session *session, const struct session_part *part,
                             struct report *reports, size_t count, struct error *error);

/* Writes the reports of the result, prints the summary, and returns the exit status. */
int session_report(struct session *session, struct error *error);

/*
 * Scans the histories that the options of the session, which has begun, ask for, reports, and ends
 * the session; returns the exit status.
 */
int session_history(struct session *session);

/* Forgets what was found, so that the session is as it was before it found anything. */
void session_forget(struct session *session);

/* Says what was lost on standard error, even with -q, unless a text report tells. */
void session_print_lost(const struct session *session);

/* Frees all; reports that were not written leave nothing behind. */
void session_end(struct session *session);

/* Ends the session and returns the status of the error, after printing it. */
int session_fail(struct session *session, const struct error *error);

/* Ends the session and returns STATUS_CLEAN, after printing the help. */
int session_help(struct session *session, const char *help);

#endif
