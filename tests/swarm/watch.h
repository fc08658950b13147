/*
 * watch - what must hold of the cluster at every instant, checked at each
 * change of the world.
 *
 * Controllers act on what they have heard, and their writes take time: a
 * bound of theirs holds against any desired state in force within `lag`
 * before. Each breach is kept as a line of text with its time.
 */
#ifndef TESTS_SWARM_WATCH_H
#define TESTS_SWARM_WATCH_H

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/network/ipam.h"
#include "models/simulation.h"
#include "sim/engine/mem.h"

/* A number of replicas, wanted from a time on. */
struct wanted {
    sim_time from;
    int replicas;
};
struct history {
    struct wanted *items;
    size_t count, room;
};

struct pod_watch {
    uint32_t ip;   /* of its sandbox; 0: none */
    sim_time gone; /* SIM_NEVER: exists */
    bool going, was_ready;
};

struct deployment_watch {
    struct history wanted;
    bool disturbed; /* a pod crashed, failed or was found not ready */
    const struct pod_template *template;
    sim_time changed; /* the template */
    bool rollover;    /* soon after it had been before: the controller counts
                         on statuses of ReplicaSets that are still changing */
};

struct node_watch {
    sim_time cordoned; /* since; SIM_NEVER: is not */
    sim_time unready, changed;
};

struct watch {
    struct simulation *s;
    bool calm;               /* nothing but controllers moves pods */
    sim_time lag;            /* of controllers, the worst that is likely */
    sim_time scheduling_lag; /* of the scheduler */
    sim_time changed;        /* last change of what the API holds */
    VEC_OF(struct pod_watch) pods;
    VEC_OF(struct deployment_watch) deployments;
    VEC_OF(struct history) replicasets;
    VEC_OF(struct node_watch) nodes;
    FILE *out;
    int breaches; /* printed: the first few */
};

enum { MAX_BREACHES = 12 };

static void breach(struct watch *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void breach(struct watch *w, const char *format, ...)
{
    const struct world *world = w->s->world;
    va_list args;

    if (w->breaches++ >= MAX_BREACHES)
        return;
    if (world->epoch != SIM_NEVER)
        fprintf(w->out,
                "  at %.6f: ", world_seconds(world, sim_now(world->sim)));
    else
        fprintf(w->out, "  in the warm-up, clock %.6f: ",
                (double)sim_now(world->sim) / 1e9);
    va_start(args, format);
    vfprintf(w->out, format, args);
    va_end(args);
    fputc('\n', w->out);
}

/* Grows a list of records to hold the id, new ones as given. */
#define RECORD(list, id) (grow_##list(w, id), &w->list.items[id])
static void grow_pods(struct watch *w, uint32_t id)
{
    while (w->pods.count <= id)
        VEC_PUSH(w->pods, ((struct pod_watch){.gone = SIM_NEVER}));
}
static void grow_deployments(struct watch *w, uint32_t id)
{
    while (w->deployments.count <= id)
        VEC_PUSH(w->deployments, (struct deployment_watch){.changed = -1});
}
static void grow_replicasets(struct watch *w, uint32_t id)
{
    while (w->replicasets.count <= id)
        VEC_PUSH(w->replicasets, (struct history){.count = 0});
}
static void grow_nodes(struct watch *w, uint32_t id)
{
    while (w->nodes.count <= id)
        VEC_PUSH(w->nodes, ((struct node_watch){.cordoned = SIM_NEVER,
                                                .unready = SIM_NEVER}));
}

static sim_time now_of(const struct watch *w)
{
    return sim_now(w->s->sim);
}

/* --- what was wanted of late --- */

static void want(struct watch *w, struct history *h, int replicas)
{
    struct wanted new = {now_of(w), replicas};

    if (h->count == 0 || h->items[h->count - 1].replicas != replicas)
        VEC_PUSH(*h, new);
}

/* Index of the first entry that was still in force `lag` ago. */
static size_t of_late(const struct watch *w, const struct history *h)
{
    size_t i = h->count;

    while (i > 1 && h->items[i - 1].from > now_of(w) - w->lag)
        i--;
    return i > 0 ? i - 1 : 0;
}

static int most_wanted(const struct watch *w, const struct history *h)
{
    int most = 0;

    for (size_t i = of_late(w, h); i < h->count; i++) {
        if (h->items[i].replicas > most)
            most = h->items[i].replicas;
    }
    return most;
}

static int share_of(struct int_or_percent x, int replicas, bool up)
{
    if (!x.percent)
        return x.value;
    return (x.value * replicas + (up ? 99 : 0)) / 100;
}

/* The bounds that a rolling update keeps: pods at most, available at least. */
static int pods_at_most(const struct deployment *d, int replicas)
{
    return replicas + (d->spec->recreate
                           ? 0
                           : share_of(d->spec->max_surge, replicas, true));
}

static int available_at_least(const struct deployment *d, int replicas)
{
    int surge = share_of(d->spec->max_surge, replicas, true);
    int missing = share_of(d->spec->max_unavailable, replicas, false);

    if (surge == 0 && missing == 0)
        missing = 1;
    return missing < replicas ? replicas - missing : 0;
}

/* --- pods of owners --- */

static bool is_running(const struct pod *pod)
{
    return pod->phase != POD_FAILED && pod->phase != POD_SUCCEEDED &&
           pod->deletion == SIM_NEVER;
}

static int count_active(const struct world *world, const struct replicaset *rs)
{
    int active = 0;

    for (size_t i = 0; i < rs->pods.count; i++)
        active += is_running(world_pod(world, rs->pods.items[i]));
    return active;
}

static const struct deployment *deployment_of(const struct world *world,
                                              const struct pod *pod)
{
    deployment_id id = NO_ID;

    if (pod->owner_kind == OWNER_REPLICASET)
        id = world->replicasets.items[pod->owner]->deployment;
    return id == NO_ID ? NULL : world->deployments.items[id];
}

/* The sizes of a Deployment's ReplicaSets against desired + maxSurge. */
static void check_surge(struct watch *w, const struct deployment *d)
{
    const struct history *h = &RECORD(deployments, d->id)->wanted;
    int sum = 0, most = 0;

    if (d->deleted)
        return;
    for (size_t i = 0; i < d->replicasets.count; i++)
        sum +=
            w->s->world->replicasets.items[d->replicasets.items[i]]->replicas;
    for (size_t i = of_late(w, h); i < h->count; i++) {
        int bound = pods_at_most(d, h->items[i].replicas);

        if (bound > most)
            most = bound;
    }
    if (sum > most)
        breach(w,
               "deployment/%s: ReplicaSets ask for %d pods, at most %d are "
               "allowed",
               d->spec->meta.name, sum, most);
}

/* A pod more than its ReplicaSet asks for. */
static void check_created(struct watch *w, const struct pod *pod)
{
    const struct replicaset *rs;
    int active, most;

    if (pod->owner_kind != OWNER_REPLICASET)
        return;
    rs = w->s->world->replicasets.items[pod->owner];
    active = count_active(w->s->world, rs);
    most = most_wanted(w, RECORD(replicasets, rs->id));
    if (active > most)
        breach(w, "replicaset/%s: pod %s is number %d of %d", rs->name,
               pod->name, active, most);
    if (rs->deleted)
        breach(w, "pod/%s made for replicaset/%s, which is deleted", pod->name,
               rs->name);
}

/* A controller took a ready pod of an undisturbed Deployment: as many as
 * maxUnavailable says are left. */
static void check_available(struct watch *w, const struct pod *pod)
{
    const struct world *world = w->s->world;
    const struct deployment *d = deployment_of(world, pod);
    const struct deployment_watch *record;
    int ready = 0, least;

    if (!d || !pod->reason || d->deleted || d->spec->recreate ||
        d->spec->min_ready > 0 || !w->calm ||
        (strcmp(pod->reason, "Scaled") != 0 &&
         strcmp(pod->reason, "RolledOut") != 0))
        return;
    record = RECORD(deployments, d->id);
    if (record->disturbed || record->rollover ||
        of_late(w, &record->wanted) + 1 != record->wanted.count)
        return;
    for (size_t i = 0; i < d->replicasets.count; i++) {
        const struct replicaset *rs =
            world->replicasets.items[d->replicasets.items[i]];

        for (size_t k = 0; k < rs->pods.count; k++) {
            const struct pod *other = world_pod(world, rs->pods.items[k]);

            ready += is_running(other) && other->ready;
        }
    }
    least = available_at_least(d, d->replicas);
    if (ready < least)
        breach(w,
               "deployment/%s: %d pods left available after %s was deleted "
               "(%s), at least %d are due",
               d->spec->meta.name, ready, pod->name, pod->reason, least);
}

/* --- pods on nodes --- */

static void check_sandbox(struct watch *w, const struct pod *pod)
{
    struct pod_watch *record = RECORD(pods, pod->id);
    uint32_t ip = pod->sandbox_ip;
    char text[16];

    record->ip = ip;
    if (!ip)
        return;
    world_format_ip(ip, text);
    for (size_t i = 0; i < w->pods.count; i++) {
        if (i != pod->id && w->pods.items[i].ip == ip)
            breach(w, "pod/%s has %s, which pod %zu has, too", pod->name, text,
                   i);
    }
    if (pod->node == NO_ID || ipam_node(w->s->ipam, ip) != pod->node)
        breach(w, "pod/%s has %s, outside its node's range", pod->name, text);
    if (ipam_owner(w->s->ipam, ip) != pod->id)
        breach(w, "pod/%s has %s, which is not reserved for it", pod->name,
               text);
}

/* What pods that have not ended ask of the node. */
static struct resources in_use(const struct world *world,
                               const struct node *node)
{
    struct resources sum = {0};

    for (size_t i = 0; i < node->pods.count; i++) {
        const struct pod *pod = world_pod(world, node->pods.items[i]);

        if (pod->phase == POD_FAILED || pod->phase == POD_SUCCEEDED)
            continue;
        sum.cpu += pod->template->requests.cpu;
        sum.memory += pod->template->requests.memory;
        sum.pods++;
    }
    return sum;
}

static bool longer_than(const struct watch *w, sim_time since, sim_time lag)
{
    return since != SIM_NEVER && now_of(w) - since > lag;
}

static void check_bound(struct watch *w, const struct pod *pod)
{
    const struct node *node = world_node(w->s->world, pod->node);
    const struct node_watch *record = RECORD(nodes, node->id);
    const struct resources *most = &node->spec->allocatable;
    struct resources sum = in_use(w->s->world, node);
    sim_time lag = w->scheduling_lag;

    if (sum.cpu > most->cpu || sum.memory > most->memory ||
        sum.pods > most->pods)
        breach(w,
               "node/%s is overcommitted by pod/%s: cpu %" PRId64
               "m of %" PRId64 "m, memory %" PRId64 " of %" PRId64
               ", pods %" PRId64 " of %" PRId64,
               node->spec->name, pod->name, sum.cpu, most->cpu, sum.memory,
               most->memory, sum.pods, most->pods);
    if (pod->owner_kind == OWNER_DAEMONSET)
        return; /* it tolerates what keeps others away */
    if (longer_than(w, record->cordoned, lag))
        breach(w, "pod/%s bound to %s, cordoned %.3f s ago", pod->name,
               node->spec->name, (double)(now_of(w) - record->cordoned) / 1e9);
    if (longer_than(w, record->unready, lag + 5 * SIM_S))
        breach(w, "pod/%s bound to %s, not ready since %.3f s", pod->name,
               node->spec->name, (double)(now_of(w) - record->unready) / 1e9);
    if (node->deleted && longer_than(w, record->changed, lag))
        breach(w, "pod/%s bound to %s, which is deleted", pod->name,
               node->spec->name);
}

/* What holds of any pod. */
static void check_pod(struct watch *w, const struct pod *pod)
{
    const struct node *node =
        pod->node == NO_ID ? NULL : world_node(w->s->world, pod->node);

    if (pod->ready && (pod->phase != POD_RUNNING || !pod->ip || !node))
        breach(w, "pod/%s is ready in phase %d, %s IP, %s node", pod->name,
               (int)pod->phase, pod->ip ? "with" : "without",
               node ? "on a" : "without");
    if (pod->serving && (!pod->sandbox_ip || !node || !node->up))
        breach(w, "pod/%s serves %s", pod->name,
               !pod->sandbox_ip ? "without a sandbox"
                                : "on a node that is down");
    if (pod->sandbox_ip && !node)
        breach(w, "pod/%s has a sandbox and no node", pod->name);
    if (pod->created > now_of(w) || (node && pod->scheduled < pod->created) ||
        (pod->first_ready != SIM_NEVER && pod->first_ready < pod->scheduled))
        breach(w, "pod/%s: times in the wrong order", pod->name);
}

/* No two pods of a namespace have one name. */
static void check_name(struct watch *w, const struct pod *pod)
{
    const struct world *world = w->s->world;

    for (size_t i = 0; i < world->pods.count; i++) {
        const struct pod *other = world_pod(world, (pod_id)i);

        if (other && other != pod && strcmp(other->name, pod->name) == 0 &&
            strcmp(other->space, pod->space) == 0)
            breach(w, "pod/%s is there twice: %u and %u", pod->name, other->id,
                   pod->id);
    }
}

/* Of those that its owner made for the same node or index. */
static int count_beside(const struct world *world, const struct pod *pod)
{
    const struct owner *owner = world_pod_owner(world, pod);
    int count = 0;

    for (size_t i = 0; i < owner->pods.count; i++) {
        const struct pod *other = world_pod(world, owner->pods.items[i]);

        count += is_running(other) && other->target == pod->target &&
                 other->index == pod->index;
    }
    return count;
}

/* What DaemonSets and Jobs may have at once. */
static void check_owned(struct watch *w, const struct pod *pod)
{
    const struct world *world = w->s->world;
    int active = 0;

    if (pod->owner_kind == OWNER_DAEMONSET) {
        const struct daemonset *ds = world->daemonsets.items[pod->owner];
        int most = 1 + (ds->spec->max_surge.value > 0);

        if (count_beside(world, pod) > most)
            breach(w, "daemonset/%s: pod %s is one too many on its node",
                   ds->name, pod->name);
    } else if (pod->owner_kind == OWNER_JOB) {
        const struct job *job = world->jobs.items[pod->owner];

        for (size_t i = 0; i < job->pods.count; i++)
            active += is_running(world_pod(world, job->pods.items[i]));
        if (active > job->spec->parallelism)
            breach(w, "job/%s: pod %s is number %d of %d", job->name, pod->name,
                   active, job->spec->parallelism);
        if (job->spec->indexed && count_beside(world, pod) > 1)
            breach(w, "job/%s: pod %s is the second of its index", job->name,
                   pod->name);
    }
}

static void on_budget(struct watch *w, const struct pdb *pdb)
{
    int spare = pdb->current_healthy - pdb->desired_healthy;

    if (pdb->disruptions_allowed < 0 ||
        pdb->disruptions_allowed > (spare > 0 ? spare : 0))
        breach(w, "pdb/%s: %d allowed, %d healthy, %d are to be",
               pdb->spec->meta.name, pdb->disruptions_allowed,
               pdb->current_healthy, pdb->desired_healthy);
}

static void on_job(struct watch *w, const struct job *job)
{
    if (job->state == JOB_COMPLETE && job->spec->success_count == 0 &&
        !job->spec->indexed && job->status_succeeded < job->spec->completions)
        breach(w, "job/%s is complete with %d of %d", job->name,
               job->status_succeeded, job->spec->completions);
}

static void on_pod(struct watch *w, const struct world_change *change)
{
    const struct pod *pod = world_pod(w->s->world, change->id);
    const struct deployment *d = deployment_of(w->s->world, pod);
    struct pod_watch *record = RECORD(pods, pod->id);
    bool going = pod->deletion != SIM_NEVER;

    check_pod(w, pod);
    switch (change->what) {
    case WHAT_ADDED:
        check_created(w, pod);
        check_name(w, pod);
        check_owned(w, pod);
        break;
    case WHAT_SANDBOX:
        check_sandbox(w, pod);
        break;
    case WHAT_BOUND:
        check_bound(w, pod);
        break;
    case WHAT_DELETED:
        record->gone = now_of(w);
        break;
    default:
        break;
    }
    if (d && !record->going && !going &&
        (change->what == WHAT_CRASHED || pod->phase == POD_FAILED ||
         (record->was_ready && !pod->ready)))
        RECORD(deployments, d->id)->disturbed = true;
    if (going && !record->going && record->was_ready)
        check_available(w, pod);
    record->going = going;
    record->was_ready = pod->ready;
}

/* --- nodes, owners, endpoints --- */

static void on_node(struct watch *w, const struct world_change *change)
{
    const struct node *node = world_node(w->s->world, change->id);
    struct node_watch *record = RECORD(nodes, node->id);

    record->changed = now_of(w);
    if (!node->unschedulable)
        record->cordoned = SIM_NEVER;
    else if (record->cordoned == SIM_NEVER)
        record->cordoned = now_of(w);
    if (node->ready == NODE_TRUE)
        record->unready = SIM_NEVER;
    else if (record->unready == SIM_NEVER)
        record->unready = now_of(w);
}

static void on_replicaset(struct watch *w, const struct world_change *change)
{
    const struct world *world = w->s->world;
    const struct replicaset *rs = world->replicasets.items[change->id];

    want(w, RECORD(replicasets, rs->id), rs->replicas);
    if (rs->deployment != NO_ID &&
        (change->what == WHAT_ADDED || change->what == WHAT_SPEC))
        check_surge(w, world->deployments.items[rs->deployment]);
    if (rs->status_available > rs->status_ready ||
        rs->status_ready > rs->status_replicas)
        breach(w, "replicaset/%s: status %d replicas, %d ready, %d available",
               rs->name, rs->status_replicas, rs->status_ready,
               rs->status_available);
}

static void check_endpoint(struct watch *w, const struct service *service,
                           const struct endpoint *e)
{
    const struct world *world = w->s->world;
    const char *name = service->spec->meta.name;
    bool ready = e->flags & ENDPOINT_READY;

    if (e->pod >= world->pods.count || e->pod >= w->pods.count || !e->ip) {
        breach(w, "service/%s: an endpoint names pod %u, IP %u", name, e->pod,
               e->ip);
        return;
    }
    if (longer_than(w, w->pods.items[e->pod].gone, w->lag))
        breach(w, "service/%s: an endpoint names pod %u, gone for %.3f s", name,
               e->pod, (double)(now_of(w) - w->pods.items[e->pod].gone) / 1e9);
    if (ipam_node(w->s->ipam, e->ip) != e->node)
        breach(w, "service/%s: an endpoint's IP is not of its node", name);
    if (ready && e->flags & ENDPOINT_TERMINATING &&
        !service->spec->publish_not_ready)
        breach(w, "service/%s: an endpoint is ready and terminating", name);
    if (ready && !(e->flags & ENDPOINT_SERVING) &&
        !service->spec->publish_not_ready)
        breach(w, "service/%s: an endpoint is ready and not serving", name);
}

static void on_endpoints(struct watch *w, const struct world_change *change)
{
    const struct service *service = world_service(w->s->world, change->id);
    const struct endpoint_set *set = service->newest;
    const char *name = service->spec->meta.name;
    uint32_t ready = 0;

    for (uint32_t i = 0; i < set->count; i++) {
        const struct endpoint *e = &set->endpoints[i];

        check_endpoint(w, service, e);
        ready += e->flags & ENDPOINT_READY;
        if (e->slot >= set->slots)
            breach(w, "service/%s: slot %u of %u", name, e->slot, set->slots);
        for (uint32_t k = 0; k < i; k++) {
            /* A rebooted pod may be in one slice with its old address and
             * in another with the new one. */
            if (set->endpoints[k].slot == e->slot ||
                (set->endpoints[k].pod == e->pod &&
                 set->endpoints[k].ip == e->ip))
                breach(w, "service/%s: pods %u and %u share a slot", name,
                       e->pod, set->endpoints[k].pod);
        }
    }
    if (ready != set->ready || set->usable > set->count ||
        (ready > 0 && set->usable != ready))
        breach(w, "service/%s: %u endpoints, %u usable, %u ready, %u counted",
               name, set->count, set->usable, set->ready, ready);
}

static void on_deployment(struct watch *w, const struct deployment *d)
{
    struct deployment_watch *record = RECORD(deployments, d->id);

    want(w, &record->wanted, d->replicas);
    if (record->template == d->template)
        return;
    record->rollover = record->template && now_of(w) - record->changed < w->lag;
    record->template = d->template;
    record->changed = now_of(w);
}

static void on_change(void *self, const struct world_change *change)
{
    struct watch *w = self;

    if (change->what < WHAT_SANDBOX && change->kind < CHANGE_INCIDENT)
        w->changed = now_of(w);
    switch (change->kind) {
    case CHANGE_POD:
        on_pod(w, change);
        break;
    case CHANGE_NODE:
        on_node(w, change);
        break;
    case CHANGE_REPLICASET:
        on_replicaset(w, change);
        break;
    case CHANGE_DEPLOYMENT:
        on_deployment(w, w->s->world->deployments.items[change->id]);
        break;
    case CHANGE_ENDPOINTS:
        on_endpoints(w, change);
        break;
    case CHANGE_PDB:
        on_budget(w, w->s->world->pdbs.items[change->id]);
        break;
    case CHANGE_JOB:
        on_job(w, w->s->world->jobs.items[change->id]);
        break;
    default:
        break;
    }
}

/* Begins to watch. */
static void watch_begin(struct watch *w, struct simulation *s)
{
    const struct control_plane_params *p = &s->scenario->cluster.control_plane;

    w->s = s;
    w->lag = 20 * SIM_S + (sim_time)(200 / p->controller_qps * 1e9);
    w->scheduling_lag = 3 * SIM_S + (sim_time)(100 / p->scheduler_qps * 1e9);
    world_watch(s->world,
                1U << CHANGE_POD | 1U << CHANGE_NODE | 1U << CHANGE_REPLICASET |
                    1U << CHANGE_DEPLOYMENT | 1U << CHANGE_SERVICE |
                    1U << CHANGE_ENDPOINTS | 1U << CHANGE_PDB |
                    1U << CHANGE_JOB | 1U << CHANGE_STATEFULSET |
                    1U << CHANGE_DAEMONSET | 1U << CHANGE_HPA,
                on_change, w);
}

static void watch_release(struct watch *w)
{
    for (size_t i = 0; i < w->deployments.count; i++)
        VEC_FREE(w->deployments.items[i].wanted);
    for (size_t i = 0; i < w->replicasets.count; i++)
        VEC_FREE(w->replicasets.items[i]);
    VEC_FREE(w->pods);
    VEC_FREE(w->deployments);
    VEC_FREE(w->replicasets);
    VEC_FREE(w->nodes);
}

#endif
