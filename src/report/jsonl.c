#include "report/jsonl.h"

#include "base/utf8.h"
#include "report/date.h"
#include "report/json.h"
#include "report/safe.h"

/* Text as it is, and when that is not UTF-8 also its bytes. */
static void write_foreign(struct json *j, const char *key, const char *base64_key,
                          struct bytes text)
{
	json_bytes(j, key, text);
	if (!utf8_valid(text))
		json_base64(j, base64_key, text);
}

static void write_optional(struct json *j, const char *key, const char *text)
{
	if (text)
		json_text(j, key, text);
	else
		json_null(j, key);
}

/* What has no path is null: a blob that no tree names. */
static void write_path(struct json *j, struct bytes path)
{
	if (path.len)
		write_foreign(j, "path", "path_base64", path);
	else
		json_null(j, "path");
}

static void write_place(struct json *j, const struct finding *f)
{
	json_uint(j, "start_line", f->start_line);
	json_uint(j, "start_column", f->start_column);
	json_uint(j, "end_line", f->end_line);
	json_uint(j, "end_column", f->end_column);
	json_uint(j, "start_offset", f->start_offset);
	json_uint(j, "end_offset", f->end_offset);
}

/* The other parts of the credential, and where they stand. */
static void write_parts(struct json *j, const struct finding *f)
{
	json_array(j, "parts");
	for (size_t i = 0; i < f->part_count; i++) {
		const struct finding_part *part = &f->parts[i];

		json_object(j, NULL);
		json_text(j, "name", part->name);
		json_uint(j, "start_line", part->start_line);
		json_uint(j, "start_column", part->start_column);
		json_uint(j, "end_line", part->end_line);
		json_uint(j, "end_column", part->end_column);
		json_uint(j, "start_offset", part->start_offset);
		json_uint(j, "end_offset", part->end_offset);
		json_end(j);
	}
	json_end(j);
}

/* GitHub's hash of the line, if a SARIF report is to have it, too. */
static void write_line_hash(struct json *j, const struct finding *f)
{
	char hash[SAFE_LINE_HASH_MAX];

	if (f->line_hash_count)
		json_text(j, "line_hash", safe_line_hash(f, hash));
}

/* The members that every finding has, into the open object. */
static void write_finding(struct json *j, const struct finding *f,
                          const struct report_options *options)
{
	char preview[SAFE_PREVIEW_MAX];

	json_text(j, "rule_id", f->rule->id);
	write_optional(j, "rspec_key", f->rule->rspec_key);
	json_text(j, "provider", f->rule->provider);
	json_text(j, "message", f->rule->message);
	write_path(j, f->path);
	write_place(j, f);
	json_text(j, "preview", safe_preview(f, preview));
	if (options->show_secrets && f->secret)
		write_foreign(j, "secret", "secret_base64",
		              (struct bytes){(const unsigned char *)f->secret, f->secret_len});
	json_hex(j, "fingerprint", (struct bytes){f->fingerprint, FINGERPRINT_SIZE});
	json_text(j, "confidence", confidence_name(f->confidence));
	json_text(j, "level", level_name(f->level));
	json_text(j, "checksum", checksum_state_name(f->checksum));
	if (f->proof)
		json_text(j, "proof", f->proof);
	if (f->part_count)
		write_parts(j, f);
	json_decimal(j, "entropy", f->entropy, 2);
}

/* ---- histories ---- */

static void write_id(struct json *j, const char *key, const struct object_id *id)
{
	json_hex(j, key, (struct bytes){id->bytes, OBJECT_ID_SIZE});
}

/* Who brought it in, and when; null what is not known. */
static void write_origin(struct json *j, const struct occurrence *o)
{
	char date[DATE_TEXT_SIZE];

	if (o->has_commit)
		write_id(j, "commit", &o->commit);
	else
		json_null(j, "commit");
	write_optional(j, "author", *o->author ? o->author : NULL);
	write_optional(j, "date", *o->author || o->date ? date_text(o->date, o->zone, date) : NULL);
	write_id(j, "blob", &o->blob);
}

static void write_occurrence(struct json *j, const struct occurrence *o)
{
	json_object(j, NULL);
	write_path(j, o->path);
	write_origin(j, o);
	write_place(j, &o->first);
	if (o->first.part_count)
		write_parts(j, &o->first);
	write_line_hash(j, &o->first);
	json_object(j, "last");
	write_id(j, "blob", &o->last_blob);
	write_place(j, &o->last);
	json_end(j);
	json_end(j);
}

/* What is held against the finding. */
static void write_suppression(struct json *j, const struct suppression *s)
{
	json_object(j, "suppressed");
	json_text(j, "by", suppression_kind_name(s->kind));
	write_optional(j, "reason", s->reason);
	write_optional(j, "owner", s->owner);
	write_optional(j, "expires", s->expires);
	json_end(j);
}

/* When runs that share a state saw it. */
static void write_seen(struct json *j, int64_t first, int64_t last)
{
	json_time(j, "first_seen", first * 1000);
	json_time(j, "last_seen", last * 1000);
}

/* The members that a leak has beyond those of its first place. */
static void write_leak(struct json *j, const struct leak *leak)
{
	char date[DATE_TEXT_SIZE];

	write_foreign(j, "repository", "repository_base64", bytes_of(leak->repository));
	write_origin(j, &leak->occurrences[0]);
	json_text(j, "object_kind", object_type_name(leak->kind));
	json_text(j, "state", leak_state_name(leak->state));
	if (leak->state == LEAK_TIP) {
		json_array(j, "refs");
		for (strings ref = leak->refs; ref && *ref; ref++)
			json_text(j, NULL, *ref);
		json_end(j);
	}
	if (leak->left)
		json_text(j, "left", date_text(leak->left, 0, date));
	if (leak->first_seen) {
		write_seen(j, leak->first_seen, leak->last_seen);
		json_bool(j, "new", leak->is_new);
	}
	json_array(j, "occurrences");
	for (size_t i = 0; i < leak->count; i++)
		write_occurrence(j, &leak->occurrences[i]);
	json_end(j);
}

static void write_repositories(struct json *j, const struct run *run)
{
	if (!run->repository_count)
		return;
	json_array(j, "repositories");
	for (size_t i = 0; i < run->repository_count; i++) {
		const struct scanned_repository *repository = &run->repositories[i];

		json_object(j, NULL);
		write_foreign(j, "folder", "folder_base64", bytes_of(repository->folder));
		write_optional(j, "remote", repository->remote);
		write_optional(j, "head", repository->head);
		write_optional(j, "branch", repository->branch);
		json_end(j);
	}
	json_end(j);
}

/* ---- summary ---- */

/* What the last run knew and this one did not find. */
static void write_gone(struct json *j, const struct run *run)
{
	if (!run->gone_count)
		return;
	json_array(j, "gone");
	for (size_t i = 0; i < run->gone_count; i++) {
		const struct gone_leak *g = &run->gone[i];

		json_object(j, NULL);
		json_text(j, "rule_id", g->rule_id);
		json_hex(j, "fingerprint", (struct bytes){g->fingerprint, FINGERPRINT_SIZE});
		write_foreign(j, "repository", "repository_base64", bytes_of(g->repository));
		write_path(j, g->path);
		write_seen(j, g->first_seen, g->last_seen);
		json_end(j);
	}
	json_end(j);
}

static void write_coverage(struct json *j, const struct coverage *coverage)
{
	json_uint(j, "files", coverage->files);
	json_uint(j, "bytes", coverage->bytes);
	json_object(j, "skipped");
	for (int reason = 0; reason < SKIP_REASON_COUNT; reason++)
		json_uint(j, skip_reason_id(reason), coverage->skipped[reason]);
	json_end(j);
	json_bool(j, "complete", coverage->lost_count == 0);
	json_uint(j, "lost_count", coverage->lost_count);
	json_array(j, "lost");
	for (size_t i = 0; i < coverage->named_count; i++) {
		const struct lost *lost = &coverage->lost[i];

		json_object(j, NULL);
		write_foreign(j, "path", "path_base64", lost->path);
		json_text(j, "reason", lost_reason_id(lost->reason));
		json_text(j, "detail", lost->detail);
		json_end(j);
	}
	json_end(j);
}

static void write_summary(struct json *j, const struct run *run)
{
	uint64_t counts[LEVEL_ERROR + 1] = {0};

	for (size_t i = 0; i < run_count(run); i++)
		counts[run_finding(run, i)->level]++;
	json_object(j, NULL);
	json_object(j, "summary");
	json_text(j, "version", TRAWL_VERSION);
	json_uint(j, "rules", run->rule_count);
	write_repositories(j, run);
	json_object(j, "findings");
	for (int level = LEVEL_ERROR; level >= LEVEL_NOTE; level--)
		json_uint(j, level_name(level), counts[level]);
	json_end(j);
	json_uint(j, "suppressed", run->suppressed);
	write_gone(j, run);
	write_coverage(j, run->coverage);
	json_int(j, "exit_status", run->exit_status);
	json_time(j, "started", run->started_ms);
	json_time(j, "ended", run->ended_ms);
	json_end(j);
	json_end(j);
}

/* One finding, or the leak of which it is the first place. */
static void write_line(struct json *j, const struct finding *f, const struct leak *leak,
                       const struct report_options *options)
{
	json_object(j, NULL);
	write_finding(j, f, options);
	if (leak)
		write_leak(j, leak);
	if (f->suppression)
		write_suppression(j, f->suppression);
	json_end(j);
}

void jsonl_write(FILE *out, const struct run *run, const struct report_options *options)
{
	struct json j;

	json_init(&j, out);
	for (size_t i = 0; i < run->finding_count; i++)
		write_line(&j, &run->findings[i], NULL, options);
	for (size_t i = 0; i < run->leak_count; i++)
		write_line(&j, &run->leaks[i].occurrences[0].first, &run->leaks[i], options);
	for (size_t i = 0; i < run->suppressed_finding_count; i++)
		write_line(&j, &run->suppressed_findings[i], NULL, options);
	for (size_t i = 0; i < run->suppressed_leak_count; i++)
		write_line(&j, &run->suppressed_leaks[i].occurrences[0].first,
		           &run->suppressed_leaks[i], options);
	write_summary(&j, run);
}
