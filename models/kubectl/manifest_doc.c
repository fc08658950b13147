#include "models/kubectl/manifest_doc.h"

#include <string.h>

static const char *const kinds[] = {[OBJECT_DEPLOYMENT] = "Deployment",
                                    [OBJECT_REPLICASET] = "ReplicaSet",
                                    [OBJECT_STATEFULSET] = "StatefulSet",
                                    [OBJECT_DAEMONSET] = "DaemonSet",
                                    [OBJECT_JOB] = "Job",
                                    [OBJECT_POD] = "Pod",
                                    [OBJECT_SERVICE] = "Service",
                                    [OBJECT_NODE] = "Node",
                                    [OBJECT_HPA] = "HorizontalPodAutoscaler",
                                    [OBJECT_PDB] = "PodDisruptionBudget"};

static struct doc_node *find_in(struct doc_node *root, const char *kind,
                                const char *space, const char *name)
{
    struct doc_node *metadata = doc_get(root, "metadata");
    struct doc_node *items = doc_get(root, "items");
    const char *k = doc_text(root, "kind"), *n = doc_text(metadata, "name");
    const char *s = doc_text(metadata, "namespace");

    if (k && n && strcmp(k, kind) == 0 && strcmp(n, name) == 0 &&
        strcmp(s ? s : "default", space) == 0)
        return root;
    for (items = items ? items->first : NULL; items; items = items->next) {
        struct doc_node *found = find_in(items, kind, space, name);

        if (found)
            return found;
    }
    return NULL;
}

/* --- what a verb made --- */

/* Of `kubectl create deployment`. */
static const char *deployment_text(struct loader *l,
                                   const struct deployment_spec *d)
{
    const char *app = d->meta.name;
    const struct container *c = &d->template.containers[0];

    return intern_printf(
        l->intern,
        "{replicas: %d, selector: {matchLabels: {app: '%s'}}, template: "
        "{metadata: {labels: {app: '%s'}}, spec: {containers: [{name: '%s', "
        "image: '%s'%s}]}}}",
        d->replicas, app, app, c->name, c->image,
        c->port_count == 0
            ? ""
            : intern_printf(l->intern, ", ports: [{containerPort: %d}]",
                            c->ports[0].port));
}

/* Of `kubectl expose`: the labels of a selector, and one port. */
static const char *service_text(struct loader *l, const struct service_spec *s)
{
    static const char *const types[] = {"ClusterIP", "NodePort", "LoadBalancer",
                                        "ExternalName"};
    const struct service_port *port = &s->ports[0];
    const char *labels = "", *target = port->target_name;

    for (size_t i = 0; i < s->selector.count; i++)
        labels = intern_printf(l->intern, "%s%s'%s': '%s'", labels,
                               i > 0 ? ", " : "", s->selector.items[i].key,
                               s->selector.items[i].values[0]);
    if (!target)
        target = intern_printf(l->intern, "%d", port->target);
    return intern_printf(l->intern,
                         "{type: %s, %sselector: {%s}, ports: [{port: %d, "
                         "targetPort: %s, protocol: %s}]}",
                         types[s->type], s->headless ? "clusterIP: None, " : "",
                         labels, port->port, target, port->udp ? "UDP" : "TCP");
}

/* Of `kubectl autoscale`: one metric. */
static const char *hpa_text(struct loader *l, const struct hpa_spec *h)
{
    const struct hpa_metric *m = &h->metrics[0];

    return intern_printf(
        l->intern,
        "{scaleTargetRef: {apiVersion: apps/v1, kind: %s, name: '%s'}, "
        "minReplicas: %d, maxReplicas: %d, metrics: [{type: Resource, "
        "resource: {name: cpu, target: {type: %s, %s: %lld%s}}}]}",
        h->target_kind, h->target_name, h->min, h->max,
        m->kind == HPA_UTILIZATION ? "Utilization" : "AverageValue",
        m->kind == HPA_UTILIZATION ? "averageUtilization" : "averageValue",
        (long long)m->target, m->kind == HPA_UTILIZATION ? "" : "m");
}

static struct doc_node *make(struct loader *l, const char *version,
                             const char *kind, const struct meta *meta,
                             const char *spec, struct place place)
{
    struct doc_node *root = doc_new_mapping(l->docs, place);
    struct doc_set *docs = l->docs;
    bool ok = doc_set_path(docs, root, "apiVersion", version, place, l->diag) &&
              doc_set_path(docs, root, "kind", kind, place, l->diag) &&
              doc_set_path(docs, root, "metadata.name",
                           intern_printf(l->intern, "'%s'", meta->name), place,
                           l->diag) &&
              doc_set_path(docs, root, "metadata.namespace",
                           intern_printf(l->intern, "'%s'", meta->space), place,
                           l->diag) &&
              doc_set_path(docs, root, "spec", spec, place, l->diag);

    return ok ? root : NULL;
}

static struct doc_node *make_like(struct loader *l, enum object_kind kind,
                                  const char *space, const char *name,
                                  struct place place)
{
    const struct deployment_spec *d;
    const struct service_spec *s;
    const struct hpa_spec *h;

    if (kind == OBJECT_DEPLOYMENT && (d = loader_deployment(l, space, name)))
        return make(l, "apps/v1", kinds[kind], &d->meta, deployment_text(l, d),
                    place);
    if (kind == OBJECT_SERVICE && (s = loader_service(l, space, name)) &&
        s->port_count > 0)
        return make(l, "v1", kinds[kind], &s->meta, service_text(l, s), place);
    if (kind == OBJECT_HPA && (h = loader_hpa(l, space, name)))
        return make(l, "autoscaling/v2", kinds[kind], &h->meta, hpa_text(l, h),
                    place);
    return NULL;
}

struct doc_node *manifest_doc(struct loader *l, enum object_kind kind,
                              const char *space, const char *name,
                              struct place place)
{
    struct doc_node *found = NULL;

    for (size_t i = l->patched.count; i-- > 0 && !found;)
        found = find_in(l->patched.items[i], kinds[kind], space, name);
    for (size_t i = doc_count(l->docs); i-- > 0 && !found;)
        found = find_in(doc_root(l->docs, i), kinds[kind], space, name);
    return found ? found : make_like(l, kind, space, name, place);
}
