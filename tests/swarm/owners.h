/*
 * owners - StatefulSets, DaemonSets, Jobs, autoscalers and disruption budgets
 * of a random scenario, and what is done to them. Pods carry the label app of
 * their owner's name, so that Services and budgets may choose them.
 */
#ifndef TESTS_SWARM_OWNERS_H
#define TESTS_SWARM_OWNERS_H

#include "tests/swarm/draw.h"

static void draw_owners(struct plan *p)
{
    p->sets = chance(p, 40) ? between(p, 1, 2) : 0;
    p->daemons = chance(p, 30) ? 1 : 0;
    p->jobs = chance(p, 30) ? between(p, 1, 2) : 0;
    for (int i = 0; i < p->deployments; i++)
        p->scaled[i] = chance(p, 15);
}

/* --- how their pods behave --- */

static void put_owner_workloads(struct plan *p)
{
    if (p->jobs > 0)
        put(p, "  - {selector: {kind: job}, runTime: %s, runFailureRate: %s}\n",
            ONE_OF(p, "5s", "30s", "{exponential: {mean: 20s}}"),
            p->calm ? "0" : ONE_OF(p, "0", "0.2"));
    if (p->calm)
        return;
    if (p->sets > 0 && chance(p, 30))
        put(p,
            "  - {selector: {kind: set}, memory: {base: 64Mi, growth: "
            "%s}, startup: 1s}\n",
            ONE_OF(p, "1Mi/s", "10Mi/s", "100Mi/s"));
    if (p->sets > 0 && chance(p, 20))
        put(p,
            "  - {selector: {kind: set}, initContainer: 2s, initFailures: "
            "%d, initFailureRate: %s}\n",
            below(p, 3), ONE_OF(p, "0", "0.3"));
}

/* --- the objects --- */

static void put_template(struct plan *p, const char *kind, const char *name,
                         int i, const char *restart)
{
    put(p,
        "  template:\n    metadata: {labels: {app: %s%d, kind: %s}}\n    "
        "spec:\n      terminationGracePeriodSeconds: %d\n",
        name, i, kind, between(p, 0, 10));
    if (restart)
        put(p, "      restartPolicy: %s\n", restart);
    if (chance(p, 30))
        put(p, "      initContainers: [{name: init, image: init:1}]\n");
    put(p,
        "      containers:\n      - name: app\n        image: x:1\n        "
        "ports: [{name: http, containerPort: 8080}]\n        resources: "
        "{requests: {cpu: %dm, memory: %dMi}%s}\n",
        between(p, 1, 4) * 50, between(p, 1, 4) * 64,
        chance(p, 30) ? ", limits: {memory: 512Mi}" : "");
    if (!restart && chance(p, 60))
        put(p,
            "        readinessProbe: {httpGet: {port: http}, "
            "periodSeconds: %d, timeoutSeconds: 5}\n",
            between(p, 1, 5));
}

static void put_set(struct plan *p, int i)
{
    put(p,
        "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: "
        "st%d}\nspec:\n  serviceName: st%d\n  replicas: %d\n"
        "  podManagementPolicy: %s\n  selector: {matchLabels: {app: st%d}}\n",
        i, i, between(p, 0, 5), ONE_OF(p, "OrderedReady", "Parallel"), i);
    if (chance(p, 30))
        put(p, "  updateStrategy: {rollingUpdate: {partition: %d}}\n",
            below(p, 3));
    else if (chance(p, 15))
        put(p, "  updateStrategy: {type: OnDelete}\n");
    if (chance(p, 30))
        put(p, "  minReadySeconds: %d\n", between(p, 1, 5));
    put_template(p, "set", "st", i, NULL);
}

static void put_daemon(struct plan *p, int i)
{
    put(p,
        "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: ds%d}\n"
        "spec:\n  selector: {matchLabels: {app: ds%d}}\n",
        i, i);
    if (chance(p, 40))
        put(p, "  updateStrategy: {rollingUpdate: {maxSurge: 1, "
               "maxUnavailable: 0}}\n");
    put_template(p, "daemon", "ds", i, NULL);
}

static void put_job(struct plan *p, int i)
{
    bool indexed = chance(p, 50);
    int completions = between(p, 1, 6);

    put(p,
        "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: job%d}\n"
        "spec:\n  completions: %d\n  parallelism: %d\n  backoffLimit: %d\n",
        i, completions, between(p, 1, 4), between(p, 0, 6));
    if (indexed)
        put(p, "  completionMode: Indexed\n");
    if (indexed && chance(p, 40))
        put(p, "  successPolicy: {rules: [{succeededCount: %d}]}\n",
            between(p, 1, completions));
    if (chance(p, 20))
        put(p, "  activeDeadlineSeconds: %d\n", between(p, 20, 200));
    if (chance(p, 20))
        put(p, "  ttlSecondsAfterFinished: %d\n", between(p, 0, 60));
    if (chance(p, 30))
        put(p, "  podReplacementPolicy: Failed\n");
    put_template(p, "job", "job", i, ONE_OF(p, "Never", "OnFailure"));
}

static void put_autoscaler(struct plan *p, int i)
{
    int low = between(p, 1, 3);

    put(p,
        "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
        "metadata: {name: h%d}\nspec:\n  scaleTargetRef: {apiVersion: "
        "apps/v1, kind: Deployment, name: d%d}\n  minReplicas: %d\n"
        "  maxReplicas: %d\n  metrics: [{type: Resource, resource: {name: "
        "cpu, target: {type: AverageValue, averageValue: %dm}}}]\n",
        i, i, low, low + below(p, 6), between(p, 1, 20) * 20);
}

static void put_budget(struct plan *p, int i)
{
    put(p,
        "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: "
        "{name: b%d}\nspec:\n  selector: {matchLabels: {app: %s%d}}\n  %s\n",
        i, p->sets > 0 && chance(p, 40) ? "st" : "d", below(p, 2),
        ONE_OF(p, "maxUnavailable: 1", "maxUnavailable: 0", "minAvailable: 1",
               "minAvailable: 50%"));
}

static void put_owners(struct plan *p)
{
    for (int i = 0; i < p->sets; i++)
        put_set(p, i);
    for (int i = 0; i < p->daemons; i++)
        put_daemon(p, i);
    for (int i = 0; i < p->jobs; i++)
        put_job(p, i);
    for (int i = 0; i < p->deployments; i++) {
        if (p->scaled[i])
            put_autoscaler(p, i);
    }
    if (!p->calm && chance(p, 30))
        put_budget(p, 0);
}

/* --- what is done --- */

static void put_set_verb(struct plan *p)
{
    int i = below(p, p->sets);

    switch (below(p, 4)) {
    case 0:
        put(p, "kubectl: rollout restart statefulset/st%d", i);
        break;
    case 1:
        put(p, "kubectl: set image sts/st%d app=x:%d", i, between(p, 1, 3));
        break;
    default:
        put(p, "kubectl: scale sts st%d --replicas=%d", i, between(p, 0, 6));
    }
}

/* Only moves pods by the controllers' own rules. False: there is nobody. */
static bool put_calm_owner_verb(struct plan *p)
{
    if (p->sets > 0 && chance(p, 60)) {
        put_set_verb(p);
        return true;
    }
    if (p->daemons > 0 && chance(p, 60)) {
        put(p, "kubectl: rollout restart ds/ds0");
        return true;
    }
    if (p->jobs > 0)
        put(p, "kubectl: \"patch job job0 -p '{spec: {suspend: %s}}'\"",
            ONE_OF(p, "true", "false"));
    return p->jobs > 0;
}

static void put_labels_verb(struct plan *p)
{
    int d = below(p, p->deployments);

    switch (below(p, 6)) {
    case 0:
        put(p, "kubectl: label pods -l app=d%d app=d%d --overwrite", d,
            below(p, p->deployments));
        break;
    case 1:
        put(p, "kubectl: label pods -l app=d%d %s", d,
            ONE_OF(p, "app-", "tier-", "tier=t0 --overwrite"));
        break;
    case 2:
        put(p,
            "kubectl: \"patch svc s%d -p '{spec: {selector: {app: d%d, tier: "
            "null}}}'\"",
            below(p, p->services), d);
        break;
    case 3:
        put(p,
            "kubectl: label node pool-%d topology.kubernetes.io/zone=%s "
            "--overwrite",
            between(p, 1, p->nodes), ONE_OF(p, "a", "b", "z"));
        break;
    case 4:
        put(p, "kubectl: taint nodes pool-%d k=v:%s", between(p, 1, p->nodes),
            ONE_OF(p, "NoSchedule", "NoExecute", "PreferNoSchedule"));
        break;
    default:
        put(p,
            "kubectl: annotate pods -l app=d%d "
            "controller.kubernetes.io/pod-deletion-cost=%d --overwrite",
            d, between(p, -3, 3));
    }
}

static void put_rough_owner_verb(struct plan *p)
{
    if (p->sets > 0 && chance(p, 20))
        put(p, "kubectl: delete sts st%d", below(p, p->sets));
    else if (p->sets > 0 && chance(p, 30))
        put(p, "kubectl: label pods -l kind=set app=y --overwrite");
    else if (p->jobs > 0 && chance(p, 30))
        put(p, "kubectl: delete pods -l kind=job%s",
            ONE_OF(p, "", " --now", " --force"));
    else if (chance(p, 30))
        put(p, "kubectl: delete deploy d%d --cascade=%s",
            below(p, p->deployments), ONE_OF(p, "orphan", "background"));
    else
        put_labels_verb(p);
}

#endif
