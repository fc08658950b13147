/*
 * affinity - the terms by which pods of one class want pods of others near,
 * or apart; and counts by pairs of topology and domain.
 */
#ifndef MODELS_SCHEDULER_AFFINITY_H
#define MODELS_SCHEDULER_AFFINITY_H

#include "models/scheduler/framework.h"
#include "models/scheduler/topology.h"

enum term_kind {
    TERM_NEAR, /* required */
    TERM_APART,
    TERM_NEAR_PREFERRED,
    TERM_APART_PREFERRED,
    TERM_KINDS
};

struct affinity_term {
    const struct pod_affinity_term *spec; /* borrowed */
    int64_t weight;                       /* of preferred ones */
    size_t topology;                      /* index */
    uint32_t scanned;         /* classes below this id have been looked at */
    VEC_OF(uint32_t) matches; /* ids of classes, rising */
};

/* Of one class. */
struct affinity_class {
    size_t count[TERM_KINDS];
    struct affinity_term *terms[TERM_KINDS];
};

bool has_affinity(const struct pod_template *template);
struct affinity_class *affinity_class_new(const struct pod_class *class,
                                          const struct framework *f,
                                          struct topologies *topologies);
void affinity_class_free(struct affinity_class *ac);
/* Brings all terms' matches up to date. */
void affinity_class_refresh(struct affinity_class *ac,
                            const struct pod_class *class,
                            const struct framework *f);
/* After affinity_class_refresh. */
bool affinity_term_matches(const struct affinity_term *term, uint32_t class);

/* Whether any required term of pod affinity means the other class's pods. */
bool affinity_any_term_means(const struct pod_class *own,
                             const struct pod_class *other);

/* Whether all required ones of `terms`, its affinity or anti-affinity, do;
 * there is one at least (podMatchesAllAffinityTerms). */
bool affinity_all_terms_mean(const struct pod_affinity *terms,
                             const struct pod_class *own,
                             const struct pod_class *other);

/* Numbers by topology and domain, cleared in no time. Zeroed: empty. */
struct pair_count {
    uint64_t epoch; /* older: 0 */
    int64_t count;
};
struct pair_row {
    VEC_OF(struct pair_count) domains;
};
struct pair_counts {
    VEC_OF(struct pair_row) rows; /* by topology */
    uint64_t epoch;
    size_t pairs; /* that something was added to */
};
void pair_counts_release(struct pair_counts *p);
void pair_counts_clear(struct pair_counts *p);
/* Adds `weight` for each pod of a class, in the domain of its node. */
void pair_counts_add(struct pair_counts *p, const struct framework *f,
                     const struct topologies *topologies, size_t topology,
                     const struct pod_class *class, int64_t weight);
int64_t pair_counts_get(const struct pair_counts *p, size_t topology,
                        uint32_t domain);

#endif
