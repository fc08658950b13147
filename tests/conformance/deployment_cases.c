/*
 * deployment_cases - what the Deployment controller decides.
 */
#include <stdlib.h>
#include <string.h>

#include "models/controller.h"
#include "models/controllers/deployment_rules.h"
#include "models/select.h"
#include "sim/io/units.h"
#include "tests/conformance/conformance.h"

enum { MOST_SETS = 32 };

/* "39%" or 3; absent: 0. */
static struct int_or_percent read_share(struct test_case *c, const char *key)
{
    const char *text = doc_text(c->in, key);
    struct int_or_percent share = {0};
    size_t length = text ? strlen(text) : 0;
    int64_t value = 0;

    if (length == 0)
        return share;
    share.percent = text[length - 1] == '%';
    if (!units_int(share.percent
                       ? intern_printf(c->intern, "%.*s", (int)length - 1, text)
                       : text,
                   &value))
        case_skip(c, "a share that is neither a number nor a percentage");
    share.value = (int)value;
    return share;
}

static int number(struct test_case *c, const char *key, int otherwise)
{
    return (int)get_int(c, c->in, key, otherwise);
}

/* replicas: the key of the desired number. */
static struct deployment_view read_view(struct test_case *c,
                                        const char *replicas)
{
    const char *strategy = doc_text(c->in, "strategy");

    return (struct deployment_view){
        .recreate = strategy && strcmp(strategy, "Recreate") == 0,
        .max_surge = read_share(c, "maxSurge"),
        .max_unavailable = read_share(c, "maxUnavailable"),
        .replicas = number(c, replicas, 0),
        .status_replicas = number(c, "deploymentStatusReplicas", 0),
    };
}

static struct replicaset_view old_set(int replicas, int available)
{
    return (struct replicaset_view){.replicas = replicas,
                                    .status_replicas = replicas,
                                    .available = available,
                                    .desired_annotation = -1};
}

static struct replicaset_view new_set(int replicas, int available)
{
    struct replicaset_view set = old_set(replicas, available);

    set.is_new = true;
    set.id = 1;
    set.created = SIM_S;
    set.revision = 1;
    return set;
}

static void expect_number(struct test_case *c, const char *key, int got)
{
    if (doc_get(c->expect, key))
        expect_int(c, key, get_int(c, c->expect, key, 0), got);
}

static void expect_flag(struct test_case *c, const char *key, bool got)
{
    if (doc_get(c->expect, key))
        expect_bool(c, key, get_bool(c->expect, key, false), got);
}

void case_resolve_fenceposts(struct test_case *c)
{
    struct int_or_percent surge = read_share(c, "maxSurge");
    struct int_or_percent unavailable = read_share(c, "maxUnavailable");
    int got_surge, got_unavailable;

    if (c->skipped)
        return;
    deployment_fenceposts(surge, unavailable, number(c, "desired", 0),
                          &got_surge, &got_unavailable);
    expect_number(c, "surge", got_surge);
    expect_number(c, "unavailable", got_unavailable);
}

void case_new_rs_new_replicas(struct test_case *c)
{
    struct deployment_view d = read_view(c, "deploymentReplicas");

    expect_number(c, "newRSReplicas",
                  deployment_new_replicas(&d,
                                          number(c, "oldRSReplicasTotal", 0),
                                          number(c, "newRSReplicas", 0)));
}

void case_max_unavailable(struct test_case *c)
{
    struct deployment_view d = read_view(c, "replicas");

    expect_number(c, "maxUnavailable", deployment_max_unavailable(&d));
}

void case_min_available(struct test_case *c)
{
    struct deployment_view d = read_view(c, "replicas");

    expect_number(c, "minAvailable", deployment_min_available(&d));
}

void case_replica_set_fraction(struct test_case *c)
{
    struct deployment_view d = read_view(c, "deploymentReplicas");
    struct replicaset_view rs = old_set(number(c, "rsReplicas", 0), 0);

    rs.max_replicas_annotation = number(c, "maxReplicasAnnotation", 0);
    expect_number(c, "delta", deployment_fraction(&d, &rs));
}

void case_deployment_complete(struct test_case *c)
{
    struct deployment_counts now = {.replicas = number(c, "current", 0),
                                    .updated = number(c, "updated", 0),
                                    .ready = number(c, "available", 0),
                                    .available = number(c, "available", 0)};

    expect_flag(c, "complete",
                deployment_complete(number(c, "desired", 0), &now));
}

static struct deployment_counts read_counts(struct test_case *c,
                                            const char *key)
{
    struct doc_node *map = doc_get(c->in, key);

    return (struct deployment_counts){
        .replicas = (int)get_int(c, map, "current", 0),
        .updated = (int)get_int(c, map, "updated", 0),
        .ready = (int)get_int(c, map, "ready", 0),
        .available = (int)get_int(c, map, "available", 0)};
}

void case_deployment_progressing(struct test_case *c)
{
    struct deployment_counts before = read_counts(c, "before");
    struct deployment_counts after = read_counts(c, "after");

    expect_flag(c, "progressing", deployment_progressing(&before, &after));
}

/* The old set, and the new one where there is one. */
static size_t read_pair(struct test_case *c, struct replicaset_view sets[2])
{
    sets[0] = old_set(number(c, "oldReplicas", 0), number(c, "oldReady", 0));
    if (!doc_get(c->in, "newReplicas"))
        return 1;
    sets[1] = new_set(number(c, "newReplicas", 0), number(c, "newReady", 0));
    return 2;
}

void case_reconcile_new_rs(struct test_case *c)
{
    struct deployment_view d = read_view(c, "deploymentReplicas");
    struct replicaset_view sets[2];
    size_t count = read_pair(c, sets);

    expect_flag(c, "scaled", deployment_reconcile_new(&d, sets, count));
    expect_number(c, "newReplicas", sets[count - 1].replicas);
}

void case_reconcile_old_rs(struct test_case *c)
{
    struct deployment_view d = read_view(c, "deploymentReplicas");
    struct replicaset_view sets[2];
    size_t count = read_pair(c, sets);

    expect_flag(c, "scaled", deployment_reconcile_old(&d, sets, count));
    expect_number(c, "oldReplicas", sets[0].replicas);
}

void case_cleanup_unhealthy(struct test_case *c)
{
    struct replicaset_view sets[2];
    size_t count = read_pair(c, sets);

    expect_number(c, "cleaned",
                  deployment_cleanup_unhealthy(
                      sets, count, number(c, "maxCleanupCount", 0)));
}

void case_scale_down_old_rs(struct test_case *c)
{
    struct deployment_view d = read_view(c, "deploymentReplicas");
    struct replicaset_view sets[2];
    size_t count = read_pair(c, sets);

    expect_flag(c, "scaled", deployment_scale_down_old(&d, sets, count) > 0);
    expect_number(c, "oldReplicas", sets[0].replicas);
}

/* --- proportional scaling --- */

static struct replicaset_view read_set(struct test_case *c,
                                       struct doc_node *node, uint32_t id)
{
    struct doc_node *override = doc_get(c->in, "desiredAnnotationOverride");
    struct replicaset_view set;

    set = old_set((int)get_int(c, node, "replicas", 0), 0);
    set.available = (int)get_int(c, node, "availableReplicas", set.replicas);
    set.id = id;
    set.created = id * SIM_S;
    set.revision = id;
    set.desired_annotation = (int)get_int(c, override, doc_text(node, "name"),
                                          number(c, "oldDesired", 0));
    set.max_replicas_annotation =
        set.desired_annotation +
        int_or_percent_scaled(read_share(c, "oldMaxSurge"),
                              number(c, "oldDesired", 0), true);
    return set;
}

void case_proportional_scale(struct test_case *c)
{
    struct deployment_view d = read_view(c, "desired");
    struct doc_node *new = doc_get(c->in, "newRS"), *old, *wanted;
    size_t olds = get_items(c->in, "oldRSs_newest_first", &old), count = 0;
    struct replicaset_view sets[MOST_SETS];

    if (olds + 1 > MOST_SETS) {
        case_fail(c, "more than %d ReplicaSets", MOST_SETS - 1);
        return;
    }
    for (; old; old = old->next, count++) /* ids fall with age */
        sets[count] = read_set(c, old, (uint32_t)(olds - count));
    if (new) {
        sets[count] = read_set(c, new, (uint32_t)olds + 1);
        sets[count++].is_new = true;
    }
    for (size_t i = 0; i < count; i++)
        d.status_replicas += sets[i].replicas;
    deployment_scale(&d, sets, count);
    if (new)
        expect_number(c, "newRS", sets[olds].replicas);
    get_items(c->expect, "oldRSs", &wanted);
    for (size_t i = 0; wanted && i < olds; wanted = wanted->next, i++)
        expect_int(c, "old ReplicaSet", item_int(c, wanted), sets[i].replicas);
}

void case_cleanup_history(struct test_case *c)
{
    struct doc_node *node;
    size_t count = get_items(c->in, "oldRSs", &node), i = 0;
    struct replicaset_view sets[MOST_SETS];
    bool gone[MOST_SETS] = {false};

    if (count > MOST_SETS) {
        case_fail(c, "more than %d ReplicaSets", MOST_SETS);
        return;
    }
    for (; node; node = node->next, i++) {
        sets[i] = old_set((int)get_int(c, node, "specReplicas", 0), 0);
        sets[i].status_replicas = (int)get_int(c, node, "statusReplicas", 0);
        sets[i].id = (uint32_t)i;
        sets[i].revision = (int64_t)i;
    }
    expect_number(
        c, "deletions",
        (int)deployment_cleanup_history(
            sets, count, number(c, "revisionHistoryLimit", 10), gone));
}
