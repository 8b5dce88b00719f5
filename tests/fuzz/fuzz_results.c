/*
 * Any bytes as the results of a history: no crash, an error has a message, and what is written
 * of them reads and writes the same.
 */
#include "report/jsonl.h"
#include "report/results.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const struct rule rule = {.id = "a", .provider = "A", .message = "m"};
static const struct rule *const rules[] = {&rule};

/* Reads the bytes from a file that has a name. */
static enum err read_bytes(struct results *results, struct bytes bytes, struct error *error)
{
	int fd = memfd_create("results", MFD_CLOEXEC);
	char path[64];
	enum err err;

	if (fd < 0 || write(fd, bytes.ptr, bytes.len) != (ssize_t)bytes.len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = results_read(results, path, rules, 1, error);
	close(fd);
	return err;
}

static struct bytes written(const struct results *r)
{
	struct run run = {.leaks = r->leaks.items,
	                  .leak_count = r->leaks.count,
	                  .suppressed_leaks = r->suppressed.items,
	                  .suppressed_leak_count = r->suppressed.count,
	                  .repositories = r->repositories,
	                  .repository_count = r->repository_count,
	                  .gone = r->gone.items,
	                  .gone_count = r->gone.count,
	                  .coverage = &r->coverage,
	                  .rules = rules,
	                  .rule_count = 1,
	                  .suppressed = r->suppressed_count};
	struct report_options options = {.show_secrets = true};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	jsonl_write(out, &run, &options);
	if (fclose(out) != 0)
		abort();
	return (struct bytes){(unsigned char *)text, len};
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct results first = {0}, second = {0};
	struct error error = {0};
	struct bytes one, two;
	enum err err = read_bytes(&first, (struct bytes){data, size}, &error);

	if (err && (error.code != err || !*error.message))
		abort();
	if (!err) {
		one = written(&first);
		if (read_bytes(&second, one, &error))
			abort();
		two = written(&second);
		if (!bytes_equal(one, two))
			abort();
		free((void *)one.ptr);
		free((void *)two.ptr);
	}
	results_release(&first);
	results_release(&second);
	return 0;
}
