#include "git/tree_entries.h"

bool tree_entry_next(struct bytes tree, struct tree_entry *e)
{
	size_t at = e->end;
	const unsigned char *zero;

	e->start = at;
	e->mode = 0;
	while (at < tree.len && tree.ptr[at] >= '0' && tree.ptr[at] <= '7')
		e->mode = e->mode << 3 | (tree.ptr[at++] - '0');
	if (at >= tree.len || tree.ptr[at] != ' ')
		return false;
	at++;
	zero = memchr(tree.ptr + at, 0, tree.len - at);
	if (!zero || (size_t)(tree.ptr + tree.len - zero) <= OBJECT_ID_SIZE)
		return false;
	e->name = bytes_slice(tree, at, (size_t)(zero - tree.ptr));
	memcpy(e->id.bytes, zero + 1, OBJECT_ID_SIZE);
	e->end = (size_t)(zero - tree.ptr) + 1 + OBJECT_ID_SIZE;
	return true;
}
