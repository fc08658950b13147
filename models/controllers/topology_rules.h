/*
 * topology_rules - hints in EndpointSlices: the zones and nodes that an
 * endpoint is for, as the EndpointSlice controller decides them (Kubernetes
 * v1.36, k8s.io/endpointslice/topologycache and trafficdist). Proxies use
 * them by network/categorize.
 *
 * Zones and nodes are numbers from 1; 0 is none, of a place or of a hint.
 * Arrays by zone have zones + 1 entries, of which the first is not used.
 * Where Kubernetes takes zones in the order of a map, which is any, the
 * lower number comes first.
 */
#ifndef MODELS_CONTROLLERS_TOPOLOGY_RULES_H
#define MODELS_CONTROLLERS_TOPOLOGY_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An endpoint, and whom it is for. */
struct hinted {
    bool ready;
    uint16_t zone, zone_hint;
    uint32_t node, node_hint;
};

struct hinted_slice {
    struct hinted *endpoints;
    size_t count;
    bool written; /* it is to be written anyway; result: it is to be written */
};

struct topology_node {
    uint16_t zone;
    int64_t cpu; /* allocatable, milli-cores */
    bool ready, control_plane;
};

/* What a zone should have of a Service's endpoints. */
struct zone_allocation {
    bool known; /* the zone has nodes */
    int minimum, maximum;
    double desired;
};

enum topology_result {
    HINTS_GIVEN,
    HINTS_NO_NODE_INFO, /* fewer than two zones, or a node that says none */
    HINTS_FEW,          /* fewer endpoints than zones */
    HINTS_OVERLOAD,     /* an endpoint would get over 20 % too much */
    HINTS_NO_ZONE,      /* an endpoint in no zone */
    HINTS_NONE          /* no endpoint */
};

/* The value of a Service's annotation asks for hints by zones' CPU
 * (hintsEnabled). NULL: no annotation. */
bool topology_auto(const char *annotation);

/* Each zone's share of the CPU of the nodes that are ready and not control
 * plane; 0: it has none (SetNodes). False: that is not known well enough. */
bool topology_ratios(const struct topology_node *nodes, size_t count,
                     double *ratios, size_t zones);

/* What each zone should have of so many ready endpoints (getAllocations).
 * ratios NULL: they are not known. */
enum topology_result topology_allocations(const double *ratios, size_t zones,
                                          int endpoints,
                                          struct zone_allocation *out);

/* How many endpoints each zone gives to others, and receives
 * (getGivingAndReceivingZones). Both arrays are filled in. */
void topology_give_receive(const struct zone_allocation *wanted,
                           const int *allocated, size_t zones, int *giving,
                           int *receiving);

/* Hints endpoints of giving zones at receiving ones, in the slices that are
 * written; counts down what is left to give and receive; delta: the change
 * of each zone (redistributeHints). */
void topology_redistribute(struct hinted_slice *slices, size_t count,
                           int *giving, int *receiving, size_t zones,
                           int *delta);

/* How many hints at each zone the slice holds (getHintsByZone). False: they
 * must be made anew, beside what is allocated already. */
bool topology_hints_by_zone(const struct hinted_slice *slice,
                            const struct zone_allocation *wanted,
                            const int *allocated, size_t zones, int *hints);

/* AddHints: gives all ready endpoints hints, or takes all away and says why;
 * allocated: hints at each zone, all 0 where there are none. */
enum topology_result topology_add_hints(struct hinted_slice *slices,
                                        size_t count, const double *ratios,
                                        size_t zones, int *allocated);
void topology_remove_hints(struct hinted_slice *slices, size_t count);

/* True where a zone's nodes have too few endpoints by now
 * (serviceOverloaded). allocated: as topology_add_hints gave it. */
bool topology_overloaded(const int *allocated, const double *ratios,
                         size_t zones);

/* spec.trafficDistribution (trafficdist.go ReconcileHints): all ready
 * endpoints are for their own zone, and with PreferSameNode for their own
 * node; any other value, or NULL: no hints. */
void topology_distribution(const char *distribution,
                           struct hinted_slice *slices, size_t count);

#endif
