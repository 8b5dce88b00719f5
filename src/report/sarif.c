#include "report/sarif.h"

#include "base/memory.h"
#include "report/address.h"
#include "report/date.h"
#include "report/safe.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

/* Bytes. GitHub takes 255 for names and 1,024 for descriptions; GitLab 2,048 for messages. */
enum {
	NAME_MAX_SHOWN = 240,
	DESCRIPTION_MAX = 1024,
	MESSAGE_MAX = 1000,
	DETAIL_MAX = 8192, /* of what was lost; it may name a hundred objects */
	URI_MAX = 2048,
};

#define INFORMATION_URI "https://github.com/trawl-project/trawl"

/* Descriptors in driver.notifications: one for each reason of loss, by its number, then these. */
enum {
	NOTIFY_SKIPPED = LOST_REASON_COUNT,
	NOTIFY_LEFT_OUT,
};

#define NO_INDEX UINT32_MAX

struct writer {
	struct json json;
	const struct run *run;
	uint64_t limit;
	uint32_t
	    *rule_index; /* by place in run->rules: index in driver.rules; NO_INDEX: no result */
};

/* A finding, or the first place of an occurrence. */
struct result {
	const struct finding *finding;
	const struct leak *leak; /* NULL: a finding */
	size_t number;           /* of the occurrence in the leak, from 0 */
};

/*
 * Goes through the results that are written, in their order: by level, then as the report has them;
 * those that something is held against come last.
 */
struct selection {
	bool suppressed;
	int level;
	size_t next;       /* finding or leak */
	size_t occurrence; /* next of the leak */
	uint64_t left;
};

static uint64_t result_count(const struct run *run)
{
	uint64_t count = run->finding_count + run->suppressed_finding_count;

	for (size_t i = 0; i < run->leak_count; i++)
		count += run->leaks[i].count;
	for (size_t i = 0; i < run->suppressed_leak_count; i++)
		count += run->suppressed_leaks[i].count;
	return count;
}

static struct selection select_results(const struct writer *w)
{
	return (struct selection){.level = LEVEL_ERROR, .left = w->limit};
}

/* The next one of any level, or false at the end. */
static bool step(const struct run *run, struct selection *s, struct result *result)
{
	const struct finding *findings = s->suppressed ? run->suppressed_findings : run->findings;
	size_t count = s->suppressed ? run->suppressed_finding_count : run->finding_count;
	const struct leak *leaks = s->suppressed ? run->suppressed_leaks : run->leaks, *leak;
	size_t leak_count = s->suppressed ? run->suppressed_leak_count : run->leak_count;

	if (s->next < count) {
		*result = (struct result){.finding = &findings[s->next++]};
		return true;
	}
	if (s->next == count + leak_count)
		return false;
	leak = &leaks[s->next - count];
	*result = (struct result){&leak->occurrences[s->occurrence].first, leak, s->occurrence};
	if (++s->occurrence == leak->count) {
		s->next++;
		s->occurrence = 0;
	}
	return true;
}

static bool next_result(const struct run *run, struct selection *s, struct result *result)
{
	while (s->left && s->level >= LEVEL_NOTE) {
		if (!step(run, s, result)) {
			s->level--;
			s->next = 0;
			if (s->level < LEVEL_NOTE && !s->suppressed) {
				s->suppressed = true;
				s->level = LEVEL_ERROR;
			}
		} else if (result->finding->level == s->level) {
			s->left--;
			return true;
		}
	}
	return false;
}

static int rule_id_order(const void *id, const void *rule)
{
	return strcmp(id, (*(const struct rule *const *)rule)->id);
}

static size_t rule_number(const struct run *run, const struct finding *f)
{
	const struct rule *const *found =
	    bsearch(f->rule->id, run->rules, run->rule_count, sizeof(*run->rules), rule_id_order);

	assert(found);
	return (size_t)(found - run->rules);
}

/* ---- text ---- */

/* Adds the text, cut after max bytes at the end of a character. Returns the bytes that it took. */
static size_t put_cut(struct json *j, const char *text, size_t max)
{
	static const char more[] = "\xe2\x80\xa6"; /* an ellipsis */
	size_t len = strlen(text), cut;

	if (len <= max) {
		json_put(j, bytes_of(text));
		return len;
	}
	if (max < strlen(more))
		return 0;
	cut = max - strlen(more);
	while (cut && ((unsigned char)text[cut] & 0xc0) == 0x80)
		cut--;
	json_put(j, bytes_slice(bytes_of(text), 0, cut));
	json_put(j, bytes_of(more));
	return cut + strlen(more);
}

static void put(struct json *j, const char *text)
{
	json_put(j, bytes_of(text));
}

/* Adds the text with a full stop at its end: validators want sentences. Returns its bytes. */
static size_t put_sentence(struct json *j, const char *text, size_t max)
{
	size_t len = strlen(text);
	bool ended = len && strchr(".!?", text[len - 1]);
	size_t taken = put_cut(j, text, max - 1);

	if (ended)
		return taken;
	put(j, ".");
	return taken + 1;
}

/* {"text": "..."} of one sentence. */
static void write_message(struct json *j, const char *key, const char *text, size_t max)
{
	json_object(j, key);
	json_open_string(j, "text");
	put_sentence(j, text, max);
	json_close_string(j);
	json_end(j);
}

/*
 * A rule's kebab-case id in PascalCase, as SARIF wants names to be. A name must not be the id in
 * other letters, so an id of one word gets a second one.
 */
static void write_name(struct json *j, const char *id)
{
	bool upper = true;

	json_open_string(j, "name");
	for (size_t i = 0; i < NAME_MAX_SHOWN && id[i]; i++) {
		char c = id[i];

		if (c != '-') {
			if (upper && c >= 'a' && c <= 'z')
				c = (char)(c - 'a' + 'A');
			json_put(j, (struct bytes){(const unsigned char *)&c, 1});
		}
		upper = c == '-';
	}
	if (!strchr(id, '-'))
		put(j, "Secret");
	json_close_string(j);
}

/* ---- places ---- */

/* Stands for an object that no tree names, or under a name that no checkout can have. */
#define NO_PLACE ".git/lost-found"

/* The folder that relative paths start from: SRCROOT. */
static const char *source_root(const struct run *run)
{
	return run->repository_count ? run->repositories[0].folder : run->folder;
}

static void write_folder(struct json *j, const char *folder)
{
	json_open_string(j, "uri");
	address_put_folder(j, folder);
	json_close_string(j);
}

/*
 * Where something stands. A relative path stays relative to SRCROOT, which is what consumers match
 * with their checkout; one that leaves the folder becomes absolute.
 */
static void write_place(struct writer *w, const char *key, struct bytes path)
{
	struct json *j = &w->json;
	bool relative;

	json_object(j, key);
	json_open_string(j, "uri");
	relative = address_put_file(j, source_root(w->run), path);
	json_close_string(j);
	if (relative)
		json_text(j, "uriBaseId", "SRCROOT");
	json_end(j);
}

/* ---- rules ---- */

static void put_help(struct json *j, const struct rule *rule, bool markdown)
{
	const char *strong = markdown ? "**" : "";
	const struct {
		const char *title;
		const char *text;
	} parts[] = {
	    {"What it is", rule->message},
	    {"Harm", rule->impact},
	    {"Revoke and rotate", rule->fix},
	};

	put(j, strong);
	put_sentence(j, rule->name, DESCRIPTION_MAX);
	put(j, strong);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (!parts[i].text)
			continue;
		put(j, markdown ? "\n\n## " : "\n\n");
		put(j, parts[i].title);
		put(j, markdown ? "\n\n" : ": ");
		put(j, parts[i].text);
	}
	if (rule->references && *rule->references)
		put(j, markdown ? "\n\n## References\n" : "\n\nReferences:");
	for (strings s = rule->references; s && *s; s++) {
		put(j, markdown ? "\n- <" : "\n- ");
		put(j, *s);
		put(j, markdown ? ">" : "");
	}
}

static void write_help(struct json *j, const struct rule *rule)
{
	const char *address = rule->references ? *rule->references : NULL;

	json_object(j, "help");
	json_open_string(j, "text");
	put_help(j, rule, false);
	json_close_string(j);
	json_open_string(j, "markdown");
	put_help(j, rule, true);
	json_close_string(j);
	json_end(j);
	if (!address || strlen(address) > URI_MAX || strncmp(address, "http", 4) != 0)
		address = INFORMATION_URI;
	json_open_string(j, "helpUri");
	address_put_encoded(j, bytes_of(address), "/!$&'()*+,;=@:?#[]%");
	json_close_string(j);
}

/* Tags by which GitHub, GitLab and DefectDojo know a leaked credential, and the provider. */
static void write_tags(struct json *j, const char *provider)
{
	static const char *const tags[] = {"security", "secret", "external/cwe/cwe-798", "cwe-798"};
	bool known = !*provider;

	json_array(j, "tags");
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		json_text(j, NULL, tags[i]);
		known = known || strcmp(tags[i], provider) == 0; /* tags must be unique */
	}
	if (!known)
		json_text(j, NULL, provider);
	json_end(j);
}

static void write_rule_properties(struct json *j, const struct rule *rule)
{
	/* Precision: how often a match is a true one, in the words of GitHub's documentation. */
	static const char *const precisions[] = {"low", "high", "very-high"};
	double severity = rule->security_severity;
	char text[16];

	severity = severity >= 0.1 ? severity : 0.1;
	snprintf(text, sizeof(text), "%.1f", severity <= 10.0 ? severity : 10.0);
	json_object(j, "properties");
	write_tags(j, rule->provider);
	json_text(j, "precision", precisions[rule->confidence]);
	json_text(j, "security-severity", text);
	json_end(j);
}

/* A reference to an entry of taxonomies[0]. */
static void write_cwe(struct json *j)
{
	json_array(j, "relationships");
	json_object(j, NULL);
	json_object(j, "target");
	json_text(j, "id", "CWE-798");
	json_uint(j, "index", 0);
	json_object(j, "toolComponent");
	json_text(j, "name", "CWE");
	json_uint(j, "index", 0);
	json_end(j);
	json_end(j);
	json_array(j, "kinds");
	json_text(j, NULL, "superset");
	json_end(j);
	json_end(j);
	json_end(j);
}

static void write_rule(struct json *j, const struct rule *rule)
{
	json_new_line(j);
	json_object(j, NULL);
	json_text(j, "id", rule->id);
	write_name(j, rule->id);
	write_message(j, "shortDescription", rule->name, DESCRIPTION_MAX);
	json_object(j, "fullDescription");
	json_open_string(j, "text");
	if (rule->impact) {
		size_t taken = put_sentence(j, rule->message, DESCRIPTION_MAX / 2);

		put(j, " ");
		put_sentence(j, rule->impact, DESCRIPTION_MAX - taken - 1);
	} else {
		put_sentence(j, rule->message, DESCRIPTION_MAX);
	}
	json_close_string(j);
	json_end(j);
	write_help(j, rule);
	json_object(j, "defaultConfiguration");
	json_text(j, "level", level_name(rule->level));
	json_end(j);
	write_cwe(j);
	write_rule_properties(j, rule);
	json_end(j);
}

/* Only rules with results: a rule without one would be shown as checked on the page of a file. */
static void write_rules(struct writer *w)
{
	struct json *j = &w->json;
	const struct run *run = w->run;
	struct selection s = select_results(w);
	struct result result;
	uint32_t index = 0;

	for (size_t i = 0; i < run->rule_count; i++)
		w->rule_index[i] = NO_INDEX;
	while (next_result(run, &s, &result))
		w->rule_index[rule_number(run, result.finding)] = 0;
	json_array(j, "rules");
	for (size_t i = 0; i < run->rule_count; i++) {
		if (w->rule_index[i] == NO_INDEX)
			continue;
		w->rule_index[i] = index++;
		write_rule(j, run->rules[i]);
	}
	json_end(j);
}

/* ---- tool ---- */

static void write_descriptor(struct json *j, const char *id, const char *what, const char *help)
{
	json_new_line(j);
	json_object(j, NULL);
	json_text(j, "id", id);
	write_message(j, "shortDescription", what, DESCRIPTION_MAX);
	write_message(j, "fullDescription", what, DESCRIPTION_MAX);
	write_message(j, "help", help, DESCRIPTION_MAX);
	json_end(j);
}

static void write_descriptors(struct json *j)
{
	static const char *const help[] = {
	    [LOST_UNREADABLE] = "Let the scan read it, or exclude it.",
	    [LOST_CHANGED] = "Scan again while nothing writes to it.",
	    [LOST_TOO_LARGE] =
		"State a --max-size: a larger one scans it, another skips it by choice.",
	    [LOST_ENGINE_LIMIT] =
		"Look at the input, or switch off the rule that the message names.",
	    [LOST_TOO_DEEP] = "Scan the inner folder by itself.",
	    [LOST_MISSING] = "Fetch what is missing: the message says how.",
	    [LOST_TIME_BUDGET] = "Scan less at once, or give it a larger --time-budget.",
	};

	_Static_assert(sizeof(help) / sizeof(*help) == LOST_REASON_COUNT, "one help text a reason");
	json_array(j, "notifications");
	for (int reason = 0; reason < LOST_REASON_COUNT; reason++) {
		char what[128];

		snprintf(what, sizeof(what), "An input %s, so it was not scanned, or not wholly",
		         lost_reason_text(reason));
		write_descriptor(j, lost_reason_id(reason), what, help[reason]);
	}
	write_descriptor(j, "skipped", "Inputs were left out by their kind or by choice",
	                 "Nothing needs to be done.");
	write_descriptor(j, "results-left-out",
	                 "There are more results than the limit for a SARIF file allows",
	                 "Raise --sarif-limit, or read another format, which has all of them.");
	json_end(j);
}

static void write_tool(struct writer *w)
{
	struct json *j = &w->json;

	json_object(j, "tool");
	json_object(j, "driver");
	json_text(j, "name", "trawl");
	json_text(j, "fullName", "trawl " TRAWL_VERSION);
	json_text(j, "organization", "Trawl project");
	json_text(j, "semanticVersion", TRAWL_VERSION);
	json_text(j, "informationUri", INFORMATION_URI);
	write_rules(w);
	write_descriptors(j);
	json_array(j, "supportedTaxonomies");
	json_object(j, NULL);
	json_text(j, "name", "CWE");
	json_uint(j, "index", 0);
	json_end(j);
	json_end(j);
	json_end(j);
	json_end(j);
}

static void write_taxonomies(struct json *j)
{
	json_new_line(j);
	json_array(j, "taxonomies");
	json_object(j, NULL);
	json_text(j, "name", "CWE");
	json_text(j, "version", "4.15");
	json_text(j, "organization", "MITRE");
	json_text(j, "informationUri", "https://cwe.mitre.org/data/published/cwe_v4.15.pdf");
	write_message(j, "shortDescription", "The MITRE Common Weakness Enumeration",
	              DESCRIPTION_MAX);
	json_array(j, "taxa");
	json_object(j, NULL);
	json_text(j, "id", "CWE-798");
	json_text(j, "name", "UseOfHardCodedCredentials");
	write_message(j, "shortDescription", "Use of Hard-coded Credentials", DESCRIPTION_MAX);
	json_text(j, "helpUri", "https://cwe.mitre.org/data/definitions/798.html");
	json_end(j);
	json_end(j);
	json_end(j);
	json_end(j);
}

/* ---- invocation ---- */

/* Opens a notification, up to and with the opening quote of its message. */
static void open_notification(struct json *j, int descriptor, const char *id, const char *level)
{
	json_new_line(j);
	json_object(j, NULL);
	json_object(j, "descriptor");
	json_text(j, "id", id);
	json_int(j, "index", descriptor);
	json_end(j);
	json_text(j, "level", level);
	json_object(j, "message");
	json_open_string(j, "text");
}

static void close_message(struct json *j)
{
	json_close_string(j);
	json_end(j);
}

static void write_lost(struct writer *w, const struct lost *lost)
{
	struct json *j = &w->json;
	/* What a history lacks are objects and packs: hashes, which must not be in an address. */
	bool in_store = w->run->repository_count && lost->path.len;

	open_notification(j, lost->reason, lost_reason_id(lost->reason), "error");
	if (in_store)
		json_put(j, lost->path);
	else
		put(j, "This input");
	put(j, " ");
	put(j, lost_reason_text(lost->reason));
	if (*lost->detail) {
		put(j, ": ");
		put_sentence(j, lost->detail, DETAIL_MAX);
	} else {
		put(j, ".");
	}
	close_message(j);
	if (lost->path.len && !in_store) {
		json_array(j, "locations");
		json_object(j, NULL);
		json_object(j, "physicalLocation");
		write_place(w, "artifactLocation", lost->path);
		json_end(j);
		json_end(j);
		json_end(j);
	}
	json_end(j);
}

static void write_skipped(struct json *j, const struct coverage *coverage)
{
	const char *separator = "Left out by kind or by choice: ";
	uint64_t total = 0;

	for (int reason = 0; reason < SKIP_REASON_COUNT; reason++)
		total += coverage->skipped[reason];
	if (!total)
		return;
	open_notification(j, NOTIFY_SKIPPED, "skipped", "note");
	for (int reason = 0; reason < SKIP_REASON_COUNT; reason++) {
		char text[128];

		if (!coverage->skipped[reason])
			continue;
		snprintf(text, sizeof(text), "%s%" PRIu64 " (%s)", separator,
		         coverage->skipped[reason], skip_reason_text(reason));
		put(j, text);
		separator = ", ";
	}
	put(j, ".");
	close_message(j);
	json_end(j);
}

static void write_left_out(struct writer *w)
{
	struct json *j = &w->json;
	uint64_t count = result_count(w->run);
	char text[128];

	if (count <= w->limit)
		return;
	open_notification(j, NOTIFY_LEFT_OUT, "results-left-out", "warning");
	snprintf(text, sizeof(text),
	         "%" PRIu64 " of %" PRIu64 " results were left out, lowest level first.",
	         count - w->limit, count);
	put(j, text);
	close_message(j);
	json_end(j);
}

static void write_notifications(struct writer *w)
{
	struct json *j = &w->json;
	const struct coverage *coverage = w->run->coverage;

	json_array(j, "toolExecutionNotifications");
	for (size_t i = 0; i < coverage->named_count; i++)
		write_lost(w, &coverage->lost[i]);
	if (coverage->lost_count > coverage->named_count) {
		char text[64];

		open_notification(j, LOST_UNREADABLE, lost_reason_id(LOST_UNREADABLE), "error");
		snprintf(text, sizeof(text), "%" PRIu64 " further inputs were lost.",
		         coverage->lost_count - coverage->named_count);
		put(j, text);
		close_message(j);
		json_end(j);
	}
	write_skipped(j, coverage);
	write_left_out(w);
	json_end(j);
}

/* What the exit status means; with --exit-code the number of "findings" is the user's. */
static const char *exit_text(const struct run *run)
{
	switch (run->exit_status) {
	case 0:
		return run->coverage->lost_count
		           ? "Nothing that fails the run; coverage is incomplete."
		           : "Nothing that fails the run.";
	case 2:
		return "Usage or fatal error.";
	case 3:
		return "Nothing that fails the run, but coverage is incomplete.";
	default:
		return "Leaked credentials were found.";
	}
}

static void write_invocations(struct writer *w)
{
	struct json *j = &w->json;
	const struct run *run = w->run;

	json_new_line(j);
	json_array(j, "invocations");
	json_object(j, NULL);
	json_bool(j, "executionSuccessful", run->coverage->lost_count == 0);
	json_int(j, "exitCode", run->exit_status);
	json_text(j, "exitCodeDescription", exit_text(run));
	json_time(j, "startTimeUtc", run->started_ms);
	json_time(j, "endTimeUtc", run->ended_ms);
	json_object(j, "workingDirectory");
	write_folder(j, run->folder);
	json_end(j);
	write_notifications(w);
	json_object(j, "properties");
	json_uint(j, "files", run->coverage->files);
	json_uint(j, "bytes", run->coverage->bytes);
	json_uint(j, "rules", run->rule_count);
	json_uint(j, "suppressed", run->suppressed);
	json_end(j);
	json_end(j);
	json_end(j);
}

/* ---- results ---- */

static const struct occurrence *occurrence_of(const struct result *r)
{
	return &r->leak->occurrences[r->number];
}

/* Where the occurrence's secret stands; the leak tells it of the first one. */
static enum object_type kind_of(const struct result *r)
{
	struct bytes path = r->finding->path;

	if (r->number == 0)
		return r->leak->kind;
	if (bytes_equal(path, bytes_of(".git/commit-message")))
		return OBJECT_COMMIT;
	return bytes_equal(path, bytes_of(".git/tag-message")) ? OBJECT_TAG : OBJECT_BLOB;
}

/* The path that the result's address is made of. */
static struct bytes place_of(const struct result *r)
{
	struct bytes path = r->finding->path;

	if (!r->leak)
		return path.len ? path : bytes_of("-");
	/* A stranger's tree may hold any name; one must not lead out of the repository. */
	return address_is_tree_path(path) ? path : bytes_of(NO_PLACE);
}

static void write_location(struct writer *w, const struct result *r)
{
	struct json *j = &w->json;
	const struct finding *f = r->finding;

	json_array(j, "locations");
	json_object(j, NULL);
	json_object(j, "physicalLocation");
	write_place(w, "artifactLocation", place_of(r));
	json_object(j, "region");
	json_uint(j, "startLine", f->start_line);
	json_uint(j, "startColumn", f->start_column);
	json_uint(j, "endLine", f->end_line);
	json_uint(j, "endColumn", f->end_column);
	json_object(j, "snippet");
	json_open_string(j, "text");
	json_put(j, safe_prefix(f));
	put(j, SAFE_REDACTED);
	json_close_string(j);
	json_end(j);
	json_end(j);
	json_end(j);
	json_end(j);
	json_end(j);
}

/* The other parts of the credential, which stand in the same file. */
static void write_parts(struct writer *w, const struct result *r)
{
	struct json *j = &w->json;

	if (!r->finding->part_count)
		return;
	json_array(j, "relatedLocations");
	for (size_t i = 0; i < r->finding->part_count; i++) {
		const struct finding_part *part = &r->finding->parts[i];

		json_object(j, NULL);
		json_uint(j, "id", i + 1);
		json_object(j, "message");
		json_text(j, "text", part->name);
		json_end(j);
		json_object(j, "physicalLocation");
		write_place(w, "artifactLocation", place_of(r));
		json_object(j, "region");
		json_uint(j, "startLine", part->start_line);
		json_uint(j, "startColumn", part->start_column);
		json_uint(j, "endLine", part->end_line);
		json_uint(j, "endColumn", part->end_column);
		json_end(j);
		json_end(j);
		json_end(j);
	}
	json_end(j);
}

static void write_fingerprints(struct json *j, const struct finding *f)
{
	if (f->line_hash_count) {
		char hash[SAFE_LINE_HASH_MAX];

		json_object(j, "partialFingerprints");
		json_text(j, "primaryLocationLineHash", safe_line_hash(f, hash));
		json_end(j);
	}
	json_object(j, "fingerprints");
	json_hex(j, "trawl/v1", (struct bytes){f->fingerprint, FINGERPRINT_SIZE});
	json_end(j);
}

/* Standard places for these do not exist. */
static void write_origin(struct json *j, const struct result *r)
{
	const struct occurrence *o = occurrence_of(r);
	char text[OBJECT_ID_HEX + 1], date[DATE_TEXT_SIZE];

	if (o->path.len && !address_is_tree_path(o->path))
		json_bytes(j, "path", o->path); /* the address does not tell */
	if (o->has_commit)
		json_text(j, "commit", object_id_hex(&o->commit, text));
	json_text(j, "blob", object_id_hex(&o->blob, text));
	if (*o->author)
		json_text(j, "author", o->author);
	if (*o->author || o->date)
		json_text(j, "date", date_text(o->date, o->zone, date));
	json_text(j, "state", leak_state_name(r->leak->state));
	json_text(j, "objectKind", object_type_name(kind_of(r)));
	json_uint(j, "occurrence", r->number + 1);
	json_uint(j, "occurrences", r->leak->count);
}

static void write_suppression(struct json *j, const struct suppression *s)
{
	json_array(j, "suppressions");
	json_object(j, NULL);
	json_text(j, "kind", s->kind == SUPPRESSION_INLINE ? "inSource" : "external");
	json_text(j, "status", "accepted");
	if (s->reason)
		json_text(j, "justification", s->reason);
	json_object(j, "properties");
	json_text(j, "by", suppression_kind_name(s->kind));
	if (s->owner)
		json_text(j, "owner", s->owner);
	if (s->expires)
		json_text(j, "expires", s->expires);
	json_end(j);
	json_end(j);
	json_end(j);
}

/* When runs that share a state saw the leak (SARIF 2.1.0, 3.48). */
static void write_seen(struct json *j, const struct leak *leak)
{
	json_object(j, "provenance");
	json_time(j, "firstDetectionTimeUtc", leak->first_seen * 1000);
	json_time(j, "lastDetectionTimeUtc", leak->last_seen * 1000);
	json_end(j);
}

static void write_result(struct writer *w, const struct result *r)
{
	struct json *j = &w->json;
	const struct finding *f = r->finding;

	json_new_line(j);
	json_object(j, NULL);
	json_text(j, "ruleId", f->rule->id);
	json_uint(j, "ruleIndex", w->rule_index[rule_number(w->run, f)]);
	json_text(j, "kind", "fail");
	json_text(j, "level", level_name(f->level));
	write_message(j, "message", f->rule->message, MESSAGE_MAX);
	write_location(w, r);
	write_parts(w, r);
	write_fingerprints(j, f);
	if (r->leak)
		json_uuid(j, "correlationGuid", f->fingerprint); /* of all its occurrences */
	if (f->suppression)
		write_suppression(j, f->suppression);
	if (r->leak && r->leak->first_seen)
		write_seen(j, r->leak);
	json_object(j, "properties");
	json_text(j, "confidence", confidence_name(f->confidence));
	json_text(j, "checksum", checksum_state_name(f->checksum));
	if (f->proof)
		json_text(j, "proof", f->proof);
	json_decimal(j, "entropy", f->entropy, 2);
	if (r->leak)
		write_origin(j, r);
	json_end(j);
	json_end(j);
}

static void write_results(struct writer *w)
{
	struct selection s = select_results(w);
	struct result result;

	json_new_line(&w->json);
	json_array(&w->json, "results");
	while (next_result(w->run, &s, &result))
		write_result(w, &result);
	json_end(&w->json);
}

/* ---- artifacts ---- */

struct artifact {
	struct bytes path;
	bool present; /* in HEAD's tree, as far as the leak knows */
};

/* By path, a present one first. */
static int artifact_order(const void *left, const void *right)
{
	const struct artifact *a = left, *b = right;
	int order = bytes_compare(a->path, b->path);

	return order ? order : b->present - a->present;
}

static void write_deleted(struct writer *w, struct bytes path)
{
	struct json *j = &w->json;

	json_new_line(j);
	json_object(j, NULL);
	write_place(w, "location", path);
	json_array(j, "roles");
	json_text(j, NULL, "resultFile");
	json_text(j, NULL, "deleted");
	json_end(j);
	json_end(j);
}

/* The files with results that HEAD lacks, so that nobody looks for them in a checkout. */
static void write_artifacts(struct writer *w)
{
	uint64_t total = result_count(w->run);
	struct artifact *all = mem_calloc(total < w->limit ? total : w->limit, sizeof(*all));
	struct selection s = select_results(w);
	struct result r;
	size_t count = 0;

	while (next_result(w->run, &s, &r)) {
		if (kind_of(&r) == OBJECT_BLOB && address_is_tree_path(r.finding->path))
			all[count++] =
			    (struct artifact){r.finding->path, r.leak->state == LEAK_HEAD};
	}
	if (count)
		qsort(all, count, sizeof(*all), artifact_order);
	json_new_line(&w->json);
	json_array(&w->json, "artifacts");
	for (size_t i = 0; i < count; i++) {
		bool first = i == 0 || !bytes_equal(all[i - 1].path, all[i].path);

		if (first && !all[i].present)
			write_deleted(w, all[i].path);
	}
	json_end(&w->json);
	free(all);
}

/* ---- run ---- */

/* Which revision of which repository it was. SARIF wants the repository's address for that. */
static void write_provenance(struct json *j, const struct scanned_repository *repository)
{
	if (!repository->remote || !address_is_remote(repository->remote))
		return;
	json_new_line(j);
	json_array(j, "versionControlProvenance");
	json_object(j, NULL);
	json_open_string(j, "repositoryUri");
	address_put_remote(j, repository->remote);
	json_close_string(j);
	if (repository->head)
		json_text(j, "revisionId", repository->head);
	if (repository->branch)
		json_text(j, "branch", repository->branch);
	json_object(j, "mappedTo");
	json_text(j, "uriBaseId", "SRCROOT");
	json_end(j);
	json_end(j);
	json_end(j);
}

/* What tells a consumer how to read places and text. */
static void write_conventions(struct writer *w)
{
	struct json *j = &w->json;
	bool history = w->run->repository_count > 0;

	json_new_line(j);
	json_object(j, "originalUriBaseIds");
	json_object(j, "SRCROOT");
	write_folder(j, source_root(w->run));
	write_message(j, "description",
	              history ? "The repository" : "The folder that relative paths start from",
	              DESCRIPTION_MAX);
	json_end(j);
	json_end(j);
	json_new_line(j);
	/* One of its own: results of a history do not replace those of a checkout. */
	json_object(j, "automationDetails");
	json_text(j, "id", history ? "trawl/history/" : "trawl/scan/");
	json_end(j);
	json_text(j, "columnKind", "utf16CodeUnits");
	json_array(j, "newlineSequences");
	json_text(j, NULL, "\r\n");
	json_text(j, NULL, "\n");
	json_end(j);
	json_array(j, "redactionTokens");
	json_text(j, NULL, SAFE_REDACTED);
	json_end(j);
}

void sarif_write(FILE *out, const struct run *run, const struct report_options *options)
{
	struct writer w = {.run = run, .limit = options->sarif_limit};
	struct json *j = &w.json;

	assert(run->repository_count <= 1);
	w.rule_index = mem_calloc(run->rule_count, sizeof(*w.rule_index));
	json_init(j, out);
	json_object(j, NULL);
	json_text(j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	json_text(j, "version", "2.1.0");
	json_array(j, "runs");
	json_object(j, NULL);
	write_tool(&w);
	write_taxonomies(j);
	write_invocations(&w);
	if (run->repository_count)
		write_provenance(j, &run->repositories[0]);
	write_conventions(&w);
	if (run->repository_count)
		write_artifacts(&w);
	write_results(&w);
	json_end(j);
	json_end(j);
	json_end(j);
	free(w.rule_index);
}
