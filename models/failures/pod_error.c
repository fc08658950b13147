/* The pod answers with errors, fast or slow as it would have answered. */
#include <stddef.h>

#include "models/failures/failure.h"
#include "models/traffic/server.h"

struct config {
    double rate;
};

static const struct param params[] = {
    {.name = "rate",
     .type = PARAM_RATIO,
     .offset = offsetof(struct config, rate),
     .text = "1",
     .min = 0,
     .max = 1,
     .help = "share of answers that are errors"},
    {0}};

static bool strike(struct simulation *s, uint32_t id, const void *config,
                   incident_id origin)
{
    const struct config *c = config;

    return server_fault_begin(s->servers, world_pod(s->world, id), FAULT_ERROR,
                              c->rate, origin);
}

static void mend(struct simulation *s, uint32_t id, const void *config,
                 incident_id origin)
{
    (void)config;
    server_fault_end(s->servers, world_pod(s->world, id), origin);
}

const struct failure_mode failure_pod_error = {
    .name = "error",
    .subject = SUBJECT_POD,
    .summary = "answers with errors, at a rate; its probes pass",
    .has_repair = true,
    .params = params,
    .config_size = sizeof(struct config),
    .strike = strike,
    .mend = mend,
};
