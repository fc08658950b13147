/*
 * study - replications of a scenario, run and kept: what run (and later
 * compare and batch) make their results from.
 */
#ifndef SIM_CLI_STUDY_H
#define SIM_CLI_STUDY_H

#include <pthread.h>

#include "models/metrics/metrics.h"
#include "models/simulation.h"
#include "sim/cli/options.h"
#include "sim/cli/progress.h"
#include "sim/experiment/experiment.h"
#include "sim/io/resultdir.h"

struct study {
    const struct scenario *scenario;
    const struct options *options;
    struct resultdir *dir;
    struct metric_layout *layout;
    struct progress progress;
    struct experiment_result result; /* rows: the layout's, then one for each
                                        SLO, then the events simulated */
    struct simulation *first;        /* replication 0, kept for the summary */
    pthread_mutex_t lock;
    int error; /* errno of a failed write; 0: none */
};

enum verdict { VERDICT_MET, VERDICT_NOT_PROVEN, VERDICT_MISSED };
extern const char *const verdict_names[];

/* Runs all replications; detail rows go to parts below the directory.
 * False: failed (error says why) or interrupted. */
bool study_run(struct study *study, const struct scenario *scenario,
               const struct options *options, struct resultdir *dir);
void study_release(struct study *study);

/* Summary of a row of the layout over the replications. */
struct output_summary study_row(const struct study *study, size_t row);
/* The same by names; count 0 where there is no such row. */
struct output_summary study_metric(const struct study *study,
                                   const char *service, const char *traffic,
                                   const char *metric);
struct output_summary study_slo(const struct study *study, size_t slo);
enum verdict study_verdict(const struct study *study, size_t slo);
/* Events simulated, over all replications. */
double study_events(const struct study *study);

/* Writes all files of the result directory. False: study->error. */
bool study_write(struct study *study);
/* The name of a Service as in CSV: "namespace/name". */
void study_service_name(const char *space, const char *name, char *buffer,
                        size_t size);

#endif
