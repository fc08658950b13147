/*
 * endpointslice_rules - what the EndpointSlice controller decides, as
 * functions of what it sees (Kubernetes v1.36, k8s.io/endpointslice).
 */
#ifndef MODELS_CONTROLLERS_ENDPOINTSLICE_RULES_H
#define MODELS_CONTROLLERS_ENDPOINTSLICE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A slice while endpoints are packed anew. */
struct slice_fill {
    size_t length; /* endpoints before */
    size_t kept;   /* of these, still wanted */
    bool changed;  /* one of those kept changed */
    /* Results: */
    size_t added;
    enum slice_action { SLICE_SAME, SLICE_UPDATE, SLICE_DELETE } action;
};

/*
 * Packs `more` further endpoints (reconciler.go reconcileByPortMapping):
 * first into slices that must be written anyway, the fullest first; then,
 * if they all fit, into the one unchanged slice that this fills best; else
 * into new ones. Slices are never merged. sizes: lengths of the new slices,
 * room for more / max + 1; returns how many. max >= 1.
 */
size_t endpointslice_pack(struct slice_fill *slices, size_t count, size_t more,
                          size_t max, size_t *sizes);

/* util/controller_utils.go ShouldPodBeInEndpoints: ended pods and those
 * without an address are not. */
bool endpointslice_lists(bool ended, bool has_ip, bool terminating,
                         bool include_terminating);

/* Conditions of a pod's endpoint: a mask of enum endpoint_flags. */
unsigned endpointslice_flags(bool pod_ready, bool pod_terminating,
                             bool publish_not_ready);

/* What of a pod matters to its endpoints. */
struct slice_pod {
    uint64_t ips; /* a hash of its addresses, in order */
    bool ready, terminating, ended;
    uint32_t node;
    uint64_t labels; /* a hash */
};

/* GetPodsToUpdate's podEndpointsChanged: whether the Services that select
 * the pod are to be looked at; *labels: whether which ones has changed. */
bool endpointslice_pod_changed(const struct slice_pod *before,
                               const struct slice_pod *now, bool *labels);

#endif
