/* Any bytes as a configuration: no crash, no hang, and an error has a message. */
#include "filter/suppressions.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const struct rule rule = {.id = "acme-token"};
	struct suppressions suppressions = {.today = "2027-01-31"};
	struct configuration config;
	struct arena arena = {0};
	struct error error = {0};
	enum err err = configuration_read(&config, "fuzz.yaml", (struct bytes){data, size}, &error);

	if (err && (error.code != err || !*error.message))
		abort();
	suppressions_init(&suppressions, &config, NULL);
	if (!err) {
		const struct suppression *const *held =
		    suppressions_of(&suppressions, &rule, bytes_of("acme_0123456789"), &arena);

		(void)suppressions_at(&suppressions, held, bytes_of("src/docs/a.txt"));
		(void)suppressions_exclude(&suppressions, bytes_of("src/docs/a.txt"));
	}
	configuration_release(&config);
	arena_release(&arena);
	return 0;
}
