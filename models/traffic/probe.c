/*
 * probe - questions of balancers to servers: how many requests are in flight
 * there, and how long one would take. They travel as requests do, take no
 * place in the queue, and are answered at once; nobody answers where nothing
 * listens.
 */
#include <stdlib.h>

#include "models/traffic/traffic_internal.h"

struct question {
    struct lb_balancer *balancer;
    struct lb_report report;
    uint32_t ip;
    enum path path;
};

struct probes {
    VEC_OF(struct question) items; /* a slab */
    VEC_OF(uint32_t) free;
    struct rng rng;
};

static void on_asked(struct sim *sim, void *self, struct event_args args);
static void on_told(struct sim *sim, void *self, struct event_args args);
static const struct event_type asked_event = {"probe.asked", 0, on_asked};
static const struct event_type told_event = {"probe.told", 0, on_told};

static struct probes *probes_of(struct traffic *t)
{
    if (!t->probes) {
        t->probes = mem_zalloc(sizeof *t->probes);
        rng_init(&t->probes->rng, t->s->root, "traffic.probe", NULL, 0);
    }
    return t->probes;
}

void probes_free(struct traffic *t)
{
    if (!t->probes)
        return;
    VEC_FREE(t->probes->items);
    VEC_FREE(t->probes->free);
    free(t->probes);
}

static void travel(struct traffic *t, uint32_t i, const struct event_type *type)
{
    const struct network_path *path = &t->paths[t->probes->items.items[i].path];
    sim_time now = sim_now(t->s->sim);
    struct event_args args = {.subject = i};

    if (path->constant)
        sim_lane_at(t->s->sim, path->lane, now + path->delay, type, t, args);
    else
        sim_after(t->s->sim, dist_sample_time(path->dist, &t->probes->rng),
                  type, t, args);
}

void probe_send(void *self, struct lb_balancer *b, const struct endpoint *e)
{
    struct traffic *t = self;
    struct probes *all = probes_of(t);
    const struct question fresh = {.ip = 0};
    uint32_t i;

    if (all->free.count) {
        i = all->free.items[--all->free.count];
    } else {
        i = (uint32_t)all->items.count;
        VEC_PUSH(all->items, fresh);
    }
    all->items.items[i] =
        (struct question){.balancer = b,
                          .report = {.pod = e->pod, .slot = e->slot},
                          .ip = e->ip,
                          .path = path_between(&b->home, e->node, e->zone)};
    travel(t, i, &asked_event);
}

static void on_asked(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    uint32_t i = (uint32_t)args.subject;
    struct question *p = &t->probes->items.items[i];
    const struct pod *pod = world_pod(t->s->world, p->report.pod);

    (void)sim;
    if (!pod || pod->sandbox_ip != p->ip || !server_listens(pod) ||
        !world_reaches(t->s->world, p->balancer->home.node, pod->node)) {
        VEC_PUSH(t->probes->free, i);
        return;
    }
    p->report.present = server_present(pod);
    p->balancer->strategy->report(p->balancer->group, &p->report);
    travel(t, i, &told_event);
}

static void on_told(struct sim *sim, void *self, struct event_args args)
{
    struct traffic *t = self;
    uint32_t i = (uint32_t)args.subject;
    struct question p = t->probes->items.items[i];

    VEC_PUSH(t->probes->free, i);
    p.balancer->strategy->probed(p.balancer, &p.report, sim_now(sim));
}
