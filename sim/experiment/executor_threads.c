/*
 * Threads of this process. Who is free takes the next unit, so that long and
 * short ones even out.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "sim/engine/mem.h"
#include "sim/experiment/executor_mpi.h"
#include "sim/experiment/experiment_internal.h"

enum { TICK_MS = 200, REMOTE_MS = 1 };

struct worker {
    struct experiment *experiment;
    size_t index;
    pthread_t thread;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct experiment *e = worker->experiment;
    struct unit_progress unit = {.experiment = e, .thread = worker->index};
    double *values = mem_calloc(e->spec->rows + 1, sizeof *values);

    while (experiment_next(e, &unit))
        experiment_end(e, &unit, values, experiment_unit(e, &unit, values));
    free(values);
    pthread_mutex_lock(&e->lock);
    e->idle++;
    pthread_cond_signal(&e->finished);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

static struct timespec in_ms(long ms)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += ms * 1000000L;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

/* Waits so long, or until all threads are idle. True: they are. */
static bool wait_idle(struct experiment *e, size_t count, long ms)
{
    struct timespec until = in_ms(ms);
    bool idle;

    pthread_mutex_lock(&e->lock);
    while (e->idle < count &&
           pthread_cond_timedwait(&e->finished, &e->lock, &until) != ETIMEDOUT)
        continue;
    idle = e->idle == count;
    pthread_mutex_unlock(&e->lock);
    return idle;
}

/* Waits for a tick, or until nothing runs. Other processes want an answer
 * sooner than that. True: nothing runs. */
static bool wait_a_tick(struct experiment *e, size_t count)
{
    struct remote *remote = e->spec->remote;

    if (!remote)
        return wait_idle(e, count, TICK_MS);
    for (int ms = 0; ms < TICK_MS; ms += REMOTE_MS) {
        bool idle = wait_idle(e, count, REMOTE_MS);

        if (!idle) {
            remote_poll(remote, e);
        } else if (remote_poll(remote, e) == 0) {
            return true;
        } else {
            const struct timespec pause = {0, REMOTE_MS * 1000000L};

            nanosleep(&pause, NULL);
        }
    }
    return false;
}

/* As many threads as there is to do for. */
static void run_threads(struct experiment *e)
{
    struct worker *workers = mem_calloc(e->threads, sizeof *workers);
    size_t left = e->end - e->next + e->returned.count, made = 0;
    size_t count = left < e->threads ? left : e->threads;

    e->idle = 0;
    for (; made < count; made++) {
        workers[made].experiment = e;
        workers[made].index = made;
        if (pthread_create(&workers[made].thread, NULL, work, &workers[made]) !=
            0)
            break;
    }
    if (made == 0 && count > 0) /* no thread to be had: do it here */
        work(&workers[0]);
    while (!wait_a_tick(e, made > 0 ? made : count > 0))
        experiment_tell(e);
    for (size_t i = 0; i < made; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
}

void executor_threads(struct experiment *e)
{
    do /* again, where a process is gone that had the last ones */
        run_threads(e);
    while (experiment_left(e));
}
