/* Whole simulations: DNS servers that stop or are slow, names of pods that are
 * not ready. */
#include "tests/unit/scenario_fixture.h"

#include <math.h>

#include "models/metrics/metrics.h"
#include "models/simulation.h"

#define PODS                                                                   \
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: pods}\n"             \
    "spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}\n"

/* Ten minutes of 50 requests a second, of one entry. */
#define RUN(entry, dns, mode)                                                  \
    SCENARIO(                                                                  \
        "  warmUp: 2m\n  duration: 10m\n"                                      \
        "  cluster: {nodePools: [{name: n, count: 3}], dns: {" dns "}}\n"      \
        "  workloads: [{serviceTime: 1ms}]\n"                                  \
        "  traffic: [{name: t, arrivals: 50, " entry "}]\n"                    \
        "  timeline: [{at: 3m, for: 1m, fail: {controlPlane: {}, mode: " mode  \
        "}}]\n")                                                               \
    WEB PODS

static double value_of(const struct simulation *s, const char *metric)
{
    struct metric_layout *layout = metric_layout_new(s->scenario);
    double *values = mem_calloc(layout->count, sizeof *values), found = NAN;

    metrics_values(s->metrics, layout, values);
    for (size_t i = 0; i < layout->count; i++) {
        const struct metric_row *row = &layout->rows[i];

        if (strcmp(row->traffic, "t") == 0 &&
            strcmp(metric_infos[row->metric].name, metric) == 0)
            found = values[i];
    }
    free(values);
    metric_layout_free(layout);
    return found;
}

#define NAMED  "service: pods, access: headless"
#define STOPS  "dns"
#define SLOW   "{dns: {factor: 2000}}" /* 1 s and more */
#define NORMAL "ttl: 30s"

/* Of 50/s over a minute, 3000. */
static void who_goes_on(void **state)
{
    static const struct {
        const char *label, *text;
        double least, most; /* requests failed, all by dns */
    } cases[] = {
        {"each asks", RUN(NAMED, NORMAL, STOPS), 2900, 3100},
        {"virtual IP", RUN("service: web", NORMAL, STOPS), 0, 0},
        {"its name", RUN("service: web, resolver: true", NORMAL, STOPS), 2900,
         3100},
        {"cache for ever",
         RUN(NAMED ", resolver: {cache: forever}", NORMAL, STOPS), 0, 0},
        /* For 10 s no new answer, and 10 s of the failure's own. */
        {"cache of 50 s, of failures 10 s",
         RUN(NAMED ", resolver: {cache: 50s}", NORMAL, STOPS), 300, 3600},
        {"node's cache", RUN(NAMED, "nodeLocal: true", STOPS), 1450, 3000},
        {"as gRPC",
         RUN(NAMED ", resolver: {ask: afterLoss}, connections: {pool: "
                   "{maxAge: 20s}}",
             NORMAL, STOPS),
         0, 0},
        {"slow", RUN(NAMED, NORMAL, SLOW), 300, 3000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct simulation_options options = {.seed = 1};
        double failed, by_dns;
        struct simulation *s;
        struct fixture f;

        loads(&f, cases[i].text);
        s = simulation_run(f.s, &options);
        assert_non_null(s);
        failed = value_of(s, "requests_failed");
        by_dns = value_of(s, "failed_dns");
        if (failed < cases[i].least || failed > cases[i].most)
            fail_msg("%s: %g failed", cases[i].label, failed);
        if (fabs(failed - by_dns) > 0.05 * failed)
            fail_msg("%s: %g failed, %g by dns", cases[i].label, failed,
                     by_dns);
        simulation_free(s);
        end(&f);
    }
}

/* db-0 is deleted; its successor serves after 20 s, and is found ready after
 * 40 s. Without publishNotReadyAddresses it has no name till then. */
#define DB(publish)                                                            \
    SCENARIO("  warmUp: 2m\n  duration: 5m\n"                                  \
             "  cluster: {nodePools: [{name: n, count: 3}], dns: {ttl: 0s, "   \
             "cache: false}}\n"                                                \
             "  workloads: [{startup: 20s, serviceTime: 1ms}]\n"               \
             "  traffic: [{name: t, service: db, access: headless, pod: db-0," \
             " arrivals: 50}]\n"                                               \
             "  timeline: [{at: 1m, kubectl: delete pod -l "                   \
             "statefulset.kubernetes.io/pod-name=db-0}]\n")                    \
    "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\n"      \
    "spec: {replicas: 2, serviceName: db, selector: {matchLabels: {app: db}}," \
    " template: {metadata: {labels: {app: db}}, spec: {"                       \
    "containers: [{name: c, image: i:1, readinessProbe: {tcpSocket: {port: "   \
    "80}, initialDelaySeconds: 40}, ports: [{containerPort: 80}]}]}}}\n"       \
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {"        \
    "clusterIP: None, selector: {app: db}, publishNotReadyAddresses: " publish \
    ", ports: [{port: 80}]}\n"

static void a_pod_that_is_not_ready(void **state)
{
    static const struct {
        const char *text;
        double dns_least, dns_most, refused_least, refused_most;
    } cases[] = {{DB("false"), 2000, 2600, 0, 10},
                 {DB("true"), 0, 150, 900, 1100}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct simulation_options options = {.seed = 1};
        struct simulation *s;
        struct fixture f;

        loads(&f, cases[i].text);
        s = simulation_run(f.s, &options);
        assert_non_null(s);
        if (value_of(s, "failed_dns") < cases[i].dns_least ||
            value_of(s, "failed_dns") > cases[i].dns_most ||
            value_of(s, "failed_connect_refused") < cases[i].refused_least ||
            value_of(s, "failed_connect_refused") > cases[i].refused_most)
            fail_msg("case %zu: dns %g, refused %g", i,
                     value_of(s, "failed_dns"),
                     value_of(s, "failed_connect_refused"));
        simulation_free(s);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_goes_on),
        cmocka_unit_test(a_pod_that_is_not_ready),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
