/*
 * spec.cluster.dns and spec.traffic[].resolver: keys, defaults, sources.
 */
#include <stddef.h>
#include <string.h>

#include "models/scenario_internal.h"
#include "sim/io/units.h"

/* ---- how long a resolver keeps answers ---- */

enum { HONOURS_TTL = -1, AS_CLUSTER = -2 };

static const struct {
    const char *word;
    sim_time time;
} words[] = {{"none", 0},
             {"ttl", HONOURS_TTL},
             {"forever", SIM_NEVER},
             {"cluster", AS_CLUSTER}};
enum { WORDS = sizeof words / sizeof words[0] };

/* Of spec.cluster.dns, the cluster's own are no answer. */
static bool allows(const struct param *param, sim_time time)
{
    return time != AS_CLUSTER || strcmp(param->text, "cluster") == 0;
}

static bool read_cache(const struct param *param, void *field,
                       struct doc_node *node, struct diag *diag)
{
    sim_time *out = field;

    for (size_t i = 0; node->kind == DOC_SCALAR && i < WORDS; i++) {
        if (strcmp(node->text, words[i].word) == 0 &&
            allows(param, words[i].time)) {
            *out = words[i].time;
            return true;
        }
    }
    return (node->kind == DOC_SCALAR && units_duration(node->text, out) &&
            *out >= 0) ||
           reader_wrong(node, "none, ttl, forever or a duration", diag);
}

static void print_cache(const struct param *param, const void *field, FILE *out,
                        int indent)
{
    sim_time time = *(const sim_time *)field;
    char buffer[32];

    (void)param;
    (void)indent;
    for (size_t i = 0; i < WORDS; i++) {
        if (words[i].time == time) {
            fprintf(out, "%s\n", words[i].word);
            return;
        }
    }
    fprintf(out, "%s\n", units_format_duration(time, buffer, sizeof buffer));
}

/* A duration, or the word of the default: as that other key says. */
static bool read_other(const struct param *param, void *field,
                       struct doc_node *node, struct diag *diag)
{
    sim_time *out = field;
    char expected[64];

    if (node->kind == DOC_SCALAR && strcmp(node->text, param->text) == 0) {
        *out = -1;
        return true;
    }
    snprintf(expected, sizeof expected, "'%s' or a duration", param->text);
    return (node->kind == DOC_SCALAR && units_duration(node->text, out) &&
            *out >= 0) ||
           reader_wrong(node, expected, diag);
}

static void print_other(const struct param *param, const void *field, FILE *out,
                        int indent)
{
    sim_time time = *(const sim_time *)field;
    char buffer[32];

    (void)indent;
    fprintf(out, "%s\n",
            time < 0 ? param->text
                     : units_format_duration(time, buffer, sizeof buffer));
}

/* ---- spec.cluster.dns ---- */

#define NODE_LOCAL(field) offsetof(struct node_local_params, field)
#define NODE_COREFILE                                                          \
    "cluster/addons/dns/nodelocaldns/nodelocaldns.yaml, Corefile"

static const struct param node_local[] = {
    {.name = "successTTL",
     .type = PARAM_DURATION,
     .offset = NODE_LOCAL(success_ttl),
     .text = "30s",
     .help = "answers are kept at most so long",
     .source = NODE_COREFILE},
    {.name = "denialTTL",
     .type = PARAM_DURATION,
     .offset = NODE_LOCAL(denial_ttl),
     .text = "5s",
     .help = "those without address at most so long",
     .source = NODE_COREFILE},
    {.name = "loadbalance",
     .type = PARAM_BOOL,
     .offset = NODE_LOCAL(loadbalance),
     .text = "false",
     .help = "answers come in random order; else as kept",
     .source = NODE_COREFILE ": has no loadbalance"},
    {.name = "latency",
     .type = PARAM_DIST,
     .offset = NODE_LOCAL(latency),
     .text = "{lognormal: {median: 100us, p99: 1ms}}",
     .help = "of a look-up at the node, beside the servers' for what it has "
             "not got",
     .source = "our choice"},
    {0}};

#define DNS(field) offsetof(struct dns_params, field)
#define COREFILE   "kubeadm's Corefile"

const struct param scenario_dns_table[] = {
    {.name = "ttl",
     .type = PARAM_DURATION,
     .offset = DNS(ttl),
     .text = "30s",
     .help = "of records",
     .source = COREFILE},
    {.name = "denialTTL",
     .type = PARAM_CUSTOM,
     .offset = DNS(denial_ttl),
     .text = "ttl",
     .read = read_other,
     .print = print_other,
     .help = "of answers without address: ttl or a duration",
     .source = "CoreDNS plugin/kubernetes MinTTL"},
    {.name = "cache",
     .type = PARAM_BOOL,
     .offset = DNS(cache),
     .text = "true",
     .help = "the servers keep answers",
     .source = COREFILE},
    {.name = "cacheTTL",
     .type = PARAM_DURATION,
     .offset = DNS(cache_ttl),
     .text = "30s",
     .help = "and for so long",
     .source = COREFILE},
    {.name = "cacheDenialTTL",
     .type = PARAM_CUSTOM,
     .offset = DNS(cache_denial_ttl),
     .text = "cacheTTL",
     .read = read_other,
     .print = print_other,
     .help = "those without address: cacheTTL or a duration",
     .source = "CoreDNS plugin/cache: `cache 30` sets both"},
    {.name = "loadbalance",
     .type = PARAM_BOOL,
     .offset = DNS(loadbalance),
     .text = "true",
     .help = "answers come in random order; else in the EndpointSlices'",
     .source = COREFILE ": loadbalance"},
    {.name = "nodeLocal",
     .type = PARAM_CUSTOM,
     .offset = DNS(node_local),
     .table = node_local,
     .read = custom_block,
     .print = custom_print_block,
     .help = "NodeLocal DNSCache: a cache on each node before the servers; "
             "true or {keys}; absent: none"},
    {.name = "clientCache",
     .type = PARAM_CUSTOM,
     .offset = DNS(client_cache),
     .text = "none",
     .read = read_cache,
     .print = print_cache,
     .help = "clients keep answers: none, ttl, forever or a duration",
     .source = "glibc keeps none"},
    {.name = "latency",
     .type = PARAM_DIST,
     .offset = DNS(latency),
     .text = "{lognormal: {median: 500us, p99: 5ms}}",
     .help = "of a look-up that no cache answers"},
    {.name = "servers",
     .type = PARAM_INT,
     .offset = DNS(servers),
     .text = "2",
     .min = 1,
     .max = 10000,
     .help = "each with its own cache",
     .source = "kubeadm runs two replicas of CoreDNS"},
    {0}};

/* ---- spec.traffic[].resolver ---- */

#define RE(field)   offsetof(struct raw_resolver, field)
#define RESOLV_CONF "resolv.conf(5)"

static const char *const takes[] = {"all", "first", NULL};
static const char *const asks[] = {"connect", "afterLoss", NULL};

const struct param scenario_resolver_table[] = {
    {.name = "cache",
     .type = PARAM_CUSTOM,
     .offset = RE(cache),
     .text = "cluster",
     .read = read_cache,
     .print = print_cache,
     .help = "it keeps answers: none, ttl, forever or a duration; cluster: "
             "as cluster.dns.clientCache"},
    {.name = "negativeTTL",
     .type = PARAM_DURATION,
     .offset = RE(negative),
     .text = "10s",
     .help = "no address: at most so long, where `cache` is a duration or "
             "forever",
     .source = "Java runtime, networkaddress.cache.negative.ttl"},
    {.name = "take",
     .type = PARAM_ENUM,
     .offset = RE(take),
     .text = "all",
     .choices = takes,
     .help = "any address of the answer for each connection, or its first"},
    {.name = "ask",
     .type = PARAM_ENUM,
     .offset = RE(ask),
     .text = "connect",
     .choices = asks,
     .help = "for each new connection, or afterLoss: once, and again when a "
             "connection has ended, as gRPC does",
     .source = "grpc-go clientconn.go, resolveNow"},
    {.name = "minInterval",
     .type = PARAM_DURATION,
     .offset = RE(min_interval),
     .text = "30s",
     .help = "of ask: afterLoss, from one look-up to the next",
     .source = "grpc-go internal/resolver/dns, MinResolutionInterval"},
    {.name = "timeout",
     .type = PARAM_DURATION,
     .offset = RE(timeout),
     .text = "5s",
     .min = 1e-9,
     .max = 86400,
     .help = "of one try that nobody answers",
     .source = RESOLV_CONF},
    {.name = "attempts",
     .type = PARAM_INT,
     .offset = RE(attempts),
     .text = "2",
     .min = 1,
     .max = 1000,
     .help = "tries",
     .source = RESOLV_CONF},
    {0}};

struct resolver_spec scenario_resolver(const struct raw_resolver *raw,
                                       const struct dns_params *dns)
{
    struct raw_resolver absent = {.on = false};

    if (!raw->on) {
        param_defaults(scenario_resolver_table, &absent, 0);
        raw = &absent;
    }
    return (struct resolver_spec){
        .cache = raw->cache == AS_CLUSTER ? dns->client_cache : raw->cache,
        .negative = raw->negative,
        .take = raw->take,
        .ask = raw->ask,
        .min_interval = raw->min_interval,
        .timeout = raw->timeout,
        .attempts = raw->attempts};
}
