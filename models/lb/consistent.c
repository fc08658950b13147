#include "models/lb/consistent.h"

#include <stdlib.h>

#include "models/lb/permutation.h"
#include "models/lb/ring.h"

static double weight_of(const struct lb_pick *pick, uint32_t i)
{
    return pick->balancer->weights ? pick->balancer->weights[i] : 1;
}

/* ----------------------------------------------------------------- ring */

static uint32_t *items_of(const struct lb_pick *pick, struct ring_item *items,
                          char (*keys)[HASH_ADDRESS_SIZE], uint32_t *count)
{
    uint32_t *index = mem_calloc(pick->count, sizeof *index);

    *count = 0;
    for (uint32_t i = 0; i < pick->count; i++) {
        if (weight_of(pick, i) <= 0)
            continue;
        hash_address(pick->endpoints[i].ip, keys[*count]);
        items[*count].key = keys[*count];
        items[*count].weight = weight_of(pick, i);
        index[(*count)++] = i;
    }
    return index;
}

/* A number of places for each; returns how many in all. */
static size_t points_of(const struct ring_item *items, uint32_t count,
                        double points, uint32_t *counts)
{
    size_t total = 0;

    for (uint32_t i = 0; i < count; i++) {
        double wanted = items[i].weight * points;

        counts[i] = wanted < 1 ? 1 : (uint32_t)(wanted < 1e6 ? wanted : 1e6);
        total += counts[i];
    }
    return total;
}

static void make_ring(struct lb_table *table, const struct lb_pick *pick)
{
    const struct ring_config *config = pick->balancer->config;
    struct ring_item *items = mem_calloc(pick->count, sizeof *items);
    char(*keys)[HASH_ADDRESS_SIZE] = mem_calloc(pick->count, sizeof *keys);
    uint32_t *counts = mem_calloc(pick->count, sizeof *counts), count;
    uint32_t *index = items_of(pick, items, keys, &count);
    struct ring *ring;

    table->length =
        config->points > 0
            ? points_of(items, count, (double)config->points, counts)
            : ring_counts(items, count, (uint64_t)config->least,
                          (uint64_t)config->most, counts);
    ring = ring_make(items, count, counts, table->length);
    for (size_t i = 0; i < table->length; i++)
        ring->places[i].item = index[ring->places[i].item];
    table->items = ring;
    free(items);
    free(keys);
    free(counts);
    free(index);
}

void consistent_ring(struct lb_table **held, const struct lb_pick *pick)
{
    lb_table_renew(held, pick, make_ring, 0);
}

uint32_t consistent_ring_find(const struct lb_table *ring, uint64_t hash)
{
    return ring_find(ring->items, hash)->item;
}

/* --------------------------------------------------------------- Maglev */

static bool is_prime(uint32_t n)
{
    for (uint32_t i = 2; i <= n / i; i++)
        if (n % i == 0)
            return false;
    return n >= 2;
}

static void make_maglev(struct lb_table *table, const struct lb_pick *pick)
{
    struct permutation *items = mem_calloc(pick->count, sizeof *items);
    char key[HASH_ADDRESS_SIZE];

    while (!is_prime((uint32_t)table->length))
        table->length++;
    for (uint32_t i = 0; i < pick->count; i++) {
        hash_address(pick->endpoints[i].ip, key);
        items[i] =
            permutation_of(key, (uint32_t)table->length, weight_of(pick, i));
    }
    table->items = mem_calloc(table->length, sizeof(uint32_t));
    permutation_table(items, pick->count, (uint32_t)table->length,
                      table->items);
    free(items);
}

void consistent_maglev(struct lb_table **held, const struct lb_pick *pick,
                       uint32_t size)
{
    lb_table_renew(held, pick, make_maglev, size);
}
