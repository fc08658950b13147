/* Rolling updates: the order of the Deployment controller's steps. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

enum { RANKS = 16 };

/* "10/0 10/3 8/3": spec.replicas of the owner's ReplicaSets, oldest first,
 * after each change within the phase. The caller frees it. */
static char *sequence_of(const struct trace *t, const char *owner,
                         const struct phase *phase, size_t *changes)
{
    int spec[RANKS] = {0}, known = 0;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    *changes = 0;
    for (size_t i = 0; i < t->steps.count; i++) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->t >= phase->to)
            break;
        if (s->kind != STEP_REPLICASET || strcmp(s->owner, owner) != 0 ||
            s->b >= RANKS)
            continue;
        if (s->t >= phase->from && s->b < known && spec[s->b] == s->a)
            continue;
        spec[s->b] = s->a;
        known = s->b >= known ? s->b + 1 : known;
        if (s->t < phase->from)
            continue;
        if ((*changes)++ > 0)
            fputc(' ', out);
        for (int k = 0; k < known; k++)
            fprintf(out, "%s%d", k ? "/" : "", spec[k]);
    }
    fclose(out);
    return text;
}

/* Whether the phase changed the owner's template: another ReplicaSet. */
static bool is_rollout(const struct trace *t, const char *owner,
                       const struct phase *phase)
{
    bool older = false, newer = false;

    for (size_t i = 0; i < t->steps.count; i++) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->kind != STEP_REPLICASET || strcmp(s->owner, owner) != 0)
            continue;
        older |= s->t < phase->from;
        newer |= s->t >= phase->from && s->t < phase->to && s->b > 0;
    }
    return older && newer;
}

/* The order is the controller's own; in which order pods become ready within
 * some milliseconds is chance's, so any replay may show it. */
static void compare_sequence(const struct comparison *c,
                             const struct phase *phase, const char *owner,
                             const char *name)
{
    size_t changes;
    char *want = sequence_of(c->r->trace, owner, phase, &changes);
    char *first = NULL;
    bool found = false;
    char tolerance[40] = "exact";

    for (size_t i = 0; i < REPLAYS && !found; i++) {
        char *got = sequence_of(comparison_model(c, i), owner, phase, &changes);

        found = strcmp(want, got) == 0;
        if (found && i > 0)
            snprintf(tolerance, sizeof tolerance, "exact in replay %zu", i + 1);
        if (found || !first) {
            free(first);
            first = got;
        } else {
            free(got);
        }
    }
    report_text(c->report, found,
                intern_printf(c->r->intern, "%s: order of steps", name), want,
                first, tolerance);
    free(want);
    free(first);
}

struct range {
    const char *owner;
    const struct phase *phase;
    enum counted what;
    bool most;
};

static double range_end(const struct trace *t, const void *what)
{
    const struct range *x = what;
    int least, most;

    count_range(t, x->owner, x->what, x->phase->from, x->phase->to, &least,
                &most);
    return x->most ? most : least;
}

static void compare_ranges(const struct comparison *c,
                           const struct phase *phase, const char *owner,
                           const char *name)
{
    static const struct {
        enum counted what;
        bool most;
        double tolerance;
        const char *text;
    } ranges[] = {{COUNT_READY, false, 0, "fewest pods ready"},
                  {COUNT_LIVE, true, 0, "most pods live"},
                  {COUNT_EXISTING, true, 1, "most pods with terminating"}};

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        struct range range = {owner, phase, ranges[i].what, ranges[i].most};

        report_measure(
            c, intern_printf(c->r->intern, "%s: %s", name, ranges[i].text),
            range_end, &range, ranges[i].tolerance, "");
    }
}

void aspect_rollouts(const struct comparison *c)
{
    size_t phase_count, owner_count;
    struct phase *phases = phases_of(c->r, &phase_count);
    const char **owners = trace_owners(c->r->trace, &owner_count);

    for (size_t i = 0; i < phase_count; i++) {
        for (size_t k = 0; k < owner_count; k++) {
            const char *name;

            if (!models_owner(c, owners[k]) ||
                !is_rollout(c->r->trace, owners[k], &phases[i]))
                continue;
            name = intern_printf(c->r->intern, "%s: %s",
                                 phase_name(c->r, &phases[i]), owners[k]);
            if (c->r->jitter == 0)
                compare_sequence(c, &phases[i], owners[k], name);
            compare_ranges(c, &phases[i], owners[k], name);
        }
    }
    free(owners);
    free(phases);
}
