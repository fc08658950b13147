/* Pods begin: sandbox, images, containers, probes. */
#include "tests/unit/kubelet_fixture.h"

/* --- start --- */

static void starts(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    t.f.workload.startup = dist_constant(2);
    start(&t);
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 10000);
    expect(&t, "110 pod 0 sandbox 10.244.0.2\n"
               "1115 pod 0 ip 10.244.0.2\n"
               "1115 pod 0 Running ready 0 restarts 0\n"
               "1115 pod 0 Running ready 1 restarts 0\n"
               "3110 server 0 open\n");
    assert_int_equal(ipam_owner(t.f.s.ipam, 0x0af40002), 0);
    fixture_pod(&t.f, 0); /* the image is there now */
    fixture_run(&t.f, 20000);
    expect(&t, "10110 pod 1 sandbox 10.244.0.3\n"
               "10115 pod 1 ip 10.244.0.3\n"
               "10115 pod 1 Running ready 0 restarts 0\n"
               "10115 pod 1 Running ready 1 restarts 0\n"
               "12110 server 1 open\n");
    end(&t);
}

static void starts_at_once_without_delays(void **state)
{
    struct dist zero = dist_constant(0);
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    t.f.scenario.cluster.control_plane.watch_latency = zero;
    t.f.scenario.cluster.kubelet.sandbox = zero;
    t.f.scenario.cluster.kubelet.status_latency = zero;
    t.f.workload.image_pull = zero;
    start(&t);
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 0);
    expect(&t, "0 pod 0 sandbox 10.244.0.2\n"
               "0 server 0 open\n"
               "0 pod 0 ip 10.244.0.2\n"
               "0 pod 0 Running ready 0 restarts 0\n"
               "0 pod 0 Running ready 1 restarts 0\n");
    end(&t);
}

/* Two pods, two images: one pull after the other, or side by side. */
static void pulls(void **state)
{
    static const struct {
        bool serial, same;
        sim_time ready[2];
    } cases[] = {
        {true, false, {1115, 2115}},
        {true, true, {1115, 1115}},
        {false, false, {1115, 1115}},
        {false, true, {1115, 1115}},
    };
    struct pod_template other;
    struct container container;
    struct test t;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_init(&t.f, 1);
        t.f.scenario.cluster.kubelet.serial_image_pulls = cases[i].serial;
        other = t.f.template;
        container = t.f.containers[0];
        container.image = cases[i].same ? "image" : "another";
        other.containers = &container;
        start(&t);
        fixture_pod(&t.f, 0);
        world_pod_bind(t.f.s.world,
                       world_pod_create(t.f.s.world, NO_ID, &other, "default",
                                        "other", INCIDENT_STARTUP),
                       0);
        fixture_run(&t.f, 10000);
        for (pod_id id = 0; id < 2; id++)
            assert_int_equal(world_pod(t.f.s.world, id)->first_ready,
                             cases[i].ready[id] * SIM_MS);
        end(&t);
    }
}

static void addresses_run_out(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    t.f.scenario.cluster.node_cidr_bits = 30; /* .0 .1 .2 .3: one to give */
    start(&t);
    fixture_pod(&t.f, 0);
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 60000);
    assert_true(world_pod(t.f.s.world, 0)->ready);
    assert_int_equal(world_pod(t.f.s.world, 1)->sandbox_ip, 0);
    delete_pod(&t, 0, -1);
    fixture_run(&t.f, 80000); /* retried after 10 to 15 s */
    assert_true(world_pod(t.f.s.world, 1)->ready);
    end(&t);
}

static void broken_image(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    t.f.template.cannot_start = true;
    start(&t);
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 60000);
    /* The pull fails after a second: only then does its sync end. */
    expect(&t, "110 pod 0 sandbox 10.244.0.2\n"
               "1115 pod 0 ip 10.244.0.2\n");
    delete_pod(&t, 0, -1);
    fixture_run(&t.f, 70000);
    expect(&t, "60060 pod 0 sandbox 0.0.0.0\n"
               "60065 pod 0 removed\n");
    end(&t);
}

/* An init container's image is pulled, then those of the others. */
static void several_containers(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    t.f.template.container_count = 3;
    t.f.containers[2] = t.f.containers[0];
    t.f.containers[0] =
        (struct container){.name = "init", .image = "tools", .init = true};
    start(&t);
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 10000);
    expect(&t, "110 pod 0 sandbox 10.244.0.2\n"
               "2110 server 0 open\n"
               "2115 pod 0 ip 10.244.0.2\n"
               "2115 pod 0 Running ready 0 restarts 0\n"
               "2115 pod 0 Running ready 1 restarts 0\n");
    delete_pod(&t, 0, -1);
    fixture_run(&t.f, 20000);
    expect(&t, "10010 server 0 reset\n"
               "10035 pod 0 Running ready 0 restarts 0\n"
               "10080 server 0 free\n"
               "10080 pod 0 sandbox 0.0.0.0\n"
               "10085 pod 0 removed\n");
    end(&t);
}

/* --- probes --- */

/* The first readiness probe is at the container's start, 1.11 s. */
static void readiness(void **state)
{
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    t.f.workload.startup = dist_constant(2);
    t.f.containers[0].readiness = &http;
    start(&t);
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 15000);
    expect(&t, "110 pod 0 sandbox 10.244.0.2\n"
               "1115 pod 0 ip 10.244.0.2\n"
               "1115 pod 0 Running ready 0 restarts 0\n"
               "3110 server 0 open\n"
               "11110 server 0 probe passes\n"
               "11115 pod 0 Running ready 1 restarts 0\n");
    t.servers.hung = true;
    fixture_run(&t.f, 45000);
    t.servers.hung = false;
    fixture_run(&t.f, 55000);
    expect(&t, "21110 server 0 probe fails\n"
               "31110 server 0 probe fails\n"
               "41110 server 0 probe fails\n"
               "41115 pod 0 Running ready 0 restarts 0\n"
               "51110 server 0 probe passes\n"
               "51115 pod 0 Running ready 1 restarts 0\n");
    end(&t);
}

static void initial_delay(void **state)
{
    struct probe late = http;
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    late.initial_delay = 25 * SIM_S;
    t.f.containers[0].readiness = &late;
    start(&t);
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 35000);
    expect(&t, "110 pod 0 sandbox 10.244.0.2\n"
               "1110 server 0 open\n"
               "1115 pod 0 ip 10.244.0.2\n"
               "1115 pod 0 Running ready 0 restarts 0\n"
               "31110 server 0 probe passes\n"
               "31115 pod 0 Running ready 1 restarts 0\n");
    end(&t);
}

/* Results as in TestSuccessThreshold of pkg/kubelet/prober/worker_test.go:
 * three successes make it ready, one failure unready. */
static void thresholds(void **state)
{
    static const bool answers[] = {true, true, true, true, true, false,
                                   true, true, true, true, true, false};
    static const bool results[] = {false, false, true, true, true, false,
                                   false, false, true, true, true, false};
    struct probe probe = http;
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    probe.success_threshold = 3;
    probe.failure_threshold = 1;
    t.f.containers[0].readiness = &probe;
    start(&t);
    t.servers.answers = answers;
    t.servers.answer_count = sizeof answers / sizeof *answers;
    fixture_pod(&t.f, 0);
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        fixture_run(&t.f, 1200 + 10000 * (int64_t)i);
        assert_int_equal(t.servers.probes, i + 1);
        assert_int_equal(world_pod(t.f.s.world, 0)->ready, results[i]);
    }
    end(&t);
}

/* Successes before a restart count: one more is enough. */
static void thresholds_outlast_restarts(void **state)
{
    struct probe probe = http;
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    probe.success_threshold = 3;
    t.f.containers[0].readiness = &probe;
    start(&t);
    t.servers.quiet = true;
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 30000);
    fixture_forget(&t.f);
    assert_true(kubelet_crash(t.f.s.kubelets, 0, INCIDENT_NONE));
    fixture_run(&t.f, 45000);
    expect(&t, "30000 server 0 reset\n"
               "30020 server 0 open\n"
               "30025 pod 0 Running ready 0 restarts 0\n"
               "30025 pod 0 Running ready 0 restarts 1\n"
               "30025 pod 0 Running ready 1 restarts 1\n");
    end(&t);
}

/* Startup ticks with the pod's worker (taken up at 10 ms); when it passes,
 * readiness and liveness follow at once. Liveness restarts the container. */
static void startup_and_liveness(void **state)
{
    struct probe startup = http, liveness = http;
    struct test t;

    (void)state;
    fixture_init(&t.f, 1);
    startup.period = 5 * SIM_S;
    liveness.failure_threshold = 2;
    t.f.workload.startup = dist_constant(6);
    t.f.containers[0].startup = &startup;
    t.f.containers[0].readiness = &http;
    t.f.containers[0].liveness = &liveness;
    start(&t);
    fixture_pod(&t.f, 0);
    fixture_run(&t.f, 12000);
    expect(&t, "110 pod 0 sandbox 10.244.0.2\n"
               "1115 pod 0 ip 10.244.0.2\n"
               "1115 pod 0 Running ready 0 restarts 0\n"
               "7110 server 0 open\n"
               "10010 server 0 probe passes\n"
               "10010 server 0 probe passes\n"
               "10010 server 0 probe passes\n"
               "10015 pod 0 Running ready 1 restarts 0\n");
    t.servers.hung = true;
    fixture_run(&t.f, 30500);
    t.servers.hung = false;
    t.servers.quiet = true;
    fixture_run(&t.f, 45000);
    expect(&t, "20010 server 0 probe fails\n"
               "20010 server 0 probe fails\n"
               "30010 server 0 probe fails\n"
               "30010 server 0 probe fails\n"
               "30010 server 0 reset\n"
               "30035 pod 0 Running ready 0 restarts 0\n"
               "30035 pod 0 Running ready 0 restarts 1\n"
               "36030 server 0 open\n"
               "40015 pod 0 Running ready 1 restarts 1\n");
    assert_int_equal(world_pod_origin(t.f.s.world, 0), INCIDENT_OVERLOAD);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts),
        cmocka_unit_test(starts_at_once_without_delays),
        cmocka_unit_test(pulls),
        cmocka_unit_test(addresses_run_out),
        cmocka_unit_test(broken_image),
        cmocka_unit_test(several_containers),
        cmocka_unit_test(readiness),
        cmocka_unit_test(initial_delay),
        cmocka_unit_test(thresholds),
        cmocka_unit_test(thresholds_outlast_restarts),
        cmocka_unit_test(startup_and_liveness),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
