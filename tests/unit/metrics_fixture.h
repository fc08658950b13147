/*
 * metrics_fixture - the measurement on a world made by hand: one Deployment
 * behind one Service, two nodes, time 0 ten seconds after the start of the
 * clock. All static: other tests have metrics of their own.
 */
#ifndef TESTS_UNIT_METRICS_FIXTURE_H
#define TESTS_UNIT_METRICS_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/metrics/measure.h"

enum { WARM_UP = 10, DURATION = 1000, PODS = 16 };
enum { SERVICES = 3, TRAFFIC = 3, SLOS = 5, ENTRIES = 3 };

struct rig {
    struct scenario c;
    struct workload workload;
    struct service_spec services[SERVICES];
    struct traffic_spec traffic[TRAFFIC];
    struct timeline_spec timeline[ENTRIES];
    struct slo_spec slos[SLOS];
    struct deployment_spec deployment;
    struct node_spec nodes[2];
    struct simulation s;
    struct metric_layout *layout;
    double *values;
    replicaset_id rs;
    char *text; /* of the file written last */
};

static const struct label web_labels[] = {{"app", "web"}};
static const char *const web_value[] = {"web"};
static const struct requirement web_wanted[] = {
    {"app", SELECTOR_IN, 1, web_value}};

static const struct traffic_spec traffic_specs[TRAFFIC] = {
    {.name = "users", .space = "default", .service = "web"},
    {.name = "batch", .space = "default", .service = "web"},
    {.name = "other", .space = "default", .service = "api"},
};
static const struct timeline_spec timeline_specs[ENTRIES] = {
    {.name = "rollout", .at = 100 * SIM_S, .lasts = SIM_NEVER},
    {.name = "outage", .at = 200 * SIM_S, .lasts = 50 * SIM_S},
    {.name = "never", .at = 5000 * SIM_S, .lasts = SIM_NEVER},
};
static const struct slo_spec slo_specs[SLOS] = {
    {.space = "default",
     .service = "web",
     .metric = "request_availability",
     .within = SIM_NEVER},
    {.space = "default",
     .service = "web",
     .metric = "requests",
     .during = "rollout",
     .within = 30 * SIM_S},
    {.space = "default",
     .service = "web",
     .metric = "requests",
     .during = "rollout",
     .within = SIM_NEVER},
    {.metric = "endpoint_availability",
     .during = "outage",
     .within = SIM_NEVER},
    {.metric = "pods_created", .during = "never", .within = SIM_NEVER},
};

static inline void make_service(struct service_spec *spec, const char *name,
                                bool selects)
{
    spec->meta.name = name;
    spec->meta.space = "default";
    spec->has_selector = selects;
    spec->selector = (struct selector){false, selects ? 1 : 0, web_wanted};
}

static inline void make_scenario(struct rig *r)
{
    memset(r, 0, sizeof *r);
    r->workload.concurrency = 2;
    make_service(&r->services[0], "web", true);
    make_service(&r->services[1], "api", false);
    make_service(&r->services[2], "web", true); /* applied again */
    memcpy(r->traffic, traffic_specs, sizeof traffic_specs);
    memcpy(r->timeline, timeline_specs, sizeof timeline_specs);
    memcpy(r->slos, slo_specs, sizeof slo_specs);
    for (int i = 0; i < 2; i++) {
        r->nodes[i].name = i ? "node-b" : "node-a";
        r->nodes[i].zone = "";
        r->nodes[i].allocatable =
            (struct resources){.cpu = 1000, .memory = 4000};
    }
    r->deployment.meta = (struct meta){.name = "web", .space = "default"};
    r->deployment.replicas = 2;
    r->deployment.template.labels = (struct labels){1, web_labels};
    r->deployment.template.requests =
        (struct resources){.cpu = 100, .memory = 100};
    r->c = (struct scenario){.duration = DURATION * SIM_S,
                             .workload_count = 1,
                             .workloads = &r->workload,
                             .service_count = SERVICES,
                             .initial_service_count = 2,
                             .services = r->services,
                             .traffic_count = TRAFFIC,
                             .traffic = r->traffic,
                             .timeline_count = ENTRIES,
                             .timeline = r->timeline,
                             .slo_count = SLOS,
                             .slos = r->slos};
}

static inline void start(struct rig *r)
{
    struct world *w;

    r->s.scenario = &r->c;
    r->s.sim = sim_new(0);
    r->s.world = w = world_new(r->s.sim, &r->c, r->s.root);
    r->s.metrics = metrics_new(&r->s, true, true);
    r->layout = metric_layout_new(&r->c);
    r->values = mem_calloc(r->layout->count, sizeof *r->values);
    for (int i = 0; i < 2; i++)
        world_node_create(w, &r->nodes[i]);
    for (size_t i = 0; i < r->c.initial_service_count; i++)
        world_service_create(w, &r->services[i], 0x0a600001);
    world_deployment_create(w, &r->deployment, INCIDENT_STARTUP);
    r->rs = world_replicaset_create(
        w, 0, "default", "web-1", &r->deployment.selector,
        &r->deployment.template, 0, 2, INCIDENT_STARTUP);
}

static inline void begin(struct rig *r)
{
    sim_run_until(r->s.sim, WARM_UP * SIM_S);
    world_begin_measure(r->s.world);
}

/* To that many seconds after time 0. */
static inline void at(struct rig *r, double seconds)
{
    sim_run_until(r->s.sim, WARM_UP * SIM_S + sim_seconds(seconds));
}

static inline sim_time now(const struct rig *r)
{
    return sim_now(r->s.sim);
}

static inline void end(struct rig *r)
{
    at(r, DURATION);
    world_end_measure(r->s.world);
}

static inline void finish(struct rig *r)
{
    metrics_free(r->s.metrics);
    world_free(r->s.world);
    sim_free(r->s.sim);
    metric_layout_free(r->layout);
    free(r->values);
    free(r->text);
}

/* --- what happens --- */

static inline uint32_t ip_of(pod_id pod)
{
    return 0x0af40002 + pod;
}

static inline pod_id pod_made(struct rig *r, incident_id origin)
{
    struct world *w = r->s.world;
    pod_id id = world_pod_create(w, r->rs, &r->deployment.template, "default",
                                 NULL, origin);

    world_pod_bind(w, id, id % 2);
    world_pod_set_sandbox(w, id, ip_of(id));
    world_pod_report_ip(w, id, ip_of(id));
    world_pod_set_phase(w, id, POD_RUNNING, NULL);
    return id;
}

static inline pod_id pod_up(struct rig *r, incident_id origin)
{
    pod_id id = pod_made(r, origin);

    world_pod_set_serving(r->s.world, id, true);
    world_pod_set_ready(r->s.world, id, true);
    return id;
}

struct listed {
    pod_id pod;
    uint8_t flags;
};
enum { READY = ENDPOINT_READY | ENDPOINT_SERVING };

static inline void publish_as(struct rig *r, const struct listed *list,
                              uint32_t count, incident_id origin,
                              sim_time trigger)
{
    struct endpoint_set *set = endpoint_set_new(0, count);

    set->origin = origin;
    set->trigger = trigger;
    for (uint32_t i = 0; i < count; i++)
        set->endpoints[i] = (struct endpoint){.pod = list[i].pod,
                                              .ip = ip_of(list[i].pod),
                                              .node = list[i].pod % 2,
                                              .slot = list[i].pod,
                                              .flags = list[i].flags};
    world_service_publish(r->s.world, set);
}

/* The pods, ready, until -1. */
static inline void publish(struct rig *r, incident_id origin, ...)
{
    struct listed list[PODS];
    uint32_t count = 0;
    va_list args;
    int pod;

    va_start(args, origin);
    while ((pod = va_arg(args, int)) >= 0)
        list[count++] = (struct listed){(pod_id)pod, READY};
    va_end(args);
    publish_as(r, list, count, origin, now(r));
}

static inline void request(struct rig *r, uint32_t traffic, enum cause cause,
                           incident_id origin, double seconds)
{
    struct request_end ended = {.traffic = traffic,
                                .outcome =
                                    cause ? REQUEST_FAILED : REQUEST_SUCCEEDED,
                                .cause = cause,
                                .attempts = 1,
                                .origin = origin,
                                .arrival = now(r)};

    ended.end = ended.arrival + sim_seconds(seconds);
    metrics_request_begin(r->s.metrics, traffic, ended.arrival);
    sim_run_until(r->s.sim, ended.end);
    if (cause)
        metrics_attempt_failed(r->s.metrics, traffic, ended.arrival, cause,
                               origin, NO_ID, ended.end);
    metrics_request_end(r->s.metrics, &ended);
}

/* --- what is said of it --- */

static inline double value_of(struct rig *r, const char *service,
                              const char *traffic, const char *metric)
{
    metrics_values(r->s.metrics, r->layout, r->values);
    for (size_t i = 0; i < r->layout->count; i++) {
        const struct metric_row *row = &r->layout->rows[i];

        if (strcmp(row->service, service) == 0 &&
            strcmp(row->traffic, traffic) == 0 &&
            strcmp(metric_infos[row->metric].name, metric) == 0)
            return r->values[i];
    }
    fail_msg("no row for %s %s %s", service, traffic, metric);
    return NAN;
}

static inline double web(struct rig *r, const char *metric)
{
    return value_of(r, "default/web", "", metric);
}

static inline void near_to(double got, double want, const char *what, int line)
{
    if (isnan(want) ? isnan(got) : fabs(got - want) <= 1e-9 * (1 + fabs(want)))
        return;
    fail_msg("line %d: %s is %.17g, want %.17g", line, what, got, want);
}
#define NEAR(got, want) near_to(got, want, #got, __LINE__)

static inline const char *file(struct rig *r, enum detail_file which)
{
    size_t size;
    FILE *out;

    free(r->text);
    r->text = NULL;
    out = open_memstream(&r->text, &size);
    metrics_write(r->s.metrics, which, "k=v", 0, out);
    fclose(out);
    return r->text;
}

static inline size_t lines(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static inline void has_line(const char *text, const char *line, int at_line)
{
    char wanted[256];

    snprintf(wanted, sizeof wanted, "k=v,0,%s\r\n", line);
    if (!strstr(text, wanted))
        fail_msg("line %d: no row '%s' in\n%s", at_line, line, text);
}
#define HAS(text, line) has_line(text, line, __LINE__)

static inline const struct incident_effect *effect_of(struct rig *r,
                                                      incident_id id)
{
    size_t count;
    const struct incident_effect *list =
        metrics_incidents(r->s.metrics, &count);

    for (size_t i = 0; i < count; i++) {
        if (list[i].id == id)
            return &list[i];
    }
    return NULL;
}

#endif
