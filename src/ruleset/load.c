#include "ruleset/load.h"

#include "base/buf.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "ruleset/fragments.h"
#include "ruleset/regex.h"
#include "ruleset/table.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ID_MAX = 100,            /* bytes */
	CONTENT_MAX = 255,       /* bytes of a literal in pre.*.content */
	STUB_USES_MAX = 1000000, /* anchors and literals of one document's rules, all counted */
	FOLDER_DEPTH_MAX = 16,
	FOLDER_FILES_MAX = 10000,
	PATH_BYTES_MAX = 64 * 1024,
	KEYS_MAX = 16,
	LINE_LENGTH_DEFAULT = 1000, /* bytes; of maxLineLength */
	WITH_DISTANCE = 400,        /* bytes from a row's value to what stands with it */
	CHECKSUM_DIGITS_MAX = 64,
	CHECKSUM_POSITION_MAX = 65535, /* characters, from either end */
};

/*
 * One document on its way into rules. The first error sticks and stops the reading: every function
 * below does nothing once `err` is set, so that each field of the format takes one line.
 *
 * A function named take_... sets the field when the key stands in the mapping and leaves it as it
 * is otherwise; so a rule begins as a copy of its provider's defaults.
 */
struct loader {
	struct rule_list *list;
	struct arena *arena;
	const char *file;
	struct error *error;
	enum err err;
	size_t stub_uses;
};

/* The keys that a mapping must and may have; any other is an error. */
struct shape {
	const char *where;
	const char *required[KEYS_MAX];
	const char *optional[KEYS_MAX];
};

__attribute__((format(printf, 3, 4))) static void fail(struct loader *l, uint32_t line,
                                                       const char *format, ...)
{
	char what[sizeof(l->error->message)];
	va_list args;

	if (l->err)
		return;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	l->err = error_set(l->error, ERR_SYNTAX, "%s:%" PRIu32 ": %s", l->file, line, what);
}

/* What messages call a node. */
static const char *name_of(const struct yaml_node *node)
{
	return node->key ? node->key : "the list's entry";
}

/* Patterns that rows share; room for all of them. */
struct rejects {
	struct pattern *patterns;
	size_t count;
};

struct names {
	char text[400];
};

/* The names of a NULL-terminated list, for people; a long list is cut. */
static struct names join(struct names joined, const char *const *names)
{
	for (; *names; names++) {
		size_t len = strlen(joined.text);

		snprintf(joined.text + len, sizeof(joined.text) - len, "%s%s", len ? ", " : "",
		         *names);
	}
	return joined;
}

static bool in_list(const char *const *names, const char *name)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

/* Whether the node is a mapping of that shape. */
static bool has_shape(struct loader *l, const struct yaml_node *node, const struct shape *shape)
{
	if (!l->err && node->kind != YAML_MAPPING)
		fail(l, node->line, "%s must be a mapping; write `key: value` lines below it",
		     shape->where);
	for (size_t i = 0; !l->err && i < node->count; i++) {
		const struct yaml_node *child = &node->children[i];
		struct names known = {""};

		if (in_list(shape->required, child->key) || in_list(shape->optional, child->key))
			continue;
		known = join(join(known, shape->required), shape->optional);
		fail(l, child->key_line, "unknown key `%.60s` in %s; known keys are: %s",
		     child->key, shape->where, known.text);
	}
	for (const char *const *key = shape->required; !l->err && *key; key++)
		if (!yaml_get(node, *key))
			fail(l, node->line, "%s has no `%s`; add it", shape->where, *key);
	return !l->err;
}

/* The mapping below the key; NULL if there is none, or none of that shape. */
static const struct yaml_node *section(struct loader *l, const struct yaml_node *parent,
                                       const char *key, const struct shape *shape)
{
	const struct yaml_node *node = yaml_get(parent, key);

	return node && has_shape(l, node, shape) ? node : NULL;
}

/* The text of a scalar, never empty; NULL after an error. */
static const char *text_of(struct loader *l, const struct yaml_node *node)
{
	if (!l->err && (node->kind != YAML_SCALAR || !*node->text))
		fail(l, node->line, "%s must be text and not empty", name_of(node));
	return l->err ? NULL : node->text;
}

/*
 * The entries of a list; a single text counts as a list of one. None after an error. An empty list
 * is refused: it reads like a condition and would be none.
 */
static const struct yaml_node *entries_of(struct loader *l, const struct yaml_node *node,
                                          size_t *count)
{
	*count = 0;
	if (!l->err &&
	    (node->kind == YAML_MAPPING || (node->kind == YAML_SEQUENCE && !node->count)))
		fail(l, node->line, "%s must be a list with at least one entry", name_of(node));
	if (l->err)
		return NULL;
	*count = node->kind == YAML_SCALAR ? 1 : node->count;
	return node->kind == YAML_SCALAR ? node : node->children;
}

static void take_text(struct loader *l, const struct yaml_node *parent, const char *key,
                      const char **field)
{
	const struct yaml_node *node = yaml_get(parent, key);

	if (node)
		*field = text_of(l, node);
}

static void take_bool(struct loader *l, const struct yaml_node *parent, const char *key,
                      bool *field)
{
	const struct yaml_node *node = yaml_get(parent, key);
	const char *text = node ? text_of(l, node) : NULL;

	if (!text)
		return;
	*field = strcmp(text, "true") == 0;
	if (!node->plain || (!*field && strcmp(text, "false") != 0))
		fail(l, node->line, "%s must be true or false, without quotes", key);
}

static int64_t integer_of(struct loader *l, const struct yaml_node *node, int64_t min, int64_t max)
{
	const char *text = text_of(l, node);
	char *end = NULL;
	int64_t value;

	if (!text)
		return 0;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (!node->plain || errno || *end || text[strspn(text, "-0123456789")] || value < min ||
	    value > max)
		fail(l, node->line, "%s must be a whole number from %" PRId64 " to %" PRId64,
		     name_of(node), min, max);
	return l->err ? 0 : value;
}

static void take_uint(struct loader *l, const struct yaml_node *parent, const char *key,
                      uint32_t *field)
{
	const struct yaml_node *node = yaml_get(parent, key);

	if (node)
		*field = (uint32_t)integer_of(l, node, 0, UNBOUNDED - 1);
}

static void take_threshold(struct loader *l, const struct yaml_node *parent, const char *key,
                           double *field)
{
	const struct yaml_node *node = yaml_get(parent, key);
	const char *text = node ? text_of(l, node) : NULL;
	char *end = NULL;

	if (!text)
		return;
	*field = strtod(text, &end);
	if (!node->plain || *end || text[strspn(text, "0123456789.")] || !(*field <= 8))
		fail(l, node->line, "%s must be a number from 0 to 8 (bits per character)", key);
}

/* The place of the text in the NULL-terminated list of names; 0 after an error. */
static unsigned choice_of(struct loader *l, const struct yaml_node *node, const char *const *names)
{
	const char *text = text_of(l, node);
	unsigned choice = 0;

	while (text && names[choice] && strcmp(names[choice], text) != 0)
		choice++;
	if (text && !names[choice])
		fail(l, node->line, "%s cannot be `%.60s`; use one of: %s", name_of(node), text,
		     join((struct names){""}, names).text);
	return l->err ? 0 : choice;
}

static void take_choice(struct loader *l, const struct yaml_node *parent, const char *key,
                        const char *const *names, unsigned *field)
{
	const struct yaml_node *node = yaml_get(parent, key);

	if (node)
		*field = choice_of(l, node, names);
}

static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

enum text_form { TEXT_AS_IS, TEXT_LITERAL, TEXT_EXTENSION };

static const char *formed_text(struct loader *l, const struct yaml_node *node, enum text_form form)
{
	const char *text = text_of(l, node);
	char *formed;

	if (!text || form == TEXT_AS_IS)
		return text;
	if (form == TEXT_EXTENSION && *text == '.')
		text++;
	if (!*text || strlen(text) > CONTENT_MAX)
		fail(l, node->line, "%s must have 1 to %d bytes", name_of(node), CONTENT_MAX);
	formed = arena_text(l->arena, bytes_of(text));
	lower(formed);
	return formed;
}

static void take_strings(struct loader *l, const struct yaml_node *parent, const char *key,
                         enum text_form form, strings *field)
{
	const struct yaml_node *node = yaml_get(parent, key), *entries;
	const char **list;
	size_t count;

	if (!node)
		return;
	entries = entries_of(l, node, &count);
	list = arena_alloc(l->arena, count + 1, sizeof(*list));
	for (size_t i = 0; i < count; i++)
		list[i] = formed_text(l, &entries[i], form);
	*field = list;
}

/* The pattern with that text, which stands in the line; messages call it by the name. */
static struct pattern make_pattern(struct loader *l, uint32_t line, const char *name,
                                   const char *text, struct regex_facts *facts)
{
	struct error error = {0};
	const char *expanded = l->err ? NULL : fragments_expand(text, l->arena);

	*facts = (struct regex_facts){0};
	if (!l->err && !expanded)
		fail(l, line, "%s: the pattern is longer than 64 KiB; split it", name);
	else if (expanded && regex_analyse(expanded, l->arena, facts, &error))
		fail(l, line, "%s: %s", name, error.message);
	if (l->err)
		return (struct pattern){0};
	return (struct pattern){.text = facts->translated, .slot = l->list->slot_count++};
}

static struct pattern pattern_of(struct loader *l, const struct yaml_node *node,
                                 struct regex_facts *facts)
{
	return make_pattern(l, node->line, name_of(node), text_of(l, node), facts);
}

static void take_patterns(struct loader *l, const struct yaml_node *parent, const char *key,
                          const struct pattern **field, size_t *field_count)
{
	const struct yaml_node *node = yaml_get(parent, key), *entries;
	struct regex_facts facts;
	struct pattern *list;
	size_t count;

	if (!node)
		return;
	entries = entries_of(l, node, &count);
	list = arena_alloc(l->arena, count, sizeof(*list));
	for (size_t i = 0; i < count; i++)
		list[i] = pattern_of(l, &entries[i], &facts);
	*field = list;
	*field_count = count;
}

/* detection.pre */

static void take_file_filter(struct loader *l, const struct yaml_node *pre, const char *key,
                             const struct shape *shape, struct file_filter *filter)
{
	const struct yaml_node *node = section(l, pre, key, shape);

	*filter = (struct file_filter){0};
	if (!node)
		return;
	take_strings(l, node, "content", TEXT_LITERAL, &filter->content);
	take_strings(l, node, "paths", TEXT_AS_IS, &filter->paths);
	take_strings(l, node, "ext", TEXT_EXTENSION, &filter->ext);
}

static void read_pre(struct loader *l, const struct yaml_node *node, struct rule *rule)
{
	static const struct shape shape = {"detection.pre",
	                                   .optional = {"include", "reject", "scopes"}};
	static const struct shape include = {"detection.pre.include",
	                                     .optional = {"content", "paths", "ext"}};
	static const struct shape reject = {"detection.pre.reject",
	                                    .optional = {"content", "paths", "ext"}};
	static const char *const scopes[] = {"main", "test", NULL};
	const struct yaml_node *scope = yaml_get(node, "scopes"), *entries;
	size_t count = 0;

	if (!has_shape(l, node, &shape))
		return;
	take_file_filter(l, node, "include", &include, &rule->include);
	take_file_filter(l, node, "reject", &reject, &rule->reject);
	entries = scope ? entries_of(l, scope, &count) : NULL;
	for (size_t i = 0; i < count; i++)
		choice_of(l, &entries[i], scopes);
}

/* detection.matching */

/* The other pattern of a condition and how near it must stand. */
static void read_neighbour(struct loader *l, const struct yaml_node *node, struct context *context)
{
	static const struct shape shape = {
	    "a context pattern", .required = {"pattern"},
	    .optional = {"maxCharDistance", "maxDistance", "maxLineDistance", "maxLineLength"}};
	struct regex_facts facts;

	context->max_char_distance = context->max_line_distance = UNBOUNDED;
	context->max_line_length = LINE_LENGTH_DEFAULT;
	if (node->kind == YAML_SCALAR) {
		context->pattern = pattern_of(l, node, &facts);
		return;
	}
	if (!has_shape(l, node, &shape))
		return;
	context->pattern = pattern_of(l, yaml_get(node, "pattern"), &facts);
	if (yaml_get(node, "maxCharDistance") && yaml_get(node, "maxDistance"))
		fail(l, node->line, "maxCharDistance and maxDistance mean the same; remove one");
	take_uint(l, node, "maxDistance", &context->max_char_distance);
	take_uint(l, node, "maxCharDistance", &context->max_char_distance);
	take_uint(l, node, "maxLineDistance", &context->max_line_distance);
	take_uint(l, node, "maxLineLength", &context->max_line_length);
}

static const struct shape context_shape = {"detection.matching.context",
                                           .optional = {"patternBefore", "patternAfter",
                                                        "patternAround", "patternNot", "matchEach",
                                                        "matchEither", "matchNot"}};

static void read_conditions(struct loader *l, const struct yaml_node *nodes, size_t count,
                            struct context *parent);

/* One key of a context mapping, a known one, with its value. */
static void read_condition(struct loader *l, const struct yaml_node *node, struct context *context)
{
	static const struct {
		const char *key;
		enum context_kind kind;
	} kinds[] = {
	    {"patternBefore", CONTEXT_BEFORE}, {"patternAfter", CONTEXT_AFTER},
	    {"patternAround", CONTEXT_AROUND}, {"patternNot", CONTEXT_NOT},
	    {"matchEach", CONTEXT_EACH},       {"matchEither", CONTEXT_EITHER},
	    {"matchNot", CONTEXT_NOT},
	};
	const struct yaml_node *entries;
	struct context *child;
	size_t count, i = 0;

	while (strcmp(kinds[i].key, node->key) != 0)
		i++;
	context->kind = kinds[i].kind;
	if (strcmp(node->key, "patternNot") == 0) {
		child = arena_alloc(l->arena, 1, sizeof(*child));
		child->kind = CONTEXT_AROUND;
		read_neighbour(l, node, child);
		context->children = child;
		context->child_count = 1;
	} else if (context->kind <= CONTEXT_AROUND) {
		read_neighbour(l, node, context);
	} else if (context->kind == CONTEXT_NOT && node->kind == YAML_MAPPING) {
		read_conditions(l, node, 1, context);
	} else {
		entries = entries_of(l, node, &count);
		read_conditions(l, entries, count, context);
	}
}

/* The children of parent: mappings with one key each. */
static void read_conditions(struct loader *l, const struct yaml_node *nodes, size_t count,
                            struct context *parent)
{
	struct context *children = arena_alloc(l->arena, count, sizeof(*children));

	for (size_t i = 0; i < count && has_shape(l, &nodes[i], &context_shape); i++) {
		if (nodes[i].count == 1)
			read_condition(l, nodes[i].children, &children[i]);
		else
			fail(l, nodes[i].line, "%s needs exactly one key for each list entry",
			     context_shape.where);
	}
	parent->children = children;
	parent->child_count = count;
}

/* The keys at the top must all hold. */
static const struct context *read_context(struct loader *l, const struct yaml_node *node)
{
	struct context *context, *children;

	if (!has_shape(l, node, &context_shape))
		return NULL;
	if (!node->count)
		fail(l, node->line, "%s is empty; remove it", context_shape.where);
	context = arena_alloc(l->arena, 1, sizeof(*context));
	if (node->count == 1) {
		read_condition(l, node->children, context);
		return context;
	}
	children = arena_alloc(l->arena, node->count, sizeof(*children));
	for (size_t i = 0; !l->err && i < node->count; i++)
		read_condition(l, &node->children[i], &children[i]);
	context->kind = CONTEXT_EACH;
	context->children = children;
	context->child_count = node->count;
	return context;
}

static void take_facts(struct rule *rule, const struct regex_facts *facts)
{
	rule->reach = facts->reach;
	rule->anchors = facts->anchors;
	rule->anchor_count = facts->anchor_count;
	rule->bulk = facts->bulk;
	rule->prefix_len = facts->prefix_len;
	rule->forms = facts->forms;
	rule->form_count = facts->form_count;
}

static void read_matching(struct loader *l, const struct yaml_node *node, struct rule *rule)
{
	static const struct shape shape = {"detection.matching",
	                                   .optional = {"pattern", "context"}};
	const struct yaml_node *pattern = yaml_get(node, "pattern");
	const struct yaml_node *context = yaml_get(node, "context");
	struct regex_facts facts = {0};

	if (!has_shape(l, node, &shape))
		return;
	rule->pattern = pattern ? pattern_of(l, pattern, &facts) : (struct pattern){0};
	take_facts(rule, &facts);
	rule->context = context ? read_context(l, context) : NULL;
}

/* detection.post */

static const struct shape post_shape = {
    "detection.post", .optional = {"statisticalFilter", "heuristicFilter", "patternNot",
                                   "decodedBase64", "groups", "checksum", "structure"}};
static const struct shape group_shape = {
    "detection.post.groups",
    .optional = {"statisticalFilter", "heuristicFilter", "patternNot", "decodedBase64"}};
static const struct shape named_group_shape = {
    "detection.post.groups", .required = {"name"},
    .optional = {"statisticalFilter", "heuristicFilter", "patternNot", "decodedBase64"}};
static const struct shape decoded_shape = {
    "decodedBase64.post", .optional = {"statisticalFilter", "heuristicFilter", "patternNot"}};

static void read_filters(struct loader *l, const struct yaml_node *node, const struct shape *shape,
                         struct filters *filters);

/* `matching.pattern` is one more pattern that must be found. */
static void add_decoded_pattern(struct loader *l, const struct yaml_node *node,
                                struct decoded_base64 *decoded)
{
	struct pattern *list = arena_alloc(l->arena, decoded->match_each_count + 1, sizeof(*list));
	struct regex_facts facts;

	for (size_t i = 0; i < decoded->match_each_count; i++)
		list[i] = decoded->match_each[i];
	list[decoded->match_each_count++] = pattern_of(l, node, &facts);
	decoded->match_each = list;
}

static const struct decoded_base64 *read_decoded(struct loader *l, const struct yaml_node *node)
{
	static const struct shape shape = {
	    "decodedBase64", .optional = {"alphabet", "matchEach", "matchNot", "matching", "post"}};
	static const struct shape matching_shape = {"decodedBase64.matching",
	                                            .required = {"pattern"}};
	static const char *const alphabets[] = {"default", "url", NULL};
	struct decoded_base64 *decoded = arena_alloc(l->arena, 1, sizeof(*decoded));
	const struct yaml_node *matching, *post = yaml_get(node, "post");
	unsigned alphabet = 0;

	if (!has_shape(l, node, &shape))
		return NULL;
	take_choice(l, node, "alphabet", alphabets, &alphabet);
	decoded->url_alphabet = alphabet == 1;
	take_patterns(l, node, "matchEach", &decoded->match_each, &decoded->match_each_count);
	take_patterns(l, node, "matchNot", &decoded->match_not, &decoded->match_not_count);
	matching = section(l, node, "matching", &matching_shape);
	if (matching)
		add_decoded_pattern(l, yaml_get(matching, "pattern"), decoded);
	if (post) {
		read_filters(l, post, &decoded_shape, &decoded->filters);
		if (decoded->filters.entropy_input || decoded->filters.heuristic_input)
			fail(l, post->line, "decoded text has no groups; remove `inputString`");
	}
	return decoded;
}

static void read_groups(struct loader *l, const struct yaml_node *node, struct filters *filters)
{
	struct group_filter *groups = arena_alloc(l->arena, node->count, sizeof(*groups));

	if (node->kind == YAML_SCALAR || !node->count)
		fail(l, node->line, "%s must name at least one group", group_shape.where);
	for (size_t i = 0; !l->err && i < node->count; i++) {
		const struct yaml_node *child = &node->children[i];

		groups[i].group = child->key;
		read_filters(l, child, child->key ? &group_shape : &named_group_shape,
		             &groups[i].filters);
		if (!child->key)
			take_text(l, child, "name", &groups[i].group);
	}
	filters->groups = groups;
	filters->group_count = node->count;
}

static unsigned read_heuristics(struct loader *l, const struct yaml_node *node)
{
	static const char *const names[] = {"path", "uri", "words", "misfit", "name", NULL};
	unsigned heuristics = 0;
	size_t count;
	const struct yaml_node *entries = entries_of(l, node, &count);

	for (size_t i = 0; i < count; i++)
		heuristics |= (unsigned)HEURISTIC_PATH << choice_of(l, &entries[i], names);
	return heuristics;
}

/* What a match, a group or a decoded text must survive: the shape says which keys may stand. */
static void read_filters(struct loader *l, const struct yaml_node *node, const struct shape *shape,
                         struct filters *filters)
{
	static const struct shape statistical_shape = {
	    "statisticalFilter", .required = {"threshold"}, .optional = {"inputString"}};
	static const struct shape heuristic_shape = {"heuristicFilter", .required = {"heuristics"},
	                                             .optional = {"inputString"}};
	const struct yaml_node *part;

	*filters = (struct filters){0};
	if (!has_shape(l, node, shape))
		return;
	part = section(l, node, "statisticalFilter", &statistical_shape);
	if (part) {
		take_threshold(l, part, "threshold", &filters->entropy_threshold);
		take_text(l, part, "inputString", &filters->entropy_input);
	}
	part = section(l, node, "heuristicFilter", &heuristic_shape);
	if (part) {
		filters->heuristics = read_heuristics(l, yaml_get(part, "heuristics"));
		take_text(l, part, "inputString", &filters->heuristic_input);
	}
	take_patterns(l, node, "patternNot", &filters->pattern_not, &filters->pattern_not_count);
	part = yaml_get(node, "decodedBase64");
	if (part)
		filters->base64 = read_decoded(l, part);
	part = yaml_get(node, "groups");
	if (part)
		read_groups(l, part, filters);
}

/* [FROM, TO): each from the start or, negative, from the end; TO = 0 is the end. */
static void read_covers(struct loader *l, const struct yaml_node *node, struct checksum *checksum)
{
	const int64_t max = CHECKSUM_POSITION_MAX;
	bool pair = node->kind == YAML_SEQUENCE && node->count == 2;
	int64_t from = pair ? integer_of(l, &node->children[0], -max, max) : 0;
	int64_t to = pair ? integer_of(l, &node->children[1], -max, max) : 0;

	if (!pair || (to && (from < 0) == (to < 0) && from >= to))
		fail(l, node->line, "covers must be [FROM, TO] with FROM before TO");
	checksum->from = (int32_t)from;
	checksum->to = (int32_t)to;
}

/* Which characters are the checksum of which others, and how it is written. */
static void read_digits(struct loader *l, const struct yaml_node *node, struct checksum *checksum)
{
	static const char *const encodings[] = {"hex",    "HEX",    "base32", "base36",
	                                        "base62", "base64", NULL};
	static const char *const orders[] = {"big", "little", NULL};
	const int64_t max = CHECKSUM_POSITION_MAX;
	unsigned order = 0;

	checksum->encoding = choice_of(l, yaml_get(node, "encoding"), encodings);
	take_choice(l, node, "byteOrder", orders, &order);
	checksum->little_endian = order == 1;
	checksum->digits =
	    (uint32_t)integer_of(l, yaml_get(node, "digits"), 1, CHECKSUM_DIGITS_MAX);
	checksum->position = (int32_t)integer_of(l, yaml_get(node, "position"), -max, max);
	if (checksum->position < 0 && checksum->position + (int32_t)checksum->digits > 0)
		fail(l, node->line, "the checksum's digits do not fit behind its position");
	read_covers(l, yaml_get(node, "covers"), checksum);
}

static struct checksum read_checksum(struct loader *l, const struct yaml_node *node)
{
	static const struct shape digits_shape = {
	    "detection.post.checksum",
	    .required = {"algorithm", "encoding", "digits", "position", "covers", "published"},
	    .optional = {"byteOrder", "required"}};
	static const struct shape named_shape = {"detection.post.checksum",
	                                         .required = {"algorithm", "published"},
	                                         .optional = {"required"}};
	const struct yaml_node *algorithm = yaml_get(node, "algorithm");
	struct checksum checksum = {0};
	bool named;

	if (algorithm)
		checksum.algorithm = CHECKSUM_CRC32 + choice_of(l, algorithm, checksum_names);
	named = checksum.algorithm > CHECKSUM_SHA256;
	if (!has_shape(l, node, named ? &named_shape : &digits_shape))
		return checksum;
	if (!named)
		read_digits(l, node, &checksum);
	take_bool(l, node, "published", &checksum.published);
	take_bool(l, node, "required", &checksum.required);
	return checksum;
}

static enum structure structure_of(struct loader *l, const struct yaml_node *node)
{
	return STRUCTURE_JWT + choice_of(l, node, structure_names);
}

static void read_post(struct loader *l, const struct yaml_node *node, struct rule *rule)
{
	const struct yaml_node *checksum = yaml_get(node, "checksum");
	const struct yaml_node *structure = yaml_get(node, "structure");

	read_filters(l, node, &post_shape, &rule->filters);
	rule->checksum = checksum ? read_checksum(l, checksum) : (struct checksum){0};
	rule->structure = structure ? structure_of(l, structure) : STRUCTURE_NONE;
}

/* detection.parts */

static void read_part(struct loader *l, const struct yaml_node *node, struct part *part)
{
	static const struct shape shape = {"a part", .required = {"name"},
	                                   .optional = {"group", "pattern", "maxCharDistance",
	                                                "maxLineDistance", "maxLineLength",
	                                                "absent", "structure"}};
	static const char *const absences[] = {"ignore", "lower", "reject", "note", NULL};
	const struct yaml_node *pattern = yaml_get(node, "pattern");
	const struct yaml_node *structure = yaml_get(node, "structure");
	struct regex_facts facts;
	unsigned absence = PART_IGNORED;

	if (!has_shape(l, node, &shape))
		return;
	if (!pattern == !yaml_get(node, "group"))
		fail(l, node->line,
		     "a part needs either a `pattern` near the match or a `group` of it");
	take_text(l, node, "name", &part->name);
	take_text(l, node, "group", &part->group);
	take_choice(l, node, "absent", absences, &absence);
	part->absence = absence;
	part->structure = structure ? structure_of(l, structure) : STRUCTURE_NONE;
	part->near = (struct context){.kind = CONTEXT_AROUND,
	                              .max_char_distance = UNBOUNDED,
	                              .max_line_distance = UNBOUNDED,
	                              .max_line_length = LINE_LENGTH_DEFAULT};
	if (pattern)
		part->near.pattern = pattern_of(l, pattern, &facts);
	take_uint(l, node, "maxCharDistance", &part->near.max_char_distance);
	take_uint(l, node, "maxLineDistance", &part->near.max_line_distance);
	take_uint(l, node, "maxLineLength", &part->near.max_line_length);
	if (pattern && part->near.max_char_distance == UNBOUNDED &&
	    part->near.max_line_distance == UNBOUNDED)
		fail(l, node->line,
		     "a part must say how near it stands: maxLineDistance or "
		     "maxCharDistance");
}

static void read_parts(struct loader *l, const struct yaml_node *node, struct rule *rule)
{
	size_t count;
	const struct yaml_node *entries = entries_of(l, node, &count);
	struct part *parts = arena_alloc(l->arena, count, sizeof(*parts));

	if (count > PARTS_MAX)
		fail(l, node->line, "a rule has at most %d parts", PARTS_MAX);
	for (size_t i = 0; i < count && !l->err; i++)
		read_part(l, &entries[i], &parts[i]);
	rule->parts = parts;
	rule->part_count = count;
}

/* provider and rule */

/* Each module that stands here replaces the provider's whole module. */
static void take_detection(struct loader *l, const struct yaml_node *parent, struct rule *rule)
{
	static const struct shape shape = {"detection",
	                                   .optional = {"pre", "matching", "post", "parts"}};
	const struct yaml_node *node = section(l, parent, "detection", &shape), *module;

	if (!node)
		return;
	module = yaml_get(node, "pre");
	if (module)
		read_pre(l, module, rule);
	module = yaml_get(node, "matching");
	if (module)
		read_matching(l, module, rule);
	module = yaml_get(node, "post");
	if (module)
		read_post(l, module, rule);
	module = yaml_get(node, "parts");
	if (module)
		read_parts(l, module, rule);
}

/* Names of enum rule_type, in its order. */
static const char *const rule_types[] = {"specific", "providerGeneric", "providerVariant",
                                         "analyzerGeneric", NULL};

/* Addresses, or mappings whose link is the address. */
static void take_references(struct loader *l, const struct yaml_node *metadata, strings *field)
{
	static const struct shape shape = {"references", .required = {"link"},
	                                   .optional = {"description", "type"}};
	const struct yaml_node *node = yaml_get(metadata, "references"), *entries;
	const char **list;
	size_t count;

	if (!node)
		return;
	entries = entries_of(l, node, &count);
	list = arena_alloc(l->arena, count + 1, sizeof(*list));
	for (size_t i = 0; i < count && !l->err; i++) {
		if (entries[i].kind != YAML_MAPPING)
			list[i] = text_of(l, &entries[i]);
		else if (has_shape(l, &entries[i], &shape))
			take_text(l, &entries[i], "link", &list[i]);
	}
	*field = list;
}

/* The metadata that a provider gives and a rule may override. */
static void take_metadata(struct loader *l, const struct yaml_node *node, struct rule *rule)
{
	strings categories = NULL;

	take_strings(l, node, "category", TEXT_AS_IS, &categories);
	if (categories)
		rule->category = categories[0];
	take_text(l, node, "message", &rule->message);
	take_text(l, node, "impact", &rule->impact);
	take_text(l, node, "fix", &rule->fix);
	take_references(l, node, &rule->references);
}

/* A given reach may be wider than what the pattern says, never narrower. */
static void take_reach_part(struct loader *l, const struct yaml_node *reach, const char *key,
                            uint32_t *field)
{
	uint32_t derived = *field;

	take_uint(l, reach, key, field);
	if (*field >= derived)
		return;
	if (derived == UNBOUNDED)
		fail(l, yaml_get(reach, key)->line,
		     "reach.%s cannot bound a pattern that has no bound; write {0,N} for * and "
		     "{1,N} for +",
		     key);
	else
		fail(l, yaml_get(reach, key)->line,
		     "reach.%s is smaller than the pattern's own, %" PRIu32 "; raise or remove it",
		     key, derived);
}

static void take_reach(struct loader *l, const struct yaml_node *parent, struct reach *reach)
{
	static const struct shape shape = {"reach", .optional = {"behind", "width", "ahead"}};
	const struct yaml_node *node = section(l, parent, "reach", &shape);

	if (!node)
		return;
	take_reach_part(l, node, "behind", &reach->behind);
	take_reach_part(l, node, "width", &reach->width);
	take_reach_part(l, node, "ahead", &reach->ahead);
}

static void take_examples(struct loader *l, const struct yaml_node *parent, struct rule *rule)
{
	static const struct shape shape = {"examples", .required = {"text", "containsSecret"},
	                                   .optional = {"match", "fileName"}};
	const struct yaml_node *node = yaml_get(parent, "examples"), *entries;
	struct example *examples;
	size_t count;

	if (!node)
		return;
	entries = entries_of(l, node, &count);
	examples = arena_alloc(l->arena, count, sizeof(*examples));
	for (size_t i = 0; i < count && has_shape(l, &entries[i], &shape); i++) {
		take_text(l, &entries[i], "text", &examples[i].text);
		take_bool(l, &entries[i], "containsSecret", &examples[i].contains_secret);
		take_text(l, &entries[i], "match", &examples[i].match);
		take_text(l, &entries[i], "fileName", &examples[i].file_name);
	}
	rule->examples = examples;
	rule->example_count = count;
}

/* [a-z0-9]+(-[a-z0-9]+)*, of a length that every report's consumers take. */
static bool is_kebab_case(const char *id)
{
	if (strlen(id) > ID_MAX)
		return false;
	for (;;) {
		size_t word = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789");

		if (!word)
			return false;
		id += word;
		if (!*id)
			return true;
		if (*id++ != '-')
			return false;
	}
}

static void check_group(struct loader *l, const struct rule *rule, const char *name)
{
	if (!l->err && name && !regex_has_group(rule->pattern.text, bytes_of(name)))
		fail(l, rule->line,
		     "rule `%s` names the group `%.60s`, which its pattern does not have; name "
		     "it with (?<%.60s>...)",
		     rule->id, name, name);
}

/* A group that does not exist would be a filter that is switched off. */
static void check_groups(struct loader *l, const struct rule *rule, const struct filters *filters)
{
	check_group(l, rule, filters->entropy_input);
	check_group(l, rule, filters->heuristic_input);
	for (size_t i = 0; i < rule->part_count; i++)
		check_group(l, rule, rule->parts[i].group);
	for (size_t i = 0; i < filters->group_count && !l->err; i++) {
		check_group(l, rule, filters->groups[i].group);
		check_groups(l, rule, &filters->groups[i].filters);
	}
}

static size_t strings_count(strings list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

/* Rules may share a provider's long lists, so that a small file can ask for very many uses. */
static void check_stub_uses(struct loader *l, const struct rule *rule)
{
	l->stub_uses += rule->anchor_count + strings_count(rule->include.content) +
	                strings_count(rule->reject.content);
	if (!l->err && l->stub_uses > STUB_USES_MAX)
		l->err = error_set(l->error, ERR_LIMIT,
		                   "%s:%" PRIu32 ": too many literals for all rules together; "
		                   "shorten the provider's lists or split the file",
		                   l->file, rule->line);
}

/* What only the whole rule can tell. */
static void check_rule(struct loader *l, const struct rule *rule)
{
	if (l->err)
		return;
	if (!is_kebab_case(rule->id))
		fail(l, rule->line,
		     "`%.60s` is no id; use words of a-z and 0-9, joined by single hyphens, at "
		     "most 100 characters",
		     rule->id);
	else if (!rule->message)
		fail(l, rule->line, "rule `%s` has no `message`; add one to its metadata",
		     rule->id);
	else if (!rule->pattern.text)
		fail(l, rule->line, "rule `%s` has no detection.matching.pattern; add one",
		     rule->id);
	else
		check_groups(l, rule, &rule->filters);
	check_stub_uses(l, rule);
}

/* How bad a leak is, and how sure a match; the rule's type says what holds otherwise. */
static void take_weights(struct loader *l, const struct yaml_node *node, struct rule *rule)
{
	static const char *const severities[] = {"low", "medium", "high", "critical", NULL};
	static const double security_severities[] = {3.0, 5.5, 8.0, 9.5};
	static const char *const confidences[] = {"low", "medium", "high", NULL};
	unsigned severity = 2,
		 confidence = rule_is_generic(rule) ? CONFIDENCE_LOW : CONFIDENCE_MEDIUM;

	take_choice(l, node, "severity", severities, &severity);
	rule->security_severity = security_severities[severity];
	take_choice(l, node, "confidence", confidences, &confidence);
	rule->confidence = confidence;
	rule->level = confidence == CONFIDENCE_LOW ? LEVEL_WARNING : LEVEL_ERROR;
}

static void add_rule(struct loader *l, const struct rule *rule)
{
	check_rule(l, rule);
	if (l->err)
		return;
	l->list->items =
	    mem_grow(l->list->items, l->list->count, &l->list->cap, sizeof(*l->list->items));
	l->list->items[l->list->count++] = *rule;
}

static void read_rule(struct loader *l, const struct yaml_node *node, const struct rule *defaults)
{
	static const struct shape shape = {"a rule", .required = {"id", "metadata"},
	                                   .optional = {"rspecKey", "type", "detection", "examples",
	                                                "severity", "confidence", "reach"}};
	static const struct shape metadata_shape = {"the rule's metadata", .required = {"name"},
	                                            .optional = {"message", "impact", "fix",
	                                                         "references", "category", "type",
	                                                         "charset", "defaultProfile"}};
	const struct yaml_node *metadata;
	struct rule rule = *defaults;
	unsigned type = RULE_SPECIFIC;

	if (!has_shape(l, node, &shape))
		return;
	metadata = section(l, node, "metadata", &metadata_shape);
	if (!metadata)
		return;
	rule.line = yaml_get(node, "id")->line;
	take_text(l, node, "id", &rule.id);
	take_text(l, node, "rspecKey", &rule.rspec_key);
	take_text(l, metadata, "name", &rule.name);
	take_metadata(l, metadata, &rule);
	take_choice(l, metadata, "type", rule_types, &type);
	take_choice(l, node, "type", rule_types, &type);
	rule.type = type;
	take_weights(l, node, &rule);
	take_detection(l, node, &rule);
	take_reach(l, node, &rule.reach);
	take_examples(l, node, &rule);
	add_rule(l, &rule);
}

static void read_provider(struct loader *l, const struct yaml_node *root)
{
	static const struct shape shape = {"provider", .required = {"metadata", "rules"},
	                                   .optional = {"detection"}};
	static const struct shape metadata_shape = {
	    "the provider's metadata", .required = {"name", "category"},
	    .optional = {"message", "impact", "fix", "references"}};
	const struct yaml_node *provider, *metadata, *rules;
	struct rule defaults = {.file = l->file};

	provider = section(l, root, "provider", &shape);
	metadata = provider ? section(l, provider, "metadata", &metadata_shape) : NULL;
	if (!metadata)
		return;
	take_text(l, metadata, "name", &defaults.provider);
	take_metadata(l, metadata, &defaults);
	take_detection(l, provider, &defaults);
	rules = yaml_get(provider, "rules");
	if (rules->kind != YAML_SEQUENCE || !rules->count)
		fail(l, rules->line, "rules must be a list with at least one rule");
	for (size_t i = 0; i < rules->count && !l->err; i++)
		read_rule(l, &rules->children[i], &defaults);
}

/* table */

/* What stands near the value, within some lines of ordinary length. */
static const struct context *near_context(struct loader *l, uint32_t line, const char *pattern)
{
	struct context *context = arena_alloc(l->arena, 1, sizeof(*context));
	struct regex_facts facts;

	context->kind = CONTEXT_AROUND;
	context->pattern = make_pattern(l, line, "with", pattern, &facts);
	context->max_char_distance = WITH_DISTANCE;
	context->max_line_distance = UNBOUNDED;
	return context;
}

/* The patterns that reject a value: made once, since all rows with keywords share them. */
static void take_rejects(struct loader *l, uint32_t line, const struct table_patterns *patterns,
                         struct rejects *made, struct filters *filters)
{
	struct regex_facts facts;

	for (; made->count < patterns->reject_count; made->count++)
		made->patterns[made->count] =
		    make_pattern(l, line, "a row", patterns->rejects[made->count], &facts);
	filters->pattern_not = made->patterns;
	filters->pattern_not_count = patterns->reject_count;
}

static void read_row(struct loader *l, const struct yaml_node *node, const char *category,
                     struct rejects *made)
{
	static const struct shape shape = {
	    "a row", .required = {"provider", "credential", "shape"},
	    .optional = {"keywords", "with", "references", "severity", "confidence", "type"}};
	struct rule rule = {.file = l->file, .line = node->line, .category = category};
	struct table_patterns patterns;
	struct table_row row = {0};
	struct regex_facts facts;
	unsigned type;
	struct error error;

	if (!has_shape(l, node, &shape))
		return;
	take_text(l, node, "provider", &row.provider);
	take_text(l, node, "credential", &row.credential);
	take_text(l, node, "shape", &row.shape);
	take_text(l, node, "with", &row.with);
	take_strings(l, node, "keywords", TEXT_AS_IS, &row.keywords);
	take_references(l, node, &rule.references);
	take_weights(l, node, &rule);
	if (!l->err && table_expand(&row, l->arena, &rule, &patterns, &error))
		fail(l, node->line, "%s", error.message);
	if (l->err)
		return;
	type = rule.type;
	take_choice(l, node, "type", rule_types, &type);
	rule.type = type;
	rule.pattern = make_pattern(l, node->line, "the row's pattern", patterns.value, &facts);
	take_facts(&rule, &facts);
	take_rejects(l, node->line, &patterns, made, &rule.filters);
	if (patterns.with)
		rule.context = near_context(l, node->line, patterns.with);
	add_rule(l, &rule);
}

/* A mapping from category to rows. */
static void read_table(struct loader *l, const struct yaml_node *table)
{
	struct rejects made = {
	    .patterns = arena_alloc(l->arena, TABLE_REJECTS_MAX, sizeof(*made.patterns))};

	if (!l->err && (table->kind != YAML_MAPPING || !table->count))
		fail(l, table->line, "the table must be a mapping from categories to rows");
	for (size_t i = 0; !l->err && i < table->count; i++) {
		const struct yaml_node *rows = &table->children[i];

		if (rows->kind != YAML_SEQUENCE || !rows->count)
			fail(l, rows->line, "%s must be a list with at least one row", rows->key);
		for (size_t k = 0; !l->err && k < rows->count; k++)
			read_row(l, &rows->children[k], rows->key, &made);
	}
}

static void read_document(struct loader *l, const struct yaml_node *root)
{
	static const struct shape shape = {"the document", .optional = {"provider", "table"}};
	const struct yaml_node *table;

	if (!has_shape(l, root, &shape))
		return;
	table = yaml_get(root, "table");
	if (!table == !yaml_get(root, "provider"))
		fail(l, root->line, "the document must have either a `provider` or a `table`");
	else if (table)
		read_table(l, table);
	else
		read_provider(l, root);
}

enum err load_rules_text(struct rule_list *list, struct arena *arena, const char *file,
                         struct bytes text, struct error *error)
{
	struct loader l = {.list = list, .arena = arena, .error = error};
	const struct yaml_node *root;
	size_t before = list->count;

	l.file = arena_text(arena, bytes_of(file));
	l.err = yaml_read(&root, arena, file, text, error);
	if (!l.err)
		read_document(&l, root);
	if (l.err)
		list->count = before;
	return l.err;
}

/* files and folders */

static enum err fail_io(struct error *error, const char *what, const char *path)
{
	enum err err = errno == ENOENT || errno == ENOTDIR ? ERR_MISSING : ERR_IO;

	return error_set(error, err, "%s: cannot %s: %s; check the path and its permissions", path,
	                 what, strerror(errno));
}

/* Appends all of the file to buf. */
static enum err read_all(struct buf *buf, int fd, const char *path, struct error *error)
{
	unsigned char chunk[16 * 1024];
	ssize_t got;

	while ((got = read(fd, chunk, sizeof(chunk))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_io(error, "read", path);
		if (buf_append(buf, (struct bytes){chunk, (size_t)got}))
			return error_set(error, ERR_LIMIT, "%s: larger than 4 MiB; split the file",
			                 path);
	}
	return ERR_NONE;
}

/* Reads a regular file; O_NONBLOCK, so that a FIFO is refused rather than waited for. */
static enum err load_file(struct rule_list *list, struct arena *arena, const char *path, int flags,
                          struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
	struct buf text;
	struct stat status;
	enum err err;

	if (fd < 0)
		return fail_io(error, "open", path);
	buf_init(&text, YAML_SIZE_MAX);
	if (fstat(fd, &status) < 0)
		err = fail_io(error, "read", path);
	else if (!S_ISREG(status.st_mode))
		err = error_set(error, ERR_IO, "%s: no regular file; name a rule file", path);
	else
		err = read_all(&text, fd, path, error);
	(void)close(fd); /* only read from: nothing can be lost */
	if (!err)
		err = load_rules_text(list, arena, path, buf_bytes(&text), error);
	buf_release(&text);
	return err;
}

/* The rule files below a folder. */
struct walk {
	struct arena *arena; /* owns the paths */
	const char **paths;
	size_t count;
	size_t cap;
	struct buf path; /* where the walk stands */
	struct error *error;
};

static bool is_rule_file(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot != name && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static enum err walk_folder(struct walk *w, unsigned depth);

/* Looks at what w->path names; a symbolic link is neither file nor folder here. */
static enum err walk_entry(struct walk *w, const char *name, unsigned depth)
{
	const char *path = buf_text(&w->path);
	struct stat status;

	if (lstat(path, &status) < 0)
		return fail_io(w->error, "read", path);
	if (S_ISDIR(status.st_mode) && depth == FOLDER_DEPTH_MAX)
		return error_set(w->error, ERR_LIMIT, "%s: folders nested too deep; move it up",
		                 path);
	if (S_ISDIR(status.st_mode))
		return walk_folder(w, depth + 1);
	if (!S_ISREG(status.st_mode) || !is_rule_file(name))
		return ERR_NONE;
	if (w->count == FOLDER_FILES_MAX)
		return error_set(w->error, ERR_LIMIT, "%s: more than %d rule files; join some",
		                 path, FOLDER_FILES_MAX);
	w->paths = mem_grow(w->paths, w->count, &w->cap, sizeof(*w->paths));
	w->paths[w->count++] = arena_text(w->arena, buf_bytes(&w->path));
	return ERR_NONE;
}

/* Gathers the rule files below the folder w->path, in the system's order. */
static enum err walk_folder(struct walk *w, unsigned depth)
{
	size_t len = w->path.len;
	DIR *folder = opendir(buf_text(&w->path));
	enum err err = ERR_NONE;

	if (!folder)
		return fail_io(w->error, "open", buf_text(&w->path));
	while (!err) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(folder);
		if (!entry && errno)
			err = fail_io(w->error, "read", buf_text(&w->path));
		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (buf_appendf(&w->path, "/%s", entry->d_name))
			err = error_set(w->error, ERR_LIMIT, "%s: the path is too long",
			                buf_text(&w->path));
		else
			err = walk_entry(w, entry->d_name, depth);
		w->path.len = len;
	}
	closedir(folder);
	return err;
}

static int compare_paths(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

static enum err load_folder(struct rule_list *list, struct arena *arena, const char *path,
                            struct error *error)
{
	struct bytes name = bytes_of(path);
	struct walk w = {.arena = arena, .error = error};
	enum err err;

	while (name.len > 1 && name.ptr[name.len - 1] == '/')
		name.len--;
	buf_init(&w.path, PATH_BYTES_MAX);
	err = buf_append(&w.path, name);
	if (err)
		error_set(error, err, "%.200s: the path is too long", path);
	else
		err = walk_folder(&w, 0);
	if (!err && !w.count)
		err = error_set(error, ERR_MISSING,
		                "%s: no rule file in this folder; name one "
		                "with *.yaml or *.yml files",
		                path);
	if (w.count)
		qsort(w.paths, w.count, sizeof(*w.paths), compare_paths);
	for (size_t i = 0; i < w.count && !err; i++)
		err = load_file(list, arena, w.paths[i], O_NOFOLLOW, error);
	buf_release(&w.path);
	free(w.paths);
	return err;
}

enum err load_rules_path(struct rule_list *list, struct arena *arena, const char *path,
                         struct error *error)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return fail_io(error, "read", path);
	return S_ISDIR(status.st_mode) ? load_folder(list, arena, path, error)
	                               : load_file(list, arena, path, 0, error);
}

static int compare_rules(const void *left, const void *right)
{
	const struct rule *a = left, *b = right;
	int order = strcmp(a->id, b->id);

	if (!order)
		order = strcmp(a->file, b->file);
	return order ? order : (a->line > b->line) - (a->line < b->line);
}

enum err rule_list_finish(struct rule_list *list, struct error *error)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), compare_rules);
	for (size_t i = 1; i < list->count; i++) {
		const struct rule *first = &list->items[i - 1], *second = &list->items[i];

		if (strcmp(first->id, second->id) == 0)
			return error_set(error, ERR_SYNTAX,
			                 "%s:%" PRIu32 ": the id `%s` is used in %s:%" PRIu32
			                 " already; rename one rule",
			                 second->file, second->line, second->id, first->file,
			                 first->line);
	}
	return ERR_NONE;
}

void rule_list_release(struct rule_list *list)
{
	free(list->items);
	*list = (struct rule_list){0};
}
