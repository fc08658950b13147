#include <assert.h>
#include <stdlib.h>

#include "models/metrics/measure.h"

/* In by_slot, beside 1 + index: the endpoint is in both versions. */
#define MATCHED (UINT32_C(1) << 31)

/* --- an address's history, for the chart --- */

static enum address_state state_of(const struct metrics *m,
                                   const struct address *a)
{
    if (a->to != SIM_NEVER)
        return ADDRESS_NONE;
    if (!(a->flags & ENDPOINT_READY))
        return ADDRESS_UNREADY;
    return m->pods.items[a->pod].alive_ip == a->ip ? ADDRESS_READY
                                                   : ADDRESS_DEAD;
}

static void note_state(struct metrics *m, uint32_t row, uint32_t address,
                       enum address_state state, sim_time now)
{
    struct address *a = &m->rows[row].addresses.items[address];
    struct span_note note = {a->service, row, address, a->since, now, a->state};

    if (!m->want_detail || state == a->state)
        return;
    if (a->state != ADDRESS_NONE && now > a->since)
        VEC_PUSH(m->notes, note);
    a->state = state;
    a->since = now;
}

static void update_state(struct metrics *m, uint32_t row, uint32_t address,
                         sim_time now)
{
    note_state(m, row, address,
               state_of(m, &m->rows[row].addresses.items[address]), now);
}

static int by_service_address_time(const void *pa, const void *pb)
{
    const struct span_note *a = pa, *b = pb;

    if (a->service != b->service)
        return a->service < b->service ? -1 : 1;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    return (a->from > b->from) - (a->from < b->from);
}

static void make_spans(struct metrics *m)
{
    if (m->notes.count > 0)
        qsort(m->notes.items, m->notes.count, sizeof m->notes.items[0],
              by_service_address_time);
    for (size_t i = 0; i < m->notes.count; i++) {
        const struct span_note *n = &m->notes.items[i];
        const struct address *a = &m->rows[n->row].addresses.items[n->address];
        struct address_span span = {n->service,
                                    a->ip,
                                    a->pod,
                                    metrics_time(m, n->from),
                                    metrics_time(m, n->to),
                                    n->state};

        VEC_PUSH(m->spans, span);
    }
}

void endpoints_end(struct metrics *m, sim_time now)
{
    for (size_t i = 0; i < m->row_count; i++) {
        for (size_t k = 0; k < m->rows[i].addresses.count; k++)
            note_state(m, (uint32_t)i, (uint32_t)k, ADDRESS_NONE, now);
    }
    make_spans(m);
}

const struct address_span *metrics_addresses(const struct metrics *m,
                                             size_t *count)
{
    *count = m->spans.count;
    return m->spans.items;
}

/* --- addresses --- */

static void enter(struct metrics *m, uint32_t i, const struct endpoint *e,
                  sim_time now)
{
    struct row *row = &m->rows[i];
    struct pod_share *share = pods_share(m, e->pod, i);
    struct address new = {.ip = e->ip,
                          .pod = e->pod,
                          .service = row->service,
                          .from = now,
                          .to = SIM_NEVER,
                          .since = now};

    /* The same address of the same pod: it had not left for good. */
    if (share->address > 0 &&
        row->addresses.items[share->address - 1].ip == e->ip &&
        row->addresses.items[share->address - 1].service == row->service) {
        row->addresses.items[share->address - 1].to = SIM_NEVER;
    } else {
        VEC_PUSH(row->addresses, new);
        share->address = (uint32_t)row->addresses.count;
    }
    row->addresses.items[share->address - 1].flags = e->flags;
    update_state(m, i, share->address - 1, now);
}

/* Index of a listed address: the pod's latest, or else an older one. */
static uint32_t find_listed(struct metrics *m, uint32_t i,
                            const struct endpoint *e)
{
    const struct row *row = &m->rows[i];
    size_t k = pods_share(m, e->pod, i)->address;

    assert(k > 0);
    while (k > 1 && (row->addresses.items[k - 1].ip != e->ip ||
                     row->addresses.items[k - 1].pod != e->pod))
        k--;
    return (uint32_t)k - 1;
}

static void leave(struct metrics *m, uint32_t i, const struct endpoint *e,
                  sim_time now)
{
    uint32_t k = find_listed(m, i, e);

    m->rows[i].addresses.items[k].to = now;
    update_state(m, i, k, now);
}

/* --- changes --- */

/* What one endpoint's change is to be called; false: none that counts. */
static bool action_of(uint8_t old, uint8_t new, enum endpoint_action *action)
{
    uint8_t changed = old ^ new;

    if (changed & new &ENDPOINT_TERMINATING)
        *action = EP_TERMINATING;
    else if (changed & ENDPOINT_READY)
        *action = new &ENDPOINT_READY ? EP_READY : EP_UNREADY;
    else if (changed & ENDPOINT_SERVING)
        *action = new &ENDPOINT_SERVING ? EP_READY : EP_UNREADY;
    else
        return false;
    return true;
}

/* True where the pod has the address in another Service's set (or had it:
 * `listed` false). */
static bool elsewhere(const struct metrics *m, uint32_t i,
                      const struct endpoint *e, bool listed)
{
    const struct pod_track *track = &m->pods.items[e->pod];

    for (uint32_t k = 0; k < track->share_count; k++) {
        const struct pod_share *share = &track->shares[k];
        const struct address *a;

        if (share->row == i || share->address == 0)
            continue;
        a = &m->rows[share->row].addresses.items[share->address - 1];
        if (a->ip == e->ip && (a->to == SIM_NEVER || !listed))
            return true;
    }
    return false;
}

/* An incident's addresses count once: with the first Service that they
 * enter, with the last that they leave. */
static void count_effect(struct metrics *m, uint32_t i,
                         const struct endpoint *e, incident_id origin,
                         enum endpoint_action action)
{
    struct effect *effect = blame_effect(m, origin);

    if (!effect)
        return;
    if (action == EP_ADD && !elsewhere(m, i, e, false))
        effect->added++;
    else if (action == EP_REMOVE && !elsewhere(m, i, e, true))
        effect->removed++;
}

static void change(struct metrics *m, uint32_t i, enum endpoint_action action,
                   const struct endpoint *e, incident_id origin, sim_time now)
{
    struct endpoint_row row = {
        now,    i,       e->ip, (uint32_t)m->rows[i].listed_ready,
        e->pod, e->node, action};

    FOR_SCOPES(m, scope, now)
    scope->rows[i].changes++;
    count_effect(m, i, e, origin, action);
    if (m->want_detail)
        VEC_PUSH(m->endpoint_rows, row);
}

static void remove_one(struct metrics *m, uint32_t i, const struct endpoint *e,
                       incident_id origin, sim_time now)
{
    m->rows[i].listed--;
    m->rows[i].listed_ready -= (e->flags & ENDPOINT_READY) != 0;
    leave(m, i, e, now);
    change(m, i, EP_REMOVE, e, origin, now);
}

static void add_one(struct metrics *m, uint32_t i, const struct endpoint *e,
                    incident_id origin, sim_time now)
{
    m->rows[i].listed++;
    m->rows[i].listed_ready += (e->flags & ENDPOINT_READY) != 0;
    enter(m, i, e, now);
    change(m, i, EP_ADD, e, origin, now);
}

static void alter_one(struct metrics *m, uint32_t i, uint8_t old,
                      const struct endpoint *e, incident_id origin,
                      sim_time now)
{
    enum endpoint_action action;
    uint32_t k;

    if (!action_of(old, e->flags, &action))
        return;
    m->rows[i].listed_ready +=
        ((e->flags & ENDPOINT_READY) != 0) - ((old & ENDPOINT_READY) != 0);
    k = find_listed(m, i, e);
    m->rows[i].addresses.items[k].flags = e->flags;
    update_state(m, i, k, now);
    change(m, i, action, e, origin, now);
}

/* --- the difference of two versions --- */

static void index_old(struct metrics *m, const struct endpoint_set *old,
                      uint32_t slots)
{
    while (m->by_slot.count < slots)
        VEC_PUSH(m->by_slot, 0);
    for (uint32_t i = 0; i < slots; i++)
        m->by_slot.items[i] = 0;
    for (uint32_t i = 0; i < old->count; i++)
        m->by_slot.items[old->endpoints[i].slot] = i + 1;
}

static void match_new(struct metrics *m, const struct endpoint_set *old,
                      const struct endpoint_set *new)
{
    for (uint32_t i = 0; i < new->count; i++) {
        const struct endpoint *e = &new->endpoints[i];
        uint32_t k = m->by_slot.items[e->slot];

        if (k > 0 && old->endpoints[k - 1].pod == e->pod &&
            old->endpoints[k - 1].ip == e->ip)
            m->by_slot.items[e->slot] |= MATCHED;
    }
}

/* What left, then what changed or came. */
static void compare(struct metrics *m, uint32_t i,
                    const struct endpoint_set *old,
                    const struct endpoint_set *new, sim_time now)
{
    index_old(m, old, old->slots > new->slots ? old->slots : new->slots);
    match_new(m, old, new);
    for (uint32_t k = 0; k < old->count; k++) {
        if (!(m->by_slot.items[old->endpoints[k].slot] & MATCHED))
            remove_one(m, i, &old->endpoints[k], new->origin, now);
    }
    for (uint32_t k = 0; k < new->count; k++) {
        const struct endpoint *e = &new->endpoints[k];
        uint32_t at = m->by_slot.items[e->slot];

        if (at & MATCHED)
            alter_one(m, i, old->endpoints[(at & ~MATCHED) - 1].flags, e,
                      new->origin, now);
        else
            add_one(m, i, e, new->origin, now);
    }
}

/* Numbers are shared by all Services; proxies have no use for the versions
 * of headless ones. */
static void log_version(struct metrics *m, uint32_t i,
                        const struct endpoint_set *set)
{
    const struct service *service = world_service(m->w, set->service);
    struct version_log version = {NO_ROW, SIM_NEVER, SIM_NEVER};

    while (m->versions.count + 1 < set->sequence)
        VEC_PUSH(m->versions, version);
    if (!service->spec->headless)
        version = (struct version_log){i, set->trigger, set->exported};
    VEC_PUSH(m->versions, version);
}

void endpoints_on_change(struct metrics *m, const struct world_change *told)
{
    const struct endpoint_set *new = world_service(m->w, told->id)->newest;
    sim_time now = sim_now(m->s->sim);
    uint32_t i = rows_of(m, told->id);

    if (i == NO_ROW)
        return;
    log_version(m, i, new);
    row_accrue(m, i, now);
    compare(m, i, told->old, new, now);
    assert(m->rows[i].listed == (int)new->count);
    assert(m->rows[i].listed_ready == (int)new->ready);
    blame_touch(m, i, new->origin, now);
    blame_ready(m, i);
}

void endpoints_service_gone(struct metrics *m, uint32_t i, sim_time now)
{
    const struct endpoint_set *last =
        world_service(m->w, m->rows[i].service)->newest;

    for (uint32_t k = 0; k < last->count; k++)
        remove_one(m, i, &last->endpoints[k], INCIDENT_NONE, now);
    assert(m->rows[i].listed == 0);
}

/* --- what is told of elsewhere --- */

void endpoints_alive(struct metrics *m, pod_id pod, uint32_t before,
                     sim_time now)
{
    const struct pod_track *track = &m->pods.items[pod];

    for (uint32_t i = 0; i < track->share_count; i++) {
        const struct pod_share *share = &track->shares[i];

        if (share->address == 0)
            continue;
        proxies_alive(m, share->row, pod, before, track->alive_ip, now);
        update_state(m, share->row, share->address - 1, now);
    }
}

void metrics_on_reuse(void *self, uint32_t ip, pod_id by,
                      sim_time since_release)
{
    struct metrics *m = self;
    const struct pod *pod = world_pod(m->w, by);
    struct reuse reuse = {sim_now(m->s->sim), since_release};

    (void)ip;
    if (m->over || !pod)
        return;
    for (size_t i = 0; i < pod->service_count; i++) {
        uint32_t k = rows_of(m, pod->services[i]);

        if (k != NO_ROW)
            VEC_PUSH(m->rows[k].reuses, reuse);
    }
}
