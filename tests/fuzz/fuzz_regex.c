/*
 * Any bytes as a regular expression: no crash, no hang; an error has a message; what is accepted
 * has widths and stubs that make sense, and reading it again gives the same.
 */
#include "ruleset/regex.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena arena = {0};
	struct error error = {0};
	struct regex_facts facts, again;
	const char *expression = arena_text(&arena, (struct bytes){data, size});
	enum err err = regex_analyse(expression, &arena, &facts, &error);

	if (err) {
		require(err == ERR_SYNTAX && error.code == err && *error.message);
		arena_release(&arena);
		return 0;
	}
	require(facts.min_width <= facts.reach.width);
	for (size_t i = 0; i < facts.anchor_count; i++) {
		const struct anchor *anchor = &facts.anchors[i];
		struct regex_facts stub;

		require(anchor->first <= anchor->last && anchor->stub.width <= facts.reach.width);
		require(!regex_analyse(anchor->stub.expression, &arena, &stub, &error));
		require(stub.min_width == anchor->stub.width &&
		        stub.reach.width == anchor->stub.width);
	}
	/* A translation is in PCRE2's syntax: nothing is left to translate, and it says the same.
	 */
	require(!regex_analyse(facts.translated, &arena, &again, &error));
	require(strcmp(facts.translated, again.translated) == 0);
	require(facts.min_width == again.min_width && facts.reach.width == again.reach.width &&
	        facts.reach.behind == again.reach.behind &&
	        facts.reach.ahead == again.reach.ahead &&
	        facts.anchor_count == again.anchor_count && facts.prefix_len == again.prefix_len);
	arena_release(&arena);
	return 0;
}
