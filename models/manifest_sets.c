/*
 * StatefulSets and DaemonSets, as the API server defaults and validates them
 * (Kubernetes v1.36, pkg/apis/apps/v1/defaults.go, validation/validation.go).
 */
#include <string.h>

#include "models/manifest_internal.h"
#include "sim/io/units.h"

static bool percent_in_range(struct loader *l, struct doc_node *map,
                             const char *key, struct int_or_percent value)
{
    if (!value.percent || value.value <= 100)
        return true;
    return value_bad(l, doc_get(map, key), "no more than 100%");
}

/* ---- StatefulSet ---- */

static bool rolling_read(struct loader *l, struct doc_node *rolling,
                         struct statefulset_spec *s)
{
    if (!value_int(l, rolling, "partition", 0, INT32_MAX, &s->partition) ||
        !value_int_or_percent(l, rolling, "maxUnavailable",
                              &s->max_unavailable) ||
        !percent_in_range(l, rolling, "maxUnavailable", s->max_unavailable))
        return false;
    if (s->max_unavailable.value == 0)
        return value_bad(l, doc_get(rolling, "maxUnavailable"),
                         "more than 0 for a StatefulSet");
    if (doc_get(rolling, "maxUnavailable") &&
        (s->max_unavailable.percent || s->max_unavailable.value != 1))
        diag_warning(l->diag, doc_get(rolling, "maxUnavailable")->place,
                     "the feature MaxUnavailableStatefulSet is off by "
                     "default: one pod at a time");
    return true;
}

static bool strategy_read(struct loader *l, struct doc_node *spec,
                          struct statefulset_spec *s)
{
    static const char *const types[] = {"RollingUpdate", "OnDelete", NULL};
    struct doc_node *strategy, *rolling;
    int type = 0;

    if (!value_mapping(l, spec, "updateStrategy", &strategy) ||
        !value_choice(l, strategy, "type", types, &type) ||
        !value_mapping(l, strategy, "rollingUpdate", &rolling))
        return false;
    s->on_delete = type == 1;
    /* Only where the type is not given does the default fill this in. */
    s->rolling_given = rolling || !doc_get(strategy, "type");
    if (!rolling)
        return true;
    if (s->on_delete) {
        diag_error(l->diag, rolling->key_place,
                   "'rollingUpdate' is only allowed for updateStrategy "
                   "'RollingUpdate'");
        return false;
    }
    return rolling_read(l, rolling, s);
}

static bool start_read(struct loader *l, struct doc_node *spec,
                       struct statefulset_spec *s)
{
    struct doc_node *ordinals;

    if (!value_mapping(l, spec, "ordinals", &ordinals) ||
        !value_int(l, ordinals, "start", 0, INT32_MAX, &s->start))
        return false;
    /* StatefulSetStartOrdinal: beta, and on, since 1.27. */
    if (s->start > 0 && l->kubernetes_minor < 27) {
        diag_warning(l->diag, ordinals->place,
                     "'ordinals' needs Kubernetes 1.27: ignored");
        s->start = 0;
    }
    return true;
}

/* The API server takes a StatefulSet without one (only the schema, up to
 * 1.32, calls it required): its pods then have no names of their own. */
static bool service_name_read(struct manifest_object *o, struct doc_node *spec,
                              struct statefulset_spec *s)
{
    struct doc_node *node = doc_get(spec, "serviceName");

    s->service_name = "";
    if (!value_text(o->l, spec, "serviceName", &s->service_name))
        return false;
    if (*s->service_name) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
        size_t length = strlen(s->service_name);

        if (length > 63 || strspn(s->service_name, allowed) != length ||
            s->service_name[0] == '-' || s->service_name[length - 1] == '-')
            return value_bad(o->l, node,
                             "a DNS label: at most 63 lower case letters, "
                             "digits and '-'");
        return true;
    }
    if (!o->dumped)
        diag_warning(o->l->diag, node ? node->place : spec->place,
                     "StatefulSet '%s' has no 'serviceName': its pods have "
                     "no DNS names",
                     o->meta.name);
    return true;
}

bool manifest_statefulset(struct manifest_object *o)
{
    static const char *const policies[] = {"OrderedReady", "Parallel", NULL};
    struct statefulset_spec s = {.meta = o->meta,
                                 .replicas = 1,
                                 .max_unavailable = {false, 1},
                                 .revision_history_limit = 10};
    struct loader *l = o->l;
    struct doc_node *spec = manifest_spec(o);
    int policy = 0;
    bool ok;

    if (!spec)
        return false;
    ok = value_int(l, spec, "replicas", 0, INT32_MAX, &s.replicas);
    ok &= strategy_read(l, spec, &s);
    ok &= start_read(l, spec, &s);
    ok &= service_name_read(o, spec, &s);
    ok &= value_choice(l, spec, "podManagementPolicy", policies, &policy);
    ok &= value_seconds(l, spec, "minReadySeconds", 0, &s.min_ready);
    ok &= value_int(l, spec, "revisionHistoryLimit", 0, INT32_MAX,
                    &s.revision_history_limit);
    ok &= manifest_template(o, spec, &s.selector, &s.template);
    if (!ok)
        return false;
    s.parallel = policy == 1;
    VEC_PUSH(o->into->statefulsets, intern_copy(l->intern, &s, 1, sizeof s));
    return true;
}

/* ---- DaemonSet ---- */

/* maxSurge: DaemonSetUpdateSurge, beta, and on, since 1.22. */
static bool daemon_strategy_read(struct loader *l, struct doc_node *spec,
                                 struct daemonset_spec *d)
{
    static const char *const types[] = {"RollingUpdate", "OnDelete", NULL};
    struct doc_node *strategy, *rolling;
    int type = 0;

    if (!value_mapping(l, spec, "updateStrategy", &strategy) ||
        !value_choice(l, strategy, "type", types, &type) ||
        !value_mapping(l, strategy, "rollingUpdate", &rolling) ||
        !value_int_or_percent(l, rolling, "maxSurge", &d->max_surge) ||
        !value_int_or_percent(l, rolling, "maxUnavailable",
                              &d->max_unavailable) ||
        !percent_in_range(l, rolling, "maxSurge", d->max_surge) ||
        !percent_in_range(l, rolling, "maxUnavailable", d->max_unavailable))
        return false;
    d->on_delete = type == 1;
    if (d->on_delete || !rolling)
        return true;
    if (d->max_surge.value > 0 && d->max_unavailable.value > 0) {
        diag_error(l->diag, doc_get(rolling, "maxSurge")->place,
                   "'maxSurge' may not be set when 'maxUnavailable' is not 0");
        if (!doc_get(rolling, "maxUnavailable"))
            diag_hint(l->diag, "'maxUnavailable' is 1 unless it is given");
        return false;
    }
    if (d->max_surge.value == 0 && d->max_unavailable.value == 0) {
        diag_error(l->diag, doc_get(rolling, "maxUnavailable")->place,
                   "'maxUnavailable' cannot be 0 when 'maxSurge' is 0");
        return false;
    }
    return true;
}

bool manifest_daemonset(struct manifest_object *o)
{
    struct daemonset_spec d = {.meta = o->meta,
                               .max_unavailable = {false, 1},
                               .revision_history_limit = 10};
    struct loader *l = o->l;
    struct doc_node *spec = manifest_spec(o);
    bool ok;

    if (!spec)
        return false;
    ok = daemon_strategy_read(l, spec, &d);
    ok &= value_seconds(l, spec, "minReadySeconds", 0, &d.min_ready);
    ok &= value_int(l, spec, "revisionHistoryLimit", 0, INT32_MAX,
                    &d.revision_history_limit);
    ok &= manifest_template(o, spec, &d.selector, &d.template);
    if (!ok)
        return false;
    loader_daemon_tolerations(l, &d.template);
    VEC_PUSH(o->into->daemonsets, intern_copy(l->intern, &d, 1, sizeof d));
    return true;
}
