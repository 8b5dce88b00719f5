/*
 * The built-in rules: C tables that generate-rules makes from rules/ when Trawl is built.
 */
#ifndef TRAWL_RULESET_BUILTIN_H
#define TRAWL_RULESET_BUILTIN_H

#include "ruleset/ruleset.h"

extern const struct ruleset_part builtin_part;

#endif
