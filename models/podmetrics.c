#include "models/podmetrics.h"

#include <stdlib.h>
#include <string.h>

#include "models/scaletarget.h"
#include "models/traffic/server.h"

/* freshContainerMinMetricsResolution */
static const sim_time fresh_min = 10 * SIM_S;

/* A reading of the CPU counter of a container that started at `since`. */
struct reading {
    sim_time at, since;
    double cpu; /* core seconds */
};

struct record {
    bool followed;            /* cAdvisor's clock runs for it */
    bool known;               /* `usage` is there */
    struct reading now, last; /* of cAdvisor; last scraped. at 0: none */
    struct pod_usage usage;
};

struct pod_metrics {
    struct simulation *s;
    VEC_OF(struct record) records; /* by pod */
    struct rng rng;                /* of phases */
    bool scraping;
};

static void on_read(struct sim *sim, void *self, struct event_args args);
static void on_scrape(struct sim *sim, void *self, struct event_args args);
static const struct event_type read_event = {"podmetrics.read", 8, on_read};
static const struct event_type scrape_event = {"podmetrics.scrape", 8,
                                               on_scrape};

static struct record *record_of(struct pod_metrics *m, pod_id id)
{
    while (m->records.count <= id)
        VEC_PUSH(m->records, (struct record){0});
    return &m->records.items[id];
}

/* --- cAdvisor --- */

static void on_read(struct sim *sim, void *self, struct event_args args)
{
    struct pod_metrics *m = self;
    const struct pod *pod = world_pod(m->s->world, (pod_id)args.subject);
    struct record *record = record_of(m, (pod_id)args.subject);

    if (!pod) {
        *record = (struct record){0};
        return;
    }
    record->now.at = 0;
    if (server_since(pod) != SIM_NEVER) {
        record->now.at = sim_now(sim);
        record->now.since = server_since(pod);
        record->now.cpu = server_cpu(m->s->servers, pod);
    }
    sim_after(sim, m->s->scenario->cluster.control_plane.housekeeping,
              &read_event, m, args);
}

/* --- metrics-server --- */

static void publish(struct record *record, const struct reading *from)
{
    const struct reading *to = &record->now;
    double cores = (to->cpu - from->cpu) / sim_to_seconds(to->at - from->at);

    record->usage.cpu = (int64_t)(cores * 1000 + 0.5);
    record->usage.at = to->at;
    record->usage.window = to->at - from->at;
    record->known = true;
}

static void scrape(struct record *record, sim_time resolution)
{
    const struct reading *now = &record->now;
    struct reading start = {now->since, now->since, 0};
    sim_time age = now->at - now->since;

    if (now->at == 0) {
        record->known = false; /* no process: no metrics */
        record->last.at = 0;
        return;
    }
    if (now->at == record->last.at)
        return;
    if (age < resolution && age >= fresh_min)
        publish(record, &start);
    else if (record->last.at != 0 && record->last.since == now->since)
        publish(record, &record->last);
    else
        record->known = false;
    record->last = *now;
}

static void on_scrape(struct sim *sim, void *self, struct event_args args)
{
    struct pod_metrics *m = self;
    sim_time resolution =
        m->s->scenario->cluster.control_plane.metrics_resolution;

    for (size_t i = 0; i < m->records.count; i++) {
        struct record *record = &m->records.items[i];

        if (!record->followed)
            continue;
        if (!world_pod(m->s->world, (pod_id)i))
            record->now.at = 0;
        scrape(record, resolution);
    }
    sim_after(sim, resolution, &scrape_event, m, args);
}

/* --- whom to follow --- */

static void follow(struct pod_metrics *m, const struct pod *pod)
{
    const struct control_plane_params *p =
        &m->s->scenario->cluster.control_plane;
    struct record *record = record_of(m, pod->id);

    if (record->followed)
        return;
    record->followed = true;
    sim_after(m->s->sim,
              (sim_time)rng_below(&m->rng, (uint64_t)p->housekeeping),
              &read_event, m, (struct event_args){.subject = pod->id});
    if (!m->scraping)
        sim_after(m->s->sim,
                  (sim_time)rng_below(&m->rng, (uint64_t)p->metrics_resolution),
                  &scrape_event, m, (struct event_args){0});
    m->scraping = true;
}

static void on_change(void *self, const struct world_change *change)
{
    struct pod_metrics *m = self;
    const struct world *w = m->s->world;

    if (w->hpas.count == 0)
        return;
    if (change->kind == CHANGE_POD) {
        const struct pod *pod = world_pod(w, change->id);

        if (change->what == WHAT_SERVING && pod->serving &&
            scale_target_is_scaled(w, pod))
            follow(m, pod);
        return;
    }
    if (change->what != WHAT_ADDED && change->what != WHAT_SPEC)
        return;
    for (pod_id id = 0; id < w->pods.count; id++) {
        const struct pod *pod = world_pod(w, id);

        if (pod && pod->serving && scale_target_is_scaled(w, pod))
            follow(m, pod);
    }
}

/* --- */

bool pod_metrics_get(const struct pod_metrics *m, pod_id id,
                     struct pod_usage *out)
{
    if (id >= m->records.count || !m->records.items[id].known)
        return false;
    *out = m->records.items[id].usage;
    return true;
}

void pod_metrics_put(struct pod_metrics *m, pod_id id, struct pod_usage usage)
{
    struct record *record = record_of(m, id);

    record->usage = usage;
    record->known = true;
}

struct pod_metrics *pod_metrics_new(struct simulation *s)
{
    struct pod_metrics *m = mem_zalloc(sizeof *m);

    m->s = s;
    rng_init(&m->rng, s->root, "podmetrics.phase", NULL, 0);
    world_watch(s->world, 1U << CHANGE_POD | 1U << CHANGE_HPA, on_change, m);
    return m;
}

void pod_metrics_free(struct pod_metrics *m)
{
    if (!m)
        return;
    VEC_FREE(m->records);
    free(m);
}
