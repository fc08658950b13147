/*
 * dns_private - what the files of dns share.
 */
#ifndef MODELS_NETWORK_DNS_PRIVATE_H
#define MODELS_NETWORK_DNS_PRIVATE_H

#include "models/network/dns.h"

/* What a cache has. */
struct dns_kept {
    struct endpoint_set *set; /* retained; NULL: nothing */
    sim_time expires;
    uint32_t first; /* record */
    uint32_t boot;  /* of the node whose cache it is */
    unsigned kinds; /* of answers that it has had: see dns_resolve.c */
};

struct dns_name {
    const char *pod;                 /* NULL: the Service's own */
    struct dns_kept *servers;        /* by server */
    VEC_OF(struct dns_kept) nodes;   /* by node */
    struct endpoint_set *none;       /* its answer without addresses */
    struct endpoint_set *record;     /* of a pod's name; NULL: none yet, */
    const struct endpoint_set *from; /* made from that version (retained) */
    pod_id last;                     /* that had the name; NO_ID */
};

struct dns_service {
    struct endpoint_set **views; /* by server; retained; NULL of one: it has
                                    not heard of it. NULL: nobody watches */
    VEC_OF(struct dns_name) names;
};

/* A version on its way to the servers. */
struct dns_pending {
    struct endpoint_set *set; /* retained */
    size_t left;              /* servers that have not got it */
};

struct dns_fault {
    double factor; /* 0: no answer */
    incident_id origin;
};

struct dns {
    struct simulation *s;
    const struct dns_params *params;
    size_t servers;
    VEC_OF(struct dns_service) services; /* by id */
    VEC_OF(struct dns_pending) pending;  /* by sequence; from `head` on */
    size_t head;
    struct rng *watch;  /* by server: lags */
    sim_time *heard;    /* by server: the last notification on its way */
    struct rng latency; /* of look-ups */
    struct rng order;   /* of records */
    struct rng phase;   /* of caches */
    bool watch_constant;
    sim_time watch_latency;
    VEC_OF(struct dns_fault) faults; /* open ones */
};

static inline sim_time dns_later(sim_time t, sim_time by)
{
    return t > 0 && by > SIM_NEVER - t ? SIM_NEVER : t + by;
}

static inline void dns_replace(struct endpoint_set **held,
                               struct endpoint_set *set)
{
    if (set)
        endpoint_set_retain(set);
    if (*held)
        endpoint_set_release(*held);
    *held = set;
}

/* The name, made if need be. Valid until the next call. */
struct dns_name *dns_name_of(struct dns *d, service_id service,
                             const char *pod);
/* What the version lists under the name; never NULL. */
struct endpoint_set *dns_records(const struct dns *d, struct dns_name *name,
                                 struct endpoint_set *set);
void dns_name_release(const struct dns *d, struct dns_name *name);

#endif
