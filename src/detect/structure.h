/*
 * Secrets that prove themselves by what they decode to.
 */
#ifndef TRAWL_DETECT_STRUCTURE_H
#define TRAWL_DETECT_STRUCTURE_H

#include "base/bytes.h"
#include "model/rule.h"

/* Whether the secret decodes as the structure asks; true for STRUCTURE_NONE. */
bool structure_verify(enum structure structure, struct bytes secret);

#endif
