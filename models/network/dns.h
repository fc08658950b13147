/*
 * dns - names of Services to addresses, late: DNS servers watch endpoints,
 * answers carry a TTL and are kept by the servers' caches, by a cache on the
 * client's node and by the client's resolver.
 *
 * An answer is a version of the Service's endpoints; its addresses are the
 * ready ones, the first `ready` of it (a Service that publishes unready
 * addresses lists them as ready). Serving terminating endpoints, which
 * proxies fall back on, have no records. An answer without addresses has no
 * endpoints at all.
 *
 * A cache keeps an answer for its TTL, at least 5 s and at most the cache's
 * own (CoreDNS plugin/cache, computeTTL), and hands out what is left of it;
 * so those who honour TTLs are no older than the oldest cache and those 5 s,
 * and a time of the client's own comes on top. Caches were not all filled at
 * the start: of its first answer of each kind, in the warm-up, a cache keeps
 * some share of the time, drawn for each (uniform), as if it had had it
 * before. Not in order: CoreDNS's
 * loadbalance plug-in shuffles each answer (plugin/loadbalance,
 * roundRobinShuffle), of what its cache had too; the cache of a node hands
 * out the order that it got. Clients keep the order: RFC 6724 does not sort
 * the addresses of a cluster's pods.
 *
 * A pod of a StatefulSet has a name of its own, POD.SERVICE, under the
 * headless Service that its set names (k8s.io/endpointslice, util,
 * ShouldSetHostname): a name as any other, with an answer of one address or
 * none.
 */
#ifndef MODELS_NETWORK_DNS_H
#define MODELS_NETWORK_DNS_H

#include "models/simulation.h"

struct dns *dns_new(struct simulation *s);
void dns_free(struct dns *d);

/* A client's resolver cache for one name. Zeroed: empty. */
struct dns_cache {
    const struct endpoint_set *answer; /* retained; NULL: none */
    sim_time expires;
    uint32_t first;
    incident_id failed; /* why there was no answer; INCIDENT_NONE: there was */
    sim_time failed_at; /* when that was known */
    unsigned kinds;     /* of answers that it has had */
};
void dns_cache_release(struct dns_cache *cache); /* empties it */

/* Who asks for what. */
struct dns_question {
    service_id service;
    const char *pod; /* its own name (interned); NULL: the Service's */
    bool virtual_ip; /* the answer is that, and never changes */
    uint64_t client; /* its number, which picks its DNS server */
    node_id node;    /* whose cache it asks; NO_ID: outside, the servers */
    const struct resolver_spec *resolver; /* the client's */
};

struct dns_answer {
    const struct endpoint_set *set; /* never NULL; empty: no address */
    uint32_t first;     /* index of its first record, where that is asked for */
    sim_time latency;   /* 0: the client's cache had it */
    incident_id origin; /* what kept the servers from answering, or from
                           answering in time; INCIDENT_NONE: nothing */
    bool failed;        /* they did not answer */
};

/* What the client believes now: from its cache while that is fresh, else
 * from its node's, its server's, or the server's view. answer->set is valid
 * until the next call with this cache, which keeps it even where the resolver
 * caches nothing. Of a Service that is not headless, and where neither a pod
 * nor its virtual IP is asked for: its newest version, at once. */
void dns_resolve(struct dns *d, struct dns_cache *cache,
                 const struct dns_question *q, struct dns_answer *answer);

/* The servers are in trouble from now on: look-ups that no cache answers take
 * `factor` times as long; 0: for ever. More than one at once: a standstill,
 * else the worst. origin names it. */
void dns_break(struct dns *d, double factor, incident_id origin);
void dns_mend(struct dns *d, incident_id origin);

#endif
