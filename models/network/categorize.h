/*
 * categorize - which endpoints of a Service a node's proxy uses (Kubernetes
 * v1.36 pkg/proxy/topology.go CategorizeEndpoints, serviceport.go).
 *
 * Packets under traffic policy Cluster go to any endpoint, those under Local
 * to the node's own: in each case to the ready ones, and where there is none
 * to those that serve while they terminate (KEP-1669). Hints narrow what
 * Cluster uses where all ready endpoints have them and some are for this node
 * or zone.
 */
#ifndef MODELS_NETWORK_CATEGORIZE_H
#define MODELS_NETWORK_CATEGORIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HINT_NODES = 1, /* there are hints for nodes, */
    HINT_NODE = 2,  /* one of them for the proxy's */
    HINT_ZONES = 4, /* there are hints for zones, */
    HINT_ZONE = 8   /* one of them for the proxy's */
};
enum { USE_CLUSTER = 1, USE_LOCAL = 2 };

/* An endpoint as one node sees it. */
struct proxy_endpoint {
    uint8_t flags; /* enum endpoint_flags */
    uint8_t hints;
    bool local;  /* on this node */
    uint8_t use; /* result: 0, or USE_... */
};

struct proxy_service {
    bool cluster, local; /* policies that it has packets under */
    bool prefer_node;    /* PreferSameTrafficDistribution (1.35) */
    bool only_ready;     /* no fallback to those that terminate */
};

/* The policies that a Service has packets under. accessible: from outside,
 * by a node port, load balancer or external address. */
struct proxy_service categorize_service(bool internal_local,
                                        bool external_local, bool accessible);

/* Fills in .use. True: there are endpoints to use, if not by this node. */
bool categorize_endpoints(const struct proxy_service *service,
                          struct proxy_endpoint *endpoints, size_t count);

#endif
