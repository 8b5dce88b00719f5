#include "detect/checksum.h"

#include "detect/azure.h"
#include "detect/base32.h"
#include "detect/base58.h"
#include "detect/base64.h"
#include "detect/bech32.h"
#include "detect/mnemonic.h"

#include <libdeflate.h>
#include <sodium.h>
#include <stdint.h>

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char base36[] = "0123456789abcdefghijklmnopqrstuvwxyz";
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* A number in a positional system, most significant digit first, padded with its zero. */
static void write_number(uint64_t value, const char *alphabet, unsigned base, uint32_t digits,
                         char *out)
{
	for (uint32_t i = digits; i-- > 0; value /= base)
		out[i] = alphabet[value % base];
}

/* Bytes as a stream of digits of `bits` bits each (RFC 4648), cut to the wanted number of them. */
static void write_stream(const unsigned char *bytes, size_t len, const char *alphabet,
                         unsigned bits, uint32_t digits, char *out)
{
	uint32_t pending = 0;
	unsigned have = 0;
	size_t at = 0;

	for (uint32_t i = 0; i < digits; i++) {
		while (have < bits) {
			pending = pending << 8 | (at < len ? bytes[at] : 0);
			at++;
			have += 8;
		}
		have -= bits;
		out[i] = alphabet[pending >> have & ((1u << bits) - 1)];
	}
}

void checksum_write(const struct checksum *scheme, struct bytes covered,
                    char out[CHECKSUM_TEXT_MAX])
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	uint32_t digits = scheme->digits < CHECKSUM_TEXT_MAX ? scheme->digits : CHECKSUM_TEXT_MAX;
	uint64_t value = 0;
	size_t len = sizeof(sum);

	if (scheme->algorithm == CHECKSUM_CRC32) {
		/* CRC-32/ISO-HDLC, zlib's: over the text itself, never over decoded bytes. */
		uint32_t crc = libdeflate_crc32(0, covered.ptr, covered.len);

		len = 4;
		for (unsigned i = 0; i < 4; i++)
			sum[i] =
			    (unsigned char)(crc >> (scheme->little_endian ? 8 * i : 24 - 8 * i));
	} else {
		crypto_hash_sha256(sum, covered.ptr, covered.len);
	}
	for (size_t i = 0; i < 8 && i < len; i++)
		value = value << 8 | sum[i];
	switch (scheme->encoding) {
	case ENCODING_HEX_LOWER:
		write_stream(sum, len, base36, 4, digits, out);
		break;
	case ENCODING_HEX_UPPER:
		write_stream(sum, len, base62, 4, digits, out);
		break;
	case ENCODING_BASE32:
		write_stream(sum, len, base32, 5, digits, out);
		break;
	case ENCODING_BASE64:
		write_stream(sum, len, base64, 6, digits, out);
		break;
	case ENCODING_BASE36:
		write_number(value, base36, 36, digits, out);
		break;
	case ENCODING_BASE62:
		write_number(value, base62, 62, digits, out);
		break;
	}
}

/* The offset that a position from the start (or, negative, from the end) means; false if none. */
static bool resolve(int32_t position, size_t len, size_t *offset)
{
	int64_t at = position < 0 ? (int64_t)len + position : position;

	*offset = (size_t)at;
	return at >= 0 && (uint64_t)at <= len;
}

/* Whether digits of the secret are the checksum of others, as the scheme places them. */
static bool digits_fit(const struct checksum *scheme, struct bytes secret)
{
	char expected[CHECKSUM_TEXT_MAX];
	size_t from, to, position;

	if (!resolve(scheme->position, secret.len, &position) ||
	    !resolve(scheme->from, secret.len, &from) || !resolve(scheme->to, secret.len, &to))
		return false;
	if (scheme->to == 0)
		to = secret.len;
	/* The checksum of nothing proves nothing. */
	if (from >= to || scheme->digits > CHECKSUM_TEXT_MAX ||
	    scheme->digits > secret.len - position)
		return false;
	checksum_write(scheme, bytes_slice(secret, from, to), expected);
	return memcmp(expected, secret.ptr + position, scheme->digits) == 0;
}

/*
 * A seed as SEP-23 of Stellar has it: base32 of the version byte 0x90, 32 bytes, and the CRC-16 of
 * these (XMODEM: polynomial 0x1021), least significant byte first.
 */
static bool stellar_fits(struct bytes secret)
{
	enum { LEN = 35 };
	unsigned char seed[LEN];
	uint32_t crc = 0;

	if (secret.len != 56 || base32_decode(secret, BASE32_UPPER, seed, LEN) != LEN ||
	    seed[0] != 0x90)
		return false;
	for (unsigned i = 0; i < LEN - 2; i++) {
		crc ^= (uint32_t)seed[i] << 8;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? crc << 1 ^ 0x11021 : crc << 1;
	}
	return (crc & 0xff) == seed[LEN - 2] && crc >> 8 == seed[LEN - 1];
}

/*
 * Behind the last underscore stands the start of the SHA-256, in base64url, of the project, a bar,
 * and what stands before (supabase/supabase, docker/utils/add-new-auth-keys.sh).
 */
static bool supabase_fits(struct bytes secret, struct bytes project)
{
	enum { DIGITS = 8 };
	unsigned char sum[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	char written[DIGITS];

	if (secret.len <= DIGITS + 1 || secret.ptr[secret.len - DIGITS - 1] != '_')
		return false;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, project.ptr, project.len);
	crypto_hash_sha256_update(&state, (const unsigned char *)"|", 1);
	crypto_hash_sha256_update(&state, secret.ptr, secret.len - DIGITS - 1);
	crypto_hash_sha256_final(&state, sum);
	write_stream(sum, sizeof(sum), base64url, 6, DIGITS, written);
	return memcmp(written, secret.ptr + secret.len - DIGITS, DIGITS) == 0;
}

static enum checksum_state supabase_state(struct bytes secret, struct bytes project)
{
	if (supabase_fits(secret, bytes_of("supabase-self-hosted")) ||
	    (project.len && supabase_fits(secret, project)))
		return CHECKSUM_STATE_VALID;
	return project.len ? CHECKSUM_STATE_INVALID : CHECKSUM_STATE_NONE;
}

/* Decodes 32 bytes of base64url. */
static bool decode_32(struct bytes text, unsigned char out[32])
{
	struct buf bytes;
	bool good;

	buf_init(&bytes, 64);
	good = text.len == 43 && !base64_decode(text, BASE64_URL, false, &bytes) && bytes.len == 32;
	if (good)
		memcpy(out, bytes.ptr, 32);
	buf_release(&bytes);
	return good;
}

/*
 * The private and the public half of a JSON Web Key (RFC 8037, section 2): Ed25519 and X25519 make
 * the latter of the former. Of other kinds nothing is known.
 */
static enum checksum_state jwk_state(struct bytes secret, struct bytes public_half)
{
	unsigned char seed[32], wanted[32], made[32], pair[crypto_sign_SECRETKEYBYTES];
	bool same = false;

	if (decode_32(secret, seed) && decode_32(public_half, wanted)) {
		crypto_sign_seed_keypair(made, pair, seed);
		same = memcmp(made, wanted, sizeof(made)) == 0;
		crypto_scalarmult_base(made, seed);
		same |= memcmp(made, wanted, sizeof(made)) == 0;
	}
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(pair, sizeof(pair));
	return same ? CHECKSUM_STATE_VALID : CHECKSUM_STATE_NONE;
}

static bool fits(const struct checksum *scheme, struct bytes secret)
{
	switch (scheme->algorithm) {
	case CHECKSUM_CRC32:
	case CHECKSUM_SHA256:
		return digits_fit(scheme, secret);
	case CHECKSUM_AZURE_KEY:
		return azure_key_check(secret);
	case CHECKSUM_AZURE_ANNOTATED_KEY:
		return azure_annotated_key_check(secret);
	case CHECKSUM_AZURE_CLIENT_SECRET:
		return azure_client_secret_check(secret);
	case CHECKSUM_AZURE_DEVOPS:
		return azure_devops_token_check(secret);
	case CHECKSUM_BASE58:
		return base58_check(secret, BASE58_BITCOIN);
	case CHECKSUM_BASE58_RIPPLE:
		return base58_check(secret, BASE58_RIPPLE);
	case CHECKSUM_BECH32:
		return bech32_check(secret);
	case CHECKSUM_BIP39:
		return mnemonic_check(secret);
	case CHECKSUM_STELLAR:
		return stellar_fits(secret);
	case CHECKSUM_NONE:
	case CHECKSUM_JWK:
	case CHECKSUM_SUPABASE:
		break;
	}
	return false;
}

enum checksum_state checksum_verify(const struct checksum *scheme, struct bytes secret,
                                    struct bytes part)
{
	if (scheme->algorithm == CHECKSUM_NONE)
		return CHECKSUM_STATE_NONE;
	if (scheme->algorithm == CHECKSUM_SUPABASE)
		return supabase_state(secret, part);
	if (scheme->algorithm == CHECKSUM_JWK)
		return jwk_state(secret, part);
	return fits(scheme, secret) ? CHECKSUM_STATE_VALID : CHECKSUM_STATE_INVALID;
}
