/*
 * test_server_life - pods as servers, a row for each thing that is said of
 * them: whole scenarios without chance or delays, and what clients see.
 *
 * One pod of Deployment `web`, from 10 s before time 0 on; requests at regular
 * times, from outside.
 */
#include <math.h>

#include "models/metrics/metrics.h"
#include "models/simulation.h"
#include "tests/unit/scenario_fixture.h"

enum { EXPECTED = 4, LONGEST = 4096 };

struct expected {
    const char *metric; /* of the Service */
    double low, high;
};

struct row {
    const char *label;
    const char *workload; /* its keys */
    const char *traffic;  /* further keys of each entry */
    double rate;          /* of each, 1/s */
    int entries;          /* so many requests at a time */
    int duration;         /* s, and a half */
    const char *spec;     /* further keys of the Scenario */
    const char *probe;    /* of its container; NULL: none */
    struct expected expected[EXPECTED];
};

/* As clients with fixed addresses: they go on asking. */
#define FIXED ", access: podIP"
#define KEPT                                                                   \
    ", connections: {pool: {size: 10}}, clients: {count: 1, location: "        \
    "external}"
#define STOP                                                                   \
    "  timeline: [{at: 10s, kubectl: scale deployment/web --replicas=0}]\n"
#define CRASH                                                                  \
    "  timeline: [{at: 10s, fail: {pods: {app: web}, mode: crash, pick: "      \
    "all}}]\n"
#define PROBE(kind)                                                            \
    "readinessProbe: {" kind ", periodSeconds: 1, timeoutSeconds: 1, "         \
    "failureThreshold: 3}"

static const struct row rows[] = {
    /* --- the queue --- */
    {"fifo: one is served, the other waits",
     "serviceTime: 100ms, concurrency: 1",
     "",
     1,
     2,
     20,
     "",
     NULL,
     {{"latency_mean", 0.15, 0.15},
      {"waiting_mean", 0.05, 0.05},
      {"waiting_probability", 0.5, 0.5}}},
    {"fifo: concurrency is how many are served at once",
     "serviceTime: 100ms, concurrency: 2",
     "",
     1,
     2,
     20,
     "",
     NULL,
     {{"latency_mean", 0.1, 0.1},
      {"waiting_mean", 0, 0},
      {"utilization", 0.09, 0.11}}},
    {"ps: n requests progress at min(1, concurrency / n)",
     "serviceTime: 100ms, concurrency: 1, discipline: ps",
     "",
     1,
     2,
     20,
     "",
     NULL,
     {{"latency_mean", 0.2, 0.2},
      {"waiting_mean", 0, 0},
      {"utilization", 0.19, 0.21}}},
    {"ps: of two servers three get two thirds each",
     "serviceTime: 100ms, concurrency: 2, discipline: ps",
     "",
     1,
     3,
     20,
     "",
     NULL,
     {{"latency_mean", 0.15, 0.15}, {"waiting_mean", 0, 0}}},
    {"ps: never faster than alone",
     "serviceTime: 100ms, concurrency: 4, discipline: ps",
     "",
     1,
     3,
     20,
     "",
     NULL,
     {{"latency_mean", 0.1, 0.1}}},
    {"fifo: beyond queueLimit they are refused",
     "serviceTime: 100ms, concurrency: 1, queueLimit: 1",
     "",
     1,
     5,
     20,
     "",
     NULL,
     {{"failed_overloaded", 60, 60}, {"requests_succeeded", 40, 40}}},
    {"fifo: a limit of 0 is no queue",
     "serviceTime: 100ms, concurrency: 2, queueLimit: 0",
     "",
     1,
     5,
     20,
     "",
     NULL,
     {{"failed_overloaded", 60, 60}, {"waiting_mean", 0, 0}}},
    {"ps: those beyond concurrency count against the limit",
     "serviceTime: 100ms, concurrency: 1, queueLimit: 2, discipline: ps",
     "",
     1,
     5,
     20,
     "",
     NULL,
     {{"failed_overloaded", 40, 40}, {"latency_mean", 0.3, 0.3}}},
    /* --- service times --- */
    {"coldStart: while the process is young", /* 10 s of its life are over */
     "serviceTime: 100ms, coldStart: {factor: 3, for: 20s}",
     "",
     1,
     1,
     40,
     "",
     NULL,
     {{"latency_max", 0.3, 0.3}, {"latency_mean", 0.144, 0.151}}},
    {"coldStart: not after that",
     "serviceTime: 100ms, coldStart: {factor: 3, for: 10s}",
     "",
     1,
     1,
     40,
     "",
     NULL,
     {{"latency_max", 0.1, 0.1}}},
    {"coldStart: a restart is a new process",
     "serviceTime: 100ms, coldStart: {factor: 3, for: 10s}",
     "",
     1,
     1,
     40,
     CRASH,
     NULL,
     {{"latency_max", 0.3, 0.3}, {"latency_mean", 0.144, 0.151}}},
    {"errorRate: answers that are errors",
     "serviceTime: 100ms, errorRate: 1",
     "",
     1,
     1,
     20,
     "",
     NULL,
     {{"failed_app_error", 20, 20}, {"sojourn_mean", 0.1, 0.1}}},
    /* --- work that nobody waits for --- */
    {"a client that gives up leaves its work behind",
     "serviceTime: 200ms, concurrency: 1",
     ", timeout: 50ms",
     1,
     1,
     20,
     "",
     NULL,
     {{"failed_timeout", 20, 20}, {"utilization", 0.19, 0.21}}},
    {"so it does in the queue",
     "serviceTime: 200ms, concurrency: 1",
     ", timeout: 50ms",
     1,
     3,
     20,
     "",
     NULL,
     {{"failed_timeout", 60, 60}, {"utilization", 0.58, 0.62}}},
    {"and others wait for it",
     "serviceTime: 200ms, concurrency: 1",
     ", timeout: 250ms",
     1,
     3,
     20,
     "",
     NULL,
     {{"failed_timeout", 40, 40}, {"waiting_mean", 0.195, 0.2}}},
    /* --- probes --- */
    {"httpGet: an overloaded pod answers late, and is not ready",
     "serviceTime: 5s, concurrency: 1, queueLimit: unlimited",
     ", timeout: 9s",
     1,
     1,
     60,
     "",
     PROBE("httpGet: {path: /, port: 80}"),
     {{"endpoint_availability", 0.02, 0.6}, {"failed_no_endpoints", 20, 58}}},
    {"grpc: so it does",
     "serviceTime: 5s, concurrency: 1, queueLimit: unlimited",
     ", timeout: 9s",
     1,
     1,
     60,
     "",
     PROBE("grpc: {port: 80}"),
     {{"endpoint_availability", 0.02, 0.6}, {"failed_no_endpoints", 20, 58}}},
    {"tcpSocket: a listener is enough",
     "serviceTime: 5s, concurrency: 1, queueLimit: unlimited",
     ", timeout: 9s",
     1,
     1,
     60,
     "",
     PROBE("tcpSocket: {port: 80}"),
     {{"endpoint_availability", 1, 1}, {"failed_no_endpoints", 0, 0}}},
    {"exec: a process is enough",
     "serviceTime: 5s, concurrency: 1, queueLimit: unlimited",
     ", timeout: 9s",
     1,
     1,
     60,
     "",
     PROBE("exec: {command: [ls]}"),
     {{"endpoint_availability", 1, 1}, {"failed_no_endpoints", 0, 0}}},
    {"a full queue refuses the probe",
     "serviceTime: 5s, concurrency: 1, queueLimit: 0",
     ", timeout: 9s",
     1,
     1,
     60,
     "",
     PROBE("httpGet: {path: /, port: 80}"),
     {{"endpoint_availability", 0.02, 0.6}, {"failed_no_endpoints", 20, 58}}},
    {"a probe takes its place and its time",
     "serviceTime: 1ms, concurrency: 1",
     "",
     20,
     1,
     60,
     "  cluster: {kubelet: {probeTime: 500ms}}\n",
     PROBE("httpGet: {path: /, port: 80}"),
     {{"waiting_probability", 0.4, 0.6}, {"waiting_mean", 0.1, 0.16}}},
    {"a probe is no attempt",
     "serviceTime: 1ms, concurrency: 1",
     "",
     1,
     1,
     20,
     "",
     PROBE("httpGet: {path: /, port: 80}"),
     {{"attempts", 20, 20}, {"mean_in_system", 0.0009, 0.0011}}},
    {"a process that hangs takes all in, and answers nothing",
     "serviceTime: 100ms",
     ", timeout: 2s",
     1,
     1,
     20,
     "  timeline: [{at: 10500ms, fail: {pods: {app: web}, mode: hang, pick: "
     "all}}]\n",
     PROBE("tcpSocket: {port: 80}"),
     {{"failed_timeout", 10, 10}, {"endpoint_availability", 1, 1}}},
    {"its httpGet probes time out",
     "serviceTime: 100ms",
     ", timeout: 2s",
     1,
     1,
     40,
     "  timeline: [{at: 10500ms, fail: {pods: {app: web}, mode: hang, pick: "
     "all}}]\n",
     PROBE("httpGet: {path: /, port: 80}"),
     {{"failed_timeout", 2, 6}, {"failed_no_endpoints", 24, 28}}},
    /* --- SIGTERM: 10 requests are under way --- */
    {"drain: the listener closes, what was accepted is answered",
     "serviceTime: 950ms, concurrency: 50",
     FIXED ", timeout: 5s",
     10,
     1,
     20,
     STOP,
     NULL,
     {{"requests_succeeded", 99, 100},
      {"failed_reset", 0, 0},
      {"failed_connect_refused", 8, 10},
      {"failed_connect_timeout", 95, 97}}},
    {"drain: the process lives on for `shutdown`, and listens no more",
     "serviceTime: 950ms, concurrency: 50, shutdown: 5s",
     FIXED ", timeout: 5s",
     10,
     1,
     20,
     STOP,
     NULL,
     {{"requests_succeeded", 99, 100},
      {"failed_reset", 0, 0},
      {"failed_connect_refused", 49, 51}}},
    {"drain: SIGKILL ends what takes longer than the grace period",
     "serviceTime: 60s, concurrency: 500",
     FIXED ", timeout: 100s",
     1,
     1,
     20,
     STOP,
     NULL,
     {{"failed_reset", 9, 10},
      {"failed_connect_refused", 10, 11},
      {"requests_succeeded", 0, 0}}},
    {"exit: what is open is reset",
     "serviceTime: 950ms, concurrency: 50, onTerminate: exit",
     FIXED ", timeout: 5s",
     10,
     1,
     20,
     STOP,
     NULL,
     {{"requests_succeeded", 90, 91},
      {"failed_reset", 9, 10},
      {"failed_connect_refused", 0, 1}}},
    {"exit: nothing listens until `shutdown` has passed",
     "serviceTime: 950ms, concurrency: 50, onTerminate: exit, shutdown: 3s",
     FIXED ", timeout: 5s",
     10,
     1,
     20,
     STOP,
     NULL,
     {{"requests_succeeded", 90, 91},
      {"failed_reset", 9, 10},
      {"failed_connect_refused", 29, 31}}},
    {"serve: it accepts until `shutdown` has passed, and resets the rest",
     "serviceTime: 950ms, concurrency: 50, onTerminate: serve, shutdown: 5s",
     FIXED ", timeout: 5s",
     10,
     1,
     20,
     STOP,
     NULL,
     {{"requests_succeeded", 140, 141},
      {"failed_reset", 9, 10},
      {"failed_connect_refused", 0, 1}}},
    {"ignore: it serves until SIGKILL",
     "serviceTime: 950ms, concurrency: 50, onTerminate: ignore, shutdown: 5s",
     FIXED ", timeout: 5s",
     10,
     1,
     50,
     STOP,
     NULL,
     {{"requests_succeeded", 390, 391},
      {"failed_reset", 9, 10},
      {"failed_connect_refused", 0, 1}}},
    /* --- connections that are kept: to two pods, of which one stops --- */
    {"drain: idle connections are closed, the others after their answer",
     "serviceTime: 50ms, concurrency: 50",
     KEPT ", timeout: 5s",
     20,
     1,
     20,
     "  timeline: [{kubectl: scale deployment/web --replicas=2}, {at: 10s, "
     "kubectl: scale deployment/web --replicas=1}]\n",
     NULL,
     {{"requests_succeeded", 409, 410}, {"retries", 0, 0}}},
    {"serve: they stay, and are reset by the end",
     "serviceTime: 950ms, concurrency: 50, onTerminate: serve, shutdown: 5s",
     KEPT ", timeout: 5s",
     10,
     1,
     20,
     "  timeline: [{kubectl: scale deployment/web --replicas=2}, {at: 10s, "
     "kubectl: scale deployment/web --replicas=1}]\n",
     NULL,
     {{"failed_reset", 1, 10}, {"failed_connect_refused", 0, 0}}},
    /* --- other ends --- */
    {"crash: what is open is reset, then it is refused",
     "serviceTime: 950ms, concurrency: 50, startup: 5s",
     FIXED ", timeout: 9s",
     10,
     1,
     20,
     CRASH,
     NULL,
     {{"failed_reset", 9, 10}, {"failed_connect_refused", 49, 51}}},
    {"its node is lost: nothing answers",
     "serviceTime: 950ms, concurrency: 50",
     FIXED ", timeout: 2s, connectTimeout: 500ms",
     10,
     1,
     20,
     "  timeline: [{at: 10s, fail: {nodesOf: {app: web}, mode: crash, pick: "
     "all}}]\n",
     NULL,
     {{"failed_timeout", 9, 10},
      {"failed_connect_timeout", 104, 106},
      {"failed_reset", 0, 0}}},
};

/* --- the scenario --- */

static void write_text(const struct row *row, char *text)
{
    char *end = text;

    end += sprintf(end,
                   "apiVersion: podchurn/v1\nkind: Scenario\n"
                   "metadata: {name: life}\nspec:\n"
                   "  preset: ideal\n  duration: %d500ms\n  warmUp: 10s\n"
                   "  workloads:\n  - {selector: {app: web}, %s}\n"
                   "  traffic:\n",
                   row->duration, row->workload);
    for (int i = 0; i < row->entries; i++)
        end += sprintf(end,
                       "  - {name: t%d, service: web, arrivals: {constant: "
                       "{rate: %g}}%s%s}\n",
                       i, row->rate, row->traffic,
                       strstr(row->traffic, "clients")
                           ? ""
                           : ", clients: {location: external}");
    sprintf(end,
            "%s---\napiVersion: apps/v1\nkind: Deployment\n"
            "metadata: {name: web}\nspec:\n"
            "  selector: {matchLabels: {app: web}}\n"
            "  template: {metadata: {labels: {app: web}}, spec: {containers: "
            "[{name: c, image: i%s%s}]}}\n"
            "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
            "spec: {selector: {app: web}, ports: [{port: 80}]}\n",
            row->spec, row->probe ? ", " : "", row->probe ? row->probe : "");
}

static double value_of(const struct simulation *s, const char *name)
{
    struct metric_layout *layout = metric_layout_new(s->scenario);
    double *values = mem_calloc(layout->count, sizeof *values);
    size_t wanted = metric_find(name);
    double x = (double)NAN;

    assert_true(wanted < metric_count());
    metrics_values(s->metrics, layout, values);
    for (size_t i = 0; i < layout->count; i++)
        if (layout->rows[i].metric == wanted &&
            strcmp(layout->rows[i].service, "default/web") == 0 &&
            layout->rows[i].traffic[0] == '\0')
            x = values[i];
    free(values);
    metric_layout_free(layout);
    return x;
}

static int check(const struct row *row)
{
    struct simulation_options options = {.seed = 1};
    struct fixture f;
    struct simulation *s;
    char text[LONGEST];
    int wrong = 0;

    write_text(row, text);
    loads(&f, text);
    s = simulation_run(f.s, &options);
    assert_non_null(s);
    for (int i = 0; i < EXPECTED && row->expected[i].metric; i++) {
        const struct expected *e = &row->expected[i];
        double x = value_of(s, e->metric), slack = 1e-6;

        if (x >= e->low * (1 - slack) - slack &&
            x <= e->high * (1 + slack) + slack)
            continue;
        print_message("%s: %s is %g, not %g to %g\n", row->label, e->metric, x,
                      e->low, e->high);
        wrong++;
    }
    simulation_free(s);
    end(&f);
    return wrong;
}

static void test_rows(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        wrong += check(&rows[i]);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

    return cmocka_run_group_tests_name("server_life", tests, NULL, NULL);
}
