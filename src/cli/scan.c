#include "cli/scan.h"
#include "base/memory.h"
#include "base/pool.h"
#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/status.h"
#include "scan/scanner.h"

#include <stdlib.h>

/* What the workers share: const but for the source, which has a lock of its own. */
struct work {
	struct session *session;
	struct source *source;
	struct progress_line progress;
	struct scan_result *results; /* one for each worker */
};

static void scan_blobs(void *shared, unsigned worker)
{
	struct work *work = shared;
	struct session *session = work->session;
	struct scanner *scanner = session_scanner(session);
	struct reader *reader = reader_new(work->source);
	struct scan_result *result = &work->results[worker];
	struct blob blob;

	while (reader_next(reader, &blob, &result->coverage)) {
		if (worker == 0)
			progress_show(&work->progress, source_given(work->source), "files");
		scanner_scan(scanner, &blob, result);
	}
	reader_free(reader);
	scanner_free(scanner);
}

static bool excludes(const void *suppressions, struct bytes path)
{
	return suppressions_exclude(suppressions, path);
}

enum err scan_operands(struct session *session, struct error *error)
{
	static const char *const here[] = {"."};
	struct work work = {.session = session};
	const struct options *o = &session->options;
	struct source_options source = o->source;
	enum err err;

	if (session->settings.has_config) {
		source.excludes = excludes;
		source.excludes_context = session->scan.suppressions;
	}
	err = source_open(&work.source, o->operands.count ? o->operands.items : here,
	                  o->operands.count ? o->operands.count : 1, &source, error);
	if (err)
		return err;
	work.results = mem_calloc(o->threads, sizeof(*work.results));
	progress_init(&work.progress, o);
	pool_run(o->threads, scan_blobs, &work);
	progress_clear(&work.progress);
	for (unsigned i = 0; i < o->threads; i++)
		scan_result_adopt(&session->result, &work.results[i]);
	free(work.results);
	source_close(work.source);
	return ERR_NONE;
}

int command_scan(int argc, char **argv)
{
	struct session session = {.trust = TRUST_TREE};
	struct explainer explainer = {0};
	struct error error = {0};
	enum err err;
	int status;

	if (session_begin(&session, argc, argv, &error))
		return session_fail(&session, &error);
	if (session.options.help)
		return session_help(&session, help_scan);
	if (session.options.explain) {
		/* One thread, so that what is told stands in order. */
		session.options.threads = 1;
		explainer_init(&explainer, stderr, session.options.explain_all,
		               session.options.show_secrets);
		session.scan.watch = &explainer.watch;
	}
	err = scan_operands(&session, &error);
	explainer_release(&explainer);
	if (err)
		return session_fail(&session, &error);
	status = session_report(&session, &error);
	session_end(&session);
	return status;
}
