#include <assert.h>

#include "models/controller_private.h"

/* client-go tools/record/event.go maxQueuedEvents: more are dropped. */
enum { EVENTS_QUEUED_MAX = 1000 };

static void on_written(struct sim *sim, void *self, struct event_args args);
static void on_event_written(struct sim *sim, void *self,
                             struct event_args args);

static const struct event_type written = {"controller.written", 4, on_written};
static const struct event_type event_written = {"controller.event-written", 4,
                                                on_event_written};

/* --- workers and their writes --- */

/* When a request that is made now is sent. */
static sim_time token(struct controller_run *run)
{
    run->request_count++;
    return token_bucket_take(run->bucket, controller_now(run));
}

/* When it is done. */
static sim_time request(struct controller_run *run, struct rng *latency)
{
    return token(run) +
           controller_time(run, dist_sample_time(
                                    &run->all->params->write_latency, latency));
}

static void send(struct controller_run *run, struct worker *w, size_t index)
{
    struct event_args args = {(uint64_t)(w - run->workers) << 32 | index,
                              w->life};

    w->awaiting++;
    sim_at(run->all->simulation->sim,
           w->writes.items[index].swift ? token(run)
                                        : request(run, &run->write_latency),
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
    controller_dispatch(run);
}

void controller_dispatch(struct controller_run *run)
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
    add_write(run, (struct write){apply, a, b, batch, false, false});
}

void controller_read(struct controller_run *run, unsigned batch)
{
    add_write(run, (struct write){NULL, 0, 0, batch, false, false});
}

void controller_repeat(struct controller_run *run, controller_apply *apply,
                       uint64_t a, uint64_t b)
{
    add_write(run, (struct write){NULL, 0, 0, 0, false, true});
    add_write(run, (struct write){apply, a, b, 0, false, true});
}

void controller_then(struct controller_run *run, controller_apply *apply,
                     uint64_t a, uint64_t b)
{
    add_write(run, (struct write){apply, a, b, 0, true, false});
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
    if (!spam_filter_pass(&run->spam, object, controller_now(run)) ||
        run->events_waiting >= EVENTS_QUEUED_MAX)
        return false;
    run->event_count++;
    if (++run->events_waiting == 1)
        send_event(run);
    return true;
}

/* --- stopping and starting --- */

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
    if (stopped) {
        run->stopped = true;
        drop_work(run);
    } else {
        controller_resume(run, true);
    }
}

void controller_resume(struct controller_run *run, bool anew)
{
    run->stopped = false;
    if (anew && run->kind->restart)
        run->kind->restart(run, run->state);
    controller_dispatch(run);
}
