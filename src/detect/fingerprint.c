#include "detect/fingerprint.h"

#include <sodium.h>

enum { KEY_TEXT_MIN = 16 };

enum err fingerprint_key_set(struct fingerprint_key *key, struct bytes text, struct error *error)
{
	static const char constant[] = "trawl fingerprint v1, public key";

	_Static_assert(sizeof(constant) - 1 == FINGERPRINT_KEY_SIZE, "a key's size");
	if (!text.len) {
		memcpy(key->bytes, constant, sizeof(key->bytes));
		return ERR_NONE;
	}
	if (text.len < KEY_TEXT_MIN)
		return error_set(error, ERR_USAGE,
		                 "the fingerprint key has %zu bytes; use at least %d random ones "
		                 "(for example: head -c 32 /dev/urandom | base64)",
		                 text.len, KEY_TEXT_MIN);
	crypto_generichash(key->bytes, sizeof(key->bytes), text.ptr, text.len, NULL, 0);
	return ERR_NONE;
}

void fingerprint_key_random(struct fingerprint_key *key)
{
	randombytes_buf(key->bytes, sizeof(key->bytes));
}

void fingerprint_make(const struct fingerprint_key *key, const char *rule_id, struct bytes secret,
                      unsigned char out[FINGERPRINT_SIZE])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, key->bytes, sizeof(key->bytes), FINGERPRINT_SIZE);
	crypto_generichash_update(&state, (const unsigned char *)rule_id, strlen(rule_id) + 1);
	crypto_generichash_update(&state, secret.ptr, secret.len);
	crypto_generichash_final(&state, out, FINGERPRINT_SIZE);
}
