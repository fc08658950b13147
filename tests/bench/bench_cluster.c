/*
 * bench_cluster - a day of churn in a big cluster without requests: 1,000
 * nodes, 10,000 pods, pod MTBF 7 d, node MTBF 60 d; one thread.
 *
 * From the project's root: it reads tests/bench/cluster.yaml.
 */
#include <sys/resource.h>

#include "models/scenario.h"
#include "models/simulation.h"
#include "tests/bench/bench.h"

/* Seconds of processor time. */
static double run(void *self)
{
    const struct simulation_options options = {.seed = 1};
    double start = bench_now();

    simulation_free(simulation_run(self, &options));
    return (bench_now() - start) / 1e9;
}

int main(void)
{
    const char *const files[] = {"tests/bench/cluster.yaml"};
    const struct scenario_options options = {.files = files, .file_count = 1};
    struct diag *diag = diag_new();
    struct scenario *scenario = scenario_load(&options, diag);
    struct rusage usage;

    diag_print(diag, stderr);
    diag_free(diag);
    if (!scenario)
        return 1;
    bench_row("cluster", "1000 nodes; 10000 pods; 24 h", "time",
              bench_rounds(run, scenario), "s", "10");
    getrusage(RUSAGE_SELF, &usage);
    bench_row("cluster", "1000 nodes; 10000 pods; 24 h", "memory",
              (double)usage.ru_maxrss * 1024 / 1e6, "MB", "500");
    scenario_free(scenario);
    return 0;
}
