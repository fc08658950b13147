#include <stdlib.h>
#include <string.h>

#include "models/loader.h"
#include "tests/oracle/oracle.h"

static bool begins(const struct input *in)
{
    static const char *const verbs[] = {"create", "patch", "delete_object",
                                        "add_node", "delete_node"};

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(in->verb, verbs[i]) == 0)
            return true;
    }
    return false;
}

/* The models cannot follow what this does to pods. */
static bool is_beyond(const struct input *in)
{
    static const char hpa[] = "HorizontalPodAutoscaler";
    const char *object = doc_text(in->root, "object");

    if (strcmp(in->verb, "evict") == 0)
        return !manifest_knows("PodDisruptionBudget");
    return object && strncmp(object, hpa, strlen(hpa)) == 0 &&
           !manifest_knows(hpa);
}

static double followed_until(const struct recording *r)
{
    for (size_t i = 0; i < r->inputs.count; i++) {
        if (is_beyond(&r->inputs.items[i]))
            return r->inputs.items[i].t;
    }
    return r->end + 2;
}

struct phase *phases_of(const struct recording *r, size_t *count)
{
    struct phase *phases = mem_calloc(r->inputs.count + 1, sizeof *phases);

    *count = 0;
    for (size_t i = 0; i < r->inputs.count; i++) {
        const struct input *in = &r->inputs.items[i];

        if (!begins(in))
            continue;
        if (*count > 0 && in->t - phases[*count - 1].from < 1)
            continue;
        if (*count > 0)
            phases[*count - 1].to = in->t;
        phases[(*count)++] = (struct phase){in->t, r->end + 1, in};
    }
    while (*count > 0 && phases[*count - 1].to > followed_until(r))
        (*count)--;
    return phases;
}

const char *phase_name(const struct recording *r, const struct phase *phase)
{
    const char *object = doc_text(phase->input->root, "object");

    return intern_printf(r->intern, "%.1f %s %s", phase->from,
                         phase->input->verb, object ? object : "");
}

bool is_churn(const struct recording *r)
{
    size_t faults = 0;

    for (size_t i = 0; i < r->inputs.count; i++)
        faults += strcmp(r->inputs.items[i].verb, "crash") == 0 ||
                  strcmp(r->inputs.items[i].verb, "fail_pod") == 0;
    return faults > 50 || doc_get(r->params, "crash_mean_s");
}
