/*
 * generate - a random scenario for a seed: a Scenario object and its
 * objects, as YAML.
 *
 * Whatever is written here is legal input. Half of the scenarios are calm:
 * nothing fails, nobody drains, deletes or overloads, so that what happens
 * to pods is the controllers' own doing. Names: Deployments d0.., Services
 * s0.., nodes pool-1.., containers and port as below; other owners: owners.h.
 */
#ifndef TESTS_SWARM_GENERATE_H
#define TESTS_SWARM_GENERATE_H

#include "models/lb/lb.h"
#include "tests/swarm/owners.h"

/* --- the cluster --- */

static void put_control_plane(struct plan *p)
{
    put(p, "    controlPlane: {watchLatency: %s, writeLatency: %s",
        ONE_OF(p, "0s", "10ms", "{exponential: {mean: 100ms}}",
               "{uniform: {min: 0s, max: 1s}}"),
        ONE_OF(p, "0s", "5ms", "{lognormal: {median: 10ms, p99: 300ms}}"));
    if (chance(p, 50))
        put(p, ", nodeMonitorGracePeriod: %s, nodeMonitorPeriod: %s",
            ONE_OF(p, "20s", "50s"), ONE_OF(p, "2s", "5s"));
    if (chance(p, 20))
        put(p, ", controllerQPS: %d, controllerBurst: %d", between(p, 2, 50),
            between(p, 1, 50));
    if (chance(p, 20))
        put(p, ", maxEndpointsPerSlice: %d", between(p, 1, 5));
    if (chance(p, 20))
        put(p, ", schedulingLatency: 200ms, schedulerQPS: 5, "
               "schedulerBurst: 1");
    if (chance(p, 20))
        put(p, ", podGCPeriod: 5s, podGCQuarantine: 10s");
    put(p, "}\n");
}

static void put_network(struct plan *p)
{
    put(p, "    ipam: {allocator: %s, reuseDelay: %s}\n",
        ONE_OF(p, "sequential", "lowest", "random"),
        ONE_OF(p, "0s", "0s", "30s", "5m"));
    put(p, "    kubeProxy: {mode: %s, minSyncPeriod: %s}\n",
        ONE_OF(p, "iptables", "ipvs", "nftables"),
        ONE_OF(p, "0s", "1s", "10s"));
    put(p, "    dns: {ttl: %s, clientCache: %s, cache: %s, servers: %d",
        ONE_OF(p, "0s", "5s", "30s"), ONE_OF(p, "none", "10s"),
        ONE_OF(p, "true", "false"), between(p, 1, 3));
    if (chance(p, 40))
        put(p, ", nodeLocal: {denialTTL: %s, loadbalance: %s}",
            ONE_OF(p, "0s", "5s", "1m"), ONE_OF(p, "true", "false"));
    put(p, "}\n");
    if (chance(p, 40))
        put(p,
            "    networkLatency: {sameNode: %s, sameZone: %s, "
            "crossZone: %s}\n",
            ONE_OF(p, "0s", "50us"), ONE_OF(p, "0s", "1ms"),
            ONE_OF(p, "2ms", "{exponential: {mean: 5ms}}"));
    if (chance(p, 15))
        put(p, "    nodeCIDRMaskSize: %d\n", between(p, 27, 28));
}

static void put_cluster(struct plan *p)
{
    p->nodes = between(p, 1, 8);
    p->zones = between(p, 1, 3);
    put(p, "  cluster:\n    kubernetesVersion: \"%s\"\n",
        ONE_OF(p, "1.36", "1.36", "1.34", "1.30", "1.27"));
    put(p,
        "    nodePools:\n    - {name: pool, count: %d, zones: [%.*s], "
        "allocatable: {cpu: %d, memory: %dGi, pods: %d}",
        p->nodes, 3 * p->zones - 2, "a, b, c", between(p, 2, 8),
        between(p, 4, 16), chance(p, 20) ? between(p, 3, 8) : 110);
    if (chance(p, 10))
        put(p, ", taints: [{key: special, effect: PreferNoSchedule}]");
    put(p, "}\n");
    put_network(p);
    put_control_plane(p);
    if (chance(p, 50))
        put(p,
            "    kubelet: {boot: %s, shutdownGracePeriod: %s, "
            "crashBackoffBase: %s, "
            "containerExit: %s, serialImagePulls: %s}\n",
            ONE_OF(p, "0s", "20s", "{lognormal: {median: 30s, p99: 2m}}"),
            ONE_OF(p, "0s", "30s"), ONE_OF(p, "1s", "10s"),
            ONE_OF(p, "0s", "500ms"), ONE_OF(p, "true", "false"));
}

/* --- how clients ask --- */

static void put_retries(struct plan *p)
{
    put(p, ", retries: {max: %d", between(p, 1, 5));
    if (chance(p, 50))
        put(p, ", backoff: {base: %s, max: %s}", ONE_OF(p, "0s", "25ms", "1s"),
            ONE_OF(p, "250ms", "5s"));
    if (chance(p, 40))
        put(p, ", budget: %s", ONE_OF(p, "20%", "0%", "100%"));
    if (chance(p, 20))
        put(p, ", on: [%s]",
            ONE_OF(p, "reset", "connect_refused, app_error", "timeout"));
    put(p, "}");
}

static void put_hedge(struct plan *p)
{
    put(p, ", hedge: {max: %d, after: %s, budget: %s", between(p, 2, 4),
        ONE_OF(p, "0s", "10ms", "200ms"), ONE_OF(p, "none", "0%", "50%"));
    if (chance(p, 20))
        put(p, ", on: [%s]", ONE_OF(p, "reset", "overloaded, app_error"));
    put(p, "}");
}

static void put_asking(struct plan *p)
{
    put(p, ", timeout: %s",
        ONE_OF(p, "50ms", "1s", "1s", "10s", "2m", "never"));
    if (chance(p, 30))
        put(p, ", connectTimeout: %s", ONE_OF(p, "10ms", "1s", "5s"));
    if (chance(p, 30))
        put(p, ", deadline: %s", ONE_OF(p, "100ms", "3s"));
    if (chance(p, 30))
        put(p,
            ", connections: {pool: {size: %d, streams: %d, idleTimeout: %s, "
            "maxRequests: %s, maxAge: %s}}",
            between(p, 1, 4), between(p, 1, 3), ONE_OF(p, "1s", "90s"),
            ONE_OF(p, "10", "unlimited"), ONE_OF(p, "never", "20s"));
    if (chance(p, 40))
        put_retries(p);
    else if (chance(p, 30))
        put_hedge(p);
}

/* --- how pods behave --- */

/* Of Services whose pods are of later Deployments: they make no circle. */
static void put_calls(struct plan *p, int deployment)
{
    int count = 0;

    for (int i = 0; i < p->services; i++) {
        if (p->selects[i] <= deployment || chance(p, 50))
            continue;
        put(p, "%s{service: s%d, access: %s, probability: %s, parallel: %s",
            count++ ? ", " : "    calls: [", i,
            p->headless[i] ? "headless" : "service", ONE_OF(p, "1", "0.5"),
            ONE_OF(p, "true", "false"));
        put_asking(p);
        put(p, "}");
    }
    if (count)
        put(p, "]\n");
}

static void put_workload(struct plan *p, int i)
{
    put(p, "  - selector: {app: d%d}\n    imagePull: %s\n    startup: %s\n", i,
        ONE_OF(p, "0s", "5s", "{lognormal: {median: 4s, p99: 30s}}"),
        ONE_OF(p, "0s", "1s", "{lognormal: {median: 2s, p99: 10s}}", "20s"));
    put(p, "    serviceTime: %s\n    concurrency: %s\n    queueLimit: %s\n",
        p->calm ? "1ms"
                : ONE_OF(p, "0s", "{exponential: {mean: 20ms}}",
                         "{lognormal: {mean: 50ms, cv: 2}}", "300ms"),
        p->calm ? "unlimited" : ONE_OF(p, "1", "4", "16", "unlimited"),
        ONE_OF(p, "0", "10", "100", "unlimited"));
    put(p, "    discipline: %s\n    onTerminate: %s\n    shutdown: %s\n",
        ONE_OF(p, "fifo", "fifo", "ps"),
        ONE_OF(p, "drain", "serve", "exit", "ignore"),
        ONE_OF(p, "0s", "0s", "5s", "{exponential: {mean: 3s}}", "1m"));
    if (chance(p, 20))
        put(p, "    errorRate: 0.05\n");
    if (chance(p, 20))
        put(p, "    coldStart: {factor: 3, for: 20s}\n");
    if (chance(p, 20))
        put(p, "    preStop: %s\n", ONE_OF(p, "0s", "3s", "20s"));
    put_calls(p, i);
}

/* --- failures --- */

static void put_failure(struct plan *p, int i)
{
    const char *after = ONE_OF(p, "{exponential: {mean: 2m}}",
                               "{weibull: {shape: 0.8, mean: 3m}}", "70s",
                               "{uniform: {min: 1s, max: 4m}}");
    const char *pick =
        ONE_OF(p, "", "", ", pick: one", ", pick: all", ", pick: fixed 2",
               ", pick: percent 40", ", pick: randomMax 50");
    bool mends;

    if (chance(p, 50)) {
        put(p,
            "  - {name: f%d, target: {pods: {app: d%d}}, mode: %s, "
            "after: %s%s}\n",
            i, below(p, p->deployments), ONE_OF(p, "crash", "kill", "fail"),
            after, pick);
        return;
    }
    put(p, "  - {name: f%d, target: ", i);
    if (chance(p, 30))
        put(p, "{zones: [a]}");
    else if (chance(p, 50))
        put(p, "{nodesOf: {app: d0}}");
    else
        put(p, "{nodes: {}}");
    mends = chance(p, 70);
    put(p, ", mode: %s, after: %s%s",
        mends ? ONE_OF(p, "crash", "crash", "reboot", "partition",
                       "{partition: {from: control-plane}}",
                       "{spot: {notice: 20s}}")
              : "crash",
        after, pick);
    if (mends)
        put(p, ", repair: %s",
            ONE_OF(p, "1s", "30s", "{lognormal: {median: 1m, p99: 5m}}", "3m"));
    if (chance(p, 20))
        put(p, ", repairers: 1");
    put(p, "}\n");
}

/* --- traffic --- */

static void put_traffic(struct plan *p, int i)
{
    int service = below(p, p->services);

    put(p, "  - {name: t%d, service: s%d, access: %s, arrivals: ", i, service,
        p->headless[service] ? ONE_OF(p, "headless", "podIP")
                             : ONE_OF(p, "service", "service", "podIP"));
    if (chance(p, 50))
        put(p, "%d/s", between(p, 1, 60));
    else
        put(p, "{%s: {rate: %d/s}}", "poisson", between(p, 1, 60));
    put(p, ", clients: {count: %d, location: ", between(p, 1, 40));
    switch (below(p, 4)) {
    case 0:
        put(p, "external}");
        break;
    case 1:
        put(p, "zone/a}");
        break;
    case 2:
        put(p, "{pods: {app: d%d}}}", below(p, p->deployments));
        break;
    default:
        put(p, "nodes}");
    }
    put_asking(p);
    if (chance(p, 30))
        put(p, ", resolver: {cache: %s, timeout: %s, attempts: %d}",
            ONE_OF(p, "none", "ttl", "20s", "forever"),
            ONE_OF(p, "100ms", "5s"), between(p, 1, 2));
    put(p, "}\n");
}

static void put_balancing(struct plan *p)
{
    int strategies = 0;

    while (lb_strategies[strategies])
        strategies++;
    put(p, "  loadBalancing:\n");
    for (int i = 0; i < p->services; i++) {
        if (i > 0 && chance(p, 50))
            continue;
        put(p, "  - {service: s%d, strategy: %s, at: %s}\n", i,
            lb_strategies[below(p, strategies)]->name,
            ONE_OF(p, "proxy", "client", "client, level: connection",
                   "gateway, instances: 2", "gateway, level: connection"));
    }
}

/* --- what is done --- */

static void put_image(struct plan *p)
{
    int d = below(p, p->deployments);

    /* Now and then back to an earlier one. */
    put(p, "kubectl: set image deployment/d%d app=example/d%d:%d", d, d,
        chance(p, 30) ? 1 : 2 + p->named[d]++);
}

/* What only moves pods by the controllers' own rules. */
static void put_calm_verb(struct plan *p)
{
    int d = below(p, p->deployments);

    switch (below(p, 5)) {
    case 0:
        put(p, "kubectl: scale deployment/d%d --replicas=%d", d,
            between(p, 0, 12));
        break;
    case 1:
    case 2:
        put(p, "kubectl: rollout restart deployment/d%d", d);
        break;
    case 3:
        put(p, "kubectl: %s pool-%d", ONE_OF(p, "cordon", "uncordon"),
            between(p, 1, p->nodes));
        break;
    default:
        put_image(p);
    }
}

/* Failures that end by themselves. */
static void put_outage(struct plan *p)
{
    if (chance(p, 30))
        put(p, "fail: {controlPlane: {}, mode: %s}",
            ONE_OF(p, "apiserver", "controllers", "scheduler",
                   "{apiserver: {factor: 20}}", "{controllers: {factor: 9}}",
                   "dns", "{dns: {factor: 500}}"));
    else if (chance(p, 20))
        put(p, "fail: {deployments: [d%d], mode: {broken-image: {starts: %s}}}",
            below(p, p->deployments), ONE_OF(p, "true", "false"));
    else
        put(p, "fail: {%s, mode: %s, pick: %s}",
            ONE_OF(p, "nodes: {}", "nodesOf: {app: d0}", "zones: [a]"),
            ONE_OF(p, "{partition: {from: control-plane}}",
                   "{partition: {from: clients}}", "partition"),
            ONE_OF(p, "one", "all", "fixed 2"));
    put(p, ", for: %s", ONE_OF(p, "1s", "7s", "30s", "1m"));
}

static void put_fail(struct plan *p)
{
    if (chance(p, 40)) {
        put_outage(p);
        return;
    }
    if (chance(p, 25)) {
        put(p, "fail: {%s, mode: %s, pick: one}",
            ONE_OF(p, "nodes: {}", "nodesOf: {app: d0}"),
            ONE_OF(p, "reboot", "{spot: {notice: 5s}}",
                   "{spot: {notice: 40s, onNotice: drain}}",
                   "{spot: {notice: 30s, onNotice: shutdown}}"));
        return;
    }
    if (chance(p, 50))
        put(p, "fail: {pods: {app: d%d}, mode: %s, pick: %s}",
            below(p, p->deployments), ONE_OF(p, "crash", "kill", "fail"),
            ONE_OF(p, "one", "all", "percent 50"));
    else
        put(p, "fail: {%s, mode: crash, pick: %s}%s",
            ONE_OF(p, "nodes: {}", "nodesOf: {app: d0}", "zones: [a]"),
            ONE_OF(p, "one", "all", "fixed 2"),
            ONE_OF(p, "", ", for: 1s", ", for: 1m", ", for: 5m"));
}

static void put_rough_verb(struct plan *p)
{
    int d = below(p, p->deployments), node = between(p, 1, p->nodes);

    switch (below(p, 11)) {
    case 0:
    case 1:
        put(p, "kubectl: drain pool-%d --ignore-daemonsets%s", node,
            ONE_OF(p, "", " --force", " --grace-period=0",
                   " --grace-period=3"));
        break;
    case 2:
        put(p, "kubectl: delete pod -l app=d%d%s", d,
            ONE_OF(p, "", " --force --grace-period=0", " --grace-period=1"));
        break;
    case 3:
        put(p, "kubectl: delete deployment d%d", d);
        break;
    case 4:
        put(p, "kubectl: delete node pool-%d", node);
        break;
    case 5:
        put(p, "kubectl: delete service s%d", below(p, p->services));
        break;
    case 6:
        put(p, "kubectl: create deployment made%d --image=nginx --replicas=%d",
            p->made++, between(p, 0, 4));
        break;
    case 7:
        put(p,
            "kubectl: expose deployment d%d --name=late%d --port=80 "
            "--target-port=http",
            d, p->made++);
        break;
    default:
        put_fail(p);
    }
}

static void put_timeline(struct plan *p)
{
    int count = below(p, 9), last = 0;

    if (count == 0)
        return;
    put(p, "  timeline:\n");
    for (int i = 0; i < count; i++) {
        /* Often close to the one before. */
        int at =
            chance(p, 30) ? last + below(p, 20) : below(p, p->seconds * 3 / 4);

        last = at;
        put(p, "  - {at: %ds, name: e%d, ", at, i);
        if (p->traffic > 0 && chance(p, 10))
            put(p, "traffic: {t%d: {rate: %d/s}}, for: 20s",
                below(p, p->traffic), between(p, 0, 200));
        else if (chance(p, 25) && put_calm_owner_verb(p))
            ;
        else if (p->calm || chance(p, 40))
            put_calm_verb(p);
        else if (chance(p, 70))
            put_rough_verb(p);
        else
            put_rough_owner_verb(p);
        put(p, "}\n");
    }
}

/* --- the objects --- */

static void put_probe(struct plan *p, const char *kind)
{
    put(p, "        %s:\n          %s\n          periodSeconds: %d\n", kind,
        ONE_OF(p, "httpGet: {path: /, port: http}", "tcpSocket: {port: http}",
               "exec: {command: [\"true\"]}"),
        between(p, 1, 10));
    if (chance(p, 40))
        put(p, "          initialDelaySeconds: %d\n", between(p, 0, 15));
    put(p, "          failureThreshold: %d\n          timeoutSeconds: %d\n",
        kind[0] == 's' ? 60 : between(p, 1, 3), p->calm ? 5 : between(p, 1, 3));
    if (kind[0] == 'r' && chance(p, 30))
        put(p, "          successThreshold: 2\n");
}

static void put_strategy(struct plan *p)
{
    if (chance(p, 15)) {
        put(p, "  strategy: {type: Recreate}\n");
    } else if (chance(p, 80)) {
        int surge = below(p, 4), unavailable = below(p, 4);

        if (surge + unavailable == 0)
            surge = 1;
        if (chance(p, 50))
            put(p,
                "  strategy: {rollingUpdate: {maxSurge: %d, "
                "maxUnavailable: %d}}\n",
                surge, unavailable);
        else
            put(p,
                "  strategy: {rollingUpdate: {maxSurge: %d%%, "
                "maxUnavailable: %d%%}}\n",
                surge * 25, unavailable * 25);
    }
}

static void put_affinity(struct plan *p, int i)
{
    const char *topology =
        ONE_OF(p, "kubernetes.io/hostname", "topology.kubernetes.io/zone");

    put(p,
        "      affinity: {%s: ", ONE_OF(p, "podAffinity", "podAntiAffinity"));
    if (chance(p, 50))
        put(p,
            "{requiredDuringSchedulingIgnoredDuringExecution: "
            "[{topologyKey: %s, labelSelector: {matchLabels: {app: d%d}}}]",
            topology, i);
    else
        put(p,
            "{preferredDuringSchedulingIgnoredDuringExecution: [{weight: "
            "50, podAffinityTerm: {topologyKey: %s, labelSelector: "
            "{matchLabels: {tier: t%d}}}}]",
            topology, i % 2);
    put(p, "}}\n");
}

static void put_pod_spec(struct plan *p, int i)
{
    static const char *const tolerations =
        "      tolerations:\n"
        "      - {key: node.kubernetes.io/not-ready, operator: Exists, "
        "effect: NoExecute, tolerationSeconds: 10}\n"
        "      - {key: node.kubernetes.io/unreachable, operator: Exists, "
        "effect: NoExecute, tolerationSeconds: 20}\n";

    if (chance(p, 50))
        put(p, "      terminationGracePeriodSeconds: %d\n", between(p, 0, 40));
    if (chance(p, 50))
        put(p, "%s", tolerations);
    if (p->classes && chance(p, 50))
        put(p, "      priorityClassName: %s\n", ONE_OF(p, "low", "high"));
    if (chance(p, 10))
        put_affinity(p, i);
    if (chance(p, 10))
        put(p, "      nodeSelector: {topology.kubernetes.io/zone: a}\n");
    if (chance(p, 15))
        put(p,
            "      topologySpreadConstraints:\n      - {maxSkew: 1, "
            "topologyKey: %s, whenUnsatisfiable: %s, labelSelector: "
            "{matchLabels: {app: d%d}}}\n",
            ONE_OF(p, "kubernetes.io/hostname", "topology.kubernetes.io/zone"),
            ONE_OF(p, "DoNotSchedule", "ScheduleAnyway"), i);
    put(p,
        "      containers:\n      - name: app\n        image: "
        "example/d%d:1\n",
        i);
    put(p, "        ports: [{name: http, containerPort: 8080}]\n");
    if (chance(p, 80))
        put(p, "        resources: {requests: {cpu: %dm, memory: %dMi}}\n",
            between(p, 1, 15) * 100, between(p, 1, 16) * 128);
    if (chance(p, 70))
        put_probe(p, "readinessProbe");
    if (chance(p, 25))
        put_probe(p, "livenessProbe");
    if (chance(p, 15))
        put_probe(p, "startupProbe");
    if (chance(p, 30))
        put(p, "        lifecycle: {preStop: {sleep: {seconds: %d}}}\n",
            between(p, 1, 20));
}

static void put_deployment(struct plan *p, int i)
{
    put(p,
        "---\napiVersion: apps/v1\nkind: Deployment\n"
        "metadata: {name: d%d, labels: {app: d%d}}\nspec:\n",
        i, i);
    put(p, "  replicas: %d\n", between(p, 0, 8));
    put_strategy(p);
    if (chance(p, 25))
        put(p, "  minReadySeconds: %d\n", between(p, 1, 10));
    if (chance(p, 20))
        put(p, "  revisionHistoryLimit: %d\n", between(p, 0, 2));
    put(p,
        "  selector: {matchLabels: {app: d%d}}\n  template:\n    metadata: "
        "{labels: {app: d%d, tier: t%d}}\n    spec:\n",
        i, i, i % 2);
    put_pod_spec(p, i);
}

static void put_service(struct plan *p, int i)
{
    put(p,
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: s%d}\n"
        "spec:\n",
        i);
    if (p->sets > 0 && chance(p, 25) && p->selects[i] < 0)
        put(p, "  selector: {app: st%d}\n", below(p, p->sets));
    else if (p->selects[i] >= 0)
        put(p, "  selector: {app: d%d}\n", p->selects[i]);
    else
        put(p, "  selector: {tier: t%d}\n", -1 - p->selects[i]);
    if (p->headless[i])
        put(p, "  clusterIP: None\n");
    else if (chance(p, 15))
        put(p, "  sessionAffinity: ClientIP\n");
    else if (chance(p, 15))
        put(p, "  internalTrafficPolicy: Local\n");
    if (chance(p, 15))
        put(p, "  publishNotReadyAddresses: true\n");
    put(p, "  ports: [{port: 80, targetPort: http}]\n");
}

static void put_priorities(struct plan *p)
{
    put(p, "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\n"
           "metadata: {name: low}\nvalue: 10\n---\n"
           "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\n"
           "metadata: {name: high}\nvalue: 1000\n");
    if (chance(p, 30))
        put(p, "preemptionPolicy: Never\n");
}

/* Writes the scenario of the seed. */
static void generate(uint64_t seed, FILE *out)
{
    struct plan p = {.out = out};

    rng_init(&p.rng, (struct rng_root){seed, 0}, "swarm", NULL, 0);
    p.calm = chance(&p, 50);
    p.deployments = between(&p, 1, 4);
    p.services = between(&p, 1, 4);
    p.seconds = between(&p, 120, 600);
    for (int i = 0; i < p.services; i++) {
        p.headless[i] = chance(&p, 25);
        p.selects[i] =
            chance(&p, 75) ? below(&p, p.deployments) : -1 - below(&p, 2);
    }
    put(&p,
        "apiVersion: podchurn/v1\nkind: Scenario\nmetadata: {name: "
        "swarm-%llu}\nspec:\n  description: %s\n  duration: %ds\n"
        "  replications: 1\n  seed: %llu\n  output: {detail: all}\n",
        (unsigned long long)seed, p.calm ? "calm" : "rough", p.seconds,
        (unsigned long long)seed);
    if (chance(&p, 5))
        put(&p, "  preset: ideal\n");
    put(&p, "  warmUp: %s\n", ONE_OF(&p, "auto", "auto", "0s", "30s"));
    put_cluster(&p);
    draw_owners(&p);
    put(&p, "  workloads:\n");
    for (int i = 0; i < p.deployments; i++)
        put_workload(&p, i);
    put_owner_workloads(&p);
    if (!p.calm && chance(&p, 80)) {
        put(&p, "  failures:\n");
        for (int i = 0, count = between(&p, 1, 3); i < count; i++)
            put_failure(&p, i);
    }
    p.traffic = below(&p, 5);
    put(&p, p.traffic ? "  traffic:\n" : "  traffic: []\n");
    for (int i = 0; i < p.traffic; i++)
        put_traffic(&p, i);
    if (chance(&p, 60))
        put_balancing(&p);
    put_timeline(&p);
    p.classes = !p.calm && chance(&p, 40);
    if (p.classes)
        put_priorities(&p);
    for (int i = 0; i < p.deployments; i++)
        put_deployment(&p, i);
    for (int i = 0; i < p.services; i++)
        put_service(&p, i);
    put_owners(&p);
}

#endif
