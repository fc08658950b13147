#define _DEFAULT_SOURCE /* madvise */
#include "sim/engine/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 * 1024 * 1024 };

static _Noreturn void exhausted(size_t size)
{
    fprintf(stderr, "podchurn: out of memory: %zu bytes wanted\n", size);
    exit(1);
}

void *mem_alloc(size_t size)
{
    void *block = malloc(size ? size : 1);

    if (!block)
        exhausted(size);
    return block;
}

void *mem_zalloc(size_t size)
{
    return mem_calloc(1, size);
}

void *mem_calloc(size_t count, size_t size)
{
    void *block = calloc(count ? count : 1, size ? size : 1);

    if (!block)
        exhausted(size && count > SIZE_MAX / size ? SIZE_MAX : count * size);
    return block;
}

void *mem_realloc(void *old, size_t count, size_t size)
{
    size_t total = count * size;
    void *block;

    if (size && count > SIZE_MAX / size)
        exhausted(SIZE_MAX);
    block = realloc(old, total ? total : 1);
    if (!block)
        exhausted(total);
    return block;
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

char *mem_strndup(const char *text, size_t length)
{
    const char *end = memchr(text, 0, length);
    size_t size = end ? (size_t)(end - text) : length;
    char *copy = mem_alloc(size + 1);

    memcpy(copy, text, size);
    copy[size] = 0;
    return copy;
}

char *mem_printf(const char *format, ...)
{
    va_list args;
    char *text;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(length >= 0);
    text = mem_alloc((size_t)length + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

void *mem_regrow(void *old, size_t used, size_t size)
{
    size_t alignment = size >= 2 * HUGE_PAGE ? HUGE_PAGE : 128;
    void *block;

    assert(used <= size);
    if (posix_memalign(&block, alignment, size ? size : 1))
        exhausted(size);
#ifdef MADV_HUGEPAGE
    if (alignment == HUGE_PAGE) /* a hint: failure costs only time */
        (void)madvise(block, size, MADV_HUGEPAGE);
#endif
    if (old)
        memcpy(block, old, used);
    free(old);
    return block;
}
