/*
 * gateway_check - what an instance finds out about its endpoints: by asking
 * them (health checks), and by what requests to them come to (outliers).
 *
 * A check travels as a request does and joins the pod's queue as a probe; the
 * next one begins an interval after the answer.
 */
#include "models/traffic/gateway.h"

static void on_check(struct sim *sim, void *self, struct event_args args);
static void on_arrive(struct sim *sim, void *self, struct event_args args);
static void on_good(struct sim *sim, void *self, struct event_args args);
static void on_bad(struct sim *sim, void *self, struct event_args args);
static void on_sweep(struct sim *sim, void *self, struct event_args args);
static const struct event_type check_event = {"gateway.check", 0, on_check};
static const struct event_type arrive_event = {"gateway.check_arrives", 0,
                                               on_arrive};
static const struct event_type good_event = {"gateway.check_good", 0, on_good};
static const struct event_type bad_event = {"gateway.check_bad", 8, on_bad};
static const struct event_type sweep_event = {"gateway.sweep", 0, on_sweep};

/* ------------------------------------------------------------------- checks */

static struct event_args name_of(const struct gateway *g,
                                 const struct gateway_host *host)
{
    return (struct event_args){.subject =
                                   (uint64_t)g->id << 32 | host->endpoint.slot,
                               .detail = host->check};
}

/* NULL: it is another endpoint's by now, or another check's. */
static struct gateway_host *named(struct traffic *t, struct event_args args,
                                  struct gateway **g)
{
    uint32_t slot = (uint32_t)args.subject;
    struct gateway_host *host;

    *g = t->gateways.items[args.subject >> 32];
    if (slot >= (*g)->hosts.count)
        return NULL;
    host = &(*g)->hosts.items[slot];
    return host->endpoint.pod != NO_ID && host->check == args.detail ? host
                                                                     : NULL;
}

static sim_time way(struct gateway *g, const struct endpoint *e)
{
    enum path path = path_between(&g->home, e->node, e->zone);

    return dist_sample_time(g->t->paths[path].dist, &g->rng);
}

void gateway_check_begin(struct gateway *g, struct gateway_host *host)
{
    host->check++;
    host->waiting = false;
    sim_after(g->t->s->sim, 0, &check_event, g->t, name_of(g, host));
}

static void on_check(struct sim *sim, void *self, struct event_args args)
{
    struct gateway *g;
    struct gateway_host *host = named(self, args, &g);

    if (!host)
        return;
    if (!gateway_up(g)) {
        sim_after(sim, g->lb->gateway->health.interval, &check_event, g->t,
                  args);
        return;
    }
    host->waiting = true;
    host->late =
        sim_after(sim, g->lb->gateway->health.timeout, &bad_event, g->t, args);
    sim_after(sim, way(g, &host->endpoint), &arrive_event, g->t, args);
}

static void on_answer(void *self, struct event_args args, bool ok)
{
    struct traffic *t = self;
    struct gateway *g;
    struct gateway_host *host = named(t, args, &g);

    if (host)
        sim_after(t->s->sim, way(g, &host->endpoint),
                  ok ? &good_event : &bad_event, t, args);
}

static void on_arrive(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct gateway *g;
    struct gateway_host *host = named(t, args, &g);
    struct pod *pod;

    (void)sim;
    if (!host)
        return;
    pod = world_pod(t->s->world, host->endpoint.pod);
    if (!pod || pod->sandbox_ip != host->endpoint.ip || pod->node == NO_ID ||
        !world_node(t->s->world, pod->node)->up ||
        !world_reaches(t->s->world, g->home.node, pod->node))
        return; /* nobody answers */
    server_probe(t->s->servers, pod, g->lb->gateway->health.timeout, on_answer,
                 t, args);
}

static void come_back(struct gateway *g, struct gateway_host *host)
{
    outlier_return(&host->outlier);
    g->ejected--;
    g->stale = true;
}

static void result(struct traffic *t, struct event_args args, bool ok)
{
    struct gateway *g;
    struct gateway_host *host = named(t, args, &g);

    if (!host || !host->waiting)
        return;
    host->waiting = false;
    sim_cancel(t->s->sim, host->late);
    if (health_result(&host->health, &g->lb->gateway->health, ok))
        g->stale = true;
    /* Envoy successful_active_health_check_uneject_host. */
    if (ok && host->health.healthy && host->outlier.ejected)
        come_back(g, host);
    host->check++;
    sim_after(t->s->sim, g->lb->gateway->health.interval, &check_event, t,
              name_of(g, host));
}

static void on_good(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    result(self, args, true);
}

static void on_bad(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    result(self, args, false);
}

/* ----------------------------------------------------------------- outliers */

static void eject(struct gateway *g, struct gateway_host *host)
{
    const struct outlier_spec *spec = &g->lb->gateway->outlier;

    if (!outlier_may_eject(spec, g->ejected, g->host_count))
        return;
    outlier_eject(&host->outlier, spec, sim_now(g->t->s->sim));
    g->ejected++;
    g->stale = true;
}

void gateway_ended(void *self, const struct lb_end *end)
{
    struct gateway *g = self;
    struct gateway_host *host;

    g->active--;
    host = gateway_host_of(g, end->slot, end->pod);
    if (host && g->lb->gateway->outlier.on && end->result != LB_GONE &&
        outlier_result(&host->outlier, &g->lb->gateway->outlier,
                       end->result == LB_OK,
                       end->result == LB_BROKEN || end->result == LB_LATE ||
                           end->result == LB_BUSY))
        eject(g, host);
    relay_wake(g);
}

void gateway_sweep_begin(struct gateway *g)
{
    if (g->lb->gateway->outlier.on)
        sim_after(g->t->s->sim, g->lb->gateway->outlier.interval, &sweep_event,
                  g->t, (struct event_args){.subject = g->id});
}

static double limit_of(struct gateway *g)
{
    VEC_OF(struct outlier *) all = {0};
    double limit;

    for (size_t i = 0; i < g->hosts.count; i++)
        if (g->hosts.items[i].endpoint.pod != NO_ID)
            VEC_PUSH(all, &g->hosts.items[i].outlier);
    limit = outlier_limit(&g->lb->gateway->outlier, all.items, all.count);
    VEC_FREE(all);
    return limit;
}

static void on_sweep(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    struct gateway *g = t->gateways.items[args.subject];
    const struct outlier_spec *spec = &g->lb->gateway->outlier;
    double limit = limit_of(g);

    for (size_t i = 0; i < g->hosts.count; i++) {
        struct gateway_host *host = &g->hosts.items[i];
        bool below;

        if (host->endpoint.pod == NO_ID)
            continue;
        below = outlier_below(&host->outlier, spec, limit);
        if (outlier_sweep(&host->outlier, spec, sim_now(sim))) {
            g->ejected--;
            g->stale = true;
        }
        if (below && !host->outlier.ejected)
            eject(g, host);
    }
    gateway_sweep_begin(g);
}
