#include "report/gitlab.h"

#include "report/address.h"
#include "report/date.h"
#include "report/json.h"
#include "report/proof.h"
#include "report/safe.h"

#include <inttypes.h>

#define SCHEMA_VERSION "15.2.1"
#define SCHEMA_URI                                                                                 \
	"https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/"           \
	"v" SCHEMA_VERSION "/dist/secret-detection-report-format.json"
#define INFORMATION_URI "https://github.com/trawl-project/trawl"

/* Characters that the schema takes at most; ours are bytes, which are no fewer. */
enum { NAME_MAX_SHOWN = 255, SOLUTION_MAX = 7000 };

/* What GitLab's own scanner writes where there is no commit: the member must not be empty. */
#define NO_COMMIT "0000000"

/* ---- scan ---- */

/* A time as "2026-01-31T12:00:00": UTC, without saying so. */
static void write_time(struct json *j, const char *key, int64_t ms)
{
	char text[DATE_TEXT_SIZE];

	json_bytes(j, key, bytes_slice(bytes_of(date_text(ms / 1000, 0, text)), 0, DATE_TIME_LEN));
}

static void write_program(struct json *j, const char *key)
{
	json_object(j, key);
	json_text(j, "id", "trawl");
	json_text(j, "name", "Trawl");
	json_text(j, "url", INFORMATION_URI);
	json_text(j, "version", TRAWL_VERSION);
	json_object(j, "vendor");
	json_text(j, "name", "Trawl project");
	json_end(j);
	json_end(j);
}

static void write_lost(struct json *j, const struct lost *lost)
{
	json_object(j, NULL);
	json_text(j, "level", "warn");
	json_open_string(j, "value");
	json_put(j, lost->path.len ? lost->path : bytes_of("An input"));
	json_put(j, bytes_of(" "));
	json_put(j, bytes_of(lost_reason_text(lost->reason)));
	json_put(j, bytes_of(*lost->detail ? ": " : ""));
	json_put(j, bytes_of(lost->detail));
	json_close_string(j);
	json_end(j);
}

/* What was not scanned. */
static void write_messages(struct json *j, const struct coverage *coverage)
{
	json_array(j, "messages");
	for (size_t i = 0; i < coverage->named_count; i++)
		write_lost(j, &coverage->lost[i]);
	if (coverage->lost_count > coverage->named_count) {
		char text[64];

		snprintf(text, sizeof(text), "%" PRIu64 " further inputs were not scanned",
		         coverage->lost_count - coverage->named_count);
		json_object(j, NULL);
		json_text(j, "level", "warn");
		json_text(j, "value", text);
		json_end(j);
	}
	json_end(j);
}

static void write_scan(struct json *j, const struct run *run)
{
	json_object(j, "scan");
	json_text(j, "type", "secret_detection");
	json_text(j, "status", run->coverage->lost_count ? "failure" : "success");
	write_time(j, "start_time", run->started_ms);
	write_time(j, "end_time", run->ended_ms);
	write_program(j, "analyzer");
	write_program(j, "scanner");
	write_messages(j, run->coverage);
	json_end(j);
}

/* ---- vulnerabilities ---- */

/* A string of at most so many bytes, cut at the end of a character. */
static void write_cut(struct json *j, const char *key, const char *text, size_t max)
{
	struct bytes cut = bytes_of(text);

	if (cut.len > max) {
		cut.len = max;
		while (cut.len && (cut.ptr[cut.len] & 0xc0) == 0x80)
			cut.len--;
	}
	json_bytes(j, key, cut);
}

static const char *severity_of(const struct finding *f)
{
	switch (f->level) {
	case LEVEL_NOTE:
		return "Info";
	case LEVEL_WARNING:
		return "Medium";
	default:
		/* CVSS 3.1, table 14 */
		return f->rule->security_severity >= 9.0 ? "Critical" : "High";
	}
}

/* Mixes the bytes into the hash (FNV-1a, 64 bits). */
static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *ptr = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ ptr[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* A UUID that tells the places of one secret apart: its fingerprint, and a hash of the place. */
static void write_id(struct json *j, const struct finding *f, const struct occurrence *o)
{
	uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), f->path.ptr, f->path.len);
	uint8_t id[FINGERPRINT_SIZE];
	char offset[32];

	snprintf(offset, sizeof(offset), ":%" PRIu64, f->start_offset);
	hash = mix(hash, offset, strlen(offset));
	if (o) {
		hash = mix(hash, o->commit.bytes, OBJECT_ID_SIZE);
		hash = mix(hash, o->blob.bytes, OBJECT_ID_SIZE);
	}
	memcpy(id, f->fingerprint, sizeof(id));
	for (size_t i = 0; i < sizeof(hash); i++)
		id[sizeof(id) - 1 - i] ^= (uint8_t)(hash >> 8 * i);
	json_uuid(j, "id", id);
}

static void write_identifiers(struct json *j, const struct rule *rule)
{
	json_array(j, "identifiers");
	json_object(j, NULL);
	json_text(j, "type", "trawl_rule_id");
	json_open_string(j, "name");
	json_put(j, bytes_of("Trawl rule "));
	json_put(j, bytes_of(rule->id));
	json_close_string(j);
	json_text(j, "value", rule->id);
	json_end(j);
	json_object(j, NULL);
	json_text(j, "type", "cwe");
	json_text(j, "name", "CWE-798");
	json_text(j, "value", "798");
	json_text(j, "url", "https://cwe.mitre.org/data/definitions/798.html");
	json_end(j);
	json_end(j);
}

static bool is_link(const char *text)
{
	const char *host = strncmp(text, "https://", 8) == 0  ? text + 8
	                   : strncmp(text, "http://", 7) == 0 ? text + 7
	                                                      : "";

	return *host;
}

static void write_links(struct json *j, const struct rule *rule)
{
	json_array(j, "links");
	for (strings s = rule->references; s && *s; s++) {
		if (!is_link(*s))
			continue;
		json_object(j, NULL);
		json_text(j, "url", *s);
		json_end(j);
	}
	json_end(j);
}

static void write_commit(struct json *j, const struct occurrence *o)
{
	char text[DATE_TEXT_SIZE], hex[OBJECT_ID_HEX + 1];

	json_object(j, "commit");
	json_text(j, "sha", o && o->has_commit ? object_id_hex(&o->commit, hex) : NO_COMMIT);
	if (o && *o->author)
		json_text(j, "author", o->author);
	if (o && (*o->author || o->date))
		json_text(j, "date", date_text(o->date, o->zone, text));
	json_end(j);
}

/* What no tree can name has no file: GitLab makes links of them. */
static void write_location(struct json *j, const struct finding *f, const struct occurrence *o)
{
	struct bytes path = f->path;

	if (!o && bytes_start_with(path, "./"))
		path = bytes_slice(path, 2, path.len);
	json_object(j, "location");
	if (!o || address_is_tree_path(path))
		json_bytes(j, "file", path);
	json_uint(j, "start_line", f->start_line);
	json_uint(j, "end_line", f->end_line);
	write_commit(j, o);
	json_end(j);
}

static void write_detail(struct json *j, const char *key, const char *name, const char *text)
{
	json_object(j, key);
	json_text(j, "type", "text");
	json_text(j, "name", name);
	json_text(j, "value", text);
	json_end(j);
}

static void write_details(struct json *j, const struct finding *f, const struct leak *leak,
                          const struct occurrence *o)
{
	char preview[SAFE_PREVIEW_MAX], proof[PROOF_TEXT_MAX], column[16], hex[OBJECT_ID_HEX + 1];

	snprintf(column, sizeof(column), "%" PRIu32, f->start_column);
	json_object(j, "details");
	write_detail(j, "secret", "Secret", safe_preview(f, preview));
	write_detail(j, "column", "Column", column);
	write_detail(j, "confidence", "Confidence", confidence_name(f->confidence));
	write_detail(j, "checksum", "Checksum", checksum_state_name(f->checksum));
	if (*proof_text(f, proof))
		write_detail(j, "proof", "Proof", proof);
	if (leak) {
		write_detail(j, "state", "State", leak_state_name(leak->state));
		write_detail(j, "blob", "Object", object_id_hex(&o->blob, hex));
	}
	json_end(j);
}

/* leak and o are NULL in a scan. */
static void write_vulnerability(struct json *j, const struct finding *f, const struct leak *leak,
                                const struct occurrence *o)
{
	json_new_line(j);
	json_object(j, NULL);
	write_id(j, f, o);
	write_cut(j, "name", f->rule->name, NAME_MAX_SHOWN);
	json_text(j, "description", f->rule->message);
	json_text(j, "severity", severity_of(f));
	if (f->rule->fix)
		write_cut(j, "solution", f->rule->fix, SOLUTION_MAX);
	write_identifiers(j, f->rule);
	write_links(j, f->rule);
	write_location(j, f, o);
	write_details(j, f, leak, o);
	json_end(j);
}

void gitlab_write(FILE *out, const struct run *run, const struct report_options *options)
{
	struct json j;

	(void)options;
	json_init(&j, out);
	json_object(&j, NULL);
	json_text(&j, "version", SCHEMA_VERSION);
	json_text(&j, "schema", SCHEMA_URI);
	write_scan(&j, run);
	json_array(&j, "vulnerabilities");
	for (size_t i = 0; i < run->finding_count; i++)
		write_vulnerability(&j, &run->findings[i], NULL, NULL);
	for (size_t i = 0; i < run->leak_count; i++) {
		const struct leak *leak = &run->leaks[i];

		for (size_t k = 0; k < leak->count; k++)
			write_vulnerability(&j, &leak->occurrences[k].first, leak,
			                    &leak->occurrences[k]);
	}
	json_end(&j);
	json_end(&j);
}
