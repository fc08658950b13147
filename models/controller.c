#include "models/controller.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/controller_client.h"
#include "models/controller_queue.h"

enum { KINDS = CHANGE_MEASURE + 1 };

/* client-go tools/record/event.go maxQueuedEvents: more are dropped. */
enum { EVENTS_QUEUED_MAX = 1000 };

struct write {
    controller_apply *apply; /* NULL: a read */
    uint64_t a, b;
    unsigned batch;
    bool free; /* no request: a step of the controller's own */
};

/* Busy from the reconcile till its last write is done. */
struct worker {
    work_key key;
    bool busy;
    uint32_t life; /* counts what was dropped: older events are void */
    VEC_OF(struct write) writes;
    size_t next;     /* first not yet sent */
    size_t awaiting; /* sent, not yet done */
};

struct controller_run {
    const struct controller *kind;
    struct controllers *all;
    void *state;
    bool stopped;
    bool dispatching; /* workers are being given work, or apply runs */
    /* Watches: while observe runs, `hearing`; the lag is drawn once. */
    bool hearing;
    sim_time heard_at; /* SIM_NEVER: not drawn */
    sim_time last_heard[KINDS];
    enum world_kind hearing_kind;
    struct rng lag[KINDS];
    event_id last_news; /* the newest key on its way, and its event */
    work_key last_key;
    sim_time last_at;
    /* Queue and workers. */
    struct workqueue queue;
    struct worker *workers;
    uint32_t worker_count, idle_count;
    uint32_t *idle;        /* stack of indexes */
    struct worker *worker; /* whose reconcile or apply runs */
    /* Client. */
    struct token_bucket bucket;
    struct rng write_latency, event_latency;
    struct spam_filter spam;
    size_t events_waiting; /* the one on its way included */
    uint64_t request_count, event_count;
};

struct controllers {
    struct simulation *simulation;
    const struct control_plane_params *params;
    size_t count;
    struct controller_run *runs;
};

static void dispatch(struct controller_run *run);

static sim_time now_of(const struct controller_run *run)
{
    return sim_now(run->all->simulation->sim);
}

/* --- the watch: changes arrive as keys, late and in order --- */

static void on_heard(struct sim *sim, void *self, struct event_args args);
static void on_heard_after(struct sim *sim, void *self, struct event_args args);
static void on_timer(struct sim *sim, void *self, struct event_args args);
static void on_written(struct sim *sim, void *self, struct event_args args);
static void on_event_written(struct sim *sim, void *self,
                             struct event_args args);

static const struct event_type heard = {"controller.heard", 4, on_heard};
static const struct event_type timer = {"controller.timer", 4, on_timer};
static const struct event_type heard_after = {"controller.heard-after", 4,
                                              on_heard_after};
static const struct event_type written = {"controller.written", 4, on_written};
static const struct event_type event_written = {"controller.event-written", 4,
                                                on_event_written};

/* Truth is nobody's to hear. */
static bool of_api(const struct world_change *change)
{
    switch (change->what) {
    case WHAT_SANDBOX:
    case WHAT_SERVING:
    case WHAT_UP:
    case WHAT_CRASHED:
    case WHAT_EPOCH:
    case WHAT_END:
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
    sim_time now = now_of(run), *last = &run->last_heard[run->hearing_kind];
    sim_time lag;

    if (run->heard_at != SIM_NEVER)
        return run->heard_at;
    lag = dist_sample_time(&run->all->params->watch_latency,
                           &run->lag[run->hearing_kind]);
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
    dispatch(run);
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
    dispatch(run);
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
    dispatch(run);
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

/* --- workers and their writes --- */

/* When a request that is sent now is done. */
static sim_time request(struct controller_run *run, struct rng *latency)
{
    sim_time at = token_bucket_take(&run->bucket, now_of(run));

    run->request_count++;
    return at + dist_sample_time(&run->all->params->write_latency, latency);
}

static void send(struct controller_run *run, struct worker *w, size_t index)
{
    struct event_args args = {(uint64_t)(w - run->workers) << 32 | index,
                              w->life};

    w->awaiting++;
    sim_at(run->all->simulation->sim, request(run, &run->write_latency),
           &written, run, args);
}

static void finish(struct controller_run *run, struct worker *w)
{
    w->writes.count = w->next = 0;
    w->busy = false;
    run->idle[run->idle_count++] = (uint32_t)(w - run->workers);
    workqueue_done(&run->queue, w->key);
}

/* Sends the next write, or batch of writes; ends the work after the last. */
static void advance(struct controller_run *run, struct worker *w)
{
    unsigned batch;

    while (w->next < w->writes.count && w->writes.items[w->next].free) {
        struct write step = w->writes.items[w->next++];

        run->worker = w;
        step.apply(run, run->state, step.a, step.b);
        run->worker = NULL;
    }
    if (w->next == w->writes.count) {
        finish(run, w);
        return;
    }
    batch = w->writes.items[w->next].batch;
    do {
        send(run, w, w->next++);
    } while (batch && w->next < w->writes.count &&
             w->writes.items[w->next].batch == batch &&
             !w->writes.items[w->next].free);
}

static void on_written(struct sim *sim, void *self, struct event_args args)
{
    struct controller_run *run = self;
    struct worker *w = &run->workers[args.subject >> 32];
    struct write write;

    (void)sim;
    if (w->life != args.detail)
        return;
    assert(w->busy && w->awaiting > 0);
    write = w->writes.items[args.subject & UINT32_MAX];
    run->dispatching = true;
    run->worker = w;
    if (write.apply)
        write.apply(run, run->state, write.a, write.b);
    run->worker = NULL;
    if (--w->awaiting == 0)
        advance(run, w);
    run->dispatching = false;
    dispatch(run);
}

/* Gives work to idle workers. */
static void dispatch(struct controller_run *run)
{
    work_key key;

    if (run->dispatching || run->stopped)
        return;
    run->dispatching = true;
    while (run->idle_count > 0 && workqueue_get(&run->queue, &key)) {
        struct worker *w = &run->workers[run->idle[--run->idle_count]];

        assert(!w->busy && w->writes.count == 0);
        w->busy = true;
        w->key = key;
        run->worker = w;
        run->kind->reconcile(run, run->state, key);
        run->worker = NULL;
        advance(run, w);
    }
    run->dispatching = false;
}

static void add_write(struct controller_run *run, struct write write)
{
    assert(run->worker);
    VEC_PUSH(run->worker->writes, write);
}

void controller_write(struct controller_run *run, controller_apply *apply,
                      uint64_t a, uint64_t b, unsigned batch)
{
    assert(apply);
    add_write(run, (struct write){apply, a, b, batch, false});
}

void controller_read(struct controller_run *run, unsigned batch)
{
    add_write(run, (struct write){NULL, 0, 0, batch, false});
}

void controller_then(struct controller_run *run, controller_apply *apply,
                     uint64_t a, uint64_t b)
{
    add_write(run, (struct write){apply, a, b, 0, true});
}

/* --- Events --- */

static void send_event(struct controller_run *run)
{
    sim_at(run->all->simulation->sim, request(run, &run->event_latency),
           &event_written, run, (struct event_args){0, 0});
}

static void on_event_written(struct sim *sim, void *self,
                             struct event_args args)
{
    struct controller_run *run = self;

    (void)sim;
    (void)args;
    if (--run->events_waiting > 0)
        send_event(run);
}

bool controller_event(struct controller_run *run, uint64_t object)
{
    if (!spam_filter_pass(&run->spam, object, now_of(run)) ||
        run->events_waiting >= EVENTS_QUEUED_MAX)
        return false;
    run->event_count++;
    if (++run->events_waiting == 1)
        send_event(run);
    return true;
}

/* --- stopping, starting, reading --- */

/* A crash: what was not written is lost; the keys are known again from the
 * list that a starting controller makes. */
static void drop_work(struct controller_run *run)
{
    for (uint32_t i = 0; i < run->worker_count; i++) {
        struct worker *w = &run->workers[i];

        if (!w->busy)
            continue;
        w->life++;
        w->awaiting = 0;
        workqueue_add(&run->queue, w->key);
        finish(run, w);
    }
}

void controller_set_stopped(struct controller_run *run, bool stopped)
{
    assert(!run->worker);
    if (run->stopped == stopped)
        return;
    run->stopped = stopped;
    if (stopped)
        drop_work(run);
    else
        dispatch(run);
}

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
    run->bucket =
        token_bucket_make(p->controller_qps * factor,
                          (int64_t)((double)p->controller_burst * factor));
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
    while (list[c->count])
        kinds |= list[c->count++]->watches;
    c->runs = mem_calloc(c->count, sizeof *c->runs);
    world_watch(s->world, kinds, on_change, c);
    for (size_t i = 0; i < c->count; i++)
        start_run(c, &c->runs[i], list[i]);
    return c;
}

struct controllers *controllers_new(struct simulation *s)
{
    return controllers_new_list(s, controller_list);
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
        if (strcmp(c->runs[i].kind->name, name) == 0)
            return &c->runs[i];
    }
    return NULL;
}
