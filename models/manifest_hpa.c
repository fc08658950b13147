/*
 * HorizontalPodAutoscalers, autoscaling/v1 and /v2:
 * pkg/apis/autoscaling/validation, v1/defaults.go, v2/defaults.go.
 */
#include <stdlib.h>
#include <string.h>

#include "models/controllers/horizontalpodautoscaler_rules.h"
#include "models/manifest_internal.h"
#include "sim/io/units.h"

enum {
    DEFAULT_UTILIZATION = 80, /* DefaultCPUUtilization */
    WINDOW_MAX = 3600,        /* MaxStabilizationWindowSeconds */
    PERIOD_MAX = 1800,        /* MaxPeriodSeconds */
    TOLERANCE_MINOR = 35      /* HPAConfigurableTolerance is on (KEP-4951) */
};

/* A mapping that must be there. */
static bool required_map(struct loader *l, struct doc_node *map,
                         const char *key, struct doc_node **out)
{
    if (!value_mapping(l, map, key, out))
        return false;
    if (*out)
        return true;
    diag_error(l->diag, map->place, "'%s' has no '%s'", doc_name(map), key);
    return false;
}

static bool required_text(struct loader *l, struct doc_node *map,
                          const char *key, const char **out)
{
    if (!value_text(l, map, key, out))
        return false;
    if (*out && **out)
        return true;
    diag_error(l->diag, map->place, "'%s' has no '%s'", doc_name(map), key);
    return false;
}

/* --- metrics --- */

static bool quantity_read(struct loader *l, struct doc_node *map,
                          const char *key, int64_t *out)
{
    struct doc_node *node = doc_get(map, key);

    if (!node)
        return true;
    if (node->kind == DOC_SCALAR && units_quantity(node->text, 1000, out) &&
        *out > 0)
        return true;
    return value_bad(l, node, "a quantity above 0");
}

/* {target: {type, averageUtilization | averageValue}}, or v2beta1's
 * {targetAverageUtilization | targetAverageValue}. */
static bool target_read(struct loader *l, struct doc_node *source,
                        struct hpa_metric *m)
{
    struct doc_node *target = doc_get(source, "target");
    bool old = !target;
    int percent = 0;

    if (old)
        target = source;
    if (!value_int(l, target,
                   old ? "targetAverageUtilization" : "averageUtilization", 1,
                   INT32_MAX, &percent) ||
        !quantity_read(l, target, old ? "targetAverageValue" : "averageValue",
                       &m->target))
        return false;
    if ((percent > 0) == (m->target > 0)) {
        diag_error(l->diag, target->place,
                   "expected either 'averageUtilization' or 'averageValue' for "
                   "'target'");
        return false;
    }
    m->kind = percent > 0 ? HPA_UTILIZATION : HPA_AVERAGE_USAGE;
    if (percent > 0)
        m->target = percent;
    return true;
}

/* CPU is what requests use; nothing here yields other metrics. */
static bool resource_read(struct loader *l, struct doc_node *source,
                          bool container, struct hpa_metric *m)
{
    const char *name = NULL;

    if (!required_text(l, source, "name", &name) || !target_read(l, source, m))
        return false;
    if (container && !required_text(l, source, "container", &m->container))
        return false;
    m->simulated = strcmp(name, "cpu") == 0;
    if (!m->simulated)
        manifest_ignore(l, intern_printf(l->intern,
                                         "HorizontalPodAutoscaler metric '%s'",
                                         name));
    return true;
}

static bool metric_read(struct loader *l, struct doc_node *node,
                        struct hpa_metric *m)
{
    static const char *const types[] = {"Resource", "ContainerResource", "Pods",
                                        "Object",   "External",          NULL};
    static const char *const keys[] = {"resource", "containerResource", "pods",
                                       "object", "external"};
    struct doc_node *source;
    int type = -1;

    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "a metric");
    if (!value_choice(l, node, "type", types, &type))
        return false;
    if (type < 0) {
        diag_error(l->diag, node->place, "a metric has no 'type'");
        return false;
    }
    if (!required_map(l, node, keys[type], &source))
        return false;
    if (type < 2)
        return resource_read(l, source, type == 1, m);
    doc_use_all(source);
    manifest_ignore(l, intern_printf(l->intern,
                                     "HorizontalPodAutoscaler %s "
                                     "metric",
                                     types[type]));
    return true;
}

static bool metrics_read(struct loader *l, struct doc_node *spec,
                         struct hpa_spec *h)
{
    struct hpa_metric cpu = {.kind = HPA_UTILIZATION,
                             .target = DEFAULT_UTILIZATION,
                             .simulated = true};
    struct doc_node *list, *child;
    VEC_OF(struct hpa_metric) metrics = {0};
    int percent = 0;
    bool ok;

    ok = value_sequence(l, spec, "metrics", &list) &&
         value_int(l, spec, "targetCPUUtilizationPercentage", 1, INT32_MAX,
                   &percent);
    for (child = list ? list->first : NULL; child; child = child->next) {
        struct hpa_metric one = {0};

        ok &= metric_read(l, child, &one);
        VEC_PUSH(metrics, one);
    }
    if (percent > 0)
        cpu.target = percent;
    if (metrics.count == 0)
        VEC_PUSH(metrics, cpu);
    h->metric_count = metrics.count;
    h->metrics = intern_copy(l->intern, metrics.items, metrics.count,
                             sizeof *metrics.items);
    VEC_FREE(metrics);
    return ok;
}

/* --- behavior --- */

static bool policy_read(struct loader *l, struct doc_node *node,
                        struct hpa_policy *p)
{
    static const char *const types[] = {"Pods", "Percent", NULL};
    int type = -1;

    if (node->kind != DOC_MAPPING)
        return value_bad(l, node, "{type, value, periodSeconds}");
    if (!value_choice(l, node, "type", types, &type) ||
        !value_int(l, node, "value", 1, INT32_MAX, &p->value) ||
        !value_seconds(l, node, "periodSeconds", 1, &p->period))
        return false;
    if (p->period > PERIOD_MAX * SIM_S)
        return value_bad(l, doc_get(node, "periodSeconds"),
                         "seconds from 1 to 1800");
    p->percent = type == 1;
    if (type >= 0 && p->value > 0 && p->period > 0)
        return true;
    diag_error(l->diag, node->place,
               "a policy needs 'type', 'value' and 'periodSeconds'");
    return false;
}

static bool policies_read(struct loader *l, struct doc_node *map,
                          struct hpa_rules *r)
{
    struct doc_node *list, *child;
    VEC_OF(struct hpa_policy) policies = {0};
    bool ok = true;

    if (!value_sequence(l, map, "policies", &list))
        return false;
    if (!list)
        return true;
    if (list->count == 0)
        return value_bad(l, list, "at least one policy");
    for (child = list->first; child; child = child->next) {
        struct hpa_policy one = {0};

        ok &= policy_read(l, child, &one);
        VEC_PUSH(policies, one);
    }
    r->policy_count = policies.count;
    r->policies = intern_copy(l->intern, policies.items, policies.count,
                              sizeof *policies.items);
    VEC_FREE(policies);
    return ok;
}

static bool tolerance_read(struct loader *l, struct doc_node *map, double *out)
{
    struct doc_node *node = doc_get(map, "tolerance");
    int64_t milli;

    if (!node)
        return true;
    if (node->kind != DOC_SCALAR || !units_quantity(node->text, 1000, &milli) ||
        milli < 0)
        return value_bad(l, node, "a ratio of 0 or more");
    if (l->kubernetes_minor >= TOLERANCE_MINOR)
        *out = (double)milli / 1000;
    return true;
}

static bool rules_read(struct loader *l, struct doc_node *behavior,
                       const char *key, struct hpa_rules *r)
{
    static const char *const words[] = {"Max", "Min", "Disabled", NULL};
    struct doc_node *map;
    int select = 0;
    bool ok;

    if (!value_mapping(l, behavior, key, &map))
        return false;
    if (!map)
        return true;
    ok = value_choice(l, map, "selectPolicy", words, &select);
    ok &= value_seconds(l, map, "stabilizationWindowSeconds", 0, &r->window);
    ok &= policies_read(l, map, r);
    ok &= tolerance_read(l, map, &r->tolerance);
    r->select = (enum hpa_select)select;
    if (ok && r->window != SIM_NEVER && r->window > WINDOW_MAX * SIM_S)
        return value_bad(l, doc_get(map, "stabilizationWindowSeconds"),
                         "seconds from 0 to 3600");
    return ok;
}

static bool behavior_read(struct loader *l, struct doc_node *spec,
                          struct hpa_behavior *b)
{
    struct doc_node *behavior;
    bool ok;

    hpa_default_behavior(b);
    if (!value_mapping(l, spec, "behavior", &behavior))
        return false;
    b->given = behavior != NULL;
    if (!behavior)
        return true;
    /* Both, so that all errors are told. */
    ok = rules_read(l, behavior, "scaleUp", &b->up);
    return rules_read(l, behavior, "scaleDown", &b->down) && ok;
}

/* --- the object --- */

static bool replicas_read(struct loader *l, struct doc_node *spec,
                          struct hpa_spec *h)
{
    struct doc_node *max = doc_get(spec, "maxReplicas");

    if (!max) {
        diag_error(l->diag, spec->place, "'spec' has no 'maxReplicas'");
        return false;
    }
    if (!value_int(l, spec, "minReplicas", 1, INT32_MAX, &h->min) ||
        !value_int(l, spec, "maxReplicas", 1, INT32_MAX, &h->max))
        return false;
    if (h->max >= h->min)
        return true;
    diag_error(l->diag, max->place,
               "'maxReplicas' (%d) must be at least 'minReplicas' (%d)", h->max,
               h->min);
    return false;
}

bool manifest_hpa(struct manifest_object *o)
{
    struct hpa_spec h = {.meta = o->meta, .min = 1};
    struct loader *l = o->l;
    struct doc_node *spec, *target;
    bool ok;

    if (!required_map(l, o->root, "spec", &spec))
        return false;
    ok = replicas_read(l, spec, &h);
    ok &= required_map(l, spec, "scaleTargetRef", &target);
    if (target) {
        ok &= required_text(l, target, "kind", &h.target_kind);
        ok &= required_text(l, target, "name", &h.target_name);
    }
    ok &= metrics_read(l, spec, &h);
    ok &= behavior_read(l, spec, &h.behavior);
    if (ok)
        VEC_PUSH(o->into->hpas, intern_copy(l->intern, &h, 1, sizeof h));
    return ok;
}
