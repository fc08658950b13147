/*
 * framework_private - what the framework's own files share; plug-ins do
 * not include it.
 */
#ifndef MODELS_SCHEDULER_FRAMEWORK_PRIVATE_H
#define MODELS_SCHEDULER_FRAMEWORK_PRIVATE_H

#include "models/scheduler/framework.h"

enum { CLASS_BUCKETS = 1024, PLUGIN_MAX = 32 };

struct framework {
    struct scheduler_config config;
    size_t plugin_count;
    void *states[PLUGIN_MAX];
    VEC_OF(struct node_info) nodes; /* by id */
    uint64_t generation;
    /* Nodes round-robin over zones, as the snapshot lists them
     * (backend/cache/node_tree.go); made anew when nodes come or go. */
    uint64_t order_generation;
    VEC_OF(node_id) order;
    size_t next_start; /* index into order of the next cycle's first */
    VEC_OF(struct pod_class *) classes; /* by id; NULL: gone */
    struct pod_class *buckets[CLASS_BUCKETS];
    struct pod_class *hashed[CLASS_BUCKETS]; /* by template hash */
    VEC_OF(const struct pod_template *) shapes;
    /* Scratch of one cycle. */
    VEC_OF(node_id) feasible;
    VEC_OF(int64_t) scores, totals;
    struct diagnosis diagnosis;
    node_id preferred; /* of the next cycle; NO_ID: none */
};

/* Brings f->order up to date. */
void framework_order(struct framework *f);

#endif
