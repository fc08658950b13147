#include "models/traffic/traffic.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/lb/history.h"
#include "models/network/kubeproxy.h"
#include "models/traffic/arrivals.h"
#include "models/traffic/call.h"
#include "models/traffic/cloud.h"
#include "models/traffic/downstream.h"
#include "models/traffic/gateway.h"
#include "models/traffic/pool.h"

/* Of the measured time; before it they are counted from 0. */
#define FIRST_NUMBER (UINT64_C(1) << 48)

static void on_start(struct sim *sim, void *self, struct event_args args);
static void on_arrival(struct sim *sim, void *self, struct event_args args);
/* After everything that happens at the first instant. */
static const struct event_type start_event = {"traffic.start", 15, on_start};
static const struct event_type arrival_event = {"traffic.arrival", 0,
                                                on_arrival};

/* ------------------------------------------------------------- arrivals */

/* Time from the last arrival to the next; rate > 0. */
static inline sim_time arrival_after(struct entry *e, sim_time last)
{
    double gap = e->gap;

    if (e->spec->arrivals == ARRIVALS_POISSON) {
        gap *= rng_exponential(&e->arrivals);
    } else if (e->spec->arrivals == ARRIVALS_CONSTANT) {
        /* rounded from their common start: the rate is exact */
        gap *= (double)++e->since_base;
        last = e->base;
    } else {
        return arrivals_next(e, last);
    }
    return gap < 0x1p62 ? last + (sim_time)(gap + 0.5) : SIM_NEVER;
}

static inline void await_arrival(struct entry *e)
{
    e->next = sim_at(e->traffic->s->sim, e->next_at, &arrival_event, e,
                     (struct event_args){0});
}

static void on_arrival(struct sim *sim, void *self, struct event_args args)
{
    struct entry *e = self;
    sim_time work = e->next_work;

    (void)sim;
    (void)args;
    e->next = 0;
    e->next_at = arrival_after(e, e->next_at);
    if (e->next_at != SIM_NEVER)
        await_arrival(e);
    request_begin(e, work);
}

/* Begins a sequence of arrivals from now, afresh or where it was. */
static void restart_arrivals(struct entry *e, bool afresh)
{
    struct sim *sim = e->traffic->s->sim;

    sim_cancel(sim, e->next);
    e->next = 0;
    e->next_at = SIM_NEVER;
    e->base = sim_now(sim);
    e->since_base = 0;
    if (e->rate <= 0)
        return;
    if (e->closed) {
        closed_begin(e);
        return;
    }
    if (e->more_arrivals && afresh)
        arrivals_restart(e);
    else if (e->more_arrivals)
        arrivals_resume(e);
    e->next_at = arrival_after(e, sim_now(sim));
    if (e->next_at != SIM_NEVER)
        await_arrival(e);
}

/* Stretches the time to the next arrival. */
static void rescale(struct entry *e, double old)
{
    struct sim *sim = e->traffic->s->sim;
    sim_time now = sim_now(sim);
    double left = (double)(e->next_at - now) * (old / e->rate);

    sim_cancel(sim, e->next);
    e->next_at = left < 0x1p62 ? now + (sim_time)(left + 0.5) : SIM_NEVER;
    e->base = e->next_at;
    e->since_base = 0;
    await_arrival(e);
}

static void set_rate(struct entry *e, double rate)
{
    e->rate = rate;
    e->gap = 1e9 / rate;
}

void traffic_set_rate(struct traffic *t, uint32_t index, double rate)
{
    struct entry *e = &t->entries[index];
    double old = e->rate;

    assert(index < t->entry_count && rate >= 0);
    set_rate(e, rate);
    if (!e->started || rate == old)
        return;
    if (rate > 0 && old > 0 && e->next_at != SIM_NEVER && !e->more_arrivals)
        rescale(e, old);
    else
        restart_arrivals(e, false);
}

bool traffic_settled(const struct traffic *t)
{
    return clouds_settled(t);
}

double traffic_rate(const struct traffic *t, uint32_t index)
{
    assert(index < t->entry_count);
    return t->entries[index].rate;
}

uint64_t traffic_in_flight(const struct traffic *t, uint32_t index)
{
    assert(index < t->entry_count);
    return entry_in_flight(&t->entries[index]);
}

/* ----------------------------------------------------------- beginnings */

/* Two entries of one name, to two Services, are two. */
static uint64_t service_hash(const struct traffic_spec *spec)
{
    return rng_hash(spec->service) ^ rng_hash(spec->space) << 1;
}

/* The clients' streams: of the warm-up, or of the measured time. */
static void name_streams(struct entry *e, bool measured)
{
    rng_init(&e->arrivals, e->traffic->s->root,
             measured ? "traffic.arrivals" : "traffic.warm_up", e->spec->name,
             service_hash(e->spec));
    e->number = measured ? FIRST_NUMBER : 0;
}

static void find_service(struct entry *e)
{
    e->service = world_find(e->traffic->s->world, CHANGE_SERVICE,
                            e->spec->space, e->spec->service);
    if (e->service != NO_ID)
        e->known = e->service;
}

/* Arrivals begin once the Service is there. */
static void start(struct entry *e)
{
    struct traffic *t = e->traffic;

    if (e->started || !t->running || e->service == NO_ID)
        return;
    if (e->spec->access == ACCESS_POD_IP) {
        if (t->s->world->epoch == SIM_NEVER)
            return;
        clients_fix_addresses(e);
    }
    e->started = true;
    restart_arrivals(e, true);
}

static void on_start(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;

    (void)sim;
    (void)args;
    t->running = true;
    gateways_place(t);
    for (size_t i = 0; i < t->entry_count; i++) {
        clients_place(&t->entries[i]);
        start(&t->entries[i]);
    }
}

/* Those that came at this very instant, but before it was time 0, are none of
 * the measured ones. */
static void leave_behind(struct traffic *t)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (t->requests[i].state != REQUEST_FREE &&
            t->requests[i].arrival == sim_now(t->s->sim))
            t->requests[i].arrival--;
}

static void begin_measure(struct traffic *t)
{
    leave_behind(t);
    for (size_t i = 0; i < t->entry_count; i++) {
        struct entry *e = &t->entries[i];

        name_streams(e, true);
        if (e->started)
            restart_arrivals(e, true);
        else
            start(e);
    }
}

/* -------------------------------------------------------------- changes */

size_t traffic_up_nodes(struct traffic *t)
{
    const struct world *w = t->s->world;
    const struct proxies *p = t->s->proxies;

    if (!t->up_stale && t->up_started == proxies_started(p))
        return t->up.count;
    t->up_stale = false;
    t->up_started = proxies_started(p);
    t->up.count = 0;
    for (size_t i = 0; i < w->nodes.count; i++)
        if (proxy_at_work(p, (node_id)i) && !w->nodes.items[i]->deleted &&
            world_reaches(w, NO_ID, (node_id)i))
            VEC_PUSH(t->up, (node_id)i);
    return t->up.count;
}

static void node_changed(struct traffic *t, const struct world_change *change)
{
    if (change->what != WHAT_ADDED && change->what != WHAT_DELETED &&
        change->what != WHAT_UP && change->what != WHAT_LINK)
        return;
    t->up_stale = true;
    if (change->what == WHAT_UP && !world_node(t->s->world, change->id)->up)
        requests_abandon(t, change->id, NO_ID);
}

static void service_changed(struct traffic *t,
                            const struct world_change *change)
{
    if (change->what != WHAT_ADDED && change->what != WHAT_DELETED)
        return;
    for (size_t i = 0; i < t->entry_count; i++) {
        struct entry *e = &t->entries[i];

        if (e->service == change->id && change->what == WHAT_DELETED)
            e->service = NO_ID;
        else if (e->service == NO_ID && change->what == WHAT_ADDED)
            find_service(e);
        start(e);
    }
}

static void touch(struct traffic *t, pod_id pod)
{
    while (t->touched.count <= pod)
        VEC_PUSH(t->touched, 0);
    t->touched.items[pod] = sim_now(t->s->sim);
}

/* Clients may have lived in the pod, or may from now on. */
static void move_out(struct traffic *t, const struct world_change *change)
{
    bool any = false;

    for (size_t i = 0; i < t->entry_count; i++) {
        struct entry *e = &t->entries[i];

        any |= e->inner || e->spec->location == AT_PODS;
        e->pods_stale = e->spec->location == AT_PODS;
    }
    if (any && change->what == WHAT_DELETED)
        requests_abandon(t, NO_ID, change->id);
}

static void pod_changed(struct traffic *t, const struct world_change *change)
{
    switch (change->what) {
    case WHAT_SERVING:
        touch(t, change->id);
        pools_drained(t, change->id);
        if (t->calls)
            callers_leave(t, change->id);
        break;
    case WHAT_ADDED:
    case WHAT_TERMINATING:
    case WHAT_SANDBOX:
    case WHAT_CRASHED:
        touch(t, change->id);
        break;
    case WHAT_DELETED:
        touch(t, change->id);
        move_out(t, change);
        break;
    case WHAT_STATUS:
        move_out(t, change);
        break;
    default:
        break;
    }
}

static void on_change(void *self, const struct world_change *change)
{
    struct traffic *t = self;

    switch (change->kind) {
    case CHANGE_NODE:
        node_changed(t, change);
        break;
    case CHANGE_SERVICE:
        service_changed(t, change);
        break;
    case CHANGE_POD:
        pod_changed(t, change);
        break;
    case CHANGE_MEASURE:
        if (change->what == WHAT_EPOCH)
            begin_measure(t);
        break;
    default:
        break;
    }
}

/* --------------------------------------------------------------- traffic */

static void make_path(struct traffic *t, enum path which,
                      const struct dist *dist)
{
    struct network_path *path = &t->paths[which];

    path->dist = dist;
    path->constant = dist_is_constant(dist, &path->delay);
    if (path->constant)
        path->lane = sim_lane_new(t->s->sim);
}

static void make_paths(struct traffic *t)
{
    const struct network_latency *l = &t->s->scenario->cluster.latency;

    make_path(t, SAME_NODE, &l->same_node);
    make_path(t, SAME_ZONE, &l->same_zone);
    make_path(t, CROSS_ZONE, &l->cross_zone);
    make_path(t, EXTERNAL, &l->external);
}

static void make_entry(struct traffic *t, uint32_t index)
{
    struct entry *e = &t->entries[index];
    const struct traffic_spec *spec = &t->s->scenario->traffic[index];

    e->traffic = t;
    e->spec = spec;
    e->index = index;
    e->known = NO_ID;
    set_rate(e, spec->rate);
    e->next_work = SIM_NEVER;
    e->closed = spec->arrivals == ARRIVALS_CLOSED;
    e->more_arrivals = arrivals_new(e);
    e->lb = balancing_of(t, spec->space, spec->service);
    name_streams(e, false);
    rng_init(&e->rng, t->s->root, "traffic.request", spec->name,
             service_hash(spec));
    e->work = e->more = e->rng;
    rng_seek(&e->work, 0, 0);
    e->picky = spec->unheard;
    e->hedged = spec->hedge_max > 0;
    e->inner = spec->arrivals == ARRIVALS_CALLS;
    e->prepared = e->hedged || e->inner || spec->deadline != SIM_NEVER;
    e->awaited = e->closed || e->inner;
    pools_begin(e);
    udp_begin(e);
    name_begin(e);
    find_service(e);
}

/* A server has nothing left to do. */
static void on_idle(void *self, pod_id pod)
{
    struct traffic *t = self;

    for (size_t i = 0; i < t->balancings.count; i++) {
        struct balancing *lb = t->balancings.items[i];

        if (lb->strategy->idle && lb->group.members.count)
            lb->strategy->idle(&lb->group, pod);
    }
}

/* What servers have to do has changed. */
static void on_load(void *self, const struct lb_load *load)
{
    struct traffic *t = self;

    if (t->history)
        lb_history_note(t->history, load->pod, sim_now(t->s->sim),
                        load->present);
    for (size_t i = 0; i < t->balancings.count; i++) {
        struct balancing *lb = t->balancings.items[i];

        if (lb->strategy->load && lb->group.members.count)
            lb->strategy->load(&lb->group, load);
    }
}

static bool listens_to_load(const struct traffic *t)
{
    for (size_t i = 0; i < t->balancings.count; i++)
        if (t->balancings.items[i]->strategy->load)
            return true;
    return t->history != NULL;
}

static bool listens_to_idle(const struct traffic *t)
{
    for (size_t i = 0; i < t->balancings.count; i++)
        if (t->balancings.items[i]->strategy->idle)
            return true;
    return false;
}

struct traffic *traffic_new(struct simulation *s)
{
    struct traffic *t = mem_zalloc(sizeof *t);

    t->s = s;
    t->free = UINT32_MAX;
    t->entry_count = s->scenario->traffic_count;
    assert(t->entry_count <= UINT16_MAX);
    t->entries = mem_calloc(t->entry_count, sizeof *t->entries);
    make_paths(t);
    t->connections = connections_new();
    if (s->scenario->call_count)
        t->calls = calls_new();
    clouds_new(t);
    for (size_t i = 0; i < t->entry_count; i++)
        make_entry(t, (uint32_t)i);
    udp_listen(t);
    t->up_stale = true;
    servers_set_client(
        s->servers,
        (struct server_client){.answered = request_answered,
                               .lost = request_lost,
                               .idle = listens_to_idle(t) ? on_idle : NULL,
                               .load = listens_to_load(t) ? on_load : NULL,
                               .plan = calls_plan,
                               .call = calls_begin,
                               .drop = calls_drop,
                               .self = t});
    world_watch(s->world,
                1u << CHANGE_NODE | 1u << CHANGE_SERVICE | 1u << CHANGE_POD |
                    1u << CHANGE_MEASURE,
                on_change, t);
    sim_after(s->sim, 0, &start_event, t, (struct event_args){0});
    return t;
}

void traffic_free(struct traffic *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->entry_count; i++) {
        clients_free(&t->entries[i]);
        arrivals_free(t->entries[i].more_arrivals);
        udp_release(&t->entries[i]);
        downstream_release(&t->entries[i]);
        due_ring_release(&t->entries[i].timeouts);
        due_ring_release(&t->entries[i].deadlines);
    }
    connections_free(t->connections);
    gateways_free(t);
    clouds_free(t);
    discoveries_free(t);
    for (size_t i = 0; i < t->balancings.count; i++)
        balancing_free(t->balancings.items[i]);
    VEC_FREE(t->balancings);
    lb_history_free(t->history);
    probes_free(t);
    calls_free(t->calls);
    VEC_FREE(t->up);
    VEC_FREE(t->touched);
    free(t->entries);
    free(t->requests);
    free(t);
}
