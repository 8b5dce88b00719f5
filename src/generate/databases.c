/*
 * Build-time program: compiles the built-in rules' stubs for every platform.
 * generate-databases FOLDER writes FOLDER/builtin_{plain,avx2,avx512}_{anywhere,near}.hsdb.
 */
#include "detect/database.h"
#include "ruleset/builtin.h"

#include <stdio.h>

static enum err write_database(const char *folder, enum platform platform, enum stub_group group,
                               struct error *error)
{
	static const char *const names[PLATFORM_COUNT] = {"plain", "avx2", "avx512"};
	static const char *const groups[STUB_GROUPS] = {"anywhere", "near"};
	struct stub_list stubs = stub_index_group(&builtin_part.stubs, group, NULL);
	char path[4096];
	struct buf text;
	FILE *file;
	enum err err = ERR_NONE;

	buf_init(&text, (size_t)64 * 1024 * 1024);
	snprintf(path, sizeof(path), "%s/builtin_%s_%s.hsdb", folder, names[platform],
	         groups[group]);
	if (stubs.count)
		err = database_compile_for(platform, &stubs, &text, error);
	/* A library that was built without a platform has no database of it; the others serve. */
	if (err == ERR_UNSUPPORTED && platform != PLATFORM_PLAIN)
		err = ERR_NONE;
	if (err)
		goto out;
	file = fopen(path, "wb");
	if (!file || fwrite(text.ptr, 1, text.len, file) != text.len)
		err = error_set(error, ERR_IO, "cannot write %s", path);
	if (file && fclose(file) != 0 && !err)
		err = error_set(error, ERR_IO, "cannot write %s", path);
out:
	buf_release(&text);
	return err;
}

int main(int argc, char **argv)
{
	struct error error = {0};

	if (argc != 2) {
		fprintf(stderr, "usage: generate-databases FOLDER\n");
		return 2;
	}
	for (int i = 0; i < PLATFORM_COUNT * STUB_GROUPS; i++) {
		if (write_database(argv[1], (enum platform)(i / STUB_GROUPS),
		                   (enum stub_group)(i % STUB_GROUPS), &error)) {
			fprintf(stderr, "generate-databases: %s\n", error.message);
			return 1;
		}
	}
	return 0;
}
