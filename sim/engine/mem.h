/*
 * mem - allocation that cannot fail, growing arrays, slabs.
 *
 * Exhausted memory ends the program with a message and exit status 1: no
 * caller can do anything better, so no caller has to check.
 */
#ifndef SIM_ENGINE_MEM_H
#define SIM_ENGINE_MEM_H

#include <stddef.h>
#include <stdint.h>

/* As malloc, calloc, realloc, strdup, strndup; never NULL. The caller owns
 * the result and releases it with free(). Sizes of 0 are allowed. */
void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
void *mem_calloc(size_t count, size_t size);
void *mem_realloc(void *old, size_t count, size_t size);
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t length);

/* Moves the first `used` bytes of `old` (may be NULL; released) to a new
 * block of `size` bytes, aligned for a cache line pair; a big one gets huge
 * pages where the system has them. The caller owns it: free(). */
void *mem_regrow(void *old, size_t used, size_t size);

/* A formatted string; the caller owns it. */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A growing array: declare `struct { T *items; size_t count, room; } v;`
 * zeroed, then VEC_PUSH(v, value). Amortised O(1). VEC_FREE releases it.
 * Pointers into it are valid until the next push.
 */
#define VEC_OF(T)                                                              \
    struct {                                                                   \
        T *items;                                                              \
        size_t count, room;                                                    \
    }
#define VEC_GROW(v)                                                            \
    ((v).count == (v).room                                                     \
         ? ((v).room = (v).room ? 2 * (v).room : 8,                            \
            (v).items = mem_realloc((v).items, (v).room, sizeof *(v).items))   \
         : (v).items)
#define VEC_PUSH(v, value) (VEC_GROW(v), (v).items[(v).count++] = (value))
#define VEC_FREE(v)                                                            \
    (free((v).items), (v).items = NULL, (v).count = (v).room = 0)

#endif
