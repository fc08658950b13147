/*
 * The DNS servers' watches: who has heard of which version of a Service's
 * endpoints.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/network/dns_private.h"

static struct dns_pending *find_pending(struct dns *d, uint64_t sequence)
{
    size_t low = d->head, high = d->pending.count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (d->pending.items[middle].set->sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    assert(low < d->pending.count &&
           d->pending.items[low].set->sequence == sequence);
    return &d->pending.items[low];
}

static void drop_delivered(struct dns *d)
{
    while (d->head < d->pending.count && d->pending.items[d->head].left == 0)
        endpoint_set_release(d->pending.items[d->head++].set);
    if (d->head == d->pending.count)
        d->head = d->pending.count = 0;
}

static void deliver(struct dns *d, uint64_t sequence, size_t first, size_t end)
{
    struct dns_pending *p = find_pending(d, sequence);
    struct dns_service *s = &d->services.items[p->set->service];

    for (size_t i = first; i < end; i++, p->left--)
        dns_replace(&s->views[i], p->set);
    drop_delivered(d);
}

static void on_hears(struct sim *sim, void *self, struct event_args args)
{
    (void)sim;
    deliver(self, args.subject, args.detail, (size_t)args.detail + 1);
}

static void on_all_hear(struct sim *sim, void *self, struct event_args args)
{
    struct dns *d = self;

    (void)sim;
    deliver(d, args.subject, 0, d->servers);
}

static const struct event_type hears_event = {"dns.hears", 0, on_hears};
static const struct event_type all_hear_event = {"dns.all-hear", 0,
                                                 on_all_hear};

static void send(struct dns *d, struct endpoint_set *set)
{
    const struct dist *lag =
        &d->s->scenario->cluster.control_plane.watch_latency;
    sim_time now = sim_now(d->s->sim), delay;
    struct event_args args = {set->sequence, 0};

    endpoint_set_retain(set);
    VEC_PUSH(d->pending, ((struct dns_pending){set, d->servers}));
    if (d->watch_constant) {
        sim_after(d->s->sim, d->watch_latency, &all_hear_event, d, args);
        return;
    }
    for (size_t i = 0; i < d->servers; i++) {
        delay =
            world_api_time(d->s->world, dist_sample_time(lag, &d->watch[i]));
        if (dns_later(now, delay) > d->heard[i])
            d->heard[i] = dns_later(now, delay);
        args.detail = (uint32_t)i;
        sim_at(d->s->sim, d->heard[i], &hears_event, d, args);
    }
}

/* Some entry asks for pods of it by their own names. */
static bool asked_by_pod(const struct dns *d, const struct service_spec *spec)
{
    const struct scenario *c = d->s->scenario;

    for (size_t i = 0; i < c->traffic_count; i++) {
        if (c->traffic[i].pod &&
            strcmp(c->traffic[i].service, spec->meta.name) == 0 &&
            strcmp(c->traffic[i].space, spec->meta.space) == 0)
            return true;
    }
    return false;
}

static void add_service(struct dns *d, const struct service *s)
{
    struct dns_service service = {0};

    assert(s->id == d->services.count);
    if (s->spec->headless || asked_by_pod(d, s->spec))
        service.views = mem_calloc(d->servers, sizeof(struct endpoint_set *));
    VEC_PUSH(d->services, service);
}

static void notify(void *self, const struct world_change *change)
{
    struct dns *d = self;
    struct service *s = world_service(d->s->world, change->id);

    if (change->kind == CHANGE_SERVICE && change->what == WHAT_ADDED)
        add_service(d, s);
    else if (change->kind == CHANGE_ENDPOINTS && d->services.items[s->id].views)
        send(d, s->newest);
}

struct dns *dns_new(struct simulation *s)
{
    struct dns *d = mem_zalloc(sizeof *d);

    d->s = s;
    d->params = &s->scenario->cluster.dns;
    d->servers = d->params->servers > 0 ? (size_t)d->params->servers : 1;
    d->watch = mem_calloc(d->servers, sizeof *d->watch);
    d->heard = mem_calloc(d->servers, sizeof *d->heard);
    for (size_t i = 0; i < d->servers; i++)
        rng_init(&d->watch[i], s->root, "dns.watch", NULL, i);
    rng_init(&d->latency, s->root, "dns.latency", NULL, 0);
    rng_init(&d->order, s->root, "dns.order", NULL, 0);
    rng_init(&d->phase, s->root, "dns.phase", NULL, 0);
    d->watch_constant = dist_is_constant(
        &s->scenario->cluster.control_plane.watch_latency, &d->watch_latency);
    world_watch(s->world, 1U << CHANGE_SERVICE | 1U << CHANGE_ENDPOINTS, notify,
                d);
    return d;
}

static void free_service(const struct dns *d, struct dns_service *s)
{
    for (size_t i = 0; s->views && i < d->servers; i++)
        dns_replace(&s->views[i], NULL);
    for (size_t i = 0; i < s->names.count; i++)
        dns_name_release(d, &s->names.items[i]);
    VEC_FREE(s->names);
    free(s->views);
}

void dns_free(struct dns *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->services.count; i++)
        free_service(d, &d->services.items[i]);
    for (size_t i = d->head; i < d->pending.count; i++)
        endpoint_set_release(d->pending.items[i].set);
    VEC_FREE(d->services);
    VEC_FREE(d->pending);
    VEC_FREE(d->faults);
    free(d->watch);
    free(d->heard);
    free(d);
}
