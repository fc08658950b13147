#include "models/lb/ipvs.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/lb/hash.h"

const struct param ipvs_params[] = {LB_WEIGHTS_ROW, IPVS_TIME_WAIT_ROW, {0}};

uint32_t ipvs_weight(double weight)
{
    if (weight <= 0)
        return 0;
    return weight < 1 ? 1 : (uint32_t)(fmin(weight, 65535) + 0.5);
}

/* --------------------------------------------------------------- fewest */

/* lc, wlc: ip_vs_dest_conn_overhead; sed, nq: the delay that one more would
 * meet. */
static inline uint64_t overhead(enum ipvs_rule rule, const struct ipvs_dest *d)
{
    if (rule == IPVS_LC || rule == IPVS_WLC)
        return ((uint64_t)d->active << 8) + d->inactive;
    return (uint64_t)d->active + 1;
}

uint32_t ipvs_choose(enum ipvs_rule rule, const struct ipvs_dest *dests,
                     uint32_t count)
{
    uint64_t least = 0, weight = 0;
    uint32_t best = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++) {
        const struct ipvs_dest *d = &dests[i];
        uint64_t load;

        if (d->weight == 0 || d->overloaded)
            continue;
        if (rule == IPVS_NQ && d->active == 0)
            return i;
        load = overhead(rule, d);
        if (best != UINT32_MAX &&
            (rule == IPVS_LC ? load >= least
                             : load * weight >= least * d->weight))
            continue;
        best = i;
        least = load;
        weight = d->weight;
    }
    return best;
}

/* What has been inactive for long enough is forgotten. */
static void forget(const struct lb_balancer *b, sim_time now)
{
    const struct ipvs_config *config = b->config;
    struct ipvs_state *s = b->state;

    while (s->count > 0) {
        const struct ipvs_ended *e = &s->ended[s->first];

        if (now - e->at < config->time_wait)
            return;
        if (b->counters[e->slot].pod == e->pod)
            s->dests[e->slot].inactive--;
        s->first = (s->first + 1) & (s->ended_room - 1);
        s->count--;
    }
}

static void remember(struct ipvs_state *s, const struct lb_end *end)
{
    if (s->count == s->ended_room) {
        size_t room = s->ended_room ? 2 * s->ended_room : 64;
        struct ipvs_ended *grown = mem_calloc(room, sizeof *grown);

        for (size_t i = 0; i < s->count; i++)
            grown[i] = s->ended[(s->first + i) & (s->ended_room - 1)];
        free(s->ended);
        s->ended = grown;
        s->ended_room = room;
        s->first = 0;
    }
    s->ended[(s->first + s->count++) & (s->ended_room - 1)] =
        (struct ipvs_ended){end->now, end->slot, end->pod};
    s->dests[end->slot].inactive++;
}

void ipvs_update(const struct lb_pick *pick)
{
    const struct lb_balancer *b = pick->balancer;
    struct ipvs_state *s = b->state;

    if (s->room < b->slots) {
        s->dests = mem_realloc(s->dests, b->slots, sizeof *s->dests);
        memset(s->dests + s->room, 0, (b->slots - s->room) * sizeof *s->dests);
        s->room = b->slots;
    }
    for (uint32_t i = 0; i < s->room; i++)
        s->dests[i].weight = 0;
    for (uint32_t i = 0; i < pick->count; i++) {
        struct ipvs_dest *d = &s->dests[pick->endpoints[i].slot];
        bool *known = lb_slot(pick, i);

        if (!*known) /* another pod */
            *d = (struct ipvs_dest){.weight = 0};
        *known = true;
        d->weight = ipvs_weight(b->weights[i]);
    }
}

uint32_t ipvs_pick(const struct lb_pick *pick, enum ipvs_rule rule)
{
    const struct lb_balancer *b = pick->balancer;
    struct ipvs_state *s = b->state;
    uint32_t slot;

    forget(b, pick->now);
    slot = ipvs_choose(rule, s->dests, s->room);
    assert(slot != UINT32_MAX);
    s->dests[slot].active++;
    return b->index[slot];
}

void ipvs_done(struct lb_balancer *b, const struct lb_end *end)
{
    const struct ipvs_config *config = b->config;
    struct ipvs_state *s = b->state;

    s->dests[end->slot].active--;
    if (config->time_wait > 0)
        remember(s, end);
}

void ipvs_release(struct lb_balancer *b)
{
    struct ipvs_state *s = b->state;

    free(s->dests);
    free(s->ended);
}

/* ---------------------------------------------------- weighted in turn */

struct ipvs_turn ipvs_turn_of(const uint32_t *weights, uint32_t count)
{
    struct ipvs_turn turn = {.next = 0};

    for (uint32_t i = 0; i < count; i++) {
        int64_t a = weights[i], b = turn.step;

        while (b) {
            int64_t rest = a % b;

            a = b;
            b = rest;
        }
        turn.step = a;
        turn.most = weights[i] > turn.most ? weights[i] : turn.most;
    }
    turn.least = turn.most;
    return turn;
}

uint32_t ipvs_turn_next(struct ipvs_turn *turn, const uint32_t *weights,
                        uint32_t count)
{
    if (turn->most == 0)
        return UINT32_MAX;
    for (;;) {
        uint32_t i = turn->next;

        if (i >= count) { /* another round, for lighter ones too */
            turn->next = i = 0;
            turn->least -= turn->step;
            if (turn->least <= 0)
                turn->least = turn->most;
        }
        turn->next = i + 1;
        if (weights[i] >= turn->least)
            return i;
    }
}

/* ----------------------------------------------------------- by address */

void ipvs_hash_fill(const uint32_t *weights, uint32_t count,
                    uint32_t table[IPVS_HASH_SIZE])
{
    uint32_t item = 0, taken = 0;
    uint64_t sum = 0;

    for (uint32_t i = 0; weights && i < count; i++)
        sum += weights[i];
    for (uint32_t place = 0; place < IPVS_HASH_SIZE; place++) {
        uint32_t weight;

        while ((weight = sum > 0 ? weights[item] : 1) <= taken) {
            item = (item + 1) % count;
            taken = 0;
        }
        table[place] = item;
        taken++;
    }
}

uint32_t ipvs_hash_place(uint64_t key)
{
    return hash_linux32((uint32_t)(key ^ (key >> 32) * 40503), IPVS_HASH_BITS);
}
