#include "detect/bech32.h"

#include <ctype.h>
#include <stdint.h>

enum { TEXT_MAX = 4096, CHECK_LEN = 6 };

/* One step of the checksum, a remainder in GF(32)[x] (BIP 173, "Checksum"). */
static uint32_t step(uint32_t sum, unsigned value)
{
	static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
	                                     0x2a1462b3};
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (unsigned i = 0; i < 5; i++)
		sum ^= top >> i & 1 ? generator[i] : 0;
	return sum;
}

/* All letters of one case; what is no letter stands in both. */
static bool has_one_case(struct bytes text)
{
	bool lower = false, upper = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < 33 || text.ptr[i] > 126)
			return false;
		lower |= islower(text.ptr[i]) != 0;
		upper |= isupper(text.ptr[i]) != 0;
	}
	return !(lower && upper);
}

bool bech32_check(struct bytes text)
{
	static const char digits[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	const unsigned char *one = text.len ? memrchr(text.ptr, '1', text.len) : NULL;
	size_t readable = one ? (size_t)(one - text.ptr) : 0;
	uint32_t sum = 1;

	if (!readable || text.len > TEXT_MAX || text.len - readable - 1 < CHECK_LEN ||
	    !has_one_case(text))
		return false;
	for (size_t i = 0; i < readable; i++)
		sum = step(sum, (unsigned)tolower(text.ptr[i]) >> 5);
	sum = step(sum, 0);
	for (size_t i = 0; i < readable; i++)
		sum = step(sum, (unsigned)tolower(text.ptr[i]) & 31);
	for (size_t i = readable + 1; i < text.len; i++) {
		const char *digit = strchr(digits, tolower(text.ptr[i]));

		if (!digit)
			return false;
		sum = step(sum, (unsigned)(digit - digits));
	}
	return sum == 1;
}
