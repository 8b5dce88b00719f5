#include "filter/configuration.h"

#include "base/spelling.h"
#include "base/yaml.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* The first error sticks: every function below does nothing once `err` is set. */
struct loader {
	struct configuration *config;
	struct error *error;
	enum err err;
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
	l->err = error_set(l->error, ERR_SYNTAX, "%s:%" PRIu32 ": %s", l->config->file, line, what);
}

static bool is_known(const char *const *known, const char *key)
{
	while (*known && strcmp(*known, key) != 0)
		known++;
	return *known;
}

/* Whether the node is a mapping that has only known keys. */
static bool has_keys(struct loader *l, const struct yaml_node *node, const char *const *known)
{
	if (!l->err && node->kind != YAML_MAPPING)
		fail(l, node->line, "write `key: value` lines here");
	for (size_t i = 0; !l->err && i < node->count; i++) {
		const char *key = node->children[i].key;
		const char *nearest = spelling_nearest(key, known);

		if (is_known(known, key))
			continue;
		if (nearest)
			fail(l, node->children[i].key_line, "unknown key `%s`; did you mean `%s`?",
			     spelling_shown(key), nearest);
		else
			fail(l, node->children[i].key_line,
			     "unknown key `%s`; trawl config --help tells those that exist",
			     spelling_shown(key));
	}
	return !l->err;
}

/* The text of a scalar that is not empty; NULL after an error. */
static const char *text_of(struct loader *l, const struct yaml_node *node, size_t max)
{
	if (l->err)
		return NULL;
	if (node->kind != YAML_SCALAR || !*node->text)
		fail(l, node->line, "a text is missing here");
	else if (strlen(node->text) > max)
		fail(l, node->line, "longer than %zu bytes; shorten it", max);
	return l->err ? NULL : node->text;
}

/* The entries of a list: those of a sequence, or the one text that stands in its place. */
static struct config_words words_of(struct loader *l, const struct yaml_node *mapping,
                                    const char *key)
{
	const struct yaml_node *node = l->err ? NULL : yaml_get(mapping, key);
	const struct yaml_node *entries = node;
	struct config_words words = {0};
	struct config_word *items;

	if (!node)
		return words;
	words.count = 1;
	if (node->kind == YAML_SEQUENCE) {
		entries = node->children;
		words.count = node->count;
	}
	if (words.count > CONFIG_LIST_MAX)
		fail(l, node->line, "`%s` has more than %d entries", key, CONFIG_LIST_MAX);
	if (l->err)
		return (struct config_words){0};
	items = arena_alloc(&l->config->arena, words.count, sizeof(*items));
	for (size_t i = 0; i < words.count; i++)
		items[i] =
		    (struct config_word){text_of(l, &entries[i], CONFIG_TEXT_MAX), entries[i].line};
	words.items = items;
	return l->err ? (struct config_words){0} : words;
}

/* The same as plain texts; NULL if the key is missing or its list is empty. */
static strings strings_of(struct loader *l, const struct yaml_node *mapping, const char *key)
{
	struct config_words words = words_of(l, mapping, key);
	const char **list;

	if (!words.count)
		return NULL;
	list = arena_alloc(&l->config->arena, words.count + 1, sizeof(*list));
	for (size_t i = 0; i < words.count; i++)
		list[i] = words.items[i].text;
	return list;
}

/* Globs are held against paths that have neither a slash in front nor dots to resolve. */
static strings path_globs(struct loader *l, const struct yaml_node *mapping, const char *key)
{
	struct config_words words = words_of(l, mapping, key);

	for (size_t i = 0; i < words.count; i++) {
		const char *glob = words.items[i].text;

		if (*glob == '/' || *glob == '!' || strncmp(glob, "./", 2) == 0 ||
		    strncmp(glob, "../", 3) == 0)
			fail(
			    l, words.items[i].line,
			    "`%.60s` fits nothing: write paths from the tree's top, without /, ./, "
			    "../ or ! in front",
			    glob);
	}
	return strings_of(l, mapping, key);
}

/* Whether each part of the path is a plain name. */
static bool stays_inside(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");

		if (len == 0 || (len == 1 && *path == '.') ||
		    (len == 2 && strncmp(path, "..", 2) == 0))
			return false;
		if (!path[len])
			return true;
		path += len + 1;
	}
}

static struct config_words rule_files(struct loader *l, const struct yaml_node *root)
{
	struct config_words words = words_of(l, root, "rules");

	for (size_t i = 0; i < words.count; i++) {
		if (!stays_inside(words.items[i].text))
			fail(l, words.items[i].line,
			     "`%.60s`: the path of a rule file starts at the tree's top and stays "
			     "inside; use --rules for others",
			     words.items[i].text);
	}
	return words;
}

static void read_fail_on(struct loader *l, const struct yaml_node *root)
{
	static const char *const levels[] = {"note", "warning", "error", "never", NULL};
	const struct yaml_node *node = l->err ? NULL : yaml_get(root, "fail-on");
	const char *text = node ? text_of(l, node, CONFIG_TEXT_MAX) : NULL;

	for (int i = 0; text && levels[i]; i++) {
		if (strcmp(text, levels[i]) == 0) {
			l->config->fail_on = i;
			l->config->has_fail_on = true;
		}
	}
	if (text && !l->config->has_fail_on)
		fail(l, node->line, "`%s` is no level; write error, warning, note or never",
		     spelling_shown(text));
}

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static bool read_fingerprint(const char *text, uint8_t out[FINGERPRINT_SIZE])
{
	size_t len = 0;

	for (; len < (size_t)2 * FINGERPRINT_SIZE && digit_of(text[len]) < 16; len++)
		out[len / 2] = (uint8_t)(out[len / 2] << 4 | digit_of(text[len]));
	return len == (size_t)2 * FINGERPRINT_SIZE && !text[len];
}

static void read_allow(struct loader *l, const struct yaml_node *node, struct allow *allow)
{
	static const char *const keys[] = {"rule",  "fingerprint", "secrets",
	                                   "paths", "reason",      NULL};
	const struct yaml_node *rule, *fingerprint, *reason;

	if (!has_keys(l, node, keys))
		return;
	rule = yaml_get(node, "rule");
	fingerprint = yaml_get(node, "fingerprint");
	reason = yaml_get(node, "reason");
	allow->suppression.kind = SUPPRESSION_CONFIG;
	allow->suppression.line = node->line;
	allow->suppression.paths = path_globs(l, node, "paths");
	allow->suppression.reason = reason ? text_of(l, reason, CONFIG_REASON_MAX) : NULL;
	allow->rule = rule ? text_of(l, rule, CONFIG_TEXT_MAX) : NULL;
	allow->secrets = strings_of(l, node, "secrets");
	allow->has_fingerprint = fingerprint;
	if (fingerprint && text_of(l, fingerprint, CONFIG_TEXT_MAX) &&
	    !read_fingerprint(fingerprint->text, allow->fingerprint))
		fail(l, fingerprint->line,
		     "a fingerprint has %d lower-case hexadecimal digits, as in the reports of "
		     "-o jsonl",
		     2 * FINGERPRINT_SIZE);
	if (fingerprint)
		return;
	if (!rule)
		fail(l, node->line, "say which `rule` this is for (`*`: any), or a `fingerprint`");
	if (!allow->secrets && !allow->suppression.paths)
		fail(l, node->line,
		     "say which `secrets` or `paths`; `disable` is for a whole rule");
	if (!reason)
		fail(l, node->line, "say why it is allowed: `reason: ...`");
}

static void read_allows(struct loader *l, const struct yaml_node *root)
{
	const struct yaml_node *node = l->err ? NULL : yaml_get(root, "allow");
	struct allow *allows;

	if (!node)
		return;
	if (node->kind != YAML_SEQUENCE || node->count > CONFIG_LIST_MAX) {
		fail(l, node->line, "`allow` is a list of at most %d entries: `- rule: ...`",
		     CONFIG_LIST_MAX);
		return;
	}
	allows = arena_alloc(&l->config->arena, node->count, sizeof(*allows));
	for (size_t i = 0; i < node->count; i++)
		read_allow(l, &node->children[i], &allows[i]);
	l->config->allows = allows;
	l->config->allow_count = node->count;
}

/* Whether all is white space and comments: as good as no file, which YAML calls an error. */
static bool says_nothing(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '#') {
			while (i < text.len && text.ptr[i] != '\n')
				i++;
		} else if (!text.ptr[i] || !strchr(" \t\r\n", text.ptr[i])) {
			return false;
		}
	}
	return true;
}

enum err configuration_read(struct configuration *config, const char *file, struct bytes text,
                            struct error *error)
{
	static const char *const keys[] = {"exclude", "disable", "rules", "fail-on", "allow", NULL};
	struct loader l = {.config = config, .error = error};
	const struct yaml_node *root;

	*config = (struct configuration){0};
	config->file = arena_text(&config->arena, bytes_of(file));
	if (text.len > CONFIG_SIZE_MAX)
		return error_set(error, ERR_LIMIT, "%s: larger than 1 MiB", file);
	if (says_nothing(text))
		return ERR_NONE;
	l.err = yaml_read(&root, &config->arena, config->file, text, error);
	if (l.err || !has_keys(&l, root, keys))
		return l.err;
	config->exclude = path_globs(&l, root, "exclude");
	config->exclude_words = words_of(&l, root, "exclude");
	config->disable = words_of(&l, root, "disable");
	config->rules = rule_files(&l, root);
	read_fail_on(&l, root);
	read_allows(&l, root);
	return l.err;
}

void configuration_release(struct configuration *config)
{
	arena_release(&config->arena);
	*config = (struct configuration){0};
}
