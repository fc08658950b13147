/* PodDisruptionBudgets: what their controller says, and what the eviction
 * API then grants. */
#include "tests/unit/control_fixture.h"

#include "models/controllers/disruption_rules.h"
#include "models/eviction.h"

extern const struct controller controller_disruption, controller_replicaset;

static const struct controller *const both[] = {&controller_disruption,
                                                &controller_replicaset, NULL};

/* getExpectedPodCount, updatePdbStatus: percentages round up. */
static void test_rules(void **state)
{
    enum { MIN, MAX, NEITHER };
    static const struct {
        const char *label;
        int which;
        struct int_or_percent amount;
        struct disruption_seen seen;
        int expected, desired, allowed;
    } cases[] = {
        {"min 9 of 10", MIN, {false, 9}, {10, 10, 10, false}, 10, 9, 1},
        {"min 9, 8 healthy", MIN, {false, 9}, {10, 10, 8, false}, 10, 9, 0},
        {"an integer counts pods", MIN, {false, 1}, {3, 0, 3, true}, 3, 1, 2},
        {"no pods: none", MIN, {false, 0}, {0, 0, 0, false}, 0, 0, 0},
        {"28% of 7 is 2", MIN, {true, 28}, {7, 7, 7, false}, 7, 2, 5},
        {"min 50% of scale", MIN, {true, 50}, {4, 5, 4, false}, 5, 3, 1},
        {"max 1 of scale 3", MAX, {false, 1}, {3, 3, 3, false}, 3, 2, 1},
        {"max 30% of 7 is 3", MAX, {true, 30}, {7, 7, 7, false}, 7, 4, 3},
        {"max over scale", MAX, {false, 9}, {3, 3, 2, false}, 3, 0, 2},
        {"surge pods help", MAX, {false, 1}, {4, 3, 4, false}, 3, 2, 2},
        {"neither", NEITHER, {false, 0}, {3, 3, 3, false}, 0, 0, 0},
        {"no scale known", MAX, {false, 1}, {3, 0, 3, true}, -1, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pdb_spec spec = {.min_given = cases[i].which == MIN,
                                .max_given = cases[i].which == MAX,
                                .min_available = cases[i].amount,
                                .max_unavailable = cases[i].amount};
        struct disruption_status s = disruption_decide(&spec, &cases[i].seen);

        if (s.expected_pods != cases[i].expected ||
            s.desired_healthy != cases[i].desired ||
            s.disruptions_allowed != cases[i].allowed)
            fail_msg("%s: expected %d, desired %d, allowed %d", cases[i].label,
                     s.expected_pods, s.desired_healthy, s.disruptions_allowed);
    }
}

static const struct label web = {"app", "web"};
static const struct pod_template template = {
    .labels = {1, &web}, .hash = 1, .grace_period = 30 * SIM_S};
static const char *const values[] = {"web"};
static const struct requirement is_web = {"app", SELECTOR_IN, 1, values};
static const struct selector selector = {.count = 1, .items = &is_web};

/* A ReplicaSet of `replicas` that are ready, and a budget over it. */
static struct control *begin(int replicas, const struct pdb_spec *spec)
{
    struct control *c = control_new(both);

    control_add_nodes(c, 3, "");
    c->start = 2 * SIM_S;
    c->term = 4 * SIM_S;
    world_replicaset_create(c->s.world, NO_ID, "default", "web", &selector,
                            &template, 0, replicas, INCIDENT_STARTUP);
    world_pdb_create(c->s.world, spec);
    control_run(c, 10);
    return c;
}

static enum eviction_answer evict(struct control *c, pod_id id)
{
    return eviction_request(c->s.world, id, -1, "Evicted", INCIDENT_NONE);
}

/* One at a time: the next only once its replacement is ready. */
static void test_evictions(void **state)
{
    struct pdb_spec budget = {.meta = {"web", "default", {0}, {0}},
                              .selector = selector,
                              .max_given = true,
                              .max_unavailable = {false, 1}};
    struct control *c;
    const struct pdb *pdb;

    (void)state;
    c = begin(3, &budget);
    pdb = c->s.world->pdbs.items[0];
    assert_int_equal(pdb->disruptions_allowed, 1);
    assert_int_equal(pdb->current_healthy, 3);
    assert_int_equal(evict(c, 0), EVICTION_GRANTED);
    assert_int_equal(pdb->disruptions_allowed, 0);
    assert_int_equal(evict(c, 1), EVICTION_REFUSED);
    assert_int_equal(evict(c, 0), EVICTION_GRANTED); /* terminates already */
    control_run(c, 11.5);
    assert_int_equal(evict(c, 1), EVICTION_REFUSED);
    assert_int_equal(pdb->current_healthy, 2);
    control_run(c, 14);
    assert_int_equal(evict(c, 1), EVICTION_GRANTED);
    control_free(c);
}

/* Two budgets over one pod: the API cannot say. */
static void test_two_budgets(void **state)
{
    struct pdb_spec a = {.meta = {"a", "default", {0}, {0}},
                         .selector = selector,
                         .min_given = true,
                         .min_available = {false, 1}};
    struct pdb_spec b = a;
    struct control *c = begin(3, &a);

    (void)state;
    b.meta.name = "b";
    world_pdb_create(c->s.world, &b);
    control_run(c, 11);
    assert_int_equal(evict(c, 0), EVICTION_FAILED);
    world_pdb_delete(c->s.world, 1);
    assert_int_equal(evict(c, 0), EVICTION_GRANTED);
    control_free(c);
}

/* Pods that are not ready are not guarded where what is guarded is well, or
 * by AlwaysAllow whatever there is (KEP-3017). */
static void test_unready(void **state)
{
    struct pdb_spec spec = {.meta = {"web", "default", {0}, {0}},
                            .selector = selector,
                            .min_given = true,
                            .min_available = {false, 2}};
    struct control *c = begin(3, &spec);
    struct world *w = c->s.world;

    (void)state;
    world_pod_set_ready(w, 2, false);
    control_run(c, 11);
    assert_int_equal(w->pdbs.items[0]->disruptions_allowed, 0);
    assert_int_equal(evict(c, 1), EVICTION_REFUSED);
    world_pod_set_ready(w, 1, false);
    control_run(c, 12);
    assert_int_equal(evict(c, 2), EVICTION_REFUSED);
    spec.always_allow = true;
    assert_int_equal(evict(c, 2), EVICTION_GRANTED);
    control_run(c, 17);
    world_pod_set_ready(w, 1, true);
    spec.always_allow = false;
    control_run(c, 18);
    world_pod_set_ready(w, 0, false);
    control_run(c, 19);
    assert_int_equal(w->pdbs.items[0]->current_healthy, 2);
    assert_int_equal(evict(c, 0), EVICTION_GRANTED);
    control_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules), cmocka_unit_test(test_evictions),
        cmocka_unit_test(test_two_budgets), cmocka_unit_test(test_unready)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
