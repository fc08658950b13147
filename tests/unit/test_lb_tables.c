/* test_lb_tables - hashes with known answers, rings, Maglev tables, ranks,
 * schedules; tables that balancers share. */
#include "tests/unit/lb_fixture.h"

#include "models/lb/consistent.h"
#include "models/lb/edf.h"
#include "models/lb/hash.h"
#include "models/lb/permutation.h"
#include "models/lb/ranks.h"
#include "models/lb/ring.h"

/* Answers of the xxHash project's own tool and of python-xxhash's manual. */
static void test_xxh64(void **state)
{
    static const struct {
        const char *text;
        uint64_t hash;
    } known[] = {
        {"", UINT64_C(0xef46db3751d8e999)},
        {"a", UINT64_C(0xd24ec4f1a98c6e5b)},
        {"abc", UINT64_C(0x44bc2cf5ad770999)},
        {"Nobody inspects the spammish repetition",
         UINT64_C(0xfbcea83c8a378bf1)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_true(hash_text(known[i].text, 0) == known[i].hash);
    for (uint64_t x = 1; x != 0; x *= 3) {
        unsigned char bytes[8];

        for (int i = 0; i < 8; i++)
            bytes[i] = (unsigned char)(x >> 8 * i);
        assert_true(hash_u64(x, 7) == hash_xxh64(bytes, 8, 7));
        if (x > UINT64_C(1) << 60)
            break;
    }
}

static void test_address(void **state)
{
    char text[HASH_ADDRESS_SIZE];

    (void)state;
    hash_address(UINT32_C(0x0a60ff01), text);
    assert_string_equal(text, "10.96.255.1");
    hash_address(UINT32_MAX, text);
    assert_string_equal(text, "255.255.255.255");
}

/* The quick look-up finds what a walk along all places finds. */
static void test_ring(void **state)
{
    static const struct ring_item items[] = {{"a", 1}, {"b", 2}, {"c", 0.5}};
    uint32_t counts[3];
    struct rng rng;

    (void)state;
    rng_init(&rng, (struct rng_root){1, 0}, "ring", NULL, 0);
    for (uint64_t least = 1; least < 3000; least = least * 3 + 1) {
        size_t total = ring_counts(items, 3, least, 1 << 20, counts);
        struct ring *ring = ring_make(items, 3, counts, total);

        assert_true(total >= least);
        assert_true(counts[0] > 0 && counts[1] > 0 && counts[2] > 0);
        for (int n = 0; n < 2000; n++) {
            uint64_t hash = n ? rng_u64(&rng) : UINT64_MAX;
            size_t i = 0;

            while (i < total && ring->places[i].hash < hash)
                i++;
            assert_ptr_equal(ring_find(ring, hash),
                             &ring->places[i < total ? i : 0]);
        }
        free(ring);
    }
}

/* Shares by weight to within one turn; one that leaves takes few others'
 * places along. */
static void test_permutation(void **state)
{
    enum { SIZE = 65537, COUNT = 10 };
    struct permutation items[COUNT];
    uint32_t *table = calloc(SIZE, sizeof *table);
    uint32_t *less = calloc(SIZE, sizeof *less);
    uint32_t seen[COUNT] = {0}, moved = 0;

    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) {
        char key[HASH_ADDRESS_SIZE];

        hash_address(UINT32_C(0x0a000000) + i, key);
        items[i] = permutation_of(key, SIZE, i ? 1 : 0.5);
    }
    permutation_table(items, COUNT, SIZE, table);
    permutation_table(items, COUNT - 1, SIZE, less);
    for (uint32_t i = 0; i < SIZE; i++) {
        seen[table[i]]++;
        moved += table[i] != less[i] && table[i] != COUNT - 1;
    }
    assert_in_range(seen[0], 3448, 3452);
    for (int i = 1; i < COUNT; i++)
        assert_in_range(seen[i], 6896, 6902);
    assert_in_range(moved, 1, SIZE / 20);
    free(table);
    free(less);
}

/* Against counting. */
static void test_ranks(void **state)
{
    enum { COUNT = 7 };
    uint32_t numbers[COUNT] = {3, 0, 2, 2, 9, 1, 4};
    struct ranks ranks = {0};
    struct rng rng;

    (void)state;
    rng_init(&rng, (struct rng_root){1, 0}, "ranks", NULL, 0);
    ranks_start(&ranks, numbers, COUNT);
    for (int n = 0; n < 10000; n++) {
        uint32_t i = (uint32_t)rng_below(&rng, COUNT), least = UINT32_MAX;
        uint32_t ties = 0;

        if (numbers[i] > 0 && rng_below(&rng, 2)) {
            ranks_down(&ranks, i);
            numbers[i]--;
        } else {
            ranks_up(&ranks, i);
            numbers[i]++;
        }
        for (int k = 0; k < COUNT; k++)
            least = numbers[k] < least ? numbers[k] : least;
        for (int k = 0; k < COUNT; k++)
            ties += numbers[k] == least;
        assert_int_equal(ranks_least(&ranks), ties);
        for (uint32_t k = 0; k < ties; k++)
            assert_int_equal(numbers[ranks.order[k]], least);
    }
    ranks_release(&ranks);
}

/* To begin after k picks is what k picks lead to, ties and all (by weights
 * whose inverses add up exactly). */
static void test_edf_start(void **state)
{
    static const double sets[][4] = {
        {1, 1, 1, 1}, {1, 2, 4, 8}, {4, 0.5, 1, 2}, {2, 2, 1, 1}};

    (void)state;
    for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++) {
        struct edf straight = {0}, begun = {0};

        edf_start(&straight, sets[s], 4, 0);
        for (uint64_t k = 0; k < 100; k++) {
            uint32_t next = edf_next(&straight);

            edf_start(&begun, sets[s], 4, k);
            assert_int_equal(edf_next(&begun), next);
            edf_again(&straight, sets[s][next]);
        }
        edf_release(&straight);
        edf_release(&begun);
    }
}

/* Balancers of one group make a table once for each set that any of them
 * still uses. */
static void test_shared(void **state)
{
    struct lb_group group = {0};
    struct bench b[2];
    const struct lb_table *table;

    (void)state;
    for (int i = 0; i < 2; i++) {
        bench_init(&b[i], "maglev", NULL, 5);
        lb_group_add(&group, &b[i].balancer);
        bench_pick(&b[i]);
    }
    table = group.tables;
    assert_int_equal(table->references, 2);
    assert_null(table->next);
    bench_set(&b[0], NULL, 4);
    bench_pick(&b[0]);
    assert_non_null(group.tables->next);
    bench_set(&b[1], NULL, 4);
    bench_pick(&b[1]);
    assert_null(group.tables->next);
    assert_int_equal(group.tables->references, 2);
    for (int i = 0; i < 2; i++)
        bench_release(&b[i]);
    assert_null(group.tables);
    lb_group_release(&group);
}

/* Consistent hashing: clients of those that stay, stay, and both balancers
 * send a client to one endpoint. */
static void test_consistent(void **state)
{
    static const struct {
        const char *name;
        uint32_t most; /* of 1000 that may move among the others */
    } all[] = {{"ring-hash", 150}, {"maglev", 60}, {"ipvs-mh", 80}};
    static const uint32_t left[] = {0, 1, 3, 4, 5, 6, 7, 8, 9};

    (void)state;
    for (size_t s = 0; s < sizeof all / sizeof all[0]; s++) {
        pod_id before[1000];
        uint32_t moved = 0;
        struct bench b;

        bench_init(&b, all[s].name, NULL, 10);
        for (b.key = 0; b.key < 1000; b.key++)
            before[b.key] = b.set->endpoints[bench_pick(&b)].pod;
        bench_set(&b, left, 9);
        for (b.key = 0; b.key < 1000; b.key++)
            moved += before[b.key] != 12 &&
                     b.set->endpoints[bench_pick(&b)].pod != before[b.key];
        assert_in_range(moved, 0, all[s].most);
        bench_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xxh64),  cmocka_unit_test(test_address),
        cmocka_unit_test(test_ring),   cmocka_unit_test(test_permutation),
        cmocka_unit_test(test_ranks),  cmocka_unit_test(test_edf_start),
        cmocka_unit_test(test_shared), cmocka_unit_test(test_consistent),
    };

    return cmocka_run_group_tests_name("lb_tables", tests, NULL, NULL);
}
