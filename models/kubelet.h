/*
 * kubelet - pod life on the nodes: sandbox and address, image pull and
 * cache, init containers, start, probes, crash back-off, graceful
 * termination with preStop, node failure and reboot.
 *
 * One object stands for all nodes' kubelets; each node's acts only while
 * the node is up, hears of its pods by a watch of its own (FIFO, lagged),
 * and writes status with latency. See models.md, "The life of a pod".
 */
#ifndef MODELS_KUBELET_H
#define MODELS_KUBELET_H

#include "models/simulation.h"

struct kubelets *kubelets_new(struct simulation *s);
void kubelets_free(struct kubelets *k);

/* A container of the pod ends by itself (failure mode `crash`): its process
 * is reset, it restarts in place with back-off. False: nothing runs. */
bool kubelet_crash(struct kubelets *k, pod_id pod, incident_id origin);

/* The kubelet evicts the pod: phase Failed, its processes killed, sandbox
 * and address released; the object stays until its owner or GC removes it
 * (failure mode `fail`). False: it is not running here. */
bool kubelet_fail(struct kubelets *k, pod_id pod, const char *reason,
                  incident_id origin);

/* The node fails, at once: nothing on it acts or answers. */
void kubelet_node_down(struct kubelets *k, node_id node, incident_id origin);
/* It boots: after `boot` its kubelet works; pods still bound to it get new
 * sandboxes with new addresses. */
void kubelet_node_up(struct kubelets *k, node_id node, incident_id origin);

/* When the node's lease was renewed last, as the API server saw it: leases
 * are renewed at a phase of the node's own while it is up. */
sim_time kubelet_last_lease(const struct kubelets *k, node_id node);

/* From traffic/server.c: a process that was told to drain is idle now. */
void kubelet_process_idle(struct kubelets *k, pod_id pod);

#endif
