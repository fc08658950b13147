/*
 * ipvs - the schedulers of Linux IP virtual server by their rules
 * (net/netfilter/ipvs/ip_vs_{lc,wlc,sed,nq,wrr,sh,dh}.c), and what those of
 * them that count have in common.
 */
#ifndef MODELS_LB_IPVS_H
#define MODELS_LB_IPVS_H

#include "models/lb/lb.h"
#include "models/lb/weights.h"

/* ----------------------------------------------------------- fewest */

enum ipvs_rule { IPVS_LC, IPVS_WLC, IPVS_SED, IPVS_NQ };

struct ipvs_dest {
    uint32_t weight; /* 0: gets nothing */
    uint32_t active, inactive;
    bool overloaded;
};

/* Index; the first wins ties; UINT32_MAX: none is available. */
uint32_t ipvs_choose(enum ipvs_rule rule, const struct ipvs_dest *dests,
                     uint32_t count);

/* Strategies with a config that begins with these. */
struct ipvs_config {
    struct lb_weights weights;
    sim_time time_wait;
};
#define IPVS_TIME_WAIT_ROW                                                     \
    {                                                                          \
        .name = "timeWait", .type = PARAM_DURATION,                            \
        .offset = offsetof(struct ipvs_config, time_wait), .text = "2m",       \
        .help = "for how long an ended connection counts as inactive; 0: not", \
        .source = "Linux IP_VS_TCP_S_TIME_WAIT 2 min (ip_vs_proto_tcp.c)"      \
    }
extern const struct param ipvs_params[];

/* A connection that has ended. */
struct ipvs_ended {
    sim_time at;
    uint32_t slot;
    pod_id pod;
};

/* Endpoints by slot; a line of ended connections. */
struct ipvs_state {
    struct ipvs_dest *dests; /* of weight 0 where not in the set */
    uint32_t room;
    struct ipvs_ended *ended; /* a ring; room is a power of two */
    size_t first, count, ended_room;
};

uint32_t ipvs_pick(const struct lb_pick *pick, enum ipvs_rule rule);
void ipvs_update(const struct lb_pick *pick);
void ipvs_done(struct lb_balancer *b, const struct lb_end *end);
void ipvs_release(struct lb_balancer *b);

/* -------------------------------------------------- weighted in turn */

struct ipvs_turn {
    int64_t least, step, most; /* weight that is asked now; gcd; maximum */
    uint32_t next;
};
/* Of weights, begun anew. */
struct ipvs_turn ipvs_turn_of(const uint32_t *weights, uint32_t count);
/* Index; UINT32_MAX: all weigh 0. */
uint32_t ipvs_turn_next(struct ipvs_turn *turn, const uint32_t *weights,
                        uint32_t count);

/* --------------------------------------------------------- by address */

enum { IPVS_HASH_BITS = 8, IPVS_HASH_SIZE = 1 << IPVS_HASH_BITS };

/* Places dealt out in order, `weight` at a time (NULL: 1); weights of 0 get
 * none unless all are 0. */
void ipvs_hash_fill(const uint32_t *weights, uint32_t count,
                    uint32_t table[IPVS_HASH_SIZE]);
/* The place of what stands for an address. */
uint32_t ipvs_hash_place(uint64_t key);

/* A weight as IPVS has it: whole; at least 1 unless 0. */
uint32_t ipvs_weight(double weight);

#endif
