/*
 * conntrack - UDP through a node's proxy. The kernel remembers where the
 * first packet of a client's socket was sent, and later ones of that socket
 * follow it, whatever the proxy's rules say by now: until nothing was sent
 * for a while, the node boots, or kube-proxy deletes the entry because the
 * endpoint serves no more. TCP's entries end with their connections
 * (traffic/pool.h); kube-proxy never deletes those.
 *
 * An entry lives 30 s after its last packet, 120 s once it was answered and
 * is more than 2 s old (Linux nf_conntrack_proto_udp.c, nf_conntrack_udp_
 * timeout and _stream; ip_vs: 300 s), so a client that goes on sending from
 * one socket keeps a stale one alive for ever.
 *
 * What kube-proxy deletes:
 *   up to 1.31  in the sync in which an endpoint ceases to serve, its
 *               entries (pkg/proxy/endpoints.go, detectStaleConntrackEntries);
 *               what ceases while kube-proxy is down is never found
 *   since 1.32  in each sync after a change, every entry to an endpoint that
 *               does not serve (pkg/proxy/conntrack/cleanup.go, PR 127318),
 *               unless the Service has none that serves (issue 139628)
 *   ipvs        an entry without its real server ends with the next packet
 *               (net.ipv4.vs.expire_nodest_conn)
 *
 * Deletion is worked out when the next packet comes: an endpoint that ceased
 * to serve and serves again in between keeps its entries.
 */
#ifndef MODELS_NETWORK_CONNTRACK_H
#define MODELS_NETWORK_CONNTRACK_H

#include "models/world.h"

#define CONNTRACK_NONE UINT32_MAX

struct conntrack_params {
    int minor; /* of the Kubernetes version */
    bool ipvs;
    sim_time unreplied, stream; /* time-outs */
};

/* The entry of one client's socket on one node. */
struct conntrack_entry {
    uint64_t client;
    node_id node;
    uint32_t socket;
    uint32_t boot;            /* of the node */
    struct endpoint endpoint; /* where it leads */
    sim_time begun, ends;     /* ends < begun: there is none */
    uint64_t checked;         /* version of the endpoints seen last */
    bool replied;
    bool missed; /* it went stale while kube-proxy was down */
};

/* Those of a Service on all nodes. Zeroed: empty. */
struct conntrack {
    VEC_OF(struct conntrack_entry) entries;
    uint32_t *index; /* open addressing: 1 + index of an entry; 0: free */
    size_t room;     /* 0, or a power of two */
};

void conntrack_release(struct conntrack *c);

/* True where kube-proxy leaves an entry to this endpoint, having programmed
 * `set`. missed: the endpoint ceased to serve while it was down. */
bool conntrack_keeps(const struct conntrack_params *p,
                     const struct endpoint_set *set,
                     const struct endpoint *endpoint, bool missed);

/* The index of the entry, which is made where there is none. client: any
 * number that stands for its address. */
uint32_t conntrack_find(struct conntrack *c, node_id node, uint64_t client,
                        uint32_t socket);

/* A packet is sent now by a node that has programmed `set`: where it goes by
 * the entry; NULL: the rules are asked. boot: of the node. Valid until the
 * next call. */
const struct endpoint *conntrack_follow(struct conntrack *c, uint32_t entry,
                                        const struct conntrack_params *p,
                                        const struct endpoint_set *set,
                                        uint32_t boot, sim_time now);
/* The rules sent the packet there. */
void conntrack_begin(struct conntrack *c, uint32_t entry,
                     const struct conntrack_params *p,
                     const struct endpoint *endpoint, uint64_t version,
                     uint32_t boot, sim_time now);
/* An answer came back. */
void conntrack_answered(struct conntrack *c, uint32_t entry);

/* kube-proxy stops on the node, having programmed `set` (started false); it
 * is back, and has programmed `set` anew (started true). */
void conntrack_restart(struct conntrack *c, node_id node,
                       const struct conntrack_params *p,
                       const struct endpoint_set *set, bool started);

#endif
