/*
 * Conditions on paths: Ant-style globs and extensions.
 */
#ifndef TRAWL_DETECT_PATHS_H
#define TRAWL_DETECT_PATHS_H

#include "base/bytes.h"
#include "model/rule.h"

/*
 * Whether the whole text fits the glob: `?` is one byte and `*` any number of bytes. The time grows
 * with the product of the lengths at worst.
 */
bool glob_fits(struct bytes text, struct bytes glob);

/*
 * Whether the whole path fits the glob: `?` is one byte and `*` any number of bytes other than `/`,
 * `**` as a whole segment any number of segments. A glob that ends in `/` goes on with `**`.
 */
bool path_fits(struct bytes path, const char *glob);

/* Whether one of the globs fits the path or a folder above it. */
bool path_covered(struct bytes path, strings globs);

/* Whether the rule's paths and extensions admit a blob at this path; a blob without one passes. */
bool rule_admits_path(const struct rule *rule, struct bytes path);

#endif
