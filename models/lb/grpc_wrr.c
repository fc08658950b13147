#include <math.h>
#include <stdlib.h>

#include "models/lb/lb.h"
#include "models/lb/stride.h"

struct config {
    sim_time blackout, expiry, update;
    double penalty;
};

struct grpc_wrr {
    uint16_t *scaled;
    double *weights;
    bool strided;
    uint32_t sequence;
    sim_time next; /* when weights are looked at again */
};

/* What a server counts, of the requests of all its clients: sums that fade,
 * of requests, failed ones, and how busy it was after each. */
struct meter {
    pod_id pod;
    sim_time begun, at;
    double requests, failed, busy;
};

struct grpc_group {
    VEC_OF(struct meter) meters; /* by slot */
};

static const sim_time meter_decay = 10 * SIM_S;

static const struct param params[] = {
    {.name = "blackoutPeriod",
     .type = PARAM_DURATION,
     .offset = offsetof(struct config, blackout),
     .text = "10s",
     .help = "reports count once they have come for so long",
     .source = "gRFC A58"},
    {.name = "weightExpirationPeriod",
     .type = PARAM_DURATION,
     .offset = offsetof(struct config, expiry),
     .text = "3m",
     .help = "a weight is void when no report came for so long",
     .source = "gRFC A58"},
    {.name = "weightUpdatePeriod",
     .type = PARAM_DURATION,
     .offset = offsetof(struct config, update),
     .text = "1s",
     .help = "how often weights are looked at",
     .source = "gRFC A58",
     .min = 0.1,
     .max = 86400},
    {.name = "errorUtilizationPenalty",
     .type = PARAM_DOUBLE,
     .offset = offsetof(struct config, penalty),
     .text = "1",
     .help = "share of errors that counts as so much utilization",
     .source = "gRFC A58",
     .max = 1000},
    {0}};

/* The server's report with an answer: over about the last 10 s. */
static double report(struct lb_balancer *b, const struct lb_end *end)
{
    const struct config *config = b->config;
    struct lb_group *group = b->group;
    struct grpc_group *g = group->state;
    const struct meter fresh = {.pod = NO_ID};
    double share, seconds, servers = group->servers(group->self, end->pod);
    struct meter *m;

    while (g->meters.count <= end->slot)
        VEC_PUSH(g->meters, fresh);
    m = &g->meters.items[end->slot];
    if (m->pod != end->pod)
        *m = (struct meter){
            .pod = end->pod, .begun = end->now - end->latency, .at = end->now};
    share = exp(-(double)(end->now - m->at) / (double)meter_decay);
    m->at = end->now;
    m->requests = m->requests * share + 1;
    m->failed = m->failed * share + (end->result != LB_OK);
    m->busy = m->busy * share +
              fmin(1, (double)group->present(group->self, end->pod) / servers);
    seconds = sim_to_seconds(meter_decay) *
              (1 - exp(-(double)(end->now - m->begun) / (double)meter_decay));
    if (seconds <= 0)
        return 0;
    return stride_weight(m->requests / seconds, m->busy / m->requests,
                         m->failed / seconds, config->penalty);
}

static void done(struct lb_balancer *b, const struct lb_end *end)
{
    if (b->group && b->group->present && b->group->servers &&
        (end->result == LB_OK || end->result == LB_ERROR ||
         end->result == LB_BUSY))
        stride_tell(lb_slot_of(b, end->slot), report(b, end), end->now);
}

static void look(const struct lb_pick *pick)
{
    const struct config *config = pick->balancer->config;
    struct grpc_wrr *g = pick->balancer->state;

    for (uint32_t i = 0; i < pick->count; i++)
        g->weights[i] = stride_told_weight(lb_slot(pick, i), config->blackout,
                                           config->expiry, pick->now);
    g->strided = stride_scale(g->weights, pick->count, g->scaled);
    g->next = pick->now + config->update;
}

/* Each set begins anywhere (grpc-go: a picker's random sequence number). */
static void update(const struct lb_pick *pick)
{
    struct grpc_wrr *g = pick->balancer->state;

    g->sequence = (uint32_t)rng_u64(pick->rng);
    g->scaled = mem_realloc(g->scaled, pick->count, sizeof *g->scaled);
    g->weights = mem_realloc(g->weights, pick->count, sizeof *g->weights);
    look(pick);
}

static uint32_t pick_grpc_wrr(const struct lb_pick *pick)
{
    struct grpc_wrr *g = pick->balancer->state;

    if (pick->now >= g->next)
        look(pick);
    return stride_next(g->strided ? g->scaled : NULL, pick->count,
                       &g->sequence);
}

static void release(struct lb_balancer *b)
{
    struct grpc_wrr *g = b->state;

    free(g->scaled);
    free(g->weights);
}

static void group_release(void *state)
{
    struct grpc_group *g = state;

    VEC_FREE(g->meters);
}

const struct lb_strategy lb_grpc_wrr = {
    .name = "grpc-wrr",
    .unit = "request",
    .state = "what servers report with each answer: requests/s, errors/s, "
             "utilization (ORCA)",
    .rule = "static stride by weights requests/s / (utilization + share of "
            "errors x penalty); in turn while fewer than two have one",
    .constants = "blackout 10 s; expiry 3 min; update 1 s; penalty 1; "
                 "servers average over 10 s",
    .source = "gRFC A58; grpc-go balancer/weightedroundrobin",
    .counts = true,
    .config_size = sizeof(struct config),
    .params = params,
    .state_size = sizeof(struct grpc_wrr),
    .slot_size = sizeof(struct stride_told),
    .group_size = sizeof(struct grpc_group),
    .pick = pick_grpc_wrr,
    .update = update,
    .done = done,
    .release = release,
    .group_release = group_release,
};
