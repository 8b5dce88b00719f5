#include "base/buf.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max < SIZE_MAX ? max : SIZE_MAX - 1};
}

void buf_release(struct buf *b)
{
	free(b->ptr);
	b->ptr = NULL;
	b->len = b->cap = 0;
}

enum err buf_reserve(struct buf *b, size_t more)
{
	size_t need;

	if (more > b->max - b->len)
		return ERR_LIMIT;
	need = b->len + more + 1; /* one for buf_text() */
	if (need > b->cap) {
		size_t cap = b->cap > SIZE_MAX / 2 ? need : b->cap * 2;

		if (cap < need)
			cap = need < 64 ? 64 : need;
		b->ptr = mem_resize(b->ptr, cap, 1);
		b->cap = cap;
	}
	return ERR_NONE;
}

enum err buf_make_room(struct buf *b, size_t size)
{
	buf_clear(b);
	if (size > b->max)
		return ERR_LIMIT;
	if (size < b->cap)
		return ERR_NONE;
	buf_release(b);
	b->ptr = malloc(size + 1); /* one for buf_text() */
	if (!b->ptr)
		return ERR_LIMIT;
	b->cap = size + 1;
	return ERR_NONE;
}

enum err buf_append(struct buf *b, struct bytes bytes)
{
	enum err err = buf_reserve(b, bytes.len);

	if (!err && bytes.len) {
		memcpy(b->ptr + b->len, bytes.ptr, bytes.len);
		b->len += bytes.len;
	}
	return err;
}

enum err buf_appendf(struct buf *b, const char *format, ...)
{
	va_list args;
	int len;
	enum err err;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return ERR_LIMIT;
	err = buf_reserve(b, (size_t)len);
	if (err)
		return err;
	va_start(args, format);
	vsnprintf((char *)b->ptr + b->len, (size_t)len + 1, format, args);
	va_end(args);
	b->len += (size_t)len;
	return ERR_NONE;
}

const char *buf_text(struct buf *b)
{
	if (!b->cap)
		return "";
	b->ptr[b->len] = '\0';
	return (const char *)b->ptr;
}
