/*
 * test_scheduler_requeue - which events let a pod be tried again that plug-ins
 * refused, with queueing hints and before them (models/scheduler/requeue.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "models/scheduler/framework.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ZONE         "topology.kubernetes.io/zone"

/* Nodes. */
enum { SMALL, LARGE, TAINTED, CORDONED, BARE, NODES };
/* Pods: of app web or db; near: wants web near; apart: wants db apart; even:
 * spreads web over zones; port: wants a host port; zone: only in zone b. */
enum { WEB, DB, OTHER, NEAR, APART, EVEN, PORT, IN_B, BIG, KINDS };

static const struct label labels[NODES][1] = {
    {{ZONE, "a"}}, {{ZONE, "b"}}, {{ZONE, "a"}}, {{ZONE, "a"}}, {{"x", "y"}}};
static const char *const app[] = {"web", "db"};
static const struct requirement is[] = {{"app", SELECTOR_IN, 1, &app[0]},
                                        {"app", SELECTOR_IN, 1, &app[1]}};
static const struct label apps[] = {{"app", "web"}, {"app", "db"}};
static const struct pod_affinity_term terms[] = {
    {.selector_given = true,
     .selector = {false, 1, &is[0]},
     .topology_key = ZONE},
    {.selector_given = true,
     .selector = {false, 1, &is[1]},
     .topology_key = ZONE}};
static const struct spread_constraint even = {.max_skew = 1,
                                              .topology_key = ZONE,
                                              .selector_given = true,
                                              .selector = {false, 1, &is[0]},
                                              .honor_node_affinity = true};
static const struct container_port port = {.host_port = 80};
static const struct container container = {
    .image = "x", .port_count = 1, .ports = &port};
static const struct label in_b = {ZONE, "b"};
static const struct taint taint = {"k", "", TAINT_NO_SCHEDULE};

static struct pod_template template_of(int kind)
{
    struct pod_template t = {.requests = {.cpu = 100}, .scored_cpu = 100};

    if (kind == WEB || kind == DB)
        t.labels = (struct labels){1, &apps[kind == DB]};
    if (kind == NEAR)
        t.near = (struct pod_affinity){.required_count = 1, .required = terms};
    if (kind == APART)
        t.apart =
            (struct pod_affinity){.required_count = 1, .required = &terms[1]};
    if (kind == EVEN) {
        t.spread_count = 1;
        t.spread = &even;
        t.labels = (struct labels){1, &apps[0]};
    }
    if (kind == PORT) {
        t.container_count = 1;
        t.containers = &container;
    }
    if (kind == IN_B)
        t.node_selector = (struct labels){1, &in_b};
    if (kind == BIG)
        t.requests.cpu = 5000;
    return t;
}

struct cluster {
    struct scheduler_config config;
    struct framework *f;
    struct node_spec nodes[NODES];
    struct pod_template templates[KINDS];
    struct pod_class *classes[KINDS];
};

static void begin(struct cluster *c, int minor)
{
    c->config = scheduler_config_default(minor);
    c->f = framework_new(&c->config, 1);
    for (node_id n = 0; n < NODES; n++) {
        c->nodes[n] = (struct node_spec){
            .name = "n",
            .zone = "",
            .labels = {1, labels[n]},
            .allocatable = {.cpu = n == LARGE ? 8000 : 2000, .pods = 10}};
        framework_node_add(c->f, n, &c->nodes[n]);
    }
    framework_node_set(c->f, TAINTED, false, &taint, 1);
    framework_node_set(c->f, CORDONED, true, NULL, 0);
    for (int k = 0; k < KINDS; k++) {
        struct rng rng;

        c->templates[k] = template_of(k);
        c->classes[k] =
            framework_class(c->f, &c->templates[k], "default", NULL, false);
        rng_init(&rng, (struct rng_root){1, 0}, "test", NULL, 0);
        framework_schedule(c->f, c->classes[k], &rng); /* it was tried */
    }
}

enum { ANY = -1 };
#define FIT      &scheduler_node_resources_fit
#define TAINT    &scheduler_taint_toleration
#define CORDON   &scheduler_node_unschedulable
#define AFFINITY &scheduler_node_affinity
#define PORTS    &scheduler_node_ports
#define PODS     &scheduler_inter_pod_affinity
#define SPREAD   &scheduler_pod_topology_spread

/* before: which node it looked like; `by` refused it. hints: 1.36; then 1.31,
 * 1.30 and 1.26. */
static const struct row {
    const char *label;
    int kind;
    const struct scheduler_plugin *by;
    enum cluster_event event;
    int node, before, pod;
    bool hints, v31, v30, v26;
} rows[] = {
    {"room on a new node", BIG, FIT, EVENT_NODE_ADDED, LARGE, ANY, ANY, 1, 1, 1,
     1},
    {"too small a node", BIG, FIT, EVENT_NODE_ADDED, SMALL, ANY, ANY, 0, 0, 0,
     0},
    {"Fit asks nothing of taints", OTHER, FIT, EVENT_NODE_ADDED, TAINTED, ANY,
     ANY, 1, 0, 0, 0},
    {"taint removed, refused by Fit", OTHER, FIT, EVENT_NODE_TAINTS, SMALL,
     TAINTED, ANY, 0, 1, 1, 1},
    {"taint removed", OTHER, TAINT, EVENT_NODE_TAINTS, SMALL, TAINTED, ANY, 1,
     1, 1, 1},
    {"no taint before", OTHER, TAINT, EVENT_NODE_TAINTS, SMALL, SMALL, ANY, 0,
     1, 1, 1},
    {"uncordoned", OTHER, CORDON, EVENT_NODE_TAINTS, SMALL, CORDONED, ANY, 1, 1,
     1, 1},
    {"new and cordoned", OTHER, CORDON, EVENT_NODE_ADDED, CORDONED, ANY, ANY, 0,
     1, 1, 1},
    {"label wanted", IN_B, AFFINITY, EVENT_NODE_LABELS, LARGE, SMALL, ANY, 1, 1,
     1, 1},
    {"label not wanted", IN_B, AFFINITY, EVENT_NODE_LABELS, SMALL, LARGE, ANY,
     0, 0, 0, 0},
    {"taints are no labels", IN_B, AFFINITY, EVENT_NODE_TAINTS, LARGE, TAINTED,
     ANY, 0, 1, 1, 1},
    {"any pod went", OTHER, FIT, EVENT_POD_GONE, ANY, ANY, WEB, 1, 1, 1, 1},
    {"the port is free", PORT, PORTS, EVENT_POD_GONE, ANY, ANY, PORT, 1, 1, 1,
     1},
    {"no port of it", PORT, PORTS, EVENT_POD_GONE, ANY, ANY, WEB, 0, 1, 1, 1},
    {"bound pods free nothing", OTHER, FIT, EVENT_POD_ADDED, ANY, ANY, WEB, 0,
     0, 0, 0},
    {"one to be near to", NEAR, PODS, EVENT_POD_ADDED, ANY, ANY, WEB, 1, 1, 1,
     1},
    {"another", NEAR, PODS, EVENT_POD_ADDED, ANY, ANY, DB, 0, 0, 0, 0},
    {"one not to be near to went", APART, PODS, EVENT_POD_GONE, ANY, ANY, DB, 1,
     1, 1, 1},
    {"another went", APART, PODS, EVENT_POD_GONE, ANY, ANY, WEB, 0, 1, 1, 1},
    {"that wanted it apart", DB, PODS, EVENT_POD_GONE, ANY, ANY, APART, 1, 1, 1,
     1},
    {"node without the key", NEAR, PODS, EVENT_NODE_ADDED, BARE, ANY, ANY, 0, 1,
     1, 1},
    {"node with the key", NEAR, PODS, EVENT_NODE_ADDED, SMALL, ANY, ANY, 1, 1,
     1, 1},
    {"apart from any", APART, PODS, EVENT_NODE_ADDED, BARE, ANY, ANY, 1, 1, 1,
     1},
    {"affinity and taints", NEAR, PODS, EVENT_NODE_TAINTS, SMALL, TAINTED, ANY,
     0, 1, 1, 0},
    {"another domain", NEAR, PODS, EVENT_NODE_LABELS, LARGE, SMALL, ANY, 1, 1,
     1, 1},
    {"one to spread with", EVEN, SPREAD, EVENT_POD_ADDED, ANY, ANY, WEB, 1, 1,
     0, 0},
    {"not to spread with", EVEN, SPREAD, EVENT_POD_ADDED, ANY, ANY, DB, 0, 1, 0,
     0},
    {"one went", EVEN, SPREAD, EVENT_POD_GONE, ANY, ANY, WEB, 1, 1, 1, 1},
    {"another one went", EVEN, SPREAD, EVENT_POD_GONE, ANY, ANY, DB, 0, 1, 1,
     1},
    {"a domain went", EVEN, SPREAD, EVENT_NODE_GONE, SMALL, ANY, ANY, 1, 1, 1,
     1},
    {"a node of none went", EVEN, SPREAD, EVENT_NODE_GONE, BARE, ANY, ANY, 0, 1,
     1, 1},
    {"spread and taints", EVEN, SPREAD, EVENT_NODE_TAINTS, SMALL, TAINTED, ANY,
     1, 1, 1, 0},
    {"no longer of a domain", EVEN, SPREAD, EVENT_NODE_LABELS, BARE, SMALL, ANY,
     1, 1, 1, 1},
};

static bool helps(const struct cluster *c, const struct row *r)
{
    struct cluster_change change = {.event = r->event, .node = NO_ID};

    if (r->node != ANY)
        change.node = (node_id)r->node;
    if (r->before != ANY)
        change.before = framework_node(c->f, (node_id)r->before);
    if (r->pod != ANY)
        change.pod = c->classes[r->pod];
    return framework_helps(c->f, c->classes[r->kind],
                           1U << framework_plugin_index(r->by), &change);
}

static void test_rows(void **state)
{
    static const int minors[] = {36, 31, 30, 26};

    (void)state;
    for (size_t v = 0; v < COUNT(minors); v++) {
        struct cluster c;

        begin(&c, minors[v]);
        for (size_t i = 0; i < COUNT(rows); i++) {
            const struct row *r = &rows[i];
            bool want = v == 0   ? r->hints
                        : v == 1 ? r->v31
                        : v == 2 ? r->v30
                                 : r->v26;

            if (helps(&c, r) != want)
                fail_msg("1.%d: %s: want %d", minors[v], r->label, want);
        }
        framework_free(c.f);
    }
}

/* One of those that refused it suffices. */
static void test_any(void **state)
{
    unsigned both =
        1U << framework_plugin_index(FIT) | 1U << framework_plugin_index(TAINT);
    struct cluster_change change = {.event = EVENT_NODE_ADDED, .node = TAINTED};
    struct cluster c;

    (void)state;
    begin(&c, 36);
    assert_true(framework_helps(c.f, c.classes[OTHER], both, &change));
    assert_false(framework_helps(c.f, c.classes[BIG], both, &change));
    framework_free(c.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_any),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
