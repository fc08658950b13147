/*
 * spec.traffic[].connections: perRequest, or {pool: {keys}}.
 */
#include <stddef.h>
#include <string.h>

#include "models/scenario_internal.h"
#include "sim/io/units.h"

#define PO(field) offsetof(struct raw_connections, field)

static const struct param pool_table[] = {
    {.name = "size",
     .type = PARAM_INT,
     .offset = PO(size),
     .text = "2",
     .min = 1,
     .max = 1e6,
     .help = "connections of each client; with level request, to each pod",
     .source = "Go net/http DefaultMaxIdleConnsPerHost"},
    {.name = "streams",
     .type = PARAM_LIMIT,
     .offset = PO(streams),
     .text = "1",
     .min = 1,
     .max = 1e9,
     .help = "requests at once on each; above 1: HTTP/2, gRPC"},
    {.name = "idleTimeout",
     .type = PARAM_DURATION,
     .offset = PO(idle_timeout),
     .text = "90s",
     .min = 1e-9,
     .max = 0,
     .help = "the client closes it after so long without a request",
     .source = "Go net/http DefaultTransport"},
    {.name = "maxRequests",
     .type = PARAM_LIMIT,
     .offset = PO(max_requests),
     .text = "unlimited",
     .min = 1,
     .max = 1e15,
     .help = "on one connection"},
    {.name = "maxAge",
     .type = PARAM_DURATION,
     .offset = PO(max_age),
     .text = "never",
     .min = 1e-9,
     .max = 0,
     .help = "of a connection, +-10 %",
     .source = "gRPC MAX_CONNECTION_AGE"},
    {0}};

/* No row's default depends on the version. */
enum { ANY_MINOR = 0 };

bool custom_connections(const struct param *param, void *field,
                        struct doc_node *node, struct diag *diag)
{
    struct raw_connections *out = field;
    struct doc_node *pool = doc_get(node, "pool");

    (void)param;
    param_defaults(pool_table, out, ANY_MINOR);
    out->on = false;
    if (node->kind == DOC_SCALAR && strcmp(node->text, "perRequest") == 0)
        return true;
    if (node->kind == DOC_SCALAR && strcmp(node->text, "pool") == 0) {
        out->on = true;
        return true;
    }
    if (!pool || node->count != 1 ||
        (pool->kind != DOC_MAPPING && pool->kind != DOC_NULL)) {
        doc_use_all(node);
        diag_error(diag, node->place,
                   "expected perRequest or {pool: {keys}} for 'connections'");
        return false;
    }
    out->on = true;
    return pool->kind == DOC_NULL ||
           param_read(pool_table, out, pool, ANY_MINOR, diag);
}

static void print_limit(const char *name, int64_t limit, FILE *out)
{
    if (limit == INT64_MAX)
        fprintf(out, "%s: unlimited, ", name);
    else
        fprintf(out, "%s: %lld, ", name, (long long)limit);
}

void custom_print_connections(const struct param *param, const void *field,
                              FILE *out, int indent)
{
    const struct raw_connections *pool = field;
    char idle[32], age[32];

    (void)param;
    (void)indent;
    if (!pool->on) {
        fputs("perRequest\n", out);
        return;
    }
    fputs("{pool: {", out);
    print_limit("size", pool->size, out);
    print_limit("streams", pool->streams, out);
    print_limit("maxRequests", pool->max_requests, out);
    fprintf(out, "idleTimeout: %s, maxAge: %s}}\n",
            units_format_duration(pool->idle_timeout, idle, sizeof idle),
            units_format_duration(pool->max_age, age, sizeof age));
}

struct pool_spec scenario_connections(const struct raw_connections *raw)
{
    return (struct pool_spec){.on = raw->on,
                              .size = raw->size,
                              .streams = raw->streams,
                              .max_requests = raw->max_requests,
                              .idle_timeout = raw->idle_timeout,
                              .max_age = raw->max_age};
}
