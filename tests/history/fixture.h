/*
 * What the tests of histories share: an engine, what a scan of a repository says as text that can
 * be compared, and repositories with long random histories, the same ones for the same seed.
 */
#ifndef TRAWL_TESTS_HISTORY_FIXTURE_H
#define TRAWL_TESTS_HISTORY_FIXTURE_H

#include "base/memory.h"
#include "history/history.h"

#include <inttypes.h>

#include "../tree.h"

enum { TEXT_LIMIT = 1 << 30, OBJECT_LIMIT = 1 << 26, MEMORY_LARGE = 1 << 28 };

/* ---- The engine ---- */

static struct ruleset fixture_set;
static struct engine *fixture_engine;
static struct scan_options fixture_scan;

/* Enters a scratch folder and loads the built-in rules, or only the rules of this text. */
static inline int fixture_begin(void **state, const char *rules)
{
	static const char *const path = "rules.yaml";
	static const struct bytes no_key = {(const unsigned char *)"", 0};
	struct engine_options plain = {.placeholders = true};
	struct error error = {0};
	enum err err;

	tree_enter(state);
	if (rules)
		tree_put(path, rules);
	err = rules ? ruleset_load_only(&fixture_set, &path, 1, &error)
	            : ruleset_load(&fixture_set, NULL, 0, &error);
	fixture_scan = (struct scan_options){.inline_policy = INLINE_IGNORE};
	if (err || engine_new(&fixture_engine, &fixture_set, &plain, &error) ||
	    fingerprint_key_set(&fixture_scan.key, no_key, &error))
		fail_msg("%s", error.message);
	return 0;
}

static inline int fixture_end(void **state)
{
	engine_free(fixture_engine);
	ruleset_release(&fixture_set);
	return tree_leave(state);
}

static inline struct history_options fixture_options(unsigned threads, uint64_t memory)
{
	return (struct history_options){
	    .choice = {.since = INT64_MIN},
	    .sighting = {.scan = &fixture_scan,
	                 .walk = {.threads = threads, .memory = memory, .object_max = OBJECT_LIMIT},
	                 .max_size = OBJECT_LIMIT}};
}

/* The history of the repository; the caller releases it. */
static inline void fixture_history(struct history *h, const char *path,
                                   const struct history_options *options)
{
	struct error error = {0};

	*h = (struct history){0};
	if (history_scan(h, path, fixture_engine, &fixture_set, options, &error))
		fail_msg("%s", error.message);
}

/* ---- As text ---- */

static inline void put_place(struct buf *out, const struct object_id *blob, const struct finding *f)
{
	char hex[OBJECT_ID_HEX + 1];

	buf_appendf(out, " %s %" PRIu64 "-%" PRIu64 " %u:%u-%u:%u %u/%u/%u%s",
	            object_id_hex(blob, hex), f->start_offset, f->end_offset, f->start_line,
	            f->start_column, f->end_line, f->end_column, f->confidence, f->level,
	            f->checksum, f->allowed ? " allowed" : "");
}

static inline void put_secret(struct buf *out, const struct finding *f)
{
	buf_appendf(out, "%s ", f->rule->id);
	for (size_t i = 0; i < FINGERPRINT_SIZE; i++)
		buf_appendf(out, "%02x", f->fingerprint[i]);
}

/* Everything that the leaks say but for the repository's folder, and what was lost. */
static inline void put_history(struct buf *out, struct history *h)
{
	char hex[OBJECT_ID_HEX + 1];

	for (size_t i = 0; i < h->leaks.count; i++) {
		const struct leak *leak = &h->leaks.items[i];

		put_secret(out, &leak->occurrences[0].first);
		buf_appendf(out, " %s %s", object_type_name(leak->kind),
		            leak_state_name(leak->state));
		for (strings ref = leak->refs; ref && *ref; ref++)
			buf_appendf(out, " %s", *ref);
		buf_appendf(out, "\n");
		for (size_t k = 0; k < leak->count; k++) {
			const struct occurrence *o = &leak->occurrences[k];

			buf_appendf(out, "  [");
			buf_append(out, o->path);
			buf_appendf(out, "] %s %s %" PRId64 "%+d",
			            o->has_commit ? object_id_hex(&o->commit, hex) : "no commit",
			            o->author, o->date, o->zone);
			put_place(out, &o->blob, &o->first);
			put_place(out, &o->last_blob, &o->last);
			buf_appendf(out, "\n");
		}
	}
	coverage_sort(&h->coverage);
	for (size_t i = 0; i < h->coverage.named_count; i++) {
		buf_appendf(out, "lost ");
		buf_append(out, h->coverage.lost[i].path);
		buf_appendf(out, ": %s\n", h->coverage.lost[i].detail);
	}
}

/* The text of the repository's history; the caller's. */
static inline char *history_text(const char *path, const struct history_options *options)
{
	struct history h;
	struct buf out;

	fixture_history(&h, path, options);
	buf_init(&out, TEXT_LIMIT);
	put_history(&out, &h);
	history_release(&h);
	return (char *)(uintptr_t)buf_text(&out);
}

/* ---- Random histories ---- */

enum { BRANCHES = 4, FILES = 24, FILE_SIZE = 6000, HOT_FILE_SIZE = 24000, MARKS_MAX = 100000 };

struct story_file {
	char path[64]; /* empty: there is none */
	struct buf text;
};

struct story {
	uint64_t random;
	const char *const *snippets; /* what is put into files, in one piece or not */
	size_t snippet_count;
	bool in_messages; /* and into messages of commits and tags */
	FILE *out;        /* what git fast-import reads */
	struct story_file files[BRANCHES][FILES];
	unsigned tip[BRANCHES]; /* marks of commits; 0: none */
	unsigned mark;
	long date;
};

static inline uint32_t story_random(struct story *s, uint32_t below)
{
	s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((s->random >> 33) % below);
}

static inline struct bytes story_snippet(struct story *s)
{
	return bytes_of(s->snippets[story_random(s, (uint32_t)s->snippet_count)]);
}

static inline struct bytes story_message(struct story *s, unsigned one_in)
{
	return s->in_messages && story_random(s, one_in) == 0 ? story_snippet(s) : bytes_of("work");
}

/* Replaces [start, end) of the text by these bytes. */
static inline void replace_part(struct buf *text, size_t start, size_t end, struct bytes with)
{
	struct buf old = *text;

	buf_init(text, OBJECT_LIMIT);
	buf_append(text, bytes_slice(buf_bytes(&old), 0, start));
	buf_append(text, with);
	buf_append(text, bytes_slice(buf_bytes(&old), end, old.len));
	buf_release(&old);
}

static inline void add_line(struct story *s, struct buf *text)
{
	struct buf line;
	size_t at = story_random(s, (uint32_t)text->len + 1);

	buf_init(&line, 1024);
	buf_appendf(&line, "\nsetting_%u = value %u of %u\n", story_random(s, 1000),
	            story_random(s, 1000), story_random(s, 1000));
	while (at < text->len && text->ptr[at] != '\n')
		at++;
	replace_part(text, at, at, buf_bytes(&line));
	buf_release(&line);
}

/* Does something to a snippet that stands in the text: cuts, moves, touches or removes it. */
static inline void disturb_snippet(struct story *s, struct buf *text)
{
	static const char *const touches[] = {"x", "0", "\n", " ", "_", "\"", "=", "\xc3\xa4"};
	struct bytes touch = bytes_of(touches[story_random(s, 8)]);
	struct bytes snippet = {NULL, 0};
	const unsigned char *found = NULL;
	size_t at;

	for (unsigned tries = 0; tries < 40 && !found; tries++) {
		snippet = story_snippet(s);
		found = text->len ? memmem(text->ptr, text->len, snippet.ptr, snippet.len) : NULL;
	}
	if (!found)
		return;
	at = (size_t)(found - text->ptr);
	switch (story_random(s, 6)) {
	case 0: /* cut in two */
		at += story_random(s, (uint32_t)snippet.len);
		replace_part(text, at, at, touch);
		break;
	case 1: /* something before it */
		replace_part(text, at, at, touch);
		break;
	case 2: /* something behind it */
		replace_part(text, at + snippet.len, at + snippet.len, touch);
		break;
	case 3: /* one byte is another */
		at += story_random(s, (uint32_t)snippet.len);
		replace_part(text, at, at + 1, touch);
		break;
	case 4: /* removed */
		replace_part(text, at, at + snippet.len, (struct bytes){NULL, 0});
		break;
	default: /* moved */
		replace_part(text, at, at + snippet.len, (struct bytes){NULL, 0});
		at = story_random(s, (uint32_t)text->len + 1);
		replace_part(text, at, at, snippet);
		break;
	}
}

static inline void edit_text(struct story *s, struct buf *text, size_t most)
{
	static const struct bytes nothing = {NULL, 0}, zero = {(const unsigned char *)"", 1};
	size_t at = story_random(s, (uint32_t)text->len + 1), end;
	const unsigned char *found;

	switch (story_random(s, 12)) {
	case 0:
	case 1:
	case 2:
		replace_part(text, at, at, story_snippet(s));
		break;
	case 3:
	case 4:
	case 5:
		disturb_snippet(s, text);
		break;
	case 6: /* a part is gone */
		end = at + story_random(s, 400);
		replace_part(text, at, end < text->len ? end : text->len, nothing);
		break;
	case 7: /* a part stands twice */
		end = at + story_random(s, 400);
		if (end > text->len)
			end = text->len;
		if (end > at) {
			struct buf copy;

			buf_init(&copy, OBJECT_LIMIT);
			buf_append(&copy, bytes_slice(buf_bytes(text), at, end));
			at = story_random(s, (uint32_t)text->len + 1);
			replace_part(text, at, at, buf_bytes(&copy));
			buf_release(&copy);
		}
		break;
	case 8: /* text becomes binary, and text again */
		found = text->len ? memchr(text->ptr, 0, text->len) : NULL;
		if (found)
			replace_part(text, (size_t)(found - text->ptr),
			             (size_t)(found - text->ptr) + 1, nothing);
		else if (story_random(s, 3) == 0)
			replace_part(text, at, at, zero);
		break;
	default:
		add_line(s, text);
	}
	while (text->len > most) {
		at = story_random(s, (uint32_t)text->len - 1500);
		replace_part(text, at, at + 1500, nothing);
	}
}

static inline void write_data(struct story *s, const struct story_file *file)
{
	struct bytes text = buf_bytes(&file->text);
	bool utf16 = strstr(file->path, ".u16") != NULL;

	fprintf(s->out, "M 100644 inline %s\ndata %zu\n", file->path,
	        utf16 ? 2 + 2 * text.len : text.len);
	if (utf16)
		fwrite("\xff\xfe", 1, 2, s->out);
	for (size_t i = 0; utf16 && i < text.len; i++) {
		putc(text.ptr[i], s->out);
		putc(0, s->out);
	}
	if (!utf16 && text.len)
		fwrite(text.ptr, 1, text.len, s->out);
	putc('\n', s->out);
}

static inline void copy_file(struct story_file *to, const struct story_file *from)
{
	snprintf(to->path, sizeof(to->path), "%s", from->path);
	buf_clear(&to->text);
	buf_append(&to->text, buf_bytes(&from->text));
}

static inline void name_file(struct story *s, struct story_file *file, unsigned number)
{
	static const char *const folders[] = {"", "src/", "src/deep/er/", "a-b/", "a/"};
	static const char *const endings[] = {"", ".c", ".env", ".yml", ".u16", ".bin"};

	snprintf(file->path, sizeof(file->path), "%sf%u_%u%s", folders[story_random(s, 5)], number,
	         story_random(s, 3), endings[story_random(s, 6)]);
}

static inline void write_commit(struct story *s, unsigned branch, unsigned merged)
{
	struct bytes message = story_message(s, 20);

	s->date += (long)story_random(s, 40) - 8;
	fprintf(s->out,
	        "commit refs/heads/b%u\nmark :%u\ncommitter Somebody %u <s@example.invalid> "
	        "%ld +0130\ndata %zu\n%s\n",
	        branch, ++s->mark, story_random(s, 5), s->date, message.len,
	        (const char *)message.ptr);
	if (s->tip[branch])
		fprintf(s->out, "from :%u\n", s->tip[branch]);
	if (merged)
		fprintf(s->out, "merge :%u\n", merged);
	s->tip[branch] = s->mark;
}

/* A merge takes each file from one side or the other, now and then with something of its own. */
static inline void merge_branch(struct story *s, unsigned branch, unsigned other)
{
	write_commit(s, branch, s->tip[other]);
	for (unsigned i = 0; i < FILES; i++) {
		struct story_file *file = &s->files[branch][i];

		if (story_random(s, 2) == 0 && *s->files[other][i].path) {
			if (*file->path && strcmp(file->path, s->files[other][i].path) != 0)
				fprintf(s->out, "D %s\n", file->path);
			copy_file(file, &s->files[other][i]);
		}
		if (*file->path && story_random(s, 12) == 0)
			edit_text(s, &file->text, i ? FILE_SIZE : HOT_FILE_SIZE);
		if (*file->path)
			write_data(s, file);
	}
}

static inline void change_file(struct story *s, unsigned branch, unsigned number)
{
	struct story_file *file = &s->files[branch][number];
	unsigned what = story_random(s, 30);

	if (number && *file->path && what == 0) {
		fprintf(s->out, "D %s\n", file->path);
		*file->path = '\0';
		return;
	}
	if (number && *file->path && what == 1) {
		fprintf(s->out, "D %s\n", file->path);
		name_file(s, file, number);
	} else if (!*file->path) {
		name_file(s, file, number);
		if (!number)
			snprintf(file->path, sizeof(file->path), "hot");
		if (number > 1 && what < 10 && *s->files[branch][number - 1].path) {
			buf_clear(&file->text);
			buf_append(&file->text, buf_bytes(&s->files[branch][number - 1].text));
		}
	}
	edit_text(s, &file->text, number ? FILE_SIZE : HOT_FILE_SIZE);
	write_data(s, file);
}

/*
 * Writes a history of so many commits on the branches b0 ... b3, for git fast-import. Most of them
 * touch the file `hot`.
 */
static inline void story_write(struct story *s, unsigned commits)
{
	for (unsigned b = 0; b < BRANCHES; b++) {
		for (unsigned i = 0; i < FILES; i++)
			buf_init(&s->files[b][i].text, OBJECT_LIMIT);
	}
	s->date = 1600000000;
	for (unsigned c = 0; c < commits; c++) {
		unsigned branch = c < 10 ? 0 : story_random(s, BRANCHES);
		unsigned other = (branch + 1 + story_random(s, BRANCHES - 1)) % BRANCHES;
		unsigned changes = 1 + story_random(s, 3);

		if (!s->tip[branch] && branch) {
			s->tip[branch] = s->tip[0];
			for (unsigned i = 0; i < FILES; i++)
				copy_file(&s->files[branch][i], &s->files[0][i]);
		}
		if (s->tip[other] && story_random(s, 40) == 0) {
			merge_branch(s, branch, other);
			continue;
		}
		write_commit(s, branch, 0);
		change_file(s, branch, 0);
		while (--changes)
			change_file(s, branch, story_random(s, FILES));
	}
	for (unsigned b = 0; b < BRANCHES; b++) {
		for (unsigned i = 0; i < FILES; i++)
			buf_release(&s->files[b][i].text);
	}
}

/* Makes the bare repository r with such a history, and the tags t0 ... t7. */
static inline void story_make(uint64_t seed, unsigned commits, const char *const *snippets,
                              size_t snippet_count, bool in_messages)
{
	struct story s = {.random = seed,
	                  .snippets = snippets,
	                  .snippet_count = snippet_count,
	                  .in_messages = in_messages};

	s.out = fopen("story", "w");
	tree_need(s.out, "story");
	story_write(&s, commits);
	for (unsigned t = 0; t < 8; t++) {
		struct bytes message = story_message(&s, 1);

		fprintf(s.out,
		        "tag t%u\nfrom :%u\ntagger T <t@example.invalid> %ld -0800\n"
		        "data %zu\n%s\n",
		        t, 1 + story_random(&s, s.mark), s.date + t, message.len,
		        (const char *)message.ptr);
	}
	tree_need(fclose(s.out) == 0, "story");
	TREE_RUN("sh", "-c",
	         "git init -q --bare r && git -C r symbolic-ref HEAD refs/heads/b0 && "
	         "git -C r -c fastimport.unpackLimit=0 fast-import --quiet <story");
}

#endif
