#include "models/traffic/channel.h"

#include <stdlib.h>

#include "models/network/ipam.h"

static void on_ask(struct sim *sim, void *self, struct event_args args);
static void on_try(struct sim *sim, void *self, struct event_args args);
static const struct event_type ask_event = {"traffic.resolve", 0, on_ask};
static const struct event_type try_event = {"traffic.reconnect", 0, on_try};

/* One that takes connections, or rests until its next try. */
struct address {
    pod_id pod;
    uint32_t ip;
    sim_time rests; /* until; 0: it takes them */
    uint32_t failures;
};

struct channel {
    struct endpoint_set *list; /* retained; NULL: no address known */
    struct endpoint_set *used; /* retained: of those, what takes connections */
    VEC_OF(struct address) addresses; /* of the list, in its order */
    uint32_t first;                   /* record of the answer, */
    uint32_t next;                    /* of those in use that or the next */
    sim_time asked;                   /* the last look-up */
    sim_time waits;     /* until then, where nothing was known before */
    incident_id origin; /* of that wait, or of there being no address */
    uint32_t failures;  /* in a row */
    event_id ask, try;
};

static sim_time later(sim_time t, sim_time by)
{
    return by > SIM_NEVER - t ? SIM_NEVER : t + by;
}

static void drop(struct endpoint_set **held)
{
    if (*held)
        endpoint_set_release(*held);
    *held = NULL;
}

/* It knows no address. */
static void forget(struct sim *sim, struct channel *ch)
{
    drop(&ch->list);
    drop(&ch->used);
    ch->addresses.count = 0;
    sim_cancel(sim, ch->try);
    ch->try = 0;
}

static void hold(struct endpoint_set **held, struct endpoint_set *set)
{
    endpoint_set_retain(set);
    drop(held);
    *held = set;
}

void channel_free(struct channel *ch)
{
    if (!ch)
        return;
    drop(&ch->list);
    drop(&ch->used);
    VEC_FREE(ch->addresses);
    free(ch);
}

void channel_cancel(struct entry *e, uint32_t client)
{
    struct channel *ch = e->clients[client].channel;

    if (!ch)
        return;
    sim_cancel(e->traffic->s->sim, ch->ask);
    sim_cancel(e->traffic->s->sim, ch->try);
    channel_free(ch);
    e->clients[client].channel = NULL;
}

/* After so many failures in a row; what: tells uses at one instant apart. */
static sim_time backoff(const struct entry *e, uint32_t client, uint32_t what,
                        uint32_t failures)
{
    const double growth = 1.6, most = 120, jitter = 0.2;
    double span = 1;
    struct rng rng;

    if (failures == 0)
        return SIM_S;
    for (; failures > 0 && span < most; failures--)
        span *= growth;
    span = span < most ? span : most;
    rng_init(&rng, e->traffic->s->root, "traffic.channel", e->spec->name,
             client_key(e, client));
    rng_seek(&rng, (uint64_t)sim_now(e->traffic->s->sim), what);
    return sim_seconds(span * (1 + jitter * (2 * rng_uniform(&rng) - 1)));
}

/* -------------------------------------------------------------- addresses */

/* Whether something listens there now, whoever it is, and can be reached. */
static bool takes_connections(const struct entry *e, uint32_t client,
                              uint32_t ip)
{
    const struct traffic *t = e->traffic;
    pod_id owner = ipam_owner(t->s->ipam, ip);
    const struct pod *pod =
        owner == NO_ID ? NULL : world_pod(t->s->world, owner);

    return pod && pod->node != NO_ID && server_listens(pod) &&
           world_node(t->s->world, pod->node)->up &&
           world_reaches(t->s->world, e->homes[client].node, pod->node);
}

static void try(struct entry *e, uint32_t client, struct address *a)
{
    if (takes_connections(e, client, a->ip))
        a->rests = a->failures = 0;
    else
        a->rests = sim_now(e->traffic->s->sim) +
                   backoff(e, client, 1 + a->pod, a->failures++);
}

/* The set without addresses that rest, unless all do. */
static void renew(struct entry *e, struct channel *ch)
{
    uint32_t used = 0, before = 0;
    struct endpoint_set *set;

    for (size_t i = 0; i < ch->addresses.count; i++) {
        before += ch->addresses.items[i].rests == 0 && i < ch->first;
        used += ch->addresses.items[i].rests == 0;
    }
    if (used == 0 || used == ch->list->usable) {
        ch->next = ch->first;
        hold(&ch->used, ch->list);
        return;
    }
    ch->next = before < used ? before : 0;
    set = endpoint_set_new(ch->list->service, used);
    for (size_t i = 0, k = 0; i < ch->addresses.count; i++)
        if (ch->addresses.items[i].rests == 0)
            set->endpoints[k++] = ch->list->endpoints[i];
    set->count = set->usable = set->ready = used;
    set->slots = ch->list->slots;
    set->sequence = VIEW_SEQUENCE | ++e->traffic->view_number;
    hold(&ch->used, set);
    endpoint_set_release(set);
}

/* Sets the clock for the next try. */
static void await_try(struct entry *e, uint32_t client)
{
    struct channel *ch = e->clients[client].channel;
    sim_time next = SIM_NEVER;

    for (size_t i = 0; i < ch->addresses.count; i++) {
        const struct address *a = &ch->addresses.items[i];

        if (a->rests != 0 && a->rests < next)
            next = a->rests;
    }
    sim_cancel(e->traffic->s->sim, ch->try);
    ch->try = 0;
    if (next != SIM_NEVER)
        ch->try = sim_at(e->traffic->s->sim, next, &try_event, e,
                         (struct event_args){.subject = client});
}

static void on_try(struct sim *sim, void *self, struct event_args args)
{
    struct entry *e = self;
    uint32_t client = (uint32_t)args.subject;
    struct channel *ch = e->clients[client].channel;

    ch->try = 0;
    for (size_t i = 0; i < ch->addresses.count; i++) {
        struct address *a = &ch->addresses.items[i];

        if (a->rests != 0 && a->rests <= sim_now(sim))
            try(e, client, a);
    }
    renew(e, ch);
    await_try(e, client);
}

static struct address *find(struct channel *ch, pod_id pod, uint32_t ip)
{
    for (size_t i = 0; i < ch->addresses.count; i++) {
        if (ch->addresses.items[i].pod == pod &&
            ch->addresses.items[i].ip == ip)
            return &ch->addresses.items[i];
    }
    return NULL;
}

/* Another list: what was in the old one is as it was. */
static void take(struct entry *e, uint32_t client, struct endpoint_set *list)
{
    struct channel *ch = e->clients[client].channel;
    struct channel old = {.addresses = ch->addresses};

    ch->addresses.items = NULL;
    ch->addresses.count = ch->addresses.room = 0;
    hold(&ch->list, list);
    for (uint32_t i = 0; i < list->usable; i++) {
        const struct endpoint *endpoint = &list->endpoints[i];
        const struct address *known = find(&old, endpoint->pod, endpoint->ip);
        struct address a = {.pod = endpoint->pod, .ip = endpoint->ip};

        if (known)
            a = *known;
        else
            try(e, client, &a);
        VEC_PUSH(ch->addresses, a);
    }
    VEC_FREE(old.addresses);
    renew(e, ch);
    await_try(e, client);
}

/* ---------------------------------------------------------------- look-ups */

static void ask_at(struct entry *e, uint32_t client, sim_time at)
{
    struct channel *ch = e->clients[client].channel;
    sim_time now = sim_now(e->traffic->s->sim);

    if (ch->ask == 0)
        ch->ask = sim_at(e->traffic->s->sim, at > now ? at : now, &ask_event, e,
                         (struct event_args){.subject = client});
}

static void ask(struct entry *e, uint32_t client)
{
    static const struct endpoint_set nothing;
    struct channel *ch = e->clients[client].channel;
    sim_time now = sim_now(e->traffic->s->sim);
    struct dns_answer answer = {.set = &nothing};

    ch->asked = now;
    if (e->service != NO_ID) /* else its name is gone with it */
        name_look_up(e, client, &answer);
    ch->waits = ch->list ? 0 : now + answer.latency;
    ch->origin = answer.origin;
    if (!answer.failed && answer.set->usable > 0) {
        ch->failures = 0;
        ch->first = answer.first;
        take(e, client, (struct endpoint_set *)answer.set);
        return;
    }
    if (!answer.failed)
        forget(e->traffic->s->sim, ch);
    ask_at(e, client,
           now + answer.latency + backoff(e, client, 0, ++ch->failures));
}

static void on_ask(struct sim *sim, void *self, struct event_args args)
{
    struct entry *e = self;
    uint32_t client = (uint32_t)args.subject;

    bool offers;

    (void)sim;
    e->clients[client].channel->ask = 0;
    offers = client_offers(e, client); /* it may move, and forget */
    if (!e->clients[client].channel)
        return;
    if (offers)
        ask(e, client);
    else /* it begins afresh with its next request */
        channel_cancel(e, client);
}

void channel_lost(struct entry *e, uint32_t client,
                  const struct endpoint *endpoint)
{
    struct channel *ch = e->clients[client].channel;
    struct address *a =
        ch && ch->list ? find(ch, endpoint->pod, endpoint->ip) : NULL;

    if (!ch || (!a && e->per_endpoint))
        return;
    ask_at(e, client, later(ch->asked, e->spec->resolver.min_interval));
    if (!a || a->rests != 0)
        return;
    try(e, client, a);
    if (a->rests == 0)
        return;
    renew(e, ch);
    await_try(e, client);
}

bool channel_knows(const struct entry *e, uint32_t client)
{
    const struct channel *ch = e->clients[client].channel;

    return ch && ch->list;
}

void channel_answer(struct entry *e, uint32_t client, struct dns_answer *answer)
{
    struct client *c = &e->clients[client];
    sim_time now = sim_now(e->traffic->s->sim);
    const struct channel *ch;

    if (!c->channel) {
        c->channel = mem_zalloc(sizeof *c->channel);
        ask(e, client);
    }
    ch = c->channel;
    *answer = (struct dns_answer){.set = ch->list ? ch->used : NULL,
                                  .first = ch->next};
    if (ch->list && ch->waits <= now)
        return;
    answer->origin = ch->origin;
    answer->latency = ch->waits > now ? ch->waits - now : 0;
}
