/* The world's changes -> a trace. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/controllers/endpointslice.h"
#include "tests/oracle/replay.h"

static const char *top_owner(const struct pod *pod)
{
    return pod->stream_owner;
}

static const char *parent_of(const struct world *w, const struct pod *pod)
{
    return pod->owner_kind == OWNER_REPLICASET
               ? w->replicasets.items[pod->owner]->name
               : NULL;
}

static void on_status(struct replay *p, const struct pod *pod, double now)
{
    struct trace_pod *x = &p->trace->pods.items[pod->id];
    bool ended = pod->phase == POD_FAILED || pod->phase == POD_SUCCEEDED;

    x->restarts = (int)pod->restarts;
    if (ended && isnan(x->failed))
        trace_pod_step(p->trace, pod->id, STEP_POD_FAILED, now);
    else if (!ended && pod->ready != x->is_ready)
        trace_pod_step(p->trace, pod->id,
                       pod->ready ? STEP_POD_READY : STEP_POD_UNREADY, now);
}

static void on_pod(struct replay *p, const struct world_change *change)
{
    const struct world *w = p->s->world;
    const struct pod *pod = world_pod(w, change->id);
    double now = replay_now(p);

    switch (change->what) {
    case WHAT_ADDED:
        trace_add_pod(p->trace, pod->name, top_owner(pod), parent_of(w, pod),
                      now);
        pairing_add(&p->pairing, pod->id);
        break;
    case WHAT_BOUND:
        p->trace->pods.items[pod->id].node =
            intern(p->trace->intern, world_node(w, pod->node)->spec->name);
        trace_pod_step(p->trace, pod->id, STEP_POD_BOUND, now);
        break;
    case WHAT_STATUS:
        on_status(p, pod, now);
        break;
    case WHAT_TERMINATING:
        if (!isnan(p->trace->pods.items[pod->id].deletion))
            break;
        p->trace->pods.items[pod->id].grace = sim_to_seconds(pod->grace);
        trace_pod_step(p->trace, pod->id, STEP_POD_TERMINATING, now);
        break;
    case WHAT_DELETED:
        trace_pod_step(p->trace, pod->id, STEP_POD_GONE, now);
        break;
    default:
        break;
    }
}

static void on_replicaset(struct replay *p, const struct world_change *change)
{
    const struct world *w = p->s->world;
    const struct replicaset *rs = w->replicasets.items[change->id];
    const char *owner =
        rs->deployment == NO_ID
            ? rs->name
            : w->deployments.items[rs->deployment]->spec->meta.name;
    int rank = 0;

    if (change->what == WHAT_STATUS)
        return;
    for (replicaset_id i = 0; i < rs->id; i++)
        rank += rs->deployment != NO_ID &&
                w->replicasets.items[i]->deployment == rs->deployment;
    trace_step(p->trace,
               (struct trace_step){
                   .t = replay_now(p),
                   .kind = STEP_REPLICASET,
                   .name = intern(p->trace->intern, rs->name),
                   .owner = intern(p->trace->intern, owner),
                   .a = change->what == WHAT_DELETED ? 0 : rs->replicas,
                   .b = rank});
}

static void on_deployment(struct replay *p, const struct world_change *change)
{
    const struct deployment *d = p->s->world->deployments.items[change->id];

    trace_step(p->trace,
               (struct trace_step){
                   .t = replay_now(p),
                   .kind = STEP_OWNER,
                   .name = intern(p->trace->intern, d->spec->meta.name),
                   .a = change->what == WHAT_DELETED ? 0 : d->replicas,
                   .b = d->status_updated,
                   .c = d->status_ready,
                   .d = d->status_available});
}

static const char *hints_of(struct replay *p, const struct endpoint_set *set)
{
    const char **zones = mem_calloc(set->count + 1, sizeof *zones), *text;
    size_t count = 0;

    for (uint32_t i = 0; i < set->count; i++) {
        uint16_t zone = set->endpoints[i].hint_zone;

        if (zone > 0)
            zones[count++] = p->s->world->zones.items[zone - 1];
    }
    text = trace_hints(p->trace, zones, count);
    free(zones);
    return text;
}

static void on_endpoints(struct replay *p, const struct world_change *change)
{
    const struct service *service = world_service(p->s->world, change->id);
    const struct endpoint_set *set = service->newest;
    struct trace_step step = {.t = replay_now(p), .kind = STEP_ENDPOINTS};

    step.name = intern(p->trace->intern, service->spec->meta.name);
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->endpoints[i].flags & ENDPOINT_READY)
            step.a++;
        else if (set->endpoints[i].flags & ENDPOINT_TERMINATING)
            step.b++;
        else
            step.c++;
    }
    step.d = (int)endpointslice_slice_count(p->s->controllers, change->id);
    step.text = hints_of(p, set);
    trace_step(p->trace, step);
    VEC_PUSH(p->trace->writes, ((struct trace_write){step.t, step.name}));
}

/* --- nodes --- */

static bool has_taint(const struct node *node, const char *key, int effect)
{
    for (size_t i = 0; i < node->taints.count; i++) {
        if ((int)node->taints.items[i].effect == effect &&
            strcmp(node->taints.items[i].key, key) == 0)
            return true;
    }
    return false;
}

/* Whether the last step about a node's taint says that it is there. */
static bool told(const struct trace *t, const char *node, const char *key,
                 int effect)
{
    for (size_t i = t->steps.count; i-- > 0;) {
        const struct trace_step *s = &t->steps.items[i];

        if (s->kind == STEP_NODE_TAINT && s->name == node && s->a == effect &&
            strcmp(s->text, key) == 0)
            return s->b;
    }
    return false;
}

static void taint_step(struct replay *p, const char *node, const char *key,
                       int effect, bool there)
{
    if (told(p->trace, node, key, effect) == there)
        return;
    trace_step(p->trace,
               (struct trace_step){.t = replay_now(p),
                                   .kind = STEP_NODE_TAINT,
                                   .name = node,
                                   .text = intern(p->trace->intern, key),
                                   .a = effect,
                                   .b = there});
}

static void on_taints(struct replay *p, const struct node *node,
                      const char *name)
{
    size_t count = p->trace->steps.count;

    for (size_t i = 0; i < count; i++) {
        struct trace_step s = p->trace->steps.items[i];

        if (s.kind == STEP_NODE_TAINT && s.name == name && s.b &&
            !has_taint(node, s.text, s.a))
            taint_step(p, name, s.text, s.a, false);
    }
    for (size_t i = 0; i < node->taints.count; i++)
        taint_step(p, name, node->taints.items[i].key,
                   (int)node->taints.items[i].effect, true);
}

static void on_node(struct replay *p, const struct world_change *change)
{
    const struct node *node = world_node(p->s->world, change->id);
    const char *name = intern(p->trace->intern, node->spec->name);
    struct trace_step step = {.t = replay_now(p), .name = name};

    step.a = node->ready == NODE_TRUE ? 1 : node->ready == NODE_FALSE ? 0 : -1;
    if (change->what == WHAT_ADDED) {
        step.kind = STEP_NODE_ADDED;
        trace_step(p->trace, step);
        step.kind = STEP_NODE_READY;
        trace_step(p->trace, step);
        on_taints(p, node, name);
    } else if (change->what == WHAT_STATUS) {
        step.kind = STEP_NODE_READY;
        trace_step(p->trace, step);
    } else if (change->what == WHAT_TAINTS) {
        on_taints(p, node, name);
    } else if (change->what == WHAT_DELETED) {
        step.kind = STEP_NODE_GONE;
        trace_step(p->trace, step);
    }
}

static void notify(void *self, const struct world_change *change)
{
    switch (change->kind) {
    case CHANGE_POD:
        on_pod(self, change);
        break;
    case CHANGE_REPLICASET:
        on_replicaset(self, change);
        break;
    case CHANGE_DEPLOYMENT:
        on_deployment(self, change);
        break;
    case CHANGE_ENDPOINTS:
        on_endpoints(self, change);
        break;
    default:
        on_node(self, change);
    }
}

void watch_start(struct replay *p)
{
    world_watch(p->s->world,
                1U << CHANGE_POD | 1U << CHANGE_REPLICASET |
                    1U << CHANGE_DEPLOYMENT | 1U << CHANGE_ENDPOINTS |
                    1U << CHANGE_NODE,
                notify, p);
}
