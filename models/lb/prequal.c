#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/lb/lb.h"
#include "models/lb/rif_latency.h"

enum { MOST_PROBES = 64, RECENT = 128, LEVELS = 1024 };

struct config {
    double probes, remove, quantile, delta;
    int64_t pool;
    sim_time age;
};

/* A report in the pool; oldest first. */
struct known {
    struct lb_report report;
    sim_time at;
    uint32_t uses; /* left */
};

struct prequal {
    struct known pool[MOST_PROBES];
    uint32_t count;
    double probes, removals; /* due, in parts of one */
    bool oldest_next;        /* removals take turns */
    /* Requests in flight that the last reports told: how many, by number. */
    uint32_t recent[RECENT], recent_count, recent_next;
    uint32_t levels[LEVELS];
};

struct prequal_group {
    VEC_OF(struct rif_latency *) servers; /* by pod; NULL: none yet */
};

#define ROW(field_, name_, type_, text_, help_, min_, max_)                    \
    {                                                                          \
        .name = name_, .type = type_,                                          \
        .offset = offsetof(struct config, field_), .text = text_,              \
        .help = help_, .source = "Prequal (NSDI 2024), section 4",             \
        .min = min_, .max = max_                                               \
    }

static const struct param params[] = {
    ROW(probes, "probesPerRequest", PARAM_DOUBLE, "3",
        "probes that a request sends, on average", 0, 16),
    ROW(pool, "poolSize", PARAM_INT, "16", "answers kept", 2, MOST_PROBES),
    ROW(age, "maxAge", PARAM_DURATION, "1s", "of an answer", 1e-6, 3600),
    ROW(quantile, "hotQuantile", PARAM_RATIO, "0.84",
        "a server is hot above this quantile of requests in flight", 0, 1),
    ROW(remove, "removalsPerRequest", PARAM_DOUBLE, "1",
        "answers dropped by each request: in turn the oldest and the worst", 0,
        16),
    ROW(delta, "delta", PARAM_DOUBLE, "1",
        "answers are used so often that the pool grows by that", 0, 100),
    {0}};

/* ------------------------------------------------------------- the pool */

static void drop(struct prequal *p, uint32_t i)
{
    p->count--;
    memmove(p->pool + i, p->pool + i + 1, (p->count - i) * sizeof p->pool[0]);
}

/* Those of pods that are gone, or too old, leave. Sets index[] of the rest. */
static void clean(const struct lb_pick *pick, uint32_t *index)
{
    const struct lb_balancer *b = pick->balancer;
    const struct config *config = b->config;
    struct prequal *p = b->state;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < p->count; i++) {
        const struct known *k = &p->pool[i];
        uint32_t e =
            k->report.slot < b->slots ? b->index[k->report.slot] : NO_ID;

        if (e == NO_ID || pick->endpoints[e].pod != k->report.pod ||
            pick->now - k->at > config->age)
            continue;
        index[kept] = e;
        if (kept != i)
            p->pool[kept] = *k;
        kept++;
    }
    p->count = kept;
}

/* The number of requests in flight above which a server is hot. */
static uint32_t hot_limit(const struct prequal *p, double quantile)
{
    double wanted = quantile * p->recent_count;
    uint32_t sum = 0, n = 0;

    while (n + 1 < LEVELS && (double)(sum += p->levels[n]) < wanted)
        n++;
    return n;
}

/* Hot and cold, in one order: the lower the better. */
static inline uint64_t rank_of(const struct lb_report *r, uint32_t limit)
{
    const uint64_t hot = UINT64_C(1) << 63;

    return r->present > limit ? hot | r->present : (uint64_t)r->latency;
}

static uint32_t extreme(const struct prequal *p, uint32_t limit, bool worst)
{
    uint64_t flip = worst ? UINT64_MAX : 0, least = UINT64_MAX;
    uint32_t best = 0;

    for (uint32_t i = 0; i < p->count; i++) {
        uint64_t rank = rank_of(&p->pool[i].report, limit) ^ flip;

        best = rank < least ? i : best;
        least = rank < least ? rank : least;
    }
    return best;
}

/* Whole parts of what is due. */
static uint32_t due(double *owed, double more)
{
    uint32_t whole;

    *owed += more;
    whole = (uint32_t)*owed;
    *owed -= whole;
    return whole;
}

static void remove_some(const struct lb_pick *pick, uint32_t limit)
{
    const struct config *config = pick->balancer->config;
    struct prequal *p = pick->balancer->state;

    for (uint32_t n = due(&p->removals, config->remove); n && p->count; n--) {
        drop(p, p->oldest_next ? 0 : extreme(p, limit, true));
        p->oldest_next = !p->oldest_next;
    }
}

/* ---------------------------------------------------------------- probes */

/* To different endpoints, at random. */
static void send_probes(const struct lb_pick *pick)
{
    struct lb_balancer *b = pick->balancer;
    const struct config *config = b->config;
    struct prequal *p = b->state;
    struct lb_group *group = b->group;
    uint32_t sent[16], n = due(&p->probes, config->probes);

    if (!group || !group->probe)
        return;
    if (n > pick->count)
        n = pick->count;
    for (uint32_t k = 0; k < n; k++) { /* Floyd's sample */
        uint32_t last = pick->count - n + k;
        uint32_t i = (uint32_t)rng_below(&group->rng, last + 1);

        for (uint32_t j = 0; j < k; j++)
            if (sent[j] == i)
                i = last;
        sent[k] = i;
        group->probe(group->self, b, &pick->endpoints[i]);
    }
}

/* How often an answer may be used, for the pool not to run dry: drawn so that
 * the mean is what is wanted. */
static uint32_t uses_of(const struct lb_balancer *b)
{
    const struct config *config = b->config;
    double n = b->count ? (double)b->count : 1;
    double kept = fmin(1, (double)config->pool / n);
    double spare = (1 - kept) * config->probes - config->remove, uses;

    if (spare <= 0)
        return UINT32_MAX; /* the pool knows all servers, or is fed too little
                              to be spent: age ends them */
    uses = fmax(1, (1 + config->delta) / spare);
    return (uint32_t)uses + (rng_uniform(&b->group->rng) < uses - floor(uses));
}

static void remember(struct prequal *p, uint64_t present)
{
    uint32_t level = present < LEVELS ? (uint32_t)present : LEVELS - 1;

    if (p->recent_count == RECENT)
        p->levels[p->recent[p->recent_next]]--;
    else
        p->recent_count++;
    p->recent[p->recent_next] = level;
    p->levels[level]++;
    p->recent_next = (p->recent_next + 1) % RECENT;
}

static void probed(struct lb_balancer *b, const struct lb_report *report,
                   sim_time now)
{
    const struct config *config = b->config;
    struct prequal *p = b->state;

    remember(p, report->present);
    if (p->count == (uint32_t)config->pool)
        drop(p, 0);
    p->pool[p->count++] = (struct known){*report, now, uses_of(b)};
}

/* --------------------------------------------------------------- servers */

static struct rif_latency *server_of(struct lb_group *group, pod_id pod)
{
    struct prequal_group *g = group->state;

    while (g->servers.count <= pod)
        VEC_PUSH(g->servers, NULL);
    if (!g->servers.items[pod])
        g->servers.items[pod] = mem_zalloc(sizeof *g->servers.items[pod]);
    return g->servers.items[pod];
}

static void load(struct lb_group *group, const struct lb_load *load)
{
    if (load->left)
        rif_latency_add(server_of(group, load->pod), load->before,
                        load->sojourn);
}

static void report(struct lb_group *group, struct lb_report *report)
{
    report->latency =
        rif_latency_at(server_of(group, report->pod), report->present);
}

/* ----------------------------------------------------------------- picks */

static uint32_t pick_prequal(const struct lb_pick *pick)
{
    const struct config *config = pick->balancer->config;
    struct prequal *p = pick->balancer->state;
    uint32_t index[MOST_PROBES], chosen, best, limit;

    clean(pick, index);
    limit = hot_limit(p, config->quantile);
    if (p->count < 2) {
        chosen = (uint32_t)rng_below(pick->rng, pick->count);
    } else {
        best = extreme(p, limit, false);
        chosen = index[best];
        p->pool[best].report.present++;
        if (--p->pool[best].uses == 0)
            drop(p, best);
        remove_some(pick, limit);
    }
    send_probes(pick);
    return chosen;
}

static void group_release(void *state)
{
    struct prequal_group *g = state;

    for (size_t i = 0; i < g->servers.count; i++)
        free(g->servers.items[i]);
    VEC_FREE(g->servers);
}

const struct lb_strategy lb_prequal = {
    .name = "prequal",
    .unit = "request",
    .state = "a pool of answers to probes: requests in flight at a server, and "
             "the latency that it expects",
    .rule = "hot-cold lexicographic: of the answers from servers that are not "
            "hot the one with the lowest latency; all hot: the fewest in "
            "flight; fewer than two answers: at random",
    .constants = "3 probes a request; pool 16; age 1 s; hot above quantile "
                 "0.84; 1 removal a request; delta 1",
    .source = "Wydrowski et al., Load is not what you should balance: "
              "Introducing Prequal (NSDI 2024), arXiv 2312.10172",
    .counts = true,
    .indexed = true,
    .config_size = sizeof(struct config),
    .params = params,
    .state_size = sizeof(struct prequal),
    .group_size = sizeof(struct prequal_group),
    .pick = pick_prequal,
    .report = report,
    .probed = probed,
    .load = load,
    .group_release = group_release,
};
