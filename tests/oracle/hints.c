/* Topology hints: how many endpoints of a Service each zone is given. */
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/oracle.h"

static const char *hints_at(const struct trace *t, const char *service,
                            double at)
{
    const struct trace_step *s = endpoints_at(t, service, at);

    return s && s->text ? s->text : "none";
}

static void compare(const struct comparison *c, const char *service, double at,
                    const char *when)
{
    const char *want = hints_at(c->r->trace, service, at);
    const char *got = hints_at(c->model, service, at);
    bool same = strcmp(want, got) == 0;

    for (size_t i = 1; i < REPLAYS && !same; i++)
        same = strcmp(want, hints_at(comparison_model(c, i), service, at)) == 0;
    report_text(
        c->report, same,
        intern_printf(c->r->intern, "%s: %s: hints by zone", when, service),
        want, same ? want : got, "exact");
}

/* Whether the recording says anything of hints. */
static bool has_hints(const struct trace *t)
{
    for (size_t i = 0; i < t->steps.count; i++) {
        if (t->steps.items[i].kind == STEP_ENDPOINTS &&
            t->steps.items[i].text && t->steps.items[i].a > 0)
            return true;
    }
    return false;
}

/* After each phase, and before nodes stop and start. */
void aspect_hints(const struct comparison *c)
{
    size_t phase_count, service_count;
    struct phase *phases = phases_of(c->r, &phase_count);
    const char **services = trace_services(c->r->trace, &service_count);

    for (size_t k = 0; has_hints(c->r->trace) && k < service_count; k++) {
        for (size_t i = 0; i < phase_count; i++)
            compare(c, services[k], phases[i].to - 0.01,
                    phase_name(c->r, &phases[i]));
        for (size_t i = 0; i < c->r->inputs.count; i++) {
            const struct input *in = &c->r->inputs.items[i];

            if (strcmp(in->verb, "stop_nodes") == 0 ||
                strcmp(in->verb, "start_nodes") == 0)
                compare(c, services[k], in->t,
                        intern_printf(c->r->intern, "%.1f before %s", in->t,
                                      in->verb));
        }
    }
    free(services);
    free(phases);
}
