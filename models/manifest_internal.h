/*
 * manifest_internal - what the parts of the reader of Kubernetes objects
 * share. Nobody else includes this.
 *
 * Readers return false after an error in the loader's diag. Absent fields
 * leave *out as it was, so put the default there first.
 */
#ifndef MODELS_MANIFEST_INTERNAL_H
#define MODELS_MANIFEST_INTERNAL_H

#include "models/loader.h"

/* A name and how often it was seen. */
struct manifest_count {
    const char *name;
    size_t count;
};

struct manifest_priority {
    const char *name;
    int64_t value;
    bool global_default, never_preempts;
};

/* Which owner's copy a dumped ReplicaSet is. */
struct manifest_owner {
    const struct replicaset_spec *replicaset;
    const char *deployment;
};

/* The pod labels of a kind that is not modelled. */
struct manifest_other {
    const char *kind, *name, *space;
    struct labels labels;
};

struct manifest_seen {
    const char *key; /* "Deployment/default/web", interned */
    struct place place;
};

struct manifests {
    VEC_OF(struct manifest_count) skipped;
    VEC_OF(struct manifest_count) ignored; /* fields that could matter */
    VEC_OF(struct manifest_priority) priorities;
    VEC_OF(struct manifest_owner) owners;
    VEC_OF(struct manifest_other) others;
    struct manifest_seen *seen; /* open addressing by key's address */
    size_t seen_room, seen_count;
    size_t finished; /* pods that ended or are being deleted */
    size_t finished_jobs;
    size_t owned_pods, owned_replicasets; /* that their owners make anew */
};

/* The loader's record, made at the first call. */
struct manifests *manifest_state(struct loader *l);
void manifest_ignore(struct loader *l, const char *what);

/* Warns of keys below the node, of those that were not read, that are nearly
 * a field's name. NULL: nothing to look at. */
void manifest_warn_of_typos(struct loader *l, struct doc_node *node);

/* An object being read. */
struct manifest_object {
    struct loader *l;
    struct doc_node *root;
    const char *api, *kind;
    struct meta meta;
    bool dumped; /* as an API server returned it: it did exist */
    struct object_list *into;
};

/* ---- values (manifest_value.c) ---- */

/* "bad value 'x' for 'key'" with "expected ..." below. Returns false. */
bool value_bad(struct loader *l, const struct doc_node *node,
               const char *expected);
bool value_int(struct loader *l, struct doc_node *map, const char *key, int min,
               int max, int *out);
bool value_bool(struct loader *l, struct doc_node *map, const char *key,
                bool *out);
/* Whole seconds >= min. */
bool value_seconds(struct loader *l, struct doc_node *map, const char *key,
                   int min, sim_time *out);
bool value_text(struct loader *l, struct doc_node *map, const char *key,
                const char **out);
/* An index into choices, which end with NULL. */
bool value_choice(struct loader *l, struct doc_node *map, const char *key,
                  const char *const *choices, int *out);
bool value_int_or_percent(struct loader *l, struct doc_node *map,
                          const char *key, struct int_or_percent *out);
/* A mapping of texts, sorted. */
bool value_labels(struct loader *l, struct doc_node *node, struct labels *out);
/* The node under key where it is a sequence (mapping); *out NULL where it is
 * absent; false where it is something else. */
bool value_sequence(struct loader *l, struct doc_node *map, const char *key,
                    struct doc_node **out);
bool value_mapping(struct loader *l, struct doc_node *map, const char *key,
                   struct doc_node **out);
/* A sequence of texts. */
bool value_texts(struct loader *l, struct doc_node *map, const char *key,
                 size_t *count, const char *const **out);
/* A resource list: {cpu: 100m, memory: 1Gi, ...}. Sets what is named, and
 * leaves the rest. */
bool value_resources(struct loader *l, struct doc_node *node,
                     struct resources *out);

/* ---- selectors (manifest_selector.c) ---- */

/* {matchLabels, matchExpressions}; NULL selects nothing. */
bool selector_read(struct loader *l, struct doc_node *node,
                   struct selector *out);
/* A plain map of labels, as a Service's. */
bool selector_read_map(struct loader *l, struct doc_node *node,
                       struct selector *out);
struct selector selector_of_labels(struct loader *l,
                                   const struct labels *labels);
/* A sequence of {key, operator, values}. */
bool requirements_read(struct loader *l, struct doc_node *sequence,
                       bool node_affinity, size_t *count,
                       const struct requirement **out);

/* ---- pods (manifest_pod.c, manifest_container.c ...) ---- */

/* `pod` holds metadata and spec. */
bool template_read(struct loader *l, struct doc_node *pod,
                   struct pod_template *out);
bool containers_read(struct loader *l, struct doc_node *spec,
                     struct pod_template *out);
bool container_probes_read(struct loader *l, struct doc_node *node,
                           struct container *out);
bool scheduling_read(struct loader *l, struct doc_node *spec,
                     struct pod_template *out);
bool node_affinity_read(struct loader *l, struct doc_node *node,
                        struct node_affinity *out);
bool spread_constraints_read(struct loader *l, struct doc_node *sequence,
                             size_t *count,
                             const struct spread_constraint **out);
/* What stands under key, podAffinity or podAntiAffinity, of `affinity`. */
bool pod_affinity_read(struct loader *l, struct doc_node *affinity,
                       const char *key, struct pod_affinity *out);
/* A pod's host ports, once hostNetwork is known: filled in as the API server
 * does, and checked. */
bool host_ports_finish(struct loader *l, struct doc_node *spec,
                       struct pod_template *out);
bool taints_read(struct loader *l, struct doc_node *map, const char *key,
                 size_t *count, const struct taint **out);
/* The time that a preStop hook takes; PRE_STOP_UNREADABLE. */
bool pre_stop_read(struct loader *l, struct doc_node *hook, sim_time *out);

/* ---- schedulers (manifest_scheduler.c) ---- */

/* {name: ..}: *row of scheduler_plugins; its end for a plug-in that decides
 * nothing here, and for "*". */
bool manifest_plugin_read(struct loader *l, struct doc_node *item,
                          const char **name, size_t *row);
bool manifest_plugin_config(struct loader *l, struct doc_node *list,
                            struct scheduler_config *c);

/* ---- kinds ---- */

bool manifest_deployment(struct manifest_object *o);
bool manifest_replicaset(struct manifest_object *o);
bool manifest_statefulset(struct manifest_object *o);
bool manifest_daemonset(struct manifest_object *o);
bool manifest_job(struct manifest_object *o);
bool manifest_pod(struct manifest_object *o);
bool manifest_service(struct manifest_object *o);
bool manifest_node(struct manifest_object *o);
bool manifest_namespace(struct manifest_object *o);
bool manifest_pdb(struct manifest_object *o);
bool manifest_hpa(struct manifest_object *o);

/* The `spec` of an object that needs one; NULL after an error. */
struct doc_node *manifest_spec(struct manifest_object *o);
/* The template and the selector, which must match, of an owner whose pods
 * are always restarted. */
bool manifest_template(struct manifest_object *o, struct doc_node *spec,
                       struct selector *selector, struct pod_template *t);

/* The first controller in metadata.ownerReferences; kind NULL: none. */
void manifest_owner_of(struct manifest_object *o, const char **kind,
                       const char **name);
/* preemptionPolicy of a pod or a PriorityClass; absent: as *never was. */
bool preemption_policy_read(struct loader *l, struct doc_node *map,
                            bool *never);
/* Finds by class name; false: unknown. NULL: the global default, else 0,
 * which preempts. */
bool manifest_priority_of(struct loader *l, const char *name,
                          struct manifest_priority *out);

#endif
