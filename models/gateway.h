/*
 * gateway - what a scenario says of L7 balancers: the instances of a gateway
 * (`at: gateway`) and the sidecars or libraries of clients (`at: client`).
 * Keys, defaults and sources: scenario_gateway.c.
 */
#ifndef MODELS_GATEWAY_H
#define MODELS_GATEWAY_H

#include "sim/engine/dist.h"
#include "sim/engine/sim.h"

/* From whom it hears of endpoints. */
enum discovery_from { DISCOVERY_PROXY, DISCOVERY_PUSH, DISCOVERY_POLL };

struct discovery_spec {
    int from;         /* enum discovery_from */
    sim_time quiet;   /* PUSH: after so long without a change, */
    sim_time longest; /* or so long after the first */
    struct dist push; /* PUSH: on its way to an instance */
    sim_time every;   /* POLL: > 0; each instance at its own phase */
};

/* Every block begins with whether it was given. */
struct health_check_spec {
    bool on;
    sim_time interval, timeout; /* > 0 */
    int64_t healthy, unhealthy; /* results in a row, >= 1 */
    bool trusted; /* new endpoints count as healthy until they fail */
};

struct outlier_spec {
    bool on;
    int64_t errors;         /* in a row, of any kind; 0: off */
    int64_t gateway_errors; /* in a row, 502, 503, 504; 0: off */
    sim_time interval, base, longest;
    double most; /* share of the endpoints that may be ejected */
    bool always_one;
    double deviations; /* below the mean success rate; 0: off */
    int64_t least_hosts, least_requests;
};

struct breaker_spec {
    bool on;
    int64_t connections, pending, requests, retries; /* INT64_MAX: no bound */
    double budget; /* retries / requests in flight; < 0: `retries` counts */
    int64_t budget_least;
};

struct gateway_retry_spec {
    bool on;
    int64_t most;
    sim_time each; /* time-out of one try; SIM_NEVER: none */
    sim_time base, longest;
    unsigned causes; /* bit mask 1 << enum cause */
};

enum zone_mode { ZONES_ANY, ZONES_AWARE, ZONES_FAILOVER };

struct zone_spec {
    int mode; /* enum zone_mode */
    int64_t least_hosts;
    int64_t overprovisioning; /* percent */
};

struct gateway_spec {
    int location;     /* enum location: AT_NODES, AT_EXTERNAL, AT_ZONE */
    const char *zone; /* AT_ZONE */
    struct discovery_spec discovery;
    struct health_check_spec health;
    struct outlier_spec outlier;
    int64_t panic; /* percent */
    struct zone_spec zones;
    struct breaker_spec breaker;
    struct gateway_retry_spec retries;
    sim_time connect_timeout; /* to an endpoint */
};

#endif
