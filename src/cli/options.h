/*
 * The command line of the commands that scan: read once, checked at once, then const. Options and
 * operands mix; `--` ends the options.
 */
#ifndef TRAWL_CLI_OPTIONS_H
#define TRAWL_CLI_OPTIONS_H

#include "base/error.h"
#include "detect/detector.h"
#include "report/report.h"
#include "source/source.h"

/* Words from the command line, in order; they point into argv. */
struct words {
	const char **items;
	size_t count;
	size_t cap;
};

enum progress { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

struct options {
	struct words operands;
	struct words outputs; /* -o FORMAT[=FILE] */
	struct words rules;   /* --rules PATH */
	struct words only;    /* --only ID */
	struct words disable; /* --disable ID */
	const char *key_file; /* --fingerprint-key; NULL: the environment's, else the public one */
	bool show_secrets;
	bool explain;     /* tell what each stage said of each finding */
	bool explain_all; /* ... and of each candidate that was rejected */
	bool no_inline;
	bool all_markers;        /* --allow-markers all */
	const char *config;      /* --config FILE; NULL: not asked; likewise below */
	const char *config_from; /* --config-from REF */
	const char *baseline;    /* --baseline FILE */
	bool no_config;
	bool no_baseline;
	bool trust_repo; /* what a repository says of its own scan counts */
	bool report_suppressed;
	bool report_stale;
	bool fail_on_stale;
	bool history; /* of `trawl baseline`: the entries are those of all commits */
	bool allow_incomplete;
	bool quiet;
	bool verbose;
	bool help;
	enum progress progress;
	int fail_on; /* enum level; LEVEL_ERROR + 1: never */
	bool fail_on_chosen;
	int exit_code; /* in place of 1 */
	unsigned threads;
	uint64_t memory; /* bytes for the objects of a history; of a batch, for all processes */
	bool memory_chosen;
	const char *range;  /* --range A..B; NULL: not asked */
	const char *branch; /* --branch NAME; NULL: not asked */
	int64_t since;      /* --since DATE, Unix seconds; INT64_MIN: not asked */
	bool reachable;
	bool check_complete;
	bool pre_push;      /* the lines are those of a pre-push hook */
	bool update;        /* the operands are those of an update hook */
	double time_budget; /* seconds; 0: no limit */
	bool no_reuse;      /* scan every object of a history whole */
	const char *state;  /* --state FILE; NULL: not asked */
	bool new_only;
	const char *recursive; /* --recursive DIR; NULL: not asked; likewise below */
	const char *list;      /* --list FILE, of repositories */
	const char *plan;      /* --plan FILE, to be written */
	unsigned share;        /* --shard K/N; 0: not asked */
	unsigned shares;
	double repo_time;     /* seconds for one repository; 0: no limit */
	uint64_t repo_memory; /* bytes for one repository; 0: not asked */
	uint64_t sarif_limit; /* results; UINT64_MAX: none */
	struct engine_options engine;
	struct source_options source;
};

/*
 * Reads argv (argv[0] is the command's name) into o, which options_release() frees. ERR_USAGE names
 * the option and the remedy.
 */
enum err options_parse(struct options *o, int argc, char **argv, struct error *error);
void options_release(struct options *o);

void words_add(struct words *words, const char *word);

#endif
