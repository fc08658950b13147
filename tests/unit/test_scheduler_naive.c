/*
 * test_scheduler_naive - random clusters, pods and profiles: the scheduler,
 * which counts by class and keeps sums and points, agrees with one that looks
 * at every pod each time (naive_scheduler.h): each plug-in on every node, all
 * filters together, and the node that is chosen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/naive_scores.h"
#include "tests/unit/random_cluster.h"

enum { TRIALS = 150, STEPS = 40 };

/* --- what happens --- */

static void change_node(struct cluster *c)
{
    node_id n = (node_id)below(c, NAIVE_NODES);
    struct naive_node *node = &c->naive.nodes[n];

    if (!node->there) {
        add_node(c, n);
    } else if (one_in(c, 3)) {
        node->there = false;
        framework_node_remove(c->f, n);
    } else if (one_in(c, 2)) {
        label_node(c, n);
        framework_node_relabel(c->f, n, &node->spec);
    } else if (one_in(c, 2)) {
        give_image(c, n);
    } else {
        taint_node(c, n);
    }
}

static void change_pod(struct cluster *c)
{
    struct naive_pod *pod = &c->naive.pods[below(c, NAIVE_PODS)];
    struct pod_class *class;

    if (!pod->there) {
        *pod = pod_of(c, below(c, KINDS));
        pod->node = (node_id)below(c, NAIVE_NODES);
        framework_pod_add(c->f, class_of(c, pod->kind), pod->node, false);
        return;
    }
    class = class_of(c, pod->kind);
    if (!pod->terminating && one_in(c, 2)) {
        pod->terminating = true;
        framework_pod_terminates(c->f, class, pod->node);
    } else {
        pod->there = false;
        framework_pod_remove(c->f, class, pod->node, pod->terminating);
        framework_class_release(c->f, class);
    }
    framework_class_release(c->f, class);
}

/* --- comparison --- */

static const struct scheduler_plugin *plugin_named(const char *name)
{
    size_t i = 0;

    while (strcmp(scheduler_plugins[i]->name, name) != 0)
        i++;
    return scheduler_plugins[i];
}

static size_t compare_filters(struct cluster *c, struct pod_class *class,
                              const struct naive_pod *pod, uint64_t seed,
                              node_id *feasible)
{
    size_t count = 0;

    for (node_id n = 0; n < NAIVE_NODES; n++) {
        bool all = c->naive.nodes[n].there;

        for (size_t i = 0; all && i < COUNT(naive_plugins); i++) {
            const struct naive_plugin *p = &naive_plugins[i];
            struct filter_reasons why = {0};
            enum filter_status status;
            bool want;

            if (!p->filter)
                continue;
            framework_filter_with(c->f, plugin_named(p->name), class, n,
                                  &status, &why);
            want = p->filter(&c->naive, pod, n);
            if (want != (status == FILTER_SUCCESS))
                fail_msg("seed %llu: %s: kind %zu on node %u: %s",
                         (unsigned long long)seed, p->name, pod->kind,
                         (unsigned)n, want ? "passes" : "does not pass");
        }
        for (size_t i = 0; all && i < COUNT(naive_plugins); i++)
            all = !naive_plugins[i].filter ||
                  naive_plugins[i].filter(&c->naive, pod, n);
        if (c->naive.nodes[n].there)
            assert_int_equal(framework_passes(c->f, class, n, ~0U), all);
        if (all)
            feasible[count++] = n;
    }
    return count;
}

static void compare_scores(struct cluster *c, struct pod_class *class,
                           const struct naive_pod *pod, uint64_t seed,
                           const node_id *nodes, size_t count, int64_t *totals)
{
    for (size_t i = 0; i < COUNT(naive_plugins); i++) {
        const struct naive_plugin *p = &naive_plugins[i];
        const struct scheduler_plugin *real = plugin_named(p->name);
        int64_t want[NAIVE_NODES] = {0}, got[NAIVE_NODES];

        if (!p->score)
            continue;
        if (!p->score(&c->naive, pod, nodes, count, want))
            memset(want, 0, sizeof want);
        framework_score_with(c->f, real, class, nodes, count, got);
        for (size_t k = 0; k < count; k++) {
            if (want[k] != got[k])
                fail_msg("seed %llu: %s: kind %zu on node %u: %lld, not %lld",
                         (unsigned long long)seed, p->name, pod->kind,
                         (unsigned)nodes[k], (long long)want[k],
                         (long long)got[k]);
            totals[k] += real->weight * want[k];
        }
    }
}

static void compare(struct cluster *c, uint64_t seed)
{
    struct naive_pod pod = pod_of(c, below(c, KINDS));
    struct pod_class *class = class_of(c, pod.kind);
    int64_t totals[NAIVE_NODES] = {0}, best = 0, got = -1;
    node_id nodes[NAIVE_NODES], chosen;
    size_t count = compare_filters(c, class, &pod, seed, nodes);

    compare_scores(c, class, &pod, seed, nodes, count, totals);
    chosen = framework_schedule(c->f, class, &c->rng);
    for (size_t k = 0; k < count; k++) {
        best = totals[k] > best ? totals[k] : best;
        if (nodes[k] == chosen)
            got = totals[k];
    }
    if (count == 0)
        assert_int_equal(chosen, NO_ID);
    else if (got != best)
        fail_msg("seed %llu: kind %zu: node %u has %lld points, not %lld",
                 (unsigned long long)seed, pod.kind, (unsigned)chosen,
                 (long long)got, (long long)best);
    framework_class_release(c->f, class);
}

static void test_random(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= TRIALS; seed++) {
        struct cluster *c = cluster_new(seed);

        for (int step = 0; step < STEPS; step++) {
            for (size_t i = below(c, 8); i > 0; i--)
                change_pod(c);
            if (one_in(c, 3))
                change_node(c);
            compare(c, seed);
        }
        framework_free(c->f);
        free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
