/*
 * draw - random words for a scenario.
 */
#ifndef TESTS_SWARM_DRAW_H
#define TESTS_SWARM_DRAW_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/engine/mem.h"
#include "sim/engine/rng.h"

struct plan {
    struct rng rng;
    FILE *out;
    bool calm, classes;
    int deployments, services, nodes, zones, traffic;
    int seconds;             /* of measured time */
    bool headless[8];        /* by Service */
    int selects[8];          /* its Deployment; -1, -2: a tier */
    int made;                /* Deployments made by the timeline */
    int named[8];            /* by Deployment: images given so far */
    int sets, daemons, jobs; /* StatefulSets st0.., DaemonSets ds0.., Jobs
                                job0.. */
    bool scaled[8];          /* by Deployment: it has an autoscaler */
};

static int below(struct plan *p, int bound)
{
    return (int)rng_below(&p->rng, (uint64_t)bound);
}

static int between(struct plan *p, int low, int high)
{
    return low + below(p, high - low + 1);
}

static bool chance(struct plan *p, int percent)
{
    return below(p, 100) < percent;
}

/* One of the words, at random; `words` ends with NULL. */
static const char *one_of(struct plan *p, const char *const *words)
{
    int count = 0;

    while (words[count])
        count++;
    return words[below(p, count)];
}
#define ONE_OF(p, ...) one_of(p, (const char *const[]){__VA_ARGS__, NULL})

static void put(struct plan *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct plan *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(p->out, format, args);
    va_end(args);
}

#endif
