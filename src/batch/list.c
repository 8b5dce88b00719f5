#include "batch/list.h"

#include "base/buf.h"
#include "base/memory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t FILE_BYTES_MAX = UINT64_C(4) << 30;

void list_add(struct batch_list *list, const char *path)
{
	list->items = mem_grow(list->items, list->count, &list->cap, sizeof(*list->items));
	list->items[list->count++] =
	    (struct batch_entry){.path = arena_text(&list->text, bytes_of(path)), .group = ""};
}

/* ---- The file ---- */

/* Puts the characters that a plan writes otherwise into their place; false for others. */
static bool unescape(char *path)
{
	char *to = path;

	for (; *path; path++) {
		if (*path == '\\') {
			path++;
			if (*path != '\\' && *path != 'n' && *path != 't')
				return false;
			*to++ = *path == 'n' ? '\n' : *path == 't' ? '\t' : '\\';
		} else {
			*to++ = *path;
		}
	}
	*to = '\0';
	return true;
}

static bool read_planned(struct batch_list *list, char *line)
{
	char *path;

	errno = 0;
	list_add(list, "");
	list->items[list->count - 1].size = strtoull(line, &path, 10);
	if (!isdigit((unsigned char)*line) || errno || *path++ != '\t' || !unescape(path) || !*path)
		return false;
	list->items[list->count - 1].path = arena_text(&list->text, bytes_of(path));
	return true;
}

enum err list_read(struct batch_list *list, FILE *file, const char *name, struct error *error)
{
	size_t cap = 0, number = 0;
	char *line = NULL;
	uint64_t bytes = 0;
	ssize_t len;
	enum err err = ERR_NONE;

	while (!err && (len = getline(&line, &cap, file)) >= 0) {
		bool whole = strlen(line) == (size_t)len;

		bytes += (uint64_t)len;
		if (++number == 1 && strcmp(line, PLAN_HEADER) == 0) {
			list->sized = true;
			continue;
		}
		if (len && line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (bytes > FILE_BYTES_MAX)
			err = error_set(error, ERR_LIMIT, "%s: it is larger than 4 GiB", name);
		else if (!whole)
			err = error_set(error, ERR_SYNTAX, "%s:%zu: a path has no NUL in it", name,
			                number);
		else if (list->sized && !read_planned(list, line))
			err = error_set(error, ERR_SYNTAX,
			                "%s:%zu: this is no line of a plan, SIZE, tab, PATH; make "
			                "the plan anew with trawl batch --plan",
			                name, number);
		else if (!list->sized && *line)
			list_add(list, line);
	}
	if (!err && ferror(file))
		err = error_set(error, ERR_IO, "%s: it cannot be read: %s", name, strerror(errno));
	free(line);
	return err;
}

void list_write(const struct batch_list *list, FILE *out)
{
	fputs(PLAN_HEADER, out);
	for (size_t i = 0; i < list->count; i++) {
		fprintf(out, "%" PRIu64 "\t", list->items[i].size);
		for (const char *c = list->items[i].path; *c; c++) {
			if (*c == '\\' || *c == '\n' || *c == '\t')
				fprintf(out, "\\%c", *c == '\n' ? 'n' : *c == '\t' ? 't' : '\\');
			else
				putc(*c, out);
		}
		putc('\n', out);
	}
}

/* ---- The whole ---- */

static int path_order(const void *left, const void *right)
{
	const struct batch_entry *a = left, *b = right;

	return strcmp(a->path, b->path);
}

void list_finish(struct batch_list *list)
{
	size_t kept = 0;
	struct digest d;

	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), path_order);
	digest_begin(&d);
	for (size_t i = 0; i < list->count; i++) {
		if (kept && strcmp(list->items[kept - 1].path, list->items[i].path) == 0)
			continue;
		list->items[kept++] = list->items[i];
		digest_add_text(&d, list->items[i].path);
		digest_add_number(&d, list->sized ? list->items[i].size : 0);
	}
	list->count = kept;
	digest_end(&d, list->digest);
}

static int size_order(const void *left, const void *right)
{
	const struct batch_entry *a = left, *b = right;

	return a->size != b->size ? (a->size < b->size) - (a->size > b->size)
	                          : strcmp(a->path, b->path);
}

void list_order(struct batch_list *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), size_order);
}

/* ---- Shares ---- */

/* The share of a path when nothing is known of the sizes. */
static unsigned hashed_share(const struct batch_list *list, const char *path, unsigned shares)
{
	unsigned char digest[DIGEST_SIZE];
	size_t base = list->base ? strlen(list->base) : 0;
	unsigned number = 0;
	struct digest d;

	if (base && strncmp(path, list->base, base) == 0)
		path += base + strspn(path + base, "/");
	digest_begin(&d);
	digest_add(&d, bytes_of(path));
	digest_end(&d, digest);
	for (int i = 0; i < 4; i++)
		number = number << 8 | digest[i];
	return number % shares;
}

/* The share that has least so far. */
static unsigned lightest(const uint64_t *loads, unsigned shares)
{
	unsigned least = 0;

	for (unsigned i = 1; i < shares; i++) {
		if (loads[i] < loads[least])
			least = i;
	}
	return least;
}

void list_share(struct batch_list *list, unsigned share, unsigned shares)
{
	uint64_t *loads = mem_calloc(shares, sizeof(*loads));
	size_t kept = 0;

	list_order(list);
	for (size_t i = 0; i < list->count; i++) {
		unsigned at = list->sized ? lightest(loads, shares)
		                          : hashed_share(list, list->items[i].path, shares);

		/* A repository has some cost however small it is. */
		loads[at] += list->items[i].size + 100000;
		if (at == share - 1)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
	free(loads);
}

/* ---- Sizes ---- */

/* Adds up the packs in the folder; the largest one's name tells which others may share it. */
static bool measure_packs(struct batch_list *list, struct batch_entry *entry, const char *folder)
{
	uint64_t largest = 0;
	struct dirent *file;
	DIR *dir = opendir(folder);

	if (!dir)
		return false;
	while ((file = readdir(dir))) {
		size_t len = strlen(file->d_name);
		struct stat st;

		if (len < 5 || strcmp(file->d_name + len - 5, ".pack") != 0 ||
		    fstatat(dirfd(dir), file->d_name, &st, 0) != 0)
			continue;
		entry->size += (uint64_t)st.st_size;
		if ((uint64_t)st.st_size <= largest)
			continue;
		largest = (uint64_t)st.st_size;
		entry->group = arena_text(&list->text, bytes_of(file->d_name));
	}
	closedir(dir);
	return true;
}

/* The packs of the first alternate: what is borrowed is scanned, too. */
static void measure_alternate(struct batch_list *list, struct batch_entry *entry,
                              const char *objects)
{
	char line[4096] = "", path[8192];
	struct stat st;
	ssize_t len = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/info/alternates", objects);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* it may be a FIFO */
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		len = read(fd, line, sizeof(line) - 1);
	close(fd);
	line[len > 0 ? strcspn(line, "\n") : 0] = '\0';
	if (!*line)
		return;
	snprintf(path, sizeof(path), "%s%s%s/pack", *line == '/' ? "" : objects,
	         *line == '/' ? "" : "/", line);
	measure_packs(list, entry, path);
}

void list_measure(struct batch_list *list)
{
	static const char *const places[] = {"/.git/objects", "/objects"};

	for (size_t i = 0; i < list->count; i++) {
		struct batch_entry *entry = &list->items[i];
		uint64_t planned = entry->size;

		entry->size = 0;
		for (size_t k = 0; k < sizeof(places) / sizeof(*places); k++) {
			char objects[4096], packs[4128];
			int len =
			    snprintf(objects, sizeof(objects), "%s%s", entry->path, places[k]);

			if (len < 0 || (size_t)len >= sizeof(objects))
				continue; /* not told, that is all */
			snprintf(packs, sizeof(packs), "%s/pack", objects);
			if (!measure_packs(list, entry, packs))
				continue;
			measure_alternate(list, entry, objects);
			break;
		}
		if (list->sized)
			entry->size = planned;
	}
}

void list_release(struct batch_list *list)
{
	free(list->items);
	arena_release(&list->text);
	*list = (struct batch_list){0};
}
