/*
 * replay - what the parts of one replay share.
 */
#ifndef TESTS_ORACLE_REPLAY_H
#define TESTS_ORACLE_REPLAY_H

#include "models/simulation.h"
#include "tests/oracle/oracle.h"

/* Which recorded pod a pod of the model stands for. */
struct pairing {
    const struct recording *r;
    const struct trace *model;
    VEC_OF(size_t) recorded; /* by the model's index; SIZE_MAX: none */
    VEC_OF(size_t) model_of; /* by the recording's; SIZE_MAX: none */
};

struct fake_node {
    bool stopped;
    double stopped_at;
    double lease; /* one of its renewals, before or after now */
};

/* What the fake kubelet knows of a pod. */
struct fake_pod {
    bool running;    /* its container runs */
    bool unready;    /* `readiness` says no */
    uint32_t stamp;  /* of its pending event */
    double start_at; /* when its container is to run */
};

struct replay {
    const struct recording *r;
    struct simulation *s;
    struct trace *trace;
    struct pairing pairing;
    VEC_OF(struct fake_node) nodes; /* by id */
    VEC_OF(struct fake_pod) pods;   /* by id */
    size_t unlike; /* placements that the model's scheduler refuses */
    size_t placed;
    size_t missed; /* faults that found no pod */
    size_t faults;
    uint64_t seed;
    struct prober *prober; /* probes.c's */
    double offset; /* the recording begins so long after the model: periodic
                      loops have other phases in other replays */
};

/* --- pairing.c --- */
void pairing_release(struct pairing *p);
/* The model made the pod of this index. */
void pairing_add(struct pairing *p, size_t model);
/* The model's pod that stands for a recorded one at time t, alive; SIZE_MAX:
 * there is none like it. */
size_t pairing_find(struct pairing *p, const char *name, double t);

/* The same, but none other will do. */
size_t pairing_exact(const struct pairing *p, const char *name, double t);

/* --- watch.c: the model's trace --- */
void watch_start(struct replay *p);

/* --- fake_kubelet.c --- */
void fake_kubelet_start(struct replay *p);
void fake_kubelet_crash(struct replay *p, pod_id id, double back_after);
void fake_kubelet_fail(struct replay *p, pod_id id);
void fake_kubelet_readiness(struct replay *p, pod_id id, bool ready);
void fake_kubelet_stop_node(struct replay *p, node_id id);
void fake_kubelet_start_node(struct replay *p, node_id id);
void fake_kubelet_report(struct replay *p, node_id id, bool ready);

/* --- autoscaling.c: what pods use, of recordings that say it --- */
void autoscaling_start(struct replay *p);

/* --- probes.c: connects to Services where the recording did --- */
void probes_start(struct replay *p);
void probes_release(struct replay *p);

/* --- faults.c: what was done to pods and nodes --- */
void faults_start(struct replay *p);

static inline double replay_now(const struct replay *p)
{
    return sim_to_seconds(sim_now(p->s->sim)) - p->offset;
}

/* A time of the recording on the model's clock. */
static inline sim_time replay_at(const struct replay *p, double t)
{
    return sim_seconds(t + p->offset);
}

#endif
