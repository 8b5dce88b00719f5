/*
 * Telling names and words from what a machine drew, without a dictionary: in words most letters
 * stand behind a letter that they often follow.
 */
#ifndef TRAWL_DETECT_WORDLIKE_H
#define TRAWL_DETECT_WORDLIKE_H

#include "base/bytes.h"

/*
 * The share, 0 to 1, of neighbours in the text that are letters in a common order. English words
 * and names made of them have 0.55 and more; of random letters and digits, 16 or more, one text in
 * a hundred has over 0.45.
 */
double wordlike_share(struct bytes text);

#endif
