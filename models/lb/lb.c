#include "models/lb/lb.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/lb/history.h"
#include "models/lb/weights.h"

/* ------------------------------------------------------------ balancers */

/* The strategy's own defaults, where the scenario gives no config. */
static const void *default_config(struct lb_balancer *b)
{
    if (!b->strategy->params)
        return NULL;
    b->own_config = mem_zalloc(b->strategy->config_size);
    param_defaults(b->strategy->params, b->own_config, 0);
    return b->own_config;
}

void lb_balancer_init(struct lb_balancer *b, const struct lb_strategy *s,
                      const void *config)
{
    assert(s && s->pick && (s->counts || s->slot_size == 0));
    memset(b, 0, sizeof *b);
    b->strategy = s;
    b->config = config ? config : default_config(b);
    b->state = s->state_size ? mem_zalloc(s->state_size) : NULL;
    b->looks = s->weighted || s->indexed || s->slot_size || s->update;
    b->version = LB_NO_VERSION;
    b->home.node = NO_ID;
}

void lb_balancer_release(struct lb_balancer *b)
{
    if (b->strategy && b->strategy->release)
        b->strategy->release(b);
    if (b->own_config) {
        param_release(b->strategy->params, b->own_config);
        free(b->own_config);
    }
    free(b->state);
    free(b->counters);
    free(b->slot_state);
    free(b->weights);
    free(b->index);
    memset(b, 0, sizeof *b);
}

void lb_group_add(struct lb_group *group, struct lb_balancer *b)
{
    const struct lb_strategy *s = b->strategy;

    b->group = group;
    b->number = (uint32_t)group->members.count;
    VEC_PUSH(group->members, b);
    b->sees = group->present && group->view.kind != LB_VIEW_OWN;
    if (s->group_size && !group->state) {
        group->state = mem_zalloc(s->group_size);
        group->release = s->group_release;
    }
}

void lb_group_release(struct lb_group *group)
{
    assert(!group->tables); /* its balancers have gone */
    if (group->release)
        group->release(group->state);
    free(group->state);
    VEC_FREE(group->members);
    group->state = NULL;
}

uint32_t lb_seen(const struct lb_pick *pick, uint32_t i)
{
    const struct lb_group *group = pick->balancer->group;
    pod_id pod = pick->endpoints[i].pod;

    if (group->view.kind == LB_VIEW_TRUE)
        return (uint32_t)group->present(group->self, pod);
    return lb_history_at(group->history, pod,
                         lb_view_instant(&group->view, pick->now));
}

uint64_t lb_present(const struct lb_pick *pick, uint32_t i)
{
    const struct lb_group *group = pick->balancer->group;

    if (!group || !group->present)
        return lb_active(pick, i);
    return group->present(group->self, pick->endpoints[i].pod);
}

/* --------------------------------------------------------- another set */

static void grow_slots(struct lb_balancer *b, uint32_t slots)
{
    size_t size = b->strategy->slot_size;
    uint32_t room = b->slots ? 2 * b->slots : 16;

    while (room < slots)
        room *= 2;
    b->counters = mem_realloc(b->counters, room, sizeof *b->counters);
    for (uint32_t i = b->slots; i < room; i++)
        b->counters[i] = (struct lb_counters){.pod = NO_ID};
    if (size) {
        b->slot_state = mem_realloc(b->slot_state, room, size);
        memset((char *)b->slot_state + b->slots * size, 0,
               (room - b->slots) * size);
    }
    b->slots = room;
    if (b->strategy->indexed)
        b->index = mem_realloc(b->index, room, sizeof *b->index);
}

static void index_slots(const struct lb_pick *pick)
{
    struct lb_balancer *b = pick->balancer;

    memset(b->index, 0xff, b->slots * sizeof *b->index);
    for (uint32_t i = 0; i < pick->count; i++)
        b->index[pick->endpoints[i].slot] = i;
}

/* Another pod in the slot: what was known of it was the old one's. Who only
 * counts renews a slot when it is picked: a change of the set costs nothing
 * then. */
static inline void renew(struct lb_balancer *b, const struct endpoint *e,
                         sim_time since)
{
    struct lb_counters *c = &b->counters[e->slot];

    if (__builtin_expect(c->pod == e->pod, 1))
        return;
    b->open -= c->active;
    *c = (struct lb_counters){.pod = e->pod, .since = since};
    if (b->slot_state)
        memset(lb_slot_of(b, e->slot), 0, b->strategy->slot_size);
}

static void renew_slots(const struct lb_pick *pick)
{
    struct lb_balancer *b = pick->balancer;
    sim_time since = b->version == LB_NO_VERSION ? LB_FIRST_SET : pick->now;

    for (uint32_t i = 0; i < pick->count; i++)
        renew(b, &pick->endpoints[i], since);
}

static void look(const struct lb_pick *pick, uint64_t version)
{
    struct lb_balancer *b = pick->balancer;

    if (b->strategy->counts) {
        renew_slots(pick);
        if (b->strategy->indexed)
            index_slots(pick);
    }
    if (b->strategy->weighted) {
        b->weights = mem_realloc(b->weights, pick->count, sizeof *b->weights);
        b->equal = lb_weights_fill(b->config, b->group ? b->group->world : NULL,
                                   pick->endpoints, pick->count, b->weights);
    }
    b->version = version;
    b->count = pick->count;
    if (b->strategy->update)
        b->strategy->update(pick);
}

/* ---------------------------------------------------------------- picks */

static inline const struct endpoint *pick_in(const struct lb_pick *pick,
                                             uint32_t slots, uint64_t version)
{
    struct lb_balancer *b = pick->balancer;
    uint32_t i;

    assert(pick->count >= 1);
    if (b->strategy->counts && __builtin_expect(slots > b->slots, 0))
        grow_slots(b, slots);
    if (b->looks &&
        __builtin_expect(b->version != version || b->count != pick->count, 0))
        look(pick, version);
    i = b->strategy->pick(pick);
    assert(i < pick->count);
    if (b->strategy->counts) {
        renew(b, &pick->endpoints[i], pick->now);
        b->counters[pick->endpoints[i].slot].active++;
        b->open++;
    }
    return &pick->endpoints[i];
}

const struct endpoint *lb_balancer_pick(struct lb_balancer *b,
                                        const struct endpoint_set *set,
                                        struct rng *rng, uint64_t client_key,
                                        sim_time now)
{
    struct lb_pick pick = {.balancer = b,
                           .endpoints = set->endpoints,
                           .count = set->usable,
                           .rng = rng,
                           .client_key = client_key,
                           .now = now};

    return pick_in(&pick, set->slots, set->sequence);
}

void lb_balancer_done(struct lb_balancer *b, const struct lb_end *end)
{
    struct lb_counters *c;

    if (__builtin_expect(b->ended != NULL, 0))
        b->ended(b->ended_self, end);
    if (!b->strategy->counts)
        return;
    assert(end->slot < b->slots);
    c = &b->counters[end->slot];
    if (c->pod != end->pod)
        return; /* another pod has taken the slot since */
    /* 0: another one had it in between, in a version that a client saw
     * before or after this one (answers of DNS servers differ in age). */
    if (c->active == 0)
        return;
    assert(b->open > 0);
    c->active--;
    b->open--;
    if (b->strategy->done)
        b->strategy->done(b, end);
}

/* --------------------------------------------------------------- tables */

static struct lb_table **place_of(const struct lb_balancer *b,
                                  struct lb_table **alone)
{
    return b->group ? &b->group->tables : alone;
}

void lb_table_drop(struct lb_table **held, struct lb_balancer *b)
{
    struct lb_table *table = *held, *alone = table, **link;

    *held = NULL;
    if (!table || --table->references > 0)
        return;
    link = place_of(b, &alone);
    while (*link != table)
        link = &(*link)->next;
    *link = table->next;
    free(table->items);
    free(table);
}

void lb_table_renew(struct lb_table **held, const struct lb_pick *pick,
                    void (*make)(struct lb_table *table,
                                 const struct lb_pick *pick),
                    size_t length)
{
    struct lb_balancer *b = pick->balancer;
    struct lb_table *old = *held, *alone = NULL;
    struct lb_table **first = place_of(b, &alone), *table = *first;

    while (table &&
           (table->version != b->version || table->count != pick->count))
        table = table->next;
    if (!table) {
        table = mem_zalloc(sizeof *table);
        table->version = b->version;
        table->count = pick->count;
        table->length = length;
        table->next = *first;
        *first = table;
        make(table, pick);
    }
    table->references++;
    lb_table_drop(&old, b);
    *held = table;
}
