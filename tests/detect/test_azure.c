/* The keys are of zeros or repeated letters, with the checksum that the algorithm gives: nobody's.
 */
#include "detect/azure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define A16 "AAAAAAAAAAAAAAAA"
#define A33 A16 A16 "A"
#define A42 A16 A16 "AAAAAAAAAA"
#define A44 A42 "AA"
#define A52 A42 "AAAAAAAAAA"
#define A76 A42 A33 "A"

static const char *const keys[] = {
    A76 "+AStvmNvzw==",
    A76 "+ABaFflW/A==",
    A76 "ACDbqWm0Ow==",
    A76 "ACDbejbVhg==",
    A76 "APIMYHvqDw==",
    A76 "+AMCsO6UyQ==",
    A33 "AIoTMwybRo=",
    A33 "+ASbIPQntU=",
    A33 "+AEhORv8yU=",
    A33 "+ARmIC3ngw=",
    A33 "AzCaBCk0bg=",
    A44 "AzFuZg7Zjw==",
    A42 "AzSeAMowXB",
    A42 "+ACRDEAsA3",
    "_---_---_---_---_---_---_---_---_---_---_---AzFuLEu3SA==",
};

static const char *const annotated_keys[] = {
    A52 "JQQJ99BAAAAAAAAAAAAAAAAAAZDO4IOp",
    A52 "JQQJ99BAAAAAAAAAAAAAAAAAAZDO6qEH", /* as older keys have it, in base64 */
};

static const char *const client_secrets[] = {"AAA8Q~AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAbzh"};

static const char *const devops_tokens[] = {
    "ifawaqkbifa2locbifaucqkbifaucqkbifa5qqkbifaucqkbifaq", /* of a user */
    "ifazaqkbifaqkkcbifaucqkbifaucqkbifa5wqkbifaucqkbifaq", /* of an application */
};

/* Each fits; with any character before `counts` changed, or cut off, none does. */
static void check_all(bool (*check)(struct bytes), const char *const *texts, size_t count,
                      size_t counts)
{
	for (size_t i = 0; i < count; i++) {
		char text[100];
		size_t len = strlen(texts[i]);

		if (!check(bytes_of(texts[i])))
			fail_msg("%s", texts[i]);
		for (size_t at = 0; at < len && at < counts; at++) {
			memcpy(text, texts[i], len);
			text[at] = text[at] == 'b' ? 'c' : 'b';
			if (texts[i][at] != '=')
				assert_false(check((struct bytes){(unsigned char *)text, len}));
			if (texts[i][at] != '=')
				assert_false(check((struct bytes){(unsigned char *)text, at}));
		}
	}
	assert_false(check((struct bytes){NULL, 0}));
}

#define CHECK_ALL(check, texts, counts)                                                            \
	check_all(check, texts, sizeof(texts) / sizeof(*(texts)), counts)

static void keys_of_services(void **state)
{
	(void)state;
	CHECK_ALL(azure_key_check, keys, SIZE_MAX);
	assert_true(azure_key_check(bytes_of(A76 "+AStvmNvzw"))); /* padding may be missing */
	assert_false(azure_key_check(bytes_of("A" A76 "+AStvmNvzw==")));
	assert_false(azure_key_check(bytes_of(A33 "+AStvmNvzw=")));
	assert_false(azure_key_check(bytes_of("==========")));
}

static void annotated_keys_of_both_ages(void **state)
{
	(void)state;
	CHECK_ALL(azure_annotated_key_check, annotated_keys, 84);
	/* The longer form goes on behind the four characters. */
	assert_true(
	    azure_annotated_key_check(bytes_of(A52 "JQQJ99BAAAAAAAAAAAAAAAAAAZDO4IOpAA==")));
}

static void client_secrets_of_entra(void **state)
{
	(void)state;
	CHECK_ALL(azure_client_secret_check, client_secrets, SIZE_MAX);
}

static void devops_tokens_of_the_old_form(void **state)
{
	(void)state;
	/* Four bits of the last character are spare, but no other letter has them all alike. */
	CHECK_ALL(azure_devops_token_check, devops_tokens, 51);
	assert_false(azure_devops_token_check(bytes_of(A52)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_of_services),
	    cmocka_unit_test(annotated_keys_of_both_ages),
	    cmocka_unit_test(client_secrets_of_entra),
	    cmocka_unit_test(devops_tokens_of_the_old_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
