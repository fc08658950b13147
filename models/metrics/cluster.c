#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/metrics/measure.h"

/* --- a set of addresses --- */

static size_t slot_of(const struct ip_set *set, uint32_t ip)
{
    size_t i = (ip * UINT32_C(2654435761)) & (set->room - 1);

    while (set->slots[i] && set->slots[i] != ip)
        i = (i + 1) & (set->room - 1);
    return i;
}

static void grow(struct ip_set *set)
{
    struct ip_set old = *set;

    set->room = old.room ? 2 * old.room : 64;
    set->slots = mem_calloc(set->room, sizeof *set->slots);
    for (size_t i = 0; i < old.room; i++) {
        if (old.slots[i])
            set->slots[slot_of(set, old.slots[i])] = old.slots[i];
    }
    free(old.slots);
}

void ip_set_add(struct ip_set *set, uint32_t ip)
{
    size_t i;

    assert(ip);
    if (2 * set->count >= set->room)
        grow(set);
    i = slot_of(set, ip);
    set->count += set->slots[i] == 0;
    set->slots[i] = ip;
}

void ip_set_release(struct ip_set *set)
{
    free(set->slots);
    memset(set, 0, sizeof *set);
}

void cluster_scope_begins(struct metrics *m, struct scope *scope)
{
    for (size_t i = 0; i < m->w->pods.count; i++) {
        const struct pod *pod = world_pod(m->w, (pod_id)i);

        if (pod && pod->sandbox_ip)
            ip_set_add(&scope->cluster.ips, pod->sandbox_ip);
    }
}

/* --- integrals --- */

/* Of pods that the scheduler has tried in vain, since the last call. Without
 * a scheduler: of all that have no node. Whole numbers, so that the sum does
 * not depend on who looked when. */
static struct pod_time waited(struct metrics *m, sim_time since, sim_time now)
{
    struct pod_time sum, part;

    if (!m->s->scheduler)
        return (struct pod_time){m->unbound * ((now - since) / SIM_S),
                                 m->unbound * ((now - since) % SIM_S)};
    sum = scheduler_waited(m->s->scheduler, now);
    part = (struct pod_time){sum.seconds - m->waited.seconds,
                             sum.ns - m->waited.ns};
    m->waited = sum;
    return part;
}

void cluster_accrue(struct metrics *m, sim_time now)
{
    sim_time since = m->cluster_since;
    double dt = sim_to_seconds(now - since);
    struct pod_time part;

    if (now == since)
        return;
    m->cluster_since = now;
    part = waited(m, since, now);
    FOR_SCOPES(m, scope, since)
    {
        scope->cluster.waited.seconds += part.seconds;
        scope->cluster.waited.ns += part.ns;
        scope->cluster.downtime += dt * m->nodes_down;
        scope->cluster.cpu += dt * m->cpu;
        scope->cluster.lived += dt;
        scope->cluster.nodes += dt * m->nodes;
        if (m->nodes > scope->cluster.nodes_max)
            scope->cluster.nodes_max = m->nodes;
        scope->cluster.cpu_room += dt * m->cpu_room;
        scope->cluster.memory += dt * m->memory;
        scope->cluster.memory_room += dt * m->memory_room;
    }
}

static void add_requests(struct metrics *m, const struct pod *pod, int sign)
{
    m->cpu += sign * (double)pod->template->requests.cpu;
    m->memory += sign * (double)pod->template->requests.memory;
}

static void add_room(struct metrics *m, const struct node *node, int sign)
{
    m->nodes += sign;
    m->cpu_room += sign * (double)node->spec->allocatable.cpu;
    m->memory_room += sign * (double)node->spec->allocatable.memory;
}

static void node_failed(struct metrics *m, sim_time now)
{
    m->nodes_down++;
    FOR_SCOPES(m, scope, now)
    scope->cluster.node_failures++;
}

/* --- pods --- */

/* Whether it waits for a node, and whether it has room on one. */
static void follow(struct metrics *m, struct pod_track *track,
                   const struct pod *pod, bool gone, sim_time now)
{
    bool over = gone || pod->phase == POD_SUCCEEDED || pod->phase == POD_FAILED;
    bool unbound = !over && pod->node == NO_ID;
    bool counted =
        !over && pod->node != NO_ID && !world_node(m->w, pod->node)->deleted;

    if (unbound != track->unbound || counted != track->counted)
        cluster_accrue(m, now);
    m->unbound += unbound - track->unbound;
    if (counted != track->counted)
        add_requests(m, pod, counted ? 1 : -1);
    track->unbound = unbound;
    track->counted = counted;
}

void cluster_on_node(struct metrics *m, const struct world_change *change)
{
    const struct node *node = world_node(m->w, change->id);
    sim_time now = sim_now(m->s->sim);

    cluster_accrue(m, now);
    if (change->what == WHAT_ADDED) {
        add_room(m, node, 1);
    } else if (change->what == WHAT_DELETED) {
        add_room(m, node, -1);
        m->nodes_down -= !node->up;
        for (size_t i = 0; i < node->pods.count; i++)
            follow(m, &m->pods.items[node->pods.items[i]],
                   world_pod(m->w, node->pods.items[i]), false, now);
    } else if (change->what == WHAT_UP && !node->deleted) {
        if (node->up)
            m->nodes_down--;
        else
            node_failed(m, now);
    }
}

void cluster_on_budget(struct metrics *m, const struct world_change *change)
{
    sim_time now = sim_now(m->s->sim);

    if (change->what != WHAT_REFUSED)
        return;
    FOR_SCOPES(m, scope, now)
    scope->cluster.refused++;
}

/* By the words of the reasons that the API shows. */
static void count_ended(struct metrics *m, struct pod_track *track,
                        const struct pod *pod, sim_time now)
{
    bool evicted, preempted;

    if (track->ended || !pod->reason)
        return;
    track->ended = true;
    evicted = strstr(pod->reason, "vict") != NULL;
    preempted = strstr(pod->reason, "reempt") != NULL;
    FOR_SCOPES(m, scope, now)
    {
        scope->cluster.evicted += evicted;
        scope->cluster.preempted += preempted;
    }
}

static void count_restarts(struct metrics *m, struct pod_track *track,
                           const struct pod *pod, sim_time now)
{
    uint32_t more = pod->restarts - track->restarts;

    if (more == 0)
        return;
    track->restarts = pod->restarts;
    FOR_SCOPES(m, scope, now)
    scope->cluster.restarts += more;
}

/* Belongs to the time of the pod's creation. */
static void count_started(struct metrics *m, struct pod_track *track,
                          const struct pod *pod)
{
    if (track->started || pod->first_ready == SIM_NEVER)
        return;
    track->started = true;
    FOR_SCOPES(m, scope, pod->created)
    sketch_add(&scope->cluster.startup, pod->first_ready - pod->created);
}

static void count_scope(struct scope *scope, const struct pod *pod,
                        enum world_what what)
{
    scope->cluster.created += what == WHAT_ADDED;
    scope->cluster.deleted += what == WHAT_DELETED;
    if (what == WHAT_SANDBOX && pod->sandbox_ip)
        ip_set_add(&scope->cluster.ips, pod->sandbox_ip);
}

void cluster_on_pod(struct metrics *m, struct pod_track *track,
                    const struct pod *pod, enum world_what what)
{
    sim_time now = sim_now(m->s->sim);

    FOR_SCOPES(m, scope, now)
    count_scope(scope, pod, what);
    if (what == WHAT_BOUND) {
        FOR_SCOPES(m, scope, pod->created)
        sketch_add(&scope->cluster.scheduling, pod->scheduled - pod->created);
    }
    count_restarts(m, track, pod, now);
    count_started(m, track, pod);
    count_ended(m, track, pod, now);
    follow(m, track, pod, what == WHAT_DELETED, now);
}

/* --- pods.csv --- */

static void add_sandbox(struct metrics *m, struct pod_track *track,
                        const struct pod *pod, sim_time now)
{
    struct sandbox_row row = {.pod = pod->id,
                              .node = pod->node,
                              .owner_kind = pod->owner_kind,
                              .owner = pod->owner,
                              .ip = pod->sandbox_ip,
                              .number = pod->sandboxes,
                              .restarts_before = pod->restarts,
                              .created = pod->created,
                              .scheduled = pod->scheduled,
                              .started = now,
                              .ready = SIM_NEVER,
                              .deleted = SIM_NEVER,
                              .gone = SIM_NEVER};

    VEC_PUSH(m->sandboxes, row);
    track->sandbox = (uint32_t)m->sandboxes.count;
}

void cluster_sandbox(struct metrics *m, struct pod_track *track,
                     const struct pod *pod, enum world_what what)
{
    sim_time now = sim_now(m->s->sim);
    struct sandbox_row *row;

    if (what == WHAT_SANDBOX && pod->sandbox_ip)
        add_sandbox(m, track, pod, now);
    if (!track->sandbox)
        return;
    row = &m->sandboxes.items[track->sandbox - 1];
    if (what == WHAT_SANDBOX && !pod->sandbox_ip)
        row->gone = now;
    if (pod->ready && row->ready == SIM_NEVER && row->gone == SIM_NEVER &&
        pod->ready_since >= row->started)
        row->ready = pod->ready_since;
    row->deleted = pod->deletion;
    row->reason = pod->reason;
    row->restarts = pod->restarts - row->restarts_before;
}
