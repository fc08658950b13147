/*
 * framework - what the scheduler knows of the cluster, and how it chooses a
 * node for a pod: filter, score, pick among the best. It knows no time and
 * no simulation, so that tests and tables of cases use it as it is.
 *
 * A plug-in is one file models/scheduler/<file>.c and one line in
 * models/catalog.def: `const struct scheduler_plugin scheduler_<file>`.
 * They run in the catalog's order, which is the order of Kubernetes'
 * default profile; the first that refuses a node gives the reason.
 *
 * Pods are known by class: pods of one template in one namespace are equal
 * to the scheduler. What is counted by pods (topology spread) is counted by
 * class and node as pods come and go, so that no cycle looks at pods.
 *
 * Facts: Kubernetes v1.36 pkg/scheduler (schedule_one.go, framework).
 */
#ifndef MODELS_SCHEDULER_FRAMEWORK_H
#define MODELS_SCHEDULER_FRAMEWORK_H

#include "models/scheduler/config.h"
#include "models/world.h"

struct framework;

/* --- what it knows --- */

struct node_info {
    bool present, unschedulable;
    const struct node_spec *spec; /* borrowed */
    VEC_OF(struct taint) taints;
    struct resources requested; /* by its pods; items owned */
    int64_t scored_cpu, scored_memory;
    uint32_t version;  /* changes with all of the above */
    uint32_t labelled; /* changes with its labels */
};

/* How many pods of a class are on each node: open addressing. */
struct node_count {
    node_id node; /* NO_ID: free */
    uint32_t count;
};
struct node_counts {
    struct node_count *slots;
    uint32_t room, used; /* room: a power of 2, or 0; used: not free */
};

/* Pods of one template in one namespace. */
struct pod_class {
    uint32_t id; /* rising in order of creation; never reused */
    const struct pod_template *template;   /* borrowed */
    uint64_t bits;                         /* of its labels: select.h */
    const struct scheduler_config *config; /* of its pods' profile */
    const char *space;                     /* borrowed */
    const struct selector *owner;          /* its ReplicaSet's; NULL: none */
    bool hashed;    /* owned by a Deployment: pod-template-hash counts */
    uint32_t shape; /* equal in classes with equal requests */
    /* Of the Services that select its pods: borrowed selectors. */
    VEC_OF(const struct selector *) services;
    uint32_t references;
    struct node_counts live;       /* pods on nodes that do not terminate, */
    struct node_counts dying;      /* and those that do */
    void **data;                   /* one place for each plug-in */
    struct pod_class *next;        /* in the same bucket */
    struct pod_class *next_hashed; /* hashed, in the same bucket by hash */
};

/* An image that nodes were reported to have (ImageStateSummary). */
struct image_state {
    const char *name; /* with a tag or digest; borrowed */
    int64_t size;     /* bytes, as last reported */
    size_t nodes;     /* present ones that have it */
    VEC_OF(bool) on;  /* by node */
};

/* What a plug-in may use in a cycle. */
struct cycle {
    struct framework *framework;
    struct pod_class *class;               /* of the pod to be scheduled */
    const struct scheduler_config *config; /* of its profile */
    const struct node_info *nodes;         /* by id */
};

/* --- plug-ins --- */

enum filter_status {
    FILTER_SUCCESS,
    FILTER_UNSCHEDULABLE,
    FILTER_UNRESOLVABLE /* nor would evicting pods help */
};

/* Why a node is refused; text and detail make one phrase. */
struct filter_reason {
    const char *text;   /* "node(s) were unschedulable", "Insufficient " */
    const char *detail; /* "cpu"; "" */
};
enum { REASONS_MAX = 16 };
struct filter_reasons {
    size_t count;
    struct filter_reason items[REASONS_MAX];
};
void filter_refuse(struct filter_reasons *reasons, const char *text,
                   const char *detail);

/* What happened in the cluster that may let a refused pod in. */
enum cluster_event {
    EVENT_NODE_ADDED,
    EVENT_NODE_TAINTS, /* other taints, or schedulable again */
    EVENT_NODE_LABELS,
    EVENT_NODE_GONE,
    EVENT_POD_GONE, /* from a node */
    EVENT_POD_ADDED /* to a node */
};
/* A node's coming, and its updates. */
enum {
    EVENTS_NODE_CHANGES = 1U << EVENT_NODE_ADDED | 1U << EVENT_NODE_TAINTS |
                          1U << EVENT_NODE_LABELS
};
struct cluster_change {
    enum cluster_event event;
    node_id node;                   /* NODE: where; POD: NO_ID */
    const struct node_info *before; /* TAINTS, LABELS: as it was; else NULL */
    struct pod_class *pod;          /* POD: whose; else NULL */
};

struct scheduler_plugin {
    const char *name; /* as Kubernetes writes it */
    const char *summary;
    int weight; /* of its score, by default; 0: no score */
    /* Events that may let a pod in that it refused (EventsToRegister), bit
     * masks 1 << enum cluster_event: with queueing hints, and before. */
    unsigned events, events_before;
    size_t state_size; /* zeroed, passed as `state` */
    void (*init)(void *state, struct framework *f);      /* may be NULL */
    void (*release)(void *state);                        /* may be NULL */
    void (*forget)(void *state, struct pod_class *class, /* may be NULL */
                   void *data);
    /* False: the plug-in has no say on this pod. NULL: always true. */
    bool (*pre_filter)(void *state, const struct cycle *c);
    enum filter_status (*filter)(void *state, const struct cycle *c,
                                 node_id node, struct filter_reasons *why);
    /* Points of the nodes that passed all filters, from 0 to 100; false:
     * the plug-in has no say, all have 0. NULL: it never has. */
    bool (*score)(void *state, const struct cycle *c, const node_id *nodes,
                  size_t count, int64_t *scores);
    /* The queueing hint: whether it is worth trying the cycle's pod, which it
     * refused, again after one of its events. NULL: always. */
    bool (*helps)(void *state, const struct cycle *c,
                  const struct cluster_change *change);
    /* A pod of the class came to be counted on the node, or no longer is:
     * delta 1, -1. Only for classes where the plug-in left data. */
    void (*counted)(void *state, void *data, node_id node, int delta);
};

#define SCHEDULER_PLUGIN(file)                                                 \
    extern const struct scheduler_plugin scheduler_##file;
#include "models/catalog.def"

/* All, in the order of catalog.def; ends with NULL. */
extern const struct scheduler_plugin *const scheduler_plugins[];

enum { SCORE_MAX = 100 };

/* helper.DefaultNormalizeScore: the largest becomes 100; reverse: 0. */
void score_normalize(int64_t *scores, size_t count, bool reverse);

/* --- for plug-ins --- */
/* Whether a profile has the name that the template asks for. */
bool framework_handles(const struct framework *f,
                       const struct pod_template *template);
/* Changes whenever nodes come or go, never otherwise. */
uint64_t framework_generation(const struct framework *f);
size_t framework_node_room(const struct framework *f); /* ids are below */
const struct node_info *framework_node(const struct framework *f, node_id id);
/* Present nodes. */
size_t framework_node_count(const struct framework *f);
/* Images heard of so far, never fewer. */
size_t framework_image_count(const struct framework *f);
const struct image_state *framework_image(const struct framework *f, size_t i);
/* Classes have ids below this; NULL: gone. */
uint32_t framework_class_count(const struct framework *f);
struct pod_class *framework_class_at(const struct framework *f, uint32_t id);
/* The first of the classes of Deployments' pods with this template hash, or
 * one near it; the next are in next_hashed. NULL: none. */
struct pod_class *framework_class_hashed(const struct framework *f,
                                         uint64_t hash);
/* This plug-in's place in a class's data: by its table row. */
size_t framework_plugin_index(const struct scheduler_plugin *plugin);
uint32_t node_counts_get(const struct node_counts *c, node_id node);
/* Pods of the class on the node, terminating ones too. */
static inline uint32_t class_pods_on(const struct pod_class *class,
                                     node_id node)
{
    return node_counts_get(&class->live, node) +
           node_counts_get(&class->dying, node);
}

/* component-helpers nodeaffinity.GetRequiredNodeAffinity(pod).Match. */
bool pod_affinity_matches(const struct pod_template *template,
                          const struct node_spec *node);
/* One term; a term that is empty or not valid matches nothing. */
bool node_term_matches(const struct node_selector_term *term,
                       const struct node_spec *node);
/* Any term of the required ones; true where none are present. */
bool node_affinity_matches(const struct node_affinity *affinity,
                           const struct node_spec *node);

/* Of cpu in milli-cores, of all else in whole units; absent: 0. */
int64_t resource_get(const struct resources *r, const struct resource_ref *ref);

/* Points of nodes for the last shape of pods that asked: good as long as
 * the node does not change. Zeroed: empty. */
struct memo_entry {
    uint32_t version, shape;
    int64_t points;
    bool valid;
};
struct score_memo {
    VEC_OF(struct memo_entry) items; /* by node */
};
/* Makes room for all nodes. */
void score_memo_prepare(struct score_memo *memo, const struct cycle *c);
/* The node's entry; not `valid`: points are to be worked out, and put there
 * with valid set. After score_memo_prepare. */
static inline struct memo_entry *
score_memo_at(struct score_memo *memo, const struct cycle *c, node_id node)
{
    struct memo_entry *e = &memo->items.items[node];

    if (e->version != c->nodes[node].version || e->shape != c->class->shape)
        *e = (struct memo_entry){c->nodes[node].version, c->class->shape, 0,
                                 false};
    return e;
}

/* --- its life --- */
/* One profile or more: of a pod whose schedulerName no profile has, the
 * first. */
struct framework *framework_new(const struct scheduler_config *profiles,
                                size_t count);
void framework_free(struct framework *f);

/* id: any number not in use. The spec is borrowed. */
void framework_node_add(struct framework *f, node_id id,
                        const struct node_spec *spec);
/* Its pods stay accounted until they are removed. */
void framework_node_remove(struct framework *f, node_id id);
/* It has other labels: everything that hangs on them is found anew. */
void framework_node_relabel(struct framework *f, node_id id,
                            const struct node_spec *spec);
void framework_node_set(struct framework *f, node_id id, bool unschedulable,
                        const struct taint *taints, size_t taint_count);

/* An image that the node has; again: no change but of its size. The name is
 * borrowed. */
void framework_node_image(struct framework *f, node_id id,
                          const struct node_image *image);

/* The class of a pod, made if need be; holds a reference. owner and space
 * are borrowed. */
struct pod_class *framework_class(struct framework *f,
                                  const struct pod_template *template,
                                  const char *space,
                                  const struct selector *owner, bool hashed);
void framework_class_release(struct framework *f, struct pod_class *class);
/* Selectors of the Services that select it: copied pointers. */
void framework_class_services(struct framework *f, struct pod_class *class,
                              const struct selector *const *selectors,
                              size_t count);

/* A pod is on a node: assumed, bound or seen there. */
void framework_pod_add(struct framework *f, struct pod_class *class,
                       node_id node, bool terminating);
void framework_pod_terminates(struct framework *f, struct pod_class *class,
                              node_id node);
void framework_pod_remove(struct framework *f, struct pod_class *class,
                          node_id node, bool terminating);

/* --- choosing --- */

/* Why no node was found. */
struct diagnosis {
    size_t nodes;       /* how many there are */
    unsigned rejectors; /* bit mask of plug-ins that refused any */
    /* Nodes where it might help that pods went; the next cycle's first
     * node is before or after them. */
    VEC_OF(node_id) resolvable;
    VEC_OF(struct diagnosis_reason {
        struct filter_reason reason;
        size_t nodes;
    })
    reasons;
};

/* A node for a pod of the class; NO_ID: none, see framework_diagnosis. One
 * draw from rng where several are best. O(nodes looked at), which are as
 * many as percentageOfNodesToScore says; no allocations once warm. */
node_id framework_schedule(struct framework *f, struct pod_class *class,
                           struct rng *rng);
/* Where this node is among the best, the next framework_schedule takes it
 * whatever rng says. NO_ID: none. */
void framework_prefer(struct framework *f, node_id node);
/* The same for a pod that names one node in its node affinity, as a
 * DaemonSet's do: that node, or NO_ID. O(1) in the number of nodes. */
node_id framework_schedule_on(struct framework *f, struct pod_class *class,
                              node_id node);
/* Of the last framework_schedule; valid until the next. */
const struct diagnosis *framework_diagnosis(const struct framework *f);
/* "0/5 nodes are available: 2 Insufficient cpu, 3 node(s) were
 * unschedulable. preemption: 0/5 nodes are available: 2 No preemption victims
 * found for incoming pod, 3 Preemption is not helpful for scheduling.": as
 * FitError.Error, reasons in order of their texts; preempted: without the
 * second part. */
void framework_explain(const struct framework *f, bool preempted, char *buffer,
                       size_t size);
/* A fingerprint of what framework_explain says; never 0. */
uint64_t framework_fingerprint(const struct framework *f);
/* requeue.c: bit mask of plug-ins that an event interests. */
unsigned framework_interested(const struct framework *f,
                              enum cluster_event event);
/* Whether a pod that plug-ins (bit mask) refused is to be tried again. */
bool framework_helps(struct framework *f, struct pod_class *class,
                     unsigned rejectors, const struct cluster_change *change);
/* Whether a node passes the filters in `plugins` (bit mask). */
bool framework_passes(struct framework *f, struct pod_class *class,
                      node_id node, unsigned plugins);
/* numFeasibleNodesToFind. percentage 0: adaptive. */
size_t nodes_to_find(size_t nodes, int percentage);

/* One plug-in alone, on any nodes: for cases. False where it has no say;
 * scores are then 0 and every node passes. */
bool framework_filter_with(struct framework *f,
                           const struct scheduler_plugin *plugin,
                           struct pod_class *class, node_id node,
                           enum filter_status *status,
                           struct filter_reasons *why);
bool framework_score_with(struct framework *f,
                          const struct scheduler_plugin *plugin,
                          struct pod_class *class, const node_id *nodes,
                          size_t count, int64_t *scores);

#endif
