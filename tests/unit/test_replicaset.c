/* ReplicaSets: who is deleted first, slow start, replacement. */
#include "models/controllers/replicaset_rules.h"
#include "tests/unit/control_fixture.h"

extern const struct controller controller_replicaset;

static const struct controller *const one[] = {&controller_replicaset, NULL};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { NOW = 100 * 24 * 3600 }; /* seconds; unset times: -1 */

/* --- rules --- */

struct row {
    bool assigned;
    enum ranked_phase phase;
    bool ready;
    int64_t cost;
    int colocated;
    int64_t ready_for, age; /* seconds; < 0: unset */
    int restarts, sidecar_restarts;
};

static struct ranked_pod ranked(const struct row *r, uint64_t uid)
{
    return (struct ranked_pod){
        .assigned = r->assigned,
        .phase = r->phase,
        .ready = r->ready,
        .deletion_cost = r->cost,
        .colocated = r->colocated,
        .ready_since =
            r->ready_for < 0 ? SIM_NEVER : (NOW - r->ready_for) * SIM_S,
        .created = r->age < 0 ? SIM_NEVER : (NOW - r->age) * SIM_S,
        .restarts = r->restarts,
        .sidecar_restarts = r->sidecar_restarts,
        .uid = uid};
}

#define DAYS30 2592000
#define UNSCHEDULED                                                            \
    {                                                                          \
        false, RANKED_PENDING, false, 0, 1, -1, -1, 0, 0                       \
    }
#define PENDING                                                                \
    {                                                                          \
        true, RANKED_PENDING, false, 0, 1, -1, -1, 0, 0                        \
    }
#define UNKNOWN                                                                \
    {                                                                          \
        true, RANKED_UNKNOWN, false, 0, 1, -1, -1, 0, 0                        \
    }
#define NOT_READY                                                              \
    {                                                                          \
        true, RANKED_RUNNING, false, 0, 1, -1, -1, 0, 0                        \
    }
#define READY(f, a)                                                            \
    {                                                                          \
        true, RANKED_RUNNING, true, 0, 1, f, a, 0, 0                           \
    }

/* The first of each pair goes first. */
static void test_deletion_order(void **state)
{
    static const struct {
        const char *label;
        struct row first, second;
        bool tie;
    } cases[] = {
        {"unscheduled", UNSCHEDULED, PENDING, false},
        {"pending", PENDING, UNKNOWN, false},
        {"unknown", UNKNOWN, NOT_READY, false},
        {"not ready", NOT_READY, READY(-1, -1), false},
        {"no ready time", READY(-1, -1), READY(0, 0), false},
        {"new", READY(0, 0), READY(0, DAYS30), false},
        {"ready later", READY(0, DAYS30), READY(7200, DAYS30), false},
        {"two and five hours", READY(7200, DAYS30), READY(18000, DAYS30),
         false},
        {"one log bucket, left to the UID", READY(1000000, DAYS30),
         READY(1000001, DAYS30), true},
        {"cost",
         {true, RANKED_RUNNING, true, 10, 1, 0, DAYS30, 0, 0},
         {true, RANKED_RUNNING, true, 100, 2, 0, DAYS30, 0, 0},
         false},
        {"colocated before age and restarts",
         {true, RANKED_RUNNING, true, 0, 2, 0, DAYS30, 0, 0},
         {true, RANKED_RUNNING, true, 0, 1, 0, 0, 9001, 0},
         false},
        {"restarts",
         {true, RANKED_RUNNING, true, 0, 1, 0, 0, 2, 0},
         {true, RANKED_RUNNING, true, 0, 1, 0, 0, 1, 5},
         false},
        {"sidecar restarts",
         {true, RANKED_RUNNING, true, 0, 1, 0, 0, 1, 2},
         {true, RANKED_RUNNING, true, 0, 1, 0, 0, 1, 1},
         false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ranked_pod a = ranked(&cases[i].first, 1);
        struct ranked_pod b = ranked(&cases[i].second, 2);

        if (replicaset_compare(&a, &b, NOW * SIM_S) >= 0 ||
            replicaset_compare(&b, &a, NOW * SIM_S) <= 0)
            fail_msg("%s", cases[i].label);
        a.uid = 3; /* the other way round where only the UID decides */
        if ((replicaset_compare(&a, &b, NOW * SIM_S) > 0) != cases[i].tie)
            fail_msg("%s: UID", cases[i].label);
        assert_int_equal(replicaset_compare(&a, &a, NOW * SIM_S), 0);
    }
}

static void test_choose(void **state)
{
    static const struct row rows[] = {READY(10, 20), NOT_READY, UNSCHEDULED,
                                      PENDING, READY(10, 20)};
    struct ranked_pod pods[5];

    (void)state;
    for (size_t diff = 0; diff <= 5; diff++) {
        for (uint32_t i = 0; i < 5; i++) {
            pods[i] = ranked(&rows[i], i);
            pods[i].id = i;
        }
        replicaset_choose(pods, 5, diff, NOW * SIM_S);
        if (diff == 5) { /* all go: nothing to sort */
            for (uint32_t i = 0; i < 5; i++)
                assert_int_equal(pods[i].id, i);
            continue;
        }
        assert_int_equal(pods[0].id, 2);
        assert_int_equal(pods[1].id, 3);
        assert_int_equal(pods[2].id, 1);
    }
}

static void test_slow_start_outcome(void **state)
{
    static const struct {
        int64_t count, initial, succeeding, calls, successes;
        bool failed;
    } cases[] = {
        {10, 1, 0, 1, 0, true},     {10, 1, 10, 10, 10, false},
        {10, 1, 4, 7, 4, true},     {10, 1, 3, 7, 3, true},
        {10, 4, 11, 10, 10, false}, {0, 1, 0, 0, 0, false},
        {10, 1, 2, 3, 2, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct slow_start s = replicaset_slow_start(
            cases[i].count, cases[i].initial, cases[i].succeeding);

        if (s.calls != cases[i].calls || s.successes != cases[i].successes ||
            s.failed != cases[i].failed)
            fail_msg("case %zu: %lld of %lld", i, (long long)s.successes,
                     (long long)s.calls);
    }
}

static void test_availability(void **state)
{
    static const struct {
        bool ready;
        sim_time since, min_ready, now;
        bool available;
        sim_time next;
    } cases[] = {
        {false, 0, 0, 10, false, SIM_NEVER},
        {true, 10, 0, 10, true, SIM_NEVER},
        {true, SIM_NEVER, 1, 10, false, SIM_NEVER},
        {true, 10, 5, 12, false, 3},
        {true, 10, 5, 15, true, SIM_NEVER},
        {false, 10, 5, 12, false, SIM_NEVER},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (replicaset_available(cases[i].ready, cases[i].since,
                                 cases[i].min_ready,
                                 cases[i].now) != cases[i].available ||
            replicaset_next_check(cases[i].ready, cases[i].since,
                                  cases[i].min_ready,
                                  cases[i].now) != cases[i].next)
            fail_msg("case %zu", i);
    }
    assert_int_equal(replicaset_api_time(2999 * SIM_MS), 2 * SIM_S);
    assert_int_equal(replicaset_api_time(-1), -SIM_S);
}

/* --- the controller --- */

static const struct pod_template template = {.hash = 1,
                                             .grace_period = 30 * SIM_S};
static const struct selector selector = {.nothing = false};

static struct control *begin(int replicas, sim_time min_ready)
{
    struct control *c = control_new(one);

    control_add_nodes(c, 10, "");
    world_replicaset_create(c->s.world, NO_ID, "default", "web", &selector,
                            &template, min_ready, replicas, INCIDENT_STARTUP);
    return c;
}

static const struct replicaset *set_of(const struct control *c)
{
    return c->s.world->replicasets.items[0];
}

static void on_pod(void *self, const struct world_change *change)
{
    struct control *c = self;

    if (change->what == WHAT_ADDED)
        control_note(c, "%lld ", (long long)(sim_now(c->s.sim) / SIM_MS));
}

/* Batches of 1, 2, 4 and the rest, each 3 ms after the one before. */
static void test_slow_start(void **state)
{
    struct control *c = begin(10, 0);

    (void)state;
    world_watch(c->s.world, 1U << CHANGE_POD, on_pod, c);
    control_run(c, 1);
    assert_string_equal(c->log, "8 11 11 14 14 14 14 17 17 17 ");
    control_free(c);
}

/* burst 30, then 20 a second; of a ReplicaSet's Events 25 pass the filter and
 * share the bucket. A real control plane took 1.30 s for the first 50 of
 * 250 pods, and 11.41 s for all. */
static void test_creation_at_the_limit(void **state)
{
    static const struct {
        int replicas;
        double least, most;
    } cases[] = {{50, 1.2, 1.4}, {250, 11.2, 11.6}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct control *c = begin(cases[i].replicas, 0);
        sim_time last = 0;
        const struct world *w = c->s.world;

        c->manual = true;
        control_run(c, 60);
        assert_int_equal(w->pods.count, cases[i].replicas);
        for (pod_id id = 0; id < w->pods.count; id++) {
            if (world_pod(w, id)->created > last)
                last = world_pod(w, id)->created;
        }
        if (last < sim_seconds(cases[i].least) ||
            last > sim_seconds(cases[i].most))
            fail_msg("%d pods: %.3f s", cases[i].replicas,
                     sim_to_seconds(last));
        control_free(c);
    }
}

/* 501 are not created in one go: the rest is seen to by a later one. */
static void test_burst(void **state)
{
    struct control *c = begin(600, 0);

    (void)state;
    c->manual = true;
    c->scenario.cluster.control_plane.replicaset_burst = 100;
    control_run(c, 60);
    assert_int_equal(c->s.world->pod_count, 600);
    control_free(c);
}

/* A pod that fails, is deleted or removed is replaced at once, and its
 * successor carries what ended it. */
static void test_replacement(void **state)
{
    struct control *c = begin(3, 0);
    struct world *w = c->s.world;
    incident_id why[3];

    (void)state;
    control_run(c, 10);
    assert_int_equal(set_of(c)->status_available, 3);
    for (int i = 0; i < 3; i++)
        why[i] = world_incident(w, "x", "kill", "pod/x", NO_ID);
    world_pod_touch(w, 0, why[0]);
    world_pod_set_phase(w, 0, POD_FAILED, "Evicted");
    control_run(c, 10.02);
    assert_int_equal(w->pods.count, 4); /* the failed one still exists */
    assert_int_equal(world_pod_origin(w, 3), why[0]);
    world_pod_delete(w, 1, -1, "Killed", why[1]);
    control_run(c, 10.04);
    assert_int_equal(w->pods.count, 5); /* and the terminating one */
    assert_int_equal(world_pod_origin(w, 4), why[1]);
    assert_int_equal(set_of(c)->pods.count, 5);
    world_pod_delete(w, 2, 0, "NodeLost", why[2]);
    control_run(c, 10.06);
    assert_int_equal(world_pod_origin(w, 5), why[2]);
    control_run(c, 30);
    assert_int_equal(w->pods.count, 6);
    assert_int_equal(set_of(c)->status_replicas, 3);
    control_free(c);
}

static void test_scale_down(void **state)
{
    struct control *c = begin(20, 0);
    struct world *w = c->s.world;
    size_t terminating = 0;

    (void)state;
    control_run(c, 10);
    world_pod_set_ready(w, 7, false);
    world_pod_set_ready(w, 11, false);
    world_replicaset_scale(w, 0, 10, INCIDENT_NONE);
    control_run(c, 10.5);
    for (pod_id id = 0; id < 20; id++)
        terminating += world_pod(w, id)->deletion != SIM_NEVER;
    assert_int_equal(terminating, 10);
    assert_true(world_pod(w, 7)->deletion != SIM_NEVER);
    assert_true(world_pod(w, 11)->deletion != SIM_NEVER);
    assert_string_equal(world_pod(w, 7)->reason, "Scaled");
    for (node_id n = 0; n < 10; n++) { /* two on each node: one is left */
        size_t left = 0;

        for (size_t i = 0; i < world_node(w, n)->pods.count; i++)
            left += world_pod(w, world_node(w, n)->pods.items[i])->deletion ==
                    SIM_NEVER;
        if (left > 2)
            fail_msg("node %u: %zu left", n, left);
    }
    control_run(c, 30);
    assert_int_equal(w->pod_count, 10);
    assert_int_equal(w->pods.count, 20);
    control_free(c);
}

/* What is annotated with a lower deletion cost goes first, ready or not old. */
static void test_deletion_cost(void **state)
{
    struct control *c = begin(10, 0);
    struct world *w = c->s.world;

    (void)state;
    control_run(c, 10);
    world_pod_set_deletion_cost(w, 3, -1);
    world_pod_set_deletion_cost(w, 8, -1);
    world_replicaset_scale(w, 0, 8, INCIDENT_NONE);
    control_run(c, 10.5);
    for (pod_id id = 0; id < 10; id++)
        assert_int_equal(world_pod(w, id)->deletion != SIM_NEVER,
                         id == 3 || id == 8);
    control_free(c);
}

/* Available minReadySeconds after Ready; before 1.34 looked at later. */
static void test_min_ready(void **state)
{
    static const struct {
        int minor;
        double before, after;
    } cases[] = {{36, 6.9, 7.1}, {26, 7.0, 7.1}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct control *c = begin(3, 5 * SIM_S);

        c->scenario.cluster.kubernetes_minor = cases[i].minor;
        control_run(c, cases[i].before);
        assert_int_equal(set_of(c)->status_ready, 3);
        assert_int_equal(set_of(c)->status_available, 0);
        control_run(c, cases[i].after);
        assert_int_equal(set_of(c)->status_available, 3);
        control_free(c);
    }
}

/* Since 1.35 the status counts pods that terminate (KEP-3973). */
static void test_terminating(void **state)
{
    static const int minors[] = {34, 35};

    (void)state;
    for (size_t i = 0; i < COUNT(minors); i++) {
        struct control *c = begin(3, 0);

        c->scenario.cluster.kubernetes_minor = minors[i];
        c->term = 20 * SIM_S;
        control_run(c, 10);
        world_replicaset_scale(c->s.world, 0, 1, INCIDENT_NONE);
        control_run(c, 15);
        assert_int_equal(set_of(c)->status_replicas, 1);
        assert_int_equal(set_of(c)->status_terminating, i == 0 ? 0 : 2);
        control_run(c, 40);
        assert_int_equal(set_of(c)->status_terminating, 0);
        control_free(c);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deletion_order),
        cmocka_unit_test(test_choose),
        cmocka_unit_test(test_slow_start_outcome),
        cmocka_unit_test(test_availability),
        cmocka_unit_test(test_slow_start),
        cmocka_unit_test(test_creation_at_the_limit),
        cmocka_unit_test(test_burst),
        cmocka_unit_test(test_replacement),
        cmocka_unit_test(test_scale_down),
        cmocka_unit_test(test_deletion_cost),
        cmocka_unit_test(test_min_ready),
        cmocka_unit_test(test_terminating),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
