/*
 * Any bytes as encoded text: runs that stand in each other's way, escapes that break off, gzip that
 * is none. What a run decodes to has places in it for every byte, in order.
 */
#include "base/memory.h"
#include "detect/encoded.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLACES_MAX = 64 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Asserts that the places of decoded bytes lie in the run, and in their order. */
static void check_places(const struct encoded_run *run, struct bytes text, size_t len)
{
	struct run_place place = {0};
	uint32_t last = run->start;

	for (uint32_t at = 0; at < len && at < PLACES_MAX; at++) {
		uint32_t start, end, again, again_end;
		struct run_place anew = {0};

		run_source(run, text, &place, at, at + 1, &start, &end);
		run_source(run, text, &anew, at, at + 1, &again, &again_end);
		require(start == again && end == again_end);
		require(start >= last && start < end && end <= run->end);
		last = start;
	}
}

static void decode(const struct encoded_run *run, struct bytes text, struct buf *decoded,
                   struct buf *inflated)
{
	buf_clear(decoded);
	if (run_decode(run, text, decoded))
		return;
	require(decoded->len <= run->end - run->start);
	check_places(run, text, decoded->len);
	buf_clear(inflated);
	if (bytes_start_with(buf_bytes(decoded), "\x1f\x8b"))
		(void)gzip_inflate(buf_bytes(decoded), inflated);
	require(inflated->len <= inflated->max);
}

/* The first byte says how far apart the hits are; the rest is the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = {data + 1, size ? size - 1 : 0};
	uint32_t step = size ? 1 + data[0] % 16 : 1;
	struct buf decoded, inflated;

	buf_init(&decoded, 1 << 16);
	buf_init(&inflated, 1 << 20);
	for (enum encoding e = ENCODED_BASE64; e < ENCODED_COUNT; e++) {
		struct run_finder finder = {0};

		for (uint32_t at = 0; at < text.len; at += step) {
			uint32_t phase = e == ENCODED_BASE64 ? at % 4
			                 : e == ENCODED_HEX  ? at % 2
			                                     : 0;

			if (!run_finder_move(&finder, text, e, at, phase, at % 5 == 0))
				continue;
			require(finder.run.start <= at && at < finder.run.end &&
			        finder.run.end <= text.len);
			(void)run_has_escape(&finder.run, text);
			decode(&finder.run, text, &decoded, &inflated);
		}
	}
	buf_release(&decoded);
	buf_release(&inflated);
	return 0;
}
