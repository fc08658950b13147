/*
 * bench_scheduler - 30,000 pods with spread constraints and affinity on 5,000
 * nodes, placed from nothing; one thread. The whole control plane runs; the
 * clients' limits (20 and 50 requests/s) shape simulated time as ever.
 *
 * From the project's root: it reads tests/bench/scheduler.yaml.
 */
#include "models/scenario.h"
#include "models/scheduler/scheduler.h"
#include "models/simulation.h"
#include "tests/bench/bench.h"

/* Pods placed a second of processor time. */
static double run(void *self)
{
    const struct simulation_options options = {.seed = 1};
    double start = bench_now(), bound;
    struct simulation *s = simulation_run(self, &options);

    bound = (double)scheduler_counts(s->scheduler).bound;
    simulation_free(s);
    return bound / ((bench_now() - start) / 1e9);
}

int main(void)
{
    const char *const files[] = {"tests/bench/scheduler.yaml"};
    const struct scenario_options options = {.files = files, .file_count = 1};
    struct diag *diag = diag_new();
    struct scenario *scenario = scenario_load(&options, diag);

    diag_print(diag, stderr);
    diag_free(diag);
    if (!scenario)
        return 1;
    bench_row("scheduler", "5000 nodes; 30000 pods", "placed",
              bench_rounds(run, scenario), "pods/s", "20000");
    scenario_free(scenario);
    return 0;
}
