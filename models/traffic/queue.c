#include "models/traffic/queue.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 };
#define NO_JOB UINT32_MAX

static void on_end(struct sim *sim, void *self, struct event_args args);
static void on_departure(struct sim *sim, void *self, struct event_args args);
static const struct event_type end_event = {"queue.end", 0, on_end};
static const struct event_type departure_event = {"queue.departure", 0,
                                                  on_departure};

/* ------------------------------------------------------------- slab */

void queues_init(struct queues *qs, struct sim *sim, queue_left *served,
                 void *self)
{
    assert(sim && served);
    memset(qs, 0, sizeof *qs);
    qs->sim = sim;
    qs->served = served;
    qs->self = self;
    qs->free = NO_JOB;
}

void queues_release(struct queues *qs)
{
    free(qs->jobs);
    memset(qs, 0, sizeof *qs);
}

static void grow(struct queues *qs)
{
    uint32_t room = qs->room ? 2 * qs->room : FIRST_ROOM;

    assert(room > qs->room);
    qs->jobs = mem_regrow(qs->jobs, qs->room * sizeof *qs->jobs,
                          room * sizeof *qs->jobs);
    memset(qs->jobs + qs->room, 0, (room - qs->room) * sizeof *qs->jobs);
    qs->room = room;
}

static inline uint32_t take_slot(struct queues *qs)
{
    uint32_t j = qs->free;

    if (j != NO_JOB) {
        qs->free = qs->jobs[j].next;
        return j;
    }
    if (qs->count == qs->room)
        grow(qs);
    return qs->count++;
}

/* A generation later: events of the job that was here name nothing now. */
static inline void free_slot(struct queues *qs, uint32_t j)
{
    struct queue_job *job = &qs->jobs[j];

    job->queue = NULL;
    job->generation++;
    job->next = qs->free;
    qs->free = j;
}

/* ------------------------------------------------------------- heap */

static bool before(const struct queue_share *a, const struct queue_share *b)
{
    if (a->finish < b->finish)
        return true;
    return !(b->finish < a->finish) && a->order < b->order;
}

static void heap_push(struct queue *q, struct queue_share share)
{
    size_t i = q->heap.count, parent;

    VEC_PUSH(q->heap, share);
    for (; i > 0; i = parent) {
        parent = (i - 1) / 2;
        if (!before(&share, &q->heap.items[parent]))
            break;
        q->heap.items[i] = q->heap.items[parent];
    }
    q->heap.items[i] = share;
}

static struct queue_share heap_pop(struct queue *q)
{
    struct queue_share *a = q->heap.items, top = a[0];
    struct queue_share last = a[--q->heap.count];
    size_t count = q->heap.count, i = 0, child;

    while ((child = 2 * i + 1) < count) {
        if (child + 1 < count && before(&a[child + 1], &a[child]))
            child++;
        if (!before(&a[child], &last))
            break;
        a[i] = a[child];
        i = child;
    }
    a[i] = last;
    return top;
}

/* ------------------------------------------------------- shared service */

/* How fast each job in service progresses. */
static double speed(const struct queue *q)
{
    return q->busy > q->servers ? (double)q->servers / (double)q->busy : 1;
}

/* Brings `virtual` up to now; never past the first to finish, whose event
 * is rounded to whole ns. */
static void advance(struct queue *q)
{
    sim_time now = sim_now(q->all->sim);

    if (q->hung) {
        q->since = now;
        return;
    }
    if (q->busy > 0) {
        q->virtual += (double)(now - q->since) * speed(q);
        q->virtual = fmin(q->virtual, q->heap.items[0].finish);
    } else {
        q->virtual = 0; /* keeps it small, and so exact */
    }
    q->since = now;
}

static void await_departure(struct queue *q)
{
    double left, delay;

    sim_cancel(q->all->sim, q->next);
    q->next = 0;
    if (q->busy == 0 || q->hung)
        return;
    left = q->heap.items[0].finish - q->virtual;
    delay = nearbyint(left / speed(q));
    if (delay < 0x1p62)
        q->next = sim_after(q->all->sim, (sim_time)delay, &departure_event, q,
                            (struct event_args){0});
}

static void begin_shared(struct queue *q, struct queue_job *job, uint32_t j,
                         sim_time now)
{
    double work = job->work == SIM_NEVER ? INFINITY : (double)job->work;

    job->start = now;
    q->busy++;
    heap_push(q, (struct queue_share){.finish = q->virtual + work,
                                      .order = q->order++,
                                      .job = j});
}

/* -------------------------------------------------------------- service */

static inline void begin(struct queues *qs, struct queue *q, uint32_t j,
                         sim_time now)
{
    struct queue_job *job = &qs->jobs[j];
    struct event_args args;

    if (q->shared) {
        begin_shared(q, job, j, now);
        return;
    }
    job->start = now;
    q->busy++;
    args.subject = (uint64_t)job->generation << 32 | j;
    args.detail = 0;
    sim_after(qs->sim, job->work, &end_event, qs, args);
}

static inline void begin_next(struct queues *qs, struct queue *q, sim_time now)
{
    uint32_t j = q->head;

    q->head = qs->jobs[j].next;
    q->waiting--;
    begin(qs, q, j, now);
}

bool queue_enter(struct queue *q, sim_time work, uint64_t user, uint32_t detail,
                 uint32_t flag)
{
    struct queues *qs = q->all;
    sim_time now = sim_now(qs->sim);
    struct queue_job *job;
    uint32_t j;

    assert(work >= 0);
    if (queue_full(q))
        return false;
    j = take_slot(qs);
    job = &qs->jobs[j];
    job->arrival = now;
    job->start = SIM_NEVER;
    job->work = work;
    job->user = user;
    job->queue = q;
    job->detail = detail;
    job->flag = flag;
    job->found = (uint64_t)queue_present(q);
    if (q->shared)
        advance(q);
    if (q->busy < q->sharers) {
        begin(qs, q, j, now);
        if (q->shared)
            await_departure(q);
        return true;
    }
    if (q->waiting++ == 0)
        q->head = j;
    else
        qs->jobs[q->tail].next = j;
    q->tail = j;
    return true;
}

/* Takes a job that has got its service out of the queue. */
static inline void let_go(struct queues *qs, struct queue *q, uint32_t j)
{
    free_slot(qs, j);
    if (q->shared) {
        q->staying--;
        return;
    }
    q->busy--;
    if (q->waiting > 0)
        begin_next(qs, q, sim_now(qs->sim));
}

/* FIFO: a job's service ends; or one that stayed leaves. */
static void on_end(struct sim *sim, void *self, struct event_args args)
{
    struct queues *qs = self;
    uint32_t j = (uint32_t)args.subject;
    struct queue_job job = qs->jobs[j];
    struct queue *q = job.queue;

    (void)sim;
    if (job.generation != (uint32_t)(args.subject >> 32))
        return; /* its queue was cleared */
    if (__builtin_expect(q->hung, 0)) {
        VEC_PUSH(q->due, args.subject);
        return;
    }
    if (__builtin_expect(job.flag >= QUEUE_STAYS, 0)) {
        qs->worked(qs->self, q, args.subject, job.flag);
        return;
    }
    let_go(qs, q, j);
    qs->served(qs->self, q, &job);
}

void queue_leave(struct queues *qs, uint64_t id, uint32_t flag)
{
    struct queue_job *job = &qs->jobs[(uint32_t)id];

    assert(job->generation == id >> 32 && job->queue);
    assert(job->flag >= QUEUE_STAYS && flag < QUEUE_STAYS);
    job->flag = flag;
    on_end(qs->sim, qs, (struct event_args){.subject = id});
}

/* Shared: the first to finish leaves. */
static void on_departure(struct sim *sim, void *self, struct event_args args)
{
    struct queue *q = self;
    struct queues *qs = q->all;
    struct queue_share share;
    struct queue_job job;

    (void)args;
    q->next = 0;
    assert(q->busy > 0);
    advance(q);
    share = heap_pop(q);
    q->virtual = share.finish;
    job = qs->jobs[share.job];
    q->busy--;
    if (job.flag < QUEUE_STAYS)
        free_slot(qs, share.job);
    else
        q->staying++;
    if (q->waiting > 0)
        begin_next(qs, q, sim_now(sim));
    await_departure(q);
    if (job.flag < QUEUE_STAYS)
        qs->served(qs->self, q, &job);
    else
        qs->worked(qs->self, q, (uint64_t)job.generation << 32 | share.job,
                   job.flag);
}

/* ------------------------------------------------------------- queues */

void queue_init(struct queue *q, struct queues *all, int64_t servers,
                int64_t sharers, int64_t limit)
{
    assert(servers >= 1 && sharers >= servers && limit >= 0);
    memset(q, 0, sizeof *q);
    q->all = all;
    q->servers = servers;
    q->sharers = sharers;
    q->limit = limit;
    q->shared = sharers > servers;
}

void queue_release(struct queue *q)
{
    assert(queue_present(q) == 0);
    VEC_FREE(q->heap);
    VEC_FREE(q->due);
}

void queue_hang(struct queue *q)
{
    if (q->hung)
        return;
    if (q->shared) {
        advance(q);
        sim_cancel(q->all->sim, q->next);
        q->next = 0;
    }
    q->hung = true;
    q->bound = q->limit;
    q->limit = QUEUE_UNLIMITED;
}

void queue_resume(struct queue *q)
{
    if (!q->hung)
        return;
    q->hung = false;
    q->limit = q->bound;
    if (q->shared) {
        q->since = sim_now(q->all->sim);
        await_departure(q);
    }
    for (size_t i = 0; i < q->due.count; i++)
        sim_after(q->all->sim, 0, &end_event, q->all,
                  (struct event_args){.subject = q->due.items[i]});
    q->due.count = 0;
}

static int by_arrival(const void *a, const void *b)
{
    const struct queue_job *x = a, *y = b;

    if (x->arrival != y->arrival)
        return x->arrival < y->arrival ? -1 : 1;
    return x->next < y->next ? -1 : x->next > y->next;
}

/* Takes every job of q out of the slab; `next` of a copy is its slot. */
static struct queue_job *take_all(struct queue *q, size_t present)
{
    struct queues *qs = q->all;
    struct queue_job *taken = mem_calloc(present, sizeof *taken);
    size_t count = 0;

    for (uint32_t j = 0; count < present; j++) {
        assert(j < qs->count);
        if (qs->jobs[j].queue != q)
            continue;
        taken[count] = qs->jobs[j];
        taken[count++].next = j;
        free_slot(qs, j);
    }
    qsort(taken, count, sizeof *taken, by_arrival);
    return taken;
}

/* Leaves in each shared job's `work` what it has got of it. */
static void tell_progress(struct queue *q)
{
    advance(q);
    for (size_t i = 0; i < q->heap.count; i++) {
        struct queue_share *share = &q->heap.items[i];
        struct queue_job *job = &q->all->jobs[share->job];
        double got = (double)job->work - (share->finish - q->virtual);

        job->work = got < 0x1p62 ? (sim_time)nearbyint(fmax(got, 0)) : 0;
    }
}

void queue_clear(struct queue *q, queue_left *lost, void *self)
{
    size_t present = (size_t)queue_present(q);
    struct queue_job *taken;

    if (present == 0) {
        queue_resume(q);
        return;
    }
    if (q->busy > 0 && q->shared)
        tell_progress(q);
    sim_cancel(q->all->sim, q->next);
    q->next = 0;
    taken = take_all(q, present);
    q->busy = q->waiting = q->staying = 0;
    q->heap.count = q->due.count = 0;
    queue_resume(q);
    for (size_t i = 0; lost && i < present; i++)
        lost(self, q, &taken[i]);
    free(taken);
}
