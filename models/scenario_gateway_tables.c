/*
 * spec.loadBalancing[] of gateways and sidecars: keys, defaults,
 * sources.
 */
#include <stddef.h>
#include <string.h>

#include "models/scenario_internal.h"

#define BLOCK(name_, at, table_, help_)                                        \
    {                                                                          \
        .name = name_, .type = PARAM_CUSTOM, .offset = (at), .table = table_,  \
        .read = custom_block, .print = custom_print_block, .help = help_       \
    }

/* ---- discovery ---- */

#define DI(field) offsetof(struct discovery_spec, field)

static const char *const sources[] = {"proxy", "push", "poll", NULL};

static const struct param discovery[] = {
    {.name = "from",
     .type = PARAM_ENUM,
     .offset = DI(from),
     .text = "push",
     .choices = sources,
     .help = "push: a control plane waits for quiet and tells all instances; "
             "poll: each looks by itself; proxy: as its node's kube-proxy"},
    {.name = "debounceAfter",
     .type = PARAM_DURATION,
     .offset = DI(quiet),
     .text = "100ms",
     .max = 86400,
     .help = "push after so long without a change of any Service",
     .source = "Istio PILOT_DEBOUNCE_AFTER"},
    {.name = "debounceMax",
     .type = PARAM_DURATION,
     .offset = DI(longest),
     .text = "10s",
     .max = 86400,
     .help = "or so long after the first change",
     .source = "Istio PILOT_DEBOUNCE_MAX"},
    {.name = "pushLatency",
     .type = PARAM_DIST,
     .offset = DI(push),
     .text = "10ms",
     .help = "from the control plane to an instance that has it in use",
     .source = "our choice"},
    {.name = "pollInterval",
     .type = PARAM_DURATION,
     .offset = DI(every),
     .text = "1s",
     .min = 1e-6,
     .max = 86400,
     .help = "of from: poll, each instance at its own phase",
     .source = "ingress-nginx balancer.lua BACKENDS_SYNC_INTERVAL"},
    {0}};

/* ---- health checks ---- */

#define HC(field) offsetof(struct health_check_spec, field)

const struct param scenario_health_table[] = {
    {.name = "interval",
     .type = PARAM_DURATION,
     .offset = HC(interval),
     .text = "2s",
     .min = 1e-3,
     .max = 86400,
     .help = "from an answer to the next check",
     .source = "HAProxy inter"},
    {.name = "timeout",
     .type = PARAM_DURATION,
     .offset = HC(timeout),
     .text = "1s",
     .min = 1e-3,
     .max = 86400,
     .help = "no answer by then is a failure",
     .source = "our choice"},
    {.name = "healthyThreshold",
     .type = PARAM_INT,
     .offset = HC(healthy),
     .text = "2",
     .min = 1,
     .max = 1000,
     .help = "successes in a row that make it healthy; the first check "
             "decides alone",
     .source = "HAProxy rise"},
    {.name = "unhealthyThreshold",
     .type = PARAM_INT,
     .offset = HC(unhealthy),
     .text = "3",
     .min = 1,
     .max = 1000,
     .help = "failures in a row that make it unhealthy",
     .source = "HAProxy fall"},
    {.name = "trustNew",
     .type = PARAM_BOOL,
     .offset = HC(trusted),
     .text = "false",
     .help = "new endpoints count as healthy until they fail",
     .source = "Envoy: false; HAProxy: true"},
    {0}};

/* ---- outliers ---- */

#define OD(field)     offsetof(struct outlier_spec, field)
#define ENVOY_OUTLIER "Envoy outlier_detection.proto"

static const struct param outlier[] = {
    {.name = "consecutiveErrors",
     .type = PARAM_INT,
     .offset = OD(errors),
     .text = "5",
     .max = 1e6,
     .help = "in a row, of any kind, that eject an endpoint; 0: off",
     .source = ENVOY_OUTLIER " consecutive_5xx"},
    {.name = "consecutiveGatewayErrors",
     .type = PARAM_INT,
     .offset = OD(gateway_errors),
     .text = "0",
     .max = 1e6,
     .help = "in a row: no connection, reset, no answer, 503; 0: off",
     .source = ENVOY_OUTLIER " enforcing_consecutive_gateway_failure 0"},
    {.name = "interval",
     .type = PARAM_DURATION,
     .offset = OD(interval),
     .text = "10s",
     .min = 1e-3,
     .max = 86400,
     .help = "between sweeps: success rates, returns",
     .source = ENVOY_OUTLIER},
    {.name = "baseEjectionTime",
     .type = PARAM_DURATION,
     .offset = OD(base),
     .text = "30s",
     .max = 86400,
     .help = "times how often it was ejected",
     .source = ENVOY_OUTLIER},
    {.name = "maxEjectionTime",
     .type = PARAM_DURATION,
     .offset = OD(longest),
     .text = "300s",
     .max = 86400,
     .help = "at most",
     .source = ENVOY_OUTLIER},
    {.name = "maxEjectionPercent",
     .type = PARAM_RATIO,
     .offset = OD(most),
     .text = "10%",
     .max = 1,
     .help = "of all endpoints: of fewer than ten, none",
     .source = ENVOY_OUTLIER},
    {.name = "alwaysEjectOne",
     .type = PARAM_BOOL,
     .offset = OD(always_one),
     .text = "false",
     .help = "one may be ejected whatever the percentage",
     .source = ENVOY_OUTLIER " always_eject_one_host"},
    {.name = "successRateStdev",
     .type = PARAM_DOUBLE,
     .offset = OD(deviations),
     .text = "1.9",
     .min = 0,
     .max = 1000,
     .help = "standard deviations below the mean success rate; 0: off",
     .source = ENVOY_OUTLIER " success_rate_stdev_factor"},
    {.name = "successRateMinHosts",
     .type = PARAM_INT,
     .offset = OD(least_hosts),
     .text = "5",
     .max = 1e6,
     .help = "endpoints with enough requests that it takes",
     .source = ENVOY_OUTLIER},
    {.name = "successRateMinRequests",
     .type = PARAM_INT,
     .offset = OD(least_requests),
     .text = "100",
     .max = 1e9,
     .help = "in an interval, that are enough",
     .source = ENVOY_OUTLIER " success_rate_request_volume"},
    {0}};

/* ---- zones ---- */

#define ZO(field) offsetof(struct zone_spec, field)

static const char *const zone_modes[] = {"any", "aware", "failover", NULL};

static const struct param zones[] = {
    {.name = "mode",
     .type = PARAM_ENUM,
     .offset = ZO(mode),
     .text = "any",
     .choices = zone_modes,
     .help = "aware: as much in its own zone as keeps endpoints evenly loaded; "
             "failover: its own zone while enough of it is healthy"},
    {.name = "minClusterSize",
     .type = PARAM_INT,
     .offset = ZO(least_hosts),
     .text = "6",
     .max = 1e6,
     .help = "healthy endpoints that aware needs",
     .source = "Envoy upstream.zone_routing.min_cluster_size"},
    {.name = "overprovisioning",
     .type = PARAM_INT,
     .offset = ZO(overprovisioning),
     .text = "140",
     .min = 1,
     .max = 1e6,
     .help = "percent: healthy x that / all is what a zone can do",
     .source = "Envoy overprovisioning_factor"},
    {0}};

/* ---- circuit breaking ---- */

#define BR(field)     offsetof(struct breaker_spec, field)
#define ENVOY_BREAKER "Envoy circuit_breaker.proto"

static const struct param breaker[] = {
    {.name = "maxConnections",
     .type = PARAM_LIMIT,
     .offset = BR(connections),
     .text = "1024",
     .min = 1,
     .max = 1e9,
     .help = "of an instance, a request each; others wait",
     .source = ENVOY_BREAKER},
    {.name = "maxPendingRequests",
     .type = PARAM_LIMIT,
     .offset = BR(pending),
     .text = "1024",
     .max = 1e9,
     .help = "that wait for one; others fail as circuit_open",
     .source = ENVOY_BREAKER},
    {.name = "maxRequests",
     .type = PARAM_LIMIT,
     .offset = BR(requests),
     .text = "1024",
     .min = 1,
     .max = 1e9,
     .help = "in flight; others fail as circuit_open",
     .source = ENVOY_BREAKER},
    {.name = "maxRetries",
     .type = PARAM_LIMIT,
     .offset = BR(retries),
     .text = "3",
     .max = 1e9,
     .help = "in flight",
     .source = ENVOY_BREAKER},
    {.name = "retryBudget",
     .type = PARAM_CUSTOM,
     .offset = BR(budget),
     .text = "none",
     .read = custom_budget,
     .print = custom_print_budget,
     .help = "retries in flight / requests in flight, in place of maxRetries",
     .source = ENVOY_BREAKER " retry_budget: 20 % where given"},
    {.name = "minRetryConcurrency",
     .type = PARAM_INT,
     .offset = BR(budget_least),
     .text = "3",
     .max = 1e9,
     .help = "retries that the budget always allows",
     .source = ENVOY_BREAKER},
    {0}};

/* ---- retries ---- */

#define RE(field) offsetof(struct raw_gateway_retries, field)

static const struct param retry_backoff[] = {
    {.name = "base",
     .type = PARAM_DURATION,
     .offset = offsetof(struct raw_backoff, base),
     .text = "25ms",
     .max = 86400,
     .help = "wait before retry k: uniform(0, base 2^k)",
     .source = "Envoy upstream.base_retry_backoff_ms"},
    {.name = "max",
     .type = PARAM_DURATION,
     .offset = offsetof(struct raw_backoff, max),
     .text = "250ms",
     .max = 86400,
     .help = "at most",
     .source = "Envoy: ten times the base"},
    {0}};

static const struct param retries[] = {
    {.name = "max",
     .type = PARAM_INT,
     .offset = RE(most),
     .text = "1",
     .max = 1e6,
     .help = "tries after the first, each at an endpoint picked anew",
     .source = "Envoy num_retries"},
    {.name = "perTryTimeout",
     .type = PARAM_DURATION,
     .offset = RE(each),
     .text = "never",
     .min = 1e-6,
     .max = 0,
     .help = "of one try",
     .source = "Envoy per_try_timeout"},
    {.name = "backoff",
     .type = PARAM_TABLE,
     .offset = RE(backoff),
     .table = retry_backoff,
     .help = "wait between tries"},
    {.name = "on",
     .type = PARAM_STRINGS,
     .offset = RE(on_causes),
     .text = "[connect_refused, connect_timeout, reset, overloaded, timeout]",
     .help = "causes that are tried again",
     .source = "Envoy retry_on: connect-failure, reset, gateway-error"},
    {0}};

static void release_retries(void *field)
{
    param_release(retries, field);
}

/* ---- the entry ---- */

#define LB(field) offsetof(struct raw_lb, field)

static const char *const places[] = {"proxy", "client", "gateway", NULL};

const struct param scenario_lb_table[] = {
    {.name = "service",
     .type = PARAM_STRING,
     .offset = LB(service),
     .required = true,
     .help = "[namespace/]name"},
    {.name = "strategy",
     .type = PARAM_CUSTOM,
     .offset = LB(strategy),
     .read = custom_keep,
     .print = custom_print_node,
     .required = true,
     .help = "as `podchurn list strategies` has them; or {NAME: {keys}}"},
    {.name = "at",
     .type = PARAM_ENUM,
     .offset = LB(at),
     .text = "proxy",
     .choices = places,
     .help = "who balances: the nodes' kube-proxies, a library or sidecar of "
             "each client, or the instances of a gateway"},
    {.name = "instances",
     .type = PARAM_INT,
     .offset = LB(instances),
     .text = "1",
     .min = 1,
     .max = 1e6,
     .help = "of a gateway; a request enters one at random"},
    {.name = "location",
     .type = PARAM_STRING,
     .offset = LB(location),
     .text = "nodes",
     .help = "of a gateway's instances: nodes, external, zone/NAME"},
    {.name = "level",
     .type = PARAM_STRING,
     .offset = LB(level),
     .help = "connection or request; absent: connection at proxy, else "
             "request"},
    {.name = "view",
     .type = PARAM_CUSTOM,
     .offset = LB(view),
     .read = custom_keep,
     .print = custom_print_node,
     .help = "of load: own counts; true: live queues (jsq's own); {delay: T}: "
             "as they were; {every: T}: as they were at the last multiple"},
    {.name = "discovery",
     .type = PARAM_TABLE,
     .offset = LB(gateway.discovery),
     .table = discovery,
     .help = "how a gateway or client learns of endpoints"},
    BLOCK("healthCheck", LB(gateway.health), scenario_health_table,
          "of endpoints, by each balancer; absent: none"),
    BLOCK("outlierDetection", LB(gateway.outlier), outlier,
          "endpoints whose requests fail are left out for a time; absent: "
          "none"),
    {.name = "panicThreshold",
     .type = PARAM_INT,
     .offset = LB(gateway.panic),
     .text = "50",
     .max = 100,
     .help = "percent: when fewer are healthy all are used; 0: never",
     .source = "Envoy healthy_panic_threshold"},
    {.name = "zones",
     .type = PARAM_TABLE,
     .offset = LB(gateway.zones),
     .table = zones,
     .help = "whether a balancer prefers its own zone"},
    BLOCK("circuitBreaker", LB(gateway.breaker), breaker,
          "bounds of each balancer; absent: none"),
    {.name = "retries",
     .type = PARAM_CUSTOM,
     .offset = LB(retries),
     .table = retries,
     .read = custom_block,
     .print = custom_print_block,
     .release = release_retries,
     .help = "by the gateway, beside the client's own; absent: none"},
    {.name = "connectTimeout",
     .type = PARAM_DURATION,
     .offset = LB(gateway.connect_timeout),
     .text = "5s",
     .min = 1e-6,
     .max = 0,
     .help = "of a gateway, to an endpoint",
     .source = "Envoy cluster.proto connect_timeout"},
    {0}};
