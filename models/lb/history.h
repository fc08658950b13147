/*
 * history - what the loads of servers were: for balancers whose view of them
 * is late. A step function of time for each pod, kept as far back as the
 * latest view reaches.
 */
#ifndef MODELS_LB_HISTORY_H
#define MODELS_LB_HISTORY_H

#include "models/lb/lb.h"

/* horizon: so far back, ns; more is forgotten. */
struct lb_history *lb_history_new(sim_time horizon);
/* At least so far. Before anything is noted. */
void lb_history_reach(struct lb_history *h, sim_time horizon);
void lb_history_free(struct lb_history *h);
/* From now on so many requests are at the pod. Times never fall. */
void lb_history_note(struct lb_history *h, pod_id pod, sim_time now,
                     uint64_t present);
/* How many there were at `at`; 0 before anything was noted. O(log of the
 * changes within the horizon). */
uint32_t lb_history_at(const struct lb_history *h, pod_id pod, sim_time at);

/* The instant that a late view shows. */
static inline sim_time lb_view_instant(const struct lb_view *view, sim_time now)
{
    return view->kind == LB_VIEW_DELAY ? now - view->time
                                       : now - now % view->time;
}

#endif
