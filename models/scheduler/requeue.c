/*
 * requeue - which events let a refused pod be tried again.
 *
 * With queueing hints the plug-ins that refused it are asked, and one that says
 * yes suffices. Before, it was by the type of the event: of nodes, where the
 * pod passes what the kubelet would check (preCheckForNode); of a bound pod,
 * where a term of required affinity means it, or the spread of its namespace
 * may have changed (AssignedPodAdded).
 *
 * Facts: Kubernetes v1.36 pkg/scheduler/backend/queue/scheduling_queue.go,
 * eventhandlers.go; EventsToRegister and isSchedulableAfter... of the plug-ins.
 */
#include <string.h>

#include "models/scheduler/affinity.h"
#include "models/scheduler/framework_private.h"

static unsigned events_of(const struct scheduler_config *config,
                          const struct scheduler_plugin *plugin)
{
    if (config->queueing_hints)
        return plugin->events;
    return config->taint_requeues ? plugin->events_before | EVENTS_NODE_CHANGES
                                  : plugin->events_before;
}

unsigned framework_interested(const struct framework *f,
                              enum cluster_event event)
{
    unsigned mask = 0;

    for (size_t i = 0; i < f->plugin_count; i++) {
        if (events_of(&f->profiles[0], scheduler_plugins[i]) & 1U << event)
            mask |= 1U << i;
    }
    return mask;
}

static bool any_says_yes(struct framework *f, const struct cycle *c,
                         unsigned mask, const struct cluster_change *change)
{
    for (; mask; mask &= mask - 1) {
        size_t i = (size_t)__builtin_ctz(mask);
        const struct scheduler_plugin *p =
            i < f->plugin_count ? scheduler_plugins[i] : NULL;

        if (p && (!p->helps || p->helps(f->states[i], c, change)))
            return true;
    }
    return false;
}

/* AdmissionCheck, and taints. */
static unsigned checked_before(void)
{
    static const struct scheduler_plugin *const plugins[] = {
        &scheduler_node_resources_fit, &scheduler_node_affinity,
        &scheduler_node_name, &scheduler_node_ports,
        &scheduler_taint_toleration};
    unsigned mask = 0;

    for (size_t i = 0; i < sizeof plugins / sizeof plugins[0]; i++)
        mask |= 1U << framework_plugin_index(plugins[i]);
    return mask;
}

static bool added_helps(const struct cycle *c, unsigned rejectors,
                        const struct pod_class *added)
{
    size_t spread = framework_plugin_index(&scheduler_pod_topology_spread);

    return (c->config->spread_requeues && (rejectors & 1U << spread) &&
            strcmp(added->space, c->class->space) == 0) ||
           affinity_any_term_means(c->class, added);
}

static bool helps_before(struct framework *f, const struct cycle *c,
                         unsigned rejectors,
                         const struct cluster_change *change)
{
    switch (change->event) {
    case EVENT_NODE_ADDED:
    case EVENT_NODE_TAINTS:
    case EVENT_NODE_LABELS:
        return framework_passes(f, c->class, change->node, checked_before());
    case EVENT_POD_ADDED:
        return added_helps(c, rejectors, change->pod);
    case EVENT_NODE_GONE:
    case EVENT_POD_GONE:
        break;
    }
    return true;
}

bool framework_helps(struct framework *f, struct pod_class *class,
                     unsigned rejectors, const struct cluster_change *change)
{
    struct cycle c = {f, class, class->config, f->nodes.items};
    unsigned mask = rejectors & framework_interested(f, change->event);

    if (!mask)
        return false;
    return class->config->queueing_hints
               ? any_says_yes(f, &c, mask, change)
               : helps_before(f, &c, rejectors, change);
}
