/*
 * The measurement, on a world made by hand: one Deployment behind one
 * Service, two nodes, time 0 ten seconds after the start of the clock.
 */
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

static void make_service(struct service_spec *spec, const char *name,
                         bool selects)
{
    spec->meta.name = name;
    spec->meta.space = "default";
    spec->has_selector = selects;
    spec->selector = (struct selector){false, selects ? 1 : 0, web_wanted};
}

static void make_scenario(struct rig *r)
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

static void start(struct rig *r)
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

static void begin(struct rig *r)
{
    sim_run_until(r->s.sim, WARM_UP * SIM_S);
    world_begin_measure(r->s.world);
}

/* To that many seconds after time 0. */
static void at(struct rig *r, double seconds)
{
    sim_run_until(r->s.sim, WARM_UP * SIM_S + sim_seconds(seconds));
}

static sim_time now(const struct rig *r)
{
    return sim_now(r->s.sim);
}

static void end(struct rig *r)
{
    at(r, DURATION);
    world_end_measure(r->s.world);
}

static void finish(struct rig *r)
{
    metrics_free(r->s.metrics);
    world_free(r->s.world);
    sim_free(r->s.sim);
    metric_layout_free(r->layout);
    free(r->values);
    free(r->text);
}

/* --- what happens --- */

static uint32_t ip_of(pod_id pod)
{
    return 0x0af40002 + pod;
}

static pod_id pod_made(struct rig *r, incident_id origin)
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

static pod_id pod_up(struct rig *r, incident_id origin)
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

static void publish_as(struct rig *r, const struct listed *list, uint32_t count,
                       incident_id origin, sim_time trigger)
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
static void publish(struct rig *r, incident_id origin, ...)
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

static void request(struct rig *r, uint32_t traffic, enum cause cause,
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

static double value_of(struct rig *r, const char *service, const char *traffic,
                       const char *metric)
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

static double web(struct rig *r, const char *metric)
{
    return value_of(r, "default/web", "", metric);
}

static void near_to(double got, double want, const char *what, int line)
{
    if (isnan(want) ? isnan(got) : fabs(got - want) <= 1e-9 * (1 + fabs(want)))
        return;
    fail_msg("line %d: %s is %.17g, want %.17g", line, what, got, want);
}
#define NEAR(got, want) near_to(got, want, #got, __LINE__)

static const char *file(struct rig *r, enum detail_file which)
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

static size_t lines(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void has_line(const char *text, const char *line, int at_line)
{
    char wanted[256];

    snprintf(wanted, sizeof wanted, "k=v,0,%s\r\n", line);
    if (!strstr(text, wanted))
        fail_msg("line %d: no row '%s' in\n%s", at_line, line, text);
}
#define HAS(text, line) has_line(text, line, __LINE__)

static const struct incident_effect *effect_of(struct rig *r, incident_id id)
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

/* --- tests --- */

static void test_layout(void **state)
{
    struct rig r;
    size_t cluster = 0, service = 0, traffic = 0;

    (void)state;
    make_scenario(&r);
    r.layout = metric_layout_new(&r.c);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        assert_int_equal(metric_find(metric_infos[i].name), i);
        traffic += metric_infos[i].level == LEVEL_TRAFFIC;
        service += metric_infos[i].level == LEVEL_SERVICE;
        cluster += metric_infos[i].level == LEVEL_CLUSTER;
    }
    assert_int_equal(metric_find("nonsense"), metric_count());
    assert_null(metric_infos[metric_count()].name);
    assert_int_equal(r.layout->count,
                     2 * (traffic + service) + TRAFFIC * traffic + cluster);
    assert_string_equal(r.layout->rows[0].service, "default/web");
    assert_string_equal(r.layout->rows[r.layout->count - 1].service, "");
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        char name[64];

        snprintf(name, sizeof name, "failed_%s", cause_names[i]);
        assert_int_equal(metric_find(name), METRIC_failed_no_endpoints + i - 1);
    }
    metric_layout_free(r.layout);
}

static void test_requests(void **state)
{
    struct rig r;
    struct request_end late = {.traffic = 0, .attempts = 3};
    double sum = 0;

    (void)state;
    make_scenario(&r);
    start(&r);
    request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 0.5); /* before time 0 */
    begin(&r);
    request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 1);
    request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 3);
    request(&r, 1, CAUSE_RESET, INCIDENT_NONE, 1);
    request(&r, 1, CAUSE_TIMEOUT, INCIDENT_OVERLOAD, 1);
    at(&r, DURATION - 1);
    late.arrival = now(&r);
    metrics_request_begin(r.s.metrics, 0, now(&r));
    assert_int_equal(metrics_open(r.s.metrics), 1);
    end(&r);
    request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 1); /* not measured */
    metrics_attempt_failed(r.s.metrics, 0, late.arrival, CAUSE_DNS,
                           INCIDENT_NONE, NO_ID, now(&r));
    late.end = now(&r);
    metrics_request_end(r.s.metrics, &late);
    assert_int_equal(metrics_open(r.s.metrics), 0);

    NEAR(web(&r, "requests"), 5);
    NEAR(web(&r, "requests_succeeded"), 3);
    NEAR(web(&r, "requests_failed"), 2);
    NEAR(web(&r, "attempts"), 7);
    NEAR(web(&r, "retries"), 2);
    NEAR(web(&r, "request_availability"), 0.6);
    NEAR(web(&r, "latency_mean"), 2);
    NEAR(web(&r, "latency_max"), 3);
    NEAR(value_of(&r, "default/web", "users", "requests_failed"), 0);
    NEAR(value_of(&r, "default/web", "batch", "request_availability"), 0);
    NEAR(value_of(&r, "default/web", "batch", "latency_mean"), NAN);
    NEAR(value_of(&r, "default/api", "other", "request_availability"), NAN);
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        sum += web(&r, metric_infos[METRIC_failed_no_endpoints + i - 1].name);
    NEAR(sum, 3);
    assert_int_equal(lines(file(&r, FILE_FAILURES)), 3);
    HAS(r.text, "default/web,batch,reset,none,,,5,5,1,1");
    HAS(r.text, "default/web,batch,timeout,overload,,,6,6,1,1");
    HAS(r.text, "default/web,users,dns,none,,,1001,1001,1,0");
    finish(&r);
}

static void serve(struct rig *r, pod_id pod, double arrival, double began,
                  double ended)
{
    metrics_served(r->s.metrics, 0, pod, WARM_UP * SIM_S + sim_seconds(arrival),
                   WARM_UP * SIM_S + sim_seconds(began),
                   WARM_UP * SIM_S + sim_seconds(ended));
}

static void test_attempts_in_pods(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    begin(&r);
    at(&r, 10);
    serve(&r, 0, -4, -2, 10); /* its part after time 0 counts as present */
    serve(&r, 0, 2, 2, 10);
    serve(&r, 0, 2, 6, 10);
    end(&r);
    serve(&r, 0, 990, 990, 1020); /* its part until the end */
    NEAR(web(&r, "sojourn_mean"), (8.0 + 8 + 30) / 3);
    NEAR(web(&r, "waiting_mean"), 4.0 / 3);
    NEAR(web(&r, "waiting_probability"), 1.0 / 3);
    NEAR(web(&r, "mean_in_system"), (10.0 + 8 + 8 + 10) / DURATION);
    NEAR(web(&r, "mean_waiting"), 4.0 / DURATION);
    NEAR(web(&r, "utilization"), (10.0 + 8 + 4 + 10) / (2 * DURATION));
    finish(&r);
}

static void test_states(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, 1, -1);
    begin(&r);
    at(&r, 100);
    world_pod_set_ready(r.s.world, 0, false);
    at(&r, 200);
    world_pod_set_ready(r.s.world, 1, false);
    world_pod_set_serving(r.s.world, 1, false);
    at(&r, 300);
    world_pod_set_serving(r.s.world, 0, false);
    publish(&r, INCIDENT_NONE, -1);
    at(&r, 400);
    world_pod_set_serving(r.s.world, 0, true);
    world_pod_set_ready(r.s.world, 0, true);
    world_pod_set_ready(r.s.world, 1, true);
    publish(&r, INCIDENT_NONE, 0, 1, -1);
    end(&r);
    NEAR(web(&r, "endpoint_availability"), 0.9);
    NEAR(web(&r, "serving_availability"), 0.9);
    NEAR(web(&r, "replica_availability"), (100 + 50 + 0 + 600) / 1000.0);
    NEAR(value_of(&r, "default/api", "", "endpoint_availability"), 0);
    NEAR(value_of(&r, "default/api", "", "replica_availability"), NAN);
    file(&r, FILE_READY);
    HAS(r.text, "default/web,0,200");
    HAS(r.text, "default/web,1,100");
    HAS(r.text, "default/web,2,700");
    finish(&r);
}

static void test_recovery(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    begin(&r);
    pod_up(&r, INCIDENT_STARTUP); /* growth, no recovery */
    at(&r, 100);
    world_pod_set_ready(r.s.world, 0, false);
    at(&r, 110);
    world_pod_set_ready(r.s.world, 0, true); /* 10 s */
    at(&r, 200);
    world_deployment_scale(r.s.world, 0, 3, INCIDENT_NONE);
    at(&r, 230);
    pod_up(&r, INCIDENT_NONE); /* no recovery either */
    at(&r, 300);
    world_pod_set_ready(r.s.world, 0, false);
    world_pod_set_ready(r.s.world, 1, false);
    at(&r, 320);
    world_pod_set_ready(r.s.world, 0, true);
    at(&r, 330);
    world_pod_set_ready(r.s.world, 1, true); /* 30 s */
    at(&r, 500);
    world_deployment_scale(r.s.world, 0, 1, INCIDENT_NONE);
    world_pod_set_ready(r.s.world, 0, false); /* one may go */
    at(&r, 600);
    world_deployment_scale(r.s.world, 0, 2, INCIDENT_NONE);
    at(&r, 900);
    world_pod_set_ready(r.s.world, 1, false); /* open: 100 s */
    end(&r);
    NEAR(web(&r, "recovery_time_mean"), (10 + 30 + 100) / 3.0);
    NEAR(web(&r, "recovery_time_max"), 100);
    NEAR(web(&r, "recovery_time_p99"), 100);
    NEAR(web(&r, "recoveries_open"), 1);
    finish(&r);
}

static void test_addresses(void **state)
{
    struct rig r;
    struct listed unready[] = {{0, 0}, {1, READY}};
    struct listed leaving[] = {
        {0, ENDPOINT_SERVING | ENDPOINT_TERMINATING}, {1, READY}, {2, READY}};
    const struct address_span *spans;
    size_t count;

    (void)state;
    make_scenario(&r);
    start(&r);
    for (int i = 0; i < 3; i++)
        pod_up(&r, INCIDENT_STARTUP);
    sim_run_until(r.s.sim, 5 * SIM_S);
    publish(&r, INCIDENT_STARTUP, 0, 1, -1);
    begin(&r);
    at(&r, 100);
    publish_as(&r, unready, 2, INCIDENT_NONE, SIM_NEVER);
    at(&r, 110);
    publish(&r, INCIDENT_NONE, 0, 1, -1);
    at(&r, 200);
    publish_as(&r, leaving, 3, INCIDENT_NONE, SIM_NEVER);
    at(&r, 230);
    publish(&r, INCIDENT_NONE, 1, 2, -1);
    at(&r, 300);
    world_pod_set_serving(r.s.world, 1, false);
    end(&r);
    NEAR(web(&r, "ip_churn"), 2);
    NEAR(web(&r, "ip_churn_per_hour"), 7.2);
    NEAR(web(&r, "endpoint_changes"), 5);
    NEAR(web(&r, "pod_ip_lifetime_mean"), 230 + 1000 + 800);
    /* Ages 235 (left), 800 and 1005 (still there). */
    NEAR(web(&r, "pod_ip_lifetime_p50"), NAN);
    assert_int_equal(lines(file(&r, FILE_ENDPOINTS)), 7);
    HAS(r.text, "-5,default/web,add,10.244.0.2,default/web-1-gg2kw,node-a,1");
    HAS(r.text,
        "200,default/web,terminating,10.244.0.2,default/web-1-gg2kw,node-a,2");
    spans = metrics_addresses(r.s.metrics, &count);
    assert_int_equal(count, 7);
    assert_int_equal(spans[0].ip, ip_of(0));
    assert_int_equal(spans[0].from, -5 * SIM_S);
    assert_int_equal(spans[0].to, 100 * SIM_S);
    assert_int_equal(spans[0].state, ADDRESS_READY);
    assert_int_equal(spans[1].state, ADDRESS_UNREADY);
    assert_int_equal(spans[3].state, ADDRESS_UNREADY); /* terminating */
    assert_int_equal(spans[5].state, ADDRESS_DEAD);
    assert_int_equal(spans[5].from, 300 * SIM_S);
    finish(&r);
}

static void test_lifetime_median(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    begin(&r);
    for (int i = 0; i < 3; i++)
        pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_NONE, 0, 1, 2, -1);
    at(&r, 10);
    publish(&r, INCIDENT_NONE, 1, 2, -1);
    at(&r, 15);
    publish(&r, INCIDENT_NONE, 0, 1, 2, -1); /* not for good */
    at(&r, 20);
    publish(&r, INCIDENT_NONE, 1, 2, -1);
    at(&r, 50);
    publish(&r, INCIDENT_NONE, 2, -1);
    end(&r);
    NEAR(web(&r, "pod_ip_lifetime_p50"), 50);
    NEAR(web(&r, "ip_churn"), 5);
    metrics_on_reuse(r.s.metrics, ip_of(0), 2, SIM_S); /* after the end */
    NEAR(web(&r, "ip_reuse_interval_min"), NAN);
    finish(&r);
}

static void test_reuse(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    metrics_on_reuse(r.s.metrics, ip_of(0), 0, SIM_S); /* before time 0 */
    begin(&r);
    metrics_on_reuse(r.s.metrics, ip_of(0), 0, 30 * SIM_S);
    metrics_on_reuse(r.s.metrics, ip_of(0), 0, 10 * SIM_S);
    metrics_on_reuse(r.s.metrics, ip_of(0), 0, 20 * SIM_S);
    end(&r);
    NEAR(web(&r, "ip_reuse_interval_min"), 10);
    NEAR(web(&r, "ip_reuse_interval_p50"), 20);
    finish(&r);
}

static void test_proxies(void **state)
{
    struct rig r;
    double p99;

    (void)state;
    make_scenario(&r);
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, 1, -1);
    metrics_on_programmed(r.s.metrics, 0, 0, 1);
    metrics_on_programmed(r.s.metrics, 1, 0, 1);
    begin(&r);
    at(&r, 100);
    world_pod_set_serving(r.s.world, 0, false); /* both tables stale */
    at(&r, 110);
    publish(&r, INCIDENT_NONE, 1, -1);
    at(&r, 111);
    metrics_on_programmed(r.s.metrics, 0, 1, 2); /* 11 s stale */
    at(&r, 115);
    world_pod_set_serving(r.s.world, 1, false); /* node 0 stale again */
    at(&r, 116);
    world_pod_set_serving(r.s.world, 1, true);
    at(&r, 120);
    metrics_on_programmed(r.s.metrics, 1, 1, 2); /* 20 s stale */
    at(&r, 200);
    world_pod_set_serving(r.s.world, 1, false);
    at(&r, 210);
    world_node_set_up(r.s.world, 0, false, INCIDENT_NONE); /* 10 s */
    at(&r, 220);
    world_node_set_up(r.s.world, 0, true, INCIDENT_NONE);
    at(&r, 230);
    metrics_on_programmed(r.s.metrics, 0, 0, 2); /* no news */
    at(&r, 240);
    world_pod_set_serving(r.s.world, 1, true); /* 10 s, and 40 s of node 1 */
    end(&r);
    NEAR(web(&r, "stale_endpoint_seconds"), 11 + 1 + 20 + 10 + 10 + 40);
    p99 = web(&r, "network_programming_latency_p99");
    assert_true(fabs(p99 - 10) < 0.1);
    NEAR(value_of(&r, "", "", "node_failures"), 1);
    NEAR(value_of(&r, "", "", "node_downtime"), 10);
    finish(&r);
}

static void test_incidents(void **state)
{
    struct rig r;
    struct world *w;
    incident_id rollout, crash, child, quiet;
    const struct incident_effect *e;

    (void)state;
    make_scenario(&r);
    start(&r);
    w = r.s.world;
    pod_up(&r, INCIDENT_STARTUP);
    pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, 1, -1);
    begin(&r);
    at(&r, 100);
    rollout = world_incident(w, "rollout", "rollout restart", "deployment/web",
                             NO_ID);
    pod_up(&r, rollout);
    publish(&r, rollout, 0, 1, 2, -1);
    world_pod_delete(w, 0, -1, "RolledOut", rollout);
    world_pod_delete(w, 1, 30 * SIM_S, "RolledOut", rollout);
    request(&r, 0, CAUSE_RESET, rollout, 1);
    request(&r, 0, CAUSE_RESET, rollout, 1);
    request(&r, 0, CAUSE_TIMEOUT, rollout, 1);
    at(&r, 120);
    publish(&r, rollout, 2, -1);
    pod_up(&r, rollout);
    publish(&r, rollout, 2, 3, -1);
    at(&r, 300);
    crash = world_incident(w, "pod-crash", "crash", "pod/x", NO_ID);
    child = world_incident(w, "pod-crash", "restart", "pod/x", crash);
    quiet = world_incident(w, "pod-crash", "crash", "pod/y", NO_ID);
    world_pod_crashed(w, 2, child);
    world_pod_set_ready(w, 2, false);
    request(&r, 0, CAUSE_CONNECT_REFUSED, child, 1);
    at(&r, 990);
    world_incident_end(w, crash);
    end(&r);

    e = effect_of(&r, rollout);
    assert_non_null(e);
    assert_true(e->from_timeline);
    assert_int_equal(e->requests_failed, 3);
    assert_int_equal(e->attempts_failed, 3);
    assert_int_equal(e->ips_added, 2);
    assert_int_equal(e->ips_removed, 2);
    assert_int_equal(e->min_ready, 1);
    assert_int_equal(e->main_cause, CAUSE_RESET);
    NEAR(e->recovery_time, 20);
    e = effect_of(&r, crash);
    assert_non_null(e);
    assert_false(e->from_timeline);
    assert_int_equal(e->attempts_failed, 1);
    assert_int_equal(e->min_ready, 1);
    NEAR(e->recovery_time, 700); /* still open */
    assert_null(effect_of(&r, child));
    assert_null(effect_of(&r, quiet));
    file(&r, FILE_INCIDENTS);
    assert_int_equal(lines(r.text), 2);
    HAS(r.text, "rollout,100,,rollout restart,deployment/web,3,3,2,2,1,20");
    HAS(r.text, "pod-crash,300,990,crash,pod/x,1,1,0,0,1,700");
    file(&r, FILE_FAILURES);
    HAS(r.text, "default/web,users,connect_refused,restart,pod/x,300,301,301,"
                "1,1");
    finish(&r);
}

static void test_windows(void **state)
{
    struct rig r;
    struct world *w;
    incident_id rollout;
    double slo[SLOS];

    (void)state;
    make_scenario(&r);
    start(&r);
    w = r.s.world;
    pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, -1);
    begin(&r);
    at(&r, 90);
    request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 20); /* arrived before */
    at(&r, 110);
    rollout = world_incident(w, "rollout", "", "", NO_ID);
    world_deployment_set_template(w, 0, &r.deployment.template, rollout);
    world_deployment_set_status(w, 0, 2, 1, 2, 2);
    for (int i = 0; i < 5; i++) {
        at(&r, 115 + 10 * i); /* 3 of them within 30 s */
        request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 9);
    }
    at(&r, 170);
    world_deployment_set_status(w, 0, 2, 2, 2, 2); /* complete */
    request(&r, 0, CAUSE_RESET, INCIDENT_NONE, 1);
    at(&r, 200);
    world_incident(w, "outage", "", "", NO_ID);
    at(&r, 210);
    publish(&r, INCIDENT_NONE, -1);
    at(&r, 220);
    publish(&r, INCIDENT_NONE, 0, -1);
    at(&r, 300);
    publish(&r, INCIDENT_NONE, -1);
    end(&r);
    metrics_slo_values(r.s.metrics, slo);
    NEAR(slo[0], 6.0 / 7);
    NEAR(slo[1], 3);
    NEAR(slo[2], 5);
    NEAR(slo[3], 0); /* the worst Service: api has no endpoint at all */
    NEAR(slo[4], NAN);
    NEAR(r.s.metrics->scopes[3].rows[0].endpoint_up, 40);
    NEAR(r.s.metrics->scopes[3].rows[0].lived, 50);
    finish(&r);
}

static void test_load(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    for (int i = 0; i < 3; i++)
        pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, 1, 2, -1);
    begin(&r);
    at(&r, 30);
    world_pod_set_ready(r.s.world, 2, false); /* too short */
    at(&r, 500);
    world_pod_set_ready(r.s.world, 1, false);
    for (int i = 0; i < 300; i++)
        serve(&r, 0, 400, 400, 500);
    for (int i = 0; i < 50; i++)
        serve(&r, 1, 400, 400, 500);
    for (int i = 0; i < 90; i++)
        serve(&r, 2, 400, 400, 500);
    end(&r);
    /* Rates 0.3 (weight 1000) and 0.1 (weight 500): mean 350/1500. */
    NEAR(web(&r, "load_max_over_mean"), 0.3 / (350 / 1500.0));
    NEAR(web(&r, "load_imbalance_cv"),
         sqrt((90 + 5) / 1500.0 - pow(350 / 1500.0, 2)) / (350 / 1500.0));
    finish(&r);
}

static void test_cluster(void **state)
{
    struct rig r;
    struct world *w;

    (void)state;
    make_scenario(&r);
    start(&r);
    w = r.s.world;
    pod_up(&r, INCIDENT_STARTUP);
    begin(&r);
    at(&r, 500);
    world_pod_create(w, r.rs, &r.deployment.template, "default", NULL,
                     INCIDENT_NONE);
    at(&r, 510);
    world_pod_bind(w, 1, 0);
    world_pod_set_sandbox(w, 1, ip_of(1));
    at(&r, 520);
    world_pod_set_ready(w, 1, true);
    world_pod_set_restarts(w, 0, 3);
    at(&r, 600);
    world_pod_delete(w, 0, 30 * SIM_S, "Evicted", INCIDENT_NONE);
    at(&r, 630);
    world_pod_remove(w, 0);
    end(&r);
    NEAR(value_of(&r, "", "", "pods_created"), 1);
    NEAR(value_of(&r, "", "", "pods_deleted"), 1);
    NEAR(value_of(&r, "", "", "pods_evicted"), 1);
    NEAR(value_of(&r, "", "", "pods_preempted"), 0);
    NEAR(value_of(&r, "", "", "container_restarts"), 3);
    NEAR(value_of(&r, "", "", "pod_startup_p50"), 20);
    NEAR(value_of(&r, "", "", "scheduling_latency_p99"), 10);
    NEAR(value_of(&r, "", "", "unschedulable_pod_seconds"), 10);
    NEAR(value_of(&r, "", "", "distinct_ips_used"), 2);
    NEAR(value_of(&r, "", "", "cpu_requested_ratio"),
         (630 + 490) * 100 / (2000.0 * 1000));
    file(&r, FILE_PODS);
    assert_int_equal(lines(r.text), 2);
    assert_non_null(strstr(r.text, ",deployment/web,node-a,10.244.0.2,-10,-10,"
                                   "-10,-10,600,630,3,Evicted,0,1\r\n"));
    assert_non_null(strstr(r.text, ",deployment/web,node-a,10.244.0.3,500,510,"
                                   "510,520,,,0,,1,1\r\n"));
    finish(&r);
}

static void test_series(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    r.c.timeseries = 300 * SIM_S;
    start(&r);
    pod_up(&r, INCIDENT_STARTUP);
    publish(&r, INCIDENT_STARTUP, 0, -1);
    begin(&r);
    request(&r, 0, CAUSE_NONE, INCIDENT_NONE, 1);
    at(&r, 299);
    request(&r, 0, CAUSE_RESET, INCIDENT_NONE, 2);
    at(&r, 950);
    request(&r, 1, CAUSE_NONE, INCIDENT_NONE, 1);
    end(&r);
    file(&r, FILE_TIMESERIES);
    assert_int_equal(lines(r.text), 4 * (2 + TRAFFIC));
    HAS(r.text, "0,default/web,,2,1,1,2,1,0,1,1,1");
    HAS(r.text, "0,default/web,users,,,,2,1,0,1,1,1");
    HAS(r.text, "300,default/web,,2,1,1,0,0,1,,,0");
    HAS(r.text, "900,default/web,batch,,,,1,1,0,1,1,0");
    HAS(r.text, "900,default/api,,0,0,0,0,0,0,,,0");
    finish(&r);
}

static void test_series_width(void **state)
{
    static const struct {
        double days;
        int64_t seconds;
    } cases[] = {{0.01, 1}, {2.3, 1}, {2.4, 2}, {5, 5}, {20, 10}, {365, 200}};
    struct rig r;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_scenario(&r);
        r.c.duration = sim_seconds(cases[i].days * 86400);
        start(&r);
        assert_int_equal(r.s.metrics->series_width, cases[i].seconds * SIM_S);
        finish(&r);
    }
}

/* `expose` makes the Service later; it is deleted, and made anew. */
static void test_service_made_later(void **state)
{
    struct rig r;
    struct world *w;
    struct endpoint_set *set;

    (void)state;
    make_scenario(&r);
    r.c.initial_service_count = 0;
    start(&r);
    w = r.s.world;
    pod_up(&r, INCIDENT_STARTUP);
    begin(&r);
    at(&r, 100);
    world_service_create(w, &r.services[2], 0x0a600007);
    publish(&r, INCIDENT_NONE, 0, -1);
    at(&r, 200);
    world_service_delete(w, 0);
    at(&r, 300);
    world_service_create(w, &r.services[2], 0x0a600008);
    at(&r, 400);
    set = endpoint_set_new(1, 1);
    set->endpoints[0] =
        (struct endpoint){.pod = 0, .ip = ip_of(0), .flags = READY};
    world_service_publish(w, set);
    end(&r);
    NEAR(web(&r, "endpoint_availability"), (100 + 600) / (100 + 700.0));
    NEAR(web(&r, "replica_availability"), 0.5);
    NEAR(web(&r, "ip_churn"), 3);
    NEAR(web(&r, "recoveries_open"), 0);
    file(&r, FILE_SERVICES);
    HAS(r.text, "default/web,10.96.0.7,ClusterIP,,100,200");
    HAS(r.text, "default/web,10.96.0.8,ClusterIP,,300,");
    finish(&r);
}

static void test_events(void **state)
{
    struct rig r;

    (void)state;
    make_scenario(&r);
    start(&r);
    r.s.world->want_events = true;
    world_event(r.s.world, true, "FailedScheduling", "pod/a", "%d nodes", 0);
    begin(&r);
    at(&r, 1.5);
    world_event(r.s.world, false, "Killing", "pod/a", "a, b");
    end(&r);
    file(&r, FILE_EVENTS);
    HAS(r.text, "-10,Warning,FailedScheduling,pod/a,0 nodes");
    HAS(r.text, "1.5,Normal,Killing,pod/a,\"a, b\"");
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_attempts_in_pods),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_recovery),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_lifetime_median),
        cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_incidents),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_cluster),
        cmocka_unit_test(test_series),
        cmocka_unit_test(test_series_width),
        cmocka_unit_test(test_service_made_later),
        cmocka_unit_test(test_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
