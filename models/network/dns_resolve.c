/*
 * Look-ups, from cache to cache.
 */
#include <stdlib.h>

#include "models/network/dns_private.h"

/* MINTTL of CoreDNS plugin/cache, for answers of either kind. */
static const sim_time cache_min = 5 * SIM_S;

/* A look-up under way. */
struct look_up {
    struct dns *d;
    const struct dns_question *q;
    struct dns_service *service;
    struct dns_name *name;
    sim_time now;
};

/* What a cache or server says. */
struct reply {
    struct endpoint_set *set; /* borrowed */
    sim_time expires;
    uint32_t first;
    sim_time latency;
    incident_id origin; /* as in struct dns_answer */
    bool failed;
};

static bool denies(const struct look_up *l, const struct endpoint_set *set)
{
    return !l->q->virtual_ip && set->ready == 0;
}

static sim_time clamp(sim_time ttl, sim_time most)
{
    ttl = ttl < cache_min ? cache_min : ttl;
    return ttl < most ? ttl : most;
}

enum tier { AT_SERVER, AT_NODE, AT_CLIENT };

/* Until when the cache (number `index` of its tier) keeps an answer that is
 * good until `expires`: see dns.h. kinds: that it has had. */
static sim_time phased(const struct look_up *l, enum tier tier, uint64_t index,
                       const struct endpoint_set *set, sim_time expires,
                       unsigned *kinds)
{
    unsigned kind = denies(l, set) ? 1 : 2;
    struct rng *rng = &l->d->phase;
    uint64_t name = l->q->pod ? rng_hash(l->q->pod) << 32 : 0;

    if (*kinds & kind || l->d->s->world->epoch != SIM_NEVER ||
        expires == SIM_NEVER)
        return expires;
    *kinds |= kind;
    rng_seek(rng, index,
             name ^ (uint64_t)l->q->service << 4 ^ tier << 2 ^ kind);
    return l->now + (sim_time)(rng_uniform(rng) * (double)(expires - l->now));
}

/* Where one of `count` records comes first in the answer to `asker`. */
static uint32_t shuffled(const struct look_up *l, uint64_t asker,
                         const struct endpoint_set *set)
{
    struct rng *rng = &l->d->order;

    if (set->usable < 2)
        return 0;
    rng_seek(rng, asker, (uint64_t)l->now);
    return (uint32_t)rng_below(rng, set->usable);
}

static sim_time sample(const struct look_up *l, const struct dist *dist,
                       uint64_t place)
{
    sim_time constant;

    if (dist_is_constant(dist, &constant))
        return constant;
    rng_seek(&l->d->latency, l->q->client, place);
    return dist_sample_time(dist, &l->d->latency);
}

/* ---- the servers ---- */

static sim_time server_ttl(const struct look_up *l,
                           const struct endpoint_set *set)
{
    const struct dns_params *p = l->d->params;
    sim_time ttl = p->ttl, most = p->cache_ttl;

    if (denies(l, set)) {
        ttl = p->denial_ttl < 0 ? ttl : p->denial_ttl;
        most = p->cache_denial_ttl < 0 ? most : p->cache_denial_ttl;
    }
    return p->cache ? clamp(ttl, most) : ttl;
}

static struct dns_kept from_server(const struct look_up *l, size_t server)
{
    struct dns_kept *cached = &l->name->servers[server], fresh = {0};
    struct endpoint_set *view =
        l->service->views ? l->service->views[server] : NULL;

    if (l->d->params->cache && cached->set && l->now < cached->expires)
        return *cached;
    fresh.set = dns_records(l->d, l->name, view);
    fresh.expires = dns_later(l->now, server_ttl(l, fresh.set));
    if (l->d->params->cache) {
        fresh.expires = phased(l, AT_SERVER, server, fresh.set, fresh.expires,
                               &cached->kinds);
        dns_replace(&cached->set, fresh.set);
        cached->expires = fresh.expires;
    }
    return fresh;
}

static const struct dns_fault *worst(const struct dns *d)
{
    const struct dns_fault *worst = NULL;

    for (size_t i = 0; i < d->faults.count; i++) {
        const struct dns_fault *f = &d->faults.items[i];

        if (f->factor == 0)
            return f;
        if (!worst || f->factor > worst->factor)
            worst = f;
    }
    return worst;
}

/* The resolver gives up after its tries; one that began while nobody
 * answered is lost. */
static struct reply ask_server(const struct look_up *l, uint64_t asker,
                               bool ordered)
{
    struct dns *d = l->d;
    const struct resolver_spec *resolver = l->q->resolver;
    const struct dns_fault *fault = worst(d);
    sim_time patience = resolver->timeout < SIM_NEVER / resolver->attempts
                            ? resolver->timeout * resolver->attempts
                            : SIM_NEVER;
    struct reply reply = {.latency =
                              sample(l, &d->params->latency, (uint64_t)l->now)};
    struct dns_kept kept;

    if (__builtin_expect(fault != NULL, 0)) {
        double latency = (double)reply.latency * fault->factor;

        reply.origin = fault->origin;
        reply.failed = fault->factor == 0 || latency >= (double)patience;
        reply.latency = reply.failed ? patience : (sim_time)latency;
        reply.set = l->name->none;
        if (reply.failed)
            return reply;
    }
    kept = from_server(l, asker % d->servers);
    reply.set = kept.set;
    reply.expires = kept.expires;
    if (ordered && d->params->loadbalance)
        reply.first = shuffled(l, asker, kept.set);
    return reply;
}

void dns_break(struct dns *d, double factor, incident_id origin)
{
    VEC_PUSH(d->faults, ((struct dns_fault){factor, origin}));
}

void dns_mend(struct dns *d, incident_id origin)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->faults.count; i++) {
        if (d->faults.items[i].origin != origin)
            d->faults.items[kept++] = d->faults.items[i];
    }
    d->faults.count = kept;
}

/* ---- the cache of a node ---- */

/* Of servers' latencies at the same instant. */
#define PLACE_NODE (UINT64_C(1) << 63)

static struct dns_kept *node_cache(const struct look_up *l)
{
    const struct dns_kept nothing = {0};

    while (l->name->nodes.count <= l->q->node)
        VEC_PUSH(l->name->nodes, nothing);
    return &l->name->nodes.items[l->q->node];
}

/* Fills the cache; its pod has begun afresh if the node has. */
static struct reply ask_node(const struct look_up *l, bool ordered)
{
    const struct node_local_params *p = &l->d->params->node_local;
    uint32_t boot = world_node(l->d->s->world, l->q->node)->boot;
    struct dns_kept *kept = node_cache(l);
    struct reply reply = {0};
    sim_time latency = sample(l, &p->latency, (uint64_t)l->now | PLACE_NODE);

    if (!kept->set || l->now >= kept->expires || kept->boot != boot) {
        reply = ask_server(l, l->q->node, true);
        if (reply.failed)
            return reply;
        dns_replace(&kept->set, reply.set);
        kept->first = reply.first;
        kept->boot = boot;
        kept->expires =
            dns_later(l->now, clamp(reply.expires - l->now,
                                    denies(l, reply.set) ? p->denial_ttl
                                                         : p->success_ttl));
        kept->expires = phased(l, AT_NODE, l->q->node, reply.set, kept->expires,
                               &kept->kinds);
    }
    reply.set = kept->set;
    reply.expires = kept->expires;
    reply.first = kept->first;
    reply.latency += latency;
    if (ordered && p->loadbalance)
        reply.first = shuffled(l, l->q->client, kept->set);
    return reply;
}

/* ---- the client ---- */

/* Until when the client's resolver keeps a reply. */
static sim_time keep_until(const struct look_up *l, const struct reply *reply)
{
    sim_time own = l->q->resolver->cache, most = l->q->resolver->negative;

    if (own < 0)
        return reply->failed ? l->now : reply->expires;
    if ((reply->failed || denies(l, reply->set)) && own > most)
        own = most;
    if (reply->failed && own > 0)
        own = dns_later(own, reply->latency);
    return dns_later(l->now, own);
}

void dns_cache_release(struct dns_cache *cache)
{
    if (cache->answer)
        endpoint_set_release((struct endpoint_set *)cache->answer);
    *cache = (struct dns_cache){0};
}

static void keep(const struct look_up *l, struct dns_cache *cache,
                 const struct reply *reply)
{
    unsigned kinds = cache->kinds;

    endpoint_set_retain(reply->set);
    dns_cache_release(cache);
    cache->answer = reply->set;
    cache->first = reply->first;
    cache->kinds = kinds;
    if (!l->name)
        return;
    cache->expires = keep_until(l, reply);
    if (reply->failed) {
        cache->failed = reply->origin;
        cache->failed_at = dns_later(l->now, reply->latency);
    } else if (cache->expires > l->now) {
        cache->expires = phased(l, AT_CLIENT, l->q->client, reply->set,
                                cache->expires, &cache->kinds);
    }
}

/* Who asks the same question before that is known waits for it. */
static void answer_from(const struct dns_cache *cache, sim_time now,
                        struct dns_answer *answer)
{
    *answer = (struct dns_answer){.set = cache->answer, .first = cache->first};
    if (__builtin_expect(cache->failed != INCIDENT_NONE, 0)) {
        answer->failed = true;
        answer->origin = cache->failed;
        answer->latency = cache->failed_at > now ? cache->failed_at - now : 0;
    }
}

void dns_resolve(struct dns *d, struct dns_cache *cache,
                 const struct dns_question *q, struct dns_answer *answer)
{
    struct look_up l = {.d = d,
                        .q = q,
                        .service = &d->services.items[q->service],
                        .now = sim_now(d->s->sim)};
    bool ordered = q->resolver->take == TAKE_FIRST && !q->virtual_ip;
    struct reply reply = {0};

    if (cache->answer && l.now < cache->expires) {
        answer_from(cache, l.now, answer);
        return;
    }
    if (l.service->views || q->virtual_ip) {
        l.name = dns_name_of(d, q->service, q->pod);
        reply = d->params->node_local.on && q->node != NO_ID
                    ? ask_node(&l, ordered)
                    : ask_server(&l, q->client, ordered);
    } else { /* the name is of its virtual IP, and never changes */
        reply.set = world_service(d->s->world, q->service)->newest;
    }
    keep(&l, cache, &reply);
    *answer = (struct dns_answer){.set = reply.set,
                                  .first = reply.first,
                                  .latency = reply.latency,
                                  .origin = reply.origin,
                                  .failed = reply.failed};
}
