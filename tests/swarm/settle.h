/*
 * settle - what must hold when a run is over: of the cluster, once nothing
 * has changed for a while, and of the numbers and files.
 */
#ifndef TESTS_SWARM_SETTLE_H
#define TESTS_SWARM_SETTLE_H

#include "models/metrics/metrics.h"
#include "tests/swarm/watch.h"

/* --- the cluster at rest --- */

/* Flags that the pod's endpoint should have; -1: it should have none.
 * Kubernetes v1.36, staging/src/k8s.io/endpointslice/utils.go. */
static int expected_flags(const struct service *service, const struct pod *pod)
{
    bool going = pod->deletion != SIM_NEVER, all;
    int flags = going ? ENDPOINT_TERMINATING : 0;

    all = service->spec->publish_not_ready;
    if (!pod->ip || pod->phase == POD_FAILED || pod->phase == POD_SUCCEEDED)
        return -1;
    if (pod->ready)
        flags |= ENDPOINT_SERVING;
    if ((pod->ready && !going) || all)
        flags |= ENDPOINT_READY;
    return flags;
}

static const struct endpoint *find_endpoint(const struct endpoint_set *set,
                                            pod_id pod)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->endpoints[i].pod == pod)
            return &set->endpoints[i];
    }
    return NULL;
}

static void settle_service(struct watch *w, const struct service *service)
{
    const struct world *world = w->s->world;
    const char *name = service->spec->meta.name;
    uint32_t expected = 0;

    for (size_t i = 0; i < world->pods.count; i++) {
        const struct pod *pod = world_pod(world, (pod_id)i);
        const struct endpoint *e;
        bool mine = false;
        int flags;

        for (size_t k = 0; pod && k < pod->service_count; k++)
            mine |= pod->services[k] == service->id;
        if (!mine || (flags = expected_flags(service, pod)) < 0)
            continue;
        expected++;
        e = find_endpoint(service->newest, pod->id);
        if (!e)
            breach(w, "at rest: service/%s does not list pod/%s", name,
                   pod->name);
        else if (e->flags != flags || e->ip != pod->ip)
            breach(w, "at rest: service/%s lists pod/%s with flags %d, not %d",
                   name, pod->name, e->flags, flags);
    }
    if (service->newest->count != expected)
        breach(w, "at rest: service/%s lists %u endpoints, not %u", name,
               service->newest->count, expected);
}

static void settle_deployment(struct watch *w, const struct deployment *d)
{
    const struct world *world = w->s->world;
    int active = 0, ready = 0, over = 0;

    for (size_t i = 0; i < d->replicasets.count; i++) {
        const struct replicaset *rs =
            world->replicasets.items[d->replicasets.items[i]];

        active += count_active(world, rs);
        for (size_t k = 0; k < rs->pods.count; k++) {
            const struct pod *pod = world_pod(world, rs->pods.items[k]);

            ready += is_running(pod) && pod->ready;
            over += !is_running(pod);
        }
        if (count_active(world, rs) != rs->replicas)
            breach(w, "at rest: replicaset/%s has %d pods, not %d", rs->name,
                   count_active(world, rs), rs->replicas);
    }
    /* Recreate waits for pods that a dead node keeps; and by failed ones it
     * misses the end of the last until its progress deadline. */
    if (d->spec->recreate && over > 0)
        return;
    if (active < d->replicas || (ready == active && active != d->replicas))
        breach(w, "at rest: deployment/%s has %d pods, %d ready, wants %d",
               d->spec->meta.name, active, ready, d->replicas);
    if (d->status_replicas != active || d->status_ready != ready)
        breach(w, "at rest: deployment/%s has status %d/%d, in truth %d/%d",
               d->spec->meta.name, d->status_ready, d->status_replicas, ready,
               active);
}

/* Pods of a StatefulSet: each index has one, or, in order, those below one
 * that is not ready. */
static void settle_set(struct watch *w, const struct statefulset *set)
{
    const struct world *world = w->s->world;
    int active = 0, ready = 0, others = 0;

    for (size_t i = 0; i < set->pods.count; i++) {
        const struct pod *pod = world_pod(world, set->pods.items[i]);

        active += is_running(pod);
        ready += is_running(pod) && pod->ready;
        others += !is_running(pod);
    }
    for (size_t i = 0; i < world->pods.count; i++) {
        const struct pod *pod = world_pod(world, (pod_id)i);

        others += pod && pod->owner_kind == OWNER_NONE && pod->index >= 0;
    }
    if (others == 0 && ready == active && active != set->replicas)
        breach(w, "at rest: statefulset/%s has %d pods, wants %d", set->name,
               active, set->replicas);
    if (set->status_ready != ready)
        breach(w, "at rest: statefulset/%s has status %d ready, in truth %d",
               set->name, set->status_ready, ready);
}

/* Nodes that are well and have no taint of their own have one. */
static void settle_daemonset(struct watch *w, const struct daemonset *ds)
{
    const struct world *world = w->s->world;

    for (size_t i = 0; i < world->nodes.count; i++) {
        const struct node *node = world->nodes.items[i];
        int count = 0, others = 0;

        for (size_t k = 0; k < ds->pods.count; k++) {
            const struct pod *pod = world_pod(world, ds->pods.items[k]);

            if (pod->target != node->id)
                continue;
            count += is_running(pod);
            others += !is_running(pod);
        }
        if (!node->deleted && node->ready == NODE_TRUE && others == 0 &&
            node->taints.count == node->spec->taint_count &&
            (count == 0 || count > 1 + (ds->spec->max_surge.value > 0)))
            breach(w, "at rest: daemonset/%s has %d pods on %s", ds->name,
                   count, node->spec->name);
    }
}

static void settle_job(struct watch *w, const struct job *job)
{
    int active = 0;

    for (size_t i = 0; i < job->pods.count; i++)
        active += is_running(world_pod(w->s->world, job->pods.items[i]));
    if ((job->state != JOB_ACTIVE || job->suspended) && active > 0)
        breach(w, "at rest: job/%s is over, and has %d pods", job->name,
               active);
}

static void settle_hpa(struct watch *w, const struct hpa *hpa)
{
    const struct world *world = w->s->world;
    uint32_t id = world_find(world, CHANGE_DEPLOYMENT, hpa->spec->meta.space,
                             hpa->spec->target_name);
    int replicas = id == NO_ID ? 0 : world->deployments.items[id]->replicas;

    if (replicas > 0 &&
        (replicas < hpa->spec->min || replicas > hpa->spec->max))
        breach(w, "at rest: hpa/%s: %d replicas, not %d to %d",
               hpa->spec->meta.name, replicas, hpa->spec->min, hpa->spec->max);
}

static void settle_owners(struct watch *w)
{
    const struct world *world = w->s->world;

    for (size_t i = 0; i < world->statefulsets.count; i++) {
        if (!world->statefulsets.items[i]->deleted)
            settle_set(w, world->statefulsets.items[i]);
    }
    for (size_t i = 0; i < world->daemonsets.count; i++) {
        if (!world->daemonsets.items[i]->deleted)
            settle_daemonset(w, world->daemonsets.items[i]);
    }
    for (size_t i = 0; i < world->jobs.count; i++) {
        if (!world->jobs.items[i]->deleted)
            settle_job(w, world->jobs.items[i]);
    }
    for (size_t i = 0; i < world->hpas.count; i++) {
        if (!world->hpas.items[i]->deleted)
            settle_hpa(w, world->hpas.items[i]);
    }
}

/* Terminating for longer than any grace period, on a node that is well. */
static void settle_pod(struct watch *w, const struct pod *pod)
{
    const struct node *node =
        pod->node == NO_ID ? NULL : world_node(w->s->world, pod->node);
    sim_time since = pod->deletion;

    if (pod->deletion == SIM_NEVER)
        return;
    if (node && (!node->up || node->ready != NODE_TRUE || node->deleted))
        return;
    if (node && node->ready_since > since)
        since = node->ready_since;
    if (longer_than(w, since, pod->grace + w->lag + SIM_MIN))
        breach(w,
               "at rest: pod/%s is terminating for %.3f s, its grace is "
               "%.3f s",
               pod->name, (double)(now_of(w) - since) / 1e9,
               (double)pod->grace / 1e9);
}

/* More than room decides where it may go. */
static bool constrained(const struct pod_template *t)
{
    return t->node_selector.count > 0 || t->spread_count > 0 ||
           t->near.required_count > 0 || t->apart.required_count > 0;
}

/* A free place that nobody gives to a pod that waits for one. */
static void settle_pending(struct watch *w, const struct pod *pod)
{
    const struct world *world = w->s->world;
    const struct resources *ask = &pod->template->requests;

    if (pod->node != NO_ID || pod->target != NO_ID ||
        constrained(pod->template))
        return;
    for (size_t i = 0; i < world->nodes.count; i++) {
        const struct node *node = world->nodes.items[i];
        const struct resources *all = &node->spec->allocatable;
        struct resources sum = in_use(world, node);

        if (node->deleted || node->unschedulable || node->ready != NODE_TRUE ||
            node->taints.count > node->spec->taint_count ||
            sum.cpu + ask->cpu > all->cpu ||
            sum.memory + ask->memory > all->memory || sum.pods + 1 > all->pods)
            continue;
        breach(w, "at rest: pod/%s waits since %.3f s, %s has room", pod->name,
               (double)(now_of(w) - pod->created) / 1e9, node->spec->name);
        return;
    }
}

/* After a quiet time all loops have done their work. */
static void settle(struct watch *w)
{
    const struct world *world = w->s->world;

    for (size_t i = 0; i < world->pods.count; i++) {
        if (world_pod(world, (pod_id)i))
            settle_pod(w, world_pod(world, (pod_id)i));
    }
    if (!longer_than(w, w->changed, w->lag + SIM_MIN))
        return;
    for (size_t i = 0; i < world->pods.count; i++) {
        if (world_pod(world, (pod_id)i))
            settle_pending(w, world_pod(world, (pod_id)i));
    }
    for (size_t i = 0; i < world->services.count; i++) {
        if (world->services.items[i]->deleted == SIM_NEVER)
            settle_service(w, world->services.items[i]);
    }
    settle_owners(w);
    for (size_t i = 0; i < world->deployments.count; i++) {
        if (!world->deployments.items[i]->deleted)
            settle_deployment(w, world->deployments.items[i]);
    }
}

/* --- numbers --- */

/* A metric of a row of the layout; NaN: there is none. */
static double value_of(const struct metric_layout *layout, const double *values,
                       const char *service, const char *traffic,
                       const char *metric)
{
    size_t index = metric_find(metric);

    for (size_t i = 0; i < layout->count; i++) {
        const struct metric_row *row = &layout->rows[i];

        if (row->metric == index && strcmp(row->service, service) == 0 &&
            strcmp(row->traffic, traffic) == 0)
            return values[i];
    }
    return NAN;
}

/* The n-th field of a line, from its end where n < 0; "" where it has not so
 * many. Returns it in `out`. Fields here hold no quotes. */
static const char *field_of(const char *line, int n, char out[128])
{
    const char *from = line, *end = line + strcspn(line, "\r\n");
    int count = 1;

    out[0] = '\0';
    for (const char *c = line; c < end; c++)
        count += *c == ',';
    if (n < 0)
        n += count;
    if (n < 0 || n >= count)
        return out;
    for (; n > 0; n--)
        from += strcspn(from, ",") + 1;
    snprintf(out, 128, "%.*s", (int)strcspn(from, ",\r\n"), from);
    return out;
}

/* Of the lines whose fields a and b are as given (NULL: any) the sum of one
 * field. */
static double sum_of(const char *rows, int a, const char *is_a, int b,
                     const char *is_b, int field)
{
    char text[128];
    double sum = 0;

    for (; *rows; rows += strcspn(rows, "\n") + 1) {
        if ((is_a && strcmp(field_of(rows, a, text), is_a) != 0) ||
            (is_b && strcmp(field_of(rows, b, text), is_b) != 0))
            continue;
        sum += strtod(field_of(rows, field, text), NULL);
    }
    return sum;
}

static void equal(struct watch *w, const char *service, const char *traffic,
                  const char *what, double a, double b)
{
    if (!(fabs(a - b) <= 1e-6 * fmax(1, fabs(a))))
        breach(w, "%s %s: %s: %.17g and %.17g", service, traffic, what, a, b);
}

/* Requests and attempts of one traffic entry add up, in metrics and files. */
static void check_traffic(struct watch *w, const struct metric_layout *layout,
                          const double *values, const struct metric_row *row,
                          char *const *files)
{
    const char *service = row->service, *traffic = row->traffic;
    const char *failures = files[FILE_FAILURES];
    double sum = 0, succeeded, failed, abandoned, cancelled, open;
#define VALUE(name) value_of(layout, values, service, traffic, name)

    succeeded = VALUE("requests_succeeded");
    failed = VALUE("requests_failed");
    abandoned = VALUE("requests_abandoned");
    if (metrics_open(w->s->metrics) == 0)
        equal(w, service, traffic, "requests = succeeded + failed + abandoned",
              VALUE("requests"), succeeded + failed + abandoned);
    for (size_t i = 0; metric_infos[i].name; i++) {
        const char *name = metric_infos[i].name;
        double value;

        if (strncmp(name, "failed_", 7) != 0)
            continue;
        value = VALUE(name);
        sum += value;
        equal(w, service, traffic, name, value,
              sum_of(failures, 3, traffic, 4, name + 7, -2));
    }
    equal(w, service, traffic, "requests of failures.csv", failed,
          sum_of(failures, 3, traffic, 0, NULL, -1));
    cancelled = VALUE("attempts_cancelled");
    open = VALUE("attempts") - succeeded - sum;
    if (!isnan(cancelled)) /* it has a row: requests are hedged */
        open -= cancelled;
    /* Retries count when their request has ended. */
    if (metrics_open(w->s->metrics) == 0 && (open < 0 || open > abandoned))
        breach(w,
               "%s %s: %g attempts = %g succeeded + %g failed + %g "
               "abandoned",
               service, traffic, VALUE("attempts"), succeeded, sum, open);
    equal(w, service, traffic, "requests of timeseries.csv", VALUE("requests"),
          sum_of(files[FILE_TIMESERIES], 4, traffic, 0, NULL, 8));
#undef VALUE
}

/* Metrics that add up over a Service's traffic. */
static void check_sums(struct watch *w, const struct metric_layout *layout,
                       const double *values, size_t at)
{
    const struct metric_row *row = &layout->rows[at];
    const char *name = metric_infos[row->metric].name;
    double sum = 0;

    if (strncmp(name, "requests", 8) != 0 && strncmp(name, "failed_", 7) != 0 &&
        strcmp(name, "attempts") != 0 && strcmp(name, "retries") != 0)
        return;
    for (size_t i = 0; i < layout->count; i++) {
        const struct metric_row *one = &layout->rows[i];

        if (one->metric == row->metric && one->traffic[0] &&
            strcmp(one->service, row->service) == 0)
            sum += values[i];
    }
    if (!isnan(values[at]) || sum > 0)
        equal(w, row->service, name, "sum over traffic", values[at], sum);
}

static void check_values(struct watch *w, const struct metric_layout *layout,
                         const double *values, char *const *files)
{
    for (size_t i = 0; i < layout->count; i++) {
        const struct metric_row *row = &layout->rows[i];
        const struct metric_info *info = &metric_infos[row->metric];

        if (isinf(values[i]) || values[i] < info->low - 1e-12 ||
            values[i] > info->high * (1 + 1e-9))
            breach(w, "%s %s %s is %.17g, outside [%g, %g]", row->service,
                   row->traffic, info->name, values[i], info->low, info->high);
        if (!row->traffic[0] && row->service[0])
            check_sums(w, layout, values, i);
        if (row->traffic[0] && strcmp(info->name, "requests") == 0)
            check_traffic(w, layout, values, row, files);
    }
}

/* --- files --- */

static bool is_named(const char *line, const char *service, const char *action)
{
    char text[128];

    return strcmp(field_of(line, 3, text), service) == 0 &&
           strcmp(field_of(line, 4, text), action) == 0;
}

/* Addresses that came and went in the measured time. */
static double churn_of(const char *endpoints, const char *service, double end)
{
    char text[128];
    double churn = 0;

    for (const char *line = endpoints; *line; line += strcspn(line, "\n") + 1) {
        double at = strtod(field_of(line, 2, text), NULL);

        if (at >= 0 && at <= end &&
            (is_named(line, service, "add") ||
             is_named(line, service, "remove")))
            churn++;
    }
    return churn;
}

/* How long of the measured time the Service was there; < 0: made anew. */
static double life_of(const char *services, const char *service, double end)
{
    char text[128];
    double life = -1;

    for (const char *line = services; *line; line += strcspn(line, "\n") + 1) {
        double from, to = end;

        if (strcmp(field_of(line, 2, text), service) != 0)
            continue;
        if (life >= 0)
            return -1;
        from = strtod(field_of(line, -2, text), NULL);
        if (field_of(line, -1, text)[0])
            to = strtod(text, NULL);
        from = from > 0 ? from : 0;
        to = to < end ? to : end;
        life = to > from ? to - from : 0;
    }
    return life;
}

/* Pods may leave a Service and come back, which is no churn. */
static bool reselects(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->timeline_count; i++) {
        const char *text = scenario->timeline[i].text;

        if (text && (strstr(text, "patch svc") || strstr(text, "label pods")))
            return true;
    }
    return false;
}

static void check_churn(struct watch *w, const char *service, double churn,
                        double rows)
{
    if (!reselects(w->s->scenario))
        equal(w, service, "ip_churn", "and endpoints.csv", churn, rows);
    else if (churn > rows)
        breach(w, "%s ip_churn is %g, endpoints.csv has %g", service, churn,
               rows);
}

static void check_files(struct watch *w, const struct metric_layout *layout,
                        const double *values, char *const *files)
{
    double end = (double)w->s->scenario->duration / 1e9;

    for (size_t i = 0; i < layout->count; i++) {
        const struct metric_row *row = &layout->rows[i];
        double life;

        if (row->traffic[0] || !row->service[0] ||
            strcmp(metric_infos[row->metric].name, "ip_churn") != 0)
            continue;
        life = life_of(files[FILE_SERVICES], row->service, end);
        if (life < 0)
            continue;
        check_churn(w, row->service, values[i],
                    churn_of(files[FILE_ENDPOINTS], row->service, end));
        equal(w, row->service, "seconds in ready.csv", "and its life",
              sum_of(files[FILE_READY], 2, row->service, 0, NULL, -1), life);
    }
}

#endif
