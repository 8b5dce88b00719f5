/*
 * Any bytes as two indexes, the first's length in front: no crash, no hang, and what is read
 * is sorted, each once, with a known kind of mode.
 */
#include "git/index.h"
#include "git/tree_entries.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void need(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		const struct index_entry *e = &index->entries[i];
		uint32_t kind = e->mode & MODE_KIND;
		int order = i ? bytes_compare(e[-1].path, e->path) : -1;

		if (index->link.ptr && !e->path.len)
			continue;
		need(e->path.len && e->stage < 4);
		need(order < 0 || (order == 0 && e[-1].stage && e[-1].stage < e->stage));
		need(kind == MODE_FILE || kind == MODE_LINK || kind == MODE_GITLINK ||
		     kind == MODE_FOLDER);
		need((kind == MODE_FOLDER) == (e->path.ptr[e->path.len - 1] == '/'));
		need(index_find(index, e->path) <= i);
	}
	for (size_t i = 0; i < index->folder_count; i++) {
		const struct index_folder *f = &index->folders[i];

		need(f->count <= index->folder_count - f->first);
		for (size_t k = f->first; k < f->first + f->count; k++)
			(void)index_find_folder(index, i, index->folders[k].name);
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct index index, shared;
	size_t first;

	if (size < 2)
		return 0;
	first = (size_t)data[0] << 8 | data[1];
	if (first > size - 2)
		first = size - 2;
	if (index_parse(&index, (struct bytes){data + 2, first}, "index", NULL))
		return 0;
	check(&index);
	if (index.link.len >= OBJECT_ID_SIZE &&
	    !index_parse(&shared, (struct bytes){data + 2 + first, size - 2 - first}, "shared",
	                 NULL)) {
		if (!index_join(&index, &shared, "index", NULL))
			check(&index);
		index_release(&shared);
	}
	index_release(&index);
	return 0;
}
