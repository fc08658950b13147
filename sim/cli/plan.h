/*
 * plan - a study before it runs: its variants, what each of them yields, and
 * what it was made from. It says all that the files of a result need but the
 * values, so that shards can be joined where the inputs are not.
 */
#ifndef SIM_CLI_PLAN_H
#define SIM_CLI_PLAN_H

#include "models/metrics/metrics.h"
#include "models/scenario.h"
#include "sim/experiment/comparison.h"
#include "sim/experiment/factor.h"
#include "sim/experiment/precision.h"

struct plan_slo {
    const char *service;                       /* "namespace/name", "": none */
    const char *metric, *during, *target_text; /* during "": the whole run */
    size_t metric_index;
    enum slo_operator operator;
    double target;
};

/* What the units of a variant yield: the events simulated, a value for each
 * row of metrics.csv, one for each SLO. Variants mostly share one. */
struct plan_layout {
    size_t count;
    struct metric_row *rows;
    size_t slo_count;
    struct plan_slo *slos;
};

/* Rows of the store. */
enum { PLAN_EVENTS = 0, PLAN_METRICS = 1 };
static inline size_t plan_slo_row(const struct plan_layout *layout, size_t slo)
{
    return PLAN_METRICS + layout->count + slo;
}

enum plan_design {
    DESIGN_FULL_FACTORIAL,
    DESIGN_ONE_AT_A_TIME,
    DESIGN_LATIN_HYPERCUBE,
    DESIGN_MORRIS
};
extern const char *const plan_design_names[]; /* "fullFactorial", .. */

struct plan_input {
    const char *name;
    unsigned long long hash; /* FNV-1a 64 of its bytes */
};

/* A Service's metric, or an SLO's: what the summary and the precision are
 * about (spec.md 4.3). */
struct plan_goal {
    const char *service, *metric; /* metric's name */
    size_t slo;                   /* number + 1; 0: a row of metrics.csv */
    enum precision_scale scale;
};

struct plan {
    struct intern *intern; /* texts live there */
    const char *command;   /* "run", "compare", "batch" */
    const char *name;      /* of the scenario or study */
    const char *scenario;
    uint64_t seed;
    sim_time duration;
    size_t replications;
    double precision; /* 0: none */
    size_t max_replications;
    bool events, strict;
    size_t shard, shards; /* from 1; 0 of 0: whole */
    struct factors factors;
    enum plan_design design;
    size_t design_size; /* samples, trajectories */
    struct variants variants;
    const char **names; /* [variant] */
    size_t *layout_of;  /* [variant] */
    VEC_OF(struct plan_layout) layouts;
    size_t *baseline; /* [variant]: whom it is compared with, may be itself;
                         NULL: there are no comparisons */
    bool *same; /* [factor]: its value is the baseline's too; NULL: none is */
    VEC_OF(struct plan_goal) goals;
    VEC_OF(struct plan_input) inputs;
    VEC_OF(const char *) overrides; /* what the command line changed */
};

void plan_init(struct plan *plan, const char *command);
void plan_release(struct plan *plan);

static inline const struct plan_layout *plan_layout(const struct plan *plan,
                                                    size_t variant)
{
    return &plan->layouts.items[plan->layout_of[variant]];
}

/* Values of a unit: of the variant that has most. */
size_t plan_rows(const struct plan *plan);
/* Replications that a store needs room for. */
size_t plan_room(const struct plan *plan);
/* The row of the store that a variant has a goal in; SIZE_MAX: none. */
size_t plan_goal_row(const struct plan *plan, size_t variant, size_t goal);
/* The number of a row in another layout; SIZE_MAX: it is not there. */
size_t plan_find_row(const struct plan_layout *layout, const char *service,
                     const char *traffic, size_t metric);

/* The layout of a scenario, added where it is new. Returns its number. */
size_t plan_add_layout(struct plan *plan, const struct scenario *scenario);
/* What the goals are, by the layout of the first variant. */
void plan_set_goals(struct plan *plan);
/* What was read for a scenario. */
void plan_add_inputs(struct plan *plan, const struct scenario *scenario);
/* True where a scenario's inputs are still those of the plan. */
bool plan_inputs_hold(const struct plan *plan, const struct scenario *scenario,
                      const char **changed);

/* The design's points; the caller releases it. */
struct design plan_points(const struct plan *plan);

/* The plan as JSON, a fact a line; and back. False after an error in diag. */
void plan_write(const struct plan *plan, FILE *out);
bool plan_read(struct plan *plan, const char *path, struct diag *diag);
/* The same from a text. */
bool plan_read_text(struct plan *plan, const char *text, struct diag *diag);
/* Reports what differs, with was and is: for --resume and merge. shard:
 * whether that may not differ either. Returns whether anything does. */
bool plan_differs(const struct plan *was, const struct plan *is, bool shard,
                  struct place place, struct diag *diag);

enum precision_scale plan_scale(size_t metric);
struct output_range plan_range(size_t metric);
enum direction plan_direction(size_t metric);

#endif
