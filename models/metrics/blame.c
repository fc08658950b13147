#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/metrics/measure.h"

/* --- failures by traffic, cause and origin --- */

static size_t failure_slot(const struct metrics *m, uint32_t traffic,
                           enum cause cause, incident_id origin)
{
    uint64_t key = ((uint64_t)traffic << 36) ^ ((uint64_t)cause << 32) ^ origin;
    size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) &
               (m->failure_room - 1);

    while (m->failure_index[i]) {
        const struct failure_row *row =
            &m->failures.items[m->failure_index[i] - 1];

        if (row->traffic == traffic && row->cause == cause &&
            row->origin == origin)
            break;
        i = (i + 1) & (m->failure_room - 1);
    }
    return i;
}

static void grow_index(struct metrics *m)
{
    free(m->failure_index);
    m->failure_room = m->failure_room ? 2 * m->failure_room : 64;
    m->failure_index = mem_calloc(m->failure_room, sizeof *m->failure_index);
    for (size_t i = 0; i < m->failures.count; i++) {
        const struct failure_row *row = &m->failures.items[i];

        m->failure_index[failure_slot(m, row->traffic, row->cause,
                                      row->origin)] = (uint32_t)i + 1;
    }
}

static struct failure_row *find_failure(struct metrics *m, uint32_t traffic,
                                        enum cause cause, incident_id origin,
                                        sim_time now)
{
    struct failure_row new = {traffic, cause, origin, now, now, 0, 0}, *last;
    size_t slot;

    if (m->failure_last < m->failures.count) {
        last = &m->failures.items[m->failure_last];
        if (last->traffic == traffic && last->cause == cause &&
            last->origin == origin)
            return last;
    }
    if (2 * m->failures.count >= m->failure_room)
        grow_index(m);
    slot = failure_slot(m, traffic, cause, origin);
    if (!m->failure_index[slot]) {
        VEC_PUSH(m->failures, new);
        m->failure_index[slot] = (uint32_t)m->failures.count;
    }
    m->failure_last = m->failure_index[slot] - 1;
    return &m->failures.items[m->failure_last];
}

void blame_failed(struct metrics *m, uint32_t traffic, enum cause cause,
                  incident_id origin, sim_time now)
{
    struct failure_row *row = find_failure(m, traffic, cause, origin, now);
    struct effect *effect = blame_effect(m, origin);

    row->attempts++;
    row->last = now;
    if (effect) {
        effect->attempts++;
        effect->by_cause[cause]++;
    }
}

void blame_request(struct metrics *m, const struct request_end *r)
{
    struct failure_row *row;
    struct effect *effect = blame_effect(m, r->origin);

    assert(r->cause > CAUSE_NONE && r->cause < CAUSE_COUNT);
    row = find_failure(m, r->traffic, r->cause, r->origin, r->end);
    row->requests++;
    if (effect)
        effect->requests++;
}

void blame_free(struct metrics *m)
{
    VEC_FREE(m->failures);
    free(m->failure_index);
    VEC_FREE(m->effects);
    VEC_FREE(m->effect_of);
}

/* --- effects of incidents --- */

incident_id blame_root(const struct world *w, incident_id id)
{
    uint32_t parent = w->incidents.items[id].parent;

    while (parent != NO_ID && parent > INCIDENT_STARTUP) {
        id = parent;
        parent = w->incidents.items[id].parent;
    }
    return id;
}

struct effect *blame_effect(struct metrics *m, incident_id id)
{
    struct effect new = {
        .min_ready = -1, .lost = SIM_NEVER, .recovered = SIM_NEVER};

    id = blame_root(m->w, id);
    if (id <= INCIDENT_STARTUP)
        return NULL;
    while (m->effect_of.count <= id)
        VEC_PUSH(m->effect_of, 0);
    if (m->effect_of.items[id] == 0) {
        new.id = id;
        VEC_PUSH(m->effects, new);
        m->effect_of.items[id] = (uint32_t)m->effects.count;
    }
    return &m->effects.items[m->effect_of.items[id] - 1];
}

static void see_ready(struct effect *effect, int ready)
{
    if (effect->min_ready < 0 || ready < effect->min_ready)
        effect->min_ready = ready;
}

static void see_low(struct effect *effect, sim_time now)
{
    effect->low++;
    if (effect->lost == SIM_NEVER)
        effect->lost = now;
}

void blame_touch(struct metrics *m, uint32_t i, incident_id id, sim_time now)
{
    struct row *row = &m->rows[i];
    struct effect *effect = blame_effect(m, id);
    uint32_t index;

    if (!effect)
        return;
    see_ready(effect, row->ready);
    index = (uint32_t)(effect - m->effects.items);
    for (size_t k = 0; k < row->active.count; k++) {
        if (row->active.items[k] == index)
            return;
    }
    VEC_PUSH(row->active, index);
    if (row->low)
        see_low(effect, now);
}

void blame_low(struct metrics *m, uint32_t i, bool low, sim_time now)
{
    struct row *row = &m->rows[i];

    for (size_t k = 0; k < row->active.count; k++) {
        struct effect *effect = &m->effects.items[row->active.items[k]];

        if (low) {
            see_low(effect, now);
        } else {
            effect->low--;
            effect->recovered = now;
        }
    }
}

void blame_ready(struct metrics *m, uint32_t i)
{
    struct row *row = &m->rows[i];

    for (size_t k = 0; k < row->active.count; k++)
        see_ready(&m->effects.items[row->active.items[k]], row->ready);
    if (!row->low)
        row->active.count = 0;
}

/* --- for people --- */

static bool from_timeline(const struct metrics *m, const struct incident *x)
{
    const struct scenario *c = m->s->scenario;

    for (size_t i = 0; i < c->timeline_count; i++) {
        if (strcmp(c->timeline[i].name, x->name) == 0)
            return x->parent == NO_ID;
    }
    return false;
}

static bool has_effect(const struct effect *e)
{
    return e && (e->attempts > 0 || e->requests > 0 || e->added > 0 ||
                 e->removed > 0 || e->min_ready >= 0);
}

static enum cause main_cause(const struct effect *e)
{
    enum cause best = CAUSE_NONE;

    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        if (e->by_cause[i] > (best ? e->by_cause[best] : 0))
            best = (enum cause)i;
    }
    return best;
}

static double recovery_time(const struct metrics *m, const struct effect *e)
{
    sim_time end = e->recovered;

    if (e->lost == SIM_NEVER)
        return NAN;
    if (e->low > 0)
        end = m->over ? scope_end(m->scopes) : sim_now(m->s->sim);
    return sim_to_seconds(end - e->lost);
}

static struct incident_effect describe(const struct metrics *m, incident_id id,
                                       const struct effect *e)
{
    const struct incident *x = &m->w->incidents.items[id];
    struct incident_effect out = {.id = id,
                                  .name = x->name,
                                  .action = x->action,
                                  .object = x->object,
                                  .time = metrics_time(m, x->time),
                                  .end = metrics_time(m, x->end),
                                  .min_ready = -1,
                                  .recovery_time = NAN};

    if (!e)
        return out;
    out.requests_failed = e->requests;
    out.attempts_failed = e->attempts;
    out.ips_added = e->added;
    out.ips_removed = e->removed;
    out.min_ready = e->min_ready;
    out.recovery_time = recovery_time(m, e);
    out.main_cause = main_cause(e);
    return out;
}

/* A timeline entry may hit what chance picks: the objects are those of the
 * incidents that it led to. By incident: the first of them; a second one
 * makes it "". The caller frees the array. */
static const char **objects_hit(const struct world *w)
{
    const char **hit = mem_calloc(w->incidents.count, sizeof *hit);

    for (size_t i = INCIDENT_STARTUP + 1; i < w->incidents.count; i++) {
        uint32_t root = blame_root(w, (incident_id)i);

        if (root != i && w->incidents.items[i].parent == root)
            hit[root] = hit[root] ? "" : w->incidents.items[i].object;
    }
    return hit;
}

const struct incident_effect *metrics_incidents(const struct metrics *m,
                                                size_t *count)
{
    struct report *report = m->report;
    const char **hit = objects_hit(m->w);

    report->items.count = 0;
    for (size_t i = INCIDENT_STARTUP + 1; i < m->w->incidents.count; i++) {
        const struct incident *x = &m->w->incidents.items[i];
        bool planned = from_timeline(m, x);
        const struct effect *e = NULL;
        struct incident_effect row;

        if (i < m->effect_of.count && m->effect_of.items[i])
            e = &m->effects.items[m->effect_of.items[i] - 1];
        if (!planned && !has_effect(e))
            continue;
        row = describe(m, (incident_id)i, e);
        row.from_timeline = planned;
        if (row.object[0] == '\0' && hit[i])
            row.object = hit[i];
        VEC_PUSH(report->items, row);
    }
    free(hit);
    *count = report->items.count;
    return report->items.items;
}
