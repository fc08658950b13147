/*
 * HorizontalPodAutoscalers that can do nothing: the API server takes them,
 * so they are warned of.
 */
#include <string.h>

#include "models/scenario_internal.h"

/* The pods' template of the target; NULL: there is none. */
static const struct pod_template *target_of(struct scenario_reader *r,
                                            const struct hpa_spec *h)
{
    const struct deployment_spec *d;
    const struct replicaset_spec *rs;
    const struct statefulset_spec *sts;

    if (strcmp(h->target_kind, "Deployment") == 0) {
        d = loader_deployment(&r->l, h->meta.space, h->target_name);
        return d ? &d->template : NULL;
    }
    if (strcmp(h->target_kind, "ReplicaSet") == 0) {
        rs = loader_replicaset(&r->l, h->meta.space, h->target_name);
        return rs ? &rs->template : NULL;
    }
    if (strcmp(h->target_kind, "StatefulSet") == 0) {
        sts = loader_statefulset(&r->l, h->meta.space, h->target_name);
        return sts ? &sts->template : NULL;
    }
    return NULL;
}

static const struct container *without_request(const struct pod_template *t)
{
    for (size_t i = 0; i < t->container_count; i++) {
        const struct container *c = &t->containers[i];

        if ((!c->init || c->sidecar) && !c->cpu_given)
            return c;
    }
    return NULL;
}

static void check_requests(struct scenario_reader *r, const struct hpa_spec *h,
                           const struct pod_template *t)
{
    const struct container *c = without_request(t);

    for (size_t i = 0; c && i < h->metric_count; i++) {
        if (h->metrics[i].kind != HPA_UTILIZATION || !h->metrics[i].simulated)
            continue;
        diag_warning(r->diag, h->meta.place,
                     "HorizontalPodAutoscaler '%s' never scales: container "
                     "'%s' of %s '%s' has no CPU request",
                     h->meta.name, c->name, h->target_kind, h->target_name);
        return;
    }
}

void scenario_check_hpa(struct scenario_reader *r, const struct hpa_spec *h)
{
    const struct pod_template *t = target_of(r, h);

    if (t) {
        check_requests(r, h, t);
        return;
    }
    diag_warning(r->diag, h->meta.place,
                 "HorizontalPodAutoscaler '%s' never scales: no %s '%s'",
                 h->meta.name, h->target_kind, h->target_name);
    if (strcmp(h->target_kind, "Deployment") == 0)
        diag_suggest(r->diag, h->target_name,
                     loader_names(&r->l, "deployment", h->meta.space));
}
