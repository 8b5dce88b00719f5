#include "report/report.h"

#include "base/memory.h"
#include "report/github.h"
#include "report/gitlab.h"
#include "report/html.h"
#include "report/jsonl.h"
#include "report/junit.h"
#include "report/sarif.h"
#include "report/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE_BUFFER = 64 * 1024 };

static const struct {
	const char *name;
	void (*write)(FILE *out, const struct run *run, const struct report_options *options);
} formats[] = {
    [REPORT_TEXT] = {"text", text_write},       [REPORT_JSONL] = {"jsonl", jsonl_write},
    [REPORT_SARIF] = {"sarif", sarif_write},    [REPORT_GITHUB] = {"github", github_write},
    [REPORT_GITLAB] = {"gitlab", gitlab_write}, [REPORT_JUNIT] = {"junit", junit_write},
    [REPORT_HTML] = {"html", html_write},
};

enum { FORMAT_COUNT = sizeof(formats) / sizeof(*formats) };

#define FORMAT_NAMES "text, jsonl, sarif, github, gitlab, junit, html"

/*
 * The names that the signal handler unlinks. The one mutable thing at file scope, because a handler
 * is given nothing. A slot is set by whoever opens a report and read by the handler at any time.
 */
static _Atomic(const char *) guarded[REPORT_FILES_MAX];

static const int guard_signals[] = {SIGINT, SIGTERM, SIGHUP};

enum { GUARD_SIGNAL_COUNT = sizeof(guard_signals) / sizeof(*guard_signals) };

/* The default action has been restored (SA_RESETHAND) and runs when the handler returns. */
static void remove_temporaries(int number)
{
	for (int i = 0; i < REPORT_FILES_MAX; i++) {
		const char *name = atomic_load(&guarded[i]);

		if (name)
			unlink(name);
	}
	raise(number);
}

void report_guard_signals(void)
{
	struct sigaction guard = {.sa_handler = remove_temporaries, .sa_flags = (int)SA_RESETHAND};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction old;

	/* One at a time: the second of two signals must not end the process half-way through. */
	sigemptyset(&guard.sa_mask);
	sigemptyset(&ignore.sa_mask);
	for (int i = 0; i < GUARD_SIGNAL_COUNT; i++)
		sigaddset(&guard.sa_mask, guard_signals[i]);
	for (int i = 0; i < GUARD_SIGNAL_COUNT; i++) {
		/* What is ignored from the start stays so: nohup. */
		if (sigaction(guard_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(guard_signals[i], &guard, NULL);
	}
	sigaction(SIGPIPE, &ignore, NULL);
}

static bool guard_name(const char *name)
{
	for (int i = 0; i < REPORT_FILES_MAX; i++) {
		const char *empty = NULL;

		if (atomic_compare_exchange_strong(&guarded[i], &empty, name))
			return true;
	}
	return false;
}

static void unguard_name(const char *name)
{
	for (int i = 0; i < REPORT_FILES_MAX; i++) {
		const char *expected = name;

		atomic_compare_exchange_strong(&guarded[i], &expected, NULL);
	}
}

/* A name in the folder of path, for mkstemp() to complete; owned by the caller. */
static char *temporary_name(const char *path)
{
	static const char pattern[] = ".trawl-XXXXXX";
	const char *slash = strrchr(path, '/');
	size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
	char *name = mem_calloc(folder + sizeof(pattern), 1);

	memcpy(name, path, folder);
	memcpy(name + folder, pattern, sizeof(pattern));
	return name;
}

/*
 * Creates the temporary file and puts it under guard; returns its descriptor, or -1 with errno and
 * no file. The signals wait meanwhile, so that none can find a file that is not yet under guard.
 */
static int open_temporary(struct report *r)
{
	sigset_t held, before;
	int fd, saved;

	sigemptyset(&held);
	for (int i = 0; i < GUARD_SIGNAL_COUNT; i++)
		sigaddset(&held, guard_signals[i]);
	r->temporary = temporary_name(r->path);
	pthread_sigmask(SIG_BLOCK, &held, &before);
	fd = mkstemp(r->temporary);
	saved = errno;
	if (fd >= 0 && (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || !guard_name(r->temporary))) {
		unlink(r->temporary);
		close(fd);
		fd = -1;
		saved = EMFILE;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (fd < 0) {
		free(r->temporary);
		r->temporary = NULL;
	}
	errno = saved;
	return fd;
}

/* Opens what r->path names; returns a descriptor, or -1 with errno. */
static int open_path(struct report *r)
{
	size_t len;
	struct stat st;

	if (!r->path)
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	len = strlen(r->path);
	if (stat(r->path, &st) == 0 ? S_ISDIR(st.st_mode) : r->path[len - 1] == '/') {
		errno = EISDIR;
		return -1;
	}
	/* A device or a FIFO cannot be replaced by a file: what reads from it would get nothing. */
	if (stat(r->path, &st) == 0 && !S_ISREG(st.st_mode))
		return open(r->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return open_temporary(r);
}

static void release(struct report *r)
{
	free(r->buffer);
	free(r->path);
	free(r->temporary);
	*r = (struct report){0};
}

static const char *shown_path(const struct report *r)
{
	return r->path ? r->path : "standard output";
}

/* Fills in format and path. */
static enum err read_spec(struct report *r, const char *spec, struct error *error)
{
	const char *equals = strchr(spec, '=');
	size_t len = equals ? (size_t)(equals - spec) : strlen(spec);

	for (int i = 0; i < FORMAT_COUNT; i++) {
		if (strlen(formats[i].name) != len || memcmp(formats[i].name, spec, len) != 0)
			continue;
		if (equals && !equals[1])
			return error_set(error, ERR_USAGE, "-o %s: a file name is missing", spec);
		r->format = (enum report_format)i;
		if (equals && strcmp(equals + 1, "-") != 0)
			r->path = mem_strdup(equals + 1);
		return ERR_NONE;
	}
	return error_set(error, ERR_USAGE, "-o %.*s: unknown format; there are " FORMAT_NAMES,
	                 (int)len, spec);
}

enum err report_open(struct report *r, const char *spec, struct error *error)
{
	enum err err;
	int fd = -1;

	*r = (struct report){0};
	err = read_spec(r, spec, error);
	if (err)
		goto out;
	fd = open_path(r);
	if (fd >= 0)
		r->out = fdopen(fd, "w");
	if (!r->out) {
		err = error_set(error, ERR_IO, "%s: cannot be written: %s", shown_path(r),
		                strerror(errno));
		goto out;
	}
	r->buffer = mem_calloc(WRITE_BUFFER, 1);
	setvbuf(r->out, r->buffer, _IOFBF, WRITE_BUFFER);
out:
	if (err) {
		if (fd >= 0)
			close(fd);
		report_discard(r);
	}
	return err;
}

enum err report_write(struct report *r, const struct run *run, const struct report_options *options,
                      struct error *error)
{
	errno = 0;
	formats[r->format].write(r->out, run, options);
	if (fflush(r->out) == 0 && !ferror(r->out))
		return ERR_NONE;
	if (errno == EPIPE)
		return ERR_NONE; /* the reader has seen enough */
	return error_set(error, ERR_IO, "%s: the report could not be written: %s", shown_path(r),
	                 strerror(errno ? errno : EIO));
}

/* Gives the file what an ordinary one has: its mode, and bytes that survive a crash. */
static int finish_file(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	if (fchmod(fd, 0666 & ~mask) != 0)
		return -1;
	return fsync(fd);
}

enum err report_commit(struct report *r, struct error *error)
{
	enum err err = ERR_NONE;
	bool failed = r->temporary &&
	              (fflush(r->out) != 0 || ferror(r->out) || finish_file(fileno(r->out)) != 0);
	FILE *out = r->out;

	r->out = NULL;
	if (fclose(out) != 0 && errno != EPIPE)
		failed = true;
	if (failed || (r->temporary && rename(r->temporary, r->path) != 0)) {
		err = error_set(error, ERR_IO, "%s: the report could not be completed: %s",
		                shown_path(r), strerror(errno));
		report_discard(r);
		return err;
	}
	if (r->temporary)
		unguard_name(r->temporary);
	release(r);
	return err;
}

void report_discard(struct report *r)
{
	if (r->out)
		fclose(r->out);
	if (r->temporary) {
		unlink(r->temporary);
		unguard_name(r->temporary);
	}
	release(r);
}
