/* The kubelet's client of the API server; init containers that fail; probes
 * that are run in a process that hangs. */
#include "tests/unit/run_fixture.h"

/* When the last of the pods on the node was Ready for the first time, in
 * seconds. */
static double all_ready(const char *version, const char *more)
{
    char text[2000];
    struct run r;
    sim_time last = 0;

    snprintf(text, sizeof text,
             SCENARIO("  traffic: []\n  duration: 10m\n  warmUp: 0s\n"
                      "  cluster:\n    kubernetesVersion: '%s'\n"
                      "    nodePools: [{name: pool, count: 1, allocatable: "
                      "{cpu: 4, memory: 16Gi, pods: 110}}]\n"
                      "    kubelet: {sandbox: 0s, statusLatency: 0s%s}\n"
                      "    controlPlane: {controllerQPS: 10000, "
                      "controllerBurst: 10000}\n"
                      "  workloads: [{startup: 0s}]\n"
                      "  timeline:\n  - kubectl: create deployment web "
                      "--image=i --replicas=100\n"),
             version, more);
    run(&r, text);
    assert_int_equal(r.w->pod_count, 100);
    for (size_t i = 0; i < r.w->pods.count; i++) {
        const struct pod *pod = world_pod(r.w, (pod_id)i);

        assert_true(pod->ready);
        if (pod->first_ready > last)
            last = pod->first_ready;
    }
    run_end(&r);
    return sim_to_seconds(last);
}

/* A token, a first status and one or two more for each pod: 500 requests and
 * more, of which the bucket holds few. */
static void test_client_limits(void **state)
{
    double old = all_ready("1.26", ""), now = all_ready("1.27", "");
    double free = all_ready("1.27", ", kubeAPIQPS: 1e6, kubeAPIBurst: 100000");

    (void)state;
    /* (500 - 10) / 5/s; (500 - 100) / 50/s */
    assert_true(old > 95 && old < 120);
    assert_true(now > 7 && now < 12);
    assert_true(free < 4);
}

/* Nothing limits what is ideal. */
static void test_ideal(void **state)
{
    struct run r;

    (void)state;
    run(&r, SCENARIO("  preset: ideal\n  traffic: []\n  duration: 1m\n"
                     "  warmUp: 0s\n  cluster: {nodePools: [{name: pool, "
                     "count: 1, allocatable: {cpu: 4, memory: 16Gi, pods: "
                     "500}}], nodeCIDRMaskSize: 20}\n"
                     "  timeline:\n  - kubectl: create deployment web "
                     "--image=i --replicas=400\n"));
    assert_int_equal(r.w->pod_count, 400);
    for (size_t i = 0; i < r.w->pods.count; i++)
        assert_true(world_pod(r.w, (pod_id)i)->first_ready < SIM_S / 100);
    run_end(&r);
}

#define INIT_POD(more)                                                         \
    "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: p}}\n"  \
    "spec: {" more "initContainers: [{name: init, image: i}], containers: "    \
    "[{name: c, image: i}]}\n"
#define INIT_HEAD(keys)                                                        \
    "  traffic: []\n  duration: 10m\n  warmUp: 0s\n  cluster: {nodePools: "    \
    "[{name: pool, count: 1}]}\n  workloads: [{startup: 0s, " keys "}]\n"

/* Again at once, then after 10 s, 20 s. */
static void test_init_fails_first(void **state)
{
    struct run r;
    const struct pod *pod;

    (void)state;
    run(&r,
        SCENARIO(INIT_HEAD("initContainer: 1s, initFailures: 3")) INIT_POD(""));
    pod = world_pod(r.w, 0);
    assert_true(pod->ready);
    assert_int_equal(pod->restarts, 3);
    /* four runs of 1 s, 10 s and 20 s between the last three of them */
    assert_true(pod->first_ready > 34 * SIM_S && pod->first_ready < 37 * SIM_S);
    run_end(&r);
}

static void test_init_never_again(void **state)
{
    struct run r;
    const struct pod *pod;

    (void)state;
    run(&r, SCENARIO(INIT_HEAD("initFailureRate: 100%"))
                INIT_POD("restartPolicy: Never, "));
    pod = world_pod(r.w, 0);
    assert_int_equal(pod->phase, POD_FAILED);
    assert_int_equal(pod->restarts, 0);
    run_end(&r);
    run(&r, SCENARIO(INIT_HEAD("initFailureRate: 100%")) INIT_POD(""));
    pod = world_pod(r.w, 0);
    assert_int_equal(pod->phase, POD_PENDING);
    assert_in_range(pod->restarts, 5, 7);
    run_end(&r);
}

/* An exec probe in a process that hangs is given up after its timeout: killed
 * after three of them, one each 10 s. An exec probe of a good one passes. */
static void test_exec_hangs(void **state)
{
    struct run r;

    (void)state;
    run(&r, SCENARIO("  traffic: []\n  duration: 5m\n  warmUp: 0s\n"
                     "  cluster: {nodePools: [{name: pool, count: 1}]}\n"
                     "  timeline:\n  - {at: 2m, fail: {pods: {app: p}, mode: "
                     "hang}}\n") "---\napiVersion: v1\nkind: Pod\nmetadata: "
                                 "{name: p, labels: {app: "
                                 "p}}\nspec: {terminationGracePeriodSeconds: "
                                 "1, containers: [{name: c, "
                                 "image: i, livenessProbe: {exec: {command: "
                                 "[x]}, timeoutSeconds: "
                                 "4}}]}\n");
    assert_int_equal(world_pod(r.w, 0)->restarts, 1);
    assert_true(world_pod(r.w, 0)->ready_since > (120 + 24) * SIM_S);
    run_end(&r);
}

#define JOB                                                                    \
    "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec: "        \
    "{template: {metadata: {labels: {app: j}}, spec: {restartPolicy: %s, "     \
    "containers: [{name: c, image: i}]}}}\n"

/* A node reboots under a Job's pod: where it is never restarted it has failed,
 * and another takes its place; else it goes on in a second sandbox. */
static void test_reboot_ends(void **state)
{
    static const struct {
        const char *policy;
        int failed;
    } cases[] = {{"Never", 1}, {"OnFailure", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2000];
        struct run r;

        snprintf(text, sizeof text,
                 SCENARIO("  traffic: []\n  duration: 30m\n  warmUp: 0s\n"
                          "  cluster: {nodePools: [{name: pool, count: 1}], "
                          "kubelet: {boot: 10s}}\n"
                          "  workloads: [{runTime: 10m}]\n"
                          "  timeline:\n  - {at: 2m, fail: {nodes: {}, mode: "
                          "reboot}}\n") JOB,
                 cases[i].policy);
        run(&r, text);
        assert_int_equal(r.w->jobs.items[0]->state, JOB_COMPLETE);
        assert_int_equal(r.w->jobs.items[0]->status_failed, cases[i].failed);
        assert_int_equal(r.w->pods.count, 1 + cases[i].failed);
        run_end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_limits),
        cmocka_unit_test(test_ideal),
        cmocka_unit_test(test_init_fails_first),
        cmocka_unit_test(test_init_never_again),
        cmocka_unit_test(test_exec_hangs),
        cmocka_unit_test(test_reboot_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
