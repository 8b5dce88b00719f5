#include "history/leads.h"

#include "base/memory.h"
#include "git/tree_entries.h"

#include <inttypes.h>
#include <stdlib.h>

/* Before the bytes of each lead; and, as that of a lead without type, before the first. */
struct head {
	uint32_t type;
	uint32_t entry;
	uint64_t len;
};

/* ---- Making ---- */

static bool add(struct buf *out, enum object_type type, uint32_t entry, struct bytes bytes)
{
	struct head head = {.type = type, .entry = entry, .len = bytes.len};

	return entry != PACK_NONE &&
	       !buf_append(out, (struct bytes){(void *)&head, sizeof(head)}) &&
	       !buf_append(out, bytes);
}

/* Adds the lines of a commit that commits_add() reads. */
static bool add_commit(struct buf *out, const struct commits *commits, uint32_t number,
                       uint32_t entry)
{
	const struct commit *c = &commits->items[number];
	char id[OBJECT_ID_HEX + 1];
	struct buf text;
	bool added;

	buf_init(&text, SIZE_MAX);
	buf_appendf(&text, "tree %s\n", object_id_hex(&c->tree, id));
	for (uint32_t i = 0; i < c->parent_count; i++)
		buf_appendf(
		    &text, "parent %s\n",
		    object_id_hex(&commits->ids.ids[commits->parents[c->first_parent + i]], id));
	buf_appendf(&text, "committer <> %" PRId64 "\n", c->date);
	added = add(out, OBJECT_COMMIT, entry, buf_bytes(&text));
	buf_release(&text);
	return added;
}

static bool add_commits(struct buf *out, const struct pack *pack, const struct commits *commits)
{
	for (uint32_t i = 0; i < commits->ids.count; i++) {
		uint32_t entry = pack_find(pack, &commits->ids.ids[i]);

		if (commits->items[i].present && entry != PACK_NONE &&
		    !add_commit(out, commits, i, entry))
			return false;
	}
	return true;
}

static bool add_tags(struct buf *out, const struct pack *pack, const struct sightings *s)
{
	for (size_t i = 0; i < s->link_count; i++) {
		uint32_t entry = pack_find(pack, &s->links[i].tag);
		char line[64], id[OBJECT_ID_HEX + 1];

		snprintf(line, sizeof(line), "object %s\n", object_id_hex(&s->links[i].target, id));
		if (entry != PACK_NONE && !add(out, OBJECT_TAG, entry, bytes_of(line)))
			return false;
	}
	return true;
}

static bool add_blobs(struct buf *out, const struct pack *pack, const struct id_map *blobs)
{
	for (uint32_t i = 0; i < blobs->count; i++) {
		uint32_t entry = pack_find(pack, &blobs->ids[i]);

		if (entry != PACK_NONE && !add(out, OBJECT_BLOB, entry, (struct bytes){NULL, 0}))
			return false;
	}
	return true;
}

/* Appends the node's entries; `trees` has for each node a tree that has it. */
static bool put_entries(struct buf *out, const struct tree_graph *g, const struct node *node,
                        const struct object_id *const *trees)
{
	static const struct bytes zero = {(const unsigned char *)"", 1};

	for (uint32_t i = 0; i < node->count; i++) {
		const struct link *link = &g->links[node->first + i];
		const struct object_id *to =
		    link->is_target ? &g->targets.ids[link->to] : trees[link->to];

		if (!to)
			return false;
		buf_appendf(out, "%o ", (unsigned)(link->is_target ? MODE_FILE : MODE_FOLDER));
		buf_append(out, link->name);
		buf_append(out, zero);
		buf_append(out, (struct bytes){to->bytes, OBJECT_ID_SIZE});
	}
	return true;
}

static bool add_trees(struct buf *out, const struct pack *pack, const struct tree_graph *g)
{
	const struct object_id **trees = mem_calloc(g->node_count, sizeof(*trees));
	bool added = true;
	struct buf text;

	buf_init(&text, SIZE_MAX);
	for (uint32_t i = 0; i < g->trees.count; i++) {
		if (pack_has(pack, &g->trees.ids[i]))
			trees[g->tree_nodes[i]] = &g->trees.ids[i];
	}
	for (uint32_t i = 0; i < g->trees.count && added; i++) {
		uint32_t node = g->tree_nodes[i], entry = pack_find(pack, &g->trees.ids[i]);

		if (entry == PACK_NONE || node == NODE_NONE)
			continue;
		buf_clear(&text);
		added = put_entries(&text, g, &g->nodes[node], trees) &&
		        add(out, OBJECT_TREE, entry, buf_bytes(&text));
	}
	buf_release(&text);
	free(trees);
	return added;
}

bool leads_make(struct buf *out, const struct objects *objects, const struct sightings *sightings,
                const struct tree_graph *graph)
{
	const struct pack *pack = objects->packs[0];
	struct head whole = {0};

	if (graph->cut || graph->open || graph->led || objects->pack_count != 1)
		return false;
	buf_clear(out);
	if (buf_append(out, (struct bytes){(void *)&whole, sizeof(whole)}) ||
	    !add_commits(out, pack, &sightings->graph) || !add_tags(out, pack, sightings) ||
	    !add_blobs(out, pack, &sightings->blobs.objects) || !add_trees(out, pack, graph) ||
	    out->len > LEADS_MAX)
		return false;
	whole.len = out->len - sizeof(whole);
	memcpy(out->ptr, &whole, sizeof(whole));
	return true;
}

/* ---- Reading ---- */

/* Cuts the next head and its bytes off; false for what is none. */
static bool next(struct bytes text, size_t *at, struct head *head, struct bytes *bytes)
{
	if (text.len - *at < sizeof(*head))
		return false;
	memcpy(head, text.ptr + *at, sizeof(*head));
	*at += sizeof(*head);
	if (head->len > text.len - *at)
		return false;
	*bytes = bytes_slice(text, *at, *at + (size_t)head->len);
	*at += (size_t)head->len;
	return true;
}

bool leads_whole(struct bytes text, uint32_t entries)
{
	struct bytes bytes;
	struct head head;
	size_t at = 0;

	if (!next(text, &at, &head, &bytes) || at != text.len)
		return false;
	for (at = sizeof(head); at < text.len;) {
		if (!next(text, &at, &head, &bytes) || head.type < OBJECT_COMMIT ||
		    head.type > OBJECT_TAG || head.entry >= entries)
			return false;
	}
	return true;
}

bool leads_next(struct bytes text, size_t *at, struct lead *lead)
{
	struct head head;

	if (!*at)
		*at = sizeof(head);
	if (*at >= text.len || !next(text, at, &head, &lead->bytes))
		return false;
	lead->type = (enum object_type)head.type;
	lead->entry = head.entry;
	return true;
}
