/*
 * merge - the three kinds of patches (RFC 7386, RFC 6902, and Kubernetes'
 * strategic merge: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch).
 */
#ifndef MODELS_KUBECTL_MERGE_H
#define MODELS_KUBECTL_MERGE_H

#include "sim/io/doc.h"

/* Changes `target`, a mapping of `set`. strategic: lists of things that have
 * a name are merged by it, and "$patch": delete or replace is heeded; else a
 * list replaces a list. null takes away. */
void merge_patch(struct doc_set *set, struct doc_node *target,
                 struct doc_node *patch, bool strategic);

/* A sequence of {op, path, value}; ops add, replace, remove, test. False after
 * an error at `place`. */
bool merge_json_patch(struct doc_set *set, struct doc_node *target,
                      struct doc_node *patch, struct place place,
                      struct diag *diag);

#endif
