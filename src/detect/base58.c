#include "detect/base58.h"

#include <sodium.h>

enum { TEXT_MAX = 160, NUMBER_MAX = 128, CHECK_LEN = 4 };

/*
 * Decodes to a number, most significant byte first, with a zero byte for each leading zero digit;
 * returns its length, 0 if the text is none. 58^160 < 256^118.
 */
static size_t decode(struct bytes text, const char *digits, unsigned char out[NUMBER_MAX])
{
	unsigned char number[NUMBER_MAX] = {0}; /* least significant byte first */
	size_t len = 0, zeros = 0;

	if (text.len > TEXT_MAX)
		return 0;
	while (zeros < text.len && text.ptr[zeros] == (unsigned char)digits[0])
		zeros++;
	for (size_t i = zeros; i < text.len; i++) {
		const char *digit = text.ptr[i] ? strchr(digits, text.ptr[i]) : NULL;
		unsigned carry;

		if (!digit)
			return 0;
		carry = (unsigned)(digit - digits);
		for (size_t k = 0; k < len || carry; k++) {
			carry += 58u * number[k];
			number[k] = (unsigned char)carry;
			carry >>= 8;
			if (k == len)
				len++;
		}
	}
	if (zeros + len > NUMBER_MAX)
		return 0;
	memset(out, 0, zeros);
	for (size_t i = 0; i < len; i++)
		out[zeros + i] = number[len - 1 - i];
	return zeros + len;
}

bool base58_check(struct bytes text, enum base58_alphabet alphabet)
{
	static const char *const alphabets[] = {
	    [BASE58_BITCOIN] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
	    [BASE58_RIPPLE] = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz",
	};
	unsigned char number[NUMBER_MAX], sum[crypto_hash_sha256_BYTES];
	size_t len = decode(text, alphabets[alphabet], number);

	if (len <= CHECK_LEN)
		return false;
	crypto_hash_sha256(sum, number, len - CHECK_LEN);
	crypto_hash_sha256(sum, sum, sizeof(sum));
	return memcmp(sum, number + len - CHECK_LEN, CHECK_LEN) == 0;
}
