/*
 * name - clients that look names up: for each new connection (for each
 * request, where the client's library balances requests), or as channel.h
 * says.
 */
#include "models/traffic/channel.h"

void name_begin(struct entry *e)
{
    e->resolves = e->spec->access == ACCESS_HEADLESS || e->spec->resolves;
}

void name_release(struct client *client)
{
    dns_cache_release(&client->dns);
    channel_free(client->channel);
}

void name_leave(struct entry *e, uint32_t client)
{
    channel_cancel(e, client);
}

void name_lost(struct entry *e, uint32_t client,
               const struct endpoint *endpoint)
{
    if (e->spec->resolver.ask == ASK_AFTER_LOSS)
        channel_lost(e, client, endpoint);
}

bool name_known(const struct entry *e, uint32_t client)
{
    return e->spec->resolver.ask == ASK_AFTER_LOSS && channel_knows(e, client);
}

void name_look_up(struct entry *e, uint32_t client, struct dns_answer *answer)
{
    struct client *c = &e->clients[client];
    const struct dns_question question = {
        .service = e->service,
        .pod = e->spec->pod,
        .virtual_ip = e->spec->access == ACCESS_SERVICE,
        .client = client_key(e, client),
        .node =
            e->homes[client].external ? (node_id)NO_ID : e->homes[client].node,
        .resolver = &e->spec->resolver};

    dns_resolve(e->traffic->s->dns, &c->dns, &question, answer);
}

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
        channel_answer(e, client, &answer);
    else
        name_look_up(e, client, &answer);
    if (!answer.failed && !pods)
        choice = client_choose_service(e, client);
    else if (!answer.failed && answer.set && answer.set->usable > 0)
        choice = choose_pod(e, client, &answer);
    choice.delay = answer.latency;
    choice.slow = answer.origin;
    return choice;
}
