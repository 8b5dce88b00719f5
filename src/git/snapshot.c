#include "git/snapshot.h"

#include "base/clock.h"
#include "git/store.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

/* Longer than two writes can be apart and have one time. */
enum { UNSURE_SECONDS = 3 };

struct snapshot {
	struct digest digest;
	time_t newest; /* change of all that is in it */
};

/* Adds what tells the file, or folder, from what it was before. */
static void add_file(struct snapshot *s, const char *path)
{
	struct stat st;

	digest_add_text(&s->digest, path);
	if (stat(path, &st) != 0) {
		digest_add_number(&s->digest, 0);
		return;
	}
	digest_add_number(&s->digest, 1);
	digest_add_number(&s->digest, st.st_dev);
	digest_add_number(&s->digest, st.st_ino);
	digest_add_number(&s->digest, (uint64_t)st.st_size);
	digest_add_number(&s->digest, (uint64_t)st.st_mtim.tv_sec);
	digest_add_number(&s->digest, (uint64_t)st.st_mtim.tv_nsec);
	digest_add_number(&s->digest, (uint64_t)st.st_ctim.tv_sec);
	digest_add_number(&s->digest, (uint64_t)st.st_ctim.tv_nsec);
	if (st.st_ctim.tv_sec > s->newest)
		s->newest = st.st_ctim.tv_sec;
}

static void add_file_in(struct snapshot *s, const char *folder, const char *name)
{
	char path[8192];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	add_file(s, path);
}

/* Adds the folder and what lies in it. */
static void add_folder(struct snapshot *s, const char *folder, const char *name)
{
	struct dirent **entries;
	char path[4096];
	int count;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	add_file(s, path);
	count = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.')
			add_file_in(s, path, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* Loose objects lie in folders whose names are the first byte of their ids. */
static void add_loose(struct snapshot *s, const char *objects)
{
	bool exists[LOOSE_FOLDERS];

	loose_folders(objects, exists);
	for (unsigned byte = 0; byte < LOOSE_FOLDERS; byte++) {
		char name[4];

		if (!exists[byte])
			continue;
		snprintf(name, sizeof(name), "%02x", byte);
		add_file_in(s, objects, name);
	}
}

static void add_references(struct digest *d, const struct reference_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct reference *r = &list->items[i];

		digest_add_text(d, r->name);
		digest_add_text(d, r->target);
		digest_add(d, (struct bytes){r->id.bytes, OBJECT_ID_SIZE});
	}
	digest_add_number(d, list->broken);
}

enum err repository_snapshot(struct repository *repository, struct object_id *head,
                             unsigned char references[DIGEST_SIZE],
                             unsigned char snapshot[DIGEST_SIZE], struct error *error)
{
	struct reference_list list = {0};
	struct snapshot s = {.newest = 0};
	struct digest d;
	enum err err = repository_reference_ids(repository, &list, error);

	*head = (struct object_id){{0}};
	if (err)
		return err;
	if (list.count && strcmp(list.items[0].name, "HEAD") == 0)
		*head = list.items[0].id;
	digest_begin(&d);
	add_references(&d, &list);
	digest_end(&d, references);
	reference_list_release(&list);

	digest_begin(&s.digest);
	digest_add(&s.digest, (struct bytes){references, DIGEST_SIZE});
	digest_add_text(&s.digest, repository_folder(repository));
	add_file_in(&s, repository_git(repository), "HEAD");
	add_file_in(&s, repository_common(repository), "config");
	add_file_in(&s, repository_common(repository), "shallow");
	for (const char *const *o = repository_object_folders(repository); *o; o++) {
		add_file_in(&s, *o, "info/alternates");
		add_folder(&s, *o, "pack");
		add_loose(&s, *o);
	}
	digest_add_number(&s.digest, time(NULL) - s.newest < UNSURE_SECONDS ? clock_ns() + 1 : 0);
	digest_end(&s.digest, snapshot);
	return ERR_NONE;
}
