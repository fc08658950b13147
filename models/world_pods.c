#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "models/world_private.h"

/* Kubernetes' alphabet for generated names: no vowels, no 0, 1, 3
 * (apimachinery pkg/util/rand). */
static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
enum { LETTERS = sizeof alphabet - 1, SUFFIX = 5 };

/* The n-th of all five-letter words, in an order of the owner's own: 27^5
 * pods of an owner have different names. */
static char *generated_name(const char *owner, uint64_t n)
{
    const uint64_t words = 14348907; /* 27^5 */
    uint64_t x = (rng_hash(owner) + n * 9973937) % words;
    char suffix[SUFFIX + 1];

    for (size_t i = 0; i < SUFFIX; i++, x /= LETTERS)
        suffix[i] = alphabet[x % LETTERS];
    suffix[SUFFIX] = '\0';
    return mem_printf("%s-%s", owner, suffix);
}

/* StatefulSets' pods are named by their index; Indexed Jobs' begin so. */
static char *pod_name(const struct owner *owner, const struct pod *pod)
{
    char *prefix, *name;

    if (pod->owner_kind == OWNER_STATEFULSET)
        return mem_printf("%s-%d", owner->name, pod->index);
    if (pod->index < 0)
        return generated_name(owner->name, owner->pods_made);
    prefix = mem_printf("%s-%d", owner->name, pod->index);
    name = generated_name(prefix, owner->pods_made);
    free(prefix);
    return name;
}

static void join_owner(struct owner *owner, struct pod *pod)
{
    pod->owner_index = owner->pods.count;
    VEC_PUSH(owner->pods, pod->id);
}

static void own(struct world *w, struct pod *pod)
{
    struct owner *owner = world_pod_owner(w, pod);

    pod->name = pod_name(owner, pod);
    pod->ordinal = owner->pods_made++;
    pod->stream_owner = owner->name;
    if (pod->owner_kind == OWNER_REPLICASET &&
        w->replicasets.items[pod->owner]->deployment != NO_ID) {
        struct deployment *d =
            w->deployments.items[w->replicasets.items[pod->owner]->deployment];

        pod->ordinal = d->pods_made++;
        pod->stream_owner = d->spec->meta.name;
    }
    join_owner(owner, pod);
}

/* A pod that nobody knows of yet. */
static struct pod *make_pod(struct world *w, const char *space,
                            const struct pod_template *template)
{
    struct pod *pod = mem_zalloc(sizeof *pod);

    assert(w->pods.count < NO_ID);
    pod->id = (pod_id)w->pods.count;
    pod->space = space;
    pod->template = template;
    pod->created = sim_now(w->sim);
    pod->scheduled = pod->deletion = pod->first_ready = SIM_NEVER;
    pod->ready_since = pod->created;
    pod->node = pod->owner = pod->target = NO_ID;
    pod->index = -1;
    return pod;
}

static pod_id add_pod(struct world *w, struct pod *pod, incident_id origin)
{
    world_match_pod(w, pod);
    VEC_PUSH(w->pods, ((struct pod_entry){pod, origin, sim_now(w->sim)}));
    w->pod_count++;
    world_tell(w, CHANGE_POD, WHAT_ADDED, pod->id);
    return pod->id;
}

pod_id world_pod_create_owned(struct world *w, enum owner_kind kind,
                              uint32_t owner,
                              const struct pod_template *template, int index,
                              node_id target, incident_id origin)
{
    struct pod *pod = make_pod(w, world_owner(w, kind, owner)->space, template);

    pod->owner_kind = kind;
    pod->owner = owner;
    pod->index = index;
    pod->target = target;
    own(w, pod);
    return add_pod(w, pod, origin);
}

pod_id world_pod_create(struct world *w, replicaset_id rs,
                        const struct pod_template *template, const char *space,
                        const char *name, incident_id origin)
{
    struct pod *pod;

    if (rs != NO_ID)
        return world_pod_create_owned(w, OWNER_REPLICASET, rs, template, -1,
                                      NO_ID, origin);
    pod = make_pod(w, space, template);
    pod->name = mem_strdup(name);
    pod->stream_owner = pod->name;
    return add_pod(w, pod, origin);
}

void world_pod_bind(struct world *w, pod_id id, node_id node_number)
{
    struct pod *pod = world_pod(w, id);
    struct node *node = world_node(w, node_number);

    assert(pod && pod->node == NO_ID);
    pod->node = node_number;
    pod->scheduled = sim_now(w->sim);
    pod->node_index = node->pods.count;
    VEC_PUSH(node->pods, id);
    world_node_account(node, pod->template, 1);
    world_tell(w, CHANGE_POD, WHAT_BOUND, id);
}

void world_pod_report_ip(struct world *w, pod_id id, uint32_t ip)
{
    struct pod *pod = world_pod(w, id);

    assert(pod);
    if (pod->ip == ip)
        return;
    pod->ip = ip;
    world_tell(w, CHANGE_POD, WHAT_IP, id);
}

void world_pod_set_phase(struct world *w, pod_id id, enum pod_phase phase,
                         const char *reason)
{
    struct pod *pod = world_pod(w, id);

    assert(pod);
    if (pod->phase == phase)
        return;
    pod->phase = phase;
    if (reason)
        pod->reason = reason;
    if (phase != POD_RUNNING && pod->ready) {
        pod->ready = false;
        pod->ready_since = sim_now(w->sim);
    }
    world_tell(w, CHANGE_POD, WHAT_STATUS, id);
}

void world_pod_set_ready(struct world *w, pod_id id, bool ready)
{
    struct pod *pod = world_pod(w, id);

    assert(pod);
    if (pod->ready == ready)
        return;
    pod->ready = ready;
    pod->ready_since = sim_now(w->sim);
    if (ready && pod->first_ready == SIM_NEVER)
        pod->first_ready = pod->ready_since;
    world_tell(w, CHANGE_POD, WHAT_STATUS, id);
}

/* No controller acts on it before the next scale-down. */
void world_pod_set_restarts(struct world *w, pod_id id, uint32_t restarts)
{
    struct pod *pod = world_pod(w, id);

    assert(pod && restarts >= pod->restarts);
    if (pod->restarts == restarts)
        return;
    pod->restarts = restarts;
    world_tell(w, CHANGE_POD, WHAT_STATUS, id);
}

void world_pod_delete(struct world *w, pod_id id, sim_time grace,
                      const char *reason, incident_id origin)
{
    struct pod *pod = world_pod(w, id);
    sim_time now = sim_now(w->sim);

    assert(pod);
    if (grace < 0)
        grace = pod->template->grace_period;
    /* registry/core/pod/strategy.go CheckGracefulDelete: a pod that has ended
     * has nothing to wait for. */
    if (pod->phase == POD_FAILED || pod->phase == POD_SUCCEEDED)
        grace = 0;
    if (pod->deletion == SIM_NEVER) {
        world_pod_touch(w, id, origin);
        pod->deletion = now;
        if (!pod->reason)
            pod->reason = reason;
    } else if (grace > 0 && now + grace >= pod->deletion + pod->grace) {
        return; /* a longer period never replaces a shorter one */
    }
    pod->grace = now - pod->deletion + grace;
    /* CheckGracefulDelete, pkg/registry/core/pod/strategy.go */
    if (pod->node == NO_ID || grace == 0 || pod->phase == POD_SUCCEEDED ||
        pod->phase == POD_FAILED) {
        world_pod_remove(w, id);
        return;
    }
    world_tell(w, CHANGE_POD, WHAT_TERMINATING, id);
}

static void unbind(struct world *w, struct pod *pod)
{
    struct node *node = world_node(w, pod->node);
    pod_id last = node->pods.items[node->pods.count - 1];

    assert(node->pods.items[pod->node_index] == pod->id);
    node->pods.items[pod->node_index] = last;
    world_pod(w, last)->node_index = pod->node_index;
    node->pods.count--;
    world_node_account(node, pod->template, -1);
}

static void disown(struct world *w, struct pod *pod)
{
    struct pod_list *pods = &world_pod_owner(w, pod)->pods;
    pod_id last = pods->items[pods->count - 1];

    assert(pods->items[pod->owner_index] == pod->id);
    pods->items[pod->owner_index] = last;
    world_pod(w, last)->owner_index = pod->owner_index;
    pods->count--;
}

void world_pod_remove(struct world *w, pod_id id)
{
    struct pod *pod = world_pod(w, id);

    assert(pod);
    if (pod->deletion == SIM_NEVER)
        pod->deletion = sim_now(w->sim);
    if (pod->serving)
        world_pod_set_serving(w, id, false);
    if (pod->sandbox_ip)
        world_pod_set_sandbox(w, id, 0);
    if (pod->node != NO_ID)
        unbind(w, pod);
    if (pod->owner_kind != OWNER_NONE)
        disown(w, pod);
    world_tell(w, CHANGE_POD, WHAT_DELETED, id);
    w->pods.items[id].pod = NULL;
    w->pod_count--;
    free(pod->name);
    free(pod);
}

/* --- metadata --- */

static struct pod_before before(const struct pod *pod)
{
    return (struct pod_before){pod->template, pod->owner_kind, pod->owner};
}

void world_pod_set_meta(struct world *w, pod_id id,
                        const struct pod_template *template)
{
    struct pod *pod = world_pod(w, id);
    struct pod_before old = before(pod);

    pod->template = template;
    world_match_pod(w, pod);
    world_tell_old(w, CHANGE_POD, WHAT_LABELS, id, &old);
}

void world_pod_set_deletion_cost(struct world *w, pod_id id, int32_t cost)
{
    struct pod_template *template =
        world_template_copy(w, world_pod(w, id)->template);

    template->deletion_cost = cost;
    world_pod_set_meta(w, id, template);
}

void world_pod_set_owner(struct world *w, pod_id id, enum owner_kind kind,
                         uint32_t owner)
{
    struct pod *pod = world_pod(w, id);
    struct pod_before old = before(pod);

    assert(pod);
    if (pod->owner_kind != OWNER_NONE)
        disown(w, pod);
    pod->owner_kind = kind;
    pod->owner = kind == OWNER_NONE ? NO_ID : owner;
    if (kind != OWNER_NONE)
        join_owner(world_pod_owner(w, pod), pod);
    world_tell_old(w, CHANGE_POD, WHAT_OWNER, id, &old);
}

/* --- truth --- */

void world_pod_set_sandbox(struct world *w, pod_id id, uint32_t ip)
{
    struct pod *pod = world_pod(w, id);

    assert(pod);
    if (pod->sandbox_ip == ip)
        return;
    if (ip)
        pod->sandboxes++;
    pod->sandbox_ip = ip;
    world_tell(w, CHANGE_POD, WHAT_SANDBOX, id);
}

void world_pod_set_serving(struct world *w, pod_id id, bool serving)
{
    struct pod *pod = world_pod(w, id);

    assert(pod);
    if (pod->serving == serving)
        return;
    pod->serving = serving;
    world_tell(w, CHANGE_POD, WHAT_SERVING, id);
}

void world_pod_crashed(struct world *w, pod_id id, incident_id origin)
{
    assert(world_pod(w, id));
    world_pod_touch(w, id, origin);
    world_tell(w, CHANGE_POD, WHAT_CRASHED, id);
}

void world_pod_touch(struct world *w, pod_id id, incident_id origin)
{
    const struct pod *pod = world_pod(w, id);

    assert(id < w->pods.count && origin < w->incidents.count);
    if (pod && (pod->phase == POD_FAILED || pod->phase == POD_SUCCEEDED))
        return;
    w->pods.items[id].origin = origin;
    w->pods.items[id].touched = sim_now(w->sim);
}
