#include "models/network/dns.h"

#include <assert.h>
#include <stdlib.h>

/* An answer without addresses is kept no longer than this by resolvers that
 * keep the others for ever: networkaddress.cache.negative.ttl of the Java
 * runtime, the best known of them. */
static const sim_time negative_ttl = 10 * SIM_S;

/* What one DNS server knows of one headless Service. */
struct view {
    struct endpoint_set *set;    /* retained; NULL: it has not heard of it */
    struct endpoint_set *cached; /* retained; the cache plug-in's answer */
    sim_time expires;
};

/* A headless Service. */
struct name {
    struct view *views;        /* by server; NULL: not headless */
    struct endpoint_set *none; /* its answer without addresses */
};

/* A version on its way to the servers. */
struct pending {
    struct endpoint_set *set; /* retained */
    size_t left;              /* servers that have not got it */
};

struct dns {
    struct simulation *s;
    const struct dns_params *params;
    size_t servers;
    VEC_OF(struct name) names;      /* by service id */
    VEC_OF(struct pending) pending; /* by sequence; from `head` on */
    size_t head;
    struct rng *watch;  /* by server: lags */
    sim_time *heard;    /* by server: the last notification on its way */
    struct rng latency; /* of look-ups */
    bool watch_constant;
    sim_time watch_latency;
};

static sim_time later(sim_time t, sim_time by)
{
    return t > 0 && by > SIM_NEVER - t ? SIM_NEVER : t + by;
}

static void replace(struct endpoint_set **held, struct endpoint_set *set)
{
    if (set)
        endpoint_set_retain(set);
    if (*held)
        endpoint_set_release(*held);
    *held = set;
}

/* --- the servers' watches --- */

static struct pending *find_pending(struct dns *d, uint64_t sequence)
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
    struct pending *p = find_pending(d, sequence);
    struct name *name = &d->names.items[p->set->service];

    for (size_t i = first; i < end; i++, p->left--)
        replace(&name->views[i].set, p->set);
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
    VEC_PUSH(d->pending, ((struct pending){set, d->servers}));
    if (d->watch_constant) {
        sim_after(d->s->sim, d->watch_latency, &all_hear_event, d, args);
        return;
    }
    for (size_t i = 0; i < d->servers; i++) {
        delay =
            world_api_time(d->s->world, dist_sample_time(lag, &d->watch[i]));
        if (later(now, delay) > d->heard[i])
            d->heard[i] = later(now, delay);
        args.detail = (uint32_t)i;
        sim_at(d->s->sim, d->heard[i], &hears_event, d, args);
    }
}

static void add_name(struct dns *d, const struct service *s)
{
    struct name name = {0};

    assert(s->id == d->names.count);
    if (s->spec->headless) {
        name.views = mem_calloc(d->servers, sizeof *name.views);
        name.none = endpoint_set_new(s->id, 0);
    }
    VEC_PUSH(d->names, name);
}

static void notify(void *self, const struct world_change *change)
{
    struct dns *d = self;
    struct service *s = world_service(d->s->world, change->id);

    if (change->kind == CHANGE_SERVICE && change->what == WHAT_ADDED)
        add_name(d, s);
    else if (change->kind == CHANGE_ENDPOINTS && s->spec->headless)
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
    d->watch_constant = dist_is_constant(
        &s->scenario->cluster.control_plane.watch_latency, &d->watch_latency);
    world_watch(s->world, 1U << CHANGE_SERVICE | 1U << CHANGE_ENDPOINTS, notify,
                d);
    return d;
}

static void free_name(const struct dns *d, struct name *name)
{
    if (!name->views)
        return;
    for (size_t i = 0; i < d->servers; i++) {
        replace(&name->views[i].set, NULL);
        replace(&name->views[i].cached, NULL);
    }
    free(name->views);
    endpoint_set_release(name->none);
}

void dns_free(struct dns *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->names.count; i++)
        free_name(d, &d->names.items[i]);
    for (size_t i = d->head; i < d->pending.count; i++)
        endpoint_set_release(d->pending.items[i].set);
    VEC_FREE(d->names);
    VEC_FREE(d->pending);
    free(d->watch);
    free(d->heard);
    free(d);
}

/* --- look-ups --- */

/* Only ready addresses have records (CoreDNS plugin kubernetes): a set that
 * proxies would fall back on for its terminating ones has none. */
static struct endpoint_set *records(const struct name *name,
                                    struct endpoint_set *set)
{
    return set && set->ready > 0 ? set : name->none;
}

/* The server's answer, and until when it may be kept. The cache plug-in
 * keeps an answer for min(ttl, cacheTTL) and hands out what is left of it. */
static struct endpoint_set *ask(struct dns *d, service_id id, size_t server,
                                sim_time *expires)
{
    struct name *name = &d->names.items[id];
    struct view *v = &name->views[server];
    sim_time now = sim_now(d->s->sim), ttl = d->params->ttl;

    if (d->params->cache && v->cached && now < v->expires) {
        *expires = v->expires;
        return v->cached;
    }
    if (d->params->cache && d->params->cache_ttl < ttl)
        ttl = d->params->cache_ttl;
    *expires = later(now, ttl);
    if (d->params->cache) {
        replace(&v->cached, records(name, v->set));
        v->expires = *expires;
        return v->cached;
    }
    return records(name, v->set);
}

/* Until when the client's resolver keeps an answer that may be kept until
 * `expires`. */
static sim_time keep_until(const struct dns *d, const struct endpoint_set *set,
                           sim_time expires)
{
    sim_time now = sim_now(d->s->sim), own = d->params->client_cache;

    if (own < 0)
        return expires;
    if (set->ready == 0 && own > negative_ttl)
        own = negative_ttl;
    return later(now, own);
}

void dns_cache_release(struct dns_cache *cache)
{
    if (cache->answer)
        endpoint_set_release((struct endpoint_set *)cache->answer);
    cache->answer = NULL;
    cache->expires = 0;
}

static sim_time look_up_time(struct dns *d, uint64_t client)
{
    sim_time constant;

    if (dist_is_constant(&d->params->latency, &constant))
        return constant;
    rng_seek(&d->latency, client, (uint64_t)sim_now(d->s->sim));
    return dist_sample_time(&d->params->latency, &d->latency);
}

const struct endpoint_set *dns_resolve(struct dns *d, struct dns_cache *cache,
                                       service_id service, uint64_t client,
                                       sim_time *latency)
{
    struct endpoint_set *set;
    sim_time expires = 0;

    *latency = 0;
    if (cache->answer && sim_now(d->s->sim) < cache->expires)
        return cache->answer;
    if (d->names.items[service].views) {
        *latency = look_up_time(d, client);
        set = ask(d, service, client % d->servers, &expires);
        expires = keep_until(d, set, expires);
    } else { /* the name is of its virtual IP, and never changes */
        set = world_service(d->s->world, service)->newest;
    }
    endpoint_set_retain(set);
    dns_cache_release(cache);
    cache->answer = set;
    cache->expires = expires;
    return set;
}
