/*
 * Pod templates, and what holds them: Deployments, ReplicaSets, Pods.
 */
#include <string.h>

#include "models/manifest_internal.h"
#include "models/select.h"
#include "sim/io/units.h"

/* FNV-1a over a tree, whatever the order of keys. */
static uint64_t fingerprint(const struct doc_node *node)
{
    uint64_t hash = UINT64_C(14695981039346656037), sum = 0, one;
    const struct doc_node *child;
    const char *text;

    for (text = node->text; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    for (child = node->first; child; child = child->next) {
        one = fingerprint(child) + UINT64_C(0x9e3779b97f4a7c15);
        for (text = child->key ? child->key : ""; *text; text++)
            one = (one ^ (unsigned char)*text) * UINT64_C(1099511628211);
        if (node->kind == DOC_MAPPING)
            sum += one * UINT64_C(0xbf58476d1ce4e5b9);
        else
            sum = (sum ^ one) * UINT64_C(0xbf58476d1ce4e5b9);
    }
    return hash ^ sum;
}

static bool metadata_read(struct loader *l, struct doc_node *pod,
                          struct pod_template *out)
{
    struct doc_node *metadata, *cost;
    int64_t value;

    if (!value_mapping(l, pod, "metadata", &metadata) ||
        !value_labels(l, doc_get(metadata, "labels"), &out->labels))
        return false;
    cost = doc_get(doc_get(metadata, "annotations"),
                   "controller.kubernetes.io/pod-deletion-cost");
    if (!cost)
        return true;
    if (cost->kind != DOC_SCALAR || !units_int(cost->text, &value) ||
        value < INT32_MIN || value > INT32_MAX)
        return value_bad(l, cost, "an integer");
    out->deletion_cost = value;
    return true;
}

static bool priority_read(struct loader *l, struct doc_node *spec,
                          struct pod_template *out)
{
    struct doc_node *class = doc_get(spec, "priorityClassName");
    const char *name =
        class && class->kind == DOC_SCALAR && *class->text ? class->text : NULL;
    struct manifest_priority found;
    bool known = manifest_priority_of(l, name, &found);
    int given = 0;

    out->never_preempts = found.never_preempts;
    if (!preemption_policy_read(l, spec, &out->never_preempts))
        return false;
    out->priority = found.value;
    if (doc_get(spec, "priority")) {
        if (!value_int(l, spec, "priority", INT32_MIN, INT32_MAX, &given))
            return false;
        out->priority = given;
    } else if (!known) {
        diag_warning(l->diag, class->place,
                     "no PriorityClass '%.200s': priority taken as 0", name);
    }
    return true;
}

bool template_read(struct loader *l, struct doc_node *pod,
                   struct pod_template *out)
{
    static const char *const policies[] = {"Always", "OnFailure", "Never",
                                           NULL};
    struct doc_node *spec, *gates;
    int policy = 0;
    bool ok;

    memset(out, 0, sizeof *out);
    out->grace_period = 30 * SIM_S; /* pkg/apis/core/v1/defaults.go */
    if (!value_mapping(l, pod, "spec", &spec))
        return false;
    if (!spec) {
        diag_error(l->diag, pod->place, "a pod needs a 'spec'");
        return false;
    }
    ok = metadata_read(l, pod, out);
    ok &= containers_read(l, spec, out);
    ok &= scheduling_read(l, spec, out);
    ok &= priority_read(l, spec, out);
    ok &= value_choice(l, spec, "restartPolicy", policies, &policy);
    ok &= value_seconds(l, spec, "terminationGracePeriodSeconds", 0,
                        &out->grace_period);
    ok &= value_bool(l, spec, "hostNetwork", &out->host_network);
    ok = ok && host_ports_finish(l, spec, out);
    ok &= value_resources(l, doc_get(spec, "overhead"), &out->overhead);
    ok &= value_sequence(l, spec, "readinessGates", &gates);
    out->restart_policy = (enum restart_policy)policy;
    out->readiness_gate_count = ok && gates ? gates->count : 0;
    out->written = fingerprint(pod);
    if (ok)
        loader_finish_template(l, out);
    return ok;
}

/* ---- owners ---- */

/* Old APIs (extensions/v1beta1, apps/v1beta1) made the selector from the
 * template's labels where there was none. */
bool manifest_template(struct manifest_object *o, struct doc_node *spec,
                       struct selector *selector, struct pod_template *t)
{
    struct loader *l = o->l;
    struct doc_node *template, *given;

    if (!value_mapping(l, spec, "template", &template) ||
        !value_mapping(l, spec, "selector", &given))
        return false;
    if (!template) {
        diag_error(l->diag, spec->place, "'template' is required");
        return false;
    }
    if (!template_read(l, template, t))
        return false;
    if (t->restart_policy != RESTART_ALWAYS)
        return value_bad(l, doc_path(template, "spec", "restartPolicy", NULL),
                         "Always");
    if (!given && strstr(o->api, "v1beta1")) {
        *selector = selector_of_labels(l, &t->labels);
    } else if (!given) {
        diag_error(l->diag, spec->place, "'selector' is required");
        return false;
    } else if (!selector_read(l, given, selector)) {
        return false;
    }
    if (selector->count == 0) {
        diag_error(l->diag, given ? given->place : spec->place,
                   "an empty selector is invalid");
        return false;
    }
    if (selector_matches(selector, &t->labels))
        return true;
    if (o->dumped) {
        diag_warning(l->diag, given ? given->place : spec->place,
                     "'selector' does not match template 'labels': taken as "
                     "those");
        *selector = selector_of_labels(l, &t->labels);
        return true;
    }
    diag_error(l->diag, given ? given->place : spec->place,
               "'selector' does not match template 'labels'");
    return false;
}

/* extensions/v1beta1 had other defaults: one pod, no deadline. */
static void strategy_defaults(const char *api, struct deployment_spec *d)
{
    d->max_surge.percent = d->max_unavailable.percent = true;
    d->max_surge.value = d->max_unavailable.value = 25;
    d->progress_deadline = 600 * SIM_S;
    d->revision_history_limit = 10;
    if (strcmp(api, "extensions/v1beta1") == 0) {
        d->max_surge.percent = d->max_unavailable.percent = false;
        d->max_surge.value = d->max_unavailable.value = 1;
        d->progress_deadline = SIM_NEVER;
        d->revision_history_limit = INT32_MAX;
    }
}

/* ValidateRollingUpdateDeployment. */
static bool strategy_read(struct loader *l, struct doc_node *spec,
                          struct deployment_spec *d)
{
    static const char *const types[] = {"RollingUpdate", "Recreate", NULL};
    struct doc_node *strategy, *rolling;
    int type = 0;

    if (!value_mapping(l, spec, "strategy", &strategy) ||
        !value_choice(l, strategy, "type", types, &type) ||
        !value_mapping(l, strategy, "rollingUpdate", &rolling))
        return false;
    d->recreate = type == 1;
    if (d->recreate && rolling) {
        diag_error(l->diag, rolling->key_place,
                   "'rollingUpdate' may not be given with type Recreate");
        return false;
    }
    if (!value_int_or_percent(l, rolling, "maxSurge", &d->max_surge) ||
        !value_int_or_percent(l, rolling, "maxUnavailable",
                              &d->max_unavailable))
        return false;
    if (d->max_unavailable.percent && d->max_unavailable.value > 100)
        return value_bad(l, doc_get(rolling, "maxUnavailable"),
                         "no more than 100%");
    if (rolling && d->max_surge.value == 0 && d->max_unavailable.value == 0) {
        diag_error(l->diag, rolling->place,
                   "'maxUnavailable' may not be 0 when 'maxSurge' is 0");
        return false;
    }
    return true;
}

struct doc_node *manifest_spec(struct manifest_object *o)
{
    struct doc_node *spec;

    if (!value_mapping(o->l, o->root, "spec", &spec))
        return NULL;
    if (!spec)
        diag_error(o->l->diag, o->meta.place, "%s '%s' has no 'spec'", o->kind,
                   o->meta.name);
    return spec;
}

bool manifest_deployment(struct manifest_object *o)
{
    struct deployment_spec d = {.meta = o->meta, .replicas = 1};
    struct loader *l = o->l;
    struct doc_node *spec = manifest_spec(o);
    bool ok;

    if (!spec)
        return false;
    strategy_defaults(o->api, &d);
    ok = value_int(l, spec, "replicas", 0, INT32_MAX, &d.replicas);
    ok &= strategy_read(l, spec, &d);
    ok &= value_seconds(l, spec, "minReadySeconds", 0, &d.min_ready);
    ok &= value_seconds(l, spec, "progressDeadlineSeconds", 0,
                        &d.progress_deadline);
    ok &= value_int(l, spec, "revisionHistoryLimit", 0, INT32_MAX,
                    &d.revision_history_limit);
    ok &= value_bool(l, spec, "paused", &d.paused);
    ok &= manifest_template(o, spec, &d.selector, &d.template);
    if (!ok)
        return false;
    if (d.progress_deadline >= INT32_MAX * SIM_S)
        d.progress_deadline = SIM_NEVER;
    if (d.progress_deadline <= d.min_ready) {
        struct doc_node *node = doc_get(spec, "minReadySeconds");

        node = node ? node : doc_get(spec, "progressDeadlineSeconds");
        diag_error(l->diag, node->place,
                   "'progressDeadlineSeconds' (%lld) must be greater than "
                   "'minReadySeconds'",
                   (long long)(d.progress_deadline / SIM_S));
        return false;
    }
    VEC_PUSH(o->into->deployments, intern_copy(l->intern, &d, 1, sizeof d));
    return true;
}

bool manifest_replicaset(struct manifest_object *o)
{
    struct replicaset_spec r = {.meta = o->meta, .replicas = 1}, *kept;
    struct manifest_owner owner = {0};
    struct doc_node *spec = manifest_spec(o);
    const char *kind;
    bool ok;

    if (!spec)
        return false;
    ok = value_int(o->l, spec, "replicas", 0, INT32_MAX, &r.replicas);
    ok &= value_seconds(o->l, spec, "minReadySeconds", 0, &r.min_ready);
    ok &= manifest_template(o, spec, &r.selector, &r.template);
    if (!ok)
        return false;
    kept = intern_copy(o->l->intern, &r, 1, sizeof r);
    VEC_PUSH(o->into->replicasets, kept);
    manifest_owner_of(o, &kind, &owner.deployment);
    if (kind && strcmp(kind, "Deployment") == 0) {
        owner.replicaset = kept;
        VEC_PUSH(manifest_state(o->l)->owners, owner);
    }
    return true;
}

/* status.conditions has Ready=True. */
static bool is_ready(struct doc_node *status)
{
    struct doc_node *conditions = doc_get(status, "conditions"), *child;

    for (child = conditions ? conditions->first : NULL; child;
         child = child->next) {
        const char *type = doc_text(child, "type");
        const char *value = doc_text(child, "status");

        if (type && value && strcmp(type, "Ready") == 0)
            return strcmp(value, "True") == 0;
    }
    return false;
}

bool manifest_pod(struct manifest_object *o)
{
    struct pod_object p = {.meta = o->meta};
    struct doc_node *status = doc_get(o->root, "status");
    const char *phase = doc_text(status, "phase");

    if ((phase &&
         (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0)) ||
        doc_path(o->root, "metadata", "deletionTimestamp", NULL)) {
        manifest_state(o->l)->finished++;
        return true;
    }
    if (!template_read(o->l, o->root, &p.template))
        return false;
    manifest_owner_of(o, &p.owner_kind, &p.owner_name);
    p.phase = intern(o->l->intern, phase);
    p.ready = is_ready(status);
    VEC_PUSH(o->into->pods, intern_copy(o->l->intern, &p, 1, sizeof p));
    return true;
}
