#include <stdlib.h>

#include "models/lb/lb.h"

/* A server's place in a queue; void once it has left it. */
struct ticket {
    pod_id pod;
    uint32_t number;
};

/* A balancer's queue of idle servers. */
struct jiq {
    VEC_OF(struct ticket) idle;
    size_t first;
};

/* What the group knows of a pod. */
struct server {
    uint32_t slot;   /* NO_ID: never seen in a set */
    uint32_t number; /* of its last ticket */
    bool queued;     /* in one balancer's queue */
};

struct jiq_group {
    VEC_OF(struct server) pods; /* by pod */
};

/* A server that has nothing to do tells one balancer, at random. */
static void join(struct lb_group *group, struct server *server, pod_id pod)
{
    uint64_t which = rng_below(&group->rng, group->members.count);
    struct jiq *queue = group->members.items[which]->state;

    server->queued = true;
    VEC_PUSH(queue->idle, ((struct ticket){pod, ++server->number}));
}

static void idle(struct lb_group *group, pod_id pod)
{
    struct jiq_group *g = group->state;
    struct server *server = pod < g->pods.count ? &g->pods.items[pod] : NULL;

    if (server && server->slot != NO_ID && !server->queued)
        join(group, server, pod);
}

/* Servers that are new, and idle, join. */
static void update(const struct lb_pick *pick)
{
    struct lb_group *group = pick->balancer->group;
    struct jiq_group *g = group ? group->state : NULL;
    const struct server unknown = {.slot = NO_ID};

    for (uint32_t i = 0; g && i < pick->count; i++) {
        const struct endpoint *e = &pick->endpoints[i];

        while (g->pods.count <= e->pod)
            VEC_PUSH(g->pods, unknown);
        if (g->pods.items[e->pod].slot != NO_ID)
            continue;
        g->pods.items[e->pod].slot = e->slot;
        if (lb_present(pick, i) == 0)
            join(group, &g->pods.items[e->pod], e->pod);
    }
}

static struct ticket take(struct jiq *queue)
{
    struct ticket ticket = queue->idle.items[queue->first++];

    if (queue->first == queue->idle.count)
        queue->first = queue->idle.count = 0;
    return ticket;
}

/* Nobody told this balancer that it is idle. The one that gets the request
 * may have told another, and is withdrawn there. */
static uint32_t at_random(const struct lb_pick *pick)
{
    uint32_t i = (uint32_t)rng_below(pick->rng, pick->count);
    struct lb_group *group = pick->balancer->group;
    struct jiq_group *g = group ? group->state : NULL;

    if (g && pick->endpoints[i].pod < g->pods.count)
        g->pods.items[pick->endpoints[i].pod].queued = false;
    return i;
}

static uint32_t pick_jiq(const struct lb_pick *pick)
{
    const struct lb_balancer *b = pick->balancer;
    struct jiq *queue = b->state;

    while (queue->idle.count > 0) {
        struct jiq_group *g = b->group->state;
        struct ticket ticket = take(queue);
        pod_id pod = ticket.pod;
        uint32_t slot = g->pods.items[pod].slot, i;

        if (!g->pods.items[pod].queued ||
            g->pods.items[pod].number != ticket.number)
            continue;
        g->pods.items[pod].queued = false;
        i = slot < b->slots ? b->index[slot] : NO_ID;
        if (i != NO_ID && pick->endpoints[i].pod == pod)
            return i;
    }
    return at_random(pick);
}

static void release(struct lb_balancer *b)
{
    struct jiq *queue = b->state;

    VEC_FREE(queue->idle);
}

static void group_release(void *state)
{
    struct jiq_group *g = state;

    VEC_FREE(g->pods);
}

const struct lb_strategy lb_jiq = {
    .name = "jiq",
    .unit = "request",
    .state = "a queue of servers that told this balancer that they are idle",
    .rule = "the idle server that told first; none: at random, which withdraws "
            "it elsewhere. A server that becomes idle tells one balancer, at "
            "random",
    .constants = "",
    .source = "Lu et al., Join-Idle-Queue (2011), JIQ-Random",
    .counts = true,
    .indexed = true,
    .state_size = sizeof(struct jiq),
    .group_size = sizeof(struct jiq_group),
    .pick = pick_jiq,
    .update = update,
    .idle = idle,
    .release = release,
    .group_release = group_release,
};
