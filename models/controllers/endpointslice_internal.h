/*
 * endpointslice_internal - what the files of the EndpointSlice controller
 * share; nobody else includes it.
 */
#ifndef MODELS_CONTROLLERS_ENDPOINTSLICE_INTERNAL_H
#define MODELS_CONTROLLERS_ENDPOINTSLICE_INTERNAL_H

#include "models/controllers/endpointslice.h"
#include "models/controllers/endpointslice_rules.h"
#include "models/controllers/topology_rules.h"

/* A pod that something happened to. */
struct dirty {
    pod_id pod;
    sim_time at; /* when it was noticed */
    bool placed; /* an endpoint of it was found and kept */
};

struct endpoint_list {
    VEC_OF(struct endpoint) v;
};

struct slice {
    struct endpoint_list endpoints;
    bool dead; /* deleted */
};

/* A slice as a write will leave it. */
struct change {
    size_t slice; /* index; the count of slices or above: a new one */
    bool delete;
    struct endpoint_list endpoints;
};

struct record {
    bool known;      /* it has slices, if only an empty one */
    bool resync;     /* every pod is to be looked at */
    bool incomplete; /* writes were planned, not all are done */
    sim_time heard;  /* when its last write is in the informer's cache */
    VEC_OF(struct dirty) dirty;
    VEC_OF(struct slice) slices;
    VEC_OF(struct change) changes; /* of this reconcile; slots are kept */
    size_t change_count;
    VEC_OF(uint64_t) slots; /* bits: in use */
    /* Why the changes are made. */
    sim_time trigger;
    sim_time exported, last; /* of Kubernetes' own; the last reconcile */
    bool origin_lost;        /* origin is that of an endpoint that is lost */
    incident_id origin;
    struct endpointslice_counts counts;
    bool hinted;    /* its endpoints have, or had, hints */
    int *allocated; /* hints at each zone by CPU; NULL: none */
};

struct endpointslices {
    VEC_OF(struct record) records;   /* by Service */
    uint64_t watchers;               /* nodes */
    VEC_OF(struct slice_fill) fills; /* scratch */
    VEC_OF(size_t) sizes;            /* scratch */
    /* The cache of zones: each one's share of CPU, where it is known. */
    double *ratios;
    size_t zones;   /* that there is room for */
    struct rng lag; /* of news of its own writes */
    bool ratios_known;
    bool asked, topology; /* some Service asks for hints by CPU */
    VEC_OF(struct hinted_slice) hinted_slices; /* scratch */
    VEC_OF(size_t) hinted_changes;             /* the change of each */
    VEC_OF(struct hinted) hinted;              /* scratch */
};

/* Slots of endpoints are in use, or free again. */
void endpointslice_mark_slots(struct record *r,
                              const struct endpoint *endpoints, size_t count,
                              bool used);

/* Every pod is to be looked at: the Service is new, or writes were lost. */
void endpointslice_mark_all(const struct world *w, struct record *r,
                            service_id id);

/* Works out of the dirty pods what slices are to become: r->changes, the
 * first of them one for each slice that there is, with all->fills to say
 * which of those are to be written; and why. Forgets the dirty pods. */
void endpointslice_plan(const struct world *w, const struct service *service,
                        struct endpointslices *all, struct record *r);

/* The key of the queue that looks at nodes, beside those of Services. */
#define ENDPOINTSLICE_TOPOLOGY UINT64_MAX

/* True where some Service of the scenario asks for hints by zones' CPU. */
bool endpointslice_uses_topology(struct endpointslices *all,
                                 const struct scenario *scenario);
/* Zones' shares of CPU anew; Services that are overloaded by now are to be
 * looked at (checkNodeTopologyDistribution). */
void endpointslice_check_nodes(struct controller_run *run,
                               struct endpointslices *all);
/* Gives the planned slices hints, as the Service asks for; slices whose hints
 * are wrong are to be written too. */
void endpointslice_hint(struct controller_run *run, struct endpointslices *all,
                        const struct service *service, struct record *r);

#endif
