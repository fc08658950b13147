/*
 * name - clients that look names up.
 *
 * ask: connect. Each new connection's name is looked up (each request's,
 * where the client's library balances requests and keeps no answer).
 *
 * ask: afterLoss. As gRPC does: the name is looked up at first, and again
 * once a connection has ended, but not within minInterval of the last
 * look-up; connections that are kept hide new pods till then. A look-up that
 * fails, or finds no address, is tried again after 1.6 s, growing by 1.6 to
 * 120 s, +-20 %; addresses from before are kept if it failed (grpc-go
 * internal/resolver/dns/dns_resolver.go, internal/backoff).
 */
#include <stdlib.h>

#include "models/traffic/traffic_internal.h"

static void on_ask(struct sim *sim, void *self, struct event_args args);
static const struct event_type ask_event = {"traffic.resolve", 0, on_ask};

/* What a client's library knows of its target. */
struct channel {
    struct endpoint_set *list; /* retained; NULL: no address known */
    uint32_t first;            /* record */
    sim_time asked, known;     /* the last look-up: begun, answered */
    incident_id origin;        /* why it failed */
    uint32_t failures;         /* in a row */
    bool again;                /* another one is due */
    event_id event;
};

void name_begin(struct entry *e)
{
    e->resolves = e->spec->access == ACCESS_HEADLESS || e->spec->resolves;
}

static void release_channel(struct client *c)
{
    if (!c->channel)
        return;
    if (c->channel->list)
        endpoint_set_release(c->channel->list);
    free(c->channel);
    c->channel = NULL;
}

void name_release(struct client *client)
{
    dns_cache_release(&client->dns);
    release_channel(client);
}

void name_leave(struct entry *e, uint32_t client)
{
    struct client *c = &e->clients[client];

    if (c->channel)
        sim_cancel(e->traffic->s->sim, c->channel->event);
    release_channel(c);
}

static void look_up(struct entry *e, uint32_t client, struct dns_answer *answer)
{
    struct client *c = &e->clients[client];
    const struct dns_question question = {
        .service = e->service,
        .pod = e->spec->pod,
        .virtual_ip = e->spec->access == ACCESS_SERVICE,
        .client = client_key(e, client),
        .node = c->external ? (node_id)NO_ID : c->node,
        .resolver = &e->spec->resolver};

    dns_resolve(e->traffic->s->dns, &c->dns, &question, answer);
}

/* -------------------------------------------------------------- afterLoss */

static sim_time backoff(const struct entry *e, uint32_t client,
                        uint32_t failures)
{
    const double growth = 1.6, most = 120, jitter = 0.2;
    double span = 1;
    struct rng rng;

    for (; failures > 0 && span < most; failures--)
        span *= growth;
    span = span < most ? span : most;
    rng_init(&rng, e->traffic->s->root, "traffic.name", e->spec->name,
             client_key(e, client));
    rng_seek(&rng, (uint64_t)sim_now(e->traffic->s->sim), 0);
    return sim_seconds(span * (1 + jitter * (2 * rng_uniform(&rng) - 1)));
}

static void ask_at(struct entry *e, uint32_t client, sim_time at)
{
    struct channel *ch = e->clients[client].channel;
    sim_time now = sim_now(e->traffic->s->sim);

    if (ch->again)
        return;
    ch->again = true;
    ch->event = sim_at(e->traffic->s->sim, at > now ? at : now, &ask_event, e,
                       (struct event_args){.subject = client});
}

static void take(struct channel *ch, const struct dns_answer *answer)
{
    if (answer->failed)
        return;
    if (ch->list)
        endpoint_set_release(ch->list);
    ch->list = NULL;
    if (answer->set->usable == 0)
        return;
    ch->list = (struct endpoint_set *)answer->set;
    endpoint_set_retain(ch->list);
    ch->first = answer->first;
    ch->failures = 0;
}

static void ask(struct entry *e, uint32_t client)
{
    struct channel *ch = e->clients[client].channel;
    struct dns_answer answer;

    ch->asked = sim_now(e->traffic->s->sim);
    look_up(e, client, &answer);
    ch->known = ch->asked + answer.latency;
    ch->origin = answer.origin;
    take(ch, &answer);
    if (answer.failed || !ch->list)
        ask_at(e, client, ch->known + backoff(e, client, ++ch->failures));
}

static void on_ask(struct sim *sim, void *self, struct event_args args)
{
    struct entry *e = self;
    uint32_t client = (uint32_t)args.subject;
    struct channel *ch = e->clients[client].channel;

    (void)sim;
    ch->event = 0;
    ch->again = false;
    if (e->service != NO_ID && client_offers(e, client))
        ask(e, client);
    else /* it begins afresh with its next request */
        release_channel(&e->clients[client]);
}

static sim_time later(sim_time t, sim_time by)
{
    return by > SIM_NEVER - t ? SIM_NEVER : t + by;
}

void name_lost(struct entry *e, uint32_t client)
{
    const struct channel *ch = e->clients[client].channel;

    if (ch)
        ask_at(e, client, later(ch->asked, e->spec->resolver.min_interval));
}

/* What the library knows; the first request waits for it. */
static void ask_library(struct entry *e, uint32_t client,
                        struct dns_answer *answer)
{
    struct client *c = &e->clients[client];
    sim_time now = sim_now(e->traffic->s->sim);
    struct channel *ch;

    if (!c->channel) {
        c->channel = mem_zalloc(sizeof *c->channel);
        ask(e, client);
    }
    ch = c->channel;
    *answer = (struct dns_answer){.set = ch->list, .first = ch->first};
    if (ch->list)
        return;
    answer->origin = ch->origin;
    answer->latency = ch->known > now ? ch->known - now : 0;
}

/* ---------------------------------------------------------------- choices */

/* The addresses of pods: at random, the first, or as the client's library
 * does. */
static struct chosen choose_pod(struct entry *e, uint32_t client,
                                const struct dns_answer *answer)
{
    const struct endpoint_set *set = answer->set;
    const struct endpoint *endpoint = set->endpoints;
    struct lb_balancer *b;

    if (e->lb->at == LB_CLIENT && !e->spec->pod) {
        b = client_balancer(e, client);
        endpoint = lb_balancer_pick(b, set, &e->rng, client_key(e, client),
                                    sim_now(e->traffic->s->sim));
        return chosen_by(endpoint, b);
    }
    endpoint += e->spec->resolver.take == TAKE_FIRST
                    ? answer->first
                    : rng_below(&e->rng, set->usable);
    return (struct chosen){.endpoint = endpoint};
}

struct chosen name_choose(struct entry *e, uint32_t client)
{
    bool pods = e->spec->access == ACCESS_HEADLESS;
    struct chosen choice = {.cause = CAUSE_DNS};
    struct dns_answer answer;

    if (e->spec->resolver.ask == ASK_AFTER_LOSS)
        ask_library(e, client, &answer);
    else
        look_up(e, client, &answer);
    if (!answer.failed && !pods)
        choice = client_choose_service(e, client);
    else if (!answer.failed && answer.set && answer.set->usable > 0)
        choice = choose_pod(e, client, &answer);
    choice.delay = answer.latency;
    choice.slow = answer.origin;
    return choice;
}
