#include <assert.h>

#include "models/traffic/server_private.h"

static const struct slow_node *slow_node(const struct servers *v, node_id node)
{
    static const struct slow_node none = {1, NO_ID};

    if (node >= v->slow_nodes.count || v->slow_nodes.items[node].factor <= 0)
        return &none;
    return &v->slow_nodes.items[node];
}

/* What all faults together make of the pod. */
static void apply(const struct servers *v, struct server_pod *server,
                  node_id node)
{
    const struct slow_node *slow = slow_node(v, node);
    double good = 1 - server->workload->error_rate;
    bool hung = false;

    server->slowness = slow->factor;
    server->fault = slow->incident;
    for (size_t i = 0; i < server->faults.count; i++) {
        const struct server_fault *f = &server->faults.items[i];

        server->fault = f->incident;
        hung |= f->kind == FAULT_HANG;
        if (f->kind == FAULT_SLOW)
            server->slowness *= f->amount;
        else if (f->kind == FAULT_ERROR)
            good *= 1 - f->amount;
    }
    server->error_rate = 1 - good;
    if (hung)
        queue_hang(&server->queue);
    else
        queue_resume(&server->queue);
}

void server_faults_join(const struct servers *v, struct server_pod *server,
                        node_id node)
{
    apply(v, server, node);
}

static void drop(struct server_pod *server, size_t i)
{
    for (; i + 1 < server->faults.count; i++)
        server->faults.items[i] = server->faults.items[i + 1];
    server->faults.count--;
}

static node_id node_of(const struct servers *v, const struct server_pod *server)
{
    return world_pod(v->s->world, server->pod)->node;
}

void server_faults_leave(const struct servers *v, struct server_pod *server)
{
    for (size_t i = server->faults.count; i-- > 0;)
        if (server->faults.items[i].kind == FAULT_HANG)
            drop(server, i);
    apply(v, server, node_of(v, server));
}

bool server_fault_begin(struct servers *v, struct pod *pod,
                        enum server_fault_kind kind, double amount,
                        incident_id incident)
{
    struct server_fault fault = {kind, amount, incident};

    assert(amount >= 0);
    if (!server_listens(pod))
        return false;
    world_pod_touch(v->s->world, pod->id, incident);
    VEC_PUSH(pod->server->faults, fault);
    apply(v, pod->server, pod->node);
    return true;
}

void server_fault_end(struct servers *v, struct pod *pod, incident_id incident)
{
    struct server_pod *server = pod ? pod->server : NULL;

    for (size_t i = server ? server->faults.count : 0; i-- > 0;)
        if (server->faults.items[i].incident == incident)
            drop(server, i);
    if (!server)
        return;
    world_pod_touch(v->s->world, pod->id, incident); /* what it leaves behind */
    apply(v, server, pod->node);
}

void server_slow_node(struct servers *v, node_id id, double factor,
                      incident_id incident)
{
    const struct node *node = world_node(v->s->world, id);
    struct slow_node none = {0, NO_ID};

    while (v->slow_nodes.count <= id)
        VEC_PUSH(v->slow_nodes, none);
    v->slow_nodes.items[id].factor = factor;
    v->slow_nodes.items[id].incident =
        factor < 1 || factor > 1 ? incident : NO_ID;
    for (size_t i = 0; i < node->pods.count; i++) {
        struct pod *pod = world_pod(v->s->world, node->pods.items[i]);

        if (!pod->server)
            continue;
        world_pod_touch(v->s->world, pod->id, incident);
        apply(v, pod->server, id);
    }
}

incident_id server_fault(const struct pod *pod)
{
    return pod->server ? pod->server->fault : (incident_id)NO_ID;
}
