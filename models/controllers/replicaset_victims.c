#include "models/controllers/replicaset_victims.h"

#include <stdlib.h>

bool replicaset_is_active(const struct pod *pod)
{
    return pod->phase != POD_SUCCEEDED && pod->phase != POD_FAILED &&
           pod->deletion == SIM_NEVER;
}

static uint64_t uid_of(const struct replicaset_victims *v,
                       const struct pod *pod)
{
    uint64_t x = v->salt ^ (pod->ordinal * UINT64_C(0x9e3779b97f4a7c15));

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Adds what is on each node of one ReplicaSet; or takes it away again. */
static void count_nodes(struct world *w, struct replicaset_victims *v,
                        const struct replicaset *rs, int add)
{
    for (size_t i = 0; i < rs->pods.count; i++) {
        const struct pod *pod = world_pod(w, rs->pods.items[i]);

        if (replicaset_is_active(pod) && pod->node != NO_ID)
            v->on_node.items[pod->node] += add;
    }
}

/* The same for all ReplicaSets of its owner. */
static void count_related(struct world *w, struct replicaset_victims *v,
                          const struct replicaset *rs, int add)
{
    const struct deployment *d;

    while (v->on_node.count < w->nodes.count)
        VEC_PUSH(v->on_node, 0);
    if (rs->deployment == NO_ID) {
        count_nodes(w, v, rs, add);
        return;
    }
    d = w->deployments.items[rs->deployment];
    for (size_t i = 0; i < d->replicasets.count; i++)
        count_nodes(w, v, w->replicasets.items[d->replicasets.items[i]], add);
}

static struct ranked_pod rank_of(const struct replicaset_victims *v,
                                 const struct pod *pod)
{
    return (struct ranked_pod){
        .assigned = pod->node != NO_ID,
        .phase = pod->phase == POD_RUNNING ? RANKED_RUNNING : RANKED_PENDING,
        .ready = pod->ready,
        .deletion_cost = pod->template->deletion_cost,
        .colocated = pod->node == NO_ID ? 0 : v->on_node.items[pod->node],
        .ready_since = replicaset_api_time(pod->ready_since),
        .created = replicaset_api_time(pod->created),
        .restarts = (int)pod->restarts,
        .uid = uid_of(v, pod),
        .id = pod->id,
    };
}

/* Its cache lists pods in any order, as Go's maps do. */
static int by_uid(const void *a, const void *b)
{
    uint64_t x = ((const struct ranked_pod *)a)->uid;
    uint64_t y = ((const struct ranked_pod *)b)->uid;

    return (x > y) - (x < y);
}

void replicaset_rank(struct replicaset_victims *v, struct world *w,
                     const struct replicaset *rs, size_t count)
{
    count_related(w, v, rs, 1);
    v->ranked.count = 0;
    for (size_t i = 0; i < rs->pods.count; i++) {
        const struct pod *pod = world_pod(w, rs->pods.items[i]);

        if (replicaset_is_active(pod))
            VEC_PUSH(v->ranked, rank_of(v, pod));
    }
    count_related(w, v, rs, -1);
    qsort(v->ranked.items, v->ranked.count, sizeof *v->ranked.items, by_uid);
    replicaset_choose(v->ranked.items, v->ranked.count, count, sim_now(w->sim));
}
