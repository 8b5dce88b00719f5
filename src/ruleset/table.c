#include "ruleset/table.h"

#include "ruleset/shape.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

enum {
	TEXT_MAX = 64 * 1024, /* bytes of each text that is made here */
	KEYWORD_MIN = 4,      /* characters; shorter ones stand in ordinary words */
	KEYWORD_MAX = 40,     /* characters */
	KEYWORD_LONG = 7,     /* characters that need no word's start before them */
	PREFIX_DISTINCT = 5,  /* characters of a prefix that needs nothing before it */
	EXAMPLES_MAX = 16,
};

/*
 * What a value holds that nobody drew at random: in one that only a keyword tells, and where the
 * alphabet has what joins words. Placeholders are known to all rules.
 */
enum { REJECTS_NAMED = 2, REJECTS_JOINED = 4 };
static const char *const rejects[] = {
    "^[^0-9]+$|^[0-9]+$",
    "[a-z]{6}[A-Z][a-z]{6}",
    "(?:[a-z]{3,20}[_\\-]){2}[a-z]{3}|(?:[A-Z]{3,20}[_\\-]){2}[A-Z]{3}|(?i:your)[_\\-]",
    "-(?:19|20)[0-9]{2}-[01][0-9](?:-|$)",
};

/* One row on its way to a rule. */
struct expansion {
	const struct table_row *row;
	struct arena *arena;
	struct shape shape;
	struct shape with;
	uint64_t seed; /* of the examples: the same for one id */
	struct example examples[EXAMPLES_MAX];
	size_t example_count;
};

/* ---- Texts ---- */

/* printf() into the arena. */
__attribute__((format(printf, 2, 3))) static char *make_text(struct arena *arena,
                                                             const char *format, ...)
{
	va_list args;
	char text[1024];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return arena_text(arena, bytes_of(text));
}

/* Words of letters and digits, with the joint between them, in lower or upper case. */
static char *join_words(struct arena *arena, const char *text, char joint, bool upper)
{
	char *joined = arena_text(arena, bytes_of(text)), *out = joined;

	for (; *text; text++) {
		if (isalnum((unsigned char)*text))
			*out++ = (char)(upper ? toupper(*text) : tolower(*text));
		else if (out > joined && out[-1] != joint)
			*out++ = joint;
	}
	while (out > joined && out[-1] == joint)
		out--;
	*out = '\0';
	return joined;
}

static void fill_texts(const struct expansion *x, struct rule *rule)
{
	const char *provider = x->row->provider;
	char *name = make_text(x->arena, "%.100s %.100s", provider, x->row->credential);

	rule->id = join_words(x->arena, name, '-', false);
	rule->provider = provider;
	rule->name = name;
	rule->message = make_text(
	    x->arena, "Revoke this %.200s and keep its replacement in a secret store.", name);
	rule->impact = make_text(x->arena,
	                         "Whoever holds it acts at %.100s in the name of its owner, with "
	                         "all rights that the %.100s has.",
	                         provider, x->row->credential);
	rule->fix = make_text(x->arena,
	                      "The owner revokes it in the account's settings at %.100s, looks for "
	                      "use by others, and hands a new one over from a secret store.",
	                      provider);
}

/* ---- Patterns ---- */

/* Whether the keywords are what a text can be searched for. */
static enum err check_keywords(const struct table_row *row, struct error *error)
{
	for (strings k = row->keywords; k && *k; k++) {
		size_t len = strlen(*k);

		if ((*k)[strspn(*k, "abcdefghijklmnopqrstuvwxyz0123456789_.-")])
			return error_set(error, ERR_SYNTAX,
			                 "the keyword `%.60s` has characters other than a-z, 0-9, "
			                 "`_`, `.` and `-`",
			                 *k);
		if (len < KEYWORD_MIN || len > KEYWORD_MAX)
			return error_set(error, ERR_SYNTAX,
			                 "the keyword `%.60s` must have %d to %d characters; join "
			                 "a short one with the next word: `box_token`",
			                 *k, KEYWORD_MIN, KEYWORD_MAX);
	}
	return ERR_NONE;
}

/*
 * In a keyword `_` stands for what separates the words of a name, or for nothing. At the end it
 * asks for one of the words that follow a provider's name, so that `box_` is not every box.
 */
static void print_keyword(const char *keyword, struct buf *out)
{
	char last = '\0';
	bool is_short = strcspn(keyword, "_.-") < KEYWORD_LONG;

	if (is_short)
		buf_appendf(out, "(?&word)");
	for (; *keyword; keyword++) {
		if (*keyword == '_' && !keyword[1])
			buf_appendf(out, "(?:[_.\\- ]?(?:api|key|token|secret|access|auth)"
			                 "|\\.(?:com|io)|[\"'\\]|=:,]| [=:|])");
		else if (*keyword == '_')
			buf_appendf(out, "[_.\\- ]?");
		else
			buf_appendf(out, isalnum((unsigned char)*keyword) ? "%c" : "\\%c",
			            *keyword);
		last = *keyword;
	}
	if (is_short && last != '_')
		buf_appendf(out, "(?&end)");
}

static void print_value(const struct expansion *x, struct buf *out)
{
	strings keywords = x->row->keywords;
	char prefix[32];
	size_t len = shape_prefix(&x->shape, prefix, sizeof(prefix));

	for (strings k = keywords; k && *k; k++) {
		buf_appendf(out, k == keywords ? "(?i:" : "|");
		print_keyword(*k, out);
	}
	if (keywords)
		buf_appendf(out, ")(?&near)");
	else if (len < PREFIX_DISTINCT || isalnum((unsigned char)prefix[len - 1]))
		buf_appendf(out, "(?&start)");
	buf_appendf(out, "(");
	shape_print_pattern(&x->shape, out);
	/* A longer run is something else: a name, a path, an encoded text. */
	buf_appendf(out, ")(?![\\w\\-%s", keywords ? "+/=" : "");
	shape_print_last(&x->shape, out);
	buf_appendf(out, keywords ? "]|[.~^!]\\w)" : "]|[~^!]\\w)");
}

static void fill_patterns(const struct expansion *x, struct table_patterns *patterns)
{
	struct buf out;

	buf_init(&out, TEXT_MAX);
	print_value(x, &out);
	*patterns = (struct table_patterns){.value = arena_text(x->arena, buf_bytes(&out)),
	                                    .rejects = rejects};
	if (x->row->keywords)
		patterns->reject_count =
		    shape_has_joints(&x->shape) ? REJECTS_JOINED : REJECTS_NAMED;
	if (x->row->with) {
		buf_clear(&out);
		buf_appendf(&out, "(?<![0-9A-Za-z])");
		shape_print_pattern(&x->with, &out);
		buf_appendf(&out, "(?![0-9A-Za-z])");
		patterns->with = arena_text(x->arena, buf_bytes(&out));
	}
	buf_release(&out);
}

/* ---- Examples ---- */

static const char *sample(struct expansion *x, const struct shape *shape, enum shape_sample kind)
{
	const char *text;
	struct buf out;

	buf_init(&out, TEXT_MAX);
	shape_print_sample(shape, kind, &x->seed, &out);
	text = arena_text(x->arena, buf_bytes(&out));
	buf_release(&out);
	return text;
}

/*
 * Adds an example. In the form $U stands for the name in capitals, $L for it in small letters, and
 * $V for the value.
 */
static void add_example(struct expansion *x, const char *form, const char *name, const char *value,
                        bool secret)
{
	struct bytes stem = bytes_of(name);
	char *lower, *upper;
	struct buf out;

	stem.len -= stem.len && name[stem.len - 1] == '_';
	lower = arena_text(x->arena, stem);
	upper = arena_text(x->arena, stem);
	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	buf_init(&out, TEXT_MAX);
	for (; *form; form++) {
		if (*form == '$' && strchr("ULV", form[1])) {
			form++;
			buf_appendf(&out, "%s",
			            *form == 'U'   ? upper
			            : *form == 'L' ? lower
			                           : value);
		} else {
			buf_appendf(&out, "%c", *form);
		}
	}
	if (secret && x->row->with)
		buf_appendf(&out, "\nid = %s\n", sample(x, &x->with, SAMPLE_FITTING));
	x->examples[x->example_count++] =
	    (struct example){.text = arena_text(x->arena, buf_bytes(&out)),
	                     .contains_secret = secret,
	                     .match = secret ? value : NULL};
	buf_release(&out);
}

/* Where people put values whose names tell them ... */
static const char *const named_forms[] = {
    "$U_API_KEY=$V\n",
    "{\"$L_token\": \"$V\"}",
    "$L-api:\n  secret_key: '$V'\n",
    "const $LSecret = \"$V\";",
};

/* ... and values that are known by themselves. */
static const char *const bare_forms[] = {
    "$U=$V\n",
    "{\"$L\": \"$V\"}",
    "curl -H 'Authorization: Bearer $V' https://api.example.com/v1/me",
};

/* What looks like the credential and is none. */
static void add_near_misses(struct expansion *x, const char *name)
{
	static const enum shape_sample kinds[] = {SAMPLE_SHORTER, SAMPLE_LONGER,
	                                          SAMPLE_PLACEHOLDER};
	const char *form = x->row->keywords ? named_forms[0] : bare_forms[0];
	const char *words;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		add_example(x, form, name, sample(x, &x->shape, kinds[i]), false);
	if (!x->row->keywords)
		return;
	add_example(x, "$U_API_KEY=${$U_API_KEY}\n", name, "", false);
	words = sample(x, &x->shape, SAMPLE_WORDS);
	if (!words[strcspn(words, "0123456789")])
		add_example(x, form, name, words, false);
	if (x->row->with)
		add_example(x, form, name, sample(x, &x->shape, SAMPLE_FITTING), false);
}

static void fill_examples(struct expansion *x, struct rule *rule)
{
	const char *name = join_words(x->arena, rule->name, '_', false);
	strings keywords = x->row->keywords, k = keywords;
	size_t count = keywords ? sizeof(named_forms) / sizeof(*named_forms)
	                        : sizeof(bare_forms) / sizeof(*bare_forms);
	struct example *examples;

	/* FNV-1a (RFC 9923) of the id. */
	x->seed = UINT64_C(0xcbf29ce484222325);
	for (const char *c = rule->id; *c; c++)
		x->seed = (x->seed ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < count; i++) {
		if (keywords)
			name = *k;
		add_example(x, keywords ? named_forms[i] : bare_forms[i], name,
		            sample(x, &x->shape, SAMPLE_FITTING), true);
		if (keywords && !*++k)
			k = keywords;
	}
	add_near_misses(x, name);
	examples = arena_alloc(x->arena, x->example_count, sizeof(*examples));
	memcpy(examples, x->examples, x->example_count * sizeof(*examples));
	rule->examples = examples;
	rule->example_count = x->example_count;
}

enum err table_expand(const struct table_row *row, struct arena *arena, struct rule *rule,
                      struct table_patterns *patterns, struct error *error)
{
	struct expansion x = {.row = row, .arena = arena};
	enum err err = check_keywords(row, error);

	if (!err)
		err = shape_read(row->shape, arena, &x.shape, error);
	if (!err && row->with)
		err = shape_read(row->with, arena, &x.with, error);
	if (!err && row->keywords && !shape_is_mixed(&x.shape))
		err = error_set(error, ERR_SYNTAX,
		                "the shape `%.60s` has no digits or no letters: words and numbers "
		                "look like it; write a rule of its own",
		                row->shape);
	if (err)
		return err;
	fill_texts(&x, rule);
	fill_patterns(&x, patterns);
	rule->keywords = row->keywords;
	rule->type = row->keywords ? RULE_PROVIDER_GENERIC : RULE_SPECIFIC;
	rule->filters.entropy_threshold = shape_entropy_floor(&x.shape);
	rule->filters.heuristics = HEURISTIC_NAME;
	fill_examples(&x, rule);
	return ERR_NONE;
}
