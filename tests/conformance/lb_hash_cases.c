/*
 * lb_hash_cases - rings and tables that hashes are looked up in.
 */
#include <stdlib.h>
#include <string.h>

#include "models/lb/hash.h"
#include "models/lb/permutation.h"
#include "models/lb/ring.h"
#include "tests/conformance/lb_cases.h"

enum { MOST = LB_CASE_MOST };

/* Of texts under key; how many. */
static uint32_t read_keys(struct doc_node *map, const char *key,
                          const char **keys)
{
    struct doc_node *node;
    uint32_t count = 0;

    get_items(map, key, &node);
    for (; node && count < MOST; node = node->next)
        keys[count++] = node->text;
    return count;
}

static void check_table(struct test_case *c, const uint32_t *table,
                        uint32_t size)
{
    struct doc_node *node;
    uint32_t i = 0;

    expect_int(c, "places", (int64_t)get_items(c->expect, "table", &node),
               size);
    for (; node && i < size; node = node->next, i++)
        expect_int(c, "place", item_int(c, node), table[i]);
}

void case_maglev_xxh64_table(struct test_case *c)
{
    uint32_t size = (uint32_t)get_int(c, c->in, "tableSize", 65537);
    struct permutation items[MOST];
    const char *keys[MOST];
    uint32_t count = read_keys(c->in, "keys", keys);
    double weights[MOST];
    uint32_t *table = intern_alloc(c->intern, size * sizeof *table);

    lb_case_weights(c, c->in, weights, count);
    for (uint32_t i = 0; i < count; i++)
        items[i] = permutation_of(keys[i], size, weights[i]);
    permutation_table(items, count, size, table);
    check_table(c, table, size);
}

/* A permutation is told by its first two places. */
void case_maglev_paper_table(struct test_case *c)
{
    uint32_t size = (uint32_t)get_int(c, c->in, "tableSize", 7), count = 0;
    struct permutation items[MOST];
    uint32_t *table = intern_alloc(c->intern, size * sizeof *table);
    struct doc_node *row;

    get_items(c->in, "permutations", &row);
    for (; row && count < MOST && row->count >= 2; row = row->next) {
        uint32_t first = (uint32_t)item_int(c, row->first);
        uint32_t second = (uint32_t)item_int(c, row->first->next);

        items[count++] =
            (struct permutation){first, (second + size - first) % size, 1};
    }
    permutation_table(items, count, size, table);
    check_table(c, table, size);
}

/* Each key as often as hashesPerHost says; release it with free(). */
static struct ring *ring_of(struct test_case *c)
{
    struct ring_item items[MOST];
    const char *keys[MOST];
    uint32_t counts[MOST], count = read_keys(c->in, "keys", keys);
    uint32_t each = (uint32_t)get_int(c, c->in, "hashesPerHost", 1);

    for (uint32_t i = 0; i < count; i++) {
        items[i] = (struct ring_item){keys[i], 1};
        counts[i] = each;
    }
    return ring_make(items, count, counts, (size_t)count * each);
}

void case_ring_hash_xxh64(struct test_case *c)
{
    struct ring *ring = ring_of(c);
    struct doc_node *node;
    size_t i = 0;

    expect_int(c, "places", (int64_t)get_items(c->expect, "ring", &node),
               (int64_t)ring->count);
    for (; node && i < ring->count; node = node->next, i++) {
        if (strtoull(node->first->text, NULL, 10) != ring->places[i].hash)
            case_fail(c, "place %zu is not at %s", i, node->first->text);
        expect_int(c, "key", item_int(c, node->first->next),
                   ring->places[i].item);
    }
    free(ring);
}

void case_ring_hash_pick(struct test_case *c)
{
    struct ring *ring = ring_of(c);
    const char *hash = doc_text(c->in, "requestHash");

    expect_int(c, "key", get_int(c, c->expect, "key", -1),
               ring_find(ring, strtoull(hash ? hash : "0", NULL, 10))->item);
    free(ring);
}

void case_grpc_ring_size(struct test_case *c)
{
    struct ring_item items[MOST];
    double weights[MOST], tolerance;
    uint32_t count = lb_case_numbers(c, c->in, "weights", weights);
    uint32_t counts[MOST], i = 0;
    struct doc_node *node;
    int64_t size;

    for (uint32_t k = 0; k < count; k++)
        items[k] = (struct ring_item){"", weights[k]};
    size = (int64_t)ring_counts(
        items, count, (uint64_t)get_int(c, c->in, "minRing", 1024),
        (uint64_t)get_int(c, c->in, "maxRing", 8388608), counts);
    if (get_items(c->expect, "sizeBetween", &node) == 2 &&
        (size < item_int(c, node) || size > item_int(c, node->next)))
        case_fail(c, "size is %lld", (long long)size);
    tolerance = get_double(c, c->expect, "relativeTolerance", 0);
    get_items(c->expect, "share", &node);
    for (; node && i < count; node = node->next, i++) {
        double share = item_double(c, node);

        expect_near(c, "share", share, (double)counts[i] / (double)size,
                    share * tolerance + 1e-9);
    }
}
