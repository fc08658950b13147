/*
 * lb - load-balancing strategies. Each is one file in models/lb and one
 * line in models/catalog.def: `const struct lb_strategy lb_<file>`.
 *
 * A balancer is one place that picks endpoints of one Service: kube-proxy
 * on a node, a client's library, a gateway instance. It knows what it has
 * itself seen: counters by endpoint slot, kept here for all strategies.
 */
#ifndef MODELS_LB_LB_H
#define MODELS_LB_LB_H

#include "models/world.h"
#include "sim/engine/rng.h"
#include "sim/io/param.h"

/* What a balancer knows of one endpoint. */
struct lb_counters {
    pod_id pod;      /* whose these are: another pod in the slot: reset */
    uint32_t active; /* attempts (or connections) open now */
};

/* A balancer. Zeroed state after lb_balancer_init. */
struct lb_balancer {
    const struct lb_strategy *strategy;
    const void *config;
    void *state;                  /* strategy's, state_size bytes */
    struct lb_counters *counters; /* by endpoint slot; NULL: not wanted */
    uint32_t slots;
    uint64_t version; /* sequence of the set last seen */
};

struct lb_pick {
    struct lb_balancer *balancer;
    const struct endpoint *endpoints; /* usable ones */
    uint32_t count;                   /* >= 1 */
    struct rng *rng;                  /* of this attempt: draw from it */
    uint64_t client_key;              /* stands for the client's IP */
    sim_time now;
};

struct lb_strategy {
    const char *name;      /* "round-robin": as in scenario and CSV */
    const char *unit;      /* "connection or request" */
    const char *state;     /* what it must know, for people */
    const char *rule;      /* one line */
    const char *constants; /* "choices 2", or "" */
    const char *source;
    bool counts; /* needs counters */
    size_t config_size;
    const struct param *params; /* of the config; NULL: none */
    size_t state_size;
    /* Index into endpoints. */
    uint32_t (*pick)(const struct lb_pick *pick);
};

/* Attempts open now at the i-th endpoint, as this balancer knows. Only
 * where the strategy `counts`. */
static inline uint32_t lb_active(const struct lb_pick *pick, uint32_t i)
{
    const struct endpoint *e = &pick->endpoints[i];
    const struct lb_counters *c = &pick->balancer->counters[e->slot];

    return c->pod == e->pod ? c->active : 0;
}

#define LB(file) extern const struct lb_strategy lb_##file;
#include "models/catalog.def"

/* All, in the order of catalog.def; ends with NULL. */
extern const struct lb_strategy *const lb_strategies[];
const struct lb_strategy *lb_find(const char *name);

void lb_balancer_init(struct lb_balancer *b, const struct lb_strategy *s,
                      const void *config);
void lb_balancer_release(struct lb_balancer *b);
/* Picks among the usable endpoints of the set (usable >= 1), counts it. */
const struct endpoint *lb_balancer_pick(struct lb_balancer *b,
                                        const struct endpoint_set *set,
                                        struct rng *rng, uint64_t client_key,
                                        sim_time now);
/* As lb_balancer_pick, among `count` >= 1 endpoints of a set of `slots`
 * slots: for callers that leave some out (local ones only, and so on). */
const struct endpoint *lb_balancer_pick_of(struct lb_balancer *b,
                                           const struct endpoint *endpoints,
                                           uint32_t count, uint32_t slots,
                                           struct rng *rng, uint64_t client_key,
                                           sim_time now);
/* The attempt that was given (slot, pod) has ended. */
void lb_balancer_done(struct lb_balancer *b, uint32_t slot, pod_id pod);

#endif
