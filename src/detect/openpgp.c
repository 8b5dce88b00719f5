#include "detect/openpgp.h"

#include "base/buf.h"
#include "detect/base64.h"

#include <ctype.h>

enum { ARMOR_MAX = 128 * 1024 };

enum { TAG_SECRET_KEY = 5, TAG_SECRET_SUBKEY = 7 };

/* RFC 9580, 6.1. */
static uint32_t crc24(struct bytes bytes)
{
	uint32_t crc = 0xb704ce;

	for (size_t i = 0; i < bytes.len; i++) {
		crc ^= (uint32_t)bytes.ptr[i] << 16;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc & 0x800000 ? crc << 1 ^ 0x1864cfb : crc << 1;
	}
	return crc & 0xffffff;
}

/* Takes a packet's header (4.2) and gives its body; false for one of no plainly stated length. */
static bool take_packet(struct bytes *rest, unsigned *tag, struct bytes *body)
{
	uint32_t head, len, more;

	if (!cursor_number(rest, 1, &head) || !(head & 0x80))
		return false;
	if (!(head & 0x40)) {
		*tag = head >> 2 & 15;
		return (head & 3) != 3 && cursor_number(rest, (size_t)1 << (head & 3), &len) &&
		       cursor_take(rest, len, body);
	}
	*tag = head & 63;
	if (!cursor_number(rest, 1, &len))
		return false;
	if (len == 255) {
		if (!cursor_number(rest, 4, &len))
			return false;
	} else if (len >= 224) {
		return false; /* in parts: no key is */
	} else if (len >= 192) {
		if (!cursor_number(rest, 1, &more))
			return false;
		len = ((len - 192) << 8) + more + 192;
	}
	return cursor_take(rest, len, body);
}

/* Passes over `count` numbers behind their lengths in bits (3.2). */
static bool skip_numbers(struct bytes *rest, unsigned count)
{
	struct bytes number;
	uint32_t bits;

	while (count--) {
		if (!cursor_number(rest, 2, &bits) || !cursor_take(rest, (bits + 7) / 8, &number))
			return false;
	}
	return true;
}

/* Passes over something behind its length in one byte. */
static bool skip_short(struct bytes *rest)
{
	struct bytes skipped;
	uint32_t len;

	return cursor_number(rest, 1, &len) && cursor_take(rest, len, &skipped);
}

/* Passes over the public half of a key of this algorithm (5.5.5). */
static bool skip_public(struct bytes *rest, unsigned algorithm)
{
	struct bytes skipped;

	switch (algorithm) {
	case 1: /* RSA */
	case 2:
	case 3:
		return skip_numbers(rest, 2);
	case 16: /* Elgamal */
		return skip_numbers(rest, 3);
	case 17: /* DSA */
		return skip_numbers(rest, 4);
	case 18: /* ECDH: the curve, a point, and what derives its keys */
		return skip_short(rest) && skip_numbers(rest, 1) && skip_short(rest);
	case 19: /* ECDSA */
	case 22: /* EdDSA, the older form */
		return skip_short(rest) && skip_numbers(rest, 1);
	case 25: /* X25519 */
	case 27: /* Ed25519 */
		return cursor_take(rest, 32, &skipped);
	case 26: /* X448 */
		return cursor_take(rest, 56, &skipped);
	case 28: /* Ed448 */
		return cursor_take(rest, 57, &skipped);
	default:
		return false;
	}
}

/*
 * A secret key packet (5.5.3): version, time, algorithm, the public half, and how the secret half
 * is encrypted: 0 = not at all; 254 and 255 with a specifier, of which 101 is GnuPG's for a half
 * that is not there.
 */
static struct verdict judge_key(struct bytes body)
{
	uint32_t version, time, algorithm, usage, more, specifier;
	struct verdict silent = {.soundness = STRUCTURE_SILENT};

	if (!cursor_number(&body, 1, &version) || version < 3 || version > 6 ||
	    !cursor_number(&body, 4, &time) || (version == 3 && !cursor_number(&body, 2, &more)) ||
	    !cursor_number(&body, 1, &algorithm) ||
	    (version >= 5 && !cursor_number(&body, 4, &more)) || !skip_public(&body, algorithm) ||
	    !cursor_number(&body, 1, &usage) || !body.len)
		return silent;
	if (usage == 0)
		return verdict_of(STRUCTURE_SOUND, "OpenPGP key");
	if ((usage == 254 || usage == 255) && version < 5 && cursor_number(&body, 1, &more) &&
	    cursor_number(&body, 1, &specifier) && specifier == 101)
		return verdict_of(STRUCTURE_SPENT, "secret half left out");
	return verdict_of(STRUCTURE_LOCKED, "encrypted key");
}

struct verdict openpgp_verify_packets(struct bytes packets)
{
	struct verdict verdict = {.soundness = STRUCTURE_SILENT}, next;
	struct bytes body;
	unsigned tag;

	/* One key that is open opens what it was made for, whatever the others are. */
	while (verdict.soundness != STRUCTURE_SOUND && take_packet(&packets, &tag, &body)) {
		if (tag != TAG_SECRET_KEY && tag != TAG_SECRET_SUBKEY)
			continue;
		next = judge_key(body);
		if (next.soundness > verdict.soundness)
			verdict = next;
	}
	return verdict;
}

/* Takes a line of a file or, with escaped ends and quotes, of source code, without its ends. */
static struct bytes take_line(struct bytes *rest)
{
	struct bytes line;
	size_t end = 0;

	while (rest->len && memchr(" \t\r\"',", rest->ptr[0], 6))
		*rest = bytes_slice(*rest, 1, rest->len);
	while (end < rest->len && rest->ptr[end] != '\n' &&
	       !(rest->ptr[end] == '\\' && end + 1 < rest->len && rest->ptr[end + 1] == 'n'))
		end++;
	line = bytes_slice(*rest, 0, end);
	if (end < rest->len)
		end += rest->ptr[end] == '\n' ? 1 : 2;
	*rest = bytes_slice(*rest, end, rest->len);
	while (line.len &&
	       (isspace(line.ptr[line.len - 1]) || memchr("\"',\\", line.ptr[line.len - 1], 4) ||
	        (line.len > 1 && memcmp(line.ptr + line.len - 2, "\\r", 2) == 0)))
		line.len--;
	return line;
}

/*
 * Takes the armour (6.2) apart: a line of dashes, headers, an empty line, base64, perhaps a line of
 * "=" and the CRC in base64, a line of dashes.
 */
static bool read_armor(struct bytes text, struct buf *base64, struct bytes *crc)
{
	*crc = (struct bytes){NULL, 0};
	(void)take_line(&text);
	while (text.len) {
		struct bytes line = take_line(&text);

		if (bytes_start_with(line, "-----"))
			return true;
		if (line.len == 5 && line.ptr[0] == '=')
			*crc = bytes_slice(line, 1, 5);
		else if ((!line.len || !memchr(line.ptr, ':', line.len)) &&
		         buf_append(base64, line))
			return false;
	}
	return true;
}

struct verdict openpgp_verify(struct bytes secret)
{
	struct verdict verdict = {.soundness = STRUCTURE_SILENT};
	struct buf base64, packets, sum;
	struct bytes crc;
	uint32_t stated;

	buf_init(&base64, ARMOR_MAX);
	buf_init(&packets, ARMOR_MAX);
	buf_init(&sum, 8);
	if (!read_armor(secret, &base64, &crc) || !base64.len ||
	    base64_decode(buf_bytes(&base64), BASE64_STANDARD, false, &packets))
		goto out;
	if (crc.len) {
		struct bytes bytes;

		if (base64_decode(crc, BASE64_STANDARD, false, &sum))
			goto out;
		bytes = buf_bytes(&sum);
		if (!cursor_number(&bytes, 3, &stated) || stated != crc24(buf_bytes(&packets))) {
			verdict.soundness = STRUCTURE_BROKEN;
			goto out;
		}
	}
	verdict = openpgp_verify_packets(buf_bytes(&packets));
	if (crc.len && verdict.soundness == STRUCTURE_SILENT)
		verdict = verdict_of(STRUCTURE_SOUND, "CRC valid");
out:
	buf_release(&base64);
	buf_release(&packets);
	buf_release(&sum);
	return verdict;
}
