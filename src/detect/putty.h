/*
 * PuTTY's private key files, versions 2 and 3 (its manual, appendix C).
 */
#ifndef TRAWL_DETECT_PUTTY_H
#define TRAWL_DETECT_PUTTY_H

#include "detect/verdict.h"

/*
 * The text is a whole file. One that is not encrypted is proved by its MAC, whose key is known; of
 * an encrypted one the form alone can be told.
 */
struct verdict putty_verify(struct bytes secret);

#endif
