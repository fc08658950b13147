/*
 * server - a pod as a server of requests: listener, queue, concurrency,
 * service, draining. FIFO or processor sharing (queue.h).
 *
 * The kubelet opens, drains and kills; clients submit attempts; probes
 * queue with them. An attempt whose client has left is served all the same.
 * Under processor sharing nobody waits: those beyond `concurrency` count
 * against the queue limit. Probes are no attempts: metrics hear nothing of
 * them.
 */
#ifndef MODELS_TRAFFIC_SERVER_H
#define MODELS_TRAFFIC_SERVER_H

#include "models/lb/lb.h"
#include "models/simulation.h"

/* Why an attempt failed; the order is that of spec.md 4.1. */
enum cause {
    CAUSE_NONE, /* it succeeded */
    CAUSE_NO_ENDPOINTS,
    CAUSE_DNS,
    CAUSE_CONNECT_REFUSED,
    CAUSE_CONNECT_TIMEOUT,
    CAUSE_RESET,
    CAUSE_OVERLOADED,
    CAUSE_TIMEOUT,
    CAUSE_MISROUTED,
    CAUSE_APP_ERROR,
    CAUSE_CIRCUIT_OPEN,
    CAUSE_COUNT
};
extern const char *const cause_names[CAUSE_COUNT]; /* as in CSV */

struct servers *servers_new(struct simulation *s);
void servers_free(struct servers *servers);

/* --- for the kubelet --- */
/* The pod's process can serve from now on: listener open, queue empty.
 * Calls world_pod_set_serving(true). Makes pod->server where NULL. */
void server_open(struct servers *servers, struct pod *pod);
/* SIGTERM with onTerminate drain: closes the listener (new connections are
 * refused), answers what it has; calls kubelet_process_idle once idle (at
 * once, from an event, where it is). */
void server_drain(struct servers *servers, struct pod *pod);
/* The process ended while its node lives: open requests are reset, later
 * ones refused until server_open. */
void server_reset(struct servers *servers, struct pod *pod);
/* The node is gone: nothing answers, open requests stay open at their
 * clients until they time out. */
void server_vanish(struct servers *servers, struct pod *pod);
/* Releases pod->server: sandbox gone. Open requests as in server_reset. */
void server_free(struct servers *servers, struct pod *pod);

/* A probe of the pod as a request of its queue. The answer comes through
 * done(self, args, ok) after it was served, or at once (before this returns)
 * with false where the listener is closed or the queue full. `timeout`: no
 * answer by then is false, and the work goes on. Where the process ends, the
 * answer is false in an event of its own. `boot`-safe: never called after
 * server_free or server_vanish. */
typedef void server_probed(void *self, struct event_args args, bool ok);
void server_probe(struct servers *servers, struct pod *pod, sim_time timeout,
                  server_probed *done, void *self, struct event_args args);

/* True while the process hangs: what is run beside it hangs too (exec
 * probes). */
bool server_hangs(const struct pod *pod);
/* True while a process listens (tcpSocket probes). */
bool server_listens(const struct pod *pod);

/* When the process that listens now began to: it tells processes of one pod
 * apart. SIM_NEVER: none listens. */
sim_time server_since(const struct pod *pod);
/* True between server_drain and the process' end. */
bool server_drains(const struct pod *pod);

/* --- for clients --- */
/* What becomes of accepted attempts, by the number that the client gave:
 * `answered` within the event in which it was served (CAUSE_NONE or
 * CAUSE_APP_ERROR) or its process ended (CAUSE_RESET); `lost` where the node
 * vanished: nothing will ever come back. `idle` (NULL: never mind): the
 * pod's process has opened, or answered the last that it had. `load` (NULL:
 * never mind): an attempt or a probe came to the pod or was served, or all
 * that it had is gone. */
struct server_client {
    void (*answered)(void *self, uint64_t client, enum cause cause);
    void (*lost)(void *self, uint64_t client);
    void *self;
    void (*idle)(void *self, pod_id pod);
    void (*load)(void *self, const struct lb_load *load);
    /* Attempts that call other Services (workload.calls); NULL: none does.
     * `plan`, as the server takes one in: a number for its calls, 0: it makes
     * none. `call`: its own work is done, and it stays in its place (queue.h)
     * until server_called with that job. `drop`: its process is gone. */
    uint32_t (*plan)(void *self, const struct pod *pod, uint64_t client,
                     const struct workload *workload, struct rng *rng);
    void (*call)(void *self, uint32_t number, uint64_t job);
    void (*drop)(void *self, uint32_t number);
};
/* All of its calls have ended: it is answered, failed: by an error. */
void server_called(struct servers *servers, uint64_t job, bool failed);
void servers_set_client(struct servers *servers, struct server_client client);

/* An attempt arrives at the pod, whose node is up. CAUSE_NONE: accepted.
 * CAUSE_CONNECT_REFUSED: nothing listens. CAUSE_OVERLOADED: queue full. What
 * belongs to the attempt (service time, then error) is drawn from rng. work:
 * its service time, as recorded; SIM_NEVER: the workload's. */
enum cause server_submit(struct servers *servers, const struct pod *pod,
                         uint32_t traffic, uint64_t client, sim_time work,
                         struct rng *rng);

/*
 * Faults. A pod's last until they are ended, or its sandbox is gone; a hang
 * ends with its process. A node's last until they are ended, and hit what is
 * started there meanwhile. Of several all hold. Amounts: of SLOW a factor > 0
 * for the service times of what arrives from now on, of ERROR a share of
 * answers; HANG: it accepts, and never answers.
 */
enum server_fault_kind { FAULT_HANG, FAULT_SLOW, FAULT_ERROR };
/* False: the pod has no process that listens. */
bool server_fault_begin(struct servers *servers, struct pod *pod,
                        enum server_fault_kind kind, double amount,
                        incident_id incident);
/* The fault of that incident is over. pod NULL: it is gone. */
void server_fault_end(struct servers *servers, struct pod *pod,
                      incident_id incident);
/* Factor 1: as it was. */
void server_slow_node(struct servers *servers, node_id node, double factor,
                      incident_id incident);
/* What is to blame for its being slow or wrong; NO_ID: nothing is known. */
incident_id server_fault(const struct pod *pod);

/*
 * Little's law in its exact form: over any window the integral of the number
 * of attempts in the servers is the sum of each attempt's overlap with it
 * (Little, "Little's Law as Viewed on Its 50th Anniversary", Operations
 * Research 59(3), 2011, Theorem LL.1), in whole ns. Every attempt's coming
 * and going is counted from the window's beginning; the check compares the
 * integral with what the jobs themselves say, modulo 2^64, and fails the
 * simulation where they differ. O(slots of the queues' slab).
 */
void servers_begin_window(struct servers *servers);
void servers_audit(struct servers *servers);

/* CPU that the pod's present process has used, in core seconds: of each
 * request that it served `cpuPerRequest` (0: its service time, on average),
 * and `idleCPU`. 0 without a process. */
double server_cpu(const struct servers *servers, const struct pod *pod);

/* Requests that it has answered, probes not counted; 0 without a process. */
uint64_t server_answered(const struct pod *pod);

/* Requests at the pod now, probes included; 0 without a process. */
uint64_t server_present(const struct pod *pod);

#endif
