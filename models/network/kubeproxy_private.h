/*
 * kubeproxy_private - what the kubeproxy*.c files share; nobody else includes
 * it. kubeproxy.c: delivery, nodes, questions; kubeproxy_sync.c: when a node
 * syncs, and how long that takes; kubeproxy_link.c: partitions.
 */
#ifndef MODELS_NETWORK_KUBEPROXY_PRIVATE_H
#define MODELS_NETWORK_KUBEPROXY_PRIVATE_H

#include "models/network/kubeproxy.h"

enum { PROXY_BURST = 2 }; /* tokens; v1.33 and before */

/* One node's kube-proxy. */
struct proxy {
    uint64_t programmed, delivered; /* sequences */
    uint64_t target;                /* of the running sync */
    sim_time done;                  /* end of the last sync */
    sim_time full;                  /* start of the last full one */
    sim_time credit, credit_at;     /* token bucket: a token is worth
                                       minSyncPeriod */
    sim_time heard;                 /* last notification on its way */
    uint32_t stamp;                 /* of its pending event */
    bool counted; /* its node is up: versions are kept for it */
    bool working; /* and booted */
    bool ruled;   /* and its first sync since is done */
    bool running, waiting, need_full, stuck;
    bool restarting; /* until its first sync is done */
    bool linked;     /* there is a way to the API server */
    bool cut;        /* it hears nothing: no way to the API server, or none
                        since its watch was lost */
    bool refused;    /* then: the API server was stopped */
    bool unlisted;   /* and it has no list to begin with */
    sim_time cut_at;
    uint32_t link; /* tells one loss of its watch from another */
};

struct proxy_streams {
    struct rng watch, sync;
};

/* Of each version that proxies hear of: its Service's version before. */
struct logged {
    uint64_t sequence, before;
};

struct proxies {
    struct simulation *s;
    const struct kube_proxy_params *params;
    bool token_bucket;
    VEC_OF(struct proxy) nodes; /* by node id */
    VEC_OF(struct proxy_streams) streams;
    uint64_t newest; /* the newest version that concerns proxies */
    VEC_OF(struct logged) log;
    uint64_t services, endpoints; /* that a full sync writes */
    uint64_t started;             /* first syncs done, of all nodes */
    struct {
        uint64_t from, to, changed;
    } counted; /* the last count of changed Services */
    bool watch_constant;
    sim_time watch_latency;
    sim_lane watch_lane;
    sim_time watch_last;
    struct {
        sim_lane lane;
        sim_time last;
    } ends, waits; /* lanes for as long as times rise */
    void (*programmed)(void *self, node_id node, uint64_t from, uint64_t to);
    void *programmed_self;
    void (*restarted)(void *self, node_id node, bool started);
    void *restarted_self;
};

/* t + by, or SIM_NEVER. */
static inline sim_time proxy_later(sim_time t, sim_time by)
{
    return t > 0 && by > SIM_NEVER - t ? SIM_NEVER : t + by;
}

/* The proxy lists all there is, and syncs; where it cannot list, later. */
void proxy_begin_work(struct proxies *p, node_id id);
/* A partition began or ended (kubeproxy_link.c). */
void proxy_link_changed(struct proxies *p, node_id id);
/* It hears of versions up to that. */
void proxy_deliver(struct proxies *p, node_id id, uint64_t sequence);
/* Something is new on the node: it syncs as soon as may be. */
void proxy_request_sync(struct proxies *p, node_id id);
/* The node's first sync since its boot is done, or there is nothing to do. */
void proxy_has_rules(struct proxies *p, node_id id);
void proxy_tell_restart(struct proxies *p, node_id id, bool started);
/* The longest time between two syncs without changes. */
sim_time proxy_idle_period(const struct proxies *p);
/* The first entry of the log after a sequence. */
size_t proxy_log_after(const struct proxies *p, uint64_t sequence);
/* count * each, or SIM_NEVER. */
sim_time proxy_times(uint64_t count, sim_time each);

#endif
