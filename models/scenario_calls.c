/*
 * spec.workloads[].calls: each is a traffic entry whose clients are pods.
 */
#include <stdlib.h>
#include <string.h>

#include "models/scenario_internal.h"

/* NULL: said on the command line. */
static struct doc_node *call_item(struct scenario_reader *r, size_t workload,
                                  size_t index)
{
    struct doc_node *list =
        doc_get(reader_item(r, "workloads", workload), "calls");
    struct doc_node *item = list ? list->first : NULL;

    for (; item && index > 0; index--)
        item = item->next;
    return item;
}

static const struct raw_workload *raw_of(const struct scenario_reader *r,
                                         size_t workload)
{
    return (const struct raw_workload *)r->raw->workloads.items + workload;
}

static struct raw_call *calls_of(const struct scenario_reader *r,
                                 size_t workload)
{
    return raw_of(r, workload)->calls.items;
}

void scenario_idealize_calls(struct scenario_reader *r)
{
    for (size_t i = 0; i < r->raw->workloads.count; i++)
        for (size_t k = 0; k < raw_of(r, i)->calls.count; k++)
            if (!doc_get(call_item(r, i, k), "timeout"))
                calls_of(r, i)[k].ask.timeout = SIM_NEVER;
}

bool scenario_number_calls(struct scenario_reader *r, struct workload *items)
{
    uint32_t number = 0;

    for (size_t i = 0; i < r->raw->workloads.count; i++) {
        const struct raw_call *raw = calls_of(r, i);
        size_t count = raw_of(r, i)->calls.count;
        struct call_spec *calls =
            intern_alloc(r->l.intern, count * sizeof *calls);

        if (count > CALLS_MAX) {
            diag_error(r->diag, reader_place(r, "workloads", i),
                       "%zu calls: at most %d of one workload", count,
                       CALLS_MAX);
            return false;
        }
        for (size_t k = 0; k < count; k++)
            calls[k] = (struct call_spec){number++, raw[k].probability,
                                          raw[k].parallel};
        items[i + 1].call_count = count;
        items[i + 1].calls = calls;
    }
    r->s->call_count = number;
    return true;
}

/* ---- the traffic that calls are ---- */

struct naming {
    uint32_t workload;
    const char *name;
};

static void look_for_name(void *self, const struct meta *meta,
                          const struct pod_template *t)
{
    struct naming *n = self;

    if (!n->name && t->workload == n->workload)
        n->name = meta->name;
}

/* Whose pods call. */
static const char *caller(struct scenario_reader *r, size_t workload)
{
    struct naming n = {(uint32_t)workload + 1, NULL};

    scenario_each_template(r, look_for_name, &n);
    return n.name ? n.name : "nobody";
}

static bool call_read(struct scenario_reader *r, size_t workload, size_t index,
                      struct traffic_spec *out)
{
    struct raw_call *raw = &calls_of(r, workload)[index];
    struct doc_node *item = call_item(r, workload, index);
    struct doc_node *service = doc_get(item, "service");
    struct place place =
        item ? item->place : reader_place(r, "workloads", workload);
    bool ok;

    out->place = place;
    out->arrivals = ARRIVALS_CALLS;
    out->location = AT_CALLERS;
    ok = scenario_asked(r, raw->service, service ? service->place : place, out);
    ok &= scenario_asking(r, item, place, &raw->ask, out);
    if (!ok)
        return false;
    out->name = intern(r->l.intern, raw->name);
    if (!raw->name)
        out->name = intern_printf(r->l.intern, "%s-to-%s", caller(r, workload),
                                  out->service);
    return scenario_access_fits(r, out);
}

/* ---- circles ---- */

struct walk {
    struct scenario_reader *r;
    const struct traffic_spec *calls; /* by number */
    bool *on, *done;                  /* by workload */
    VEC_OF(const char *) services;    /* of the calls that led here */
    VEC_OF(uint32_t) workloads;       /* whose calls those are */
    bool ok;
};

static void look_for_workload(void *self, const struct meta *meta,
                              const struct pod_template *t)
{
    bool *hit = self;

    (void)meta;
    hit[t->workload] = true;
}

static void report(struct walk *w, uint32_t workload, struct place place)
{
    struct scenario_reader *r = w->r;
    const char *text = "";
    size_t first = 0;

    while (w->workloads.items[first] != workload)
        first++;
    for (size_t i = first; i < w->services.count; i++)
        text =
            intern_printf(r->l.intern, "%s%s -> ", text, w->services.items[i]);
    diag_error(r->diag, place, "calls go round in a circle: %s%s", text,
               w->services.items[first]);
    w->ok = false;
}

static void follow(struct walk *w, uint32_t workload);

static void follow_call(struct walk *w, uint32_t workload,
                        const struct traffic_spec *call)
{
    struct scenario_reader *r = w->r;
    const struct service_spec *s =
        loader_service(&r->l, call->space, call->service);
    bool *hit = mem_calloc(r->s->workload_count, sizeof *hit);

    VEC_PUSH(w->services, call->service);
    VEC_PUSH(w->workloads, workload);
    if (s->has_selector)
        scenario_each_match(r, s->meta.space, &s->selector, look_for_workload,
                            hit);
    for (uint32_t i = 0; i < r->s->workload_count && w->ok; i++) {
        if (hit[i] && w->on[i])
            report(w, i, call->place);
        else if (hit[i])
            follow(w, i);
    }
    w->services.count--;
    w->workloads.count--;
    free(hit);
}

static void follow(struct walk *w, uint32_t workload)
{
    const struct workload *x = &w->r->s->workloads[workload];

    if (w->done[workload])
        return;
    w->on[workload] = true;
    for (size_t k = 0; k < x->call_count && w->ok; k++)
        follow_call(w, workload, &w->calls[x->calls[k].number]);
    w->on[workload] = false;
    w->done[workload] = true;
}

static bool no_circles(struct scenario_reader *r,
                       const struct traffic_spec *calls)
{
    size_t count = r->s->workload_count;
    struct walk w = {.r = r,
                     .calls = calls,
                     .on = mem_calloc(count, sizeof(bool)),
                     .done = mem_calloc(count, sizeof(bool)),
                     .ok = true};

    for (uint32_t i = 0; i < count && w.ok; i++)
        follow(&w, i);
    VEC_FREE(w.services);
    VEC_FREE(w.workloads);
    free(w.on);
    free(w.done);
    return w.ok;
}

bool scenario_build_calls(struct scenario_reader *r, struct traffic_spec *out)
{
    bool ok = true;
    size_t number = 0;

    for (size_t i = 0; i < r->raw->workloads.count; i++)
        for (size_t k = 0; k < raw_of(r, i)->calls.count; k++)
            ok &= call_read(r, i, k, &out[number++]);
    return ok && no_circles(r, out);
}
