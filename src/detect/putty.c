#include "detect/putty.h"

#include "base/buf.h"
#include "base/sha1.h"
#include "detect/base64.h"

#include <sodium.h>
#include <stdlib.h>

enum { BLOB_MAX = 64 * 1024, LINES_MAX = 1000, MAC_MAX = 32 };

/* Takes a line, without what ends it. */
static struct bytes take_line(struct bytes *rest)
{
	const unsigned char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
	struct bytes line = bytes_slice(*rest, 0, end ? (size_t)(end - rest->ptr) : rest->len);

	*rest = bytes_slice(*rest, end ? line.len + 1 : line.len, rest->len);
	if (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Takes a line that starts with the name, and gives what stands behind it; false if another does.
 */
static bool take_field(struct bytes *rest, const char *name, struct bytes *value)
{
	struct bytes at = *rest, line = take_line(&at);

	if (!bytes_start_with(line, name))
		return false;
	*value = bytes_slice(line, strlen(name), line.len);
	*rest = at;
	return true;
}

/* Appends a string as the MAC covers it: behind its length in four bytes. */
static bool append_string(struct buf *out, struct bytes text)
{
	unsigned char len[4];

	for (unsigned i = 0; i < 4; i++)
		len[i] = (unsigned char)(text.len >> (24 - 8 * i));
	return !buf_append(out, (struct bytes){len, 4}) && !buf_append(out, text);
}

/* Takes a field that counts lines and appends what these decode to, as the MAC covers it. */
static bool take_blob(struct bytes *rest, const char *name, struct buf *out)
{
	struct buf text, blob;
	struct bytes count;
	bool good = false;
	unsigned lines = 0;

	buf_init(&text, BLOB_MAX);
	buf_init(&blob, BLOB_MAX);
	if (!take_field(rest, name, &count) || !count.len)
		goto out;
	for (size_t i = 0; i < count.len && lines <= LINES_MAX; i++) {
		if (count.ptr[i] < '0' || count.ptr[i] > '9')
			goto out;
		lines = lines * 10 + (unsigned)(count.ptr[i] - '0');
	}
	for (unsigned i = 0; i < lines && lines <= LINES_MAX; i++) {
		if (buf_append(&text, take_line(rest)))
			goto out;
	}
	good = lines <= LINES_MAX &&
	       !base64_decode(buf_bytes(&text), BASE64_STANDARD, false, &blob) &&
	       append_string(out, buf_bytes(&blob));
out:
	buf_release(&text);
	buf_release(&blob);
	return good;
}

/* Whether the hexadecimal text is the MAC of what a file of this version covers. */
static bool mac_fits(struct bytes covered, unsigned version, struct bytes stated)
{
	static const char key_text[] = "putty-private-key-file-mac-key";
	size_t size = version == 2 ? SHA1_SIZE : crypto_auth_hmacsha256_BYTES, len = 0;
	unsigned char mac[MAC_MAX], written[MAC_MAX], key[SHA1_SIZE];

	if (version == 2) {
		struct sha1 sha;

		sha1_init(&sha);
		sha1_update(&sha, bytes_of(key_text));
		sha1_final(&sha, key);
		sha1_hmac((struct bytes){key, SHA1_SIZE}, covered, mac);
	} else {
		crypto_auth_hmacsha256_state state;

		crypto_auth_hmacsha256_init(&state, key, 0);
		crypto_auth_hmacsha256_update(&state, covered.ptr, covered.len);
		crypto_auth_hmacsha256_final(&state, mac);
	}
	return stated.len == 2 * size &&
	       sodium_hex2bin(written, size, (const char *)stated.ptr, stated.len, NULL, &len,
	                      NULL) == 0 &&
	       len == size && memcmp(written, mac, size) == 0;
}

/* Passes over what tells how the key of an encrypted file is made of its pass phrase. */
static void skip_derivation(struct bytes *rest)
{
	struct bytes ignored;

	while (take_field(rest, "Key-Derivation: ", &ignored) ||
	       take_field(rest, "Argon2-", &ignored))
		;
}

struct verdict putty_verify(struct bytes secret)
{
	struct verdict verdict = {.soundness = STRUCTURE_BROKEN};
	struct bytes head, encryption, comment, mac;
	struct buf covered;

	buf_init(&covered, 4 * BLOB_MAX);
	if (!take_field(&secret, "PuTTY-User-Key-File-", &head) || head.len < 3 ||
	    (head.ptr[0] != '2' && head.ptr[0] != '3') || memcmp(head.ptr + 1, ": ", 2) != 0 ||
	    !take_field(&secret, "Encryption: ", &encryption) ||
	    !take_field(&secret, "Comment: ", &comment) ||
	    !append_string(&covered, bytes_slice(head, 3, head.len)) ||
	    !append_string(&covered, encryption) || !append_string(&covered, comment) ||
	    !take_blob(&secret, "Public-Lines: ", &covered))
		goto out;
	skip_derivation(&secret);
	if (!take_blob(&secret, "Private-Lines: ", &covered) ||
	    !take_field(&secret, "Private-MAC: ", &mac))
		goto out;
	if (bytes_equal(encryption, bytes_of("aes256-cbc")))
		verdict = verdict_of(STRUCTURE_LOCKED, "encrypted key");
	else if (bytes_equal(encryption, bytes_of("none")) &&
	         mac_fits(buf_bytes(&covered), head.ptr[0] - '0', mac))
		verdict = verdict_of(STRUCTURE_SOUND, "MAC valid");
out:
	buf_release(&covered);
	return verdict;
}
