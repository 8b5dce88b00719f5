/* Writes SARIF files of every kind into a folder, for tests/sarif/validate.sh to look at. */
#include "../report/sample.h"

#include "base/memory.h"

#include <limits.h>

enum { MANY = 30000, LIMIT = 25000 };

static int failed;

static void make(const char *folder, const char *name, const struct finding *findings, size_t count,
		 const struct coverage *coverage)
{
	struct run run = sample_run(findings, count, coverage);
	struct report_options options = {.show_secrets = true, .sarif_limit = LIMIT};
	struct report report;
	struct error error;
	char spec[PATH_MAX];

	snprintf(spec, sizeof(spec), "sarif=%s/%s.sarif", folder, name);
	if (report_open(&report, spec, &error) || report_write(&report, &run, &options, &error) ||
	    report_commit(&report, &error)) {
		fprintf(stderr, "%s\n", error.message);
		failed = 1;
	}
}

static void make_many(const char *folder)
{
	struct finding *findings = mem_calloc(MANY, sizeof(*findings));
	struct coverage none = {0};

	for (uint32_t i = 0; i < MANY; i++) {
		findings[i] = i % 3 ? sample_finding(bytes_of("src/many.txt"))
				    : sample_generic_finding(bytes_of("src/many.txt"));
		findings[i].start_line = findings[i].end_line = i + 1;
		findings[i].line_hash = i * UINT64_C(0x9e3779b97f4a7c15);
	}
	make(folder, "many", findings, MANY, &none);
	free(findings);
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
	make_odd_names(argv[1]);
	coverage_release(&lost);
	return failed;
}
