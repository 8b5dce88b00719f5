#include "detect/structure.h"

#include "base/buf.h"
#include "detect/base64.h"

#include <jansson.h>
#include <stdint.h>

enum { DECODED_MAX = 64 * 1024 };

/* Decodes one dot-separated part of a JWT as a JSON object; NULL if it is none. */
static json_t *jwt_part(struct bytes part)
{
	struct buf text;
	json_t *object = NULL;

	buf_init(&text, DECODED_MAX);
	if (!base64_decode(part, BASE64_URL, false, &text))
		object = json_loadb(buf_text(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
	buf_release(&text);
	if (object && !json_is_object(object)) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

/* RFC 7519: header "." claims "." signature, the first two base64url of JSON objects. */
static bool is_jwt(struct bytes secret)
{
	const unsigned char *first = secret.len ? memchr(secret.ptr, '.', secret.len) : NULL;
	const unsigned char *second;
	json_t *header, *claims;
	size_t behind;
	bool good;

	if (!first)
		return false;
	behind = (size_t)(first - secret.ptr) + 1;
	second = memchr(secret.ptr + behind, '.', secret.len - behind);
	if (!second)
		return false;
	header = jwt_part(bytes_slice(secret, 0, behind - 1));
	claims = jwt_part(bytes_slice(secret, behind, (size_t)(second - secret.ptr)));
	good = header && claims && json_is_string(json_object_get(header, "alg"));
	json_decref(header);
	json_decref(claims);
	return good;
}

/* The content of a DER element with this tag that starts the bytes (X.690, 8.1); ptr NULL if none.
 */
static struct bytes der_element(struct bytes der, unsigned tag)
{
	const struct bytes none = {NULL, 0};
	size_t len, head = 2;

	if (der.len < 2 || der.ptr[0] != tag)
		return none;
	len = der.ptr[1];
	if (len & 0x80) {
		size_t count = len & 0x7f;

		if (count == 0 || count > 3 || der.len < 2 + count)
			return none;
		len = 0;
		for (size_t i = 0; i < count; i++)
			len = len << 8 | der.ptr[2 + i];
		head += count;
	}
	return len > der.len - head ? none : bytes_slice(der, head, head + len);
}

/* openssh-key-v1 (PROTOCOL.key in OpenSSH): with cipher "none" two check numbers are equal. */
static bool is_openssh(struct bytes key)
{
	static const char magic[] = "openssh-key-v1";
	size_t at = sizeof(magic);
	bool encrypted = false;

	if (key.len < at || memcmp(key.ptr, magic, at) != 0)
		return false;
	/* Cipher, key derivation and its options; the number of keys; the public and private part.
	 */
	for (int field = 0; field < 6; field++) {
		size_t len;

		if (key.len - at < 4)
			return false;
		len = (size_t)key.ptr[at] << 24 | (size_t)key.ptr[at + 1] << 16 |
		      (size_t)key.ptr[at + 2] << 8 | key.ptr[at + 3];
		at += 4;
		if (field == 3)
			continue;
		if (len > key.len - at)
			return false;
		if (field == 0)
			encrypted = len != 4 || memcmp(key.ptr + at, "none", 4) != 0;
		if (field == 5)
			return encrypted ||
			       (len >= 8 && memcmp(key.ptr + at, key.ptr + at + 4, 4) == 0);
		at += len;
	}
	return false;
}

/*
 * RFC 7468 around DER, or around OpenSSH's own form: SEQUENCE { INTEGER version, ... } that is as
 * long as the text says; in an encrypted PKCS #8 key a SEQUENCE in the SEQUENCE. A key encrypted in
 * OpenSSL's old manner (Proc-Type header) has nothing that can be proved.
 */
static bool is_pem(struct bytes secret)
{
	static const char dashes[] = "-----", between[] = " \t\r\n\"',;\\";
	const unsigned char *body, *end;
	struct bytes sequence;
	struct buf text, der;
	bool good = false;

	buf_init(&text, DECODED_MAX);
	buf_init(&der, DECODED_MAX);
	if (secret.len < 11 || memcmp(secret.ptr, dashes, 5) != 0)
		goto out;
	body = memmem(secret.ptr + 5, secret.len - 5, dashes, 5);
	if (!body)
		goto out;
	body += 5;
	end = memmem(body, (size_t)(secret.ptr + secret.len - body), dashes, 5);
	if (!end)
		end = secret.ptr + secret.len;
	/* In source code the lines end in \n, quotes and the like; none of these is base64. */
	for (const unsigned char *c = body; c < end; c++) {
		if (*c == '\\' && c + 1 < end && memchr("nrt", c[1], 3))
			c++;
		else if (!memchr(between, *c, sizeof(between) - 1) &&
		         buf_append(&text, (struct bytes){c, 1}))
			goto out;
	}
	if (base64_decode(buf_bytes(&text), BASE64_STANDARD, false, &der))
		goto out;
	sequence = der_element(buf_bytes(&der), 0x30);
	good = sequence.ptr
	           ? sequence.ptr + sequence.len == der.ptr + der.len &&
	                 (der_element(sequence, 0x02).ptr || der_element(sequence, 0x30).ptr)
	           : is_openssh(buf_bytes(&der));
out:
	buf_release(&text);
	buf_release(&der);
	return good;
}

/*
 * A macaroon, version 2 (libmacaroons, doc/format.txt): 2, field 1 = location, of PyPI's; it ends
 * in 0 0 6 32 and a signature of 32 bytes.
 */
static bool is_pypi(struct bytes secret)
{
	static const char prefix[] = "pypi-";
	static const char production[] = "\x02\x01\x08pypi.org\x02";
	static const char test[] = "\x02\x01\x0dtest.pypi.org\x02";
	static const unsigned char tail[] = {0, 0, 6, 32};
	struct bytes macaroon;
	struct buf text;
	bool good = false;

	buf_init(&text, DECODED_MAX);
	if (bytes_start_with(secret, prefix) &&
	    !base64_decode(bytes_slice(secret, sizeof(prefix) - 1, secret.len), BASE64_URL, false,
	                   &text)) {
		macaroon = buf_bytes(&text);
		good =
		    (bytes_start_with(macaroon, production) || bytes_start_with(macaroon, test)) &&
		    macaroon.len > 40 + sizeof(tail) &&
		    memcmp(macaroon.ptr + macaroon.len - 32 - sizeof(tail), tail, sizeof(tail)) ==
			0;
	}
	buf_release(&text);
	return good;
}

bool structure_verify(enum structure structure, struct bytes secret)
{
	switch (structure) {
	case STRUCTURE_JWT:
		return is_jwt(secret);
	case STRUCTURE_PEM:
		return is_pem(secret);
	case STRUCTURE_PYPI:
		return is_pypi(secret);
	case STRUCTURE_NONE:
		break;
	}
	return true;
}
