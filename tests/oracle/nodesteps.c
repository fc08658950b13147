/*
 * What was done to a node by name, other than stopping it: taints by hand,
 * cordons, a kubelet that reports itself not ready, its return. Compared are
 * the node's own steps, and the pods that had to go.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

static const double longest_s = 400;

/* One node from one input to the next about it. */
struct stay {
    const char *node;
    double from, to;
    const struct trace *known; /* owners that the models have */
};

static bool names(struct doc_node *root, const char *node)
{
    struct doc_node *list = doc_get(root, "nodes");
    const char *one = doc_text(root, "node");

    for (struct doc_node *x = list ? list->first : NULL; x; x = x->next) {
        if (strcmp(x->text, node) == 0)
            return true;
    }
    return one && strcmp(one, node) == 0;
}

static double until(const struct recording *r, const struct input *in,
                    const char *node)
{
    const struct input *end = r->inputs.items + r->inputs.count;

    for (const struct input *x = in + 1; x < end; x++) {
        if (names(x->root, node) && strcmp(x->verb, "note") != 0)
            return fmin(x->t, in->t + longest_s);
    }
    return fmin(r->end, in->t + longest_s);
}

/* "Unknown node.kubernetes.io/unreachable:NoExecute": how it is at the end.
 * The caller frees it. */
static char *state_of(const struct trace *t, const struct stay *x)
{
    static const char *const ready[] = {"Unknown", "NotReady", "Ready"};
    static const char *const effects[] = {"NoSchedule", "PreferNoSchedule",
                                          "NoExecute"};
    const char *text = "", *seen = "", *last = "Ready";
    struct intern *in = intern_new();
    char *copy;

    for (int effect = 0; effect < 3; effect++) {
        for (size_t i = t->steps.count; i-- > 0;) {
            const struct trace_step *s = &t->steps.items[i];
            const char *name;

            if (s->kind != STEP_NODE_TAINT || s->t > x->to || s->a != effect ||
                strcmp(s->name, x->node) != 0)
                continue;
            name = intern_printf(in, " %s:%s", s->text, effects[effect]);
            if (s->b && !strstr(seen, name))
                text = intern_printf(in, "%s%s", text, name);
            seen = intern_printf(in, "%s%s", seen, name);
        }
    }
    for (size_t i = 0; i < t->steps.count && t->steps.items[i].t <= x->to;
         i++) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->kind == STEP_NODE_READY && strcmp(s->name, x->node) == 0)
            last = ready[s->a + 1];
    }
    copy = mem_printf("%s%s", last, text);
    intern_free(in);
    return copy;
}

static bool has_owner(const struct trace *t, const char *owner)
{
    for (size_t i = 0; i < t->pods.count; i++) {
        if (strcmp(t->pods.items[i].owner, owner) == 0)
            return true;
    }
    return false;
}

/* The node's pods that began to terminate; when the first and last did. */
static double leave(const struct trace *t, const struct stay *x, double *first,
                    double *last)
{
    double count = 0;

    *first = *last = NAN;
    for (size_t i = 0; i < t->pods.count; i++) {
        const struct trace_pod *p = &t->pods.items[i];

        if (!p->node || strcmp(p->node, x->node) != 0 ||
            !(p->deletion >= x->from && p->deletion < x->to) ||
            !has_owner(x->known, p->owner))
            continue;
        count++;
        *first = isnan(*first) ? p->deletion : fmin(*first, p->deletion);
        *last = isnan(*last) ? p->deletion : fmax(*last, p->deletion);
    }
    return count;
}

static double leave_count(const struct trace *t, const void *what)
{
    double first, last;

    return leave(t, what, &first, &last);
}

static double leave_first(const struct trace *t, const void *what)
{
    double first, last;

    leave(t, what, &first, &last);
    return first - ((const struct stay *)what)->from;
}

static double leave_last(const struct trace *t, const void *what)
{
    double first, last;

    leave(t, what, &first, &last);
    return last - ((const struct stay *)what)->from;
}

static void compare(const struct comparison *c, const struct input *in,
                    const char *node)
{
    struct stay x = {node, in->t, until(c->r, in, node), c->model};
    /* What follows a condition waits for the monitor's next pass. */
    double tolerance = strcmp(in->verb, "taint") == 0 ? 0.5 : 5.5;
    const char *name =
        intern_printf(c->r->intern, "%.1f %s %s", in->t, in->verb, node);
    char *want = state_of(c->r->trace, &x), *got = NULL;
    bool same = false;

    for (size_t i = 0; i < REPLAYS && !same; i++) {
        free(got);
        got = state_of(comparison_model(c, i), &x);
        same = strcmp(want, got) == 0;
    }
    report_text(c->report, same,
                intern_printf(c->r->intern, "%s: node after it", name), want,
                got, "exact");
    report_measure(c, intern_printf(c->r->intern, "%s: pods deleted", name),
                   leave_count, &x, 0, "");
    report_measure(c,
                   intern_printf(c->r->intern, "%s: first pod deleted", name),
                   leave_first, &x, tolerance, "s");
    report_measure(c, intern_printf(c->r->intern, "%s: last pod deleted", name),
                   leave_last, &x, tolerance, "s");
    free(want);
    free(got);
}

void aspect_node_steps(const struct comparison *c)
{
    static const char *const verbs[] = {"taint",         "untaint",
                                        "cordon",        "uncordon",
                                        "kubelet_ready", "start_nodes"};

    for (size_t i = 0; i < c->r->inputs.count && !is_churn(c->r); i++) {
        const struct input *in = &c->r->inputs.items[i];
        struct doc_node *list = doc_get(in->root, "nodes");
        const char *one = doc_text(in->root, "node");
        bool found = false;

        for (size_t k = 0; k < sizeof verbs / sizeof verbs[0]; k++)
            found |= strcmp(in->verb, verbs[k]) == 0;
        if (!found)
            continue;
        if (one)
            compare(c, in, one);
        for (struct doc_node *x = list ? list->first : NULL; x; x = x->next)
            compare(c, in, x->text);
    }
}
