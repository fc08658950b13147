#include "tests/oracle/trace.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct trace *trace_new(void)
{
    struct trace *t = mem_zalloc(sizeof *t);

    t->intern = intern_new();
    return t;
}

void trace_free(struct trace *t)
{
    if (!t)
        return;
    VEC_FREE(t->pods);
    VEC_FREE(t->steps);
    VEC_FREE(t->writes);
    VEC_FREE(t->granted);
    VEC_FREE(t->hits);
    VEC_FREE(t->addresses);
    for (size_t i = 0; i < t->measures.count; i++)
        VEC_FREE(t->measures.items[i].shares);
    VEC_FREE(t->measures);
    VEC_FREE(t->stands_for);
    intern_free(t->intern);
    free(t);
}

void trace_cost(struct trace *t, size_t pod, double at, int cost)
{
    trace_step(t, (struct trace_step){.t = at,
                                      .kind = STEP_POD_COST,
                                      .subject = pod,
                                      .name = t->pods.items[pod].name,
                                      .owner = t->pods.items[pod].owner,
                                      .a = cost});
}

int trace_cost_at(const struct trace *t, size_t pod, double at)
{
    int cost = 0;

    for (size_t i = 0; i < t->steps.count && t->steps.items[i].t <= at; i++) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->kind == STEP_POD_COST && s->subject == pod)
            cost = s->a;
    }
    return cost;
}

size_t trace_pod_at(const struct trace *t, const char *address, double at)
{
    size_t pod = SIZE_MAX;

    for (size_t i = 0; i < t->addresses.count; i++) {
        const struct trace_address *a = &t->addresses.items[i];

        if (a->t <= at && strcmp(a->address, address) == 0)
            pod = a->pod;
    }
    return pod;
}

size_t trace_add_pod(struct trace *t, const char *name, const char *owner,
                     const char *parent, double at)
{
    struct trace_pod pod = {.name = intern(t->intern, name),
                            .owner = intern(t->intern, owner),
                            .parent = intern(t->intern, parent),
                            .created = at,
                            .bound = NAN,
                            .ready = NAN,
                            .failed = NAN,
                            .succeeded = NAN,
                            .deletion = NAN,
                            .gone = NAN,
                            .grace = NAN,
                            .unready = NAN};

    VEC_PUSH(t->pods, pod);
    trace_rank_pod(t, t->pods.count - 1);
    trace_step(t, (struct trace_step){.t = at,
                                      .kind = STEP_POD_CREATED,
                                      .subject = t->pods.count - 1,
                                      .name = pod.name,
                                      .owner = pod.owner});
    return t->pods.count - 1;
}

size_t trace_find_pod(const struct trace *t, const char *name)
{
    for (size_t i = t->pods.count; i-- > 0;) {
        if (t->pods.items[i].name == name ||
            strcmp(t->pods.items[i].name, name) == 0)
            return i;
    }
    return SIZE_MAX;
}

void trace_rank_pod(struct trace *t, size_t pod)
{
    struct trace_pod *x = &t->pods.items[pod];
    bool ranked = false, named = false;

    x->generation = x->rank = x->name_rank = 0;
    for (size_t i = pod; i-- > 0;) {
        const struct trace_pod *y = &t->pods.items[i];

        if (y->owner != x->owner)
            continue;
        if (!named && y->name == x->name) {
            x->name_rank = y->name_rank + 1;
            named = true;
        }
        if (!ranked && y->parent == x->parent) {
            x->rank = y->rank + 1;
            x->generation = y->generation;
            ranked = true;
        }
        if (!ranked && y->generation >= x->generation)
            x->generation = y->generation + 1;
    }
}

void trace_step(struct trace *t, struct trace_step step)
{
    VEC_PUSH(t->steps, step);
}

static void live(struct trace_pod *p, enum step_kind kind, double at)
{
    switch (kind) {
    case STEP_POD_BOUND:
        p->bound = at;
        break;
    case STEP_POD_READY:
        if (isnan(p->ready))
            p->ready = at;
        p->is_ready = true;
        break;
    case STEP_POD_UNREADY:
        p->unready = at;
        p->is_ready = false;
        break;
    case STEP_POD_FAILED:
        p->failed = at;
        p->is_ready = false;
        break;
    case STEP_POD_TERMINATING:
        p->deletion = at;
        break;
    case STEP_POD_GONE:
        p->gone = at;
        break;
    default:
        assert(false);
    }
}

void trace_pod_step(struct trace *t, size_t pod, enum step_kind kind, double at)
{
    struct trace_pod *p = &t->pods.items[pod];

    /* Removed at once: it was deleted all the same. */
    if (kind == STEP_POD_GONE && isnan(p->deletion))
        trace_pod_step(t, pod, STEP_POD_TERMINATING, at);
    live(p, kind, at);
    trace_step(t, (struct trace_step){.t = at,
                                      .kind = kind,
                                      .subject = pod,
                                      .name = p->name,
                                      .owner = p->owner});
}

static void merge(struct trace_step *items, struct trace_step *scratch,
                  size_t count)
{
    size_t half = count / 2, i = 0, k = half, n = 0;

    if (count < 2)
        return;
    merge(items, scratch, half);
    merge(items + half, scratch, count - half);
    while (i < half || k < count)
        scratch[n++] = k == count || (i < half && items[i].t <= items[k].t)
                           ? items[i++]
                           : items[k++];
    memcpy(items, scratch, count * sizeof *items);
}

void trace_sort(struct trace *t)
{
    struct trace_step *scratch =
        mem_calloc(t->steps.count + 1, sizeof *scratch);

    merge(t->steps.items, scratch, t->steps.count);
    free(scratch);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *trace_hints(struct trace *t, const char **zones, size_t count)
{
    const char *text = intern(t->intern, "none");

    qsort(zones, count, sizeof *zones, by_text);
    for (size_t i = 0; i < count;) {
        size_t n = 1;

        while (i + n < count && strcmp(zones[i], zones[i + n]) == 0)
            n++;
        text = i == 0
                   ? intern_printf(t->intern, "%s %zu", zones[i], n)
                   : intern_printf(t->intern, "%s; %s %zu", text, zones[i], n);
        i += n;
    }
    return text;
}

static void add_name(const char ***names, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp((*names)[i], name) == 0)
            return;
    }
    *names = mem_realloc(*names, *count + 1, sizeof **names);
    (*names)[(*count)++] = name;
}

const char **trace_owners(const struct trace *t, size_t *count)
{
    const char **names = NULL;

    *count = 0;
    for (size_t i = 0; i < t->pods.count; i++)
        add_name(&names, count, t->pods.items[i].owner);
    return names;
}

const char **trace_services(const struct trace *t, size_t *count)
{
    const char **names = NULL;

    *count = 0;
    for (size_t i = 0; i < t->steps.count; i++) {
        if (t->steps.items[i].kind == STEP_ENDPOINTS)
            add_name(&names, count, t->steps.items[i].name);
    }
    return names;
}
