#include "models/network/conntrack.h"

#include <stdlib.h>

/* Since when kube-proxy compares all entries with what serves. */
enum { RECONCILE_MINOR = 32 };
/* Since when a stream has its own time-out (nf_conntrack_proto_udp.c). */
static const sim_time stream_after = 2 * SIM_S;

/* --- the table --- */

static uint32_t *place_of(const struct conntrack *c, node_id node,
                          uint64_t client, uint32_t socket)
{
    size_t i =
        (size_t)rng_mix(client, (uint64_t)node << 32 | socket) & (c->room - 1);

    for (; c->index[i] != 0; i = (i + 1) & (c->room - 1)) {
        const struct conntrack_entry *e = &c->entries.items[c->index[i] - 1];

        if (e->node == node && e->client == client && e->socket == socket)
            break;
    }
    return &c->index[i];
}

static void grow(struct conntrack *c)
{
    free(c->index);
    c->room = c->room ? 2 * c->room : 16;
    c->index = mem_calloc(c->room, sizeof *c->index);
    for (size_t i = 0; i < c->entries.count; i++) {
        const struct conntrack_entry *e = &c->entries.items[i];

        *place_of(c, e->node, e->client, e->socket) = (uint32_t)(i + 1);
    }
}

uint32_t conntrack_find(struct conntrack *c, node_id node, uint64_t client,
                        uint32_t socket)
{
    struct conntrack_entry new = {
        .client = client, .node = node, .socket = socket, .ends = -1};
    uint32_t *place;

    if (2 * (c->entries.count + 1) > c->room)
        grow(c);
    place = place_of(c, node, client, socket);
    if (*place == 0) {
        VEC_PUSH(c->entries, new);
        *place = (uint32_t)c->entries.count;
    }
    return *place - 1;
}

void conntrack_release(struct conntrack *c)
{
    VEC_FREE(c->entries);
    free(c->index);
    c->index = NULL;
    c->room = 0;
}

/* --- what kube-proxy deletes --- */

static bool serves(const struct endpoint *e)
{
    return e->flags & (ENDPOINT_SERVING | ENDPOINT_READY);
}

bool conntrack_keeps(const struct conntrack_params *p,
                     const struct endpoint_set *set,
                     const struct endpoint *endpoint, bool missed)
{
    bool any = false;

    for (uint32_t i = 0; i < set->count; i++) {
        const struct endpoint *e = &set->endpoints[i];

        if (!serves(e))
            continue;
        if (e->pod == endpoint->pod && e->ip == endpoint->ip)
            return true;
        any = true;
    }
    if (p->ipvs)
        return false;
    return p->minor >= RECONCILE_MINOR ? !any : missed;
}

/* --- packets --- */

static void refresh(struct conntrack_entry *e, const struct conntrack_params *p,
                    sim_time now)
{
    bool stream = e->replied && now - e->begun > stream_after;

    e->ends = now + (stream ? p->stream : p->unreplied);
}

const struct endpoint *conntrack_follow(struct conntrack *c, uint32_t entry,
                                        const struct conntrack_params *p,
                                        const struct endpoint_set *set,
                                        uint32_t boot, sim_time now)
{
    struct conntrack_entry *e = &c->entries.items[entry];

    if (e->ends < now || e->boot != boot)
        return NULL;
    if (e->checked != set->sequence) {
        if (!conntrack_keeps(p, set, &e->endpoint, e->missed))
            return NULL;
        e->checked = set->sequence;
    }
    refresh(e, p, now);
    return &e->endpoint;
}

void conntrack_begin(struct conntrack *c, uint32_t entry,
                     const struct conntrack_params *p,
                     const struct endpoint *endpoint, uint64_t version,
                     uint32_t boot, sim_time now)
{
    struct conntrack_entry *e = &c->entries.items[entry];

    e->endpoint = *endpoint;
    e->checked = version;
    e->boot = boot;
    e->begun = now;
    e->replied = e->missed = false;
    refresh(e, p, now);
}

void conntrack_answered(struct conntrack *c, uint32_t entry)
{
    c->entries.items[entry].replied = true;
}

void conntrack_restart(struct conntrack *c, node_id node,
                       const struct conntrack_params *p,
                       const struct endpoint_set *set, bool started)
{
    for (size_t i = 0; i < c->entries.count; i++) {
        struct conntrack_entry *e = &c->entries.items[i];

        if (e->node != node || e->ends < 0 || e->checked == set->sequence)
            continue;
        /* What it did before it stopped is done; what ceased to serve since
         * is not in what it remembers. */
        if (started && !conntrack_keeps(p, set, &e->endpoint, false))
            e->missed = true;
        if (!conntrack_keeps(p, set, &e->endpoint, e->missed))
            e->ends = -1;
        e->checked = set->sequence;
    }
}
