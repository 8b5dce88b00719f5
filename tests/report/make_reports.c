/*
 * Writes runs of every kind into a folder, as NAME.FORMAT, for tests/sarif/validate.sh and
 * tests/report/check_formats.py to look at.
 */
#include "sample.h"

#include "base/memory.h"

#include <limits.h>

enum { MANY = 30000, LIMIT = 25000, MANY_OCCURRENCES = 2000 };

static int failed;

static void make_report(const char *folder, const char *name, const char *format,
                        const struct run *run)
{
	struct report_options options = {.show_secrets = true, .sarif_limit = LIMIT};
	struct report report;
	struct error error;
	char spec[PATH_MAX];

	snprintf(spec, sizeof(spec), "%s=%s/%s.%s", format, folder, name, format);
	if (report_open(&report, spec, &error) || report_write(&report, run, &options, &error) ||
	    report_commit(&report, &error)) {
		fprintf(stderr, "%s\n", error.message);
		failed = 1;
	}
}

static void make_run(const char *folder, const char *name, const struct run *run)
{
	static const char *const formats[] = {"sarif", "github", "gitlab", "junit"};

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		make_report(folder, name, formats[i], run);
}

static void make(const char *folder, const char *name, const struct finding *findings, size_t count,
                 const struct coverage *coverage)
{
	struct run run = sample_run(findings, count, coverage);

	make_run(folder, name, &run);
}

static void make_many(const char *folder)
{
	struct finding *findings = mem_calloc(MANY, sizeof(*findings));
	struct coverage none = {0};

	for (uint32_t i = 0; i < MANY; i++) {
		findings[i] = i % 3 ? sample_finding(bytes_of("src/many.txt"))
		                    : sample_generic_finding(bytes_of("src/many.txt"));
		findings[i].start_offset = i;
		findings[i].start_line = findings[i].end_line = i + 1;
		findings[i].line_hash = i * UINT64_C(0x9e3779b97f4a7c15);
	}
	make(folder, "many", findings, MANY, &none);
	free(findings);
}

static void make_proved(const char *folder)
{
	struct finding proved = sample_proved_finding(bytes_of("src/a.py"));
	struct coverage none = {0};
	struct run run = sample_run(&proved, 1, &none);

	make_run(folder, "proved", &run);
}

static void make_odd_names(const char *folder)
{
	struct finding findings[SAMPLE_PATH_COUNT];
	struct coverage none = {0};

	for (size_t i = 0; i < SAMPLE_PATH_COUNT; i++) {
		findings[i] = sample_finding(sample_paths[i]);
		findings[i].secret = SAMPLE_SECRET;
	}
	make(folder, "odd-names", findings, SAMPLE_PATH_COUNT, &none);
}

/* Secrets that come and go: in files that stay, that are gone, in messages, and nowhere. */
static void make_history(const char *folder)
{
	struct finding secret = sample_finding(bytes_of("src/a.py"));
	struct finding gone = sample_generic_finding(bytes_of("old/gone.env"));
	struct occurrence at_head[] = {
	    sample_occurrence(secret),
	    sample_later(secret, 0x22), /* the same place by another commit */
	    sample_later(sample_finding(bytes_of("old/gone.env")), 0x33),
	};
	struct occurrence deleted[] = {sample_occurrence(gone), sample_later(gone, 0x44)};
	struct occurrence message =
	    sample_occurrence(sample_finding(bytes_of(".git/commit-message")));
	struct occurrence tag = sample_occurrence(sample_finding(bytes_of(".git/tag-message")));
	struct occurrence dangling[] = {
	    sample_dangling(sample_finding(bytes_of("")), 0xdd),
	    sample_dangling(sample_finding(bytes_of("")), 0xde),
	};
	struct leak leaks[] = {
	    sample_leak(dangling, 2, LEAK_UNREACHABLE),
	    sample_leak(&message, 1, LEAK_HISTORY),
	    sample_leak(&tag, 1, LEAK_TIP),
	    sample_leak(deleted, 2, LEAK_HISTORY),
	    sample_leak(at_head, 3, LEAK_HEAD),
	};
	struct coverage none = {0}, lost = {0};
	struct run run = sample_history(leaks, sizeof(leaks) / sizeof(*leaks), &none);

	leaks[1].kind = OBJECT_COMMIT;
	leaks[2].kind = OBJECT_TAG;
	tag.has_commit = false;
	make_run(folder, "history", &run);
	run = sample_history(leaks + 4, 1, &none);
	make_run(folder, "history-one", &run);
	run = sample_history(NULL, 0, &none);
	make_run(folder, "history-none", &run);
	coverage_lose(&lost, LOST_UNREADABLE, bytes_of("5d0b1a9f0c9e6a6d3b6b9a3c6c0b9b1f7a0e2c11"),
	              "it is corrupt");
	coverage_lose(&lost, LOST_MISSING, bytes_of(SAMPLE_FOLDER), "2 objects are not here");
	run = sample_history(NULL, 0, &lost);
	make_run(folder, "history-lost", &run);
	coverage_release(&lost);
}

static void make_history_odd_names(const char *folder)
{
	struct occurrence occurrences[SAMPLE_PATH_COUNT];
	struct leak leak = sample_leak(occurrences, SAMPLE_PATH_COUNT, LEAK_TIP);
	struct coverage none = {0};
	struct run run = sample_history(&leak, 1, &none);

	for (size_t i = 0; i < SAMPLE_PATH_COUNT; i++) {
		occurrences[i] = sample_occurrence(sample_finding(sample_paths[i]));
		occurrences[i].author = "\x1b[31m \xff \xe2\x80\xae \"";
		occurrences[i].date = i % 2 ? INT64_MAX : INT64_MIN;
		occurrences[i].zone = INT32_MAX;
	}
	make_run(folder, "history-odd-names", &run);
}

static void make_history_many(const char *folder)
{
	struct occurrence *occurrences = mem_calloc(MANY_OCCURRENCES, sizeof(*occurrences));
	struct leak leak = sample_leak(occurrences, MANY_OCCURRENCES, LEAK_HISTORY);
	struct coverage none = {0};
	struct run run = sample_history(&leak, 1, &none);

	for (uint32_t i = 0; i < MANY_OCCURRENCES; i++) {
		struct object_id id;

		for (int k = 0; k < OBJECT_ID_SIZE; k++)
			id.bytes[k] = (unsigned char)((i + 1) * 0x9e3779b9U >> (k % 4 * 8));
		occurrences[i] = sample_occurrence(sample_finding(bytes_of("src/many.txt")));
		occurrences[i].commit = id;
	}
	make_run(folder, "history-many", &run);
	free(occurrences);
}

/* What is known and allowed, beside what is not. */
static void make_suppressed(const char *folder)
{
	struct finding open = sample_generic_finding(bytes_of("src/b.py"));
	struct finding known[] = {sample_finding(bytes_of("src/a.py")),
	                          sample_finding(bytes_of("src/c.py"))};
	struct occurrence occurrences[] = {
	    sample_occurrence(sample_finding(bytes_of("src/a.py"))),
	    sample_later(sample_finding(bytes_of("old/gone.env")), 0x33),
	};
	struct leak leak = sample_leak(occurrences, 2, LEAK_HISTORY);
	struct coverage none = {0};
	struct run run = sample_run(&open, 1, &none);

	known[0].suppression = occurrences[0].first.suppression = &sample_inline;
	known[1].suppression = occurrences[1].first.suppression = &sample_known;
	run.suppressed = 2;
	run.suppressed_findings = known;
	run.suppressed_finding_count = 2;
	make_run(folder, "suppressed", &run);
	run = sample_history(NULL, 0, &none);
	run.suppressed = 1;
	run.suppressed_leaks = &leak;
	run.suppressed_leak_count = 1;
	make_run(folder, "history-suppressed", &run);
}

int main(int argc, char **argv)
{
	struct finding one = sample_finding(bytes_of("src/config.py"));
	struct coverage none = {0}, lost = {0};

	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	sample_lose(&lost);
	make(argv[1], "none", NULL, 0, &none);
	make(argv[1], "one", &one, 1, &none);
	make(argv[1], "lost", &one, 1, &lost);
	make_many(argv[1]);
	make_proved(argv[1]);
	make_odd_names(argv[1]);
	make_history(argv[1]);
	make_history_odd_names(argv[1]);
	make_history_many(argv[1]);
	make_suppressed(argv[1]);
	coverage_release(&lost);
	return failed;
}
