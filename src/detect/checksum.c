#include "detect/checksum.h"

#include <libdeflate.h>
#include <sodium.h>
#include <stdint.h>

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char base36[] = "0123456789abcdefghijklmnopqrstuvwxyz";
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
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

enum checksum_state checksum_verify(const struct checksum *scheme, struct bytes secret)
{
	char expected[CHECKSUM_TEXT_MAX];
	size_t from, to, position;

	if (scheme->algorithm == CHECKSUM_NONE)
		return CHECKSUM_STATE_NONE;
	if (!resolve(scheme->position, secret.len, &position) ||
	    !resolve(scheme->from, secret.len, &from) || !resolve(scheme->to, secret.len, &to))
		return CHECKSUM_STATE_INVALID;
	if (scheme->to == 0)
		to = secret.len;
	/* The checksum of nothing proves nothing. */
	if (from >= to || scheme->digits > CHECKSUM_TEXT_MAX ||
	    scheme->digits > secret.len - position)
		return CHECKSUM_STATE_INVALID;
	checksum_write(scheme, bytes_slice(secret, from, to), expected);
	return memcmp(expected, secret.ptr + position, scheme->digits) == 0
	           ? CHECKSUM_STATE_VALID
	           : CHECKSUM_STATE_INVALID;
}
