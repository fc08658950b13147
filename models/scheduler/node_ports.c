/*
 * node_ports - a host port is had by one pod of a node (plugins/nodeports).
 */
#include "models/scheduler/framework.h"
#include "models/select.h"

struct ports {
    VEC_OF(uint32_t) users;  /* ids of the classes that want host ports */
    uint32_t scanned;        /* classes below this id were looked at */
    VEC_OF(uint32_t) rivals; /* of this cycle: those that want the same */
};

static void release(void *state)
{
    struct ports *s = state;

    VEC_FREE(s->users);
    VEC_FREE(s->rivals);
}

static void refresh_users(struct ports *s, const struct framework *f)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->users.count; i++) {
        if (framework_class_at(f, s->users.items[i]))
            s->users.items[kept++] = s->users.items[i];
    }
    s->users.count = kept;
    for (; s->scanned < framework_class_count(f); s->scanned++) {
        const struct pod_class *class = framework_class_at(f, s->scanned);

        if (class && host_ports_wanted(class->template))
            VEC_PUSH(s->users, s->scanned);
    }
}

static bool pre_filter(void *state, const struct cycle *c)
{
    struct ports *s = state;

    if (s->scanned != framework_class_count(c->framework))
        refresh_users(s, c->framework);
    s->rivals.count = 0;
    if (s->users.count == 0 || !host_ports_wanted(c->class->template))
        return false;
    for (size_t i = 0; i < s->users.count; i++) {
        const struct pod_class *class =
            framework_class_at(c->framework, s->users.items[i]);

        if (class && host_ports_collide(c->class->template, class->template))
            VEC_PUSH(s->rivals, class->id);
    }
    return true;
}

static enum filter_status filter(void *state, const struct cycle *c,
                                 node_id node, struct filter_reasons *why)
{
    const struct ports *s = state;

    for (size_t i = 0; i < s->rivals.count; i++) {
        if (class_pods_on(framework_class_at(c->framework, s->rivals.items[i]),
                          node) == 0)
            continue;
        filter_refuse(
            why, "node(s) didn't have free ports for the requested pod ports",
            "");
        return FILTER_UNSCHEDULABLE;
    }
    return FILTER_SUCCESS;
}

static bool helps(void *state, const struct cycle *c,
                  const struct cluster_change *change)
{
    (void)state;
    return !change->pod ||
           host_ports_collide(c->class->template, change->pod->template);
}

const struct scheduler_plugin scheduler_node_ports = {
    .name = "NodePorts",
    .summary = "a host port is had by one pod of a node",
    .events = 1U << EVENT_NODE_ADDED | 1U << EVENT_POD_GONE,
    .events_before = EVENTS_NODE_CHANGES | 1U << EVENT_POD_GONE,
    .helps = helps,
    .state_size = sizeof(struct ports),
    .release = release,
    .pre_filter = pre_filter,
    .filter = filter,
};
