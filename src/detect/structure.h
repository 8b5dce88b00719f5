/*
 * Secrets that prove themselves by what they decode to.
 */
#ifndef TRAWL_DETECT_STRUCTURE_H
#define TRAWL_DETECT_STRUCTURE_H

#include "detect/verdict.h"
#include "model/rule.h"

/*
 * What the decoder that the structure names says of the secret; silent for STRUCTURE_NONE. `now` is
 * in Unix seconds, 0 if nobody knows: then nothing has expired.
 */
struct verdict structure_verify(enum structure structure, struct bytes secret, int64_t now);

#endif
