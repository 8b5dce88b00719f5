/*
 * generate-rules RULES_DIR OUT.c: turns the rule files below RULES_DIR into C tables, so that Trawl
 * starts without reading YAML. The output depends on the files' content and their paths below
 * RULES_DIR only.
 */
#include "base/buf.h"
#include "ruleset/load.h"
#include "ruleset/stub_index.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { OUT_PATH_MAX = 4096 };

/*
 * The text as a C literal, or NULL. Octal escapes end after three digits, whatever follows; an
 * escaped ? cannot start a trigraph.
 */
static void put_text(FILE *out, const char *text)
{
	if (!text) {
		fputs("NULL", out);
		return;
	}
	fputc('"', out);
	for (const char *c = text; *c; c++) {
		unsigned char byte = (unsigned char)*c;

		if (byte == '"' || byte == '\\' || byte == '?')
			fprintf(out, "\\%c", byte);
		else if (byte >= 0x20 && byte < 0x7f)
			fputc(byte, out);
		else
			fprintf(out, "\\%03o", byte);
	}
	fputc('"', out);
}

static void put_text_field(FILE *out, const char *name, const char *text)
{
	if (!text)
		return;
	fprintf(out, "\t.%s = ", name);
	put_text(out, text);
	fputs(",\n", out);
}

static void put_strings_field(FILE *out, const char *name, strings list)
{
	if (!list)
		return;
	fprintf(out, "\t.%s = (const char *const[]){", name);
	for (; *list; list++) {
		put_text(out, *list);
		fputs(", ", out);
	}
	fputs("NULL},\n", out);
}

static void put_pattern(FILE *out, const struct pattern *pattern)
{
	fputc('{', out);
	put_text(out, pattern->text);
	fprintf(out, ", %" PRIu32 "u}", pattern->slot);
}

static void put_patterns_field(FILE *out, const char *name, const struct pattern *patterns,
                               size_t count)
{
	if (!count)
		return;
	fprintf(out, "\t.%s = (const struct pattern[]){", name);
	for (size_t i = 0; i < count; i++) {
		put_pattern(out, &patterns[i]);
		fputs(", ", out);
	}
	fprintf(out, "},\n\t.%s_count = %zu,\n", name, count);
}

static void put_file_filter_field(FILE *out, const char *name, const struct file_filter *filter)
{
	fprintf(out, "\t.%s = {\n", name);
	put_strings_field(out, "content", filter->content);
	put_strings_field(out, "paths", filter->paths);
	put_strings_field(out, "ext", filter->ext);
	fputs("\t},\n", out);
}

static void put_context(FILE *out, const struct context *context)
{
	fprintf(out, "{\n\t.kind = %d,\n\t.pattern = ", (int)context->kind);
	put_pattern(out, &context->pattern);
	fprintf(out,
	        ",\n\t.max_char_distance = %" PRIu32 "u,\n\t.max_line_distance = %" PRIu32
	        "u,\n\t.max_line_length = %" PRIu32 "u,\n",
	        context->max_char_distance, context->max_line_distance, context->max_line_length);
	if (context->child_count) {
		fputs("\t.children = (const struct context[]){", out);
		for (size_t i = 0; i < context->child_count; i++) {
			put_context(out, &context->children[i]);
			fputs(", ", out);
		}
		fprintf(out, "},\n\t.child_count = %zu,\n", context->child_count);
	}
	fputc('}', out);
}

static void put_filters(FILE *out, const struct filters *filters);

static void put_decoded_field(FILE *out, const struct decoded_base64 *decoded)
{
	if (!decoded)
		return;
	fprintf(out, "\t.base64 = &(const struct decoded_base64){\n\t.url_alphabet = %d,\n",
	        decoded->url_alphabet);
	put_patterns_field(out, "match_each", decoded->match_each, decoded->match_each_count);
	put_patterns_field(out, "match_not", decoded->match_not, decoded->match_not_count);
	fputs("\t.filters = ", out);
	put_filters(out, &decoded->filters);
	fputs("},\n", out);
}

static void put_filters(FILE *out, const struct filters *filters)
{
	fprintf(out, "{\n\t.entropy_threshold = %.17g,\n\t.heuristics = %uu,\n",
	        filters->entropy_threshold, filters->heuristics);
	put_text_field(out, "entropy_input", filters->entropy_input);
	put_text_field(out, "heuristic_input", filters->heuristic_input);
	put_patterns_field(out, "pattern_not", filters->pattern_not, filters->pattern_not_count);
	put_decoded_field(out, filters->base64);
	if (filters->group_count) {
		fputs("\t.groups = (const struct group_filter[]){", out);
		for (size_t i = 0; i < filters->group_count; i++) {
			fputc('{', out);
			put_text(out, filters->groups[i].group);
			fputs(", ", out);
			put_filters(out, &filters->groups[i].filters);
			fputs("}, ", out);
		}
		fprintf(out, "},\n\t.group_count = %zu,\n", filters->group_count);
	}
	fputc('}', out);
}

static void put_checksum_field(FILE *out, const struct checksum *c)
{
	fprintf(out,
	        "\t.checksum = {.algorithm = %d, .encoding = %d, .little_endian = %d, "
	        ".published = %d, .required = %d, .digits = %" PRIu32 "u, .position = %" PRId32
	        ", .from = %" PRId32 ", .to = %" PRId32 "},\n",
	        (int)c->algorithm, (int)c->encoding, c->little_endian, c->published, c->required,
	        c->digits, c->position, c->from, c->to);
}

static void put_parts_field(FILE *out, const struct rule *rule)
{
	if (!rule->part_count)
		return;
	fputs("\t.parts = (const struct part[]){\n", out);
	for (size_t i = 0; i < rule->part_count; i++) {
		const struct part *part = &rule->parts[i];

		fputs("\t{\n", out);
		put_text_field(out, "name", part->name);
		put_text_field(out, "group", part->group);
		fputs("\t.near = ", out);
		put_context(out, &part->near);
		fprintf(out, ",\n\t.absence = %d,\n\t.structure = %d,\n\t},\n", (int)part->absence,
		        (int)part->structure);
	}
	fprintf(out, "\t},\n\t.part_count = %zu,\n", rule->part_count);
}

static void put_stub(FILE *out, const struct stub *stub)
{
	fputc('{', out);
	put_text(out, stub->expression);
	fprintf(out, ", %d, %" PRIu32 "u}", stub->caseless, stub->width);
}

static void put_forms_field(FILE *out, const struct rule *rule)
{
	if (!rule->form_count)
		return;
	fputs("\t.forms = (const struct form[]){\n", out);
	for (size_t i = 0; i < rule->form_count; i++) {
		const struct form *form = &rule->forms[i];

		fputs("\t{\n", out);
		put_strings_field(out, "leads", form->leads);
		fprintf(out,
		        "\t.min = %" PRIu32 "u,\n\t.max = %" PRIu32 "u,\n"
		        "\t.characters = {%" PRIu64 "u, %" PRIu64 "u},\n\t},\n",
		        form->min, form->max, form->characters[0], form->characters[1]);
	}
	fprintf(out, "\t},\n\t.form_count = %zu,\n", rule->form_count);
}

static void put_derived_fields(FILE *out, const struct rule *rule)
{
	fprintf(out,
	        "\t.reach = {%" PRIu32 "u, %" PRIu32 "u, %" PRIu32 "u},\n"
	        "\t.prefix_len = %" PRIu32 "u,\n",
	        rule->reach.behind, rule->reach.width, rule->reach.ahead, rule->prefix_len);
	put_forms_field(out, rule);
	fprintf(out,
	        "\t.bulk = {{{%" PRIu64 "u, %" PRIu64 "u, %" PRIu64 "u, %" PRIu64 "u}}, %" PRIu32
	        "u, %" PRIu32 "u, %" PRIu32 "u},\n",
	        rule->bulk.bytes.bits[0], rule->bulk.bytes.bits[1], rule->bulk.bytes.bits[2],
	        rule->bulk.bytes.bits[3], rule->bulk.len, rule->bulk.first, rule->bulk.last);
	if (!rule->anchor_count)
		return;
	fputs("\t.anchors = (const struct anchor[]){\n", out);
	for (size_t i = 0; i < rule->anchor_count; i++) {
		fputs("\t{", out);
		put_stub(out, &rule->anchors[i].stub);
		fprintf(out, ", %" PRIu32 "u, %" PRIu32 "u},\n", rule->anchors[i].first,
		        rule->anchors[i].last);
	}
	fprintf(out, "\t},\n\t.anchor_count = %zu,\n", rule->anchor_count);
}

static void put_examples_field(FILE *out, const struct rule *rule)
{
	if (!rule->example_count)
		return;
	fputs("\t.examples = (const struct example[]){\n", out);
	for (size_t i = 0; i < rule->example_count; i++) {
		const struct example *example = &rule->examples[i];

		fputs("\t{", out);
		put_text(out, example->text);
		fprintf(out, ", %d, ", example->contains_secret);
		put_text(out, example->match);
		fputs(", ", out);
		put_text(out, example->file_name);
		fputs("},\n", out);
	}
	fprintf(out, "\t},\n\t.example_count = %zu,\n", rule->example_count);
}

static void put_rule(FILE *out, const struct rule *rule)
{
	fputs("{\n", out);
	put_text_field(out, "id", rule->id);
	put_text_field(out, "rspec_key", rule->rspec_key);
	put_text_field(out, "name", rule->name);
	put_text_field(out, "provider", rule->provider);
	put_text_field(out, "category", rule->category);
	put_text_field(out, "message", rule->message);
	put_text_field(out, "impact", rule->impact);
	put_text_field(out, "fix", rule->fix);
	put_strings_field(out, "references", rule->references);
	fprintf(out,
	        "\t.type = %d,\n\t.level = %d,\n\t.confidence = %d,\n"
	        "\t.security_severity = %.17g,\n",
	        (int)rule->type, (int)rule->level, (int)rule->confidence, rule->security_severity);
	put_file_filter_field(out, "include", &rule->include);
	put_file_filter_field(out, "reject", &rule->reject);
	fputs("\t.pattern = ", out);
	put_pattern(out, &rule->pattern);
	fputs(",\n", out);
	put_strings_field(out, "keywords", rule->keywords);
	if (rule->context) {
		fputs("\t.context = &(const struct context)", out);
		put_context(out, rule->context);
		fputs(",\n", out);
	}
	fputs("\t.filters = ", out);
	put_filters(out, &rule->filters);
	fputs(",\n", out);
	put_checksum_field(out, &rule->checksum);
	fprintf(out, "\t.structure = %d,\n", (int)rule->structure);
	put_parts_field(out, rule);
	put_derived_fields(out, rule);
	put_examples_field(out, rule);
	put_text_field(out, "file", rule->file);
	fprintf(out, "\t.line = %" PRIu32 "u,\n},\n", rule->line);
}

static void put_stub_index(FILE *out, const struct stub_index *index)
{
	if (!index->count)
		return;
	fputs("\t.stubs = {\n\t.stubs = (const struct stub[]){\n", out);
	for (size_t i = 0; i < index->count; i++) {
		fputc('\t', out);
		put_stub(out, &index->stubs[i]);
		fputs(",\n", out);
	}
	fprintf(out,
	        "\t},\n\t.count = %zu,\n\t.anywhere = %zu,\n\t.near_before = %" PRIu32
	        ",\n\t.near_after = %" PRIu32 ",\n\t.pairs = (const struct byte_set[]){\n",
	        index->count, index->anywhere, index->near_before, index->near_after);
	for (unsigned byte = 0; byte < 256; byte++) {
		const uint64_t *bits = index->pairs[byte].bits;

		fprintf(out, "\t{{%" PRIu64 "u, %" PRIu64 "u, %" PRIu64 "u, %" PRIu64 "u}},\n",
		        bits[0], bits[1], bits[2], bits[3]);
	}
	fputs("\t},\n\t.first_use = (const uint32_t[]){\n", out);
	for (size_t i = 0; i <= index->count; i++)
		fprintf(out, "\t%" PRIu32 "u,\n", index->first_use[i]);
	fputs("\t},\n\t.uses = (const struct stub_use[]){\n", out);
	for (uint32_t i = 0; i < index->first_use[index->count]; i++) {
		const struct stub_use *use = &index->uses[i];

		fprintf(out, "\t{%" PRIu32 "u, %d, %" PRIu32 "u, %" PRIu32 "u, %d, %d, %d},\n",
		        use->rule, (int)use->kind, use->first, use->last, use->encoding, use->phase,
		        use->at_start);
	}
	fputs("\t},\n\t},\n", out);
}

static void put_part(FILE *out, const struct rule_list *list, const struct stub_index *index)
{
	fputs("/* Made by generate-rules from the rule files: change those instead. */\n"
	      "#include \"ruleset/builtin.h\"\n\n"
	      "static const struct rule rules[] = {\n",
	      out);
	for (size_t i = 0; i < list->count; i++)
		put_rule(out, &list->items[i]);
	fprintf(out,
	        "};\n\nconst struct ruleset_part builtin_part = {\n\t.rules = rules,\n"
	        "\t.count = %zu,\n\t.slot_count = %" PRIu32 "u,\n",
	        list->count, list->slot_count);
	put_stub_index(out, index);
	fputs("};\n", out);
}

/* Writes to a name beside `path` and renames: an interrupted build leaves no half file. */
static enum err write_part(const char *path, const struct rule_list *list,
                           const struct stub_index *index, struct error *error)
{
	struct buf temporary;
	FILE *out;
	bool written;
	enum err err = ERR_NONE;

	buf_init(&temporary, OUT_PATH_MAX);
	if (buf_appendf(&temporary, "%s.tmp", path)) {
		err = error_set(error, ERR_USAGE, "%s: the path is too long", path);
		goto out;
	}
	out = fopen(buf_text(&temporary), "w");
	if (!out) {
		err = error_set(error, ERR_IO, "%s: %s", buf_text(&temporary), strerror(errno));
		goto out;
	}
	put_part(out, list, index);
	written = !ferror(out);
	if (fclose(out) != 0 || !written || rename(buf_text(&temporary), path) != 0) {
		err = error_set(error, ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
		remove(buf_text(&temporary));
	}
out:
	buf_release(&temporary);
	return err;
}

/* The length of what stands before the last component of the path. */
static size_t parent_len(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len && path[len - 1] != '/')
		len--;
	return len;
}

/* Rules name their files as "rules/x.yaml", wherever the repository lies. */
static void shorten_files(struct rule_list *list, const char *folder)
{
	size_t skip = parent_len(folder);

	for (size_t i = 0; i < list->count; i++)
		list->items[i].file += skip;
}

int main(int argc, char **argv)
{
	struct rule_list list = {0};
	struct arena arena = {0};
	struct error error = {0};
	struct stub_index index;
	enum err err;

	if (argc != 3) {
		fputs("usage: generate-rules RULES_DIR OUT.c\n", stderr);
		return 1;
	}
	err = load_rules_path(&list, &arena, argv[1], &error);
	if (!err)
		err = rule_list_finish(&list, &error);
	if (!err) {
		shorten_files(&list, argv[1]);
		stub_index_build(&index, list.items, list.count, &arena);
		err = write_part(argv[2], &list, &index, &error);
	}
	if (err)
		fprintf(stderr, "generate-rules: %s\n", error.message);
	rule_list_release(&list);
	arena_release(&arena);
	return err ? 1 : 0;
}
