#include "base/memory.h"
#include "base/pool.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/session.h"
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
			progress_show(&work->progress, source_given(work->source));
		scanner_scan(scanner, &blob, result);
	}
	reader_free(reader);
	scanner_free(scanner);
}

int command_scan(int argc, char **argv)
{
	static const char *const here[] = {"."};
	struct session session = {0};
	struct work work = {.session = &session};
	struct error error = {0};
	const struct options *o = &session.options;
	int status;

	if (session_begin(&session, argc, argv, &error))
		return session_fail(&session, &error);
	if (o->help)
		return session_help(&session, help_scan);
	if (source_open(&work.source, o->operands.count ? o->operands.items : here,
	                o->operands.count ? o->operands.count : 1, &o->source, &error))
		return session_fail(&session, &error);

	work.results = mem_calloc(o->threads, sizeof(*work.results));
	progress_init(&work.progress, o);
	pool_run(o->threads, scan_blobs, &work);
	progress_clear(&work.progress);
	for (unsigned i = 0; i < o->threads; i++)
		scan_result_adopt(&session.result, &work.results[i]);
	free(work.results);
	source_close(work.source);

	status = session_report(&session, &error);
	session_end(&session);
	return status;
}
