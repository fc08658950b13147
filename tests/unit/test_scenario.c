/*
 * The Scenario object: completion, defaults by version, options, printing.
 */
#include "tests/unit/scenario_fixture.h"

#include "models/kubectl/verb.h"
#include "models/lb/lb.h"
#include "models/select.h"

static void test_bare(void **state)
{
    struct fixture f;

    (void)state;
    loads(&f, WEB);
    assert_true(f.s->synthetic && f.s->warm_up_auto);
    assert_int_equal(f.s->duration, SIM_HOUR);
    assert_int_equal(f.s->cluster.node_count, 3);
    assert_string_equal(f.s->cluster.nodes[1].name, "pool-2");
    assert_string_equal(f.s->cluster.nodes[1].zone, "b");
    assert_string_equal(labels_get(&f.s->cluster.nodes[1].labels,
                                   "topology.kubernetes.io/zone"),
                        "b");
    assert_int_equal(f.s->traffic_count, 1);
    assert_true(f.s->traffic[0].rate == 100);
    assert_int_equal(f.s->traffic[0].timeout, SIM_S);
    assert_int_equal(f.s->timeline_count, 4);
    assert_string_equal(f.s->timeline[0].name, "rollout");
    assert_int_equal(f.s->timeline[0].at, 10 * SIM_MIN);
    assert_int_equal(f.s->timeline[1].at, 25 * SIM_MIN);
    assert_string_equal(f.s->timeline[3].name, "node");
    assert_int_equal(f.s->timeline[3].lasts, 10 * SIM_MIN);
    assert_non_null(f.s->timeline[3].fail);
    assert_int_equal(f.s->timeline[3].fail->target.pick, PICK_ONE);
    assert_true(f.s->assumption_count >= 3);
    end(&f);
}

static void test_room(void **state)
{
    struct fixture f;
    int64_t cpu = 0;
    size_t i;

    (void)state;
    loads(&f, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: big}\n"
              "spec: {replicas: 20, selector: {matchLabels: {app: x}}, "
              "template: {metadata: {labels: {app: x}}, spec: {nodeSelector: "
              "{disk: ssd}, containers: [{name: c, resources: {requests: "
              "{cpu: 3}}}]}}}\n");
    /* 20 and 5 of surge, one a node, and one lost */
    assert_true(f.s->cluster.node_count >= 26);
    for (i = 0; i < f.s->cluster.node_count; i++) {
        cpu += f.s->cluster.nodes[i].allocatable.cpu;
        assert_string_equal(labels_get(&f.s->cluster.nodes[i].labels, "disk"),
                            "ssd");
    }
    assert_true(cpu >= 26 * 3000);
    end(&f);
}

static void test_versions(void **state)
{
    static const struct {
        const char *version;
        sim_time grace;
        bool partial, fallback;
    } cases[] = {
        {"\"1.36\"", 50 * SIM_S, true, true},
        {"v1.32.1", 50 * SIM_S, true, true},
        {"\"1.31\"", 40 * SIM_S, true, true},
        {"\"1.27\"", 40 * SIM_S, true, true},
        {"\"1.26\"", 40 * SIM_S, false, true},
        {"\"1.25\"", 40 * SIM_S, false, false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        char text[256];

        snprintf(text, sizeof text,
                 SCENARIO("  traffic: []\n  cluster: {kubernetesVersion: "
                          "%s}\n"),
                 cases[i].version);
        loads(&f, text);
        assert_int_equal(f.s->cluster.control_plane.node_monitor_grace_period,
                         cases[i].grace);
        assert_int_equal(f.s->cluster.kube_proxy.partial_sync,
                         cases[i].partial);
        assert_int_equal(f.s->cluster.kube_proxy.terminating_fallback,
                         cases[i].fallback);
        end(&f);
    }
}

static void test_ideal(void **state)
{
    struct fixture f;
    sim_time t;

    (void)state;
    loads(&f, SCENARIO("  preset: ideal\n"
                       "  cluster: {kubelet: {sandbox: 2s}}\n"
                       "  workloads:\n"
                       "  - {selector: {app: web}, startup: 3s}\n"
                       "  - {selector: {app: none}}\n") WEB);
    assert_true(f.s->ideal);
    assert_true(
        dist_is_constant(&f.s->cluster.control_plane.watch_latency, &t));
    assert_int_equal(t, 0);
    assert_true(dist_is_constant(&f.s->cluster.latency.cross_zone, &t));
    assert_int_equal(t, 0);
    assert_true(dist_is_constant(&f.s->cluster.kubelet.sandbox, &t));
    assert_int_equal(t, 2 * SIM_S);
    assert_true(dist_is_constant(&f.s->workloads[1].startup, &t));
    assert_int_equal(t, 3 * SIM_S);
    assert_true(dist_is_constant(&f.s->workloads[2].startup, &t));
    assert_int_equal(t, 0);
    assert_true(dist_is_constant(&f.s->workloads[0].startup, &t));
    assert_int_equal(t, 0);
    assert_int_equal(f.s->workloads[0].queue_limit, INT64_MAX);
    assert_int_equal(f.s->cluster.kube_proxy.min_sync_period, 0);
    assert_int_equal(f.s->traffic[0].timeout, SIM_NEVER);
    end(&f);
}

static void test_ipvs(void **state)
{
    struct fixture f;

    (void)state;
    loads(&f, SCENARIO("  traffic: []\n  cluster: {kubeProxy: {mode: "
                       "ipvs}}\n"));
    assert_int_equal(f.s->cluster.kube_proxy.min_sync_period, 0);
    end(&f);
    loads(&f, SCENARIO("  traffic: []\n  cluster: {kubeProxy: {mode: ipvs, "
                       "minSyncPeriod: 2s}}\n"));
    assert_int_equal(f.s->cluster.kube_proxy.min_sync_period, 2 * SIM_S);
    end(&f);
}

static void test_pod_cidr(void **state)
{
    struct fixture f;

    (void)state;
    loads(&f, SCENARIO("  traffic: []\n  cluster: {nodePools: [{count: "
                       "5000}]}\n"));
    assert_int_equal(f.s->cluster.pod_cidr_bits, 11);
    assert_int_equal(f.s->cluster.pod_cidr, 0x0ae00000);
    end(&f);
    load(&f, SCENARIO("  traffic: []\n  cluster: {podCIDR: 10.244.0.0/16, "
                      "nodePools: [{count: 257}]}\n"));
    assert_null(f.s);
    assert_non_null(strstr(f.messages, "too small for 257 nodes"));
    end(&f);
}

static void test_timeline(void **state)
{
    struct fixture f;

    (void)state;
    loads(&f, SCENARIO("  duration: 15m\n"
                       "  timeline:\n"
                       "  - {at: 3m, kubectl: scale deployment/web "
                       "--replicas 5}\n"
                       "  - kubectl: create deployment web --image=nginx "
                       "--replicas=3\n"
                       "  - kubectl: expose deployment web --port=80\n"
                       "  - {at: 2m, kubectl: kubectl rollout restart "
                       "deployment/web}\n"
                       "  - {at: 3m, kubectl: scale deployment/web "
                       "--replicas=4}\n"));
    assert_int_equal(f.s->timeline_count, 5);
    assert_int_equal(f.s->timeline[0].at, SIM_NEVER);
    assert_string_equal(f.s->timeline[0].verb->name, "create deployment");
    assert_string_equal(f.s->timeline[1].verb->name, "expose");
    assert_string_equal(f.s->timeline[2].text,
                        "kubectl rollout restart deployment/web");
    assert_string_equal(f.s->timeline[3].name, "scale deployment/web");
    assert_string_equal(f.s->timeline[4].name, "scale deployment/web (2)");
    assert_int_equal(f.s->traffic_count, 1);
    assert_string_equal(f.s->traffic[0].service, "web");
    end(&f);
}

static void test_sets(void **state)
{
    static const char *const sets[] = {
        "spec.cluster.kubeProxy.minSyncPeriod=5s",
        "spec.traffic[users].timeout=250ms",
        "deployment/web:spec.replicas=7",
        "strategy=p2c",
        "preStop=5s",
    };
    static const char *const slos[] = {"web:request_availability >= 99.95%",
                                       "pods_created < 100"};
    struct scenario_options o = {.sets = sets,
                                 .set_count = 5,
                                 .slos = slos,
                                 .slo_count = 2,
                                 .duration = "2h",
                                 .seed = "42",
                                 .reps = "3",
                                 .drills = "zone,rollout"};
    struct fixture f;

    (void)state;
    load_with(&f, SCENARIO("  traffic: [{name: users, service: web}]\n") WEB,
              o);
    if (!f.s)
        fail_msg("%s", f.messages);
    assert_int_equal(f.s->cluster.kube_proxy.min_sync_period, 5 * SIM_S);
    assert_int_equal(f.s->traffic[0].timeout, 250 * SIM_MS);
    assert_int_equal(f.s->traffic[0].connect_timeout, 250 * SIM_MS);
    assert_int_equal(f.s->deployments[0].replicas, 7);
    assert_int_equal(f.s->lb_count, 1);
    assert_string_equal(f.s->lbs[0].strategy->name, "p2c");
    assert_int_equal(
        f.s->workloads[f.s->deployments[0].template.workload].pre_stop,
        5 * SIM_S);
    assert_int_equal(f.s->duration, 2 * SIM_HOUR);
    assert_int_equal(f.s->seed, 42);
    assert_int_equal(f.s->replications, 3);
    assert_int_equal(f.s->slo_count, 2);
    assert_string_equal(f.s->slos[0].service, "web");
    assert_true(f.s->slos[0].target == 0.9995);
    assert_int_equal(f.s->slos[1].operator, SLO_LT);
    assert_int_equal(f.s->timeline_count, 2);
    assert_string_equal(f.s->timeline[1].name, "zone");
    end(&f);
}

static void test_copies(void **state)
{
    struct fixture f, inner;
    FILE *file;
    char path[] = "/tmp/podchurn-copy-XXXXXX", text[512];
    int fd = mkstemp(path);

    (void)state;
    memset(&inner, 0, sizeof inner);
    file = fdopen(fd, "w");
    fputs(WEB, file);
    fclose(file);
    snprintf(text, sizeof text,
             SCENARIO("  include: [{file: '%s', copies: 3}]\n"), path);
    loads(&f, text);
    unlink(path);
    assert_int_equal(f.s->deployment_count, 3);
    assert_string_equal(f.s->deployments[2].meta.name, "web-3");
    assert_int_equal(f.s->traffic_count, 3);
    assert_true(selector_matches(&f.s->services[1].selector,
                                 &f.s->deployments[1].template.labels));
    assert_false(selector_matches(&f.s->services[1].selector,
                                  &f.s->deployments[2].template.labels));
    end(&f);
}

static char *print(const struct scenario *s)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    scenario_print(s, out);
    fclose(out);
    return text;
}

/* What is printed is read back as the same scenario. */
static void test_print(void **state)
{
    static const char *const texts[] = {
        WEB,
        SCENARIO("  preset: ideal\n"
                 "  failures: [{target: {nodes: {}}, mode: crash, after: "
                 "{weibull: {shape: 0.8, mean: 12h}}, repair: 1m, pick: fixed "
                 "2}]\n"
                 "  loadBalancing: [{service: web, strategy: {p2c: {}}, at: "
                 "client}]\n"
                 "  workloads: [{image: 'ng*', preStop: 3s}]\n"
                 "  timeline: [{at: 1m, traffic: {web: {rate: 7/s}}, for: "
                 "1m}, {kubectl: \"scale deployment 'web' --replicas=2\"}]\n"
                 "  slo: [{metric: latency_p99, target: '< 250ms'}]\n") WEB,
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct fixture a, b;
        char *first, *second, *name;

        loads(&a, texts[i]);
        first = print(a.s);
        loads(&b, first);
        second = print(b.s);
        name = strstr(first, "spec:");
        assert_string_equal(name, strstr(second, "spec:"));
        assert_int_equal(a.s->traffic_count, b.s->traffic_count);
        assert_int_equal(a.s->timeline_count, b.s->timeline_count);
        assert_int_equal(a.s->deployments[0].template.hash,
                         b.s->deployments[0].template.hash);
        free(first);
        free(second);
        end(&a);
        end(&b);
    }
}

static void test_document(void **state)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    scenario_document(36, out);
    fclose(out);
    assert_non_null(
        strstr(text, "spec.cluster.controlPlane.nodeMonitorGracePeriod\t"));
    assert_non_null(strstr(text, "1.32: 50s"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bare),     cmocka_unit_test(test_room),
        cmocka_unit_test(test_versions), cmocka_unit_test(test_ideal),
        cmocka_unit_test(test_ipvs),     cmocka_unit_test(test_pod_cidr),
        cmocka_unit_test(test_timeline), cmocka_unit_test(test_sets),
        cmocka_unit_test(test_copies),   cmocka_unit_test(test_print),
        cmocka_unit_test(test_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
