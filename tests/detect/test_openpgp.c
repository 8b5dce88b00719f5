/* Keys of repeated bytes in armour with the CRC that the format asks for: nobody's. */
#include "detect/openpgp.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char open_key[] = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n"
			       "\n"
			       "xVgEAAAAABYJKwYBBAHaRw8BAQjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA\n"
			       "wMDAwMAAAQClpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpQAAzQdtYWRl\n"
			       "IHVw\n"
			       "=7AYA\n"
			       "-----END PGP PRIVATE KEY BLOCK-----\n";
static const char open_subkey[] =
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\n"
    "\n"
    "xXgEAAAAABYJKwYBBAHaRw8BAQjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA\n"
    "wMDAwMD+CQMIc3Nzc3Nzc3NgaWlpaWlpaWlpaWlpaWlpaWVlZWVlZWVlZWVlZWVl\n"
    "ZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWXNB21hZGUgdXDHWAQAAAAAFgkrBgEE\n"
    "AdpHDwEBCMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwAABAKWlpaWl\n"
    "paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlAAA=\n"
    "=ypXg\n"
    "-----END PGP PRIVATE KEY BLOCK-----\n";
static const char locked_key[] =
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\n"
    "\n"
    "xXgEAAAAABYJKwYBBAHaRw8BAQjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA\n"
    "wMDAwMD+CQMIc3Nzc3Nzc3NgaWlpaWlpaWlpaWlpaWlpaWVlZWVlZWVlZWVlZWVl\n"
    "ZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWXNB21hZGUgdXA=\n"
    "=bYbH\n"
    "-----END PGP PRIVATE KEY BLOCK-----\n";
static const char half_key[] = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n"
			       "\n"
			       "xTsEAAAAABYJKwYBBAHaRw8BAQjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA\n"
			       "wMDAwMD/AGUAR05VAc0HbWFkZSB1cA==\n"
			       "=AYqM\n"
			       "-----END PGP PRIVATE KEY BLOCK-----\n";
static const char without_crc[] =
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\n"
    "Version: x\n"
    "Comment: y\n"
    "\n"
    "xVgEAAAAABYJKwYBBAHaRw8BAQjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA\n"
    "wMDAwMAAAQClpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpQAA\n"
    "-----END PGP PRIVATE KEY BLOCK-----\n";
static const char no_key[] = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n"
			     "\n"
			     "zQdtYWRlIHVw\n"
			     "=LumM\n"
			     "-----END PGP PRIVATE KEY BLOCK-----\n";

static void says(const char *text, enum soundness soundness, const char *said)
{
	struct verdict verdict = openpgp_verify(bytes_of(text));

	assert_string_equal(verdict.text, said);
	assert_int_equal(verdict.soundness, soundness);
}

static void a_key_says_whether_it_is_encrypted(void **state)
{
	(void)state;
	says(open_key, STRUCTURE_SOUND, "OpenPGP key");
	says(open_subkey, STRUCTURE_SOUND, "OpenPGP key"); /* though the other is locked */
	says(locked_key, STRUCTURE_LOCKED, "encrypted key");
	says(half_key, STRUCTURE_SPENT, "secret half left out");
	says(without_crc, STRUCTURE_SOUND, "OpenPGP key");
	says(no_key, STRUCTURE_SOUND, "CRC valid");
}

/* As it stands in files of others, and in source code. */
static void line_ends_of_all_kinds(void **state)
{
	static const char *const ends[] = {"\r\n", "\\n", "\\r\\n", "\\n\",\n\t\"", "\n    "};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct buf out;

		buf_init(&out, 4096);
		for (const char *c = open_key; *c; c++)
			buf_append(&out, *c == '\n' ? bytes_of(ends[i])
			                            : (struct bytes){(const unsigned char *)c, 1});
		says(buf_text(&out), STRUCTURE_SOUND, "OpenPGP key");
		buf_release(&out);
	}
}

static void a_changed_letter_does_not_fit_the_crc(void **state)
{
	char *copy = strdup(open_key);
	char *body = strstr(copy, "\n\n") + 2, *end = strstr(copy, "\n=");

	(void)state;
	for (char *at = body; at < end; at++) {
		char was = *at;

		if (was == '\n' || was == '=')
			continue;
		*at = was == 'b' ? 'c' : 'b';
		assert_true(openpgp_verify(bytes_of(copy)).soundness <= STRUCTURE_BROKEN);
		*at = was;
	}
	body[3] = '*';
	says(copy, STRUCTURE_SILENT, "");
	free(copy);
}

static void what_is_no_key_at_all(void **state)
{
	static const unsigned char packets[][12] = {
	    {0x95, 0xff, 0xff, 4},
	    {0x97, 4, 0, 0, 0, 0, 1},
	    {0xc5, 0xff, 0xff, 0xff, 0xff, 0xff},
	    {0xc5, 0xe1, 4},
	    {0xc5, 2, 4, 0},
	    {0xc5, 9, 4, 0, 0, 0, 0, 1, 0xff, 0xff, 0},
	};

	(void)state;
	says("", STRUCTURE_SILENT, "");
	says("-----BEGIN PGP PRIVATE KEY BLOCK-----", STRUCTURE_SILENT, "");
	says("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n=AAAA\n", STRUCTURE_SILENT, "");
	for (size_t i = 0; i < sizeof(packets) / sizeof(*packets); i++)
		for (size_t len = 0; len <= sizeof(packets[i]); len++)
			assert_int_equal(
			    openpgp_verify_packets((struct bytes){packets[i], len}).soundness,
			    STRUCTURE_SILENT);
	assert_int_equal(openpgp_verify((struct bytes){NULL, 0}).soundness, STRUCTURE_SILENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_says_whether_it_is_encrypted),
	    cmocka_unit_test(line_ends_of_all_kinds),
	    cmocka_unit_test(a_changed_letter_does_not_fit_the_crc),
	    cmocka_unit_test(what_is_no_key_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
