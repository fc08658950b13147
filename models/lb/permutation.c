#include "models/lb/permutation.h"

#include <assert.h>

#include "models/lb/hash.h"
#include "sim/engine/mem.h"

#include <stdlib.h>
#include <string.h>

struct permutation permutation_of(const char *key, uint32_t size, double weight)
{
    assert(size >= 2);
    return (struct permutation){
        .offset = (uint32_t)(hash_text(key, 0) % size),
        .skip = (uint32_t)(hash_text(key, 1) % (size - 1) + 1),
        .weight = weight};
}

/* The first free place of an item, from *next on; takes it. */
static void claim(const struct permutation *item, uint32_t *next, uint32_t i,
                  uint32_t size, uint32_t *table)
{
    while (table[*next] != UINT32_MAX) {
        *next += item->skip;
        if (*next >= size)
            *next -= size;
    }
    table[*next] = i;
}

void permutation_table(const struct permutation *items, uint32_t count,
                       uint32_t size, uint32_t *table)
{
    uint32_t *next = mem_calloc(count, sizeof *next);
    double *target = mem_calloc(count, sizeof *target), most = 0;
    uint32_t filled = 0;

    for (uint32_t i = 0; i < count; i++) {
        next[i] = items[i].offset;
        most = items[i].weight > most ? items[i].weight : most;
    }
    assert(most > 0);
    memset(table, 0xff, size * sizeof *table);
    for (uint32_t round = 1; filled < size; round++) {
        for (uint32_t i = 0; i < count && filled < size; i++) {
            if (round * items[i].weight < target[i] || items[i].weight <= 0)
                continue;
            target[i] += most;
            claim(&items[i], &next[i], i, size, table);
            filled++;
        }
    }
    free(next);
    free(target);
}
