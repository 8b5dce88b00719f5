/* The decoders have files and tests of their own; here, that each name leads to its own. */
#include "detect/structure.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void each_name_leads_to_its_decoder(void **state)
{
	static const struct {
		enum structure structure;
		const char *secret;
		const char *text;
	} cases[] = {
	    {STRUCTURE_JWT, "eyJhbGciOiJIUzI1NiJ9.e30.k3Vd0wqJ8nTz5RbYcXe1LmUoPa7HsGfKiQ9WvB2CxDE",
	     "HS256, no expiry"},
	    {STRUCTURE_PEM, "-----BEGIN PRIVATE KEY-----MAMCAQA=-----END PRIVATE KEY-----",
	     "private key"},
	    {STRUCTURE_AWS_KEY_ID, "ASIAQAAAAAAAAAAAAAAA", "AWS account 000000000000"},
	    {STRUCTURE_END_DAY, "2021-03-04", "expires 2021-03-04"},
	    {STRUCTURE_DISCORD, "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.x", "bot made 2016-07-02"},
	    {STRUCTURE_DOCKER_SWARM,
	     "SWMTKN-1-00000000000000000000000000000000000000000000000000-"
	     "0000000000000000000000000",
	     "numbers in range"},
	    {STRUCTURE_NUGET, "oy2acaibaeaqcaibaeaqaeaqcaibaeaqcaibaeaqcaibae", "header decodes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t k = 0; k < sizeof(cases) / sizeof(*cases); k++) {
			struct verdict verdict =
			    structure_verify(cases[k].structure, bytes_of(cases[i].secret), 0);

			assert_string_equal(verdict.text, i == k ? cases[i].text : "");
		}
	}
}

static void without_a_structure_nothing_is_said(void **state)
{
	(void)state;
	assert_int_equal(structure_verify(STRUCTURE_NONE, bytes_of("x"), 0).soundness,
	                 STRUCTURE_SILENT);
	for (int structure = STRUCTURE_NONE; structure <= STRUCTURE_VAULT; structure++) {
		struct verdict verdict =
		    structure_verify((enum structure)structure, (struct bytes){NULL, 0}, 1);

		assert_true(verdict.soundness <= STRUCTURE_BROKEN);
		assert_string_equal(verdict.text, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_name_leads_to_its_decoder),
	    cmocka_unit_test(without_a_structure_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
