/* Keys of random bytes with the MAC that the format asks for: nobody's. */
#include "detect/putty.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char version_2[] = "PuTTY-User-Key-File-2: ssh-ed25519\n"
				"Encryption: none\n"
				"Comment: c\n"
				"Public-Lines: 2\n"
				"AAAAC3NzaC1lZDI1NTE5AAAAIJlsLZuMZyZMpEUIw3DcFuYWm0OKyd13WQNFWOJc\n"
				"qLSq\n"
				"Private-Lines: 1\n"
				"AAAAIGaReRHs+KWv9kCu+h6ZJ51lrRXu+bGRzbJ3kP+9Bdpd\n"
				"Private-MAC: 46a41e1c445608ac19c99802b55741bcd9a869f1\n";
static const char version_3[] =
    "PuTTY-User-Key-File-3: ssh-ed25519\n"
    "Encryption: none\n"
    "Comment: \n"
    "Public-Lines: 2\n"
    "AAAAC3NzaC1lZDI1NTE5AAAAINgprL+JicCRA55ZgFDQEv4T6OOEM3n4TcOd23pr\n"
    "bLWl\n"
    "Private-Lines: 1\n"
    "AAAAIFHWMtNSGxHBoBvtgZdBW7NtiKVN3jqIl7X3roqStGQT\n"
    "Private-MAC: 10bdb0591e6edf102f8582a42395e26cb60961e3efce6e3f9ff0adfcbb59c685\n";
static const char encrypted[] =
    "PuTTY-User-Key-File-3: ssh-ed25519\n"
    "Encryption: aes256-cbc\n"
    "Comment: c\n"
    "Public-Lines: 2\n"
    "AAAAC3NzaC1lZDI1NTE5AAAAIPJ79+9rjImzwsYgrYv22HO+caWZUq5Kf9QwApRT\n"
    "CUWm\n"
    "Key-Derivation: Argon2id\n"
    "Argon2-Memory: 8192\n"
    "Argon2-Passes: 21\n"
    "Argon2-Parallelism: 1\n"
    "Argon2-Salt: 00\n"
    "Private-Lines: 1\n"
    "TMx4viKm9taQEa9/IZt46M9TXijksgTSixSzwo71MQ0FZxaR1Db4JXdZvXgZBBTl\n"
    "Private-MAC: fdf3929f6e351c8f789496e0041ddeb32354e06fe6c9f53e438e8c0a77acb068\n";

static void says(const char *text, enum soundness soundness, const char *said)
{
	struct verdict verdict = putty_verify(bytes_of(text));

	assert_string_equal(verdict.text, said);
	assert_int_equal(verdict.soundness, soundness);
}

static void a_key_is_proved_by_its_mac(void **state)
{
	(void)state;
	says(version_2, STRUCTURE_SOUND, "MAC valid");
	says(version_3, STRUCTURE_SOUND, "MAC valid");
	says(encrypted, STRUCTURE_LOCKED, "encrypted key");
}

static void a_changed_byte_is_noticed(void **state)
{
	static const char *const keys[] = {version_2, version_3};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(keys[i]);
		char *copy = strdup(keys[i]);

		assert_non_null(copy);
		for (size_t at = 0; at + 1 < len; at++) {
			char was = copy[at];

			copy[at] = was == 'x' ? 'y' : 'x';
			says(copy, STRUCTURE_BROKEN, "");
			copy[at] = was;
		}
		for (size_t cut = 0; cut + 1 < len; cut++) {
			copy[cut] = '\0';
			says(copy, STRUCTURE_BROKEN, "");
			copy[cut] = keys[i][cut];
		}
		free(copy);
	}
}

static void line_ends_of_windows(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (const char *c = version_2; *c; c++)
		buf_append(&out, *c == '\n' ? bytes_of("\r\n")
		                            : (struct bytes){(const unsigned char *)c, 1});
	says(buf_text(&out), STRUCTURE_SOUND, "MAC valid");
	buf_release(&out);
}

static void what_is_no_file_of_its(void **state)
{
	static const char *const texts[] = {
	    "",
	    "PuTTY-User-Key-File-",
	    "PuTTY-User-Key-File-4: ssh-rsa",
	    "PuTTY-User-Key-File-2: a\nEncryption: none\nComment: \nPublic-Lines: 99999999999999\n",
	    "PuTTY-User-Key-File-2: a\nEncryption: none\nComment: \nPublic-Lines: -1\n",
	    "PuTTY-User-Key-File-2: a\nEncryption: none\nComment: \nPublic-Lines: \n",
	    "PuTTY-User-Key-File-2: a\nEncryption: none\nComment: \nPublic-Lines: 0\n"
	    "Private-Lines: 0\nPrivate-MAC: \n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		says(texts[i], STRUCTURE_BROKEN, "");
	assert_int_equal(putty_verify((struct bytes){NULL, 0}).soundness, STRUCTURE_BROKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_is_proved_by_its_mac),
	    cmocka_unit_test(a_changed_byte_is_noticed),
	    cmocka_unit_test(line_ends_of_windows),
	    cmocka_unit_test(what_is_no_file_of_its),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
