/*
 * tune_search - runs what a search for the best value (tune.h) asks for.
 */
#ifndef SIM_CLI_TUNE_SEARCH_H
#define SIM_CLI_TUNE_SEARCH_H

#include "sim/cli/study.h"
#include "sim/experiment/range.h"
#include "sim/experiment/tune.h"

/* A value that was tried: a study of its own, which grows as it is looked at
 * again. */
struct tune_try {
    size_t value; /* index in the range */
    struct scenario *scenario;
    struct plan plan;
    struct scenario_cache *cache;
    struct study study; /* its store is below DIR.partial/tried */
};

struct tune_search {
    const struct options *options;       /* borrowed */
    const struct scenario_options *base; /* borrowed */
    struct resultdir *dir;               /* borrowed; set before the search */
    struct factors factors;              /* one, with the values tried */
    struct range range;
    struct tune_target *targets; /* the scenario's SLOs */
    size_t target_count, replications, max_replications;
    struct tune *tune;
    VEC_OF(struct tune_try *) tries; /* in order of values */
};

/* Reads --vary PATH=LOW..HIGH and loads both ends, so that wrong input is
 * found before anything runs. False after an error in diag; release it in any
 * case. */
bool tune_search_init(struct tune_search *search, const struct options *options,
                      const struct scenario_options *base, struct diag *diag);
void tune_search_release(struct tune_search *search);

/* Runs the search. The status is EXIT_DONE where it came to its end. */
int tune_search_run(struct tune_search *search);

/* "replicas=5"; the caller frees it. */
char *tune_name(const struct tune_search *search, size_t value);
/* Replications run, over all values tried. */
size_t tune_replications(const struct tune_search *search);

#endif
