/* Deployments: rollouts, by the sizes of ReplicaSets that they pass. */
#include "tests/unit/control_fixture.h"

extern const struct controller controller_deployment, controller_replicaset;

static const struct controller *const both[] = {&controller_deployment,
                                                &controller_replicaset, NULL};

#define NUMBER(n)                                                              \
    {                                                                          \
        .percent = false, .value = (n)                                         \
    }
#define PERCENT(n)                                                             \
    {                                                                          \
        .percent = true, .value = (n)                                          \
    }
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct rollout {
    struct control *c;
    struct deployment_spec spec;
    struct container container;
    deployment_id id;
};

/* Writes down the sizes of all ReplicaSets, oldest first, when one changes. */
static void on_replicaset(void *self, const struct world_change *change)
{
    struct control *c = self;
    const struct world *w = c->s.world;
    char text[64] = "";

    if (change->what == WHAT_STATUS)
        return;
    for (size_t i = 0; i < w->replicasets.count; i++) {
        const struct replicaset *rs = w->replicasets.items[i];
        size_t used = strlen(text);

        if (rs->deleted)
            continue;
        snprintf(text + used, sizeof text - used, "%s%d", used ? "," : "",
                 rs->replicas);
    }
    control_note(c, "%s%s", c->log[0] ? " " : "", text);
}

static void begin(struct rollout *r, int replicas, struct int_or_percent surge,
                  struct int_or_percent unavailable)
{
    memset(r, 0, sizeof *r);
    r->c = control_new(both);
    control_add_nodes(r->c, 5, "");
    world_watch(r->c->s.world, 1U << CHANGE_REPLICASET, on_replicaset, r->c);
    r->container = (struct container){.name = "web", .image = "web:1"};
    r->spec =
        (struct deployment_spec){.meta = {.name = "web", .space = "default"},
                                 .replicas = replicas,
                                 .template = {.hash = 1,
                                              .container_count = 1,
                                              .containers = &r->container,
                                              .grace_period = 30 * SIM_S},
                                 .max_surge = surge,
                                 .max_unavailable = unavailable,
                                 .progress_deadline = 600 * SIM_S,
                                 .revision_history_limit = 10};
    r->id = NO_ID;
}

/* The Deployment is there and complete by 5 s. */
static void settle(struct rollout *r)
{
    r->id = world_deployment_create(r->c->s.world, &r->spec, INCIDENT_STARTUP);
    control_run(r->c, 5);
    assert_int_equal(r->c->s.world->deployments.items[0]->status_available,
                     r->spec.replicas);
    r->c->log[0] = '\0';
}

static const struct deployment *deployment_of(const struct rollout *r)
{
    return r->c->s.world->deployments.items[r->id];
}

static incident_id update(struct rollout *r, uint64_t salt)
{
    struct world *w = r->c->s.world;
    struct pod_template *template = world_template_copy(w, &r->spec.template);
    incident_id why =
        world_incident(w, "update", "set image", "deployment/web", NO_ID);

    template->hash = salt + 1;
    world_deployment_set_template(w, r->id, template, why);
    return why;
}

static void end(struct rollout *r)
{
    control_free(r->c);
}

/* The sizes (old, new) that a real control plane went through, recorded. */
static void test_recorded_rollouts(void **state)
{
    static const struct {
        int replicas;
        struct int_or_percent surge, unavailable;
        const char *sizes;
    } cases[] = {
        {3, PERCENT(25), PERCENT(25), "3,1 2,1 2,2 1,2 1,3 0,3"},
        {10, NUMBER(1), NUMBER(0),
         "10,1 9,1 9,2 8,2 8,3 7,3 7,4 6,4 6,5 5,5 5,6 4,6 4,7 3,7 3,8 2,8 "
         "2,9 1,9 1,10 0,10"},
        {10, NUMBER(0), NUMBER(1),
         "10,0 9,0 9,1 8,1 8,2 7,2 7,3 6,3 6,4 5,4 5,5 4,5 4,6 3,6 3,7 2,7 "
         "2,8 1,8 1,9 0,9 0,10"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rollout r;

        begin(&r, cases[i].replicas, cases[i].surge, cases[i].unavailable);
        settle(&r);
        update(&r, 1);
        control_run(r.c, 60);
        assert_string_equal(r.c->log, cases[i].sizes);
        assert_int_equal(deployment_of(&r)->status_updated, cases[i].replicas);
        end(&r);
    }
}

/* All at once: what of 25 % / 25 % does not hang on milliseconds. */
static void test_quarter(void **state)
{
    struct rollout r;
    const struct replicaset *rs;

    (void)state;
    begin(&r, 10, (struct int_or_percent)PERCENT(25),
          (struct int_or_percent)PERCENT(25));
    settle(&r);
    update(&r, 1);
    control_run(r.c, 5.5);
    assert_string_equal(r.c->log, "10,3 8,3 8,5");
    control_run(r.c, 60);
    rs = r.c->s.world->replicasets.items[1];
    assert_int_equal(rs->replicas, 10);
    assert_int_equal(rs->revision, 2);
    assert_int_equal(rs->desired_annotation, 10);
    assert_int_equal(rs->max_replicas_annotation, 13);
    assert_int_equal(r.c->s.world->pod_count, 10);
    end(&r);
}

static void test_recreate(void **state)
{
    struct rollout r;

    (void)state;
    begin(&r, 10, (struct int_or_percent)NUMBER(0),
          (struct int_or_percent)NUMBER(0));
    r.spec.recreate = true;
    settle(&r);
    update(&r, 1);
    control_run(r.c, 8);
    assert_string_equal(r.c->log, "0"); /* till the last old pod is gone */
    control_run(r.c, 60);
    assert_string_equal(r.c->log, "0 0,10");
    end(&r);
}

static void test_undo_takes_the_old_set(void **state)
{
    struct rollout r;
    const struct world *w;

    (void)state;
    begin(&r, 3, (struct int_or_percent)NUMBER(1),
          (struct int_or_percent)NUMBER(0));
    settle(&r);
    w = r.c->s.world;
    update(&r, 1);
    control_run(r.c, 60);
    world_deployment_set_template(r.c->s.world, r.id, &r.spec.template,
                                  INCIDENT_NONE);
    control_run(r.c, 120);
    assert_int_equal(w->replicasets.count, 2);
    assert_int_equal(w->replicasets.items[0]->replicas, 3);
    assert_int_equal(w->replicasets.items[0]->revision, 3);
    assert_int_equal(w->replicasets.items[1]->replicas, 0);
    end(&r);
}

static void test_rollover(void **state)
{
    struct rollout r;
    const struct world *w;

    (void)state;
    begin(&r, 4, (struct int_or_percent)NUMBER(1),
          (struct int_or_percent)NUMBER(1));
    settle(&r);
    w = r.c->s.world;
    update(&r, 1);
    control_run(r.c, 6); /* in the middle */
    update(&r, 2);
    control_run(r.c, 60);
    assert_int_equal(w->replicasets.count, 3);
    assert_int_equal(w->replicasets.items[0]->replicas, 0);
    assert_int_equal(w->replicasets.items[1]->replicas, 0);
    assert_int_equal(w->replicasets.items[2]->replicas, 4);
    assert_int_equal(w->replicasets.items[2]->revision, 3);
    end(&r);
}

static void test_paused_waits(void **state)
{
    struct rollout r;

    (void)state;
    begin(&r, 3, (struct int_or_percent)NUMBER(1),
          (struct int_or_percent)NUMBER(0));
    settle(&r);
    r.c->s.world->deployments.items[r.id]->paused = true;
    update(&r, 1);
    control_run(r.c, 20);
    assert_string_equal(r.c->log, "");
    world_deployment_scale(r.c->s.world, r.id, 5, INCIDENT_NONE);
    control_run(r.c, 30);
    assert_string_equal(r.c->log, "5");
    end(&r);
}

static void test_scaled_in_the_middle(void **state)
{
    struct rollout r;
    const struct world *w;

    (void)state;
    begin(&r, 10, (struct int_or_percent)NUMBER(2),
          (struct int_or_percent)NUMBER(2));
    r.c->start = 10 * SIM_S;
    r.id = world_deployment_create(r.c->s.world, &r.spec, INCIDENT_STARTUP);
    control_run(r.c, 20);
    update(&r, 1);
    control_run(r.c, 22);
    r.c->log[0] = '\0';
    w = r.c->s.world;
    assert_int_equal(w->replicasets.items[0]->replicas, 8);
    assert_int_equal(w->replicasets.items[1]->replicas, 4);
    world_deployment_scale(r.c->s.world, r.id, 20, INCIDENT_NONE);
    control_run(r.c, 23);
    /* 8 and 4 of 12 become 15 and 7 of 22, the largest first. */
    assert_string_equal(r.c->log, "15,4 15,7");
    control_run(r.c, 120);
    assert_int_equal(w->replicasets.items[1]->replicas, 20);
    end(&r);
}

static void test_history_is_short(void **state)
{
    struct rollout r;
    const struct world *w;
    size_t left = 0;

    (void)state;
    begin(&r, 2, (struct int_or_percent)NUMBER(1),
          (struct int_or_percent)NUMBER(0));
    r.spec.revision_history_limit = 2;
    settle(&r);
    w = r.c->s.world;
    for (uint64_t i = 1; i <= 5; i++) {
        update(&r, i);
        control_run(r.c, 5 + 30 * (double)i);
    }
    for (size_t i = 0; i < w->replicasets.count; i++)
        left += !w->replicasets.items[i]->deleted;
    assert_int_equal(w->replicasets.count, 6);
    assert_int_equal(left, 3);
    assert_true(w->replicasets.items[0]->deleted);
    end(&r);
}

static void on_event(void *self, const struct world_change *change)
{
    struct control *c = self;
    const struct world_event *event = change->old;

    if (event->warning)
        control_note(c, "%lld %s", (long long)(sim_now(c->s.sim) / SIM_S),
                     event->reason);
}

static void test_progress_deadline(void **state)
{
    struct rollout r;

    (void)state;
    begin(&r, 3, (struct int_or_percent)NUMBER(1),
          (struct int_or_percent)NUMBER(0));
    settle(&r);
    r.c->s.world->want_events = true;
    world_watch(r.c->s.world, 1U << CHANGE_EVENT, on_event, r.c);
    r.c->manual = true; /* new pods never start */
    update(&r, 1);
    control_run(r.c, 600);
    assert_string_equal(r.c->log, "3,1");
    control_run(r.c, 700);
    assert_string_equal(r.c->log, "3,1606 ProgressDeadlineExceeded");
    end(&r);
}

/* New pods and deleted ones both carry the rollout as their origin. */
static void test_origins(void **state)
{
    struct rollout r;
    incident_id why;

    (void)state;
    begin(&r, 3, (struct int_or_percent)NUMBER(1),
          (struct int_or_percent)NUMBER(0));
    settle(&r);
    for (pod_id id = 0; id < 3; id++)
        assert_int_equal(world_pod_origin(r.c->s.world, id), INCIDENT_STARTUP);
    why = update(&r, 1);
    control_run(r.c, 60);
    assert_int_equal(r.c->s.world->pods.count, 6);
    for (pod_id id = 0; id < 6; id++)
        assert_int_equal(world_pod_origin(r.c->s.world, id), why);
    end(&r);
}

/* No latency and no limit: everything at the same instant. */
static void test_ideal(void **state)
{
    struct rollout r;
    struct control_plane_params *p;

    (void)state;
    begin(&r, 10, (struct int_or_percent)PERCENT(25),
          (struct int_or_percent)PERCENT(25));
    p = &r.c->scenario.cluster.control_plane;
    p->watch_latency = p->write_latency = dist_constant(0);
    settle(&r);
    update(&r, 1);
    control_run(r.c, 5);
    assert_string_equal(r.c->log, "10,3 8,3 8,5");
    control_run(r.c, 60);
    assert_int_equal(deployment_of(&r)->status_updated, 10);
    end(&r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_rollouts),
        cmocka_unit_test(test_quarter),
        cmocka_unit_test(test_recreate),
        cmocka_unit_test(test_undo_takes_the_old_set),
        cmocka_unit_test(test_rollover),
        cmocka_unit_test(test_paused_waits),
        cmocka_unit_test(test_scaled_in_the_middle),
        cmocka_unit_test(test_history_is_short),
        cmocka_unit_test(test_progress_deadline),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_ideal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
