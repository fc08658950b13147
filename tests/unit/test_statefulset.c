/* StatefulSets, against what a real control plane did. */
#include "models/controllers/statefulset_rules.h"
#include "tests/unit/control_fixture.h"

extern const struct controller controller_statefulset;

static const struct controller *const alone[] = {&controller_statefulset, NULL};

struct sets {
    struct control *c;
    struct world *w;
    struct statefulset_spec spec;
    statefulset_id id;
};

/* "+1" made, "-1" told to end. */
static void on_pod(void *self, const struct world_change *change)
{
    struct control *c = self;
    const struct pod *pod = world_pod(c->s.world, change->id);

    if (pod->owner_kind != OWNER_STATEFULSET)
        return;
    assert_int_equal(strncmp(pod->name, "db-", 3), 0);
    if (change->what == WHAT_ADDED)
        control_note(c, "+%d ", pod->index);
    else if (change->what == WHAT_TERMINATING ||
             (change->what == WHAT_DELETED && pod->phase == POD_FAILED))
        control_note(c, "-%d ", pod->index);
}

static void begin(struct sets *s, int replicas, bool parallel)
{
    memset(s, 0, sizeof *s);
    s->c = control_new(alone);
    s->w = s->c->s.world;
    s->c->scenario.cluster.kubernetes_minor = 26;
    s->c->start = 3 * SIM_S;
    s->c->term = 4 * SIM_S;
    control_add_nodes(s->c, 6, "");
    world_watch(s->w, 1U << CHANGE_POD, on_pod, s->c);
    s->spec = (struct statefulset_spec){
        .meta = {.name = "db", .space = "default"},
        .replicas = replicas,
        .template = {.hash = 1, .grace_period = 30 * SIM_S},
        .service_name = "db",
        .parallel = parallel,
        .rolling_given = true,
        .max_unavailable = {false, 1},
        .revision_history_limit = 10};
    s->id = world_statefulset_create(s->w, &s->spec, INCIDENT_STARTUP);
}

static void update(struct sets *s, uint64_t hash)
{
    struct pod_template *t = world_template_copy(s->w, &s->spec.template);

    t->hash = hash;
    world_owner_set_template(s->w, OWNER_STATEFULSET, s->id, t, INCIDENT_NONE);
}

/* The pod of an index; NULL: none. */
static struct pod *pod_of(const struct sets *s, int index)
{
    const struct statefulset *set = s->w->statefulsets.items[s->id];

    for (size_t i = 0; i < set->pods.count; i++) {
        struct pod *pod = world_pod(s->w, set->pods.items[i]);

        if (pod->index == index)
            return pod;
    }
    return NULL;
}

static void delete_pod(struct sets *s, int index)
{
    world_pod_delete(s->w, pod_of(s, index)->id, -1, "Deleted", INCIDENT_NONE);
}

static void expect(struct sets *s, double until, const char *log)
{
    control_run(s->c, until);
    assert_string_equal(s->c->log, log);
    s->c->log[0] = '\0';
}

/* Recorded: created one by one, db-1 deleted, db-2 failed, updated from the
 * highest down, scaled to 1 and to 3. */
static void test_ordered(void **state)
{
    struct sets s;
    sim_time made;

    (void)state;
    begin(&s, 4, false);
    expect(&s, 0.2, "+0 ");
    expect(&s, 3.2, "+1 ");
    expect(&s, 13, "+2 +3 ");
    assert_int_equal(s.w->statefulsets.items[0]->status_available, 4);
    delete_pod(&s, 1);
    expect(&s, 16.9, "-1 "); /* not replaced before it is gone */
    expect(&s, 17.2, "+1 ");
    made = pod_of(&s, 1)->created;
    assert_in_range(made, 17 * SIM_S, 17 * SIM_S + 100 * SIM_MS);
    control_run(s.c, 25);
    world_pod_set_phase(s.w, pod_of(&s, 2)->id, POD_FAILED, "Evicted");
    expect(&s, 25.2, "-2 +2 ");
    control_run(s.c, 30);
    update(&s, 2);
    expect(&s, 65, "-3 +3 -2 +2 -1 +1 -0 +0 ");
    assert_int_equal(s.w->statefulsets.items[0]->status_updated, 4);
    assert_int_equal(s.w->statefulsets.items[0]->current->hash, 2);
    world_statefulset_scale(s.w, s.id, 1, INCIDENT_NONE);
    expect(&s, 80, "-3 -2 -1 ");
    world_statefulset_scale(s.w, s.id, 3, INCIDENT_NONE);
    expect(&s, 90, "+1 +2 ");
    control_free(s.c);
}

static void set_partition(struct sets *s, int partition)
{
    s->spec.partition = partition;
    world_statefulset_set_spec(s->w, s->id, &s->spec, INCIDENT_NONE);
}

/* Recorded: made and scaled in parallel, updated one by one; below the
 * partition the old revision comes back. */
static void test_parallel_partition(void **state)
{
    struct sets s;

    (void)state;
    begin(&s, 5, true);
    expect(&s, 0.2, "+0 +1 +2 +3 +4 ");
    control_run(s.c, 9);
    set_partition(&s, 3);
    update(&s, 2);
    expect(&s, 28, "-4 +4 -3 +3 ");
    delete_pod(&s, 1);
    expect(&s, 40, "-1 +1 ");
    assert_int_equal(pod_of(&s, 1)->template->hash, 1);
    delete_pod(&s, 4);
    expect(&s, 52, "-4 +4 ");
    assert_int_equal(pod_of(&s, 4)->template->hash, 2);
    set_partition(&s, 0);
    expect(&s, 79, "-2 +2 -1 +1 -0 +0 ");
    world_statefulset_scale(s.w, s.id, 2, INCIDENT_NONE);
    expect(&s, 79.2, "-4 -3 -2 ");
    control_run(s.c, 87);
    world_statefulset_scale(s.w, s.id, 5, INCIDENT_NONE);
    expect(&s, 94.2, "+2 +3 +4 ");
    update(&s, 3);
    expect(&s, 101.3, "-4 +4 -3 ");
    control_run(s.c, 104.2);
    delete_pod(&s, 0);
    expect(&s, 105.5, "-0 +3 ");
    /* Parallel does not wait for db-0. */
    expect(&s, 130, "+0 -2 +2 -1 +1 ");
    control_free(s.c);
}

/* In order, a pod that never gets ready stops all others, and the undo too:
 * only deleting it by hand helps. */
static void test_forced_rollback(void **state)
{
    struct sets s;

    (void)state;
    begin(&s, 3, false);
    control_run(s.c, 15);
    s.c->log[0] = '\0';
    update(&s, 2);
    control_run(s.c, 18);
    s.c->start = 1000 * SIM_S; /* the new image never starts */
    expect(&s, 30, "-2 +2 ");
    update(&s, 1);
    expect(&s, 60, "");
    s.c->start = 3 * SIM_S;
    delete_pod(&s, 2);
    expect(&s, 80, "-2 +2 ");
    assert_int_equal(pod_of(&s, 2)->template->hash, 1);
    assert_int_equal(s.w->statefulsets.items[0]->revisions.count, 2);
    assert_int_equal(s.w->statefulsets.items[0]->revisions.items[1].number, 3);
    control_free(s.c);
}

static void test_lost_node_keeps_its_pod(void **state)
{
    struct sets s;

    (void)state;
    begin(&s, 3, false);
    control_run(s.c, 15);
    s.c->log[0] = '\0';
    s.c->stopped[pod_of(&s, 1)->node] = 0;
    delete_pod(&s, 1); /* as taint eviction does */
    expect(&s, 300, "-1 ");
    world_pod_delete(s.w, pod_of(&s, 1)->id, 0, "Deleted", INCIDENT_NONE);
    expect(&s, 301, "+1 ");
    control_free(s.c);
}

static void test_min_ready_and_start(void **state)
{
    struct sets s;

    (void)state;
    begin(&s, 0, false);
    s.spec.start = 5;
    s.spec.min_ready = 10 * SIM_S;
    world_statefulset_set_spec(s.w, s.id, &s.spec, INCIDENT_NONE);
    world_statefulset_scale(s.w, s.id, 2, INCIDENT_NONE);
    expect(&s, 12.5, "+5 ");
    expect(&s, 14.5, "+6 ");
    control_run(s.c, 30);
    assert_int_equal(s.w->statefulsets.items[0]->status_available, 2);
    control_free(s.c);
}

static void test_on_delete(void **state)
{
    struct sets s;

    (void)state;
    begin(&s, 2, false);
    s.spec.on_delete = true;
    s.spec.rolling_given = false;
    control_run(s.c, 10);
    s.c->log[0] = '\0';
    update(&s, 2);
    expect(&s, 20, "");
    delete_pod(&s, 0);
    expect(&s, 30, "-0 +0 ");
    assert_int_equal(pod_of(&s, 0)->template->hash, 2);
    assert_int_equal(pod_of(&s, 1)->template->hash, 1);
    control_free(s.c);
}

/* The feature MaxUnavailableStatefulSet. */
static void test_max_unavailable(void **state)
{
    struct sets s;

    (void)state;
    begin(&s, 4, true);
    s.c->scenario.cluster.control_plane.statefulset_max_unavailable = true;
    s.spec.max_unavailable = (struct int_or_percent){true, 50};
    control_run(s.c, 10);
    s.c->log[0] = '\0';
    update(&s, 2);
    expect(&s, 10.2, "-3 -2 ");
    expect(&s, 17, "+2 +3 ");
    control_run(s.c, 40);
    assert_int_equal(s.w->statefulsets.items[0]->status_updated, 4);
    control_free(s.c);
}

static void test_history(void **state)
{
    struct sets s;
    const struct statefulset *set;

    (void)state;
    begin(&s, 1, false);
    s.spec.revision_history_limit = 2;
    set = s.w->statefulsets.items[0];
    for (uint64_t i = 1; i <= 5; i++) {
        update(&s, i);
        control_run(s.c, 20 * (double)i);
    }
    assert_int_equal(set->revisions.count, 3);
    assert_int_equal(set->revisions.items[2].template->hash, 5);
    assert_int_equal(set->revisions.items[0].template->hash, 3);
    control_free(s.c);
}

/* Condemned pods: the highest first, but one that is unhealthy stops it. */
static void test_plan_condemned(void **state)
{
    struct stateful_view set = {.replicas = 1, .current = 1, .update = 1};
    struct stateful_pod pods[] = {
        {.index = 0, .ready = true, .available = true, .revision = 1, .id = 10},
        {.index = 1, .revision = 1, .id = 11},
        {.index = 2, .revision = 1, .id = 12},
    };
    struct stateful_plan plan = {0};

    (void)state;
    statefulset_plan(&set, pods, 3, &plan);
    assert_int_equal(plan.count, 0); /* 1 is the first that is unhealthy */
    pods[1].ready = pods[1].available = true;
    statefulset_plan(&set, pods, 3, &plan);
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.steps[0].pod, 12);
    set.parallel = true;
    pods[1].ready = pods[1].available = false;
    statefulset_plan(&set, pods, 3, &plan);
    assert_int_equal(plan.count, 2);
    assert_int_equal(plan.steps[0].pod, 12);
    assert_int_equal(plan.counts.replicas, 3);
    assert_int_equal(plan.counts.ready, 1);
    statefulset_plan_release(&plan);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordered),
        cmocka_unit_test(test_parallel_partition),
        cmocka_unit_test(test_forced_rollback),
        cmocka_unit_test(test_lost_node_keeps_its_pod),
        cmocka_unit_test(test_min_ready_and_start),
        cmocka_unit_test(test_on_delete),
        cmocka_unit_test(test_max_unavailable),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_plan_condemned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
