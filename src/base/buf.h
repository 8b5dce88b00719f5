/*
 * A growable byte buffer that owns its memory and has a maximum fixed at init. Appending past
 * the maximum fails with ERR_LIMIT and leaves the buffer as it was. The content is no C string:
 * use buf_text() where one is wanted.
 */
#ifndef TRAWL_BASE_BUF_H
#define TRAWL_BASE_BUF_H

#include "base/bytes.h"
#include "base/error.h"

struct buf {
	unsigned char *ptr;
	size_t len;
	size_t cap;
	size_t max; /* bytes; len never exceeds it */
};

/* An empty buffer that will hold at most max bytes; allocates nothing yet. */
void buf_init(struct buf *b, size_t max);

/* Frees the memory; b is empty again and keeps its maximum. A released buffer may be reused. */
void buf_release(struct buf *b);

/* Empties b and keeps its memory. */
static inline void buf_clear(struct buf *b)
{
	b->len = 0;
}

/* Makes room for `more` bytes behind the present ones. ERR_LIMIT past the maximum. */
enum err buf_reserve(struct buf *b, size_t more);

/*
 * Empties b and makes room for `size` bytes. ERR_LIMIT past the maximum, and also when there is no
 * such memory: foreign bytes can ask for much.
 */
enum err buf_make_room(struct buf *b, size_t size);

/* Appends the bytes. ERR_LIMIT past the maximum, with b unchanged. */
enum err buf_append(struct buf *b, struct bytes bytes);

/* Appends formatted text. ERR_LIMIT past the maximum, with b unchanged. */
enum err buf_appendf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The content as a C string owned by b, valid until b changes. The NUL is not counted in len. */
const char *buf_text(struct buf *b);

/* The content; valid until b changes. */
static inline struct bytes buf_bytes(const struct buf *b)
{
	return (struct bytes){b->ptr, b->len};
}

#endif
