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

struct workload;

/* Objects read so far. Each is intern's memory. */
struct object_list {
    VEC_OF(struct deployment_spec *) deployments;
    VEC_OF(struct replicaset_spec *) replicasets;
    VEC_OF(struct pod_object *) pods;
    VEC_OF(struct service_spec *) services;
    VEC_OF(struct node_spec *) nodes;
    VEC_OF(const char *) namespaces;
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
    VEC_OF(const char *) node_names; /* pools expanded */
    size_t workload_count;
    const struct workload *workloads; /* set before the timeline is read */
};

/* Reads Kubernetes objects of one document (List items too) into `into`;
 * kinds that are not modelled are counted for the closing note. */
bool manifest_read(struct loader *l, struct doc_node *root,
                   struct object_list *into);
/* The same for a path, relative to the loader's base: `apply -f`. */
bool manifest_read_path(struct loader *l, const char *path,
                        struct place place, struct object_list *into);
/* Notes such as "skipped: 3 ConfigMap, 2 Secret". */
void manifest_note_skipped(struct loader *l);

/* A template as `kubectl create deployment NAME --image=I` makes it: label
 * app=NAME, one container named after the image. Fills in requests, default
 * tolerations, workload and hash. */
struct pod_template loader_simple_template(struct loader *l, const char *name,
                                           const char *image, int port);
/* Sets what is derived: requests, tolerations, workload, hash. Call after
 * changing containers or labels of a template. */
void loader_finish_template(struct loader *l, struct pod_template *t);

/* Objects by name, both of the manifests and of earlier verbs; NULL: none. */
struct deployment_spec *loader_deployment(struct loader *l, const char *space,
                                          const char *name);
struct replicaset_spec *loader_replicaset(struct loader *l, const char *space,
                                          const char *name);
struct service_spec *loader_service(struct loader *l, const char *space,
                                    const char *name);
struct pod_object *loader_pod(struct loader *l, const char *space,
                              const char *name);
bool loader_node(struct loader *l, const char *name);
/* All names of a kind in a namespace, NULL-terminated, for diag_suggest.
 * kind: "deployment" "replicaset" "service" "pod" "node". Intern's memory. */
const char *const *loader_names(struct loader *l, const char *kind,
                                const char *space);

/* A selector as kubectl's -l takes it: "app=web,tier!=db,env in (a,b)". */
bool loader_parse_selector(struct loader *l, const char *text,
                           struct place place, struct selector *out);

#endif
