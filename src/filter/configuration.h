/*
 * The configuration: what a tree's own `.trawl.yaml` says about its scan. A stranger may have
 * written it: it is bounded, its patterns are globs, which cannot hang, and its paths stay inside
 * the tree.
 *
 *     exclude: [docs/]                   what is not scanned; a folder covers what lies below it
 *     disable: [jwt, slack-*]            rules that are not used
 *     rules: [ci/rules.yaml]             files of further rules, in the tree
 *     fail-on: error                     as --fail-on
 *     allow:
 *       - fingerprint: 0123...           as reports have it
 *         reason: rotated in May
 *       - rule: acme-*                   and secrets, paths or both
 *         secrets: [acme_test*]
 *         paths: [tests/]
 *         reason: made up for the tests
 */
#ifndef TRAWL_FILTER_CONFIGURATION_H
#define TRAWL_FILTER_CONFIGURATION_H

#include "base/arena.h"
#include "base/error.h"
#include "model/finding.h"

enum {
	CONFIG_SIZE_MAX = 1 << 20, /* bytes */
	CONFIG_LIST_MAX = 1000,    /* entries of one list */
	CONFIG_TEXT_MAX = 255,     /* bytes of a glob, id or path */
	CONFIG_REASON_MAX = 1000,  /* bytes */
};

/* An entry of a list, and where it stands. */
struct config_word {
	const char *text;
	uint32_t line; /* 1-based */
};

struct config_words {
	const struct config_word *items;
	size_t count;
};

/* What is allowed: all conditions that are stated must hold. */
struct allow {
	const char *rule; /* id, perhaps with `*` at its end; NULL: any */
	bool has_fingerprint;
	uint8_t fingerprint[FINGERPRINT_SIZE];
	strings secrets;                /* globs of whole secrets; NULL: any */
	struct suppression suppression; /* with the paths at which it holds */
};

struct configuration {
	const char *file;                  /* for messages */
	strings exclude;                   /* globs of paths from the tree's top; NULL: none */
	struct config_words exclude_words; /* the same, and where they stand */
	struct config_words disable;
	struct config_words rules; /* paths from the tree's top: relative, without `..` */
	const struct allow *allows;
	size_t allow_count;
	bool has_fail_on;
	int fail_on; /* enum level; LEVEL_ERROR + 1: never */
	struct arena arena;
};

/*
 * Reads the text of `file`, which only messages use; the caller releases the config whatever the
 * result. ERR_SYNTAX, ERR_LIMIT, naming file, line and remedy.
 */
enum err configuration_read(struct configuration *config, const char *file, struct bytes text,
                            struct error *error);
void configuration_release(struct configuration *config);

#endif
