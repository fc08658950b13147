#include "models/controllers/replicaset_rules.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/engine/mem.h"

sim_time replicaset_api_time(sim_time t)
{
    return t == SIM_NEVER ? t : t - (t % SIM_S + SIM_S) % SIM_S;
}

/* floor(log2(ns)) of an age; -1: no age. */
static int log_bucket(sim_time age)
{
    return age > 0 ? 63 - __builtin_clzll((unsigned long long)age) : -1;
}

/* The younger first; a time that is not known goes first. */
static int compare_ages(sim_time a, sim_time b, uint64_t uid_a, uint64_t uid_b,
                        sim_time now)
{
    int difference;

    if (a == SIM_NEVER || b == SIM_NEVER)
        return (b == SIM_NEVER) - (a == SIM_NEVER);
    difference = log_bucket(now - a) - log_bucket(now - b);
    if (difference)
        return difference;
    return (uid_a > uid_b) - (uid_a < uid_b);
}

static int compare_restarts(const struct ranked_pod *a,
                            const struct ranked_pod *b)
{
    if (a->restarts != b->restarts)
        return a->restarts > b->restarts ? -1 : 1;
    if (a->sidecar_restarts != b->sidecar_restarts)
        return a->sidecar_restarts > b->sidecar_restarts ? -1 : 1;
    return 0;
}

int replicaset_compare(const struct ranked_pod *a, const struct ranked_pod *b,
                       sim_time now)
{
    int restarts;

    if (a->assigned != b->assigned)
        return a->assigned ? 1 : -1;
    if (a->phase != b->phase)
        return a->phase < b->phase ? -1 : 1;
    if (a->ready != b->ready)
        return a->ready ? 1 : -1;
    if (a->deletion_cost != b->deletion_cost)
        return a->deletion_cost < b->deletion_cost ? -1 : 1;
    if (a->colocated != b->colocated)
        return a->colocated > b->colocated ? -1 : 1;
    if (a->ready && a->ready_since != b->ready_since)
        return compare_ages(a->ready_since, b->ready_since, a->uid, b->uid,
                            now);
    restarts = compare_restarts(a, b);
    if (restarts)
        return restarts;
    if (a->created != b->created)
        return compare_ages(a->created, b->created, a->uid, b->uid, now);
    return 0;
}

/* Merge sort: stable, and `now` goes along. */
static void sort(struct ranked_pod *pods, struct ranked_pod *scratch,
                 size_t count, sim_time now)
{
    size_t half = count / 2, i = 0, k = half;

    if (count < 2)
        return;
    sort(pods, scratch, half, now);
    sort(pods + half, scratch, count - half, now);
    for (size_t at = 0; at < count; at++) {
        if (k == count ||
            (i < half && replicaset_compare(&pods[i], &pods[k], now) <= 0))
            scratch[at] = pods[i++];
        else
            scratch[at] = pods[k++];
    }
    for (size_t at = 0; at < count; at++)
        pods[at] = scratch[at];
}

void replicaset_choose(struct ranked_pod *pods, size_t count, size_t diff,
                       sim_time now)
{
    struct ranked_pod *scratch;

    assert(diff <= count);
    if (diff == count)
        return;
    scratch = mem_calloc(count, sizeof *scratch);
    sort(pods, scratch, count, now);
    free(scratch);
}

int64_t replicaset_batch(int64_t remaining, int64_t previous, int64_t initial)
{
    int64_t size = previous ? 2 * previous : initial;

    return size < remaining ? size : remaining;
}

struct slow_start replicaset_slow_start(int64_t count, int64_t initial,
                                        int64_t succeeding)
{
    struct slow_start s = {0, 0, false};
    int64_t batch = 0;

    while (!s.failed &&
           (batch = replicaset_batch(count - s.calls, batch, initial)) > 0) {
        s.calls += batch;
        s.failed = succeeding < s.calls;
        s.successes = s.failed ? succeeding : s.calls;
    }
    return s;
}

bool replicaset_available(bool ready, sim_time ready_since, sim_time min_ready,
                          sim_time now)
{
    if (!ready)
        return false;
    return min_ready == 0 ||
           (ready_since != SIM_NEVER && ready_since + min_ready <= now);
}

sim_time replicaset_next_check(bool ready, sim_time ready_since,
                               sim_time min_ready, sim_time now)
{
    if (!ready || min_ready <= 0 || ready_since == SIM_NEVER ||
        ready_since + min_ready <= now)
        return SIM_NEVER;
    return ready_since + min_ready - now;
}
