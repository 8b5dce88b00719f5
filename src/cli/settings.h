/*
 * Settings: what a tree says about its own scan, `.trawl.yaml` and `.trawl-baseline`, read from
 * where the command line or the trust in the tree puts them.
 */
#ifndef TRAWL_CLI_SETTINGS_H
#define TRAWL_CLI_SETTINGS_H

#include "cli/options.h"
#include "filter/suppressions.h"
#include "ruleset/ruleset.h"

/* Whose settings count without an option that says so. */
enum trust {
	TRUST_NEVER,      /* none: who pushes to the repository one stands in is a stranger */
	TRUST_HERE,       /* those of the repository one stands in, if no other is named */
	TRUST_REPOSITORY, /* those of the repository, also of one that is named */
	TRUST_TREE,       /* those of the tree that is scanned */
};

/* The files of a tree. */
struct tree_files {
	/*
	 * Reads the file at the path from the tree's top into out (emptied first), whose maximum
	 * bounds it; follows no link. ERR_MISSING if there is none.
	 */
	enum err (*read)(void *context, const char *path, struct buf *out, struct error *error);
	void *context;
	const char *name; /* stands before the path in messages: "" or "main:" */
};

struct settings {
	bool trusted; /* the tree may say what is allowed in it */
	bool has_config;
	bool has_baseline;
	bool whole_tree; /* the operands leave nothing of the tree out */
	struct configuration config;
	struct baseline baseline;
	char *top;                 /* of the tree, absolute; NULL: in no folder */
	const char *baseline_file; /* where the baseline is, or would be; NULL: in no folder */
	struct tree_place *places; /* of the operands of a scan */
	size_t place_count;
	struct rule_text *rules; /* the files that the config names */
	size_t rule_count;
	struct suppressions suppressions;
	struct arena arena;
};

/*
 * Reads the settings that count for the command; `files` (NULL: those of the folder) is where a
 * trusted tree's are. ERR_MISSING for a file or revision that is named and is not there, ERR_USAGE
 * for options that contradict each other, and the errors of configuration_read() and
 * baseline_read(). The caller releases the settings whatever the result.
 */
enum err settings_read(struct settings *settings, const struct options *options, enum trust trust,
                       const struct tree_files *files, struct error *error);
void settings_release(struct settings *settings);

/*
 * Reads a file that the user names, through links, into out (emptied first), whose maximum bounds
 * it. ERR_MISSING, ERR_IO, ERR_LIMIT.
 */
enum err settings_read_file(const char *path, struct buf *out, struct error *error);

#endif
