/* Failure modes in whole simulations: what is there when the time is up. */
#include "tests/unit/scenario_fixture.h"

#include "models/simulation.h"

/* No traffic, 3 nodes; events from minute 1 on. */
#define RUN(duration, more)                                                    \
    SCENARIO("  traffic: []\n  warmUp: 1m\n  duration: " duration              \
             "\n  cluster: {nodePools: [{name: n, count: 3, zones: [a, b]}]}"  \
             "\n" more)                                                        \
    WEB

/* What is seen of a run. */
struct seen {
    struct world *w;
    unsigned lost;       /* nodes found Unknown */
    unsigned evicted;    /* pods */
    unsigned terminated; /* pods Failed by a shutdown */
    unsigned refused;    /* kubectl */
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
        cmocka_unit_test(services_are_hit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
