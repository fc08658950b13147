/*
 * scheduler_cluster - a case's nodes and pods, as the scheduler knows them.
 */
#ifndef TESTS_CONFORMANCE_SCHEDULER_CLUSTER_H
#define TESTS_CONFORMANCE_SCHEDULER_CLUSTER_H

#include "models/scheduler/framework.h"
#include "tests/conformance/scheduler_objects.h"

enum { MOST_NODES = 64 };

struct cluster {
    struct scheduler_config config;
    struct node_affinity added;
    struct framework *framework;
    size_t candidates;             /* nodes 0.. */
    size_t count;                  /* with those that are infeasible */
    const char *names[MOST_NODES]; /* of nodes */
    struct pod_class *pod;         /* that is to be scheduled */
};

/* Reads `args`, `nodes`, `infeasibleNodes`, `existingPods` and `pod`. The
 * caller frees the framework. */
void cluster_begin(struct test_case *c, struct cluster *cl);
/* The same without `existingPods`. */
void cluster_begin_empty(struct test_case *c, struct cluster *cl);
/* A node's number; cl->count: none of that name. */
size_t cluster_node(const struct cluster *cl, const char *name);
/* The class of a pod; holds a reference. */
struct pod_class *cluster_class(struct test_case *c, struct cluster *cl,
                                struct doc_node *pod);

#endif
