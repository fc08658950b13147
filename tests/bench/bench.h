/*
 * bench - what the benchmarks share: process CPU time, medians, rows.
 *
 * A benchmark prints rows `bench,parameter,metric,value,unit,target`; an
 * empty target is a figure that nothing is asked of. Measure with nothing
 * else running; a figure is the median of BENCH_ROUNDS rounds.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BENCH_ROUNDS = 5 };

/* CPU time of this process, ns. */
static inline double bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int bench_compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Sorts values[count]. */
static inline double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, bench_compare);
    return count % 2 ? values[count / 2]
                     : (values[count / 2 - 1] + values[count / 2]) / 2.0;
}

/* The median of BENCH_ROUNDS calls of round(self), which returns what it
 * measured. */
static inline double bench_rounds(double (*round)(void *self), void *self)
{
    double values[BENCH_ROUNDS];

    for (size_t i = 0; i < BENCH_ROUNDS; i++)
        values[i] = round(self);
    return bench_median(values, BENCH_ROUNDS);
}

/* Prints a row; target as text, "" for none. */
static inline void bench_row(const char *bench, const char *parameter,
                             const char *metric, double value, const char *unit,
                             const char *target)
{
    printf("%s,%s,%s,%.3g,%s,%s\n", bench, parameter, metric, value, unit,
           target);
    fflush(stdout);
}

#endif
