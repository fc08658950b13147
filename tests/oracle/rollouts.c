/* Rolling updates: the order of the Deployment controller's steps. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

/* Sequences longer than this have bursts of many pods. */
enum { RANKS = 16, BURST_TEXT = 80 };

/* What one walk through the steps of an owner's ReplicaSets keeps. */
struct walk {
    FILE *out;
    int spec[RANKS], known; /* spec.replicas, oldest first */
    double last;            /* time of the last change in the phase */
    bool begun;             /* something was printed */
};

static void print_state(struct walk *w)
{
    if (w->begun)
        fputc(' ', w->out);
    w->begun = true;
    for (int k = 0; k < w->known; k++)
        fprintf(w->out, "%s%d", k ? "/" : "", w->spec[k]);
}

/* "10/0 10/3 8/3": spec.replicas of the owner's ReplicaSets after each change
 * within the phase; with rest > 0 only where none followed within that time.
 * The caller frees it. */
static char *sequence_of(const struct trace *t, const char *owner,
                         const struct phase *phase, double rest)
{
    struct walk w = {.last = NAN};
    char *text = NULL;
    size_t size;

    w.out = open_memstream(&text, &size);
    for (size_t i = 0; i < t->steps.count && t->steps.items[i].t < phase->to;
         i++) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->kind != STEP_REPLICASET || strcmp(s->owner, owner) != 0 ||
            s->b >= RANKS ||
            (s->t >= phase->from && s->b < w.known && w.spec[s->b] == s->a))
            continue;
        if (rest > 0 && s->t - w.last > rest)
            print_state(&w);
        w.spec[s->b] = s->a;
        w.known = s->b >= w.known ? s->b + 1 : w.known;
        if (s->t < phase->from)
            continue;
        w.last = s->t;
        if (rest <= 0)
            print_state(&w);
    }
    if (rest > 0)
        print_state(&w);
    fclose(w.out);
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

/* Whether some replay shows the same; *got: it, or the first. The caller
 * frees it. */
static bool find_sequence(const struct comparison *c, const struct phase *phase,
                          const char *owner, double rest, const char *want,
                          char **got, size_t *replay)
{
    *got = NULL;
    for (*replay = 1; *replay <= REPLAYS; (*replay)++) {
        char *text =
            sequence_of(comparison_model(c, *replay - 1), owner, phase, rest);
        bool same = strcmp(want, text) == 0;

        if (!same && *got) {
            free(text);
            continue;
        }
        free(*got);
        *got = text;
        if (same)
            return true;
    }
    return false;
}

/*
 * The order is the controller's own; which pods become ready within the same
 * milliseconds is chance's, so any replay may show it. Of many pods at once
 * the cases are too many: then the states at rest have to agree.
 */
static void compare_sequence(const struct comparison *c,
                             const struct phase *phase, const char *owner,
                             const char *name)
{
    char *want = sequence_of(c->r->trace, owner, phase, 0), *got;
    const char *aspect =
        intern_printf(c->r->intern, "%s: order of steps", name);
    const char *tolerance = "exact";
    size_t replay;
    bool same = find_sequence(c, phase, owner, 0, want, &got, &replay);

    if (same && replay > 1)
        tolerance = intern_printf(c->r->intern, "exact in replay %zu", replay);
    if (!same && strlen(want) > BURST_TEXT) {
        free(want);
        free(got);
        want = sequence_of(c->r->trace, owner, phase, 1);
        same = find_sequence(c, phase, owner, 1, want, &got, &replay);
        tolerance = "exact where it rests for 1 s";
    }
    report_text(c->report, same, aspect, want, got, tolerance);
    free(want);
    free(got);
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
