/*
 * scheduler_cases - what single plug-ins of the scheduler make of a pod and
 * a few nodes.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/scheduler_cluster.h"

static const struct scheduler_plugin *plugin_of(const char *group)
{
    static const struct {
        const char *prefix;
        const struct scheduler_plugin *plugin;
    } plugins[] = {
        {"fit_", &scheduler_node_resources_fit},
        {"balanced_allocation", &scheduler_node_resources_balanced_allocation},
        {"taint_toleration", &scheduler_taint_toleration},
        {"node_affinity", &scheduler_node_affinity},
        {"inter_pod_affinity", &scheduler_inter_pod_affinity},
        {"node_unschedulable", &scheduler_node_unschedulable},
        {"pod_topology_spread", &scheduler_pod_topology_spread},
    };

    for (size_t i = 0; i < sizeof plugins / sizeof plugins[0]; i++) {
        if (strncmp(group, plugins[i].prefix, strlen(plugins[i].prefix)) == 0)
            return plugins[i].plugin;
    }
    return NULL;
}

/* --- filter --- */

static const char *status_text(enum filter_status status)
{
    static const char *const texts[] = {"Success", "Unschedulable",
                                        "UnschedulableAndUnresolvable"};

    return texts[status];
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Texts in order, each once, joined. */
static const char *join(struct test_case *c, const char **texts, size_t count)
{
    const char *joined = "";

    qsort(texts, count, sizeof *texts, by_text);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(texts[i], texts[i - 1]) != 0)
            joined = intern_printf(c->intern, "%s[%s]", joined, texts[i]);
    }
    return joined;
}

static void expect_reasons(struct test_case *c, const char **got, size_t count)
{
    struct doc_node *node;
    const char **texts;
    size_t wanted = get_items(c->expect, "reasons", &node), i = 0;

    if (!doc_get(c->expect, "reasons"))
        return;
    texts = intern_alloc(c->intern, (wanted + 1) * sizeof *texts);
    for (; node; node = node->next)
        texts[i++] = intern(c->intern, node->text);
    expect_text(c, "reasons", join(c, texts, wanted), join(c, got, count));
}

void case_scheduler_filter(struct test_case *c)
{
    const struct scheduler_plugin *plugin = plugin_of(c->group);
    const char *reasons[MOST_NODES * REASONS_MAX];
    struct doc_node *wanted;
    struct cluster cl;
    size_t count = 0;

    cluster_begin(c, &cl);
    get_items(c->expect, "filter", &wanted);
    for (; wanted; wanted = wanted->next) {
        size_t node = cluster_node(&cl, wanted->key);
        struct filter_reasons why;
        enum filter_status status;

        if (node == cl.count) {
            case_fail(c, "no node '%s'", wanted->key);
            continue;
        }
        framework_filter_with(cl.framework, plugin, cl.pod, (node_id)node,
                              &status, &why);
        expect_text(c, wanted->key, wanted->text, status_text(status));
        for (size_t i = 0; i < why.count; i++)
            reasons[count++] = intern_printf(
                c->intern, "%s%s", why.items[i].text, why.items[i].detail);
    }
    expect_reasons(c, reasons, count);
    framework_free(cl.framework);
}

/* --- score --- */

void case_scheduler_score(struct test_case *c)
{
    const struct scheduler_plugin *plugin = plugin_of(c->group);
    int64_t scores[MOST_NODES] = {0};
    node_id nodes[MOST_NODES];
    struct doc_node *wanted;
    struct cluster cl;

    cluster_begin(c, &cl);
    for (size_t i = 0; i < cl.candidates; i++)
        nodes[i] = (node_id)i;
    framework_score_with(cl.framework, plugin, cl.pod, nodes, cl.candidates,
                         scores);
    get_items(c->expect, "scores", &wanted);
    for (; wanted; wanted = wanted->next) {
        size_t node = cluster_node(&cl, wanted->key);

        if (node >= cl.candidates)
            case_fail(c, "no node '%s'", wanted->key);
        else
            expect_int(c, wanted->key, item_int(c, wanted), scores[node]);
    }
    framework_free(cl.framework);
}
