/*
 * Any bytes as a list of repositories, as the index of a batch, and as what a child says: no crash,
 * an error has a message, and a plan that is written reads the same.
 */
#include "batch/index.h"
#include "batch/knowledge.h"
#include "batch/list.h"

#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_error(enum err err, const struct error *error)
{
	if (err && (error->code != err || !*error->message))
		abort();
}

static bool list_of(struct batch_list *list, unsigned char *data, size_t size)
{
	FILE *file = fmemopen(data, size, "rb");
	struct error error = {0};
	enum err err;

	if (!file)
		abort();
	err = list_read(list, file, "fuzz", &error);
	check_error(err, &error);
	list_finish(list);
	fclose(file);
	return !err;
}

static void check_list(const unsigned char *data, size_t size)
{
	unsigned char *copy = malloc(size + 1);
	struct batch_list first = {0}, second = {0};
	char *plan = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&plan, &len);
	bool sound;

	if (!copy || !out)
		abort();
	memcpy(copy, data, size);
	sound = list_of(&first, copy, size);
	list_write(&first, out);
	fclose(out);
	if (sound && (!list_of(&second, (unsigned char *)plan, len) || first.count != second.count))
		abort();
	for (size_t i = 0; i < second.count; i++) {
		if (strcmp(first.items[i].path, second.items[i].path) != 0 ||
		    first.items[i].size != second.items[i].size)
			abort();
	}
	list_share(&second, 2, 3);
	list_release(&first);
	list_release(&second);
	free(copy);
	free(plan);
}

static void check_index(const unsigned char *data, size_t size)
{
	static char folder[] = "/tmp/trawl-fuzz-XXXXXX";
	static bool made;
	struct batch_index index = {0};
	struct error error = {0};
	char *path;
	FILE *out;

	made = made || mkdtemp(folder);
	path = batch_index_path(folder);
	out = made ? fopen(path, "wb") : NULL;
	if (!out || fwrite(data, 1, size, out) != size || fclose(out) != 0)
		abort();
	check_error(batch_index_read(&index, folder, &error), &error);
	batch_index_release(&index);
	unlink(path);
	free(path);
}

static void check_said(struct bytes said)
{
	struct knowledge knowledge;
	struct batch_facts facts;

	knowledge_init(&knowledge);
	knowledge_hear(&knowledge, NULL, said, &facts);
	knowledge_release(&knowledge);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	check_list(data, size);
	check_index(data, size);
	check_said((struct bytes){data, size});
	return 0;
}
