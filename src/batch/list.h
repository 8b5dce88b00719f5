/*
 * The list of repositories that a batch is for: from operands, a folder, or a file with a path on
 * each line. A plan is such a file that begins with PLAN_HEADER and states sizes: "SIZE<tab>PATH",
 * with \\, \n and \t in the path for a backslash, a line's end and a tab. It can be split into
 * shares without a look at the repositories.
 */
#ifndef TRAWL_BATCH_LIST_H
#define TRAWL_BATCH_LIST_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"

#include <stdio.h>

#define PLAN_HEADER "# trawl plan 1: bytes of packs, tab, path\n"

struct batch_entry {
	const char *path;  /* as it was named; owned by the list */
	const char *group; /* what is likely to have packs in common; "": unknown; likewise */
	uint64_t size;     /* bytes of packs; only an estimate, for order and balance */
};

/* Zero-initialise; each path is in it once. */
struct batch_list {
	struct batch_entry *items;
	size_t count;
	size_t cap;
	const char
	    *base;  /* that the paths' hashes leave out, for shares without sizes; NULL: none */
	bool sized; /* the sizes are those of a plan */
	unsigned char digest[DIGEST_SIZE]; /* of the whole list, after list_finish() */
	struct arena text;
};

void list_add(struct batch_list *list, const char *path);

/*
 * Adds what the file says; `name` is for messages. ERR_SYNTAX names the line; ERR_IO; ERR_LIMIT for
 * more than 4 GiB.
 */
enum err list_read(struct batch_list *list, FILE *file, const char *name, struct error *error);

/* Drops what is named twice and makes the digest: the list is complete. */
void list_finish(struct batch_list *list);

/* Looks how large the repositories are and which have packs in common, as far as folders tell. */
void list_measure(struct batch_list *list);

/* Leaves the share-th (from 1) of so many shares: all are about as large, if sizes are known. */
void list_share(struct batch_list *list, unsigned share, unsigned shares);

/* Puts the largest first. */
void list_order(struct batch_list *list);

/* Writes the list, which has been measured, as a plan. Failures show in ferror(out). */
void list_write(const struct batch_list *list, FILE *out);

void list_release(struct batch_list *list);

#endif
