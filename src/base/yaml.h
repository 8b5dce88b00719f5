/*
 * YAML as a tree with line numbers, read through libyaml's events with caps on what a stranger's
 * file can cost: size, depth, number of nodes; aliases, anchors, tags and several documents are
 * refused, and so is a key that stands twice in one mapping.
 */
#ifndef TRAWL_BASE_YAML_H
#define TRAWL_BASE_YAML_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

#include <stdint.h>

enum { YAML_SIZE_MAX = 4 * 1024 * 1024, YAML_DEPTH_MAX = 32, YAML_NODES_MAX = 400000 };

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	uint32_t line;                    /* 1-based */
	const char *key;                  /* of a mapping's child; NULL elsewhere */
	uint32_t key_line;                /* 1-based */
	const char *text;                 /* scalar: its value, without NUL inside */
	bool plain;                       /* scalar: written without quotes */
	const struct yaml_node *children; /* sequence and mapping */
	size_t count;
};

/*
 * Reads one document; the tree is owned by the arena. `file` is only named in messages, which also
 * give the line and the remedy: ERR_SYNTAX, ERR_LIMIT.
 */
enum err yaml_read(const struct yaml_node **root, struct arena *arena, const char *file,
                   struct bytes text, struct error *error);

/* The mapping's child with this key, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

#endif
