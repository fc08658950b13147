/*
 * spec.workloads: which pods behave how.
 */
#include <string.h>

#include "models/scenario_internal.h"

static struct workload translate(const struct raw_workload *raw,
                                 struct intern *in)
{
    struct workload w = {
        .image = intern(in, raw->image),
        .image_size = raw->image_size,
        .init = raw->init,
        .init_failure_rate = raw->init_failure_rate,
        .init_failures = raw->init_failures,
        .image_pull = raw->image_pull,
        .startup = raw->startup,
        .service_time = raw->service_time,
        .concurrency = raw->concurrency,
        .discipline = raw->discipline,
        .queue_limit = raw->queue_limit,
        .error_rate = raw->error_rate,
        .cold_factor = raw->cold.factor,
        .cold_for = raw->cold.lasts,
        .cpu_per_request = raw->cpu_per_request,
        .idle_cpu = raw->idle_cpu,
        .on_terminate = raw->on_terminate,
        .shutdown = raw->shutdown,
        .run_time = raw->run_time,
        .run_failure_rate = raw->run_failure_rate,
        .pre_stop = raw->pre_stop,
        .memory = {.base = (double)raw->memory.base,
                   .growth = raw->memory.growth,
                   .per_request = (double)raw->memory.per_request},
    };

    return w;
}

/* --set preStop=...: every workload, and one more for all other pods. */
static void set_pre_stop(struct scenario_reader *r)
{
    struct param_list *list = &r->raw->workloads;
    struct raw_workload *items, *rest;
    size_t i;

    if (r->pre_stop < 0)
        return;
    rest = raw_append(list, scenario_workload_table, sizeof *rest,
                      r->l.kubernetes_minor);
    rest->startup = r->raw->fallback.startup;
    rest->queue_limit = r->raw->fallback.queue_limit;
    items = list->items;
    for (i = 0; i < list->count; i++)
        items[i].pre_stop = r->pre_stop;
}

bool scenario_build_workloads(struct scenario_reader *r)
{
    const struct raw_workload *raw;
    struct workload *items;
    bool ok = true;
    size_t i;

    set_pre_stop(r);
    raw = r->raw->workloads.items;
    items = intern_alloc(r->l.intern,
                         (r->raw->workloads.count + 1) * sizeof *items);
    items[0] = translate(&r->raw->fallback, r->l.intern);
    for (i = 0; i < r->raw->workloads.count; i++) {
        items[i + 1] = translate(&raw[i], r->l.intern);
        items[i + 1].place = reader_place(r, "workloads", i);
        ok &= loader_read_selector(&r->l, raw[i].selector,
                                   &items[i + 1].selector);
    }
    ok &= scenario_number_calls(r, items);
    r->s->workload_count = r->l.workload_count = r->raw->workloads.count + 1;
    r->s->workloads = r->l.workloads = items;
    return ok;
}
