#include "sim/experiment/experiment.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/engine/mem.h"

struct experiment {
    const struct experiment_spec *spec;
    pthread_mutex_t lock;
    pthread_cond_t finished; /* a thread has no more to do */
    size_t next, end;        /* units handed out, of this stage: their number
                                is replication * variants + variant */
    size_t done;
    size_t threads, idle;
    bool stopped;
    double *fractions; /* of each thread's running unit */
    double *values;
    size_t room; /* replications that values holds */
};

size_t experiment_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 ? (size_t)n : 1;
}

bool experiment_report(struct unit_progress *progress, double fraction)
{
    struct experiment *e = progress->experiment;
    bool go_on;

    pthread_mutex_lock(&e->lock);
    e->fractions[progress->thread] = fraction;
    go_on = !e->stopped;
    pthread_mutex_unlock(&e->lock);
    return go_on;
}

static double *unit_values(const struct experiment *e, size_t unit)
{
    size_t variant = unit % e->spec->variants;
    size_t replication = unit / e->spec->variants;

    return e->values + (variant * e->room + replication) * e->spec->rows;
}

/* Takes the next unit. False: there is none. */
static bool take(struct experiment *e, size_t *unit)
{
    bool any;

    pthread_mutex_lock(&e->lock);
    any = !e->stopped && e->next < e->end;
    if (any)
        *unit = e->next++;
    pthread_mutex_unlock(&e->lock);
    return any;
}

static void finish(struct experiment *e, size_t thread, bool ok)
{
    pthread_mutex_lock(&e->lock);
    e->fractions[thread] = 0;
    e->done += ok;
    e->stopped |= !ok;
    pthread_mutex_unlock(&e->lock);
}

struct worker {
    struct experiment *experiment;
    size_t index;
    pthread_t thread;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct experiment *e = worker->experiment;
    struct unit_progress progress = {e, worker->index};
    size_t unit;

    while (take(e, &unit))
        finish(e, worker->index,
               e->spec->run(e->spec->self, unit % e->spec->variants,
                            unit / e->spec->variants, &progress,
                            unit_values(e, unit)));
    pthread_mutex_lock(&e->lock);
    e->idle++;
    pthread_cond_signal(&e->finished);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* Tells the watcher how far all is; the lock is held, and let go meanwhile. */
static void tell(struct experiment *e)
{
    double done = (double)e->done, total = (double)e->end;
    bool go_on;

    for (size_t i = 0; i < e->threads; i++)
        done += e->fractions[i];
    if (!e->spec->watch)
        return;
    pthread_mutex_unlock(&e->lock);
    go_on = e->spec->watch(e->spec->self, done, total);
    pthread_mutex_lock(&e->lock);
    e->stopped |= !go_on;
}

static void wait_for_workers(struct experiment *e, size_t count)
{
    pthread_mutex_lock(&e->lock);
    while (e->idle < count) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 200000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&e->finished, &e->lock, &until);
        tell(e);
    }
    pthread_mutex_unlock(&e->lock);
}

/* Runs the units up to `end` replications of each variant. */
static void run_stage(struct experiment *e, size_t replications)
{
    size_t left, count, made = 0;
    struct worker *workers;

    e->end = replications * e->spec->variants;
    e->idle = 0;
    left = e->end - e->next;
    count = left < e->threads ? left : e->threads;
    workers = mem_calloc(count, sizeof *workers);
    for (; made < count; made++) {
        workers[made].experiment = e;
        workers[made].index = made;
        if (pthread_create(&workers[made].thread, NULL, work, &workers[made]) !=
            0)
            break;
    }
    if (made == 0 && count > 0) { /* no thread to be had: do it here */
        work(&workers[0]);
        free(workers);
        return;
    }
    wait_for_workers(e, made);
    for (size_t i = 0; i < made; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
}

static const double *column(const void *self, size_t variant, size_t row,
                            size_t *stride)
{
    const struct experiment *e = self;

    *stride = e->spec->rows;
    return e->values + variant * e->room * e->spec->rows + row;
}

/* As many replications as the rule asks for. Returns how many it took. */
static size_t run_until_tight(struct experiment *e, bool *precise)
{
    const struct precision_rule rule = {.precision = e->spec->precision,
                                        .max_replications =
                                            e->spec->max_replications,
                                        .variants = e->spec->variants,
                                        .goals = e->spec->goals,
                                        .goal_count = e->spec->goal_count,
                                        .column = column,
                                        .self = e};
    size_t n = 0;

    *precise = false;
    while (n < rule.max_replications && !*precise) {
        n = precision_next(n, rule.max_replications);
        run_stage(e, n);
        if (e->stopped)
            return n;
        *precise = precision_reached(&rule, n);
    }
    return n;
}

struct experiment_result experiment_run(const struct experiment_spec *spec)
{
    struct experiment e = {.spec = spec};
    struct experiment_result result = {.variants = spec->variants,
                                       .rows = spec->rows};

    assert(spec->variants > 0 && spec->run);
    e.room = spec->precision > 0 ? spec->max_replications : spec->replications;
    assert(e.room > 0);
    e.threads = spec->threads ? spec->threads : experiment_processors();
    e.fractions = mem_calloc(e.threads, sizeof *e.fractions);
    e.values =
        mem_calloc(spec->variants * e.room * spec->rows + 1, sizeof *e.values);
    pthread_mutex_init(&e.lock, NULL);
    pthread_cond_init(&e.finished, NULL);
    result.precise = true;
    if (spec->precision > 0) {
        result.replications = run_until_tight(&e, &result.precise);
    } else {
        result.replications = spec->replications;
        run_stage(&e, spec->replications);
    }
    result.complete = !e.stopped;
    result.values = mem_calloc(
        spec->variants * result.replications * spec->rows + 1, sizeof(double));
    for (size_t v = 0; v < spec->variants; v++)
        memcpy(result.values + v * result.replications * spec->rows,
               e.values + v * e.room * spec->rows,
               result.replications * spec->rows * sizeof(double));
    pthread_cond_destroy(&e.finished);
    pthread_mutex_destroy(&e.lock);
    free(e.values);
    free(e.fractions);
    return result;
}

void experiment_release(struct experiment_result *result)
{
    free(result->values);
    result->values = NULL;
}

const double *experiment_values(const struct experiment_result *result,
                                size_t variant, size_t row)
{
    return result->values + variant * result->replications * result->rows + row;
}
