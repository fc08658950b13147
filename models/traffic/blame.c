/*
 * blame - which incident made an attempt fail: the endpoint is followed back
 * to what touched it last.
 *
 *   no endpoint, no name    the Service's last change of endpoints
 *   no answer from DNS      what is wrong with its servers
 *   partition               what keeps the packets from or to the node
 *   node down               what brought the node down; of an address that was
 *                           lost before that, what touched its pod last
 *   refused, reset, dead    what touched the pod last that the endpoint
 *   address, misrouted      named (or, once accepted, the pod that had it)
 *   time-out, queue full    the same where the pod is gone, going, not
 *                           serving, or was touched less than a minute ago;
 *                           else overload
 *   error of the process    a fault of it; else nobody's doing
 *
 * A request that waits for a call of its pod's is slow because of that: what
 * the call would fail of now is to blame. So it is for those that queue behind
 * it, where nothing else is. A call that failed makes an error of its origin.
 *
 * A fault that makes the pod slow or wrong is to blame for its time-outs, its
 * full queue and its errors, as long as it lasts.
 *
 * Touched: a sandbox made or lost, began or ceased to serve, crashed, told
 * to go. To be found not ready is no touch: overload does that.
 */
#include "models/traffic/call.h"

/* So long after something was done to a pod its slowness is put down to
 * that: new pods are cold, and take what queued elsewhere. Our choice. */
static const sim_time recent = SIM_MIN;

/* Pods that lived on the node were touched when it fell. */
static incident_id node_origin(const struct traffic *t, node_id id, pod_id pod)
{
    const struct node *node = id == NO_ID ? NULL : world_node(t->s->world, id);

    if (!node || node->up ||
        (pod != NO_ID && world_pod_touched(t->s->world, pod) < node->up_since))
        return NO_ID;
    return node->origin;
}

/* Some partition that keeps out what comes from outside. */
static incident_id some_cut(const struct world *w)
{
    for (size_t i = 0; i < w->nodes.count; i++) {
        if (!w->nodes.items[i]->deleted && !world_reaches(w, NO_ID, (node_id)i))
            return w->nodes.items[i]->origin;
    }
    return NO_ID;
}

/* The partition between the client's node and the endpoint's; NO_ID: none. */
static incident_id cut_origin(const struct traffic *t, const struct entry *e,
                              const struct request *r)
{
    const struct world *w = t->s->world;
    node_id from = e->homes[r->client].node;

    if (w->isolations == 0 ||
        (r->node != NO_ID && !r->cut && world_reaches(w, from, r->node)))
        return NO_ID;
    if (r->node != NO_ID && !world_reaches(w, NO_ID, r->node))
        return world_node(w, r->node)->origin;
    if (from != NO_ID && !world_reaches(w, NO_ID, from))
        return world_node(w, from)->origin;
    return r->node == NO_ID ? some_cut(w) : (incident_id)NO_ID;
}

static bool touched_lately(const struct traffic *t, pod_id pod)
{
    sim_time now = sim_now(t->s->sim);

    return pod < t->touched.count && now - t->touched.items[pod] < recent;
}

/* A pod that works, or should: slow or full. */
static incident_id slow_origin(struct traffic *t, const struct request *r,
                               pod_id id)
{
    const struct pod *pod = world_pod(t->s->world, id);
    incident_id origin = world_pod_origin(t->s->world, id), callee;

    if (!pod || pod->deletion != SIM_NEVER || !pod->serving)
        return origin;
    if (server_fault(pod) != NO_ID)
        return server_fault(pod);
    callee = calls_origin(t, r);
    if (callee != NO_ID)
        return callee;
    if (touched_lately(t, id) && origin != INCIDENT_NONE &&
        origin != INCIDENT_STARTUP)
        return origin;
    callee = calls_origin_at(t, id);
    return callee != NO_ID ? callee : (incident_id)INCIDENT_OVERLOAD;
}

static incident_id error_origin(const struct traffic *t, pod_id id)
{
    const struct pod *pod = id == NO_ID ? NULL : world_pod(t->s->world, id);

    return pod && server_fault(pod) != NO_ID ? server_fault(pod)
                                             : (incident_id)INCIDENT_NONE;
}

static incident_id service_origin(const struct traffic *t,
                                  const struct entry *e)
{
    return e->known == NO_ID ? (incident_id)INCIDENT_NONE
                             : world_service(t->s->world, e->known)->origin;
}

incident_id blame(struct traffic *t, const struct entry *e,
                  const struct request *r, enum cause cause)
{
    pod_id pod = r->server == NO_ID ? r->pod : r->server;
    incident_id origin;

    if (r->blamed)
        return r->origin;
    if (cause == CAUSE_APP_ERROR)
        return error_origin(t, pod);
    if (cause == CAUSE_DNS)
        return service_origin(t, e);
    origin = cause == CAUSE_TIMEOUT || cause == CAUSE_CONNECT_TIMEOUT
                 ? cut_origin(t, e, r)
                 : NO_ID;
    if (origin == NO_ID)
        origin = node_origin(t, r->node, pod);
    if (origin != NO_ID)
        return origin;
    if (pod == NO_ID)
        return service_origin(t, e);
    if (cause == CAUSE_TIMEOUT || cause == CAUSE_OVERLOADED)
        return slow_origin(t, r, pod);
    return world_pod_origin(t->s->world, pod);
}
