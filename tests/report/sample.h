/* Runs to report on: made-up rules, findings and lost inputs, the same each time. */
#ifndef TRAWL_TESTS_REPORT_SAMPLE_H
#define TRAWL_TESTS_REPORT_SAMPLE_H

#include "report/report.h"

#include <stdlib.h>

/* What no report may show unless it is asked to; the first five characters are its prefix. */
#define SAMPLE_SECRET "sqco_RAWRAWRAW0123456789rawrawraw"

static const char *const sample_references[] = {
    "https://docs.example.org/tokens", "https://example.org/a page?with=odd|characters", NULL};

static const struct rule sample_token = {
    .id = "example-scoped-token2",
    .rspec_key = "S7791",
    .name = "Scoped example token",
    .provider = "Example",
    .message = "Make sure that this \"scoped\" token is revoked and removed",
    .impact = "Whoever holds it can upload analyses.\nQuality gates pass falsely.",
    .fix = "Revoke it under *Tokens*, create a new one, and keep that in a secret store.",
    .references = sample_references,
    .level = LEVEL_ERROR,
    .confidence = CONFIDENCE_MEDIUM,
    .security_severity = 8.0,
};

static const struct rule sample_generic = {
    .id = "generic-password",
    .name = "Password.",
    .provider = "secret",
    .message = "A password stands here.",
    .level = LEVEL_WARNING,
    .confidence = CONFIDENCE_LOW,
    .security_severity = 3.0,
};

static const struct rule sample_unused = {
    .id = "unused-rule",
    .name = "Unused",
    .provider = "Nobody",
    .message = "Never found.",
    .level = LEVEL_ERROR,
    .confidence = CONFIDENCE_HIGH,
    .security_severity = 9.5,
};

static const struct rule *const sample_rules[] = {&sample_token, &sample_generic, &sample_unused};

/* A finding of the first rule at 3:8 of the path, without its raw secret. */
static inline struct finding sample_finding(struct bytes path)
{
	struct finding f = {
	    .rule = &sample_token,
	    .path = path,
	    .start_offset = 40,
	    .end_offset = 40 + strlen(SAMPLE_SECRET),
	    .start_line = 3,
	    .start_column = 8,
	    .end_line = 3,
	    .end_column = 8 + (uint32_t)strlen(SAMPLE_SECRET),
	    .line_hash = 0x0fa2ee980eb94b0a,
	    .line_hash_count = 2,
	    .secret_len = (uint32_t)strlen(SAMPLE_SECRET),
	    .entropy = 3.456F,
	    .confidence = CONFIDENCE_HIGH,
	    .level = LEVEL_ERROR,
	    .checksum = CHECKSUM_STATE_VALID,
	    .prefix_len = 5,
	    .prefix = "sqco_",
	};

	for (int i = 0; i < FINGERPRINT_SIZE; i++)
		f.fingerprint[i] = (uint8_t)(i * 17);
	return f;
}

/* A finding of the second rule at 12:1, of which nothing may be shown. */
static inline struct finding sample_generic_finding(struct bytes path)
{
	struct finding f = sample_finding(path);

	f.rule = &sample_generic;
	f.start_line = f.end_line = 12;
	f.start_column = 1;
	f.end_column = 9;
	f.start_offset = 200;
	f.end_offset = 208;
	f.secret_len = 8;
	f.prefix_len = 0;
	f.level = LEVEL_WARNING;
	f.confidence = CONFIDENCE_LOW;
	f.checksum = CHECKSUM_STATE_NONE;
	return f;
}

/* Two parts, of which nobody sets the offsets. */
static const struct finding_part sample_parts[] = {
    {.name = "account id", .start_line = 2, .start_column = 5, .end_line = 2, .end_column = 17},
    {.name = "user & realm", .start_line = 4, .start_column = 1, .end_line = 4, .end_column = 9},
};

/* The first finding with all that a decoder and the rule's parts may add. */
static inline struct finding sample_proved_finding(struct bytes path)
{
	struct finding f = sample_finding(path);

	f.proof = "AWS account 123456789012";
	f.parts = sample_parts;
	f.part_count = 2;
	return f;
}

/* A run over the findings; started at 2026-01-31T12:00:00.250Z, a second long. */
static inline struct run sample_run(const struct finding *findings, size_t count,
                                    const struct coverage *coverage)
{
	return (struct run){
	    .findings = findings,
	    .finding_count = count,
	    .coverage = coverage,
	    .rules = sample_rules,
	    .rule_count = 3,
	    .started_ms = INT64_C(1769860800250),
	    .ended_ms = INT64_C(1769860801250),
	    .exit_status = coverage->lost_count ? 3
	                   : count              ? 1
	                                        : 0,
	    .fail_on = LEVEL_WARNING,
	    .folder = "/srv/odd folder",
	};
}

/* What is held against findings: the text itself, and what people wrote. */
static const struct suppression sample_inline = {.kind = SUPPRESSION_INLINE};
static const struct suppression sample_known = {.kind = SUPPRESSION_BASELINE,
                                                .reason = "odd \x1b[31m \xff \xe2\x80\xae \"",
                                                .owner = "ann",
                                                .expires = "2027-01-31"};

/* What the writer writes, as text; owned by the caller. */
__attribute__((noinline, unused)) static char *
sample_capture(void (*writer)(FILE *, const struct run *, const struct report_options *),
               const struct run *run, const struct report_options *options)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	writer(out, run, options);
	if (fclose(out) != 0)
		abort();
	return text;
}

/* Paths that make trouble in some format, in SARIF above all. */
#define SAMPLE_PATH(text)                                                                          \
	{                                                                                          \
		(const unsigned char *)(text), sizeof(text) - 1                                    \
	}

static const struct bytes sample_paths[] = {
    SAMPLE_PATH("%41%zz.txt"),
    SAMPLE_PATH("-"),
    SAMPLE_PATH("--help"),
    SAMPLE_PATH("../../../../outside.txt"),
    SAMPLE_PATH("../sibling/./../a:b.txt"),
    SAMPLE_PATH("./a:b/c:d.txt"),
    SAMPLE_PATH("/etc/../abs:olute/with space"),
    SAMPLE_PATH("//two/slashes"),
    SAMPLE_PATH("a/../b/./c//d"),
    SAMPLE_PATH("c:\\windows\\path"),
    SAMPLE_PATH("new\nline\r\t\x1b[31mred\x07"),
    SAMPLE_PATH("quote\"and'apostrophe`$(x)<>&;|*?#[]{}^~!"),
    SAMPLE_PATH("http://host/path?query#fragment"),
    SAMPLE_PATH("invalid \xff\xfe\xe2\x82 utf-8"),
    SAMPLE_PATH("s p a c e s/  .txt"),
    SAMPLE_PATH("\xc2\x85 \xe2\x80\xa8 \xe2\x80\xae bidi"),
    SAMPLE_PATH("\xc3\xa4\xc3\xb6/\xe6\xbc\xa2/\xf0\x9f\x98\x80.txt"),
};

enum { SAMPLE_PATH_COUNT = sizeof(sample_paths) / sizeof(*sample_paths) };

/* ---- histories ---- */

#define SAMPLE_FOLDER "/srv/odd repository"

static const struct scanned_repository sample_repository = {
    .folder = SAMPLE_FOLDER,
    .remote = "git.example.org:team/a b.git",
    .head = "5d0b1a9f0c9e6a6d3b6b9a3c6c0b9b1f7a0e2c11",
    .branch = "main",
};

static const char *const sample_refs[] = {"refs/heads/x", "refs/tags/v1", "refs/tags/v2", NULL};

/* An id of equal bytes. */
static inline struct object_id sample_id(unsigned char byte)
{
	struct object_id id;

	memset(id.bytes, byte, OBJECT_ID_SIZE);
	return id;
}

/*
 * A place of the finding, which commit 11... brought as blob bb... at 13:00 in Berlin, and which
 * stands a line lower in the last version, cc....
 */
static inline struct occurrence sample_occurrence(struct finding finding)
{
	struct occurrence o = {
	    .path = finding.path,
	    .has_commit = true,
	    .commit = sample_id(0x11),
	    .author = "Ann O'Nym",
	    .date = 1769860800,
	    .zone = 60,
	    .blob = sample_id(0xbb),
	    .last_blob = sample_id(0xcc),
	    .first = finding,
	    .last = finding,
	};

	o.last.start_line++;
	o.last.end_line++;
	o.last.start_offset += 9;
	o.last.end_offset += 9;
	return o;
}

/* The same by a commit of these bytes, of an author that is not known. */
static inline struct occurrence sample_later(struct finding finding, unsigned char commit)
{
	struct occurrence o = sample_occurrence(finding);

	o.commit = sample_id(commit);
	o.author = "";
	o.date = 0;
	o.zone = 0;
	o.last = o.first;
	o.last_blob = o.blob;
	return o;
}

/* What no commit leads to. */
static inline struct occurrence sample_dangling(struct finding finding, unsigned char blob)
{
	struct occurrence o = sample_later(finding, 0);

	o.has_commit = false;
	o.blob = o.last_blob = sample_id(blob);
	return o;
}

static inline struct leak sample_leak(struct occurrence *occurrences, size_t count,
                                      enum leak_state state)
{
	return (struct leak){
	    .repository = SAMPLE_FOLDER,
	    .kind = OBJECT_BLOB,
	    .state = state,
	    .refs = state == LEAK_TIP ? sample_refs : NULL,
	    .occurrences = occurrences,
	    .count = count,
	};
}

/* A run over the history of one repository. */
static inline struct run sample_history(const struct leak *leaks, size_t count,
                                        const struct coverage *coverage)
{
	struct run run = sample_run(NULL, 0, coverage);

	run.leaks = leaks;
	run.leak_count = count;
	run.repositories = &sample_repository;
	run.repository_count = 1;
	run.exit_status = coverage->lost_count ? 3 : count ? 1 : 0;
	return run;
}

/* Lost inputs of every reason, one of them nameless, and skipped ones; free with coverage_release.
 */
static inline void sample_lose(struct coverage *coverage)
{
	coverage->files = 7;
	coverage->bytes = 1234;
	coverage_skip(coverage, SKIP_SYMLINK);
	coverage_skip(coverage, SKIP_SYMLINK);
	coverage_skip(coverage, SKIP_MAX_SIZE);
	coverage_lose(coverage, LOST_UNREADABLE, bytes_of("a/b.txt"), "Permission denied");
	coverage_lose(coverage, LOST_CHANGED, bytes_of("c:1.log"), "");
	coverage_lose(coverage, LOST_ENGINE_LIMIT, sample_paths[13], "the detail\x1b[0m");
	coverage_lose(coverage, LOST_TOO_LARGE, bytes_of("/var/big"), "2 GB");
	coverage_lose(coverage, LOST_TOO_DEEP, bytes_of("."), "");
	coverage_lose(coverage, LOST_UNREADABLE, bytes_of(""), "no name");
	coverage_sort(coverage);
}

#endif
