#include "report/jsonl.h"

#include "base/utf8.h"
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

static void write_finding(struct json *j, const struct finding *f,
			  const struct report_options *options)
{
	char preview[SAFE_PREVIEW_MAX];

	json_object(j, NULL);
	json_text(j, "rule_id", f->rule->id);
	if (f->rule->rspec_key)
		json_text(j, "rspec_key", f->rule->rspec_key);
	else
		json_null(j, "rspec_key");
	json_text(j, "provider", f->rule->provider);
	json_text(j, "message", f->rule->message);
	write_foreign(j, "path", "path_base64", f->path);
	json_uint(j, "start_line", f->start_line);
	json_uint(j, "start_column", f->start_column);
	json_uint(j, "end_line", f->end_line);
	json_uint(j, "end_column", f->end_column);
	json_uint(j, "start_offset", f->start_offset);
	json_uint(j, "end_offset", f->end_offset);
	json_text(j, "preview", safe_preview(f, preview));
	if (options->show_secrets && f->secret)
		write_foreign(j, "secret", "secret_base64",
			      (struct bytes){(const unsigned char *)f->secret, f->secret_len});
	json_hex(j, "fingerprint", (struct bytes){f->fingerprint, FINGERPRINT_SIZE});
	json_text(j, "confidence", confidence_name(f->confidence));
	json_text(j, "level", level_name(f->level));
	json_text(j, "checksum", checksum_state_name(f->checksum));
	json_decimal(j, "entropy", f->entropy, 2);
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

	for (size_t i = 0; i < run->finding_count; i++)
		counts[run->findings[i].level]++;
	json_object(j, NULL);
	json_object(j, "summary");
	json_text(j, "version", TRAWL_VERSION);
	json_uint(j, "rules", run->rule_count);
	json_object(j, "findings");
	for (int level = LEVEL_ERROR; level >= LEVEL_NOTE; level--)
		json_uint(j, level_name(level), counts[level]);
	json_end(j);
	json_uint(j, "suppressed", run->suppressed);
	write_coverage(j, run->coverage);
	json_int(j, "exit_status", run->exit_status);
	json_time(j, "started", run->started_ms);
	json_time(j, "ended", run->ended_ms);
	json_end(j);
	json_end(j);
}

void jsonl_write(FILE *out, const struct run *run, const struct report_options *options)
{
	struct json j;

	json_init(&j, out);
	for (size_t i = 0; i < run->finding_count; i++)
		write_finding(&j, &run->findings[i], options);
	write_summary(&j, run);
}
