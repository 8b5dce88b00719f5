/*
 * Long words: longest stretches of at least LONG_WORD letters, digits and the signs of base64, as
 * keys are. Where the value that a rule's matches hold is one, the rule's stubs need to be looked
 * for near long words only, and most of a text is not near one.
 */
#ifndef TRAWL_RULESET_LONG_WORD_H
#define TRAWL_RULESET_LONG_WORD_H

#include "base/bytes.h"
#include "model/rule.h"

enum { LONG_WORD = 24 }; /* bytes */

/* Whether all texts that hold the bulk hold it within a long word. */
bool long_word_holds(const struct bulk *bulk);

/*
 * Finds the first long word in text[from, text.len) that starts before `limit`; a word that starts
 * before `from` is taken to start there. False if there is none, else where it starts and ends.
 */
bool long_word_find(struct bytes text, size_t from, size_t limit, size_t *start, size_t *end);

#endif
