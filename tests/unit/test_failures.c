/* Failure modes in whole simulations: what is there when the time is up. */
#include "tests/unit/scenario_fixture.h"

#include "models/simulation.h"

/* No traffic, 3 nodes; what happens does so from minute 1 on. */
#define RUN(duration, more) RUN_OF(duration, more, WEB)
#define RUN_OF(duration, more, app)                                            \
    SCENARIO("  traffic: []\n  warmUp: 1m\n  duration: " duration              \
             "\n  cluster:\n    nodePools: [{name: n, count: 3, zones: [a, "   \
             "b]}]\n" more)                                                    \
    app
#define ROLLS(strategy)                                                        \
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"      \
    "spec: {replicas: 3, strategy: {rollingUpdate: {" strategy "}}, "          \
    "selector: {matchLabels: {app: web}}, template: {metadata: {labels: "      \
    "{app: web}}, spec: {containers: [{name: c, image: 'i:1'}]}}}\n"

/* What is seen of a run. */
struct seen {
    struct world *w;
    unsigned lost;       /* nodes found Unknown */
    unsigned evicted;    /* pods */
    unsigned terminated; /* pods Failed by a shutdown */
    unsigned refused;    /* kubectl */
    unsigned noticed;    /* machines that will be taken back */
    sim_time first_new;  /* the first pod after time 0, s */
    unsigned made;       /* pods after time 0 */
};

static void look(void *self, const struct world_change *change)
{
    struct seen *seen = self;
    const struct pod *pod;

    if (change->kind == CHANGE_EVENT) {
        const struct world_event *event = change->old;

        seen->refused += strcmp(event->reason, "KubectlFailed") == 0;
        seen->noticed += strcmp(event->reason, "SpotInterruption") == 0;
        return;
    }
    if (change->kind == CHANGE_NODE) {
        seen->lost += change->what == WHAT_STATUS &&
                      world_node(seen->w, change->id)->ready == NODE_UNKNOWN;
        return;
    }
    pod = world_pod(seen->w, change->id);
    if (change->what == WHAT_ADDED && seen->w->epoch != SIM_NEVER) {
        if (seen->made++ == 0)
            seen->first_new = sim_now(seen->w->sim) - seen->w->epoch;
    }
    seen->evicted += change->what == WHAT_TERMINATING && pod->reason &&
                     strcmp(pod->reason, "TaintEviction") == 0;
    seen->terminated += change->what == WHAT_STATUS &&
                        pod->phase == POD_FAILED && pod->reason &&
                        strcmp(pod->reason, "Terminated") == 0;
}

static void prepare(void *self, struct simulation *s)
{
    struct seen *seen = self;

    seen->w = s->world;
    world_watch(s->world,
                1U << CHANGE_POD | 1U << CHANGE_NODE | 1U << CHANGE_EVENT, look,
                seen);
}

static struct simulation *run(struct fixture *f, const char *text,
                              struct seen *seen)
{
    struct simulation_options options = {.seed = 1,
                                         .want_events = true,
                                         .prepare = prepare,
                                         .prepare_self = seen};
    struct simulation *s;

    *seen = (struct seen){0};
    loads(f, text);
    s = simulation_run(f->s, &options);
    assert_non_null(s);
    return s;
}

static void stop(struct fixture *f, struct simulation *s)
{
    simulation_free(s);
    end(f);
}

static unsigned count_pods(const struct world *w, bool bound, bool ready)
{
    unsigned count = 0;

    for (pod_id id = 0; id < w->pods.count; id++) {
        const struct pod *pod = world_pod(w, id);

        count += pod && pod->deletion == SIM_NEVER &&
                 (!bound || pod->node != NO_ID) && (!ready || pod->ready);
    }
    return count;
}

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

/* --- spot machines --- */

/* One node of three; it has a pod. */
#define SPOT(keys)                                                             \
    "  timeline: [{at: 1m, fail: {nodesOf: {app: web}, pick: one, mode: "      \
    "{spot: {" keys "}}}}]\n"

static void count_nodes(const struct world *w, unsigned *there, unsigned *gone)
{
    *there = *gone = 0;
    for (node_id id = 0; id < w->nodes.count; id++) {
        const struct node *node = world_node(w, id);

        *there += !node->deleted && node->up && !node->unschedulable;
        *gone += node->gone && !node->up;
    }
}

static void spot_machines_go(void **state)
{
    static const struct {
        const char *text;
        unsigned there, gone, lost, terminated, ready;
        sim_time new_from, new_to; /* when the first new pod was made, s */
    } cases[] = {
        /* Noticed; gone; found Unknown and deleted; the pod after that. */
        {RUN("170s", SPOT("")), 3, 0, 0, 0, 3, 0, 0},
        {RUN("200s", SPOT("")), 2, 1, 0, 0, 3, 0, 0},
        {RUN("6m", SPOT("")), 3, 1, 1, 0, 3, 270, 360},
        /* 30 s of notice; another machine by its own name or another. */
        {RUN("239s", SPOT("notice: 30s")), 2, 1, 1, 0, 3, 180, 240},
        {RUN("241s", SPOT("notice: 30s")), 3, 1, 1, 0, 3, 180, 240},
        /* A handler: the pod moves at once. */
        {RUN("100s", SPOT("onNotice: drain")), 2, 0, 0, 0, 3, 60, 61},
        {RUN("6m", SPOT("onNotice: drain")), 3, 1, 1, 0, 3, 60, 61},
        /* A shutdown: the kubelet has no grace period, or 30 s. */
        {RUN("61s", SPOT("onNotice: shutdown")), 2, 0, 0, 0, 3, 0, 0},
        {RUN("90s", "    kubelet: {shutdownGracePeriod: 30s}\n" SPOT(
                        "onNotice: shutdown")),
         2, 0, 0, 1, 3, 60, 63},
    };
    struct simulation *s;
    struct fixture f;
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned there, gone;

        s = run(&f, cases[i].text, &seen);
        count_nodes(s->world, &there, &gone);
        assert_int_equal(there, cases[i].there);
        assert_int_equal(gone, cases[i].gone);
        assert_int_equal(seen.lost, cases[i].lost);
        assert_int_equal(seen.terminated, cases[i].terminated);
        assert_int_equal(count_pods(s->world, false, true), cases[i].ready);
        assert_true(seen.first_new >= cases[i].new_from * SIM_S);
        assert_true(seen.first_new <= cases[i].new_to * SIM_S);
        stop(&f, s);
    }
}

/* A machine that comes for another lives a life of its own: in ten hours each
 * of three places sees some 27 of 20 minutes. An autoscaled pool keeps its
 * size: nobody else makes up for what was taken. */
static void spot_machines_come_and_go(void **state)
{
    static const char *const pools[] = {
        "", ", autoscaling: {min: 3, max: 9, provisioning: 60s}"};
    char text[2000];
    struct simulation *s;
    struct fixture f;
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        snprintf(text, sizeof text,
                 SCENARIO("  traffic: []\n  warmUp: 1m\n  duration: 10h\n"
                          "  cluster:\n    nodePools: [{name: n, count: 3, "
                          "zones: [a]%s}]\n"
                          "  failures: [{name: taken, target: {nodes: {}}, "
                          "mode: {spot: {notice: 30s}}, repair: 2m, "
                          "after: {exponential: {mean: 20m}}}]\n") WEB,
                 pools[i]);
        s = run(&f, text, &seen);
        assert_in_range(seen.noticed, 60, 105);
        assert_in_range(s->world->nodes.count, seen.noticed, seen.noticed + 3);
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
        cmocka_unit_test(spot_machines_go),
        cmocka_unit_test(spot_machines_come_and_go),
        cmocka_unit_test(lasts),
        cmocka_unit_test(services_are_hit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
