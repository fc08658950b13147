/*
 * local - the endpoints that a node's proxy uses for packets under traffic
 * policy Local: kept for each node until another version of the Service is
 * programmed there, so that a pick costs what it does elsewhere.
 */
#include <stdlib.h>

#include "models/network/categorize.h"
#include "models/traffic/traffic_internal.h"

/* Of local views, beside the sequences of the world's own sets: balancers
 * tell sets apart by them. */
#define LOCAL_SEQUENCE (UINT64_C(1) << 63)

static void fill(struct traffic *t, struct local_view *view,
                 const struct endpoint_set *set,
                 const struct proxy_endpoint *used)
{
    struct endpoint_set *local = endpoint_set_new(set->service, set->count);
    uint32_t count = 0;

    for (uint32_t i = 0; i < set->count; i++)
        if (used[i].use & USE_LOCAL)
            local->endpoints[count++] = set->endpoints[i];
    local->count = local->usable = count;
    local->slots = set->slots;
    local->sequence = LOCAL_SEQUENCE | ++t->local_number;
    if (view->set)
        endpoint_set_release(view->set);
    view->set = local;
}

static void look(struct traffic *t, struct local_view *view,
                 const struct endpoint_set *set, node_id node)
{
    const struct proxy_service service = {
        .local = true,
        .only_ready = !t->s->scenario->cluster.kube_proxy.terminating_fallback};
    struct proxy_endpoint *used = mem_calloc(set->count + 1, sizeof *used);

    for (uint32_t i = 0; i < set->count; i++) {
        used[i].flags = set->endpoints[i].flags;
        used[i].local = set->endpoints[i].node == node;
    }
    view->any = categorize_endpoints(&service, used, set->count);
    view->of = set->sequence;
    fill(t, view, set, used);
    free(used);
}

const struct local_view *local_endpoints(struct traffic *t,
                                         struct balancing *lb, node_id node,
                                         const struct endpoint_set *set)
{
    struct local_view none = {0};
    struct local_view *view;

    while (lb->locals.count <= node)
        VEC_PUSH(lb->locals, none);
    view = &lb->locals.items[node];
    if (__builtin_expect(!view->set || view->of != set->sequence, 0))
        look(t, view, set, node);
    return view;
}

void locals_release(struct balancing *lb)
{
    for (size_t i = 0; i < lb->locals.count; i++)
        if (lb->locals.items[i].set)
            endpoint_set_release(lb->locals.items[i].set);
    VEC_FREE(lb->locals);
}
