/*
 * preemption_cases - which pods go for one of higher priority, and from
 * which node.
 */
#include <stdlib.h>
#include <string.h>

#include "models/scheduler/preemption.h"
#include "tests/conformance/scheduler_cluster.h"

enum { MOST_PODS = 256 };

/* A case's pods are made of templates of their own: a class is a pod. */
struct lodgers {
    struct preemptable pods[MOST_PODS];
    size_t count;
};

struct search {
    struct cluster cluster;
    const char *names[MOST_PODS]; /* of pods, by number */
    struct preemptable victims[MOST_PODS];
    size_t victim_count;
    struct candidate candidates[MOST_NODES];
    size_t candidate_count;
};

static void list_pods(struct test_case *c, struct search *s, size_t node,
                      struct lodgers *l)
{
    struct doc_node *pod;
    uint32_t number = 0;

    get_items(c->root, "existingPods", &pod);
    for (; pod && number < MOST_PODS; pod = pod->next, number++) {
        const char *on = doc_text(pod, "node");

        s->names[number] = get_text(c, pod, "name");
        if (!on || strcmp(on, s->cluster.names[node]) != 0)
            continue;
        l->pods[l->count++] = (struct preemptable){
            .id = number,
            .class = cluster_class(c, &s->cluster, pod),
            .terminating = get_bool(pod, "terminating", false),
            .start = get_int(c, pod, "startTime", 0)};
    }
}

static void move_in(struct search *s, size_t node, const struct lodgers *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct preemptable *pod = &l->pods[i];

        framework_pod_add(s->cluster.framework, pod->class, (node_id)node,
                          pod->terminating);
    }
}

static void try_node(struct search *s, size_t node, struct lodgers *l)
{
    struct candidate *candidate = &s->candidates[s->candidate_count];

    *candidate =
        (struct candidate){.node = (node_id)node, .first = s->victim_count};
    candidate->count =
        preemption_victims(s->cluster.framework, s->cluster.pod, (node_id)node,
                           l->pods, l->count, NULL);
    for (size_t i = 0; i < candidate->count; i++)
        s->victims[s->victim_count++] = l->pods[i];
    s->candidate_count += candidate->count > 0;
}

/* In some rows of that test of Kubernetes a filter of its own refuses every
 * node (fakeFilterRC), of which the table does not speak: here cordons do. */
static void refuse_as_tested(struct test_case *c, struct search *s)
{
    static const char *const rows[] = {"TestDryRunPreemption[1]",
                                       "TestDryRunPreemption[2]",
                                       "TestDryRunPreemption[10]"};
    const char *source = doc_text(c->root, "source");

    for (size_t i = 0; source && i < sizeof rows / sizeof rows[0]; i++) {
        if (!strstr(source, rows[i]))
            continue;
        for (size_t n = 0; n < s->cluster.candidates; n++)
            framework_node_set(s->cluster.framework, (node_id)n, true, NULL, 0);
    }
}

static struct search *begin(struct test_case *c)
{
    struct search *s = intern_alloc(c->intern, sizeof *s);
    struct lodgers *lodgers =
        intern_alloc(c->intern, MOST_NODES * sizeof *lodgers);

    cluster_begin_empty(c, &s->cluster);
    refuse_as_tested(c, s);
    for (size_t n = 0; n < s->cluster.candidates; n++) {
        list_pods(c, s, n, &lodgers[n]);
        move_in(s, n, &lodgers[n]);
    }
    for (size_t n = 0; n < s->cluster.candidates; n++)
        try_node(s, n, &lodgers[n]);
    return s;
}

void case_preempt_best_node(struct test_case *c)
{
    struct search *s = begin(c);
    struct doc_node *wanted;
    const char *got = "none";
    bool listed = false;

    if (s->candidate_count > 0)
        got = s->cluster.names[s->candidates[preemption_best(s->candidates,
                                                             s->candidate_count,
                                                             s->victims)]
                                   .node];
    get_items(c->expect, "nominatedNodeAnyOf", &wanted);
    for (const struct doc_node *w = wanted; w; w = w->next)
        listed |= strcmp(w->text, got) == 0;
    if (!listed)
        expect_text(c, "node", wanted ? wanted->text : "none", got);
    framework_free(s->cluster.framework);
}

/* --- victims --- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *join(struct test_case *c, const char *node,
                        const char **names, size_t count)
{
    const char *text = intern_printf(c->intern, "%s:", node);

    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < count; i++)
        text = intern_printf(c->intern, "%s %s", text, names[i]);
    return text;
}

static const char *got_on(struct test_case *c, const struct search *s,
                          const struct candidate *candidate)
{
    const char *names[MOST_PODS];

    for (size_t i = 0; i < candidate->count; i++)
        names[i] = s->names[s->victims[candidate->first + i].id];
    return join(c, s->cluster.names[candidate->node], names, candidate->count);
}

static const char *wanted_on(struct test_case *c, struct doc_node *wanted)
{
    const char *names[MOST_PODS];
    struct doc_node *name;
    size_t count = 0;

    get_items(wanted, "victims", &name);
    for (; name && count < MOST_PODS; name = name->next)
        names[count++] = intern(c->intern, name->text);
    return join(c, doc_text(wanted, "node"), names, count);
}

void case_preempt_victims(struct test_case *c)
{
    struct doc_node *wanted;
    struct search *s;
    size_t i = 0;

    s = begin(c);
    get_items(c->expect, "candidates", &wanted);
    for (; wanted && i < s->candidate_count; wanted = wanted->next, i++)
        expect_text(c, "candidate", wanted_on(c, wanted),
                    got_on(c, s, &s->candidates[i]));
    for (; wanted; wanted = wanted->next)
        case_fail(c, "expected %s, got no more", wanted_on(c, wanted));
    for (; i < s->candidate_count; i++)
        case_fail(c, "expected no more, got %s",
                  got_on(c, s, &s->candidates[i]));
    framework_free(s->cluster.framework);
}
