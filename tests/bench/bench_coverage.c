/*
 * bench_coverage - how often 95 % intervals hold the truth, of 1,000
 * independent studies each: of ten replications, and of as many as a
 * precision takes; and what common random numbers save. From the project's
 * root.
 */
#include "tests/bench/bench.h"
#include "tests/bench/crn.h"

enum { STUDIES = 1000 };

static void measure(const struct known *known, double precision)
{
    struct coverage c = coverage_of(known, STUDIES, precision);
    char name[64];

    snprintf(name, sizeof name, precision > 0 ? "%s; precision %g %%" : "%s",
             known->name, precision * 100);
    printf("coverage,%s,covered,%.4g,ratio,0.93 to 0.97\n", name,
           (double)c.covered / STUDIES);
    bench_row("coverage", name, "replications", c.replications, "1", "");
    bench_row("coverage", name, "relative half-width", c.half_width, "ratio",
              "");
    if (precision > 0)
        bench_row("coverage", name, "precision reached",
                  (double)c.reached / STUDIES, "ratio", "");
}

static void measure_crn(const char *strategy, const char *metric)
{
    char name[64];

    snprintf(name, sizeof name, "random against %s; %s",
             strchr(strategy, '=') + 1, metric);
    bench_row("crn", name, "variance paired / independent",
              crn_ratio("strategy=random", strategy, metric), "ratio",
              "below 0.5");
}

int main(void)
{
    measure(&known_mm1, 0);
    measure(&known_mm1, 0.05);
    measure(&known_renewal, 0);
    measure(&known_renewal, 0.05);
    measure_crn("strategy=p2c", "requests_failed");
    measure_crn("strategy=p2c", "latency_p99");
    measure_crn("strategy=round-robin", "requests_failed");
    return 0;
}
