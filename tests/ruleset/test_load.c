#include "base/buf.h"
#include "ruleset/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct rule_list list;
	struct arena arena;
	struct error error;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){0};
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rule_list_release(&f->list);
	arena_release(&f->arena);
	return 0;
}

static enum err load(struct fixture *f, const char *text)
{
	return load_rules_text(&f->list, &f->arena, "x.yaml", bytes_of(text), &f->error);
}

static void assert_refused(struct fixture *f, const char *text, enum err err, const char *message)
{
	size_t before = f->list.count;

	assert_int_equal(load(f, text), err);
	assert_string_equal(f->error.message, message);
	assert_int_equal(f->list.count, before);
}

static void assert_strings(strings list, const char *const *wanted)
{
	assert_non_null(list);
	for (; *wanted; wanted++, list++) {
		assert_non_null(*list);
		assert_string_equal(*list, *wanted);
	}
	assert_null(*list);
}

/* A document up to its first rule, which goes on in line 6. */
#define RULE_START                                                                                 \
	"provider:\n"                                                                              \
	"  metadata: {name: Acme, category: Cloud, message: Revoke it.}\n"                         \
	"  rules:\n"                                                                               \
	"    - id: acme-token\n"                                                                   \
	"      metadata: {name: Acme token}\n"

static void assert_rule_refused(struct fixture *f, const char *rest, const char *message)
{
	struct buf text;

	buf_init(&text, 1024 * 1024);
	assert_int_equal(buf_appendf(&text, "%s%s", RULE_START, rest), ERR_NONE);
	assert_refused(f, buf_text(&text), ERR_SYNTAX, message);
	buf_release(&text);
}

static const struct rule *load_rule(struct fixture *f, const char *rest)
{
	struct buf text;

	buf_init(&text, 1024 * 1024);
	assert_int_equal(buf_appendf(&text, "%s%s", RULE_START, rest), ERR_NONE);
	if (load(f, buf_text(&text)))
		fail_msg("%s", f->error.message);
	buf_release(&text);
	return &f->list.items[f->list.count - 1];
}

static void every_field_is_read(void **state)
{
	struct fixture *f = *state;
	const struct rule *rule;
	const struct context *context;
	const struct decoded_base64 *base64;

	assert_int_equal(
	    load_rules_path(&f->list, &f->arena, "fixtures/rules/full.yaml", &f->error), ERR_NONE);
	assert_int_equal(f->list.count, 1);
	rule = f->list.items;
	assert_string_equal(rule->id, "acme-token-2");
	assert_string_equal(rule->rspec_key, "S7791");
	assert_string_equal(rule->name, "Acme token");
	assert_string_equal(rule->provider, "Acme");
	assert_string_equal(rule->category, "Cloud Provider");
	assert_string_equal(rule->message, "Make sure this token is revoked.");
	assert_string_equal(rule->impact, "Anyone can read.\nOr write.\n");
	assert_string_equal(rule->fix, "Revoke it.");
	assert_strings(rule->references, (const char *const[]){"https://acme.example/a",
	                                                       "https://acme.example/b", NULL});
	assert_int_equal(rule->type, RULE_PROVIDER_GENERIC);
	assert_int_equal(rule->level, LEVEL_ERROR);
	assert_int_equal(rule->confidence, CONFIDENCE_HIGH);
	assert_true(rule->security_severity == 9.5);
	assert_string_equal(rule->file, "fixtures/rules/full.yaml");
	assert_int_equal(rule->line, 13);

	assert_strings(rule->include.content, (const char *const[]){"acme_", "token", NULL});
	assert_strings(rule->include.paths, (const char *const[]){"**/Src/*", NULL});
	assert_strings(rule->include.ext, (const char *const[]){"properties", "java", NULL});
	assert_strings(rule->reject.content, (const char *const[]){"example", NULL});
	assert_null(rule->reject.paths);
	assert_null(rule->reject.ext);

	assert_string_equal(rule->pattern.text, "\\b(acme_(?<body>[0-9A-Za-z]{8}))\\b");
	assert_int_equal(rule->pattern.slot, 0);
	assert_int_equal(rule->prefix_len, 5);
	assert_int_equal(rule->reach.behind, 1);
	assert_int_equal(rule->reach.width, 20);
	assert_int_equal(rule->reach.ahead, 1);
	assert_int_equal(rule->anchor_count, 1);
	assert_int_equal(rule->anchors[0].first, 0);
	assert_int_equal(rule->anchors[0].last, 0);

	context = rule->context;
	assert_int_equal(context->kind, CONTEXT_EACH);
	assert_int_equal(context->child_count, 3);
	assert_int_equal(context->children[0].kind, CONTEXT_BEFORE);
	assert_string_equal(context->children[0].pattern.text, "acme");
	assert_int_equal(context->children[0].pattern.slot, 1);
	assert_int_equal(context->children[0].max_char_distance, UNBOUNDED);
	assert_int_equal(context->children[0].max_line_distance, UNBOUNDED);
	assert_int_equal(context->children[0].max_line_length, 1000);
	assert_int_equal(context->children[1].kind, CONTEXT_EITHER);
	assert_int_equal(context->children[1].child_count, 2);
	assert_int_equal(context->children[1].children[0].kind, CONTEXT_AFTER);
	assert_int_equal(context->children[1].children[0].max_char_distance, 20);
	assert_int_equal(context->children[1].children[1].kind, CONTEXT_NOT);
	assert_int_equal(context->children[1].children[1].child_count, 1);
	assert_int_equal(context->children[1].children[1].children[0].kind, CONTEXT_AROUND);
	assert_string_equal(context->children[1].children[1].children[0].pattern.text, "test");
	assert_int_equal(context->children[2].kind, CONTEXT_NOT);
	assert_int_equal(context->children[2].children[0].kind, CONTEXT_AROUND);
	assert_int_equal(context->children[2].children[0].max_char_distance, 7);
	assert_int_equal(context->children[2].children[0].max_line_distance, 3);
	assert_int_equal(context->children[2].children[0].max_line_length, 200);

	assert_true(rule->filters.entropy_threshold == 3.25);
	assert_string_equal(rule->filters.entropy_input, "body");
	assert_int_equal(rule->filters.heuristics, HEURISTIC_PATH | HEURISTIC_URI);
	assert_null(rule->filters.heuristic_input);
	assert_int_equal(rule->filters.pattern_not_count, 2);
	assert_string_equal(rule->filters.pattern_not[1].text, "0{4}");
	base64 = rule->filters.base64;
	assert_true(base64->url_alphabet);
	assert_int_equal(base64->match_each_count, 2);
	assert_string_equal(base64->match_each[0].text, "alg");
	assert_string_equal(base64->match_each[1].text, "kid");
	assert_int_equal(base64->match_not_count, 1);
	assert_string_equal(base64->match_not[0].text, "none");
	assert_true(base64->filters.entropy_threshold == 1);
	assert_int_equal(rule->filters.group_count, 1);
	assert_string_equal(rule->filters.groups[0].group, "body");
	assert_string_equal(rule->filters.groups[0].filters.pattern_not[0].text, "abc");

	assert_int_equal(rule->checksum.algorithm, CHECKSUM_CRC32);
	assert_int_equal(rule->checksum.encoding, ENCODING_BASE62);
	assert_true(rule->checksum.little_endian);
	assert_true(rule->checksum.published);
	assert_int_equal(rule->checksum.digits, 6);
	assert_int_equal(rule->checksum.position, -6);
	assert_int_equal(rule->checksum.from, 4);
	assert_int_equal(rule->checksum.to, -6);
	assert_int_equal(rule->structure, STRUCTURE_PEM);

	assert_int_equal(rule->example_count, 2);
	assert_string_equal(rule->examples[0].text, "token = acme_4fKx81Zq\n");
	assert_true(rule->examples[0].contains_secret);
	assert_string_equal(rule->examples[0].match, "acme_4fKx81Zq");
	assert_string_equal(rule->examples[0].file_name, "a.java");
	assert_false(rule->examples[1].contains_secret);
	assert_null(rule->examples[1].match);
	assert_null(rule->examples[1].file_name);
	/* pattern, 4 of context, 2 + 3 + 1 of filters */
	assert_int_equal(f->list.slot_count, 11);
}

static void what_is_not_given_has_its_default(void **state)
{
	const struct rule *rule =
	    load_rule(*state, "      detection: {matching: {pattern: 'acme_[a-z]+'}}\n");

	assert_string_equal(rule->message, "Revoke it.");
	assert_string_equal(rule->category, "Cloud");
	assert_null(rule->rspec_key);
	assert_null(rule->impact);
	assert_null(rule->fix);
	assert_null(rule->references);
	assert_int_equal(rule->type, RULE_SPECIFIC);
	assert_int_equal(rule->confidence, CONFIDENCE_MEDIUM);
	assert_int_equal(rule->level, LEVEL_ERROR);
	assert_true(rule->security_severity == 8.0);
	assert_int_equal(rule->line, 4);
	assert_null(rule->context);
	assert_int_equal(rule->reach.width, UNBOUNDED);
	assert_int_equal(rule->structure, STRUCTURE_NONE);
	assert_int_equal(rule->checksum.algorithm, CHECKSUM_NONE);
	assert_int_equal(rule->example_count, 0);
}

static void a_generic_rule_has_low_confidence(void **state)
{
	const struct rule *rule =
	    load_rule(*state, "      type: analyzerGeneric\n"
	                      "      detection: {matching: {pattern: abcd}}\n");

	assert_int_equal(rule->type, RULE_ANALYZER_GENERIC);
	assert_int_equal(rule->confidence, CONFIDENCE_LOW);
	assert_int_equal(rule->level, LEVEL_WARNING);
}

static void rules_take_whole_modules_from_their_provider(void **state)
{
	struct fixture *f = *state;
	const struct rule *own, *inherited;

	assert_int_equal(
	    load(f, "provider:\n"
	            "  metadata: {name: Acme, category: [Cloud, CI], message: A, fix: B}\n"
	            "  detection:\n"
	            "    pre: {include: {content: Acme}, reject: {ext: [.MD]}}\n"
	            "    matching: {pattern: 'acme_[0-9]{8}', context: {patternAfter: x}}\n"
	            "    post: {patternNot: '0000', structure: jwt}\n"
	            "  rules:\n"
	            "    - {id: inherited, metadata: {name: N}}\n"
	            "    - id: own\n"
	            "      metadata: {name: N, message: C, category: VCS}\n"
	            "      detection:\n"
	            "        pre: {include: {ext: java}}\n"
	            "        matching: {pattern: 'abcd_[0-9]{4}'}\n"
	            "        post: {heuristicFilter: {heuristics: uri}}\n"),
	    ERR_NONE);
	inherited = &f->list.items[0];
	own = &f->list.items[1];
	assert_string_equal(inherited->include.content[0], "acme");
	assert_string_equal(inherited->reject.ext[0], "md");
	assert_string_equal(inherited->pattern.text, "acme_[0-9]{8}");
	assert_int_equal(inherited->reach.width, 13);
	assert_int_equal(inherited->context->kind, CONTEXT_AFTER);
	assert_int_equal(inherited->filters.pattern_not_count, 1);
	assert_int_equal(inherited->structure, STRUCTURE_JWT);
	assert_string_equal(inherited->category, "Cloud");

	assert_null(own->include.content);
	assert_null(own->reject.ext);
	assert_string_equal(own->include.ext[0], "java");
	assert_string_equal(own->pattern.text, "abcd_[0-9]{4}");
	assert_int_equal(own->reach.width, 9);
	assert_null(own->context);
	assert_int_equal(own->filters.pattern_not_count, 0);
	assert_int_equal(own->filters.heuristics, HEURISTIC_URI);
	assert_int_equal(own->structure, STRUCTURE_NONE);
	assert_string_equal(own->message, "C");
	assert_string_equal(own->category, "VCS");
	assert_string_equal(own->fix, "B");
}

static void unknown_keys_are_refused_at_every_level(void **state)
{
	static const struct {
		const char *rest;
		const char *message;
	} cases[] = {
	    {"      exmples: []\n", "x.yaml:6: unknown key `exmples` in a rule; known keys are: "
	                            "id, metadata, rspecKey, type, "
	                            "detection, examples, severity, confidence, reach"},
	    {"      detection: {macthing: {pattern: a}}\n",
	     "x.yaml:6: unknown key `macthing` in detection; known keys are: pre, matching, post, "
	     "parts"},
	    {"      detection: {pre: {incldue: {content: a}}}\n",
	     "x.yaml:6: unknown key `incldue` in detection.pre; known keys are: include, reject, "
	     "scopes"},
	    {"      detection:\n        pre:\n          include: {contnet: a}\n",
	     "x.yaml:8: unknown key `contnet` in detection.pre.include; known keys are: content, "
	     "paths, "
	     "ext"},
	    {"      detection: {pre: {reject: {contnet: a}}}\n",
	     "x.yaml:6: unknown key `contnet` in detection.pre.reject; known keys are: content, "
	     "paths, "
	     "ext"},
	    {"      detection: {matching: {patern: a}}\n",
	     "x.yaml:6: unknown key `patern` in detection.matching; known keys are: pattern, "
	     "context"},
	    {"      detection: {matching: {pattern: abcd, context: {patternBfore: a}}}\n",
	     "x.yaml:6: unknown key `patternBfore` in detection.matching.context; known keys are: "
	     "patternBefore, patternAfter, patternAround, patternNot, matchEach, matchEither, "
	     "matchNot"},
	    {"      detection: {matching: {pattern: abcd, context: {matchEach: [{x: a}]}}}\n",
	     "x.yaml:6: unknown key `x` in detection.matching.context; known keys are: "
	     "patternBefore, "
	     "patternAfter, patternAround, patternNot, matchEach, matchEither, matchNot"},
	    {"      detection: {matching: {pattern: abcd, context: {patternNot: {pattern: a, x: "
	     "1}}}}\n",
	     "x.yaml:6: unknown key `x` in a context pattern; known keys are: pattern, "
	     "maxCharDistance, "
	     "maxDistance, maxLineDistance, maxLineLength"},
	    {"      detection: {post: {patternNo: a}}\n",
	     "x.yaml:6: unknown key `patternNo` in detection.post; known keys are: "
	     "statisticalFilter, "
	     "heuristicFilter, patternNot, decodedBase64, groups, checksum, structure"},
	    {"      detection: {post: {statisticalFilter: {threshhold: 3}}}\n",
	     "x.yaml:6: unknown key `threshhold` in statisticalFilter; known keys are: threshold, "
	     "inputString"},
	    {"      detection: {post: {heuristicFilter: {heuristic: path}}}\n",
	     "x.yaml:6: unknown key `heuristic` in heuristicFilter; known keys are: heuristics, "
	     "inputString"},
	    {"      detection: {post: {decodedBase64: {match: a}}}\n",
	     "x.yaml:6: unknown key `match` in decodedBase64; known keys are: alphabet, matchEach, "
	     "matchNot, matching, post"},
	    {"      detection: {post: {decodedBase64: {matching: {patern: a}}}}\n",
	     "x.yaml:6: unknown key `patern` in decodedBase64.matching; known keys are: pattern"},
	    {"      detection: {post: {decodedBase64: {post: {groups: a}}}}\n",
	     "x.yaml:6: unknown key `groups` in decodedBase64.post; known keys are: "
	     "statisticalFilter, "
	     "heuristicFilter, patternNot"},
	    {"      detection: {post: {groups: {a: {groups: {}}}}}\n",
	     "x.yaml:6: unknown key `groups` in detection.post.groups; known keys are: "
	     "statisticalFilter, heuristicFilter, patternNot, decodedBase64"},
	    {"      detection: {post: {checksum: {algoritm: crc32}}}\n",
	     "x.yaml:6: unknown key `algoritm` in detection.post.checksum; known keys are: "
	     "algorithm, "
	     "encoding, digits, position, covers, published, byteOrder, required"},
	    {"      detection: {matching: {pattern: abcd}}\n      reach: {wdth: 3}\n",
	     "x.yaml:7: unknown key `wdth` in reach; known keys are: behind, width, ahead"},
	    {"      detection: {matching: {pattern: abcd}}\n      examples: [{txt: a}]\n",
	     "x.yaml:7: unknown key `txt` in examples; known keys are: text, containsSecret, "
	     "match, "
	     "fileName"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_rule_refused(f, cases[i].rest, cases[i].message);
	assert_refused(
	    f, "providers: {}\n", ERR_SYNTAX,
	    "x.yaml:1: unknown key `providers` in the document; known keys are: provider, table");
	assert_refused(f, "provider: {rule: []}\n", ERR_SYNTAX,
	               "x.yaml:1: unknown key `rule` in provider; known keys are: metadata, rules, "
	               "detection");
	assert_refused(
	    f, "provider: {metadata: {nme: a}, rules: []}\n", ERR_SYNTAX,
	    "x.yaml:1: unknown key `nme` in the provider's metadata; known keys are: name, "
	    "category, message, impact, fix, references");
	assert_refused(
	    f,
	    "provider:\n"
	    "  metadata: {name: a, category: b, message: c}\n"
	    "  rules: [{id: a, metadata: {name: b, mesage: c}}]\n",
	    ERR_SYNTAX,
	    "x.yaml:3: unknown key `mesage` in the rule's metadata; known keys are: name, "
	    "message, impact, fix, references, category, type, charset, defaultProfile");
	assert_refused(
	    f,
	    "provider:\n"
	    "  metadata: {name: a, category: b, references: [{link: c, lnk: d}]}\n"
	    "  rules: [{id: a, metadata: {name: b}}]\n",
	    ERR_SYNTAX,
	    "x.yaml:2: unknown key `lnk` in references; known keys are: link, description, "
	    "type");
}

static void wrong_types_and_values_are_refused(void **state)
{
#define PATTERN "      detection: {matching: {pattern: 'abcd_([0-9]{8})'}}\n"
#define POST(what) "      detection: {matching: {pattern: abcd}, post: {" what "}}\n"
#define CHECKSUM(digits, position, covers, published)                                              \
	POST("checksum: {algorithm: crc32, encoding: hex, digits: " digits ", position: " position \
	     ", covers: " covers ", published: " published "}")
	static const struct {
		const char *rest;
		const char *message;
	} cases[] = {
	    {"      detection: text\n",
	     "x.yaml:6: detection must be a mapping; write `key: value` lines below it"},
	    {"      detection: [a]\n",
	     "x.yaml:6: detection must be a mapping; write `key: value` lines below it"},
	    {"      rspecKey: [a]\n", "x.yaml:6: rspecKey must be text and not empty"},
	    {"      rspecKey:\n", "x.yaml:6: rspecKey must be text and not empty"},
	    {"      type: generic\n", "x.yaml:6: type cannot be `generic`; use one of: specific, "
	                              "providerGeneric, providerVariant, analyzerGeneric"},
	    {"      severity: High\n",
	     "x.yaml:6: severity cannot be `High`; use one of: low, medium, high, critical"},
	    {"      confidence: [high]\n", "x.yaml:6: confidence must be text and not empty"},
	    {"      detection: {pre: {include: {content: {a: b}}}}\n",
	     "x.yaml:6: content must be a list with at least one entry"},
	    {"      detection: {pre: {include: {content: []}}}\n",
	     "x.yaml:6: content must be a list with at least one entry"},
	    {"      detection: {pre: {include: {content: [a, [b]]}}}\n",
	     "x.yaml:6: the list's entry must be text and not empty"},
	    {"      detection: {pre: {include: {content: ''}}}\n",
	     "x.yaml:6: content must be text and not empty"},
	    {"      detection: {pre: {include: {ext: .}}}\n",
	     "x.yaml:6: ext must have 1 to 255 bytes"},
	    {"      detection: {pre: {scopes: [man]}}\n",
	     "x.yaml:6: the list's entry cannot be `man`; use one of: main, test"},
	    {"      detection: {matching: {pattern: [a]}}\n",
	     "x.yaml:6: pattern must be text and not empty"},
	    {"      detection: {matching: {pattern: abcd, context: abcd}}\n",
	     "x.yaml:6: detection.matching.context must be a mapping; write `key: value` lines "
	     "below "
	     "it"},
	    {"      detection: {matching: {pattern: abcd, context: {}}}\n",
	     "x.yaml:6: detection.matching.context is empty; remove it"},
	    {"      detection: {matching: {pattern: abcd, context: {matchEach: []}}}\n",
	     "x.yaml:6: matchEach must be a list with at least one entry"},
	    {"      detection: {matching: {pattern: abcd, context: {matchEither: {patternNot: "
	     "a}}}}\n",
	     "x.yaml:6: matchEither must be a list with at least one entry"},
	    {"      detection:\n"
	     "        matching:\n"
	     "          pattern: abcd\n"
	     "          context:\n"
	     "            matchNot:\n"
	     "              - patternBefore: a\n"
	     "                patternAfter: b\n",
	     "x.yaml:11: detection.matching.context needs exactly one key for each list entry"},
	    {"      detection: {matching: {pattern: abcd, context: {patternNot: {maxDistance: "
	     "1}}}}\n",
	     "x.yaml:6: a context pattern has no `pattern`; add it"},
	    {"      detection: {matching: {pattern: abcd, context: {patternAfter: {pattern: a, "
	     "maxDistance: far}}}}\n",
	     "x.yaml:6: maxDistance must be a whole number from 0 to 4294967294"},
	    {"      detection: {matching: {pattern: abcd, context: {patternAfter: {pattern: a, "
	     "maxDistance: 1, maxCharDistance: 1}}}}\n",
	     "x.yaml:6: maxCharDistance and maxDistance mean the same; remove one"},
	    {POST("statisticalFilter: {threshold: '3'}"),
	     "x.yaml:6: threshold must be a number from 0 to 8 (bits per character)"},
	    {POST("statisticalFilter: {threshold: 3,5}"),
	     "x.yaml:6: unknown key `5` in statisticalFilter; known keys are: threshold, "
	     "inputString"},
	    {POST("statisticalFilter: {threshold: 0x3}"),
	     "x.yaml:6: threshold must be a number from 0 to 8 (bits per character)"},
	    {POST("statisticalFilter: {threshold: nan}"),
	     "x.yaml:6: threshold must be a number from 0 to 8 (bits per character)"},
	    {POST("statisticalFilter: {threshold: 8.5}"),
	     "x.yaml:6: threshold must be a number from 0 to 8 (bits per character)"},
	    {POST("statisticalFilter: {}"),
	     "x.yaml:6: statisticalFilter has no `threshold`; add it"},
	    {POST("heuristicFilter: {heuristics: url}"),
	     "x.yaml:6: heuristics cannot be `url`; use one of: path, uri, words, misfit, name"},
	    {POST("decodedBase64: {alphabet: std}"),
	     "x.yaml:6: alphabet cannot be `std`; use one of: default, url"},
	    {POST("decodedBase64: {post: {statisticalFilter: {threshold: 1, inputString: a}}}"),
	     "x.yaml:6: decoded text has no groups; remove `inputString`"},
	    {POST("groups: {}"), "x.yaml:6: detection.post.groups must name at least one group"},
	    {POST("groups: [{patternNot: a}]"),
	     "x.yaml:6: detection.post.groups has no `name`; add it"},
	    {POST("groups: {body: {patternNot: a}}"),
	     "x.yaml:4: rule `acme-token` names the group `body`, which its pattern does not "
	     "have; "
	     "name it with (?<body>...)"},
	    {POST("heuristicFilter: {heuristics: uri, inputString: body}"),
	     "x.yaml:4: rule `acme-token` names the group `body`, which its pattern does not "
	     "have; "
	     "name it with (?<body>...)"},
	    {POST("structure: xml"),
	     "x.yaml:6: structure cannot be `xml`; use one of: jwt, pem, openpgp, putty, "
	     "aws-key-id, end-day, "
	     "atlassian-data-center, bedrock, discord, docker-swarm, fly, grafana-cloud, "
	     "grafana-legacy, "
	     "intercom, jfrog, mapbox, nuget, onepassword, pypi, secp256k1, sendgrid, sentry, "
	     "slack-rotating, vault, wireguard"},
	    {CHECKSUM("0", "-6", "[0, -6]", "true"),
	     "x.yaml:6: digits must be a whole number from 1 to 64"},
	    {CHECKSUM("'6'", "-6", "[0, -6]", "true"),
	     "x.yaml:6: digits must be a whole number from 1 to 64"},
	    {CHECKSUM("6.0", "-6", "[0, -6]", "true"),
	     "x.yaml:6: digits must be a whole number from 1 to 64"},
	    {CHECKSUM("99999999999999999999", "-6", "[0, -6]", "true"),
	     "x.yaml:6: digits must be a whole number from 1 to 64"},
	    {CHECKSUM("6", "-5", "[0, -6]", "true"),
	     "x.yaml:6: the checksum's digits do not fit behind its position"},
	    {CHECKSUM("6", "-6", "[4]", "true"),
	     "x.yaml:6: covers must be [FROM, TO] with FROM before TO"},
	    {CHECKSUM("6", "-6", "[4, 4]", "true"),
	     "x.yaml:6: covers must be [FROM, TO] with FROM before TO"},
	    {CHECKSUM("6", "-6", "[-4, -5]", "true"),
	     "x.yaml:6: covers must be [FROM, TO] with FROM before TO"},
	    {CHECKSUM("6", "-6", "[4, x]", "true"),
	     "x.yaml:6: the list's entry must be a whole number from -65535 to 65535"},
	    {CHECKSUM("6", "-6", "[4, -6]", "yes"),
	     "x.yaml:6: published must be true or false, without quotes"},
	    {CHECKSUM("6", "-6", "[4, -6]", "'true'"),
	     "x.yaml:6: published must be true or false, without quotes"},
	    {POST("checksum: {algorithm: crc32}"),
	     "x.yaml:6: detection.post.checksum has no `encoding`; add it"},
	    {PATTERN "      examples: [{text: a}]\n",
	     "x.yaml:7: examples has no `containsSecret`; add it"},
	    {PATTERN "      examples: [{text: a, containsSecret: 1}]\n",
	     "x.yaml:7: containsSecret must be true or false, without quotes"},
	    {PATTERN "      reach: {width: 12}\n",
	     "x.yaml:7: reach.width is smaller than the pattern's own, 13; raise or remove it"},
	    {PATTERN "      reach: {width: -1}\n",
	     "x.yaml:7: width must be a whole number from 0 to 4294967294"},
	    {"      detection: {matching: {pattern: 'abcd_[0-9]+'}}\n      reach: {width: 500}\n",
	     "x.yaml:7: reach.width cannot bound a pattern that has no bound; write {0,N} for * "
	     "and "
	     "{1,N} for +"},
	    {"      detection: {post: {patternNot: a}}\n",
	     "x.yaml:4: rule `acme-token` has no detection.matching.pattern; add one"},
	    {"      examples: []\n", "x.yaml:6: examples must be a list with at least one entry"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_rule_refused(f, cases[i].rest, cases[i].message);
}

static void a_bad_pattern_names_its_line_wherever_it_stands(void **state)
{
	static const char *const places[] = {
	    "      detection:\n        matching:\n          pattern: '('\n",
	    "      detection:\n        post:\n          patternNot: [a, '(']\n",
	    "      detection:\n        matching:\n          context: {patternAfter: '('}\n",
	    "      detection:\n        post:\n          decodedBase64: {matchNot: '('}\n",
	    "      detection:\n        post:\n          decodedBase64: {matching: {pattern: "
	    "'('}}\n",
	    "      detection:\n        post:\n          groups: {a: {patternNot: '('}}\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct buf text;

		buf_init(&text, 4096);
		assert_int_equal(buf_appendf(&text, "%s%s", RULE_START, places[i]), ERR_NONE);
		assert_int_equal(load(f, buf_text(&text)), ERR_SYNTAX);
		assert_ptr_equal(strstr(f->error.message, "x.yaml:8: "), f->error.message);
		assert_non_null(strstr(f->error.message, "at offset "));
		buf_release(&text);
	}
}

static void documents_that_are_no_rules_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "", ERR_SYNTAX,
	               "x.yaml:1: nothing but space and comments; write a mapping");
	assert_refused(
	    f, "---\n", ERR_SYNTAX,
	    "x.yaml:2: the document must be a mapping; write `key: value` lines below it");
	assert_refused(
	    f, "- a\n", ERR_SYNTAX,
	    "x.yaml:1: the document must be a mapping; write `key: value` lines below it");
	assert_refused(f, "{}\n", ERR_SYNTAX,
	               "x.yaml:1: the document must have either a `provider` or a `table`");
	assert_refused(f, "provider: {metadata: {name: a, category: b}, rules: []}\n", ERR_SYNTAX,
	               "x.yaml:1: rules must be a list with at least one rule");
	assert_refused(f, "provider: {metadata: {name: a, category: b}, rules: {a: b}}\n",
	               ERR_SYNTAX, "x.yaml:1: rules must be a list with at least one rule");
	assert_refused(f, "provider: {metadata: {name: a, category: b}, rules: [a]}\n", ERR_SYNTAX,
	               "x.yaml:1: a rule must be a mapping; write `key: value` lines below it");
	assert_refused(f,
	               "provider:\n"
	               "  metadata: {name: a, category: b}\n"
	               "  rules: [{id: a, metadata: {name: b}}]\n",
	               ERR_SYNTAX, "x.yaml:3: rule `a` has no `message`; add one to its metadata");
	assert_refused(f, "provider: &p {a: *p}\n", ERR_LIMIT,
	               "x.yaml:1: an anchor (&); write the value out at each place");
}

static void ids_are_kebab_case(void **state)
{
	static const char *const bad[] = {"A", "a_b", "-a", "a-", "a--b", "a b", "\xc3\xa9"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char text[400], message[400];

		snprintf(text, sizeof(text),
		         "provider:\n"
		         "  metadata: {name: a, category: b, message: c}\n"
		         "  rules:\n"
		         "    - metadata: {name: d}\n"
		         "      id: '%s'\n"
		         "      detection: {matching: {pattern: abcd}}\n",
		         bad[i]);
		snprintf(
		    message, sizeof(message),
		    "x.yaml:5: `%s` is no id; use words of a-z and 0-9, joined by single hyphens, "
		    "at most 100 characters",
		    bad[i]);
		assert_refused(f, text, ERR_SYNTAX, message);
	}
}

static void a_reach_may_be_wider_than_derived(void **state)
{
	const struct rule *rule =
	    load_rule(*state, "      detection: {matching: {pattern: 'abcd_[0-9]{8}'}}\n"
	                      "      reach: {behind: 3, width: 13}\n");

	assert_int_equal(rule->reach.behind, 3);
	assert_int_equal(rule->reach.width, 13);
	assert_int_equal(rule->reach.ahead, 0);
}

static void slots_go_on_from_document_to_document(void **state)
{
	struct fixture *f = *state;

	load_rule(f, "      detection: {matching: {pattern: abcd}, post: {patternNot: [a, b]}}\n");
	load_rule(f, "      detection: {matching: {pattern: abcd}, post: {patternNot: [a, b]}}\n");
	assert_int_equal(f->list.count, 2);
	assert_int_equal(f->list.items[1].pattern.slot, 3);
	assert_int_equal(f->list.items[1].filters.pattern_not[1].slot, 5);
	assert_int_equal(f->list.slot_count, 6);
}

/* 20,000 rules that each use a provider's 20,000 literals would be 400 million uses. */
static void shared_lists_cannot_multiply_without_bound(void **state)
{
	struct fixture *f = *state;
	struct buf text;

	buf_init(&text, 4 * 1024 * 1024);
	assert_int_equal(buf_appendf(&text, "provider:\n"
	                                    "  metadata: {name: a, category: b, message: c}\n"
	                                    "  detection:\n"
	                                    "    matching: {pattern: abcd}\n"
	                                    "    pre: {include: {content: ["),
	                 ERR_NONE);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(buf_appendf(&text, "w%d, ", i), ERR_NONE);
	assert_int_equal(buf_appendf(&text, "]}}\n  rules:\n"), ERR_NONE);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(buf_appendf(&text, "    - {id: r%d, metadata: {name: n}}\n", i),
		                 ERR_NONE);
	assert_refused(
	    f, buf_text(&text), ERR_LIMIT,
	    "x.yaml:56: too many literals for all rules together; shorten the provider's "
	    "lists or split the file");
	buf_release(&text);
}

static void an_id_stands_once(void **state)
{
	struct fixture *f = *state;

	load_rule(f, "      detection: {matching: {pattern: abcd}}\n");
	assert_int_equal(rule_list_finish(&f->list, &f->error), ERR_NONE);
	load_rule(f, "      detection: {matching: {pattern: efgh}}\n");
	assert_int_equal(rule_list_finish(&f->list, &f->error), ERR_SYNTAX);
	assert_string_equal(f->error.message, "x.yaml:4: the id `acme-token` is used in x.yaml:4 "
	                                      "already; rename one rule");
}

static void rules_are_sorted_by_id(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f, "provider:\n"
	                         "  metadata: {name: a, category: b, message: c}\n"
	                         "  detection: {matching: {pattern: abcd}}\n"
	                         "  rules:\n"
	                         "    - {id: b, metadata: {name: n}}\n"
	                         "    - {id: a-b, metadata: {name: n}}\n"
	                         "    - {id: a, metadata: {name: n}}\n"),
	                 ERR_NONE);
	assert_int_equal(rule_list_finish(&f->list, &f->error), ERR_NONE);
	assert_string_equal(f->list.items[0].id, "a");
	assert_string_equal(f->list.items[1].id, "a-b");
	assert_string_equal(f->list.items[2].id, "b");
}

/* A temporary folder with files in it, removed by remove_folder(). */
struct folder {
	char path[256];
};

static void make_folder(struct folder *folder)
{
	const char *parent = getenv("TMPDIR");

	snprintf(folder->path, sizeof(folder->path), "%s/trawl-test-XXXXXX",
	         parent ? parent : P_tmpdir);
	assert_non_null(mkdtemp(folder->path));
}

static const char *path_in(struct buf *path, const struct folder *folder, const char *name)
{
	buf_clear(path);
	assert_int_equal(buf_appendf(path, "%s/%s", folder->path, name), ERR_NONE);
	return buf_text(path);
}

static void write_rule(struct buf *path, const struct folder *folder, const char *name,
                       const char *id)
{
	FILE *out = fopen(path_in(path, folder, name), "w");

	assert_non_null(out);
	fprintf(
	    out,
	    "provider:\n"
	    "  metadata: {name: a, category: b, message: c}\n"
	    "  rules: [{id: %s, metadata: {name: n}, detection: {matching: {pattern: abcd}}}]\n",
	    id);
	assert_int_equal(fclose(out), 0);
}

static void a_folder_is_read_in_the_order_of_paths(void **state)
{
	static const char *const files[] = {"b.yaml",     "a.yml",    "a-b.yaml", "a/z.yaml",
	                                    "a/c/d.yaml", "note.txt", "yaml",     ".yaml"};
	static const char *const order[] = {"a-b.yaml", "a.yml", "a/c/d.yaml", "a/z.yaml",
	                                    "b.yaml"};
	struct fixture *f = *state;
	struct folder folder;
	struct buf path;

	buf_init(&path, 4096);
	make_folder(&folder);
	assert_int_equal(mkdir(path_in(&path, &folder, "a"), 0700), 0);
	assert_int_equal(mkdir(path_in(&path, &folder, "a/c"), 0700), 0);
	assert_int_equal(mkfifo(path_in(&path, &folder, "fifo.yaml"), 0600), 0);
	assert_int_equal(symlink("b.yaml", path_in(&path, &folder, "link.yaml")), 0);
	assert_int_equal(symlink(".", path_in(&path, &folder, "loop")), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		write_rule(&path, &folder, files[i], "same");

	buf_clear(&path);
	assert_int_equal(buf_appendf(&path, "%s//", folder.path), ERR_NONE);
	assert_int_equal(load_rules_path(&f->list, &f->arena, buf_text(&path), &f->error),
	                 ERR_NONE);
	assert_int_equal(f->list.count, sizeof(order) / sizeof(*order));
	for (size_t i = 0; i < f->list.count; i++)
		assert_string_equal(f->list.items[i].file, path_in(&path, &folder, order[i]));
	assert_int_equal(rule_list_finish(&f->list, &f->error), ERR_SYNTAX);

	assert_int_equal(
	    load_rules_path(&f->list, &f->arena, path_in(&path, &folder, "link.yaml"), &f->error),
	    ERR_NONE);
	assert_int_equal(
	    load_rules_path(&f->list, &f->arena, path_in(&path, &folder, "fifo.yaml"), &f->error),
	    ERR_IO);

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		assert_int_equal(unlink(path_in(&path, &folder, files[i])), 0);
	assert_int_equal(unlink(path_in(&path, &folder, "fifo.yaml")), 0);
	assert_int_equal(unlink(path_in(&path, &folder, "link.yaml")), 0);
	assert_int_equal(unlink(path_in(&path, &folder, "loop")), 0);
	assert_int_equal(rmdir(path_in(&path, &folder, "a/c")), 0);
	assert_int_equal(rmdir(path_in(&path, &folder, "a")), 0);

	buf_clear(&path);
	assert_int_equal(load_rules_path(&f->list, &f->arena, folder.path, &f->error), ERR_MISSING);
	assert_non_null(strstr(f->error.message, ": no rule file in this folder; "));
	assert_int_equal(rmdir(folder.path), 0);
	assert_int_equal(load_rules_path(&f->list, &f->arena, folder.path, &f->error), ERR_MISSING);
	assert_non_null(strstr(f->error.message, ": cannot read: No such file or directory; "));
	buf_release(&path);
}

static void folders_are_read_to_a_depth(void **state)
{
	struct fixture *f = *state;
	struct folder folder;
	struct buf path;
	size_t start;

	buf_init(&path, 4096);
	make_folder(&folder);
	assert_int_equal(buf_appendf(&path, "%s", folder.path), ERR_NONE);
	start = path.len;
	for (int i = 0; i < 17; i++) {
		assert_int_equal(buf_appendf(&path, "/d"), ERR_NONE);
		assert_int_equal(mkdir(buf_text(&path), 0700), 0);
	}
	assert_int_equal(load_rules_path(&f->list, &f->arena, folder.path, &f->error), ERR_LIMIT);
	assert_non_null(strstr(f->error.message, ": folders nested too deep; move it up"));
	for (; path.len >= start; path.len -= 2)
		assert_int_equal(rmdir(buf_text(&path)), 0);
	buf_release(&path);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(every_field_is_read),
	    TEST(what_is_not_given_has_its_default),
	    TEST(a_generic_rule_has_low_confidence),
	    TEST(rules_take_whole_modules_from_their_provider),
	    TEST(unknown_keys_are_refused_at_every_level),
	    TEST(wrong_types_and_values_are_refused),
	    TEST(a_bad_pattern_names_its_line_wherever_it_stands),
	    TEST(documents_that_are_no_rules_are_refused),
	    TEST(ids_are_kebab_case),
	    TEST(a_reach_may_be_wider_than_derived),
	    TEST(slots_go_on_from_document_to_document),
	    TEST(shared_lists_cannot_multiply_without_bound),
	    TEST(an_id_stands_once),
	    TEST(rules_are_sorted_by_id),
	    TEST(a_folder_is_read_in_the_order_of_paths),
	    TEST(folders_are_read_to_a_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
