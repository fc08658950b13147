/* EndpointSlices: what is published, when and why. */
#include "models/controllers/endpointslice.h"
#include "models/controllers/endpointslice_rules.h"
#include "tests/unit/control_fixture.h"

extern const struct controller controller_endpointslice;

static const struct controller *const one[] = {&controller_endpointslice, NULL};

static const struct label label = {"app", "web"};
static const char *const values[] = {"web"};
static const struct requirement requirement = {
    .key = "app", .operator= SELECTOR_IN, .count = 1, .values = values};
static const struct pod_template template = {
    .labels = {1, &label}, .hash = 1, .grace_period = 30 * SIM_S};
static struct service_spec web = {
    .meta = {.name = "web", .space = "default"},
    .has_selector = true,
    .selector = {.count = 1, .items = &requirement}};

/* Two nodes, the Service, no pods; by hand. */
static struct control *begin(void)
{
    struct control *c = control_new(one);

    c->manual = true;
    control_add_nodes(c, 2, "a");
    world_service_create(c->s.world, &web, 1);
    control_run(c, 1);
    return c;
}

static const struct endpoint_set *newest(const struct control *c)
{
    return world_service(c->s.world, 0)->newest;
}

static pod_id add_pod(struct control *c, const char *name)
{
    pod_id id = control_pod(c, &template, name);

    world_pod_bind(c->s.world, id, id % 2);
    control_ready(c, id);
    return id;
}

static void wait(struct control *c)
{
    sim_run_until(c->s.sim, sim_now(c->s.sim) + SIM_S);
}

/* "pod:flags@slot" of all, in order of pods. */
static void check(const struct control *c, const char *want)
{
    const struct endpoint_set *set = newest(c);
    char text[512] = "";
    size_t used = 0;

    for (pod_id id = 0; id < c->s.world->pods.count; id++) {
        for (uint32_t i = 0; i < set->count; i++) {
            const struct endpoint *e = &set->endpoints[i];

            if (e->pod == id)
                used += (size_t)snprintf(text + used, sizeof text - used,
                                         "%s%u:%u@%u", used ? " " : "", id,
                                         e->flags, e->slot);
        }
    }
    assert_string_equal(text, want);
}

/* The life of endpoints, step by step. */
static void test_life(void **state)
{
    struct control *c = begin();
    struct world *w = c->s.world;
    sim_time t;

    (void)state;
    check(c, "");
    assert_int_equal(endpointslice_slice_count(c->s.controllers, 0), 1);
    control_pod(c, &template, "p0"); /* 0 has no address: not listed */
    wait(c);
    check(c, "");
    world_pod_bind(w, 0, 0);
    world_pod_report_ip(w, 0, 77);
    world_pod_set_phase(w, 0, POD_RUNNING, NULL);
    wait(c);
    check(c, "0:0@0");
    assert_int_equal(newest(c)->trigger, SIM_NEVER);
    t = sim_now(w->sim);
    world_pod_set_ready(w, 0, true);
    wait(c);
    check(c, "0:3@0");
    assert_int_equal(newest(c)->trigger, t);
    assert_int_equal(newest(c)->exported, t - t % SIM_S);
    assert_int_equal(newest(c)->at, t + 8 * SIM_MS); /* heard and written */
    add_pod(c, "p1");
    add_pod(c, "p2");
    wait(c);
    check(c, "0:3@0 1:3@1 2:3@2");
    t = sim_now(w->sim);
    world_pod_delete(w, 1, -1, "Killed", INCIDENT_NONE);
    wait(c);
    check(c, "0:3@0 1:6@1 2:3@2");
    assert_int_equal(newest(c)->trigger, t);
    assert_int_equal(newest(c)->exported, SIM_NEVER);
    world_pod_set_ready(w, 1, false);
    wait(c);
    check(c, "0:3@0 1:4@1 2:3@2");
    world_pod_remove(w, 1);
    wait(c);
    check(c, "0:3@0 2:3@2");
    add_pod(c, "p3"); /* takes the smallest free slot */
    wait(c);
    check(c, "0:3@0 2:3@2 3:3@1");
    world_pod_set_phase(w, 2, POD_FAILED, "Evicted");
    wait(c);
    check(c, "0:3@0 3:3@1");
    world_pod_report_ip(w, 0, 88); /* a node came back: another address */
    wait(c);
    check(c, "0:3@2 3:3@1");
    assert_int_equal(newest(c)->endpoints[1].ip, 88);
    control_free(c);
}

/* Pods of a deleted node are left out when something else happens. */
static void test_node_gone(void **state)
{
    struct control *c = begin();

    (void)state;
    for (int i = 0; i < 4; i++)
        add_pod(c, "p");
    wait(c);
    world_node_delete(c->s.world, 1, INCIDENT_NONE);
    wait(c);
    check(c, "0:3@0 1:3@1 2:3@2 3:3@3");
    world_pod_set_ready(c->s.world, 0, false);
    wait(c);
    check(c, "0:0@0 2:3@2");
    control_free(c);
}

static void test_publish_not_ready(void **state)
{
    struct control *c;
    struct world *w;

    (void)state;
    web.publish_not_ready = true;
    c = begin();
    w = c->s.world;
    add_pod(c, "p");
    world_pod_set_ready(w, 0, false);
    wait(c);
    check(c, "0:1@0");
    world_pod_delete(w, 0, -1, "Killed", INCIDENT_NONE);
    wait(c);
    check(c, "0:5@0");
    web.publish_not_ready = false;
    control_free(c);
}

/* What is lost is blamed before what is won. */
static void test_origin(void **state)
{
    struct control *c = begin();
    struct world *w = c->s.world;
    incident_id kill = world_incident(w, "k", "kill", "pod/p0", NO_ID);
    incident_id roll = world_incident(w, "r", "rollout", "x", NO_ID);

    (void)state;
    add_pod(c, "p0");
    wait(c);
    world_pod_delete(w, 0, -1, "Killed", kill);
    world_pod_touch(w, add_pod(c, "p1"), roll);
    wait(c);
    check(c, "0:6@0 1:3@1");
    assert_int_equal(newest(c)->origin, kill);
    assert_int_equal(world_service(w, 0)->origin, kill);
    add_pod(c, "p2");
    world_pod_touch(w, 2, roll);
    wait(c);
    assert_int_equal(newest(c)->origin, roll);
    control_free(c);
}

static void check_lengths(const struct control *c, const char *want)
{
    char text[200] = "";
    size_t used = 0;

    for (size_t i = 0; i < endpointslice_slice_count(c->s.controllers, 0); i++)
        used += (size_t)snprintf(
            text + used, sizeof text - used, "%s%zu", used ? " " : "",
            endpointslice_slice_length(c->s.controllers, 0, i));
    assert_string_equal(text, want);
}

/* 250 at once, 130 away, 130 again; one write a slice that changed. */
static void test_slices(void **state)
{
    struct control *c = begin();
    struct world *w = c->s.world;
    struct endpointslice_counts n;

    (void)state;
    n = endpointslice_counts(c->s.controllers, 0);
    assert_int_equal(n.writes, 1); /* the empty one */
    assert_int_equal(n.bytes, 200);
    for (int i = 0; i < 250; i++)
        add_pod(c, "p");
    wait(c);
    check_lengths(c, "50 100 100");
    assert_int_equal(newest(c)->count, 250);
    assert_int_equal(newest(c)->slots, 250);
    n = endpointslice_counts(c->s.controllers, 0);
    assert_int_equal(n.writes, 4);
    assert_int_equal(n.bytes, 2 * 25100);
    for (pod_id id = 0; id < 130; id++)
        world_pod_remove(w, id);
    wait(c);
    check_lengths(c, "20 100");
    n = endpointslice_counts(c->s.controllers, 0);
    assert_int_equal(n.writes, 6); /* one deleted, one updated */
    for (int i = 0; i < 130; i++)
        add_pod(c, "p");
    wait(c);
    check_lengths(c, "50 100 100");
    assert_int_equal(newest(c)->slots, 250); /* slots are used again */
    for (pod_id id = 130; id < 380; id++)
        world_pod_remove(w, id);
    wait(c);
    check_lengths(c, "0");
    assert_int_equal(newest(c)->count, 0);
    control_free(c);
}

/* Whatever happens, what is published is what the pods say, and no slot is
 * given twice. */
static void check_invariants(struct control *c)
{
    const struct endpoint_set *set = newest(c);
    const struct world *w = c->s.world;
    static bool slots[1000];
    uint32_t wanted = 0;

    memset(slots, 0, sizeof slots);
    for (pod_id id = 0; id < w->pods.count; id++) {
        const struct pod *pod = world_pod(w, id);

        wanted += pod && pod->ip && pod->phase != POD_FAILED;
    }
    assert_int_equal(set->count, wanted);
    for (uint32_t i = 0; i < set->count; i++) {
        const struct endpoint *e = &set->endpoints[i];
        const struct pod *pod = world_pod(w, e->pod);

        assert_false(slots[e->slot]);
        slots[e->slot] = true;
        assert_int_equal(e->ip, pod->ip);
        assert_int_equal(
            e->flags,
            endpointslice_flags(pod->ready, pod->deletion != SIM_NEVER, false));
    }
}

static void one_change(struct control *c, struct rng *rng)
{
    struct world *w = c->s.world;
    pod_id id = (pod_id)rng_below(rng, w->pods.count ? w->pods.count : 1);
    const struct pod *pod = w->pods.count ? world_pod(w, id) : NULL;

    if (rng_below(rng, 100) < 40 && w->pod_count < 300)
        add_pod(c, "p");
    if (!pod)
        return;
    switch (rng_below(rng, 5)) {
    case 0:
        world_pod_set_ready(w, id, !pod->ready && pod->phase == POD_RUNNING);
        break;
    case 1:
        world_pod_delete(w, id, -1, "Killed", INCIDENT_NONE);
        break;
    case 2:
        world_pod_set_phase(w, id, POD_FAILED, "Evicted");
        break;
    case 3:
        world_pod_report_ip(w, id, (uint32_t)rng_below(rng, 1000) + 1);
        break;
    default:
        world_pod_remove(w, id);
    }
}

static void test_at_random(void **state)
{
    struct control *c = begin();
    struct rng rng;

    (void)state;
    rng_init(&rng, c->s.root, "test", NULL, 0);
    c->scenario.cluster.control_plane.max_endpoints_per_slice = 7;
    for (int i = 0; i < 2000; i++) {
        one_change(c, &rng);
        sim_run_until(c->s.sim, sim_now(c->s.sim) +
                                    (sim_time)rng_below(&rng, 10 * SIM_MS));
        if (i % 50 == 49) {
            sim_run_until(c->s.sim, sim_now(c->s.sim) + 60 * SIM_S);
            check_invariants(c);
        }
    }
    control_free(c);
}

/* A controller that stopped in the middle of its writes catches up. */
static void test_stopped(void **state)
{
    struct control *c = begin();
    struct controller_run *run =
        controllers_find(c->s.controllers, "endpointslice");

    (void)state;
    for (int i = 0; i < 150; i++)
        add_pod(c, "p");
    sim_run_until(c->s.sim, sim_now(c->s.sim) + 9 * SIM_MS);
    controller_set_stopped(run, true); /* one of two slices is written */
    world_pod_set_ready(c->s.world, 3, false);
    wait(c);
    assert_int_equal(newest(c)->count, 100);
    controller_set_stopped(run, false);
    wait(c);
    check_invariants(c);
    control_free(c);
}

/* A sync that finds its own last write not yet in the cache is put off for a
 * second (StaleInformerCache): by chance, as news take their time. */
static void test_stale_cache(void **state)
{
    struct control *c = begin();
    uint32_t late = 0, rounds = 60;

    (void)state;
    c->scenario.cluster.control_plane.watch_latency = dist_exponential(0.005);
    for (uint32_t i = 0; i < rounds; i++) {
        add_pod(c, "a");
        sim_run_until(c->s.sim, sim_now(c->s.sim) + 10 * SIM_MS);
        add_pod(c, "b");
        sim_run_until(c->s.sim, sim_now(c->s.sim) + 900 * SIM_MS);
        late += newest(c)->count < 2 * (i + 1);
        wait(c);
        wait(c);
        assert_int_equal(newest(c)->count, 2 * (i + 1));
    }
    assert_in_range(late, 3, 30);
    control_free(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_node_gone),
        cmocka_unit_test(test_publish_not_ready),
        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_at_random),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_stale_cache),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
