#include "detect/azure.h"

#include "detect/base32.h"
#include "detect/base64.h"
#include "detect/marvin.h"

#include <libdeflate.h>

enum { KEY_MAX = 96, SEEDS_MAX = 7 };

/* "Default0" as a big-endian number; other seeds are such words too. */
static const uint64_t default_seed = 0x44656661756c7430;

static uint32_t little_endian(const unsigned char *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* Whether the last four bytes are the hash of those before, by one of the seeds up to a 0. */
static bool ends_in_hash(struct bytes key, const uint64_t *seeds)
{
	for (; *seeds; seeds++)
		if (marvin_hash32(*seeds, bytes_slice(key, 0, key.len - 4)) ==
		    little_endian(key.ptr + key.len - 4))
			return true;
	return false;
}

/* Most kinds are written in the standard alphabet, some in the other. */
static bool decode(struct bytes text, struct buf *out)
{
	if (!base64_decode(text, BASE64_STANDARD, false, out))
		return true;
	buf_clear(out);
	return !base64_decode(text, BASE64_URL, false, out);
}

bool azure_key_check(struct bytes secret)
{
	static const struct {
		char signature[5];
		unsigned char len; /* bytes of the decoded key */
		uint64_t seeds[SEEDS_MAX + 1];
	} kinds[] = {
	    {"+ASt", 64, {default_seed}},       /* Storage */
	    {"+ABa", 64, {0x4162416363743030}}, /* Batch */
	    {"ACDb",                            /* Cosmos DB */
	     64,
	     {0x4d617374524f3030, 0x4d61737452573030, 0x537973416c6c3030, 0x5265736f75723030,
	      0x53797374524f3030, 0x5379737452573030, 0x456e637279703030}},
	    {"APIM", /* API Management */
	     64,
	     {0x54656e616e743030, 0x496f544875623030, 0x4761746577793030, 0x4769744b65793030}},
	    {"+AMC", 64, {0x436c617373696330}}, /* Machine Learning, classic */
	    {"AIoT", 32, {0x496f544875623030, 0x4470734b65793030, 0x4465766963653030}}, /* IoT */
	    {"+ASb", 32, {0x53656e6430303030, 0x4c697374656e3030, 0x4d616e6167653030}},
	    {"+AEh", 32, {0x53656e6430303030, 0x4c697374656e3030, 0x4d616e6167653030}},
	    {"+ARm", 32, {0x53656e6430303030, 0x4c697374656e3030, 0x4d616e6167653030}},
	    {"AzCa", 32, {0x4163636573733030}}, /* Redis */
	    {"AzFu", 40, {0x4d61737465723030, 0x53797374656d3030, 0x46756e6374693030}},
	    {"AzSe", 39, {0x5175657279303030, 0x5041646d696e3030}}, /* Search */
	    {"+ACR", 39, {0x41435244666c7430}},                     /* Container Registry */
	};
	struct buf decoded;
	bool fits = false;

	while (secret.len && secret.ptr[secret.len - 1] == '=')
		secret.len--;
	buf_init(&decoded, KEY_MAX);
	if (secret.len < 10 || !decode(secret, &decoded))
		goto out;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && !fits; i++)
		fits = decoded.len == kinds[i].len &&
		       memcmp(secret.ptr + secret.len - 10, kinds[i].signature, 4) == 0 &&
		       ends_in_hash(buf_bytes(&decoded), kinds[i].seeds);
out:
	buf_release(&decoded);
	return fits;
}

/*
 * The hash of the 60 bytes that the first 80 characters are, its bytes read the other way round, as
 * a number in base 62, padded with 0 on the right; older keys have it in base64.
 */
bool azure_annotated_key_check(struct bytes secret)
{
	static const char base62[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char base64[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char number[6], written[7] = "000000", older[4];
	struct buf decoded;
	uint32_t hash, value;
	size_t digits = 0;
	bool fits = false;

	buf_init(&decoded, KEY_MAX);
	if (secret.len < 84 ||
	    base64_decode(bytes_slice(secret, 0, 80), BASE64_STANDARD, false, &decoded) ||
	    decoded.len != 60)
		goto out;
	hash = marvin_hash32(default_seed, buf_bytes(&decoded));
	value = hash >> 24 | (hash >> 8 & 0xff00) | (hash << 8 & 0xff0000) | hash << 24;
	for (uint32_t rest = value; rest; rest /= 62)
		number[digits++] = base62[rest % 62];
	for (size_t i = 0; i < digits; i++)
		written[i] = number[digits - 1 - i];
	for (unsigned i = 0; i < 4; i++)
		older[i] = base64[value >> (26 - 6 * i) & 63];
	fits = memcmp(secret.ptr + 80, written, 4) == 0 || memcmp(secret.ptr + 80, older, 4) == 0;
out:
	buf_release(&decoded);
	return fits;
}

/* The hash of the characters before it, first three of six digits in base 66. */
bool azure_client_secret_check(struct bytes secret)
{
	static const char digits[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";
	static const uint64_t seed = 0x4161645077643030; /* "AadPwd00" */
	uint32_t hash;

	if (secret.len != 40)
		return false;
	hash = marvin_hash32(seed, bytes_slice(secret, 0, 37)) / (66 * 66 * 66);
	for (size_t i = 3; i-- > 0; hash /= 66) {
		if (secret.ptr[37 + i] != (unsigned char)digits[hash % 66])
			return false;
	}
	return true;
}

/* Bytes 2, 7, 8 and 22 are the CRC-32 of the others, changed by a constant. */
bool azure_devops_token_check(struct bytes secret)
{
	unsigned char bytes[32], covered[28];
	uint32_t stated = 0, crc;
	size_t len = 0;

	if (secret.len != 52 || base32_decode(secret, BASE32_LOWER, bytes, sizeof(bytes)) != 32)
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 2 || i == 7 || i == 8 || i == 22)
			stated = stated << 8 | bytes[i];
		else
			covered[len++] = bytes[i];
	}
	crc = libdeflate_crc32(0, covered, sizeof(covered));
	return stated == (crc ^ 0xE0B9692D) || stated == (crc ^ 0x1019F92E); /* user, application */
}
