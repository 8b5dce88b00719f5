#include "git/alternates.h"

#include "git/library.h"
#include "git/path.h"

#include <fcntl.h>

enum {
	ALTERNATES_MAX = 1 << 20, /* bytes of one file */
	FOLDERS_MAX = 1024,
	DEPTH_MAX = 5, /* of alternates' alternates, as in git */
};

static const char remedy[] = "put it back, or fetch what is missing with `git fetch --refetch`";

struct search {
	struct arena *arena;
	const char **folders;
	size_t count;
	struct buf *lack;
};

void lack_add(struct buf *lack, const char *what, const char *path, const char *advice)
{
	/* What is past the buffer's maximum would tell no more. */
	(void)buf_appendf(lack, "%s%s%s; %s", lack->len ? ". " : "", what, path, advice);
}

/*
 * Reads a line of an alternates file into out, as git quotes one (git-config(1),
 * "core.quotePath"); false when the line is not quoted.
 */
static bool unquote(struct bytes line, struct buf *out)
{
	static const char letters[] = "abtnvfr\"\\", meanings[] = "\a\b\t\n\v\f\r\"\\";

	buf_clear(out);
	if (line.len < 2 || line.ptr[0] != '"' || line.ptr[line.len - 1] != '"')
		return false;
	for (size_t i = 1; i < line.len - 1; i++) {
		unsigned char c = line.ptr[i];

		if (c == '"')
			return false;
		if (c == '\\') {
			const char *letter = strchr(letters, line.ptr[++i]);

			if (letter && *letter) {
				c = (unsigned char)meanings[letter - letters];
			} else {
				unsigned value = 0;
				size_t end = i + 3;

				for (; i < end; i++) {
					if (i >= line.len - 1 || line.ptr[i] < '0' ||
					    line.ptr[i] > '7')
						return false;
					value = value * 8 + (line.ptr[i] - '0');
				}
				i--;
				c = (unsigned char)value;
			}
		}
		if (buf_append(out, (struct bytes){&c, 1}))
			return false;
	}
	return true;
}

static void add_objects(struct search *s, const char *path, unsigned depth);

/* Adds the folders that the alternates file of this folder names (gitrepository-layout(5)). */
static void add_alternates(struct search *s, const char *folder, unsigned depth)
{
	const char *path = path_join(s->arena, folder, "info/alternates");
	struct buf text, unquoted;
	enum err err;

	buf_init(&text, ALTERNATES_MAX);
	buf_init(&unquoted, ALTERNATES_MAX);
	err = library_read_file(AT_FDCWD, path, &text, NULL);
	if (err && err != ERR_MISSING)
		lack_add(s->lack, "It cannot be read which alternates are named in ", path, remedy);
	if (err)
		goto out;
	if (depth > DEPTH_MAX) {
		lack_add(s->lack, "Alternates are nested too deep from ", path, remedy);
		goto out;
	}
	for (size_t at = 0, end; at < text.len; at = end + 1) {
		const unsigned char *newline = memchr(text.ptr + at, '\n', text.len - at);
		struct bytes line;

		end = newline ? (size_t)(newline - text.ptr) : text.len;
		line = bytes_slice(buf_bytes(&text), at, end);
		if (!line.len || line.ptr[0] == '#')
			continue;
		if (unquote(line, &unquoted))
			line = buf_bytes(&unquoted);
		add_objects(s, path_join_relative(s->arena, folder, arena_text(s->arena, line)),
		            depth + 1);
	}
out:
	buf_release(&text);
	buf_release(&unquoted);
}

/* Adds a folder of objects, unless it is there already, and its alternates. */
static void add_objects(struct search *s, const char *path, unsigned depth)
{
	const char *folder = path_canonical(s->arena, path);

	if (!folder || !path_is_folder(folder)) {
		lack_add(s->lack, "An alternate is gone: ", path, remedy);
		return;
	}
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->folders[i], folder) == 0)
			return;
	}
	if (s->count == FOLDERS_MAX) {
		lack_add(s->lack, "There are too many alternates: ", folder,
		         "repack with `git repack -a -d`");
		return;
	}
	s->folders[s->count++] = folder;
	add_alternates(s, folder, depth);
}

/* The length of the first of the folders that colons separate; a quoted one can hold colons. */
static size_t first_len(const char *list)
{
	size_t len = *list == '"';

	if (!len)
		return strcspn(list, ":");
	while (list[len] && list[len] != '"')
		len += list[len] == '\\' && list[len + 1] ? 2 : 1;
	return len + strcspn(list + len, ":");
}

const char *const *alternates_find(struct arena *arena, const char *objects, const char *more,
                                   struct buf *lack)
{
	struct search s = {.arena = arena, .lack = lack};
	struct buf unquoted;

	s.folders = arena_alloc(arena, FOLDERS_MAX + 1, sizeof(*s.folders));
	add_objects(&s, objects, 0);
	buf_init(&unquoted, ALTERNATES_MAX);
	while (*more) {
		struct bytes name = {(const unsigned char *)more, first_len(more)};

		more += name.len + (more[name.len] == ':');
		if (unquote(name, &unquoted))
			name = buf_bytes(&unquoted);
		if (name.len)
			add_objects(&s, arena_text(arena, name), 0);
	}
	buf_release(&unquoted);
	return s.folders;
}
