/*
 * What clients ask, and how: keys, defaults, meaning.
 */
#include <stddef.h>

#include "models/scenario_internal.h"

#define TR(field) offsetof(struct raw_traffic, field)
#define RT(field) offsetof(struct raw_retries, field)
#define HE(field) offsetof(struct raw_hedge, field)
#define AS(field) offsetof(struct raw_asking, field)

static const char *const accesses[] = {"service", "headless", "podIP", NULL};
static const char *const resolutions[] = {"request", "fluid", "auto", NULL};

static const struct param backoff[] = {
    {.name = "base",
     .type = PARAM_DURATION,
     .offset = offsetof(struct raw_backoff, base),
     .text = "25ms",
     .min = 0,
     .max = 86400,
     .help = "wait before retry k: uniform(0, base 2^k)",
     .source = "Envoy's default"},
    {.name = "max",
     .type = PARAM_DURATION,
     .offset = offsetof(struct raw_backoff, max),
     .text = "250ms",
     .min = 0,
     .max = 86400,
     .help = "at most",
     .source = "Envoy's default"},
    {0}};

static const struct param retries[] = {
    {.name = "max",
     .type = PARAM_INT,
     .offset = RT(max),
     .text = "0",
     .max = 1e6,
     .help = "tries after the first"},
    {.name = "backoff",
     .type = PARAM_TABLE,
     .offset = RT(backoff),
     .table = backoff,
     .help = "wait between tries"},
    {.name = "budget",
     .type = PARAM_CUSTOM,
     .offset = RT(budget),
     .text = "none",
     .read = custom_budget,
     .print = custom_print_budget,
     .help = "retries in flight / requests in flight; at least 3 allowed"},
    {.name = "on",
     .type = PARAM_STRINGS,
     .offset = RT(on),
     .text = "[no_endpoints, dns, connect_refused, connect_timeout, reset, "
             "overloaded, timeout, misrouted, circuit_open]",
     .help = "causes that are tried again"},
    {0}};

static const struct param hedge[] = {
    {.name = "after",
     .type = PARAM_DURATION,
     .offset = HE(after),
     .text = "50ms",
     .min = 0,
     .max = 86400,
     .help = "the next attempt, so long after the one before",
     .source = "gRFC A6 hedgingDelay"},
    {.name = "max",
     .type = PARAM_INT,
     .offset = HE(max),
     .text = "2",
     .min = 2,
     .max = 100,
     .help = "attempts in all, the first included",
     .source = "gRFC A6 maxAttempts"},
    {.name = "budget",
     .type = PARAM_CUSTOM,
     .offset = HE(budget),
     .text = "none",
     .read = custom_budget,
     .print = custom_print_budget,
     .help = "hedges in flight / requests in flight; at least 3 allowed"},
    {.name = "on",
     .type = PARAM_STRINGS,
     .offset = HE(on_causes),
     .text = "[no_endpoints, dns, connect_refused, connect_timeout, reset, "
             "overloaded, timeout, misrouted, circuit_open]",
     .help = "causes after which the next goes at once; others end the request",
     .source = "gRFC A6 nonFatalStatusCodes"},
    {0}};

static void release_hedge(void *field)
{
    param_release(hedge, field);
}

static const struct param clients[] = {
    {.name = "count",
     .type = PARAM_INT,
     .offset = offsetof(struct raw_clients, count),
     .text = "20",
     .min = 1,
     .max = 1e7,
     .help = "how many"},
    {.name = "location",
     .type = PARAM_CUSTOM,
     .offset = offsetof(struct raw_clients, location),
     .text = "nodes",
     .read = custom_location,
     .print = custom_print_location,
     .help = "nodes, external, zone/NAME or {pods: {labels}}"},
    {0}};

/* Of whoever asks: a traffic entry, a call. */
#define ASKING_ROWS(at)                                                        \
    {.name = "access",                                                         \
     .type = PARAM_ENUM,                                                       \
     .offset = (at) + AS(access),                                              \
     .text = "service",                                                        \
     .choices = accesses,                                                      \
     .help = "by virtual IP, by name, or by addresses of pods"},               \
        {.name = "connections",                                                \
         .type = PARAM_CUSTOM,                                                 \
         .offset = (at) + AS(pool),                                            \
         .text = "perRequest",                                                 \
         .read = custom_connections,                                           \
         .print = custom_print_connections,                                    \
         .help =                                                               \
             "perRequest or {pool: {size: 2, streams: 1, idleTimeout: 90s, "   \
             "maxRequests: unlimited, maxAge: never}}, of each client"},       \
        {.name = "pod",                                                        \
         .type = PARAM_STRING,                                                 \
         .offset = (at) + AS(pod),                                             \
         .help = "with access headless: POD.SERVICE, the name of one pod of "  \
                 "a StatefulSet; absent: the Service's"},                      \
        {.name = "resolver",                                                   \
         .type = PARAM_CUSTOM,                                                 \
         .offset = (at) + AS(resolver),                                        \
         .table = scenario_resolver_table,                                     \
         .read = custom_block,                                                 \
         .print = custom_print_block,                                          \
         .help = "how clients look names up; absent: as cluster.dns says, "    \
                 "and virtual IPs are known"},                                 \
        {.name = "connectTimeout",                                             \
         .type = PARAM_DURATION,                                               \
         .offset = (at) + AS(connect_timeout),                                 \
         .min = 1e-9,                                                          \
         .max = 0,                                                             \
         .help = "of one attempt; absent: as timeout"},                        \
        {.name = "timeout",                                                    \
         .type = PARAM_DURATION,                                               \
         .offset = (at) + AS(timeout),                                         \
         .text = "1s",                                                         \
         .min = 1e-9,                                                          \
         .max = 0,                                                             \
         .help = "of one attempt, connect included"},                          \
        {.name = "deadline",                                                   \
         .type = PARAM_DURATION,                                               \
         .offset = (at) + AS(deadline),                                        \
         .text = "never",                                                      \
         .min = 1e-9,                                                          \
         .max = 0,                                                             \
         .help = "over the whole request"},                                    \
        {.name = "retries",                                                    \
         .type = PARAM_TABLE,                                                  \
         .offset = (at) + AS(retries),                                         \
         .table = retries,                                                     \
         .help = "of failed attempts"},                                        \
    {                                                                          \
        .name = "hedge", .type = PARAM_CUSTOM, .offset = (at) + AS(hedge),     \
        .table = hedge, .read = custom_block, .print = custom_print_block,     \
        .release = release_hedge,                                              \
        .help =                                                                \
            "attempts beside each other, in place of retries; absent: none"    \
    }

const struct param scenario_traffic_table[] = {
    {.name = "name",
     .type = PARAM_STRING,
     .offset = TR(name),
     .help = "in results; absent: the Service's"},
    {.name = "service",
     .type = PARAM_STRING,
     .offset = TR(service),
     .required = true,
     .help = "[namespace/]name[:port]"},
    {.name = "arrivals",
     .type = PARAM_CUSTOM,
     .offset = TR(arrivals),
     .text = "{poisson: {rate: 100/s}}",
     .read = custom_arrivals,
     .print = custom_print_arrivals,
     .release = custom_release_arrivals,
     .help = "of requests, the sum over all clients: {poisson: {rate}}, "
             "{constant: {rate}}, {mmpp: {states: [{rate, sojourn}]}}, "
             "{profile: {points: [{at, rate}], period}}, {profile: {file, "
             "columns, period}}, {trace: {file, columns, where, origin}}, "
             "{closed: {thinkTime}}"},
    {.name = "clients",
     .type = PARAM_TABLE,
     .offset = TR(clients),
     .table = clients,
     .help = "who asks, from where"},
    ASKING_ROWS(TR(ask)),
    {.name = "resolution",
     .type = PARAM_ENUM,
     .offset = TR(resolution),
     .text = "request",
     .choices = resolutions,
     .help = "each request is simulated"},
    {0}};

#define CA(field) offsetof(struct raw_call, field)

const struct param scenario_call_table[] = {
    {.name = "service",
     .type = PARAM_STRING,
     .offset = CA(service),
     .required = true,
     .help = "[namespace/]name[:port]"},
    {.name = "name",
     .type = PARAM_STRING,
     .offset = CA(name),
     .help = "in results, as traffic; absent: CALLER-to-SERVICE"},
    {.name = "probability",
     .type = PARAM_RATIO,
     .offset = CA(probability),
     .text = "1",
     .max = 1,
     .help = "that a request makes it"},
    {.name = "parallel",
     .type = PARAM_BOOL,
     .offset = CA(parallel),
     .text = "false",
     .help = "it begins with the one before it, not after it"},
    ASKING_ROWS(CA(ask)),
    {0}};
