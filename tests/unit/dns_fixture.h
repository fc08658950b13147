/*
 * dns_fixture - a headless Service, two nodes, and clients that look its name
 * up.
 */
#ifndef TESTS_UNIT_DNS_FIXTURE_H
#define TESTS_UNIT_DNS_FIXTURE_H

#include "models/network/dns.h"
#include "tests/unit/node_fixture.h"

enum { CLIENTS = 4 };

struct test {
    struct fixture f;
    struct service_spec service;
    struct statefulset_spec set;
    struct traffic_spec traffic;
    struct resolver_spec resolver;
    struct dns_cache caches[CLIENTS];
    node_id nodes[CLIENTS];
    bool warm_up;
    uint64_t seed;
    struct dns_answer answer; /* the last */
};

/* Nodes 2; clients 0 and 1 on node 0, 2 on node 1, 3 outside. CoreDNS keeps
 * answers for 30 s; clients none. One server, so that it is everyone's. */
static inline void prepare(struct test *t)
{
    static const node_id nodes[CLIENTS] = {0, 0, 1, NO_ID};

    memset(t, 0, sizeof *t);
    fixture_init(&t->f, 2);
    memcpy(t->nodes, nodes, sizeof nodes);
    t->service = (struct service_spec){
        .meta = {.name = "db", .space = "default"}, .headless = true};
    t->f.scenario.cluster.dns.cache = true;
    t->f.scenario.cluster.dns.servers = 1;
    t->f.scenario.cluster.dns.node_local =
        (struct node_local_params){.success_ttl = 30 * SIM_S,
                                   .denial_ttl = 5 * SIM_S,
                                   .latency = dist_constant(0.0001)};
    t->resolver = (struct resolver_spec){
        .negative = 10 * SIM_S, .timeout = 5 * SIM_S, .attempts = 2};
}

static inline void start(struct test *t)
{
    fixture_start(&t->f);
    for (size_t i = 0; i < t->f.node_count; i++)
        world_node_create(t->f.s.world, &t->f.nodes[i]);
    t->f.s.root.master = t->seed;
    t->f.s.dns = dns_new(&t->f.s);
    world_service_create(t->f.s.world, &t->service, 0);
    if (!t->warm_up) /* lifetimes are whole from then on */
        world_begin_measure(t->f.s.world);
}

static inline void end(struct test *t)
{
    for (size_t i = 0; i < CLIENTS; i++)
        dns_cache_release(&t->caches[i]);
    dns_free(t->f.s.dns);
    fixture_end(&t->f);
}

static inline void ask_for(struct test *t, uint32_t client, const char *pod,
                           bool virtual_ip)
{
    const struct dns_question question = {.pod = pod,
                                          .virtual_ip = virtual_ip,
                                          .client = client,
                                          .node = t->nodes[client],
                                          .resolver = &t->resolver};

    dns_resolve(t->f.s.dns, &t->caches[client], &question, &t->answer);
}

/* How many addresses the client gets at that time, ms. */
static inline uint32_t at(struct test *t, int64_t ms, uint32_t client)
{
    fixture_run(&t->f, ms);
    ask_for(t, client, NULL, false);
    return t->answer.set->ready;
}

#endif
