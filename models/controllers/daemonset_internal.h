/*
 * daemonset_internal - what the files of the DaemonSet controller share;
 * nobody else includes it.
 */
#ifndef MODELS_CONTROLLERS_DAEMONSET_INTERNAL_H
#define MODELS_CONTROLLERS_DAEMONSET_INTERNAL_H

#include "models/controllers/claim.h"
#include "models/controllers/daemonset_rules.h"

/* A node whose pods failed. */
struct failed {
    node_id node;
    sim_time wait, updated;
};

struct daemon_record {
    const struct pod_template *template; /* that the flags are of */
    VEC_OF(uint8_t) flags;               /* by node */
    VEC_OF(struct failed) failed;
    VEC_OF(incident_id) lost;     /* by node: what ended the pod there last */
    struct daemon_counts pending; /* the status on its way */
    struct claims claims;
};

struct daemonsets {
    VEC_OF(struct daemon_record) records; /* by DaemonSet */
    /* Scratch of one reconcile. */
    VEC_OF(struct daemon_node) nodes; /* by node id */
    VEC_OF(struct daemon_pod) pods;
    VEC_OF(uint32_t) order;
    struct daemon_plan plan;
    /* The order of rolling updates, which Go's maps make random. */
    uint64_t salt;
};

/* Valid until the next new DaemonSet. */
struct daemon_record *daemonset_record(struct daemonsets *all, daemonset_id id);

/* Writes, for controller_write; a: the DaemonSet. */
/* b: the node, and above it the origin. */
controller_apply daemonset_apply_create;
/* b: the pod, and above it whether a rolling update wants it to go. */
controller_apply daemonset_apply_delete;
/* The revision of the template becomes the newest. */
controller_apply daemonset_apply_revision;
/* What the record has pending. */
controller_apply daemonset_apply_status;

#endif
