#include <math.h>
#include <string.h>

#include "tests/oracle/replay.h"

void pairing_release(struct pairing *p)
{
    VEC_FREE(p->recorded);
    VEC_FREE(p->model_of);
}

static bool names_stay(const struct trace *t, const struct trace_pod *x)
{
    for (size_t i = 0; i < t->pods.count; i++) {
        if (strcmp(t->pods.items[i].name, x->name) == 0 &&
            strcmp(t->pods.items[i].owner, x->owner) == 0)
            return true;
    }
    return false;
}

void pairing_add(struct pairing *p, size_t model)
{
    const struct trace *real = p->r->trace;
    const struct trace_pod *x = &p->model->pods.items[model];
    bool by_name = names_stay(real, x);
    size_t found = SIZE_MAX;

    while (p->model_of.count < real->pods.count)
        VEC_PUSH(p->model_of, SIZE_MAX);
    for (size_t i = 0; i < real->pods.count && found == SIZE_MAX; i++) {
        const struct trace_pod *y = &real->pods.items[i];

        if (strcmp(y->owner, x->owner) != 0)
            continue;
        if (by_name
                ? y->name_rank == x->name_rank && strcmp(y->name, x->name) == 0
                : y->rank == x->rank && y->generation == x->generation)
            found = i;
    }
    VEC_PUSH(p->recorded, found);
    if (found != SIZE_MAX)
        p->model_of.items[found] = model;
}

static bool alive(const struct trace_pod *x)
{
    return isnan(x->gone) && isnan(x->deletion) && isnan(x->failed);
}

static bool before(double when, double t)
{
    return !isnan(when) && when <= t;
}

/* Whether the recorded pod was alive at t. */
static bool lived(const struct trace_pod *y, double t)
{
    return y->created <= t && !before(y->deletion, t) &&
           !before(y->failed, t) && !before(y->gone, t);
}

static void swap(struct pairing *p, size_t real, size_t model)
{
    size_t other = p->model_of.items[real], was = p->recorded.items[model];

    p->model_of.items[real] = model;
    p->recorded.items[model] = real;
    if (was != SIZE_MAX)
        p->model_of.items[was] = other;
    if (other != SIZE_MAX)
        p->recorded.items[other] = was;
}

/* How unlike a pod of the model is to a recorded one at t; < 0: not at all
 * to be taken for it. */
static int unlike(const struct pairing *p, size_t model, size_t real, double t)
{
    const struct trace_pod *x = &p->model->pods.items[model];
    const struct trace_pod *y = &p->r->trace->pods.items[real];
    size_t own = p->recorded.items[model];
    bool ready = before(y->ready, t);

    if (!alive(x) || strcmp(x->owner, y->owner) != 0 ||
        !isnan(x->bound) != before(y->bound, t))
        return -1;
    if (x->generation != y->generation)
        return -1;
    return 4 * (x->is_ready != ready) +
           2 * (own != SIZE_MAX && lived(&p->r->trace->pods.items[own], t)) +
           (x->node && y->node && strcmp(x->node, y->node) != 0);
}

/* The recorded pod of that name at t; SIZE_MAX: none. */
static size_t recorded_pod(const struct pairing *p, const char *name, double t)
{
    const struct trace *real = p->r->trace;
    size_t found = SIZE_MAX;

    for (size_t i = 0; i < real->pods.count; i++) {
        if (strcmp(real->pods.items[i].name, name) == 0 &&
            real->pods.items[i].created <= t)
            found = i;
    }
    return found < p->model_of.count ? found : SIZE_MAX;
}

size_t pairing_exact(const struct pairing *p, const char *name, double t)
{
    size_t real = recorded_pod(p, name, t);
    size_t model = real == SIZE_MAX ? SIZE_MAX : p->model_of.items[real];

    return model != SIZE_MAX && alive(&p->model->pods.items[model]) ? model
                                                                    : SIZE_MAX;
}

size_t pairing_find(struct pairing *p, const char *name, double t)
{
    size_t real = recorded_pod(p, name, t), best = pairing_exact(p, name, t);
    int least = 0;

    if (real == SIZE_MAX || best != SIZE_MAX)
        return best;
    for (size_t i = 0; i < p->recorded.count; i++) {
        int d = unlike(p, i, real, t);

        if (d >= 0 && (best == SIZE_MAX || d < least)) {
            best = i;
            least = d;
        }
    }
    if (best != SIZE_MAX)
        swap(p, real, best);
    return best;
}
