/* Steps that follow at once what was done to a pod. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

/* Within this time after a fault a step counts as its consequence. */
static const double window_s = 2.5;

static const char *first_pod(const struct input *in)
{
    struct doc_node *list = doc_get(in->root, "pods");

    if (list)
        return list->first ? list->first->text : NULL;
    return doc_text(in->root, "pod");
}

static const char *owner_of(const struct recording *r, const char *pod)
{
    size_t i = trace_find_pod(r->trace, pod);

    return i == SIZE_MAX ? NULL : r->trace->pods.items[i].owner;
}

/* 1.25 s where the recording shows the retry after a second. */
static double tolerance(double expected)
{
    return expected > 0.9 ? 1.25 : 0.25;
}

static bool comes_alone(const struct recording *r, const struct input *in)
{
    for (size_t i = 0; i < r->inputs.count; i++) {
        const struct input *x = &r->inputs.items[i];

        if (x != in && fabs(x->t - in->t) < window_s &&
            strcmp(x->verb, "note") != 0 && strcmp(x->verb, "measure") != 0)
            return false;
    }
    return true;
}

static void compare_step(const struct comparison *c, const struct input *in,
                         const char *owner, enum step_kind kind,
                         const char *what)
{
    double to = in->t + window_s;
    double want = first_step(c->r->trace, owner, kind, in->t, to) - in->t;
    double got = first_step(c->model, owner, kind, in->t, to) - in->t;

    if (isnan(want) && isnan(got))
        return;
    report_time(
        c->report,
        intern_printf(c->r->intern, "%.1f %s: %s", in->t, in->verb, what), want,
        got, tolerance(want));
}

void aspect_reactions(const struct comparison *c)
{
    static const char *const verbs[] = {"delete_pods", "fail_pod", "crash",
                                        "readiness", "evict"};

    for (size_t i = 0; i < c->r->inputs.count && !is_churn(c->r); i++) {
        const struct input *in = &c->r->inputs.items[i];
        const char *pod = first_pod(in), *owner;
        bool fault = false;

        for (size_t k = 0; k < sizeof verbs / sizeof verbs[0]; k++)
            fault |= strcmp(in->verb, verbs[k]) == 0;
        owner = fault && pod ? owner_of(c->r, pod) : NULL;
        if (!owner || !models_owner(c, owner) || !comes_alone(c->r, in))
            continue;
        compare_step(c, in, owner, STEP_POD_CREATED, "replacement created");
        compare_step(c, in, NULL, STEP_ENDPOINTS, "endpoints changed");
    }
}
