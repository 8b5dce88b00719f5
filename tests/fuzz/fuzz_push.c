/* Lines that git gives to hooks: any bytes are read or refused, and nothing else happens. */
#include "history/push.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int outgoing = 0; outgoing < 2; outgoing++) {
		struct push push = {.outgoing = outgoing};
		struct error error;

		(void)push_read(&push, (struct bytes){data, size}, &error);
		(void)push_deletions(&push);
		push_release(&push);
	}
	return 0;
}
