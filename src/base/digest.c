#include "base/digest.h"

#include <sodium.h>

_Static_assert(sizeof(struct digest) >= sizeof(crypto_generichash_state), "room for the state");
_Static_assert(_Alignof(struct digest) >= _Alignof(crypto_generichash_state), "its alignment");

static crypto_generichash_state *state_of(struct digest *d)
{
	return (crypto_generichash_state *)(void *)d->state;
}

void digest_begin(struct digest *d)
{
	crypto_generichash_init(state_of(d), NULL, 0, DIGEST_SIZE);
}

void digest_add(struct digest *d, struct bytes bytes)
{
	crypto_generichash_update(state_of(d), bytes.ptr, bytes.len);
}

void digest_add_number(struct digest *d, uint64_t number)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(number >> 8 * i);
	digest_add(d, (struct bytes){bytes, sizeof(bytes)});
}

void digest_add_text(struct digest *d, const char *text)
{
	digest_add_number(d, text ? strlen(text) : UINT64_MAX);
	if (text)
		digest_add(d, bytes_of(text));
}

void digest_end(struct digest *d, unsigned char out[DIGEST_SIZE])
{
	crypto_generichash_final(state_of(d), out, DIGEST_SIZE);
}
