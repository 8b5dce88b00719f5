/* Any bytes as a baseline: no crash, an error has a message, and what is written reads the same. */
#include "filter/baseline.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void write_to(const struct baseline *b, struct buf *out)
{
	buf_init(out, BASELINE_SIZE_MAX);
	if (baseline_write(b, out, NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct baseline first, second;
	struct error error = {0};
	struct buf one, two;
	enum err err = baseline_read(&first, "fuzz", (struct bytes){data, size}, &error);

	if (err && (error.code != err || !*error.message))
		abort();
	if (!err) {
		write_to(&first, &one);
		if (baseline_read(&second, "again", buf_bytes(&one), &error))
			abort();
		write_to(&second, &two);
		if (!bytes_equal(buf_bytes(&one), buf_bytes(&two)))
			abort();
		baseline_release(&second);
		buf_release(&one);
		buf_release(&two);
	}
	baseline_release(&first);
	return 0;
}
