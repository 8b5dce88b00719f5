#include "filter/baseline.h"

#include "base/memory.h"
#include "base/replace.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/histories.h"
#include "cli/scan.h"
#include "cli/sighted.h"
#include "cli/status.h"
#include "report/safe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A baseline being worked on. */
struct work {
	struct session session;
	char *file; /* absolute */
	bool exists;
	struct baseline old; /* as the file is; a new one if there is none */
	struct buf text;     /* of it */
	struct history history;
	struct sighted_list sighted;
};

/* ---- The file ---- */

static enum err find_file(struct work *w, struct error *error)
{
	const char *file = w->session.settings.baseline_file;
	char *here = realpath(".", NULL);

	if (!file)
		return error_set(error, ERR_USAGE, "name the file: --baseline FILE");
	if (*file == '/' || !here)
		w->file = mem_strdup(file);
	else if (asprintf(&w->file, "%s/%s", here, file) < 0)
		mem_exhausted();
	free(here);
	return ERR_NONE;
}

static enum err read_file(struct work *w, struct error *error)
{
	const char *shown = w->session.settings.baseline_file;
	enum err err = settings_read_file(w->file, &w->text, error);

	if (err == ERR_MISSING) {
		baseline_new(&w->old, BASELINE_TREE);
		return ERR_NONE;
	}
	w->exists = !err;
	return err ? err : baseline_read(&w->old, shown, buf_bytes(&w->text), error);
}

static enum err need_file(const struct work *w, struct error *error)
{
	if (w->exists)
		return ERR_NONE;
	return error_set(error, ERR_MISSING, "%s: there is none; trawl baseline create makes one",
	                 w->session.settings.baseline_file);
}

/* Writes the baseline, unless somebody has written another one meanwhile. */
static enum err write_file(const struct work *w, const struct baseline *b, struct error *error)
{
	struct buf text, now;
	enum err err;

	buf_init(&text, BASELINE_SIZE_MAX);
	buf_init(&now, BASELINE_SIZE_MAX);
	err = baseline_write(b, &text, error);
	if (!err && w->exists && settings_read_file(w->file, &now, NULL) == ERR_NONE &&
	    !bytes_equal(buf_bytes(&now), buf_bytes(&w->text)))
		err = error_set(error, ERR_IO, "%s: it was changed meanwhile; start again",
		                w->session.settings.baseline_file);
	if (!err)
		err = file_replace(w->file, buf_bytes(&text), error);
	buf_release(&text);
	buf_release(&now);
	return err;
}

/* ---- What is there now ---- */

static enum err scan_history(struct work *w, struct error *error)
{
	struct session *s = &w->session;
	struct history_options options = histories_options(s);
	enum err err;

	options.search = true;
	s->settings.suppressions.place_count = 0; /* paths are the repository's */
	s->scan.inline_policy = s->options.no_inline ? INLINE_IGNORE : INLINE_MARK;
	err = history_scan(&w->history, ".", s->engine, &s->rules, &options, error);
	coverage_adopt(&s->result.coverage, &w->history.coverage);
	return err;
}

/* Scans the whole tree, or history, under the baseline's own key. */
static enum err scan_now(struct work *w, struct error *error)
{
	struct session *s = &w->session;
	enum err err;

	if (chdir(s->settings.top) != 0)
		return error_set(error, ERR_IO, "%s: %s", s->settings.top, strerror(errno));
	if (s->options.history)
		w->old.scope = BASELINE_HISTORY;
	s->scan.key = w->old.key;
	s->options.operands.count = 0;
	s->settings.places[0] = (struct tree_place){"", ""};
	s->settings.suppressions.place_count = 1;
	err = w->old.scope == BASELINE_HISTORY ? scan_history(w, error) : scan_operands(s, error);
	if (err)
		return err;
	sighted_add_findings(&w->sighted, &s->result.findings, false);
	sighted_add_findings(&w->sighted, &s->result.suppressed, true);
	sighted_add_leaks(&w->sighted, &w->history.leaks, false);
	sighted_add_leaks(&w->sighted, &w->history.suppressed, true);
	sighted_sort(&w->sighted);
	return ERR_NONE;
}

/* Status 3 when not all was scanned: what is gone is not known then. */
static int finish_status(struct session *s)
{
	session_print_lost(s);
	return s->result.coverage.lost_count && !s->options.allow_incomplete ? STATUS_INCOMPLETE
	                                                                     : STATUS_CLEAN;
}

static void add_sighted(struct baseline *b, const struct sighted *sighted, const char *reason)
{
	const struct finding *f = sighted->finding;
	char preview[SAFE_PREVIEW_MAX];
	struct baseline_entry entry = {.rule = f->rule->id,
	                               .path = f->path,
	                               .preview = safe_preview(f, preview),
	                               .suppression = {.reason = reason}};

	memcpy(entry.fingerprint, f->fingerprint, FINGERPRINT_SIZE);
	baseline_add(b, &entry);
}

/* ---- create, update ---- */

/* Makes the new baseline: entries whose secrets are still there, and with `add` new ones. */
static size_t fill(struct work *w, struct baseline *b, bool add)
{
	bool incomplete = w->session.result.coverage.lost_count;
	size_t kept;

	baseline_new(b, w->old.scope);
	b->key = w->old.key;
	for (size_t i = 0; i < w->old.count; i++) {
		const struct baseline_entry *e = &w->old.entries[i];

		if (incomplete || sighted_has(&w->sighted, e->fingerprint))
			baseline_add(b, e);
	}
	kept = b->count;
	for (size_t i = 0; i < w->sighted.count && add; i++) {
		const struct sighted *s = &w->sighted.items[i];

		if (!s->suppressed && !baseline_find(&w->old, s->finding->fingerprint))
			add_sighted(b, s, NULL);
	}
	baseline_index(b);
	return kept;
}

static size_t expired_count(const struct work *w, const struct baseline *b)
{
	size_t count = 0;

	for (size_t i = 0; i < b->count; i++)
		count += baseline_expired(&b->entries[i], w->session.settings.suppressions.today);
	return count;
}

static enum err rewrite(struct work *w, bool add, int *status, struct error *error)
{
	struct baseline b = {0};
	enum err err = scan_now(w, error);
	size_t kept, expired;

	if (err)
		return err;
	kept = fill(w, &b, add);
	err = write_file(w, &b, error);
	if (!err && !w->session.options.quiet) {
		expired = expired_count(w, &b);
		fprintf(stderr, "%s: %zu %s; %zu new, %zu gone\n",
		        w->session.settings.baseline_file, b.count,
		        b.count == 1 ? "entry" : "entries", b.count - kept, w->old.count - kept);
		if (expired)
			fprintf(stderr, "%zu expired: trawl baseline audit goes through them\n",
			        expired);
	}
	*status = finish_status(&w->session);
	baseline_release(&b);
	return err;
}

static enum err create(struct work *w, const struct words *words, int *status, struct error *error)
{
	(void)words;
	return rewrite(w, true, status, error);
}

static enum err update(struct work *w, const struct words *words, int *status, struct error *error)
{
	enum err err = need_file(w, error);

	(void)words;
	return err ? err : rewrite(w, false, status, error);
}

/* ---- audit ---- */

static enum err audit(struct work *w, const struct words *words, int *status, struct error *error)
{
	enum err err = need_file(w, error);
	bool changed = false;

	(void)words;
	if (!err)
		err =
		    audit_entries(&w->old, w->session.settings.suppressions.today, &changed, error);
	if (!err && changed)
		err = write_file(w, &w->old, error);
	*status = STATUS_CLEAN;
	return err;
}

/* ---- import ---- */

static void print_refusal(const char *file, const struct foreign_entry *e, const char *why)
{
	struct error shown;

	/* Its own words are left out: a report may hold the secret in any of them. */
	error_set(&shown, ERR_NONE, "%s: entry %" PRIu32 " is not carried over: %s", file,
	          e->number, why);
	fprintf(stderr, "trawl: %s\n", shown.message);
}

/* Carries the entries of one file over; returns how many it could. */
static size_t carry_over(struct work *w, struct baseline *b, const char *file,
                         const struct foreign_list *list)
{
	size_t carried = 0;
	char reason[64];

	snprintf(reason, sizeof(reason), "imported from a %s", list->format);
	for (size_t i = 0; i < list->count; i++) {
		const char *refusal = list->items[i].refusal;
		const struct sighted *found =
		    refusal ? NULL
			    : sighted_match(&w->sighted, &w->old.key, &list->items[i], &refusal);

		if (refusal) {
			print_refusal(file, &list->items[i], refusal);
			continue;
		}
		carried++;
		if (!found->suppressed && !baseline_find(&w->old, found->finding->fingerprint))
			add_sighted(b, found, reason);
	}
	return carried;
}

static enum err import(struct work *w, const struct words *files, int *status, struct error *error)
{
	struct foreign_list *lists = mem_calloc(files->count + 1, sizeof(*lists));
	size_t total = 0, carried = 0, before = w->old.count;
	struct buf text;
	enum err err = ERR_NONE;

	buf_init(&text, FOREIGN_SIZE_MAX);
	if (!files->count)
		err = error_set(error, ERR_USAGE,
		                "name the files to import: .gitleaksignore, a gitleaks report in "
		                "JSON, .secrets.baseline");
	for (size_t i = 0; i < files->count && !err; i++) {
		err = settings_read_file(files->items[i], &text, error);
		if (!err)
			err = foreign_read(&lists[i], files->items[i], buf_bytes(&text), error);
	}
	if (!err)
		err = scan_now(w, error);
	for (size_t i = 0; i < files->count && !err; i++) {
		total += lists[i].count;
		carried += carry_over(w, &w->old, files->items[i], &lists[i]);
		baseline_index(&w->old);
	}
	if (!err)
		err = write_file(w, &w->old, error);
	if (!err && !w->session.options.quiet)
		fprintf(stderr, "%s: %zu of %zu carried over, %zu new entries\n",
		        w->session.settings.baseline_file, carried, total, w->old.count - before);
	*status = finish_status(&w->session);
	if (*status == STATUS_CLEAN && carried < total)
		*status = STATUS_FINDINGS;
	for (size_t i = 0; i < files->count; i++)
		foreign_release(&lists[i]);
	free(lists);
	buf_release(&text);
	return err;
}

/* ---- The command ---- */

static const struct {
	const char *name;
	bool takes_files; /* the operands are no tree */
	enum err (*run)(struct work *w, const struct words *words, int *status,
	                struct error *error);
} verbs[] = {
    {"create", false, create},
    {"update", false, update},
    {"audit", false, audit},
    {"import", true, import},
};

/* Splits the command line's words into the verb and the rest, which is the session's or files. */
static enum err take_verb(struct session *s, size_t *verb, struct words *files, struct error *error)
{
	const size_t count = sizeof(verbs) / sizeof(*verbs);
	struct words *words = &s->options.operands;
	const char *word = words->count ? words->items[0] : "";

	for (*verb = 0; *verb < count && strcmp(word, verbs[*verb].name) != 0; ++*verb)
		;
	if (*verb == count)
		return error_set(error, ERR_USAGE,
		                 "trawl baseline: say create, update, audit or import; try: trawl "
		                 "baseline --help");
	words->count--;
	memmove(words->items, words->items + 1, words->count * sizeof(*words->items));
	if (verbs[*verb].takes_files) {
		*files = *words;
		*words = (struct words){0};
	}
	if (words->count > 1)
		return error_set(error, ERR_USAGE, "a baseline is for one tree; name one PATH");
	return ERR_NONE;
}

int command_baseline(int argc, char **argv)
{
	struct work w = {.session = {.trust = TRUST_TREE, .without_reports = true}};
	struct words files = {0};
	struct error error = {0};
	int status = STATUS_CLEAN;
	size_t verb;
	enum err err = options_parse(&w.session.options, argc, argv, &error);

	if (!err && w.session.options.help)
		return session_help(&w.session, help_baseline);
	buf_init(&w.text, BASELINE_SIZE_MAX);
	if (!err)
		err = take_verb(&w.session, &verb, &files, &error);
	if (!err)
		err = session_prepare(&w.session, &error);
	if (!err)
		err = find_file(&w, &error);
	if (!err)
		err = read_file(&w, &error);
	if (!err)
		err = verbs[verb].run(&w, &files, &status, &error);
	if (err)
		status = session_fail(&w.session, &error);
	else
		session_end(&w.session);
	sighted_release(&w.sighted);
	history_release(&w.history);
	baseline_release(&w.old);
	buf_release(&w.text);
	free(w.file);
	free(files.items);
	return status;
}
