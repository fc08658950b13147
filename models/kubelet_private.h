/*
 * kubelet_private - what the kubelet*.c files share; nobody else includes it.
 *
 *   kubelet.c         nodes: watch, boot, lease; crash and eviction
 *   kubelet_start.c   sandbox, address, containers' start
 *   kubelet_image.c   images and pulls
 *   kubelet_probe.c   startup, readiness and liveness probes
 *   kubelet_restart.c what follows a container's end: back-off, restart
 *   kubelet_stop.c    preStop, SIGTERM, SIGKILL, teardown, removal
 *   kubelet_memory.c  memory: what is used, limits, the kernel's OOM killer
 *   kubelet_evict.c   the eviction manager: memory pressure
 *   kubelet_status.c  draws, status writes, leases
 *   kubelet_node.c    nodes that fail and boot
 *   kubelet_link.c    nodes that are cut off from the API server
 *   kubelet_shutdown.c nodes that are told to shut down
 *   kubelet_rules.c   what is decided by them
 *
 * Pending events name a pod, a container and a stamp; whatever makes them
 * void gives the pod or the container a new stamp.
 */
#ifndef MODELS_KUBELET_PRIVATE_H
#define MODELS_KUBELET_PRIVATE_H

#include "models/controller_client.h"
#include "models/kubelet.h"
#include "models/kubelet_rules.h"

/* The worker of one probe of one container. */
struct kubelet_probe {
    sim_time anchor; /* its ticks are anchor + k periods */
    sim_time tick;   /* the last one */
    uint32_t stamp;  /* of the pending tick or answer */
    struct probe_state state;
};

enum container_stage {
    CONTAINER_WAITING, /* not started; or it ended and waits for back-off */
    CONTAINER_RUNNING,
    CONTAINER_ENDED /* and its end not yet noticed */
};

struct kubelet_container {
    enum container_stage stage;
    bool open;      /* its process was able to serve (serving container) */
    bool started;   /* its startup probe passed, or it has none */
    bool ready;     /* its readiness probe passed, or it has none; running */
    bool stopping;  /* told to stop */
    bool signalled; /* SIGTERM was sent */
    bool closed;    /* it listens no more, if it ever did */
    bool idle;      /* and has answered all that it accepted */
    bool exit_ok;   /* it ended with status 0 */
    bool oom;       /* killed for its memory */
    bool done;      /* it ended, and is not restarted */
    uint32_t stamp; /* of this run of its */
    uint32_t runs;  /* starts so far, in all sandboxes */
    sim_time started_at, finished_at;
    sim_time exit_at; /* after SIGTERM: not before */
    sim_time kill_at; /* SIGKILL */
    event_id kill;
    struct backoff backoff; /* before its next restart */
    struct backoff pull;    /* before its image is pulled again */
    bool awaits_turn;       /* a sidecar: others are to end before SIGTERM */
    struct kubelet_probe probes[PROBE_PURPOSES];
};

enum pod_stage {
    STAGE_SANDBOX, /* network being set up */
    STAGE_START,   /* containers being started, images pulled */
    STAGE_RUN,     /* all containers were started */
    STAGE_STOP,    /* terminating or evicted, processes ending */
    STAGE_TEARDOWN,
    STAGE_GONE, /* no sandbox */
    STAGE_DOWN  /* the node failed */
};

/* What the API server is told. */
struct kubelet_status {
    bool ready;
    enum pod_phase phase;
    uint32_t restarts, ip;
};

/* A fault: the process takes memory and never gives it back. */
struct kubelet_leak {
    double growth, per_request; /* bytes a second, and for each answer */
    sim_time since;
    uint64_t answered; /* when it began */
    incident_id origin;
};

struct kubelet_pod {
    pod_id id;
    node_id node;
    enum pod_stage stage;
    bool deleting;  /* heard of the deletion */
    bool ending;    /* by its node's shutdown: Failed once all have ended */
    bool removing;  /* the object's removal is on its way */
    bool failed;    /* evicted, or ended for good */
    bool succeeded; /* that with status 0: phase Succeeded */
    const char *reason;
    uint32_t clock;   /* the last stamp given */
    uint32_t stamp;   /* of the pending event of this stage */
    uint32_t ip;      /* of the sandbox; 0: none */
    uint32_t tries;   /* sandboxes begun */
    uint32_t syncs;   /* waits for another try to pull */
    uint32_t next;    /* container to start next */
    uint32_t serving; /* the container that serves */
    uint32_t restarts;
    uint32_t unready;           /* faults that make its readiness fail */
    struct kubelet_leak leak;   /* of the process that serves */
    sim_time added;             /* when the kubelet took the pod up */
    struct kubelet_status told; /* last one put on its way */
    sim_time told_at;           /* when it arrives */
    uint32_t telling;           /* status writes on their way */
    bool queued;                /* a status waits for its turn */
    uint32_t told_count;        /* and ever */
    uint32_t container_count;
    struct kubelet_container containers[];
};

/* Somebody waits for an image. */
struct image_wait {
    pod_id pod;
    uint32_t stamp;
};

/* A pull under way. */
struct image_pull {
    uint32_t number; /* tells it from others of its node */
    struct node_image image;
    sim_time end;
    struct image_wait wait;
    bool fails;
};

struct kubelet_node {
    bool working;            /* up and booted */
    bool shutting;           /* its pods are being ended: kubelet_shutdown.c */
    bool returns;            /* it boots again as soon as it is down */
    size_t group;            /* whose pods are being ended */
    uint32_t shutdown_stamp; /* of the pending event of that */
    incident_id shutdown_origin, return_origin;
    uint32_t boot;  /* tells one boot's events from another's */
    sim_time since; /* at work since, */
    sim_time until; /* or till, where it is not */
    sim_time lease_phase;
    /* Its way to the API server. */
    bool linked, watching; /* there is one; and its watch is there */
    bool refused;          /* without one: the API server was stopped */
    uint32_t link; /* tells one time with it, and one boot, from another: what
                      was under way in an earlier one is lost */
    sim_time cut_at, linked_at;       /* the last change */
    sim_time last_lease;              /* before that */
    struct rng watch;                 /* lags of its watch */
    sim_time heard;                   /* the last notification on its way */
    VEC_OF(struct node_image) images; /* in the order of their coming */
    size_t images_told;               /* so many the API knows of */
    sim_time list_phase;              /* when it lists them */
    VEC_OF(struct image_wait) queue;  /* for a place; from `head` on */
    size_t head;
    VEC_OF(struct image_pull) pulls; /* no order */
    uint32_t pull_number;
    struct token_bucket registry;
    struct token_bucket api; /* of its client of the API server */
    VEC_OF(uint32_t) leaked; /* addresses of pods removed unheard of */
    /* Memory is looked at only where some pod's is said. */
    bool watches_memory;
    event_id memory;       /* the next look at limits */
    sim_time evict_phase;  /* of the eviction manager's looks */
    bool pressure;         /* as it sees it; */
    sim_time pressed;      /* seen last */
    sim_time status_phase; /* of the node's status; */
    bool status_due;       /* that will tell of the pressure */
    pod_id evicted;        /* it waits for this one to be gone; NO_ID: none */
    int polls;             /* so many times so far */
};

struct kubelets {
    struct simulation *s;
    struct world *world;
    const struct kubelet_params *params;
    struct backoff_limits crash;
    VEC_OF(struct kubelet_node) nodes; /* by id */
    bool watch_constant;
    sim_time watch_latency; /* where it is constant: a lane serves */
    sim_lane watch_lane;
    sim_time watch_last;
    bool writing; /* the status being written is ours */
    /* Of a stand-in; NULL: none. */
    sim_time (*last_lease)(void *self, node_id node);
    void *stand_in;
};

/* --- kubelet.c --- */
static inline sim_time kubelet_now(const struct kubelets *k)
{
    return sim_now(k->s->sim);
}
static inline struct kubelet_node *kubelet_node(struct kubelets *k, node_id id)
{
    return &k->nodes.items[id];
}
/* It works, and hears of what is written. */
static inline bool kubelet_hears(struct kubelets *k, node_id id)
{
    return kubelet_node(k, id)->working && kubelet_node(k, id)->watching;
}
static inline const struct workload *kubelet_workload(const struct kubelets *k,
                                                      const struct pod *pod)
{
    return &k->s->scenario->workloads[pod->template->workload];
}
/* A new record, in STAGE_GONE. */
struct kubelet_pod *kubelet_pod_new(struct kubelets *k, struct pod *pod);

/* --- events about a pod or one of its containers --- */
static inline struct event_args kubelet_args(const struct kubelet_pod *kp,
                                             uint32_t container, uint32_t kind,
                                             uint32_t stamp)
{
    return (struct event_args){(uint64_t)kp->id | (uint64_t)container << 32 |
                                   (uint64_t)kind << 48,
                               stamp};
}
static inline uint32_t kubelet_arg_container(struct event_args args)
{
    return (uint32_t)(args.subject >> 32 & 0xffff);
}
static inline uint32_t kubelet_arg_kind(struct event_args args)
{
    return (uint32_t)(args.subject >> 48);
}
static inline pod_id kubelet_arg_pod(struct event_args args)
{
    return (pod_id)(args.subject & UINT32_MAX);
}
/* The pod where the event's stamp is still that of its stage, or of the
 * container; NULL: void. */
struct pod *kubelet_stage_event(struct kubelets *k, struct event_args args);
struct pod *kubelet_container_event(struct kubelets *k, struct event_args args);

/* --- kubelet_status.c --- */
/* A draw of the stream (purpose, pod's owner, ordinal) at (index, sub). */
sim_time kubelet_draw(const struct kubelets *k, const struct pod *pod,
                      const struct dist *dist, const char *purpose,
                      uint64_t index, uint64_t sub);
/* When the node's client may have sent so many requests: >= now. */
sim_time kubelet_request(struct kubelets *k, node_id node, int requests);
/* Tells the API server what is so now, where it has not been told. */
void kubelet_tell(struct kubelets *k, struct pod *pod);
/* After a boot, a partition, or where somebody else wrote: what the API
 * server knows. */
void kubelet_take_told(struct pod *pod);
void kubelet_pod_event(struct kubelets *k, const struct pod *pod, bool warning,
                       const char *reason, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* --- kubelet_start.c --- */
void kubelet_start_sandbox(struct kubelets *k, struct pod *pod);
void kubelet_start_sandbox_at(struct kubelets *k, struct pod *pod, sim_time at);
void kubelet_start_container(struct kubelets *k, struct pod *pod, uint32_t i);
/* Goes on with the container whose turn it is. */
void kubelet_start_further(struct kubelets *k, struct pod *pod);
/* The startup probe of a container passed: if others waited for that, their
 * turn has come. */
void kubelet_sidecar_started(struct kubelets *k, struct pod *pod, uint32_t i);
/* Until a pod is synced again that could not be: the n-th time for `what`. */
sim_time kubelet_sync_backoff(const struct kubelets *k, const struct pod *pod,
                              uint32_t what, uint32_t n);

/* --- kubelet_image.c --- */
/* Whether the next container's image has to be pulled; does so. */
bool kubelet_must_pull(struct kubelets *k, const struct pod *pod);
void kubelet_pull(struct kubelets *k, struct pod *pod);
/* The node was made: it has the images that its spec says. */
void kubelet_has_images(struct kubelets *k, node_id node);
/* Tells the API server, in due time, of images that it does not know of. */
void kubelet_list_images(struct kubelets *k, node_id node);
/* The node went down or came back: pulls end, images may be lost. */
void kubelet_forget_pulls(struct kubelets *k, node_id node);

/* --- kubelet.c: taking up pods --- */
static inline bool kubelet_has_ended(const struct pod *pod)
{
    return pod->phase == POD_FAILED || pod->phase == POD_SUCCEEDED;
}
/* Begins with a pod that is bound to its node: its sandbox. */
void kubelet_take_up(struct kubelets *k, struct pod *pod);

/* --- kubelet_node.c --- */
/* The node's pods by id; the caller frees it. */
pod_id *kubelet_sorted_pods(const struct kubelets *k, node_id id,
                            size_t *count);
/* A pod as the kubelet finds it after a boot. */
void kubelet_pod_up(struct kubelets *k, struct pod *pod);
/* Addresses of pods that were removed behind its back are free again. */
void kubelet_end_leaks(struct kubelets *k, node_id id);

/* --- kubelet_link.c --- */
/* A partition began or ended; within the write of that. */
void kubelet_link_changed(struct kubelets *k, node_id id);
/* At that time a kubelet at work says that its node is Ready. */
void kubelet_report_node(struct kubelets *k, node_id id, sim_time at);

/* --- kubelet_shutdown.c --- */
/* A pod that came to a node that shuts down: it is not let in. */
void kubelet_reject(struct kubelets *k, struct pod *pod);
/* A pod has ended; if the shutdown waits for it, it goes on. */
void kubelet_shutdown_further(struct kubelets *k, node_id id);

/* --- kubelet_probe.c --- */
/* The container was started: its probes begin. */
void kubelet_start_probes(struct kubelets *k, struct pod *pod, uint32_t i);

/* --- kubelet_restart.c --- */
/* The process of a container ended, now: resets what is open. */
void kubelet_end_process(struct kubelets *k, struct pod *pod, uint32_t i);
/* The container was started: it may end by itself (runTime). */
void kubelet_set_exit(struct kubelets *k, struct pod *pod, uint32_t i);
/* A run of an init container failed: again, later and later, or the pod has
 * failed (restartPolicy Never). */
void kubelet_init_failed(struct kubelets *k, struct pod *pod, uint32_t i);
/* The pod ends for good: phase Failed. */
void kubelet_fail_pod(struct kubelets *k, struct pod *pod, const char *reason);

/* --- kubelet_memory.c --- */
/* A container that serves was started, or a leak began: its node's memory is
 * looked at from now on, where anybody says what it uses. */
void kubelet_memory_changed(struct kubelets *k, struct pod *pod);
/* Bytes used by what runs in the pod, now; by everything on the node. */
double kubelet_memory_of(const struct kubelets *k, const struct pod *pod);
double kubelet_memory_on(const struct kubelets *k, node_id node);
/* Whether the pod's use may grow, or is not what it asks for. */
bool kubelet_memory_said(const struct kubelets *k, const struct pod *pod);
/* The node's pods by id, count of them; the caller frees it. */
pod_id *kubelet_sorted_pods(const struct kubelets *k, node_id id,
                            size_t *count);
/* The node went down: nothing is used, nobody looks. */
void kubelet_memory_forget(struct kubelets *k, node_id id);

/* --- kubelet_evict.c --- */
/* The eviction manager begins to look at the node. */
void kubelet_evict_start(struct kubelets *k, node_id id);
/* Whether the kubelet lets a pod in while memory is short. */
bool kubelet_admits(const struct kubelets *k, const struct pod *pod);
enum kubelet_qos { QOS_BEST_EFFORT, QOS_BURSTABLE, QOS_GUARANTEED };
/* component-helpers pkg/apis/core/v1/helper/qos ComputePodQOS */
enum kubelet_qos kubelet_qos_of(const struct pod_template *t);

/* --- kubelet_stop.c --- */
/* Stops a running container: preStop, SIGTERM, SIGKILL after grace (0: at
 * once). */
void kubelet_stop_container(struct kubelets *k, struct pod *pod, uint32_t i,
                            sim_time grace);
/* The node's shutdown ends the pod within that time: probes are over, the
 * last result of readiness stands. */
void kubelet_end_pod(struct kubelets *k, struct pod *pod, sim_time grace);
/* The deletion was heard of; again: a shorter grace period. */
void kubelet_terminate(struct kubelets *k, struct pod *pod);
/* A container's end was noticed while the pod stops: goes on when it was
 * the last. */
void kubelet_stop_further(struct kubelets *k, struct pod *pod);
/* Releases sandbox, server and address, now. */
void kubelet_release(struct kubelets *k, struct pod *pod);
/* Removes the API object, after write latency. */
void kubelet_remove(struct kubelets *k, struct pod *pod);

#endif
