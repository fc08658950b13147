/*
 * measure - what the files of models/metrics share: the state of one
 * replication's measurement. Nobody else includes it but tests.
 *
 * Two kinds of record are kept. Integrals and counters are summed up in
 * scopes: the measured time, and one window for each SLO with `during`.
 * What happens seldom (addresses, recoveries, reuses, failures by origin)
 * is kept as a list with absolute times, and cut to a scope when asked for.
 *
 * A scope is the time [start, start + length) on the clock. An integral is
 * brought up to date (accrued) before its value changes and at both ends of
 * every scope, so that what is accrued lies wholly inside or outside.
 */
#ifndef MODELS_METRICS_MEASURE_H
#define MODELS_METRICS_MEASURE_H

#include "models/metrics/exported.h"
#include "models/metrics/metrics.h"
#include "models/scheduler/scheduler.h"
#include "sim/engine/dist.h"
#include "sim/engine/mem.h"
#include "sim/engine/stat.h"

#define NO_ROW UINT32_MAX

enum metric_id {
#define METRIC(name, unit, level, better, low, high, meaning) METRIC_##name,
#include "models/metrics/metrics.def"
    METRIC_COUNT
};

/* --- sums in a scope --- */

/* Of one traffic entry. Times in ns. What follows from the rest is not
 * counted by itself: a request that succeeds at its first attempt costs two
 * counters and a sketch. */
struct traffic_sums {
    uint64_t requests, failed, abandoned;
    uint64_t crossed;                /* succeeded ones, from zone to zone */
    uint64_t cancelled;              /* attempts */
    uint64_t retries, untried;       /* untried: ended without any attempt */
    uint64_t failed_by[CAUSE_COUNT]; /* attempts */
    uint64_t overload;               /* failed attempts of that origin */
    sim_time metastable;             /* see metastable.c */
    uint64_t accepted;               /* attempts that pods took in */
    double sojourn;                  /* sum over them */
    /* Integrals, by what they differ from the sums over accepted attempts:
     * those that are cut by an end of the scope, or share their servers. */
    double present, waiting_time, busy;
    struct sketch latency; /* of succeeded requests: their number, too */
    struct sketch waiting; /* of accepted attempts that had to wait */
};
static inline uint64_t sums_ended(const struct traffic_sums *t)
{
    return t->latency.count + t->failed + t->abandoned;
}
static inline uint64_t sums_attempts(const struct traffic_sums *t)
{
    return sums_ended(t) + t->retries - t->untried;
}

/* Of one Service. Times in seconds. */
struct row_sums {
    double lived, endpoint_up, serving_up;
    double replica_ratio, replica_time; /* over time with desired > 0 */
    double desired, ready;              /* replica-seconds */
    int desired_max;
    double listed;    /* address-seconds */
    double capacity;  /* concurrency x serving seconds */
    double unlimited; /* seconds with a pod of unlimited concurrency */
    double stale;     /* proxy-seconds */
    uint64_t changes, writes, bytes;
    struct sketch programming; /* ns */
};

/* A set of addresses: open addressing, 0 is free. */
struct ip_set {
    uint32_t *slots;
    size_t count, room;
};
void ip_set_add(struct ip_set *set, uint32_t ip); /* ip != 0 */
void ip_set_release(struct ip_set *set);

struct cluster_sums {
    uint64_t created, deleted, evicted, preempted, restarts, node_failures;
    double lived, nodes; /* seconds, node-seconds */
    int nodes_max;
    uint64_t refused;                          /* evictions */
    struct pod_time waited;                    /* see scheduler.h */
    double downtime;                           /* node-seconds */
    double cpu, cpu_room, memory, memory_room; /* x seconds */
    struct sketch startup, scheduling;         /* ns */
    struct exported exported;                  /* programming latency */
    struct ip_set ips;
};

struct scope {
    sim_time start;  /* valid once length > 0 */
    uint64_t length; /* ns; 0: not begun */
    /* Windows only: */
    const char *during; /* name of the timeline entry */
    sim_time within;    /* of the SLO; SIM_NEVER: none */
    const struct timeline_spec *entry;
    uint32_t incident; /* that began it; NO_ID: not yet */
    bool closed;
    bool rollout, status; /* it waits for owners' rollouts; they began */
    /* Sums; arrays by traffic entry and by row. */
    struct traffic_sums *traffic;
    struct row_sums *rows;
    struct cluster_sums cluster;
};

/* True where t lies in the scope. */
static inline bool scope_has(const struct scope *s, sim_time t)
{
    return (uint64_t)t - (uint64_t)s->start < s->length;
}
static inline sim_time scope_end(const struct scope *s)
{
    return s->length >= (uint64_t)(SIM_NEVER - s->start)
               ? SIM_NEVER
               : s->start + (sim_time)s->length;
}

/* --- Services --- */

/* An address in the endpoint set of a Service. */
struct address {
    uint32_t ip;
    pod_id pod;
    service_id service;
    sim_time from, to;        /* listed; to SIM_NEVER: still */
    uint8_t flags;            /* as the API has them now */
    enum address_state state; /* for the chart, since: */
    sim_time since;
};

/* A loss of replicas. end SIM_NEVER: open. */
struct recovery {
    sim_time start, end;
};

/* An address used again. */
struct reuse {
    sim_time at, interval;
};

/* A version of the endpoint set that some proxy routes by. */
struct held_version {
    uint64_t sequence;
    struct endpoint_set *set; /* retained */
    uint32_t proxies, dead;   /* dead: usable endpoints that cannot serve */
};

/* A Service of the scenario: one name, whatever is created under it. */
struct row {
    const struct service_spec *spec;
    char *name;         /* "namespace/name" */
    service_id service; /* NO_ID: does not exist now */
    sim_time since;     /* integrals are up to date until then */
    int ready, serving, listed, listed_ready;
    int desired;
    double capacity; /* of serving pods */
    int unlimited;   /* serving pods of unlimited concurrency */
    uint32_t stale;  /* proxies whose table names a dead address */
    /* Recovery: what had been reached of `desired`; below it is a loss. */
    int reached;
    bool low;
    VEC_OF(uint32_t) active; /* effects that touch it while it is low */
    VEC_OF(struct address) addresses;
    VEC_OF(struct recovery) recoveries;
    VEC_OF(struct reuse) reuses;
    VEC_OF(struct held_version) held; /* rising sequence */
    VEC_OF(sim_time) ready_time;      /* measured, by number of ready pods */
    VEC_OF(uint32_t) traffic;         /* entries, rising */
    uint64_t mark;                    /* last programming that moved it */
    uint64_t writes, bytes;           /* of slices, as seen last */
};

/* --- pods --- */

/* What a pod is to a Service. */
struct pod_share {
    uint32_t row;
    uint32_t address;  /* 1 + index of its latest there; 0: none */
    uint64_t requests; /* attempts it took in, measured */
    uint64_t *windows; /* the same by window; NULL: none yet */
};

struct pod_track {
    struct pod_share *shares; /* owned */
    uint32_t share_count;
    uint32_t sandbox;  /* 1 + index into sandboxes; 0: none. detail only */
    uint32_t alive_ip; /* at which it can serve now; 0: none */
    uint32_t restarts;
    bool ready, serving, bare, unbound, counted; /* it adds to these sums */
    bool shared;                                 /* discipline ps */
    bool started, ended;  /* its start-up, its eviction have been counted */
    sim_time since;       /* ready_seconds are up to date until then */
    double ready_seconds; /* measured */
    double *windows;      /* the same by window; NULL: none yet */
    char *name;           /* "namespace/name"; detail only; owned */
};

/* A row of pods.csv. */
struct sandbox_row {
    pod_id pod;
    node_id node;
    enum owner_kind owner_kind;
    uint32_t owner; /* NO_ID: none */
    uint32_t ip, number, restarts, restarts_before;
    sim_time created, scheduled, started, ready, deleted, gone;
    const char *reason;
};

/* A row of endpoints.csv. */
enum endpoint_action {
    EP_ADD,
    EP_REMOVE,
    EP_READY,
    EP_UNREADY,
    EP_TERMINATING
};
struct endpoint_row {
    sim_time at;
    uint32_t row, ip, endpoints;
    pod_id pod;
    node_id node;
    enum endpoint_action action;
};

/* A Service that existed: a row of services.csv. */
struct service_row {
    const struct service_spec *spec;
    uint32_t row, cluster_ip;
    sim_time created, deleted;
};

struct event_row {
    sim_time at;
    bool warning;
    char *reason, *object, *message; /* owned */
};

/* An owner whose replicas Services want: a Deployment, a ReplicaSet of its
 * own, a StatefulSet or a DaemonSet. */
struct owner_track {
    int desired;
    VEC_OF(uint32_t) rows;
};

/* A version of endpoints, by sequence - 1. */
struct version_log {
    uint32_t row;
    sim_time trigger, exported; /* SIM_NEVER: none */
};

/* A node's kube-proxy. */
struct proxy_track {
    uint64_t programmed; /* all versions up to this sequence */
    sim_time started;
};

/* Part of an address's history for the chart. */
struct span_note {
    service_id service;
    uint32_t row, address; /* index into the row's */
    sim_time from, to;
    enum address_state state;
};

/* --- blame --- */

struct failure_row {
    uint32_t traffic;
    enum cause cause;
    incident_id origin;
    sim_time first, last;
    uint64_t attempts, requests;
};

/* What an incident with no parent did. */
struct effect {
    incident_id id;
    uint64_t requests, attempts;
    uint64_t by_cause[CAUSE_COUNT]; /* attempts */
    uint32_t added, removed;
    int min_ready;            /* -1: no Service touched */
    uint32_t low;             /* Services it touched that are low now */
    sim_time lost, recovered; /* SIM_NEVER: not */
};

/* --- the time series --- */

struct series_row {
    uint32_t interval, row, traffic; /* traffic NO_ID: the sum */
    int32_t desired, ready, listed;
    uint32_t requests, succeeded, failed, in_flight;
    double p50, p99; /* s */
};
struct series_entry {
    uint64_t requests, succeeded, failed; /* until the interval's start */
    struct sketch latency;                /* of the interval */
};

struct report {
    VEC_OF(struct incident_effect) items;
};

struct calm; /* metastable.c */

struct metrics {
    sim_time next;        /* something is due then: metrics_advance */
    struct scope *scopes; /* [0]: the measured time; then windows */
    uint32_t scope_count;
    struct series_entry *series; /* by traffic; NULL: no time series */
    uint64_t open;               /* measured requests under way */
    VEC_OF(struct pod_track) pods;
    struct simulation *s;
    struct world *w;
    bool want_detail, want_events, over;
    sim_time epoch; /* SIM_NEVER: before it */
    /* Services */
    size_t row_count, traffic_count;
    sim_time rows_since; /* all rows were accrued then */
    struct row *rows;
    struct layout_index *index;    /* of rows by name */
    uint32_t *traffic_row;         /* by traffic entry; NO_ROW */
    VEC_OF(uint32_t) service_rows; /* by service_id */
    VEC_OF(uint32_t) by_slot;      /* scratch: 1 + index of the old one */
    VEC_OF(struct owner_track)
    deployments, replicasets, statefulsets, daemonsets;
    /* proxies */
    VEC_OF(struct version_log) versions;
    VEC_OF(struct proxy_track) proxies; /* by node */
    uint64_t mark;
    /* the cluster */
    sim_time cluster_since;
    int unbound, nodes_down, nodes;
    struct pod_time waited; /* the scheduler's, when last looked at */
    double cpu, cpu_room, memory, memory_room;
    /* blame */
    VEC_OF(struct failure_row) failures;
    uint32_t *failure_index; /* open addressing: 1 + index */
    size_t failure_room;
    uint32_t failure_last; /* the row that was found last */
    VEC_OF(struct effect) effects;
    VEC_OF(uint32_t) effect_of; /* by incident: 1 + index; 0: none */
    /* detail */
    VEC_OF(struct sandbox_row) sandboxes;
    VEC_OF(struct endpoint_row) endpoint_rows;
    VEC_OF(struct service_row) services;
    VEC_OF(struct event_row) events;
    VEC_OF(struct span_note) notes;
    VEC_OF(struct address_span) spans; /* of the notes, at the end */
    VEC_OF(struct series_row) series_rows;
    sim_time series_width, series_next; /* end of the running interval */
    uint32_t series_interval;           /* its number */
    struct report *report;              /* built when asked for */
    struct calm *calm;                  /* by traffic entry */
    sim_time calm_next;                 /* end of the running interval */
};

/* --- measure.c: time --- */
/* Does all that is due until now. Called before anything changes. */
void metrics_advance(struct metrics *m, sim_time now);
static inline void metrics_reach(struct metrics *m, sim_time now)
{
    if (now >= m->next)
        metrics_advance(m, now);
}
/* Seconds since time 0; SIM_NEVER as it is. */
sim_time metrics_time(const struct metrics *m, sim_time t);
/* Loops over the scopes that `t` lies in. */
#define FOR_SCOPES(m, s, t)                                                    \
    for (struct scope *s = (m)->scopes; s < (m)->scopes + (m)->scope_count;    \
         s++)                                                                  \
        if (scope_has(s, t))

/* --- windows.c --- */
void windows_new(struct metrics *m); /* makes m->scopes */
void windows_free(struct metrics *m);
void windows_epoch(struct metrics *m, sim_time now);
void windows_incident(struct metrics *m, const struct world_change *change);
void windows_owner(struct metrics *m, incident_id origin, enum world_what what);
/* Closes the windows whose Deployments are complete. */
void windows_look(struct metrics *m);
/* Index of the scope of an SLO. */
uint32_t windows_find(const struct metrics *m, const struct slo_spec *slo);
/* The earliest end of a scope > after; SIM_NEVER: none. */
sim_time windows_next_end(const struct metrics *m, sim_time after);

/* --- rows.c: Services and their integrals --- */
void rows_new(struct metrics *m);
void rows_free(struct metrics *m);
/* The row of a Service; NO_ROW: none. */
uint32_t rows_of(const struct metrics *m, service_id id);
void row_accrue(struct metrics *m, uint32_t row, sim_time now);
void rows_accrue(struct metrics *m, sim_time now);
void rows_on_service(struct metrics *m, const struct world_change *change);

/* --- replicas.c: desired, ready, recovery --- */
void replicas_on_owner(struct metrics *m, const struct world_change *change);
void replicas_match(struct metrics *m, uint32_t row); /* a new Service */
void replicas_leave(struct metrics *m, uint32_t row); /* it is gone */
/* The row's numbers of ready and desired pods change. `origin`: whose doing
 * a loss is. */
void replicas_change(struct metrics *m, uint32_t row, int ready, int desired,
                     incident_id origin, sim_time now);

/* --- pods.c --- */
void pods_on_change(struct metrics *m, const struct world_change *change);
/* A pod that was created after the measured time: open requests may meet it. */
void pods_late(struct metrics *m, pod_id id);
void pods_free(struct metrics *m);
void pods_accrue(struct metrics *m, sim_time now);
struct pod_track *pods_track(struct metrics *m, pod_id id);
/* Made where there is none. Valid until the next call. */
struct pod_share *pods_share(struct metrics *m, pod_id id, uint32_t row);
/* What a pod adds to a new Service (or takes from it). */
void pods_join(struct metrics *m, uint32_t row, service_id service);

/* --- cluster.c --- */
void cluster_on_pod(struct metrics *m, struct pod_track *track,
                    const struct pod *pod, enum world_what what);
void cluster_on_node(struct metrics *m, const struct world_change *change);
void cluster_on_budget(struct metrics *m, const struct world_change *change);
void cluster_accrue(struct metrics *m, sim_time now);
/* Counts the addresses in use when a scope begins. */
void cluster_scope_begins(struct metrics *m, struct scope *scope);
/* Keeps the rows of pods.csv. */
void cluster_sandbox(struct metrics *m, struct pod_track *track,
                     const struct pod *pod, enum world_what what);

/* --- endpoints.c --- */
void endpoints_on_change(struct metrics *m, const struct world_change *change);
void endpoints_service_gone(struct metrics *m, uint32_t row, sim_time now);
/* A pod can serve at alive_ip now, no longer at `before`. */
void endpoints_alive(struct metrics *m, pod_id pod, uint32_t before,
                     sim_time now);
void endpoints_end(struct metrics *m, sim_time now);
void metrics_on_reuse(void *self, uint32_t ip, pod_id by,
                      sim_time since_release);

/* --- proxies.c --- */
void metrics_on_programmed(void *self, node_id node, uint64_t from,
                           uint64_t to);
void proxies_on_node(struct metrics *m, const struct world_change *change);
void proxies_alive(struct metrics *m, uint32_t row, pod_id pod, uint32_t before,
                   uint32_t after, sim_time now);
void proxies_drop(struct metrics *m, uint32_t row);

/* --- blame.c --- */
/* The effect of the incident at the root; NULL: nobody's doing. Valid until
 * the next call. */
struct effect *blame_effect(struct metrics *m, incident_id id);
void blame_failed(struct metrics *m, uint32_t traffic, enum cause cause,
                  incident_id origin, sim_time now);
void blame_request(struct metrics *m, const struct request_end *r);
/* The incident touches the Service. */
void blame_touch(struct metrics *m, uint32_t row, incident_id id, sim_time now);
/* The Service became low, or is no longer. */
void blame_low(struct metrics *m, uint32_t row, bool low, sim_time now);
void blame_ready(struct metrics *m, uint32_t row);
void blame_free(struct metrics *m);
/* The first of the incidents that led to this one. */
incident_id blame_root(const struct world *w, incident_id id);

/* --- series.c --- */
void series_new(struct metrics *m);
void series_free(struct metrics *m);
void series_epoch(struct metrics *m, sim_time now);
void series_flush(struct metrics *m); /* at series_next */

/* --- metastable.c --- */
void metastable_new(struct metrics *m);
void metastable_free(struct metrics *m);
void metastable_epoch(struct metrics *m, sim_time now);
void metastable_look(struct metrics *m); /* at calm_next */

/* --- requests.c --- */
void traffic_sums_merge(struct traffic_sums *into,
                        const struct traffic_sums *from);
void traffic_sums_release(struct traffic_sums *sums);

/* --- layout.c --- */
/* Services of the scenario, each name once. The caller frees the array. */
uint32_t *layout_services(const struct scenario *scenario, size_t *count);
/* Index into such an array by name, O(log n); NO_ROW: none. */
struct layout_index;
struct layout_index *layout_index_new(const struct scenario *scenario,
                                      const uint32_t *services, size_t count);
uint32_t layout_index_find(const struct layout_index *x, const char *space,
                           const char *name);
void layout_index_free(struct layout_index *x);

#endif
