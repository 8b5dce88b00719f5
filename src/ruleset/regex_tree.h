/*
 * A regular expression as a tree: what its parts match, as far as a reader of bytes can tell. What
 * is derived from a pattern (ruleset/regex.h) is derived from this.
 */
#ifndef TRAWL_RULESET_REGEX_TREE_H
#define TRAWL_RULESET_REGEX_TREE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/byte_set.h"
#include "base/error.h"
#include "model/rule.h"

enum node_kind {
	NODE_SET,      /* one byte */
	NODE_SEQUENCE, /* children in turn; without children: nothing */
	NODE_CHOICE,   /* one of the children */
	NODE_REPEAT,   /* the child, min to max times */
	NODE_LOOK,     /* no width, but what stands before and after matters */
	NODE_OPAQUE,   /* anything: this reader cannot tell */
};

struct node {
	enum node_kind kind;
	struct byte_set set;
	struct node *child;     /* first */
	struct node *next;      /* sibling */
	uint32_t min, max;      /* REPEAT */
	uint32_t behind, ahead; /* LOOK: bytes; UNBOUNDED possible */
	struct node *looked;    /* LOOK: what must stand here, too; NULL: not known */
	bool secret;            /* the first capture group */
};

/* Sums, products of widths: what passes 32 bits has no bound. */
uint32_t width_add(uint32_t a, uint32_t b);
uint32_t width_multiply(uint32_t a, uint32_t b);

struct extent {
	uint32_t min, max;      /* width in bytes */
	uint32_t behind, ahead; /* bytes that matter before the start and after the longest end */
};

struct extent node_extent(const struct node *n);

struct regex_tree {
	struct node *root;
	struct buf translated; /* the expression to give to PCRE2 */
	bool has_groups;
};

/*
 * Reads the expression; the nodes are owned by the arena, the rest is released with
 * regex_tree_release(), after an error, too. Errors as regex_analyse().
 */
enum err regex_tree_read(struct regex_tree *tree, const char *expression, struct arena *arena,
                         struct error *error);
void regex_tree_release(struct regex_tree *tree);

/* Writes the set as a bracket expression that PCRE2 and Hyperscan read alike. */
void regex_put_set(const struct byte_set *set, struct buf *out);

#endif
