/*
 * Jobs, as the API server defaults and validates them (Kubernetes v1.36,
 * pkg/apis/batch/v1/defaults.go, validation/validation.go).
 */
#include <stdlib.h>
#include <string.h>

#include "models/manifest_internal.h"
#include "models/select.h"
#include "models/version.h"
#include "sim/io/units.h"

enum { PARALLELISM_MAX = 100000 }; /* of an Indexed Job */

/* ---- podFailurePolicy ---- */

static bool codes_read(struct loader *l, struct doc_node *exit,
                       struct failure_rule *rule)
{
    static const char *const operators[] = {"In", "NotIn", NULL};
    struct doc_node *values, *child;
    int operator= 0, *codes;
    size_t n = 0;

    if (!value_choice(l, exit, "operator", operators, &operator) ||
        !value_sequence(l, exit, "values", &values))
        return false;
    if (!values || values->count == 0) {
        diag_error(l->diag, exit->place,
                   "'onExitCodes' needs at least one of 'values'");
        return false;
    }
    rule->not_in = operator== 1;
    codes = intern_alloc(l->intern, values->count * sizeof *codes);
    for (child = values->first; child; child = child->next) {
        int64_t value;

        if (child->kind != DOC_SCALAR || !units_int(child->text, &value) ||
            value < 0 || value > 255 || (value == 0 && !rule->not_in))
            return value_bad(l, child, "an exit code, 0 only with NotIn");
        codes[n++] = (int)value;
    }
    rule->code_count = n;
    rule->codes = codes;
    return true;
}

static bool conditions_read(struct loader *l, struct doc_node *conditions,
                            struct failure_rule *rule)
{
    struct doc_node *child;

    for (child = conditions->first; child; child = child->next) {
        const char *type = doc_text(child, "type");

        if (!type)
            return value_bad(l, child, "a condition with a 'type'");
        if (strcmp(type, "DisruptionTarget") == 0)
            rule->on_disruption = true;
    }
    return true;
}

static bool rule_read(struct loader *l, struct doc_node *node,
                      const struct job_spec *j, struct failure_rule *rule)
{
    static const char *const actions[] = {"Count", "Ignore", "FailJob",
                                          "FailIndex", NULL};
    struct doc_node *exit, *conditions;
    int action = -1;

    if (!value_choice(l, node, "action", actions, &action) ||
        !value_mapping(l, node, "onExitCodes", &exit) ||
        !value_sequence(l, node, "onPodConditions", &conditions))
        return false;
    if (action < 0) {
        diag_error(l->diag, node->place, "'action' is required");
        return false;
    }
    if (action == FAILURE_FAIL_INDEX && j->backoff_limit_per_index < 0) {
        diag_error(l->diag, doc_get(node, "action")->place,
                   "'FailIndex' needs 'backoffLimitPerIndex'");
        return false;
    }
    if (!exit == !conditions) {
        diag_error(l->diag, node->place,
                   "one of 'onExitCodes' and 'onPodConditions' is required");
        return false;
    }
    rule->action = (enum failure_action)action;
    return exit ? codes_read(l, exit, rule)
                : conditions_read(l, conditions, rule);
}

static bool policy_read(struct loader *l, struct doc_node *spec,
                        struct job_spec *j)
{
    struct doc_node *policy, *rules, *child;
    struct failure_rule *items;
    bool ok = true;

    if (!value_mapping(l, spec, "podFailurePolicy", &policy) ||
        !value_sequence(l, policy, "rules", &rules))
        return false;
    j->replace_failed_only = policy != NULL;
    if (!rules)
        return true;
    items = intern_alloc(l->intern, rules->count * sizeof *items);
    memset(items, 0, rules->count * sizeof *items);
    for (child = rules->first; child; child = child->next)
        ok &= rule_read(l, child, j, &items[j->rule_count++]);
    j->rules = items;
    if (ok && j->template.restart_policy != RESTART_NEVER) {
        diag_error(l->diag, policy->key_place,
                   "'podFailurePolicy' needs restartPolicy Never");
        return false;
    }
    return ok;
}

/* ---- successPolicy ---- */

/* "3" or "5-7", rising and apart, below `completions`. */
static bool range_read(const char **text, int completions, int least,
                       struct index_range *out)
{
    char *end;
    long first = strtol(*text, &end, 10), last = first;

    if (end == *text || **text < '0' || **text > '9')
        return false;
    if (*end == '-') {
        const char *second = end + 1;

        last = strtol(second, &end, 10);
        if (end == second || *second < '0' || *second > '9')
            return false;
    }
    if (first < least || last < first || last >= completions)
        return false;
    *out = (struct index_range){(int)first, (int)last};
    *text = end;
    return true;
}

static bool indexes_read(struct loader *l, struct doc_node *node,
                         const struct job_spec *j, struct success_rule *rule)
{
    const char *text = node->text;
    VEC_OF(struct index_range) ranges = {0};
    struct index_range range = {-1, -1};
    bool ok = true;

    for (;;) {
        ok = range_read(&text, j->completions, range.last + 1, &range);
        if (!ok)
            break;
        VEC_PUSH(ranges, range);
        if (*text != ',')
            break;
        text++;
    }
    rule->indexes_given = true;
    rule->range_count = ranges.count;
    rule->ranges =
        intern_copy(l->intern, ranges.items, ranges.count, sizeof range);
    VEC_FREE(ranges);
    return (ok && !*text) ||
           value_bad(l, node,
                     "rising indexes below 'completions', as in "
                     "\"0,2-4\"");
}

static bool success_rule_read(struct loader *l, struct doc_node *node,
                              const struct job_spec *j,
                              struct success_rule *rule)
{
    struct doc_node *indexes = doc_get(node, "succeededIndexes");

    rule->count = -1;
    if (!indexes && !doc_get(node, "succeededCount")) {
        diag_error(l->diag, node->place,
                   "one of 'succeededCount' and 'succeededIndexes' is "
                   "required");
        return false;
    }
    return value_int(l, node, "succeededCount", 1, j->completions,
                     &rule->count) &&
           (!indexes || indexes_read(l, indexes, j, rule));
}

static bool success_read(struct loader *l, struct doc_node *spec,
                         struct job_spec *j)
{
    struct doc_node *policy, *rules, *child;
    struct success_rule *items;
    bool ok = true;

    if (l->kubernetes_minor < VERSION_job_success_policy)
        return true; /* a field that the API server drops */
    if (!value_mapping(l, spec, "successPolicy", &policy) ||
        !value_sequence(l, policy, "rules", &rules))
        return false;
    if (!policy)
        return true;
    if (!rules || rules->count == 0 || !j->indexed) {
        diag_error(l->diag, policy->key_place,
                   j->indexed ? "'successPolicy' needs at least one of 'rules'"
                              : "'successPolicy' needs completionMode Indexed");
        return false;
    }
    items = intern_alloc(l->intern, rules->count * sizeof *items);
    memset(items, 0, rules->count * sizeof *items);
    for (child = rules->first; child; child = child->next)
        ok &= success_rule_read(l, child, j, &items[j->success_count++]);
    j->success = items;
    return ok;
}

/* ---- the spec ---- */

static bool counts_read(struct loader *l, struct doc_node *spec,
                        struct job_spec *j)
{
    bool ok = value_int(l, spec, "parallelism", 0, INT32_MAX, &j->parallelism);

    ok &= value_int(l, spec, "completions", 0, INT32_MAX, &j->completions);
    if (!doc_get(spec, "completions") && !doc_get(spec, "parallelism"))
        j->completions = 1;
    ok &= value_int(l, spec, "backoffLimitPerIndex", 0, INT32_MAX,
                    &j->backoff_limit_per_index);
    if (j->backoff_limit_per_index >= 0)
        j->backoff_limit = INT32_MAX;
    ok &= value_int(l, spec, "backoffLimit", 0, INT32_MAX, &j->backoff_limit);
    ok &= value_int(l, spec, "maxFailedIndexes", 0, INT32_MAX,
                    &j->max_failed_indexes);
    ok &=
        value_seconds(l, spec, "activeDeadlineSeconds", 0, &j->active_deadline);
    ok &= value_seconds(l, spec, "ttlSecondsAfterFinished", 0, &j->ttl);
    ok &= value_bool(l, spec, "suspend", &j->suspend);
    return ok;
}

static bool mode_read(struct loader *l, struct doc_node *spec,
                      struct job_spec *j)
{
    static const char *const modes[] = {"NonIndexed", "Indexed", NULL};
    int mode = 0;

    if (!value_choice(l, spec, "completionMode", modes, &mode))
        return false;
    j->indexed = mode == 1;
    if (j->indexed && j->completions < 0) {
        diag_error(l->diag, doc_get(spec, "completionMode")->place,
                   "completionMode Indexed needs 'completions'");
        return false;
    }
    if (j->indexed && j->parallelism > PARALLELISM_MAX)
        return value_bad(l, doc_get(spec, "parallelism"),
                         "at most 100000 when completionMode is Indexed");
    if (!j->indexed && j->backoff_limit_per_index >= 0) {
        diag_error(l->diag, doc_get(spec, "backoffLimitPerIndex")->place,
                   "'backoffLimitPerIndex' needs completionMode Indexed");
        return false;
    }
    return true;
}

static bool replacement_read(struct loader *l, struct doc_node *spec,
                             struct job_spec *j)
{
    static const char *const policies[] = {"TerminatingOrFailed", "Failed",
                                           NULL};
    int policy = j->replace_failed_only;

    if (!value_choice(l, spec, "podReplacementPolicy", policies, &policy))
        return false;
    if (j->rule_count > 0 && policy == 0)
        return value_bad(l, doc_get(spec, "podReplacementPolicy"),
                         "Failed, as there is a podFailurePolicy");
    j->replace_failed_only = policy == 1;
    return true;
}

/* Unlike other owners' pods a Job's end: RestartPolicy Always, which is the
 * default, is no good. */
static bool template_of(struct manifest_object *o, struct doc_node *spec,
                        struct job_spec *j)
{
    struct doc_node *template, *policy, *selector;

    if (!value_mapping(o->l, spec, "template", &template) ||
        !value_mapping(o->l, spec, "selector", &selector))
        return false;
    if (!template) {
        diag_error(o->l->diag, spec->place, "'template' is required");
        return false;
    }
    if (!template_read(o->l, template, &j->template))
        return false;
    policy = doc_path(template, "spec", "restartPolicy", NULL);
    if (j->template.restart_policy == RESTART_ALWAYS) {
        diag_error(o->l->diag,
                   policy ? policy->place : doc_get(template, "spec")->place,
                   "a Job's pods need 'restartPolicy'");
        diag_hint(o->l->diag, "expected OnFailure or Never");
        return false;
    }
    if (o->meta.labels.count == 0)
        j->meta.labels = j->template.labels;
    j->selector.nothing = true;
    if (!selector || o->dumped)
        return true;
    if (!selector_read(o->l, selector, &j->selector))
        return false;
    if (selector_matches(&j->selector, &j->template.labels))
        return true;
    diag_error(o->l->diag, selector->place,
               "'selector' does not match template 'labels'");
    return false;
}

/* status.conditions: a dumped Job that has ended does nothing any more. */
static bool has_ended(struct doc_node *root)
{
    struct doc_node *conditions = doc_path(root, "status", "conditions", NULL);
    struct doc_node *child;

    for (child = conditions ? conditions->first : NULL; child;
         child = child->next) {
        const char *type = doc_text(child, "type");
        const char *status = doc_text(child, "status");

        if (type && status && strcmp(status, "True") == 0 &&
            (strcmp(type, "Complete") == 0 || strcmp(type, "Failed") == 0))
            return true;
    }
    return false;
}

bool manifest_job(struct manifest_object *o)
{
    struct job_spec j = {.meta = o->meta,
                         .parallelism = 1,
                         .completions = -1,
                         .backoff_limit = 6,
                         .backoff_limit_per_index = -1,
                         .max_failed_indexes = -1,
                         .active_deadline = SIM_NEVER,
                         .ttl = SIM_NEVER};
    struct doc_node *spec = manifest_spec(o);
    bool ok;

    if (!spec)
        return false;
    if (has_ended(o->root)) {
        manifest_state(o->l)->finished_jobs++;
        return true;
    }
    ok = template_of(o, spec, &j);
    ok &= counts_read(o->l, spec, &j);
    ok = ok && mode_read(o->l, spec, &j) && policy_read(o->l, spec, &j) &&
         replacement_read(o->l, spec, &j) && success_read(o->l, spec, &j);
    if (!ok)
        return false;
    VEC_PUSH(o->into->jobs, intern_copy(o->l->intern, &j, 1, sizeof j));
    return true;
}
