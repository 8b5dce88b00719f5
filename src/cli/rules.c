#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/rules_check.h"
#include "cli/status.h"

#include <stdio.h>
#include <string.h>

enum { ID_MAX = 100 }; /* bytes */

/* Prints a line for each rule. */
static void list_rules(const struct ruleset *set)
{
	size_t width = 0;

	for (int part = 0; part < PART_COUNT; part++) {
		for (size_t i = 0; i < set->parts[part].count; i++) {
			size_t len = strlen(set->parts[part].rules[i].id);

			width = len > width ? len : width;
		}
	}
	for (int part = 0; part < PART_COUNT; part++) {
		for (size_t i = 0; i < set->parts[part].count; i++) {
			const struct rule *r = &set->parts[part].rules[i];

			printf("%-*s  %-7s  %-6s  %s: %s\n", (int)width, r->id,
			       level_name(r->level), confidence_name(r->confidence), r->provider,
			       r->name);
		}
	}
}

static void show_text(const char *title, const char *text)
{
	if (text && *text)
		printf("%-12s %s\n", title, text);
}

static void show_list(const char *title, strings items)
{
	for (; items && *items; items++, title = "")
		printf("%-12s %s\n", title, *items);
}

static void show_checksum(const struct checksum *c)
{
	static const char *const encodings[] = {
	    "hexadecimal", "upper-case hexadecimal", "base32", "base36", "base62", "base64"};
	const char *says = c->published ? "" : " (not published: proves, never refutes)";

	if (c->algorithm == CHECKSUM_NONE)
		return;
	printf("%-12s %s", "checksum", checksum_names[c->algorithm - CHECKSUM_CRC32]);
	if (c->algorithm <= CHECKSUM_SHA256)
		printf(" in %u digits of %s at %d, over [%d, %d)", c->digits,
		       encodings[c->encoding], c->position, c->from, c->to);
	printf("%s\n", c->required ? " (without it, no finding)" : says);
}

/* The other parts of the credential, and what the secret is without them. */
static void show_parts(const struct rule *r)
{
	static const char *const without[] = {"", "; without it, of low confidence",
	                                      "; without it, no finding"};

	for (size_t i = 0; i < r->part_count; i++) {
		const struct part *p = &r->parts[i];

		printf("%-12s %s: ", i ? "" : "with", p->name);
		if (p->group)
			printf("the group `%s`", p->group);
		else if (p->near.max_line_distance != UNBOUNDED)
			printf("`%s`, %u lines away at most", p->near.pattern.text,
			       p->near.max_line_distance);
		else if (p->near.max_char_distance != UNBOUNDED)
			printf("`%s`, %u bytes away at most", p->near.pattern.text,
			       p->near.max_char_distance);
		else
			printf("`%s`", p->near.pattern.text);
		printf("%s\n", without[p->absence]);
	}
}

/* The first that has a secret and the first that has none. */
static void show_examples(const struct rule *r)
{
	static const char *const titles[] = {"not", "finds"};

	for (int wanted = 1; wanted >= 0; wanted--) {
		size_t i = 0;

		while (i < r->example_count && r->examples[i].contains_secret != wanted)
			i++;
		if (i < r->example_count)
			printf("%-12s %.*s\n", titles[wanted],
			       (int)strcspn(r->examples[i].text, "\n"), r->examples[i].text);
	}
}

static void show_rule(const struct rule *r)
{
	printf("%s\n\n", r->id);
	show_text("provider", r->provider);
	show_text("name", r->name);
	show_text("category", r->category);
	show_text("rspec key", r->rspec_key);
	show_text("type", rule_type_name(r->type));
	printf("%-12s %s, confidence %s, severity %.1f\n", "level", level_name(r->level),
	       confidence_name(r->confidence), r->security_severity);
	show_text("message", r->message);
	show_text("harm", r->impact);
	show_text("what to do", r->fix);
	show_list("see", r->references);
	putchar('\n');
	show_text("pattern", r->pattern.text);
	for (size_t i = 0; i < r->anchor_count; i++) {
		printf("%-12s ", i ? "" : "looked for");
		explain_stub(stdout, &r->anchors[i].stub);
		putchar('\n');
	}
	show_list("only with", r->include.content);
	show_list("not with", r->reject.content);
	show_list("paths", r->include.paths);
	show_list("not paths", r->reject.paths);
	if (r->reach.width == UNBOUNDED)
		show_text("width", "without bound");
	else
		printf("%-12s at most %u bytes, and %u before and %u after them\n", "width",
		       r->reach.width, r->reach.behind, r->reach.ahead);
	if (r->filters.entropy_threshold > 0)
		printf("%-12s at least %.2f bits per character\n", "entropy",
		       r->filters.entropy_threshold);
	for (size_t i = 0; i < r->filters.pattern_not_count; i++)
		show_text(i ? "" : "never", r->filters.pattern_not[i].text);
	show_parts(r);
	show_checksum(&r->checksum);
	if (r->structure != STRUCTURE_NONE)
		show_text("structure", structure_names[r->structure - STRUCTURE_JWT]);
	printf("%-12s %s:%u\n", "defined in", r->file, r->line);
	show_examples(r);
}

/* A rule file to be filled in: `trawl rules new ID`. */
static enum err print_skeleton(const char *id, struct error *error)
{
	static const char before[] =
	    "# What every key says: rules/README.md of Trawl. Then: trawl rules check FILE\n"
	    "provider:\n"
	    "  metadata:\n"
	    "    name: NAME             # of the provider, as people know it\n"
	    "    category: CATEGORY     # such as Payment, Monitoring, Messaging\n"
	    "    impact: WHAT A THIEF CAN DO WITH IT.\n"
	    "    fix: WHO REVOKES IT WHERE, AND WHAT NEXT.\n"
	    "    references:\n"
	    "      - https://docs.example.com/   # the page that states the format\n"
	    "  rules:\n";
	static const char after[] =
	    "      metadata:\n"
	    "        name: NAME OF THE CREDENTIAL\n"
	    "        message: Revoke this KEY and keep its replacement in a secret store.\n"
	    "      detection:\n"
	    "        matching:\n"
	    "          # The literal first, a class with an exact count, a boundary. The secret "
	    "is\n"
	    "          # the first capture group, or all of it.\n"
	    "          pattern: 'prefix_[0-9A-Za-z]{32}\\b'\n"
	    "        post:\n"
	    "          statisticalFilter:\n"
	    "            threshold: 3.0   # bits per character; random letters and digits have "
	    "more\n"
	    "      # Made up, never from a leak; at least two with a secret and one without.\n"
	    "      examples:\n"
	    "        - text: 'KEY=THE SECRET'\n"
	    "          containsSecret: true\n"
	    "          match: 'THE SECRET'\n"
	    "        - text: '{\"key\": \"ANOTHER ONE\"}'\n"
	    "          containsSecret: true\n"
	    "        - text: 'KEY=ONE CHARACTER TOO SHORT'\n"
	    "          containsSecret: false\n";

	if (!*id || id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")] || *id == '-' ||
	    id[strlen(id) - 1] == '-' || strstr(id, "--") || strlen(id) > ID_MAX)
		return error_set(error, ERR_USAGE,
		                 "an id is made of words of a-z and 0-9, joined by single hyphens, "
		                 "such as shop-api-key");
	printf("%s    - id: %s\n%s", before, id, after);
	return ERR_NONE;
}

static enum err run(const struct options *o, struct ruleset *set, int *status, struct error *error)
{
	const char *verb = o->operands.count ? o->operands.items[0] : "";
	const struct rule *rule;
	enum err err;

	if (strcmp(verb, "check") == 0) {
		err = o->operands.count > 1
		          ? ruleset_load_only(set, o->operands.items + 1, o->operands.count - 1,
		                              error)
		          : ruleset_load(set, o->rules.items, o->rules.count, error);
		return err ? err : rules_check(set, o->operands.count > 1, status, error);
	}
	if (strcmp(verb, "new") == 0 && o->operands.count == 2)
		return print_skeleton(o->operands.items[1], error);
	if (strcmp(verb, "new") == 0)
		return error_set(error, ERR_USAGE, "trawl rules new takes the new rule's id");
	if (strcmp(verb, "list") != 0 && strcmp(verb, "show") != 0 && strcmp(verb, "explain") != 0)
		return error_set(error, ERR_USAGE,
		                 "trawl rules takes list, show, check, explain or new, not '%s'; "
		                 "try: trawl rules --help",
		                 verb);
	err = ruleset_load(set, o->rules.items, o->rules.count, error);
	if (err)
		return err;
	if (strcmp(verb, "list") == 0) {
		list_rules(set);
		return ERR_NONE;
	}
	if (strcmp(verb, "explain") == 0 && o->operands.count != 3)
		return error_set(error, ERR_USAGE,
		                 "trawl rules explain takes one rule's id and a file, or -");
	if (strcmp(verb, "explain") == 0)
		return explain_rule(set, o->operands.items[1], o->operands.items[2], o, error);
	if (o->operands.count != 2)
		return error_set(error, ERR_USAGE, "trawl rules show takes one rule's id");
	rule = ruleset_find(set, o->operands.items[1]);
	if (!rule)
		return error_set(error, ERR_USAGE,
		                 "no rule has the id '%s'; trawl rules list tells all",
		                 o->operands.items[1]);
	show_rule(rule);
	return ERR_NONE;
}

int command_rules(int argc, char **argv)
{
	struct options o;
	struct ruleset set = {0};
	struct error error;
	int status = STATUS_CLEAN;

	if (options_parse(&o, argc, argv, &error))
		return status_error(&error);
	if (o.help)
		fputs(help_rules, stdout);
	else if (run(&o, &set, &status, &error))
		status = status_error(&error);
	ruleset_release(&set);
	options_release(&o);
	return status;
}
