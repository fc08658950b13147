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

struct lb_balancer;
struct lb_end;
struct lb_history;
struct lb_table;

/* Where a balancer stands: its probes travel from there. */
struct lb_home {
    node_id node; /* NO_ID: outside */
    uint16_t zone;
};

/* What a server answers a probe. */
struct lb_report {
    pod_id pod;
    uint32_t slot;
    uint64_t present; /* requests in flight there */
    double latency;   /* it expects for one that came now, ns */
};

/* An attempt came to a server, or left it. */
struct lb_load {
    pod_id pod;
    uint64_t present; /* from now on */
    bool left;        /* then: */
    uint64_t before;  /* how many it found when it came */
    sim_time sojourn;
};

/* What a balancer knows of one endpoint. */
struct lb_counters {
    pod_id pod;      /* whose these are; NO_ID: of none yet */
    uint32_t active; /* attempts (or connections) open now */
    sim_time since;  /* first seen; LB_FIRST_SET: in its first set */
};
#define LB_FIRST_SET (INT64_MIN / 2)

/*
 * The balancers of one Service: what they share. Zeroed, then filled by its
 * owner; lb_group_release. Needed only by what servers report, by weights by
 * name, and to share tables.
 */
struct lb_group {
    const struct world *world; /* names of pods and nodes; NULL: unknown */
    /* What servers tell: requests that are there now, and how many are
     * served at once at full speed. NULL: unknown. */
    uint64_t (*present)(void *self, pod_id pod);
    double (*servers)(void *self, pod_id pod);
    void *self;
    /* Sends a probe to the endpoint, whose answer comes through the
     * strategy's `probed`, or never. NULL: there are none. */
    void (*probe)(void *self, struct lb_balancer *b, const struct endpoint *e);
    struct lb_view view;
    const struct lb_history *history; /* where view.time counts */
    struct rng rng;                   /* for what belongs to no attempt */
    uint32_t peers; /* balancers that there will be; 0: unknown */
    uint64_t key;   /* stands for the Service's address */
    void *state;    /* strategy's, group_size bytes; NULL: none yet */
    void (*release)(void *state);
    struct lb_table *tables;
    VEC_OF(struct lb_balancer *) members;
};

/* A balancer. Zeroed state after lb_balancer_init. */
struct lb_balancer {
    const struct lb_strategy *strategy;
    const void *config;     /* never NULL where there are params */
    struct lb_group *group; /* NULL: it is alone */
    uint32_t number;        /* in its group */
    struct lb_home home;
    bool sees;   /* load is what its group's view says, not its counters */
    void *state; /* strategy's, state_size bytes */
    struct lb_counters *counters; /* by endpoint slot; NULL: not wanted */
    void *slot_state;             /* by endpoint slot, slot_size bytes each */
    uint32_t slots;
    uint32_t open;    /* sum of active */
    double *weights;  /* by index of the set last seen; NULL: not wanted */
    bool equal;       /* all weights are */
    uint32_t *index;  /* by slot, of those in that set; else NO_ID; NULL:
                         not wanted */
    bool looks;       /* at what changes */
    uint64_t version; /* of the set last seen; LB_NO_VERSION: none */
    uint32_t count;   /* of its endpoints that could be picked */
    void *own_config;
    /* Hears of each attempt that ended, whoever counts. NULL: nobody. */
    void (*ended)(void *self, const struct lb_end *end);
    void *ended_self;
};
#define LB_NO_VERSION UINT64_MAX

struct lb_pick {
    struct lb_balancer *balancer;
    const struct endpoint *endpoints; /* usable ones */
    uint32_t count;                   /* >= 1 */
    struct rng *rng;                  /* of this attempt: draw from it */
    uint64_t client_key;              /* stands for the client's IP */
    sim_time now;
};

enum lb_result {
    LB_OK,
    LB_ERROR,  /* answered with an error, or had no target */
    LB_LATE,   /* not answered in time */
    LB_BROKEN, /* no connection, or it was reset */
    LB_BUSY,   /* answered that there is no room (503) */
    LB_GONE    /* the client has left: no verdict */
};

/* How an attempt ended. */
struct lb_end {
    uint32_t slot;
    pod_id pod;
    enum lb_result result;
    sim_time now, latency; /* latency: since it began */
};

struct lb_strategy {
    const char *name;      /* "round-robin": as in scenario and CSV */
    const char *unit;      /* "connection or request" */
    const char *state;     /* what it must know, for people */
    const char *rule;      /* one line */
    const char *constants; /* "choices 2", or "" */
    const char *source;
    bool counts;   /* needs counters, or to hear how attempts end */
    bool weighted; /* config begins with a struct lb_weights (weights.h);
                      needs balancer->weights */
    bool indexed;  /* needs balancer->index; only where it counts */
    bool by_load;  /* chooses by lb_active: a view makes a difference */
    bool oracle;   /* its view is true unless another is given */
    size_t config_size;
    const struct param *params; /* of the config; NULL: none */
    size_t state_size;
    size_t slot_size;  /* only where it counts; zeroed for each new pod */
    size_t group_size; /* of group->state, zeroed */
    /* Index into endpoints. */
    uint32_t (*pick)(const struct lb_pick *pick);
    /* The set is another than at the last pick, or the first. NULL: never
     * mind. Counters and weights are those of the new set already. */
    void (*update)(const struct lb_pick *pick);
    /* An attempt has ended, at a pod that still has its slot; its counter is
     * down already. NULL: never mind. */
    void (*done)(struct lb_balancer *b, const struct lb_end *end);
    /* The pod's server has nothing left to do. NULL: never mind. */
    void (*idle)(struct lb_group *group, pod_id pod);
    /* A probe is answered. At the server: fills report->latency; then at the
     * balancer. NULL: it sends none. */
    void (*report)(struct lb_group *group, struct lb_report *report);
    void (*probed)(struct lb_balancer *b, const struct lb_report *report,
                   sim_time now);
    /* Of the group's servers. NULL: never mind. */
    void (*load)(struct lb_group *group, const struct lb_load *load);
    /* Releases what the state owns, not itself. NULL: nothing. */
    void (*release)(struct lb_balancer *b);
    void (*group_release)(void *state);
};

/* The load of the i-th endpoint by the group's view. */
uint32_t lb_seen(const struct lb_pick *pick, uint32_t i);

/* Attempts open now at the i-th endpoint, as this balancer knows: its own, or
 * what its view says. Only where the strategy `counts`. */
static inline uint32_t lb_active(const struct lb_pick *pick, uint32_t i)
{
    const struct endpoint *e = &pick->endpoints[i];
    const struct lb_counters *c = &pick->balancer->counters[e->slot];

    if (__builtin_expect(pick->balancer->sees, 0))
        return lb_seen(pick, i);
    return c->pod == e->pod ? c->active : 0;
}

/* What the strategy keeps of the endpoint in the slot. */
static inline void *lb_slot_of(const struct lb_balancer *b, uint32_t slot)
{
    return (char *)b->slot_state + slot * b->strategy->slot_size;
}

/* What it keeps of the i-th endpoint. */
static inline void *lb_slot(const struct lb_pick *pick, uint32_t i)
{
    return lb_slot_of(pick->balancer, pick->endpoints[i].slot);
}

/* Requests that are truly at the i-th endpoint; own attempts where nobody
 * knows. */
uint64_t lb_present(const struct lb_pick *pick, uint32_t i);

#define LB(file) extern const struct lb_strategy lb_##file;
#include "models/catalog.def"

/* All, in the order of catalog.def; ends with NULL. */
extern const struct lb_strategy *const lb_strategies[];
const struct lb_strategy *lb_find(const char *name);

/* config NULL: the defaults. */
void lb_balancer_init(struct lb_balancer *b, const struct lb_strategy *s,
                      const void *config);
/* b joins; it must not move in memory from then on, and be released before
 * the group. */
void lb_group_add(struct lb_group *group, struct lb_balancer *b);
void lb_balancer_release(struct lb_balancer *b);
void lb_group_release(struct lb_group *group);
/* Picks among the usable endpoints of the set (usable >= 1), counts it. */
const struct endpoint *lb_balancer_pick(struct lb_balancer *b,
                                        const struct endpoint_set *set,
                                        struct rng *rng, uint64_t client_key,
                                        sim_time now);
/* An attempt that was given (slot, pod) has ended. */
void lb_balancer_done(struct lb_balancer *b, const struct lb_end *end);

/* --- tables that balancers of one group share --- */

/* Made once for one set; immutable. */
struct lb_table {
    struct lb_table *next;
    uint64_t version;
    uint32_t count, references;
    size_t length;
    void *items; /* owned */
};

/* The table for pick's set, made by `make` (which fills items, and may
 * change length) unless some balancer has it already. Takes the place of *held
 * (NULL: none), which is given back. */
void lb_table_renew(struct lb_table **held, const struct lb_pick *pick,
                    void (*make)(struct lb_table *table,
                                 const struct lb_pick *pick),
                    size_t length);
/* Gives *held back. */
void lb_table_drop(struct lb_table **held, struct lb_balancer *b);

#endif
