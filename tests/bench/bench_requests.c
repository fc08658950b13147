/*
 * bench_requests - simulated requests a second on one core, through the whole
 * of a simulation: Poisson arrivals through a Service to 100 pods at 80 %
 * load, exponential service, time-outs and metrics on.
 *
 * From the project's root: it reads tests/bench/requests.yaml.
 */
#include "models/metrics/metrics.h"
#include "models/scenario.h"
#include "models/simulation.h"
#include "tests/bench/bench.h"

#define SCENARIO "tests/bench/requests.yaml"
#define LATENCY                                                                \
    "spec.cluster.networkLatency={sameNode: 50us, sameZone: 300us, "           \
    "crossZone: 1ms}"

static const struct {
    const char *parameter, *set, *target;
} cases[] = {
    {"random", "strategy=random", "4e6"},
    {"p2c", "strategy=p2c", ""},
    {"least-connections", "strategy=least-connections", ""},
    {"random; network latency", LATENCY, ""},
};

/* Requests of the whole run: the first row of that metric is the sum over
 * the Service's traffic. */
static double requests(const struct simulation *s)
{
    struct metric_layout *layout = metric_layout_new(s->scenario);
    double *values = calloc(layout->count, sizeof *values), found = 0;
    size_t wanted = metric_find("requests");

    metrics_values(s->metrics, layout, values);
    for (size_t i = layout->count; i-- > 0;)
        if (layout->rows[i].metric == wanted)
            found = values[i];
    free(values);
    metric_layout_free(layout);
    return found;
}

/* Requests a second of processor time. */
static double run(void *self)
{
    const struct simulation_options options = {.seed = 1};
    double start = bench_now(), done;
    struct simulation *s = simulation_run(self, &options);

    done = requests(s) / (bench_now() - start) * 1e9;
    simulation_free(s);
    return done;
}

static struct scenario *load(const char *set)
{
    const char *const files[] = {SCENARIO};
    const char *const sets[] = {set};
    const struct scenario_options options = {
        .files = files, .file_count = 1, .sets = sets, .set_count = 1};
    struct diag *diag = diag_new();
    struct scenario *scenario = scenario_load(&options, diag);

    if (!scenario) {
        diag_print(diag, stderr);
        exit(EXIT_FAILURE);
    }
    diag_free(diag);
    return scenario;
}

int main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario *scenario = load(cases[i].set);

        bench_row("requests", cases[i].parameter, "rate",
                  bench_rounds(run, scenario), "requests/s", cases[i].target);
        scenario_free(scenario);
    }
    return EXIT_SUCCESS;
}
