/* Any bytes as a rule file: no crash, no hang, and an error has a message. */
#include "ruleset/load.h"
#include "ruleset/stub_index.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct rule_list list = {0};
	struct arena arena = {0};
	struct error error = {0};
	struct stub_index index;
	enum err err;

	err = load_rules_text(&list, &arena, "fuzz.yaml", (struct bytes){data, size}, &error);
	if (!err)
		err = rule_list_finish(&list, &error);
	if (!err)
		stub_index_build(&index, list.items, list.count, &arena);
	else if (error.code != err || !*error.message)
		abort();
	rule_list_release(&list);
	arena_release(&arena);
	return 0;
}
