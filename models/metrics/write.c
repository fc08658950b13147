#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "models/metrics/measure.h"
#include "sim/io/csv.h"

/* One file being written. */
struct writing {
    const struct metrics *m;
    const char *variant;
    uint64_t replication;
    struct csv csv;
};

static struct csv *begin(struct writing *w)
{
    csv_text(&w->csv, w->variant);
    csv_int(&w->csv, (int64_t)w->replication);
    return &w->csv;
}

static void put_time(struct writing *w, sim_time t)
{
    csv_time(&w->csv, metrics_time(w->m, t));
}

static void put_ip(struct writing *w, uint32_t ip)
{
    char text[16];

    csv_text(&w->csv, ip ? world_format_ip(ip, text) : NULL);
}

static void put_count(struct writing *w, uint64_t count)
{
    csv_int(&w->csv, (int64_t)count);
}

static void put_traffic(struct writing *w, uint32_t traffic)
{
    const struct metrics *m = w->m;
    uint32_t row = m->traffic_row[traffic];

    csv_text(&w->csv, row == NO_ROW ? NULL : m->rows[row].name);
    csv_text(&w->csv, m->s->scenario->traffic[traffic].name);
}

/* --- blame --- */

static void write_incidents(struct writing *w)
{
    size_t count;
    const struct incident_effect *list = metrics_incidents(w->m, &count);

    for (size_t i = 0; i < count; i++) {
        const struct incident_effect *e = &list[i];
        struct csv *out = begin(w);

        csv_text(out, e->name);
        csv_time(out, e->time);
        csv_time(out, e->end);
        csv_text(out, e->action);
        csv_text(out, e->object);
        put_count(w, e->requests_failed);
        put_count(w, e->attempts_failed);
        csv_int(out, e->ips_added);
        csv_int(out, e->ips_removed);
        if (e->min_ready < 0)
            csv_text(out, NULL);
        else
            csv_int(out, e->min_ready);
        csv_double(out, e->recovery_time);
        csv_end(out);
    }
}

static void write_failures(struct writing *w)
{
    const struct metrics *m = w->m;

    for (size_t i = 0; i < m->failures.count; i++) {
        const struct failure_row *row = &m->failures.items[i];
        const struct incident *x = &m->w->incidents.items[row->origin];
        struct csv *out = begin(w);

        put_traffic(w, row->traffic);
        csv_text(out, cause_names[row->cause]);
        csv_text(out, x->action);
        csv_text(out, x->object);
        if (row->origin <= INCIDENT_STARTUP)
            csv_text(out, NULL); /* at no time of its own */
        else
            put_time(w, x->time);
        put_time(w, row->first);
        put_time(w, row->last);
        put_count(w, row->attempts);
        put_count(w, row->requests);
        csv_end(out);
    }
}

/* --- Services --- */

static const char *type_name(const struct service_spec *spec)
{
    switch (spec->type) {
    case SERVICE_NODE_PORT:
        return "NodePort";
    case SERVICE_LOAD_BALANCER:
        return "LoadBalancer";
    case SERVICE_EXTERNAL_NAME:
        return "ExternalName";
    case SERVICE_CLUSTER_IP:
        break;
    }
    return "ClusterIP";
}

/* As kubectl prints them: "80:30080/TCP,443/TCP". The caller frees it. */
static char *port_list(const struct service_spec *spec)
{
    char *text = mem_strdup("");

    for (size_t i = 0; i < spec->port_count; i++) {
        const struct service_port *port = &spec->ports[i];
        const char *comma = i ? "," : "", *udp = port->udp ? "UDP" : "TCP";
        char *longer;

        if (port->node_port)
            longer = mem_printf("%s%s%d:%d/%s", text, comma, port->port,
                                port->node_port, udp);
        else
            longer = mem_printf("%s%s%d/%s", text, comma, port->port, udp);
        free(text);
        text = longer;
    }
    return text;
}

static void write_services(struct writing *w)
{
    const struct metrics *m = w->m;

    for (size_t i = 0; i < m->services.count; i++) {
        const struct service_row *made = &m->services.items[i];
        const struct service_spec *spec = made->spec;
        char *ports = port_list(spec);
        struct csv *out = begin(w);

        csv_text(out, m->rows[made->row].name);
        if (made->cluster_ip)
            put_ip(w, made->cluster_ip);
        else
            csv_text(out, spec->headless ? "None" : NULL);
        csv_text(out, type_name(spec));
        csv_text(out, ports);
        put_time(w, made->created);
        put_time(w, made->deleted);
        csv_end(out);
        free(ports);
    }
}

static void write_ready(struct writing *w)
{
    const struct metrics *m = w->m;

    for (size_t i = 0; i < m->row_count; i++) {
        const struct row *row = &m->rows[i];

        for (size_t k = 0; k < row->ready_time.count; k++) {
            struct csv *out;

            if (row->ready_time.items[k] == 0)
                continue;
            out = begin(w);
            csv_text(out, row->name);
            put_count(w, k);
            csv_time(out, row->ready_time.items[k]);
            csv_end(out);
        }
    }
}

static const char *node_name(const struct metrics *m, node_id node)
{
    return node == NO_ID ? NULL : world_node(m->w, node)->spec->name;
}

static void write_endpoints(struct writing *w)
{
    static const char *const actions[] = {
        [EP_ADD] = "add",
        [EP_REMOVE] = "remove",
        [EP_READY] = "ready",
        [EP_UNREADY] = "unready",
        [EP_TERMINATING] = "terminating",
    };
    const struct metrics *m = w->m;

    for (size_t i = 0; i < m->endpoint_rows.count; i++) {
        const struct endpoint_row *row = &m->endpoint_rows.items[i];
        struct csv *out = begin(w);

        put_time(w, row->at);
        csv_text(out, m->rows[row->row].name);
        csv_text(out, actions[row->action]);
        put_ip(w, row->ip);
        csv_text(out, m->pods.items[row->pod].name);
        csv_text(out, node_name(m, row->node));
        csv_int(out, row->endpoints);
        csv_end(out);
    }
}

/* --- pods --- */

static void put_owner(struct writing *w, enum owner_kind kind, uint32_t id)
{
    const struct world *world = w->m->w;
    const struct owner *owner = world_owner(world, kind, id);
    const char *word = world_owner_word(kind), *name;
    char *text;

    if (!owner) {
        csv_text(&w->csv, NULL);
        return;
    }
    name = owner->name;
    if (kind == OWNER_REPLICASET &&
        world->replicasets.items[id]->deployment != NO_ID) {
        word = "deployment";
        name =
            world->deployments.items[world->replicasets.items[id]->deployment]
                ->spec->meta.name;
    }
    text = mem_printf("%s/%s", word, name);
    csv_text(&w->csv, text);
    free(text);
}

static void write_pods(struct writing *w)
{
    const struct metrics *m = w->m;

    for (size_t i = 0; i < m->sandboxes.count; i++) {
        const struct sandbox_row *row = &m->sandboxes.items[i];
        struct csv *out = begin(w);

        csv_text(out, m->pods.items[row->pod].name);
        put_owner(w, row->owner_kind, row->owner);
        csv_text(out, node_name(m, row->node));
        put_ip(w, row->ip);
        put_time(w, row->created);
        put_time(w, row->scheduled);
        put_time(w, row->started);
        put_time(w, row->ready);
        put_time(w, row->deleted);
        put_time(w, row->gone);
        csv_int(out, row->restarts);
        csv_text(out, row->reason);
        csv_int(out, row->pod);
        csv_int(out, row->number);
        csv_end(out);
    }
}

/* --- time series, events, latencies --- */

static void put_series(struct writing *w, const struct series_row *row)
{
    struct csv *out = &w->csv;
    bool sum = row->traffic == NO_ID;

    csv_text(out, w->m->rows[row->row].name);
    csv_text(out, sum ? NULL : w->m->s->scenario->traffic[row->traffic].name);
    if (sum) {
        csv_int(out, row->desired);
        csv_int(out, row->ready);
        csv_int(out, row->listed);
    } else {
        csv_text(out, NULL);
        csv_text(out, NULL);
        csv_text(out, NULL);
    }
    csv_int(out, row->requests);
    csv_int(out, row->succeeded);
    csv_int(out, row->failed);
    csv_double(out, row->p50);
    csv_double(out, row->p99);
    csv_int(out, row->in_flight);
}

static void write_series(struct writing *w)
{
    const struct metrics *m = w->m;

    for (size_t i = 0; i < m->series_rows.count; i++) {
        const struct series_row *row = &m->series_rows.items[i];
        struct csv *out = begin(w);

        csv_time(out, m->series_width * (sim_time)row->interval);
        put_series(w, row);
        csv_end(out);
    }
}

static void write_events(struct writing *w)
{
    for (size_t i = 0; i < w->m->events.count; i++) {
        const struct event_row *row = &w->m->events.items[i];
        struct csv *out = begin(w);

        put_time(w, row->at);
        csv_text(out, row->warning ? "Warning" : "Normal");
        csv_text(out, row->reason);
        csv_text(out, row->object);
        csv_text(out, row->message);
        csv_end(out);
    }
}

struct bucket_writing {
    struct writing *w;
    const char *service, *traffic;
};

static void write_bucket(void *self, double low, double high, uint64_t count)
{
    const struct bucket_writing *b = self;
    struct csv *out = begin(b->w);

    csv_text(out, b->service);
    csv_text(out, b->traffic);
    csv_double(out, low / 1e9);
    csv_double(out, high / 1e9);
    put_count(b->w, count);
    csv_end(out);
}

static void write_latency(struct writing *w)
{
    const struct metrics *m = w->m;

    for (size_t i = 0; i < m->row_count; i++) {
        const struct row *row = &m->rows[i];
        struct bucket_writing b = {w, row->name, NULL};
        struct sketch sum = {0};

        for (size_t k = 0; k < row->traffic.count; k++)
            sketch_merge(&sum,
                         &m->scopes->traffic[row->traffic.items[k]].latency);
        sketch_each(&sum, write_bucket, &b);
        for (size_t k = 0; k < row->traffic.count; k++) {
            uint32_t traffic = row->traffic.items[k];

            b.traffic = m->s->scenario->traffic[traffic].name;
            sketch_each(&m->scopes->traffic[traffic].latency, write_bucket, &b);
        }
        sketch_release(&sum);
    }
}

static void write_addresses(struct writing *w)
{
    static const char *const states[] = {"none", "unready", "ready", "dead"};
    const struct metrics *m = w->m;
    size_t count;
    const struct address_span *spans = metrics_addresses(m, &count);

    for (size_t i = 0; i < count; i++) {
        const struct address_span *span = &spans[i];
        struct csv *out = begin(w);

        csv_text(out, m->rows[m->services.items[span->service].row].name);
        put_ip(w, span->ip);
        csv_int(out, span->pod);
        csv_time(out, span->from);
        csv_time(out, span->to);
        csv_text(out, states[span->state]);
        csv_end(out);
    }
}

void metrics_write(const struct metrics *m, enum detail_file file,
                   const char *variant, uint64_t replication, FILE *out)
{
    static void (*const writers[FILE_COUNT])(struct writing *) = {
        [FILE_INCIDENTS] = write_incidents, [FILE_FAILURES] = write_failures,
        [FILE_TIMESERIES] = write_series,   [FILE_SERVICES] = write_services,
        [FILE_ENDPOINTS] = write_endpoints, [FILE_PODS] = write_pods,
        [FILE_READY] = write_ready,         [FILE_EVENTS] = write_events,
        [FILE_LATENCY] = write_latency,     [FILE_ADDRESSES] = write_addresses,
    };
    struct writing w = {m, variant, replication, {out, false}};

    assert((unsigned)file < FILE_COUNT);
    writers[file](&w);
}
