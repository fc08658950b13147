/* The pod garbage collector, and the collector of what has lost its owner. */
#include "tests/unit/control_fixture.h"

extern const struct controller controller_podgc, controller_garbagecollector;

static const struct controller *const both[] = {
    &controller_podgc, &controller_garbagecollector, NULL};

static const struct pod_template template = {.hash = 1,
                                             .grace_period = 30 * SIM_S};

static struct control *begin(void)
{
    struct control *c = control_new(both);

    c->manual = true;
    control_add_nodes(c, 2, "");
    for (pod_id id = 0; id < 6; id++) {
        control_pod(c, &template, "p");
        world_pod_bind(c->s.world, id, id % 2);
        control_ready(c, id);
    }
    return c;
}

/* Deleted between passes, missed by the next, 40 s in quarantine. */
static void test_orphans(void **state)
{
    static const struct {
        double deleted, kept, gone;
    } cases[] = {{5, 59.9, 60.5}, {19.9, 59.9, 60.5}, {20.1, 79.9, 80.5}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct control *c = begin();
        struct world *w = c->s.world;

        control_run(c, cases[i].deleted);
        world_node_delete(w, 1,
                          world_incident(w, "d", "delete", "node/n1", NO_ID));
        control_run(c, cases[i].kept);
        assert_int_equal(w->pod_count, 6);
        control_run(c, cases[i].gone);
        assert_int_equal(w->pod_count, 3);
        assert_int_equal(world_pod_origin(w, 1), world_node(w, 1)->origin);
        assert_non_null(world_pod(w, 0));
        control_free(c);
    }
}

static void test_out_of_service(void **state)
{
    struct control *c = begin();
    struct world *w = c->s.world;

    (void)state;
    world_pod_delete(w, 1, -1, "Killed", INCIDENT_NONE);
    world_node_taint(w, 1,
                     (struct taint){"node.kubernetes.io/out-of-service", "",
                                    TAINT_NO_EXECUTE});
    control_run(c, 30); /* a node that is Ready serves */
    assert_int_equal(w->pod_count, 6);
    world_node_set_ready(w, 1, NODE_UNKNOWN);
    control_run(c, 45);
    assert_int_equal(w->pod_count, 5);
    assert_null(world_pod(w, 1));
    control_free(c);
}

/* Of 12,503 ended pods the three oldest go. */
static void test_ended(void **state)
{
    struct control *c = begin();
    struct world *w = c->s.world;

    (void)state;
    for (int i = 0; i < 12503; i++)
        world_pod_set_phase(w, control_pod(c, &template, "e"), POD_FAILED,
                            "Evicted");
    control_run(c, 25);
    assert_int_equal(w->pod_count, 6 + 12500);
    for (pod_id id = 6; id < 9; id++)
        assert_null(world_pod(w, id));
    control_free(c);
}

/* A Deployment that is deleted takes its ReplicaSets and pods along. */
static void test_owners(void **state)
{
    static const struct deployment_spec spec = {
        .meta = {.name = "web", .space = "default"}};
    static const struct selector selector = {.nothing = false};
    struct control *c = begin();
    struct world *w = c->s.world;
    deployment_id d = world_deployment_create(w, &spec, INCIDENT_STARTUP);
    incident_id why;

    (void)state;
    for (replicaset_id rs = 0; rs < 2; rs++) {
        world_replicaset_create(w, d, "default", rs ? "web-a" : "web-b",
                                &selector, &template, 0, 2, INCIDENT_STARTUP);
        for (int i = 0; i < 2; i++) {
            pod_id id = world_pod_create(w, rs, &template, "default", NULL,
                                         INCIDENT_STARTUP);

            world_pod_bind(w, id, 0);
        }
    }
    control_run(c, 1);
    why = world_incident(w, "d", "delete", "deployment/web", NO_ID);
    world_deployment_delete(w, d, why);
    control_run(c, 2);
    for (replicaset_id rs = 0; rs < 2; rs++)
        assert_true(w->replicasets.items[rs]->deleted);
    for (pod_id id = 6; id < 10; id++) {
        assert_true(world_pod(w, id)->deletion != SIM_NEVER);
        assert_int_equal(world_pod_origin(w, id), why);
        assert_string_equal(world_pod(w, id)->reason, "Deleted");
    }
    assert_true(world_pod(w, 0)->deletion == SIM_NEVER);
    control_free(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orphans),
        cmocka_unit_test(test_out_of_service),
        cmocka_unit_test(test_ended),
        cmocka_unit_test(test_owners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
