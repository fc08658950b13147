/* Machines that are taken away, and shutdowns, in whole simulations. */
#include "tests/unit/failure_fixture.h"

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

/* Three empty nodes of an autoscaled pool are not needed: their agents are
 * ended before the machines go, where the kubelet has a grace period. */
static void scale_down_is_graceful(void **state)
{
    static const struct {
        const char *period;
        unsigned terminated;
    } cases[] = {{"0s", 0}, {"30s", 3}};
    char text[2000];
    struct simulation *s;
    struct fixture f;
    struct seen seen;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        unsigned up = 0;

        snprintf(
            text, sizeof text,
            SCENARIO(
                "  traffic: []\n  warmUp: 1m\n  duration: 20m\n"
                "  cluster:\n    nodePools: [{name: n, count: 4, "
                "zones: [a], autoscaling: {min: 1, max: 4}}]\n"
                "    kubelet: {shutdownGracePeriod: %s}\n") "---\napiVersion: "
                                                            "apps/v1\nkind: "
                                                            "DaemonSet\nmetadat"
                                                            "a: {name: "
                                                            "agent}\nspec: "
                                                            "{selector: "
                                                            "{matchLabels: "
                                                            "{app: agent}}, "
                                                            "template: "
                                                            "{metadata: "
                                                            "{labels: {app: "
                                                            "agent}}, spec: "
                                                            "{containers: "
                                                            "[{name: c, image: "
                                                            "'i:1'}]}}}\n",
            cases[i].period);
        s = run(&f, text, &seen);
        for (node_id id = 0; id < s->world->nodes.count; id++)
            up += world_node(s->world, id)->up;
        assert_int_equal(up, 1);
        assert_int_equal(seen.terminated, cases[i].terminated);
        stop(&f, s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spot_machines_go),
        cmocka_unit_test(spot_machines_come_and_go),
        cmocka_unit_test(scale_down_is_graceful),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
