/*
 * Reports: renderings of findings and coverage. One writer per format; each takes a finished run
 * and streams, keeping no document. A report that goes to a file is written under a temporary
 * name beside it, which exists from the start (an unwritable path is an error before the scan),
 * and is renamed when it is complete.
 */
#ifndef TRAWL_REPORT_REPORT_H
#define TRAWL_REPORT_REPORT_H

#include "base/error.h"
#include "model/coverage.h"
#include "model/finding.h"
#include "model/history.h"

#include <stdint.h>
#include <stdio.h>

#ifndef TRAWL_VERSION
#define TRAWL_VERSION "0.0.0" /* the build states the real one */
#endif

enum report_format {
	REPORT_TEXT,
	REPORT_JSONL,
	REPORT_SARIF,
	REPORT_GITHUB,
	REPORT_GITLAB,
	REPORT_JUNIT,
	REPORT_HTML,
};

/* A repository whose history was scanned. */
struct scanned_repository {
	const char *folder; /* absolute; leaks point to the same text */
	const char *remote; /* address without user and password; NULL: none */
	const char *head;   /* 40 digits of HEAD's commit; NULL: none */
	const char *branch; /* that HEAD names; NULL: none */
};

/* What a command found out; all that a report can say. Borrowed by the writers. */
struct run {
	const struct finding *findings; /* sorted */
	size_t finding_count;
	const struct leak *leaks; /* of histories, in place of findings; sorted */
	size_t leak_count;
	const struct scanned_repository *repositories; /* histories that were scanned */
	size_t repository_count;
	const struct coverage *coverage; /* sorted */
	const struct rule *const *rules; /* the enabled ones, sorted by id */
	size_t rule_count;
	int64_t started_ms; /* Unix time in milliseconds; SOURCE_DATE_EPOCH fixes both */
	int64_t ended_ms;
	int exit_status;
	int fail_on;         /* findings of this level and above fail; LEVEL_ERROR + 1: none */
	uint64_t suppressed; /* findings and leaks that something is held against */
	/* These, sorted, if they are wanted. Formats without a place for them leave them out. */
	const struct finding *suppressed_findings;
	size_t suppressed_finding_count;
	const struct leak *suppressed_leaks;
	size_t suppressed_leak_count;
	const struct gone_leak *gone; /* leaks that the run before knew, with the same state */
	size_t gone_count;
	const char *folder; /* absolute path of the folder that relative paths start from */
};

/* How many findings or leaks the run has. */
static inline size_t run_count(const struct run *run)
{
	return run->finding_count + run->leak_count;
}

/* The i-th finding, or the first place of the i-th leak. */
static inline const struct finding *run_finding(const struct run *run, size_t i)
{
	return run->leak_count ? &run->leaks[i].occurrences[0].first : &run->findings[i];
}

struct report_options {
	bool show_secrets;
	bool color;           /* text only */
	uint64_t sarif_limit; /* results in a SARIF file; UINT64_MAX = none */
};

/* One -o FORMAT[=FILE], opened; zero-initialise. */
struct report {
	enum report_format format;
	FILE *out;
	char *buffer;    /* out's */
	char *path;      /* NULL: standard output */
	char *temporary; /* the name that is written under; NULL: `path` is no regular file */
};

/* How many reports to files can be open at once. */
enum { REPORT_FILES_MAX = 16 };

/*
 * Reads "FORMAT" or "FORMAT=FILE" and opens what is to be written: without FILE, or with "-",
 * standard output; a device or a FIFO is written to directly. ERR_USAGE for an unknown format
 * (naming those that exist), ERR_IO for a file that cannot be created.
 */
enum err report_open(struct report *r, const char *spec, struct error *error);

/* Writes the run. ERR_IO when it could not be written whole; a closed pipe is no error. */
enum err report_write(struct report *r, const struct run *run, const struct report_options *options,
                      struct error *error);

/* Gives a complete report file its name and closes. ERR_IO. The report is released. */
enum err report_commit(struct report *r, struct error *error);

/* Removes the temporary file, if there is one, and closes. For a run that ended early. */
void report_discard(struct report *r);

/*
 * Arranges that SIGINT, SIGTERM and SIGHUP remove the temporary files of all open reports and then
 * end the process by that signal (status 128 + n in a shell), and that a closed pipe is seen as a
 * write error instead of a signal. Call once, before the first report_open().
 */
void report_guard_signals(void);

#endif
