/*
 * replicaset_cases - which pods a ReplicaSet deletes, how fast it makes
 * them, when they are available.
 */
#include <string.h>

#include "models/controllers/replicaset_rules.h"
#include "sim/engine/dist.h"
#include "tests/conformance/conformance.h"

enum { MOST_PODS = 64 };

/* Any time that lies after all others. */
static const sim_time now = 30 * 365 * SIM_DAY;

/* Seconds relative to now; null: not known. */
static sim_time read_time(struct test_case *c, struct doc_node *pod,
                          const char *key)
{
    if (!doc_get(pod, key))
        return SIM_NEVER;
    return now + sim_seconds(get_double(c, pod, key, 0));
}

static enum ranked_phase read_phase(struct test_case *c, struct doc_node *pod)
{
    const char *phase = doc_text(pod, "phase");

    if (phase && strcmp(phase, "Pending") == 0)
        return RANKED_PENDING;
    if (phase && strcmp(phase, "Unknown") == 0)
        return RANKED_UNKNOWN;
    if (!phase || strcmp(phase, "Running") != 0)
        case_fail(c, "bad phase '%s'", phase ? phase : "");
    return RANKED_RUNNING;
}

static struct ranked_pod read_pod_ranked(struct test_case *c,
                                         struct doc_node *pod)
{
    const char *node = doc_text(pod, "node");

    return (struct ranked_pod){
        .assigned = node && *node,
        .phase = read_phase(c, pod),
        .ready = get_bool(pod, "ready", false),
        .deletion_cost = get_int(c, pod, "deletionCost", 0),
        .ready_since = read_time(c, pod, "readySince_s"),
        .created = read_time(c, pod, "created_s"),
        .restarts = (int)get_int(c, pod, "restarts", 0),
        .sidecar_restarts = (int)get_int(c, pod, "sidecarRestarts", 0),
    };
}

void case_deletion_rank(struct test_case *c)
{
    struct ranked_pod a = read_pod_ranked(c, doc_get(c->in, "a"));
    struct ranked_pod b = read_pod_ranked(c, doc_get(c->in, "b"));

    a.colocated = (int)get_int(c, c->in, "rankA", 0);
    b.colocated = (int)get_int(c, c->in, "rankB", 0);
    expect_bool(c, "a before b", get_bool(c->expect, "a_before_b", false),
                replicaset_compare(&a, &b, now) < 0);
    expect_bool(c, "b before a", get_bool(c->expect, "b_before_a", false),
                replicaset_compare(&b, &a, now) < 0);
}

/* Active pods of the list on the pod's node. */
static int related_on(struct doc_node *first, struct doc_node *pod)
{
    const char *node = doc_text(pod, "node");
    int count = 0;

    for (; first; first = first->next) {
        const char *phase = doc_text(first, "phase");
        const char *other = doc_text(first, "node");

        if (phase &&
            (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0))
            continue;
        count += strcmp(other ? other : "", node ? node : "") == 0;
    }
    return count;
}

void case_pods_to_delete(struct test_case *c)
{
    struct doc_node *pod, *first, *related, *wanted;
    size_t count = get_items(c->in, "pods", &pod), i = 0;
    struct ranked_pod pods[MOST_PODS];
    const char *names[MOST_PODS];

    if (count > MOST_PODS) {
        case_fail(c, "more than %d pods", MOST_PODS);
        return;
    }
    first = pod;
    if (doc_get(c->in, "related"))
        get_items(c->in, "related", &related);
    else
        related = first;
    for (; pod; pod = pod->next, i++) {
        pods[i] = read_pod_ranked(c, pod);
        pods[i].colocated = related_on(related, pod);
        pods[i].id = (uint32_t)i;
        names[i] = doc_text(pod, "name");
    }
    replicaset_choose(pods, count, (size_t)get_int(c, c->in, "diff", 0), now);
    get_items(c->expect, "deletedNamesInOrder", &wanted);
    for (i = 0; wanted && i < count; wanted = wanted->next, i++)
        expect_text(c, "deleted", wanted->text, names[pods[i].id]);
}

void case_slow_start_batch(struct test_case *c)
{
    struct slow_start got = replicaset_slow_start(
        get_int(c, c->in, "count", 0), get_int(c, c->in, "initialBatchSize", 1),
        get_int(c, c->in, "callsThatSucceed", 0));

    expect_int(c, "successes", get_int(c, c->expect, "successes", 0),
               got.successes);
    expect_int(c, "calls", get_int(c, c->expect, "calls", 0), got.calls);
    expect_bool(c, "error", get_bool(c->expect, "error", false), got.failed);
}

void case_next_availability_check(struct test_case *c)
{
    bool known = doc_get(c->in, "readyForSeconds") != NULL;
    sim_time since =
        known ? now - sim_seconds(get_double(c, c->in, "readyForSeconds", 0))
              : SIM_NEVER;
    sim_time got = replicaset_next_check(
        get_bool(c->in, "ready", false), since,
        sim_seconds(get_double(c, c->in, "minReadySeconds", 0)), now);
    bool again = doc_get(c->expect, "recheckInSeconds") != NULL;

    expect_bool(c, "checked again", again, got != SIM_NEVER);
    if (again && got != SIM_NEVER)
        expect_near(c, "recheck in",
                    get_double(c, c->expect, "recheckInSeconds", 0),
                    sim_to_seconds(got), 1e-9);
}
