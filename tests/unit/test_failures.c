/* Failure modes in whole simulations: control plane, partitions, rollouts. */
#include "tests/unit/failure_fixture.h"

/* --- the control plane --- */

#define SCALE "  - {at: 2m, kubectl: scale deployment/web --replicas=6}\n"
#define FAIL(mode)                                                             \
    "  timeline:\n  - {at: 1m, for: 5m, fail: {controlPlane: {}, mode: " mode  \
    "}}\n"

static void control_plane_stops(void **state)
{
    static const struct {
        const char *text;
        unsigned pods, bound, ready;
    } cases[] = {
        /* While it lasts, and afterwards. */
        {RUN("5m", FAIL("controllers") SCALE), 3, 3, 3},
        {RUN("7m", FAIL("controllers") SCALE), 6, 6, 6},
        {RUN("5m", FAIL("scheduler") SCALE), 6, 3, 3},
        {RUN("7m", FAIL("scheduler") SCALE), 6, 6, 6},
        {RUN("7m", FAIL("apiserver") SCALE), 3, 3, 3}, /* refused */
        {RUN("8m", FAIL("apiserver") "  - {at: 7m, kubectl: scale "
                                     "deployment/web --replicas=6}\n"),
         6, 6, 6},
    };
    struct simulation *s;
    struct fixture f;
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s = run(&f, cases[i].text, &seen);
        assert_int_equal(count_pods(s->world, false, false), cases[i].pods);
        assert_int_equal(count_pods(s->world, true, false), cases[i].bound);
        assert_int_equal(count_pods(s->world, false, true), cases[i].ready);
        assert_int_equal(seen.lost, 0);
        assert_int_equal(seen.refused, i == 4);
        stop(&f, s);
    }
}

/* No news of the leases is no news of the nodes. After twenty minutes without
 * an API server each has the grace period to renew its own; with the one node
 * that died meanwhile it is seen that nothing was forgotten. */
static void leases_after_an_outage(void **state)
{
    static const char text[] = RUN(
        "23m",
        "  timeline:\n"
        "  - {at: 1m, for: 20m, fail: {controlPlane: {}, mode: apiserver}}\n"
        "  - {at: 5m, fail: {nodes: {}, mode: crash, pick: one}}\n");
    struct simulation *s;
    struct fixture f;
    struct seen seen;

    (void)state;
    s = run(&f, text, &seen);
    assert_int_equal(seen.lost, 1);
    for (node_id id = 0; id < s->world->nodes.count; id++)
        assert_int_equal(world_node(s->world, id)->ready == NODE_TRUE,
                         world_node(s->world, id)->up);
    stop(&f, s);
}

/* All is as usual, only late. */
static void control_plane_is_slow(void **state)
{
    static const struct {
        const char *text;
        sim_time least, most; /* till the first pod is made */
    } cases[] = {
        {RUN("7m", FAIL("{controllers: {factor: 1}}") SCALE), 0, SIM_S / 5},
        {RUN("7m", FAIL("{controllers: {factor: 1000}}") SCALE), SIM_S,
         200 * SIM_S},
        {RUN("7m", FAIL("{apiserver: {factor: 1000}}") SCALE), SIM_S,
         200 * SIM_S},
        {RUN("7m", FAIL("{scheduler: {factor: 1000}}") SCALE), 0, SIM_S / 5},
    };
    struct simulation *s;
    struct fixture f;
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sim_time took;

        s = run(&f, cases[i].text, &seen);
        took = seen.first_new - 120 * SIM_S;
        assert_int_equal(seen.made, 3);
        assert_true(took >= cases[i].least && took <= cases[i].most);
        assert_int_equal(seen.lost, 0);
        assert_int_equal(count_pods(s->world, false, true), 6);
        stop(&f, s);
    }
}

/* What an outage brought down it brings back, whatever came after it. */
static void outage_in_an_outage(void **state)
{
    static const char text[] =
        RUN("10m",
            "  timeline:\n"
            "  - {at: 1m, for: 5m, fail: {zones: [a], mode: outage}}\n"
            "  - {at: 2m, for: 1m, fail: {controlPlane: {}, mode: apiserver}}\n"
            "  - {at: 4m, for: 1m, fail: {zones: [a], mode: partition}}\n");
    struct simulation *s;
    struct fixture f;
    struct seen seen;

    (void)state;
    s = run(&f, text, &seen);
    assert_true(seen.lost > 0);
    for (node_id id = 0; id < s->world->nodes.count; id++) {
        assert_true(world_node(s->world, id)->up);
        assert_int_equal(world_node(s->world, id)->ready, NODE_TRUE);
    }
    stop(&f, s);
}

/* --- partitions --- */

#define CUT(target, pick)                                                      \
    "  timeline: [{at: 1m, for: 15m, fail: {" target ", pick: " pick           \
    ", mode: {partition: {from: control-plane}}}}]\n"

/* One node: its pod is NotReady after the grace period, and replaced after
 * its toleration. All of them: NotReady, and nothing is evicted. */
static void cut_off_from_the_control_plane(void **state)
{
    static const struct {
        const char *text;
        unsigned lost, evicted, made, ready;
    } cases[] = {
        {RUN("2m", CUT("nodesOf: {app: web}", "one")), 1, 0, 0, 2},
        {RUN("8m", CUT("nodesOf: {app: web}", "one")), 1, 1, 1, 3},
        {RUN("20m", CUT("nodesOf: {app: web}", "one")), 1, 1, 1, 3},
        {RUN("2m", CUT("nodes: {}", "all")), 3, 0, 0, 0},
        {RUN("15m", CUT("nodes: {}", "all")), 3, 0, 0, 0},
        {RUN("18m", CUT("nodes: {}", "all")), 3, 0, 0, 3},
        {RUN("18m", CUT("zones: [a, b]", "all")), 3, 0, 0, 3},
    };
    struct simulation *s;
    struct fixture f;
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s = run(&f, cases[i].text, &seen);
        assert_int_equal(seen.lost, cases[i].lost);
        assert_int_equal(seen.evicted, cases[i].evicted);
        assert_int_equal(seen.made, cases[i].made);
        assert_int_equal(count_pods(s->world, false, true), cases[i].ready);
        stop(&f, s);
    }
}

/* --- rollouts --- */

#define BROKEN(keys)                                                           \
    "  timeline:\n  - {at: 1m, fail: {deployments: [web], mode: "              \
    "{broken-image: {" keys "}}}}\n"
#define UNDO "  - {at: 5m, kubectl: rollout undo deployment/web}\n"

/* Pods of templates that are broken, and of others, that are ready. */
static void count_templates(const struct world *w, unsigned *broken,
                            unsigned *ready)
{
    *broken = *ready = 0;
    for (pod_id id = 0; id < w->pods.count; id++) {
        const struct pod *pod = world_pod(w, id);

        if (!pod || pod->deletion != SIM_NEVER)
            continue;
        *broken += pod->template->cannot_start || pod->template->never_ready;
        *ready += pod->ready;
    }
}

static void broken_images(void **state)
{
    static const struct {
        const char *text;
        unsigned broken, ready;
        enum pod_phase phase; /* of the broken ones */
    } cases[] = {
        /* 25 % of 3: one more at a time, none less. */
        {RUN("4m", BROKEN("")), 1, 3, POD_PENDING},
        {RUN("4m", BROKEN("starts: true")), 1, 3, POD_RUNNING},
        {RUN_OF("4m", BROKEN(""), ROLLS("maxUnavailable: 2")), 3, 1,
         POD_PENDING},
        {RUN("6m", BROKEN("") UNDO), 0, 3, POD_PENDING},
        {RUN_OF("6m", BROKEN("starts: true") UNDO,
                ROLLS("maxUnavailable: 2, maxSurge: 0")),
         0, 3, POD_PENDING},
        {RUN("6m", "  timeline: [{at: 1m, for: 3m, fail: {deployments: "
                   "[default/web], mode: broken-image}}]\n"),
         0, 3, POD_PENDING},
    };
    struct simulation *s;
    struct fixture f;
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned broken, ready;

        s = run(&f, cases[i].text, &seen);
        count_templates(s->world, &broken, &ready);
        assert_int_equal(broken, cases[i].broken);
        assert_int_equal(ready, cases[i].ready);
        assert_true(seen.made > 0);
        for (pod_id id = 3; id < s->world->pods.count && broken > 0; id++)
            assert_int_equal(world_pod(s->world, id)->phase, cases[i].phase);
        stop(&f, s);
    }
}

/* --- how long it lasts --- */

/* A reboot takes a minute, or as long as `for` says. */
static void lasts(void **state)
{
    static const struct {
        const char *text;
        unsigned up;
    } cases[] = {
        {RUN("119s", "  timeline: [{at: 1m, fail: {nodes: {}, pick: one, mode: "
                     "reboot}}]\n"),
         2},
        {RUN("121s", "  timeline: [{at: 1m, fail: {nodes: {}, pick: one, mode: "
                     "reboot}}]\n"),
         3},
        {RUN("179s", "  timeline: [{at: 1m, for: 2m, fail: {nodes: {}, pick: "
                     "one, mode: reboot}}]\n"),
         2},
        {RUN("181s", "  timeline: [{at: 1m, for: 2m, fail: {nodes: {}, pick: "
                     "one, mode: reboot}}]\n"),
         3},
    };
    struct simulation *s;
    struct fixture f;
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned up = 0;

        s = run(&f, cases[i].text, &seen);
        for (node_id id = 0; id < s->world->nodes.count; id++)
            up += world_node(s->world, id)->up;
        assert_int_equal(up, cases[i].up);
        stop(&f, s);
    }
}

/* --- targets --- */

/* Pods of a Service, by its name. */
static void services_are_hit(void **state)
{
    struct simulation *s;
    struct fixture f;
    struct seen seen;

    (void)state;
    s = run(&f,
            RUN("2m", "  timeline: [{at: 1m, fail: {services: [web], mode: "
                      "kill, pick: fixed 2}}]\n"),
            &seen);
    assert_int_equal(seen.made, 2);
    stop(&f, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_plane_stops),
        cmocka_unit_test(leases_after_an_outage),
        cmocka_unit_test(control_plane_is_slow),
        cmocka_unit_test(outage_in_an_outage),
        cmocka_unit_test(cut_off_from_the_control_plane),
        cmocka_unit_test(broken_images),
        cmocka_unit_test(lasts),
        cmocka_unit_test(services_are_hit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
