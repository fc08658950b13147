#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/metrics/measure.h"

/*
 * What the nodes' kube-proxies have programmed. Each Service keeps the
 * versions that some proxy routes by, how many do, and how many of their
 * usable endpoints cannot serve: so the number of stale tables is known at
 * all times, at a cost of a few steps for each proxy and change.
 */

static bool dead(const struct metrics *m, const struct endpoint *e)
{
    return e->pod >= m->pods.count || m->pods.items[e->pod].alive_ip != e->ip;
}

static uint32_t count_dead(const struct metrics *m,
                           const struct endpoint_set *set)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < set->usable; i++)
        count += dead(m, &set->endpoints[i]);
    return count;
}

/* --- versions in use --- */

static void let_go(struct row *row, uint64_t sequence)
{
    for (size_t i = row->held.count; i-- > 0;) {
        struct held_version *held = &row->held.items[i];

        if (held->sequence > sequence)
            continue;
        row->stale -= held->dead > 0;
        if (--held->proxies > 0)
            return;
        endpoint_set_release(held->set);
        row->held.count--;
        memmove(held, held + 1, (row->held.count - i) * sizeof *held);
        return;
    }
}

static void take_up(struct metrics *m, struct row *row, uint64_t sequence)
{
    struct endpoint_set *set =
        (struct endpoint_set *)world_endpoints_at(m->w, row->service, sequence);
    struct held_version new = {.sequence = set->sequence, .set = set};
    size_t i = row->held.count;

    if (set->sequence == 0)
        return; /* nothing was ever written */
    while (i > 0 && row->held.items[i - 1].sequence > set->sequence)
        i--;
    if (i == 0 || row->held.items[i - 1].sequence != set->sequence) {
        new.dead = count_dead(m, set);
        endpoint_set_retain(set);
        VEC_PUSH(row->held, new);
        memmove(row->held.items + i + 1, row->held.items + i,
                (row->held.count - 1 - i) * sizeof new);
        row->held.items[i++] = new;
    }
    row->held.items[i - 1].proxies++;
    row->stale += row->held.items[i - 1].dead > 0;
}

void proxies_drop(struct metrics *m, uint32_t i)
{
    struct row *row = &m->rows[i];

    for (size_t k = 0; k < row->held.count; k++)
        endpoint_set_release(row->held.items[k].set);
    row->held.count = 0;
    row->stale = 0;
}

/* --- proxies --- */

static struct proxy_track *proxy_of(struct metrics *m, node_id node)
{
    struct proxy_track empty = {0, sim_now(m->s->sim)};

    while (m->proxies.count <= node)
        VEC_PUSH(m->proxies, empty);
    return &m->proxies.items[node];
}

static void move(struct metrics *m, uint32_t i, uint64_t from, uint64_t to,
                 sim_time now)
{
    struct row *row = &m->rows[i];

    if (row->service == NO_ID)
        return;
    row_accrue(m, i, now);
    if (from > 0)
        let_go(row, from);
    if (to > 0)
        take_up(m, row, to);
}

/* Kubernetes' own metric: pkg/proxy/endpointschangetracker.go. */
static void add_exported(struct metrics *m, const struct version_log *version,
                         sim_time started, sim_time now)
{
    sim_time at = version->exported;

    if (at == SIM_NEVER || at > now || at <= started)
        return;
    FOR_SCOPES(m, scope, at)
    exported_add(&scope->cluster.exported, now, now - at);
}

/* A change from before the proxy's start is no news (Kubernetes v1.36
 * pkg/proxy/endpointschangetracker.go skips such trigger times too). */
static void add_latency(struct metrics *m, const struct version_log *version,
                        sim_time started, sim_time now)
{
    sim_time trigger = version->trigger;

    if (trigger == SIM_NEVER || trigger > now || trigger < started)
        return;
    FOR_SCOPES(m, scope, trigger)
    sketch_add(&scope->rows[version->row].programming, now - trigger);
}

void metrics_on_programmed(void *self, node_id node, uint64_t from, uint64_t to)
{
    struct metrics *m = self;
    sim_time now = sim_now(m->s->sim);
    struct proxy_track *proxy = proxy_of(m, node);

    if (m->over)
        return;
    metrics_reach(m, now);
    from = proxy->programmed;
    proxy->programmed = to;
    m->mark++;
    for (uint64_t k = from; k < to && k < m->versions.count; k++) {
        const struct version_log *version = &m->versions.items[k];

        if (version->row == NO_ROW)
            continue;
        add_latency(m, version, proxy->started, now);
        add_exported(m, version, proxy->started, now);
        if (m->rows[version->row].mark != m->mark)
            move(m, version->row, from, to, now);
        m->rows[version->row].mark = m->mark;
    }
}

/* A node that is down routes nothing; when it is back its proxy begins with
 * an empty table. */
void proxies_on_node(struct metrics *m, const struct world_change *change)
{
    struct proxy_track *proxy = proxy_of(m, change->id);
    sim_time now = sim_now(m->s->sim);

    if (change->what != WHAT_DELETED && change->what != WHAT_UP)
        return;
    for (size_t i = 0; i < m->row_count && proxy->programmed > 0; i++)
        move(m, (uint32_t)i, proxy->programmed, 0, now);
    proxy->programmed = 0;
    proxy->started = now;
}

/* --- pods --- */

static uint32_t named(const struct endpoint_set *set, pod_id pod, uint32_t ip)
{
    for (uint32_t i = 0; i < set->usable; i++) {
        if (set->endpoints[i].pod == pod && set->endpoints[i].ip == ip)
            return 1;
    }
    return 0;
}

void proxies_alive(struct metrics *m, uint32_t i, pod_id pod, uint32_t before,
                   uint32_t after, sim_time now)
{
    struct row *row = &m->rows[i];

    row_accrue(m, i, now);
    for (size_t k = 0; k < row->held.count; k++) {
        struct held_version *held = &row->held.items[k];
        bool stale = held->dead > 0;

        if (before)
            held->dead += named(held->set, pod, before);
        if (after)
            held->dead -= named(held->set, pod, after);
        if (stale != (held->dead > 0))
            row->stale += stale ? -held->proxies : held->proxies;
    }
}
