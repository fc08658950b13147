/*
 * endpointslice - what keeping the endpoints of Services cost the API
 * server; for metrics.
 */
#ifndef MODELS_CONTROLLERS_ENDPOINTSLICE_H
#define MODELS_CONTROLLERS_ENDPOINTSLICE_H

#include "models/controller.h"

/*
 * Since the start. A slice counts as 100 bytes an endpoint (KEP-752 reckons
 * a full slice of 100 as 10 kB) and at least 100; each write is sent to
 * every node, whose kube-proxy watches all slices.
 */
struct endpointslice_counts {
    uint64_t writes; /* slices created, updated, deleted */
    uint64_t bytes;  /* sent to all watchers */
};

struct endpointslice_counts endpointslice_counts(struct controllers *c,
                                                 service_id id);
/* Slices of a Service now, and how many endpoints the i-th holds. */
size_t endpointslice_slice_count(struct controllers *c, service_id id);
size_t endpointslice_slice_length(struct controllers *c, service_id id,
                                  size_t index);

#endif
