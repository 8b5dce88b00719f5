#include "base/memory.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void mem_exhausted(void)
{
	static const char message[] = "trawl: out of memory\n";

	/* Nothing can be done about a failing write on the way out. */
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(MEM_EXHAUSTED_STATUS);
	_exit(MEM_EXHAUSTED_STATUS);
}

void *mem_calloc(size_t n, size_t size)
{
	void *ptr = calloc(n ? n : 1, size ? size : 1);

	if (!ptr)
		mem_exhausted();
	return ptr;
}

void *mem_resize(void *ptr, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		mem_exhausted();
	ptr = realloc(ptr, n && size ? n * size : 1);
	if (!ptr)
		mem_exhausted();
	return ptr;
}

void *mem_grow(void *ptr, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return ptr;
	if (*cap > SIZE_MAX / 2)
		mem_exhausted();
	*cap = *cap ? *cap * 2 : 8;
	return mem_resize(ptr, *cap, size);
}

char *mem_strdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(mem_resize(NULL, size, 1), text, size);
}

size_t mem_held(void)
{
	struct mallinfo2 info = mallinfo2(); /* its parts are those of all threads */

	return info.arena + info.hblkhd;
}
