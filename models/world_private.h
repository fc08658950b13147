/*
 * world_private - what the world_*.c files share; nobody else includes it.
 */
#ifndef MODELS_WORLD_PRIVATE_H
#define MODELS_WORLD_PRIVATE_H

#include "models/world.h"

struct watcher {
    world_notify *notify;
    void *self;
};

enum { KIND_COUNT = CHANGE_MEASURE + 1 };

/* Which Services select the pods of one template: shared by those pods. The
 * pods of a StatefulSet have labels of their own, so each name has its own. */
struct service_match {
    const struct pod_template *template; /* key of the hash: never ordered */
    const char *space;
    char *name;           /* of the StatefulSet's pod; NULL: of all pods */
    char *index;          /* that it has as a label; NULL: none */
    struct labels labels; /* of the pods */
    struct label *items;  /* of those; NULL: the template's */
    VEC_OF(service_id) services;
    struct service_match *next;
};
enum { MATCH_BUCKETS = 1024 };

/* Objects by kind, namespace and name. */
struct name_entry {
    char *name;
    const char *space;
    enum world_kind kind;
    uint32_t id;
    struct name_entry *next;
};
enum { NAME_BUCKETS = 4096 };

struct world_private {
    VEC_OF(struct watcher) watchers[KIND_COUNT];
    struct service_match *matches[MATCH_BUCKETS];
    struct name_entry *names[NAME_BUCKETS];
    VEC_OF(void *) owned; /* world_alloc */
};

void world_tell(struct world *w, enum world_kind kind, enum world_what what,
                uint32_t id);
/* With what was before. */
void world_tell_old(struct world *w, enum world_kind kind, enum world_what what,
                    uint32_t id, const void *old);
/* CHANGE_ENDPOINTS, with the version before. */
void world_service_tell_endpoints(struct world *w, service_id id,
                                  const struct endpoint_set *old);
void world_name_add(struct world *w, enum world_kind kind, const char *space,
                    const char *name, uint32_t id);
void world_name_remove(struct world *w, enum world_kind kind, const char *space,
                       const char *name);

/* StatefulSets, DaemonSets and Jobs. */
void world_owners_free(struct world *w);

/* Sets the labels of the pod, whose owner and name are known, and the
 * Services that select it, until Services change. */
void world_match_pod(struct world *w, struct pod *pod);
/* Services changed: works out every pod's list again. */
void world_match_again(struct world *w);
void world_match_free(struct world *w);

/* Adds (sign 1) or takes away (-1) a pod's requests. */
void world_node_account(struct node *node, const struct pod_template *t,
                        int sign);
void world_node_release(struct node *node);
/* Whether it can reach the API server. */
bool world_links(const struct world *w, const struct node *node);

#endif
