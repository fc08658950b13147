/*
 * loader - what is being loaded: shared by the readers of manifests, the
 * Scenario and the timeline's verbs. Gone when loading is over.
 */
#ifndef MODELS_LOADER_H
#define MODELS_LOADER_H

#include "models/intern.h"
#include "models/objects.h"
#include "sim/engine/mem.h"
#include "sim/io/diag.h"
#include "sim/io/doc.h"

struct scheduler_config; /* scheduler/config.h */
struct workload;
struct manifests; /* what the reader of manifests remembers; intern's */

/* Objects read so far. Each is intern's memory. */
struct object_list {
    VEC_OF(struct deployment_spec *) deployments;
    VEC_OF(struct replicaset_spec *) replicasets;
    VEC_OF(struct statefulset_spec *) statefulsets;
    VEC_OF(struct daemonset_spec *) daemonsets;
    VEC_OF(struct job_spec *) jobs;
    VEC_OF(struct pod_object *) pods;
    VEC_OF(struct service_spec *) services;
    VEC_OF(struct node_spec *) nodes;
    VEC_OF(struct meta *) namespaces;
    VEC_OF(struct pdb_spec *) pdbs;
    VEC_OF(struct hpa_spec *) hpas;
};

struct loader {
    struct intern *intern;
    struct doc_set *docs;
    struct diag *diag;
    int kubernetes_minor;
    const char *base; /* directory that relative paths are relative to */
    struct object_list objects; /* all that exist before the timeline */
    /* What the timeline makes: known to later verbs, not yet there at the
     * start; `expose` and `apply -f` put Services here. */
    struct object_list later;
    VEC_OF(const char *) node_names;   /* pools expanded */
    VEC_OF(struct doc_node *) patched; /* manifests as `patch` left them */
    size_t workload_count;
    const struct workload *workloads; /* set before the timeline is read */
    struct manifests *manifests;      /* begins as NULL */
};

/* Whether objects of a kind are modelled. */
bool manifest_knows(const char *kind);
/* Reads Kubernetes objects of one document (List items too) into `into`;
 * kinds that are not modelled are counted for the closing note. */
bool manifest_read(struct loader *l, struct doc_node *root,
                   struct object_list *into);
/* The same for a path, relative to the loader's base: `apply -f`. */
bool manifest_read_path(struct loader *l, const char *path, struct place place,
                        struct object_list *into);
/* A path relative to the loader's base. Intern's memory, or `path`. */
const char *loader_path(struct loader *l, const char *path);
/* Profiles as KubeSchedulerConfiguration has them, each over `base`; NULL: one
 * that is as `base`. Intern's memory. */
bool manifest_profiles(struct loader *l, struct doc_node *list,
                       const struct scheduler_config *base, size_t *count,
                       const struct scheduler_config **out);
/* PriorityClasses of one document: call for all documents before any is
 * read, so that their order does not matter. */
void manifest_read_priorities(struct loader *l, struct doc_node *root);
/* Once all is read: drops what present owners stand for: ReplicaSets of
 * Deployments, pods of ReplicaSets (dumps hold all three). */
void manifest_drop_owned(struct loader *l, struct object_list *list);
/* Whether an object may be called so: a DNS-1123 subdomain, as in
 * validation.IsDNS1123Subdomain; ':' too, which RBAC and dumps have. */
bool loader_is_name(const char *text);
/* Notes such as "skipped: 3 ConfigMap, 2 Secret". */
void manifest_note_skipped(struct loader *l);
/* True where a skipped kind's pod template (StatefulSet ...) has the labels
 * that this selects; *kind, *name say which. */
bool manifest_skipped_owner(const struct loader *l, const char *space,
                            const struct selector *selector, const char **kind,
                            const char **name);
void object_list_release(struct object_list *list);

/* An object that pods are made from. */
enum object_kind {
    OBJECT_DEPLOYMENT,
    OBJECT_REPLICASET,
    OBJECT_STATEFULSET,
    OBJECT_DAEMONSET,
    OBJECT_JOB,
    OBJECT_POD,
    OBJECT_SERVICE,
    OBJECT_NODE,
    OBJECT_HPA,
    OBJECT_PDB
};
struct templated {
    enum object_kind kind;
    const struct meta *meta;
    struct pod_template *template;
    /* Pods at once, a rollout's surge not counted; 0 for a DaemonSet. */
    int64_t replicas;
    /* Of a Deployment's or DaemonSet's rollout; NULL: none. */
    const struct int_or_percent *surge;
};
/* Calls visit for each of them: Deployments first, then in order of
 * enum object_kind. */
void object_list_each(const struct object_list *list,
                      void (*visit)(void *self, const struct templated *t),
                      void *self);
/* Releases what manifests keep in the loader besides intern's memory. */
void manifest_release(struct loader *l);

/* A template as `kubectl create deployment NAME --image=I` makes it: label
 * app=NAME, one container named after the image. Fills in requests, default
 * tolerations, workload and hash. */
struct pod_template loader_simple_template(struct loader *l, const char *name,
                                           const char *image, int port);
/* Sets what is derived: requests, tolerations, workload, hash. Call after
 * changing containers or labels of a template. */
void loader_finish_template(struct loader *l, struct pod_template *t);
/* The tolerations that the DaemonSet controller gives its pods (pkg/controller
 * /daemon/util AddOrUpdateDaemonPodTolerations). */
void loader_daemon_tolerations(struct loader *l, struct pod_template *t);

/* Objects by name, both of the manifests and of earlier verbs; NULL: none. */
struct deployment_spec *loader_deployment(struct loader *l, const char *space,
                                          const char *name);
struct replicaset_spec *loader_replicaset(struct loader *l, const char *space,
                                          const char *name);
struct statefulset_spec *loader_statefulset(struct loader *l, const char *space,
                                            const char *name);
struct daemonset_spec *loader_daemonset(struct loader *l, const char *space,
                                        const char *name);
struct job_spec *loader_job(struct loader *l, const char *space,
                            const char *name);
struct hpa_spec *loader_hpa(struct loader *l, const char *space,
                            const char *name);
struct pdb_spec *loader_pdb(struct loader *l, const char *space,
                            const char *name);
struct service_spec *loader_service(struct loader *l, const char *space,
                                    const char *name);
struct pod_object *loader_pod(struct loader *l, const char *space,
                              const char *name);
bool loader_node(struct loader *l, const char *name);
/* All names of a kind in a namespace, NULL-terminated, for diag_suggest.
 * kind: "deployment" "replicaset" "statefulset" "daemonset" "job" "service"
 * "pod" "node" "horizontalpodautoscaler" "poddisruptionbudget". Intern's
 * memory. */
const char *const *loader_names(struct loader *l, const char *kind,
                                const char *space);

/* A selector as kubectl's -l takes it: "app=web,tier!=db,env in (a,b)". */
bool loader_parse_selector(struct loader *l, const char *text,
                           struct place place, struct selector *out);
/* A selector of a document: {app: web} or {matchLabels, matchExpressions}.
 * NULL: everything. */
bool loader_read_selector(struct loader *l, struct doc_node *node,
                          struct selector *out);
/* Puts labels in the order that struct labels has. */
void loader_sort_labels(struct label *items, size_t count);
/* A list of taints as in a Node's spec; NULL: none. */
bool loader_read_taints(struct loader *l, struct doc_node *list, size_t *count,
                        const struct taint **out);
/* A mapping of resources to quantities, over what *out holds. */
bool loader_read_resources(struct loader *l, struct doc_node *map,
                           struct resources *out);
/* Sets quantity of one resource by name. False: bad text. */
bool loader_set_resource(struct loader *l, const char *name, const char *text,
                         struct resources *out);

#endif
