/*
 * bench_requests - simulated requests a second on one core, through the whole
 * of a simulation: Poisson arrivals through a Service to 100 pods at 80 %
 * load, exponential service, time-outs and metrics on.
 *
 * From the project's root: it reads tests/bench/requests.yaml.
 */
#include <string.h>

#include "models/metrics/metrics.h"
#include "models/scenario.h"
#include "models/simulation.h"
#include "tests/bench/bench.h"

#define SCENARIO "tests/bench/requests.yaml"
#define LATENCY                                                                \
    "spec.cluster.networkLatency={sameNode: 50us, sameZone: 300us, "           \
    "crossZone: 1ms}"

/* Enough clients that hashes of them spread evenly, and pods that wait for
 * work half of the time: whole clients are uneven all the same. */
#define BY_HASH                                                                \
    "spec.traffic=[{name: users, service: web, arrivals: {poisson: {rate: "    \
    "4000/s}}, clients: {count: 20000, location: nodes}, timeout: 5s}]",       \
        "spec.duration=500s"
/* Balancers at clients see requests; elsewhere they are the nodes' proxies. */
#define AT_CLIENT(strategy)                                                    \
    "spec.loadBalancing=[{service: web, at: client, strategy: " strategy "}]"

/* The time of a cluster's start is left out: see others(). */
#define OTHERS                                                                 \
    "spec.include=[{file: ../../scenarios/manifests/quiet.yaml, copies: "      \
    "10000}]",                                                                 \
        "spec.cluster.nodePools[0].count=100"

static const struct {
    const char *parameter, *target, *sets[3];
} cases[] = {
    {"random", "5e6", {"strategy=random"}},
    {"round-robin", "5e6", {"strategy=round-robin"}},
    {"least-connections", "3e6", {"strategy=least-connections"}},
    {"p2c", "5e6", {"strategy=p2c"}},
    {"weighted-round-robin", "", {"strategy=weighted-round-robin"}},
    {"least-request", "5e6", {"strategy=least-request"}},
    {"least-request; edf", "", {AT_CLIENT("{least-request: {schedule: edf}}")}},
    {"least-request-full", "3e6", {"strategy=least-request-full"}},
    {"source-hash", "4.5e6", {"strategy=source-hash", BY_HASH}},
    {"ring-hash", "4.5e6", {"strategy=ring-hash", BY_HASH}},
    {"maglev", "4.5e6", {"strategy=maglev", BY_HASH}},
    {"bounded-load", "", {"strategy=bounded-load", BY_HASH}},
    {"ipvs-rr", "", {"strategy=ipvs-rr"}},
    {"ipvs-lc", "", {"strategy=ipvs-lc"}},
    {"ipvs-nq", "", {"strategy=ipvs-nq"}},
    {"ipvs-sh", "4.5e6", {"strategy=ipvs-sh", BY_HASH}},
    {"ipvs-mh", "4.5e6", {"strategy=ipvs-mh", BY_HASH}},
    {"ewma", "", {AT_CLIENT("ewma")}},
    {"peak-ewma", "3e6", {AT_CLIENT("peak-ewma")}},
    {"grpc-wrr", "", {AT_CLIENT("grpc-wrr")}},
    {"jiq", "", {AT_CLIENT("jiq")}},
    {"jsq", "3e6", {AT_CLIENT("jsq")}},
    {"subset-p2c", "", {AT_CLIENT("subset-p2c")}},
    {"prequal", "1e6", {AT_CLIENT("prequal")}},
    {"random; network latency", "", {LATENCY}},
};

/* Requests of the whole run: the largest row of that metric is the sum over
 * the Service's traffic. */
static double requests(const struct simulation *s)
{
    struct metric_layout *layout = metric_layout_new(s->scenario);
    double *values = calloc(layout->count, sizeof *values), found = 0;
    size_t wanted = metric_find("requests");

    metrics_values(s->metrics, layout, values);
    for (size_t i = 0; i < layout->count; i++)
        if (layout->rows[i].metric == wanted && values[i] > found)
            found = values[i];
    free(values);
    metric_layout_free(layout);
    return found;
}

static double simulate(const struct scenario *scenario, double *ns)
{
    const struct simulation_options options = {.seed = 1};
    double start = bench_now(), done;
    struct simulation *s = simulation_run(scenario, &options);

    *ns = bench_now() - start;
    done = requests(s);
    simulation_free(s);
    return done;
}

/* Requests a second of processor time. */
static double run(void *self)
{
    double ns, done = simulate(self, &ns);

    return done / ns * 1e9;
}

/* Those of the longer of two. */
static double run_longer(void *self)
{
    struct scenario **pair = self;
    double ns[2], done[2];

    for (int i = 0; i < 2; i++)
        done[i] = simulate(pair[i], &ns[i]);
    return (done[1] - done[0]) / (ns[1] - ns[0]) * 1e9;
}

static struct scenario *load(const char *const *sets)
{
    const char *const files[] = {SCENARIO};
    struct scenario_options options = {
        .files = files, .file_count = 1, .sets = sets};
    struct diag *diag = diag_new();
    struct scenario *scenario;

    while (options.set_count < 3 && sets[options.set_count])
        options.set_count++;
    scenario = scenario_load(&options, diag);
    if (!scenario) {
        diag_print(diag, stderr);
        exit(EXIT_FAILURE);
    }
    diag_free(diag);
    return scenario;
}

/* Arguments: the parameters to measure; none: all. */
static bool is_wanted(const char *parameter, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], parameter) == 0)
            return true;
    return argc < 2;
}

/* Among 10,000 Services that nobody calls. */
static void others(void)
{
    static const char *const sets[2][3] = {
        {OTHERS, "spec.duration=50s"},
        {OTHERS, "spec.duration=550s"},
    };
    struct scenario *pair[2] = {load(sets[0]), load(sets[1])};

    bench_row("requests", "random; 10000 other Services", "rate",
              bench_rounds(run_longer, pair), "requests/s", "5e6");
    scenario_free(pair[0]);
    scenario_free(pair[1]);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario *scenario;

        if (!is_wanted(cases[i].parameter, argc, argv))
            continue;
        scenario = load(cases[i].sets);
        bench_row("requests", cases[i].parameter, "rate",
                  bench_rounds(run, scenario), "requests/s", cases[i].target);
        scenario_free(scenario);
    }
    if (is_wanted("random; 10000 other Services", argc, argv))
        others();
    return EXIT_SUCCESS;
}
