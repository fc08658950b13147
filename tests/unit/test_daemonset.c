/* DaemonSets, against what a real control plane did. */
#include "models/controllers/daemonset_rules.h"
#include "tests/unit/control_fixture.h"

extern const struct controller controller_daemonset;

static const struct controller *const alone[] = {&controller_daemonset, NULL};

struct agents {
    struct control *c;
    struct world *w;
    struct daemonset_spec spec;
    daemonset_id id;
    int alive, most, least; /* pods on all nodes; extremes */
};

static void on_pod(void *self, const struct world_change *change)
{
    struct agents *a = self;
    const struct daemonset *ds;
    int ready = 0, alive = 0;

    if (a->w->daemonsets.count == 0)
        return;
    ds = a->w->daemonsets.items[0];
    for (size_t i = 0; i < ds->pods.count; i++) {
        const struct pod *pod = world_pod(a->w, ds->pods.items[i]);

        ready += pod->ready && pod->deletion == SIM_NEVER;
        alive += pod->deletion == SIM_NEVER;
    }
    (void)change;
    if (ready < a->least)
        a->least = ready;
    if (alive > a->most)
        a->most = alive;
}

static void watch_anew(struct agents *a)
{
    a->most = 0;
    a->least = 1000;
}

static void begin(struct agents *a, size_t nodes)
{
    memset(a, 0, sizeof *a);
    a->c = control_new(alone);
    a->w = a->c->s.world;
    a->c->scenario.cluster.kubernetes_minor = 26;
    a->c->start = 3 * SIM_S;
    a->c->term = 4 * SIM_S;
    control_add_nodes(a->c, nodes, "");
    world_watch(a->w, 1U << CHANGE_POD, on_pod, a);
    a->spec = (struct daemonset_spec){
        .meta = {.name = "agent", .space = "default"},
        .template = {.hash = 1, .grace_period = 30 * SIM_S},
        .max_unavailable = {false, 1},
        .revision_history_limit = 10};
    a->id = world_daemonset_create(a->w, &a->spec, INCIDENT_STARTUP);
}

static const struct daemonset *set_of(const struct agents *a)
{
    return a->w->daemonsets.items[a->id];
}

static void update(struct agents *a, uint64_t hash)
{
    struct pod_template *t = world_template_copy(a->w, &a->spec.template);

    t->hash = hash;
    watch_anew(a);
    world_owner_set_template(a->w, OWNER_DAEMONSET, a->id, t, INCIDENT_NONE);
}

/* The pods of a node that are not told to end. */
static size_t pods_on(const struct agents *a, node_id node, pod_id *one)
{
    size_t count = 0;

    for (size_t i = 0; i < set_of(a)->pods.count; i++) {
        const struct pod *pod = world_pod(a->w, set_of(a)->pods.items[i]);

        if (pod->target != node || pod->deletion != SIM_NEVER)
            continue;
        assert_true(pod->node == node || pod->node == NO_ID);
        *one = pod->id;
        count++;
    }
    return count;
}

static void fail_on(struct agents *a, node_id node)
{
    pod_id id = NO_ID;

    pods_on(a, node, &id);
    world_pod_set_phase(a->w, id, POD_FAILED, "Evicted");
}

/* Recorded: one on each node, one on a node that comes, a rolling update one
 * by one of 7.1 s a node. */
static void test_rolling(void **state)
{
    struct agents a;
    pod_id id;

    (void)state;
    begin(&a, 5);
    control_run(a.c, 0.2);
    assert_int_equal(a.w->pod_count, 5);
    control_run(a.c, 5);
    assert_int_equal(set_of(&a)->status_available, 5);
    control_add_nodes(a.c, 1, "");
    control_run(a.c, 5.2);
    assert_int_equal(pods_on(&a, 5, &id), 1);
    control_run(a.c, 20);
    update(&a, 2);
    control_run(a.c, 20 + 6 * 7.2);
    assert_int_equal(set_of(&a)->status_updated, 6);
    assert_int_equal(set_of(&a)->status_available, 6);
    assert_int_equal(a.least, 5);
    assert_int_equal(a.most, 6);
    assert_int_equal(a.w->pods.count, 12);
    control_free(a.c);
}

/* Recorded: with maxSurge 1 the new pod comes first, 3.05 s a node. */
static void test_surge(void **state)
{
    struct agents a;

    (void)state;
    begin(&a, 6);
    control_run(a.c, 10);
    a.spec.max_surge = (struct int_or_percent){false, 1};
    a.spec.max_unavailable = (struct int_or_percent){false, 0};
    world_daemonset_set_spec(a.w, a.id, &a.spec, INCIDENT_NONE);
    update(&a, 2);
    control_run(a.c, 10 + 6 * 3.1);
    assert_int_equal(a.w->pods.count, 12);
    control_run(a.c, 40); /* the status counts the oldest, till it is gone */
    assert_int_equal(set_of(&a)->status_updated, 6);
    assert_int_equal(a.least, 6);
    assert_int_equal(a.most, 7);
    control_free(a.c);
}

/* Recorded: a failed pod is deleted and, with surge, replaced at once; again
 * and again on one node its deletion is held back. */
static void test_failed(void **state)
{
    struct agents a;
    pod_id id = NO_ID, other;

    (void)state;
    begin(&a, 2);
    control_run(a.c, 10);
    fail_on(&a, 1);
    control_run(a.c, 10.3);
    assert_int_equal(pods_on(&a, 1, &id), 1);
    fail_on(&a, 1); /* within 1 s of the deletion */
    control_run(a.c, 10.8);
    assert_int_equal(pods_on(&a, 1, &other), 1);
    assert_int_equal(other, id);
    control_run(a.c, 11.5);
    assert_int_equal(pods_on(&a, 1, &other), 1);
    assert_int_not_equal(other, id);
    control_free(a.c);
}

static const struct toleration tolerant = {.key = "a",
                                           .exists = true,
                                           .value = "",
                                           .effect = TAINT_NO_SCHEDULE,
                                           .seconds = SIM_NEVER};

/* A taint that is not tolerated: NoSchedule keeps what is there, NoExecute
 * takes it away; a lost node keeps its pod. */
static void test_taints(void **state)
{
    struct agents a;
    pod_id id;

    (void)state;
    begin(&a, 3);
    a.spec.template.toleration_count = 1;
    a.spec.template.tolerations = &tolerant;
    world_node_taint(a.w, 0, (struct taint){"a", "", TAINT_NO_SCHEDULE});
    world_node_taint(a.w, 1, (struct taint){"b", "", TAINT_NO_SCHEDULE});
    control_run(a.c, 10);
    assert_int_equal(a.w->pod_count, 2);
    assert_int_equal(set_of(&a)->status_desired, 2);
    world_node_taint(a.w, 2, (struct taint){"b", "", TAINT_NO_SCHEDULE});
    control_run(a.c, 20);
    assert_int_equal(pods_on(&a, 2, &id), 1);
    world_node_taint(a.w, 2, (struct taint){"b", "", TAINT_NO_EXECUTE});
    control_run(a.c, 20.2);
    assert_int_equal(pods_on(&a, 2, &id), 0);
    world_node_untaint(a.w, 1, "b", TAINT_NO_SCHEDULE);
    control_run(a.c, 30);
    assert_int_equal(pods_on(&a, 1, &id), 1);
    assert_int_equal(set_of(&a)->status_desired, 2);
    control_free(a.c);
}

static void test_many_nodes(void **state)
{
    struct agents a;

    (void)state;
    begin(&a, 100);
    a.spec.max_unavailable = (struct int_or_percent){true, 10};
    control_run(a.c, 60);
    assert_int_equal(set_of(&a)->status_available, 100);
    update(&a, 2);
    control_run(a.c, 200);
    assert_int_equal(set_of(&a)->status_updated, 100);
    assert_in_range(a.least, 90, 91);
    control_free(a.c);
}

static void test_on_delete(void **state)
{
    struct agents a;
    pod_id id;

    (void)state;
    begin(&a, 2);
    a.spec.on_delete = true;
    control_run(a.c, 10);
    update(&a, 2);
    control_run(a.c, 20);
    assert_int_equal(set_of(&a)->status_updated, 0);
    pods_on(&a, 0, &id);
    world_pod_delete(a.w, id, -1, "Deleted", INCIDENT_NONE);
    control_run(a.c, 30);
    assert_int_equal(set_of(&a)->status_updated, 1);
    control_free(a.c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rolling),    cmocka_unit_test(test_surge),
        cmocka_unit_test(test_failed),     cmocka_unit_test(test_taints),
        cmocka_unit_test(test_many_nodes), cmocka_unit_test(test_on_delete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
