/*
 * Tandems: a pod that calls another one. The caller's own work shares its
 * processor (discipline ps), so that a request which waits for its call is in
 * nobody's way: a tandem of M/M/1-PS and M/M/1 queues, whose mean response
 * times are those of M/M/1 each (Baskett, Chandy, Muntz and Palacios, "Open,
 * Closed, and Mixed Networks of Queues", JACM 22(2), 1975).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/validate/validate.h"

/* Relaxation time of an M/M/1 queue, s. */
static double relaxation(double lambda, double mu)
{
    return 1 / (mu * pow(1 - sqrt(lambda / mu), 2)) + 1 / mu;
}

static bool write(const struct row *row, char *text, size_t size)
{
    double lambda = row_number(row, "lambda", NAN);
    double mu1 = row_number(row, "mu1", NAN), mu2 = row_number(row, "mu2", NAN);
    double slow = fmax(relaxation(lambda, mu1), relaxation(lambda, mu2));

    if (isnan(slow))
        return false;
    return snprintf(
               text, size,
               "apiVersion: podchurn/v1\n"
               "kind: Scenario\n"
               "metadata: {name: tandem}\n"
               "spec:\n"
               "  preset: ideal\n"
               "  duration: %.0fs\n"
               "  warmUp: %.0fs\n"
               "  workloads:\n"
               "  - {selector: {app: s}, discipline: ps, concurrency: 1, "
               "serviceTime: {exponential: {mean: %.17gs}}, "
               "calls: [{service: u}]}\n"
               "  - {selector: {app: u}, concurrency: 1, "
               "serviceTime: {exponential: {mean: %.17gs}}}\n"
               "  traffic:\n"
               "  - {name: t, service: s, arrivals: {poisson: {rate: %.17g}}, "
               "timeout: never}\n"
               "  timeline:\n"
               "  - kubectl: create deployment s --image=s\n"
               "  - kubectl: expose deployment s --port=80\n"
               "  - kubectl: create deployment u --image=u\n"
               "  - kubectl: expose deployment u --port=80\n",
               ceil(fmax(100 * slow, 30000 / lambda)), ceil(10 * slow + 20),
               1 / mu1, 1 / mu2, lambda) < (int)size;
}

static double read(const struct row *row, struct simulation *s,
                   const void *watch)
{
    (void)watch;
    if (strcmp(row->metric, "mean_total_response_time") == 0)
        return study_metric(s, "latency_mean");
    return NAN;
}

const struct study study_tandem = {
    .write = write, .read = read, .replications = 32, .rounds = 100000};
