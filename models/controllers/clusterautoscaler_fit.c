#include "models/controllers/clusterautoscaler_internal.h"

#include "models/scheduler/scheduler.h"

/* A number for each node that is to come, above all that are there. */
static void add_upcoming(struct clusterautoscaler *ca,
                         struct autoscaler_picture *p)
{
    for (size_t g = 0; g < ca->group_count; g++) {
        const struct autoscaler_group *group = &ca->groups[g];

        for (size_t i = 0; i < group->room; i++) {
            if (group->slots[i].requested != SIM_NEVER)
                picture_add_node(p, &group->spec->nodes[i]);
        }
    }
}

struct autoscaler_picture picture_take(struct clusterautoscaler *ca,
                                       const struct simulation *s)
{
    const struct world *w = s->world;
    struct autoscaler_picture p = {.w = w,
                                   .f = scheduler_framework_like(s->scheduler),
                                   .rng = &ca->rng,
                                   .next = (node_id)w->nodes.count};

    for (node_id id = 0; id < w->nodes.count; id++) {
        const struct node *node = world_node(w, id);

        if (node->deleted || node->ready != NODE_TRUE)
            continue;
        framework_node_add(p.f, id, node->spec);
        framework_node_set(p.f, id, node->unschedulable, node->taints.items,
                           node->taints.count);
        for (size_t i = 0; i < node->pods.count; i++) {
            const struct pod *pod = world_pod(w, node->pods.items[i]);

            framework_pod_add(p.f, scheduler_class_in(w, p.f, pod), id,
                              pod->deletion != SIM_NEVER);
        }
    }
    add_upcoming(ca, &p);
    return p;
}

void picture_release(struct autoscaler_picture *p)
{
    framework_free(p->f);
    VEC_FREE(p->puts);
}

node_id picture_add_node(struct autoscaler_picture *p,
                         const struct node_spec *spec)
{
    framework_node_add(p->f, p->next, spec);
    framework_node_set(p->f, p->next, false, spec->taints, spec->taint_count);
    return p->next++;
}

static void put(struct autoscaler_picture *p, struct pod_class *class,
                node_id node)
{
    framework_pod_add(p->f, class, node, false);
    VEC_PUSH(p->puts, ((struct autoscaler_put){class, node}));
}

node_id picture_place(struct autoscaler_picture *p, const struct pod *pod)
{
    struct pod_class *class = scheduler_class_in(p->w, p->f, pod);
    node_id node = framework_schedule(p->f, class, p->rng);

    if (node == NO_ID)
        framework_class_release(p->f, class);
    else
        put(p, class, node);
    return node;
}

bool picture_place_on(struct autoscaler_picture *p, const struct pod *pod,
                      node_id node)
{
    struct pod_class *class = scheduler_class_in(p->w, p->f, pod);

    if (!framework_passes(p->f, class, node, ~0U)) {
        framework_class_release(p->f, class);
        return false;
    }
    put(p, class, node);
    return true;
}

void picture_undo(struct autoscaler_picture *p, size_t kept)
{
    while (p->puts.count > kept) {
        struct autoscaler_put *last = &p->puts.items[--p->puts.count];

        framework_pod_remove(p->f, last->class, last->node, false);
        framework_class_release(p->f, last->class);
    }
}
