#include "cli/session.h"

#include "base/buf.h"
#include "base/memory.h"
#include "base/numbers.h"
#include "base/safe_name.h"
#include "cli/remembered.h"
#include "cli/stale.h"
#include "cli/status.h"
#include "scan/redact.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { KEY_TEXT_MAX = 4096, LOST_SHOWN_MAX = 10 };

/* ---- Beginning ---- */

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The time that reports state: reproducible-builds.org's SOURCE_DATE_EPOCH, if it is set. */
static int64_t report_clock_ms(void)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	char *end;
	long long seconds;

	if (!epoch || !*epoch)
		return clock_ms(CLOCK_REALTIME);
	errno = 0;
	seconds = strtoll(epoch, &end, 10);
	if (*end || errno || seconds < 0 || seconds > INT64_MAX / 1000)
		return clock_ms(CLOCK_REALTIME);
	return seconds * 1000;
}

/* The key from --fingerprint-key, the environment, or the public one. */
static enum err read_key(struct fingerprint_key *key, const char *path, struct error *error)
{
	const char *environment = getenv("TRAWL_FINGERPRINT_KEY");
	char text[KEY_TEXT_MAX];
	size_t len;
	FILE *file;

	if (!path)
		return fingerprint_key_set(key, bytes_of(environment ? environment : ""), error);
	file = fopen(path, "rbe");
	if (!file)
		return error_set(error, ERR_IO, "cannot read the key in %s: %s", path,
		                 strerror(errno));
	len = fread(text, 1, sizeof(text), file);
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	if (ferror(file) || !len) {
		fclose(file);
		return error_set(error, ERR_IO, "cannot read a key in %s", path);
	}
	fclose(file);
	return fingerprint_key_set(key, (struct bytes){(unsigned char *)text, len}, error);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Looks at the folder that the path lies in. */
static bool stat_folder(const char *path, struct stat *st)
{
	size_t len = (size_t)(base_name(path) - path);
	char *folder = mem_strdup(len ? path : ".");
	bool known;

	if (len)
		folder[len] = '\0';
	known = stat(folder, st) == 0;
	free(folder);
	return known;
}

/* Whether the specification is FORMAT=FOLDER/: a file there for each repository. */
static bool is_folder_spec(const char *spec)
{
	return strchr(spec, '=') && spec[strlen(spec) - 1] == '/';
}

/* Whether a report before the last one goes to the same file, or both to standard output. */
static bool written_already(const struct report *reports, size_t last)
{
	const struct report *r = &reports[last];
	struct stat here, there;

	for (size_t i = 0; i < last; i++) {
		if (!r->path || !reports[i].path) {
			if (!r->path && !reports[i].path)
				return true;
			continue;
		}
		/* Both are written under temporary names in their folders, which exist. */
		if (r->temporary && reports[i].temporary &&
		    strcmp(base_name(r->path), base_name(reports[i].path)) == 0 &&
		    stat_folder(r->temporary, &here) && stat_folder(reports[i].temporary, &there) &&
		    here.st_dev == there.st_dev && here.st_ino == there.st_ino)
			return true;
	}
	return false;
}

static enum err open_reports(struct session *s, struct error *error)
{
	static const char *const text[] = {"text"};
	const struct words *outputs = &s->options.outputs;
	const char *const *specs = outputs->count ? outputs->items : text;
	size_t count = outputs->count ? outputs->count : 1;
	enum err err = ERR_NONE;

	s->reports = mem_calloc(count, sizeof(*s->reports));
	report_guard_signals();
	for (size_t i = 0; i < count && !err; i++) {
		bool in_folder = is_folder_spec(specs[i]) && s->has_repositories;

		s->scan.line_hashes |= strncmp(specs[i], "sarif", 5) == 0;
		if (in_folder)
			continue;
		err = report_open(&s->reports[s->report_count], specs[i], error);
		if (err)
			break;
		if (written_already(s->reports, s->report_count)) {
			report_discard(&s->reports[s->report_count]);
			err = error_set(error, ERR_USAGE,
			                "two reports go to one place; name another file in -o "
			                "FORMAT=FILE");
			break;
		}
		s->text_wanted |= s->reports[s->report_count].format == REPORT_TEXT;
		s->sarif_wanted |= s->reports[s->report_count].format == REPORT_SARIF;
		s->report_count++;
	}
	return err;
}

enum err session_open_parts(const struct session *s, const char *name, struct report *reports,
                            size_t *count, struct error *error)
{
	const struct words *outputs = &s->options.outputs;
	enum err err = ERR_NONE;
	struct buf spec;

	buf_init(&spec, 64 * 1024);
	*count = 0;
	for (size_t i = 0; i < outputs->count && !err; i++) {
		const char *folder = strchr(outputs->items[i], '=');

		if (!is_folder_spec(outputs->items[i]))
			continue;
		if (mkdir(++folder, 0777) != 0 && errno != EEXIST) {
			err = error_set(error, ERR_IO, "%s: %s", folder, strerror(errno));
			break;
		}
		buf_clear(&spec);
		buf_appendf(&spec, "%s", outputs->items[i]);
		safe_name_append(&spec, name);
		buf_appendf(&spec, ".%.*s", (int)(folder - 1 - outputs->items[i]),
		            outputs->items[i]);
		err = report_open(&reports[*count], buf_text(&spec), error);
		*count += !err;
	}
	buf_release(&spec);
	return err;
}

/* Rules of the user's that the prefilter cannot help are exact, but cost a pass over every blob. */
static void warn_slow_rules(const struct ruleset *set)
{
	const struct ruleset_part *user = &set->parts[PART_USER];

	for (size_t i = 0; i < user->count; i++) {
		const struct rule *rule = &user->rules[i];

		if (!set->enabled[PART_USER][i])
			continue;
		if (!rule->anchor_count && !rule->include.content)
			fprintf(
			    stderr,
			    "trawl: %s:%u: rule %s has no literal to look for and runs over every "
			    "blob\n",
			    rule->file, rule->line, rule->id);
		else if (rule->reach.width == UNBOUNDED)
			fprintf(stderr,
			        "trawl: %s:%u: rule %s has matches without bound; it is slow\n",
			        rule->file, rule->line, rule->id);
	}
}

/* Rules that the configuration disables must exist, so that a misspelt one is seen. */
static enum err disable_rules(struct session *s, struct error *error)
{
	const struct config_words *words = &s->settings.config.disable;

	for (size_t i = 0; i < words->count; i++) {
		struct error cause;

		if (ruleset_choose(&s->rules, NULL, 0, &words->items[i].text, 1, &cause))
			return error_set(error, ERR_SYNTAX, "%s:%" PRIu32 ": %s",
			                 s->settings.config.file, words->items[i].line,
			                 cause.message);
	}
	return ERR_NONE;
}

static enum err load_rules(struct session *s, struct error *error)
{
	const struct options *o = &s->options;
	enum err err = ruleset_load_texts(&s->rules, o->rules.items, o->rules.count,
	                                  s->settings.rules, s->settings.rule_count, error);

	if (!err)
		err = ruleset_choose(&s->rules, o->only.items, o->only.count, o->disable.items,
		                     o->disable.count, error);
	if (!err)
		err = disable_rules(s, error);
	if (!err && !ruleset_enabled_count(&s->rules))
		err =
		    error_set(error, ERR_USAGE,
		              "--only, --disable and the configuration leave no rule; trawl rules "
		              "list tells them all");
	return err;
}

/* What the settings say that no option says otherwise. */
static void apply_settings(struct session *s)
{
	struct settings *settings = &s->settings;
	struct tm day;
	time_t now = (time_t)(s->started_ms / 1000);

	if (settings->has_config && settings->config.has_fail_on && !s->options.fail_on_chosen)
		s->options.fail_on = settings->config.fail_on;
	settings->suppressions.key = s->scan.key;
	if (gmtime_r(&now, &day))
		strftime(settings->suppressions.today, BASELINE_DATE_SIZE, "%Y-%m-%d", &day);
	if (settings->has_config || settings->has_baseline)
		s->scan.suppressions = &settings->suppressions;
}

enum err session_begin(struct session *s, int argc, char **argv, struct error *error)
{
	enum err err = options_parse(&s->options, argc, argv, error);

	return err || s->options.help ? err : session_prepare(s, error);
}

enum err session_prepare(struct session *s, struct error *error)
{
	struct options *o = &s->options;
	enum err err;

	s->started_ms = report_clock_ms();
	s->started_run = clock_ms(CLOCK_MONOTONIC);
	s->scan.keep_secrets = o->show_secrets;
	s->scan.inline_policy = o->no_inline ? INLINE_IGNORE : INLINE_DROP;
	s->scan.foreign_markers = o->all_markers;
	s->scan.list_markers = o->report_stale && !o->no_inline && s->trust == TRUST_TREE;
	o->no_baseline |= s->without_reports;
	err = read_key(&s->scan.key, o->key_file, error);
	if (!err)
		err = settings_read(&s->settings, o, s->trust, s->files, error);
	if (!err)
		err = stale_possible(s, error);
	if (!err)
		err = load_rules(s, error);
	if (!err)
		apply_settings(s);
	o->engine.now = s->started_ms / 1000;
	if (!err)
		err = engine_new(&s->engine, &s->rules, &o->engine, error);
	if (!err && !o->quiet)
		warn_slow_rules(&s->rules);
	if (!err && !s->without_reports)
		err = open_reports(s, error);
	return err;
}

struct scanner *session_scanner(struct session *s)
{
	return scanner_new(s->engine, &s->rules, &s->scan);
}

/* ---- Ending ---- */

/* The text with the secrets in it redacted, unless they are wanted; the caller frees it. */
static char *redacted(const struct session *s, const char *text)
{
	struct redactor redactor = {0};
	const struct bytes none = {NULL, 0};
	struct arena arena = {0};
	char *copy;

	if (!s->engine || s->options.show_secrets)
		return mem_strdup(text);
	redactor.detector = detector_new(s->engine);
	copy = mem_strdup(
	    arena_text(&arena, redact_name(&redactor, bytes_of(text), none, NULL, &arena)));
	detector_free(redactor.detector);
	redactor_release(&redactor);
	arena_release(&arena);
	return copy;
}

/* As status_error(), for a message that may name what holds a secret. */
static int session_error(const struct session *s, const struct error *error)
{
	struct error shown = {.code = error->code};
	char *message = redacted(s, error->message);

	snprintf(shown.message, sizeof(shown.message), "%s", message);
	free(message);
	return status_error(&shown);
}

/* Whether some finding is of the level that fails. */
static bool any_fails(const struct session *s, const struct leak_list *leaks)
{
	const struct finding_list *findings = &s->result.findings;

	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i].level >= s->options.fail_on)
			return true;
	}
	for (size_t i = 0; i < leaks->count; i++) {
		if (leaks->items[i].occurrences[0].first.level >= s->options.fail_on)
			return true;
	}
	return false;
}

static int exit_status(const struct session *s, const struct session_part *part)
{
	if (any_fails(s, part->leaks) || (s->stale && s->options.fail_on_stale))
		return s->options.exit_code;
	return part->coverage->lost_count && !s->options.allow_incomplete ? STATUS_INCOMPLETE
	                                                                  : STATUS_CLEAN;
}

const struct rule **session_rules(const struct session *s, size_t *count)
{
	const struct ruleset *set = &s->rules;
	const struct rule **rules = mem_calloc(ruleset_enabled_count(set), sizeof(*rules));
	size_t at[PART_COUNT] = {0};

	for (*count = 0;;) {
		int next = -1;

		for (int part = 0; part < PART_COUNT; part++) {
			while (at[part] < set->parts[part].count && !set->enabled[part][at[part]])
				at[part]++;
			if (at[part] < set->parts[part].count &&
			    (next < 0 || strcmp(set->parts[part].rules[at[part]].id,
			                        set->parts[next].rules[at[next]].id) < 0))
				next = part;
		}
		if (next < 0)
			return rules;
		rules[(*count)++] = &set->parts[next].rules[at[next]++];
	}
}

void session_print_lost(const struct session *s)
{
	const struct coverage *c = &s->result.coverage;
	char number[NUMBER_TEXT_MAX];

	if (s->text_wanted)
		return;
	for (size_t i = 0; i < c->named_count && i < LOST_SHOWN_MAX; i++) {
		struct error line;

		error_set(&line, ERR_NONE, "%.*s: %s%s%s", (int)c->lost[i].path.len,
		          (const char *)c->lost[i].path.ptr, lost_reason_text(c->lost[i].reason),
		          *c->lost[i].detail ? ": " : "", c->lost[i].detail);
		fprintf(stderr, "trawl: %s\n", line.message);
	}
	if (c->lost_count > LOST_SHOWN_MAX)
		fprintf(stderr, "trawl: and %s more could not be scanned\n",
		        number_text(number, c->lost_count - LOST_SHOWN_MAX));
}

/* How many findings each kind of suppression keeps out. */
static void print_suppressed(const struct session *s)
{
	static const char *const texts[] = {"allowed inline", "in the baseline",
	                                    "allowed by the configuration"};
	uint64_t counts[sizeof(texts) / sizeof(*texts)] = {0};
	char number[NUMBER_TEXT_MAX];

	for (size_t i = 0; i < s->result.suppressed.count; i++)
		counts[s->result.suppressed.items[i].suppression->kind]++;
	for (size_t i = 0; i < s->suppressed_leaks.count; i++)
		counts[s->suppressed_leaks.items[i].occurrences[0].first.suppression->kind]++;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (counts[i])
			fprintf(stderr, "; %s %s", number_text(number, counts[i]), texts[i]);
	}
}

/* Which settings count, and what they switch off. */
static void print_settings(const struct settings *settings)
{
	const struct configuration *config = &settings->config;

	if (settings->has_config)
		fprintf(stderr, "configuration: %s\n", config->file);
	for (size_t i = 0; i < config->disable.count; i++)
		fprintf(stderr, "disabled by line %" PRIu32 ": %s\n", config->disable.items[i].line,
		        config->disable.items[i].text);
	if (settings->has_baseline)
		fprintf(stderr, "baseline: %s, %zu %s\n", settings->baseline.file,
		        settings->baseline.count,
		        settings->baseline.count == 1 ? "entry" : "entries");
}

static void print_summary(const struct session *s, size_t rule_count)
{
	const struct coverage *c = &s->result.coverage;
	double seconds = (double)(clock_ms(CLOCK_MONOTONIC) - s->started_run) / 1000;
	char files[NUMBER_TEXT_MAX], bytes[NUMBER_TEXT_MAX], number[NUMBER_TEXT_MAX];

	const char *what = s->unit ? s->unit : s->repository_count ? "object" : "file";
	size_t findings = s->result.findings.count + s->leaks.count;

	fprintf(stderr, "scanned %s %s%s, %s, %zu rules in %.*f s", number_text(files, c->files),
	        what, c->files == 1 ? "" : "s", size_text(bytes, c->bytes), rule_count,
	        seconds < 1 ? 2 : 1, seconds);
	if (findings)
		fprintf(stderr, "; %s %s", number_text(number, findings),
		        findings == 1 ? "finding" : "findings");
	if (s->old)
		fprintf(stderr, "; %s not new", number_text(number, s->old));
	if (s->gone.count)
		fprintf(stderr, "; %s gone", number_text(number, s->gone.count));
	print_suppressed(s);
	if (c->lost_count)
		fprintf(stderr, "; %s not scanned", number_text(number, c->lost_count));
	fputc('\n', stderr);
	if (!s->options.verbose)
		return;
	print_settings(&s->settings);
	for (int i = 0; i < SKIP_REASON_COUNT; i++) {
		if (c->skipped[i])
			fprintf(stderr, "left out: %s %s\n", number_text(number, c->skipped[i]),
			        skip_reason_text((enum skip_reason)i));
	}
	fprintf(stderr, "%u threads, %s per second\n", s->options.threads,
	        size_text(bytes, seconds > 0 ? (uint64_t)((double)c->bytes / seconds) : 0));
}

/* A SARIF file within the limits of its consumers may lack findings: that is said aloud. */
static void print_left_out(const struct session *s)
{
	size_t count = s->result.findings.count;
	char number[NUMBER_TEXT_MAX];

	for (size_t i = 0; i < s->leaks.count; i++)
		count += s->leaks.items[i].count; /* a result for each occurrence */
	if (s->options.report_suppressed) {
		count += s->result.suppressed.count;
		for (size_t i = 0; i < s->suppressed_leaks.count; i++)
			count += s->suppressed_leaks.items[i].count;
	}
	if (s->sarif_wanted && count > s->options.sarif_limit)
		fprintf(stderr,
		        "trawl: SARIF: %s results, the least severe, are left out; "
		        "--sarif-limit none writes all\n",
		        number_text(number, count - s->options.sarif_limit));
}

enum err session_write_parts(const struct session *s, const struct session_part *part,
                             struct report *reports, size_t count, struct error *error)
{
	const char *no_color = getenv("NO_COLOR");
	bool color = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	char *path = s->folder ? mem_strdup(s->folder) : realpath(".", NULL);
	char *folder = redacted(s, path ? path : "/");
	struct run run = {.findings = s->result.findings.items,
	                  .finding_count = s->result.findings.count,
	                  .leaks = part->leaks->items,
	                  .leak_count = part->leaks->count,
	                  .repositories = part->repositories,
	                  .repository_count = part->repository_count,
	                  .coverage = part->coverage,
	                  .started_ms = s->started_ms,
	                  .ended_ms = report_clock_ms(),
	                  .exit_status = exit_status(s, part),
	                  .fail_on = s->options.fail_on,
	                  .suppressed = s->result.suppressed.count + part->suppressed->count +
	                                s->unlisted_suppressed,
	                  .gone = part->gone,
	                  .gone_count = part->gone_count,
	                  .folder = folder};
	const struct rule **rules = session_rules(s, &run.rule_count);
	enum err err = ERR_NONE;

	run.rules = rules;
	if (s->options.report_suppressed) {
		run.suppressed_findings = s->result.suppressed.items;
		run.suppressed_finding_count = s->result.suppressed.count;
		run.suppressed_leaks = part->suppressed->items;
		run.suppressed_leak_count = part->suppressed->count;
	}
	for (size_t i = 0; i < count && !err; i++) {
		struct report_options options = {.show_secrets = s->options.show_secrets,
		                                 .color = color && !reports[i].path,
		                                 .sarif_limit = s->options.sarif_limit};

		err = report_write(&reports[i], &run, &options, error);
	}
	for (size_t i = 0; i < count && !err; i++)
		err = report_commit(&reports[i], error);
	for (size_t i = 0; i < count; i++)
		report_discard(&reports[i]);
	free(path);
	free(folder);
	free(rules);
	return err;
}

int session_report(struct session *s, struct error *error)
{
	struct session_part all = {.leaks = &s->leaks,
	                           .coverage = &s->result.coverage,
	                           .repositories = s->repositories,
	                           .repository_count = s->repository_count,
	                           .suppressed = &s->suppressed_leaks,
	                           .gone = s->gone.items,
	                           .gone_count = s->gone.count};

	if (s->result.coverage.named_count) {
		struct scanner *scanner = session_scanner(s);

		scanner_redact_lost(scanner, &s->result.coverage);
		scanner_free(scanner);
	}
	finding_list_sort(&s->result.findings);
	finding_list_sort(&s->result.suppressed);
	leak_list_sort(&s->leaks);
	leak_list_sort(&s->suppressed_leaks);
	coverage_sort(&s->result.coverage);
	s->stale = stale_list(s);
	if (session_write_parts(s, &all, s->reports, s->report_count, error) ||
	    remembered_keep(s, error))
		return session_error(s, error);
	session_print_lost(s);
	print_left_out(s);
	if (!s->options.quiet)
		print_summary(s, ruleset_enabled_count(&s->rules));
	return exit_status(s, &all);
}

void session_forget(struct session *s)
{
	scan_result_release(&s->result);
	s->result = (struct scan_result){0};
	leak_list_release(&s->leaks);
	leak_list_release(&s->suppressed_leaks);
	gone_list_release(&s->gone);
	free(s->repositories);
	s->repositories = NULL;
	s->repository_count = 0;
	s->unlisted_suppressed = s->old = 0;
	s->stale = 0;
}

void session_end(struct session *s)
{
	for (size_t i = 0; i < s->report_count; i++)
		report_discard(&s->reports[i]);
	free(s->reports);
	engine_free(s->engine);
	ruleset_release(&s->rules);
	session_forget(s);
	state_close(s->state);
	settings_release(&s->settings);
	options_release(&s->options);
	*s = (struct session){0};
}

int session_fail(struct session *s, const struct error *error)
{
	int status = session_error(s, error);

	session_end(s);
	return status;
}

int session_help(struct session *s, const char *help)
{
	session_end(s);
	fputs(help, stdout);
	return STATUS_CLEAN;
}
