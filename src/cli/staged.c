#include "source/staged.h"

#include "base/memory.h"
#include "base/pool.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/status.h"
#include "model/id_map.h"
#include "source/file.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* So many files are worth a further thread. */
enum { FILES_A_THREAD = 16 };

/* What the workers share: const but for the number. */
struct work {
	struct session *session;
	const struct scan_options *scan;
	struct staged *staged;
	const struct staged_files *files;
	atomic_size_t next;
	struct progress_line progress;
	struct scan_result *results; /* one for each worker */
};

static void scan_files(void *shared, unsigned worker)
{
	struct work *work = shared;
	struct session *s = work->session;
	struct scanner *scanner = scanner_new(s->engine, &s->rules, work->scan);
	struct scan_result *result = &work->results[worker];
	struct buf content;
	struct blob blob;
	size_t i;

	file_buffer_init(&content, &s->options.source);
	while ((i = atomic_fetch_add(&work->next, 1)) < work->files->count) {
		if (worker == 0)
			progress_show(&work->progress, i, "files");
		if (staged_load(work->staged, &work->files->items[i], &content, &blob,
		                &result->coverage))
			scanner_scan(scanner, &blob, result);
	}
	buf_release(&content);
	scanner_free(scanner);
}

/* Scans the files and adds what is found to the result. */
static void scan(struct session *s, struct staged *staged, const struct staged_files *files,
                 const struct scan_options *options, struct scan_result *result)
{
	struct work work = {.session = s, .scan = options, .staged = staged, .files = files};
	size_t threads = 1 + files->count / FILES_A_THREAD;

	if (!files->count)
		return;
	if (threads > s->options.threads)
		threads = s->options.threads;
	work.results = mem_calloc(threads, sizeof(*work.results));
	progress_init(&work.progress, &s->options);
	pool_run((unsigned)threads, scan_files, &work);
	progress_clear(&work.progress);
	for (size_t i = 0; i < threads; i++)
		scan_result_adopt(result, &work.results[i]);
	free(work.results);
}

/* A fingerprint is a digest over the rule's id, too: it alone names the secret. */
static struct object_id secret_id(const struct finding *f)
{
	struct object_id id = {{0}};

	memcpy(id.bytes, f->fingerprint, FINGERPRINT_SIZE);
	return id;
}

/* Takes out the findings whose secrets the earlier versions have, and counts them. */
static void drop_old(struct finding_list *findings, const struct finding_list *old, uint64_t *count)
{
	struct id_map known = {0};
	struct object_id id;
	size_t kept = 0;

	for (size_t i = 0; i < old->count; i++) {
		id = secret_id(&old->items[i]);
		id_map_add(&known, &id, NULL);
	}
	for (size_t i = 0; i < findings->count; i++) {
		id = secret_id(&findings->items[i]);
		if (id_map_find(&known, &id) == ID_MAP_NONE)
			findings->items[kept++] = findings->items[i];
	}
	*count += findings->count - kept;
	findings->count = kept;
	id_map_release(&known);
}

/*
 * Leaves only what is new. The earlier versions are read only if something was found; a marker in
 * them does not make their secrets new.
 */
static void leave_new(struct session *s, struct staged *staged)
{
	struct scan_options options = {.key = s->scan.key, .inline_policy = INLINE_IGNORE};
	struct scan_result old = {0};
	struct staged_files files = {0};
	uint64_t skipped;

	if (!s->result.findings.count)
		return;
	staged_old(staged, &files);
	scan(s, staged, &files, &options, &old);
	drop_old(&s->result.findings, &old.findings, &s->old);
	/* What is reported may then be old. */
	for (size_t i = 0; i < old.coverage.named_count && s->result.findings.count; i++)
		coverage_lose(&s->result.coverage, old.coverage.lost[i].reason,
		              old.coverage.lost[i].path, "its earlier version");
	skipped = old.coverage.skipped[SKIP_MAX_SIZE];
	if (skipped && s->result.findings.count) {
		s->result.coverage.skipped[SKIP_MAX_SIZE] += skipped;
		fprintf(stderr,
		        "trawl: %" PRIu64 " earlier %s over --max-size and not compared: what is "
		        "reported may be old\n",
		        skipped, skipped == 1 ? "version is" : "versions are");
	}
	staged_files_release(&files);
	scan_result_release(&old);
}

static enum err scan_staged(struct session *s, struct staged *staged, struct error *error)
{
	const struct words *operands = &s->options.operands;
	struct staged_files files = {0};
	bool whole;
	enum err err = staged_choose(staged, operands->items, operands->count, &files, &whole,
	                             &s->result.coverage, error);

	if (!err) {
		scan(s, staged, &files, &s->scan, &s->result);
		if (!whole)
			leave_new(s, staged);
		s->unit = whole ? "file" : "staged file";
		s->folder = staged_top(staged);
	}
	staged_files_release(&files);
	return err;
}

/* The range that pre-commit names when it does not run for a commit; NULL: none. The caller's. */
static char *pre_commit_range(void)
{
	const char *from = getenv("PRE_COMMIT_FROM_REF"), *to = getenv("PRE_COMMIT_TO_REF");
	char *range;

	if (!from || !*from || !to || !*to || asprintf(&range, "%s..%s", from, to) < 0)
		return NULL;
	return range;
}

/* The staged files, opened when the first is needed. */
struct opening {
	struct session *session;
	struct staged *staged;
};

static enum err open_staged(struct opening *o, struct error *error)
{
	return o->staged ? ERR_NONE : staged_open(&o->staged, &o->session->options.source, error);
}

/* Reads what the index says of its own scan. */
static enum err read_setting(void *context, const char *path, struct buf *out, struct error *error)
{
	struct opening *o = context;
	enum err err = open_staged(o, error);

	return err ? err : staged_read(o->staged, path, out, error);
}

int command_staged(int argc, char **argv)
{
	char *range = pre_commit_range();
	struct opening opening = {0};
	struct tree_files files = {.read = read_setting, .context = &opening, .name = ""};
	struct session session = {.has_repositories = range, .trust = TRUST_TREE, .files = &files};
	struct error error = {0};
	enum err err;
	int status;

	opening.session = &session;
	err = session_begin(&session, argc, argv, &error);
	if (err) {
		status = session_fail(&session, &error);
	} else if (session.options.help) {
		status = session_help(&session, help_staged);
	} else if (range) {
		session.options.range = range;
		session.options.operands.count = 0;
		status = session_history(&session);
	} else {
		err = open_staged(&opening, &error);
		if (!err)
			err = scan_staged(&session, opening.staged, &error);
		status = err ? session_fail(&session, &error) : session_report(&session, &error);
		session_end(&session);
	}
	staged_close(opening.staged);
	free(range);
	return status;
}
