/* How many pods were created and deleted, by owner and phase; when an owner
 * had all it wanted; slices and their writes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

enum { MANY = 4 }; /* owners at work at once */

static const char *name_of(const struct comparison *c,
                           const struct phase *phase, const char *what,
                           const char *of)
{
    return intern_printf(c->r->intern, "%s: %s: %s", phase_name(c->r, phase),
                         of, what);
}

static double slack(double expected, double least, double share)
{
    return fmax(least, share * fabs(expected));
}

struct counting {
    const char *owner;
    enum step_kind kind;
    const struct phase *phase;
};

static double count_of(const struct trace *t, const void *what)
{
    const struct counting *x = what;

    return (double)count_steps(t, x->owner, x->kind, x->phase->from,
                               x->phase->to);
}

static void count_owner(const struct comparison *c, const struct phase *phase,
                        const char *owner)
{
    struct counting created = {owner, STEP_POD_CREATED, phase};
    struct counting deleted = {owner, STEP_POD_TERMINATING, phase};
    double many = count_of(c->r->trace, &created);
    double slack_of = c->r->jitter > 0 ? slack(many, 1, 0.1) : 0;

    report_measure(c, name_of(c, phase, "pods created", owner), count_of,
                   &created, slack_of, "");
    report_measure(c, name_of(c, phase, "pods deleted", owner), count_of,
                   &deleted, slack_of, "");
}

/* The last pod that became ready or had to go: when the work was done. */
static double settled(const struct trace *t, const void *what)
{
    const struct counting *x = what;
    double from = x->phase->from, to = x->phase->to;
    double ready = last_step(t, x->owner, STEP_POD_READY, from, to);
    double gone = last_step(t, x->owner, STEP_POD_TERMINATING, from, to);

    return (isnan(ready)  ? gone
            : isnan(gone) ? ready
                          : fmax(ready, gone)) -
           from;
}

/* Only what the phase's own change brought about; faults have times of their
 * own. */
static bool has_faults(const struct recording *r, const struct phase *phase)
{
    static const char *const quiet[] = {"create", "patch",   "delete_object",
                                        "note",   "measure", "add_node"};

    for (size_t i = 0; i < r->inputs.count; i++) {
        const struct input *in = &r->inputs.items[i];
        bool found = false;

        for (size_t k = 0; k < sizeof quiet / sizeof quiet[0]; k++)
            found |= strcmp(in->verb, quiet[k]) == 0;
        if (!found && in->t >= phase->from && in->t < phase->to)
            return true;
    }
    return false;
}

static void time_owner(const struct comparison *c, const struct phase *phase,
                       const char *owner)
{
    struct counting what = {owner, STEP_POD_READY, phase};

    report_measure(
        c, name_of(c, phase, "time until settled", owner ? owner : "all"),
        settled, &what, slack(settled(c->r->trace, &what), 1, 0.1), "s");
}

/* Owners whose pods came or went in the phase. */
static size_t active_owners(const struct trace *t, const char *const *owners,
                            size_t count, const struct phase *phase)
{
    size_t active = 0;

    for (size_t i = 0; i < count; i++)
        active += count_steps(t, owners[i], STEP_POD_CREATED, phase->from,
                              phase->to) +
                      count_steps(t, owners[i], STEP_POD_TERMINATING,
                                  phase->from, phase->to) >
                  0;
    return active;
}

/* Of many at once, chance says whose turn it is: all together count. */
static void compare_phase(const struct comparison *c, const struct phase *phase,
                          const char *const *owners, size_t count)
{
    bool many = active_owners(c->r->trace, owners, count, phase) > MANY;
    bool quiet = !has_faults(c->r, phase), all = true;

    for (size_t k = 0; k < count; k++) {
        if (!models_owner(c, owners[k])) {
            all = false;
            continue;
        }
        count_owner(c, phase, owners[k]);
        if (quiet && !many)
            time_owner(c, phase, owners[k]);
    }
    if (quiet && many && all)
        time_owner(c, phase, NULL);
}

void aspect_counts(const struct comparison *c)
{
    size_t phase_count, owner_count;
    struct phase *phases = phases_of(c->r, &phase_count);
    const char **owners = trace_owners(c->r->trace, &owner_count);

    for (size_t i = 0; i < phase_count && !is_churn(c->r); i++)
        compare_phase(c, &phases[i], owners, owner_count);
    free(owners);
    free(phases);
}

/* --- endpoints --- */

struct endpoints {
    const char *service;
    const struct phase *phase;
};

static double fewest(const struct trace *t, const void *what)
{
    const struct endpoints *x = what;
    int least, most;

    endpoints_range(t, x->service, x->phase->from, x->phase->to, &least, &most);
    return least;
}

static double most_ready(const struct trace *t, const void *what)
{
    const struct endpoints *x = what;
    int least, most;

    endpoints_range(t, x->service, x->phase->from, x->phase->to, &least, &most);
    return most;
}

static double after(const struct trace *t, const void *what)
{
    const struct endpoints *x = what;
    const struct trace_step *s = endpoints_at(t, x->service, x->phase->to);

    return s ? s->a : 0;
}

static double slices(const struct trace *t, const void *what)
{
    const struct endpoints *x = what;
    const struct trace_step *s = endpoints_at(t, x->service, x->phase->to);

    return s ? s->d : 0;
}

static double writes(const struct trace *t, const void *what)
{
    const struct endpoints *x = what;
    double count = 0;

    for (size_t i = 0; i < t->writes.count; i++)
        count += t->writes.items[i].t >= x->phase->from &&
                 t->writes.items[i].t < x->phase->to &&
                 strcmp(t->writes.items[i].service, x->service) == 0;
    return count;
}

static void compare_service(const struct comparison *c,
                            const struct phase *phase, const char *service)
{
    static const struct {
        measure_function *measure;
        const char *text;
        double tolerance;
    } all[] = {{fewest, "fewest endpoints ready", 1},
               {most_ready, "most endpoints ready", 1},
               {after, "endpoints ready after it", 0},
               {slices, "slices after it", 0}};
    struct endpoints what = {service, phase};
    double many = writes(c->r->trace, &what);

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        report_measure(c, name_of(c, phase, all[i].text, service),
                       all[i].measure, &what, all[i].tolerance, "");
    /* How few changes share a write is chance's. */
    if (many >= 100)
        report_measure(c, name_of(c, phase, "slice writes", service), writes,
                       &what, 0.1 * many, "");
}

void aspect_endpoints(const struct comparison *c)
{
    size_t phase_count, service_count;
    struct phase *phases = phases_of(c->r, &phase_count);
    const char **services = trace_services(c->r->trace, &service_count);

    for (size_t i = 0; i < phase_count && !is_churn(c->r); i++) {
        for (size_t k = 0; k < service_count; k++) {
            if (models_service(c, services[k]))
                compare_service(c, &phases[i], services[k]);
        }
    }
    free(services);
    free(phases);
}
