/*
 * test_scheduler - pods reach nodes: by room, by priority, late, and again
 * after a failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/scheduler/scheduler.h"

enum { MOST_NODES = 1000 };

/* A cluster of equal nodes, four zones; constant latencies. */
struct cluster {
    struct scenario scenario;
    struct simulation s;
    struct node_spec nodes[MOST_NODES];
    char names[MOST_NODES][32];
    struct label labels[MOST_NODES][2];
    char message[512]; /* of the last event */
    int warnings;
};

static const char *const zones[] = {"a", "b", "c", "d"};

static void on_event(void *self, const struct world_change *change)
{
    struct cluster *c = self;
    const struct world_event *event = change->old;

    snprintf(c->message, sizeof c->message, "%s", event->message);
    c->warnings += event->warning;
}

static void cluster_latencies(struct control_plane_params *p)
{
    p->watch_latency = dist_constant(0.010);
    p->write_latency = dist_constant(0.005);
    p->scheduling_latency = dist_constant(0.001);
    p->scheduler_qps = 50;
    p->scheduler_burst = 100;
    p->scheduler_backoff_base = SIM_S;
    p->scheduler_backoff_max = 10 * SIM_S;
    p->scheduler_flush = 5 * SIM_MIN;
}

static struct cluster *cluster_of(bool async, size_t nodes, int64_t cpu)
{
    struct cluster *c = mem_zalloc(sizeof *c);

    c->scenario.cluster.kubernetes_minor = 36;
    cluster_latencies(&c->scenario.cluster.control_plane);
    c->scenario.cluster.control_plane.scheduler_async_calls = async;
    c->s.scenario = &c->scenario;
    c->s.root = (struct rng_root){1, 0};
    c->s.sim = sim_new(0);
    c->s.world = world_new(c->s.sim, &c->scenario, c->s.root);
    c->s.world->want_events = true;
    world_watch(c->s.world, 1U << CHANGE_EVENT, on_event, c);
    c->s.scheduler = scheduler_new(&c->s);
    for (size_t i = 0; i < nodes; i++) {
        snprintf(c->names[i], sizeof c->names[i], "node-%zu", i);
        c->labels[i][0] = (struct label){"kubernetes.io/hostname", c->names[i]};
        c->labels[i][1] =
            (struct label){"topology.kubernetes.io/zone", zones[i % 4]};
        c->nodes[i] = (struct node_spec){
            .name = c->names[i],
            .labels = {2, c->labels[i]},
            .zone = zones[i % 4],
            .allocatable = {.cpu = cpu, .memory = 1 << 30, .pods = 110}};
        world_node_create(c->s.world, &c->nodes[i]);
    }
    return c;
}

static struct cluster *cluster_new(size_t nodes, int64_t cpu)
{
    return cluster_of(false, nodes, cpu);
}

static void cluster_free(struct cluster *c)
{
    scheduler_free(c->s.scheduler);
    world_free(c->s.world);
    sim_free(c->s.sim);
    free(c);
}

static pod_id add_pod(struct cluster *c, const struct pod_template *t, int n)
{
    char name[16];

    snprintf(name, sizeof name, "pod-%d", n);
    return world_pod_create(c->s.world, NO_ID, t, "default", name,
                            INCIDENT_STARTUP);
}

static node_id node_of(const struct cluster *c, pod_id id)
{
    return world_pod(c->s.world, id)->node;
}

static struct pod_template asks_for(int64_t cpu)
{
    return (struct pod_template){.requests = {.cpu = cpu},
                                 .scored_cpu = cpu,
                                 .scored_memory = 200 << 20};
}

static void binds_after_lag_cycle_and_write(void **state)
{
    struct cluster *c = cluster_new(3, 1000);
    struct pod_template t = asks_for(100);
    pod_id pod = add_pod(c, &t, 0);

    (void)state;
    sim_run_until(c->s.sim, SIM_MS * 16 - 1);
    assert_int_equal(node_of(c, pod), NO_ID);
    sim_run_until(c->s.sim, SIM_MS * 16);
    assert_int_not_equal(node_of(c, pod), NO_ID);
    assert_int_equal(world_pod(c->s.world, pod)->scheduled, 16 * SIM_MS);
    cluster_free(c);
}

static void assumed_pods_hold_their_room(void **state)
{
    struct cluster *c = cluster_new(2, 1000);
    struct pod_template t = asks_for(600);
    pod_id pods[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        pods[i] = add_pod(c, &t, i);
    sim_run_until(c->s.sim, SIM_S);
    assert_int_not_equal(node_of(c, pods[0]), node_of(c, pods[1]));
    assert_int_equal(node_of(c, pods[2]), NO_ID);
    assert_int_equal(c->warnings, 1);
    cluster_free(c);
}

static void explains_as_kubernetes_does(void **state)
{
    struct cluster *c = cluster_new(3, 1000);
    struct pod_template t = asks_for(2000);

    (void)state;
    world_node_set_unschedulable(c->s.world, 1, true);
    sim_run_until(c->s.sim, SIM_S);
    add_pod(c, &t, 0);
    sim_run_until(c->s.sim, 2 * SIM_S);
    assert_string_equal(c->message,
                        "0/3 nodes are available: 1 node(s) were "
                        "unschedulable, 2 Insufficient cpu. preemption: 0/3 "
                        "nodes are available: 3 Preemption is not helpful for "
                        "scheduling.");
    cluster_free(c);
}

static void higher_priority_goes_first(void **state)
{
    struct cluster *c = cluster_new(1, 1000);
    struct pod_template small = asks_for(100), low = asks_for(600), high = low;
    pod_id second, third;

    (void)state;
    high.priority = 10;
    add_pod(c, &small, 0); /* is in its cycle when the others come */
    second = add_pod(c, &low, 1);
    third = add_pod(c, &high, 2);
    sim_run_until(c->s.sim, SIM_S);
    assert_int_equal(node_of(c, second), NO_ID);
    assert_int_equal(node_of(c, third), 0);
    cluster_free(c);
}

/* Fails at 0.011 s; the room is there at 0.5 s; its back-off of 1 s ends
 * before the tick at 2 s. */
static void retries_after_room_and_back_off(void **state)
{
    struct cluster *c = cluster_new(1, 1000);
    struct pod_template t = asks_for(600);
    pod_id first = add_pod(c, &t, 0), second = add_pod(c, &t, 1);

    (void)state;
    sim_run_until(c->s.sim, SIM_S / 2);
    assert_int_equal(node_of(c, second), NO_ID);
    world_pod_delete(c->s.world, first, 0, "Deleted", INCIDENT_NONE);
    sim_run_until(c->s.sim, 2 * SIM_S - 1);
    assert_int_equal(node_of(c, second), NO_ID);
    sim_run_until(c->s.sim, 2 * SIM_S + 7 * SIM_MS);
    assert_int_equal(node_of(c, second), 0);
    cluster_free(c);
}

static void flushes_after_five_minutes(void **state)
{
    struct cluster *c = cluster_new(1, 1000);
    struct pod_template t = asks_for(2000);

    (void)state;
    add_pod(c, &t, 0);
    sim_run_until(c->s.sim, 5 * SIM_MIN);
    assert_int_equal(scheduler_counts(c->s.scheduler).failed, 1);
    sim_run_until(c->s.sim, 6 * SIM_MIN);
    assert_int_equal(scheduler_counts(c->s.scheduler).failed, 2);
    cluster_free(c);
}

static void a_new_node_helps(void **state)
{
    struct cluster *c = cluster_new(1, 1000);
    struct pod_template t = asks_for(800);
    pod_id second;

    (void)state;
    add_pod(c, &t, 0);
    second = add_pod(c, &t, 1);
    sim_run_until(c->s.sim, 20 * SIM_S);
    c->nodes[1] = c->nodes[0];
    c->nodes[1].name = "node-1";
    world_node_create(c->s.world, &c->nodes[1]);
    sim_run_until(c->s.sim, 20 * SIM_S + 16 * SIM_MS);
    assert_int_equal(node_of(c, second), 1);
    cluster_free(c);
}

static void named_pods_pass_it_by(void **state)
{
    struct cluster *c = cluster_new(2, 1000);
    struct pod_template t = asks_for(2000);
    pod_id pod;

    (void)state;
    t.node_name = "node-1";
    pod = add_pod(c, &t, 0);
    sim_run_until(c->s.sim, 10 * SIM_MS);
    assert_int_equal(node_of(c, pod), 1);
    cluster_free(c);
}

static pod_id add_by_priority(struct cluster *c, const struct pod_template *t,
                              int n, sim_time at)
{
    sim_run_until(c->s.sim, at);
    return add_pod(c, t, n);
}

/* Two nodes with two pods each; the important pod needs the room of one:
 * the youngest of the least important goes, and a pod of low priority does
 * not get the room that is promised. */
static void preempts_the_least_important(void **state)
{
    struct cluster *c = cluster_new(2, 1000);
    struct pod_template low = asks_for(500), middle = low, high = low;
    pod_id old, young, important, waits;

    (void)state;
    low.grace_period = 30 * SIM_S;
    middle.priority = 5;
    high.priority = 10;
    add_by_priority(c, &middle, 0, 0);
    add_by_priority(c, &middle, 1, SIM_S);
    old = add_by_priority(c, &low, 2, 2 * SIM_S);
    young = add_by_priority(c, &low, 3, 3 * SIM_S);
    waits = add_by_priority(c, &low, 4, 4 * SIM_S);
    important = add_by_priority(c, &high, 5, 5 * SIM_S);
    sim_run_until(c->s.sim, 6 * SIM_S);
    assert_int_equal(world_pod(c->s.world, old)->deletion, SIM_NEVER);
    assert_int_not_equal(world_pod(c->s.world, young)->deletion, SIM_NEVER);
    assert_string_equal(world_pod(c->s.world, young)->reason, "Preempted");
    assert_int_equal(node_of(c, important), NO_ID);
    world_pod_remove(c->s.world, young);
    sim_run_until(c->s.sim, 30 * SIM_S);
    assert_int_not_equal(node_of(c, important), NO_ID);
    assert_int_equal(node_of(c, waits), NO_ID);
    cluster_free(c);
}

/* The integral of what is unschedulable, whoever looks at it when. */
static void counts_what_waits(void **state)
{
    struct cluster *c = cluster_new(1, 1000);
    struct pod_template huge = asks_for(2000);
    struct pod_time sum;

    (void)state;
    add_pod(c, &huge, 0);
    sim_run_until(c->s.sim, 11 * SIM_MS);
    add_by_priority(c, &huge, 1, 500 * SIM_MS);
    sum = scheduler_waited(c->s.scheduler, 500 * SIM_MS);
    assert_int_equal(sum.seconds, 0);
    assert_int_equal(sum.ns, 489 * SIM_MS);
    sim_run_until(c->s.sim, 2 * SIM_S);
    sum = scheduler_waited(c->s.scheduler, 2 * SIM_S);
    assert_int_equal(sum.seconds, 3);
    assert_int_equal(sum.ns, 478 * SIM_MS);
    cluster_free(c);
}

/* Telling the API why a pod was refused costs a write; the next cycle waits
 * for it, unless such calls are made beside it. */
static void waits_for_writes(void **state)
{
    static const struct {
        bool async;
        sim_time bound;
    } cases[] = {{false, 22 * SIM_MS}, {true, 17 * SIM_MS}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct cluster *c = cluster_of(cases[i].async, 1, 1000);
        struct pod_template huge = asks_for(2000), small = asks_for(100);
        pod_id pod;

        add_pod(c, &huge, 0);
        pod = add_pod(c, &small, 1);
        sim_run_until(c->s.sim, SIM_S);
        assert_int_equal(world_pod(c->s.world, pod)->scheduled, cases[i].bound);
        cluster_free(c);
    }
}

/* 100 at once, then one each 20 ms. */
static void binds_at_the_client_s_rate(void **state)
{
    struct cluster *c = cluster_new(10, 100000);
    struct pod_template t = asks_for(10);

    (void)state;
    for (int i = 0; i < 200; i++)
        add_pod(c, &t, i);
    sim_run_until(c->s.sim, 150 * SIM_MS);
    assert_in_range(scheduler_counts(c->s.scheduler).bound, 100, 110);
    sim_run_until(c->s.sim, SIM_S + 150 * SIM_MS);
    assert_in_range(scheduler_counts(c->s.scheduler).bound, 150, 160);
    sim_run_until(c->s.sim, 3 * SIM_S);
    assert_int_equal(scheduler_counts(c->s.scheduler).bound, 200);
    cluster_free(c);
}

/* How often, of 20 pods of high priority, the one that was bound later has to
 * go; the other was bound at 0.1 s. */
static int later_goes(sim_time later)
{
    struct pod_template low = asks_for(900), high = asks_for(900);
    int count = 0;

    high.priority = 10;
    for (int i = 0; i < 20; i++) {
        struct cluster *c = cluster_new(2, 1000);
        pod_id first, second;

        sim_run_until(c->s.sim, 100 * SIM_MS);
        first = add_pod(c, &low, 0);
        sim_run_until(c->s.sim, later);
        second = add_pod(c, &low, 1);
        sim_run_until(c->s.sim, 5 * SIM_S);
        add_pod(c, &high, 2 + i);
        sim_run_until(c->s.sim, 6 * SIM_S);
        count += !world_pod(c->s.world, second);
        assert_int_not_equal(!world_pod(c->s.world, first),
                             !world_pod(c->s.world, second));
        cluster_free(c);
    }
    return count;
}

/* The node goes whose pod started last, in whole seconds; any, where that is
 * the same. */
static void preempts_the_latest_by_seconds(void **state)
{
    int count = later_goes(500 * SIM_MS);

    (void)state;
    assert_int_equal(later_goes(1500 * SIM_MS), 20);
    assert_true(count > 0 && count < 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binds_after_lag_cycle_and_write),
        cmocka_unit_test(assumed_pods_hold_their_room),
        cmocka_unit_test(explains_as_kubernetes_does),
        cmocka_unit_test(higher_priority_goes_first),
        cmocka_unit_test(retries_after_room_and_back_off),
        cmocka_unit_test(flushes_after_five_minutes),
        cmocka_unit_test(a_new_node_helps),
        cmocka_unit_test(named_pods_pass_it_by),
        cmocka_unit_test(preempts_the_least_important),
        cmocka_unit_test(counts_what_waits),
        cmocka_unit_test(waits_for_writes),
        cmocka_unit_test(binds_at_the_client_s_rate),
        cmocka_unit_test(preempts_the_latest_by_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
