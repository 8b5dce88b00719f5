#include "source/source.h"

#include "base/memory.h"
#include "source/file.h"
#include "source/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A buffer that a larger blob needed is given back after it, in bytes. */
enum { KEEP_MAX = 16 << 20 };

struct source {
	struct source_options options;
	struct walk *walk; /* of the operands that are folders */
	char **files;      /* the other operands, owned; "-" is standard input */
	size_t file_count;
	atomic_size_t next_file;
	atomic_uint_fast64_t given;
};

struct reader {
	struct source *source;
	struct walk_batch batch;
	struct buf content;
};

/* Each folder from the operand down to the one being read is open: lets the process have as many.
 */
static void allow_open_folders(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* The operand without slashes at its end, each of which adds nothing; owned by the caller. */
static char *operand_text(const char *operand)
{
	char *text = mem_strdup(operand);
	size_t len = strlen(text);

	while (len > 1 && text[len - 1] == '/')
		len--;
	text[len] = '\0';
	return text;
}

/* What may not be looked at is taken for a file: reading it says so, and the rest is scanned. */
static enum err check_operand(const char *operand, bool *is_folder, struct error *error)
{
	struct stat st = {0};

	if (strcmp(operand, "-") != 0 && stat(operand, &st) != 0) {
		int cause = errno;

		if (cause == ENOENT || cause == ENOTDIR)
			return error_set(error, ERR_MISSING, "%s: no such file or folder", operand);
		if (cause == EACCES)
			return ERR_NONE;
		return error_set(error, ERR_IO, "%s: %s", operand, strerror(cause));
	}
	*is_folder = S_ISDIR(st.st_mode);
	return ERR_NONE;
}

static int text_order(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Sorts the texts and frees all but one of equal ones; returns how many are left. */
static size_t sort_unique(char **texts, size_t count)
{
	size_t kept = 0;

	qsort(texts, count, sizeof(*texts), text_order);
	for (size_t i = 0; i < count; i++) {
		if (kept && strcmp(texts[kept - 1], texts[i]) == 0)
			free(texts[i]);
		else
			texts[kept++] = texts[i];
	}
	return kept;
}

enum err source_open(struct source **out, const char *const *operands, size_t count,
                     const struct source_options *options, struct error *error)
{
	struct source *source = mem_calloc(1, sizeof(*source));
	char **folders = mem_calloc(count, sizeof(*folders));
	size_t folder_count = 0;
	enum err err = ERR_NONE;

	allow_open_folders();
	source->options = *options;
	source->walk = walk_new(options);
	source->files = mem_calloc(count, sizeof(*source->files));
	for (size_t i = 0; i < count && !err; i++) {
		bool is_folder = false;

		err = check_operand(operands[i], &is_folder, error);
		if (err)
			break;
		if (is_folder)
			folders[folder_count++] = operand_text(operands[i]);
		else
			source->files[source->file_count++] = operand_text(operands[i]);
	}
	source->file_count = sort_unique(source->files, source->file_count);
	folder_count = sort_unique(folders, folder_count);
	for (size_t i = 0; i < folder_count; i++) {
		walk_add(source->walk, folders[i]);
		free(folders[i]);
	}
	free(folders);
	if (err) {
		source_close(source);
		source = NULL;
	}
	*out = source;
	return err;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	walk_free(source->walk);
	for (size_t i = 0; i < source->file_count; i++)
		free(source->files[i]);
	free(source->files);
	free(source);
}

struct reader *reader_new(struct source *source)
{
	struct reader *reader = mem_calloc(1, sizeof(*reader));

	reader->source = source;
	walk_batch_init(&reader->batch);
	file_buffer_init(&reader->content, &source->options);
	return reader;
}

void reader_free(struct reader *reader)
{
	if (!reader)
		return;
	walk_batch_release(&reader->batch, reader->source->walk);
	buf_release(&reader->content);
	free(reader);
}

/* The next operand that is no folder, if any is left. */
static bool next_operand(struct source *source, struct file *file)
{
	const char *name;
	size_t i;

	if (atomic_load(&source->next_file) >= source->file_count)
		return false;
	i = atomic_fetch_add(&source->next_file, 1);
	if (i >= source->file_count)
		return false;
	name = source->files[i];
	*file = (struct file){.folder = AT_FDCWD, .name = name, .named = true};
	file->path = bytes_of(name);
	if (strcmp(name, "-") == 0) {
		file->name = NULL;
		if (source->options.stdin_name && *source->options.stdin_name)
			file->path = bytes_of(source->options.stdin_name);
	}
	return true;
}

bool reader_next(struct reader *reader, struct blob *blob, struct coverage *coverage)
{
	struct source *source = reader->source;
	struct file file;

	if (reader->content.cap > KEEP_MAX)
		buf_release(&reader->content);
	while (next_operand(source, &file) ||
	       walk_next(source->walk, &reader->batch, &file, coverage)) {
		if (source->options.excludes &&
		    source->options.excludes(source->options.excludes_context, file.path)) {
			coverage_skip(coverage, SKIP_EXCLUDED);
			continue;
		}
		if (file_read(&reader->content, &file, &source->options, coverage)) {
			atomic_fetch_add(&source->given, 1);
			*blob = (struct blob){buf_bytes(&reader->content), file.path};
			return true;
		}
	}
	return false;
}

uint64_t source_given(const struct source *source)
{
	return atomic_load(&source->given);
}
