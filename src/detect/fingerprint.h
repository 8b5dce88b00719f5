/*
 * The fingerprint: which secret of which rule, whatever the path, line or commit.
 */
#ifndef TRAWL_DETECT_FINGERPRINT_H
#define TRAWL_DETECT_FINGERPRINT_H

#include "base/bytes.h"
#include "base/error.h"
#include "model/finding.h"

enum { FINGERPRINT_KEY_SIZE = 32 };

struct fingerprint_key {
	unsigned char bytes[FINGERPRINT_KEY_SIZE];
};

/*
 * The key made of the user's text (any bytes, at least 16); with an empty text the public constant,
 * under which anybody can test a guessed secret. ERR_USAGE for a text that is too short.
 */
enum err fingerprint_key_set(struct fingerprint_key *key, struct bytes text, struct error *error);

/* A key that nobody knows. */
void fingerprint_key_random(struct fingerprint_key *key);

/* BLAKE2b-128 (RFC 7693), keyed, over the rule's id, a zero byte and the secret. */
void fingerprint_make(const struct fingerprint_key *key, const char *rule_id, struct bytes secret,
                      unsigned char out[FINGERPRINT_SIZE]);

#endif
