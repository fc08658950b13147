#include "models/controller_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- the watch: changes arrive as keys, late and in order --- */

static void on_heard(struct sim *sim, void *self, struct event_args args);
static void on_heard_after(struct sim *sim, void *self, struct event_args args);
static void on_timer(struct sim *sim, void *self, struct event_args args);

static const struct event_type heard = {"controller.heard", 4, on_heard};
static const struct event_type timer = {"controller.timer", 4, on_timer};
static const struct event_type heard_after = {"controller.heard-after", 4,
                                              on_heard_after};

/* Truth is nobody's to hear; images are the scheduler's alone. */
static bool of_api(const struct world_change *change)
{
    switch (change->what) {
    case WHAT_SANDBOX:
    case WHAT_SERVING:
    case WHAT_UP:
    case WHAT_LINK:
    case WHAT_CRASHED:
    case WHAT_IMAGES:
    case WHAT_EPOCH:
    case WHAT_END:
    case WHAT_QUEUE:
        return false;
    default:
        return true;
    }
}

static void on_change(void *self, const struct world_change *change)
{
    struct controllers *c = self;

    if (!of_api(change))
        return;
    for (size_t i = 0; i < c->count; i++) {
        struct controller_run *run = &c->runs[i];

        if (!(run->kind->watches & 1U << change->kind))
            continue;
        assert(!run->hearing);
        run->hearing = true;
        run->heard_at = SIM_NEVER;
        run->hearing_kind = change->kind;
        run->kind->observe(run, run->state, change);
        run->hearing = false;
    }
}

/* When the change that is being observed reaches the controller. */
static sim_time hearing_time(struct controller_run *run)
{
    sim_time now = controller_now(run),
             *last = &run->last_heard[run->hearing_kind];
    sim_time lag;

    if (run->heard_at != SIM_NEVER)
        return run->heard_at;
    lag = dist_sample_time(&run->all->params->watch_latency,
                           &run->lag[run->hearing_kind]);
    lag = controller_time(run, lag);
    run->heard_at = lag < SIM_NEVER - now ? now + lag : SIM_NEVER - 1;
    if (run->heard_at < *last)
        run->heard_at = *last;
    *last = run->heard_at;
    return run->heard_at;
}

static void on_heard(struct sim *sim, void *self, struct event_args args)
{
    struct controller_run *run = self;

    (void)sim;
    workqueue_add(&run->queue, args.subject);
    controller_dispatch(run);
}

/* --- the queue --- */

/* One write often makes several changes: news of the same key that comes at
 * the same time comes once. */
static void hear(struct controller_run *run, work_key key)
{
    struct sim *sim = run->all->simulation->sim;
    sim_time at = hearing_time(run);

    if (at == run->last_at && key == run->last_key &&
        sim_pending(sim, run->last_news))
        return;
    run->last_at = at;
    run->last_key = key;
    run->last_news = sim_at(sim, at, &heard, run, (struct event_args){key, 0});
}

void controller_enqueue(struct controller_run *run, work_key key)
{
    if (run->hearing) {
        hear(run, key);
        return;
    }
    workqueue_add(&run->queue, key);
    controller_dispatch(run);
}

static void add_at(struct controller_run *run, work_key key, sim_time at)
{
    struct work_item *item = workqueue_item(&run->queue, key);

    if (item->timer && item->ready_at <= at)
        return;
    sim_cancel(run->all->simulation->sim, item->timer);
    item->ready_at = at;
    item->timer = sim_at(run->all->simulation->sim, at, &timer, run,
                         (struct event_args){key, 0});
}

/* The news has come of what is to be looked at later; the delay, in
 * microseconds, stands in the detail where it fits, else it was counted
 * from the change itself. */
static void on_heard_after(struct sim *sim, void *self, struct event_args args)
{
    add_at(self, args.subject, sim_now(sim) + args.detail * SIM_US);
}

void controller_enqueue_after(struct controller_run *run, work_key key,
                              sim_time delay)
{
    struct sim *sim = run->all->simulation->sim;

    assert(delay >= 0);
    if (delay == SIM_NEVER)
        return;
    if (run->hearing && delay <= UINT32_MAX * SIM_US)
        sim_at(sim, hearing_time(run), &heard_after, run,
               (struct event_args){key, (uint32_t)(delay / SIM_US)});
    else if (delay == 0)
        controller_enqueue(run, key);
    else if (delay < SIM_NEVER - sim_now(sim))
        add_at(run, key, sim_now(sim) + delay);
}

static void on_timer(struct sim *sim, void *self, struct event_args args)
{
    struct controller_run *run = self;

    (void)sim;
    workqueue_find(&run->queue, args.subject)->timer = 0;
    workqueue_add(&run->queue, args.subject);
    controller_dispatch(run);
}

void controller_retry(struct controller_run *run, work_key key)
{
    const struct control_plane_params *p = run->all->params;
    sim_time delay = run->kind->backoff_base, max = run->kind->backoff_max;

    if (!delay)
        delay = p->queue_backoff_base;
    if (!max)
        max = p->queue_backoff_max;
    for (uint32_t n = workqueue_fail(&run->queue, key); n > 0 && delay < max;
         n--)
        delay *= 2;
    controller_enqueue_after(run, key, delay < max ? delay : max);
}

void controller_forget(struct controller_run *run, work_key key)
{
    workqueue_forget(&run->queue, key);
}

/* --- reading --- */

struct simulation *controller_simulation(struct controller_run *run)
{
    return run->all->simulation;
}

struct world *controller_world(struct controller_run *run)
{
    return run->all->simulation->world;
}

void *controller_state(struct controller_run *run)
{
    return run->state;
}

uint64_t controller_request_count(const struct controller_run *run)
{
    return run->request_count;
}

uint64_t controller_event_count(const struct controller_run *run)
{
    return run->event_count;
}

/* --- making --- */

static void start_run(struct controllers *c, struct controller_run *run,
                      const struct controller *kind)
{
    const struct control_plane_params *p = c->params;
    struct rng_root root = c->simulation->root;
    int64_t workers =
        kind->workers ? kind->workers(c->simulation->scenario) : 1;
    double factor = kind->qps_factor > 0 ? kind->qps_factor : 1;

    assert(workers > 0 && kind->observe && kind->reconcile);
    run->kind = kind;
    run->all = c;
    run->state = mem_zalloc(kind->state_size ? kind->state_size : 1);
    run->worker_count = run->idle_count = (uint32_t)workers;
    run->workers = mem_calloc(run->worker_count, sizeof *run->workers);
    run->idle = mem_calloc(run->worker_count, sizeof *run->idle);
    for (uint32_t i = 0; i < run->worker_count; i++)
        run->idle[i] = run->worker_count - 1 - i;
    run->own =
        token_bucket_make(p->controller_qps * factor,
                          (int64_t)((double)p->controller_burst * factor));
    run->bucket = &run->own;
    if (kind->client && kind->client(c->simulation->scenario)) {
        struct controller_run *other =
            controllers_find(c, kind->client(c->simulation->scenario));

        run->bucket = other ? &other->own : &run->own;
    }
    for (unsigned k = 0; k < KINDS; k++) {
        run->last_heard[k] = INT64_MIN;
        rng_init(&run->lag[k], root, "controller.watch", kind->name, k);
    }
    rng_init(&run->write_latency, root, "controller.write", kind->name, 0);
    rng_init(&run->event_latency, root, "controller.event", kind->name, 0);
    if (kind->start)
        kind->start(run, run->state);
}

struct controllers *controllers_new_list(struct simulation *s,
                                         const struct controller *const *list)
{
    struct controllers *c = mem_zalloc(sizeof *c);
    unsigned kinds = 0;

    c->simulation = s;
    c->params = &s->scenario->cluster.control_plane;
    c->slowness = 1;
    while (list[c->count])
        kinds |= list[c->count++]->watches;
    c->runs = mem_calloc(c->count, sizeof *c->runs);
    world_watch(s->world, kinds, on_change, c);
    for (size_t i = 0; i < c->count; i++)
        start_run(c, &c->runs[i], list[i]);
    return c;
}

void controllers_free(struct controllers *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++) {
        struct controller_run *run = &c->runs[i];

        if (run->kind->stop)
            run->kind->stop(run->state);
        for (uint32_t k = 0; k < run->worker_count; k++)
            VEC_FREE(run->workers[k].writes);
        workqueue_release(&run->queue);
        spam_filter_release(&run->spam);
        free(run->workers);
        free(run->idle);
        free(run->state);
    }
    free(c->runs);
    free(c);
}

struct controller_run *controllers_find(struct controllers *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->runs[i].kind && strcmp(c->runs[i].kind->name, name) == 0)
            return &c->runs[i];
    }
    return NULL;
}
