/*
 * test_scheduler_framework - what the scheduler knows stays right as pods
 * and nodes come and go; how many nodes it looks at, and in what order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/scheduler/framework.h"

enum { NODES = 24, CLASSES = 8, PODS = 200, STEPS = 3000 };

/* Nodes in three zones, some without one; templates of all sorts. */
struct fixture {
    struct scheduler_config config;
    char names[NODES][16];
    struct label labels[NODES][2];
    struct node_spec nodes[NODES];
    struct pod_template templates[CLASSES];
    struct label app[2];
    struct requirement is_web;
    const char *web;
    struct selector selector;
    struct spread_constraint spread[2];
    struct pod_affinity_term term;
    struct preferred_pod_term preferred;
};

static void init_nodes(struct fixture *f)
{
    static const char *const zones[] = {"a", "b", "c"};

    for (size_t i = 0; i < NODES; i++) {
        snprintf(f->names[i], sizeof f->names[i], "node-%d", (int)i % NODES);
        f->labels[i][0] = (struct label){"kubernetes.io/hostname", f->names[i]};
        f->labels[i][1] =
            (struct label){"topology.kubernetes.io/zone", zones[i % 3]};
        f->nodes[i] = (struct node_spec){
            .name = f->names[i],
            .labels = {i % 8 == 7 ? 1 : 2, f->labels[i]},
            .zone = i % 8 == 7 ? "" : zones[i % 3],
            .allocatable = {
                .cpu = 8000, .memory = INT64_C(1) << 34, .pods = 20}};
    }
}

static void init_templates(struct fixture *f)
{
    f->app[0] = (struct label){"app", "web"};
    f->app[1] = (struct label){"app", "db"};
    f->web = "web";
    f->is_web = (struct requirement){"app", SELECTOR_IN, 1, &f->web};
    f->selector = (struct selector){false, 1, &f->is_web};
    for (size_t i = 0; i < 2; i++)
        f->spread[i] =
            (struct spread_constraint){.max_skew = 2,
                                       .topology_key = f->labels[0][i].key,
                                       .schedule_anyway = i == 0,
                                       .selector_given = true,
                                       .selector = f->selector,
                                       .honor_node_affinity = true};
    f->term = (struct pod_affinity_term){.selector_given = true,
                                         .selector = f->selector,
                                         .topology_key = f->labels[0][1].key};
    f->preferred = (struct preferred_pod_term){10, f->term};
    for (size_t i = 0; i < CLASSES; i++) {
        struct pod_template *t = &f->templates[i];

        *t = (struct pod_template){
            .labels = {1, &f->app[i % 2]},
            .requests = {.cpu = 100 * (int64_t)(i + 1), .memory = 1 << 28},
            .scored_cpu = 100 * (int64_t)(i + 1),
            .scored_memory = 1 << 28,
            .hash = i / 2};
    }
    f->templates[2].spread_count = 2;
    f->templates[2].spread = f->spread;
    f->templates[3].near =
        (struct pod_affinity){.preferred_count = 1, .preferred = &f->preferred};
    f->templates[4].apart =
        (struct pod_affinity){.required_count = 1, .required = &f->term};
    f->templates[4].labels = (struct labels){1, &f->app[1]};
    f->templates[5].node_selector = (struct labels){1, &f->labels[0][1]};
    f->templates[5].spread_count = 2;
    f->templates[5].spread = f->spread;
}

static struct fixture *fixture_new(void)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->config = scheduler_config_default(36);
    init_nodes(f);
    init_templates(f);
    return f;
}

/* Classes 0 and 1 are of Deployments, 6 and 7 of a ReplicaSet, the others
 * are on their own. */
static struct pod_class *class_of(struct framework *fw, const struct fixture *f,
                                  size_t i)
{
    bool owned = i < 2 || i >= 6;

    return framework_class(fw, &f->templates[i], "default",
                           owned ? &f->selector : NULL, i < 2);
}

/* --- counts kept and counts made anew --- */

struct placed {
    bool there, terminating;
    size_t class;
    node_id node;
};

struct run {
    struct fixture *f;
    struct framework *kept;
    bool present[NODES];
    struct placed pods[PODS];
    struct rng rng;
};

static void step(struct run *r)
{
    struct placed *pod = &r->pods[rng_below(&r->rng, PODS)];
    node_id node = (node_id)rng_below(&r->rng, NODES);
    struct pod_class *class;

    if (rng_below(&r->rng, 50) == 0) {
        if (r->present[node])
            framework_node_remove(r->kept, node);
        else
            framework_node_add(r->kept, node, &r->f->nodes[node]);
        r->present[node] = !r->present[node];
    } else if (!pod->there) {
        *pod = (struct placed){true, false, rng_below(&r->rng, CLASSES), node};
        framework_pod_add(r->kept, class_of(r->kept, r->f, pod->class), node,
                          false);
    } else {
        class = class_of(r->kept, r->f, pod->class);
        framework_class_release(r->kept, class);
        if (!pod->terminating && rng_below(&r->rng, 2)) {
            pod->terminating = true;
            framework_pod_terminates(r->kept, class, pod->node);
            return;
        }
        framework_pod_remove(r->kept, class, pod->node, pod->terminating);
        framework_class_release(r->kept, class);
        pod->there = false;
    }
}

static struct framework *rebuild(const struct run *r)
{
    struct framework *fw = framework_new(&r->f->config, 1);

    for (node_id n = 0; n < NODES; n++) {
        framework_node_add(fw, n, &r->f->nodes[n]);
        if (!r->present[n])
            framework_node_remove(fw, n);
    }
    for (size_t i = 0; i < PODS; i++) {
        const struct placed *pod = &r->pods[i];

        if (pod->there)
            framework_pod_add(fw, class_of(fw, r->f, pod->class), pod->node,
                              pod->terminating);
    }
    return fw;
}

static void compare_class(struct run *r, struct framework *anew, size_t i)
{
    struct pod_class *a = class_of(r->kept, r->f, i);
    struct pod_class *b = class_of(anew, r->f, i);
    int64_t x[NODES], y[NODES];
    node_id nodes[NODES];
    size_t count = 0;

    for (node_id n = 0; n < NODES; n++) {
        if (!r->present[n])
            continue;
        nodes[count++] = n;
        assert_int_equal(framework_passes(r->kept, a, n, ~0U),
                         framework_passes(anew, b, n, ~0U));
    }
    for (size_t p = 0; scheduler_plugins[p]; p++) {
        assert_int_equal(framework_score_with(r->kept, scheduler_plugins[p], a,
                                              nodes, count, x),
                         framework_score_with(anew, scheduler_plugins[p], b,
                                              nodes, count, y));
        assert_memory_equal(x, y, count * sizeof *x);
    }
    framework_class_release(r->kept, a);
    framework_class_release(anew, b);
}

static void counts_stay_right(void **state)
{
    struct run r = {.f = fixture_new()};

    (void)state;
    r.kept = framework_new(&r.f->config, 1);
    rng_init(&r.rng, (struct rng_root){1, 0}, "test", NULL, 0);
    for (node_id n = 0; n < NODES; n++) {
        framework_node_add(r.kept, n, &r.f->nodes[n]);
        r.present[n] = true;
    }
    for (int i = 0; i < STEPS; i++) {
        step(&r);
        if (i % 100 == 99) {
            struct framework *anew = rebuild(&r);

            for (size_t k = 0; k < CLASSES; k++)
                compare_class(&r, anew, k);
            framework_free(anew);
        }
    }
    framework_free(r.kept);
    free(r.f);
}

/* --- how many nodes, which first --- */

static void looks_at_enough_nodes(void **state)
{
    static const struct {
        size_t nodes;
        int percentage;
        size_t want;
    } cases[] = {
        {10, 0, 10},     {99, 0, 99},    {100, 0, 100},    {125, 0, 100},
        {250, 0, 120},   {1000, 0, 420}, {5000, 0, 500},   {5625, 0, 281},
        {10000, 0, 500}, {1000, 5, 100}, {5000, 20, 1000}, {5000, 100, 5000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(nodes_to_find(cases[i].nodes, cases[i].percentage),
                         cases[i].want);
}

/* Equal nodes, nothing to choose by: chance decides, and each node may be
 * the one. */
static void ties_go_to_any(void **state)
{
    struct fixture *f = fixture_new();
    struct framework *fw = framework_new(&f->config, 1);
    int seen[NODES] = {0};
    struct rng rng;

    (void)state;
    rng_init(&rng, (struct rng_root){1, 0}, "ties", NULL, 0);
    for (node_id n = 0; n < NODES; n++)
        framework_node_add(fw, n, &f->nodes[n]);
    for (int i = 0; i < 100 * NODES; i++)
        seen[framework_schedule(fw, class_of(fw, f, 3), &rng)]++;
    for (size_t n = 0; n < NODES; n++)
        assert_in_range(seen[n], 50, 150);
    framework_free(fw);
    free(f);
}

static void spreads_over_zones(void **state)
{
    struct fixture *f = fixture_new();
    struct framework *fw = framework_new(&f->config, 1);
    struct pod_class *class = class_of(fw, f, 0);
    int zones[3] = {0};
    struct rng rng;

    (void)state;
    rng_init(&rng, (struct rng_root){1, 0}, "zones", NULL, 0);
    for (node_id n = 0; n < 6; n++)
        framework_node_add(fw, n, &f->nodes[n]);
    for (int i = 0; i < 18; i++) {
        node_id node = framework_schedule(fw, class, &rng);

        assert_int_not_equal(node, NO_ID);
        framework_pod_add(fw, class, node, false);
        zones[node % 3]++;
    }
    for (size_t z = 0; z < 3; z++)
        assert_int_equal(zones[z], 6);
    framework_free(fw);
    free(f);
}

static void no_nodes_has_its_own_words(void **state)
{
    struct fixture *f = fixture_new();
    struct framework *fw = framework_new(&f->config, 1);
    char text[100];
    struct rng rng;

    (void)state;
    rng_init(&rng, (struct rng_root){1, 0}, "none", NULL, 0);
    assert_int_equal(framework_schedule(fw, class_of(fw, f, 0), &rng), NO_ID);
    framework_explain(fw, false, text, sizeof text);
    assert_string_equal(text, "no nodes available to schedule pods");
    framework_free(fw);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_stay_right),
        cmocka_unit_test(looks_at_enough_nodes),
        cmocka_unit_test(ties_go_to_any),
        cmocka_unit_test(spreads_over_zones),
        cmocka_unit_test(no_nodes_has_its_own_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
