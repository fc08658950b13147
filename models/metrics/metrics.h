/*
 * metrics - what a run says: the metrics of spec.md 4.1, incidents, blame,
 * and the rows of the detail files. Watches the world and is told of
 * requests; never acts, so that it cannot change a run.
 */
#ifndef MODELS_METRICS_METRICS_H
#define MODELS_METRICS_METRICS_H

#include <stdio.h>

#include "models/simulation.h"
#include "models/traffic/server.h"

enum metric_direction { METRIC_NEUTRAL, METRIC_HIGHER, METRIC_LOWER };
enum metric_level { LEVEL_TRAFFIC, LEVEL_SERVICE, LEVEL_CLUSTER };

/* One row of metrics.def. */
struct metric_info {
    const char *name, *unit, *meaning;
    enum metric_direction better;
    enum metric_level level; /* TRAFFIC: also of its Service as the sum */
    double low, high;        /* range that intervals are clipped to */
};
extern const struct metric_info metric_infos[]; /* ends with name NULL */
size_t metric_count(void);
/* Index by name; metric_count(): none. */
size_t metric_find(const char *name);

/*
 * The rows that every replication of a scenario yields, in the order of
 * metrics.csv: Services in order of the scenario, for each the sum over
 * its traffic, then each traffic entry, then the cluster. Fixed before any
 * replication runs (Services made by the timeline included). Cancelled
 * attempts have rows where requests are hedged.
 */
struct metric_row {
    const char *service; /* "namespace/name"; "" for the cluster */
    const char *traffic; /* "" for the sum */
    size_t metric;       /* index into metric_infos */
};
struct metric_layout {
    size_t count;
    struct metric_row *rows;
};
struct metric_layout *metric_layout_new(const struct scenario *scenario);
void metric_layout_free(struct metric_layout *layout);

struct metrics *metrics_new(struct simulation *s, bool want_detail,
                            bool want_events);
void metrics_free(struct metrics *m);

/* After the run: one value a row of the layout (NaN: undefined). */
void metrics_values(const struct metrics *m, const struct metric_layout *layout,
                    double *values);
/*
 * One value for each SLO of the scenario: over the measured time, or in the
 * window of `during`. That begins with the first timeline entry of the name
 * and ends `within` later; else with the entry's `for:`; else when the
 * Deployments that it changed are complete and the old pods gone; else with
 * its incident; and never later than the measured time. Requests count where
 * they arrive in it. An SLO of no Service has the worst value of all
 * Services. NaN: undefined, or the entry never came.
 */
void metrics_slo_values(const struct metrics *m, double *values);

/* Detail files: writes this replication's rows (without the header) of
 * spec.md section 4. `variant` is the first column, replication from 0. */
enum detail_file {
    FILE_INCIDENTS,
    FILE_FAILURES,
    FILE_TIMESERIES,
    FILE_SERVICES,
    FILE_ENDPOINTS,
    FILE_PODS,
    FILE_READY,
    FILE_EVENTS,
    FILE_LATENCY,
    FILE_ADDRESSES,
    FILE_COUNT
};
extern const struct detail_info {
    const char *name;   /* "incidents.csv" */
    const char *header; /* comma-separated */
} detail_files[FILE_COUNT];
void metrics_write(const struct metrics *m, enum detail_file file,
                   const char *variant, uint64_t replication, FILE *out);

/* --- told by traffic (hot paths) --- */
enum outcome { REQUEST_SUCCEEDED, REQUEST_FAILED, REQUEST_ABANDONED };

/* A request ended. It is measured where it arrived in the measured time;
 * origin and cause are those of its last attempt. */
struct request_end {
    uint32_t traffic; /* index into scenario->traffic */
    enum outcome outcome;
    enum cause cause;
    uint32_t attempts;
    bool crossed; /* the last one went from one zone to another */
    incident_id origin;
    sim_time arrival, end;
};
void metrics_request_begin(struct metrics *m, uint32_t traffic,
                           sim_time arrival);
void metrics_request_end(struct metrics *m, const struct request_end *r);
/* An attempt of a request failed. pod NO_ID: none was chosen. */
void metrics_attempt_failed(struct metrics *m, uint32_t traffic,
                            sim_time request_arrival, enum cause cause,
                            incident_id origin, pod_id pod, sim_time now);
/* Attempts of a request that nobody waits for any more: another one decided
 * it. They neither succeeded nor failed. */
void metrics_attempts_cancelled(struct metrics *m, uint32_t traffic,
                                sim_time request_arrival, uint64_t count,
                                sim_time now);
/* An attempt left a pod: served, reset or given up while waiting. arrival
 * at the pod; start of service SIM_NEVER: never began. */
void metrics_served(struct metrics *m, uint32_t traffic, pod_id pod,
                    sim_time arrival, sim_time start, sim_time end);
/* After metrics_served, for an attempt that shared its pod's servers
 * (discipline ps): the server time that it used between start and end, in
 * place of all of it. */
void metrics_worked(struct metrics *m, uint32_t traffic, sim_time start,
                    sim_time end, sim_time work);

/* Fails the simulation unless the sums agree: requests with their ends and
 * those under way, failed attempts and requests with the rows of blame. */
void metrics_audit(const struct metrics *m);

/* Requests measured and not yet ended: the run goes on until 0. */
uint64_t metrics_open(const struct metrics *m);

/* --- for the summary on the terminal --- */
/* One pod IP of a Service over the run: spans of equal state. */
enum address_state {
    ADDRESS_NONE,
    ADDRESS_UNREADY,
    ADDRESS_READY,
    ADDRESS_DEAD
};
struct address_span {
    uint32_t service; /* service_id */
    uint32_t ip;
    pod_id pod;
    sim_time from, to; /* since time 0 */
    enum address_state state;
};
/* In order of service, first listing, time. Borrowed. want_detail only. */
const struct address_span *metrics_addresses(const struct metrics *m,
                                             size_t *count);
/* Incidents with an effect, in order of time. Borrowed. */
struct incident_effect {
    incident_id id;
    const char *name, *action, *object;
    sim_time time, end; /* since time 0; end SIM_NEVER: none */
    uint64_t requests_failed, attempts_failed;
    uint32_t ips_added, ips_removed;
    int min_ready;        /* -1: no Service touched */
    double recovery_time; /* NaN: none needed */
    enum cause main_cause;
    bool from_timeline;
};
const struct incident_effect *metrics_incidents(const struct metrics *m,
                                                size_t *count);

#endif
