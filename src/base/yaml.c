#include "base/yaml.h"

#include "base/memory.h"
#include "base/spelling.h"

#include <inttypes.h>
#include <stdlib.h>
#include <yaml.h>

struct reader {
	yaml_parser_t parser;
	struct arena *arena;
	const char *file;
	struct bytes text; /* what the parser reads */
	size_t nodes;
	struct error *error;
};

static enum err fail(struct reader *r, enum err code, uint32_t line, const char *what)
{
	return error_set(r->error, code, "%s:%" PRIu32 ": %s", r->file, line, what);
}

static uint32_t line_of_mark(yaml_mark_t mark)
{
	return (uint32_t)mark.line + 1;
}

static uint32_t line_of_offset(struct bytes text, size_t offset)
{
	uint32_t line = 1;

	for (size_t i = 0; i < offset && i < text.len; i++)
		line += text.ptr[i] == '\n';
	return line;
}

/* What libyaml found wrong: its reader knows the offset of a bad byte, all else a line. */
static enum err fail_parser(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;

	if (p->error == YAML_MEMORY_ERROR)
		mem_exhausted();
	if (p->error == YAML_READER_ERROR)
		return error_set(r->error, ERR_SYNTAX,
		                 "%s:%" PRIu32 ": %s; save the file as UTF-8 text", r->file,
		                 line_of_offset(r->text, p->problem_offset), p->problem);
	return error_set(r->error, ERR_SYNTAX, "%s:%" PRIu32 ": %s%s%s; check indent and quotes",
	                 r->file, line_of_mark(p->problem_mark), p->context ? p->context : "",
	                 p->context ? ": " : "", p->problem ? p->problem : "not YAML");
}

static enum err next_event(struct reader *r, yaml_event_t *event)
{
	return yaml_parser_parse(&r->parser, event) ? ERR_NONE : fail_parser(r);
}

/* Anchors could be named by aliases, tags could change what a value is: neither is read. */
static enum err refuse_properties(struct reader *r, uint32_t line, const yaml_char_t *anchor,
                                  const yaml_char_t *tag)
{
	if (anchor)
		return fail(r, ERR_LIMIT, line, "an anchor (&); write the value out at each place");
	if (tag)
		return fail(r, ERR_SYNTAX, line, "a tag (!); remove it, or quote the value");
	return ERR_NONE;
}

static enum err take_scalar(struct reader *r, const yaml_event_t *event, struct yaml_node *node)
{
	struct bytes value = {event->data.scalar.value, event->data.scalar.length};

	if (value.len && memchr(value.ptr, 0, value.len))
		return fail(r, ERR_SYNTAX, node->line, "a NUL character (\\0); remove it");
	node->kind = YAML_SCALAR;
	node->text = arena_text(r->arena, value);
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return refuse_properties(r, node->line, event->data.scalar.anchor, event->data.scalar.tag);
}

static int compare_keys(const void *left, const void *right)
{
	const struct yaml_node *const *a = left, *const *b = right;
	int order = strcmp((*a)->key, (*b)->key);

	return order ? order : (*a > *b) - (*a < *b);
}

/* Sorts rather than compares each with each: a hostile mapping may have very many keys. */
static enum err refuse_same_keys(struct reader *r, const struct yaml_node *items, size_t count)
{
	const struct yaml_node **sorted = mem_calloc(count, sizeof(*sorted));
	enum err err = ERR_NONE;

	for (size_t i = 0; i < count; i++)
		sorted[i] = &items[i];
	qsort(sorted, count, sizeof(*sorted), compare_keys);
	for (size_t i = 1; i < count && !err; i++) {
		const struct yaml_node *first = sorted[i - 1], *second = sorted[i];

		if (strcmp(first->key, second->key) == 0)
			err = error_set(r->error, ERR_SYNTAX,
			                "%s:%" PRIu32 ": the key `%s` stands in line %" PRIu32
			                " already; remove one",
			                r->file, second->key_line, spelling_shown(second->key),
			                first->key_line);
	}
	free(sorted);
	return err;
}

static enum err read_node(struct reader *r, unsigned depth, struct yaml_node *node, bool *end);

/* Reads up to the end of the sequence or mapping `node`, whose start has been read. */
static enum err read_children(struct reader *r, unsigned depth, struct yaml_node *node)
{
	struct yaml_node *items = NULL, *copy;
	size_t count = 0, cap = 0;
	enum err err;

	for (;;) {
		struct yaml_node child = {0}, key = {0};
		bool end = false;

		err = read_node(r, depth, node->kind == YAML_MAPPING ? &key : &child, &end);
		if (err || end)
			break;
		if (node->kind == YAML_MAPPING) {
			err = key.kind == YAML_SCALAR ? read_node(r, depth, &child, &end)
			                              : fail(r, ERR_SYNTAX, key.line,
			                                     "a key that is no text; quote it");
			if (err)
				break;
			child.key = key.text;
			child.key_line = key.line;
		}
		items = mem_grow(items, count, &cap, sizeof(*items));
		items[count++] = child;
	}
	if (!err && node->kind == YAML_MAPPING)
		err = refuse_same_keys(r, items, count);
	if (!err && count) {
		copy = arena_alloc(r->arena, count, sizeof(*copy));
		memcpy(copy, items, count * sizeof(*copy));
		node->children = copy;
		node->count = count;
	}
	free(items);
	return err;
}

/* Reads one node with all below it; *end = true instead where its parent ends. */
static enum err read_node(struct reader *r, unsigned depth, struct yaml_node *node, bool *end)
{
	yaml_event_t event;
	enum err err = next_event(r, &event);

	if (err)
		return err;
	node->line = line_of_mark(event.start_mark);
	switch (event.type) {
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		*end = true;
		break;
	case YAML_SCALAR_EVENT:
		err = take_scalar(r, &event, node);
		break;
	case YAML_SEQUENCE_START_EVENT:
		node->kind = YAML_SEQUENCE;
		err = refuse_properties(r, node->line, event.data.sequence_start.anchor,
		                        event.data.sequence_start.tag);
		break;
	case YAML_MAPPING_START_EVENT:
		node->kind = YAML_MAPPING;
		err = refuse_properties(r, node->line, event.data.mapping_start.anchor,
		                        event.data.mapping_start.tag);
		break;
	default: /* YAML_ALIAS_EVENT: no other event stands inside a document */
		err = fail(r, ERR_LIMIT, node->line, "an alias (*); write the value out");
		break;
	}
	yaml_event_delete(&event);
	if (!err && ++r->nodes > YAML_NODES_MAX)
		err = fail(r, ERR_LIMIT, node->line, "too many values; split the file");
	if (err || *end || node->kind == YAML_SCALAR)
		return err;
	if (depth == YAML_DEPTH_MAX)
		return fail(r, ERR_LIMIT, node->line, "nested too deep; write it flatter");
	return read_children(r, depth + 1, node);
}

/* Takes the next event, which is no part of a value, and tells its type and line. */
static enum err next_type(struct reader *r, yaml_event_type_t *type, uint32_t *line)
{
	yaml_event_t event;
	enum err err = next_event(r, &event);

	if (err)
		return err;
	*type = event.type;
	*line = line_of_mark(event.start_mark);
	yaml_event_delete(&event);
	return ERR_NONE;
}

static enum err read_document(struct reader *r, struct yaml_node *root)
{
	yaml_event_type_t type;
	uint32_t line;
	bool end = false;
	enum err err = next_type(r, &type, &line); /* the stream's start */

	if (!err)
		err = next_type(r, &type, &line);
	if (err)
		return err;
	if (type != YAML_DOCUMENT_START_EVENT)
		return fail(r, ERR_SYNTAX, line, "nothing but space and comments; write a mapping");
	err = read_node(r, 0, root, &end);
	if (!err)
		err = next_type(r, &type, &line); /* the document's end */
	if (!err)
		err = next_type(r, &type, &line);
	if (!err && type != YAML_STREAM_END_EVENT)
		err = fail(r, ERR_SYNTAX, line, "a second document (---); put it in its own file");
	return err;
}

/* Whether a line starts at the offset; libyaml takes NEL, LS and PS for ends of lines too. */
static bool line_starts(struct bytes text, size_t offset)
{
	static const char *const breaks[] = {"\n", "\r", "\xc2\x85", "\xe2\x80\xa8",
	                                     "\xe2\x80\xa9"};

	for (size_t i = 0; i < sizeof(breaks) / sizeof(*breaks); i++) {
		size_t len = strlen(breaks[i]);

		if (offset >= len && memcmp(text.ptr + offset - len, breaks[i], len) == 0)
			return true;
	}
	return offset == 0;
}

/* libyaml compares each %TAG line with all before it: quadratic, and before the first event. */
static enum err refuse_directives(struct reader *r)
{
	for (size_t i = 0; i < r->text.len; i++)
		if (r->text.ptr[i] == '%' && line_starts(r->text, i))
			return fail(r, ERR_SYNTAX, line_of_offset(r->text, i),
			            "a line that starts with %; remove or indent it");
	return ERR_NONE;
}

enum err yaml_read(const struct yaml_node **root, struct arena *arena, const char *file,
                   struct bytes text, struct error *error)
{
	struct reader r = {.arena = arena, .file = file, .text = text, .error = error};
	struct yaml_node *node;
	enum err err;

	if (text.len > YAML_SIZE_MAX)
		return fail(&r, ERR_LIMIT, 1, "larger than 4 MiB; split the file");
	if (bytes_start_with(text, "\xef\xbb\xbf"))
		r.text = bytes_slice(text, 3, text.len);
	if (!r.text.ptr)
		r.text = bytes_of(""); /* an empty file; libyaml takes no NULL */
	err = refuse_directives(&r);
	if (err)
		return err;
	if (!yaml_parser_initialize(&r.parser))
		mem_exhausted();
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, r.text.ptr, r.text.len);
	node = arena_alloc(arena, 1, sizeof(*node));
	err = read_document(&r, node);
	yaml_parser_delete(&r.parser);
	*root = err ? NULL : node;
	return err;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	for (size_t i = 0; mapping->kind == YAML_MAPPING && i < mapping->count; i++)
		if (strcmp(mapping->children[i].key, key) == 0)
			return &mapping->children[i];
	return NULL;
}
