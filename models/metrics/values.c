#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/metrics/measure.h"

/* Pods ready for less say nothing of how load was shared. */
static const double min_ready_seconds = 60;

static const double ns_per_s = 1e9;

/* --- lists --- */

static int by_value(const void *pa, const void *pb)
{
    double a = *(const double *)pa, b = *(const double *)pb;

    return (a > b) - (a < b);
}

/* The smallest of the sorted values that the share p of all are <=. */
static double list_quantile(const double *sorted, size_t count, double p)
{
    size_t rank = (size_t)ceil(p * (double)count);

    if (count == 0)
        return NAN;
    return sorted[rank > 0 ? rank - 1 : 0];
}

static double list_mean(const double *values, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return count ? sum / (double)count : NAN;
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

/* --- requests --- */

static void set_latencies(double *v, const struct sketch *latency)
{
    v[METRIC_latency_mean] = sketch_mean(latency) / ns_per_s;
    v[METRIC_latency_p50] = sketch_quantile(latency, 0.5) / ns_per_s;
    v[METRIC_latency_p90] = sketch_quantile(latency, 0.9) / ns_per_s;
    v[METRIC_latency_p99] = sketch_quantile(latency, 0.99) / ns_per_s;
    v[METRIC_latency_p999] = sketch_quantile(latency, 0.999) / ns_per_s;
    v[METRIC_latency_max] = sketch_quantile(latency, 1) / ns_per_s;
}

/* Those that did not wait are no part of the sketch. */
static double waiting_quantile(const struct traffic_sums *t, double p)
{
    double waited = (double)t->waiting.count, all = (double)t->accepted;
    double at = p * all - (all - waited);

    if (t->accepted == 0)
        return NAN;
    return at > 0 ? sketch_quantile(&t->waiting, at / waited) : 0;
}

static void set_traffic(double *v, const struct traffic_sums *t)
{
    double succeeded = (double)t->latency.count, failed = (double)t->failed;
    double accepted = (double)t->accepted;

    v[METRIC_requests] = (double)t->requests;
    v[METRIC_requests_succeeded] = succeeded;
    v[METRIC_requests_failed] = failed;
    v[METRIC_requests_abandoned] = (double)t->abandoned;
    v[METRIC_metastable_seconds] = sim_to_seconds(t->metastable);
    v[METRIC_attempts] = (double)sums_attempts(t);
    v[METRIC_retries] = (double)t->retries;
    v[METRIC_attempts_cancelled] = (double)t->cancelled;
    v[METRIC_cross_zone_ratio] = ratio((double)t->crossed, succeeded);
    v[METRIC_request_availability] = ratio(succeeded, succeeded + failed);
    set_latencies(v, &t->latency);
    v[METRIC_sojourn_mean] = ratio(t->sojourn / ns_per_s, accepted);
    v[METRIC_waiting_mean] = ratio(t->waiting.sum / ns_per_s, accepted);
    v[METRIC_waiting_p95] = waiting_quantile(t, 0.95) / ns_per_s;
    v[METRIC_waiting_probability] = ratio((double)t->waiting.count, accepted);
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        v[METRIC_failed_no_endpoints + i - 1] = (double)t->failed_by[i];
}

/* --- load of the pods --- */

struct load {
    double seconds, requests, squares, max; /* squares: requests^2/seconds */
};

static void add_load(struct load *load, double requests, double seconds)
{
    if (seconds < min_ready_seconds)
        return;
    load->seconds += seconds;
    load->requests += requests;
    load->squares += requests * requests / seconds;
    load->max = fmax(load->max, requests / seconds);
}

/* By row. The caller frees it. */
static struct load *loads_of(const struct metrics *m, uint32_t scope)
{
    struct load *loads = mem_calloc(m->row_count, sizeof *loads);

    for (size_t i = 0; i < m->pods.count; i++) {
        const struct pod_track *track = &m->pods.items[i];
        double seconds = scope == 0
                             ? track->ready_seconds
                             : (track->windows ? track->windows[scope] : 0);

        for (uint32_t k = 0; k < track->share_count; k++) {
            const struct pod_share *share = &track->shares[k];
            uint64_t requests =
                scope == 0 ? share->requests
                           : (share->windows ? share->windows[scope] : 0);

            if (share->address > 0)
                add_load(&loads[share->row], (double)requests, seconds);
        }
    }
    return loads;
}

static void set_load(double *v, const struct load *load)
{
    double mean = ratio(load->requests, load->seconds);
    double variance = load->squares / load->seconds - mean * mean;

    v[METRIC_load_imbalance_cv] = ratio(sqrt(fmax(variance, 0)), mean);
    v[METRIC_load_max_over_mean] = ratio(load->max, mean);
}

/* --- addresses --- */

static void set_churn(double *v, const struct row_sums *sums,
                      const struct row *row, const struct scope *scope)
{
    size_t in = 0, out = 0, count = 0, room = row->addresses.count;
    double *ages = mem_calloc(room, sizeof *ages);
    bool *ended = mem_calloc(room, sizeof *ended);
    sim_time end = scope_end(scope);

    for (size_t i = 0; i < room; i++) {
        const struct address *a = &row->addresses.items[i];
        bool left = a->to != SIM_NEVER && scope_has(scope, a->to);

        in += scope_has(scope, a->from);
        out += left;
        if (a->from >= end || a->to < scope->start)
            continue;
        ended[count] = left;
        ages[count++] = sim_to_seconds((left ? a->to : end) - a->from);
    }
    v[METRIC_ip_churn] = (double)(in + out);
    v[METRIC_ip_churn_per_hour] = ratio((double)(in + out) * 3600, sums->lived);
    v[METRIC_pod_ip_lifetime_mean] = ratio(sums->listed, (double)out);
    v[METRIC_pod_ip_lifetime_p50] =
        count ? stat_kaplan_meier_median(ages, ended, count) : NAN;
    free(ages);
    free(ended);
}

static void set_reuse(double *v, const struct row *row,
                      const struct scope *scope)
{
    double *list = mem_calloc(row->reuses.count, sizeof *list);
    size_t count = 0;

    for (size_t i = 0; i < row->reuses.count; i++) {
        if (scope_has(scope, row->reuses.items[i].at))
            list[count++] = sim_to_seconds(row->reuses.items[i].interval);
    }
    qsort(list, count, sizeof *list, by_value);
    v[METRIC_ip_reuse_interval_min] = count ? list[0] : NAN;
    v[METRIC_ip_reuse_interval_p50] = list_quantile(list, count, 0.5);
    free(list);
}

/* --- replicas --- */

static void set_recovery(double *v, const struct row *row,
                         const struct scope *scope)
{
    double *list = mem_calloc(row->recoveries.count, sizeof *list);
    sim_time end = scope_end(scope);
    size_t count = 0, open = 0;

    for (size_t i = 0; i < row->recoveries.count; i++) {
        const struct recovery *r = &row->recoveries.items[i];

        if (!scope_has(scope, r->start))
            continue;
        open += r->end > end;
        list[count++] =
            sim_to_seconds((r->end < end ? r->end : end) - r->start);
    }
    qsort(list, count, sizeof *list, by_value);
    v[METRIC_recovery_time_mean] = list_mean(list, count);
    v[METRIC_recovery_time_p99] = list_quantile(list, count, 0.99);
    v[METRIC_recovery_time_max] = count ? list[count - 1] : NAN;
    v[METRIC_recoveries_open] = (double)open;
    free(list);
}

/* --- a Service --- */

static void set_states(double *v, const struct row_sums *sums,
                       const struct traffic_sums *t)
{
    double waiting = t->waiting.sum;
    double busy = t->sojourn - waiting + t->busy;

    v[METRIC_endpoint_availability] = ratio(sums->endpoint_up, sums->lived);
    v[METRIC_serving_availability] = ratio(sums->serving_up, sums->lived);
    v[METRIC_replica_availability] =
        ratio(sums->replica_ratio, sums->replica_time);
    v[METRIC_desired_replicas_mean] = ratio(sums->desired, sums->lived);
    v[METRIC_desired_replicas_max] =
        sums->lived > 0 ? (double)sums->desired_max : (double)NAN;
    v[METRIC_ready_replicas_mean] = ratio(sums->ready, sums->lived);
    v[METRIC_mean_in_system] =
        ratio((t->sojourn + t->present) / ns_per_s, sums->lived);
    v[METRIC_mean_waiting] =
        ratio((waiting + t->waiting_time) / ns_per_s, sums->lived);
    v[METRIC_utilization] = ratio(busy / ns_per_s, sums->capacity);
    if (sums->unlimited > 0)
        v[METRIC_utilization] = NAN;
    else if (v[METRIC_utilization] > 1) /* those that drain go on serving */
        v[METRIC_utilization] = 1;
}

static void set_network(double *v, const struct row_sums *sums)
{
    v[METRIC_endpoint_changes] = (double)sums->changes;
    v[METRIC_endpointslice_writes] = (double)sums->writes;
    v[METRIC_endpointslice_bytes_sent] = (double)sums->bytes;
    v[METRIC_network_programming_latency_p50] =
        sketch_quantile(&sums->programming, 0.5) / ns_per_s;
    v[METRIC_network_programming_latency_p99] =
        sketch_quantile(&sums->programming, 0.99) / ns_per_s;
    v[METRIC_stale_endpoint_seconds] = sums->stale;
}

/* The sum over the Service's traffic: that of its only entry, or merged
 * into *merged, which the caller releases. */
static const struct traffic_sums *sum_traffic(const struct scope *scope,
                                              const struct row *row,
                                              struct traffic_sums *merged)
{
    memset(merged, 0, sizeof *merged);
    if (row->traffic.count == 1)
        return &scope->traffic[row->traffic.items[0]];
    for (size_t i = 0; i < row->traffic.count; i++)
        traffic_sums_merge(merged, &scope->traffic[row->traffic.items[i]]);
    return merged;
}

static void set_row(double *v, const struct metrics *m, uint32_t scope_index,
                    uint32_t i, const struct load *loads)
{
    const struct scope *scope = &m->scopes[scope_index];
    const struct row *row = &m->rows[i];
    const struct row_sums *sums = &scope->rows[i];
    struct traffic_sums merged;
    const struct traffic_sums *t = sum_traffic(scope, row, &merged);

    set_traffic(v, t);
    set_states(v, sums, t);
    set_churn(v, sums, row, scope);
    set_network(v, sums);
    set_reuse(v, row, scope);
    set_load(v, &loads[i]);
    set_recovery(v, row, scope);
    traffic_sums_release(&merged);
}

/* --- the cluster --- */

static void set_cluster(double *v, const struct cluster_sums *c)
{
    v[METRIC_pods_created] = (double)c->created;
    v[METRIC_pods_deleted] = (double)c->deleted;
    v[METRIC_pods_evicted] = (double)c->evicted;
    v[METRIC_evictions_refused] = (double)c->refused;
    v[METRIC_pods_preempted] = (double)c->preempted;
    v[METRIC_container_restarts] = (double)c->restarts;
    v[METRIC_pod_startup_p50] = sketch_quantile(&c->startup, 0.5) / ns_per_s;
    v[METRIC_pod_startup_p99] = sketch_quantile(&c->startup, 0.99) / ns_per_s;
    v[METRIC_scheduling_latency_p99] =
        sketch_quantile(&c->scheduling, 0.99) / ns_per_s;
    v[METRIC_unschedulable_pod_seconds] =
        (double)c->waited.seconds + (double)c->waited.ns / (double)SIM_S;
    v[METRIC_nodes_mean] = ratio(c->nodes, c->lived);
    v[METRIC_nodes_max] = (double)c->nodes_max;
    v[METRIC_node_failures] = (double)c->node_failures;
    v[METRIC_node_downtime] = c->downtime;
    v[METRIC_network_programming_exported_p50] =
        exported_quantile(&c->exported, EXPORTED_P50);
    v[METRIC_network_programming_exported_p90] =
        exported_quantile(&c->exported, EXPORTED_P90);
    v[METRIC_network_programming_exported_p99] =
        exported_quantile(&c->exported, EXPORTED_P99);
    v[METRIC_cpu_requested_ratio] = ratio(c->cpu, c->cpu_room);
    v[METRIC_memory_requested_ratio] = ratio(c->memory, c->memory_room);
    v[METRIC_distinct_ips_used] = (double)c->ips.count;
}

/* --- all of them --- */

static size_t put(const struct metric_layout *layout, size_t at,
                  enum metric_level low, enum metric_level high,
                  const double *v, double *values)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        if (metric_infos[i].level < low || metric_infos[i].level > high)
            continue;
        if (i == METRIC_attempts_cancelled && layout->rows[at].metric != i)
            continue; /* nobody hedges */
        assert(at < layout->count && layout->rows[at].metric == i);
        values[at++] = v[i];
    }
    return at;
}

void metrics_values(const struct metrics *m, const struct metric_layout *layout,
                    double *values)
{
    double v[METRIC_COUNT];
    struct load *loads = loads_of(m, 0);
    size_t at = 0;

    for (size_t i = 0; i < m->row_count; i++) {
        const struct row *row = &m->rows[i];

        assert(strcmp(layout->rows[at].service, row->name) == 0);
        set_row(v, m, 0, (uint32_t)i, loads);
        at = put(layout, at, LEVEL_TRAFFIC, LEVEL_SERVICE, v, values);
        for (size_t k = 0; k < row->traffic.count; k++) {
            set_traffic(v, &m->scopes->traffic[row->traffic.items[k]]);
            at = put(layout, at, LEVEL_TRAFFIC, LEVEL_TRAFFIC, v, values);
        }
    }
    set_cluster(v, &m->scopes->cluster);
    at = put(layout, at, LEVEL_CLUSTER, LEVEL_CLUSTER, v, values);
    assert(at == layout->count);
    free(loads);
}

/* --- SLOs --- */

/* The worse of two values; NaN says nothing. */
static double worse(const struct slo_spec *slo, double a, double b)
{
    bool low = slo->operator== SLO_LE || slo->operator== SLO_LT;

    return low ? fmax(a, b) : fmin(a, b);
}

static double slo_value(const struct metrics *m, const struct slo_spec *slo)
{
    uint32_t scope = windows_find(m, slo), only = NO_ROW;
    size_t metric = metric_find(slo->metric);
    double v[METRIC_COUNT], value = NAN;
    struct load *loads;

    if (m->scopes[scope].length == 0 || metric == METRIC_COUNT)
        return NAN;
    if (metric_infos[metric].level == LEVEL_CLUSTER) {
        set_cluster(v, &m->scopes[scope].cluster);
        return v[metric];
    }
    if (slo->service)
        only = layout_index_find(m->index, slo->space, slo->service);
    loads = loads_of(m, scope);
    for (size_t i = 0; i < m->row_count; i++) {
        if (slo->service && i != only)
            continue;
        set_row(v, m, scope, (uint32_t)i, loads);
        value = worse(slo, value, v[metric]);
    }
    free(loads);
    return value;
}

void metrics_slo_values(const struct metrics *m, double *values)
{
    const struct scenario *c = m->s->scenario;

    for (size_t i = 0; i < c->slo_count; i++)
        values[i] = slo_value(m, &c->slos[i]);
}
