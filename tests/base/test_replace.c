#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/replace.h"

#include "../tree.h"

static char content[64];

static const char *content_of(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(content, 1, sizeof(content) - 1, file);
	content[len] = '\0';
	assert_int_equal(fclose(file), 0);
	return content;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode;
}

static enum err put(const char *path, const char *text)
{
	struct error error = {0};
	enum err err = file_replace(path, bytes_of(text), &error);

	assert_int_equal(!*error.message, !err);
	return err;
}

/* No temporary file stays behind. */
static void assert_alone(const char *folder, const char *expected)
{
	char command[256];

	snprintf(command, sizeof(command), "test \"$(ls -A %s)\" = '%s'", folder, expected);
	TREE_RUN("sh", "-c", command);
}

static void new_files(void **state)
{
	mode_t before = umask(027);

	(void)state;
	tree_make_folders("n/a");
	assert_int_equal(put("n/a", "one"), ERR_NONE);
	umask(before);
	assert_string_equal(content_of("n/a"), "one");
	assert_int_equal(mode_of("n/a") & 0777, 0640);
	assert_alone("n", "a");
	assert_int_equal(put("here", ""), ERR_NONE);
	assert_string_equal(content_of("here"), "");
}

static void files_keep_their_modes(void **state)
{
	(void)state;
	tree_put("m/a", "a long text");
	assert_int_equal(chmod("m/a", 0751), 0);
	assert_int_equal(put("m/a", "two"), ERR_NONE);
	assert_string_equal(content_of("m/a"), "two");
	assert_int_equal(mode_of("m/a") & 0777, 0751);
	assert_alone("m", "a");
}

static void a_link_is_replaced(void **state)
{
	(void)state;
	tree_put("target", "kept");
	assert_int_equal(symlink("target", "link"), 0);
	assert_int_equal(put("link", "new"), ERR_NONE);
	assert_true(S_ISREG(mode_of("link")));
	assert_string_equal(content_of("link"), "new");
	assert_string_equal(content_of("target"), "kept");
}

static void what_cannot_be_written_stays(void **state)
{
	(void)state;
	assert_int_equal(put("nowhere/a", "x"), ERR_IO);
	tree_put("f/folder/a", "kept");
	assert_int_equal(put("f/folder", "x"), ERR_IO);
	assert_string_equal(content_of("f/folder/a"), "kept");
	assert_alone("f", "folder");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(new_files),
	    cmocka_unit_test(files_keep_their_modes),
	    cmocka_unit_test(a_link_is_replaced),
	    cmocka_unit_test(what_cannot_be_written_stays),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
