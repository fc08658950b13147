/*
 * world - the cluster at an instant: what the API server holds, and what is
 * so in truth.
 *
 * Objects have ids: small numbers given in order of creation, never reused
 * in a run. Fields are for all to read; only the functions below write
 * them, and each tells the watchers at once (those that model lag add it
 * themselves). "API" marks what a watcher of the API server can see,
 * "truth" what is so on the machines, whether or not anyone has noticed.
 *
 * Origins say why: each change in the cluster that somebody or chance made
 * is an incident; pods, nodes and owners carry the incident that touched
 * them last, and a failed request blames the one it finds.
 */
#ifndef MODELS_WORLD_H
#define MODELS_WORLD_H

#include "models/objects.h"
#include "models/scenario.h"
#include "sim/engine/mem.h"
#include "sim/engine/rng.h"
#include "sim/engine/sim.h"

typedef uint32_t pod_id, node_id, service_id, deployment_id, replicaset_id;
typedef uint32_t pdb_id, hpa_id;
typedef uint32_t statefulset_id, daemonset_id, job_id;
typedef uint32_t incident_id;
#define NO_ID UINT32_MAX

enum pod_phase { POD_PENDING, POD_RUNNING, POD_SUCCEEDED, POD_FAILED };
enum owner_kind {
    OWNER_NONE,
    OWNER_REPLICASET,
    OWNER_STATEFULSET,
    OWNER_DAEMONSET,
    OWNER_JOB
};

struct kubelet_pod; /* the kubelet's record of a pod: models/kubelet */
struct server_pod;  /* its queue of requests: models/traffic */

struct pod {
    pod_id id;
    char *name;
    const char *space; /* namespace */
    enum owner_kind owner_kind;
    uint32_t owner;           /* id among its kind; NO_ID: none */
    int index;                /* of a StatefulSet's or Indexed Job's pod; -1 */
    node_id target;           /* the only node that a DaemonSet's pod may go
                                 to; NO_ID: any */
    uint64_t ordinal;         /* how many its top owner made before it: names
                                 its random streams in every variant */
    const char *stream_owner; /* the top owner's name, for streams */
    const struct pod_template *template; /* borrowed */
    const struct labels *labels; /* the template's, or a StatefulSet's pod's
                                    own; shared, owned by the world */
    /* API */
    sim_time created, scheduled, deletion; /* SIM_NEVER: not (yet) */
    sim_time grace;                        /* of the deletion */
    node_id node;                          /* NO_ID: not bound */
    uint32_t ip; /* IPv4 in host order; 0: none reported */
    enum pod_phase phase;
    bool ready;           /* condition Ready */
    sim_time ready_since; /* last change of Ready */
    sim_time first_ready; /* SIM_NEVER: never yet */
    uint32_t restarts;
    const char *reason; /* why it ended: "Deleted", "Evicted", "NodeLost",
                           "Scaled", "RolledOut"...; NULL: lives */
    /* truth */
    uint32_t sandbox_ip;         /* of the sandbox that now exists; 0: none */
    uint32_t sandboxes;          /* how many it has had */
    bool serving;                /* a process listens and its node is up */
    struct kubelet_pod *kubelet; /* owned by the kubelet; NULL: unknown */
    struct server_pod *server;   /* owned by the servers; NULL: no process */
    /* Services that select it: ids, rising; shared, owned by the world. */
    const service_id *services;
    size_t service_count;
    size_t node_index, owner_index; /* place in the lists of those */
};

enum node_ready { NODE_TRUE, NODE_FALSE, NODE_UNKNOWN };

/* What a partition keeps a node, or a zone's nodes, from. */
enum { CUT_CONTROL_PLANE = 1, CUT_CLIENTS = 2 };
/* How many partitions do so now. */
struct cuts {
    uint16_t control_plane, clients;
};

struct node {
    node_id id;
    const struct node_spec *spec; /* borrowed */
    uint16_t zone;                /* index into world->zones */
    uint32_t namesakes;           /* nodes of its name before it */
    /* API */
    enum node_ready ready;
    sim_time ready_since;
    bool unschedulable, deleted;
    bool memory_pressure;              /* condition MemoryPressure */
    VEC_OF(struct taint) taints;       /* those of the spec, and later ones */
    VEC_OF(struct node_image) images;  /* status.images */
    VEC_OF(pod_id) pods;               /* bound and not removed; no set order */
    struct resources requested;        /* sum over bound pods, extended too */
    int64_t scored_cpu, scored_memory; /* sum with scoring defaults */
    /* truth */
    bool up;
    bool noticed;       /* its machine will be taken away */
    bool gone;          /* it is no more: it never comes back */
    bool linked;        /* it can reach the API server */
    struct cuts cuts;   /* of its own; those of its zone come on top */
    sim_time up_since;  /* last boot, or failure when down */
    uint32_t boot;      /* how many boots: tells one from another */
    incident_id origin; /* what touched it last */
};

struct pod_list {
    pod_id *items;
    size_t count, room;
};

/* What all that owns pods has; template: now wanted, owned by the world or
 * the spec; pods: those that exist, terminating too, in no set order. */
#define OWNER_FIELDS                                                           \
    uint32_t id;                                                               \
    char *name;                                                                \
    const char *space;                                                         \
    const struct labels *labels; /* its own */                                 \
    const struct selector *selector;                                           \
    const struct pod_template *template;                                       \
    sim_time created, min_ready;                                               \
    bool deleted;                                                              \
    struct pod_list pods;                                                      \
    uint64_t pods_made;                                                        \
    incident_id origin /* the last change of its spec */

struct owner {
    OWNER_FIELDS;
};

/* An owner's fields by their own names, and `own` for all of them. */
#define OWNER_MEMBERS                                                          \
    union {                                                                    \
        struct owner own;                                                      \
        struct {                                                               \
            OWNER_FIELDS;                                                      \
        };                                                                     \
    }

struct replicaset {
    OWNER_MEMBERS;
    deployment_id deployment; /* NO_ID: on its own */
    int replicas;             /* spec */
    int64_t revision;
    int desired_annotation, max_replicas_annotation;
    /* status, as its controller last wrote it */
    int status_replicas, status_ready, status_available, status_terminating;
};

/* A ControllerRevision: a template that was wanted once. */
struct revision {
    const struct pod_template *template;
    int64_t number;
};

struct statefulset {
    OWNER_MEMBERS;
    const struct statefulset_spec *spec; /* as last applied */
    int replicas;
    VEC_OF(struct revision) revisions; /* rising number */
    /* status */
    const struct pod_template *current; /* of currentRevision; NULL: none */
    const struct pod_template *update;  /* of updateRevision */
    int status_replicas, status_ready, status_available, status_current,
        status_updated;
};

struct daemonset {
    OWNER_MEMBERS;
    const struct daemonset_spec *spec;
    VEC_OF(struct revision) revisions;
    bool observed; /* the status is of the present spec */
    /* status */
    int status_desired, status_current, status_misscheduled, status_ready,
        status_available, status_updated;
};

enum job_state { JOB_ACTIVE, JOB_COMPLETE, JOB_FAILED };

struct job {
    OWNER_MEMBERS;
    const struct job_spec *spec;
    bool suspended;
    enum job_state state;
    const char *reason; /* of JOB_FAILED: "BackoffLimitExceeded" ...; static */
    sim_time started;   /* SIM_NEVER: not yet, or suspended */
    sim_time finished;  /* SIM_NEVER: not yet */
    /* status */
    int status_active, status_ready, status_succeeded, status_failed;
};

struct deployment {
    deployment_id id;
    const struct deployment_spec *spec;  /* as first applied: names, selector,
                                            strategy, periods */
    const struct pod_template *template; /* now wanted */
    int replicas;
    bool paused, deleted;
    sim_time created;
    VEC_OF(replicaset_id) replicasets; /* its own, not deleted, by age */
    /* status */
    int status_replicas, status_updated, status_ready, status_available;
    uint64_t pods_made; /* by all of its ReplicaSets: ordinals */
    incident_id origin; /* the last change of its spec */
};

/* A pod that the eviction API let go, until it is seen to terminate. */
struct disrupted_pod {
    pod_id pod;
    sim_time at;
};

/* A PodDisruptionBudget. */
struct pdb {
    pdb_id id;
    const struct pdb_spec *spec; /* as last applied */
    bool deleted;
    uint32_t generation, observed_generation;
    uint64_t version; /* resourceVersion: rises with each write */
    /* status: its controller's and, of the last two, the eviction API's */
    int current_healthy, desired_healthy, expected_pods;
    int disruptions_allowed;
    VEC_OF(struct disrupted_pod) disrupted; /* in order of eviction */
};

/* A HorizontalPodAutoscaler. */
struct hpa {
    hpa_id id;
    const struct hpa_spec *spec; /* as last applied */
    bool deleted;
    /* status */
    int status_current, status_desired;
    int64_t status_usage; /* of its first metric: percent, or milli-cores */
};

enum endpoint_flags {
    ENDPOINT_READY = 1,
    ENDPOINT_SERVING = 2,
    ENDPOINT_TERMINATING = 4
};

struct endpoint {
    pod_id pod;
    uint32_t ip;
    node_id node;
    uint32_t slot; /* small number, unique among the Service's endpoints of
                      one version, and the endpoint's own while it is
                      listed: an index for balancers' counters */
    uint16_t zone;
    uint16_t hint_zone; /* for proxies in this zone: 1 + zone; 0: no hint */
    uint8_t flags;
    bool hint_node; /* for proxies of its own node */
    uint8_t slice;  /* unused by proxies */
};

/*
 * One version of what the API holds of a Service's endpoints: immutable.
 * Endpoints that a proxy uses come first: the ready ones, or, where there is
 * none, the serving terminating ones (KEP-1669).
 */
struct endpoint_set {
    uint64_t sequence; /* rises over all Services of the world, from 1 */
    sim_time at;       /* when it was written */
    sim_time trigger;  /* the change of a pod that caused it: readiness
                          or deletion; SIM_NEVER: none */
    sim_time exported; /* that time as Kubernetes has it in an annotation:
                          the whole second of a change of Ready; SIM_NEVER:
                          none */
    service_id service;
    incident_id origin;         /* of the change */
    struct endpoint_set *older; /* NULL, or dropped as not in use */
    uint32_t references;
    bool hinted;     /* all ready ones have hints: proxies differ */
    uint32_t usable; /* first so many are used, unless hints say less */
    uint32_t ready;  /* how many are ready */
    uint32_t slots;  /* 1 + the largest slot */
    uint32_t count;
    struct endpoint endpoints[];
};

struct service {
    service_id id;
    const struct service_spec *spec;
    uint64_t bits;               /* of its selector: select.h */
    uint32_t cluster_ip;         /* 0: headless or ExternalName */
    sim_time created, deleted;   /* SIM_NEVER: lives */
    struct endpoint_set *newest; /* never NULL once created: may be empty */
    incident_id origin;          /* of its last change of endpoints */
};

/* Something that was done or happened, and may be blamed. */
struct incident {
    const char *name;   /* of the timeline entry or failure rule */
    const char *action; /* "rollout restart", "crash", "drain", "scale" */
    char *object;       /* "pod/web-1", "node/pool-2", "deployment/web" */
    sim_time time, end; /* end SIM_NEVER: open or instant */
    uint32_t parent;    /* the incident that led to it; NO_ID: none */
};
enum { INCIDENT_NONE = 0, INCIDENT_OVERLOAD = 1, INCIDENT_STARTUP = 2 };
/* Ids 0..2 always exist: nobody's doing, overload, the state at the start. */

enum world_kind {
    CHANGE_POD,
    CHANGE_NODE,
    CHANGE_REPLICASET,
    CHANGE_DEPLOYMENT,
    CHANGE_PDB,
    CHANGE_STATEFULSET,
    CHANGE_DAEMONSET,
    CHANGE_JOB,
    CHANGE_HPA,
    CHANGE_SERVICE,
    CHANGE_ENDPOINTS,
    CHANGE_INCIDENT,
    CHANGE_EVENT, /* what `kubectl get events` would show */
    CHANGE_MEASURE
};

enum world_what {
    /* API: any kind. DELETED: the object can be read for the last time. */
    WHAT_ADDED,
    WHAT_DELETED,
    WHAT_SPEC,   /* replicas, template, paused, unschedulable ... */
    WHAT_STATUS, /* phase, Ready, restarts; counts of owners */
    /* API: pods */
    WHAT_BOUND,
    WHAT_IP,          /* the address was reported */
    WHAT_TERMINATING, /* deletionTimestamp was set */
    /* API: PodDisruptionBudgets; a request's answer, no write */
    WHAT_REFUSED,
    /* API: nodes */
    WHAT_TAINTS,
    WHAT_IMAGES, /* status.images */
    /* API: nodes, pods (a pod's annotations too) */
    WHAT_LABELS,
    /* API: pods, ReplicaSets; another controller owns it, or none any more */
    WHAT_OWNER,
    /* truth: no watcher of the API may act on these */
    WHAT_SANDBOX, /* pod: a sandbox was made (ip set) or is gone (0) */
    WHAT_SERVING, /* pod: began or ceased to be able to serve */
    WHAT_UP,      /* node: booted or failed */
    WHAT_LINK,    /* node: a partition began or ended, of any kind */
    WHAT_CRASHED, /* pod: a container ended by itself */
    /* CHANGE_MEASURE */
    WHAT_EPOCH, /* time 0: measurement begins */
    WHAT_END,   /* the measured time is over; requests may be open */
    WHAT_QUEUE  /* more or fewer pods are about to be unschedulable */
};

struct world_change {
    enum world_kind kind;
    enum world_what what;
    uint32_t id;
    const void *old; /* ENDPOINTS: the version before; EVENT: world_event;
                        POD, on WHAT_LABELS and WHAT_OWNER: pod_before */
};

/* What a pod was before a change of its metadata. */
struct pod_before {
    const struct pod_template *template;
    enum owner_kind owner_kind;
    uint32_t owner;
};

struct world_event {
    bool warning;
    const char *reason;
    const char *object;
    const char *message;
};

/* Called within the write, in order of world_watch; must not write. */
typedef void world_notify(void *self, const struct world_change *change);

/* Entry of the table of all pods ever made. */
struct pod_entry {
    struct pod *pod;    /* NULL: gone */
    incident_id origin; /* what touched it last; outlives it */
    sim_time touched;   /* when that was */
};

struct world {
    struct sim *sim;
    const struct scenario *scenario;
    struct rng_root root;
    sim_time epoch; /* time 0 on the clock; SIM_NEVER: not yet begun */
    bool measuring; /* between WHAT_EPOCH and WHAT_END */
    bool want_events;
    VEC_OF(struct pod_entry) pods;
    VEC_OF(struct node *) nodes;
    VEC_OF(struct replicaset *) replicasets;
    VEC_OF(struct deployment *) deployments;
    VEC_OF(struct pdb *) pdbs;
    VEC_OF(struct statefulset *) statefulsets;
    VEC_OF(struct daemonset *) daemonsets;
    VEC_OF(struct job *) jobs;
    VEC_OF(struct hpa *) hpas;
    VEC_OF(struct service *) services;
    VEC_OF(struct incident) incidents;
    VEC_OF(const char *) zones;
    VEC_OF(struct cuts) zone_cuts; /* by zone; may be shorter */
    size_t isolations;   /* partitions from clients that are in force */
    bool api_stopped;    /* the API server: no request is answered */
    double api_slowness; /* its answers and news take so many times as long */
    size_t pod_count;    /* that exist now */
    uint64_t endpoint_sequence; /* the newest version's */
    uint64_t endpoint_floor;    /* versions that no proxy can need any more
                                   have a successor <= this */
    struct world_private *private;
};

struct world *world_new(struct sim *sim, const struct scenario *scenario,
                        struct rng_root root);
void world_free(struct world *w);

/* Watches kinds (bit mask 1 << kind). Watchers last as long as the world. */
void world_watch(struct world *w, unsigned kinds, world_notify *notify,
                 void *self);

/* The scheduler says WHAT_QUEUE. */
void world_queue_changes(struct world *w);
/* Time for users: seconds since time 0. Only after WHAT_EPOCH. */
double world_seconds(const struct world *w, sim_time t);

/* NULL where it is gone. */
static inline struct pod *world_pod(const struct world *w, pod_id id)
{
    return w->pods.items[id].pod;
}
static inline struct node *world_node(const struct world *w, node_id id)
{
    return w->nodes.items[id];
}
static inline struct service *world_service(const struct world *w,
                                            service_id id)
{
    return w->services.items[id];
}

/* By "namespace/name"; NO_ID: none that is not deleted. O(1) on average. */
uint32_t world_find(const struct world *w, enum world_kind kind,
                    const char *space, const char *name);

/* --- pods: API --- */
/* Creates a pod of a ReplicaSet (rs) or, with NO_ID, of its own by name. */
pod_id world_pod_create(struct world *w, replicaset_id rs,
                        const struct pod_template *template, const char *space,
                        const char *name, incident_id origin);
/* Creates a pod of any owner. index: as in struct pod; target: the only node
 * that it may go to. */
pod_id world_pod_create_owned(struct world *w, enum owner_kind kind,
                              uint32_t owner,
                              const struct pod_template *template, int index,
                              node_id target, incident_id origin);
void world_pod_bind(struct world *w, pod_id id, node_id node);
void world_pod_report_ip(struct world *w, pod_id id, uint32_t ip);
void world_pod_set_phase(struct world *w, pod_id id, enum pod_phase phase,
                         const char *reason);
void world_pod_set_ready(struct world *w, pod_id id, bool ready);
void world_pod_set_restarts(struct world *w, pod_id id, uint32_t restarts);
/* Writes the annotation controller.kubernetes.io/pod-deletion-cost. */
void world_pod_set_deletion_cost(struct world *w, pod_id id, int32_t cost);
/* Sets the deletionTimestamp; grace < 0: the pod's own period. A pod that is
 * not bound, or has ended, is removed at once. Again with a shorter grace:
 * shortens it. reason is static. */
void world_pod_delete(struct world *w, pod_id id, sim_time grace,
                      const char *reason, incident_id origin);
/* Removes the object: the last step of termination, or by force. */
void world_pod_remove(struct world *w, pod_id id);
/* Other metadata: `template` is a world_template_copy of the pod's own with
 * other labels, or other annotations that count. */
void world_pod_set_meta(struct world *w, pod_id id,
                        const struct pod_template *template);
/* Its controller lets go of it (OWNER_NONE), or one takes it over. Its name
 * and its random streams stay. */
void world_pod_set_owner(struct world *w, pod_id id, enum owner_kind kind,
                         uint32_t owner);

/* --- pods: truth --- */
void world_pod_set_sandbox(struct world *w, pod_id id, uint32_t ip);
void world_pod_set_serving(struct world *w, pod_id id, bool serving);
void world_pod_crashed(struct world *w, pod_id id, incident_id origin);
/* Something touched the pod: later failures on it are blamed on that. Nothing
 * touches a pod that has ended: its address was lost before. */
void world_pod_touch(struct world *w, pod_id id, incident_id origin);
/* When that last was. */
static inline sim_time world_pod_touched(const struct world *w, pod_id id)
{
    return w->pods.items[id].touched;
}
static inline incident_id world_pod_origin(const struct world *w, pod_id id)
{
    return w->pods.items[id].origin;
}

/* --- nodes --- */
node_id world_node_create(struct world *w, const struct node_spec *spec);
void world_node_set_ready(struct world *w, node_id id, enum node_ready ready);
void world_node_set_memory_pressure(struct world *w, node_id id, bool yes);
void world_node_taint(struct world *w, node_id id, struct taint taint);
void world_node_untaint(struct world *w, node_id id, const char *key,
                        enum taint_effect effect);
/* The kubelet reports an image that it has. The name is borrowed. */
void world_node_report_image(struct world *w, node_id id,
                             struct node_image image);
void world_node_set_unschedulable(struct world *w, node_id id, bool yes);
/* Other labels; copied. */
void world_node_set_labels(struct world *w, node_id id,
                           const struct labels *labels);
void world_node_delete(struct world *w, node_id id, incident_id origin);
/* truth: its machine will be taken away */
void world_node_notice(struct world *w, node_id id, incident_id origin);
/* and is; it must be down */
void world_node_lose(struct world *w, node_id id);
/* truth; up = true begins a new boot */
void world_node_set_up(struct world *w, node_id id, bool up,
                       incident_id origin);

/* --- partitions: truth --- */
/* One partition more (begin), or one less, keeps the node from that: bits
 * CUT_*. Blames are put on origin. */
void world_node_cut(struct world *w, node_id id, unsigned from, bool begin,
                    incident_id origin);
/* The same between a zone and all outside; within it all goes on. */
void world_zone_cut(struct world *w, uint32_t zone, unsigned from, bool begin,
                    incident_id origin);
/* The API server stops, or is back: no node reaches it meanwhile. */
void world_api_stop(struct world *w, bool stop, incident_id origin);
/* Whether packets get from one to the other, and back. NO_ID: outside. */
bool world_reaches_cut(const struct world *w, node_id from, node_id to);
static inline bool world_reaches(const struct world *w, node_id from,
                                 node_id to)
{
    return __builtin_expect(w->isolations == 0, 1) ||
           world_reaches_cut(w, from, to);
}
/* So long takes now what usually takes the API server t. */
static inline sim_time world_api_time(const struct world *w, sim_time t)
{
    if (__builtin_expect(w->api_slowness <= 1, 1) || t >= SIM_NEVER / 2)
        return t;
    return sim_seconds(sim_to_seconds(t) * w->api_slowness);
}

/* --- owners --- */
/* NULL: OWNER_NONE. */
struct owner *world_owner(const struct world *w, enum owner_kind kind,
                          uint32_t id);
/* The owner of a pod; NULL: none. */
static inline struct owner *world_pod_owner(const struct world *w,
                                            const struct pod *pod)
{
    return world_owner(w, pod->owner_kind, pod->owner);
}
/* The kind of change that tells of such owners. */
enum world_kind world_owner_change(enum owner_kind kind);
/* "statefulset", as kubectl writes it. */
const char *world_owner_word(enum owner_kind kind);
deployment_id world_deployment_create(struct world *w,
                                      const struct deployment_spec *spec,
                                      incident_id origin);
void world_deployment_scale(struct world *w, deployment_id id, int replicas,
                            incident_id origin);
/* The template is borrowed; it outlives the world, or belongs to it (see
 * world_template_copy). */
void world_deployment_set_template(struct world *w, deployment_id id,
                                   const struct pod_template *template,
                                   incident_id origin);
void world_deployment_pause(struct world *w, deployment_id id, bool paused,
                            incident_id origin);
/* Another spec for one that is there: its strategy and periods, not its
 * template or replicas, which go by functions of their own. Borrowed. */
void world_deployment_set_spec(struct world *w, deployment_id id,
                               const struct deployment_spec *spec,
                               incident_id origin);
void world_deployment_set_status(struct world *w, deployment_id id,
                                 int replicas, int updated, int ready,
                                 int available);
void world_deployment_delete(struct world *w, deployment_id id,
                             incident_id origin);
replicaset_id world_replicaset_create(struct world *w, deployment_id owner,
                                      const char *space, const char *name,
                                      const struct selector *selector,
                                      const struct pod_template *template,
                                      sim_time min_ready, int replicas,
                                      incident_id origin);
void world_replicaset_scale(struct world *w, replicaset_id id, int replicas,
                            incident_id origin);
void world_replicaset_set_annotations(struct world *w, replicaset_id id,
                                      int64_t revision, int desired,
                                      int max_replicas);
void world_replicaset_set_status(struct world *w, replicaset_id id,
                                 int replicas, int ready, int available,
                                 int terminating);
/* Its Deployment lets go of it. */
void world_replicaset_orphan(struct world *w, replicaset_id id);
void world_replicaset_delete(struct world *w, replicaset_id id,
                             incident_id origin);
statefulset_id world_statefulset_create(struct world *w,
                                        const struct statefulset_spec *spec,
                                        incident_id origin);
void world_statefulset_scale(struct world *w, statefulset_id id, int replicas,
                             incident_id origin);
daemonset_id world_daemonset_create(struct world *w,
                                    const struct daemonset_spec *spec,
                                    incident_id origin);
job_id world_job_create(struct world *w, const struct job_spec *spec,
                        incident_id origin);
/* Another spec for one that is there (its strategy and periods, not its
 * template or replicas, which go by functions of their own). Borrowed. */
void world_statefulset_set_spec(struct world *w, statefulset_id id,
                                const struct statefulset_spec *spec,
                                incident_id origin);
void world_daemonset_set_spec(struct world *w, daemonset_id id,
                              const struct daemonset_spec *spec,
                              incident_id origin);
void world_job_set_spec(struct world *w, job_id id, const struct job_spec *spec,
                        incident_id origin);
/* Suspends a Job that has not ended, or lets it go on. */
void world_job_suspend(struct world *w, job_id id, bool yes,
                       incident_id origin);
/* Another template for a StatefulSet or DaemonSet; borrowed as above. */
void world_owner_set_template(struct world *w, enum owner_kind kind,
                              uint32_t id, const struct pod_template *template,
                              incident_id origin);
/* Deletes a StatefulSet, DaemonSet or Job. */
void world_owner_delete(struct world *w, enum owner_kind kind, uint32_t id,
                        incident_id origin);
/* Its controller has written its status: tells the watchers. */
void world_owner_status(struct world *w, enum owner_kind kind, uint32_t id);
/* A copy that the world owns, with containers of its own, for the caller to
 * change, its hash too: another hash makes another ReplicaSet. */
struct pod_template *world_template_copy(struct world *w,
                                         const struct pod_template *template);

/* --- PodDisruptionBudgets --- */
pdb_id world_pdb_create(struct world *w, const struct pdb_spec *spec);
/* Applied again, perhaps changed. */
void world_pdb_set_spec(struct world *w, pdb_id id,
                        const struct pdb_spec *spec);
/* What its controller writes; `disrupted` is copied. */
struct pdb_status {
    int current_healthy, desired_healthy, expected_pods, disruptions_allowed;
    const struct disrupted_pod *disrupted;
    size_t disrupted_count;
};
void world_pdb_set_status(struct world *w, pdb_id id,
                          const struct pdb_status *status);
/* The eviction API takes one of the disruptions allowed, for a pod. */
void world_pdb_disrupt(struct world *w, pdb_id id, pod_id pod);
/* The eviction API refused a pod for it. */
void world_pdb_refused(struct world *w, pdb_id id);
void world_pdb_delete(struct world *w, pdb_id id);
bool world_pdb_selects(const struct pdb *pdb, const struct pod *pod);

/* --- HorizontalPodAutoscalers --- */
hpa_id world_hpa_create(struct world *w, const struct hpa_spec *spec);
void world_hpa_set_spec(struct world *w, hpa_id id,
                        const struct hpa_spec *spec);
void world_hpa_set_status(struct world *w, hpa_id id, int current, int desired,
                          int64_t usage);
void world_hpa_delete(struct world *w, hpa_id id);

/* Memory, zeroed, that lasts as long as the world. */
void *world_alloc(struct world *w, size_t size);

/* A copy of labels that the world owns. */
struct labels world_labels_copy(struct world *w, const struct labels *labels);
/* Other labels of an object that has no labels to act on but for selectors
 * that choose it: Deployments, owners of pods, Services. Copied. */
void world_set_labels(struct world *w, enum world_kind kind, uint32_t id,
                      const struct labels *labels);

/* --- Services --- */
/* The Services that select the pod where its template is this one, ids
 * rising; good until Services change. */
const service_id *world_services_of(struct world *w, const struct pod *pod,
                                    const struct pod_template *template,
                                    size_t *count);
/* cluster_ip: host order; 0: none. */
service_id world_service_create(struct world *w,
                                const struct service_spec *spec,
                                uint32_t cluster_ip);
/* Another spec, of the same name; its address stays. The spec is borrowed.
 * Pods that it comes to select, or no longer does, are touched by origin. */
void world_service_update(struct world *w, service_id id,
                          const struct service_spec *spec, incident_id origin);
void world_service_delete(struct world *w, service_id id);
/* Takes over `set` (made by endpoint_set_new, endpoints in any order: they
 * are put in order here), numbers it, links it, tells the watchers. */
void world_service_publish(struct world *w, struct endpoint_set *set);
struct endpoint_set *endpoint_set_new(service_id service, uint32_t count);
void endpoint_set_retain(struct endpoint_set *set);
void endpoint_set_release(struct endpoint_set *set);
/* The newest version of a Service whose sequence is <= `sequence`. */
const struct endpoint_set *world_endpoints_at(const struct world *w,
                                              service_id id, uint64_t sequence);

/* --- incidents and events --- */
/* object is copied. parent NO_ID: none. */
incident_id world_incident(struct world *w, const char *name,
                           const char *action, const char *object,
                           uint32_t parent);
void world_incident_end(struct world *w, incident_id id);
/* Nothing is formatted where nobody wants events. */
void world_event(struct world *w, bool warning, const char *reason,
                 const char *object, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* --- measurement --- */
void world_begin_measure(struct world *w);
void world_end_measure(struct world *w);

/* Text of an address: "10.244.1.7". buffer of 16 bytes; returns it. */
char *world_format_ip(uint32_t ip, char buffer[16]);

#endif
