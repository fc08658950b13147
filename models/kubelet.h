/*
 * kubelet - pod life on the nodes: sandbox and address, image pull and
 * cache, init containers, start, probes, crash back-off, graceful
 * termination with preStop, node failure and reboot.
 *
 * One object stands for all nodes' kubelets; each node's acts only while
 * the node is up, hears of its pods by a watch of its own (FIFO, lagged),
 * and writes status with latency. See models.md, "The life of a pod".
 *
 * A node that is cut off from the API server goes on with its pods, and catches
 * up afterwards (kubelet_link.c); one that shuts down may end them first
 * (kubelet_shutdown.c).
 *
 * What is decided here, where Kubernetes leaves it to the process or where
 * the model is simpler:
 * - An init container runs for the workload's `initContainer`, in no time
 *   unless that is given, and fails as `initFailures` and `initFailureRate`
 *   say. A sidecar starts in its turn, the next
 *   one after its startup probe, and ends after all that came later.
 * - One container serves requests: the first that declares ports, else the
 *   first that stays. `startup`, preStop of the workload, onTerminate and
 *   `shutdown` are its own; other containers end at SIGTERM, and their
 *   probes pass while they run.
 * - Without a readiness probe a container is ready as soon as it runs, as in
 *   Kubernetes: while its process starts, connections are refused.
 * - onTerminate exit resets what is open at SIGTERM; the container ends
 *   `shutdown` later. Containers end at the latest at SIGKILL.
 * - Readiness gates are taken as passed; imagePullPolicy Always finds a
 *   cached image up to date.
 * - The container that serves uses the memory that the workload's `memory`
 *   says, any other one what it asks for; nothing is cached or swapped. A
 *   node has what is allocatable and the eviction threshold beside it. Uses
 *   that grow with requests are looked at each second.
 * - Of the requests of its client of the API server those for pods count: one
 *   for a pod's token, two for each status, one for its removal. Leases, the
 *   node's status and events have clients of their own.
 * - A pod removed by force (grace 0) is gone at once for its clients; its
 *   address is free when its node has heard.
 * Events: none while nothing happens, but for probes. Memory: about 350
 * bytes a pod and container.
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

/* The process that serves begins to leak memory: bytes a second, and for each
 * answer (failure mode `oom`). False: nothing runs. */
bool kubelet_leak(struct kubelets *k, pod_id pod, double growth,
                  double per_request, incident_id origin);

/* The pod's readiness fails, or no longer does so, whatever its probes say
 * (failure mode `unready`). False: it is not running here. */
bool kubelet_set_unready(struct kubelets *k, pod_id pod, bool unready,
                         incident_id origin);

/* The node fails, at once: nothing on it acts or answers. */
void kubelet_node_down(struct kubelets *k, node_id node, incident_id origin);
/* It boots: after `boot` its kubelet works and reports the node Ready; pods
 * still bound to it get new sandboxes with new addresses, deleted ones are
 * removed. */
void kubelet_node_up(struct kubelets *k, node_id node, incident_id origin);

/* The node is told to shut down: where its kubelet has a grace period for that
 * the node is NotReady at once, takes no more pods, and ends those it has, by
 * groups of rising priority; it goes down when they have ended, or `limit`
 * after now (SIM_NEVER: none). Else it goes down at once. False: it is down,
 * or shuts down already. */
bool kubelet_node_shutdown(struct kubelets *k, node_id node, sim_time limit,
                           incident_id origin);

/* How long its latest boot takes (a draw that is the same each time). */
sim_time kubelet_boot_time(const struct kubelets *k, node_id node);

/* When the node's lease was renewed last, as the API server saw it: leases
 * are renewed at a phase of the node's own while it is up. */
sim_time kubelet_last_lease(const struct kubelets *k, node_id node);

/* Somebody else acts for the kubelets of all nodes, from the start on: a fake
 * one that plays back what was recorded. They do nothing themselves;
 * kubelet_last_lease asks last_lease(self, node). */
void kubelets_stand_in(struct kubelets *k,
                       sim_time (*last_lease)(void *self, node_id node),
                       void *self);

/* From traffic/server.c: a process that was told to drain is idle now. */
void kubelet_process_idle(struct kubelets *k, pod_id pod);

#endif
