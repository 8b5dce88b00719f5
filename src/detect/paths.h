/*
 * Conditions on paths: Ant-style globs and extensions.
 */
#ifndef TRAWL_DETECT_PATHS_H
#define TRAWL_DETECT_PATHS_H

#include "base/bytes.h"
#include "model/rule.h"

/*
 * Whether the whole path fits the glob: `?` is one byte and `*` any number of bytes other than `/`,
 * `**` as a whole segment any number of segments. A glob that ends in `/` goes on with `**`.
 */
bool path_fits(struct bytes path, const char *glob);

/* Whether the rule's paths and extensions admit a blob at this path; a blob without one passes. */
bool rule_admits_path(const struct rule *rule, struct bytes path);

#endif
