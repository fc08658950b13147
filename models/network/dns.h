/*
 * dns - names of headless Services to addresses, late: DNS servers watch
 * endpoints, answers carry a TTL and are kept by the servers' caches and the
 * clients' resolvers.
 *
 * An answer is a version of the Service's endpoints; its addresses are the
 * ready ones, the first `ready` of it (a Service that publishes unready
 * addresses lists them as ready). Serving terminating endpoints, which
 * proxies fall back on, have no records. An answer without addresses has no
 * endpoints at all.
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
};
void dns_cache_release(struct dns_cache *cache); /* empties it */

/* What the client (number `client`, which picks its DNS server) believes the
 * Service's addresses are now: from its cache while that is fresh, else from
 * its server's cache or its view. Never NULL; without usable endpoints the
 * name has no address. Valid until the next call with this cache, which
 * keeps it even where the resolver caches nothing. *latency: how long the
 * look-up took (0: the client's cache had it). Of a Service that is not
 * headless: its newest version, at once. */
const struct endpoint_set *dns_resolve(struct dns *d, struct dns_cache *cache,
                                       service_id service, uint64_t client,
                                       sim_time *latency);

#endif
