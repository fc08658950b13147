/*
 * Linear probing at most half full: a mapping of a million keys is checked
 * for duplicates in linear time.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/io/doc_internal.h"

enum { ROOM_LEAST = 64 };

static size_t slot_of(const struct doc_table *table, const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    size_t i;

    for (; *name; name++) {
        hash ^= (unsigned char)*name;
        hash *= UINT64_C(1099511628211);
    }
    hash ^= hash >> 32;
    i = (size_t)hash & (table->room - 1);
    return i;
}

/* The entry of the name, or the free one where it would go. */
static struct doc_entry *find(const struct doc_table *table, const char *name)
{
    size_t i = slot_of(table, name);

    while (table->entries[i].name && strcmp(table->entries[i].name, name) != 0)
        i = (i + 1) & (table->room - 1);
    return &table->entries[i];
}

static void grow(struct doc_table *table)
{
    struct doc_table old = *table;
    size_t i;

    table->room = old.room ? 2 * old.room : ROOM_LEAST;
    table->entries = mem_zalloc(table->room * sizeof *table->entries);
    for (i = 0; i < old.room; i++)
        if (old.entries[i].name)
            *find(table, old.entries[i].name) = old.entries[i];
    free(old.entries);
}

void doc_table_clear(struct doc_table *table)
{
    if (table->room > ROOM_LEAST)
        doc_table_release(table);
    else if (table->count > 0)
        memset(table->entries, 0, table->room * sizeof *table->entries);
    table->count = 0;
}

void doc_table_release(struct doc_table *table)
{
    free(table->entries);
    memset(table, 0, sizeof *table);
}

struct doc_node *doc_table_get(const struct doc_table *table, const char *name)
{
    return table->room ? find(table, name)->node : NULL;
}

void doc_table_put(struct doc_table *table, const char *name,
                   struct doc_node *node)
{
    struct doc_entry *entry;

    assert(name && node);
    if (2 * table->count >= table->room)
        grow(table);
    entry = find(table, name);
    if (!entry->name)
        table->count++;
    entry->name = name;
    entry->node = node;
}
