/*
 * scheduler_objects - pods and nodes of the scheduler's tables.
 */
#ifndef TESTS_CONFORMANCE_SCHEDULER_OBJECTS_H
#define TESTS_CONFORMANCE_SCHEDULER_OBJECTS_H

#include "models/objects.h"
#include "tests/conformance/conformance.h"

/* All memory is the case's. */
const struct pod_template *read_pod(struct test_case *c, struct doc_node *pod);
const struct node_spec *read_node(struct test_case *c, struct doc_node *node);
/* `affinity` as pods have it; NULL gives an empty one. */
struct node_affinity read_node_affinity(struct test_case *c,
                                        struct doc_node *affinity);
struct selector read_selector(struct test_case *c, struct doc_node *node);
struct labels read_labels(struct test_case *c, struct doc_node *node);

#endif
