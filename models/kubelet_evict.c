/*
 * The eviction manager: where the memory of a node is short, one pod after
 * another fails, the worst first.
 * Kubernetes v1.36, pkg/kubelet/eviction/eviction_manager.go, helpers.go.
 */
#include <stdlib.h>

#include "models/kubelet_private.h"
#include "models/select.h"

/* podCleanupPollFreq, podCleanupTimeout */
static const sim_time poll_period = SIM_S;
enum { POLLS_MAX = 30 };
/* SystemCriticalPriority of pkg/apis/scheduling */
static const int64_t critical_priority = 2000000000;

enum kubelet_qos kubelet_qos_of(const struct pod_template *t)
{
    bool any = false, guaranteed = true;

    for (size_t i = 0; i < t->container_count; i++) {
        const struct container *c = &t->containers[i];

        any |= c->requests.cpu > 0 || c->requests.memory > 0 ||
               c->cpu_limit > 0 || c->memory_limit > 0;
        guaranteed &= c->cpu_limit > 0 && c->memory_limit > 0 &&
                      c->cpu_limit == c->requests.cpu &&
                      c->memory_limit == c->requests.memory;
    }
    if (!any)
        return QOS_BEST_EFFORT;
    return guaranteed ? QOS_GUARANTEED : QOS_BURSTABLE;
}

static bool tolerates_pressure(const struct pod_template *t)
{
    static const struct taint pressure = {"node.kubernetes.io/memory-pressure",
                                          "", TAINT_NO_SCHEDULE};

    return !taints_untolerated(&pressure, 1, t->tolerations,
                               t->toleration_count, 1U << TAINT_NO_SCHEDULE);
}

bool kubelet_admits(const struct kubelets *k, const struct pod *pod)
{
    return !k->nodes.items[pod->node].pressure ||
           pod->template->priority >= critical_priority ||
           kubelet_qos_of(pod->template) != QOS_BEST_EFFORT ||
           tolerates_pressure(pod->template);
}

/* --- the order (rankMemoryPressure) --- */

struct ranked {
    pod_id id;
    bool exceeds; /* it uses more than it asks for */
    int64_t priority;
    double above; /* by so much, in bytes */
};

static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->exceeds != y->exceeds)
        return x->exceeds ? -1 : 1;
    if (x->priority != y->priority)
        return x->priority < y->priority ? -1 : 1;
    if (x->above != y->above)
        return x->above > y->above ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

/* A pod that has something running, and is not on its way out already. */
static bool is_active(const struct pod *pod)
{
    const struct kubelet_pod *kp = pod->kubelet;

    return kp && !kp->failed && !kubelet_has_ended(pod) &&
           (kp->stage == STAGE_START || kp->stage == STAGE_RUN);
}

static pod_id choose(const struct kubelets *k, node_id id)
{
    const struct node *node = world_node(k->world, id);
    struct ranked best = {.id = NO_ID};

    for (size_t i = 0; i < node->pods.count; i++) {
        const struct pod *pod = world_pod(k->world, node->pods.items[i]);
        struct ranked one = {.id = pod->id,
                             .priority = pod->template->priority};

        if (!is_active(pod) || one.priority >= critical_priority)
            continue;
        one.above =
            kubelet_memory_of(k, pod) - (double)pod->template->requests.memory;
        one.exceeds = one.above > 0;
        if (best.id == NO_ID || compare(&one, &best) < 0)
            best = one;
    }
    return best.id;
}

/* --- the condition MemoryPressure --- */

/* The node's status is written on a clock of its own. */
static void on_status(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    node_id id = (node_id)args.subject;
    struct kubelet_node *node = kubelet_node(k, id);

    (void)sim;
    node->status_due = false;
    if (!node->working || world_node(k->world, id)->deleted)
        return;
    if (node->pressure != world_node(k->world, id)->memory_pressure)
        world_event(k->world, false,
                    node->pressure ? "NodeHasInsufficientMemory"
                                   : "NodeHasSufficientMemory",
                    world_node(k->world, id)->spec->name,
                    "MemoryPressure is %s", node->pressure ? "True" : "False");
    world_node_set_memory_pressure(k->world, id, node->pressure);
}

static const struct event_type status_event = {"kubelet.node-pressure", 0,
                                               on_status};

/* Until the next of its ticks, which come each period from its phase on. */
static sim_time until_tick(sim_time now, sim_time phase, sim_time period)
{
    return period - (now - phase % period + period) % period;
}

static void tell_pressure(struct kubelets *k, node_id id, bool yes)
{
    struct kubelet_node *node = kubelet_node(k, id);

    node->pressure = yes;
    if (node->status_due)
        return;
    node->status_due = true;
    sim_after(k->s->sim,
              until_tick(kubelet_now(k), node->status_phase,
                         k->params->node_status_update_frequency),
              &status_event, k, (struct event_args){id, 0});
}

/* --- synchronize --- */

static void evict(struct kubelets *k, node_id id, struct pod *pod)
{
    char object[300];
    incident_id origin;

    snprintf(object, sizeof object, "pod/%s", pod->name);
    origin = pod->kubelet->leak.growth > 0 || pod->kubelet->leak.per_request > 0
                 ? pod->kubelet->leak.origin
                 : world_incident(k->world, "memory-pressure", "evict", object,
                                  NO_ID);
    if (kubelet_fail(k, pod->id, "Evicted", origin)) {
        kubelet_node(k, id)->evicted = pod->id;
        kubelet_node(k, id)->polls = 0;
    }
}

static void synchronize(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);
    double allocatable =
        (double)world_node(k->world, id)->spec->allocatable.memory;
    sim_time now = kubelet_now(k);
    pod_id victim;

    if (kubelet_memory_on(k, id) <= allocatable) {
        if (node->pressure &&
            now - node->pressed >= k->params->pressure_transition)
            tell_pressure(k, id, false);
        return;
    }
    node->pressed = now;
    if (!node->pressure)
        tell_pressure(k, id, true);
    victim = choose(k, id);
    if (victim != NO_ID)
        evict(k, id, world_pod(k->world, victim));
}

static void on_tick(struct sim *sim, void *self, struct event_args args);
static const struct event_type tick_event = {"kubelet.evict", 0, on_tick};

static bool is_cleaned(const struct kubelets *k, pod_id id)
{
    const struct pod *pod = world_pod(k->world, id);

    return !pod || !pod->kubelet || pod->kubelet->stage == STAGE_GONE;
}

/* It looks on as long as anybody's memory is said, or pressure lasts. */
static bool goes_on(const struct kubelets *k, node_id id)
{
    const struct node *node = world_node(k->world, id);

    if (k->nodes.items[id].pressure)
        return true;
    for (size_t i = 0; i < node->pods.count; i++) {
        if (kubelet_memory_said(k, world_pod(k->world, node->pods.items[i])))
            return true;
    }
    return false;
}

static void on_tick(struct sim *sim, void *self, struct event_args args)
{
    struct kubelets *k = self;
    node_id id = (node_id)args.subject;
    struct kubelet_node *node = kubelet_node(k, id);
    sim_time wait = k->params->eviction_period;

    (void)sim;
    if (!goes_on(k, id)) {
        node->watches_memory = false;
        return;
    }
    if (node->evicted != NO_ID &&
        (is_cleaned(k, node->evicted) || node->polls++ == POLLS_MAX))
        node->evicted = NO_ID; /* and looks again at once */
    if (node->evicted == NO_ID && node->working)
        synchronize(k, id);
    if (node->evicted != NO_ID)
        wait = poll_period;
    sim_after(k->s->sim, wait, &tick_event, k, args);
}

static sim_time draw_phase(const struct kubelets *k, node_id id,
                           const char *purpose, sim_time period)
{
    struct rng rng;

    rng_init(&rng, k->s->root, purpose, world_node(k->world, id)->spec->name,
             0);
    return (sim_time)(rng_uniform(&rng) * (double)period);
}

void kubelet_evict_start(struct kubelets *k, node_id id)
{
    struct kubelet_node *node = kubelet_node(k, id);

    node->evict_phase =
        draw_phase(k, id, "kubelet.evict", k->params->eviction_period);
    node->status_phase = draw_phase(k, id, "kubelet.node-status",
                                    k->params->node_status_update_frequency);
    sim_after(k->s->sim,
              until_tick(kubelet_now(k), node->evict_phase,
                         k->params->eviction_period),
              &tick_event, k, (struct event_args){id, 0});
}
