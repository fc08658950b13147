/*
 * traffic_internal - what the files of traffic share.
 */
#ifndef MODELS_TRAFFIC_TRAFFIC_INTERNAL_H
#define MODELS_TRAFFIC_TRAFFIC_INTERNAL_H

#include "models/lb/lb.h"
#include "models/metrics/metrics.h"
#include "models/network/affinity.h"
#include "models/network/conntrack.h"
#include "models/network/dns.h"
#include "models/simulation.h"
#include "models/traffic/server.h"

/* Where a client is, seen from an endpoint. */
enum path { SAME_NODE, SAME_ZONE, CROSS_ZONE, EXTERNAL, PATH_COUNT };

struct network_path {
    const struct dist *dist; /* one way; borrowed */
    bool constant;
    sim_time delay; /* where constant */
    sim_lane lane;  /* of events after that delay */
};

/* What a node's proxy uses of a Service. */
struct node_view {
    uint64_t of;              /* sequence of the set that it was made from */
    bool any;                 /* there are endpoints to use, if not here */
    struct endpoint_set *set; /* all usable; NULL: not made yet */
};
struct node_views {
    VEC_OF(struct node_view) items;
};

struct cloud;     /* cloud.h */
struct discovery; /* discovery.c */
struct gateway;   /* gateway.h */

/* Who balances a Service: shared by all of its traffic entries. */
struct balancing {
    const char *space, *service;
    const struct lb_strategy *strategy;
    const void *config;
    enum lb_at at;
    bool per_request;         /* connections to each endpoint are kept */
    uint32_t instances;       /* of a gateway */
    bool stateless;           /* one balancer does for all */
    struct lb_balancer plain; /* where stateless */
    struct lb_group group;    /* of the others */
    VEC_OF(struct lb_balancer *)
    balancers; /* by node or instance; NULL: none yet */
    struct node_views by_node, by_node_local; /* policies Cluster, Local */
    struct node_views by_zone; /* what nodes of a zone share by hints */
    struct affinity affinity;
    struct conntrack conntrack; /* of UDP sockets that are kept */
    /* Where balancers know endpoints by themselves (gateway.h): */
    const struct gateway_spec *gateway; /* NULL: as the nodes' proxies do */
    VEC_OF(struct gateway *) gateways;  /* borrowed */
    uint32_t *sources;                  /* of them, by zone; NULL: not asked */
    struct discovery *discovery;        /* NULL: by proxies' views */
    VEC_OF(struct endpoint_set *) news; /* retained; not yet pushed */
    struct endpoint_set *pushed;        /* retained; NULL: nothing yet */
    struct cloud *cloud; /* by which clients outside come; NULL: none */
};

/* Where a client is: apart from the rest, for it is all that most of its
 * requests need, and clients are many. */
struct client_home {
    node_id node; /* NO_ID: external, or in no pod now */
    uint16_t zone;
    bool external;
};
struct client {
    pod_id pod;                   /* it lives in; NO_ID: none */
    struct lb_balancer *balancer; /* its own, where at: client, by name */
    struct gateway *gateway;      /* the same, by virtual IP: its sidecar */
    struct dns_cache dns;
    struct channel *channel;    /* channel.h; NULL: none yet */
    struct client_pools *pools; /* pool.c; NULL: none yet */
};

/* What is due when, of a constant delay: the time of each is no earlier
 * than that of the one before. One calendar event stands for the first. */
struct due {
    sim_time at;
    uint64_t what;
    uint32_t slot;
};
struct due_ring {
    struct due *items; /* owned; room is a power of two */
    size_t first, count, room;
    bool armed; /* its event is pending */
};

/* One traffic entry. */
struct entry {
    struct traffic *traffic;
    const struct traffic_spec *spec;
    uint32_t index;
    service_id service; /* NO_ID: there is none now */
    service_id known;   /* the last one; NO_ID: never any */
    struct balancing *lb;
    bool started;
    bool picky;        /* some pods listen on other ports only */
    bool prepared;     /* requests are more than their attempt: */
    bool hedged;       /* hedge.c */
    bool inner;        /* calls of pods: call.c */
    bool awaited;      /* somebody waits for their end */
    bool pooled;       /* connections are kept, */
    bool per_endpoint; /* to each endpoint: requests are balanced */
    bool relayed;      /* requests go through a gateway: relay.c */
    bool resolves;     /* names are looked up: name.c */
    struct downstreams *downstreams; /* relayed, and kept; NULL: no */
    struct udp_sockets *sockets;     /* UDP: kept ones; NULL: none (udp.c) */
    /* arrivals */
    double rate, gap; /* 1/s; mean ns between two */
    struct rng arrivals;
    sim_time next_at, base; /* base: of constant arrivals */
    uint64_t since_base;
    event_id next;
    uint64_t number;    /* of the next request */
    sim_time next_work; /* its recorded service time; SIM_NEVER: drawn */
    struct arrival_process *more_arrivals; /* arrivals.h; NULL: a rate is all */
    bool closed;                           /* clients wait for their requests */
    /* requests */
    struct rng rng;  /* of the attempt that begins */
    struct rng work; /* of what its server draws */
    struct rng more; /* latencies, back-off: seldom */
    struct rng life; /* of connections */
    struct due_ring timeouts, deadlines;
    uint64_t offered, ended[3]; /* requests; by enum outcome */
    uint64_t retrying;
    /* clients */
    uint32_t client_count;
    struct client_home *homes;
    struct client *clients;
    VEC_OF(struct endpoint) fixed; /* access podIP */
    VEC_OF(pod_id) pods;           /* that clients may live in */
    VEC_OF(uint32_t) callers;      /* by pod: 1 + its client; 0: none */
    uint32_t client_room;
    uint64_t caller; /* of the call that begins */
    bool pods_stale;
};

static inline uint64_t entry_in_flight(const struct entry *e)
{
    return e->offered - e->ended[REQUEST_SUCCEEDED] - e->ended[REQUEST_FAILED] -
           e->ended[REQUEST_ABANDONED];
}

enum request_state {
    REQUEST_FREE,
    REQUEST_SENT,  /* under way, queued, in service or answered */
    REQUEST_DEAD,  /* its connection will never be answered */
    REQUEST_WAITS, /* for its next attempt */
    REQUEST_QUEUED /* for a connection of its client's pool */
};
#define NO_CONNECTION UINT32_MAX

/* The first cache line is all that most of a request's life touches. */
struct request {
    _Alignas(64) uint64_t number;
    sim_time arrival;
    sim_time back;                /* this attempt's way back */
    uint64_t bits;                /* from which its server draws */
    struct lb_balancer *balancer; /* that counts it; NULL: none does */
    uint32_t generation;          /* another attempt, another generation */
    uint32_t client;
    pod_id pod; /* that its endpoint named; NO_ID: none */
    uint32_t ip;
    uint32_t attempts;
    uint16_t entry;
    uint8_t state, path;
    sim_time started; /* this attempt */
    uint32_t slot;
    node_id node;
    pod_id server; /* that has accepted it; NO_ID: none yet */
    incident_id origin;
    uint32_t next_free;
    uint32_t connection; /* that carries it; NO_CONNECTION */
    uint32_t pool;       /* of its client: where it is QUEUED or carried; of
                            UDP, conntrack's entry; else `through` */
    sim_time sent;       /* this attempt: later than started if QUEUED */
    sim_time work;       /* recorded service time; SIM_NEVER: drawn */
    uint8_t cause;
    bool blamed, retry; /* origin is settled; counts against the budget */
    bool cut;           /* a partition keeps its packets */
    /* of relay.c: */
    bool relay_retry; /* counts against the gateway's bounds */
    uint8_t stage;
    uint32_t tries;         /* of this attempt's, beyond the first */
    uint32_t gateway;       /* that it entered */
    uint32_t more_attempts; /* of `attempts`: not the client's */
    sim_time resolved;      /* where names are: its look-up ends */
    /* of hedge.c: */
    uint32_t lead;             /* the slot of the request's first attempt */
    uint32_t next_hedge;       /* another one under way; NO_REQUEST */
    uint32_t in_flight, begun; /* attempts of a lead */
    uint32_t others;           /* attempts of hedges that have ended */
    incident_id failed_origin; /* of the attempt that failed last */
    uint8_t failed_cause;
    event_id next_at; /* the next hedge */
    /* of call.c: */
    uint64_t caller; /* whose call it is */
    uint32_t calls;  /* that its server makes for it */
};
#define NO_REQUEST UINT32_MAX

struct traffic {
    struct simulation *s;
    unsigned blame_depth; /* of calls that are asked for their origin */
    struct entry *entries;
    size_t entry_count;
    struct request *requests; /* a slab */
    uint32_t count, room, free;
    struct network_path paths[PATH_COUNT];
    VEC_OF(struct balancing *) balancings;
    VEC_OF(node_id) up;       /* nodes that are at work, rising; see */
    bool up_stale;            /* traffic_up_nodes */
    uint64_t up_started;      /* proxies_started when it was made */
    VEC_OF(sim_time) touched; /* by pod: when something was done to it */
    uint64_t view_number;
    struct connections *connections; /* pool.c */
    struct lb_history *history;      /* of loads; NULL: no view is late */
    struct probes *probes;           /* probe.c; NULL: nobody sends any */
    struct calls *calls;             /* call.c; NULL: nobody makes any */
    VEC_OF(struct gateway *) gateways;
    VEC_OF(struct discovery *) discoveries;
    VEC_OF(struct cloud *) clouds;
    bool running;
};

/* What an attempt is sent to. */
struct chosen {
    const struct endpoint *endpoint; /* valid until the next event */
    struct lb_balancer *balancer;    /* that counts it; NULL: none */
    struct gateway *gateway;         /* that chose it; NULL: none */
    uint32_t through; /* 1 + the node by which it came in; 0: none */
    enum cause cause; /* CAUSE_CONNECT_TIMEOUT: dropped on the way */
    sim_time delay;   /* of the name's look-up, */
    incident_id slow; /* which that incident kept; INCIDENT_NONE: none */
    uint32_t flow;    /* conntrack's entry, where sockets are kept; else
                         `through` */
};

/* --- ways --- */
static inline enum path client_path(const struct client_home *home,
                                    const struct endpoint *endpoint)
{
    if (home->external)
        return EXTERNAL;
    if (home->node == endpoint->node)
        return SAME_NODE;
    return home->zone == endpoint->zone ? SAME_ZONE : CROSS_ZONE;
}

/* The same between any two places. */
static inline enum path path_between(const struct lb_home *from, node_id node,
                                     uint16_t zone)
{
    if (from->node == NO_ID)
        return EXTERNAL;
    if (from->node == node)
        return SAME_NODE;
    return from->zone == zone ? SAME_ZONE : CROSS_ZONE;
}

/* --- traffic.c --- */
/* Brings t->up up to date; returns how many there are. */
size_t traffic_up_nodes(struct traffic *t);

/* --- client.c --- */
void clients_place(struct entry *e);
/* The pod as a client of an `inner` entry. */
uint32_t client_of_pod(struct entry *e, const struct pod *pod);
void clients_free(struct entry *e);
/* False: it is nowhere, or its node is dead: it offers nothing. */
bool client_offers(struct entry *e, uint32_t client);
/* Takes the addresses that are listed ready now. */
void clients_fix_addresses(struct entry *e);
/* Where the attempt goes: no endpoint, then cause says why. Draws from
 * e->rng. */
struct chosen client_choose(struct entry *e, uint32_t client);

/* --- balancing.c --- */
/* The Service's, made at first use. */
struct balancing *balancing_of(struct traffic *t, const char *space,
                               const char *service);
void balancing_free(struct balancing *lb);
/* How many balancers there will be, as far as one can tell. */
uint32_t balancing_peers(const struct traffic *t, const struct balancing *lb);

struct chosen client_choose_service(struct entry *e, uint32_t client);
/* The one that the client's library has. */
struct lb_balancer *client_balancer(struct entry *e, uint32_t client);
static inline struct chosen chosen_by(const struct endpoint *endpoint,
                                      struct lb_balancer *balancer)
{
    return (struct chosen){.endpoint = endpoint,
                           .balancer =
                               balancer->strategy->counts ? balancer : NULL};
}

/* --- name.c --- */
/* What the entry's scenario says of names. */
void name_begin(struct entry *e);
void name_release(struct client *client);
/* The client goes on without its name. */
bool name_known(const struct entry *e, uint32_t client);
/* As client_choose, where the entry `resolves`. */
struct chosen name_choose(struct entry *e, uint32_t client);
/* A connection of the client has ended, and not because it was idle. */
void name_lost(struct entry *e, uint32_t client,
               const struct endpoint *endpoint);
/* The client moves, and knows nothing where it comes. */
void name_leave(struct entry *e, uint32_t client);

/* --- probe.c --- */
/* How lb_group.probe is answered: self is the struct traffic. */
void probe_send(void *self, struct lb_balancer *b, const struct endpoint *e);
void probes_free(struct traffic *t);
/* By what the proxy on `node` has programmed. */
struct chosen client_choose_by(struct entry *e, uint32_t client, node_id node,
                               struct lb_balancer *b);
/* How it stands for its address. */
static inline uint64_t client_key(const struct entry *e, uint32_t client)
{
    return (uint64_t)e->index << 32 | client;
}

/* --- udp.c --- */
/* What the entry's scenario says of UDP sockets; its balancing is known. */
void udp_begin(struct entry *e);
void udp_release(struct entry *e);
/* Where a packet goes from the node: by conntrack, else as chosen. */
struct chosen udp_choose(struct entry *e, uint32_t client, node_id node,
                         struct lb_balancer *b);
/* An answer came back to the attempt. */
void udp_answered(struct entry *e, const struct request *r);
/* Conntrack hears of kube-proxies that restart. */
void udp_listen(struct traffic *t);

/* --- view.c --- */
/* Of sets made here, beside the sequences of the world's own: balancers tell
 * sets apart by them. Numbered by view_number. */
#define VIEW_SEQUENCE (UINT64_C(1) << 63)
/* What the node's proxy, which has programmed `set`, uses under policy
 * Local, or Cluster. Valid until the next call. */
const struct node_view *view_of(struct traffic *t, struct balancing *lb,
                                node_id node, const struct endpoint_set *set,
                                bool local);
void views_release(struct balancing *lb);

/* --- request.c --- */
/* An arrival, whose service time was recorded (SIM_NEVER: it is drawn). */
void request_begin(struct entry *e, sim_time work);
/* That client's, which offers something, by a number of its own. */
void request_begin_of(struct entry *e, uint64_t number, uint32_t client);
void request_answered(void *self, uint64_t id, enum cause cause);

/* --- request_end.c --- */
void request_lost(void *self, uint64_t id);
/* Ends the open requests of clients on the node, or in the pod. */
void requests_abandon(struct traffic *t, node_id node, pod_id pod);
/* Resets what came to the cloud's target (as connections_cut names it) and is
 * on its way. */
void requests_reset(struct traffic *t, const struct cloud *cloud,
                    uint32_t through, pod_id pod);
/* The attempt's time-out, or the whole request's deadline, has come. Of a
 * request that waits for a retry its last attempt is the last. */
void request_expired(struct entry *e, struct request *r);
void request_deadline(struct entry *e, struct request *r);

/* --- patience.c --- */
/* Puts the attempt's time-out, or the request's deadline, in line. */
void patience_attempt(struct entry *e, const struct request *r);
void patience_request(struct entry *e, const struct request *r);
void due_ring_release(struct due_ring *ring);

/* --- port.c --- */
/* True where the pod's process listens, and on the port that the Service
 * sends to (service_port.h). port: of the Service, 0: its first. */
bool pod_listens_for(const struct pod *pod, const struct service_spec *spec,
                     int port);

/* --- blame.c --- */
/* What made the attempt fail. */
incident_id blame(struct traffic *t, const struct entry *e,
                  const struct request *r, enum cause cause);

#endif
