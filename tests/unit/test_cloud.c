/*
 * test_cloud - connections through a cloud load balancer's target that is
 * found unhealthy, though the pod behind it serves on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "models/cloud.h"
#include "tests/unit/traffic_fixture.h"

/* Policy Local: two nodes with a pod each; checks each second. */
static void local(struct fixture *f, struct cloud_spec *cloud, bool kept)
{
    steady(f);
    f->traffic[0].rate = 40;
    f->traffic[0].clients = 40;
    f->traffic[0].location = AT_EXTERNAL;
    f->traffic[0].pool = (struct pool_spec){.on = kept,
                                            .size = 1,
                                            .streams = 1,
                                            .max_requests = INT64_MAX,
                                            .idle_timeout = SIM_NEVER,
                                            .max_age = SIM_NEVER};
    f->workload.concurrency = 100;
    f->service_spec.external_local = true;
    *cloud = (struct cloud_spec){
        .space = "default",
        .service = "web",
        .targets = CLOUD_NODES,
        .health = {true, SIM_S, SIM_S / 2, 2, 3, false},
        .registration = dist_constant(0),
        .deregistration = 300 * SIM_S,
        .cross_zone = true,
    };
    f->scenario.clouds = cloud;
    f->scenario.cloud_count = 1;
}

/* Nodes that the load balancer hears of, and their pods. */
static void begin(struct fixture *f)
{
    static const struct node_spec specs[] = {{.name = "m0", .zone = "a"},
                                             {.name = "m1", .zone = "b"}};

    fixture_make(f, 1);
    for (; f->pod_count < 2; f->pod_count++) {
        node_id node = world_node_create(f->s.world, &specs[f->pod_count]);

        world_node_set_up(f->s.world, node, true, INCIDENT_STARTUP);
        f->pods[f->pod_count] = fixture_pod(f, node, &f->template);
    }
    fixture_publish(f);
}

/* The first node has no listed pod any more. */
static void unlist(struct fixture *f)
{
    f->pods[0] = f->pods[1];
    f->pod_count = 1;
    fixture_publish(f);
}

static uint64_t present(struct fixture *f, pod_id pod)
{
    return server_present(world_pod(f->s.world, pod));
}

static void test_kept(void **state)
{
    (void)state;
    for (int terminates = 0; terminates < 2; terminates++) {
        struct fixture f;
        struct cloud_spec cloud;
        pod_id old;

        local(&f, &cloud, true);
        cloud.terminates = terminates;
        begin(&f);
        old = f.pods[0];
        run_to(&f, 20 * SIM_S);
        unlist(&f);
        run_to(&f, 25 * SIM_S); /* it was found out */
        f.workload.service_time = dist_constant(1000);
        run_to(&f, 35 * SIM_S);
        assert_true((present(&f, old) == 0) == terminates);
        assert_true(present(&f, f.pods[0]) >= (terminates ? 35U : 10U));
        fixture_release(&f);
    }
}

/* What is under way there is reset when the third check has failed. */
static void test_under_way(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bool terminates = i & 1, kept = i & 2;
        struct fixture f;
        struct cloud_spec cloud;

        local(&f, &cloud, kept);
        cloud.terminates = terminates;
        f.workload.service_time = dist_constant(1000);
        begin(&f);
        run_to(&f, 2 * SIM_S);
        unlist(&f);
        run_to(&f, 3 * SIM_S + SIM_S / 2);
        assert_int_equal(f.metrics.failed, 0);
        run_to(&f, 6 * SIM_S);
        assert_int_equal(f.metrics.by_cause[CAUSE_RESET], f.metrics.failed);
        if (terminates)
            assert_in_range(f.metrics.failed, kept ? 10 : 60, 130);
        else
            assert_int_equal(f.metrics.failed, 0);
        check_conservation(&f);
        fixture_release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept),
                                       cmocka_unit_test(test_under_way)};

    return cmocka_run_group_tests_name("cloud", tests, NULL, NULL);
}
