/* kubectl autoscale deployment web --min=2 --max=10 --cpu-percent=80 (since
 * 1.34 also --cpu=80%): makes a HorizontalPodAutoscaler of that name.
 * Kubernetes v1.36, staging/src/k8s.io/kubectl/pkg/cmd/autoscale. */
#include <string.h>

#include "models/controllers/horizontalpodautoscaler_rules.h"
#include "models/kubectl/words.h"
#include "sim/io/units.h"

enum { DEFAULT_UTILIZATION = 80 };

struct command {
    struct hpa_spec *specs; /* one for each object */
    size_t count;
};

/* --cpu-percent=80, --cpu=80%, --cpu=500m. */
static bool read_cpu(const struct kubectl_words *words, struct hpa_metric *m,
                     struct diag *diag)
{
    const char *text = words_flag(words, "cpu");
    int64_t percent = DEFAULT_UTILIZATION;
    size_t n = text ? strlen(text) : 0;
    double ratio;

    m->simulated = true;
    m->kind = HPA_UTILIZATION;
    if (!text) {
        if (!words_int(words, "cpu-percent", false, 1, &percent, diag))
            return false;
        m->target = percent;
        return true;
    }
    if (n > 1 && text[n - 1] == '%' && units_ratio(text, &ratio) && ratio > 0) {
        m->target = (int64_t)(ratio * 100 + 0.5);
        return true;
    }
    m->kind = HPA_AVERAGE_USAGE;
    if (units_quantity(text, 1000, &m->target) && m->target > 0)
        return true;
    diag_error(diag, words->place,
               "bad value '%s' for --cpu: expected 80%% or 500m", text);
    return false;
}

static bool read_bounds(const struct kubectl_words *words, int *min, int *max,
                        struct diag *diag)
{
    int64_t low = 1, high = 0;

    if (!words_int(words, "min", false, 1, &low, diag) ||
        !words_int(words, "max", true, 1, &high, diag))
        return false;
    *min = (int)low;
    *max = (int)high;
    if (high >= low)
        return true;
    diag_error(diag, words->place,
               "--max=MAXPODS must be larger or equal to --min=MINPODS, "
               "max: %d, min: %d",
               *max, *min);
    return false;
}

static void fill(struct loader *l, const struct kubectl_words *words,
                 const struct kubectl_objects *objects, size_t i,
                 struct hpa_spec *h)
{
    const char *name = words_flag(words, "name");

    h->meta.name = objects->names[i];
    if (name && name[0])
        h->meta.name = intern(l->intern, name);
    h->meta.space = objects->space;
    h->meta.place = words->place;
    h->target_kind =
        objects->kind == OBJECT_DEPLOYMENT ? "Deployment" : "ReplicaSet";
    h->target_name = objects->names[i];
    hpa_default_behavior(&h->behavior);
}

static const void *parse(struct loader *loader,
                         const struct kubectl_words *words, struct diag *diag)
{
    static const char *const flags[] = {"min", "max",  "cpu-percent",
                                        "cpu", "name", NULL};
    struct command *c = intern_alloc(loader->intern, sizeof *c);
    struct hpa_metric metric = {0};
    struct kubectl_objects objects = {0};
    int min = 1, max = 1;
    bool ok = words_check_flags(words, flags, diag);

    ok = read_bounds(words, &min, &max, diag) && ok;
    ok = read_cpu(words, &metric, diag) && ok;
    ok = words_objects(loader, words, 1, -1,
                       1U << OBJECT_DEPLOYMENT | 1U << OBJECT_REPLICASET,
                       &objects, diag) &&
         ok;
    if (!ok)
        return NULL;
    c->count = objects.count;
    c->specs = intern_alloc(loader->intern, c->count * sizeof *c->specs);
    for (size_t i = 0; i < c->count; i++) {
        struct hpa_spec h = {.min = min, .max = max, .metric_count = 1};

        h.metrics = intern_copy(loader->intern, &metric, 1, sizeof metric);
        fill(loader, words, &objects, i, &h);
        c->specs[i] = h;
        VEC_PUSH(loader->later.hpas, &c->specs[i]);
    }
    return c;
}

/* What has such a HorizontalPodAutoscaler keeps it, as kubectl says. */
static void run(struct simulation *s, const void *command, incident_id origin)
{
    const struct command *c = command;

    (void)origin;
    for (size_t i = 0; i < c->count; i++) {
        const struct hpa_spec *h = &c->specs[i];

        if (world_find(s->world, CHANGE_HPA, h->meta.space, h->meta.name) ==
            NO_ID)
            world_hpa_create(s->world, h);
        else
            world_event(s->world, true, "AlreadyExists", h->meta.name,
                        "horizontalpodautoscalers.autoscaling \"%s\" already "
                        "exists",
                        h->meta.name);
    }
}

const struct kubectl_verb kubectl_autoscale = {
    .name = "autoscale",
    .summary = "deployment/NAME --min=N --max=M --cpu-percent=P",
    .parse = parse,
    .run = run,
};
