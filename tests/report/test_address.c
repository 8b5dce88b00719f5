/* Addresses of files: tests/report/test_sarif.c has the odd names. */
#include "report/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect_remote(const char *remote, const char *uri)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct json j;

	assert_non_null(out);
	json_init(&j, out);
	assert_int_equal(address_is_remote(remote), uri != NULL);
	address_put_remote(&j, remote);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, uri ? uri : "");
	free(text);
}

static void remotes_become_addresses(void **state)
{
	(void)state;
	expect_remote("https://host.example/team/a%20b.git", "https://host.example/team/a%20b.git");
	expect_remote("ssh://host:2222/~a/b", "ssh://host:2222/~a/b");
	expect_remote("https://host", "https://host");
	expect_remote("git+ssh://host/a:b", "git+ssh://host/a:b");
	expect_remote("host.example:team/a b.git", "ssh://host.example/team/a%20b.git");
	expect_remote("host:/srv/a%.git", "ssh://host/srv/a%25.git");
	expect_remote("/srv/a b/c:d", "file:///srv/a%20b/c:d");
	expect_remote("file:///srv/a", "file:///srv/a");
	expect_remote("https://host/50%/[x]?#\x1b\xff", "https://host/50%25/%5Bx%5D%3F%23%1B%FF");
	expect_remote("https://host/%4", "https://host/%254");
}

static void what_is_no_address_is_none(void **state)
{
	(void)state;
	expect_remote("", NULL);
	expect_remote("../other", NULL);
	expect_remote("other", NULL);
	expect_remote(":path", NULL);
	expect_remote("ext::sh -c true", NULL);
	expect_remote("https:///path", NULL);
	expect_remote("https://ho st/path", NULL);
	expect_remote("https://host:/path", NULL);
	expect_remote("https://host:1:2/path", NULL);
	expect_remote("https://host:123456/path", NULL);
	expect_remote("https://:80/path", NULL);
	expect_remote("https://[::1]/path", NULL);
	expect_remote("1http://host/path", NULL);
	expect_remote("://host/path", NULL);
	expect_remote("h\xc3\xb6st:path", NULL);
}

static bool tree_path(const char *path)
{
	return address_is_tree_path(bytes_of(path));
}

static void tree_paths_have_only_names(void **state)
{
	(void)state;
	assert_true(tree_path("a"));
	assert_true(tree_path("a/b:c/...d"));
	assert_true(tree_path(".git/commit-message"));
	assert_true(tree_path("..."));
	assert_true(tree_path("\xff\n"));
	assert_false(tree_path(""));
	assert_false(tree_path("/"));
	assert_false(tree_path("/a"));
	assert_false(tree_path("a/"));
	assert_false(tree_path("a//b"));
	assert_false(tree_path("."));
	assert_false(tree_path("a/./b"));
	assert_false(tree_path("a/.."));
	assert_false(tree_path("../a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(remotes_become_addresses),
	    cmocka_unit_test(what_is_no_address_is_none),
	    cmocka_unit_test(tree_paths_have_only_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
