/*
 * Writes pages of every kind into a folder, as NAME.html, for tests/report/check_pages.py to look
 * at: without findings, with few, with hostile texts everywhere, and with 50,000 of 40
 * repositories.
 */
#include "sample.h"

#include "base/arena.h"
#include "base/memory.h"

#include <inttypes.h>
#include <limits.h>

enum { FEW = 300, LARGE = 50000, REPOSITORIES = 40, FILES = 12000, RULES = 24, PLACES = 5 };

#define HOSTILE                                                                                    \
	"</script><script>window.owned=1</script><!--<img src=x onerror=window.owned=1>"           \
	"'\"`&lt;\\u003c{{data}}\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae\x1b[31m\xff\r\n\t]]>${owned}"

static int failed;

static void make(const char *folder, const char *name, const struct run *run)
{
	struct report_options options = {.show_secrets = true};
	struct report report;
	struct error error;
	char spec[PATH_MAX];

	snprintf(spec, sizeof(spec), "html=%s/%s.html", folder, name);
	if (report_open(&report, spec, &error) || report_write(&report, run, &options, &error) ||
	    report_commit(&report, &error)) {
		fprintf(stderr, "%s\n", error.message);
		failed = 1;
	}
}

/* ---- Hostile texts ---- */

static void make_hostile(const char *folder)
{
	static const char *const references[] = {"javascript:window.owned=1", "https://" HOSTILE,
	                                         NULL};
	static const char *const refs[] = {"refs/heads/" HOSTILE, NULL};
	static const struct suppression known = {
	    .kind = SUPPRESSION_BASELINE, .reason = HOSTILE, .owner = HOSTILE, .expires = HOSTILE};
	struct bytes path = SAMPLE_PATH("a\0b/" HOSTILE);
	struct rule rule = {.id = HOSTILE,
	                    .name = HOSTILE,
	                    .provider = HOSTILE,
	                    .message = HOSTILE,
	                    .impact = HOSTILE,
	                    .fix = HOSTILE,
	                    .references = references};
	struct finding_part part = {.name = HOSTILE, .start_line = 1, .start_column = 2};
	struct finding finding = sample_finding(path), allowed;
	struct occurrence occurrence;
	struct leak leaks[2];
	struct coverage lost = {0};
	struct scanned_repository repositories[] = {
	    {.folder = HOSTILE, .remote = HOSTILE, .head = HOSTILE, .branch = HOSTILE},
	    {.folder = SAMPLE_FOLDER}};
	struct run run;

	finding.rule = &rule;
	finding.secret = SAMPLE_SECRET;
	finding.proof = HOSTILE;
	finding.parts = &part;
	finding.part_count = 1;
	coverage_lose(&lost, LOST_UNREADABLE, path, HOSTILE);
	run = sample_run(&finding, 1, &lost);
	run.folder = HOSTILE;
	allowed = finding;
	allowed.suppression = &known;
	run.suppressed_findings = &allowed;
	run.suppressed_finding_count = 1;
	make(folder, "hostile", &run);

	occurrence = sample_occurrence(finding);
	occurrence.author = HOSTILE;
	occurrence.date = INT64_MAX;
	leaks[0] = leaks[1] = sample_leak(&occurrence, 1, LEAK_TIP);
	leaks[0].refs = refs;
	leaks[0].repository = repositories[0].folder;
	run = sample_history(leaks, 2, &lost);
	run.repositories = repositories;
	run.repository_count = 2;
	make(folder, "hostile-history", &run);
	coverage_release(&lost);
}

/* ---- Many findings ---- */

/* What many findings are made of; the same each time. */
struct crowd {
	struct rule rules[RULES];
	struct scanned_repository repositories[REPOSITORIES];
	char *paths[FILES];
	struct arena arena;
	uint64_t seed;
};

/* A number below `end`; smaller ones are likelier. */
static uint32_t pick(struct crowd *c, uint32_t end)
{
	double unit;

	c->seed = c->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	unit = (double)(c->seed >> 33) / (double)(UINT64_C(1) << 31);
	return (uint32_t)(unit * unit * end);
}

/* The words with a number behind them; owned by the crowd. */
static char *numbered(struct crowd *c, const char *words, uint32_t number, const char *rest)
{
	char line[256];

	snprintf(line, sizeof(line), "%s%" PRIu32 "%s", words, number, rest);
	return arena_text(&c->arena, bytes_of(line));
}

static void make_rules(struct crowd *c)
{
	static const char *const providers[] = {
	    "GitHub", "Amazon Web Services", "Slack",  "Google Cloud", "Stripe",
	    "npm",    "SonarQube Cloud",     "secret", "Datadog"};

	for (uint32_t i = 0; i < RULES; i++) {
		const char *provider = providers[i % (sizeof(providers) / sizeof(*providers))];
		char words[64];

		snprintf(words, sizeof(words), "%s token of kind ", provider);
		c->rules[i] = i % 5 ? sample_token : sample_generic;
		c->rules[i].id = numbered(c, "example-token-", i, "");
		c->rules[i].name = numbered(c, words, i, "");
		c->rules[i].provider = provider;
	}
}

static void make_names(struct crowd *c)
{
	static const char *const folders[] = {"src/main/resources/config/", "deploy/", "docs/",
	                                      "services/payments/internal/"};
	static const char *const ends[] = {".yaml", ".env", ".py", ".properties", ".go"};

	for (uint32_t i = 0; i < REPOSITORIES; i++)
		c->repositories[i].folder = numbered(c, "/srv/git/team/project-", i, ".git");
	for (uint32_t i = 0; i < FILES; i++)
		c->paths[i] = numbered(c, folders[i % 4], i, ends[i % 5]);
}

static struct finding make_finding(struct crowd *c, uint32_t i)
{
	const struct rule *rule = &c->rules[pick(c, RULES)];
	struct bytes path = bytes_of(c->paths[pick(c, FILES)]);
	struct finding f =
	    rule->level == LEVEL_ERROR ? sample_finding(path) : sample_generic_finding(path);

	f.rule = rule;
	f.start_line = 1 + pick(c, 900);
	if (pick(c, 10) > 3) {
		f.confidence = CONFIDENCE_MEDIUM;
		f.checksum = CHECKSUM_STATE_NONE;
	}
	if (pick(c, 12) > 8) {
		f.level = LEVEL_NOTE;
		f.proof = "expired 2021-03-04";
	}
	memcpy(f.fingerprint, &i, sizeof(i));
	return f;
}

static struct leak make_leak(struct crowd *c, uint32_t i)
{
	static const char *const authors[] = {"Ann O'Nym", "Bo Li", "J\xc3\xbcrgen Gro\xc3\x9f",
	                                      "\xd7\xa9\xd7\xa8\xd7\x94", "build bot"};
	size_t count = 1 + pick(c, PLACES);
	struct occurrence *places = arena_alloc(&c->arena, count, sizeof(*places));
	struct finding finding = make_finding(c, i);
	struct leak leak = sample_leak(places, count, (enum leak_state)pick(c, 4));

	for (size_t k = 0; k < count; k++) {
		places[k] = sample_occurrence(finding);
		if (k)
			places[k].path = bytes_of(c->paths[pick(c, FILES)]);
		places[k].author = authors[pick(c, 5)];
		places[k].date -= (int64_t)pick(c, 3000) * 86400;
		for (int b = 0; b < OBJECT_ID_SIZE; b++)
			places[k].commit.bytes[b] = (unsigned char)pick(c, 256);
	}
	if (leak.state > LEAK_TIP && pick(c, 9))
		leak.left = places[0].date + ((int64_t)3600 << pick(c, 14));
	leak.repository = c->repositories[pick(c, REPOSITORIES)].folder;
	return leak;
}

static void make_crowd(const char *folder)
{
	struct crowd c = {.seed = 7};
	struct leak *leaks = mem_calloc(LARGE, sizeof(*leaks));
	struct finding *findings = mem_calloc(FEW, sizeof(*findings));
	struct coverage all = {.files = 1234567, .bytes = UINT64_C(98765432100)};
	struct run run = sample_history(leaks, LARGE, &all);

	make_rules(&c);
	make_names(&c);
	for (uint32_t i = 0; i < LARGE; i++)
		leaks[i] = make_leak(&c, i);
	run.repositories = c.repositories;
	run.repository_count = REPOSITORIES;
	make(folder, "large", &run);
	run.leak_count = FEW;
	make(folder, "history", &run);
	for (uint32_t i = 0; i < FEW; i++)
		findings[i] = make_finding(&c, i);
	run = sample_run(findings, FEW, &all);
	make(folder, "scan", &run);
	arena_release(&c.arena);
	free(leaks);
	free(findings);
}

int main(int argc, char **argv)
{
	struct finding findings[] = {sample_finding(bytes_of("src/config.py")),
	                             sample_finding(bytes_of("src/main/old.properties")),
	                             sample_generic_finding(bytes_of("README.md"))};
	struct coverage all = {.files = 25, .bytes = 123456}, lost = {0};
	struct run run = sample_run(NULL, 0, &all);

	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	make(argv[1], "none", &run);
	sample_lose(&lost);
	run = sample_run(NULL, 0, &lost);
	make(argv[1], "lost", &run);
	findings[1].confidence = CONFIDENCE_MEDIUM;
	run = sample_run(findings, 3, &all);
	make(argv[1], "few", &run);
	make_hostile(argv[1]);
	make_crowd(argv[1]);
	coverage_release(&lost);
	return failed;
}
