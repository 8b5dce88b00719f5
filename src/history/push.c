#include "history/push.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

enum { UPDATES_MAX = 1 << 20, REFERENCE_MAX = 4096 };

void push_release(struct push *push)
{
	free(push->updates);
	arena_release(&push->text);
	*push = (struct push){0};
}

/* ---- Reading ---- */

static bool is_zero(const struct object_id *id)
{
	static const struct object_id zero = {{0}};

	return object_id_equal(id, &zero);
}

static bool read_id(struct bytes text, struct object_id *id)
{
	return text.len == OBJECT_ID_HEX && object_id_parse(id, (const char *)text.ptr);
}

static bool is_reference(struct bytes name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] <= ' ' || name.ptr[i] == 0x7f)
			return false;
	}
	return name.len && name.len <= REFERENCE_MAX;
}

/* "line 3: ", or "" for arguments. */
static const char *place(unsigned line, char out[32])
{
	out[0] = '\0';
	if (line)
		snprintf(out, 32, "line %u: ", line);
	return out;
}

enum err push_add(struct push *push, struct bytes reference, struct bytes before,
                  struct bytes after, unsigned line, struct error *error)
{
	struct push_update u = {.line = line};
	char where[32];

	if (!is_reference(reference))
		return error_set(error, ERR_SYNTAX, "%sthere is no reference's name",
		                 place(line, where));
	if (!read_id(before, &u.before) || !read_id(after, &u.after))
		return error_set(error, ERR_SYNTAX, "%san id has %d hexadecimal digits",
		                 place(line, where), OBJECT_ID_HEX);
	if (push->count == UPDATES_MAX)
		return error_set(error, ERR_LIMIT, "more than %d references are pushed at once",
		                 UPDATES_MAX);
	u.reference = arena_text(&push->text, reference);
	push->updates = mem_grow(push->updates, push->count, &push->cap, sizeof(*push->updates));
	push->updates[push->count++] = u;
	return ERR_NONE;
}

/* Cuts the last word, which follows a space, off the line. */
static struct bytes last_word(struct bytes *line)
{
	const unsigned char *space = line->len ? memrchr(line->ptr, ' ', line->len) : NULL;
	size_t start = space ? (size_t)(space - line->ptr) : 0;
	struct bytes word = bytes_slice(*line, space ? start + 1 : 0, line->len);

	line->len = start;
	return word;
}

static enum err read_line(struct push *push, struct bytes line, unsigned number,
                          struct error *error)
{
	/* From the end: what the sender calls its side is any revision and can hold spaces. */
	struct bytes third = last_word(&line), second = last_word(&line), first, local;

	if (!push->outgoing)
		return push_add(push, third, line, second, number, error);
	first = last_word(&line);
	local = line;
	if (!local.len)
		return error_set(error, ERR_SYNTAX, "line %u: not of the form of a pre-push hook",
		                 number);
	return push_add(push, second, third, first, number, error);
}

enum err push_read(struct push *push, struct bytes lines, struct error *error)
{
	enum err err = ERR_NONE;
	unsigned number = 0;

	for (size_t at = 0, end; at < lines.len && !err; at = end + 1) {
		const unsigned char *newline = memchr(lines.ptr + at, '\n', lines.len - at);

		end = newline ? (size_t)(newline - lines.ptr) : lines.len;
		err = read_line(push, bytes_slice(lines, at, end), ++number, error);
	}
	return err;
}

size_t push_deletions(const struct push *push)
{
	size_t count = 0;

	for (size_t i = 0; i < push->count; i++)
		count += is_zero(&push->updates[i].after);
	return count;
}

/* ---- What it brings ---- */

static enum err need(struct repository *repository, const struct push_update *u,
                     const struct object_id *id, const char *remedy, struct error *error)
{
	char hex[OBJECT_ID_HEX + 1], where[32];
	enum object_type type;
	enum err err = repository_read(repository, id, &type, NULL, NULL);

	if (err)
		return error_set(error, err, "%s%s of %s is not in this repository%s",
		                 place(u->line, where), object_id_hex(id, hex), u->reference,
		                 remedy);
	return ERR_NONE;
}

static enum err add_update(struct range_ends *ends, struct repository *repository,
                           const struct push *push, const struct push_update *u,
                           struct error *error)
{
	enum err err = ERR_NONE;

	if (!is_zero(&u->after)) {
		err = need(repository, u, &u->after, "", error);
		id_map_add(&ends->wanted, &u->after, NULL);
	}
	if (!err && !is_zero(&u->before)) {
		if (!push->outgoing)
			err = need(repository, u, &u->before,
			           "; fetch what is missing (git fetch --unshallow, or "
			           "fetch-depth: 0 in CI)",
			           error);
		id_map_add(&ends->unwanted, &u->before, NULL);
	}
	return err;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether what the reference names is at the receiving side already. */
static bool is_there(const struct push *push, const char *const *pushed, const char *name)
{
	static const char remotes[] = "refs/remotes/";
	size_t len = push->remote ? strlen(push->remote) : 0;

	if (!push->outgoing) /* of what is pushed the lines tell what was there before */
		return !bsearch(&name, pushed, push->count, sizeof(*pushed), compare_names);
	if (strncmp(name, remotes, strlen(remotes)) != 0)
		return false;
	name += strlen(remotes);
	return !push->remote || (strncmp(name, push->remote, len) == 0 && name[len] == '/');
}

static enum err add_references(struct range_ends *ends, struct repository *repository,
                               const struct push *push, struct error *error)
{
	const char **pushed = mem_calloc(push->count ? push->count : 1, sizeof(*pushed));
	struct reference_list references;
	enum err err = repository_reference_ids(repository, &references, error);

	for (size_t i = 0; i < push->count; i++)
		pushed[i] = push->updates[i].reference;
	qsort(pushed, push->count, sizeof(*pushed), compare_names);
	for (size_t i = 0; i < references.count && !err; i++) {
		const struct reference *r = &references.items[i];

		/* A symbolic one moves with the other. */
		if (!r->target && is_there(push, pushed, r->name))
			id_map_add(&ends->unwanted, &r->id, NULL);
	}
	reference_list_release(&references);
	free(pushed);
	return err;
}

static void list_after(const struct push *push, struct repository *repository,
                       struct reference_list *after)
{
	after->items =
	    arena_alloc(&after->arena, push->count ? push->count : 1, sizeof(*after->items));
	for (size_t i = 0; i < push->count; i++) {
		const struct push_update *u = &push->updates[i];
		struct reference r = {.id = u->after};

		if (is_zero(&u->after))
			continue;
		r.name = arena_text(&after->arena, bytes_of(u->reference));
		repository_peel(repository, &r);
		after->items[after->count++] = r;
	}
}

enum err push_resolve(const struct push *push, struct repository *repository,
                      struct range_ends *ends, struct reference_list *after, struct error *error)
{
	enum err err = ERR_NONE;

	for (size_t i = 0; i < push->count && !err; i++)
		err = add_update(ends, repository, push, &push->updates[i], error);
	if (!err && ends->wanted.count)
		err = add_references(ends, repository, push, error);
	if (!err)
		list_after(push, repository, after);
	return err;
}
