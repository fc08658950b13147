/*
 * framework_private - what the framework's own files share; plug-ins do
 * not include it.
 */
#ifndef MODELS_SCHEDULER_FRAMEWORK_PRIVATE_H
#define MODELS_SCHEDULER_FRAMEWORK_PRIVATE_H

#include "models/scheduler/framework.h"

enum { CLASS_BUCKETS = 1024 };

/* What classes of equal requests and profile have in common. */
struct pod_shape {
    const struct scheduler_config *config;
    const struct pod_template *template;
};

struct framework {
    size_t profile_count;
    struct scheduler_config *profiles;
    size_t plugin_count;
    void *states[SCHEDULER_PLUGIN_MAX];
    VEC_OF(struct node_info) nodes; /* by id */
    uint64_t generation;
    size_t node_count; /* present ones */
    VEC_OF(struct image_state) images;
    /* Nodes round-robin over zones, as the snapshot lists them
     * (backend/cache/node_tree.go); made anew when nodes come or go. */
    uint64_t order_generation;
    VEC_OF(node_id) order;
    size_t next_start; /* index into order of the next cycle's first */
    VEC_OF(struct pod_class *) classes; /* by id; NULL: gone */
    struct pod_class *buckets[CLASS_BUCKETS];
    struct pod_class *hashed[CLASS_BUCKETS]; /* by template hash */
    VEC_OF(struct pod_shape) shapes;
    /* Scratch of one cycle. */
    VEC_OF(node_id) feasible;
    VEC_OF(int64_t) scores, totals;
    struct diagnosis diagnosis;
    node_id preferred; /* of the next cycle; NO_ID: none */
};

bool profile_is(const struct scheduler_config *profile,
                const struct pod_template *template);
/* Brings f->order up to date. */
void framework_order(struct framework *f);

#endif
