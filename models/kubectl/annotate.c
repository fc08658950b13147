/* kubectl annotate TYPE NAME... KEY=VALUE (KEY- takes away) [--overwrite]
 * (kubectl pkg/cmd/annotate). Two annotations count: a pod's deletion cost,
 * and a Service's topology mode. */
#include <limits.h>
#include <string.h>

#include "models/kubectl/changes.h"
#include "sim/io/units.h"

static const char deletion_cost[] =
    "controller.kubernetes.io/pod-deletion-cost";
static const char topology_mode[] = "service.kubernetes.io/topology-mode";

struct command {
    struct kubectl_changes changes;
    const struct kubectl_pair *cost, *mode; /* NULL: not named */
    int64_t cost_value;
};

struct doing {
    struct simulation *s;
    const struct command *command;
    incident_id origin;
};

static const struct kubectl_pair *find(const struct kubectl_pair *pairs,
                                       size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].key, key) == 0)
            return &pairs[i];
    }
    return NULL;
}

/* pkg/apis/core/helper GetDeletionCostFromPodAnnotations: an int32. */
static bool read_cost(struct command *c, const struct kubectl_words *words,
                      struct diag *diag)
{
    if (!c->cost || !c->cost->value)
        return true;
    if (units_int(c->cost->value, &c->cost_value) &&
        c->cost_value >= INT32_MIN && c->cost_value <= INT32_MAX)
        return true;
    diag_error(diag, words->place, "bad value '%.60s' for '%s'", c->cost->value,
               deletion_cost);
    diag_hint(diag, "expected a whole number of 32 bits");
    return false;
}

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    const struct kubectl_pair *pairs;

    if (!changes_parse(loader, words, ~0U, "annotation", "KEY=VALUE",
                       &c->changes, diag))
        return NULL;
    pairs = changes_pairs(loader, words, &c->changes, false, diag);
    if (!pairs)
        return NULL;
    c->cost_value = 0;
    c->cost = c->changes.objects.kind == OBJECT_POD
                  ? find(pairs, c->changes.count, deletion_cost)
                  : NULL;
    c->mode = c->changes.objects.kind == OBJECT_SERVICE
                  ? find(pairs, c->changes.count, topology_mode)
                  : NULL;
    return read_cost(c, words, diag) ? c : NULL;
}

static void set_cost(const struct doing *d, pod_id id)
{
    struct world *w = d->s->world;
    const struct pod_template *template = world_pod(w, id)->template;

    if (template->deletion_cost != 0 && d->command->cost->value &&
        !d->command->changes.overwrite) {
        world_event(w, true, "AnnotationRefused", world_pod(w, id)->name,
                    "'%s' already has a value (%lld), and --overwrite is "
                    "false",
                    deletion_cost, (long long)template->deletion_cost);
        return;
    }
    world_pod_set_deletion_cost(w, id, (int32_t)d->command->cost_value);
}

static void set_mode(const struct doing *d, service_id id)
{
    struct world *w = d->s->world;
    const char *mode = d->command->mode->value;
    struct service_spec *spec = world_alloc(w, sizeof *spec);

    *spec = *world_service(w, id)->spec;
    spec->topology_auto =
        mode && (strcmp(mode, "Auto") == 0 || strcmp(mode, "auto") == 0);
    world_service_update(w, id, spec, d->origin);
}

static void annotate(void *self, uint32_t id)
{
    const struct doing *d = self;

    if (d->command->cost)
        set_cost(d, id);
    if (d->command->mode)
        set_mode(d, id);
}

static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;
    struct doing doing = {s, c, origin};

    objects_each(s->world, &c->changes.objects, annotate, &doing);
}

const struct kubectl_verb kubectl_annotate = {
    .name = "annotate",
    .summary = "TYPE NAME KEY=VALUE (KEY- takes away) [--overwrite]",
    .parse = parse,
    .run = run,
};
