/*
 * spec.cluster.kubelet.shutdownGracePeriod...: groups of pods that a node's
 * shutdown ends one after another.
 * Kubernetes v1.36, pkg/kubelet/nodeshutdown/nodeshutdown_manager.go
 * (migrateConfig), pkg/kubelet/apis/config/validation.
 */
#include <stddef.h>
#include <stdlib.h>

#include "models/scenario_internal.h"

/* pkg/apis/scheduling: SystemCriticalPriority. */
static const int64_t critical_priority = 2000000000;

const struct param scenario_shutdown_table[] = {
    {.name = "priority",
     .type = PARAM_INT,
     .offset = offsetof(struct shutdown_group, priority),
     .text = "0",
     .min = -2147483648.0,
     .max = 2147483647,
     .help = "pods of that, up to the next group's"},
    {.name = "shutdownGracePeriodSeconds",
     .type = PARAM_INT,
     .offset = offsetof(struct shutdown_group, period),
     .text = "0",
     .max = 1e6,
     .help = "have so long to end"},
    {0}};

static int by_priority(const void *a, const void *b)
{
    const struct shutdown_group *x = a, *y = b;

    return (x->priority > y->priority) - (x->priority < y->priority);
}

static void by_two_periods(struct scenario_reader *r, struct kubelet_params *k)
{
    const struct shutdown_group groups[] = {
        {0, k->shutdown_grace - k->shutdown_grace_critical},
        {critical_priority, k->shutdown_grace_critical}};

    if (k->shutdown_grace == 0)
        return;
    k->shutdown_group_count = 2;
    k->shutdown_groups = intern_copy(r->l.intern, groups, 2, sizeof groups[0]);
}

static void by_list(struct scenario_reader *r, struct kubelet_params *k,
                    const struct param_list *list)
{
    struct shutdown_group *groups =
        intern_copy(r->l.intern, list->items, list->count, sizeof *groups);

    for (size_t i = 0; i < list->count; i++)
        groups[i].period *= SIM_S;
    qsort(groups, list->count, sizeof *groups, by_priority);
    k->shutdown_group_count = list->count;
    k->shutdown_groups = groups;
}

bool scenario_build_shutdown(struct scenario_reader *r)
{
    const struct param_list *list = &r->raw->cluster.kubelet.shutdown_groups;
    struct kubelet_params *k = &r->s->cluster.kubelet;
    struct doc_node *node =
        doc_get(doc_get(doc_get(r->spec, "cluster"), "kubelet"),
                list->count > 0 ? "shutdownGracePeriodByPodPriority"
                                : "shutdownGracePeriodCriticalPods");

    if (list->count > 0 && k->shutdown_grace > 0) {
        diag_error(r->diag, node->place,
                   "'shutdownGracePeriodByPodPriority' does not go with "
                   "'shutdownGracePeriod'");
        return false;
    }
    if (k->shutdown_grace_critical > k->shutdown_grace) {
        diag_error(r->diag, node->place,
                   "'shutdownGracePeriodCriticalPods' is more than "
                   "'shutdownGracePeriod'");
        return false;
    }
    if (list->count > 0)
        by_list(r, k, list);
    else
        by_two_periods(r, k);
    return true;
}
