/* Any bytes as another scanner's list: no crash, and an entry is refused or has a place or secret.
 */
#include "filter/foreign.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct foreign_list list;
	struct error error = {0};
	enum err err = foreign_read(&list, "fuzz", (struct bytes){data, size}, &error);

	if (err && (error.code != err || !*error.message))
		abort();
	for (size_t i = 0; i < list.count; i++) {
		const struct foreign_entry *e = &list.items[i];

		if (!e->refusal && !e->secret.len && (!e->path.len || !e->line || !e->rule))
			abort();
	}
	foreign_release(&list);
	return 0;
}
