/*
 * The decoded view of any bytes: its text is well-formed where it was decoded, and its map rises
 * from character to character and ends at the source's end.
 */
#include "base/utf8.h"
#include "detect/view.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The first byte chooses a maximum; the rest is the blob. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes source = {data + 1, size - 1};
	struct view view;
	enum err err;
	size_t last = 0;

	if (!size)
		return 0;
	view_init(&view, data[0] ? (size_t)data[0] * 256 : 8);
	err = view_show(&view, source);
	require(err ? view.text.len == 0 : view_source_offset(&view, view.text.len) == source.len);
	if (view.kind != TEXT_PLAIN && view.kind != TEXT_BINARY)
		require(utf8_valid(view.text) && view.text.len <= view.decoded.max);
	else
		require(!err && view.text.ptr == source.ptr && view.text.len == source.len);
	for (size_t i = 0; i < view.text.len; i++) {
		size_t at = view_source_offset(&view, i);

		require(at >= last && at < source.len);
		last = at;
	}
	view_release(&view);
	return 0;
}
