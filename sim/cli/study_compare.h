/*
 * study_compare - what the variants of a study say of each other.
 */
#ifndef SIM_CLI_STUDY_COMPARE_H
#define SIM_CLI_STUDY_COMPARE_H

#include "sim/cli/study.h"

/* Every pair is tested: more variants are not ranked. */
enum { STUDY_RANKED_MAX = 1000 };
bool study_ranks(const struct study *study);

/* Groups of variants that have the same values of the factors whose baseline
 * is `same`; one of all, where there are none. Sets firsts[groups] to the
 * first variant of each; returns how many. firsts: room for all variants. */
size_t study_groups(const struct study *study, size_t *firsts);

/* A group's variants by a goal: see comparison_rank. The caller frees it. */
struct study_ranking {
    size_t variant, rank; /* rank 0: no value */
    struct output_summary summary;
};
struct study_ranking *study_rank(const struct study *study, size_t goal,
                                 size_t first, size_t *count);

#endif
