#include "git/find.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tree.h"

/* Runs the script in an empty folder. */
static void make(const char *script)
{
	char text[8192];

	snprintf(
	    text, sizeof(text),
	    "set -e\nrm -rf -- *\nexport GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1\n"
	    "export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e@example.invalid\n"
	    "export GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=e@example.invalid\n"
	    "make() { git init -q -b main \"$1\"; git -C \"$1\" commit -q --allow-empty -m 1; }\n"
	    "exec >/dev/null 2>&1\n%s",
	    script);
	TREE_RUN("sh", "-c", text);
}

/* What is found below d, a line for each, and how many folders could not be read. */
static void assert_found(const char *wanted, size_t unreadable)
{
	struct found_repositories found = {0};
	struct error error = {0};
	size_t missed = 0;
	char text[8192] = "";

	if (repositories_find(&found, "d", &missed, &error))
		fail_msg("%s", error.message);
	for (size_t i = 0; i < found.count; i++) {
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, "%s\n", found.paths[i]);
	}
	assert_string_equal(text, wanted);
	assert_int_equal(missed, unreadable);
	found_repositories_release(&found);
}

static void trees_and_bare_ones(void **state)
{
	(void)state;
	make("mkdir -p d/plain/folder; make d/tree; git clone -q --bare d/tree d/group/bare.git;"
	     "ln -s ../d/tree d/link; echo 'gitdir: /nowhere' >d/plain/.git");
	assert_found("d/group/bare.git\nd/plain\nd/tree\n", 0);
}

static void within_each_other(void **state)
{
	(void)state;
	make("make d/tree; make d/tree/folder/inner; git clone -q --bare d/tree d/tree/b.git");
	assert_found("d/tree\nd/tree/b.git\nd/tree/folder/inner\n", 0);
}

static void linked_work_trees_once(void **state)
{
	(void)state;
	make("make d/z; git -C d/z worktree add -q ../a; git -C d/z worktree add -q in/it;"
	     "git clone -q --bare d/z d/bare.git; git -C d/bare.git worktree add -q ../b -b b;"
	     "make o; git -C o worktree add -q ../d/o2; git -C o worktree add -q ../d/o1");
	assert_found("d/bare.git\nd/o1\nd/z\n", 0);
}

/* What the files of a linked work tree say may be absolute, long, and another's. */
static void linked_by_absolute_paths(void **state)
{
	(void)state;
	make("make d/z; git -C d/z worktree add -q ../a; n=$(basename d/z/.git/worktrees/*);"
	     "echo \"$PWD/d/z/.git/\" >d/z/.git/worktrees/$n/commondir");
	assert_found("d/z\n", 0);
	make("make d/z; mkdir -p d/c gd; echo \"gitdir: $PWD/gd\" >d/c/.git;"
	     "p=../d; for i in $(seq 30); do p=$p/../d; done; echo $p/z/.git >gd/commondir");
	assert_found("d/z\n", 0);
}

static void a_link_is_not_the_place(void **state)
{
	(void)state;
	make("make d/b; mkdir d/a; ln -s ../b/.git d/a/.git");
	assert_found("d/b\n", 0);
}

static void one_may_start_within_a_git_folder(void **state)
{
	(void)state;
	make("make x; mkdir y; mv x/.git y/.git; ln -s y/.git d");
	assert_found("d\n", 0);
}

static void submodules_and_their_git_folders(void **state)
{
	(void)state;
	make("make lib; make d/tree; cd d/tree; git -c protocol.file.allow=always submodule add -q "
	     "../../lib at/lib; git -c protocol.file.allow=always submodule add -q ../../lib gone;"
	     "rm -rf gone");
	assert_found("d/tree\nd/tree/.git/modules/at/lib\nd/tree/.git/modules/gone\n", 0);
	make("make d/tree; git init -q --separate-git-dir=d/files d/apart");
	assert_found("d/files\nd/tree\n", 0);
}

static void objects_are_not_searched(void **state)
{
	(void)state;
	make("make d/tree; git init -q --bare d/tree/.git/objects/in/it.git;"
	     "git init -q --bare d/bare.git; git init -q --bare d/bare.git/refs/heads/in.git");
	assert_found("d/bare.git\nd/tree\n", 0);
}

static void depth_has_an_end(void **state)
{
	(void)state;
	make("make d/tree; p=d; for i in $(seq 70); do p=$p/x; done; mkdir -p $p; make $p");
	assert_found("d/tree\n", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(trees_and_bare_ones),
	    cmocka_unit_test(within_each_other),
	    cmocka_unit_test(linked_work_trees_once),
	    cmocka_unit_test(linked_by_absolute_paths),
	    cmocka_unit_test(a_link_is_not_the_place),
	    cmocka_unit_test(one_may_start_within_a_git_folder),
	    cmocka_unit_test(submodules_and_their_git_folders),
	    cmocka_unit_test(objects_are_not_searched),
	    cmocka_unit_test(depth_has_an_end),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
