#include "detect/private_key.h"

#include "base/buf.h"
#include "detect/base64.h"

enum { DECODED_MAX = 64 * 1024, OID_MAX = 12 };

/* Tags of DER (X.690). */
enum {
	INTEGER = 0x02,
	OCTET_STRING = 0x04,
	OBJECT_IDENTIFIER = 0x06,
	SEQUENCE = 0x30,
	CONTEXT_0 = 0xa0,
};

enum kind { KIND_OTHER, KIND_RSA, KIND_EC, KIND_DSA, KIND_NAMED };

/* An object identifier and what it stands for. */
struct known {
	unsigned char len;
	unsigned char oid[OID_MAX];
	enum kind kind;
	const char *name;
};

/*
 * Takes the content of the element of DER with this tag; false, and nothing is taken, if there is
 * none. A length in more than three bytes is no key's.
 */
static bool take_element(struct bytes *rest, unsigned tag, struct bytes *content)
{
	struct bytes at = *rest;
	uint32_t found, len;

	if (!cursor_number(&at, 1, &found) || found != tag || !cursor_number(&at, 1, &len))
		return false;
	if (len & 0x80) {
		size_t count = len & 0x7f;

		if (count == 0 || count > 3 || !cursor_number(&at, count, &len))
			return false;
	}
	if (!cursor_take(&at, len, content))
		return false;
	*rest = at;
	return true;
}

/* The number of bits of an unsigned number. */
static unsigned bit_length(struct bytes number)
{
	unsigned bits;

	while (number.len && !number.ptr[0])
		number = bytes_slice(number, 1, number.len);
	if (!number.len)
		return 0;
	bits = (unsigned)(number.len - 1) * 8;
	for (unsigned first = number.ptr[0]; first; first >>= 1)
		bits++;
	return bits;
}

static const struct known *find_known(struct bytes oid, const struct known *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal(oid, (struct bytes){all[i].oid, all[i].len}))
			return &all[i];
	return NULL;
}

/* By its curve (RFC 5480, SEC 2), else by the size of the private number, in bytes. */
static struct verdict ec_key(struct bytes curve, size_t size)
{
	static const struct known curves[] = {
	    {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}, KIND_EC, "P-256"},
	    {5, {0x2b, 0x81, 4, 0, 0x22}, KIND_EC, "P-384"},
	    {5, {0x2b, 0x81, 4, 0, 0x23}, KIND_EC, "P-521"},
	    {5, {0x2b, 0x81, 4, 0, 0x0a}, KIND_EC, "secp256k1"},
	};
	const struct known *known = find_known(curve, curves, sizeof(curves) / sizeof(*curves));

	if (known)
		return verdict_of(STRUCTURE_SOUND, "EC key, %s", known->name);
	return verdict_of(STRUCTURE_SOUND, "EC key, %zu bits", size * 8);
}

/* What follows the version in PKCS #1 (nine numbers in all) and in OpenSSL's DSA keys (six). */
static struct verdict key_of_numbers(struct bytes rest)
{
	struct bytes first, number;
	unsigned count = 1;

	if (!take_element(&rest, INTEGER, &first))
		return verdict_of(STRUCTURE_SOUND, "private key");
	while (take_element(&rest, INTEGER, &number))
		count++;
	if (rest.len || (count != 5 && count != 8))
		return verdict_of(STRUCTURE_SOUND, "private key");
	return verdict_of(STRUCTURE_SOUND, "%s key, %u bits", count == 8 ? "RSA" : "DSA",
	                  bit_length(first));
}

/* What follows the version in an ECPrivateKey (RFC 5915); the curve may stand outside of it. */
static struct verdict key_of_curve(struct bytes rest, struct bytes curve)
{
	struct bytes number, parameters;

	if (!take_element(&rest, OCTET_STRING, &number))
		return verdict_of(STRUCTURE_SOUND, "EC key");
	if (take_element(&rest, CONTEXT_0, &parameters))
		(void)take_element(&parameters, OBJECT_IDENTIFIER, &curve);
	return ec_key(curve, number.len);
}

/* What follows the version in PKCS #8 (RFC 5958): an algorithm, and the key in its own form. */
static struct verdict key_of_algorithm(struct bytes rest)
{
	static const struct known algorithms[] = {
	    {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1}, KIND_RSA, NULL},
	    {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10}, KIND_RSA, NULL},
	    {7, {0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1}, KIND_EC, NULL},
	    {7, {0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1}, KIND_DSA, NULL},
	    {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 3, 1}, KIND_NAMED, "Diffie-Hellman key"},
	    {3, {0x2b, 0x65, 0x6e}, KIND_NAMED, "X25519 key"},
	    {3, {0x2b, 0x65, 0x6f}, KIND_NAMED, "X448 key"},
	    {3, {0x2b, 0x65, 0x70}, KIND_NAMED, "Ed25519 key"},
	    {3, {0x2b, 0x65, 0x71}, KIND_NAMED, "Ed448 key"},
	};
	struct bytes algorithm, oid, key, inner, version, curve = {NULL, 0}, parameters;
	const struct known *known = NULL;

	if (take_element(&rest, SEQUENCE, &algorithm) &&
	    take_element(&algorithm, OBJECT_IDENTIFIER, &oid) &&
	    take_element(&rest, OCTET_STRING, &key))
		known = find_known(oid, algorithms, sizeof(algorithms) / sizeof(*algorithms));
	if (known && known->kind == KIND_NAMED)
		return verdict_of(STRUCTURE_SOUND, "%s", known->name);
	if (known && known->kind == KIND_DSA && take_element(&algorithm, SEQUENCE, &parameters) &&
	    take_element(&parameters, INTEGER, &key))
		return verdict_of(STRUCTURE_SOUND, "DSA key, %u bits", bit_length(key));
	if (!known || !take_element(&key, SEQUENCE, &inner) ||
	    !take_element(&inner, INTEGER, &version))
		return verdict_of(STRUCTURE_SOUND, "private key");
	if (known->kind == KIND_RSA)
		return key_of_numbers(inner);
	(void)take_element(&algorithm, OBJECT_IDENTIFIER, &curve);
	return key_of_curve(inner, curve);
}

/* The private key's kind, by its public half in SSH's form (RFC 4253, 6.6; RFC 5656; RFC 8709). */
static struct verdict ssh_key(struct bytes public_half)
{
	static const struct {
		const char *type, *name;
	} kinds[] = {
	    {"ssh-ed25519", "Ed25519 key"},
	    {"ecdsa-sha2-nistp256", "EC key, P-256"},
	    {"ecdsa-sha2-nistp384", "EC key, P-384"},
	    {"ecdsa-sha2-nistp521", "EC key, P-521"},
	    {"sk-ssh-ed25519@openssh.com", "Ed25519 key on a device"},
	    {"sk-ecdsa-sha2-nistp256@openssh.com", "EC key on a device"},
	};
	struct bytes type, number;

	if (!cursor_string(&public_half, &type))
		return verdict_of(STRUCTURE_SOUND, "private key");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (bytes_equal(type, bytes_of(kinds[i].type)))
			return verdict_of(STRUCTURE_SOUND, "%s", kinds[i].name);
	/* RSA: exponent, then modulus. DSA: the modulus first. */
	if (bytes_equal(type, bytes_of("ssh-rsa")) && cursor_string(&public_half, &number) &&
	    cursor_string(&public_half, &number))
		return verdict_of(STRUCTURE_SOUND, "RSA key, %u bits", bit_length(number));
	if (bytes_equal(type, bytes_of("ssh-dss")) && cursor_string(&public_half, &number))
		return verdict_of(STRUCTURE_SOUND, "DSA key, %u bits", bit_length(number));
	return verdict_of(STRUCTURE_SOUND, "private key");
}

/*
 * PROTOCOL.key in OpenSSH: the cipher, the key derivation and its options, the number of keys, the
 * public half, the private one. Without a cipher the latter starts with two equal check numbers.
 */
static struct verdict openssh_key(struct bytes rest)
{
	const struct verdict broken = {.soundness = STRUCTURE_BROKEN};
	struct bytes cipher, derivation, options, public_half, private_half;
	uint32_t count, check, again;

	if (!cursor_string(&rest, &cipher) || !cursor_string(&rest, &derivation) ||
	    !cursor_string(&rest, &options) || !cursor_number(&rest, 4, &count) ||
	    !cursor_string(&rest, &public_half) || !cursor_string(&rest, &private_half))
		return broken;
	if (!bytes_equal(cipher, bytes_of("none")))
		return verdict_of(STRUCTURE_LOCKED, "encrypted key");
	if (!cursor_number(&private_half, 4, &check) || !cursor_number(&private_half, 4, &again) ||
	    check != again)
		return broken;
	return ssh_key(public_half);
}

struct verdict private_key_verify_decoded(struct bytes key)
{
	static const char magic[] = "openssh-key-v1"; /* with its NUL */
	struct bytes sequence, inner, after;

	if (key.len >= sizeof(magic) && memcmp(key.ptr, magic, sizeof(magic)) == 0)
		return openssh_key(bytes_slice(key, sizeof(magic), key.len));
	if (!take_element(&key, SEQUENCE, &sequence) || key.len)
		return (struct verdict){.soundness = STRUCTURE_BROKEN};
	if (take_element(&sequence, SEQUENCE, &inner))
		return verdict_of(STRUCTURE_LOCKED, "encrypted key"); /* RFC 5958, section 3 */
	if (!take_element(&sequence, INTEGER, &inner))
		return (struct verdict){.soundness = STRUCTURE_BROKEN};
	after = sequence;
	if (take_element(&after, SEQUENCE, &inner))
		return key_of_algorithm(sequence);
	if (take_element(&after, OCTET_STRING, &inner))
		return key_of_curve(sequence, (struct bytes){NULL, 0});
	return key_of_numbers(sequence);
}

/* Appends the base64 of the lines; false for anything else than line ends, escaped too, quotes and
 * the like between them. */
static bool join_lines(struct bytes lines, struct buf *out)
{
	static const char between[] = " \t\r\n\"',;\\";

	for (size_t i = 0; i < lines.len; i++) {
		unsigned char c = lines.ptr[i];

		if (c == '\\' && i + 1 < lines.len && memchr("nrt", lines.ptr[i + 1], 3))
			i++;
		else if (!memchr(between, c, sizeof(between) - 1) &&
		         buf_append(out, bytes_slice(lines, i, i + 1)))
			return false;
	}
	return true;
}

struct verdict private_key_verify(struct bytes secret)
{
	static const char dashes[] = "-----", header[] = "Proc-Type: 4,ENCRYPTED";
	struct verdict verdict = {.soundness = STRUCTURE_BROKEN};
	const unsigned char *start, *end;
	struct bytes body = secret;
	struct buf text, key;

	if (bytes_start_with(secret, dashes)) {
		start = memmem(secret.ptr + 5, secret.len - 5, dashes, 5);
		if (!start)
			return verdict;
		body = bytes_slice(secret, (size_t)(start - secret.ptr) + 5, secret.len);
	}
	end = body.len ? memmem(body.ptr, body.len, dashes, 5) : NULL;
	if (end)
		body.len = (size_t)(end - body.ptr);
	/* Encrypted in OpenSSL's old manner (RFC 1421): nothing of it can be proved. */
	if (body.len && memmem(body.ptr, body.len, header, sizeof(header) - 1))
		return verdict_of(STRUCTURE_LOCKED, "encrypted key");
	buf_init(&text, DECODED_MAX);
	buf_init(&key, DECODED_MAX);
	if (join_lines(body, &text) &&
	    !base64_decode(buf_bytes(&text), BASE64_STANDARD, false, &key))
		verdict = private_key_verify_decoded(buf_bytes(&key));
	buf_release(&text);
	buf_release(&key);
	return verdict;
}
