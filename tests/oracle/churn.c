/* Faults at random, all along: what share of the pods was ready. Topology
 * spread: skew at rest. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

struct mean {
    const char *owner;
    double from, to;
};

/* Time average of the owner's ready pods. */
static double mean_ready(const struct trace *t, const void *what)
{
    const struct mean *x = what;
    bool *ready = mem_calloc(t->pods.count + 1, sizeof *ready);
    double area = 0, last = x->from;
    int count = 0;

    for (size_t i = 0; i < t->steps.count && t->steps.items[i].t < x->to; i++) {
        const struct trace_step *s = &t->steps.items[i];
        bool now = s->kind == STEP_POD_READY;

        if ((s->kind != STEP_POD_READY && s->kind != STEP_POD_UNREADY &&
             s->kind != STEP_POD_FAILED && s->kind != STEP_POD_TERMINATING &&
             s->kind != STEP_POD_GONE) ||
            strcmp(s->owner, x->owner) != 0)
            continue;
        if (s->t > last) {
            area += count * (s->t - last);
            last = s->t;
        }
        count += (int)now - (int)ready[s->subject];
        ready[s->subject] = now;
    }
    area += count * (x->to - last);
    free(ready);
    return area / (x->to - x->from);
}

/* spec.replicas of the owner at the end. */
static double wanted(const struct trace *t, const char *owner)
{
    double want = NAN;

    for (size_t i = 0; i < t->steps.count; i++) {
        if (t->steps.items[i].kind == STEP_OWNER &&
            strcmp(t->steps.items[i].name, owner) == 0)
            want = t->steps.items[i].a;
    }
    return want;
}

static bool is_fault(const struct input *in)
{
    static const char *const verbs[] = {"crash", "fail_pod", "stop_nodes",
                                        "start_nodes"};

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(in->verb, verbs[i]) == 0)
            return true;
    }
    return false;
}

void aspect_churn(const struct comparison *c)
{
    struct mean what = {NULL, NAN, NAN};
    size_t count;
    const char **owners;

    if (!is_churn(c->r))
        return;
    for (size_t i = 0; i < c->r->inputs.count; i++) {
        if (!is_fault(&c->r->inputs.items[i]))
            continue;
        if (isnan(what.from))
            what.from = c->r->inputs.items[i].t;
        what.to = c->r->inputs.items[i].t;
    }
    owners = trace_owners(c->r->trace, &count);
    for (size_t i = 0; i < count && what.to > what.from; i++) {
        double want = wanted(c->r->trace, owners[i]);

        what.owner = owners[i];
        if (want > 0 && models_owner(c, owners[i]))
            report_count(
                c->report,
                intern_printf(c->r->intern, "%s: availability", owners[i]),
                mean_ready(c->r->trace, &what) / want,
                mean_ready(c->model, &what) / want, 0.02);
    }
    free(owners);
}
