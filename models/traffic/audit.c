/*
 * audit - what must hold of requests at every instant, whatever happens.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "models/traffic/request_private.h"
#include "models/traffic/traffic.h"

/* Those under way, as the requests themselves say, by entry. The caller frees
 * the array. */
static uint64_t *count_open(const struct traffic *t)
{
    uint64_t *open = mem_calloc(t->entry_count, sizeof *open);

    for (uint32_t i = 0; i < t->count; i++) {
        const struct request *r = &t->requests[i];

        if (r->state != REQUEST_FREE && !is_hedge(t, &t->entries[r->entry], r))
            open[r->entry]++;
    }
    return open;
}

void traffic_audit(struct traffic *t)
{
    uint64_t *open = count_open(t);

    if (!hedges_audit(t))
        simulation_fail(t->s, "hedges are lost: some belong to no request");
    for (size_t i = 0; i < t->entry_count; i++) {
        const struct entry *e = &t->entries[i];

        if (entry_in_flight(e) == open[i])
            continue;
        simulation_fail(t->s,
                        "requests of '%s' are lost: %" PRIu64
                        " offered, %" PRIu64 " succeeded, %" PRIu64
                        " failed, %" PRIu64 " abandoned, %" PRIu64 " under way",
                        e->spec->name, e->offered, e->ended[REQUEST_SUCCEEDED],
                        e->ended[REQUEST_FAILED], e->ended[REQUEST_ABANDONED],
                        open[i]);
    }
    free(open);
}

void traffic_give_up(struct traffic *t)
{
    const struct simulation *s = t->s;
    sim_time end = s->world->epoch + s->scenario->duration;

    for (uint32_t i = 0; i < t->count; i++) {
        struct request *r = &t->requests[i];
        struct entry *e = request_entry(t, r);

        if (r->state != REQUEST_FREE && !is_hedge(t, e, r) &&
            r->arrival >= s->world->epoch && r->arrival < end)
            request_deadline(e, r);
    }
}
