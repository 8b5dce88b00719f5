#include "git/repository.h"

#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tree.h"

#define GIT(...)                                                                                   \
	TREE_RUN("git", "-c", "user.name=n", "-c", "user.email=e@example.invalid", "-c",           \
	         "protocol.file.allow=always", "-c", "advice.nestedTag=false", __VA_ARGS__)

/* libgit2 1.5 forgets what it allocated for a regular expression. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libpcre2-8";
}

/* Each test has a new repository "r" with two commits on "main". A test that hangs has failed. */
static int set_up(void **state)
{
	(void)state;
	alarm(120);
	GIT("init", "-q", "-b", "main", "r");
	tree_put("r/file", "one\n");
	GIT("-C", "r", "add", ".");
	GIT("-C", "r", "commit", "-q", "-m", "1");
	tree_put("r/file", "two\n");
	GIT("-C", "r", "commit", "-q", "-am", "2");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	TREE_RUN("sh", "-c", "rm -rf -- * .gitconfig");
	alarm(0);
	return 0;
}

static struct repository *open_here(const char *path)
{
	struct repository *r = NULL;
	struct error error = {0};

	if (repository_open(&r, path, false, &error))
		fail_msg("%s", error.message);
	return r;
}

/* What is said on refusal must hold this text. */
static void assert_refused(const char *path, enum err code, const char *text)
{
	struct repository *r = (struct repository *)"";
	struct error error = {0};

	assert_int_equal(repository_open(&r, path, false, &error), code);
	assert_null(r);
	assert_int_equal(error.code, code);
	if (!strstr(error.message, text))
		fail_msg("%s", error.message);
}

/* The absolute path of something in the scratch folder; valid until the next call. */
static const char *here(const char *path)
{
	static char full[8192];
	char *base = realpath(".", NULL);

	tree_need(base, "realpath");
	snprintf(full, sizeof(full), "%s%s%s", base, *path ? "/" : "", path);
	free(base);
	return full;
}

static void assert_folder(const char *path, const char *folder)
{
	struct repository *r = open_here(path);

	assert_string_equal(repository_folder(r), here(folder));
	repository_close(r);
}

/* The folders of objects are these, in this order. */
static void assert_objects(const char *path, size_t count, const char *const *folders)
{
	struct repository *r = open_here(path);
	const char *const *objects = repository_object_folders(r);

	for (size_t i = 0; i < count; i++) {
		assert_non_null(objects[i]);
		assert_string_equal(objects[i], here(folders[i]));
	}
	assert_null(objects[count]);
	repository_close(r);
}

/* The store lacks nothing as it says (text NULL), or says this. */
static void assert_lack(const char *path, const char *text)
{
	struct repository *r = open_here(path);
	const char *reason = "";

	assert_int_equal(repository_may_lack(r, &reason), text != NULL);
	if (text && !strstr(reason, text))
		fail_msg("%s", reason);
	repository_close(r);
}

/* The id that git resolves this to. */
static struct object_id id_of(const char *path, const char *revision)
{
	struct object_id id;
	size_t len;
	char *text = tree_output(
	    (const char *const[]){"git", "-C", path, "rev-parse", "--verify", revision, NULL},
	    &len);

	tree_need(len == OBJECT_ID_HEX + 1 && object_id_parse(&id, text), "rev-parse");
	free(text);
	return id;
}

static void assert_id(const struct object_id *id, const struct object_id *expected)
{
	assert_memory_equal(id->bytes, expected->bytes, OBJECT_ID_SIZE);
}

static struct object_id zero(void)
{
	return (struct object_id){{0}};
}

static const struct reference *find(const struct reference_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	}
	fail_msg("no reference %s", name);
	return NULL;
}

/* The references are of these names, in this order, and so many are broken. */
static void assert_names(const char *path, size_t broken, size_t count, const char *const *names)
{
	struct repository *r = open_here(path);
	struct reference_list list;

	assert_int_equal(repository_references(r, &list, NULL), ERR_NONE);
	for (size_t i = 0; i < list.count && i < count; i++)
		assert_string_equal(list.items[i].name, names[i]);
	assert_int_equal(list.count, count);
	assert_int_equal(list.broken, broken);
	reference_list_release(&list);
	repository_close(r);
}

#define NAMES(...)                                                                                 \
	sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[])                   \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static enum err read_text(struct repository *r, struct object_id id, enum object_type *type,
                          char text[256])
{
	struct error error = {0};
	struct buf out;
	enum err err;

	buf_init(&out, 255);
	err = repository_read(r, &id, type, &out, &error);
	assert_int_equal(err, error.code);
	memcpy(text, buf_text(&out), out.len);
	text[out.len] = '\0';
	buf_release(&out);
	return err;
}

static void assert_blob(struct repository *r, struct object_id id, const char *expected)
{
	enum object_type type = OBJECT_TAG;
	char text[256];

	assert_int_equal(read_text(r, id, &type, text), ERR_NONE);
	assert_int_equal(type, OBJECT_BLOB);
	assert_string_equal(text, expected);
}

/* The path of the object's file below "r". */
static const char *loose_path(struct object_id id, char path[128])
{
	char hex[OBJECT_ID_HEX + 1];

	object_id_hex(&id, hex);
	snprintf(path, 128, "r/.git/objects/%.2s/%s", hex, hex + 2);
	return path;
}

/* ---- Opening ---- */

static void opens_work_trees_and_bare_repositories(void **state)
{
	(void)state;
	GIT("clone", "-q", "--bare", "r", "bare.git");
	assert_folder("r", "r");
	assert_folder("r/", "r");
	assert_folder("r/.git", "r");
	assert_folder("bare.git", "bare.git");
	assert_objects("r", NAMES("r/.git/objects"));
	assert_objects("bare.git", NAMES("bare.git/objects"));
	assert_lack("r", NULL);
	GIT("-C", "r", "config", "core.bare", "true");
	assert_folder("r/.git", "r/.git");
}

static void opens_linked_work_trees(void **state)
{
	(void)state;
	GIT("-C", "r", "worktree", "add", "-q", "../linked");
	assert_folder("linked", "linked");
	assert_folder("linked/.git", "linked");
	assert_folder("r/.git/worktrees/linked", "r/.git/worktrees/linked");
	assert_objects("linked", NAMES("r/.git/objects"));
	assert_objects("r/.git/worktrees/linked", NAMES("r/.git/objects"));
}

static void opens_submodules(void **state)
{
	(void)state;
	GIT("init", "-q", "super");
	GIT("-C", "super", "submodule", "--quiet", "add", here("r"), "sub");
	assert_folder("super/sub", "super/sub");
	assert_folder("super/.git/modules/sub", "super/.git/modules/sub");
	assert_objects("super/sub", NAMES("super/.git/modules/sub/objects"));
}

static void searches_upwards(void **state)
{
	struct repository *r = NULL;
	struct error error = {0};

	(void)state;
	tree_put("r/a/b/file", "x");
	assert_refused("r/a/b", ERR_MISSING, "no git repository");
	assert_refused("r/file", ERR_MISSING, "no git repository");
	assert_refused("nowhere", ERR_MISSING, "nowhere");
	static const char *const places[] = {"r/a/b", "r/a/b/file", "r/.git/objects/pack", "r"};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		assert_int_equal(repository_open(&r, places[i], true, &error), ERR_NONE);
		assert_string_equal(repository_folder(r), here("r"));
		repository_close(r);
	}
	assert_int_equal(repository_open(&r, "/proc", true, &error), ERR_MISSING);
	assert_null(r);
}

/* Git goes on above a folder of this name that holds no repository. */
static void passes_over_an_empty_git_folder(void **state)
{
	struct repository *r;

	(void)state;
	tree_make_folders("r/sub/.git/");
	assert_int_equal(repository_open(&r, "r/sub", true, NULL), ERR_NONE);
	assert_string_equal(repository_folder(r), here("r"));
	repository_close(r);
}

static void refuses_gitfiles_that_lead_nowhere(void **state)
{
	(void)state;
	tree_put("x/.git", "gitdir: ../nowhere\n");
	assert_refused("x", ERR_CORRUPT, "where no repository is");
	tree_put("x/.git", "something else\n");
	assert_refused("x", ERR_CORRUPT, "names no folder");
	TREE_RUN("rm", "x/.git");
	assert_int_equal(mkfifo("x/.git", 0600), 0);
	assert_refused("x", ERR_MISSING, "no git repository");
}

static void reads_repositories_of_other_users(void **state)
{
	struct repository *r;
	struct object_id id;
	struct object_id expected = id_of("r", "HEAD");

	(void)state;
	if (geteuid() != 0)
		skip();
	TREE_RUN("chown", "-R", "12345:12345", "r");
	r = open_here("r");
	assert_int_equal(repository_resolve(r, "main", &id, NULL), ERR_NONE);
	assert_id(&id, &expected);
	repository_close(r);
}

static void says_what_it_cannot_read(void **state)
{
	(void)state;
	GIT("init", "-q", "--object-format=sha256", "sha256");
	assert_refused("sha256", ERR_UNSUPPORTED, "SHA-256");
	GIT("-C", "r", "config", "core.repositoryFormatVersion", "1");
	GIT("-C", "r", "config", "extensions.refStorage", "reftable");
	assert_refused("r", ERR_UNSUPPORTED, "git refs migrate --ref-format=files");
	tree_put("r/.git/config", "[core]\nrepositoryformatversion = 1\n[extensions]\nother = 1\n");
	assert_refused("r", ERR_UNSUPPORTED, "extensions.other");
	tree_put("r/.git/config", "[core]\nrepositoryformatversion = 2\n");
	assert_refused("r", ERR_UNSUPPORTED, "newer");
	tree_put("r/.git/config", "[extensions]\nother = 1\n");
	assert_folder("r", "r");
}

static void knows_harmless_extensions(void **state)
{
	(void)state;
	tree_put("r/.git/config", "[core]\nrepositoryformatversion = 1\n[extensions]\n"
	                          "worktreeConfig = true\npreciousObjects\nrelativeWorktrees=1\n"
	                          "objectFormat = sha1\nrefStorage = files\nnoop = 1\n");
	assert_folder("r", "r");
	assert_lack("r", NULL);
}

static void refuses_a_broken_configuration(void **state)
{
	(void)state;
	tree_put("r/.git/config", "[core]\n[broken\n");
	assert_refused("r", ERR_CORRUPT, "/r/.git/config:2: ");
	TREE_RUN("rm", "r/.git/config");
	assert_folder("r", "r");
	assert_int_equal(mkfifo("r/.git/config", 0600), 0);
	assert_refused("r", ERR_CORRUPT, "no regular file");
}

/* What the configuration includes stays unopened: libgit2 would wait for the FIFO. */
static void includes_nothing(void **state)
{
	struct repository *r;
	struct object_id id;
	enum object_type type;
	char text[256];

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	tree_put("other", "[remote \"origin\"]\nurl = other\n");
	tree_put("r/.git/config", "[include]\npath = ../../fifo\npath = ../../other\n"
	                          "[includeIf \"gitdir:/\"]\npath = ../../other\n"
	                          "[remote \"origin\"]\nurl = mine\n");
	r = open_here("r");
	assert_string_equal(repository_remote(r), "mine");
	assert_int_equal(repository_resolve(r, "HEAD", &id, NULL), ERR_NONE);
	assert_int_equal(read_text(r, id, &type, text), ERR_NONE);
	assert_int_equal(type, OBJECT_COMMIT);
	repository_close(r);
}

static void keeps_credentials_out_of_the_remote(void **state)
{
	static const struct {
		const char *url, *shown;
	} cases[] = {
	    {"https://user:pass@example.invalid/a/b.git", "https://example.invalid/a/b.git"},
	    {"https://u@x:p@example.invalid:8443/a", "https://example.invalid:8443/a"},
	    {"https://example.invalid/@scope/a?token=1", "https://example.invalid/@scope/a"},
	    {"https://example.invalid#x", "https://example.invalid"},
	    {"ssh://git@example.invalid/a", "ssh://example.invalid/a"},
	    {"git@example.invalid:a/b.git", "example.invalid:a/b.git"},
	    {"/srv/a@b/c.git", "/srv/a@b/c.git"},
	    {"../a@b:c", "../a@b:c"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct repository *r;

		GIT("-C", "r", "config", "remote.origin.url", cases[i].url);
		r = open_here("r");
		assert_string_equal(repository_remote(r), cases[i].shown);
		repository_close(r);
	}
	GIT("-C", "r", "config", "--remove-section", "remote.origin");
	struct repository *r = open_here("r");
	assert_null(repository_remote(r));
	repository_close(r);
}

/* ---- What may be missing ---- */

static void tells_a_shallow_clone(void **state)
{
	char url[9000];

	(void)state;
	snprintf(url, sizeof(url), "file://%s", here("r"));
	GIT("clone", "-q", "--depth", "1", url, "shallow");
	assert_lack("shallow", "`git fetch --unshallow`");
	GIT("-C", "shallow", "fetch", "-q", "--unshallow");
	assert_lack("shallow", NULL);
}

static void tells_a_partial_clone(void **state)
{
	struct object_id blob = id_of("r", "HEAD~1:file");
	struct repository *r;
	enum object_type type;
	char url[9000], text[256];

	(void)state;
	snprintf(url, sizeof(url), "file://%s", here("r"));
	GIT("-C", "r", "config", "uploadpack.allowFilter", "true");
	GIT("clone", "-q", "--no-checkout", "--filter=blob:none", url, "partial");
	assert_lack("partial", "`git fetch --refetch --no-filter`");
	r = open_here("partial");
	assert_int_equal(read_text(r, blob, &type, text), ERR_MISSING);
	repository_close(r);
	GIT("-C", "partial", "fetch", "-q", "--refetch", "--no-filter");
	r = open_here("partial");
	assert_blob(r, blob, "one\n");
	repository_close(r);
	GIT("-C", "partial", "config", "--unset", "remote.origin.promisor");
	assert_lack("partial", "partial clone");
	TREE_RUN("sh", "-c", "rm -f partial/.git/objects/pack/*.promisor");
	assert_lack("partial", NULL);
	GIT("-C", "partial", "config", "remote.o.t.her.promisor", "true");
	assert_lack("partial", "partial clone");
	GIT("-C", "partial", "config", "remote.o.t.her.promisor", "false");
	GIT("-C", "partial", "config", "extensions.partialClone", "origin");
	assert_lack("partial", "partial clone");
}

static void follows_alternates(void **state)
{
	struct object_id blob = id_of("r", "HEAD~1:file");
	struct repository *r;
	enum object_type type;
	char text[256];

	(void)state;
	GIT("clone", "-q", "--shared", "r", "middle");
	GIT("clone", "-q", "--shared", "middle", "top");
	assert_objects("top", NAMES("top/.git/objects", "middle/.git/objects", "r/.git/objects"));
	assert_lack("top", NULL);
	r = open_here("top");
	assert_blob(r, blob, "one\n");
	repository_close(r);
	TREE_RUN("rm", "-rf", "r");
	assert_objects("top", NAMES("top/.git/objects", "middle/.git/objects"));
	assert_lack("top", "An alternate is gone: ");
	r = open_here("top");
	assert_int_equal(read_text(r, blob, &type, text), ERR_MISSING);
	repository_close(r);
}

static void reads_alternates_as_git_does(void **state)
{
	(void)state;
	tree_make_folders("plain/");
	tree_make_folders("new\nline/");
	tree_make_folders("\xff\xfe/");
	tree_put("plain/info/alternates", "../r/.git/objects\n../plain\n../late\n");
	tree_make_folders("late/");
	tree_put("r/.git/objects/info/alternates", "# ../../../late\n"
	                                           "\n"
	                                           "../../../plain\n"
	                                           "\"../../../new\\nline\"\n"
	                                           "\"../../../\\377\\376\"\n"
	                                           "../../../plain\n"
	                                           ".");
	assert_objects("r", NAMES("r/.git/objects", "plain", "late", "new\nline", "\xff\xfe"));
	assert_lack("r", NULL);
}

static void bounds_alternates(void **state)
{
	char name[32], text[64];

	(void)state;
	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "a%d/info/alternates", i);
		snprintf(text, sizeof(text), "../a%d\n", i + 1);
		tree_put(name, text);
	}
	tree_put("r/.git/objects/info/alternates", "../../../a0\n");
	assert_objects("r", NAMES("r/.git/objects", "a0", "a1", "a2", "a3", "a4", "a5"));
	assert_lack("r", "nested too deep");
	TREE_RUN("rm", "r/.git/objects/info/alternates");
	assert_int_equal(mkfifo("r/.git/objects/info/alternates", 0600), 0);
	assert_objects("r", NAMES("r/.git/objects"));
	assert_lack("r", "cannot be read");
	TREE_RUN("rm", "r/.git/objects/info/alternates");
	tree_put("r/.git/objects/info/alternates", "\"\\7\n\"\\\"\n\"\\400x\"\n\"\n\xff\n");
	assert_objects("r", NAMES("r/.git/objects"));
	assert_lack("r", "An alternate is gone: ");
}

/* ---- References ---- */

static void reads_references(void **state)
{
	struct object_id head = id_of("r", "HEAD"), first = id_of("r", "HEAD~1"), none = zero();
	struct object_id tree = id_of("r", "HEAD^{tree}");
	struct object_id tag, outer;
	struct reference_list list;
	struct repository *r;

	(void)state;
	GIT("-C", "r", "tag", "-a", "-m", "t", "tag", "HEAD~1");
	GIT("-C", "r", "tag", "-a", "-m", "t", "outer", "tag");
	GIT("-C", "r", "tag", "-a", "-m", "t", "blob", "HEAD:file");
	GIT("-C", "r", "tag", "tree", "HEAD^{tree}");
	GIT("-C", "r", "update-ref", "refs/stash", "HEAD");
	GIT("-C", "r", "symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/main");
	GIT("-C", "r", "symbolic-ref", "refs/remotes/origin/gone", "refs/heads/gone");
	assert_names("r", 0,
	             NAMES("HEAD", "refs/heads/main", "refs/remotes/origin/HEAD", "refs/stash",
	                   "refs/tags/blob", "refs/tags/outer", "refs/tags/tag", "refs/tags/tree"));
	tag = id_of("r", "tag");
	outer = id_of("r", "outer");
	r = open_here("r");
	for (int packed = 0; packed < 2; packed++) {
		assert_int_equal(repository_references(r, &list, NULL), ERR_NONE);
		assert_int_equal(list.count, 8);
		assert_string_equal(list.items[0].name, "HEAD");
		assert_id(&list.items[0].id, &head);
		assert_id(&list.items[0].commit, &head);
		assert_id(&find(&list, "refs/remotes/origin/HEAD")->commit, &head);
		assert_id(&find(&list, "refs/tags/tag")->id, &tag);
		assert_id(&find(&list, "refs/tags/tag")->commit, &first);
		assert_id(&find(&list, "refs/tags/outer")->id, &outer);
		assert_id(&find(&list, "refs/tags/outer")->commit, &first);
		assert_id(&find(&list, "refs/tags/blob")->commit, &none);
		assert_id(&find(&list, "refs/tags/tree")->id, &tree);
		assert_id(&find(&list, "refs/tags/tree")->commit, &none);
		reference_list_release(&list);
		GIT("-C", "r", "pack-refs", "--all");
		GIT("-C", "r", "repack", "-q", "-a", "-d");
	}
	repository_close(r);
}

static void prefers_loose_references(void **state)
{
	struct object_id first = id_of("r", "HEAD~1");
	struct reference_list list;
	struct repository *r;

	(void)state;
	GIT("-C", "r", "pack-refs", "--all");
	GIT("-C", "r", "update-ref", "refs/heads/main", "HEAD~1");
	r = open_here("r");
	assert_int_equal(repository_references(r, &list, NULL), ERR_NONE);
	assert_int_equal(list.count, 2);
	assert_id(&list.items[0].id, &first);
	assert_id(&list.items[1].id, &first);
	reference_list_release(&list);
	repository_close(r);
}

static void leaves_out_an_unborn_head(void **state)
{
	(void)state;
	GIT("init", "-q", "empty");
	assert_names("empty", 0, 0, NULL);
	GIT("-C", "r", "checkout", "-q", "--orphan", "new");
	assert_names("r", 0, NAMES("refs/heads/main"));
	GIT("-C", "r", "checkout", "-q", "-f", "--detach", "main");
	assert_names("r", 0, NAMES("HEAD", "refs/heads/main"));
}

static void reads_heads_of_work_trees(void **state)
{
	struct object_id head = id_of("r", "HEAD"), first = id_of("r", "HEAD~1");
	struct reference_list list;
	struct repository *r;

	(void)state;
	GIT("-C", "r", "worktree", "add", "-q", "--detach", "../linked", "HEAD~1");
	GIT("-C", "linked", "update-ref", "refs/bisect/bad", "HEAD");
	assert_names("r", 0, NAMES("HEAD", "refs/heads/main", "worktrees/linked/HEAD"));
	assert_names("linked", 0,
	             NAMES("HEAD", "main-worktree/HEAD", "refs/bisect/bad", "refs/heads/main",
	                   "worktrees/linked/HEAD"));
	r = open_here("linked");
	assert_int_equal(repository_references(r, &list, NULL), ERR_NONE);
	assert_id(&list.items[0].commit, &first);
	assert_id(&list.items[1].commit, &head);
	assert_id(&list.items[4].commit, &first);
	reference_list_release(&list);
	repository_close(r);
}

static void counts_broken_references(void **state)
{
	(void)state;
	GIT("-C", "r", "branch", "packed");
	GIT("-C", "r", "pack-refs", "--all");
	tree_put("r/.git/refs/heads/empty", "");
	tree_put("r/.git/refs/heads/short", "0123456789\n");
	tree_put("r/.git/refs/heads/word", "0123456789012345678901234567890123456789x\n");
	tree_put("r/.git/refs/heads/outside", "ref: ../../../etc/passwd\n");
	tree_put("r/.git/refs/heads/packed", "nonsense");
	tree_put("r/.git/refs/heads/held.lock", "nonsense");
	assert_int_equal(mkfifo("r/.git/refs/heads/fifo", 0600), 0);
	assert_int_equal(symlink("..", "r/.git/refs/heads/round"), 0);
	assert_names("r", 7, NAMES("HEAD", "refs/heads/main"));
}

static void ends_circles_of_symbolic_references(void **state)
{
	(void)state;
	tree_put("r/.git/refs/a", "ref: refs/b\n");
	tree_put("r/.git/refs/b", "ref:refs/a");
	tree_put("r/.git/refs/1", "ref: refs/2");
	tree_put("r/.git/refs/2", "ref: refs/3");
	tree_put("r/.git/refs/3", "ref: refs/4");
	tree_put("r/.git/refs/4", "ref: refs/5");
	tree_put("r/.git/refs/5", "ref: refs/6");
	tree_put("r/.git/refs/6", "ref: \trefs/heads/main \n");
	assert_names(
	    "r", 0,
	    NAMES("HEAD", "refs/2", "refs/3", "refs/4", "refs/5", "refs/6", "refs/heads/main"));
}

static void reads_names_of_any_bytes(void **state)
{
	(void)state;
	GIT("-C", "r", "update-ref", "refs/heads/\xff\xfe-\xc3\xa9", "HEAD");
	GIT("-C", "r", "update-ref", "refs/heads/-dash", "HEAD");
	GIT("-C", "r", "update-ref", "refs/heads/d/e/f", "HEAD");
	for (int packed = 0; packed < 2; packed++) {
		assert_names("r", 0,
		             NAMES("HEAD", "refs/heads/-dash", "refs/heads/d/e/f",
		                   "refs/heads/main", "refs/heads/\xff\xfe-\xc3\xa9"));
		GIT("-C", "r", "pack-refs", "--all");
	}
}

static void survives_hostile_packed_references(void **state)
{
	static const char text[] = "# pack-refs with: x\n"
				   "0123456789012345678901234567890123456789 refs/heads/gone\n"
				   "^0123456789012345678901234567890123456789\n"
				   "\n"
				   "0123456789012345678901234567890123456789\n"
				   "0123456789012345678901234567890123456789 HEAD\n"
				   "0123456789012345678901234567890123456789\trefs/x\n"
				   "0123456789012345678901234567890123456789 refs/\0x\n"
				   "zz23456789012345678901234567890123456789 refs/x\n"
				   "0123";
	struct reference_list list;
	struct object_id none = zero();
	struct repository *r;

	(void)state;
	tree_put_bytes("r/.git/packed-refs", text, sizeof(text) - 1);
	assert_names("r", 6, NAMES("HEAD", "refs/heads/gone", "refs/heads/main"));
	r = open_here("r");
	assert_int_equal(repository_references(r, &list, NULL), ERR_NONE);
	assert_id(&list.items[1].commit, &none);
	reference_list_release(&list);
	TREE_RUN("rm", "r/.git/packed-refs");
	assert_int_equal(mkfifo("r/.git/packed-refs", 0600), 0);
	assert_int_equal(repository_references(r, &list, NULL), ERR_CORRUPT);
	assert_int_equal(list.count, 0);
	repository_close(r);
}

/* ---- Objects ---- */

static void reads_objects_wherever_they_lie(void **state)
{
	struct object_id blob = id_of("r", "HEAD:file"), commit = id_of("r", "HEAD");
	struct object_id missing = {{1, 2, 3}};
	enum object_type type;
	struct repository *r = open_here("r");
	char text[256];

	(void)state;
	assert_blob(r, blob, "two\n");
	assert_int_equal(read_text(r, commit, &type, text), ERR_NONE);
	assert_int_equal(type, OBJECT_COMMIT);
	assert_non_null(strstr(text, "parent "));
	assert_int_equal(read_text(r, missing, &type, text), ERR_MISSING);
	GIT("-C", "r", "repack", "-q", "-a", "-d");
	assert_blob(r, blob, "two\n");
	repository_close(r);
}

static void follows_no_replacement(void **state)
{
	struct object_id one = id_of("r", "HEAD~1:file");
	char hex[OBJECT_ID_HEX + 1];
	struct repository *r;

	(void)state;
	GIT("-C", "r", "replace", object_id_hex(&one, hex), "HEAD:file");
	r = open_here("r");
	assert_blob(r, one, "one\n");
	repository_close(r);
}

static void bounds_objects(void **state)
{
	static char large[4096];
	struct repository *r;
	enum object_type type;
	char text[256];

	(void)state;
	memset(large, 'a', sizeof(large));
	tree_put_bytes("r/large", large, sizeof(large));
	GIT("-C", "r", "add", "large");
	r = open_here("r");
	assert_int_equal(read_text(r, id_of("r", ":large"), &type, text), ERR_LIMIT);
	repository_close(r);
}

static void survives_broken_loose_objects(void **state)
{
	struct object_id blob = id_of("r", "HEAD:file"), other = id_of("r", "HEAD~1:file");
	struct repository *r = open_here("r");
	enum object_type type;
	char path[128], from[128], text[256];

	(void)state;
	loose_path(blob, path);
	TREE_RUN("chmod", "-R", "u+w", "r/.git/objects");
	tree_put(path, "nonsense");
	assert_int_equal(read_text(r, blob, &type, text), ERR_CORRUPT);
	tree_put(path, "");
	assert_int_equal(read_text(r, blob, &type, text), ERR_CORRUPT);
	TREE_RUN("cp", "-f", loose_path(other, from), path);
	assert_int_equal(read_text(r, blob, &type, text), ERR_CORRUPT);
	TREE_RUN("rm", "-f", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(read_text(r, blob, &type, text), ERR_CORRUPT);
	TREE_RUN("rm", "-f", path);
	TREE_RUN("truncate", "-s", "1G", path);
	assert_int_equal(repository_read(r, &blob, &type, NULL, NULL), ERR_LIMIT);
	TREE_RUN("truncate", "-s", "100G", path);
	assert_int_equal(read_text(r, blob, &type, text), ERR_LIMIT);
	assert_blob(r, other, "one\n");
	repository_close(r);
}

/* libgit2 itself stops at the first copy. */
static void finds_the_good_copy_of_a_broken_object(void **state)
{
	struct object_id blob = id_of("r", "HEAD:file");
	struct repository *r;
	char path[128];

	(void)state;
	GIT("-C", "r", "repack", "-q", "-a");
	tree_put(loose_path(blob, path), "nonsense");
	r = open_here("r");
	assert_blob(r, blob, "two\n");
	repository_close(r);
}

static void survives_broken_packs(void **state)
{
	struct object_id blob = id_of("r", "HEAD:file"), other = id_of("r", "HEAD~1:file");
	struct repository *r;
	enum object_type type;
	char text[256];

	(void)state;
	TREE_RUN(
	    "sh", "-c",
	    "git -C r rev-parse HEAD:file | git -C r pack-objects -q .git/objects/pack/pack && "
	    "git -C r rev-parse HEAD~1:file | git -C r pack-objects -q .git/objects/pack/pack && "
	    "git -C r prune-packed && chmod u+w r/.git/objects/pack/*");
	/* The byte behind the head of the first entry. */
	TREE_RUN(
	    "sh", "-c",
	    "cd r/.git/objects/pack && blob=$(git rev-parse HEAD:file) && for i in *.idx; do "
	    "git show-index <$i | grep -q $blob && "
	    "printf y | dd of=${i%.idx}.pack bs=1 seek=13 conv=notrunc status=none; done; true");
	r = open_here("r");
	assert_int_equal(read_text(r, blob, &type, text), ERR_CORRUPT);
	assert_blob(r, other, "one\n");
	repository_close(r);
	TREE_RUN("sh", "-c", "truncate -s 20 r/.git/objects/pack/*.pack");
	r = open_here("r");
	assert_int_equal(read_text(r, blob, &type, text), ERR_MISSING);
	repository_close(r);
	TREE_RUN("sh", "-c", "cd r/.git/objects/pack && for i in *.idx; do rm $i; mkfifo $i; done");
	r = open_here("r");
	assert_int_equal(read_text(r, blob, &type, text), ERR_MISSING);
	repository_close(r);
}

struct shared {
	struct repository *repository;
	struct object_id one, two;
};

static void read_often(void *context, unsigned worker)
{
	struct shared *shared = context;

	for (unsigned i = 0; i < 200; i++)
		assert_blob(shared->repository, (i + worker) % 2 ? shared->one : shared->two,
		            (i + worker) % 2 ? "one\n" : "two\n");
}

static void reads_in_several_threads(void **state)
{
	struct shared shared = {open_here("r"), id_of("r", "HEAD~1:file"), id_of("r", "HEAD:file")};

	(void)state;
	pool_run(4, read_often, &shared);
	GIT("-C", "r", "repack", "-q", "-a", "-d");
	pool_run(4, read_often, &shared);
	repository_close(shared.repository);
}

struct seen {
	struct object_id ids[64];
	size_t count;
};

static void see(void *context, const struct object_id *id)
{
	struct seen *seen = context;

	assert_true(seen->count < 64);
	seen->ids[seen->count++] = *id;
}

static void lists_loose_objects_once(void **state)
{
	struct repository *r;
	struct seen seen = {0};

	(void)state;
	GIT("clone", "-q", "--shared", "r", "top");
	TREE_RUN("sh", "-c", "cp -r r/.git/objects/?? top/.git/objects/");
	tree_put("top/.git/objects/00/11", "x");
	tree_put("top/.git/objects/00/tmp_obj_abcdef", "x");
	tree_put("top/.git/objects/00/zz345678901234567890123456789012345678", "x");
	tree_put("top/.git/objects/00/AB345678901234567890123456789012345678", "x");
	tree_put("top/.git/objects/0g/12345678901234567890123456789012345678", "x");
	tree_put("top/.git/objects/00/00000000000000000000000000000000000001", "x");
	r = open_here("top");
	assert_int_equal(repository_loose(r, see, &seen, NULL), ERR_NONE);
	repository_close(r);
	assert_int_equal(seen.count, 7); /* two commits, trees and blobs, and the one above */
	assert_int_equal(seen.ids[0].bytes[0] | seen.ids[0].bytes[1], 0);
	assert_int_equal(seen.ids[0].bytes[OBJECT_ID_SIZE - 1], 1);
	for (size_t i = 1; i < seen.count; i++)
		assert_true(object_id_compare(&seen.ids[i - 1], &seen.ids[i]) < 0);
}

/* ---- Revisions ---- */

static void resolves_revisions(void **state)
{
	static const char *const good[] = {"HEAD",         "main",          "HEAD~1",   "HEAD^",
	                                   "main^{tree}",  "HEAD:file",     "@",        "tag",
	                                   "tag^{commit}", "refs/tags/tag", "HEAD@{1}", "main@{0}"};
	static const struct {
		const char *revision;
		enum err err;
	} bad[] = {{"nothing", ERR_MISSING}, {"HEAD~2", ERR_MISSING},
	           {"", ERR_USAGE},          {"a..b", ERR_USAGE},
	           {"HEAD^{x", ERR_USAGE},   {"HEAD:none", ERR_MISSING},
	           {"@{u}", ERR_MISSING},    {"-x", ERR_MISSING},
	           {"../HEAD", ERR_USAGE},   {"HEAD~9999999999", ERR_USAGE}};
	struct object_id id, expected;
	struct repository *r;
	struct error error;
	char hex[OBJECT_ID_HEX + 1];

	(void)state;
	GIT("-C", "r", "tag", "-a", "-m", "t", "tag");
	r = open_here("r");
	for (int packed = 0; packed < 2; packed++) {
		for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
			expected = id_of("r", good[i]);
			if (repository_resolve(r, good[i], &id, &error))
				fail_msg("%s: %s", good[i], error.message);
			assert_id(&id, &expected);
		}
		object_id_hex(&expected, hex);
		hex[10] = '\0';
		assert_int_equal(repository_resolve(r, hex, &id, NULL), ERR_NONE);
		assert_id(&id, &expected);
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			error = (struct error){0};
			if (repository_resolve(r, bad[i].revision, &id, &error) != bad[i].err)
				fail_msg("%s: %s", bad[i].revision, error.message);
			assert_true(error.message[0]);
		}
		GIT("-C", "r", "gc", "-q");
	}
	repository_close(r);
}

/* Those that need no libgit2, over a merge, with git for the oracle. */
static void resolves_plain_revisions(void **state)
{
	static const char *const steps[] = {"",   "~",    "~1", "~2", "^",    "^1",   "^2",
	                                    "^^", "^2~1", "^0", "~0", "^2^1", "~1^1", "^1~0"};
	static const char *const bad[] = {"~9", "^3", "^2^2", "~1^2"};
	char revision[64], id[OBJECT_ID_HEX + 1];
	struct object_id found, expected;
	struct repository *r;

	(void)state;
	GIT("-C", "r", "checkout", "-q", "-b", "side", "HEAD~1");
	GIT("-C", "r", "commit", "-q", "--allow-empty", "-m", "one");
	GIT("-C", "r", "commit", "-q", "--allow-empty", "-m", "two");
	GIT("-C", "r", "checkout", "-q", "main");
	GIT("-C", "r", "merge", "-q", "--no-ff", "-m", "merge", "side");
	GIT("-C", "r", "tag", "-a", "-m", "t", "tag");
	expected = id_of("r", "HEAD");
	object_id_hex(&expected, id);
	r = open_here("r");
	for (int packed = 0; packed < 2; packed++) {
		const char *const starts[] = {"HEAD", "refs/heads/main", "refs/tags/tag", id};

		for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
			for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
				snprintf(revision, sizeof(revision), "%s%s", starts[i], steps[k]);
				expected = id_of("r", revision);
				assert_int_equal(repository_resolve(r, revision, &found, NULL),
				                 ERR_NONE);
				assert_id(&found, &expected);
			}
			for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
				snprintf(revision, sizeof(revision), "%s%s", starts[i], bad[k]);
				assert_int_equal(repository_resolve(r, revision, &found, NULL),
				                 ERR_MISSING);
			}
		}
		GIT("-C", "r", "gc", "-q");
	}
	repository_close(r);
}

static void resolves_in_a_linked_work_tree(void **state)
{
	struct object_id id, expected = id_of("r", "HEAD~1");
	struct repository *r;

	(void)state;
	GIT("-C", "r", "worktree", "add", "-q", "--detach", "../linked", "HEAD~1");
	r = open_here("linked");
	assert_int_equal(repository_resolve(r, "HEAD", &id, NULL), ERR_NONE);
	assert_id(&id, &expected);
	repository_close(r);
}

static void resolves_nothing_beside_a_fifo(void **state)
{
	static const char *const places[] = {"r/.git/refs/heads/x", "r/.git/logs/refs/heads/x",
	                                     "r/.git/FETCH_HEAD"};
	struct repository *r = open_here("r");
	struct object_id id;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		assert_int_equal(mkfifo(places[i], 0600), 0);
		assert_int_equal(repository_resolve(r, "x", &id, NULL), ERR_CORRUPT);
		TREE_RUN("rm", places[i]);
	}
	assert_int_equal(repository_resolve(r, "x", &id, NULL), ERR_MISSING);
	repository_close(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- What the next commit follows ---- */

static void assert_parents(const char *path, size_t count, const char *const *revisions)
{
	struct repository *r = open_here(path);
	struct id_map parents = {0};
	struct error error = {0};

	if (repository_parents(r, &parents, &error))
		fail_msg("%s", error.message);
	assert_int_equal(parents.count, count);
	for (size_t i = 0; i < count; i++) {
		struct object_id id = id_of(path, revisions[i]);

		assert_id(&parents.ids[i], &id);
	}
	id_map_release(&parents);
	repository_close(r);
}

static void assert_no_parents(enum err code)
{
	struct repository *r = open_here("r");
	struct id_map parents = {0};
	struct error error = {0};

	assert_int_equal(repository_parents(r, &parents, &error), code);
	assert_int_equal(error.code, code);
	id_map_release(&parents);
	repository_close(r);
}

static void the_next_commit_follows_head(void **state)
{
	static const char *const head[] = {"HEAD"};

	(void)state;
	assert_parents("r", 1, head);
	GIT("-C", "r", "pack-refs", "--all");
	assert_parents("r", 1, head);
	TREE_RUN("mkdir", "-p", "r/.git/refs/heads/main"); /* what is left of main/below */
	assert_parents("r", 1, head);
	GIT("-C", "r", "checkout", "-q", "--detach", "HEAD~1");
	assert_parents("r", 1, head);
	GIT("-C", "r", "worktree", "add", "-q", "../w", "main");
	assert_parents("w", 1, head);
	GIT("-C", "r", "checkout", "-q", "--orphan", "new");
	assert_parents("r", 0, NULL);
}

static void the_next_commit_follows_what_is_merged(void **state)
{
	static const char *const parents[] = {"HEAD", "one", "two"};

	(void)state;
	for (int i = 1; i <= 2; i++) {
		GIT("-C", "r", "checkout", "-q", "-b", parents[i], "main");
		tree_put(i == 1 ? "r/1" : "r/2", "new\n");
		GIT("-C", "r", "add", ".");
		GIT("-C", "r", "commit", "-q", "-m", "new");
	}
	GIT("-C", "r", "checkout", "-q", "main");
	GIT("-C", "r", "merge", "-q", "--no-commit", "--no-ff", "one", "two");
	assert_parents("r", 3, parents);
	tree_put("r/.git/MERGE_HEAD", "0123\n");
	assert_no_parents(ERR_CORRUPT);
	tree_put("r/.git/MERGE_HEAD", "0123456789012345678901234567890123456789");
	assert_no_parents(ERR_CORRUPT);
}

static void a_broken_head_is_not_taken_for_none(void **state)
{
	static const char *const heads[] = {"nonsense\n", "ref: refs/heads/../../../secret\n",
	                                    "ref: HEAD\n", "", "ref: /etc/passwd\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		tree_put("r/.git/HEAD", heads[i]);
		assert_no_parents(ERR_CORRUPT);
	}
	tree_put("r/.git/HEAD", "ref: refs/heads/round\n");
	tree_put("r/.git/refs/heads/round", "ref: refs/heads/round\n");
	assert_no_parents(ERR_CORRUPT);
	TREE_RUN("sh", "-c", "rm r/.git/refs/heads/round; mkfifo r/.git/refs/heads/round");
	assert_no_parents(ERR_CORRUPT);
	TREE_RUN("sh", "-c",
	         "rm r/.git/refs/heads/round; echo x refs/heads/round >r/.git/packed-refs");
	assert_no_parents(ERR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(opens_work_trees_and_bare_repositories),
	    TEST(opens_linked_work_trees),
	    TEST(opens_submodules),
	    TEST(searches_upwards),
	    TEST(passes_over_an_empty_git_folder),
	    TEST(refuses_gitfiles_that_lead_nowhere),
	    TEST(reads_repositories_of_other_users),
	    TEST(says_what_it_cannot_read),
	    TEST(knows_harmless_extensions),
	    TEST(refuses_a_broken_configuration),
	    TEST(includes_nothing),
	    TEST(keeps_credentials_out_of_the_remote),
	    TEST(tells_a_shallow_clone),
	    TEST(tells_a_partial_clone),
	    TEST(follows_alternates),
	    TEST(reads_alternates_as_git_does),
	    TEST(bounds_alternates),
	    TEST(reads_references),
	    TEST(prefers_loose_references),
	    TEST(leaves_out_an_unborn_head),
	    TEST(reads_heads_of_work_trees),
	    TEST(counts_broken_references),
	    TEST(ends_circles_of_symbolic_references),
	    TEST(reads_names_of_any_bytes),
	    TEST(survives_hostile_packed_references),
	    TEST(reads_objects_wherever_they_lie),
	    TEST(follows_no_replacement),
	    TEST(bounds_objects),
	    TEST(survives_broken_loose_objects),
	    TEST(finds_the_good_copy_of_a_broken_object),
	    TEST(survives_broken_packs),
	    TEST(reads_in_several_threads),
	    TEST(lists_loose_objects_once),
	    TEST(resolves_revisions),
	    TEST(resolves_plain_revisions),
	    TEST(resolves_in_a_linked_work_tree),
	    TEST(resolves_nothing_beside_a_fifo),
	    TEST(the_next_commit_follows_head),
	    TEST(the_next_commit_follows_what_is_merged),
	    TEST(a_broken_head_is_not_taken_for_none),
	};

	return cmocka_run_group_tests(tests, tree_enter, tree_leave);
}
