/*
 * study - the units of a plan, run and kept: what run, compare, batch and
 * merge make their results from.
 */
#ifndef SIM_CLI_STUDY_H
#define SIM_CLI_STUDY_H

#include <pthread.h>

#include "models/simulation.h"
#include "sim/cli/options.h"
#include "sim/cli/plan.h"
#include "sim/cli/progress.h"
#include "sim/cli/scenario_cache.h"
#include "sim/experiment/experiment.h"
#include "sim/io/resultdir.h"

/* What a command adds to the end of a study, and says in place of the usual
 * summary and status. */
struct study;
struct study_ending {
    bool (*write)(void *self, struct study *study); /* false: study->error */
    void (*print)(void *self, const struct study *study, const char *dir);
    int (*status)(void *self); /* enum exit_status */
    void *self;
};

struct study {
    const struct plan *plan;
    const struct options *options;
    struct resultdir *dir; /* NULL: of a process that keeps no results */
    struct store *store;   /* in the directory's `units` */
    struct scenario_cache *cache;
    const struct plan_layout *layout; /* of the first variant */
    struct progress progress;
    size_t replications; /* that count, of each variant */
    bool precise;        /* the precision was reached, or none was set */
    const struct study_ending *ending; /* NULL: the usual */
    size_t resumed;                    /* units that were there at the start */
    /* run alone: the scenario, and its first replication, for the summary. */
    const struct scenario *scenario;
    struct simulation *first;
    pthread_mutex_t lock; /* of what follows */
    double events;
    struct tally *headline; /* [variant], of the first goal */
    int error;              /* errno of a failed write; 0: none */
};

enum verdict { VERDICT_MET, VERDICT_NOT_PROVEN, VERDICT_MISSED };
extern const char *const verdict_names[];

/* All are borrowed but the store, which the study frees. scenario: of a run,
 * else NULL. */
void study_init(struct study *study, const struct plan *plan,
                const struct options *options, struct resultdir *dir,
                struct store *store, struct scenario_cache *cache);
void study_release(struct study *study);

/* Runs the units that are not there; detail rows go to their parts. remote:
 * processes that take units too, or NULL. False: failed (error says why) or
 * interrupted. */
bool study_run(struct study *study, struct remote *remote);
/* What the units are made by: for processes that work for another. */
struct experiment_spec study_spec(struct study *study);
/* Of units that were run elsewhere and are all there: how many count. */
void study_take(struct study *study);

/* Summary of a row of a variant's layout over the replications. */
struct output_summary study_row(const struct study *study, size_t variant,
                                size_t row);
/* The first variant's, by names; count 0 where there is no such row. */
struct output_summary study_metric(const struct study *study,
                                   const char *service, const char *traffic,
                                   const char *metric);
struct output_summary study_slo(const struct study *study, size_t variant,
                                size_t slo);
enum verdict study_verdict(const struct study *study, size_t variant,
                           size_t slo);
/* Whether a variant meets all its SLOs; with --strict: provenly. */
bool study_meets(const struct study *study, size_t variant);
/* Events simulated, over all replications that count. */
double study_events(const struct study *study);
/* Values of a row of the store over replications, to out[replications]. */
void study_column(const struct study *study, size_t variant, size_t row,
                  double *out);

/* Writes all files of the result directory. False: study->error. */
bool study_write(struct study *study);
/* Whether a detail file is wanted. */
bool study_wants(const struct study *study, enum detail_file file);

#endif
