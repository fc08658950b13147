/*
 * Whether two plans are of one study, and what differs where not.
 */
#include <inttypes.h>
#include <string.h>

#include "sim/cli/plan.h"
#include "sim/io/units.h"

struct differing {
    struct place place;
    struct diag *diag;
    bool any;
};

static void say(struct differing *d, const char *what, const char *was,
                const char *is)
{
    if (strcmp(was, is) == 0)
        return;
    d->any = true;
    diag_error(d->diag, d->place, "the %s was '%.200s', and is '%.200s'", what,
               was, is);
}

static void say_count(struct differing *d, const char *what, uint64_t was,
                      uint64_t is)
{
    char a[24], b[24];

    snprintf(a, sizeof a, "%" PRIu64, was);
    snprintf(b, sizeof b, "%" PRIu64, is);
    say(d, what, a, b);
}

static void facts(struct differing *d, const struct plan *was,
                  const struct plan *is)
{
    char a[32], b[32];

    say(d, "command", was->command, is->command);
    say(d, "name", was->name, is->name);
    say_count(d, "seed", was->seed, is->seed);
    units_format_duration(was->duration, a, sizeof a);
    units_format_duration(is->duration, b, sizeof b);
    say(d, "duration", a, b);
    say_count(d, "number of replications", was->replications, is->replications);
    units_format_double(was->precision, a, sizeof a);
    units_format_double(is->precision, b, sizeof b);
    say(d, "precision", a, b);
    say_count(d, "maximum of replications", was->max_replications,
              is->max_replications);
    say(d, "event log", was->events ? "wanted" : "not wanted",
        is->events ? "wanted" : "not wanted");
    say_count(d, "number of shards", was->shards, is->shards);
    say(d, "design", plan_design_names[was->design],
        plan_design_names[is->design]);
    say_count(d, "size of the design", was->design_size, is->design_size);
}

static const struct plan_input *input_of(const struct plan *plan,
                                         const char *name)
{
    for (size_t i = 0; i < plan->inputs.count; i++)
        if (strcmp(plan->inputs.items[i].name, name) == 0)
            return &plan->inputs.items[i];
    return NULL;
}

static void inputs(struct differing *d, const struct plan *was,
                   const struct plan *is)
{
    for (size_t i = 0; i < was->inputs.count; i++) {
        const struct plan_input *old = &was->inputs.items[i];
        const struct plan_input *new = input_of(is, old->name);

        if (new &&new->hash == old->hash)
            continue;
        d->any = true;
        diag_error(d->diag, d->place,
                   new ? "the input '%.200s' has changed"
                       : "the input '%.200s' is no longer read",
                   old->name);
    }
    for (size_t i = 0; i < is->inputs.count; i++) {
        const char *name = is->inputs.items[i].name;

        if (input_of(was, name))
            continue;
        d->any = true;
        diag_error(d->diag, d->place, "the input '%.200s' was not read then",
                   name);
    }
}

static void overrides(struct differing *d, const struct plan *was,
                      const struct plan *is)
{
    size_t a = was->overrides.count, b = is->overrides.count;

    for (size_t i = 0; i < a || i < b; i++)
        say(d, "option", i < a ? was->overrides.items[i] : "none",
            i < b ? is->overrides.items[i] : "none");
}

static void variants(struct differing *d, const struct plan *was,
                     const struct plan *is)
{
    size_t n = was->variants.count;

    say_count(d, "number of variants", n, is->variants.count);
    for (size_t v = 0; v < n && v < is->variants.count; v++) {
        if (strcmp(was->names[v], is->names[v]) == 0)
            continue;
        say(d, "first variant that differs", was->names[v], is->names[v]);
        return;
    }
}

bool plan_differs(const struct plan *was, const struct plan *is, bool shard,
                  struct place place, struct diag *diag)
{
    struct differing d = {place, diag, false};

    facts(&d, was, is);
    if (shard)
        say_count(&d, "shard", was->shard, is->shard);
    inputs(&d, was, is);
    overrides(&d, was, is);
    if (!d.any)
        variants(&d, was, is);
    if (!d.any && (was->layouts.count != is->layouts.count ||
                   plan_rows(was) != plan_rows(is))) {
        d.any = true;
        diag_error(diag, place, "the metrics are others");
    }
    return d.any;
}
