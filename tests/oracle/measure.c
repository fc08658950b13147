#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

static bool same_owner(const struct trace_step *s, const char *owner)
{
    return !owner || (s->owner && strcmp(s->owner, owner) == 0);
}

/* What a pod is at one time of the walk through the steps. */
struct condition {
    bool exists, live, ready;
};

static void change(struct condition *c, enum step_kind kind)
{
    switch (kind) {
    case STEP_POD_CREATED:
        *c = (struct condition){.exists = true, .live = true};
        break;
    case STEP_POD_READY:
        c->ready = true;
        break;
    case STEP_POD_UNREADY:
        c->ready = false;
        break;
    case STEP_POD_FAILED:
    case STEP_POD_TERMINATING:
        c->live = false;
        break;
    case STEP_POD_GONE:
        *c = (struct condition){.exists = false};
        break;
    default:
        break;
    }
}

static int counts_as(const struct condition *c, enum counted what)
{
    return what == COUNT_EXISTING ? c->exists
           : what == COUNT_LIVE   ? c->exists && c->live
                                  : c->exists && c->live && c->ready;
}

void count_range(const struct trace *t, const char *owner, enum counted what,
                 double from, double to, int *least, int *most)
{
    struct condition *now = mem_calloc(t->pods.count + 1, sizeof *now);
    int count = 0;
    bool begun = false;

    *least = *most = 0;
    for (size_t i = 0; i < t->steps.count; i++) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->t >= to)
            break;
        if (s->t >= from && !begun) {
            *least = *most = count;
            begun = true;
        }
        if (s->kind > STEP_POD_GONE || !same_owner(s, owner))
            continue;
        count -= counts_as(&now[s->subject], what);
        change(&now[s->subject], s->kind);
        count += counts_as(&now[s->subject], what);
        if (begun && count < *least)
            *least = count;
        if (begun && count > *most)
            *most = count;
    }
    if (!begun)
        *least = *most = count;
    free(now);
}

size_t count_steps(const struct trace *t, const char *owner,
                   enum step_kind kind, double from, double to)
{
    size_t count = 0;

    for (size_t i = 0; i < t->steps.count; i++) {
        const struct trace_step *s = &t->steps.items[i];

        count += s->kind == kind && s->t >= from && s->t < to &&
                 same_owner(s, owner);
    }
    return count;
}

double first_step(const struct trace *t, const char *owner, enum step_kind kind,
                  double from, double to)
{
    for (size_t i = 0; i < t->steps.count; i++) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->kind == kind && s->t >= from && s->t < to &&
            same_owner(s, owner))
            return s->t;
    }
    return NAN;
}

double last_step(const struct trace *t, const char *owner, enum step_kind kind,
                 double from, double to)
{
    double last = NAN;

    for (size_t i = 0; i < t->steps.count; i++) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->kind == kind && s->t >= from && s->t < to &&
            same_owner(s, owner))
            last = s->t;
    }
    return last;
}

const struct trace_step *endpoints_at(const struct trace *t,
                                      const char *service, double at)
{
    const struct trace_step *last = NULL;

    for (size_t i = 0; i < t->steps.count && t->steps.items[i].t <= at; i++) {
        if (t->steps.items[i].kind == STEP_ENDPOINTS &&
            strcmp(t->steps.items[i].name, service) == 0)
            last = &t->steps.items[i];
    }
    return last;
}

void endpoints_range(const struct trace *t, const char *service, double from,
                     double to, int *least, int *most)
{
    const struct trace_step *begin = endpoints_at(t, service, from);

    *least = begin ? begin->a : 0;
    *most = *least;
    for (size_t i = 0; i < t->steps.count; i++) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->kind != STEP_ENDPOINTS || s->t < from || s->t >= to ||
            strcmp(s->name, service) != 0)
            continue;
        *least = s->a < *least ? s->a : *least;
        *most = s->a > *most ? s->a : *most;
    }
}
