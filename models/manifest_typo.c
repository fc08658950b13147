/*
 * Keys that are nearly a field's name. kubectl refuses such objects (its
 * strict validation), and here the field's default would stand in silence;
 * what is far from every name is a field that no model reads.
 */
#include <string.h>

#include "models/manifest_internal.h"

/* Of those read, the names that a slip of the finger does not turn into
 * another field of Kubernetes. */
static const char *const fields[] = {"affinity",
                                     "backoffLimit",
                                     "behavior",
                                     "clusterIP",
                                     "completions",
                                     "containerPort",
                                     "containers",
                                     "externalTrafficPolicy",
                                     "failureThreshold",
                                     "initContainers",
                                     "initialDelaySeconds",
                                     "internalTrafficPolicy",
                                     "labelSelector",
                                     "lifecycle",
                                     "limits",
                                     "livenessProbe",
                                     "matchExpressions",
                                     "matchLabels",
                                     "maxReplicas",
                                     "maxSurge",
                                     "maxUnavailable",
                                     "metrics",
                                     "minAvailable",
                                     "minReadySeconds",
                                     "minReplicas",
                                     "nodeSelector",
                                     "parallelism",
                                     "periodSeconds",
                                     "podAntiAffinity",
                                     "podManagementPolicy",
                                     "preStop",
                                     "priorityClassName",
                                     "progressDeadlineSeconds",
                                     "publishNotReadyAddresses",
                                     "readinessProbe",
                                     "replicas",
                                     "requests",
                                     "resources",
                                     "revisionHistoryLimit",
                                     "rollingUpdate",
                                     "scaleTargetRef",
                                     "selector",
                                     "serviceName",
                                     "sessionAffinity",
                                     "startupProbe",
                                     "strategy",
                                     "targetPort",
                                     "template",
                                     "terminationGracePeriodSeconds",
                                     "timeoutSeconds",
                                     "tolerations",
                                     "topologyKey",
                                     "topologySpreadConstraints",
                                     "trafficDistribution",
                                     "unhealthyPodEvictionPolicy",
                                     "updateStrategy",
                                     "whenUnsatisfiable",
                                     NULL};

/* A singular for a plural is another field, as clusterIPs is. */
static bool is_plural(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    size_t less = n < m ? n : m;

    return n != m && strncmp(a, b, less) == 0 &&
           (n < m ? b[less] : a[less]) == 's';
}

/* The field that the key is meant to be; NULL: none. */
static const char *meant(struct doc_node *map, const char *key)
{
    const char *near = diag_nearest(key, fields);
    size_t n = strlen(key), m = near ? strlen(near) : 0;

    if (!near || near[0] != key[0] || n > m + 1 || m > n + 1 ||
        is_plural(key, near) || doc_get(map, near))
        return NULL;
    return near;
}

void manifest_warn_of_typos(struct loader *l, struct doc_node *node)
{
    for (struct doc_node *child = node ? node->first : NULL; child;
         child = child->next) {
        const char *near =
            child->key && !child->used ? meant(node, child->key) : NULL;

        if (near) {
            diag_warning(l->diag, child->key_place,
                         "unknown field '%.60s': ignored", child->key);
            diag_hint(l->diag, "did you mean '%s'?", near);
        } else if (!child->key || child->used) {
            manifest_warn_of_typos(l, child);
        }
    }
}
