#include "cli/options.h"

#include "base/memory.h"
#include "base/pool.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <time.h>

/* Blobs are addressed with 32 bits; the last mebibyte is room for sums. */
static const uint64_t SIZE_LIMIT = (UINT64_C(4) << 30) - (UINT64_C(1) << 20);
static const uint64_t SIZE_DEFAULT = UINT64_C(256) << 20;
static const uint64_t MEMORY_DEFAULT = UINT64_C(128) << 20;

enum {
	SARIF_LIMIT_DEFAULT = 25000,
	THREADS_MAX = 1024,
	SECONDS_MAX = 1000000,
	SHARES_MAX = 100000
};

enum long_option {
	OPTION_RULES = 256,
	OPTION_ONLY,
	OPTION_DISABLE,
	OPTION_NO_INLINE,
	OPTION_ALLOW_MARKERS,
	OPTION_CONFIG,
	OPTION_NO_CONFIG,
	OPTION_CONFIG_FROM,
	OPTION_TRUST_REPO,
	OPTION_BASELINE,
	OPTION_NO_BASELINE,
	OPTION_REPORT_SUPPRESSED,
	OPTION_REPORT_STALE,
	OPTION_FAIL_ON_STALE,
	OPTION_HISTORY,
	OPTION_SHOW_SECRETS,
	OPTION_EXPLAIN,
	OPTION_FAIL_ON,
	OPTION_EXIT_CODE,
	OPTION_ALLOW_INCOMPLETE,
	OPTION_MAX_SIZE,
	OPTION_STDIN_NAME,
	OPTION_INCLUDE_IGNORED,
	OPTION_SARIF_LIMIT,
	OPTION_CHECKSUM,
	OPTION_FINGERPRINT_KEY,
	OPTION_PROGRESS,
	OPTION_NO_PREFILTER,
	OPTION_MEMORY,
	OPTION_NO_REUSE,
	OPTION_RECURSIVE,
	OPTION_RANGE,
	OPTION_BRANCH,
	OPTION_SINCE,
	OPTION_REACHABLE,
	OPTION_CHECK_COMPLETE,
	OPTION_PRE_PUSH,
	OPTION_UPDATE,
	OPTION_TIME_BUDGET,
	OPTION_LIST,
	OPTION_PLAN,
	OPTION_SHARD,
	OPTION_REPO_TIME,
	OPTION_REPO_MEMORY,
	OPTION_STATE,
	OPTION_NEW_ONLY,
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"rules", required_argument, NULL, OPTION_RULES},
    {"only", required_argument, NULL, OPTION_ONLY},
    {"disable", required_argument, NULL, OPTION_DISABLE},
    {"no-inline", no_argument, NULL, OPTION_NO_INLINE},
    {"allow-markers", required_argument, NULL, OPTION_ALLOW_MARKERS},
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"no-config", no_argument, NULL, OPTION_NO_CONFIG},
    {"config-from", required_argument, NULL, OPTION_CONFIG_FROM},
    {"trust-repo", no_argument, NULL, OPTION_TRUST_REPO},
    {"baseline", required_argument, NULL, OPTION_BASELINE},
    {"no-baseline", no_argument, NULL, OPTION_NO_BASELINE},
    {"report-suppressed", no_argument, NULL, OPTION_REPORT_SUPPRESSED},
    {"report-stale", no_argument, NULL, OPTION_REPORT_STALE},
    {"fail-on-stale", no_argument, NULL, OPTION_FAIL_ON_STALE},
    {"history", no_argument, NULL, OPTION_HISTORY},
    {"show-secrets", no_argument, NULL, OPTION_SHOW_SECRETS},
    {"explain", optional_argument, NULL, OPTION_EXPLAIN},
    {"fail-on", required_argument, NULL, OPTION_FAIL_ON},
    {"exit-code", required_argument, NULL, OPTION_EXIT_CODE},
    {"allow-incomplete", no_argument, NULL, OPTION_ALLOW_INCOMPLETE},
    {"jobs", required_argument, NULL, 'j'},
    {"max-size", required_argument, NULL, OPTION_MAX_SIZE},
    {"stdin-name", required_argument, NULL, OPTION_STDIN_NAME},
    {"include-ignored", no_argument, NULL, OPTION_INCLUDE_IGNORED},
    {"sarif-limit", required_argument, NULL, OPTION_SARIF_LIMIT},
    {"checksum", required_argument, NULL, OPTION_CHECKSUM},
    {"fingerprint-key", required_argument, NULL, OPTION_FINGERPRINT_KEY},
    {"progress", required_argument, NULL, OPTION_PROGRESS},
    {"no-prefilter", no_argument, NULL, OPTION_NO_PREFILTER},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"no-reuse", no_argument, NULL, OPTION_NO_REUSE},
    {"recursive", required_argument, NULL, OPTION_RECURSIVE},
    {"range", required_argument, NULL, OPTION_RANGE},
    {"branch", required_argument, NULL, OPTION_BRANCH},
    {"since", required_argument, NULL, OPTION_SINCE},
    {"reachable", no_argument, NULL, OPTION_REACHABLE},
    {"check-complete", no_argument, NULL, OPTION_CHECK_COMPLETE},
    {"pre-push", no_argument, NULL, OPTION_PRE_PUSH},
    {"update", no_argument, NULL, OPTION_UPDATE},
    {"time-budget", required_argument, NULL, OPTION_TIME_BUDGET},
    {"state", required_argument, NULL, OPTION_STATE},
    {"new-only", no_argument, NULL, OPTION_NEW_ONLY},
    {"list", required_argument, NULL, OPTION_LIST},
    {"plan", required_argument, NULL, OPTION_PLAN},
    {"shard", required_argument, NULL, OPTION_SHARD},
    {"repo-time", required_argument, NULL, OPTION_REPO_TIME},
    {"repo-memory", required_argument, NULL, OPTION_REPO_MEMORY},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

void words_add(struct words *words, const char *word)
{
	words->items = mem_grow(words->items, words->count, &words->cap, sizeof(*words->items));
	words->items[words->count++] = word;
}

/* The place of the word among the choices, or an error that lists them. */
static enum err read_choice(const char *option, const char *word, const char *const *choices,
                            int *chosen, struct error *error)
{
	char known[128] = "";
	size_t len = 0;

	for (*chosen = 0; choices[*chosen]; ++*chosen) {
		if (strcmp(word, choices[*chosen]) == 0)
			return ERR_NONE;
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", len ? ", " : "",
		                        choices[*chosen]);
	}
	return error_set(error, ERR_USAGE, "%s takes one of %s, not '%s'", option, known, word);
}

static enum err read_number(const char *option, const char *word, uint64_t least, uint64_t most,
                            uint64_t *number, struct error *error)
{
	char *end;

	errno = 0;
	*number = strtoull(word, &end, 10);
	if (!isdigit((unsigned char)*word) || *end || errno || *number < least || *number > most)
		return error_set(error, ERR_USAGE,
		                 "%s takes a whole number from %llu to %llu, not '%s'", option,
		                 (unsigned long long)least, (unsigned long long)most, word);
	return ERR_NONE;
}

/* A number of bytes with an optional suffix K, M or G (powers of 1,024). */
static enum err read_size(const char *option, const char *word, uint64_t *size, struct error *error)
{
	static const char suffixes[] = "KMG";
	const char *suffix;
	unsigned shift = 0;
	char *end;

	errno = 0;
	*size = strtoull(word, &end, 10);
	suffix = *end ? strchr(suffixes, toupper((unsigned char)*end)) : NULL;
	if (suffix) {
		shift = 10 * (unsigned)(suffix - suffixes + 1);
		end++;
	}
	if (!isdigit((unsigned char)*word) || *end || errno || *size > SIZE_LIMIT >> shift)
		return error_set(
		    error, ERR_USAGE,
		    "%s takes a number of bytes below 4 GiB, such as 1000000, 512K, 64M "
		    "or 3G, not '%s'",
		    option, word);
	*size <<= shift;
	return ERR_NONE;
}

/* YYYY-MM-DD, with Thh:mm:ss perhaps, in UTC; or @SECONDS. */
static enum err read_date(const char *option, const char *word, int64_t *seconds,
                          struct error *error)
{
	static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"};
	uint64_t number;

	if (*word == '@' && !read_number(option, word + 1, 0, UINT64_C(1) << 40, &number, NULL)) {
		*seconds = (int64_t)number;
		return ERR_NONE;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct tm date = {0};
		const char *end = strptime(word, forms[i], &date);

		if (end && !*end) {
			*seconds = timegm(&date);
			return ERR_NONE;
		}
	}
	return error_set(error, ERR_USAGE,
	                 "%s takes a date such as 2024-02-29 or 2024-02-29T12:00:00Z (UTC), or "
	                 "@SECONDS, not '%s'",
	                 option, word);
}

/* K/N, K from 1 to N. */
static enum err read_share(const char *option, const char *word, struct options *o,
                           struct error *error)
{
	char *slash, *end;
	unsigned long share = strtoul(word, &slash, 10);
	unsigned long shares = strtoul(slash + (*slash == '/'), &end, 10);

	if (!isdigit((unsigned char)*word) || *slash != '/' || !shares || *end ||
	    !isdigit((unsigned char)slash[1]) || shares > SHARES_MAX || !share || share > shares)
		return error_set(error, ERR_USAGE,
		                 "%s takes K/N, the K-th (from 1) of N shares, such as 3/8, not "
		                 "'%s'",
		                 option, word);
	o->share = (unsigned)share;
	o->shares = (unsigned)shares;
	return ERR_NONE;
}

/* Seconds, with decimals perhaps. */
static enum err read_seconds(const char *option, const char *word, double *seconds,
                             struct error *error)
{
	char *end;

	*seconds = strtod(word, &end);
	if (strspn(word, "0123456789.") != strlen(word) || *end || !(*seconds > 0) ||
	    *seconds > SECONDS_MAX)
		return error_set(error, ERR_USAGE,
		                 "%s takes a number of seconds up to %d, such as 5 or 0.5, not "
		                 "'%s'",
		                 option, SECONDS_MAX, word);
	return ERR_NONE;
}

static const char *option_name(int option)
{
	const struct option *o = long_options;

	while (o->name && o->val != option)
		o++;
	return o->name;
}

static bool is_one_of(const char *command, const char *const *commands)
{
	while (*commands && strcmp(*commands, command) != 0)
		commands++;
	return *commands;
}

#define ONE_OF(...) is_one_of(command, (const char *const[]){__VA_ARGS__, NULL})

/* Whether the command has the option. */
static bool option_serves(int option, const char *command)
{
	switch (option) {
	case OPTION_RULES:
	case 'h':
		return true;
	case OPTION_HISTORY:
		return ONE_OF("baseline");
	case OPTION_STDIN_NAME:
	case OPTION_EXPLAIN:
		return ONE_OF("scan");
	case OPTION_INCLUDE_IGNORED:
		return ONE_OF("scan", "baseline");
	case OPTION_REPORT_STALE:
	case OPTION_FAIL_ON_STALE:
		return ONE_OF("scan", "history");
	case OPTION_TRUST_REPO:
		return ONE_OF("history", "receive");
	case OPTION_PRE_PUSH:
	case OPTION_UPDATE:
	case OPTION_TIME_BUDGET:
		return ONE_OF("receive");
	case OPTION_NO_REUSE:
	case OPTION_RANGE:
	case OPTION_BRANCH:
	case OPTION_SINCE:
	case OPTION_REACHABLE:
		return ONE_OF("history");
	case OPTION_CHECK_COMPLETE:
	case OPTION_RECURSIVE:
	case OPTION_STATE:
	case OPTION_NEW_ONLY:
		return ONE_OF("history", "batch");
	case OPTION_LIST:
	case OPTION_PLAN:
	case OPTION_SHARD:
	case OPTION_REPO_TIME:
	case OPTION_REPO_MEMORY:
		return ONE_OF("batch");
	case OPTION_MEMORY:
		return ONE_OF("history", "baseline", "batch");
	case 'o':
	case OPTION_FAIL_ON:
	case OPTION_EXIT_CODE:
	case OPTION_SARIF_LIMIT:
	case OPTION_REPORT_SUPPRESSED:
		return ONE_OF("scan", "history", "staged", "receive", "batch", "merge");
	case OPTION_CONFIG_FROM:
	case OPTION_NO_BASELINE:
	case OPTION_FINGERPRINT_KEY:
		return ONE_OF("scan", "history", "staged", "receive", "batch");
	case OPTION_SHOW_SECRETS:
		return ONE_OF("scan", "history", "staged", "receive", "rules", "batch");
	case 'q':
	case 'v':
	case OPTION_ONLY:
	case OPTION_DISABLE:
	case OPTION_ALLOW_INCOMPLETE:
		return ONE_OF("scan", "history", "staged", "receive", "baseline", "batch", "merge");
	default:
		return ONE_OF("scan", "history", "staged", "receive", "baseline", "batch");
	}
}

static enum err read_option(struct options *o, int option, const char *value, struct error *error)
{
	static const char *const levels[] = {"note", "warning", "error", "never", NULL};
	static const char *const policies[] = {"lower", "strict", "ignore", NULL};
	static const char *const progresses[] = {"auto", "always", "never", NULL};
	static const char *const markers[] = {"trawl", "all", NULL};
	uint64_t number = 0;
	int chosen = 0;
	enum err err = ERR_NONE;

	switch (option) {
	case 'o':
		words_add(&o->outputs, value);
		break;
	case 'j':
		err = read_number("-j", value, 1, THREADS_MAX, &number, error);
		o->threads = (unsigned)number;
		break;
	case 'q':
		o->quiet = true;
		break;
	case 'v':
		o->verbose = true;
		o->engine.timed = true;
		break;
	case 'h':
		o->help = true;
		break;
	case OPTION_RULES:
		words_add(&o->rules, value);
		break;
	case OPTION_ONLY:
		words_add(&o->only, value);
		break;
	case OPTION_DISABLE:
		words_add(&o->disable, value);
		break;
	case OPTION_NO_INLINE:
		o->no_inline = true;
		break;
	case OPTION_ALLOW_MARKERS:
		err = read_choice("--allow-markers", value, markers, &chosen, error);
		o->all_markers = chosen;
		break;
	case OPTION_CONFIG:
		o->config = value;
		break;
	case OPTION_NO_CONFIG:
		o->no_config = true;
		break;
	case OPTION_CONFIG_FROM:
		o->config_from = value;
		break;
	case OPTION_TRUST_REPO:
		o->trust_repo = true;
		break;
	case OPTION_BASELINE:
		o->baseline = value;
		break;
	case OPTION_NO_BASELINE:
		o->no_baseline = true;
		break;
	case OPTION_REPORT_SUPPRESSED:
		o->report_suppressed = true;
		break;
	case OPTION_REPORT_STALE:
		o->report_stale = true;
		break;
	case OPTION_FAIL_ON_STALE:
		o->report_stale = o->fail_on_stale = true;
		break;
	case OPTION_HISTORY:
		o->history = true;
		break;
	case OPTION_EXPLAIN:
		o->explain = true;
		o->explain_all = value != NULL;
		if (value && strcmp(value, "all") != 0)
			err = error_set(error, ERR_USAGE,
			                "--explain (findings) or --explain=all (also what was "
			                "rejected), not '%s'",
			                value);
		break;
	case OPTION_SHOW_SECRETS:
		o->show_secrets = true;
		break;
	case OPTION_FAIL_ON:
		err = read_choice("--fail-on", value, levels, &o->fail_on, error);
		o->fail_on_chosen = true;
		break;
	case OPTION_EXIT_CODE:
		err = read_number("--exit-code", value, 0, 255, &number, error);
		o->exit_code = (int)number;
		break;
	case OPTION_ALLOW_INCOMPLETE:
		o->allow_incomplete = true;
		break;
	case OPTION_MAX_SIZE:
		err = read_size("--max-size", value, &o->source.max_size, error);
		o->source.max_size_chosen = true;
		break;
	case OPTION_STDIN_NAME:
		o->source.stdin_name = value;
		break;
	case OPTION_INCLUDE_IGNORED:
		o->source.include_ignored = true;
		break;
	case OPTION_SARIF_LIMIT:
		o->sarif_limit = UINT64_MAX;
		if (strcmp(value, "none") != 0)
			err = read_number("--sarif-limit (or none)", value, 0, UINT32_MAX,
			                  &o->sarif_limit, error);
		break;
	case OPTION_CHECKSUM:
		err = read_choice("--checksum", value, policies, &chosen, error);
		o->engine.checksum = (enum checksum_policy)chosen;
		break;
	case OPTION_FINGERPRINT_KEY:
		o->key_file = value;
		break;
	case OPTION_PROGRESS:
		err = read_choice("--progress", value, progresses, &chosen, error);
		o->progress = (enum progress)chosen;
		break;
	case OPTION_NO_PREFILTER:
		o->engine.no_prefilter = true;
		break;
	case OPTION_MEMORY:
		err = read_size("--memory", value, &o->memory, error);
		o->memory_chosen = true;
		break;
	case OPTION_NO_REUSE:
		o->no_reuse = true;
		break;
	case OPTION_RANGE:
		o->range = value;
		break;
	case OPTION_BRANCH:
		o->branch = value;
		break;
	case OPTION_SINCE:
		err = read_date("--since", value, &o->since, error);
		break;
	case OPTION_REACHABLE:
		o->reachable = true;
		break;
	case OPTION_CHECK_COMPLETE:
		o->check_complete = true;
		break;
	case OPTION_RECURSIVE:
		o->recursive = value;
		break;
	case OPTION_PRE_PUSH:
		o->pre_push = true;
		break;
	case OPTION_UPDATE:
		o->update = true;
		break;
	case OPTION_LIST:
		o->list = value;
		break;
	case OPTION_PLAN:
		o->plan = value;
		break;
	case OPTION_SHARD:
		err = read_share("--shard", value, o, error);
		break;
	case OPTION_REPO_TIME:
		err = read_seconds("--repo-time", value, &o->repo_time, error);
		break;
	case OPTION_REPO_MEMORY:
		err = read_size("--repo-memory", value, &o->repo_memory, error);
		break;
	case OPTION_TIME_BUDGET:
		err = read_seconds("--time-budget", value, &o->time_budget, error);
		break;
	case OPTION_STATE:
		o->state = value;
		break;
	case OPTION_NEW_ONLY:
		o->new_only = true;
		break;
	default:
		err = ERR_USAGE;
		break;
	}
	return err;
}

enum err options_parse(struct options *o, int argc, char **argv, struct error *error)
{
	enum err err = ERR_NONE;
	int option;

	*o = (struct options){
	    .fail_on = LEVEL_WARNING,
	    .exit_code = 1,
	    .threads = pool_processors(),
	    .sarif_limit = SARIF_LIMIT_DEFAULT,
	    .memory = MEMORY_DEFAULT,
	    .since = INT64_MIN,
	    .source = {.max_size = SIZE_DEFAULT},
	};
	optind = 1;
	opterr = 0;
	while (!err && (option = getopt_long(argc, argv, "-:o:j:qvh", long_options, NULL)) != -1) {
		const char *word = optind <= argc ? argv[optind - 1] : "";

		if (option == 1) /* an operand among the options */
			words_add(&o->operands, optarg);
		else if (option == '?')
			err = error_set(error, ERR_USAGE, "unknown option %s; try: trawl %s --help",
			                word, argv[0]);
		else if (option == ':')
			err = error_set(error, ERR_USAGE,
			                "option %s needs a value; try: trawl %s --help", word,
			                argv[0]);
		else if (!option_serves(option, argv[0]))
			err = error_set(error, ERR_USAGE,
			                "trawl %s has no option --%s; try: trawl %s --help",
			                argv[0], option_name(option), argv[0]);
		else
			err = read_option(o, option, optarg, error);
	}
	for (int i = optind; i < argc && !err; i++)
		words_add(&o->operands, argv[i]);
	if (err)
		options_release(o);
	return err;
}

void options_release(struct options *o)
{
	free(o->operands.items);
	free(o->outputs.items);
	free(o->rules.items);
	free(o->only.items);
	free(o->disable.items);
	*o = (struct options){0};
}
