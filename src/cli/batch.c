/* Scans many repositories, each in a process of its own, and keeps a result for each. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/numbers.h"
#include "base/replace.h"
#include "batch/children.h"
#include "batch/index.h"
#include "batch/knowledge.h"
#include "batch/list.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/histories.h"
#include "cli/joined.h"
#include "cli/progress.h"
#include "cli/remembered.h"
#include "cli/status.h"
#include "detect/rule_digest.h"
#include "git/find.h"
#include "git/library.h"
#include "git/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* What the parent needs itself, and each child at least; what a child gets unless it is said. */
static const uint64_t PARENT_MEMORY = UINT64_C(64) << 20;
static const uint64_t CHILD_MEMORY_MIN = UINT64_C(64) << 20;
static const uint64_t CHILD_MEMORY = UINT64_C(1) << 30;
static const double CHILD_SECONDS = 3600;
static const uint64_t INDEX_INTERVAL_NS = UINT64_C(1000000000);

enum { SPEC_MAX = 64 * 1024, PART_OUTPUTS_MAX = 16 };

struct batch {
	struct session session; /* how each repository is scanned */
	struct batch_list list; /* the repositories of this share, the largest first */
	struct batch_index index;
	struct batch_index before; /* what the last run into the folder left */
	struct knowledge knowledge;
	struct children children;
	struct progress_line progress;
	struct child_limits limits;
	const char *folder;
	struct words joined;              /* -o FORMAT=FILE */
	unsigned char rules[DIGEST_SIZE]; /* engine_digest() */
	struct arena text;
	size_t side_by_side;
	size_t *running; /* numbers in the list */
	bool *started;   /* by number in the list */
	bool *alone;     /* likewise: it gets a process of its own */
	size_t first;    /* none before it waits to be started */
	size_t done;
	uint64_t index_ns;   /* when the index was written last */
	uint64_t index_cost; /* ns */
	uint64_t unreadable;
	int64_t started_ms; /* as of a session; likewise */
	int64_t started_run;
	int lock;
};

/* ---- In the child ---- */

/* What the last run found out about it, if nothing changed since. */
static const struct batch_line *unchanged(const struct batch *b, const struct batch_line *line,
                                          const struct batch_facts *facts)
{
	const struct batch_line *before = batch_index_find(&b->before, line->path);
	char path[SPEC_MAX];

	if (!before || !before->done || *before->facts.reason ||
	    memcmp(before->facts.snapshot, facts->snapshot, DIGEST_SIZE) != 0)
		return NULL;
	snprintf(path, sizeof(path), "%s/%s.jsonl", b->folder, line->file);
	return access(path, R_OK) == 0 ? before : NULL;
}

static enum err look_at(struct batch_facts *facts, const char *path, struct error *error)
{
	struct repository *repository = NULL;
	struct object_id head;
	enum err err = repository_open(&repository, path, false, error);

	if (!err)
		err = repository_snapshot(repository, &head, facts->references, facts->snapshot,
		                          error);
	if (!err && !object_id_equal(&head, &(struct object_id){{0}}))
		object_id_hex(&head, facts->head);
	if (repository)
		repository_close(repository);
	return err;
}

static enum err scan_history(struct batch *b, const char *path, struct batch_facts *facts,
                             struct error *error)
{
	struct session *s = &b->session;
	struct history_options options = histories_options(s);
	struct history h = {0};
	enum err err;

	options.known = &s->known;
	options.rules = b->rules;
	err = history_scan(&h, path, s->engine, &s->rules, &options, error);
	if (!err) {
		err = histories_add(s, &h, path, error);
		facts->unwritten = err != ERR_NONE;
	}
	for (size_t i = 0; i < s->leaks.count; i++)
		facts->findings[s->leaks.items[i].occurrences[0].first.level]++;
	facts->lost = s->result.coverage.lost_count;
	facts->objects = s->result.coverage.files;
	facts->bytes = s->result.coverage.bytes;
	session_forget(s);
	history_release(&h);
	return err;
}

/* Opens the state once more: SQLite's must not be used on both sides of a fork. */
static enum err reopen_state(struct session *s, struct known_store *lasting, struct error *error)
{
	enum err err;

	if (!s->options.state)
		return ERR_NONE;
	err = state_open(&s->state, s->options.state, s->started_ms / 1000, error);
	if (!err)
		*lasting = state_store(s->state);
	return err;
}

static int scan_one(void *context, const struct order *order, int fd)
{
	struct batch *b = context;
	const struct batch_line *line =
	    batch_index_find(&b->index, b->list.items[order->task].path);
	struct known_store lasting = {0};
	struct knowledge_teller teller = {&b->knowledge, NULL, fd, false};
	struct batch_facts facts = {0};
	const struct batch_line *before = NULL;
	struct error error;
	uint64_t start = clock_ns();
	enum err err = look_at(&facts, line->path, &error);

	b->session.options.threads = order->threads;
	knowledge_follow(&b->knowledge, order->known);
	if (!err)
		before = unchanged(b, line, &facts);
	if (before) {
		facts = before->facts;
	} else if (!err) {
		err = reopen_state(&b->session, &lasting, &error);
		if (b->session.options.state)
			teller.lasting = &lasting;
		b->session.known = knowledge_store(&teller);
		if (!err)
			err = scan_history(b, line->path, &facts, &error);
		if (b->session.options.state) {
			state_close(b->session.state);
			b->session.state = NULL;
		}
		facts.ns = clock_ns() - start;
	}
	if (err)
		snprintf(facts.reason, sizeof(facts.reason), "%s", error.message);
	knowledge_tell(&teller, &facts);
	return teller.failed;
}

/* ---- Results ---- */

/* Writes the result of a repository that could not be scanned. */
static enum err write_failed(struct batch *b, const struct batch_line *line,
                             enum lost_reason reason, struct error *error)
{
	struct session *s = &b->session;
	struct report reports[PART_OUTPUTS_MAX];
	struct coverage coverage = {0};
	struct leak_list none = {0};
	struct session_part part = {.leaks = &none, .suppressed = &none, .coverage = &coverage};
	struct scanner *scanner = session_scanner(s);
	size_t count = 0;
	enum err err;

	coverage_lose(&coverage, reason, bytes_of(line->path), line->facts.reason);
	scanner_redact_lost(scanner, &coverage);
	scanner_free(scanner);
	err = session_open_parts(s, line->path, reports, &count, error);
	if (!err)
		err = session_write_parts(s, &part, reports, count, error);
	for (size_t i = 0; i < count; i++)
		report_discard(&reports[i]);
	coverage_release(&coverage);
	return err;
}

/* Says why the process of a repository did not come to its end. */
static enum lost_reason explain_end(const struct batch *b, const struct child_outcome *outcome,
                                    char reason[BATCH_REASON_MAX])
{
	char number[NUMBER_TEXT_MAX];

	switch (outcome->end) {
	case CHILD_OUT_OF_TIME:
		snprintf(reason, BATCH_REASON_MAX, "it took longer than --repo-time, %g s",
		         (double)b->limits.time_ns / 1e9);
		return LOST_TIME_BUDGET;
	case CHILD_OUT_OF_MEMORY:
		snprintf(reason, BATCH_REASON_MAX, "it needs more than --repo-memory, %s",
		         size_text(number, b->limits.memory));
		return LOST_ENGINE_LIMIT;
	case CHILD_CRASHED:
		snprintf(reason, BATCH_REASON_MAX, "the process that scanned it ended by %s %d",
		         outcome->by_signal ? "signal" : "itself with status", outcome->status);
		return LOST_UNREADABLE;
	default:
		snprintf(reason, BATCH_REASON_MAX,
		         "the process that scanned it said what makes no sense");
		return LOST_UNREADABLE;
	}
}

/* Whether a process failed that had scanned other repositories before. */
static bool may_be_others_fault(const struct child_outcome *outcome)
{
	return !outcome->fresh &&
	       (outcome->end == CHILD_CRASHED || outcome->end == CHILD_OUT_OF_MEMORY);
}

/* Has the repository scanned once more, in a process of its own. */
static void try_again(struct batch *b, size_t number)
{
	b->alone[number] = true;
	b->started[number] = false;
	if (number < b->first)
		b->first = number;
}

/* Takes what became of a repository. */
static enum err settle(struct batch *b, struct child_outcome *outcome, struct error *error)
{
	const char *path = b->list.items[outcome->task].path;
	struct batch_line *line = (struct batch_line *)batch_index_find(&b->index, path);
	enum lost_reason reason = LOST_UNREADABLE;
	struct session *s = &b->session;
	bool told;

	if (may_be_others_fault(outcome)) {
		buf_release(&outcome->said);
		try_again(b, outcome->task);
		return ERR_NONE;
	}
	told =
	    outcome->end == CHILD_DONE && knowledge_hear(&b->knowledge, s->state ? &s->known : NULL,
	                                                 buf_bytes(&outcome->said), &line->facts);
	if (!told) {
		line->facts = (struct batch_facts){0};
		reason = explain_end(b, outcome, line->facts.reason);
	}
	buf_release(&outcome->said);
	if (told && line->facts.unwritten)
		return error_set(error, ERR_IO, "%s", line->facts.reason);
	line->done = true;
	b->done++;
	return *line->facts.reason ? write_failed(b, line, reason, error) : ERR_NONE;
}

/* ---- The run ---- */

/* Keeps what is done so far, unless that was just done or takes too much of the time. */
static enum err keep(struct batch *b, bool now, struct error *error)
{
	uint64_t start = clock_ns();
	enum err err;

	if (!now &&
	    (start - b->index_ns < INDEX_INTERVAL_NS || start - b->index_ns < 20 * b->index_cost))
		return ERR_NONE;
	/* What the index says to be done must be known to the state, too. */
	err = remembered_keep(&b->session, error);
	if (!err)
		err = batch_index_write(&b->index, b->folder, error);
	b->index_ns = clock_ns();
	b->index_cost = b->index_ns - start;
	return err;
}

/* Whether a repository that is being scanned is likely to have packs in common with this one. */
static bool must_wait(const struct batch *b, size_t number)
{
	const char *group = b->list.items[number].group;

	for (size_t i = 0; *group && i < b->children.busy; i++) {
		if (strcmp(b->list.items[b->running[i]].group, group) == 0)
			return true;
	}
	return false;
}

/* The next repository that can be started; false if none can. */
static bool next_of(struct batch *b, size_t *number)
{
	while (b->first < b->list.count && b->started[b->first])
		b->first++;
	for (*number = b->first; *number < b->list.count; ++*number) {
		if (!b->started[*number] && !must_wait(b, *number))
			return true;
	}
	return false;
}

static enum err start(struct batch *b, size_t number, struct error *error)
{
	size_t left = b->list.count - b->done;
	size_t beside = left < b->side_by_side ? left : b->side_by_side;
	unsigned threads = b->session.options.threads;
	struct order order = {.task = number,
	                      .threads = threads > beside ? threads / (unsigned)beside : 1,
	                      .known = b->knowledge.len};
	enum err err =
	    children_start(&b->children, &order, b->alone[number], &b->limits, scan_one, b, error);

	if (err)
		return err;
	b->started[number] = true;
	b->running[b->children.busy - 1] = number;
	return ERR_NONE;
}

static void forget(struct batch *b, size_t number)
{
	size_t at = 0;

	while (b->running[at] != number)
		at++;
	b->running[at] = b->running[b->children.busy];
}

/* Removes what processes left behind that were killed: this run has the folder for itself. */
static void remove_leftovers(const char *folder)
{
	static const char prefix[] = ".trawl-";
	DIR *dir = opendir(folder);
	struct dirent *file;

	if (!dir)
		return;
	while ((file = readdir(dir))) {
		if (strncmp(file->d_name, prefix, strlen(prefix)) == 0)
			unlinkat(dirfd(dir), file->d_name, 0);
	}
	closedir(dir);
}

static enum err run_all(struct batch *b, struct error *error)
{
	enum err err = ERR_NONE;
	size_t number;

	b->started = mem_calloc(b->list.count, sizeof(*b->started));
	b->alone = mem_calloc(b->list.count, sizeof(*b->alone));
	b->running = mem_calloc(b->side_by_side, sizeof(*b->running));
	while (!err && b->done < b->list.count) {
		struct child_outcome outcome;

		if (b->children.busy < b->side_by_side && next_of(b, &number)) {
			err = start(b, number, error);
			continue;
		}
		err = children_wait(&b->children, &outcome, error);
		if (err)
			break;
		forget(b, outcome.task);
		err = settle(b, &outcome, error);
		progress_show(&b->progress, b->done, "repositories");
		if (!err)
			err = keep(b, false, error);
	}
	progress_clear(&b->progress);
	children_kill(&b->children);
	remove_leftovers(b->folder);
	return err;
}

/* ---- Before the run ---- */

/* Splits what is written for each repository from what is written for all. */
static enum err split_outputs(struct batch *b, struct error *error)
{
	struct options *o = &b->session.options;
	struct words asked = o->outputs;
	struct words *parts = &o->outputs;
	bool has_jsonl = false;

	*parts = (struct words){0};
	for (size_t i = 0; i <= asked.count; i++) {
		const char *spec = i < asked.count ? asked.items[i] : "jsonl";
		struct buf text;

		if (strchr(spec, '=')) {
			words_add(&b->joined, spec);
			continue;
		}
		if (strcmp(spec, "jsonl") == 0 && has_jsonl)
			continue;
		has_jsonl |= strcmp(spec, "jsonl") == 0;
		buf_init(&text, SPEC_MAX);
		buf_appendf(&text, "%s=%s/", spec, b->folder);
		words_add(parts, arena_text(&b->text, buf_bytes(&text)));
		buf_release(&text);
	}
	free(asked.items);
	return parts->count <= PART_OUTPUTS_MAX
	           ? ERR_NONE
	           : error_set(error, ERR_USAGE, "-o is given too often");
}

static enum err list_below(struct batch *b, struct error *error)
{
	struct found_repositories found = {0};
	size_t unreadable = 0;
	enum err err = repositories_find(&found, b->session.options.recursive, &unreadable, error);

	for (size_t i = 0; i < found.count; i++)
		list_add(&b->list, found.paths[i]);
	b->unreadable += unreadable;
	found_repositories_release(&found);
	return err;
}

static enum err list_file(struct batch *b, struct error *error)
{
	const char *name = b->session.options.list;
	bool standard = strcmp(name, "-") == 0;
	FILE *file = standard ? stdin : fopen(name, "rbe");
	enum err err;

	if (!file)
		return error_set(error, errno == ENOENT ? ERR_MISSING : ERR_IO, "%s: %s", name,
		                 strerror(errno));
	err = list_read(&b->list, file, standard ? "standard input" : name, error);
	if (!standard)
		fclose(file);
	return err;
}

/* Makes the list of all that the command line names, `first` operands aside. */
static enum err make_list(struct batch *b, size_t first, struct error *error)
{
	const struct options *o = &b->session.options;
	enum err err = ERR_NONE;

	if (o->list)
		err = list_file(b, error);
	if (!err && b->list.sized && (o->recursive || o->operands.count > first))
		err = error_set(error, ERR_USAGE,
		                "a plan is the whole list; it goes with neither REPO nor "
		                "--recursive");
	if (!err && o->recursive)
		err = list_below(b, error);
	for (size_t i = first; i < o->operands.count && !err; i++)
		list_add(&b->list, o->operands.items[i]);
	if (!err && !b->list.count)
		err =
		    error_set(error, ERR_USAGE,
		              "no repository is named: REPO, --list FILE or --recursive DIR; try: "
		              "trawl batch --help");
	b->list.base = o->recursive;
	list_finish(&b->list);
	return err;
}

static int write_plan(struct batch *b, struct error *error)
{
	const char *name = b->session.options.plan;
	char *text = NULL, number[NUMBER_TEXT_MAX];
	size_t len = 0;
	enum err err = make_list(b, 0, error);
	FILE *out;

	if (err)
		return session_fail(&b->session, error);
	list_measure(&b->list);
	out = open_memstream(&text, &len);
	if (!out)
		mem_exhausted();
	list_write(&b->list, out);
	if (fclose(out) != 0)
		mem_exhausted();
	if (strcmp(name, "-") == 0)
		fwrite(text, 1, len, stdout);
	else
		err = file_replace(name, (struct bytes){(unsigned char *)text, len}, error);
	free(text);
	if (err)
		return session_fail(&b->session, error);
	if (!b->session.options.quiet)
		fprintf(stderr, "planned %s repositories\n", number_text(number, b->list.count));
	if (b->unreadable)
		fprintf(stderr, "trawl: %s folders below %s could not be read\n",
		        number_text(number, b->unreadable), b->session.options.recursive);
	session_end(&b->session);
	return b->unreadable ? STATUS_INCOMPLETE : STATUS_CLEAN;
}

/* A digest of all that decides how a repository is scanned, and what is written about it. */
static void digest_settings(struct batch *b, unsigned char out[DIGEST_SIZE])
{
	const struct session *s = &b->session;
	const struct options *o = &s->options;
	struct digest d;

	engine_digest(s->engine, &s->rules, b->rules);
	digest_begin(&d);
	digest_add(&d, (struct bytes){b->rules, DIGEST_SIZE});
	digest_add_text(&d, TRAWL_VERSION);
	for (size_t i = 0; i < o->outputs.count; i++)
		digest_add_text(&d, o->outputs.items[i]);
	digest_add_number(&d, o->source.max_size);
	digest_add_number(&d, o->source.max_size_chosen);
	digest_add_number(&d, o->check_complete);
	digest_add_number(&d, o->show_secrets);
	digest_add_number(&d, o->report_suppressed);
	digest_add_number(&d, o->new_only);
	digest_add_number(&d, (uint64_t)o->fail_on);
	digest_add_number(&d, (uint64_t)o->exit_code);
	digest_add_number(&d, o->allow_incomplete);
	digest_add_number(&d, o->sarif_limit);
	/* Files of settings may change at any time: such a run starts from nothing. */
	digest_add_number(
	    &d, s->settings.has_config || s->settings.has_baseline ? (uint64_t)s->started_ms : 0);
	digest_end(&d, out);
}

/* What the last run left counts if it was of the same settings. */
static enum err read_before(struct batch *b, struct error *error)
{
	enum err err = batch_index_read(&b->before, b->folder, error);
	bool same = !err && memcmp(b->before.settings, b->index.settings, DIGEST_SIZE) == 0 &&
	            memcmp(b->before.key, b->index.key, DIGEST_SIZE) == 0;
	bool goes_on = same && !b->before.finished;

	/* With a state each run tells what is new since the last one, which goes on or is over. */
	if (b->session.options.state && goes_on) {
		b->session.started_ms = b->before.started * 1000;
		b->session.goes_on = true;
	}
	if (!same || (b->session.options.state && !goes_on))
		batch_index_release(&b->before);
	return err == ERR_MISSING ? ERR_NONE : err;
}

/* How many processes there are at once, and what each of them may use. */
static void set_limits(struct batch *b)
{
	const struct options *o = &b->session.options;
	uint64_t all =
	    o->memory_chosen && o->memory > PARENT_MEMORY ? o->memory - PARENT_MEMORY : 0;
	uint64_t each = o->repo_memory     ? o->repo_memory
	                : o->memory_chosen ? all / o->threads
	                                   : CHILD_MEMORY;

	if (each < CHILD_MEMORY_MIN)
		each = CHILD_MEMORY_MIN;
	b->side_by_side = o->threads;
	if (o->memory_chosen && all / each < b->side_by_side)
		b->side_by_side = all / each ? (size_t)(all / each) : 1;
	b->limits = (struct child_limits){
	    .memory = each,
	    .time_ns = (uint64_t)((o->repo_time > 0 ? o->repo_time : CHILD_SECONDS) * 1e9),
	    .said = KNOWN_VALUE_MAX,
	};
	/* Objects of a history take what is left beside tables and buffers. */
	b->session.options.memory =
	    each / 4 < (UINT64_C(128) << 20) ? each / 4 : UINT64_C(128) << 20;
}

static enum err prepare(struct batch *b, struct error *error)
{
	struct session *s = &b->session;
	const struct options *o = &s->options;
	struct digest d;
	enum err err;

	err = batch_index_lock(b->folder, &b->lock, error);
	if (err)
		return err;
	remove_leftovers(b->folder);
	s->scan.line_hashes = true; /* for the SARIF that may be made of the results */
	s->scan.inline_policy = INLINE_IGNORE;
	memcpy(b->index.list, b->list.digest, DIGEST_SIZE);
	b->index.share = o->shares ? o->share : 1;
	b->index.shares = o->shares ? o->shares : 1;
	b->index.unreadable = b->unreadable;
	digest_settings(b, b->index.settings);
	digest_begin(&d);
	digest_add(&d, (struct bytes){s->scan.key.bytes, FINGERPRINT_KEY_SIZE});
	digest_end(&d, b->index.key);
	err = read_before(b, error);
	if (!err)
		err = remembered_open(s, error);
	b->index.started = s->started_ms / 1000;
	if (o->shares)
		list_share(&b->list, o->share, o->shares);
	list_measure(&b->list);
	list_finish(&b->list); /* by path, as the index is */
	for (size_t i = 0; i < b->list.count; i++)
		batch_index_add(&b->index, b->list.items[i].path);
	list_order(&b->list);
	set_limits(b);
	/* Here once, or it would take each child as long as its scan. */
	(void)library_start();
	engine_warm_up(b->session.engine);
	knowledge_init(&b->knowledge);
	progress_init(&b->progress, o);
	return err ? err : keep(b, true, error);
}

/* ---- After it ---- */

static int report(struct batch *b, int argc, char **argv, struct error *error)
{
	struct session s = {.trust = TRUST_NEVER};
	struct joined joined = {0};
	int status;

	if (joined_begin(&s, argc, argv, &b->joined, error))
		return session_fail(&s, error);
	s.started_ms = b->started_ms;
	s.started_run = b->started_run;
	joined_add(&joined, &s, &b->index, b->folder);
	status = joined_report(&joined, &s, error);
	joined_release(&joined);
	return status;
}

static void release(struct batch *b)
{
	list_release(&b->list);
	batch_index_release(&b->index);
	batch_index_release(&b->before);
	knowledge_release(&b->knowledge);
	free(b->joined.items);
	free(b->running);
	free(b->started);
	free(b->alone);
	arena_release(&b->text);
	if (b->lock >= 0)
		close(b->lock);
}

static int run(struct batch *b, int argc, char **argv)
{
	struct options *o = &b->session.options;
	struct error error;
	enum err err = ERR_NONE;

	if (o->plan)
		return write_plan(b, &error);
	if (!o->operands.count)
		err = error_set(&error, ERR_USAGE,
		                "name the folder for the results; try: trawl batch --help");
	else
		b->folder = o->operands.items[0];
	if (!err)
		err = split_outputs(b, &error);
	if (!err)
		err = make_list(b, 1, &error);
	if (!err)
		err = session_prepare(&b->session, &error);
	if (!err)
		err = prepare(b, &error);
	if (!err)
		err = run_all(b, &error);
	b->index.finished = !err;
	if (!err)
		err = keep(b, true, &error);
	if (err)
		return session_fail(&b->session, &error);
	b->started_ms = b->session.started_ms;
	b->started_run = b->session.started_run;
	session_end(&b->session);
	return report(b, argc, argv, &error);
}

int command_batch(int argc, char **argv)
{
	struct batch b = {.session = {.has_repositories = true, .trust = TRUST_NEVER}, .lock = -1};
	struct error error;
	int status;

	if (options_parse(&b.session.options, argc, argv, &error))
		return session_fail(&b.session, &error);
	if (b.session.options.help)
		return session_help(&b.session, help_batch);
	status = run(&b, argc, argv);
	release(&b);
	return status;
}
