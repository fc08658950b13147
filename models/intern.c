/*
 * Texts in an open-addressing table; memory from chunks released together.
 */
#include "models/intern.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/mem.h"

enum { CHUNK = 1 << 16, ALIGNMENT = 16 };

struct intern {
    VEC_OF(void *) chunks;
    char *free;
    size_t left;
    const char **table; /* by hash; NULL: free */
    size_t room, count; /* room: a power of two, or 0 */
};

struct intern *intern_new(void)
{
    return mem_zalloc(sizeof(struct intern));
}

void intern_free(struct intern *in)
{
    size_t i;

    if (!in)
        return;
    for (i = 0; i < in->chunks.count; i++)
        free(in->chunks.items[i]);
    VEC_FREE(in->chunks);
    free(in->table);
    free(in);
}

void *intern_alloc(struct intern *in, size_t size)
{
    void *p;

    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size >= CHUNK / 4) {
        p = mem_zalloc(size);
        VEC_PUSH(in->chunks, p);
        return p;
    }
    if (in->left < size) {
        in->free = mem_zalloc(CHUNK);
        in->left = CHUNK;
        VEC_PUSH(in->chunks, (void *)in->free);
    }
    p = in->free;
    in->free += size;
    in->left -= size;
    return p;
}

void *intern_copy(struct intern *in, const void *items, size_t count,
                  size_t size)
{
    void *copy;

    if (count == 0)
        return NULL;
    assert(count <= SIZE_MAX / size);
    copy = intern_alloc(in, count * size);
    memcpy(copy, items, count * size);
    return copy;
}

/* FNV-1a, 64 bits: www.isthe.com/chongo/tech/comp/fnv */
static uint64_t hash_text(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *text; text++) {
        hash ^= (unsigned char)*text;
        hash *= UINT64_C(1099511628211);
    }
    return hash;
}

/* Where the text is, or would go. */
static const char **find(const struct intern *in, const char *text)
{
    size_t i = (size_t)hash_text(text) & (in->room - 1);

    while (in->table[i] && strcmp(in->table[i], text) != 0)
        i = (i + 1) & (in->room - 1);
    return &in->table[i];
}

static void grow(struct intern *in)
{
    const char **old = in->table;
    size_t room = in->room, i;

    in->room = room ? 2 * room : 1024;
    in->table = mem_calloc(in->room, sizeof *in->table);
    for (i = 0; i < room; i++)
        if (old[i])
            *find(in, old[i]) = old[i];
    free(old);
}

const char *intern(struct intern *in, const char *text)
{
    const char **place;

    if (!text)
        return NULL;
    if (2 * in->count >= in->room)
        grow(in);
    place = find(in, text);
    if (!*place) {
        *place = intern_copy(in, text, strlen(text) + 1, 1);
        in->count++;
    }
    return *place;
}

const char *intern_printf(struct intern *in, const char *format, ...)
{
    va_list args;
    char small[256], *big;
    const char *text;
    int length;

    va_start(args, format);
    length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    assert(length >= 0);
    if ((size_t)length < sizeof small)
        return intern(in, small);
    big = mem_alloc((size_t)length + 1);
    va_start(args, format);
    vsnprintf(big, (size_t)length + 1, format, args);
    va_end(args);
    text = intern(in, big);
    free(big);
    return text;
}
