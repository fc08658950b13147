/*
 * Memory: what the pods of a node use, what happens at a container's limit,
 * and at the node's: the kernel kills (exit 137), the kubelet restarts.
 *
 * Pods are under one cgroup (kubepods), limited to what is allocatable and
 * the hard eviction threshold (pkg/kubelet/cm/node_container_manager_linux.go
 * getNodeAllocatableAbsolute).
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "models/kubelet_private.h"
#include "models/traffic/server.h"

/* How often a use that grows with requests is looked at. Our choice. */
static const sim_time request_period = SIM_S;

/* oom_score_adj (pkg/kubelet/qos/policy.go) */
enum { ADJUST_GUARANTEED = -997, ADJUST_BEST_EFFORT = 1000 };
/* PriorityClass system-node-critical */
static const int64_t node_critical = 2000001000;

/* --- what is used --- */

static bool says(const struct workload *w)
{
    return w->memory.base > 0 || w->memory.growth > 0 ||
           w->memory.per_request > 0;
}

static bool leaks(const struct kubelet_pod *kp)
{
    return kp->leak.growth > 0 || kp->leak.per_request > 0;
}

bool kubelet_memory_said(const struct kubelets *k, const struct pod *pod)
{
    return says(kubelet_workload(k, pod)) ||
           (pod->kubelet && leaks(pod->kubelet));
}

static double serving_use(const struct kubelets *k, const struct pod *pod)
{
    const struct memory_use *m = &kubelet_workload(k, pod)->memory;
    const struct kubelet_pod *kp = pod->kubelet;
    const struct kubelet_container *c = &kp->containers[kp->serving];
    sim_time now = kubelet_now(k);
    uint64_t answered = server_answered(pod);
    double use = (double)pod->template->containers[kp->serving].requests.memory;

    if (says(kubelet_workload(k, pod)))
        use = m->base + m->growth * sim_to_seconds(now - c->started_at) +
              m->per_request * (double)answered;
    if (leaks(kp) && answered >= kp->leak.answered)
        use += kp->leak.growth * sim_to_seconds(now - kp->leak.since) +
               kp->leak.per_request * (double)(answered - kp->leak.answered);
    return use;
}

static double container_use(const struct kubelets *k, const struct pod *pod,
                            uint32_t i)
{
    const struct kubelet_pod *kp = pod->kubelet;

    if (kp->containers[i].stage != CONTAINER_RUNNING)
        return 0;
    return i == kp->serving
               ? serving_use(k, pod)
               : (double)pod->template->containers[i].requests.memory;
}

double kubelet_memory_of(const struct kubelets *k, const struct pod *pod)
{
    double use = 0;

    for (uint32_t i = 0; pod->kubelet && i < pod->kubelet->container_count; i++)
        use += container_use(k, pod, i);
    return use;
}

double kubelet_memory_on(const struct kubelets *k, node_id id)
{
    const struct node *node = world_node(k->world, id);
    double use = 0;

    for (size_t i = 0; i < node->pods.count; i++)
        use += kubelet_memory_of(k, world_pod(k->world, node->pods.items[i]));
    return use;
}

/* Bytes a second, of what does not depend on requests. */
static double growth_of(const struct kubelets *k, const struct pod *pod)
{
    const struct kubelet_pod *kp = pod->kubelet;

    if (!kp || kp->container_count == 0 ||
        kp->containers[kp->serving].stage != CONTAINER_RUNNING)
        return 0;
    return kubelet_workload(k, pod)->memory.growth + kp->leak.growth;
}

static bool grows_with_requests(const struct kubelets *k, const struct pod *pod)
{
    return kubelet_workload(k, pod)->memory.per_request > 0 ||
           (pod->kubelet && pod->kubelet->leak.per_request > 0);
}

/* --- the OOM killer --- */

/* What is to blame: a leak's fault, else the memory itself. */
static incident_id blame(struct kubelets *k, const struct pod *pod)
{
    char object[300];

    if (leaks(pod->kubelet))
        return pod->kubelet->leak.origin;
    snprintf(object, sizeof object, "pod/%s", pod->name);
    return world_incident(k->world, "oom", "oom", object, NO_ID);
}

static void kill_container(struct kubelets *k, struct pod *pod, uint32_t i,
                           const char *why)
{
    kubelet_pod_event(k, pod, true, "OOMKilled", "container %s: %s, exit 137",
                      pod->template->containers[i].name, why);
    world_pod_crashed(k->world, pod->id, blame(k, pod));
    pod->kubelet->containers[i].oom = true;
    kubelet_end_process(k, pod, i);
}

static bool at_limit(const struct kubelets *k, const struct pod *pod,
                     uint32_t i)
{
    int64_t limit = pod->template->containers[i].memory_limit;

    return limit > 0 && i == pod->kubelet->serving &&
           kubelet_memory_said(k, pod) &&
           container_use(k, pod, i) > (double)limit - 0.5;
}

static double node_limit(const struct kubelets *k, node_id id)
{
    return (double)world_node(k->world, id)->spec->allocatable.memory +
           (double)k->params->eviction_memory;
}

static int score_adjust(const struct kubelets *k, const struct pod *pod,
                        uint32_t i)
{
    double capacity = node_limit(k, pod->node);
    int64_t asked = pod->template->containers[i].requests.memory;
    int adjust;

    if (pod->template->priority >= node_critical)
        return ADJUST_GUARANTEED;
    switch (kubelet_qos_of(pod->template)) {
    case QOS_GUARANTEED:
        return ADJUST_GUARANTEED;
    case QOS_BEST_EFFORT:
        return ADJUST_BEST_EFFORT;
    case QOS_BURSTABLE:
        break;
    }
    adjust = 1000 - (int)(1000 * (double)asked / capacity);
    if (adjust < 1000 + ADJUST_GUARANTEED)
        return 1000 + ADJUST_GUARANTEED;
    return adjust == ADJUST_BEST_EFFORT ? adjust - 1 : adjust;
}

/* oom_badness of Linux mm/oom_kill.c: pages, and the adjustment in
 * thousandths of all memory. */
static double badness(const struct kubelets *k, const struct pod *pod,
                      uint32_t i, double limit)
{
    return container_use(k, pod, i) +
           (double)score_adjust(k, pod, i) * limit / 1000;
}

struct victim {
    struct pod *pod;
    uint32_t container;
    double score;
};

static struct victim worst(const struct kubelets *k, const pod_id *pods,
                           size_t count, double limit)
{
    struct victim victim = {NULL, 0, 0};

    for (size_t n = 0; n < count; n++) {
        struct pod *pod = world_pod(k->world, pods[n]);

        for (uint32_t i = 0;
             pod && pod->kubelet && i < pod->kubelet->container_count; i++) {
            double score;

            if (container_use(k, pod, i) <= 0)
                continue;
            score = badness(k, pod, i, limit);
            if (!victim.pod || score > victim.score)
                victim = (struct victim){pod, i, score};
        }
    }
    return victim;
}

static void kill_on_node(struct kubelets *k, node_id id, const pod_id *pods,
                         size_t count)
{
    double limit = node_limit(k, id);

    while (kubelet_memory_on(k, id) > limit - 0.5) {
        struct victim victim = worst(k, pods, count, limit);

        if (!victim.pod)
            return;
        kill_container(k, victim.pod, victim.container,
                       "the node is out of memory");
    }
}

static void kill_at_limits(struct kubelets *k, const pod_id *pods, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        struct pod *pod = world_pod(k->world, pods[n]);

        for (uint32_t i = 0;
             pod && pod->kubelet && i < pod->kubelet->container_count; i++) {
            if (at_limit(k, pod, i))
                kill_container(k, pod, i, "at its memory limit");
        }
    }
}

/* --- when to look --- */

static sim_time time_to(double room, double growth)
{
    double seconds;

    if (growth <= 0)
        return SIM_NEVER;
    seconds = room > 0 ? room / growth : 0;
    return seconds > 1e9 ? SIM_NEVER : (sim_time)ceil(seconds * 1e9) + 1;
}

/* Until a limit may be reached; SIM_NEVER: none is in sight. */
static sim_time next_look(const struct kubelets *k, node_id id)
{
    const struct node *node = world_node(k->world, id);
    double all = 0;
    sim_time wait, next = SIM_NEVER;

    for (size_t n = 0; n < node->pods.count; n++) {
        const struct pod *pod = world_pod(k->world, node->pods.items[n]);
        double growth = growth_of(k, pod);
        int64_t limit;

        if (!pod->kubelet)
            continue;
        all += growth;
        if (grows_with_requests(k, pod) && request_period < next)
            next = request_period;
        limit = pod->template->containers[pod->kubelet->serving].memory_limit;
        wait = limit > 0 ? time_to((double)limit - serving_use(k, pod), growth)
                         : SIM_NEVER;
        if (wait < next)
            next = wait;
    }
    wait = time_to(node_limit(k, id) - kubelet_memory_on(k, id), all);
    return wait < next ? wait : next;
}

static void on_look(struct sim *sim, void *self, struct event_args args);
static const struct event_type look_event = {"kubelet.memory", 0, on_look};

static void look_later(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);
    sim_time wait = next_look(k, id);

    sim_cancel(k->s->sim, node->memory);
    node->memory = 0;
    if (wait != SIM_NEVER)
        node->memory = sim_after(k->s->sim, wait, &look_event, k,
                                 (struct event_args){id, 0});
}

static void on_look(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    node_id id = (node_id)args.subject;
    size_t count;
    pod_id *pods = kubelet_sorted_pods(k, id, &count);

    (void)sim;
    kubelet_node(k, id)->memory = 0;
    kill_at_limits(k, pods, count);
    kill_on_node(k, id, pods, count);
    free(pods);
    look_later(k, id);
}

/* At once, in an event of its own: something is being started. */
void kubelet_memory_changed(struct kubelets *k, struct pod *pod)
{
    struct kubelet_node *node = kubelet_node(k, pod->node);

    if (!node->watches_memory && !kubelet_memory_said(k, pod))
        return;
    if (!node->watches_memory)
        kubelet_evict_start(k, pod->node);
    node->watches_memory = true;
    sim_cancel(k->s->sim, node->memory);
    node->memory = sim_after(k->s->sim, 0, &look_event, k,
                             (struct event_args){pod->node, 0});
}

void kubelet_memory_forget(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);

    sim_cancel(k->s->sim, node->memory);
    node->memory = 0;
    node->pressure = false;
    node->evicted = NO_ID;
}

bool kubelet_leak(struct kubelets *k, pod_id id, double growth,
                  double per_request, incident_id origin)
{
    struct pod *pod = world_pod(k->world, id);
    struct kubelet_pod *kp = pod ? pod->kubelet : NULL;

    if (!kp || !kubelet_node(k, pod->node)->working ||
        kp->container_count == 0 ||
        kp->containers[kp->serving].stage != CONTAINER_RUNNING)
        return false;
    kp->leak = (struct kubelet_leak){.growth = growth,
                                     .per_request = per_request,
                                     .since = kubelet_now(k),
                                     .answered = server_answered(pod),
                                     .origin = origin};
    kubelet_memory_changed(k, pod);
    return true;
}
