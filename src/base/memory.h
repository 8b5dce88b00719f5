/*
 * Allocation that cannot fail: out of memory ends the program with one message and status 2,
 * from one place. Sizes are checked for overflow. Free the results with free().
 */
#ifndef TRAWL_BASE_MEMORY_H
#define TRAWL_BASE_MEMORY_H

#include <stddef.h>

/* n zeroed elements of `size` bytes; owned by the caller. */
void *mem_calloc(size_t n, size_t size);

/* ptr (or NULL) grown or shrunk to n elements of `size` bytes; owned by the caller. */
void *mem_resize(void *ptr, size_t n, size_t size);

/*
 * Makes room for one more element behind the first n of the array ptr with *cap elements,
 * doubling it; returns the array, perhaps moved.
 */
void *mem_grow(void *ptr, size_t n, size_t *cap, size_t size);

/* A copy of the NUL-terminated text; owned by the caller. */
char *mem_strdup(const char *text);

/* Bytes that the heap has from the system, in use or not. */
size_t mem_held(void);

/* With which a program ends that finds no memory. */
enum { MEM_EXHAUSTED_STATUS = 2 };

/* Ends the program: "trawl: out of memory", status 2. */
_Noreturn void mem_exhausted(void);

#endif
