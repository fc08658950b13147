/* Addresses: host-local's rule, the pod CIDR's parts, virtual IPs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/network/ipam.h"
#include "tests/unit/node_fixture.h"

#define IP(a, b, c, d)                                                         \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

static struct ipam *start(struct fixture *f)
{
    fixture_start(f);
    f->s.ipam = ipam_new(&f->s);
    for (size_t i = 0; i < f->node_count; i++)
        world_node_create(f->s.world, &f->nodes[i]);
    return f->s.ipam;
}

static void end(struct fixture *f)
{
    ipam_free(f->s.ipam);
    fixture_end(f);
}

static void each_node_has_its_part(void **state)
{
    struct fixture f;
    struct ipam *ipam;

    (void)state;
    fixture_init(&f, 3);
    ipam = start(&f);
    assert_int_equal(ipam_allocate(ipam, 2, 7), IP(10, 244, 2, 2));
    assert_int_equal(ipam_allocate(ipam, 0, 8), IP(10, 244, 0, 2));
    assert_int_equal(ipam_allocate(ipam, 2, 9), IP(10, 244, 2, 3));
    assert_int_equal(ipam_owner(ipam, IP(10, 244, 2, 2)), 7);
    assert_int_equal(ipam_owner(ipam, IP(10, 244, 1, 2)), NO_ID);
    assert_int_equal(ipam_node(ipam, IP(10, 244, 2, 200)), 2);
    assert_int_equal(ipam_node(ipam, IP(10, 244, 3, 1)), NO_ID);
    assert_int_equal(ipam_node(ipam, IP(10, 243, 0, 1)), NO_ID);
    end(&f);
}

/* A Node that asks for a range gets it; the others go round it. */
static void nodes_may_ask(void **state)
{
    struct fixture f;
    struct ipam *ipam;

    (void)state;
    fixture_init(&f, 4);
    f.nodes[0].pod_cidr = "192.168.4.0/24";
    f.nodes[2].pod_cidr = "10.244.1.0/24";
    f.nodes[3].pod_cidr = "10.244.1.128/25"; /* overlaps: not granted */
    ipam = start(&f);
    assert_int_equal(ipam_allocate(ipam, 3, 1), IP(10, 244, 2, 2));
    assert_int_equal(ipam_allocate(ipam, 2, 2), IP(10, 244, 1, 2));
    assert_int_equal(ipam_allocate(ipam, 1, 3), IP(10, 244, 0, 2));
    assert_int_equal(ipam_allocate(ipam, 0, 4), IP(192, 168, 4, 2));
    assert_int_equal(ipam_node(ipam, IP(192, 168, 4, 9)), 0);
    assert_int_equal(ipam_node(ipam, IP(10, 244, 0, 9)), 1);
    assert_int_equal(ipam_node(ipam, IP(10, 244, 1, 255)), 2);
    assert_int_equal(ipam_node(ipam, IP(10, 244, 2, 9)), 3);
    end(&f);
}

/* Eight addresses, five to give: what comes after three are released. */
static void allocators(void **state)
{
    static const struct {
        const char *label;
        int allocator;
        uint32_t want[4]; /* the next four; 0: none */
    } cases[] = {
        {"sequential starts after the last one and wraps",
         IPAM_SEQUENTIAL,
         {6, 2, 3, 0}},
        {"lowest", IPAM_LOWEST, {2, 3, 6, 0}},
    };
    struct fixture f;
    struct ipam *ipam;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_init(&f, 1);
        f.scenario.cluster.node_cidr_bits = 29;
        f.scenario.cluster.ipam_allocator = cases[i].allocator;
        ipam = start(&f);
        for (uint32_t k = 2; k <= 5; k++)
            assert_int_equal(ipam_allocate(ipam, 0, k), IP(10, 244, 0, 0) + k);
        ipam_release(ipam, IP(10, 244, 0, 3));
        ipam_release(ipam, IP(10, 244, 0, 2));
        for (size_t k = 0; k < 4; k++) {
            uint32_t ip = ipam_allocate(ipam, 0, 100);

            if ((ip & 255) != cases[i].want[k])
                fail_msg("%s: %zu is %u", cases[i].label, k, ip & 255);
        }
        end(&f);
    }
}

/* All are given, each once, in an order that is the node's own. */
static void random_allocator(void **state)
{
    struct fixture f;
    struct ipam *ipam;
    uint64_t seen[2] = {0, 0};
    bool differ = false;

    (void)state;
    fixture_init(&f, 2);
    f.scenario.cluster.node_cidr_bits = 26;
    f.scenario.cluster.ipam_allocator = IPAM_RANDOM;
    ipam = start(&f);
    for (int i = 0; i < 61; i++) {
        uint32_t a = ipam_allocate(ipam, 0, 1) & 63;
        uint32_t b = ipam_allocate(ipam, 1, 1) & 63;

        seen[0] |= UINT64_C(1) << a;
        seen[1] |= UINT64_C(1) << b;
        differ = differ || a != b;
    }
    assert_true(seen[0] == ~(UINT64_C(1) | 2 | UINT64_C(1) << 63));
    assert_true(seen[1] == seen[0]);
    assert_true(differ);
    assert_int_equal(ipam_allocate(ipam, 0, 1), 0);
    end(&f);
}

static uint32_t reused_ip;
static sim_time reused_after;

static void on_reuse(void *self, uint32_t ip, pod_id by, sim_time after)
{
    (void)self;
    (void)by;
    reused_ip = ip;
    reused_after = after;
}

static void reuse(void **state)
{
    struct fixture f;
    struct ipam *ipam;

    (void)state;
    fixture_init(&f, 1);
    f.scenario.cluster.node_cidr_bits = 29;
    f.scenario.cluster.ipam_allocator = IPAM_LOWEST;
    f.scenario.cluster.ipam_reuse_delay = 30 * SIM_S;
    ipam = start(&f);
    ipam_on_reuse(ipam, on_reuse, NULL);
    ipam_release(ipam, ipam_allocate(ipam, 0, 1));
    fixture_run(&f, 29999);
    assert_int_equal(ipam_allocate(ipam, 0, 2), IP(10, 244, 0, 3));
    assert_int_equal(reused_ip, 0);
    fixture_run(&f, 30000);
    assert_int_equal(ipam_allocate(ipam, 0, 3), IP(10, 244, 0, 2));
    assert_int_equal(reused_ip, IP(10, 244, 0, 2));
    assert_int_equal(reused_after, 30 * SIM_S);
    assert_int_equal(ipam_distinct(ipam), 2);
    end(&f);
}

static void distinct_since_time_0(void **state)
{
    struct fixture f;
    struct ipam *ipam;

    (void)state;
    fixture_init(&f, 1);
    ipam = start(&f);
    ipam_allocate(ipam, 0, 1);
    ipam_release(ipam, ipam_allocate(ipam, 0, 2));
    assert_int_equal(ipam_distinct(ipam), 2);
    world_begin_measure(f.s.world);
    assert_int_equal(ipam_distinct(ipam), 1);
    ipam_allocate(ipam, 0, 3);
    assert_int_equal(ipam_distinct(ipam), 2);
    end(&f);
}

static void pod_cidr_runs_out(void **state)
{
    struct fixture f;
    struct ipam *ipam;

    (void)state;
    fixture_init(&f, 3);
    f.scenario.cluster.pod_cidr_bits = 23;
    ipam = start(&f);
    assert_int_equal(ipam_allocate(ipam, 2, 1), 0);
    assert_int_equal(ipam_allocate(ipam, 1, 1), IP(10, 244, 1, 2));
    end(&f);
}

static void virtual_ips(void **state)
{
    static const struct {
        const char *wanted;
        uint32_t want;
    } cases[] = {
        {NULL, IP(10, 96, 1, 0)},
        {"10.96.0.10", IP(10, 96, 0, 10)},
        {"10.96.0.10", 0},
        {"10.96.1.0", 0},
        {"10.96.1.1", IP(10, 96, 1, 1)},
        {NULL, IP(10, 96, 1, 2)},
        {"10.95.255.255", 0},
        {"10.112.0.0", 0},
        {"10.111.255.255", 0},
        {"10.96.0.0", 0},
        {"nonsense", 0},
    };
    struct fixture f;
    struct ipam *ipam;

    (void)state;
    fixture_init(&f, 1);
    ipam = start(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(ipam_cluster_ip(ipam, cases[i].wanted), cases[i].want);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_node_has_its_part),
        cmocka_unit_test(nodes_may_ask),
        cmocka_unit_test(allocators),
        cmocka_unit_test(random_allocator),
        cmocka_unit_test(reuse),
        cmocka_unit_test(distinct_since_time_0),
        cmocka_unit_test(pod_cidr_runs_out),
        cmocka_unit_test(virtual_ips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
