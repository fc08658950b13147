/*
 * weights - of endpoints, by name: `weights: {web-0: 3, node-2: 0.5,
 * version=v2: 2}`. A key is a pod's name, its node's name, or a label of the
 * pod; the first one that fits counts; others weigh 1.
 */
#ifndef MODELS_LB_WEIGHTS_H
#define MODELS_LB_WEIGHTS_H

#include "models/world.h"
#include "sim/io/param.h"

struct lb_weight {
    char *key;
    double weight; /* >= 0; 0: never picked while others weigh more */
};

struct lb_weights {
    struct lb_weight *items; /* owned */
    size_t count;
};

/* The row of a table whose struct begins with a struct lb_weights. */
#define LB_WEIGHTS_ROW                                                         \
    {                                                                          \
        .name = "weights", .type = PARAM_CUSTOM, .offset = 0,                  \
        .help = "by pod, node or label (app=web) of the pod; others weigh 1",  \
        .read = lb_weights_read, .print = lb_weights_print,                    \
        .release = lb_weights_release                                          \
    }

bool lb_weights_read(const struct param *param, void *field,
                     struct doc_node *node, struct diag *diag);
void lb_weights_print(const struct param *param, const void *field, FILE *out,
                      int indent);
void lb_weights_release(void *field);

/* Of one endpoint; world may be NULL: 1. */
double lb_weight_of(const struct lb_weights *weights, const struct world *world,
                    const struct endpoint *endpoint);

/* Fills out[count]; where none weighs anything, all weigh 1. True where all
 * are equal. */
bool lb_weights_fill(const struct lb_weights *weights,
                     const struct world *world,
                     const struct endpoint *endpoints, uint32_t count,
                     double *out);

#endif
