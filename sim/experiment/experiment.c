#include "sim/experiment/experiment.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/engine/mem.h"
#include "sim/experiment/experiment_internal.h"

size_t experiment_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 ? (size_t)n : 1;
}

/* ---- for running units ---- */

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

FILE *experiment_part(struct unit_progress *progress)
{
    struct store *store = progress->experiment->store;

    if (!progress->part) /* no store: it goes to another process */
        progress->part =
            store ? store_part(store, progress->variant, progress->replication)
                  : tmpfile();
    return progress->part;
}

/* ---- for executors ---- */

bool experiment_next(struct experiment *e, struct unit_progress *unit)
{
    size_t width = e->to - e->from;
    bool any = false;

    pthread_mutex_lock(&e->lock);
    if (!e->stopped && e->returned.count > 0) {
        struct unit_place place = e->returned.items[--e->returned.count];

        unit->variant = place.variant;
        unit->replication = place.replication;
        any = true;
    }
    while (!any && !e->stopped && e->next < e->end) {
        size_t variant = e->next / width;
        size_t replication = e->from + e->next % width;

        e->next++;
        any = store_owns(e->store, variant, replication) &&
              !store_has(e->store, variant, replication);
        unit->variant = variant;
        unit->replication = replication;
    }
    pthread_mutex_unlock(&e->lock);
    unit->part = NULL;
    return any;
}

void experiment_return(struct experiment *e, size_t variant, size_t replication)
{
    struct unit_place place = {variant, replication};

    pthread_mutex_lock(&e->lock);
    VEC_PUSH(e->returned, place);
    pthread_mutex_unlock(&e->lock);
}

bool experiment_left(struct experiment *e)
{
    bool left;

    pthread_mutex_lock(&e->lock);
    left = !e->stopped && (e->returned.count > 0 || e->next < e->end);
    pthread_mutex_unlock(&e->lock);
    return left;
}

bool experiment_unit(struct experiment *e, struct unit_progress *unit,
                     double *values)
{
    memset(values, 0, e->spec->rows * sizeof *values);
    return e->spec->run(e->spec->self, unit->variant, unit->replication, unit,
                        values);
}

void experiment_end(struct experiment *e, struct unit_progress *unit,
                    const double *values, bool ok)
{
    bool kept = ok && store_put(e->store, unit->variant, unit->replication,
                                values, unit->part);
    int error = ok && !kept ? errno : 0;

    if (!ok && unit->part)
        fclose(unit->part);
    unit->part = NULL;
    pthread_mutex_lock(&e->lock);
    e->fractions[unit->thread] = 0;
    e->stopped |= !kept;
    if (e->error == 0)
        e->error = error;
    if (kept && e->spec->finished)
        e->spec->finished(e->spec->self, unit->variant, unit->replication,
                          values);
    pthread_mutex_unlock(&e->lock);
}

/* Units up to the end of this stage: shards have but one. */
static size_t stage_total(const struct experiment *e)
{
    size_t all = e->to * e->spec->variants, own = store_units(e->store);

    return all < own ? all : own;
}

void experiment_tell(struct experiment *e)
{
    size_t durable = store_sync(e->store);
    int error = durable == SIZE_MAX ? errno : 0;
    double done, total = (double)stage_total(e);
    bool go_on = true;

    pthread_mutex_lock(&e->lock);
    if (error) {
        e->stopped = true;
        e->error = e->error ? e->error : error;
    } else {
        e->durable = durable;
    }
    done = (double)e->durable;
    for (size_t i = 0; i < e->threads; i++)
        done += e->fractions[i];
    pthread_mutex_unlock(&e->lock);
    if (e->spec->watch)
        go_on = e->spec->watch(e->spec->self, done, total);
    pthread_mutex_lock(&e->lock);
    e->stopped |= !go_on;
    pthread_mutex_unlock(&e->lock);
}

/* ---- stages ---- */

/* Runs the replications up to `to` of each variant. */
static void run_stage(struct experiment *e, size_t to)
{
    e->from = e->to;
    e->to = to;
    e->next = 0;
    e->end = (e->to - e->from) * e->spec->variants;
    executor_threads(e);
    experiment_tell(e);
}

static size_t goal_row(const struct experiment *e, size_t variant, size_t goal)
{
    const struct experiment_spec *s = e->spec;

    return s->goal_row ? s->goal_row(s->self, variant, goal)
                       : s->goals[goal].row;
}

/* Goals are told to the rule by number. A variant that has none of a goal
 * has nothing to wait for: equal values are tight. */
static const double *column(const void *self, size_t variant, size_t goal,
                            size_t *stride)
{
    const struct experiment *e = self;
    size_t row = goal_row(e, variant, goal);

    *stride = 1;
    if (row == SIZE_MAX) {
        for (size_t i = 0; i < e->to; i++)
            e->column[i] = 0.5;
    } else if (!store_read(e->store, variant, 0, e->to, row, 1, e->column)) {
        for (size_t i = 0; i < e->to; i++)
            e->column[i] = 0;
    }
    return e->column;
}

struct rule {
    struct precision_goal *goals;
    struct precision_rule rule;
};

static struct rule rule_new(const struct experiment *e)
{
    const struct experiment_spec *s = e->spec;
    struct rule r = {.goals = mem_calloc(s->goal_count + 1, sizeof *r.goals)};

    for (size_t g = 0; g < s->goal_count; g++)
        r.goals[g] = (struct precision_goal){g, s->goals[g].scale};
    r.rule = (struct precision_rule){.precision = s->precision,
                                     .max_replications = s->max_replications,
                                     .variants = s->variants,
                                     .goals = r.goals,
                                     .goal_count = s->goal_count,
                                     .column = column,
                                     .self = e};
    return r;
}

/* As many replications as the rule asks for. Returns how many it took. */
static size_t run_until_tight(struct experiment *e, bool *precise)
{
    struct rule r = rule_new(e);
    size_t n = 0;

    *precise = false;
    while (n < r.rule.max_replications && !*precise && !e->stopped) {
        n = precision_next(n, r.rule.max_replications);
        run_stage(e, n);
        *precise = !e->stopped && precision_reached(&r.rule, n);
    }
    free(r.goals);
    return n;
}

static size_t room(const struct experiment_spec *spec)
{
    return spec->precision > 0 ? spec->max_replications : spec->replications;
}

static void begin(struct experiment *e, const struct experiment_spec *spec)
{
    const struct store_shape shape = {spec->variants, room(spec), spec->rows, 0,
                                      0};

    assert(spec->variants > 0 && room(spec) > 0);
    *e = (struct experiment){.spec = spec, .store = spec->store};
    if (!e->store)
        e->store = store_new(&shape);
    e->threads = spec->threads ? spec->threads : experiment_processors();
    /* One more: units of other processes end there. */
    e->fractions = mem_calloc(e->threads + 1, sizeof *e->fractions);
    e->column = mem_calloc(room(spec), sizeof *e->column);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->finished, NULL);
}

static void end(struct experiment *e)
{
    pthread_cond_destroy(&e->finished);
    pthread_mutex_destroy(&e->lock);
    if (e->store != e->spec->store)
        store_free(e->store);
    VEC_FREE(e->returned);
    free(e->column);
    free(e->fractions);
}

/* What is in memory, as one array. */
static double *take_values(const struct experiment *e,
                           const struct experiment_result *r)
{
    size_t size = r->replications * r->rows;
    double *values = mem_calloc(r->variants * size + 1, sizeof *values);

    for (size_t v = 0; r->complete && v < r->variants; v++)
        store_read(e->store, v, 0, r->replications, 0, r->rows,
                   values + v * size);
    return values;
}

struct experiment_result experiment_run(const struct experiment_spec *spec)
{
    struct experiment_result result = {
        .variants = spec->variants, .rows = spec->rows, .precise = true};
    struct experiment e;
    /* A shard runs all that it may be asked for. */
    bool whole =
        !spec->store || store_units(spec->store) == spec->variants * room(spec);

    assert(spec->run);
    begin(&e, spec);
    if (spec->precision > 0 && whole) {
        result.replications = run_until_tight(&e, &result.precise);
    } else {
        result.replications = room(spec);
        run_stage(&e, room(spec));
    }
    result.complete = !e.stopped;
    result.error = e.error;
    if (!spec->store)
        result.values = take_values(&e, &result);
    end(&e);
    return result;
}

size_t experiment_take(const struct experiment_spec *spec, bool *precise)
{
    struct experiment e;
    struct rule r;
    size_t n;

    *precise = true;
    if (!(spec->precision > 0))
        return spec->replications;
    begin(&e, spec);
    e.to = room(spec);
    r = rule_new(&e);
    n = precision_take(&r.rule, room(spec), precise);
    free(r.goals);
    end(&e);
    return n;
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
