#include "base/memory.h"
#include "base/replace.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/status.h"
#include "git/hooks.h"
#include "report/safe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRIPT_MAX = 64 << 10, PATH_BYTES_MAX = 64 << 10 };

/* The start of every hook that is Trawl's, by which it is known again. */
static const char mark[] = "#!/bin/sh\n# Written by `trawl hook install`; "
			   "`trawl hook uninstall` takes it away.\n";

/* Goes on if the program is there, where it was or elsewhere. */
static const char look[] =
    "before=$0.before-trawl\n"
    "if ! [ -f \"$trawl\" ] || ! [ -x \"$trawl\" ]; then\n"
    "\ttrawl=$(command -v trawl) || {\n"
    "\t\techo \"trawl: the program is gone, so nothing can be scanned and this is refused:\" >&2\n"
    "\t\techo \"install it again, or take the hook away: rm '$0'\" >&2\n"
    "\t\texit 1\n"
    "\t}\n"
    "fi\n";

static const char staged[] = "if [ -x \"$before\" ]; then\n"
			     "\t\"$before\" \"$@\" || exit\n"
			     "fi\n"
			     "exec \"$trawl\" staged\n";

/* Both read the same lines; a hook that does not read all of them may close its end. */
static const char pushed[] = "input=$(cat; echo .)\n"
			     "input=${input%.}\n"
			     "if [ -x \"$before\" ]; then\n"
			     "\tprintf %s \"$input\" 2>/dev/null | \"$before\" \"$@\" || exit\n"
			     "fi\n"
			     "printf %s \"$input\" | \"$trawl\" receive";

static const struct kind {
	const char *option;
	const char *name;
	bool receiving;
	const char *run[2];
} kinds[] = {
    {"--pre-commit", "pre-commit", false, {staged, ""}},
    {"--pre-push", "pre-push", false, {pushed, " --pre-push --trust-repo \"$@\"\n"}},
    {"--pre-receive", "pre-receive", true, {pushed, "\n"}},
};

enum owner { OWNER_NONE, OWNER_TRAWL, OWNER_OTHER };

/* One hook of a repository. */
struct hook {
	const struct kind *kind;
	struct hooks_folder folder;
	char *path;
	char *before; /* where the one that was there is kept */
	enum owner owner;
	bool kept; /* there is one */
	bool same; /* both are one file: an installation ended between its steps */
};

static char *concatenate(const char *a, const char *b, const char *c)
{
	size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
	char *text = mem_calloc(size, 1);

	snprintf(text, size, "%s%s%s", a, b, c);
	return text;
}

static void hook_release(struct hook *hook)
{
	free(hook->path);
	free(hook->before);
}

/* Whether the file starts as Trawl's hooks do. A link is somebody else's. */
static bool is_ours(const char *path)
{
	char start[sizeof(mark) - 1];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool ours;

	if (fd < 0)
		return false;
	ours = read(fd, start, sizeof(start)) == (ssize_t)sizeof(start) &&
	       memcmp(start, mark, sizeof(start)) == 0;
	return close(fd) == 0 && ours;
}

static enum err look_at(struct hook *hook, struct error *error)
{
	struct stat here, before;

	hook->path = concatenate(hook->folder.path, "/", hook->kind->name);
	hook->before = concatenate(hook->path, ".before-trawl", "");
	hook->kept = lstat(hook->before, &before) == 0;
	if (lstat(hook->path, &here) != 0)
		return errno == ENOENT
		           ? ERR_NONE
		           : error_set(error, ERR_IO, "%s: %s", hook->path, strerror(errno));
	if (S_ISDIR(here.st_mode))
		return error_set(error, ERR_IO, "%s is a folder", hook->path);
	hook->owner = is_ours(hook->path) ? OWNER_TRAWL : OWNER_OTHER;
	hook->same = hook->kept && here.st_dev == before.st_dev && here.st_ino == before.st_ino;
	return ERR_NONE;
}

/* ---- What is said ---- */

static void say(const char *what, const char *path, const char *rest)
{
	fputs(what, stdout);
	safe_write(stdout, bytes_of(path));
	puts(rest);
}

/* A folder that git's configuration names may not be where one thinks. */
static void say_folder(const struct hook *hook)
{
	if (!hook->folder.origin)
		return;
	fputs("core.hooksPath in ", stdout);
	safe_write(stdout, bytes_of(hook->folder.origin));
	say(" names the folder ", hook->folder.path,
	    hook->folder.shared ? ", which is not this repository's: the hook is changed for all "
	                          "that use it"
	                        : "");
}

/* ---- Installing ---- */

/* The path of this program, in quotes for a shell; the caller's, NULL if it is not known. */
static char *quoted_program(void)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	struct buf out;
	char *copy;

	if (len <= 0 || (size_t)len >= sizeof(path) - 1)
		return NULL;
	path[len] = '\0';
	buf_init(&out, PATH_BYTES_MAX);
	(void)buf_appendf(&out, "'");
	for (const char *c = path; *c; c++)
		(void)buf_appendf(&out, *c == '\'' ? "'\\''" : "%c", *c);
	(void)buf_appendf(&out, "'");
	copy = access(path, X_OK) == 0 ? mem_strdup(buf_text(&out)) : NULL;
	buf_release(&out);
	return copy;
}

/* Keeps the hook that is there under its other name, too: it goes on working until it is replaced.
 */
static enum err keep(const struct hook *hook, struct error *error)
{
	if (hook->owner != OWNER_OTHER || hook->same)
		return ERR_NONE;
	if (hook->kept)
		return error_set(error, ERR_USAGE,
		                 "neither %s nor %s is trawl's; only one can be kept: move the "
		                 "other away",
		                 hook->path, hook->before);
	if (linkat(AT_FDCWD, hook->path, AT_FDCWD, hook->before, 0) == 0)
		return ERR_NONE;
	/* Not every file system has links. */
	if ((errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK) &&
	    rename(hook->path, hook->before) == 0)
		return ERR_NONE;
	return error_set(error, ERR_IO, "%s: %s", hook->before, strerror(errno));
}

static enum err install(const struct hook *hook, struct error *error)
{
	char *program = quoted_program();
	struct buf script;
	enum err err = ERR_NONE;

	buf_init(&script, SCRIPT_MAX);
	if (!program || buf_appendf(&script, "%strawl=%s\n%s%s%s", mark, program, look,
	                            hook->kind->run[0], hook->kind->run[1]))
		err = error_set(error, ERR_IO, "it is not known where this program lies");
	if (!err && mkdir(hook->folder.path, 0777) != 0 && errno != EEXIST)
		err = error_set(error, ERR_IO, "%s: %s", hook->folder.path, strerror(errno));
	if (!err)
		err = keep(hook, error);
	if (!err)
		err = file_replace_program(hook->path, buf_bytes(&script), error);
	if (!err) {
		say("installed ", hook->path, "");
		if (hook->kept || hook->owner == OWNER_OTHER)
			say("the hook that was there runs first: ", hook->before, "");
	}
	buf_release(&script);
	free(program);
	return err;
}

/* ---- Taking away ---- */

static enum err uninstall(const struct hook *hook, struct error *error)
{
	if (hook->same && unlink(hook->before) != 0)
		return error_set(error, ERR_IO, "%s: %s", hook->before, strerror(errno));
	if (hook->owner == OWNER_OTHER) {
		say("nothing to do: not trawl's: ", hook->path, "");
	} else if (hook->kept) {
		if (rename(hook->before, hook->path) != 0)
			return error_set(error, ERR_IO, "%s: %s", hook->path, strerror(errno));
		say("the hook that was there is back: ", hook->path, "");
	} else if (hook->owner == OWNER_TRAWL) {
		if (unlink(hook->path) != 0)
			return error_set(error, ERR_IO, "%s: %s", hook->path, strerror(errno));
		say("taken away: ", hook->path, "");
	} else {
		say("nothing to do: there is no ", hook->path, "");
	}
	return ERR_NONE;
}

/* ---- The command ---- */

/* What the command line asks for. */
struct request {
	const struct kind *kind;
	bool install;
	bool help;
};

static const struct kind *find_kind(const char *option)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(option, kinds[i].option) == 0)
			return &kinds[i];
	}
	return NULL;
}

static enum err read_words(int argc, char **argv, struct request *r, struct error *error)
{
	bool right = true;
	int verbs = 0;

	for (int i = 1; i < argc && right && !r->help; i++) {
		const struct kind *kind = find_kind(argv[i]);

		r->help = strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
		if (kind) {
			right = !r->kind;
			r->kind = kind;
		} else if (*argv[i] == '-' && !r->help) {
			return error_set(error, ERR_USAGE,
			                 "unknown option %s; try: trawl hook --help", argv[i]);
		} else if (!r->help) {
			r->install = strcmp(argv[i], "install") == 0;
			right = r->install || strcmp(argv[i], "uninstall") == 0;
			verbs++;
		}
	}
	if (!r->kind)
		r->kind = &kinds[0];
	if (!r->help && (!right || verbs != 1))
		return error_set(error, ERR_USAGE,
		                 "trawl hook takes install or uninstall, and one of --pre-commit, "
		                 "--pre-push and --pre-receive; try: trawl hook --help");
	return ERR_NONE;
}

int command_hook(int argc, char **argv)
{
	struct repository *repository = NULL;
	struct request request = {0};
	struct arena arena = {0};
	struct hook hook = {0};
	struct error error;
	enum err err = read_words(argc, argv, &request, &error);

	if (!err && request.help) {
		fputs(help_hook, stdout);
		return STATUS_CLEAN;
	}
	hook.kind = request.kind;
	if (!err)
		err = repository_open_hooked(&repository, &error);
	if (!err)
		err = hooks_find(&hook.folder, repository, hook.kind->receiving, &arena, &error);
	if (!err)
		err = look_at(&hook, &error);
	if (!err) {
		say_folder(&hook);
		err = request.install ? install(&hook, &error) : uninstall(&hook, &error);
	}
	hook_release(&hook);
	repository_close(repository);
	arena_release(&arena);
	return err ? status_error(&error) : STATUS_CLEAN;
}
