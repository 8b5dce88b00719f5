#include "filter/foreign.h"

#include "base/memory.h"

#include <jansson.h>
#include <stdlib.h>

/* ---- Entries ---- */

static enum err add_entry(struct foreign_list *list, const struct foreign_entry *entry,
                          const char *file, struct error *error)
{
	if (list->count == FOREIGN_COUNT_MAX)
		return error_set(error, ERR_LIMIT, "%s: it has more than %d entries", file,
		                 FOREIGN_COUNT_MAX);
	list->items = mem_grow(list->items, list->count, &list->cap, sizeof(*list->items));
	list->items[list->count++] = *entry;
	return ERR_NONE;
}

static struct bytes without_dot(struct bytes path)
{
	while (path.ptr && bytes_start_with(path, "./"))
		path = bytes_slice(path, 2, path.len);
	return path;
}

/* Says why an entry that is otherwise complete means nothing here. */
static void check_place(struct foreign_entry *e)
{
	if (!e->path.len || !e->line)
		e->refusal = "it names no path and line";
	else if (memchr(e->path.ptr, '!', e->path.len))
		e->refusal = "it is for a file inside an archive";
}

/* ---- .gitleaksignore: [COMMIT:]PATH:RULE:LINE, # starts a comment ---- */

/* Cuts what stands behind the last colon off the text. */
static bool cut_last(struct bytes *text, struct bytes *last)
{
	const unsigned char *colon = text->len ? memrchr(text->ptr, ':', text->len) : NULL;
	size_t at;

	if (!colon)
		return false;
	at = (size_t)(colon - text->ptr);
	*last = bytes_slice(*text, at + 1, text->len);
	*text = bytes_slice(*text, 0, at);
	return true;
}

static bool read_line_number(struct bytes digits, uint32_t *line)
{
	uint64_t number = 0;

	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9' || number > UINT32_MAX / 10)
			return false;
		number = number * 10 + (uint64_t)(digits.ptr[i] - '0');
	}
	*line = (uint32_t)number;
	return digits.len && number <= UINT32_MAX;
}

static void read_ignored(struct foreign_list *list, struct foreign_entry *e, struct bytes line)
{
	struct bytes number, rule;
	char hex[OBJECT_ID_HEX + 1] = "";

	if (!cut_last(&line, &number) || !read_line_number(number, &e->line) ||
	    !cut_last(&line, &rule)) {
		e->refusal = "it is not PATH:RULE:LINE, nor that with a commit in front";
		return;
	}
	e->rule = arena_text(&list->arena, rule);
	if (line.len > OBJECT_ID_HEX && line.ptr[OBJECT_ID_HEX] == ':') {
		memcpy(hex, line.ptr, OBJECT_ID_HEX);
		e->has_commit = object_id_parse(&e->commit, hex);
		if (e->has_commit)
			line = bytes_slice(line, OBJECT_ID_HEX + 1, line.len);
	}
	e->path = arena_bytes(&list->arena, without_dot(line));
	check_place(e);
}

static struct bytes trimmed(struct bytes line)
{
	while (line.len && memchr(" \t\r", line.ptr[line.len - 1], 3))
		line.len--;
	while (line.len && memchr(" \t", line.ptr[0], 2))
		line = bytes_slice(line, 1, line.len);
	return line;
}

static enum err read_ignore_file(struct foreign_list *list, const char *file, struct bytes text,
                                 struct error *error)
{
	enum err err = ERR_NONE;

	list->format = ".gitleaksignore";
	for (uint32_t number = 1; text.len && !err; number++) {
		const unsigned char *newline = memchr(text.ptr, '\n', text.len);
		size_t len = newline ? (size_t)(newline - text.ptr) : text.len;
		struct bytes line = trimmed(bytes_slice(text, 0, len));
		struct foreign_entry e = {.number = number, .rule = ""};

		text = bytes_slice(text, newline ? len + 1 : len, text.len);
		if (!line.len || *line.ptr == '#')
			continue;
		read_ignored(list, &e, line);
		err = add_entry(list, &e, file, error);
	}
	return err;
}

/* ---- JSON ---- */

/* The member's text, owned by the list; len 0 if there is none. */
static struct bytes text_of(struct foreign_list *list, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	struct bytes text = {(const unsigned char *)json_string_value(value),
	                     json_string_length(value)};

	return text.len ? arena_bytes(&list->arena, text) : (struct bytes){NULL, 0};
}

static uint32_t line_of(const json_t *object, const char *key)
{
	json_int_t line = json_integer_value(json_object_get(object, key));

	return line > 0 && line <= UINT32_MAX ? (uint32_t)line : 0;
}

/* A gitleaks report: an array of findings. With --redact it has no secrets. */
static void read_finding(struct foreign_list *list, struct foreign_entry *e, const json_t *finding)
{
	struct bytes commit = text_of(list, finding, "Commit");

	e->path = without_dot(text_of(list, finding, "File"));
	e->line = line_of(finding, "StartLine");
	e->rule = arena_text(&list->arena, text_of(list, finding, "RuleID"));
	e->secret = text_of(list, finding, "Secret");
	if (bytes_equal(e->secret, bytes_of("REDACTED")) ||
	    (e->secret.len >= 3 && memcmp(e->secret.ptr + e->secret.len - 3, "...", 3) == 0))
		e->secret.len = 0;
	if (commit.len == OBJECT_ID_HEX)
		e->has_commit = object_id_parse(&e->commit, arena_text(&list->arena, commit));
	if (!e->secret.len)
		check_place(e);
}

static enum err read_report(struct foreign_list *list, const char *file, const json_t *report,
                            struct error *error)
{
	enum err err = ERR_NONE;

	list->format = "gitleaks report";
	for (size_t i = 0; i < json_array_size(report) && !err; i++) {
		struct foreign_entry e = {.number = (uint32_t)i + 1, .rule = ""};

		read_finding(list, &e, json_array_get(report, i));
		err = add_entry(list, &e, file, error);
	}
	return err;
}

/* detect-secrets: {"results": {"PATH": [{"line_number": N, "hashed_secret": ..., "type": ...}]}} */
static enum err read_secrets(struct foreign_list *list, const char *file, json_t *results,
                             struct error *error)
{
	const char *path;
	json_t *entries;
	uint32_t number = 0;
	enum err err = ERR_NONE;

	list->format = ".secrets.baseline";
	json_object_foreach(results, path, entries)
	{
		for (size_t i = 0; i < json_array_size(entries) && !err; i++) {
			const json_t *entry = json_array_get(entries, i);
			struct foreign_entry e = {.number = ++number};

			e.path = arena_bytes(&list->arena, without_dot(bytes_of(path)));
			e.line = line_of(entry, "line_number");
			e.rule = arena_text(&list->arena, text_of(list, entry, "type"));
			check_place(&e);
			err = add_entry(list, &e, file, error);
		}
	}
	return err;
}

static enum err read_json(struct foreign_list *list, const char *file, struct bytes text,
                          struct error *error)
{
	json_error_t cause;
	json_t *root = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &cause);
	json_t *results = json_object_get(root, "results");
	enum err err;

	if (!root) /* what jansson says may quote the file, which holds secrets */
		err = error_set(error, ERR_SYNTAX, "%s:%d: it is no JSON", file, cause.line);
	else if (json_is_array(root))
		err = read_report(list, file, root, error);
	else if (json_is_object(results))
		err = read_secrets(list, file, results, error);
	else
		err = error_set(error, ERR_SYNTAX,
		                "%s: neither a gitleaks report (a list) nor a .secrets.baseline "
		                "(with `results`)",
		                file);
	json_decref(root);
	return err;
}

enum err foreign_read(struct foreign_list *list, const char *file, struct bytes text,
                      struct error *error)
{
	static const char ignore_name[] = ".gitleaksignore";
	const char *slash = strrchr(file, '/');
	struct bytes start = text;

	*list = (struct foreign_list){.format = ""};
	if (text.len > FOREIGN_SIZE_MAX)
		return error_set(error, ERR_LIMIT, "%s: larger than 16 MiB", file);
	while (start.len && memchr(" \t\r\n", *start.ptr, 4))
		start = bytes_slice(start, 1, start.len);
	if (strcmp(slash ? slash + 1 : file, ignore_name) != 0 && start.len &&
	    (*start.ptr == '[' || *start.ptr == '{'))
		return read_json(list, file, text, error);
	return read_ignore_file(list, file, text, error);
}

void foreign_release(struct foreign_list *list)
{
	free(list->items);
	arena_release(&list->arena);
	*list = (struct foreign_list){0};
}
